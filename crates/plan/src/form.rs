//! What a mailbox copy is decides which fields may flow and how it looks (rules C9, P5 to P7, D6).

use crate::context::{Context, Lead};
use crate::mailing;
use crate::merge::{Gate, Merged};
use crate::occurrence;
use model::same::{fold, same};
use model::{Domain, DomainMap, Field, Fields, Form, Kind, Part, Path, Pattern, Record, Side, Value};
use planted::Planted;
use std::collections::BTreeSet;

/// Which way a path of a linked record may go.
#[must_use]
pub fn gate(form: Form, domain: Domain, crm: &Record, pim: &Record, path: &Path, context: &Context<'_>) -> Gate {
    let level = context.level(domain);
    let Some(map) = context.maps.get(&domain) else {
        return CLOSED;
    };
    let field = &path.field;
    let mut gate = Gate {
        to_crm: level.imports() && map.writes(field, Side::Crm),
        to_pim: level.exports() && map.writes(field, Side::Pim),
        rules: None,
    };
    if domain.kind() == Kind::Contact {
        // Categories are the user's own; only our word is ever written there (rule O4).
        // The Private flag is the domain's sign, not a field of its own (rule O5).
        return if matches!(field, Field::Categories | Field::Private) { CLOSED } else { gate };
    }
    if foreign_rule(crm) || foreign_rule(pim) {
        // A rule that one side cannot hold is never altered, nor the times it hangs on (rule R2).
        if matches!(field, Field::Rule | Field::Start | Field::End) || path.occurrence.is_some() {
            return CLOSED;
        }
    }
    if *field == Field::Organizer {
        // Told when a record is made; afterwards the owner's change is rule P8, not a field's.
        return CLOSED;
    }
    match form {
        Form::Own => {
            match field {
                // Whoever is added or taken off is written to.
                Field::Attendees if mailing::is_sent(form, pim) && context.domain(domain).mail => {}
                // A meeting that its organiser made an appointment again has lost its people there.
                Field::Attendees if pim.facts.meeting || pim.facts.requests_sent => gate.to_pim = false,
                Field::Attendees => gate.to_crm = false,
                // Exchange lets nobody set them.
                Field::Cancelled => gate.to_pim = false,
                Field::Body if pim.facts.online_meeting => gate.to_pim = planted::is(Planted::OnlineBodyWritten),
                _ => {}
            }
            if mailing::is_quiet(form, domain, pim, context) && !field.is_own() {
                gate.to_pim = false;
            }
            let locked = mailing::is_locked(form, domain, pim, context);
            if locked && !field.is_own() {
                match gate.to_crm {
                    true => gate.rules = Some(Side::Pim),
                    // Nothing comes in that could set the CRM back; its wish goes to no guest all the same.
                    false => gate.to_pim = false,
                }
            }
        }
        Form::ParticipantCopy | Form::MeetingCopy => {
            gate.to_crm = planted::is(Planted::ParticipantsEcho);
            if field.is_own() || *field == Field::Cancelled {
                gate.to_pim = false;
            }
        }
        Form::Received => {
            gate.to_pim = false;
            if field.is_own() || !stands_in(context) {
                gate.to_crm = false;
            }
        }
    }
    gate
}

/// Whether an attendee's copy decides, for the organiser has none here (rule P3).
pub(crate) fn stands_in(context: &Context<'_>) -> bool {
    matches!(context.lead, Lead::Carrier | Lead::Outsider)
}

/// What an attendee changed in his own copy of a meeting that another copy decides: it goes nowhere, and is told (rule P6).
pub(crate) fn with_own_copy(mut merged: Merged, pim: &Fields, map: &DomainMap) -> Merged {
    let differs = |path: &Path, value: &Value| {
        let agreed = merged.base_pim.get(path);
        !path.field.is_own()
            && map.maps(&path.field)
            && !matches!(path.field, Field::Attendees | Field::Organizer | Field::Cancelled)
            && agreed.is_some_and(|agreed| !same(&path.field, value, agreed))
    };
    let changed: Vec<Path> =
        pim.iter().filter(|(path, value)| differs(path, value)).map(|(path, _)| path.clone()).collect();
    merged.local.extend(changed.into_iter().map(|path| (path, Side::Pim)));
    merged
}

const CLOSED: Gate = Gate { to_crm: false, to_pim: false, rules: None };

fn foreign_rule(record: &Record) -> bool {
    record.get(Field::Rule).and_then(Value::as_rule).is_some_and(|rule| matches!(rule.pattern, Pattern::Foreign { .. }))
}

