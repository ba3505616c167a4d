//! MIME content: appointments as iCalendar in and out, contacts as vCards.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::world::{ANN, World, create, get_item, item_id};

const NONE: &str = "SendMeetingInvitations=\"SendToNone\"";
const MIME: &str = "<t:BaseShape>IdOnly</t:BaseShape><t:IncludeMimeContent>true</t:IncludeMimeContent>";

fn packed(text: &str) -> String {
    format!(
        "<t:CalendarItem><t:MimeContent CharacterSet=\"UTF-8\">{}</t:MimeContent></t:CalendarItem>",
        STANDARD.encode(text.replace('\n', "\r\n"))
    )
}

async fn unpacked(world: &World, id: &str) -> String {
    let read = world.ask(&get_item(MIME, &item_id(id))).await;
    String::from_utf8(STANDARD.decode(read.text_of("MimeContent")).unwrap()).unwrap()
}

const SERIES: &str = "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:abc-1\nSUMMARY:Daily\\, really\nDTSTART;TZID=Europe/Berlin:20260327T090000\nDTEND;TZID=Europe/Berlin:20260327T093000\nRRULE:FREQ=DAILY;COUNT=5\nEXDATE;TZID=Europe/Berlin:20260329T090000\nCLASS:PRIVATE\nEND:VEVENT\nBEGIN:VEVENT\nUID:abc-1\nSUMMARY:Later\nRECURRENCE-ID;TZID=Europe/Berlin:20260328T090000\nDTSTART;TZID=Europe/Berlin:20260328T110000\nDTEND;TZID=Europe/Berlin:20260328T113000\nEND:VEVENT\nEND:VCALENDAR\n";

// trap 62
#[tokio::test]
async fn a_series_with_exceptions_comes_in_and_goes_out_as_icalendar() {
    let world = World::new();
    let (id, _) = world.create(NONE, &packed(SERIES)).await;
    let read = world.get(&id).await;
    assert_eq!(
        (read.text_of("Subject"), read.text_of("UID"), read.text_of("Sensitivity")),
        ("Daily, really", "abc-1", "Private")
    );
    assert_eq!(read.find("StartTimeZone").attr("Id"), "W. Europe Standard Time");
    assert_eq!(read.find("ModifiedOccurrences").text_of("Start"), "2026-03-28T10:00:00Z");
    assert_eq!(read.find("DeletedOccurrences").text_of("Start"), "2026-03-29T07:00:00Z");
    let text = unpacked(&world, &id).await;
    assert!(text.starts_with("BEGIN:VCALENDAR\r\n"));
    for line in [
        "BEGIN:VTIMEZONE",
        "TZID:W. Europe Standard Time",
        "RRULE:FREQ=DAILY;INTERVAL=1;COUNT=5",
        "EXDATE;TZID=W. Europe Standard Time:20260329T090000",
        "RECURRENCE-ID;TZID=W. Europe Standard Time:20260328T090000",
        "SUMMARY:Later",
        "CLASS:PRIVATE",
    ] {
        assert!(text.contains(&format!("{line}\r\n")), "{line}\n{text}");
    }
    let (again, _) = world.create(NONE, &packed(&text)).await;
    let twice = world.get(&again).await;
    for name in ["ModifiedOccurrences", "DeletedOccurrences"] {
        assert_eq!(twice.find(name).text_of("Start"), read.find(name).text_of("Start"));
    }
}

#[tokio::test]
async fn extended_properties_may_stand_beside_the_mime_content() {
    let world = World::new();
    let item = packed(SERIES).replace(
        "</t:CalendarItem>",
        "<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag=\"0x10f3\" PropertyType=\"String\"/><t:Value>abc.eml</t:Value></t:ExtendedProperty></t:CalendarItem>",
    );
    world.create(NONE, &item).await;
    let find = "<m:FindItem Traversal=\"Shallow\"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:Restriction><t:IsEqualTo><t:ExtendedFieldURI PropertyTag=\"0x10f3\" PropertyType=\"String\"/><t:FieldURIOrConstant><t:Constant Value=\"abc.eml\"/></t:FieldURIOrConstant></t:IsEqualTo></m:Restriction><m:ParentFolderIds><t:DistinguishedFolderId Id=\"calendar\"/></m:ParentFolderIds></m:FindItem>";
    assert_eq!(world.ask(find).await.find("RootFolder").attr("TotalItemsInView"), "1");
}

