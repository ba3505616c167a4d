//! What the sync writes, counted at the emulators' wire: each request of its account is looked at as it arrives.

use emulator::{Emulator, Hook, RequestInfo};
use model::Domain;
use std::sync::{Arc, Mutex, PoisonError};

/// One write of one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Whose mailbox.
    pub mailbox: String,
    /// What was done.
    pub what: What,
}

/// What was done to an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It was made, as a record of this domain.
    Created(Domain),
    /// Values of it that people see were changed; its id.
    Updated(String),
    /// Only our own mark was written; its id.
    Marked(String),
    /// It was moved to Deleted Items; its id.
    Deleted(String),
}

/// Remembers every write of one account at several servers.
#[derive(Clone, Default)]
pub struct WireTap(Arc<Mutex<Vec<Event>>>);

impl WireTap {
    /// Listens at a server for the writes of an account.
    pub fn listen(&self, emulator: &Emulator, account: &str) {
        let (events, account) = (Arc::clone(&self.0), account.to_lowercase());
        let hook: Hook = Arc::new(move |info: &RequestInfo| {
            if info.account == account {
                let mut events = events.lock().unwrap_or_else(PoisonError::into_inner);
                events.extend(events_of(info));
            }
            None
        });
        emulator.on_request(Some(hook));
    }

    /// Everything that was written so far.
    pub fn events(&self) -> Vec<Event> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn events_of(info: &RequestInfo) -> Vec<Event> {
    let mailbox = info.mailbox.clone().unwrap_or_default();
    let event = |what| Event { mailbox: mailbox.clone(), what };
    match info.operation.as_str() {
        "CreateItem" => created(&info.body).into_iter().map(event).collect(),
        "UpdateItem" => info.body.split("<t:ItemChange>").skip(1).filter_map(updated).map(event).collect(),
        "DeleteItem" => ids(&info.body).into_iter().map(|id| event(What::Deleted(id))).collect(),
        _ => Vec::new(),
    }
}

fn created(body: &str) -> Vec<What> {
    let mut found = Vec::new();
    for (element, domain) in
        [("<t:CalendarItem>", Some(Domain::Calendar)), ("<t:Task>", Some(Domain::Task)), ("<t:Contact>", None)]
    {
        for item in body.split(element).skip(1) {
            found.push(What::Created(domain.unwrap_or_else(|| contact_domain(item))));
        }
    }
    found
}

/// A contact's domain is what its category says.
fn contact_domain(item: &str) -> Domain {
    let carries = |domain: Domain| item.contains(&format!("<t:String>{}</t:String>", domain.default_category()));
    [Domain::PersonalContact, Domain::Employee]
        .into_iter()
        .find(|domain| carries(*domain))
        .unwrap_or(Domain::BusinessContact)
}

fn updated(change: &str) -> Option<What> {
    // An occurrence is a part of its series, which is written in the same step.
    let id = ids(change).into_iter().next()?;
    let seen = change.contains("<t:FieldURI ") || change.contains("<t:IndexedFieldURI ");
    Some(if seen { What::Updated(id) } else { What::Marked(id) })
}

fn ids(body: &str) -> Vec<String> {
    body.split("<t:ItemId Id=\"").skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(operation: &str, body: &str) -> RequestInfo {
        RequestInfo {
            operation: operation.to_owned(),
            account: "svc@crm.test".to_owned(),
            mailbox: Some("anna@crm.test".to_owned()),
            number: 1,
            body: body.to_owned(),
        }
    }

    #[test]
    fn every_write_is_told_apart() {
        let body =
            "<m:Items><t:Contact><t:Categories><t:String>Employee</t:String></t:Categories></t:Contact></m:Items>";
        let found = events_of(&info("CreateItem", body));
        assert_eq!(found[0].what, What::Created(Domain::Employee));
        let marked =
            "<t:ItemChange><t:ItemId Id=\"A\" ChangeKey=\"k\"/><t:Updates><t:SetItemField><t:ExtendedFieldURI/>";
        let updated =
            "<t:ItemChange><t:ItemId Id=\"B\"/><t:Updates><t:SetItemField><t:FieldURI FieldURI=\"item:Subject\"/>";
        let found = events_of(&info("UpdateItem", &format!("{marked}{updated}")));
        assert_eq!(found[0].what, What::Marked("A".to_owned()));
        assert_eq!(found[1].what, What::Updated("B".to_owned()));
        let found = events_of(&info("DeleteItem", "<t:ItemId Id=\"C\"/>"));
        assert_eq!(found[0].what, What::Deleted("C".to_owned()));
        assert!(events_of(&info("GetItem", "<t:ItemId Id=\"C\"/>")).is_empty());
    }
}
