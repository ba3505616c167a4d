//! What to do about a record that is not linked: match it, make it on the other side, or leave it out (rules O, M, P).

use crate::context::Context;
use crate::form;
use crate::linked::{self, views};
use crate::mailing;
use crate::merge::{Copies, Rules, merge};
use crate::occurrence;
use crate::operation::{After, Op, Plan, Reason};
use crate::scope;
use model::{Domain, Field, Fields, Form, Kind, Level, Link, Part, Path, Record, Seen, Side, UserId, Value};
use planted::Planted;
use std::collections::BTreeSet;
use std::sync::Arc;

/// May this item be linked to a record of that domain at all (rule M1: not Private unless personal)?
#[must_use]
pub fn may_match(item: &Record, domain: Domain) -> bool {
    match domain {
        Domain::BusinessContact | Domain::Employee => !item.is_private(),
        Domain::PersonalContact | Domain::Calendar | Domain::Task => true,
    }
}

/// A new item of the mailbox that is admitted and has no other copy: it is made in the CRM.
#[must_use]
pub fn import(domain: Domain, item: &Record, owner: Option<UserId>, context: &Context<'_>) -> Plan {
    let Some(map) = context.maps.get(&domain) else {
        return Plan::of(Some(domain), After::Stranger(Reason::Level), Reason::Level);
    };
    if item.facts.meeting_copy {
        // We made it for somebody else's meeting: without that it is nobody's, and brings nothing in (rules P1, P3).
        return Plan::of(Some(domain), After::Stranger(Reason::ParticipantsCopy), Reason::ParticipantsCopy);
    }
    if let Some(reason) = &item.facts.unreadable {
        return Plan::of(Some(domain), After::Quarantine(reason.clone()), Reason::New);
    }
    let fields = form::new_record(domain, item, map, context);
    let missing = form::missing_required(&fields, map);
    if !missing.is_empty() {
        let text = format!("the item lacks a value for {}", missing.join(", "));
        return Plan::of(Some(domain), After::Quarantine(text), Reason::New);
    }
    if let Some(fault) = fault(&fields).filter(|_| !planted::is(Planted::WhatCannotBeHeldIsSent)) {
        return Plan::of(Some(domain), After::Quarantine(fault), Reason::New);
    }
    let form = if item.facts.received { Form::Received } else { Form::Own };
    let create = Op::Create {
        side: Side::Crm,
        domain,
        fields: fields.clone(),
        form,
        global_id: if domain == Domain::Calendar { item.facts.global_id.clone() } else { None },
        locked: mailing::enters_locked(domain, item, context),
        owner,
    };
    Plan {
        domain: Some(domain),
        ops: enlisting(domain, create, item, context),
        after: After::New {
            domain,
            form,
            born: Side::Pim,
            crm: form::record_as_shown(&fields, item, map, context),
            pim: occurrence::by_date(&view(item, context)),
            global_id: item.facts.global_id.clone(),
        },
        conflicts: Vec::new(),
        reasons: vec![Reason::New],
    }
}

/// Importing a contact puts the user on its Sync List (rule O3); the item gets our category and the personal flag where
/// they are not there yet (rules O4, O5).
fn enlisting(domain: Domain, create: Op, item: &Record, context: &Context<'_>) -> Vec<Op> {
    match domain.kind() {
        Kind::Contact => {
            let mut ops = vec![create, Op::Enlist];
            let mut changes = Fields::new();
            sign(domain, item, context, &mut changes);
            if !changes.is_empty() && context.level(domain).exports() {
                ops.push(Op::Update { side: Side::Pim, changes, keep: Fields::new() });
            }
            ops
        }
        Kind::Appointment | Kind::Task => vec![create],
    }
}

/// A record of the CRM that is admitted and has no other copy: it is made in the mailbox.
#[must_use]
pub fn export(domain: Domain, record: &Record, context: &Context<'_>) -> Plan {
    let Some(map) = context.maps.get(&domain) else {
        return Plan::of(Some(domain), After::Stranger(Reason::Level), Reason::Level);
    };
    if let Some(reason) = &record.facts.unreadable {
        return Plan::of(Some(domain), After::Quarantine(reason.clone()), Reason::New);
    }
    let fault = fault(&record.fields).or_else(|| begins_elsewhere(&record.fields));
    if let Some(fault) = fault.filter(|_| !planted::is(Planted::WhatCannotBeHeldIsSent)) {
        return Plan::of(Some(domain), After::Quarantine(fault), Reason::New);
    }
    let form = form::of_copy(record, context);
    let global_id = if form == Form::MeetingCopy { form::meeting_id(record, context) } else { None };
    let fields = form::new_copy(domain, form, record, map, context);
    let create = Op::Create {
        side: Side::Pim,
        domain,
        fields: fields.clone(),
        form,
        global_id: global_id.clone(),
        locked: false,
        owner: None,
    };
    Plan {
        domain: Some(domain),
        ops: vec![create],
        after: After::New {
            domain,
            form,
            born: Side::Crm,
            crm: occurrence::by_date(&record.fields),
            pim: form::copy_as_shown(&fields, form, record, map, context),
            global_id: global_id.or(record.facts.global_id.clone()),
        },
        conflicts: Vec::new(),
        reasons: vec![Reason::New],
    }
}

