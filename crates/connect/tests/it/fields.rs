//! Every field of every domain goes into a mailbox and comes back as its image.

use crate::world::{World, create, fields, list, present, update};
use connect::ews::EwsLens;
use jiff::civil::date;
use model::maps_ews::default_map;
use model::recurrence::Unit;
use model::{
    Attendee, Domain, Field, Fields, Kind, Lens, Path, Pattern, Range, Recurrence, Response, Role, Value, When, Zone,
};
use wire::ews::{self, DistinguishedFolder, ExtendedPath, ExtendedType, Item, ItemKind, Property};

const CONTACTS: [Domain; 3] = [Domain::BusinessContact, Domain::PersonalContact, Domain::Employee];

fn set(words: &[&str]) -> Value {
    Value::Set(words.iter().map(|word| (*word).to_owned()).collect())
}

fn people() -> Value {
    let ann = Attendee {
        name: "Ann Smith".to_owned(),
        address: Some("ann@customer.test".to_owned()),
        role: Role::Optional,
        response: Response::Accepted,
    };
    Value::People([(ann.key(), ann)].into())
}

fn berlin(wall: &str) -> Value {
    Value::When(When::zoned(wall.parse().expect("a wall"), Zone::iana("Europe/Berlin").expect("known")))
}

/// A value that fits a field.
fn sample(field: &Field, domain: Domain) -> Option<Value> {
    Some(match field {
        Field::Birthday => Value::Day(date(1980, 2, 29)),
        Field::StartDay => Value::Day(date(2026, 11, 2)),
        Field::DueDay => Value::Day(date(2026, 11, 5)),
        Field::Categories => set(&["Siebel Contact", "Own"]),
        Field::Private => Value::Flag(true),
        Field::Body => Value::text("First line\n\n  <second> & \"third\" \u{1F600}"),
        Field::Start => berlin("2026-11-02T10:00:00"),
        Field::End => berlin("2026-11-02T11:30:00"),
        Field::Reminder => Value::Number(45),
        Field::ReminderAt => Value::Instant("2026-11-02T07:00:00Z".parse().expect("an instant")),
        Field::ShowAs => Value::text("OOF"),
        Field::ActivityType => Value::text("Meeting"),
        Field::Attendees => people(),
        Field::Status => Value::text("InProgress"),
        Field::Percent => Value::Number(40),
        Field::Priority => Value::text("High"),
        Field::Rule if domain == Domain::Task => Value::Rule(Recurrence {
            pattern: Pattern::Regenerating { unit: Unit::Week, interval: 2 },
            range: Range::NoEnd,
        }),
        Field::Email1 | Field::Email2 | Field::Email3 => Value::text(format!("{}@crm.test", field.name())),
        Field::WebPage => Value::text("https://crm.test/a?b=c&d"),
        field if field.is_phone() => Value::text("+49 (89) 123-456"),
        // Not to be set by us, read-only, or tried on their own.
        Field::Organizer | Field::Cancelled | Field::State | Field::DoneDay | Field::Rule => return None,
        field => Value::text(format!("the {} & <co>", field.name())),
    })
}

fn samples(domain: Domain) -> Fields {
    let map = default_map(domain);
    let rows = map.entries.iter().filter_map(|entry| Some((entry.field.clone(), sample(&entry.field, domain)?)));
    fields(rows)
}

fn shown(record: &Fields, sent: &Fields, domain: Domain) {
    let map = default_map(domain);
    for (path, value) in sent {
        let image = EwsLens.image(path, value, &map);
        let image = match (&path.field, image) {
            // The activity type is one of the categories.
            (Field::Categories, Value::Set(mut words)) if domain == Domain::Calendar => {
                words.insert("Meeting".to_owned());
                Value::Set(words)
            }
            (_, image) => image,
        };
        let there = record.get(path).unwrap_or_else(|| panic!("{domain} does not show {path}"));
        assert!(there == &image, "{domain} shows {path} otherwise: {there:?}");
    }
}

