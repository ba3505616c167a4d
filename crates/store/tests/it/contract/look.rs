//! Ids to look at: none is lost, whoever asks while another looks.

use crate::world::{World, crm, link, minute, on_every_engine, rid, start, stranger};
use model::{Kind, PairingId, Side, Sleep, SleepCause, UserId};
use store::{Concerns, Look, Seen, Settle, StoreError};

on_every_engine! {
    a_look_asked_for_again_while_it_is_carried_out_stays,
    of_two_times_the_earlier_stands,
    looks_come_in_bounded_pages,
    the_crm_reader_tells_exactly_those_concerned,
    a_page_of_the_crm_reader_is_stored_once,
    strangers_of_a_reason_are_looked_at_again,
    sleepers_of_a_cause_are_looked_at_on_both_sides,
    nobody_looks_for_a_pairing_that_is_not_mapped,
}

fn now(id: &str) -> Look {
    Look::now(Side::Crm, Kind::Contact, rid(id))
}

async fn looks(world: &World, pairing: &PairingId, minutes: i64) -> Vec<Look> {
    world.store.looks(pairing, minute(minutes), 100).await.unwrap()
}

async fn a_look_asked_for_again_while_it_is_carried_out_stays(world: &World) {
    let (anna, lease) = world.mapped("anna").await;
    world.store.add_looks(&anna, &[now("c1"), now("c2")]).await.unwrap();
    let read = looks(world, &anna, 0).await;
    assert_eq!(read.iter().map(|look| look.asked).collect::<Vec<_>>(), [1, 1]);
    // It changes again after it was read and before that is stored.
    world.store.add_looks(&anna, &[now("c1")]).await.unwrap();
    world.see(&lease, Seen { looked: read, ..Seen::default() }).await;
    let left = looks(world, &anna, 0).await;
    assert_eq!(left, [Look { asked: 2, ..now("c1") }]);
    world.see(&lease, Seen { looked: left, ..Seen::default() }).await;
    assert!(looks(world, &anna, 0).await.is_empty());
    // One carried out and asked for by the same page is a new one.
    world.store.add_looks(&anna, &[now("c1")]).await.unwrap();
    let looked = looks(world, &anna, 0).await;
    let later = Look::later(Side::Crm, Kind::Contact, rid("c1"), minute(60));
    world.see(&lease, Seen { looked, looks: vec![later.clone()], ..Seen::default() }).await;
    assert!(looks(world, &anna, 59).await.is_empty());
    assert_eq!(looks(world, &anna, 60).await, [Look { asked: 1, ..later }]);
}

async fn of_two_times_the_earlier_stands(world: &World) {
    let (anna, lease) = world.mapped("anna").await;
    let at = |minutes| Look::later(Side::Crm, Kind::Contact, rid("c1"), minute(minutes));
    world.store.add_looks(&anna, &[at(60)]).await.unwrap();
    world.settle(&lease, Settle { looks: vec![at(30)], ..Settle::default() }).await;
    world.see(&lease, Seen { looks: vec![at(90)], ..Seen::default() }).await;
    assert!(looks(world, &anna, 29).await.is_empty());
    assert_eq!(looks(world, &anna, 30).await, [Look { asked: 3, ..at(30) }]);
    world.store.add_looks(&anna, &[now("c1")]).await.unwrap();
    world.store.add_looks(&anna, &[at(90)]).await.unwrap();
    assert_eq!(looks(world, &anna, 0).await, [Look { asked: 5, ..now("c1") }]);
}

async fn looks_come_in_bounded_pages(world: &World) {
    let (anna, lease) = world.mapped("anna").await;
    let all: Vec<Look> = (0..1_005).map(|n| now(&format!("c{n:04}"))).collect();
    world.store.add_looks(&anna, &all).await.unwrap();
    let mut seen = 0;
    for expected in [400, 400, 205, 0] {
        let page = world.store.looks(&anna, minute(0), 400).await.unwrap();
        assert_eq!(page.len(), expected);
        seen += page.len();
        world.see(&lease, Seen { looked: page, ..Seen::default() }).await;
    }
    assert_eq!(seen, all.len());
    world.store.add_looks(&anna, &all).await.unwrap();
    let capped = world.store.looks(&anna, minute(0), usize::MAX).await.unwrap();
    assert_eq!(capped.len(), store::limits::PAGE);
}

async fn reader(world: &World) -> store::Lease {
    world.store.take_lease("crm:crm", "node", 60_000, 0).await.unwrap().unwrap()
}

