//! Runs one future on one thread and counts its steps; the process can be "switched off" at any of them.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, ThreadId};
use std::time::Duration;

/// No future runs longer than this: more steps mean that it never ends.
pub const MAX_STEPS: u64 = 400_000;
/// A database on a thread of its own answers within this time, or never.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a future ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Ran<T> {
    /// With an answer, after so many steps.
    Done(T, u64),
    /// Dropped where it stood, as by a power switch.
    Stopped,
    /// It waits for something that never comes.
    Stuck,
    /// It goes on for ever.
    Endless,
}

/// What happens after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Go {
    /// The future goes on.
    On,
    /// The future is dropped.
    Stop,
}

/// Runs a future to its end. `between` is told the number of every step, counted from 0, and may change the world there.
pub fn run<T>(future: impl Future<Output = T>, mut between: impl FnMut(u64) -> Go) -> Ran<T> {
    let _entered = crate::through::runtime().map(|runtime| runtime.enter());
    let mut future = pin!(future);
    let woken = Arc::new(Woken { thread: thread::current().id(), by: Mutex::new(By::default()), bell: Condvar::new() });
    let waker = Waker::from(Arc::clone(&woken));
    let mut context = Context::from_waker(&waker);
    for step in 0..MAX_STEPS {
        loop {
            if let Poll::Ready(answer) = future.as_mut().poll(&mut context) {
                return Ran::Done(answer, step);
            }
            match woken.wait() {
                Some(Who::Itself) => break,
                Some(Who::AnotherThread) => {}
                None => return Ran::Stuck,
            }
        }
        if between(step) == Go::Stop {
            return Ran::Stopped;
        }
    }
    Ran::Endless
}

/// Runs a future that must end, with nothing happening meanwhile.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    match run(future, |_| Go::On) {
        Ran::Done(answer, _) => answer,
        Ran::Stopped | Ran::Stuck | Ran::Endless => panic!("the future does not end"),
    }
}

/// One step: gives the way to the executor once.
pub async fn pause() {
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
}

/// Who woke a future.
enum Who {
    /// It gave the way: a step.
    Itself,
    /// A database answered: no step, for how often one is asked in vain is chance.
    AnotherThread,
}

#[derive(Default)]
struct By {
    itself: bool,
    another: bool,
}

struct Woken {
    thread: ThreadId,
    by: Mutex<By>,
    bell: Condvar,
}

impl Woken {
    /// Waits until it is woken, as long as anybody is left who could.
    fn wait(self: &Arc<Self>) -> Option<Who> {
        let mut by = self.by.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if std::mem::take(&mut by.itself) {
                return Some(Who::Itself);
            }
            if std::mem::take(&mut by.another) {
                return Some(Who::AnotherThread);
            }
            // One is ours and one the waker's.
            if Arc::strong_count(self) <= 2 {
                return None;
            }
            let (after, timeout) = self.bell.wait_timeout(by, PATIENCE).unwrap_or_else(PoisonError::into_inner);
            by = after;
            if timeout.timed_out() && !by.itself && !by.another {
                return None;
            }
        }
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut by = self.by.lock().unwrap_or_else(PoisonError::into_inner);
        if thread::current().id() == self.thread {
            // Nobody waits: who would is just at work here.
            by.itself = true;
        } else {
            by.another = true;
            self.bell.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn three() -> u8 {
        pause().await;
        pause().await;
        pause().await;
        3
    }

    #[test]
    fn every_await_is_a_step_and_each_can_be_the_last() {
        assert_eq!(run(three(), |_| Go::On), Ran::Done(3, 3));
        for stop in 0..3 {
            let ran = run(three(), |step| if step == stop { Go::Stop } else { Go::On });
            assert_eq!(ran, Ran::Stopped);
        }
    }

    #[test]
    fn what_never_ends_is_told() {
        assert_eq!(run(std::future::pending::<u8>(), |_| Go::On), Ran::Stuck);
        let endless = async {
            loop {
                pause().await;
            }
        };
        assert_eq!(run::<()>(endless, |_| Go::On), Ran::Endless);
    }
}
