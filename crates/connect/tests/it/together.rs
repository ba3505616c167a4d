//! Several new items in one call: each has its own outcome, and nothing is believed of an answer that does not say it.

use crate::world::{ANNA, World, create_of, fields, list, present};
use emulator::{Effect, FaultAction};
use engine::port::{FindBy, Remote, Trouble, Write, Written};
use model::{Domain, Field, Kind, Value};

fn contact(number: usize) -> Write {
    let name = fields([(Field::LastName, Value::text(format!("Person {number}")))]);
    create_of(Domain::PersonalContact, name, &format!("k{number}"))
}

fn contacts(many: usize) -> Vec<Write> {
    (0..many).map(contact).collect()
}

fn ids(outcomes: &[Result<Written, Trouble>]) -> Vec<Option<String>> {
    outcomes.iter().map(|one| one.as_ref().ok().map(|made| made.id.to_string())).collect()
}

// E1
#[tokio::test]
async fn new_items_of_one_folder_go_in_one_call() {
    let world = World::new();
    let remote = world.open();
    let outcomes = remote.write_all(&contacts(7)).await.expect("an answer");
    assert_eq!(world.requests("CreateItem"), 1);
    for (number, made) in outcomes.into_iter().enumerate() {
        let made = made.expect("made");
        let record = present(&remote, Kind::Contact, &made.id).await;
        assert_eq!(
            record.fields.get(&model::Path::of(Field::LastName)),
            Some(&Value::text(format!("Person {number}")))
        );
        assert_eq!(record.version, made.version);
        let found = remote.find(Kind::Contact, &FindBy::Key(format!("k{number}")), 2).await.expect("found");
        assert_eq!(found.iter().map(|one| &one.id).collect::<Vec<_>>(), [&made.id]);
    }
    assert_eq!(world.count("contacts"), 7);
}

// E1: what the server refuses is refused alone
#[tokio::test]
async fn one_that_the_server_refuses_hinders_none_of_the_others() {
    let world = World::new();
    let remote = world.open();
    let task = |key: &str, done: Option<&str>| {
        let day = done.map(|day| (Field::DoneDay, Value::Day(day.parse().expect("a day"))));
        let says = [(Field::Subject, Value::text(key)), (Field::Status, Value::text("Completed"))];
        create_of(Domain::Task, fields(says.into_iter().chain(day)), key)
    };
    let writes = [task("a", None), task("b", Some("2090-01-01")), task("c", None)];
    let outcomes = remote.write_all(&writes).await.expect("an answer");
    let code = "ErrorInvalidCompleteDate";
    assert!(matches!(&outcomes[1], Err(Trouble::Refused { code: told, .. }) if told == code), "{outcomes:?}");
    for (place, subject) in [(0, "a"), (2, "c")] {
        let shown = present(&remote, Kind::Task, &outcomes[place].as_ref().expect("made").id).await;
        assert_eq!(shown.fields.get(&model::Path::of(Field::Subject)), Some(&Value::text(subject)));
    }
    assert_eq!((world.requests("CreateItem"), world.count("tasks")), (1, 2));
}

// E1: what cannot be written down is not sent
#[tokio::test]
async fn one_that_exchange_cannot_hold_is_refused_before_it_is_sent() {
    let world = World::new();
    let remote = world.open();
    let at = |hour: u8| {
        let wall = format!("2026-10-05T{hour:02}:00:00").parse().expect("a wall time");
        Value::When(model::When::zoned(wall, model::Zone::utc()))
    };
    let meeting = |key: &str, from, to| {
        let says = [(Field::Subject, Value::text(key)), (Field::Start, at(from)), (Field::End, at(to))];
        create_of(Domain::Calendar, fields(says), key)
    };
    let writes = [meeting("a", 9, 10), meeting("b", 12, 11), meeting("c", 13, 14)];
    let outcomes = remote.write_all(&writes).await.expect("an answer");
    assert!(matches!(&outcomes[1], Err(Trouble::Refused { code, .. }) if code == "Map"), "{outcomes:?}");
    let shown = present(&remote, Kind::Appointment, &outcomes[2].as_ref().expect("made").id).await;
    assert_eq!(shown.fields.get(&model::Path::of(Field::Subject)), Some(&Value::text("c")));
    assert!(outcomes[0].is_ok());
    assert_eq!((world.requests("CreateItem"), world.count("calendar")), (1, 2));
    let none = remote.write_all(&[meeting("d", 12, 11), meeting("e", 12, 11)]).await.expect("an answer");
    assert!(none.iter().all(|one| matches!(one, Err(Trouble::Refused { .. }))), "{none:?}");
    assert_eq!(world.requests("CreateItem"), 1, "nothing to send, nothing sent");
}

