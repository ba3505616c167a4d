//! Series: the occurrences of a rule, the ones that were changed or deleted, and the limits Outlook sets to moving one.

use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, ToSpan as _};

use crate::item::calendar::{Calendar, Exception, Occurrence};
use crate::item::{Detail, Item};

/// One day of a series: its number in the whole rule, when it was meant to be, when it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instance {
    pub index: i32,
    pub original: Timestamp,
    pub start: Timestamp,
    pub end: Timestamp,
    pub state: InstanceState,
}

/// What became of an occurrence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InstanceState {
    AsSeries,
    Changed,
    Deleted,
}

/// Why an occurrence cannot be what it was asked to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SeriesFault {
    CrossingBoundary,
    TimeSpanTooBig,
}

/// The wall time an occurrence begins at, and how long it lasts on the wall.
fn shape(calendar: &Calendar) -> (jiff::civil::Time, jiff::SignedDuration) {
    let start = calendar.start_zone.local(calendar.start);
    let end = calendar.start_zone.local(calendar.end);
    (start.time(), end.duration_since(start))
}

fn times_on(calendar: &Calendar, day: Date) -> (Timestamp, Timestamp) {
    let (time, length) = shape(calendar);
    let start: DateTime = day.to_datetime(time);
    let end = start.checked_add(length).unwrap_or(start);
    let (from, to) = (calendar.start_zone.instant(start), calendar.start_zone.instant(end));
    // Where the clocks jump over its start, a short one still has its length (trap 82).
    (from, if to < from { from.checked_add(length).unwrap_or(from) } else { to })
}

/// All instances of a series in the order of the rule, the deleted ones too.
pub(crate) fn instances(calendar: &Calendar) -> impl Iterator<Item = Instance> + '_ {
    calendar.rule.iter().flat_map(move |rule| {
        rule.days().zip(1_i32..).map(move |(day, index)| {
            let (original, end) = times_on(calendar, day);
            let plain = Instance { index, original, start: original, end, state: InstanceState::AsSeries };
            if calendar.deleted.contains(&original) {
                return Instance { state: InstanceState::Deleted, ..plain };
            }
            match calendar.exceptions.get(&original) {
                Some(exception) => {
                    Instance { start: exception.start, end: exception.end, state: InstanceState::Changed, ..plain }
                }
                None => plain,
            }
        })
    })
}

/// The instances that are on at some moment of a window.
pub(crate) fn between(calendar: &Calendar, from: Timestamp, to: Timestamp) -> Vec<Instance> {
    // An occurrence that was moved stays between its neighbours, so a day's slack on either side finds all.
    let latest = to.checked_add(24.hours()).unwrap_or(to);
    let mut found: Vec<Instance> = instances(calendar)
        .take_while(|one| one.original <= latest || calendar.exceptions.range(one.original..).next().is_some())
        .filter(|one| one.state != InstanceState::Deleted)
        .filter(|one| one.start < to && (one.end > from || one.start == one.end && one.start >= from))
        .collect();
    found.sort_by_key(|one| one.start);
    found
}

/// The instance with this original start, deleted or not.
pub(crate) fn at(calendar: &Calendar, original: Timestamp) -> Option<Instance> {
    instances(calendar).take_while(|one| one.original <= original).find(|one| one.original == original)
}

/// The first and, for a series with an end, the last instance that is still there.
pub(crate) fn ends(calendar: &Calendar) -> (Option<Instance>, Option<Instance>) {
    let alive = || instances(calendar).filter(|one| one.state != InstanceState::Deleted);
    let last = match &calendar.rule {
        Some(rule) if !rule.is_endless() => alive().last(),
        Some(_) | None => None,
    };
    (alive().next(), last)
}

/// Whether no occurrence is left.
pub(crate) fn is_over(calendar: &Calendar) -> bool {
    ends(calendar).0.is_none()
}

