//! `syncline settings`: what is set for all users, and the field maps.

use super::{open, words};
use crate::exit::Failure;
use crate::show::Show;
use clap::Subcommand;
use model::{Domain, DomainMap};
use serde_json::Value as Json;
use server::fault::Faults;
use server::json::{map_json, read_json, read_map};
use server::ops::{map, setting};
use std::io::Read;
use std::path::Path;

/// The longest patch or map that is read.
const MOST: u64 = 1024 * 1024;

/// What can be done with settings.
#[derive(Subcommand)]
pub enum Command {
    /// Shows the settings.
    Show,
    /// Changes what an object names, and nothing else.
    #[command(after_help = "\
Examples:
  syncline settings change '{\"interval_s\": 30}'
  syncline settings change '{\"domains\": {\"calendar\": {\"conflict\": \"hold\"}}}'")]
    Change {
        /// The object, in JSON.
        patch: String,
        /// Refused unless the settings still are at this generation.
        #[arg(long)]
        generation: Option<u64>,
    },
    /// Shows the field map of a domain.
    Map {
        /// The domain.
        #[arg(value_parser = words::domain)]
        domain: Domain,
    },
    /// Replaces the field map of a domain by the JSON on standard input.
    #[command(after_help = "\
Example, for the map as `syncline settings map task` shows it, edited:
  syncline settings set-map < task.json

A row is a field, the property that holds it in the mailbox, and where they differ from these: direction (both, export,
import, off), default (as the field looks in a record: written to the CRM where the mailbox has none), key, required, and
translation. A field x.NAME is one of your own, at a property of the mailbox such as x:{GUID}:NAME or x:0x3A45.")]
    SetMap,
}

/// Carries it out.
pub async fn run(command: Command, config: &Path, show: &mut Show<'_>) -> Result<(), Failure> {
    let services = open(config).await?;
    match command {
        Command::Show => {
            let settings = setting::get(&services).await?;
            pretty(&settings, show)
        }
        Command::Change { patch, generation } => {
            let patch = match read_json(patch.as_bytes()) {
                Ok(Json::Object(patch)) => patch,
                Ok(_) => return Err(Failure::usage("the patch is no JSON object")),
                Err(why) => return Err(Failure::usage(format!("the patch is no JSON object: {why}"))),
            };
            let settings = setting::change(&services, &patch, generation).await?;
            let told = format!("changed; the settings are at generation {}", settings.generation);
            show.done(&settings, &told)
        }
        Command::Map { domain } => pretty(&shown(&map::get(&services, domain).await?)?, show),
        Command::SetMap => {
            let mut text = String::new();
            std::io::stdin().take(MOST).read_to_string(&mut text)?;
            let set = map::set(&services, read(&text)?).await?;
            let told = format!("the map of {} has {} rows", set.domain, set.entries.len());
            show.done(&shown(&set)?, &told)
        }
    }
}

fn shown(map: &DomainMap) -> Result<Json, Failure> {
    map_json(map).map_err(|why| Failure::not_as_asked(format!("cannot be shown: {why}")))
}

/// A map as `syncline settings map` shows it.
fn read(text: &str) -> Result<DomainMap, Failure> {
    let no_map = |why: String| Failure::usage(format!("standard input holds no field map: {why}"));
    let json = read_json(text.as_bytes()).map_err(|why| no_map(why.to_string()))?;
    let word = json.get("domain").and_then(Json::as_str).ok_or_else(|| no_map("domain is missing".to_owned()))?;
    let domain = Domain::parse(word).ok_or_else(|| no_map(format!("there is no domain {word}")))?;
    let rows = json.get("entries").and_then(Json::as_array).ok_or_else(|| no_map("entries is missing".to_owned()))?;
    let mut faults = Faults::default();
    let map = read_map(domain, rows, &mut faults);
    faults.refuse()?;
    Ok(map)
}

fn pretty(value: &impl serde::Serialize, show: &mut Show<'_>) -> Result<(), Failure> {
    if show.is_json() {
        return show.value(value);
    }
    let text =
        serde_json::to_string_pretty(value).map_err(|why| Failure::not_as_asked(format!("cannot be shown: {why}")))?;
    show.line(&text)
}
