//! `serve` killed under load, again and again, at requests and commits drawn by a seed: nothing is lost, nothing doubled.
//!
//! The mailboxes live in this process, the server is another one and is killed by it with SIGKILL: where a request that
//! writes arrives (before or after its effect), or where a write's settle was committed. Nothing in the server knows of it.
//! `SYNCLINE_KILLS` says how often, `SYNCLINE_KILLS_SEED` which kills.

use crate::database::on_both;
use crate::outlook::{self, set};
use crate::world::{Person, SERVICE, World};
use emulator::{Effect, FaultAction, RequestInfo};
use engine::CycleReport;
use jiff::SignedDuration;
use serde_json::{Value as Json, json};
use sim::dice::{Dice, Hand};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use store::Whose;
use wire::ews::{DistinguishedFolder as Folder, Property};

on_both!(a_serve_killed_at_any_moment_goes_on_where_it_was,);

const KILLS: usize = 20;
const USERS: [&str; 5] = ["anna", "bob", "cleo", "dora", "emil"];
/// Between two cycles of a user.
const INTERVAL: SignedDuration = SignedDuration::from_secs(1);
/// A life that does not come to its kill, or an end that does not come to rest.
const PATIENCE: SignedDuration = SignedDuration::from_secs(120);

fn number(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().map_or(otherwise, |told| told.parse().expect("a number"))
}

/// Where a life ends.
#[derive(Clone, Copy, Debug)]
enum End {
    /// The n-th request that writes arrives and is not carried out.
    Before(i64),
    /// The n-th request that writes is carried out, and nobody hears the answer.
    After(i64),
    /// So many settled writes were committed.
    Committed(u64),
}

/// What must stand on both sides, by the name that nobody changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Said {
    /// Set in the CRM.
    location: String,
    /// Set in the mailbox.
    body: String,
}

/// A record that people made, and where it was born.
struct Made {
    in_crm: bool,
    id: String,
}

/// What people did, and what must have come of it.
#[derive(Default)]
struct Ledger {
    expected: BTreeMap<(usize, String), Said>,
    made: BTreeMap<(usize, String), Made>,
    born: usize,
}

impl Ledger {
    /// A day's work of everybody while nothing runs: records born on both sides, and edits of older ones where they were
    /// born, each with a canary of its own.
    async fn work(&mut self, world: &World, people: &[Person], dice: &Dice, day: &str) {
        for (who, person) in people.iter().enumerate() {
            let outlook = world.outlook(person);
            for in_crm in [true, false] {
                self.born += 1;
                let name = format!("Canary {}", self.born);
                let id = if in_crm {
                    world.appointment(person, &name, day).await
                } else {
                    let item = outlook::appointment(&name, &format!("{day}T12:00:00Z"), &format!("{day}T13:00:00Z"));
                    outlook.make(Folder::Calendar, item).await
                };
                self.expected.insert((who, name.clone()), Said::default());
                self.made.insert((who, name), Made { in_crm, id });
            }
            let own: Vec<(usize, String)> = self.made.keys().filter(|(of, _)| *of == who).cloned().collect();
            for _ in 0..2 {
                let key = own[dice.below(own.len() as u64) as usize].clone();
                let Made { in_crm, id } = &self.made[&key];
                self.born += 1;
                let said = self.expected.get_mut(&key).expect("made");
                if *in_crm {
                    said.location = format!("Hall {}", self.born);
                    world.edit_activity(person, id, json!({"location": said.location})).await;
                } else {
                    said.body = format!("Note {}", self.born);
                    outlook.edit(id, vec![set(Property::Body, outlook::plain(&said.body))]).await;
                }
            }
        }
    }

    /// Both sides read afresh: every record once on each, saying what people said last.
    async fn compare(&self, world: &World, people: &[Person]) {
        for (who, person) in people.iter().enumerate() {
            let mine = || self.expected.iter().filter(move |((of, _), _)| *of == who);
            let expected: Vec<(String, Said)> = mine().map(|((_, name), said)| (name.clone(), said.clone())).collect();
            let mut crm = Vec::new();
            for entry in world.everything(person, "my_calendar").await {
                let part = |name: &str| entry[name].as_str().unwrap_or_default().trim().to_owned();
                crm.push((part("subject"), Said { location: part("location"), body: part("body") }));
            }
            let mut pim = Vec::new();
            for item in world.outlook(person).items(Folder::Calendar).await {
                let body = item.body().map(|body| body.text.trim().to_owned()).unwrap_or_default();
                let location = item.text(Property::Location).unwrap_or_default().to_owned();
                pim.push((outlook::title(&item).to_owned(), Said { location, body }));
            }
            let mut expected = expected;
            for side in [&mut expected, &mut crm, &mut pim] {
                side.sort();
            }
            assert_eq!(crm, expected, "the CRM of {}", person.login);
            assert_eq!(pim, expected, "the mailbox of {}", person.login);
        }
    }
}

#[expect(clippy::print_stdout, reason = "the figures of a long run are for the person who started it")]
fn tell(figures: &str) {
    println!("{figures}");
}

/// Whether a request writes.
fn writes(operation: &str) -> bool {
    matches!(operation, "CreateItem" | "UpdateItem" | "DeleteItem" | "MoveItem")
}

