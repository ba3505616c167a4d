//! What changed in a folder: pages, cursors, foreign items, and trouble that hits one item alone.

use crate::world::{ANNA, World, create, fields, folder, list, maps, present};
use emulator::{Damage, Effect, FaultAction, Hook, Quirk, RequestInfo};
use engine::port::{Remote, Trouble};
use model::{Domain, Field, Kind, RecordId, Value};
use wire::ews::{
    self, Body, BodyKind, CreateItem, DistinguishedFolder, FieldChange, Item, ItemKind, ItemRef, MoveItem, Property,
};

fn task(subject: &str) -> Item {
    Item::new(ItemKind::Task).with(Property::Subject, ews::Value::Text(subject.to_owned()))
}

async fn tasks(world: &World, count: usize) {
    let mut made = 0;
    while made < count {
        let items: Vec<Item> = (made..(made + 100).min(count)).map(|n| task(&format!("task {n}"))).collect();
        made += items.len();
        let asked =
            CreateItem { folder: DistinguishedFolder::Tasks.into(), items: items.clone(), mail: ews::Mail::None };
        world.people(asked, items.len()).await;
    }
}

// Cost, trap 5
#[tokio::test]
async fn an_unchanged_folder_costs_one_request_and_reads_nothing() {
    let world = World::new();
    tasks(&world, 20).await;
    let (records, cursor) = list(&world.open(), Kind::Task).await;
    assert_eq!(records.len(), 20);
    world.emulator.reset_counters();
    // Another cycle, with the connection remembered.
    let remote = world.open();
    let folder = folder(&remote, Kind::Task).await;
    let page = remote.changes(Kind::Task, &folder, Some(&cursor)).await.expect("a page");
    assert!(page.records.is_empty() && page.vanished.is_empty() && !page.more);
    assert_eq!(page.cursor, cursor, "a page that shows nothing new writes nothing");
    assert_eq!(world.emulator.counters().total_requests(), 1);
    assert_eq!(world.requests("SyncFolderItems"), 1);
}

// 512-item pages; each page is proven to be followed or to be the last (trap 148).
#[tokio::test]
async fn a_large_folder_comes_in_pages_and_each_record_once() {
    let world = World::new();
    tasks(&world, 1100).await;
    let remote = world.open();
    let folder = folder(&remote, Kind::Task).await;
    let (mut sizes, mut ids, mut cursor) = (Vec::new(), std::collections::BTreeSet::new(), None::<String>);
    loop {
        let page = remote.changes(Kind::Task, &folder, cursor.as_deref()).await.expect("a page");
        assert_eq!(page.total, cursor.is_none().then_some(1100));
        sizes.push(page.records.len());
        ids.extend(page.records.iter().map(|record| record.id.clone()));
        cursor = Some(page.cursor);
        if !page.more {
            break;
        }
    }
    assert_eq!(sizes, [512, 512, 76]);
    assert_eq!(ids.len(), 1100);
    // A refused page can be asked for again and shows the same.
    let again = remote.changes(Kind::Task, &folder, None).await.expect("a page");
    assert_eq!(again.records.len(), 512);
}

// trap 148: what is kept together is about as much whatever a server gives at once, and no trouble takes what came before it.
#[tokio::test]
async fn a_server_that_lists_a_few_at_once_is_asked_on_until_there_is_a_page() {
    let whole = World::new();
    tasks(&whole, 100).await;
    let world = World::listing(&whole, 10);
    let remote = world.open();
    let folder = folder(&remote, Kind::Task).await;
    world.emulator.reset_counters();
    let first = remote.changes(Kind::Task, &folder, None).await.expect("a page");
    assert_eq!((first.records.len(), first.more, first.total), (80, true, Some(100)));
    assert_eq!(world.requests("SyncFolderItems"), 8, "bounded");
    let rest = remote.changes(Kind::Task, &folder, Some(&first.cursor)).await.expect("a page");
    assert_eq!((rest.records.len(), rest.more), (20, false));
    let ids = [&first, &rest].map(|page| page.records.iter().map(|record| record.id.clone()));
    assert_eq!(ids.into_iter().flatten().collect::<std::collections::BTreeSet<_>>().len(), 100);
    let asked = std::sync::atomic::AtomicU32::new(0);
    let second = move |request: &RequestInfo| {
        let listing = request.operation == "SyncFolderItems" && request.account == "svc@crm.test";
        // Asked once more it breaks off again.
        let second = listing && (1..=2).contains(&asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst));
        second.then_some(FaultAction::Drop { effect: Effect::Done })
    };
    world.emulator.on_request(Some(std::sync::Arc::new(second) as Hook));
    let cut = remote.changes(Kind::Task, &folder, None).await.expect("a page");
    assert_eq!((cut.records.len(), cut.more), (10, true));
    let on = remote.changes(Kind::Task, &folder, Some(&cut.cursor)).await.expect("a page");
    assert_eq!((on.records.len(), on.more), (80, true));
}

