//! Whether a write may make the server send mail: it may not, unless somebody says so in so many words.

/// What a write to the calendar lets the server send. There is no default that sends. (C9, trap 95)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mail {
    /// Nothing is sent to anybody.
    #[default]
    None,
    /// Invitations, updates and cancellations are sent.
    On(MailOn),
}

/// Says that an administrator turned mail on for the domain. Whoever makes one has checked it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailOn {
    to_changed_only: bool,
}

impl MailOn {
    /// Everybody invited is written to.
    pub fn an_administrator_turned_mail_on() -> Self {
        Self { to_changed_only: false }
    }

    /// As above, but an update goes only to those whose invitation it adds or takes away.
    pub fn only_to_those_added_or_removed(self) -> Self {
        Self { to_changed_only: true }
    }
}

impl Mail {
    /// For CreateItem's invitations and DeleteItem's cancellations.
    pub(crate) fn on_create_or_delete(self) -> &'static str {
        match self {
            Self::None => "SendToNone",
            Self::On(_) => "SendToAllAndSaveCopy",
        }
    }

    /// For UpdateItem's invitations or cancellations.
    pub(crate) fn on_update(self) -> &'static str {
        match self {
            Self::None => "SendToNone",
            Self::On(MailOn { to_changed_only: false }) => "SendToAllAndSaveCopy",
            Self::On(MailOn { to_changed_only: true }) => "SendToChangedAndSaveCopy",
        }
    }
}
