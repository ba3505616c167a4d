//! A zone's rules written out, as GetServerTimeZones gives them in full.

use jiff::civil::DateTime;

use crate::recurrence_xml::weekday_name;
use crate::xml::Element;
use crate::zone::{Zone, ZoneChange};

/// A `TimeZoneDefinition` with periods and transitions, as the zone's rules are in a year.
pub(crate) fn full_definition(zone: &Zone, year: i16) -> Element {
    let definition = Element::new("TimeZoneDefinition").with_attr("Id", zone.id()).with_attr("Name", zone.name());
    let changes = zone.changes_in(year);
    let Some(changes) = changes else {
        let middle = zone.instant(jiff::civil::date(year, 1, 15).at(12, 0, 0, 0));
        return definition
            .with(Element::new("Periods").with(period("Standard", "std", zone.offset_seconds(middle))))
            .with(
                Element::new("TransitionsGroups").with(
                    Element::new("TransitionsGroup")
                        .with_attr("Id", "0")
                        .with(Element::new("Transition").with(to("Period", "std"))),
                ),
            )
            .with(transitions());
    };
    let standard = changes.iter().map(|change| change.after).min().unwrap_or(0);
    let daylight = changes.iter().map(|change| change.after).max().unwrap_or(0);
    let mut group = Element::new("TransitionsGroup").with_attr("Id", "0");
    for change in &changes {
        let id = if change.after == daylight { "dlt" } else { "std" };
        group.push(recurring(change, id));
    }
    definition
        .with(
            Element::new("Periods").with(period("Standard", "std", standard)).with(period("Daylight", "dlt", daylight)),
        )
        .with(Element::new("TransitionsGroups").with(group))
        .with(transitions())
}

fn transitions() -> Element {
    Element::new("Transitions").with(Element::new("Transition").with(to("Group", "0")))
}

fn to(kind: &str, id: &str) -> Element {
    Element::leaf("To", id).with_attr("Kind", kind)
}

/// The bias counts what is to be added to reach UTC, so its sign is turned.
fn period(name: &str, id: &str, offset: i32) -> Element {
    Element::new("Period").with_attr("Bias", &duration(-offset)).with_attr("Name", name).with_attr("Id", id)
}

fn duration(seconds: i32) -> String {
    let sign = if seconds < 0 { "-" } else { "" };
    format!("{sign}PT{}M", seconds.abs() / 60)
}

fn recurring(change: &ZoneChange, id: &str) -> Element {
    let offset = jiff::tz::Offset::from_seconds(change.before).unwrap_or(jiff::tz::Offset::UTC);
    let wall: DateTime = offset.to_datetime(change.at);
    let day = wall.day();
    let occurrence = if day + 7 > wall.days_in_month() { -1 } else { (day - 1) / 7 + 1 };
    let minutes = i32::from(wall.hour()) * 60 + i32::from(wall.minute());
    Element::new("RecurringDayTransition")
        .with(to("Period", id))
        .with(Element::leaf("TimeOffset", &duration(minutes * 60)))
        .with(Element::leaf("Month", &wall.month().to_string()))
        .with(Element::leaf("DayOfWeek", weekday_name(wall.weekday())))
        .with(Element::leaf("Occurrence", &occurrence.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::{Timestamp, ToSpan as _};

    // trap 77
    #[test]
    fn a_zone_written_out_and_read_again_keeps_the_same_clock() {
        for id in [
            "W. Europe Standard Time",
            "Pacific Standard Time",
            "AUS Eastern Standard Time",
            "India Standard Time",
            "UTC",
        ] {
            let zone = Zone::by_id(id).unwrap();
            let mut definition = full_definition(&zone, 2026);
            "tzone://Microsoft/Custom".clone_into(&mut definition.attrs[0].1);
            let again = Zone::from_definition(&definition).unwrap();
            let mut at: Timestamp = "2026-01-01T00:30:00Z".parse().unwrap();
            while at < "2027-01-01T00:00:00Z".parse().unwrap() {
                assert_eq!(zone.local(at), again.local(at), "{id} at {at}");
                at = at.checked_add(12.hours()).unwrap();
            }
        }
    }
}
