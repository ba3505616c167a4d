//! Who asks the CRM for something, and what he may.

use crate::id::EmployeeId;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The employee in whose name it happens.
    pub user: EmployeeId,
    /// What he may besides.
    pub rights: Rights,
    /// Through what: "api", "console", "sync"; stands in the feed and on the record.
    pub source: String,
}

/// What somebody may besides his own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    /// His own records, and what is shared with him.
    User,
    /// Everything but other people's private and personal records.
    Administrator,
    /// The synchronisation, in the name of the mailbox's owner: a user who may also carry a meeting in from a mailbox,
    /// locked ones and other people's too (rules P3, P6).
    Sync,
}

impl Actor {
    /// A user.
    pub fn user(user: EmployeeId, source: impl Into<String>) -> Actor {
        Actor { user, rights: Rights::User, source: source.into() }
    }

    /// An administrator.
    pub fn administrator(user: EmployeeId, source: impl Into<String>) -> Actor {
        Actor { user, rights: Rights::Administrator, source: source.into() }
    }

    /// The synchronisation in a user's name.
    pub fn sync(user: EmployeeId, source: impl Into<String>) -> Actor {
        Actor { user, rights: Rights::Sync, source: source.into() }
    }

    /// Whether he is an administrator.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.rights == Rights::Administrator
    }

    /// Whether it is the synchronisation.
    #[must_use]
    pub fn is_sync(&self) -> bool {
        self.rights == Rights::Sync
    }
}
