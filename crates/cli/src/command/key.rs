//! `syncline key`: the file whose key envelopes stored passwords.

use super::open;
use crate::exit::Failure;
use crate::show::Show;
use clap::Subcommand;
use serde_json::json;
use server::clock::{MachineDice, bytes};
use server::ops;
use std::path::{Path, PathBuf};
use store::secrets::SecretKey;

/// What can be done with key files.
#[derive(Subcommand)]
pub enum Command {
    /// Makes a key file that only its owner may read; an existing file is left alone.
    Create {
        /// The file.
        file: PathBuf,
    },
    /// Envelopes every stored password with another key file, which the configuration names from then on. No server may
    /// run.
    Rotate {
        /// The new key file, made with 'key create'.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
}

/// Carries it out.
pub async fn run(command: Command, config: &Path, show: &mut Show<'_>) -> Result<(), Failure> {
    match command {
        Command::Create { file } => {
            SecretKey::create_file(&file, bytes(&MachineDice))?;
            let told = format!("{} made; keep a copy of it apart from the backups of the store", file.display());
            show.done(&json!({ "key_file": file }), &told)
        }
        Command::Rotate { to } => {
            let services = open(config).await?;
            let new = SecretKey::read(&to)?;
            let rotated = ops::key::rotate(&services, &new).await?;
            let told = format!(
                "{rotated} passwords enveloped anew; name {} as key_file in the configuration now",
                to.display()
            );
            show.done(&json!({ "rotated": rotated }), &told)
        }
    }
}
