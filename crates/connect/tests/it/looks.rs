//! What became of an id: still there, deleted, elsewhere, archived, or not to be told (rule C12).

use crate::world::{ANNA, World, create, fields, folder, list, present, seen};
use emulator::{Effect, FaultAction};
use engine::port::{FindBy, Remote, Traced, Trouble, Wanted};
use model::{Domain, Field, Gone, Kind, RecordId, Seen, Value};
use wire::ews::{
    self, AffectedTaskOccurrences, CreateFolder, DeleteItem, DeleteType, DistinguishedFolder, FolderKind, FolderRef,
    ItemId, ItemRef, MoveItem, NewFolder,
};

async fn made(world: &World, key: &str) -> RecordId {
    create(&world.open(), Domain::Task, fields([(Field::Subject, Value::text("a"))]), key).await.id
}

async fn deletes(world: &World, id: &RecordId, how: DeleteType) {
    let ids = vec![ItemRef::Item(ItemId::of(id.as_str()))];
    let tasks = AffectedTaskOccurrences::AllOccurrences;
    world.person(DeleteItem { how, mail: ews::Mail::None, tasks, ids }).await;
}

async fn moves(world: &World, id: &RecordId, to: FolderRef) -> RecordId {
    let ids = vec![ItemRef::Item(ItemId::of(id.as_str()))];
    RecordId::new(
        world.person(MoveItem { to, ids, asks_for_ids: true }).await.first().expect("an item").id.expect("an id").id,
    )
}

/// Where the copies with a key are, and the write number each shows.
async fn traced(world: &World, key: &str) -> Vec<(RecordId, Option<Gone>, Option<u64>)> {
    let found = world.open().trace(Kind::Task, key, 10).await.expect("answers");
    let number = |one: &Traced| Some(one.record.as_ref()?.facts.mark.as_ref()?.write_no);
    found.iter().map(|one| (one.id.clone(), one.gone, number(one))).collect()
}

async fn gone(world: &World, id: &RecordId, key: Option<&str>) -> Gone {
    match seen(&world.open(), Kind::Task, id, key).await {
        Ok(Seen::Gone(gone)) => gone,
        other => panic!("{other:?}"),
    }
}

// Trap 46: a person's copy keeps the key; the item that it was written to is the older one.
#[tokio::test]
async fn of_several_copies_with_a_key_the_oldest_is_told_first() {
    let world = World::new();
    let mut made_in_turn = Vec::new();
    for _ in 0..3 {
        made_in_turn.push(made(&world, "thrice").await);
    }
    let found: Vec<RecordId> = traced(&world, "thrice").await.into_iter().map(|(id, _, _)| id).collect();
    assert_eq!(found, made_in_turn);
}

// C12, trap 7
#[tokio::test]
async fn each_place_an_item_can_go_to_is_told_apart() {
    let world = World::new();
    let deleted = made(&world, "deleted").await;
    deletes(&world, &deleted, DeleteType::MoveToDeletedItems).await;
    assert_eq!(gone(&world, &deleted, Some("deleted")).await, Gone::Deleted);

    let recoverable = made(&world, "recoverable").await;
    deletes(&world, &recoverable, DeleteType::SoftDelete).await;
    assert_eq!(gone(&world, &recoverable, Some("recoverable")).await, Gone::Deleted);

    let nowhere = made(&world, "nowhere").await;
    deletes(&world, &nowhere, DeleteType::HardDelete).await;
    let at = gone(&world, &nowhere, Some("nowhere")).await;
    assert!(matches!(at, Gone::Unknown | Gone::Deleted), "{at:?}");

    let new = CreateFolder {
        parent: DistinguishedFolder::MsgFolderRoot.into(),
        folders: vec![NewFolder { kind: FolderKind::Tasks, name: "Old".to_owned() }],
    };
    let other = world.person(new).await.first().expect("a folder").id.expect("an id");
    let left = made(&world, "left").await;
    let there = moves(&world, &left, other.into()).await;
    assert_eq!(gone(&world, &left, Some("left")).await, Gone::Left);
    assert_eq!(gone(&world, &there, Some("left")).await, Gone::Left, "also by its new id");

    let archived = made(&world, "archived").await;
    world.emulator.archive_item(ANNA, archived.as_str()).expect("archived");
    assert_eq!(gone(&world, &archived, Some("archived")).await, Gone::Left);

    let below = CreateFolder {
        parent: DistinguishedFolder::DeletedItems.into(),
        folders: vec![NewFolder { kind: FolderKind::Tasks, name: "Thrown away".to_owned() }],
    };
    let below = world.person(below).await.first().expect("a folder").id.expect("an id");
    let thrown = made(&world, "thrown").await;
    moves(&world, &thrown, below.into()).await;
    assert_eq!(gone(&world, &thrown, Some("thrown")).await, Gone::Deleted);

    assert_eq!(gone(&world, &deleted, None).await, Gone::Unknown, "without a mark nothing proves a delete");
    assert_eq!(gone(&world, &RecordId::new("AAMkNonsense"), Some("none")).await, Gone::Unknown);
}

