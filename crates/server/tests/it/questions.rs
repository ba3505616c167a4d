//! What administrators are told and asked over the API: quarantine, questions, brakes, history.

use crate::world::World;
use axum::http::StatusCode;
use jiff::Timestamp;
use model::{Domain, Kind, LinkId, Path, RecordId, Side, Value};
use serde_json::json;
use server::ops;
use store::change::Settle;
use store::{Brake, Held, HeldKind, History, HistoryFilter, Lease, PairingStatus, Quarantine};

const AT: i64 = 1_772_355_600;

fn at(offset: i64) -> Timestamp {
    Timestamp::from_second(AT + offset).expect("a time")
}

/// Anna, mapped, with a lease on her pairing.
async fn leased(world: &World) -> (PairingStatus, Lease) {
    world.mapped("anna").await;
    let store = &world.services.store;
    let status = store.overview(None, 1).await.expect("store").remove(0);
    let lease = store.take_lease(status.pairing.id.as_str(), "test", 60_000, 0).await.expect("store").expect("free");
    (status, lease)
}

async fn settle(world: &World, status: &PairingStatus, lease: &Lease, settle: Settle) {
    let now = world.services.clock.now();
    let stored = world.services.store.settle(lease, &status.pairing.id, now, &settle).await;
    stored.expect("stored");
}

fn held(status: &PairingStatus, id: &str, what: HeldKind) -> Held {
    Held { id: id.to_owned(), pairing: status.pairing.id.clone(), domain: Domain::Calendar, what, at: at(0) }
}

// E1
#[tokio::test]
async fn quarantined_records_are_listed_with_the_reason() {
    let world = World::new().await;
    let (status, lease) = leased(&world).await;
    let quarantine = (0..3)
        .map(|n| Quarantine {
            side: Side::Pim,
            kind: Kind::Task,
            id: RecordId::new(format!("AAMk/{n}+=")),
            versions: (None, None),
            reason: "a zone nobody knows".to_owned(),
            since: at(n),
        })
        .collect();
    settle(&world, &status, &lease, Settle { quarantine, ..Settle::default() }).await;
    let mut path = "/api/admin/quarantine?limit=2&user=anna".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = world.get(&world.admin, &path).await;
        seen.extend(page.items().iter().map(|row| row["id"].to_string()));
        assert_eq!(page.items()[0]["reason"], json!("a zone nobody knows"));
        assert_eq!(page.items()[0]["user"], "anna");
        let Some(next) = page.json["next"].as_str() else { break };
        path = format!("/api/admin/quarantine?limit=2&user=anna&after={next}");
    }
    assert_eq!(seen.len(), 3, "{seen:?}");
    for (domain, count) in [("task", 3), ("calendar", 0), ("employee", 0)] {
        let page = world.get(&world.admin, &format!("/api/admin/quarantine?domain={domain}")).await;
        assert_eq!(page.items().len(), count, "{domain}");
    }
    assert_eq!(world.get(&world.admin, "/api/admin/quarantine?domain=notes").await.faults(), ["domain"]);
    assert_eq!(world.get(&world.admin, "/api/admin/quarantine?user=bob").await.code(), "not_found");
    assert_eq!(world.get(&world.admin, "/api/admin/quarantine?after=x").await.faults(), ["after"]);
}

// W3, trap 194: an undoing takes thousands of records, and shows them veiled when it is done.
#[tokio::test]
async fn more_lines_than_the_crm_looks_at_once_are_told() {
    let world = World::new().await;
    let (status, lease) = leased(&world).await;
    let line = |n: i64| History {
        pairing: status.pairing.id.clone(),
        cycle: "c1".to_owned(),
        at: at(n),
        domain: Domain::Calendar,
        side: Some(Side::Pim),
        what: "update".to_owned(),
        crm: Some(RecordId::new(format!("ACT-{n:08}"))),
        pim: None,
        before: [].into(),
        after: [(model::Field::Subject.into(), Value::text("Board"))].into(),
        overruled: [].into(),
        mark_key: None,
        form: None,
        by: None,
        note: String::new(),
    };
    settle(&world, &status, &lease, Settle { history: (0..700).map(line).collect(), ..Settle::default() }).await;
    let told = ops::people::history(&world.services, None, &HistoryFilter::default(), None, 700).await;
    assert_eq!(told.map(|lines| lines.len()), Ok(700));
}

