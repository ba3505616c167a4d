//! What must be remembered so that nothing is lost, and what may be forgotten (invariants 5 and 6, decisions 2 and 10).

use crate::database::on_both;
use crate::outlook::{self, set, text, title, titles};
use crate::watch::{Door, Passes, Watched};
use crate::world::{Person, World};
use engine::port::{Create, Update, Write};
use model::{PairingId, Side};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use store::{Intent, IntentKind, Store};
use wire::ews::{DistinguishedFolder as Folder, Property};

on_both!(
    no_write_is_sent_before_what_recognises_it_is_stored,
    what_was_observed_may_be_forgotten_and_nothing_is_lost_or_doubled,
    a_feed_that_does_not_reach_back_has_everybody_list_anew,
    who_is_at_work_while_everybody_lists_anew_is_waited_for_alone,
    the_feed_keeps_its_newest_entries,
    a_lease_is_kept_while_a_slow_cycle_works_whatever_the_databases_clock_says,
);

impl World {
    /// From now on every write of the synchronisation goes through this door.
    pub fn watch(&mut self, door: Door) {
        self.services = self.services.clone().with_remotes(|inner| Arc::new(Watched { inner, door }));
    }
}

/// Records of every kind and both births, edits of both sides, and deletes: a cycle writes everything there is to write.
async fn work_for_everybody(world: &World, anna: &Person, bob: &Person) {
    let outlook = world.outlook(anna);
    let contact = world.listed(anna, "Berg").await;
    let plan = world.appointment(anna, "Plan", "2026-09-28").await;
    let gone = world.appointment(anna, "Gone", "2026-09-29").await;
    let ride = outlook::appointment("Ride", "2026-09-28T12:00:00Z", "2026-09-28T13:00:00Z");
    let ride = outlook.make(Folder::Calendar, ride).await;
    let born = outlook::contact("Ida", "Born", "born@out.test", &["Siebel Contact"]);
    let born = outlook.make(Folder::Contacts, born).await;
    let task = outlook.make(Folder::Tasks, outlook::task("Read", "2026-09-29")).await;
    world.sync(&[anna, bob]).await;
    world.edit_contact(anna, &contact, json!({"job_title": "Chief"})).await;
    world.edit_activity(anna, &plan, json!({"subject": "Plan B"})).await;
    world.delete(anna, &format!("/api/crm/activities/{gone}")).await;
    outlook.edit(&ride, vec![set(Property::Location, text("Lake"))]).await;
    outlook.delete(&born).await;
    outlook.delete(&task).await;
    world.sync(&[anna, bob]).await;
}

/// What the store must hold before this write is sent: nothing is demanded of a write that is the same when repeated.
async fn recognises(store: &Store, pairing: &PairingId, side: Side, write: &Write) -> Option<&'static str> {
    let open = store.intents(pairing, None, 100).await.expect("intents");
    let known = |what: IntentKind, of: &dyn Fn(&Intent) -> bool| {
        open.iter().any(|intent| intent.side == side && intent.what == what && of(intent))
    };
    let (word, known) = match write {
        Write::Create(Create { mark, fields, .. }) => {
            ("create", known(IntentKind::Create, &|intent| intent.id == mark.key && intent.fields == *fields))
        }
        Write::Update(Update { id, changes, mark, version, .. }) => {
            let sent = |intent: &Intent| {
                intent.target.as_ref() == Some(id)
                    && intent.fields == *changes
                    && intent.mark == *mark
                    && intent.version.as_ref().is_none_or(|planned| planned == version)
            };
            ("update", known(IntentKind::Update, &sent))
        }
        Write::Delete { id, version, .. } => {
            let planned =
                |intent: &Intent| intent.target.as_ref() == Some(id) && intent.version.as_ref() == Some(version);
            ("delete", known(IntentKind::Delete, &planned))
        }
        Write::Mark { id, mark, .. } => {
            let sent = |intent: &Intent| intent.target.as_ref() == Some(id) && intent.mark.as_ref() == Some(mark);
            ("mark", known(IntentKind::Mark, &sent))
        }
        Write::Restore { .. }
        | Write::Enlist { .. }
        | Write::Delist { .. }
        | Write::Leave { .. }
        | Write::Rejoin { .. }
        | Write::Flag { .. } => return None,
    };
    assert!(known, "a {word} at the {side:?} side was sent before its intent was stored: {write:?}");
    Some(word)
}

