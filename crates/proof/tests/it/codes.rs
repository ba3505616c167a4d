//! What real servers answer on a bad day, code by code: each ends in a sentence that says what to do, is tried again or not
//! as it deserves, and stops no other record and no other user (rules E1, E2, E7).

use crate::clock::clean;
use crate::database::on_both;
use crate::outlook::{id, title, titles};
use crate::world::{Person, SERVICE, World};
use emulator::{Effect, FaultAction, Hook, RequestInfo};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use wire::ews::{DistinguishedFolder as Folder, Property};

on_both!(
    each_code_of_a_bad_day_ends_in_words_and_stops_nobody_else,
    an_item_that_the_server_does_not_find_right_after_making_it_is_neither_doubled_nor_deleted,
);

/// How it is told.
#[derive(Clone, Copy, Debug)]
enum Told {
    /// The record waits with these words, and the others of the user go on.
    Record(&'static [&'static str]),
    /// The user waits with these words.
    User(&'static [&'static str]),
    /// It heals by itself before anybody has to know.
    Nobody,
}

/// What is answered so.
#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
    /// Every update of one item.
    Item,
    /// The first update of it.
    Once(Effect),
    /// Every request for the mailbox.
    Mailbox,
}

/// An answer with one result, refused with a code; with a time to wait where one is told.
fn refused(operation: &str, code: &str, wait: Option<&str>) -> Vec<u8> {
    let wait = wait.map(|ms| {
        format!(
            r#"<m:MessageXml><t:Value xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types" Name="BackOffMilliseconds">{ms}</t:Value></m:MessageXml>"#
        )
    });
    format!(
        r#"<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><m:{operation}Response xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"><m:ResponseMessages><m:{operation}ResponseMessage ResponseClass="Error"><m:MessageText>No.</m:MessageText><m:ResponseCode>{code}</m:ResponseCode><m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>{}</m:{operation}ResponseMessage></m:ResponseMessages></m:{operation}Response></s:Body></s:Envelope>"#,
        wait.unwrap_or_default()
    )
    .into_bytes()
}

fn answered(world: &World, who: &Person, item: String, what: What, code: &'static str, wait: Option<&'static str>) {
    let (address, first) = (who.address.clone(), AtomicBool::new(true));
    let hook = move |request: &RequestInfo| {
        let hers = request.account == SERVICE && request.mailbox.as_deref() == Some(address.as_str());
        let its = hers && request.operation == "UpdateItem" && request.body.contains(&item);
        let (meant, effect) = match what {
            What::Item => (its, Effect::None),
            What::Once(effect) => (its && first.swap(false, Ordering::SeqCst), effect),
            What::Mailbox => (hers, Effect::None),
        };
        meant.then(|| FaultAction::Answer {
            status: 200,
            content_type: "text/xml; charset=utf-8".to_owned(),
            body: refused(&request.operation, code, wait),
            effect,
        })
    };
    world.hq.on_request(Some(Arc::new(hook) as Hook));
}

/// Seconds until a user is due by himself.
async fn due_in_s(world: &World, who: &Person) -> i64 {
    let state = world.services.store.pairing(&world.pairing(who).await).await.expect("read").expect("there").state;
    state.next.map_or(0, |next| next.duration_since(world.services.clock.now()).as_secs())
}

