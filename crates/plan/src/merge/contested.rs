//! An occurrence called off on one side and edited on the other: as with a whole record, the edit outlives, and it is told
//! (rule C5).

use super::{Cell, Merged, Rules, carry, tell};
use jiff::civil::DateTime;
use model::{Field, Side, Unit, Value};
use std::collections::BTreeMap;

/// The cells of a merge, unit by unit.
pub(super) type Units<'a> = BTreeMap<(Option<DateTime>, Unit), Vec<Cell<'a>>>;

/// Takes the contested occurrences out of the units, and merges each as a whole.
pub(super) fn settle_contested(units: &mut Units<'_>, rules: &Rules<'_>, merged: &mut Merged) {
    let called_off: Vec<(DateTime, Side)> = units
        .iter()
        .filter(|((_, unit), _)| *unit == Unit::Alone(Field::State))
        .filter_map(|((at, _), cells)| (*at).zip(cells.iter().find_map(called_off)))
        .collect();
    for (at, off) in called_off {
        let cells: Vec<&Cell<'_>> =
            units.iter().filter(|((of, _), _)| *of == Some(at)).flat_map(|(_, of)| of).collect();
        if !is_edited(&cells, off.other()) || !is_open(&cells, off, rules) {
            continue;
        }
        let cells: Vec<Cell<'_>> = units.extract_if(.., |of, _| of.0 == Some(at)).flat_map(|(_, of)| of).collect();
        let stays = if rules.delete_wins { off } else { off.other() };
        let told: Vec<&Cell<'_>> = cells.iter().filter(|cell| cell.changed(stays.other())).collect();
        tell(told, Some(stays), true, merged);
        for cell in &cells {
            whole(cell, stays, rules, merged);
        }
    }
}

/// The side on which it was called off since both agreed, while it stands on the other. Between strangers nobody knows what
/// was agreed, and one that is called off says as little as a blank (rule M3).
fn called_off(state: &Cell<'_>) -> Option<Side> {
    let off = |side: Side| state.value(side).as_text() == Some("cancelled");
    Side::BOTH.into_iter().find(|side| off(*side) && state.changed(*side) && !off(side.other()))
}

/// Whether somebody changed it there since; of strangers, whether it says anything of its own.
fn is_edited(cells: &[&Cell<'_>], side: Side) -> bool {
    let edited = |cell: &Cell<'_>| match cell.base {
        Some(_) => cell.changed(side),
        None => !cell.value(side).is_blank(),
    };
    cells.iter().any(|cell| cell.path.field != Field::State && edited(cell))
}

/// Whether all of it may go either way, and no side rules (rules D1, P6).
fn is_open(cells: &[&Cell<'_>], off: Side, rules: &Rules<'_>) -> bool {
    cells.iter().all(|cell| {
        let gate = (rules.gate)(cell.path);
        let open = match off {
            Side::Crm => gate.to_crm,
            Side::Pim => gate.to_pim,
        };
        open && gate.rules.is_none() && !cell.path.field.is_set()
    })
}

/// All that the side says of the occurrence goes over: made as its series again on the other, it has nothing else left.
fn whole(cell: &Cell<'_>, from: Side, rules: &Rules<'_>, merged: &mut Merged) {
    carry(std::slice::from_ref(cell), from, rules, merged);
    let target = match from {
        Side::Crm => &mut merged.to_pim,
        Side::Pim => &mut merged.to_crm,
    };
    let said = cell.value(from);
    if !matches!(said, Value::Null) {
        target.entry(cell.path.clone()).or_insert_with(|| cell.value(from.other()).clone());
    }
}
