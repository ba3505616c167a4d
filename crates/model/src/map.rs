//! Field maps are data: one table per domain, read from the store and passed to plan and connectors as an argument.

use crate::domain::Domain;
use crate::field::Field;
use crate::form::{Form, form};
use crate::side::Side;
use crate::value::Value;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The map of one domain on one kind of server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainMap {
    /// The domain.
    pub domain: Domain,
    /// A row per field; no field twice.
    pub entries: Vec<MapEntry>,
}

/// One row: a field, and where the server keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MapEntry {
    /// Our field; `x.NAME` names a CRM extension column.
    pub field: Field,
    /// The server's property: for EWS a field URI (`contacts:GivenName`), an indexed one
    /// (`contacts:EmailAddress:EmailAddress1`), or `x:0x3A45` and `x:{guid}:name` for an extended property.
    pub property: String,
    /// Which way the field goes.
    #[serde(default)]
    pub direction: Direction,
    /// Written to the CRM when the mailbox has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// Compared when strangers are matched (rule M2).
    #[serde(default)]
    pub key: bool,
    /// A record without it and without a default is quarantined (rule E8).
    #[serde(default)]
    pub required: bool,
    /// CRM words and mailbox words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub translation: Option<Translation>,
}

/// Which way a field goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Both ways.
    #[default]
    Both,
    /// CRM to mailbox only.
    Export,
    /// Mailbox to CRM only.
    Import,
    /// Not at all.
    Off,
}

impl Direction {
    /// Whether a field may be written on that side.
    #[must_use]
    pub fn writes(self, side: Side) -> bool {
        match (self, side) {
            (Direction::Both, _) | (Direction::Export, Side::Pim) | (Direction::Import, Side::Crm) => true,
            (Direction::Export, Side::Crm) | (Direction::Import, Side::Pim) | (Direction::Off, _) => false,
        }
    }
}

/// A translation of words, many to one allowed in each direction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Translation {
    /// From the CRM's word to the mailbox's; null where the mailbox holds nothing for it.
    pub out: BTreeMap<String, Option<String>>,
    /// From the mailbox's word to the CRM's.
    pub back: BTreeMap<String, String>,
}

impl DomainMap {
    /// The row of a field.
    #[must_use]
    pub fn entry(&self, field: &Field) -> Option<&MapEntry> {
        self.entries.iter().find(|entry| entry.field == *field)
    }

    /// Whether the field may be written on that side.
    #[must_use]
    pub fn writes(&self, field: &Field, side: Side) -> bool {
        self.entry(field).is_some_and(|entry| entry.direction.writes(side))
    }

    /// Whether the field is looked at at all.
    #[must_use]
    pub fn maps(&self, field: &Field) -> bool {
        self.entry(field).is_some_and(|entry| entry.direction != Direction::Off)
    }

    /// The key fields of rule M2; one that is off is not read, and tells nothing apart.
    pub fn keys(&self) -> impl Iterator<Item = &MapEntry> {
        self.entries.iter().filter(|entry| entry.key && entry.direction != Direction::Off)
    }

    /// What is wrong with the map, every fault at once, each with the number of its row.
    #[must_use]
    pub fn faults(&self) -> Vec<(usize, String)> {
        let mut seen = std::collections::BTreeSet::new();
        let mut faults = Vec::new();
        for (row, entry) in self.entries.iter().enumerate() {
            let (field, domain) = (&entry.field, self.domain);
            let mut note = |problem: String| faults.push((row, problem));
            if !seen.insert(field.clone()) {
                note(format!("the field {field} stands twice in the map of {domain}"));
            }
            if entry.property.trim().is_empty() {
                note(format!("the field {field} of {domain} names no property"));
            }
            if !crate::field::of_kind(domain.kind(), field) {
                note(format!("{domain} records have no field {field}"));
            }
            if entry.required && entry.direction == Direction::Off {
                note(format!("the field {field} of {domain} is off, and cannot be required"));
            }
            let words = matches!(form(field), Form::Text | Form::Any) && *field != Field::State;
            if entry.translation.is_some() && !words {
                note(format!("the field {field} of {domain} holds no word that could be translated"));
            }
        }
        // Neither side holds an appointment without them.
        let needed = [Field::Start, Field::End].into_iter().filter(|_| self.domain == Domain::Calendar);
        for field in needed.filter(|field| !self.maps(field)) {
            let row = self.entries.iter().position(|entry| entry.field == field).unwrap_or(self.entries.len());
            faults.push((
                row,
                format!("the field {field} of {} cannot be off: there is no appointment without", self.domain),
            ));
        }
        faults
    }
}

/// A value translated toward a side by a row's words; a word without a row goes over as it is.
#[must_use]
pub fn translate(entry: &MapEntry, value: &Value, toward: Side) -> Value {
    let (Some(translation), Value::Text(word)) = (&entry.translation, value) else {
        return value.clone();
    };
    match toward {
        Side::Pim => match translation.out.get(word) {
            Some(Some(word)) => Value::Text(word.clone()),
            Some(None) => Value::Null,
            None => value.clone(),
        },
        Side::Crm => translation.back.get(word).map_or_else(|| value.clone(), |word| Value::Text(word.clone())),
    }
}
