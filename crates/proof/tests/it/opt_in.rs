//! Which contacts enter: the Sync List, categories, private (rules O1 to O5).

use crate::database::on_both;
use crate::outlook::{self, categories, email, id, set, text, texts, title};
use crate::world::World;
use serde_json::json;
use wire::ews::{DistinguishedFolder as Folder, Property};

on_both!(
    a_contact_is_exported_only_to_those_who_have_it_on_their_sync_list,
    an_employee_is_exported_to_whoever_listed_him_and_never_comes_back,
    a_record_that_is_not_visible_cannot_be_listed,
    only_a_contact_with_our_category_comes_in_and_it_is_on_the_sync_list_then,
    a_user_who_removes_our_category_is_not_fought_and_the_record_stays_in_sync,
    the_business_category_with_the_private_flag_makes_a_personal_contact_and_the_flag_alone_nothing,
    private_set_on_a_business_contact_makes_the_copy_personal_and_leaves_the_record_to_the_others,
    private_cleared_on_a_personal_contact_makes_it_a_business_contact,
);

const MINE: &str = "my_contacts";
const PERSONAL: &str = "my_personal_contacts";

// O1
async fn a_contact_is_exported_only_to_those_who_have_it_on_their_sync_list() {
    let (world, anna, bob) = World::with_two().await;
    let team = json!([{"employee": anna.id}, {"employee": bob.id}]);
    let body = json!({"first_name": "Ida", "last_name": "Berg", "email1": "ida@out.test", "team": team});
    let record = world.contact(&anna, body).await;
    world.sync(&[&anna, &bob]).await;
    let count = |who| world.outlook(who).count(Folder::Contacts);
    assert_eq!((count(&anna), count(&bob)), (0, 0));
    world.enlist(&anna, &record).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!((count(&anna), count(&bob)), (1, 0));
    let item = world.outlook(&anna).only(Folder::Contacts).await;
    assert_eq!((title(&item), item.text(email(1))), ("Berg", Some("ida@out.test")));
    assert_eq!(categories(&item), ["Siebel Contact"]);
    world.enlist(&bob, &record).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!((count(&anna), count(&bob)), (1, 1), "each gets a copy of the one record");
}

// O1
async fn an_employee_is_exported_to_whoever_listed_him_and_never_comes_back() {
    let (world, anna, bob) = World::with_two().await;
    world.enlist(&anna, &bob.id).await;
    world.sync(&[&anna]).await;
    let outlook = world.outlook(&anna);
    let item = outlook.only(Folder::Contacts).await;
    assert_eq!((title(&item), item.text(Property::GivenName)), ("Tester", Some("Bob")));
    assert_eq!(categories(&item), ["Employee"]);
    outlook.edit(&id(&item), vec![set(Property::JobTitle, text("Chief"))]).await;
    world.sync(&[&anna]).await;
    let employee = world.get(&anna, &format!("/api/crm/employees/{}", bob.id)).await;
    assert_eq!(employee["job_title"], json!(null), "export only");
}

// O1
async fn a_record_that_is_not_visible_cannot_be_listed() {
    let (world, anna, bob) = World::with_two().await;
    let own = world.contact(&anna, json!({"last_name": "Own", "personal": true})).await;
    let (status, _) = world.ask(&bob, "POST", "/api/crm/sync-list", Some(&json!({"record": own}))).await;
    assert!((400..500).contains(&status), "{status}");
}

// O3
async fn only_a_contact_with_our_category_comes_in_and_it_is_on_the_sync_list_then() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    outlook.make(Folder::Contacts, outlook::contact("Ida", "Berg", "ida@out.test", &[])).await;
    outlook.make(Folder::Contacts, outlook::contact("Jan", "Club", "jan@out.test", &["Sailing"])).await;
    outlook.make(Folder::Contacts, outlook::contact("Kim", "Dale", "kim@out.test", &["  siebel CONTACT "])).await;
    world.sync(&[&anna]).await;
    let record = world.only(&anna, MINE).await;
    assert_eq!((&record["last_name"], &record["on_sync_list"]), (&json!("Dale"), &json!(true)));
    // Later cycles are no different: the category may come later.
    let late = outlook.items(Folder::Contacts).await.into_iter().find(|item| title(item) == "Berg").expect("Berg");
    outlook.edit(&id(&late), vec![set(Property::Categories, texts(&["Siebel Contact"]))]).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.view(&anna, MINE).await.len(), 2);
    assert_eq!(outlook.count(Folder::Contacts), 3);
}

