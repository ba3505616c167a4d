//! What a mailbox refuses for a reason that may pass: full, or an item that the account may not change (rules E1, E2).

use crate::clock::clean;
use crate::database::on_both;
use crate::outlook::{self, id, set, text, titles};
use crate::world::{Person, SERVICE, World};
use emulator::{Effect, FaultAction, Hook, RequestInfo};
use serde_json::json;
use std::sync::Arc;
use wire::ews::{DistinguishedFolder as Folder, Property};

on_both!(
    a_full_mailbox_gets_what_waited_when_it_has_room_again,
    an_item_that_may_not_be_changed_keeps_nobody_else_back_and_is_tried_again,
    a_server_that_calls_every_write_too_late_is_not_asked_for_ever,
    a_contact_that_changes_its_kind_while_its_mailbox_refuses_is_one_contact_in_the_end,
);

const CALENDAR: &str = "my_calendar";

/// Every request of ours with one of these operations whose body says this is refused with a code.
pub fn refuses(world: &World, operations: &'static [&'static str], saying: String, code: &'static str) {
    let hook = move |request: &RequestInfo| {
        let operation = operations.iter().find(|operation| **operation == request.operation)?;
        let meant = request.account == SERVICE && request.body.contains(&saying);
        meant.then(|| FaultAction::Answer {
            status: 200,
            content_type: "text/xml; charset=utf-8".to_owned(),
            body: format!(
                r#"<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><m:{operation}Response xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"><m:ResponseMessages><m:{operation}ResponseMessage ResponseClass="Error"><m:MessageText>No.</m:MessageText><m:ResponseCode>{code}</m:ResponseCode><m:DescriptiveLinkKey>0</m:DescriptiveLinkKey></m:{operation}ResponseMessage></m:ResponseMessages></m:{operation}Response></s:Body></s:Envelope>"#
            )
            .into_bytes(),
            effect: Effect::None,
        })
    };
    world.hq.on_request(Some(Arc::new(hook) as Hook));
}

async fn reasons(world: &World, who: &Person) -> String {
    let waiting = world.quarantine(who).await;
    waiting.iter().map(|one| one["reason"].as_str().expect("a reason")).collect::<Vec<_>>().join("; ")
}

// E1, E2: nobody has to touch a record that a full mailbox did not take.
async fn a_full_mailbox_gets_what_waited_when_it_has_room_again() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let kept = world.appointment(&anna, "Kept", "2026-09-29").await;
    clean(&world, &anna).await;
    refuses(&world, &["CreateItem", "UpdateItem"], String::new(), "ErrorQuotaExceeded");
    world.edit_activity(&anna, &kept, json!({"location": "Attic"})).await;
    world.appointment(&anna, "New", "2026-09-30").await;
    outlook.make(Folder::Calendar, outlook::appointment("Mine", "2026-10-01T08:00:00Z", "2026-10-01T09:00:00Z")).await;
    world.sync(&[&anna]).await;
    // What the mailbox shows comes in all the same, and why the rest waits is told.
    assert_eq!(world.view(&anna, CALENDAR).await.len(), 3);
    assert!(reasons(&world, &anna).await.contains("the mailbox is full"));
    world.hq.on_request(None);
    world.sync(&[&anna]).await;
    assert_eq!(titles(&outlook.items(Folder::Calendar).await), ["Kept", "Mine"], "it is not hammered");
    world.pass_s(3_600);
    clean(&world, &anna).await;
    let items = outlook.items(Folder::Calendar).await;
    assert_eq!(titles(&items), ["Kept", "Mine", "New"]);
    assert_eq!(items[0].text(Property::Location), Some("Attic"));
}

// E1, trap 106
async fn an_item_that_may_not_be_changed_keeps_nobody_else_back_and_is_tried_again() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let locked = world.appointment(&anna, "Locked", "2026-09-29").await;
    clean(&world, &anna).await;
    let item = id(&outlook.only(Folder::Calendar).await);
    refuses(&world, &["UpdateItem", "DeleteItem"], item.clone(), "ErrorAccessDenied");
    world.edit_activity(&anna, &locked, json!({"location": "Attic"})).await;
    world.appointment(&anna, "New", "2026-09-30").await;
    let mine = outlook
        .make(Folder::Calendar, outlook::appointment("Mine", "2026-10-01T08:00:00Z", "2026-10-01T09:00:00Z"))
        .await;
    world.sync(&[&anna]).await;
    outlook.edit(&mine, vec![set(Property::Subject, text("Yours"))]).await;
    world.sync(&[&anna]).await;
    let mut subjects: Vec<String> =
        world.view(&anna, CALENDAR).await.iter().map(|one| one["subject"].as_str().expect("one").to_owned()).collect();
    subjects.sort();
    assert_eq!((subjects.join(" ").as_str(), outlook.count(Folder::Calendar)), ("Locked New Yours", 3));
    assert!(reasons(&world, &anna).await.contains("may not change this item"));
    world.hq.on_request(None);
    world.pass_days(1);
    clean(&world, &anna).await;
    assert_eq!(outlook.read(&item).await.expect("there").text(Property::Location), Some("Attic"));
}

