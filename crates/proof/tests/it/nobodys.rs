//! Mailboxes that are nobody's own are not synchronised (rule L1).

use crate::database::on_both;
use crate::outlook::{self, title};
use crate::world::{PASSWORD, World};
use emulator::{MailboxKind, MailboxSpec};
use serde_json::json;
use wire::ews::{DistinguishedFolder as Folder, Property};

on_both!(
    a_room_is_refused_when_mapped_and_when_a_mapping_is_changed,
    a_mailbox_that_became_a_room_before_its_first_cycle_stops_and_nothing_is_written,
    a_mailbox_marked_as_shared_is_refused_and_stops_its_user_until_the_mark_goes,
    a_mapping_that_was_wrong_is_put_right_and_each_has_his_own_mailbox,
    a_user_mapped_to_a_wrong_mailbox_is_told_the_way_back_and_goes_on_where_he_was,
);

fn thing(world: &World, address: &str, kind: MailboxKind) {
    let spec = MailboxSpec { kind, ..MailboxSpec::user(address, "Thing", PASSWORD) };
    world.hq.add_mailbox(spec).expect("a new address");
}

// L1
async fn a_room_is_refused_when_mapped_and_when_a_mapping_is_changed() {
    let (world, anna, _) = World::with_two().await;
    thing(&world, "hall@crm.test", MailboxKind::Room);
    world.hq.add_room_list("rooms@crm.test", "Rooms", &["hall@crm.test"]);
    let cleo = world.colleague("cleo", &[]).await;
    let body = json!({"user": cleo.login, "connection": "hq", "address": "Hall@crm.test"});
    let (status, told) = world.ask(&world.admin, "POST", "/api/admin/users", Some(&body)).await;
    assert_eq!(status, 422, "{told}");
    assert!(told.to_string().contains("rule L1"), "{told}");
    let change = json!({"address": "hall@crm.test"});
    let (status, told) = world.ask(&world.admin, "PATCH", "/api/admin/users/anna", Some(&change)).await;
    assert_eq!(status, 422, "{told}");
    assert_eq!(world.status(&anna).await["address"], "anna@crm.test", "nothing is half done");
    // The same address where no list names it: nothing tells, and an administrator decides.
    world.hq.add_room_list("rooms@crm.test", "Rooms", &[]);
    world.made(&world.admin, "/api/admin/users", body).await;
}

// L1
async fn a_mailbox_that_became_a_room_before_its_first_cycle_stops_and_nothing_is_written() {
    let world = World::new().await;
    let cleo = world.colleague("cleo", &[]).await;
    thing(&world, &cleo.address, MailboxKind::Room);
    world.map(&cleo).await;
    world.appointment(&cleo, "Plan", "2026-09-28").await;
    world.hq.add_room_list("rooms@crm.test", "Rooms", &[&cleo.address]);
    let report = world.cycle(&cleo).await;
    assert!(report.trouble.is_some_and(|why| why.contains("(L1)")));
    assert_eq!(world.status(&cleo).await["state"], "stopped");
    assert!(world.hq.items(&cleo.address, "calendar").expect("a folder").is_empty());
}

// L1, L7
async fn a_mailbox_marked_as_shared_is_refused_and_stops_its_user_until_the_mark_goes() {
    let (world, anna, _) = World::with_two().await;
    let record = world.appointment(&anna, "Plan", "2026-09-28").await;
    world.sync(&[&anna]).await;
    world.settings(json!({"shared_mailboxes": ["Anna@CRM.test", "desk@crm.test"]})).await;
    world.edit_activity(&anna, &record, json!({"subject": "Plan B"})).await;
    let report = world.cycle(&anna).await;
    assert!(report.trouble.is_some_and(|why| why.contains("(L1)")));
    let outlook = world.outlook(&anna);
    assert_eq!(title(&outlook.only(Folder::Calendar).await), "Plan", "nothing is written, and nothing deleted");
    thing(&world, "desk@crm.test", MailboxKind::Shared);
    let cleo = world.colleague("cleo", &[]).await;
    let body = json!({"user": cleo.login, "connection": "hq", "address": "DESK@crm.test"});
    let (status, told) = world.ask(&world.admin, "POST", "/api/admin/users", Some(&body)).await;
    assert_eq!(status, 422, "{told}");
    // Confirming alone does not help while the mark stands.
    world.mapping(&anna, json!({"confirm_mailbox": true})).await;
    assert!(world.cycle(&anna).await.trouble.is_some());
    world.settings(json!({"shared_mailboxes": []})).await;
    world.mapping(&anna, json!({"confirm_mailbox": true})).await;
    world.sync(&[&anna]).await;
    assert_eq!(title(&outlook.only(Folder::Calendar).await), "Plan B", "he resumes where he was");
    assert_eq!(world.view(&anna, "my_calendar").await.len(), 1);
}

