//! The properties of items that we read or write, in the order the schema demands.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// How a property's value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    /// A word of a list; white space around it means nothing.
    Word,
    Flag,
    Whole,
    Fraction,
    Moment,
    Body,
    Texts,
    Person,
    Attendees,
    Recurrence,
    Occurrences,
    Deleted,
    Zone,
    /// A list of keyed entries; its entries are values of their own.
    Dictionary,
}

/// Which kind of item has a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Item,
    Contact,
    Calendar,
    Task,
}

macro_rules! properties {
    ($($name:ident $uri:literal $family:ident $form:ident,)+) => {
        /// A property that is known by a name of its own. The order is the schema's, so that sorting what is
        /// to be written puts it in the right order.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "each name is Microsoft's own element name")]
        pub enum Property { $($name,)+ }

        impl Property {
            /// Every property.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The name under which requests ask for it, such as `calendar:Start`.
            pub fn uri(self) -> &'static str {
                match self { $(Self::$name => $uri,)+ }
            }

            pub(crate) fn family(self) -> Family {
                match self { $(Self::$name => Family::$family,)+ }
            }

            pub(crate) fn form(self) -> Form {
                match self { $(Self::$name => Form::$form,)+ }
            }

            /// The property of this name.
            pub fn of(uri: &str) -> Option<Self> {
                match uri { $($uri => Some(Self::$name),)+ _ => None }
            }
        }
    };
}

properties! {
    ItemClass "item:ItemClass" Item Word,
    Subject "item:Subject" Item Text,
    Sensitivity "item:Sensitivity" Item Word,
    Body "item:Body" Item Body,
    DateTimeReceived "item:DateTimeReceived" Item Moment,
    Size "item:Size" Item Whole,
    Categories "item:Categories" Item Texts,
    Importance "item:Importance" Item Word,
    IsDraft "item:IsDraft" Item Flag,
    DateTimeCreated "item:DateTimeCreated" Item Moment,
    ReminderDueBy "item:ReminderDueBy" Item Moment,
    ReminderIsSet "item:ReminderIsSet" Item Flag,
    ReminderMinutesBeforeStart "item:ReminderMinutesBeforeStart" Item Whole,
    HasAttachments "item:HasAttachments" Item Flag,
    // Extended properties are written here; see `Path::rank`.
    LastModifiedName "item:LastModifiedName" Item Text,
    LastModifiedTime "item:LastModifiedTime" Item Moment,
    IsAssociated "item:IsAssociated" Item Flag,

    FileAs "contacts:FileAs" Contact Text,
    FileAsMapping "contacts:FileAsMapping" Contact Word,
    DisplayName "contacts:DisplayName" Contact Text,
    GivenName "contacts:GivenName" Contact Text,
    Initials "contacts:Initials" Contact Text,
    MiddleName "contacts:MiddleName" Contact Text,
    Nickname "contacts:Nickname" Contact Text,
    CompanyName "contacts:CompanyName" Contact Text,
    EmailAddresses "contacts:EmailAddresses" Contact Dictionary,
    PhysicalAddresses "contacts:PhysicalAddresses" Contact Dictionary,
    PhoneNumbers "contacts:PhoneNumbers" Contact Dictionary,
    AssistantName "contacts:AssistantName" Contact Text,
    Birthday "contacts:Birthday" Contact Moment,
    BusinessHomePage "contacts:BusinessHomePage" Contact Text,
    Children "contacts:Children" Contact Texts,
    Department "contacts:Department" Contact Text,
    Generation "contacts:Generation" Contact Text,
    ImAddresses "contacts:ImAddresses" Contact Dictionary,
    JobTitle "contacts:JobTitle" Contact Text,
    Manager "contacts:Manager" Contact Text,
    OfficeLocation "contacts:OfficeLocation" Contact Text,
    PostalAddressIndex "contacts:PostalAddressIndex" Contact Word,
    Profession "contacts:Profession" Contact Text,
    SpouseName "contacts:SpouseName" Contact Text,
    Surname "contacts:Surname" Contact Text,
    WeddingAnniversary "contacts:WeddingAnniversary" Contact Moment,

    Uid "calendar:UID" Calendar Word,
    RecurrenceId "calendar:RecurrenceId" Calendar Moment,
    Start "calendar:Start" Calendar Moment,
    End "calendar:End" Calendar Moment,
    OriginalStart "calendar:OriginalStart" Calendar Moment,
    IsAllDayEvent "calendar:IsAllDayEvent" Calendar Flag,
    LegacyFreeBusyStatus "calendar:LegacyFreeBusyStatus" Calendar Word,
    Location "calendar:Location" Calendar Text,
    IsMeeting "calendar:IsMeeting" Calendar Flag,
    IsCancelled "calendar:IsCancelled" Calendar Flag,
    IsRecurring "calendar:IsRecurring" Calendar Flag,
    MeetingRequestWasSent "calendar:MeetingRequestWasSent" Calendar Flag,
    IsResponseRequested "calendar:IsResponseRequested" Calendar Flag,
    CalendarItemType "calendar:CalendarItemType" Calendar Word,
    MyResponseType "calendar:MyResponseType" Calendar Word,
    Organizer "calendar:Organizer" Calendar Person,
    RequiredAttendees "calendar:RequiredAttendees" Calendar Attendees,
    OptionalAttendees "calendar:OptionalAttendees" Calendar Attendees,
    Resources "calendar:Resources" Calendar Attendees,
    AppointmentReplyTime "calendar:AppointmentReplyTime" Calendar Moment,
    AppointmentSequenceNumber "calendar:AppointmentSequenceNumber" Calendar Whole,
    AppointmentState "calendar:AppointmentState" Calendar Whole,
    Recurrence "calendar:Recurrence" Calendar Recurrence,
    ModifiedOccurrences "calendar:ModifiedOccurrences" Calendar Occurrences,
    DeletedOccurrences "calendar:DeletedOccurrences" Calendar Deleted,
    StartTimeZone "calendar:StartTimeZone" Calendar Zone,
    EndTimeZone "calendar:EndTimeZone" Calendar Zone,
    IsOnlineMeeting "calendar:IsOnlineMeeting" Calendar Flag,
    MeetingWorkspaceUrl "calendar:MeetingWorkspaceUrl" Calendar Text,
    NetShowUrl "calendar:NetShowUrl" Calendar Text,
    JoinOnlineMeetingUrl "calendar:JoinOnlineMeetingUrl" Calendar Text,

    ActualWork "task:ActualWork" Task Whole,
    BillingInformation "task:BillingInformation" Task Text,
    ChangeCount "task:ChangeCount" Task Whole,
    CompleteDate "task:CompleteDate" Task Moment,
    DelegationState "task:DelegationState" Task Word,
    Delegator "task:Delegator" Task Text,
    DueDate "task:DueDate" Task Moment,
    IsComplete "task:IsComplete" Task Flag,
    IsTaskRecurring "task:IsRecurring" Task Flag,
    IsTeamTask "task:IsTeamTask" Task Flag,
    Mileage "task:Mileage" Task Text,
    Owner "task:Owner" Task Text,
    PercentComplete "task:PercentComplete" Task Fraction,
    TaskRecurrence "task:Recurrence" Task Recurrence,
    StartDate "task:StartDate" Task Moment,
    Status "task:Status" Task Word,
    StatusDescription "task:StatusDescription" Task Text,
    TotalWork "task:TotalWork" Task Whole,
}

