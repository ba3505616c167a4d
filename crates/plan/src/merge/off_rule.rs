//! An occurrence changed on one side that the other side's series does not have: because this very merge moves the series off
//! its day, or because the two rules stay apart (rules R3, D1).

use super::{Cell, Copies, Merged, Rules, carry, contested::Units, tell};
use jiff::civil::Date;
use model::{Field, Path, Recurrence, Side, Value};

/// Takes out of the units what is said of occurrences that are not there on the other side.
pub(super) fn settle_off_rule(units: &mut Units<'_>, copies: &Copies<'_>, rules: &Rules<'_>, merged: &mut Merged) {
    if copies.base.is_none() {
        return;
    }
    if let Some(mover) = mover(merged) {
        settle_lost(mover, units, copies, rules, merged);
    }
    for source in Side::BOTH {
        stay_apart(source, units, copies, merged);
    }
}

/// Which side's rule or day the series has from now on, where this merge moves it.
fn mover(merged: &Merged) -> Option<Side> {
    let writes = |side: Side| {
        let fields = merged.to(side);
        [Field::Rule, Field::Start].map(|field| fields.contains_key(&Path::of(field)))
    };
    match (writes(Side::Crm), writes(Side::Pim)) {
        ([false, false], [false, false]) => None,
        ([true, _], _) | ([_, true], [false, _]) => Some(Side::Pim),
        (_, _) => Some(Side::Crm),
    }
}

/// The series lost the occurrence by this merge while somebody changed it: what he said is told.
fn settle_lost(mover: Side, units: &mut Units<'_>, copies: &Copies<'_>, rules: &Rules<'_>, merged: &mut Merged) {
    let Some(series) = Series::of(mover.other(), copies, merged) else { return };
    let lost: Units<'_> = units
        .extract_if(.., |(at, _), cells| {
            at.is_some_and(|at| is_changed(cells, mover.other()) && !series.has(at.date()))
                && cells.iter().all(|cell| is_open(cell, mover, rules))
        })
        .collect();
    for cells in lost.into_values() {
        let said: Vec<&Cell<'_>> = cells.iter().filter(|cell| cell.changed(mover.other())).collect();
        tell(said, Some(mover), true, merged);
        // Setting the rule takes the mailbox's exceptions along; the CRM is told to take back its own.
        if mover == Side::Pim {
            carry(&cells, mover, rules, merged);
        }
    }
}

/// Where the other side keeps another rule, what is said of an occurrence that it lacks stays where it is.
fn stay_apart(source: Side, units: &mut Units<'_>, copies: &Copies<'_>, merged: &mut Merged) {
    let target = source.other();
    let series = [source, target].map(|side| Series::of(side, copies, merged));
    let [Some(here), Some(there)] = series else { return };
    let apart: Units<'_> = units
        .extract_if(.., |(at, _), cells| {
            at.is_some_and(|at| {
                let once = is_changed(cells, source) && !is_changed(cells, target);
                once && here.has(at.date()) && !there.has(at.date())
            })
        })
        .collect();
    for cell in apart.into_values().flatten().filter(|cell| cell.changed(source)) {
        merged.local.insert(cell.path.clone(), source);
    }
}

/// A series as it stands on a side after the merge, where its rule tells its days.
struct Series {
    rule: Recurrence,
    first: Date,
}

impl Series {
    fn of(side: Side, copies: &Copies<'_>, merged: &Merged) -> Option<Series> {
        let shown = match side {
            Side::Crm => copies.crm,
            Side::Pim => copies.pim,
        };
        let stands = |field: Field| merged.to(side).get(&Path::of(field.clone())).or(shown.get(&Path::of(field)));
        // Which days another program's rule has is not known here.
        let rule = stands(Field::Rule).and_then(Value::as_rule).filter(|rule| rule.has_known_dates())?;
        let first = stands(Field::Start).and_then(Value::as_when)?.wall().date();
        Some(Series { rule: rule.clone(), first })
    }

    fn has(&self, day: Date) -> bool {
        self.rule.falls_on(self.first, day)
    }
}

fn is_changed(cells: &[Cell<'_>], side: Side) -> bool {
    cells.iter().any(|cell| cell.base.is_some() && cell.changed(side))
}

/// Whether what the mover says may go to the other side, and no side rules (rules D1, P6).
fn is_open(cell: &Cell<'_>, mover: Side, rules: &Rules<'_>) -> bool {
    let gate = (rules.gate)(cell.path);
    let open = match mover {
        Side::Crm => gate.to_pim,
        Side::Pim => gate.to_crm,
    };
    open && gate.rules.is_none()
}
