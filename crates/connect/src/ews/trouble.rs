//! What a server's refusal means for the engine, and in which words a person reads it (rule E2).

use engine::port::{MAILBOX_FULL, Trouble};
use model::Gone;
use wire::ews::{Refusal, ResponseCode};

/// What a server says that holds no mailbox of that name: no right would help.
const NO_MAILBOX: &str =
    "the server has no mailbox at this address; check the address, or whether the mailbox was moved or removed";

/// The server holds no mailbox of that name.
pub fn is_no_mailbox(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::NoAccess { why } if why.starts_with(NO_MAILBOX))
}

/// Whether a call can have changed something: an unclear answer to a write is looked up before anything else (trap 44).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It only reads.
    Read,
    /// It writes.
    Write,
    /// It changes or deletes one item that is there: what is not allowed is not allowed for that item (rule E1).
    Change,
}

/// No server is waited for longer than a day, whatever number it writes.
pub const LONGEST_WAIT_MS: u64 = 86_400_000;

/// A code in the engine's words.
pub fn refusal(refusal: &Refusal, effect: Effect) -> Trouble {
    use ResponseCode as C;
    let code = &refusal.code;
    match code {
        C::ErrorItemNotFound
        | C::ErrorInvalidIdMalformed
        | C::ErrorInvalidId
        | C::ErrorInvalidIdEmpty
        | C::ErrorInvalidIdNotAnItemAttachmentId
        | C::ErrorMovedItem
        | C::ErrorCalendarOccurrenceIsDeletedFromRecurrence => Trouble::Gone(Gone::Unknown),
        C::ErrorIrresolvableConflict
        | C::ErrorStaleObject
        | C::ErrorChangeKeyRequired
        | C::ErrorInvalidChangeKey
        | C::ErrorChangeKeyRequiredForWriteOperations
        | C::ErrorObjectTypeChanged => Trouble::Stale,
        C::ErrorServerBusy
        | C::ErrorTooManyObjectsOpened
        | C::ErrorExceededConnectionCount
        | C::ErrorExceededSubscriptionCount
        | C::ErrorExceededFindCountLimit
        | C::ErrorBatchProcessingStopped
        | C::ErrorInsufficientResources => busy(refusal, "the server asks us to wait"),
        C::ErrorMailboxMoveInProgress => {
            busy(refusal, "the mailbox is being moved to another server; it is tried again by itself")
        }
        C::ErrorMailboxStoreUnavailable | C::ErrorMailboxFailover | C::ErrorConnectionFailed => {
            busy(refusal, "the server cannot reach the mailbox at present; it is tried again by itself")
        }
        C::ErrorADUnavailable | C::ErrorADOperation => {
            busy(refusal, "the server cannot reach its directory at present; it is tried again by itself")
        }
        C::ErrorTimeoutExpired | C::ErrorInternalServerTransientError | C::ErrorInternalServerError => match effect {
            Effect::Read => busy(refusal, "the server failed for a moment"),
            Effect::Write | Effect::Change => {
                Trouble::Unknown { why: format!("the server failed while writing ({code})") }
            }
        },
        C::ErrorInvalidSyncStateData | C::ErrorSyncFolderNotFound => Trouble::CursorRefused,
        C::ErrorNonExistentMailbox
        | C::ErrorMissingEmailAddress
        | C::ErrorMissingInformationEmailAddress
        | C::ErrorNoPublicFolderReplicaAvailable => no_access(NO_MAILBOX, code),
        C::ErrorMailboxConfiguration => no_access("the mailbox is not set up completely on the server", code),
        C::ErrorAccountDisabled => no_access("the account is disabled", code),
        C::ErrorInvalidUserPrincipalName => {
            no_access("the directory knows no account of this name; check the address", code)
        }
        C::ErrorImpersonateUserDenied | C::ErrorImpersonationDenied | C::ErrorImpersonationFailed => {
            no_access("the account may not act for this mailbox; grant it ApplicationImpersonation", code)
        }
        C::ErrorAccessDenied if effect == Effect::Change => refused(code, "the account may not change this item"),
        C::ErrorAccessDenied
        | C::ErrorUserNotAllowedByPolicy
        | C::ErrorProxyRequestNotAllowed
        | C::ErrorInvalidUserSid
        | C::ErrorADSessionFilter
        | C::ErrorCrossSiteRequest
        | C::ErrorNoRespondingCASInDestinationSite => no_access("the account may not read this mailbox", code),
        C::ErrorFolderNotFound
        | C::ErrorParentFolderNotFound
        | C::ErrorInvalidFolderId
        | C::ErrorCannotFindFolder
        | C::ErrorManagedFolderNotFound => no_access("the folder is not in the mailbox any more", code),
        C::ErrorInvalidServerVersion => Trouble::Broken {
            why: "the server does not speak the version of Exchange Web Services asked for".to_owned(),
        },
        C::ErrorPrivateItemAccessDenied => refused(code, "the account may not read private items"),
        C::ErrorOccurrenceCrossingBoundary => {
            refused(code, "an occurrence cannot be moved past its neighbour or onto the same day")
        }
        C::ErrorOccurrenceTimeSpanTooBig => refused(code, "an occurrence lasts longer than the time to the next one"),
        C::ErrorRecurrenceHasNoOccurrence => refused(code, "the rule has no occurrence; change it"),
        C::ErrorRecurrenceEndDateTooBig => refused(code, "the series ends too far in the future; end it earlier"),
        C::ErrorCalendarEndDateIsEarlierThanStartDate => refused(code, "it ends before it begins; change its times"),
        C::ErrorInvalidCompleteDate => refused(code, "Exchange takes no done day in the future"),
        C::ErrorCalendarDurationIsTooLong => refused(code, "it lasts longer than Exchange allows; shorten it"),
        C::ErrorCalendarInvalidRecurrence
        | C::ErrorCalendarInvalidDayForWeeklyRecurrence
        | C::ErrorCalendarInvalidPropertyValue => refused(code, "Exchange cannot hold this rule"),
        C::ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange | C::ErrorCalendarOutOfRange => {
            refused(code, "the series has no such occurrence")
        }
        C::ErrorCalendarIsNotOrganizer => refused(code, "only the organiser may change this meeting"),
        C::ErrorMessageSizeExceeded => {
            refused(code, "it is larger than the server allows; shorten its text, or raise the limit there")
        }
        C::ErrorQuotaExceeded => Trouble::Refused {
            code: MAILBOX_FULL.to_owned(),
            why: format!(
                "the mailbox is full; make room in it, or raise its quota: it is tried again every hour ({code})"
            ),
        },
        C::ErrorCorruptData | C::ErrorItemCorrupt => {
            refused(code, "the item in the mailbox is damaged; open and save it in Outlook, or delete it there")
        }
        C::ErrorInvalidTimeZone | C::ErrorTimeZone => refused(code, "the server does not know the time zone"),
        C::ErrorSubscriptionNotFound
        | C::ErrorInvalidSubscription
        | C::ErrorInvalidSubscriptionRequest
        | C::ErrorSubscriptionUnsubscribed
        | C::ErrorSubscriptionAccessDenied
        | C::ErrorSubscriptionDelegateAccessNotSupported
        | C::ErrorMissedNotificationEvents
        | C::ErrorEventNotFound
        | C::ErrorProxyServiceDiscoveryFailed => {
            refused(code, "the server does not keep notifications for this mailbox")
        }
        C::ErrorInvalidPropertySet
        | C::ErrorInvalidValueForProperty
        | C::ErrorItemSavePropertyError
        | C::ErrorPropertyUpdate
        | C::ErrorInvalidPropertyDelete
        | C::ErrorInvalidPropertyUpdateSentMessage
        | C::ErrorInvalidExtendedPropertyValue => refused(code, VALUE),
        C::ErrorCannotDeleteObject => {
            refused(code, "the server does not let this item be deleted; delete it in Outlook")
        }
        C::ErrorItemSave => refused(code, "the server could not save it; open and save the item in Outlook"),
        C::ErrorInvalidPropertyRequest
        | C::ErrorUnsupportedPathForQuery
        | C::ErrorUnsupportedPathForSortGroup
        | C::ErrorInvalidRequest
        | C::ErrorSchemaValidation
        | C::ErrorIncorrectUpdatePropertyCount
        | C::ErrorInvalidOperation
        | C::ErrorUnsupportedPropertyDefinition
        | C::ErrorInvalidExtendedProperty
        | C::ErrorUnsupportedCulture => refused(code, "the server does not understand what was asked; run `check`"),
        C::Other(name) => refused(code, by_name(name)),
        C::NoError | C::ErrorFolderExists => refused(code, REFUSED),
    }
}

