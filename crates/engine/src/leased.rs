//! A pairing's lease around what a person asks for between cycles.

use crate::Engine;
use crate::limits;
use crate::outcome::CycleError;
use model::PairingId;
use store::Lease;

impl Engine {
    /// Takes a pairing's lease.
    pub(crate) async fn lease_of(&self, id: &PairingId) -> Result<Lease, CycleError> {
        let node = &self.parts.node;
        let lease = self.store().take_lease(id.as_str(), node, limits::LEASE_MS, limits::CALL_MS).await?;
        lease.ok_or(CycleError::Leased)
    }

    /// Gives it back; what was answered meanwhile stands, also when the lease had ended by itself.
    pub(crate) async fn give_back<T>(&self, lease: &Lease, result: Result<T, CycleError>) -> Result<T, CycleError> {
        match self.store().release_lease(lease).await {
            Ok(()) | Err(store::StoreError::Fenced) => result,
            Err(error) => result.and(Err(error.into())),
        }
    }
}
