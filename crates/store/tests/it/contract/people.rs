//! Questions, quarantine, history and its retention.

use crate::world::{World, held, line, minute, on_every_engine, quarantined, rid, start};
use jiff::Timestamp;
use model::{Domain, Kind, LinkId, Side};
use store::{HeldFilter, HistoryFilter, HistoryKey, HistoryLine, Late, QuarantineKey, Retention, Settle, Swept};

on_every_engine! {
    questions_are_listed_by_filter_and_answered_once,
    quarantine_is_listed_in_pages_over_pairings,
    history_is_told_the_newest_first_in_pages,
    history_is_found_by_record_cycle_and_time,
    retention_takes_images_then_overruled_values_then_lines,
    late_creates_and_old_counters_go_with_the_sweep,
}

async fn questions_are_listed_by_filter_and_answered_once(world: &World) {
    let store = &world.store;
    let (anna, annas) = world.mapped("anna").await;
    let (bob, bobs) = world.mapped("bob").await;
    let other = store::Held { domain: Domain::Task, ..held(&anna, "h2") };
    world.settle(&annas, Settle { held: vec![held(&anna, "h1"), other.clone()], ..Settle::default() }).await;
    world.settle(&bobs, Settle { held: vec![held(&bob, "h3")], ..Settle::default() }).await;
    let ids = async |filter: HeldFilter, after: Option<&str>, limit| {
        let rows = store.held(&filter, after, limit).await.unwrap();
        rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    let all = HeldFilter::default;
    assert_eq!(ids(all(), None, 2).await, ["h1", "h2"]);
    assert_eq!(ids(all(), Some("h2"), 2).await, ["h3"]);
    assert_eq!(ids(HeldFilter { pairing: Some(anna.clone()), ..all() }, None, 9).await, ["h1", "h2"]);
    assert_eq!(ids(HeldFilter { domain: Some(Domain::Task), ..all() }, None, 9).await, ["h2"]);
    let both = HeldFilter { pairing: Some(bob), domain: Some(Domain::Task) };
    assert!(ids(both, None, 9).await.is_empty());
    assert_eq!(store.answer_held("h2").await.unwrap(), Some(other));
    assert_eq!(store.answer_held("h2").await.unwrap(), None);
    assert_eq!(ids(all(), None, 9).await, ["h1", "h3"]);
}

async fn quarantine_is_listed_in_pages_over_pairings(world: &World) {
    let store = &world.store;
    let mut all = Vec::new();
    for name in ["anna", "bob"] {
        let (id, lease) = world.mapped(name).await;
        let rows: Vec<_> = [(Side::Crm, Kind::Contact), (Side::Pim, Kind::Contact), (Side::Pim, Kind::Task)]
            .iter()
            .map(|(side, kind)| quarantined(*side, *kind, "x"))
            .collect();
        world.settle(&lease, Settle { quarantine: rows.clone(), ..Settle::default() }).await;
        all.extend(rows.into_iter().map(|row| (id.clone(), row)));
    }
    let mut listed: Vec<(model::PairingId, store::Quarantine)> = Vec::new();
    for expected in [4, 2, 0] {
        let after: Option<QuarantineKey> =
            listed.last().map(|(id, row)| (id.clone(), row.side, row.kind, row.id.clone()));
        let page = store.quarantine(None, None, after.as_ref(), 4).await.unwrap();
        assert_eq!(page.len(), expected);
        listed.extend(page);
    }
    assert_eq!(listed, all);
    let bob = model::PairingId::new("bob");
    for kind in Kind::ALL {
        let of_kind: Vec<_> = all.iter().filter(|(_, row)| row.kind == kind).cloned().collect();
        assert_eq!(store.quarantine(None, Some(kind), None, 10).await.unwrap(), of_kind);
    }
    assert_eq!(store.quarantine(Some(&bob), None, None, 10).await.unwrap(), all[3..]);
}

async fn history_is_told_the_newest_first_in_pages(world: &World) {
    let store = &world.store;
    let mut expected = Vec::new();
    for name in ["anna", "bob"] {
        let (id, lease) = world.mapped(name).await;
        let lines: Vec<_> = [2, 1, 1, 3].iter().map(|at| line(&id, "c", minute(*at))).collect();
        world.settle(&lease, Settle { history: lines[..1].to_vec(), ..Settle::default() }).await;
        world.settle(&lease, Settle { history: lines[1..].to_vec(), ..Settle::default() }).await;
        for (number, line) in (1..).zip(lines) {
            let key = HistoryKey { at: line.at, pairing: id.clone(), number };
            expected.push(HistoryLine { key, line });
        }
    }
    expected.sort_by(|a, b| b.key.cmp(&a.key));
    for size in [1, 3, 100] {
        let mut all: Vec<HistoryLine> = Vec::new();
        loop {
            let after = all.last().map(|row| row.key.clone());
            let page = store.history(&HistoryFilter::default(), after.as_ref(), size).await.unwrap();
            if page.is_empty() {
                break;
            }
            assert!(page.len() <= size);
            all.extend(page);
            assert!(all.len() <= expected.len(), "pages of {size} repeat themselves");
        }
        assert_eq!(all, expected, "pages of {size}");
    }
}

// W3
async fn history_is_found_by_record_cycle_and_time(world: &World) {
    let store = &world.store;
    let (anna, lease) = world.mapped("anna").await;
    let bob = world.map("bob").await;
    let mut lines: Vec<_> = (0..4).map(|at| line(&anna, &format!("c{at}"), minute(at))).collect();
    lines[2].crm = Some(rid("crm-2"));
    lines[3].pim = None;
    world.settle(&lease, Settle { history: lines, ..Settle::default() }).await;
    let minutes = async |filter: HistoryFilter| {
        let found = store.history(&filter, None, 10).await.unwrap();
        found.iter().map(|row| (row.key.at.as_second() - start().as_second()) / 60).collect::<Vec<_>>()
    };
    let all = HistoryFilter::default;
    assert_eq!(minutes(all()).await, [3, 2, 1, 0]);
    assert_eq!(minutes(HistoryFilter { pairing: Some(bob), ..all() }).await, [0; 0]);
    for pairing in [None, Some(anna)] {
        let of = || HistoryFilter { pairing: pairing.clone(), ..all() };
        let record = |side, id: &str| HistoryFilter { record: Some((side, rid(id))), ..of() };
        assert_eq!(minutes(record(Side::Crm, "crm-1")).await, [3, 1, 0]);
        assert_eq!(minutes(record(Side::Pim, "pim-1")).await, [2, 1, 0]);
        assert_eq!(minutes(record(Side::Pim, "crm-1")).await, [0; 0]);
        assert_eq!(minutes(HistoryFilter { cycle: Some("c1".into()), ..of() }).await, [1]);
        let between = HistoryFilter { since: Some(minute(1)), until: Some(minute(3)), ..of() };
        assert_eq!(minutes(between).await, [2, 1]);
    }
}

fn day(days: i64) -> Timestamp {
    minute(days * 24 * 60)
}

// decision 14
async fn retention_takes_images_then_overruled_values_then_lines(world: &World) {
    let store = &world.store;
    let (anna, lease) = world.mapped("anna").await;
    let (_, bobs) = world.mapped("bob").await;
    let bob = model::PairingId::new("bob");
    world.settle(&lease, Settle { history: vec![line(&anna, "old", day(0))], ..Settle::default() }).await;
    world.settle(&bobs, Settle { history: vec![line(&bob, "new", day(20))], ..Settle::default() }).await;
    let keep = Retention { images: 30, ..Retention::default() };
    let told = async || {
        let lines = store.history(&HistoryFilter::default(), None, 10).await.unwrap();
        lines
            .iter()
            .map(|row| (row.line.cycle.clone(), row.line.before.len() + row.line.after.len(), row.line.overruled.len()))
            .collect::<Vec<_>>()
    };
    let new = ("new".to_owned(), 2, 1);
    assert_eq!(store.purge(day(30), &keep).await.unwrap(), Swept::default());
    assert_eq!(told().await, [new.clone(), ("old".into(), 2, 1)]);
    assert_eq!(store.purge(day(31), &keep).await.unwrap(), Swept { reduced: 1, dropped: 0 });
    assert_eq!(told().await, [new.clone(), ("old".into(), 0, 1)]);
    assert_eq!(store.purge(day(31), &keep).await.unwrap(), Swept::default(), "once");
    assert_eq!(store.purge(day(91), &keep).await.unwrap(), Swept { reduced: 2, dropped: 0 });
    assert_eq!(told().await, [("new".into(), 0, 1), ("old".into(), 0, 0)]);
    assert_eq!(store.purge(day(401), &keep).await.unwrap(), Swept { reduced: 1, dropped: 1 });
    assert_eq!(told().await, [("new".into(), 0, 0)]);
    // Who and when stay until the end, and a settled number is not given twice.
    world.settle(&bobs, Settle { history: vec![line(&bob, "next", day(401))], ..Settle::default() }).await;
    assert_eq!(told().await.len(), 2);
    // Settable: overruled values may go first.
    let strict = Retention { images: 400, overruled: 0, ..keep };
    assert_eq!(store.purge(day(402), &strict).await.unwrap(), Swept { reduced: 1, dropped: 0 });
    assert_eq!(told().await, [("next".into(), 2, 0), ("new".into(), 0, 0)]);
    assert_eq!(store.purge(day(802), &strict).await.unwrap(), Swept { reduced: 0, dropped: 2 });
}

async fn late_creates_and_old_counters_go_with_the_sweep(world: &World) {
    let store = &world.store;
    let (anna, lease) = world.mapped("anna").await;
    let late = |key: &str, until| Late { key: key.into(), link: LinkId::new("l"), content: "c".into(), until };
    let settle = Settle {
        late: vec![late("k1", minute(5)), late("k2", minute(10))],
        counts: vec![(Domain::Task, Side::Pim, store::Count::Deleted, 3)],
        ..Settle::default()
    };
    world.settle(&lease, settle).await;
    store.purge(minute(5), &Retention::default()).await.unwrap();
    assert_eq!(store.late(&anna, "k1").await.unwrap(), None);
    assert!(store.late(&anna, "k2").await.unwrap().is_some());
    let sums = async || store.counts(&store::Whose::All, Timestamp::UNIX_EPOCH).await.unwrap().len();
    assert_eq!(sums().await, 1);
    store.purge(day(400), &Retention::default()).await.unwrap();
    assert_eq!(sums().await, 1);
    store.purge(day(401), &Retention::default()).await.unwrap();
    assert_eq!(sums().await, 0);
}
