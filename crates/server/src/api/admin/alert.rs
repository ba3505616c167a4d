//! Alerts over REST (rule W5).

use super::super::ask::Ask;
use super::super::member::{Member, Shape};
use super::super::reply::{Answer, Reply};
use super::super::route::{Body, Method, Route, Shown, Who};
use super::shown;
use crate::ops::alert::{self, DAYS_MOST, SECONDS_MOST, Times, WebhookDraft};
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

async fn off(ask: Ask, channel: Channel) -> Answer {
    shown(&alert::off(&ask.services, Some(channel)).await?)
}

async fn test(ask: Ask) -> Answer {
    let arrived = alert::test(&ask.services).await?;
    Ok(Reply::of(json!({ "arrived": arrived })))
}
