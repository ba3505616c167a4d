//! Which activities cross: their display, their times, who is on them, filters and the window (rules D3, D4, D6, O7, O9).

use crate::api::{appointment, berlin, to_do};
use crate::database::on_both;
use crate::outlook::{self, id, set, text, texts, title, titles};
use crate::world::World;
use serde_json::json;
use wire::ews::{DistinguishedFolder as Folder, Property};

on_both!(
    the_display_decides_the_domain,
    a_changed_display_moves_the_item_and_for_neither_takes_it_away,
    without_both_times_an_activity_stays_and_a_linked_one_sleeps,
    a_to_do_goes_to_its_owner_and_each_employee_and_only_the_owner_deletes_it,
    an_employee_taken_off_a_to_do_loses_his_copy,
    only_the_owners_mailbox_completes_a_to_do,
    the_three_filters_hold_back_what_is_born_in_the_mailbox_and_add_up,
    a_private_item_shows_everybody_else_only_that_the_time_is_taken,
    what_ended_before_the_extract_start_stays_out_until_the_day_is_moved,
    what_left_the_window_is_deleted_on_one_side_alone_until_it_is_inside_again,
);

const CALENDAR: &str = "my_calendar";
const TO_DOS: &str = "my_to_dos";

// D3, O6
async fn the_display_decides_the_domain() {
    let (world, anna, _) = World::with_two().await;
    world.appointment(&anna, "Plan", "2026-09-28").await;
    world.activity(&anna, to_do("Call", "2026-09-28")).await;
    let mut neither = appointment("Note", "2026-09-28");
    neither["display"] = json!("Activities Only");
    world.activity(&anna, neither).await;
    let outlook = world.outlook(&anna);
    let item = outlook::appointment("Ride", "2026-09-29T08:00:00Z", "2026-09-29T09:00:00Z");
    outlook.make(Folder::Calendar, item).await;
    outlook.make(Folder::Tasks, outlook::task("Read", "2026-09-29")).await;
    world.sync(&[&anna]).await;
    assert_eq!(titles(&outlook.items(Folder::Calendar).await), ["Plan", "Ride"]);
    assert_eq!(titles(&outlook.items(Folder::Tasks).await), ["Call", "Read"]);
    let ride = world.view(&anna, CALENDAR).await.into_iter().find(|a| a["subject"] == "Ride").expect("Ride");
    assert_eq!(ride["display"], "Calendar and Activities");
    assert_eq!(ride["start"], berlin("2026-09-29T10:00:00"));
    let read = world.view(&anna, TO_DOS).await.into_iter().find(|a| a["subject"] == "Read").expect("Read");
    assert_eq!((&read["display"], &read["due_day"]), (&json!("To Do and Activities"), &json!("2026-09-29")));
}

// D3
async fn a_changed_display_moves_the_item_and_for_neither_takes_it_away() {
    let (world, anna, _) = World::with_two().await;
    let mut body = appointment("Plan", "2026-09-28");
    body["due_day"] = json!("2026-09-28");
    let record = world.activity(&anna, body).await;
    world.sync(&[&anna]).await;
    let outlook = world.outlook(&anna);
    assert_eq!(outlook.count(Folder::Calendar), 1);
    // What is changed in the item meanwhile goes with the record.
    let item = outlook::id(&outlook.only(Folder::Calendar).await);
    outlook.edit(&item, vec![outlook::set(Property::Subject, outlook::text("Plan B"))]).await;
    world.edit_activity(&anna, &record, json!({"display": "To Do and Activities"})).await;
    world.sync(&[&anna]).await;
    assert_eq!(outlook::title(&outlook.only(Folder::Tasks).await), "Plan B");
    let counts = || [Folder::Calendar, Folder::Tasks, Folder::DeletedItems].map(|folder| outlook.count(folder));
    assert_eq!(counts(), [0, 1, 1]);
    world.edit_activity(&anna, &record, json!({"display": "Activities Only"})).await;
    world.sync(&[&anna]).await;
    assert_eq!(counts(), [0, 0, 2]);
    assert_eq!(world.read_activity(&anna, &record).await["subject"], "Plan B", "the record stays");
}

