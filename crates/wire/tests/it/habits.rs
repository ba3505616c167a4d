//! Habits of servers that are no Exchange of ours: each is read for what it means. One test a habit, with literal bytes.

use crate::samples::{CONTACT, SERIES, TASK, answer, changes, envelope, found};
use wire::ews::{
    Change, DeleteItem, Dictionary, ExtendedName, ExtendedPath, ExtendedType, Failure, FindFolder, FindItem, GetFolder,
    GetItem, Item, ItemKind, Moment, Operation, Path, Property, PropertySet, ResponseCode, SyncFolderItems, Value,
    parse,
};
use wire::xml::{Error, Limits};

fn reply<O: Operation>(text: &[u8]) -> O::Reply {
    match parse::<O>(text, Limits::default()).map(|answer| answer.only()) {
        Ok(Ok(Ok(reply))) => reply,
        Ok(Ok(Err(refused))) => panic!("refused: {refused}"),
        Ok(Err(failure)) | Err(failure) => panic!("not read: {failure}"),
    }
}

fn item_of(text: &[u8]) -> Item {
    reply::<GetItem>(text).first().expect("an item")
}

fn one(inside: &str) -> Item {
    item_of(items(inside).as_bytes())
}

fn items(inside: &str) -> String {
    answer("GetItem", &format!("<m:Items>{inside}</m:Items>"))
}

fn moment(text: &str) -> Moment {
    Moment::read(text).unwrap_or_else(|| panic!("no time: {text}"))
}

#[test]
fn prefixes_are_the_servers_own() {
    let plain = items(CONTACT);
    let renamed = plain
        .replace("s:", "soapenv:")
        .replace("xmlns:soapenv:", "xmlns:")
        .replace("<m:", "<ns2:")
        .replace("</m:", "</ns2:")
        .replace("<t:", "<")
        .replace("</t:", "</");
    assert_eq!(item_of(renamed.as_bytes()).values, item_of(plain.as_bytes()).values);
    // And the types' prefix on the messages.
    let swapped = plain.replace("<m:", "<t:").replace("</m:", "</t:");
    assert_eq!(item_of(swapped.as_bytes()).values, item_of(plain.as_bytes()).values);
}

#[test]
fn elements_come_in_any_order() {
    let turned = one(
        "<t:CalendarItem><t:Recurrence><t:NoEndRecurrence><t:StartDate>2026-11-02</t:StartDate></t:NoEndRecurrence>\
         <t:DailyRecurrence><t:Interval>2</t:Interval></t:DailyRecurrence></t:Recurrence><t:End>2026-11-02T10:00:00Z</t:End>\
         <t:ExtendedProperty><t:Value>m1</t:Value><t:ExtendedFieldURI PropertyType=\"String\" PropertyTag=\"0x3A45\"/></t:ExtendedProperty>\
         <t:Start>2026-11-02T09:00:00Z</t:Start><t:ItemClass>IPM.Appointment</t:ItemClass><t:ItemId ChangeKey=\"1\" Id=\"A\"/></t:CalendarItem>",
    );
    assert!(turned.recurrence(Property::Recurrence).is_some());
    assert_eq!(turned.text(Path::Extended(ExtendedPath::tag(0x3A45, ExtendedType::String))), Some("m1"));
    assert_eq!(turned.id.expect("an id").change_key.as_deref(), Some("1"));
    let late_code = items(TASK)
        .replace("<m:ResponseCode>NoError</m:ResponseCode>", "")
        .replace("</m:GetItemResponseMessage>", "<m:ResponseCode>NoError</m:ResponseCode></m:GetItemResponseMessage>");
    assert_eq!(item_of(late_code.as_bytes()).kind, ItemKind::Task);
}

