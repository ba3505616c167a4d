//! Trouble, each kind by its name: what the world does to calls while faults are on.

use crate::dice::Dice;
use std::collections::{BTreeMap, BTreeSet};

/// Worlds below this seed live as they did before delays came: what they once found is found by them again.
pub const GROWN: u64 = 10_000;

/// Worlds from this seed on are wider still: restores, replaced mailboxes, cut listings, accidents, other people's words.
pub const WIDE: u64 = 30_000;

/// Worlds from this seed on are full: each has at least [`EDITS`] edits and [`TROUBLES`] faults that took effect, accidents
/// fall on worlds that had trouble before, the store of one in eight is restored, and copies show late whatever clocks say.
pub const FULL: u64 = 1_000_000;

/// In worlds from this seed on mailboxes are moved to another server besides, in one of eight.
pub const MOVING: u64 = 3_000_000;

/// In half of the worlds from this seed on a mailbox does not tell of every change (trap 22).
pub const SILENT: u64 = 4_000_000;

/// In worlds from this seed on people also write into single occurrences and give them back to their series, an
/// administrator puts back what cycles did, what the sync is about to take away goes by a person's hand first, and what it
/// writes seldom is struck more often.
pub const LIVELY: u64 = 6_000_000;

/// How much more often a seldom write is struck in such worlds, and how often in a thousand at most: nine conflicts in a row
/// would be a program that works on the item all the time.
const OFTEN: u64 = 6;
const AT_MOST: u64 = 250;

/// Edits that a full world has at least.
pub const EDITS: u64 = 40;

/// Faults that take effect in a full world at least.
pub const TROUBLES: u64 = 3;

/// A kind of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The request never reached the server.
    RequestLost,
    /// The server did it, its answer was lost.
    AnswerLost,
    /// Busy, with a time to wait, or none told.
    Busy,
    /// The server says the record changed, though nobody sees why.
    Stale,
    /// The cursor is refused.
    CursorRefused,
    /// Sign-in or rights fail for a while.
    NoAccess,
    /// The server touches a record by itself: a new change key and nothing else.
    Touch,
    /// People act between two steps of a cycle.
    PeopleBetween,
    /// The process is stopped where it stands.
    Stop,
    /// A new item's answer is lost, and nobody sees the item for a while (trap 47).
    ShownLate,
    /// The engine pauses until its lease has ended; another one works the pairing; then the first wakes (trap 161).
    Paused,
    /// A page ends before it should, and the next call goes on where it ended.
    PageCut,
    /// A page with nothing on it that is not the last.
    PageEmpty,
    /// A page is answered a second time.
    PageAgain,
    /// The cursor answered is that of another folder.
    ForeignCursor,
    /// The server's state is an older one: changes are shown again (trap 158).
    RolledBack,
    /// A change is left out of what a mailbox tells (trap 22).
    Untold,
    /// Each answer of a look comes twice.
    Twice,
    /// One of the ids looked at gets no answer.
    NoAnswer,
    /// A person changes, deletes or moves the very record that was just read or written.
    JustThen,
    /// Another node works on this or another pairing in the middle of a cycle (trap 161).
    Rival,
    /// Nothing of a mailbox may be read or written for a while (trap 154).
    Disabled,
    /// Another person's mailbox stands behind the address for a while (trap 155).
    Replaced,
    /// The store is restored from a copy (trap 157).
    Restored,
    /// A mailbox is moved to another server: every id is new, and an administrator confirms it a while later (rule M4).
    Moved,
    /// A node's clock is two days off.
    ClockOff,
    /// Many records go at once, or a listing is suddenly empty (trap 145).
    Accident,
    /// The request is carried out, and its answer ends in the middle.
    AnswerCut,
    /// Something before the server answers with a page to sign in on (trap 173).
    LoginPage,
    /// The server answers 500, 502 or 504, and nobody knows what it did before (trap 44).
    ServerFailed,
}

impl Fault {
    /// What strikes in every world.
    pub const ALL: [Fault; 9] = [
        Fault::RequestLost,
        Fault::AnswerLost,
        Fault::Busy,
        Fault::Stale,
        Fault::CursorRefused,
        Fault::NoAccess,
        Fault::Touch,
        Fault::PeopleBetween,
        Fault::Stop,
    ];

    /// Delays, which strike in worlds from [`GROWN`] on.
    pub const DELAYS: [Fault; 2] = [Fault::ShownLate, Fault::Paused];

    /// What strikes in worlds from [`WIDE`] on; accidents have worlds of their own.
    /// The store is restored in one full world of eight: what it does not keep stands in `tests/open_seeds.md`.
    pub const WIDE: [Fault; 12] = [
        Fault::PageCut,
        Fault::PageEmpty,
        Fault::PageAgain,
        Fault::ForeignCursor,
        Fault::RolledBack,
        Fault::Twice,
        Fault::NoAnswer,
        Fault::JustThen,
        Fault::Rival,
        Fault::Disabled,
        Fault::Replaced,
        Fault::ClockOff,
    ];

    /// What strikes besides where the mailboxes are reached through bytes.
    pub const BYTES: [Fault; 3] = [Fault::AnswerCut, Fault::LoginPage, Fault::ServerFailed];
}

