//! The database under the CRM: durable, opened again, refused when it is newer, read while it is written.

use crate::world::{World, now, on_both};
use crm::{Crm, Error, Place};

on_both!(
    commits_outlive_a_power_failure,
    what_was_written_is_there_when_opened_again,
    a_newer_schema_is_refused,
    text_is_ordered_by_its_bytes
);

// Decision 15
async fn commits_outlive_a_power_failure(world: &World) {
    let setting = world.crm.durability().await.unwrap();
    match &world.place {
        Place::Memory | Place::File(_) => assert_eq!(setting, "2", "synchronous is FULL"),
        Place::Postgres(_) => assert_eq!(setting, "on", "synchronous_commit is on"),
    }
}

async fn what_was_written_is_there_when_opened_again(world: &World) {
    let ida = world.contact("Ida", "One", "ida@out.test").await;
    let head = world.head_seq().await;
    let again = Crm::open(&world.place, now()).await.expect("opens beside the first");
    assert_eq!(again.contact(&world.as_anna(), &ida.id).await.unwrap(), ida);
    assert_eq!(again.feed_head().await.unwrap(), head);
    again.close().await;
}

async fn a_newer_schema_is_refused(world: &World) {
    let sql = "INSERT INTO crm_schema (version, applied_at) VALUES (999, 0)";
    match &world.place {
        Place::Memory => unreachable!("no test of this suite runs in memory"),
        Place::File(path) => {
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
            let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
            sqlx::query(sql).execute(&pool).await.unwrap();
            pool.close().await;
        }
        Place::Postgres(url) => {
            let pool = sqlx::PgPool::connect(url).await.unwrap();
            sqlx::query(sql).execute(&pool).await.unwrap();
            pool.close().await;
        }
    }
    let refused = Crm::open(&world.place, now()).await.err().expect("refused");
    assert!(matches!(refused, Error::Newer { found: 999, known: 1 }));
}

/// The same order on both databases, whatever the server's language: pages and ids depend on it.
async fn text_is_ordered_by_its_bytes(world: &World) {
    for (name, n) in [("a b", 1), ("B", 2), ("ab", 3), ("a-c", 4)] {
        world.contact("", name, &format!("{n}@out.test")).await;
    }
    let request = crm::PageRequest::first(10);
    let page = world.crm.contacts(&world.as_anna(), crm::views::ContactView::MyContacts, &request).await.unwrap();
    let names: Vec<String> = page.items.iter().map(crm::Contact::name).collect();
    assert_eq!(names, ["a b", "a-c", "ab", "B"]);
}

#[tokio::test]
async fn a_crm_in_memory_is_one_database_for_all_its_clones() {
    let crm = Crm::open(&Place::Memory, now()).await.expect("opens");
    let clone = crm.clone();
    let admin = crm::Actor::administrator(crm::EmployeeId::new("EMP-admin"), "test");
    let made = crm.create_organization(&admin, "Head", None, now()).await.expect("made");
    assert_eq!(clone.organization(&made.id).await.expect("there"), made);
}

// E3
#[tokio::test]
async fn a_postgresql_that_is_not_there_is_told_as_such() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let place = Place::Postgres(format!("postgres://syncline:secret-word@127.0.0.1:{port}/syncline"));
    let Err(why) = Crm::open(&place, now()).await else { panic!("opened") };
    let why = why.to_string();
    assert!(why.contains("refused") && !why.contains("secret-word"), "{why}");
}
