//! The CRM as a remote and a directory, on a CRM in memory.

mod activities;
mod directory;
mod records;

use super::{CrmDirectory, CrmRemote};
use async_trait::async_trait;
use crm::position::PositionDraft;
use crm::sync_list::Listable;
use crm::{
    Activity, ActivityDraft, ActivityEdit, ActivityId, Actor, Contact, ContactDraft, ContactEdit, Crm, Display,
    EmployeeDraft, EmployeeEdit, EmployeeId, Member, Place, PositionId,
};
use engine::port::{
    Clock, Concerned, Create, Directory, FindBy, Mail, Remote, Traced, Trouble, Update, Wanted, Write, Written,
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
        meeting: None,
        locked: false,
        owner: None,
        made_from: None,
        revive: None,
        mail: Mail::None,
    }
}

fn update(domain: Domain, written: &Written, changes: Fields) -> Write {
    Write::Update(Update {
        domain,
        id: written.id.clone(),
        version: written.version.clone(),
        planned: None,
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
    let wanted = [Wanted::by_id(RecordId::new(id))];
    let mut answers = remote.get(kind, &wanted).await.expect("answers");
    assert_eq!(answers.len(), 1);
    answers.remove(0).1.expect("seen")
}

async fn present(remote: &CrmRemote, kind: Kind, id: &str) -> Record {
    match get(remote, kind, id).await {
        Seen::Present(record) => std::sync::Arc::unwrap_or_clone(record),
        Seen::Gone(gone) => panic!("{id} is gone: {gone:?}"),
    }
}
