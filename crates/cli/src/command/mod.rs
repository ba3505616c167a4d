//! The commands: one small file each.

mod alert;
mod backup;
mod brake;
mod check;
mod completions;
mod connection;
mod copies;
mod emulator;
mod explain;
mod group_rule;
mod held;
mod history;
mod key;
mod level;
mod migrate;
mod plan;
mod quarantine;
mod schedule;
mod secret;
mod serve;
mod settings;
mod status;
mod sync;
mod sync_list;
mod token;
mod undo;
mod user;
mod words;

pub use emulator::stopped;

use crate::demo;
use crate::exit::{CODES, Failure};
use crate::show::Show;
use clap::{Parser, Subcommand};
use server::config::Config;
use server::services::Services;
use std::path::{Path, PathBuf};

const LONG: &str = "\
Keeps a CRM and its users' Exchange mailboxes the same, both ways: contacts, personal contacts, employees, calendar, tasks.

See it work on this machine, with nothing else installed:

  syncline demo --once

Start with a real Exchange:

  syncline key create syncline.key
  syncline check --config syncline.toml
  syncline connection add munich --url https://mail.example.com/EWS/Exchange.asmx --user svc@example.com
  syncline user map anna --connection munich --address anna@example.com
  syncline plan --user anna
  syncline user enable anna
  syncline serve --config syncline.toml";

/// The whole command line.
#[derive(Parser)]
#[command(name = "syncline", version, about = "Keeps a CRM and its users' Exchange mailboxes the same", long_about = LONG, after_help = CODES, propagate_version = true)]
pub struct App {
    /// Says where things are: listen, database, key file, CRM.
    #[arg(long, global = true, value_name = "FILE", env = "SYNCLINE_CONFIG", default_value = "syncline.toml")]
    config: PathBuf,
    /// Shows results as JSON, for programs.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Shows the product at work: a sample CRM, two emulated Exchange servers, everything kept in step.
    Demo(demo::Args),
    /// Runs the server: cycles for every enabled user, and the API.
    Serve(serve::Args),
    /// Runs one cycle now, for a user or for all.
    Sync(sync::Args),
    /// Shows what the next cycle would do, and writes nothing.
    Plan(plan::Args),
    /// Tells why a user or a record is, or is not, in sync, rule by rule.
    #[command(subcommand)]
    Explain(explain::Command),
    /// The servers that mailboxes live on.
    #[command(subcommand)]
    Connection(connection::Command),
    /// The users and their mailboxes.
    #[command(subcommand)]
    User(user::Command),
    /// What a domain, or one user, may synchronise.
    #[command(subcommand)]
    Level(level::Command),
    /// Levels for organizations, positions and user lists; the first matching rule wins.
    #[command(subcommand)]
    GroupRule(group_rule::Command),
    /// When cycles run: intervals, peak and blackout hours; the first matching schedule wins.
    #[command(subcommand)]
    Schedule(schedule::Command),
    /// Which contacts and employees a user has in his mailbox.
    #[command(subcommand)]
    SyncList(sync_list::Command),
    /// What is set for all users.
    #[command(subcommand)]
    Settings(settings::Command),
    /// How the whole stands, and how long changes take from one side to the other.
    Status,
    /// What was changed, when, by whom.
    History(history::Args),
    /// Puts back what was changed: a record, a cycle, or a user since a time; shows it first.
    Undo(undo::Args),
    /// Records that cannot be synchronised, with the reason.
    Quarantine(quarantine::Args),
    /// Questions that only a person can decide.
    #[command(subcommand)]
    Held(held::Command),
    /// Plans that were stopped because they looked like an accident.
    #[command(subcommand)]
    Brake(brake::Command),
    /// Who is told when a user, a brake or a certificate needs somebody.
    #[command(subcommand)]
    Alert(alert::Command),
    /// Keys to sign in to the API with.
    #[command(subcommand)]
    Token(token::Command),
    /// Checks the configuration and every connection, and tells all faults at once.
    Check(check::Args),
    /// Writes a copy of the store.
    Backup(backup::BackupArgs),
    /// Puts a copy of the store in place.
    Restore(backup::RestoreArgs),
    /// Brings the databases to this program's schema.
    Migrate(migrate::Args),
    /// The file whose key envelopes stored passwords.
    #[command(subcommand)]
    Key(key::Command),
    /// Runs an Exchange in memory that speaks EWS, for trying things out.
    Emulator(emulator::Args),
    /// Writes a completion script for a shell.
    Completions(completions::Args),
}

impl App {
    /// Whether a program reads the results.
    pub fn json(&self) -> bool {
        self.json
    }
}

/// Carries a command out.
pub async fn run(app: App, show: &mut Show<'_>) -> Result<(), Failure> {
    let at = app.config.as_path();
    match app.command {
        Command::Demo(args) => demo::run(args, show).await,
        Command::Serve(args) => serve::run(args, at).await,
        Command::Sync(args) => sync::run(args, at, show).await,
        Command::Plan(args) => plan::run(args, at, show).await,
        Command::Explain(command) => explain::run(command, at, show).await,
        Command::Connection(command) => connection::run(command, at, show).await,
        Command::User(command) => user::run(command, at, show).await,
        Command::Level(command) => level::run(command, at, show).await,
        Command::GroupRule(command) => group_rule::run(command, at, show).await,
        Command::Schedule(command) => schedule::run(command, at, show).await,
        Command::SyncList(command) => sync_list::run(command, at, show).await,
        Command::Settings(command) => settings::run(command, at, show).await,
        Command::Status => status::run(at, show).await,
        Command::History(args) => history::run(args, at, show).await,
        Command::Undo(args) => undo::run(args, at, show).await,
        Command::Quarantine(args) => quarantine::run(args, at, show).await,
        Command::Held(command) => held::run(command, at, show).await,
        Command::Brake(command) => brake::run(command, at, show).await,
        Command::Alert(command) => alert::run(command, at, show).await,
        Command::Token(command) => token::run(command, at, show).await,
        Command::Check(args) => check::run(args, at, show).await,
        Command::Backup(args) => backup::backup(args, at, show).await,
        Command::Restore(args) => backup::restore(args, at, show).await,
        Command::Migrate(args) => migrate::run(args, at, show).await,
        Command::Key(command) => key::run(command, at, show).await,
        Command::Emulator(args) => emulator::run(args, show).await,
        Command::Completions(args) => completions::run(args, show),
    }
}

/// Opens what the configuration names.
async fn open(config: &Path) -> Result<Services, Failure> {
    let config = Config::read(config)?;
    Ok(Services::open(&config).await?)
}
