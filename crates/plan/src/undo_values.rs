//! Values that go back where the synchronisation wrote them, unit by unit, and why others stay (rules W3, C2).

use crate::form;
use crate::linked::views;
use crate::occurrence;
use crate::undo::{Act, Did, Said, Stays, Undo, Undoing};
use jiff::civil::DateTime;
use model::same::{same, same_or_blank};
use model::{DomainMap, Field, Fields, Form, Kind, Link, Path, Record, Side, SleepCause, Unit, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The values of one unit that go back.
struct Wanted {
    first: usize,
    last: usize,
    back: Fields,
    written: Fields,
}

impl Undoing<'_> {
    /// Values that were written on a side go back there, unit by unit.
    pub(crate) fn values(&self, side: Side, undo: &mut Undo) {
        let (mut changes, mut starts) = (Fields::new(), None);
        // A person knows an occurrence by when it begins.
        let clock = self.now.record(side).and_then(|copy| occurrence::clock(&copy.fields));
        for wanted in self.wanted(side, undo).into_values() {
            match self.may_put(side, &wanted) {
                None => changes.extend(wanted.back),
                Some(why) => {
                    let paths = occurrence::by_start(wanted.back, clock).into_keys().collect();
                    undo.stays.push((side, paths, why));
                }
            }
        }
        if changes.is_empty() {
            return;
        }
        if let Some(copy) = self.now.record(side) {
            starts = occurrence::clock(&changes).or(occurrence::clock(&copy.fields));
        }
        let keep = match (side, self.link) {
            (Side::Pim, Some(link)) => surviving(&changes, link),
            (Side::Pim, None) | (Side::Crm, _) => Fields::new(),
        };
        let keep = occurrence::by_start(keep, starts);
        undo.acts.push(Act::Put { side, changes: occurrence::by_start(changes, starts), keep });
    }

    /// The oldest value of each path that the wished lines wrote first on this side.
    fn wanted(&self, side: Side, undo: &mut Undo) -> BTreeMap<(Option<DateTime>, Unit), Wanted> {
        let mut first_on: BTreeMap<Path, Side> = BTreeMap::new();
        let mut units: BTreeMap<_, Wanted> = BTreeMap::new();
        let sign = |path: &Path| {
            let contact = self.domain.kind() == Kind::Contact;
            contact && matches!(path.field, Field::Categories | Field::Private)
        };
        for (index, line) in self.said.iter().enumerate().filter(|(_, line)| line.wished && line.did == Did::Changed) {
            if line.before.is_empty() {
                if line.side == side {
                    undo.stays.push((side, line.after.keys().cloned().collect(), Stays::Forgotten));
                }
                continue;
            }
            let before: Fields =
                line.before.iter().map(|(path, value)| (path.clone(), value.clone().unwrap_or(Value::Null))).collect();
            let after = occurrence::by_date(&line.after);
            for (path, value) in occurrence::by_date(&before).into_iter().filter(|(path, _)| !sign(path)) {
                let owner = *first_on.entry(path.clone()).or_insert(line.side);
                if owner != side {
                    continue;
                }
                let wanted = units.entry(path.unit()).or_insert_with(|| Wanted {
                    first: index,
                    last: index,
                    back: Fields::new(),
                    written: Fields::new(),
                });
                wanted.last = index;
                if line.side == side {
                    wanted.back.entry(path.clone()).or_insert(value);
                    let written = after.get(&path).cloned().unwrap_or(Value::Null);
                    wanted.written.insert(path, written);
                } else {
                    // The other side wrote it last: what stands here is told by the base alone.
                    wanted.written.remove(&path);
                }
            }
        }
        units
    }

    /// Why the values of a unit stay, if they do.
    fn may_put(&self, side: Side, wanted: &Wanted) -> Option<Stays> {
        let (Some(copy), Some(link)) = (self.now.record(side), self.link) else {
            return Some(Stays::NotThere);
        };
        let (Some(map), true) = (self.context.maps.get(&self.domain), self.permits(side)) else {
            return Some(Stays::Level);
        };
        if side == Side::Pim && wanted.back.keys().any(|path| self.follows.paths.contains(path)) {
            return Some(Stays::Follows);
        }
        if side == Side::Pim && self.follows.gone {
            return Some(Stays::Follows);
        }
        let units: BTreeSet<_> = wanted.back.keys().map(Path::unit).collect();
        let again = |line: &Said| {
            let of_unit = |path: &Path| units.contains(&path.unit());
            line.did == Did::Changed
                && occurrence::by_date(&line.after).iter().any(|(path, value)| {
                    of_unit(path) && !(line.side != side && self.carries(line.side, link, wanted, path, value, map))
                })
        };
        if self.later(wanted.first, again) {
            return Some(Stays::ChangedSince);
        }
        let other = self.now.record(side.other());
        match &link.sleep {
            None => {}
            Some(sleep) => match sleep.cause {
                SleepCause::ReceiverDeleted | SleepCause::DeleteForbidden if other.is_none() => {}
                _ => return Some(Stays::Asleep),
            },
        }
        if other.is_none() && link.sleep.is_none() {
            return Some(Stays::ChangedSince);
        }
        let shown = self.shown(side, copy);
        if wanted.back.iter().all(|(path, value)| same_or_blank(&path.field, shown.get(path), Some(value))) {
            return Some(Stays::AsItWas);
        }
        let agrees = |side: Side, shown: &Fields| {
            let base = &link.end(side).base;
            wanted.back.keys().all(|path| same_or_blank(&path.field, shown.get(path), base.get(path)))
        };
        if !agrees(side, &shown) {
            return Some(Stays::ChangedSince);
        }
        if let Some(other) = other {
            let theirs = self.shown(side.other(), other);
            if !agrees(side.other(), &theirs) {
                return Some(Stays::ChangedSince);
            }
            // Both sides may have been given one and the same new value: then nothing in between was written.
            let moved = |(path, written): (&Path, &Value)| {
                let now = shown.get(path).unwrap_or(&Value::Null);
                let image = self.image(side, link.form, other, path, theirs.get(path).unwrap_or(&Value::Null), map);
                !same(&path.field, now, written) && !same(&path.field, &image, written)
            };
            if wanted.written.iter().any(moved) {
                return Some(Stays::ChangedSince);
            }
        }
        self.closed(side, link, copy, other, wanted, map)
    }

    /// Whether a value written on a side is only what the wished lines wrote, carried over.
    fn carries(&self, side: Side, link: &Link, wanted: &Wanted, path: &Path, value: &Value, map: &DomainMap) -> bool {
        let Some(written) = wanted.written.get(path) else { return false };
        let image = match (side, self.now.record(Side::Crm)) {
            (Side::Pim, Some(crm)) => form::pim_image(link.form, crm, path, written, map, self.context),
            (Side::Pim, None) => self.context.pim.image(path, written, map),
            (Side::Crm, _) => self.context.crm.image(path, written, map),
        };
        same(&path.field, &image, value)
    }

    /// Which rule keeps the unit from being written there.
    fn closed(
        &self,
        side: Side,
        link: &Link,
        copy: &Record,
        other: Option<&Record>,
        wanted: &Wanted,
        map: &DomainMap,
    ) -> Option<Stays> {
        if copy.facts.locked && wanted.back.keys().any(|path| !path.field.is_own()) {
            return Some(Stays::Exchanges);
        }
        for path in wanted.back.keys() {
            let (open, rules) = match (side, other) {
                (_, None) => (map.writes(&path.field, side), None),
                (Side::Crm, Some(pim)) => {
                    let gate = form::gate(link.form, self.domain, copy, pim, path, self.context);
                    (gate.to_crm, gate.rules)
                }
                (Side::Pim, Some(crm)) => {
                    let gate = form::gate(link.form, self.domain, crm, copy, path, self.context);
                    (gate.to_pim, gate.rules)
                }
            };
            let sent = copy.facts.requests_sent && copy.facts.meeting && !path.field.is_own();
            if rules == Some(side.other()) || side == Side::Pim && sent {
                return Some(Stays::Exchanges);
            }
            if !open {
                return Some(Stays::Level);
            }
        }
        None
    }

    fn shown(&self, side: Side, record: &Record) -> Fields {
        match side {
            Side::Crm => occurrence::by_date(&record.fields),
            Side::Pim => views(record, record, self.context).1,
        }
    }

    fn image(&self, side: Side, form: Form, other: &Record, path: &Path, value: &Value, map: &DomainMap) -> Value {
        match side {
            Side::Pim => form::pim_image(form, other, path, value, map, self.context),
            Side::Crm => self.context.crm.image(path, value, map),
        }
    }
}

/// Exceptions that must stand after the rule or the times of a series are put back in the mailbox (rule R3).
fn surviving(changes: &Fields, link: &Link) -> Fields {
    let of = |field: Field| {
        let path = Path::of(field);
        changes.get(&path).or_else(|| link.pim.base.get(&path)).cloned()
    };
    let series = [Field::Rule, Field::Start].into_iter().any(|field| changes.contains_key(&Path::of(field)));
    let revives =
        changes.iter().any(|(path, value)| path.occurrence.is_some() && path.field == Field::State && value.is_blank());
    match (series || revives, of(Field::Rule), of(Field::Start)) {
        (true, Some(Value::Rule(rule)), Some(Value::When(start))) => {
            occurrence::surviving(&link.pim.base, &rule, start.wall())
        }
        (_, _, _) => Fields::new(),
    }
}
