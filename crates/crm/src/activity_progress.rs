//! How far a to-do is: status, percent and done day follow each other, and nothing is done in the future (rule C2).

use crate::actor::Actor;
use crate::error::Fault;
use jiff::ToSpan as _;
use jiff::civil::Date;
use model::{Field, Fields, Path, Value};

/// Status, percent and done day follow each other as Exchange keeps them, whichever of them an edit changes: done is a
/// hundred percent and has its day, what was not begun is at nought, and what is under way is neither (rule C2).
pub(crate) fn progress(before: &Fields, edit: &Fields, after: &mut Fields, today: Date) {
    let changed =
        |field: Field| edit.contains_key(&Path::of(field.clone())) && at(before, field.clone()) != at(edit, field);
    let mut set = |field: Field, value: Value| after.insert(Path::of(field), value);
    let status = at(edit, Field::Status);
    let percent = match at(if edit.contains_key(&Path::of(Field::Percent)) { edit } else { before }, Field::Percent) {
        Value::Number(percent) => percent,
        _ => 0,
    };
    let was = at(before, Field::Status);
    let (is, now) = if changed(Field::Status) {
        let now = match status.as_text() {
            Some(DONE) => 100,
            Some(NOT_STARTED | "Acknowledged") => 0,
            Some(_) | None if percent == 100 => 0,
            Some(_) | None => percent,
        };
        (status, now)
    } else if changed(Field::Percent) {
        let is = match (was.as_text(), percent) {
            (_, 100) => Value::text(DONE),
            (Some(DONE | IN_PROGRESS), 0) => Value::text(NOT_STARTED),
            (Some(DONE | NOT_STARTED | "Acknowledged") | None, 1..100) => Value::text(IN_PROGRESS),
            (_, _) => was,
        };
        (is, percent)
    } else if changed(Field::DoneDay) {
        match (at(edit, Field::DoneDay), was.as_text()) {
            (Value::Day(_), _) => (Value::text(DONE), 100),
            (_, Some(DONE)) => (Value::text(NOT_STARTED), 0),
            (_, _) => return,
        }
    } else {
        return;
    };
    let done = is.as_text() == Some(DONE);
    let day = match (done, at(if changed(Field::DoneDay) { edit } else { before }, Field::DoneDay)) {
        (false, _) => Value::Null,
        (true, Value::Day(day)) => Value::Day(day),
        (true, _) => Value::Day(today),
    };
    set(Field::Status, is);
    // Cleared is cleared: nought that nobody said stays unsaid.
    let unsaid = now == 0 && edit.get(&Path::of(Field::Percent)).is_some_and(Value::is_blank);
    set(Field::Percent, if unsaid { Value::Null } else { Value::Number(now) });
    set(Field::DoneDay, day);
}

/// The value of a field, null where there is none.
pub(crate) fn at(fields: &Fields, field: Field) -> Value {
    fields.get(&Path::of(field)).cloned().unwrap_or(Value::Null)
}

const DONE: &str = "Done";
const IN_PROGRESS: &str = "In Progress";
const NOT_STARTED: &str = "Not Started";

/// A done day that is still to come; somewhere tomorrow is today already. What a mailbox shows was done by its clock.
pub(crate) fn done_fault(actor: &Actor, edit: &Fields, today: Date) -> Option<Fault> {
    if actor.is_sync() {
        return None;
    }
    let day = edit.get(&Path::of(Field::DoneDay)).and_then(Value::as_day)?;
    let latest = today.checked_add(1.day()).unwrap_or(today);
    (day > latest).then(|| Fault::new(Field::DoneDay, "lies in the future"))
}
