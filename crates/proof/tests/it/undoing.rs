//! Putting back what the synchronisation did: shown first, guarded, braked, and undone itself (rule W3).

use crate::api::{appointment, to_do};
use crate::database::on_both;
use crate::outlook::{self, categories, id, set, text, title};
use crate::world::{Person, World};
use emulator::{Effect, FaultAction, RequestInfo};
use serde_json::{Value as Json, json};
use std::sync::{Arc, Mutex};
use store::Retention;
use wire::ews::{DistinguishedFolder as Folder, Property};

on_both!(
    a_change_is_shown_then_put_back_on_both_sides_and_the_undo_is_undone_itself,
    what_the_crm_changed_is_put_back_from_the_mailbox,
    what_a_person_changed_since_is_shown_and_left,
    a_cycle_that_the_history_does_not_know_is_not_said_to_be_undone,
    a_record_deleted_in_the_mailbox_comes_back_under_its_id_and_out_of_deleted_items,
    a_record_deleted_in_the_crm_comes_back_and_its_item_is_made_anew_when_nothing_is_left_of_it,
    what_was_made_is_taken_back_and_its_source_stays,
    a_copy_of_an_item_whose_record_was_taken_back_is_a_record_of_its_own,
    a_record_whose_item_shows_another_one_since_is_not_put_back_beside_it,
    the_overruled_value_of_a_conflict_is_put_back_with_one_action,
    everything_done_to_a_user_since_a_time_is_put_back_and_nothing_of_others,
    a_meeting_put_back_in_the_crm_is_followed_by_the_other_mailboxes,
    an_undo_that_passes_a_brake_waits_for_its_release,
    an_undo_counts_for_the_brake_over_all_users,
    where_deletions_are_forbidden_what_was_made_stays,
    who_was_taken_off_the_list_by_a_delete_is_on_it_again,
    after_the_retention_time_the_history_says_who_and_when_and_nothing_is_put_back,
    an_undo_names_what_it_means,
    a_delete_whose_answer_was_lost_is_told_and_can_be_put_back,
    a_guests_copy_is_not_put_back_without_its_owners_meeting,
);

/// What an undoing would write.
async fn shown(world: &World, what: Json) -> Json {
    world.made(&world.admin, "/api/admin/undo", what).await
}

/// Does it.
async fn undone(world: &World, mut what: Json) -> Json {
    what["do"] = json!(true);
    let done = world.made(&world.admin, "/api/admin/undo", what).await;
    world.no_mail_of_ours();
    done
}

fn lines(shown: &Json) -> Vec<Json> {
    shown["lines"].as_array().expect("lines").clone()
}

fn why(shown: &Json) -> Vec<&str> {
    shown["stays"].as_array().expect("a list").iter().map(|stays| stays["why"].as_str().expect("words")).collect()
}

/// Anna's appointment that was born in the CRM, with its copy.
async fn planned(world: &World, anna: &Person) -> (String, String) {
    let record = world.appointment(anna, "Plan", "2026-09-28").await;
    world.sync(&[anna]).await;
    (record, id(&world.outlook(anna).only(Folder::Calendar).await))
}

async fn subjects(world: &World, who: &Person, record: &str) -> (String, String) {
    let activity = world.read_activity(who, record).await;
    let item = world.outlook(who).only(Folder::Calendar).await;
    (activity["subject"].as_str().expect("a subject").to_owned(), title(&item).to_owned())
}

fn both(subject: &str) -> (String, String) {
    (subject.to_owned(), subject.to_owned())
}

