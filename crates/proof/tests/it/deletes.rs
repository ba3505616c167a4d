//! What a delete means on the other side, and what outlives it (rules C4, C5, C6, C12).

use crate::api::appointment;
use crate::database::on_both;
use crate::outlook::{self, id, set, text, title};
use crate::world::World;
use serde_json::json;
use wire::ews::{DistinguishedFolder as Folder, Property};

on_both!(
    a_delete_on_one_side_deletes_what_the_other_side_did_not_touch,
    what_is_deleted_before_its_folder_ever_told_of_it_is_deleted,
    an_edit_outlives_a_delete,
    a_contact_made_anew_in_the_crm_while_its_copy_was_edited_is_not_made_once_more,
    the_delete_wins_where_it_is_set_so,
    a_change_key_that_moves_by_itself_saves_nothing_from_a_delete,
    a_business_contact_or_employee_deleted_in_the_mailbox_only_leaves_the_sync_list,
    a_personal_contact_deleted_in_the_mailbox_is_deleted_in_the_crm,
    a_meeting_deleted_by_its_owner_is_cancelled_and_by_a_participant_hidden_from_him,
    an_item_moved_to_another_folder_has_left_and_wakes_when_it_comes_back,
    what_retention_archives_is_not_deleted_in_the_crm,
    what_vanished_without_a_trace_is_a_delete_only_when_it_is_recent,
    a_dry_run_knows_an_item_that_was_moved_and_came_back,
);

// C4
async fn a_delete_on_one_side_deletes_what_the_other_side_did_not_touch() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let record = world.appointment(&anna, "Plan", "2026-09-28").await;
    let item = outlook::appointment("Ride", "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z");
    let item = outlook.make(Folder::Calendar, item).await;
    world.sync(&[&anna]).await;
    world.delete(&anna, &format!("/api/crm/activities/{record}")).await;
    outlook.delete(&item).await;
    world.sync(&[&anna]).await;
    assert_eq!((outlook.count(Folder::Calendar), world.view(&anna, "my_calendar").await.len()), (0, 0));
    assert_eq!(outlook.count(Folder::DeletedItems), 2, "ours is not gone for good either");
}

// C4, C6, trap 22: a folder never tells of an item that came by our write and went before it was asked again.
async fn what_is_deleted_before_its_folder_ever_told_of_it_is_deleted() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    world.sync(&[&anna]).await;
    let contact = world.listed(&anna, "Berg").await;
    world.appointment(&anna, "Plan", "2026-09-28").await;
    world.cycle(&anna).await;
    outlook.delete(&id(&outlook.only(Folder::Contacts).await)).await;
    outlook.delete(&id(&outlook.only(Folder::Calendar).await)).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.read_contact(&anna, &contact).await["on_sync_list"], false);
    assert_eq!(world.view(&anna, "my_calendar").await.len(), 0);
    assert_eq!((outlook.count(Folder::Contacts), outlook.count(Folder::Calendar)), (0, 0));
}

// C5
async fn an_edit_outlives_a_delete() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let deleted_here = world.appointment(&anna, "One", "2026-09-28").await;
    let deleted_there = world.appointment(&anna, "Two", "2026-09-29").await;
    world.sync(&[&anna]).await;
    let items = outlook.items(Folder::Calendar).await;
    let of = |name: &str| id(items.iter().find(|item| title(item) == name).expect("an item"));
    world.delete(&anna, &format!("/api/crm/activities/{deleted_here}")).await;
    outlook.edit(&of("One"), vec![set(Property::Location, text("Room 1"))]).await;
    world.edit_activity(&anna, &deleted_there, json!({"location": "Room 2"})).await;
    outlook.delete(&of("Two")).await;
    world.sync(&[&anna]).await;
    let places = |list: Vec<Option<String>>| {
        let mut list: Vec<String> = list.into_iter().flatten().collect();
        list.sort();
        list
    };
    let items = outlook.items(Folder::Calendar).await;
    let shown = items.iter().map(|item| item.text(Property::Location).map(str::to_owned)).collect();
    assert_eq!(places(shown), ["Room 1", "Room 2"]);
    let records = world.view(&anna, "my_calendar").await;
    let shown = records.iter().map(|record| record["location"].as_str().map(str::to_owned)).collect();
    assert_eq!(places(shown), ["Room 1", "Room 2"]);
}