/// What a server says about one of the values of an item.
const VALUE: &str = "the server does not take one of its values; change the record, or leave the field out of the map";
/// What nobody has a better word for.
const REFUSED: &str = "the server refused it; Microsoft's list of EWS response codes says why";

/// Codes that no rule of ours hangs on, by what they have in common.
fn by_name(name: &str) -> &'static str {
    let says = |word| name.contains(word);
    if says("Property") || says("Validation") {
        VALUE
    } else if says("Conversion") || says("Mime") || says("Content") {
        "the server cannot read or convert the text of the item; open and save it in Outlook"
    } else if says("NameResolution") || says("Recipient") {
        "the server does not know one of the people on it; check their addresses"
    } else if says("Quota") || says("Limit") || says("Exceeded") || says("TooBig") || says("TooLarge") {
        "it is more than the server takes; shorten it, or raise the limit there"
    } else {
        REFUSED
    }
}

/// What a single refusal for several things says of all of them: what is the matter with the mailbox or the server.
pub fn of_all<T>(results: &[Result<T, Refusal>], asked: usize) -> Option<&Refusal> {
    match results {
        [Err(refused)] if asked > 1 => {
            let trouble = refusal(refused, Effect::Read);
            matches!(trouble, Trouble::Busy { .. } | Trouble::NoAccess { .. }).then_some(refused)
        }
        _ => None,
    }
}