// W3: planned (dry by default), and a cycle of the history that is undone as any other.
async fn a_change_is_shown_then_put_back_on_both_sides_and_the_undo_is_undone_itself() {
    let (world, anna, _) = World::with_two().await;
    let (record, item) = planned(&world, &anna).await;
    world.outlook(&anna).edit(&item, vec![set(Property::Subject, text("Changed"))]).await;
    world.sync(&[&anna]).await;
    assert_eq!(subjects(&world, &anna, &record).await, both("Changed"));
    let plan = shown(&world, json!({"record": record})).await;
    let [line] = lines(&plan).try_into().expect("one line");
    assert_eq!((&line["side"], &line["what"]), (&json!("crm"), &json!("update")));
    assert_eq!((&plan["cycle"], why(&plan).len()), (&json!(null), 0));
    assert!(world.sync(&[&anna]).await.is_empty(), "what was only shown wrote nothing");
    let done = undone(&world, json!({"record": record, "digest": plan["digest"]})).await;
    assert_eq!(world.read_activity(&anna, &record).await["subject"], "Plan");
    world.sync(&[&anna]).await;
    assert_eq!(subjects(&world, &anna, &record).await, both("Plan"));
    let told = world
        .list(&world.admin, &format!("/api/admin/history?cycle={}", done["cycle"].as_str().expect("a cycle")))
        .await;
    assert_eq!((told.len(), &told[0]["by"]), (1, &json!(world.admin.id)), "who asked stands in the history");
    let again = undone(&world, json!({"cycle": done["cycle"]})).await;
    assert_eq!(lines(&again).len(), 1);
    world.sync(&[&anna]).await;
    assert_eq!(subjects(&world, &anna, &record).await, both("Changed"));
}

// W3: what the synchronisation wrote in the mailbox goes back there, and the CRM follows.
async fn what_the_crm_changed_is_put_back_from_the_mailbox() {
    let (world, anna, _) = World::with_two().await;
    let (record, _) = planned(&world, &anna).await;
    world.edit_activity(&anna, &record, json!({"subject": "Changed", "location": "Room 1"})).await;
    world.sync(&[&anna]).await;
    let plan = shown(&world, json!({"record": record})).await;
    assert_eq!(lines(&plan)[0]["side"], "pim");
    undone(&world, json!({"record": record})).await;
    world.sync(&[&anna]).await;
    assert_eq!(subjects(&world, &anna, &record).await, both("Plan"));
    assert_eq!(world.read_activity(&anna, &record).await["location"], json!(null), "what was not there is not there");
    assert!(world.sync(&[&anna]).await.is_empty());
}

// W3: stale; a person's later edit is not overwritten, synchronised or not.
async fn what_a_person_changed_since_is_shown_and_left() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let (record, item) = planned(&world, &anna).await;
    let edits = vec![set(Property::Subject, text("Changed")), set(Property::Location, text("Room 1"))];
    outlook.edit(&item, edits).await;
    world.sync(&[&anna]).await;
    let cycle = lines(&shown(&world, json!({"record": record})).await)[0]["cycle"].clone();
    let history = world.list(&world.admin, "/api/admin/history").await;
    let of = history.iter().find(|line| line["what"] == "update").expect("an update")["cycle"].clone();
    assert_ne!(cycle, of, "what is shown is no cycle of the history yet");
    world.edit_activity(&anna, &record, json!({"subject": "Anna's"})).await;
    let plan = shown(&world, json!({"cycle": of})).await;
    assert_eq!(lines(&plan)[0]["after"].as_object().expect("paths").keys().collect::<Vec<_>>(), ["location"]);
    assert!(why(&plan)[0].contains("changed it since"), "{plan}");
    world.sync(&[&anna]).await;
    let plan = undone(&world, json!({"cycle": of})).await;
    assert!(why(&plan)[0].contains("changed it since"), "{plan}");
    world.sync(&[&anna]).await;
    assert_eq!(subjects(&world, &anna, &record).await, both("Anna's"));
    assert_eq!(world.read_activity(&anna, &record).await["location"], json!(null));
}

