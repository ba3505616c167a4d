//! Series: occurrences moved and cancelled, rules and times changed, on either side.

use super::People;
use super::crm_side::shown;
use super::ledger::{self, by_date};
use super::pim_side::address;
use super::values::later;
use crate::memory::Sides;
use crate::memory::crm::Crm;
use crate::memory::crm_write::set;
use crate::memory::shape::{drop_exceptions, rule};
use jiff::civil::DateTime;
use model::{Field, Fields, Path, Side, UserId, Value, When};

/// What a person does to a series.
enum Twist {
    /// To exceptions.
    Exception(Fields),
    /// To the rule or the series' time: exceptions may go.
    Whole(Fields),
}

impl People {
    /// A rule for an appointment; its start begins it.
    pub(super) fn make_series(&mut self, fields: &mut Fields) {
        let start = fields.get(&Path::of(Field::Start)).and_then(Value::as_when);
        let Some(first) = start.map(|start| start.wall().date()) else {
            return;
        };
        let rule = self.rule(first);
        fields.insert(Path::of(Field::Rule), Value::Rule(rule));
        let start = fields.get(&Path::of(Field::Start)).filter(|start| start.as_when().is_some_and(When::is_day));
        if let Some(start) = start.filter(|_| self.strict).cloned() {
            fields.insert(Path::of(Field::End), start);
        }
    }

    fn twist(&mut self, fields: &Fields, side: Side) -> Option<Twist> {
        let start = fields.get(&Path::of(Field::Start)).and_then(Value::as_when)?.clone();
        let end = fields.get(&Path::of(Field::End)).and_then(Value::as_when)?.clone();
        let of = rule(fields)?.clone();
        let first = start.wall().date();
        if self.dice.chance(150) {
            let rule = self.rule(first);
            return Some(Twist::Whole([(Path::of(Field::Rule), Value::Rule(rule))].into()));
        }
        if self.dice.chance(150) && !start.is_day() {
            let at = self.clock_time(first);
            return Some(Twist::Whole(
                [
                    (Path::of(Field::Start), Value::When(start.with_wall(at))),
                    (Path::of(Field::End), Value::When(end.with_wall(later(at, 60)))),
                ]
                .into(),
            ));
        }
        let dates: Vec<_> = of.dates(first).take(6).collect();
        let date = *self.dice.pick(&dates)?;
        let original = date.to_datetime(start.wall().time());
        if self.lively && !self.strict && self.dice.chance(400) {
            return self.said_of_one(fields, side, original).map(Twist::Exception);
        }
        Some(Twist::Exception(self.exception(fields, &start, original)))
    }

    /// An occurrence has a place or a text of its own; in the CRM it is given back to its series as well.
    fn said_of_one(&mut self, fields: &Fields, side: Side, original: DateTime) -> Option<Fields> {
        let state = Path::occurrence(original, Field::State);
        let is_own = fields.keys().any(|path| path.occurrence == Some(original));
        match fields.get(&state).and_then(Value::as_text) {
            Some("cancelled") => None,
            _ if is_own && side == Side::Crm && self.dice.chance(400) => Some([(state, Value::Null)].into()),
            _ => {
                let field = if self.dice.chance(500) { Field::Location } else { Field::Body };
                let text = Value::text(self.text());
                Some([(state, Value::text("modified")), (Path::occurrence(original, field), text)].into())
            }
        }
    }

    /// An occurrence is cancelled or moved; a cancelled one comes back.
    fn exception(&mut self, fields: &Fields, start: &When, original: DateTime) -> Fields {
        let state = Path::occurrence(original, Field::State);
        let is = fields.get(&state).and_then(Value::as_text);
        if is == Some("cancelled") {
            return [(state, Value::Null)].into();
        }
        if self.dice.chance(400) || start.is_day() {
            let mut changes: Fields = fields
                .keys()
                .filter(|path| path.occurrence == Some(original))
                .map(|path| (path.clone(), Value::Null))
                .collect();
            changes.insert(state, Value::text("cancelled"));
            return changes;
        }
        let at = self.clock_time(original.date());
        [
            (state, Value::text("modified")),
            (Path::occurrence(original, Field::Start), Value::When(start.with_wall(at))),
            (Path::occurrence(original, Field::End), Value::When(start.with_wall(later(at, 30)))),
        ]
        .into()
    }

