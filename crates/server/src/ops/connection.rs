//! Connections: the servers that mailboxes live on, with the account that signs in there.

use crate::fault::{Faults, Refused};
use crate::moved;
use crate::services::Services;
use connect::sign_in::Proof;
use jiff::Timestamp;
use model::Kind;
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
use std::path::Path;
use store::{Access, Connection, PairingChange, SignInKind, StoreError};

/// What a connection may speak.
pub const KINDS: [&str; 1] = ["ews"];

/// How an account may sign in.
pub const SIGN_INS: [&str; 3] = ["basic", "ntlm", "oauth"];

/// What is set of a connection; what is absent stays, and is required for a new one.
#[derive(Clone, Default)]
pub struct ConnectionDraft {
    /// What it speaks.
    pub kind: Option<String>,
    /// Where it answers.
    pub url: Option<String>,
    /// The account that signs in.
    pub user: Option<String>,
    /// Its password.
    pub password: Option<SecretString>,
    /// Sign in once and act for each mailbox.
    pub impersonate: Option<bool>,
    /// A file of further certificate authorities.
    pub ca_file: Option<Option<String>>,
    /// Sub-folders, per kind (rule D7).
    pub folders: Option<BTreeMap<Kind, Vec<String>>>,
    /// How the account signs in.
    pub sign_in: Option<String>,
    /// The account opens mailboxes by the rights it was given on them.
    pub delegate: Option<bool>,
    /// Where an identity provider gives out tokens.
    pub token_url: Option<Option<String>>,
    /// What a token is for.
    pub scope: Option<Option<String>>,
    /// Its mailboxes are pushed where the server can (rule E4).
    pub push: Option<bool>,
    /// When its password or secret ends (rule W5).
    pub password_ends: Option<Option<Timestamp>>,
    /// How many calls the server is asked at once at most; the usual number where none is named.
    pub calls_at_once: Option<Option<u16>>,
    /// The mailbox whose server Autodiscover is asked for, in place of an address; none: the present address stays as if
    /// it had been configured.
    pub find_by: Option<Option<String>>,
    /// Further hosts that may be asked for it.
    pub find_hosts: Option<Vec<String>>,
}

/// The most calls at once that may be asked for: more no Exchange serves an account.
pub const MOST_CALLS: u16 = 100;

/// Every connection, without secrets.
///
/// # Errors
/// Only the store's.
pub async fn list(services: &Services) -> Result<Vec<Connection>, Refused> {
    Ok(services.store.connections().await?)
}

/// One connection, without its secret.
///
/// # Errors
/// There is none of that name.
pub async fn get(services: &Services, name: &str) -> Result<Connection, Refused> {
    let mut connection = stored(services, name).await?.ok_or_else(|| Refused::missing("connection", name))?;
    connection.secret = Vec::new();
    Ok(connection)
}

/// Adds a connection.
///
/// # Errors
/// Every fault at once; the name is taken.
pub async fn add(services: &Services, name: &str, draft: ConnectionDraft) -> Result<Connection, Refused> {
    let mut faults = Faults::default();
    let name_fits =
        !name.is_empty() && name.len() <= 64 && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    if !name_fits {
        faults.note("name", "has 1 to 64 letters, digits, hyphens, points and underscores");
    } else if stored(services, name).await?.is_some() {
        faults.note("name", format!("there is a connection {name} already"));
    }
    let finds = matches!(draft.find_by, Some(Some(_)));
    for (member, missing) in
        [("url", draft.url.is_none() && !finds), ("user", draft.user.is_none()), ("password", draft.password.is_none())]
    {
        if missing {
            faults.note(member, "is missing");
        }
    }
    let blank = Connection {
        name: name.to_owned(),
        kind: "ews".to_owned(),
        url: String::new(),
        user: String::new(),
        secret: Vec::new(),
        impersonate: true,
        ca_file: None,
        folders: BTreeMap::new(),
        access: Access::default(),
        push: true,
    };
    store(services, blank, draft, faults).await
}

/// Changes a connection: what the draft does not name stays.
///
/// # Errors
/// Every fault at once; there is none of that name.
pub async fn change(services: &Services, name: &str, draft: ConnectionDraft) -> Result<Connection, Refused> {
    let present = stored(services, name).await?.ok_or_else(|| Refused::missing("connection", name))?;
    let changed = store(services, present, draft, Faults::default()).await?;
    patience_ends(services, name).await?;
    super::woken(services);
    Ok(changed)
}

