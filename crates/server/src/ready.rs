//! Whether the server can do its work: both databases answer and take writes. A disk that is full still reads.

use crate::services::Services;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

/// Whoever asks more often than this is told what was found last: each look is a write, and anybody may ask.
const KEPT: SignedDuration = SignedDuration::from_secs(5);

/// A database that did not take a write after this does not take it now.
const WAIT_MS: u64 = 10_000;

/// How both databases are; absent where there is nothing to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// What is wrong with the store's.
    pub store: Option<&'static str>,
    /// What is wrong with the CRM's.
    pub crm: Option<&'static str>,
}

/// What was found last, and when.
#[derive(Default)]
pub(crate) struct Readiness(Mutex<Option<(Timestamp, Found)>>);

/// How both databases are now, or were a moment ago. Those who ask at the same time share one look.
pub(crate) async fn look(services: &Services) -> Found {
    let now = services.clock.now();
    let mut last = services.ready.0.lock().await;
    if let Some((at, found)) = &*last
        && now.duration_since(*at).abs() < KEPT
    {
        return found.clone();
    }
    let found = Found { store: store(services).await, crm: crm(services).await };
    *last = Some((now, found.clone()));
    found
}

async fn store(services: &Services) -> Option<&'static str> {
    if services.store.epoch().await.is_err() {
        return Some("does not answer");
    }
    tokio::select! {
        written = services.store.try_write() => written.err().map(|why| refused("the store's", &why.to_string())),
        () = services.clock.sleep_ms(WAIT_MS) => Some(SLOW),
    }
}

async fn crm(services: &Services) -> Option<&'static str> {
    if services.crm.feed_head().await.is_err() {
        return Some("does not answer");
    }
    tokio::select! {
        written = services.crm.try_write() => written.err().map(|why| refused("the CRM's", &why.to_string())),
        () = services.clock.sleep_ms(WAIT_MS) => Some(SLOW),
    }
}

const SLOW: &str = "takes no write: something holds it";

/// Why a write was refused, in words for everybody: a database's own text may name places.
fn refused(which: &'static str, why: &str) -> &'static str {
    tracing::warn!(why, "{which} database takes no write");
    let why = why.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| why.contains(word));
    if says(&["full", "no space"]) {
        "takes no write: the disk is full"
    } else if says(&["readonly", "read-only"]) {
        "takes no write: it may only be read"
    } else {
        "takes no write: the log says why"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_write_is_told_by_its_cause_alone() {
        for (told, words) in [
            ("error returned from database: (code: 13) database or disk is full", "the disk is full"),
            ("could not extend file \"base/1/2\": No space left on device", "the disk is full"),
            ("attempt to write a readonly database", "it may only be read"),
            ("cannot execute INSERT in a read-only transaction", "it may only be read"),
            ("disk I/O error", "the log says why"),
        ] {
            assert_eq!(refused("the store's", told), format!("takes no write: {words}"), "{told}");
        }
    }
}
