//! Occurrences of a series are known by their date inside a plan: a series has at most one a day, and a change of the
//! series' clock time must not make its exceptions strangers (rule R3).

use crate::merge::Merged;
use jiff::civil::{DateTime, Time};
use model::{Field, Fields, Path, Record, Recurrence, Side, Value};
use planted::Planted;

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

/// Exceptions that must stand after the rule is set in the mailbox (rule R3): those of the agreed state, and the mailbox's
/// own that stay local, that still fall on the rule.
pub(crate) fn keep(merged: &Merged, crm: &Record, pim: &Record) -> Fields {
    let writes_rule = [Field::Rule, Field::Start].into_iter().any(|field| merged.to_pim.contains_key(&Path::of(field)));
    let at = |fields: &Fields, field: Field| fields.get(&Path::of(field)).cloned();
    let rule = at(&merged.to_pim, Field::Rule)
        .or_else(|| at(&pim.fields, Field::Rule))
        .or_else(|| at(&crm.fields, Field::Rule));
    let start = at(&merged.to_pim, Field::Start).or_else(|| at(&pim.fields, Field::Start));
    // A cancelled occurrence comes back only by setting the rule again, which takes all others with it.
    let revives = merged
        .to_pim
        .iter()
        .any(|(path, value)| path.occurrence.is_some() && path.field == Field::State && value.is_blank());
    match (writes_rule || revives, rule, start) {
        (true, Some(Value::Rule(rule)), Some(Value::When(start))) if !planted::is(Planted::ExceptionsDropped) => {
            // What a guest did to single occurrences of his own copy is not carried over, and not undone either (rule D1).
            let mut stands = merged.base_pim.clone();
            let shown = by_date(&pim.fields);
            for path in merged.local.iter().filter(|(_, side)| **side == Side::Pim) {
                match shown.get(path.0) {
                    Some(value) => stands.insert(path.0.clone(), value.clone()),
                    None => stands.remove(path.0),
                };
            }
            surviving(&stands, &rule, start.wall())
        }
        (_, _, _) => Fields::new(),
    }
}
