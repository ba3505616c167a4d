//! What goes on for as long as the server does: an error of ours that breaks it off ends that turn of it, and not the rest of
//! the server's life (rule E7).

use crate::worker::Stop;
use engine::port::Clock;
use futures::FutureExt as _;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

/// What broke off begins again after this: whatever breaks it each time does not fill the machine.
const AFTER_BREAK_MS: u64 = 60_000;

/// Runs a piece of work that ends by itself, and begins it again when it broke off, until the server is told to stop.
pub(crate) async fn until_it_ends<F, W>(what: &'static str, clock: Arc<dyn Clock>, mut stop: Stop, begin: F)
where
    F: Fn() -> W,
    W: Future<Output = ()>,
{
    while AssertUnwindSafe(begin()).catch_unwind().await.is_err() {
        tracing::error!(what, "broke off by an error of ours; it begins again in a minute");
        tokio::select! {
            () = clock.sleep_ms(AFTER_BREAK_MS) => {}
            _ = stop.wait_for(|stopped| *stopped) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

    use tokio::sync::watch;

    /// A clock whose waits are over at once, and which counts them; or never over.
    #[derive(Default)]
    struct Counted {
        waited_ms: AtomicU64,
        stands: bool,
    }

    #[async_trait::async_trait]
    impl Clock for Counted {
        fn now(&self) -> jiff::Timestamp {
            jiff::Timestamp::UNIX_EPOCH
        }

        async fn sleep_ms(&self, ms: u64) {
            if self.stands {
                std::future::pending::<()>().await;
            }
            self.waited_ms.fetch_add(ms, Ordering::SeqCst);
        }
    }

    // E7
    #[tokio::test]
    async fn what_broke_off_begins_again_after_a_minute_until_it_ends_by_itself() {
        let (clock, begun) = (Arc::new(Counted::default()), AtomicU32::new(0));
        let (_running, stop) = watch::channel(false);
        until_it_ends("a test", clock.clone(), stop, || {
            let turn = begun.fetch_add(1, Ordering::SeqCst);
            async move { assert!(turn == 2, "broken off on purpose") }
        })
        .await;
        assert_eq!((begun.into_inner(), clock.waited_ms.load(Ordering::SeqCst)), (3, 120_000));
    }

    #[tokio::test]
    async fn a_server_that_stops_does_not_wait_for_what_broke_off() {
        let clock = Arc::new(Counted { stands: true, ..Counted::default() });
        let (_stopped, stop) = watch::channel(true);
        until_it_ends("a test", clock, stop, || async { panic!("broken off on purpose") }).await;
    }
}
