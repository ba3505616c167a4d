//! A server that stumbles at one thing is asked for everything else as before (rule E1).

use crate::world::{World, create, fields, folder, list, present, seen_raw, transport};
use connect::http::{InProcess, Request};
use emulator::{Effect, FaultAction, RequestInfo};
use engine::port::{Remote, Trouble};
use model::{Domain, Field, Fields, Kind, Path, Pattern, Range, RecordId, Recurrence, Value, When, Zone};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use wire::ews::{CreateItem, DistinguishedFolder, Item, ItemKind, Mail, Property};

fn task(subject: &str) -> Item {
    Item::new(ItemKind::Task).with(Property::Subject, wire::ews::Value::Text(subject.to_owned()))
}

async fn tasks(world: &World, count: usize) {
    let items = (0..count).map(|n| task(&n.to_string())).collect();
    let folder = DistinguishedFolder::Tasks.into();
    world.people(CreateItem { folder, items, mail: Mail::None }, count).await;
}

fn fault(code: &str) -> FaultAction {
    FaultAction::Fault { code: code.to_owned() }
}

/// Every GetItem of ours that names one of these ids is answered so.
fn stumbles(world: &World, ids: Vec<String>, action: FaultAction) {
    let hook = move |request: &RequestInfo| {
        let named = ids.iter().any(|id| request.body.contains(id.as_str()));
        (request.operation == "GetItem" && request.account == "svc@crm.test" && named).then(|| action.clone())
    };
    world.emulator.on_request(Some(Arc::new(hook)));
}

// E1, trap 37: it fails as a whole, and says of no item that it was that one.
#[tokio::test]
async fn a_server_that_fails_at_one_item_gives_all_the_others() {
    let page_of_500 = FaultAction::Answer {
        status: 500,
        content_type: "text/html".to_owned(),
        body: b"<html>oops</html>".to_vec(),
        effect: Effect::None,
    };
    for action in [fault("ErrorInternalServerError"), page_of_500] {
        let world = World::new();
        tasks(&world, 150).await;
        let all = world.emulator.items(crate::world::ANNA, "tasks").expect("a folder");
        let (ill, well) = (RecordId::new(&all[70].id), RecordId::new(&all[71].id));
        stumbles(&world, vec![all[70].id.clone()], action);
        let remote = world.open();
        let folder = folder(&remote, Kind::Task).await;
        let page = remote.changes(Kind::Task, &folder, None).await.expect("a page");
        assert_eq!(page.records.len(), 149);
        let [(id, _, why)] = page.unreadable.as_slice() else { panic!("one item: {:?}", page.unreadable) };
        assert!(*id == ill && why.contains("whenever this item is read"), "{why}");
        assert_eq!(page.vanished, std::slice::from_ref(&ill), "and it is asked for again");
        assert!(matches!(seen_raw(&remote, Kind::Task, &ill).await, Err(Trouble::Broken { .. })));
        present(&remote, Kind::Task, &well).await;
    }
}

// E2, trap 166: nor is a server that fails at all of them asked for each of them.
#[tokio::test]
async fn a_server_that_fails_altogether_is_not_asked_for_every_item() {
    let world = World::new();
    tasks(&world, 150).await;
    let remote = world.open();
    let folder = folder(&remote, Kind::Task).await;
    world.trouble("GetItem", vec![fault("ErrorInternalServerError"); 500]);
    let before = world.requests("GetItem");
    assert!(remote.changes(Kind::Task, &folder, None).await.is_err());
    assert!(world.requests("GetItem") - before <= 11, "{}", world.requests("GetItem") - before);
}

fn berlin(wall: &str) -> Value {
    Value::When(When::zoned(wall.parse().expect("a wall"), Zone::iana("Europe/Berlin").expect("known")))
}

/// A series with an occurrence that has a time of its own.
fn series(subject: &str) -> Fields {
    let pattern = Pattern::Weekly { interval: 1, days: [1].into(), first_day: 1 };
    let mut all = fields([
        (Field::Subject, Value::text(subject)),
        (Field::Start, berlin("2026-10-12T10:00:00")),
        (Field::End, berlin("2026-10-12T10:30:00")),
        (Field::Rule, Value::Rule(Recurrence { pattern, range: Range::Count(6) })),
    ]);
    let at = "2026-10-26T10:00:00".parse().expect("a wall");
    all.insert(Path::occurrence(at, Field::State), Value::text("modified"));
    all.insert(Path::occurrence(at, Field::Start), berlin("2026-10-26T14:00:00"));
    all.insert(Path::occurrence(at, Field::End), berlin("2026-10-26T15:00:00"));
    all
}

// E1, trap 11
#[tokio::test]
async fn a_server_that_fails_at_an_occurrence_gives_every_other_series() {
    let world = World::new();
    let ill = create(&world.open(), Domain::Calendar, series("ill"), "a").await;
    let well = create(&world.open(), Domain::Calendar, series("well"), "b").await;
    let master = world.raw(ill.id.as_str(), [Property::ModifiedOccurrences.into()]).await;
    stumbles(&world, vec![master.modified_occurrences()[0].id.id.clone()], fault("ErrorInternalServerError"));
    let remote = world.open();
    let folder = folder(&remote, Kind::Appointment).await;
    let page = remote.changes(Kind::Appointment, &folder, None).await.expect("a page");
    assert_eq!(page.records.iter().map(|record| &record.id).collect::<Vec<_>>(), [&well.id]);
    assert_eq!(page.unreadable.iter().map(|(id, ..)| id).collect::<Vec<_>>(), [&ill.id]);
    assert_eq!(page.vanished, std::slice::from_ref(&ill.id), "and it is asked for again");
    assert!(matches!(seen_raw(&remote, Kind::Appointment, &ill.id).await, Err(Trouble::Broken { .. })));
    present(&remote, Kind::Appointment, &well.id).await;
}

