//! How the two sides in memory show a value that was written there: pure and total.

use model::lens::translated;
use model::{Attendee, DomainMap, Field, Lens, Path, People, Response, Side, Value};

/// Characters of a subject that the mail server keeps.
pub const SUBJECT: usize = 60;

/// The CRM keeps what it is given, save translations.
#[derive(Clone, Copy, Debug)]
pub struct CrmLens;

impl Lens for CrmLens {
    fn image(&self, path: &Path, value: &Value, map: &DomainMap) -> Value {
        translated(Side::Crm, path, value, map)
    }
}

/// The mail server cuts long subjects, has words of its own for what nobody set, and no answers in our list of people.
#[derive(Clone, Copy, Debug)]
pub struct PimLens;

impl Lens for PimLens {
    fn image(&self, path: &Path, value: &Value, map: &DomainMap) -> Value {
        match (&path.field, translated(Side::Pim, path, value, map)) {
            (Field::Attendees, Value::People(people)) => Value::People(unanswered(&people)),
            (Field::Subject, Value::Text(text)) => Value::Text(cut(&text)),
            (_, Value::Null) if path.occurrence.is_none() => unset(&path.field),
            (_, value) => value,
        }
    }
}

/// What the mail server shows where nothing was set.
#[must_use]
pub fn unset(field: &Field) -> Value {
    match field {
        Field::ShowAs => Value::text("Busy"),
        Field::Status => Value::text("NotStarted"),
        Field::Priority => Value::text("Normal"),
        Field::Percent => Value::Number(0),
        _ => Value::Null,
    }
}

/// A subject as the mail server keeps it.
#[must_use]
pub fn cut(text: &str) -> String {
    let cut: String = text.chars().take(SUBJECT).collect();
    cut.trim_end().to_owned()
}

/// People without their answers.
#[must_use]
pub fn unanswered(people: &People) -> People {
    let silent = |person: &Attendee| Attendee { response: Response::Unknown, ..person.clone() };
    people.iter().map(|(key, person)| (key.clone(), silent(person))).collect()
}
