//! One copy is gone: what a delete means, and when an edit outlives it (rules C4 to C7, C12, D1, D6).

use crate::asleep::{aside, awake, changed, delisted, finish, is_old, leaves, not_visible, sleep, sleep_missing};
use crate::context::Context;
use crate::form;
use crate::mailing;
use crate::occurrence;
use crate::operation::{After, Op, Plan, Reason};
use crate::parting::told;
use crate::removed;
use crate::scope;
use crate::veil::is_reduced;
use model::{Domain, Field, Fields, Form, Gone, Kind, Level, Link, Part, Path, Record, Side, Sleep, SleepCause, Value};
use planted::Planted;

pub(crate) fn crm_gone(link: &Link, why: Gone, pim: &Record, context: &Context<'_>) -> Plan {
    let domain = link.domain;
    let level = context.level(domain);
    match why {
        Gone::NotVisible => return not_visible(link, domain, pim, context),
        Gone::Delisted => return delisted(link, pim, context),
        Gone::Left | Gone::OutOfWindow => return sleep(link, domain, SleepCause::Left, context),
        Gone::Unknown => {
            return Plan::of(Some(domain), After::Wait(Reason::Unproven), Reason::Unproven);
        }
        // The record lives on under another link of this mailbox: one copy is enough (rule M5).
        Gone::Merged => return told(link, pim, leaves(link, Reason::Merged, None, context), context),
        Gone::Deleted if planted::is(Planted::DeletedStays) => return sleep(link, domain, SleepCause::Left, context),
        Gone::Deleted => {}
    }
    if pim.facts.tracking_copy {
        // It tracks somebody else's task, and brings nothing in (rule D6).
        return Plan::of(Some(domain), After::Forget, Reason::TrackingCopy);
    }
    let edited = link.form == Form::Own && changed(link, Side::Pim, &occurrence::by_date(&pim.fields), context);
    if let Some(Sleep { cause: cause @ (SleepCause::ReceiverDeleted | SleepCause::DeleteForbidden), .. }) = &link.sleep
        && !edited
    {
        // What was deleted at the receiver stays deleted until its source is edited (rules D1, C7).
        return sleep(link, domain, *cause, context);
    }
    let own = link.born == Side::Pim && link.form == Form::Own && domain.kind() != Kind::Contact;
    match scope::filters(domain, pim, context) {
        // It stays where it is, and private ones do not come in (rule O7). What its owner made private where it was born is
        // his: it does not go with what the CRM still said of it (rule O8).
        Err(Reason::Private) if edited || own => return Plan::of(Some(domain), After::Forget, Reason::Private),
        // What a filter keeps out is written nowhere until it is inside again (rule O10).
        Err(_) if own => return sleep(link, domain, SleepCause::Filter, context),
        Ok(()) | Err(_) => {}
    }
    if !edited && !pim.facts.requests_sent && link.form == Form::Own && slept(link, SleepCause::TakenOff) {
        // Its user put there himself what the CRM does not show him (rule D6).
        return sleep(link, domain, SleepCause::TakenOff, context);
    }
    let edited = edited && !planted::is(Planted::EditLosesToDelete);
    let outlives = edited && level.imports() && !context.domain(domain).delete_wins && domain != Domain::Employee;
    if outlives && let Some(map) = context.maps.get(&domain) {
        // An edit outlives the delete (rule C5): the record is made again from the mailbox.
        let fields = form::new_record(domain, pim, map, context);
        let mut link = awake(link);
        link.crm.base = form::record_as_shown(&fields, pim, map, context);
        link.pim.base = occurrence::by_date(&form::without_our_words(&pim.fields, context));
        link.pim.version = pim.version.clone();
        link.pim.id = pim.id.clone();
        let create = Op::Create {
            side: Side::Crm,
            domain,
            fields,
            form: link.form,
            global_id: pim.facts.global_id.clone(),
            locked: mailing::enters_locked(domain, pim, context),
            owner: None,
        };
        return Plan {
            domain: Some(domain),
            ops: vec![create],
            after: After::Linked(Box::new(link)),
            conflicts: Vec::new(),
            reasons: vec![Reason::EditOutlives],
        };
    }
    if level == Level::NONE {
        return sleep(link, domain, SleepCause::Level, context);
    }
    if scope::has_left(link, &pim.fields, context) {
        return sleep(link, domain, SleepCause::Window, context);
    }
    if !level.exports() {
        return sleep(link, domain, SleepCause::ReceiverDeleted, context);
    }
    let forbidden = context.domain(domain).no_deletes.contains(&Side::Pim);
    if forbidden && !planted::is(Planted::ForbiddenIsDeleted) {
        return sleep(link, domain, SleepCause::DeleteForbidden, context);
    }
    // Exchange's meeting cannot be taken away from the CRM while mail is off (rule P6).
    if pim.facts.requests_sent && link.form == Form::Own && !context.domain(domain).mail || link.form == Form::Received
    {
        return sleep(link, domain, SleepCause::TakenOff, context);
    }
    if mailing::is_quiet(link.form, domain, pim, context) {
        return Plan::of(Some(domain), After::Wait(Reason::Quiet), Reason::Quiet);
    }
    Plan {
        domain: Some(domain),
        ops: vec![Op::Delete { side: Side::Pim, after_new: None }],
        after: After::Forget,
        conflicts: Vec::new(),
        reasons: vec![Reason::Deleted],
    }
}

