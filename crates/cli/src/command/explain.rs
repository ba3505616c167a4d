//! `syncline explain`: why a user or a record is, or is not, in sync, rule by rule.

use super::{open, words};
use crate::exit::Failure;
use crate::show::Show;
use clap::{Subcommand, ValueEnum};
use model::settings::GroupKind;
use model::{Kind, RecordId, Side};
use server::ops::cycle;
use std::collections::BTreeSet;
use std::path::Path;

/// What can be explained.
#[derive(Subcommand)]
pub enum Command {
    /// Whose level counts for a user, domain by domain.
    #[command(after_help = "\
What if she joined a group?
  syncline explain user anna --joined user-list:LST-00000002")]
    User {
        /// The user, by login or id.
        user: String,
        /// As if he were in this group too: organization:ID, position:ID or user-list:ID.
        #[arg(long)]
        joined: Vec<String>,
    },
    /// Why a record is, or is not, in sync for a user.
    #[command(after_help = "\
Examples:
  syncline explain record ACT-00000012 --user anna
  syncline explain record AAMkAD… --kind appointment --user anna")]
    Record {
        /// The record's id in the CRM, or with --kind the item's id in the mailbox.
        id: String,
        /// The user, by login or id.
        #[arg(long)]
        user: String,
        /// The id is of an item of this kind in the mailbox.
        #[arg(long)]
        kind: Option<ItemKind>,
        /// The CRM's activity is a to-do, not an appointment.
        #[arg(long, conflicts_with = "kind")]
        task: bool,
    },
}

/// A kind on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ItemKind {
    /// A contact.
    Contact,
    /// An appointment.
    Appointment,
    /// A task.
    Task,
}

/// Carries it out.
pub async fn run(command: Command, config: &Path, show: &mut Show<'_>) -> Result<(), Failure> {
    let services = open(config).await?;
    match command {
        Command::User { user: name, joined } => {
            let joined = joined.iter().map(|text| group(text)).collect::<Result<BTreeSet<_>, _>>()?;
            let explained = cycle::explain_user(&services, &name, &joined).await?;
            let mut lines = explained.text.clone();
            lines.extend(explained.broken.iter().map(|rule| format!("A rule is broken: {rule}.")));
            show.done(&explained, &lines.join("\n"))
        }
        Command::Record { id, user: name, kind, task } => {
            let (side, kind) = match kind {
                Some(ItemKind::Contact) => (Side::Pim, Kind::Contact),
                Some(ItemKind::Appointment) => (Side::Pim, Kind::Appointment),
                Some(ItemKind::Task) => (Side::Pim, Kind::Task),
                None if task => (Side::Crm, Kind::Task),
                None if id.starts_with(crm::ActivityId::PREFIX) => (Side::Crm, Kind::Appointment),
                None => (Side::Crm, Kind::Contact),
            };
            let id = RecordId::new(id);
            let explained = cycle::explain_record(&services, &name, side, kind, &id).await?;
            show.done(&explained, &explained.text.join("\n"))
        }
    }
}

fn group(text: &str) -> Result<(GroupKind, String), Failure> {
    text.split_once(':')
        .and_then(|(kind, id)| {
            let kind = words::Group::from_str(kind, true).ok()?;
            Some((kind.into(), id.to_owned()))
        })
        .ok_or_else(|| Failure::usage(format!("--joined {text}: organization:ID, position:ID or user-list:ID")))
}