/// A series begins with its first day: start and end of the master follow the rule.
pub(crate) fn align_master(calendar: &mut Calendar) {
    let first = calendar.rule.as_ref().and_then(|rule| rule.days().next());
    if let Some(day) = first {
        let (start, end) = times_on(calendar, day);
        calendar.start = start;
        calendar.end = end;
        if let Some(rule) = &mut calendar.rule {
            rule.start = day;
        }
    }
}

/// An occurrence as an item of its own: the series, with what this occurrence has different.
pub(crate) fn effective(master: &Item, instance: &Instance) -> Item {
    let mut item = master.clone();
    let Detail::Calendar(calendar) = &mut item.detail else {
        return item;
    };
    let exception = calendar.exceptions.remove(&instance.original);
    calendar.occurrence = Some(Occurrence { original: instance.original, exception: exception.is_some() });
    calendar.start = instance.start;
    calendar.end = instance.end;
    calendar.rule = None;
    calendar.exceptions.clear();
    calendar.deleted.clear();
    let Some(exception) = exception else {
        return item;
    };
    calendar.all_day = exception.all_day;
    calendar.cancelled |= exception.cancelled;
    if let Some(attendees) = exception.attendees {
        calendar.attendees = attendees;
    }
    if let Some(response) = exception.my_response {
        calendar.my_response = response;
    }
    if let Some(sent) = exception.request_sent {
        calendar.request_sent = sent;
    }
    for (name, value) in exception.props {
        match value {
            Some(value) => item.props.insert(name, value),
            None => item.props.remove(name),
        };
    }
    for (key, value) in exception.extended {
        match value {
            Some(value) => item.extended.insert(key, value),
            None => item.extended.remove(&key),
        };
    }
    if let Some(body) = exception.body {
        item.body = body;
    }
    item
}

/// Puts a changed occurrence back into its series: only what differs is kept.
pub(crate) fn keep_exception(master: &mut Item, changed: &Item) {
    let Some(new) = changed.calendar() else {
        return;
    };
    let Some(occurrence) = new.occurrence else {
        return;
    };
    let mut props = std::collections::BTreeMap::new();
    for name in master.props.keys().chain(changed.props.keys()) {
        let value = changed.props.get(name);
        if master.props.get(name) != value {
            props.insert(*name, value.cloned());
        }
    }
    let mut extended = std::collections::BTreeMap::new();
    for key in master.extended.keys().chain(changed.extended.keys()) {
        let value = changed.extended.get(key);
        if master.extended.get(key) != value {
            extended.insert(key.clone(), value.cloned());
        }
    }
    let body = (master.body != changed.body).then(|| changed.body.clone());
    let Some(old) = master.calendar_mut() else {
        return;
    };
    let exception = Exception {
        start: new.start,
        end: new.end,
        all_day: new.all_day,
        props,
        body,
        extended,
        attendees: (old.attendees != new.attendees).then(|| new.attendees.clone()),
        my_response: (old.my_response != new.my_response).then_some(new.my_response),
        request_sent: (old.request_sent != new.request_sent).then_some(new.request_sent),
        cancelled: new.cancelled && !old.cancelled,
    };
    old.deleted.remove(&occurrence.original);
    old.exceptions.insert(occurrence.original, exception);
}

/// An occurrence may not jump over its neighbours, nor onto a neighbour's day, nor last into the next one (trap 58).
pub(crate) fn check_move(
    calendar: &Calendar,
    original: Timestamp,
    start: Timestamp,
    end: Timestamp,
) -> Result<(), SeriesFault> {
    let (mut before, mut after) = (None, None);
    for one in instances(calendar).filter(|one| one.state != InstanceState::Deleted) {
        if one.original < original {
            before = Some(one);
        } else if one.original > original {
            after = Some(one);
            break;
        }
    }
    let day = |at: Timestamp| calendar.start_zone.local(at).date();
    if before.is_some_and(|one| day(one.start) >= day(start)) || after.is_some_and(|one| day(one.start) <= day(start)) {
        return Err(SeriesFault::CrossingBoundary);
    }
    if after.is_some_and(|one| end > one.start) || before.is_some_and(|one| one.end > start) {
        return Err(SeriesFault::TimeSpanTooBig);
    }
    Ok(())
}

