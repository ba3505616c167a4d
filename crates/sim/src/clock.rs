//! Time that passes only when the world says so: sleeping moves it on.

use async_trait::async_trait;
use engine::port::Clock;
use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, Mutex, PoisonError};

/// The world's clock. Clones show the same time.
#[derive(Clone, Debug)]
pub struct VirtualClock(Arc<Mutex<Timestamp>>);

impl VirtualClock {
    /// A clock that stands at a time.
    #[must_use]
    pub fn at(now: Timestamp) -> VirtualClock {
        VirtualClock(Arc::new(Mutex::new(now)))
    }

    /// The time.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time it will be.
    #[must_use]
    pub fn after_ms(&self, ms: u64) -> Timestamp {
        let span = SignedDuration::from_millis(i64::try_from(ms).unwrap_or(i64::MAX));
        self.time().checked_add(span).unwrap_or(Timestamp::MAX)
    }

    /// Lets time pass.
    pub fn pass_ms(&self, ms: u64) {
        let then = self.after_ms(ms);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = then;
    }
}

/// A node's own clock, which may be off.
#[derive(Clone, Debug)]
pub struct NodeClock {
    /// The right time.
    pub world: VirtualClock,
    /// How far off it is.
    pub off: SignedDuration,
}

#[async_trait]
impl Clock for NodeClock {
    fn now(&self) -> Timestamp {
        self.world.time().checked_add(self.off).unwrap_or(Timestamp::MAX)
    }

    async fn sleep_ms(&self, ms: u64) {
        self.world.sleep_ms(ms).await;
    }

    fn may_be_off(&self) -> bool {
        true
    }
}

#[async_trait]
impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.time()
    }

    async fn sleep_ms(&self, ms: u64) {
        crate::executor::pause().await;
        self.pass_ms(ms);
    }
}
