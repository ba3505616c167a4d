//! Leases: one holder, a fence that grows, and no state write without it.

use crate::world::{World, crm, intent, line, link, minute, observation, on_every_engine, start, well};
use model::{Kind, PairingId, Side};
use store::{Brake, Concerns, Ended, HistoryFilter, Lease, Seen, Settle, StoreError};

on_every_engine! {
    a_lease_has_one_holder_and_its_fence_grows,
    a_taker_waits_the_grace_unless_it_was_released,
    a_lease_that_was_taken_over_is_neither_renewed_nor_released,
    a_lease_that_ended_unnoticed_may_still_be_renewed,
    no_state_write_without_the_lease,
    a_lease_writes_for_its_own_pairing_only,
    a_cycle_in_which_nothing_happened_writes_one_row_twice,
    a_beat_serves_no_waking_and_outlives_no_other_end,
}

async fn take(world: &World, holder: &str, ttl_ms: u64, grace_ms: u64) -> Option<Lease> {
    world.store.take_lease("anna", holder, ttl_ms, grace_ms).await.unwrap()
}

// trap 161
async fn a_lease_has_one_holder_and_its_fence_grows(world: &World) {
    let first = take(world, "one", 60_000, 0).await.unwrap();
    assert_eq!((first.name.as_str(), first.holder.as_str(), first.fence), ("anna", "one", 1));
    assert_eq!(take(world, "two", 60_000, 0).await, None);
    assert_eq!(take(world, "one", 60_000, 0).await, None, "not twice by the same holder either");
    world.store.release_lease(&first).await.unwrap();
    let second = take(world, "two", 60_000, 0).await.unwrap();
    assert_eq!(second.fence, 2);
    let other = world.store.take_lease("bob", "two", 60_000, 0).await.unwrap().unwrap();
    assert_eq!(other.fence, 1);
}

// decision 10
async fn a_taker_waits_the_grace_unless_it_was_released(world: &World) {
    take(world, "one", 0, 0).await.unwrap();
    assert_eq!(take(world, "two", 60_000, 3_600_000).await, None);
    let second = take(world, "two", 60_000, 0).await.unwrap();
    world.store.release_lease(&second).await.unwrap();
    let third = take(world, "three", 60_000, 3_600_000).await.unwrap();
    assert_eq!(third.fence, 3);
}

async fn a_lease_that_was_taken_over_is_neither_renewed_nor_released(world: &World) {
    let old = take(world, "one", 0, 0).await.unwrap();
    let new = take(world, "two", 60_000, 0).await.unwrap();
    assert_eq!(world.store.renew_lease(&old, 60_000).await, Err(StoreError::Fenced));
    assert_eq!(world.store.release_lease(&old).await, Err(StoreError::Fenced));
    assert_eq!(take(world, "three", 60_000, 0).await, None);
    let renewed = world.store.renew_lease(&new, 120_000).await.unwrap();
    assert_eq!((renewed.fence, renewed.until > new.until), (new.fence, true));
    world.store.release_lease(&new).await.unwrap();
    assert_eq!(world.store.release_lease(&new).await, Err(StoreError::Fenced));
}

async fn a_lease_that_ended_unnoticed_may_still_be_renewed(world: &World) {
    let lease = take(world, "one", 0, 0).await.unwrap();
    let renewed = world.store.renew_lease(&lease, 60_000).await.unwrap();
    assert_eq!(renewed.fence, lease.fence);
    assert_eq!(take(world, "two", 60_000, 0).await, None);
}

// decision 10
async fn no_state_write_without_the_lease(world: &World) {
    let store = &world.store;
    let anna = world.map("anna").await;
    let old = take(world, "one", 0, 0).await.unwrap();
    let new = take(world, "two", 60_000, 0).await.unwrap();
    let forged = Lease { fence: new.fence, ..old.clone() };
    for lease in [&old, &forged] {
        let seen = Seen { observations: vec![observation(Side::Pim, Kind::Contact, "p1", "v1")], ..Seen::default() };
        assert_eq!(store.save_seen(lease, &anna, &seen).await, Err(StoreError::Fenced));
        assert_eq!(store.drop_observing(lease, &anna).await, Err(StoreError::Fenced));
        assert_eq!(store.open_intent(lease, &intent(lease, "i1", None)).await, Err(StoreError::Fenced));
        let settle = Settle {
            links: vec![link(&anna, "l1", Kind::Contact, "c1", "p1")],
            history: vec![line(&anna, "c", start())],
            ..Settle::default()
        };
        assert_eq!(store.settle(lease, &anna, start(), &settle).await, Err(StoreError::Fenced));
        let ended = Ended { state: well(start()), mailbox: None };
        assert_eq!(store.end_cycle(lease, &anna, &ended).await, Err(StoreError::Fenced));
        assert_eq!(store.put_brake(lease, &brake(&anna)).await, Err(StoreError::Fenced));
        let dropped = store.drop_brake(lease, Some(&anna), None, Side::Pim).await;
        assert_eq!(dropped, Err(StoreError::Fenced));
    }
    assert!(store.work(&anna, Kind::Contact, None, 10).await.unwrap().is_empty());
    assert!(store.intents(&anna, None, 10).await.unwrap().is_empty());
    assert!(store.links(&anna, None, None, 10).await.unwrap().is_empty());
    assert!(store.history(&HistoryFilter::default(), None, 10).await.unwrap().is_empty());
    assert!(store.brakes().await.unwrap().is_empty());
    assert_eq!(store.pairing(&anna).await.unwrap().unwrap().state.last_cycle, None);

    let old = store.take_lease("crm:crm", "one", 0, 0).await.unwrap().unwrap();
    store.take_lease("crm:crm", "two", 60_000, 0).await.unwrap().unwrap();
    let concerns = Concerns { cursor: "9".into(), ..Concerns::default() };
    assert_eq!(store.save_concerned(&old, &crm(), &concerns).await, Err(StoreError::Fenced));
    assert_eq!(store.crm_cursor(&crm()).await.unwrap(), None);
}

