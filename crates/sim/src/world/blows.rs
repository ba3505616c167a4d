//! Blows that fall between cycles: a mailbox that may not be read, or is another person's; a restored store; clocks days off.

use super::parts::{agreed_on, linked_by};
use super::{PAGE, World};
use crate::executor::block_on;
use crate::faults::Fault;
use crate::memory::Ground;
use crate::memory::exchange::{Item, Mailbox, Place};
use crate::people::ledger::number_of;
use jiff::SignedDuration;
use model::{Field, Fields, Kind, Path, Side, Value};
use std::collections::BTreeSet;
use store::{IntentKind, PairingChange};

/// What the other person's mailbox says: nobody else may ever read it.
const STRANGERS: &str = "of another person";
/// Hours by which a clock may be off.
const OFF_HOURS: [i64; 3] = [-48, 0, 48];

impl World {
    /// What falls on this world now, if anything does.
    pub(super) fn blow(&mut self) {
        let falls = |fault| self.ground.faults().befalls(fault, &self.ground.wide);
        let [disabled, replaced, restored] = [Fault::Disabled, Fault::Replaced, Fault::Restored].map(falls);
        if falls(Fault::Moved) {
            self.move_or_confirm();
        }
        if disabled {
            self.disable();
        }
        if restored {
            self.copy_or_restore();
        }
        if replaced {
            self.replace();
        }
    }

    fn one_of_all(&self) -> usize {
        usize::try_from(self.ground.wide.below(self.users.len() as u64)).unwrap_or(0)
    }

    /// For some minutes nothing of a mailbox may be read or written.
    fn disable(&mut self) {
        let Some((_, _, address)) = self.users.get(self.one_of_all()) else { return };
        let minutes = 5 + self.ground.wide.below(60);
        self.ground.disable(address, self.ground.clock.after_ms(minutes * 60_000));
        self.ground.faults().count(Fault::Disabled);
        self.ground.trace.line(format!("{address} is disabled for {minutes} minutes"));
    }

    /// A mailbox is moved to another server; the next time an administrator confirms it (rule M4).
    fn move_or_confirm(&mut self) {
        if self.moved.is_some() {
            return self.confirm_moved();
        }
        let place = self.one_of_all();
        let Some((_, pairing, address)) = self.users.get(place).cloned() else { return };
        let known = block_on(self.kept.store.pairing(&pairing)).ok().flatten().is_some_and(|row| row.mailbox.is_some());
        if !known || self.ground.post().is_some() || !self.is_told_apart(&address) {
            return;
        }
        let mut sides = self.ground.sides();
        for intent in block_on(self.kept.store.intents(&pairing, None, PAGE)).unwrap_or_default() {
            let coming = (intent.side, intent.what) == (Side::Crm, IntentKind::Create);
            let mailbox = sides.exchange.mailboxes.get(&address).filter(|_| coming);
            let item = mailbox.zip(intent.source).and_then(|(mailbox, id)| mailbox.items.get(&id));
            if let Some(number) = item.and_then(|item| number_of(item.kind, &item.fields)) {
                self.people.ledger.set_adrift(number);
            }
        }
        sides.exchange.move_away(&address);
        drop(sides);
        self.ground.faults().count(Fault::Moved);
        self.ground.trace.line(format!("{address} is moved to another server"));
        self.moved = Some(place);
    }

    /// Whether each item that is linked bears the mark of its link, and no two bear the same: by what else an item could be
    /// known again nobody could tell (see `tests/open_seeds.md`).
    fn is_told_apart(&self, address: &str) -> bool {
        let sides = self.ground.sides();
        let items = sides.exchange.mailboxes.get(address).into_iter().flat_map(|mailbox| &mailbox.items);
        let mut keys = BTreeSet::new();
        items.filter(|(_, item)| item.place != Place::Deleted).all(|(id, item)| {
            let key = item.mark.as_ref().map(|mark| mark.key.clone());
            let linked = linked_by(&self.kept.store, &self.users, item.kind, id);
            let is_its_own = linked.is_none_or(|link| key.as_ref() == Some(&link));
            is_its_own && key.is_none_or(|key| keys.insert(key))
        })
    }

    /// An administrator says that a mailbox which was moved is the right one.
    pub(super) fn confirm_moved(&mut self) {
        let Some((_, pairing, address)) = self.moved.take().and_then(|place| self.users.get(place).cloned()) else {
            return;
        };
        if let Err(error) = block_on(self.kept.store.change_pairing(&pairing, &[PairingChange::ConfirmMailbox])) {
            self.findings.push(format!("{pairing}: the mailbox is not confirmed: {error}"));
        }
        // Until they are found again an id that is not there proves no delete (rule M4).
        self.people.ledger.all_unclear();
        self.ground.trace.line(format!("{address} is confirmed after its move"));
    }

