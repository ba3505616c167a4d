//! Times, zones and days on both sides: what is meant by the clock on the wall stays so (rules R4, R5; traps 77 to 94).

use crate::api::berlin;
use crate::database::on_both;
use crate::outlook::{self, at, id, moment, set, text, title};
use crate::world::{Person, World};
use serde_json::{Value as Json, json};
use wire::ews::{DistinguishedFolder as Folder, Property, Value, ZoneDefinition};

on_both!(
    every_zone_goes_round_and_an_edit_of_the_subject_moves_nothing,
    a_zone_is_known_by_its_name_however_it_is_written,
    a_wall_time_in_the_gap_or_overlap_is_one_instant_on_both_sides,
    both_hours_of_the_overlap_come_in_as_the_times_they_are,
    a_series_in_the_hour_of_the_clock_change_keeps_its_occurrences_apart,
    an_appointment_may_have_no_length_or_go_over_midnight_and_the_years_end,
    start_and_end_may_stand_in_two_zones,
    a_floating_time_is_the_mailboxs_own_and_stays_floating_in_the_crm,
    special_customised_and_missing_zones_are_read_as_what_they_are,
    a_zone_whose_clock_changes_on_fixed_dates_goes_both_ways_by_its_own_rules,
    a_server_that_customises_every_zone_brings_no_writes,
    a_series_that_begins_in_the_hour_the_clocks_jump_over_is_told_and_not_bent,
);

const CALENDAR: &str = "my_calendar";

/// An appointment of the CRM from one wall time to another in a zone.
fn timed(subject: &str, from: &str, to: &str, zone: &str) -> Json {
    json!({"display": "Calendar and Activities", "subject": subject,
        "start": {"wall": from, "zone": zone}, "end": {"wall": to, "zone": zone}})
}

/// Comes to rest with nothing held or in quarantine.
pub async fn clean(world: &World, who: &Person) {
    world.sync(&[who]).await;
    let waiting = world.quarantine(who).await;
    assert!(waiting.is_empty(), "{waiting:?}");
}

/// A record of the calendar by its subject.
pub async fn named(world: &World, who: &Person, subject: &str) -> Json {
    let all = world.view(who, CALENDAR).await;
    all.iter().find(|one| one["subject"] == subject).unwrap_or_else(|| panic!("no {subject}: {all:?}")).clone()
}

// R4, traps 77, 79
async fn every_zone_goes_round_and_an_edit_of_the_subject_moves_nothing() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let zones: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
    let day = "2026-10-20".parse().expect("a day");
    // Every zone that Windows has no true name for, and one in eight of the others.
    let odd = |name: &str| model::Zone::iana(name).is_some_and(|zone| zone.windows_around(day).is_none());
    let zones: Vec<&String> = zones
        .iter()
        .enumerate()
        .filter(|(at, name)| (odd(name) || at % 8 == 0) && !matches!(name.as_str(), "Factory" | "localtime" | "UTC"))
        .map(|(_, name)| name)
        .collect();
    assert!(zones.len() > 60 && zones.iter().any(|name| odd(name)));
    let mut ids = Vec::new();
    for zone in &zones {
        ids.push(world.activity(&anna, timed(zone, "2026-10-20T09:30:00", "2026-10-20T10:30:00", zone)).await);
    }
    clean(&world, &anna).await;
    assert_eq!(world.sync(&[&anna]).await.len(), 0, "the second look finds nothing to do");
    let items = outlook.items(Folder::Calendar).await;
    assert_eq!(items.len(), zones.len());
    let starts: Vec<(String, String)> =
        items.iter().map(|item| (title(item).to_owned(), at(item, Property::Start))).collect();
    for (name, start) in &starts {
        let zone = jiff::tz::TimeZone::get(name).expect("known");
        let wall: jiff::civil::DateTime = "2026-10-20T09:30:00".parse().expect("a wall time");
        assert_eq!(*start, wall.to_zoned(zone).expect("a time").timestamp().to_string(), "{name}");
    }
    for item in items.iter().step_by(5) {
        outlook.edit(&id(item), vec![set(Property::Location, text("Attic"))]).await;
    }
    for record in ids.iter().step_by(7) {
        world.edit_activity(&anna, record, json!({"body": "note"})).await;
    }
    clean(&world, &anna).await;
    for (zone, record) in zones.iter().zip(&ids) {
        let read = world.read_activity(&anna, record).await;
        assert_eq!(read["start"], json!({"wall": "2026-10-20T09:30:00", "zone": zone}), "{zone}");
    }
    let again = outlook.items(Folder::Calendar).await;
    let mut again: Vec<(String, String)> =
        again.iter().map(|item| (title(item).to_owned(), at(item, Property::Start))).collect();
    let mut starts = starts;
    starts.sort();
    again.sort();
    assert_eq!(again, starts);
}

