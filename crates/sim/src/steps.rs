//! Every single step: one scenario over all five domains, in which each place is struck once, and its end compared with
//! the undisturbed one.

use crate::dice::{Dice, Hand};
use crate::faults::{Fault, Faults};
use crate::memory::exchange::Place;
use crate::people::ledger::{by_date, number_of};
use crate::places::Blow;
use crate::through::Through;
use crate::world::World;
use model::Fields;
use std::collections::BTreeMap;
use std::ops::AddAssign;

/// The world of the scenario.
const SEED: u64 = 11;
/// What people do before the first cycle, and after it.
const BEFORE: usize = 30;
const AFTER: usize = 400;
/// Employees that everybody lists.
const EMPLOYEES: usize = 4;
/// Cycles of everybody while something goes wrong.
const ROUNDS: usize = 2;

/// Where the process is stopped, or what fails, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strike {
    /// The process is stopped at a step.
    Stop(u64),
    /// Something fails at a place.
    Blow(Blow, u64),
}

/// How many strikes of each kind were tried, and what came of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    /// Stops.
    pub stops: u64,
    /// Failed calls of the store.
    pub store_calls: u64,
    /// Failed statements.
    pub statements: u64,
    /// Calls to a side that failed, in each way.
    pub calls: u64,
    /// Broken promises.
    pub findings: Vec<String>,
}

impl AddAssign for Tried {
    fn add_assign(&mut self, other: Tried) {
        self.stops += other.stops;
        self.store_calls += other.store_calls;
        self.statements += other.statements;
        self.calls += other.calls;
        self.findings.extend(other.findings);
    }
}

/// What stands on both sides, by thing: what people see, without ids and versions.
type Shape = BTreeMap<(u64, String), Vec<String>>;

/// The scenario as it stands before the cycles in which something goes wrong.
struct Scenario(World);

impl Scenario {
    fn new(through: Through) -> Scenario {
        let mut world = World::on(through, SEED, Faults::default(), Dice::of(SEED, Hand::World));
        world.employ(EMPLOYEES);
        world.busy(BEFORE);
        world.settle_down();
        world.busy(AFTER);
        Scenario(world)
    }

    /// Cycles of everybody. Stops are counted from here.
    fn play(&mut self) {
        for _ in 0..ROUNDS {
            for place in 0..self.0.users.len() {
                self.0.read_crm();
                self.0.cycle(place);
            }
        }
    }

    fn was_struck(&self, strike: Strike) -> bool {
        match strike {
            Strike::Stop(_) => self.0.was_stopped(),
            Strike::Blow(..) => self.0.ground.places.struck(),
        }
    }

    fn ends(mut self) -> (Shape, Vec<String>) {
        self.0.settle_down();
        let shape = shape(&self.0);
        (shape, self.0.end().findings)
    }
}

fn shape(world: &World) -> Shape {
    let sides = world.ground.sides();
    let mut shape = Shape::new();
    let mut add = |number: Option<u64>, place: String, fields: &Fields| {
        shape.entry((number.unwrap_or(0), place)).or_default().push(crate::trace::fields(&by_date(fields)));
    };
    for row in sides.crm.rows.values() {
        let number = number_of(row.kind, &row.fields);
        add(number, "crm".to_owned(), &row.fields);
        for (user, own) in &row.own {
            add(number, format!("crm of {user}"), own);
        }
        let listed: Vec<String> = row.listed.iter().map(ToString::to_string).collect();
        add(number, format!("crm listed by {}", listed.join(" ")), &Fields::new());
    }
    for (address, mailbox) in &sides.exchange.mailboxes {
        for (id, item) in mailbox.items.iter().filter(|(_, item)| item.place != Place::Deleted) {
            let shown = item.record(id).fields;
            add(number_of(item.kind, &item.fields), format!("{address} {:?}", item.place), &shown);
        }
    }
    for copies in shape.values_mut() {
        copies.sort();
    }
    shape
}

/// All strikes of the scenario on what it remembers in.
#[must_use]
pub fn strikes(through: Through) -> (u64, Vec<Strike>) {
    let mut calm = Scenario::new(through);
    let (before, effects) = (calm.0.steps(), calm.0.ground.calls().writes);
    let counted = calm.0.ground.places.counted();
    calm.play();
    let effects = calm.0.ground.calls().writes - effects;
    let after = calm.0.ground.places.counted();
    let mut all: Vec<Strike> = (before + 1..=calm.0.steps()).map(Strike::Stop).collect();
    let blows = |blow, from: u64, to: u64| (from + 1..=to).map(move |place| Strike::Blow(blow, place));
    all.extend(blows(Blow::StoreCall, counted.store_calls, after.store_calls));
    all.extend(blows(Blow::Statement, counted.statements, after.statements));
    for (call, place) in after.calls.iter().zip(1..).skip(counted.calls.len()) {
        all.extend(Fault::of_call(*call).iter().map(|fault| Strike::Blow(Blow::Remote(*fault), place)));
    }
    (effects, all)
}

/// Tries these strikes, one world each, and compares their ends with the undisturbed one.
#[must_use]
pub fn try_each(through: Through, strikes: impl Iterator<Item = Strike>, mut done: impl FnMut()) -> Tried {
    let mut calm = Scenario::new(through);
    calm.play();
    let (expected, findings) = calm.ends();
    let mut tried = Tried { findings, ..Tried::default() };
    for strike in strikes {
        let mut scenario = Scenario::new(through);
        let count = match strike {
            Strike::Stop(step) => {
                scenario.0.stop_at(step);
                &mut tried.stops
            }
            Strike::Blow(blow, place) => {
                scenario.0.ground.places.plan(blow, place);
                match blow {
                    Blow::StoreCall => &mut tried.store_calls,
                    Blow::Statement => &mut tried.statements,
                    Blow::Remote(_) => &mut tried.calls,
                }
            }
        };
        *count += 1;
        scenario.play();
        if !scenario.was_struck(strike) {
            tried.findings.push(format!("{strike:?}: the place was never reached, so this proves nothing"));
        }
        let (shape, findings) = scenario.ends();
        tried.findings.extend(findings.into_iter().map(|finding| format!("{strike:?}: {finding}")));
        tried.findings.extend(differences(&expected, &shape).map(|what| format!("{strike:?}: {what}")));
        done();
    }
    tried
}

/// What stands otherwise than after the undisturbed scenario.
fn differences<'a>(expected: &'a Shape, found: &'a Shape) -> impl Iterator<Item = String> + 'a {
    let otherwise = expected.iter().filter(|(at, copies)| found.get(*at) != Some(*copies));
    let more = found.keys().filter(|at| !expected.contains_key(*at));
    otherwise
        .map(|((number, place), copies)| {
            let now = found.get(&(*number, place.clone()));
            format!("thing {number}: {place} shows {now:?} and not {copies:?}")
        })
        .chain(more.map(|(number, place)| format!("thing {number}: {place} shows it, and should not")))
}

impl World {
    /// Employees whom everybody has on his list.
    fn employ(&mut self, many: usize) {
        let users: Vec<_> = self.users.iter().map(|(user, _, _)| user.clone()).collect();
        let mut sides = self.ground.sides();
        for _ in 0..many {
            self.people.make_employee(&mut sides, &users);
        }
    }

    /// People are busy for a while, and nothing else happens.
    fn busy(&mut self, acts: usize) {
        for _ in 0..acts {
            self.person();
        }
        self.people.edit_employees(&mut self.ground.sides());
    }
}
