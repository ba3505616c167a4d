//! Which pairings are due, and that no hint is lost.

use crate::world::{World, crm, minute, observation, on_every_engine, rid, start, well};
use model::schedule::{Schedule, ScheduleRule};
use model::{Kind, PairingId, Side, UserId};
use store::{Concerns, Look, Observation, PairingChange, PairingState, Push, Seen};

on_every_engine! {
    a_new_pairing_is_due_and_then_when_its_schedule_says,
    hints_wait_for_the_end_of_blackout_hours_and_a_person_does_not,
    the_longest_unserved_comes_first,
    a_disabled_or_stopped_pairing_is_not_due,
    patience_is_kept_until_its_time_or_a_person_ends_it,
    a_clock_that_was_ahead_and_is_put_right_keeps_nobody_waiting,
    what_a_clock_that_was_ahead_put_off_waits_no_longer,
    a_pairing_made_due_during_its_cycle_is_due_after_it,
    a_ripe_look_makes_its_pairing_due,
    an_observation_that_no_cycle_saw_makes_its_pairing_due,
    a_leased_pairing_is_not_due,
    a_change_of_the_schedule_counts_at_once,
    a_pairing_that_is_pushed_or_polled_from_now_on_is_looked_at_once,
}

// E4
async fn a_pairing_that_is_pushed_or_polled_from_now_on_is_looked_at_once(world: &World) {
    let store = &world.store;
    let (anna, bob) = (world.map("anna").await, world.map("bob").await);
    assert_eq!(store.pairing(&anna).await.unwrap().unwrap().state.push, Push::default());
    for id in [&anna, &bob] {
        cycle(world, id, well(start())).await;
    }
    let both = [anna.clone(), anna.clone(), PairingId::new("nobody")];
    store.set_push(&both, &Push::on()).await.unwrap();
    assert_eq!(store.pairing(&anna).await.unwrap().unwrap().state.push, Push::on());
    assert_eq!(due(world, 0).await, ["anna"]);
    let lease = world.lease(&anna).await;
    store.set_push(&both, &Push::polled("the server is away")).await.unwrap();
    world.end(&lease, well(start())).await;
    store.release_lease(&lease).await.unwrap();
    assert_eq!(due(world, 0).await, ["anna"], "told during its cycle");
    cycle(world, &anna, well(start())).await;
    let told = store.pairing(&anna).await.unwrap().unwrap().state.push;
    assert_eq!(told, Push::polled("the server is away"), "a cycle's end changes nothing of it");
    store.set_push(&both, &Push::polled("another reason")).await.unwrap();
    assert!(due(world, 0).await.is_empty(), "the reason alone is no change");
    store.change_pairing(&anna, &[PairingChange::Enable(false)]).await.unwrap();
    assert_eq!(store.pairing(&anna).await.unwrap().unwrap().state.push.why, "another reason");
}

async fn cycle(world: &World, pairing: &PairingId, state: PairingState) {
    let lease = world.lease(pairing).await;
    world.end(&lease, state).await;
    world.store.release_lease(&lease).await.unwrap();
}

async fn due(world: &World, minutes: i64) -> Vec<String> {
    let due = world.store.due(minute(minutes), 10).await.unwrap();
    due.iter().map(|id| id.as_str().to_owned()).collect()
}

// E4
async fn a_new_pairing_is_due_and_then_when_its_schedule_says(world: &World) {
    let anna = world.map("anna").await;
    assert_eq!(due(world, 0).await, ["anna"]);
    cycle(world, &anna, well(start())).await;
    let almost = minute(1).checked_sub(jiff::SignedDuration::from_micros(1)).unwrap();
    assert!(world.store.due(almost, 10).await.unwrap().is_empty());
    assert_eq!(due(world, 1).await, ["anna"]);
}

async fn the_longest_unserved_comes_first(world: &World) {
    for (name, at) in [("a", 3), ("b", 1), ("c", 2)] {
        let id = world.map(name).await;
        cycle(world, &id, well(minute(at))).await;
    }
    world.map("new").await;
    assert_eq!(due(world, 60).await, ["new", "b", "c", "a"]);
    assert_eq!(world.store.due(minute(60), 2).await.unwrap().len(), 2);
}

// L1
async fn a_disabled_or_stopped_pairing_is_not_due(world: &World) {
    let store = &world.store;
    let anna = world.map("anna").await;
    store.change_pairing(&anna, &[PairingChange::Enable(false)]).await.unwrap();
    assert!(due(world, 60).await.is_empty());
    store.change_pairing(&anna, &[PairingChange::Enable(true)]).await.unwrap();
    assert_eq!(due(world, 60).await, ["anna"]);
    let stopped = PairingState { stopped: Some("another mailbox".into()), ..well(start()) };
    cycle(world, &anna, stopped).await;
    store.make_due(std::slice::from_ref(&anna)).await.unwrap();
    assert!(due(world, 60).await.is_empty());
    store.change_pairing(&anna, &[PairingChange::ConfirmMailbox]).await.unwrap();
    assert_eq!(due(world, 0).await, ["anna"]);
}