// D7, traps 121, 122
#[tokio::test]
async fn foreign_items_are_skipped_and_counted() {
    let world = World::new();
    world.makes(DistinguishedFolder::Contacts, Item::new(ItemKind::Contact)).await;
    let list = Item::new(ItemKind::DistributionList).with(Property::Subject, ews::Value::Text("all".to_owned()));
    world.makes(DistinguishedFolder::Contacts, list).await;
    let note = Item::new(ItemKind::Task).with(Property::ItemClass, ews::Value::Text("IPM.TaskRequest".to_owned()));
    world.makes(DistinguishedFolder::Tasks, note).await;
    let remote = world.open();
    let contacts = folder(&remote, Kind::Contact).await;
    let page = remote.changes(Kind::Contact, &contacts, None).await.expect("a page");
    assert_eq!((page.records.len(), page.skipped), (1, 1));
    let tasks = folder(&remote, Kind::Task).await;
    let page = remote.changes(Kind::Task, &tasks, None).await.expect("a page");
    assert_eq!((page.records.len(), page.skipped, page.unreadable.len()), (0, 1, 0));
}

#[tokio::test]
async fn what_changed_and_what_vanished_comes_with_the_next_page() {
    let world = World::new();
    let remote = world.open();
    let ids = [
        world.makes(DistinguishedFolder::Tasks, task("a")).await,
        world.makes(DistinguishedFolder::Tasks, task("b")).await,
    ];
    let (_, cursor) = list(&remote, Kind::Task).await;
    let change = vec![FieldChange::Set(Property::Subject.into(), ews::Value::Text("c".to_owned()))];
    world.edits(&ids[0].id, ItemKind::Task, change).await;
    let moved = vec![ItemRef::Item(ids[1].clone())];
    world.person(MoveItem { to: DistinguishedFolder::DeletedItems.into(), ids: moved, asks_for_ids: true }).await;
    let folder = folder(&remote, Kind::Task).await;
    let page = remote.changes(Kind::Task, &folder, Some(&cursor)).await.expect("a page");
    assert_eq!(page.records.iter().map(|record| record.id.as_str()).collect::<Vec<_>>(), [ids[0].id.as_str()]);
    assert_eq!(page.records[0].text(Field::Subject), Some("c"));
    assert_eq!(page.vanished, [RecordId::new(&ids[1].id)]);
}

// traps 1, 2
#[tokio::test]
async fn a_cursor_the_server_or_we_do_not_know_is_refused_as_such() {
    let world = World::new();
    tasks(&world, 3).await;
    let remote = world.open();
    let (_, cursor) = list(&remote, Kind::Task).await;
    let (tasks, contacts) = (folder(&remote, Kind::Task).await, folder(&remote, Kind::Contact).await);
    world.emulator.reset_counters();
    for (kind, folder, cursor) in
        [(Kind::Contact, &contacts, cursor.as_str()), (Kind::Task, &contacts, &cursor), (Kind::Task, &tasks, "x")]
    {
        assert_eq!(remote.changes(kind, folder, Some(cursor)).await.err(), Some(Trouble::CursorRefused));
    }
    assert_eq!(world.emulator.counters().total_requests(), 0, "told before it is sent");
    world.emulator.set_quirk(Quirk::StateRefused, true);
    assert_eq!(remote.changes(Kind::Task, &tasks, Some(&cursor)).await.err(), Some(Trouble::CursorRefused));
    world.emulator.set_quirk(Quirk::StateRefused, false);
    let page = remote.changes(Kind::Task, &tasks, None).await.expect("a listing");
    assert_eq!(page.records.len(), 3);
}

// An item that vanishes between listing and reading.
#[tokio::test]
async fn an_item_gone_before_it_is_read_counts_as_vanished() {
    let world = World::new();
    let ids = [
        world.makes(DistinguishedFolder::Tasks, task("a")).await,
        world.makes(DistinguishedFolder::Tasks, task("b")).await,
    ];
    let remote = world.open();
    let folder = folder(&remote, Kind::Task).await;
    let (emulator, id) = (world.emulator.clone(), ids[0].id.clone());
    world.emulator.on_request(Some(std::sync::Arc::new(move |request: &emulator::RequestInfo| {
        if request.operation == "GetItem" {
            // Into the archive: out of the folder, under another id.
            let _ = emulator.archive_item(ANNA, &id);
        }
        None
    })));
    let page = remote.changes(Kind::Task, &folder, None).await.expect("a page");
    assert_eq!(page.records.iter().map(|record| record.id.as_str()).collect::<Vec<_>>(), [ids[1].id.as_str()]);
    assert_eq!(page.vanished, [RecordId::new(&ids[0].id)]);
}

