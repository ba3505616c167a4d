//! Requests that read and that make, byte by byte and against the published schema.

use crate::schema::*;
use jiff::civil::date;
use wire::ews::*;

// trap 91
#[test]
fn every_request_names_version_zone_and_mailbox() {
    let request = GetFolder { extended: vec![], folders: vec![DistinguishedFolder::MsgFolderRoot.into()] };
    let bytes = prepare(&header(), &request);
    validate(&bytes);
    let expected = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
        <s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\" xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\">\
        <s:Header><t:RequestServerVersion Version=\"Exchange2013_SP1\"/><t:ExchangeImpersonation><t:ConnectingSID><t:PrimarySmtpAddress>anna@crm.test</t:PrimarySmtpAddress></t:ConnectingSID></t:ExchangeImpersonation>\
        <t:TimeZoneContext><t:TimeZoneDefinition Id=\"UTC\"/></t:TimeZoneContext></s:Header>\
        <s:Body><m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties><t:FieldURI FieldURI=\"folder:ParentFolderId\"/><t:FieldURI FieldURI=\"folder:FolderClass\"/><t:FieldURI FieldURI=\"folder:DisplayName\"/><t:FieldURI FieldURI=\"folder:TotalCount\"/><t:FieldURI FieldURI=\"folder:ChildFolderCount\"/></t:AdditionalProperties></m:FolderShape>\
        <m:FolderIds><t:DistinguishedFolderId Id=\"msgfolderroot\"/></m:FolderIds></m:GetFolder></s:Body></s:Envelope>";
    assert_eq!(String::from_utf8(bytes).expect("utf-8"), expected);
    let other = Header {
        version: Version::Exchange2007Sp1,
        impersonation: Some(Impersonation::SmtpAddress("a@b.test".to_owned())),
    };
    validate(&prepare(&other, &request));
    let own = String::from_utf8(prepare(&Header { impersonation: None, ..header() }, &request)).expect("utf-8");
    assert!(!own.contains("Impersonation"));
}

#[test]
fn changes_are_asked_for_by_state_and_page() {
    let shape = Shape::of([Property::ItemClass.into()]);
    let folder = FolderId { id: "AAMk=".to_owned(), change_key: Some("AQ".to_owned()) };
    let request = SyncFolderItems { shape, folder: folder.into(), state: Some("H4+/=".to_owned()), most: 9999 };
    assert_eq!(
        body(&request),
        "<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties><t:FieldURI FieldURI=\"item:ItemClass\"/></t:AdditionalProperties></m:ItemShape>\
         <m:SyncFolderId><t:FolderId Id=\"AAMk=\" ChangeKey=\"AQ\"/></m:SyncFolderId><m:SyncState>H4+/=</m:SyncState><m:MaxChangesReturned>512</m:MaxChangesReturned></m:SyncFolderItems>"
    );
    let first = SyncFolderItems { state: None, most: 0, ..request };
    assert!(body(&first).contains("</m:SyncFolderId><m:MaxChangesReturned>1<"));
}

#[test]
fn items_are_read_by_id_number_or_occurrence() {
    let shape = Shape {
        paths: vec![Property::Subject.into(), Path::entry(Dictionary::PhoneNumber, "Pager"), mark()],
        body: BodyFormat::Text,
        parent: true,
    };
    let ids = vec![
        ItemId::at("A", "1").into(),
        ItemRef::Occurrence { master: ItemId::at("S", "2"), index: 3 },
        ItemRef::MasterOf(ItemId::of("O")),
    ];
    assert_eq!(
        body(&GetItem { shape, ids }),
        format!(
            "<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:BodyType>Text</t:BodyType><t:AdditionalProperties><t:FieldURI FieldURI=\"item:ParentFolderId\"/><t:FieldURI FieldURI=\"item:Subject\"/><t:IndexedFieldURI FieldURI=\"contacts:PhoneNumber\" FieldIndex=\"Pager\"/><t:ExtendedFieldURI PropertySetId=\"{GUID}\" PropertyName=\"mark\" PropertyType=\"String\"/></t:AdditionalProperties></m:ItemShape>\
             <m:ItemIds><t:ItemId Id=\"A\" ChangeKey=\"1\"/><t:OccurrenceItemId RecurringMasterId=\"S\" ChangeKey=\"2\" InstanceIndex=\"3\"/><t:RecurringMasterItemId OccurrenceId=\"O\"/></m:ItemIds></m:GetItem>"
        )
    );
}

