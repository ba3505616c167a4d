//! Meetings: who gets mail when, what arrives, and what the answers do.

use emulator::{MailKind, MailboxKind, MailboxSpec, Site};

use crate::world::{ANN, BOB, CID, PASSWORD, World, item_id, set, update};

const LOUD: &str = "SendMeetingInvitations=\"SendToAllAndSaveCopy\"";
const NONE: &str = "SendMeetingInvitations=\"SendToNone\"";

fn people(list: &str, addresses: &[&str]) -> String {
    let people: String = addresses
        .iter()
        .map(|address| {
            format!("<t:Attendee><t:Mailbox><t:EmailAddress>{address}</t:EmailAddress></t:Mailbox></t:Attendee>")
        })
        .collect();
    format!("<t:{list}>{people}</t:{list}>")
}

fn meeting(more: &str) -> String {
    format!(
        "<t:CalendarItem><t:Subject>Plan</t:Subject><t:Categories><t:String>Mine</t:String></t:Categories><t:ExtendedProperty><t:ExtendedFieldURI DistinguishedPropertySetId=\"PublicStrings\" PropertyName=\"Mark\" PropertyType=\"String\"/><t:Value>m</t:Value></t:ExtendedProperty><t:Start>2026-02-02T10:00:00Z</t:Start><t:End>2026-02-02T11:00:00Z</t:End><t:Location>Room</t:Location>{}{}{more}</t:CalendarItem>",
        people("RequiredAttendees", &[BOB, "zoe@out.test"]),
        people("OptionalAttendees", &[CID]),
    )
}

fn loud(key: &str) -> String {
    format!("ConflictResolution=\"AlwaysOverwrite\" SendMeetingInvitationsOrCancellations=\"{key}\"")
}

fn kinds(world: &World) -> Vec<MailKind> {
    world.server.sink().iter().map(|entry| entry.kind).collect()
}

async fn respond(world: &World, element: &str, id: &str) -> crate::answer::Node {
    let body = format!("<t:{element}><t:ReferenceItemId Id=\"{id}\"/></t:{element}>");
    world.ask(&crate::world::create("MessageDisposition=\"SendAndSaveCopy\"", &body)).await
}

// trap 95
#[tokio::test]
async fn a_quiet_meeting_sends_nothing() {
    let world = World::new();
    let (id, key) = world.create(NONE, &meeting("")).await;
    let read = world.get(&id).await;
    assert_eq!((read.text_of("IsMeeting"), read.text_of("MeetingRequestWasSent")), ("true", "false"));
    world
        .ask(&update(&loud("SendToNone"), &id, &key, &set("item:Subject", "CalendarItem", "<t:Subject>X</t:Subject>")))
        .await;
    let gone = format!(
        "<m:DeleteItem DeleteType=\"HardDelete\" SendMeetingCancellations=\"SendToNone\"><m:ItemIds>{}</m:ItemIds></m:DeleteItem>",
        item_id(&id)
    );
    world.ask(&gone).await;
    assert!(world.server.sink().is_empty());
    assert!(world.server.items(BOB, "calendar").unwrap().is_empty());
}

