//! What administrators are told, over REST: history and quarantined records.

use super::super::ask::Ask;
use super::super::member::{Member, Shape};
use super::super::reply::Answer;
use super::super::route::{Body, Method, Route, Shown, Who};
use super::{DOMAINS, NO_CURSOR, SIDES, cursor, items, no_cursor, read_cursor, shown};
use crate::fault::{Faults, Refused};
use crate::ops::{overall, people};
use jiff::Timestamp;
use model::{Domain, Kind, PairingId, RecordId, Side};
use store::{HistoryFilter, HistoryKey, HistoryLine, QuarantineKey};

const LIMIT: Member = Member::optional("limit", Shape::Whole(1, 500), "how many");
const AFTER: Member = Member::optional("after", Shape::Text, "the `next` of the page before");
const USER: Member = Member::optional("user", Shape::Text, "one user, by id, login or pairing");

const DOMAIN: Member =
    Member::optional("domain", Shape::OneOf(DOMAINS), "one domain; one of contacts shows all contacts");

const TAG: &str = "history";

pub(super) const ROUTES: &[Route] = &[
    Route {
        method: Method::Get,
        path: "/api/admin/status",
        tag: TAG,
        summary: "How the whole stands, and how long changes took in the last hour, part by part of their way.",
        who: Who::Administrator,
        query: &[],
        body: Body::None,
        answer: Shown::One("Overall"),
        run: |ask| Box::pin(overall(ask)),
    },
    Route {
        method: Method::Get,
        path: "/api/admin/history",
        tag: TAG,
        summary: "What was changed, the newest first.",
        who: Who::Administrator,
        query: &[
            LIMIT,
            AFTER,
            USER,
            Member::optional("side", Shape::OneOf(SIDES), "the record's side"),
            Member::optional("record", Shape::Text, "one record, as that side names it"),
            Member::optional("cycle", Shape::Text, "one cycle"),
            Member::optional("since", Shape::Text, "from this instant on"),
            Member::optional("until", Shape::Text, "before this instant"),
        ],
        body: Body::None,
        answer: Shown::Page("History"),
        run: |ask| Box::pin(history(ask)),
    },
    Route {
        method: Method::Get,
        path: "/api/admin/quarantine",
        tag: TAG,
        summary: "Records that cannot be synchronised, with the reason.",
        who: Who::Administrator,
        query: &[LIMIT, AFTER, USER, DOMAIN],
        body: Body::None,
        answer: Shown::Page("Quarantine"),
        run: |ask| Box::pin(quarantine(ask)),
    },
];

async fn overall(ask: Ask) -> Answer {
    shown(&overall::show(&ask.services).await?)
}

async fn history(ask: Ask) -> Answer {
    let mut faults = Faults::default();
    let since = instant(&ask, "since", &mut faults);
    let until = instant(&ask, "until", &mut faults);
    let after = match ask.text("after").map(history_key) {
        None => None,
        Some(Some(key)) => Some(key),
        Some(None) => {
            faults.note("after", NO_CURSOR);
            None
        }
    };
    let record = match (ask.text("side").and_then(Side::parse), ask.text("record")) {
        (Some(side), Some(record)) => Some((side, RecordId::new(record))),
        (None, None) => None,
        (Some(_), None) => {
            faults.note("record", "is missing beside side");
            None
        }
        (None, Some(_)) => {
            faults.note("side", "is missing beside record");
            None
        }
    };
    faults.refuse()?;
    let filter = HistoryFilter {
        pairing: people::optional_pairing(&ask.services, ask.text("user")).await?,
        record,
        cycle: ask.text("cycle").map(str::to_owned),
        since,
        until,
    };
    let limit = ask.limit();
    let lines = people::history(&ask.services, Some(&ask.actor()?.user), &filter, after.as_ref(), limit).await?;
    let next = lines.last().filter(|_| lines.len() == limit).map(history_cursor).transpose()?;
    items(&people::named(&ask.services, lines).await?, next)
}

async fn quarantine(ask: Ask) -> Answer {
    let after = match ask.text("after").map(quarantine_key) {
        None => None,
        Some(Some(key)) => Some(key),
        Some(None) => return Err(no_cursor()),
    };
    let limit = ask.limit();
    let viewer = ask.actor()?.user.clone();
    let domain = ask.text("domain").and_then(Domain::parse);
    let rows =
        people::quarantine(&ask.services, Some(&viewer), ask.text("user"), domain, after.as_ref(), limit).await?;
    let next = rows
        .last()
        .filter(|_| rows.len() == limit)
        .map(|row| row.what.key())
        .map(|(pairing, side, kind, id)| cursor(&(pairing, side.as_str(), kind.as_str(), id)))
        .transpose()?;
    items(&rows, next)
}

fn instant(ask: &Ask, name: &str, faults: &mut Faults) -> Option<Timestamp> {
    let text = ask.text(name)?;
    let parsed = text.parse().ok();
    if parsed.is_none() {
        faults.note(name, "is an instant such as 2026-03-01T09:00:00Z");
    }
    parsed
}

fn history_cursor(line: &HistoryLine) -> Result<String, Refused> {
    cursor(&(line.key.at, &line.key.pairing, line.key.number))
}

fn history_key(text: &str) -> Option<HistoryKey> {
    let (at, pairing, number) = read_cursor(text)?;
    Some(HistoryKey { at, pairing, number })
}

fn quarantine_key(text: &str) -> Option<QuarantineKey> {
    let (pairing, side, kind, id): (PairingId, String, String, RecordId) = read_cursor(text)?;
    Some((pairing, Side::parse(&side)?, Kind::parse(&kind)?, id))
}
