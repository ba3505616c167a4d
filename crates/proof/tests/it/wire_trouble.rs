//! The wire between the sync and a mailbox: answers lost, states refused, change keys that move, copies made by people
//! (rules C10, C11, E2, E6; traps 1, 8, 10, 43 to 55).

use crate::api::berlin;
use crate::clock::{clean, named};
use crate::database::on_both;
use crate::outlook::{self, id, set, text, title, titles};
use crate::world::{SERVICE, World};
use emulator::{Effect, FaultAction, Hook, Quirk, RequestInfo};
use serde_json::json;
use std::sync::{Arc, Mutex};
use wire::ews::{DistinguishedFolder as Folder, Property};

on_both!(
    a_write_whose_answer_is_lost_is_done_once,
    odd_answers_bring_no_writes,
    change_keys_that_move_whenever_an_item_is_read_hold_nothing_up,
    one_changed_field_is_one_field_on_the_wire,
    a_copy_made_by_a_person_is_a_record_of_its_own,
    what_is_taken_back_from_deleted_items_is_the_same_record_again,
);

const CALENDAR: &str = "my_calendar";

fn ride(subject: &str) -> wire::ews::Item {
    outlook::appointment(subject, "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z")
}

/// Every first request of ours with an operation is treated so, each once.
fn once_each(world: &World, operations: &'static [&'static str], action: FaultAction) {
    let left = Mutex::new(operations.to_vec());
    let hook = move |request: &RequestInfo| {
        let mut left = left.lock().expect("unpoisoned");
        let at = left.iter().position(|operation| *operation == request.operation)?;
        (request.account == SERVICE).then(|| {
            left.remove(at);
            action.clone()
        })
    };
    world.hq.on_request(Some(Arc::new(hook) as Hook));
}

fn gateway(status: u16, effect: Effect) -> FaultAction {
    FaultAction::Answer {
        status,
        content_type: "text/html".to_owned(),
        body: b"<html>Bad gateway</html>".to_vec(),
        effect,
    }
}

// E2, E6, traps 43, 44: whatever becomes of an answer, a record is made once and an edit arrives once.
async fn a_write_whose_answer_is_lost_is_done_once() {
    let operations = &["CreateItem", "UpdateItem", "DeleteItem"];
    for action in [
        FaultAction::Drop { effect: Effect::Done },
        FaultAction::Drop { effect: Effect::None },
        FaultAction::Truncate { keep: 300 },
        gateway(504, Effect::Done),
        gateway(503, Effect::None),
        gateway(500, Effect::Done),
    ] {
        let (world, anna, _) = World::with_two().await;
        let outlook = world.outlook(&anna);
        let gone = world.appointment(&anna, "Gone", "2026-09-29").await;
        let kept = world.appointment(&anna, "Kept", "2026-09-29").await;
        world.sync(&[&anna]).await;
        once_each(&world, operations, action.clone());
        world.delete(&anna, &format!("/api/crm/activities/{gone}")).await;
        world.edit_activity(&anna, &kept, json!({"location": "Attic"})).await;
        world.appointment(&anna, "New", "2026-09-30").await;
        let mut series = crate::api::appointment("Series", "2026-10-05");
        series["rule"] = json!({"pattern": "weekly", "interval": 1, "days": ["monday"], "count": 4});
        series["occurrences"] = json!([{"original_start": "2026-10-12T10:00:00", "state": "cancelled"}]);
        world.activity(&anna, series).await;
        for _ in 0..3 {
            world.cycle(&anna).await;
            world.pass_s(120);
        }
        world.hq.on_request(None);
        world.pass_s(3_600);
        clean(&world, &anna).await;
        let items = outlook.items(Folder::Calendar).await;
        assert_eq!(titles(&items), ["Kept", "New", "Series"], "{action:?}");
        let kept = items.iter().find(|item| title(item) == "Kept").expect("there");
        assert_eq!(kept.text(Property::Location), Some("Attic"));
        let series = items.iter().find(|item| title(item) == "Series").expect("there");
        assert_eq!(series.deleted_occurrences().len(), 1, "{action:?}");
        assert_eq!((world.view(&anna, CALENDAR).await.len(), outlook.count(Folder::DeletedItems)), (3, 1));
    }
}

