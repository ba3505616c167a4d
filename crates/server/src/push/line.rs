//! One streaming connection: subscribes its mailboxes, listens, passes hints on, and makes anew what is lost.

use super::patience::wait_ms;
use crate::services::Services;
use connect::ews::{Affinity, EwsRemote};
use engine::port::Trouble;
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use model::PairingId;
use std::sync::Arc;
use store::{Pairing, Push};
use tokio::sync::{mpsc, watch};

mod hearing;

/// A mailbox that could not be subscribed to is tried again after this; one server that does not stream, too.
const RETRY: SignedDuration = SignedDuration::from_mins(30);

/// A connection that ends sooner than this after its first word was none; what a proxy holds back to the end comes all at once.
const SHORT: SignedDuration = SignedDuration::from_secs(10);

/// So many failures in a row, each time, before the server that the subscriptions live on is given up: what is down comes
/// back mostly, and made anew they count twice for a while.
const GIVEN_UP: u32 = 4;

/// So many mailboxes in a row that cannot be subscribed to are the server's trouble, not theirs (rule E7).
const SERVERS: u32 = 3;

/// A mailbox to be pushed.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Member {
    pairing: PairingId,
    connection: String,
    address: String,
    zone: Option<String>,
    /// As it stood in the store when it was taken up.
    push: Pushed,
}

/// How a mailbox stood when it was taken up; no change of it is a change of the group.
#[derive(Clone)]
struct Pushed(Push);

impl PartialEq for Pushed {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Pushed {}

impl Member {
    pub(super) fn of(pairing: Pairing) -> Member {
        Member {
            pairing: pairing.id,
            connection: pairing.connection,
            address: pairing.address,
            zone: pairing.settings.zone,
            push: Pushed(pairing.state.push),
        }
    }
}

/// A mailbox and its subscription.
struct Seat {
    member: Member,
    subscription: Option<String>,
    /// What the store says of it.
    shown: Push,
    /// Since when it has its subscription.
    since: Option<Timestamp>,
    /// Subscriptions lost as soon as they were made, in a row.
    losses: u32,
    /// Tries to subscribe that failed, in a row.
    failures: u32,
    not_before: Option<Timestamp>,
}

/// Why listening ended.
enum Ended {
    /// The server closed the connection as it should.
    Closed,
    /// Other mailboxes are to be carried, and not beside it.
    Changed,
    /// None of its subscriptions is there any more.
    Lost,
    /// It broke off, or nothing came any more: what happened meanwhile was not told.
    Broken(Option<Trouble>),
    /// Nobody wants it any more.
    Over,
}

/// One streaming connection with its mailboxes.
pub(super) struct Line {
    services: Services,
    members: watch::Receiver<Vec<Member>>,
    apart: mpsc::Sender<PairingId>,
    affinity: Option<Arc<Affinity>>,
    seats: Vec<Seat>,
    failures: u32,
}

impl Line {
    pub(super) fn new(
        services: Services,
        members: watch::Receiver<Vec<Member>>,
        apart: mpsc::Sender<PairingId>,
    ) -> Line {
        Line { services, members, apart, affinity: None, seats: Vec::new(), failures: 0 }
    }

    /// Keeps the connection open until nobody wants it any more.
    pub(super) async fn run(mut self) {
        loop {
            self.take_members().await;
            let wait = match self.subscribe().await {
                Err(trouble) => {
                    self.unheard(&trouble).await;
                    Some(self.patience(Some(&trouble)))
                }
                Ok(()) if self.seats.iter().all(|seat| seat.subscription.is_none()) => Some(self.until_retry()),
                Ok(()) => match self.listen().await {
                    Ended::Over => break,
                    Ended::Closed | Ended::Changed | Ended::Lost => None,
                    Ended::Broken(trouble) => Some(self.patience(trouble.as_ref())),
                },
            };
            if let Some(ms) = wait {
                let (clock, members) = (Arc::clone(&self.services.clock), &mut self.members);
                let wanted = tokio::select! {
                    () = clock.sleep_ms(ms) => true,
                    changed = members.changed() => changed.is_ok(),
                };
                if !wanted {
                    break;
                }
            }
        }
        let all = std::mem::take(&mut self.seats);
        self.end(all).await;
    }