// W3, C4: the record under its id, the item the same one.
async fn a_record_deleted_in_the_mailbox_comes_back_under_its_id_and_out_of_deleted_items() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let (record, item) = planned(&world, &anna).await;
    outlook.edit(&item, vec![set(Property::Categories, outlook::texts(&["Sailing"]))]).await;
    world.sync(&[&anna]).await;
    outlook.delete(&item).await;
    world.sync(&[&anna]).await;
    assert!(!world.is_there(&anna, &format!("/api/crm/activities/{record}")).await);
    undone(&world, json!({"record": record})).await;
    world.sync(&[&anna]).await;
    assert_eq!(subjects(&world, &anna, &record).await, both("Plan"));
    assert_eq!((outlook.count(Folder::Calendar), outlook.count(Folder::DeletedItems)), (1, 0));
    assert_eq!(categories(&outlook.only(Folder::Calendar).await), ["Sailing"]);
    assert_eq!(world.view(&anna, "my_calendar").await.len(), 1);
    world.edit_activity(&anna, &record, json!({"location": "Room 2"})).await;
    world.sync(&[&anna]).await;
    assert_eq!(outlook.only(Folder::Calendar).await.text(Property::Location), Some("Room 2"), "linked as ever");
}

// W3
async fn a_record_deleted_in_the_crm_comes_back_and_its_item_is_made_anew_when_nothing_is_left_of_it() {
    for purged in [false, true] {
        let (world, anna, _) = World::with_two().await;
        let outlook = world.outlook(&anna);
        let record = world.activity(&anna, to_do("Call", "2026-09-28")).await;
        world.sync(&[&anna]).await;
        world.delete(&anna, &format!("/api/crm/activities/{record}")).await;
        world.sync(&[&anna]).await;
        assert_eq!((outlook.count(Folder::Tasks), outlook.count(Folder::DeletedItems)), (0, 1));
        if purged {
            outlook.purge(&id(&outlook.only(Folder::DeletedItems).await)).await;
        }
        let done = undone(&world, json!({"record": record})).await;
        assert_eq!(lines(&done)[0]["what"], if purged { "create" } else { "restore" });
        world.sync(&[&anna]).await;
        assert_eq!((outlook.count(Folder::Tasks), outlook.count(Folder::DeletedItems)), (1, 0));
        assert_eq!(world.only(&anna, "my_activities").await["subject"], "Call");
        assert_eq!(world.read_activity(&anna, &record).await["due_day"], "2026-09-28", "under its id");
        // Asked for once more it finds everything as it was.
        assert!(
            lines(&undone(&world, json!({"record": record, "since": "2026-09-21T08:00:00Z", "user": "anna"})).await)
                .iter()
                .all(|line| line["what"] != "create" && line["what"] != "restore")
        );
    }
}

// W3: the copy goes, its source stays, and nothing makes the copy again until its source is edited.
async fn what_was_made_is_taken_back_and_its_source_stays() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    outlook.make(Folder::Calendar, outlook::appointment("Ride", "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z")).await;
    let task = world.activity(&anna, to_do("Call", "2026-09-28")).await;
    world.sync(&[&anna]).await;
    let ride = crate::api::id(&world.only(&anna, "my_calendar").await);
    undone(&world, json!({"record": ride})).await;
    undone(&world, json!({"record": task})).await;
    world.sync(&[&anna]).await;
    assert_eq!((world.view(&anna, "my_calendar").await.len(), outlook.count(Folder::Calendar)), (0, 1));
    assert_eq!((world.view(&anna, "my_activities").await.len(), outlook.count(Folder::Tasks)), (1, 0));
    assert_eq!(outlook.count(Folder::DeletedItems), 1, "the task's copy");
    outlook.edit(&id(&outlook.only(Folder::Calendar).await), vec![set(Property::Location, text("Room 1"))]).await;
    world.edit_activity(&anna, &task, json!({"subject": "Call back"})).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.only(&anna, "my_calendar").await["location"], "Room 1");
    assert_eq!(title(&outlook.only(Folder::Tasks).await), "Call back");
}

