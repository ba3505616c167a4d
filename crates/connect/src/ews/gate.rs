//! How many calls a server, and each of its mailboxes, is asked at once: fewer when it says that it is busy, slowly more
//! again when it is not; a call for many items counts as several; whoever waited longest comes next.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// The most calls at once to one server with one account: below the 27 that Exchange allows an account by default, which
/// other programs of the same account share.
const OF_SERVER: usize = 16;

/// The most calls at once for one mailbox, so that one with much to do leaves room for the others.
const OF_MAILBOX: usize = 4;

/// So many items of a call are worth one place: a call for more takes several, up to its mailbox's share.
const ITEMS: usize = 10;

/// Calls that must go well before one more is asked at once.
const STEADY: usize = 32;

/// So many mailboxes are remembered; then those without a call under way begin anew.
const MAILBOXES: usize = 20_000;

/// The way to one server, shared by its mailboxes.
pub struct Gate {
    server: Arc<Lane>,
    of_mailbox: usize,
    mailboxes: Mutex<BTreeMap<String, Arc<Lane>>>,
    /// The mailbox that was told last to wait, since the server was asked less.
    told: Mutex<Option<String>>,
}

/// How a call went, as far as it says how much may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Went {
    /// It was served, or refused for a reason of its own.
    Well,
    /// The mailbox's share is used up.
    MailboxBusy,
    /// The server as a whole asks to be asked less.
    ServerBusy,
}

/// A call under way: its places at its mailbox and at the server.
pub(super) struct Passage {
    gate: Arc<Gate>,
    address: String,
    mailbox: Places,
    server: Places,
}

/// Calls of one kind under way, and those that wait.
struct Lane {
    most: usize,
    room: Mutex<Room>,
}

struct Room {
    /// Places there are. More may be taken for a while, when fewer were allowed meanwhile.
    places: usize,
    taken: usize,
    /// Calls that went well since the last change.
    steady: usize,
    /// Whoever waited longest stands first.
    waiting: VecDeque<Waiting>,
}

struct Waiting {
    wanted: usize,
    turn: oneshot::Sender<Places>,
}

/// Places that are taken.
struct Places {
    lane: Arc<Lane>,
    number: usize,
}

impl Default for Gate {
    fn default() -> Self {
        Self::new(OF_SERVER, OF_MAILBOX)
    }
}

impl std::fmt::Debug for Gate {
    // The mailboxes' addresses stay out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "at most {} calls at once, {} for a mailbox", self.server.most, self.of_mailbox)
    }
}

impl Gate {
    /// At most so many calls at once to the server, and as many of them for one mailbox as usual.
    pub fn of_server(most: usize) -> Self {
        Self::new(most, OF_MAILBOX)
    }

    /// At most so many calls at once to the server, and for one of its mailboxes; one is always asked.
    pub fn new(of_server: usize, of_mailbox: usize) -> Self {
        Self {
            server: Arc::new(Lane::new(of_server)),
            of_mailbox: of_mailbox.max(1),
            mailboxes: Mutex::default(),
            told: Mutex::default(),
        }
    }

    /// Waits for the places that a call for so many items is worth, first among the mailbox's own calls, then among all.
    pub(super) async fn pass(self: &Arc<Self>, address: &str, items: usize) -> Passage {
        let lane = self.lane(address);
        let wanted = items.div_ceil(ITEMS).clamp(1, self.of_mailbox);
        let mailbox = Lane::enter(&lane, wanted).await;
        let server = Lane::enter(&self.server, wanted).await;
        Passage { gate: Arc::clone(self), address: address.to_lowercase(), mailbox, server }
    }

    fn lane(&self, address: &str) -> Arc<Lane> {
        let mut all = whole(&self.mailboxes);
        if all.len() >= MAILBOXES {
            all.retain(|_, lane| Arc::strong_count(lane) > 1);
        }
        let lane = all.entry(address.to_lowercase()).or_insert_with(|| Arc::new(Lane::new(self.of_mailbox)));
        Arc::clone(lane)
    }

    /// Whether another mailbox was told to wait since the server was asked less: then it is not one mailbox's share.
    fn told_another(&self, address: &str) -> bool {
        let mut told = whole(&self.told);
        let another = told.as_deref().is_some_and(|known| known != address);
        *told = if another { None } else { Some(address.to_owned()) };
        another
    }
}

impl Passage {
    /// Tells how the call went.
    pub(super) fn went(self, how: Went) {
        match how {
            Went::Well => {
                self.mailbox.lane.went_well();
                if self.server.lane.went_well() {
                    *whole(&self.gate.told) = None;
                }
            }
            Went::MailboxBusy => {
                self.mailbox.lane.was_busy();
                if self.gate.told_another(&self.address) {
                    self.server.lane.was_busy();
                }
            }
            Went::ServerBusy => self.server.lane.was_busy(),
        }
    }
}

impl Lane {
    fn new(most: usize) -> Self {
        let most = most.max(1);
        let room = Room { places: most, taken: 0, steady: 0, waiting: VecDeque::new() };
        Self { most, room: Mutex::new(room) }
    }

    /// Waits for places; whoever asked first is served first.
    async fn enter(lane: &Arc<Self>, wanted: usize) -> Places {
        let (turn, mine) = oneshot::channel();
        whole(&lane.room).waiting.push_back(Waiting { wanted, turn });
        Self::admit(lane);
        // Nobody forgets who waits; were it so, a call too many is better than one that is never sent.
        mine.await.unwrap_or_else(|_| Places { lane: Arc::clone(lane), number: 0 })
    }

    /// Lets in who is next, as long as there is room. Who wants more than there is at all gets all there is.
    fn admit(lane: &Arc<Self>) {
        loop {
            let mut room = whole(&lane.room);
            let (places, taken) = (room.places, room.taken);
            let fits = |next: &mut Waiting| next.turn.is_closed() || taken + next.wanted.min(places) <= places;
            let Some(Waiting { wanted, turn }) = room.waiting.pop_front_if(fits) else { return };
            let number = wanted.min(places);
            room.taken += number;
            // Whoever gave up waiting hands them back, which needs the room.
            drop(room);
            if let Err(mut places) = turn.send(Places { lane: Arc::clone(lane), number }) {
                whole(&lane.room).taken -= std::mem::take(&mut places.number);
            }
        }
    }

    fn was_busy(&self) {
        let mut room = whole(&self.room);
        room.places = (room.places / 2).max(1);
        room.steady = 0;
    }

    /// Says whether things have been well for long enough that more was allowed, or all is allowed already.
    fn went_well(&self) -> bool {
        let mut room = whole(&self.room);
        room.steady += 1;
        if room.steady < STEADY {
            return false;
        }
        room.steady = 0;
        // Whoever waits is let in when the call that went well leaves its places.
        room.places = (room.places + 1).min(self.most);
        true
    }
}

impl Drop for Places {
    fn drop(&mut self) {
        if self.number > 0 {
            whole(&self.lane.room).taken -= self.number;
            Lane::admit(&self.lane);
        }
    }
}

/// What another thread left is whole: every change is one step.
fn whole<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