// O4
async fn a_user_who_removes_our_category_is_not_fought_and_the_record_stays_in_sync() {
    let (world, anna, _) = World::with_two().await;
    let record = world.listed(&anna, "Berg").await;
    world.sync(&[&anna]).await;
    let outlook = world.outlook(&anna);
    let item = id(&outlook.only(Folder::Contacts).await);
    outlook.edit(&item, vec![set(Property::Categories, texts(&["Sailing"]))]).await;
    world.sync(&[&anna]).await;
    world.edit_contact(&anna, &record, json!({"job_title": "Chief"})).await;
    world.sync(&[&anna]).await;
    let item = outlook.only(Folder::Contacts).await;
    assert_eq!((categories(&item), item.text(Property::JobTitle)), (vec!["Sailing"], Some("Chief")));
    assert_eq!(world.read_contact(&anna, &record).await["on_sync_list"], true);
}

// O5
async fn the_business_category_with_the_private_flag_makes_a_personal_contact_and_the_flag_alone_nothing() {
    let (world, anna, bob) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let private = |item: wire::ews::Item| item.with(Property::Sensitivity, text("Private"));
    let business = outlook::contact("Ida", "Berg", "ida@out.test", &["Siebel Contact"]);
    outlook.make(Folder::Contacts, private(business)).await;
    outlook.make(Folder::Contacts, private(outlook::contact("Jan", "Club", "jan@out.test", &[]))).await;
    let personal = outlook::contact("Kim", "Dale", "kim@out.test", &["Siebel Personal Contact"]);
    let personal = outlook.make(Folder::Contacts, personal).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.view(&anna, MINE).await.len(), 0);
    let mut names: Vec<String> = world.view(&anna, PERSONAL).await.iter().map(|c| c["last_name"].to_string()).collect();
    names.sort();
    assert_eq!(names, ["\"Berg\"", "\"Dale\""]);
    let flagged = outlook.read(&personal).await.expect("the item");
    assert_eq!(flagged.text(Property::Sensitivity), Some("Private"), "linking sets the flag");
    assert_eq!(world.view(&bob, PERSONAL).await.len(), 0, "a personal contact is its owner's alone");
}

// O5
async fn private_set_on_a_business_contact_makes_the_copy_personal_and_leaves_the_record_to_the_others() {
    let (world, anna, bob) = World::with_two().await;
    let team = json!([{"employee": anna.id}, {"employee": bob.id}]);
    let body = json!({"first_name": "Ida", "last_name": "Berg", "email1": "ida@out.test", "team": team});
    let record = world.contact(&anna, body).await;
    world.enlist(&anna, &record).await;
    world.enlist(&bob, &record).await;
    world.sync(&[&anna, &bob]).await;
    let outlook = world.outlook(&anna);
    let item = id(&outlook.only(Folder::Contacts).await);
    outlook.edit(&item, vec![set(Property::Sensitivity, text("Private"))]).await;
    world.sync(&[&anna, &bob]).await;
    let business = world.read_contact(&bob, &record).await;
    assert_eq!((&business["personal"], &business["on_sync_list"]), (&json!(false), &json!(true)));
    assert_eq!(world.read_contact(&anna, &record).await["on_sync_list"], false);
    assert_eq!(world.only(&anna, PERSONAL).await["last_name"], "Berg");
    assert_eq!(id(&outlook.only(Folder::Contacts).await), item, "the same item, linked anew");
    let bobs = world.outlook(&bob).only(Folder::Contacts).await;
    assert_eq!((title(&bobs), bobs.text(Property::Sensitivity)), ("Berg", Some("Normal")));
}

// O5
async fn private_cleared_on_a_personal_contact_makes_it_a_business_contact() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let item = outlook::contact("Ida", "Berg", "ida@out.test", &["Siebel Personal Contact"]);
    let item = outlook.make(Folder::Contacts, item).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.only(&anna, PERSONAL).await["last_name"], "Berg");
    outlook.edit(&item, vec![set(Property::Sensitivity, text("Normal"))]).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.only(&anna, MINE).await["last_name"], "Berg");
    assert_eq!(world.view(&anna, PERSONAL).await.len(), 0, "the personal record goes once the new link stands");
    assert_eq!(id(&outlook.only(Folder::Contacts).await), item);
}
