//! Cursors and observations: together or not at all.

use crate::world::{World, link, minute, observation, on_every_engine, quarantined, rid, stranger};
use model::{FolderId, Gone, Kind, MailboxId, PairingId, Seen as Shown, Side, Sleep, SleepCause, Version};
use store::{Cursor, Lease, Look, Observation, Seen, Settle, StoreError};

on_every_engine! {
    a_cursor_comes_with_its_observations_or_not_at_all,
    a_newer_observation_replaces_the_older_and_the_stranger,
    an_unreadable_record_takes_the_place_of_its_observation,
    the_end_of_a_listing_looks_at_every_link_it_lacked,
    a_listing_that_starts_over_forgets_what_it_noted,
    what_came_back_and_is_not_judged_yet_is_missed_by_a_listing,
    an_inventory_looks_at_what_is_not_known_as_it_is_shown,
    observing_is_dropped_as_a_whole,
    ids_are_told_apart_byte_by_byte,
    a_record_comes_back_as_it_was_stored,
}

fn cursor(side: Side, text: Option<&str>, listing: bool) -> Cursor {
    Cursor {
        side,
        kind: Kind::Contact,
        folder: FolderId::new("folder"),
        mailbox: Some(MailboxId::new("m1")),
        text: text.map(ToOwned::to_owned),
        listing,
        inventory: false,
    }
}

/// The last page of a listing of the mailbox's folder, which shows nothing more.
fn ended() -> Seen {
    Seen {
        cursor: Some(cursor(Side::Pim, Some("done"), false)),
        listing_ended: Some((Side::Pim, Kind::Contact, FolderId::new("folder"))),
        ..Seen::default()
    }
}

async fn seen_ids(world: &World, pairing: &PairingId) -> Vec<(String, String)> {
    let work = world.store.work(pairing, Kind::Contact, None, 100).await.unwrap();
    let rows = work.iter().flat_map(|row| [&row.crm, &row.pim]).flatten();
    rows.map(|row| (row.id.as_str().to_owned(), row.version.as_str().to_owned())).collect()
}

// invariant 4
async fn a_cursor_comes_with_its_observations_or_not_at_all(world: &World) {
    let store = &world.store;
    let (anna, lease) = world.mapped("anna").await;
    let page = |text: &str, version: &str| Seen {
        observations: vec![observation(Side::Pim, Kind::Contact, "p1", version)],
        cursor: Some(cursor(Side::Pim, Some(text), false)),
        ..Seen::default()
    };
    world.see(&lease, page("state-1", "v1")).await;
    assert_eq!(store.cursors(&anna).await.unwrap(), [cursor(Side::Pim, Some("state-1"), false)]);
    let lost = Lease { fence: lease.fence + 1, ..lease.clone() };
    assert_eq!(store.save_seen(&lost, &anna, &page("state-2", "v2")).await, Err(StoreError::Fenced));
    assert_eq!(store.cursors(&anna).await.unwrap(), [cursor(Side::Pim, Some("state-1"), false)]);
    assert_eq!(seen_ids(world, &anna).await, [("p1".into(), "v1".into())]);
    world.see(&lease, page("state-3", "v3")).await;
    assert_eq!(store.cursors(&anna).await.unwrap(), [cursor(Side::Pim, Some("state-3"), false)]);
    assert_eq!(seen_ids(world, &anna).await, [("p1".into(), "v3".into())]);
    // Another folder, side or kind has its own.
    let other = Cursor { folder: FolderId::new("Folder"), ..cursor(Side::Pim, Some("x"), true) };
    world.see(&lease, Seen { cursor: Some(other), ..Seen::default() }).await;
    world.see(&lease, Seen { cursor: Some(cursor(Side::Crm, None, false)), ..Seen::default() }).await;
    assert_eq!(store.cursors(&anna).await.unwrap().len(), 3);
}

// decision 12
async fn a_newer_observation_replaces_the_older_and_the_stranger(world: &World) {
    let store = &world.store;
    let (anna, lease) = world.mapped("anna").await;
    let out = stranger(Side::Pim, Kind::Contact, "p1", "no category");
    world.settle(&lease, Settle { strangers: vec![out], ..Settle::default() }).await;
    let hashes = async |hash: &str| {
        let found = store.candidates(&anna, Kind::Contact, Side::Pim, &[hash.to_owned()], 10).await.unwrap();
        found.len()
    };
    assert_eq!(hashes("hash-of-p1").await, 1);
    let new = Observation { hashes: vec!["other".into()], ..observation(Side::Pim, Kind::Contact, "p1", "v2") };
    world.see(&lease, Seen { observations: vec![new], ..Seen::default() }).await;
    assert!(store.strangers(&anna, None, None, 10).await.unwrap().is_empty());
    assert_eq!((hashes("hash-of-p1").await, hashes("other").await), (0, 1));
    let gone = Observation {
        version: Version::new(""),
        seen: Shown::Gone(Gone::Deleted),
        hashes: Vec::new(),
        ..observation(Side::Pim, Kind::Contact, "p1", "")
    };
    world.see(&lease, Seen { observations: vec![gone.clone()], ..Seen::default() }).await;
    assert_eq!(hashes("other").await, 0);
    let work = store.work(&anna, Kind::Contact, None, 10).await.unwrap();
    assert_eq!(work.into_iter().map(|row| row.pim).collect::<Vec<_>>(), [Some(gone)]);
}

