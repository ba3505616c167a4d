//! `syncline user`: the users and their mailboxes.

use super::{open, words};
use crate::exit::Failure;
use crate::show::{Show, or_dash, yes_no};
use clap::Subcommand;
use model::Domain;
use model::settings::{ExtractStart, UserSettings};
use serde_json::json;
use server::ops::status::{self, UserStatus};
use server::ops::user::{self, ChangeUser, MapUser};
use server::services::Services;
use std::path::Path;

/// Lines read at a time.
const PAGE: usize = 200;

/// What can be done with users.
#[derive(Subcommand)]
pub enum Command {
    /// Maps a user of the CRM to a mailbox; he synchronises once he is enabled.
    #[command(after_help = "\
Example:
  syncline user map anna --connection munich --address anna@example.com
  syncline plan --user anna
  syncline user enable anna")]
    Map {
        /// The CRM's user, by login or id.
        user: String,
        /// The connection his mailbox is on.
        #[arg(long)]
        connection: String,
        /// The mailbox's address.
        #[arg(long)]
        address: String,
        /// Synchronise at once.
        #[arg(long)]
        enable: bool,
        /// Older calendar records and tasks stay out: a day, a distance such as 90d, or always.
        #[arg(long, value_parser = words::extract_start)]
        extract_start: Option<ExtractStart>,
        /// The zone of what carries none, by its IANA name.
        #[arg(long)]
        zone: Option<String>,
        /// The language of the categories written for him.
        #[arg(long)]
        language: Option<String>,
    },
    /// Changes a mapping; what is not named stays.
    Change {
        /// The user, by login or id.
        user: String,
        /// The connection his mailbox is on now.
        #[arg(long)]
        connection: Option<String>,
        /// The mailbox's address.
        #[arg(long)]
        address: Option<String>,
        /// Older calendar records and tasks stay out.
        #[arg(long, value_parser = words::extract_start)]
        extract_start: Option<ExtractStart>,
        /// Every contact he may open counts as visible, not only My Contacts.
        #[arg(long, value_name = "true|false")]
        visibility_all: Option<bool>,
        /// The zone of what carries none.
        #[arg(long)]
        zone: Option<String>,
        /// The language of the categories written for him.
        #[arg(long)]
        language: Option<String>,
    },
    /// Ends a mapping: nothing is deleted on either side, and mapping him again goes on where it stopped.
    Unmap {
        /// The user.
        user: String,
    },
    /// Lets a user synchronise.
    Enable {
        /// The user.
        user: String,
    },
    /// Stops a user's synchronisation; nothing is deleted.
    Disable {
        /// The user.
        user: String,
    },
    /// Shows every user with his last success, and what is wrong.
    List,
    /// Drops everything that is remembered of a user; both sides stay as they are.
    Forget {
        /// The user.
        user: String,
        /// Says that it is meant.
        #[arg(long)]
        yes: bool,
    },
    /// Removes our copies from a user's mailbox: shows them first, and with the digest of what was shown lets them go.
    ///
    /// Only while nothing is exported to him (his level is none or import, or he is disabled). What he made or edited himself
    /// stays, as do items that an invitation made; the CRM's records stand, and a level that exports brings the copies back.
    RemoveCopies {
        /// The user.
        user: String,
        /// Of this domain alone; may be repeated.
        #[arg(long = "domain", value_parser = words::domain)]
        domains: Vec<Domain>,
        /// The digest that was shown: removes exactly those copies.
        #[arg(long)]
        digest: Option<String>,
    },
    /// Says that the mailbox which now stands behind the address is the right one.
    ConfirmMailbox {
        /// The user.
        user: String,
    },
}

/// Carries it out.
pub async fn run(command: Command, config: &Path, show: &mut Show<'_>) -> Result<(), Failure> {
    if let Command::Forget { yes: false, .. } = command {
        return Err(Failure::usage("forget drops links and history for good; repeat with --yes when that is meant"));
    }
    let services = open(config).await?;
    match command {
        Command::Map { user, connection, address, enable, extract_start, zone, language } => {
            let request = MapUser {
                user: user.clone(),
                connection,
                address,
                enabled: enable,
                levels: Default::default(),
                settings: UserSettings { extract_start, zone, language, ..UserSettings::default() },
            };
            let made = user::map(&services, request).await?;
            let next =
                if enable { "he synchronises" } else { "look with 'syncline plan', then 'syncline user enable'" };
            show.done(&made, &format!("{user} is mapped to {}; {next}", made.address))
        }
        Command::Change { user, connection, address, extract_start, visibility_all, zone, language } => {
            let request = ChangeUser {
                connection,
                address,
                extract_start: extract_start.map(Some),
                visibility_all,
                zone: zone.map(Some),
                language: language.map(Some),
                ..ChangeUser::default()
            };
            change(&services, &user, request, "changed", show).await
        }
        Command::Unmap { user } => {
            user::unmap(&services, &user).await?;
            show.done(&json!({ "unmapped": user }), &format!("{user} is unmapped; nothing was deleted"))
        }
        Command::Enable { user } => {
            let request = ChangeUser { enabled: Some(true), ..ChangeUser::default() };
            change(&services, &user, request, "enabled", show).await
        }
        Command::Disable { user } => {
            let request = ChangeUser { enabled: Some(false), ..ChangeUser::default() };
            change(&services, &user, request, "disabled", show).await
        }
        Command::List => list(&services, show).await,
        Command::Forget { user, yes: _ } => {
            user::forget(&services, &user).await?;
            show.done(&json!({ "forgotten": user }), &format!("{user} is forgotten; both sides stay as they are"))
        }
        Command::RemoveCopies { user, domains, digest } => {
            super::copies::run(&services, &user, &domains, digest.as_deref(), show).await
        }
        Command::ConfirmMailbox { user } => {
            let request = ChangeUser { confirm_mailbox: true, ..ChangeUser::default() };
            let waited = user::pairing(&services, &user).await?.state.stopped.is_some();
            let told = match waited {
                true => "going on with the mailbox that is there",
                false => "nothing waited for this; the mailbox that his next cycle finds is taken for the right one",
            };
            change(&services, &user, request, told, show).await
        }
    }
}

async fn change(
    services: &Services,
    user: &str,
    request: ChangeUser,
    what: &str,
    show: &mut Show<'_>,
) -> Result<(), Failure> {
    let changed = user::change(services, user, request).await?;
    show.done(&changed, &format!("{user}: {what}"))
}

/// What holds him, and where it is released.
fn braked(of: &UserStatus) -> Option<String> {
    (!of.brakes.is_empty()).then(|| format!("{} ('syncline brake list')", of.brakes.join("; ")))
}

async fn list(services: &Services, show: &mut Show<'_>) -> Result<(), Failure> {
    let mut all: Vec<UserStatus> = Vec::new();
    loop {
        let after = all.last().map(|last| last.pairing.clone());
        let page = status::page(services, after.as_ref(), PAGE).await?;
        let last = page.len() < PAGE;
        all.extend(page);
        if last {
            break;
        }
    }
    let head = ["user", "state", "address", "connection", "last success", "pushed", "held", "quarantined", "reason"];
    show.list(&all, &head, |of| {
        vec![
            of.login.clone().unwrap_or_else(|| of.user.clone()),
            of.state.to_owned(),
            of.address.clone(),
            of.connection.clone(),
            or_dash(of.age_s.map(|age| format!("{age} s ago"))),
            yes_no(of.push.pushed),
            or_dash(of.held),
            or_dash(of.quarantined),
            or_dash(of.stopped.clone().or_else(|| of.trouble.clone()).or_else(|| braked(of))),
        ]
    })
}
