//! Days on both sides: all-day is a day and no span of hours, wherever one lives (rule R5; traps 85, 86, 92, 115, 125).

use crate::api::berlin;
use crate::clock::{clean, named};
use crate::database::on_both;
use crate::outlook::{self, at, id, moment, set, text, title};
use crate::world::World;
use serde_json::{Value as Json, json};
use wire::ews::{DistinguishedFolder as Folder, Property, Value, ZoneDefinition};

on_both!(
    days_stay_days_from_the_far_west_to_the_far_east,
    all_day_is_a_flag_that_goes_on_and_off_on_either_side,
    dates_that_stand_for_none_are_no_dates,
);

fn days(subject: &str, first: &str, last: &str) -> Json {
    json!({"display": "Calendar and Activities", "subject": subject, "start": first, "end": last})
}

// R5, traps 85, 86
async fn days_stay_days_from_the_far_west_to_the_far_east() {
    for zone in [
        "Pacific/Pago_Pago",
        "America/New_York",
        "Etc/UTC",
        "Asia/Kolkata",
        "Pacific/Auckland",
        "Pacific/Kiritimati",
        "Africa/Cairo",
    ] {
        let world = World::new().await;
        let kim = world.user_in("kim", zone).await;
        let outlook = world.outlook(&kim);
        let spans = [
            ("One", "2026-10-25", "2026-10-25"),
            ("Three", "2026-12-30", "2027-01-01"),
            ("Gap", "2027-04-29", "2027-04-30"),
            ("Leap", "2028-02-28", "2028-02-29"),
        ];
        let mut ids = Vec::new();
        for (name, first, last) in spans {
            ids.push(world.activity(&kim, days(name, first, last)).await);
        }
        // The same days, made in the mailbox with the person's own midnights.
        let tz = jiff::tz::TimeZone::get(zone).expect("known");
        let midnight = |day: &str, plus: i64| {
            let day: jiff::civil::Date = day.parse().expect("a day");
            let day = day.checked_add(jiff::Span::new().days(plus)).expect("a day");
            day.to_zoned(tz.clone()).expect("a time").timestamp().to_string()
        };
        let windows = model::Zone::iana(zone).and_then(|zone| zone.windows()).expect("a name");
        for (name, first, last) in spans {
            let item = outlook::appointment(&format!("P{name}"), &midnight(first, 0), &midnight(last, 1))
                .with(Property::IsAllDayEvent, Value::Flag(true))
                .with(Property::StartTimeZone, Value::Zone(ZoneDefinition::named(windows)))
                .with(Property::EndTimeZone, Value::Zone(ZoneDefinition::named(windows)));
            outlook.make(Folder::Calendar, item).await;
        }
        clean(&world, &kim).await;
        assert_eq!(world.sync(&[&kim]).await.len(), 0, "{zone}");
        let items = outlook.items(Folder::Calendar).await;
        for (name, first, last) in spans {
            let item = items.iter().find(|item| title(item) == name).expect("there");
            assert_eq!(item.flag(Property::IsAllDayEvent), Some(true), "{zone} {name}");
            let shown = (at(item, Property::Start), at(item, Property::End));
            assert_eq!(shown, (midnight(first, 0), midnight(last, 1)), "{zone} {name}");
            let record = named(&world, &kim, &format!("P{name}")).await;
            assert_eq!((&record["start"], &record["end"]), (&json!(first), &json!(last)), "{zone} {name}");
        }
    }
}

