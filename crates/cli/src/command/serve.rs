//! `syncline serve`: the server, until it is asked to stop.

use super::emulator::stopped;
use crate::exit::Failure;
use clap::ValueEnum;
use server::config::Config;
use std::path::Path;

/// How it runs.
#[derive(clap::Args)]
#[command(after_help = "\
FILE says only where things are:

  listen = \"127.0.0.1:8080\"
  key_file = \"syncline.key\"
  [database]
  url = \"sqlite:syncline.db\"
  [crm]
  url = \"sqlite:crm.db\"

Connections, users, levels and everything else stand in the store and are set by commands or by the API, while the server
runs. A second 'serve' on one SQLite file is refused.")]
pub struct Args {
    /// How log lines look.
    #[arg(long, value_enum, default_value_t = Log::Text)]
    log: Log,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Log {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Serves until it is asked to stop.
pub async fn run(args: Args, config: &Path) -> Result<(), Failure> {
    let config = Config::read(config)?;
    let filter = tracing_subscriber::EnvFilter::try_from_env("SYNCLINE_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match args.log {
        Log::Text => lines.init(),
        Log::Json => lines.json().init(),
    }
    server::serve(config, stopped()).await?;
    Ok(())
}
