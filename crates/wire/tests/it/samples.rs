//! Answers as Exchange sends them, one of each kind, shared by the tests that read, cut and swell them.

/// An answer around `body`, the element of one operation's answer.
pub fn envelope(body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\
         <s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Header>\
         <h:ServerVersionInfo MajorVersion=\"15\" MinorVersion=\"1\" MajorBuildNumber=\"2507\" MinorBuildNumber=\"6\" \
         Version=\"V2017_07_11\" xmlns:h=\"http://schemas.microsoft.com/exchange/services/2006/types\"/></s:Header>\
         <s:Body xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\">\
         {body}</s:Body></s:Envelope>"
    )
}

/// An answer of one message of operation `name`.
pub fn answer(name: &str, inside: &str) -> String {
    envelope(&format!(
        "<m:{name}Response xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\" \
         xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\"><m:ResponseMessages>\
         <m:{name}ResponseMessage ResponseClass=\"Success\"><m:ResponseCode>NoError</m:ResponseCode>{inside}\
         </m:{name}ResponseMessage></m:ResponseMessages></m:{name}Response>"
    ))
}

pub const CONTACT: &str = "<t:Contact><t:ItemId Id=\"AAMk=A\" ChangeKey=\"EQAA\"/><t:ParentFolderId Id=\"AAMkF\" ChangeKey=\"AQ\"/>\
    <t:ItemClass>IPM.Contact</t:ItemClass><t:Subject>Ann</t:Subject><t:Sensitivity>Private</t:Sensitivity>\
    <t:Body BodyType=\"HTML\">&lt;html&gt;&#x1;note&lt;/html&gt;</t:Body><t:Categories><t:String>Siebel Contact</t:String><t:String/></t:Categories>\
    <t:ExtendedProperty><t:ExtendedFieldURI PropertyTag=\"0x3a45\" PropertyType=\"String\"/><t:Value>Dr.</t:Value></t:ExtendedProperty>\
    <t:ExtendedProperty><t:ExtendedFieldURI PropertySetId=\"F3A1C2D4-0000-4000-8000-0123456789AB\" PropertyName=\"mark\" PropertyType=\"String\"/><t:Value>m1</t:Value></t:ExtendedProperty>\
    <t:GivenName>Ann</t:GivenName><t:MiddleName/><t:CompanyName>A &amp; B</t:CompanyName>\
    <t:EmailAddresses><t:Entry Key=\"EmailAddress1\" Name=\"Ann\" RoutingType=\"SMTP\">ann@crm.test</t:Entry></t:EmailAddresses>\
    <t:PhysicalAddresses><t:Entry Key=\"Business\"><t:Street>1 Main\r\nStreet</t:Street><t:City>Bonn</t:City></t:Entry></t:PhysicalAddresses>\
    <t:PhoneNumbers><t:Entry Key=\"BusinessPhone\">+49 1</t:Entry><t:Entry Key=\"Pager\"/></t:PhoneNumbers>\
    <t:Birthday>1980-02-29T11:59:00.0000000Z</t:Birthday><t:Surname>Sm&#xD83D;&#xDE00;th</t:Surname></t:Contact>";

pub const SERIES: &str = "<t:CalendarItem><t:ItemId Id=\"AAMk=S\" ChangeKey=\"DwAA\"/><t:Subject>Weekly</t:Subject>\
    <t:UID>0400</t:UID><t:Start>2026-11-02T09:00:00Z</t:Start><t:End>2026-11-02T09:30:00Z</t:End>\
    <t:IsAllDayEvent>false</t:IsAllDayEvent><t:LegacyFreeBusyStatus>Busy</t:LegacyFreeBusyStatus>\
    <t:IsMeeting>true</t:IsMeeting><t:MeetingRequestWasSent>true</t:MeetingRequestWasSent>\
    <t:CalendarItemType>RecurringMaster</t:CalendarItemType><t:MyResponseType>Organizer</t:MyResponseType>\
    <t:Organizer><t:Mailbox><t:Name>Bob</t:Name><t:EmailAddress>/o=x/cn=bob</t:EmailAddress><t:RoutingType>EX</t:RoutingType></t:Mailbox></t:Organizer>\
    <t:RequiredAttendees><t:Attendee><t:Mailbox><t:Name>Ann</t:Name><t:EmailAddress>ann@crm.test</t:EmailAddress><t:RoutingType>SMTP</t:RoutingType></t:Mailbox>\
    <t:ResponseType>Accept</t:ResponseType><t:LastResponseTime>2026-10-01T08:00:00Z</t:LastResponseTime></t:Attendee></t:RequiredAttendees>\
    <t:Recurrence><t:WeeklyRecurrence><t:Interval>2</t:Interval><t:DaysOfWeek>Monday Thursday</t:DaysOfWeek><t:FirstDayOfWeek>Sunday</t:FirstDayOfWeek></t:WeeklyRecurrence>\
    <t:EndDateRecurrence><t:StartDate>2026-11-02Z</t:StartDate><t:EndDate>2027-01-31+01:00</t:EndDate></t:EndDateRecurrence></t:Recurrence>\
    <t:ModifiedOccurrences><t:Occurrence><t:ItemId Id=\"OID=1\" ChangeKey=\"DwAA\"/><t:Start>2026-11-05T10:00:00Z</t:Start><t:End>2026-11-05T10:30:00Z</t:End><t:OriginalStart>2026-11-05T09:00:00Z</t:OriginalStart></t:Occurrence></t:ModifiedOccurrences>\
    <t:DeletedOccurrences><t:DeletedOccurrence><t:Start>2026-11-16T09:00:00Z</t:Start></t:DeletedOccurrence></t:DeletedOccurrences>\
    <t:StartTimeZone Id=\"tzone://Microsoft/Custom\" Name=\"Kundenzeit\"><t:Periods><t:Period Bias=\"-PT60M\" Name=\"Standard\" Id=\"std\"/><t:Period Bias=\"-PT2H\" Name=\"Daylight\" Id=\"dst\"/></t:Periods>\
    <t:TransitionsGroups><t:TransitionsGroup Id=\"0\"><t:RecurringDayTransition><t:To Kind=\"Period\">dst</t:To><t:TimeOffset>PT2H</t:TimeOffset><t:Month>3</t:Month><t:DayOfWeek>Sunday</t:DayOfWeek><t:Occurrence>-1</t:Occurrence></t:RecurringDayTransition>\
    <t:RecurringDateTransition><t:To Kind=\"Period\">std</t:To><t:TimeOffset>PT3H</t:TimeOffset><t:Month>10</t:Month><t:Day>25</t:Day></t:RecurringDateTransition></t:TransitionsGroup></t:TransitionsGroups>\
    <t:Transitions><t:Transition><t:To Kind=\"Group\">0</t:To></t:Transition><t:AbsoluteDateTransition><t:To Kind=\"Group\">0</t:To><t:DateTime>2007-01-01T00:00:00</t:DateTime></t:AbsoluteDateTransition></t:Transitions></t:StartTimeZone>\
    <t:EndTimeZone Id=\"W. Europe Standard Time\"/><t:IsOnlineMeeting>true</t:IsOnlineMeeting></t:CalendarItem>";

