//! The one place that asks the machine for the time and for dice; everything else is given them.

use async_trait::async_trait;
use engine::port::{Clock, Dice};
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct MachineClock;

/// The machine's dice.
#[derive(Clone, Copy, Debug, Default)]
pub struct MachineDice;

#[async_trait]
impl Clock for MachineClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
        Timestamp::now()
    }

    async fn sleep_ms(&self, ms: u64) {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }

    fn may_be_off(&self) -> bool {
        true
    }
}

impl Dice for MachineDice {
    fn roll(&self) -> u64 {
        rand::random()
    }
}

/// The time as a plain function, as the store takes it.
#[must_use]
pub fn now_of(clock: &Arc<dyn Clock>) -> Arc<dyn Fn() -> Timestamp + Send + Sync> {
    let clock = Arc::clone(clock);
    Arc::new(move || clock.now())
}

/// Random bytes out of dice: a nonce, a key, a token.
#[must_use]
pub fn bytes<const N: usize>(dice: &dyn Dice) -> [u8; N] {
    let mut bytes = [0; N];
    for chunk in bytes.chunks_mut(8) {
        let roll = dice.roll().to_le_bytes();
        chunk.copy_from_slice(&roll[..chunk.len()]);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dice_fill_every_byte() {
        let first: [u8; 33] = bytes(&MachineDice);
        let second: [u8; 33] = bytes(&MachineDice);
        assert_ne!(first, second);
        assert!(first.iter().any(|byte| *byte != 0));
    }
}
