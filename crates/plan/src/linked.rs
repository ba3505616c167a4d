//! What to do about a linked record: both copies there, one gone, both gone (rules D1, D3, D6, L6, O2, O8).

use crate::asleep::{awake, leaves, not_visible, sleep, taken_away};
use crate::context::Context;
use crate::flip::{flip, flipped_categories};
use crate::form;
use crate::gone::{both_gone, crm_gone, pim_gone};
use crate::mailing;
use crate::merge::{Copies, Gate, Merged, Rules, merge};
use crate::occurrence;
use crate::operation::{After, Op, Plan, Reason};
use crate::parting::with_its_edit;
use crate::people::as_known;
use crate::removed;
use crate::scope;
use crate::veil::{is_reduced, lifted, slept_private, veil, was_private};
use model::{Domain, Field, Fields, Form, Kind, Level, Link, Part, Path, Record, Seen, Side, Sleep, SleepCause, Value};
use planted::Planted;
use std::collections::{BTreeMap, BTreeSet};

/// Plans a linked record from what a look at both copies found.
#[must_use]
pub fn plan(link: &Link, crm: &Seen, pim: &Seen, context: &Context<'_>) -> Plan {
    match (crm, pim) {
        (Seen::Present(crm), Seen::Present(pim)) => present(link, crm, pim, true, context),
        (Seen::Gone(why), Seen::Present(pim)) => crm_gone(link, *why, pim, context),
        (Seen::Present(crm), Seen::Gone(why)) => pim_gone(link, crm, *why, context),
        (Seen::Gone(crm), Seen::Gone(pim)) => both_gone(link, *crm, *pim, context),
    }
}

/// Plans a contact whose changed flag waits for a person (rule O5: ambiguous stays what it is): its fields go on.
#[must_use]
pub fn plan_as_it_is(link: &Link, crm: &Record, pim: &Record, context: &Context<'_>) -> Plan {
    present(link, crm, pim, false, context)
}

pub(crate) fn present(link: &Link, crm: &Record, pim: &Record, flips: bool, context: &Context<'_>) -> Plan {
    let Some(domain) = crm.facts.domain else {
        return sent_away(link, link.domain, crm, pim, context)
            .unwrap_or_else(|| shown_elsewhere(link, crm, pim, None, context));
    };
    if let Some(plan) = sent_away(link, domain, crm, pim, context) {
        return plan;
    }
    if domain.kind() != link.kind {
        let exported = context.level(domain).exports();
        return shown_elsewhere(link, crm, pim, exported.then_some(domain.kind()), context);
    }
    let level = context.level(domain);
    if level == Level::NONE && !planted::is(Planted::NoLevelStaysAwake) {
        return sleep(link, domain, SleepCause::Level, context);
    }
    if crm.facts.hidden && removed::is_taken_back(link, pim, context) {
        return removed::taken_back(link, crm, pim, flips, context);
    }
    if let Some(plan) = out_of_scope(link, domain, crm, pim, context) {
        return plan;
    }
    let mut link = woken(link, crm, pim);
    link.form = form_now(&link, crm, pim);
    retitle(&mut link, crm, context);
    if flips && let Some(plan) = flip(&link, domain, crm, pim, context) {
        return plan;
    }
    let merged = merged(&link, domain, crm, pim, context);
    let removed = domain.kind() == Kind::Contact && !crm.facts.on_sync_list && level.exports();
    if domain == Domain::Calendar && !merged.to_pim.is_empty() && scope::none_left(&merged.base_pim) {
        return called_off(&link, crm, pim, merged, context);
    }
    outcome(link, domain, crm, pim, merged, removed, context)
}

/// A link as it goes on: from the base that it had, or from what the mailbox says where the CRM was reduced (rule O8).
fn woken(link: &Link, crm: &Record, pim: &Record) -> Link {
    if is_reduced(link) { lifted(link, crm, pim) } else { awake(link) }
}

