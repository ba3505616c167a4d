//! Intents, settles, and what a cycle costs.

use crate::world::{
    World, held, intent, line, link, minute, observation, on_every_engine, quarantined, rid, start, well,
};
use model::{CrmId, Field, Kind, LinkId, Path, Side, Value, Version};
use store::{Concerns, HeldFilter, HistoryFilter, Intent, Key, Late, Opened, Seen, Settle, StoreError};

on_every_engine! {
    one_open_create_per_shared_key_of_a_crm,
    a_settle_with_a_taken_shared_key_stores_nothing,
    the_next_step_of_an_intent_keeps_its_shared_key,
    intents_of_one_call_are_opened_together_each_with_its_own_answer,
    an_intent_belongs_to_one_pairing,
    intents_come_back_as_they_were_in_pages,
    an_observation_is_taken_up_only_in_its_version,
    a_late_create_is_found_by_its_mark,
    quarantine_and_questions_come_and_go_with_settles,
    an_empty_settle_asks_nothing_of_the_database,
    a_quiet_cycle_writes_its_heartbeat_alone,
    a_cycle_learns_the_mailbox_once,
}

fn close(ids: &[&str]) -> Settle {
    Settle { close: ids.iter().map(ToString::to_string).collect(), ..Settle::default() }
}

// decision 6
async fn one_open_create_per_shared_key_of_a_crm(world: &World) {
    let store = &world.store;
    let (anna, annas) = world.mapped("anna").await;
    let (_, bobs) = world.mapped("bob").await;
    let elsewhere = store::Pairing { crm: CrmId::new("other"), ..crate::world::pairing("carla") };
    let carlas = world.lease(&store.add_pairing(&elsewhere).await.unwrap()).await;
    let open = async |lease, id: &str, key| store.open_intent(lease, &intent(lease, id, key)).await.unwrap();
    assert_eq!(open(&annas, "a1", Some("mail")).await, Opened::Open);
    let busy = Opened::Taken { by: anna.clone() };
    assert_eq!(open(&bobs, "b1", Some("mail")).await, busy);
    assert_eq!(open(&annas, "a2", Some("mail")).await, busy, "not twice in one pairing either");
    assert_eq!(store.intent("b1").await.unwrap(), None);
    for (lease, id, key) in
        [(&bobs, "b2", Some("Mail")), (&bobs, "b3", None), (&annas, "a3", None), (&carlas, "c1", Some("mail"))]
    {
        assert_eq!(open(lease, id, key).await, Opened::Open, "{id}");
    }
    world.settle(&annas, close(&["a1"])).await;
    assert_eq!(open(&bobs, "b1", Some("mail")).await, Opened::Open);
}

async fn a_settle_with_a_taken_shared_key_stores_nothing(world: &World) {
    let store = &world.store;
    let (anna, annas) = world.mapped("anna").await;
    let (bob, bobs) = world.mapped("bob").await;
    store.open_intent(&annas, &intent(&annas, "a1", Some("mail"))).await.unwrap();
    let settle = Settle {
        links: vec![link(&bob, "l1", Kind::Contact, "c1", "p1")],
        open: vec![intent(&bobs, "b1", Some("mail"))],
        ..Settle::default()
    };
    let refused = store.settle(&bobs, &bob, start(), &settle).await;
    assert_eq!(refused, Err(StoreError::Taken(Key::SharedKey { by: anna.clone() })));
    assert!(store.links(&bob, None, None, 10).await.unwrap().is_empty());
    assert!(store.intents(&bob, None, 10).await.unwrap().is_empty());
    // The one who holds it may hand it on.
    let step = Settle { close: vec!["a1".into()], open: vec![intent(&annas, "a2", Some("mail"))], ..Settle::default() };
    world.settle(&annas, step).await;
    let open: Vec<_> = store.intents(&anna, None, 10).await.unwrap().into_iter().map(|row| row.id).collect();
    assert_eq!(open, ["a2"]);
}

// invariant 5
async fn the_next_step_of_an_intent_keeps_its_shared_key(world: &World) {
    let store = &world.store;
    let (anna, lease) = world.mapped("anna").await;
    let (_, bobs) = world.mapped("bob").await;
    let first = intent(&lease, "a1", Some("mail"));
    store.open_intent(&lease, &first).await.unwrap();
    store.release_lease(&lease).await.unwrap();
    let lease = world.lease(&anna).await;
    let step = Intent { fence: lease.fence, target: Some(rid("c1")), shared_key: None, ..first.clone() };
    assert_eq!(store.open_intent(&lease, &step).await.unwrap(), Opened::Open);
    let now = store.intent("a1").await.unwrap().unwrap();
    assert_eq!(now, Intent { shared_key: Some("mail".into()), ..step });
    let busy = store.open_intent(&bobs, &intent(&bobs, "b1", Some("mail"))).await.unwrap();
    assert_eq!(busy, Opened::Taken { by: anna });
}

