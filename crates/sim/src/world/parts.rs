//! What a world is put together from: who is mapped, an engine, and people who act while the store is looked at.

use super::PAGE;
use crate::clock::NodeClock;
use crate::dice::Dice;
use crate::executor::block_on;
use crate::faults::Fault;
use crate::memory::exchange::Place;
use crate::memory::{Ground, MemoryRemotes, Sides};
use crate::people::People;
use crate::people::ledger::number_of;
use engine::port::Clock;
use engine::{Engine, EngineParts};
use jiff::SignedDuration;
use model::{CrmId, Fields, Kind, PairingId, RecordId, Side, SleepCause, UserId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::{Connection, IntentKind, Pairing, PairingState, Store};

/// Seconds between two inventories of a mailbox: one falls into the trouble, and one after it.
const INVENTORY_S: u32 = 3_600;

/// Somebody acts. Who deletes a record while nobody knows whether our write has reached it leaves unclear what was agreed.
pub(super) fn act(
    people: &mut People,
    ground: &Ground,
    store: &Store,
    users: &[(UserId, PairingId, String)],
    how: impl FnOnce(&mut People, &mut Sides) -> Option<String>,
) -> Option<String> {
    let mut sides = ground.sides();
    let before: BTreeSet<RecordId> = sides.crm.tombstones.keys().cloned().collect();
    let asleep = if ground.faults().has(Fault::Replaced) { moved(store, users, &sides) } else { Vec::new() };
    let restored = ground.faults().has(Fault::Restored) && is_restored(store, users);
    let stood: BTreeSet<u64> = if restored { people.ledger.standing() } else { BTreeSet::new() };
    let did = how(people, &mut sides)?;
    if restored {
        // Until a first whole cycle has ended what is gone may have been taken away by ourselves (docs/reliability.md).
        let stands = people.ledger.standing();
        stood.difference(&stands).for_each(|number| people.ledger.unclear(*number));
    }
    for (address, id, number) in asleep {
        let item = sides.exchange.mailboxes.get(&address).and_then(|mailbox| mailbox.items.get(&id));
        if item.is_none_or(|item| item.place == Place::Deleted) {
            // Until it is found again that its item is gone proves nothing (rule M4).
            people.ledger.unclear(number);
        }
    }
    for number in people.ledger.fresh() {
        let mut items = sides.exchange.mailboxes.values().flat_map(|mailbox| mailbox.items.values());
        if items.any(|item| item.mark.is_none() && number_of(item.kind, &item.fields) == Some(number)) {
            people.ledger.given_unmarked(number);
        }
        people.ledger.compare(number, &agreed_on(store, users, &sides, number));
    }
    let stones = sides.crm.tombstones.iter().filter(|(id, _)| !before.contains(id));
    let buried: Vec<u64> = stones.filter_map(|(_, stone)| stone.thing).collect();
    for number in &buried {
        people.ledger.buried(*number, &agreed_on(store, users, &sides, *number));
    }
    if !buried.is_empty() {
        for (_, pairing, _) in users {
            for intent in block_on(store.intents(pairing, None, PAGE)).unwrap_or_default() {
                let stone = intent.target.as_ref().and_then(|id| sides.crm.tombstones.get(id));
                if let Some(thing) = stone.and_then(|stone| stone.thing)
                    && (intent.side, intent.what) == (Side::Crm, IntentKind::Update)
                {
                    people.ledger.unclear(thing);
                }
            }
        }
    }
    Some(did)
}

/// Whether a user's pairing has not caught up yet since the store was restored.
fn is_restored(store: &Store, users: &[(UserId, PairingId, String)]) -> bool {
    let Ok(epoch) = block_on(store.epoch()) else { return false };
    users.iter().any(|(_, pairing, _)| {
        block_on(store.pairing(pairing)).ok().flatten().is_some_and(|pairing| pairing.state.epoch != epoch)
    })
}

impl super::World {
    /// Whether it is known of every mailbox when its inventory comes, where anything waits for that.
    pub(super) fn is_sought(&self) -> bool {
        !self.ground.faults().has(Fault::Untold)
            || self.users.iter().all(|(_, pairing, _)| {
                let row = block_on(self.kept.store.pairing(pairing)).ok().flatten();
                row.is_some_and(|row| row.state.inventory.is_some())
            })
    }
}

/// The items whose links wait to find them again since their mailbox was confirmed, each with its thing.
fn moved(store: &Store, users: &[(UserId, PairingId, String)], sides: &Sides) -> Vec<(String, RecordId, u64)> {
    let mut found = Vec::new();
    for (_, pairing, address) in users {
        let items = sides.exchange.mailboxes.get(address).into_iter().flat_map(|mailbox| &mailbox.items);
        for (id, item) in items.filter(|(_, item)| item.mark.is_none() && item.place != Place::Deleted) {
            let link = block_on(store.link_of(pairing, Side::Pim, item.kind, id)).ok().flatten();
            let waits = link.and_then(|link| link.sleep).is_some_and(|sleep| sleep.cause == SleepCause::Moved);
            found.extend(
                number_of(item.kind, &item.fields)
                    .filter(|_| waits)
                    .map(|number| (address.clone(), id.clone(), number)),
            );
        }
    }
    found
}

/// What the links of a thing's items agreed on last, as each side shows it.
pub(super) fn agreed_on(
    store: &Store,
    users: &[(UserId, PairingId, String)],
    sides: &Sides,
    number: u64,
) -> Vec<(Fields, Fields)> {
    let mut agreed = Vec::new();
    for (_, pairing, address) in users {
        let items = sides.exchange.mailboxes.get(address).into_iter().flat_map(|mailbox| &mailbox.items);
        let items = items.filter(|(_, item)| number_of(item.kind, &item.fields) == Some(number));
        // An item that has another id since its mailbox was moved is known by its record.
        let rows = sides.crm.rows.iter().filter(|(_, row)| number_of(row.kind, &row.fields) == Some(number));
        let ends =
            items.map(|(id, item)| (Side::Pim, item.kind, id)).chain(rows.map(|(id, row)| (Side::Crm, row.kind, id)));
        for (side, kind, id) in ends {
            let link = block_on(store.link_of(pairing, side, kind, id));
            agreed.extend(link.ok().flatten().map(|link| (link.crm.base, link.pim.base)));
        }
    }
    agreed
}

/// The mark's key of the link that an item has in anybody's pairing.
pub(super) fn linked_by(
    store: &Store,
    users: &[(UserId, PairingId, String)],
    kind: Kind,
    id: &RecordId,
) -> Option<String> {
    let mut links = users.iter().map(|(_, pairing, _)| block_on(store.link_of(pairing, Side::Pim, kind, id)));
    links.find_map(|link| link.ok().flatten()).map(|link| link.mark_key)
}

pub(super) fn engine(ground: &Arc<Ground>, store: &Store, dice: &Dice, start: u64, off: SignedDuration) -> Engine {
    let clock: Arc<dyn Clock> = Arc::new(NodeClock { world: ground.clock.clone(), off });
    Engine::new(EngineParts {
        store: store.clone(),
        remotes: Arc::new(MemoryRemotes {
            ground: Arc::clone(ground),
            store: store.clone(),
            node: ground.post().map(|post| post.node(ground)),
        }),
        clock,
        dice: Arc::new(dice.clone()),
        node: format!("node{start}"),
        hash_key: [7; 32],
    })
}

pub(super) async fn map_users(store: &Store, crm: &CrmId, users: &[(UserId, PairingId, String)]) -> store::Result<()> {
    store
        .put_connection(&Connection {
            push: true,
            name: "exchange".to_owned(),
            kind: "memory".to_owned(),
            url: "memory:".to_owned(),
            user: "service".to_owned(),
            secret: Vec::new(),
            impersonate: true,
            ca_file: None,
            folders: BTreeMap::new(),
            access: store::Access::default(),
        })
        .await?;
    let settings = store.settings().await?;
    let often = model::settings::Settings { inventory_interval_s: INVENTORY_S, ..settings.clone() };
    store.change_settings(settings.generation, &often).await?;
    for (user, pairing, address) in users {
        store
            .add_pairing(&Pairing {
                id: pairing.clone(),
                crm: crm.clone(),
                user: user.clone(),
                connection: "exchange".to_owned(),
                address: address.clone(),
                mailbox: None,
                root: None,
                enabled: true,
                settings: model::settings::UserSettings::default(),
                state: PairingState::default(),
            })
            .await?;
    }
    Ok(())
}
