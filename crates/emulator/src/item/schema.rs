//! Which properties each kind of item has, in the order of Microsoft's schema, and which a client may write.

/// The kinds of item a mailbox holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ItemKind {
    Item,
    Message,
    Calendar,
    Contact,
    DistributionList,
    Task,
    MeetingRequest,
    MeetingResponse,
    MeetingCancellation,
    Post,
}

/// The form of a property's value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Bool,
    Int,
    Double,
    Time,
    Choice(&'static [&'static str]),
    /// Parts of its own: kept as sent, or built by code of its own.
    Parts,
}

/// What a client may do with a property.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Write,
    Read,
}

/// One property of a kind.
#[derive(Clone, Copy)]
pub(crate) struct Spec {
    pub name: &'static str,
    pub form: Form,
    pub access: Access,
}

const fn rw(name: &'static str, form: Form) -> Spec {
    Spec { name, form, access: Access::Write }
}

const fn ro(name: &'static str, form: Form) -> Spec {
    Spec { name, form, access: Access::Read }
}

use Form::{Bool, Choice, Double, Int, Parts, Text, Time};

const SENSITIVITY: Form = Choice(&["Normal", "Personal", "Private", "Confidential"]);
const IMPORTANCE: Form = Choice(&["Low", "Normal", "High"]);
const BUSY: Form = Choice(&["Free", "Tentative", "Busy", "OOF", "WorkingElsewhere", "NoData"]);
const RESPONSE: Form = Choice(&["Unknown", "Organizer", "Tentative", "Accept", "Decline", "NoResponseReceived"]);
const CALENDAR_TYPE: Form = Choice(&["Single", "Occurrence", "Exception", "RecurringMaster"]);
const STATUS: Form = Choice(&["NotStarted", "InProgress", "Completed", "WaitingOnOthers", "Deferred"]);
const FILE_AS_MAPPING: Form = Choice(&[
    "None",
    "LastCommaFirst",
    "FirstSpaceLast",
    "Company",
    "LastCommaFirstCompany",
    "CompanyLastFirst",
    "LastFirst",
    "LastFirstCompany",
    "CompanyLastCommaFirst",
    "LastFirstSuffix",
    "LastSpaceFirstCompany",
    "CompanyLastSpaceFirst",
    "LastSpaceFirst",
    "DisplayName",
    "FirstName",
    "LastFirstMiddleSuffix",
    "LastName",
    "Empty",
]);
const ADDRESS_INDEX: Form = Choice(&["None", "Business", "Home", "Other"]);

/// `ItemType`: what every kind begins with.
const ITEM: &[Spec] = &[
    rw("MimeContent", Parts),
    ro("ItemId", Parts),
    ro("ParentFolderId", Parts),
    rw("ItemClass", Text),
    rw("Subject", Text),
    rw("Sensitivity", SENSITIVITY),
    rw("Body", Parts),
    rw("Attachments", Parts),
    ro("DateTimeReceived", Time),
    ro("Size", Int),
    rw("Categories", Parts),
    rw("Importance", IMPORTANCE),
    rw("InReplyTo", Text),
    ro("IsSubmitted", Bool),
    ro("IsDraft", Bool),
    ro("IsFromMe", Bool),
    ro("IsResend", Bool),
    ro("IsUnmodified", Bool),
    rw("InternetMessageHeaders", Parts),
    ro("DateTimeSent", Time),
    ro("DateTimeCreated", Time),
    ro("ResponseObjects", Parts),
    rw("ReminderDueBy", Time),
    rw("ReminderIsSet", Bool),
    ro("ReminderNextTime", Time),
    rw("ReminderMinutesBeforeStart", Int),
    ro("DisplayCc", Text),
    ro("DisplayTo", Text),
    ro("HasAttachments", Bool),
    rw("ExtendedProperty", Parts),
    rw("Culture", Text),
    ro("EffectiveRights", Parts),
    ro("LastModifiedName", Text),
    ro("LastModifiedTime", Time),
    ro("IsAssociated", Bool),
    ro("WebClientReadFormQueryString", Text),
    ro("WebClientEditFormQueryString", Text),
    ro("ConversationId", Parts),
    ro("UniqueBody", Parts),
    rw("Flag", Parts),
    ro("StoreEntryId", Text),
    ro("InstanceKey", Text),
    ro("NormalizedBody", Parts),
    ro("EntityExtractionResult", Parts),
    rw("PolicyTag", Parts),
    rw("ArchiveTag", Parts),
    ro("RetentionDate", Time),
    ro("Preview", Text),
    ro("RightsManagementLicenseData", Parts),
    ro("PredictedActionReasons", Parts),
    ro("IsClutter", Bool),
    ro("BlockStatus", Bool),
    ro("HasBlockedImages", Bool),
    ro("TextBody", Parts),
    ro("IconIndex", Text),
];

