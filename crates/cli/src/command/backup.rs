//! `syncline backup` and `syncline restore`: a copy of the store, and putting one in place.

use super::open;
use crate::exit::Failure;
use crate::show::Show;
use engine::port::Clock;
use serde_json::json;
use server::clock::{MachineClock, now_of};
use server::config::Config;
use server::services::Services;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{Store, StoreError, StoreOptions};

/// Where to.
#[derive(clap::Args)]
#[command(after_help = "\
The copy is whole and consistent; a running server goes on. It holds passwords enveloped with the key file: keep the key
file apart from it. With PostgreSQL use pg_dump.")]
pub struct BackupArgs {
    /// The file to write; it must not exist.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

/// Where from.
#[derive(clap::Args)]
#[command(after_help = "\
No server may run. Whatever is newer in the mailboxes than the copy is recognised: the store gets a new epoch, and every
user's next cycle matches what is there before it writes or deletes anything.")]
pub struct RestoreArgs {
    /// The copy to put in place; without it only the epoch is renewed, after the database's own tools restored it.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Says that the present store is to be replaced.
    #[arg(long)]
    yes: bool,
}

/// Writes a copy.
pub async fn backup(args: BackupArgs, config: &Path, show: &mut Show<'_>) -> Result<(), Failure> {
    let services = open(config).await?;
    let folder = args.to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(Failure::not_as_asked(format!("{} is no folder: no copy can stand there", folder.display())));
    }
    services.store.backup(&args.to).await?;
    let told = format!("a copy of the store stands in {}", args.to.display());
    show.done(&json!({ "backup": args.to }), &told)
}

/// Puts a copy in place and renews the epoch.
pub async fn restore(args: RestoreArgs, config: &Path, show: &mut Show<'_>) -> Result<(), Failure> {
    if !args.yes {
        return Err(Failure::usage("restore replaces the present store; repeat with --yes when that is meant"));
    }
    if let Some(from) = args.from.as_ref().filter(|from| !from.is_file()) {
        return Err(Failure::not_as_asked(format!(
            "{} is no file; 'syncline backup --to FILE' writes one",
            from.display()
        )));
    }
    let config = Config::read(config)?;
    let epoch = match &args.from {
        Some(from) => put_in_place(from, &config).await?,
        None => {
            let services = Services::open(&config).await?;
            // A server that runs or starts meanwhile is refused.
            let claim = services.store.claim_serve(&services.node).await?;
            let epoch = services.store.renew_epoch().await?;
            drop(claim);
            epoch
        }
    };
    let told = format!("restored; the store is at epoch {epoch} and looks at everything afresh");
    show.done(&json!({ "epoch": epoch }), &told)
}

/// Puts the copy where the store was, which is not opened: it may be broken, which is why somebody restores.
async fn put_in_place(from: &Path, config: &Config) -> Result<u64, Failure> {
    let clock: Arc<dyn Clock> = Arc::new(MachineClock);
    let options = StoreOptions { url: config.database.clone(), clock: now_of(&clock) };
    let failed = |why: StoreError| Failure::not_as_asked(format!("{} is not restored: {why}", from.display()));
    let store = Store::restore_backup(from, options).await.map_err(failed)?;
    let epoch = store.epoch().await.map_err(failed)?;
    store.close().await;
    Ok(epoch)
}
