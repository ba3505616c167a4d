//! What records say: both sides the same on mapped fields, and nothing that people wrote lost.

use super::presence::{is_cancelled, late_since, taken_for_its_original};
use super::{Evidence, Finding};
use crate::memory::crm::Row;
use crate::memory::exchange::{Item, Place};
use crate::memory::lens::cut;
use crate::people::crm_side::shown;
use crate::people::ledger::{Given, Thing, alike, by_date};
use model::same::same;
use model::{Domain, Field, Fields, Kind, Path, RecordId, Side, UserId, Value};
use std::collections::BTreeSet;

/// Everything about values that is not as the rules say.
pub(super) fn judge(evidence: &Evidence<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, thing) in &evidence.ledger.things {
        let copies = evidence.copies(*number);
        for (user, id, item) in &copies.items {
            // Its organiser deleted it while his mailbox was looked for, or after he had moved it away and back unseen: whether
            // that was a delete is not known (rules M4, C12), and what he had sent out before is nobody else's to bring in
            // (rule P3).
            if item.is_received() && thing.deleted && (thing.unclear || thing.carried) {
                continue;
            }
            // What was made again of it beside the one that came back are two.
            let uncertain = thing.may_be_remade() || late_since(evidence, *number, thing);
            for (_, row) in copies.rows.iter().filter(|_| !uncertain) {
                if item.place == Place::Folder && is_linked(evidence, user, row) {
                    let differing = differing(evidence, user, row, id, item);
                    if !differing.is_empty() {
                        let text = "both sides differ in";
                        findings.push(format!("thing {number}: {user}: {text} {differing:?}"));
                    }
                }
            }
        }
        let lost = if thing.put_back { Vec::new() } else { lost(evidence, *number) };
        for given in lost {
            findings.push(format!(
                "thing {number} ({}): what a person wrote into {} ({:?}) is lost",
                thing.domain, given.path, given.side
            ));
        }
    }
    findings
}

/// Whether the rules say that this user's item and this record are one.
fn is_linked(evidence: &Evidence<'_>, user: &UserId, row: &Row) -> bool {
    let crm = &evidence.sides.crm;
    match row.kind {
        Kind::Contact => crm.shows(user, row) && row.listed.contains(user),
        Kind::Appointment | Kind::Task => {
            !is_cancelled(row)
                && !row.hidden.contains(user)
                && matches!(row.part(user, &crm.members), Some(model::Part::Owner | model::Part::Participant))
        }
    }
}

/// The mapped fields in which a record and its copy differ (C2, P7).
fn differing(evidence: &Evidence<'_>, user: &UserId, row: &Row, id: &RecordId, item: &Item) -> Vec<Path> {
    let crm = by_date(&shown(row));
    let pim = by_date(&item.record(id).fields);
    let cancelled = |fields: &Fields| -> BTreeSet<_> {
        fields
            .iter()
            .filter(|(path, value)| path.field == Field::State && value.as_text() == Some("cancelled"))
            .map(|(path, _)| path.occurrence)
            .collect()
    };
    let skipped: BTreeSet<_> = cancelled(&crm).intersection(&cancelled(&pim)).copied().collect();
    // What a participant wrote into his copy stays there until the owner changes it (rules D1, P6).
    let number = crate::people::ledger::number_of(row.kind, &row.fields);
    let thing = number.and_then(|number| evidence.ledger.things.get(&number));
    let local = |path: &Path| {
        thing.is_some_and(|thing| {
            thing.locals.iter().any(|(of, at, value)| {
                of == user && at == path && pim.get(path).is_some_and(|is| alike(row.domain, path, is, value))
            })
        })
    };
    let own = row.owner == *user && !item.is_received();
    if thing.is_some_and(|thing| thing.put_back) && !own {
        // What is put back in one participant's copy is his own there, as if he had written it (rules P6, W3).
        return Vec::new();
    }
    // A restored store does not know that a participant's copy agreed: what it showed once counts as his own.
    let forgotten = |path: &Path| {
        let shown = |given: &Given, is| given.path == *path && alike(row.domain, path, &given.value, is);
        let once = |thing: &Thing| pim.get(path).is_some_and(|is| thing.given.iter().any(|given| shown(given, is)));
        !own && thing.is_some_and(|thing| thing.forgot && once(thing))
    };
    let paths: BTreeSet<&Path> = crm.keys().chain(pim.keys()).collect();
    paths
        .into_iter()
        .filter(|path| is_compared(row.kind, own, &path.field))
        .filter(|path| path.occurrence.is_none() || !skipped.contains(&path.occurrence))
        .filter(|path| !local(path) && !forgotten(path))
        .filter(|path| {
            let there = crm.get(path).cloned().unwrap_or(Value::Null);
            let there = match &path.field {
                Field::Subject if row.kind == Kind::Appointment && !own && item.organizer.is_none() => {
                    as_participant(evidence, row, &there)
                }
                _ => there,
            };
            let here = pim.get(path).cloned().unwrap_or(Value::Null);
            !alike(row.domain, path, &there, &here)
        })
        .cloned()
        .collect()
}