#[tokio::test]
async fn an_invitation_is_remembered_and_delivered_as_an_unanswered_copy() {
    let world = World::new();
    let (id, _) = world.create(LOUD, &meeting("")).await;
    let sink = world.server.sink();
    assert_eq!(sink.len(), 1);
    assert_eq!(
        (sink[0].kind, sink[0].mailbox.as_str(), sink[0].item_id.as_str()),
        (MailKind::Invitation, ANN, id.as_str())
    );
    assert_eq!(sink[0].recipients, [BOB, "zoe@out.test", CID]);
    let mine = world.get(&id).await;
    assert_eq!((mine.text_of("MeetingRequestWasSent"), mine.text_of("AppointmentState")), ("true", "1"));
    let bob = world.signed_in(BOB);
    let (copy, _) = bob.only("calendar").await;
    let shape = "<t:BaseShape>AllProperties</t:BaseShape><t:AdditionalProperties><t:ExtendedFieldURI DistinguishedPropertySetId=\"PublicStrings\" PropertyName=\"Mark\" PropertyType=\"String\"/><t:ExtendedFieldURI DistinguishedPropertySetId=\"Meeting\" PropertyId=\"35\" PropertyType=\"Binary\"/></t:AdditionalProperties>";
    let theirs = bob.ask(&crate::world::get_item(shape, &item_id(&copy))).await;
    for (name, text) in [
        ("Subject", "Plan"),
        ("Location", "Room"),
        ("LegacyFreeBusyStatus", "Tentative"),
        ("MyResponseType", "NoResponseReceived"),
        ("AppointmentState", "3"),
        ("IsOrganizer", "false"),
    ] {
        assert_eq!(theirs.find("CalendarItem").text_of(name), text, "{name}");
    }
    assert_eq!(theirs.find("Organizer").text_of("EmailAddress"), ANN);
    assert!(!theirs.has("Categories") && theirs.extended("Mark").is_none());
    let own = world.ask(&crate::world::get_item(shape, &item_id(&id))).await;
    assert_eq!(own.extended("35"), theirs.extended("35"));
    assert_eq!(own.text_of("UID"), theirs.text_of("UID"));
    let (request, _) = bob.only("inbox").await;
    let request = bob.get(&request).await;
    assert!(request.has("MeetingRequest"));
    assert_eq!(request.find("AssociatedCalendarItemId").attr("Id"), copy);
    world.only("sentitems").await;
}

#[tokio::test]
async fn answers_reach_the_organizer() {
    let world = World::new();
    let (id, _) = world.create(LOUD, &meeting("")).await;
    let (bob, cid) = (world.signed_in(BOB), world.signed_in(CID));
    let request = bob.only("inbox").await.0;
    assert_eq!(respond(&bob, "AcceptItem", &request).await.codes(), ["NoError"]);
    let copy = bob.only("calendar").await.0;
    let read = bob.get(&copy).await;
    assert_eq!((read.text_of("MyResponseType"), read.text_of("LegacyFreeBusyStatus")), ("Accept", "Busy"));
    bob.only("deleteditems").await;
    respond(&cid, "DeclineItem", &cid.only("calendar").await.0).await;
    assert!(world.server.items(CID, "calendar").unwrap().is_empty());
    let mine = world.get(&id).await;
    let answers: Vec<_> = mine.all("Attendee").iter().map(|one| one.text_of("ResponseType").to_owned()).collect();
    assert_eq!(answers, ["Accept", "Unknown", "Decline"]);
    assert_eq!(kinds(&world), [MailKind::Invitation, MailKind::Response, MailKind::Response]);
    assert_eq!(world.server.items(ANN, "inbox").unwrap().len(), 2);
    assert_eq!(respond(&world, "AcceptItem", &id).await.codes(), ["ErrorCalendarIsOrganizerForAccept"]);
    assert_eq!(respond(&bob, "CancelCalendarItem", &copy).await.codes(), ["ErrorCalendarIsNotOrganizer"]);
}

#[tokio::test]
async fn an_update_keeps_answers_unless_the_time_moves() {
    let world = World::new();
    let (id, key) = world.create(LOUD, &meeting("")).await;
    let bob = world.signed_in(BOB);
    respond(&bob, "TentativelyAcceptItem", &bob.only("calendar").await.0).await;
    let room = set("calendar:Location", "CalendarItem", "<t:Location>Hall</t:Location>");
    world.ask(&update(&loud("SendToAllAndSaveCopy"), &id, &key, &room)).await;
    let copy = bob.only("calendar").await.0;
    let read = bob.get(&copy).await;
    assert_eq!((read.text_of("Location"), read.text_of("MyResponseType")), ("Hall", "Tentative"));
    let later = [
        set("calendar:Start", "CalendarItem", "<t:Start>2026-02-03T10:00:00Z</t:Start>"),
        set("calendar:End", "CalendarItem", "<t:End>2026-02-03T11:00:00Z</t:End>"),
    ]
    .concat();
    world.ask(&update(&loud("SendOnlyToAll"), &id, &key, &later)).await;
    let read = bob.get(&copy).await;
    assert_eq!((read.text_of("Start"), read.text_of("MyResponseType")), ("2026-02-03T10:00:00Z", "NoResponseReceived"));
    assert_eq!(kinds(&world), [MailKind::Invitation, MailKind::Response, MailKind::Update, MailKind::Update]);
}

