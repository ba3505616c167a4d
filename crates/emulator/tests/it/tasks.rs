//! Tasks: days, status, and the recurring ones.

use crate::world::{ANN, World, create, get_item, item_id, set, update};

const NEVER: &str = "ConflictResolution=\"NeverOverwrite\"";

fn task(more: &str) -> String {
    format!(
        "<t:Task><t:Subject>Call</t:Subject><t:ExtendedProperty><t:ExtendedFieldURI DistinguishedPropertySetId=\"PublicStrings\" PropertyName=\"Mark\" PropertyType=\"String\"/><t:Value>m</t:Value></t:ExtendedProperty>{more}</t:Task>"
    )
}

async fn status(world: &World, id: &str, key: &str, word: &str) -> crate::answer::Node {
    let change = set("task:Status", "Task", &format!("<t:Status>{word}</t:Status>"));
    world.ask(&update(NEVER, id, key, &change)).await
}

#[tokio::test]
async fn days_and_status_come_back() {
    let world = World::new();
    let (id, key) = world
        .create(
            "",
            &task("<t:DueDate>2026-01-09T23:30:00+01:00</t:DueDate><t:StartDate>2026-01-05T00:00:00Z</t:StartDate>"),
        )
        .await;
    let read = world.get(&id).await;
    for (name, text) in [
        ("StartDate", "2026-01-05T00:00:00Z"),
        ("DueDate", "2026-01-09T00:00:00Z"),
        ("Status", "NotStarted"),
        ("PercentComplete", "0"),
        ("IsComplete", "false"),
        ("ReminderIsSet", "false"),
    ] {
        assert_eq!(read.text_of(name), text, "{name}");
    }
    let (_, key) = status(&world, &id, &key, "InProgress").await.item_id();
    let (same, key) = status(&world, &id, &key, "Completed").await.item_id();
    assert_eq!(same, id);
    let read = world.get(&id).await;
    assert_eq!((read.text_of("PercentComplete"), read.text_of("CompleteDate")), ("100", "2026-01-01T00:00:00Z"));
    status(&world, &id, &key, "Deferred").await;
    let read = world.get(&id).await;
    assert!(!read.has("CompleteDate"));
    assert_eq!(read.text_of("Status"), "Deferred");
}

// Microsoft's page of CompleteDate: of it, Status and PercentComplete the last one that a request sets determines all three.
#[tokio::test]
async fn what_is_set_last_says_how_far_a_task_is() {
    let world = World::new();
    let day = "<t:CompleteDate>2025-12-20T00:00:00Z</t:CompleteDate>";
    for (said, expected) in [
        (day.to_owned(), "2025-12-20T00:00:00Z"),
        (format!("{day}<t:Status>Completed</t:Status>"), "2026-01-01T00:00:00Z"),
        (format!("{day}<t:PercentComplete>100</t:PercentComplete>"), "2026-01-01T00:00:00Z"),
    ] {
        let (id, _) = world.create("", &task(&said)).await;
        let read = world.get(&id).await;
        assert_eq!((read.text_of("Status"), read.text_of("CompleteDate")), ("Completed", expected), "{said}");
    }
}

#[tokio::test]
async fn a_reminder_of_a_task_has_a_time_of_its_own() {
    let world = World::new();
    let item = "<t:Task><t:Subject>Call</t:Subject><t:ReminderDueBy>2026-01-09T08:00:00Z</t:ReminderDueBy><t:ReminderIsSet>true</t:ReminderIsSet></t:Task>";
    let (id, _) = world.create("", item).await;
    let read = world.get(&id).await;
    assert_eq!((read.text_of("ReminderIsSet"), read.text_of("ReminderDueBy")), ("true", "2026-01-09T08:00:00Z"));
}

