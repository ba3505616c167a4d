//! Two contacts merged, in the CRM and in Outlook (rules M5, M1).

use crate::database::on_both;
use crate::matching::sum;
use crate::outlook::{self, categories, id, set, text, texts, title};
use crate::world::{Person, World};
use serde_json::json;
use store::Count;
use wire::ews::{DistinguishedFolder as Folder, Property};

on_both!(
    the_link_of_a_merged_contact_moves_to_the_survivor,
    who_has_copies_of_both_keeps_the_older_one,
    a_survivor_merged_in_turn_keeps_the_link_too,
    what_was_just_changed_in_the_copy_that_goes_is_told,
    a_double_that_outlasts_the_linked_item_is_the_same_contact,
);

/// Merges the second contact into the first, as the API does.
async fn merge(world: &World, who: &Person, survivor: &str, loser: &str) {
    let version = async |id: &str| world.read_contact(who, id).await["version"].clone();
    let body = json!({
        "version": version(survivor).await,
        "loser": loser,
        "loser_version": version(loser).await,
    });
    world.done(who, "POST", &format!("/api/crm/contacts/{survivor}/merge"), Some(&body)).await;
}

// M5
async fn the_link_of_a_merged_contact_moves_to_the_survivor() {
    let (world, anna, _) = World::with_two().await;
    let survivor = world.contact(&anna, json!({"first_name": "Ida", "last_name": "Bergmann"})).await;
    let loser = world.listed(&anna, "Berg").await;
    world.sync(&[&anna]).await;
    let outlook = world.outlook(&anna);
    let item = id(&outlook.only(Folder::Contacts).await);
    outlook.edit(&item, vec![set(Property::Categories, texts(&["Siebel Contact", "Sailing"]))]).await;
    world.sync(&[&anna]).await;
    outlook.edit(&item, vec![set(Property::Department, text("Sales"))]).await;
    merge(&world, &anna, &survivor, &loser).await;
    let reports = world.sync(&[&anna]).await;
    assert_eq!((sum(&reports, Count::Created), sum(&reports, Count::Deleted)), (0, 0));
    let copy = outlook.only(Folder::Contacts).await;
    assert_eq!(
        (id(&copy), title(&copy), categories(&copy)),
        (item.clone(), "Bergmann", vec!["Siebel Contact", "Sailing"])
    );
    let record = world.read_contact(&anna, &survivor).await;
    assert_eq!((&record["on_sync_list"], &record["department"]), (&json!(true), &json!("Sales")));
    assert_eq!(record["email1"], "berg@out.test", "what the survivor left blank");
    // And it is a link like any other.
    world.edit_contact(&anna, &survivor, json!({"job_title": "Chief"})).await;
    world.sync(&[&anna]).await;
    assert_eq!(outlook.only(Folder::Contacts).await.text(Property::JobTitle), Some("Chief"));
    assert_eq!(outlook.count(Folder::DeletedItems), 0);
}

// M5
async fn who_has_copies_of_both_keeps_the_older_one() {
    for survivor_first in [true, false] {
        let (world, anna, bob) = World::with_two().await;
        let outlook = world.outlook(&anna);
        let older = world.listed(&anna, "Older").await;
        world.sync(&[&anna]).await;
        let kept = id(&outlook.only(Folder::Contacts).await);
        world.pass_s(3600);
        let newer = world.listed(&anna, "Newer").await;
        world.sync(&[&anna]).await;
        assert_eq!(outlook.count(Folder::Contacts), 2);
        let (survivor, loser) = if survivor_first { (&older, &newer) } else { (&newer, &older) };
        // Bob has one of them only.
        let team = json!([{"employee": anna.id}, {"employee": bob.id}]);
        world.edit_contact(&anna, loser, json!({"team": team})).await;
        world.enlist(&bob, loser).await;
        world.sync(&[&anna, &bob]).await;
        merge(&world, &anna, survivor, loser).await;
        let reports = world.sync(&[&anna, &bob]).await;
        assert_eq!((sum(&reports, Count::Created), sum(&reports, Count::Deleted)), (0, 1), "{survivor_first}");
        let copy = outlook.only(Folder::Contacts).await;
        let name = if survivor_first { "Older" } else { "Newer" };
        assert_eq!((id(&copy), title(&copy)), (kept, name), "{survivor_first}");
        assert_eq!(outlook.count(Folder::DeletedItems), 1);
        let bobs = world.outlook(&bob);
        assert_eq!((title(&bobs.only(Folder::Contacts).await), bobs.count(Folder::DeletedItems)), (name, 0));
        world.edit_contact(&anna, survivor, json!({"job_title": "Chief"})).await;
        world.sync(&[&anna, &bob]).await;
        assert_eq!(outlook.only(Folder::Contacts).await.text(Property::JobTitle), Some("Chief"));
    }
}

