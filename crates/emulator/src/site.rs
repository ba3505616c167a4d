//! The site: all mailboxes of one or several servers that deliver to each other, and the sink that remembers every mail a request asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::watch;

use crate::counters::{Counters, Write};
use crate::ids::{Guid, Moniker};
use crate::item::schema::ItemKind;
use crate::mailbox::Mailbox;
use crate::quirks::Quirk;
use crate::signing::Offers;
use crate::subscriptions::Subscription;

/// Mails kept in the sink; the oldest go first.
const MAX_SINK: usize = 100_000;

/// Several servers that share one organisation; cheap to clone.
#[derive(Clone)]
pub struct Site(Arc<Mutex<World>>);

/// A mail that a request asked for.
#[derive(Clone, PartialEq, Eq)]
pub struct SinkEntry {
    /// When.
    pub at: Timestamp,
    /// The mailbox it was sent from.
    pub mailbox: String,
    /// The account that asked for it.
    pub account: String,
    /// What it is.
    pub kind: MailKind,
    /// To whom.
    pub recipients: Vec<String>,
    /// Its subject.
    pub subject: String,
    /// The item it was sent for.
    pub item_id: String,
    /// The global id of the meeting, as capital hexadecimal digits.
    pub global_id: Option<String>,
}

impl std::fmt::Debug for SinkEntry {
    // Names, addresses and subjects stay out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} to {} recipients", self.kind, self.recipients.len())
    }
}

/// The kinds of mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailKind {
    /// A new meeting.
    Invitation,
    /// A changed meeting.
    Update,
    /// A meeting that does not take place.
    Cancellation,
    /// An answer to an invitation.
    Response,
    /// An ordinary mail.
    Message,
}

/// Everything behind the lock.
pub(crate) struct World {
    seed: u64,
    drawn: u64,
    pub mailboxes: BTreeMap<u64, Mailbox>,
    next_mailbox: u64,
    pub servers: Vec<Server>,
    /// By address, in small letters.
    pub room_lists: BTreeMap<String, RoomList>,
    pub sink: Vec<SinkEntry>,
    /// Moves whenever something may have changed: streaming connections look then.
    pub pulse: watch::Sender<u64>,
}

/// A group of rooms.
pub(crate) struct RoomList {
    pub name: String,
    /// The rooms' addresses.
    pub members: Vec<String>,
}

/// What belongs to one server of the site.
#[derive(Default)]
pub(crate) struct Server {
    pub quirks: BTreeSet<Quirk>,
    pub counters: Counters,
    pub services: Vec<ServiceAccount>,
    pub subscriptions: BTreeMap<String, Subscription>,
    pub requests: u64,
    pub offers: Offers,
    /// Tokens given out, and until when they hold.
    pub tokens: BTreeMap<String, Timestamp>,
    /// How often streaming connections were ended, and whether the last time with a word.
    pub ended: (u64, bool),
    /// How long streaming connections are silent at most; absent: as Exchange.
    pub heartbeat: Option<std::time::Duration>,
}

/// An account without a mailbox that may impersonate every user.
pub(crate) struct ServiceAccount {
    pub name: String,
    pub password: String,
}

impl Site {
    /// A site of its own; everything it makes up follows from the seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(World {
            seed,
            drawn: 0,
            mailboxes: BTreeMap::new(),
            next_mailbox: 0,
            servers: Vec::new(),
            room_lists: BTreeMap::new(),
            sink: Vec::new(),
            pulse: watch::Sender::new(0),
        })))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, World> {
        // A panic in one request must not take every later one with it: the tests that look at the damage need answers.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl World {
    pub(crate) fn draw(&mut self, purpose: &str) -> Guid {
        self.drawn += 1;
        Guid::drawn(self.seed, purpose, self.drawn)
    }

    pub(crate) fn moniker(&mut self) -> Moniker {
        Moniker { mailbox: self.draw("mailbox"), store: self.draw("store") }
    }

    pub(crate) fn put_mailbox(&mut self, mailbox: Mailbox) -> u64 {
        self.next_mailbox += 1;
        self.mailboxes.insert(self.next_mailbox, mailbox);
        self.next_mailbox
    }

    /// The mailbox behind an address, on whichever server of the site.
    pub(crate) fn by_address(&self, address: &str) -> Option<u64> {
        self.mailboxes.iter().find(|(_, mailbox)| mailbox.answers_to(address)).map(|(no, _)| *no)
    }

    pub(crate) fn by_guid(&self, guid: &Guid) -> Option<u64> {
        self.mailboxes.iter().find(|(_, mailbox)| mailbox.moniker.mailbox == *guid).map(|(no, _)| *no)
    }

    pub(crate) fn quirk(&self, server: usize, quirk: Quirk) -> bool {
        self.servers.get(server).is_some_and(|server| server.quirks.contains(&quirk))
    }

    pub(crate) fn count_write(&mut self, server: usize, mailbox: u64, account: &str, kind: ItemKind, write: Write) {
        let address = self.mailboxes.get(&mailbox).map(|m| m.address.clone());
        if let (Some(address), Some(server)) = (address, self.servers.get_mut(server)) {
            server.counters.write(&address, account, kind.element(), write);
        }
    }

    /// Wakes the streaming connections.
    pub(crate) fn stir(&self) {
        self.pulse.send_modify(|count| *count = count.wrapping_add(1));
    }

    pub(crate) fn sent(&mut self, entry: SinkEntry) {
        if self.sink.len() >= MAX_SINK {
            self.sink.remove(0);
        }
        self.sink.push(entry);
    }
}