/// A meeting whose invitations were sent leaves its organiser's calendar from the CRM only with a word to the guests: called
/// off there, shown elsewhere, or given to somebody else. While nobody is written to, it stays where it is (rules C9, P6).
fn sent_away(link: &Link, domain: Domain, crm: &Record, pim: &Record, context: &Context<'_>) -> Option<Plan> {
    let form = link.form;
    if link.kind != Kind::Appointment || !mailing::is_sent(form, pim) || !context.level(Domain::Calendar).exports() {
        return None;
    }
    let elsewhere = crm.facts.domain != Some(Domain::Calendar);
    let called_off = scope::is_cancelled(&crm.fields)
        && !scope::is_cancelled(&link.crm.base)
        && !scope::is_cancelled(&pim.fields)
        && link.sleep.is_none();
    if crm.facts.part == Part::Former {
        // Its people were asked by him: it stays his.
        return Some(sleep(link, domain, SleepCause::TakenOff, context));
    }
    if !elsewhere && !called_off {
        return None;
    }
    if !context.domain(Domain::Calendar).mail {
        return elsewhere.then(|| sleep(link, link.domain, SleepCause::TakenOff, context));
    }
    if mailing::is_quiet(form, Domain::Calendar, pim, context) {
        return Some(Plan::of(Some(link.domain), After::Wait(Reason::Quiet), Reason::Quiet));
    }
    if context.domain(Domain::Calendar).no_deletes.contains(&Side::Pim) {
        return Some(sleep(link, link.domain, SleepCause::DeleteForbidden, context));
    }
    let delete = Op::Delete { side: Side::Pim, after_new: None };
    if called_off && !elsewhere && mailing::recipients(&delete, form, domain, pim, context).is_empty() {
        return None;
    }
    let exported = elsewhere.then_some(domain).filter(|to| to.kind() != link.kind && context.level(*to).exports());
    let leaving = Plan {
        domain: Some(link.domain),
        ops: vec![Op::Delete { side: Side::Pim, after_new: exported.map(Domain::kind) }],
        after: After::Forget,
        conflicts: Vec::new(),
        reasons: vec![if elsewhere { Reason::DisplayChanged } else { Reason::Cancelled }],
    };
    Some(with_its_edit(link, crm, pim, leaving, context))
}

/// The CRM cancelled the last occurrence that was left: the copy goes as a whole, as it would with its last occurrence, and
/// the record stands with all of them cancelled (rule R3).
fn called_off(link: &Link, crm: &Record, pim: &Record, merged: Merged, context: &Context<'_>) -> Plan {
    let leaving = leaves(link, Reason::NoneLeft, None, context);
    match leaving.after {
        After::Forget => {
            let mut ops = Vec::new();
            push_updates(&Merged { to_pim: Fields::new(), ..merged.clone() }, crm, pim, false, context, &mut ops);
            ops.extend(leaving.ops);
            Plan { ops, conflicts: merged.conflicts, ..leaving }
        }
        _ => leaving,
    }
}

