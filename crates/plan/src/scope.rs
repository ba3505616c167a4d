//! May this record pass, and as which domain? Opt-in, category, Private, window (rules D3, D4, D6, D7, O, P3).

use crate::context::{Context, Lead};
use crate::operation::Reason;
use crate::veil::{slept_private, was_private};
use jiff::civil::{Date, DateTime};
use model::same::fold;
use model::{Domain, Field, Fields, Form, Kind, Link, Part, Path, Record, Side, Value};
use planted::Planted;
use std::collections::BTreeSet;

/// A mailbox item that is not linked: as what it would enter, or why it stays out.
pub fn admit_item(item: &Record, context: &Context<'_>) -> Result<Domain, Reason> {
    let class = match item.kind {
        Kind::Contact => "IPM.Contact",
        Kind::Appointment => "IPM.Appointment",
        Kind::Task => "IPM.Task",
    };
    let foreign = !item.facts.class.is_empty() && !starts_with(&item.facts.class, class);
    if foreign && !planted::is(Planted::ForeignClassEnters) {
        return Err(Reason::ForeignClass);
    }
    let domain = match item.kind {
        Kind::Contact => contact_domain(item, context)?,
        Kind::Appointment => Domain::Calendar,
        Kind::Task => Domain::Task,
    };
    if !context.level(domain).imports() {
        return Err(Reason::Level);
    }
    match domain {
        Domain::BusinessContact | Domain::PersonalContact | Domain::Employee => {}
        Domain::Calendar | Domain::Task => activity(domain, item, context)?,
    }
    Ok(domain)
}

