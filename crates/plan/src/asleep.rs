//! Leaving and sleeping: a copy that goes, a link that keeps its base while nothing is written (rules L6, O2, O10).

use crate::context::Context;
use crate::operation::{After, Op, Plan, Reason};
use crate::veil::slept_private;
use model::same::fold;
use model::{Domain, Field, Fields, Form, Kind, Link, Path, Record, Side, Sleep, SleepCause, Value};
use planted::Planted;

/// The record leaves this mailbox by rules D3, D6: its copy moves to Deleted Items.
pub(crate) fn leaves(link: &Link, reason: Reason, after_new: Option<Kind>, context: &Context<'_>) -> Plan {
    let domain = link.domain;
    if !context.level(domain).exports() {
        return sleep(link, domain, SleepCause::Level, context);
    }
    if context.domain(domain).no_deletes.contains(&Side::Pim) {
        return sleep(link, domain, SleepCause::DeleteForbidden, context);
    }
    if link.form == Form::Received {
        return sleep(link, domain, SleepCause::TakenOff, context);
    }
    if reason == Reason::DisplayChanged && planted::is(Planted::OldItemStays) {
        return sleep(link, domain, SleepCause::TakenOff, context);
    }
    Plan {
        domain: Some(domain),
        ops: vec![Op::Delete { side: Side::Pim, after_new }],
        after: After::Forget,
        conflicts: Vec::new(),
        reasons: vec![reason],
    }
}

/// Neither visible nor on the list any more: as if the user had taken it off (rule O2).
pub(crate) fn delisted(link: &Link, pim: &Record, context: &Context<'_>) -> Plan {
    let leaving = leaves(link, Reason::RemovedFromList, None, context);
    match leaving.after {
        After::Forget => {
            let (op, after) = taken_away(link, pim, context);
            Plan { ops: op.into_iter().collect(), after, ..leaving }
        }
        _ => leaving,
    }
}

/// How a copy leaves a mailbox whose user wants or sees the record no more (rule O2): to Deleted Items, where it is found
/// again by its mark; by setting it stays in place, unlinked and without our category.
pub(crate) fn taken_away(link: &Link, pim: &Record, context: &Context<'_>) -> (Option<Op>, After) {
    if !context.settings.keep_removed_copies {
        return (Some(Op::Delete { side: Side::Pim, after_new: None }), aside(link));
    }
    let ours: Vec<String> = context.settings.category_words(link.domain).iter().map(|word| fold(word)).collect();
    let (gone, kept): (Vec<&str>, Vec<&str>) = pim.categories().partition(|word| ours.contains(&fold(word)));
    let kept = Value::Set(kept.into_iter().map(str::to_owned).collect());
    let changes = Fields::from([(Path::of(Field::Categories), kept)]);
    ((!gone.is_empty()).then_some(Op::Update { side: Side::Pim, changes, keep: Fields::new() }), After::Forget)
}

/// A link whose copy went to Deleted Items; without a mark nobody could find the copy there.
pub(crate) fn aside(link: &Link) -> After {
    if link.mark_key.is_empty() { After::Forget } else { After::Away(Box::new(awake(link))) }
}

/// Rule O2: lost visibility must last the grace time before the copy goes; nothing is merged meanwhile. An activity is
/// never taken from whom it was not given by us: what a forward, an invitation to one occurrence or the person himself put
/// there is his, though the CRM does not show him the meeting (rule D6).
pub(crate) fn not_visible(link: &Link, domain: Domain, pim: &Record, context: &Context<'_>) -> Plan {
    if domain.kind() != Kind::Contact && !link.form.is_participants() {
        return sleep(link, domain, SleepCause::TakenOff, context);
    }
    let since = match &link.sleep {
        // A time to come was noted by a clock that was wrong: the grace begins now.
        Some(sleep) if sleep.cause == SleepCause::NotVisible => sleep.since.min(context.now),
        Some(_) | None => context.now,
    };
    let waited = context.now.as_second() - since.as_second();
    let level = context.level(domain);
    let grace = i64::from(context.settings.grace_hours) * 3600;
    if (waited >= grace || planted::is(Planted::GraceForgotten))
        && level.exports()
        && !context.domain(domain).no_deletes.contains(&Side::Pim)
    {
        let (op, after) = taken_away(link, pim, context);
        let ops = op.into_iter().collect();
        return Plan { domain: Some(domain), ops, after, conflicts: vec![], reasons: vec![Reason::NotVisible] };
    }
    sleep(link, domain, SleepCause::NotVisible, context)
}

