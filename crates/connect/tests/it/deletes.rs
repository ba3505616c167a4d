//! Deleting: to Deleted Items, only what was planned, and back again (rules C4, O2, decision 10).

use crate::world::{ANNA, World, create, fields, list, mark, present, update_of};
use emulator::{Effect, FaultAction, Hook, RequestInfo};
use engine::port::{Mail, Remote, Trouble, Update, Write};
use model::{Domain, Field, Gone, Kind, Record, RecordId, Value, Version};
use std::sync::Arc;
use wire::ews::{self, DistinguishedFolder, FieldChange, Item, ItemKind, Property};

fn delete(id: &RecordId, version: &Version) -> Write {
    Write::Delete { kind: Kind::Task, id: id.clone(), version: version.clone(), planned: None, mail: Mail::None }
}

fn subject(text: &str) -> model::Fields {
    fields([(Field::Subject, Value::text(text))])
}

#[tokio::test]
async fn a_delete_goes_to_deleted_items_and_can_be_taken_back() {
    let world = World::new();
    let remote = world.open();
    let made = create(&remote, Domain::Task, subject("a"), "k").await;
    remote.write(&delete(&made.id, &made.version)).await.expect("deleted");
    assert_eq!((world.count("tasks"), world.count("deleteditems")), (0, 1));
    let counters = world.emulator.counters().writes_by("svc@crm.test");
    assert_eq!((counters.created, counters.deleted, counters.moved), (1, 1, 0));
    let restore = Write::Restore { kind: Kind::Task, mark_key: "k".to_owned() };
    let back = remote.write(&restore).await.expect("restored");
    assert_eq!((world.count("tasks"), world.count("deleteditems")), (1, 0));
    let record = present(&remote, Kind::Task, &back.id).await;
    assert_eq!((record.text(Field::Subject), &record.version), (Some("a"), &back.version));
    assert_eq!(remote.write(&restore).await.err(), Some(Trouble::Gone(Gone::Unknown)));
}

// trap 35
#[tokio::test]
async fn a_newer_version_is_not_deleted() {
    let world = World::new();
    let remote = world.open();
    let made = create(&remote, Domain::Task, subject("a"), "k").await;
    let change = vec![FieldChange::Set(Property::Subject.into(), ews::Value::Text("newer".to_owned()))];
    world.edits(made.id.as_str(), ItemKind::Task, change).await;
    assert_eq!(remote.write(&delete(&made.id, &made.version)).await.err(), Some(Trouble::Stale));
    assert_eq!((world.count("tasks"), world.count("deleteditems")), (1, 0));
}

/// Before the next request of ours of this operation, an edit by a person.
fn edit_before(world: &World, operation: &'static str, id: &RecordId) {
    let edit = ews::UpdateItem {
        conflicts: ews::ConflictResolution::AlwaysOverwrite,
        mail: ews::Mail::None,
        changes: vec![ews::ItemChange {
            item: ews::ItemRef::Item(ews::ItemId::of(id.as_str())),
            kind: ItemKind::Task,
            fields: vec![FieldChange::Set(Property::Subject.into(), ews::Value::Text("newer".to_owned()))],
        }],
    };
    let header = ews::Header { version: ews::Version::default(), impersonation: None };
    let body = ews::prepare(&header, &edit);
    let (emulator, done) = (world.emulator.clone(), std::sync::atomic::AtomicBool::new(false));
    let hook = move |request: &RequestInfo| {
        let ours = request.account == "svc@crm.test" && request.operation == operation;
        if ours && !done.swap(true, std::sync::atomic::Ordering::Relaxed) {
            let (emulator, body) = (emulator.clone(), body.clone());
            // The hook is called before the server looks at anything, so the edit slips in between.
            let slipped = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
                runtime.block_on(async move {
                    let headers = [
                        ("content-type".to_owned(), "text/xml; charset=utf-8".to_owned()),
                        ("authorization".to_owned(), "Basic YW5uYUBjcm0udGVzdDpzZWNyZXQ=".to_owned()),
                    ];
                    let url = "http://127.0.0.1/EWS/Exchange.asmx";
                    emulator.post(url, &headers, body).await.expect("answered").status
                })
            });
            assert_eq!(slipped.join().expect("edited"), 200);
        }
        None
    };
    world.emulator.on_request(Some(Arc::new(hook) as Hook));
}