// trap 101
#[tokio::test]
async fn a_cancelled_meeting_stays_marked_until_its_owner_removes_it() {
    let world = World::new();
    let (id, _) = world.create(LOUD, &meeting("")).await;
    assert_eq!(respond(&world, "CancelCalendarItem", &id).await.codes(), ["NoError"]);
    assert!(world.server.items(ANN, "calendar").unwrap().is_empty());
    let bob = world.signed_in(BOB);
    let copy = bob.only("calendar").await.0;
    let read = bob.get(&copy).await;
    assert_eq!((read.text_of("Subject"), read.text_of("IsCancelled")), ("Canceled: Plan", "true"));
    assert_eq!(read.text_of("AppointmentState"), "7");
    assert_eq!(respond(&bob, "AcceptItem", &copy).await.codes(), ["ErrorCalendarIsCancelledForAccept"]);
    assert_eq!(kinds(&world), [MailKind::Invitation, MailKind::Cancellation]);
    respond(&bob, "RemoveItem", &copy).await;
    assert!(world.server.items(BOB, "calendar").unwrap().is_empty());
}

// trap 100
#[tokio::test]
async fn a_loud_delete_cancels_for_the_organizer_and_declines_for_others() {
    let world = World::new();
    let (id, _) = world.create(LOUD, &meeting("")).await;
    let delete = |id: &str| {
        format!(
            "<m:DeleteItem DeleteType=\"MoveToDeletedItems\" SendMeetingCancellations=\"SendToAllAndSaveCopy\"><m:ItemIds>{}</m:ItemIds></m:DeleteItem>",
            item_id(id)
        )
    };
    let cid = world.signed_in(CID);
    cid.ask(&delete(&cid.only("calendar").await.0)).await;
    world.ask(&delete(&id)).await;
    assert_eq!(kinds(&world), [MailKind::Invitation, MailKind::Response, MailKind::Cancellation]);
}

#[tokio::test]
async fn a_changed_list_tells_only_those_it_concerns() {
    let world = World::new();
    let (id, key) = world.create(LOUD, &meeting("")).await;
    let list = set(
        "calendar:RequiredAttendees",
        "CalendarItem",
        &people("RequiredAttendees", &["zoe@out.test", "yan@out.test"]),
    );
    world.ask(&update(&loud("SendOnlyToChanged"), &id, &key, &list)).await;
    let sink = world.server.sink();
    assert_eq!(kinds(&world), [MailKind::Invitation, MailKind::Cancellation, MailKind::Invitation]);
    assert_eq!(sink[1].recipients, [BOB]);
    assert_eq!(sink[2].recipients, ["yan@out.test"]);
}

/// A series of three days to which Bob is invited.
async fn daily(world: &World) -> String {
    let rule = "<t:Recurrence><t:DailyRecurrence><t:Interval>1</t:Interval></t:DailyRecurrence><t:NumberedRecurrence><t:StartDate>2026-02-02</t:StartDate><t:NumberOfOccurrences>3</t:NumberOfOccurrences></t:NumberedRecurrence></t:Recurrence>";
    let series = format!(
        "<t:CalendarItem><t:Subject>Plan</t:Subject><t:Start>2026-02-02T10:00:00Z</t:Start><t:End>2026-02-02T11:00:00Z</t:End>{}{rule}</t:CalendarItem>",
        people("RequiredAttendees", &[BOB])
    );
    world.create(LOUD, &series).await.0
}

