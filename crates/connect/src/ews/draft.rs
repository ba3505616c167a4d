//! Our fields as changes of an item: only what is asked for, each in Exchange's form (rule C11, traps 55, 56).

use model::same::fold;
use model::{Field, Fields, Kind, MapEntry, Path, People, Role, Value, Zone};
use std::collections::{BTreeMap, BTreeSet};
use wire::ews::{self, FieldChange, Item, Moment, Property};

use super::kind_map::{KindMap, item_kind};
use super::lens::show_as;
use super::spoken::known;
use super::{body, map, own, people, property};

/// What a write changes of one item.
#[derive(Default)]
pub struct Draft {
    set: BTreeMap<ews::Path, ews::Value>,
    clear: BTreeSet<ews::Path>,
    /// What was left out though asked for, and why.
    pub partly: Vec<(Path, String)>,
    /// The rule is set, so the server will drop the exceptions of the series (trap 59).
    pub sets_rule: bool,
}

/// What a draft is made from.
pub struct Drafting<'a> {
    /// How the kind is read.
    pub map: &'a KindMap,
    /// The rows of the domain that is written as.
    pub entries: &'a [MapEntry],
    /// The item as it is now; none for a create.
    pub present: Option<&'a Item>,
    /// The item whose participants stand in the body: the series, for one of its occurrences.
    pub series: Option<&'a Item>,
    /// The mailbox's zone.
    pub local: &'a Zone,
    /// Whether people may be written into the item, to be invited.
    pub invites: bool,
    /// The item is made, not changed.
    pub creates: bool,
    /// Participants stand in the body too, and not only in our property (rule C9's setting).
    pub block: bool,
    /// The version the server is spoken to in.
    pub version: ews::Version,
}

impl Draft {
    /// Sets an address on the wire.
    pub fn set(&mut self, path: impl Into<ews::Path>, value: ews::Value) {
        let path = path.into();
        self.clear.remove(&path);
        self.set.insert(path, value);
    }

    /// Takes a value away; taking away what is not there is nothing to do.
    pub(super) fn clear(&mut self, path: impl Into<ews::Path>, present: Option<&Item>) {
        let path = path.into();
        if present.is_some_and(|item| item.value(&path).is_some() || item.unread.contains(&path)) {
            self.set.remove(&path);
            self.clear.insert(path);
        }
    }

    /// Whether nothing would change.
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.clear.is_empty()
    }

    /// As an item to be created.
    pub fn item(self, kind: Kind) -> Item {
        self.set.into_iter().fold(Item::new(item_kind(kind)), |item, (path, value)| item.with(path, value))
    }

    /// As the changes of an update. The day a task was done comes last: a status set after it would make it today.
    pub fn changes(mut self) -> Vec<FieldChange> {
        let done = self.set.remove_entry(&Property::CompleteDate.into());
        let set = self.set.into_iter().map(|(path, value)| FieldChange::Set(path, value));
        let cleared = self.clear.into_iter().map(FieldChange::Delete);
        set.chain(cleared).chain(done.map(|(path, value)| FieldChange::Set(path, value))).collect()
    }
}