// W3, M4, trap 46: who copies an item copies our mark with it, and the record that it names is not the copy's.
async fn a_copy_of_an_item_whose_record_was_taken_back_is_a_record_of_its_own() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    outlook.make(Folder::Calendar, outlook::appointment("Ride", "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z")).await;
    world.sync(&[&anna]).await;
    let ride = crate::api::id(&world.only(&anna, "my_calendar").await);
    let item = id(&outlook.only(Folder::Calendar).await);
    undone(&world, json!({"record": ride})).await;
    world.sync(&[&anna]).await;
    let copy = outlook.copy(Folder::Calendar, &item).await;
    outlook.edit(&copy, vec![set(Property::Subject, text("Walk"))]).await;
    world.sync(&[&anna]).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.only(&anna, "my_calendar").await["subject"], "Walk");
    assert_eq!(title(&outlook.read(&item).await.expect("it stays")), "Ride");
    // Edited, its own record is made again, and the copy's stays the copy's.
    outlook.edit(&item, vec![set(Property::Location, text("Room 1"))]).await;
    world.sync(&[&anna]).await;
    world.sync(&[&anna]).await;
    let all = world.view(&anna, "my_calendar").await;
    let mut said: Vec<(String, bool)> =
        all.iter().map(|one| (one["subject"].to_string(), one["location"] == "Room 1")).collect();
    said.sort();
    assert_eq!(said, [("\"Ride\"".to_owned(), true), ("\"Walk\"".to_owned(), false)]);
    assert_eq!(outlook.count(Folder::Calendar), 2);
}

// W3: its owner made its item a new record since; the old one beside it would be a double.
async fn a_record_whose_item_shows_another_one_since_is_not_put_back_beside_it() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    outlook.make(Folder::Calendar, outlook::appointment("Ride", "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z")).await;
    world.sync(&[&anna]).await;
    let ride = crate::api::id(&world.only(&anna, "my_calendar").await);
    let taken = undone(&world, json!({"record": ride})).await;
    world.sync(&[&anna]).await;
    outlook.edit(&id(&outlook.only(Folder::Calendar).await), vec![set(Property::Location, text("Room 1"))]).await;
    world.sync(&[&anna]).await;
    world.sync(&[&anna]).await;
    let cycle = lines(&taken)[0]["cycle"].as_str().expect("a cycle").to_owned();
    for _ in 0..2 {
        let again = undone(&world, json!({"cycle": cycle})).await;
        assert!(lines(&again).is_empty(), "{again}");
        world.sync(&[&anna]).await;
        world.sync(&[&anna]).await;
        assert_eq!(world.only(&anna, "my_calendar").await["location"], "Room 1");
        assert_eq!(outlook.count(Folder::Calendar), 1);
    }
}

// C3
async fn the_overruled_value_of_a_conflict_is_put_back_with_one_action() {
    let (world, anna, _) = World::with_two().await;
    let (record, item) = planned(&world, &anna).await;
    world.edit_activity(&anna, &record, json!({"subject": "The CRM's"})).await;
    world.outlook(&anna).edit(&item, vec![set(Property::Subject, text("The mailbox's"))]).await;
    world.sync(&[&anna]).await;
    assert_eq!(subjects(&world, &anna, &record).await, both("The CRM's"));
    undone(&world, json!({"record": record})).await;
    world.sync(&[&anna]).await;
    assert_eq!(subjects(&world, &anna, &record).await, both("The mailbox's"));
}

