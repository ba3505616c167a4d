//! What changed in a folder since a sync state was given out: the memory behind SyncFolderItems and SyncFolderHierarchy.
//!
//! A sync first lists what was created since the state, then what changed or went. Both lists end at the moment the
//! sync began, so records that change while a client pages are neither lost nor listed as changed before they were listed as created.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::ids::Guid;

/// Tombstones kept per folder; a state older than the oldest one is refused, as a server does after long absence.
const MAX_TOMBSTONES: usize = 200_000;

#[derive(Clone, Copy)]
struct Place {
    created: u64,
    changed: u64,
    /// The last change that was more than a read flag.
    content: u64,
}

#[derive(Clone, Copy)]
enum Entry {
    Live(u64),
    Gone { member: u64, created: u64 },
}

/// The changes of one folder; the members are items or folders by their number.
#[derive(Default)]
pub(crate) struct ChangeLog {
    places: BTreeMap<u64, Place>,
    by_creation: BTreeMap<u64, u64>,
    by_change: BTreeMap<u64, Entry>,
    tombstones: usize,
    /// States from before this are refused.
    horizon: u64,
}

/// One line of a sync answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Create(u64),
    Update(u64),
    ReadFlag(u64),
    Delete(u64),
}

impl Change {
    pub(crate) fn member(self) -> u64 {
        match self {
            Self::Create(no) | Self::Update(no) | Self::ReadFlag(no) | Self::Delete(no) => no,
        }
    }
}

/// Where a client stands in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    /// Everything up to here is known to the client.
    pub base: u64,
    /// Where the running sync ends; equals `base` between two syncs.
    pub upto: u64,
    pub phase: Phase,
    pub at: u64,
}

/// Which list a sync that takes several pages is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Rest,
    Created,
    Changed,
}

impl Position {
    pub(crate) const START: Self = Self { base: 0, upto: 0, phase: Phase::Rest, at: 0 };
}

/// One page of a sync.
pub(crate) struct Page {
    pub changes: Vec<Change>,
    pub next: Position,
    pub last: bool,
}

impl ChangeLog {
    pub(crate) fn add(&mut self, seq: u64, member: u64) {
        let place = Place { created: seq, changed: seq, content: seq };
        self.places.insert(member, place);
        self.by_creation.insert(seq, member);
        self.by_change.insert(seq, Entry::Live(member));
    }

    pub(crate) fn change(&mut self, seq: u64, member: u64, read_flag_only: bool) {
        if let Some(place) = self.places.get_mut(&member) {
            self.by_change.remove(&place.changed);
            place.changed = seq;
            if !read_flag_only {
                place.content = seq;
            }
            self.by_change.insert(seq, Entry::Live(member));
        }
    }

    pub(crate) fn remove(&mut self, seq: u64, member: u64) {
        let Some(place) = self.places.remove(&member) else {
            return;
        };
        self.by_change.remove(&place.changed);
        self.by_creation.remove(&place.created);
        let created = place.created;
        self.by_change.insert(seq, Entry::Gone { member, created });
        self.tombstones += 1;
        if self.tombstones > MAX_TOMBSTONES {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let oldest = self.by_change.iter().find(|(_, entry)| matches!(entry, Entry::Gone { .. })).map(|(seq, _)| *seq);
        if let Some(seq) = oldest {
            self.by_change.remove(&seq);
            self.horizon = seq;
            self.tombstones -= 1;
        }
    }

    pub(crate) fn members(&self) -> impl DoubleEndedIterator<Item = u64> + '_ {
        self.places.keys().copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// The next page after a position; `None` when the position is older than what is remembered.
    pub(crate) fn page(&self, from: Position, now: u64, max: usize) -> Option<Page> {
        if from.base != 0 && from.base < self.horizon {
            return None;
        }
        let mut next = from;
        if next.phase == Phase::Rest {
            next = Position { base: from.base, upto: now, phase: Phase::Created, at: from.base };
        }
        let mut changes = Vec::new();
        if next.phase == Phase::Created {
            let open = (next.at.saturating_add(1))..=next.upto.max(next.at.saturating_add(1));
            for (&seq, &member) in self.by_creation.range(open) {
                if seq > next.upto {
                    break;
                }
                if changes.len() == max {
                    return Some(Page { changes, next, last: false });
                }
                changes.push(Change::Create(member));
                next.at = seq;
            }
            next.phase = Phase::Changed;
            next.at = next.base;
        }
        // A first listing has nothing that could have changed before it began.
        if next.base > 0 && next.at < next.upto {
            for (&seq, &entry) in self.by_change.range(next.at + 1..=next.upto) {
                let change = match entry {
                    Entry::Live(member) => self.live_change(member, next.base),
                    Entry::Gone { member, created } => (created <= next.base).then_some(Change::Delete(member)),
                };
                if let Some(change) = change {
                    if changes.len() == max {
                        return Some(Page { changes, next, last: false });
                    }
                    changes.push(change);
                }
                next.at = seq;
            }
        }
        let next = Position { base: next.upto, upto: next.upto, phase: Phase::Rest, at: next.upto };
        Some(Page { changes, next, last: true })
    }

    fn live_change(&self, member: u64, base: u64) -> Option<Change> {
        let place = self.places.get(&member)?;
        if place.created > base {
            None
        } else if place.content <= base {
            Some(Change::ReadFlag(member))
        } else {
            Some(Change::Update(member))
        }
    }
}

/// Whose changes a state counts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    Items(u64),
    Folders(u64),
}

