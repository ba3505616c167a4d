//! Work to plan, and candidates for matching.

use crate::world::{World, link, observation, on_every_engine, quarantined, rid, stranger};
use model::{Kind, PairingId, Side};
use store::{Candidate, Observation, Seen, Settle, Work};

on_every_engine! {
    work_joins_links_with_both_ends_and_lists_the_unlinked_alone,
    pages_of_work_are_the_whole_in_the_same_order,
    work_of_one_record_is_found_from_either_end,
    a_kind_is_at_work_while_something_of_it_was_observed,
    candidates_are_the_unlinked_that_share_a_hash,
    a_candidate_goes_when_it_is_linked_or_taken_up,
    a_key_that_begins_as_anothers_does_finds_only_its_own,
    one_pairing_never_sees_anothers_records,
}

fn seen(side: Side, id: &str) -> Observation {
    observation(side, Kind::Contact, id, "v1")
}

/// Five records: both ends seen, the CRM's, the mailbox's, and one alone on each side.
async fn fill(world: &World, name: &str) -> (PairingId, store::Lease) {
    let (id, lease) = world.mapped(name).await;
    let links = (1..=4).map(|n| link(&id, &format!("{name}-{n}"), Kind::Contact, &format!("c{n}"), &format!("p{n}")));
    world.settle(&lease, Settle { links: links.collect(), ..Settle::default() }).await;
    let rows = vec![
        seen(Side::Pim, "p1"),
        seen(Side::Crm, "c1"),
        seen(Side::Crm, "c2"),
        seen(Side::Pim, "p3"),
        seen(Side::Pim, "a-alone"),
        seen(Side::Crm, "z-alone"),
        observation(Side::Pim, Kind::Task, "p1", "v1"),
    ];
    world.see(&lease, Seen { observations: rows, ..Seen::default() }).await;
    (id, lease)
}

fn told(work: &[Work]) -> Vec<(Option<&str>, Option<&str>, Option<&str>)> {
    work.iter()
        .map(|row| {
            let link = row.link.as_ref().map(|link| link.id.as_str());
            let id = |seen: &Option<Observation>| seen.as_ref().map(|row| row.id.clone());
            (link, id(&row.crm), id(&row.pim))
        })
        .map(|(link, crm, pim)| {
            let leak = |id: Option<model::RecordId>| id.map(|id| &*id.as_str().to_owned().leak());
            (link, leak(crm), leak(pim))
        })
        .collect()
}

const WHOLE: [(Option<&str>, Option<&str>, Option<&str>); 5] = [
    (Some("anna-1"), Some("c1"), Some("p1")),
    (Some("anna-2"), Some("c2"), None),
    (Some("anna-3"), None, Some("p3")),
    (None, Some("z-alone"), None),
    (None, None, Some("a-alone")),
];

async fn work_joins_links_with_both_ends_and_lists_the_unlinked_alone(world: &World) {
    let (anna, lease) = fill(world, "anna").await;
    let bad = vec![
        quarantined(Side::Crm, Kind::Contact, "c2"),
        quarantined(Side::Pim, Kind::Contact, "p2"),
        quarantined(Side::Pim, Kind::Contact, "a-alone"),
        quarantined(Side::Pim, Kind::Task, "p3"),
    ];
    world.settle(&lease, Settle { quarantine: bad.clone(), ..Settle::default() }).await;
    let work = world.store.work(&anna, Kind::Contact, None, 100).await.unwrap();
    assert_eq!(told(&work), WHOLE);
    let quarantine: Vec<_> = work.iter().map(|row| row.quarantine.clone()).collect();
    assert_eq!(quarantine, [vec![], bad[..2].to_vec(), vec![], vec![], bad[2..3].to_vec()]);
    let tasks = world.store.work(&anna, Kind::Task, None, 100).await.unwrap();
    assert_eq!(told(&tasks), [(None, None, Some("p1"))]);
    assert!(world.store.work(&anna, Kind::Appointment, None, 100).await.unwrap().is_empty());
}

async fn pages_of_work_are_the_whole_in_the_same_order(world: &World) {
    let (anna, _) = fill(world, "anna").await;
    for size in 1..=4 {
        let mut all: Vec<Work> = Vec::new();
        loop {
            let after = all.last().map(|row| row.key.clone());
            let page = world.store.work(&anna, Kind::Contact, after.as_ref(), size).await.unwrap();
            if page.is_empty() {
                break;
            }
            assert!(page.len() <= size);
            all.extend(page);
            assert!(all.len() <= 5, "pages of {size} repeat themselves");
        }
        assert_eq!(told(&all), WHOLE, "pages of {size}");
        assert!(all.windows(2).all(|pair| pair[0].key < pair[1].key));
    }
}