// W3
async fn everything_done_to_a_user_since_a_time_is_put_back_and_nothing_of_others() {
    let (world, anna, bob) = World::with_two().await;
    let (record, item) = planned(&world, &anna).await;
    let (theirs, other) = planned(&world, &bob).await;
    world.pass_s(3600);
    let since = world.services.clock.now().to_string();
    for subject in ["First", "Second"] {
        world.outlook(&anna).edit(&item, vec![set(Property::Subject, text(subject))]).await;
        world.outlook(&bob).edit(&other, vec![set(Property::Subject, text(subject))]).await;
        world.sync(&[&anna, &bob]).await;
    }
    world.outlook(&anna).make(Folder::Tasks, outlook::task("Call", "2026-09-28")).await;
    world.sync(&[&anna]).await;
    let done = undone(&world, json!({"user": "anna", "since": since})).await;
    assert_eq!(lines(&done).len(), 2, "{done}");
    world.sync(&[&anna, &bob]).await;
    assert_eq!(subjects(&world, &anna, &record).await, both("Plan"), "what stood there at the time");
    assert_eq!(subjects(&world, &bob, &theirs).await, both("Second"));
    let activities = world.view(&anna, "my_activities").await;
    assert!(activities.iter().all(|activity| activity["subject"] != "Call"), "what was made is taken back");
    assert_eq!(world.outlook(&anna).count(Folder::Tasks), 1);
}

// W3, P1: one record, many mailboxes.
async fn a_meeting_put_back_in_the_crm_is_followed_by_the_other_mailboxes() {
    let (world, anna, bob) = World::with_two().await;
    let mut body = appointment("Plan", "2026-09-28");
    body["people"] = json!([{"employee": bob.id}]);
    let record = world.activity(&anna, body).await;
    world.sync(&[&anna, &bob]).await;
    let item = id(&world.outlook(&anna).only(Folder::Calendar).await);
    world.outlook(&anna).edit(&item, vec![set(Property::Subject, text("Changed"))]).await;
    world.sync(&[&anna, &bob]).await;
    let copy = world.outlook(&bob).only(Folder::Calendar).await;
    assert!(title(&copy).ends_with("Changed"), "{}", title(&copy));
    let done = undone(&world, json!({"record": record})).await;
    assert_eq!(lines(&done).len(), 1, "the others follow: {done}");
    world.sync(&[&anna, &bob]).await;
    assert_eq!(subjects(&world, &anna, &record).await, both("Plan"));
    let copy = world.outlook(&bob).only(Folder::Calendar).await;
    assert!(title(&copy).ends_with("Plan"), "{}", title(&copy));
}

// C8: it is counted, and needs a release by its digest.
async fn an_undo_that_passes_a_brake_waits_for_its_release() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let since = world.services.clock.now().to_string();
    let item = |n| outlook::appointment(&format!("Plan {n}"), "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z");
    outlook.make_many(Folder::Calendar, (0..11).map(item).collect()).await;
    world.sync(&[&anna]).await;
    let what = json!({"user": "anna", "since": since});
    let plan = shown(&world, what.clone()).await;
    assert_eq!((lines(&plan).len(), plan["brakes"].as_array().map(Vec::len)), (11, Some(1)));
    let mut asked = what.clone();
    asked["do"] = json!(true);
    let (status, refused) = world.ask(&world.admin, "POST", "/api/admin/undo", Some(&asked)).await;
    assert_eq!((status, &refused["error"]["code"]), (409, &json!("braked")), "{refused}");
    assert_eq!(world.view(&anna, "my_calendar").await.len(), 11);
    asked["release"] = json!("another");
    let (status, refused) = world.ask(&world.admin, "POST", "/api/admin/undo", Some(&asked)).await;
    assert_eq!((status, &refused["error"]["code"]), (409, &json!("plan_changed")), "{refused}");
    asked["release"] = plan["digest"].clone();
    undone(&world, asked).await;
    world.sync(&[&anna]).await;
    assert_eq!((world.view(&anna, "my_calendar").await.len(), outlook.count(Folder::Calendar)), (0, 11));
}

