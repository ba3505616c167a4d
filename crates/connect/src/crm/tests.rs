//! The CRM as a remote and a directory, on a CRM in memory.

use super::{CrmDirectory, CrmRemote};
use async_trait::async_trait;
use crm::position::PositionDraft;
use crm::sync_list::Listable;
use crm::{
    Activity, ActivityDraft, ActivityEdit, ActivityId, Actor, Contact, ContactDraft, ContactEdit, Crm, Display,
    EmployeeDraft, EmployeeEdit, EmployeeId, Member, Place, PositionId,
};
use engine::port::{
    Clock, Concerned, Create, Directory, FindBy, Mail, Remote, Trouble, Update, Wanted, Write, Written,
};
use jiff::Timestamp;
use jiff::civil::DateTime;
use model::{
    Attendee, Domain, Field, Fields, Gone, Kind, MailboxId, Mark, Part, Path, Pattern, People, Range, Record, RecordId,
    Recurrence, Response, Role, Seen, UserId, Value, Version, When, Zone,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

struct Stopped;

#[async_trait]
impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        now()
    }
    async fn sleep_ms(&self, _ms: u64) {}
}

fn now() -> Timestamp {
    "2026-03-02T08:00:00Z".parse().expect("an instant")
}

struct World {
    crm: Crm,
    admin: Actor,
    sales: PositionId,
    anna: EmployeeId,
    bob: EmployeeId,
}

impl World {
    async fn new() -> World {
        let crm = Crm::open(&Place::Memory, now()).await.expect("opens");
        let admin = Actor::administrator(EmployeeId::new("EMP-admin"), "test");
        let head = crm.create_organization(&admin, "Head", None, now()).await.expect("made").id;
        let chief = PositionDraft { name: "Chief".into(), organization: head.clone(), parent: None };
        let chief = crm.create_position(&admin, &chief, now()).await.expect("made").id;
        let sales = PositionDraft { name: "Sales".into(), organization: head, parent: Some(chief) };
        let sales = crm.create_position(&admin, &sales, now()).await.expect("made").id;
        let hire = |first: &'static str, positions: Vec<PositionId>| EmployeeDraft {
            login: Some(first.to_lowercase()),
            addresses: vec![format!("{}@crm.test", first.to_lowercase())],
            positions,
            fields: fields([(Field::FirstName, Value::text(first)), (Field::LastName, Value::text("Berg"))]),
            ..EmployeeDraft::default()
        };
        let anna = crm.create_employee(&admin, &hire("Anna", vec![sales.clone()]), now()).await.expect("hired").id;
        let bob = crm.create_employee(&admin, &hire("Bob", vec![]), now()).await.expect("hired").id;
        World { crm, admin, sales, anna, bob }
    }

    fn remote(&self, user: &EmployeeId) -> CrmRemote {
        CrmRemote::new(self.crm.clone(), UserId::new(user.as_str()), Arc::new(Stopped))
    }

    fn directory(&self) -> CrmDirectory {
        CrmDirectory::new(self.crm.clone())
    }

    fn as_anna(&self) -> Actor {
        Actor::user(self.anna.clone(), "test")
    }

    async fn contact(&self, last: &str) -> Contact {
        let draft = ContactDraft { fields: person(last), ..ContactDraft::default() };
        self.crm.create_contact(&self.as_anna(), &draft, now()).await.expect("made").record
    }

    async fn meeting(&self, subject: &str, people: &[(&str, &str)]) -> Activity {
        let mut draft = ActivityDraft::new(Display::Calendar, self.anna.clone());
        draft.fields = hour(subject);
        draft.fields.insert(Path::of(Field::Attendees), Value::People(guests(people)));
        self.crm.create_activity(&self.as_anna(), &draft, now()).await.expect("made").record
    }

    async fn concerned(&self, from: i64) -> Concerned {
        self.directory().concerned(Some(&from.to_string()), 1_000).await.expect("answers")
    }

    async fn head(&self) -> i64 {
        self.crm.feed_head().await.expect("a number")
    }
}

