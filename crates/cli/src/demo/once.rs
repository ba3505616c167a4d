//! `syncline demo --once`: a whole story, compared at the end.

use super::compare::{Verdict, compare};
use super::counting::{self, Domains};
use super::drive;
use super::edits::Day;
use super::hand::Hand;
use super::progress::Progress;
use super::reading::{self, Reading};
use super::result::{HEAD, Outcome};
use super::sabotage::Bend;
use super::sample::Sample;
use super::stage::{CONNECTIONS, Stage};
use super::track::User;
use super::{Args, dump};
use crate::exit::Failure;
use crate::show::Show;
use anyhow::{Result, bail};
use engine::port::Clock;
use model::Domain;
use server::clock::MachineClock;
use server::ops::user::{self, ChangeUser};
use std::path::Path;

/// Cycles that must not write anything once nobody edits.
const IDLE: usize = 3;
/// Lines of what does not hold that are shown.
const SHOWN: usize = 400;
/// The user whose mailbox moves to the other server; all his domains go both ways.
const MOVES: User = 4;

/// Runs the story and tells how it ended.
pub async fn run(args: &Args, folder: &Path, show: &mut Show<'_>) -> Result<(), Failure> {
    let progress = Progress::new(!show.is_json());
    let ended = story(args, folder, &progress).await;
    progress.end();
    let (outcome, faults) = ended?;
    if !show.is_json() {
        let rows: Vec<Domain> = outcome.domains.keys().copied().collect();
        show.list(&rows, &HEAD, |domain| outcome.domains.get(domain).copied().unwrap_or_default().cells(*domain))?;
        show.line(&format!(
            "{} users, {} conflicts, {} held, {} asleep, {} quarantined, {} double, {} lost, {} mails sent, {} idle writes",
            outcome.users,
            outcome.conflicts,
            outcome.held,
            outcome.slept,
            outcome.quarantined,
            outcome.duplicates,
            outcome.lost,
            outcome.mails_sent,
            outcome.idle_writes
        ))?;
    }
    if show.is_json() {
        show.value(&outcome)?;
    } else {
        show.line(if outcome.converged { "converged: both sides are as the rules say" } else { "not converged" })?;
    }
    if outcome.converged {
        return Ok(());
    }
    let first: Vec<String> = faults.into_iter().take(SHOWN).collect();
    Err(Failure::not_as_asked(format!("the demonstration did not converge:\n{}", first.join("\n"))))
}

async fn story(args: &Args, folder: &Path, progress: &Progress) -> Result<(Outcome, Vec<String>)> {
    let today = MachineClock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let mut sample = Sample::draw(args.seed, today);
    let bend = Bend::new(args.sabotage);
    let setting = |what: &str| progress.tell(&format!("setting the stage: {what}"));
    let mut stage = Stage::set(folder, args.seed, &mut sample, |remotes| bend.around(remotes), &setting).await?;
    let told = play(args, &mut stage, &mut sample, &bend, progress).await;
    stage.strike().await;
    told
}

