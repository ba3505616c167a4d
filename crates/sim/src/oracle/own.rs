//! What belongs to one person stays his: words of his own on an item, what he wrote into his copy, a start with its end.

use super::presence::late_since;
use super::{Evidence, Finding};
use crate::memory::exchange::Place;
use crate::people::crm_side::shown;
use crate::people::ledger::{Thing, alike};
use crate::people::wide::span_of;
use model::{Field, Kind, Path, Value};

/// Everything about what is one person's that is not as the rules say.
pub(super) fn judge(evidence: &Evidence<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, thing) in evidence.ledger.things.iter().filter(|(_, thing)| !thing.put_back) {
        let copies = evidence.copies(*number);
        let mut say = |text: String| findings.push(format!("thing {number}: {text}"));
        // A copy that went and was made again is a new one.
        let remade = thing.deleted || thing.relisted || thing.carried || thing.forgot || !thing.left_by.is_empty();
        for (user, _, item) in copies.items.iter().filter(|(_, _, item)| item.place == Place::Folder && !remade) {
            let words = item.fields.get(&Path::of(Field::Categories)).and_then(Value::as_set);
            for (_, word) in thing.labels.iter().filter(|(of, _)| of == *user) {
                if !words.is_some_and(|words| words.contains(word)) {
                    say(format!("{user}'s own word is gone from his item (C10, O4)"));
                }
            }
        }
        // A restored store does not know whose copy an item was whose record is gone, nor that of two copies the changed one
        // was made in place of the late one: it comes in as its holder's own.
        if !(thing.forgot && thing.deleted || late_since(evidence, *number, thing)) {
            locals(thing, &copies, &mut say);
        }
        for (_, row) in copies.rows.iter().filter(|(_, row)| row.kind == Kind::Appointment) {
            let together = span_of(&shown(row)).is_none_or(|(start, end)| {
                let is = |field, a: &model::When, b: &model::When| {
                    alike(row.domain, &Path::of(field), &Value::When(a.clone()), &Value::When(b.clone()))
                };
                thing.spans.iter().any(|(from, to)| is(Field::Start, &start, from) && is(Field::End, &end, to))
            });
            if !together {
                say("nobody ever gave this start this end (C2)".to_owned());
            }
        }
    }
    findings
}

/// P6, P7: what a participant wrote into his copy stands nowhere else.
fn locals(thing: &Thing, copies: &super::Copies<'_>, say: &mut impl FnMut(String)) {
    for (user, path, value) in &thing.locals {
        let shows = |fields: &model::Fields| fields.get(path).is_some_and(|is| alike(thing.domain, path, is, value));
        let others = copies.items.iter().filter(|(of, _, _)| *of != user);
        if copies.rows.iter().any(|(_, row)| shows(&row.fields))
            || others.into_iter().any(|(_, _, it)| shows(&it.fields))
        {
            say(format!("what {user} wrote into his copy of another's meeting went further (P6)"));
        }
    }
}
