//! `explain` answers also for "nothing happened": the same record with one condition changed is explained otherwise
//! (rule W2).

use crate::database::on_both;
use crate::outlook::{self, id, set, text};
use crate::world::{Person, World};
use emulator::FaultAction;
use serde_json::json;
use std::sync::Arc;
use wire::ews::{DistinguishedFolder as Folder, Property};

on_both!(
    a_record_that_does_not_cross_is_explained_by_what_stands_in_its_way,
    a_to_do_is_explained_as_one_whatever_it_is_taken_for,
    what_is_gone_is_explained_by_what_became_of_it,
    a_user_who_left_is_explained_as_one_who_left,
    what_one_side_shows_otherwise_is_explained_by_why,
    what_was_deleted_while_that_was_forbidden_is_explained_also_once_it_is_allowed,
);

/// What `explain` says of a meeting or appointment.
pub async fn explained(world: &World, who: &Person, record: &str) -> String {
    let path = format!("/api/admin/users/{}/explain?side=crm&kind=appointment&record={record}", who.login);
    world.get(&world.admin, &path).await["text"].to_string()
}

// W2, C3, C8, E2, E4, L1, L6
async fn a_record_that_does_not_cross_is_explained_by_what_stands_in_its_way() {
    let (world, anna, _) = World::with_two().await;
    let record = world.appointment(&anna, "Lunch", "2026-09-28").await;
    let outlook = world.outlook(&anna);
    let item = |n| outlook::appointment(&format!("Plan {n}"), "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z");
    outlook.make_many(Folder::Calendar, (0..12).map(item).collect()).await;
    world.sync(&[&anna]).await;
    let plain = explained(&world, &anna, &record).await;
    assert!(plain.contains("Both sides agree.") && plain.contains("The two copies are linked and agree."), "{plain}");
    let all = ["(C8)", "(C3)", "(E2)", "(E4)", "not enabled (L1)", "(L6)"];
    for sentence in all {
        assert!(!plain.contains(sentence), "{sentence}: {plain}");
    }
    let only = |told: String, sentence: &str| {
        assert!(told.contains(sentence), "{sentence}: {told}");
        for other in all.iter().filter(|other| !sentence.contains(**other)) {
            assert!(!told.contains(other), "{other}: {told}");
        }
    };
    // The level.
    world.ceilings(json!({"calendar": "none"})).await;
    only(explained(&world, &anna, &record).await, "the level does not permit it (L6)");
    world.ceilings(json!({"calendar": "full"})).await;
    // The user.
    world.mapping(&anna, json!({"enabled": false})).await;
    let off = explained(&world, &anna, &record).await;
    assert!(off.contains("the user is not enabled (L1)"), "{off}");
    world.mapping(&anna, json!({"enabled": true})).await;
    // The night, at ten in the morning.
    let night =
        json!({"schedules": [{"schedule": {"interval_s": 60, "blackout": [{"from": "07:00", "to": "09:00"}]}}]});
    world.done(&world.admin, "PUT", "/api/admin/schedules", Some(&night)).await;
    let rests = "It is blackout time until 2026-09-21T09:00:00Z: nothing runs unless a person asks (E4).";
    only(explained(&world, &anna, &record).await, rests);
    world.done(&world.admin, "PUT", "/api/admin/schedules", Some(&json!({"schedules": []}))).await;
    // A question.
    world.settings(json!({"domains": {"calendar": {"conflict": "hold"}}})).await;
    let items = outlook.items(Folder::Calendar).await;
    let lunch = items.iter().find(|item| outlook::title(item) == "Lunch").map(id).expect("there");
    outlook.edit(&lunch, vec![set(Property::Subject, text("Supper"))]).await;
    world.edit_activity(&anna, &record, json!({"subject": "Dinner"})).await;
    world.sync(&[&anna]).await;
    let held = world.held(&anna).await;
    let question = held[0]["id"].as_str().expect("an id");
    let asks =
        format!("Both sides changed subject; nothing of it is written until a person answers question {question}");
    let told = explained(&world, &anna, &record).await;
    assert!(told.contains(&asks), "{told}");
    let answer = json!({"answer": "crm"});
    world.done(&world.admin, "POST", &format!("/api/admin/held/{question}"), Some(&answer)).await;
    world.sync(&[&anna]).await;
    assert!(!explained(&world, &anna, &record).await.contains("(C3)"));
    // A brake.
    for item in outlook.items(Folder::Calendar).await.iter().filter(|item| outlook::title(item).starts_with("Plan")) {
        outlook.delete(&id(item)).await;
    }
    world.cycle(&anna).await;
    let braked = "A brake stopped the writes before the first one and waits for a person: 12 of 13 links";
    let told = explained(&world, &anna, &record).await;
    assert!(told.contains(braked) && told.contains("(C8)"), "{told}");
    let user = world.get(&world.admin, "/api/admin/users/anna/explain").await["text"].to_string();
    assert!(user.contains(&format!("calendar: {braked}")), "{user}");
    let brakes = world.list(&world.admin, "/api/admin/brakes").await;
    let body = json!({"side": "crm", "digest": brakes[0]["digest"], "user": "anna", "domain": "calendar"});
    world.done(&world.admin, "POST", "/api/admin/brakes/release", Some(&body)).await;
    world.sync(&[&anna]).await;
    // The last cycle.
    world.hq.on_request(Some(Arc::new(|_| Some(FaultAction::LoginPage))));
    world.cycle(&anna).await;
    world.hq.on_request(None);
    let told = explained(&world, &anna, &record).await;
    assert!(told.contains("did not end well") && told.contains("(E2)") && told.contains("Both sides agree."), "{told}");
    world.sync(&[&anna]).await;
    assert!(!explained(&world, &anna, &record).await.contains("(E2)"));
}