fn fields<const N: usize>(list: [(Field, Value); N]) -> Fields {
    list.into_iter().map(|(field, value)| (Path::of(field), value)).collect()
}

fn person(last: &str) -> Fields {
    fields([
        (Field::FirstName, Value::text("Ida")),
        (Field::LastName, Value::text(last)),
        (Field::Email1, Value::text(format!("{last}@out.test"))),
    ])
}

fn berlin(wall: &str) -> Value {
    let wall: DateTime = wall.parse().expect("a wall time");
    Value::When(When::zoned(wall, Zone::iana("Europe/Berlin").expect("known")))
}

fn hour(subject: &str) -> Fields {
    fields([
        (Field::Subject, Value::text(subject)),
        (Field::Start, berlin("2026-03-10T10:00:00")),
        (Field::End, berlin("2026-03-10T11:00:00")),
    ])
}

fn guests(list: &[(&str, &str)]) -> People {
    list.iter()
        .map(|(name, address)| Attendee {
            name: (*name).to_owned(),
            address: Some((*address).to_owned()),
            role: Role::Required,
            response: Response::Unknown,
        })
        .map(|attendee| (attendee.key(), attendee))
        .collect()
}

fn create(domain: Domain, fields: Fields, key: &str) -> Create {
    Create {
        domain,
        folder: None,
        fields,
        mark: Mark { mailbox: MailboxId::new("m"), epoch: 1, key: key.to_owned(), write_no: 1 },
        global_id: None,
        locked: false,
        owner: None,
        mail: Mail::None,
    }
}

fn update(domain: Domain, written: &Written, changes: Fields) -> Write {
    Write::Update(Update {
        domain,
        id: written.id.clone(),
        version: written.version.clone(),
        changes,
        keep: Fields::new(),
        mark: None,
        mail: Mail::None,
    })
}

async fn all(remote: &CrmRemote, kind: Kind) -> Vec<Record> {
    let folder = remote.folders(kind).await.expect("folders").remove(0);
    let (mut records, mut cursor) = (Vec::new(), None::<String>);
    for _ in 0..100 {
        let page = remote.changes(kind, &folder, cursor.as_deref()).await.expect("a page");
        records.extend(page.records);
        cursor = Some(page.cursor);
        if !page.more {
            let rest = remote.changes(kind, &folder, cursor.as_deref()).await.expect("a page");
            assert!(rest.records.is_empty() && !rest.more, "a finished listing has nothing more");
            return records;
        }
    }
    panic!("the listing does not end");
}

async fn get(remote: &CrmRemote, kind: Kind, id: &str) -> Seen {
    let wanted = [Wanted { id: RecordId::new(id), mark_key: None }];
    let mut answers = remote.get(kind, &wanted).await.expect("answers");
    assert_eq!(answers.len(), 1);
    answers.remove(0).1.expect("seen")
}

async fn present(remote: &CrmRemote, kind: Kind, id: &str) -> Record {
    match get(remote, kind, id).await {
        Seen::Present(record) => *record,
        Seen::Gone(gone) => panic!("{id} is gone: {gone:?}"),
    }
}

#[tokio::test]
async fn a_listing_shows_the_users_views_page_by_page() {
    let world = World::new().await;
    for n in 0..205 {
        world.contact(&format!("c{n}")).await;
    }
    let own = ContactDraft { personal: true, fields: person("own"), ..ContactDraft::default() };
    world.crm.create_contact(&world.as_anna(), &own, now()).await.expect("made");
    world.meeting("Plan", &[("Bob", "bob@crm.test")]).await;
    let anna = all(&world.remote(&world.anna), Kind::Contact).await;
    let count = |domain| anna.iter().filter(|record| record.facts.domain == Some(domain)).count();
    assert_eq!(count(Domain::BusinessContact), 205);
    assert_eq!(count(Domain::PersonalContact), 1);
    assert_eq!(count(Domain::Employee), 2);
    let ids: BTreeSet<RecordId> = anna.iter().map(|record| record.id.clone()).collect();
    assert_eq!(ids.len(), anna.len(), "each once");
    let bob = world.remote(&world.bob);
    assert!(all(&bob, Kind::Contact).await.iter().all(|record| record.facts.domain == Some(Domain::Employee)));
    let meetings = all(&bob, Kind::Appointment).await;
    assert_eq!((meetings.len(), meetings[0].facts.part, meetings[0].facts.meeting), (1, Part::Participant, true));
    assert_eq!(all(&bob, Kind::Task).await.len(), 0);
    let folder = bob.folders(Kind::Task).await.expect("folders").remove(0);
    let refused = bob.changes(Kind::Task, &folder, Some("contacts:1")).await;
    assert_eq!(refused.err(), Some(Trouble::CursorRefused));
}

