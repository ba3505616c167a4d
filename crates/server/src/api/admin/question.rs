//! What waits for a person, over REST: held conflicts, ambiguous matches, and brakes.

use super::super::ask::Ask;
use super::super::member::{Member, Shape};
use super::super::reply::{Answer, Reply};
use super::super::route::{Body, Method, Route, Shown, Who};
use super::{DOMAINS, SIDES, after_id, id_cursor, items, shown};
use crate::fault::Refused;
use crate::ops::cycle::{self, Decision};
use crate::ops::people;
use model::{Domain, RecordId, Side};

const DOMAIN: Member = Member::optional("domain", Shape::OneOf(DOMAINS), "one domain");
const USER: Member = Member::optional("user", Shape::Text, "one user, by id, login or pairing");

const TAG: &str = "questions";

/// What the cursors of the questions name.
const LIST: &str = "held";

pub(super) const ROUTES: &[Route] = &[
    Route {
        method: Method::Get,
        path: "/api/admin/held",
        tag: TAG,
        summary: "Questions that wait for a person.",
        who: Who::Administrator,
        query: &[
            Member::optional("limit", Shape::Whole(1, 500), "how many"),
            Member::optional("after", Shape::Text, "the `next` of the page before"),
            USER,
            DOMAIN,
        ],
        body: Body::None,
        answer: Shown::Page("Held"),
        run: |ask| Box::pin(held(ask)),
    },
    Route {
        method: Method::Post,
        path: "/api/admin/held/{id}",
        tag: TAG,
        summary: "Answers a question: which side's value stands, or which two records are one.",
        who: Who::Administrator,
        query: &[],
        body: Body::Members(&[
            Member::required(
                "answer",
                Shape::OneOf(&["crm", "pim", "same", "seen"]),
                "the side whose value stands; `same` with crm and pim for two records that are one; `seen` for a possible double",
            ),
            Member::optional("crm", Shape::Text, "the record in the CRM"),
            Member::optional("pim", Shape::Text, "the item in the mailbox"),
        ]),
        answer: Shown::One("Held"),
        run: |ask| Box::pin(answer(ask)),
    },
    Route {
        method: Method::Get,
        path: "/api/admin/brakes",
        tag: TAG,
        summary: "Brakes that tripped.",
        who: Who::Administrator,
        query: &[],
        body: Body::None,
        answer: Shown::Page("Brake"),
        run: |ask| Box::pin(brakes(ask)),
    },
    Route {
        method: Method::Post,
        path: "/api/admin/brakes/release",
        tag: TAG,
        summary: "Releases a brake for the plan that tripped it, and for no other.",
        who: Who::Administrator,
        query: &[],
        body: Body::Members(&[
            Member::optional("user", Shape::Text, "whose; absent for the brake over all users"),
            Member::optional("domain", Shape::OneOf(DOMAINS), "which domain; absent for the brake over all users"),
            Member::required("side", Shape::OneOf(SIDES), "which side"),
            Member::required("digest", Shape::Text, "the plan's digest, as the brake shows it"),
        ]),
        answer: Shown::Nothing,
        run: |ask| Box::pin(release(ask)),
    },
];

async fn held(ask: Ask) -> Answer {
    let limit = ask.limit();
    let found = people::held(
        &ask.services,
        Some(&ask.actor()?.user),
        ask.text("user"),
        ask.text("domain").and_then(Domain::parse),
        after_id(&ask, LIST)?.as_deref(),
        limit,
    )
    .await?;
    let next = found.last().filter(|_| found.len() == limit).map(|last| id_cursor(LIST, &last.what.held.id));
    items(&found, next.transpose()?)
}

async fn answer(ask: Ask) -> Answer {
    let decision = match ask.required("answer") {
        "crm" => Decision::Stands(Side::Crm),
        "pim" => Decision::Stands(Side::Pim),
        "seen" => Decision::Seen,
        _ => match (ask.text("crm"), ask.text("pim")) {
            (Some(crm), Some(pim)) => Decision::Same { crm: RecordId::new(crm), pim: RecordId::new(pim) },
            (Some(_) | None, _) => {
                return Err(Refused::at("answer", "same names the two records as crm and pim"));
            }
        },
    };
    let held = cycle::answer(&ask.services, ask.part("id"), &decision).await?;
    shown(&people::questions(&ask.services, Some(&ask.actor()?.user), vec![held]).await?.first())
}

async fn brakes(ask: Ask) -> Answer {
    items(&people::brakes(&ask.services).await?, None)
}

async fn release(ask: Ask) -> Answer {
    let side = ask.text("side").and_then(Side::parse).ok_or_else(|| Refused::at("side", "is no side"))?;
    people::release(
        &ask.services,
        ask.text("user"),
        ask.text("domain").and_then(Domain::parse),
        side,
        ask.required("digest"),
    )
    .await?;
    Ok(Reply::done())
}
