//! An item of a mailbox as the wire carries it: contact, calendar item or task, with the values it came with.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::property::Family;
use super::value::Found;
use super::{
    Attendee, Body, Dictionary, ExtendedPath, FolderId, ItemId, Mailbox, Moment, OccurrenceInfo, Path, Property,
    Recurrence, Value, ZoneDefinition,
};
use crate::xml::{Element, Error, Reader};

/// An item with the values that were asked for and were there. A value that is not here was not given: that
/// is not the same as an empty one.
#[derive(Clone, PartialEq)]
pub struct Item {
    /// What kind of item the server says it is.
    pub kind: ItemKind,
    /// Its id and version; none in an item still to be created.
    pub id: Option<ItemId>,
    /// The folder it is in, when that was asked for.
    pub parent: Option<FolderId>,
    /// Its values.
    pub values: BTreeMap<Path, Value>,
    /// Properties that were there but could not be read as what they must be. They count as not given.
    pub unread: Vec<Path>,
    /// How many elements were there that we do not know.
    pub unknown: u32,
}

impl std::fmt::Debug for Item {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}({:?})", self.kind, self.id)
    }
}

/// The kinds of items a folder may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum ItemKind {
    /// A contact.
    Contact,
    /// An appointment, a series or one of its occurrences.
    CalendarItem,
    /// A task.
    Task,
    /// A list of recipients.
    DistributionList,
    /// Anything else: mail, notes, posts, requests.
    #[default]
    Other,
}

impl ItemKind {
    pub(crate) fn of_element(name: &str) -> Self {
        match name {
            "Contact" => Self::Contact,
            "CalendarItem" => Self::CalendarItem,
            "Task" => Self::Task,
            "DistributionList" => Self::DistributionList,
            _ => Self::Other,
        }
    }

    /// The kind of a class such as `IPM.Contact` or `IPM.Contact.Own`, compared without case; none for any other class.
    pub fn of_class(class: &str) -> Option<Self> {
        const ROOTS: [(&str, ItemKind); 3] = [
            ("IPM.Contact", ItemKind::Contact),
            ("IPM.Appointment", ItemKind::CalendarItem),
            ("IPM.Task", ItemKind::Task),
        ];
        let is_of = |root: &str| {
            let head = class.get(..root.len()).is_some_and(|head| head.eq_ignore_ascii_case(root));
            head && matches!(class.as_bytes().get(root.len()), None | Some(b'.'))
        };
        ROOTS.into_iter().find(|(root, _)| is_of(root)).map(|(_, kind)| kind)
    }

    /// The element that holds such an item.
    pub(crate) fn element(self) -> &'static str {
        match self {
            Self::Contact => "t:Contact",
            Self::CalendarItem => "t:CalendarItem",
            Self::Task => "t:Task",
            Self::DistributionList => "t:DistributionList",
            Self::Other => "t:Item",
        }
    }
}

/// The most entries a dictionary is read to.
const MOST_ENTRIES: usize = 1000;

/// Values in the order they came in, the kinds of paths apart: each comes nearly in order, so that little is left to sort.
struct Values {
    properties: Vec<(Path, Value)>,
    entries: Vec<(Path, Value)>,
    extended: Vec<(Path, Value)>,
}

impl Values {
    /// With room for the values of most items.
    fn new() -> Self {
        Self { properties: Vec::with_capacity(32), entries: Vec::with_capacity(32), extended: Vec::new() }
    }

    fn push(&mut self, path: Path, value: Value) {
        let of_its_kind = match &path {
            Path::Property(_) => &mut self.properties,
            Path::Entry(..) => &mut self.entries,
            Path::Extended(_) => &mut self.extended,
        };
        of_its_kind.push((path, value));
    }

    /// By their paths; what came twice counts as it came last.
    fn in_order(mut self) -> BTreeMap<Path, Value> {
        self.entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        self.properties.into_iter().chain(self.entries).chain(self.extended).collect()
    }
}

impl Item {
    /// An item without values.
    pub fn new(kind: ItemKind) -> Self {
        Self { kind, id: None, parent: None, values: BTreeMap::new(), unread: Vec::new(), unknown: 0 }
    }