// R4, trap 77: an alias, and a name written in another way, are the zone they name.
async fn a_zone_is_known_by_its_name_however_it_is_written() {
    let (world, anna, _) = World::with_two().await;
    let record =
        world.activity(&anna, timed("Plan", "2026-10-20T09:30:00", "2026-10-20T10:30:00", "europe/berlin")).await;
    assert_eq!(world.read_activity(&anna, &record).await["start"]["zone"], "Europe/Berlin");
    clean(&world, &anna).await;
    let item = world.outlook(&anna).only(Folder::Calendar).await;
    let zone = item.zone(Property::StartTimeZone).expect("a zone");
    assert_eq!(zone.id.as_deref(), Some("W. Europe Standard Time"));
}

/// The gap of 29 March and the overlap of 25 October 2026 in Berlin.
// R4, trap 82
async fn a_wall_time_in_the_gap_or_overlap_is_one_instant_on_both_sides() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let gap = world.activity(&anna, timed("Gap", "2027-03-28T02:30:00", "2027-03-28T03:30:00", "Europe/Berlin")).await;
    let twice =
        world.activity(&anna, timed("Twice", "2026-10-25T02:30:00", "2026-10-25T03:30:00", "Europe/Berlin")).await;
    clean(&world, &anna).await;
    let items = outlook.items(Folder::Calendar).await;
    let of = |name: &str| items.iter().find(|item| title(item) == name).expect("there");
    assert_eq!(at(of("Gap"), Property::Start), "2027-03-28T01:30:00Z");
    assert_eq!(at(of("Twice"), Property::Start), "2026-10-25T00:30:00Z");
    for record in [&gap, &twice] {
        world.edit_activity(&anna, record, json!({"location": "Attic"})).await;
    }
    clean(&world, &anna).await;
    assert_eq!(world.read_activity(&anna, &gap).await["start"], berlin("2027-03-28T02:30:00"));
    assert_eq!(world.read_activity(&anna, &twice).await["start"], berlin("2026-10-25T02:30:00"));
}

/// An instant of what the API shows, as a reader of the API works it out.
fn instant(shown: &Json) -> String {
    let wall: jiff::civil::DateTime = shown["wall"].as_str().expect("a wall").parse().expect("a wall time");
    let zone = match shown["zone"].as_str() {
        Some(name) => jiff::tz::TimeZone::get(name).expect("known"),
        None => {
            assert!(shown["zone"]["daylight"].is_null(), "{shown}");
            let minutes = shown["zone"]["standard_minutes"].as_i64().expect("minutes");
            jiff::tz::TimeZone::fixed(jiff::tz::Offset::from_seconds(minutes as i32 * 60).expect("an offset"))
        }
    };
    wall.to_zoned(zone).expect("a time").timestamp().to_string()
}

