//! A guest who removed a meeting from his calendar has it again when he takes it back (rule C6).

use crate::api::appointment;
use crate::database::on_both;
use crate::explained::explained;
use crate::outlook::{self, id, set};
use crate::world::{Person, World};
use serde_json::json;
use wire::ews::{DistinguishedFolder as Folder, Property, Value};

on_both!(
    what_a_guest_takes_back_is_shown_to_him_again,
    a_guest_has_what_he_removed_again_from_either_side,
    a_guest_takes_back_what_lay_elsewhere_meanwhile_or_was_removed_before_a_restore,
);

async fn meeting(world: &World, owner: &Person, guest: &Person) -> String {
    let mut body = appointment("Plan", "2026-09-28");
    body["people"] = json!([{"employee": guest.id}]);
    world.activity(owner, body).await
}

// C6: a copy that Exchange's invitation made, and one that we made; out of Deleted Items and out of Recoverable Items.
async fn what_a_guest_takes_back_is_shown_to_him_again() {
    for (ours, bin) in [
        (false, Folder::DeletedItems),
        (false, Folder::RecoverableItemsDeletions),
        (true, Folder::DeletedItems),
        (true, Folder::RecoverableItemsDeletions),
    ] {
        let (world, anna, bob) = World::with_two().await;
        match ours {
            true => drop(meeting(&world, &anna, &bob).await),
            false => {
                let item = outlook::meeting("Plan", "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z", &[&bob.address]);
                drop(world.outlook(&anna).invite(item).await);
            }
        }
        world.sync(&[&anna, &bob]).await;
        let record = world.only(&bob, "my_calendar").await["id"].as_str().expect("an id").to_owned();
        let bobs = world.outlook(&bob);
        for _ in 0..2 {
            let item = id(&bobs.only(Folder::Calendar).await);
            match bin {
                Folder::DeletedItems => bobs.delete(&item).await,
                _ => bobs.soft_delete(&item).await,
            }
            world.sync(&[&anna, &bob]).await;
            assert_eq!(world.view(&bob, "my_calendar").await.len(), 0, "{ours}");
            let told = explained(&world, &bob, &record).await;
            assert!(told.contains("the user deleted his copy"), "{told}");
            world.edit_activity(&anna, &record, json!({"reminder": 40})).await;
            bobs.move_to(&id(&bobs.only(bin).await), Folder::Calendar).await;
            world.sync(&[&anna, &bob]).await;
            assert_eq!(world.view(&bob, "my_calendar").await.len(), 1, "{ours}: taken back, it is his again");
            assert_eq!(bobs.count(Folder::Calendar), 1);
            let shown = world.read_activity(&anna, &record).await;
            assert!(shown["people"].as_array().expect("people").iter().all(|one| one["removed"] != true), "{shown}");
            let told = world
                .get(&world.admin, &format!("/api/admin/history?user=bob&side=crm&record={record}"))
                .await
                .to_string();
            assert!(told.contains("rejoin"), "{told}");
            assert!(world.sync(&[&anna, &bob]).await.is_empty(), "and rests");
        }
        assert!(world.quarantine(&bob).await.is_empty() && world.quarantine(&anna).await.is_empty());
    }
}

// C6, D1: removed in Outlook and taken back in the CRM; removed in the CRM, the copy stays as it is and brings nothing back.
async fn a_guest_has_what_he_removed_again_from_either_side() {
    let (world, anna, bob) = World::with_two().await;
    let record = meeting(&world, &anna, &bob).await;
    world.sync(&[&anna, &bob]).await;
    let bobs = world.outlook(&bob);
    bobs.delete(&id(&bobs.only(Folder::Calendar).await)).await;
    world.sync(&[&anna, &bob]).await;
    let path = format!("/api/crm/activities/{record}");
    let shown = world.ask(&bob, "POST", &format!("{path}/rejoin"), Some(&json!({}))).await;
    assert_eq!(shown.0, 200, "{}", shown.1);
    world.sync(&[&anna, &bob]).await;
    assert_eq!((bobs.count(Folder::Calendar), world.view(&bob, "my_calendar").await.len()), (1, 1));
    let shown = world.ask(&bob, "POST", &format!("{path}/leave"), Some(&json!({}))).await;
    assert_eq!(shown.0, 200, "{}", shown.1);
    world.sync(&[&anna, &bob]).await;
    bobs.edit(
        &id(&bobs.only(Folder::Calendar).await),
        vec![set(Property::ReminderMinutesBeforeStart, Value::Whole(5))],
    )
    .await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!((bobs.count(Folder::Calendar), world.view(&bob, "my_calendar").await.len()), (1, 0));
    let told = explained(&world, &bob, &record).await;
    assert!(told.contains("in the CRM (C6)"), "{told}");
    assert_eq!(world.ask(&bob, "POST", &format!("{path}/rejoin"), Some(&json!({}))).await.0, 200);
    world.sync(&[&anna, &bob]).await;
    assert_eq!((bobs.count(Folder::Calendar), world.view(&bob, "my_calendar").await.len()), (1, 1));
}

// C6, C12, C4: out of Deleted Items it went through another folder; and the store that knew of its removal was restored.
async fn a_guest_takes_back_what_lay_elsewhere_meanwhile_or_was_removed_before_a_restore() {
    for restored in [false, true] {
        let (mut world, anna, bob) = World::with_two().await;
        let record = meeting(&world, &anna, &bob).await;
        world.sync(&[&anna, &bob]).await;
        world.backup().await;
        let bobs = world.outlook(&bob);
        bobs.delete(&id(&bobs.only(Folder::Calendar).await)).await;
        world.sync(&[&anna, &bob]).await;
        assert_eq!(world.view(&bob, "my_calendar").await.len(), 0);
        let mut bin = Folder::DeletedItems;
        if restored {
            world = world.restored().await;
        } else {
            bobs.move_to(&id(&bobs.only(bin).await), Folder::Inbox).await;
            bin = Folder::Inbox;
        }
        world.edit_activity(&anna, &record, json!({"subject": "Plan B"})).await;
        world.sync(&[&anna, &bob]).await;
        let told = explained(&world, &bob, &record).await;
        assert!(told.contains("the user deleted his copy"), "{restored}: {told}");
        let bobs = world.outlook(&bob);
        bobs.move_to(&id(&bobs.only(bin).await), Folder::Calendar).await;
        world.sync(&[&anna, &bob]).await;
        assert_eq!((bobs.count(Folder::Calendar), world.view(&bob, "my_calendar").await.len()), (1, 1), "{restored}");
        assert!(world.sync(&[&anna, &bob]).await.is_empty(), "and rests");
    }
}