#[test]
fn every_property_can_be_asked_for() {
    let paths = Property::ALL.iter().copied().map(Path::Property);
    let ids = vec![ItemId::of("A").into()];
    assert!(body(&GetItem { shape: Shape::of(paths), ids }).contains("task:TotalWork"));
}

// trap 95
#[test]
fn a_contact_is_written_in_the_order_of_the_schema() {
    let item = Item::new(ItemKind::Contact)
        .with(Property::Surname, text("Smith"))
        .with(Path::entry(Dictionary::PhoneNumber, "MobilePhone"), text("2"))
        .with(Path::entry(Dictionary::PhoneNumber, "BusinessPhone"), text("1"))
        .with(Path::entry(Dictionary::PostalCode, "Business"), text("53111"))
        .with(Path::entry(Dictionary::City, "Home"), text("Ulm"))
        .with(Path::entry(Dictionary::Street, "Business"), text("1 <Main>\r\nStreet"))
        .with(Path::entry(Dictionary::EmailAddress, "EmailAddress1"), text("ann@crm.test"))
        .with(Property::Birthday, Value::Moment(Moment::midnight(date(1980, 2, 29))))
        .with(Path::Extended(ExtendedPath::tag(0x3A45, ExtendedType::String)), text("Dr."))
        .with(mark(), text("m1"))
        .with(Property::Categories, Value::Texts(vec!["A".to_owned(), "B".to_owned()]))
        .with(Property::Body, Value::Body(Body { kind: BodyKind::Text, text: "note".to_owned(), truncated: false }))
        .with(Property::GivenName, text("Ann\u{1}"))
        .with(Property::ItemClass, text("IPM.Contact"))
        .with(Property::Sensitivity, text("Private"));
    let request = CreateItem { folder: DistinguishedFolder::Contacts.into(), items: vec![item], mail: Mail::None };
    assert_eq!(
        body(&request),
        format!(
            "<m:CreateItem MessageDisposition=\"SaveOnly\"><m:SavedItemFolderId><t:DistinguishedFolderId Id=\"contacts\"/></m:SavedItemFolderId><m:Items><t:Contact>\
             <t:ItemClass>IPM.Contact</t:ItemClass><t:Sensitivity>Private</t:Sensitivity><t:Body BodyType=\"Text\">note</t:Body><t:Categories><t:String>A</t:String><t:String>B</t:String></t:Categories>\
             <t:ExtendedProperty><t:ExtendedFieldURI PropertyTag=\"0x3A45\" PropertyType=\"String\"/><t:Value>Dr.</t:Value></t:ExtendedProperty>\
             <t:ExtendedProperty><t:ExtendedFieldURI PropertySetId=\"{GUID}\" PropertyName=\"mark\" PropertyType=\"String\"/><t:Value>m1</t:Value></t:ExtendedProperty>\
             <t:GivenName>Ann</t:GivenName><t:EmailAddresses><t:Entry Key=\"EmailAddress1\">ann@crm.test</t:Entry></t:EmailAddresses>\
             <t:PhysicalAddresses><t:Entry Key=\"Business\"><t:Street>1 &lt;Main&gt;&#xD;\nStreet</t:Street><t:PostalCode>53111</t:PostalCode></t:Entry><t:Entry Key=\"Home\"><t:City>Ulm</t:City></t:Entry></t:PhysicalAddresses>\
             <t:PhoneNumbers><t:Entry Key=\"BusinessPhone\">1</t:Entry><t:Entry Key=\"MobilePhone\">2</t:Entry></t:PhoneNumbers><t:Birthday>1980-02-29T00:00:00Z</t:Birthday><t:Surname>Smith</t:Surname></t:Contact></m:Items></m:CreateItem>"
        )
    );
}