// trap 71: the write answers with the id of the finished one-off, the asked id is the next occurrence
#[tokio::test]
async fn completing_a_recurring_task_answers_with_another_item() {
    let world = World::new();
    let rule = "<t:DueDate>2026-01-06T00:00:00Z</t:DueDate><t:Recurrence><t:WeeklyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>Tuesday</t:DaysOfWeek></t:WeeklyRecurrence><t:NoEndRecurrence><t:StartDate>2026-01-06</t:StartDate></t:NoEndRecurrence></t:Recurrence>";
    let (id, key) = world.create("", &task(rule)).await;
    let (one_off, _) = status(&world, &id, &key, "Completed").await.item_id();
    assert_ne!(one_off, id);
    let next = world.get(&id).await;
    assert_eq!((next.text_of("DueDate"), next.text_of("Status")), ("2026-01-13T00:00:00Z", "NotStarted"));
    assert_eq!(next.text_of("IsRecurring"), "true");
    let shape = "<t:BaseShape>AllProperties</t:BaseShape><t:AdditionalProperties><t:ExtendedFieldURI DistinguishedPropertySetId=\"PublicStrings\" PropertyName=\"Mark\" PropertyType=\"String\"/><t:ExtendedFieldURI DistinguishedPropertySetId=\"Task\" PropertyId=\"33033\" PropertyType=\"Boolean\"/></t:AdditionalProperties>";
    let done = world.ask(&get_item(shape, &item_id(&one_off))).await;
    assert_eq!((done.text_of("DueDate"), done.text_of("IsRecurring")), ("2026-01-06T00:00:00Z", "false"));
    assert_eq!(done.extended("Mark").as_deref(), Some("m"));
    assert_eq!(done.extended("33033").as_deref(), Some("true"));
}

// trap 71
#[tokio::test]
async fn a_regenerating_task_comes_back_after_it_was_done() {
    let world = World::new();
    let rule = "<t:DueDate>2026-01-06T00:00:00Z</t:DueDate><t:Recurrence><t:DailyRegeneration><t:Interval>3</t:Interval></t:DailyRegeneration><t:NumberedRecurrence><t:StartDate>2026-01-06</t:StartDate><t:NumberOfOccurrences>2</t:NumberOfOccurrences></t:NumberedRecurrence></t:Recurrence>";
    let (id, key) = world.create("", &task(rule)).await;
    status(&world, &id, &key, "Completed").await;
    let next = world.get(&id).await;
    assert_eq!(next.text_of("DueDate"), "2026-01-04T00:00:00Z");
    let (last, _) = status(&world, &id, &next.item_id().1, "Completed").await.item_id();
    assert_eq!(last, id);
    assert_eq!(world.get(&id).await.text_of("IsComplete"), "true");
}

#[tokio::test]
async fn a_delete_says_which_occurrences_it_means() {
    let world = World::new();
    let rule = "<t:DueDate>2026-01-06T00:00:00Z</t:DueDate><t:Recurrence><t:DailyRecurrence><t:Interval>1</t:Interval></t:DailyRecurrence><t:NumberedRecurrence><t:StartDate>2026-01-06</t:StartDate><t:NumberOfOccurrences>2</t:NumberOfOccurrences></t:NumberedRecurrence></t:Recurrence>";
    let (id, _) = world.create("", &task(rule)).await;
    let delete = |attrs: &str| {
        format!(
            "<m:DeleteItem DeleteType=\"HardDelete\" {attrs}><m:ItemIds>{}</m:ItemIds></m:DeleteItem>",
            item_id(&id)
        )
    };
    assert_eq!(world.ask(&delete("")).await.codes(), ["ErrorAffectedTaskOccurrencesRequired"]);
    let one = "AffectedTaskOccurrences=\"SpecifiedOccurrenceOnly\"";
    world.ask(&delete(one)).await;
    assert_eq!(world.get(&id).await.text_of("DueDate"), "2026-01-07T00:00:00Z");
    world.ask(&delete(one)).await;
    assert!(world.server.items(ANN, "tasks").unwrap().is_empty());
}

#[tokio::test]
async fn impossible_values_are_refused() {
    let world = World::new();
    for (more, code) in [
        ("<t:PercentComplete>101</t:PercentComplete>", "ErrorInvalidPercentCompleteValue"),
        ("<t:CompleteDate>2027-01-01T00:00:00Z</t:CompleteDate>", "ErrorInvalidCompleteDate"),
    ] {
        assert_eq!(world.ask(&create("", &task(more))).await.codes(), [code]);
    }
    assert_eq!(world.fault(&create("", &task("<t:Status>Finished</t:Status>"))).await, "ErrorSchemaValidation");
}
