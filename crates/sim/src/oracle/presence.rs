//! Which records stand where: as many as people made, no doubles, none lost, nobody else's.

use super::{Copies, Evidence, Finding};
use crate::executor::block_on;
use crate::memory::crm::Row;
use crate::memory::exchange::{Item, Place};
use crate::people::ledger::{Thing, number_of};
use model::{Domain, Field, Kind, Path, RecordId, Side, SleepCause, UserId, Value};

/// Everything about presence that is not as the rules say.
pub(super) fn judge(evidence: &Evidence<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, thing) in &evidence.ledger.things {
        let copies = evidence.copies(*number);
        let mut say = |text: String| findings.push(format!("thing {number}: {text}"));
        if !thing.may_be_remade() && !late_since(evidence, *number, thing) {
            doubles(evidence, &copies, &mut say);
        }
        strangers(thing, &copies, &mut say);
        if thing.put_back {
            continue;
        }
        existence(evidence, *number, thing, &copies, &mut say);
        for (user, _, _) in evidence.users {
            in_mailbox(evidence, thing, user, &copies, &mut say);
        }
    }
    findings
}

/// A restored store does not know a copy that showed late, nor what became of it since: it is the twin of the one made in
/// its place only while both say the same.
pub(super) fn late_since(evidence: &Evidence<'_>, number: u64, thing: &Thing) -> bool {
    let mut items = evidence.sides.exchange.mailboxes.values().flat_map(|mailbox| mailbox.items.values());
    thing.forgot && items.any(|item| item.late && number_of(item.kind, &item.fields) == Some(number))
}

/// C, P1: one record, one copy for each user.
fn doubles(evidence: &Evidence<'_>, copies: &Copies<'_>, say: &mut impl FnMut(String)) {
    for (user, _, _) in evidence.users {
        let visible = copies.rows.iter().filter(|(_, row)| evidence.sides.crm.shows(user, row));
        if visible.count() > 1 {
            say(format!("{user} sees it twice in the CRM"));
        }
        let items = copies.items.iter().filter(|(of, _, _)| *of == user);
        if items.count() > 1 {
            say(format!("{user} has it twice in the mailbox"));
        }
    }
}

/// A restored store takes a person's copy for what it was copied from, when that went meanwhile: what the copy said stands in
/// the history then.
pub(super) fn taken_for_its_original(evidence: &Evidence<'_>, number: u64, thing: &Thing) -> bool {
    let of = |line: &store::History| number_of(thing.domain.kind(), &line.overruled) == Some(number);
    thing.forgot && thing.copy && evidence.history.iter().any(of)
}

/// Invariant 12: no canary of one user at another.
fn strangers(thing: &Thing, copies: &Copies<'_>, say: &mut impl FnMut(String)) {
    for (user, _, _) in &copies.items {
        if !thing.entitled.contains(*user) {
            say(format!("{user} has what was never his"));
        }
    }
}

/// C4, C5: nothing goes without a person's delete, nothing deleted comes back without an edit that outlived.
fn existence(evidence: &Evidence<'_>, number: u64, thing: &Thing, copies: &Copies<'_>, say: &mut impl FnMut(String)) {
    // What an invitation brought is its receiver's, whatever became of the meeting.
    let own = |(_, _, item): &(_, _, &Item)| !item.is_received();
    let gone = copies.rows.is_empty() && !copies.items.iter().any(own);
    let listed_only = thing.domain == Domain::BusinessContact && !thing.left_by.is_empty();
    if gone && !thing.deleted {
        // A contact that only a mailbox held, deleted there while its import was under way.
        if !listed_only && !taken_for_its_original(evidence, number, thing) {
            say("lost: it stands nowhere, and nobody deleted it".to_owned());
        }
        return;
    }
    let cancelled = copies.rows.iter().any(|(_, row)| is_cancelled(row));
    let outlived = thing.peopled || super::values::outliving(evidence, number);
    // Taken off the list in the CRM and deleted in the mailbox as well: the record is not the mailbox's any more.
    let unlisted = thing.domain.kind() == Kind::Contact
        && (thing.relisted || copies.items.is_empty() && copies.rows.iter().all(|(_, row)| row.listed.is_empty()));
    // A restored store may not know that the item had come in: its category brings it in once more (rule O3). A record that
    // an edit outlived is made again for its holder (rule C5). A copy that shows late comes in as his own (decision 10).
    for (_, row) in copies.rows.iter().filter(|(_, row)| row.kind == Kind::Contact && !thing.forgot && !thing.deleted) {
        let late = |user: &UserId| copies.items.iter().any(|(holder, _, item)| *holder == user && item.late);
        for user in row.listed.intersection(&thing.off).filter(|user| !late(user)) {
            say(format!(
                "{user} was taken off its Sync List, nobody touched his item since, and he is on it again (O2)"
            ));
        }
    }
    if !gone && thing.deleted && !cancelled && !outlived && !unlisted && !thing.carried && !thing.unclear {
        say("a person deleted it, nothing outlived that, and it stands".to_owned());
    }
}