// C5, M1, M3: the edit of a deleted contact asks for a record, and one stands there already that is the same person: who
// imports the CRM's contacts anew gives each another id.
async fn a_contact_made_anew_in_the_crm_while_its_copy_was_edited_is_not_made_once_more() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let before = world.listed(&anna, "Berg").await;
    world.sync(&[&anna]).await;
    let item = id(&outlook.only(Folder::Contacts).await);
    world.delete(&anna, &format!("/api/crm/contacts/{before}")).await;
    let anew = json!({"first_name": "Ida", "last_name": "Berg", "email1": "BERG@out.test", "department": "Sales"});
    let anew = world.contact(&anna, anew).await;
    outlook.edit(&item, vec![set(Property::Manager, text("Otto"))]).await;
    world.sync(&[&anna]).await;
    let record = world.only(&anna, "my_contacts").await;
    assert_eq!((&record["id"], &record["on_sync_list"]), (&json!(anew), &json!(true)), "{record}");
    let copy = outlook.only(Folder::Contacts).await;
    assert_eq!((id(&copy), copy.text(Property::Department)), (item, Some("Sales")));
    assert_eq!((copy.text(Property::Manager), copy.text(Property::JobTitle)), (Some("Otto"), Some("Buyer")));
    assert_eq!((&record["manager"], &record["job_title"]), (&json!("Otto"), &json!("Buyer")), "{record}");
    assert!(world.sync(&[&anna]).await.is_empty(), "and nothing is left to do");
}

// C5
async fn the_delete_wins_where_it_is_set_so() {
    let (world, anna, _) = World::with_two().await;
    world.settings(json!({"domains": {"calendar": {"delete_wins": true}}})).await;
    let outlook = world.outlook(&anna);
    let record = world.appointment(&anna, "One", "2026-09-28").await;
    world.sync(&[&anna]).await;
    outlook.edit(&id(&outlook.only(Folder::Calendar).await), vec![set(Property::Location, text("Room 1"))]).await;
    world.delete(&anna, &format!("/api/crm/activities/{record}")).await;
    world.sync(&[&anna]).await;
    assert_eq!((outlook.count(Folder::Calendar), world.view(&anna, "my_calendar").await.len()), (0, 0));
}

// C5: a server's own touch is no edit.
async fn a_change_key_that_moves_by_itself_saves_nothing_from_a_delete() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let record = world.appointment(&anna, "One", "2026-09-28").await;
    world.sync(&[&anna]).await;
    world.hq.touch(&anna.address, &id(&outlook.only(Folder::Calendar).await)).expect("there");
    world.delete(&anna, &format!("/api/crm/activities/{record}")).await;
    world.sync(&[&anna]).await;
    assert_eq!((outlook.count(Folder::Calendar), world.view(&anna, "my_calendar").await.len()), (0, 0));
}

// C6
async fn a_business_contact_or_employee_deleted_in_the_mailbox_only_leaves_the_sync_list() {
    let (world, anna, bob) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let record = world.listed(&anna, "Berg").await;
    world.enlist(&anna, &bob.id).await;
    world.sync(&[&anna]).await;
    for item in outlook.items(Folder::Contacts).await {
        outlook.delete(&id(&item)).await;
    }
    world.sync(&[&anna]).await;
    assert_eq!(world.read_contact(&anna, &record).await["on_sync_list"], false);
    assert!(world.list(&world.admin, &format!("/api/crm/sync-list/{}", bob.id)).await.is_empty());
    assert_eq!(outlook.count(Folder::Contacts), 0);
}

// C6
async fn a_personal_contact_deleted_in_the_mailbox_is_deleted_in_the_crm() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let item = outlook::contact("Ida", "Berg", "ida@out.test", &["Siebel Personal Contact"]);
    let item = outlook.make(Folder::Contacts, item).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.view(&anna, "my_personal_contacts").await.len(), 1);
    outlook.delete(&item).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.view(&anna, "my_personal_contacts").await.len(), 0);
}

