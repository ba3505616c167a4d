//! Servers of other makers say the same otherwise: the whole story of a record is told under each of their habits, and
//! under all of them together.

use crate::world::{World, create, fields, list, mark, present, seen, seen_raw, update};
use emulator::{Effect, FaultAction, Quirk};
use engine::port::{FindBy, Mail, Remote, Trouble, Write};
use jiff::civil::date;
use model::{
    Domain, Facts, Field, Fields, Gone, Kind, MailboxId, Path, Pattern, Range, Record, Recurrence, Seen, Value, When,
    Zone,
};

fn berlin(wall: &str) -> Value {
    Value::When(When::zoned(wall.parse().expect("a wall"), Zone::iana("Europe/Berlin").expect("known")))
}

fn contact(name: &str) -> Fields {
    fields([
        (Field::FirstName, Value::text(name)),
        (Field::LastName, Value::text("<Adler> & \u{1F600}")),
        (Field::Email1, Value::text("a@crm.test")),
        (Field::Birthday, Value::Day(date(1980, 2, 29))),
        (Field::Body, Value::text("First\n\n  second ]]> third")),
    ])
}

fn series() -> Fields {
    let rule =
        Recurrence { pattern: Pattern::Weekly { interval: 1, days: [1].into(), first_day: 1 }, range: Range::Count(6) };
    let mut all = fields([
        (Field::Subject, Value::text("Weekly")),
        (Field::Start, berlin("2026-10-12T10:00:00")),
        (Field::End, berlin("2026-10-12T10:30:00")),
        (Field::Rule, Value::Rule(rule)),
    ]);
    let at = |day: &str| format!("{day}T10:00:00").parse().expect("a wall");
    all.insert(Path::occurrence(at("2026-10-19"), Field::State), Value::text("cancelled"));
    all.insert(Path::occurrence(at("2026-10-26"), Field::State), Value::text("modified"));
    all.insert(Path::occurrence(at("2026-10-26"), Field::Start), berlin("2026-10-26T14:00:00"));
    all.insert(Path::occurrence(at("2026-10-26"), Field::End), berlin("2026-10-26T15:00:00"));
    all
}

fn task() -> Fields {
    fields([(Field::Subject, Value::text("Call")), (Field::Status, Value::text("InProgress"))])
}

async fn everything(world: &World) -> Vec<(Kind, Vec<Record>)> {
    let mut all = Vec::new();
    for kind in Kind::ALL {
        all.push((kind, list(&world.open(), kind).await.0));
    }
    all
}

/// What reads the same, whatever the habits.
fn same(told: &[(Kind, Vec<Record>)], plain: &[(Kind, Vec<Record>)], habit: &str) {
    for ((kind, told), (_, plain)) in told.iter().zip(plain) {
        assert_eq!(told.len(), plain.len(), "{habit}: {kind}");
        for (one, other) in told.iter().zip(plain) {
            assert_eq!((&one.id, &one.version), (&other.id, &other.version), "{habit}: {kind}");
            let differing: Vec<&Path> = other
                .fields
                .iter()
                .filter(|(path, value)| one.fields.get(path) != Some(value))
                .map(|(p, _)| p)
                .collect();
            assert_eq!(differing, Vec::<&Path>::new(), "{habit}: {kind}");
            assert_eq!(one.fields.len(), other.fields.len(), "{habit}: {kind}");
            // When it changed is for figures alone (rule W4), and told only where the server is asked for it.
            let read = |record: &Record| Facts { changed: None, ..record.facts.clone() };
            assert!(read(one) == read(other), "{habit}: {kind}");
        }
    }
}

async fn story(habits: &[Quirk]) {
    let name = format!("{habits:?}");
    let world = World::new();
    for (n, sent) in [contact("Ann"), contact("Beth"), contact("Cleo")].into_iter().enumerate() {
        create(&world.open(), Domain::BusinessContact, sent, &format!("c{n}")).await;
    }
    create(&world.open(), Domain::Calendar, series(), "s").await;
    for n in 0..3 {
        create(&world.open(), Domain::Task, task(), &format!("t{n}")).await;
    }
    let plain = everything(&world).await;
    for habit in habits {
        world.emulator.set_quirk(*habit, true);
    }
    same(&everything(&world).await, &plain, &name);
    // And written: made, changed, recognised, deleted, looked for and brought back.
    let remote = world.open();
    remote.set_identity(&MailboxId::new("mb")).await.unwrap_or_else(|why| panic!("{name}: {why}"));
    assert_eq!(remote.identity().await.expect("known").mailbox, Some(MailboxId::new("mb")), "{name}");
    let made = create(&remote, Domain::Task, task(), "new").await;
    let changed = update(&remote, Domain::Task, &made, fields([(Field::Subject, Value::text("Write"))])).await;
    let record = present(&remote, Kind::Task, &changed.id).await;
    assert_eq!(record.get(Field::Subject), Some(&Value::text("Write")), "{name}");
    assert_eq!(record.version, changed.version, "{name}");
    let found = remote.find(Kind::Task, &FindBy::Key("k".to_owned()), 5).await.expect("found");
    assert_eq!(found.iter().map(|one| &one.id).collect::<Vec<_>>(), [&changed.id], "{name}");
    let (id, version) = (changed.id.clone(), changed.version.clone());
    let deleted = Write::Delete { kind: Kind::Task, id, version, planned: None, mail: Mail::None };
    remote.write(&deleted).await.unwrap_or_else(|why| panic!("{name}: {why}"));
    let gone = seen(&remote, Kind::Task, &changed.id, Some("k")).await;
    assert!(matches!(gone, Ok(Seen::Gone(Gone::Deleted))), "{name}: {gone:?}");
    let back = remote.write(&Write::Restore { kind: Kind::Task, mark_key: "k".to_owned() }).await.expect("back");
    let again = present(&remote, Kind::Task, &back.id).await;
    assert_eq!(again.get(Field::Subject), Some(&Value::text("Write")), "{name}");
    let marked = Write::Mark {
        kind: Kind::Task,
        id: back.id.clone(),
        mark: mark("other", 3),
        version: back.version,
        planned: None,
    };
    remote.write(&marked).await.unwrap_or_else(|why| panic!("{name}: {why}"));
    let mut moved = series();
    moved.insert(Path::of(Field::Subject), Value::text("Moved"));
    let second = create(&remote, Domain::Calendar, moved, "s2").await;
    assert_eq!(second.partly, [], "{name}");
}