// E1, traps 37, 163
#[tokio::test]
async fn a_damaged_item_stands_alone() {
    let world = World::new();
    tasks(&world, 150).await;
    let all = world.emulator.items(ANNA, "tasks").expect("a folder");
    world.emulator.damage_item(ANNA, &all[70].id, Some(Damage::Corrupt)).expect("an item");
    let remote = world.open();
    let folder = folder(&remote, Kind::Task).await;
    let page = remote.changes(Kind::Task, &folder, None).await.expect("a page");
    assert_eq!(page.records.len(), 149);
    let [(id, _, why)] = page.unreadable.as_slice() else { panic!("one item: {:?}", page.unreadable) };
    assert_eq!(id.as_str(), all[70].id);
    assert!(why.contains("damaged"), "{why}");
}

// traps 10, 50, 91, 92, 112, 131: a server that does everything at once is still read.
#[tokio::test]
async fn quirks_of_servers_are_read_through() {
    let world = World::new();
    let quirks = [
        Quirk::IllegalCharacters,
        Quirk::SevenDigitFractions,
        Quirk::UnknownElements,
        Quirk::ReadFlagChanges,
        Quirk::ContentTypeWithoutCharset,
        Quirk::NormalisesPhone,
        Quirk::MovesChangeKeyAfterWrite,
    ];
    for quirk in quirks {
        world.emulator.set_quirk(quirk, true);
    }
    let remote = world.open();
    let sent = fields([
        (Field::LastName, Value::text("Smith")),
        (Field::Body, Value::text("note")),
        (Field::WorkPhone, Value::text("+49 89 123")),
        (Field::Birthday, Value::Day(jiff::civil::date(1980, 2, 29))),
    ]);
    let made = create(&remote, Domain::BusinessContact, sent.clone(), "k").await;
    let record = present(&remote, Kind::Contact, &made.id).await;
    assert_ne!(record.version, made.version, "the key moved by itself");
    for (path, value) in &sent {
        assert!(model::same::same(&path.field, &record.fields[path], value), "{path}");
    }
    let (records, cursor) = list(&remote, Kind::Contact).await;
    assert_eq!(records.len(), 1);
    let folder = folder(&remote, Kind::Contact).await;
    let page = remote.changes(Kind::Contact, &folder, Some(&cursor)).await.expect("a page");
    assert!(page.records.is_empty() && page.vanished.is_empty());
}

// trap 164: a page half read is no page; it comes whole the next time.
#[tokio::test]
async fn a_page_whose_items_cannot_be_read_now_is_no_page() {
    let world = World::new();
    tasks(&world, 150).await;
    let remote = world.open();
    let folder = folder(&remote, Kind::Task).await;
    let drop = FaultAction::Drop { effect: Effect::Done };
    let busy = FaultAction::Busy { back_off_ms: 9000 };
    for (action, busy) in
        [(drop, false), (FaultAction::Truncate { keep: 3000 }, false), (FaultAction::LoginPage, false), (busy, true)]
    {
        // A connection that breaks off is tried once more.
        let times = if matches!(action, FaultAction::Drop { .. }) { 2 } else { 1 };
        world.trouble("GetItem", vec![action.clone(); times]);
        match remote.changes(Kind::Task, &folder, None).await.expect_err("no page") {
            Trouble::Busy { wait_ms, .. } if busy => assert_eq!(wait_ms, Some(9000)),
            Trouble::Broken { .. } if !busy => {}
            other => panic!("{action:?}: {other}"),
        }
        let page = remote.changes(Kind::Task, &folder, None).await.expect("a page");
        assert_eq!(page.records.len(), 150);
    }
}

