//! What the memory engine holds: a map per table of the databases.

use crate::alert::AlertBook;
use crate::connection::Connection;
use crate::count::Count;
use crate::error::{Result, StoreError};
use crate::latency::Latencies;
use crate::rows::{
    Away, Brake, Cursor, Held, History, Intent, Late, Lease, Look, Observation, Pairing, Push, Quarantine, Stranger,
};
use jiff::Timestamp;
use model::maps_ews::default_maps;
use model::settings::Settings;
use model::{CrmId, Domain, DomainMap, FolderId, Kind, Link, LinkId, MailboxId, PairingId, RecordId, Side, UserId};
use planted::Planted;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// All that a store in memory holds at one moment.
#[derive(Clone)]
pub struct Snapshot(pub(super) State);

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Snapshot({} pairings)", self.0.pairings.len())
    }
}

#[derive(Clone)]
pub(super) struct State {
    pub epoch: u64,
    pub settings: Settings,
    pub alerts: AlertBook,
    /// By slot.
    pub latencies: BTreeMap<i64, Latencies>,
    /// One for each domain.
    pub maps: Arc<BTreeMap<Domain, DomainMap>>,
    pub connections: BTreeMap<String, Connection>,
    pub pairings: BTreeMap<PairingId, Mapped>,
    pub unmapped: BTreeMap<(CrmId, UserId), Unmapped>,
    pub leases: BTreeMap<String, LeaseRow>,
    pub readers: BTreeMap<CrmId, String>,
    pub intents: BTreeMap<String, Intent>,
    pub held: BTreeMap<String, Held>,
    pub brakes: BTreeMap<BrakeKey, Brake>,
    pub memories: BTreeMap<PairingId, Memories>,
}

pub(super) type BrakeKey = (Option<PairingId>, Option<Domain>, Side);

/// A pairing and its wakings: due while it was woken more often than served.
#[derive(Clone)]
pub(super) struct Mapped {
    pub pairing: Pairing,
    pub woken: u64,
    pub served: u64,
    pub asked: u64,
    pub push: Push,
}

impl Mapped {
    /// The pairing as the store tells it.
    pub(super) fn told(&self) -> Pairing {
        let mut pairing = self.pairing.clone();
        pairing.state.asked = self.asked > self.served;
        pairing.state.push = self.push.clone();
        pairing
    }
}

/// What stays of a user who was unmapped: mapping again re-uses the links under the old pairing id.
#[derive(Clone)]
pub(super) struct Unmapped {
    pub pairing: PairingId,
    pub mailbox: Option<MailboxId>,
    pub root: Option<String>,
}

#[derive(Clone)]
pub(super) struct LeaseRow {
    /// Nobody after a release or a revocation.
    pub holder: Option<String>,
    pub fence: u64,
    /// Absent after a release: no call can be under way, so no grace is needed.
    pub until: Option<Timestamp>,
    /// The wakings that the taker knew.
    pub noted: u64,
}

/// What is remembered for one pairing.
#[derive(Clone, Default)]
pub(super) struct Memories {
    pub cursors: BTreeMap<(Side, Kind, FolderId), Cursor>,
    pub listed: BTreeSet<(Side, Kind, FolderId, RecordId)>,
    pub observations: BTreeMap<(Kind, Side, RecordId), Observation>,
    pub looks: BTreeMap<(Side, Kind, RecordId), Look>,
    pub strangers: BTreeMap<(Side, Kind, RecordId), Stranger>,
    /// Which observations and strangers have a hash.
    pub hashed: BTreeSet<(Side, Kind, String, RecordId)>,
    pub quarantine: BTreeMap<(Side, Kind, RecordId), Quarantine>,
    pub links: BTreeMap<LinkId, Link>,
    pub ends: BTreeMap<(Kind, Side, RecordId), LinkId>,
    pub lates: BTreeMap<String, Late>,
    pub away: BTreeMap<(Kind, RecordId), Away>,
    pub awaited: BTreeMap<(Kind, RecordId), Timestamp>,
    pub history: BTreeMap<u64, History>,
    pub counts: BTreeMap<(Domain, Side, Count, i64), u64>,
}