/// Rules O1, D6, C6: who has a copy, and who has none.
fn in_mailbox(
    evidence: &Evidence<'_>,
    thing: &Thing,
    user: &UserId,
    copies: &Copies<'_>,
    say: &mut impl FnMut(String),
) {
    let crm = &evidence.sides.crm;
    // Of several that may stand, one he should have is enough.
    let rows = copies.rows.iter().filter(|(_, row)| crm.shows(user, row));
    let item = copies.items.iter().find(|(of, _, _)| *of == user);
    let moved = item.is_some_and(|(_, _, item)| item.place == Place::Other);
    let should = rows.map(|(_, row)| should_have(row, user, evidence)).min();
    match (should, item) {
        (Some(Should::Have), None) if !(thing.carried || thing.unclear && thing.was_deleted_by(user)) => {
            say(format!("{user} lacks a copy"))
        }
        // What a real invitation brought stays where it is (rule D6).
        (Some(Should::Lack), Some((_, _, item))) if !moved && enters(item) && !item.is_received() => {
            say(format!("{user} has a copy that should be gone"));
        }
        // A restored store does not know whose copy it was, and takes nothing away that it does not know (rule C4): a guest's
        // copy of a meeting that went meanwhile brings nothing in, and stays until he deletes it.
        (None, Some((_, _, item))) if thing.forgot && thing.deleted && item.meeting_copy => {}
        (None, Some((_, id, item)))
            if !moved && enters(item) && !item.is_received() && !is_given_time(evidence, user, item, id) =>
        {
            say(format!("{user}'s item has no record in the CRM"));
        }
        (_, _) => {}
    }
}

/// Whether an item waits for its record to be seen again (rule O2): dug up by its owner, it does not show to all who had it.
fn is_given_time(evidence: &Evidence<'_>, user: &UserId, item: &Item, id: &RecordId) -> bool {
    let pairing = evidence.users.iter().find(|(of, _, _)| of == user).map(|(_, pairing, _)| pairing);
    let link = pairing.map(|pairing| block_on(evidence.store.link_of(pairing, Side::Pim, item.kind, id)));
    let sleep = link.and_then(Result::ok).flatten().and_then(|link| link.sleep);
    sleep.is_some_and(|sleep| sleep.cause == SleepCause::NotVisible)
}

/// What a record means for a user's mailbox; of several records the first of these counts.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Should {
    Have,
    Either,
    Lack,
}

fn should_have(row: &Row, user: &UserId, evidence: &Evidence<'_>) -> Should {
    let listed = row.listed.contains(user);
    match row.kind {
        Kind::Contact if listed => Should::Have,
        Kind::Contact => Should::Lack,
        Kind::Appointment if is_cancelled(row) || row.hidden.contains(user) => Should::Either,
        Kind::Appointment | Kind::Task => match row.part(user, &evidence.sides.crm.members) {
            // Exchange itself brings such a meeting; who deleted his copy before we saw it has none.
            Some(model::Part::Participant) if row.locked => Should::Either,
            Some(model::Part::Owner | model::Part::Participant) => Should::Have,
            Some(model::Part::Former) => Should::Lack,
            None => Should::Either,
        },
    }
}

/// O3, O6: whether an item of the mailbox enters the CRM by itself.
fn enters(item: &Item) -> bool {
    match item.kind {
        Kind::Appointment | Kind::Task => true,
        Kind::Contact => {
            let words = item.fields.get(&Path::of(Field::Categories)).and_then(Value::as_set);
            let ours = [Domain::BusinessContact, Domain::PersonalContact].map(Domain::default_category);
            words.is_some_and(|words| ours.iter().any(|word| words.contains(*word)))
        }
    }
}

/// C6: the meeting was called off.
pub(super) fn is_cancelled(row: &Row) -> bool {
    row.fields.get(&Path::of(Field::Cancelled)).and_then(Value::as_flag).unwrap_or(false)
}