// O1, O3
#[tokio::test]
async fn what_comes_in_from_a_mailbox_stands_on_the_users_list() {
    let world = World::new().await;
    let remote = world.remote(&world.anna);
    let make = Write::Create(create(Domain::BusinessContact, person("One"), "key-1"));
    let made = remote.write(&make).await.expect("made");
    let again = remote.write(&make).await.expect("found");
    assert_eq!(made, again, "a repeated create makes no second record");
    let record = present(&remote, Kind::Contact, made.id.as_str()).await;
    assert_eq!(record.version, made.version);
    assert_eq!((record.facts.domain, record.facts.on_sync_list), (Some(Domain::BusinessContact), true));
    assert_eq!(record.facts.integration_key.as_deref(), Some("key-1"));
    let found = remote.find(Kind::Contact, &FindBy::Key("key-1".into()), 5).await.expect("answers");
    assert_eq!(found, [record]);
    let off = remote.write(&Write::Delist { domain: Domain::BusinessContact, id: made.id.clone() }).await.expect("off");
    assert_ne!(off.version, made.version, "a version tells the place on the list");
    assert!(!present(&remote, Kind::Contact, made.id.as_str()).await.facts.on_sync_list);
    let on = remote.write(&Write::Enlist { domain: Domain::BusinessContact, id: made.id.clone() }).await.expect("on");
    assert_eq!(on.version, made.version);
    let personal = Write::Create(create(Domain::PersonalContact, person("Two"), "key-2"));
    let personal = remote.write(&personal).await.expect("made");
    assert_eq!(present(&remote, Kind::Contact, personal.id.as_str()).await.facts.domain, Some(Domain::PersonalContact));
    let employee = remote.write(&Write::Create(create(Domain::Employee, person("Three"), "key-3"))).await;
    assert!(matches!(employee, Err(Trouble::Refused { .. })));
}

#[tokio::test]
async fn an_update_needs_the_version_it_was_planned_against() {
    let world = World::new().await;
    let remote = world.remote(&world.anna);
    let made = remote.write(&Write::Create(create(Domain::BusinessContact, person("One"), "k"))).await.expect("made");
    let change = update(Domain::BusinessContact, &made, fields([(Field::JobTitle, Value::text("Buyer"))]));
    let written = remote.write(&change).await.expect("written");
    let record = present(&remote, Kind::Contact, made.id.as_str()).await;
    assert_eq!(record.version, written.version);
    assert_eq!(record.text(Field::JobTitle), Some("Buyer"));
    assert_eq!(remote.write(&change).await, Err(Trouble::Stale));
    let wrong = fields([(Field::Birthday, Value::text("yesterday"))]);
    let refused = remote.write(&update(Domain::BusinessContact, &written, wrong)).await;
    assert!(matches!(refused, Err(Trouble::Refused { code, why }) if code == "invalid" && why.contains("birthday")));
    let foreign = Written { version: Version::new("x"), ..written.clone() };
    let stale = remote.write(&update(Domain::BusinessContact, &foreign, Fields::new())).await;
    assert_eq!(stale, Err(Trouble::Stale));
}

