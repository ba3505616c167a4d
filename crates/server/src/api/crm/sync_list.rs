//! Add To Sync List and Remove From Sync List over REST.

use super::super::ask::Ask;
use super::super::member::{Member, Shape};
use super::super::reply::{Answer, Reply};
use super::super::route::{Body, Method, Route, Shown, Who};
use crate::fault::Refused;
use crate::ops::sync_list;
use serde_json::{Value as Json, json};

const RECORD: Member = Member::required("record", Shape::Text, "id of a contact or employee");
const USER: Member = Member::optional(
    "user",
    Shape::Text,
    "whose list, by id or login; the asker's unless said otherwise (administrators only)",
);

const TAG: &str = "sync list";

pub(super) const ROUTES: &[Route] = &[
    Route {
        method: Method::Post,
        path: "/api/crm/sync-list",
        tag: TAG,
        summary: "Add To Sync List.",
        who: Who::User,
        query: &[],
        body: Body::Members(&[RECORD, USER]),
        answer: Shown::One("Listed"),
        run: |ask| Box::pin(add(ask)),
    },
    Route {
        method: Method::Delete,
        path: "/api/crm/sync-list",
        tag: TAG,
        summary: "Remove From Sync List.",
        who: Who::User,
        query: &[RECORD, USER],
        body: Body::None,
        answer: Shown::One("Listed"),
        run: |ask| Box::pin(remove(ask)),
    },
    Route {
        method: Method::Get,
        path: "/api/crm/sync-list/{record}",
        tag: TAG,
        summary: "Who has a record on his Sync List.",
        who: Who::User,
        query: &[],
        body: Body::None,
        answer: Shown::Page("Listing"),
        run: |ask| Box::pin(list(ask)),
    },
];

async fn add(ask: Ask) -> Answer {
    let listed = sync_list::add(&ask.services, ask.actor()?, ask.required("record"), ask.text("user")).await?;
    shown(&listed)
}

async fn remove(ask: Ask) -> Answer {
    let listed = sync_list::remove(&ask.services, ask.actor()?, ask.required("record"), ask.text("user")).await?;
    shown(&listed)
}

async fn list(ask: Ask) -> Answer {
    let rows = sync_list::list(&ask.services, ask.actor()?, ask.part("record")).await?;
    let items: Vec<Json> =
        rows.iter().map(|row| json!({"user": row.user, "added_by": row.added_by, "added_at": row.added_at})).collect();
    Ok(Reply::page(items, None))
}

fn shown(listed: &sync_list::Listed) -> Answer {
    serde_json::to_value(listed).map(Reply::of).map_err(|why| Refused::Broken(why.to_string()))
}