/// A sync state as text; only the mailbox and folder it was made for accept it again.
pub(crate) fn encode(store: &Guid, scope: Scope, position: Position) -> String {
    let mut bytes = b"EMS1".to_vec();
    bytes.extend(store.0);
    let (kind, no) = match scope {
        Scope::Items(no) => (1, no),
        Scope::Folders(no) => (2, no),
    };
    bytes.push(kind);
    bytes.push(match position.phase {
        Phase::Rest => 0,
        Phase::Created => 1,
        Phase::Changed => 2,
    });
    for number in [no, position.base, position.upto, position.at] {
        bytes.extend(number.to_be_bytes());
    }
    let check = Sha256::digest(&bytes);
    bytes.extend(&check[..8]);
    STANDARD.encode(bytes)
}

/// The position of a state, when it is one of this mailbox and folder.
pub(crate) fn decode(state: &str, store: &Guid, scope: Scope) -> Option<Position> {
    let bytes = STANDARD.decode(state.trim()).ok()?;
    let number = |at: usize| -> Option<u64> { Some(u64::from_be_bytes(bytes.get(at..at + 8)?.try_into().ok()?)) };
    let position = Position {
        base: number(30)?,
        upto: number(38)?,
        at: number(46)?,
        phase: match bytes.get(21)? {
            0 => Phase::Rest,
            1 => Phase::Created,
            2 => Phase::Changed,
            _ => return None,
        },
    };
    // Made again from what was read, it must be the same text: that checks owner, folder and digest at once.
    (encode(store, scope, position) == state.trim()).then_some(position)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(log: &ChangeLog, mut at: Position, now: u64, max: usize) -> (Vec<Change>, Position) {
        let mut seen = Vec::new();
        loop {
            let page = log.page(at, now, max).unwrap();
            seen.extend(page.changes);
            at = page.next;
            if page.last {
                return (seen, at);
            }
        }
    }

    #[test]
    fn a_record_changed_while_a_client_pages_is_created_once_and_then_updated() {
        let mut log = ChangeLog::default();
        for no in 1..=3 {
            log.add(no, no);
        }
        let first = log.page(Position::START, 3, 2).unwrap();
        assert_eq!(first.changes, [Change::Create(1), Change::Create(2)]);
        log.change(4, 1, false);
        log.change(5, 3, false);
        let (rest, state) = all(&log, first.next, 5, 2);
        assert_eq!(rest, [Change::Create(3)]);
        let (later, _) = all(&log, state, 5, 2);
        assert_eq!(later, [Change::Update(1), Change::Update(3)]);
    }

    #[test]
    fn a_record_created_and_deleted_between_two_syncs_is_not_reported() {
        let mut log = ChangeLog::default();
        log.add(1, 1);
        let (_, state) = all(&log, Position::START, 1, 9);
        log.add(2, 2);
        log.remove(3, 2);
        log.remove(4, 1);
        let (changes, state) = all(&log, state, 4, 9);
        assert_eq!(changes, [Change::Delete(1)]);
        assert_eq!(all(&log, state, 4, 9).0, []);
    }

    #[test]
    fn a_page_that_just_holds_all_is_the_last_one() {
        let mut log = ChangeLog::default();
        for no in 1..=4 {
            log.add(no, no);
        }
        let page = log.page(Position::START, 4, 4).unwrap();
        assert!(page.last && page.changes.len() == 4);
    }

    #[test]
    fn a_read_flag_alone_is_told_as_such() {
        let mut log = ChangeLog::default();
        log.add(1, 7);
        let (_, state) = all(&log, Position::START, 1, 9);
        log.change(2, 7, true);
        assert_eq!(all(&log, state, 2, 9).0, [Change::ReadFlag(7)]);
        log.change(3, 7, false);
        log.change(4, 7, true);
        assert_eq!(all(&log, state, 4, 9).0, [Change::Update(7)]);
    }

    // trap 2
    #[test]
    fn a_state_of_another_folder_or_mailbox_is_no_state() {
        let store = Guid::drawn(1, "store", 1);
        let other = Guid::drawn(1, "store", 2);
        let state = encode(&store, Scope::Items(5), Position::START);
        assert!(decode(&state, &store, Scope::Items(5)).is_some());
        assert!(decode(&state, &store, Scope::Items(6)).is_none());
        assert!(decode(&state, &store, Scope::Folders(5)).is_none());
        assert!(decode(&state, &other, Scope::Items(5)).is_none());
        assert!(decode("AAAA", &store, Scope::Items(5)).is_none());
    }
}
