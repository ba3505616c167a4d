//! Keeping a copy of the store, and going back to it.

use super::StoreOptions;
use crate::Store;
use crate::error::{Result, StoreError};
use crate::serve::Locked;
use crate::sql::{Sql, known_schema};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

impl Store {
    /// Writes a copy of a SQLite store to a file that is not there yet, beside running work. PostgreSQL is refused with the
    /// text that says how it is copied.
    pub async fn backup(&self, to: &Path) -> Result<()> {
        let sql = match self {
            Store::Sqlite(sql) | Store::Postgres(sql) => sql,
            Store::Memory(_) => {
                return Err(StoreError::Refused("a store in memory has no copy".into()));
            }
        };
        if to.exists() {
            return Err(StoreError::Refused(format!("{} is there already; a copy replaces nothing", to.display())));
        }
        let text = to
            .to_str()
            .ok_or_else(|| StoreError::Refused("the copy's path has characters that SQLite cannot take".into()))?;
        sql.copy_to(text).await?;
        let file = File::open(to).map_err(unavailable)?;
        file.sync_all().map_err(unavailable)
    }

    /// Puts a copy in the place of a SQLite store that nothing serves, brings its schema up, and renews the epoch, so that
    /// the mailboxes know the store is an older one (decision 13). The copy stays; what was there before is kept beside it
    /// as `FILE.before-restore`. PostgreSQL is refused with the text that says how it is restored.
    pub async fn restore_backup(from: &Path, options: StoreOptions) -> Result<Store> {
        let Some(file) = options.file().map(Path::to_owned) else {
            return Err(StoreError::Refused(
                "restore a PostgreSQL database with pg_restore, then run 'syncline restore --yes' without --from"
                    .into(),
            ));
        };
        let now = (options.clock)();
        let claim = Locked::of_file(&file)?.claim("restore", now)?;
        check_copy(from, &options).await?;
        let beside = with_suffix(&file, ".restoring");
        fs::copy(from, &beside).map_err(unavailable)?;
        File::open(&beside).and_then(|copy| copy.sync_all()).map_err(unavailable)?;
        // The old file moves with its logs, unopened: it may be broken, which is why somebody restores.
        let kept = with_suffix(&file, ".before-restore");
        for log in ["-wal", "-shm", ""] {
            let (old, kept) = (with_suffix(&file, log), with_suffix(&kept, log));
            remove(&kept)?;
            if old.exists() {
                fs::rename(&old, &kept).map_err(unavailable)?;
            }
        }
        fs::rename(&beside, &file).map_err(unavailable)?;
        let store = Store::open(options).await?;
        store.migrate().await?;
        store.renew_epoch().await?;
        drop(claim);
        Ok(store)
    }
}

/// The copy is a store, whole, and of a schema that this version knows. Looked at in another file, for opening it writes.
async fn check_copy(from: &Path, options: &StoreOptions) -> Result<()> {
    if !from.is_file() {
        return Err(StoreError::NotFound(format!("copy {}", from.display())));
    }
    let trial = with_suffix(from, ".checking");
    fs::copy(from, &trial).map_err(unavailable)?;
    let checked = async {
        let sql = Sql::sqlite(&trial, options.clock.clone()).await?;
        let version = sql.check_whole().await;
        sql.close().await;
        version
    }
    .await;
    for suffix in ["", "-wal", "-shm"] {
        remove(&with_suffix(&trial, suffix))?;
    }
    let (found, known) = (checked?, known_schema());
    if found == 0 {
        return Err(StoreError::Refused("it is no copy of a store; 'syncline backup --to FILE' writes one".into()));
    }
    if found > known {
        return Err(StoreError::SchemaNewer { found, known });
    }
    Ok(())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(unavailable(error)),
    }
}

fn unavailable(error: io::Error) -> StoreError {
    StoreError::Unavailable(format!("the copy: {error}"))
}
