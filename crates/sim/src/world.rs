//! A whole world from one seed: people, both sides, trouble, and the real engine, run until it is quiet.

mod accident;
mod blows;
mod parts;
mod put_back;

use crate::clock::VirtualClock;
use crate::dice::{Dice, Hand};
use crate::executor::{Go, Ran, block_on, run};
use crate::faults::{EDITS, FULL, Fault, Faults, LIVELY, TROUBLES, WIDE};
use crate::logs::Listener;
use crate::memory::Ground;
use crate::oracle::{Evidence, Finding, judge};
use crate::people::People;
use crate::through::{Kept, Through};
use blows::clock_off;
use engine::{CycleError, Engine};
use jiff::Timestamp;
use model::{CrmId, PairingId, RecordId, UserId};
use parts::{act, engine, linked_by, map_users};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::StoreError;

/// Rounds of cycles after which both sides must be the same and nothing may be open.
pub const ROUNDS: usize = 8;
/// Calls to a side that one cycle of so small a world can need.
const CALLS: u64 = 3_000;
/// A pause in which a lease ends and its taker's wait as well.
const PAUSE_MS: u64 = 900_000;
/// How much longer a full world goes on until enough has happened in it.
const MORE: usize = 20;
/// How long a lease lasts at most, and an inventory may be waited for.
const HOUR_MS: u64 = 3_600_000;
/// A page of the history.
const PAGE: usize = 500;

/// What came of a world.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Broken promises.
    pub findings: Vec<Finding>,
    /// Trouble that took effect.
    pub faults: BTreeMap<Fault, u64>,
    /// What people did.
    pub edits: u64,
    /// Steps of all cycles.
    pub steps: u64,
    /// Each operation with its outcome, and how often it was met.
    pub reached: BTreeMap<String, u64>,
    /// Everything that happened.
    pub trace: Vec<String>,
}

/// A world.
pub struct World {
    /// What it stands on.
    pub ground: Arc<Ground>,
    /// Its people.
    pub people: People,
    /// What the sync remembers.
    kept: Kept,
    /// Who is paired.
    pub users: Vec<(UserId, PairingId, String)>,
    seed: u64,
    dice: Dice,
    crm: CrmId,
    engine: Engine,
    starts: u64,
    nodes: u64,
    steps: u64,
    stop_at: Option<u64>,
    copy: Option<store::Snapshot>,
    /// Whose mailbox was moved to another server and is not confirmed yet.
    moved: Option<usize>,
    findings: Vec<Finding>,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "World({})", self.seed)
    }
}

/// Runs the world of a seed to its end, on memory.
#[must_use]
pub fn live(seed: u64) -> Outcome {
    live_on(Through::Memory, seed)
}

/// Runs the world of a seed to its end.
#[must_use]
pub fn live_on(through: Through, seed: u64) -> Outcome {
    let listener = Listener::default();
    let mut outcome = tracing::subscriber::with_default(listener.clone(), || lived(through, seed));
    let leaks = listener.leaks().into_iter().map(|line| format!("the log tells of a record: {line}"));
    outcome.findings.extend(leaks);
    outcome
}

fn lived(through: Through, seed: u64) -> Outcome {
    if seed >= WIDE && seed % 16 == 5 {
        return accident::live(through, seed);
    }
    let dice = Dice::of(seed, Hand::World);
    let mut world = World::on(through, seed, troubles(through, seed, &dice), dice);
    world.turmoil();
    world.settle_down();
    world.end()
}

/// What strikes in the world of a seed.
fn troubles(through: Through, seed: u64, dice: &Dice) -> Faults {
    let faults = Faults::drawn(dice).and_delays(seed, &Dice::of(seed, Hand::Delays));
    let faults = faults.and_wide(seed, &Dice::of(seed, Hand::Wide));
    match through {
        Through::Memory | Through::Sqlite => faults,
        Through::Post(_) => faults.and_bytes(&Dice::of(seed, Hand::Bytes)),
    }
}

impl World {
    /// A furnished world in which no cycle ran yet, on memory.
    #[must_use]
    pub fn new(seed: u64, faults: Faults, dice: Dice) -> World {
        World::on(Through::Memory, seed, faults, dice)
    }

