//! What to do about a linked record: both copies there, one gone, both gone (rules D1, D3, D6, L6, O2, O5, O8, C4 to C7, C12).

use crate::context::Context;
use crate::form;
use crate::merge::{Copies, Merged, Rules, merge};
use crate::occurrence;
use crate::operation::{After, Op, Plan, Reason};
use crate::scope;
use model::{
    Domain, Field, Fields, Form, Gone, Kind, Level, Link, Part, Path, Record, Seen, Side, Sleep,
    SleepCause, Value,
};
use std::collections::BTreeSet;

/// Plans a linked record from what a look at both copies found.
#[must_use]
pub fn plan(link: &Link, crm: &Seen, pim: &Seen, context: &Context<'_>) -> Plan {
    match (crm, pim) {
        (Seen::Present(crm), Seen::Present(pim)) => present(link, crm, pim, context),
        (Seen::Gone(why), Seen::Present(pim)) => crm_gone(link, *why, pim, context),
        (Seen::Present(crm), Seen::Gone(why)) => pim_gone(link, crm, *why, context),
        (Seen::Gone(crm), Seen::Gone(pim)) => both_gone(link, *crm, *pim),
    }
}

fn present(link: &Link, crm: &Record, pim: &Record, context: &Context<'_>) -> Plan {
    let Some(domain) = crm.facts.domain else {
        return leaves(link, Reason::DisplayChanged, None, context);
    };
    if domain.kind() != link.kind {
        let exported = context.level(domain).exports();
        return leaves(
            link,
            Reason::DisplayChanged,
            exported.then_some(domain.kind()),
            context,
        );
    }
    let level = context.level(domain);
    if level == Level::NONE {
        return sleep(link, domain, SleepCause::Level, context);
    }
    if let Some(plan) = out_of_scope(link, domain, crm, pim, context) {
        return plan;
    }
    let mut link = awake(link);
    link.form = form_now(&link, crm, pim);
    if let Some(plan) = flip(&link, domain, crm, pim, context) {
        return plan;
    }
    let merged = merged(&link, domain, crm, pim, context);
    let removed = domain.kind() == Kind::Contact && !crm.facts.on_sync_list && level.exports();
    outcome(link, domain, crm, pim, merged, removed, context)
}

/// Rules that keep a linked record from being worked on though both copies stand.
fn out_of_scope(
    link: &Link,
    domain: Domain,
    crm: &Record,
    pim: &Record,
    context: &Context<'_>,
) -> Option<Plan> {
    if crm.facts.not_visible {
        return Some(not_visible(link, domain, context));
    }
    if crm.facts.hidden {
        return Some(sleep(link, domain, SleepCause::Hidden, context));
    }
    if crm.facts.part == Part::Former {
        return Some(match link.form {
            // What a real invitation made is the person's (rule D6).
            Form::Received => sleep(link, domain, SleepCause::TakenOff, context),
            Form::Own | Form::ParticipantCopy => leaves(link, Reason::TakenOff, None, context),
        });
    }
    match domain {
        Domain::BusinessContact | Domain::PersonalContact | Domain::Employee => return None,
        Domain::Calendar | Domain::Task => {}
    }
    if domain == Domain::Calendar && scope::lacks_times(&crm.fields) {
        return Some(sleep(link, domain, SleepCause::NoTimes, context));
    }
    // A linked record leaves the window only when both base and present value lie before the date (rule O9).
    let before = |fields: &Fields| scope::is_before(domain, fields, context);
    if before(&crm.fields) && before(&pim.fields) && before(&link.crm.base) {
        return Some(sleep(link, domain, SleepCause::Window, context));
    }
    if link.born == Side::Pim && link.form == Form::Own {
        match scope::filters(domain, pim, context) {
            Ok(()) => {}
            Err(Reason::Private) => return Some(sleep(link, domain, SleepCause::Private, context)),
            Err(_) => return Some(sleep(link, domain, SleepCause::Filter, context)),
        }
    }
    None
}

