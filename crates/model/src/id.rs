//! Ids are newtypes, so that one user's id can never stand where a record's is asked for.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! text_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps the text as it is: ids are opaque and compared byte for byte.
            #[must_use]
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text as the server or store gave it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    )*};
}

text_ids! {
    /// One CRM user with one mailbox.
    PairingId;
    /// A CRM user (an employee with a login), as the CRM names him.
    UserId;
    /// A record on one side, as that side names it.
    RecordId;
    /// What changes whenever a record on one side changes: change key, etag, modification number.
    Version;
    /// A mailbox folder, as the server names it.
    FolderId;
    /// The id that we gave a mailbox when it was mapped; it stands in the mailbox's root folder and in every mark.
    MailboxId;
    /// One link: two copies known to be one record.
    LinkId;
    /// A configured CRM.
    CrmId;
    /// An employee as a participant of an activity, as the CRM names him.
    EmployeeKey;
}
