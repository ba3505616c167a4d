//! Cycles over REST: sync now, what will enter, the plan of the next cycle, and explanations.

use super::super::ask::Ask;
use super::super::member::{Member, Shape};
use super::super::reply::{Answer, Reply};
use super::super::route::{Body, Method, Route, Shown, Who};
use super::{SIDES, shown};
use crate::fault::{Faults, Refused};
use crate::ops::user::Whom;
use crate::ops::{cycle, entering, user};
use model::settings::GroupKind;
use model::{Kind, RecordId, Side};
use serde_json::json;

const KINDS: &[&str] = &["contact", "appointment", "task"];

const TAG: &str = "users";

pub(super) const ROUTES: &[Route] = &[
    Route {
        method: Method::Post,
        path: "/api/admin/users/{user}/sync",
        tag: TAG,
        summary: "Makes a user due at once, also in blackout hours.",
        who: Who::Administrator,
        query: &[],
        body: Body::None,
        answer: Shown::One("Due"),
        run: |ask| Box::pin(sync_one(ask)),
    },
    Route {
        method: Method::Post,
        path: "/api/admin/sync",
        tag: TAG,
        summary: "Makes every enabled user due at once, or those of a group, also in blackout hours.",
        who: Who::Administrator,
        query: &[
            Member::optional("organization", Shape::Text, "the members of this organization alone"),
            Member::optional("position", Shape::Text, "the holders of this position alone"),
            Member::optional("user_list", Shape::Text, "those whom this list names alone"),
            Member::optional("and_below", Shape::Flag, "those of what stands below it too"),
        ],
        body: Body::None,
        answer: Shown::One("Due"),
        run: |ask| Box::pin(sync_all(ask)),
    },
    Route {
        method: Method::Get,
        path: "/api/admin/users/{user}/entering",
        tag: TAG,
        summary: "How many of a user's CRM records will enter, by his extract start and Sync List.",
        who: Who::Administrator,
        query: &[],
        body: Body::None,
        answer: Shown::One("Entering"),
        run: |ask| Box::pin(entering_of(ask)),
    },
    Route {
        method: Method::Get,
        path: "/api/admin/users/{user}/plan",
        tag: TAG,
        summary: "The plan of the user's next cycle; nothing is written on either side.",
        who: Who::Administrator,
        query: &[],
        body: Body::None,
        answer: Shown::One("Plan"),
        run: |ask| Box::pin(plan(ask)),
    },
    Route {
        method: Method::Get,
        path: "/api/admin/users/{user}/explain",
        tag: TAG,
        summary: "Whose level counts for a user; with a record, why that record is or is not in sync.",
        who: Who::Administrator,
        query: &[
            Member::optional("side", Shape::OneOf(SIDES), "the record's side"),
            Member::optional("kind", Shape::OneOf(KINDS), "the record's kind"),
            Member::optional("record", Shape::Text, "the record, as that side names it"),
            Member::optional("organization", Shape::Text, "what if he joined this organization"),
            Member::optional("position", Shape::Text, "what if he held this position"),
            Member::optional("user_list", Shape::Text, "what if this list named him"),
        ],
        body: Body::None,
        answer: Shown::One("Explained"),
        run: |ask| Box::pin(explain(ask)),
    },
];

/// The parameters that name a group.
const GROUPS: [(&str, GroupKind); 3] =
    [("organization", GroupKind::Organization), ("position", GroupKind::Position), ("user_list", GroupKind::UserList)];

async fn sync_one(ask: Ask) -> Answer {
    let due = user::sync_now(&ask.services, &Whom::User(ask.part("user").to_owned())).await?;
    Ok(Reply::of(json!({ "due": due })))
}

async fn sync_all(ask: Ask) -> Answer {
    let mut named = GROUPS.into_iter().filter_map(|(name, kind)| Some((kind, ask.text(name)?.to_owned())));
    let whom = match (named.next(), named.next()) {
        (None, _) => Whom::All,
        (Some((kind, id)), None) => Whom::Group { kind, id, and_below: ask.flag("and_below").unwrap_or(false) },
        (Some(_), Some(_)) => return Err(Refused::at("organization", "one group is named at a time")),
    };
    let due = user::sync_now(&ask.services, &whom).await?;
    Ok(Reply::of(json!({ "due": due })))
}

async fn entering_of(ask: Ask) -> Answer {
    let pairing = user::pairing(&ask.services, ask.part("user")).await?;
    shown(&entering::of(&ask.services, &pairing).await?)
}

async fn plan(ask: Ask) -> Answer {
    shown(&cycle::plan(&ask.services, ask.part("user")).await?)
}

async fn explain(ask: Ask) -> Answer {
    let user = ask.part("user");
    let record = (
        ask.text("side").and_then(Side::parse),
        ask.text("kind").and_then(Kind::parse),
        ask.text("record").map(RecordId::new),
    );
    match record {
        (None, None, None) => {
            let joined =
                GROUPS.into_iter().filter_map(|(name, kind)| ask.text(name).map(|id| (kind, id.to_owned()))).collect();
            shown(&cycle::explain_user(&ask.services, user, &joined).await?)
        }
        (Some(side), Some(kind), Some(record)) => {
            shown(&cycle::explain_record(&ask.services, user, side, kind, &record).await?)
        }
        (side, kind, record) => {
            let mut faults = Faults::default();
            for (name, missing) in [("side", side.is_none()), ("kind", kind.is_none()), ("record", record.is_none())] {
                if missing {
                    faults.note(name, "is missing: a record is named by side, kind and record");
                }
            }
            faults.refuse()?;
            Err(Refused::Broken("a record was named and was not".to_owned()))
        }
    }
}