    /// The same item with one more value.
    #[must_use]
    pub fn with(mut self, path: impl Into<Path>, value: Value) -> Self {
        self.values.insert(path.into(), value);
        self
    }

    /// The value at a path.
    pub fn value<'p>(&self, path: impl Into<Cow<'p, Path>>) -> Option<&Value> {
        self.values.get(path.into().as_ref())
    }

    /// Text at a path.
    pub fn text<'p>(&self, path: impl Into<Cow<'p, Path>>) -> Option<&str> {
        match self.value(path) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A flag at a path.
    pub fn flag<'p>(&self, path: impl Into<Cow<'p, Path>>) -> Option<bool> {
        match self.value(path) {
            Some(Value::Flag(flag)) => Some(*flag),
            _ => None,
        }
    }

    /// A whole number at a path.
    pub fn whole<'p>(&self, path: impl Into<Cow<'p, Path>>) -> Option<i64> {
        match self.value(path) {
            Some(Value::Whole(number)) => Some(*number),
            _ => None,
        }
    }

    /// A date and time at a path.
    pub fn moment<'p>(&self, path: impl Into<Cow<'p, Path>>) -> Option<Moment> {
        match self.value(path) {
            Some(Value::Moment(moment)) => Some(*moment),
            _ => None,
        }
    }

    /// The body.
    pub fn body(&self) -> Option<&Body> {
        match self.value(Property::Body) {
            Some(Value::Body(body)) => Some(body),
            _ => None,
        }
    }

    /// Several texts at a path.
    pub fn texts<'p>(&self, path: impl Into<Cow<'p, Path>>) -> Option<&[String]> {
        match self.value(path) {
            Some(Value::Texts(texts)) => Some(texts),
            _ => None,
        }
    }

    /// A person at a path.
    pub fn person<'p>(&self, path: impl Into<Cow<'p, Path>>) -> Option<&Mailbox> {
        match self.value(path) {
            Some(Value::Person(person)) => Some(person),
            _ => None,
        }
    }

    /// People invited, at a path.
    pub fn attendees<'p>(&self, path: impl Into<Cow<'p, Path>>) -> Option<&[Attendee]> {
        match self.value(path) {
            Some(Value::Attendees(people)) => Some(people),
            _ => None,
        }
    }

    /// The rule at a path.
    pub fn recurrence<'p>(&self, path: impl Into<Cow<'p, Path>>) -> Option<&Recurrence> {
        match self.value(path) {
            Some(Value::Recurrence(recurrence)) => Some(recurrence),
            _ => None,
        }
    }

    /// The zone at a path.
    pub fn zone<'p>(&self, path: impl Into<Cow<'p, Path>>) -> Option<&ZoneDefinition> {
        match self.value(path) {
            Some(Value::Zone(zone)) => Some(zone),
            _ => None,
        }
    }

    /// The occurrences that differ from the series.
    pub fn modified_occurrences(&self) -> &[OccurrenceInfo] {
        match self.value(Property::ModifiedOccurrences) {
            Some(Value::Occurrences(list)) => list,
            _ => &[],
        }
    }

    /// The original starts of the occurrences taken out of the series.
    pub fn deleted_occurrences(&self) -> &[Moment] {
        match self.value(Property::DeletedOccurrences) {
            Some(Value::Deleted(list)) => list,
            _ => &[],
        }
    }

    /// Reads the item whose element was just entered.
    pub(crate) fn read(r: &mut Reader<'_>, element: &Element<'_>) -> Result<Self, Error> {
        let mut item = Self::new(ItemKind::of_element(element.name));
        let mut values = Values::new();
        r.children(|r, part| item.part(r, part, &mut values))?;
        item.values = values.in_order();
        if item.kind == ItemKind::Other
            && let Some(kind) = item.text(Property::ItemClass).and_then(ItemKind::of_class)
        {
            item.become_kind(kind);
        }
        Ok(item)
    }

    /// Some servers put every item into the same element, and only the class tells what it is. Two names mean one thing
    /// in a task and another in a calendar item.
    fn become_kind(&mut self, kind: ItemKind) {
        self.kind = kind;
        if kind != ItemKind::Task {
            return;
        }
        let pairs =
            [(Property::Recurrence, Property::TaskRecurrence), (Property::IsRecurring, Property::IsTaskRecurring)];
        for (of_calendar, of_task) in pairs {
            if let Some(value) = self.values.remove(&of_calendar.into()) {
                self.values.insert(of_task.into(), value);
            }
            for path in &mut self.unread {
                if *path == Path::Property(of_calendar) {
                    *path = of_task.into();
                }
            }
        }
    }

    fn part(&mut self, r: &mut Reader<'_>, part: &Element<'_>, values: &mut Values) -> Result<(), Error> {
        match part.name {
            "ItemId" => self.id = ItemId::read(part),
            "ParentFolderId" => self.parent = FolderId::read(part),
            "ExtendedProperty" => self.extended(r, values)?,
            "EmailAddresses" => entries(r, Dictionary::EmailAddress, values)?,
            "PhoneNumbers" => entries(r, Dictionary::PhoneNumber, values)?,
            "ImAddresses" => entries(r, Dictionary::ImAddress, values)?,
            "PhysicalAddresses" => addresses(r, values)?,
            name => match self.property(name) {
                Some(property) => match Value::read(property.form(), r, part)? {
                    Found::Value(value) => values.push(property.into(), value),
                    Found::Nothing => {}
                    Found::Unreadable => self.unread.push(property.into()),
                },
                None => self.unknown += 1,
            },
        }
        Ok(())
    }

    /// The property an element of this kind of item holds; `Recurrence` means one thing in a task and
    /// another in a calendar item.
    fn property(&self, element: &str) -> Option<Property> {
        let family = match self.kind {
            ItemKind::Contact | ItemKind::DistributionList => Some(Family::Contact),
            ItemKind::CalendarItem => Some(Family::Calendar),
            ItemKind::Task => Some(Family::Task),
            ItemKind::Other => None,
        };
        Property::of_element(element, family)
    }

    fn extended(&mut self, r: &mut Reader<'_>, values: &mut Values) -> Result<(), Error> {
        let (mut path, mut value) = (None, None);
        read_extended(r, &mut path, &mut value)?;
        match (path, value) {
            (Some(path), Some(value)) => values.push(Path::Extended(path), value),
            (Some(path), None) => self.unread.push(Path::Extended(path)),
            (None, _) => self.unknown += 1,
        }
        Ok(())
    }
}

