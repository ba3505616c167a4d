//! One cycle of one pairing: observe, plan, brake, act, settle. It may be dropped at any point.

use crate::Engine;
use crate::force::Force;
use crate::lead::Leading;
use crate::limits;
use crate::outcome::{CycleError, CycleReport};
use crate::port::{Remote, Trouble, Wanted};
use jiff::{SignedDuration, Timestamp};
use model::{Domain, Kind, LinkId, MailboxId, PairingId, RecordId, Side};
use planted::Planted;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;
use store::change::Ended;
use store::{Lease, Pairing, PairingState};

/// At whose wish a cycle runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// A person's, at once.
    Person,
    /// The schedule's: not in blackout hours, unless a person asked meanwhile (rule E4). It was seen to be due so long ago.
    Schedule(SignedDuration),
}

/// How a cycle left its lease.
enum Left {
    /// It is still held.
    Held(CycleReport),
    /// It was given back with the heartbeat: nothing had happened.
    Returned(CycleReport),
}

/// What one cycle works with.
pub(crate) struct Cycle<'a> {
    pub engine: &'a Engine,
    pub lease: Lease,
    pub pairing: Pairing,
    pub force: Force,
    pub crm: Box<dyn Remote>,
    pub pim: Box<dyn Remote>,
    pub id: String,
    /// When it began.
    pub began: Timestamp,
    /// How long before that it was seen to be due.
    pub waited: SignedDuration,
    pub epoch: u64,
    /// The mailbox's identity was checked in this cycle, before its first write.
    pub identified: bool,
    pub report: CycleReport,
    /// Whose pairing leads a meeting, asked once per cycle.
    pub leaders: BTreeMap<(String, Option<LinkId>), Leading>,
    /// Invitations of unknown organisers: those of the day before this cycle, and those let in by it.
    pub invited_before: Option<u64>,
    pub invited: u64,
    /// A person saw and confirmed what is written: the brakes do not count it (rule L6).
    pub confirmed: bool,
    /// Unlinked contacts came or went: ambiguous ones are looked at again.
    pub pool_changed: bool,
    pub broken_in_a_row: u32,
    /// How many new items go out in one call: one by one once a call's outcome was in doubt.
    pub creates: usize,
    /// The questions that stand, once they were asked for.
    pub questions: Option<Vec<store::Held>>,
    /// Listings that were suddenly short: of which side and kind, how many linked ids they lacked, of how many.
    pub short: BTreeMap<(Side, Kind), (u64, u64)>,
    /// Items that a question was about.
    pub undecided: BTreeSet<RecordId>,
    /// Items that carry the mark of a link whose own item gave no answer: nobody knows yet which of them it is.
    pub unproven: BTreeSet<RecordId>,
    /// What was to be looked at and gave no answer: nothing new follows from what was seen of it before.
    pub unanswered: BTreeSet<(Side, Kind, RecordId)>,
    /// What was written to without an answer, and gave none either when it was looked up: what was agreed about it is not
    /// known, so nothing is decided about it in this cycle.
    pub in_doubt: BTreeSet<(Side, Kind, RecordId)>,
    /// Kinds of which an item that was never read gives no answer: what stands in the CRM may be the same.
    pub unknown: BTreeSet<Kind>,
    /// Something was not matched, for what may be the same record could not be read.
    pub unread: bool,
    /// Creates in the CRM that were looked for and not found, by the item they come from: made again with the same key, so
    /// that one that arrives late is refused (decision 10).
    pub again: BTreeMap<RecordId, (Kind, String)>,
    /// Addresses of business contacts whose items went: who comes in with one of them is matched once that is settled.
    pub going: BTreeSet<String>,
    /// Items that were to be looked at when observing began: one that its folder then shows is seen by that.
    pub due: BTreeMap<(Kind, RecordId), store::Look>,
    /// Kinds whose folders the mailbox does not have, or does not show: nothing of them is planned or done, and the others go
    /// on (rule E7).
    pub closed: BTreeMap<Kind, String>,
    /// The kinds of which something was observed and not settled.
    pub kinds: BTreeSet<Kind>,
    /// Links whose items bear the mark of a record that was made again, by that mark: gathered when one is asked for.
    pub renamed: OnceLock<BTreeMap<String, LinkId>>,
    /// The mailbox's identity, learnt or confirmed in this cycle.
    pub learnt: Option<(MailboxId, String)>,
}

impl Engine {
    /// Carries out one cycle of a pairing at once, also in blackout hours.
    ///
    /// # Errors
    /// When the cycle could not begin, or the store failed. Trouble with a side ends the cycle early; the report tells.
    pub async fn cycle(&self, id: &PairingId) -> Result<CycleReport, CycleError> {
        self.leased(id, Wish::Person).await
    }

