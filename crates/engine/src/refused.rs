//! What the mailbox refused of a record is not sent again until somebody changes the record (rules E1, R3).

use model::{Link, Side};
use plan::{After, Op, Plan, Reason};
use store::{Observation, Quarantine, Work};

/// Whether a plan would only send again what the mailbox refused of this very version: our own write, or a server's touch,
/// showed the item again, and nobody changed anything (rule E1).
pub(crate) fn is_refused(work: &Work, link: &Link, crm: &Observation, plan: &Plan) -> bool {
    let waits = |row: &Quarantine| row.side == Side::Crm && row.versions.0.as_ref() == Some(&crm.version);
    let only_occurrences = |op: &Op| match op {
        Op::Update { side: Side::Pim, changes, keep } => {
            keep.is_empty() && changes.keys().all(|path| path.occurrence.is_some())
        }
        Op::Update { .. }
        | Op::Restore { .. }
        | Op::Create { .. }
        | Op::Delete { .. }
        | Op::Enlist
        | Op::Delist
        | Op::Leave
        | Op::Rejoin
        | Op::Flag { .. } => false,
    };
    link.sleep.is_none()
        && work.quarantine.iter().any(waits)
        && plan.writes()
        && plan.conflicts.is_empty()
        && plan.ops.iter().all(only_occurrences)
}

/// The link stands as it was, with what was seen now.
pub(crate) fn waits(link: &Link, crm: &Observation, pim: &Observation, plan: &Plan) -> Plan {
    let mut link = link.clone();
    link.crm.version = crm.version.clone();
    link.pim.version = pim.version.clone();
    Plan::of(plan.domain, After::Linked(Box::new(link)), Reason::OccurrenceRefused)
}