// C6
#[tokio::test]
async fn no_mailbox_deletes_a_business_contact_or_an_employee() {
    let world = World::new().await;
    let remote = world.remote(&world.anna);
    let delete = |id: &RecordId, version: &Version| Write::Delete {
        kind: Kind::Contact,
        id: id.clone(),
        version: version.clone(),
        mail: Mail::None,
    };
    let business =
        remote.write(&Write::Create(create(Domain::BusinessContact, person("One"), "k1"))).await.expect("made");
    assert!(matches!(remote.write(&delete(&business.id, &business.version)).await, Err(Trouble::Refused { .. })));
    let colleague = present(&remote, Kind::Contact, world.bob.as_str()).await;
    assert!(matches!(remote.write(&delete(&colleague.id, &colleague.version)).await, Err(Trouble::Refused { .. })));
    let personal =
        remote.write(&Write::Create(create(Domain::PersonalContact, person("Two"), "k2"))).await.expect("made");
    remote.write(&delete(&personal.id, &personal.version)).await.expect("deleted");
    assert_eq!(get(&remote, Kind::Contact, personal.id.as_str()).await, Seen::Gone(Gone::Deleted));
    assert_eq!(remote.write(&delete(&personal.id, &personal.version)).await, Err(Trouble::Gone(Gone::Deleted)));
    let found = remote.find(Kind::Contact, &FindBy::Key("k2".into()), 5).await.expect("answers");
    assert_eq!(found, []);
}

// O2
#[tokio::test]
async fn lost_sight_is_told_from_a_delete_and_from_the_list() {
    let world = World::new().await;
    let remote = world.remote(&world.anna);
    let listed = world.contact("Listed").await;
    let plain = world.contact("Plain").await;
    let record = Listable::Contact(listed.id.clone());
    world.crm.add_to_sync_list(&world.as_anna(), &record, &world.anna, now()).await.expect("listed");
    for contact in [&listed, &plain] {
        let edit = ContactEdit { team: Some(vec![Member::Employee(world.bob.clone())]), ..ContactEdit::default() };
        world.crm.update_contact(&world.as_anna(), &contact.id, 1, &edit, now()).await.expect("shared away");
    }
    let unseen = present(&remote, Kind::Contact, listed.id.as_str()).await;
    assert!(unseen.facts.not_visible && unseen.facts.on_sync_list);
    assert_eq!(unseen.fields, Fields::new(), "nothing of it is shown");
    assert_eq!(get(&remote, Kind::Contact, plain.id.as_str()).await, Seen::Gone(Gone::Delisted));
    assert_eq!(get(&remote, Kind::Contact, "CON-99999999").await, Seen::Gone(Gone::Unknown));
    let written = Written { id: unseen.id.clone(), version: unseen.version.clone(), other: None, partly: vec![] };
    let change = update(Domain::BusinessContact, &written, fields([(Field::Nickname, Value::text("x"))]));
    assert!(matches!(remote.write(&change).await, Err(Trouble::Refused { .. })));
    let off = Write::Delist { domain: Domain::BusinessContact, id: unseen.id.clone() };
    remote.write(&off).await.expect("off");
    assert_eq!(get(&remote, Kind::Contact, listed.id.as_str()).await, Seen::Gone(Gone::Delisted));
}

// O1
#[tokio::test]
async fn the_setting_all_shows_what_the_user_may_open() {
    let world = World::new().await;
    let contact = world.contact("One").await;
    let all_contacts = || world.remote(&world.bob).with_all_contacts(true);
    let business = |records: Vec<Record>| {
        records.iter().filter(|record| record.facts.domain == Some(Domain::BusinessContact)).count()
    };
    assert_eq!(business(all(&all_contacts(), Kind::Contact).await), 0);
    let edit = EmployeeEdit { all_contacts: Some(true), ..EmployeeEdit::default() };
    world.crm.update_employee(&world.admin, &world.bob, 1, &edit, now()).await.expect("allowed");
    assert_eq!(business(all(&all_contacts(), Kind::Contact).await), 1);
    assert_eq!(business(all(&world.remote(&world.bob), Kind::Contact).await), 0);
    let enlist = Write::Enlist { domain: Domain::BusinessContact, id: RecordId::new(contact.id.as_str()) };
    all_contacts().write(&enlist).await.expect("listed");
}