#[test]
fn times_are_read_with_fractions_offsets_and_without_either() {
    let nine = moment("2026-11-05T09:00:00Z").instant();
    for text in [
        "2026-11-05T09:00:00.0000000Z",
        "2026-11-05T10:00:00+01:00",
        "2026-11-05T10:00:00.000+0100",
        "2026-11-05T10:00:00+01",
        "2026-11-05T03:30:00-0530",
        "2026-11-05T09:00:00",
        "2026-11-05 09:00:00Z",
        "2026-11-05T09:00Z",
        " \n2026-11-05T09:00:00 Z\n",
    ] {
        assert_eq!(moment(text).instant(), nine, "{text}");
        let item = one(&format!("<t:CalendarItem><t:ItemId Id=\"A\"/><t:Start>{text}</t:Start></t:CalendarItem>"));
        assert_eq!(item.moment(Property::Start).and_then(|start| start.instant()), nine, "{text}");
    }
    for text in ["2026-11-05T09:00:00+1", "2026-11-05T09:00:00+1:00", "2026-11-05T09:00:00+01:0x"] {
        assert_eq!(Moment::read(text), None, "{text}");
    }
}

#[test]
fn a_value_without_text_was_not_given() {
    let item = one(
        "<t:Task xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><t:ItemId Id=\"A\"/><t:DueDate/><t:StartDate xsi:nil=\"true\"/>\
         <t:PercentComplete> </t:PercentComplete><t:ReminderIsSet></t:ReminderIsSet><t:Subject xsi:nil=\"1\"/><t:Mileage/></t:Task>",
    );
    assert!(item.unread.is_empty(), "{:?}", item.unread);
    assert_eq!(item.values.keys().collect::<Vec<_>>(), [&Path::Property(Property::Mileage)]);
    let contact = one(
        "<t:Contact xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\"><t:EmailAddresses><t:Entry Key=\"EmailAddress1\" i:nil=\"true\"/>\
         <t:Entry Key=\"EmailAddress2\">b@crm.test</t:Entry></t:EmailAddresses></t:Contact>",
    );
    assert_eq!(contact.text(Path::entry(Dictionary::EmailAddress, "EmailAddress1")), None);
    assert_eq!(contact.text(Path::entry(Dictionary::EmailAddress, "EmailAddress2")), Some("b@crm.test"));
}

#[test]
fn words_and_numbers_are_read_through_white_space_and_case() {
    let item = one(
        "<t:CalendarItem>\n  <t:ItemId Id=\"A\"/>\n  <t:IsAllDayEvent> True\n</t:IsAllDayEvent><t:IsCancelled>FALSE</t:IsCancelled>\
         <t:Sensitivity>\n Private </t:Sensitivity><t:ReminderMinutesBeforeStart> 15.0 </t:ReminderMinutesBeforeStart>\
         <t:LegacyFreeBusyStatus>\tBusy</t:LegacyFreeBusyStatus></t:CalendarItem>",
    );
    assert_eq!((item.flag(Property::IsAllDayEvent), item.flag(Property::IsCancelled)), (Some(true), Some(false)));
    assert_eq!(item.text(Property::Sensitivity), Some("Private"));
    assert_eq!(item.text(Property::LegacyFreeBusyStatus), Some("Busy"));
    assert_eq!(item.whole(Property::ReminderMinutesBeforeStart), Some(15));
}

#[test]
fn comments_sections_and_instructions_are_no_obstacle() {
    let item = one(
        "<!-- a page --><t:Contact><?pi x?><t:ItemId Id=\"A\"/><t:GivenName><![CDATA[Ann & ]]>Beth<!-- x -->&amp;C</t:GivenName>\
         <t:Body BodyType=\"HTML\"><![CDATA[<html><p>note</p></html>]]></t:Body></t:Contact>",
    );
    assert_eq!(item.text(Property::GivenName), Some("Ann & Beth&C"));
    assert_eq!(item.body().expect("a body").text, "<html><p>note</p></html>");
}

