//! Leaving the Sync List and coming back: what becomes of the copy (rule O2).

use crate::database::on_both;
use crate::outlook::{categories, id, set, text, texts, title};
use crate::world::{Person, World};
use serde_json::json;
use wire::ews::{DistinguishedFolder as Folder, Property};

on_both!(
    removed_from_the_sync_list_the_copy_goes_and_pending_edits_are_kept,
    visibility_lost_takes_the_copy_only_after_the_grace_time,
    a_grace_time_made_shorter_counts_for_what_is_waiting,
    who_returns_to_the_list_gets_the_same_copy_back_with_what_changed_meanwhile,
    a_copy_that_is_not_in_deleted_items_any_more_is_made_anew,
    a_copy_its_user_deleted_comes_back_when_he_lists_the_record_again,
    a_copy_put_back_by_hand_puts_its_user_on_the_list_again,
    by_setting_the_copy_stays_unlinked_and_without_our_category,
    by_setting_the_copy_stays_when_its_record_is_not_visible_any_more,
    a_record_left_before_is_matched_and_not_doubled,
);

/// Anna has Berg on her list and a word of her own on the copy; the record and the item.
async fn berg(world: &World, anna: &Person) -> (String, String) {
    let record = world.listed(anna, "Berg").await;
    world.sync(&[anna]).await;
    let outlook = world.outlook(anna);
    let item = id(&outlook.only(Folder::Contacts).await);
    outlook.edit(&item, vec![set(Property::Categories, texts(&["Siebel Contact", "Sailing"]))]).await;
    world.sync(&[anna]).await;
    (record, item)
}

// O2
async fn removed_from_the_sync_list_the_copy_goes_and_pending_edits_are_kept() {
    let (world, anna, _) = World::with_two().await;
    let record = world.listed(&anna, "Berg").await;
    world.sync(&[&anna]).await;
    let outlook = world.outlook(&anna);
    let item = id(&outlook.only(Folder::Contacts).await);
    outlook.edit(&item, vec![set(Property::Department, text("Sales"))]).await;
    world.delist(&anna, &record).await;
    world.sync(&[&anna]).await;
    assert_eq!((outlook.count(Folder::Contacts), outlook.count(Folder::DeletedItems)), (0, 1));
    assert_eq!(world.read_contact(&anna, &record).await["department"], "Sales", "merged before it went");
}

// O2
async fn visibility_lost_takes_the_copy_only_after_the_grace_time() {
    let (world, anna, bob) = World::with_two().await;
    let team = json!([{"employee": anna.id}, {"employee": bob.id}]);
    let body = json!({"first_name": "Ida", "last_name": "Berg", "email1": "ida@out.test", "team": team});
    let record = world.contact(&anna, body).await;
    world.enlist(&bob, &record).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(world.outlook(&bob).count(Folder::Contacts), 1);
    world.edit_contact(&anna, &record, json!({"team": [{"employee": anna.id}]})).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(world.outlook(&bob).count(Folder::Contacts), 1, "the grace time runs");
    world.pass_days(2);
    world.sync(&[&anna, &bob]).await;
    assert_eq!(world.outlook(&bob).count(Folder::Contacts), 0);
    assert_eq!(world.outlook(&bob).count(Folder::DeletedItems), 1);
    world.edit_contact(&anna, &record, json!({"team": [{"employee": anna.id}, {"employee": bob.id}]})).await;
    world.sync(&[&anna, &bob]).await;
    let outlook = world.outlook(&bob);
    assert_eq!((outlook.count(Folder::Contacts), outlook.count(Folder::DeletedItems)), (1, 0), "the same copy again");
}

// O2, L7
async fn a_grace_time_made_shorter_counts_for_what_is_waiting() {
    let (world, anna, bob) = World::with_two().await;
    let team = json!([{"employee": anna.id}, {"employee": bob.id}]);
    let body = json!({"first_name": "Ida", "last_name": "Berg", "email1": "ida@out.test", "team": team});
    let record = world.contact(&anna, body).await;
    world.enlist(&bob, &record).await;
    world.sync(&[&anna, &bob]).await;
    world.edit_contact(&anna, &record, json!({"team": [{"employee": anna.id}]})).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(world.outlook(&bob).count(Folder::Contacts), 1, "the grace time runs");
    world.settings(json!({"grace_hours": 0})).await;
    world.sync(&[&anna, &bob]).await;
    let outlook = world.outlook(&bob);
    assert_eq!((outlook.count(Folder::Contacts), outlook.count(Folder::DeletedItems)), (0, 1));
}

