//! The worker: runs the cycles that are due, each user's independent of the others', and passes on what happens in the CRM
//! within seconds.

use crate::again::until_it_ends;
use crate::services::Services;
use engine::{CycleError, CycleReport};
use futures::FutureExt;
use jiff::{SignedDuration, Timestamp};
use model::PairingId;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use store::{Retention, StoreError, Swept};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Cycles that run at the same time: so many users may wait for a slow server before anybody else waits for them (E7).
pub const AT_ONCE: usize = 64;

/// How often the store is asked what is due when no hint came: the shortest interval is a second (E4).
const LOOK_MS: u64 = 1_000;

/// How often the CRM is asked when no hint came: another process may have changed it.
const READ_MS: u64 = 2_000;

/// A cycle that could not be done is not tried again before this.
const AFTER_ERROR: SignedDuration = SignedDuration::from_secs(5);

/// A cycle that broke off by an error of ours is tried again after this; its lease ends by itself meanwhile.
const AFTER_BREAK: SignedDuration = SignedDuration::from_secs(60);

/// A pairing that somebody else works on is looked at again after this.
const AFTER_LEASED: SignedDuration = SignedDuration::from_secs(1);

/// A pairing that is due again at once waits at least this: whatever makes it due, one user never fills the machine.
const BETWEEN: SignedDuration = SignedDuration::from_millis(250);

/// Running cycles get this long to end when the server stops; a cycle may be dropped at any point.
const STOP_MS: u64 = 20_000;

/// How often nodes that died are looked for.
const BURY_MS: u64 = 5_000;

/// How often what is kept no longer is swept.
const SWEEP_MS: u64 = 3_600_000;

/// How often it is looked whether somebody must be told.
const ALERT_MS: u64 = 30_000;

/// Entries that the CRM's feed keeps: a reader that was away for longer has its pairings list anew.
pub const FEED_KEPT: u32 = 100_000;

/// Tells the loops to stop.
pub type Stop = watch::Receiver<bool>;

/// Runs until told to stop; cycles under way are given time to end.
pub async fn run(services: Services, stop: Stop) {
    // The feed's cursor stands before the first cycles begin, so that these need not set it one after the other.
    if let Err(why) = crate::ops::cycle::read_crm(&services, &services.crm_id).await {
        tracing::warn!(why = %why, "the CRM cannot be read; trying again");
    }
    let mut loops = JoinSet::new();
    keep(&mut loops, "the CRM's reader", &services, &stop, read_crm);
    keep(&mut loops, "the cycles", &services, &stop, cycles);
    keep(&mut loops, "the search for nodes that died", &services, &stop, bury);
    keep(&mut loops, "the streams", &services, &stop, crate::push::run);
    keep(&mut loops, "the alerts", &services, &stop, alerts);
    keep(&mut loops, "the sweep", &services, &stop, sweep);
    while let Some(ended) = loops.join_next().await {
        if let Err(why) = ended {
            tracing::error!(error = %why, "a loop of the worker was dropped");
        }
    }
}

/// Runs a loop until it is told to stop.
fn keep<W>(
    loops: &mut JoinSet<()>,
    what: &'static str,
    services: &Services,
    stop: &Stop,
    begin: impl Fn(Services, Stop) -> W + Send + 'static,
) where
    W: Future<Output = ()> + Send + 'static,
{
    let (services, stop) = (services.clone(), stop.clone());
    let (clock, told) = (services.clock.clone(), stop.clone());
    loops.spawn(until_it_ends(what, clock, told, move || begin(services.clone(), stop.clone())));
}

/// Waits for a hint, a time, or the stop; false when it is the stop.
async fn wait(services: &Services, ms: u64, hint: impl Future<Output = ()>, stop: &mut Stop) -> bool {
    if *stop.borrow() {
        return false;
    }
    tokio::select! {
        () = hint => true,
        () = services.clock.sleep_ms(ms) => true,
        changed = stop.changed() => changed.is_ok() && !*stop.borrow(),
    }
}

/// The CRM reader: what happened in the CRM becomes looks of the pairings concerned.
async fn read_crm(services: Services, mut stop: Stop) {
    let wake = services.wake.clone();
    let mut failing = false;
    loop {
        let began = services.clock.now();
        match crate::ops::cycle::read_crm(&services, &services.crm_id).await {
            Ok(()) => {
                failing = false;
                services.metrics.read_crm(seconds(&services, began));
                services.wake.pairing_due();
            }
            // Told once, not every two seconds.
            Err(why) if !failing => {
                failing = true;
                tracing::warn!(why = %why, "the CRM cannot be read; trying again");
            }
            Err(_) => {}
        }
        if !wait(&services, READ_MS, wake.crm(), &mut stop).await {
            return;
        }
    }
}

