//! Signing in over REST: tokens by password, a user's own tokens, and passwords.

use super::super::ask::Ask;
use super::super::member::{Member, Shape};
use super::super::reply::{Answer, Reply};
use super::super::route::{Body, Method, Route, Shown, Who};
use crate::fault::Refused;
use crate::ops::token;
use crm::token::Token;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde_json::{Value as Json, json};

/// A token made by signing in ends after this time unless asked otherwise: twelve hours.
const LASTS_S: i64 = 12 * 3_600;

/// A year: no token made by signing in lasts longer.
const LASTS_MOST_S: i64 = 366 * 24 * 3_600;

const TAG: &str = "tokens";

const USER: Member = Member::optional(
    "user",
    Shape::Text,
    "whose, by id or login; the asker's unless said otherwise (administrators only)",
);

pub(super) const ROUTES: &[Route] = &[
    Route {
        method: Method::Post,
        path: "/api/crm/sign-in",
        tag: TAG,
        summary: "A token for a login and password.",
        who: Who::Anybody,
        query: &[],
        body: Body::Members(&[
            Member::required("login", Shape::Text, "the login"),
            Member::required("password", Shape::Text, "the password"),
            Member::optional("lasts_s", Shape::Whole(60, LASTS_MOST_S), "how long it works"),
        ]),
        answer: Shown::Made("MadeToken"),
        run: |ask| Box::pin(sign_in(ask)),
    },
    Route {
        method: Method::Get,
        path: "/api/crm/tokens",
        tag: TAG,
        summary: "A user's tokens, without their texts.",
        who: Who::User,
        query: &[USER],
        body: Body::None,
        answer: Shown::Page("Token"),
        run: |ask| Box::pin(list(ask)),
    },
    Route {
        method: Method::Post,
        path: "/api/crm/tokens",
        tag: TAG,
        summary: "Makes a token; its text is in this answer and nowhere else.",
        who: Who::User,
        query: &[],
        body: Body::Members(&[
            USER,
            Member::required("name", Shape::Text, "what it is for"),
            Member::optional("expires_at", Shape::Text, "until when it works; for ever unless said otherwise"),
        ]),
        answer: Shown::Made("MadeToken"),
        run: |ask| Box::pin(make(ask)),
    },
    Route {
        method: Method::Delete,
        path: "/api/crm/tokens/{id}",
        tag: TAG,
        summary: "Takes a token away.",
        who: Who::User,
        query: &[USER],
        body: Body::None,
        answer: Shown::Nothing,
        run: |ask| Box::pin(revoke(ask)),
    },
    Route {
        method: Method::Put,
        path: "/api/crm/password",
        tag: TAG,
        summary: "Sets a password; tokens made by signing in with the old one end.",
        who: Who::User,
        query: &[],
        body: Body::Members(&[USER, Member::required("password", Shape::Text, "the new password")]),
        answer: Shown::Nothing,
        run: |ask| Box::pin(password(ask)),
    },
];

fn show(token: &Token) -> Json {
    json!({"id": token.id, "name": token.name, "created_at": token.created_at,
        "expires_at": token.expires_at})
}

fn made(made: &token::MadeToken) -> Reply {
    let mut shown = show(&made.token);
    if let Some(object) = shown.as_object_mut() {
        object.insert("token".to_owned(), json!(made.text.expose_secret()));
    }
    Reply::made(shown)
}

fn whose(ask: &Ask) -> Result<String, Refused> {
    let own = &ask.actor()?.user;
    Ok(ask.text("user").map_or_else(|| own.to_string(), str::to_owned))
}

async fn sign_in(ask: Ask) -> Answer {
    let token = token::sign_in(
        &ask.services,
        ask.required("login"),
        ask.required("password"),
        ask.whole("lasts_s").unwrap_or(LASTS_S),
    )
    .await?;
    Ok(made(&token))
}

async fn list(ask: Ask) -> Answer {
    let tokens = token::list(&ask.services, ask.actor()?, &whose(&ask)?).await?;
    Ok(Reply::page(tokens.iter().map(show).collect(), None))
}

async fn make(ask: Ask) -> Answer {
    let expires_at: Option<Timestamp> = ask
        .text("expires_at")
        .map(|text| text.parse().map_err(|_| Refused::at("expires_at", "is an instant such as 2027-01-01T00:00:00Z")))
        .transpose()?;
    let token = token::make(&ask.services, ask.actor()?, &whose(&ask)?, ask.required("name"), expires_at).await?;
    Ok(made(&token))
}

async fn revoke(ask: Ask) -> Answer {
    token::revoke(&ask.services, ask.actor()?, &whose(&ask)?, ask.part("id")).await?;
    Ok(Reply::done())
}

async fn password(ask: Ask) -> Answer {
    token::set_password(&ask.services, ask.actor()?, &whose(&ask)?, ask.required("password")).await?;
    Ok(Reply::done())
}
