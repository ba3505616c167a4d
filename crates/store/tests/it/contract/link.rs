//! Links: unique ends, both images, pages and counts.

use crate::world::{World, crm, held, line, link, minute, observation, on_every_engine, quarantined, rid, start};
use model::{Domain, Kind, Link, LinkId, Side, Sleep, SleepCause};
use std::collections::BTreeMap;
use store::{Away, Held, HeldFilter, HistoryFilter, Key, LinkCount, Retention, Scrub, Settle, StoreError};

on_every_engine! {
    a_link_comes_back_with_both_images,
    an_end_belongs_to_one_link_of_a_pairing,
    many_pairings_link_one_crm_record,
    a_link_changes_its_ends_and_frees_the_old_ones,
    a_forgotten_link_frees_its_ends_in_the_same_settle,
    links_are_listed_in_pages_and_counted_by_domain,
    a_copy_taken_away_is_kept_until_it_is_back,
    a_scrubbed_record_keeps_no_value_at_any_pairing,
    a_scrub_of_ones_own_leaves_the_others_alone,
    who_waits_for_an_organiser_waits_since_the_first_time,
}

fn settle(links: Vec<Link>) -> Settle {
    Settle { links, ..Settle::default() }
}

// decision 1
async fn a_link_comes_back_with_both_images(world: &World) {
    let (anna, lease) = world.mapped("anna").await;
    let mut row = link(&anna, "l1", Kind::Appointment, "c1", "p1");
    row.crm.base.clear();
    row.sleep = Some(Sleep { cause: SleepCause::ReceiverDeleted, since: start() });
    world.settle(&lease, settle(vec![row.clone()])).await;
    assert_eq!(world.store.link(&row.id).await.unwrap(), Some(row.clone()));
    row.sleep = None;
    row.global_id = None;
    row.folder = None;
    row.write_no += 1;
    world.settle(&lease, settle(vec![row.clone()])).await;
    assert_eq!(world.store.link(&row.id).await.unwrap(), Some(row.clone()));
    for (side, id) in [(Side::Crm, "c1"), (Side::Pim, "p1")] {
        let found = world.store.link_of(&anna, side, Kind::Appointment, &rid(id)).await.unwrap();
        assert_eq!(found, Some(row.clone()));
        assert_eq!(world.store.link_of(&anna, side, Kind::Task, &rid(id)).await.unwrap(), None);
        assert_eq!(world.store.link_of(&anna, side.other(), Kind::Appointment, &rid(id)).await.unwrap(), None);
    }
    assert_eq!(world.store.link(&LinkId::new("L1")).await.unwrap(), None);
}

// decision 5, trap 161
async fn an_end_belongs_to_one_link_of_a_pairing(world: &World) {
    let store = &world.store;
    let (anna, lease) = world.mapped("anna").await;
    let (bob, bobs) = world.mapped("bob").await;
    let first = link(&anna, "l1", Kind::Contact, "c1", "p1");
    world.settle(&lease, settle(vec![first.clone()])).await;
    let wrong = [
        (link(&anna, "l2", Kind::Contact, "c1", "p2"), Key::LinkCrm),
        (link(&anna, "l2", Kind::Contact, "c2", "p1"), Key::LinkPim),
    ];
    for (row, key) in wrong {
        let good = link(&anna, "l0", Kind::Contact, "c0", "p0");
        let refused = store.settle(&lease, &anna, start(), &settle(vec![good, row])).await;
        assert_eq!(refused, Err(StoreError::Taken(key)));
        assert_eq!(
            store.links(&anna, None, None, 10).await.unwrap(),
            std::slice::from_ref(&first),
            "all of a settle or nothing"
        );
    }
    let stolen = link(&bob, "l1", Kind::Contact, "c9", "p9");
    let refused = store.settle(&bobs, &bob, start(), &settle(vec![stolen])).await;
    assert_eq!(refused, Err(StoreError::Taken(Key::Id)));
    assert_eq!(store.link(&first.id).await.unwrap(), Some(first));
    // Another kind is another record.
    world.settle(&lease, settle(vec![link(&anna, "l3", Kind::Task, "c1", "p1")])).await;
}

