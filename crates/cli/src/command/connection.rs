//! `syncline connection`: the servers that mailboxes live on.

use super::{open, secret, words};
use crate::exit::Failure;
use crate::show::{Show, or_dash, yes_no};
use clap::{Args, Subcommand};
use model::{Domain, Kind};
use secrecy::SecretString;
use server::ops::connection::{self, ConnectionDraft};
use server::ops::find::{self, Asked};
use std::collections::BTreeMap;
use std::path::Path;
use store::SignInKind;

const PASSWORD: &str = "SYNCLINE_PASSWORD";

/// What can be done with connections.
#[derive(Subcommand)]
pub enum Command {
    /// Adds a connection.
    ///
    /// The account's password comes from the environment variable SYNCLINE_PASSWORD or, with --password-stdin, from
    /// standard input; it is stored enveloped with the key file.
    #[command(after_help = "\
Example:
  SYNCLINE_PASSWORD=… syncline connection add munich \\
    --url https://mail.example.com/EWS/Exchange.asmx --user svc@example.com")]
    Add {
        /// Its name.
        name: String,
        #[command(flatten)]
        draft: Draft,
    },
    /// Changes what is named; the rest stays.
    Change {
        /// Its name.
        name: String,
        #[command(flatten)]
        draft: Draft,
    },
    /// Finds the server of a mailbox by its mail domain (Autodiscover).
    ///
    /// Only over https, only at the mail domain, its autodiscover host and the hosts named; a redirect elsewhere is not
    /// followed. The password comes as for 'add'.
    Find {
        /// The mailbox's address.
        address: String,
        /// The account that signs in there; an application does not.
        #[arg(long, required_unless_present = "scope")]
        user: Option<String>,
        /// Reads the account's password from standard input.
        #[arg(long)]
        password_stdin: bool,
        /// How the account signs in.
        #[arg(long, value_name = "basic|ntlm|oauth", default_value = "basic")]
        sign_in: String,
        /// What an application's tokens are for: the server that is named must be that one, or listed.
        #[arg(long, value_name = "SCOPE", required_if_eq("sign_in", "oauth"))]
        scope: Option<String>,
        /// A further host that may be asked; may be given more than once.
        #[arg(long)]
        host: Vec<String>,
        /// A file of further certificate authorities, in PEM.
        #[arg(long, value_name = "FILE")]
        ca_file: Option<String>,
    },
    /// Shows every connection.
    List,
    /// Removes a connection that no user is mapped on.
    Remove {
        /// Its name.
        name: String,
    },
}

/// What is set of a connection.
#[derive(Args)]
pub struct Draft {
    /// Where it answers: https://…/EWS/Exchange.asmx.
    #[arg(long)]
    url: Option<String>,
    /// The account that signs in.
    #[arg(long)]
    user: Option<String>,
    /// Reads the account's password from standard input.
    #[arg(long)]
    password_stdin: bool,
    /// What it speaks.
    #[arg(long)]
    kind: Option<String>,
    /// Whether the account acts for each mailbox (ApplicationImpersonation).
    #[arg(long, value_name = "true|false")]
    impersonate: Option<bool>,
    /// A file of further certificate authorities, in PEM.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<String>,
    /// How the account signs in: basic, ntlm (a Windows account, bound to the server's certificate) or oauth (an
    /// application; --user is its id, the password its secret or its RSA key with certificate in PEM).
    #[arg(long, value_name = "basic|ntlm|oauth")]
    sign_in: Option<String>,
    /// Whether the account opens mailboxes by the rights it was given on them, instead of impersonating.
    #[arg(long, value_name = "true|false")]
    delegate: Option<bool>,
    /// Where the identity provider gives out tokens, for oauth.
    #[arg(long)]
    token_url: Option<String>,
    /// What a token is for, for oauth: https://mail.example.com/.default.
    #[arg(long)]
    scope: Option<String>,
    /// Whether its mailboxes are pushed where the server can (streaming notifications); else they are polled.
    #[arg(long, value_name = "true|false")]
    push: Option<bool>,
    /// When the password or secret ends, to be told before (2027-01-31); never, when nobody need be told.
    #[arg(long, value_name = "DATE|never")]
    password_ends: Option<String>,
    /// How many calls the server is asked at once at most (16 unless said otherwise); default takes that back.
    #[arg(long, value_name = "NUMBER|default")]
    calls_at_once: Option<String>,
    /// In place of --url: the mailbox whose server its mail domain is asked for (Autodiscover), now and whenever the
    /// server has moved; none takes that back and keeps the address.
    #[arg(long, value_name = "ADDRESS|none", conflicts_with = "url")]
    find_by: Option<String>,
    /// A further host that may be asked for it; may be given more than once.
    #[arg(long, value_name = "HOST")]
    find_host: Vec<String>,
    /// A further folder to synchronise, by its path below the default one; may be given more than once, for those named here
    /// take the place of all before; none takes all back.
    #[arg(long, value_name = "contact|calendar|task:PATH|none")]
    folder: Vec<String>,
}

