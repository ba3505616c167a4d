//! Our sign inside a copy we made or linked: it says which mailbox, which store and which write.

use crate::id::MailboxId;
use serde::{Deserialize, Serialize};

/// The sign in a copy. It survives a copy made by a person, which is why the mailbox's own id and the write number are inside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Mark {
    /// The mailbox it was written for: a mark found in another mailbox was carried there.
    pub mailbox: MailboxId,
    /// The epoch of the store that wrote it; a newer one than the store's own means the store is old (decision 13).
    pub epoch: u64,
    /// The intent or link that it stands for, unique in its mailbox.
    pub key: String,
    /// Renewed by each of our updates; recognises an update whose answer was lost.
    pub write_no: u64,
}

const PREFIX: &str = "sl1";

impl Mark {
    /// The text that stands in the copy. It says whose records the key names: the CRM's own name for itself.
    #[must_use]
    pub fn to_text(&self, crm: &str) -> String {
        format!("{PREFIX};{};{};{};{};{crm}", self.mailbox, self.epoch, self.key, self.write_no)
    }

    /// Reads a mark that was written for records of this CRM, or where it was not said whose. Another CRM counts its
    /// records by itself: what its installation wrote into the same mailbox names nobody here. A text of another form is no
    /// mark of ours either.
    #[must_use]
    pub fn parse(text: &str, crm: &str) -> Option<Mark> {
        let mut parts = text.split(';');
        let (prefix, mailbox, epoch, key, write_no) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let whose = parts.next().unwrap_or_default();
        if prefix != PREFIX || parts.next().is_some() || key.is_empty() {
            return None;
        }
        if !whose.is_empty() && !crm.is_empty() && whose != crm {
            return None;
        }
        Some(Mark {
            mailbox: MailboxId::new(mailbox),
            epoch: epoch.parse().ok()?,
            key: key.to_owned(),
            write_no: write_no.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_reads_back_what_it_wrote_and_nothing_else() {
        let mark = Mark { mailbox: MailboxId::new("m1"), epoch: 3, key: "k".into(), write_no: 9 };
        assert_eq!(Mark::parse(&mark.to_text("c1"), "c1"), Some(mark.clone()));
        for text in ["", "sl1", "sl1;m;x;k;1", "sl2;m;1;k;1", "sl1;m;1;;1", "sl1;m;1;k;1;c1;z"] {
            assert_eq!(Mark::parse(text, "c1"), None, "{text}");
        }
    }

    // M4
    #[test]
    fn a_mark_of_another_crm_is_none_and_one_of_nobodys_is_everybodys() {
        let mark = Mark { mailbox: MailboxId::new("m1"), epoch: 3, key: "k".into(), write_no: 9 };
        assert_eq!(Mark::parse(&mark.to_text("c1"), "c2"), None);
        for (written, read) in [("", "c1"), ("c1", ""), ("", "")] {
            assert_eq!(Mark::parse(&mark.to_text(written), read), Some(mark.clone()));
        }
        assert_eq!(Mark::parse("sl1;m1;3;k;9", "c1"), Some(mark));
    }
}
