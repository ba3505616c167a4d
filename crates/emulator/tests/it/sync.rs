//! SyncFolderItems and SyncFolderHierarchy: increments, pages, and states that are not accepted.

use emulator::Quirk;

use crate::answer::Node;
use crate::world::{ANN, BOB, World, create, item_id, set, update};

fn sync(folder: &str, state: &str, max: usize) -> String {
    let state = if state.is_empty() { String::new() } else { format!("<m:SyncState>{state}</m:SyncState>") };
    format!(
        "<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:SyncFolderId><t:DistinguishedFolderId Id=\"{folder}\"/></m:SyncFolderId>{state}<m:MaxChangesReturned>{max}</m:MaxChangesReturned></m:SyncFolderItems>"
    )
}

fn kinds(answer: &Node) -> Vec<String> {
    answer.find("Changes").children.iter().map(|change| change.name.clone()).collect()
}

async fn contact(world: &World, name: &str) -> (String, String) {
    world.create("", &format!("<t:Contact><t:Surname>{name}</t:Surname></t:Contact>")).await
}

async fn delete(world: &World, id: &str) {
    let body = format!(
        "<m:DeleteItem DeleteType=\"MoveToDeletedItems\"><m:ItemIds>{}</m:ItemIds></m:DeleteItem>",
        item_id(id)
    );
    assert_eq!(world.ask(&body).await.codes(), ["NoError"]);
}

#[tokio::test]
async fn increments_tell_what_came_changed_and_went() {
    let world = World::new();
    let first = world.ask(&sync("contacts", "", 512)).await;
    assert!(kinds(&first).is_empty());
    assert_eq!(first.text_of("IncludesLastItemInRange"), "true");
    let (a, key) = contact(&world, "A").await;
    let (b, _) = contact(&world, "B").await;
    let second = world.ask(&sync("contacts", first.text_of("SyncState"), 512)).await;
    assert_eq!(kinds(&second), ["Create", "Create"]);
    world
        .ask(&update(
            "ConflictResolution=\"NeverOverwrite\"",
            &a,
            &key,
            &set("contacts:Surname", "Contact", "<t:Surname>X</t:Surname>"),
        ))
        .await;
    delete(&world, &b).await;
    let (c, _) = contact(&world, "C").await;
    delete(&world, &c).await;
    let third = world.ask(&sync("contacts", second.text_of("SyncState"), 512)).await;
    assert_eq!(kinds(&third), ["Update", "Delete"]);
    assert_eq!(third.find("Delete").item_id().0, b);
    assert_ne!(third.find("Update").item_id().1, key);
    let idle = world.ask(&sync("contacts", third.text_of("SyncState"), 512)).await;
    assert!(kinds(&idle).is_empty());
    // trap 5: an old state tells the same again
    let again = world.ask(&sync("contacts", second.text_of("SyncState"), 512)).await;
    assert_eq!(kinds(&again), ["Update", "Delete"]);
}

// trap 148
#[tokio::test]
async fn pages_end_with_the_last_one_only() {
    let world = World::new();
    let items: String = (0..25).map(|n| format!("<t:Contact><t:Surname>N{n}</t:Surname></t:Contact>")).collect();
    world.ask(&create("", &items)).await;
    let (mut state, mut seen, mut pages) = (String::new(), std::collections::BTreeSet::new(), 0);
    loop {
        let page = world.ask(&sync("contacts", &state, 10)).await;
        pages += 1;
        seen.extend(page.all("ItemId").iter().map(|id| id.attr("Id").to_owned()));
        page.text_of("SyncState").clone_into(&mut state);
        if page.text_of("IncludesLastItemInRange") == "true" {
            break;
        }
    }
    assert_eq!((seen.len(), pages), (25, 3));
    assert_eq!(world.fault(&sync("contacts", "", 512).replace("512", "0")).await, "ErrorSchemaValidation");
}

// trap 1, trap 2
#[tokio::test]
async fn a_state_that_is_not_this_folders_is_refused() {
    let world = World::new();
    let state = world.ask(&sync("contacts", "", 512)).await.text_of("SyncState").to_owned();
    for (who, folder, state) in [
        (ANN, "tasks", state.as_str()),
        (BOB, "contacts", state.as_str()),
        (ANN, "contacts", "AAAA"),
        (ANN, "contacts", "not a state"),
    ] {
        let answer = world.signed_in(who).ask(&sync(folder, state, 512)).await;
        assert_eq!(answer.codes(), ["ErrorInvalidSyncStateData"]);
    }
    world.server.set_quirk(Quirk::StateRefused, true);
    assert_eq!(world.ask(&sync("contacts", &state, 512)).await.codes(), ["ErrorInvalidSyncStateData"]);
    assert_eq!(world.ask(&sync("contacts", "", 512)).await.codes(), ["NoError"]);
}

// trap 7
#[tokio::test]
async fn a_move_is_a_delete_here_and_a_create_there() {
    let world = World::new();
    let (id, _) = contact(&world, "A").await;
    let here = world.ask(&sync("contacts", "", 512)).await.text_of("SyncState").to_owned();
    let there = world.ask(&sync("deleteditems", "", 512)).await.text_of("SyncState").to_owned();
    delete(&world, &id).await;
    assert_eq!(kinds(&world.ask(&sync("contacts", &here, 512)).await), ["Delete"]);
    let landed = world.ask(&sync("deleteditems", &there, 512)).await;
    assert_eq!(kinds(&landed), ["Create"]);
    assert_ne!(landed.item_id().0, id);
}

