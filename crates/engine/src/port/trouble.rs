//! What a side says when it does not do what it was asked.

use model::Gone;

/// What went wrong, named by what follows (rule E2).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The record is not as planned: look again.
    #[error("the record changed meanwhile")]
    Stale,
    /// It is not there.
    #[error("the record is gone: {0:?}")]
    Gone(Gone),
    /// Wait as told; nothing was done.
    #[error("busy: {why}")]
    Busy {
        /// Milliseconds to wait, when told.
        wait_ms: Option<u64>,
        /// In words.
        why: String,
    },
    /// This record will not do: quarantine (rule E8).
    #[error("refused: {why}")]
    Refused {
        /// The server's code.
        code: String,
        /// In words, without content.
        why: String,
    },
    /// Sign-in, impersonation or rights: the pairing waits, nothing is believed gone (trap 154).
    #[error("no access: {why}")]
    NoAccess {
        /// In words, with the cure.
        why: String,
    },
    /// The cursor was refused: list the folder again (trap 1).
    #[error("the cursor was refused")]
    CursorRefused,
    /// Nothing was done, try again with patience.
    #[error("broken: {why}")]
    Broken {
        /// In words.
        why: String,
    },
    /// A write that may have happened: look it up before anything else (trap 44).
    #[error("outcome unknown: {why}")]
    Unknown {
        /// In words.
        why: String,
    },
}

impl Trouble {
    /// An answer that does not tell what became of a write.
    pub(crate) fn untold() -> Trouble {
        Trouble::Unknown { why: "the side did not tell what became of each write".to_owned() }
    }

    /// A look answered for others and not for this id, which proves nothing about it.
    pub(crate) fn unanswered() -> Trouble {
        Trouble::Broken { why: "the side did not answer for the id asked".to_owned() }
    }
}