// Traps 1, 10, 50: states refused, kinds of change nobody knows, and change keys that move bring no write.
async fn odd_answers_bring_no_writes() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    for n in 0..4 {
        world.appointment(&anna, &format!("C{n}"), "2026-09-29").await;
        outlook.make(Folder::Calendar, ride(&format!("P{n}"))).await;
        outlook.make(Folder::Tasks, outlook::task(&format!("T{n}"), "2026-09-29")).await;
    }
    let card = world.listed(&anna, "Berg").await;
    clean(&world, &anna).await;
    let before = (world.view(&anna, CALENDAR).await, world.hq.counters().writes_by(SERVICE));
    let odd = [
        Quirk::StateRefused,
        Quirk::UnknownElements,
        Quirk::ReadFlagChanges,
        Quirk::SevenDigitFractions,
        Quirk::ContentTypeWithoutCharset,
    ];
    for quirk in odd {
        world.hq.set_quirk(quirk, true);
        for _ in 0..2 {
            assert_eq!(world.cycle(&anna).await.writes(), 0, "{quirk:?}");
        }
        world.hq.set_quirk(quirk, false);
        assert_eq!(world.cycle(&anna).await.writes(), 0, "{quirk:?}");
    }
    assert_eq!((world.view(&anna, CALENDAR).await, world.hq.counters().writes_by(SERVICE)), before);
    world.hq.set_quirk(Quirk::MovesChangeKeyAfterWrite, true);
    let record = named(&world, &anna, "C0").await;
    world.edit_activity(&anna, record["id"].as_str().expect("an id"), json!({"location": "Attic"})).await;
    world.edit_contact(&anna, &card, json!({"job_title": "Chief"})).await;
    let reports = world.sync(&[&anna]).await;
    assert!(reports.iter().all(|report| report.conflicts == 0));
    let updates: u32 = reports.iter().map(|report| report.writes()).sum();
    assert_eq!(updates, 2, "each edit is written once");
}

// C1, C2, C4, trap 50: what an item says tells whether it is as planned where its change key tells nothing.
async fn change_keys_that_move_whenever_an_item_is_read_hold_nothing_up() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    world.hq.set_quirk(Quirk::MovesChangeKeyWhenRead, true);
    let [plan, gone] =
        [world.appointment(&anna, "Plan", "2026-09-29").await, world.appointment(&anna, "Gone", "2026-09-30").await];
    let call = world.activity(&anna, crate::api::to_do("Call", "2026-09-29")).await;
    let card = world.listed(&anna, "Berg").await;
    let mut series = crate::api::appointment("Series", "2026-10-05");
    series["rule"] = json!({"pattern": "weekly", "interval": 1, "days": ["monday"], "count": 6});
    series["occurrences"] = json!([{"original_start": "2026-10-12T10:00:00", "state": "cancelled"}]);
    let series = world.activity(&anna, series).await;
    let own = outlook.make(Folder::Calendar, ride("Own")).await;
    clean(&world, &anna).await;
    let (person, ours) = ("Body", "Attic");
    world
        .edit_activity(
            &anna,
            &plan,
            json!({"location": ours, "start": berlin("2026-09-29T15:00:00"), "end": berlin("2026-09-29T16:00:00")}),
        )
        .await;
    world.edit_activity(&anna, &call, json!({"body": "Ring first"})).await;
    world.edit_contact(&anna, &card, json!({"first_name": "Ida", "job_title": "Chief"})).await;
    world.edit_activity(&anna, &series, json!({"location": ours, "occurrences": [
        {"original_start": "2026-10-12T10:00:00", "state": "cancelled"},
        {"original_start": "2026-10-19T10:00:00", "start": berlin("2026-10-19T14:00:00"), "end": berlin("2026-10-19T15:00:00")},
    ]})).await;
    world.delete(&anna, &format!("/api/crm/activities/{gone}")).await;
    outlook.edit(&own, vec![set(Property::Location, text(person))]).await;
    let record = named(&world, &anna, "Own").await["id"].as_str().expect("an id").to_owned();
    world.edit_activity(&anna, &record, json!({"subject": "Ours"})).await;
    clean(&world, &anna).await;
    let items = outlook.items(Folder::Calendar).await;
    assert_eq!(titles(&items), ["Ours", "Plan", "Series"]);
    for (item, place) in items.iter().zip([person, ours, ours]) {
        assert_eq!(item.text(Property::Location), Some(place), "{}", title(item));
    }
    assert_eq!((items[2].deleted_occurrences().len(), items[2].modified_occurrences().len()), (1, 1));
    assert_eq!(world.read_activity(&anna, &record).await["location"], person);
    let contact = outlook.only(Folder::Contacts).await;
    assert_eq!((contact.text(Property::GivenName), contact.text(Property::JobTitle)), (Some("Ida"), Some("Chief")));
    assert_eq!((world.held(&anna).await.len(), outlook.count(Folder::DeletedItems)), (0, 1));
    for _ in 0..3 {
        world.pass_s(3_600);
        assert_eq!(world.cycle(&anna).await.writes(), 0, "at rest nothing is written");
    }
}

