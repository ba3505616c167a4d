//! Series: occurrences by index and by id, exceptions, deletions, and what a new rule does to them.

use crate::answer::Node;
use crate::world::{World, create, get_item, item_id, set};

const NONE: &str = "SendMeetingInvitations=\"SendToNone\"";
const QUIET: &str = "ConflictResolution=\"AlwaysOverwrite\" SendMeetingInvitationsOrCancellations=\"SendToNone\"";
const DAILY: &str = "<t:DailyRecurrence><t:Interval>1</t:Interval></t:DailyRecurrence>";

fn numbered(count: u32) -> String {
    format!(
        "<t:NumberedRecurrence><t:StartDate>2026-03-27</t:StartDate><t:NumberOfOccurrences>{count}</t:NumberOfOccurrences></t:NumberedRecurrence>"
    )
}

fn series(pattern: &str, range: &str) -> String {
    format!(
        "<t:CalendarItem><t:Subject>Daily</t:Subject><t:Start>2026-03-27T09:00:00+01:00</t:Start><t:End>2026-03-27T09:30:00+01:00</t:End><t:Recurrence>{pattern}{range}</t:Recurrence><t:StartTimeZone Id=\"W. Europe Standard Time\"/></t:CalendarItem>"
    )
}

async fn made(world: &World) -> String {
    world.create(NONE, &series(DAILY, &numbered(5))).await.0
}

fn index(master: &str, index: u32) -> String {
    format!("<t:OccurrenceItemId RecurringMasterId=\"{master}\" InstanceIndex=\"{index}\"/>")
}

async fn occurrence(world: &World, master: &str, at: u32) -> Node {
    world.ask(&get_item("<t:BaseShape>AllProperties</t:BaseShape>", &index(master, at))).await
}

/// Changes one occurrence by its number.
async fn change(world: &World, master: &str, at: u32, updates: &str) -> Node {
    world
        .ask(&format!(
            "<m:UpdateItem {QUIET}><m:ItemChanges><t:ItemChange>{}<t:Updates>{updates}</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>",
            index(master, at)
        ))
        .await
}

async fn moved(world: &World, master: &str, at: u32, start: &str, end: &str) -> Node {
    let updates = [
        set("calendar:Start", "CalendarItem", &format!("<t:Start>{start}</t:Start>")),
        set("calendar:End", "CalendarItem", &format!("<t:End>{end}</t:End>")),
    ]
    .concat();
    change(world, master, at, &updates).await
}

async fn deleted(world: &World, id: &str) -> Node {
    world
        .ask(&format!(
            "<m:DeleteItem DeleteType=\"MoveToDeletedItems\" SendMeetingCancellations=\"SendToNone\"><m:ItemIds>{id}</m:ItemIds></m:DeleteItem>"
        ))
        .await
}

// trap 80
#[tokio::test]
async fn a_master_shows_its_rule_and_its_ends() {
    let world = World::new();
    let id = made(&world).await;
    let read = world.get(&id).await;
    assert_eq!(read.text_of("CalendarItemType"), "RecurringMaster");
    assert_eq!(read.find("FirstOccurrence").text_of("Start"), "2026-03-27T08:00:00Z");
    assert_eq!(read.find("LastOccurrence").text_of("Start"), "2026-03-31T07:00:00Z");
    assert_eq!(read.find("Recurrence").text_of("NumberOfOccurrences"), "5");
    assert!(!read.has("ModifiedOccurrences") && !read.has("DeletedOccurrences"));
}

// trap 11, trap 61
#[tokio::test]
async fn changes_of_occurrences_show_at_the_master_by_original_start() {
    let world = World::new();
    let id = made(&world).await;
    let key = world.get(&id).await.item_id().1;
    let answer = moved(&world, &id, 2, "2026-03-28T10:00:00Z", "2026-03-28T11:00:00Z").await;
    assert_eq!(answer.codes(), ["NoError"]);
    let exception = answer.item_id().0;
    assert_eq!(deleted(&world, &index(&id, 3)).await.codes(), ["NoError"]);
    let read = world.get(&id).await;
    assert_ne!(read.item_id().1, key);
    let changed = read.find("ModifiedOccurrences");
    assert_eq!(changed.text_of("OriginalStart"), "2026-03-28T08:00:00Z");
    assert_eq!(changed.text_of("Start"), "2026-03-28T10:00:00Z");
    assert_eq!(changed.item_id().0, exception);
    assert_eq!(read.find("DeletedOccurrences").text_of("Start"), "2026-03-29T07:00:00Z");
    let one = world.get(&exception).await;
    assert_eq!(one.text_of("CalendarItemType"), "Exception");
    assert_eq!(one.text_of("Subject"), "Daily");
    assert_eq!(occurrence(&world, &id, 3).await.codes(), ["ErrorCalendarOccurrenceIsDeletedFromRecurrence"]);
    // moved first, deleted then: still known by its original start
    assert_eq!(deleted(&world, &item_id(&exception)).await.codes(), ["NoError"]);
    let read = world.get(&id).await;
    let gone: Vec<_> = read.find("DeletedOccurrences").all("Start").iter().map(|s| s.text.clone()).collect();
    assert_eq!(gone, ["2026-03-28T08:00:00Z", "2026-03-29T07:00:00Z"]);
    assert!(!read.has("ModifiedOccurrences"));
}