fn merged(
    link: &Link,
    domain: Domain,
    crm: &Record,
    pim: &Record,
    context: &Context<'_>,
) -> Merged {
    let Some(map) = context.maps.get(&domain) else {
        return Merged::default();
    };
    let (crm_fields, pim_fields) = views(crm, pim, context);
    let frozen: BTreeSet<Path> = link
        .bounced
        .iter()
        .filter(|(_, times)| **times >= 3)
        .map(|(path, _)| path.clone())
        .collect();
    merge(
        &Copies {
            crm: &crm_fields,
            pim: &pim_fields,
            base: Some((&link.crm.base, &link.pim.base)),
        },
        &Rules {
            map,
            pim_image: &|path, value| form::pim_image(link.form, crm, path, value, map, context),
            crm_image: &|path, value| context.crm.image(path, value, map),
            gate: &|path| form::gate(link.form, domain, crm, pim, path, context),
            policy: context.domain(domain).conflict,
            frozen: &frozen,
        },
    )
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
    if reasons.is_empty() {
        reasons.push(Reason::Agrees);
    }
    push_updates(&merged, crm, pim, removed, context, &mut ops);
    ops.extend(flag(&link, domain, crm, pim, context));
    link.domain = domain;
    link.global_id = pim.facts.global_id.clone().or(link.global_id);
    link.crm.version = crm.version.clone();
    link.pim.version = pim.version.clone();
    link.pim.id = pim.id.clone();
    link.crm.base = merged.base_crm;
    link.pim.base = merged.base_pim;
    link.folder = pim.facts.folder.clone().or(link.folder);
    if removed {
        reasons.push(Reason::RemovedFromList);
        if context.domain(domain).no_deletes.contains(&Side::Pim) {
            link.sleep = Some(Sleep {
                cause: SleepCause::DeleteForbidden,
                since: context.now,
            });
            return Plan {
                domain: Some(domain),
                ops,
                after: After::Linked(Box::new(link)),
                conflicts: merged.conflicts,
                reasons,
            };
        }
        if !context.settings.keep_removed_copies {
            ops.push(Op::Delete {
                side: Side::Pim,
                after_new: None,
            });
        }
        return Plan {
            domain: Some(domain),
            ops,
            after: After::Forget,
            conflicts: merged.conflicts,
            reasons,
        };
    }
    Plan {
        domain: Some(domain),
        ops,
        after: After::Linked(Box::new(link)),
        conflicts: merged.conflicts,
        reasons,
    }
}

/// The updates a merge asks for: the CRM first, so that what everybody shares is right before one mailbox shows it.
fn push_updates(
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
        ops.push(Op::Update {
            side: Side::Crm,
            changes,
            keep: Fields::new(),
        });
    }
    if !merged.to_pim.is_empty() && !removed {
        let mut changes = merged.to_pim.clone();
        if let Some(decided) = changes.get(&Path::of(Field::Categories)) {
            let all = form::with_our_words(decided, pim, context);
            changes.insert(Path::of(Field::Categories), all);
        }
        let start = occurrence::clock(&changes).or(occurrence::clock(&pim.fields));
        let keep = keep(merged, crm, pim);
        ops.push(Op::Update {
            side: Side::Pim,
            changes: occurrence::by_start(changes, start),
            keep: occurrence::by_start(keep, start),
        });
    }
}

/// Exceptions that must stand after the rule or the series' time is written to the mailbox (rule R3): those of the
/// agreed state that still fall on the rule.
fn keep(merged: &Merged, crm: &Record, pim: &Record) -> Fields {
    let writes_rule = [Field::Rule, Field::Start]
        .into_iter()
        .any(|field| merged.to_pim.contains_key(&Path::of(field)));
    let at = |fields: &Fields, field: Field| fields.get(&Path::of(field)).cloned();
    let rule = at(&merged.to_pim, Field::Rule)
        .or_else(|| at(&pim.fields, Field::Rule))
        .or_else(|| at(&crm.fields, Field::Rule));
    let start = at(&merged.to_pim, Field::Start).or_else(|| at(&pim.fields, Field::Start));
    match (writes_rule, rule, start) {
        (true, Some(Value::Rule(rule)), Some(Value::When(start))) => {
            occurrence::surviving(&merged.base_pim, &rule, start.wall())
        }
        (_, _, _) => Fields::new(),
    }
}