// W2, D3: who asks about an activity need not know in which folder it belongs.
async fn a_to_do_is_explained_as_one_whatever_it_is_taken_for() {
    let (world, anna, _) = World::with_two().await;
    let fields =
        |subject: &str, due: &str| json!({"display": "To Do and Activities", "subject": subject, "due_day": due});
    let record = world.activity(&anna, fields("Call", "2026-09-28")).await;
    let old = world.activity(&anna, fields("Old", "2020-01-01")).await;
    world.sync(&[&anna]).await;
    let told = explained(&world, &anna, &record).await;
    assert!(told.contains("Both sides agree.") && !told.contains("(D3)"), "{told}");
    let told = explained(&world, &anna, &old).await;
    assert!(told.contains("(O9)") && !told.contains("(D3)"), "{told}");
    let path = format!("/api/crm/activities/{record}");
    world.edit(&anna, &path, json!({"display": "Activities Only"})).await;
    world.sync(&[&anna]).await;
    assert!(explained(&world, &anna, &record).await.contains("neither the calendar nor the to-do list (D3)"));
}

// W2, W3, C4, M5, O8: what became of a record is part of why it is not in sync.
async fn what_is_gone_is_explained_by_what_became_of_it() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let lunch = outlook
        .make(Folder::Calendar, outlook::appointment("Lunch", "2026-09-28T10:00:00Z", "2026-09-28T11:00:00Z"))
        .await;
    let secret = outlook
        .make(Folder::Calendar, outlook::appointment("Secret", "2026-09-29T10:00:00Z", "2026-09-29T11:00:00Z"))
        .await;
    let (older, younger) = (world.listed(&anna, "Berg").await, world.listed(&anna, "Bergh").await);
    world.sync(&[&anna]).await;
    let records = world.view(&anna, "my_calendar").await;
    let of = |subject: &str| {
        let found = records.iter().find(|of| of["subject"] == subject).expect("there");
        found["id"].as_str().expect("an id").to_owned()
    };
    outlook.delete(&lunch).await;
    world.settings(json!({"domains": {"calendar": {"skip_private": true}}})).await;
    outlook.edit(&secret, vec![set(Property::Sensitivity, text("Private"))]).await;
    let merge = json!({"loser": younger, "loser_version": 1, "version": 1});
    world.done(&anna, "POST", &format!("/api/crm/contacts/{older}/merge"), Some(&merge)).await;
    world.sync(&[&anna]).await;
    let told = explained(&world, &anna, &of("Lunch")).await;
    assert!(
        told.contains("Deleted in the CRM last at") && told.contains("an undo of that cycle puts it back"),
        "{told}"
    );
    let told = explained(&world, &anna, &of("Secret")).await;
    assert!(told.contains("(O8)") && told.contains("no undo puts it back (W3)"), "{told}");
    let path = format!("/api/admin/users/{}/explain?side=crm&kind=contact&record={younger}", anna.login);
    let told = world.get(&world.admin, &path).await["text"].to_string();
    assert!(told.contains("merged into another record") && told.contains("(M5)"), "{told}");
    let told = explained(&world, &anna, "ACT-99999999").await;
    assert!(told.contains("The history tells nothing of it for this user (W3)."), "{told}");
}

