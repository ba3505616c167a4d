//! Connections over REST; a password is set here and never shown.

use super::super::ask::Ask;
use super::super::member::{Member, Shape, part};
use super::super::reply::{Answer, Reply};
use super::super::route::{Body, Method, Route, Shown, Who};
use super::{items, json, shown};
use crate::fault::{Faults, Refused};
use crate::ops::connection::{self, ConnectionDraft};
use secrecy::SecretString;

const KIND: Member =
    Member::optional("kind", Shape::OneOf(&connection::KINDS), "what it speaks; ews unless said otherwise");
const URL: Member = Member::optional("url", Shape::Text, "where it answers");
const USER: Member = Member::optional("user", Shape::Text, "the account that signs in");
const PASSWORD: Member = Member::optional(
    "password",
    Shape::Text,
    "its password, an application's secret, or its key with certificate in PEM; never shown",
);
const IMPERSONATE: Member =
    Member::optional("impersonate", Shape::Flag, "sign in once and act for each mailbox; true unless said otherwise");
const CA_FILE: Member = Member::clearable("ca_file", Shape::Text, "a file of further certificate authorities");
const SIGN_IN: Member = Member::optional(
    "sign_in",
    Shape::OneOf(&connection::SIGN_INS),
    "how the account signs in; basic unless said otherwise",
);
const DELEGATE: Member = Member::optional(
    "delegate",
    Shape::Flag,
    "the account opens mailboxes by the rights it was given on them, without impersonation",
);
const TOKEN_URL: Member = Member::clearable("token_url", Shape::Text, "where tokens are given out, for oauth");
const SCOPE: Member = Member::clearable("scope", Shape::Text, "what a token is for, for oauth");
const PUSH: Member = Member::optional(
    "push",
    Shape::Flag,
    "its mailboxes are pushed where the server can, else polled; true unless said otherwise",
);
const PASSWORD_ENDS: Member =
    Member::clearable("password_ends", Shape::Text, "when the password or secret ends: it is told before (rule W5)");
const CALLS_AT_ONCE: Member = Member::clearable(
    "calls_at_once",
    Shape::Whole(1, connection::MOST_CALLS as i64),
    "how many calls the server is asked at once at most; 16 unless said otherwise",
);
const FIND_BY: Member = Member::clearable(
    "find_by",
    Shape::Text,
    "in place of an address, the mailbox whose server Autodiscover is asked for, now and whenever it has moved",
);
const FIND_HOSTS: Member =
    Member::optional("find_hosts", Shape::Texts, "further hosts that may be asked for it, besides the mail domain");
const FOLDERS: Member =
    Member::optional("folders", Shape::Object("Folders"), "sub-folders per kind, by path below the default folder");

const TAG: &str = "connections";

pub(super) const ROUTES: &[Route] = &[
    Route {
        method: Method::Get,
        path: "/api/admin/connections",
        tag: TAG,
        summary: "Every connection.",
        who: Who::Administrator,
        query: &[],
        body: Body::None,
        answer: Shown::Page("Connection"),
        run: |ask| Box::pin(list(ask)),
    },
    Route {
        method: Method::Post,
        path: "/api/admin/connections",
        tag: TAG,
        summary: "Adds a connection.",
        who: Who::Administrator,
        query: &[],
        body: Body::Members(&[
            Member::required("name", Shape::Text, "its name"),
            KIND,
            URL,
            USER,
            PASSWORD,
            IMPERSONATE,
            CA_FILE,
            FOLDERS,
            SIGN_IN,
            DELEGATE,
            TOKEN_URL,
            SCOPE,
            PUSH,
            PASSWORD_ENDS,
            CALLS_AT_ONCE,
            FIND_BY,
            FIND_HOSTS,
        ]),
        answer: Shown::Made("Connection"),
        run: |ask| Box::pin(add(ask)),
    },
    Route {
        method: Method::Get,
        path: "/api/admin/connections/{name}",
        tag: TAG,
        summary: "One connection.",
        who: Who::Administrator,
        query: &[],
        body: Body::None,
        answer: Shown::One("Connection"),
        run: |ask| Box::pin(get(ask)),
    },
    Route {
        method: Method::Patch,
        path: "/api/admin/connections/{name}",
        tag: TAG,
        summary: "Changes what is named.",
        who: Who::Administrator,
        query: &[],
        body: Body::Members(&[
            KIND,
            URL,
            USER,
            PASSWORD,
            IMPERSONATE,
            CA_FILE,
            FOLDERS,
            SIGN_IN,
            DELEGATE,
            TOKEN_URL,
            SCOPE,
            PUSH,
            PASSWORD_ENDS,
            CALLS_AT_ONCE,
            FIND_BY,
            FIND_HOSTS,
        ]),
        answer: Shown::One("Connection"),
        run: |ask| Box::pin(change(ask)),
    },
    Route {
        method: Method::Delete,
        path: "/api/admin/connections/{name}",
        tag: TAG,
        summary: "Removes a connection that no user is mapped on.",
        who: Who::Administrator,
        query: &[],
        body: Body::None,
        answer: Shown::Nothing,
        run: |ask| Box::pin(remove(ask)),
    },
];

fn draft(ask: &Ask) -> Result<ConnectionDraft, Refused> {
    let mut faults = Faults::default();
    let folders = ask.json("folders").and_then(|value| part("folders", value, &mut faults));
    let mut password_ends = None;
    if let Some(change) = ask.change("password_ends") {
        match change.map(str::parse).transpose() {
            Ok(ends) => password_ends = Some(ends),
            Err(_) => faults.note("password_ends", "is no instant such as 2027-01-31T00:00:00Z"),
        }
    }
    faults.refuse()?;
    Ok(ConnectionDraft {
        kind: ask.text("kind").map(str::to_owned),
        url: ask.text("url").map(str::to_owned),
        user: ask.text("user").map(str::to_owned),
        password: ask.text("password").map(SecretString::from),
        impersonate: ask.flag("impersonate"),
        ca_file: ask.change("ca_file").map(|change| change.map(str::to_owned)),
        folders,
        sign_in: ask.text("sign_in").map(str::to_owned),
        delegate: ask.flag("delegate"),
        token_url: ask.change("token_url").map(|change| change.map(str::to_owned)),
        scope: ask.change("scope").map(|change| change.map(str::to_owned)),
        push: ask.flag("push"),
        password_ends,
        calls_at_once: ask
            .json("calls_at_once")
            .map(|calls| calls.as_u64().and_then(|calls| u16::try_from(calls).ok())),
        find_by: ask.change("find_by").map(|change| change.map(str::to_owned)),
        find_hosts: ask.texts("find_hosts"),
    })
}

async fn list(ask: Ask) -> Answer {
    items(&connection::list(&ask.services).await?, None)
}

async fn add(ask: Ask) -> Answer {
    let made = connection::add(&ask.services, ask.required("name"), draft(&ask)?).await?;
    Ok(Reply::made(json(&made)?))
}

async fn get(ask: Ask) -> Answer {
    shown(&connection::get(&ask.services, ask.part("name")).await?)
}

async fn change(ask: Ask) -> Answer {
    shown(&connection::change(&ask.services, ask.part("name"), draft(&ask)?).await?)
}

async fn remove(ask: Ask) -> Answer {
    connection::remove(&ask.services, ask.part("name")).await?;
    Ok(Reply::done())
}