impl State {
    pub fn new() -> State {
        State {
            epoch: 1,
            settings: Settings::default(),
            alerts: AlertBook::default(),
            latencies: BTreeMap::new(),
            maps: Arc::new(default_maps().clone()),
            connections: BTreeMap::new(),
            pairings: BTreeMap::new(),
            unmapped: BTreeMap::new(),
            leases: BTreeMap::new(),
            readers: BTreeMap::new(),
            intents: BTreeMap::new(),
            held: BTreeMap::new(),
            brakes: BTreeMap::new(),
            memories: BTreeMap::new(),
        }
    }

    /// The fence of decision 10: the lease stands as it was given.
    pub fn fenced(&self, lease: &Lease) -> Result<u64> {
        match self.leases.get(&lease.name) {
            Some(row) if row.fence == lease.fence && row.holder.as_deref() == Some(lease.holder.as_str()) => {
                Ok(row.noted)
            }
            Some(row) if planted::is(Planted::FenceIgnored) => Ok(row.noted),
            Some(_) | None => Err(StoreError::Fenced),
        }
    }

    /// The fence of a pairing's own lease.
    pub fn fenced_for(&self, lease: &Lease, pairing: &PairingId) -> Result<u64> {
        self.fenced_by(lease, pairing.as_str())
    }

    /// The fence of the lease that has this name.
    pub fn fenced_by(&self, lease: &Lease, name: &str) -> Result<u64> {
        if lease.name != name {
            return Err(StoreError::Fenced);
        }
        self.fenced(lease)
    }

    /// Nobody holds it any more; the time of calls under way stays to be waited for.
    pub fn revoke(&mut self, name: &str) {
        if let Some(row) = self.leases.get_mut(name) {
            row.fence += 1;
            row.holder = None;
        }
    }

    pub fn of(&self, pairing: &PairingId) -> Option<&Memories> {
        self.memories.get(pairing)
    }

    pub fn of_mut(&mut self, pairing: &PairingId) -> &mut Memories {
        self.memories.entry(pairing.clone()).or_default()
    }
}

impl Memories {
    pub fn unhash(&mut self, side: Side, kind: Kind, id: &RecordId) {
        let hashes = self.hashes_of(side, kind, id);
        for hash in hashes {
            self.hashed.remove(&(side, kind, hash, id.clone()));
        }
    }

    fn hashes_of(&self, side: Side, kind: Kind, id: &RecordId) -> Vec<String> {
        let observed = self.observations.get(&(kind, side, id.clone())).map(|row| row.hashes.as_slice());
        let strange = self.strangers.get(&(side, kind, id.clone())).map(|row| row.hashes.as_slice());
        observed.into_iter().chain(strange).flatten().cloned().collect()
    }

    pub fn hash(&mut self, side: Side, kind: Kind, id: &RecordId) {
        for hash in self.hashes_of(side, kind, id) {
            self.hashed.insert((side, kind, hash, id.clone()));
        }
    }

    pub fn drop_observation(&mut self, side: Side, kind: Kind, id: &RecordId) {
        self.unhash(side, kind, id);
        self.observations.remove(&(kind, side, id.clone()));
        self.hash(side, kind, id);
    }

    pub fn drop_stranger(&mut self, side: Side, kind: Kind, id: &RecordId) {
        self.unhash(side, kind, id);
        self.strangers.remove(&(side, kind, id.clone()));
        self.hash(side, kind, id);
    }

    pub fn look(&mut self, look: &Look) {
        let key = (look.side, look.kind, look.id.clone());
        let row = self.looks.entry(key).or_insert_with(|| Look { asked: 0, ..look.clone() });
        row.asked += 1;
        row.not_before = match (row.not_before, look.not_before) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (None, _) | (_, None) => None,
        };
    }

    pub fn link_of(&self, side: Side, kind: Kind, id: &RecordId) -> Option<&Link> {
        self.ends.get(&(kind, side, id.clone())).and_then(|link| self.links.get(link))
    }

    pub fn unlink(&mut self, id: &LinkId) {
        if let Some(link) = self.links.remove(id) {
            self.ends.remove(&(link.kind, Side::Crm, link.crm.id.clone()));
            self.ends.remove(&(link.kind, Side::Pim, link.pim.id.clone()));
        }
    }
}
