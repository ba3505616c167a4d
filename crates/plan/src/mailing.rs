//! Whom the mail server writes to when the CRM changes a meeting whose invitations were sent (rules C9, P6, W1).

use crate::context::Context;
use crate::operation::{Op, Plan};
use model::{Attendee, Domain, Field, Fields, Form, Link, Path, Record, Side, Value, When};
use planted::Planted;
use std::collections::BTreeMap;

/// Whether the item is its owner's meeting and its invitations were sent: what a change of it means to the guests.
#[must_use]
pub fn is_sent(form: Form, pim: &Record) -> bool {
    form == Form::Own && pim.facts.meeting && pim.facts.requests_sent && !pim.facts.received
}

/// Whether Exchange owns it while mail is off for the domain: then the CRM changes nothing that the guests share.
#[must_use]
pub fn is_locked(form: Form, domain: Domain, pim: &Record, context: &Context<'_>) -> bool {
    domain == Domain::Calendar && is_sent(form, pim) && !context.domain(domain).mail
}

/// Whether a meeting that enters the CRM is Exchange's there from the first: its people were asked, by whomever, and mail is
/// off for the domain.
#[must_use]
pub fn enters_locked(domain: Domain, pim: &Record, context: &Context<'_>) -> bool {
    let asked = pim.facts.requests_sent || pim.facts.received;
    domain == Domain::Calendar && pim.facts.meeting && asked && !context.domain(domain).mail
}

/// Whether nothing that the guests share may be written now though mail is on: a first or repeated cycle, where links are
/// still being found, writes to nobody (rule C9). What the CRM changed waits for the next cycle.
#[must_use]
pub fn is_quiet(form: Form, domain: Domain, pim: &Record, context: &Context<'_>) -> bool {
    domain == Domain::Calendar && is_sent(form, pim) && context.domain(domain).mail && !context.mails
}

/// Whom this operation makes the server write to; nobody unless the mailbox's owner is the organiser of a meeting that was
/// sent, mail is on, and it lies in the future.
#[must_use]
pub fn recipients(op: &Op, form: Form, domain: Domain, pim: &Record, context: &Context<'_>) -> Vec<Attendee> {
    if domain != Domain::Calendar || !context.mails || !context.domain(domain).mail || !is_sent(form, pim) {
        return Vec::new();
    }
    let none = Fields::new();
    let changes = match op {
        Op::Update { side: Side::Pim, changes, .. } if changes.keys().any(|path| !path.field.is_own()) => changes,
        Op::Delete { side: Side::Pim, .. } => &none,
        Op::Create { .. }
        | Op::Update { .. }
        | Op::Delete { .. }
        | Op::Restore { .. }
        | Op::Enlist
        | Op::Delist
        | Op::Leave
        | Op::Rejoin
        | Op::Flag { .. } => return Vec::new(),
    };
    // A meeting that moves into the past, or out of it, concerns its guests.
    let past = !is_future(&pim.fields, &none, context) && !is_future(&pim.fields, changes, context);
    if past && !planted::is(Planted::PastIsTold) {
        return Vec::new();
    }
    let people = [&pim.fields, changes].map(|fields| fields.get(&Path::of(Field::Attendees)));
    let people = people.into_iter().flatten().filter_map(Value::as_people).flatten();
    let all: BTreeMap<&String, &Attendee> = people.filter(|(_, person)| person.address.is_some()).collect();
    all.into_values().cloned().collect()
}

/// Whom a whole plan makes the server write to, for a person to see before it does.
#[must_use]
pub fn of_plan(plan: &Plan, link: Option<&Link>, pim: Option<&Record>, context: &Context<'_>) -> Vec<Attendee> {
    let (Some(link), Some(pim), Some(domain)) = (link, pim, plan.domain) else {
        return Vec::new();
    };
    let all = plan.ops.iter().flat_map(|op| recipients(op, link.form, domain, pim, context));
    let all: BTreeMap<String, Attendee> = all.map(|person| (person.key(), person)).collect();
    all.into_values().collect()
}

/// Whether it ends after now; a series does with its last occurrence.
fn is_future(fields: &Fields, changes: &Fields, context: &Context<'_>) -> bool {
    let at = |field: Field| changes.get(&Path::of(field.clone())).or_else(|| fields.get(&Path::of(field)));
    let (start, end) = (at(Field::Start).and_then(Value::as_when), at(Field::End).and_then(Value::as_when));
    let (Some(start), Some(end)) = (start, end) else {
        return false;
    };
    let ends_after = |end: &When| end.instant(context.zone) > context.now;
    let today = context.now.to_zoned(jiff::tz::TimeZone::UTC).date();
    match at(Field::Rule).and_then(Value::as_rule) {
        Some(rule) => ends_after(end) || rule.last_date(start.wall().date()).is_none_or(|last| last >= today),
        None => ends_after(end),
    }
}