impl Draft {
    fn read(self) -> Result<ConnectionDraft, Failure> {
        let password: Option<SecretString> = secret::read(PASSWORD, self.password_stdin)?;
        let folders = folders(&self.folder)?;
        Ok(ConnectionDraft {
            kind: self.kind,
            url: self.url,
            user: self.user,
            password,
            impersonate: self.impersonate,
            ca_file: self.ca_file.map(Some),
            folders,
            sign_in: self.sign_in,
            delegate: self.delegate,
            token_url: self.token_url.map(Some),
            scope: self.scope.map(Some),
            push: self.push,
            find_by: self.find_by.map(|by| Some(by).filter(|by| by != "none")),
            find_hosts: (!self.find_host.is_empty()).then_some(self.find_host),
            calls_at_once: match self.calls_at_once.as_deref() {
                None => None,
                Some("default") => Some(None),
                Some(text) => Some(Some(
                    text.parse().map_err(|_| Failure::usage(format!("--calls-at-once {text}: a number or default")))?,
                )),
            },
            password_ends: match self.password_ends.as_deref() {
                None => None,
                Some("never") => Some(None),
                Some(text) => Some(Some(
                    words::end(text).map_err(|why| Failure::usage(format!("--password-ends {text}: {why}")))?,
                )),
            },
        })
    }
}

/// The sub-folders of each kind; `None` when none is named, so that they stay as they are.
fn folders(named: &[String]) -> Result<Option<BTreeMap<Kind, Vec<String>>>, Failure> {
    let mut folders: BTreeMap<Kind, Vec<String>> = BTreeMap::new();
    match named {
        [] => return Ok(None),
        [none] if none == "none" => return Ok(Some(folders)),
        _ => {}
    }
    for text in named {
        let (kind, path) =
            text.split_once(':').and_then(|(kind, path)| Some((kind_of(kind)?, path))).ok_or_else(|| {
                Failure::usage(format!("--folder {text}: contact, calendar or task, a colon, a path; or none alone"))
            })?;
        folders.entry(kind).or_default().push(path.to_owned());
    }
    Ok(Some(folders))
}

/// The sub-folders as they are named with `--folder`; none where there is none.
fn named(folders: &BTreeMap<Kind, Vec<String>>) -> Option<String> {
    let word = |kind: &Kind| if *kind == Kind::Appointment { Domain::Calendar.as_str() } else { kind.as_str() };
    let all: Vec<String> = folders
        .iter()
        .flat_map(|(kind, paths)| paths.iter().map(move |path| format!("{}:{path}", word(kind))))
        .collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// A kind by its own name, or a calendar by its domain's, which people know.
fn kind_of(text: &str) -> Option<Kind> {
    if text == Domain::Calendar.as_str() { Some(Kind::Appointment) } else { Kind::parse(text) }
}

/// Carries it out.
pub async fn run(command: Command, config: &Path, show: &mut Show<'_>) -> Result<(), Failure> {
    let services = open(config).await?;
    match command {
        Command::Add { name, draft } => {
            let made = connection::add(&services, &name, draft.read()?).await?;
            show.done(&made, &format!("connection {name} added; 'syncline check' tries it"))
        }
        Command::Change { name, draft } => {
            let changed = connection::change(&services, &name, draft.read()?).await?;
            show.done(&changed, &format!("connection {name} changed"))
        }
        Command::Find { address, user, password_stdin, sign_in, scope, host, ca_file } => {
            let sign_in = SignInKind::parse(&sign_in)
                .ok_or_else(|| Failure::usage(format!("--sign-in {sign_in}: basic, ntlm or oauth")))?;
            let (user, password) = match sign_in {
                SignInKind::Oauth => (String::new(), SecretString::default()),
                SignInKind::Basic | SignInKind::Ntlm => {
                    let password = secret::read(PASSWORD, password_stdin)?.ok_or_else(|| {
                        Failure::usage(format!("{PASSWORD} holds no password, and --password-stdin is not given"))
                    })?;
                    (user.ok_or_else(|| Failure::usage("--user: the account that signs in".to_owned()))?, password)
                }
            };
            let asked = Asked { address, user, password, sign_in, scope, hosts: host, ca_file };
            let url = find::server(&services, asked).await?;
            show.done(&serde_json::json!({ "url": url }), &url)
        }
        Command::List => {
            let list = connection::list(&services).await?;
            let head = [
                "name",
                "kind",
                "url",
                "user",
                "sign-in",
                "impersonates",
                "push",
                "sub-folders",
                "CA file",
                "password ends",
                "found",
                "moved from",
            ];
            show.list(&list, &head, |of| {
                vec![
                    of.name.clone(),
                    of.kind.clone(),
                    of.url.clone(),
                    of.user.clone(),
                    of.access.sign_in.as_str().to_owned(),
                    yes_no(of.impersonate),
                    yes_no(of.push),
                    or_dash(named(&of.folders)),
                    or_dash(of.ca_file.as_ref()),
                    or_dash(of.access.password_ends),
                    or_dash(of.access.found_at),
                    or_dash(of.access.moved_from.as_ref()),
                ]
            })
        }
        Command::Remove { name } => {
            connection::remove(&services, &name).await?;
            show.done(&serde_json::json!({ "removed": name }), &format!("connection {name} removed"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // D7
    #[test]
    fn sub_folders_are_listed_as_they_are_named() {
        let texts = ["calendar:Team", "contact:Customers/VIP", "contact:Old"].map(str::to_owned);
        let read = folders(&texts).ok().flatten().expect("understood");
        assert_eq!(named(&read).as_deref(), Some("contact:Customers/VIP, contact:Old, calendar:Team"));
        assert_eq!(named(&BTreeMap::new()), None);
    }
}