// D7: named sub-folders are observed too; a missing one stops its kind alone (trap 149).
#[tokio::test]
async fn named_sub_folders_are_observed_and_missed() {
    let named = |names: &[&str]| {
        let names = names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        move |settings: &mut connect::ews::EwsSettings| {
            settings.folders = [(Kind::Task, names)].into();
        }
    };
    let world = World::with(named(&["Customers/VIP"]));
    let remote = world.open();
    assert!(matches!(remote.folders(Kind::Task).await, Err(Trouble::Refused { .. })));
    assert_eq!(remote.folders(Kind::Contact).await.expect("folders").len(), 1);
    let new = |parent: ews::FolderRef, name: &str| ews::CreateFolder {
        parent,
        folders: vec![ews::NewFolder { kind: ews::FolderKind::Tasks, name: name.to_owned() }],
    };
    let made = world.person(new(DistinguishedFolder::Tasks.into(), "Customers")).await;
    let customers = made.first().expect("a folder").id.expect("an id");
    let made = world.person(new(customers.into(), "vip")).await;
    let vip = made.first().expect("a folder").id.expect("an id");
    let folders = remote.folders(Kind::Task).await.expect("folders");
    assert_eq!(folders.len(), 2);
    assert_eq!(folders[1].as_str(), vip.id);
    let asked = CreateItem { folder: vip.clone().into(), items: vec![task("vip")], mail: ews::Mail::None };
    world.person(asked).await;
    let page = remote.changes(Kind::Task, &folders[1], None).await.expect("a page");
    assert_eq!(page.records.len(), 1);
    assert_eq!(page.records[0].facts.folder.as_ref(), Some(&folders[1]));
    assert!(
        matches!(present(&remote, Kind::Task, &page.records[0].id).await.facts.folder, Some(folder) if folder == folders[1])
    );
}

// M4, trap 154: a mailbox on another server is not a mailbox whose items went.
#[tokio::test]
async fn a_moved_mailbox_refuses_its_cursor_and_keeps_its_id() {
    let world = World::new();
    tasks(&world, 2).await;
    let remote = world.open();
    remote.set_identity(&model::MailboxId::new("mb1")).await.expect("written");
    let before = remote.identity().await.expect("known");
    let (_, cursor) = list(&remote, Kind::Task).await;
    let old = folder(&remote, Kind::Task).await;
    let other = World::new();
    world.emulator.move_mailbox(ANNA, &world.emulator).expect("moved");
    drop(other);
    let next = world.open();
    assert_eq!(next.changes(Kind::Task, &old, Some(&cursor)).await.err(), Some(Trouble::CursorRefused));
    let after = next.identity().await.expect("known");
    assert_eq!(after.mailbox, before.mailbox);
    assert_ne!(after.root, before.root);
    assert_eq!(list(&next, Kind::Task).await.0.len(), 2);
}

// E7: what one map turns off is not read for anybody else either.
#[tokio::test]
async fn a_field_turned_off_is_not_read() {
    let mut off = (*maps()).clone();
    for entry in &mut off.get_mut(&Domain::Task).expect("a map").entries {
        if entry.field == Field::Body {
            entry.direction = model::Direction::Off;
        }
    }
    let world = World::new();
    let body = ews::Value::Body(Body { kind: BodyKind::Text, text: "secret".to_owned(), truncated: false });
    world.makes(DistinguishedFolder::Tasks, task("a").with(Property::Body, body)).await;
    let remote = world.connection.open(ANNA, std::sync::Arc::new(off));
    let record = list(&remote, Kind::Task).await.0.remove(0);
    assert_eq!(record.get(Field::Body), None, "not asked for is absent, which is not empty");
}

// M4, trap 148: an answer that comes empty once is not the end of a listing, or what stands behind it would be a stranger.
#[tokio::test]
async fn a_page_that_comes_empty_once_hides_nothing() {
    let world = World::new();
    let (_, cursor) = list(&world.open(), Kind::Task).await;
    tasks(&world, 3).await;
    let state = cursor.rsplit(';').next().expect("a state");
    let empty = || FaultAction::Answer {
        status: 200,
        content_type: "text/xml; charset=utf-8".to_owned(),
        body: format!(
            "<Envelope xmlns=\"http://schemas.xmlsoap.org/soap/envelope/\"><Body><SyncFolderItemsResponse xmlns=\
             \"http://schemas.microsoft.com/exchange/services/2006/messages\"><ResponseMessages>\
             <SyncFolderItemsResponseMessage ResponseClass=\"Success\"><ResponseCode>NoError</ResponseCode>\
             <SyncState>{state}</SyncState><IncludesLastItemInRange>false</IncludesLastItemInRange><Changes/>\
             </SyncFolderItemsResponseMessage></ResponseMessages></SyncFolderItemsResponse></Body></Envelope>"
        )
        .into(),
        effect: Effect::None,
    };
    let remote = world.open();
    let folder = folder(&remote, Kind::Task).await;
    world.trouble("SyncFolderItems", vec![empty()]);
    let page = remote.changes(Kind::Task, &folder, Some(&cursor)).await.expect("a page");
    assert_eq!((page.records.len(), page.more), (3, false));
    // One that is empty again is the end: there are servers that never say so.
    world.trouble("SyncFolderItems", vec![empty(), empty()]);
    let page = remote.changes(Kind::Task, &folder, Some(&cursor)).await.expect("a page");
    assert_eq!((page.records.len(), page.more), (0, false));
}