async fn work_of_one_record_is_found_from_either_end(world: &World) {
    let (anna, _) = fill(world, "anna").await;
    let store = &world.store;
    let whole = store.work(&anna, Kind::Contact, None, 100).await.unwrap();
    let of = async |side, id: &str| store.work_of(&anna, side, Kind::Contact, &rid(id)).await.unwrap();
    for (side, id, at) in [
        (Side::Crm, "c1", 0),
        (Side::Pim, "p1", 0),
        (Side::Pim, "p2", 1),
        (Side::Crm, "c2", 1),
        (Side::Pim, "p3", 2),
        (Side::Crm, "z-alone", 3),
        (Side::Pim, "a-alone", 4),
    ] {
        let found = of(side, id).await.unwrap();
        assert_eq!(told(&[found]), told(&whole[at..=at]), "{id}");
    }
    let quiet = of(Side::Crm, "c4").await.unwrap();
    assert_eq!(told(&[quiet]), [(Some("anna-4"), None, None)]);
    assert_eq!(of(Side::Crm, "unknown").await, None);
    assert_eq!(of(Side::Pim, "c1").await, None, "ids belong to their side");
}

// M1, M2
async fn a_kind_is_at_work_while_something_of_it_was_observed(world: &World) {
    let (anna, lease) = fill(world, "anna").await;
    let (bob, _) = world.mapped("bob").await;
    assert_eq!(world.store.kinds_at_work(&anna).await.unwrap(), [Kind::Contact, Kind::Task].into());
    assert!(world.store.kinds_at_work(&bob).await.unwrap().is_empty());
    let taken = vec![(Side::Pim, Kind::Task, rid("p1"), model::Version::new("v1"))];
    world.settle(&lease, Settle { taken, ..Settle::default() }).await;
    assert_eq!(world.store.kinds_at_work(&anna).await.unwrap(), [Kind::Contact].into());
}

async fn candidates_are_the_unlinked_that_share_a_hash(world: &World) {
    let store = &world.store;
    let (anna, lease) = world.mapped("anna").await;
    let hashed = |id: &str, hashes: &[&str]| Observation {
        hashes: hashes.iter().map(ToString::to_string).collect(),
        ..seen(Side::Pim, id)
    };
    let rows =
        vec![hashed("p1", &["mail", "name"]), hashed("p2", &["name"]), hashed("p3", &["name"]), hashed("p4", &[])];
    world.see(&lease, Seen { observations: rows, ..Seen::default() }).await;
    let strange =
        store::Stranger { hashes: vec!["mail".into()], ..stranger(Side::Pim, Kind::Contact, "s1", "personal") };
    let linked = link(&anna, "l1", Kind::Contact, "c3", "p3");
    world.settle(&lease, Settle { strangers: vec![strange], links: vec![linked], ..Settle::default() }).await;
    let ask = async |side, hashes: &[&str], limit| {
        let hashes: Vec<String> = hashes.iter().map(ToString::to_string).collect();
        store.candidates(&anna, Kind::Contact, side, &hashes, limit).await.unwrap()
    };
    let found = ask(Side::Pim, &["mail", "name"], 10).await;
    let candidate = |id: &str, hashes: &[&str], reason: Option<&str>| Candidate {
        id: rid(id),
        version: model::Version::new(if reason.is_some() { "s1" } else { "v1" }),
        hashes: hashes.iter().map(ToString::to_string).collect(),
        observed: reason.is_none(),
        reason: reason.map(ToOwned::to_owned),
    };
    let expected = [
        candidate("p1", &["mail", "name"], None),
        candidate("p2", &["name"], None),
        candidate("s1", &["mail"], Some("personal")),
    ];
    assert_eq!(found, expected);
    assert_eq!(ask(Side::Pim, &["mail", "name"], 2).await, expected[..2]);
    assert_eq!(ask(Side::Pim, &["name"], 10).await, expected[..2]);
    assert!(ask(Side::Crm, &["mail", "name"], 10).await.is_empty());
    assert!(ask(Side::Pim, &["Mail"], 10).await.is_empty());
    assert!(ask(Side::Pim, &[], 10).await.is_empty());
}

