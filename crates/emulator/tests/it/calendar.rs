//! Single appointments: times and zones, what a server demands and what it works out.

use crate::world::{ANN, World, create, get_item, item_id, set, update};

const NONE: &str = "SendMeetingInvitations=\"SendToNone\"";
const QUIET: &str = "ConflictResolution=\"NeverOverwrite\" SendMeetingInvitationsOrCancellations=\"SendToNone\"";

fn appointment(start: &str, end: &str, zone: &str) -> String {
    format!(
        "<t:CalendarItem><t:Subject>One</t:Subject><t:Start>{start}</t:Start><t:End>{end}</t:End>{zone}</t:CalendarItem>"
    )
}

const BERLIN: &str = "<t:StartTimeZone Id=\"W. Europe Standard Time\"/>";

#[tokio::test]
async fn an_appointment_has_what_the_server_adds() {
    let world = World::new();
    let (id, _) =
        world.create(NONE, &appointment("2026-07-01T10:00:00+02:00", "2026-07-01T11:00:00+02:00", BERLIN)).await;
    let shape = "<t:BaseShape>AllProperties</t:BaseShape><t:AdditionalProperties><t:FieldURI FieldURI=\"calendar:StartWallClock\"/><t:FieldURI FieldURI=\"calendar:StartTimeZoneId\"/><t:ExtendedFieldURI DistinguishedPropertySetId=\"Meeting\" PropertyId=\"35\" PropertyType=\"Binary\"/></t:AdditionalProperties>";
    let read = world.ask(&get_item(shape, &item_id(&id))).await;
    for (name, text) in [
        ("Start", "2026-07-01T08:00:00Z"),
        ("End", "2026-07-01T09:00:00Z"),
        ("LegacyFreeBusyStatus", "Busy"),
        ("IsMeeting", "false"),
        ("CalendarItemType", "Single"),
        ("MyResponseType", "Organizer"),
        ("Duration", "PT1H"),
        ("StartWallClock", "2026-07-01T10:00:00+02:00"),
        ("StartTimeZoneId", "W. Europe Standard Time"),
        ("AppointmentState", "0"),
    ] {
        assert_eq!(read.text_of(name), text, "{name}");
    }
    assert_eq!(read.find("Organizer").text_of("EmailAddress"), ANN);
    assert_eq!(read.find("EndTimeZone").attr("Id"), "W. Europe Standard Time");
    assert!(read.extended("35").is_some() && read.text_of("UID").starts_with("040000008200E000"));
}

// trap 91
#[tokio::test]
async fn a_time_without_offset_is_read_in_the_zone_of_the_request() {
    let world = World::new();
    let here =
        world.with_header("<t:TimeZoneContext><t:TimeZoneDefinition Id=\"Tokyo Standard Time\"/></t:TimeZoneContext>");
    let item = appointment("2026-07-01T10:00:00", "2026-07-01T11:00:00", "");
    let (id, _) = here.create(NONE, &item).await;
    let read = world.get(&id).await;
    assert_eq!(read.text_of("Start"), "2026-07-01T01:00:00Z");
    assert_eq!(read.find("StartTimeZone").attr("Id"), "Tokyo Standard Time");
    let (id, _) = world.create(NONE, &item).await;
    assert_eq!(world.get(&id).await.text_of("Start"), "2026-07-01T10:00:00Z");
}

// trap 91
#[tokio::test]
async fn a_time_without_offset_is_read_in_the_zone_that_the_appointment_is_given() {
    let world = World::new();
    let here =
        world.with_header("<t:TimeZoneContext><t:TimeZoneDefinition Id=\"Tokyo Standard Time\"/></t:TimeZoneContext>");
    let zones = "<t:StartTimeZone Id=\"W. Europe Standard Time\"/><t:EndTimeZone Id=\"GMT Standard Time\"/>";
    let item = appointment("2026-07-01T10:00:00", "2026-07-01T10:00:00", zones);
    let (id, key) = here.create(NONE, &item).await;
    let read = world.get(&id).await;
    assert_eq!((read.text_of("Start"), read.text_of("End")), ("2026-07-01T08:00:00Z", "2026-07-01T09:00:00Z"));
    // Set alone, a zone keeps what the clock shows.
    let zone = set("calendar:StartTimeZone", "CalendarItem", "<t:StartTimeZone Id=\"Eastern Standard Time\"/>")
        + &set("calendar:EndTimeZone", "CalendarItem", "<t:EndTimeZone Id=\"Eastern Standard Time\"/>");
    let quiet = "ConflictResolution=\"AlwaysOverwrite\" SendMeetingInvitationsOrCancellations=\"SendToNone\"";
    assert_eq!(world.ask(&update(quiet, &id, &key, &zone)).await.codes(), ["NoError"]);
    let read = world.get(&id).await;
    assert_eq!((read.text_of("Start"), read.text_of("End")), ("2026-07-01T14:00:00Z", "2026-07-01T14:00:00Z"));
}

