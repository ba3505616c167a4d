//! The stop-watch of the stages: the one place here that asks the machine for the time.

use std::time::Instant;

/// A started stop-watch.
pub struct Watch(Instant);

impl Watch {
    /// Starts now.
    #[expect(clippy::disallowed_methods, reason = "a stage's minutes are shown to a person and decide nothing")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Minutes since the start.
    pub fn minutes(&self) -> f64 {
        self.0.elapsed().as_secs_f64() / 60.0
    }
}