// trap 76
#[tokio::test]
async fn an_index_counts_the_whole_rule() {
    let world = World::new();
    let id = made(&world).await;
    deleted(&world, &index(&id, 1)).await;
    assert_eq!(occurrence(&world, &id, 2).await.text_of("Start"), "2026-03-28T08:00:00Z");
    for out in [0, 6] {
        assert_eq!(occurrence(&world, &id, out).await.codes(), ["ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange"]);
    }
}

#[tokio::test]
async fn the_master_is_found_by_any_of_its_occurrences() {
    let world = World::new();
    let id = made(&world).await;
    let third = occurrence(&world, &id, 3).await.item_id().0;
    let ask = |id: &str| {
        get_item("<t:BaseShape>IdOnly</t:BaseShape>", &format!("<t:RecurringMasterItemId OccurrenceId=\"{id}\"/>"))
    };
    assert_eq!(world.ask(&ask(&third)).await.item_id().0, id);
    assert_eq!(world.ask(&ask(&id)).await.codes(), ["ErrorCalendarCannotUseIdForRecurringMasterId"]);
}

// trap 58
#[tokio::test]
async fn an_occurrence_cannot_pass_its_neighbour() {
    let world = World::new();
    let id = made(&world).await;
    let beyond = moved(&world, &id, 3, "2026-03-31T12:00:00Z", "2026-03-31T13:00:00Z").await;
    assert_eq!(beyond.codes(), ["ErrorOccurrenceCrossingBoundary"]);
    let same_day = moved(&world, &id, 3, "2026-03-30T12:00:00Z", "2026-03-30T13:00:00Z").await;
    assert_eq!(same_day.codes(), ["ErrorOccurrenceCrossingBoundary"]);
    let long = moved(&world, &id, 3, "2026-03-29T12:00:00Z", "2026-03-30T12:00:00Z").await;
    assert_eq!(long.codes(), ["ErrorOccurrenceTimeSpanTooBig"]);
}

// trap 59
#[tokio::test]
async fn a_new_rule_drops_exceptions_and_brings_deleted_days_back() {
    let world = World::new();
    let id = made(&world).await;
    change(&world, &id, 2, &set("item:Subject", "CalendarItem", "<t:Subject>Other</t:Subject>")).await;
    deleted(&world, &index(&id, 3)).await;
    let rule = format!("<t:Recurrence>{DAILY}{}</t:Recurrence>", numbered(6));
    let again = format!(
        "<m:UpdateItem {QUIET}><m:ItemChanges><t:ItemChange>{}<t:Updates>{}</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>",
        item_id(&id),
        set("calendar:Recurrence", "CalendarItem", &rule)
    );
    assert_eq!(world.ask(&again).await.codes(), ["NoError"]);
    let read = world.get(&id).await;
    assert!(!read.has("ModifiedOccurrences") && !read.has("DeletedOccurrences"));
    assert_eq!(occurrence(&world, &id, 2).await.text_of("Subject"), "Daily");
}

#[tokio::test]
async fn an_edit_of_the_masters_text_keeps_its_exceptions() {
    let world = World::new();
    let id = made(&world).await;
    change(&world, &id, 2, &set("calendar:Location", "CalendarItem", "<t:Location>Room</t:Location>")).await;
    let edit = format!(
        "<m:UpdateItem {QUIET}><m:ItemChanges><t:ItemChange>{}<t:Updates>{}</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>",
        item_id(&id),
        set("item:Subject", "CalendarItem", "<t:Subject>New</t:Subject>")
    );
    world.ask(&edit).await;
    let one = occurrence(&world, &id, 2).await;
    assert_eq!((one.text_of("Subject"), one.text_of("Location")), ("New", "Room"));
}