// decision 9, invariant 12
async fn the_crm_reader_tells_exactly_those_concerned(world: &World) {
    let store = &world.store;
    let mut ids = Vec::new();
    for name in ["anna", "bob", "carla"] {
        ids.push(world.map(name).await);
    }
    // A user of the same name in another CRM, linked to a record of the same id.
    let other = store::Pairing {
        crm: model::CrmId::new("other"),
        user: UserId::new("user-anna"),
        ..crate::world::pairing("other")
    };
    ids.push(store.add_pairing(&other).await.unwrap());
    for id in [&ids[1], &ids[2], &ids[3]] {
        let lease = world.lease(id).await;
        let row = link(id, &format!("l-{id}"), Kind::Contact, "merged", "p1");
        world.settle(&lease, Settle { links: vec![row], ..Settle::default() }).await;
    }
    let concerns = Concerns {
        cursor: "42".into(),
        looks: vec![
            (UserId::new("user-anna"), Kind::Contact, rid("c1")),
            (UserId::new("user-bob"), Kind::Task, rid("c1")),
            (UserId::new("unmapped"), Kind::Task, rid("c1")),
        ],
        everywhere: vec![(Kind::Contact, rid("merged")), (Kind::Task, rid("merged"))],
        memberships: [UserId::new("unmapped")].into(),
    };
    store.save_concerned(&reader(world).await, &crm(), &concerns).await.unwrap();
    assert_eq!(store.crm_cursor(&crm()).await.unwrap().as_deref(), Some("42"));
    assert_eq!(store.crm_cursor(&other.crm).await.unwrap(), None);
    let asked = |look: Look| Look { asked: 1, ..look };
    let expected = [
        vec![asked(now("c1"))],
        vec![asked(now("merged")), asked(Look::now(Side::Crm, Kind::Task, rid("c1")))],
        vec![asked(now("merged"))],
        vec![],
    ];
    for (id, expected) in ids.iter().zip(expected) {
        assert_eq!(looks(world, id, 0).await, expected, "{id}");
    }
}

async fn a_page_of_the_crm_reader_is_stored_once(world: &World) {
    let store = &world.store;
    let anna = world.map("anna").await;
    let lease = reader(world).await;
    let page = |cursor: &str| Concerns {
        cursor: cursor.into(),
        looks: vec![
            (UserId::new("user-anna"), Kind::Contact, rid("c1")),
            (UserId::new("user-anna"), Kind::Contact, rid("c1")),
        ],
        ..Concerns::default()
    };
    store.save_concerned(&lease, &crm(), &page("1")).await.unwrap();
    assert_eq!(looks(world, &anna, 0).await.len(), 1);
    store.save_concerned(&lease, &crm(), &page("2")).await.unwrap();
    assert_eq!(store.crm_cursor(&crm()).await.unwrap().as_deref(), Some("2"));
    assert_eq!(looks(world, &anna, 0).await.len(), 1);
}

// L7
async fn strangers_of_a_reason_are_looked_at_again(world: &World) {
    let store = &world.store;
    let (anna, lease) = world.mapped("anna").await;
    let strangers = vec![
        stranger(Side::Pim, Kind::Contact, "p1", "no category"),
        stranger(Side::Pim, Kind::Task, "p2", "no category"),
        stranger(Side::Crm, Kind::Contact, "c1", "not on the list"),
    ];
    world.settle(&lease, Settle { strangers: strangers.clone(), ..Settle::default() }).await;
    let mut listed = Vec::new();
    let mut after = None;
    loop {
        let page = store.strangers(&anna, None, after.as_ref(), 1).await.unwrap();
        let Some(row) = page.into_iter().next() else { break };
        after = Some((row.side, row.kind, row.id.clone()));
        listed.push(row);
        assert!(listed.len() <= 3, "pages go on");
    }
    assert_eq!(listed.len(), 3);
    assert!(strangers.iter().all(|row| listed.contains(row)));
    let of = store.strangers(&anna, Some("not on the list"), None, 10).await.unwrap();
    assert_eq!(of, strangers[2..]);
    assert_eq!(store.look_at_strangers(&anna, &["no category", "unknown"]).await.unwrap(), 2);
    let ids: Vec<_> = looks(world, &anna, 0).await.into_iter().map(|look| look.id).collect();
    assert_eq!(ids, [rid("p1"), rid("p2")]);
    assert_eq!(store.strangers(&anna, None, None, 10).await.unwrap().len(), 3, "until they are read");
}

// L6
async fn sleepers_of_a_cause_are_looked_at_on_both_sides(world: &World) {
    let store = &world.store;
    let (anna, lease) = world.mapped("anna").await;
    let asleep = |n: &str, cause| model::Link {
        sleep: Some(Sleep { cause, since: start() }),
        ..link(&anna, n, Kind::Contact, &format!("c{n}"), &format!("p{n}"))
    };
    let links = vec![
        asleep("1", SleepCause::Level),
        asleep("2", SleepCause::Window),
        asleep("3", SleepCause::Hidden),
        link(&anna, "4", Kind::Contact, "c4", "p4"),
    ];
    world.settle(&lease, Settle { links, ..Settle::default() }).await;
    let count = store.look_at_sleepers(&anna, &[SleepCause::Level, SleepCause::Window]).await.unwrap();
    assert_eq!(count, 2);
    let ids: Vec<_> = looks(world, &anna, 0).await.into_iter().map(|look| look.id).collect();
    assert_eq!(ids, [rid("c1"), rid("c2"), rid("p1"), rid("p2")]);
}

async fn nobody_looks_for_a_pairing_that_is_not_mapped(world: &World) {
    let nobody = PairingId::new("nobody");
    let refused = world.store.add_looks(&nobody, &[now("c1")]).await;
    assert_eq!(refused, Err(StoreError::NotFound("pairing nobody".into())));
    assert!(world.store.look_at_strangers(&nobody, &["x"]).await.is_err());
    assert!(world.store.look_at_sleepers(&nobody, &[SleepCause::Level]).await.is_err());
    assert!(looks(world, &nobody, 0).await.is_empty());
}
