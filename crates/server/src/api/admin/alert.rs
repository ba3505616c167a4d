//! Alerts over REST (rule W5).

use super::super::ask::Ask;
use super::super::member::{Member, Shape};
use super::super::reply::{Answer, Reply};
use super::super::route::{Body, Method, Route, Shown, Who};
use super::shown;
use crate::ops::alert::{self, DAYS_MOST, MailDraft, SECONDS_MOST, Times, WebhookDraft};
use secrecy::SecretString;
use serde_json::json;
use store::Channel;

const TAG: &str = "settings";

const CA_FILE: Member = Member::optional("ca_file", Shape::Text, "a file of further certificate authorities");

pub(super) const ROUTES: &[Route] = &[
    Route {
        method: Method::Get,
        path: "/api/admin/alerts",
        tag: TAG,
        summary: "Who is told, when, and what is wrong now.",
        who: Who::Administrator,
        query: &[],
        body: Body::None,
        answer: Shown::One("Alerts"),
        run: |ask| Box::pin(get(ask)),
    },
    Route {
        method: Method::Patch,
        path: "/api/admin/alerts",
        tag: TAG,
        summary: "Changes when alerts are told: what is named.",
        who: Who::Administrator,
        query: &[],
        body: Body::Members(&[
            Member::optional(
                "after_s",
                Shape::Whole(0, SECONDS_MOST as i64),
                "seconds a user may be without a successful cycle",
            ),
            Member::optional(
                "repeat_s",
                Shape::Whole(0, SECONDS_MOST as i64),
                "seconds after which what still stands is told again; 0 for never",
            ),
            Member::optional(
                "days",
                Shape::Whole(0, DAYS_MOST as i64),
                "days before its end that a certificate or a password is told",
            ),
        ]),
        answer: Shown::One("Alerts"),
        run: |ask| Box::pin(change(ask)),
    },
    Route {
        method: Method::Put,
        path: "/api/admin/alerts/webhook",
        tag: TAG,
        summary: "Sends alerts to an address; it is kept in an envelope and never shown.",
        who: Who::Administrator,
        query: &[],
        body: Body::Members(&[
            Member::required("url", Shape::Text, "takes JSON by POST; https, or this machine"),
            Member::optional("bearer", Shape::Text, "a token sent along"),
            CA_FILE,
        ]),
        answer: Shown::One("Alerts"),
        run: |ask| Box::pin(webhook(ask)),
    },
    Route {
        method: Method::Put,
        path: "/api/admin/alerts/mail",
        tag: TAG,
        summary: "Writes alerts to people by way of a mail server; addresses and password are kept in an envelope.",
        who: Who::Administrator,
        query: &[],
        body: Body::Members(&[
            Member::required("host", Shape::Text, "the mail server's name or address"),
            Member::optional("port", Shape::Whole(1, 65_535), "its port; the usual one unless said otherwise"),
            Member::optional(
                "security",
                Shape::OneOf(&["starttls", "tls", "plain"]),
                "how the way to it is secured; starttls unless said otherwise, plain on this machine alone",
            ),
            Member::optional("user", Shape::Text, "the account that signs in, if one must"),
            Member::optional("password", Shape::Text, "its password; never shown"),
            Member::required("from", Shape::Text, "the address that writes"),
            Member::required("to", Shape::Texts, "the addresses that are written to"),
            CA_FILE,
        ]),
        answer: Shown::One("Alerts"),
        run: |ask| Box::pin(mail(ask)),
    },
    Route {
        method: Method::Delete,
        path: "/api/admin/alerts/mail",
        tag: TAG,
        summary: "Writes alerts to nobody any more.",
        who: Who::Administrator,
        query: &[],
        body: Body::None,
        answer: Shown::One("Alerts"),
        run: |ask| Box::pin(off(ask, Channel::Mail)),
    },
    Route {
        method: Method::Delete,
        path: "/api/admin/alerts/webhook",
        tag: TAG,
        summary: "Sends alerts to that address no more.",
        who: Who::Administrator,
        query: &[],
        body: Body::None,
        answer: Shown::One("Alerts"),
        run: |ask| Box::pin(off(ask, Channel::Webhook)),
    },
    Route {
        method: Method::Post,
        path: "/api/admin/alerts/test",
        tag: TAG,
        summary: "Sends a message by every channel that says only that messages arrive.",
        who: Who::Administrator,
        query: &[],
        body: Body::None,
        answer: Shown::One("Arrived"),
        run: |ask| Box::pin(test(ask)),
    },
];

async fn get(ask: Ask) -> Answer {
    shown(&alert::show(&ask.services).await?)
}

async fn change(ask: Ask) -> Answer {
    let number = |name| ask.whole(name).and_then(|value| u32::try_from(value).ok());
    let times = Times { after_s: number("after_s"), repeat_s: number("repeat_s"), days: number("days") };
    shown(&alert::change(&ask.services, times).await?)
}

async fn webhook(ask: Ask) -> Answer {
    let draft = WebhookDraft {
        url: SecretString::from(ask.required("url")),
        bearer: ask.text("bearer").map(SecretString::from),
        ca_file: ask.text("ca_file").map(str::to_owned),
    };
    shown(&alert::webhook(&ask.services, &draft).await?)
}

async fn mail(ask: Ask) -> Answer {
    let draft = MailDraft {
        host: ask.required("host").to_owned(),
        port: ask.whole("port").and_then(|port| u16::try_from(port).ok()),
        security: ask.text("security").map(str::to_owned),
        user: ask.text("user").map(str::to_owned),
        password: ask.text("password").map(SecretString::from),
        from: ask.required("from").to_owned(),
        to: ask.texts("to").unwrap_or_default(),
        ca_file: ask.text("ca_file").map(str::to_owned),
    };
    shown(&alert::mail(&ask.services, &draft).await?)
}

async fn off(ask: Ask, channel: Channel) -> Answer {
    shown(&alert::off(&ask.services, Some(channel)).await?)
}

async fn test(ask: Ask) -> Answer {
    let arrived = alert::test(&ask.services).await?;
    Ok(Reply::of(json!({ "arrived": arrived })))
}
