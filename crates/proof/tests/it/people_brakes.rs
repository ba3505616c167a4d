//! What looks like an accident stops before its first write and waits for a person; everything else goes on (rule C8).

use crate::database::on_both;
use crate::outlook::{self, id};
use crate::world::{Person, World};
use emulator::Quirk;
use serde_json::{Value as Json, json};
use wire::ews::DistinguishedFolder as Folder;

on_both!(
    ten_deletes_pass_and_the_eleventh_stops_its_domain_until_a_person_releases_that_plan,
    the_share_counts_with_the_number,
    a_brake_goes_when_its_plan_goes_and_the_last_item_may_be_deleted,
    a_listing_that_is_suddenly_short_deletes_nothing_and_is_told,
    deletes_of_many_users_stop_the_deletes_of_all_and_nothing_else,
    so_many_deletes_over_all_users_stop_the_rest,
);

const CALENDAR: &str = "my_calendar";

/// So many linked appointments of a user; the ids of his items.
async fn linked(world: &World, who: &Person, count: usize) -> Vec<String> {
    let item = |n| outlook::appointment(&format!("Plan {n}"), "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z");
    let items: Vec<_> = (0..count).map(item).collect();
    for some in items.chunks(100) {
        world.outlook(who).make_many(Folder::Calendar, some.to_vec()).await;
    }
    world.sync(&[who]).await;
    world.outlook(who).items(Folder::Calendar).await.iter().map(id).collect()
}

async fn brakes(world: &World) -> Vec<Json> {
    world.list(&world.admin, "/api/admin/brakes").await
}

async fn release(world: &World, user: Option<&str>, brake: &Json) {
    let mut body = json!({"side": brake["side"], "digest": brake["digest"]});
    if let Some(user) = user {
        body["user"] = json!(user);
        body["domain"] = brake["domain"].clone();
    }
    world.done(&world.admin, "POST", "/api/admin/brakes/release", Some(&body)).await;
}

// C8: more than 10 and more than 10 %, at the exact numbers.
async fn ten_deletes_pass_and_the_eleventh_stops_its_domain_until_a_person_releases_that_plan() {
    let (world, anna, bob) = World::with_two().await;
    let items = linked(&world, &anna, 40).await;
    let outlook = world.outlook(&anna);
    for item in &items[..10] {
        outlook.delete(item).await;
    }
    world.sync(&[&anna]).await;
    assert_eq!(world.view(&anna, CALENDAR).await.len(), 30, "ten are no accident");
    assert!(brakes(&world).await.is_empty());
    // Within the rolling day one more is the eleventh.
    outlook.delete(&items[10]).await;
    outlook.make(Folder::Calendar, outlook::appointment("New", "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z")).await;
    outlook.make(Folder::Tasks, outlook::task("Other domain", "2026-09-28")).await;
    outlook::task("x", "2026-09-28");
    world.cycle(&anna).await;
    world.cycle(&bob).await;
    assert_eq!(world.view(&anna, CALENDAR).await.len(), 30, "nothing of the domain is written");
    assert_eq!(world.view(&anna, "my_to_dos").await.len(), 1, "other domains go on");
    let told = brakes(&world).await;
    assert_eq!((told.len(), &told[0]["domain"], &told[0]["side"]), (1, &json!("calendar"), &json!("crm")), "{told:?}");
    let wrong = json!({"user": "anna", "domain": "calendar", "side": "crm", "digest": "another"});
    let (status, _) = world.ask(&world.admin, "POST", "/api/admin/brakes/release", Some(&wrong)).await;
    assert_eq!(status, 404);
    // Another plan waits for another release.
    outlook.delete(&items[11]).await;
    release(&world, Some("anna"), &told[0]).await;
    world.cycle(&anna).await;
    assert_eq!(world.view(&anna, CALENDAR).await.len(), 30);
    let told = brakes(&world).await;
    release(&world, Some("anna"), &told[0]).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.view(&anna, CALENDAR).await.len(), 29);
    assert!(brakes(&world).await.is_empty(), "what was carried out is no question any more");
}

// C8: eleven of 110 are 10 %, of 109 more.
async fn the_share_counts_with_the_number() {
    for (links, stops) in [(110, false), (109, true)] {
        let (world, anna, _) = World::with_two().await;
        let items = linked(&world, &anna, links).await;
        for item in &items[..11] {
            world.outlook(&anna).delete(item).await;
        }
        for _ in 0..3 {
            world.cycle(&anna).await;
        }
        let left = if stops { links } else { links - 11 };
        let all = world.list(&anna, "/api/crm/views/my_calendar?limit=500").await;
        assert_eq!(all.len(), left);
        assert_eq!(brakes(&world).await.len(), usize::from(stops));
    }
}