// D3
#[tokio::test]
async fn an_activity_looked_at_as_the_other_kind_tells_its_domain() {
    let world = World::new().await;
    let remote = world.remote(&world.anna);
    let meeting = world.meeting("Plan", &[]).await;
    let edit = ActivityEdit { display: Some(Display::ToDo), ..ActivityEdit::default() };
    world.crm.update_activity(&world.as_anna(), &meeting.id, 1, &edit, now()).await.expect("changed");
    let before = present(&remote, Kind::Appointment, meeting.id.as_str()).await;
    assert_eq!((before.kind, before.facts.domain), (Kind::Appointment, Some(Domain::Task)));
    let after = present(&remote, Kind::Task, meeting.id.as_str()).await;
    assert_eq!((after.kind, after.facts.domain), (Kind::Task, Some(Domain::Task)));
    assert!(after.get(Field::Start).is_none() && after.get(Field::DueDay).is_some());
    let edit = ActivityEdit { display: Some(Display::ActivitiesOnly), ..ActivityEdit::default() };
    world.crm.update_activity(&world.as_anna(), &meeting.id, 2, &edit, now()).await.expect("changed");
    assert_eq!(present(&remote, Kind::Task, meeting.id.as_str()).await.facts.domain, None);
}

// D6, C6
#[tokio::test]
async fn a_participant_leaves_and_is_told_so() {
    let world = World::new().await;
    let bob = world.remote(&world.bob);
    let meeting = world.meeting("Plan", &[("Bob", "bob@crm.test")]).await;
    let leave = |kind, id: &ActivityId| Write::Leave { kind, id: RecordId::new(id.as_str()) };
    let left = bob.write(&leave(Kind::Appointment, &meeting.id)).await.expect("left");
    let record = present(&bob, Kind::Appointment, meeting.id.as_str()).await;
    assert!(record.facts.hidden && record.version == left.version);
    assert_eq!(bob.write(&leave(Kind::Appointment, &meeting.id)).await.expect("left already"), left);
    let mut draft = ActivityDraft::new(Display::ToDo, world.anna.clone());
    draft.fields = fields([
        (Field::Subject, Value::text("Call")),
        (Field::Attendees, Value::People(guests(&[("Bob", "bob@crm.test")]))),
    ]);
    let task = world.crm.create_activity(&world.as_anna(), &draft, now()).await.expect("made").record;
    assert_eq!(present(&bob, Kind::Task, task.id.as_str()).await.facts.part, Part::Participant);
    bob.write(&leave(Kind::Task, &task.id)).await.expect("left");
    let former = present(&bob, Kind::Task, task.id.as_str()).await;
    assert_eq!((former.facts.part, former.fields), (Part::Former, Fields::new()));
    let anna = present(&world.remote(&world.anna), Kind::Task, task.id.as_str()).await;
    assert_eq!(anna.facts.part, Part::Owner);
    let stranger = world.meeting("Alone", &[]).await;
    assert_eq!(get(&bob, Kind::Appointment, stranger.id.as_str()).await, Seen::Gone(Gone::NotVisible));
}

// O7
#[tokio::test]
async fn a_private_meeting_goes_veiled_into_a_participants_mailbox() {
    let world = World::new().await;
    let meeting = world.meeting("Dentist", &[("Bob", "bob@crm.test")]).await;
    let private = fields([(Field::Private, Value::Flag(true)), (Field::Body, Value::text("Dentist"))]);
    let edit = ActivityEdit { fields: private, ..ActivityEdit::default() };
    world.crm.update_activity(&world.as_anna(), &meeting.id, 1, &edit, now()).await.expect("changed");
    let bob = world.remote(&world.bob);
    let record = present(&bob, Kind::Appointment, meeting.id.as_str()).await;
    assert_eq!(record.text(Field::Subject), Some("Private"));
    assert!(record.is_private() && record.facts.meeting);
    assert_eq!(record.get(Field::Start), Some(&berlin("2026-03-10T10:00:00")));
    let text = serde_json::to_string(&record).expect("JSON");
    assert!(!text.contains("Dentist"));
    let listed = all(&bob, Kind::Appointment).await;
    assert!(!serde_json::to_string(&listed).expect("JSON").contains("Dentist"));
    let anna = present(&world.remote(&world.anna), Kind::Appointment, meeting.id.as_str()).await;
    assert_eq!(anna.text(Field::Subject), Some("Dentist"));
}