#[tokio::test]
async fn every_field_of_every_domain_comes_back_as_its_image() {
    let world = World::new();
    let remote = world.open();
    for domain in Domain::ALL {
        let sent = samples(domain);
        let written = create(&remote, domain, sent.clone(), &format!("key-{domain}")).await;
        assert_eq!(written.partly, []);
        let record = present(&remote, domain.kind(), &written.id).await;
        assert_eq!(record.version, written.version);
        shown(&record.fields, &sent, domain);
        let mark = record.facts.mark.expect("our mark");
        assert_eq!((mark.key, mark.write_no), (format!("key-{domain}"), 1));
        assert_eq!(record.facts.unreadable, None);
    }
}

// C11, traps 55, 56
#[tokio::test]
async fn every_field_can_be_changed_alone_cleared_and_set_again() {
    let world = World::new();
    let remote = world.open();
    for domain in [Domain::BusinessContact, Domain::Calendar, Domain::Task] {
        let all = samples(domain);
        let mut now = create(&remote, domain, all.clone(), "k").await;
        for (path, value) in &all {
            let unclearable = matches!(path.field, Field::Start | Field::End);
            let hangs_together =
                matches!(path.field, Field::Status | Field::Percent | Field::StartDay | Field::DueDay | Field::Rule);
            if unclearable || hangs_together {
                continue;
            }
            let before = present(&remote, domain.kind(), &now.id).await;
            now = update(&remote, domain, &now, [(path.clone(), Value::Null)].into()).await;
            let cleared = present(&remote, domain.kind(), &now.id).await;
            let expected = EwsLens.image(path, &Value::Null, &default_map(domain));
            let there = &cleared.fields[path];
            let word_stays = path.field == Field::Categories && domain == Domain::Calendar;
            assert!(
                there == &expected || there.is_blank() || there == &Value::Flag(false) || word_stays,
                "{path}: {there:?}"
            );
            now = update(&remote, domain, &now, [(path.clone(), value.clone())].into()).await;
            let after = present(&remote, domain.kind(), &now.id).await;
            for (other, value) in &before.fields {
                assert!(after.fields[other] == *value, "{domain}: {path} changed {other}");
            }
        }
    }
}

// R4: a time is written with both its zones, and changing the subject does not move it. Trap 79.
#[tokio::test]
async fn changing_one_field_sends_that_field_alone() {
    let world = World::new();
    let remote = world.open();
    let made = create(&remote, Domain::Calendar, samples(Domain::Calendar), "k").await;
    let before = present(&remote, Kind::Appointment, &made.id).await;
    let sent = std::sync::Arc::new(std::sync::Mutex::new(Vec::<String>::new()));
    let noted = sent.clone();
    world.emulator.on_request(Some(std::sync::Arc::new(move |request: &emulator::RequestInfo| {
        if request.operation == "UpdateItem" {
            noted.lock().expect("unpoisoned").push(request.body.clone());
        }
        None
    })));
    let changes = fields([(Field::Subject, Value::text("Other"))]);
    let now = update(&remote, Domain::Calendar, &made, changes).await;
    let sent = sent.lock().expect("unpoisoned").clone();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].matches("<t:SetItemField>").count(), 3, "the subject, our mark and its key");
    assert_eq!(sent[0].matches("<t:DeleteItemField>").count(), 0);
    let after = present(&remote, Kind::Appointment, &now.id).await;
    let mut expected = before.fields;
    expected.insert(Path::of(Field::Subject), Value::text("Other"));
    assert!(after.fields == expected);
    assert_eq!(after.facts.mark.expect("our mark").write_no, 2);
}

