//! Several items that show one global id: files opened twice or by two people, forwards, invitations to single occurrences
//! (rules D6, E1, O2, P1).

use crate::clock::{clean, named};
use crate::database::on_both;
use crate::outlook::{self, Outlook, guests, id, set, text, title, titles};
use crate::world::{Person, World};
use base64::Engine as _;
use serde_json::json;
use wire::ews::{self, DistinguishedFolder as Folder, FieldChange, Property, Recurrence};

on_both!(
    a_file_opened_twice_is_two_appointments_and_stops_nobody,
    a_file_opened_by_two_people_is_each_ones_own_and_stays,
    what_is_taken_away_and_made_again_under_its_id_is_the_same_record,
    a_forwarded_meeting_stays_with_whom_it_was_forwarded_to,
    a_guest_of_one_occurrence_keeps_it_and_the_series_is_its_organisers,
    a_guest_of_one_occurrence_and_then_of_the_series_goes_on,
    a_guest_of_two_occurrences_has_both,
);

const CALENDAR: &str = "my_calendar";

/// An appointment as a file that people open in their mail program.
fn file(uid: &str, subject: &str, day: &str) -> String {
    let text = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Fair//EN\r\nMETHOD:PUBLISH\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260901T000000Z\r\nDTSTART:{day}T090000Z\r\nDTEND:{day}T100000Z\r\nSUMMARY:{subject}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    );
    let content = base64::engine::general_purpose::STANDARD.encode(text);
    format!(r#"<t:CalendarItem><t:MimeContent CharacterSet="UTF-8">{content}</t:MimeContent></t:CalendarItem>"#)
}

async fn subjects(world: &World, who: &Person) -> Vec<String> {
    let all = world.view(who, CALENDAR).await;
    let mut subjects: Vec<String> =
        all.iter().map(|one| one["subject"].as_str().expect("a subject").to_owned()).collect();
    subjects.sort();
    subjects
}

// E1, P1: an id that two items of one mailbox show makes neither of them the other, and keeps nothing else back.
async fn a_file_opened_twice_is_two_appointments_and_stops_nobody() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let first = outlook.make_raw(Folder::Calendar, &file("fair-1@out.test", "Fair", "20261008")).await;
    let second = outlook.make_raw(Folder::Calendar, &file("fair-1@out.test", "Fair", "20261008")).await;
    outlook.make_raw(Folder::Calendar, &file("fair-1@out.test", "Fair, last day", "20261009")).await;
    outlook.make(Folder::Tasks, outlook::task("Pack", "2026-10-07")).await;
    world.listed(&anna, "Berg").await;
    clean(&world, &anna).await;
    assert_eq!(subjects(&world, &anna).await, ["Fair", "Fair", "Fair, last day"]);
    assert_eq!((world.view(&anna, "my_to_dos").await.len(), outlook.count(Folder::Contacts)), (1, 1));
    // Each is worked on by itself, from either side.
    outlook.edit(&first, vec![set(Property::Subject, text("First"))]).await;
    outlook.edit(&second, vec![set(Property::Subject, text("Second"))]).await;
    clean(&world, &anna).await;
    assert_eq!(subjects(&world, &anna).await, ["Fair, last day", "First", "Second"]);
    let record = named(&world, &anna, "Second").await;
    world.edit_activity(&anna, record["id"].as_str().expect("an id"), json!({"location": "Hall 2"})).await;
    clean(&world, &anna).await;
    assert_eq!(outlook.read(&second).await.expect("there").text(Property::Location), Some("Hall 2"));
    assert_eq!(outlook.read(&first).await.expect("there").text(Property::Location), None);
    outlook.delete(&first).await;
    clean(&world, &anna).await;
    assert_eq!(subjects(&world, &anna).await, ["Fair, last day", "Second"]);
    assert_eq!(outlook.count(Folder::Calendar), 2);
}

// O2, P1: what two people put into their calendars themselves is no meeting of the two.
async fn a_file_opened_by_two_people_is_each_ones_own_and_stays() {
    let (world, anna, bob) = World::with_two().await;
    for who in [&anna, &bob] {
        world.outlook(who).make_raw(Folder::Calendar, &file("fair-1@out.test", "Fair", "20261008")).await;
    }
    world.sync(&[&anna, &bob]).await;
    let his = world.only(&bob, CALENDAR).await;
    assert_ne!(world.only(&anna, CALENDAR).await["id"], his["id"]);
    assert_eq!((&his["owner"], &his["part"]), (&json!(bob.id), &json!("owner")));
    world.pass_days(3);
    world.sync(&[&anna, &bob]).await;
    for who in [&anna, &bob] {
        assert_eq!(title(&world.outlook(who).only(Folder::Calendar).await), "Fair");
        assert_eq!(world.outlook(who).count(Folder::DeletedItems), 0);
    }
    world
        .outlook(&bob)
        .edit(&id(&world.outlook(&bob).only(Folder::Calendar).await), vec![set(Property::Subject, text("Mine"))])
        .await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(
        (subjects(&world, &anna).await, subjects(&world, &bob).await),
        (vec!["Fair".to_owned()], vec!["Mine".to_owned()])
    );
}

