//! Links: unique ends, both images, pages and counts.

use crate::world::{World, crm, link, on_every_engine, rid, start};
use model::{Domain, Kind, Link, LinkId, Side, Sleep, SleepCause};
use std::collections::BTreeMap;
use store::{Key, LinkCount, Settle, StoreError};

on_every_engine! {
    a_link_comes_back_with_both_images,
    an_end_belongs_to_one_link_of_a_pairing,
    many_pairings_link_one_crm_record,
    a_link_changes_its_ends_and_frees_the_old_ones,
    a_forgotten_link_frees_its_ends_in_the_same_settle,
    links_are_listed_in_pages_and_counted_by_domain,
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