// W2, L1
async fn a_user_who_left_is_explained_as_one_who_left() {
    let (world, anna, _) = World::with_two().await;
    world.edit(&world.admin, &format!("/api/crm/employees/{}", anna.id), json!({"active": false})).await;
    let told = world.get(&world.admin, "/api/admin/users/anna/explain").await["text"].to_string();
    assert!(
        told.contains("calendar: the user is not active in the CRM (L1).") && !told.contains("not enabled"),
        "{told}"
    );
}

// W2, C6, E5, P6: a text that is cut, an attendee's own change, a meeting that was called off.
async fn what_one_side_shows_otherwise_is_explained_by_why() {
    let (world, anna, bob) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let record = world.appointment(&anna, "Long", "2026-09-28").await;
    let plan = outlook::meeting("Plan", "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z", &[&bob.address]);
    let annas = outlook.invite(plan).await;
    world.sync(&[&anna, &bob]).await;
    let plain = explained(&world, &anna, &record).await;
    assert!(!plain.contains("(E5)") && !plain.contains("(C6)"), "{plain}");
    world.edit_activity(&anna, &record, json!({"location": "l".repeat(900)})).await;
    world.sync(&[&anna]).await;
    let told = explained(&world, &anna, &record).await;
    let cut = "Too long for the mailbox, which shows it cut, with a notice; the CRM keeps it whole: location (E5).";
    assert!(told.contains(cut), "{told}");
    // Bob moves his own copy of what Anna asked him to.
    let meeting = world.view(&anna, "my_calendar").await;
    let meeting = meeting.iter().find(|one| one["subject"] == "Plan").and_then(|one| one["id"].as_str());
    let meeting = meeting.expect("the meeting").to_owned();
    let agrees = explained(&world, &bob, &meeting).await;
    assert!(agrees.contains("Both sides agree.") && !agrees.contains("alone"), "{agrees}");
    let bobs = id(&world.outlook(&bob).only(Folder::Calendar).await);
    let own = vec![set(Property::Subject, text("Plan with Anna")), set(Property::Location, text("Attic"))];
    world.outlook(&bob).edit(&bobs, own).await;
    world.sync(&[&anna, &bob]).await;
    let told = explained(&world, &bob, &meeting).await;
    assert!(told.contains("A local change stands on one side") && !told.contains("Both sides agree"), "{told}");
    assert!(told.contains("Changed in the mailbox alone: subject, location"), "{told}");
    assert_eq!(world.read_activity(&anna, &meeting).await["subject"], "Plan");
    // Anna calls it off.
    outlook.cancel(&annas).await;
    world.sync(&[&anna, &bob]).await;
    for who in [&anna, &bob] {
        let told = explained(&world, who, &meeting).await;
        assert!(told.contains("called off") && told.contains("(C6)"), "{}: {told}", who.login);
    }
}

// W2, C7
async fn what_was_deleted_while_that_was_forbidden_is_explained_also_once_it_is_allowed() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let record = world.appointment(&anna, "Lunch", "2026-09-28").await;
    world.sync(&[&anna]).await;
    world.settings(json!({"domains": {"calendar": {"no_deletes": ["crm"]}}})).await;
    outlook.delete(&id(&outlook.only(Folder::Calendar).await)).await;
    world.sync(&[&anna]).await;
    let told = explained(&world, &anna, &record).await;
    assert!(told.contains("deletions are forbidden here (C7)") && !told.contains("allowed again"), "{told}");
    world.settings(json!({"domains": {"calendar": {"no_deletes": []}}})).await;
    for _ in 0..2 {
        let told = explained(&world, &anna, &record).await;
        assert!(told.contains("Deletions are allowed again") && told.contains("the next edit"), "{told}");
        world.sync(&[&anna]).await;
    }
    world.edit_activity(&anna, &record, json!({"location": "Attic"})).await;
    world.sync(&[&anna]).await;
    assert!(!explained(&world, &anna, &record).await.contains("(C7)"));
    assert_eq!(outlook.count(Folder::Calendar), 1);
}