// C11, trap 55: the request that carries one changed field carries that field and our mark.
async fn one_changed_field_is_one_field_on_the_wire() {
    let (world, anna, _) = World::with_two().await;
    let mut body = crate::api::appointment("Plan", "2026-10-20");
    body["reminder"] = json!(15);
    body["body"] = json!("note");
    let plan = world.activity(&anna, body).await;
    let card = world.listed(&anna, "Berg").await;
    clean(&world, &anna).await;
    let sent: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = sent.clone();
    world.hq.on_request(Some(Arc::new(move |request: &RequestInfo| {
        if request.operation == "UpdateItem" && request.account == SERVICE {
            kept.lock().expect("unpoisoned").push(request.body.clone());
        }
        None
    })));
    world.edit_activity(&anna, &plan, json!({"location": "Attic"})).await;
    clean(&world, &anna).await;
    world.edit_contact(&anna, &card, json!({"job_title": "Chief"})).await;
    clean(&world, &anna).await;
    let sent = sent.lock().expect("unpoisoned").clone();
    assert_eq!(sent.len(), 2);
    for (request, field) in sent.iter().zip(["calendar:Location", "contacts:JobTitle"]) {
        assert!(request.contains(&format!(r#"FieldURI="{field}""#)), "{request}");
        let fields = request.matches("<t:SetItemField>").count() + request.matches("<t:DeleteItemField>").count();
        assert_eq!((fields, request.matches("<t:FieldURI ").count()), (3, 1), "the field and the two of our mark");
    }
}

// Trap 46: a person's copy is a record of its own.
async fn a_copy_made_by_a_person_is_a_record_of_its_own() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let plan = world.appointment(&anna, "Plan", "2026-09-29").await;
    let call = world.activity(&anna, crate::api::to_do("Call", "2026-09-29")).await;
    clean(&world, &anna).await;
    for (folder, view, record) in [(Folder::Calendar, CALENDAR, &plan), (Folder::Tasks, "my_to_dos", &call)] {
        let original = id(&outlook.only(folder).await);
        let copy = outlook.copy(folder, &original).await;
        outlook.edit(&copy, vec![set(Property::Subject, text("Copy"))]).await;
        world.pass_days(2);
        clean(&world, &anna).await;
        let all = world.view(&anna, view).await;
        assert_eq!(all.len(), 2, "{all:?}");
        outlook.edit(&original, vec![set(Property::Subject, text("Original"))]).await;
        clean(&world, &anna).await;
        assert_eq!(world.read_activity(&anna, record).await["subject"], "Original");
        let other =
            world.view(&anna, view).await.into_iter().find(|one| one["id"] != record.as_str()).expect("the copy");
        assert_eq!(other["subject"], "Copy");
        world.edit_activity(&anna, other["id"].as_str().expect("an id"), json!({"subject": "Mine"})).await;
        clean(&world, &anna).await;
        assert_eq!(title(&outlook.read(&copy).await.expect("there")), "Mine");
        assert_eq!(title(&outlook.read(&original).await.expect("there")), "Original");
        // Copied and the original taken away before anything was looked at: what is there no more is nowhere.
        outlook.copy(folder, &original).await;
        outlook.delete(&original).await;
        for _ in 0..2 {
            clean(&world, &anna).await;
            world.pass_days(2);
        }
        let all: Vec<String> = world.view(&anna, view).await.iter().map(|one| one["subject"].to_string()).collect();
        assert_eq!((all.len(), outlook.count(folder)), (2, 2), "{all:?}");
    }
}

// C4, trap 8: what comes back from Deleted Items is the record it was.
async fn what_is_taken_back_from_deleted_items_is_the_same_record_again() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let plan = world.appointment(&anna, "Plan", "2026-09-29").await;
    let call = world.activity(&anna, crate::api::to_do("Call", "2026-09-29")).await;
    let body = json!({"personal": true, "first_name": "Ida", "last_name": "Aunt", "email1": "aunt@out.test", "on_sync_list": true});
    let aunt = world.contact(&anna, body).await;
    clean(&world, &anna).await;
    let folders = [
        (Folder::Calendar, CALENDAR, &plan),
        (Folder::Tasks, "my_to_dos", &call),
        (Folder::Contacts, "my_personal_contacts", &aunt),
    ];
    for (folder, view, record) in folders {
        for _ in 0..2 {
            outlook.delete(&id(&outlook.only(folder).await)).await;
            clean(&world, &anna).await;
            assert!(world.view(&anna, view).await.is_empty());
            let deleted = id(&outlook.only(Folder::DeletedItems).await);
            let back = outlook.move_to(&deleted, folder).await;
            clean(&world, &anna).await;
            assert_eq!(world.only(&anna, view).await["id"], record.as_str());
            // It is worked on from then on.
            outlook
                .edit(&back, vec![set(Property::Categories, outlook::texts(&["Siebel Personal Contact", "Red"]))])
                .await;
            clean(&world, &anna).await;
            assert_eq!((world.view(&anna, view).await.len(), outlook.count(folder)), (1, 1));
        }
    }
    assert_eq!(outlook.count(Folder::DeletedItems), 0);
}