#[tokio::test]
async fn each_habit_is_read_for_what_it_means() {
    for habit in Quirk::HABITS {
        story(&[habit]).await;
    }
}

#[tokio::test]
async fn all_habits_together_are_read_for_what_they_mean() {
    story(&Quirk::HABITS).await;
    story(&[Quirk::SevenDigitFractions, Quirk::UnknownElements, Quirk::ContentTypeWithoutCharset]).await;
}

// Older and smaller servers: what they refuse to be asked for is asked for no more.
#[tokio::test]
async fn a_server_that_refuses_what_it_does_not_know_is_asked_for_less() {
    let world = World::new();
    create(&world.open(), Domain::Task, task(), "t").await;
    let plain = everything(&world).await;
    let refuses = |request: &emulator::RequestInfo| {
        let unknown = request.operation == "GetItem" && request.body.contains("33065");
        unknown.then(|| FaultAction::Fault { code: "ErrorInvalidPropertyRequest".to_owned() })
    };
    let other = World::again(&world);
    other.emulator.reset_counters();
    other.emulator.on_request(Some(std::sync::Arc::new(refuses)));
    same(&everything(&other).await, &plain, "lean");
    assert_eq!(other.requests("GetItem"), 2, "it is told once");
    same(&everything(&other).await, &plain, "lean");
    assert_eq!(other.requests("GetItem"), 3, "and remembered");
}
// C9, P6: whether invitations were sent is asked on, or a meeting that Exchange owns would be written to.
#[tokio::test]
async fn an_answer_that_says_nothing_takes_nothing_from_what_is_asked_next() {
    let world = World::new();
    let made = create(&world.open(), Domain::Calendar, series_without_exceptions(), "s").await;
    let body = "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><m:GetItemResponse \
                xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\"><m:ResponseMessages/>\
                </m:GetItemResponse></s:Body></s:Envelope>";
    let empty = FaultAction::Answer {
        status: 200,
        content_type: "text/xml; charset=utf-8".to_owned(),
        body: body.into(),
        effect: Effect::Done,
    };
    world.trouble("GetItem", vec![empty]);
    let looked = seen_raw(&world.open(), Kind::Appointment, &made.id).await;
    assert!(matches!(looked, Err(Trouble::Broken { .. })));
    let asked = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let heard = asked.clone();
    world.emulator.on_request(Some(std::sync::Arc::new(move |request: &emulator::RequestInfo| {
        heard.lock().expect("unpoisoned").push(request.body.contains("calendar:MeetingRequestWasSent"));
        None
    })));
    assert!(matches!(seen_of(&world, &made.id).await, Ok(Seen::Present(_))));
    assert!(asked.lock().expect("unpoisoned").contains(&true));
}

#[tokio::test]
async fn an_older_server_is_spoken_to_in_its_own_version() {
    let world = World::new();
    let newest = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = newest.clone();
    let refuses = move |request: &emulator::RequestInfo| {
        let version = request.body.split("RequestServerVersion Version=\"").nth(1)?.split('"').next()?.to_owned();
        let old = version == "Exchange2007_SP1";
        seen.lock().expect("unpoisoned").push((request.operation.clone(), version, request.body.contains("TimeZone")));
        (!old).then(|| FaultAction::Fault { code: "ErrorInvalidServerVersion".to_owned() })
    };
    world.emulator.on_request(Some(std::sync::Arc::new(refuses)));
    let remote = world.open();
    let made = create(&remote, Domain::Calendar, series_without_exceptions(), "s").await;
    assert!(matches!(seen_of(&world, &made.id).await, Ok(Seen::Present(_))));
    // What moves an item takes no word that it does not know.
    let (kind, id, version) = (Kind::Appointment, made.id.clone(), made.version.clone());
    let deleted = Write::Delete { kind, id, version, planned: None, mail: Mail::None };
    remote.write(&deleted).await.expect("gone to Deleted Items");
    let back = remote.write(&Write::Restore { kind: Kind::Appointment, mark_key: "s".to_owned() }).await.expect("back");
    assert!(matches!(seen_of(&world, &back.id).await, Ok(Seen::Present(_))));
    let asked = newest.lock().expect("unpoisoned");
    let refused = asked.iter().filter(|(_, version, _)| version != "Exchange2007_SP1").count();
    assert!(refused <= 4, "each version is tried once: {refused}");
    let zoned: Vec<&String> = asked
        .iter()
        .filter(|(_, version, zones)| version == "Exchange2007_SP1" && *zones)
        .map(|(operation, ..)| operation)
        .collect();
    assert_eq!(zoned, Vec::<&String>::new());
}

fn series_without_exceptions() -> Fields {
    series().into_iter().filter(|(path, _)| path.occurrence.is_none()).collect()
}

async fn seen_of(world: &World, id: &model::RecordId) -> Result<Seen, Trouble> {
    seen(&world.open(), Kind::Appointment, id, None).await
}
