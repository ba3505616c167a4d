//! Who works on a pairing: its lease taken, kept and given back, measured by our own clock whatever the database's says.

use crate::Engine;
use crate::limits;
use crate::outcome::CycleError;
use jiff::{SignedDuration, Timestamp};
use model::PairingId;
use store::Lease;

impl Engine {
    /// Takes a pairing's lease.
    pub(crate) async fn lease_of(&self, id: &PairingId) -> Result<Lease, CycleError> {
        self.take_lease(id.as_str(), limits::CALL_MS).await
    }

    /// Takes a lease. Its end is told by our own clock, counted from before it was asked for: the clock of the database
    /// may be days off, and an end that is too early only renews too often.
    pub(crate) async fn take_lease(&self, name: &str, grace_ms: u64) -> Result<Lease, CycleError> {
        let asked = self.parts.clock.now();
        let taken = self.store().take_lease(name, &self.parts.node, limits::LEASE_MS, grace_ms).await?;
        let lease = taken.ok_or(CycleError::Leased)?;
        if self.parts.clock.may_be_off() {
            self.times.learn(asked, began(lease.until), self.parts.clock.now());
        }
        Ok(Lease { until: ends(asked), ..lease })
    }

    /// Renews a lease of which half is gone; a call is sent only while the rest exceeds its deadline (decision 10).
    pub(crate) async fn keep_lease(&self, lease: &mut Lease) -> Result<(), CycleError> {
        let asked = self.parts.clock.now();
        let rest = lease.until.duration_since(asked);
        if rest < SignedDuration::from_millis(half()) {
            let renewed = self.store().renew_lease(lease, limits::LEASE_MS).await?;
            *lease = Lease { until: ends(asked), ..renewed };
        }
        Ok(())
    }

    /// Gives it back; what was answered meanwhile stands, also when the lease had ended by itself.
    pub(crate) async fn give_back<T>(&self, lease: &Lease, result: Result<T, CycleError>) -> Result<T, CycleError> {
        match self.store().release_lease(lease).await {
            Ok(()) | Err(store::StoreError::Fenced) => result,
            Err(error) => result.and(Err(error.into())),
        }
    }
}

/// When the database gave a lease, by its own clock.
fn began(until: Timestamp) -> Timestamp {
    until.checked_sub(SignedDuration::from_millis(half() * 2)).unwrap_or(until)
}

fn half() -> i64 {
    i64::try_from(limits::LEASE_MS / 2).unwrap_or(i64::MAX)
}

fn ends(asked: Timestamp) -> Timestamp {
    asked.checked_add(SignedDuration::from_millis(half() * 2)).unwrap_or(asked)
}