// trap 50
#[tokio::test]
async fn a_change_key_may_move_by_itself() {
    let world = World::new();
    let (id, key) = contact(&world, "A").await;
    let state = world.ask(&sync("contacts", "", 512)).await.text_of("SyncState").to_owned();
    world.server.touch(ANN, &id).unwrap();
    assert_eq!(kinds(&world.ask(&sync("contacts", &state, 512)).await), ["Update"]);
    assert_ne!(world.get(&id).await.item_id().1, key);
    world.server.set_quirk(Quirk::MovesChangeKeyAfterWrite, true);
    let (id, key) = contact(&world, "B").await;
    assert_ne!(world.get(&id).await.item_id().1, key);
}

// trap 122
#[tokio::test]
async fn the_hierarchy_lists_the_folders_and_then_what_changed() {
    let world = World::new();
    let ask = |state: &str| {
        let state = if state.is_empty() { String::new() } else { format!("<m:SyncState>{state}</m:SyncState>") };
        format!(
            "<m:SyncFolderHierarchy><m:FolderShape><t:BaseShape>AllProperties</t:BaseShape></m:FolderShape>{state}</m:SyncFolderHierarchy>"
        )
    };
    let all = world.ask(&ask("")).await;
    let names: Vec<_> = all.all("DisplayName").iter().map(|name| name.text.clone()).collect();
    for name in ["Inbox", "Contacts", "Recipient Cache", "Suggested Contacts", "Birthdays"] {
        assert!(names.iter().any(|known| known == name), "{name}");
    }
    let state = all.text_of("SyncState").to_owned();
    let make = "<m:CreateFolder><m:ParentFolderId><t:DistinguishedFolderId Id=\"contacts\"/></m:ParentFolderId><m:Folders><t:ContactsFolder><t:DisplayName>Sub</t:DisplayName></t:ContactsFolder></m:Folders></m:CreateFolder>";
    let made = world.ask(make).await;
    let next = world.ask(&ask(&state)).await;
    assert_eq!(kinds(&next), ["Create"]);
    let delete = format!(
        "<m:DeleteFolder DeleteType=\"HardDelete\"><m:FolderIds><t:FolderId Id=\"{}\"/></m:FolderIds></m:DeleteFolder>",
        made.find("FolderId").attr("Id")
    );
    world.ask(&delete).await;
    let last = world.ask(&ask(next.text_of("SyncState"))).await;
    assert_eq!(kinds(&last), ["Delete"]);
}

// trap 145
#[tokio::test]
async fn listings_can_lie() {
    let world = World::new();
    for name in ["A", "B", "C", "D"] {
        contact(&world, name).await;
    }
    world.server.set_quirk(Quirk::EmptyListing, true);
    let empty = world.ask(&sync("contacts", "", 512)).await;
    assert!(kinds(&empty).is_empty());
    assert_eq!(empty.text_of("IncludesLastItemInRange"), "true");
    world.server.set_quirk(Quirk::EmptyListing, false);
    world.server.set_quirk(Quirk::ShortListing, true);
    assert_eq!(kinds(&world.ask(&sync("contacts", "", 512)).await).len(), 2);
}

// trap 10
#[tokio::test]
async fn read_flags_are_told_as_such() {
    let world = World::new();
    let mail = "<t:Message><t:Subject>Hi</t:Subject><t:IsRead>false</t:IsRead></t:Message>";
    let (id, key) = world.create("MessageDisposition=\"SaveOnly\"", mail).await;
    let state = world.ask(&sync("drafts", "", 512)).await.text_of("SyncState").to_owned();
    let read = update(
        "ConflictResolution=\"NeverOverwrite\" MessageDisposition=\"SaveOnly\"",
        &id,
        &key,
        &set("message:IsRead", "Message", "<t:IsRead>true</t:IsRead>"),
    );
    assert_eq!(world.ask(&read).await.codes(), ["NoError"]);
    let changed = world.ask(&sync("drafts", &state, 512)).await;
    assert_eq!(kinds(&changed), ["ReadFlagChange"]);
    assert_eq!(changed.text_of("IsRead"), "true");
    world.server.set_quirk(Quirk::ReadFlagChanges, true);
    contact(&world, "A").await;
    assert_eq!(kinds(&world.ask(&sync("contacts", "", 512)).await), ["ReadFlagChange", "Create"]);
}

// trap 11
#[tokio::test]
async fn a_sync_of_a_calendar_gives_masters_and_never_occurrences() {
    let world = World::new();
    let series = "<t:CalendarItem><t:Start>2026-01-05T09:00:00Z</t:Start><t:End>2026-01-05T10:00:00Z</t:End><t:Recurrence><t:DailyRecurrence><t:Interval>1</t:Interval></t:DailyRecurrence><t:NumberedRecurrence><t:StartDate>2026-01-05</t:StartDate><t:NumberOfOccurrences>5</t:NumberOfOccurrences></t:NumberedRecurrence></t:Recurrence></t:CalendarItem>";
    let (id, _) = world.create("SendMeetingInvitations=\"SendToNone\"", series).await;
    let state = world.ask(&sync("calendar", "", 512)).await;
    assert_eq!(kinds(&state), ["Create"]);
    let gone = format!(
        "<m:DeleteItem DeleteType=\"HardDelete\" SendMeetingCancellations=\"SendToNone\"><m:ItemIds><t:OccurrenceItemId RecurringMasterId=\"{id}\" InstanceIndex=\"2\"/></m:ItemIds></m:DeleteItem>"
    );
    world.ask(&gone).await;
    let next = world.ask(&sync("calendar", state.text_of("SyncState"), 512)).await;
    assert_eq!(kinds(&next), ["Update"]);
    assert_eq!(next.item_id().0, id);
}
