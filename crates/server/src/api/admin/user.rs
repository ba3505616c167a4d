//! Users and their mailboxes over REST: mapping, enabling, moving, forgetting.

use super::super::ask::Ask;
use super::super::member::{Member, Shape, part};
use super::super::reply::{Answer, Reply};
use super::super::route::{Body, Method, Route, Shown, Who};
use super::{after_id, id_cursor, items, json, shown};
use crate::fault::Faults;
use crate::ops::user::{ChangeUser, MapUser};
use crate::ops::{entering, status, user};
use model::PairingId;
use model::settings::{ExtractStart, UserSettings};
use std::collections::BTreeMap;

const CONNECTION: &str = "the connection the mailbox is on";
const ADDRESS: &str = "the mailbox's address";
const ENABLED: Member =
    Member::optional("enabled", Shape::Flag, "synchronises; a new mapping does unless this is false");
const EXTRACT_START: Member =
    Member::clearable("extract_start", Shape::Any("ExtractStart"), "what is older stays out; as for all when null");
const VISIBILITY_ALL: Member =
    Member::optional("visibility_all", Shape::Flag, "any contact he may open counts as visible, not only My Contacts");
const LANGUAGE: Member = Member::clearable("language", Shape::Text, "the language of the category written for him");
const ZONE: Member = Member::clearable("zone", Shape::Text, "his IANA zone, for what carries none");

const TAG: &str = "users";

/// What the cursors of the users name.
const LIST: &str = "users";

pub(super) const ROUTES: &[Route] = &[
    Route {
        method: Method::Get,
        path: "/api/admin/users",
        tag: TAG,
        summary: "Every mapped user: how he stands, his links and what waits.",
        who: Who::Administrator,
        query: &[
            Member::optional("limit", Shape::Whole(1, 500), "how many"),
            Member::optional("after", Shape::Text, "the `next` of the page before"),
        ],
        body: Body::None,
        answer: Shown::Page("UserStatus"),
        run: |ask| Box::pin(list(ask)),
    },
    Route {
        method: Method::Post,
        path: "/api/admin/users",
        tag: TAG,
        summary: "Maps a user to a mailbox; the answer's `entering` says how many of his CRM records will enter.",
        who: Who::Administrator,
        query: &[],
        body: Body::Members(&[
            Member::required("user", Shape::Text, "the CRM's user, by id or login"),
            Member::required("connection", Shape::Text, CONNECTION),
            Member::required("address", Shape::Text, ADDRESS),
            ENABLED,
            Member::optional("levels", Shape::Object("Levels"), "his own levels by domain"),
            EXTRACT_START,
            VISIBILITY_ALL,
            LANGUAGE,
            ZONE,
        ]),
        answer: Shown::Made("UserStatus"),
        run: |ask| Box::pin(map(ask)),
    },
    Route {
        method: Method::Get,
        path: "/api/admin/users/{user}",
        tag: TAG,
        summary: "One mapped user, by id, login or pairing.",
        who: Who::Administrator,
        query: &[],
        body: Body::None,
        answer: Shown::One("UserStatus"),
        run: |ask| Box::pin(get(ask)),
    },
    Route {
        method: Method::Patch,
        path: "/api/admin/users/{user}",
        tag: TAG,
        summary: "Changes what is named of a mapping; moving the mailbox to another connection too.",
        who: Who::Administrator,
        query: &[],
        body: Body::Members(&[
            Member::optional("connection", Shape::Text, CONNECTION),
            Member::optional("address", Shape::Text, ADDRESS),
            ENABLED,
            EXTRACT_START,
            VISIBILITY_ALL,
            LANGUAGE,
            ZONE,
            Member::optional(
                "confirm_mailbox",
                Shape::Flag,
                "the mailbox that stands behind the address now is the right one",
            ),
        ]),
        answer: Shown::One("UserStatus"),
        run: |ask| Box::pin(change(ask)),
    },
    Route {
        method: Method::Delete,
        path: "/api/admin/users/{user}",
        tag: TAG,
        summary: "Unmaps a user: nothing is deleted on either side, his links sleep.",
        who: Who::Administrator,
        query: &[],
        body: Body::None,
        answer: Shown::Nothing,
        run: |ask| Box::pin(unmap(ask)),
    },
    Route {
        method: Method::Post,
        path: "/api/admin/users/{user}/enable",
        tag: TAG,
        summary: "Enables a user.",
        who: Who::Administrator,
        query: &[],
        body: Body::None,
        answer: Shown::One("UserStatus"),
        run: |ask| Box::pin(enable(ask, true)),
    },
    Route {
        method: Method::Post,
        path: "/api/admin/users/{user}/disable",
        tag: TAG,
        summary: "Disables a user: nothing is deleted, his links sleep.",
        who: Who::Administrator,
        query: &[],
        body: Body::None,
        answer: Shown::One("UserStatus"),
        run: |ask| Box::pin(enable(ask, false)),
    },
    Route {
        method: Method::Post,
        path: "/api/admin/users/{user}/forget",
        tag: TAG,
        summary: "Forgets a user: his links and history go; nothing is deleted on either side.",
        who: Who::Administrator,
        query: &[],
        body: Body::None,
        answer: Shown::Nothing,
        run: |ask| Box::pin(forget(ask)),
    },
];

