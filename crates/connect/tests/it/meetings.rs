//! Meetings as each of their people's mailboxes shows them (rules P1 to P4, P6, C9).

use crate::world::{ANNA, World, create, fields, list, maps, present};
use connect::ews::{EwsConnection, EwsRemote, EwsSettings};
use connect::sign_in::SignIn;
use emulator::{FaultAction, Hook, Quirk, RequestInfo};
use engine::port::{MEETING_NOT_KEPT, Mail, Meeting, Remote, Trouble, Update, Write};
use model::{Attendee, Domain, Field, Kind, Part, Record, Response, Role, Value, When, Zone};
use secrecy::SecretString;
use std::sync::Arc;
use wire::ews::{self, DistinguishedFolder, FieldChange, Item, ItemId, ItemKind, ItemRef, Property};

fn bob(world: &World) -> EwsRemote {
    let account = Arc::new(SignIn::basic("svc@crm.test", SecretString::from("secret")));
    let settings = EwsSettings { impersonate: true, ..EwsSettings::new("http://127.0.0.1/EWS/Exchange.asmx") };
    let transport = Arc::new(crate::world::transport(&world.emulator));
    EwsConnection::new(transport, account, settings).open("bob@crm.test", maps())
}

fn moment(text: &str) -> ews::Value {
    ews::Value::Moment(ews::Moment::read(text).expect("a time"))
}

fn guest(name: &str, address: &str) -> ews::Attendee {
    let mailbox = ews::Mailbox {
        name: Some(name.to_owned()),
        address: Some(address.to_owned()),
        routing: Some("SMTP".to_owned()),
        kind: None,
    };
    ews::Attendee { mailbox, response: None, last_response: None }
}

/// Anna invites Bob, and a customer who has no mailbox here.
async fn invites(world: &World) -> ItemId {
    let item = Item::new(ItemKind::CalendarItem)
        .with(Property::Subject, ews::Value::Text("Review".to_owned()))
        .with(Property::Start, moment("2026-11-02T09:00:00Z"))
        .with(Property::End, moment("2026-11-02T10:00:00Z"))
        .with(Property::RequiredAttendees, ews::Value::Attendees(vec![guest("Bob Brand", "bob@crm.test")]))
        .with(Property::OptionalAttendees, ews::Value::Attendees(vec![guest("Carl", "carl@customer.test")]));
    let mail = ews::Mail::On(ews::MailOn::an_administrator_turned_mail_on());
    let made = world.person(ews::CreateItem { folder: DistinguishedFolder::Calendar.into(), items: vec![item], mail });
    made.await.first().expect("an item").id.expect("an id")
}

async fn only(remote: &EwsRemote) -> Record {
    let mut records = list(remote, Kind::Appointment).await.0;
    assert_eq!(records.len(), 1);
    records.remove(0)
}

// P1, P2, P6
#[tokio::test]
async fn one_meeting_has_one_global_id_and_each_copy_knows_whose_it_is() {
    let world = World::new();
    invites(&world).await;
    let (organizers, attendees) = (only(&world.open()).await, only(&bob(&world)).await);
    assert!(organizers.facts.global_id.is_some());
    assert_eq!(organizers.facts.global_id, attendees.facts.global_id);
    for (record, part, received, sent) in
        [(&organizers, Part::Owner, false, true), (&attendees, Part::Participant, true, attendees.facts.requests_sent)]
    {
        assert_eq!((record.facts.part, record.facts.received, record.facts.requests_sent), (part, received, sent));
        assert!(record.facts.meeting);
        let organizer = record.facts.organizer.as_ref().expect("an organiser");
        assert_eq!((organizer.name.as_str(), organizer.address.as_deref()), ("Anna Adler", Some(ANNA)));
        let people = record.get(Field::Attendees).and_then(Value::as_people).expect("people");
        assert_eq!(people.keys().collect::<Vec<_>>(), ["bob@crm.test", "carl@customer.test"]);
        assert_eq!(people["carl@customer.test"].role, Role::Optional);
        assert!(
            record.get(Field::Organizer).and_then(Value::as_people).is_some_and(|people| people.contains_key(ANNA))
        );
    }
    assert_eq!(attendees.facts.my_response, Some(Response::NotResponded));
    assert_eq!(organizers.facts.my_response, Some(Response::Organizer));
}