/// Whoever waits because the connection did not work is tried with the changed one at once (rule L7).
async fn patience_ends(services: &Services, name: &str) -> Result<(), Refused> {
    let mut after = None;
    loop {
        let page = services.store.pairings(after.as_ref(), super::user::PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.id.clone());
        for pairing in page.iter().filter(|pairing| pairing.connection == name && pairing.state.not_before.is_some()) {
            let here = [PairingChange::Connection(name.to_owned())];
            match services.store.change_pairing(&pairing.id, &here).await {
                // Unmapped meanwhile: nobody waits any more.
                Ok(_) | Err(StoreError::NotFound(_)) => {}
                Err(other) => return Err(other.into()),
            }
        }
    }
}

/// Removes a connection that no user is mapped on.
///
/// # Errors
/// There is none of that name, or users are mapped on it.
pub async fn remove(services: &Services, name: &str) -> Result<(), Refused> {
    Ok(services.store.delete_connection(name).await?)
}

async fn stored(services: &Services, name: &str) -> Result<Option<Connection>, Refused> {
    Ok(services.store.connection(name).await?)
}

async fn store(
    services: &Services,
    mut connection: Connection,
    draft: ConnectionDraft,
    mut faults: Faults,
) -> Result<Connection, Refused> {
    if let Some(kind) = draft.kind {
        if !KINDS.contains(&kind.as_str()) {
            faults.note("kind", format!("is one of {}", KINDS.join(", ")));
        }
        connection.kind = kind;
    }
    let finds = found_by(&mut connection, draft.url, draft.find_by, draft.find_hosts, &mut faults);
    if let Some(user) = draft.user {
        if user.trim().is_empty() {
            faults.note("user", "is empty");
        }
        connection.user = user;
    }
    if let Some(impersonate) = draft.impersonate {
        connection.impersonate = impersonate;
    }
    if let Some(push) = draft.push {
        connection.push = push;
    }
    if let Some(ends) = draft.password_ends {
        connection.access.password_ends = ends;
    }
    if let Some(calls) = draft.calls_at_once {
        if calls.is_some_and(|calls| !(1..=MOST_CALLS).contains(&calls)) {
            faults.note("calls_at_once", format!("is a number from 1 to {MOST_CALLS}"));
        }
        connection.access.calls_at_once = calls;
    }
    if let Some(ca_file) = draft.ca_file {
        if let Some(file) = &ca_file
            && !Path::new(file).is_file()
        {
            faults.note("ca_file", "names no file of this machine");
        }
        connection.ca_file = ca_file;
    }
    if let Some(folders) = draft.folders {
        for (kind, paths) in &folders {
            if let Some(path) = paths.iter().find(|path| !is_path(path)) {
                let why = "is no path of folders: names with one / between them, from the default folder downwards";
                faults.note(format!("folders.{kind}"), format!("'{}' {why}", path.escape_debug()));
            }
        }
        connection.folders = folders;
    }
    access(&mut connection, draft.sign_in, draft.delegate, draft.token_url, draft.scope, &mut faults);
    let is_application = connection.access.sign_in == SignInKind::Oauth;
    if let Some(problem) =
        draft.password.as_ref().filter(|_| is_application).and_then(|proof| Proof::of(proof.clone()).fault())
    {
        faults.note("password", problem);
    }
    let sets_password = draft.password.is_some();
    match draft.password {
        Some(password) if password.expose_secret().is_empty() => {
            faults.note("password", "is empty");
        }
        Some(password) => {
            connection.secret = services.key.seal(services.random(), &connection.name, password.expose_secret());
        }
        None => {}
    }
    faults.refuse()?;
    if finds {
        let (url, now) =
            (moved::asked(&services.key, &services.clock, &services.dice, &connection).await?, services.clock.now());
        connection.url = url;
        (connection.access.found_at, connection.access.moved_from) = (Some(now), None);
    }
    // Only who sets a password writes one: another may have been set, or its envelope made anew, since it was read.
    if !sets_password {
        connection.secret = Vec::new();
    }
    services.store.put_connection(&connection).await?;
    super::woken(services);
    connection.secret = Vec::new();
    Ok(connection)
}

