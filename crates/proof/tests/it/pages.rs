//! A listing that is refused after its first page: what was not listed is not gone, and it goes on where it was (rules E1,
//! E2, traps 1, 148).

use crate::database::on_both;
use crate::outlook::{self, id, set, title};
use crate::world::{Person, SERVICE, World};
use emulator::{Effect, FaultAction, RequestInfo};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use wire::ews::{DistinguishedFolder as Folder, Item, Property, Value};

on_both!(
    a_first_listing_that_is_refused_on_a_later_page_is_read_to_its_end,
    a_listing_begun_anew_that_is_refused_on_a_later_page_deletes_nothing,
);

/// Three pages: ours at the front, in the middle and at the end, and what nobody asked for between them.
async fn three_pages(world: &World, anna: &Person) {
    let outlook = world.outlook(anna);
    let ours = |n: usize| {
        let categories = Value::Texts(vec!["Siebel Task".to_owned()]);
        outlook::task(&format!("Ours {n}"), "2026-09-28").with(Property::Categories, categories)
    };
    let rest = |n: usize| outlook::task(&format!("Rest {n}"), "2026-09-28");
    let fill = |from: usize| (from..from + 500).map(rest).collect::<Vec<Item>>();
    let all = [(0..4).map(ours).collect(), fill(0), (4..8).map(ours).collect(), fill(500), (8..12).map(ours).collect()];
    for some in all.concat().chunks(100) {
        outlook.make_many(Folder::Tasks, some.to_vec()).await;
    }
    world.settings(json!({"domains": {"task": {"category_required": true}}})).await;
}

/// The page of the tasks that is refused, counted from now.
fn refused(world: &World, tasks: &str, page: usize, action: &FaultAction) {
    let (seen, action, tasks) = (Arc::new(AtomicUsize::new(0)), action.clone(), tasks.to_owned());
    world.hq.on_request(Some(Arc::new(move |request: &RequestInfo| {
        let listing = request.account == SERVICE && request.operation == "SyncFolderItems";
        let is_it = listing && request.body.contains(&tasks) && seen.fetch_add(1, Ordering::Relaxed) + 1 == page;
        is_it.then(|| action.clone())
    })));
}

fn refusals() -> Vec<(&'static str, FaultAction)> {
    let status = |status: u16| FaultAction::Answer {
        status,
        content_type: "text/html".to_owned(),
        body: b"<html>no</html>".to_vec(),
        effect: Effect::None,
    };
    let code = |code: &str| FaultAction::Fault { code: code.to_owned() };
    // Each goes its own way: waited for, tried again, begun anew once more.
    vec![("429", status(429)), ("500", status(500)), ("state", code("ErrorInvalidSyncStateData")), ("403", status(403))]
}

async fn ours(world: &World, anna: &Person) -> Vec<String> {
    let seen = world.view(anna, "my_activities").await;
    let mut names: Vec<String> = seen.iter().filter_map(|one| Some(one["subject"].as_str()?.to_owned())).collect();
    names.sort();
    names
}

fn expected(numbers: impl Iterator<Item = usize>) -> Vec<String> {
    let mut names: Vec<String> = numbers.map(|n| format!("Ours {n}")).collect();
    names.sort();
    names
}

/// Cycles until one has no trouble: how many had some.
async fn until_well(world: &World, anna: &Person) -> usize {
    for failed in 0..4 {
        if world.cycle(anna).await.trouble.is_none() {
            return failed;
        }
        world.pass_s(3_600);
    }
    panic!("it stays in trouble");
}

async fn a_first_listing_that_is_refused_on_a_later_page_is_read_to_its_end() {
    let world = World::new().await;
    // One of them on the second page, one on the third.
    for (round, (name, action)) in refusals().into_iter().skip(1).take(2).enumerate() {
        let anna = world.user(&format!("anna{round}")).await;
        three_pages(&world, &anna).await;
        let tasks = world.hq.folder_id(&anna.address, "tasks").expect("a folder");
        refused(&world, &tasks, 2 + round % 2, &action);
        let failed = until_well(&world, &anna).await;
        assert!(failed <= 1, "{name}");
        world.hq.on_request(None);
        world.sync(&[&anna]).await;
        assert_eq!(ours(&world, &anna).await, expected(0..12), "{name}");
        let outlook = world.outlook(&anna);
        assert_eq!(outlook.count(Folder::Tasks), 1_012, "{name}: nothing is made twice");
        assert_eq!(outlook.count(Folder::DeletedItems), 0, "{name}");
    }
}

async fn a_listing_begun_anew_that_is_refused_on_a_later_page_deletes_nothing() {
    let world = World::new().await;
    let anna = world.user("anna").await;
    three_pages(&world, &anna).await;
    world.sync(&[&anna]).await;
    assert_eq!(ours(&world, &anna).await, expected(0..12));
    let outlook = world.outlook(&anna);
    let tasks = world.hq.folder_id(&anna.address, "tasks").expect("a folder");
    let items: Vec<Item> = outlook.items(Folder::Tasks).await;
    let named = |n: usize| items.iter().find(|item| title(item) == format!("Ours {n}")).map(id).expect("there");
    let mut gone = Vec::new();
    for (round, (name, action)) in refusals().into_iter().enumerate() {
        // One is deleted meanwhile, another edited; the place in the list is refused, and then a later page.
        gone.push(round);
        outlook.delete(&named(round)).await;
        outlook.edit(&named(11), vec![set(Property::Subject, outlook::text("Ours 11"))]).await;
        let anew = FaultAction::Fault { code: "ErrorInvalidSyncStateData".to_owned() };
        let (seen, page, tasks) = (Arc::new(AtomicUsize::new(0)), 3 + round % 2, tasks.clone());
        world.hq.on_request(Some(Arc::new(move |request: &RequestInfo| {
            let listing = request.account == SERVICE && request.operation == "SyncFolderItems";
            let count =
                if listing && request.body.contains(&tasks) { seen.fetch_add(1, Ordering::Relaxed) + 1 } else { 0 };
            match count {
                1 => Some(anew.clone()),
                _ if count == page => Some(action.clone()),
                _ => None,
            }
        })));
        until_well(&world, &anna).await;
        world.hq.on_request(None);
        world.sync(&[&anna]).await;
        assert_eq!(ours(&world, &anna).await, expected((0..12).filter(|n| !gone.contains(n))), "{name}");
        assert_eq!(outlook.count(Folder::Tasks), 1_012 - gone.len(), "{name}: nothing is made twice");
        world.pass_days(2);
    }
}