// invariant 5, trap 43
async fn no_write_is_sent_before_what_recognises_it_is_stored() {
    let (mut world, anna, bob) = World::with_two().await;
    let seen: Arc<Mutex<BTreeSet<(Side, &'static str)>>> = Arc::default();
    let (store, noted) = (world.services.store.clone(), Arc::clone(&seen));
    world.watch(Arc::new(move |pairing, side, write| {
        let (store, noted) = (store.clone(), Arc::clone(&noted));
        Box::pin(async move {
            if let Some(word) = recognises(&store, &pairing, side, &write).await {
                noted.lock().expect("unpoisoned").insert((side, word));
            }
            Passes::Whole
        })
    }));
    work_for_everybody(&world, &anna, &bob).await;
    let all = [
        (Side::Crm, "create"),
        (Side::Crm, "delete"),
        (Side::Crm, "update"),
        (Side::Pim, "create"),
        (Side::Pim, "delete"),
        (Side::Pim, "mark"),
        (Side::Pim, "update"),
    ];
    assert_eq!(*seen.lock().expect("unpoisoned"), BTreeSet::from(all), "every kind of write was seen");
    assert!(world.services.store.intents(&world.pairing(&anna).await, None, 10).await.expect("intents").is_empty());
}

/// What everybody sees on both sides.
async fn whole(world: &World, people: &[&Person]) -> Vec<(String, Vec<String>)> {
    let mut all = Vec::new();
    for who in people {
        for view in ["my_contacts", "my_personal_contacts", "my_calendar", "my_activities"] {
            let entries = world.view(who, view).await;
            let mut names: Vec<String> = entries
                .iter()
                .map(|entry| format!("{} {} {}", entry["subject"], entry["last_name"], entry["job_title"]))
                .collect();
            names.sort();
            all.push((format!("{} {view}", who.login), names));
        }
        for folder in [Folder::Contacts, Folder::Calendar, Folder::Tasks, Folder::DeletedItems] {
            all.push((
                format!("{} {folder:?}", who.login),
                titles(&world.outlook(who).items(folder).await).into_iter().map(str::to_owned).collect(),
            ));
        }
    }
    all
}

// invariant 6
async fn what_was_observed_may_be_forgotten_and_nothing_is_lost_or_doubled() {
    let (mut world, anna, bob) = World::with_two().await;
    let outlook = world.outlook(&anna);
    work_for_everybody(&world, &anna, &bob).await;
    // A question that nobody answers, a stranger, a link that sleeps.
    for _ in 0..2 {
        outlook.make(Folder::Contacts, outlook::contact("Ida", "Twin", "twin@out.test", &[])).await;
    }
    let stranger = outlook::contact("Ida", "Stranger", "stranger@out.test", &[]);
    outlook.make(Folder::Contacts, stranger).await;
    world.listed(&anna, "Twin").await;
    let asleep = world.appointment(&anna, "Asleep", "2026-09-30").await;
    world.sync(&[&anna, &bob]).await;
    world.edit_activity(&anna, &asleep, json!({"display": "Calendar and Activities", "end": null})).await;
    world.sync(&[&anna, &bob]).await;
    // The answers of the next writes are lost: intents stay open.
    let lost = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&lost);
    world.watch(Arc::new(move |_, _, _| {
        let count = Arc::clone(&count);
        Box::pin(
            async move { if count.fetch_add(1, Ordering::Relaxed) < 3 { Passes::Unanswered } else { Passes::Whole } },
        )
    }));
    world.appointment(&anna, "Lost answer", "2026-10-01").await;
    let born = outlook::appointment("Born unanswered", "2026-10-01T12:00:00Z", "2026-10-01T13:00:00Z");
    outlook.make(Folder::Calendar, born).await;
    let plan = world.view(&anna, "my_calendar").await;
    let plan = plan.iter().find(|entry| entry["subject"] == "Plan B").expect("the plan");
    world.edit_activity(&anna, plan["id"].as_str().expect("an id"), json!({"location": "Hall"})).await;
    world.cycle(&anna).await;
    let pairing = world.pairing(&anna).await;
    let open = world.services.store.intents(&pairing, None, 10).await.expect("intents").len();
    assert!(open > 0 && lost.load(Ordering::Relaxed) > 0, "writes whose answers were lost are open: {open}");
    for who in [&anna, &bob] {
        let pairing = world.pairing(who).await;
        let store = &world.services.store;
        let lease = store.take_lease(pairing.as_str(), "test", 60_000, 0).await.expect("asked").expect("free");
        store.drop_observing(&lease, &pairing).await.expect("dropped");
        store.release_lease(&lease).await.expect("released");
    }
    world.sync(&[&anna, &bob]).await;
    let after = whole(&world, &[&anna, &bob]).await;
    let names = |of: &str| after.iter().find(|(name, _)| name == of).map(|(_, names)| names.clone()).expect("known");
    assert_eq!(names("anna Calendar"), ["Asleep", "Born unanswered", "Lost answer", "Plan B", "Ride"]);
    assert_eq!(names("anna my_calendar").len(), 4, "the one without an end is in no calendar: {after:?}");
    assert_eq!(names("anna Contacts").iter().filter(|name| name.contains("Twin")).count(), 2, "nobody answered");
    // And once more, with nothing open: nothing at all happens.
    for who in [&anna, &bob] {
        let pairing = world.pairing(who).await;
        let store = &world.services.store;
        let lease = store.take_lease(pairing.as_str(), "test", 60_000, 0).await.expect("asked").expect("free");
        store.drop_observing(&lease, &pairing).await.expect("dropped");
        store.release_lease(&lease).await.expect("released");
        assert_eq!(world.cycle(who).await.writes(), 0, "{}", who.login);
    }
    assert_eq!(whole(&world, &[&anna, &bob]).await, after);
    assert!(world.services.store.intents(&pairing, None, 10).await.expect("intents").is_empty());
    world.sync(&[&anna, &bob]).await;
    assert_eq!(world.held(&anna).await.len(), 1, "the question is asked again");
}

