//! A participant who deleted his copy of a meeting, which hid it from his My Calendar, and takes it back (rule C6).

use crate::asleep::{awake, sleep};
use crate::context::Context;
use crate::gone::recreate;
use crate::linked::present;
use crate::operation::{After, Op, Plan, Reason};
use crate::scope;
use model::{Domain, Form, Link, Record, Sleep, SleepCause};

/// Whether the user deleted the copy, and the CRM was told so.
pub(crate) fn is_removed(link: &Link) -> bool {
    matches!(&link.sleep, Some(Sleep { cause: SleepCause::Removed, .. }))
}

/// Why a link sleeps whose meeting the CRM hides: by the delete of the copy, or by the user's wish in the CRM itself.
pub(crate) fn cause(link: &Link) -> SleepCause {
    if is_removed(link) { SleepCause::Removed } else { SleepCause::Hidden }
}

/// Whether a copy that was deleted stands in the calendar again as its user's wish: what a stranger's update brought waits
/// for his answer (rule P3).
pub(crate) fn is_taken_back(link: &Link, pim: &Record, context: &Context<'_>) -> bool {
    is_removed(link) && context.level(Domain::Calendar).imports() && scope::is_answered(pim, context)
}

/// The copy came out of Deleted Items, or with an update of its organiser: the CRM shows the meeting in the user's My
/// Calendar again, and it goes on from where both sides agreed.
pub(crate) fn taken_back(link: &Link, crm: &Record, pim: &Record, flips: bool, context: &Context<'_>) -> Plan {
    let mut shown = crm.clone();
    shown.facts.hidden = false;
    let mut plan = present(&awake(link), &shown, pim, flips, context);
    if matches!(plan.after, After::Linked(_)) {
        // Last: an edit that a person makes meanwhile must not pass for what was planned against.
        plan.ops.push(Op::Rejoin);
        plan.reasons.insert(0, Reason::TakenBack);
    }
    plan
}

/// The user has the meeting in his My Calendar again by the CRM: the copy that he had deleted is made again. What Exchange
/// brings is Exchange's to bring again (rule P6).
pub(crate) fn shown_again(link: &Link, crm: &Record, context: &Context<'_>) -> Plan {
    if link.form != Form::Received && scope::admit_record(crm, context).is_ok() {
        return recreate(link, crm, Reason::CrmChanged, context);
    }
    sleep(link, link.domain, SleepCause::ReceiverDeleted, context)
}