// M5, C3: what was changed in either copy before anybody looked: the one that stays is merged, the other's is told.
async fn what_was_just_changed_in_the_copy_that_goes_is_told() {
    for survivor_first in [true, false] {
        let (world, anna, _) = World::with_two().await;
        let outlook = world.outlook(&anna);
        let older = world.listed(&anna, "Older").await;
        world.sync(&[&anna]).await;
        let kept = id(&outlook.only(Folder::Contacts).await);
        world.pass_s(3600);
        let newer = world.listed(&anna, "Newer").await;
        world.sync(&[&anna]).await;
        for item in outlook.items(Folder::Contacts).await {
            let mine = if id(&item) == kept { Property::Department } else { Property::Manager };
            outlook.edit(&id(&item), vec![set(mine, text("Just now"))]).await;
        }
        let (survivor, loser) = if survivor_first { (&older, &newer) } else { (&newer, &older) };
        merge(&world, &anna, survivor, loser).await;
        world.sync(&[&anna]).await;
        assert_eq!((id(&outlook.only(Folder::Contacts).await), outlook.count(Folder::DeletedItems)), (kept, 1));
        assert_eq!(world.read_contact(&anna, survivor).await["department"], "Just now");
        let history = world.list(&world.admin, "/api/admin/history?user=anna").await;
        let told: Vec<_> = history.iter().filter(|line| line["overruled"]["manager"] == "Just now").collect();
        assert_eq!(told.len(), 1, "{survivor_first}: {history:?}");
    }
}

// M5: through two merges.
async fn a_survivor_merged_in_turn_keeps_the_link_too() {
    let (world, anna, _) = World::with_two().await;
    let first = world.listed(&anna, "First").await;
    let second = world.contact(&anna, json!({"last_name": "Second"})).await;
    let third = world.contact(&anna, json!({"last_name": "Third"})).await;
    world.sync(&[&anna]).await;
    merge(&world, &anna, &second, &first).await;
    merge(&world, &anna, &third, &second).await;
    let reports = world.sync(&[&anna]).await;
    assert_eq!((sum(&reports, Count::Created), sum(&reports, Count::Deleted)), (0, 0));
    let outlook = world.outlook(&anna);
    assert_eq!((title(&outlook.only(Folder::Contacts).await), outlook.count(Folder::DeletedItems)), ("Third", 0));
}

// M1, C6: a program that merges doubles in the mailbox deletes one and keeps the other; whether both are seen in one cycle
// or one after the other, the record stays the same and there is no second one.
async fn a_double_that_outlasts_the_linked_item_is_the_same_contact() {
    for at_once in [false, true] {
        let (world, anna, _) = World::with_two().await;
        let record = world.listed(&anna, "Berg").await;
        world.sync(&[&anna]).await;
        let outlook = world.outlook(&anna);
        outlook.delete(&id(&outlook.only(Folder::Contacts).await)).await;
        if !at_once {
            world.sync(&[&anna]).await;
        }
        let kept = outlook::contact("Ida", "Berg", "BERG@out.test", &["Siebel Contact"]);
        outlook.make(Folder::Contacts, kept.with(Property::Department, text("Works"))).await;
        world.sync(&[&anna]).await;
        let only = world.only(&anna, "my_contacts").await;
        assert_eq!(only["id"], json!(record), "at once: {at_once}");
        assert_eq!((&only["department"], &only["job_title"]), (&json!("Works"), &json!("Buyer")));
        assert_eq!((outlook.count(Folder::Contacts), outlook.count(Folder::DeletedItems)), (1, 1));
        world.edit_contact(&anna, &record, json!({"job_title": "Chief"})).await;
        world.sync(&[&anna]).await;
        assert_eq!(outlook.only(Folder::Contacts).await.text(Property::JobTitle), Some("Chief"));
    }
}