    /// Takes up whom it is to carry now, and ends the subscriptions of the others.
    async fn take_members(&mut self) {
        let wanted = self.members.borrow_and_update().clone();
        let (stay, go): (Vec<Seat>, Vec<Seat>) =
            std::mem::take(&mut self.seats).into_iter().partition(|seat| wanted.contains(&seat.member));
        self.end(go).await;
        self.seats = stay;
        for member in wanted {
            if self.seats.iter().all(|seat| seat.member != member) {
                let shown = member.push.0.clone();
                let (subscription, since, not_before) = (None, None, None);
                self.seats.push(Seat { member, subscription, shown, since, losses: 0, failures: 0, not_before });
            }
        }
        // Where nothing is kept any more, another server may be the right one.
        if self.seats.iter().all(|seat| seat.subscription.is_none()) {
            self.affinity = self.seats.first().map(|seat| Affinity::to(seat.member.address.clone()));
        }
    }

    /// Ends subscriptions: nothing is left on the server that nobody listens to.
    async fn end(&mut self, go: Vec<Seat>) {
        let Some(affinity) = self.affinity.clone() else { return };
        for seat in go {
            if let Some(id) = &seat.subscription
                && let Ok(remote) = self.remote(&seat.member).await
                && let Err(trouble) = remote.unsubscribe(&affinity, id).await
            {
                tracing::debug!(pairing.id = %seat.member.pairing, why = %trouble, "a subscription ends by itself");
            }
        }
    }

    async fn remote(&self, member: &Member) -> Result<EwsRemote, Trouble> {
        self.services.servers.mailbox(&member.connection, &member.address, member.zone.as_deref()).await
    }

    /// Subscribes every mailbox that is not. An error is one of the server, not of a mailbox.
    async fn subscribe(&mut self) -> Result<(), Trouble> {
        let Some(affinity) = self.affinity.clone() else { return Ok(()) };
        let mut failed_in_a_row = 0;
        for at in 0..self.seats.len() {
            let (now, seat) = (self.services.clock.now(), &self.seats[at]);
            if seat.subscription.is_some() || seat.not_before.is_some_and(|until| until > now) {
                continue;
            }
            let made = match self.remote(&seat.member).await {
                Ok(remote) => remote.subscribe(&affinity).await,
                Err(trouble) => Err(trouble),
            };
            let trouble = match made {
                Ok(id) => {
                    failed_in_a_row = 0;
                    let seat = &mut self.seats[at];
                    seat.subscription = Some(id);
                    (seat.since, seat.not_before, seat.failures) = (Some(now), None, 0);
                    if seat.shown.pushed {
                        // Anew: what happened since the last one was told to nobody.
                        let pairing = seat.member.pairing.clone();
                        self.due(&[pairing]).await;
                    }
                    continue;
                }
                Err(trouble) => trouble,
            };
            let passing = matches!(trouble, Trouble::Busy { .. } | Trouble::Broken { .. } | Trouble::Unknown { .. });
            let whole = matches!(&trouble, Trouble::Refused { code, .. } if code == "NoStreaming");
            let roll = self.services.dice.roll();
            let seat = &mut self.seats[at];
            seat.failures = seat.failures.saturating_add(1);
            let wait = match passing {
                true => SignedDuration::from_millis(
                    i64::try_from(wait_ms(seat.failures, Some(&trouble), roll)).unwrap_or(i64::MAX),
                ),
                false => RETRY,
            };
            let concerns = |index: usize, seat: &Seat| index == at || (whole && seat.subscription.is_none());
            for (index, seat) in self.seats.iter_mut().enumerate() {
                if concerns(index, seat) {
                    seat.not_before = now.checked_add(wait).ok();
                }
            }
            let polled = Push::polled(trouble.to_string());
            self.show(|index, seat| concerns(index, seat).then(|| polled.clone())).await;
            failed_in_a_row = if passing { failed_in_a_row + 1 } else { 0 };
            if failed_in_a_row >= SERVERS {
                return Err(trouble);
            }
        }
        Ok(())
    }

    /// Milliseconds until a mailbox is to be tried again.
    fn until_retry(&self) -> u64 {
        let now = self.services.clock.now();
        let next = self.seats.iter().filter_map(|seat| seat.not_before).min();
        let left = next.map_or(RETRY, |at| at.duration_since(now));
        u64::try_from(left.as_millis()).unwrap_or(0).max(1_000)
    }

    /// Ends when a mailbox without a subscription is to be tried again.
    fn retry(&self) -> BoxFuture<'static, ()> {
        if self.carried() == self.seats.len() {
            return Box::pin(std::future::pending());
        }
        let (clock, ms) = (Arc::clone(&self.services.clock), self.until_retry());
        Box::pin(async move { clock.sleep_ms(ms).await })
    }

    /// How many mailboxes have a subscription.
    fn carried(&self) -> usize {
        self.seats.iter().filter(|seat| seat.subscription.is_some()).count()
    }