    /// The same, remembering in what one likes.
    #[must_use]
    pub fn on(through: Through, seed: u64, faults: Faults, dice: Dice) -> World {
        let began = Timestamp::new(1_772_438_400, 0).unwrap_or(Timestamp::UNIX_EPOCH);
        let clock = VirtualClock::at(began);
        let post = through.post(seed, &clock);
        let ground = Arc::new(Ground::new(clock.clone(), seed, faults).with_post(post));
        let count = 2 + dice.below(2);
        let crm = CrmId::new("crm");
        let kept = through.open(&clock, &ground.places);
        let mut users = Vec::new();
        {
            let mut sides = ground.sides();
            for number in 1..=count {
                let user = UserId::new(format!("u{number}"));
                let address = format!("u{number}@people.test");
                let member = crate::memory::crm::Member { name: format!("User{number}"), address: address.clone() };
                sides.crm.members.insert(user.clone(), member);
                sides.exchange.open(&address);
                sides.exchange.keeps_less = seed % 4 == 3;
                if let Some(post) = ground.post() {
                    post.open(&address);
                    sides.exchange.are_views();
                }
                users.push((user, PairingId::new(format!("p{number}")), address));
            }
        }
        let today = began.to_zoned(jiff::tz::TimeZone::UTC).date();
        let ids = users.iter().map(|(user, _, _)| user.clone()).collect();
        let mut people = People::new(Dice::of(seed, Hand::People), ids, today);
        people.wide = seed >= WIDE;
        people.lively = seed >= LIVELY;
        people.strict = ground.post().is_some();
        ground.sides().crm.revives = seed >= LIVELY && seed.is_multiple_of(2);
        people.furnish(&mut ground.sides());
        block_on(map_users(&kept.store, &crm, &users)).expect("an empty store takes new pairings");
        let engine = engine(&ground, &kept.store, &Dice::of(seed, Hand::Engine), 1, clock_off(&ground));
        World {
            ground,
            people,
            kept,
            users,
            seed,
            dice,
            crm,
            engine,
            starts: 1,
            nodes: 0,
            steps: 0,
            stop_at: None,
            copy: None,
            moved: None,
            findings: Vec::new(),
        }
    }

    /// The process is stopped once, at this step counted over all cycles.
    pub fn stop_at(&mut self, step: u64) {
        self.stop_at = Some(step);
    }

    /// Whether a process was stopped and another one started in its place.
    pub(crate) fn was_stopped(&self) -> bool {
        self.starts > 1
    }

    /// Steps of all cycles so far.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// People act, cycles run, trouble strikes.
    pub fn turmoil(&mut self) {
        self.ground.faults().switch(true);
        for _ in 0..6 + self.dice.below(4) {
            self.commotion();
        }
        for more in 0..MORE {
            if self.seed < FULL || self.people.ledger.edits >= EDITS && self.ground.faults().total() >= TROUBLES {
                break;
            }
            if more == MORE / 2 {
                self.ground.faults().widen();
            }
            self.commotion();
        }
        self.ground.faults().switch(false);
        self.confirm_moved();
        self.people.bring_back(&mut self.ground.sides());
    }

    /// Some minutes of it.
    fn commotion(&mut self) {
        self.blow();
        for _ in 0..2 + self.dice.below(5) {
            self.person();
        }
        for _ in 0..=self.users.len() {
            let place = usize::try_from(self.dice.below(self.users.len() as u64)).unwrap_or(0);
            self.read_crm();
            self.cycle(place);
            self.ground.clock.pass_ms(1_000 * (1 + self.dice.below(90)));
        }
        self.put_back();
    }

    /// Trouble is over: within a bounded number of rounds nothing is left to do.
    pub fn settle_down(&mut self) {
        let sought = self.is_sought();
        // Any lease that a stopped process held has ended by then.
        self.ground.clock.pass_ms(HOUR_MS);
        self.until_quiet();
        if !sought {
            // Where no cycle was whole during the trouble, the first inventory comes within an interval of the first one.
            self.ground.clock.pass_ms(HOUR_MS);
            self.until_quiet();
        }
        let before = self.ground.calls().writes;
        for _ in 0..3 {
            if !self.round() {
                self.findings.push("a cycle without edits is not quiet".to_owned());
            }
        }
        let written = self.ground.calls().writes - before;
        if written > 0 {
            self.findings.push(format!("idle cycles wrote {written} times (traps 142, 143)"));
        }
    }

