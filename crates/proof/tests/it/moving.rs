//! A mailbox that moved to another server, at a level that writes no mark into it (rules M4, D1).

use crate::api::{id as id_of, to_do};
use crate::database::on_both;
use crate::matching::sum;
use crate::outlook::{self, id, set, text, title};
use crate::world::{Person, World};
use serde_json::json;
use store::Count;
use wire::ews::{DistinguishedFolder as Folder, Property};

on_both!(
    a_moved_mailbox_without_marks_is_linked_again_and_local_edits_stay_where_they_are,
    an_item_that_did_not_come_along_deletes_nothing_in_the_crm,
    questions_about_items_of_before_do_not_outlive_a_move,
    an_item_copied_on_the_new_server_before_it_was_found_there_stays_the_item,
);

/// Anna's mailbox comes in and nothing goes out.
async fn importing() -> (World, Person) {
    let (world, anna, _) = World::with_two().await;
    let levels = json!({"calendar": "import", "task": "import", "business_contact": "import"});
    world.levels(&anna, levels).await;
    (world, anna)
}

async fn move_to_branch(world: &World, who: &Person) {
    world.hq.move_mailbox(&who.address, &world.branch).expect("moved");
    world.mapping(who, json!({"connection": "branch", "confirm_mailbox": true})).await;
}

// M4, D1
async fn a_moved_mailbox_without_marks_is_linked_again_and_local_edits_stay_where_they_are() {
    let (world, anna) = importing().await;
    let outlook = world.outlook(&anna);
    for n in 0..3 {
        let item = outlook::appointment(&format!("Plan {n}"), "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z");
        outlook.make(Folder::Calendar, item).await;
        outlook.make(Folder::Tasks, outlook::task(&format!("Call {n}"), "2026-09-28")).await;
        let item = outlook::contact("Jan", &format!("Berg{n}"), &format!("jan{n}@out.test"), &["Siebel Contact"]);
        outlook.make(Folder::Contacts, item).await;
    }
    // Two that nobody can tell apart by what they say.
    for _ in 0..2 {
        outlook.make(Folder::Tasks, outlook::task("Twin", "2026-09-29")).await;
    }
    world.sync(&[&anna]).await;
    // Local edits in the CRM: of a plain field, and of fields that matching would go by.
    let of = |list: Vec<serde_json::Value>, field: &str, value: &str| {
        id_of(list.iter().find(|record| record[field] == value).expect("a record"))
    };
    let plan = of(world.view(&anna, "my_calendar").await, "subject", "Plan 0");
    world.edit_activity(&anna, &plan, json!({"location": "Only here", "subject": "Renamed"})).await;
    let call = of(world.view(&anna, "my_to_dos").await, "subject", "Call 0");
    world.edit_activity(&anna, &call, json!({"subject": "Renamed", "due_day": "2026-10-01"})).await;
    let berg = of(world.view(&anna, "my_contacts").await, "last_name", "Berg0");
    world.edit_contact(&anna, &berg, json!({"email1": "other@out.test", "job_title": "Local"})).await;
    world.sync(&[&anna]).await;
    move_to_branch(&world, &anna).await;
    let reports = world.sync(&[&anna]).await;
    assert_eq!((sum(&reports, Count::Created), sum(&reports, Count::Deleted)), (0, 0));
    assert_eq!(sum(&reports, Count::Updated), 0, "what was edited there stays there");
    let counts = async |view| world.view(&anna, view).await.len();
    assert_eq!((counts("my_calendar").await, counts("my_to_dos").await, counts("my_contacts").await), (3, 5, 3));
    let record = world.read_activity(&anna, &plan).await;
    assert_eq!((&record["location"], &record["subject"]), (&json!("Only here"), &json!("Renamed")));
    assert_eq!(world.read_contact(&anna, &berg).await["job_title"], "Local");
    // They are linked: what the mailbox changes comes in, also where the CRM had its own.
    let outlook = world.outlook(&anna);
    let item = outlook.items(Folder::Calendar).await.into_iter().find(|item| title(item) == "Plan 0").expect("Plan 0");
    outlook.edit(&id(&item), vec![set(Property::Location, text("Room 9"))]).await;
    world.sync(&[&anna]).await;
    let record = world.read_activity(&anna, &plan).await;
    assert_eq!((&record["location"], &record["subject"]), (&json!("Room 9"), &json!("Renamed")));
}

