//! The ids of the CRM's records: each kind has its own type and its own prefix.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// What the ids of this kind begin with.
            pub const PREFIX: &'static str = $prefix;

            /// Wraps the text as it is; ids are compared byte for byte.
            #[must_use]
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The id of a number of this kind's counter.
            pub(crate) fn of_number(number: i64) -> Self {
                Self(format!("{}{number:08}", $prefix))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl From<&$name> for crate::db::Arg {
            fn from(id: &$name) -> crate::db::Arg {
                crate::db::Arg::from(id.as_str())
            }
        }
        impl From<Option<&$name>> for crate::db::Arg {
            fn from(id: Option<&$name>) -> crate::db::Arg {
                crate::db::Arg::from(id.map(|id| id.as_str()))
            }
        }
    )*};
}

ids! {
    /// An organization.
    OrganizationId = "ORG-";
    /// A position.
    PositionId = "POS-";
    /// A user list.
    UserListId = "LST-";
    /// An employee; with a login he is a user.
    EmployeeId = "EMP-";
    /// An account.
    AccountId = "ACC-";
    /// A business or personal contact.
    ContactId = "CON-";
    /// An appointment, meeting or to-do.
    ActivityId = "ACT-";
    /// A token to sign in with.
    TokenId = "TOK-";
}