    /// Carries out one cycle of a pairing that is due; in blackout hours it rests instead and calls neither side, unless a
    /// person asked for it (rule E4). `waited` is how long ago it was seen to be due (rule W4).
    ///
    /// # Errors
    /// As for [`Engine::cycle`].
    pub async fn cycle_by_schedule(&self, id: &PairingId, waited: SignedDuration) -> Result<CycleReport, CycleError> {
        self.leased(id, Wish::Schedule(waited)).await
    }

    async fn leased(&self, id: &PairingId, wish: Wish) -> Result<CycleReport, CycleError> {
        let lease = self.lease_of(id).await?;
        // A lease that cannot be given back ends by itself.
        let report = match self.with_lease(lease.clone(), id, wish).await {
            Ok(Left::Returned(report)) => return Ok(report),
            Ok(Left::Held(report)) => Ok(report),
            Err(error) => Err(error),
        };
        self.give_back(&lease, report).await
    }

    async fn with_lease(&self, lease: Lease, id: &PairingId, wish: Wish) -> Result<Left, CycleError> {
        let pairing = self.store().pairing(id).await?.ok_or(CycleError::NoPairing)?;
        if !pairing.enabled {
            return Ok(Left::Held(CycleReport::default()));
        }
        if let Some(why) = &pairing.state.stopped
            && !pairing.state.confirm_mailbox
        {
            return Err(CycleError::Stopped(why.clone()));
        }
        let force = match self.prepare(&pairing).await {
            Ok(force) => force,
            Err(CycleError::Trouble(trouble)) => return self.not_begun(&lease, &pairing, &trouble).await,
            Err(error) => return Err(error),
        };
        let (by_schedule, waited) = match wish {
            Wish::Schedule(waited) => (true, waited),
            Wish::Person => (false, SignedDuration::ZERO),
        };
        if by_schedule
            && !pairing.state.asked
            && let Some(until) = force.schedule.rests_until(self.now())
        {
            return self.rest(&lease, &pairing, &force, until).await;
        }
        match self.open(lease.clone(), pairing.clone(), force).await {
            Ok(mut cycle) => {
                cycle.waited = waited;
                cycle.run().await
            }
            Err(CycleError::Trouble(trouble)) => self.not_begun(&lease, &pairing, &trouble).await,
            Err(error) => Err(error),
        }
    }

    /// Opens both sides and learns what is in force.
    pub(crate) async fn begin(&self, lease: Lease, pairing: Pairing) -> Result<Cycle<'_>, CycleError> {
        let force = self.prepare(&pairing).await?;
        self.open(lease, pairing, force).await
    }

    async fn prepare(&self, pairing: &Pairing) -> Result<Force, CycleError> {
        if self.store().crm_cursor(&pairing.crm).await?.is_none() {
            // The feed's cursor must stand before a pairing lists, or what happens in between is missed.
            self.read_crm(&pairing.crm).await?;
        }
        self.force(pairing).await
    }

    async fn open(&self, lease: Lease, pairing: Pairing, force: Force) -> Result<Cycle<'_>, CycleError> {
        let (crm, pim) = self.parts.remotes.open(&pairing, force.maps.clone()).await?;
        let epoch = self.store().epoch().await?;
        Ok(Cycle {
            engine: self,
            lease,
            pairing,
            force,
            crm,
            pim,
            id: self.fresh_id(),
            began: self.now(),
            waited: SignedDuration::ZERO,
            epoch,
            identified: false,
            report: CycleReport::default(),
            leaders: BTreeMap::new(),
            confirmed: false,
            invited_before: None,
            invited: 0,
            pool_changed: false,
            broken_in_a_row: 0,
            creates: limits::CREATES,
            questions: None,
            short: BTreeMap::new(),
            undecided: BTreeSet::new(),
            unproven: BTreeSet::new(),
            unanswered: BTreeSet::new(),
            in_doubt: BTreeSet::new(),
            unknown: BTreeSet::new(),
            unread: false,
            again: BTreeMap::new(),
            going: BTreeSet::new(),
            due: BTreeMap::new(),
            closed: BTreeMap::new(),
            kinds: BTreeSet::new(),
            renamed: OnceLock::new(),
            learnt: None,
        })
    }

    /// Blackout hours: nothing is done, and hints wait. It looks again before they end, so that a changed schedule or
    /// membership counts within a minute or the general interval.
    async fn rest(
        &self,
        lease: &Lease,
        pairing: &Pairing,
        force: &Force,
        until: Timestamp,
    ) -> Result<Left, CycleError> {
        let patience = i64::from(force.settings.interval_s).max(limits::REST_S);
        let look = self.now().checked_add(SignedDuration::from_secs(patience)).unwrap_or(until);
        let state = PairingState { resting: true, next: Some(until.min(look)), ..pairing.state.clone() };
        self.store().end_cycle(lease, &pairing.id, &Ended { state, mailbox: None }).await?;
        Ok(Left::Held(CycleReport::default()))
    }

    async fn not_begun(&self, lease: &Lease, pairing: &Pairing, trouble: &Trouble) -> Result<Left, CycleError> {
        let state = after_trouble(self, pairing, pairing.state.clone(), trouble);
        let report = CycleReport { trouble: state.trouble.clone(), ..CycleReport::default() };
        self.store().end_cycle(lease, &pairing.id, &Ended { state, mailbox: None }).await?;
        Ok(Left::Held(report))
    }
}

