//! Who may work on what: leases with fencing numbers, by the database's clock, and the one `serve` of a SQLite file.

use super::engine;
use crate::Store;
use crate::error::Result;
use crate::rows::Lease;
use crate::serve::ServeClaim;
use jiff::Timestamp;

impl Store {
    /// Takes a lease: a pairing's under the pairing's id, a CRM reader's under `crm:ID`. None while somebody holds it, or
    /// until `grace_ms` after it ended without being released: a call of its last holder may still be under way
    /// (decision 10). The fencing number grows with each taking. A lease is not taken twice by the same holder.
    pub async fn take_lease(&self, name: &str, holder: &str, ttl_ms: u64, grace_ms: u64) -> Result<Option<Lease>> {
        engine!(self, take_lease(name, holder, ttl_ms, grace_ms))
    }

    /// Prolongs a lease that nobody else took meanwhile, even when it had ended.
    pub async fn renew_lease(&self, lease: &Lease, ttl_ms: u64) -> Result<Lease> {
        engine!(self, renew_lease(lease, ttl_ms))
    }

    /// Ends a pairing's cycle in which nothing happened: notes when it was and when the next one is due, and gives the lease
    /// back, in the one row that such a cycle writes. False, and nothing is done, when the pairing was woken before the
    /// cycle began (that is to be noted as served, see [`Store::end_cycle`]) or the lease is held no more.
    pub async fn beat(&self, lease: &Lease, at: Timestamp, next: Option<Timestamp>) -> Result<bool> {
        engine!(self, beat(lease, at, next))
    }

    /// Gives a lease back: no call is under way any more, so the next taker need not wait.
    pub async fn release_lease(&self, lease: &Lease) -> Result<()> {
        engine!(self, release_lease(lease))
    }

    /// Claims the right to serve this store: on one SQLite file (and in memory) only one process may, and a second one is
    /// refused with [`crate::StoreError::ServeRunning`]. The claim ends when it is dropped, or with its process however
    /// that dies, so nothing has to be renewed or cleaned up: whoever serves next ends the leases that the dead one held,
    /// at once where it can have no write under way, else after [`crate::limits::DEAD_CALL_MS`]. On PostgreSQL any number
    /// of nodes may serve.
    pub async fn claim_serve(&self, holder: &str) -> Result<ServeClaim> {
        engine!(self, claim_serve(holder))
    }

    /// On PostgreSQL: ends the leases of nodes whose session ended, which is how the others know that they died; how many.
    /// One that only lost its connection is fenced from then on.
    pub async fn end_leases_of_the_dead(&self) -> Result<u64> {
        match self {
            Store::Sqlite(sql) | Store::Postgres(sql) => sql.end_leases_of_the_dead().await,
            Store::Memory(_) => Ok(0),
        }
    }
}