/// The CRM's flag of a meeting that Exchange owns, when it is not what the mailbox shows (rule P6).
fn flag(
    link: &Link,
    domain: Domain,
    crm: &Record,
    pim: &Record,
    context: &Context<'_>,
) -> Option<Op> {
    if domain != Domain::Calendar || link.form != Form::Own || !context.level(domain).imports() {
        return None;
    }
    let locked = pim.facts.requests_sent && !context.domain(domain).mail;
    let known = crm.facts.global_id.is_some() || pim.facts.global_id.is_none();
    let meeting = pim.facts.meeting || crm.facts.meeting;
    (meeting && (locked != crm.facts.locked || !known)).then(|| Op::Flag {
        global_id: pim.facts.global_id.clone().or(crm.facts.global_id.clone()),
        locked,
    })
}

/// What the copy is now: a real invitation takes a participant's copy over (rule P5); an owner's item is his own.
fn form_now(link: &Link, crm: &Record, pim: &Record) -> Form {
    match (crm.facts.part, pim.facts.received) {
        (Part::Owner, false) => Form::Own,
        (_, true) => Form::Received,
        (Part::Participant | Part::Former, false) => match link.form {
            Form::Own if link.born == Side::Pim => Form::Own,
            Form::Own | Form::ParticipantCopy | Form::Received => Form::ParticipantCopy,
        },
    }
}

/// Rule O5: the *change* of the Private flag of a linked contact, or a CRM record that changed its domain.
fn flip(
    link: &Link,
    domain: Domain,
    crm: &Record,
    pim: &Record,
    context: &Context<'_>,
) -> Option<Plan> {
    let was = link
        .pim
        .base
        .get(&Path::of(Field::Private))
        .and_then(Value::as_flag)
        .unwrap_or(false);
    let is = pim.is_private();
    let to = match (domain, was, is) {
        (Domain::BusinessContact, false, true) => Domain::PersonalContact,
        (Domain::PersonalContact, true, false) => Domain::BusinessContact,
        _ => return None,
    };
    if !context.level(to).imports() || !context.level(domain).imports() {
        return None;
    }
    let map = context.maps.get(&to)?;
    let fields = form::new_record(to, pim, map, context);
    let mut ops = vec![Op::Create {
        side: Side::Crm,
        domain: to,
        fields: fields.clone(),
        form: Form::Own,
        global_id: None,
        locked: false,
        owner: None,
    }];
    ops.push(Op::Enlist);
    let mut changes = Fields::new();
    changes.insert(
        Path::of(Field::Categories),
        Value::Set(flipped_categories(pim, domain, to, context)),
    );
    ops.push(Op::Update {
        side: Side::Pim,
        changes,
        keep: Fields::new(),
    });
    // The old record goes only after the new link stands: the business record stays for everybody else.
    match domain {
        Domain::BusinessContact => ops.push(Op::Delist),
        _ => ops.push(Op::Delete {
            side: Side::Crm,
            after_new: None,
        }),
    }
    let mut pim_base = occurrence::by_date(&pim.fields);
    pim_base.insert(Path::of(Field::Private), Value::Flag(is));
    let mut link = link.clone();
    link.domain = to;
    link.crm.base = occurrence::by_date(&fields);
    link.pim.base = pim_base;
    link.pim.version = pim.version.clone();
    link.crm.version = crm.version.clone();
    Some(Plan {
        domain: Some(to),
        ops,
        after: After::Linked(Box::new(link)),
        conflicts: Vec::new(),
        reasons: vec![Reason::Flip],
    })
}

fn flipped_categories(
    pim: &Record,
    from: Domain,
    to: Domain,
    context: &Context<'_>,
) -> BTreeSet<String> {
    use model::same::fold;
    let old: Vec<String> = context
        .settings
        .category_words(from)
        .iter()
        .map(|word| fold(word))
        .collect();
    let mut set: BTreeSet<String> = pim
        .categories()
        .filter(|word| !old.contains(&fold(word)))
        .map(str::to_owned)
        .collect();
    set.insert(context.category(to));
    set
}

