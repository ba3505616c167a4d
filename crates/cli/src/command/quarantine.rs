//! `syncline quarantine`: records that cannot be synchronised, with the reason.

use super::{open, words};
use crate::exit::Failure;
use crate::show::Show;
use model::Domain;
use serde_json::{Value as Json, json};
use server::ops::people;
use std::path::Path;

/// Rows read at a time, and the most that are shown.
const PAGE: usize = 200;

/// Whose.
#[derive(clap::Args)]
pub struct Args {
    /// One user's, by login or id; all without it.
    #[arg(long)]
    user: Option<String>,
    /// One domain's; a domain of contacts shows all contacts.
    #[arg(long, value_parser = words::domain)]
    domain: Option<Domain>,
    /// At most this many.
    #[arg(long, default_value_t = 200)]
    limit: usize,
}

/// Shows them.
pub async fn run(args: Args, config: &Path, show: &mut Show<'_>) -> Result<(), Failure> {
    let services = open(config).await?;
    let mut rows: Vec<Json> = Vec::new();
    let mut after = None;
    while rows.len() < args.limit {
        let page = people::quarantine(&services, None, args.user.as_deref(), args.domain, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.what.key());
        rows.extend(page.iter().map(|row| {
            let of = &row.what.record;
            json!({
                "user": row.user,
                "pairing": row.what.pairing,
                "side": of.side,
                "kind": of.kind,
                "id": of.id,
                "name": row.what.name,
                "when": row.what.when,
                "reason": of.reason,
                "since": of.since,
            })
        }));
    }
    rows.truncate(args.limit);
    let head = ["user", "side", "kind", "id", "name", "when", "reason", "since"];
    show.list(&rows, &head, |row| head.map(|name| row[name].as_str().unwrap_or_default().to_owned()).to_vec())
}