// C3
#[tokio::test]
async fn a_held_conflict_is_answered_with_a_side() {
    let world = World::new().await;
    let (status, lease) = leased(&world).await;
    let subject: Path = model::Field::Subject.into();
    let values = [(subject, (Some(Value::text("A")), Some(Value::text("B"))))].into();
    let conflict = held(&status, "q1", HeldKind::Conflict { link: LinkId::new("l1"), values });
    settle(&world, &status, &lease, Settle { held: vec![conflict], ..Settle::default() }).await;
    let listed = world.get(&world.admin, "/api/admin/held?domain=calendar").await;
    assert_eq!(listed.items().len(), 1);
    assert!(world.get(&world.admin, "/api/admin/held?domain=task").await.items().is_empty());
    let full = world.get(&world.admin, "/api/admin/held?limit=1").await;
    let next = full.json["next"].as_str().expect("a page that is full");
    assert!(world.get(&world.admin, &format!("/api/admin/held?after={next}")).await.items().is_empty());
    let path = "/api/admin/held/q1";
    let working = world.post(&world.admin, path, json!({"answer": "crm"})).await;
    assert_eq!(working.status, StatusCode::CONFLICT, "a cycle holds the lease");
    assert_eq!(working.code(), "working");
    world.services.store.release_lease(&lease).await.expect("released");
    for wrong in
        [json!({"answer": "seen"}), json!({"answer": "same", "crm": "a", "pim": "b"}), json!({"answer": "same"})]
    {
        assert_eq!(world.post(&world.admin, path, wrong).await.faults(), ["answer"]);
    }
    assert_eq!(world.post(&world.admin, path, json!({"answer": "both"})).await.faults(), ["answer"]);
    let answered = world.post(&world.admin, path, json!({"answer": "pim"})).await;
    assert_eq!(answered.status, StatusCode::OK, "{}", answered.text);
    assert_eq!(world.post(&world.admin, path, json!({"answer": "pim"})).await.code(), "not_found");
}

// M1
#[tokio::test]
async fn a_possible_double_is_seen_and_gone() {
    let world = World::new().await;
    let (status, lease) = leased(&world).await;
    let double = HeldKind::PossibleDouble { crm: RecordId::new("CON-1"), pim: RecordId::new("AAMk=") };
    let question = held(&status, "q2", double);
    settle(&world, &status, &lease, Settle { held: vec![question], ..Settle::default() }).await;
    let other = json!({"answer": "same", "crm": "CON-2", "pim": "AAMk="});
    assert_eq!(world.post(&world.admin, "/api/admin/held/q2", other).await.faults(), ["crm"]);
    let seen = world.post(&world.admin, "/api/admin/held/q2", json!({"answer": "seen"})).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.text);
    assert!(world.get(&world.admin, "/api/admin/held").await.items().is_empty());
}

// C8
#[tokio::test]
async fn a_brake_is_released_for_its_plan_only() {
    let world = World::new().await;
    let (status, lease) = leased(&world).await;
    let brake = Brake {
        pairing: Some(status.pairing.id.clone()),
        domain: Some(Domain::Calendar),
        side: Side::Crm,
        digest: "d1".to_owned(),
        why: "40 of 100 would be deleted".to_owned(),
        at: at(0),
        released: None,
    };
    world.services.store.put_brake(&lease, &brake).await.expect("stored");
    let listed = world.get(&world.admin, "/api/admin/brakes").await;
    assert_eq!(listed.items()[0]["why"], json!("40 of 100 would be deleted"));
    let shown = world.get(&world.admin, "/api/admin/users/anna").await;
    assert_eq!(shown.json["state"], "braked", "{}", shown.text);
    assert_eq!(shown.json["brakes"], json!(["calendar, to the CRM: 40 of 100 would be deleted"]));
    let listed = world.get(&world.admin, "/api/admin/users").await;
    assert_eq!((&listed.items()[0]["state"], &listed.items()[0]["brakes"]), (&json!("braked"), &shown.json["brakes"]));
    let path = "/api/admin/brakes/release";
    let other = json!({"user": "anna", "domain": "calendar", "side": "crm", "digest": "d2"});
    assert!(world.post(&world.admin, path, other).await.status.is_client_error());
    let this = json!({"user": "anna", "domain": "calendar", "side": "crm", "digest": "d1"});
    let released = world.post(&world.admin, path, this).await;
    assert_eq!(released.status, StatusCode::NO_CONTENT, "{}", released.text);
    let listed = world.get(&world.admin, "/api/admin/brakes").await;
    assert_eq!(listed.items()[0]["released"], json!("d1"));
    let free = world.get(&world.admin, "/api/admin/users/anna").await;
    assert_eq!((&free.json["state"], &free.json["brakes"]), (&json!("first"), &json!([])));
    assert_eq!(world.post(&world.admin, path, json!({"side": "left"})).await.faults(), ["digest", "side"]);
}

