//! Answers are read leniently where servers are sloppy and strictly where a misreading would lose something.

use crate::samples::{BUSY, CONTACT, SERIES, TASK, answer, changes, envelope, folders, found};
use jiff::civil::date;
use wire::ews::{
    Change, DayOfWeek, DeleteItem, Dictionary, ExtendedPath, ExtendedType, Failure, FindFolder, FindItem, FolderKind,
    GetItem, GetRoomLists, GetRooms, Item, ItemKind, Moment, Path, Pattern, Property, Range, ResolveNames,
    ResponseCode, SyncFolderItems, UpdateItem, Value, When, parse,
};
use wire::xml::{Error, Limits};

fn one(inside: &str) -> Item {
    let text = answer("GetItem", &format!("<m:Items>{inside}</m:Items>"));
    let parsed = parse::<GetItem>(text.as_bytes(), Limits::default()).expect("an answer");
    parsed.only().expect("one result").expect("served").first().expect("an item")
}

fn moment(text: &str) -> Moment {
    Moment::read(text).expect("a time")
}

// traps 131, 133
#[test]
fn a_contact_is_read_with_all_its_kinds_of_values() {
    let item = one(CONTACT);
    assert_eq!(item.kind, ItemKind::Contact);
    let id = item.id.as_ref().expect("an id");
    assert_eq!((id.id.as_str(), id.change_key.as_deref()), ("AAMk=A", Some("EQAA")));
    assert_eq!(item.parent.as_ref().expect("a folder").id, "AAMkF");
    assert_eq!(item.text(Property::GivenName), Some("Ann"));
    assert_eq!(item.text(Property::MiddleName), Some(""), "empty is not absent");
    assert_eq!(item.text(Property::Nickname), None, "absent is not empty");
    assert_eq!(item.text(Property::Surname), Some("Sm\u{1F600}th"));
    assert_eq!(item.body().expect("a body").text, "<html>note</html>");
    assert_eq!(item.texts(Property::Categories), Some(&["Siebel Contact".to_owned(), String::new()][..]));
    assert_eq!(item.text(Path::entry(Dictionary::EmailAddress, "EmailAddress1")), Some("ann@crm.test"));
    assert_eq!(item.text(Path::entry(Dictionary::Street, "Business")), Some("1 Main\nStreet"));
    assert_eq!(item.text(Path::entry(Dictionary::State, "Business")), None);
    assert_eq!(item.text(Path::entry(Dictionary::PhoneNumber, "Pager")), Some(""));
    assert_eq!(item.moment(Property::Birthday).expect("a birthday").civil.date(), date(1980, 2, 29));
    assert_eq!(item.text(Path::Extended(ExtendedPath::tag(0x3A45, ExtendedType::String))), Some("Dr."));
    let mark = ExtendedPath::named("F3A1C2D4-0000-4000-8000-0123456789AB", "mark", ExtendedType::String);
    assert_eq!(item.text(Path::Extended(mark)), Some("m1"));
    assert!(item.unread.is_empty());
}

// traps 11, 61, 89
#[test]
fn a_series_is_read_with_its_rule_its_exceptions_and_its_own_zone() {
    let item = one(SERIES);
    let rule = item.recurrence(Property::Recurrence).expect("a rule");
    let days = vec![DayOfWeek::Monday, DayOfWeek::Thursday];
    assert_eq!(rule.pattern, Pattern::Weekly { interval: 2, days, first: Some(DayOfWeek::Sunday) });
    assert_eq!(rule.range, Range::EndDate { start: date(2026, 11, 2), end: date(2027, 1, 31) });
    let [changed] = item.modified_occurrences() else { panic!("one exception") };
    assert_eq!(changed.id.id, "OID=1");
    assert_eq!(changed.original_start, moment("2026-11-05T09:00:00Z"));
    assert_eq!(item.deleted_occurrences(), [moment("2026-11-16T09:00:00Z")]);
    let zone = item.zone(Property::StartTimeZone).expect("a zone");
    assert_eq!(zone.periods.iter().map(|p| p.bias_seconds).collect::<Vec<_>>(), [-3600, -7200]);
    let rules: Vec<&When> = zone.groups[0].transitions.iter().map(|t| &t.when).collect();
    let summer = When::Day { offset_seconds: 7200, month: 3, day: DayOfWeek::Sunday, occurrence: -1 };
    assert_eq!(rules, [&summer, &When::Date { offset_seconds: 10800, month: 10, day: 25 }]);
    assert_eq!(zone.transitions.len(), 2);
    let [guest] = item.attendees(Property::RequiredAttendees).expect("people") else { panic!("one guest") };
    assert_eq!(guest.response.as_deref(), Some("Accept"));
    assert_eq!(item.person(Property::Organizer).expect("organiser").routing.as_deref(), Some("EX"));
    assert_eq!(item.flag(Property::MeetingRequestWasSent), Some(true));
}