// R6, P6: what tells a task's leftover from a new one, and a meeting that was sent from one that was not, is asked on.
#[tokio::test]
async fn an_item_that_is_refused_whatever_is_asked_for_takes_nothing_from_the_others() {
    for code in ["ErrorInvalidPropertyRequest", "ErrorInvalidRequest"] {
        let world = World::new();
        tasks(&world, 2).await;
        let all = world.emulator.items(crate::world::ANNA, "tasks").expect("a folder");
        let remote = world.open();
        list(&remote, Kind::Task).await;
        stumbles(&world, vec![all[0].id.clone()], fault(code));
        assert!(seen_raw(&remote, Kind::Task, &RecordId::new(&all[0].id)).await.is_err());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = asked.clone();
        world.emulator.on_request(Some(Arc::new(move |request: &RequestInfo| {
            heard.lock().expect("unpoisoned").push(request.body.contains("\"33033\""));
            None
        })));
        present(&remote, Kind::Task, &RecordId::new(&all[1].id)).await;
        assert_eq!(*asked.lock().expect("unpoisoned"), [true], "{code}: whether it is a leftover");
    }
}

// R4: without zones every series would read as moved to the mailbox's own.
#[tokio::test]
async fn a_request_that_an_old_server_does_not_take_is_no_older_version() {
    let world = World::new();
    let refuses = Arc::new(AtomicUsize::new(0));
    let (server, left) = (transport(&world.emulator), refuses.clone());
    let old = move |request: Request| -> futures::future::BoxFuture<'static, _> {
        let body = String::from_utf8(request.body.clone()).expect("text");
        let newest = body.contains("Version=\"Exchange2013");
        let odd = body.contains("<m:UpdateItem") && left.load(Ordering::Relaxed) > 0;
        let code = match (newest, odd) {
            (true, _) => Some("ErrorInvalidServerVersion"),
            (false, true) => Some("ErrorSchemaValidation"),
            (false, false) => None,
        };
        let answered = (server.0)(request);
        Box::pin(async move {
            let mut answer: connect::http::Answer = match code {
                None => answered.await?,
                Some(code) => connect::http::Answer { status: 500, headers: Vec::new(), body: old_fault(code).into() },
            };
            // Whatever it is, its answers all say the same of it.
            let text = String::from_utf8(answer.body).expect("text");
            let (head, rest) = text.split_once("MajorVersion=").expect("its version");
            let (_, tail) = rest.split_once("/>").expect("an element");
            answer.body =
                format!("{head}MajorVersion=\"14\" MinorVersion=\"3\" MajorBuildNumber=\"123\"/>{tail}").into();
            Ok(answer)
        })
    };
    let old = World::by(&world, InProcess(Arc::new(old)));
    let made = create(&old.open(), Domain::Calendar, series("one"), "a").await;
    let before = present(&old.open(), Kind::Appointment, &made.id).await;
    let spoken = old.connection.spoken().0;
    assert_eq!(spoken, wire::ews::Version::Exchange2010Sp2);
    refuses.store(1, Ordering::Relaxed);
    let change = fields([(Field::Location, Value::text("Hall"))]);
    let update = crate::world::update_of(Domain::Calendar, &made.id, &before.version, change);
    assert!(matches!(old.open().write(&update).await, Err(Trouble::Refused { .. })));
    refuses.store(0, Ordering::Relaxed);
    assert_eq!(old.connection.spoken().0, spoken, "it speaks what it spoke");
    let after = present(&old.open(), Kind::Appointment, &made.id).await;
    assert_eq!(after.fields[&Path::of(Field::Start)], before.fields[&Path::of(Field::Start)]);
}

// R2, E2: a word that it does not know makes it refuse all that stands beside it.
#[tokio::test]
async fn an_old_server_is_not_told_words_it_does_not_know() {
    let world = World::with(|settings| settings.version = wire::ews::Version::Exchange2010Sp2);
    let sent = Arc::new(Mutex::new(String::new()));
    let heard = sent.clone();
    world.emulator.on_request(Some(Arc::new(move |request: &RequestInfo| {
        heard.lock().expect("unpoisoned").push_str(&request.body);
        None
    })));
    let mut all = series("one");
    all.insert(Path::of(Field::ShowAs), Value::text("WorkingElsewhere"));
    let made = create(&world.open(), Domain::Calendar, all, "a").await;
    assert!(!sent.lock().expect("unpoisoned").contains("WorkingElsewhere"));
    let [(path, why)] = made.partly.as_slice() else { panic!("told: {:?}", made.partly) };
    assert_eq!(*path, Path::of(Field::ShowAs));
    assert!(why.contains("before 2013"), "{why}");
}

fn old_fault(code: &str) -> String {
    format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Header><h:ServerVersionInfo \
         xmlns:h=\"http://schemas.microsoft.com/exchange/services/2006/types\" MajorVersion=\"\"/></s:Header><s:Body><s:Fault><faultcode>a:{code}</faultcode><faultstring>no</faultstring>\
         <detail><e:ResponseCode xmlns:e=\"http://schemas.microsoft.com/exchange/services/2006/errors\">{code}\
         </e:ResponseCode></detail></s:Fault></s:Body></s:Envelope>"
    )
}