pub const TASK: &str = "<t:Task><t:ItemId Id=\"AAMk=T\" ChangeKey=\"EwAA\"/><t:Subject>Call</t:Subject><t:ReminderDueBy>2026-11-05T08:00:00Z</t:ReminderDueBy>\
    <t:ReminderIsSet>1</t:ReminderIsSet><t:DueDate>2026-11-05T00:00:00Z</t:DueDate><t:PercentComplete>37.5</t:PercentComplete>\
    <t:Recurrence><t:WeeklyRegeneration><t:Interval>3</t:Interval></t:WeeklyRegeneration><t:NoEndRecurrence><t:StartDate>2026-11-05</t:StartDate></t:NoEndRecurrence></t:Recurrence>\
    <t:Status>SomethingNew</t:Status></t:Task>";

pub const BUSY: &str = "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><s:Fault><faultcode xmlns:a=\"http://schemas.microsoft.com/exchange/services/2006/types\">a:ErrorServerBusy</faultcode>\
    <faultstring xml:lang=\"en-US\">The server cannot service this request right now. Try again later.</faultstring><detail>\
    <e:ResponseCode xmlns:e=\"http://schemas.microsoft.com/exchange/services/2006/errors\">ErrorServerBusy</e:ResponseCode>\
    <e:Message xmlns:e=\"http://schemas.microsoft.com/exchange/services/2006/errors\">Try again later.</e:Message>\
    <t:MessageXml xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\"><t:Value Name=\"BackOffMilliseconds\">297749</t:Value></t:MessageXml></detail></s:Fault></s:Body></s:Envelope>";

/// A page of three changes.
pub fn changes() -> String {
    answer(
        "SyncFolderItems",
        "<m:SyncState>H4sI=</m:SyncState><m:IncludesLastItemInRange>false</m:IncludesLastItemInRange><m:Changes>\
         <t:Create><t:Contact><t:ItemId Id=\"A\" ChangeKey=\"1\"/><t:ItemClass>IPM.Contact</t:ItemClass></t:Contact></t:Create>\
         <t:Update><t:DistributionList><t:ItemId Id=\"B\" ChangeKey=\"2\"/></t:DistributionList></t:Update>\
         <t:Delete><t:ItemId Id=\"C\" ChangeKey=\"3\"/></t:Delete>\
         <t:ReadFlagChange><t:ItemId Id=\"D\" ChangeKey=\"4\"/><t:IsRead>true</t:IsRead></t:ReadFlagChange>\
         <t:Twist><t:ItemId Id=\"E\"/></t:Twist></m:Changes>",
    )
}

/// A page of a search.
pub fn found() -> String {
    answer(
        "FindItem",
        "<m:RootFolder IndexedPagingOffset=\"1\" TotalItemsInView=\"7\" IncludesLastItemInRange=\"false\"><t:Items>\
         <t:Task><t:ItemId Id=\"A\" ChangeKey=\"1\"/></t:Task></t:Items></m:RootFolder>",
    )
}

/// Two folders.
pub fn folders() -> String {
    answer(
        "FindFolder",
        "<m:RootFolder IndexedPagingOffset=\"2\" TotalItemsInView=\"2\" IncludesLastItemInRange=\"true\"><t:Folders>\
         <t:ContactsFolder><t:FolderId Id=\"F1\" ChangeKey=\"1\"/><t:ParentFolderId Id=\"P\"/><t:FolderClass>IPF.Contact</t:FolderClass>\
         <t:DisplayName>Kontakte</t:DisplayName><t:TotalCount>12</t:TotalCount><t:ChildFolderCount>1</t:ChildFolderCount>\
         <t:ExtendedProperty><t:ExtendedFieldURI PropertySetId=\"f3a1c2d4-0000-4000-8000-0123456789ab\" PropertyName=\"mailbox\" PropertyType=\"String\"/><t:Value>mb1</t:Value></t:ExtendedProperty></t:ContactsFolder>\
         <t:CalendarFolder><t:FolderId Id=\"F2\"/></t:CalendarFolder></t:Folders></m:RootFolder>",
    )
}
