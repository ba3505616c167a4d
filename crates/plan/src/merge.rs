//! Three-way merge by images and units (decision 1, rules C1 to C3, C11, D1).

mod contested;
mod off_rule;

use crate::operation::Conflict;
use contested::{Units, settle_contested};
use model::same::{fold, same};
use model::settings::ConflictPolicy;
use model::{Attendee, DomainMap, Field, Fields, Path, People, Response, Side, Unit, Value};
use off_rule::settle_off_rule;
use planted::Planted;
use std::collections::{BTreeMap, BTreeSet};

/// What a merge is made with. Images answer how a side will show the other side's value.
pub struct Rules<'a> {
    /// The field map.
    pub map: &'a DomainMap,
    /// How the mailbox will show a CRM value.
    pub pim_image: &'a dyn Fn(&Path, &Value) -> Value,
    /// How the CRM will show a mailbox value.
    pub crm_image: &'a dyn Fn(&Path, &Value) -> Value,
    /// What a person on that side made of a text shown cut there, with the rest of the original put back (rule E5).
    pub made_whole: &'a dyn Fn(Side, &Path, &Value, &Value) -> Option<Value>,
    /// Which way a path may go.
    pub gate: &'a dyn Fn(&Path) -> Gate,
    /// Who wins when both sides changed a unit.
    pub policy: ConflictPolicy,
    /// What was called off on one side stays so, whatever the other made of it meanwhile (rule C5).
    pub delete_wins: bool,
    /// Paths that are never written to the mailbox again: they came back otherwise three times.
    pub frozen: &'a BTreeSet<Path>,
    /// The item is a copy that we made of this very record, though what was agreed is not known any more: no strangers.
    pub ours: bool,
}

/// Which way a path may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gate {
    /// Mailbox to CRM.
    pub to_crm: bool,
    /// CRM to mailbox.
    pub to_pim: bool,
    /// This side's value stands whatever changed: the other side's change is set back and kept in the history (rule P6).
    pub rules: Option<Side>,
}

/// What a merge found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// To write in the CRM, in its words.
    pub to_crm: Fields,
    /// To write in the mailbox, in its words.
    pub to_pim: Fields,
    /// The CRM's image of the new base.
    pub base_crm: Fields,
    /// The mailbox's image of the new base.
    pub base_pim: Fields,
    /// Units that both sides changed.
    pub conflicts: Vec<Conflict>,
    /// The CRM changed something that goes over.
    pub crm_changed: bool,
    /// The mailbox changed something that goes over.
    pub pim_changed: bool,
    /// What a side changed that goes the other way only: it stays where it is (rule D1).
    pub local: BTreeMap<Path, Side>,
}

/// The two copies and, when they were linked before, the two images of their base.
pub struct Copies<'a> {
    /// The CRM's fields.
    pub crm: &'a Fields,
    /// The mailbox's fields.
    pub pim: &'a Fields,
    /// The CRM's and the mailbox's image of the base; absent for strangers.
    pub base: Option<(&'a Fields, &'a Fields)>,
}

/// One path as the merge sees it. In an occurrence "absent" means as the series and stands as null.
struct Cell<'a> {
    path: &'a Path,
    crm: &'a Value,
    pim: &'a Value,
    base: Option<(&'a Value, &'a Value)>,
}

impl Merged {
    /// What is to be written on a side.
    fn to(&self, side: Side) -> &Fields {
        match side {
            Side::Crm => &self.to_crm,
            Side::Pim => &self.to_pim,
        }
    }
}

/// Merges two copies.
#[must_use]
pub fn merge(copies: &Copies<'_>, rules: &Rules<'_>) -> Merged {
    let mut merged = Merged::default();
    if let Some((crm, pim)) = copies.base {
        merged.base_crm = crm.clone();
        merged.base_pim = pim.clone();
    }
    let mut units = Units::new();
    for cell in cells(copies, rules.map) {
        let mut unit = cell.path.unit();
        if planted::is(Planted::UnitsSplit) {
            unit.1 = Unit::Alone(cell.path.field.clone());
        }
        units.entry(unit).or_default().push(cell);
    }
    // The series before its occurrences: which of them there are is for its rule to say.
    let series: Units<'_> = units.extract_if(.., |(occurrence, _), _| occurrence.is_none()).collect();
    settle_units(series, rules, &mut merged);
    settle_off_rule(&mut units, copies, rules, &mut merged);
    settle_contested(&mut units, rules, &mut merged);
    settle_units(units, rules, &mut merged);
    merged
}

