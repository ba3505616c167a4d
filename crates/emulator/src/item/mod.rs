//! The records of a mailbox: contacts, appointments, tasks, messages, and what each of them holds.

pub(crate) mod body;
pub(crate) mod calendar;
pub(crate) mod contact;
pub(crate) mod extended;
pub(crate) mod finish;
pub(crate) mod mapi;
pub(crate) mod render;
pub(crate) mod scalar;
pub(crate) mod schema;
pub(crate) mod series;
pub(crate) mod set;
pub(crate) mod set_parts;
pub(crate) mod state;
pub(crate) mod task;
pub(crate) mod time;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::item::body::Body;
use crate::item::calendar::Calendar;
use crate::item::extended::{ExtKey, ExtPath, ExtValue};
use crate::item::schema::ItemKind;
use crate::item::task::Task;
use crate::xml::Element;

/// The value of a standard property.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    Parts(Element),
}

/// The standard properties that a client set, by element name.
pub(crate) type Props = BTreeMap<&'static str, Value>;

/// One record of a mailbox.
#[derive(Clone)]
pub(crate) struct Item {
    pub no: u64,
    pub folder: u64,
    pub kind: ItemKind,
    pub change: u64,
    pub created: Timestamp,
    pub modified: Timestamp,
    /// The name of the person who changed it last.
    pub modified_by: String,
    pub props: Props,
    pub body: Body,
    pub extended: BTreeMap<ExtKey, ExtValue>,
    pub attachments: Vec<Attachment>,
    pub detail: Detail,
    pub damage: Option<Damage>,
}

/// What only some kinds have.
#[derive(Clone)]
pub(crate) enum Detail {
    None,
    Calendar(Box<Calendar>),
    Task(Box<Task>),
}

/// A file at an item.
#[derive(Clone)]
pub(crate) struct Attachment {
    pub no: u64,
    pub name: String,
    pub content_type: String,
    pub content_id: Option<String>,
    pub inline: bool,
    pub contact_photo: bool,
    /// Base64, as it came.
    pub content: String,
    pub size: usize,
    pub modified: Timestamp,
}

/// A way in which an item of a real mailbox is broken, planted by a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    /// GetItem answers `ErrorItemCorrupt`; listings show it.
    Corrupt,
    /// GetItem answers `ErrorInternalServerError` for it, whatever else is read with it.
    Failing,
    /// The body holds characters that XML does not allow, sent as `&#x1;` (seen on Exchange 2010 to 2019).
    IllegalCharacters,
    /// An element that no schema knows stands among the properties.
    UnknownElement,
    /// Listings show it, reading says `ErrorItemNotFound`: deleted in between, or an index that lags.
    Vanishing,
}

impl Item {
    pub(crate) fn new(no: u64, folder: u64, kind: ItemKind, now: Timestamp) -> Self {
        Self {
            no,
            folder,
            kind,
            change: 0,
            created: now,
            modified: now,
            modified_by: String::new(),
            props: Props::new(),
            body: Body::stored(false, ""),
            extended: BTreeMap::new(),
            attachments: Vec::new(),
            detail: Detail::None,
            damage: None,
        }
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match self.props.get(name) {
            Some(Value::Text(text)) => Some(text),
            Some(Value::Parts(_)) | None => None,
        }
    }

    pub(crate) fn parts(&self, name: &str) -> Option<&Element> {
        match self.props.get(name) {
            Some(Value::Parts(parts)) => Some(parts),
            Some(Value::Text(_)) | None => None,
        }
    }

    pub(crate) fn set_text(&mut self, name: &'static str, text: impl Into<String>) {
        self.props.insert(name, Value::Text(text.into()));
    }

    pub(crate) fn class(&self) -> &str {
        self.text("ItemClass").unwrap_or_else(|| self.kind.default_class())
    }

    pub(crate) fn subject(&self) -> &str {
        self.text("Subject").unwrap_or_default()
    }

    pub(crate) fn calendar(&self) -> Option<&Calendar> {
        match &self.detail {
            Detail::Calendar(calendar) => Some(calendar),
            Detail::None | Detail::Task(_) => None,
        }
    }

    pub(crate) fn calendar_mut(&mut self) -> Option<&mut Calendar> {
        match &mut self.detail {
            Detail::Calendar(calendar) => Some(calendar),
            Detail::None | Detail::Task(_) => None,
        }
    }

    pub(crate) fn task(&self) -> Option<&Task> {
        match &self.detail {
            Detail::Task(task) => Some(task),
            Detail::None | Detail::Calendar(_) => None,
        }
    }

    pub(crate) fn task_mut(&mut self) -> Option<&mut Task> {
        match &mut self.detail {
            Detail::Task(task) => Some(task),
            Detail::None | Detail::Calendar(_) => None,
        }
    }

    /// An extended property, the ones that mirror standard properties included.
    pub(crate) fn extended_value(&self, path: &ExtPath) -> Option<ExtValue> {
        if let Some(value) = self.extended.get(&path.key) {
            return (value.kind == path.kind).then(|| value.clone());
        }
        let mirrored = scalar::mirrored(self, &path.key)?;
        (mirrored.kind == path.kind).then_some(mirrored)
    }
}