async fn patience_is_kept_until_its_time_or_a_person_ends_it(world: &World) {
    let store = &world.store;
    let anna = world.map("anna").await;
    let patient = PairingState { failures: 3, not_before: Some(minute(30)), ..well(start()) };
    cycle(world, &anna, patient).await;
    store.make_due(std::slice::from_ref(&anna)).await.unwrap();
    assert!(due(world, 29).await.is_empty());
    assert_eq!(due(world, 30).await, ["anna"]);
    store.change_pairing(&anna, &[PairingChange::RetryNow]).await.unwrap();
    assert_eq!(due(world, 0).await, ["anna"]);
}

// E6: a machine without its time server, or restored with another date, runs a while in next year.
async fn a_clock_that_was_ahead_and_is_put_right_keeps_nobody_waiting(world: &World) {
    const YEAR: i64 = 365 * 24 * 60;
    let (anna, bob) = (world.map("anna").await, world.map("bob").await);
    let ahead = minute(YEAR);
    let next = ahead.checked_add(jiff::SignedDuration::from_mins(1)).unwrap();
    cycle(world, &anna, PairingState { next: Some(next), ..well(ahead) }).await;
    cycle(world, &bob, PairingState { failures: 3, not_before: Some(next), next: Some(next), ..well(ahead) }).await;
    assert!(due(world, YEAR).await.is_empty());
    assert_eq!(due(world, 10).await, ["anna", "bob"]);
    for id in [&anna, &bob] {
        cycle(world, id, well(minute(10))).await;
    }
    assert!(due(world, 10).await.is_empty(), "and the schedule counts again");
    // Clocks of two nodes that differ by minutes are no reason.
    cycle(world, &anna, well(minute(40))).await;
    assert_eq!(due(world, 20).await, ["bob"]);
}

// E1, E6
async fn what_a_clock_that_was_ahead_put_off_waits_no_longer(world: &World) {
    const YEAR: i64 = 365 * 24 * 60;
    let store = &world.store;
    let (anna, bob) = (world.map("anna").await, world.map("bob").await);
    let later = |n: i64| Look::later(Side::Pim, Kind::Contact, rid("I1"), minute(n));
    store.add_looks(&anna, &[later(YEAR)]).await.unwrap();
    store.add_looks(&bob, &[later(YEAR)]).await.unwrap();
    let lease = world.lease(&anna).await;
    assert!(store.looks(&anna, minute(10), 10).await.unwrap().is_empty());
    store.put_right(&lease, &anna, minute(10)).await.unwrap();
    assert_eq!(store.looks(&anna, minute(10), 10).await.unwrap().len(), 1);
    assert!(store.looks(&bob, minute(10), 10).await.unwrap().is_empty(), "each for itself");
    store.release_lease(&lease).await.unwrap();
    assert!(store.put_right(&lease, &anna, minute(10)).await.is_err(), "the lease counts");
}

async fn a_pairing_made_due_during_its_cycle_is_due_after_it(world: &World) {
    let store = &world.store;
    let anna = world.map("anna").await;
    store.make_due(std::slice::from_ref(&anna)).await.unwrap();
    cycle(world, &anna, well(start())).await;
    assert!(due(world, 0).await.is_empty(), "served: it was known when the lease was taken");
    let lease = world.lease(&anna).await;
    store.make_due(std::slice::from_ref(&anna)).await.unwrap();
    world.end(&lease, well(start())).await;
    store.release_lease(&lease).await.unwrap();
    assert_eq!(due(world, 0).await, ["anna"]);
    cycle(world, &anna, well(start())).await;
    assert!(due(world, 0).await.is_empty());
    // Memberships that may have changed do the same, through the CRM reader.
    let reader = store.take_lease("crm:crm", "node", 60_000, 0).await.unwrap().unwrap();
    let memberships = [UserId::new("user-anna"), UserId::new("unknown")].into();
    let concerns = Concerns { cursor: "1".into(), memberships, ..Concerns::default() };
    store.save_concerned(&reader, &crm(), &concerns).await.unwrap();
    assert_eq!(due(world, 0).await, ["anna"]);
}