// R4, trap 82: both hours of the overlap are different times.
async fn both_hours_of_the_overlap_come_in_as_the_times_they_are() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let spans = [
        ("First", "2026-10-25T00:30:00Z", "2026-10-25T00:45:00Z"),
        ("Second", "2026-10-25T01:30:00Z", "2026-10-25T01:45:00Z"),
        ("Across", "2026-10-25T00:45:00Z", "2026-10-25T01:15:00Z"),
        ("After", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"),
    ];
    for (name, from, to) in spans {
        outlook.make(Folder::Calendar, outlook::appointment(name, from, to)).await;
    }
    clean(&world, &anna).await;
    for (name, from, to) in spans {
        let record = named(&world, &anna, name).await;
        assert_eq!((instant(&record["start"]), instant(&record["end"])), (from.to_owned(), to.to_owned()), "{record}");
    }
    let second = named(&world, &anna, "Second").await;
    assert_eq!(second["start"]["wall"], "2026-10-25T02:30:00", "the clock on the wall stays");
    // Moved by the hour the clocks go back, and an edit of the CRM: the time is the one that was meant.
    let items = outlook.items(Folder::Calendar).await;
    let first = id(items.iter().find(|item| title(item) == "First").expect("there"));
    let later =
        vec![set(Property::Start, moment("2026-10-25T01:30:00Z")), set(Property::End, moment("2026-10-25T01:45:00Z"))];
    outlook.edit(&first, later).await;
    let across = named(&world, &anna, "Across").await;
    world.edit_activity(&anna, across["id"].as_str().expect("an id"), json!({"location": "Attic"})).await;
    clean(&world, &anna).await;
    assert_eq!(instant(&named(&world, &anna, "First").await["start"]), "2026-10-25T01:30:00Z");
    let items = outlook.items(Folder::Calendar).await;
    let across = items.iter().find(|item| title(item) == "Across").expect("there");
    assert_eq!(
        (at(across, Property::Start), across.text(Property::Location)),
        ("2026-10-25T00:45:00Z".to_owned(), Some("Attic"))
    );
}

// R3, R4, trap 82: the occurrences of the two nights are known like any other.
async fn a_series_in_the_hour_of_the_clock_change_keeps_its_occurrences_apart() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let mut ids = Vec::new();
    for (name, day) in [("Spring", "2027-03-26"), ("Autumn", "2026-10-23")] {
        let mut body = timed(name, &format!("{day}T02:30:00"), &format!("{day}T03:00:00"), "Europe/Berlin");
        body["rule"] = json!({"pattern": "daily", "interval": 1, "count": 5});
        ids.push(world.activity(&anna, body).await);
    }
    clean(&world, &anna).await;
    let spring = outlook.shows("2027-03-25T00:00:00Z", "2027-04-05T00:00:00Z").await;
    let starts: Vec<&str> = spring.iter().map(|one| one.1.as_str()).collect();
    assert_eq!(
        starts,
        [
            "2027-03-26T01:30:00Z",
            "2027-03-27T01:30:00Z",
            "2027-03-28T01:30:00Z",
            "2027-03-29T00:30:00Z",
            "2027-03-30T00:30:00Z"
        ]
    );
    // Taken out and changed in the CRM in the very nights.
    for (record, day) in ids.iter().zip(["2027-03-28", "2026-10-25"]) {
        let at = format!("{day}T02:30:00");
        let change = json!({"occurrences": [{"original_start": at, "state": "modified", "location": "Attic"}]});
        world.edit_activity(&anna, record, change).await;
    }
    clean(&world, &anna).await;
    for item in outlook.items(Folder::Calendar).await {
        let modified = item.modified_occurrences();
        assert_eq!(modified.len(), 1, "{}", title(&item));
        let changed = outlook.read(&modified[0].id.id).await.expect("the occurrence");
        assert_eq!(changed.text(Property::Location), Some("Attic"));
    }
    for (record, day) in ids.iter().zip(["2027-03-28", "2026-10-25"]) {
        let read = world.read_activity(&anna, record).await;
        let expected = json!([{"original_start": format!("{day}T02:30:00"), "state": "modified", "location": "Attic"}]);
        assert_eq!(read["occurrences"], expected);
    }
    // And in the mailbox: known by the same original start.
    for item in outlook.items(Folder::Calendar).await {
        outlook.delete(&outlook.occurrence(&id(&item), 3).await).await;
    }
    clean(&world, &anna).await;
    for (record, day) in ids.iter().zip(["2027-03-28", "2026-10-25"]) {
        let read = world.read_activity(&anna, record).await;
        assert_eq!(read["occurrences"], json!([{"original_start": format!("{day}T02:30:00"), "state": "cancelled"}]));
    }
}