// trap 8: back in its folder under a new id it has not gone.
#[tokio::test]
async fn an_item_that_came_back_is_found_by_its_mark() {
    let world = World::new();
    let id = made(&world, "k").await;
    let deleted = moves(&world, &id, DistinguishedFolder::DeletedItems.into()).await;
    assert_eq!(traced(&world, "k").await, [(deleted.clone(), Some(Gone::Deleted), Some(1))]);
    let back = moves(&world, &deleted, DistinguishedFolder::Tasks.into()).await;
    assert_eq!(gone(&world, &id, Some("k")).await, Gone::Left);
    assert_eq!(traced(&world, "k").await, [(back.clone(), None, Some(1))]);
    assert_eq!(traced(&world, "never sent").await, []);
    let archived = made(&world, "archived").await;
    world.emulator.archive_item(ANNA, archived.as_str()).expect("archived");
    let found = traced(&world, "archived").await;
    assert!(matches!(found.as_slice(), [(_, Some(Gone::Left), _)]), "{found:?}");
    let remote = world.open();
    let found = remote.find(Kind::Task, &FindBy::Key("k".to_owned()), 10).await.expect("found");
    assert_eq!(found.iter().map(|record| record.id.clone()).collect::<Vec<_>>(), [back]);
}

// E2, C12: a create whose answer was lost would else be made once more.
#[tokio::test]
async fn what_a_server_does_not_search_for_is_looked_for_in_its_lists() {
    let world = World::new();
    let standing = made(&world, "stands").await;
    let thrown = made(&world, "thrown").await;
    let deleted = moves(&world, &thrown, DistinguishedFolder::DeletedItems.into()).await;
    for whole in [true, false] {
        let refuses = move |request: &emulator::RequestInfo| {
            let searches = request.operation == "FindItem" && request.body.contains("Restriction>");
            searches.then(|| refused(&request.body, whole))
        };
        world.emulator.on_request(Some(std::sync::Arc::new(refuses)));
        let remote = world.open();
        let found = remote.find(Kind::Task, &FindBy::Key("stands".to_owned()), 10).await.expect("found");
        assert_eq!(found.iter().map(|record| &record.id).collect::<Vec<_>>(), [&standing], "{whole}");
        assert_eq!(traced(&world, "thrown").await, [(deleted.clone(), Some(Gone::Deleted), Some(1))], "{whole}");
        assert_eq!(traced(&world, "never sent").await, [], "{whole}");
        assert_eq!(gone(&world, &thrown, Some("thrown")).await, Gone::Deleted, "{whole}");
    }
}

/// The answer to a search that the server has no mind for: as a whole, or for each folder.
fn refused(asked: &str, whole: bool) -> FaultAction {
    const CODE: &str = "ErrorUnsupportedPathForQuery";
    if whole {
        return FaultAction::Fault { code: CODE.to_owned() };
    }
    let folders = asked.split("<m:ParentFolderIds>").nth(1).unwrap_or_default().split("</m:ParentFolderIds>").next();
    let count = folders.unwrap_or_default().matches("olderId Id=").count();
    let one = format!(
        "<m:FindItemResponseMessage ResponseClass=\"Error\"><m:MessageText>No.</m:MessageText>\
         <m:ResponseCode>{CODE}</m:ResponseCode><m:DescriptiveLinkKey>0</m:DescriptiveLinkKey></m:FindItemResponseMessage>"
    );
    let body = format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><m:FindItemResponse \
         xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\"><m:ResponseMessages>{}\
         </m:ResponseMessages></m:FindItemResponse></s:Body></s:Envelope>",
        one.repeat(count)
    );
    let content_type = "text/xml; charset=utf-8".to_owned();
    FaultAction::Answer { status: 200, content_type, body: body.into(), effect: Effect::None }
}

