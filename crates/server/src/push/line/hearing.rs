//! Listening: what the streaming answers tell is passed on as hints. A mailbox that is subscribed to later, or anew, is
//! listened to beside the others, so that nobody else's folders are listed for it.

use super::{Ended, Line, RETRY, SHORT, Seat};
use connect::ews::{Heard, Stream};
use engine::port::{Clock, Trouble};
use futures::future::BoxFuture;
use jiff::Timestamp;
use model::PairingId;
use std::collections::BTreeSet;
use std::sync::Arc;
use store::Push;

/// Exchange says something every 45 seconds or oftener; a connection that is silent for this long is dead.
const SILENCE_MS: u64 = 150_000;

/// Hints that come within this time are passed on together.
const GATHER_MS: u64 = 300;

/// Losses in a row after which a mailbox's subscriptions are taken to live elsewhere.
const LOSSES: u32 = 2;

/// A streaming answer that is listened to.
struct Ear {
    stream: Stream,
    /// The subscriptions that it carries.
    ids: Vec<String>,
    greeted: bool,
    clock: Arc<dyn Clock>,
    silence: BoxFuture<'static, ()>,
}

impl Ear {
    fn to(stream: Stream, ids: Vec<String>, clock: &Arc<dyn Clock>) -> Self {
        Self { stream, ids, greeted: false, clock: Arc::clone(clock), silence: silence(clock) }
    }

    /// What it tells next; none when it ended without a word. Dropping the future loses nothing.
    async fn next(&mut self) -> Result<Option<Heard>, Trouble> {
        tokio::select! {
            heard = self.stream.next() => {
                self.silence = silence(&self.clock);
                heard
            }
            () = &mut self.silence => {
                Err(Trouble::Broken { why: "the streaming connection was silent for too long".to_owned() })
            }
        }
    }
}

/// Whether a mailbox's subscription is one of these.
fn is_of(seat: &Seat, ids: &[String]) -> bool {
    seat.subscription.as_ref().is_some_and(|id| ids.contains(id))
}

fn silence(clock: &Arc<dyn Clock>) -> BoxFuture<'static, ()> {
    let clock = Arc::clone(clock);
    Box::pin(async move { clock.sleep_ms(SILENCE_MS).await })
}

/// What the answer beside the first tells, where there is one.
async fn next_beside(beside: &mut Option<Ear>) -> Result<Option<Heard>, Trouble> {
    match beside {
        Some(ear) => ear.next().await,
        None => std::future::pending().await,
    }
}

impl Line {
    /// Listens until the answer ends, noting when its first word came.
    pub(super) async fn hear(&mut self, stream: Stream, ids: Vec<String>, greeted: &mut Option<Timestamp>) -> Ended {
        let clock = Arc::clone(&self.services.clock);
        let mut due: BTreeSet<PairingId> = BTreeSet::new();
        let mut gathering: BoxFuture<'static, ()> = Box::pin(std::future::pending());
        let mut retry = self.retry();
        let mut first = Ear::to(stream, ids, &clock);
        let mut beside: Option<Ear> = None;
        let ended = loop {
            let wider = tokio::select! {
                heard = first.next() => match heard {
                    Ok(Some(heard)) => {
                        greeted.get_or_insert_with(|| clock.now());
                        self.greet(&mut first.greeted, &first.ids).await;
                        let lost = self.lose(&heard).await;
                        if due.is_empty() && !heard.happened.is_empty() {
                            gathering = gather(&clock);
                        }
                        due.extend(self.meant(&heard));
                        if heard.closed {
                            break Ended::Closed;
                        }
                        lost
                    }
                    Ok(None) => break Ended::Broken(None),
                    Err(trouble) => break Ended::Broken(Some(trouble)),
                },
                heard = next_beside(&mut beside) => match (heard, &mut beside) {
                    (Ok(Some(heard)), Some(ear)) if !heard.closed => {
                        self.greet(&mut ear.greeted, &ear.ids).await;
                        let lost = self.lose(&heard).await;
                        if due.is_empty() && !heard.happened.is_empty() {
                            gathering = gather(&clock);
                        }
                        due.extend(self.meant(&heard));
                        lost
                    }
                    // However it ended, one connection for all is opened, with the patience that is due to it.
                    (_, _) => break Ended::Changed,
                },
                () = &mut gathering => {
                    let ready: Vec<PairingId> = std::mem::take(&mut due).into_iter().collect();
                    gathering = Box::pin(std::future::pending());
                    self.services.metrics.notified(ready.len());
                    self.due(&ready).await;
                    false
                }
                () = &mut retry => true,
                changed = self.members.changed() => {
                    if changed.is_err() {
                        break Ended::Over;
                    }
                    self.take_members().await;
                    true
                }
            };
            if wider {
                if let Some(ended) = self.widen(&first.ids, &mut beside).await {
                    break ended;
                }
                retry = self.retry();
            }
        };
        // What the one beside told meanwhile is not heard any more.
        if let (Ended::Closed, Some(ear)) = (&ended, &beside) {
            due.extend(self.carried_by(&ear.ids));
        }
        let rest: Vec<PairingId> = due.into_iter().collect();
        self.due(&rest).await;
        ended
    }

