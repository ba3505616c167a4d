//! Settings, maps, connections, epoch.

use crate::world::{World, connection, intent, link, observation, on_every_engine, pairing};
use model::settings::Settings;
use model::{Direction, Domain, Kind, Level, Side};
use store::{Alert, AlertBook, CertificateLook, Channel, Fault, Resealed, Seen, Settle, StoreError, Way};

on_every_engine! {
    settings_start_with_what_ships_and_a_change_grows_the_generation,
    a_change_made_from_an_older_generation_is_refused,
    alerts_are_changed_on_the_generation_that_was_read,
    maps_ship_until_one_is_changed,
    a_map_with_faults_is_refused_with_all_of_them,
    a_secret_is_kept_byte_for_byte_and_not_listed,
    a_connection_in_use_is_not_deleted,
    secrets_are_replaced_all_or_none,
    a_renewed_epoch_is_newer_and_lets_everything_be_listed_anew,
}

// L7
async fn settings_start_with_what_ships_and_a_change_grows_the_generation(world: &World) {
    let store = &world.store;
    let mut settings = store.settings().await.unwrap();
    assert_eq!(settings, Settings::default());
    settings.interval_s = 5;
    settings.domains.get_mut(&Domain::Task).unwrap().level = Level::IMPORT;
    let generation = store.change_settings(settings.generation, &settings).await.unwrap();
    assert_eq!(generation, 2);
    settings.generation = 2;
    assert_eq!(store.settings().await.unwrap(), settings);
}

async fn a_change_made_from_an_older_generation_is_refused(world: &World) {
    let store = &world.store;
    let settings = Settings { interval_s: 5, ..Settings::default() };
    store.change_settings(1, &settings).await.unwrap();
    let late = Settings { interval_s: 9, ..Settings::default() };
    let refused = store.change_settings(1, &late).await;
    assert_eq!(refused, Err(StoreError::Conflict { generation: 2 }));
    assert_eq!(store.settings().await.unwrap().interval_s, 5);
}

// W5
async fn alerts_are_changed_on_the_generation_that_was_read(world: &World) {
    let store = &world.store;
    let mut book = store.alerts().await.unwrap();
    assert_eq!(book, AlertBook::default());
    let at = crate::world::minute(5);
    let way = Way {
        target: "sealed".into(),
        shown: "chat.test".into(),
        tries: 2,
        next: Some(at),
        trouble: Some("no answer".into()),
        arrived: None,
    };
    book.ways.insert(Channel::Webhook, way);
    assert_eq!(store.change_alerts(&book).await, Ok(1));
    assert_eq!(store.change_alerts(&book).await, Err(StoreError::Conflict { generation: 1 }), "made from no book");
    book.generation = 1;
    let alert = Alert {
        text: "a brake".into(),
        cure: "release it".into(),
        about: [("kind".to_owned(), "brake".to_owned())].into(),
        noted: at,
        since: at,
        due: at,
        told: [(Channel::Mail, at)].into(),
        over: Some(at),
    };
    book.causes.insert("brake".into(), alert);
    let look = CertificateLook { looked: at, server: Some(at), own: None };
    book.certificates.insert("hq".into(), look);
    book.repeat_s = 0;
    assert_eq!(store.change_alerts(&book).await, Ok(2));
    assert_eq!(store.change_alerts(&book).await, Err(StoreError::Conflict { generation: 2 }), "made from an older one");
    assert_eq!(store.alerts().await.unwrap(), AlertBook { generation: 2, ..book });
    assert_eq!(store.settings().await.unwrap(), Settings::default(), "no cycle plans anew for it");
}

// L7
async fn maps_ship_until_one_is_changed(world: &World) {
    let store = &world.store;
    let mut maps = (*store.maps().await.unwrap()).clone();
    for domain in Domain::ALL {
        assert_eq!(maps[&domain], model::maps_ews::default_map(domain));
    }
    let mut map = maps[&Domain::Task].clone();
    map.entries[0].direction = Direction::Export;
    assert_eq!(store.set_map(&map).await.unwrap(), 2);
    assert_eq!(store.settings().await.unwrap().generation, 2);
    map.entries[0].direction = Direction::Off;
    assert_eq!(store.set_map(&map).await.unwrap(), 3);
    maps.insert(Domain::Task, map);
    assert_eq!(*store.maps().await.unwrap(), maps);
}

async fn a_map_with_faults_is_refused_with_all_of_them(world: &World) {
    let store = &world.store;
    let mut map = model::maps_ews::default_map(Domain::Task);
    map.entries.push(map.entries[0].clone());
    map.entries[1].property = " ".into();
    match store.set_map(&map).await {
        Err(StoreError::Invalid(faults)) => assert_eq!(faults.len(), 2),
        other => panic!("{other:?}"),
    }
    assert_eq!(store.settings().await.unwrap().generation, 1);
    assert_eq!(store.maps().await.unwrap()[&Domain::Task], model::maps_ews::default_map(Domain::Task));
}

