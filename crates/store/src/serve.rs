//! One `serve` on one SQLite file: a second one is refused while the first runs, and free at once when it ended or died.

use crate::error::{Result, StoreError};
use jiff::Timestamp;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
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
}

/// A database file that is ours to serve, by a lock on `FILE.serve` beside it, which still says who served it before.
pub(crate) struct Locked {
    file: File,
    before: String,
}

impl Locked {
    /// Locks it, or says since when another process serves it.
    pub(crate) fn of_file(database: &Path) -> Result<Locked> {
        let mut name = database.as_os_str().to_owned();
        name.push(".serve");
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&name).map_err(unavailable)?;
        let locked = file.try_lock();
        let mut before = String::new();
        // The first line is for people, the second is the holder; what cannot be read names nobody.
        if (&file).take(256).read_to_string(&mut before).is_err() {
            before.clear();
        }
        match locked {
            Ok(()) => Ok(Locked { file, before }),
            Err(TryLockError::WouldBlock) => {
                let since = before.lines().next().and_then(|line| line.parse().ok());
                Err(StoreError::ServeRunning { since })
            }
            Err(TryLockError::Error(error)) => Err(unavailable(error)),
        }
    }

    /// Who served it before: whoever it was is dead or has stopped, for the lock is ours.
    pub(crate) fn before(&self) -> Option<&str> {
        self.before.lines().nth(1).filter(|holder| !holder.is_empty())
    }

    /// Writes down who serves it from now on.
    pub(crate) fn claim(mut self, holder: &str, now: Timestamp) -> Result<ServeClaim> {
        self.file.rewind().map_err(unavailable)?;
        self.file.set_len(0).map_err(unavailable)?;
        write!(self.file, "{now}\n{holder}\n").map_err(unavailable)?;
        self.file.flush().map_err(unavailable)?;
        Ok(ServeClaim { held: Held::File(self.file) })
    }
}

fn unavailable(error: std::io::Error) -> StoreError {
    StoreError::Unavailable(format!("the serve lock: {error}"))
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
