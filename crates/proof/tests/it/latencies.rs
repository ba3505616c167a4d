//! How long changes take, split into the parts of their way, from the time that a side tells (rule W4).

use crate::database::on_both;
use crate::outlook::{self, set, text};
use crate::world::{Person, World};
use serde_json::{Value as Json, json};
use server::ops::{self, user::Whom};
use wire::ews::{DistinguishedFolder as Folder, Property};

on_both!(a_change_is_timed_from_when_its_side_says_it_was_made, a_first_cycle_shows_its_progress_and_is_not_timed,);

async fn cycle(world: &World, who: &Person) {
    let done = ops::cycle::run(&world.services, &Whom::User(who.login.clone())).await.expect("a cycle");
    assert_eq!(done[0].trouble, None);
}

/// The half of the changes of a part of the way to a side, in milliseconds.
fn half(status: &Json, to: &str, part: &str) -> Option<u64> {
    let lines = status["latencies"].as_array().expect("a list");
    lines.iter().find(|line| line["to"] == to && line["part"] == part)?["p50_ms"].as_u64()
}

// W4
async fn a_change_is_timed_from_when_its_side_says_it_was_made() {
    let (world, anna, _) = World::with_two().await;
    world.appointment(&anna, "Plan", "2026-09-28").await;
    let outlook = world.outlook(&anna);
    let item = outlook.make(Folder::Tasks, outlook::task("Call", "2026-09-28")).await;
    world.sync(&[&anna]).await;
    let none = world.get(&world.admin, "/api/admin/status").await;
    assert_eq!(half(&none, "crm", "whole"), None, "{none}");
    // Her next cycle is due after a minute; she edits after twenty seconds, and the machine comes to her three late.
    world.pass_s(20);
    outlook.edit(&item, vec![set(Property::Subject, text("Call back"))]).await;
    world.pass_s(43);
    cycle(&world, &anna).await;
    let status = world.get(&world.admin, "/api/admin/status").await;
    let parts = ["source", "queue", "engine", "write", "whole"].map(|part| half(&status, "crm", part).expect("told"));
    let about = |ms: u64, seconds: u64| (seconds * 1_000..=seconds * 1_125).contains(&ms);
    assert!(about(parts[0], 40) && about(parts[1], 3) && about(parts[4], 43), "{parts:?}");
    assert_eq!((parts[2], parts[3]), (0, 0), "the clock stands while a cycle works: {parts:?}");
    assert_eq!(half(&status, "pim", "whole"), None, "{status}");
    let metrics = world.services.metrics.text();
    assert!(metrics.contains("syncline_change_seconds_count{part=\"whole\",to=\"crm\"} 1"), "{metrics}");
    // In the CRM, told of by its feed: at once.
    let task = world.only(&anna, "my_to_dos").await;
    let task = task["id"].as_str().expect("an id");
    world.edit_activity(&anna, task, json!({"subject": "Call again"})).await;
    world.pass_s(2);
    cycle(&world, &anna).await;
    let status = world.get(&world.admin, "/api/admin/status").await;
    assert_eq!(half(&status, "pim", "queue"), Some(0), "{status}");
    assert!(half(&status, "pim", "whole").is_some_and(|ms| about(ms, 2)), "{status}");
    // By a hint as well, and the machine comes to her five seconds after it was seen that she is due.
    world.edit_activity(&anna, task, json!({"subject": "Call once more"})).await;
    ops::cycle::read_crm(&world.services, &world.services.crm_id).await.expect("the CRM is read");
    world.pass_s(5);
    let queued = jiff::SignedDuration::from_secs(5);
    let pairing = world.pairing(&anna).await;
    let report = world.services.engine.cycle_by_schedule(&pairing, queued).await.expect("a cycle");
    ops::overall::keep(&world.services, &report).await;
    let status = world.get(&world.admin, "/api/admin/status").await;
    let queue = status["latencies"].as_array().expect("a list");
    let queue = queue.iter().find(|line| line["to"] == "pim" && line["part"] == "queue").expect("told");
    assert!(queue["p99_ms"].as_u64().is_some_and(|ms| about(ms, 5)), "{queue}");
    // An hour later nothing of it is told.
    world.pass_s(2 * 3_600);
    let later = world.get(&world.admin, "/api/admin/status").await;
    assert_eq!(later["latencies"], json!([]));
}

// W4
async fn a_first_cycle_shows_its_progress_and_is_not_timed() {
    let world = World::new().await;
    let anna = world.hire("anna").await;
    let outlook = world.outlook(&anna);
    for n in 0..3 {
        outlook.make(Folder::Tasks, outlook::task(&format!("Call {n}"), "2026-09-28")).await;
    }
    world.map(&anna).await;
    let before = world.status(&anna).await;
    assert_eq!((&before["state"], &before["last_success"]), (&"first".into(), &Json::Null), "{before}");
    cycle(&world, &anna).await;
    let after = world.status(&anna).await;
    assert_eq!((&after["state"], &after["age_s"]), (&"ok".into(), &0.into()), "{after}");
    world.pass_s(90);
    assert_eq!(world.status(&anna).await["age_s"], 90);
    let status = world.get(&world.admin, "/api/admin/status").await;
    assert_eq!((&status["users"], &status["enabled"], &status["due"]), (&1.into(), &1.into(), &1.into()), "{status}");
    assert_eq!(status["latencies"], json!([]));
}
