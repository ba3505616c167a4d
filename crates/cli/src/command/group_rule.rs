//! `syncline group-rule`: levels for organizations, positions and user lists.

use super::{open, words};
use crate::exit::Failure;
use crate::show::{Show, or_dash, yes_no};
use clap::Subcommand;
use model::settings::GroupRule;
use model::{Domain, Level};
use server::ops::group_rule::{self, ShownRule};
use std::path::Path;

/// What can be done with group rules.
#[derive(Subcommand)]
pub enum Command {
    /// Shows a domain's rules in the order they are tried.
    List {
        /// The domain.
        #[arg(value_parser = words::domain)]
        domain: Domain,
    },
    /// Adds a rule, last or before the one at a position.
    #[command(after_help = "\
Example: everybody below a position exports tasks only
  syncline group-rule add task position POS-00000007 export --and-below")]
    Add {
        /// The domain.
        #[arg(value_parser = words::domain)]
        domain: Domain,
        /// What kind of group.
        group: words::Group,
        /// The group's id in the CRM.
        id: String,
        /// What its members get.
        #[arg(value_parser = words::level)]
        level: Level,
        /// Sub-positions and sub-organizations count too.
        #[arg(long)]
        and_below: bool,
        /// Before the rule at this position, counted from 1.
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
        before: Option<u32>,
    },
    /// Takes a rule out.
    Remove {
        /// The domain.
        #[arg(value_parser = words::domain)]
        domain: Domain,
        /// Its position, counted from 1.
        #[arg(value_parser = clap::value_parser!(u32).range(1..))]
        position: u32,
    },
}

/// Carries it out.
pub async fn run(command: Command, config: &Path, show: &mut Show<'_>) -> Result<(), Failure> {
    let services = open(config).await?;
    let rules = match command {
        Command::List { domain } => group_rule::list(&services, domain).await?,
        Command::Add { domain, group, id, level, and_below, before } => {
            let rule = GroupRule { group: group.into(), id, and_below, level };
            group_rule::add(&services, domain, rule, before.map(words::place)).await?
        }
        Command::Remove { domain, position } => group_rule::remove(&services, domain, words::place(position)).await?,
    };
    let mut position = 0;
    let numbered: Vec<(usize, ShownRule)> = rules
        .into_iter()
        .map(|rule| {
            position += 1;
            (position, rule)
        })
        .collect();
    let head = ["position", "group", "id", "name", "and below", "level", "broken"];
    show.list(&numbered, &head, |(position, shown)| {
        vec![
            position.to_string(),
            shown.rule.group.name().to_owned(),
            shown.rule.id.clone(),
            or_dash(shown.name.as_ref()),
            yes_no(shown.rule.and_below),
            shown.rule.level.name().to_owned(),
            yes_no(shown.broken),
        ]
    })
}
