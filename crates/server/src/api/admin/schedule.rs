//! Schedules over REST (rule E4).

use super::super::ask::Ask;
use super::super::member::{Member, Shape, part};
use super::super::reply::Answer;
use super::super::route::{Body, Method, Route, Shown, Who};
use super::items;
use crate::fault::{Faults, Refused};
use crate::ops::schedule;
use model::schedule::ScheduleRule;
use serde_json::{Map, Value as Json, json};

const TAG: &str = "schedules";

pub(super) const ROUTES: &[Route] = &[
    Route {
        method: Method::Get,
        path: "/api/admin/schedules",
        tag: TAG,
        summary: "When cycles run, by group, in order; the first that holds a user counts, else the general interval.",
        who: Who::Administrator,
        query: &[],
        body: Body::None,
        answer: Shown::Page("ScheduleRule"),
        run: |ask| Box::pin(list(ask)),
    },
    Route {
        method: Method::Put,
        path: "/api/admin/schedules",
        tag: TAG,
        summary: "Replaces the schedules.",
        who: Who::Administrator,
        query: &[],
        body: Body::Members(&[Member::required("schedules", Shape::Objects("ScheduleRuleDraft"), "in order")]),
        answer: Shown::Page("ScheduleRule"),
        run: |ask| Box::pin(set(ask)),
    },
    Route {
        method: Method::Delete,
        path: "/api/admin/schedules/{position}",
        tag: TAG,
        summary: "Takes the schedule at a position, counted from 0, out of the list.",
        who: Who::Administrator,
        query: &[],
        body: Body::None,
        answer: Shown::Page("ScheduleRule"),
        run: |ask| Box::pin(remove(ask)),
    },
];

async fn list(ask: Ask) -> Answer {
    items(&schedule::list(&ask.services).await?, None)
}

async fn set(ask: Ask) -> Answer {
    let list = ask.json("schedules").and_then(Json::as_array);
    let mut faults = Faults::default();
    let rules: Vec<ScheduleRule> = list
        .into_iter()
        .flatten()
        .enumerate()
        .filter_map(|(index, rule)| part(&format!("schedules[{index}]"), rule, &mut faults))
        .collect();
    faults.refuse()?;
    items(&schedule::set(&ask.services, rules).await?, None)
}

async fn remove(ask: Ask) -> Answer {
    let position = ask.part("position").parse().map_err(|_| Refused::missing("position", ask.part("position")))?;
    items(&schedule::remove(&ask.services, position).await?, None)
}

/// The schemas of schedules; hours are of the zone's clock, "08:00" to "18:00".
pub(super) fn schemas() -> Map<String, Json> {
    let text = json!({"type": "string"});
    let interval = json!({"type": "integer", "minimum": 1});
    let days = json!({"type": "array", "items": {"type": "string", "enum": [
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]}});
    let hours =
        json!({"type": "object", "required": ["from", "to"], "properties": {"days": days, "from": text, "to": text}});
    let peak = json!({"type": "object", "required": ["interval_s", "hours"], "properties": {
        "interval_s": interval, "hours": {"type": "array", "items": hours}}});
    let schedule = json!({"type": "object", "required": ["interval_s"], "properties": {
        "interval_s": interval, "peak": peak, "blackout": {"type": "array", "items": hours}, "zone": text}});
    let rule = json!({"group": {"type": "string", "enum": ["organization", "position", "user_list"]}, "id": text,
        "and_below": {"type": "boolean"}, "schedule": {"$ref": "#/components/schemas/Schedule"}});
    let mut shown = rule.clone();
    shown["name"] = json!({"type": ["string", "null"]});
    shown["broken"] = json!({"type": "boolean"});
    let mut all = Map::new();
    all.insert("Schedule".to_owned(), schedule);
    all.insert("ScheduleRuleDraft".to_owned(), json!({"type": "object", "required": ["schedule"], "properties": rule}));
    all.insert("ScheduleRule".to_owned(), json!({"type": "object", "properties": shown}));
    all
}
