//! Changes on both sides: merged by fields, conflicts told, nothing touched that is not ours (rules C2, C3, C9 to C11).

use crate::api::{appointment, berlin};
use crate::database::on_both;
use crate::outlook::{self, categories, email, id, plain, set, text, texts, title};
use crate::world::World;
use serde_json::json;
use wire::ews::{Dictionary, DistinguishedFolder as Folder, FieldChange, Path, Property};

on_both!(
    different_fields_changed_on_both_sides_both_survive,
    start_and_end_merge_as_one_and_the_overruled_time_is_told,
    categories_of_an_appointment_merge_word_by_word,
    the_same_field_changed_on_both_sides_is_decided_as_set_and_the_overruled_value_is_kept,
    a_held_conflict_is_written_nowhere_until_a_person_chooses_and_the_rest_goes_on,
    a_held_conflict_is_decided_by_the_policy_that_is_set_later,
    people_of_the_crm_stand_in_the_body_and_never_as_attendees_and_do_not_flow_back,
    what_is_not_mapped_survives_every_edit_of_ours,
    a_body_is_not_written_when_only_other_fields_change,
    two_mailboxes_that_edit_one_contact_meet_in_the_crm,
);

// C2
async fn different_fields_changed_on_both_sides_both_survive() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let record = world.listed(&anna, "Berg").await;
    world.sync(&[&anna]).await;
    let item = id(&outlook.only(Folder::Contacts).await);
    world.edit_contact(&anna, &record, json!({"job_title": "Chief"})).await;
    let phone = Path::entry(Dictionary::PhoneNumber, "BusinessPhone");
    outlook.edit(&item, vec![set(phone.clone(), text("+49 89 1234")), set(Property::Department, text("Sales"))]).await;
    let reports = world.sync(&[&anna]).await;
    assert!(reports.iter().all(|report| report.conflicts == 0));
    let item = outlook.only(Folder::Contacts).await;
    let shown = (item.text(Property::JobTitle), item.text(phone), item.text(Property::Department));
    assert_eq!(shown, (Some("Chief"), Some("+49 89 1234"), Some("Sales")));
    let record = world.read_contact(&anna, &record).await;
    let shown = (&record["job_title"], &record["work_phone"], &record["department"]);
    assert_eq!(shown, (&json!("Chief"), &json!("+49 89 1234"), &json!("Sales")));
}

// C2: units that make sense only together merge as one.
async fn start_and_end_merge_as_one_and_the_overruled_time_is_told() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let record = world.appointment(&anna, "Plan", "2026-09-28").await;
    world.sync(&[&anna]).await;
    let item = id(&outlook.only(Folder::Calendar).await);
    world.edit_activity(&anna, &record, json!({"start": berlin("2026-09-28T10:30:00")})).await;
    outlook.edit(&item, vec![set(Property::End, outlook::moment("2026-09-28T12:00:00Z"))]).await;
    let reports = world.sync(&[&anna]).await;
    assert_eq!(reports.iter().map(|report| report.conflicts).sum::<u32>(), 1);
    let item = outlook.only(Folder::Calendar).await;
    let shown = (outlook::at(&item, Property::Start), outlook::at(&item, Property::End));
    assert_eq!(shown, ("2026-09-28T08:30:00Z".to_owned(), "2026-09-28T09:00:00Z".to_owned()), "the CRM's whole time");
}

// C2
async fn categories_of_an_appointment_merge_word_by_word() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let mut body = appointment("Plan", "2026-09-28");
    body["categories"] = json!(["Blue", "Red"]);
    let record = world.activity(&anna, body).await;
    world.sync(&[&anna]).await;
    let item = outlook.only(Folder::Calendar).await;
    let mut words: Vec<&str> = categories(&item).into_iter().filter(|word| *word != "Red").collect();
    words.push("Green");
    outlook.edit(&id(&item), vec![set(Property::Categories, texts(&words))]).await;
    world.edit_activity(&anna, &record, json!({"categories": ["Blue", "Red", "Gold"]})).await;
    world.sync(&[&anna]).await;
    let record = world.read_activity(&anna, &record).await;
    assert_eq!(record["categories"], json!(["Blue", "Gold", "Green"]));
    let item = outlook.only(Folder::Calendar).await;
    let mut shown = categories(&item);
    shown.retain(|word| !word.starts_with("Siebel"));
    shown.sort_unstable();
    assert_eq!(shown, ["Blue", "Gold", "Green"]);
}