// C9, P4
#[tokio::test]
async fn participants_stand_in_the_body_and_invite_nobody() {
    let world = World::new();
    let remote = world.open();
    let made = create(&remote, Domain::Calendar, samples(Domain::Calendar), "k").await;
    let raw = world
        .raw(
            made.id.as_str(),
            [Property::Body, Property::RequiredAttendees, Property::OptionalAttendees, Property::IsMeeting]
                .map(Into::into),
        )
        .await;
    assert!(raw.body().expect("a body").text.contains("Ann Smith, ann@customer.test (optional)"));
    assert!(raw.attendees(Property::OptionalAttendees).unwrap_or_default().is_empty());
    assert_ne!(raw.flag(Property::IsMeeting), Some(true));
    let record = present(&remote, Kind::Appointment, &made.id).await;
    assert_eq!(record.text(Field::Body), Some("First line\n\n  <second> & \"third\" \u{1F600}"));
    assert!(!record.facts.meeting);
    // A person edits above the block; only his words flow back.
    let body = raw.body().expect("a body").text.replace("First line", "Another line");
    let body = ews::Value::Body(ews::Body { kind: ews::BodyKind::Text, text: body, truncated: false });
    world
        .edits(made.id.as_str(), ItemKind::CalendarItem, vec![ews::FieldChange::Set(Property::Body.into(), body)])
        .await;
    let record = present(&remote, Kind::Appointment, &made.id).await;
    assert!(record.text(Field::Body).expect("a body").starts_with("Another line\n"));
    assert!(!record.text(Field::Body).expect("a body").contains("Ann Smith"));
    // Nobody is left: the block goes.
    let now = remote_version(&record);
    let now = update(&remote, Domain::Calendar, &now, fields([(Field::Attendees, Value::Null)])).await;
    let raw = world.raw(now.id.as_str(), [Property::Body.into()]).await;
    assert!(!raw.body().expect("a body").text.contains("Ann Smith"));
    assert!(world.emulator.sink().is_empty());
}

fn remote_version(record: &model::Record) -> engine::port::Written {
    engine::port::Written { id: record.id.clone(), version: record.version.clone(), other: None, partly: Vec::new() }
}

// C11, trap 128
#[tokio::test]
async fn html_around_a_changed_text_stays() {
    let world = World::new();
    let remote = world.open();
    let html = "<html><head><style>p{margin:0}</style></head><body><p class=\"MsoNormal\">First <b>line</b></p>\
        <table border=\"1\"><tr><td>cell</td></tr></table><p>Last</p></body></html>";
    let body = ews::Value::Body(ews::Body { kind: ews::BodyKind::Html, text: html.to_owned(), truncated: false });
    let item =
        Item::new(ItemKind::Task).with(Property::Subject, ews::Value::Text("T".to_owned())).with(Property::Body, body);
    let id = world.makes(DistinguishedFolder::Tasks, item).await;
    let record = list(&remote, Kind::Task).await.0.remove(0);
    assert_eq!(record.id.as_str(), id.id);
    assert_eq!(record.text(Field::Body), Some("First line\ncell\nLast"));
    let changes = fields([(Field::Body, Value::text("First line\ncell\nChanged"))]);
    let now = update(&remote, Domain::Task, &remote_version(&record), changes).await;
    let raw = world.raw(now.id.as_str(), [Property::Body.into()]).await;
    let text = &raw.body().expect("a body").text;
    assert!(text.contains("<p class=\"MsoNormal\">First <b>line</b></p>") && text.contains("<td>cell</td>"), "{text}");
    let record = present(&remote, Kind::Task, &now.id).await;
    assert_eq!(record.text(Field::Body), Some("First line\ncell\nChanged"));
    // The same text again is no write at all to the body.
    let again = fields([(Field::Body, Value::text("First line\ncell\nChanged"))]);
    let now = update(&remote, Domain::Task, &remote_version(&record), again).await;
    let same = world.raw(now.id.as_str(), [Property::Body.into()]).await;
    assert_eq!(same.body().expect("a body").text, *text);
}

