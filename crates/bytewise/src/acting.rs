//! What a person did, done on the server by requests of the person's own.

use crate::client::{ask, id_of, items};
use crate::server::Server;
use crate::table::folder;
use crate::writing::{created, updates};
use jiff::civil::DateTime;
use model::{Field, Fields, Kind, Path, RecordId, Value};
use sim::memory::exchange::{Item, Place};
use sim::post::Deed;
use std::collections::{BTreeMap, BTreeSet};

/// The folder that stands for every one nobody observes.
pub(crate) const ELSEWHERE: &str = "notes";

/// Fields whose change takes every exception of a series away.
const OF_THE_RULE: [Field; 3] = [Field::Rule, Field::Start, Field::End];

/// One person at work.
pub(crate) struct Acting<'a> {
    server: &'a Server,
    address: &'a str,
    /// The server's ids of what the view had only its own ids for.
    known: BTreeMap<RecordId, String>,
}

impl<'a> Acting<'a> {
    pub(crate) fn of(server: &'a Server, address: &'a str) -> Acting<'a> {
        Acting { server, address, known: BTreeMap::new() }
    }

    /// Does one thing.
    pub(crate) fn act(&mut self, deed: Deed) -> Result<(), String> {
        match deed {
            // The server brings an invitation, its updates and its cancellation by itself.
            Deed::Insert { item, .. } if item.is_received() => Ok(()),
            Deed::Change { after, .. } if after.is_received() => Ok(()),
            Deed::Insert { id, item } => self.insert(id, &item),
            Deed::Change { id, before, after } => self.change(&id, &before, &after),
            Deed::Put { id, to, item, place } => self.put(&id, to, &item, place),
            Deed::Copy { id, to } => self.copy(&id, to),
        }
    }

    fn name(&self, id: &RecordId) -> String {
        self.known.get(id).cloned().unwrap_or_else(|| id.as_str().to_owned())
    }

    fn ask(&self, body: &str) -> Result<Option<String>, String> {
        let results = ask(self.server, self.address, body)?;
        Ok(items(&results).find_map(id_of).map(str::to_owned))
    }

    fn insert(&mut self, id: RecordId, item: &Item) -> Result<(), String> {
        let send = match item.kind {
            Kind::Appointment if item.requests_sent => " SendMeetingInvitations=\"SendToAllAndSaveCopy\"",
            Kind::Appointment => " SendMeetingInvitations=\"SendToNone\"",
            Kind::Contact | Kind::Task => "",
        };
        let made = self.ask(&format!("<m:CreateItem{send}><m:Items>{}</m:Items></m:CreateItem>", created(item)?))?;
        self.known.insert(id, made.ok_or("a new item without an id")?);
        Ok(())
    }

    fn change(&mut self, id: &RecordId, before: &Item, after: &Item) -> Result<(), String> {
        let changed: BTreeSet<Path> = before
            .fields
            .keys()
            .chain(after.fields.keys())
            .filter(|path| before.fields.get(path) != after.fields.get(path))
            .cloned()
            .collect();
        let series: BTreeSet<Field> =
            changed.iter().filter(|path| path.occurrence.is_none()).map(|path| path.field.clone()).collect();
        if !series.is_empty() {
            let item = format!("<t:ItemId Id=\"{}\"/>", self.name(id));
            self.update(&item, after, &updates(after.kind, &after.fields, &series)?)?;
        }
        if series.iter().any(|field| OF_THE_RULE.contains(field)) {
            return Ok(());
        }
        let dates: BTreeSet<DateTime> = changed.iter().filter_map(|path| path.occurrence).collect();
        dates.into_iter().try_for_each(|at| self.except(id, after, at, &changed))
    }

    fn update(&self, item: &str, of: &Item, updates: &str) -> Result<(), String> {
        let send = match of.kind {
            Kind::Appointment if of.requests_sent => " SendMeetingInvitationsOrCancellations=\"SendToAllAndSaveCopy\"",
            Kind::Appointment => " SendMeetingInvitationsOrCancellations=\"SendToNone\"",
            Kind::Contact | Kind::Task => "",
        };
        self.ask(&format!(
            "<m:UpdateItem ConflictResolution=\"AlwaysOverwrite\"{send}><m:ItemChanges><t:ItemChange>{item}\
             <t:Updates>{updates}</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>"
        ))?;
        Ok(())
    }

    /// One occurrence is called off or changed.
    fn except(&self, id: &RecordId, after: &Item, at: DateTime, changed: &BTreeSet<Path>) -> Result<(), String> {
        let item = self.occurrence(id, after, at)?;
        let state = after.fields.get(&Path::occurrence(at, Field::State)).and_then(Value::as_text);
        if state == Some("cancelled") {
            return self.delete(&item, after);
        }
        let here: Fields = after
            .fields
            .iter()
            .filter(|(path, _)| path.occurrence == Some(at) && path.field != Field::State)
            .map(|(path, value)| (Path::of(path.field.clone()), value.clone()))
            .collect();
        let named = changed.iter().filter(|path| path.occurrence == Some(at) && path.field != Field::State);
        let named: BTreeSet<Field> = named.map(|path| path.field.clone()).collect();
        if named.is_empty() { Ok(()) } else { self.update(&item, after, &updates(after.kind, &here, &named)?) }
    }

    /// An occurrence by its number in the series, those called off counted.
    fn occurrence(&self, id: &RecordId, item: &Item, at: DateTime) -> Result<String, String> {
        let start = item.fields.get(&Path::of(Field::Start)).and_then(Value::as_when).ok_or("no start")?;
        let rule = item.fields.get(&Path::of(Field::Rule)).and_then(Value::as_rule).ok_or("no series")?;
        let place = rule.dates(start.wall().date()).position(|day| day == at.date());
        let number = place.ok_or("a day on which the series does not fall")? + 1;
        Ok(format!("<t:OccurrenceItemId RecurringMasterId=\"{}\" InstanceIndex=\"{number}\"/>", self.name(id)))
    }

    fn delete(&self, item: &str, of: &Item) -> Result<(), String> {
        let how = match of.kind {
            Kind::Appointment if of.requests_sent && !of.is_received() => {
                " SendMeetingCancellations=\"SendToAllAndSaveCopy\""
            }
            Kind::Appointment => " SendMeetingCancellations=\"SendToNone\"",
            Kind::Task => " AffectedTaskOccurrences=\"AllOccurrences\"",
            Kind::Contact => "",
        };
        self.ask(&format!(
            "<m:DeleteItem DeleteType=\"MoveToDeletedItems\"{how}><m:ItemIds>{item}</m:ItemIds></m:DeleteItem>"
        ))?;
        Ok(())
    }

    fn put(&mut self, id: &RecordId, to: RecordId, item: &Item, place: Place) -> Result<(), String> {
        let name = format!("<t:ItemId Id=\"{}\"/>", self.name(id));
        let target = match place {
            Place::Deleted => return self.delete(&name, item),
            Place::Folder => folder(item.kind),
            Place::Other => ELSEWHERE,
        };
        let moved = self.brought("MoveItem", &name, target)?;
        self.known.insert(to, moved);
        Ok(())
    }

    fn copy(&mut self, id: &RecordId, to: RecordId) -> Result<(), String> {
        let name = self.name(id);
        let kind = ask(self.server, self.address, &read("<t:BaseShape>IdOnly</t:BaseShape>", &name))?;
        let kind = items(&kind).find_map(|item| crate::reading::kind_of(&item.name)).ok_or("nothing to copy")?;
        let copy = self.brought("CopyItem", &format!("<t:ItemId Id=\"{name}\"/>"), folder(kind))?;
        self.known.insert(to, copy);
        Ok(())
    }

    fn brought(&self, operation: &str, item: &str, folder: &str) -> Result<String, String> {
        let made = self.ask(&format!(
            "<m:{operation}><m:ToFolderId><t:DistinguishedFolderId Id=\"{folder}\"/></m:ToFolderId>\
             <m:ItemIds>{item}</m:ItemIds></m:{operation}>"
        ))?;
        made.ok_or_else(|| format!("{operation} answered no id"))
    }
}

/// A GetItem of one item.
fn read(shape: &str, id: &str) -> String {
    format!("<m:GetItem><m:ItemShape>{shape}</m:ItemShape><m:ItemIds><t:ItemId Id=\"{id}\"/></m:ItemIds></m:GetItem>")
}