// C8, trap 146: what a person puts right himself is no question any more; both sides empty is no accident.
async fn a_brake_goes_when_its_plan_goes_and_the_last_item_may_be_deleted() {
    let (world, anna, _) = World::with_two().await;
    let items = linked(&world, &anna, 12).await;
    let outlook = world.outlook(&anna);
    let mut moved = Vec::new();
    for item in &items {
        moved.push(outlook.move_to(item, Folder::DeletedItems).await);
    }
    world.cycle(&anna).await;
    assert_eq!((brakes(&world).await.len(), world.view(&anna, CALENDAR).await.len()), (1, 12));
    for item in &moved {
        outlook.move_to(item, Folder::Calendar).await;
    }
    world.sync(&[&anna]).await;
    assert_eq!((brakes(&world).await.len(), world.view(&anna, CALENDAR).await.len()), (0, 12));
    assert_eq!(outlook.count(Folder::Calendar), 12);
    for item in outlook.items(Folder::Calendar).await.iter().map(id) {
        outlook.delete(&item).await;
        world.sync(&[&anna]).await;
        world.pass_days(1);
    }
    assert_eq!(world.view(&anna, CALENDAR).await.len(), 0);
    world.sync(&[&anna]).await;
    assert!(brakes(&world).await.is_empty());
}

// C8, trap 145: a listing that is suddenly empty or short stops its domain before the first write.
async fn a_listing_that_is_suddenly_short_deletes_nothing_and_is_told() {
    for quirk in [Quirk::EmptyListing, Quirk::ShortListing] {
        let (world, anna, _) = World::with_two().await;
        linked(&world, &anna, 30).await;
        let record = world.appointment(&anna, "Waits", "2026-09-29").await;
        world.sync(&[&anna]).await;
        world.edit_activity(&anna, &record, json!({"location": "Hall"})).await;
        world.settings(json!({"brakes": {"missing": 10, "missing_percent": 40}})).await;
        world.hq.set_quirk(Quirk::StateRefused, true);
        world.hq.set_quirk(quirk, true);
        world.cycle(&anna).await;
        let told = brakes(&world).await;
        assert!(told.iter().any(|brake| brake["why"].as_str().is_some_and(|why| why.contains("listing"))), "{told:?}");
        world.hq.set_quirk(Quirk::StateRefused, false);
        world.hq.set_quirk(quirk, false);
        world.sync(&[&anna]).await;
        assert_eq!(world.view(&anna, CALENDAR).await.len(), 31);
        let items = world.outlook(&anna).items(Folder::Calendar).await;
        assert_eq!(items.len(), 31);
        assert!(
            items.iter().any(|item| item.text(wire::ews::Property::Location) == Some("Hall")),
            "it goes on by itself"
        );
        assert!(brakes(&world).await.is_empty());
    }
}

// C8: over all pairings, within an hour, from one side.
async fn deletes_of_many_users_stop_the_deletes_of_all_and_nothing_else() {
    let world = World::new().await;
    world.settings(json!({"brakes": {"all_users": 2, "all_users_percent": 50}})).await;
    let mut people = Vec::new();
    for login in ["anna", "bob", "cleo", "dora"] {
        let who = world.user(login).await;
        let items = linked(&world, &who, 3).await;
        people.push((who, items));
    }
    for (who, items) in &people {
        world.outlook(who).delete(&items[0]).await;
    }
    for (who, _) in &people[..2] {
        world.sync(&[who]).await;
        assert_eq!(world.view(who, CALENDAR).await.len(), 2);
    }
    let cleo = &people[2].0;
    world.outlook(cleo).make(Folder::Tasks, outlook::task("Goes", "2026-09-28")).await;
    world.cycle(cleo).await;
    assert_eq!((world.view(cleo, CALENDAR).await.len(), world.view(cleo, "my_to_dos").await.len()), (3, 1));
    let told = brakes(&world).await;
    assert_eq!((told.len(), &told[0]["pairing"]), (1, &json!(null)), "{told:?}");
    assert!(told[0]["why"].as_str().is_some_and(|why| why.contains("3 of 4 users")), "{told:?}");
    world.pass_s(7_200);
    world.cycle(cleo).await;
    assert_eq!(world.view(cleo, CALENDAR).await.len(), 3, "it waits for a person");
    release(&world, None, &told[0]).await;
    for (who, _) in &people {
        world.sync(&[who]).await;
        assert_eq!(world.view(who, CALENDAR).await.len(), 2, "{}", who.login);
    }
}

// C8: more than 100 deletes over all, and the number that may be set.
async fn so_many_deletes_over_all_users_stop_the_rest() {
    let (world, anna, bob) = World::with_two().await;
    world.settings(json!({"brakes": {"all_deletes": 5}})).await;
    let (annas, bobs) = (linked(&world, &anna, 6).await, linked(&world, &bob, 6).await);
    for (who, items) in [(&anna, &annas), (&bob, &bobs)] {
        for item in &items[..3] {
            world.outlook(who).delete(item).await;
        }
    }
    world.sync(&[&anna]).await;
    for _ in 0..3 {
        world.cycle(&bob).await;
    }
    assert_eq!((world.view(&anna, CALENDAR).await.len(), world.view(&bob, CALENDAR).await.len()), (3, 6));
    assert_eq!(brakes(&world).await.len(), 1);
}
