//! A small company to test with, on a fresh database of either kind.

use crm::position::PositionDraft;
use crm::{
    Activity, ActivityDraft, Actor, Contact, ContactDraft, Crm, Display, Employee, EmployeeDraft, EmployeeId, Error,
    OrganizationId, Place, PositionId,
};
use jiff::Timestamp;
use jiff::civil::DateTime;
use model::{Attendee, Field, Fields, Path, People, Response, Role, Value, When, Zone};
use sqlx::Connection as _;
use std::sync::atomic::{AtomicU32, Ordering};

/// Runs each named test on SQLite, and on PostgreSQL when `SYNCLINE_TEST_PG` names a server.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    let world = crate::world::World::on_sqlite().await;
                    super::$name(&world).await;
                    world.close().await;
                }
            )*
        }
        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    match crate::world::World::on_postgres().await {
                        Some(world) => {
                            super::$name(&world).await;
                            world.close().await;
                        }
                        None => println!("skipped: SYNCLINE_TEST_PG names no PostgreSQL server"),
                    }
                }
            )*
        }
    };
}
pub(crate) use on_both;

/// A database with a few people in it.
pub struct World {
    pub crm: Crm,
    pub place: Place,
    /// The administrator: no employee needs to exist for him.
    pub admin: Actor,
    pub head: OrganizationId,
    pub branch: OrganizationId,
    /// Sales in the branch, below the head's chief.
    pub sales: PositionId,
    pub chief: PositionId,
    pub anna: EmployeeId,
    pub bob: EmployeeId,
    pub carla: EmployeeId,
    undo: Undo,
}

enum Undo {
    Folder(tempfile::TempDir),
    Database { server: String, name: String },
}

pub fn now() -> Timestamp {
    "2026-03-02T08:00:00Z".parse().expect("an instant")
}

static DATABASES: AtomicU32 = AtomicU32::new(0);

impl World {
    pub async fn on_sqlite() -> World {
        let folder = tempfile::tempdir().expect("a folder");
        let place = Place::File(folder.path().join("crm.db"));
        World::at(place, Undo::Folder(folder)).await
    }

    pub async fn on_postgres() -> Option<World> {
        let server = std::env::var("SYNCLINE_TEST_PG").ok().filter(|url| !url.is_empty())?;
        let number = DATABASES.fetch_add(1, Ordering::Relaxed);
        let name = format!("crm_it_{}_{number}", std::process::id());
        let mut connection = sqlx::PgConnection::connect(&server).await.expect("the named server answers");
        let sql = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::query(sql).execute(&mut connection).await.expect("a database can be made");
        connection.close().await.expect("closed");
        let mut url = server.clone();
        let at = url.rfind('/').filter(|at| *at > "postgres://".len()).unwrap_or(url.len());
        url.truncate(at);
        let place = Place::Postgres(format!("{url}/{name}"));
        Some(World::at(place, Undo::Database { server, name }).await)
    }

    async fn at(place: Place, undo: Undo) -> World {
        let crm = Crm::open(&place, now()).await.expect("opens");
        let admin = Actor::administrator(EmployeeId::new("EMP-admin"), "test");
        let head = crm.create_organization(&admin, "Head Office", None, now()).await.expect("made").id;
        let branch = crm.create_organization(&admin, "Branch", Some(&head), now()).await.expect("made").id;
        let chief = PositionDraft { name: "Chief".into(), organization: head.clone(), parent: None };
        let chief = crm.create_position(&admin, &chief, now()).await.expect("made").id;
        let sales = PositionDraft { name: "Sales".into(), organization: branch.clone(), parent: Some(chief.clone()) };
        let sales = crm.create_position(&admin, &sales, now()).await.expect("made").id;
        let mut world = World {
            crm,
            place,
            admin,
            head,
            branch,
            sales: sales.clone(),
            chief: chief.clone(),
            anna: EmployeeId::new(""),
            bob: EmployeeId::new(""),
            carla: EmployeeId::new(""),
            undo,
        };
        world.anna = world.hire("Anna", "Berg", &[sales]).await.id;
        world.bob = world.hire("Bob", "Cole", &[chief]).await.id;
        world.carla = world.hire("Carla", "Diaz", &[]).await.id;
        world
    }