// decision 6
async fn many_pairings_link_one_crm_record(world: &World) {
    let mut all = Vec::new();
    for name in ["anna", "bob", "carla"] {
        let (id, lease) = world.mapped(name).await;
        let row = link(&id, &format!("l-{name}"), Kind::Contact, "shared", "p1");
        world.settle(&lease, settle(vec![row.clone()])).await;
        all.push(row);
    }
    let found = world.store.links_of_crm(&crm(), Kind::Contact, &rid("shared"), 10).await.unwrap();
    assert_eq!(found, all);
    let two = world.store.links_of_crm(&crm(), Kind::Contact, &rid("shared"), 2).await.unwrap();
    assert_eq!(two, all[..2]);
    let other = model::CrmId::new("other");
    assert!(world.store.links_of_crm(&other, Kind::Contact, &rid("shared"), 10).await.unwrap().is_empty());
}

// M4
async fn a_link_changes_its_ends_and_frees_the_old_ones(world: &World) {
    let (anna, lease) = world.mapped("anna").await;
    let mut row = link(&anna, "l1", Kind::Contact, "c1", "p1");
    world.settle(&lease, settle(vec![row.clone()])).await;
    row.pim.id = rid("p2");
    let other = link(&anna, "l2", Kind::Contact, "c2", "p1");
    world.settle(&lease, settle(vec![row.clone(), other.clone()])).await;
    let of = async |id: &str| world.store.link_of(&anna, Side::Pim, Kind::Contact, &rid(id)).await.unwrap();
    assert_eq!((of("p1").await, of("p2").await), (Some(other), Some(row)));
}

async fn a_forgotten_link_frees_its_ends_in_the_same_settle(world: &World) {
    let (anna, lease) = world.mapped("anna").await;
    let old = link(&anna, "l1", Kind::Contact, "c1", "p1");
    world.settle(&lease, settle(vec![old.clone()])).await;
    let new = link(&anna, "l2", Kind::Contact, "c1", "p1");
    let both = Settle { forget: vec![old.id.clone()], links: vec![new.clone()], ..Settle::default() };
    world.settle(&lease, both).await;
    assert_eq!(world.store.links(&anna, None, None, 10).await.unwrap(), [new]);
    // Only one's own.
    let (_, bobs) = world.mapped("bob").await;
    world.settle(&bobs, Settle { forget: vec![LinkId::new("l2")], ..Settle::default() }).await;
    assert_eq!(world.store.links(&anna, None, None, 10).await.unwrap().len(), 1);
}

async fn links_are_listed_in_pages_and_counted_by_domain(world: &World) {
    let store = &world.store;
    let (anna, lease) = world.mapped("anna").await;
    let mut links: Vec<Link> =
        (0..7).map(|n| link(&anna, &format!("l{n}"), Kind::Contact, &format!("c{n}"), &format!("p{n}"))).collect();
    for row in &mut links[4..] {
        row.domain = Domain::Employee;
    }
    links[5].sleep = Some(Sleep { cause: SleepCause::Level, since: start() });
    world.settle(&lease, settle(links.clone())).await;
    let mut all = Vec::new();
    for expected in [3, 3, 1, 0] {
        let after = all.last().map(|row: &Link| row.id.clone());
        let page = store.links(&anna, None, after.as_ref(), 3).await.unwrap();
        assert_eq!(page.len(), expected);
        all.extend(page);
    }
    assert_eq!(all, links);
    let employees = store.links(&anna, Some(Domain::Employee), Some(&links[4].id), 10).await.unwrap();
    assert_eq!(employees, links[5..]);
    let personal = Kind::Contact.domains()[0];
    let expected = BTreeMap::from([
        (personal, LinkCount { all: 4, asleep: 0 }),
        (Domain::Employee, LinkCount { all: 3, asleep: 1 }),
    ]);
    assert_eq!(store.count_links(&anna).await.unwrap(), expected);
    // Awake and judged anew, it is counted so.
    links[5].sleep = None;
    links[5].domain = personal;
    world.settle(&lease, settle(links[5..6].to_vec())).await;
    let expected = BTreeMap::from([
        (personal, LinkCount { all: 5, asleep: 0 }),
        (Domain::Employee, LinkCount { all: 2, asleep: 0 }),
    ]);
    assert_eq!(store.count_links(&anna).await.unwrap(), expected);
}