fn slept(link: &Link, cause: SleepCause) -> bool {
    matches!(&link.sleep, Some(sleep) if sleep.cause == cause)
}

pub(crate) fn pim_gone(link: &Link, crm: &Record, why: Gone, context: &Context<'_>) -> Plan {
    let domain = link.domain;
    let level = context.level(domain);
    // Taken out of Deleted Items into another folder it is no deleted copy any more (rule C12).
    let elsewhere = matches!(why, Gone::Left | Gone::OutOfWindow);
    if let Some(Sleep { cause: SleepCause::ReceiverDeleted | SleepCause::DeleteForbidden, .. }) = &link.sleep
        && !elsewhere
    {
        return made_again(link, crm, context);
    }
    if slept(link, SleepCause::Moved) {
        // The id is of another server: that it is not here proves nothing (rule M4).
        return sleep(link, domain, SleepCause::Moved, context);
    }
    if slept(link, SleepCause::Tracked) {
        // The task itself is another person's: that nobody tracks it here any more is no delete of it (rule D6).
        return sleep(link, domain, SleepCause::Tracked, context);
    }
    let stays_on = crm.facts.part != Part::Former && crm.facts.domain == Some(domain);
    if removed::is_removed(link) && crm.facts.hidden && stays_on {
        // Wherever it lies now, he takes it back by putting it into his calendar (rule C6).
        return sleep(link, domain, SleepCause::Removed, context);
    }
    match why {
        Gone::Left if planted::is(Planted::LeftIsDeleted) => {}
        Gone::Left | Gone::OutOfWindow => return sleep(link, domain, SleepCause::Left, context),
        Gone::NotVisible | Gone::Delisted => {
            return Plan::of(Some(domain), After::Wait(Reason::Unproven), Reason::Unproven);
        }
        Gone::Unknown if is_old(link, domain, context) => {
            return sleep(link, domain, SleepCause::Left, context);
        }
        // Nowhere to be found and newer: a delete (rule C12).
        Gone::Unknown | Gone::Deleted | Gone::Merged => {}
    }
    if level == Level::NONE {
        return sleep_missing(link, domain, SleepCause::Level, context);
    }
    if domain.kind() == Kind::Contact && !crm.facts.on_sync_list {
        return Plan::of(Some(domain), aside(link), Reason::RemovedFromList);
    }
    if !stays_on {
        return Plan::of(Some(domain), After::Forget, Reason::TakenOff);
    }
    if scope::has_left(link, &crm.fields, context) {
        return sleep_missing(link, domain, SleepCause::Window, context);
    }
    let of = context.domain(domain);
    if slept(link, SleepCause::Filter) && (of.category_required || of.type_required) {
        // It was kept out when it went: what the filter asks cannot be seen of it any more (rule O10).
        return sleep(link, domain, SleepCause::Filter, context);
    }
    // Of what its user has of his own accord we take nothing away: contacts leave with his Sync List, others' activities
    // with his part in them.
    let ours_to_take = domain.kind() == Kind::Contact || link.form != Form::Own || crm.facts.part != Part::Owner;
    // Decided right after the restore, it stands until it is done, however often that fails.
    let decided = slept(link, SleepCause::Restored);
    if (context.restored || decided) && ours_to_take && !crm.facts.locked {
        // Taken off a list and put on it again since the copy was made, the item of before lies in Deleted Items by our
        // own hand. Who deleted it himself deletes it once more (rule C4: nothing goes without proof).
        let admitted = scope::admit_record(crm, context);
        return match (why, level.exports() && admitted.is_ok()) {
            // Not even there: whether it was deleted is asked again once this cycle is whole. An item without our mark is not
            // found in Deleted Items either, so that it is nowhere proves nothing.
            (Gone::Unknown, _) if !link.mark_key.is_empty() && !decided => {
                Plan::of(Some(domain), After::Wait(Reason::Unproven), Reason::Unproven)
            }
            (_, true) => recreate(link, crm, Reason::Restored, context),
            // He deleted it himself since: the CRM hides it from him.
            (_, false) if crm.facts.hidden => sleep(link, domain, SleepCause::Removed, context),
            (_, false) => {
                let mut asleep = sleep(link, domain, SleepCause::Restored, context);
                asleep.reasons.extend(admitted.err());
                asleep
            }
        };
    }
    // It may lie in another folder under a mark that the store forgot: that it is nowhere to be found proves nothing.
    if context.restored && why == Gone::Unknown && link.mark_key.is_empty() {
        return sleep(link, domain, SleepCause::Left, context);
    }
    match domain {
        Domain::BusinessContact | Domain::Employee => {
            if level == Level::IMPORT {
                return sleep(link, domain, SleepCause::KeptInCrm, context);
            }
            finish(domain, Op::Delist, aside(link), Reason::Delisted)
        }
        Domain::PersonalContact | Domain::Calendar | Domain::Task => {
            if !level.imports() {
                return unlocked(link, crm, sleep(link, domain, SleepCause::ReceiverDeleted, context));
            }
            if context.domain(domain).no_deletes.contains(&Side::Crm) {
                return unlocked(link, crm, sleep(link, domain, SleepCause::DeleteForbidden, context));
            }
            deleted_by_its_user(link, crm, context)
        }
    }
}