// D4
async fn without_both_times_an_activity_stays_and_a_linked_one_sleeps() {
    let (world, anna, _) = World::with_two().await;
    let half = json!({"display": "Calendar and Activities", "subject": "Half", "start": berlin("2026-09-28T10:00:00")});
    let half = world.activity(&anna, half).await;
    let whole = world.appointment(&anna, "Whole", "2026-09-28").await;
    world.sync(&[&anna]).await;
    let outlook = world.outlook(&anna);
    let item = outlook.only(Folder::Calendar).await;
    assert_eq!(title(&item), "Whole");
    let path = format!("/api/admin/users/anna/explain?side=crm&kind=appointment&record={half}");
    let explained = world.get(&world.admin, &path).await.to_string();
    assert!(explained.contains("D4"), "{explained}");
    world.edit_activity(&anna, &whole, json!({"end": null, "subject": "Open"})).await;
    world.sync(&[&anna]).await;
    let kept = outlook.only(Folder::Calendar).await;
    assert_eq!((id(&kept), title(&kept)), (id(&item), "Whole"), "it keeps its item and sleeps");
    world.edit_activity(&anna, &whole, json!({"end": berlin("2026-09-28T12:00:00")})).await;
    world.sync(&[&anna]).await;
    let awake = outlook.only(Folder::Calendar).await;
    assert_eq!((title(&awake), outlook::at(&awake, Property::End)), ("Open", "2026-09-28T10:00:00Z".to_owned()));
}

// D6
async fn a_to_do_goes_to_its_owner_and_each_employee_and_only_the_owner_deletes_it() {
    let (world, anna, bob) = World::with_two().await;
    let mut body = to_do("Call", "2026-09-28");
    body["people"] = json!([{"employee": bob.id}]);
    let record = world.activity(&anna, body).await;
    world.sync(&[&anna, &bob]).await;
    let bobs = world.outlook(&bob).only(Folder::Tasks).await;
    assert_eq!(titles(&world.outlook(&anna).items(Folder::Tasks).await), ["Call"]);
    assert_eq!(title(&bobs), "Call");
    world.outlook(&bob).delete(&id(&bobs)).await;
    world.sync(&[&anna, &bob]).await;
    let left = world.read_activity(&anna, &record).await;
    let still = left["people"]
        .as_array()
        .expect("people")
        .iter()
        .any(|p| p["employee"] == json!(bob.id) && p["removed"] != true);
    assert!(!still, "taken off it: {left}");
    assert_eq!(world.outlook(&anna).count(Folder::Tasks), 1, "the record stays");
    let annas = id(&world.outlook(&anna).only(Folder::Tasks).await);
    world.outlook(&anna).delete(&annas).await;
    world.sync(&[&anna, &bob]).await;
    assert!(!world.is_there(&anna, &format!("/api/crm/activities/{record}")).await);
}

// D6
async fn an_employee_taken_off_a_to_do_loses_his_copy() {
    let (world, anna, bob) = World::with_two().await;
    let mut body = to_do("Call", "2026-09-28");
    body["people"] = json!([{"employee": bob.id}]);
    let record = world.activity(&anna, body).await;
    world.sync(&[&anna, &bob]).await;
    world.edit_activity(&anna, &record, json!({"people": []})).await;
    world.sync(&[&anna, &bob]).await;
    let bobs = world.outlook(&bob);
    assert_eq!((bobs.count(Folder::Tasks), bobs.count(Folder::DeletedItems)), (0, 1));
    assert_eq!(world.outlook(&anna).count(Folder::Tasks), 1);
}

// D6
async fn only_the_owners_mailbox_completes_a_to_do() {
    let (world, anna, bob) = World::with_two().await;
    let mut body = to_do("Call", "2026-09-28");
    body["people"] = json!([{"employee": bob.id}]);
    let record = world.activity(&anna, body).await;
    world.sync(&[&anna, &bob]).await;
    let done = || vec![set(Property::Status, text("Completed"))];
    let bobs = id(&world.outlook(&bob).only(Folder::Tasks).await);
    world.outlook(&bob).edit(&bobs, done()).await;
    world.sync(&[&anna, &bob]).await;
    assert_ne!(world.read_activity(&anna, &record).await["status"], "Done");
    let annas = id(&world.outlook(&anna).only(Folder::Tasks).await);
    world.outlook(&anna).edit(&annas, done()).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(world.read_activity(&anna, &record).await["status"], "Done");
}

// O7
async fn the_three_filters_hold_back_what_is_born_in_the_mailbox_and_add_up() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let at = |subject: &str| outlook::appointment(subject, "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z");
    let calendar = |patch| json!({"domains": {"calendar": patch}});
    world.settings(calendar(json!({"skip_private": true, "category_required": true}))).await;
    let signed = |item: wire::ews::Item| item.with(Property::Categories, texts(&["Siebel Calendar"]));
    let secret = |item: wire::ews::Item, word: &str| item.with(Property::Sensitivity, text(word));
    for item in [
        at("Plain"),
        signed(at("Signed")),
        secret(signed(at("Secret")), "Private"),
        secret(signed(at("Closed")), "Confidential"),
        secret(signed(at("Own")), "Personal"),
    ] {
        outlook.make(Folder::Calendar, item).await;
    }
    let crm = world.appointment(&anna, "Crm", "2026-09-29").await;
    world.edit_activity(&anna, &crm, json!({"private": true})).await;
    world.sync(&[&anna]).await;
    let mut seen: Vec<String> = world.view(&anna, CALENDAR).await.iter().map(|a| a["subject"].to_string()).collect();
    seen.sort();
    assert_eq!(seen, ["\"Crm\"", "\"Own\"", "\"Signed\""], "`Personal` is not private");
    assert_eq!(outlook.count(Folder::Calendar), 6, "what is born in the CRM goes out all the same");
    world.settings(calendar(json!({"skip_private": false, "category_required": false}))).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.view(&anna, CALENDAR).await.len(), 6, "the next cycle takes the setting up (L7)");
}

