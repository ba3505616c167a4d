//! What a record of the built-in CRM is to the synchronisation, and how a value will look once it stands there: pure.

use crm::limits::BODY_CHARS;
use crm::value::longest;
use crm::{Activity, Contact, Display, Employee, Part};
use model::field::of_kind;
use model::form::{Form, form};
use model::lens::{put_back, translated};
use model::{
    Domain, DomainMap, Facts, Field, Fields, Kind, Lens, Path, Record, RecordId, Side, UserId, Value, Version,
};

/// How the built-in CRM shows a value that is written to it: translated, in normal form, without control characters, and
/// cut with a visible notice where it is too long (rule E5).
#[derive(Clone, Copy, Debug)]
pub struct CrmLens;

impl Lens for CrmLens {
    fn image(&self, path: &Path, value: &Value, map: &DomainMap) -> Value {
        match (form(&path.field), translated(Side::Crm, path, value, map)) {
            (Form::Text | Form::Any, Value::Text(text)) => Value::Text(held(&text, longest(&path.field))),
            (_, value) => value,
        }
    }

    fn made_whole(&self, path: &Path, edited: &Value, original: &Value, map: &DomainMap) -> Option<Value> {
        let limit = longest(&path.field);
        match (form(&path.field), translated(Side::Crm, path, original, map)) {
            (Form::Text | Form::Any, Value::Text(original)) => {
                put_back(edited.as_text()?, &clean(&original), &held(&original, limit), notice(limit)).map(Value::Text)
            }
            (_, _) => None,
        }
    }
}

/// A text as the CRM holds it.
fn held(text: &str, limit: usize) -> String {
    let clean = clean(text);
    if clean.chars().count() <= limit {
        return clean;
    }
    let room = limit.saturating_sub(notice(limit).chars().count());
    let start: String = clean.chars().take(room).collect();
    format!("{}{}", start.trim_end(), notice(limit))
}

/// Without the signs that the CRM refuses.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

/// What stands at the end of a text that was too long.
fn notice(limit: usize) -> &'static str {
    if limit == BODY_CHARS { "\n[cut here: the CRM holds no more]" } else { " […]" }
}

/// A contact as its user's record.
pub(super) fn contact(contact: &Contact, map: Option<&DomainMap>) -> Record {
    let domain = if contact.is_personal() { Domain::PersonalContact } else { Domain::BusinessContact };
    Record {
        kind: Kind::Contact,
        id: RecordId::new(contact.id.as_str()),
        version: version(contact.version, contact.listed),
        fields: complete(contact.fields.clone(), map),
        facts: Facts {
            domain: Some(domain),
            on_sync_list: contact.listed,
            owner: contact.owner.as_ref().map(|owner| UserId::new(owner.as_str())),
            others: contact.others,
            integration_key: contact.integration_key.clone(),
            changed: Some(contact.updated_at),
            ..Facts::default()
        },
    }
}

/// A contact that is still on the user's Sync List, but no longer his to see: nothing of it is shown (rule O2).
pub(super) fn unseen(id: &RecordId, number: i64) -> Record {
    Record {
        kind: Kind::Contact,
        id: id.clone(),
        version: Version::new(format!("{number}.unseen")),
        fields: Fields::new(),
        facts: Facts {
            domain: Some(Domain::BusinessContact),
            on_sync_list: true,
            not_visible: true,
            ..Facts::default()
        },
    }
}

/// An employee as a user's record.
pub(super) fn employee(employee: &Employee, map: Option<&DomainMap>) -> Record {
    Record {
        kind: Kind::Contact,
        id: RecordId::new(employee.id.as_str()),
        version: version(employee.version, employee.listed),
        fields: complete(employee.fields.clone(), map),
        facts: Facts {
            domain: Some(Domain::Employee),
            on_sync_list: employee.listed,
            changed: Some(employee.updated_at),
            ..Facts::default()
        },
    }
}

