//! `syncline settings`: what is set for all users, and the field maps.

use super::{open, words};
use crate::exit::Failure;
use crate::show::Show;
use clap::Subcommand;
use model::{Domain, DomainMap};
use serde_json::Value as Json;
use server::json::read_json;
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
        Command::Map { domain } => pretty(&map::get(&services, domain).await?, show),
        Command::SetMap => {
            let mut text = String::new();
            std::io::stdin().take(MOST).read_to_string(&mut text)?;
            let new: DomainMap = serde_json::from_str(&text)
                .map_err(|why| Failure::usage(format!("standard input holds no field map: {why}")))?;
            let set = map::set(&services, new).await?;
            let told = format!("the map of {} has {} rows", set.domain, set.entries.len());
            show.done(&set, &told)
        }
    }
}

fn pretty(value: &impl serde::Serialize, show: &mut Show<'_>) -> Result<(), Failure> {
    if show.is_json() {
        return show.value(value);
    }
    let text =
        serde_json::to_string_pretty(value).map_err(|why| Failure::not_as_asked(format!("cannot be shown: {why}")))?;
    show.line(&text)
}
