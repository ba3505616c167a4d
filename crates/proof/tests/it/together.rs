//! New items that go out together: so many in a call, each made once whatever becomes of the call, and none held up by
//! another (rules E1, E2, E6; traps 43, 44, 166).

use crate::clock::clean;
use crate::database::on_both;
use crate::world::{Person, SERVICE, World};
use emulator::{Effect, FaultAction, Hook, RequestInfo};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use wire::ews::{DistinguishedFolder as Folder, Property};

on_both!(
    a_first_cycle_makes_many_items_in_a_call,
    whatever_becomes_of_a_call_each_of_its_items_is_made_once,
    a_share_used_up_on_the_way_leaves_nothing_to_look_up,
    a_record_that_spoils_its_call_waits_alone,
);

async fn people(world: &World, who: &Person, many: usize) {
    for number in 0..many {
        world.listed(who, &format!("Berg{number}")).await;
    }
}

fn requests(world: &World, operation: &str) -> u64 {
    world.hq.counters().requests.get(operation).copied().unwrap_or(0)
}

/// The last names of the items that stand in the contacts, and how many items that are.
async fn standing(world: &World, who: &Person) -> (BTreeSet<String>, usize) {
    let items = world.outlook(who).items(Folder::Contacts).await;
    let names = items.iter().filter_map(|item| item.text(Property::Surname).map(str::to_owned));
    (names.collect(), items.len())
}

/// The first so many creates of ours are treated so.
fn struck(world: &World, actions: Vec<FaultAction>) {
    let left = Mutex::new(actions);
    let hook = move |request: &RequestInfo| {
        let mut left = left.lock().expect("unpoisoned");
        let ours = request.account == SERVICE && request.operation == "CreateItem";
        (ours && !left.is_empty()).then(|| left.remove(0))
    };
    world.hq.on_request(Some(Arc::new(hook) as Hook));
}

// E1
async fn a_first_cycle_makes_many_items_in_a_call() {
    let (world, anna, _) = World::with_two().await;
    people(&world, &anna, 45).await;
    for number in 0..3 {
        world.appointment(&anna, &format!("Plan {number}"), "2026-09-29").await;
    }
    world.hq.reset_counters();
    let report = world.cycle(&anna).await;
    assert_eq!((report.trouble.clone(), report.writes()), (None, 48), "{report:?}");
    assert_eq!(requests(&world, "CreateItem"), 4, "three of contacts, one of appointments");
    assert_eq!(requests(&world, "GetItem"), 4, "read back as they were made");
    assert_eq!(standing(&world, &anna).await.1, 45);
    let made = world.hq.counters().mailboxes[&anna.address].writes.clone();
    assert_eq!(made.values().map(|counts| counts.created).sum::<u64>(), 48, "{made:?}");
    clean(&world, &anna).await;
    assert_eq!(requests(&world, "CreateItem"), 4);
    let history = world.list(&world.admin, "/api/admin/history?user=anna&limit=200").await;
    assert_eq!(history.iter().filter(|line| line["what"] == "create").count(), 48, "each is told");
}

// E2, E6, traps 43, 44
async fn whatever_becomes_of_a_call_each_of_its_items_is_made_once() {
    let page = |status: u16, effect| FaultAction::Answer {
        status,
        content_type: "text/html".to_owned(),
        body: b"<html>Bad gateway</html>".to_vec(),
        effect,
    };
    for action in [
        FaultAction::Drop { effect: Effect::Done },
        FaultAction::Drop { effect: Effect::None },
        FaultAction::Truncate { keep: 900 },
        page(504, Effect::Done),
        page(503, Effect::None),
        FaultAction::BusyFrom { item: 0, back_off_ms: 0 },
        FaultAction::BusyFrom { item: 7, back_off_ms: 1_000 },
        FaultAction::Fault { code: "ErrorInternalServerError".to_owned() },
        FaultAction::Fault { code: "ErrorSchemaValidation".to_owned() },
    ] {
        let (world, anna, _) = World::with_two().await;
        people(&world, &anna, 25).await;
        struck(&world, vec![action.clone()]);
        for _ in 0..3 {
            world.cycle(&anna).await;
            world.pass_s(120);
        }
        world.hq.on_request(None);
        world.pass_s(3_600);
        clean(&world, &anna).await;
        let (names, items) = standing(&world, &anna).await;
        assert_eq!((names.len(), items), (25, 25), "{action:?}");
        assert_eq!(world.outlook(&anna).count(Folder::DeletedItems), 0, "{action:?}");
    }
}

// E2, trap 166: what was not tried is known not to have been done.
async fn a_share_used_up_on_the_way_leaves_nothing_to_look_up() {
    let (world, anna, _) = World::with_two().await;
    people(&world, &anna, 12).await;
    struck(&world, vec![FaultAction::BusyFrom { item: 5, back_off_ms: 2_000 }]);
    let report = world.cycle(&anna).await;
    assert!(report.trouble.as_ref().is_some_and(|why| why.contains("wait")), "{report:?}");
    assert_eq!(standing(&world, &anna).await.1, 5);
    let pairing = world.pairing(&anna).await;
    let open = world.services.store.intents(&pairing, None, 100).await.expect("read");
    assert!(open.is_empty(), "{} are open", open.len());
    world.pass_s(600);
    world.hq.reset_counters();
    clean(&world, &anna).await;
    assert_eq!(standing(&world, &anna).await.1, 12);
    assert_eq!(requests(&world, "CreateItem"), 1, "the other seven");
}

// E1: a call that is refused as a whole for the sake of one goes out again item by item.
async fn a_record_that_spoils_its_call_waits_alone() {
    let (world, anna, _) = World::with_two().await;
    people(&world, &anna, 6).await;
    world.listed(&anna, "Poison").await;
    people_more(&world, &anna).await;
    let hook = |request: &RequestInfo| {
        let spoilt = request.operation == "CreateItem" && request.body.contains("Poison");
        spoilt.then(|| FaultAction::Fault { code: "ErrorSchemaValidation".to_owned() })
    };
    world.hq.on_request(Some(Arc::new(hook) as Hook));
    let report = world.cycle(&anna).await;
    assert_eq!((report.trouble.clone(), report.quarantined), (None, 1), "{report:?}");
    let (names, items) = standing(&world, &anna).await;
    assert_eq!((names.len(), items), (9, 9));
    assert!(!names.contains("Poison"));
    world.sync(&[&anna]).await;
    assert_eq!(world.quarantine(&anna).await.len(), 1);
    assert_eq!(standing(&world, &anna).await.1, 9);
}

async fn people_more(world: &World, who: &Person) {
    for name in ["Adler", "Specht", "Zeisig"] {
        world.listed(who, name).await;
    }
}