// C4, P1, trap 7: clients that replace an item instead of changing it.
async fn what_is_taken_away_and_made_again_under_its_id_is_the_same_record() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let first = outlook.make_raw(Folder::Calendar, &file("fair-1@out.test", "Fair", "20261008")).await;
    clean(&world, &anna).await;
    let record = world.only(&anna, CALENDAR).await["id"].clone();
    outlook.purge(&first).await;
    let second = outlook.make_raw(Folder::Calendar, &file("fair-1@out.test", "Fair, moved", "20261009")).await;
    clean(&world, &anna).await;
    let now = world.only(&anna, CALENDAR).await;
    assert_eq!((&now["id"], &now["subject"]), (&record, &json!("Fair, moved")));
    world.edit_activity(&anna, record.as_str().expect("an id"), json!({"location": "Hall 2"})).await;
    clean(&world, &anna).await;
    assert_eq!(outlook.read(&second).await.expect("there").text(Property::Location), Some("Hall 2"));
    outlook.delete(&second).await;
    clean(&world, &anna).await;
    assert!(world.view(&anna, CALENDAR).await.is_empty());
}

/// A meeting's item made in another mailbox from what its file says; as a request it is received there.
async fn forward(from: &Outlook, item: &str, to: &Outlook, method: &str) -> String {
    let answer = from
        .raw("", &format!(r#"<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:IncludeMimeContent>true</t:IncludeMimeContent></m:ItemShape><m:ItemIds><t:ItemId Id="{item}"/></m:ItemIds></m:GetItem>"#))
        .await;
    let content = answer.split("</t:MimeContent>").next().and_then(|rest| rest.rsplit('>').next()).expect("content");
    let engine = base64::engine::general_purpose::STANDARD;
    let text = String::from_utf8(engine.decode(content).expect("base 64")).expect("text");
    let text: String = text.lines().filter(|line| !line.starts_with("METHOD:")).collect::<Vec<_>>().join("\r\n");
    let text = text.replacen("BEGIN:VTIMEZONE", &format!("METHOD:{method}\r\nBEGIN:VTIMEZONE"), 1) + "\r\n";
    let content = engine.encode(text);
    let item =
        format!(r#"<t:CalendarItem><t:MimeContent CharacterSet="UTF-8">{content}</t:MimeContent></t:CalendarItem>"#);
    to.make_raw(Folder::Calendar, &item).await
}

// D6, O2: whom the organiser did not ask himself has the meeting all the same; it is not ours to take.
async fn a_forwarded_meeting_stays_with_whom_it_was_forwarded_to() {
    for method in ["PUBLISH", "REQUEST"] {
        let (world, anna, bob) = World::with_two().await;
        let carl = world.user("carl").await;
        let meeting = outlook::meeting("Plan", "2026-10-08T08:00:00Z", "2026-10-08T09:00:00Z", &["carl@crm.test"]);
        world.outlook(&anna).invite(meeting).await;
        world.sync(&[&anna, &bob, &carl]).await;
        let at_carls = id(&world.outlook(&carl).only(Folder::Calendar).await);
        let forwarded = forward(&world.outlook(&carl), &at_carls, &world.outlook(&bob), method).await;
        for _ in 0..3 {
            world.sync(&[&anna, &bob, &carl]).await;
            world.pass_days(2);
        }
        let still = world.outlook(&bob).read(&forwarded).await;
        assert_eq!(still.as_ref().map(title), Some("Plan"), "{method}");
        assert_eq!(world.outlook(&bob).count(Folder::DeletedItems), 0);
        assert_eq!((world.view(&anna, CALENDAR).await.len(), world.view(&carl, CALENDAR).await.len()), (1, 1));
    }
}

fn days(subject: &str) -> ews::Item {
    let rule = Recurrence {
        pattern: ews::Pattern::Daily { interval: 1 },
        range: ews::Range::Numbered { start: "2026-10-05".parse().expect("a day"), count: 4 },
    };
    outlook::meeting(subject, "2026-10-05T08:00:00Z", "2026-10-05T09:00:00Z", &["bob@crm.test"])
        .with(Property::Recurrence, ews::Value::Recurrence(rule))
}

fn invite_too(people: &[&str]) -> Vec<FieldChange> {
    vec![set(Property::RequiredAttendees, guests(people))]
}

// D6, O2, P1: the one occurrence somebody is asked to stays in his calendar, and brings the series nothing.
async fn a_guest_of_one_occurrence_keeps_it_and_the_series_is_its_organisers() {
    let (world, anna, bob) = World::with_two().await;
    let carl = world.user("carl").await;
    let master = world.outlook(&anna).invite(days("Daily")).await;
    let second = world.outlook(&anna).occurrence(&master, 2).await;
    world.outlook(&anna).edit_and_send(&second, invite_too(&["bob@crm.test", "carl@crm.test"])).await;
    for _ in 0..3 {
        world.sync(&[&carl, &anna, &bob]).await;
        world.pass_days(2);
    }
    let kept = world.outlook(&carl).only(Folder::Calendar).await;
    assert_eq!((title(&kept), world.outlook(&carl).count(Folder::DeletedItems)), ("Daily", 0));
    let record = world.only(&anna, CALENDAR).await;
    assert_eq!(record["rule"]["count"], 4);
    let item = id(&kept).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let path = format!("/api/admin/users/carl/explain?side=pim&kind=appointment&record={item}");
    let explained = world.get(&world.admin, &path).await["text"].to_string();
    assert!(explained.contains("or the series that it is part of"), "{explained}");
}

// E1: what is asked of a guest in two pieces stops nothing.
async fn a_guest_of_one_occurrence_and_then_of_the_series_goes_on() {
    let (world, _, bob) = World::with_two().await;
    let carl = world.user("carl").await;
    let eve = world.outsider("eve@far.test");
    let master = eve.invite(days("Daily")).await;
    let second = eve.occurrence(&master, 2).await;
    eve.edit_and_send(&second, invite_too(&["bob@crm.test", "carl@crm.test"])).await;
    world.outlook(&carl).accept().await;
    for _ in 0..2 {
        world.sync(&[&carl, &bob]).await;
        world.pass_s(120);
    }
    assert_eq!(subjects(&world, &carl).await, ["Daily"]);
    eve.edit_and_send(&master, invite_too(&["bob@crm.test", "carl@crm.test"])).await;
    world
        .outlook(&carl)
        .make(Folder::Calendar, outlook::appointment("Dentist", "2026-10-20T08:00:00Z", "2026-10-20T09:00:00Z"))
        .await;
    world.sync(&[&carl, &bob]).await;
    assert!(
        subjects(&world, &carl).await.contains(&"Dentist".to_owned()),
        "{:?}",
        titles(&world.outlook(&carl).items(Folder::Calendar).await)
    );
}

// P1, P3: each is an appointment of its own, with the id of the series that its guest does not have.
async fn a_guest_of_two_occurrences_has_both() {
    let (world, _, bob) = World::with_two().await;
    let carl = world.user("carl").await;
    let eve = world.outsider("eve@far.test");
    let master = eve.invite(days("Daily")).await;
    for index in [2, 4] {
        let one = eve.occurrence(&master, index).await;
        eve.edit_and_send(&one, invite_too(&["bob@crm.test", "carl@crm.test"])).await;
    }
    let outlook = world.outlook(&carl);
    let items = outlook.items(Folder::Calendar).await;
    assert_eq!(titles(&items), ["Daily", "Daily"]);
    for item in &items {
        outlook.accept_item(item).await;
    }
    for _ in 0..3 {
        world.sync(&[&carl, &bob]).await;
        world.pass_s(120);
    }
    let shown = world.view(&carl, CALENDAR).await;
    let mut starts: Vec<&str> = shown.iter().filter_map(|one| one["start"]["wall"].as_str()).collect();
    starts.sort_unstable();
    assert_eq!(starts.len(), 2, "{shown:?}");
    assert!(starts[0].starts_with("2026-10-06") && starts[1].starts_with("2026-10-08"), "{starts:?}");
    assert_eq!((outlook.count(Folder::Calendar), outlook.count(Folder::DeletedItems)), (2, 0));
    // Each goes by itself.
    outlook.delete(&id(&items[0])).await;
    world.sync(&[&carl, &bob]).await;
    assert_eq!((world.view(&carl, CALENDAR).await.len(), outlook.count(Folder::Calendar)), (1, 1));
}