fn starts_with(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// The domain a contact's categories and Private flag name (rules O3, O5): Personal, Business, Employee, none.
fn contact_domain(item: &Record, context: &Context<'_>) -> Result<Domain, Reason> {
    let carries = |domain| carries_category(item, domain, context);
    let flagged = item.is_private() && !planted::is(Planted::FlagIgnored);
    if carries(Domain::PersonalContact) || carries(Domain::BusinessContact) && flagged {
        Ok(Domain::PersonalContact)
    } else if carries(Domain::BusinessContact) {
        Ok(Domain::BusinessContact)
    } else if carries(Domain::Employee) {
        Err(Reason::EmployeeCategory)
    } else if planted::is(Planted::CategoryIgnored) {
        Ok(Domain::BusinessContact)
    } else {
        Err(Reason::NoCategory)
    }
}

/// Whether an item carries a domain's word in any configured language, without case or surrounding space (rule O3).
#[must_use]
pub fn carries_category(item: &Record, domain: Domain, context: &Context<'_>) -> bool {
    let words: Vec<String> = context.settings.category_words(domain).iter().map(|word| fold(word)).collect();
    item.categories().any(|category| words.contains(&fold(category)))
}

fn activity(domain: Domain, item: &Record, context: &Context<'_>) -> Result<(), Reason> {
    if item.facts.tracking_copy {
        return Err(Reason::TrackingCopy);
    }
    filters(domain, item, context)?;
    if is_before(domain, &item.fields, context) {
        return Err(Reason::Window);
    }
    if item.facts.received {
        match context.lead {
            Lead::Mine | Lead::Carrier => {}
            Lead::Another if planted::is(Planted::EveryCopyDecides) => {}
            Lead::Another => return Err(Reason::AnotherLeads),
            Lead::Outsider if is_answered(item, context) => {}
            Lead::Outsider => return Err(Reason::Unanswered),
        }
    }
    Ok(())
}

/// Rule P3: what a stranger invites to enters once it was accepted, unless the setting says otherwise.
pub(crate) fn is_answered(item: &Record, context: &Context<'_>) -> bool {
    let accepted = || item.facts.my_response.is_some_and(model::Response::accepts);
    context.lead != Lead::Outsider || context.settings.unanswered_invitations || accepted()
}

/// Rule O7's three filters; they add up.
pub fn filters(domain: Domain, item: &Record, context: &Context<'_>) -> Result<(), Reason> {
    let of = context.domain(domain);
    if of.skip_private && item.is_private() && !planted::is(Planted::PrivateEnters) {
        return Err(Reason::Private);
    }
    if (of.category_required || planted::is(Planted::ActivitiesOptIn)) && !carries_category(item, domain, context) {
        return Err(Reason::CategoryRequired);
    }
    if of.type_required && item.text(Field::ActivityType).is_none() {
        return Err(Reason::TypeRequired);
    }
    Ok(())
}

/// What may be stored of a mailbox item before anything is decided about it: of a private one that is skipped only when it
/// is and whose, because what is left out leaves nothing with us (rules O7, O8). An attendee's own flag hides nothing of a
/// meeting that is linked, nor the flag of a copy what the CRM itself keeps private.
#[must_use]
pub fn storable(item: &Record, link: Option<&Link>, context: &Context<'_>) -> Option<Record> {
    let domain = match item.kind {
        Kind::Contact => return None,
        Kind::Appointment => Domain::Calendar,
        Kind::Task => Domain::Task,
    };
    let skipped = context.domain(domain).skip_private && item.is_private();
    if !skipped || link.is_some_and(|link| item.facts.received || link.form.is_participants() || is_the_crms(link)) {
        return None;
    }
    let mut reduced = item.clone();
    reduced.fields.retain(|path, _| {
        let when = matches!(
            path.field,
            Field::Private | Field::Start | Field::End | Field::Rule | Field::StartDay | Field::DueDay | Field::State
        );
        // Whose copy of an invitation decides is asked of its people (rule P3).
        when || path.field == Field::Attendees && item.facts.received
    });
    if !item.facts.received {
        reduced.facts.organizer = None;
    }
    Some(reduced)
}

/// Whether a copy is private because the record, born in the CRM, is so there: it goes on as any other.
fn is_the_crms(link: &Link) -> bool {
    link.born == Side::Crm && link.form == Form::Own && was_private(link) && !slept_private(link)
}

/// A CRM record that is not linked: as what it would go out, or why it stays in.
pub fn admit_record(record: &Record, context: &Context<'_>) -> Result<Domain, Reason> {
    let facts = &record.facts;
    let domain = facts.domain.ok_or(Reason::ShownNowhere)?;
    if domain.kind() != record.kind {
        return Err(Reason::ShownNowhere);
    }
    if !context.level(domain).exports() {
        return Err(Reason::Level);
    }
    match domain {
        Domain::BusinessContact | Domain::PersonalContact | Domain::Employee => {
            if !facts.on_sync_list && !planted::is(Planted::ListIgnored) {
                return Err(Reason::NotListed);
            }
            if facts.not_visible {
                return Err(Reason::NotVisible);
            }
        }
        Domain::Calendar => {
            taking_part(record)?;
            if facts.hidden {
                return Err(Reason::Hidden);
            }
            if is_cancelled(&record.fields) {
                return Err(Reason::Cancelled);
            }
            if lacks_times(&record.fields) && !planted::is(Planted::TimelessGoesOut) {
                return Err(Reason::NoTimes);
            }
            if none_left(&record.fields) {
                return Err(Reason::NoneLeft);
            }
            // What Exchange brought, or brings, needs no copy of ours: not the participant's, nor the one of an owner who
            // only stands in for an organiser nobody knows (rules P3, P6).
            if facts.locked {
                return Err(Reason::ExchangeInvites);
            }
        }
        Domain::Task => taking_part(record)?,
    }
    if is_before(domain, &record.fields, context) {
        return Err(Reason::Window);
    }
    Ok(domain)
}

fn taking_part(record: &Record) -> Result<(), Reason> {
    match record.facts.part {
        Part::Participant if planted::is(Planted::OwnerAlone) => Err(Reason::TakenOff),
        Part::Owner | Part::Participant => Ok(()),
        Part::Former => Err(Reason::TakenOff),
    }
}

/// Rule D4.
#[must_use]
pub fn lacks_times(fields: &Fields) -> bool {
    [Field::Start, Field::End].into_iter().any(|field| fields.get(&Path::of(field)).is_none_or(Value::is_blank))
}

/// Whether every occurrence of a series was called off. No mailbox holds such a series: it goes with its last occurrence,
/// so a copy of it would be made and lost again in every cycle (rule R3).
#[must_use]
pub fn none_left(fields: &Fields) -> bool {
    let at = |field| fields.get(&Path::of(field));
    let (Some(rule), Some(first)) =
        (at(Field::Rule).and_then(Value::as_rule), at(Field::Start).and_then(Value::as_when))
    else {
        return false;
    };
    let off: BTreeSet<Date> = fields
        .iter()
        .filter(|(path, value)| path.field == Field::State && value.as_text() == Some("cancelled"))
        .filter_map(|(path, _)| path.occurrence.map(DateTime::date))
        .collect();
    !off.is_empty() && rule.dates(first.wall().date()).all(|day| off.contains(&day))
}

/// Whether the record says it was called off.
#[must_use]
pub fn is_cancelled(fields: &Fields) -> bool {
    fields.get(&Path::of(Field::Cancelled)).and_then(Value::as_flag).unwrap_or(false)
}

/// Rule O9: a linked record leaves the window only when base and present value lie before the day. A delete of what left is
/// not carried over either: what is out of the window is written nowhere until it is inside again (rule O10).
pub(crate) fn has_left(link: &Link, present: &Fields, context: &Context<'_>) -> bool {
    is_before(link.domain, &link.crm.base, context) && is_before(link.domain, present, context)
}

/// Rule O9: whether a record lies before the extract start. Tasks without a due date and series without an end are inside.
#[must_use]
pub fn is_before(domain: Domain, fields: &Fields, context: &Context<'_>) -> bool {
    let Some(first) = context.first_day().filter(|_| !planted::is(Planted::WindowIgnored)) else {
        return false;
    };
    let at = |field| fields.get(&Path::of(field));
    let rule = at(Field::Rule).and_then(Value::as_rule);
    let last = match domain {
        Domain::BusinessContact | Domain::PersonalContact | Domain::Employee => None,
        Domain::Calendar => {
            let end = at(Field::End).and_then(Value::as_when).map(|when| when.wall().date());
            match (rule, at(Field::Start).and_then(Value::as_when)) {
                (Some(rule), Some(start)) => rule.last_date(start.wall().date()),
                (Some(_), None) => None,
                (None, _) => end,
            }
        }
        Domain::Task => {
            let due = at(Field::DueDay).and_then(Value::as_day);
            match (rule, due) {
                (Some(rule), Some(due)) => rule.last_date(due),
                (Some(_), None) => None,
                (None, due) => due,
            }
        }
    };
    last.is_some_and(|last| last < first)
}
