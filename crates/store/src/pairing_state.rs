//! How a user's synchronisation stands: what his last cycle found, and what the next one goes by.

use crate::rows::Push;
use jiff::Timestamp;
use model::{Domain, Level, NamedFolder};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a pairing's cycles go: what W4 shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PairingState {
    /// The first cycle is complete: both sides listed and matched.
    pub first_done: bool,
    /// Last cycle that ended well.
    pub last_success: Option<Timestamp>,
    /// Last cycle at all.
    pub last_cycle: Option<Timestamp>,
    /// Why the last cycle did not end well, in words.
    pub trouble: Option<String>,
    /// Stopped until an administrator acts (another mailbox behind the address, a moved mailbox to confirm).
    pub stopped: Option<String>,
    /// An administrator confirmed the mailbox that now stands behind the address (rules L1, M4).
    pub confirm_mailbox: bool,
    /// The last cycle could make the mailbox's server write to guests (rules C9, P6).
    pub mail: bool,
    /// The store's epoch when the last whole cycle ended well, or the first one at all ended: another one means that the store
    /// was restored since.
    pub epoch: u64,
    /// After a restore, in which epoch and since when only what gives no answer keeps a cycle from being whole.
    #[serde(default)]
    pub untold: Option<(u64, Timestamp)>,
    /// The mailbox moved, and its items without a mark of ours are looked for among what stands there (rule M4).
    pub moved: bool,
    /// Failures in a row, for patience.
    pub failures: u32,
    /// Not due before this.
    pub not_before: Option<Timestamp>,
    /// Due by its schedule at this time (rule E4); absent: at once.
    #[serde(default)]
    pub next: Option<Timestamp>,
    /// The next inventory of the mailbox (trap 22); absent before the first cycle.
    pub inventory: Option<Timestamp>,
    /// It rests in blackout hours until then: hints alone do not make it due (rule E4).
    #[serde(default)]
    pub resting: bool,
    /// A person asked for a cycle at once, and none has served that yet. Told by the store, never written with the state.
    #[serde(skip)]
    pub asked: bool,
    /// Whether changes in the mailbox are pushed. Told by the store, never written with the state.
    #[serde(skip)]
    pub push: Push,
    /// The settings generation and membership digest the last cycle planned with.
    pub planned_with: String,
    /// The levels it planned with, and a digest of the field maps: what they did not permit may go now (rule L6).
    pub levels: BTreeMap<Domain, Level>,
    /// The digest of the field maps.
    pub maps: String,
    /// The named sub-folders of the mailbox as they were found last (rule D7).
    pub folders: BTreeMap<String, NamedFolder>,
    /// Progress of a first cycle: records seen, records expected, since when.
    pub progress: Option<Progress>,
}

/// Progress of a first cycle (rule W4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// `observing`, `matching`, `writing`.
    pub phase: String,
    /// Records done in the phase.
    pub done: u64,
    /// Records expected, when known.
    pub total: Option<u64>,
    /// Since when.
    pub since: Timestamp,
}