// C8: the brake over all users counts deletes of one side, by number and by users.
async fn an_undo_counts_for_the_brake_over_all_users() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let since = world.services.clock.now().to_string();
    let item = |n| outlook::appointment(&format!("Plan {n}"), "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z");
    outlook.make_many(Folder::Calendar, (0..3).map(item).collect()).await;
    world.sync(&[&anna]).await;
    let what = json!({"user": "anna", "since": since});
    assert_eq!(shown(&world, what.clone()).await["brakes"], json!([]));
    world.settings(json!({"brakes": {"all_deletes": 2}})).await;
    let plan = shown(&world, what.clone()).await;
    assert!(plan["brakes"][0].as_str().is_some_and(|why| why.contains("over all users")), "{plan}");
    world.settings(json!({"brakes": {"all_deletes": 100, "all_users": 0, "all_users_percent": 40}})).await;
    let plan = shown(&world, what).await;
    assert!(plan["brakes"][0].as_str().is_some_and(|why| why.contains("at 1 of 2 users")), "{plan}");
    assert_eq!(plan["brakes"].as_array().map(Vec::len), Some(1), "the side that loses nothing is not counted");
}

// C7
async fn where_deletions_are_forbidden_what_was_made_stays() {
    let (world, anna, _) = World::with_two().await;
    let (record, _) = planned(&world, &anna).await;
    world.settings(json!({"domains": {"calendar": {"no_deletes": ["pim"]}}})).await;
    let plan = undone(&world, json!({"record": record})).await;
    assert!(why(&plan)[0].contains("C7"), "{plan}");
    world.settings(json!({"domains": {"calendar": {"no_deletes": []}}})).await;
    world.levels(&anna, json!({"calendar": "none"})).await;
    let plan = undone(&world, json!({"record": record})).await;
    assert!(why(&plan)[0].contains("level"), "L2: {plan}");
    assert_eq!(world.outlook(&anna).count(Folder::Calendar), 1);
}

// C6, O1
async fn who_was_taken_off_the_list_by_a_delete_is_on_it_again() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let record = world.listed(&anna, "Berg").await;
    world.sync(&[&anna]).await;
    outlook.delete(&id(&outlook.only(Folder::Contacts).await)).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.read_contact(&anna, &record).await["on_sync_list"], false);
    let done = undone(&world, json!({"record": record})).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.read_contact(&anna, &record).await["on_sync_list"], true);
    assert_eq!((outlook.count(Folder::Contacts), outlook.count(Folder::DeletedItems)), (1, 0), "the same copy");
    let explained =
        world.get(&world.admin, &format!("/api/admin/users/anna/explain?side=crm&kind=contact&record={record}")).await;
    assert!(explained["text"].to_string().contains("an undo of that cycle"), "W2: {explained}");
    assert_ne!(done["cycle"], json!(null));
}

// W3
async fn after_the_retention_time_the_history_says_who_and_when_and_nothing_is_put_back() {
    let (world, anna, _) = World::with_two().await;
    let (record, item) = planned(&world, &anna).await;
    world.outlook(&anna).edit(&item, vec![set(Property::Subject, text("Changed"))]).await;
    world.sync(&[&anna]).await;
    world.pass_days(89);
    let swept = |world: &World| {
        let (store, now) = (world.services.store.clone(), world.services.clock.now());
        async move { store.purge(now, &Retention::default()).await.expect("swept") }
    };
    swept(&world).await;
    assert_eq!(lines(&shown(&world, json!({"record": record})).await).len(), 1, "kept for 90 days");
    world.pass_days(2);
    assert!(swept(&world).await.reduced > 0);
    let plan = undone(&world, json!({"record": record})).await;
    assert_eq!(lines(&plan).len(), 0);
    assert!(why(&plan)[0].contains("history does not hold"), "{plan}");
    let told = world.list(&world.admin, &format!("/api/admin/history?side=crm&record={record}")).await;
    assert!(
        told.iter().any(|line| line["what"] == "update" && line["before"] == json!({}) && line["at"] != json!(null))
    );
    assert_eq!(subjects(&world, &anna, &record).await, both("Changed"));
}