/// Rules that keep a linked record from being worked on though both copies stand.
fn out_of_scope(link: &Link, domain: Domain, crm: &Record, pim: &Record, context: &Context<'_>) -> Option<Plan> {
    if crm.facts.not_visible {
        return Some(not_visible(link, domain, pim, context));
    }
    if crm.facts.hidden {
        return Some(sleep(link, domain, removed::cause(link), context));
    }
    if crm.facts.part == Part::Former && !planted::is(Planted::CopyKeepsPlace) {
        return Some(match link.form {
            // What a real invitation made is the person's (rule D6).
            Form::Received => sleep(link, domain, SleepCause::TakenOff, context),
            Form::Own | Form::ParticipantCopy | Form::MeetingCopy => {
                with_its_edit(link, crm, pim, leaves(link, Reason::TakenOff, None, context), context)
            }
        });
    }
    match domain {
        Domain::BusinessContact | Domain::PersonalContact | Domain::Employee => return None,
        Domain::Calendar | Domain::Task => {}
    }
    // A task that was given to somebody else goes on in his mailbox: what is left here is none (rule D6).
    if pim.facts.tracking_copy {
        return Some(sleep(link, domain, SleepCause::Tracked, context));
    }
    // What the organiser's own invitation brought takes the place of our copy, once it is there: whom he did not invite
    // keeps it (rules P5, P6).
    if link.form.is_participants() && domain == Domain::Calendar && context.invited {
        return Some(leaves(link, Reason::ExchangeInvites, None, context));
    }
    // A new owner is the meeting's organiser, or has a copy of his own: this one is made anew (rule P8).
    if pim.facts.meeting_copy && form::names_another(crm, pim) && may_go(domain, context) {
        return Some(leaves(link, Reason::AnotherOrganizer, None, context));
    }
    if domain == Domain::Calendar && scope::lacks_times(&crm.fields) {
        return Some(sleep(link, domain, SleepCause::NoTimes, context));
    }
    if scope::has_left(link, &crm.fields, context) && scope::is_before(domain, &pim.fields, context) {
        if planted::is(Planted::OutIsDeleted) {
            return Some(leaves(link, Reason::Window, None, context));
        }
        return Some(sleep(link, domain, SleepCause::Window, context));
    }
    if link.form == Form::Own && link.born == Side::Crm && context.domain(domain).skip_private {
        match (pim.is_private(), slept_private(link)) {
            (true, true) => return Some(sleep(link, domain, SleepCause::Private, context)),
            // What was private there before is made public by the CRM: that goes over as any other change does (rule C1).
            (true, false) if !crm.is_private() && !was_private(link) => return Some(veil(link, domain, crm, context)),
            (true | false, _) => {}
        }
    }
    if link.born == Side::Pim && link.form == Form::Own {
        match scope::filters(domain, pim, context) {
            Ok(()) => {}
            Err(Reason::Private) if is_reduced(link) || planted::is(Planted::PrivateKeepsValues) => {
                return Some(sleep(link, domain, SleepCause::Private, context));
            }
            Err(Reason::Private) => return Some(veil(link, domain, crm, context)),
            Err(_) => return Some(sleep(link, domain, SleepCause::Filter, context)),
        }
    }
    None
}

/// Whether copies may be taken out of this mailbox at all (rules C7, D1).
fn may_go(domain: Domain, context: &Context<'_>) -> bool {
    context.level(domain).exports() && !context.domain(domain).no_deletes.contains(&Side::Pim)
}

/// What the CRM refused of the mailbox's changes is set back to what the CRM says, and kept in the history (rule E8's
/// setting). Nothing when the mailbox may not be written to.
#[must_use]
pub fn set_back(link: &Link, crm: &Record, pim: &Record, context: &Context<'_>) -> Option<Plan> {
    let domain = crm.facts.domain.filter(|domain| *domain == link.domain && context.domain(*domain).set_back)?;
    // What only the mailbox says of a reduced record is overwritten by nothing (rule O8).
    if !context.level(domain).exports() || is_reduced(link) {
        return None;
    }
    let link = &awake(link);
    let refused: BTreeSet<Path> = merged(link, domain, crm, pim, context).to_crm.into_keys().collect();
    let back = merged_but(link, domain, crm, pim, &refused, context);
    // Were anything of it still the CRM's to take, it would refuse again.
    if back.to_pim.is_empty() || !back.to_crm.is_empty() {
        return None;
    }
    let plan = outcome(link.clone(), domain, crm, pim, back, false, context);
    Some(Plan { reasons: vec![Reason::SetBack], ..plan })
}

/// What stands on one side alone, for the level or the field map lets it go nowhere (rule D1).
#[must_use]
pub fn local(link: &Link, crm: &Record, pim: &Record, context: &Context<'_>) -> BTreeMap<Path, Side> {
    merged(&woken(link, crm, pim), link.domain, crm, pim, context).local
}

