//! One form for a record wherever it was read: what is compared, and in which words.

use super::faces::later;
use super::track::{Form, tidy};
use jiff::civil::DateTime;
use model::{Domain, Field, Fields, Path, Recurrence, Value, When};
use std::collections::{BTreeMap, BTreeSet};

/// What an occurrence may have otherwise than its series.
const OF_OCCURRENCE: [Field; 7] =
    [Field::Subject, Field::Start, Field::End, Field::Location, Field::Body, Field::Reminder, Field::ShowAs];

/// A face as it is compared: without what each side keeps to itself, and with occurrences that say only what differs.
pub fn canonical(domain: Domain, form: Form, face: &Fields) -> Fields {
    let mut face: Fields = face
        .iter()
        .filter(|(path, _)| compared(domain, form, &path.field))
        .map(|(path, value)| (path.clone(), value.clone()))
        .collect();
    tidy(&mut face);
    if let Some(Value::Rule(rule)) = face.get_mut(&Path::of(Field::Rule)) {
        plain_rule(rule);
    }
    let originals: BTreeSet<DateTime> = face.keys().filter_map(|path| path.occurrence).collect();
    for original in originals {
        occurrence(&mut face, original);
    }
    face
}

fn compared(domain: Domain, form: Form, field: &Field) -> bool {
    match field {
        // Whose word marks what is compared apart; people and organiser are in the CRM's own form.
        Field::Categories | Field::Organizer | Field::Attendees => false,
        // The domain's sign on a contact, not a value.
        Field::Private => domain.kind() != model::Kind::Contact && form == Form::Own,
        Field::ActivityType => domain == Domain::Calendar && form != Form::Received,
        // Each participant has his own (P7).
        Field::Reminder | Field::ShowAs => form == Form::Own,
        // Exchange lets nobody set it.
        Field::Cancelled => false,
        _ => true,
    }
}

/// A rule's first day of the week counts only where weeks are skipped.
fn plain_rule(rule: &mut Recurrence) {
    if let model::Pattern::Weekly { interval: 1, first_day, .. } = &mut rule.pattern {
        *first_day = 1;
    }
}

fn occurrence(face: &mut Fields, original: DateTime) {
    let own: BTreeMap<Field, Value> = face
        .iter()
        .filter(|(path, _)| path.occurrence == Some(original))
        .map(|(path, value)| (path.field.clone(), value.clone()))
        .collect();
    face.retain(|path, _| path.occurrence != Some(original));
    let state = Path::occurrence(original, Field::State);
    if own.get(&Field::State).and_then(Value::as_text) == Some("cancelled") {
        face.insert(state, Value::text("cancelled"));
        return;
    }
    let mut differs = false;
    for field in OF_OCCURRENCE {
        let of_series = series_value(face, original, &field);
        if let Some(value) = own.get(&field).filter(|value| Some(*value) != of_series.as_ref()) {
            differs = true;
            face.insert(Path::occurrence(original, field), value.clone());
        }
    }
    if differs {
        face.insert(state, Value::text("modified"));
    }
}

/// What an occurrence has from its series.
fn series_value(face: &Fields, original: DateTime, field: &Field) -> Option<Value> {
    let at = |field: Field| face.get(&Path::of(field));
    match field {
        Field::Start | Field::End => {
            let start = at(Field::Start)?.as_when()?;
            let end = at(Field::End)?.as_when()?;
            let moved: When = match field {
                Field::Start => start.with_wall(original),
                _ => {
                    let minutes = end.wall().since(start.wall()).ok()?;
                    let minutes = minutes.total(jiff::Unit::Minute).ok()?;
                    let whole = format!("{minutes:.0}").parse().ok()?;
                    end.with_wall(later(original, whole))
                }
            };
            Some(Value::When(moved))
        }
        other => at(other.clone()).cloned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::draw::Draw;
    use super::super::faces;
    use super::*;

    #[test]
    fn an_occurrence_told_in_full_is_the_same_as_one_told_by_its_difference() {
        let today = jiff::civil::date(2026, 11, 21);
        let face = faces::series(&mut Draw::new(1), "zq0001aaaaa", today, 0);
        let short = canonical(Domain::Calendar, Form::Own, &face);
        let mut full = face.clone();
        let originals: Vec<DateTime> = faces::occurrences(&face);
        for (path, value) in &face {
            let fits = OF_OCCURRENCE.contains(&path.field);
            if let (None, true) = (path.occurrence, fits) {
                let told = Path::occurrence(originals[3], path.field.clone());
                full.entry(told).or_insert_with(|| value.clone());
            }
        }
        assert_eq!(canonical(Domain::Calendar, Form::Own, &full), short);
    }
}