fn rule(pattern: Pattern, range: Range) -> Value {
    Value::Recurrence(Recurrence { pattern, range })
}

#[test]
fn a_series_is_written_with_its_rule_and_zone_and_invites_nobody() {
    let range = Range::EndDate { start: date(2026, 11, 2), end: date(2027, 1, 31) };
    let days = vec![DayOfWeek::Monday, DayOfWeek::Thursday];
    let item = Item::new(ItemKind::CalendarItem)
        .with(Property::EndTimeZone, Value::Zone(ZoneDefinition::named("W. Europe Standard Time")))
        .with(Property::StartTimeZone, Value::Zone(ZoneDefinition::named("W. Europe Standard Time")))
        .with(Property::Recurrence, rule(Pattern::Weekly { interval: 2, days, first: Some(DayOfWeek::Sunday) }, range))
        .with(Property::Start, moment("2026-11-02T10:00:00+01:00"))
        .with(Property::End, moment("2026-11-02T10:30:00.5+01:00"))
        .with(Property::ReminderIsSet, Value::Flag(true))
        .with(Property::ReminderMinutesBeforeStart, Value::Whole(15))
        .with(Property::Subject, text("Weekly"));
    let request = CreateItem { folder: DistinguishedFolder::Calendar.into(), items: vec![item], mail: Mail::default() };
    assert_eq!(
        body(&request),
        "<m:CreateItem MessageDisposition=\"SaveOnly\" SendMeetingInvitations=\"SendToNone\"><m:SavedItemFolderId><t:DistinguishedFolderId Id=\"calendar\"/></m:SavedItemFolderId><m:Items><t:CalendarItem>\
         <t:Subject>Weekly</t:Subject><t:ReminderIsSet>true</t:ReminderIsSet><t:ReminderMinutesBeforeStart>15</t:ReminderMinutesBeforeStart>\
         <t:Start>2026-11-02T09:00:00Z</t:Start><t:End>2026-11-02T09:30:00Z</t:End>\
         <t:Recurrence><t:WeeklyRecurrence><t:Interval>2</t:Interval><t:DaysOfWeek>Monday Thursday</t:DaysOfWeek><t:FirstDayOfWeek>Sunday</t:FirstDayOfWeek></t:WeeklyRecurrence><t:EndDateRecurrence><t:StartDate>2026-11-02</t:StartDate><t:EndDate>2027-01-31</t:EndDate></t:EndDateRecurrence></t:Recurrence>\
         <t:StartTimeZone Id=\"W. Europe Standard Time\"/><t:EndTimeZone Id=\"W. Europe Standard Time\"/></t:CalendarItem></m:Items></m:CreateItem>"
    );
}

// R2
#[test]
fn every_pattern_and_range_is_valid() {
    use DayOfWeek::{Day, Friday, Weekday, WeekendDay};
    let start = date(2026, 11, 2);
    let patterns = [
        Pattern::Daily { interval: 3 },
        Pattern::Weekly { interval: 1, days: vec![Friday], first: None },
        Pattern::AbsoluteMonthly { interval: 2, day: 31 },
        Pattern::RelativeMonthly { interval: 1, day: Weekday, week: Week::Last },
        Pattern::AbsoluteYearly { day: 29, month: 2 },
        Pattern::RelativeYearly { day: WeekendDay, week: Week::Second, month: 12 },
        Pattern::RelativeYearly { day: Day, week: Week::First, month: 1 },
    ];
    let ranges =
        [Range::NoEnd { start }, Range::Numbered { start, count: 7 }, Range::EndDate { start, end: date(2030, 1, 1) }];
    let regenerations = [
        Pattern::DailyRegeneration { interval: 1 },
        Pattern::WeeklyRegeneration { interval: 2 },
        Pattern::MonthlyRegeneration { interval: 3 },
        Pattern::YearlyRegeneration { interval: 4 },
    ];
    let calendar = patterns.iter().flat_map(|p| ranges.map(|r| (ItemKind::CalendarItem, Property::Recurrence, p, r)));
    let tasks = patterns
        .iter()
        .chain(&regenerations)
        .flat_map(|p| ranges.map(|r| (ItemKind::Task, Property::TaskRecurrence, p, r)));
    let items: Vec<Item> =
        calendar.chain(tasks).map(|(kind, path, p, r)| Item::new(kind).with(path, rule(p.clone(), r))).collect();
    assert_eq!(items.len(), 7 * 3 + 11 * 3);
    let request = CreateItem { folder: DistinguishedFolder::Tasks.into(), items, mail: Mail::None };
    assert!(body(&request).contains("<t:Month>February</t:Month>"));
}