    /// Subscribes to the mailboxes that are not, and listens to them beside the first answer; says how it ends where that
    /// cannot be.
    async fn widen(&mut self, first: &[String], beside: &mut Option<Ear>) -> Option<Ended> {
        if !self.seats.iter().any(|seat| is_of(seat, first)) {
            return Some(Ended::Lost);
        }
        if let Err(trouble) = self.subscribe().await {
            tracing::debug!(why = %trouble, "mailboxes are subscribed to later");
        }
        let others = self.seats.iter().filter(|seat| !is_of(seat, first));
        let ids: Vec<String> = others.filter_map(|seat| seat.subscription.clone()).collect();
        if beside.as_ref().map_or(ids.is_empty(), |ear| ear.ids == ids) {
            return None;
        }
        // Closed before another one is opened, for an account may have few of them.
        if let Some(ear) = beside.take() {
            let unheard = self.carried_by(&ear.ids);
            drop(ear);
            self.due(&unheard).await;
        }
        if ids.is_empty() {
            return None;
        }
        let (Some(affinity), Some(anchor)) = (self.affinity.clone(), self.anchor()) else {
            return Some(Ended::Changed);
        };
        let opened = match self.remote(&anchor).await {
            Ok(remote) => remote.listen(&affinity, ids.clone()).await,
            Err(trouble) => Err(trouble),
        };
        match opened {
            Ok(stream) => {
                *beside = Some(Ear::to(stream, ids, &self.services.clock));
                None
            }
            Err(trouble) => {
                tracing::debug!(why = %trouble, "no second streaming connection; one is opened for all");
                Some(Ended::Changed)
            }
        }
    }

    /// The mailboxes whose subscriptions an answer carries.
    fn carried_by(&self, ids: &[String]) -> Vec<PairingId> {
        self.seats.iter().filter(|seat| is_of(seat, ids)).map(|seat| seat.member.pairing.clone()).collect()
    }

    /// Notes at an answer's first word who is pushed by it.
    async fn greet(&mut self, greeted: &mut bool, ids: &[String]) {
        if !std::mem::replace(greeted, true) {
            self.show(|_, seat| is_of(seat, ids).then(Push::on)).await;
        }
    }

    /// The mailboxes in which something happened. One that is told of has its subscription where it should be.
    fn meant(&mut self, heard: &Heard) -> Vec<PairingId> {
        let told = |seat: &&mut Seat| seat.subscription.as_ref().is_some_and(|id| heard.happened.contains(id));
        let told = self.seats.iter_mut().filter(told);
        told.map(|seat| {
            seat.losses = 0;
            seat.member.pairing.clone()
        })
        .collect()
    }

    /// Takes note of lost subscriptions: they are made anew, and those that are lost again and again get a connection of
    /// their own, or are polled for a while.
    async fn lose(&mut self, heard: &Heard) -> bool {
        let alone = self.seats.len() == 1;
        let now = self.services.clock.now();
        let mut lost = false;
        let mut polled = BTreeSet::new();
        for (index, seat) in self.seats.iter_mut().enumerate() {
            if !seat.subscription.as_ref().is_some_and(|id| heard.lost.contains(id)) {
                continue;
            }
            lost = true;
            seat.subscription = None;
            // One that was kept for a while was where it should be.
            let at_once = seat.since.is_some_and(|since| now.duration_since(since) < SHORT);
            seat.losses = if at_once { seat.losses + 1 } else { 1 };
            if seat.losses < LOSSES {
                continue;
            }
            seat.losses = 0;
            seat.not_before = now.checked_add(RETRY).ok();
            polled.insert(index);
            // A full channel means that many wait to be told apart; this one is lost again then.
            if !alone && let Err(why) = self.apart.try_send(seat.member.pairing.clone()) {
                tracing::debug!(why = %why, "a mailbox is told apart later");
            }
        }
        let why = Push::polled("the server does not keep the mailbox's subscription");
        self.show(|index, _| polled.contains(&index).then(|| why.clone())).await;
        lost
    }
}

fn gather(clock: &Arc<dyn Clock>) -> BoxFuture<'static, ()> {
    let clock = Arc::clone(clock);
    Box::pin(async move { clock.sleep_ms(GATHER_MS).await })
}