/// Rules C5, C6, D6: what a user's delete in his mailbox means for the CRM.
pub(crate) fn deleted_by_its_user(link: &Link, crm: &Record, context: &Context<'_>) -> Plan {
    let domain = link.domain;
    let participant = link.form != Form::Own || crm.facts.part == Part::Participant;
    if participant && domain != Domain::PersonalContact {
        return match domain {
            // He did it before: the copy is still gone, and nothing more is to be said in the CRM.
            Domain::Calendar if crm.facts.hidden => sleep(link, domain, SleepCause::Removed, context),
            Domain::Calendar if removed::is_removed(link) && !context.restored => {
                removed::shown_again(link, crm, context)
            }
            Domain::Calendar => {
                let mut asleep = link.clone();
                asleep.sleep = Some(Sleep { cause: SleepCause::Removed, since: context.now });
                finish(domain, Op::Leave, After::Linked(Box::new(asleep)), Reason::Hidden)
            }
            _ => finish(domain, Op::Leave, After::Forget, Reason::TakenOff),
        };
    }
    let edited = changed(link, Side::Crm, &occurrence::by_date(&crm.fields), context);
    // Whether Exchange's meeting exists is not the CRM's to say: what was edited there brings none back (rule P6).
    let exchanges = crm.facts.locked && link.form == Form::Own;
    // What the CRM says of a reduced record is no edit of the item (rule O8).
    let edited = edited && !exchanges && !is_reduced(link) && !planted::is(Planted::DeleteWinsOverEdit);
    if edited && !context.domain(domain).delete_wins {
        return recreate(link, crm, Reason::EditOutlives, context);
    }
    let meeting = domain == Domain::Calendar
        && (crm.facts.meeting || !link.pim.base.get(&Path::of(Field::Attendees)).is_none_or(Value::is_blank));
    if meeting && !planted::is(Planted::MeetingIsDeleted) {
        if scope::is_cancelled(&crm.fields) {
            return unlocked(link, crm, sleep(link, domain, SleepCause::ReceiverDeleted, context));
        }
        let changes = Fields::from([(Path::of(Field::Cancelled), Value::Flag(true))]);
        let mut asleep = link.clone();
        asleep.sleep = Some(Sleep { cause: SleepCause::ReceiverDeleted, since: context.now });
        asleep.crm.base.insert(Path::of(Field::Cancelled), Value::Flag(true));
        // What is gone shows a meeting called off: back in the calendar, it takes place again.
        asleep.pim.base.insert(Path::of(Field::Cancelled), Value::Flag(true));
        let op = Op::Update { side: Side::Crm, changes, keep: Fields::new() };
        let plan = finish(domain, op, After::Linked(Box::new(asleep)), Reason::Cancelled);
        return unlocked(link, crm, plan);
    }
    finish(domain, Op::Delete { side: Side::Crm, after_new: None }, After::Forget, Reason::Deleted)
}