/// A series whose occurrences last longer than the time between two of them is refused.
pub(crate) fn check_length(calendar: &Calendar) -> Result<(), SeriesFault> {
    let mut last_end: Option<Timestamp> = None;
    for one in instances(calendar).take(60) {
        if last_end.is_some_and(|end| end > one.start) {
            return Err(SeriesFault::TimeSpanTooBig);
        }
        last_end = Some(one.end);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Guid;
    use crate::item::calendar::Person;
    use crate::item::schema::ItemKind;
    use crate::recurrence::{Pattern, Range, Rule};
    use crate::zone::Zone;

    fn daily(zone: &str, start: &str, count: i32) -> Item {
        let now = Timestamp::from_second(1_750_000_000).unwrap();
        let mut item = Item::new(1, 1, ItemKind::Calendar, now);
        let zone = Zone::by_id(zone).unwrap();
        let owner = Person::new("Ann", "ann@crm.test");
        let mut calendar = Calendar::new(owner, Guid::drawn(1, "uid", 1), now, &zone);
        let wall: DateTime = start.parse().unwrap();
        calendar.start = zone.instant(wall);
        calendar.end = calendar.start.checked_add(1.hour()).unwrap();
        calendar.rule =
            Some(Rule { pattern: Pattern::Daily { interval: 1 }, start: wall.date(), range: Range::Numbered(count) });
        item.detail = Detail::Calendar(Box::new(calendar));
        item
    }

    // trap 80
    #[test]
    fn a_series_keeps_its_wall_time_when_the_clocks_change() {
        let item = daily("W. Europe Standard Time", "2026-03-28T09:00:00", 3);
        let starts: Vec<String> = instances(item.calendar().unwrap()).map(|one| one.start.to_string()).collect();
        assert_eq!(starts, ["2026-03-28T08:00:00Z", "2026-03-29T07:00:00Z", "2026-03-30T07:00:00Z"]);
    }

    #[test]
    fn an_exception_keeps_only_what_differs_and_follows_the_series_in_the_rest() {
        let mut master = daily("UTC", "2026-03-01T09:00:00", 5);
        master.set_text("Subject", "old");
        let second = instances(master.calendar().unwrap()).nth(1).unwrap();
        let mut changed = effective(&master, &second);
        changed.set_text("Location", "room");
        keep_exception(&mut master, &changed);
        master.set_text("Subject", "new");
        let again = at(master.calendar().unwrap(), second.original).unwrap();
        let shown = effective(&master, &again);
        assert_eq!((shown.subject(), shown.text("Location")), ("new", Some("room")));
        assert_eq!(shown.calendar().unwrap().type_name(), "Exception");
    }

    // trap 58
    #[test]
    fn an_occurrence_moves_between_its_neighbours_only() {
        let item = daily("UTC", "2026-03-01T09:00:00", 5);
        let calendar = item.calendar().unwrap();
        let third = instances(calendar).nth(2).unwrap();
        let moved = |hours: i64, length: i64| {
            let start = third.start.checked_add(hours.hours()).unwrap();
            check_move(calendar, third.original, start, start.checked_add(length.hours()).unwrap())
        };
        assert_eq!(moved(5, 1), Ok(()));
        assert_eq!(moved(24, 1), Err(SeriesFault::CrossingBoundary));
        assert_eq!(moved(-25, 1), Err(SeriesFault::CrossingBoundary));
        assert_eq!(moved(1, 40), Err(SeriesFault::TimeSpanTooBig));
    }

    #[test]
    fn a_window_shows_what_is_on_in_it() {
        let item = daily("UTC", "2026-03-01T09:00:00", 900);
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        let found = between(item.calendar().unwrap(), time("2026-03-10T09:30:00Z"), time("2026-03-12T09:00:00Z"));
        assert_eq!(found.len(), 2);
    }
}
