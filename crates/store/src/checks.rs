//! What every engine asks of a request before it stores anything.

use crate::answer::{PairingChange, Retention};
use crate::connection::Connection;
use crate::error::{Fault, Result, StoreError};
use crate::rows::{History, Pairing};
use jiff::{SignedDuration, Timestamp};
use model::{CrmId, DomainMap};

/// A map without faults.
pub(crate) fn map(map: &DomainMap) -> Result<()> {
    refuse(map.faults().into_iter().map(|(_, fault)| Fault::Other(fault)).collect())
}

/// A connection that can be named and reached.
pub(crate) fn connection(connection: &Connection) -> Result<()> {
    let mut faults = Vec::new();
    if connection.name.trim().is_empty() {
        faults.push(Fault::Other("the connection has no name".into()));
    }
    if connection.url.trim().is_empty() {
        faults.push(Fault::Other("the connection has no address".into()));
    }
    refuse(faults)
}

/// All faults at once, or none.
pub(crate) fn refuse(faults: Vec<Fault>) -> Result<()> {
    if faults.is_empty() { Ok(()) } else { Err(StoreError::Invalid(faults)) }
}

/// The address as it is compared: without case and surrounding space (rule L1).
pub(crate) fn address_key(address: &str) -> String {
    address.trim().to_lowercase()
}

/// Carries out a change of a pairing; uniqueness is the engine's to check.
pub(crate) fn apply(pairing: &mut Pairing, change: &PairingChange) {
    match change {
        PairingChange::Enable(enabled) => pairing.enabled = *enabled,
        PairingChange::Settings(settings) => pairing.settings = settings.clone(),
        // What was waited for happened at the place before: the new one is tried at once.
        PairingChange::Connection(connection) => {
            pairing.connection.clone_from(connection);
            pairing.state.not_before = None;
        }
        PairingChange::Address(address) => {
            pairing.address.clone_from(address);
            pairing.state.not_before = None;
        }
        PairingChange::ConfirmMailbox => {
            pairing.state.confirm_mailbox = true;
            pairing.state.stopped = None;
            pairing.state.not_before = None;
        }
        PairingChange::RetryNow => pairing.state.not_before = None,
    }
}

/// An epoch newer than any that a restored copy of this store can have had: the time itself, or one more.
pub(crate) fn next_epoch(old: u64, now: Timestamp) -> u64 {
    let time = u64::try_from(now.as_millisecond()).unwrap_or(0);
    time.max(old.saturating_add(1))
}

/// The name of the lease under which a CRM is read.
pub(crate) fn reader(crm: &CrmId) -> String {
    format!("crm:{crm}")
}

/// The hour a counter belongs to.
pub(crate) fn hour(at: Timestamp) -> i64 {
    at.as_second().div_euclid(3600)
}

/// A row of another pairing among one pairing's is our own fault, and must never be stored (invariant 12).
pub(crate) fn own(same: bool) {
    assert!(same, "a row of one pairing was handed in for another");
}

/// So many days before.
pub(crate) fn before(now: Timestamp, days: u32) -> Timestamp {
    now.checked_sub(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(Timestamp::MIN)
}

/// Takes every value from a line of the history, beyond undo (rule O8). Who and when stay.
pub(crate) fn silence(line: &mut History) {
    line.before.clear();
    line.after.clear();
    line.overruled.clear();
}

/// Takes from a line of the history what is kept no longer: what was shown and written, then the overruled values. Who
/// and when stay.
pub(crate) fn reduce(line: &mut History, now: Timestamp, retention: &Retention) -> bool {
    let mut reduced = false;
    if line.at < before(now, retention.images) && !(line.before.is_empty() && line.after.is_empty()) {
        line.before.clear();
        line.after.clear();
        reduced = true;
    }
    if line.at < before(now, retention.overruled) && !line.overruled.is_empty() {
        line.overruled.clear();
        reduced = true;
    }
    reduced
}
