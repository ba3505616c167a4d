//! How long changes took, in memory.

use super::Memory;
use crate::error::Result;
use crate::latency::{KEPT_S, Latencies, SLOT_S, slot};
use jiff::Timestamp;

impl Memory {
    pub(crate) fn add_latencies(&self, at: Timestamp, latencies: &Latencies) -> Result<()> {
        self.write(|state| {
            let slot = slot(at);
            state.latencies.entry(slot).or_default().merge(latencies);
            state.latencies.retain(|known, _| *known >= slot - KEPT_S / SLOT_S);
            Ok(())
        })
    }

    pub(crate) fn latencies(&self, since: Timestamp) -> Result<Latencies> {
        self.read(|state| {
            let mut all = Latencies::default();
            for some in state.latencies.range(slot(since)..).map(|(_, some)| some) {
                all.merge(some);
            }
            Ok(all)
        })
    }
}
