//! Counters, brakes and overviews.

use crate::world::{
    World, crm, held, intent, link, minute, observation, on_every_engine, pairing, quarantined, rid, start, well,
};
use model::{CrmId, Domain, Kind, PairingId, Side, Sleep, SleepCause};
use std::collections::BTreeMap;
use store::latency::{Latencies, Part};
use store::{Backlog, Brake, Count, CountSum, LinkCount, Look, PairingState, Seen, Settle, StoreError, Whose};

on_every_engine! {
    how_long_changes_took_is_summed_over_nodes_and_forgotten_after_a_day,
    counters_add_up_by_hour_and_by_whom_they_concern,
    a_brake_that_stands_is_not_written_again,
    a_release_is_for_one_plan_only,
    a_brake_goes_when_its_plan_did,
    the_overview_tells_every_pairings_numbers,
    the_backlog_counts_what_is_there,
}

// C8, decision 11
async fn counters_add_up_by_hour_and_by_whom_they_concern(world: &World) {
    let store = &world.store;
    let deleted = (Domain::Task, Side::Crm, Count::Deleted);
    let mut others = [pairing("anna"), pairing("bob"), pairing("carla")];
    others[1].connection = "branch".into();
    others[2].crm = CrmId::new("other");
    for (row, n) in others.iter().zip([1, 10, 100]) {
        let id = store.add_pairing(row).await.unwrap();
        let lease = world.lease(&id).await;
        let counts = vec![(deleted.0, deleted.1, deleted.2, n), (Domain::Task, Side::Pim, Count::Created, 1)];
        for at in [minute(0), minute(30), minute(90)] {
            let settle = Settle { counts: counts.clone(), ..Settle::default() };
            store.settle(&lease, &id, at, &settle).await.unwrap();
        }
    }
    let sum = async |whose, since| store.counts(&whose, since).await.unwrap().get(&deleted).copied();
    let of = |records, pairings| Some(CountSum { records, pairings });
    assert_eq!(sum(Whose::All, minute(0)).await, of(333, 3));
    assert_eq!(sum(Whose::All, minute(59)).await, of(333, 3), "the hour of that time counts whole");
    assert_eq!(sum(Whose::All, minute(60)).await, of(111, 3));
    assert_eq!(sum(Whose::All, minute(120)).await, None);
    assert_eq!(sum(Whose::Pairing(PairingId::new("bob")), minute(0)).await, of(30, 1));
    assert_eq!(sum(Whose::Crm(crm()), minute(0)).await, of(33, 2));
    assert_eq!(sum(Whose::Connection("hq".into()), minute(0)).await, of(303, 2));
    let whose = async |what, since| store.pairings_that(Side::Crm, what, since).await.unwrap();
    let ids = ["anna", "bob", "carla"].map(PairingId::new);
    assert_eq!(whose(Count::Deleted, minute(60)).await, ids.into());
    assert!(whose(Count::Deleted, minute(120)).await.is_empty() && whose(Count::Created, minute(0)).await.is_empty());
    let all = store.counts(&Whose::All, minute(0)).await.unwrap();
    assert_eq!(all.keys().copied().collect::<Vec<_>>(), [deleted, (Domain::Task, Side::Pim, Count::Created)]);
}

fn brake(pairing: Option<&PairingId>, digest: &str) -> Brake {
    Brake {
        pairing: pairing.cloned(),
        domain: pairing.map(|_| Domain::Task),
        side: Side::Crm,
        digest: digest.into(),
        why: "40 of 100 tasks would be deleted".into(),
        at: start(),
        released: None,
    }
}