    fn patience(&mut self, trouble: Option<&Trouble>) -> u64 {
        self.failures = self.failures.saturating_add(1);
        wait_ms(self.failures, trouble, self.services.dice.roll())
    }

    async fn listen(&mut self) -> Ended {
        let ids: Vec<String> = self.seats.iter().filter_map(|seat| seat.subscription.clone()).collect();
        let (Some(affinity), Some(anchor)) = (self.affinity.clone(), self.anchor()) else { return Ended::Changed };
        let mut greeted = None;
        let opened = match self.remote(&anchor).await {
            Ok(remote) => remote.listen(&affinity, ids.clone()).await,
            Err(trouble) => Err(trouble),
        };
        let ended = match opened {
            Ok(stream) => self.hear(stream, ids, &mut greeted).await,
            Err(trouble) => Ended::Broken(Some(trouble)),
        };
        let now = self.services.clock.now();
        let short = greeted.is_none_or(|at| now.duration_since(at) < SHORT);
        if !short {
            self.failures = 0;
        }
        let (why, ended) = match ended {
            Ended::Closed if short => ("short", Ended::Broken(None)),
            Ended::Closed => ("closed", Ended::Closed),
            Ended::Changed => ("changed", Ended::Changed),
            Ended::Lost => ("lost", Ended::Lost),
            Ended::Broken(trouble) => ("broken", Ended::Broken(trouble)),
            Ended::Over => return Ended::Over,
        };
        self.services.metrics.push_ended(why);
        match &ended {
            // It may have told what we did not hear any more.
            Ended::Changed | Ended::Lost => self.all_due().await,
            Ended::Broken(trouble) => {
                // The first time it is opened again at once. What it told and we did not hear is looked for.
                if greeted.is_some() || self.failures == 0 {
                    self.all_due().await;
                }
                if self.failures > 0 {
                    let broken = Trouble::Broken { why: "the streaming connection does not stay open".to_owned() };
                    self.unheard(trouble.as_ref().unwrap_or(&broken)).await;
                }
                if (self.failures + 1).is_multiple_of(GIVEN_UP) {
                    self.seats.iter_mut().for_each(|seat| seat.subscription = None);
                }
            }
            Ended::Closed | Ended::Over => {}
        }
        ended
    }

    /// The mailbox in whose name the connection is opened: its own, as long as it is carried.
    fn anchor(&self) -> Option<Member> {
        let anchor = self.affinity.as_ref()?.anchor();
        let carried = self.seats.iter().filter(|seat| seat.subscription.is_some());
        let own = carried.clone().find(|seat| seat.member.address == *anchor);
        own.or_else(|| carried.clone().next()).map(|seat| seat.member.clone())
    }

    /// Nobody is told of anything any more.
    async fn unheard(&mut self, trouble: &Trouble) {
        let polled = Push::polled(trouble.to_string());
        self.show(|_, seat| (seat.not_before.is_none()).then(|| polled.clone())).await;
    }

    /// Notes how mailboxes stand, where that is not what the store says already.
    async fn show(&mut self, stands: impl Fn(usize, &Seat) -> Option<Push>) {
        let mut changed: Vec<(Push, Vec<PairingId>)> = Vec::new();
        for (index, seat) in self.seats.iter_mut().enumerate() {
            let Some(push) = stands(index, seat).filter(|push| *push != seat.shown) else { continue };
            seat.shown = push.clone();
            match changed.iter_mut().find(|(known, _)| *known == push) {
                Some((_, ids)) => ids.push(seat.member.pairing.clone()),
                None => changed.push((push, vec![seat.member.pairing.clone()])),
            }
        }
        for (push, ids) in changed {
            if let Err(why) = self.services.store.set_push(&ids, &push).await {
                tracing::warn!(why = %why, "the store cannot note who is pushed");
                // Noted when it is told again.
                for seat in self.seats.iter_mut().filter(|seat| ids.contains(&seat.member.pairing)) {
                    seat.shown = Push::default();
                }
            }
            self.services.wake.pairing_due();
        }
    }

    async fn all_due(&self) {
        let all: Vec<PairingId> =
            self.seats.iter().filter(|seat| seat.shown.pushed).map(|seat| seat.member.pairing.clone()).collect();
        self.due(&all).await;
    }

    /// Makes pairings due. What the store cannot note now, the net finds.
    async fn due(&self, pairings: &[PairingId]) {
        if pairings.is_empty() {
            return;
        }
        match self.services.store.make_due(pairings).await {
            Ok(()) => self.services.wake.pairing_due(),
            Err(why) => tracing::warn!(why = %why, "the store cannot note what is due"),
        }
    }
}