// R4
#[test]
fn a_zone_of_its_own_is_written_with_its_rules() {
    let to = |kind: &str, to: &str, when| Transition { kind: kind.to_owned(), to: to.to_owned(), when };
    let summer = When::Day { offset_seconds: 7200, month: 3, day: DayOfWeek::Sunday, occurrence: -1 };
    let winter = When::Date { offset_seconds: 10800, month: 10, day: 25 };
    let at = Moment::read("2007-01-01T00:00:00").expect("a time");
    let zone = ZoneDefinition {
        id: Some("tzone://Microsoft/Custom".to_owned()),
        name: Some("Kundenzeit".to_owned()),
        periods: [("std", "Standard", -3600), ("dst", "Daylight", -7200)]
            .map(|(id, name, bias_seconds)| Period { id: id.to_owned(), name: name.to_owned(), bias_seconds })
            .to_vec(),
        groups: vec![TransitionsGroup {
            id: "0".to_owned(),
            transitions: vec![to("Period", "dst", summer), to("Period", "std", winter)],
        }],
        transitions: vec![to("Group", "0", When::Always), to("Group", "0", When::At(at))],
    };
    let fields = vec![FieldChange::Set(Property::StartTimeZone.into(), Value::Zone(zone))];
    let change = ItemChange { item: ItemId::at("A", "1").into(), kind: ItemKind::CalendarItem, fields };
    let request = UpdateItem { conflicts: ConflictResolution::NeverOverwrite, mail: Mail::None, changes: vec![change] };
    assert_eq!(
        body(&request),
        "<m:UpdateItem ConflictResolution=\"NeverOverwrite\" MessageDisposition=\"SaveOnly\" SendMeetingInvitationsOrCancellations=\"SendToNone\"><m:ItemChanges><t:ItemChange><t:ItemId Id=\"A\" ChangeKey=\"1\"/><t:Updates><t:SetItemField><t:FieldURI FieldURI=\"calendar:StartTimeZone\"/><t:CalendarItem>\
         <t:StartTimeZone Id=\"tzone://Microsoft/Custom\" Name=\"Kundenzeit\"><t:Periods><t:Period Bias=\"-PT1H\" Name=\"Standard\" Id=\"std\"/><t:Period Bias=\"-PT2H\" Name=\"Daylight\" Id=\"dst\"/></t:Periods><t:TransitionsGroups><t:TransitionsGroup Id=\"0\">\
         <t:RecurringDayTransition><t:To Kind=\"Period\">dst</t:To><t:TimeOffset>PT2H</t:TimeOffset><t:Month>3</t:Month><t:DayOfWeek>Sunday</t:DayOfWeek><t:Occurrence>-1</t:Occurrence></t:RecurringDayTransition>\
         <t:RecurringDateTransition><t:To Kind=\"Period\">std</t:To><t:TimeOffset>PT3H</t:TimeOffset><t:Month>10</t:Month><t:Day>25</t:Day></t:RecurringDateTransition></t:TransitionsGroup></t:TransitionsGroups>\
         <t:Transitions><t:Transition><t:To Kind=\"Group\">0</t:To></t:Transition><t:AbsoluteDateTransition><t:To Kind=\"Group\">0</t:To><t:DateTime>2007-01-01T00:00:00</t:DateTime></t:AbsoluteDateTransition></t:Transitions></t:StartTimeZone>\
         </t:CalendarItem></t:SetItemField></t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>"
    );
}
