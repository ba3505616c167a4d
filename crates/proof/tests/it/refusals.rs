//! What the CRM refuses: told in its words, and by a setting set back in the mailbox (rule E8).

use crate::database::on_both;
use crate::outlook::{self, id, set, text, title};
use crate::world::{Person, World};
use serde_json::json;
use wire::ews::{DistinguishedFolder as Folder, Property};

on_both!(
    what_the_crm_refuses_is_quarantined_in_its_words_and_everything_else_proceeds,
    by_setting_the_copy_is_set_back_and_what_it_said_is_told,
    a_record_without_a_required_value_is_quarantined_by_the_fields_name_until_the_map_asks_less,
);

/// Anna sees every contact and may change her own alone; a colleague's is on her Sync List.
async fn a_colleagues(world: &World) -> (Person, String) {
    let (anna, bob) = (world.user("anna").await, world.user("bob").await);
    world.edit(&world.admin, &format!("/api/crm/employees/{}", anna.id), json!({"all_contacts": true})).await;
    world.mapping(&anna, json!({"visibility_all": true})).await;
    let record = world.contact(&bob, json!({"first_name": "Ida", "last_name": "Berg", "job_title": "Buyer"})).await;
    world.enlist(&anna, &record).await;
    world.sync(&[&anna]).await;
    (anna, record)
}

// E8, E1
async fn what_the_crm_refuses_is_quarantined_in_its_words_and_everything_else_proceeds() {
    let world = World::new().await;
    let (anna, record) = a_colleagues(&world).await;
    let outlook = world.outlook(&anna);
    let item = id(&outlook.only(Folder::Contacts).await);
    outlook.edit(&item, vec![set(Property::JobTitle, text("Chief"))]).await;
    outlook.make(Folder::Contacts, outlook::contact("Jan", "Tal", "jan@out.test", &["Siebel Contact"])).await;
    world.sync(&[&anna]).await;
    let waiting = world.quarantine(&anna).await;
    assert_eq!(waiting.len(), 1, "{waiting:?}");
    assert!(waiting[0]["reason"].as_str().expect("a reason").contains("not on its team"), "{waiting:?}");
    assert_eq!(world.read_contact(&anna, &record).await["job_title"], "Buyer");
    assert_eq!(outlook.read(&item).await.expect("the item").text(Property::JobTitle), Some("Chief"), "not set back");
    assert!(world.view(&anna, "my_contacts").await.iter().any(|one| one["last_name"] == "Tal"), "the other went over");
    // Once she may, the next version goes over whole.
    let path = format!("/api/crm/contacts/{record}");
    world.edit(&world.admin, &path, json!({"team": [{"employee": anna.id}]})).await;
    outlook.edit(&item, vec![set(Property::Department, text("Sales"))]).await;
    world.sync(&[&anna]).await;
    let now = world.read_contact(&anna, &record).await;
    assert_eq!((&now["job_title"], &now["department"]), (&json!("Chief"), &json!("Sales")));
    assert_eq!(world.quarantine(&anna).await.len(), 0);
}

// E8, C3
async fn by_setting_the_copy_is_set_back_and_what_it_said_is_told() {
    let world = World::new().await;
    let (anna, record) = a_colleagues(&world).await;
    world.settings(json!({"domains": {"business_contact": {"set_back": true}}})).await;
    let outlook = world.outlook(&anna);
    let item = id(&outlook.only(Folder::Contacts).await);
    let wish = vec![set(Property::JobTitle, text("Chief")), set(Property::Department, text("Sales"))];
    outlook.edit(&item, wish).await;
    world.sync(&[&anna]).await;
    let copy = outlook.read(&item).await.expect("the item");
    assert_eq!((title(&copy), copy.text(Property::JobTitle)), ("Berg", Some("Buyer")));
    assert_eq!(copy.text(Property::Department), None, "what the CRM leaves blank is blank again");
    assert_eq!(world.read_contact(&anna, &record).await["job_title"], "Buyer");
    assert_eq!(world.quarantine(&anna).await.len(), 0, "nothing waits");
    let told = world.get(&world.admin, "/api/admin/history?user=anna").await.to_string();
    assert!(told.contains("not on its team") && told.contains("Chief"), "{told}");
    // At rest, and the CRM's own changes still come.
    let path = format!("/api/crm/contacts/{record}");
    world.edit(&world.admin, &path, json!({"job_title": "Head"})).await;
    world.sync(&[&anna]).await;
    assert_eq!(outlook.read(&item).await.expect("the item").text(Property::JobTitle), Some("Head"));
}

// E8
async fn a_record_without_a_required_value_is_quarantined_by_the_fields_name_until_the_map_asks_less() {
    let (world, anna, _) = World::with_two().await;
    let path = "/api/admin/maps/business_contact";
    let mut map = world.get(&world.admin, path).await;
    let entries = map["entries"].as_array_mut().expect("rows");
    entries.iter_mut().filter(|row| row["field"] == "job_title").for_each(|row| row["required"] = json!(true));
    world.done(&world.admin, "PUT", path, Some(&json!({ "entries": entries }))).await;
    let outlook = world.outlook(&anna);
    let item = outlook::contact("Jan", "Tal", "jan@out.test", &["Siebel Contact"]);
    let item = outlook.make(Folder::Contacts, item).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.view(&anna, "my_contacts").await.len(), 0);
    let waiting = world.quarantine(&anna).await;
    assert!(waiting.len() == 1 && waiting[0].to_string().contains("job_title"), "{waiting:?}");
    outlook.edit(&item, vec![set(Property::JobTitle, text("Buyer"))]).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.only(&anna, "my_contacts").await["job_title"], "Buyer");
    assert_eq!(world.quarantine(&anna).await.len(), 0);
    // L7: a map that asks less lets in what waited, though nobody touched it.
    outlook.make(Folder::Contacts, outlook::contact("Kim", "Dale", "kim@out.test", &["Siebel Contact"])).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.quarantine(&anna).await.len(), 1);
    entries.iter_mut().for_each(|row| row["required"] = json!(false));
    world.done(&world.admin, "PUT", path, Some(&json!({ "entries": entries }))).await;
    world.sync(&[&anna]).await;
    assert_eq!((world.view(&anna, "my_contacts").await.len(), world.quarantine(&anna).await.len()), (2, 0));
}