// E1
async fn an_unreadable_record_takes_the_place_of_its_observation(world: &World) {
    let (anna, lease) = world.mapped("anna").await;
    let rows =
        vec![observation(Side::Pim, Kind::Contact, "p1", "v1"), observation(Side::Pim, Kind::Contact, "p2", "v1")];
    world.see(&lease, Seen { observations: rows, ..Seen::default() }).await;
    let bad = quarantined(Side::Pim, Kind::Contact, "p1");
    world.see(&lease, Seen { quarantine: vec![bad.clone()], ..Seen::default() }).await;
    assert_eq!(seen_ids(world, &anna).await, [("p2".into(), "v1".into())]);
    assert_eq!(world.store.quarantine(None, None, None, 10).await.unwrap(), [(anna.clone(), bad.clone())]);
    let found = world.store.candidates(&anna, Kind::Contact, Side::Pim, &["hash-of-p1".into()], 10).await.unwrap();
    assert!(found.is_empty());
    // A newer observation shows it together with its quarantine, for the plan to judge.
    let new = observation(Side::Pim, Kind::Contact, "p1", "v2");
    world.see(&lease, Seen { observations: vec![new], ..Seen::default() }).await;
    let work = world.store.work(&anna, Kind::Contact, None, 1).await.unwrap();
    assert_eq!(work[0].quarantine, [bad]);
}

// trap 148
async fn the_end_of_a_listing_looks_at_every_link_it_lacked(world: &World) {
    let store = &world.store;
    let (anna, lease) = world.mapped("anna").await;
    let mut links: Vec<_> = ["1", "2", "3", "4", "5"]
        .iter()
        .map(|n| link(&anna, &format!("l{n}"), Kind::Contact, &format!("c{n}"), &format!("p{n}")))
        .collect();
    links[3].folder = Some(FolderId::new("other"));
    links[4].folder = None;
    links.push(link(&anna, "l6", Kind::Task, "c6", "p6"));
    // Two sleep: one was seen last, of the other it is known that it is gone.
    for (n, version) in [("7", "v1"), ("8", "")] {
        let mut asleep = link(&anna, &format!("l{n}"), Kind::Contact, &format!("c{n}"), &format!("p{n}"));
        asleep.pim.version = Version::new(version);
        asleep.sleep = Some(Sleep { cause: SleepCause::ReceiverDeleted, since: minute(0) });
        links.push(asleep);
    }
    // Another waits for a person since it was seen to be gone.
    links.push(link(&anna, "l9", Kind::Contact, "c9", "p9"));
    world.settle(&lease, Settle { links, ..Settle::default() }).await;
    let gone = Observation {
        version: Version::new(""),
        seen: Shown::Gone(Gone::Deleted),
        ..observation(Side::Pim, Kind::Contact, "p9", "")
    };
    world.see(&lease, Seen { observations: vec![gone], ..Seen::default() }).await;
    let listing = |side, ids: &[&str], text: &str| Seen {
        listed: ids.iter().map(|id| rid(id)).collect(),
        cursor: Some(cursor(side, Some(text), true)),
        ..Seen::default()
    };
    world.see(&lease, listing(Side::Pim, &["p1", "x"], "page 1")).await;
    assert!(store.looks(&anna, minute(0), 10).await.unwrap().is_empty());
    let end = |side, ids: &[&str]| Seen {
        cursor: Some(cursor(side, Some("done"), false)),
        listing_ended: Some((side, Kind::Contact, FolderId::new("folder"))),
        ..listing(side, ids, "")
    };
    let ids = async || {
        let looks = store.looks(&anna, minute(0), 10).await.unwrap();
        looks.iter().map(|look| look.id.as_str().to_owned()).collect::<Vec<_>>()
    };
    let last = Seen { cursor: Some(cursor(Side::Pim, Some("done"), false)), ..end(Side::Pim, &["p3"]) };
    world.see(&lease, last).await;
    assert_eq!(ids().await, ["p2", "p5", "p7"], "not the one of another folder or kind");
    let looks = store.looks(&anna, minute(0), 10).await.unwrap();
    world.see(&lease, Seen { looked: looks, ..Seen::default() }).await;
    // The noted ids were for that listing only; the CRM has one collection per kind.
    world.see(&lease, end(Side::Crm, &["c1", "c2", "c3", "c4", "c7", "c8", "c9"])).await;
    assert_eq!(ids().await, ["c5"]);
}