async fn a_brake_that_stands_is_not_written_again(world: &World) {
    let store = &world.store;
    let (anna, lease) = world.mapped("anna").await;
    let first = brake(Some(&anna), "d1");
    store.put_brake(&lease, &first).await.unwrap();
    store.put_brake(&lease, &brake(None, "all")).await.unwrap();
    assert_eq!(store.brakes().await.unwrap(), [brake(None, "all"), first.clone()]);
    let again = Brake { at: minute(5), why: "the same".into(), ..first.clone() };
    store.put_brake(&lease, &again).await.unwrap();
    assert_eq!(store.brakes().await.unwrap()[1], first);
    let other = Brake { at: minute(6), ..brake(Some(&anna), "d2") };
    store.put_brake(&lease, &other).await.unwrap();
    assert_eq!(store.brakes().await.unwrap()[1], other);
}

// C8, decision 11
async fn a_release_is_for_one_plan_only(world: &World) {
    let store = &world.store;
    let (anna, lease) = world.mapped("anna").await;
    world.end(&lease, well(start())).await;
    let row = brake(Some(&anna), "d1");
    store.put_brake(&lease, &row).await.unwrap();
    let release = async |domain, side, digest: &str| store.release_brake(Some(&anna), Some(domain), side, digest).await;
    for wrong in [
        release(Domain::Task, Side::Crm, "d0").await,
        release(Domain::Task, Side::Pim, "d1").await,
        release(Domain::Calendar, Side::Crm, "d1").await,
        store.release_brake(None, None, Side::Crm, "d1").await,
    ] {
        assert!(matches!(wrong, Err(StoreError::NotFound(_))), "{wrong:?}");
    }
    release(Domain::Task, Side::Crm, "d1").await.unwrap();
    let released = Brake { released: Some("d1".into()), ..row.clone() };
    assert_eq!(store.brakes().await.unwrap(), std::slice::from_ref(&released));
    store.put_brake(&lease, &row).await.unwrap();
    assert_eq!(store.brakes().await.unwrap(), [released], "the release stands while the plan does");
    store.release_lease(&lease).await.unwrap();
    assert_eq!(store.due(start(), 10).await.unwrap(), std::slice::from_ref(&anna), "to be carried out at once");
    let lease = world.lease(&anna).await;
    store.put_brake(&lease, &brake(Some(&anna), "d2")).await.unwrap();
    assert_eq!(store.brakes().await.unwrap(), [brake(Some(&anna), "d2")]);
}

async fn a_brake_goes_when_its_plan_did(world: &World) {
    let store = &world.store;
    let (anna, lease) = world.mapped("anna").await;
    for row in [brake(Some(&anna), "d"), brake(None, "d")] {
        store.put_brake(&lease, &row).await.unwrap();
    }
    store.drop_brake(&lease, None, None, Side::Crm).await.unwrap();
    assert_eq!(store.brakes().await.unwrap(), [brake(Some(&anna), "d")]);
    store.drop_brake(&lease, Some(&anna), Some(Domain::Task), Side::Crm).await.unwrap();
    assert!(store.brakes().await.unwrap().is_empty());
}