/// The record leaves this mailbox by rules D3, D6: its copy moves to Deleted Items.
fn leaves(link: &Link, reason: Reason, after_new: Option<Kind>, context: &Context<'_>) -> Plan {
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
    Plan {
        domain: Some(domain),
        ops: vec![Op::Delete {
            side: Side::Pim,
            after_new,
        }],
        after: After::Forget,
        conflicts: Vec::new(),
        reasons: vec![reason],
    }
}

/// Rule O2: lost visibility must last the grace time before the copy goes; nothing is merged meanwhile.
fn not_visible(link: &Link, domain: Domain, context: &Context<'_>) -> Plan {
    let since = match &link.sleep {
        Some(sleep) if sleep.cause == SleepCause::NotVisible => sleep.since,
        Some(_) | None => context.now,
    };
    let waited = context.now.as_second() - since.as_second();
    let level = context.level(domain);
    if waited >= i64::from(context.settings.grace_hours) * 3600
        && level.exports()
        && !context.domain(domain).no_deletes.contains(&Side::Pim)
    {
        let ops = if context.settings.keep_removed_copies {
            vec![]
        } else {
            vec![Op::Delete {
                side: Side::Pim,
                after_new: None,
            }]
        };
        return Plan {
            domain: Some(domain),
            ops,
            after: After::Forget,
            conflicts: vec![],
            reasons: vec![Reason::NotVisible],
        };
    }
    sleep(link, domain, SleepCause::NotVisible, context)
}