/// The organiser's item is gone: nothing is Exchange's any more that the CRM must leave alone (rule P6). It is said last:
/// before it is called off, nobody may edit back what its guests see called off.
fn unlocked(link: &Link, crm: &Record, mut plan: Plan) -> Plan {
    if crm.facts.locked && link.form == Form::Own {
        plan.ops.push(Op::Flag { global_id: crm.facts.global_id.clone(), locked: false });
    }
    plan
}

/// A copy deleted on the receiving side is made again once its source was edited (rules D1, C7).
pub(crate) fn made_again(link: &Link, crm: &Record, context: &Context<'_>) -> Plan {
    let edited = changed(link, Side::Crm, &occurrence::by_date(&crm.fields), context);
    let admitted = scope::admit_record(crm, context);
    if edited && admitted.is_ok() {
        return recreate(link, crm, Reason::CrmChanged, context);
    }
    let cause = link.sleep.as_ref().map_or(SleepCause::ReceiverDeleted, |sleep| sleep.cause);
    let mut asleep = sleep(link, link.domain, cause, context);
    // No edit makes it again while something else keeps it out: that is told (rule W2).
    asleep.reasons.extend(admitted.err());
    unlocked(link, crm, asleep)
}

pub(crate) fn recreate(link: &Link, crm: &Record, reason: Reason, context: &Context<'_>) -> Plan {
    let domain = link.domain;
    let level = context.level(domain);
    let Some(map) = context.maps.get(&domain).filter(|_| level.exports()) else {
        return sleep(link, domain, SleepCause::ReceiverDeleted, context);
    };
    let form = form::of_copy(crm, context);
    let global_id = if form == Form::MeetingCopy { form::meeting_id(crm, context) } else { None };
    let fields = form::new_copy(domain, form, crm, map, context);
    let mut link = awake(link);
    link.form = form;
    link.crm.base = occurrence::by_date(&crm.fields);
    link.crm.version = crm.version.clone();
    link.pim.base = form::copy_as_shown(&fields, form, crm, map, context);
    let create = Op::Create { side: Side::Pim, domain, fields, form, global_id, locked: false, owner: None };
    Plan {
        domain: Some(domain),
        ops: vec![create],
        after: After::Linked(Box::new(link)),
        conflicts: vec![],
        reasons: vec![reason],
    }
}

pub(crate) fn both_gone(link: &Link, crm: Gone, pim: Gone, context: &Context<'_>) -> Plan {
    let proven = |gone: Gone| matches!(gone, Gone::Deleted | Gone::Merged | Gone::Delisted);
    match (proven(crm), pim) {
        // The item lies where nothing is observed: what the record's going means for it is asked when it comes back
        // (rule C12), and nothing is waited for until then.
        (true, Gone::Left | Gone::OutOfWindow) => sleep(link, link.domain, SleepCause::Left, context),
        // Nor is it known where it lies (rule M4).
        (true, Gone::Unknown) if slept(link, SleepCause::Moved) => sleep(link, link.domain, SleepCause::Moved, context),
        (true, Gone::Deleted | Gone::Unknown | Gone::Delisted) => {
            Plan::of(Some(link.domain), After::Forget, Reason::Deleted)
        }
        // His own copy is gone, and whether the record stands he may not see: nothing is to be done till he may.
        (false, _) if crm == Gone::NotVisible => sleep_missing(link, link.domain, SleepCause::NotVisible, context),
        (_, _) => Plan::of(Some(link.domain), After::Wait(Reason::Unproven), Reason::Unproven),
    }
}