/// Takes over where the server is, or how that is found; answers whether it is to be asked for now. An address that
/// somebody sets is never replaced by one that is found.
fn found_by(
    connection: &mut Connection,
    url: Option<String>,
    find_by: Option<Option<String>>,
    find_hosts: Option<Vec<String>>,
    faults: &mut Faults,
) -> bool {
    let of = &mut connection.access;
    let names = find_by.as_ref().is_some_and(Option::is_some);
    if let Some(hosts) = &find_hosts {
        of.find_hosts.clone_from(hosts);
    }
    if let Some(by) = find_by {
        if by.as_deref().is_some_and(|address| !address.contains('@')) {
            faults.note("find_by", "is a mailbox's address; its mail domain is asked for the server");
        }
        of.find_by = by;
    }
    if let Some(url) = url {
        if let Some(problem) = url_problem(&url) {
            faults.note("url", problem);
        }
        if names {
            faults.note("find_by", "goes without an address: one that is set is never found");
        }
        connection.url = url;
        of.find_by = None;
    }
    if of.find_by.is_none() {
        (of.found_at, of.moved_from) = (None, None);
        of.find_hosts.clear();
    }
    of.find_by.is_some() && (names || find_hosts.is_some())
}

/// Takes over how the account signs in, and notes what does not go together.
fn access(
    connection: &mut Connection,
    sign_in: Option<String>,
    delegate: Option<bool>,
    token_url: Option<Option<String>>,
    scope: Option<Option<String>>,
    faults: &mut Faults,
) {
    let of = &mut connection.access;
    if let Some(name) = sign_in {
        match SignInKind::parse(&name) {
            Some(kind) => of.sign_in = kind,
            None => faults.note("sign_in", format!("is one of {}", SIGN_INS.join(", "))),
        }
    }
    if let Some(delegate) = delegate {
        of.delegate = delegate;
    }
    if let Some(token_url) = token_url {
        if let Some(problem) = token_url.as_deref().and_then(url_problem) {
            faults.note("token_url", problem);
        }
        of.token_url = token_url;
    }
    if let Some(scope) = scope {
        of.scope = scope;
    }
    if of.delegate && connection.impersonate {
        faults.note("delegate", "goes without impersonation; set impersonate to false");
    }
    if of.sign_in != SignInKind::Oauth {
        return;
    }
    for (member, missing) in [("token_url", of.token_url.is_none()), ("scope", of.scope.is_none())] {
        if missing {
            faults.note(member, "is missing; tokens are asked for there, for this");
        }
    }
    if !connection.impersonate {
        faults.note("impersonate", "is what an application reaches mailboxes by; it has none of its own");
    }
}

/// Passwords travel by TLS only; plain http is for this machine itself.
fn url_problem(url: &str) -> Option<String> {
    match connect::http::checked(url) {
        // An address is shown and stored as it is.
        Ok((url, _)) if !url.username().is_empty() || url.password().is_some() => {
            Some("carries an account: set user and password by themselves, where they are kept enveloped".to_owned())
        }
        Ok(_) => None,
        Err(why) => Some(why.to_string()),
    }
}

/// Whether it leads to a folder by names alone. `.` and `..` are no names, and lead nowhere on a mail server.
fn is_path(path: &str) -> bool {
    let is_name = |name: &str| {
        let name = name.trim();
        !name.is_empty() && !matches!(name, "." | "..") && !name.chars().any(char::is_control)
    };
    path.trim_matches('/').split('/').all(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    // trap 188
    #[test]
    fn an_address_carries_no_account() {
        for url in ["https://svc:secret@mail.example.com/EWS", "https://svc@mail.example.com/EWS"] {
            assert!(url_problem(url).is_some_and(|why| why.contains("account") && !why.contains("secret")));
        }
    }

    #[test]
    fn plain_http_reaches_only_this_machine() {
        for url in [
            "https://mail.example.com/EWS/Exchange.asmx",
            "http://127.0.0.1:8443/EWS/Exchange.asmx",
            "http://[::1]:80/x",
            "http://localhost/x",
        ] {
            assert_eq!(url_problem(url), None, "{url}");
        }
        for url in ["http://mail.example.com/x", "http://127.0.0.1.example.com/x", "ftp://x/y", "mail", "https://", ""]
        {
            assert!(url_problem(url).is_some(), "{url}");
        }
    }

    // D7, E3
    #[test]
    fn a_sub_folder_is_named_by_names_alone() {
        for path in ["Customers", "Customers/VIP", "/Team/", "Süd & West/A..B", "a.b"] {
            assert!(is_path(path), "{path}");
        }
        for path in ["", "/", " ", "Nope/../x", "..", "./a", "a//b", "a/ /b", "a\tb", "a/\u{0}"] {
            assert!(!is_path(path), "{path:?}");
        }
    }
}
