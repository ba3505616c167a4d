//! Faults that somebody could make with one line of code, kept by name so that a test build can prove that each is found.
//!
//! Without the feature `sown` [`is`] is the constant `false`: a normal build holds none of them. `cargo xtask planted`
//! builds the simulator with it, switches them on one after the other, and says after how many worlds each was found;
//! `cargo xtask rules --prove` breaks a rule by one, and demands that the tests which carry the rule's number notice.
#![forbid(unsafe_code)]

mod faults;

pub use faults::Planted;

/// Whether this fault is switched on: never, in a normal build.
#[cfg(not(feature = "sown"))]
#[inline]
#[must_use]
pub const fn is(_: Planted) -> bool {
    false
}

#[cfg(feature = "sown")]
pub use sown::{is, sow};

#[cfg(feature = "sown")]
mod sown {
    use super::Planted;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// The place of the fault that is switched on in [`Planted::ALL`], counted from one; 0 for none.
    static SOWN: AtomicUsize = AtomicUsize::new(0);

    /// Switches one fault on for this process, and every other off.
    pub fn sow(fault: Option<Planted>) {
        let place = fault.and_then(|fault| Planted::ALL.iter().position(|known| *known == fault));
        SOWN.store(place.map_or(0, |place| place + 1), Ordering::Relaxed);
    }

    /// Names the fault that a test's process has, for whoever runs tests from outside.
    const SWITCH: &str = "SYNCLINE_PLANTED";

    /// The fault that the environment switched on; a name that is none switches nothing on.
    fn named() -> Option<Planted> {
        static NAMED: OnceLock<Option<Planted>> = OnceLock::new();
        *NAMED.get_or_init(|| {
            let name = std::env::var(SWITCH).ok()?;
            Planted::ALL.iter().copied().find(|fault| format!("{fault:?}") == name)
        })
    }

    /// Whether this fault is switched on.
    #[must_use]
    pub fn is(fault: Planted) -> bool {
        if named() == Some(fault) {
            return true;
        }
        match SOWN.load(Ordering::Relaxed).checked_sub(1) {
            None => false,
            Some(place) => Planted::ALL.get(place) == Some(&fault),
        }
    }
}
