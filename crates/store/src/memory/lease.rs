//! Leases in memory, by the injected clock.

use super::Memory;
use super::state::LeaseRow;
use crate::error::Result;
use crate::rows::Lease;
use jiff::{SignedDuration, Timestamp};
use model::PairingId;
use planted::Planted;

fn after_ms(at: Timestamp, ms: u64) -> Timestamp {
    let span = SignedDuration::from_millis(i64::try_from(ms).unwrap_or(i64::MAX));
    at.checked_add(span).unwrap_or(Timestamp::MAX)
}

impl Memory {
    pub(crate) fn take_lease(&self, name: &str, holder: &str, ttl_ms: u64, grace_ms: u64) -> Result<Option<Lease>> {
        let now = self.now();
        self.write(|state| {
            let old = state.leases.get(name);
            let free = old.and_then(|row| row.until).is_none_or(|until| after_ms(until, grace_ms) <= now);
            if !free && !planted::is(Planted::LeaseShared) {
                return Ok(None);
            }
            let fence = old.map_or(0, |row| row.fence) + 1;
            let noted = state.pairings.get(&PairingId::new(name)).map_or(0, |row| row.woken);
            let until = after_ms(now, ttl_ms);
            state.leases.insert(
                name.to_owned(),
                LeaseRow { holder: Some(holder.to_owned()), fence, until: Some(until), noted },
            );
            Ok(Some(Lease { name: name.to_owned(), holder: holder.to_owned(), fence, until }))
        })
    }

    pub(crate) fn renew_lease(&self, lease: &Lease, ttl_ms: u64) -> Result<Lease> {
        let until = after_ms(self.now(), ttl_ms);
        self.write(|state| {
            state.fenced(lease)?;
            if let Some(row) = state.leases.get_mut(&lease.name) {
                row.until = Some(until);
            }
            Ok(Lease { until, ..lease.clone() })
        })
    }

    pub(crate) fn beat(&self, lease: &Lease, at: Timestamp, next: Option<Timestamp>) -> Result<bool> {
        self.write(|state| {
            let Ok(noted) = state.fenced(lease) else { return Ok(false) };
            let Some(row) = state.pairings.get_mut(&PairingId::new(lease.name.as_str())) else { return Ok(false) };
            if row.served != noted {
                return Ok(false);
            }
            row.pairing.state.last_cycle = Some(at);
            row.pairing.state.last_success = Some(at);
            row.pairing.state.next = next;
            if let Some(row) = state.leases.get_mut(&lease.name) {
                row.holder = None;
                row.until = None;
            }
            Ok(true)
        })
    }

    pub(crate) fn release_lease(&self, lease: &Lease) -> Result<()> {
        self.write(|state| {
            state.fenced(lease)?;
            if let Some(row) = state.leases.get_mut(&lease.name) {
                row.holder = None;
                row.until = None;
            }
            Ok(())
        })
    }
}