// C11, trap 103
#[tokio::test]
async fn the_body_of_an_online_meeting_is_never_written() {
    let world = World::new();
    let remote = world.open();
    let text = "Agenda\r\nhttps://teams.microsoft.com/l/meetup-join/19%3ameeting".to_owned();
    let body = ews::Value::Body(ews::Body { kind: ews::BodyKind::Text, text, truncated: false });
    let at = |text| ews::Value::Moment(ews::Moment::read(text).expect("a time"));
    let item = Item::new(ItemKind::CalendarItem)
        .with(Property::Subject, ews::Value::Text("Online".to_owned()))
        .with(Property::Body, body)
        .with(Property::Start, at("2026-11-02T09:00:00Z"))
        .with(Property::End, at("2026-11-02T10:00:00Z"));
    let id = world.makes(DistinguishedFolder::Calendar, item).await;
    let before = world.raw(&id.id, [Property::Body.into()]).await;
    let record = list(&remote, Kind::Appointment).await.0.remove(0);
    assert!(record.facts.online_meeting);
    let changes = fields([
        (Field::Body, Value::text("New agenda")),
        (Field::Attendees, people()),
        (Field::Location, Value::text("Room")),
    ]);
    let now = update(&remote, Domain::Calendar, &remote_version(&record), changes).await;
    assert_eq!(now.partly.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>(), [Path::of(Field::Body)]);
    let after = world.raw(&id.id, [Property::Body.into()]).await;
    assert_eq!(after.body(), before.body());
    let record = present(&remote, Kind::Appointment, &now.id).await;
    assert_eq!(record.text(Field::Location), Some("Room"));
    assert!(record.get(Field::Attendees).expect("people").as_people().is_some_and(|people| people.len() == 1));
}

// O7: Personal is not private; a person's finer word is kept.
#[tokio::test]
async fn privacy_keeps_a_persons_finer_words() {
    let world = World::new();
    let remote = world.open();
    for (word, private) in [("Normal", false), ("Personal", false), ("Private", true), ("Confidential", true)] {
        let item = Item::new(ItemKind::Task).with(Property::Sensitivity, ews::Value::Text(word.to_owned()));
        let id = world.makes(DistinguishedFolder::Tasks, item).await;
        let record = present(&remote, Kind::Task, &model::RecordId::new(&id.id)).await;
        assert_eq!(record.is_private(), private, "{word}");
        let changes = fields([(Field::Private, Value::Flag(private))]);
        update(&remote, Domain::Task, &remote_version(&record), changes).await;
        let raw = world.raw(&id.id, [Property::Sensitivity.into()]).await;
        assert_eq!(raw.text(Property::Sensitivity).unwrap_or("Normal"), word);
    }
}

// C10, P7: the type's own word is exchanged, everybody else's words stay where they are.
#[tokio::test]
async fn only_the_activity_types_own_word_is_exchanged() {
    let world = World::new();
    let remote = world.open();
    let start = fields([
        (Field::Start, berlin("2026-11-02T10:00:00")),
        (Field::End, berlin("2026-11-02T11:00:00")),
        (Field::ActivityType, Value::text("Call")),
        (Field::Categories, set(&["Mine"])),
    ]);
    let made = create(&remote, Domain::Calendar, start, "k").await;
    let words = |record: &model::Record| record.categories().map(str::to_owned).collect::<Vec<_>>();
    let record = present(&remote, Kind::Appointment, &made.id).await;
    assert_eq!(words(&record), ["Call", "Mine"]);
    let texts = ews::Value::Texts(["Meeting", "Mine", "Call", "Other"].map(str::to_owned).to_vec());
    let change = vec![ews::FieldChange::Set(Property::Categories.into(), texts)];
    world.edits(made.id.as_str(), ItemKind::CalendarItem, change).await;
    let record = present(&remote, Kind::Appointment, &made.id).await;
    assert_eq!(record.text(Field::ActivityType), Some("Call"), "the word we wrote, not the first that would do");
    let to_event = fields([(Field::ActivityType, Value::text("Event"))]);
    let now = update(&remote, Domain::Calendar, &remote_version(&record), to_event).await;
    let raw = world.raw(now.id.as_str(), [Property::Categories.into()]).await;
    assert_eq!(raw.texts(Property::Categories).expect("words"), ["Meeting", "Mine", "Other", "Event"]);
    let none = update(&remote, Domain::Calendar, &now, fields([(Field::ActivityType, Value::Null)])).await;
    let raw = world.raw(none.id.as_str(), [Property::Categories.into()]).await;
    assert_eq!(raw.texts(Property::Categories).expect("words"), ["Meeting", "Mine", "Other"]);
}