#[test]
fn a_byte_order_mark_and_other_encodings_are_read() {
    let text = items(CONTACT);
    let wide: Vec<u8> = [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let marked = [b"\xEF\xBB\xBF\r\n ".as_slice(), text.split_once("?>").expect("a declaration").1.as_bytes()].concat();
    for bytes in [wide, marked] {
        assert_eq!(item_of(&bytes).values, item_of(text.as_bytes()).values);
    }
    let latin = "<?xml version='1.0' encoding='iso-8859-1'?>".to_owned() + text.split_once("?>").expect("one").1;
    let latin: Vec<u8> =
        latin.replace("Ann", "R\u{FC}").chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
    assert_eq!(item_of(&latin).text(Property::GivenName), Some("R\u{FC}"));
}

#[test]
fn an_item_in_another_wrapper_is_told_by_its_class() {
    let task =
        TASK.replace("<t:Task>", "<t:Item><t:ItemClass>IPM.Task.Own</t:ItemClass>").replace("</t:Task>", "</t:Item>");
    let item = one(&task);
    assert_eq!(item.kind, ItemKind::Task);
    assert!(item.recurrence(Property::TaskRecurrence).is_some() && item.recurrence(Property::Recurrence).is_none());
    // Also where the class comes last.
    let series = SERIES
        .replace("<t:CalendarItem>", "<t:Message>")
        .replace("</t:CalendarItem>", "<t:ItemClass>IPM.Appointment</t:ItemClass></t:Message>");
    let item = one(&series);
    assert_eq!(item.kind, ItemKind::CalendarItem);
    assert!(item.recurrence(Property::Recurrence).is_some());
    let mail =
        one("<t:Message><t:ItemId Id=\"A\"/><t:ItemClass>IPM.Note</t:ItemClass><t:Subject>x</t:Subject></t:Message>");
    assert_eq!(mail.kind, ItemKind::Other);
}

#[test]
fn a_change_may_bring_its_id_alone_or_more_than_its_item() {
    let text = changes()
        .replace("<t:Create><t:Contact>", "<t:Create><t:Hint/><t:Contact>")
        .replace("</t:Contact></t:Create>", "</t:Contact><t:More><t:ItemId Id=\"Z\"/></t:More></t:Create>")
        .replace(
            "<t:Update><t:DistributionList><t:ItemId Id=\"B\" ChangeKey=\"2\"/></t:DistributionList></t:Update>",
            "<t:Update><t:ItemId Id=\"B\"/></t:Update>",
        );
    let page = reply::<SyncFolderItems>(text.as_bytes());
    let Some(Change::Create(created)) = page.changes.first() else { panic!("a contact") };
    assert_eq!(created.id.as_ref().map(|id| id.id.as_str()), Some("A"));
    let Some(Change::Update(bare)) = page.changes.get(1) else { panic!("an id") };
    assert_eq!(bare.id.as_ref().map(|id| (id.id.as_str(), id.change_key.as_deref())), Some(("B", None)));
    assert_eq!(page.unknown, 1);
}

// trap 148
#[test]
fn a_listing_that_does_not_say_whether_it_ends_ends_with_an_empty_page() {
    let silent = changes().replace("<m:IncludesLastItemInRange>false</m:IncludesLastItemInRange>", "");
    assert!(!reply::<SyncFolderItems>(silent.as_bytes()).is_last());
    let none = answer("SyncFolderItems", "<m:SyncState> x\n</m:SyncState>");
    let page = reply::<SyncFolderItems>(none.as_bytes());
    assert!(page.is_last());
    assert_eq!(page.state, "x");
    let page = found().replace(" IncludesLastItemInRange=\"false\"", "").replace("TotalItemsInView=\"7\"", "");
    assert!(!reply::<FindItem>(page.as_bytes()).is_last());
    assert!(reply::<FindItem>(answer("FindItem", "<m:RootFolder/>").as_bytes()).is_last());
    assert!(reply::<FindFolder>(answer("FindFolder", "<m:RootFolder/>").as_bytes()).is_last());
    let nothing = parse::<FindItem>(answer("FindItem", "").as_bytes(), Limits::default()).expect_err("no page");
    assert!(matches!(nothing, Failure::Unreadable(Error::Missing { .. })));
}

#[test]
fn success_is_seen_where_it_is_not_said_and_never_guessed_at() {
    let silent = items(TASK).replace("<m:ResponseCode>NoError</m:ResponseCode>", "");
    assert_eq!(item_of(silent.as_bytes()).kind, ItemKind::Task);
    let bare = silent.replace(" ResponseClass=\"Success\"", "");
    assert_eq!(item_of(bare.as_bytes()).kind, ItemKind::Task);
    let low = items(TASK).replace("\"Success\"", "\"success\"");
    assert_eq!(item_of(low.as_bytes()).kind, ItemKind::Task);
    // A refusal stays one, whatever else is there.
    let low = silent.replace("\"Success\"", "\"error\"");
    let refused = parse::<GetItem>(low.as_bytes(), Limits::default()).expect("an answer").only().expect("one");
    assert!(refused.is_err());
    // A write says nothing by what it gives.
    let text = answer("DeleteItem", "").replace("<m:ResponseCode>NoError</m:ResponseCode>", "");
    let text = text.replace(" ResponseClass=\"Success\"", "");
    assert!(parse::<DeleteItem>(text.as_bytes(), Limits::default()).is_err());
}

#[test]
fn messages_without_their_list_are_read() {
    let bare = items(TASK).replace("<m:ResponseMessages>", "").replace("</m:ResponseMessages>", "");
    assert_eq!(item_of(bare.as_bytes()).kind, ItemKind::Task);
}

#[test]
fn a_body_that_does_not_say_its_form_shows_it() {
    let body = |text: &str| {
        let item = one(&format!("<t:Task><t:ItemId Id=\"A\"/><t:Body>{text}</t:Body></t:Task>"));
        item.body().expect("a body").kind
    };
    use wire::ews::BodyKind;
    assert_eq!(body(" &lt;HTML&gt;&lt;p&gt;x"), BodyKind::Html);
    assert_eq!(body("&lt;!DOCTYPE html&gt;x"), BodyKind::Html);
    assert_eq!(body("1 &lt; 2"), BodyKind::Text);
    assert_eq!(body(""), BodyKind::Text);
}

#[test]
fn an_extended_property_is_known_however_it_is_named() {
    let global = ExtendedPath::number("Meeting", 0x23, ExtendedType::Binary);
    let tag = ExtendedPath::tag(0x5D02, ExtendedType::String);
    let keyword = ExtendedPath {
        name: ExtendedName::Named(PropertySet::Distinguished("PublicStrings".into()), "Keywords".into()),
        kind: ExtendedType::String,
    };
    for (attributes, path) in [
        ("DistinguishedPropertySetId=\"Meeting\" PropertyId=\"35\" PropertyType=\"Binary\"", &global),
        (
            "PropertySetId=\"{6ED8DA90-450B-101B-98DA-00AA003F1305}\" PropertyId=\"0x23\" PropertyType=\"binary\"",
            &global,
        ),
        ("PropertyTag=\"0x5d02\" PropertyType=\"String\"", &tag),
        ("PropertyTag=\"23810\"", &tag),
        ("PropertyTag=\"0x5D02001F\" PropertyType=\"String\"", &tag),
        (
            "PropertySetId=\"00020329-0000-0000-C000-000000000046\" PropertyName=\"Keywords\" PropertyType=\"String\"",
            &keyword,
        ),
    ] {
        let item = one(&format!(
            "<t:Task><t:ItemId Id=\"A\"/><t:ExtendedProperty><t:ExtendedFieldURI {attributes}/><t:Value>v</t:Value></t:ExtendedProperty></t:Task>"
        ));
        assert_eq!(item.text(Path::Extended(path.clone())), Some("v"), "{attributes}");
    }
    assert_eq!(
        ExtendedPath::named("{00020329-0000-0000-C000-000000000046}", "Keywords", ExtendedType::String),
        keyword
    );
}

// R3
#[test]
fn a_changed_occurrence_that_does_not_say_which_it_is_is_not_left_out() {
    let without = SERIES.replace("<t:OriginalStart>2026-11-05T09:00:00Z</t:OriginalStart>", "");
    let item = one(&without);
    assert!(item.unread.contains(&Property::ModifiedOccurrences.into()));
    let short = SERIES
        .replace("<t:Start>2026-11-05T10:00:00Z</t:Start><t:End>2026-11-05T10:30:00Z</t:End>", "")
        .replace("Id=\"OID=1\" ChangeKey=\"DwAA\"", "Id=\"OID=1\"");
    let item = one(&short);
    let [changed] = item.modified_occurrences() else { panic!("one exception") };
    assert_eq!(changed.original_start, moment("2026-11-05T09:00:00Z"));
}

#[test]
fn people_may_stand_without_their_wrapper() {
    let item = one(
        "<t:CalendarItem><t:ItemId Id=\"A\"/><t:Organizer><t:Name>Bob</t:Name><t:EmailAddress> bob@crm.test </t:EmailAddress></t:Organizer>\
         <t:RequiredAttendees><t:Mailbox><t:EmailAddress>ann@crm.test</t:EmailAddress></t:Mailbox></t:RequiredAttendees></t:CalendarItem>",
    );
    assert_eq!(item.person(Property::Organizer).expect("one").address.as_deref(), Some("bob@crm.test"));
    let Some(Value::Attendees(people)) = item.value(Property::RequiredAttendees) else { panic!("people") };
    assert_eq!(people[0].mailbox.address.as_deref(), Some("ann@crm.test"));
}

#[test]
fn folders_need_no_version_class_or_wrapper_of_their_own() {
    let text = answer("GetFolder", "<m:Folders><t:Folder><t:FolderId Id=\"short\"/></t:Folder></m:Folders>");
    let folder = reply::<GetFolder>(text.as_bytes()).first().expect("a folder");
    assert_eq!(folder.id.expect("an id").id, "short");
    let long = "x".repeat(1200);
    let text = text.replace("short", &long);
    assert_eq!(reply::<GetFolder>(text.as_bytes()).first().and_then(|folder| folder.id).expect("an id").id, long);
}

#[test]
fn the_faults_of_either_soap_are_read() {
    let newer = "<env:Envelope xmlns:env=\"http://www.w3.org/2003/05/soap-envelope\"><env:Body><env:Fault><env:Code><env:Value>env:Receiver</env:Value>\
        <env:Subcode><env:Value>a:ErrorServerBusy</env:Value></env:Subcode></env:Code><env:Reason><env:Text xml:lang=\"en\">Later.</env:Text></env:Reason>\
        </env:Fault></env:Body></env:Envelope>";
    let plain = envelope("<s:Fault><faultcode>s:Client</faultcode><faultstring>no</faultstring></s:Fault>");
    for (text, code) in [(newer, ResponseCode::ErrorServerBusy), (&plain, ResponseCode::Other("Client".to_owned()))] {
        let Err(Failure::Fault(refused)) = parse::<GetItem>(text.as_bytes(), Limits::default()) else {
            panic!("a fault")
        };
        assert_eq!(refused.code, code);
    }
}

// R4
#[test]
fn a_zone_may_be_the_text_of_its_element() {
    let item =
        one("<t:CalendarItem><t:ItemId Id=\"A\"/><t:StartTimeZone> W. Europe &#83;tandard Time\n</t:StartTimeZone>\
         <t:EndTimeZone Id=\"Tokyo Standard Time\">Somewhere else</t:EndTimeZone></t:CalendarItem>");
    let zone = |property| item.zone(property).map(|zone| zone.id.clone().or(zone.name.clone()).unwrap_or_default());
    assert_eq!(zone(Property::StartTimeZone).as_deref().map(str::trim), Some("W. Europe Standard Time"));
    assert_eq!(zone(Property::EndTimeZone).as_deref(), Some("Tokyo Standard Time"), "what has a name goes by it");
}

// R1, R4: some servers write every element they know, with nothing in it where there is nothing.
#[test]
fn an_element_without_content_is_neither_a_strange_rule_nor_an_unknown_zone() {
    let item = one(
        "<t:CalendarItem><t:ItemId Id=\"A\"/><t:Recurrence/><t:StartTimeZone/><t:EndTimeZone Id=\"\" Name=\" \"></t:EndTimeZone>\
         <t:Start>2026-11-05T10:00:00Z</t:Start></t:CalendarItem>",
    );
    for absent in [Property::Recurrence, Property::StartTimeZone, Property::EndTimeZone] {
        assert_eq!(item.value(absent), None, "{absent:?}");
    }
    assert!(item.unread.is_empty());
    let strange = one("<t:CalendarItem><t:ItemId Id=\"A\"/><t:Recurrence><t:Lunar/></t:Recurrence></t:CalendarItem>");
    assert!(matches!(strange.value(Property::Recurrence), Some(Value::ForeignRule(_))), "what says something counts");
}
