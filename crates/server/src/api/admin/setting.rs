//! Settings and field maps over REST.

use super::super::ask::Ask;
use super::super::member::{Member, Shape};
use super::super::reply::{Answer, Reply};
use super::super::route::{Body, Method, Route, Shown, Who};
use super::{domain, json};
use crate::fault::{Faults, Refused};
use crate::json::{map_json, read_map};
use crate::ops::{map, setting};
use model::DomainMap;
use model::settings::Settings;
use serde_json::Value as Json;

const TAG: &str = "settings";

pub(super) const ROUTES: &[Route] = &[
    Route {
        method: Method::Get,
        path: "/api/admin/settings",
        tag: TAG,
        summary: "What is set for all users.",
        who: Who::Administrator,
        query: &[],
        body: Body::None,
        answer: Shown::One("Settings"),
        run: |ask| Box::pin(get(ask)),
    },
    Route {
        method: Method::Patch,
        path: "/api/admin/settings",
        tag: TAG,
        summary: "Changes what is named; with If-Match only if nobody changed the settings meanwhile.",
        who: Who::Administrator,
        query: &[],
        body: Body::Open("Settings"),
        answer: Shown::One("Settings"),
        run: |ask| Box::pin(change(ask)),
    },
    Route {
        method: Method::Get,
        path: "/api/admin/maps/{domain}",
        tag: TAG,
        summary: "The field map of a domain.",
        who: Who::Administrator,
        query: &[],
        body: Body::None,
        answer: Shown::One("DomainMap"),
        run: |ask| Box::pin(get_map(ask)),
    },
    Route {
        method: Method::Put,
        path: "/api/admin/maps/{domain}",
        tag: TAG,
        summary: "Replaces the field map of a domain.",
        who: Who::Administrator,
        query: &[],
        body: Body::Members(&[Member::required("entries", Shape::Objects("MapEntry"), "a row per field")]),
        answer: Shown::One("DomainMap"),
        run: |ask| Box::pin(set_map(ask)),
    },
];

fn show(settings: &Settings) -> Answer {
    Ok(Reply::of(json(settings)?).at(settings.generation))
}

async fn get(ask: Ask) -> Answer {
    show(&setting::get(&ask.services).await?)
}

async fn change(ask: Ask) -> Answer {
    // No version is below nothing.
    let expected = ask.named_version()?.and_then(|version| u64::try_from(version).ok());
    show(&setting::change(&ask.services, ask.body(), expected).await?)
}

async fn get_map(ask: Ask) -> Answer {
    let domain = domain(ask.part("domain"))?;
    show_map(&map::get(&ask.services, domain).await?)
}

fn show_map(map: &DomainMap) -> Answer {
    Ok(Reply::of(map_json(map).map_err(|why| Refused::Broken(why.to_string()))?))
}

async fn set_map(ask: Ask) -> Answer {
    let domain = domain(ask.part("domain"))?;
    let list = ask.json("entries").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut faults = Faults::default();
    let new = read_map(domain, list, &mut faults);
    faults.refuse()?;
    show_map(&map::set(&ask.services, new).await?)
}
