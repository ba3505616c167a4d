//! Trouble on purpose: hooks, quirks, damage, and what the counters say about it.

use std::sync::Arc;

use axum::body::to_bytes;
use axum::http::{StatusCode, header};
use emulator::{Damage, Effect, FaultAction, Hook, Quirk};

use crate::world::{ANN, SERVICE, World, create, get_item, item_id, set, update};

const CONTACT: &str = "<t:Contact><t:Body BodyType=\"Text\">hello</t:Body><t:Surname>Smith</t:Surname></t:Contact>";

fn always(action: FaultAction) -> Option<Hook> {
    Some(Arc::new(move |_| Some(action.clone())))
}

fn count(world: &World) -> usize {
    world.server.items(ANN, "contacts").unwrap().len()
}

// trap 43, trap 44
#[tokio::test]
async fn an_answer_can_be_lost_with_or_without_effect() {
    let world = World::new();
    for (effect, expected) in [(Effect::Done, 1), (Effect::None, 1)] {
        world.server.on_request(always(FaultAction::Drop { effect }));
        let response = world.send(world.http(world.envelope(&create("", CONTACT)))).await;
        assert!(to_bytes(response.into_body(), 9999).await.is_err());
        assert_eq!(count(&world), expected);
    }
    let answer = FaultAction::Answer {
        status: 504,
        content_type: "text/html".to_owned(),
        body: b"<html>Gateway</html>".to_vec(),
        effect: Effect::Done,
    };
    world.server.on_request(always(answer));
    let (status, text) = world.raw(&create("", CONTACT)).await;
    assert_eq!((status, text.as_str()), (StatusCode::GATEWAY_TIMEOUT, "<html>Gateway</html>"));
    assert_eq!(count(&world), 2);
    world.server.on_request(None);
    world.create("", CONTACT).await;
}

// trap 166, E1
#[tokio::test]
async fn each_item_of_a_create_has_its_own_outcome() {
    let world = World::new();
    let named = |name: &str| format!("<t:Contact><t:Surname>{name}</t:Surname></t:Contact>");
    // A task does not go into the contacts, and hinders neither of its neighbours.
    let into = |items: &str| {
        format!(
            "<m:CreateItem><m:SavedItemFolderId><t:DistinguishedFolderId Id=\"contacts\"/></m:SavedItemFolderId>\
             <m:Items>{items}</m:Items></m:CreateItem>"
        )
    };
    let task = "<t:Task><t:Subject>one</t:Subject></t:Task>";
    let answer = world.ask(&into(&[named("One"), task.to_owned(), named("Two")].concat())).await;
    assert_eq!(answer.codes(), ["NoError", "ErrorCannotCreateTaskInNonTaskFolder", "NoError"]);
    assert_eq!(count(&world), 2);

    let many = ["Three", "Four", "Five", "Six"].map(named).concat();
    world.server.on_request(always(FaultAction::BusyFrom { item: 2, back_off_ms: 5000 }));
    let (status, text) = world.raw(&into(&many)).await;
    world.judge.see("CreateItem", &text);
    assert_eq!(status, StatusCode::OK);
    assert!(text.contains("<t:Value Name=\"BackOffMilliseconds\">5000</t:Value>"), "{text}");
    let answer = world.ask(&into(&many)).await;
    let stopped = ["NoError", "NoError", "ErrorServerBusy", "ErrorBatchProcessingStopped"];
    assert_eq!(answer.codes(), stopped);
    assert_eq!(count(&world), 6, "two of four, twice");
}