// W3
#[tokio::test]
async fn the_history_is_told_newest_first_and_by_record() {
    let world = World::new().await;
    let (status, lease) = leased(&world).await;
    let history = (0..5)
        .map(|n| History {
            pairing: status.pairing.id.clone(),
            cycle: format!("c{}", n % 2),
            at: at(n),
            domain: Domain::Task,
            side: Some(Side::Pim),
            what: "update".to_owned(),
            crm: Some(RecordId::new(format!("ACT-{n}"))),
            pim: None,
            before: Default::default(),
            after: Default::default(),
            overruled: Default::default(),
            mark_key: None,
            form: None,
            by: None,
            note: String::new(),
        })
        .collect();
    settle(&world, &status, &lease, Settle { history, ..Settle::default() }).await;
    let first = world.get(&world.admin, "/api/admin/history?limit=3").await;
    let records: Vec<String> = first.items().iter().map(|line| line["crm"].to_string()).collect();
    assert_eq!(records, ["\"ACT-4\"", "\"ACT-3\"", "\"ACT-2\""]);
    assert!(first.items().iter().all(|line| line["user"] == "anna"), "{}", first.text);
    let next = first.json["next"].as_str().expect("more");
    let rest = world.get(&world.admin, &format!("/api/admin/history?limit=3&after={next}")).await;
    assert_eq!(rest.items().len(), 2);
    let one = world.get(&world.admin, "/api/admin/history?side=crm&record=ACT-1&user=anna").await;
    assert_eq!(one.items().len(), 1);
    assert_eq!(world.get(&world.admin, "/api/admin/history?cycle=c1").await.items().len(), 2);
    let since = format!("/api/admin/history?since={}&until={}", at(1), at(3));
    assert_eq!(world.get(&world.admin, &since).await.items().len(), 2);
    let refused = world.get(&world.admin, "/api/admin/history?since=x&until=y&record=z&after=%21").await;
    assert_eq!(refused.faults(), ["after", "side", "since", "until"]);
}

// L5
#[tokio::test]
async fn explain_shows_the_whole_chain_of_levels() {
    let world = World::new().await;
    let anna = world.mapped("anna").await;
    let list = world.made(&world.admin, "/api/crm/user-lists", json!({"name": "Pilots", "members": [anna.id]})).await;
    let rule = json!({"rules": [{"group": "user_list", "id": list["id"], "level": "none"}]});
    world.put(&world.admin, "/api/admin/group-rules/task", rule).await;
    let path = "/api/admin/users/anna/explain";
    let explained = world.get(&world.admin, path).await;
    assert_eq!(explained.status, StatusCode::OK, "{}", explained.text);
    let chains = explained.json["chains"].as_array().expect("chains");
    let task = chains.iter().find(|chain| chain["domain"] == json!("task")).expect("task");
    assert_eq!(task["level"], json!("none"));
    assert!(explained.text.contains("matches and decides"), "{}", explained.text);
    let torn = world.get(&world.admin, &format!("{path}?side=crm")).await;
    assert_eq!(torn.faults(), ["kind", "record"]);
    let other = json!({"rules": [{"group": "organization", "id": "ORG-404", "level": "none"}]});
    let refused = world.put(&world.admin, "/api/admin/group-rules/task", other).await;
    assert_eq!(refused.faults(), ["rules[0].id"]);
}