async fn a_candidate_goes_when_it_is_linked_or_taken_up(world: &World) {
    let store = &world.store;
    let (anna, lease) = world.mapped("anna").await;
    world
        .see(&lease, Seen { observations: vec![seen(Side::Pim, "p1"), seen(Side::Pim, "p2")], ..Seen::default() })
        .await;
    world
        .settle(&lease, Settle { strangers: vec![stranger(Side::Pim, Kind::Contact, "s1", "x")], ..Settle::default() })
        .await;
    let hashes: Vec<String> = ["p1", "p2", "s1", "new"].iter().map(|id| format!("hash-of-{id}")).collect();
    let ids = async || {
        let found = store.candidates(&anna, Kind::Contact, Side::Pim, &hashes, 10).await.unwrap();
        found.into_iter().map(|row| row.id.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids().await, ["p1", "p2", "s1"]);
    // Kept out: from now on it is the stranger that is found.
    let taken = |id: &str| (Side::Pim, Kind::Contact, rid(id), model::Version::new("v1"));
    let kept = stranger(Side::Pim, Kind::Contact, "p1", "no category");
    world
        .settle(&lease, Settle { taken: vec![taken("p1"), taken("p2")], strangers: vec![kept], ..Settle::default() })
        .await;
    let found = store.candidates(&anna, Kind::Contact, Side::Pim, &hashes, 10).await.unwrap();
    let told: Vec<_> = found.iter().map(|row| (row.id.as_str(), row.observed)).collect();
    assert_eq!(told, [("p1", false), ("s1", false)]);
    // A stranger judged anew has its new hashes only.
    let rehashed =
        store::Stranger { hashes: vec!["hash-of-new".into()], ..stranger(Side::Pim, Kind::Contact, "s1", "x") };
    world.settle(&lease, Settle { strangers: vec![rehashed], ..Settle::default() }).await;
    assert_eq!(ids().await, ["p1", "s1"]);
    let old = store.candidates(&anna, Kind::Contact, Side::Pim, &hashes[2..3], 10).await.unwrap();
    assert!(old.is_empty());
    // Linked, it is a stranger no more, even when the link is forgotten later.
    let row = link(&anna, "l1", Kind::Contact, "c1", "p1");
    world.settle(&lease, Settle { links: vec![row.clone()], ..Settle::default() }).await;
    assert_eq!(ids().await, ["s1"]);
    assert_eq!(store.strangers(&anna, None, None, 10).await.unwrap().len(), 1);
    world.settle(&lease, Settle { forget: vec![row.id], ..Settle::default() }).await;
    assert_eq!(ids().await, ["s1"]);
}

// invariant 12
// M1: whatever of a key the records are found by, the whole key counts.
async fn a_key_that_begins_as_anothers_does_finds_only_its_own(world: &World) {
    let (anna, lease) = world.mapped("anna").await;
    let keys = ["0123456789abcdef0123456789abcdef", "0123456789abcdeffedcba9876543210"].map(str::to_owned);
    let of = |id, key: &String| Observation { hashes: vec![key.clone()], ..seen(Side::Pim, id) };
    let both = Observation { hashes: keys.to_vec(), ..seen(Side::Pim, "both") };
    let rows = vec![of("one", &keys[0]), of("other", &keys[1]), both];
    world.see(&lease, Seen { observations: rows, ..Seen::default() }).await;
    for (key, own) in keys.iter().zip(["one", "other"]) {
        let hashes = [key.clone()];
        let found = world.store.candidates(&anna, Kind::Contact, Side::Pim, &hashes, 10).await.unwrap();
        assert_eq!(found.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["both", own]);
    }
    // A key goes with its record alone.
    let without = Observation { hashes: Vec::new(), ..seen(Side::Pim, "both") };
    world.see(&lease, Seen { observations: vec![without], ..Seen::default() }).await;
    let found = world.store.candidates(&anna, Kind::Contact, Side::Pim, &keys, 10).await.unwrap();
    assert_eq!(found.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["one", "other"]);
}

async fn one_pairing_never_sees_anothers_records(world: &World) {
    let store = &world.store;
    fill(world, "anna").await;
    let bob = world.map("bob").await;
    assert!(store.work(&bob, Kind::Contact, None, 100).await.unwrap().is_empty());
    assert_eq!(store.work_of(&bob, Side::Crm, Kind::Contact, &rid("c1")).await.unwrap(), None);
    let hashes = ["hash-of-a-alone".to_owned()];
    assert!(store.candidates(&bob, Kind::Contact, Side::Pim, &hashes, 10).await.unwrap().is_empty());
    assert_eq!(store.link_of(&bob, Side::Crm, Kind::Contact, &rid("c1")).await.unwrap(), None);
    assert!(store.links(&bob, None, None, 10).await.unwrap().is_empty());
    assert!(store.count_links(&bob).await.unwrap().is_empty());
}