// trap 85
#[tokio::test]
async fn an_event_said_to_last_whole_days_does_when_its_times_fall_at_midnight() {
    let world = World::new();
    let event = |from: &str, to: &str| {
        format!(
            "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:w-1\nDTSTART;TZID=Europe/Berlin:{from}\nDTEND;TZID=Europe/Berlin:{to}\nX-MICROSOFT-CDO-ALLDAYEVENT:TRUE\nEND:VEVENT\nEND:VCALENDAR\n"
        )
    };
    let (id, _) = world.create(NONE, &packed(&event("20260401T000000", "20260403T000000"))).await;
    let read = world.get(&id).await;
    assert_eq!(read.text_of("IsAllDayEvent"), "true");
    assert!(unpacked(&world, &id).await.contains("DTSTART;VALUE=DATE:20260401\r\n"));
    let (id, _) = world.create(NONE, &packed(&event("20260401T090000", "20260401T100000"))).await;
    assert_eq!(world.get(&id).await.text_of("IsAllDayEvent"), "false");
}

#[tokio::test]
async fn a_request_from_outside_keeps_its_organizer_and_a_plain_calendar_does_not() {
    let world = World::new();
    let event = "BEGIN:VEVENT\nUID:x-1\nDTSTART:20260701T100000Z\nDTEND:20260701T110000Z\nORGANIZER;CN=Zoe:mailto:zoe@out.test\nATTENDEE:mailto:ann@crm.test\nEND:VEVENT\nEND:VCALENDAR\n";
    let (id, _) = world.create(NONE, &packed(&format!("BEGIN:VCALENDAR\nMETHOD:REQUEST\n{event}"))).await;
    let read = world.get(&id).await;
    assert_eq!(read.find("Organizer").text_of("EmailAddress"), "zoe@out.test");
    assert_eq!(read.text_of("AppointmentState"), "3");
    let (id, _) = world.create(NONE, &packed(&format!("BEGIN:VCALENDAR\n{event}"))).await;
    assert_eq!(world.get(&id).await.find("Organizer").text_of("EmailAddress"), ANN);
}

// trap 68
#[tokio::test]
async fn calendars_that_cannot_be_kept_are_refused() {
    let world = World::new();
    let odd = SERIES.replace("FREQ=DAILY;COUNT=5", "FREQ=MONTHLY;BYMONTHDAY=1,15");
    for bad in ["hello", &odd, &SERIES.replace("END:VCALENDAR\n", "")] {
        assert_eq!(world.ask(&create(NONE, &packed(bad))).await.codes(), ["ErrorMimeContentInvalid"]);
    }
    let no_base64 = "<t:CalendarItem><t:MimeContent>???</t:MimeContent></t:CalendarItem>";
    assert_eq!(world.ask(&create(NONE, no_base64)).await.codes(), ["ErrorMimeContentInvalidBase64String"]);
}

#[tokio::test]
async fn a_contact_goes_out_as_vcard() {
    let world = World::new();
    let (id, _) = world.create("", "<t:Contact><t:GivenName>Ann</t:GivenName><t:EmailAddresses><t:Entry Key=\"EmailAddress1\">a@x.test</t:Entry></t:EmailAddresses><t:Surname>Smith, B</t:Surname></t:Contact>").await;
    let text = unpacked(&world, &id).await;
    for line in ["BEGIN:VCARD", "N:Smith\\, B;Ann;;;", "EMAIL;TYPE=INTERNET:a@x.test", "END:VCARD"] {
        assert!(text.contains(&format!("{line}\r\n")), "{line}\n{text}");
    }
}