// P2
#[tokio::test]
async fn internal_addresses_of_the_directory_hide_nobody() {
    let world = World::new();
    invites(&world).await;
    world.emulator.set_quirk(Quirk::ExAddresses, true);
    let record = only(&world.open()).await;
    let organizer = record.facts.organizer.expect("an organiser");
    assert_eq!(organizer.name, "Anna Adler");
    assert!(organizer.address.is_none_or(|address| address == ANNA), "never an internal address");
    let people = record.fields[&model::Path::of(Field::Attendees)].as_people().expect("people").clone();
    assert_eq!(people.values().map(|person| person.name.as_str()).collect::<Vec<_>>().len(), 2);
    assert!(people.values().any(|person| person.name == "Bob Brand"));
}

// trap 101: cancelled is not deleted.
#[tokio::test]
async fn a_cancelled_meeting_is_shown_as_cancelled() {
    let world = World::new();
    let id = invites(&world).await;
    let delete = ews::DeleteItem {
        how: ews::DeleteType::MoveToDeletedItems,
        mail: ews::Mail::On(ews::MailOn::an_administrator_turned_mail_on()),
        tasks: ews::AffectedTaskOccurrences::AllOccurrences,
        ids: vec![ItemRef::Item(id)],
    };
    world.person(delete).await;
    assert!(list(&world.open(), Kind::Appointment).await.0.is_empty());
    let record = only(&bob(&world)).await;
    assert_eq!(record.get(Field::Cancelled), Some(&Value::Flag(true)));
}

// Without Exchange's clean id the UID serves, and says the same in both mailboxes.
#[tokio::test]
async fn a_server_without_clean_ids_still_tells_one_meeting() {
    let world = World::new();
    invites(&world).await;
    let with = only(&world.open()).await.facts.global_id;
    world.emulator.set_quirk(Quirk::NoCleanGlobalObjectId, true);
    let (anna, bob) = (only(&world.open()).await.facts.global_id, only(&bob(&world)).await.facts.global_id);
    assert!(anna.is_some());
    assert_eq!(anna, bob);
    assert_eq!(anna, with);
}

// C9: mail goes out only when a write says so, to those the record names, and to nobody a second time.
#[tokio::test]
async fn mail_goes_out_only_where_an_administrator_turned_it_on() {
    let world = World::new();
    let remote = world.open();
    let at = |wall: &str| Value::When(When::zoned(wall.parse().expect("a wall"), Zone::utc()));
    let person = Attendee {
        name: "Bob Brand".to_owned(),
        address: Some("bob@crm.test".to_owned()),
        role: Role::Required,
        response: Response::Unknown,
    };
    let sent = fields([
        (Field::Subject, Value::text("Review")),
        (Field::Start, at("2026-11-02T10:00:00")),
        (Field::End, at("2026-11-02T11:00:00")),
        (Field::Body, Value::text("note")),
        (Field::Attendees, Value::People([(person.key(), person)].into())),
    ]);
    let made = create(&remote, Domain::Calendar, sent.clone(), "quiet").await;
    assert!(world.emulator.sink().is_empty());
    assert!(!present(&remote, Kind::Appointment, &made.id).await.facts.meeting);
    let write = match crate::world::create_of(Domain::Calendar, sent, "loud") {
        Write::Create(create) => Write::Create(engine::port::Create { mail: Mail::Send, ..create }),
        other => panic!("{other:?}"),
    };
    let made = remote.write(&write).await.expect("created");
    assert_eq!(world.emulator.sink().len(), 1);
    let record = present(&remote, Kind::Appointment, &made.id).await;
    assert!(record.facts.meeting && record.facts.requests_sent);
    assert_eq!(record.text(Field::Body), Some("note"));
    let raw = world.raw(made.id.as_str(), [Property::Body.into()]).await;
    assert!(!raw.body().expect("a body").text.contains("Participants"), "people invited need no block");
    let change = Update {
        domain: Domain::Calendar,
        id: made.id.clone(),
        version: record.version.clone(),
        planned: None,
        changes: fields([(Field::Location, Value::text("Room"))]),
        keep: model::Fields::new(),
        mark: None,
        mail: Mail::None,
    };
    remote.write(&Write::Update(change)).await.expect("updated");
    assert_eq!(world.emulator.sink().len(), 1, "an update without mail sends none");
}

