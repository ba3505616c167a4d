//! Who may work on what: leases with fencing numbers, by the database's clock, and the one `serve` of a SQLite file.

use super::engine;
use crate::Store;
use crate::error::Result;
use crate::rows::Lease;
use crate::serve::ServeClaim;

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

    /// Gives a lease back: no call is under way any more, so the next taker need not wait.
    pub async fn release_lease(&self, lease: &Lease) -> Result<()> {
        engine!(self, release_lease(lease))
    }

    /// Claims the right to serve this store: on one SQLite file (and in memory) only one process may, and a second one is
    /// refused with [`crate::StoreError::ServeRunning`]. The claim ends when it is dropped, or with its process however
    /// that dies, so nothing has to be renewed or cleaned up. On PostgreSQL any number of nodes may serve.
    pub fn claim_serve(&self, holder: &str) -> Result<ServeClaim> {
        match self {
            Store::Sqlite(sql) | Store::Postgres(sql) => sql.claim_serve(holder),
            Store::Memory(memory) => memory.claim_serve(holder),
        }
    }
}
