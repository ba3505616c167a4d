//! Removing our copies from a mailbox is an action of its own, which shows first what it will delete (rule L6).

use crate::database::on_both;
use crate::outlook::{self, id, set, text, title, titles};
use crate::world::World;
use serde_json::{Value as Json, json};
use wire::ews::{DistinguishedFolder as Folder, Property};

on_both!(copies_leave_a_mailbox_as_shown_and_come_back_once_each, a_removed_contact_is_brought_back_and_not_made_anew,);

// L6, C8, M4
async fn copies_leave_a_mailbox_as_shown_and_come_back_once_each() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    for number in 10..22 {
        world.appointment(&anna, &format!("Plan {number}"), "2026-09-28").await;
    }
    outlook.make(Folder::Calendar, outlook::appointment("Mine", "2026-09-29T08:00:00Z", "2026-09-29T09:00:00Z")).await;
    let contact = world.contact(&anna, json!({"last_name": "Berg", "email1": "berg@out.test"})).await;
    world.enlist(&anna, &contact).await;
    world.sync(&[&anna]).await;
    assert_eq!((outlook.count(Folder::Calendar), outlook.count(Folder::Contacts)), (13, 1));

    let copies = format!("/api/admin/users/{}/copies", anna.login);
    let (status, refused) = world.ask(&world.admin, "GET", &format!("{copies}?domain=calendar"), None).await;
    assert_eq!(status, 422, "{refused}");
    assert!(refused.to_string().contains("would be made again"), "{refused}");

    world.levels(&anna, json!({"calendar": "none"})).await;
    let items = outlook.items(Folder::Calendar).await;
    let edited = items.iter().find(|item| title(item) == "Plan 10").expect("a copy");
    outlook.edit(&id(edited), vec![set(Property::Subject, text("Plan ten"))]).await;
    let shown = world.get(&world.admin, &format!("{copies}?domain=calendar")).await;
    assert_eq!(shown["total"], json!(11), "{shown}");
    let stay: u64 = shown["stay"].as_object().expect("by why").values().filter_map(Json::as_u64).sum();
    assert_eq!(stay, 2, "the user's own and the one he edited: {shown}");
    assert_eq!(outlook.count(Folder::Calendar), 13, "nothing was written");

    let remove = |digest: &Json| json!({"domain": "calendar", "digest": digest});
    let path = format!("{copies}/remove");
    let (status, changed) = world.ask(&world.admin, "POST", &path, Some(&remove(&json!("0123")))).await;
    assert_eq!((status, outlook.count(Folder::Calendar)), (409, 13), "{changed}");
    let (status, done) = world.ask(&world.admin, "POST", &path, Some(&remove(&shown["digest"]))).await;
    assert_eq!((status, &done["removed"]), (200, &json!(11)), "{done}");
    let mut left = outlook.items(Folder::Calendar).await;
    left.sort_by_key(|item| title(item).to_owned());
    assert_eq!(titles(&left), ["Mine", "Plan ten"]);
    assert_eq!(outlook.count(Folder::DeletedItems), 11);
    assert_eq!((world.view(&anna, "my_calendar").await.len(), outlook.count(Folder::Contacts)), (13, 1));

    // What a person confirmed neither trips nor uses up a brake.
    world.sync(&[&anna]).await;
    assert_eq!(world.get(&world.admin, "/api/admin/brakes").await["items"], json!([]));

    world.levels(&anna, json!({"calendar": "full"})).await;
    world.sync(&[&anna]).await;
    assert_eq!((outlook.count(Folder::Calendar), world.view(&anna, "my_calendar").await.len()), (13, 13));
    let subjects = world.view(&anna, "my_calendar").await;
    assert!(subjects.iter().any(|record| record["subject"] == "Plan ten"), "the edit was kept and crosses");
    world.no_mail_of_ours();
}

// L6, O2
async fn a_removed_contact_is_brought_back_and_not_made_anew() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let record = world.listed(&anna, "Berg").await;
    world.sync(&[&anna]).await;
    world.levels(&anna, json!({"business_contact": "none"})).await;
    let copies = format!("/api/admin/users/{}/copies", anna.login);
    let shown = world.get(&world.admin, &format!("{copies}?domain=business_contact")).await;
    let body = json!({"domain": "business_contact", "digest": shown["digest"]});
    let (status, done) = world.ask(&world.admin, "POST", &format!("{copies}/remove"), Some(&body)).await;
    assert_eq!((status, &done["removed"]), (200, &json!(1)), "{done}");
    world.sync(&[&anna]).await;
    assert_eq!((outlook.count(Folder::Contacts), outlook.count(Folder::DeletedItems)), (0, 1));
    world.edit_contact(&anna, &record, json!({"department": "Sales"})).await;
    world.levels(&anna, json!({"business_contact": "full"})).await;
    world.sync(&[&anna]).await;
    assert_eq!((outlook.count(Folder::Contacts), outlook.count(Folder::DeletedItems)), (1, 0));
    let back = outlook.only(Folder::Contacts).await;
    assert_eq!(back.text(Property::Department), Some("Sales"), "what changed meanwhile crosses");
}