// P1, P3, P6
#[tokio::test]
async fn one_meeting_is_one_activity_whoever_brings_it() {
    let world = World::new().await;
    let (anna, bob) = (world.remote(&world.anna), world.remote(&world.bob));
    let mut meeting = create(Domain::Calendar, hour("Plan"), "k1");
    meeting.fields.insert(Path::of(Field::Attendees), Value::People(guests(&[("Bob", "bob@crm.test")])));
    meeting.fields.insert(Path::of(Field::Reminder), Value::Number(5));
    meeting.global_id = Some("G1".into());
    meeting.owner = Some(UserId::new(world.anna.as_str()));
    let by_bob = bob.write(&Write::Create(meeting.clone())).await.expect("made");
    let record = present(&bob, Kind::Appointment, by_bob.id.as_str()).await;
    assert_eq!((record.facts.part, record.get(Field::Reminder)), (Part::Participant, Some(&Value::Number(5))));
    meeting.mark.key = "k2".into();
    meeting.owner = None;
    let by_anna = anna.write(&Write::Create(meeting)).await.expect("found");
    assert_eq!(by_anna.id, by_bob.id);
    let hers = present(&anna, Kind::Appointment, by_bob.id.as_str()).await;
    assert_eq!((hers.facts.part, hers.get(Field::Reminder)), (Part::Owner, Some(&Value::Null)), "P7: his is not hers");
    let found = anna.find(Kind::Appointment, &FindBy::GlobalId("G1".into()), 5).await.expect("answers");
    assert_eq!(found.len(), 1);
    assert_eq!(anna.find(Kind::Task, &FindBy::GlobalId("G1".into()), 5).await.expect("answers"), []);
    let flag = Write::Flag { id: by_bob.id.clone(), global_id: Some("G1".into()), locked: true };
    let flagged = anna.write(&flag).await.expect("flagged");
    let locked = present(&anna, Kind::Appointment, by_bob.id.as_str()).await;
    assert!(locked.facts.locked && locked.version == flagged.version);
    let change = update(Domain::Calendar, &flagged, fields([(Field::Subject, Value::text("New plan"))]));
    anna.write(&change).await.expect("the organiser's mailbox writes a locked meeting");
}

// R3
#[tokio::test]
async fn a_new_rule_is_written_with_the_exceptions_that_stay() {
    let world = World::new().await;
    let remote = world.remote(&world.anna);
    let rule = |days: &[u8]| {
        Value::Rule(Recurrence {
            pattern: Pattern::Weekly { interval: 1, days: days.iter().copied().collect(), first_day: 1 },
            range: Range::NoEnd,
        })
    };
    let at = |text: &str, field| Path::occurrence(text.parse::<DateTime>().expect("a wall time"), field);
    let mut series = hour("Weekly");
    series.insert(Path::of(Field::Rule), rule(&[2, 4]));
    series.insert(at("2026-03-12T10:00:00", Field::State), Value::text("cancelled"));
    series.insert(at("2026-03-17T10:00:00", Field::Location), Value::text("Attic"));
    let made = remote.write(&Write::Create(create(Domain::Calendar, series, "k"))).await.expect("made");
    let keep = Fields::from([
        (at("2026-03-17T14:00:00", Field::State), Value::text("modified")),
        (at("2026-03-17T14:00:00", Field::Location), Value::text("Attic")),
    ]);
    let changes = Fields::from([
        (Path::of(Field::Rule), rule(&[2])),
        (Path::of(Field::Start), berlin("2026-03-10T14:00:00")),
        (Path::of(Field::End), berlin("2026-03-10T15:00:00")),
    ]);
    let write = Write::Update(Update {
        domain: Domain::Calendar,
        id: made.id.clone(),
        version: made.version.clone(),
        changes,
        keep: keep.clone(),
        mark: None,
        mail: Mail::None,
    });
    remote.write(&write).await.expect("written");
    let record = present(&remote, Kind::Appointment, made.id.as_str()).await;
    let exceptions: Fields = record.fields.into_iter().filter(|(path, _)| path.occurrence.is_some()).collect();
    assert_eq!(exceptions, keep);
}

