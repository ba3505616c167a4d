//! Whether calls still reach the service, or meet in a row what shows that it is somewhere else now.

use std::sync::atomic::{AtomicU32, Ordering};
use wire::ews::ResponseCode;

use crate::http::{Answer, Lost};

/// So many answers in a row that the service is not here.
const GONE: u32 = 2;
/// So many calls in a row to which nobody is there at all: a server that is down comes back, mostly.
const SILENT: u32 = 10;

/// What the last calls met.
#[derive(Default)]
pub(super) struct Astray {
    gone: AtomicU32,
    silent: AtomicU32,
}

/// What one call met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Met {
    /// The service.
    Service,
    /// Somebody who says that the service or the mailbox is not here.
    Elsewhere,
    /// Nobody.
    Nobody,
    /// What says nothing of where the service is: a refused password, a failure, an answer that was lost.
    Something,
}

impl Met {
    pub(super) fn of(answer: &Result<Answer, Lost>) -> Self {
        match answer {
            Ok(answer) => match answer.status {
                200..=299 => Self::Service,
                // A password that ended says nothing of the address, and each further try brings a lock-out nearer.
                301 | 302 | 303 | 307 | 308 | 403 | 404 | 410 => Self::Elsewhere,
                _ => Self::Something,
            },
            Err(Lost::NotSent(_)) => Self::Nobody,
            Err(Lost::Unanswered(_) | Lost::Refused(_) | Lost::TooLarge(_)) => Self::Something,
        }
    }
}

/// Whether a refusal says that the mailbox is not to be reached by this address.
pub(super) fn is_elsewhere(code: &ResponseCode) -> bool {
    matches!(
        code,
        ResponseCode::ErrorNonExistentMailbox
            | ResponseCode::ErrorCrossSiteRequest
            | ResponseCode::ErrorNoRespondingCASInDestinationSite
    )
}

impl Astray {
    pub(super) fn note(&self, met: Met) {
        match met {
            Met::Service => {
                self.gone.store(0, Ordering::Relaxed);
                self.silent.store(0, Ordering::Relaxed);
            }
            Met::Elsewhere => {
                self.gone.fetch_add(1, Ordering::Relaxed);
            }
            Met::Nobody => {
                self.silent.fetch_add(1, Ordering::Relaxed);
            }
            Met::Something => {}
        }
    }

    pub(super) fn is_lost(&self) -> bool {
        self.gone.load(Ordering::Relaxed) >= GONE || self.silent.load(Ordering::Relaxed) >= SILENT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16) -> Result<Answer, Lost> {
        Ok(Answer { status, headers: Vec::new(), body: Vec::new() })
    }

    // trap 182: what says nothing of the address is no reason to ask for another one.
    #[test]
    fn only_what_shows_that_the_service_is_elsewhere_counts() {
        for (status, met) in [
            (200, Met::Service),
            (302, Met::Elsewhere),
            (307, Met::Elsewhere),
            (403, Met::Elsewhere),
            (404, Met::Elsewhere),
            (410, Met::Elsewhere),
            (401, Met::Something),
            (429, Met::Something),
            (500, Met::Something),
            (503, Met::Something),
        ] {
            assert_eq!(Met::of(&answer(status)), met, "{status}");
        }
        assert_eq!(Met::of(&Err(Lost::NotSent(String::new()))), Met::Nobody);
        assert_eq!(Met::of(&Err(Lost::Unanswered(String::new()))), Met::Something);
        assert!(!is_elsewhere(&ResponseCode::ErrorMailboxStoreUnavailable), "it comes back where it is");
    }

    #[test]
    fn one_odd_answer_is_no_move_and_a_served_call_forgets_it() {
        let astray = Astray::default();
        astray.note(Met::Elsewhere);
        assert!(!astray.is_lost());
        astray.note(Met::Service);
        astray.note(Met::Elsewhere);
        assert!(!astray.is_lost());
        astray.note(Met::Something);
        astray.note(Met::Elsewhere);
        assert!(astray.is_lost());
        astray.note(Met::Service);
        (1..SILENT).for_each(|_| astray.note(Met::Nobody));
        assert!(!astray.is_lost());
        astray.note(Met::Nobody);
        assert!(astray.is_lost());
    }
}