fn brake(pairing: &PairingId) -> Brake {
    Brake {
        pairing: Some(pairing.clone()),
        domain: None,
        side: Side::Pim,
        digest: "d".into(),
        why: "40 deletes".into(),
        at: start(),
        released: None,
    }
}

// invariant 12
async fn a_lease_writes_for_its_own_pairing_only(world: &World) {
    let store = &world.store;
    let (_, annas) = world.mapped("anna").await;
    let bob = world.map("bob").await;
    let seen = Seen { observations: vec![observation(Side::Pim, Kind::Contact, "p1", "v1")], ..Seen::default() };
    assert_eq!(store.save_seen(&annas, &bob, &seen).await, Err(StoreError::Fenced));
    let settle = Settle { close: vec!["i1".into()], ..Settle::default() };
    assert_eq!(store.settle(&annas, &bob, start(), &settle).await, Err(StoreError::Fenced));
    let concerns = Concerns { cursor: "9".into(), ..Concerns::default() };
    assert_eq!(store.save_concerned(&annas, &crm(), &concerns).await, Err(StoreError::Fenced));
}

/// What a pairing says of its last cycles.
async fn times(world: &World, anna: &PairingId) -> [Option<jiff::Timestamp>; 3] {
    let state = world.store.pairing(anna).await.unwrap().unwrap().state;
    [state.last_cycle, state.last_success, state.next]
}

// invariant 7: a pairing at rest costs its heartbeat
async fn a_cycle_in_which_nothing_happened_writes_one_row_twice(world: &World) {
    let store = &world.store;
    let (anna, lease) = world.mapped("anna").await;
    world.end(&lease, well(start())).await;
    store.release_lease(&lease).await.unwrap();
    let writes = store.statements().writes;
    let lease = world.lease(&anna).await;
    assert!(store.beat(&lease, minute(5), Some(minute(7))).await.unwrap());
    assert_eq!(store.statements().writes, writes + 2, "taken, and returned with the heartbeat");
    assert_eq!(times(world, &anna).await, [Some(minute(5)), Some(minute(5)), Some(minute(7))]);
    assert_eq!(store.pairings(None, 9).await.unwrap()[0].state.next, Some(minute(7)));
    assert_eq!(store.due(minute(6), 9).await.unwrap(), []);
    assert_eq!(store.due(minute(7), 9).await.unwrap(), std::slice::from_ref(&anna));
    // The lease is back at once, also for who would wait for the calls of one that ended without a word.
    let next = store.take_lease("anna", "two", 60_000, 3_600_000).await.unwrap().unwrap();
    assert_eq!(next.fence, lease.fence + 1);
    assert!(!store.beat(&lease, minute(9), None).await.unwrap(), "who holds it no more notes nothing");
    assert_eq!(times(world, &anna).await[0], Some(minute(5)));
    // An observation that the quiet cycle did not see makes its pairing due.
    let late = store::Observation { at: minute(6), ..observation(Side::Pim, Kind::Contact, "p1", "v1") };
    world.see(&next, Seen { observations: vec![late], ..Seen::default() }).await;
    assert!(store.beat(&next, minute(8), None).await.unwrap());
    assert_eq!(times(world, &anna).await, [Some(minute(8)), Some(minute(8)), None]);
    assert_eq!(store.due(minute(8), 9).await.unwrap(), [anna], "without a time it is due at once");
}

async fn a_beat_serves_no_waking_and_outlives_no_other_end(world: &World) {
    let store = &world.store;
    let (anna, lease) = world.mapped("anna").await;
    world.end(&lease, well(start())).await;
    store.release_lease(&lease).await.unwrap();
    let lease = world.lease(&anna).await;
    assert!(store.beat(&lease, minute(30), Some(minute(90))).await.unwrap());
    store.make_due(std::slice::from_ref(&anna)).await.unwrap();
    let lease = world.lease(&anna).await;
    assert!(!store.beat(&lease, minute(31), Some(minute(91))).await.unwrap(), "the waking is to be noted as served");
    // Another end counts, also when the clock was put back meanwhile.
    world.end(&lease, well(minute(10))).await;
    store.release_lease(&lease).await.unwrap();
    assert_eq!(times(world, &anna).await, [Some(minute(10)), Some(minute(10)), Some(minute(11))]);
    assert_eq!(store.due(minute(10), 9).await.unwrap(), []);
    let lease = world.lease(&anna).await;
    assert!(store.beat(&lease, minute(12), Some(minute(40))).await.unwrap());
    // A waking during the quiet cycle, or after it, is served by the next.
    store.make_due(std::slice::from_ref(&anna)).await.unwrap();
    assert_eq!(store.due(minute(12), 9).await.unwrap(), std::slice::from_ref(&anna));
    // Who is mapped again had no cycle yet.
    store.delete_pairing(&anna).await.unwrap();
    let anna = world.map("anna").await;
    assert_eq!(times(world, &anna).await, [None, None, None]);
}