/// A code that one item of several was answered with: a server that fails there fails at the item.
pub fn of_item(refusal: &Refusal) -> Trouble {
    match refusal.code {
        ResponseCode::ErrorInternalServerError => fails_at_it(),
        _ => self::refusal(refusal, Effect::Read),
    }
}

/// What is said of an item at which its server fails.
pub fn fails_at_it() -> Trouble {
    Trouble::Broken { why: "the server fails whenever this item is read (ErrorInternalServerError)".to_owned() }
}

/// Whether more was asked for at once than the server answers; one that names a time wants us to wait.
pub fn is_too_many(refusal: &Refusal) -> bool {
    refusal.code == ResponseCode::ErrorServerBusy && refusal.back_off_ms.is_none()
}

fn busy(refusal: &Refusal, why: &str) -> Trouble {
    Trouble::Busy {
        wait_ms: refusal.back_off_ms.map(|ms| ms.min(LONGEST_WAIT_MS)),
        why: format!("{why} ({})", refusal.code),
    }
}

fn no_access(why: &str, code: &ResponseCode) -> Trouble {
    Trouble::NoAccess { why: format!("{why} ({code})") }
}

fn refused(code: &ResponseCode, why: &str) -> Trouble {
    Trouble::Refused { code: code.name().to_owned(), why: format!("{why} ({code})") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::ews::ServerText;

    fn told(code: &str, effect: Effect) -> Trouble {
        let message = ServerText("Anna's secret".to_owned());
        refusal(&Refusal { code: ResponseCode::of(code), message, back_off_ms: Some(5000) }, effect)
    }

    // E2, traps 106, 154, 166, 172
    #[test]
    fn each_code_is_known_by_what_follows() {
        let read = |code| told(code, Effect::Read);
        assert_eq!(read("ErrorItemNotFound"), Trouble::Gone(Gone::Unknown));
        assert_eq!(read("ErrorIrresolvableConflict"), Trouble::Stale);
        assert!(matches!(read("ErrorServerBusy"), Trouble::Busy { wait_ms: Some(5000), .. }));
        let endless = Refusal {
            code: ResponseCode::ErrorServerBusy,
            message: ServerText(String::new()),
            back_off_ms: Some(u64::MAX),
        };
        assert!(matches!(refusal(&endless, Effect::Read), Trouble::Busy { wait_ms: Some(LONGEST_WAIT_MS), .. }));
        assert!(matches!(read("ErrorMailboxMoveInProgress"), Trouble::Busy { .. }));
        assert_eq!(read("ErrorInvalidSyncStateData"), Trouble::CursorRefused);
        assert!(matches!(read("ErrorNonExistentMailbox"), Trouble::NoAccess { .. }));
        assert!(matches!(read("ErrorAccessDenied"), Trouble::NoAccess { .. }));
        assert!(matches!(read("ErrorNobodyKnows"), Trouble::Refused { .. }));
    }

    // E1, trap 106
    #[test]
    fn what_may_not_be_done_to_one_item_is_that_items_trouble_alone() {
        assert!(matches!(told("ErrorAccessDenied", Effect::Change), Trouble::Refused { .. }));
        assert!(matches!(told("ErrorAccessDenied", Effect::Write), Trouble::NoAccess { .. }));
        let full = told("ErrorQuotaExceeded", Effect::Write);
        assert!(matches!(full, Trouble::Refused { code, .. } if code == MAILBOX_FULL));
    }

    // E2, trap 106: a person reads what to do, also where nothing of ours hangs on the code.
    #[test]
    fn what_is_refused_says_what_to_do() {
        for (code, cure) in [
            ("ErrorInvalidPropertySet", "change the record"),
            ("ErrorPropertyValidationFailure", "change the record"),
            ("ErrorMimeContentConversionFailed", "save it in Outlook"),
            ("ErrorNameResolutionNoResults", "check their addresses"),
            ("ErrorAttachmentSizeLimitExceeded", "shorten it"),
            ("ErrorSchemaValidation", "run `check`"),
            ("ErrorItemSave", "save the item in Outlook"),
            ("ErrorNobodyKnows", "list of EWS response codes"),
        ] {
            let why = told(code, Effect::Write).to_string();
            assert!(why.contains(cure) && why.contains(code), "{why}");
        }
        assert!(told("ErrorInvalidUserPrincipalName", Effect::Read).to_string().contains("check the address"));
    }

    // trap 44
    #[test]
    fn a_server_that_failed_while_writing_may_have_written() {
        assert!(matches!(told("ErrorInternalServerError", Effect::Write), Trouble::Unknown { .. }));
        assert!(matches!(told("ErrorTimeoutExpired", Effect::Write), Trouble::Unknown { .. }));
        assert!(matches!(told("ErrorTimeoutExpired", Effect::Read), Trouble::Busy { .. }));
        assert!(matches!(told("ErrorServerBusy", Effect::Write), Trouble::Busy { .. }));
    }

    // trap 187
    #[test]
    fn a_servers_own_sentence_is_never_passed_on() {
        for code in ["ErrorAccessDenied", "ErrorItemSave", "ErrorServerBusy", "ErrorInternalServerError"] {
            assert!(!format!("{:?}", told(code, Effect::Write)).contains("Anna"));
        }
    }
}
