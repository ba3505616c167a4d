//! Who may change what of an activity, and what follows from an edit besides the fields it names: pure.

use crate::activity::{Activity, ActivityEdit, Display, Part};
use crate::activity_fields::{Parts, SHARED};
use crate::actor::Actor;
use crate::error::Error;
use crate::participant::Own;
use model::{Field, Fields, Path, Value};

/// What only the synchronisation may set.
pub(crate) const FLAGS: &str = "only the synchronisation sets a meeting's global id and its lock";
/// Rule P6's text.
pub(crate) const LOCKED: &str = "this meeting is locked by Exchange: its invitations were sent and mail is off, so its time, place, \
                      subject, text, people, rule and owner are changed in the organiser's mailbox";

/// Who may change what of an activity.
pub(crate) fn may_change(actor: &Actor, before: &Activity, edit: &ActivityEdit, parts: &Parts) -> Result<(), Error> {
    let shared = !parts.shared.is_empty()
        || parts.attendees.is_some()
        || parts.organizer.is_some()
        || edit.people.is_some()
        || edit.owner.is_some()
        || edit.display.is_some();
    match before.part {
        Part::Owner => {}
        Part::Participant | Part::Former | Part::None => {
            if shared && before.private {
                return Err(Error::forbidden("only its owner may change a private activity"));
            }
            if shared && !actor.is_admin() && !actor.is_sync() {
                return Err(Error::forbidden("only the owner may change this; a participant has his own fields"));
            }
            if matches!(before.part, Part::Former | Part::None) && shared && !actor.is_admin() {
                return Err(Error::forbidden("you are not on this activity"));
            }
        }
    }
    if before.locked && !actor.is_sync() && touches_locked(edit, parts) {
        return Err(Error::Locked { reason: LOCKED.to_owned() });
    }
    Ok(())
}

/// Whether an edit touches what is Exchange's: time, place, subject, body, people, rule, owner, existence (rule P6).
pub(crate) fn touches_locked(edit: &ActivityEdit, parts: &Parts) -> bool {
    let fields = parts.shared.keys().any(|path| {
        path.occurrence.is_some()
            || matches!(
                path.field,
                Field::Subject
                    | Field::Body
                    | Field::Start
                    | Field::End
                    | Field::Location
                    | Field::Rule
                    | Field::Cancelled
            )
    });
    fields
        || parts.attendees.is_some()
        || parts.organizer.is_some()
        || edit.people.is_some()
        || edit.owner.is_some()
        || edit.display.is_some()
}

/// What a new activity says when its maker does not.
pub(crate) fn defaults(display: Display, shared: &mut Fields) {
    let mut unless_said = |field: Field, word: &str| {
        shared.entry(Path::of(field)).or_insert_with(|| Value::text(word));
    };
    match display {
        Display::Calendar => unless_said(Field::ActivityType, "Appointment"),
        Display::ToDo => {
            unless_said(Field::ActivityType, "To Do");
            unless_said(Field::Status, "Not Started");
            unless_said(Field::Priority, "3-Medium");
        }
        Display::ActivitiesOnly => {}
    }
}

/// What a participant begins with: the owner's reminder and show-as, not his categories or privacy.
pub(crate) fn start_of(owner: &Own) -> Own {
    Own { reminder: owner.reminder, show_as: owner.show_as.clone(), ..Own::default() }
}

/// Whether an activity was called off.
pub(crate) fn is_cancelled(fields: &Fields) -> bool {
    fields.get(&Path::of(Field::Cancelled)).and_then(Value::as_flag).unwrap_or(false)
}

pub(crate) fn overlay(own: &mut Own, edit: &Fields) {
    for (path, value) in edit {
        match (&path.field, value) {
            (Field::Reminder, Value::Number(minutes)) => own.reminder = Some(*minutes),
            (Field::Reminder, _) => own.reminder = None,
            (Field::ShowAs, value) => own.show_as = value.as_text().map(str::to_owned),
            (Field::Categories, value) => own.categories = value.as_set().cloned().unwrap_or_default(),
            (Field::Private, value) => own.private = value.as_flag().unwrap_or(false),
            (_, _) => {}
        }
    }
}

/// The shared fields among those a reader sees.
pub(crate) fn shared_of(fields: &Fields) -> Fields {
    fields
        .iter()
        .filter(|(path, _)| {
            path.occurrence.is_some() || SHARED.contains(&path.field) || matches!(path.field, Field::Extension(_))
        })
        .map(|(path, value)| (path.clone(), value.clone()))
        .collect()
}
