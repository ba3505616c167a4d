//! Which contacts enter: the Sync List, categories, private (rules O1 to O5).

use crate::database::on_both;
use crate::matching::sum;
use crate::outlook::{self, categories, email, id, set, text, texts, title};
use crate::world::{Person, World};
use serde_json::{Value as Json, json};
use store::Count;
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
    a_personal_contact_made_business_in_the_crm_is_one_with_the_business_contact_it_is,
    a_personal_contact_made_business_in_the_crm_that_could_be_several_stays_personal,
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

/// Anna's personal contact, in sync, and her business contacts that were made elsewhere.
async fn one_personal(world: &World, anna: &Person, business: &[Json]) -> (String, String) {
    let body = json!({"first_name": "Ida", "last_name": "Berg", "email1": "ida@out.test", "mobile_phone": "+49 170 1",
        "job_title": "Friend", "personal": true, "on_sync_list": true});
    let personal = world.contact(anna, body).await;
    world.sync(&[anna]).await;
    for body in business {
        world.contact(anna, body.clone()).await;
    }
    world.sync(&[anna]).await;
    let item = id(&world.outlook(anna).only(Folder::Contacts).await);
    (personal, item)
}

async fn made_business(world: &World, who: &Person, personal: &str) -> (u16, Json) {
    let path = format!("/api/crm/contacts/{personal}");
    let version = world.get(who, &path).await["version"].clone();
    let change = json!({"version": version, "private": false, "department": "Sales"});
    world.ask(who, "PATCH", &path, Some(&change)).await
}

// O5, M1, M3, M5: the same steps as from the mailbox.
async fn a_personal_contact_made_business_in_the_crm_is_one_with_the_business_contact_it_is() {
    let (world, anna, _) = World::with_two().await;
    let known = json!({"first_name": "Ida", "last_name": "Berg", "email2": "IDA@out.test", "job_title": "Buyer", "fax": "+49 30 2"});
    let (personal, item) = one_personal(&world, &anna, &[known]).await;
    let business = world.only(&anna, MINE).await["id"].clone();
    let (status, answer) = made_business(&world, &anna, &personal).await;
    assert_eq!((status, &answer["id"]), (200, &business), "{answer}");
    let reports = world.sync(&[&anna]).await;
    assert_eq!((sum(&reports, Count::Created), sum(&reports, Count::Deleted)), (0, 0));
    let record = world.only(&anna, MINE).await;
    assert_eq!((&record["id"], &record["on_sync_list"]), (&business, &json!(true)));
    assert_eq!(
        (&record["department"], &record["job_title"]),
        (&json!("Sales"), &json!("Buyer")),
        "M3: nothing is overwritten"
    );
    assert_ne!(record["mobile_phone"], json!(null), "what it did not say is filled in");
    assert_eq!(world.view(&anna, PERSONAL).await.len(), 0);
    let copy = world.outlook(&anna).only(Folder::Contacts).await;
    assert_eq!((id(&copy), copy.text(Property::Sensitivity)), (item, Some("Normal")), "the same item, linked anew");
    assert_eq!(outlook::categories(&copy), ["Siebel Contact"]);
    assert_eq!((copy.text(Property::JobTitle), copy.text(Property::Department)), (Some("Buyer"), Some("Sales")));
    let told = world.get(&world.admin, "/api/admin/history?user=anna").await.to_string();
    assert!(told.contains("Friend"), "what the business contact overruled is told: {told}");
    world.outlook(&anna).edit(&id(&copy), vec![set(Property::Department, text("Field"))]).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.only(&anna, MINE).await["department"], "Field");
}

// O5, M1: ambiguous stays personal and is listed; none makes a business contact.
async fn a_personal_contact_made_business_in_the_crm_that_could_be_several_stays_personal() {
    let (world, anna, _) = World::with_two().await;
    let known = |last: &str| json!({"first_name": "Ida", "last_name": last, "email1": "ida@out.test"});
    let (personal, item) = one_personal(&world, &anna, &[known("Tal"), known("Wald")]).await;
    let (status, told) = made_business(&world, &anna, &personal).await;
    assert_eq!(status, 422, "{told}");
    let listed = world.view(&anna, MINE).await;
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().all(|one| told.to_string().contains(one["id"].as_str().expect("an id"))), "{told}");
    let same = world.only(&anna, PERSONAL).await;
    assert_eq!((&same["id"], &same["department"]), (&json!(personal), &json!(null)), "nothing is half done");
    // The names tell them apart.
    world.contact(&anna, known("Berg")).await;
    let (status, answer) = made_business(&world, &anna, &personal).await;
    assert_eq!((status, &answer["last_name"]), (200, &json!("Berg")), "{answer}");
    world.sync(&[&anna]).await;
    assert_eq!(id(&world.outlook(&anna).only(Folder::Contacts).await), item);
    assert_eq!((world.view(&anna, MINE).await.len(), world.view(&anna, PERSONAL).await.len()), (3, 0));
    // One with a copy of its own in this mailbox is no candidate, and somebody nobody knows becomes a contact of his own.
    let (world, anna, _) = World::with_two().await;
    let mut linked = known("Berg");
    linked["on_sync_list"] = json!(true);
    let personal = world.contact(&anna, json!({"last_name": "Berg", "email1": "ida@out.test", "personal": true})).await;
    world.contact(&anna, linked).await;
    world.sync(&[&anna]).await;
    let (status, answer) = made_business(&world, &anna, &personal).await;
    assert_eq!((status, &answer["id"], &answer["personal"]), (200, &json!(personal), &json!(false)), "{answer}");
}
