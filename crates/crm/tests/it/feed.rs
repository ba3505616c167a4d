//! The change feed: complete, in order, in the transaction of the change.

use crate::world::{World, fields, now, on_both, person, text};
use crm::feed::{Op, Root, What};
use crm::{Actor, ContactDraft, ContactEdit, Crm, Error, Member};
use model::Field;
use std::collections::BTreeSet;

on_both!(
    a_change_is_noted_once_with_all_it_concerns,
    a_refused_change_is_not_noted,
    writers_at_once_leave_no_gap_and_a_reader_skips_nothing,
    writers_at_once_on_one_record_lose_no_update,
    old_entries_are_forgotten_in_bounded_steps,
);

async fn a_change_is_noted_once_with_all_it_concerns(world: &World) {
    let crm = &world.crm;
    let ida = world.contact("Ida", "One", "ida@out.test").await;
    let before = world.head_seq().await;
    let edit = ContactEdit { team: Some(vec![Member::Employee(world.bob.clone())]), ..ContactEdit::default() };
    crm.update_contact(&world.as_anna(), &ida.id, 1, &edit, now()).await.unwrap();
    let entries = crm.feed_after(before, 10).await.unwrap();
    assert_eq!(entries.len(), 1);
    let entry = &entries[0];
    assert_eq!((entry.kind, entry.op, entry.what), (Root::Contact, Op::Update, What::Team));
    assert_eq!(entry.users, BTreeSet::from([world.anna.clone(), world.bob.clone()]), "before or after");
    assert_eq!((entry.by.clone(), entry.source.as_str(), entry.at), (world.anna.clone(), "test", now()));
}

async fn a_refused_change_is_not_noted(world: &World) {
    let crm = &world.crm;
    let ida = world.contact("Ida", "One", "ida@out.test").await;
    let before = world.head_seq().await;
    let edit = ContactEdit { fields: fields([(Field::Nickname, text("x"))]), ..ContactEdit::default() };
    crm.update_contact(&world.as_anna(), &ida.id, 7, &edit, now()).await.unwrap_err();
    crm.create_contact(&world.as_anna(), &ContactDraft::default(), now()).await.unwrap_err();
    assert_eq!(world.head_seq().await, before);
    assert_eq!(crm.feed_after(before, 10).await.unwrap(), []);
}

/// Two programs with connections of their own write at once while a third reads on from what it last saw: it sees every
/// change exactly once. Without an order among writers, a late committer's lower number would be passed by.
async fn writers_at_once_leave_no_gap_and_a_reader_skips_nothing(world: &World) {
    const EACH: usize = 25;
    let start = world.head_seq().await;
    let mut writers = Vec::new();
    for writer in 0..4 {
        let (place, actor) = (world.place.clone(), world.as_anna());
        writers.push(tokio::spawn(async move {
            let crm = Crm::open(&place, now()).await.expect("opens beside the others");
            let mut made = Vec::new();
            for n in 0..EACH {
                let draft = ContactDraft {
                    fields: person("Writer", &format!("{writer}-{n}"), &format!("{writer}.{n}@out.test")),
                    ..ContactDraft::default()
                };
                made.push(crm.create_contact(&actor, &draft, now()).await.expect("made").record.id.to_string());
            }
            crm.close().await;
            made
        }));
    }
    let (mut seen, mut cursor) = (Vec::new(), start);
    while seen.len() < 4 * EACH {
        for entry in world.crm.feed_after(cursor, 7).await.unwrap() {
            assert_eq!(entry.seq, cursor + 1, "numbers become visible in their order");
            cursor = entry.seq;
            seen.push(entry.id);
        }
        tokio::task::yield_now().await;
    }
    let mut made = BTreeSet::new();
    for writer in writers {
        made.extend(writer.await.expect("wrote"));
    }
    assert_eq!(seen.len(), 4 * EACH);
    assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), made);
}