/// P5: a participant's plain copy says whose meeting it is.
fn as_participant(evidence: &Evidence<'_>, row: &Row, subject: &Value) -> Value {
    let owner = evidence.sides.crm.members.get(&row.owner);
    match (owner, subject) {
        (Some(owner), Value::Text(text)) => Value::text(cut(&format!("{}: {}", owner.name, cut(text)))),
        (_, value) => value.clone(),
    }
}

fn is_compared(kind: Kind, own: bool, field: &Field) -> bool {
    match field {
        // Which of the fields of an occurrence differ says that it is modified.
        Field::State => true,
        Field::Categories | Field::Organizer | Field::Cancelled | Field::Attendees => false,
        Field::Private => kind != Kind::Contact && own,
        Field::Reminder | Field::ShowAs => own,
        Field::ActivityType => kind == Kind::Appointment,
        _ => true,
    }
}

/// Values that people gave, nobody overwrote, and that neither stand nor are told in the history (C3).
fn lost<'a>(evidence: &'a Evidence<'_>, number: u64) -> Vec<&'a Given> {
    let copies = evidence.copies(number);
    let Some(thing) = evidence.ledger.things.get(&number) else {
        return Vec::new();
    };
    if taken_for_its_original(evidence, number, thing) {
        return Vec::new();
    }
    thing
        .given
        .iter()
        .filter(|given| !given.overwritten && !given.value.is_blank())
        .filter(|given| {
            let buried = thing.buried.get(&given.path).filter(|_| thing.deleted);
            !buried.is_some_and(|said| alike(thing.domain, &given.path, said, &given.value))
        })
        .filter(|given| given.path.occurrence.is_none_or(|at| falls(&copies, at.date())))
        .filter(|given| {
            let crm = copies.rows.iter().any(|(_, row)| stands(thing.domain, given, Side::Crm, &by_date(&shown(row))));
            let pim = copies
                .items
                .iter()
                .any(|(_, id, item)| stands(thing.domain, given, Side::Pim, &by_date(&item.record(id).fields)));
            // Between strangers nothing gives way to a blank, told or not (rule M3); who clears it himself writes one.
            let answers = |other: &Given| other.side != given.side || other.value.is_blank();
            let answered = thing.given.iter().any(|other| other.path == given.path && answers(other));
            // Changed and changed back it is no change, and the other side's goes over (rule C1).
            let of_unit = |other: &&Given| other.side != given.side && other.path.unit() == given.path.unit();
            // A restored store takes for the other side's what it had carried there itself since.
            let elsewhere =
                given.agreed == Some(true) && (thing.forgot || thing.given.iter().any(|other| of_unit(&other)));
            let gave_way = thing.both && !answered && blank(&copies, &given.path);
            // It takes a person's copy for what that was copied from, too: the record says now what both did. So does one that
            // looks for an item of another id under its mark, and finds the copy first.
            let mixed = thing.copied && (thing.forgot || thing.carried) && {
                let mut rows = evidence.sides.crm.rows.values().filter(|row| row.kind == thing.domain.kind());
                rows.any(|row| stands(thing.domain, given, Side::Crm, &by_date(&shown(row))))
            };
            !crm && !pim && !elsewhere && !mixed && (gave_way || !is_told(evidence, number, given))
        })
        .collect()
}

