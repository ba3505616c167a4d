//! Undo over REST: shown first, done on request (rule W3).

use super::super::ask::Ask;
use super::super::member::{Member, Shape};
use super::super::reply::Answer;
use super::super::route::{Body, Method, Route, Shown, Who};
use super::{SIDES, shown};
use crate::fault::{Faults, Refused};
use crate::ops::undo;
use model::{RecordId, Side};

const TAG: &str = "history";

pub(super) const ROUTES: &[Route] = &[Route {
    method: Method::Post,
    path: "/api/admin/undo",
    tag: TAG,
    summary: "What putting back a record, a cycle, or a user since a time would write; with `do` it is done.",
    who: Who::Administrator,
    query: &[],
    body: Body::Members(&[
        Member::optional("user", Shape::Text, "one user's mailbox, by id, login or pairing"),
        Member::optional("side", Shape::OneOf(SIDES), "the record's side; the CRM without it"),
        Member::optional("record", Shape::Text, "one record: its last change, or those of the cycle or since the time"),
        Member::optional("cycle", Shape::Text, "one cycle, as the history names it"),
        Member::optional("since", Shape::Text, "from this instant on"),
        Member::optional("do", Shape::Flag, "do it; without it nothing is written"),
        Member::optional("digest", Shape::Text, "do exactly what was shown"),
        Member::optional("release", Shape::Text, "the digest of what was shown, to let it pass a brake"),
    ]),
    answer: Shown::One("Undo"),
    run: |ask| Box::pin(run(ask)),
}];

async fn run(ask: Ask) -> Answer {
    let mut faults = Faults::default();
    let since = match ask.text("since").map(str::parse) {
        None => None,
        Some(Ok(since)) => Some(since),
        Some(Err(_)) => {
            faults.note("since", "is an instant such as 2026-03-01T09:00:00Z");
            None
        }
    };
    let really = ask.flag("do").unwrap_or(false);
    for name in ["digest", "release"] {
        if !really && ask.text(name).is_some() {
            faults.note(name, "belongs to `do`");
        }
    }
    faults.refuse()?;
    let side = ask.text("side").and_then(Side::parse).unwrap_or(Side::Crm);
    let asked = undo::Asked {
        user: ask.text("user").map(str::to_owned),
        record: ask.text("record").map(|id| (side, RecordId::new(id))),
        cycle: ask.text("cycle").map(str::to_owned),
        since,
    };
    let viewer = ask.actor()?.user.clone();
    let done: Result<undo::Shown, Refused> = match really {
        true => undo::run(&ask.services, Some(&viewer), &asked, ask.text("digest"), ask.text("release")).await,
        false => undo::show(&ask.services, Some(&viewer), &asked).await,
    };
    shown(&done?)
}