// E1, E2, E7, trap 49: somebody may be faster now and then, not every time.
async fn a_server_that_calls_every_write_too_late_is_not_asked_for_ever() {
    for code in ["ErrorIrresolvableConflict", "ErrorItemNotFound"] {
        let world = World::new().await;
        let anna = world.user("anna").await;
        let outlook = world.outlook(&anna);
        let busy = world.appointment(&anna, "Busy", "2026-09-29").await;
        clean(&world, &anna).await;
        let item = id(&outlook.only(Folder::Calendar).await);
        refuses(&world, &["UpdateItem"], item.clone(), code);
        world.edit_activity(&anna, &busy, json!({"location": "Attic"})).await;
        world.appointment(&anna, "New", "2026-09-30").await;
        let due = async || {
            let now = world.services.clock.now();
            !world.services.store.due(now, 10).await.expect("a list").is_empty()
        };
        let mut cycles = 0;
        // As often as it is due, for half an hour.
        for _ in 0..450 {
            if due().await {
                world.cycle(&anna).await;
                cycles += 1;
            }
            world.pass_s(4);
        }
        assert!(cycles < 50, "{cycles} cycles in half an hour");
        assert_eq!(titles(&outlook.items(Folder::Calendar).await), ["Busy", "New"]);
        let told = reasons(&world, &anna).await;
        assert!(told.contains("writes in a row"), "{told}");
        world.hq.on_request(None);
        world.pass_days(1);
        clean(&world, &anna).await;
        assert_eq!(outlook.read(&item).await.expect("there").text(Property::Location), Some("Attic"));
    }
}

// O5, E1, E2: what has to happen to the record of before is not forgotten when the item cannot be written just then.
async fn a_contact_that_changes_its_kind_while_its_mailbox_refuses_is_one_contact_in_the_end() {
    const CODES: [&str; 3] = ["ErrorIrresolvableConflict", "ErrorAccessDenied", "ErrorServerBusy"];
    let world = World::new().await;
    for (place, code) in CODES.into_iter().enumerate() {
        for (way, from, to) in [("in", "Private", "Normal"), ("out", "Normal", "Private")] {
            let who = world.user(&format!("{way}{place}")).await;
            let outlook = world.outlook(&who);
            let category = if way == "in" { "Siebel Personal Contact" } else { "Siebel Contact" };
            let item = outlook::contact("Ida", "Berg", "ida@out.test", &[category]);
            let item = outlook.make(Folder::Contacts, item.with(Property::Sensitivity, text(from))).await;
            clean(&world, &who).await;
            if way == "in" {
                // The one whom it is, not on his Sync List yet.
                world.contact(&who, json!({"first_name": "Ida", "last_name": "Berg", "email1": "ida@out.test"})).await;
            }
            outlook.edit(&item, vec![set(Property::Sensitivity, text(to))]).await;
            refuses(&world, &["UpdateItem"], item.clone(), code);
            world.cycle(&who).await;
            world.hq.on_request(None);
            world.pass_days(1);
            clean(&world, &who).await;
            let (mine, own) = (world.view(&who, "my_contacts").await, world.view(&who, "my_personal_contacts").await);
            let kept: Vec<&serde_json::Value> = mine.iter().filter(|one| one["on_sync_list"] == true).collect();
            assert_eq!(
                (kept.len(), own.len()),
                if way == "in" { (1, 0) } else { (0, 1) },
                "{way} {code}: {mine:?} {own:?}"
            );
            assert_eq!(mine.len(), 1, "{way} {code}: the business record stays");
            assert_eq!(id(&outlook.only(Folder::Contacts).await), item, "{way} {code}");
        }
    }
}