// trap 92
#[tokio::test]
async fn sentinel_dates_are_no_dates() {
    let world = World::new();
    world.emulator.set_quirk(Quirk::SentinelDates, true);
    let task = Item::new(ItemKind::Task).with(Property::Subject, ews::Value::Text("a".to_owned()));
    world.makes(DistinguishedFolder::Tasks, task).await;
    let contact = Item::new(ItemKind::Contact).with(Property::Surname, ews::Value::Text("a".to_owned()));
    world.makes(DistinguishedFolder::Contacts, contact).await;
    let remote = world.open();
    let record = list(&remote, Kind::Task).await.0.remove(0);
    for field in [Field::StartDay, Field::DueDay, Field::DoneDay, Field::ReminderAt] {
        assert_eq!(record.get(field), Some(&Value::Null));
    }
    assert_eq!(list(&remote, Kind::Contact).await.0[0].get(Field::Birthday), Some(&Value::Null));
}

// traps 115, 125: a day written by another client at the midnight of its own zone.
#[tokio::test]
async fn a_day_written_elsewhere_stays_that_day() {
    let world = World::with(|settings| settings.zone = Zone::iana("Pacific/Auckland").expect("known"));
    let remote = world.open();
    let task = Item::new(ItemKind::Task).with(Property::Subject, ews::Value::Text("a".to_owned()));
    let id = world.makes(DistinguishedFolder::Tasks, task).await;
    let due = vec![FieldChange::Set(Property::DueDate.into(), moment("2026-11-05T00:00:00Z"))];
    world.edits(&id.id, ItemKind::Task, due).await;
    let contact = Item::new(ItemKind::Contact).with(Property::Birthday, moment("1980-02-29T11:59:00Z"));
    world.makes(DistinguishedFolder::Contacts, contact).await;
    let record = list(&remote, Kind::Task).await.0.remove(0);
    assert_eq!(record.get(Field::DueDay), Some(&Value::Day(jiff::civil::date(2026, 11, 5))));
    let record = list(&remote, Kind::Contact).await.0.remove(0);
    assert_eq!(record.get(Field::Birthday), Some(&Value::Day(jiff::civil::date(1980, 2, 29))));
}

/// The record of a CRM's meeting as Bob's copy is to be made: Anna holds it.
fn copy_of(key: &str) -> Write {
    let at = |wall: &str| Value::When(When::zoned(wall.parse().expect("a wall"), Zone::utc()));
    let sent = fields([
        (Field::Subject, Value::text("Review")),
        (Field::Start, at("2026-11-02T09:00:00")),
        (Field::End, at("2026-11-02T10:00:00")),
    ]);
    let meeting = Meeting {
        global_id: GLOBAL_ID.to_owned(),
        organizer: Attendee {
            name: "Anna Adler".to_owned(),
            address: Some(ANNA.to_owned()),
            role: Role::Required,
            response: Response::Organizer,
        },
    };
    match crate::world::create_of(Domain::Calendar, sent, key) {
        Write::Create(create) => Write::Create(engine::port::Create { meeting: Some(meeting), ..create }),
        other => other,
    }
}

/// "vCal-Uid" and the UID `1@syncline`, as MS-OXCICAL packs it.
const GLOBAL_ID: &str = "040000008200E00074C5B7101A82E008\
                         0000000000000000000000000000000000000000170000007643616C2D55696401000000314073796E636C696E6500";

// P5, C9: the owner as organiser, received, not answered, the meeting's own id; nobody is asked and nobody written to.
#[tokio::test]
async fn a_participants_copy_is_the_meeting_itself() {
    let world = World::new();
    let remote = bob(&world);
    assert!(remote.keeps_meetings());
    let made = remote.write(&copy_of("k")).await.expect("created");
    let record = present(&remote, Kind::Appointment, &made.id).await;
    assert_eq!(record.facts.global_id.as_deref(), Some(GLOBAL_ID));
    assert!(record.facts.meeting_copy && record.facts.meeting && !record.facts.received && !record.facts.requests_sent);
    assert_eq!((record.facts.part, record.facts.my_response), (Part::Participant, Some(Response::NotResponded)));
    let organizer = record.facts.organizer.as_ref().expect("an organiser");
    assert_eq!((organizer.name.as_str(), organizer.address.as_deref()), ("Anna Adler", Some(ANNA)));
    assert!(world.emulator.sink().is_empty());
    assert!(remote.keeps_meetings());
}