// Decision 10: DeleteItem knows no precondition, so what landed is looked at.
#[tokio::test]
async fn an_edit_that_slips_in_before_the_delete_is_put_back() {
    for key in ["k", ""] {
        let world = World::new();
        let remote = world.open();
        let (id, version) = match key {
            "" => {
                // Never marked: recognised by its move.
                let item = Item::new(ItemKind::Task).with(Property::Subject, ews::Value::Text("a".to_owned()));
                let id = world.makes(DistinguishedFolder::Tasks, item).await;
                (RecordId::new(id.id), Version::new(id.change_key.expect("a key")))
            }
            key => {
                let made = create(&remote, Domain::Task, subject("a"), key).await;
                (made.id, made.version)
            }
        };
        edit_before(&world, if key.is_empty() { "MoveItem" } else { "DeleteItem" }, &id);
        assert_eq!(remote.write(&delete(&id, &version)).await.err(), Some(Trouble::Stale), "{key}");
        let (records, _) = list(&remote, Kind::Task).await;
        assert_eq!(records.iter().map(|record| record.text(Field::Subject)).collect::<Vec<_>>(), [Some("newer")]);
        assert_eq!(world.count("deleteditems"), 0);
    }
}

#[tokio::test]
async fn an_older_item_of_the_same_mark_in_deleted_items_is_left_alone() {
    let world = World::new();
    let remote = world.open();
    for n in 0..2 {
        let made = create(&remote, Domain::Task, subject(&format!("copy {n}")), "k").await;
        remote.write(&delete(&made.id, &made.version)).await.expect("deleted");
    }
    assert_eq!((world.count("tasks"), world.count("deleteditems")), (0, 2));
}

// trap 44
#[tokio::test]
async fn a_write_whose_answer_is_lost_has_an_unknown_outcome() {
    let lost = || FaultAction::Drop { effect: Effect::Done };
    let page = |status| FaultAction::Answer {
        status,
        content_type: "text/html".to_owned(),
        body: b"<html>oops</html>".to_vec(),
        effect: Effect::Done,
    };
    for action in [lost(), page(500), page(502), page(200), FaultAction::Truncate { keep: 200 }] {
        let world = World::new();
        let remote = world.open();
        let made = create(&remote, Domain::Task, subject("a"), "k").await;
        world.trouble("UpdateItem", vec![action.clone()]);
        let outcome = remote.write(&update_of(Domain::Task, &made.id, &made.version, subject("b"))).await;
        assert!(matches!(outcome, Err(Trouble::Unknown { .. })), "{action:?}: {outcome:?}");
        let record = present(&remote, Kind::Task, &made.id).await;
        assert_eq!(record.text(Field::Subject), Some("b"));
        assert_eq!(record.facts.mark.as_ref().map(|mark| mark.write_no), Some(2), "recognised as ours");
        world.trouble("CreateItem", vec![action.clone()]);
        let write = crate::world::create_of(Domain::Task, subject("c"), "c");
        assert!(matches!(remote.write(&write).await, Err(Trouble::Unknown { .. })), "{action:?}");
        let by = engine::port::FindBy::Key("c".to_owned());
        assert_eq!(remote.find(Kind::Task, &by, 10).await.expect("found").len(), 1);
        world.trouble("DeleteItem", vec![action.clone()]);
        let outcome = remote.write(&delete(&made.id, &record.version)).await;
        assert!(matches!(outcome, Err(Trouble::Unknown { .. })), "{action:?}: {outcome:?}");
    }
}

// traps 44, 166: told to wait, nothing was done.
#[tokio::test]
async fn a_busy_server_has_done_nothing() {
    let world = World::new();
    let remote = world.open();
    let made = create(&remote, Domain::Task, subject("a"), "k").await;
    let too_many =
        FaultAction::Answer { status: 429, content_type: "text/plain".to_owned(), body: vec![], effect: Effect::None };
    for action in [FaultAction::Busy { back_off_ms: 5000 }, too_many] {
        world.trouble("UpdateItem", vec![action]);
        let outcome = remote.write(&update_of(Domain::Task, &made.id, &made.version, subject("b"))).await;
        assert!(matches!(outcome, Err(Trouble::Busy { .. })), "{outcome:?}");
        assert_eq!(present(&remote, Kind::Task, &made.id).await.text(Field::Subject), Some("a"));
    }
}

// trap 49
#[tokio::test]
async fn an_update_never_overwrites_a_newer_version() {
    let world = World::new();
    let remote = world.open();
    let made = create(&remote, Domain::Task, subject("a"), "k").await;
    world.emulator.touch(ANNA, made.id.as_str()).expect("an item");
    for changes in [subject("b"), fields([(Field::Body, Value::text("b"))])] {
        let outcome = remote.write(&update_of(Domain::Task, &made.id, &made.version, changes)).await;
        assert_eq!(outcome.err(), Some(Trouble::Stale));
    }
    let gone = remote.write(&update_of(Domain::Task, &RecordId::new("AAMkNone"), &made.version, subject("b"))).await;
    assert_eq!(gone.err(), Some(Trouble::Gone(Gone::Unknown)));
}

