//! What went over the wire, counted per operation, mailbox and account: the witness that a sync did no more than it should.

use std::collections::BTreeMap;

/// A copy of the counts at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Requests per operation (`GetItem`, …), those refused included.
    pub requests: BTreeMap<String, u64>,
    /// Counts per mailbox, by its primary address in lower case.
    pub mailboxes: BTreeMap<String, MailboxCounters>,
}

/// The counts of one mailbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailboxCounters {
    /// Requests per operation that worked on this mailbox.
    pub requests: BTreeMap<String, u64>,
    /// Items that GetItem gave out.
    pub items_read: u64,
    /// What each account did to the items of each kind (`Contact`, `CalendarItem`, `Task`, `Message`, …).
    pub writes: BTreeMap<WrittenBy, ItemCounts>,
}

/// Who wrote what: the account that signed in (not the impersonated one), and the kind of item by its element name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WrittenBy {
    /// The authenticated account, in lower case.
    pub account: String,
    /// The item's element name.
    pub kind: String,
}

/// How often items were written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ItemCounts {
    /// Items made by CreateItem.
    pub created: u64,
    /// Items changed by UpdateItem.
    pub updated: u64,
    /// Items deleted by DeleteItem, whatever the delete type.
    pub deleted: u64,
    /// Items moved by MoveItem or ArchiveItem.
    pub moved: u64,
    /// Items copied by CopyItem.
    pub copied: u64,
}

impl ItemCounts {
    /// All writes together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.created + self.updated + self.deleted + self.moved + self.copied
    }
}

/// What was done to an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Write {
    Created,
    Updated,
    Deleted,
    Moved,
    Copied,
}

impl Counters {
    /// All requests together.
    #[must_use]
    pub fn total_requests(&self) -> u64 {
        self.requests.values().sum()
    }

    /// All item writes of one account, over all mailboxes and kinds.
    #[must_use]
    pub fn writes_by(&self, account: &str) -> ItemCounts {
        let mut sum = ItemCounts::default();
        for mailbox in self.mailboxes.values() {
            for (by, counts) in &mailbox.writes {
                if by.account.eq_ignore_ascii_case(account) {
                    sum.created += counts.created;
                    sum.updated += counts.updated;
                    sum.deleted += counts.deleted;
                    sum.moved += counts.moved;
                    sum.copied += counts.copied;
                }
            }
        }
        sum
    }

    pub(crate) fn request(&mut self, operation: &str, mailbox: Option<&str>) {
        *self.requests.entry(operation.to_owned()).or_default() += 1;
        if let Some(mailbox) = mailbox {
            let counts = self.mailbox(mailbox);
            *counts.requests.entry(operation.to_owned()).or_default() += 1;
        }
    }

    pub(crate) fn mailbox(&mut self, address: &str) -> &mut MailboxCounters {
        self.mailboxes.entry(address.to_ascii_lowercase()).or_default()
    }

    pub(crate) fn write(&mut self, mailbox: &str, account: &str, kind: &str, write: Write) {
        let by = WrittenBy { account: account.to_ascii_lowercase(), kind: kind.to_owned() };
        let counts = self.mailbox(mailbox).writes.entry(by).or_default();
        match write {
            Write::Created => counts.created += 1,
            Write::Updated => counts.updated += 1,
            Write::Deleted => counts.deleted += 1,
            Write::Moved => counts.moved += 1,
            Write::Copied => counts.copied += 1,
        }
    }
}