/// An activity as its user's record, looked at as an appointment or a task: its domain is where it is shown now, which may
/// be the other one (rule D3). A former participant's has no fields.
pub(super) fn activity(kind: Kind, activity: &Activity, map: Option<&DomainMap>) -> Record {
    let domain = domain(activity.display);
    let fields: Fields = activity
        .fields
        .iter()
        .filter(|(path, _)| of_kind(kind, &path.field))
        .map(|(path, value)| (path.clone(), value.clone()))
        .collect();
    let part = match activity.part {
        Part::Owner => model::Part::Owner,
        Part::Participant => model::Part::Participant,
        Part::Former | Part::None => model::Part::Former,
    };
    let shown = part != model::Part::Former;
    Record {
        kind,
        id: RecordId::new(activity.id.as_str()),
        version: version(activity.version, false),
        fields: if shown { complete(fields, map) } else { Fields::new() },
        facts: Facts {
            domain,
            part,
            owner: Some(UserId::new(activity.owner.as_str())),
            organizer: shown.then(|| activity.organizer.clone()),
            locked: activity.locked,
            hidden: activity.hidden,
            integration_key: activity.integration_key.clone(),
            global_id: activity.global_id.clone(),
            changed: Some(activity.updated_at),
            // Under the veil its people are not shown, but a participant is one himself.
            meeting: domain == Some(Domain::Calendar) && (activity.is_meeting() || activity.part == Part::Participant),
            ..Facts::default()
        },
    }
}

/// The domain of an activity that is shown there.
pub(super) fn domain(display: Display) -> Option<Domain> {
    match display {
        Display::Calendar => Some(Domain::Calendar),
        Display::ToDo => Some(Domain::Task),
        Display::ActivitiesOnly => None,
    }
}

/// Where an activity of a kind is shown.
pub(super) fn display(kind: Kind) -> Option<Display> {
    match kind {
        Kind::Contact => None,
        Kind::Appointment => Some(Display::Calendar),
        Kind::Task => Some(Display::ToDo),
    }
}

/// A version changes with the record and with its place on this user's Sync List.
pub(super) fn version(number: i64, listed: bool) -> Version {
    Version::new(if listed { format!("{number}.listed") } else { number.to_string() })
}

/// The record's own number in a version.
pub(super) fn number(version: &Version) -> Option<i64> {
    version.as_str().split('.').next()?.parse().ok()
}

/// With every extension field that the map names: the CRM has the column though nothing stands in it.
fn complete(mut fields: Fields, map: Option<&DomainMap>) -> Fields {
    for entry in map.into_iter().flat_map(|map| &map.entries) {
        if matches!(entry.field, Field::Extension(_)) {
            fields.entry(Path::of(entry.field.clone())).or_insert(Value::Null);
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::maps_ews::default_map;

    fn image(field: Field, text: &str) -> String {
        let value = CrmLens.image(&Path::of(field), &Value::text(text), &default_map(Domain::Calendar));
        value.as_text().unwrap_or_default().to_owned()
    }

    // E5
    #[test]
    fn a_text_that_is_too_long_is_cut_with_a_notice_and_stays_so() {
        let cut = image(Field::Body, &"ä".repeat(BODY_CHARS + 1));
        assert_eq!(cut.chars().count(), BODY_CHARS);
        assert!(cut.ends_with("[cut here: the CRM holds no more]"));
        assert_eq!(image(Field::Body, &cut), cut);
        let subject = image(Field::Subject, &"x ".repeat(2_000));
        assert!(subject.ends_with(" […]") && image(Field::Subject, &subject) == subject);
    }

    // E5
    #[test]
    fn what_the_crm_cut_off_is_put_back_where_its_notice_stands() {
        let (path, map) = (Path::of(Field::Body), default_map(Domain::Calendar));
        let original = format!("first\n{}\nlast", "ä".repeat(BODY_CHARS));
        let shown = image(Field::Body, &original);
        let edited = shown.replacen("first", "edited", 1);
        let whole = CrmLens.made_whole(&path, &Value::text(edited), &Value::text(original.clone()), &map);
        assert_eq!(whole, Some(Value::text(original.replacen("first", "edited", 1))));
    }

    #[test]
    fn signs_the_crm_refuses_are_left_out() {
        assert_eq!(image(Field::Subject, "a\u{1}b\tc\u{7f}"), "ab\tc");
    }

    #[test]
    fn words_of_the_mailbox_become_words_of_the_crm() {
        let map = default_map(Domain::Task);
        let image = CrmLens.image(&Path::of(Field::Priority), &Value::text("High"), &map);
        assert_eq!(image, Value::text("2-High"));
    }

    #[test]
    fn a_version_keeps_the_records_number() {
        for (text, expected) in [("7", Some(7)), ("7.listed", Some(7)), ("7.unseen", Some(7)), ("", None), ("x", None)]
        {
            assert_eq!(number(&Version::new(text)), expected, "{text}");
        }
        assert_ne!(version(7, true), version(7, false));
    }
}
