//! Schedules: blackout hours, "sync now", and the list over REST.

use crate::worker::{LONG, listed_contact, mapped, until, watched, world};
use crate::world::id;
use axum::http::StatusCode;
use engine::port::Clock;
use serde_json::json;
use server::clock::MachineClock;
use server::{ops, worker};
use tokio::sync::watch;

/// Blackout hours that cover now, or that are long over.
fn blackout(covering: bool) -> serde_json::Value {
    let now = MachineClock.now().to_zoned(jiff::tz::TimeZone::UTC);
    let hour = |ahead: i64| {
        now.checked_add(jiff::SignedDuration::from_hours(ahead)).expect("a time").strftime("%H:%M").to_string()
    };
    let (from, to) = if covering { (hour(-6), hour(6)) } else { (hour(6), hour(9)) };
    json!({"schedules": [{"schedule": {"interval_s": 1, "blackout": [{"from": from, "to": to}]}}]})
}

// E4, L7
#[tokio::test(flavor = "multi_thread")]
async fn in_blackout_hours_nothing_runs_but_what_a_person_asks_for() {
    let (world, emulator) = world().await;
    let anna = mapped(&world, &emulator, "hq", "anna").await;
    let set = world.put(&world.admin, "/api/admin/schedules", blackout(true)).await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.text);
    listed_contact(&world, &anna, "Ida").await;
    let mut told = watched(&emulator, |_| None);
    // It rests, and calls nobody.
    let user = ops::user::pairing(&world.services, "anna").await.expect("mapped");
    world.services.engine.cycle_by_schedule(&user.id, jiff::SignedDuration::ZERO).await.expect("a rest");
    assert!(told.try_recv().is_err());
    assert_eq!(world.services.store.due(world.services.clock.now(), 10).await.expect("due"), []);
    let explained = world.get(&world.admin, "/api/admin/users/anna/explain").await;
    assert!(explained.text.contains("only when a person asks (E4)"), "{}", explained.text);
    // Also under a running worker, until somebody asks.
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(worker::run(world.services.clone(), stopped));
    let asked = world.post(&world.admin, "/api/admin/users/anna/sync", json!({})).await;
    assert_eq!(asked.json["due"], json!(1), "{}", asked.text);
    until(&mut told, "CreateItem", "anna@crm.test").await;
    // Hours that are changed count at once.
    listed_contact(&world, &anna, "Ole").await;
    world.put(&world.admin, "/api/admin/schedules", blackout(false)).await;
    until(&mut told, "CreateItem", "anna@crm.test").await;
    stop.send_replace(true);
    tokio::time::timeout(LONG, running).await.expect("it stops").expect("no panic");
}

// E4
#[tokio::test]
async fn sync_now_reaches_the_members_of_a_group_and_nobody_else() {
    let (world, emulator) = world().await;
    for login in ["anna", "bob"] {
        mapped(&world, &emulator, "hq", login).await;
    }
    let anna = ops::user::pairing(&world.services, "anna").await.expect("mapped");
    let list = world
        .made(&world.admin, "/api/crm/user-lists", json!({"name": "Field", "members": [anna.user.as_str()]}))
        .await;
    let path = format!("/api/admin/sync?user_list={}", id(&list));
    assert_eq!(world.post(&world.admin, &path, json!({})).await.json["due"], json!(1));
    assert_eq!(world.post(&world.admin, "/api/admin/sync", json!({})).await.json["due"], json!(2));
    let unknown = world.post(&world.admin, "/api/admin/sync?user_list=LST-404", json!({})).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND, "{}", unknown.text);
    let both = world.post(&world.admin, "/api/admin/sync?user_list=a&position=b", json!({})).await;
    assert_eq!(both.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", both.text);
}

// E3, E4
#[tokio::test]
async fn wrong_schedules_are_told_all_at_once_and_change_nothing() {
    let (world, _) = world().await;
    let wrong = json!({"schedules": [
        {"group": "position", "id": "POS-404", "schedule": {"interval_s": 5}},
        {"schedule": {"interval_s": 5, "colour": "red"}}]});
    let refused = world.put(&world.admin, "/api/admin/schedules", wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    assert!(refused.text.contains("schedules[1]"), "{}", refused.text);
    let wrong = json!({"schedules": [
        {"group": "position", "id": "POS-404", "schedule": {"interval_s": 5}},
        {"schedule": {"interval_s": 0, "zone": "Nowhere"}}]});
    let refused = world.put(&world.admin, "/api/admin/schedules", wrong).await;
    assert!(refused.text.contains("there is no position POS-404"), "{}", refused.text);
    let listed = world.get(&world.admin, "/api/admin/schedules").await;
    assert_eq!(listed.items().len(), 0);
    let set = world
        .put(&world.admin, "/api/admin/schedules", json!({"schedules": [{"schedule": {"interval_s": 300}}]}))
        .await;
    assert_eq!(set.items()[0]["schedule"]["interval_s"], json!(300), "{}", set.text);
    let gone = world.delete(&world.admin, "/api/admin/schedules/0").await;
    assert_eq!(gone.items().len(), 0, "{}", gone.text);
    assert_eq!(world.delete(&world.admin, "/api/admin/schedules/0").await.status, StatusCode::NOT_FOUND);
}
