//! How many calls a server, and each of its mailboxes, is asked at once: fewer when it says that it is busy, slowly more
//! again when it is not; whoever waited longest comes next.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The most calls at once to one server with one account: below the 27 that Exchange allows an account by default, which
/// other programs of the same account share.
const OF_SERVER: usize = 16;

/// The most calls at once for one mailbox, so that one with much to do leaves room for the others.
const OF_MAILBOX: usize = 4;

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

/// A call under way: its place at its mailbox and at the server.
pub(super) struct Passage {
    gate: Arc<Gate>,
    address: String,
    mailbox: Place,
    server: Place,
}

/// Calls of one kind under way.
struct Lane {
    most: usize,
    room: Arc<Semaphore>,
    pace: Mutex<Pace>,
}

struct Pace {
    /// Places there are, taken or free.
    places: usize,
    /// Places to be given up as soon as they are free.
    owed: usize,
    /// Calls that went well since the last change.
    steady: usize,
}

/// A place that is taken.
struct Place {
    lane: Arc<Lane>,
    /// None when the room was closed, which it never is.
    permit: Option<OwnedSemaphorePermit>,
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

    /// Waits for a place, first among the mailbox's own calls, then among all.
    pub(super) async fn pass(self: &Arc<Self>, address: &str) -> Passage {
        let lane = self.lane(address);
        let mailbox = Lane::enter(&lane).await;
        let server = Lane::enter(&self.server).await;
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
        let pace = Mutex::new(Pace { places: most, owed: 0, steady: 0 });
        Self { most, room: Arc::new(Semaphore::new(most)), pace }
    }

    /// Waits for a place; whoever asked first gets the next one.
    async fn enter(lane: &Arc<Self>) -> Place {
        Place { permit: Arc::clone(&lane.room).acquire_owned().await.ok(), lane: Arc::clone(lane) }
    }

    fn was_busy(&self) {
        let mut pace = whole(&self.pace);
        let fewer = (pace.places / 2).max(1);
        let less = pace.places - fewer;
        // Free places go at once, taken ones when they become free.
        pace.owed += less - self.room.forget_permits(less);
        pace.places = fewer;
        pace.steady = 0;
    }

    /// Says whether things have been well for long enough that more was allowed, or all is allowed already.
    fn went_well(&self) -> bool {
        let mut pace = whole(&self.pace);
        pace.steady += 1;
        if pace.steady < STEADY {
            return false;
        }
        pace.steady = 0;
        if pace.places < self.most {
            pace.places += 1;
            if pace.owed > 0 {
                pace.owed -= 1;
            } else {
                self.room.add_permits(1);
            }
        }
        true
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut pace = whole(&self.lane.pace);
        if pace.owed > 0
            && let Some(permit) = self.permit.take()
        {
            pace.owed -= 1;
            permit.forget();
        }
    }
}

/// What another thread left is whole: every change is one step.
fn whole<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