// C3
async fn the_same_field_changed_on_both_sides_is_decided_as_set_and_the_overruled_value_is_kept() {
    for (policy, stands) in [("crm", "From the CRM"), ("mailbox", "From the mailbox")] {
        let (world, anna, _) = World::with_two().await;
        world.settings(json!({"domains": {"calendar": {"conflict": policy}}})).await;
        let outlook = world.outlook(&anna);
        let record = world.appointment(&anna, "Plan", "2026-09-28").await;
        world.sync(&[&anna]).await;
        let item = id(&outlook.only(Folder::Calendar).await);
        world.edit_activity(&anna, &record, json!({"subject": "From the CRM"})).await;
        outlook.edit(&item, vec![set(Property::Subject, text("From the mailbox"))]).await;
        let reports = world.sync(&[&anna]).await;
        assert_eq!(reports.iter().map(|report| report.conflicts).sum::<u32>(), 1);
        assert_eq!(title(&outlook.only(Folder::Calendar).await), stands);
        assert_eq!(world.read_activity(&anna, &record).await["subject"], stands);
        let history = world.list(&world.admin, "/api/admin/history?user=anna").await;
        let lost = if policy == "crm" { "From the mailbox" } else { "From the CRM" };
        let told =
            history.iter().any(|line| line["what"] == "conflict" && line["overruled"].to_string().contains(lost));
        assert!(told, "{history:?}");
    }
}

// C3, W1, W3: and it is told in the words of records, before it is met as well.
async fn a_held_conflict_is_written_nowhere_until_a_person_chooses_and_the_rest_goes_on() {
    let (world, anna, _) = World::with_two().await;
    world.settings(json!({"domains": {"calendar": {"conflict": "hold"}}})).await;
    let outlook = world.outlook(&anna);
    let record = world.appointment(&anna, "Plan", "2026-09-28").await;
    world.sync(&[&anna]).await;
    let item = id(&outlook.only(Folder::Calendar).await);
    world.edit_activity(&anna, &record, json!({"subject": "Here"})).await;
    outlook.edit(&item, vec![set(Property::Subject, text("There"))]).await;
    let plan = world.get(&world.admin, "/api/admin/users/anna/plan").await;
    assert_eq!((&plan["lines"][0]["what"], &plan["totals"]), (&json!("conflict"), &json!({"conflicts": 1})), "{plan}");
    world.edit_activity(&anna, &record, json!({"location": "Room 1"})).await;
    let plan = world.get(&world.admin, "/api/admin/users/anna/plan").await;
    assert_eq!((&plan["lines"][0]["what"], &plan["totals"]["conflicts"]), (&json!("update"), &json!(1)), "{plan}");
    world.sync(&[&anna]).await;
    let history = world.list(&world.admin, "/api/admin/history?user=anna").await;
    let written = history.iter().find(|line| line["what"] == "update").expect("the place was written");
    assert_eq!((&written["before"], &written["after"]), (&json!({"location": null}), &json!({"location": "Room 1"})));
    let held = world.held(&anna).await;
    assert_eq!(held.len(), 1, "{held:?}");
    let values = json!({"subject": {"crm": "Here", "pim": "There"}});
    assert_eq!(held[0]["what"]["conflict"]["values"], values);
    let item = outlook.only(Folder::Calendar).await;
    assert_eq!((title(&item), item.text(Property::Location)), ("There", Some("Room 1")));
    assert_eq!(world.read_activity(&anna, &record).await["subject"], "Here");
    let answer = json!({"answer": "pim"});
    let path = format!("/api/admin/held/{}", held[0]["id"].as_str().expect("an id"));
    world.done(&world.admin, "POST", &path, Some(&answer)).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.read_activity(&anna, &record).await["subject"], "There");
    assert!(world.held(&anna).await.is_empty());
}

// C3, L7: and the question names the record, so that a person knows what is asked about.
async fn a_held_conflict_is_decided_by_the_policy_that_is_set_later() {
    let (world, anna, _) = World::with_two().await;
    world.settings(json!({"domains": {"business_contact": {"conflict": "hold"}}})).await;
    let outlook = world.outlook(&anna);
    let record = world.listed(&anna, "Berg").await;
    world.sync(&[&anna]).await;
    let item = id(&outlook.only(Folder::Contacts).await);
    world.edit_contact(&anna, &record, json!({"job_title": "Here"})).await;
    outlook.edit(&item, vec![set(Property::JobTitle, text("There"))]).await;
    world.sync(&[&anna]).await;
    let held = world.held(&anna).await;
    assert_eq!((&held[0]["crm"], &held[0]["pim"], &held[0]["user"]), (&json!(record), &json!(item), &json!("anna")));
    let path = format!("/api/admin/users/anna/explain?side=crm&kind=contact&record={record}");
    let told = world.get(&world.admin, &path).await.to_string();
    assert!(told.contains("until a person chooses") && !told.contains("Both sides agree"), "{told}");
    world.settings(json!({"domains": {"business_contact": {"conflict": "mailbox"}}})).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.read_contact(&anna, &record).await["job_title"], "There");
    assert!(world.held(&anna).await.is_empty());
}

