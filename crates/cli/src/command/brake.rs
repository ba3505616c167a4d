//! `syncline brake`: plans that were stopped because they looked like an accident, and their release.

use super::{open, words};
use crate::exit::Failure;
use crate::show::{Show, or_dash};
use clap::{Subcommand, ValueEnum};
use model::{Domain, Side};
use serde_json::json;
use server::ops::people;
use std::path::Path;

/// What can be done with brakes.
#[derive(Subcommand)]
pub enum Command {
    /// Shows every brake that tripped, with its reason and the digest of its plan.
    List,
    /// Releases a brake for the plan with this digest, and for no other.
    #[command(after_help = "\
Look at the plan first, then release it:
  syncline plan --user anna
  syncline brake release --user anna --domain calendar --side crm --digest 5f3a…")]
    Release {
        /// Whose; without a user the brake over all.
        #[arg(long)]
        user: Option<String>,
        /// Which domain's; none for the brake over all.
        #[arg(long, value_parser = words::domain)]
        domain: Option<Domain>,
        /// Which side was to be written.
        #[arg(long)]
        side: OnSide,
        /// The digest that the list shows.
        #[arg(long)]
        digest: String,
    },
}

/// A side on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum OnSide {
    /// The CRM.
    Crm,
    /// The mailbox.
    Pim,
}

impl From<OnSide> for Side {
    fn from(side: OnSide) -> Side {
        match side {
            OnSide::Crm => Side::Crm,
            OnSide::Pim => Side::Pim,
        }
    }
}

/// Carries it out.
pub async fn run(command: Command, config: &Path, show: &mut Show<'_>) -> Result<(), Failure> {
    let services = open(config).await?;
    match command {
        Command::List => {
            let list = people::brakes(&services).await?;
            let head = ["user", "domain", "side", "digest", "why", "at", "released"];
            show.list(&list, &head, |told| {
                let of = &told.what;
                vec![
                    or_dash(told.user.as_ref()),
                    or_dash(of.domain),
                    of.side.as_str().to_owned(),
                    of.digest.clone(),
                    of.why.clone(),
                    of.at.to_string(),
                    or_dash(of.released.as_ref()),
                ]
            })
        }
        Command::Release { user, domain, side, digest } => {
            people::release(&services, user.as_deref(), domain, side.into(), &digest).await?;
            show.done(&json!({ "released": digest }), "released for this plan; the next cycle carries it out")
        }
    }
}