// P2
#[tokio::test]
async fn attendees_come_back_as_the_mailbox_named_them() {
    let world = World::new().await;
    let remote = world.remote(&world.anna);
    let edit = EmployeeEdit {
        addresses: Some(vec!["bob@crm.test".into(), "robert@old.test".into()]),
        ..EmployeeEdit::default()
    };
    world.crm.update_employee(&world.admin, &world.bob, 1, &edit, now()).await.expect("changed");
    let invited = guests(&[("Robert", "robert@old.test"), ("Guest", "guest@out.test")]);
    let mut meeting = create(Domain::Calendar, hour("Plan"), "k");
    meeting.fields.insert(Path::of(Field::Attendees), Value::People(invited.clone()));
    let made = remote.write(&Write::Create(meeting)).await.expect("made");
    let record = present(&remote, Kind::Appointment, made.id.as_str()).await;
    assert_eq!(record.get(Field::Attendees), Some(&Value::People(invited)));
    let bob = present(&world.remote(&world.bob), Kind::Appointment, made.id.as_str()).await;
    assert_eq!(bob.facts.part, Part::Participant);
}

#[tokio::test]
async fn an_extension_field_of_the_map_is_shown_though_it_is_empty() {
    let world = World::new().await;
    let contact = world.contact("One").await;
    let mut map = model::maps_ews::default_map(Domain::BusinessContact);
    map.entries[0].field = Field::Extension("vip".into());
    let remote = world.remote(&world.anna).with_maps(Arc::new(BTreeMap::from([(Domain::BusinessContact, map)])));
    let record = present(&remote, Kind::Contact, contact.id.as_str()).await;
    assert_eq!(record.get(Field::Extension("vip".into())), Some(&Value::Null));
}

#[tokio::test]
async fn the_user_himself_is_the_identity_of_this_side() {
    let world = World::new().await;
    let remote = world.remote(&world.anna);
    let identity = remote.identity().await.expect("answers");
    assert_eq!((identity.root.as_str(), identity.is_user), (world.anna.as_str(), true));
    assert_eq!(identity.addresses, ["anna@crm.test"]);
    let gone = world.remote(&EmployeeId::new("EMP-none")).identity().await;
    assert!(matches!(gone, Err(Trouble::NoAccess { .. })));
    assert!(matches!(remote.set_identity(&MailboxId::new("m")).await, Err(Trouble::Refused { .. })));
}

// Decision 9
#[tokio::test]
async fn the_feed_becomes_who_should_look_at_what() {
    let world = World::new().await;
    let user = |id: &EmployeeId| UserId::new(id.as_str());
    let start = world.directory().concerned(None, 10).await.expect("answers");
    assert_eq!((start.cursor.clone(), start.looks.len()), (world.head().await.to_string(), 0));
    let contact = world.contact("One").await;
    let told = world.concerned(start.cursor.parse().expect("a number")).await;
    assert_eq!(told.looks, [(user(&world.anna), Kind::Contact, RecordId::new(contact.id.as_str()))]);
    assert!(!told.more && told.everywhere.is_empty());
    let meeting = world.meeting("Plan", &[("Bob", "bob@crm.test")]).await;
    let head = world.head().await;
    let edit = ActivityEdit { display: Some(Display::ToDo), ..ActivityEdit::default() };
    world.crm.update_activity(&world.as_anna(), &meeting.id, 1, &edit, now()).await.expect("changed");
    let told = world.concerned(head).await;
    let id = RecordId::new(meeting.id.as_str());
    let expected: BTreeSet<(UserId, Kind, RecordId)> = [&world.anna, &world.bob]
        .into_iter()
        .flat_map(|who| [Kind::Appointment, Kind::Task].map(|kind| (user(who), kind, id.clone())))
        .collect();
    assert_eq!(told.looks.into_iter().collect::<BTreeSet<_>>(), expected);
    let head = world.head().await;
    world.crm.delete_activity(&world.as_anna(), &meeting.id, 2, now()).await.expect("deleted");
    assert_eq!(world.concerned(head).await.everywhere, [(Kind::Task, id)]);
    let head = world.head().await;
    let edit = EmployeeEdit { positions: Some(vec![world.sales.clone()]), ..EmployeeEdit::default() };
    world.crm.update_employee(&world.admin, &world.bob, 1, &edit, now()).await.expect("changed");
    let told = world.concerned(head).await;
    assert_eq!(told.memberships, BTreeSet::from([user(&world.bob)]));
    let uncovered = (user(&world.bob), Kind::Contact, RecordId::new(contact.id.as_str()));
    assert!(told.looks.contains(&uncovered), "a contact he sees from now on");
}