impl Drafting<'_> {
    /// The changes for these fields; those of occurrences are not looked at. An error says in words, without content,
    /// why Exchange cannot hold the record.
    pub fn draft(&self, fields: &Fields) -> Result<Draft, String> {
        let mut draft = Draft::default();
        let fields: BTreeMap<&Field, &Value> = fields
            .iter()
            .filter(|(path, _)| path.occurrence.is_none())
            .map(|(path, value)| (&path.field, value))
            .collect();
        for (field, value) in &fields {
            self.field(field, value, &mut draft)?;
        }
        self.categories(&fields, &mut draft);
        self.text(&fields, &mut draft);
        match self.map.kind {
            Kind::Appointment => self.times(&fields, &mut draft)?,
            Kind::Task => self.task(&fields, &mut draft)?,
            Kind::Contact => self.names(&fields, &mut draft),
        }
        if self.creates {
            self.complete(&fields, &mut draft);
        }
        // Time zones are written wherever the server knows them.
        draft.set.retain(|path, _| known(path, self.version));
        Ok(draft)
    }

    pub(super) fn path(&self, field: &Field) -> Option<ews::Path> {
        let entry = self.entries.iter().find(|entry| entry.field == *field)?;
        property::path(&entry.property)
    }

    fn field(&self, field: &Field, value: &Value, draft: &mut Draft) -> Result<(), String> {
        let Some(path) = self.path(field) else {
            draft.partly.push((Path::of(field.clone()), "the field map has no row for it".to_owned()));
            return Ok(());
        };
        match (field, value) {
            // Written together further down.
            (Field::Body | Field::Attendees | Field::Categories | Field::ActivityType, _)
            | (Field::Start | Field::End | Field::Rule | Field::Status | Field::Percent | Field::DoneDay, _) => {}
            (Field::Organizer | Field::Cancelled | Field::State, _) => {
                draft.partly.push((Path::of(field.clone()), "Exchange lets nobody set it".to_owned()));
            }
            (Field::Private, value) => self.private(path, value.as_flag() == Some(true), draft),
            (Field::Reminder | Field::ReminderAt, Value::Null | Value::Cleared) => {
                draft.set(Property::ReminderIsSet, ews::Value::Flag(false));
            }
            (Field::Reminder, Value::Number(_)) | (Field::ReminderAt, Value::Instant(_)) => {
                draft.set(Property::ReminderIsSet, ews::Value::Flag(true));
                draft.set(path.clone(), wire_value(&path, value).ok_or_else(|| wrong(field))?);
            }
            (Field::ShowAs, Value::Null) => draft.set(path, word("Busy")),
            (Field::ShowAs, Value::Text(text)) if !knows_word(show_as(text), self.version) => {
                let why = "Exchange before 2013 knows nobody who works elsewhere".to_owned();
                draft.partly.push((Path::of(field.clone()), why));
            }
            (Field::ShowAs, Value::Text(text)) => draft.set(path, word(show_as(text))),
            (Field::Priority, Value::Null) => draft.set(path, word("Normal")),
            // An occurrence without a text of its own would show its series' text again.
            (_, Value::Cleared) => draft.set(path, word("")),
            (_, value) if value.is_blank() => draft.clear(path, self.present),
            (_, value) => draft.set(path.clone(), wire_value(&path, value).ok_or_else(|| wrong(field))?),
        }
        Ok(())
    }

    fn private(&self, path: ews::Path, private: bool, draft: &mut Draft) {
        let present = self.present.and_then(|item| item.text(&path));
        match (private, present) {
            // Confidential and Personal are a person's finer words for what we would say coarsely.
            (true, Some("Private" | "Confidential")) | (false, None | Some("Normal" | "Personal")) => {}
            (true, _) => draft.set(path, word("Private")),
            (false, Some(_)) => draft.set(path, word("Normal")),
        }
    }

    /// Categories and the activity type share one property: only the type's own word is exchanged (rule P7).
    fn categories(&self, fields: &BTreeMap<&Field, &Value>, draft: &mut Draft) {
        let (set, kind) = (fields.get(&Field::Categories), fields.get(&Field::ActivityType));
        if set.is_none() && kind.is_none() {
            return;
        }
        let present: Vec<String> =
            self.present.and_then(|item| item.texts(Property::Categories)).unwrap_or_default().to_vec();
        let old_type = self.present.and_then(|item| map::activity_type(self.map, item));
        let mut words: Vec<String> = match set {
            Some(set) => keep_order(&present, set.as_set().into_iter().flatten()),
            None => present.clone(),
        };
        if let (None, Some(old)) = (kind, &old_type)
            && !words.iter().any(|word| fold(word) == fold(old))
        {
            words.push(old.clone());
        }
        if let Some(kind) = kind {
            let new_type = kind.as_text().map(str::trim).filter(|word| !word.is_empty());
            if let Some(old) = &old_type
                && new_type.map(fold) != Some(fold(old))
            {
                words.retain(|word| fold(word) != fold(old));
            }
            match new_type {
                Some(new) => {
                    if !words.iter().any(|word| fold(word) == fold(new)) {
                        words.push(new.to_owned());
                    }
                    draft.set(own::activity_type(), word(new));
                }
                None => draft.clear(own::activity_type(), self.present),
            }
        }
        if words == present {
            return;
        }
        if words.is_empty() {
            draft.clear(Property::Categories, self.present);
        } else {
            draft.set(Property::Categories, ews::Value::Texts(words));
        }
    }

    /// The body and, at its end, the participants (rule C9).
    fn text(&self, fields: &BTreeMap<&Field, &Value>, draft: &mut Draft) {
        let (text, people) = (fields.get(&Field::Body), fields.get(&Field::Attendees));
        if text.is_none() && people.is_none() {
            return;
        }
        let of_series = self.series.or(self.present);
        let kept = of_series.and_then(people::kept).unwrap_or_default();
        let invited = of_series.map(people::invited).unwrap_or_default();
        let wanted = people.map(|value| value.as_people().cloned().unwrap_or_default());
        let mut shown = if invited.is_empty() { kept } else { People::new() };
        if let Some(wanted) = wanted {
            if self.invites {
                self.invite(&wanted, draft);
                draft.clear(own::people(), self.present);
                shown = People::new();
            } else {
                match wanted.is_empty() {
                    true => draft.clear(own::people(), self.present),
                    false => draft.set(own::people(), ews::Value::Text(people::to_keep(&wanted))),
                }
                shown = wanted;
            }
        }
        if !self.block {
            shown = People::new();
        }
        let present = self.present.and_then(Item::body);
        let written_text = match (text, present) {
            (Some(value), _) => value.as_text().unwrap_or_default().to_owned(),
            (None, None) => String::new(),
            (None, Some(present)) => match body::read(present, self.present.and_then(people::kept).is_some()) {
                Some(text) => text,
                None => return,
            },
        };
        if self.present.is_some_and(map::is_online) {
            if text.is_some() {
                let why = "the body of an online meeting is never written".to_owned();
                draft.partly.push((Path::of(Field::Body), why));
            }
            return;
        }
        if present.is_some_and(|body| body.truncated) {
            let why = "the body in the mailbox is too long to be changed".to_owned();
            draft.partly.push((Path::of(Field::Body), why));
            return;
        }
        if let Some(body) = body::write(present, &written_text, &shown) {
            draft.set(Property::Body, ews::Value::Body(body));
        }
    }

    fn invite(&self, people: &People, draft: &mut Draft) {
        if self.present.is_some_and(people::has_guest_without_address) {
            // The list is set as a whole: who cannot be written into it would be told that he is off the meeting (rule C9).
            let why = "the server tells no mail address of one of the guests; change its guests in Outlook".to_owned();
            draft.partly.push((Path::of(Field::Attendees), why));
            return;
        }
        let roles = [
            (Role::Required, Property::RequiredAttendees),
            (Role::Optional, Property::OptionalAttendees),
            (Role::Resource, Property::Resources),
        ];
        for (role, property) in roles {
            match people::to_invite(people, role) {
                list if list.is_empty() => draft.clear(property, self.present),
                list => draft.set(property, ews::Value::Attendees(list)),
            }
        }
    }
}