/// The form a mailbox copy of this CRM record has when we make it.
#[must_use]
pub fn of_copy(crm: &Record, context: &Context<'_>) -> Form {
    match crm.facts.part {
        Part::Owner => Form::Own,
        Part::Participant if meeting_id(crm, context).is_some() => Form::MeetingCopy,
        Part::Participant | Part::Former => Form::ParticipantCopy,
    }
}

/// The global id that a participant's copy of this meeting bears: none without an organiser whom a mail server knows.
#[must_use]
pub fn meeting_id(crm: &Record, context: &Context<'_>) -> Option<String> {
    let known = crm.facts.organizer.as_ref().is_some_and(|organizer| organizer.address.is_some());
    context.meeting_id.filter(|_| known && crm.kind == Kind::Appointment).map(str::to_owned)
}

/// Whether a copy that we made for a participant names another organiser than the meeting has now (rule P8).
#[must_use]
pub fn names_another(crm: &Record, pim: &Record) -> bool {
    let address = |record: &Record| {
        let organizer = record.facts.organizer.as_ref();
        organizer.and_then(|person| person.address.as_deref()).map(fold)
    };
    match (address(crm), address(pim)) {
        (Some(now), Some(named)) => now != named,
        // Without an address nothing proves that it is somebody else.
        (_, _) => false,
    }
}

/// How the mailbox copy will show a CRM value.
#[must_use]
pub fn pim_image(
    form: Form,
    crm: &Record,
    path: &Path,
    value: &Value,
    map: &DomainMap,
    context: &Context<'_>,
) -> Value {
    let image = if planted::is(Planted::LensForgotten) { value.clone() } else { context.pim.image(path, value, map) };
    match (form, &path.field, &crm.facts.organizer, &image) {
        (Form::ParticipantCopy, Field::Subject, Some(owner), Value::Text(subject)) if crm.kind == Kind::Appointment => {
            context.pim.image(path, &Value::Text(format!("{}: {subject}", owner.name)), map)
        }
        _ => image,
    }
}

/// The words among an item's categories that are ours: the domains' words, and activity types of the map.
#[must_use]
pub fn our_words(context: &Context<'_>) -> BTreeSet<String> {
    let mut words: BTreeSet<String> = Domain::ALL
        .into_iter()
        .flat_map(|domain| context.settings.category_words(domain))
        .map(|word| fold(&word))
        .collect();
    let types = context.maps.get(&Domain::Calendar).and_then(|map| map.entry(&Field::ActivityType));
    if let Some(translation) = types.and_then(|entry| entry.translation.as_ref()) {
        words.extend(translation.back.keys().map(|word| fold(word)));
    }
    words
}

/// A mailbox item's fields as a merge sees them: an activity's categories without our words.
#[must_use]
pub fn without_our_words(fields: &Fields, context: &Context<'_>) -> Fields {
    let path = Path::of(Field::Categories);
    let mut fields = fields.clone();
    let Some(set) = fields.get(&path).and_then(Value::as_set).filter(|set| !set.is_empty()) else {
        return fields;
    };
    let ours = our_words(context);
    let theirs: BTreeSet<String> = set.iter().filter(|word| !ours.contains(&fold(word))).cloned().collect();
    fields.insert(path, Value::Set(theirs));
    fields
}

/// Categories to write on an item: what a merge decided, and the words of ours that it carries now. The activity
/// type's word is the connector's to write.
#[must_use]
pub fn with_our_words(decided: &Value, item: &Record, context: &Context<'_>) -> Value {
    let ours = our_words(context);
    let mut set = decided.as_set().cloned().unwrap_or_default();
    set.extend(item.categories().filter(|word| ours.contains(&fold(word))).map(str::to_owned));
    Value::Set(set)
}

/// The fields of a new mailbox copy of a CRM record: images of what is not blank, our category, the personal flag.
#[must_use]
pub fn new_copy(domain: Domain, form: Form, crm: &Record, map: &DomainMap, context: &Context<'_>) -> Fields {
    let mut fields: Fields = crm
        .fields
        .iter()
        .filter(|(path, value)| {
            let unsettable = matches!(path.field, Field::Organizer | Field::Cancelled);
            map.writes(&path.field, Side::Pim) && !unsettable && !value.is_blank()
        })
        .map(|(path, value)| (path.clone(), pim_image(form, crm, path, value, map, context)))
        .filter(|(_, value)| !value.is_blank())
        .collect();
    if let Some(category) = our_category(domain, context) {
        let entry = fields.entry(Path::of(Field::Categories)).or_insert_with(|| Value::Set(BTreeSet::new()));
        if let Value::Set(set) = entry {
            set.insert(category);
        }
    }
    match domain {
        Domain::PersonalContact => {
            fields.insert(Path::of(Field::Private), Value::Flag(true));
        }
        Domain::BusinessContact | Domain::Employee => {
            fields.remove(&Path::of(Field::Private));
        }
        Domain::Calendar | Domain::Task => {}
    }
    fields
}