// O7
async fn a_private_item_shows_everybody_else_only_that_the_time_is_taken() {
    let (world, anna, bob) = World::with_two().await;
    let item = outlook::appointment("Doctor", "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z")
        .with(Property::Sensitivity, text("Private"))
        .with(Property::Location, text("Clinic"));
    world.outlook(&anna).make(Folder::Calendar, item).await;
    world.sync(&[&anna]).await;
    let own = world.only(&anna, CALENDAR).await;
    assert_eq!((&own["subject"], &own["private"]), (&json!("Doctor"), &json!(true)));
    let (status, others) = world.ask(&bob, "GET", &format!("/api/crm/activities/{}", crate::api::id(&own)), None).await;
    let others = others.to_string();
    assert!(!others.contains("Doctor") && !others.contains("Clinic"), "{status} {others}");
    let found = world.get(&bob, "/api/crm/search?q=Doctor").await.to_string();
    assert!(!found.contains("Doctor"), "{found}");
}

// O9
async fn what_ended_before_the_extract_start_stays_out_until_the_day_is_moved() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    world.appointment(&anna, "Old", "2026-05-04").await;
    world.appointment(&anna, "New", "2026-09-01").await;
    let item = outlook::appointment("Before", "2026-05-05T08:00:00Z", "2026-05-05T09:00:00Z");
    outlook.make(Folder::Calendar, item).await;
    outlook.make(Folder::Tasks, outlook::task("Late", "2026-05-05")).await;
    let open = wire::ews::Item::new(wire::ews::ItemKind::Task).with(Property::Subject, text("Someday"));
    outlook.make(Folder::Tasks, open).await;
    world.sync(&[&anna]).await;
    assert_eq!(titles(&outlook.items(Folder::Calendar).await), ["Before", "New"]);
    assert_eq!(world.view(&anna, CALENDAR).await.len(), 2);
    assert_eq!(world.only(&anna, TO_DOS).await["subject"], "Someday", "without a due date it is inside");
    // For her alone, as far back as there is anything.
    world.mapping(&anna, json!({"extract_start": {"day": "2026-01-01"}})).await;
    world.sync(&[&anna]).await;
    assert_eq!(titles(&outlook.items(Folder::Calendar).await), ["Before", "New", "Old"]);
    assert_eq!((world.view(&anna, CALENDAR).await.len(), world.view(&anna, TO_DOS).await.len()), (3, 2));
    // Moving the day deletes nothing.
    world.mapping(&anna, json!({"extract_start": {"day": "2026-09-15"}})).await;
    world.sync(&[&anna]).await;
    assert_eq!((outlook.count(Folder::Calendar), world.view(&anna, CALENDAR).await.len()), (3, 3));
}

// O9, O10: out of the window a delete goes nowhere, as an edit does not; inside again, it does.
async fn what_left_the_window_is_deleted_on_one_side_alone_until_it_is_inside_again() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    world.appointment(&anna, "Outlook deletes", "2026-09-01").await;
    let record = world.appointment(&anna, "The CRM deletes", "2026-09-02").await;
    world.activity(&anna, to_do("Outlook deletes", "2026-09-01")).await;
    world.sync(&[&anna]).await;
    world.mapping(&anna, json!({"extract_start": {"day": "2026-09-15"}})).await;
    world.sync(&[&anna]).await;
    let items = outlook.items(Folder::Calendar).await;
    let item = items.iter().find(|item| title(item) == "Outlook deletes").expect("the item");
    outlook.delete(&id(item)).await;
    outlook.delete(&id(&outlook.only(Folder::Tasks).await)).await;
    world.delete(&anna, &format!("/api/crm/activities/{record}")).await;
    for _ in 0..2 {
        world.sync(&[&anna]).await;
        assert_eq!(world.only(&anna, CALENDAR).await["subject"], "Outlook deletes");
        assert_eq!(world.view(&anna, TO_DOS).await.len(), 1);
        assert_eq!(titles(&outlook.items(Folder::Calendar).await), ["The CRM deletes"]);
    }
    world.mapping(&anna, json!({"extract_start": {"day": "2026-08-01"}})).await;
    world.sync(&[&anna]).await;
    assert_eq!((world.view(&anna, CALENDAR).await.len(), world.view(&anna, TO_DOS).await.len()), (0, 0));
    assert_eq!(outlook.count(Folder::Calendar), 0);
}
