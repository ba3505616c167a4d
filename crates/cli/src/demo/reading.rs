//! Fresh reads of both sides: every view of every user through the API, every folder of every mailbox through EWS.

use super::crm_api::{CrmApi, Shown, shown};
use super::draw::canaries;
use super::outlook::{Outlook, Seen};
use super::seed::Ids;
use super::track::User;
use anyhow::Result;
use futures::{StreamExt, TryStreamExt, stream};
use model::{Domain, Fields, Kind, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Users read at once.
const AT_ONCE: usize = 4;

/// What both sides show at one moment.
#[derive(Default)]
pub struct Reading {
    /// What each user's views show.
    pub crm: Vec<Viewed>,
    /// What each mailbox holds.
    pub pim: Vec<Vec<Seen>>,
    /// Every answer as it came, by the name of a file.
    pub raw: Vec<(String, Vec<u8>)>,
}

/// A record as a user's view shows it.
pub struct Viewed {
    /// Whose view.
    pub viewer: User,
    /// As what it is shown.
    pub domain: Option<Domain>,
    /// The record.
    pub record: Shown,
}

/// The views, and what is found in them.
const VIEWS: &[(&str, Kind)] = &[
    ("my_activities", Kind::Appointment),
    ("my_calendar", Kind::Appointment),
    ("my_contacts", Kind::Contact),
    ("my_personal_contacts", Kind::Contact),
    ("all_employees", Kind::Contact),
];

/// Reads both sides.
pub async fn read(api: &CrmApi, ids: &Ids, outlooks: &[Outlook]) -> Result<Reading> {
    let parts: Vec<Reading> = stream::iter(0..outlooks.len())
        .map(|user| async move { user_side(api, ids, &outlooks[user], user).await })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let mut whole = Reading::default();
    for part in parts {
        whole.crm.extend(part.crm);
        whole.pim.extend(part.pim);
        whole.raw.extend(part.raw);
    }
    Ok(whole)
}

async fn user_side(api: &CrmApi, ids: &Ids, outlook: &Outlook, user: User) -> Result<Reading> {
    let mut reading = Reading::default();
    for (view, _) in VIEWS {
        let listing = api.list(&ids.tokens[user], &format!("/api/crm/views/{view}")).await?;
        for (at, bytes) in listing.raw.into_iter().enumerate() {
            let name = format!("crm/{}/{view}-{at}.json", outlook.address);
            reading.raw.push((name, bytes));
        }
        if *view == "my_calendar" {
            // Kept for whoever reads the dump; My Activities shows the same records.
            continue;
        }
        for json in listing.items {
            let domain = match (*view, json["display"].as_str()) {
                ("my_contacts", _) => Some(Domain::BusinessContact),
                ("my_personal_contacts", _) => Some(Domain::PersonalContact),
                ("all_employees", _) => Some(Domain::Employee),
                (_, Some("Calendar and Activities")) => Some(Domain::Calendar),
                (_, Some("To Do and Activities")) => Some(Domain::Task),
                (_, _) => None,
            };
            let kind = domain.map_or(Kind::Appointment, Domain::kind);
            reading.crm.push(Viewed { viewer: user, domain, record: shown(kind, json)? });
        }
    }
    let mut items = Vec::new();
    for kind in Kind::ALL {
        let folder = outlook.read(kind).await?;
        for (name, bytes) in folder.raw {
            let name = format!("mailboxes/{}/{name}.xml", outlook.address);
            reading.raw.push((name, bytes));
        }
        items.extend(folder.items);
    }
    reading.pim.push(items);
    Ok(reading)
}

/// The canaries that stand anywhere in a face.
pub fn canaries_of(face: &Fields) -> BTreeSet<String> {
    face.values().filter_map(Value::as_text).flat_map(canaries).collect()
}

impl Reading {
    /// The ids under which the CRM shows each record now, by domain and canary.
    pub fn crm_ids(&self) -> BTreeMap<(Domain, String), BTreeSet<String>> {
        let mut ids: BTreeMap<(Domain, String), BTreeSet<String>> = BTreeMap::new();
        for viewed in &self.crm {
            let Some(domain) = viewed.domain else {
                continue;
            };
            for canary in canaries_of(&viewed.record.face) {
                ids.entry((domain, canary)).or_default().insert(viewed.record.id.clone());
            }
        }
        ids
    }

    /// The domain of each CRM record.
    pub fn crm_domains(&self) -> BTreeMap<String, Domain> {
        self.crm.iter().filter_map(|viewed| Some((viewed.record.id.clone(), viewed.domain?))).collect()
    }
}
