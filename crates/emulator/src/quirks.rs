//! Named ways in which a server misbehaves, to be switched on one by one; off, the emulator is the Exchange of the documentation.

/// A misbehaviour seen in the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quirk {
    /// Every body ends with a character that XML does not allow, sent as `&#x1;`.
    IllegalCharacters,
    /// Some assistant touches each item right after it was written: the change key answered is stale at once (trap 50).
    MovesChangeKeyAfterWrite,
    /// CreateItem accepts `Organizer`, as no Exchange does.
    KeepsOrganizer,
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
    /// Every request is answered `ErrorServerBusy` with a back-off of 0 (trap 167).
    ServerBusy,
    /// Times of appointments without a value come back as 1601 or 4501 (trap 92).
    SentinelDates,
    /// Addresses of attendees come back as `EX` addresses of the directory.
    ExAddresses,
}

impl Quirk {
    /// All of them, for lists and completions.
    pub const ALL: [Self; 17] = [
        Self::IllegalCharacters,
        Self::MovesChangeKeyAfterWrite,
        Self::KeepsOrganizer,
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
        Self::ServerBusy,
        Self::SentinelDates,
        Self::ExAddresses,
    ];
}
