//! What a cycle plans from: records with observations, candidates for matching, and links.

use super::engine;
use crate::Store;
use crate::answer::{Candidate, LinkCount, Work, WorkKey};
use crate::error::Result;
use crate::limits::{HASHES, page};
use crate::rows::Away;
use jiff::Timestamp;
use model::{CrmId, Domain, Kind, Link, LinkId, PairingId, RecordId, Side};
use std::collections::{BTreeMap, BTreeSet};

impl Store {
    /// A page of the records of a kind that have an observation: linked ones once, with what both ends showed; then the
    /// unlinked, each alone. Its cost follows the observations, not the links.
    pub async fn work(
        &self,
        pairing: &PairingId,
        kind: Kind,
        after: Option<&WorkKey>,
        limit: usize,
    ) -> Result<Vec<Work>> {
        engine!(self, work(pairing, kind, after, page(limit)))
    }

    /// The kinds that have an observation: of all others [`Store::work`] is empty. One statement, whatever is linked.
    pub async fn kinds_at_work(&self, pairing: &PairingId) -> Result<BTreeSet<Kind>> {
        engine!(self, kinds_at_work(pairing))
    }

    /// What is known of one record: its link with what both ends showed, or its own observation or quarantine.
    pub async fn work_of(&self, pairing: &PairingId, side: Side, kind: Kind, id: &RecordId) -> Result<Option<Work>> {
        engine!(self, work_of(pairing, side, kind, id))
    }

    /// Unlinked records of a side that share any of these hashes, observed or strangers, in order of their ids. At most
    /// [`HASHES`] hashes are asked.
    pub async fn candidates(
        &self,
        pairing: &PairingId,
        kind: Kind,
        side: Side,
        hashes: &[String],
        limit: usize,
    ) -> Result<Vec<Candidate>> {
        let hashes = &hashes[..hashes.len().min(HASHES)];
        engine!(self, candidates(pairing, kind, side, hashes, page(limit)))
    }

    /// A link.
    pub async fn link(&self, id: &LinkId) -> Result<Option<Link>> {
        engine!(self, link(id))
    }

    /// The link that holds a record.
    pub async fn link_of(&self, pairing: &PairingId, side: Side, kind: Kind, id: &RecordId) -> Result<Option<Link>> {
        engine!(self, link_of(pairing, side, kind, id))
    }

    /// What is kept of a CRM record's copy that was taken out of the mailbox (rule O2).
    pub async fn away(&self, pairing: &PairingId, kind: Kind, crm: &RecordId) -> Result<Option<Away>> {
        engine!(self, away(pairing, kind, crm))
    }

    /// Since when an item waits for its organiser's own copy (rule P3).
    pub async fn awaited(&self, pairing: &PairingId, kind: Kind, pim: &RecordId) -> Result<Option<Timestamp>> {
        engine!(self, awaited(pairing, kind, pim))
    }

    /// A page of links in order of their ids, of one domain or all.
    pub async fn links(
        &self,
        pairing: &PairingId,
        domain: Option<Domain>,
        after: Option<&LinkId>,
        limit: usize,
    ) -> Result<Vec<Link>> {
        engine!(self, links(pairing, domain, after, page(limit)))
    }

    /// How many links a pairing has per domain, and how many sleep.
    pub async fn count_links(&self, pairing: &PairingId) -> Result<BTreeMap<Domain, LinkCount>> {
        engine!(self, count_links(pairing))
    }

    /// The links of one CRM record over all mapped pairings of the CRM, in order of their pairings.
    pub async fn links_of_crm(&self, crm: &CrmId, kind: Kind, id: &RecordId, limit: usize) -> Result<Vec<Link>> {
        engine!(self, links_of_crm(crm, kind, id, page(limit)))
    }
}