// P5: what a server does not keep leaves nothing there, and is not tried for every record.
#[tokio::test]
async fn a_server_that_does_not_keep_whose_meeting_it_is_holds_no_half_of_one() {
    let world = World::new();
    world.emulator.set_quirk(Quirk::StatePropertiesNotKept, true);
    let remote = bob(&world);
    let answer = remote.write(&copy_of("k")).await;
    assert!(matches!(&answer, Err(Trouble::Refused { code, .. }) if code == MEETING_NOT_KEPT), "{answer:?}");
    assert!(!remote.keeps_meetings(), "remembered for the server");
    assert!(list(&remote, Kind::Appointment).await.0.is_empty(), "a half would count as Bob's own meeting");
    assert!(
        world.emulator.items("bob@crm.test", "deleteditems").expect("a folder").is_empty(),
        "nor does he see it go"
    );
}

// P5: the real invitation finds the copy by its id, and takes it over where it stands.
#[tokio::test]
async fn the_real_invitation_takes_a_participants_copy_over() {
    let world = World::new();
    let remote = bob(&world);
    let made = remote.write(&copy_of("k")).await.expect("created");
    let item = Item::new(ItemKind::CalendarItem)
        .with(Property::Uid, ews::Value::Text(GLOBAL_ID.to_owned()))
        .with(Property::Subject, ews::Value::Text("Review, really".to_owned()))
        .with(Property::Start, moment("2026-11-02T11:00:00Z"))
        .with(Property::End, moment("2026-11-02T12:00:00Z"))
        .with(Property::RequiredAttendees, ews::Value::Attendees(vec![guest("Bob Brand", "bob@crm.test")]));
    let mail = ews::Mail::On(ews::MailOn::an_administrator_turned_mail_on());
    let create = ews::CreateItem { folder: DistinguishedFolder::Calendar.into(), items: vec![item], mail };
    world.person(create).await;
    let record = only(&remote).await;
    assert_eq!(record.id, made.id, "the same item");
    assert!(record.facts.received && !record.facts.meeting_copy && record.facts.requests_sent);
    assert_eq!(record.text(Field::Subject), Some("Review, really"));
    assert_eq!(record.facts.mark.as_ref().map(|mark| mark.key.as_str()), Some("k"), "and still ours");
}

// C9: the guests of a meeting are set as a whole. One of whom the server tells no address cannot be written into the list, and
// without him there he would be told that he is off it.
#[tokio::test]
async fn guests_are_left_alone_while_one_of_them_has_no_address_to_write() {
    let world = World::new();
    world.emulator.set_quirk(Quirk::ExAddresses, true);
    let id = invites(&world).await.id;
    let unknown = |request: &RequestInfo| {
        let code = || "ErrorNameResolutionNoResults".to_owned();
        (request.operation == "ResolveNames").then(|| FaultAction::Fault { code: code() })
    };
    world.emulator.on_request(Some(Arc::new(unknown) as Hook));
    let remote = world.open();
    let record = only(&remote).await;
    let mut people = record.get(Field::Attendees).and_then(Value::as_people).expect("people").clone();
    assert!(people.values().any(|person| person.address.is_none()), "{:?}", people.keys());
    let cleo = Attendee {
        name: "Cleo".to_owned(),
        address: Some("cleo@customer.test".to_owned()),
        role: Role::Required,
        response: Response::Unknown,
    };
    people.insert(cleo.key(), cleo);
    let mails = world.emulator.sink().len();
    let changes = fields([(Field::Attendees, Value::People(people)), (Field::Location, Value::text("Room"))]);
    let change = Update {
        domain: Domain::Calendar,
        id: record.id.clone(),
        version: record.version.clone(),
        planned: None,
        changes,
        keep: model::Fields::new(),
        mark: None,
        mail: Mail::Send,
    };
    let written = remote.write(&Write::Update(change)).await.expect("the place");
    assert_eq!(written.partly.len(), 1, "{:?}", written.partly);
    assert!(written.partly[0].1.contains("no mail address of one of the guests"), "{:?}", written.partly);
    let raw = world.raw(&id, [Property::RequiredAttendees.into(), Property::Location.into()]).await;
    assert_eq!(raw.attendees(Property::RequiredAttendees).map(<[_]>::len), Some(1), "who was asked stays");
    assert_eq!(raw.text(Property::Location), Some("Room"));
    // Its two guests hear of the place, and nobody of being off.
    let told: Vec<String> = world.emulator.sink().into_iter().skip(mails).map(|mail| format!("{mail:?}")).collect();
    assert!(!told.iter().any(|mail| mail.contains("Cancel")), "{told:?}");
}