#[tokio::test]
async fn somebody_invited_to_one_occurrence_gets_that_one_under_the_same_global_id() {
    let world = World::new();
    let id = daily(&world).await;
    let invite = format!(
        "<m:UpdateItem {}><m:ItemChanges><t:ItemChange><t:OccurrenceItemId RecurringMasterId=\"{id}\" InstanceIndex=\"2\"/><t:Updates>{}</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>",
        loud("SendToAllAndSaveCopy"),
        set("calendar:RequiredAttendees", "CalendarItem", &people("RequiredAttendees", &[BOB, CID]))
    );
    assert_eq!(world.ask(&invite).await.codes(), ["NoError"]);
    let shape = "<t:BaseShape>AllProperties</t:BaseShape><t:AdditionalProperties><t:ExtendedFieldURI DistinguishedPropertySetId=\"Meeting\" PropertyId=\"35\" PropertyType=\"Binary\"/></t:AdditionalProperties>";
    let own = world.ask(&crate::world::get_item(shape, &item_id(&id))).await;
    let (bob, cid) = (world.signed_in(BOB), world.signed_in(CID));
    let at_bob = bob.ask(&crate::world::get_item(shape, &item_id(&bob.only("calendar").await.0))).await;
    let at_cid = cid.ask(&crate::world::get_item(shape, &item_id(&cid.only("calendar").await.0))).await;
    assert_eq!(at_bob.text_of("CalendarItemType"), "RecurringMaster");
    assert_eq!(at_bob.find("ModifiedOccurrences").text_of("OriginalStart"), "2026-02-03T10:00:00Z");
    assert_eq!((at_cid.text_of("CalendarItemType"), at_cid.text_of("Start")), ("Single", "2026-02-03T10:00:00Z"));
    assert_eq!(own.extended("35"), at_cid.extended("35"));
    assert_ne!(own.text_of("UID"), at_cid.text_of("UID"));
    respond(&cid, "AcceptItem", &cid.only("calendar").await.0).await;
    let second = world
        .ask(&crate::world::get_item(
            shape,
            &format!("<t:OccurrenceItemId RecurringMasterId=\"{id}\" InstanceIndex=\"2\"/>"),
        ))
        .await;
    let answers: Vec<_> = second.all("Attendee").iter().map(|one| one.text_of("ResponseType").to_owned()).collect();
    assert_eq!(answers, ["Unknown", "Accept"]);
}

// MS-OXOCAL 3.1.5.1: an occurrence whose series is not in the calendar is found by the id that names its day, and the series
// by the one that names none.
#[tokio::test]
async fn somebody_invited_to_two_occurrences_has_both_and_the_series_comes_beside() {
    let world = World::new();
    let id = daily(&world).await;
    let change = |item: &str, changes: &str| {
        format!(
            "<m:UpdateItem {}><m:ItemChanges><t:ItemChange>{item}<t:Updates>{changes}</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>",
            loud("SendToAllAndSaveCopy")
        )
    };
    let occurrence = |index: u8| format!("<t:OccurrenceItemId RecurringMasterId=\"{id}\" InstanceIndex=\"{index}\"/>");
    let both = set("calendar:RequiredAttendees", "CalendarItem", &people("RequiredAttendees", &[BOB, CID]));
    for index in [1, 3] {
        assert_eq!(world.ask(&change(&occurrence(index), &both)).await.codes(), ["NoError"]);
    }
    let cid = world.signed_in(CID);
    let starts = || async {
        let mut starts = Vec::new();
        for item in cid.ids("calendar") {
            let shown =
                cid.ask(&crate::world::get_item("<t:BaseShape>AllProperties</t:BaseShape>", &item_id(&item))).await;
            starts.push(format!("{} {}", shown.text_of("CalendarItemType"), shown.text_of("Start")));
        }
        starts.sort();
        starts
    };
    assert_eq!(starts().await, ["Single 2026-02-02T10:00:00Z", "Single 2026-02-04T10:00:00Z"]);
    // An update of one goes to that one.
    let moved = set("calendar:Start", "CalendarItem", "<t:Start>2026-02-04T11:00:00Z</t:Start>")
        + &set("calendar:End", "CalendarItem", "<t:End>2026-02-04T12:00:00Z</t:End>");
    assert_eq!(world.ask(&change(&occurrence(3), &moved)).await.codes(), ["NoError"]);
    assert_eq!(starts().await, ["Single 2026-02-02T10:00:00Z", "Single 2026-02-04T11:00:00Z"]);
    let master = format!("<t:ItemId Id=\"{id}\"/>");
    assert_eq!(world.ask(&change(&master, &both)).await.codes(), ["NoError"]);
    assert_eq!(
        starts().await,
        ["RecurringMaster 2026-02-02T10:00:00Z", "Single 2026-02-02T10:00:00Z", "Single 2026-02-04T11:00:00Z"]
    );
}