async fn a_listing_that_starts_over_forgets_what_it_noted(world: &World) {
    let store = &world.store;
    let (anna, lease) = world.mapped("anna").await;
    let row = link(&anna, "l1", Kind::Contact, "c1", "p1");
    world.settle(&lease, Settle { links: vec![row], ..Settle::default() }).await;
    let noted =
        Seen { listed: vec![rid("p1")], cursor: Some(cursor(Side::Pim, Some("page 1"), true)), ..Seen::default() };
    world.see(&lease, noted).await;
    // The cursor was refused: from the start, and p1 is not there any more.
    world.see(&lease, Seen { cursor: Some(cursor(Side::Pim, None, true)), ..Seen::default() }).await;
    world.see(&lease, ended()).await;
    let looks = store.looks(&anna, minute(0), 10).await.unwrap();
    assert_eq!(looks, [Look { asked: 1, ..Look::now(Side::Pim, Kind::Contact, rid("p1")) }]);
}

// traps 7, 22
async fn what_came_back_and_is_not_judged_yet_is_missed_by_a_listing(world: &World) {
    let store = &world.store;
    let (anna, lease) = world.mapped("anna").await;
    let mut links =
        ["1", "2"].map(|n| link(&anna, &format!("l{n}"), Kind::Contact, &format!("c{n}"), &format!("p{n}")));
    for link in &mut links {
        // Moved away, and moved back under this id.
        link.sleep = Some(Sleep { cause: SleepCause::Left, since: minute(0) });
        link.pim.version = Version::new("");
    }
    world.settle(&lease, Settle { links: links.to_vec(), ..Settle::default() }).await;
    let seen = observation(Side::Pim, Kind::Contact, "p1", "v1");
    world.see(&lease, Seen { observations: vec![seen], ..Seen::default() }).await;
    world.see(&lease, ended()).await;
    let looks = store.looks(&anna, minute(0), 10).await.unwrap();
    assert_eq!(looks, [Look { asked: 1, ..Look::now(Side::Pim, Kind::Contact, rid("p1")) }], "p2 is known to be gone");
}

