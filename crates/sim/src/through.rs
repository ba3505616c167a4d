//! What the sync of a world remembers in: memory, or a SQLite file of its own.

use crate::clock::VirtualClock;
use crate::executor::block_on;
use crate::places::Places;
use crate::post::{Founder, Post};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use store::{Steps, Store};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// The database's own threads; they run only where a world is on files.
static RUNTIME: OnceLock<Runtime> = OnceLock::new();

/// A clock that nobody drives: no deadline of real time ever falls into a world.
static STANDSTILL: OnceLock<Runtime> = OnceLock::new();

/// Where a world remembers, and where its mailboxes stand.
#[derive(Clone, Copy, Debug)]
pub enum Through {
    /// In memory, as most worlds do.
    Memory,
    /// In a SQLite file, through the same queries as the product.
    Sqlite,
    /// In memory, with mailboxes that stand elsewhere.
    Post(Founder),
}

/// A store, and the folder that goes with it.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) store: Store,
    folder: Option<TempDir>,
}

/// The threads of databases, or a clock that stands still, once a world needs them.
pub(crate) fn runtime() -> Option<&'static Runtime> {
    RUNTIME.get().or_else(|| STANDSTILL.get())
}

impl Through {
    /// Where the mailboxes stand, if not in memory.
    pub(crate) fn post(self, seed: u64, clock: &VirtualClock) -> Option<Arc<dyn Post>> {
        match self {
            Through::Memory | Through::Sqlite => None,
            Through::Post(found) => {
                STANDSTILL.get_or_init(|| {
                    Builder::new_current_thread().enable_time().build().expect("a clock that stands still")
                });
                Some(found(seed, clock))
            }
        }
    }

    /// A new store whose every call is a step of the world.
    pub(crate) fn open(self, clock: &VirtualClock, places: &Arc<Places>) -> Kept {
        let time = clock.clone();
        let time: store::ClockFn = Arc::new(move || time.time());
        let (calls, statements) = (Arc::clone(places), Arc::clone(places));
        let call: store::StepFn = Arc::new(move |_| calls.store_call());
        match self {
            Through::Memory | Through::Post(_) => Kept { store: Store::memory_stepping(time, call), folder: None },
            Through::Sqlite => {
                RUNTIME.get_or_init(|| {
                    Builder::new_multi_thread()
                        .worker_threads(1)
                        .enable_all()
                        .build()
                        .expect("a thread for the database")
                });
                let folder = tempfile::tempdir_in(shared_memory()).expect("a folder for the world");
                let steps = Steps { call, statement: Arc::new(move |_| statements.statement()) };
                let store = block_on(Store::sqlite_stepping(&folder.path().join("world.db"), time, steps));
                let store = store.expect("a new file opens");
                block_on(store.migrate()).expect("a new file takes its schema");
                Kept { store, folder: Some(folder) }
            }
        }
    }
}

/// A file of a world need not outlive the machine: where memory holds files it is not worn out by thousands of worlds.
fn shared_memory() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { memory } else { std::env::temp_dir() }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if self.folder.is_some() {
            block_on(self.store.close());
        }
    }
}
