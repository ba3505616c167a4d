//! `syncline plan`: what the next cycle would do. Nothing is written on either side.

use super::open;
use crate::exit::Failure;
use crate::show::{Show, or_dash};
use engine::PlanReport;
use serde_json::json;
use server::ops::{cycle, people, status, user};
use std::path::Path;

/// Users read at a time.
const PAGE: usize = 200;

/// Whose.
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  syncline plan --user anna")]
pub struct Args {
    /// One user, by login or id; all who are mapped without it.
    #[arg(long)]
    user: Option<String>,
}

/// Shows the plans.
pub async fn run(args: Args, config: &Path, show: &mut Show<'_>) -> Result<(), Failure> {
    let services = open(config).await?;
    let mut users: Vec<(String, bool)> = Vec::new();
    if let Some(name) = args.user {
        let enabled = user::pairing(&services, &name).await?.enabled;
        users.push((name, enabled));
    } else {
        let mut after = None;
        loop {
            let page = status::page(&services, after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.pairing.clone());
            users.extend(page.into_iter().map(|of| (of.login.unwrap_or(of.user), of.enabled)));
        }
    }
    if users.is_empty() && !show.is_json() {
        return show.line("no user is mapped; 'syncline user map' maps one");
    }
    let brakes = people::brakes(&services).await?;
    for (user, enabled) in users {
        let report = cycle::plan(&services, &user).await?;
        let pairing = user::pairing(&services, &user).await?.id;
        // A plan is not carried out while a brake waits for a person (rule C8), his own or the one over all.
        let waits = brakes
            .iter()
            .filter(|told| told.what.pairing.as_ref().is_none_or(|of| *of == pairing) && told.what.released.is_none());
        if show.is_json() {
            show.value(
                &json!({ "user": user, "enabled": enabled, "plan": report, "brakes": waits.collect::<Vec<_>>() }),
            )?;
            continue;
        }
        let once = if enabled { "" } else { " (once the user is enabled)" };
        show.line(&format!("{user}{once}: {}", summary(&report)))?;
        for told in waits {
            let what = told.what.domain.map_or_else(|| "the deletes of all".to_owned(), |domain| domain.to_string());
            let why = &told.what.why;
            show.line(&format!("{what}: a brake waits for a person, see 'syncline brake list': {why} (C8)"))?;
        }
        let head = ["domain", "what", "side", "CRM", "mailbox", "why"];
        show.list(&report.lines, &head, |line| {
            vec![
                or_dash(line.domain),
                line.what.clone(),
                or_dash(line.side.map(model::Side::as_str)),
                or_dash(line.crm.as_ref()),
                line.pim.as_ref().map_or_else(|| "–".to_owned(), |id| short(id.as_str())),
                line.text.join("; "),
            ]
        })?;
    }
    Ok(())
}

fn summary(report: &PlanReport) -> String {
    if report.totals.is_empty() {
        return "nothing to do".to_owned();
    }
    let totals: Vec<String> = report.totals.iter().map(|(what, number)| format!("{what} {number}")).collect();
    let more = if report.more { "; more lines than shown" } else { "" };
    format!("{}{more}", totals.join(", "))
}

/// A mailbox's id by its end, which is where ids differ; they are longer than a line.
fn short(id: &str) -> String {
    let count = id.chars().count();
    if count <= 24 {
        return id.to_owned();
    }
    let end: String = id.chars().skip(count - 20).collect();
    format!("…{end}")
}