async fn list(ask: Ask) -> Answer {
    let after = after_id(&ask, LIST)?.map(PairingId::new);
    let limit = ask.limit();
    let page = status::page(&ask.services, after.as_ref(), limit).await?;
    let next = page.last().filter(|_| page.len() == limit).map(|last| id_cursor(LIST, last.pairing.as_str()));
    items(&page, next.transpose()?)
}

async fn map(ask: Ask) -> Answer {
    let mut faults = Faults::default();
    let levels: Option<BTreeMap<String, String>> =
        ask.json("levels").and_then(|value| part("levels", value, &mut faults));
    let extract_start = extract_start(&ask, &mut faults);
    faults.refuse()?;
    let pairing = user::map(
        &ask.services,
        MapUser {
            user: ask.required("user").to_owned(),
            connection: ask.required("connection").to_owned(),
            address: ask.required("address").to_owned(),
            enabled: ask.flag("enabled").unwrap_or(true),
            levels: levels.unwrap_or_default(),
            settings: UserSettings {
                levels: BTreeMap::new(),
                extract_start: extract_start.flatten(),
                visibility_all: ask.flag("visibility_all").unwrap_or(false),
                language: ask.text("language").map(str::to_owned),
                zone: ask.text("zone").map(str::to_owned),
            },
        },
    )
    .await?;
    let entering = json(&entering::of(&ask.services, &pairing).await?)?;
    let mut shown = json(&status::one(&ask.services, pairing, ask.now).await?)?;
    if let Some(object) = shown.as_object_mut() {
        object.insert("entering".to_owned(), entering);
    }
    Ok(Reply::made(shown))
}

async fn get(ask: Ask) -> Answer {
    let pairing = user::pairing(&ask.services, ask.part("user")).await?;
    shown(&status::one(&ask.services, pairing, ask.now).await?)
}

async fn change(ask: Ask) -> Answer {
    let mut faults = Faults::default();
    let extract_start = extract_start(&ask, &mut faults);
    faults.refuse()?;
    let owned = |name: &str| ask.change(name).map(|change| change.map(str::to_owned));
    let request = ChangeUser {
        connection: ask.text("connection").map(str::to_owned),
        address: ask.text("address").map(str::to_owned),
        enabled: ask.flag("enabled"),
        extract_start,
        visibility_all: ask.flag("visibility_all"),
        language: owned("language"),
        zone: owned("zone"),
        confirm_mailbox: ask.flag("confirm_mailbox").unwrap_or(false),
    };
    let changed = user::change(&ask.services, ask.part("user"), request).await?;
    shown(&status::one(&ask.services, changed, ask.now).await?)
}

async fn unmap(ask: Ask) -> Answer {
    user::unmap(&ask.services, ask.part("user")).await?;
    Ok(Reply::done())
}

async fn enable(ask: Ask, enabled: bool) -> Answer {
    let request = ChangeUser { enabled: Some(enabled), ..ChangeUser::default() };
    let changed = user::change(&ask.services, ask.part("user"), request).await?;
    shown(&status::one(&ask.services, changed, ask.now).await?)
}

async fn forget(ask: Ask) -> Answer {
    user::forget(&ask.services, ask.part("user")).await?;
    Ok(Reply::done())
}

fn extract_start(ask: &Ask, faults: &mut Faults) -> Option<Option<ExtractStart>> {
    let value = ask.json("extract_start")?;
    part("extract_start", value, faults)
}