// M4: what did not come along is no delete.
async fn an_item_that_did_not_come_along_deletes_nothing_in_the_crm() {
    let (world, anna) = importing().await;
    let outlook = world.outlook(&anna);
    let item = outlook.make(Folder::Tasks, outlook::task("Stays behind", "2026-09-28")).await;
    outlook.make(Folder::Tasks, outlook::task("Comes along", "2026-09-28")).await;
    world.sync(&[&anna]).await;
    outlook.purge(&item).await;
    move_to_branch(&world, &anna).await;
    let reports = world.sync(&[&anna]).await;
    assert_eq!((sum(&reports, Count::Created), sum(&reports, Count::Deleted)), (0, 0));
    assert_eq!(world.view(&anna, "my_to_dos").await.len(), 2);
    // A later cycle thinks no otherwise, and new items are new.
    outlook_after(&world, &anna).await;
    assert_eq!(world.view(&anna, "my_to_dos").await.len(), 3);
}

async fn outlook_after(world: &World, anna: &Person) {
    world.outlook(anna).make(Folder::Tasks, outlook::task("New", "2026-09-30")).await;
    world.sync(&[anna]).await;
}

// M4, M1: questions about ids of before go with them, and are asked anew about the ids of now.
async fn questions_about_items_of_before_do_not_outlive_a_move() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    for first in ["Jan", "Kim"] {
        outlook.make(Folder::Contacts, outlook::contact(first, "Berg", "berg@out.test", &[])).await;
    }
    world.listed(&anna, "Berg").await;
    world.activity(&anna, to_do("Call", "2026-09-28")).await;
    world.sync(&[&anna]).await;
    let asked = world.held(&anna).await;
    assert_eq!(asked.len(), 1, "{asked:?}");
    move_to_branch(&world, &anna).await;
    world.sync(&[&anna]).await;
    let now = world.held(&anna).await;
    assert_eq!(now.len(), 1, "{now:?}");
    assert_ne!(now[0]["id"], asked[0]["id"]);
    let ids: Vec<String> = world.outlook(&anna).items(Folder::Contacts).await.iter().map(id).collect();
    let told = now[0].to_string();
    assert!(ids.iter().all(|id| told.contains(id)), "{told}");
}

// M4, trap 46: item and copy bear the same mark, and their ids tell nothing; the one made first is the item, and of one second
// the one that says what it said.
async fn an_item_copied_on_the_new_server_before_it_was_found_there_stays_the_item() {
    let (world, anna, _) = World::with_two().await;
    let subject = |n: usize| format!("Call {n}");
    let mut records = Vec::new();
    for n in 0..8 {
        records.push(world.activity(&anna, to_do(&subject(n), "2026-09-28")).await);
    }
    world.sync(&[&anna]).await;
    move_to_branch(&world, &anna).await;
    let outlook = world.outlook(&anna);
    let items = outlook.items(Folder::Tasks).await;
    for item in &items {
        let copy = outlook.copy(Folder::Tasks, &id(item)).await;
        outlook.edit(&copy, vec![set(Property::Subject, text(&format!("Copy of {}", title(item))))]).await;
    }
    world.sync(&[&anna]).await;
    assert_eq!(world.view(&anna, "my_to_dos").await.len(), 16, "each copy is a record of its own");
    for (n, record) in records.iter().enumerate() {
        assert_eq!(world.read_activity(&anna, record).await["subject"], json!(subject(n)));
    }
    for copy in outlook.items(Folder::Tasks).await.iter().filter(|item| title(item).starts_with("Copy")) {
        outlook.delete(&id(copy)).await;
    }
    world.sync(&[&anna]).await;
    assert_eq!(world.view(&anna, "my_to_dos").await.len(), 8, "a copy that goes takes no item's record along");
    for (n, record) in records.iter().enumerate() {
        assert_eq!(world.read_activity(&anna, record).await["subject"], json!(subject(n)));
    }
}