async fn play(
    args: &Args,
    stage: &mut Stage,
    sample: &mut Sample,
    bend: &Bend,
    progress: &Progress,
) -> Result<(Outcome, Vec<String>)> {
    let mut domains = Domains::default();
    let mut faults = Vec::new();

    if args.dump.is_some() {
        let seeded = read(stage).await?;
        kept(args, "seeded", &seeded, stage).await?;
    }
    let mut done = drive::until_quiet(stage, &|round| progress.tell(&format!("first cycles, round {round}"))).await?;
    settle(sample);
    let reading = read(stage).await?;
    domains.learn(&reading, &sample.tracks);
    kept(args, "first", &reading, stage).await?;
    let first = verdict(&reading, sample, stage);
    faults.extend(first.lines().map(|line| format!("after the first cycles: {line}")));

    progress.tell("a day of edits on both sides");
    bend.arm();
    let hand = Hand::new(stage, &sample.organisation, &reading, &mut sample.tracks);
    let mut day = Day::new(&hand, &sample.rules, &mut sample.draw, sample.today);
    day.work(&mut sample.tracks).await?;
    let edited: usize = day.done.values().sum();
    let kinds = day.done.len();
    progress.keep(&format!("first cycles: {} rounds; then {edited} edits of {kinds} kinds", done.rounds));
    if args.dump.is_some() {
        let edited = read(stage).await?;
        kept(args, "edited", &edited, stage).await?;
    }
    done.and(drive::until_quiet(stage, &|round| progress.tell(&format!("bringing it over, round {round}"))).await?);
    settle(sample);
    domains.learn(&read(stage).await?, &sample.tracks);

    progress.tell("moving a mailbox to the other server");
    if let Some(dir) = &args.dump {
        dump::wire(dir, "settled", stage).await?;
    }
    let before = counting::creates(stage).await?;
    let outlook = move_mailbox(stage, sample).await?;
    done.and(drive::until_quiet(stage, &|round| progress.tell(&format!("the moved mailbox, round {round}"))).await?);
    let created = counting::creates(stage).await? - before;
    if created > 0 {
        faults.push(format!("the move of a mailbox made {created} records"));
    }

    progress.tell("comparing");
    stage.outlooks[MOVES] = outlook;
    let last = read(stage).await?;
    domains.learn(&last, &sample.tracks);
    let at_last = verdict(&last, sample, stage);
    let mut outcome = Outcome { duplicates: at_last.duplicates.len(), lost: at_last.lost.len(), ..Outcome::default() };
    faults.extend(at_last.lines());
    kept(args, "quiet", &last, stage).await?;

    progress.tell("three more cycles in which nobody edits");
    let before = counting::writes(stage).await?;
    for _ in 0..IDLE {
        drive::round(stage, &mut done).await?;
    }
    outcome.idle_writes = counting::writes(stage).await? - before;
    if args.dump.is_some() {
        let idle = read(stage).await?;
        kept(args, "idle", &idle, stage).await?;
    }
    counting::count(stage, &domains, &done, &mut outcome).await?;
    if !done.quiet {
        faults.push("the cycles did not come to rest".to_owned());
    }
    faults.extend(done.troubles.iter().map(|trouble| format!("a cycle: {trouble}")));
    faults.extend(outcome.faults());
    outcome.converged = faults.is_empty() && at_last.holds();
    Ok((outcome, faults))
}

/// The rules' answer to everything people did so far.
fn settle(sample: &mut Sample) {
    for track in &mut sample.tracks {
        sample.rules.settle(track);
    }
}

/// Writes a read into the folder that was asked for, if one was.
async fn kept(args: &Args, name: &str, reading: &Reading, stage: &Stage) -> Result<()> {
    match &args.dump {
        Some(dir) => dump::write(dir, name, reading, stage).await,
        None => Ok(()),
    }
}

async fn read(stage: &Stage) -> Result<Reading> {
    reading::read(&stage.api, &stage.ids, &stage.outlooks).await
}

fn verdict(reading: &Reading, sample: &Sample, stage: &Stage) -> Verdict {
    compare(reading, sample, &stage.ids.people)
}

/// Moves a mailbox to the other server, and says so as an administrator does (M4).
async fn move_mailbox(stage: &Stage, sample: &Sample) -> Result<super::outlook::Outlook> {
    let from = sample.organisation.people[MOVES].server;
    let to = 1 - from;
    let address = sample.organisation.address(MOVES);
    if let Err(why) = stage.emulators[from].move_mailbox(address, &stage.emulators[to]) {
        bail!("the mailbox cannot be moved: {why}");
    }
    let request =
        ChangeUser { connection: Some(CONNECTIONS[to].to_owned()), confirm_mailbox: true, ..ChangeUser::default() };
    let login = &sample.organisation.people[MOVES].login;
    user::change(&stage.services, login, request).await?;
    Ok(stage.outlook(&sample.organisation, MOVES, to))
}