/// What a cycle that was run here ended with.
struct Done {
    pairing: PairingId,
    began: Timestamp,
    waited_s: f64,
    /// Absent when the cycle broke off by an error of ours.
    result: Option<Result<CycleReport, CycleError>>,
}

/// The cycles: takes what is due and runs it, so many at once.
async fn cycles(services: Services, mut stop: Stop) {
    let wake = services.wake.clone();
    let mut running: JoinSet<Done> = JoinSet::new();
    // Pairings at work here, and those that must rest before they are taken again.
    let mut busy: BTreeMap<PairingId, Option<Timestamp>> = BTreeMap::new();
    let mut queue = Queue::default();
    loop {
        let now = services.clock.now();
        busy.retain(|_, rests| rests.is_none_or(|until| until > now));
        start_due(&services, &mut running, &mut busy, &mut queue, now).await;
        let mut waiting = stop.clone();
        let go_on = if running.is_empty() {
            wait(&services, LOOK_MS, wake.due(), &mut stop).await
        } else {
            tokio::select! {
                Some(ended) = running.join_next() => {
                    note(&services, &mut busy, ended);
                    !*stop.borrow()
                }
                go_on = wait(&services, LOOK_MS, wake.due(), &mut waiting) => go_on,
            }
        };
        if !go_on {
            break;
        }
    }
    finish(&services, running, busy).await;
}

/// Since when pairings are seen to be due that have not begun: how long they queue (rule W4).
#[derive(Default)]
struct Queue(BTreeMap<PairingId, Timestamp>);

impl Queue {
    /// What is due now; a list that is not whole says nothing of those it lacks.
    fn see(&mut self, due: &[PairingId], whole: bool, now: Timestamp) {
        if whole {
            self.0.retain(|pairing, _| due.contains(pairing));
        }
        for pairing in due {
            self.0.entry(pairing.clone()).or_insert(now);
        }
    }

    /// How long one waited that begins now.
    fn leave(&mut self, pairing: &PairingId, now: Timestamp) -> SignedDuration {
        self.0.remove(pairing).map_or(SignedDuration::ZERO, |since| now.duration_since(since)).max(SignedDuration::ZERO)
    }
}

async fn start_due(
    services: &Services,
    running: &mut JoinSet<Done>,
    busy: &mut BTreeMap<PairingId, Option<Timestamp>>,
    queue: &mut Queue,
    now: Timestamp,
) {
    let free = AT_ONCE.saturating_sub(running.len());
    // Those that rest here may stand first in the list: ask for as many more. Where nothing is free it is seen who waits.
    let most = AT_ONCE + busy.len();
    let due = match services.store.due(now, most).await {
        Ok(due) => due,
        Err(why) => {
            tracing::warn!(why = %why, "the store cannot say what is due; trying again");
            return;
        }
    };
    services.metrics.level("syncline_pairings_due", due.len() as f64);
    queue.see(&due, due.len() < most, now);
    let waiting: Vec<PairingId> = due.into_iter().filter(|pairing| !busy.contains_key(pairing)).take(free).collect();
    for pairing in waiting {
        busy.insert(pairing.clone(), None);
        let queued = queue.leave(&pairing, now);
        let services = services.clone();
        running.spawn(async move {
            let began = services.clock.now();
            // One user's cycle that breaks off must not take the worker with it (rule E7).
            let cycle = async {
                let result = services.engine.cycle_by_schedule(&pairing, queued).await;
                if let Ok(report) = &result {
                    crate::ops::overall::keep(&services, report).await;
                }
                result
            };
            let result = AssertUnwindSafe(cycle).catch_unwind().await.ok();
            Done { pairing, began, waited_s: queued.as_secs_f64(), result }
        });
    }
}