// trap 95
#[tokio::test]
async fn what_the_schema_leaves_open_the_server_demands() {
    let world = World::new();
    let item = appointment("2026-07-01T10:00:00Z", "2026-07-01T11:00:00Z", "");
    assert_eq!(world.ask(&create("", &item)).await.codes(), ["ErrorSendMeetingInvitationsRequired"]);
    let (id, key) = world.create(NONE, &item).await;
    let subject = set("item:Subject", "CalendarItem", "<t:Subject>Two</t:Subject>");
    let bare = update("ConflictResolution=\"AlwaysOverwrite\"", &id, &key, &subject);
    assert_eq!(world.ask(&bare).await.codes(), ["ErrorSendMeetingInvitationsOrCancellationsRequired"]);
    let delete =
        format!("<m:DeleteItem DeleteType=\"HardDelete\"><m:ItemIds>{}</m:ItemIds></m:DeleteItem>", item_id(&id));
    assert_eq!(world.ask(&delete).await.codes(), ["ErrorSendMeetingCancellationsRequired"]);
    assert_eq!(world.get(&id).await.text_of("Subject"), "One");
    assert!(world.server.sink().is_empty());
}

#[tokio::test]
async fn impossible_times_are_refused() {
    let world = World::new();
    let reversed = appointment("2026-07-01T10:00:00Z", "2026-07-01T09:00:00Z", "");
    assert_eq!(world.ask(&create(NONE, &reversed)).await.codes(), ["ErrorCalendarEndDateIsEarlierThanStartDate"]);
    let endless = appointment("2026-07-01T10:00:00Z", "2036-07-01T09:00:00Z", "");
    assert_eq!(world.ask(&create(NONE, &endless)).await.codes(), ["ErrorCalendarDurationIsTooLong"]);
    let nowhere =
        appointment("2026-07-01T10:00:00Z", "2026-07-01T11:00:00Z", "<t:StartTimeZone Id=\"Europe/Berlin\"/>");
    assert_eq!(world.ask(&create(NONE, &nowhere)).await.codes(), ["ErrorTimeZone"]);
}

// trap 85, trap 86
#[tokio::test]
async fn all_day_is_a_flag_with_midnights_of_its_zone() {
    let world = World::new();
    for (zone, start) in
        [("Dateline Standard Time", "2026-07-01T12:00:00Z"), ("Line Islands Standard Time", "2026-06-30T10:00:00Z")]
    {
        let item = format!(
            "<t:CalendarItem><t:Start>{start}</t:Start><t:End>{start}</t:End><t:IsAllDayEvent>true</t:IsAllDayEvent><t:StartTimeZone Id=\"{zone}\"/></t:CalendarItem>"
        );
        let (id, _) = world.create(NONE, &item).await;
        let read = world.get(&id).await;
        assert_eq!(read.text_of("Start"), start, "{zone}");
        assert_eq!(read.text_of("Duration"), "P1D");
        assert_eq!(read.text_of("IsAllDayEvent"), "true");
    }
}

// trap 79
#[tokio::test]
async fn an_edit_of_the_subject_leaves_the_times() {
    let world = World::new();
    let item = appointment("2026-12-01T10:00:00+01:00", "2026-12-01T11:00:00+01:00", BERLIN);
    let (id, key) = world.create(NONE, &item).await;
    let before = world.get(&id).await;
    let subject = set("item:Subject", "CalendarItem", "<t:Subject>Two</t:Subject>");
    world.ask(&update(QUIET, &id, &key, &subject)).await;
    let after = world.get(&id).await;
    for name in ["Start", "End", "UID"] {
        assert_eq!(before.text_of(name), after.text_of(name));
    }
    assert_eq!(after.find("StartTimeZone").attr("Id"), "W. Europe Standard Time");
}

