//! `syncline demo`: everything kept in step until it is stopped, for people to try things out.

use super::Args;
use super::progress::Progress;
use super::sample::Sample;
use super::stage::{SERVICE, Stage};
use crate::command::stopped;
use crate::exit::Failure;
use crate::show::Show;
use engine::port::Clock;
use serde_json::{Map, json};
use server::clock::MachineClock;
use server::ops::{setting, status};
use std::path::Path;
use tokio::sync::watch;

/// How often the progress is looked at.
const LOOK_MS: u64 = 1_000;
/// Users shown.
const PAGE: usize = 100;
/// Seconds between two cycles of a user.
const INTERVAL_S: u32 = 2;

/// Runs until it is stopped.
pub async fn run(args: &Args, folder: &Path, show: &mut Show<'_>) -> Result<(), Failure> {
    let progress = Progress::new(!show.is_json());
    let today = MachineClock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let mut sample = Sample::draw(args.seed, today);
    let setting = |what: &str| progress.tell(&format!("setting the stage: {what}"));
    let stage = Stage::set(folder, args.seed, &mut sample, |remotes| remotes, &setting).await?;
    let patch = Map::from_iter([("interval_s".to_owned(), json!(INTERVAL_S))]);
    setting::change(&stage.services, &patch, None).await?;
    tell(&stage, &sample, folder, show)?;
    let claim = stage.services.store.claim_serve(&stage.services.node).await?;
    let (stop, told) = watch::channel(false);
    let worker = tokio::spawn(server::worker::run(stage.services.clone(), told));
    let ended = tokio::select! {
        () = stopped() => Ok(()),
        failed = watch_progress(&stage, &progress) => failed,
    };
    progress.end();
    stop.send_replace(true);
    // A worker that ended by itself has nothing left to stop.
    let _ = worker.await;
    drop(claim);
    stage.strike().await;
    ended
}

/// Where everything is and how to sign in.
fn tell(stage: &Stage, sample: &Sample, folder: &Path, show: &mut Show<'_>) -> Result<(), Failure> {
    let users: Vec<_> = sample
        .organisation
        .people
        .iter()
        .zip(&stage.ids.tokens)
        .map(|(person, token)| {
            json!({
                "login": person.login,
                "mailbox": person.addresses[0],
                "ews": stage.ews[person.server],
                "token": token,
            })
        })
        .collect();
    if show.is_json() {
        return show.value(&json!({
            "api": stage.api_url,
            "administrator": stage.ids.admin,
            "ews": stage.ews,
            "password": stage.password,
            "service": SERVICE,
            "config": stage.config,
            "users": users,
        }));
    }
    show.line(&format!("The API is at {}/api/openapi.json", stage.api_url))?;
    show.line(&format!("The administrator's token: {}", stage.ids.admin))?;
    show.line(&format!("Every mailbox has the password {}", stage.password))?;
    show.list(&users, &["login", "mailbox", "EWS", "token"], |user| {
        ["login", "mailbox", "ews", "token"].map(|name| user[name].as_str().unwrap_or_default().to_owned()).to_vec()
    })?;
    let config = stage.config.display();
    show.line(&format!("Commands work beside it: syncline --config {config} user list"))?;
    show.line(&format!("The databases are in {}; stop with Ctrl-C", folder.display()))
}

/// Shows how far the users are, for ever.
async fn watch_progress(stage: &Stage, progress: &Progress) -> Result<(), Failure> {
    let mut first = true;
    loop {
        let users = status::page(&stage.services, None, PAGE).await?;
        let ready = users.iter().filter(|user| user.first_done).count();
        let links: u64 = users
            .iter()
            .filter_map(|user| user.links.as_ref())
            .flat_map(|links| links.values())
            .map(|links| links.all)
            .sum();
        let trouble = users.iter().filter(|user| user.trouble.is_some()).count();
        let (held, quarantined) = users.iter().fold((0, 0), |(held, quarantined), user| {
            (held + user.held.unwrap_or(0), quarantined + user.quarantined.unwrap_or(0))
        });
        progress.tell(&format!(
            "{ready} of {} users in step, {links} links, {held} held, {quarantined} quarantined, {trouble} in trouble",
            users.len()
        ));
        if first && ready == users.len() {
            progress.keep("the first cycles are done; change something on either side and watch it cross");
            first = false;
        }
        stage.services.clock.sleep_ms(LOOK_MS).await;
    }
}