impl Cycle<'_> {
    async fn run(&mut self) -> Result<Left, CycleError> {
        let before = self.pairing.state.clone();
        let done = self.work().await;
        self.note_folders().await?;
        let mut state = self.pairing.state.clone();
        let now = self.engine.now();
        state.last_cycle = Some(now);
        state.resting = false;
        let settled = done.is_ok() && self.report.is_quiet();
        state.next = Some(self.next(now, settled));
        match done {
            Ok(()) => {
                state.failures = 0;
                state.not_before = None;
                state.stopped = None;
                if state.planned_with != self.force.digest {
                    state.planned_with = self.force.digest.clone();
                    state.levels = self.force.levels.clone();
                    state.maps = self.force.of_maps.clone();
                }
                state.mail = self.mails();
                state.trouble = self.told_of_closed();
                self.report.trouble = state.trouble.clone();
                if state.trouble.is_none() {
                    self.report.first = !state.first_done;
                    state.first_done = true;
                    state.last_success = Some(now);
                    state.progress = None;
                }
                // Of a kind that was left out nothing is known: after a restore or a move it is matched when it can be.
                let whole = state.trouble.is_none();
                if whole && self.unanswered.is_empty() && self.in_doubt.is_empty() && !self.unread {
                    // What gave no answer was not told apart yet: after a restore its absence still proves nothing.
                    state.epoch = self.epoch;
                    state.untold = None;
                    // A kind that was not observed, for its levels permit nothing, is searched when one does.
                    state.moved &= Kind::ALL.into_iter().any(|kind| self.is_idle(kind));
                } else if whole && self.is_restored() && self.in_doubt.is_empty() {
                    let (_, since) = state.untold.filter(|(of, _)| *of == self.epoch).unwrap_or((self.epoch, now));
                    let over = now.duration_since(since) >= SignedDuration::from_hours(limits::UNTOLD_HOURS);
                    state.epoch = if over { self.epoch } else { state.epoch };
                    state.untold = Some((self.epoch, since)).filter(|_| !over);
                }
            }
            Err(CycleError::Trouble(trouble)) => {
                state = after_trouble(self.engine, &self.pairing, state, &trouble);
                self.report.trouble = state.trouble.clone();
            }
            Err(CycleError::Stopped(why)) => {
                self.report.trouble = Some(why.clone());
                state.trouble = Some(why.clone());
                state.stopped = Some(why);
            }
            Err(error) => return Err(error),
        }
        if state.epoch == 0 {
            // A first cycle that did not end well has linked records all the same: a restore after it is noticed too.
            state.epoch = self.epoch;
        }
        let mailbox = self.learnt.take();
        if mailbox.is_some() {
            state.confirm_mailbox = false;
            state.stopped = None;
        }
        let report = std::mem::take(&mut self.report);
        if mailbox.is_none()
            && is_beat(&before, &state)
            && self.engine.store().beat(&self.lease, now, state.next).await?
        {
            return Ok(Left::Returned(report));
        }
        self.engine.store().end_cycle(&self.lease, &self.pairing.id, &Ended { state, mailbox }).await?;
        Ok(Left::Held(report))
    }

    async fn work(&mut self) -> Result<(), CycleError> {
        let last = self.pairing.state.last_cycle;
        if last.is_some_and(|last| last > store::limits::ahead_of(self.began)) {
            self.engine.store().put_right(&self.lease, &self.pairing.id, self.began).await?;
        }
        self.first_contact().await?;
        self.recover().await?;
        self.learn().await?;
        if planted::is(Planted::BrakesAfterwards) {
            self.act_on_all(&crate::brake::Stopped::default()).await?;
        }
        let brakes = self.count().await?;
        self.act_on_all(&brakes).await?;
        self.given_up().await?;
        self.look_at_the_ambiguous().await
    }

    /// Learns what both sides say and which items are whose, and remembers it; writes nothing on either side.
    pub(crate) async fn learn(&mut self) -> Result<(), CycleError> {
        self.settings_changed().await?;
        self.observe().await?;
        self.learn_kinds().await?;
        self.relink().await?;
        self.look_beside_invitations().await?;
        if self.look().await? {
            // An item that waited for proof is looked at by its time: whose it is now is asked again.
            self.relink().await?;
        }
        self.follow_merges().await?;
        self.follow_marks().await?;
        self.look_at_partners().await
    }

    /// When it is due next by its schedule. While changes are told, polling is the net beneath: seldom, and not all at once
    /// (rule E4). A cycle that wrote, or left something to be done, is followed by one as if nothing were told: no server
    /// tells of what we still owe.
    fn next(&self, now: Timestamp, settled: bool) -> Timestamp {
        let by_schedule = self.force.schedule.next(now);
        if !self.pairing.state.push.pushed || !settled {
            return by_schedule;
        }
        let net = i64::from(self.force.settings.net_interval_s) * 1_000;
        let early = i64::try_from(self.engine.parts.dice.roll() % 1_000).unwrap_or(0) * net / 10_000;
        now.checked_add(SignedDuration::from_millis(net - early)).map_or(by_schedule, |net| by_schedule.max(net))
    }

    /// Whether this cycle may make the server write to guests (rule C9): never the first one, nor one that finds its links
    /// again after a move or a restore.
    pub(crate) fn mails(&self) -> bool {
        let state = &self.pairing.state;
        let ordinary = state.first_done && !state.moved && !state.confirm_mailbox && state.epoch == self.epoch;
        self.force.settings.domain(Domain::Calendar).mail && ordinary && !self.confirmed
    }

    /// Whether the store was restored from a copy and this pairing had no whole cycle since (decision 13).
    pub(crate) fn is_restored(&self) -> bool {
        self.pairing.state.epoch != 0 && self.pairing.state.epoch != self.epoch
    }

    pub(crate) fn remote(&self, side: Side) -> &dyn Remote {
        match side {
            Side::Crm => self.crm.as_ref(),
            Side::Pim => self.pim.as_ref(),
        }
    }

    /// A look at one id; trouble with it alone is the answer's.
    pub(crate) async fn get_one(
        &self,
        side: Side,
        kind: Kind,
        wanted: Wanted,
    ) -> Result<Result<model::Seen, Trouble>, CycleError> {
        let id = wanted.id.clone();
        let answers = self.remote(side).get(kind, &[wanted]).await?;
        let found = answers.into_iter().find(|(of, _)| *of == id).map(|(_, seen)| seen);
        Ok(found.unwrap_or_else(|| Err(Trouble::unanswered())))
    }

    /// Keeps the lease while a long cycle works: a call is sent only while the rest exceeds its deadline (decision 10).
    pub(crate) async fn keep_lease(&mut self) -> Result<(), CycleError> {
        self.engine.keep_lease(&mut self.lease).await
    }
}