// R4, R5: lengths of every kind.
async fn an_appointment_may_have_no_length_or_go_over_midnight_and_the_years_end() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let spans = [
        ("Point", "2026-10-20T10:00:00", "2026-10-20T10:00:00"),
        ("Night", "2026-10-20T23:00:00", "2026-10-21T01:00:00"),
        ("Year", "2026-12-31T22:00:00", "2027-01-01T03:00:00"),
        ("Week", "2026-10-22T09:00:00", "2026-10-29T17:00:00"),
    ];
    for (name, from, to) in spans {
        world.activity(&anna, timed(name, from, to, "Europe/Berlin")).await;
        let utc = |wall: &str| {
            let wall: jiff::civil::DateTime = wall.parse().expect("a wall time");
            let zone = jiff::tz::TimeZone::get("Europe/Berlin").expect("known");
            wall.to_zoned(zone).expect("a time").timestamp().to_string()
        };
        outlook.make(Folder::Calendar, outlook::appointment(&format!("P{name}"), &utc(from), &utc(to))).await;
    }
    clean(&world, &anna).await;
    let items = outlook.items(Folder::Calendar).await;
    for (name, from, to) in spans {
        let record = named(&world, &anna, &format!("P{name}")).await;
        assert_eq!((&record["start"], &record["end"]), (&berlin(from), &berlin(to)));
        let of = |name: &str| items.iter().find(|item| title(item) == name).expect("there");
        let shown = |item| (at(item, Property::Start), at(item, Property::End));
        assert_eq!(shown(of(name)), shown(of(&format!("P{name}"))));
    }
}

// R4: a flight begins in one zone and ends in another.
async fn start_and_end_may_stand_in_two_zones() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let mut flight = timed("Flight", "2026-10-24T20:00:00", "2026-10-24T20:00:00", "Europe/Berlin");
    flight["end"] = json!({"wall": "2026-10-24T23:30:00", "zone": "America/New_York"});
    world.activity(&anna, flight).await;
    let back = outlook::appointment("Back", "2026-10-30T22:00:00Z", "2026-10-31T06:00:00Z")
        .with(Property::StartTimeZone, Value::Zone(ZoneDefinition::named("Eastern Standard Time")));
    outlook.make(Folder::Calendar, back).await;
    clean(&world, &anna).await;
    let items = outlook.items(Folder::Calendar).await;
    let flight = items.iter().find(|item| title(item) == "Flight").expect("there");
    assert_eq!(
        (at(flight, Property::Start), at(flight, Property::End)),
        ("2026-10-24T18:00:00Z".to_owned(), "2026-10-25T03:30:00Z".to_owned())
    );
    let back = named(&world, &anna, "Back").await;
    assert_eq!(back["start"], json!({"wall": "2026-10-30T18:00:00", "zone": "America/New_York"}));
    assert_eq!(back["end"], berlin("2026-10-31T07:00:00"));
}

// R4, trap 88
async fn a_floating_time_is_the_mailboxs_own_and_stays_floating_in_the_crm() {
    let world = World::new().await;
    let anna = world.user("anna").await;
    let kim = world.user_in("kim", "Asia/Tokyo").await;
    let floating = json!({"display": "Calendar and Activities", "subject": "Noon",
        "start": {"wall": "2026-10-20T12:00:00"}, "end": {"wall": "2026-10-20T13:00:00"}});
    for (who, start) in [(&anna, "2026-10-20T10:00:00Z"), (&kim, "2026-10-20T03:00:00Z")] {
        let record = world.activity(who, floating.clone()).await;
        clean(&world, who).await;
        let item = world.outlook(who).only(Folder::Calendar).await;
        assert_eq!(at(&item, Property::Start), start);
        world.outlook(who).edit(&id(&item), vec![set(Property::Location, text("Attic"))]).await;
        world.edit_activity(who, &record, json!({"subject": "Late noon"})).await;
        clean(&world, who).await;
        let read = world.read_activity(who, &record).await;
        assert_eq!((&read["start"], &read["location"]), (&json!({"wall": "2026-10-20T12:00:00"}), &json!("Attic")));
        assert_eq!(at(&world.outlook(who).only(Folder::Calendar).await, Property::Start), start);
    }
}

fn item_in(subject: &str, zone: &str) -> String {
    format!(
        "<t:CalendarItem><t:Subject>{subject}</t:Subject><t:Start>2026-10-20T08:00:00Z</t:Start><t:End>2026-10-20T09:00:00Z</t:End>{zone}</t:CalendarItem>"
    )
}