// O2
async fn a_copy_taken_away_is_kept_until_it_is_back(world: &World) {
    let store = &world.store;
    let (anna, lease) = world.mapped("anna").await;
    let (bob, bobs) = world.mapped("bob").await;
    let row = link(&anna, "l1", Kind::Contact, "c1", "p1");
    world.settle(&lease, settle(vec![row.clone()])).await;
    let away = Away { link: row.clone(), since: minute(5) };
    let gone = Settle { forget: vec![row.id.clone()], away: vec![away.clone()], ..Settle::default() };
    world.settle(&lease, gone).await;
    let kept = async |of: &model::PairingId, kind| store.away(of, kind, &rid("c1")).await.unwrap();
    assert_eq!(kept(&anna, Kind::Contact).await, Some(away.clone()));
    assert_eq!((kept(&bob, Kind::Contact).await, kept(&anna, Kind::Task).await), (None, None));
    // A later one replaces it, also under another link.
    let later = Away { link: Link { id: LinkId::new("l2"), ..row.clone() }, since: minute(9) };
    world.settle(&lease, Settle { away: vec![later.clone()], ..Settle::default() }).await;
    assert_eq!(kept(&anna, Kind::Contact).await, Some(later));
    let back = Settle { back: vec![(Kind::Contact, rid("c1"))], ..Settle::default() };
    world.settle(&bobs, back.clone()).await;
    assert!(kept(&anna, Kind::Contact).await.is_some(), "only one's own comes back");
    world.settle(&lease, back).await;
    assert_eq!(kept(&anna, Kind::Contact).await, None);
    // What nobody came back for goes with the history's lines; forgetting a user takes it too.
    world.settle(&lease, Settle { away: vec![away.clone()], ..Settle::default() }).await;
    let bobs_row = link(&bob, "l9", Kind::Contact, "c1", "p1");
    world.settle(&bobs, Settle { away: vec![Away { link: bobs_row, since: minute(5) }], ..Settle::default() }).await;
    store.forget_pairing(&anna).await.unwrap();
    assert_eq!(kept(&anna, Kind::Contact).await, None);
    store.purge(minute(6), &Retention { lines: 1, ..Retention::default() }).await.unwrap();
    assert!(kept(&bob, Kind::Contact).await.is_some());
    store.purge(minute(2 * 24 * 60), &Retention { lines: 1, ..Retention::default() }).await.unwrap();
    assert_eq!(kept(&bob, Kind::Contact).await, None);
}

/// A link with a question, a quarantined record, a line of history and something seen, at a pairing.
async fn remembered(world: &World, name: &str) -> (model::PairingId, store::Lease, Link) {
    let (id, lease) = world.mapped(name).await;
    let row = link(&id, &format!("l-{name}"), Kind::Appointment, "c1", &format!("p-{name}"));
    let question = Held { id: format!("{}:subject", row.id), ..held(&id, "h") };
    let of_others = Held { id: format!("{}x:subject", row.id), ..held(&id, "h") };
    let mut about = line(&id, "cycle", start());
    about.crm = Some(rid("c1"));
    let mut other = about.clone();
    other.crm = Some(rid("c2"));
    let all = Settle {
        links: vec![row.clone()],
        held: vec![question, of_others],
        quarantine: vec![
            quarantined(Side::Crm, Kind::Appointment, "c1"),
            quarantined(Side::Pim, Kind::Appointment, &format!("p-{name}")),
            quarantined(Side::Pim, Kind::Appointment, "p-else"),
        ],
        history: vec![about, other],
        ..Settle::default()
    };
    world.settle(&lease, all).await;
    let seen = store::Seen {
        observations: vec![observation(Side::Crm, Kind::Appointment, "c1", "v1")],
        ..store::Seen::default()
    };
    world.see(&lease, seen).await;
    (id, lease, row)
}

/// Lines that still have values, questions, quarantined records and things seen.
async fn remains(world: &World, id: &model::PairingId) -> (usize, usize, usize, usize) {
    let store = &world.store;
    let lines = HistoryFilter { pairing: Some(id.clone()), ..HistoryFilter::default() };
    let lines = store.history(&lines, None, 10).await.unwrap();
    assert_eq!(lines.len(), 2, "who and when stay");
    let told = lines.iter().filter(|row| {
        let line = &row.line;
        !(line.before.is_empty() && line.after.is_empty() && line.overruled.is_empty())
    });
    let held = HeldFilter { pairing: Some(id.clone()), ..HeldFilter::default() };
    let held = store.held(&held, None, 10).await.unwrap();
    let work = store.work(id, Kind::Appointment, None, 10).await.unwrap();
    let quarantine = store.quarantine(Some(id), None, None, 10).await.unwrap();
    (told.count(), held.len(), quarantine.len(), work.len())
}