impl Fault {
    /// What can strike such a call.
    #[must_use]
    pub fn of_call(call: Call) -> &'static [Fault] {
        match call {
            Call::Read => &[Fault::RequestLost, Fault::Busy, Fault::NoAccess],
            Call::ReadOn => &[Fault::RequestLost, Fault::Busy, Fault::NoAccess, Fault::CursorRefused],
            Call::Write | Call::Seldom => {
                &[Fault::RequestLost, Fault::AnswerLost, Fault::Busy, Fault::Stale, Fault::NoAccess]
            }
        }
    }
}

/// What a call is, as far as trouble is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// It reads.
    Read,
    /// It reads on from a cursor.
    ReadOn,
    /// It writes.
    Write,
    /// It writes what is seldom written.
    Seldom,
}

/// Which faults a world has, and how many took effect.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    kinds: BTreeSet<Fault>,
    per_mille: u64,
    on: bool,
    counts: BTreeMap<Fault, u64>,
}

impl Faults {
    /// These kinds, each so many times in a thousand chances.
    #[must_use]
    pub fn of(kinds: impl IntoIterator<Item = Fault>, per_mille: u64) -> Faults {
        Faults { kinds: kinds.into_iter().collect(), per_mille, on: false, counts: BTreeMap::new() }
    }

    /// Drawn from a seed: none at all, a single kind, or all kinds mixed.
    #[must_use]
    pub fn drawn(dice: &Dice) -> Faults {
        let per_mille = [5, 15, 40].get(usize::try_from(dice.below(3)).unwrap_or(0));
        let per_mille = per_mille.copied().unwrap_or(5);
        match dice.below(10) {
            0 => Faults::default(),
            1..=4 => Faults::of(dice.pick(&Fault::ALL).copied(), per_mille * 2),
            _ => Faults::of(Fault::ALL, per_mille),
        }
    }

    /// With the delays that a grown world draws besides.
    #[must_use]
    pub fn and_delays(mut self, seed: u64, dice: &Dice) -> Faults {
        if seed >= GROWN {
            self.kinds.extend(Fault::DELAYS.into_iter().filter(|_| dice.chance(500)));
            self.per_mille = self.per_mille.max(5);
        }
        self
    }

    /// With what a wide world draws besides.
    #[must_use]
    pub fn and_wide(mut self, seed: u64, dice: &Dice) -> Faults {
        if seed >= WIDE {
            self.kinds.extend(Fault::WIDE.into_iter().filter(|_| dice.chance(350)));
            self.per_mille = self.per_mille.max(5);
            if seed >= FULL && seed % 8 == 3 {
                self.kinds.insert(Fault::Restored);
            }
            if seed >= MOVING && seed % 8 == 6 {
                self.kinds.insert(Fault::Moved);
            }
            if seed >= SILENT && seed % 2 == 1 {
                self.kinds.insert(Fault::Untold);
            }
            if seed < FULL && self.has(Fault::ClockOff) {
                // Their people and faults are those they had when a node's own clock told whether a copy is late.
                self.kinds.remove(&Fault::ShownLate);
            }
        }
        self
    }

    /// With what befalls bytes on their way.
    #[must_use]
    pub fn and_bytes(mut self, dice: &Dice) -> Faults {
        self.kinds.extend(Fault::BYTES.into_iter().filter(|_| dice.chance(400)));
        self.per_mille = self.per_mille.max(5);
        self
    }

    /// A world whose own trouble does not come has what strikes every world.
    pub fn widen(&mut self) {
        self.kinds.extend(Fault::ALL);
        self.per_mille = self.per_mille.max(5);
    }

    /// Whether the world has this kind at all.
    #[must_use]
    pub fn has(&self, fault: Fault) -> bool {
        self.kinds.contains(&fault)
    }

    /// Whether a blow that falls between cycles falls now; counted when it took effect.
    #[must_use]
    pub fn befalls(&self, fault: Fault, dice: &Dice) -> bool {
        self.on && self.has(fault) && dice.chance(250)
    }

    /// Whether trouble strikes at all now.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.on
    }

    /// Switches all of them on or off.
    pub fn switch(&mut self, on: bool) {
        self.on = on;
    }

    /// Whether this kind strikes now; if so it is counted.
    pub fn strikes(&mut self, fault: Fault, dice: &Dice) -> bool {
        self.strikes_often(1, fault, dice)
    }

    fn strikes_often(&mut self, often: u64, fault: Fault, dice: &Dice) -> bool {
        let strikes = self.on && self.kinds.contains(&fault) && dice.chance((self.per_mille * often).min(AT_MOST));
        if strikes {
            self.count(fault);
        }
        strikes
    }

    /// Counts a fault that was arranged elsewhere.
    pub fn count(&mut self, fault: Fault) {
        *self.counts.entry(fault).or_default() += 1;
    }

    /// What strikes a call, if anything does.
    pub fn at(&mut self, call: Call, dice: &Dice) -> Option<Fault> {
        let often = if call == Call::Seldom { OFTEN } else { 1 };
        Fault::of_call(call).iter().copied().find(|fault| self.strikes_often(often, *fault, dice))
    }

    /// How many of each kind took effect.
    #[must_use]
    pub fn counts(&self) -> &BTreeMap<Fault, u64> {
        &self.counts
    }

    /// How many took effect.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.values().sum()
    }
}