    pub async fn close(self) {
        self.crm.close().await;
        match self.undo {
            Undo::Folder(folder) => folder.close().expect("the folder goes"),
            Undo::Database { server, name } => {
                let mut connection = sqlx::PgConnection::connect(&server).await.expect("the server answers");
                let sql = sqlx::AssertSqlSafe(format!("DROP DATABASE {name}"));
                sqlx::query(sql).execute(&mut connection).await.expect("nobody uses it any more");
            }
        }
    }

    /// A user with one address.
    pub async fn hire(&self, first: &str, last: &str, positions: &[PositionId]) -> Employee {
        let login = first.to_lowercase();
        let draft = EmployeeDraft {
            login: Some(login.clone()),
            addresses: vec![format!("{login}@crm.test")],
            positions: positions.to_vec(),
            fields: fields([(Field::FirstName, text(first)), (Field::LastName, text(last))]),
            ..EmployeeDraft::default()
        };
        self.crm.create_employee(&self.admin, &draft, now()).await.expect("hired")
    }

    pub fn as_anna(&self) -> Actor {
        Actor::user(self.anna.clone(), "test")
    }

    pub fn as_bob(&self) -> Actor {
        Actor::user(self.bob.clone(), "test")
    }

    pub fn as_carla(&self) -> Actor {
        Actor::user(self.carla.clone(), "test")
    }

    pub fn as_sync(&self, user: &EmployeeId) -> Actor {
        Actor::sync(user.clone(), "sync")
    }

    /// A business contact of Anna's team.
    pub async fn contact(&self, first: &str, last: &str, email: &str) -> Contact {
        let draft = ContactDraft { fields: person(first, last, email), ..ContactDraft::default() };
        self.crm.create_contact(&self.as_anna(), &draft, now()).await.expect("made").record
    }

    /// A personal contact of Anna's.
    pub async fn personal(&self, first: &str, last: &str, email: &str) -> Contact {
        let draft = ContactDraft { personal: true, fields: person(first, last, email), ..ContactDraft::default() };
        self.crm.create_contact(&self.as_anna(), &draft, now()).await.expect("made").record
    }

    /// An appointment of Anna's at ten, an hour long, with these people.
    pub async fn appointment(&self, subject: &str, people: People) -> Activity {
        let mut draft = ActivityDraft::new(Display::Calendar, self.anna.clone());
        draft.fields = hour(subject);
        draft.fields.insert(Path::of(Field::Attendees), Value::People(people));
        self.crm.create_activity(&self.as_anna(), &draft, now()).await.expect("made").record
    }

    pub async fn head_seq(&self) -> i64 {
        self.crm.feed_head().await.expect("a number")
    }
}

pub fn text(text: &str) -> Value {
    Value::text(text)
}

pub fn fields<const N: usize>(list: [(Field, Value); N]) -> Fields {
    list.into_iter().map(|(field, value)| (Path::of(field), value)).collect()
}

pub fn person(first: &str, last: &str, email: &str) -> Fields {
    fields([(Field::FirstName, text(first)), (Field::LastName, text(last)), (Field::Email1, text(email))])
}

pub fn berlin(wall: &str) -> Value {
    let wall: DateTime = wall.parse().expect("a wall time");
    Value::When(When::zoned(wall, Zone::iana("Europe/Berlin").expect("known")))
}

pub fn day(text: &str) -> Value {
    Value::Day(text.parse().expect("a day"))
}

pub fn hour(subject: &str) -> Fields {
    fields([
        (Field::Subject, text(subject)),
        (Field::Start, berlin("2026-03-10T10:00:00")),
        (Field::End, berlin("2026-03-10T11:00:00")),
    ])
}

pub fn people(list: &[(&str, &str)]) -> People {
    list.iter()
        .map(|(name, address)| Attendee {
            name: (*name).to_owned(),
            address: Some((*address).to_owned()),
            role: Role::Required,
            response: Response::NotResponded,
        })
        .map(|attendee| (attendee.key(), attendee))
        .collect()
}

pub fn get(fields: &Fields, field: Field) -> Option<&Value> {
    fields.get(&Path::of(field))
}

pub fn shown(fields: &Fields, field: Field) -> Option<&str> {
    get(fields, field).and_then(Value::as_text)
}

pub fn faults(error: Error) -> Vec<String> {
    match error {
        Error::Invalid(faults) => faults.into_iter().map(|fault| fault.field).collect(),
        other => panic!("expected faults, got {other}"),
    }
}