    /// A copy of the store is made; the next time the store becomes what it was then, with a new epoch.
    fn copy_or_restore(&mut self) {
        let Some(copy) = self.copy.take() else {
            self.copy = self.kept.store.snapshot();
            return;
        };
        // What the history told since the copy was made is gone with it.
        let history = block_on(self.history()).unwrap_or_default();
        let unmarked = self.unmarked();
        self.people.ledger.forgotten(|domain, given| crate::oracle::told(&history, domain, given), &unmarked);
        let restored = self.kept.store.restore(&copy).and_then(|()| block_on(self.kept.store.renew_epoch()));
        if let Err(error) = restored {
            self.findings.push(format!("the store is not restored: {error}"));
        }
        let sides = self.ground.sides();
        let numbers: Vec<u64> = self.people.ledger.things.keys().copied().collect();
        for number in numbers {
            let links = agreed_on(&self.kept.store, &self.users, &sides, number);
            self.people.ledger.recall(number, &links);
        }
        drop(sides);
        self.ground.faults().count(Fault::Restored);
        self.ground.trace.line("the store is restored from a copy".to_owned());
        self.restart();
    }

    /// What stands on both sides while its item bears no mark of ours, or still that of what it was copied from.
    fn unmarked(&self) -> BTreeSet<u64> {
        let sides = self.ground.sides();
        let items = sides.exchange.mailboxes.values().flat_map(|mailbox| &mailbox.items);
        let number = |item: &Item| number_of(item.kind, &item.fields);
        let bare = items.clone().filter(|(id, item)| {
            let linked = linked_by(&self.kept.store, &self.users, item.kind, id);
            item.mark.as_ref().is_none_or(|mark| match linked {
                Some(key) => key != mark.key,
                None => items.clone().any(|(_, of)| of.mark.as_ref() == Some(mark) && number(of) != number(item)),
            })
        });
        let bare: BTreeSet<u64> = bare.filter_map(|(_, item)| number(item)).collect();
        let rows = sides.crm.rows.values().filter_map(|row| number_of(row.kind, &row.fields));
        rows.filter(|number| bare.contains(number)).collect()
    }

    /// Another person's mailbox stands behind the address: nothing of it comes in and nothing is written there. Then the
    /// right one is back, and an administrator says so.
    fn replace(&mut self) {
        let place = self.one_of_all();
        let Some((_, pairing, address)) = self.users.get(place).cloned() else { return };
        let mapped = block_on(self.kept.store.pairing(&pairing)).ok().flatten();
        // While an administrator's word still waits to be heard it would be said of the wrong mailbox.
        if !mapped.is_some_and(|row| row.mailbox.is_some() && !row.state.confirm_mailbox) {
            return;
        }
        let fields = Fields::from([(Path::of(Field::Subject), Value::text(STRANGERS))]);
        let theirs = Item::new(Kind::Task, &fields);
        let post = self.ground.post().cloned();
        let ours = match &post {
            None => self.ground.sides().exchange.replace(&address, theirs),
            Some(post) => {
                self.findings.extend(post.replace(&address, &theirs));
                None
            }
        };
        if ours.is_none() && post.is_none() {
            return;
        }
        self.ground.faults().count(Fault::Replaced);
        self.ground.trace.line(format!("another person's mailbox stands behind {address}"));
        self.ground.faults().switch(false);
        for _ in 0..2 {
            self.read_crm();
            self.cycle(place);
        }
        self.ground.faults().switch(true);
        let written = post.is_some_and(|post| post.put_back(&address));
        let mut sides = self.ground.sides();
        let is_touched = |theirs: &Mailbox| {
            theirs.identity.is_some() || theirs.items.len() != 1 || theirs.items.values().any(|item| item.version != 1)
        };
        let touched = written || ours.is_some() && sides.exchange.mailboxes.get(&address).is_none_or(is_touched);
        let read = sides
            .crm
            .rows
            .values()
            .any(|row| row.fields.get(&Path::of(Field::Subject)).and_then(Value::as_text) == Some(STRANGERS));
        sides.exchange.mailboxes.extend(ours.map(|ours| (address.clone(), ours)));
        drop(sides);
        if touched {
            self.findings.push(format!("{address}: another person's mailbox was written into (L1)"));
        }
        if read {
            self.findings.push(format!("{address}: another person's mailbox was read into the CRM (L1)"));
        }
        if let Err(error) = block_on(self.kept.store.change_pairing(&pairing, &[PairingChange::ConfirmMailbox])) {
            self.findings.push(format!("{pairing}: the mailbox is not confirmed: {error}"));
        }
        // Until they are found again links without a mark sleep: a delete in that time proves nothing (rule M4).
        self.people.ledger.all_unclear();
        self.ground.trace.line(format!("{address} is the right one again, and confirmed"));
    }
}

/// How far the clock of a node that starts now is off.
pub(super) fn clock_off(ground: &Ground) -> SignedDuration {
    if !ground.faults().has(Fault::ClockOff) {
        return SignedDuration::ZERO;
    }
    let hours = ground.wide.pick(&OFF_HOURS).copied().unwrap_or(0);
    if hours != 0 {
        ground.faults().count(Fault::ClockOff);
    }
    SignedDuration::from_hours(hours)
}