/// A record whose copy this mailbox had before: it comes back from Deleted Items, and what changed meanwhile on either
/// side is merged from the base it had (rule O2).
#[must_use]
pub fn bring_back(domain: Domain, record: &Record, before: &Link) -> Plan {
    let mut link = before.clone();
    link.sleep = None;
    link.crm.id = record.id.clone();
    Plan {
        domain: Some(domain),
        ops: vec![Op::Restore { mark_key: before.mark_key.clone() }],
        after: After::Linked(Box::new(link)),
        conflicts: Vec::new(),
        reasons: vec![Reason::Returned],
    }
}

/// The copy that this mailbox had before stands in its folder again, put there by a person: linked as it was (rule O2).
#[must_use]
pub fn back(before: &Link, crm: &Record, pim: &Record, context: &Context<'_>) -> Plan {
    let mut link = before.clone();
    link.crm.id = crm.id.clone();
    link.pim.id = pim.id.clone();
    let seen = |record: &Record| Seen::Present(Arc::new(record.clone()));
    let mut plan = linked::plan(&link, &seen(crm), &seen(pim), context);
    plan.reasons.insert(0, Reason::Returned);
    plan
}

/// Whether a participant's copy is one that we made of this record.
fn is_ours(form: Form, crm: &Record, pim: &Record) -> bool {
    let names = |mark: &model::Mark| crate::keys::crm_id(&mark.key) == Some(crm.id.as_str());
    matches!(form, Form::ParticipantCopy | Form::MeetingCopy) && pim.facts.mark.as_ref().is_some_and(names)
}

/// Two strangers that matched: nothing is overwritten by a blank, what differs is a conflict (rule M3).
#[must_use]
pub fn adopt(domain: Domain, crm: &Record, pim: &Record, context: &Context<'_>) -> Plan {
    // Whoever was found just now is nobody to write mails about (rule C9): what the guests were told stands.
    let context = &Context { mails: false, ..*context };
    let Some(map) = context.maps.get(&domain) else {
        return Plan::of(Some(domain), After::Stranger(Reason::Level), Reason::Level);
    };
    let form = match (crm.facts.part, pim.facts.received) {
        (_, true) => Form::Received,
        (_, false) if pim.facts.meeting_copy => Form::MeetingCopy,
        (Part::Owner, false) => Form::Own,
        (Part::Participant | Part::Former, false) => Form::ParticipantCopy,
    };
    let (crm_fields, pim_fields) = views(crm, pim, context);
    let merged = merge(
        &Copies { crm: &crm_fields, pim: &pim_fields, base: None },
        &Rules {
            map,
            pim_image: &|path, value| form::pim_image(form, crm, path, value, map, context),
            crm_image: &|path, value| context.crm.image(path, value, map),
            made_whole: &|side, path, edited, original| context.lens(side).made_whole(path, edited, original, map),
            gate: &|path| form::gate(form, domain, crm, pim, path, context),
            policy: context.domain(domain).conflict,
            delete_wins: false,
            frozen: &BTreeSet::new(),
            ours: is_ours(form, crm, pim),
        },
    );
    let mut ops = Vec::new();
    if !merged.to_crm.is_empty() {
        let start = occurrence::clock(&merged.to_crm).or(occurrence::clock(&crm.fields));
        let changes = occurrence::by_start(merged.to_crm.clone(), start);
        ops.push(Op::Update { side: Side::Crm, changes, keep: Fields::new() });
    }
    let mut changes = merged.to_pim.clone();
    sign(domain, pim, context, &mut changes);
    if !changes.is_empty() && context.level(domain).exports() {
        let start = occurrence::clock(&changes).or(occurrence::clock(&pim.fields));
        // Found by its mark a series may get another rule: its exceptions are written again after it (rule R3).
        let keep = occurrence::by_start(occurrence::keep(&merged, crm, pim), start);
        let changes = occurrence::by_start(changes, start);
        ops.push(Op::Update { side: Side::Pim, changes, keep });
    }
    if domain.kind() == Kind::Contact && !crm.facts.on_sync_list {
        // Importing puts the user on the record's Sync List (rule O3).
        ops.push(Op::Enlist);
    }
    if domain == Domain::Calendar && form == Form::Own && context.level(domain) != Level::NONE {
        let locked = mailing::is_locked(form, domain, pim, context);
        let meeting = pim.facts.meeting || crm.facts.meeting;
        if meeting && (locked != crm.facts.locked || crm.facts.global_id.is_none()) {
            ops.push(Op::Flag { global_id: pim.facts.global_id.clone(), locked });
        }
    }
    let (mut base_crm, mut base_pim) = (merged.base_crm, merged.base_pim);
    unmerged(&crm_fields, &pim_fields, &mut base_crm, &mut base_pim);
    Plan {
        domain: Some(domain),
        ops,
        after: After::New {
            domain,
            form,
            born: Side::Crm,
            crm: base_crm,
            pim: base_pim,
            global_id: pim.facts.global_id.clone().or(crm.facts.global_id.clone()),
        },
        conflicts: merged.conflicts,
        reasons: vec![Reason::Matched],
    }
}

