//! Where a simulator stands between the engine and its store: before each call, and on a database before each statement.

use crate::error::Result;
use std::sync::Arc;
use std::task::Poll;

/// Told the name of what comes before it is done; an error is what is then answered instead.
pub type StepFn = Arc<dyn Fn(&'static str) -> Result<()> + Send + Sync>;

/// What a simulator is told of a database.
#[derive(Clone)]
pub struct Steps {
    /// Each call of the store, as of one in memory: it waits once and asks.
    pub call: StepFn,
    /// Each statement by its text, `BEGIN`, `COMMIT`, and `COMMITTED` when the commit has taken effect: it only asks.
    pub statement: StepFn,
}

impl std::fmt::Debug for Steps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Steps")
    }
}

/// Asks, where somebody wants to be asked.
#[derive(Clone, Default)]
pub(crate) struct Step(Option<StepFn>);

impl Step {
    pub(crate) fn of(asked: StepFn) -> Step {
        Step(Some(asked))
    }

    /// Gives the way to the executor once, then asks.
    pub(crate) async fn waits(&self, what: &'static str) -> Result<()> {
        if self.0.is_none() {
            return Ok(());
        }
        let mut waited = false;
        std::future::poll_fn(|context| {
            if waited {
                return Poll::Ready(());
            }
            waited = true;
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        self.asks(what)
    }

    /// Asks at once: where a transaction is open nobody else may be given the way.
    pub(crate) fn asks(&self, what: &'static str) -> Result<()> {
        match &self.0 {
            None => Ok(()),
            Some(asked) => asked(what),
        }
    }
}