// O2
async fn who_returns_to_the_list_gets_the_same_copy_back_with_what_changed_meanwhile() {
    let (world, anna, _) = World::with_two().await;
    let (record, _) = berg(&world, &anna).await;
    let outlook = world.outlook(&anna);
    world.delist(&anna, &record).await;
    world.sync(&[&anna]).await;
    let deleted = id(&outlook.only(Folder::DeletedItems).await);
    world.edit_contact(&anna, &record, json!({"job_title": "Chief"})).await;
    outlook.edit(&deleted, vec![set(Property::Department, text("Sales"))]).await;
    world.sync(&[&anna]).await;
    world.enlist(&anna, &record).await;
    world.sync(&[&anna]).await;
    assert_eq!((outlook.count(Folder::Contacts), outlook.count(Folder::DeletedItems)), (1, 0));
    let item = outlook.only(Folder::Contacts).await;
    assert_eq!(categories(&item), ["Siebel Contact", "Sailing"], "her own word shows that it is the same item");
    assert_eq!(item.text(Property::JobTitle), Some("Chief"));
    assert_eq!(world.read_contact(&anna, &record).await["department"], "Sales");
    // And it is a copy like any other: it goes and comes again.
    world.delist(&anna, &record).await;
    world.sync(&[&anna]).await;
    assert_eq!((outlook.count(Folder::Contacts), outlook.count(Folder::DeletedItems)), (0, 1));
    world.enlist(&anna, &record).await;
    world.sync(&[&anna]).await;
    assert_eq!((outlook.count(Folder::Contacts), outlook.count(Folder::DeletedItems)), (1, 0));
}

// O2
async fn a_copy_that_is_not_in_deleted_items_any_more_is_made_anew() {
    let (world, anna, _) = World::with_two().await;
    let (record, _) = berg(&world, &anna).await;
    let outlook = world.outlook(&anna);
    world.delist(&anna, &record).await;
    world.sync(&[&anna]).await;
    outlook.purge(&id(&outlook.only(Folder::DeletedItems).await)).await;
    world.enlist(&anna, &record).await;
    world.sync(&[&anna]).await;
    let item = outlook.only(Folder::Contacts).await;
    assert_eq!((title(&item), categories(&item)), ("Berg", vec!["Siebel Contact"]));
    assert_eq!(outlook.count(Folder::DeletedItems), 0);
}

// O2, C6: deleting the copy takes the user off the list, so returning to it brings the copy back.
async fn a_copy_its_user_deleted_comes_back_when_he_lists_the_record_again() {
    let (world, anna, _) = World::with_two().await;
    let (record, item) = berg(&world, &anna).await;
    let outlook = world.outlook(&anna);
    outlook.delete(&item).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.read_contact(&anna, &record).await["on_sync_list"], false);
    world.enlist(&anna, &record).await;
    world.sync(&[&anna]).await;
    assert_eq!((outlook.count(Folder::Contacts), outlook.count(Folder::DeletedItems)), (1, 0));
    assert_eq!(categories(&outlook.only(Folder::Contacts).await), ["Siebel Contact", "Sailing"]);
}

// O2, O3: put back by hand it carries our category, so its user is on the list again.
async fn a_copy_put_back_by_hand_puts_its_user_on_the_list_again() {
    let (world, anna, _) = World::with_two().await;
    let (record, _) = berg(&world, &anna).await;
    let outlook = world.outlook(&anna);
    world.delist(&anna, &record).await;
    world.sync(&[&anna]).await;
    outlook.move_to(&id(&outlook.only(Folder::DeletedItems).await), Folder::Contacts).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.read_contact(&anna, &record).await["on_sync_list"], true);
    assert_eq!((outlook.count(Folder::Contacts), world.view(&anna, "my_contacts").await.len()), (1, 1));
    world.edit_contact(&anna, &record, json!({"job_title": "Chief"})).await;
    world.sync(&[&anna]).await;
    assert_eq!(outlook.only(Folder::Contacts).await.text(Property::JobTitle), Some("Chief"));
}

