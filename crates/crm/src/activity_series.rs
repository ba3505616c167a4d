//! A series begins on a day of its rule (rule R2): Exchange lets none begin elsewhere, and neither does the CRM.

use crate::activity::Display;
use jiff::ToSpan as _;
use jiff::civil::Date;
use model::{Field, Fields, Path, Value};

/// Puts the beginning of a series that an edit brought elsewhere on the first day of its rule from there on, as Outlook
/// does with what a person types. Held here, both sides mean the same day also where a time changed on one side meets a
/// rule changed on the other.
pub(crate) fn on_its_days(display: Display, before: &Fields, shared: &mut Fields) {
    let changed = |field: Field| before.get(&Path::of(field.clone())) != shared.get(&Path::of(field));
    if !changed(Field::Start) && !changed(Field::Rule) {
        return;
    }
    let Some((said, first)) = apart(display, shared) else { return };
    let span = i64::from((first - said).get_days()).days();
    for field in [Field::Start, Field::End] {
        let when = shared.get(&Path::of(field.clone())).and_then(Value::as_when);
        if let Some(moved) = when.and_then(|when| Some(when.with_wall(when.wall().checked_add(span).ok()?))) {
            shared.insert(Path::of(field), Value::When(moved));
        }
    }
}

/// The day an appointment's series says it begins on and the first one of its rule, where they are two.
fn apart(display: Display, fields: &Fields) -> Option<(Date, Date)> {
    if display != Display::Calendar {
        // A recurring to-do stands for its present occurrence, which may be put off.
        return None;
    }
    let rule = fields.get(&Path::of(Field::Rule)).and_then(Value::as_rule)?;
    let said = fields.get(&Path::of(Field::Start)).and_then(Value::as_when)?.wall().date();
    let first = rule.first_date(said)?;
    (first != said).then_some((said, first))
}