// trap 166, trap 172, trap 173
#[tokio::test]
async fn a_busy_server_a_moving_mailbox_and_a_login_page_do_nothing() {
    let world = World::new();
    world.server.on_request(always(FaultAction::Busy { back_off_ms: 5000 }));
    let (status, text) = world.raw(&create("", CONTACT)).await;
    world.judge.see("fault", &text);
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(text.contains("ErrorServerBusy") && text.contains("<t:Value Name=\"BackOffMilliseconds\">5000</t:Value>"));
    world.server.on_request(always(FaultAction::Fault { code: "ErrorMailboxMoveInProgress".to_owned() }));
    assert_eq!(world.fault(&create("", CONTACT)).await, "ErrorMailboxMoveInProgress");
    world.server.on_request(always(FaultAction::LoginPage));
    let response = world.send(world.http(world.envelope(&create("", CONTACT)))).await;
    assert_eq!(
        (response.status(), &response.headers()[header::CONTENT_TYPE]),
        (StatusCode::OK, &"text/html".parse().unwrap())
    );
    assert_eq!(count(&world), 0);
    world.server.on_request(None);
    world.server.set_quirk(Quirk::ServerBusy, true);
    assert_eq!(world.fault(&create("", CONTACT)).await, "ErrorServerBusy");
}

#[tokio::test]
async fn a_hook_sees_what_it_needs_and_may_act_on_one_operation_only() {
    let world = World::new();
    world.server.on_request(Some(Arc::new(|info| {
        assert_eq!((info.account.as_str(), info.mailbox.as_deref()), (SERVICE, Some(ANN)));
        (info.operation == "CreateItem" && info.number == 2).then_some(FaultAction::Truncate { keep: 100 })
    })));
    let served = world.impersonating(ANN);
    served.create("", CONTACT).await;
    let (status, text) = served.raw(&create("", CONTACT)).await;
    assert_eq!((status, text.len()), (StatusCode::OK, 100));
    served.create("", CONTACT).await;
    assert_eq!(count(&world), 3);
}

#[tokio::test]
async fn the_wire_is_counted_by_operation_mailbox_and_account() {
    let world = World::new();
    let served = world.impersonating(ANN);
    let (id, key) = served.create("", CONTACT).await;
    served.get(&id).await;
    world
        .ask(&update(
            "ConflictResolution=\"NeverOverwrite\"",
            &id,
            &key,
            &set("contacts:Surname", "Contact", "<t:Surname>X</t:Surname>"),
        ))
        .await;
    world
        .ask(&update(
            "ConflictResolution=\"NeverOverwrite\"",
            &id,
            &key,
            &set("contacts:Surname", "Contact", "<t:Surname>Y</t:Surname>"),
        ))
        .await;
    let counters = world.server.counters();
    assert_eq!(counters.total_requests(), 4);
    let ann = &counters.mailboxes[ANN];
    assert_eq!((ann.requests["UpdateItem"], ann.items_read), (2, 1));
    assert_eq!((counters.writes_by(SERVICE).created, counters.writes_by(SERVICE).total()), (1, 1));
    assert_eq!((counters.writes_by(ANN).updated, counters.writes_by(ANN).total()), (1, 1));
    world.server.reset_counters();
    assert_eq!(world.server.counters().total_requests(), 0);
}

#[tokio::test]
async fn quirks_change_what_is_said_and_not_what_is_kept() {
    let world = World::new();
    let (id, _) = world.create("", CONTACT).await;
    let ask = get_item("<t:BaseShape>AllProperties</t:BaseShape>", &item_id(&id));
    let said = async |quirk: Quirk| {
        world.server.set_quirk(quirk, true);
        let text = world.raw(&ask).await.1;
        world.server.set_quirk(quirk, false);
        text
    };
    assert!(said(Quirk::IllegalCharacters).await.contains("hello&#x1;</t:Body>"));
    assert!(said(Quirk::UnknownElements).await.contains("<t:ElementOfTheFuture>"));
    assert!(said(Quirk::SevenDigitFractions).await.contains(".0000000Z</t:DateTimeCreated>"));
    assert!(said(Quirk::SentinelDates).await.contains("<t:Birthday>4501-01-01T00:00:00Z"));
    world.server.set_quirk(Quirk::ContentTypeWithoutCharset, true);
    let response = world.send(world.http(world.envelope(&ask))).await;
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/xml");
    world.server.set_quirk(Quirk::ContentTypeWithoutCharset, false);
    assert!(world.server.quirks().is_empty());
    let read = world.ask(&ask).await;
    assert_eq!(read.find("Contact").text_of("Body"), "hello");
}

