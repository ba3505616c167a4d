//! People who work on both sides, by seed: they make, edit, list, move and delete, and the ledger keeps what they did.

pub mod crm_side;
pub mod invitations;
pub mod ledger;
pub mod pim_side;
pub mod series;
mod values;
pub mod wide;

use crate::dice::Dice;
use crate::memory::Sides;
use jiff::civil::Date;
use ledger::Ledger;
use model::{Domain, Side, UserId};

/// Deletes that people allow themselves, so that no brake has a reason (rule C8).
const DELETES: u32 = 7;

/// The mark's key of the link that an item has already: nobody but the sync knows, and people move only what it knows (see
/// the notes in `tests/open_seeds.md`).
pub type Linked<'a> = &'a dyn Fn(model::Kind, &model::RecordId) -> Option<String>;

/// The people of a world.
#[derive(Debug)]
pub struct People {
    /// What they did.
    pub ledger: Ledger,
    pub(super) dice: Dice,
    pub(super) users: Vec<UserId>,
    pub(super) serial: u64,
    pub(super) today: Date,
    /// They have the habits of wide worlds.
    pub wide: bool,
    /// They have the habits of lively worlds.
    pub lively: bool,
    /// Their mailboxes are a real server's: occurrences of a series never overlap there, and a copy keeps its people.
    pub strict: bool,
    deletes: u32,
}

impl People {
    /// People with an empty ledger.
    #[must_use]
    pub fn new(dice: Dice, users: Vec<UserId>, today: Date) -> People {
        People {
            ledger: Ledger::default(),
            dice,
            users,
            serial: 0,
            today,
            wide: false,
            lively: false,
            strict: false,
            deletes: DELETES,
        }
    }

    /// Somebody does something; says what, unless nothing came to mind.
    pub fn act(&mut self, sides: &mut Sides, linked: Linked<'_>) -> Option<String> {
        let user = self.dice.pick(&self.users)?.clone();
        let side = if self.dice.chance(500) { Side::Crm } else { Side::Pim };
        let done = match side {
            Side::Crm => self.act_in_crm(sides, &user),
            Side::Pim => self.act_in_mailbox(sides, &user, linked),
        };
        done.map(|what| format!("person {user} {}: {what}", crate::memory::side_word(side)))
    }

    /// What stands before the first cycle: some on one side, some on both.
    pub fn furnish(&mut self, sides: &mut Sides) {
        for _ in 0..5 {
            self.act_new(sides);
        }
        for domain in [Domain::BusinessContact, Domain::Calendar, Domain::Task] {
            self.make_on_both(sides, domain);
        }
    }

    fn act_new(&mut self, sides: &mut Sides) {
        let Some(user) = self.dice.pick(&self.users).cloned() else {
            return;
        };
        if self.dice.chance(500) {
            self.make_in_crm(sides, &user);
        } else {
            self.make_in_mailbox(sides, &user);
        }
    }

    /// One more delete, if people allow it.
    pub(super) fn may_delete(&mut self) -> bool {
        let may = self.deletes > 0;
        self.deletes = self.deletes.saturating_sub(1);
        may
    }

    /// A domain that people make records of.
    pub(super) fn domain(&self) -> Domain {
        match self.dice.below(6) {
            0 => Domain::BusinessContact,
            1 => Domain::PersonalContact,
            2 | 3 => Domain::Calendar,
            _ => Domain::Task,
        }
    }

    pub(super) fn others(&self, user: &UserId) -> Vec<UserId> {
        self.users.iter().filter(|other| *other != user).cloned().collect()
    }
}