// traps 10, 71
#[test]
fn a_task_keeps_words_that_no_list_of_ours_has() {
    let item = one(TASK);
    assert_eq!(item.text(Property::Status), Some("SomethingNew"));
    assert_eq!(item.flag(Property::ReminderIsSet), Some(true));
    assert_eq!(item.value(Property::PercentComplete), Some(&Value::Fraction(37.5)));
    let rule = item.recurrence(Property::TaskRecurrence).expect("a rule");
    assert_eq!(rule.pattern, Pattern::WeeklyRegeneration { interval: 3 });
    assert!(item.value(Property::Recurrence).is_none());
}

// trap 68
#[test]
fn a_rule_we_cannot_name_keeps_its_words_and_is_no_near_one() {
    for pattern in [
        "<t:LunarRecurrence><t:Interval>1</t:Interval></t:LunarRecurrence>",
        "<t:RelativeMonthlyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>Monday Tuesday</t:DaysOfWeek><t:DayOfWeekIndex>First</t:DayOfWeekIndex></t:RelativeMonthlyRecurrence>",
        "<t:WeeklyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>Monday Blursday</t:DaysOfWeek></t:WeeklyRecurrence>",
        "<t:DailyRecurrence><t:Interval>x</t:Interval></t:DailyRecurrence>",
    ] {
        let item = one(&format!(
            "<t:CalendarItem><t:ItemId Id=\"A\"/><t:Recurrence>{pattern}<t:NoEndRecurrence><t:StartDate>2026-11-02</t:StartDate></t:NoEndRecurrence></t:Recurrence></t:CalendarItem>"
        ));
        assert!(item.recurrence(Property::Recurrence).is_none());
        let Some(Value::ForeignRule(words)) = item.value(Property::Recurrence) else { panic!("the server's words") };
        assert!(words.contains("Interval ") && words.contains("StartDate 2026-11-02"), "{words}");
    }
}

#[test]
fn values_that_cannot_be_read_count_as_not_given() {
    let item = one(
        "<t:CalendarItem><t:Start>soon</t:Start><t:IsAllDayEvent>perhaps</t:IsAllDayEvent><t:ItemId Id=\"A\"/>\
         <t:ReminderMinutesBeforeStart>ten</t:ReminderMinutesBeforeStart><t:Twist><t:Start>x</t:Start></t:Twist>\
         <t:ExtendedProperty><t:ExtendedFieldURI PropertyTag=\"1\" PropertyType=\"Currency\"/><t:Value>1</t:Value></t:ExtendedProperty></t:CalendarItem>",
    );
    assert!(item.values.is_empty());
    let unread = [Property::Start, Property::IsAllDayEvent, Property::ReminderMinutesBeforeStart];
    assert_eq!(item.unread, unread.map(Path::Property));
    assert_eq!(item.unknown, 2);
}

// trap 10
#[test]
fn a_page_of_changes_skips_and_counts_what_it_does_not_know() {
    let parsed = parse::<SyncFolderItems>(changes().as_bytes(), Limits::default()).expect("an answer");
    let version = parsed.version.clone().expect("a version");
    assert_eq!((version.major, version.minor, version.build), (15, 1, 2507));
    let page = parsed.only().expect("one result").expect("served");
    assert_eq!((page.state.as_str(), page.is_last(), page.unknown), ("H4sI=", false, 1));
    let seen: Vec<String> = page
        .changes
        .iter()
        .map(|change| match change {
            Change::Create(item) => format!("+{item:?}"),
            Change::Update(item) => format!("~{item:?}"),
            Change::Delete(id) => format!("-{id:?}"),
            Change::ReadFlag(id) => format!("r{id:?}"),
        })
        .collect();
    assert_eq!(seen, ["+Contact(Some(A))", "~DistributionList(Some(B))", "-C", "rD"]);
}

