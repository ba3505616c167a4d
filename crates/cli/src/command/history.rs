//! `syncline history`: what was changed, when, and why.

use super::{open, words};
use crate::exit::Failure;
use crate::show::Show;
use serde_json::{Value as Json, json};
use server::json::told::{before_json, values_json};
use server::ops::people;
use std::path::Path;
use store::HistoryFilter;

/// Lines read at a time.
const PAGE: usize = 200;

/// Which lines.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  syncline history --user anna --since 24h
  syncline history --crm-record ACT-00000012")]
pub struct Args {
    /// One user's, by login or id.
    #[arg(long)]
    user: Option<String>,
    /// One record's, by its id in the CRM.
    #[arg(long, conflicts_with = "pim_record")]
    crm_record: Option<String>,
    /// One item's, by its id in the mailbox.
    #[arg(long)]
    pim_record: Option<String>,
    /// One cycle's, as a line names it.
    #[arg(long)]
    cycle: Option<String>,
    /// From when on: an instant, or a distance such as 30m, 24h or 7d.
    #[arg(long)]
    since: Option<String>,
    /// At most this many lines, the newest first.
    #[arg(long, default_value_t = 100)]
    limit: usize,
}

/// Shows them.
pub async fn run(args: Args, config: &Path, show: &mut Show<'_>) -> Result<(), Failure> {
    let services = open(config).await?;
    let record = words::record(args.crm_record, args.pim_record);
    let since = match &args.since {
        Some(text) => Some(words::since(text, services.clock.now())?),
        None => None,
    };
    let pairing = people::optional_pairing(&services, args.user.as_deref()).await?;
    let filter = HistoryFilter { pairing, record, cycle: args.cycle, since, ..HistoryFilter::default() };
    let mut rows: Vec<Json> = Vec::new();
    let mut after = None;
    while rows.len() < args.limit {
        let page = people::history(&services, None, &filter, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.key.clone());
        rows.extend(people::named(&services, page).await?.iter().map(|line| {
            let of = &line.what.0;
            // A conflict's line writes nothing: what it is about is what was overruled.
            let about = if of.after.is_empty() { &of.overruled } else { &of.after };
            let fields: Vec<String> = about.keys().map(ToString::to_string).collect();
            json!({
                "at": of.at,
                "user": line.user,
                "pairing": of.pairing,
                "cycle": of.cycle,
                "domain": of.domain,
                "side": of.side,
                "what": of.what,
                "crm": of.crm,
                "pim": of.pim,
                "fields": fields,
                "before": before_json(&of.before),
                "after": values_json(&of.after),
                "overruled": values_json(&of.overruled),
                "by": of.by,
                "note": of.note,
            })
        }));
    }
    rows.truncate(args.limit);
    let head = ["at", "user", "cycle", "domain", "side", "what", "crm", "fields", "by", "note"];
    show.list(&rows, &head, |row| {
        head.map(|name| match &row[name] {
            Json::String(text) => text.clone(),
            Json::Array(list) => list.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(", "),
            _ => String::new(),
        })
        .to_vec()
    })
}