async fn a_secret_is_kept_byte_for_byte_and_not_listed(world: &World) {
    let store = &world.store;
    let mut hq = connection("hq");
    hq.secret = (0..=255).collect();
    store.put_connection(&hq).await.unwrap();
    assert_eq!(store.connection("hq").await.unwrap(), Some(hq.clone()));
    let listed = store.connections().await.unwrap();
    assert_eq!(listed.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["branch", "hq"]);
    assert!(listed.iter().all(|row| row.secret.is_empty()));
    // A change that brings no secret keeps the one it has.
    let changed = store::Connection { url: "https://new.test".into(), secret: Vec::new(), ..hq.clone() };
    store.put_connection(&changed).await.unwrap();
    let now = store.connection("hq").await.unwrap().unwrap();
    assert_eq!((now.url.as_str(), now.secret), ("https://new.test", hq.secret));
    assert_eq!(store.connection("HQ").await.unwrap(), None);
}

async fn a_connection_in_use_is_not_deleted(world: &World) {
    let store = &world.store;
    world.map("anna").await;
    let used = Fault::ConnectionUsed { name: "hq".into(), pairings: 1 };
    assert_eq!(store.delete_connection("hq").await, Err(StoreError::Invalid(vec![used])));
    store.delete_connection("branch").await.unwrap();
    assert!(matches!(store.delete_connection("branch").await, Err(StoreError::NotFound(_))));
    assert_eq!(store.connections().await.unwrap().len(), 1);
}

async fn secrets_are_replaced_all_or_none(world: &World) {
    let store = &world.store;
    let before = store.alerts().await.unwrap();
    let mut book = before.clone();
    let way = Way {
        target: "sealed anew".into(),
        shown: "chat.test".into(),
        tries: 0,
        next: None,
        trouble: None,
        arrived: None,
    };
    book.ways.insert(Channel::Webhook, way);
    let of =
        |connection: &str, before: Vec<u8>, after: Vec<u8>| Resealed { connection: connection.into(), before, after };
    let stood = store.connection("branch").await.unwrap().unwrap().secret;
    let (hq, branch) = (of("hq", vec![1, 2, 3], vec![9]), of("branch", stood, vec![8]));
    for others in [
        vec![hq.clone(), of("gone", vec![], vec![8])],
        vec![hq.clone()],
        vec![of("hq", vec![1, 2], vec![9]), branch.clone()],
    ] {
        let refused = store.replace_secrets(&others, &book).await;
        assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
    }
    assert_eq!(store.connection("hq").await.unwrap().unwrap().secret, [1, 2, 3]);
    assert_eq!(store.alerts().await.unwrap(), before, "where alerts go is one of them");
    let both = [hq, branch];
    let another = AlertBook { generation: before.generation + 7, ..book.clone() };
    let refused = store.replace_secrets(&both, &another).await;
    assert_eq!(refused, Err(StoreError::Conflict { generation: before.generation }));
    assert_eq!(store.connection("hq").await.unwrap().unwrap().secret, [1, 2, 3], "alerts were changed meanwhile");
    store.replace_secrets(&both, &book).await.unwrap();
    assert_eq!(store.alerts().await.unwrap().ways, book.ways);
    assert_eq!(store.connection("hq").await.unwrap().unwrap().secret, [9]);
    assert_eq!(store.connection("branch").await.unwrap().unwrap().secret, [8]);
}

// trap 157
async fn a_renewed_epoch_is_newer_and_lets_everything_be_listed_anew(world: &World) {
    let store = &world.store;
    let (anna, lease) = world.mapped("anna").await;
    let row = link(&anna, "l1", Kind::Contact, "c1", "p1");
    world.settle(&lease, Settle { links: vec![row.clone()], ..Settle::default() }).await;
    store.open_intent(&lease, &intent(&lease, "i1", None)).await.unwrap();
    let seen = Seen {
        observations: vec![observation(Side::Pim, Kind::Contact, "p1", "v2")],
        quarantine: vec![crate::world::quarantined(Side::Crm, Kind::Contact, "c9")],
        ..Seen::default()
    };
    world.see(&lease, seen).await;
    assert_eq!(store.epoch().await.unwrap(), 1);
    let first = store.renew_epoch().await.unwrap();
    let second = store.renew_epoch().await.unwrap();
    assert!(1 < first && first < second, "{first} {second}");
    assert_eq!(store.epoch().await.unwrap(), second);
    assert!(store.work(&anna, Kind::Contact, None, 10).await.unwrap().is_empty());
    assert!(store.quarantine(None, None, None, 10).await.unwrap().is_empty());
    assert_eq!(store.link(&row.id).await.unwrap(), Some(row));
    assert_eq!(store.intents(&anna, None, 10).await.unwrap().len(), 1);
    let close = Settle { close: vec!["i1".into()], ..Settle::default() };
    let late = store.settle(&lease, &anna, crate::world::start(), &close).await;
    assert_eq!(late, Err(StoreError::Fenced));
    assert_eq!(store.pairing(&anna).await.unwrap(), Some(pairing("anna")));
}
