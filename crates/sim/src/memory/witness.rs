//! Sees every write as it arrives: what recognises it must be stored by then (invariant 5).

use super::Ground;
use crate::executor::block_on;
use engine::port::Write;
use model::{Kind, PairingId, RecordId, Side};
use store::{Intent, IntentKind, Store};

/// Open intents that are looked through; a world never has more.
const PAGE: usize = 500;

/// Who looks into the store when a write arrives.
#[derive(Clone, Debug)]
pub struct Witness {
    /// The store.
    pub store: Store,
    /// Whose intents.
    pub pairing: PairingId,
}

impl Witness {
    /// Whether an item is linked.
    pub(crate) fn is_linked(&self, kind: Kind, id: &RecordId, ground: &Ground) -> bool {
        // What a witness asks is no call of the engine's.
        let counting = ground.places.counting(false);
        let link = block_on(self.store.link_of(&self.pairing, Side::Pim, kind, id));
        ground.places.counting(counting);
        link.is_ok_and(|link| link.is_some())
    }

    /// Tells of a write that nothing would recognise if its answer were lost.
    pub(crate) fn sees(&self, side: Side, write: &Write, ground: &Ground) {
        if ground.is_overdue() || ground.is_putting_back() {
            // Another node has settled what this one had opened; what an administrator puts back is as a person's edit.
            return;
        }
        let recognises = |intent: &Intent| match write {
            Write::Create(create) => intent.what == IntentKind::Create && intent.id == create.mark.key,
            Write::Update(update) => {
                intent.what == IntentKind::Update
                    && intent.target.as_ref() == Some(&update.id)
                    && intent.fields == update.changes
            }
            Write::Mark { id, .. } => intent.what == IntentKind::Mark && intent.target.as_ref() == Some(id),
            Write::Delete { id, .. } => intent.what == IntentKind::Delete && intent.target.as_ref() == Some(id),
            // Repeated without harm.
            Write::Restore { .. }
            | Write::Enlist { .. }
            | Write::Delist { .. }
            | Write::Leave { .. }
            | Write::Rejoin { .. }
            | Write::Flag { .. } => true,
        };
        let needs = !matches!(
            write,
            Write::Restore { .. }
                | Write::Enlist { .. }
                | Write::Delist { .. }
                | Write::Leave { .. }
                | Write::Rejoin { .. }
                | Write::Flag { .. }
        );
        // What a witness asks is no call of the engine's.
        let counting = ground.places.counting(false);
        let open = block_on(self.store.intents(&self.pairing, None, PAGE)).unwrap_or_default();
        ground.places.counting(counting);
        if needs && !open.iter().any(|intent| intent.side == side && recognises(intent)) {
            ground.found(format!("{} {write:?} was sent before what recognises it was stored", self.pairing));
        }
    }
}
