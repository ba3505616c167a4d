//! What must be true once trouble has ended: a small executable copy of the rules, written apart from the planner.

mod own;
mod presence;
mod quiet;
mod values;

use crate::memory::Sides;
use crate::people::ledger::Ledger;
use model::{PairingId, RecordId, UserId};
use store::{History, Store};

/// What the oracle looks at.
#[derive(Debug)]
pub struct Evidence<'a> {
    /// Both sides.
    pub sides: &'a Sides,
    /// What people did.
    pub ledger: &'a Ledger,
    /// What the sync remembers.
    pub store: &'a Store,
    /// Who is paired.
    pub users: &'a [(UserId, PairingId, String)],
    /// Everything the history tells.
    pub history: &'a [History],
}

/// A broken promise, in words, with the rule.
pub type Finding = String;

/// Everything that is not as the rules say.
#[must_use]
pub fn judge(evidence: &Evidence<'_>) -> Vec<Finding> {
    let mut findings = presence::judge(evidence);
    findings.extend(values::judge(evidence));
    findings.extend(own::judge(evidence));
    findings.extend(quiet::judge(evidence));
    findings
}

/// Whether the history keeps a value that a person gave and that was overruled (rule C3).
#[must_use]
pub fn told(history: &[History], domain: model::Domain, given: &crate::people::ledger::Given) -> bool {
    history.iter().any(|line| values::tells(line, domain, given))
}

/// The copies of a thing: CRM records, and items by user.
#[derive(Debug, Default)]
pub(crate) struct Copies<'a> {
    pub rows: Vec<(&'a RecordId, &'a crate::memory::crm::Row)>,
    pub items: Vec<(&'a UserId, &'a RecordId, &'a crate::memory::exchange::Item)>,
}

impl<'a> Evidence<'a> {
    /// The copies of a thing that stand: not those in Deleted Items.
    pub(crate) fn copies(&self, number: u64) -> Copies<'a> {
        use crate::memory::exchange::Place;
        use crate::people::ledger::number_of;
        let rows =
            self.sides.crm.rows.iter().filter(|(_, row)| number_of(row.kind, &row.fields) == Some(number)).collect();
        let mut items = Vec::new();
        for (user, _, address) in self.users {
            let mailbox = self.sides.exchange.mailboxes.get(address);
            for (id, item) in mailbox.into_iter().flat_map(|mailbox| &mailbox.items) {
                let stands = item.place != Place::Deleted;
                if stands && number_of(item.kind, &item.fields) == Some(number) {
                    items.push((user, id, item));
                }
            }
        }
        Copies { rows, items }
    }
}