    fn until_quiet(&mut self) {
        for _ in 0..ROUNDS {
            let before = self.ground.calls().writes;
            let quiet = self.round();
            if quiet && before == self.ground.calls().writes {
                break;
            }
        }
    }

    fn round(&mut self) -> bool {
        self.ground.clock.pass_ms(1_200_000);
        self.read_crm();
        let mut quiet = true;
        for place in 0..self.users.len() {
            quiet &= self.cycle(place);
        }
        quiet
    }

    /// What the oracle says.
    #[must_use]
    pub fn end(mut self) -> Outcome {
        let history = block_on(self.history()).unwrap_or_default();
        for line in &history {
            self.ground.trace.line(format!(
                "history {} {} {:?} {} crm {:?} pim {:?} after {} overruled {}",
                line.at,
                line.pairing,
                line.side,
                line.what,
                line.crm,
                line.pim,
                crate::trace::fields(&line.after),
                crate::trace::fields(&line.overruled)
            ));
        }
        self.findings.extend(self.ground.post().map(|post| post.end()).unwrap_or_default());
        self.findings.extend(self.ground.take_findings());
        let sides = self.ground.sides().clone();
        self.findings.extend(judge(&Evidence {
            sides: &sides,
            ledger: &self.people.ledger,
            store: &self.kept.store,
            users: &self.users,
            history: &history,
        }));
        Outcome {
            findings: self.findings,
            faults: self.ground.faults().counts().clone(),
            edits: self.people.ledger.edits,
            steps: self.steps,
            reached: self.ground.reached(),
            trace: self.ground.trace.lines(),
        }
    }

    /// Somebody does something.
    pub(crate) fn person(&mut self) {
        let store = self.kept.store.clone();
        let linked = |kind, id: &RecordId| linked_by(&store, &self.users, kind, id);
        let wide = self.seed >= WIDE && self.ground.wide.chance(200);
        let did = act(&mut self.people, &self.ground, &store, &self.users, |people, sides| match wide {
            true => people.act_wide(sides),
            false => people.act(sides, &linked),
        });
        if let Some(did) = did {
            self.ground.trace.line(did);
        }
    }

    /// The CRM reader, which may be stopped as well.
    pub fn read_crm(&mut self) {
        for _ in 0..10 {
            let engine = self.engine.clone();
            let crm = self.crm.clone();
            match self.drive(None, async move { engine.read_crm(&crm).await }) {
                Some(Ok(true)) => {}
                Some(Ok(false) | Err(_)) | None => return,
            }
        }
    }

    /// One cycle; true when it had nothing to do.
    pub fn cycle(&mut self, place: usize) -> bool {
        let Some((user, pairing, _)) = self.users.get(place).cloned() else {
            return true;
        };
        let engine = self.engine.clone();
        let before = self.ground.calls();
        let rival = pairing.clone();
        let answer = self.drive(Some(rival), async move { engine.cycle(&pairing).await });
        let after = self.ground.calls();
        if after.reads + after.writes - before.reads - before.writes > CALLS {
            self.findings.push(format!("{user}: a cycle made too many calls"));
        }
        match answer {
            None => false,
            Some(Ok(report)) => {
                let quiet = report.is_quiet();
                self.ground.trace.line(format!("cycle {user}: {report:?}"));
                quiet
            }
            Some(Err(error)) => {
                self.ground.trace.line(format!("cycle {user}: {error}"));
                match error {
                    CycleError::Store(StoreError::Unavailable(_)) if self.ground.places.struck() => {}
                    CycleError::Leased
                    | CycleError::Trouble(_)
                    | CycleError::Stopped(_)
                    | CycleError::Store(StoreError::Fenced) => {}
                    CycleError::NoPairing
                    | CycleError::Store(_)
                    | CycleError::NoQuestion
                    | CycleError::AlreadyLinked
                    | CycleError::NotThere(_)
                    | CycleError::TooMuch { .. } => {
                        self.findings.push(format!("{user}: a cycle failed: {error}"));
                    }
                }
                false
            }
        }
    }

