//! Accidents: many records go at once, or a listing is suddenly empty. The brakes stop the domain before its first write,
//! wait for a person, and go when the accident is undone or confirmed (rule C8).

use super::{Outcome, World, troubles};
use crate::dice::{Dice, Hand};
use crate::executor::block_on;
use crate::faults::{FULL, Fault, Faults};
use crate::memory::exchange::{Item, Mailbox, Place};
use crate::people::ledger::number_of;
use crate::through::Through;
use model::{Domain, Kind, PairingId, RecordId};
use std::collections::BTreeMap;

/// Deletes that the rule allows in a cycle and a day, whatever their share; the oracle's own figure.
const DELETES: usize = 10;
/// Their share in percent that it allows, whatever their number.
const SHARE: usize = 10;

/// What happens to the tasks of one mailbox.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Accident {
    /// Somebody puts them all into Deleted Items, and takes them back later.
    Emptied,
    /// The same, and an administrator says that it is meant.
    Meant,
    /// The server lists nothing and knows none of their ids: the wrong store is mounted.
    Unmounted,
    /// The server lists nothing, but knows every id.
    Unlisted,
}

/// Runs an accident.
pub(super) fn live(through: Through, seed: u64) -> Outcome {
    let dice = Dice::of(seed, Hand::World);
    let kinds: &[Accident] = match through {
        Through::Memory | Through::Sqlite => {
            &[Accident::Emptied, Accident::Meant, Accident::Unmounted, Accident::Unlisted]
        }
        // A store that is not the right one cannot be mounted there.
        Through::Post(_) => &[Accident::Emptied, Accident::Meant, Accident::Unlisted],
    };
    let accident = dice.pick(kinds).copied().unwrap_or(Accident::Emptied);
    let many = 4 + dice.below(24);
    let faults = if seed >= FULL { troubles(through, seed, &dice) } else { Faults::of([], 0) };
    let mut world = World::on(through, seed, faults, dice);
    let Some((user, pairing, address)) = world.users.first().cloned() else { return world.end() };
    if seed >= FULL {
        world.turmoil();
        world.settle_down();
        // What went then counts no more when the brakes look back a day.
        world.ground.clock.pass_ms(3 * 24 * 3_600_000);
    }
    let made = world.people.make_many(&mut world.ground.sides(), &user, Domain::Task, many);
    world.settle_down();
    let is_made = |item: &Item| number_of(item.kind, &item.fields).is_some_and(|number| made.contains(&number));
    let linked: Vec<RecordId> = world.with_mailbox(&address, |mailbox| {
        mailbox.folder(Kind::Task).filter(|(_, item)| is_made(item)).map(|(id, _)| id.clone()).collect()
    });
    let mut away = BTreeMap::new();
    match accident {
        Accident::Emptied | Accident::Meant => world.bin(&address, &linked, accident == Accident::Meant),
        Accident::Unmounted => {
            away = world.with_mailbox(&address, |mailbox| {
                let all = std::mem::take(&mut mailbox.items);
                let (tasks, kept) = all.into_iter().partition(|(id, _): &(RecordId, Item)| linked.contains(id));
                mailbox.items = kept;
                tasks
            });
            world.list_anew(&address);
        }
        Accident::Unlisted => {
            world.people.edit_some(&mut world.ground.sides(), &user);
            world.with_mailbox(&address, |mailbox| mailbox.unlisted = true);
            world.list_anew(&address);
        }
    }
    world.ground.faults().count(Fault::Accident);
    world.ground.trace.line(format!("accident with {} tasks of {address}", linked.len()));
    let (rows, before) = (world.rows(), world.task_versions(&address));
    for _ in 0..2 {
        world.read_crm();
        world.cycle(0);
        // A listing is short once: the ids are found, and the next cycle goes on.
        if accident == Accident::Unlisted {
            break;
        }
    }
    let lost = rows.saturating_sub(world.rows());
    let stands = world.brake_stands(&pairing);
    let is_accident = linked.len() > DELETES && linked.len() * 100 > world.links(&pairing) * SHARE;
    let short = linked.len() > DELETES && accident == Accident::Unlisted;
    match accident {
        Accident::Unlisted if short && (!stands || world.task_versions(&address) > before) => {
            world.findings.push(format!("a listing without {} ids stopped nothing (C8, trap 145)", linked.len()));
        }
        Accident::Unlisted => {}
        _ if is_accident && (lost > 0 || !stands) => {
            world
                .findings
                .push(format!("{} deletes at once: {lost} records went before a brake stood (C8)", linked.len()));
        }
        _ if !is_accident && stands => {
            world.findings.push(format!("a brake tripped at {} deletes (C8)", linked.len()));
        }
        _ => {}
    }
    match accident {
        Accident::Emptied => world.take_back(&address, &is_made),
        Accident::Meant => world.release(&pairing),
        Accident::Unmounted => {
            world.with_mailbox(&address, |mailbox| mailbox.items.append(&mut away));
            world.list_anew(&address);
        }
        Accident::Unlisted => {
            world.with_mailbox(&address, |mailbox| mailbox.unlisted = false);
            world.cycle(0);
            if world.brake_stands(&pairing) {
                // What a person deleted in just that time is shown to an administrator, who lets it go.
                world.release(&pairing);
            }
        }
    }
    world.settle_down();
    if accident == Accident::Meant && world.rows() > rows.saturating_sub(linked.len()) {
        world.findings.push("deletes that an administrator let go were not done (C8)".to_owned());
    }
    world.end()
}