pub(crate) fn merged(link: &Link, domain: Domain, crm: &Record, pim: &Record, context: &Context<'_>) -> Merged {
    merged_but(link, domain, crm, pim, &BTreeSet::new(), context)
}

/// The merge where the CRM's value stands at these paths.
fn merged_but(
    link: &Link,
    domain: Domain,
    crm: &Record,
    pim: &Record,
    refused: &BTreeSet<Path>,
    context: &Context<'_>,
) -> Merged {
    let Some(map) = context.maps.get(&domain) else {
        return Merged::default();
    };
    let (crm_fields, mut pim_fields) = views(crm, pim, context);
    as_known(&mut pim_fields, &link.pim.base);
    let told = |merged: Merged| match link.form == Form::Received && !form::stands_in(context) {
        true => form::with_own_copy(merged, &pim_fields, map),
        false => merged,
    };
    let frozen: BTreeSet<Path> =
        link.bounced.iter().filter(|(_, times)| **times >= 3).map(|(path, _)| path.clone()).collect();
    told(merge(
        &Copies { crm: &crm_fields, pim: &pim_fields, base: Some((&link.crm.base, &link.pim.base)) },
        &Rules {
            map,
            pim_image: &|path, value| form::pim_image(link.form, crm, path, value, map, context),
            crm_image: &|path, value| match (link.form, &path.field) {
                // A participant's copy says whose meeting it is: the bare title is not what the CRM's becomes there.
                (Form::ParticipantCopy, Field::Subject) if crm.kind == Kind::Appointment => Value::Null,
                _ => context.crm.image(path, value, map),
            },
            made_whole: &|side, path, edited, original| context.lens(side).made_whole(path, edited, original, map),
            gate: &|path| {
                let mut gate = form::gate(link.form, domain, crm, pim, path, context);
                if path.field == Field::ShowAs && turned(link, crm) {
                    gate.to_pim = context.level(domain).exports() && map.writes(&path.field, Side::Pim);
                }
                match refused.contains(path) && gate.to_pim {
                    true => Gate { rules: Some(Side::Crm), ..gate },
                    false => gate,
                }
            },
            policy: context.domain(domain).conflict,
            delete_wins: context.domain(domain).delete_wins,
            ours: false,
            frozen: &frozen,
        },
    ))
}

/// A meeting of the CRM that was called off, or takes place after all, since a participant's copy last showed it: once
/// that copy follows in what it shows the time as (rules C6, P7).
fn turned(link: &Link, crm: &Record) -> bool {
    link.form.is_participants()
        && crm.kind == Kind::Appointment
        && scope::is_cancelled(&crm.fields) != scope::is_cancelled(&link.crm.base)
}

/// Both copies' fields as a merge sees them: occurrences by date, an item's categories without our words.
pub(crate) fn views(crm: &Record, pim: &Record, context: &Context<'_>) -> (Fields, Fields) {
    let pim = match pim.kind {
        Kind::Contact => pim.fields.clone(),
        Kind::Appointment | Kind::Task => form::without_our_words(&pim.fields, context),
    };
    (occurrence::by_date(&crm.fields), occurrence::by_date(&pim))
}

