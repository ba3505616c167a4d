//! An occurrence changed on one side while the other moved the series off its day: there is no such occurrence any more, and
//! what was said of it is told (rule R3).

use super::{Cell, Copies, Merged, Rules, carry, contested::Units, tell};
use jiff::civil::Date;
use model::{Field, Fields, Path, Recurrence, Side, Value};

/// Takes the occurrences that the series lost by this very merge out of the units, where somebody changed them meanwhile.
pub(super) fn settle_off_rule(units: &mut Units<'_>, copies: &Copies<'_>, rules: &Rules<'_>, merged: &mut Merged) {
    let Some((mover, rule, first)) = moved(copies, merged) else { return };
    let lost: Units<'_> = units
        .extract_if(.., |(at, _), cells| {
            let off = at.is_some_and(|at| !rule.falls_on(first, at.date()));
            let changed = |cell: &Cell<'_>| cell.base.is_some() && cell.changed(mover.other());
            off && cells.iter().any(changed) && cells.iter().all(|cell| is_open(cell, mover, rules))
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

/// Which side's rule or day the series has from now on where this merge moves it, and what both then show.
fn moved<'a>(copies: &Copies<'a>, merged: &'a Merged) -> Option<(Side, &'a Recurrence, Date)> {
    copies.base?;
    let writes = |fields: &Fields| [Field::Rule, Field::Start].map(|field| fields.contains_key(&Path::of(field)));
    let mover = match (writes(&merged.to_crm), writes(&merged.to_pim)) {
        ([false, false], [false, false]) => return None,
        ([true, _], _) | ([_, true], [false, _]) => Side::Pim,
        (_, _) => Side::Crm,
    };
    let (sent, shown) = match mover {
        Side::Pim => (&merged.to_crm, copies.crm),
        Side::Crm => (&merged.to_pim, copies.pim),
    };
    let stands = |field: Field| sent.get(&Path::of(field.clone())).or_else(|| shown.get(&Path::of(field)));
    // Which days another program's rule has is not known here.
    let rule = stands(Field::Rule).and_then(Value::as_rule).filter(|rule| rule.has_known_dates())?;
    let first = stands(Field::Start).and_then(Value::as_when)?.wall().date();
    Some((mover, rule, first))
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