const BERLIN_RULES: &str = r#"<t:Periods><t:Period Bias="-PT60M" Name="Standard" Id="std"/><t:Period Bias="-PT120M" Name="Daylight" Id="dlt"/></t:Periods><t:TransitionsGroups><t:TransitionsGroup Id="0"><t:RecurringDayTransition><t:To Kind="Period">dlt</t:To><t:TimeOffset>PT2H</t:TimeOffset><t:Month>3</t:Month><t:DayOfWeek>Sunday</t:DayOfWeek><t:Occurrence>-1</t:Occurrence></t:RecurringDayTransition><t:RecurringDayTransition><t:To Kind="Period">std</t:To><t:TimeOffset>PT3H</t:TimeOffset><t:Month>10</t:Month><t:DayOfWeek>Sunday</t:DayOfWeek><t:Occurrence>-1</t:Occurrence></t:RecurringDayTransition></t:TransitionsGroup></t:TransitionsGroups><t:Transitions><t:Transition><t:To Kind="Group">0</t:To></t:Transition></t:Transitions>"#;

const FIXED_RULES: &str = r#"<t:Periods><t:Period Bias="-PT210M" Name="Standard" Id="std"/><t:Period Bias="-PT270M" Name="Daylight" Id="dlt"/></t:Periods><t:TransitionsGroups><t:TransitionsGroup Id="0"><t:RecurringDateTransition><t:To Kind="Period">dlt</t:To><t:TimeOffset>PT0H</t:TimeOffset><t:Month>3</t:Month><t:Day>22</t:Day></t:RecurringDateTransition><t:RecurringDateTransition><t:To Kind="Period">std</t:To><t:TimeOffset>PT0H</t:TimeOffset><t:Month>9</t:Month><t:Day>22</t:Day></t:RecurringDateTransition></t:TransitionsGroup></t:TransitionsGroups><t:Transitions><t:Transition><t:To Kind="Group">0</t:To></t:Transition></t:Transitions>"#;

// R4
async fn a_zone_whose_clock_changes_on_fixed_dates_goes_both_ways_by_its_own_rules() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let inner = format!(r#"Id="tzone://Microsoft/Custom" Name="Own">{FIXED_RULES}"#);
    let zone = format!("<t:StartTimeZone {inner}</t:StartTimeZone><t:EndTimeZone {inner}</t:EndTimeZone>");
    outlook.make_raw(Folder::Calendar, &item_in("Own", &zone)).await;
    clean(&world, &anna).await;
    let read = named(&world, &anna, "Own").await;
    assert_eq!(read["start"]["wall"], "2026-10-20T11:30:00", "winter by its own rules");
    let mut moved = json!({"start": read["start"], "end": read["end"]});
    moved["start"]["wall"] = json!("2026-09-10T11:30:00");
    moved["end"]["wall"] = json!("2026-09-10T12:30:00");
    world.edit_activity(&anna, read["id"].as_str().expect("an id"), moved).await;
    clean(&world, &anna).await;
    let item = outlook.only(Folder::Calendar).await;
    assert_eq!(at(&item, Property::Start), "2026-09-10T07:00:00Z", "summer by its own rules");
}