    pub(super) fn except_in_crm(&mut self, crm: &mut Crm, user: &UserId) -> Option<String> {
        let (id, number) = self.pick_in_crm(crm, user)?;
        let row = crm.rows.get(&id)?;
        let before = shown(row);
        let owner = row.owner.clone();
        let (Twist::Exception(changes) | Twist::Whole(changes)) = self.twist(&before, Side::Crm)?;
        self.ledger.give(number, Side::Crm, &before, &changes);
        crm.change(&id, |row| set(row, &owner, &changes));
        let after = by_date(&crm.rows.get(&id)?.fields);
        let first = after.get(&Path::of(Field::Start)).and_then(Value::as_when).map(|start| start.wall().date());
        let of = rule(&after).cloned();
        // What does not fall on the series any more went with the person's consent.
        self.ledger.displace_exceptions(number, |path| match (&of, first, path.occurrence) {
            (Some(of), Some(first), Some(at)) => of.falls_on(first, at.date()),
            (_, _, _) => true,
        });
        self.displace_states(number, &changes);
        Some(format!("twists {id} (thing {number}) {:?}", changes.keys().collect::<Vec<_>>()))
    }

    pub(super) fn except_in_mailbox(&mut self, sides: &mut Sides, user: &UserId) -> Option<String> {
        let held = self.pick_held(sides, user, |held| held.own)?;
        let address = address(&sides.crm, user)?;
        let mailbox = sides.exchange.mailboxes.get_mut(&address)?;
        let before = mailbox.items.get(&held.id)?.record(&held.id).fields;
        let twist = self.twist(&before, Side::Pim)?;
        let (Twist::Exception(changes) | Twist::Whole(changes)) = &twist;
        // A cancelled occurrence cannot be had back in the mailbox one by one.
        let back = changes
            .iter()
            .any(|(path, value)| path.occurrence.is_some() && path.field == Field::State && value.is_blank());
        if back {
            return None;
        }
        self.ledger.give(held.number, Side::Pim, &before, changes);
        let whole = matches!(twist, Twist::Whole(_));
        if whole {
            // With those that he saw; of the others he knows nothing.
            let seen = by_date(&before);
            self.ledger.displace_exceptions(held.number, |path| !seen.contains_key(path));
            if seen.keys().any(|path| path.occurrence.is_some()) {
                // An edit that gives no value: whether it outlives a delete depends on what was agreed (C5).
                self.ledger.unclear(held.number);
            }
        }
        self.displace_states(held.number, changes);
        self.out_of_the_series(&sides.crm, held.number);
        mailbox.change(&held.id, |item| {
            item.set(changes);
            if whole {
                drop_exceptions(&mut item.fields);
            }
        });
        let said = crate::trace::fields(changes);
        self.send_updates(sides, &address, &held.id);
        Some(format!("twists {} (thing {}) {said}", held.id, held.number))
    }

    /// What somebody made of an occurrence that the series has no more in the CRM went with the new rule (R3), also when a
    /// later one has it again.
    fn out_of_the_series(&mut self, crm: &Crm, number: u64) {
        let rows = crm.rows.values().filter(|row| ledger::number_of(row.kind, &row.fields) == Some(number));
        let series: Vec<_> = rows
            .filter_map(|row| {
                let first = row.fields.get(&Path::of(Field::Start)).and_then(Value::as_when)?.wall().date();
                Some((rule(&row.fields)?.clone(), first))
            })
            .collect();
        self.ledger.displace_exceptions(number, |path| match path.occurrence {
            Some(at) => series.iter().all(|(of, first)| of.falls_on(*first, at.date())),
            None => true,
        });
    }

    /// An occurrence is cancelled or put back as a whole: what anybody said about it before is overwritten.
    fn displace_states(&mut self, number: u64, changes: &Fields) {
        let whole: Vec<_> = changes
            .iter()
            .filter(|(path, value)| path.field == Field::State && value.as_text() != Some("modified"))
            .filter_map(|(path, _)| path.occurrence.map(|at| at.date()))
            .collect();
        self.ledger.displace_exceptions(number, |path| {
            let state = path.field == Field::State;
            state || !path.occurrence.is_some_and(|at| whole.contains(&at.date()))
        });
    }
}
