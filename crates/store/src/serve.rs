//! One `serve` on one SQLite file: a second one is refused while the first runs, and free at once when it ended or died.

use crate::error::{Result, StoreError};
use jiff::Timestamp;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// The right to serve; it ends when dropped, or with the process.
#[derive(Debug)]
pub struct ServeClaim {
    held: Held,
}

#[derive(Debug)]
enum Held {
    /// The operating system's lock on a file beside the database: it ends with the process, however that dies.
    File(File),
    /// A place in memory.
    Place(Arc<Mutex<Option<Timestamp>>>),
    /// PostgreSQL: any number of nodes share the work by leases.
    Shared,
}

/// Claims on a store in memory.
#[derive(Debug, Default)]
pub(crate) struct Claims(Arc<Mutex<Option<Timestamp>>>);

impl Claims {
    pub(crate) fn claim(&self, _holder: &str, now: Timestamp) -> Result<ServeClaim> {
        let mut since = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if since.is_some() {
            return Err(StoreError::ServeRunning { since: *since });
        }
        *since = Some(now);
        Ok(ServeClaim { held: Held::Place(Arc::clone(&self.0)) })
    }
}

impl ServeClaim {
    /// No exclusion: nodes are equal.
    pub(crate) fn shared() -> ServeClaim {
        ServeClaim { held: Held::Shared }
    }

    /// Claims the database file, by a lock on `FILE.serve` beside it that says who holds it since when.
    pub(crate) fn of_file(database: &Path, holder: &str, now: Timestamp) -> Result<ServeClaim> {
        let mut name = database.as_os_str().to_owned();
        name.push(".serve");
        let unavailable = |error: std::io::Error| StoreError::Unavailable(format!("the serve lock: {error}"));
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&name).map_err(unavailable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // Its text is for people only; unreadable means "since unknown".
                let since =
                    (&file).take(256).read_to_string(&mut text).ok().and_then(|_| text.lines().next()?.parse().ok());
                return Err(StoreError::ServeRunning { since });
            }
            Err(TryLockError::Error(error)) => return Err(unavailable(error)),
        }
        file.set_len(0).map_err(unavailable)?;
        write!(file, "{now}\n{holder}\n").map_err(unavailable)?;
        file.flush().map_err(unavailable)?;
        Ok(ServeClaim { held: Held::File(file) })
    }
}

impl Drop for ServeClaim {
    fn drop(&mut self) {
        match &self.held {
            // The lock also ends when the file is closed, should this fail.
            Held::File(file) => drop(file.unlock()),
            Held::Place(place) => {
                *place.lock().unwrap_or_else(PoisonError::into_inner) = None;
            }
            Held::Shared => {}
        }
    }
}