// E3
async fn an_undo_names_what_it_means() {
    let (world, _, _) = World::with_two().await;
    for (what, field) in [
        (json!({}), "record"),
        (json!({"user": "anna"}), "since"),
        (json!({"since": "yesterday", "user": "anna"}), "since"),
        (json!({"record": "X", "digest": "d"}), "digest"),
    ] {
        let (status, refused) = world.ask(&world.admin, "POST", "/api/admin/undo", Some(&what)).await;
        assert_eq!(status, 422, "{refused}");
        assert!(refused.to_string().contains(field), "{refused}");
    }
    let (status, _) = world.ask(&world.admin, "POST", "/api/admin/undo", Some(&json!({"record": "X"}))).await;
    assert_eq!(status, 404);
}

// W3, E3
async fn a_cycle_that_the_history_does_not_know_is_not_said_to_be_undone() {
    let (world, _, _) = World::with_two().await;
    for really in [false, true] {
        let asked = json!({"cycle": "3f0c", "do": really});
        let (status, told) = world.ask(&world.admin, "POST", "/api/admin/undo", Some(&asked)).await;
        assert_eq!((status, &told["error"]["code"]), (404, &json!("not_found")), "{told}");
        assert!(told.to_string().contains("no cycle 3f0c"), "{told}");
    }
}

// W3, E2: the server did it, and its answer never came: the history tells it like any other.
async fn a_delete_whose_answer_was_lost_is_told_and_can_be_put_back() {
    let (world, anna, _) = World::with_two().await;
    let (record, _) = planned(&world, &anna).await;
    world.delete(&anna, &format!("/api/crm/activities/{record}")).await;
    let left = Mutex::new(true);
    world.hq.on_request(Some(Arc::new(move |request: &RequestInfo| {
        let hit = request.operation == "DeleteItem" && std::mem::take(&mut *left.lock().expect("unpoisoned"));
        hit.then_some(FaultAction::Drop { effect: Effect::Done })
    })));
    for _ in 0..3 {
        world.pass_s(3600);
        world.cycle(&anna).await;
    }
    world.hq.on_request(None);
    assert_eq!(world.outlook(&anna).count(Folder::Calendar), 0);
    let told = world.list(&world.admin, &format!("/api/admin/history?side=crm&record={record}")).await;
    let deleted: Vec<&Json> = told.iter().filter(|line| line["what"] == "delete").collect();
    let [line] = deleted.as_slice() else { panic!("once: {told:?}") };
    assert_eq!((&line["side"], &line["form"]), (&json!("pim"), &json!("own")));
    assert_eq!(line["before"]["subject"], json!("Plan"), "{line}");
    undone(&world, json!({"record": record})).await;
    world.sync(&[&anna]).await;
    assert_eq!(title(&world.outlook(&anna).only(Folder::Calendar).await), "Plan");
    assert_eq!(world.view(&anna, "my_calendar").await.len(), 1);
}

// W3, P5: a guest's copy belongs to its owner's meeting; alone it would come in as a meeting of the guest's own.
async fn a_guests_copy_is_not_put_back_without_its_owners_meeting() {
    let (world, anna, bob) = World::with_two().await;
    let mut body = appointment("Kick-off", "2026-09-28");
    body["people"] = json!([{"employee": bob.id}]);
    let meeting = world.activity(&anna, body).await;
    world.sync(&[&anna, &bob]).await;
    world.delete(&anna, &format!("/api/crm/activities/{meeting}")).await;
    world.sync(&[&anna, &bob]).await;
    let wish = json!({"record": meeting, "user": bob.login});
    let plan = shown(&world, wish.clone()).await;
    assert_eq!(lines(&plan), Vec::<Json>::new());
    assert!(why(&plan)[0].contains("put it back with its owner"), "{plan}");
    undone(&world, json!({"record": meeting, "user": anna.login})).await;
    world.sync(&[&anna, &bob]).await;
    for who in [&anna, &bob] {
        assert_eq!(world.outlook(who).count(Folder::Calendar), 1);
        assert_eq!(world.view(who, "my_calendar").await.len(), 1);
    }
}
