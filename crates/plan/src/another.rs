//! A record that stands in the CRM anew under another id (rules C5, M1).

use crate::asleep::awake;
use crate::context::Context;
use crate::linked;
use crate::operation::{After, Op, Plan, Reason};
use model::{Field, Link, Path, Record};

/// A contact whose record is gone, edited since, stands in the CRM anew under another id: its link goes over to that one
/// (rules C5, M1). What both knew is merged by what was agreed; what the other one says nothing of, as between strangers, so
/// that no blank overwrites it (rule M3).
#[must_use]
pub fn as_another(link: &Link, record: &Record, pim: &Record, context: &Context<'_>) -> Plan {
    let says =
        |path: &Path| record.fields.iter().any(|(of, value)| of.field.unit() == path.field.unit() && !value.is_blank());
    let mut link = awake(link);
    link.crm.id = record.id.clone();
    link.crm.version = record.version.clone();
    link.crm.base.retain(|path, _| says(path));
    link.pim.base.retain(|path, _| says(path) || path.field == Field::Private);
    let mut listed = record.clone();
    listed.facts.on_sync_list = true;
    let mut plan = linked::plan_as_it_is(&link, &listed, pim, context);
    if !record.facts.on_sync_list && matches!(plan.after, After::Linked(_)) {
        // First: linked and not on the list, the copy would be taken away (rule O2).
        plan.ops.insert(0, Op::Enlist);
    }
    plan.reasons.push(Reason::Matched);
    plan
}