fn note(
    services: &Services,
    busy: &mut BTreeMap<PairingId, Option<Timestamp>>,
    ended: Result<Done, tokio::task::JoinError>,
) {
    let done = match ended {
        Ok(done) => done,
        Err(why) => {
            tracing::error!(error = %why, "a cycle was dropped");
            return;
        }
    };
    let now = services.clock.now();
    let ran_s = seconds(services, done.began);
    let pairing = &done.pairing;
    let (outcome, rest) = match &done.result {
        Some(Ok(report)) => {
            count(services, report);
            if report.first {
                // From now on its server may tell of changes.
                services.wake.mailboxes_changed();
            }
            if report.writes() > 0 {
                // What was written in the CRM concerns other users too.
                services.wake.crm_changed();
            }
            match &report.trouble {
                None => {
                    if !report.is_quiet() {
                        tracing::info!(pairing.id = %pairing, writes = report.writes(), conflicts = report.conflicts,
                            quarantined = report.quarantined, postponed = report.postponed,
                            duration_ms = (ran_s * 1000.0).round(), "cycle");
                    }
                    ("ok", BETWEEN)
                }
                Some(why) => {
                    tracing::warn!(pairing.id = %pairing, why, "a cycle did not end well");
                    ("trouble", BETWEEN)
                }
            }
        }
        Some(Err(CycleError::Leased)) => ("leased", AFTER_LEASED),
        Some(Err(CycleError::NoPairing | CycleError::Stopped(_))) => ("stopped", AFTER_ERROR),
        None => {
            tracing::error!(pairing.id = %pairing, "a cycle broke off by an error of ours; it is tried again later");
            ("broken", AFTER_BREAK)
        }
        Some(Err(why)) => {
            tracing::warn!(pairing.id = %pairing, why = %why, "a cycle could not be done");
            ("lost", AFTER_ERROR)
        }
    };
    services.metrics.cycle(outcome, done.waited_s, ran_s);
    busy.insert(done.pairing, now.checked_add(rest).ok());
}

fn count(services: &Services, report: &CycleReport) {
    for ((domain, side, what), records) in &report.counts {
        services.metrics.wrote(domain.as_str(), side.as_str(), what.as_str(), *records);
    }
}

async fn finish(services: &Services, mut running: JoinSet<Done>, mut busy: BTreeMap<PairingId, Option<Timestamp>>) {
    let all = async {
        while let Some(ended) = running.join_next().await {
            note(services, &mut busy, ended);
        }
    };
    tokio::select! {
        () = all => {}
        () = services.clock.sleep_ms(STOP_MS) => {
            tracing::warn!("cycles under way were dropped; the next start goes on from the truth");
        }
    }
}

/// Takes over from nodes that died: their leases end.
async fn bury(services: Services, mut stop: Stop) {
    while wait(&services, BURY_MS, std::future::pending(), &mut stop).await {
        match services.store.end_leases_of_the_dead().await {
            Ok(0) => {}
            Ok(ended) => {
                tracing::info!(ended, "leases of a node that died were ended");
                services.wake.pairing_due();
            }
            Err(why) => tracing::warn!(why = %why, "nodes that died cannot be looked for"),
        }
    }
}

/// Tells an administrator what stands still (rule W5).
async fn alerts(services: Services, mut stop: Stop) {
    loop {
        if let Err(why) = crate::alert::pass(&services).await {
            tracing::warn!(why = %why, "the store cannot say what an administrator must know; trying again");
        }
        if !wait(&services, ALERT_MS, std::future::pending(), &mut stop).await {
            return;
        }
    }
}

/// Drops what the history and the CRM's feed keep no longer, and tokens that have ended.
async fn sweep(services: Services, mut stop: Stop) {
    loop {
        let now = services.clock.now();
        match sweep_history(&services, now).await {
            Ok(swept) if swept.dropped + swept.reduced > 0 => {
                tracing::info!(dropped = swept.dropped, reduced = swept.reduced, "history swept");
            }
            Ok(_) => {}
            Err(why) => tracing::warn!(why = %why, "the history cannot be swept"),
        }
        match crate::ops::cycle::trim_feed(&services, FEED_KEPT).await {
            Ok(0) => {}
            Ok(forgotten) => tracing::info!(forgotten, "the CRM's feed trimmed"),
            Err(why) => tracing::warn!(why = %why, "the CRM's feed cannot be trimmed"),
        }
        match crate::ops::token::forget_ended(&services).await {
            Ok(0) => {}
            Ok(forgotten) => tracing::info!(forgotten, "tokens that ended were forgotten"),
            Err(why) => tracing::warn!(why = %why, "tokens that ended cannot be forgotten"),
        }
        if !wait(&services, SWEEP_MS, std::future::pending(), &mut stop).await {
            return;
        }
    }
}

/// Takes from the history what is kept no longer, as it is set (rule W3).
async fn sweep_history(services: &Services, now: Timestamp) -> Result<Swept, StoreError> {
    let days = services.store.settings().await?.history_days;
    services.store.purge(now, &Retention::of_days(days)).await
}

fn seconds(services: &Services, since: Timestamp) -> f64 {
    services.clock.now().duration_since(since).as_secs_f64()
}
