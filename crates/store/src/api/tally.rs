//! Numbers: counters, brakes, the users' overview and the backlog.

use super::engine;
use crate::Store;
use crate::answer::{Backlog, Counts, PairingStatus, Whose};
use crate::count::Count;
use crate::error::Result;
use crate::latency::Latencies;
use crate::limits::page;
use crate::rows::{Brake, Lease};
use jiff::Timestamp;
use model::{Domain, PairingId, Side};
use std::collections::BTreeSet;

impl Store {
    /// Sums of the counters from the hour of `since` on (rule C8).
    pub async fn counts(&self, whose: &Whose, since: Timestamp) -> Result<Counts> {
        engine!(self, counts(whose, since))
    }

    /// At how many pairings something was done to a side, from the hour of `since` on (rule C8: deletes at many users).
    pub async fn pairings_that(&self, side: Side, what: Count, since: Timestamp) -> Result<BTreeSet<PairingId>> {
        engine!(self, pairings_that(side, what, since))
    }

    /// Every brake that tripped.
    pub async fn brakes(&self) -> Result<Vec<Brake>> {
        engine!(self, brakes())
    }

    /// Stores a brake under the lease of the cycle that tripped it. One that stands with the same digest stays as it is,
    /// released or not, and nothing is written; another digest replaces it and its release (decision 11).
    pub async fn put_brake(&self, lease: &Lease, brake: &Brake) -> Result<()> {
        engine!(self, put_brake(lease, brake))
    }

    /// A person releases a brake for the plan with this digest only; the pairings concerned become due.
    pub async fn release_brake(
        &self,
        pairing: Option<&PairingId>,
        domain: Option<Domain>,
        side: Side,
        digest: &str,
    ) -> Result<()> {
        engine!(self, release_brake(pairing, domain, side, digest))
    }

    /// Takes a brake away: its plan was carried out or is no more.
    pub async fn drop_brake(
        &self,
        lease: &Lease,
        pairing: Option<&PairingId>,
        domain: Option<Domain>,
        side: Side,
    ) -> Result<()> {
        engine!(self, drop_brake(lease, pairing, domain, side))
    }

    /// A page of pairings with their numbers, in order of their ids (rule W4).
    pub async fn overview(&self, after: Option<&PairingId>, limit: usize) -> Result<Vec<PairingStatus>> {
        engine!(self, overview(after, page(limit)))
    }

    /// One pairing with its numbers (rule W4).
    pub async fn status(&self, pairing: &PairingId) -> Result<Option<PairingStatus>> {
        engine!(self, status(pairing))
    }

    /// Adds how long changes took, among what ended at this time (rule W4); what is a day old is forgotten.
    pub async fn add_latencies(&self, at: Timestamp, latencies: &Latencies) -> Result<()> {
        engine!(self, add_latencies(at, latencies))
    }

    /// How long changes took that ended since a time, to five minutes (rule W4).
    pub async fn latencies(&self, since: Timestamp) -> Result<Latencies> {
        engine!(self, latencies(since))
    }

    /// What is there and what waits, over all pairings: for metrics.
    pub async fn backlog(&self) -> Result<Backlog> {
        engine!(self, backlog())
    }
}