fn crm_gone(link: &Link, why: Gone, pim: &Record, context: &Context<'_>) -> Plan {
    let domain = link.domain;
    let level = context.level(domain);
    match why {
        Gone::NotVisible => return not_visible(link, domain, context),
        Gone::Delisted => return leaves(link, Reason::RemovedFromList, None, context),
        Gone::Left | Gone::OutOfWindow => return sleep(link, domain, SleepCause::Left, context),
        Gone::Unknown => {
            return Plan::of(
                Some(domain),
                After::Wait(Reason::Unproven),
                Reason::Unproven,
            );
        }
        Gone::Deleted => {}
    }
    let edited = link.form == Form::Own
        && changed(link, Side::Pim, &occurrence::by_date(&pim.fields), context);
    let outlives = edited
        && level.imports()
        && !context.domain(domain).delete_wins
        && domain != Domain::Employee;
    if outlives && let Some(map) = context.maps.get(&domain) {
        // An edit outlives the delete (rule C5): the record is made again from the mailbox.
        let fields = form::new_record(domain, pim, map, context);
        let mut link = awake(link);
        link.crm.base = occurrence::by_date(&fields);
        link.pim.base = occurrence::by_date(&form::without_our_words(&pim.fields, context));
        link.pim.version = pim.version.clone();
        link.pim.id = pim.id.clone();
        let create = Op::Create {
            side: Side::Crm,
            domain,
            fields,
            form: link.form,
            global_id: pim.facts.global_id.clone(),
            locked: pim.facts.requests_sent && !context.domain(domain).mail,
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
    if !level.exports() {
        return sleep(link, domain, SleepCause::Level, context);
    }
    if context.domain(domain).no_deletes.contains(&Side::Pim) {
        return sleep(link, domain, SleepCause::DeleteForbidden, context);
    }
    // Exchange's meeting cannot be taken away from the CRM while mail is off (rule P6).
    if pim.facts.requests_sent && link.form == Form::Own && !context.domain(domain).mail
        || link.form == Form::Received
    {
        return sleep(link, domain, SleepCause::TakenOff, context);
    }
    Plan {
        domain: Some(domain),
        ops: vec![Op::Delete {
            side: Side::Pim,
            after_new: None,
        }],
        after: After::Forget,
        conflicts: Vec::new(),
        reasons: vec![Reason::Deleted],
    }
}

fn pim_gone(link: &Link, crm: &Record, why: Gone, context: &Context<'_>) -> Plan {
    let domain = link.domain;
    let level = context.level(domain);
    if let Some(Sleep {
        cause: SleepCause::ReceiverDeleted | SleepCause::DeleteForbidden,
        ..
    }) = &link.sleep
    {
        return made_again(link, crm, context);
    }
    match why {
        Gone::Left | Gone::OutOfWindow => return sleep(link, domain, SleepCause::Left, context),
        Gone::NotVisible | Gone::Delisted => {
            return Plan::of(
                Some(domain),
                After::Wait(Reason::Unproven),
                Reason::Unproven,
            );
        }
        Gone::Unknown if is_old(link, domain, context) => {
            return sleep(link, domain, SleepCause::Left, context);
        }
        // Nowhere to be found and newer: a delete (rule C12).
        Gone::Unknown | Gone::Deleted => {}
    }
    if level == Level::NONE {
        return sleep(link, domain, SleepCause::Level, context);
    }
    if domain.kind() == Kind::Contact && !crm.facts.on_sync_list {
        return Plan::of(Some(domain), After::Forget, Reason::RemovedFromList);
    }
    if crm.facts.part == Part::Former || crm.facts.domain != Some(domain) {
        return Plan::of(Some(domain), After::Forget, Reason::TakenOff);
    }
    match domain {
        Domain::BusinessContact | Domain::Employee => {
            if level == Level::IMPORT {
                return sleep(link, domain, SleepCause::KeptInCrm, context);
            }
            finish(domain, Op::Delist, After::Forget, Reason::Delisted)
        }
        Domain::PersonalContact | Domain::Calendar | Domain::Task => {
            if !level.imports() {
                return sleep(link, domain, SleepCause::ReceiverDeleted, context);
            }
            if context.domain(domain).no_deletes.contains(&Side::Crm) {
                return sleep(link, domain, SleepCause::DeleteForbidden, context);
            }
            deleted_by_its_user(link, crm, context)
        }
    }
}

/// Rules C5, C6, D6: what a user's delete in his mailbox means for the CRM.
fn deleted_by_its_user(link: &Link, crm: &Record, context: &Context<'_>) -> Plan {
    let domain = link.domain;
    let participant = link.form != Form::Own || crm.facts.part == Part::Participant;
    if participant && domain != Domain::PersonalContact {
        return match domain {
            Domain::Calendar => {
                let mut asleep = link.clone();
                asleep.sleep = Some(Sleep {
                    cause: SleepCause::Hidden,
                    since: context.now,
                });
                finish(
                    domain,
                    Op::Leave,
                    After::Linked(Box::new(asleep)),
                    Reason::Hidden,
                )
            }
            _ => finish(domain, Op::Leave, After::Forget, Reason::TakenOff),
        };
    }
    let edited = changed(link, Side::Crm, &occurrence::by_date(&crm.fields), context);
    if edited && !context.domain(domain).delete_wins {
        return recreate(link, crm, Reason::EditOutlives, context);
    }
    let meeting = domain == Domain::Calendar
        && (crm.facts.meeting
            || !link
                .pim
                .base
                .get(&Path::of(Field::Attendees))
                .is_none_or(Value::is_blank));
    if meeting {
        if scope::is_cancelled(&crm.fields) {
            return sleep(link, domain, SleepCause::ReceiverDeleted, context);
        }
        let changes = Fields::from([(Path::of(Field::Cancelled), Value::Flag(true))]);
        let mut asleep = link.clone();
        asleep.sleep = Some(Sleep {
            cause: SleepCause::ReceiverDeleted,
            since: context.now,
        });
        asleep
            .crm
            .base
            .insert(Path::of(Field::Cancelled), Value::Flag(true));
        let op = Op::Update {
            side: Side::Crm,
            changes,
            keep: Fields::new(),
        };
        return finish(
            domain,
            op,
            After::Linked(Box::new(asleep)),
            Reason::Cancelled,
        );
    }
    finish(
        domain,
        Op::Delete {
            side: Side::Crm,
            after_new: None,
        },
        After::Forget,
        Reason::Deleted,
    )
}

/// A copy deleted on the receiving side is made again once its source was edited (rules D1, C7).
fn made_again(link: &Link, crm: &Record, context: &Context<'_>) -> Plan {
    let edited = changed(link, Side::Crm, &occurrence::by_date(&crm.fields), context);
    if edited && scope::admit_record(crm, context).is_ok() {
        return recreate(link, crm, Reason::CrmChanged, context);
    }
    let cause = link
        .sleep
        .as_ref()
        .map_or(SleepCause::ReceiverDeleted, |sleep| sleep.cause);
    sleep(link, link.domain, cause, context)
}

fn recreate(link: &Link, crm: &Record, reason: Reason, context: &Context<'_>) -> Plan {
    let domain = link.domain;
    let level = context.level(domain);
    let Some(map) = context.maps.get(&domain).filter(|_| level.exports()) else {
        return sleep(link, domain, SleepCause::ReceiverDeleted, context);
    };
    let form = form::of_copy(crm);
    let fields = form::new_copy(domain, form, crm, map, context);
    let mut link = awake(link);
    link.form = form;
    link.crm.base = occurrence::by_date(&crm.fields);
    link.crm.version = crm.version.clone();
    link.pim.base = occurrence::by_date(&form::without_our_words(&fields, context));
    let create = Op::Create {
        side: Side::Pim,
        domain,
        fields,
        form,
        global_id: None,
        locked: false,
        owner: None,
    };
    Plan {
        domain: Some(domain),
        ops: vec![create],
        after: After::Linked(Box::new(link)),
        conflicts: vec![],
        reasons: vec![reason],
    }
}

fn both_gone(link: &Link, crm: Gone, pim: Gone) -> Plan {
    let proven = |gone: Gone| matches!(gone, Gone::Deleted | Gone::Delisted);
    match (proven(crm), pim) {
        (true, Gone::Deleted | Gone::Unknown | Gone::Delisted) => {
            Plan::of(Some(link.domain), After::Forget, Reason::Deleted)
        }
        (_, _) => Plan::of(
            Some(link.domain),
            After::Wait(Reason::Unproven),
            Reason::Unproven,
        ),
    }
}

fn finish(domain: Domain, op: Op, after: After, reason: Reason) -> Plan {
    Plan {
        domain: Some(domain),
        ops: vec![op],
        after,
        conflicts: Vec::new(),
        reasons: vec![reason],
    }
}

/// The link sleeps: it keeps its base, and nothing is written.
fn sleep(link: &Link, domain: Domain, cause: SleepCause, context: &Context<'_>) -> Plan {
    let since = match &link.sleep {
        Some(sleep) if sleep.cause == cause => sleep.since,
        Some(_) | None => context.now,
    };
    let mut asleep = link.clone();
    asleep.sleep = Some(Sleep { cause, since });
    Plan::of(
        Some(domain),
        After::Linked(Box::new(asleep)),
        Reason::Asleep(cause),
    )
}

fn awake(link: &Link) -> Link {
    let mut link = link.clone();
    link.sleep = None;
    link
}

/// Whether a mapped unit differs from the side's own image of the base; a server's own touch is no edit (rule C5).
fn changed(link: &Link, side: Side, now: &Fields, context: &Context<'_>) -> bool {
    let Some(map) = context.maps.get(&link.domain) else {
        return false;
    };
    let base = &link.end(side).base;
    now.iter().any(|(path, value)| {
        let own_words = path.field == Field::Categories;
        !own_words
            && map.maps(&path.field)
            && base
                .get(path)
                .is_some_and(|base| !model::same::same(&path.field, base, value))
    }) || now
        .keys()
        .any(|path| path.occurrence.is_some() && map.maps(&path.field) && !base.contains_key(path))
}

/// Rule C12: what vanished without a trace and is long past counts as archived.
fn is_old(link: &Link, domain: Domain, context: &Context<'_>) -> bool {
    let base = &link.pim.base;
    let rule = base.get(&Path::of(Field::Rule)).and_then(Value::as_rule);
    let at = |field| base.get(&Path::of(field));
    let last = match domain {
        Domain::BusinessContact | Domain::PersonalContact | Domain::Employee => None,
        Domain::Calendar => match (rule, at(Field::Start).and_then(Value::as_when)) {
            (Some(rule), Some(start)) => rule.last_date(start.wall().date()),
            (_, _) => at(Field::End)
                .and_then(Value::as_when)
                .map(|when| when.wall().date()),
        },
        Domain::Task => at(Field::DoneDay).and_then(Value::as_day),
    };
    let today = context.now.to_zoned(jiff::tz::TimeZone::UTC).date();
    last.is_some_and(|last| {
        last.until(today).is_ok_and(|span| {
            i64::from(span.get_days()) > i64::from(context.settings.archived_after_days)
        })
    })
}
