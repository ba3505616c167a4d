//! Observations as rows: with the keyed hashes of what a record could be matched by.

use crate::Engine;
use crate::cycle::Cycle;
use crate::force::hex;
use crate::outcome::CycleError;
use hmac::Mac;
use model::{Kind, Link, Record, RecordId, Seen, Side, Version};
use std::sync::Arc;
use store::Observation;

impl Cycle<'_> {
    /// What a look found, as a row.
    pub(crate) fn observation(&self, side: Side, kind: Kind, id: &RecordId, seen: Seen) -> Observation {
        let (version, hashes) = match &seen {
            Seen::Present(record) => (record.version.clone(), self.hashes(record)),
            Seen::Gone(_) => (Version::new(""), Vec::new()),
        };
        Observation { side, kind, id: id.clone(), version, seen, hashes, at: self.engine.now() }
    }

    /// The link of a private appointment or task: whether it may be stored depends on whose it is.
    pub(crate) async fn link_of_private(&self, side: Side, item: &Record) -> Result<Option<Link>, CycleError> {
        if side == Side::Crm || item.kind == Kind::Contact || !item.is_private() {
            return Ok(None);
        }
        Ok(self.engine.store().link_of(&self.pairing.id, side, item.kind, &item.id).await?)
    }

    /// What may be stored of what a look or a listing found (rule O7).
    pub(crate) fn storable(&self, side: Side, link: Option<&Link>, seen: Seen) -> Seen {
        match seen {
            Seen::Present(item) if side == Side::Pim => {
                let lenses = self.lenses();
                let reduced = plan::scope::storable(&item, link, &self.context(plan::Lead::Mine, &lenses));
                Seen::Present(reduced.map_or(item, Arc::new))
            }
            seen => seen,
        }
    }

    /// A record's match keys, hashed with the installation's secret: a stranger leaves no content with us (decision 12).
    pub(crate) fn hashes(&self, record: &Record) -> Vec<String> {
        plan::keys::keys(record, &self.force.maps, self.pairing.mailbox.as_ref(), &self.force.zone)
            .iter()
            .map(|key| self.hash(key))
            .collect()
    }

    pub(crate) fn hash(&self, key: &str) -> String {
        self.engine.hash_of(key)
    }
}

impl Engine {
    pub(crate) fn hash_of(&self, key: &str) -> String {
        let mut mac = self.keyed.clone();
        mac.update(key.as_bytes());
        hex(&mac.finalize().into_bytes()[..16])
    }
}