fn settle_units(units: Units<'_>, rules: &Rules<'_>, merged: &mut Merged) {
    for cells in units.into_values().filter(|cells| !cells.iter().all(Cell::is_untouched)) {
        unit(&cells, rules, merged);
    }
}

fn cells<'a>(copies: &Copies<'a>, map: &DomainMap) -> Vec<Cell<'a>> {
    let mut paths: BTreeSet<&Path> = copies.crm.keys().chain(copies.pim.keys()).collect();
    if let Some((crm, pim)) = copies.base {
        paths.extend(crm.keys().chain(pim.keys()).filter(|path| path.occurrence.is_some()));
    }
    paths
        .into_iter()
        .filter(|path| map.maps(&path.field))
        .filter_map(|path| {
            let of = |fields: &'a Fields| match (fields.get(path), path.occurrence) {
                (Some(value), _) => Some(value),
                (None, Some(_)) => Some(&Value::Null),
                // A side that did not return the field is never written at it (trap 20).
                (None, None) => None,
            };
            let base = copies.base.and_then(|(crm, pim)| Some((of(crm)?, of(pim)?)));
            Some(Cell { path, crm: of(copies.crm)?, pim: of(copies.pim)?, base })
        })
        .collect()
}

impl<'a> Cell<'a> {
    /// Both sides show to the letter what they showed when they agreed: nothing goes over, and the base stands. Most cells
    /// of most records are such ones.
    fn is_untouched(&self) -> bool {
        let gone = self.path.occurrence.is_some() && self.crm.is_blank() && self.pim.is_blank();
        let stands = !gone && self.base == Some((self.crm, self.pim));
        stands && !planted::is(Planted::ClocksDecide) && !planted::is(Planted::OneImage)
    }

    fn changed(&self, side: Side) -> bool {
        let field = &self.path.field;
        match (&self.base, side) {
            (Some(_), _) if planted::is(Planted::ClocksDecide) => true,
            (None, _) => true,
            (Some((base, _)), Side::Crm) => !same(field, self.crm, base),
            (Some((_, base)), Side::Pim) => !same(field, self.pim, base),
        }
    }

    fn agrees(&self, rules: &Rules<'_>) -> bool {
        let field = &self.path.field;
        same(field, &(rules.pim_image)(self.path, self.crm), self.pim)
            || same(field, &(rules.crm_image)(self.path, self.pim), self.crm)
    }

    /// What goes over from a side: its value, and where it shows a text cut, the rest of the other side's (rule E5).
    fn said(&self, side: Side, rules: &Rules<'_>) -> Value {
        let original = match (self.base, side) {
            (Some((_, pim)), Side::Crm) => pim,
            (Some((crm, _)), Side::Pim) => crm,
            (None, side) => self.value(side.other()),
        };
        let said = self.value(side);
        if planted::is(Planted::CutFlowsBack) {
            return said.clone();
        }
        (rules.made_whole)(side, self.path, said, original).unwrap_or_else(|| said.clone())
    }

    /// What a side's change makes of the other side's value. People go over one by one: a side may hold some that the other
    /// never had, as the mailbox does whom its owner asked himself (rules C2, C9).
    fn becomes(&self, source: Side, onto: &Value, rules: &Rules<'_>) -> Value {
        match (&self.path.field, source) {
            (Field::Attendees, _) => self.elements(source, onto, rules),
            (_, Side::Crm) => (rules.pim_image)(self.path, &self.said(source, rules)),
            (_, Side::Pim) => (rules.crm_image)(self.path, &self.said(source, rules)),
        }
    }

    /// What a side added, changed and removed, done to a value of the other side (rule C2).
    fn elements(&self, source: Side, onto: &Value, rules: &Rules<'_>) -> Value {
        let image = |value: &Value| match source {
            Side::Crm => (rules.pim_image)(self.path, value),
            Side::Pim => (rules.crm_image)(self.path, value),
        };
        let mut before = match (self.base, source) {
            (Some((crm, _)), Side::Crm) => image(crm),
            (Some((_, pim)), Side::Pim) => image(pim),
            (None, _) => Value::Null,
        };
        if let (Value::People(people), Side::Pim) = (&mut before, source) {
            // Whom the mail server never asked stood in our block alone: its owner, who asks others, takes nobody off.
            people.retain(|_, person| person.response != Response::NotAsked);
        }
        apply(&self.path.field, &before, &image(self.value(source)), onto)
    }

