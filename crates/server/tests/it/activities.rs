//! Activities over the API: appointments, meetings, to-dos, and what Exchange locks.

use crate::world::{World, id, request};
use axum::http::{StatusCode, header};
use crm::{ActivityId, Actor, EmployeeId};
use serde_json::json;

fn meeting() -> serde_json::Value {
    json!({
        "display": "Calendar and Activities",
        "subject": "Plan",
        "start": {"wall": "2026-03-02T10:00:00", "zone": "Europe/Berlin"},
        "end": {"wall": "2026-03-02T11:00:00", "zone": "Europe/Berlin"},
        "location": "Room 1",
        "reminder": 15
    })
}

#[tokio::test]
async fn an_appointment_is_made_read_changed_and_deleted() {
    let world = World::new().await;
    let anna = world.user("anna").await;
    let made = world.made(&anna, "/api/crm/activities", meeting()).await;
    assert_eq!(made["owner"], json!(anna.id));
    assert_eq!(made["start"], json!({"wall": "2026-03-02T10:00:00", "zone": "Europe/Berlin"}));
    let path = format!("/api/crm/activities/{}", id(&made));
    let read = world.get(&anna, &path).await;
    assert_eq!(read.status, StatusCode::OK);
    let tag = read.headers.get(header::ETAG).expect("a version").clone();
    assert_eq!(tag.to_str().expect("text"), format!("\"{}\"", made["version"]));
    let mut change = request("PATCH", &anna, &path, Some(json!({"location": null, "subject": "Plan B"})));
    change.headers_mut().insert(header::IF_MATCH, tag);
    let changed = world.send(change).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    assert_eq!(changed.json["subject"], json!("Plan B"));
    assert_eq!(changed.json["location"], json!(null));
    assert_eq!(changed.json["start"], made["start"], "what is not named stays");
    let gone = world.delete(&anna, &format!("{path}?version={}", changed.json["version"])).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT, "{}", gone.text);
    assert_eq!(world.get(&anna, &path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_change_against_an_old_version_is_refused_with_the_present_one() {
    let world = World::new().await;
    let anna = world.user("anna").await;
    let made = world.made(&anna, "/api/crm/activities", meeting()).await;
    let path = format!("/api/crm/activities/{}", id(&made));
    let first = json!({"version": made["version"], "subject": "One"});
    let changed = world.patch(&anna, &path, first.clone()).await;
    assert_eq!(changed.status, StatusCode::OK);
    let late = world.patch(&anna, &path, first).await;
    assert_eq!(late.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(late.code(), "stale");
    let message = late.json["error"]["message"].as_str().expect("a message");
    assert!(message.contains(&changed.json["version"].to_string()), "{message}");
    let blind = world.patch(&anna, &path, json!({"subject": "Two"})).await;
    assert_eq!(blind.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(blind.faults(), ["version"]);
    let torn = request("PATCH", &anna, &path, Some(json!({"version": 1, "subject": "x"})));
    let (mut parts, body) = torn.into_parts();
    parts.headers.insert(header::IF_MATCH, "\"9\"".parse().expect("a header"));
    let torn = world.send(axum::http::Request::from_parts(parts, body)).await;
    assert_eq!(torn.faults(), ["version"]);
}

#[tokio::test]
async fn a_series_with_exceptions_reads_back_as_it_was_written() {
    let world = World::new().await;
    let anna = world.user("anna").await;
    let mut body = meeting();
    body["rule"] = json!({"pattern": "weekly", "interval": 1, "days": ["monday"], "first_day": "monday", "count": 5});
    body["occurrences"] = json!([
        {"original_start": "2026-03-09T10:00:00", "state": "cancelled"},
        {"original_start": "2026-03-16T10:00:00", "state": "modified", "subject": "Other"}
    ]);
    let made = world.made(&anna, "/api/crm/activities", body.clone()).await;
    assert_eq!(made["rule"], body["rule"]);
    assert_eq!(made["occurrences"], body["occurrences"]);
    let path = format!("/api/crm/activities/{}", id(&made));
    let back =
        json!({"version": made["version"], "occurrences": [{"original_start": "2026-03-09T10:00:00", "state": null}]});
    let changed = world.patch(&anna, &path, back).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    assert_eq!(changed.json["occurrences"], json!([body["occurrences"][1]]));
}

// E3, P7
#[tokio::test]
async fn a_way_of_showing_time_that_nobody_knows_is_refused_with_the_list() {
    let world = World::new().await;
    let anna = world.user("anna").await;
    let with = |word: &str| {
        let mut body = meeting();
        body["show_as"] = json!(word);
        body
    };
    for word in ["Free", "Tentative", "Busy", "OOF", "Out of office", "WorkingElsewhere", "working elsewhere"] {
        assert_eq!(world.made(&anna, "/api/crm/activities", with(word)).await["show_as"], json!(word));
    }
    let answer = world.post(&anna, "/api/crm/activities", with("Somewhere")).await;
    assert_eq!((answer.status, answer.faults()), (StatusCode::UNPROCESSABLE_ENTITY, vec!["show_as".to_owned()]));
    assert!(answer.text.contains("Free, Tentative, Busy, Out of office"), "{}", answer.text);
    let cleared = world.made(&anna, "/api/crm/activities", with("")).await;
    assert_eq!(cleared["show_as"], json!(null));
}

#[tokio::test]
async fn a_repeated_create_finds_what_the_first_one_made() {
    let world = World::new().await;
    let anna = world.user("anna").await;
    let mut body = meeting();
    body["integration_key"] = json!("k-1");
    let made = world.made(&anna, "/api/crm/activities", body.clone()).await;
    let again = world.post(&anna, "/api/crm/activities", body).await;
    assert_eq!(again.status, StatusCode::OK);
    assert_eq!(id(&again.json), id(&made));
}

// E3
#[tokio::test]
async fn every_fault_of_an_activity_is_told_at_once() {
    let world = World::new().await;
    let anna = world.user("anna").await;
    let body = json!({"display": "Nowhere", "start": "soon", "email1": "a@b", "percent": "half", "people": [5]});
    let answer = world.post(&anna, "/api/crm/activities", body).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.faults(), ["display", "email1", "people", "percent", "start"]);
    let mut backwards = meeting();
    backwards["end"] = json!({"wall": "2026-03-02T09:00:00", "zone": "Europe/Berlin"});
    let answer = world.post(&anna, "/api/crm/activities", backwards).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
    assert_eq!(answer.code(), "invalid");
}

#[tokio::test]
async fn a_participant_keeps_his_own_fields_answers_and_leaves() {
    let world = World::new().await;
    let (anna, bob) = (world.user("anna").await, world.user("bob").await);
    let mut body = meeting();
    body["people"] =
        json!([{"employee": bob.id}, {"address": "guest@elsewhere.test", "name": "Guest", "role": "optional"}]);
    let made = world.made(&anna, "/api/crm/activities", body).await;
    assert_eq!(made["people"].as_array().map(Vec::len), Some(2));
    let path = format!("/api/crm/activities/{}", id(&made));
    let own = json!({"version": made["version"], "reminder": 30});
    let changed = world.patch(&bob, &path, own).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    assert_eq!(changed.json["reminder"], json!(30));
    assert_eq!(world.get(&anna, &path).await.json["reminder"], json!(15), "P7");
    let shared = json!({"version": changed.json["version"], "subject": "Mine"});
    let refused = world.patch(&bob, &path, shared).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(refused.code(), "forbidden");
    let answered = world.post(&bob, &format!("{path}/respond"), json!({"response": "accepted"})).await;
    assert_eq!(answered.status, StatusCode::OK, "{}", answered.text);
    let left = world.post(&bob, &format!("{path}/leave"), json!({})).await;
    assert_eq!(left.status, StatusCode::OK, "{}", left.text);
    assert_eq!(left.json["removed"], json!(true));
    let calendar = world.get(&bob, "/api/crm/views/my_calendar").await;
    assert!(calendar.items().is_empty(), "C6");
    let shown = world.get(&anna, &path).await;
    let person =
        shown.json["people"].as_array().expect("people").iter().find(|person| person["employee"] == json!(bob.id));
    assert_eq!(person.expect("still shown")["removed"], json!(true));
}

// P6
#[tokio::test]
async fn a_meeting_locked_by_exchange_answers_409_with_the_reason() {
    let world = World::new().await;
    let anna = world.user("anna").await;
    let made = world.made(&anna, "/api/crm/activities", meeting()).await;
    let sync = Actor::sync(EmployeeId::new(anna.id.clone()), "sync");
    let activity = ActivityId::new(id(&made));
    world
        .services
        .crm
        .flag_meeting(&sync, &activity, Some("global"), true, world.services.clock.now())
        .await
        .expect("flagged");
    let path = format!("/api/crm/activities/{activity}");
    let locked = world.get(&anna, &path).await.json;
    assert_eq!(locked["locked"], json!(true));
    let change = json!({"version": locked["version"], "location": "Elsewhere"});
    let refused = world.patch(&anna, &path, change).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
    assert_eq!(refused.code(), "locked_by_exchange");
    assert!(refused.json["error"]["message"].as_str().is_some_and(|text| !text.is_empty()));
    let refused = world.delete(&anna, &format!("{path}?version={}", locked["version"])).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    let own = json!({"version": locked["version"], "reminder": 5});
    assert_eq!(world.patch(&anna, &path, own).await.status, StatusCode::OK);
}

#[tokio::test]
async fn views_of_activities_come_in_pages_and_windows() {
    let world = World::new().await;
    let anna = world.user("anna").await;
    for day in 2..=6 {
        let mut body = meeting();
        body["subject"] = json!(format!("Day {day}"));
        body["start"]["wall"] = json!(format!("2026-03-0{day}T10:00:00"));
        body["end"]["wall"] = json!(format!("2026-03-0{day}T11:00:00"));
        world.made(&anna, "/api/crm/activities", body).await;
    }
    let to_do =
        json!({"display": "To Do and Activities", "subject": "Call", "due_day": "2026-03-09", "priority": "2-High"});
    world.made(&anna, "/api/crm/activities", to_do).await;
    let mut seen = Vec::new();
    let mut path = "/api/crm/views/my_calendar?limit=2".to_owned();
    loop {
        let page = world.get(&anna, &path).await;
        assert!(page.items().len() <= 2);
        seen.extend(page.items().iter().map(|item| item["subject"].as_str().expect("subject").to_owned()));
        let Some(next) = page.json["next"].as_str() else { break };
        path = format!("/api/crm/views/my_calendar?limit=2&after={next}");
    }
    assert_eq!(seen, ["Day 2", "Day 3", "Day 4", "Day 5", "Day 6"]);
    let window = "from=2026-03-03T00:00:00Z&to=2026-03-05T00:00:00Z";
    let some = world.get(&anna, &format!("/api/crm/views/my_calendar?{window}")).await;
    assert_eq!(some.items().len(), 2);
    assert_eq!(world.get(&anna, "/api/crm/views/my_to_dos").await.items().len(), 1);
    assert_eq!(world.get(&anna, "/api/crm/views/my_activities").await.items().len(), 6);
    for (query, fault) in [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("after=%21", "after"),
        ("from=soon", "from"),
        ("colour=red", "colour"),
    ] {
        let refused = world.get(&anna, &format!("/api/crm/views/my_calendar?{query}")).await;
        assert_eq!(refused.faults(), [fault]);
    }
}