// trap 1, decision 9
async fn a_feed_that_does_not_reach_back_has_everybody_list_anew() {
    let (world, anna, bob) = World::with_two().await;
    let plan = world.appointment(&anna, "Plan", "2026-09-28").await;
    let gone = world.appointment(&anna, "Gone", "2026-09-29").await;
    let contact = world.listed(&bob, "Berg").await;
    world.sync(&[&anna, &bob]).await;
    world.edit_activity(&anna, &plan, json!({"subject": "Plan B"})).await;
    world.delete(&anna, &format!("/api/crm/activities/{gone}")).await;
    world.appointment(&anna, "New", "2026-09-30").await;
    world.delist(&bob, &contact).await;
    // Nobody has read any of it, and it is forgotten.
    let crm = &world.services.crm;
    let head = crm.feed_head().await.expect("a number");
    assert!(crm.feed_forget(head, 10_000).await.expect("forgotten") > 3);
    assert_eq!(crm.feed_tail().await.expect("a number"), None);
    world.sync(&[&anna, &bob]).await;
    assert_eq!(titles(&world.outlook(&anna).items(Folder::Calendar).await), ["New", "Plan B"]);
    assert_eq!(world.outlook(&bob).count(Folder::Contacts), 0);
    assert_eq!(world.view(&anna, "my_calendar").await.len(), 2);
    // From there on the reader goes on as ever.
    world.edit_activity(&anna, &plan, json!({"subject": "Plan C"})).await;
    let reports = world.sync(&[&anna, &bob]).await;
    assert_eq!(reports.iter().map(engine::CycleReport::writes).sum::<u32>(), 1);
    assert!(titles(&world.outlook(&anna).items(Folder::Calendar).await).contains(&"Plan C"));
}