/// Paths that a merge left alone stand in the base as each side showed them when the link was made, so that later only
/// their change counts (rules D1, O5).
fn unmerged(crm: &Fields, pim: &Fields, base_crm: &mut Fields, base_pim: &mut Fields) {
    for (from, to) in [(crm, base_crm), (pim, base_pim)] {
        for (path, value) in from {
            to.entry(path.clone()).or_insert_with(|| value.clone());
        }
    }
}

/// Our category and the personal flag on an item that is linked (rules O4, O5).
fn sign(domain: Domain, item: &Record, context: &Context<'_>, changes: &mut Fields) {
    let path = Path::of(Field::Categories);
    let word = form::our_category(domain, context).filter(|_| !scope::carries_category(item, domain, context));
    match (changes.remove(&path), word) {
        (None, None) => {}
        (decided, word) => {
            let current = Value::Set(item.categories().map(str::to_owned).collect());
            let decided = decided.unwrap_or(current);
            let mut all = form::with_our_words(&decided, item, context);
            if let (Value::Set(set), Some(word)) = (&mut all, word) {
                if planted::is(Planted::OwnCategoryOverwrites) {
                    set.clear();
                }
                set.insert(word);
            }
            changes.insert(path, all);
        }
    }
    if domain == Domain::PersonalContact && !item.is_private() {
        changes.insert(Path::of(Field::Private), Value::Flag(true));
    }
}

fn view(item: &Record, context: &Context<'_>) -> Fields {
    match item.kind {
        Kind::Contact => item.fields.clone(),
        Kind::Appointment | Kind::Task => form::without_our_words(&item.fields, context),
    }
}

/// What makes a record unfit for the other side (traps 38, rule R2): an end before its start, a rule without a date.
fn fault(fields: &Fields) -> Option<String> {
    let at = |field| fields.get(&Path::of(field));
    let (start, end) = (at(Field::Start).and_then(Value::as_when), at(Field::End).and_then(Value::as_when));
    if let (Some(start), Some(end)) = (start, end) {
        let utc = model::Zone::utc();
        if end.instant(&utc) < start.instant(&utc) {
            return Some("the end lies before the start".to_owned());
        }
        if start.is_day() != end.is_day() {
            return Some("one of start and end is a day, the other a time".to_owned());
        }
    }
    let first = start
        .map(|when| when.wall().date())
        .or_else(|| at(Field::DueDay).and_then(Value::as_day))
        .or_else(|| at(Field::StartDay).and_then(Value::as_day));
    match (at(Field::Rule).and_then(Value::as_rule), first) {
        (Some(rule), Some(first)) => {
            rule.fault(first).map(|fault| format!("the rule of the series cannot be held: {fault}"))
        }
        (_, _) => None,
    }
}

/// An appointment's series that begins on a day which is none of its rule's: a mailbox would let it begin on another day,
/// and nobody asked for that (rule R2).
fn begins_elsewhere(fields: &Fields) -> Option<String> {
    let said = fields.get(&Path::of(Field::Start)).and_then(Value::as_when)?.wall().date();
    let first = fields.get(&Path::of(Field::Rule)).and_then(Value::as_rule)?.first_date(said)?;
    (first != said).then(|| {
        format!(
            "the series begins on {said}, which is no day of its rule: the rule first falls on {first}; let it begin on that \
             day in the CRM, or change the rule there"
        )
    })
}
