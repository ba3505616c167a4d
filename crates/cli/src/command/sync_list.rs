//! `syncline sync-list`: which contacts and employees a user has in his mailbox.

use super::open;
use crate::exit::Failure;
use crate::show::Show;
use clap::Subcommand;
use model::UserId;
use serde_json::json;
use server::ops::{self, names};
use std::path::Path;

/// Who acts: the command line, with an administrator's rights.
const SOURCE: &str = "command line";

/// What can be done with the Sync List.
#[derive(Subcommand)]
pub enum Command {
    /// Adds a contact or employee to a user's Sync List.
    #[command(after_help = "\
Example:
  syncline sync-list add CON-00000042 --user anna")]
    Add {
        /// The record's id: CON-… or EMP-….
        record: String,
        /// The user, by login or id.
        #[arg(long)]
        user: String,
    },
    /// Takes it off again; his copy moves to Deleted Items with the next cycle.
    Remove {
        /// The record's id.
        record: String,
        /// The user, by login or id.
        #[arg(long)]
        user: String,
    },
    /// Shows who has a record on his Sync List.
    List {
        /// The record's id.
        record: String,
    },
}

/// Carries it out.
pub async fn run(command: Command, config: &Path, show: &mut Show<'_>) -> Result<(), Failure> {
    let services = open(config).await?;
    let actor = ops::operator(SOURCE);
    match command {
        Command::Add { record, user } => {
            let listed = ops::sync_list::add(&services, &actor, &record, Some(&user)).await?;
            show.done(&listed, &format!("{record} is on the Sync List of {user}"))
        }
        Command::Remove { record, user } => {
            let listed = ops::sync_list::remove(&services, &actor, &record, Some(&user)).await?;
            show.done(&listed, &format!("{record} is off the Sync List of {user}"))
        }
        Command::List { record } => {
            let list = ops::sync_list::list(&services, &actor, &record).await?;
            let people = list.iter().flat_map(|row| [&row.user, &row.added_by]);
            let logins = names::logins(&services, &people.map(|id| UserId::new(id.as_str())).collect()).await?;
            let login = |id: &str| logins.get(&UserId::new(id)).cloned().unwrap_or_else(|| id.to_owned());
            let rows: Vec<_> = list
                .iter()
                .map(|row| {
                    json!({
                        "user": login(row.user.as_str()),
                        "added_by": login(row.added_by.as_str()),
                        "added_at": row.added_at,
                    })
                })
                .collect();
            show.list(&rows, &["user", "added by", "added at"], |row| {
                ["user", "added_by", "added_at"].map(|name| row[name].as_str().unwrap_or_default().to_owned()).to_vec()
            })
        }
    }
}