const MESSAGE: &[Spec] = &[
    rw("Sender", Parts),
    rw("ToRecipients", Parts),
    rw("CcRecipients", Parts),
    rw("BccRecipients", Parts),
    rw("IsReadReceiptRequested", Bool),
    rw("IsDeliveryReceiptRequested", Bool),
    ro("ConversationIndex", Text),
    ro("ConversationTopic", Text),
    rw("From", Parts),
    rw("InternetMessageId", Text),
    rw("IsRead", Bool),
    rw("IsResponseRequested", Bool),
    rw("References", Text),
    rw("ReplyTo", Parts),
    rw("ReceivedBy", Parts),
    rw("ReceivedRepresenting", Parts),
    ro("ApprovalRequestData", Parts),
    ro("VotingInformation", Parts),
    ro("ReminderMessageData", Parts),
];

const MEETING_MESSAGE: &[Spec] = &[
    ro("AssociatedCalendarItemId", Parts),
    ro("IsDelegated", Bool),
    ro("IsOutOfDate", Bool),
    ro("HasBeenProcessed", Bool),
    ro("ResponseType", RESPONSE),
    ro("UID", Text),
    ro("RecurrenceId", Time),
    ro("DateTimeStamp", Time),
    ro("IsOrganizer", Bool),
];

const MEETING_REQUEST: &[Spec] = &[
    ro("MeetingRequestType", Text),
    ro("IntendedFreeBusyStatus", BUSY),
    ro("Start", Time),
    ro("End", Time),
    ro("OriginalStart", Time),
    ro("IsAllDayEvent", Bool),
    ro("LegacyFreeBusyStatus", BUSY),
    ro("Location", Text),
    ro("When", Text),
    ro("IsMeeting", Bool),
    ro("IsCancelled", Bool),
    ro("IsRecurring", Bool),
    ro("MeetingRequestWasSent", Bool),
    ro("CalendarItemType", CALENDAR_TYPE),
    ro("MyResponseType", RESPONSE),
    ro("Organizer", Parts),
    ro("RequiredAttendees", Parts),
    ro("OptionalAttendees", Parts),
    ro("Resources", Parts),
    ro("Duration", Text),
    ro("TimeZone", Text),
    ro("AppointmentReplyTime", Time),
    ro("AppointmentSequenceNumber", Int),
    ro("AppointmentState", Int),
    ro("Recurrence", Parts),
    ro("StartTimeZone", Parts),
    ro("EndTimeZone", Parts),
];

const MEETING_ANSWER: &[Spec] =
    &[ro("Start", Time), ro("End", Time), ro("Location", Text), ro("Recurrence", Parts), ro("CalendarItemType", Text)];

