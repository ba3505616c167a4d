//! Several nodes at once on one database.

use crate::world::{World, crm, intent, link, minute, rid, start};
use model::{Kind, PairingId, Side, UserId};
use std::sync::Arc;
use store::{Concerns, Look, Opened, Seen, Settle};

const NODES: usize = 8;

/// Runs a test on both databases.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $name() {
                    let world = std::sync::Arc::new(crate::world::World::sqlite().await);
                    super::$name(std::sync::Arc::clone(&world)).await;
                    std::sync::Arc::into_inner(world).expect("every task ended").close().await;
                }
            )*
        }
        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $name() {
                    let Some(world) = crate::world::World::postgres().await else {
                        println!("skipped: SYNCLINE_TEST_PG names no PostgreSQL server");
                        return;
                    };
                    let world = std::sync::Arc::new(world);
                    super::$name(std::sync::Arc::clone(&world)).await;
                    std::sync::Arc::into_inner(world).expect("every task ended").close().await;
                }
            )*
        }
    };
}

on_both! {
    a_lease_is_taken_by_one_of_many,
    a_shared_key_is_opened_by_one_of_many,
    settles_and_the_crm_reader_never_wait_for_each_other,
    wakings_of_many_are_all_kept,
}

// trap 161
async fn a_lease_is_taken_by_one_of_many(world: Arc<World>) {
    for round in 1..=5_u64 {
        let mut tasks = Vec::new();
        for node in 0..NODES {
            let store = world.store.clone();
            tasks.push(tokio::spawn(async move {
                store.take_lease("anna", &format!("node-{node}"), 60_000, 0).await.unwrap()
            }));
        }
        let mut taken = Vec::new();
        for task in tasks {
            taken.extend(task.await.unwrap());
        }
        assert_eq!(taken.iter().map(|lease| lease.fence).collect::<Vec<_>>(), [round]);
        world.store.release_lease(&taken[0]).await.unwrap();
    }
}

// decision 6
async fn a_shared_key_is_opened_by_one_of_many(world: Arc<World>) {
    let mut leases = Vec::new();
    for node in 0..NODES {
        leases.push(world.mapped(&format!("user{node}")).await.1);
    }
    let mut tasks = Vec::new();
    for lease in leases {
        let store = world.store.clone();
        tasks.push(tokio::spawn(async move {
            let row = intent(&lease, &format!("i-{}", lease.name), Some("mail"));
            (lease.name.clone(), store.open_intent(&lease, &row).await.unwrap())
        }));
    }
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    let open: Vec<_> = answers.iter().filter(|(_, answer)| *answer == Opened::Open).map(|(name, _)| name).collect();
    assert_eq!(open.len(), 1);
    let by = PairingId::new(open[0].as_str());
    let busy = answers.iter().filter(|(_, answer)| *answer == Opened::Taken { by: by.clone() }).count();
    assert_eq!(busy, NODES - 1);
}

async fn settles_and_the_crm_reader_never_wait_for_each_other(world: Arc<World>) {
    const ROUNDS: usize = 10;
    let mut leases = Vec::new();
    for node in 0..4 {
        let (id, lease) = world.mapped(&format!("user{node}")).await;
        let links = (0..4).map(|n| link(&id, &format!("{id}-{n}"), Kind::Contact, &format!("c{n}"), &format!("p{n}")));
        world.settle(&lease, Settle { links: links.collect(), ..Settle::default() }).await;
        leases.push((id, lease));
    }
    let mut tasks = Vec::new();
    for (id, lease) in leases.clone() {
        let store = world.store.clone();
        tasks.push(tokio::spawn(async move {
            for _ in 0..ROUNDS {
                let looks = store.looks(&id, start(), 100).await.unwrap();
                let again = looks.iter().rev().cloned().collect();
                store.save_seen(&lease, &id, &Seen { looked: again, ..Seen::default() }).await.unwrap();
                let look = |n: usize| Look::now(Side::Crm, Kind::Contact, rid(&format!("c{n}")));
                let settle = Settle { looks: vec![look(3), look(0), look(2)], ..Settle::default() };
                store.settle(&lease, &id, minute(0), &settle).await.unwrap();
            }
        }));
    }
    let reader = world.store.take_lease("crm:crm", "reader", 60_000, 0).await.unwrap().unwrap();
    let store = world.store.clone();
    tasks.push(tokio::spawn(async move {
        for round in 0..ROUNDS {
            let user = |n| UserId::new(format!("user-user{n}"));
            let concerns = Concerns {
                cursor: round.to_string(),
                looks: vec![(user(2), Kind::Contact, rid("c9")), (user(0), Kind::Contact, rid("c0"))],
                everywhere: vec![(Kind::Contact, rid("c3")), (Kind::Contact, rid("c1"))],
                memberships: [user(3), user(1)].into(),
            };
            store.save_concerned(&reader, &crm(), &concerns).await.unwrap();
        }
    }));
    for task in tasks {
        task.await.unwrap();
    }
    for (id, _) in &leases {
        assert!(world.store.looks(id, start(), 100).await.unwrap().len() >= 3);
    }
}

async fn wakings_of_many_are_all_kept(world: Arc<World>) {
    let anna = world.map("anna").await;
    let lease = world.lease(&anna).await;
    let mut tasks = Vec::new();
    for _ in 0..NODES {
        let (store, anna) = (world.store.clone(), anna.clone());
        tasks.push(tokio::spawn(async move { store.make_due(&[anna]).await.unwrap() }));
    }
    world.end(&lease, crate::world::well(start())).await;
    for task in tasks {
        task.await.unwrap();
    }
    world.store.release_lease(&lease).await.unwrap();
    assert_eq!(world.store.due(start(), 10).await.unwrap(), [anna]);
}