/// Lives until its end comes, and is killed there.
async fn live(world: &World, end: End, log: &str) {
    let serving = world.serve();
    let left = Arc::new(AtomicI64::new(match end {
        End::Before(n) | End::After(n) => n,
        End::Committed(_) => i64::MAX,
    }));
    let lands = matches!(end, End::After(_));
    let (hand, count) = (serving.clone(), Arc::clone(&left));
    world.hq.on_request(Some(Arc::new(move |request: &RequestInfo| {
        if request.account != SERVICE || !writes(&request.operation) || count.fetch_sub(1, Ordering::SeqCst) != 1 {
            return None;
        }
        hand.kill();
        (!lands).then_some(FaultAction::Drop { effect: Effect::None })
    })));
    let began = world.services.clock.now();
    let first = world.settled().await;
    while serving.runs() {
        let lived = world.services.clock.now().duration_since(began);
        assert!(lived < PATIENCE, "{end:?} does not come\n{}\n{log}", serving.log());
        if let End::Committed(n) = end
            && world.settled().await >= first + n
        {
            serving.kill();
        }
        world.services.clock.sleep_ms(1).await;
    }
    world.hq.on_request(None);
}

impl World {
    /// How many writes were settled so far, as committed in the store.
    async fn settled(&self) -> u64 {
        let counts = self.services.store.counts(&Whose::All, jiff::Timestamp::UNIX_EPOCH).await.expect("counts");
        counts.values().map(|sum| sum.records).sum()
    }

    /// Writes that were begun and not settled.
    async fn begun(&self, people: &[Person]) -> BTreeSet<String> {
        let mut open = BTreeSet::new();
        for who in people {
            let pairing = self.pairing(who).await;
            let intents = self.services.store.intents(&pairing, None, 1_000).await.expect("intents");
            open.extend(intents.into_iter().map(|intent| intent.id));
        }
        open
    }

    /// Every entry of a view, page by page.
    async fn everything(&self, who: &Person, view: &str) -> Vec<Json> {
        let mut all = Vec::new();
        let mut after = String::new();
        loop {
            let page = self.get(who, &format!("/api/crm/views/{view}?limit=100{after}")).await;
            all.extend(page["items"].as_array().expect("a list").clone());
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return all,
            }
        }
    }

    /// Serves until nobody has anything left to do, then stops the server; cycles of everybody's by hand are idle then.
    async fn rests(&self, people: &[Person]) {
        let serving = self.serve();
        let began = self.services.clock.now();
        let mut last = u64::MAX;
        let mut since = self.services.clock.now();
        loop {
            let lived = self.services.clock.now().duration_since(began);
            assert!(
                serving.runs() && lived < PATIENCE,
                "it does not come to rest
{}",
                serving.log()
            );
            let settled = self.settled().await;
            if settled != last || !self.begun(people).await.is_empty() {
                (last, since) = (settled, self.services.clock.now());
            }
            // Two cycles of everybody in which nothing was left to write.
            let mut quiet = true;
            for who in people {
                let pairing =
                    self.services.store.pairing(&self.pairing(who).await).await.expect("store").expect("mapped");
                assert_eq!(pairing.state.stopped, None);
                let rested = since.checked_add(INTERVAL * 2).expect("a time");
                quiet &= pairing.state.last_success.is_some_and(|at| at > rested);
            }
            if quiet {
                break;
            }
            self.services.clock.sleep_ms(20).await;
        }
        serving.kill();
        let claim = self.services.store.claim_serve("after").await.expect("free");
        for who in people {
            let report = self.cycle_now(who).await;
            assert!(report.is_quiet(), "{}: {report:?}", who.login);
        }
        drop(claim);
    }

    async fn cycle_now(&self, who: &Person) -> CycleReport {
        server::ops::cycle::read_crm(&self.services, &self.services.crm_id).await.expect("the CRM is read");
        let pairing = self.pairing(who).await;
        Box::pin(self.services.engine.cycle(&pairing)).await.expect("a cycle")
    }
}

// L1, E2, E6, traps 43 and 160, invariant 5
async fn a_serve_killed_at_any_moment_goes_on_where_it_was() {
    let world = World::in_real_time().await;
    world.settings(json!({"interval_s": 1, "net_interval_s": 1})).await;
    let mut people = Vec::new();
    for login in USERS {
        people.push(world.user(login).await);
    }
    let dice = Dice::of(number("SYNCLINE_KILLS_SEED", 1) as u64, Hand::Faults);
    let day =
        world.services.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date().tomorrow().expect("a day").to_string();
    let mut ledger = Ledger::default();
    let kills = number("SYNCLINE_KILLS", KILLS);
    let (mut known, mut found) = (BTreeSet::new(), 0);
    for life in 0..kills {
        ledger.work(&world, &people, &dice, &day).await;
        let n = dice.below(12) as i64 + 1;
        let end = match dice.below(8) {
            0..=3 => End::Before(n),
            4..=6 => End::After(n),
            _ => End::Committed(n.unsigned_abs()),
        };
        live(&world, end, &format!("life {life}")).await;
        let open = world.begun(&people).await;
        found += usize::from(!open.is_subset(&known));
        known = open;
    }
    world.rests(&people).await;
    ledger.compare(&world, &people).await;
    world.no_mail_of_ours();
    tell(&format!("kills {kills}, of which {found} left a write begun; {} canaries", ledger.born));
    assert!(found * 4 >= kills * 3, "only {found} of {kills} kills met a write under way");
}
