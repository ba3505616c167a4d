//! Writes what both sides answered into a folder, unedited, for whoever wants to compare it with other means.

use super::reading::Reading;
use super::stage::Stage;
use anyhow::{Context, Result, bail};
use emulator::{Emulator, ItemCounts, SinkEntry};
use serde_json::{Value as Json, json};
use std::path::Path;
use wire::ews::DistinguishedFolder;

/// What administrators see, beside the records.
const ADMIN: &[(&str, &str)] = &[
    ("users", "/api/admin/users?limit=200"),
    ("settings", "/api/admin/settings"),
    ("levels", "/api/admin/levels"),
    ("map-business_contact", "/api/admin/maps/business_contact"),
    ("map-calendar", "/api/admin/maps/calendar"),
    ("map-task", "/api/admin/maps/task"),
    ("held", "/api/admin/held?limit=200"),
    ("quarantine", "/api/admin/quarantine?limit=200"),
    ("organizations", "/api/crm/organizations?limit=200"),
    ("positions", "/api/crm/positions?limit=200"),
    ("user-lists", "/api/crm/user-lists?limit=200"),
];
/// Folders beside those that are synchronised; what stands there is told by class and subject.
const ELSEWHERE: [DistinguishedFolder; 2] = [DistinguishedFolder::Inbox, DistinguishedFolder::DeletedItems];

/// Writes one read under a name: `crm/ADDRESS/VIEW-N.json`, `mailboxes/ADDRESS/FOLDER-….xml`, `admin/….json`, and `wire/`
/// as [`wire`] does.
pub async fn write(folder: &Path, name: &str, reading: &Reading, stage: &Stage) -> Result<()> {
    wire(folder, name, stage).await?;
    let folder = folder.join(name);
    for (file, bytes) in &reading.raw {
        put(&folder.join(file), bytes)?;
    }
    for (what, path) in ADMIN {
        let bytes = asked(stage, path).await?;
        put(&folder.join("admin").join(format!("{what}.json")), &bytes)?;
    }
    for list in &stage.ids.lists {
        let bytes = asked(stage, &format!("/api/crm/user-lists/{list}/members")).await?;
        put(&folder.join("admin").join(format!("members-{list}.json")), &bytes)?;
    }
    for outlook in &stage.outlooks {
        let address = &outlook.address;
        for elsewhere in ELSEWHERE {
            for (file, bytes) in outlook.subjects(elsewhere).await? {
                put(&folder.join(format!("mailboxes/{address}/{file}.xml")), &bytes)?;
            }
        }
    }
    Ok(())
}

/// Writes what went over the servers' wire so far, and every mail in their sinks: `wire/sink.json`, `wire/SERVER.json`.
pub async fn wire(folder: &Path, name: &str, stage: &Stage) -> Result<()> {
    let folder = folder.join(name).join("wire");
    // The two servers share one site, and so one sink.
    let sink: Vec<Json> = stage.emulators[0].sink().iter().map(mail).collect();
    put(&folder.join("sink.json"), json!({ "items": sink }).to_string().as_bytes())?;
    for (emulator, connection) in stage.emulators.iter().zip(super::stage::CONNECTIONS) {
        put(&folder.join(format!("{connection}.json")), counts(emulator).to_string().as_bytes())?;
    }
    Ok(())
}

fn mail(entry: &SinkEntry) -> Json {
    json!({
        "at": entry.at,
        "mailbox": entry.mailbox,
        "account": entry.account,
        "kind": format!("{:?}", entry.kind),
        "recipients": entry.recipients,
        "subject": entry.subject,
        "item": entry.item_id,
        "global_id": entry.global_id,
    })
}

/// The server's own count of what each account did to the items of each mailbox.
fn counts(emulator: &Emulator) -> Json {
    let counters = emulator.counters();
    let writes: Vec<Json> = counters
        .mailboxes
        .iter()
        .flat_map(|(mailbox, of)| {
            of.writes.iter().map(move |(by, ItemCounts { created, updated, deleted, moved, copied })| {
                json!({
                    "mailbox": mailbox,
                    "account": by.account,
                    "kind": by.kind,
                    "created": created,
                    "updated": updated,
                    "deleted": deleted,
                    "moved": moved,
                    "copied": copied,
                })
            })
        })
        .collect();
    json!({ "requests": counters.requests, "writes": writes })
}

async fn asked(stage: &Stage, path: &str) -> Result<Vec<u8>> {
    let (status, bytes) = stage.api.call(&stage.ids.admin, "GET", path, None).await?;
    if status != 200 {
        bail!("GET {path} was answered {status}");
    }
    Ok(bytes)
}

fn put(file: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(parent) = file.parent() {
        std::fs::create_dir_all(parent).with_context(|| format!("the folder {}", parent.display()))?;
    }
    std::fs::write(file, bytes).with_context(|| format!("the file {}", file.display()))
}
