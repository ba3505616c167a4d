//! From when to when an activity takes time, its whole series included.

use jiff::Timestamp;
use jiff::civil::Date;
use model::{Field, Fields, Path, Value, When, Zone};

/// From when to when the activity takes time, its whole series included; days and floating times are read in UTC.
pub(crate) fn extent(fields: &Fields) -> (Option<Timestamp>, Option<Timestamp>) {
    let utc = Zone::utc();
    let when = |field: Field| fields.get(&Path::of(field)).and_then(Value::as_when);
    let start = when(Field::Start).map(|start| start.instant(&utc));
    let end = match (fields.get(&Path::of(Field::Rule)).and_then(Value::as_rule), when(Field::Start), when(Field::End))
    {
        (Some(rule), Some(start), _) => Some(match rule.last_date(start.wall().date()) {
            Some(last) => end_of(last),
            None => Timestamp::MAX,
        }),
        (_, _, Some(When::Day(day))) => Some(end_of(*day)),
        (_, _, Some(end)) => Some(end.instant(&utc)),
        (_, _, None) => start,
    };
    (start, end)
}

/// The end of a day anywhere: two days after its beginning in UTC.
fn end_of(day: Date) -> Timestamp {
    let next = day.saturating_add(jiff::Span::new().days(2));
    Zone::utc().instant(next.to_datetime(jiff::civil::Time::midnight()))
}
