//! `syncline undo`: what the synchronisation changed is put back, after it was shown.

use super::{open, words};
use crate::exit::Failure;
use crate::show::{Show, or_dash};
use model::{PairingId, Path as FieldPath, Side, Value};
use server::ops::names;
use server::ops::undo::{self, Asked, PutBack, Shown};
use std::collections::BTreeMap;
use std::path::Path;

/// What.
#[derive(clap::Args)]
#[command(after_help = "\
Without --yes nothing is written: what would be is shown, and what stays because a person changed it since.
An undoing is a cycle in the history, and is undone by its id.

Examples:
  syncline undo --record ACT-00000012                    the record's last change
  syncline undo --record ACT-00000012 --since 2d --yes   everything since two days ago
  syncline undo --cycle 3f0c… --yes                      one cycle, as 'syncline history' names it
  syncline undo --user anna --since 1h --yes             everything done for Anna in the last hour")]
pub struct Args {
    /// One record, by its id in the CRM: its last change, or those of the cycle or since the time.
    #[arg(long, conflicts_with = "pim_record")]
    record: Option<String>,
    /// One item, by its id in the mailbox.
    #[arg(long)]
    pim_record: Option<String>,
    /// One cycle.
    #[arg(long)]
    cycle: Option<String>,
    /// One user's mailbox alone, by login or id.
    #[arg(long)]
    user: Option<String>,
    /// From when on: an instant, or a distance such as 30m, 24h or 7d.
    #[arg(long)]
    since: Option<String>,
    /// Do it.
    #[arg(long)]
    yes: bool,
    /// Do exactly what was shown under this digest, and nothing if something changed meanwhile.
    #[arg(long, requires = "yes")]
    digest: Option<String>,
    /// Let what was shown under this digest pass a brake.
    #[arg(long, requires = "yes")]
    release: Option<String>,
}

/// Shows it, or does it.
pub async fn run(args: Args, config: &Path, show: &mut Show<'_>) -> Result<(), Failure> {
    let services = open(config).await?;
    let record = words::record(args.record, args.pim_record);
    let since = match &args.since {
        Some(text) => Some(words::since(text, services.clock.now())?),
        None => None,
    };
    let asked = Asked { user: args.user, record, cycle: args.cycle, since };
    let shown = if args.yes {
        undo::run(&services, None, &asked, args.digest.as_deref(), args.release.as_deref()).await?
    } else {
        undo::show(&services, None, &asked).await?
    };
    if show.is_json() {
        return show.value(&shown);
    }
    let pairings =
        shown.lines.iter().map(|put| &put.line.pairing).chain(shown.stays.iter().map(|stays| &stays.pairing));
    let pairings = pairings.chain(shown.troubles.keys()).cloned().collect();
    tell(&shown, &names::of_pairings(&services, &pairings).await?, show)
}

/// What would be put back, or was, with logins for pairings.
fn tell(shown: &Shown, whose: &BTreeMap<PairingId, String>, show: &mut Show<'_>) -> Result<(), Failure> {
    let login = |pairing: &PairingId| whose.get(pairing).cloned().unwrap_or_else(|| pairing.to_string());
    show.list(&shown.lines, &["user", "domain", "side", "CRM", "what", "from → to"], |put| {
        let line = &put.line;
        vec![
            login(&line.pairing),
            line.domain.to_string(),
            or_dash(line.side.map(Side::as_str)),
            or_dash(line.crm.as_ref()),
            put.text.clone(),
            changes(put),
        ]
    })?;
    for stays in &shown.stays {
        let fields = if stays.fields.is_empty() { String::new() } else { format!(" {}", stays.fields.join(", ")) };
        show.line(&format!("stays: {} {} {}{fields}: {}", login(&stays.pairing), stays.domain, stays.crm, stays.why))?;
    }
    for (pairing, why) in &shown.troubles {
        show.line(&format!("not looked at: {}: {why}", login(pairing)))?;
    }
    for brake in &shown.brakes {
        show.line(&format!("brake: {brake}"))?;
    }
    match (&shown.cycle, shown.lines.len()) {
        (_, 0) => show.line("nothing is put back"),
        (Some(cycle), lines) => {
            show.line(&format!("{lines} put back; 'syncline undo --cycle {cycle}' takes it back again"))
        }
        (None, lines) => {
            let word = if shown.brakes.is_empty() { "digest" } else { "release" };
            show.line(&format!(
                "{lines} would be put back; nothing was done: --yes does it, --yes --{word} {} exactly this",
                shown.digest
            ))
        }
    }
}

/// The values, as people read them.
fn changes(put: &PutBack) -> String {
    let of = |(path, value): (&FieldPath, &Value)| {
        let before = put.line.before.get(path).and_then(Option::as_ref);
        let word =
            |value: Option<&Value>| value.map_or_else(|| "–".to_owned(), |value| words::value(&path.field, value));
        format!("{path}: {} → {}", word(before), word(Some(value)))
    };
    put.line.after.iter().map(of).collect::<Vec<_>>().join("; ")
}
