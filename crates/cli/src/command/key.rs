//! `syncline key`: the file whose key envelopes stored passwords.

use super::open;
use crate::exit::Failure;
use crate::show::Show;
use clap::Subcommand;
use serde_json::json;
use server::clock::{MachineDice, bytes};
use std::path::{Path, PathBuf};
use store::secrets::{SecretKey, rotate};

/// What can be done with key files.
#[derive(Subcommand)]
pub enum Command {
    /// Makes a key file that only its owner may read; an existing file is left alone.
    Create {
        /// The file.
        file: PathBuf,
    },
    /// Envelopes every stored password with another key file, which the configuration names from then on.
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
            let mut sealed = Vec::new();
            for connection in services.store.connections().await? {
                let Some(stored) = services.store.connection(&connection.name).await? else {
                    continue;
                };
                let again = rotate(&services.key, &new, services.random(), &stored.name, &stored.secret)?;
                sealed.push((stored.name, again));
            }
            services.store.replace_secrets(&sealed).await?;
            let told = format!(
                "{} passwords enveloped anew; name {} as key_file in the configuration now",
                sealed.len(),
                to.display()
            );
            show.done(&json!({ "rotated": sealed.len() }), &told)
        }
    }
}
