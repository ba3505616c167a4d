//! The response codes of Exchange and the sentences it says with them.

macro_rules! codes {
    ($($name:ident => $text:literal,)*) => {
        /// A `ResponseCode` other than `NoError`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Code { $($name,)* }

        impl Code {
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            pub(crate) fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

codes! {
    ErrorAccessDenied => "Access is denied. Check credentials and try again.",
    ErrorAffectedTaskOccurrencesRequired => "AffectedTaskOccurrences attribute is required for Task items.",
    ErrorBatchProcessingStopped => "Processing of the batch has been stopped.",
    ErrorCalendarCannotMoveOrCopyOccurrence => "An occurrence of a recurring calendar item can't be moved or copied.",
    ErrorCalendarCannotUseIdForOccurrenceId => "The RecurringMasterId must be the id of a recurring master item.",
    ErrorCalendarCannotUseIdForRecurringMasterId => "The OccurrenceId must be the id of an occurrence.",
    ErrorCalendarDurationIsTooLong => "Calendar item duration is too long.",
    ErrorCalendarEndDateIsEarlierThanStartDate => "EndDate is earlier than StartDate",
    ErrorCalendarFolderIsInvalidForCalendarView => "The CalendarView can be used only with a calendar folder.",
    ErrorCalendarInvalidDayForWeeklyRecurrence => "The value for DaysOfWeek is not valid for a weekly recurrence.",
    ErrorCalendarInvalidRecurrence => "The recurrence is not valid.",
    ErrorCalendarIsCancelledForAccept => "The meeting was cancelled and can't be accepted.",
    ErrorCalendarIsCancelledForDecline => "The meeting was cancelled and can't be declined.",
    ErrorCalendarIsCancelledForTentative => "The meeting was cancelled and can't be tentatively accepted.",
    ErrorCalendarIsNotOrganizer => "User must be an organizer for CancelMeeting action.",
    ErrorCalendarIsOrganizerForAccept => "The organizer of a meeting can't accept it.",
    ErrorCalendarIsOrganizerForDecline => "The organizer of a meeting can't decline it.",
    ErrorCalendarIsOrganizerForTentative => "The organizer of a meeting can't tentatively accept it.",
    ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange => "Occurrence with this index is not found in the recurrence.",
    ErrorCalendarOccurrenceIsDeletedFromRecurrence => "Occurrence with this index was previously deleted from the recurrence.",
    ErrorCalendarViewRangeTooBig => "The calendar view range is too big.",
    ErrorCannotCreateCalendarItemInNonCalendarFolder => "Cannot create a calendar item in a non-calendar folder.",
    ErrorCannotCreateContactInNonContactFolder => "Cannot create a contact in a non-contact folder.",
    ErrorCannotCreateTaskInNonTaskFolder => "Cannot create a task in a non-task folder.",
    ErrorCannotUseFolderIdForItemId => "Id must be the id of an item, not of a folder.",
    ErrorCannotUseItemIdForFolderId => "Id must be the id of a folder, not of an item.",
    ErrorChangeKeyRequired => "The change key is required for this operation.",
    ErrorDeleteDistinguishedFolder => "Distinguished folders cannot be deleted.",
    ErrorEventNotFound => "The watermark used for creating this subscription was not found.",
    ErrorFolderExists => "A folder with the specified name already exists.",
    ErrorFolderNotFound => "The specified folder could not be found in the store.",
    ErrorImpersonateUserDenied => "The account does not have permission to impersonate the requested user.",
    ErrorIncorrectUpdatePropertyCount => "An object within a change description must contain one and only one property to modify.",
    ErrorInternalServerError => "An internal server error occurred. The operation failed.",
    ErrorInvalidAttachmentId => "The attachment Id is invalid.",
    ErrorInvalidChangeKey => "The change key is invalid.",
    ErrorInvalidCompleteDate => "CompleteDate is not valid: it can't be in the future.",
    ErrorInvalidExtendedProperty => "The extended property attribute combination is invalid.",
    ErrorInvalidExtendedPropertyValue => "The extended property value is invalid.",
    ErrorInvalidFolderId => "The folder Id is invalid.",
    ErrorInvalidId => "The Id is invalid.",
    ErrorInvalidIdEmpty => "Id must be non-empty.",
    ErrorInvalidIdMalformed => "Id is malformed.",
    ErrorInvalidIndexedPagingParameters => "The indexed paging parameters are invalid.",
    ErrorInvalidItemForOperationAcceptItem => "The item type is not valid for AcceptItem.",
    ErrorInvalidItemForOperationCancelItem => "The item type is not valid for CancelCalendarItem.",
    ErrorInvalidItemForOperationCreateItem => "Operation would create object of type that is not valid for this operation.",
    ErrorInvalidItemForOperationDeclineItem => "The item type is not valid for DeclineItem.",
    ErrorInvalidItemForOperationTentative => "The item type is not valid for TentativelyAcceptItem.",
    ErrorInvalidPercentCompleteValue => "PercentComplete must be between 0 and 100.",
    ErrorInvalidPropertyAppend => "Append is not supported for the property.",
    ErrorInvalidPropertyDelete => "Delete action is invalid for property.",
    ErrorInvalidPropertySet => "Set action is invalid for property.",
    ErrorInvalidRecipients => "At least one recipient isn't valid.",
    ErrorInvalidReferenceItem => "ReferenceItemId is missing or invalid.",
    ErrorInvalidRequest => "The request is invalid.",
    ErrorInvalidRestriction => "The restriction is invalid.",
    ErrorInvalidServerVersion => "The specified server version is invalid.",
    ErrorInvalidSubscription => "The subscription is invalid.",
    ErrorInvalidSyncStateData => "Synchronization state data is corrupt or otherwise invalid.",
    ErrorInvalidValueForProperty => "The specified value is invalid for property.",
    ErrorIrresolvableConflict => "The send or update operation could not be performed because the change key passed in the request does not match the current change key for the item.",
    ErrorItemCorrupt => "An item is corrupt.",
    ErrorItemNotFound => "The specified object was not found in the store.",
    ErrorMailboxMoveInProgress => "The mailbox is being moved. Try again later.",
    ErrorMailboxStoreUnavailable => "The mailbox database is temporarily unavailable.",
    ErrorMessageDispositionRequired => "Message disposition is required for message items.",
    ErrorMimeContentInvalid => "The MIME content is invalid.",
    ErrorMimeContentInvalidBase64String => "The MIME content is not a valid base64 string.",
    ErrorMissingEmailAddress => "When making a request as an account that does not have a mailbox, you must specify the mailbox primary SMTP address for any distinguished folder Ids.",
    ErrorMissingRecipients => "There are no recipients for this message.",
    ErrorMoveCopyFailed => "The move or copy operation failed.",
    ErrorMoveDistinguishedFolder => "Distinguished folders cannot be moved.",
    ErrorNameResolutionNoResults => "No results were found.",
    ErrorNameResolutionMultipleResults => "Multiple results were found.",
    ErrorNoPropertyTagForCustomProperties => "The property tag can't be used for custom properties: those are named.",
    ErrorNonExistentMailbox => "The SMTP address has no mailbox associated with it.",
    ErrorNonPrimarySmtpAddress => "The primary SMTP address must be specified when referencing a mailbox.",
    ErrorOccurrenceCrossingBoundary => "Modified occurrence is crossing or overlapping adjacent occurrence.",
    ErrorOccurrenceTimeSpanTooBig => "Duration of the occurrence is longer than the time to the next one.",
    ErrorParentFolderNotFound => "The parent folder could not be found.",
    ErrorRecurrenceHasNoOccurrence => "The recurrence has no occurrence.",
    ErrorRestrictionTooComplex => "The restriction is too complex.",
    ErrorSchemaValidation => "The request failed schema validation.",
    ErrorSendMeetingCancellationsRequired => "SendMeetingCancellations attribute is required for Calendar items.",
    ErrorSendMeetingInvitationsOrCancellationsRequired => "SendMeetingInvitationsOrCancellations attribute is required for Calendar items.",
    ErrorSendMeetingInvitationsRequired => "SendMeetingInvitations attribute is required for Calendar items.",
    ErrorServerBusy => "The server cannot service this request right now. Try again later.",
    ErrorSubscriptionNotFound => "The subscription wasn't found.",
    ErrorSyncFolderNotFound => "The folder to synchronize could not be found.",
    ErrorTimeZone => "The specified time zone is not valid.",
    ErrorToFolderNotFound => "The destination folder could not be found.",
    ErrorUnsupportedPathForQuery => "The property can't be used in a query.",
    ErrorUnsupportedTypeForConversion => "The type can't be converted.",
    ErrorUpdatePropertyMismatch => "The property path does not match the property to be modified.",
    ErrorExceededFindCountLimit => "You have exceeded the maximum number of objects that can be returned for the find operation.",
    ErrorExceededSubscriptionCount => "You have exceeded the available subscriptions for your account.",
    ErrorAttachmentSizeLimitExceeded => "The attachment is larger than allowed.",
    ErrorFolderSave => "The folder could not be saved.",
}

/// A refusal of one item, folder or step, with what Exchange says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub code: Code,
    pub text: Option<String>,
    /// `MessageXml` values: name and text.
    pub values: Vec<(String, String)>,
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self { code, text: None, values: Vec::new() }
    }
}

impl Refusal {
    /// A refusal with a sentence of its own.
    pub(crate) fn saying(code: Code, text: &str) -> Self {
        Self { text: Some(text.to_owned()), ..Self::from(code) }
    }

    pub(crate) fn message(&self) -> &str {
        self.text.as_deref().unwrap_or_else(|| self.code.text())
    }
}

/// What one item's step comes to.
pub(crate) type Outcome<T> = Result<T, Refusal>;