// O2, the setting
async fn by_setting_the_copy_stays_unlinked_and_without_our_category() {
    let (world, anna, _) = World::with_two().await;
    world.settings(json!({"keep_removed_copies": true})).await;
    let (record, item) = berg(&world, &anna).await;
    let outlook = world.outlook(&anna);
    world.delist(&anna, &record).await;
    world.sync(&[&anna]).await;
    let left = outlook.only(Folder::Contacts).await;
    assert_eq!((id(&left), categories(&left)), (item.clone(), vec!["Sailing"]));
    world.edit_contact(&anna, &record, json!({"job_title": "Chief"})).await;
    outlook.edit(&item, vec![set(Property::Department, text("Sales"))]).await;
    world.sync(&[&anna]).await;
    assert_eq!(outlook.only(Folder::Contacts).await.text(Property::JobTitle), Some("Buyer"), "unlinked");
    assert_eq!(world.read_contact(&anna, &record).await["department"], json!(null));
    // Returning, the same item is linked again: no second one is made.
    world.enlist(&anna, &record).await;
    world.sync(&[&anna]).await;
    let back = outlook.only(Folder::Contacts).await;
    assert_eq!((id(&back), categories(&back)), (item, vec!["Sailing", "Siebel Contact"]));
    assert_eq!(back.text(Property::JobTitle), Some("Chief"));
}

// O2, the setting, where visibility is lost: it stays after the grace time, unlinked, without our category and as it is.
async fn by_setting_the_copy_stays_when_its_record_is_not_visible_any_more() {
    let (world, anna, bob) = World::with_two().await;
    world.settings(json!({"keep_removed_copies": true})).await;
    let both = json!([{"employee": anna.id}, {"employee": bob.id}]);
    let body = json!({"first_name": "Ida", "last_name": "Berg", "email1": "ida@out.test", "team": both});
    let record = world.contact(&anna, body).await;
    world.enlist(&bob, &record).await;
    world.sync(&[&anna, &bob]).await;
    let outlook = world.outlook(&bob);
    let item = id(&outlook.only(Folder::Contacts).await);
    world.edit_contact(&anna, &record, json!({"team": [{"employee": anna.id}]})).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(categories(&outlook.only(Folder::Contacts).await), ["Siebel Contact"], "the grace time runs");
    outlook.edit(&item, vec![set(Property::Department, text("Sales"))]).await;
    world.pass_days(2);
    world.sync(&[&anna, &bob]).await;
    let left = outlook.only(Folder::Contacts).await;
    assert_eq!((id(&left), categories(&left), left.text(Property::Department)), (item.clone(), vec![], Some("Sales")));
    assert_eq!(outlook.count(Folder::DeletedItems), 0);
    assert_eq!(world.read_contact(&anna, &record).await["department"], json!(null), "nothing is merged of it");
    world.edit_contact(&anna, &record, json!({"job_title": "Chief"})).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(outlook.only(Folder::Contacts).await.text(Property::JobTitle), None, "unlinked");
    assert_eq!(world.view(&anna, "my_contacts").await.len(), 1);
    // Visible again, the same item is the copy.
    world.edit_contact(&anna, &record, json!({"team": both})).await;
    world.sync(&[&anna, &bob]).await;
    let back = outlook.only(Folder::Contacts).await;
    assert_eq!((id(&back), categories(&back)), (item, vec!["Siebel Contact"]));
    assert_eq!(back.text(Property::JobTitle), Some("Chief"));
}

// O2, M1: a record that a user left is unlinked, so a contact of his that is the same person is matched with it.
async fn a_record_left_before_is_matched_and_not_doubled() {
    let (world, anna, _) = World::with_two().await;
    let (record, _) = berg(&world, &anna).await;
    let outlook = world.outlook(&anna);
    world.delist(&anna, &record).await;
    world.sync(&[&anna]).await;
    outlook.purge(&id(&outlook.only(Folder::DeletedItems).await)).await;
    let address = world.read_contact(&anna, &record).await["email1"].as_str().expect("an address").to_owned();
    let again = crate::outlook::contact("Berg", "Berg", &address, &["Siebel Contact"]);
    outlook.make(Folder::Contacts, again).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.view(&anna, "my_contacts").await.len(), 1);
    assert_eq!(world.read_contact(&anna, &record).await["on_sync_list"], true);
    assert_eq!(outlook.count(Folder::Contacts), 1);
}