// L1: the id that we gave a mailbox stays that mailbox's, whoever was mapped to it by mistake.
async fn a_mapping_that_was_wrong_is_put_right_and_each_has_his_own_mailbox() {
    let world = World::new().await;
    let (anna, bob) = (world.hire("anna").await, world.hire("bob").await);
    let his = outlook::appointment("Bob's", "2026-09-29T08:00:00Z", "2026-09-29T09:00:00Z");
    let item = world.outlook(&bob).make(Folder::Calendar, his).await;
    let wrong = json!({"user": "anna", "connection": "hq", "address": bob.address});
    world.made(&world.admin, "/api/admin/users", wrong).await;
    world.sync(&[&anna]).await;
    world.mapping(&anna, json!({"address": anna.address})).await;
    let trouble = world.cycle(&anna).await.trouble;
    assert!(trouble.as_deref().is_some_and(|why| why.contains("another mailbox stands behind")), "{trouble:?}");
    world.mapping(&anna, json!({"confirm_mailbox": true})).await;
    world.sync(&[&anna]).await;
    world.map(&bob).await;
    world.sync(&[&anna, &bob]).await;
    world.outlook(&bob).edit(&item, vec![outlook::set(Property::Subject, outlook::text("Moved"))]).await;
    let own = outlook::appointment("Anna's", "2026-09-30T08:00:00Z", "2026-09-30T09:00:00Z");
    world.outlook(&anna).make(Folder::Calendar, own).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(world.only(&bob, "my_calendar").await["subject"], "Moved");
    assert_eq!(outlook::titles(&world.outlook(&bob).items(Folder::Calendar).await), ["Moved"]);
    assert!(outlook::titles(&world.outlook(&anna).items(Folder::Calendar).await).contains(&"Anna's"));
}

// L1: somebody else's mailbox, by mistake: the words lead back, and the way back loses nothing.
async fn a_user_mapped_to_a_wrong_mailbox_is_told_the_way_back_and_goes_on_where_he_was() {
    let (world, anna, _) = World::with_two().await;
    let record = world.appointment(&anna, "Plan", "2026-09-28").await;
    world.sync(&[&anna]).await;
    let copy = outlook::id(&world.outlook(&anna).only(Folder::Calendar).await);
    thing(&world, "anna.tester@crm.test", MailboxKind::User);
    world.mapping(&anna, json!({"address": "anna.tester@crm.test"})).await;
    world.edit_activity(&anna, &record, json!({"location": "Attic"})).await;
    let told = world.cycle(&anna).await.trouble.expect("stopped");
    for words in ["if right, `user confirm-mailbox`", "put address or connection right first, then confirm"] {
        assert!(told.contains(words), "{told}");
    }
    assert_eq!(
        world.hq.items("anna.tester@crm.test", "calendar").expect("a folder").len(),
        0,
        "nothing is written there"
    );
    world.mapping(&anna, json!({"address": anna.address})).await;
    world.mapping(&anna, json!({"confirm_mailbox": true})).await;
    world.sync(&[&anna]).await;
    let item = world.outlook(&anna).only(Folder::Calendar).await;
    assert_eq!((outlook::id(&item), item.text(Property::Location)), (copy, Some("Attic")));
    assert_eq!(
        (world.view(&anna, "my_calendar").await.len(), world.outlook(&anna).count(Folder::DeletedItems)),
        (1, 0)
    );
}
