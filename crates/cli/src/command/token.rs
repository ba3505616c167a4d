//! `syncline token`: keys to sign in to the API with.

use super::open;
use crate::exit::Failure;
use crate::show::{Show, or_dash};
use clap::Subcommand;
use model::{Field, Fields, Path as FieldPath, Value};
use secrecy::ExposeSecret;
use serde_json::json;
use server::fault::Refused;
use server::ops::{self, token};
use std::path::Path;

const SOURCE: &str = "command line";

/// What can be done with tokens.
#[derive(Subcommand)]
pub enum Command {
    /// Makes a token for a user; its text is shown once and stored nowhere.
    Make {
        /// The user, by login or id.
        user: String,
        /// What it is for.
        #[arg(long, default_value = "command line")]
        name: String,
        /// Until when it works, as an instant; for ever without it.
        #[arg(long)]
        expires_at: Option<jiff::Timestamp>,
    },
    /// Makes an administrator of the CRM with this login, and a token for him: the first step with an empty CRM.
    Administrator {
        /// His login.
        login: String,
        /// His mail address.
        #[arg(long)]
        address: Option<String>,
    },
    /// Shows a user's tokens, without their texts.
    List {
        /// The user, by login or id.
        user: String,
    },
    /// Takes a token away.
    Revoke {
        /// The user, by login or id.
        user: String,
        /// The token's id.
        token: String,
    },
}

/// Carries it out.
pub async fn run(command: Command, config: &Path, show: &mut Show<'_>) -> Result<(), Failure> {
    let services = open(config).await?;
    let actor = ops::operator(SOURCE);
    match command {
        Command::Make { user, name, expires_at } => {
            let made = token::make(&services, &actor, &user, &name, expires_at).await?;
            shown(&made, show)
        }
        Command::Administrator { login, address } => {
            match services.crm.employee_by_login(&login).await {
                Ok(known) => return Err(Failure::not_as_asked(already(&login, known.admin))),
                Err(crm::Error::NotFound) => {}
                Err(other) => return Err(Refused::from(other).into()),
            }
            let draft = crm::EmployeeDraft {
                login: Some(login.clone()),
                admin: true,
                addresses: address.into_iter().collect(),
                fields: Fields::from([(FieldPath::of(Field::LastName), Value::text(login.as_str()))]),
                ..crm::EmployeeDraft::default()
            };
            let now = services.clock.now();
            services.crm.create_employee(&actor, &draft, now).await?;
            let made = token::make(&services, &actor, &login, SOURCE, None).await?;
            shown(&made, show)
        }
        Command::List { user } => {
            let rows: Vec<_> = token::list(&services, &actor, &user)
                .await?
                .iter()
                .map(|of| json!({ "id": of.id, "name": of.name, "created_at": of.created_at, "expires_at": of.expires_at }))
                .collect();
            show.list(&rows, &["id", "name", "made", "until"], |row| {
                ["id", "name", "created_at", "expires_at"].map(|name| or_dash(row[name].as_str())).to_vec()
            })
        }
        Command::Revoke { user, token: id } => {
            token::revoke(&services, &actor, &user, &id).await?;
            show.done(&json!({ "revoked": id }), &format!("token {id} is revoked"))
        }
    }
}

/// What to do about a login that is taken: an administrator needs a token only.
fn already(login: &str, admin: bool) -> String {
    match admin {
        true => format!("{login} is an administrator already: 'syncline token make {login}' makes a further token"),
        false => format!(
            "{login} is an employee already, and no administrator: an administrator makes him one through the API \
             (PATCH /api/crm/employees/ID with \"admin\": true), or choose another login"
        ),
    }
}

fn shown(made: &token::MadeToken, show: &mut Show<'_>) -> Result<(), Failure> {
    let text = made.text.expose_secret();
    let told = json!({ "id": made.token.id, "name": made.token.name, "token": text });
    show.done(&told, text)
}
