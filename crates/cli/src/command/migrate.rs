//! `syncline migrate`: brings the databases to this program's schema.

use super::open;
use crate::exit::Failure;
use crate::show::Show;
use serde_json::json;
use std::path::Path;

/// Nothing to choose.
#[derive(clap::Args)]
#[command(after_help = "\
'serve' and every other command do the same when they open the databases; this one does nothing else.")]
pub struct Args {}

/// Opening the databases migrates them.
pub async fn run(_args: Args, config: &Path, show: &mut Show<'_>) -> Result<(), Failure> {
    let services = open(config).await?;
    let version = services.store.schema_version().await?;
    let engine = services.store.engine_name();
    let told = format!("the store ({engine}) is at schema {version}, the CRM is up to date");
    show.done(&json!({ "engine": engine, "schema": version }), &told)
}