async fn a_ripe_look_makes_its_pairing_due(world: &World) {
    let store = &world.store;
    let anna = world.map("anna").await;
    cycle(world, &anna, well(minute(100))).await;
    let later = Look::later(Side::Crm, Kind::Contact, rid("c1"), minute(100));
    store.add_looks(&anna, &[later]).await.unwrap();
    assert!(due(world, 99).await.is_empty());
    assert_eq!(due(world, 100).await, ["anna"]);
}

async fn an_observation_that_no_cycle_saw_makes_its_pairing_due(world: &World) {
    let anna = world.map("anna").await;
    cycle(world, &anna, well(minute(10))).await;
    let lease = world.lease(&anna).await;
    let old = observation(Side::Pim, Kind::Contact, "old", "v1");
    world.see(&lease, Seen { observations: vec![old], ..Seen::default() }).await;
    world.store.release_lease(&lease).await.unwrap();
    assert!(due(world, 10).await.is_empty(), "its cycle saw it and left it");
    let lease = world.lease(&anna).await;
    let new = Observation { at: minute(11), ..observation(Side::Pim, Kind::Contact, "new", "v1") };
    world.see(&lease, Seen { observations: vec![new], ..Seen::default() }).await;
    world.store.release_lease(&lease).await.unwrap();
    assert_eq!(due(world, 10).await, ["anna"]);
}

async fn a_leased_pairing_is_not_due(world: &World) {
    let (_, lease) = world.mapped("anna").await;
    assert!(due(world, 60).await.is_empty());
    world.store.release_lease(&lease).await.unwrap();
    assert_eq!(due(world, 60).await, ["anna"]);
    // One that ended without a word is free to be tried.
    world.store.take_lease("anna", "node", 0, 0).await.unwrap().unwrap();
    assert_eq!(due(world, 60).await, ["anna"]);
}

// L7
async fn a_change_of_the_schedule_counts_at_once(world: &World) {
    let store = &world.store;
    let anna = world.map("anna").await;
    let long = || PairingState { next: Some(minute(60)), resting: true, ..well(start()) };
    cycle(world, &anna, long()).await;
    let mut settings = store.settings().await.unwrap();
    settings.grace_hours = 1;
    store.change_settings(1, &settings).await.unwrap();
    assert!(due(world, 1).await.is_empty(), "nothing about schedules");
    settings.interval_s = 3_600;
    store.change_settings(2, &settings).await.unwrap();
    assert_eq!(due(world, 1).await, ["anna"]);
    // Also for a cycle that ends with what it knew before.
    let lease = world.lease(&anna).await;
    settings.schedules =
        vec![ScheduleRule { group: None, id: String::new(), and_below: false, schedule: Schedule::every(5) }];
    store.change_settings(3, &settings).await.unwrap();
    world.end(&lease, PairingState { next: Some(minute(60)), ..well(start()) }).await;
    store.release_lease(&lease).await.unwrap();
    assert_eq!(due(world, 1).await, ["anna"]);
}

// E4
async fn hints_wait_for_the_end_of_blackout_hours_and_a_person_does_not(world: &World) {
    let store = &world.store;
    let anna = world.map("anna").await;
    let resting = || PairingState { next: Some(minute(60)), resting: true, ..well(start()) };
    cycle(world, &anna, resting()).await;
    store.make_due(std::slice::from_ref(&anna)).await.unwrap();
    store.add_looks(&anna, &[Look::now(Side::Crm, Kind::Contact, rid("c1"))]).await.unwrap();
    assert!(due(world, 59).await.is_empty());
    assert_eq!(due(world, 60).await, ["anna"]);
    assert!(!store.pairing(&anna).await.unwrap().unwrap().state.asked);
    store.change_pairing(&anna, &[PairingChange::RetryNow]).await.unwrap();
    assert_eq!(due(world, 1).await, ["anna"]);
    assert!(store.pairing(&anna).await.unwrap().unwrap().state.asked);
    assert!(store.pairings(None, 10).await.unwrap()[0].state.asked);
    cycle(world, &anna, resting()).await;
    assert!(due(world, 1).await.is_empty(), "served once");
    assert!(!store.pairing(&anna).await.unwrap().unwrap().state.asked);
    // One that had no cycle yet rests as well.
    let new = world.map("new").await;
    cycle(world, &new, PairingState { last_cycle: None, first_done: false, ..resting() }).await;
    assert!(due(world, 1).await.is_empty());
    // Asked while a cycle runs: asked for still after it.
    let lease = world.lease(&anna).await;
    store.change_pairing(&anna, &[PairingChange::RetryNow]).await.unwrap();
    world.end(&lease, resting()).await;
    store.release_lease(&lease).await.unwrap();
    assert_eq!(due(world, 1).await, ["anna"]);
}
