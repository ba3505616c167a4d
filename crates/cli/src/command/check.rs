//! `syncline check`: the configuration and every connection, all faults at once.

use super::open;
use crate::exit::{Exit, Failure};
use crate::show::Show;
use connect::ews::faults;
use model::Domain;
use serde_json::json;
use server::remotes::try_connection;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use store::Pairing;

/// Pairings tried at a time.
const PAGE: usize = 200;

/// Nothing to choose.
#[derive(clap::Args)]
#[command(after_help = "\
It reads the configuration, opens both databases, reads every field map, and signs in to every mapped mailbox and to every
connection that has none yet. Nothing is written. Exit code 0 when everything can be used, 3 for faults of the configuration, 4 when something cannot be reached.")]
pub struct Args {}

/// Checks, and tells everything that is wrong.
pub async fn run(_args: Args, config: &Path, show: &mut Show<'_>) -> Result<(), Failure> {
    let services = open(config).await?;
    let mut places: Vec<(String, String)> = Vec::new();
    let maps = Arc::new(services.store.maps().await?);
    for domain in Domain::ALL {
        if let Some(map) = maps.get(&domain) {
            places.extend(
                map.faults().into_iter().chain(faults(map)).map(|fault| (format!("the map of {domain}"), fault)),
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
            let place = || format!("user {} on {}", pairing.user, pairing.connection);
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
        // A list is without passwords; one that was removed meanwhile is not missed.
        let Some(connection) = services.store.connection(&listed.name).await? else { continue };
        if let Err(why) = try_connection(&connection, &services.key).await {
            places.push((format!("connection {}", connection.name), why.to_string()));
        }
    }
    if places.is_empty() {
        let told = format!("everything can be used; connections: {}, mailboxes: {tried}", connections.len());
        let value = json!({ "connections": connections.len(), "mailboxes": tried, "faults": [] });
        return show.done(&value, &told);
    }
    let text: Vec<String> = places.iter().map(|(place, problem)| format!("{place}: {problem}")).collect();
    Err(Failure { exit: Exit::Unreachable, code: "check".to_owned(), text: text.join("\n"), places })
}
