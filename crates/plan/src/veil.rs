//! What became private where private ones are skipped (rule O8): the CRM keeps "Private", the time and the owner.

use crate::asleep::finish;
use crate::context::Context;
use crate::operation::{After, Op, Plan, Reason};
use model::{Domain, Field, Fields, Link, Path, Record, Side, Sleep, SleepCause, Value};

/// What a reduced record still says.
const KEPT: [Field; 8] = [
    Field::Start,
    Field::End,
    Field::Rule,
    Field::StartDay,
    Field::DueDay,
    Field::Organizer,
    Field::Private,
    Field::Status,
];

/// The owner's copy of a linked record became private: a record born in the mailbox is reduced in the CRM, one born in
/// the CRM keeps its values and gets its flag. Either way the link sleeps.
pub(crate) fn veil(link: &Link, domain: Domain, crm: &Record, context: &Context<'_>) -> Plan {
    let mut asleep = link.clone();
    asleep.sleep = Some(Sleep { cause: SleepCause::Private, since: context.now });
    let changes = match link.born {
        Side::Crm => Fields::from([(Path::of(Field::Private), Value::Flag(true))]),
        Side::Pim => reduced(crm),
    };
    if link.born == Side::Pim {
        // Nothing of what it said stays with us either; what it says again is read from the mailbox.
        asleep.crm.base.clear();
        asleep.pim.base.clear();
    }
    asleep.pim.base.insert(Path::of(Field::Private), Value::Flag(true));
    asleep.crm.base.insert(Path::of(Field::Private), Value::Flag(true));
    let changes: Fields = changes.into_iter().filter(|(path, value)| crm.fields.get(path) != Some(value)).collect();
    let after = After::Linked(Box::new(asleep));
    if changes.is_empty() {
        return Plan::of(Some(domain), after, Reason::Private);
    }
    finish(domain, Op::Update { side: Side::Crm, changes, keep: Fields::new() }, after, Reason::Private)
}

fn reduced(crm: &Record) -> Fields {
    crm.fields
        .iter()
        .filter(|(path, value)| {
            path.occurrence.is_some() && path.field != Field::State || !KEPT.contains(&path.field) && !value.is_blank()
        })
        .map(|(path, _)| {
            let value = match (&path.occurrence, &path.field) {
                (None, Field::Subject) => Value::text("Private"),
                (None, Field::ShowAs) => Value::text("Busy"),
                (_, _) => Value::Null,
            };
            (path.clone(), value)
        })
        .chain([(Path::of(Field::Private), Value::Flag(true))])
        .collect()
}

/// The flag was cleared: what the mailbox says fills the record again, so every field counts as the mailbox's change.
pub(crate) fn lifted(link: &Link, crm: &Record, pim: &Record) -> Link {
    let mut link = link.clone();
    link.sleep = None;
    for path in pim.fields.keys() {
        if let Some(value) = crm.fields.get(path) {
            link.crm.base.insert(path.clone(), value.clone());
            link.pim.base.insert(path.clone(), Value::Null);
        }
    }
    link
}
