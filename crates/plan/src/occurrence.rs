//! Occurrences of a series are known by their date inside a plan: a series has at most one a day, and a change of the
//! series' clock time must not make its exceptions strangers (rule R3).

use jiff::civil::{DateTime, Time};
use model::{Field, Fields, Path, Recurrence};

/// The fields with every occurrence keyed by its date at midnight. That an occurrence is modified is told by the fields
/// it has; a side may say it or not, so the word alone is no field.
#[must_use]
pub fn by_date(fields: &Fields) -> Fields {
    if fields.keys().all(is_whole) {
        return fields.clone();
    }
    fields
        .iter()
        .filter(|(path, value)| !(path.field == Field::State && value.as_text() == Some("modified")))
        .map(|(path, value)| {
            let occurrence = path.occurrence.map(|start| start.date().to_datetime(Time::midnight()));
            (Path { occurrence, field: path.field.clone() }, value.clone())
        })
        .collect()
}

/// Whether a path says something of the record as a whole: most records are no series.
fn is_whole(path: &Path) -> bool {
    path.occurrence.is_none() && path.field != Field::State
}

/// The fields with every occurrence keyed by its original start at this clock time.
#[must_use]
pub fn by_start(fields: Fields, start: Option<Time>) -> Fields {
    if fields.keys().all(is_whole) {
        return fields;
    }
    let time = start.unwrap_or(Time::midnight());
    fields
        .into_iter()
        .map(|(path, value)| {
            let occurrence = path.occurrence.map(|date| date.date().to_datetime(time));
            (Path { occurrence, field: path.field }, value)
        })
        .collect()
}

/// The clock time at which a series begins.
#[must_use]
pub fn clock(fields: &Fields) -> Option<Time> {
    fields.get(&Path::of(Field::Start)).and_then(|value| value.as_when()).map(|when| when.wall().time())
}

/// The exceptions of a series that still fall on a rule: what must stand after the rule was set (rule R3).
#[must_use]
pub fn surviving(fields: &Fields, rule: &Recurrence, first: DateTime) -> Fields {
    fields
        .iter()
        .filter(|(path, _)| path.occurrence.is_some_and(|start| rule.falls_on(first.date(), start.date())))
        .map(|(path, value)| (path.clone(), value.clone()))
        .collect()
}