pub(crate) fn finish(domain: Domain, op: Op, after: After, reason: Reason) -> Plan {
    Plan { domain: Some(domain), ops: vec![op], after, conflicts: Vec::new(), reasons: vec![reason] }
}

/// The link sleeps: it keeps its base, and nothing is written. That a record of the CRM became private in the mailbox is not
/// forgotten for another cause that lies over it, or its words would come in once that is over (rule O8).
pub(crate) fn sleep(link: &Link, domain: Domain, cause: SleepCause, context: &Context<'_>) -> Plan {
    let passing = matches!(cause, SleepCause::Level | SleepCause::Window | SleepCause::NoTimes);
    let cause = if passing && link.born == Side::Crm && slept_private(link) { SleepCause::Private } else { cause };
    let since = match &link.sleep {
        Some(sleep) if sleep.cause == cause => sleep.since.min(context.now),
        Some(_) | None => context.now,
    };
    let mut asleep = link.clone();
    asleep.sleep = Some(Sleep { cause, since });
    Plan::of(Some(domain), After::Linked(Box::new(asleep)), Reason::Asleep(cause))
}

/// Why the mailbox has no copy, as the link knows it: what keeps it asleep besides does not make that forgotten, or the missing
/// copy would pass for its user's delete once that is over (rules D1, C4, C6, M4).
pub(crate) fn missing_for(link: &Link) -> Option<SleepCause> {
    link.sleep.as_ref().map(|sleep| sleep.cause).filter(|cause| match cause {
        SleepCause::ReceiverDeleted
        | SleepCause::DeleteForbidden
        | SleepCause::Removed
        | SleepCause::Tracked
        | SleepCause::Moved
        | SleepCause::Restored => true,
        SleepCause::Level
        | SleepCause::NoTimes
        | SleepCause::Window
        | SleepCause::Filter
        | SleepCause::NotVisible
        | SleepCause::Left
        | SleepCause::Private
        | SleepCause::TakenOff
        | SleepCause::KeptInCrm
        | SleepCause::Hidden => false,
    })
}

/// A link without a copy sleeps for one cause more.
pub(crate) fn sleep_missing(link: &Link, domain: Domain, cause: SleepCause, context: &Context<'_>) -> Plan {
    let Some(missing) = missing_for(link) else {
        return sleep(link, domain, cause, context);
    };
    let mut plan = sleep(link, domain, missing, context);
    plan.reasons.push(Reason::Asleep(cause));
    plan
}

pub(crate) fn awake(link: &Link) -> Link {
    let mut link = link.clone();
    link.sleep = None;
    link
}

/// Whether a mapped unit differs from the side's own image of the base; a server's own touch is no edit (rule C5).
pub(crate) fn changed(link: &Link, side: Side, now: &Fields, context: &Context<'_>) -> bool {
    let Some(map) = context.maps.get(&link.domain) else {
        return false;
    };
    let base = &link.end(side).base;
    now.iter().any(|(path, value)| {
        let own_words = path.field == Field::Categories;
        !own_words
            && map.maps(&path.field)
            && base.get(path).is_some_and(|base| !model::same::same(&path.field, base, value))
    }) || now.keys().any(|path| path.occurrence.is_some() && map.maps(&path.field) && !base.contains_key(path))
        || base.iter().any(|(path, was)| {
            // An occurrence that is as its series again.
            path.occurrence.is_some() && map.maps(&path.field) && !was.is_blank() && !now.contains_key(path)
        })
}

/// Rule C12: what vanished without a trace and is long past counts as archived.
pub(crate) fn is_old(link: &Link, domain: Domain, context: &Context<'_>) -> bool {
    let base = &link.pim.base;
    let rule = base.get(&Path::of(Field::Rule)).and_then(Value::as_rule);
    let at = |field| base.get(&Path::of(field));
    let last = match domain {
        Domain::BusinessContact | Domain::PersonalContact | Domain::Employee => None,
        Domain::Calendar => match (rule, at(Field::Start).and_then(Value::as_when)) {
            (Some(rule), Some(start)) => rule.last_date(start.wall().date()),
            (_, _) => at(Field::End).and_then(Value::as_when).map(|when| when.wall().date()),
        },
        Domain::Task => at(Field::DoneDay).and_then(Value::as_day),
    };
    let today = context.now.to_zoned(jiff::tz::TimeZone::UTC).date();
    last.is_some_and(|last| {
        last.until(today).is_ok_and(|span| i64::from(span.get_days()) > i64::from(context.settings.archived_after_days))
    })
}