// trap 77, trap 89
#[tokio::test]
async fn quirks_of_calendars() {
    let world = World::new();
    let item = "<t:CalendarItem><t:Start>2026-07-01T10:00:00Z</t:Start><t:End>2026-07-01T11:00:00Z</t:End><t:RequiredAttendees><t:Attendee><t:Mailbox><t:EmailAddress>bob@crm.test</t:EmailAddress></t:Mailbox></t:Attendee></t:RequiredAttendees><t:StartTimeZone Id=\"Pacific Standard Time\"/></t:CalendarItem>";
    let (id, _) = world.create("SendMeetingInvitations=\"SendToNone\"", item).await;
    for quirk in [Quirk::CustomizedZoneNames, Quirk::ExAddresses, Quirk::NoCleanGlobalObjectId] {
        world.server.set_quirk(quirk, true);
    }
    let shape = "<t:BaseShape>AllProperties</t:BaseShape><t:AdditionalProperties><t:ExtendedFieldURI DistinguishedPropertySetId=\"Meeting\" PropertyId=\"35\" PropertyType=\"Binary\"/></t:AdditionalProperties>";
    let read = world.ask(&get_item(shape, &item_id(&id))).await;
    let zone = read.find("StartTimeZone");
    assert_eq!(zone.attr("Id"), "tzone://Microsoft/Custom");
    assert_eq!(zone.all("RecurringDayTransition").len(), 2);
    assert_eq!(read.find("RequiredAttendees").text_of("RoutingType"), "EX");
    assert_eq!(read.extended("35"), None);
}

// trap 112, trap 143
#[tokio::test]
async fn quirks_that_change_what_is_written() {
    let world = World::new();
    world.server.set_quirk(Quirk::NormalisesPhone, true);
    world.server.set_quirk(Quirk::CutsText, true);
    let item = format!(
        "<t:Contact><t:PhoneNumbers><t:Entry Key=\"HomePhone\">+1 (555) 01-2</t:Entry></t:PhoneNumbers><t:Surname>{}</t:Surname></t:Contact>",
        "x".repeat(80)
    );
    let (id, _) = world.create("", &item).await;
    let read = world.get(&id).await;
    assert_eq!((read.text_of("Entry"), read.text_of("Surname").len()), ("+1555012", 60));
}

// trap 163
#[tokio::test]
async fn one_broken_item_answers_for_itself() {
    let world = World::new();
    let (bad, _) = world.create("", CONTACT).await;
    let (good, _) = world.create("", CONTACT).await;
    let both = get_item("<t:BaseShape>IdOnly</t:BaseShape>", &format!("{}{}", item_id(&bad), item_id(&good)));
    for (damage, code) in [(Damage::Corrupt, "ErrorItemCorrupt"), (Damage::Vanishing, "ErrorItemNotFound")] {
        world.server.damage_item(ANN, &bad, Some(damage)).unwrap();
        assert_eq!(world.ask(&both).await.codes(), [code, "NoError"]);
        assert_eq!(count(&world), 2);
    }
    let body = get_item(
        "<t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties><t:FieldURI FieldURI=\"item:Body\"/></t:AdditionalProperties>",
        &item_id(&bad),
    );
    world.server.damage_item(ANN, &bad, Some(Damage::IllegalCharacters)).unwrap();
    assert!(world.raw(&body).await.1.contains("&#x1;"));
    world.server.damage_item(ANN, &bad, None).unwrap();
    assert_eq!(world.ask(&both).await.codes(), ["NoError", "NoError"]);
}