// trap 22
async fn an_inventory_looks_at_what_is_not_known_as_it_is_shown(world: &World) {
    let store = &world.store;
    let (anna, lease) = world.mapped("anna").await;
    let mut links: Vec<_> =
        (1..=4).map(|n| link(&anna, &format!("l{n}"), Kind::Contact, &format!("c{n}"), &format!("p{n}"))).collect();
    for link in &mut links {
        link.pim.version = Version::new("v1");
    }
    let mut judged = quarantined(Side::Pim, Kind::Contact, "q1");
    judged.versions = (None, Some(Version::new("v1")));
    let out = stranger(Side::Pim, Kind::Contact, "s1", "no category");
    let of_stranger = out.version.clone();
    let settle = Settle { links, strangers: vec![out], quarantine: vec![judged], ..Settle::default() };
    world.settle(&lease, settle).await;
    let noted = observation(Side::Pim, Kind::Contact, "p3", "v3");
    world.see(&lease, Seen { observations: vec![noted], ..Seen::default() }).await;
    let under_way = Cursor { inventory: true, ..cursor(Side::Pim, Some("page 1"), true) };
    let shown = |id: &str, version: &str| (rid(id), Version::new(version));
    let page = Seen {
        shown: vec![
            shown("p1", "v1"),
            shown("p2", "v2"),
            shown("p3", "v3"),
            (rid("s1"), of_stranger),
            shown("q1", "v1"),
            shown("q1-", "v1"),
        ],
        cursor: Some(under_way.clone()),
        ..Seen::default()
    };
    world.see(&lease, page).await;
    let ids = async || {
        let looks = store.looks(&anna, minute(0), 10).await.unwrap();
        looks.iter().map(|look| look.id.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids().await, ["p2", "q1-"], "another version, and what nobody had told of");
    assert_eq!(store.cursors(&anna).await.unwrap(), [under_way]);
    world.see(&lease, Seen { shown: vec![shown("s1", "v2"), shown("Q1", "v1")], ..ended() }).await;
    assert_eq!(ids().await, ["Q1", "p2", "p4", "q1-", "s1"], "and the linked one that it did not show");
    // Another user's rows are not asked.
    let (bob, lease) = world.mapped("bob").await;
    let page = Seen {
        shown: vec![shown("p1", "v1")],
        cursor: Some(cursor(Side::Pim, Some("page 1"), true)),
        ..Seen::default()
    };
    world.see(&lease, page).await;
    let looks = store.looks(&bob, minute(0), 10).await.unwrap();
    assert_eq!(looks, [Look { asked: 1, ..Look::now(Side::Pim, Kind::Contact, rid("p1")) }]);
}

// invariant 6
async fn observing_is_dropped_as_a_whole(world: &World) {
    let store = &world.store;
    let (anna, lease) = world.mapped("anna").await;
    let (bob, bobs) = world.mapped("bob").await;
    for (id, lease) in [(&anna, &lease), (&bob, &bobs)] {
        let settle = Settle {
            links: vec![link(id, &format!("l-{id}"), Kind::Contact, "c1", "p1")],
            strangers: vec![stranger(Side::Pim, Kind::Contact, "s1", "personal")],
            quarantine: vec![quarantined(Side::Pim, Kind::Contact, "q1")],
            ..Settle::default()
        };
        world.settle(lease, settle).await;
        let seen = Seen {
            observations: vec![observation(Side::Pim, Kind::Contact, "p1", "v1")],
            cursor: Some(cursor(Side::Pim, Some("state"), true)),
            listed: vec![rid("p1")],
            looks: vec![Look::now(Side::Crm, Kind::Contact, rid("c9"))],
            ..Seen::default()
        };
        world.see(lease, seen).await;
    }
    store.drop_observing(&lease, &anna).await.unwrap();
    for (id, there) in [(&anna, 0), (&bob, 1)] {
        assert_eq!(store.cursors(id).await.unwrap().len(), there);
        assert_eq!(store.work(id, Kind::Contact, None, 10).await.unwrap().len(), there);
        assert_eq!(store.strangers(id, None, None, 10).await.unwrap().len(), there);
        assert_eq!(store.quarantine(Some(id), None, None, 10).await.unwrap().len(), there);
        let hashes = ["hash-of-s1".to_owned()];
        assert_eq!(store.candidates(id, Kind::Contact, Side::Pim, &hashes, 10).await.unwrap().len(), there);
        assert_eq!(store.links(id, None, None, 10).await.unwrap().len(), 1);
        assert_eq!(store.looks(id, minute(0), 10).await.unwrap().len(), 1);
    }
    let ended = Seen { listing_ended: Some((Side::Pim, Kind::Contact, FolderId::new("folder"))), ..Seen::default() };
    world.see(&lease, ended).await;
    assert_eq!(store.looks(&anna, minute(0), 10).await.unwrap().len(), 2, "the noted id was dropped too");
}

// trap 1
async fn ids_are_told_apart_byte_by_byte(world: &World) {
    let (anna, lease) = world.mapped("anna").await;
    let ids = ["AAMk=", "aamk=", "AAMk= ", "AAMk", "Å", "A\u{30a}", "%", "_", "'", "\\", "ß", "ss"];
    let rows = ids.iter().map(|id| observation(Side::Pim, Kind::Contact, id, "v1")).collect();
    world.see(&lease, Seen { observations: rows, ..Seen::default() }).await;
    let mut found: Vec<String> = seen_ids(world, &anna).await.into_iter().map(|(id, _)| id).collect();
    found.sort();
    let mut ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    ids.sort();
    assert_eq!(found, ids);
    let upper = link(&anna, "L1", Kind::Contact, "C1", "P1");
    let lower = link(&anna, "l1", Kind::Contact, "c1", "p1");
    world.settle(&lease, Settle { links: vec![upper.clone(), lower.clone()], ..Settle::default() }).await;
    let of = world.store.link_of(&anna, Side::Crm, Kind::Contact, &rid("C1")).await.unwrap();
    assert_eq!(of, Some(upper));
    assert_eq!(world.store.link(&lower.id).await.unwrap(), Some(lower));
}

async fn a_record_comes_back_as_it_was_stored(world: &World) {
    let (anna, lease) = world.mapped("anna").await;
    let row = observation(Side::Crm, Kind::Appointment, "c1", "v1");
    world.see(&lease, Seen { observations: vec![row.clone()], ..Seen::default() }).await;
    let work = world.store.work_of(&anna, Side::Crm, Kind::Appointment, &row.id).await.unwrap().unwrap();
    assert_eq!(work.crm, Some(row));
}