// Decision 2: the mark alone, and nothing else of the item.
#[tokio::test]
async fn a_mark_is_written_alone() {
    let world = World::new();
    let remote = world.open();
    let item = Item::new(ItemKind::Contact).with(Property::GivenName, ews::Value::Text("Ann".to_owned()));
    world.makes(DistinguishedFolder::Contacts, item).await;
    let before = list(&remote, Kind::Contact).await.0.remove(0);
    assert_eq!(before.facts.mark, None);
    let (id, version) = (before.id.clone(), before.version.clone());
    let write = Write::Mark { kind: Kind::Contact, id: id.clone(), mark: mark("k", 1), version, planned: None };
    let written = remote.write(&write).await.expect("marked");
    let after = present(&remote, Kind::Contact, &id).await;
    assert_eq!((after.version.clone(), after.facts.mark.clone()), (written.version, Some(mark("k", 1))));
    assert!(after.fields == before.fields);
    assert_eq!(remote.write(&write).await.err(), Some(Trouble::Stale));
}

// R6: completing a recurring task answers with the one-off it left behind.
#[tokio::test]
async fn completing_a_recurring_task_is_recognised() {
    use model::{Pattern, Range, Recurrence};
    let world = World::new();
    let remote = world.open();
    let rule = Recurrence { pattern: Pattern::Daily { interval: 7 }, range: Range::NoEnd };
    let sent = fields([
        (Field::Subject, Value::text("a")),
        (Field::StartDay, Value::Day(jiff::civil::date(2026, 11, 2))),
        (Field::DueDay, Value::Day(jiff::civil::date(2026, 11, 2))),
        (Field::Rule, Value::Rule(rule)),
    ]);
    let made = create(&remote, Domain::Task, sent, "k").await;
    let done = fields([(Field::Status, Value::text("Completed"))]);
    let now = remote.write(&update_of(Domain::Task, &made.id, &made.version, done)).await.expect("completed");
    assert_eq!(now.id, made.id, "the record stays what was asked");
    let other = now.other.expect("the one-off it left");
    let next = present(&remote, Kind::Task, &made.id).await;
    assert_eq!(next.version, now.version);
    assert_eq!(next.text(Field::Status), Some("NotStarted"));
    assert_eq!(next.get(Field::DueDay).and_then(Value::as_day), Some(jiff::civil::date(2026, 11, 9)));
    let copy = present(&remote, Kind::Task, &other).await;
    assert!(copy.facts.completed_copy && !next.facts.completed_copy);
    assert_eq!(copy.text(Field::Status), Some("Completed"));
}

// trap 35: a version that moved by itself holds up no write, a person's edit does.
#[tokio::test]
async fn what_still_says_what_was_planned_against_is_written_whatever_its_version() {
    let world = World::new();
    let remote = world.open();
    let made = create(&remote, Domain::Task, subject("a"), "k").await;
    let record = Arc::new(present(&remote, Kind::Task, &made.id).await);
    world.emulator.touch(ANNA, made.id.as_str()).expect("there");
    let update = |changes: model::Fields| match update_of(Domain::Task, &made.id, &record.version, changes) {
        Write::Update(update) => Write::Update(Update { planned: Some(record.clone()), mark: None, ..update }),
        other => other,
    };
    let urgent = fields([(Field::Priority, Value::text("High"))]);
    assert_eq!(
        remote.write(&update_of(Domain::Task, &made.id, &record.version, urgent.clone())).await.err(),
        Some(Trouble::Stale)
    );
    remote.write(&update(urgent)).await.expect("only its version is another");
    // Now it says something else than what was planned against, with and without a look before the write.
    for changes in [subject("b"), fields([(Field::Body, Value::text("b"))])] {
        assert_eq!(remote.write(&update(changes)).await.err(), Some(Trouble::Stale));
    }
    let delete = |planned: &Arc<Record>, version: &Version| Write::Delete {
        kind: Kind::Task,
        id: made.id.clone(),
        version: version.clone(),
        planned: Some(planned.clone()),
        mail: Mail::None,
    };
    assert_eq!(remote.write(&delete(&record, &record.version)).await.err(), Some(Trouble::Stale));
    let now = Arc::new(present(&remote, Kind::Task, &made.id).await);
    assert_eq!(now.text(Field::Subject), Some("a"));
    world.emulator.touch(ANNA, made.id.as_str()).expect("there");
    remote.write(&delete(&now, &now.version)).await.expect("only its version is another");
    assert_eq!((world.count("tasks"), world.count("deleteditems")), (0, 1));
}