// C6
async fn a_meeting_deleted_by_its_owner_is_cancelled_and_by_a_participant_hidden_from_him() {
    let (world, anna, bob) = World::with_two().await;
    let mut body = appointment("Plan", "2026-09-28");
    body["people"] = json!([{"employee": bob.id}]);
    let record = world.activity(&anna, body).await;
    world.sync(&[&anna, &bob]).await;
    let bobs = world.outlook(&bob).only(Folder::Calendar).await;
    world.outlook(&bob).delete(&id(&bobs)).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(world.view(&bob, "my_calendar").await.len(), 0);
    let still = world.only(&anna, "my_calendar").await;
    assert_ne!(still["cancelled"], json!(true));
    let person = still["people"].as_array().expect("people").iter().find(|p| p["employee"] == json!(bob.id)).cloned();
    assert_eq!(person.expect("still on it")["removed"], true, "the list of people is not written");
    let annas = world.outlook(&anna).only(Folder::Calendar).await;
    world.outlook(&anna).delete(&id(&annas)).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(world.read_activity(&anna, &record).await["cancelled"], true, "cancelled, not deleted");
}

// C12
async fn an_item_moved_to_another_folder_has_left_and_wakes_when_it_comes_back() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let record = world.appointment(&anna, "Plan", "2026-09-28").await;
    world.sync(&[&anna]).await;
    let item = id(&outlook.only(Folder::Calendar).await);
    let away = outlook.move_to(&item, Folder::Inbox).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.read_activity(&anna, &record).await["subject"], "Plan", "left is not deleted");
    assert_eq!(outlook.count(Folder::Calendar), 0, "and is not made again");
    world.edit_activity(&anna, &record, json!({"subject": "Plan B"})).await;
    world.sync(&[&anna]).await;
    assert_eq!(outlook.count(Folder::Calendar), 0);
    outlook.move_to(&away, Folder::Calendar).await;
    world.sync(&[&anna]).await;
    assert_eq!(title(&outlook.only(Folder::Calendar).await), "Plan B");
    assert_eq!(world.view(&anna, "my_calendar").await.len(), 1, "it is the same record");
}

// C12
async fn what_retention_archives_is_not_deleted_in_the_crm() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let record = world.appointment(&anna, "Plan", "2026-09-28").await;
    world.sync(&[&anna]).await;
    world.hq.archive_item(&anna.address, &id(&outlook.only(Folder::Calendar).await)).expect("archived");
    world.sync(&[&anna]).await;
    assert!(world.is_there(&anna, &format!("/api/crm/activities/{record}")).await);
}

// C12
async fn what_vanished_without_a_trace_is_a_delete_only_when_it_is_recent() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let old = world.appointment(&anna, "Old", "2026-08-03").await;
    let new = world.appointment(&anna, "New", "2026-09-28").await;
    world.sync(&[&anna]).await;
    for item in outlook.items(Folder::Calendar).await {
        outlook.purge(&id(&item)).await;
    }
    world.sync(&[&anna]).await;
    assert!(world.is_there(&anna, &format!("/api/crm/activities/{old}")).await, "long past: archived");
    assert!(!world.is_there(&anna, &format!("/api/crm/activities/{new}")).await, "newer: a delete");
}

// W1, M4, trap 7: what was moved away and back has another id; a dry run shows an edit of it, and nothing made or deleted.
async fn a_dry_run_knows_an_item_that_was_moved_and_came_back() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    world.appointment(&anna, "Plan", "2026-09-28").await;
    world.appointment(&anna, "Lunch", "2026-09-29").await;
    world.sync(&[&anna]).await;
    let items = outlook.items(Folder::Calendar).await;
    let mut back = Vec::new();
    for item in &items {
        let away = outlook.move_to(&id(item), Folder::Inbox).await;
        back.push(outlook.move_to(&away, Folder::Calendar).await);
    }
    outlook.edit(&back[0], vec![set(Property::Location, text("Lake"))]).await;
    let plan = world.get(&world.admin, "/api/admin/users/anna/plan").await;
    assert_eq!(plan["totals"], json!({"calendar.update_crm": 1}), "{plan}");
    let report = world.cycle(&anna).await;
    let did = |what: store::Count| -> u32 {
        report.counts.iter().filter(|((_, _, count), _)| *count == what).map(|(_, number)| number).sum()
    };
    assert_eq!((did(store::Count::Created), did(store::Count::Updated), did(store::Count::Deleted)), (0, 1, 0));
}
