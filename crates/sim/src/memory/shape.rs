//! What records look like inside a server: every field answered, exceptions that still fall on their series.

use jiff::civil::Time;
use model::field::of_kind;
use model::{Field, Fields, Kind, Path, Recurrence, Value};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What each side answers of a record that says nothing.
static NOTHING: LazyLock<BTreeMap<Kind, Fields>> = LazyLock::new(|| {
    let nothing = |kind| {
        let fields = Field::SHIPPED.iter().filter(|field| of_kind(kind, field) && **field != Field::State);
        fields.map(|field| (Path::of(field.clone()), Value::Null)).collect()
    };
    Kind::ALL.into_iter().map(|kind| (kind, nothing(kind))).collect()
});

/// The fields with every field of the kind present, null where nothing is: a side answers all it maps (trap 20).
#[must_use]
pub fn complete(kind: Kind, fields: &Fields) -> Fields {
    let mut all = NOTHING.get(&kind).cloned().unwrap_or_default();
    all.extend(fields.iter().map(|(path, value)| (path.clone(), value.clone())));
    all
}

/// Writes paths; a blank takes the field away. A blank state makes an occurrence as its series again, but for what the same
/// changes say of it.
pub fn apply(onto: &mut Fields, changes: &Fields) {
    let as_series =
        |path: &Path, value: &Value| path.occurrence.is_some() && path.field == Field::State && value.is_blank();
    for (back, _) in changes.iter().filter(|(path, value)| as_series(path, value)) {
        onto.retain(|known, _| known.occurrence != back.occurrence);
    }
    for (path, value) in changes.iter().filter(|(path, value)| !as_series(path, value)) {
        if value.is_blank() {
            onto.remove(path);
        } else {
            onto.insert(path.clone(), value.clone());
        }
    }
}

/// The rule of a series.
#[must_use]
pub fn rule(fields: &Fields) -> Option<&Recurrence> {
    fields.get(&Path::of(Field::Rule)).and_then(|value| value.as_rule())
}

/// Exceptions that do not fall on the series any more go; the others keep their date and take the series' clock time.
pub fn settle_exceptions(fields: &mut Fields) {
    let start = fields.get(&Path::of(Field::Start)).and_then(|value| value.as_when()).cloned();
    let rule = rule(fields).cloned();
    let (Some(start), Some(rule)) = (start, rule) else {
        fields.retain(|path, _| path.occurrence.is_none());
        return;
    };
    let first = start.wall().date();
    let time = if start.is_day() { Time::midnight() } else { start.wall().time() };
    let old = std::mem::take(fields);
    for (path, value) in old {
        match path.occurrence {
            None => {
                fields.insert(path, value);
            }
            Some(at) if rule.falls_on(first, at.date()) => {
                let at = at.date().to_datetime(time);
                fields.insert(Path::occurrence(at, path.field), value);
            }
            Some(_) => {}
        }
    }
}

/// Drops every exception.
pub fn drop_exceptions(fields: &mut Fields) {
    fields.retain(|path, _| path.occurrence.is_none());
}

/// What makes an appointment unfit for any server: it ends before it starts.
#[must_use]
pub fn ends_early(fields: &Fields) -> bool {
    let at = |field| fields.get(&Path::of(field)).and_then(|value| value.as_when());
    let utc = model::Zone::utc();
    match (at(Field::Start), at(Field::End)) {
        (Some(start), Some(end)) => end.instant(&utc) < start.instant(&utc),
        (_, _) => false,
    }
}