// trap 148
#[test]
fn a_page_that_nobody_can_go_on_from_is_not_believed() {
    for inside in [
        "<m:IncludesLastItemInRange>true</m:IncludesLastItemInRange><m:Changes/>",
        "<m:SyncState/><m:IncludesLastItemInRange>true</m:IncludesLastItemInRange>",
        "<m:Changes/>",
    ] {
        let text = answer("SyncFolderItems", inside);
        let failure = parse::<SyncFolderItems>(text.as_bytes(), Limits::default()).expect_err("no state");
        assert!(matches!(failure, Failure::Unreadable(Error::Missing { .. })));
    }
    assert!(parse::<FindItem>(answer("FindItem", "").as_bytes(), Limits::default()).is_err());
}

#[test]
fn pages_of_searches_say_where_the_next_begins() {
    let page = parse::<FindItem>(found().as_bytes(), Limits::default()).expect("an answer");
    let page = page.only().expect("one").expect("served");
    assert_eq!((page.items.len(), page.is_last(), page.next_offset, page.total), (1, false, Some(1), Some(7)));
    let page = parse::<FindFolder>(folders().as_bytes(), Limits::default()).expect("an answer");
    let page = page.only().expect("one").expect("served");
    assert_eq!(page.folders[0].kind, FolderKind::Contacts);
    assert_eq!(page.folders[0].name.as_deref(), Some("Kontakte"));
    let ours = ExtendedPath::named("f3a1c2d4-0000-4000-8000-0123456789ab", "mailbox", ExtendedType::String);
    assert_eq!(page.folders[0].extended.get(&ours), Some(&Value::Text("mb1".to_owned())));
    assert!(page.is_last());
}

// trap 53
#[test]
fn every_item_has_its_own_outcome() {
    let text = envelope(
        "<m:UpdateItemResponse xmlns:m=\"m\" xmlns:t=\"t\"><m:ResponseMessages>\
         <m:UpdateItemResponseMessage ResponseClass=\"Success\"><m:Items><t:Task><t:ItemId Id=\"A\" ChangeKey=\"2\"/></t:Task></m:Items><m:ResponseCode>NoError</m:ResponseCode></m:UpdateItemResponseMessage>\
         <m:UpdateItemResponseMessage ResponseClass=\"Error\"><m:MessageText>No.</m:MessageText><m:ResponseCode>ErrorIrresolvableConflict</m:ResponseCode><m:Items/></m:UpdateItemResponseMessage>\
         <m:UpdateItemResponseMessage ResponseClass=\"Error\"><m:MessageText>No.</m:MessageText><m:ResponseCode>ErrorNobodyKnows</m:ResponseCode></m:UpdateItemResponseMessage>\
         <m:UpdateItemResponseMessage ResponseClass=\"Warning\"><m:ResponseCode>ErrorBatchProcessingStopped</m:ResponseCode></m:UpdateItemResponseMessage>\
         <m:UpdateItemResponseMessage ResponseClass=\"Error\"><m:ResponseCode>ErrorServerBusy</m:ResponseCode><m:MessageXml><t:Value Name=\"BackOffMilliseconds\">0</t:Value></m:MessageXml></m:UpdateItemResponseMessage>\
         </m:ResponseMessages></m:UpdateItemResponse>",
    );
    let results = parse::<UpdateItem>(text.as_bytes(), Limits::default()).expect("an answer").exactly(5).expect("five");
    let codes: Vec<&str> = results.iter().map(|r| r.as_ref().map_or_else(|e| e.code.name(), |_| "served")).collect();
    let expected =
        ["served", "ErrorIrresolvableConflict", "ErrorNobodyKnows", "ErrorBatchProcessingStopped", "ErrorServerBusy"];
    assert_eq!(codes, expected);
    assert_eq!(results[4].as_ref().expect_err("busy").back_off_ms, Some(0));
}

