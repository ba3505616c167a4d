//! What keeps a server well by itself: it says whether it can work, forgets what has ended, and gets over a clock that was
//! wrong (rules E1, E6).

use crate::clock::clean;
use crate::database::on_both;
use crate::outlook;
use crate::refused_once::refuses;
use crate::world::{Person, World};
use serde_json::{Value as Json, json};
use server::ops;
use sqlx::Connection as _;
use wire::ews::DistinguishedFolder as Folder;

on_both!(
    a_database_that_takes_no_write_makes_it_unready_until_it_does,
    tokens_that_ended_are_listed_for_a_day_and_then_forgotten,
    what_a_clock_put_off_that_was_ahead_goes_on_when_it_is_right,
);

const CALENDAR: &str = "my_calendar";

async fn ready(world: &World) -> (u16, Json) {
    let nobody = Person { token: String::new(), ..world.admin.clone() };
    world.ask(&nobody, "GET", "/health/ready", None).await
}

/// Says something to the store's database past the server.
async fn past(world: &World, sqlite: &'static str, postgres: &'static str) {
    match world.databases.store.strip_prefix("sqlite:") {
        Some(file) => {
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
            let mut connection = sqlx::SqliteConnection::connect_with(&options).await.expect("opened");
            sqlx::query(sqlite).execute(&mut connection).await.expect("done");
            connection.close().await.expect("closed");
        }
        None => {
            let mut connection = sqlx::PgConnection::connect(&world.databases.store).await.expect("the server answers");
            sqlx::query(postgres).execute(&mut connection).await.expect("done");
            connection.close().await.expect("closed");
        }
    }
}

// E6: a disk that is full still reads.
async fn a_database_that_takes_no_write_makes_it_unready_until_it_does() {
    let world = World::new().await;
    assert_eq!(ready(&world).await, (200, json!({"status": "ok", "database": "ok", "crm": "ok"})));
    past(
        &world,
        "CREATE TRIGGER full BEFORE INSERT ON sync_meta BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END",
        "ALTER TABLE sync_meta ADD CONSTRAINT disk_is_full CHECK (name = 'epoch') NOT VALID",
    )
    .await;
    assert_eq!(ready(&world).await.0, 200, "anybody may ask: what was found a moment ago is told again");
    world.pass_s(5);
    let (status, told) = ready(&world).await;
    assert_eq!((status, &told["status"], &told["crm"]), (503, &json!("not ready"), &json!("ok")));
    assert_eq!(told["database"], "takes no write: the disk is full");
    past(&world, "DROP TRIGGER full", "ALTER TABLE sync_meta DROP CONSTRAINT disk_is_full").await;
    world.pass_s(5);
    assert_eq!(ready(&world).await.0, 200);
}

async fn tokens_that_ended_are_listed_for_a_day_and_then_forgotten() {
    let (world, anna, _) = World::with_two().await;
    world.done(&anna, "PUT", "/api/crm/password", Some(&json!({"password": "correct horse"}))).await;
    let nobody = Person { token: String::new(), ..anna.clone() };
    let sign_in = json!({"login": "anna", "password": "correct horse"});
    for _ in 0..3 {
        assert_eq!(world.ask(&nobody, "POST", "/api/crm/sign-in", Some(&sign_in)).await.0, 201);
    }
    let tokens = async || world.list(&anna, "/api/crm/tokens").await.len();
    assert_eq!(tokens().await, 4, "one of a program, three of signing in");
    world.pass_days(1);
    assert_eq!(ops::token::forget_ended(&world.services).await.expect("swept"), 0);
    world.pass_days(30);
    assert_eq!(ops::token::forget_ended(&world.services).await.expect("swept"), 3);
    assert_eq!(tokens().await, 1);
    assert!(world.is_there(&anna, "/api/crm/me").await);
}

// E1, E6: a machine that ran a while in next year.
async fn what_a_clock_put_off_that_was_ahead_goes_on_when_it_is_right() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    clean(&world, &anna).await;
    world.pass_days(365);
    refuses(&world, &["CreateItem", "UpdateItem"], String::new(), "ErrorQuotaExceeded");
    world.appointment(&anna, "New", "2027-12-01").await;
    world.sync(&[&anna]).await;
    assert_eq!(world.quarantine(&anna).await.len(), 1);
    world.hq.on_request(None);
    world.pass_days(-365);
    clean(&world, &anna).await;
    assert_eq!(outlook::titles(&outlook.items(Folder::Calendar).await), ["New"]);
    assert_eq!(world.view(&anna, CALENDAR).await.len(), 1);
}