/// Whether nothing but the times of a pairing's last and next cycle has changed: only this cycle's heartbeat is written.
fn is_beat(before: &PairingState, after: &PairingState) -> bool {
    let times =
        |state: &PairingState| PairingState { last_cycle: None, last_success: None, next: None, ..state.clone() };
    after.last_success == after.last_cycle && times(before) == times(after)
}

fn after_trouble(engine: &Engine, pairing: &Pairing, mut state: PairingState, trouble: &Trouble) -> PairingState {
    let now = engine.now();
    state.last_cycle = Some(now);
    state.failures = state.failures.saturating_add(1);
    state.trouble = Some(trouble.to_string());
    let told = match trouble {
        Trouble::Busy { wait_ms: Some(ms), .. } => i64::try_from(*ms / 1000).unwrap_or(limits::LONGEST_PATIENCE_S) + 1,
        Trouble::Busy { wait_ms: None, .. }
        | Trouble::Stale
        | Trouble::Gone(_)
        | Trouble::Refused { .. }
        | Trouble::NoAccess { .. }
        | Trouble::CursorRefused
        | Trouble::Broken { .. }
        | Trouble::Unknown { .. } => 0,
    };
    // Our own floor, growing and with jitter, beneath whatever a server says (traps 166, 167).
    let grown = 1_i64 << state.failures.min(9);
    let jitter = i64::try_from(engine.parts.dice.roll() % 1000).unwrap_or(0);
    let wait = told.max(grown.min(limits::LONGEST_PATIENCE_S));
    state.not_before = now.checked_add(SignedDuration::from_millis(wait * 1000 + jitter)).ok();
    state.next = state.not_before;
    tracing::warn!(pairing.id = %pairing.id, failures = state.failures, "a cycle did not end well");
    state
}
