//! Removing our copies from a mailbox over REST (rule L6).

use super::super::ask::Ask;
use super::super::member::{Member, Shape};
use super::super::reply::{Answer, Reply};
use super::super::route::{Body, Method, Route, Shown, Who};
use super::{DOMAINS, domain, shown};
use crate::fault::Refused;
use crate::ops::copies;
use model::Domain;
use serde_json::json;
use std::collections::BTreeSet;

const TAG: &str = "users";

const OF: Member = Member::optional("domain", Shape::OneOf(DOMAINS), "of this domain alone");

pub(super) const ROUTES: &[Route] = &[
    Route {
        method: Method::Get,
        path: "/api/admin/users/{user}/copies",
        tag: TAG,
        summary: "What removing our copies from the user's mailbox would delete; nothing is written.",
        who: Who::Administrator,
        query: &[OF],
        body: Body::None,
        answer: Shown::One("Removal"),
        run: |ask| Box::pin(show(ask)),
    },
    Route {
        method: Method::Post,
        path: "/api/admin/users/{user}/copies/remove",
        tag: TAG,
        summary: "Moves exactly the copies that were shown to Deleted Items; the CRM's records stay.",
        who: Who::Administrator,
        query: &[],
        body: Body::Members(&[OF, Member::required("digest", Shape::Text, "of what was shown")]),
        answer: Shown::One("Removed"),
        run: |ask| Box::pin(remove(ask)),
    },
];

fn domains(ask: &Ask) -> Result<BTreeSet<Domain>, Refused> {
    ask.text("domain").map(domain).transpose().map(|named| named.into_iter().collect())
}

async fn show(ask: Ask) -> Answer {
    shown(&copies::show(&ask.services, ask.part("user"), &domains(&ask)?).await?)
}

async fn remove(ask: Ask) -> Answer {
    let removed = copies::remove(&ask.services, ask.part("user"), &domains(&ask)?, ask.required("digest")).await?;
    Ok(Reply::of(json!({ "removed": removed })))
}