// C9
async fn people_of_the_crm_stand_in_the_body_and_never_as_attendees_and_do_not_flow_back() {
    let (world, anna, _) = World::with_two().await;
    let contact = world.listed(&anna, "Berg").await;
    let mut body = appointment("Plan", "2026-09-28");
    body["people"] = json!([{"contact": contact}]);
    body["body"] = json!("Agenda");
    let record = world.activity(&anna, body).await;
    world.sync(&[&anna]).await;
    let outlook = world.outlook(&anna);
    let item = outlook.only(Folder::Calendar).await;
    assert_eq!(item.attendees(Property::RequiredAttendees).unwrap_or_default().len(), 0);
    assert!(!item.flag(Property::MeetingRequestWasSent).unwrap_or(false));
    let shown = item.body().expect("a body").text.clone();
    assert!(shown.contains("Agenda") && shown.contains("Berg"), "{shown}");
    outlook.edit(&id(&item), vec![set(Property::Subject, text("Plan B"))]).await;
    world.sync(&[&anna]).await;
    let record = world.read_activity(&anna, &record).await;
    assert_eq!((&record["subject"], &record["body"]), (&json!("Plan B"), &json!("Agenda")));
    assert_eq!(record["people"].as_array().map(Vec::len), Some(1));
}

// C10, C11
async fn what_is_not_mapped_survives_every_edit_of_ours() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let foreign = wire::ews::ExtendedPath::named(
        "11111111-2222-3333-4444-555555555555",
        "OurColour",
        wire::ews::ExtendedType::String,
    );
    let item = outlook::contact("Ida", "Berg", "ida@out.test", &["Siebel Contact", "Sailing"])
        .with(Path::Extended(foreign.clone()), text("blue"))
        .with(Property::Profession, text("Pilot"))
        .with(email(2), text("second@out.test"));
    let item = outlook.make(Folder::Contacts, item).await;
    world.sync(&[&anna]).await;
    let record = crate::api::id(&world.only(&anna, "my_contacts").await);
    world.edit_contact(&anna, &record, json!({"job_title": "Chief", "email2": null})).await;
    world.sync(&[&anna]).await;
    let after = outlook.read_all(&item, [Path::Extended(foreign.clone()), Property::Profession.into()]).await;
    assert_eq!(after.text(Path::Extended(foreign)), Some("blue"));
    assert_eq!(after.text(Property::Profession), Some("Pilot"));
    let after = outlook.only(Folder::Contacts).await;
    assert_eq!((after.text(Property::JobTitle), after.text(email(2))), (Some("Chief"), None), "clearing is a value");
    assert!(categories(&after).contains(&"Sailing"), "other people's categories stay");
}

// C10
async fn a_body_is_not_written_when_only_other_fields_change() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let html = wire::ews::Body {
        kind: wire::ews::BodyKind::Html,
        text: "<html><body><p>First <b>bold</b></p></body></html>".to_owned(),
        truncated: false,
    };
    let item = outlook::appointment("Ride", "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z")
        .with(Property::Body, wire::ews::Value::Body(html));
    outlook.make(Folder::Calendar, item).await;
    world.sync(&[&anna]).await;
    let before = outlook.only(Folder::Calendar).await.body().expect("a body").clone();
    let record = world.only(&anna, "my_calendar").await;
    assert_eq!(record["body"], "First bold");
    world.edit_activity(&anna, &crate::api::id(&record), json!({"location": "Room 1"})).await;
    world.sync(&[&anna]).await;
    let after = outlook.only(Folder::Calendar).await;
    assert_eq!(after.text(Property::Location), Some("Room 1"));
    assert!(after.body().expect("a body") == &before, "HTML stays as it was");
    outlook
        .edit(&id(&after), vec![set(Property::Body, plain("Second")), FieldChange::Delete(Property::Location.into())])
        .await;
    world.sync(&[&anna]).await;
    let record = world.only(&anna, "my_calendar").await;
    assert_eq!((&record["body"], &record["location"]), (&json!("Second"), &json!(null)));
}

// C2, C3: one record, two mailboxes: both edits meet in the CRM, and every copy ends the same.
async fn two_mailboxes_that_edit_one_contact_meet_in_the_crm() {
    let (world, anna, bob) = World::with_two().await;
    let team = json!([{"employee": anna.id}, {"employee": bob.id}]);
    let body = json!({"first_name": "Ida", "last_name": "Berg", "email1": "ida@out.test", "team": team});
    let record = world.contact(&anna, body).await;
    world.enlist(&anna, &record).await;
    world.enlist(&bob, &record).await;
    world.sync(&[&anna, &bob]).await;
    for (who, property, job) in [(&anna, Property::Department, "Anna's"), (&bob, Property::Manager, "Bob's")] {
        let item = id(&world.outlook(who).only(Folder::Contacts).await);
        let change = vec![set(property, text("Set")), set(Property::JobTitle, text(job))];
        world.outlook(who).edit(&item, change).await;
    }
    let reports = world.sync(&[&anna, &bob]).await;
    assert_eq!(reports.iter().map(|report| report.conflicts).sum::<u32>(), 1, "the job title, at whoever came second");
    for who in [&anna, &bob] {
        let item = world.outlook(who).only(Folder::Contacts).await;
        let shown = [Property::Department, Property::Manager, Property::JobTitle].map(|path| item.text(path));
        assert_eq!(shown, [Some("Set"), Some("Set"), Some("Anna's")], "{}", who.login);
    }
    let shown = world.read_contact(&anna, &record).await;
    assert_eq!((&shown["department"], &shown["manager"]), (&json!("Set"), &json!("Set")));
}
