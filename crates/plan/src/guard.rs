//! The guard: refuses what looks like an accident, before the first write (rule C8, decision 11).

use crate::operation::{Op, Plan};
use model::settings::Brakes;
use model::{Domain, Side};
use planted::Planted;
use std::collections::BTreeMap;

/// What a cycle is about to do, counted per domain and side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Records to make.
    pub creates: u32,
    /// Records to change.
    pub changes: u32,
    /// Records to delete.
    pub deletes: u32,
}

/// The counted plan of a cycle.
pub type Tallies = BTreeMap<(Domain, Side), Tally>;

/// Adds a record's plan to the count.
pub fn count(plan: &Plan, tallies: &mut Tallies) {
    let Some(domain) = plan.domain else { return };
    for op in &plan.ops {
        let tally = tallies.entry((domain, op.side())).or_default();
        match op {
            Op::Create { .. } | Op::Restore { .. } => tally.creates += 1,
            Op::Update { .. } if plan.reduces() => tally.deletes += 1,
            Op::Update { .. } => tally.changes += 1,
            Op::Delete { .. } => tally.deletes += 1,
            // Reversible lines of a list, not records; still a delete as the user sees it when many come at once.
            Op::Delist | Op::Leave => tally.deletes += 1,
            Op::Enlist | Op::Rejoin | Op::Flag { .. } => {}
        }
    }
}

/// Why a domain and side must stop, in words, if they must. `links` is how many links the domain has, `day` what the
/// rolling day already saw, `first` whether the first cycle is still under way.
#[must_use]
pub fn trips(tally: Tally, links: u32, day: Tally, first: bool, brakes: &Brakes) -> Option<String> {
    let over = |number: u32, limit: u32, percent: u32| {
        let share = u64::from(number) * 100 > u64::from(links) * u64::from(percent);
        number > limit && (share || planted::is(Planted::NumberAloneBrakes))
    };
    let deletes = tally.deletes + day.deletes;
    if tally.deletes > 0 && over(deletes, brakes.deletes, brakes.deletes_percent) {
        let what = within_a_day(tally.deletes, day.deletes, links, "deleted");
        return Some(format!("{what}, more than {} and more than {} %", brakes.deletes, brakes.deletes_percent));
    }
    let changes = tally.changes + day.changes;
    if !first && tally.changes > 0 && over(changes, brakes.changes, brakes.changes_percent) {
        let what = within_a_day(tally.changes, day.changes, links, "changed");
        return Some(format!("{what}, more than {} and more than {} %", brakes.changes, brakes.changes_percent));
    }
    if !first && tally.creates > brakes.creates {
        return Some(format!("{} records would be made in one cycle, more than {}", tally.creates, brakes.creates));
    }
    None
}

/// What a cycle would do, in words. What the day already saw is told apart: its links may be gone, or have been changed
/// several times, and are no part of those that there are now.
fn within_a_day(now: u32, before: u32, links: u32, done: &str) -> String {
    match before {
        0 => format!("{now} of {links} links would be {done} within a day"),
        _ => format!(
            "{now} of {links} links would be {done} after {before} {done} before within a day, {} together",
            now + before
        ),
    }
}

/// Why deletes on one side must stop for everybody, in words, if they must: `deletes` of the rolling hour over all pairings,
/// at `users` of `enabled` ones, those now planned among them.
#[must_use]
pub fn trips_over_all(deletes: u64, users: u64, enabled: u64, brakes: &Brakes) -> Option<String> {
    if deletes > u64::from(brakes.all_deletes) {
        return Some(format!(
            "{deletes} deletes on one side within an hour over all users, more than {}",
            brakes.all_deletes
        ));
    }
    let everywhere = users > u64::from(brakes.all_users) && users * 100 > enabled * u64::from(brakes.all_users_percent);
    everywhere.then(|| {
        format!(
            "deletes on one side within an hour at {users} of {enabled} users, more than {} and more than {} %",
            brakes.all_users, brakes.all_users_percent
        )
    })
}

/// Whether a listing that lacks `missing` of `links` linked ids is suddenly short.
#[must_use]
pub fn is_short(missing: u32, links: u32, brakes: &Brakes) -> bool {
    missing > brakes.missing && u64::from(missing) * 100 > u64::from(links) * u64::from(brakes.missing_percent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deletes(deletes: u32) -> Tally {
        Tally { deletes, ..Tally::default() }
    }

    // C8: more than 10 and more than 10 %.
    #[test]
    fn deletes_trip_by_number_and_share_together() {
        let brakes = Brakes::default();
        let trip = |tally, links, day| trips(tally, links, day, false, &brakes).is_some();
        assert!(!trip(deletes(10), 20, Tally::default()));
        assert!(trip(deletes(11), 20, Tally::default()));
        assert!(!trip(deletes(11), 110, Tally::default()));
        assert!(trip(deletes(12), 119, Tally::default()));
        assert!(trip(deletes(1), 100, deletes(10)), "the rolling day counts");
        assert!(!trip(Tally::default(), 10, deletes(50)), "a cycle that deletes nothing never trips");
    }

    // C8: no share of the links that are left is more than all of them.
    #[test]
    fn a_brake_tells_what_the_day_saw_before_apart_from_the_links_there_are() {
        let told = |now, before, links| trips(deletes(now), links, deletes(before), false, &Brakes::default());
        let one = "12 of 13 links would be deleted within a day, more than 10 and more than 10 %";
        assert_eq!(told(12, 0, 13).as_deref(), Some(one));
        let later = "6 of 7 links would be deleted after 10 deleted before within a day, 16 together, more than 10 and more than 10 %";
        assert_eq!(told(6, 10, 7).as_deref(), Some(later));
    }

    // C8: over all pairings, by number, or by users and their share together.
    #[test]
    fn deletes_over_all_trip_by_number_or_by_users() {
        let brakes = Brakes::default();
        let trip = |deletes, users, enabled| trips_over_all(deletes, users, enabled, &brakes).is_some();
        assert!(!trip(100, 1, 1_000));
        assert!(trip(101, 1, 1_000));
        assert!(!trip(20, 20, 100));
        assert!(trip(21, 21, 100));
        assert!(!trip(21, 21, 420), "just 5 %");
        assert!(trip(21, 21, 419));
    }

    // trap 145
    #[test]
    fn a_listing_that_lacks_half_is_short() {
        let brakes = Brakes::default();
        assert!(is_short(11, 20, &brakes));
        assert!(!is_short(10, 12, &brakes));
        assert!(!is_short(40, 100, &brakes));
    }
}
