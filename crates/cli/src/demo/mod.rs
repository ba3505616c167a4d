//! `syncline demo`: the product at work on this machine, with nothing else installed.
//!
//! A sample organisation in the built-in CRM, two emulated Exchange servers on loopback, a mailbox for every user. With
//! `--once` a whole story: first cycles, a day of edits on both sides, a mailbox that moves, and at the end a comparison of
//! fresh reads with what the rules say.

mod canonical;
mod compare;
mod counting;
mod crm_api;
mod draw;
mod drive;
mod dump;
mod edits;
mod ews_fields;
mod ews_times;
mod expect;
mod faces;
mod hand;
mod live;
mod mailboxes;
mod once;
mod organisation;
mod outlook;
mod progress;
mod reading;
mod records;
mod result;
mod sabotage;
mod sample;
mod seed;
mod stage;
mod touch;
mod track;
mod wire_tap;
mod words;

use crate::exit::Failure;
use crate::show::Show;
use sabotage::Sabotage;
use std::path::PathBuf;

/// The sync's own database, in the folder the demonstration works in.
const STORE: &str = "syncline.db";

/// What is shown.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  syncline demo                       everything in step until Ctrl-C; try the API and the mailboxes yourself
  syncline demo --once                a whole day in a minute, compared at the end; exit code 0 when all is as the rules say
  syncline demo --once --seed 7       another organisation
  syncline demo --once --sabotage duplicate
                                      the same with a sync that is wrong on purpose: it must be noticed, exit code 1")]
pub struct Args {
    /// First cycles, edits on both sides, a move, a comparison; then it ends.
    #[arg(long)]
    once: bool,
    /// The sample organisation is drawn from this number.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Keeps the databases in this folder instead of a temporary one.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Writes the API's JSON and the raw EWS answers of every mailbox, unedited, at every step; goes with --once.
    #[arg(long, value_name = "DIR")]
    dump: Option<PathBuf>,
    /// Makes the sync wrong on purpose; goes with --once.
    #[arg(long, value_enum)]
    sabotage: Option<Sabotage>,
}

/// Shows it.
pub async fn run(args: Args, show: &mut Show<'_>) -> Result<(), Failure> {
    let temporary = match &args.data {
        Some(_) => None,
        None => Some(tempfile::tempdir()?),
    };
    let folder = match (&args.data, &temporary) {
        (Some(folder), _) => folder.clone(),
        (None, Some(temporary)) => temporary.path().to_owned(),
        (None, None) => return Err(Failure::not_as_asked("there is no folder to work in")),
    };
    if folder.join(STORE).exists() {
        // The mailboxes of the demonstration before live no more, so nothing could go on from its databases.
        let told = "holds a demonstration already, which cannot be gone on with; name a folder that is new or empty";
        return Err(Failure::not_as_asked(format!("{} {told}", folder.display())));
    }
    if args.once || args.dump.is_some() || args.sabotage.is_some() {
        once::run(&args, &folder, show).await
    } else {
        live::run(&args, &folder, show).await
    }
}