    /// Drives the engine, with people acting between its steps, the power going off, and a pause in which another node
    /// works the pairing. Nothing when it was stopped.
    fn drive<T>(&mut self, rival: Option<PairingId>, work: impl Future<Output = T>) -> Option<T> {
        let ground = Arc::clone(&self.ground);
        let people = &mut self.people;
        let (store, users) = (self.kept.store.clone(), self.users.clone());
        let linked = |kind, id: &RecordId| linked_by(&store, &users, kind, id);
        let (seed, mut nodes) = (self.seed, self.nodes);
        let node = |nodes: u64| {
            let dice = Dice::of(seed.wrapping_add(nodes << 48), Hand::Engine);
            engine(&ground, &store, &dice, nodes << 32, clock_off(&ground))
        };
        let mut count = 0;
        let (began, stop_at) = (self.steps, self.stop_at);
        let mut between = || {
            count += 1;
            if stop_at == Some(began + count) {
                return Go::Stop;
            }
            let strikes = |fault| ground.faults().strikes(fault, &ground.trouble);
            // There are many more steps than calls: each is struck less often.
            let rare = ground.trouble.chance(120);
            if rare
                && strikes(Fault::PeopleBetween)
                && let Some(did) = act(people, &ground, &store, &users, |people, sides| people.act(sides, &linked))
            {
                ground.trace.line(format!("meanwhile {did}"));
            }
            if let Some((side, id)) = ground.take_just_then()
                && let Some(did) =
                    act(people, &ground, &store, &users, |people, sides| people.act_on(sides, side, &id, &linked))
            {
                ground.trace.line(format!("just then {did}"));
            }
            if let Some(what) = ground.take_overtaken()
                && let Some(did) = act(people, &ground, &store, &users, |people, sides| people.overtake(sides, &what))
            {
                ground.trace.line(format!("faster {did}"));
            }
            let pauses = |fault| ground.faults().strikes(fault, &ground.delays);
            if let Some(pairing) = &rival
                && ground.delays.chance(60)
                && pauses(Fault::Paused)
            {
                nodes += 1;
                ground.clock.pass_ms(PAUSE_MS);
                let other = node(nodes);
                let ran = run(other.cycle(pairing), |_| Go::On);
                ground.trace.line(format!("paused; another node: {ran:?}"));
                ground.set_overdue(true);
            }
            if rival.is_some()
                && ground.wide.chance(60)
                && ground.faults().strikes(Fault::Rival, &ground.wide)
                && let Some((_, pairing, _)) = ground.wide.pick(&users)
            {
                nodes += 1;
                let ran = run(node(nodes).cycle(pairing), |_| Go::On);
                ground.trace.line(format!("another node works {pairing}: {ran:?}"));
                // From the second step on this node has the lease, and the last one gives it back.
                let held = rival.as_ref() == Some(pairing) && count > 2 && !ground.is_overdue();
                // An undoing gives its lease back before its last step.
                let held = held && !ground.is_putting_back();
                if held && !matches!(ran, Ran::Done(Err(CycleError::Leased), _)) {
                    ground.found(format!("two nodes worked on {pairing} at the same time (decision 10)"));
                }
            }
            if rare && strikes(Fault::Stop) {
                return Go::Stop;
            }
            Go::On
        };
        ground.places.counting(true);
        let ran = run(work, |_| {
            ground.places.counting(false);
            let go = between();
            ground.places.counting(true);
            go
        });
        ground.places.counting(false);
        self.steps += count;
        self.nodes = nodes;
        self.ground.set_overdue(false);
        // The other node looked before these arrived: what was agreed about them when somebody deletes them is not known.
        for thing in self.ground.take_overdue() {
            self.people.ledger.unclear(thing);
        }
        match ran {
            Ran::Done(answer, _) => Some(answer),
            Ran::Stopped => {
                self.ground.trace.line(format!("stopped at step {count}"));
                self.restart();
                None
            }
            Ran::Stuck | Ran::Endless => {
                self.findings.push("the engine does not end".to_owned());
                self.restart();
                None
            }
        }
    }

    /// A new process on the same store and sides; sometimes before the old one's lease has ended.
    pub fn restart(&mut self) {
        self.starts += 1;
        let dice = Dice::of(self.seed.wrapping_add(self.starts << 32), Hand::Engine);
        self.engine = engine(&self.ground, &self.kept.store, &dice, self.starts, clock_off(&self.ground));
        if self.dice.chance(800) {
            self.ground.clock.pass_ms(600_000);
        }
    }
}