// W4
async fn the_overview_tells_every_pairings_numbers(world: &World) {
    let store = &world.store;
    for name in ["a", "b", "c"] {
        let (id, lease) = world.mapped(name).await;
        if name == "b" {
            let mut links: Vec<_> =
                (0..3).map(|n| link(&id, &format!("l{n}"), Kind::Task, &format!("c{n}"), &format!("p{n}"))).collect();
            links[0].sleep = Some(Sleep { cause: SleepCause::Level, since: start() });
            let settle = Settle {
                links,
                quarantine: vec![quarantined(Side::Crm, Kind::Task, "q")],
                held: vec![held(&id, "h1"), held(&id, "h2")],
                ..Settle::default()
            };
            world.settle(&lease, settle).await;
            let rows = vec![observation(Side::Crm, Kind::Task, "c0", "v2")];
            world.see(&lease, Seen { observations: rows, ..Seen::default() }).await;
        }
    }
    let first = store.overview(None, 2).await.unwrap();
    assert_eq!(first.iter().map(|row| row.pairing.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let rest = store.overview(Some(&PairingId::new("b")), 2).await.unwrap();
    assert_eq!(rest.len(), 1);
    for row in [&first[0], &rest[0]] {
        assert!(row.links.is_empty());
        assert_eq!((row.quarantined, row.held, row.observations), (0, 0, 0));
    }
    let b = &first[1];
    assert_eq!(b.pairing, pairing("b"));
    assert_eq!(b.links, BTreeMap::from([(Domain::Task, LinkCount { all: 3, asleep: 1 })]));
    assert_eq!((b.quarantined, b.held, b.observations), (1, 2, 1));
    assert!(store.overview(Some(&PairingId::new("c")), 2).await.unwrap().is_empty());
}

async fn the_backlog_counts_what_is_there(world: &World) {
    let store = &world.store;
    assert_eq!(store.backlog().await.unwrap(), Backlog::default());
    let (anna, lease) = world.mapped("anna").await;
    let stopped = PairingState { stopped: Some("moved".into()), ..well(start()) };
    let bob = world.map("bob").await;
    store.change_pairing(&bob, &[store::PairingChange::Enable(false)]).await.unwrap();
    let settle = Settle {
        links: vec![link(&anna, "l1", Kind::Task, "c1", "p1")],
        quarantine: vec![quarantined(Side::Crm, Kind::Task, "q")],
        held: vec![held(&anna, "h1")],
        looks: vec![Look::now(Side::Crm, Kind::Task, rid("c1")), Look::now(Side::Crm, Kind::Task, rid("c2"))],
        open: vec![intent(&lease, "i1", None)],
        ..Settle::default()
    };
    world.settle(&lease, settle).await;
    let rows = vec![observation(Side::Crm, Kind::Task, "c1", "v2")];
    world.see(&lease, Seen { observations: rows, ..Seen::default() }).await;
    store.put_brake(&lease, &brake(Some(&anna), "d1")).await.unwrap();
    store.put_brake(&lease, &brake(None, "d1")).await.unwrap();
    store.release_brake(None, None, Side::Crm, "d1").await.unwrap();
    world.end(&lease, stopped).await;
    let expected = Backlog {
        pairings: 2,
        enabled: 1,
        stopped: 1,
        links: 1,
        observations: 1,
        looks: 2,
        intents: 1,
        quarantined: 1,
        held: 1,
        brakes: 1,
    };
    assert_eq!(store.backlog().await.unwrap(), expected);
}

// W4
async fn how_long_changes_took_is_summed_over_nodes_and_forgotten_after_a_day(world: &World) {
    let store = &world.store;
    let took = |ms: i64, to: Side| {
        let mut some = Latencies::default();
        some.note(Part::Write, to, jiff::SignedDuration::from_millis(ms));
        some
    };
    assert!(store.latencies(start()).await.unwrap().is_empty());
    for ms in [10, 10, 900] {
        store.add_latencies(start(), &took(ms, Side::Pim)).await.unwrap();
    }
    store.add_latencies(minute(30), &took(20, Side::Crm)).await.unwrap();
    let all = store.latencies(start()).await.unwrap();
    assert_eq!((all.count(Part::Write, Side::Pim), all.count(Part::Write, Side::Crm)), (3, 1));
    assert_eq!(all.percentile_ms(Part::Write, Side::Pim, 50), Some(10));
    assert_eq!(all.count(Part::Source, Side::Pim), 0);
    let later = store.latencies(minute(30)).await.unwrap();
    assert_eq!((later.count(Part::Write, Side::Pim), later.count(Part::Write, Side::Crm)), (0, 1));
    store.add_latencies(minute(24 * 60 + 10), &Latencies::default()).await.unwrap();
    let kept = store.latencies(start()).await.unwrap();
    assert_eq!((kept.count(Part::Write, Side::Pim), kept.count(Part::Write, Side::Crm)), (0, 1));
}
