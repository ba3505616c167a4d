//! `syncline backup` and `syncline restore`: a copy of the store, and putting one in place.

use super::open;
use crate::exit::{Exit, Failure};
use crate::show::Show;
use serde_json::json;
use server::config::Config;
use server::services::Services;
use std::path::{Path, PathBuf};

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
    let services = Services::open(&config).await?;
    let now = services.clock.now();
    // Held while the file is exchanged: a server that runs or starts meanwhile is refused.
    let claim = services.store.claim_serve(&services.node).await?;
    if let Some(from) = &args.from {
        let Some(file) = config.database.strip_prefix("sqlite:") else {
            return Err(Failure::not_as_asked(
                "a copy is put in place for SQLite only; restore PostgreSQL with pg_restore, then run 'restore --yes' without --from",
            ));
        };
        services.store.close().await;
        exchange(Path::new(file), from, now.as_second())?;
    } else {
        services.store.close().await;
    }
    drop(claim);
    let services = Services::open(&config).await?;
    let epoch = services.store.renew_epoch().await?;
    let told = format!("restored; the store is at epoch {epoch} and looks at everything afresh");
    show.done(&json!({ "epoch": epoch }), &told)
}

/// Puts the copy where the store was; the old one stays beside it.
fn exchange(file: &Path, from: &Path, second: i64) -> Result<(), Failure> {
    let failed = |what: &str, why: std::io::Error| Failure {
        exit: Exit::Unreachable,
        ..Failure::not_as_asked(format!("{what}: {why}"))
    };
    let beside = file.with_extension(format!("replaced-{second}"));
    let fresh = file.with_extension("restoring");
    std::fs::copy(from, &fresh).map_err(|why| failed(&format!("{} cannot be read", from.display()), why))?;
    for tail in ["-wal", "-shm"] {
        let mut name = file.as_os_str().to_owned();
        name.push(tail);
        match std::fs::remove_file(&name) {
            Ok(()) => {}
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => {}
            Err(why) => return Err(failed("the store's journal cannot be removed", why)),
        }
    }
    if file.exists() {
        std::fs::rename(file, &beside).map_err(|why| failed("the present store cannot be moved", why))?;
    }
    std::fs::rename(&fresh, file).map_err(|why| failed("the copy cannot be put in place", why))
}