#[test]
fn fewer_results_than_items_are_no_answer() {
    let text = envelope("<m:DeleteItemResponse xmlns:m=\"m\"><m:ResponseMessages/></m:DeleteItemResponse>");
    let parsed = parse::<DeleteItem>(text.as_bytes(), Limits::default()).expect("an answer");
    assert!(parsed.only().is_err());
}

#[test]
fn a_result_without_class_and_code_has_not_succeeded() {
    let text = envelope(
        "<m:DeleteItemResponse xmlns:m=\"m\"><m:ResponseMessages><m:DeleteItemResponseMessage/></m:ResponseMessages></m:DeleteItemResponse>",
    );
    assert!(parse::<DeleteItem>(text.as_bytes(), Limits::default()).is_err());
}

// trap 166
#[test]
fn a_fault_is_read_with_its_code_and_how_long_to_wait() {
    let Err(Failure::Fault(fault)) = parse::<GetItem>(BUSY.as_bytes(), Limits::default()) else { panic!("a fault") };
    assert_eq!(fault.code, ResponseCode::ErrorServerBusy);
    assert_eq!(fault.back_off_ms, Some(297_749));
    assert_eq!(fault.message.0, "Try again later.");
    assert!(!format!("{fault:?} {fault}").contains("later"), "a server's sentence never reaches a log");
    let bare = "<s:Envelope><s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring>no</faultstring></s:Fault></s:Body></s:Envelope>";
    let Err(Failure::Fault(fault)) = parse::<GetItem>(bare.as_bytes(), Limits::default()) else { panic!("a fault") };
    assert_eq!(fault.code.name(), "Client");
}

// trap 173
#[test]
fn a_sign_in_page_is_not_an_empty_mailbox() {
    for page in [
        "<!DOCTYPE html><html><body>Sign in</body></html>",
        "\n<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\" \"http://www.w3.org/TR/html4/strict.dtd\"><html></html>",
        "<html><head><meta charset=utf-8><title>Outlook</title></head></html>",
        "Service unavailable",
        "{\"error\":1}",
        "<rss/>",
    ] {
        let failure = parse::<SyncFolderItems>(page.as_bytes(), Limits::default()).expect_err("no answer");
        assert!(matches!(failure, Failure::Unreadable(Error::Foreign { .. })), "{failure}");
        assert!(!failure.to_string().contains("Sign in"));
    }
    for empty in ["", "  \r\n", "\u{FEFF}"] {
        let failure = parse::<GetItem>(empty.as_bytes(), Limits::default()).expect_err("empty");
        assert_eq!(failure, Failure::Unreadable(Error::Empty));
    }
}

#[test]
fn an_answer_to_another_question_is_not_believed() {
    let text = answer("FindItem", "<m:RootFolder IncludesLastItemInRange=\"true\"/>");
    let failure = parse::<SyncFolderItems>(text.as_bytes(), Limits::default()).expect_err("another operation");
    assert!(matches!(failure, Failure::Unreadable(Error::Missing { .. })));
}

// trap 184
#[test]
fn a_document_type_is_refused_whatever_it_holds() {
    for bomb in [
        "<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;\">]><s:Envelope><s:Body>&lol2;</s:Body></s:Envelope>",
        "<!DOCTYPE x SYSTEM \"file:///etc/passwd\"><s:Envelope/>",
        "<!DOCTYPE x [<!ENTITY % p SYSTEM \"http://127.0.0.1/\">%p;]><s:Envelope/>",
    ] {
        let failure = parse::<GetItem>(bomb.as_bytes(), Limits::default()).expect_err("refused");
        assert_eq!(failure, Failure::Unreadable(Error::DocumentType));
    }
}

#[test]
fn any_prefix_and_any_encoding_slip_is_read() {
    let text = String::from_utf8(answer("GetItem", &format!("<m:Items>{TASK}</m:Items>")).into_bytes()).expect("text");
    let renamed = text.replace("t:", "ns0:").replace("m:", "q1:").replace("s:", "soap:");
    let mut bytes = b"\xEF\xBB\xBF".to_vec();
    bytes.extend_from_slice(renamed.as_bytes());
    let at = bytes.windows(4).position(|w| w == b"Call").expect("the subject");
    bytes[at] = 0xFF;
    let item = parse::<GetItem>(&bytes, Limits::default()).expect("an answer").only().expect("one").expect("served");
    assert_eq!(item.first().expect("an item").text(Property::Subject), Some("\u{FFFD}all"));
}

