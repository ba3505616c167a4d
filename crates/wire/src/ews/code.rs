//! The response codes of a server that decide what happens next; all others keep their name.

macro_rules! codes {
    ($($name:ident),+ $(,)?) => {
        /// What a server answers for one item or for a whole request, by its own name.
        ///
        /// <https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/responsecode>
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "each name is Microsoft's own and means what it says")]
        pub enum ResponseCode { $($name,)+
            /// A code this product does not act upon by name.
            Other(String),
        }

        impl ResponseCode {
            /// The code's name as the server writes it.
            pub fn name(&self) -> &str {
                match self { $(Self::$name => stringify!($name),)+ Self::Other(name) => name }
            }

            /// The code of this name. Anything that is no plain word is cut down to one.
            pub fn of(name: &str) -> Self {
                match name.trim() {
                    $(stringify!($name) => Self::$name,)+
                    other => Self::Other(other.chars().filter(char::is_ascii_alphanumeric).take(80).collect()),
                }
            }
        }
    };
}

codes! {
    NoError,
    ErrorInvalidPropertyRequest, ErrorUnsupportedPathForQuery, ErrorUnsupportedPathForSortGroup,
    // the item or folder is not there
    ErrorItemNotFound, ErrorFolderNotFound, ErrorParentFolderNotFound,
    ErrorInvalidId, ErrorInvalidIdMalformed, ErrorInvalidIdEmpty, ErrorInvalidIdNotAnItemAttachmentId,
    ErrorInvalidFolderId, ErrorCannotFindFolder, ErrorManagedFolderNotFound, ErrorMovedItem,
    // somebody was faster
    ErrorIrresolvableConflict, ErrorStaleObject, ErrorChangeKeyRequired, ErrorInvalidChangeKey,
    ErrorChangeKeyRequiredForWriteOperations,
    // wait
    ErrorServerBusy, ErrorTooManyObjectsOpened, ErrorExceededConnectionCount, ErrorExceededSubscriptionCount,
    ErrorExceededFindCountLimit, ErrorTimeoutExpired, ErrorMailboxStoreUnavailable, ErrorMailboxMoveInProgress,
    ErrorInternalServerTransientError, ErrorConnectionFailed, ErrorBatchProcessingStopped, ErrorMailboxFailover,
    ErrorADUnavailable, ErrorADOperation, ErrorInsufficientResources,
    // the mailbox itself
    ErrorNonExistentMailbox, ErrorMailboxConfiguration, ErrorMissingEmailAddress, ErrorNoPublicFolderReplicaAvailable,
    ErrorMissingInformationEmailAddress, ErrorAccountDisabled, ErrorADSessionFilter,
    // rights
    ErrorAccessDenied, ErrorImpersonateUserDenied, ErrorImpersonationDenied, ErrorImpersonationFailed,
    ErrorInvalidUserSid, ErrorInvalidUserPrincipalName, ErrorPrivateItemAccessDenied, ErrorUserNotAllowedByPolicy,
    ErrorNoRespondingCASInDestinationSite, ErrorProxyRequestNotAllowed, ErrorCrossSiteRequest,
    // the cursor
    ErrorInvalidSyncStateData, ErrorSyncFolderNotFound,
    // notifications
    ErrorSubscriptionNotFound, ErrorInvalidSubscription, ErrorInvalidSubscriptionRequest, ErrorSubscriptionUnsubscribed,
    ErrorSubscriptionAccessDenied, ErrorSubscriptionDelegateAccessNotSupported, ErrorMissedNotificationEvents,
    ErrorEventNotFound, ErrorProxyServiceDiscoveryFailed,
    // what the server refuses to hold
    ErrorInvalidCompleteDate,
    ErrorOccurrenceCrossingBoundary, ErrorOccurrenceTimeSpanTooBig, ErrorRecurrenceHasNoOccurrence,
    ErrorRecurrenceEndDateTooBig, ErrorCalendarEndDateIsEarlierThanStartDate, ErrorCalendarDurationIsTooLong,
    ErrorCalendarInvalidRecurrence, ErrorCalendarInvalidDayForWeeklyRecurrence, ErrorCalendarInvalidPropertyValue,
    ErrorCalendarOccurrenceIsDeletedFromRecurrence, ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange,
    ErrorCalendarOutOfRange, ErrorCalendarIsNotOrganizer, ErrorInvalidPropertySet, ErrorInvalidPropertyUpdateSentMessage,
    ErrorInvalidRequest, ErrorSchemaValidation, ErrorInvalidValueForProperty, ErrorMessageSizeExceeded,
    ErrorQuotaExceeded, ErrorItemSave, ErrorItemSavePropertyError, ErrorInvalidPropertyDelete, ErrorIncorrectUpdatePropertyCount,
    ErrorPropertyUpdate, ErrorCorruptData, ErrorItemCorrupt, ErrorObjectTypeChanged, ErrorFolderExists,
    ErrorCannotDeleteObject, ErrorInvalidOperation, ErrorUnsupportedPropertyDefinition, ErrorInvalidExtendedProperty,
    ErrorInvalidExtendedPropertyValue, ErrorInvalidServerVersion, ErrorInternalServerError, ErrorInvalidTimeZone,
    ErrorTimeZone, ErrorUnsupportedCulture,
}

impl std::fmt::Display for ResponseCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_keeps_its_name() {
        assert_eq!(ResponseCode::of(" ErrorServerBusy "), ResponseCode::ErrorServerBusy);
        assert_eq!(ResponseCode::of("ErrorNew").name(), "ErrorNew");
        assert_eq!(ResponseCode::of("a<b> anna@x").name(), "abannax");
        assert_eq!(ResponseCode::NoError.to_string(), "NoError");
    }
}