// E1, E2, E7, traps 44, 106, 166, 172
async fn each_code_of_a_bad_day_ends_in_words_and_stops_nobody_else() {
    use Told::{Nobody, Record, User};
    let done = What::Once(Effect::Done);
    let not = What::Once(Effect::None);
    let rows: &[(&str, Option<&str>, What, Told)] = &[
        ("ErrorMailboxMoveInProgress", None, What::Item, User(&["moved to another server", "tried again"])),
        ("ErrorMailboxStoreUnavailable", None, What::Item, User(&["cannot reach the mailbox", "tried again"])),
        ("ErrorADUnavailable", None, What::Item, User(&["cannot reach its directory", "tried again"])),
        ("ErrorServerBusy", Some("0"), What::Item, User(&["asks us to wait"])),
        ("ErrorServerBusy", Some("-5"), What::Item, User(&["asks us to wait"])),
        ("ErrorServerBusy", Some("3600000"), What::Item, User(&["asks us to wait"])),
        ("ErrorServerBusy", None, not, Nobody),
        ("ErrorInternalServerTransientError", None, done, Nobody),
        ("ErrorInternalServerTransientError", None, not, Nobody),
        ("ErrorIrresolvableConflict", None, not, Nobody),
        ("ErrorIrresolvableConflict", None, What::Item, Record(&["writes in a row"])),
        ("ErrorItemNotFound", None, not, Nobody),
        ("ErrorQuotaExceeded", None, What::Item, Record(&["the mailbox is full", "make room"])),
        ("ErrorMessageSizeExceeded", None, What::Item, Record(&["larger than the server allows", "shorten"])),
        ("ErrorCalendarDurationIsTooLong", None, What::Item, Record(&["longer than Exchange allows", "shorten"])),
        ("ErrorInvalidPropertySet", None, What::Item, Record(&["one of its values", "change the record"])),
        ("ErrorCorruptData", None, What::Item, Record(&["damaged", "in Outlook"])),
        ("ErrorImpersonateUserDenied", None, What::Mailbox, User(&["grant it ApplicationImpersonation"])),
        ("ErrorNonExistentMailbox", None, What::Mailbox, User(&["no mailbox", "check the address"])),
        ("ErrorMailboxStoreUnavailable", None, What::Mailbox, User(&["cannot reach the mailbox", "tried again"])),
        ("ErrorADUnavailable", None, What::Mailbox, User(&["cannot reach its directory", "tried again"])),
        ("ErrorMailboxMoveInProgress", None, What::Mailbox, User(&["moved to another server", "tried again"])),
    ];
    let mut wrong = Vec::new();
    for (code, wait, what, told) in rows.iter().copied() {
        let (world, anna, bob) = World::with_two().await;
        let outlook = world.outlook(&anna);
        let struck = world.appointment(&anna, "Struck", "2026-09-29").await;
        let other = world.appointment(&anna, "Other", "2026-09-30").await;
        clean(&world, &anna).await;
        clean(&world, &bob).await;
        let items = outlook.items(Folder::Calendar).await;
        let item = id(items.iter().find(|item| title(item) == "Struck").expect("there"));
        answered(&world, &anna, item, what, code, wait);
        for record in [&struck, &other] {
            world.edit_activity(&anna, record, json!({"location": "Attic"})).await;
        }
        world.appointment(&bob, "Bob's", "2026-09-30").await;
        let mut due = 0;
        // Somebody may have been faster a few times.
        let rounds = if code == "ErrorIrresolvableConflict" { 10 } else { 4 };
        for _ in 0..rounds {
            world.cycle(&anna).await;
            due = due_in_s(&world, &anna).await;
            world.sync(&[&bob]).await;
            if wait != Some("3600000") {
                world.pass_s(120);
            }
        }
        let name = format!("{code} {wait:?} {what:?}");
        assert_eq!(world.outlook(&bob).count(Folder::Calendar), 1, "{name}: nobody else is stopped");
        let trouble = world.status(&anna).await["trouble"].clone();
        let waiting = world.quarantine(&anna).await;
        let attics = outlook.items(Folder::Calendar).await;
        let attics: Vec<&str> =
            attics.iter().filter(|item| item.text(Property::Location) == Some("Attic")).map(title).collect();
        let (said, words) = match told {
            Record(words) => {
                if attics != ["Other"] || waiting.len() != 1 || !trouble.is_null() {
                    wrong.push(format!("{name}: {attics:?} {waiting:?} {trouble}"));
                }
                (waiting.first().and_then(|one| one["reason"].as_str()).unwrap_or_default().to_owned(), words)
            }
            User(words) => (trouble.as_str().unwrap_or_default().to_owned(), words),
            Nobody => {
                if attics.len() != 2 || !waiting.is_empty() || !trouble.is_null() {
                    wrong.push(format!("{name}: {attics:?} {waiting:?} {trouble}"));
                }
                (String::new(), &[][..])
            }
        };
        if !words.iter().all(|word| said.contains(word)) {
            wrong.push(format!("{name}: says {said:?}, lacks {words:?}"));
        }
        match wait {
            Some("3600000") => assert!((3_000..=5_400).contains(&due), "{name}: an hour is told, {due} s are waited"),
            Some(_) => assert!(due > 0, "{name}: it is not asked without end"),
            None => {}
        }
        // The day gets better: what waits for a new version gets one.
        world.hq.on_request(None);
        world.pass_s(7_200);
        world.edit_activity(&anna, &struck, json!({"location": "Cellar"})).await;
        for _ in 0..3 {
            world.cycle(&anna).await;
            world.pass_s(7_200);
        }
        clean(&world, &anna).await;
        let mut stands: Vec<_> = outlook
            .items(Folder::Calendar)
            .await
            .iter()
            .map(|item| format!("{} in {:?}", title(item), item.text(Property::Location)))
            .collect();
        stands.sort();
        assert_eq!(stands, ["Other in Some(\"Attic\")", "Struck in Some(\"Cellar\")"], "{name}");
        assert_eq!(outlook.count(Folder::DeletedItems), 0, "{name}");
        assert_eq!(world.view(&anna, "my_calendar").await.len(), 2, "{name}");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

// E2, E6, trap 44: a server that shows what it made a moment later.
async fn an_item_that_the_server_does_not_find_right_after_making_it_is_neither_doubled_nor_deleted() {
    for times in [1, 3, 20] {
        let (world, anna, _) = World::with_two().await;
        clean(&world, &anna).await;
        world.appointment(&anna, "New", "2026-09-29").await;
        let made = AtomicBool::new(false);
        let left = AtomicUsize::new(times);
        let hook = move |request: &RequestInfo| {
            if request.account == SERVICE && request.operation == "CreateItem" {
                made.store(true, Ordering::SeqCst);
            }
            let reads = request.account == SERVICE && request.operation == "GetItem" && made.load(Ordering::SeqCst);
            let less = |left: usize| left.checked_sub(1);
            (reads && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok()).then(|| {
                FaultAction::Answer {
                    status: 200,
                    content_type: "text/xml; charset=utf-8".to_owned(),
                    body: refused("GetItem", "ErrorItemNotFound", None),
                    effect: Effect::None,
                }
            })
        };
        world.hq.on_request(Some(Arc::new(hook) as Hook));
        for _ in 0..4 {
            world.cycle(&anna).await;
            world.pass_s(120);
        }
        world.hq.on_request(None);
        world.pass_s(7_200);
        clean(&world, &anna).await;
        let outlook = world.outlook(&anna);
        assert_eq!(titles(&outlook.items(Folder::Calendar).await), ["New"], "{times}");
        assert_eq!(outlook.count(Folder::DeletedItems), 0, "{times}");
        assert_eq!(world.view(&anna, "my_calendar").await.len(), 1, "{times}: the record is there");
    }
}