const CALENDAR: &[Spec] = &[
    rw("UID", Text),
    ro("RecurrenceId", Time),
    rw("DateTimeStamp", Time),
    rw("Start", Time),
    rw("End", Time),
    ro("OriginalStart", Time),
    rw("IsAllDayEvent", Bool),
    rw("LegacyFreeBusyStatus", BUSY),
    rw("Location", Text),
    rw("When", Text),
    ro("IsMeeting", Bool),
    ro("IsCancelled", Bool),
    ro("IsRecurring", Bool),
    ro("MeetingRequestWasSent", Bool),
    rw("IsResponseRequested", Bool),
    ro("CalendarItemType", CALENDAR_TYPE),
    ro("MyResponseType", RESPONSE),
    ro("Organizer", Parts),
    rw("RequiredAttendees", Parts),
    rw("OptionalAttendees", Parts),
    rw("Resources", Parts),
    ro("ConflictingMeetingCount", Int),
    ro("AdjacentMeetingCount", Int),
    ro("ConflictingMeetings", Parts),
    ro("AdjacentMeetings", Parts),
    ro("Duration", Text),
    ro("TimeZone", Text),
    ro("AppointmentReplyTime", Time),
    ro("AppointmentSequenceNumber", Int),
    ro("AppointmentState", Int),
    rw("Recurrence", Parts),
    ro("FirstOccurrence", Parts),
    ro("LastOccurrence", Parts),
    ro("ModifiedOccurrences", Parts),
    ro("DeletedOccurrences", Parts),
    rw("MeetingTimeZone", Parts),
    rw("StartTimeZone", Parts),
    rw("EndTimeZone", Parts),
    rw("ConferenceType", Int),
    rw("AllowNewTimeProposal", Bool),
    rw("IsOnlineMeeting", Bool),
    rw("MeetingWorkspaceUrl", Text),
    rw("NetShowUrl", Text),
    rw("EnhancedLocation", Parts),
    ro("StartWallClock", Time),
    ro("EndWallClock", Time),
    ro("StartTimeZoneId", Text),
    ro("EndTimeZoneId", Text),
    rw("IntendedFreeBusyStatus", BUSY),
    rw("JoinOnlineMeetingUrl", Text),
    rw("OnlineMeetingSettings", Parts),
    ro("IsOrganizer", Bool),
];

const CONTACT: &[Spec] = &[
    rw("FileAs", Text),
    rw("FileAsMapping", FILE_AS_MAPPING),
    rw("DisplayName", Text),
    rw("GivenName", Text),
    rw("Initials", Text),
    rw("MiddleName", Text),
    rw("Nickname", Text),
    ro("CompleteName", Parts),
    rw("CompanyName", Text),
    rw("EmailAddresses", Parts),
    rw("PhysicalAddresses", Parts),
    rw("PhoneNumbers", Parts),
    rw("AssistantName", Text),
    rw("Birthday", Time),
    rw("BusinessHomePage", Text),
    rw("Children", Parts),
    rw("Companies", Parts),
    ro("ContactSource", Text),
    rw("Department", Text),
    rw("Generation", Text),
    rw("ImAddresses", Parts),
    rw("JobTitle", Text),
    rw("Manager", Text),
    rw("Mileage", Text),
    rw("OfficeLocation", Text),
    rw("PostalAddressIndex", ADDRESS_INDEX),
    rw("Profession", Text),
    rw("SpouseName", Text),
    rw("Surname", Text),
    rw("WeddingAnniversary", Time),
    ro("HasPicture", Bool),
    rw("PhoneticFullName", Text),
    rw("PhoneticFirstName", Text),
    rw("PhoneticLastName", Text),
    rw("Alias", Text),
    rw("Notes", Text),
    rw("Photo", Text),
    rw("UserSMIMECertificate", Parts),
    rw("MSExchangeCertificate", Parts),
    ro("DirectoryId", Text),
    rw("ManagerMailbox", Parts),
    rw("DirectReports", Parts),
];

const DISTRIBUTION_LIST: &[Spec] =
    &[rw("DisplayName", Text), rw("FileAs", Text), ro("ContactSource", Text), rw("Members", Parts)];

const TASK: &[Spec] = &[
    rw("ActualWork", Int),
    ro("AssignedTime", Time),
    rw("BillingInformation", Text),
    ro("ChangeCount", Int),
    rw("Companies", Parts),
    rw("CompleteDate", Time),
    rw("Contacts", Parts),
    ro("DelegationState", Text),
    ro("Delegator", Text),
    rw("DueDate", Time),
    ro("IsAssignmentEditable", Int),
    ro("IsComplete", Bool),
    ro("IsRecurring", Bool),
    ro("IsTeamTask", Bool),
    rw("Mileage", Text),
    rw("Owner", Text),
    rw("PercentComplete", Double),
    rw("Recurrence", Parts),
    rw("StartDate", Time),
    rw("Status", STATUS),
    ro("StatusDescription", Text),
    rw("TotalWork", Int),
];