// trap 1, decision 9, E7: of many users somebody is always at work; the reader comes round to each of them once.
async fn who_is_at_work_while_everybody_lists_anew_is_waited_for_alone() {
    let (world, anna, bob) = World::with_two().await;
    world.sync(&[&anna, &bob]).await;
    world.appointment(&anna, "Annas", "2026-09-28").await;
    world.appointment(&bob, "Bobs", "2026-09-28").await;
    let (crm, store) = (&world.services.crm, &world.services.store);
    crm.feed_forget(crm.feed_head().await.expect("a number"), 10_000).await.expect("forgotten");
    let cursor = async || store.crm_cursor(&world.services.crm_id).await.expect("a cursor");
    let before = cursor().await;
    // Each is at work when the reader comes by, one after the other.
    for (who, moved) in [(&bob, false), (&anna, true)] {
        let name = world.pairing(who).await;
        let lease = store.take_lease(name.as_str(), "another node", 60_000, 0).await.expect("asked").expect("free");
        server::ops::cycle::read_crm(&world.services, &world.services.crm_id).await.expect("the CRM is read");
        assert_eq!(cursor().await != before, moved, "{}", who.login);
        store.release_lease(&lease).await.expect("given back");
    }
    world.sync(&[&anna, &bob]).await;
    assert_eq!([&anna, &bob].map(|who| world.outlook(who).count(Folder::Calendar)), [1, 1]);
}

async fn the_feed_keeps_its_newest_entries() {
    let (world, anna, bob) = World::with_two().await;
    for n in 0..6 {
        world.appointment(&anna, &format!("Plan {n}"), "2026-09-28").await;
    }
    world.sync(&[&anna, &bob]).await;
    let crm = &world.services.crm;
    let head = crm.feed_head().await.expect("a number");
    let forgotten = server::ops::cycle::trim_feed(&world.services, 4).await.expect("trimmed");
    assert_eq!(i64::try_from(forgotten).expect("few"), head - 4);
    assert_eq!(crm.feed_tail().await.expect("a number"), Some(head - 3));
    assert_eq!(server::ops::cycle::trim_feed(&world.services, 4).await.expect("trimmed"), 0);
    // The reader had read all of it: it misses nothing and lists nothing anew.
    world.appointment(&anna, "Later", "2026-09-28").await;
    world.hq.reset_counters();
    world.sync(&[&anna, &bob]).await;
    assert_eq!(world.outlook(&anna).count(Folder::Calendar), 7);
    let read = world.hq.counters().mailboxes[&anna.address].items_read;
    assert!(read < 6, "what was written is read back, and no more: {read}");
}

// decision 10: a paused or slow engine is never overtaken while it works.
async fn a_lease_is_kept_while_a_slow_cycle_works_whatever_the_databases_clock_says() {
    let mut world = World::with_store_clock_off_by(2 * 86_400).await;
    let anna = world.user("anna").await;
    let mut plans = Vec::new();
    for n in 0..8 {
        plans.push(world.appointment(&anna, &format!("Plan {n}"), "2026-09-28").await);
    }
    world.cycle(&anna).await;
    // Edits go out one by one.
    for id in &plans {
        world.edit_activity(&anna, id, json!({"location": "Attic"})).await;
    }
    let (store, pass) = (world.services.store.clone(), world.hand());
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    world.watch(Arc::new(move |pairing, _, _| {
        let (store, pass, count) = (store.clone(), pass.clone(), Arc::clone(&count));
        Box::pin(async move {
            // Each write takes nearly as long as one may; another node wants the pairing meanwhile.
            pass.pass_s(100);
            let other = store.take_lease(pairing.as_str(), "another", 60_000, 0).await.expect("asked");
            assert_eq!(other, None, "the lease ended while its holder worked");
            count.fetch_add(1, Ordering::Relaxed);
            Passes::Whole
        })
    }));
    let report = world.cycle(&anna).await;
    assert_eq!((report.trouble, asked.load(Ordering::Relaxed)), (None, 8));
    assert_eq!(title(&world.outlook(&anna).items(Folder::Calendar).await[0]), "Plan 0");
}