#[tokio::test]
async fn the_organizer_cannot_be_set_and_a_quirk_accepts_it() {
    let world = World::new();
    let item = "<t:CalendarItem><t:Subject>Theirs</t:Subject><t:Start>2026-07-01T10:00:00Z</t:Start><t:End>2026-07-01T11:00:00Z</t:End><t:Organizer><t:Mailbox><t:EmailAddress>zoe@out.test</t:EmailAddress></t:Mailbox></t:Organizer></t:CalendarItem>";
    assert_eq!(world.ask(&create(NONE, item)).await.codes(), ["ErrorInvalidPropertySet"]);
    world.server.set_quirk(emulator::Quirk::KeepsOrganizer, true);
    let (id, _) = world.create(NONE, item).await;
    let read = world.get(&id).await;
    assert_eq!(read.find("Organizer").text_of("EmailAddress"), "zoe@out.test");
    assert_eq!(read.text_of("MyResponseType"), "NoResponseReceived");
}

#[tokio::test]
async fn a_custom_zone_comes_back_as_it_was_sent() {
    let world = World::new();
    let zone = "<t:StartTimeZone Id=\"tzone://Microsoft/Custom\" Name=\"Mine\"><t:Periods><t:Period Bias=\"-PT150M\" Name=\"Standard\" Id=\"std\"/></t:Periods><t:TransitionsGroups><t:TransitionsGroup Id=\"0\"><t:Transition><t:To Kind=\"Period\">std</t:To></t:Transition></t:TransitionsGroup></t:TransitionsGroups><t:Transitions><t:Transition><t:To Kind=\"Group\">0</t:To></t:Transition></t:Transitions></t:StartTimeZone>";
    let (id, _) = world.create(NONE, &appointment("2026-07-01T10:00:00Z", "2026-07-01T11:00:00Z", zone)).await;
    let read = world.get(&id).await;
    let shown = read.find("StartTimeZone");
    assert_eq!((shown.attr("Name"), shown.find("Period").attr("Bias")), ("Mine", "-PT150M"));
}

#[tokio::test]
async fn a_copied_appointment_is_another_meeting_with_the_same_mark() {
    let world = World::new();
    let marked = "<t:CalendarItem><t:Subject>One</t:Subject><t:ExtendedProperty><t:ExtendedFieldURI DistinguishedPropertySetId=\"PublicStrings\" PropertyName=\"Mark\" PropertyType=\"String\"/><t:Value>m</t:Value></t:ExtendedProperty><t:Start>2026-07-01T10:00:00Z</t:Start><t:End>2026-07-01T11:00:00Z</t:End></t:CalendarItem>";
    let (id, _) = world.create(NONE, marked).await;
    let copy = format!(
        "<m:CopyItem><m:ToFolderId><t:DistinguishedFolderId Id=\"calendar\"/></m:ToFolderId><m:ItemIds>{}</m:ItemIds></m:CopyItem>",
        item_id(&id)
    );
    let (copy, _) = world.ask(&copy).await.item_id();
    let shape = "<t:BaseShape>AllProperties</t:BaseShape><t:AdditionalProperties><t:ExtendedFieldURI DistinguishedPropertySetId=\"PublicStrings\" PropertyName=\"Mark\" PropertyType=\"String\"/></t:AdditionalProperties>";
    let (one, two) =
        (world.ask(&get_item(shape, &item_id(&id))).await, world.ask(&get_item(shape, &item_id(&copy))).await);
    assert_ne!(one.text_of("UID"), two.text_of("UID"));
    assert_eq!(two.extended("Mark").as_deref(), Some("m"));
}

#[tokio::test]
async fn appointments_live_in_calendars_only() {
    let world = World::new();
    let item = appointment("2026-07-01T10:00:00Z", "2026-07-01T11:00:00Z", "");
    let body = format!(
        "<m:CreateItem {NONE}><m:SavedItemFolderId><t:DistinguishedFolderId Id=\"contacts\"/></m:SavedItemFolderId><m:Items>{item}</m:Items></m:CreateItem>"
    );
    assert_eq!(world.ask(&body).await.codes(), ["ErrorCannotCreateCalendarItemInNonCalendarFolder"]);
}