#[test]
fn record_content_is_never_shown_by_debug() {
    let item = one(CONTACT);
    let shown = format!("{item:?} {:?} {:?}", item.values.values().collect::<Vec<_>>(), one(SERIES));
    for secret in ["Ann", "crm.test", "note", "Bonn", "Bob", "Weekly"] {
        assert!(!shown.contains(secret), "{secret}");
    }
}

// L1
#[test]
fn the_directory_tells_who_is_behind_an_address() {
    let text = answer(
        "ResolveNames",
        "<m:ResolutionSet TotalItemsInView=\"1\" IncludesLastItemInRange=\"true\"><t:Resolution><t:Mailbox><t:Name>Ann</t:Name>\
         <t:EmailAddress>ann@crm.test</t:EmailAddress><t:RoutingType>SMTP</t:RoutingType><t:MailboxType>Mailbox</t:MailboxType></t:Mailbox>\
         <t:Contact><t:EmailAddresses><t:Entry Key=\"EmailAddress1\">SMTP:ann@crm.test</t:Entry><t:Entry Key=\"EmailAddress2\">smtp:a.smith@crm.test</t:Entry></t:EmailAddresses></t:Contact></t:Resolution></m:ResolutionSet>",
    );
    let found = parse::<ResolveNames>(text.as_bytes(), Limits::default())
        .expect("an answer")
        .only()
        .expect("one")
        .expect("served");
    assert_eq!(found.0[0].mailbox.kind.as_deref(), Some("Mailbox"));
    assert_eq!(found.0[0].addresses, ["ann@crm.test", "a.smith@crm.test"]);
}

// L1: these two answer with one message, without a list around it, as a server's answers show it.
#[test]
fn rooms_are_read_from_an_answer_that_is_its_own_message() {
    let whole = |name: &str, class: &str, inner: &str| {
        format!(
            "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>\
             <m:{name}Response ResponseClass=\"{class}\" xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\" \
             xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\">{inner}</m:{name}Response></s:Body></s:Envelope>"
        )
    };
    let lists = whole(
        "GetRoomLists",
        "Success",
        "<m:ResponseCode>NoError</m:ResponseCode><m:RoomLists><t:Address><t:Name>Rooms</t:Name><t:EmailAddress>rooms@crm.test</t:EmailAddress>\
         <t:RoutingType>SMTP</t:RoutingType><t:MailboxType>PublicDL</t:MailboxType></t:Address></m:RoomLists>",
    );
    let lists = parse::<GetRoomLists>(lists.as_bytes(), Limits::default()).expect("an answer").only();
    let lists = lists.expect("one").expect("served");
    assert_eq!(lists.0[0].address.as_deref(), Some("rooms@crm.test"));
    let rooms = whole(
        "GetRooms",
        "Success",
        "<m:ResponseCode>NoError</m:ResponseCode><m:Rooms><t:Room><t:Id><t:Name>Hall</t:Name><t:EmailAddress>hall@crm.test</t:EmailAddress>\
         <t:RoutingType>SMTP</t:RoutingType><t:MailboxType>Mailbox</t:MailboxType></t:Id></t:Room><t:Room/></m:Rooms>",
    );
    let rooms = parse::<GetRooms>(rooms.as_bytes(), Limits::default()).expect("an answer").only();
    let rooms = rooms.expect("one").expect("served");
    assert_eq!((rooms.0.len(), rooms.0[0].address.as_deref()), (2, Some("hall@crm.test")));
    let empty = whole("GetRooms", "Success", "<m:ResponseCode>NoError</m:ResponseCode>");
    let empty = parse::<GetRooms>(empty.as_bytes(), Limits::default()).expect("an answer").only();
    assert!(empty.expect("one").expect("served").0.is_empty());
    let refused = whole(
        "GetRoomLists",
        "Error",
        "<m:MessageText>no</m:MessageText><m:ResponseCode>ErrorAccessDenied</m:ResponseCode>",
    );
    let refused = parse::<GetRoomLists>(refused.as_bytes(), Limits::default()).expect("an answer").only();
    assert_eq!(refused.expect("one").expect_err("refused").code, ResponseCode::ErrorAccessDenied);
}