fn outcome(
    mut link: Link,
    domain: Domain,
    crm: &Record,
    pim: &Record,
    merged: Merged,
    removed: bool,
    context: &Context<'_>,
) -> Plan {
    let mut reasons = Vec::new();
    let mut ops = Vec::new();
    if merged.pim_changed {
        reasons.push(Reason::PimChanged);
    }
    if merged.crm_changed {
        reasons.push(Reason::CrmChanged);
    }
    if reasons.is_empty() && !merged.conflicts.is_empty() {
        // Held: each changed it, and nothing goes over (rule C3).
        reasons.extend([Reason::PimChanged, Reason::CrmChanged]);
    }
    if !merged.local.is_empty() {
        reasons.push(Reason::StaysLocal);
    }
    if reasons.is_empty() {
        reasons.push(Reason::Agrees);
    }
    let mut merged = merged;
    changed_domain(&link, domain, pim, context, &mut merged);
    unflagged(&link, domain, pim, context, &mut merged);
    push_updates(&merged, crm, pim, removed, context, &mut ops);
    ops.extend(flag(&link, domain, crm, pim, context));
    link.domain = domain;
    link.global_id = pim.facts.global_id.clone().or(link.global_id);
    link.crm.version = crm.version.clone();
    link.pim.version = pim.version.clone();
    link.pim.id = pim.id.clone();
    if removed {
        unagreed(&link, &mut merged);
    }
    if turned(&link, crm) {
        merged.base_crm.insert(Path::of(Field::Cancelled), Value::Flag(scope::is_cancelled(&crm.fields)));
    }
    link.crm.base = merged.base_crm;
    link.pim.base = merged.base_pim;
    link.folder = pim.facts.folder.clone().or(link.folder);
    if removed {
        reasons.push(Reason::RemovedFromList);
        if context.domain(domain).no_deletes.contains(&Side::Pim) {
            link.sleep = Some(Sleep { cause: SleepCause::DeleteForbidden, since: context.now });
            return Plan {
                domain: Some(domain),
                ops,
                after: After::Linked(Box::new(link)),
                conflicts: merged.conflicts,
                reasons,
            };
        }
        let (left, after) = taken_away(&link, pim, context);
        ops.extend(left);
        return Plan { domain: Some(domain), ops, after, conflicts: merged.conflicts, reasons };
    }
    Plan { domain: Some(domain), ops, after: After::Linked(Box::new(link)), conflicts: merged.conflicts, reasons }
}

/// A contact that the CRM made business or personal gets the category and flag of what it is now (rules O4, O5).
fn changed_domain(link: &Link, domain: Domain, pim: &Record, context: &Context<'_>, merged: &mut Merged) {
    if link.domain == domain || domain.kind() != Kind::Contact || !context.level(domain).exports() {
        return;
    }
    let private = Value::Flag(domain == Domain::PersonalContact);
    merged
        .to_pim
        .insert(Path::of(Field::Categories), Value::Set(flipped_categories(pim, link.domain, domain, context)));
    merged.to_pim.insert(Path::of(Field::Private), private.clone());
    merged.base_pim.insert(Path::of(Field::Private), private);
}

/// The flag of a personal contact that was linked and has never had it: the write that sets it was not done (rule O5).
fn unflagged(link: &Link, domain: Domain, pim: &Record, context: &Context<'_>, merged: &mut Merged) {
    let path = Path::of(Field::Private);
    let had = link.pim.base.get(&path).and_then(Value::as_flag).unwrap_or(false);
    let personal = (link.domain, domain) == (Domain::PersonalContact, Domain::PersonalContact);
    if personal && !had && !pim.is_private() && context.level(domain).exports() {
        merged.to_pim.insert(path, Value::Flag(true));
    }
}

/// The record is shown elsewhere and its item goes (rule D3).
fn shown_elsewhere(link: &Link, crm: &Record, pim: &Record, to: Option<Kind>, context: &Context<'_>) -> Plan {
    with_its_edit(link, crm, pim, leaves(link, Reason::DisplayChanged, to, context), context)
}

/// A copy that goes is not written to before: what the CRM changed meanwhile is not agreed on, and crosses when the copy
/// comes back (rule O2).
fn unagreed(link: &Link, merged: &mut Merged) {
    for path in merged.to_pim.keys() {
        let ends = [(&mut merged.base_crm, &link.crm.base), (&mut merged.base_pim, &link.pim.base)];
        for (base, before) in ends {
            match before.get(path) {
                Some(value) => base.insert(path.clone(), value.clone()),
                None => base.remove(path),
            };
        }
    }
}

