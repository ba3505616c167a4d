//! `syncline check`: the configuration and every connection, all faults at once.

use super::open;
use crate::exit::{Exit, Failure};
use crate::show::{Show, second};
use connect::ews::{Found, Step, faults};
use model::Domain;
use serde_json::json;
use server::ops::{check, names};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use store::Pairing;

/// Pairings tried at a time.
const PAGE: usize = 200;

/// What is tried.
#[derive(clap::Args)]
#[command(after_help = "\
It reads the configuration, opens both databases, reads every field map, and signs in to every mapped mailbox and to every
connection that has none yet. Nothing is written. Exit code 0 when everything can be used, 3 for faults of the configuration, 4 when something cannot be reached.

With --mailbox it tries one mailbox step by step as the sync will use it: address and certificate, sign-in, the right to
the mailbox, version, folders, and writing, reading, changing, finding and removing a trial item of each kind in a folder
of its own, which it takes away again. Each fault comes with its cure.

Example:
  syncline check --mailbox anna@example.com --connection munich")]
pub struct Args {
    /// Tries this mailbox, step by step.
    #[arg(long, value_name = "ADDRESS")]
    mailbox: Option<String>,
    /// The connection to try it on; the one its user is mapped on unless named.
    #[arg(long, value_name = "NAME", requires = "mailbox")]
    connection: Option<String>,
}

/// The steps of one mailbox; a failure when one of them went wrong.
fn told(steps: &[Step], show: &mut Show<'_>) -> Result<(), Failure> {
    let rows: Vec<serde_json::Value> = steps
        .iter()
        .map(|step| match &step.found {
            Found::Fine(told) => json!({ "step": step.what, "result": "fine", "told": told }),
            Found::Lacking(lost) => json!({ "step": step.what, "result": "lacking", "told": lost }),
            Found::Fault { why, cure } => json!({ "step": step.what, "result": "fault", "told": why, "cure": cure }),
        })
        .collect();
    let word = |row: &serde_json::Value, name: &str| row.get(name).and_then(|v| v.as_str()).unwrap_or("").to_owned();
    show.list(&rows, &["step", "result", "told", "cure"], |row| {
        ["step", "result", "told", "cure"].map(|name| word(row, name)).to_vec()
    })?;
    let places: Vec<(String, String)> = rows
        .iter()
        .filter(|row| word(row, "result") == "fault")
        .map(|row| (word(row, "step"), format!("{} – {}", word(row, "told"), word(row, "cure"))))
        .collect();
    if places.is_empty() {
        return Ok(());
    }
    let text: Vec<String> = places.iter().map(|(place, problem)| format!("{place}: {problem}")).collect();
    Err(Failure { exit: Exit::Unreachable, code: "check".to_owned(), text: text.join("\n"), places })
}

/// Checks, and tells everything that is wrong.
pub async fn run(args: Args, config: &Path, show: &mut Show<'_>) -> Result<(), Failure> {
    let services = open(config).await?;
    if let Some(address) = &args.mailbox {
        let steps = check::mailbox(&services, address, args.connection.as_deref()).await?;
        return told(&steps, show);
    }
    let mut places: Vec<(String, String)> = Vec::new();
    let maps = services.store.maps().await?;
    for domain in Domain::ALL {
        if let Some(map) = maps.get(&domain) {
            places.extend(
                map.faults().into_iter().chain(faults(map)).map(|(_, fault)| (format!("the map of {domain}"), fault)),
            );
        }
    }
    let connections = services.store.connections().await?;
    let mut tried = 0;
    let mut mapped = BTreeSet::new();
    let mut after = None;
    loop {
        let page: Vec<Pairing> = services.store.pairings(after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        for pairing in &page {
            tried += 1;
            mapped.insert(pairing.connection.clone());
            let user = names::user(&services, &pairing.user).await?;
            let place = || format!("user {user} on {}", pairing.connection);
            match services.remotes.open(pairing, Arc::clone(&maps)).await {
                Err(why) => places.push((place(), why.to_string())),
                Ok((_, mailbox)) => match mailbox.identity().await {
                    Err(why) => places.push((place(), why.to_string())),
                    Ok(found) if !found.is_user => {
                        let why = "the mailbox is shared, a room or a thing; only people's are synchronised (rule L1)";
                        places.push((place(), why.to_owned()));
                    }
                    Ok(_) => {}
                },
            }
        }
    }
    // One with mailboxes was tried with each of them.
    for listed in connections.iter().filter(|connection| !mapped.contains(&connection.name)) {
        if let Err(why) = check::connection(&services, &listed.name).await {
            places.push((format!("connection {}", listed.name), why.to_string()));
        }
    }
    if places.is_empty() {
        let found: Vec<(&str, jiff::Timestamp, Option<&str>)> = connections
            .iter()
            .filter_map(|of| Some((of.name.as_str(), of.access.found_at?, of.access.moved_from.as_deref())))
            .collect();
        let mut told = format!("everything can be used; connections: {}, mailboxes: {tried}", connections.len());
        for (name, at, before) in &found {
            let before = before.map(|url| format!(", in place of {url}")).unwrap_or_default();
            told.push_str(&format!("\nthe address of {name} was found by Autodiscover on {}{before}", second(*at)));
        }
        let found: serde_json::Map<String, serde_json::Value> =
            found.into_iter().map(|(name, at, _)| (name.to_owned(), json!(at))).collect();
        let value = json!({ "connections": connections.len(), "mailboxes": tried, "found": found, "faults": [] });
        return show.done(&value, &told);
    }
    let text: Vec<String> = places.iter().map(|(place, problem)| format!("{place}: {problem}")).collect();
    Err(Failure { exit: Exit::Unreachable, code: "check".to_owned(), text: text.join("\n"), places })
}
