//! `syncline level`: what a domain, or one user, may synchronise.

use super::{open, words};
use crate::exit::Failure;
use crate::show::{Show, or_dash};
use clap::Subcommand;
use model::{Domain, Level};
use serde_json::json;
use server::ops::{level, setting, user};
use std::collections::BTreeMap;
use std::path::Path;

/// What can be done with levels.
#[derive(Subcommand)]
pub enum Command {
    /// Shows the levels of the domains, or of one user.
    List {
        /// The user, by login or id.
        #[arg(long)]
        user: Option<String>,
    },
    /// Sets a domain's level, or with --user one user's own.
    #[command(after_help = "\
Examples:
  syncline level set calendar export
  syncline level set task import --user anna")]
    Set {
        /// business_contact, personal_contact, employee, calendar or task.
        #[arg(value_parser = words::domain)]
        domain: Domain,
        /// full, export, import or none.
        #[arg(value_parser = words::level)]
        level: Level,
        /// The user, by login or id.
        #[arg(long)]
        user: Option<String>,
    },
    /// Takes a user's own level back.
    Clear {
        /// The domain.
        #[arg(value_parser = words::domain)]
        domain: Domain,
        /// The user, by login or id.
        #[arg(long)]
        user: String,
    },
}

/// Carries it out.
pub async fn run(command: Command, config: &Path, show: &mut Show<'_>) -> Result<(), Failure> {
    let services = open(config).await?;
    match command {
        Command::List { user: None } => {
            let settings = setting::get(&services).await?;
            let rows: Vec<(Domain, Level, usize)> = Domain::ALL
                .into_iter()
                .map(|domain| {
                    let of = settings.domain(domain);
                    (domain, of.level, of.group_rules.len())
                })
                .collect();
            show.list(&rows, &["domain", "level", "group rules"], |(domain, level, rules)| {
                vec![domain.to_string(), level.name().to_owned(), rules.to_string()]
            })
        }
        Command::List { user: Some(name) } => {
            let pairing = user::pairing(&services, &name).await?;
            let own = pairing.settings.levels;
            let rows: Vec<(Domain, Option<Level>)> =
                Domain::ALL.into_iter().map(|domain| (domain, own.get(&domain).copied())).collect();
            show.list(&rows, &["domain", "own level"], |(domain, level)| {
                vec![domain.to_string(), or_dash(level.map(Level::name))]
            })
        }
        Command::Set { domain, level, user: None } => {
            level::set_ceilings(&services, &BTreeMap::from([(domain, level)])).await?;
            let told = json!({ "domain": domain, "level": level });
            show.done(&told, &format!("{domain} is at {}", level.name()))
        }
        Command::Set { domain, level, user: Some(name) } => {
            let levels = BTreeMap::from([(domain, Some(level))]);
            level::set_own(&services, &name, &levels).await?;
            let told = json!({ "user": name, "domain": domain, "level": level });
            show.done(&told, &format!("{domain} of {name} is at {}", level.name()))
        }
        Command::Clear { domain, user: name } => {
            let levels = BTreeMap::from([(domain, None)]);
            level::set_own(&services, &name, &levels).await?;
            let told = json!({ "user": name, "domain": domain, "level": null });
            show.done(&told, &format!("{name} has no level of his own for {domain} any more"))
        }
    }
}