const POST: &[Spec] = &[
    ro("ConversationIndex", Text),
    ro("ConversationTopic", Text),
    rw("From", Parts),
    rw("InternetMessageId", Text),
    rw("IsRead", Bool),
    ro("PostedTime", Time),
    rw("References", Text),
    rw("Sender", Parts),
];

impl ItemKind {
    /// The name of the element that holds such an item.
    pub(crate) fn element(self) -> &'static str {
        match self {
            Self::Item => "Item",
            Self::Message => "Message",
            Self::Calendar => "CalendarItem",
            Self::Contact => "Contact",
            Self::DistributionList => "DistributionList",
            Self::Task => "Task",
            Self::MeetingRequest => "MeetingRequest",
            Self::MeetingResponse => "MeetingResponse",
            Self::MeetingCancellation => "MeetingCancellation",
            Self::Post => "PostItem",
        }
    }

    /// The kind an element of a request stands for.
    pub(crate) fn of_element(name: &str) -> Option<Self> {
        [
            Self::Item,
            Self::Message,
            Self::Calendar,
            Self::Contact,
            Self::DistributionList,
            Self::Task,
            Self::MeetingRequest,
            Self::MeetingResponse,
            Self::MeetingCancellation,
            Self::Post,
        ]
        .into_iter()
        .find(|kind| kind.element() == name)
    }

    /// The item class a new item of the kind gets.
    pub(crate) fn default_class(self) -> &'static str {
        match self {
            Self::Item | Self::Message => "IPM.Note",
            Self::Calendar => "IPM.Appointment",
            Self::Contact => "IPM.Contact",
            Self::DistributionList => "IPM.DistList",
            Self::Task => "IPM.Task",
            Self::MeetingRequest => "IPM.Schedule.Meeting.Request",
            Self::MeetingResponse => "IPM.Schedule.Meeting.Resp.Pos",
            Self::MeetingCancellation => "IPM.Schedule.Meeting.Canceled",
            Self::Post => "IPM.Post",
        }
    }

    /// The first byte of the kind's change keys.
    pub(crate) fn change_key_byte(self) -> u8 {
        match self {
            Self::Item | Self::Post => 16,
            Self::Message => 9,
            Self::Calendar => 15,
            Self::Contact => 17,
            Self::DistributionList => 18,
            Self::Task => 19,
            Self::MeetingRequest => 11,
            Self::MeetingResponse => 12,
            Self::MeetingCancellation => 13,
        }
    }

    /// The tables that make up the kind, in schema order.
    fn tables(self) -> [&'static [Spec]; 4] {
        match self {
            Self::Item => [ITEM, &[], &[], &[]],
            Self::Message => [ITEM, MESSAGE, &[], &[]],
            Self::Calendar => [ITEM, CALENDAR, &[], &[]],
            Self::Contact => [ITEM, CONTACT, &[], &[]],
            Self::DistributionList => [ITEM, DISTRIBUTION_LIST, &[], &[]],
            Self::Task => [ITEM, TASK, &[], &[]],
            Self::MeetingRequest => [ITEM, MESSAGE, MEETING_MESSAGE, MEETING_REQUEST],
            Self::MeetingResponse | Self::MeetingCancellation => [ITEM, MESSAGE, MEETING_MESSAGE, MEETING_ANSWER],
            Self::Post => [ITEM, POST, &[], &[]],
        }
    }

    /// The kind's properties in schema order.
    pub(crate) fn specs(self) -> impl Iterator<Item = &'static Spec> {
        self.tables().into_iter().flatten()
    }

    /// A property of the kind by its element name.
    pub(crate) fn spec(self, name: &str) -> Option<&'static Spec> {
        self.specs().find(|spec| spec.name == name)
    }
}

/// What a value has to look like to be one of the form.
pub(crate) fn fits(form: Form, text: &str) -> bool {
    match form {
        Text | Parts => true,
        Bool => matches!(text.trim(), "true" | "false" | "1" | "0"),
        Int => text.trim().parse::<i32>().is_ok(),
        Double => text.trim().parse::<f64>().is_ok(),
        Time => crate::item::time::is_date_time(text.trim()),
        Choice(words) => words.contains(&text.trim()),
    }
}