/// The updates a merge asks for: the CRM first, so that what everybody shares is right before one mailbox shows it.
pub(crate) fn push_updates(
    merged: &Merged,
    crm: &Record,
    pim: &Record,
    removed: bool,
    context: &Context<'_>,
    ops: &mut Vec<Op>,
) {
    if !merged.to_crm.is_empty() {
        let start = occurrence::clock(&merged.to_crm).or(occurrence::clock(&crm.fields));
        let changes = occurrence::by_start(merged.to_crm.clone(), start);
        ops.push(Op::Update { side: Side::Crm, changes, keep: Fields::new() });
    }
    if !merged.to_pim.is_empty() && !removed {
        let mut changes = merged.to_pim.clone();
        if pim.kind != Kind::Contact
            && let Some(decided) = changes.get(&Path::of(Field::Categories))
        {
            let all = form::with_our_words(decided, pim, context);
            changes.insert(Path::of(Field::Categories), all);
        }
        let start = occurrence::clock(&changes).or(occurrence::clock(&pim.fields));
        let keep = occurrence::keep(merged, crm, pim);
        ops.push(Op::Update {
            side: Side::Pim,
            changes: occurrence::by_start(changes, start),
            keep: occurrence::by_start(keep, start),
        });
    }
}

/// The CRM's flag of a meeting that Exchange owns, when it is not what the mailbox shows (rule P6). It is no change of the
/// mailbox's that comes in: where the CRM writes to the mailbox it must know as well what it may not write (rule D1).
fn flag(link: &Link, domain: Domain, crm: &Record, pim: &Record, context: &Context<'_>) -> Option<Op> {
    if domain != Domain::Calendar || link.form != Form::Own || context.level(domain) == Level::NONE {
        return None;
    }
    let locked = mailing::is_locked(link.form, domain, pim, context);
    // The owner's own copy gives the meeting its id, and a new owner's another one (rules P5, P8).
    let same = crm.facts.global_id == pim.facts.global_id;
    let known = pim.facts.global_id.is_none() || same || crm.facts.global_id.is_some() && crm.facts.part != Part::Owner;
    let meeting = pim.facts.meeting || crm.facts.meeting || crm.facts.locked;
    (meeting && (locked != crm.facts.locked || !known))
        .then(|| Op::Flag { global_id: pim.facts.global_id.clone().or(crm.facts.global_id.clone()), locked })
}

/// A copy's title names the owner where the copy is a participant's. When the copy becomes the owner's, or the record gets
/// another owner, the title that still says so counts as the CRM's change (rule P8).
fn retitle(link: &mut Link, crm: &Record, context: &Context<'_>) {
    let Some(map) = context.maps.get(&link.domain).filter(|_| link.form != Form::Received) else {
        return;
    };
    let form = link.form;
    let stale = |path: &Path, said: &Value| {
        let shown = link.pim.base.get(path).and_then(Value::as_text)?;
        let plain = context.pim.image(path, said, map);
        let before = shown.strip_suffix(plain.as_text()?)?;
        let now = form::pim_image(form, crm, path, said, map, context);
        (now.as_text()? != shown && (before.is_empty() || before.ends_with(": "))).then(|| path.clone())
    };
    let titles = link.crm.base.iter().filter(|(path, _)| path.field == Field::Subject);
    let stale: Vec<Path> = titles.filter_map(|(path, said)| stale(path, said)).collect();
    for path in stale {
        link.crm.base.insert(path, Value::Null);
    }
}

/// What the copy is now: a real invitation takes a participant's copy over (rule P5); an owner's item is his own.
fn form_now(link: &Link, crm: &Record, pim: &Record) -> Form {
    match (crm.facts.part, pim.facts.received) {
        (_, true) => Form::Received,
        // The item says it, whatever was sent: a server may keep less.
        (_, false) if pim.facts.meeting_copy => Form::MeetingCopy,
        (Part::Owner, false) => Form::Own,
        (Part::Participant | Part::Former, false) => match link.form {
            Form::Own if link.born == Side::Pim => Form::Own,
            Form::Own | Form::ParticipantCopy | Form::MeetingCopy | Form::Received => Form::ParticipantCopy,
        },
    }
}