// trap 38, trap 68
#[tokio::test]
async fn impossible_rules_are_refused() {
    let world = World::new();
    let ends = "<t:EndDateRecurrence><t:StartDate>2026-03-27</t:StartDate><t:EndDate>2026-03-01</t:EndDate></t:EndDateRecurrence>";
    let weekday =
        "<t:WeeklyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>Weekday</t:DaysOfWeek></t:WeeklyRecurrence>";
    let none = "<t:DailyRecurrence><t:Interval>0</t:Interval></t:DailyRecurrence>";
    for (pattern, range, code) in [
        (DAILY, ends.to_owned(), "ErrorRecurrenceHasNoOccurrence"),
        (weekday, numbered(3), "ErrorCalendarInvalidDayForWeeklyRecurrence"),
        (none, numbered(3), "ErrorCalendarInvalidRecurrence"),
        (DAILY, numbered(1000), "ErrorCalendarInvalidRecurrence"),
    ] {
        assert_eq!(world.ask(&create(NONE, &series(pattern, &range))).await.codes(), [code]);
    }
    let long = series(DAILY, &numbered(3)).replace("2026-03-27T09:30", "2026-03-28T10:00");
    assert_eq!(world.ask(&create(NONE, &long)).await.codes(), ["ErrorOccurrenceTimeSpanTooBig"]);
}

#[tokio::test]
async fn a_window_shows_occurrences_and_a_listing_shows_masters() {
    let world = World::new();
    let id = made(&world).await;
    moved(&world, &id, 2, "2026-03-28T10:00:00Z", "2026-03-28T11:00:00Z").await;
    let find = |view: &str| {
        format!(
            "<m:FindItem Traversal=\"Shallow\"><m:ItemShape><t:BaseShape>Default</t:BaseShape></m:ItemShape>{view}<m:ParentFolderIds><t:DistinguishedFolderId Id=\"calendar\"/></m:ParentFolderIds></m:FindItem>"
        )
    };
    let window = "<m:CalendarView StartDate=\"2026-03-28T00:00:00Z\" EndDate=\"2026-03-30T00:00:00Z\"/>";
    let listed = world.ask(&find(window)).await;
    let kinds: Vec<_> = listed.all("CalendarItemType").iter().map(|kind| kind.text.clone()).collect();
    assert_eq!(kinds, ["Exception", "Occurrence"]);
    assert_eq!(listed.find("RootFolder").attr("IncludesLastItemInRange"), "true");
    let all = world.ask(&find("")).await;
    assert_eq!(all.text_of("CalendarItemType"), "RecurringMaster");
    let wide = "<m:CalendarView StartDate=\"2020-01-01T00:00:00Z\" EndDate=\"2030-01-01T00:00:00Z\"/>";
    assert_eq!(world.ask(&find(wide)).await.codes(), ["ErrorCalendarViewRangeTooBig"]);
}

// trap 67
#[tokio::test]
async fn a_series_without_end_has_no_last_occurrence_and_answers_at_once() {
    let world = World::new();
    let range = "<t:NoEndRecurrence><t:StartDate>2026-03-27</t:StartDate></t:NoEndRecurrence>";
    let (id, _) = world.create(NONE, &series(DAILY, range)).await;
    let read = world.get(&id).await;
    assert!(read.has("FirstOccurrence") && !read.has("LastOccurrence"));
}

#[tokio::test]
async fn occurrences_are_neither_moved_nor_copied() {
    let world = World::new();
    let id = made(&world).await;
    let copy = format!(
        "<m:CopyItem><m:ToFolderId><t:DistinguishedFolderId Id=\"calendar\"/></m:ToFolderId><m:ItemIds>{}</m:ItemIds></m:CopyItem>",
        index(&id, 2)
    );
    assert_eq!(world.ask(&copy).await.codes(), ["ErrorCalendarCannotMoveOrCopyOccurrence"]);
}

#[tokio::test]
async fn a_series_whose_last_day_is_deleted_is_deleted() {
    let world = World::new();
    let (id, _) = world.create(NONE, &series(DAILY, &numbered(2))).await;
    deleted(&world, &index(&id, 1)).await;
    assert_eq!(world.get(&id).await.codes(), ["NoError"]);
    deleted(&world, &index(&id, 2)).await;
    assert_eq!(world.get(&id).await.codes(), ["ErrorItemNotFound"]);
}

#[tokio::test]
async fn a_range_of_occurrences_comes_with_its_master() {
    let world = World::new();
    let id = made(&world).await;
    let ids = format!(
        "<t:RecurringMasterItemIdRanges Id=\"{id}\"><t:Ranges><t:Range Start=\"2026-03-28T00:00:00Z\" Count=\"2\"/></t:Ranges></t:RecurringMasterItemIdRanges>"
    );
    let read = world.ask(&get_item("<t:BaseShape>Default</t:BaseShape>", &ids)).await;
    let kinds: Vec<_> = read.all("CalendarItemType").iter().map(|kind| kind.text.clone()).collect();
    assert_eq!(kinds, ["RecurringMaster", "Occurrence", "Occurrence"]);
}