/// Whether a version has this word for showing time: one it has not makes the server refuse the whole request.
fn knows_word(word: &str, version: ews::Version) -> bool {
    word != "WorkingElsewhere" || version >= ews::Version::Exchange2013
}

/// The words wanted, in the order they stand in now, new ones last.
fn keep_order<'a>(present: &[String], wanted: impl Iterator<Item = &'a String>) -> Vec<String> {
    let wanted: Vec<&String> = wanted.collect();
    let stays = present.iter().filter(|word| wanted.iter().any(|w| fold(w) == fold(word))).cloned();
    let mut words: Vec<String> = stays.collect();
    for word in wanted {
        if !words.iter().any(|known| fold(known) == fold(word)) {
            words.push(word.clone());
        }
    }
    words
}

pub(super) fn word(text: &str) -> ews::Value {
    ews::Value::Text(text.to_owned())
}

fn wrong(field: &Field) -> String {
    format!("the value of {field} has a form that Exchange does not hold there")
}

/// A value without a meaning of its own, in the form its place takes.
fn wire_value(path: &ews::Path, value: &Value) -> Option<ews::Value> {
    Some(match (value, path) {
        (Value::Text(text), _) => ews::Value::Text(text.clone()),
        (Value::Flag(flag), _) => ews::Value::Flag(*flag),
        (Value::Number(number), ews::Path::Property(Property::PercentComplete)) => {
            ews::Value::Fraction(f64::from(i32::try_from(*number).ok()?))
        }
        (Value::Number(number), _) => ews::Value::Whole(*number),
        (Value::Day(day), _) => ews::Value::Moment(Moment::midnight(*day)),
        (Value::Instant(instant), _) => ews::Value::Moment(Moment::utc(*instant)),
        (Value::Set(words), _) => ews::Value::Texts(words.iter().cloned().collect()),
        (Value::Null | Value::Cleared | Value::When(_) | Value::Rule(_) | Value::People(_), _) => return None,
    })
}