// trap 113
#[tokio::test]
async fn what_a_contact_is_filed_under_follows_its_names_until_a_person_files_it() {
    let world = World::new();
    let remote = world.open();
    let names = fields([(Field::FirstName, Value::text("Ann")), (Field::LastName, Value::text("Smith"))]);
    let made = create(&remote, Domain::BusinessContact, names, "k").await;
    let filed = [Property::FileAs, Property::DisplayName].map(Into::into);
    let raw = world.raw(made.id.as_str(), filed.clone()).await;
    assert_eq!((raw.text(Property::FileAs), raw.text(Property::DisplayName)), (Some("Smith, Ann"), Some("Ann Smith")));
    let now = update(&remote, Domain::BusinessContact, &made, fields([(Field::LastName, Value::text("Miller"))])).await;
    let raw = world.raw(now.id.as_str(), filed.clone()).await;
    assert_eq!(
        (raw.text(Property::FileAs), raw.text(Property::DisplayName)),
        (Some("Miller, Ann"), Some("Ann Miller"))
    );
    let own = vec![ews::FieldChange::Set(Property::FileAs.into(), ews::Value::Text("Annie".to_owned()))];
    world.edits(now.id.as_str(), ItemKind::Contact, own).await;
    let record = present(&remote, Kind::Contact, &now.id).await;
    let change = fields([(Field::LastName, Value::text("Smith"))]);
    let now = update(&remote, Domain::BusinessContact, &remote_version(&record), change).await;
    let raw = world.raw(now.id.as_str(), filed).await;
    assert_eq!((raw.text(Property::FileAs), raw.text(Property::DisplayName)), (Some("Annie"), Some("Ann Smith")));
}

// An extension field takes one row of the map and nothing else.
#[tokio::test]
async fn a_mapped_extension_field_goes_both_ways() {
    let guid = "00000000-0000-4000-8000-0123456789ab";
    let mut maps = (*crate::world::maps()).clone();
    let field = Field::Extension("vip".to_owned());
    for domain in CONTACTS {
        maps.get_mut(&domain).expect("a map").entries.push(model::MapEntry {
            field: field.clone(),
            property: format!("x:{{{guid}}}:Vip"),
            direction: model::Direction::Both,
            default: None,
            key: false,
            required: false,
            translation: None,
        });
    }
    let world = World::new();
    let remote = world.connection.open(crate::world::ANNA, std::sync::Arc::new(maps));
    let made = create(&remote, Domain::Employee, fields([(field.clone(), Value::text("gold"))]), "k").await;
    let record = present(&remote, Kind::Contact, &made.id).await;
    assert_eq!(record.text(field.clone()), Some("gold"));
    let path = ews::Path::Extended(ExtendedPath::named(guid, "Vip", ExtendedType::String));
    let silver = vec![ews::FieldChange::Set(path, ews::Value::Text("silver".to_owned()))];
    world.edits(made.id.as_str(), ItemKind::Contact, silver).await;
    assert_eq!(present(&remote, Kind::Contact, &made.id).await.text(field), Some("silver"));
}