    fn value(&self, side: Side) -> &'a Value {
        match side {
            Side::Crm => self.crm,
            Side::Pim => self.pim,
        }
    }
}

fn unit(cells: &[Cell<'_>], rules: &Rules<'_>, merged: &mut Merged) {
    if cells.iter().all(|cell| cell.agrees(rules)) {
        for cell in cells {
            settle(cell, merged);
        }
        return;
    }
    let [crm_changed, pim_changed] = Side::BOTH.map(|side| cells.iter().any(|cell| cell.changed(side)));
    let gates: Vec<Gate> = cells.iter().map(|cell| (rules.gate)(cell.path)).collect();
    let may_go = |side: Side| {
        let open = |gate: &Gate| match side {
            Side::Crm => gate.to_pim,
            Side::Pim => gate.to_crm,
        };
        gates.iter().all(open) || planted::is(Planted::ClosedDirectionOpens)
    };
    // A meeting that Exchange owns: the mailbox's values stand, a CRM's wish is set back and told (rule P6).
    let ruler = gates.iter().find_map(|gate| gate.rules);
    if let Some(ruler) = ruler.filter(|_| !planted::is(Planted::ExchangesMeetingMoves)) {
        if crm_changed || pim_changed {
            let overruled = cells.iter().any(|cell| cell.base.is_some() && cell.changed(ruler.other()));
            if overruled {
                tell(cells, Some(ruler), false, merged);
            }
            carry(cells, ruler, rules, merged);
        }
        return;
    }
    let strangers = cells.iter().any(|cell| cell.base.is_none());
    match (crm_changed, pim_changed) {
        (false, false) => {}
        (true, false) if may_go(Side::Crm) => carry(cells, Side::Crm, rules, merged),
        (false, true) if may_go(Side::Pim) => carry(cells, Side::Pim, rules, merged),
        // Not carried over, not undone, and the base does not move (rule D1).
        (true, false) | (false, true) => {
            if may_go(Side::Crm) || may_go(Side::Pim) {
                let side = if crm_changed { Side::Crm } else { Side::Pim };
                let changed = cells.iter().filter(|cell| cell.changed(side));
                merged.local.extend(changed.map(|cell| (cell.path.clone(), side)));
            }
        }
        (true, true) => match (may_go(Side::Crm), may_go(Side::Pim)) {
            (false, false) => {}
            (true, false) => one_way(cells, Side::Crm, strangers, rules, merged),
            (false, true) => one_way(cells, Side::Pim, strangers, rules, merged),
            (true, true) => both(cells, strangers, rules, merged),
        },
    }
}

/// Both changed, one direction is open: the source's value is written, the overruled one is told (rule D1). Between
/// strangers nothing is overwritten by a blank (rule M3); a copy of ours shows what its source says (rule P6).
fn one_way(cells: &[Cell<'_>], source: Side, strangers: bool, rules: &Rules<'_>, merged: &mut Merged) {
    if strangers && !rules.ours && cells.iter().all(|cell| cell.value(source).is_blank()) {
        return;
    }
    if cells.iter().any(|cell| !cell.value(source.other()).is_blank()) {
        tell(cells, Some(source), false, merged);
    }
    carry(cells, source, rules, merged);
}

fn both(cells: &[Cell<'_>], strangers: bool, rules: &Rules<'_>, merged: &mut Merged) {
    if let [cell] = cells
        && cell.path.field.is_set()
    {
        elements(cell, rules, merged);
        return;
    }
    if strangers && !planted::is(Planted::BlankWins) {
        let blank = |side: Side| cells.iter().all(|cell| cell.value(side).is_blank());
        if blank(Side::Pim) {
            return carry(cells, Side::Crm, rules, merged);
        }
        if blank(Side::Crm) {
            return carry(cells, Side::Pim, rules, merged);
        }
    }
    let winner = match rules.policy {
        ConflictPolicy::Crm => Some(Side::Crm),
        ConflictPolicy::Mailbox => Some(Side::Pim),
        ConflictPolicy::Hold => None,
    };
    tell(cells, winner, true, merged);
    if let Some(winner) = winner {
        carry(cells, winner, rules, merged);
    }
}

fn tell<'a>(cells: impl IntoIterator<Item = &'a Cell<'a>>, winner: Option<Side>, counts: bool, merged: &mut Merged) {
    let values =
        cells.into_iter().map(|cell| (cell.path.clone(), (Some(cell.crm.clone()), Some(cell.pim.clone())))).collect();
    if !planted::is(Planted::LoserUntold) {
        merged.conflicts.push(Conflict { values, winner, counts });
    }
}

/// Writes a unit of one side on the other. Start and end travel together (trap 79); elsewhere only what differs is sent.
fn carry(cells: &[Cell<'_>], source: Side, rules: &Rules<'_>, merged: &mut Merged) {
    let together = cells.iter().any(|cell| cell.path.unit().1 == Unit::Time && !cell.agrees(rules));
    for cell in cells {
        let field = &cell.path.field;
        if planted::is(Planted::BlankIsAbsent) && cell.value(source).is_blank() {
            settle(cell, merged);
            continue;
        }
        let frozen = source == Side::Crm && rules.frozen.contains(cell.path);
        if frozen || cell.agrees(rules) && !together {
            settle(cell, merged);
            continue;
        }
        match source {
            Side::Crm => {
                let target = cell.becomes(source, cell.value(Side::Pim), rules);
                if together || !same(field, &target, cell.pim) {
                    merged.to_pim.insert(cell.path.clone(), target.clone());
                    merged.crm_changed = true;
                }
                base(cell, cell.crm.clone(), target, merged);
            }
            Side::Pim => {
                // What Exchange owns takes no wish of the CRM's along (rule P6).
                let onto = match (cell.base, (rules.gate)(cell.path).rules) {
                    (Some((base, _)), Some(Side::Pim)) => base,
                    (_, _) => cell.crm,
                };
                let target = cell.becomes(source, onto, rules);
                if together || !same(field, &target, cell.crm) {
                    merged.to_crm.insert(cell.path.clone(), target.clone());
                    merged.pim_changed = true;
                }
                base(cell, target, cell.pim.clone(), merged);
            }
        }
    }
}

fn settle(cell: &Cell<'_>, merged: &mut Merged) {
    base(cell, cell.crm.clone(), cell.pim.clone(), merged);
}

fn base(cell: &Cell<'_>, crm: Value, pim: Value, merged: &mut Merged) {
    let pim = if planted::is(Planted::OneImage) { crm.clone() } else { pim };
    let gone = cell.path.occurrence.is_some() && crm.is_blank() && pim.is_blank();
    for (fields, value) in [(&mut merged.base_crm, crm), (&mut merged.base_pim, pim)] {
        if gone {
            fields.remove(cell.path);
        } else {
            fields.insert(cell.path.clone(), value);
        }
    }
}

/// Sets merge element by element (rule C2): each side gets what the other added and loses what the other removed.
fn elements(cell: &Cell<'_>, rules: &Rules<'_>, merged: &mut Merged) {
    let pim = cell.elements(Side::Crm, cell.pim, rules);
    let crm = cell.elements(Side::Pim, cell.crm, rules);
    if !same(&cell.path.field, &pim, cell.pim) && !rules.frozen.contains(cell.path) {
        merged.to_pim.insert(cell.path.clone(), pim.clone());
        merged.crm_changed = true;
    }
    if !same(&cell.path.field, &crm, cell.crm) {
        merged.to_crm.insert(cell.path.clone(), crm.clone());
        merged.pim_changed = true;
    }
    base(cell, crm, pim, merged);
}

/// What `from` → `to` added, changed and removed, done to `onto`.
fn apply(field: &Field, from: &Value, to: &Value, onto: &Value) -> Value {
    if *field == Field::Attendees {
        let empty = People::new();
        let of = |value: &'_ Value| value.as_people().cloned().unwrap_or_else(|| empty.clone());
        let (from, to, mut onto) = (of(from), of(to), of(onto));
        let changed = |key: &String, new: &Attendee| from.get(key) != Some(new);
        for (key, new) in to.iter().filter(|(key, new)| changed(key, new)) {
            onto.insert(key.clone(), new.clone());
        }
        for key in from.keys().filter(|key| !to.contains_key(*key)) {
            onto.remove(key);
        }
        return Value::People(onto);
    }
    let of = |value: &Value| value.as_set().cloned().unwrap_or_default();
    let (from, to, mut onto) = (of(from), of(to), of(onto));
    let has = |set: &BTreeSet<String>, word: &String| set.iter().any(|known| fold(known) == fold(word));
    for word in to.iter().filter(|word| !has(&from, word)) {
        if !has(&onto, word) {
            onto.insert(word.clone());
        }
    }
    onto.retain(|word| !has(&from, word) || has(&to, word));
    Value::Set(onto)
}