#[tokio::test]
async fn many_ids_are_looked_at_together_each_with_its_own_answer() {
    let world = World::new();
    let mut wanted = Vec::new();
    for n in 0..30 {
        let (id, key) = (made(&world, &format!("k{n}")).await, format!("k{n}"));
        match n % 3 {
            0 => deletes(&world, &id, DeleteType::MoveToDeletedItems).await,
            1 => {
                world.emulator.archive_item(ANNA, id.as_str()).expect("archived");
            }
            _ => {}
        }
        wanted.push(Wanted { id, mark_key: Some(key), global_id: None });
    }
    let remote = world.open();
    folder(&remote, Kind::Task).await;
    world.emulator.reset_counters();
    let answers = remote.get(Kind::Task, &wanted).await.expect("answers");
    assert!(world.emulator.counters().total_requests() < 20, "{:?}", world.emulator.counters().requests);
    for (n, one) in wanted.iter().enumerate() {
        let (_, seen) = answers.iter().find(|(id, _)| *id == one.id).expect("answered");
        match (n % 3, seen) {
            (0, Ok(Seen::Gone(Gone::Deleted))) | (1, Ok(Seen::Gone(Gone::Left))) | (2, Ok(Seen::Present(_))) => {}
            (_, other) => panic!("{n}: {other:?}"),
        }
    }
}

// Nothing is deleted on a doubt (traps 31, 154).
#[tokio::test]
async fn a_search_that_fails_proves_nothing() {
    let world = World::new();
    let id = made(&world, "k").await;
    deletes(&world, &id, DeleteType::MoveToDeletedItems).await;
    let remote = world.open();
    folder(&remote, Kind::Task).await;
    world.trouble("FindItem", vec![FaultAction::LoginPage]);
    assert!(matches!(seen(&remote, Kind::Task, &id, Some("k")).await, Err(Trouble::Broken { .. })));
    world.trouble("GetItem", vec![FaultAction::Fault { code: "ErrorAccessDenied".to_owned() }]);
    let wanted = Wanted { id: id.clone(), mark_key: Some("k".to_owned()), global_id: None };
    let looked = remote.get(Kind::Task, &[wanted]).await;
    assert!(matches!(looked, Err(Trouble::NoAccess { .. })), "{looked:?}");
    assert_eq!(gone(&world, &id, Some("k")).await, Gone::Deleted);
}

// P1
#[tokio::test]
async fn a_meeting_is_found_by_its_global_id() {
    let world = World::new();
    let remote = world.open();
    let at = |wall: &str| Value::When(model::When::zoned(wall.parse().expect("a wall"), model::Zone::utc()));
    let times = fields([(Field::Start, at("2026-11-02T10:00:00")), (Field::End, at("2026-11-02T11:00:00"))]);
    let made = create(&remote, Domain::Calendar, times, "k").await;
    let record = present(&remote, Kind::Appointment, &made.id).await;
    let id = record.facts.global_id.expect("a global id");
    let found = remote.find(Kind::Appointment, &FindBy::GlobalId(id), 10).await.expect("found");
    assert_eq!(found.iter().map(|record| record.id.clone()).collect::<Vec<_>>(), [made.id]);
    for none in ["00FF", "no hex at all"] {
        let found = remote.find(Kind::Appointment, &FindBy::GlobalId(none.to_owned()), 10).await.expect("found");
        assert!(found.is_empty());
    }
    assert!(remote.find(Kind::Appointment, &FindBy::Key("other".to_owned()), 10).await.expect("found").is_empty());
    assert_eq!(list(&remote, Kind::Appointment).await.0.len(), 1);
}

// trap 46: a copy made by a person carries the same mark; both are found.
#[tokio::test]
async fn copies_with_one_mark_are_all_found_up_to_the_limit() {
    let world = World::new();
    for _ in 0..3 {
        made(&world, "same").await;
    }
    let remote = world.open();
    let by = FindBy::Key("same".to_owned());
    assert_eq!(remote.find(Kind::Task, &by, 10).await.expect("found").len(), 3);
    assert_eq!(remote.find(Kind::Task, &by, 2).await.expect("found").len(), 2);
}