#[tokio::test]
async fn the_reader_is_refused_where_the_feed_has_a_gap() {
    let world = World::new().await;
    let head = world.head().await;
    let beyond = world.directory().concerned(Some(&(head + 5).to_string()), 10).await;
    assert_eq!(beyond.err(), Some(Trouble::CursorRefused), "a CRM restored from a backup");
    world.crm.feed_forget(head, 1_000).await.expect("forgotten");
    assert_eq!(world.directory().concerned(Some("0"), 10).await.err(), Some(Trouble::CursorRefused));
    let quiet = world.concerned(head).await;
    assert_eq!((quiet.cursor, quiet.more), (head.to_string(), false));
    assert_eq!(world.directory().concerned(Some("x"), 10).await.err(), Some(Trouble::CursorRefused));
    for last in ["a", "b", "c"] {
        world.contact(last).await;
    }
    let first = world.directory().concerned(Some(&head.to_string()), 2).await.expect("answers");
    assert!(first.more && first.looks.len() == 2);
    let rest = world.directory().concerned(Some(&first.cursor), 2).await.expect("answers");
    assert!(!rest.more && rest.looks.len() == 1);
}

// L4, P2
#[tokio::test]
async fn the_directory_knows_users_groups_and_addresses() {
    let world = World::new().await;
    let directory = world.directory();
    let users = directory.users(None, 10).await.expect("answers");
    assert_eq!(users.iter().map(|user| user.login.as_str()).collect::<Vec<_>>(), ["anna", "bob"]);
    let anna = UserId::new(world.anna.as_str());
    assert_eq!(directory.users(Some(&anna), 10).await.expect("answers").len(), 1);
    assert_eq!(directory.user(&anna).await.expect("answers").map(|user| user.name), Some("Anna Berg".to_owned()));
    assert_eq!(directory.user(&UserId::new("EMP-none")).await.expect("answers"), None);
    let groups = directory.memberships(&anna).await.expect("answers");
    assert_eq!((groups.positions.len(), groups.positions[0].above.len()), (1, 1));
    assert!(groups.positions[0].primary);
    let sales = ("position".to_owned(), world.sales.to_string());
    let names = directory.groups(&BTreeSet::from([sales.clone(), ("position".into(), "none".into())])).await;
    assert_eq!(names.expect("answers"), BTreeMap::from([(sales, "Sales".to_owned())]));
    let who = directory.who(&BTreeSet::from(["ANNA@crm.test".to_owned(), "x@y.test".to_owned()])).await;
    assert_eq!(who.expect("answers"), BTreeMap::from([("ANNA@crm.test".to_owned(), anna)]));
}

// Cost: what a cycle of an unchanged pairing asks of the CRM.
#[tokio::test]
async fn a_finished_listing_and_a_quiet_feed_cost_next_to_nothing() {
    let world = World::new().await;
    for n in 0..20 {
        world.contact(&n.to_string()).await;
    }
    let remote = world.remote(&world.anna);
    all(&remote, Kind::Contact).await;
    let head = world.head().await;
    let before = world.crm.statements();
    for kind in Kind::ALL {
        let folder = remote.folders(kind).await.expect("folders").remove(0);
        remote.changes(kind, &folder, Some("end")).await.expect("a page");
    }
    assert_eq!(world.crm.statements(), before);
    world.concerned(head).await;
    assert!(world.crm.statements() <= before + 2);
}