/// Whether no copy says anything there.
fn blank(copies: &super::Copies<'_>, path: &Path) -> bool {
    let says = |fields: &Fields| fields.get(path).is_some_and(|value| !value.is_blank());
    !copies.rows.iter().any(|(_, row)| says(&row.fields)) && !copies.items.iter().any(|(_, _, item)| says(&item.fields))
}

/// Whether the series, as it stands anywhere, has a date on that day: else an exception has no place any more (R3).
fn falls(copies: &super::Copies<'_>, day: jiff::civil::Date) -> bool {
    let rows = copies.rows.iter().map(|(_, row)| &row.fields);
    let items = copies.items.iter().map(|(_, _, item)| &item.fields);
    rows.chain(items).any(|fields| {
        let start = fields.get(&Path::of(Field::Start)).and_then(Value::as_when);
        let of = crate::memory::shape::rule(fields);
        of.zip(start).is_some_and(|(of, start)| of.falls_on(start.wall().date(), day))
    })
}

/// Whether a copy shows the value; the mailbox alone does not hold what it cut.
fn stands(domain: Domain, given: &Given, side: Side, fields: &Fields) -> bool {
    let called_off = given.path.occurrence.is_some_and(|at| {
        let state = fields.get(&Path::occurrence(at, Field::State));
        state.and_then(Value::as_text) == Some("cancelled")
    });
    let shown = fields.get(&given.path);
    let same_there = shown.is_some_and(|shown| {
        let exact = same(&given.path.field, shown, &given.value);
        let as_there = alike(domain, &given.path, shown, &given.value);
        match (given.side, side, &given.path.field) {
            (Side::Crm, Side::Pim, Field::Subject) => exact,
            (_, Side::Crm, Field::Subject) => exact,
            (_, _, _) => as_there,
        }
    });
    called_off || same_there
}

/// C3: the history keeps what was overruled.
fn is_told(evidence: &Evidence<'_>, number: u64, given: &Given) -> bool {
    let crm = &evidence.sides.crm;
    let of = |line: &store::History| {
        let id = line.crm.as_ref()?;
        let standing = crm.rows.get(id).map(|row| crate::people::ledger::number_of(row.kind, &row.fields));
        standing.unwrap_or_else(|| crm.tombstones.get(id).and_then(|stone| stone.thing))
    };
    // Days and minutes are no canaries: what is told of another thing tells nothing of this one.
    // What was overruled may name it itself, whatever the record says by now.
    let names =
        |line: &store::History| crate::people::ledger::number_of(line.domain.kind(), &line.overruled) == Some(number);
    let mut lines = evidence.history.iter().filter(|line| names(line) || of(line).is_none_or(|thing| thing == number));
    lines.any(|line| tells(line, line.domain, given))
}

/// Whether a line of the history keeps a value that was overruled.
pub(super) fn tells(line: &store::History, domain: Domain, given: &Given) -> bool {
    let overruled = by_date(&line.overruled);
    overruled.iter().any(|(path, value)| *path == given.path && alike(domain, path, value, &given.value))
}

/// Whether something that a person wrote and nobody did away with keeps a deleted thing alive (C5). What the history tells
/// was overruled, unless it stands all the same: it is told before it is overwritten.
pub(super) fn outliving(evidence: &Evidence<'_>, number: u64) -> bool {
    let copies = evidence.copies(number);
    let Some(thing) = evidence.ledger.things.get(&number) else {
        return false;
    };
    let stands = |given: &Given| {
        let shows = |fields: &Fields| stands(thing.domain, given, given.side, &by_date(fields));
        match given.side {
            Side::Crm => copies.rows.iter().any(|(_, row)| shows(&shown(row))),
            Side::Pim => copies.items.iter().any(|(_, id, item)| shows(&item.record(id).fields)),
        }
    };
    thing.given.iter().any(|given| !given.overwritten && (!is_told(evidence, number, given) || stands(given)))
}