impl World {
    fn with_mailbox<T: Default>(&self, address: &str, of: impl FnOnce(&mut Mailbox) -> T) -> T {
        self.ground.sides().exchange.mailboxes.get_mut(address).map(of).unwrap_or_default()
    }

    fn rows(&self) -> usize {
        self.ground.sides().crm.rows.values().filter(|row| row.kind == Kind::Task).count()
    }

    /// Grows with every write to a task: the other domains go on while a brake stands (rule C8).
    fn task_versions(&self, address: &str) -> u64 {
        let of_items = |mailbox: &mut Mailbox| -> u64 {
            mailbox.items.values().filter(|item| item.kind == Kind::Task).map(|item| item.version).sum()
        };
        let items = self.with_mailbox(address, of_items);
        let sides = self.ground.sides();
        items + sides.crm.rows.values().filter(|row| row.kind == Kind::Task).map(|row| row.version).sum::<u64>()
    }

    fn links(&self, pairing: &PairingId) -> usize {
        let counts = block_on(self.kept.store.count_links(pairing)).unwrap_or_default();
        counts.get(&Domain::Task).map_or(0, |count| usize::try_from(count.all).unwrap_or(usize::MAX))
    }

    fn brake_stands(&self, pairing: &PairingId) -> bool {
        let brakes = block_on(self.kept.store.brakes()).unwrap_or_default();
        brakes.iter().any(|brake| brake.pairing.as_ref() == Some(pairing) && brake.domain == Some(Domain::Task))
    }

    /// Everything is listed anew in the next cycle.
    fn list_anew(&mut self, address: &str) {
        if self.ground.post().is_none() {
            return self.with_mailbox(address, |mailbox| mailbox.generation += 1);
        }
        if let Err(error) = block_on(self.kept.store.renew_epoch()) {
            self.findings.push(format!("the store has no new epoch: {error}"));
        }
    }

    fn bin(&mut self, address: &str, ids: &[RecordId], meant: bool) {
        let mut sides = self.ground.sides();
        for id in ids {
            if meant {
                self.people.mean_it(&sides, address, id);
            }
            sides.exchange.put(address, id, Place::Deleted);
        }
    }

    fn take_back(&mut self, address: &str, is_made: &dyn Fn(&Item) -> bool) {
        let binned: Vec<RecordId> = self.with_mailbox(address, |mailbox| {
            let theirs = |item: &Item| item.place == Place::Deleted && is_made(item);
            mailbox.items.iter().filter(|(_, item)| theirs(item)).map(|(id, _)| id.clone()).collect()
        });
        for id in binned {
            self.ground.sides().exchange.put(address, &id, Place::Folder);
        }
    }

    /// An administrator has seen the plan and lets it go.
    fn release(&mut self, pairing: &PairingId) {
        for brake in block_on(self.kept.store.brakes()).unwrap_or_default() {
            let released =
                block_on(self.kept.store.release_brake(Some(pairing), brake.domain, brake.side, &brake.digest));
            if let Err(error) = released {
                self.findings.push(format!("a brake is not released: {error}"));
            }
        }
    }
}