#[tokio::test]
async fn two_servers_of_a_site_deliver_to_each_other() {
    let site = Site::new(3);
    let one = World::empty(&site);
    one.server.add_mailbox(MailboxSpec::user(ANN, "Ann", PASSWORD)).unwrap();
    let mut other = World::empty(&site);
    other.account = BOB.to_owned();
    other.server.add_mailbox(MailboxSpec::user(BOB, "Bob", PASSWORD)).unwrap();
    let (id, _) = one.create(LOUD, &meeting("")).await;
    let copy = other.only("calendar").await.0;
    assert_eq!(other.get(&copy).await.text_of("UID"), one.get(&id).await.text_of("UID"));
    assert_eq!(
        one.impersonating(BOB)
            .fault(&crate::world::get_item("<t:BaseShape>IdOnly</t:BaseShape>", &item_id(&copy)))
            .await,
        "ErrorNonExistentMailbox"
    );
    assert_eq!(one.server.sink().len(), 1);
}

// trap 107
#[tokio::test]
async fn a_room_accepts_by_itself_and_shows_who_holds_it() {
    let world = World::new();
    let mut room = MailboxSpec::user("room@crm.test", "Room", PASSWORD);
    room.kind = MailboxKind::Room;
    world.server.add_mailbox(room).unwrap();
    let item = meeting("").replace(CID, "room@crm.test");
    let (id, _) = world.create(LOUD, &item).await;
    let room = world.impersonating("room@crm.test");
    let read = room.get(&room.only("calendar").await.0).await;
    assert_eq!((read.text_of("Subject"), read.text_of("MyResponseType")), ("Ann Smith", "Accept"));
    let mine = world.get(&id).await;
    assert_eq!(mine.find("OptionalAttendees").text_of("ResponseType"), "Accept");
    assert_eq!(kinds(&world), [MailKind::Invitation]);
}

#[tokio::test]
async fn ordinary_mail_goes_to_the_sink_and_the_inbox() {
    let world = World::new();
    let mail = format!(
        "<t:Message><t:Subject>Hello</t:Subject><t:Body BodyType=\"Text\">there</t:Body><t:ToRecipients><t:Mailbox><t:EmailAddress>{BOB}</t:EmailAddress></t:Mailbox></t:ToRecipients></t:Message>"
    );
    let sent = world.ask(&crate::world::create("MessageDisposition=\"SendAndSaveCopy\"", &mail)).await;
    assert_eq!(sent.codes(), ["NoError"]);
    assert_eq!(kinds(&world), [MailKind::Message]);
    let bob = world.signed_in(BOB);
    let got = bob.get(&bob.only("inbox").await.0).await;
    assert_eq!((got.text_of("Subject"), got.find("From").text_of("EmailAddress")), ("Hello", ANN));
    let draft = world.create("MessageDisposition=\"SaveOnly\"", &mail).await;
    let send = format!(
        "<m:SendItem SaveItemToFolder=\"true\"><m:ItemIds><t:ItemId Id=\"{}\" ChangeKey=\"{}\"/></m:ItemIds></m:SendItem>",
        draft.0, draft.1
    );
    assert_eq!(world.ask(&send).await.codes(), ["NoError"]);
    assert_eq!(world.server.items(ANN, "sentitems").unwrap().len(), 2);
}
