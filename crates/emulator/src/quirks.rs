//! Named ways in which a server misbehaves, to be switched on one by one; off, the emulator is the Exchange of the documentation.

/// A misbehaviour seen in the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quirk {
    /// Every body ends with a character that XML does not allow, sent as `&#x1;`.
    IllegalCharacters,
    /// Some assistant touches each item right after it was written: the change key answered is stale at once (trap 50).
    MovesChangeKeyAfterWrite,
    /// Every item read gives another change key than before, and only the newest is good for a change.
    MovesChangeKeyWhenRead,
    /// UpdateItem changes an item whatever change key it is sent against.
    IgnoresChangeKeys,
    /// CreateItem accepts `Organizer`, as no Exchange does.
    KeepsOrganizer,
    /// What MAPI properties say of a meeting's state and organiser is taken and not kept; the global id is.
    StatePropertiesNotKept,
    /// Telephone numbers come back without punctuation (trap 112).
    NormalisesPhone,
    /// Single-line texts are cut after 60 characters.
    CutsText,
    /// Zones come back as `tzone://Microsoft/Custom` with their rules, under a localised name (trap 89).
    CustomizedZoneNames,
    /// No global object id is given out, only the UID.
    NoCleanGlobalObjectId,
    /// The answer's Content-Type carries no charset.
    ContentTypeWithoutCharset,
    /// Times carry seven digits of fractions.
    SevenDigitFractions,
    /// Elements that no schema knows stand among an item's properties (trap 10).
    UnknownElements,
    /// Contacts and tasks are also told as ReadFlagChange (trap 10).
    ReadFlagChanges,
    /// SyncFolderItems and FindItem list nothing and say that is all (trap 145).
    EmptyListing,
    /// Listings leave out every second item and say that is all (trap 145).
    ShortListing,
    /// Every sync state is refused (trap 1).
    StateRefused,
    /// SyncFolderItems goes on past changes without telling of them; who asks without a state is told everything (trap 22).
    ChangesNotTold,
    /// Every request is answered `ErrorServerBusy` with a back-off of 0 (trap 167).
    ServerBusy,
    /// Times of appointments without a value come back as 1601 or 4501 (trap 92).
    SentinelDates,
    /// Addresses of attendees come back as `EX` addresses of the directory.
    ExAddresses,
    /// A connection is signed in for one request only.
    ForgetsConnections,
    /// Namespaces go by other prefixes, and the types by none.
    OwnPrefixes,
    /// Elements of items and results stand in no order of the schema.
    ElementsInAnyOrder,
    /// The items that were asked for come in no order of the request.
    ResultsInAnyOrder,
    /// All items of a request come in its first result.
    OneResultForAll,
    /// Results that went well carry no response code.
    NoResponseCodes,
    /// Listings do not say whether they end, until a page is empty.
    PagesWithoutEnd,
    /// Folders have ids without change keys.
    NoFolderChangeKeys,
    /// Extended properties asked for by the name of their set are answered by its GUID.
    SetsByGuid,
    /// What has no value stands in an item all the same, empty or as nil.
    EmptyAndNil,
    /// Times carry an offset and fractions instead of `Z`.
    OffsetsForZ,
    /// Every item comes as `Item`; only its class says what it is.
    OneWrapperForAll,
    /// Answers begin with a byte order mark and are full of comments and white space.
    MarksAndComments,
    /// Text stands in CDATA sections.
    TextInSections,
    /// Streaming connections are open, and nothing ever comes.
    SilentStreams,
    /// Subscriptions are known only to the server behind the front that made them; a cookie or header leads there.
    SeveralBackEnds,
}

impl Quirk {
    /// All of them, for lists and completions.
    pub const ALL: [Self; 37] = [
        Self::IllegalCharacters,
        Self::MovesChangeKeyAfterWrite,
        Self::MovesChangeKeyWhenRead,
        Self::IgnoresChangeKeys,
        Self::KeepsOrganizer,
        Self::StatePropertiesNotKept,
        Self::NormalisesPhone,
        Self::CutsText,
        Self::CustomizedZoneNames,
        Self::NoCleanGlobalObjectId,
        Self::ContentTypeWithoutCharset,
        Self::SevenDigitFractions,
        Self::UnknownElements,
        Self::ReadFlagChanges,
        Self::EmptyListing,
        Self::ShortListing,
        Self::StateRefused,
        Self::ChangesNotTold,
        Self::ServerBusy,
        Self::SentinelDates,
        Self::ExAddresses,
        Self::ForgetsConnections,
        Self::OwnPrefixes,
        Self::ElementsInAnyOrder,
        Self::ResultsInAnyOrder,
        Self::OneResultForAll,
        Self::NoResponseCodes,
        Self::PagesWithoutEnd,
        Self::NoFolderChangeKeys,
        Self::SetsByGuid,
        Self::EmptyAndNil,
        Self::OffsetsForZ,
        Self::OneWrapperForAll,
        Self::MarksAndComments,
        Self::TextInSections,
        Self::SilentStreams,
        Self::SeveralBackEnds,
    ];

    /// Those that only say the same otherwise, as servers of other makers do.
    pub const HABITS: [Self; 13] = [
        Self::OwnPrefixes,
        Self::ElementsInAnyOrder,
        Self::ResultsInAnyOrder,
        Self::OneResultForAll,
        Self::NoResponseCodes,
        Self::PagesWithoutEnd,
        Self::NoFolderChangeKeys,
        Self::SetsByGuid,
        Self::EmptyAndNil,
        Self::OffsetsForZ,
        Self::OneWrapperForAll,
        Self::MarksAndComments,
        Self::TextInSections,
    ];
}