/// What the mailbox will show of a new copy: what is sent, and its own words where nothing is. An edit made before the
/// copy is read back then differs from something, and outlives a delete (rule C5).
#[must_use]
pub fn copy_as_shown(sent: &Fields, form: Form, crm: &Record, map: &DomainMap, context: &Context<'_>) -> Fields {
    let mut shown = blanks(crm, map, |path| pim_image(form, crm, path, &Value::Null, map, context));
    shown.extend(occurrence::by_date(&without_our_words(sent, context)));
    shown
}

/// What the CRM will show of a new record: what is sent, and its own words where nothing is.
#[must_use]
pub fn record_as_shown(sent: &Fields, pim: &Record, map: &DomainMap, context: &Context<'_>) -> Fields {
    let mut shown = blanks(pim, map, |path| context.crm.image(path, &Value::Null, map));
    shown.extend(occurrence::by_date(sent));
    shown
}

fn blanks(source: &Record, map: &DomainMap, image: impl Fn(&Path) -> Value) -> Fields {
    source
        .fields
        .iter()
        .filter(|(path, value)| path.occurrence.is_none() && map.maps(&path.field) && value.is_blank())
        .map(|(path, _)| (path.clone(), image(path)))
        .collect()
}

/// Our word for a domain's copies: always on contacts (rule O4), on activities where the category is required (O7).
#[must_use]
pub fn our_category(domain: Domain, context: &Context<'_>) -> Option<String> {
    match domain {
        Domain::BusinessContact | Domain::PersonalContact | Domain::Employee => Some(context.category(domain)),
        Domain::Calendar | Domain::Task => context.domain(domain).category_required.then(|| context.category(domain)),
    }
}

/// The fields of a new CRM record from a mailbox item: images of what is not blank, and the defaults of the map.
#[must_use]
pub fn new_record(domain: Domain, pim: &Record, map: &DomainMap, context: &Context<'_>) -> Fields {
    let mut fields: Fields = without_our_words(&pim.fields, context)
        .iter()
        .filter(|(path, value)| map.writes(&path.field, Side::Crm) && !value.is_blank())
        .map(|(path, value)| (path.clone(), context.crm.image(path, value, map)))
        .filter(|(_, value)| !value.is_blank())
        .collect();
    if domain.kind() == Kind::Contact {
        fields.remove(&Path::of(Field::Categories));
        fields.remove(&Path::of(Field::Private));
        fields.extend(name_shown(pim, map, context).map(|name| (Path::of(Field::LastName), name)));
    }
    for entry in &map.entries {
        let path = Path::of(entry.field.clone());
        if let Some(default) = &entry.default
            && entry.direction.writes(Side::Crm)
            && !fields.contains_key(&path)
        {
            fields.insert(path, default.clone());
        }
    }
    fields
}

/// The last name of a contact that has no name in parts and no company: the one it is shown under. What a server shows there
/// of its own accord, an address or a number, is no name (trap 113).
fn name_shown(pim: &Record, map: &DomainMap, context: &Context<'_>) -> Option<Value> {
    let parts = [Field::FirstName, Field::MiddleName, Field::LastName, Field::Company];
    if parts.into_iter().any(|part| pim.text(part).is_some()) || !map.writes(&Field::LastName, Side::Crm) {
        return None;
    }
    let shown = pim.facts.shown_as.as_ref()?;
    let other = |(path, value): (&Path, &Value)| {
        let name = path.field == Field::Nickname;
        !name && value.as_text().is_some_and(|text| fold(text) == fold(shown))
    };
    let name = context.crm.image(&Path::of(Field::LastName), &Value::text(shown.clone()), map);
    (!shown.contains('@') && !pim.fields.iter().any(other)).then_some(name)
}

/// The names of required fields that a new CRM record lacks (rule E8).
#[must_use]
pub fn missing_required(fields: &Fields, map: &DomainMap) -> Vec<String> {
    map.entries
        .iter()
        .filter(|entry| entry.required && fields.get(&Path::of(entry.field.clone())).is_none_or(Value::is_blank))
        .map(|entry| entry.field.name())
        .collect()
}
