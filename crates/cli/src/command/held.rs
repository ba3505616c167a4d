//! `syncline held`: questions that only a person can decide.

use super::brake::OnSide;
use super::{open, words};
use crate::exit::Failure;
use crate::show::{Show, or_dash};
use clap::Subcommand;
use model::{Domain, RecordId, Side};
use server::ops::cycle::{self, Decision};
use server::ops::names::Told;
use server::ops::naming::Named;
use server::ops::people::{self, Question};
use server::services::Services;
use std::path::Path;
use store::HeldKind;

/// Questions read at a time.
const PAGE: usize = 200;

/// What can be done with questions.
#[derive(Subcommand)]
pub enum Command {
    /// Shows the questions.
    List {
        /// One user's, by login or id.
        #[arg(long)]
        user: Option<String>,
        /// One domain's.
        #[arg(long, value_parser = words::domain)]
        domain: Option<Domain>,
        /// At most this many.
        #[arg(long, default_value_t = 200)]
        limit: usize,
    },
    /// Answers a question; the next cycle carries the answer out.
    #[command(after_help = "\
Examples:
  syncline held answer 5f3a… --stands crm
  syncline held answer 77b0… --crm CON-00000042 --pim AAMkAD…
  syncline held answer 1c9e… --seen")]
    Answer {
        /// The question's id.
        id: String,
        /// Of a conflict: the side whose value stands.
        #[arg(long, conflicts_with_all = ["crm", "seen"])]
        stands: Option<OnSide>,
        /// Of records that may be one: the record in the CRM.
        #[arg(long, requires = "pim", conflicts_with = "seen")]
        crm: Option<String>,
        /// The item in the mailbox that is the same.
        #[arg(long, requires = "crm")]
        pim: Option<String>,
        /// Nothing is to be done.
        #[arg(long)]
        seen: bool,
    },
}

/// Carries it out.
pub async fn run(command: Command, config: &Path, show: &mut Show<'_>) -> Result<(), Failure> {
    let services = open(config).await?;
    match command {
        Command::List { user, domain, limit } => list(&services, user.as_deref(), domain, limit, show).await,
        Command::Answer { id, stands, crm, pim, seen } => {
            let decision = match (stands, crm.zip(pim), seen) {
                (Some(side), _, _) => Decision::Stands(side.into()),
                (None, Some((crm, pim)), _) => Decision::Same { crm: RecordId::new(crm), pim: RecordId::new(pim) },
                (None, None, true) => Decision::Seen,
                (None, None, false) => {
                    return Err(Failure::usage("say --stands, --crm with --pim, or --seen"));
                }
            };
            let held = cycle::answer(&services, &id, &decision).await?;
            show.done(
                &people::questions(&services, None, vec![held]).await?.first(),
                "answered; the next cycle carries it out",
            )
        }
    }
}

async fn list(
    services: &Services,
    user: Option<&str>,
    domain: Option<Domain>,
    limit: usize,
    show: &mut Show<'_>,
) -> Result<(), Failure> {
    let mut list: Vec<Told<Question>> = Vec::new();
    while list.len() < limit {
        let after = list.last().map(|last| last.what.held.id.clone());
        let page = people::held(services, None, user, domain, after.as_deref(), PAGE).await?;
        if page.is_empty() {
            break;
        }
        list.extend(page);
    }
    list.truncate(limit);
    show.list(&list, &["id", "user", "domain", "question", "since"], |told| {
        let of = &told.what.held;
        vec![of.id.clone(), or_dash(told.user.as_ref()), of.domain.to_string(), question(&told.what), of.at.to_string()]
    })
}

fn question(of: &Question) -> String {
    let known = |side: Side, id: &RecordId| {
        let named = of.records.iter().find(|named| named.side == side && named.id == *id);
        match named.and_then(Named::words) {
            Some(words) => format!("{id} ({words})"),
            None => id.to_string(),
        }
    };
    let all = |side: Side, list: &[RecordId]| list.iter().map(|id| known(side, id)).collect::<Vec<_>>().join("; ");
    match &of.held.what {
        HeldKind::Conflict { link, values } => {
            let paths: Vec<String> = values.keys().map(ToString::to_string).collect();
            let whose = of.crm.as_ref().map_or_else(|| format!("link {link}"), |id| known(Side::Crm, id));
            format!("which value stands in {} of {whose}: the CRM's, or the mailbox's", paths.join(", "))
        }
        HeldKind::Ambiguous { crm, pim } => {
            format!("which of {} is which of {}", all(Side::Crm, crm), all(Side::Pim, pim))
        }
        HeldKind::PossibleDouble { crm, pim } => {
            format!("told, not asked: {} and {} may be one", known(Side::Crm, crm), known(Side::Pim, pim))
        }
    }
}