/// Every property by its element's name: it is looked up for each element of each item.
static BY_ELEMENT: LazyLock<BTreeMap<&'static str, Vec<Property>>> = LazyLock::new(|| {
    let mut by_element: BTreeMap<&str, Vec<Property>> = BTreeMap::new();
    for property in Property::ALL {
        by_element.entry(property.element()).or_default().push(*property);
    }
    by_element
});

impl Property {
    /// The element that holds it, without a prefix.
    /// Whether it holds a text of any words, and may be written.
    pub fn holds_text(self) -> bool {
        self.form() == Form::Text && self != Self::LastModifiedName
    }

    /// Whether items of that kind have it.
    pub fn is_of(self, kind: super::ItemKind) -> bool {
        match self.family() {
            Family::Item => true,
            Family::Contact => kind == super::ItemKind::Contact,
            Family::Calendar => kind == super::ItemKind::CalendarItem,
            Family::Task => kind == super::ItemKind::Task,
        }
    }

    pub(crate) fn element(self) -> &'static str {
        let uri = self.uri();
        uri.split_once(':').map_or(uri, |(_, name)| name)
    }

    /// The property an element holds in an item of this family, of any where none is given; some names mean one thing in
    /// a task and another in a calendar item.
    pub(crate) fn of_element(element: &str, family: Option<Family>) -> Option<Self> {
        let known = BY_ELEMENT.get(element)?;
        known.iter().copied().find(|p| {
            let of = p.family();
            of == Family::Item || family.is_none_or(|family| of == family)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_property_is_found_by_its_uri_again() {
        for property in Property::ALL {
            assert_eq!(Property::of(property.uri()), Some(*property));
            assert!(!property.element().is_empty());
        }
        assert_eq!(Property::of("item:Nothing"), None);
    }
}
