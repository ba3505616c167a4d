//! Mailboxes that stand somewhere else than in the world's own memory: people act there, the oracle reads there, and the
//! engine reaches them by a way of their own.

use crate::clock::VirtualClock;
use crate::memory::Ground;
use crate::memory::exchange::{Exchange, Item, Place};
use engine::port::{Maps, Remote};
use model::RecordId;
use std::sync::Arc;

/// Where the mailboxes of a world stand. What the world keeps of them is a view, drawn anew before anybody looks.
pub trait Post: Send + Sync + std::fmt::Debug {
    /// Makes a mailbox.
    fn open(&self, address: &str);

    /// Draws the view: every item as it stands there now. Says what could not be understood.
    fn show(&self, view: &mut Exchange) -> Vec<String>;

    /// Does there what a person did in the view of his mailbox. Says what was refused.
    fn carry(&self, address: &str, deeds: Vec<Deed>) -> Vec<String>;

    /// Another person's mailbox, with one item, stands behind an address from now on. Says what went wrong.
    fn replace(&self, address: &str, item: &Item) -> Option<String>;

    /// The right mailbox is back; whether anything of ours was written into the other one meanwhile.
    fn put_back(&self, address: &str) -> bool;

    /// Listings are empty, though every item stands, or as they should be again.
    fn unlist(&self, on: bool);

    /// Everything is over: what else was not as it should be.
    fn end(&self) -> Vec<String>;

    /// How a process reaches the mailboxes: each process for itself.
    fn node(&self, ground: &Arc<Ground>) -> Arc<dyn Node>;
}

/// A process's way to the mailboxes.
pub trait Node: Send + Sync + std::fmt::Debug {
    /// One mailbox, for one cycle.
    fn open(&self, address: &str, maps: Arc<Maps>) -> Box<dyn Remote>;
}

/// Makes the mailboxes' place for the world of a seed, with its clock.
pub type Founder = fn(u64, &VirtualClock) -> Arc<dyn Post>;

/// What a person did in his mailbox. A new item goes by the id that the view gave it until the view is drawn anew.
#[derive(Clone, Debug)]
pub enum Deed {
    /// Put a new item in.
    Insert {
        /// Its id in the view.
        id: RecordId,
        /// What it says.
        item: Box<Item>,
    },
    /// Changed an item.
    Change {
        /// Which.
        id: RecordId,
        /// As it was.
        before: Box<Item>,
        /// As it is.
        after: Box<Item>,
    },
    /// Moved an item.
    Put {
        /// Which.
        id: RecordId,
        /// Its id in the view afterwards.
        to: RecordId,
        /// As it was.
        item: Box<Item>,
        /// Where to.
        place: Place,
    },
    /// Copied an item within its folder.
    Copy {
        /// Which.
        id: RecordId,
        /// The copy's id in the view.
        to: RecordId,
    },
}