// R4, traps 89, 91
async fn special_customised_and_missing_zones_are_read_as_what_they_are() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let both =
        |inner: &str| format!("<t:StartTimeZone {inner}</t:StartTimeZone><t:EndTimeZone {inner}</t:EndTimeZone>");
    let made = [
        ("Utc", both(r#"Id="tzone://Microsoft/Utc">"#)),
        ("Plain utc", both(r#"Id="UTC">"#)),
        (
            "Custom",
            both(&format!(r#"Id="tzone://Microsoft/Custom" Name="(UTC+01:00) Amsterdam, Berlin">{BERLIN_RULES}"#)),
        ),
        ("Customized", both(&format!(r#"Id="Customized Time Zone" Name="Customized Time Zone">{BERLIN_RULES}"#))),
        ("None", String::new()),
        ("Old", r#"<t:MeetingTimeZone TimeZoneName="W. Europe Standard Time"/>"#.to_owned()),
    ];
    for (name, zone) in &made {
        outlook.make_raw(Folder::Calendar, &item_in(name, zone)).await;
    }
    clean(&world, &anna).await;
    let starts: Vec<Json> = {
        let mut all = Vec::new();
        for (name, _) in &made {
            all.push(named(&world, &anna, name).await["start"].clone());
        }
        all
    };
    let utc = json!({"wall": "2026-10-20T08:00:00", "zone": "Etc/UTC"});
    assert_eq!((&starts[0], &starts[1]), (&utc, &utc));
    for start in &starts[2..4] {
        assert_eq!(start["wall"], "2026-10-20T10:00:00");
        assert_eq!(
            (&start["zone"]["standard_minutes"], &start["zone"]["daylight"]["minutes"]),
            (&json!(60), &json!(120))
        );
    }
    assert_eq!(starts[5], berlin("2026-10-20T10:00:00"));
    // Moved in the CRM, a customised zone goes back with its own rules.
    let custom = named(&world, &anna, "Custom").await;
    let mut moved = json!({"start": custom["start"], "end": custom["end"]});
    moved["start"]["wall"] = json!("2026-11-20T10:00:00");
    moved["end"]["wall"] = json!("2026-11-20T11:00:00");
    world.edit_activity(&anna, custom["id"].as_str().expect("an id"), moved).await;
    clean(&world, &anna).await;
    let items = outlook.items(Folder::Calendar).await;
    let custom = items.iter().find(|item| title(item) == "Custom").expect("there");
    assert_eq!(at(custom, Property::Start), "2026-11-20T09:00:00Z", "winter by its own rules");
}

// R4, trap 89: a server that shows every zone as customised changes nothing.
async fn a_server_that_customises_every_zone_brings_no_writes() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let record =
        world.activity(&anna, timed("Plan", "2026-10-20T10:00:00", "2026-10-20T11:00:00", "Europe/Berlin")).await;
    let mut weekly = timed("Weekly", "2026-10-19T10:00:00", "2026-10-19T11:00:00", "Europe/Berlin");
    weekly["rule"] = json!({"pattern": "weekly", "interval": 1, "days": ["monday"], "count": 4});
    weekly["occurrences"] = json!([{"original_start": "2026-10-26T10:00:00", "state": "cancelled"}]);
    let weekly = world.activity(&anna, weekly).await;
    clean(&world, &anna).await;
    world.hq.set_quirk(emulator::Quirk::CustomizedZoneNames, true);
    for item in outlook.items(Folder::Calendar).await {
        outlook.edit(&id(&item), vec![set(Property::Location, text("Attic"))]).await;
    }
    clean(&world, &anna).await;
    for record in [&record, &weekly] {
        let read = world.read_activity(&anna, record).await;
        assert_eq!((&read["location"], &read["start"]["zone"]), (&json!("Attic"), &json!("Europe/Berlin")));
    }
    let read = world.read_activity(&anna, &weekly).await;
    assert_eq!(read["occurrences"], json!([{"original_start": "2026-10-26T10:00:00", "state": "cancelled"}]));
}

// R2, trap 82: Exchange keeps instants, so a series that begins in the gap would be another one there.
async fn a_series_that_begins_in_the_hour_the_clocks_jump_over_is_told_and_not_bent() {
    let (world, anna, _) = World::with_two().await;
    let mut body = timed("Early", "2027-03-28T02:30:00", "2027-03-28T03:30:00", "Europe/Berlin");
    body["rule"] = json!({"pattern": "daily", "interval": 1, "count": 5});
    let record = world.activity(&anna, body).await;
    world.sync(&[&anna]).await;
    let waiting = world.quarantine(&anna).await;
    assert_eq!(waiting.len(), 1);
    assert!(waiting[0]["reason"].to_string().contains("the clocks jump over"), "{waiting:?}");
    let day_before = json!({"start": berlin("2027-03-27T02:30:00"), "end": berlin("2027-03-27T03:30:00")});
    world.edit_activity(&anna, &record, day_before).await;
    clean(&world, &anna).await;
    let shown = world.outlook(&anna).shows("2027-03-26T00:00:00Z", "2027-04-05T00:00:00Z").await;
    let starts: Vec<&str> = shown.iter().map(|one| one.1.as_str()).collect();
    assert_eq!(starts[..3], ["2027-03-27T01:30:00Z", "2027-03-28T01:30:00Z", "2027-03-29T00:30:00Z"]);
}