async fn writers_at_once_on_one_record_lose_no_update(world: &World) {
    let ida = world.contact("Ida", "One", "ida@out.test").await;
    let mut writers = Vec::new();
    for writer in 0..3_u8 {
        let (place, actor, id) = (world.place.clone(), world.as_anna(), ida.id.clone());
        writers.push(tokio::spawn(async move {
            let crm = Crm::open(&place, now()).await.expect("opens");
            for n in 0..10 {
                count_up(&crm, &actor, &id).await.unwrap_or_else(|error| panic!("{writer} {n}: {error}"));
            }
            crm.close().await;
        }));
    }
    for writer in writers {
        writer.await.expect("wrote");
    }
    let after = world.crm.contact(&world.as_anna(), &ida.id).await.unwrap();
    assert_eq!(crate::world::shown(&after.fields, Field::Nickname), Some("30"));
    assert_eq!(after.version, 31);
}

/// Reads a number, writes it back one higher, and begins again when somebody was faster.
async fn count_up(crm: &Crm, actor: &Actor, id: &crm::ContactId) -> Result<(), Error> {
    loop {
        let it = crm.contact(actor, id).await?;
        let number: u32 =
            crate::world::shown(&it.fields, Field::Nickname).map_or(0, |text| text.parse().expect("ours"));
        let edit = ContactEdit {
            fields: fields([(Field::Nickname, text(&(number + 1).to_string()))]),
            ..ContactEdit::default()
        };
        match crm.update_contact(actor, id, it.version, &edit, now()).await {
            Ok(_) => return Ok(()),
            Err(Error::Stale { .. }) => {}
            Err(error) => return Err(error),
        }
    }
}

async fn old_entries_are_forgotten_in_bounded_steps(world: &World) {
    let crm = &world.crm;
    let head = world.head_seq().await;
    assert_eq!(crm.feed_tail().await.unwrap(), Some(1));
    assert_eq!(crm.feed_forget(head - 1, 2).await.unwrap(), 2);
    assert_eq!(crm.feed_tail().await.unwrap(), Some(3));
    assert_eq!(crm.feed_after(0, 1).await.unwrap()[0].seq, 3);
    crm.feed_forget(head, 1_000).await.unwrap();
    assert_eq!((crm.feed_tail().await.unwrap(), world.head_seq().await), (None, head), "numbers go on");
}

/// A writer that took its number first and commits last: nobody else's change may become visible before, or a reader that
/// goes on from the later number would pass the earlier one by for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_committer_is_not_passed_by() {
    /// The advisory lock under which every change is made.
    const WRITERS: i64 = 0x53_59_4e_43_43_52_4d;
    let Some(world) = World::on_postgres().await else {
        println!("skipped: SYNCLINE_TEST_PG names no PostgreSQL server");
        return;
    };
    let crm::Place::Postgres(url) = &world.place else { panic!("a PostgreSQL world") };
    let start = world.head_seq().await;
    let pool = sqlx::PgPool::connect(url).await.unwrap();
    let mut late = pool.begin().await.unwrap();
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(WRITERS).execute(&mut *late).await.unwrap();
    let row = "INSERT INTO feed (seq, root_kind, root_id, op, what, shown, users, source, changed_by, changed_at)
               SELECT value, 'contact', 'LATE', 'create', 'fields', '[]', '[]', 'test', 'x', 0 FROM counter WHERE name = 'feed'";
    sqlx::query("UPDATE counter SET value = value + 1 WHERE name = 'feed'").execute(&mut *late).await.unwrap();
    sqlx::query(row).execute(&mut *late).await.unwrap();
    let (crm, anna) = (world.crm.clone(), world.as_anna());
    let writer = tokio::spawn(async move {
        let draft = ContactDraft { fields: person("Ida", "One", "ida@out.test"), ..ContactDraft::default() };
        crm.create_contact(&anna, &draft, now()).await.expect("made").record.id.to_string()
    });
    let waits = "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let mut asked = 0;
    while sqlx::query_scalar::<_, i64>(waits).fetch_one(&pool).await.unwrap() == 0 {
        asked += 1;
        assert!(asked < 100_000 && !writer.is_finished(), "the second writer waits for the first");
    }
    assert_eq!(world.crm.feed_after(start, 10).await.unwrap(), [], "nothing is visible before the earlier number");
    late.commit().await.unwrap();
    let made = writer.await.unwrap();
    let entries = world.crm.feed_after(start, 10).await.unwrap();
    let seen: Vec<(i64, &str)> = entries.iter().map(|entry| (entry.seq, entry.id.as_str())).collect();
    assert_eq!(seen, [(start + 1, "LATE"), (start + 2, made.as_str())]);
    pool.close().await;
    world.close().await;
}
