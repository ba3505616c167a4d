//! What became private where private ones are skipped (rule O8): the CRM keeps "Private", the time and the owner.

use crate::asleep::finish;
use crate::context::Context;
use crate::occurrence::by_date;
use crate::operation::{After, Op, Plan, Reason};
use model::same::same;
use model::{Domain, Field, Fields, Kind, Link, Part, Path, Record, Side, Sleep, SleepCause, Value};

/// What a reduced record still says of itself.
const KEPT: [Field; 3] = [Field::Organizer, Field::Private, Field::Status];

/// What it still says of itself and of its occurrences: when they are, and which of them were called off.
const TIMES: [Field; 6] = [Field::Start, Field::End, Field::Rule, Field::StartDay, Field::DueDay, Field::State];

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

/// Whose history and questions must lose the values of a record that became private (rule O8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// This user's: he takes part in what is private to somebody else.
    Mine,
    /// Everybody's: the record was born in the mailbox, and private ones are skipped.
    Everybody,
}

/// Whether a plan takes a record's values out of what is remembered, beyond undo.
#[must_use]
pub fn silence(plan: &Plan, before: Option<&Link>, crm: Option<&Record>) -> Option<Silence> {
    let before = before?;
    if let After::Linked(link) = &plan.after
        && link.born == Side::Pim
        && slept_private(link)
        && !slept_private(before)
    {
        return Some(Silence::Everybody);
    }
    let known = before.crm.base.get(&Path::of(Field::Private)).and_then(Value::as_flag).unwrap_or(false);
    let theirs = crm.is_some_and(|crm| crm.is_private() && crm.facts.part != Part::Owner);
    // A link whose bases are empty was scrubbed by the owner's cycle: what this user's own shows of it is not kept either.
    let scrubbed = before.crm.base.is_empty() && before.pim.base.is_empty();
    ((scrubbed || theirs && !known) && before.kind != Kind::Contact).then_some(Silence::Mine)
}

/// Whether the link sleeps because its record became private.
pub(crate) fn slept_private(link: &Link) -> bool {
    matches!(&link.sleep, Some(asleep) if asleep.cause == SleepCause::Private)
}

/// Whether both sides knew the mailbox's copy as private already.
pub(crate) fn was_private(link: &Link) -> bool {
    link.pim.base.get(&Path::of(Field::Private)).and_then(Value::as_flag).unwrap_or(false)
}

/// Whether the CRM's record was reduced and not filled again since, whatever the link sleeps for by now: of what the mailbox
/// said nothing is known but the flag. What the CRM says in place of the private words is never the mailbox's to take.
#[must_use]
pub fn is_reduced(link: &Link) -> bool {
    let flag = (Path::of(Field::Private), Value::Flag(true));
    let own = link.born == Side::Pim && link.kind != Kind::Contact;
    own && link.pim.base.iter().eq([(&flag.0, &flag.1)])
}

fn reduced(crm: &Record) -> Fields {
    crm.fields
        .iter()
        .filter(|(path, value)| {
            let kept = TIMES.contains(&path.field) || path.occurrence.is_none() && KEPT.contains(&path.field);
            !kept && !value.is_blank()
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

/// The flag was cleared: what the mailbox says fills the record again, so every field counts as the mailbox's change; of
/// an occurrence also that it is as its series again.
pub(crate) fn lifted(link: &Link, crm: &Record, pim: &Record) -> Link {
    let mut link = link.clone();
    link.sleep = None;
    let (crm, pim) = (by_date(&crm.fields), by_date(&pim.fields));
    for path in pim.keys().chain(crm.keys().filter(|path| !pim.contains_key(*path))) {
        let of = |fields: &Fields| fields.get(path).cloned().or_else(|| path.occurrence.map(|_| Value::Null));
        if let (Some(value), Some(says)) = (of(&crm), of(&pim)) {
            // What the mailbox leaves blank is its change as well, so it counts as having said what the CRM shows.
            let unlike = if same(&path.field, &says, &Value::Null) { value.clone() } else { Value::Null };
            link.crm.base.insert(path.clone(), value);
            link.pim.base.insert(path.clone(), unlike);
        }
    }
    link
}