// R5, trap 86
async fn all_day_is_a_flag_that_goes_on_and_off_on_either_side() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let record = world.activity(&anna, days("Fair", "2026-10-24", "2026-10-25")).await;
    clean(&world, &anna).await;
    let timed = json!({"start": berlin("2026-10-24T00:00:00"), "end": berlin("2026-10-25T00:00:00")});
    world.edit_activity(&anna, &record, timed.clone()).await;
    clean(&world, &anna).await;
    let item = outlook.only(Folder::Calendar).await;
    assert_eq!(item.flag(Property::IsAllDayEvent), Some(false), "midnight to midnight is a time");
    assert_eq!(
        (at(&item, Property::Start), at(&item, Property::End)),
        ("2026-10-23T22:00:00Z".to_owned(), "2026-10-24T22:00:00Z".to_owned())
    );
    outlook.edit(&id(&item), vec![set(Property::IsAllDayEvent, Value::Flag(true))]).await;
    clean(&world, &anna).await;
    let read = world.read_activity(&anna, &record).await;
    assert_eq!((&read["start"], &read["end"]), (&json!("2026-10-24"), &json!("2026-10-24")));
    let off = vec![
        set(Property::IsAllDayEvent, Value::Flag(false)),
        set(Property::Start, moment("2026-10-24T08:00:00Z")),
        set(Property::End, moment("2026-10-24T09:00:00Z")),
    ];
    outlook.edit(&id(&item), off).await;
    clean(&world, &anna).await;
    let read = world.read_activity(&anna, &record).await;
    assert_eq!((&read["start"], &read["end"]), (&berlin("2026-10-24T10:00:00"), &berlin("2026-10-24T11:00:00")));
    world.edit_activity(&anna, &record, json!({"start": "2026-10-26", "end": "2026-10-26"})).await;
    clean(&world, &anna).await;
    let item = outlook.only(Folder::Calendar).await;
    assert_eq!(
        (item.flag(Property::IsAllDayEvent), at(&item, Property::Start)),
        (Some(true), "2026-10-25T23:00:00Z".to_owned())
    );
}

// R5, trap 92: dates that stand for "none" are neither shown nor written.
async fn dates_that_stand_for_none_are_no_dates() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    for (at, date) in ["1601-01-01", "4501-01-01", "0001-01-01"].iter().enumerate() {
        let task = format!("<t:Task><t:Subject>T{at}</t:Subject><t:DueDate>{date}T00:00:00Z</t:DueDate></t:Task>");
        outlook.make_raw(Folder::Tasks, &task).await;
    }
    let body = json!({"display": "To Do and Activities", "subject": "Ours", "due_day": "4501-01-01"});
    let ours = world.activity(&anna, body).await;
    let contact = json!({"first_name": "Ida", "last_name": "Old", "email1": "ida@out.test", "on_sync_list": true,
        "birthday": "1601-01-01"});
    let contact = world.contact(&anna, contact).await;
    clean(&world, &anna).await;
    for record in world.view(&anna, "my_to_dos").await {
        let expected = if record["subject"] == "Ours" { json!("4501-01-01") } else { json!(null) };
        assert_eq!(record["due_day"], expected, "{record}");
    }
    let tasks = outlook.items(Folder::Tasks).await;
    let task = tasks.iter().find(|item| title(item) == "Ours").expect("there");
    assert!(task.moment(Property::DueDate).is_none(), "it would show as none");
    assert!(outlook.only(Folder::Contacts).await.moment(Property::Birthday).is_none());
    outlook.edit(&id(task), vec![set(Property::Subject, text("Renamed"))]).await;
    clean(&world, &anna).await;
    let read = world.read_activity(&anna, &ours).await;
    assert_eq!((&read["subject"], &read["due_day"]), (&json!("Renamed"), &json!("4501-01-01")));
    assert_eq!(world.read_contact(&anna, &contact).await["birthday"], "1601-01-01");
    // Whoever asks why the mailbox does not show it is told.
    for (kind, record, field) in [("task", &ours, "due_day"), ("contact", &contact, "birthday")] {
        let path = format!("/api/admin/users/anna/explain?side=crm&kind={kind}&record={record}");
        let text = world.get(&world.admin, &path).await["text"].to_string();
        assert!(text.contains(&format!("the mailbox cannot hold it: {field} (D2)")), "{text}");
    }
}