fn entries(r: &mut Reader<'_>, dictionary: Dictionary, values: &mut Values) -> Result<(), Error> {
    let mut count = 0;
    r.children(|r, entry| {
        count += 1;
        let key = entry.word("Key", dictionary.keys()).filter(|_| count <= MOST_ENTRIES && !entry.is_nil());
        if let Some(key) = key {
            let text = r.text()?;
            values.push(Path::Entry(dictionary, key), Value::Text(text));
        }
        Ok(())
    })
}

fn addresses(r: &mut Reader<'_>, values: &mut Values) -> Result<(), Error> {
    let mut count = 0;
    r.children(|r, entry| {
        count += 1;
        let key = entry.word("Key", Dictionary::Street.keys()).filter(|_| count <= MOST_ENTRIES);
        let Some(key) = key else { return Ok(()) };
        r.children(|r, part| {
            let Some(dictionary) = Dictionary::ADDRESS.into_iter().find(|d| d.part() == Some(part.name)) else {
                return Ok(());
            };
            let text = r.text()?;
            values.push(Path::Entry(dictionary, key.clone()), Value::Text(text));
            Ok(())
        })
    })
}

/// Reads the inside of an `ExtendedProperty`.
pub(crate) fn read_extended(
    r: &mut Reader<'_>,
    path: &mut Option<ExtendedPath>,
    value: &mut Option<Value>,
) -> Result<(), Error> {
    r.children(|r, part| {
        match part.name {
            "ExtendedFieldURI" => *path = ExtendedPath::read(part),
            "Value" if part.is_nil() => {}
            "Value" => *value = Some(Value::Text(r.text()?)),
            "Values" => {
                let mut texts = Vec::new();
                r.children(|r, _| {
                    super::value::bounded(r, &texts)?;
                    texts.push(r.text()?);
                    Ok(())
                })?;
                *value = Some(Value::Texts(texts));
            }
            _ => {}
        }
        Ok(())
    })
}