// traps 166, 167
#[tokio::test]
async fn a_share_used_up_on_the_way_holds_back_what_follows() {
    let world = World::new();
    let remote = world.open();
    world.trouble("CreateItem", vec![FaultAction::BusyFrom { item: 2, back_off_ms: 5000 }]);
    let outcomes = remote.write_all(&contacts(5)).await.expect("an answer");
    assert!(outcomes[0].is_ok() && outcomes[1].is_ok());
    assert!(matches!(&outcomes[2], Err(Trouble::Busy { wait_ms: Some(5000), .. })), "{outcomes:?}");
    assert!(outcomes[3..].iter().all(|one| matches!(one, Err(Trouble::Busy { .. }))), "{outcomes:?}");
    assert_eq!(world.count("contacts"), 2);
}

// traps 43, 44, 173
#[tokio::test]
async fn a_call_without_an_answer_tells_of_none_of_its_items() {
    let effects = [(Effect::Done, 3), (Effect::None, 0)];
    for (action, stand) in effects
        .map(|(effect, stand)| (FaultAction::Drop { effect }, stand))
        .into_iter()
        .chain([(FaultAction::Truncate { keep: 700 }, 3)])
    {
        let world = World::new();
        let remote = world.open();
        world.trouble("CreateItem", vec![action.clone()]);
        let answer = remote.write_all(&contacts(3)).await;
        assert!(matches!(answer, Err(Trouble::Unknown { .. })), "{action:?}: {answer:?}");
        assert_eq!(world.count("contacts"), stand, "{action:?}");
    }
    let world = World::new();
    let remote = world.open();
    world.trouble("CreateItem", vec![FaultAction::Busy { back_off_ms: 5 }]);
    assert!(matches!(remote.write_all(&contacts(3)).await, Err(Trouble::Busy { .. })));
    world.trouble("CreateItem", vec![FaultAction::Fault { code: "ErrorSchemaValidation".to_owned() }]);
    assert!(matches!(remote.write_all(&contacts(3)).await, Err(Trouble::Refused { .. })), "as a whole");
    assert_eq!(world.count("contacts"), 0);
}

fn answered(messages: &[String]) -> FaultAction {
    let body = format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><m:CreateItemResponse \
         xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\" \
         xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\"><m:ResponseMessages>{}\
         </m:ResponseMessages></m:CreateItemResponse></s:Body></s:Envelope>",
        messages.concat()
    );
    let content_type = "text/xml; charset=utf-8".to_owned();
    FaultAction::Answer { status: 200, content_type, body: body.into_bytes(), effect: Effect::None }
}

fn made(items: &[&str]) -> String {
    let item = |id: &&str| format!("<t:Contact><t:ItemId Id=\"{id}\" ChangeKey=\"ck\"/></t:Contact>");
    format!(
        "<m:CreateItemResponseMessage ResponseClass=\"Success\"><m:ResponseCode>NoError</m:ResponseCode>\
         <m:Items>{}</m:Items></m:CreateItemResponseMessage>",
        items.iter().map(item).collect::<String>()
    )
}

// traps 22, 44: an answer is never read in another's place
#[tokio::test]
async fn an_answer_that_leaves_one_out_or_tells_one_too_many_is_in_doubt() {
    let world = World::new();
    let remote = world.open();
    for messages in [vec![made(&["a"]), made(&["b"])], vec![made(&["a", "b", "c"])], vec![made(&["x"]); 4], vec![]] {
        world.trouble("CreateItem", vec![answered(&messages)]);
        let answer = remote.write_all(&contacts(3)).await;
        assert!(matches!(answer, Err(Trouble::Unknown { .. })), "{messages:?}: {answer:?}");
    }
    // One without an id, and one with two, are in doubt by themselves.
    world.trouble("CreateItem", vec![answered(&[made(&["a"]), made(&[]), made(&["b", "c"])])]);
    let outcomes = remote.write_all(&contacts(3)).await.expect("an answer");
    assert_eq!(ids(&outcomes), [Some("a".to_owned()), None, None]);
    assert!(outcomes[1..].iter().all(|one| matches!(one, Err(Trouble::Unknown { .. }))), "{outcomes:?}");
}

// C9, P5, R3: what takes several calls, or may write to somebody, goes by itself
#[tokio::test]
async fn what_takes_several_calls_goes_by_itself() {
    let world = World::new();
    let remote = world.open();
    let mixed = [contact(0), create_of(Domain::Task, fields([(Field::Subject, Value::text("b"))]), "b"), contact(1)];
    let outcomes = remote.write_all(&mixed).await.expect("an answer");
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(world.requests("CreateItem"), 3, "of two folders");
    assert_eq!((world.count("contacts"), world.count("tasks")), (2, 1));
    assert_eq!(list(&remote, Kind::Contact).await.0.len(), 2);
    assert!(world.emulator.items(ANNA, "calendar").expect("a folder").is_empty());
}