// invariant 5, decision 6
async fn intents_of_one_call_are_opened_together_each_with_its_own_answer(world: &World) {
    let store = &world.store;
    let (anna, annas) = world.mapped("anna").await;
    let (bob, bobs) = world.mapped("bob").await;
    store.open_intent(&bobs, &intent(&bobs, "b1", Some("mail"))).await.unwrap();
    let row = |id: &str, key| intent(&annas, id, key);
    let ids = async |of| {
        let open = store.intents(of, None, 10).await.unwrap();
        open.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(store.open_intents(&annas, &[]).await, Ok(Vec::new()));
    let wanted = [row("a1", None), row("a2", Some("mail")), row("a3", Some("own")), row("a4", Some("own"))];
    let opened = store.open_intents(&annas, &wanted).await.unwrap();
    let busy = |by: &model::PairingId| Opened::Taken { by: by.clone() };
    assert_eq!(opened, [Opened::Open, busy(&bob), Opened::Open, busy(&anna)]);
    assert_eq!(ids(&anna).await, ["a1", "a3"]);
    assert_eq!(store.intent("a3").await.unwrap().as_ref(), wanted.get(2));

    // All of them or none: an id that is another's, a pairing that is another's, a lease that is gone.
    let stolen = store.open_intents(&annas, &[row("a5", None), row("b1", None)]).await;
    assert_eq!(stolen, Err(StoreError::Taken(Key::Id)));
    let foreign = store.open_intents(&annas, &[row("a6", None), intent(&bobs, "b2", None)]).await;
    assert_eq!(foreign, Err(StoreError::Fenced));
    store.release_lease(&annas).await.unwrap();
    let late = store.open_intents(&annas, &[row("a7", None), row("a8", None)]).await;
    assert_eq!(late, Err(StoreError::Fenced));
    assert_eq!((ids(&anna).await, ids(&bob).await), (vec!["a1".to_owned(), "a3".to_owned()], vec!["b1".to_owned()]));
}

// invariant 12
async fn an_intent_belongs_to_one_pairing(world: &World) {
    let store = &world.store;
    let (_, annas) = world.mapped("anna").await;
    let (_, bobs) = world.mapped("bob").await;
    let first = intent(&annas, "i1", None);
    store.open_intent(&annas, &first).await.unwrap();
    let stolen = store.open_intent(&bobs, &intent(&bobs, "i1", None)).await;
    assert_eq!(stolen, Err(StoreError::Taken(Key::Id)));
    world.settle(&bobs, close(&["i1"])).await;
    assert_eq!(store.intent("i1").await.unwrap(), Some(first));
}

async fn intents_come_back_as_they_were_in_pages(world: &World) {
    let store = &world.store;
    let (anna, lease) = world.mapped("anna").await;
    let mut all = Vec::new();
    for n in 0..5 {
        let mut row = intent(&lease, &format!("i{n}"), None);
        row.fields.insert(Path::occurrence("2026-03-09T10:00:00".parse().unwrap(), Field::Subject), Value::Null);
        row.mark =
            Some(model::Mark { mailbox: model::MailboxId::new("m"), epoch: 1, key: row.id.clone(), write_no: n });
        store.open_intent(&lease, &row).await.unwrap();
        all.push(row);
    }
    let first = store.intents(&anna, None, 3).await.unwrap();
    let rest = store.intents(&anna, Some("i2"), 3).await.unwrap();
    assert_eq!([first, rest].concat(), all);
    assert_eq!(store.intent("i4").await.unwrap().as_ref(), all.last());
}

// decision 12
async fn an_observation_is_taken_up_only_in_its_version(world: &World) {
    let (anna, lease) = world.mapped("anna").await;
    let row = observation(Side::Crm, Kind::Contact, "c1", "v2");
    world.see(&lease, Seen { observations: vec![row], ..Seen::default() }).await;
    let take = |version: &str| Settle {
        taken: vec![(Side::Crm, Kind::Contact, rid("c1"), Version::new(version))],
        ..Settle::default()
    };
    for (version, left) in [("v1", 1), ("V2", 1), ("", 1), ("v2", 0)] {
        world.settle(&lease, take(version)).await;
        let work = world.store.work(&anna, Kind::Contact, None, 10).await.unwrap();
        assert_eq!(work.len(), left, "{version}");
    }
}

// decision 10
async fn a_late_create_is_found_by_its_mark(world: &World) {
    let (anna, lease) = world.mapped("anna").await;
    let late = |content: &str| Late {
        key: "k".into(),
        link: LinkId::new("l1"),
        content: content.into(),
        until: minute(1_440),
    };
    for content in ["one", "two"] {
        world.settle(&lease, Settle { late: vec![late(content)], ..Settle::default() }).await;
        assert_eq!(world.store.late(&anna, "k").await.unwrap(), Some(late(content)));
    }
    assert_eq!(world.store.late(&anna, "K").await.unwrap(), None);
    let bob = world.map("bob").await;
    assert_eq!(world.store.late(&bob, "k").await.unwrap(), None);
}

// E1, C3
async fn quarantine_and_questions_come_and_go_with_settles(world: &World) {
    let store = &world.store;
    let (anna, lease) = world.mapped("anna").await;
    let bad = quarantined(Side::Crm, Kind::Contact, "c1");
    let question = held(&anna, "h1");
    let settle = Settle { quarantine: vec![bad.clone()], held: vec![question.clone()], ..Settle::default() };
    world.settle(&lease, settle).await;
    assert_eq!(store.quarantine(None, None, None, 10).await.unwrap(), [(anna.clone(), bad.clone())]);
    assert_eq!(store.held(&HeldFilter::default(), None, 10).await.unwrap(), std::slice::from_ref(&question));
    let changed = store::Held { at: minute(1), ..question };
    let settle = Settle {
        cured: vec![(Side::Pim, Kind::Contact, rid("c1")), (Side::Crm, Kind::Task, rid("c1"))],
        held: vec![changed.clone()],
        ..Settle::default()
    };
    world.settle(&lease, settle).await;
    assert_eq!(store.quarantine(None, None, None, 10).await.unwrap().len(), 1, "another side, another kind");
    assert_eq!(store.held(&HeldFilter::default(), None, 10).await.unwrap(), [changed]);
    let (_, bobs) = world.mapped("bob").await;
    world.settle(&bobs, Settle { answered: vec!["h1".into()], ..Settle::default() }).await;
    assert_eq!(store.held(&HeldFilter::default(), None, 10).await.unwrap().len(), 1, "not another's");
    let settle =
        Settle { cured: vec![(Side::Crm, Kind::Contact, rid("c1"))], answered: vec!["h1".into()], ..Settle::default() };
    world.settle(&lease, settle).await;
    assert!(store.quarantine(None, None, None, 10).await.unwrap().is_empty());
    assert!(store.held(&HeldFilter::default(), None, 10).await.unwrap().is_empty());
}

async fn an_empty_settle_asks_nothing_of_the_database(world: &World) {
    let (_, lease) = world.mapped("anna").await;
    let before = world.store.statements();
    world.settle(&lease, Settle::default()).await;
    assert_eq!(world.store.statements(), before);
}

/// What the engine asks of the store in a cycle that finds nothing to do.
async fn a_quiet_cycle_writes_its_heartbeat_alone(world: &World) {
    let store = &world.store;
    let (anna, lease) = world.mapped("anna").await;
    let links = (0..50).map(|n| link(&anna, &format!("l{n}"), Kind::Contact, &format!("c{n}"), &format!("p{n}")));
    world.settle(&lease, Settle { links: links.collect(), ..Settle::default() }).await;
    world.see(&lease, Seen::default()).await;
    let writes = store.statements().writes;
    store.pairing(&anna).await.unwrap();
    store.settings().await.unwrap();
    store.maps().await.unwrap();
    store.cursors(&anna).await.unwrap();
    store.intents(&anna, None, 100).await.unwrap();
    store.looks(&anna, minute(1), 100).await.unwrap();
    for kind in Kind::ALL {
        assert!(store.work(&anna, kind, None, 100).await.unwrap().is_empty());
    }
    store.counts(&store::Whose::Pairing(anna.clone()), minute(0)).await.unwrap();
    store.brakes().await.unwrap();
    assert_eq!(store.statements().writes, writes, "reading writes nothing");
    world.end(&lease, well(minute(1))).await;
    assert_eq!(store.statements().writes, writes + 1);
    // The reader of a CRM that has no news writes nothing at all.
    let reader = store.take_lease("crm:crm", "node", 60_000, 0).await.unwrap().unwrap();
    let page = Concerns { cursor: "7".into(), ..Concerns::default() };
    store.save_concerned(&reader, &crate::world::crm(), &page).await.unwrap();
    let writes = store.statements().writes;
    store.save_concerned(&reader, &crate::world::crm(), &page).await.unwrap();
    assert_eq!(store.statements().writes, writes);
    assert!(store.history(&HistoryFilter::default(), None, 10).await.unwrap().is_empty());
}

// L1
async fn a_cycle_learns_the_mailbox_once(world: &World) {
    let store = &world.store;
    let (anna, lease) = world.mapped("anna").await;
    let state = store::PairingState {
        progress: Some(store::Progress { phase: "matching".into(), done: 3, total: Some(9), since: start() }),
        planned_with: "1/abc".into(),
        ..well(start())
    };
    let mailbox = Some((model::MailboxId::new("m1"), "root".to_owned()));
    let ended = store::Ended { state: state.clone(), mailbox };
    store.end_cycle(&lease, &anna, &ended).await.unwrap();
    world.end(&lease, state.clone()).await;
    let now = store.pairing(&anna).await.unwrap().unwrap();
    assert_eq!((now.mailbox, now.root.as_deref()), (Some(model::MailboxId::new("m1")), Some("root")));
    assert_eq!(now.state, state);
    world.settle(&lease, Settle { history: vec![line(&anna, "c", start())], ..Settle::default() }).await;
}