// O8
async fn a_scrubbed_record_keeps_no_value_at_any_pairing(world: &World) {
    let (anna, lease, annas) = remembered(world, "anna").await;
    let (bob, _, bobs) = remembered(world, "bob").await;
    let (carl, _, _) = remembered(world, "carl").await;
    world.store.delete_pairing(&carl).await.unwrap();
    assert_eq!(remains(world, &anna).await, (2, 2, 3, 1));
    let scrub = Scrub { kind: Kind::Appointment, id: rid("c1"), everywhere: true };
    let mut now = line(&anna, "cycle", start());
    now.crm = Some(rid("c9"));
    let mut all = Settle { scrub: vec![scrub.clone()], ..Settle::default() };
    world.settle(&lease, all.clone()).await;
    assert_eq!(remains(world, &anna).await, (1, 1, 1, 0));
    assert_eq!(remains(world, &bob).await, (1, 1, 1, 0));
    let of = async |id: &LinkId| world.store.link(id).await.unwrap().unwrap();
    assert_eq!(of(&annas.id).await, annas, "one's own link is the settle's to write");
    let theirs = of(&bobs.id).await;
    assert_eq!((theirs.crm.base.len(), theirs.pim.base.len()), (0, 0));
    assert_eq!((theirs.crm.id, theirs.pim.id), (bobs.crm.id, bobs.pim.id));
    let gone = of(&LinkId::new("l-carl")).await;
    assert!(gone.crm.base.is_empty() && gone.pim.base.is_empty(), "of a user unmapped since, too");
    // Lines of the same settle are silent as well.
    now.crm = Some(rid("c1"));
    all.history.push(now);
    world.settle(&lease, all).await;
    let lines = HistoryFilter { pairing: Some(anna.clone()), ..HistoryFilter::default() };
    let newest = world.store.history(&lines, None, 1).await.unwrap();
    assert!(newest[0].line.after.is_empty());
}

// O8: what is private to somebody else, whose own history stays.
async fn a_scrub_of_ones_own_leaves_the_others_alone(world: &World) {
    let (anna, lease, annas) = remembered(world, "anna").await;
    let (bob, _, bobs) = remembered(world, "bob").await;
    let scrub = Scrub { kind: Kind::Appointment, id: rid("c1"), everywhere: false };
    world.settle(&lease, Settle { scrub: vec![scrub], ..Settle::default() }).await;
    assert_eq!(remains(world, &anna).await, (1, 1, 1, 0));
    assert_eq!(remains(world, &bob).await, (2, 2, 3, 1));
    for row in [annas, bobs] {
        assert_eq!(world.store.link(&row.id).await.unwrap(), Some(row));
    }
}

// P3
async fn who_waits_for_an_organiser_waits_since_the_first_time(world: &World) {
    let store = &world.store;
    let (anna, lease) = world.mapped("anna").await;
    let (bob, _) = world.mapped("bob").await;
    let item = rid("p1");
    let wait = Settle { awaited: vec![(Kind::Appointment, item.clone())], ..Settle::default() };
    for at in [minute(3), minute(9)] {
        store.settle(&lease, &anna, at, &wait).await.unwrap();
        assert_eq!(store.awaited(&anna, Kind::Appointment, &item).await.unwrap(), Some(minute(3)));
    }
    assert_eq!(store.awaited(&bob, Kind::Appointment, &item).await.unwrap(), None);
    assert_eq!(store.awaited(&anna, Kind::Task, &item).await.unwrap(), None);
    let retention = Retention { lines: 1, ..Retention::default() };
    store.purge(minute(2 * 24 * 60), &retention).await.unwrap();
    assert_eq!(store.awaited(&anna, Kind::Appointment, &item).await.unwrap(), None);
    store.settle(&lease, &anna, minute(4), &wait).await.unwrap();
    store.forget_pairing(&anna).await.unwrap();
    assert_eq!(store.awaited(&anna, Kind::Appointment, &item).await.unwrap(), None);
}
