//! What is private stays its owner's: contacts between business and personal, and items whose flag is set (rules O5, O7).

use crate::api::{appointment, id as id_of, to_do};
use crate::database::on_both;
use crate::outlook::{self, categories, id, set, text, title};
use crate::world::{Person, World};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use wire::ews::{DistinguishedFolder as Folder, Item, Property};

on_both!(
    private_cleared_on_a_personal_contact_joins_the_one_business_contact_that_is_the_same_person,
    a_personal_record_that_may_not_be_deleted_stays_in_the_crm_and_its_item_is_business,
    private_cleared_on_a_contact_that_could_be_two_stays_personal_until_a_person_decides,
    a_question_ends_by_itself_when_one_candidate_is_left,
    a_contact_that_changes_its_kind_keeps_what_only_the_crm_knows,
    the_flag_in_the_crm_is_refused_while_others_work_with_it_and_otherwise_moves_the_same_item,
    a_private_record_is_seen_by_its_owner_alone_wherever_somebody_looks,
    a_private_occurrence_is_seen_by_the_owner_of_its_series_alone,
    a_question_about_a_private_record_is_answered_without_its_values,
    a_private_item_that_is_skipped_is_nowhere_in_the_databases,
    an_attendees_own_flag_hides_nothing_and_the_organisers_hides_the_meeting,
);

const MINE: &str = "my_contacts";
const PERSONAL: &str = "my_personal_contacts";
const CALENDAR: &str = "my_calendar";

fn private(item: Item) -> Item {
    item.with(Property::Sensitivity, text("Private"))
}

fn personal(first: &str, last: &str, mail: &str) -> Item {
    outlook::contact(first, last, mail, &["Siebel Personal Contact"])
}

async fn shared(world: &World, people: &[&Person], mut body: Json) -> String {
    body["team"] = people.iter().map(|who| json!({"employee": who.id})).collect();
    let record = world.contact(people[0], body).await;
    for who in people {
        world.enlist(who, &record).await;
    }
    record
}

// O5: M1 decides: one match links and merges by M3.
async fn private_cleared_on_a_personal_contact_joins_the_one_business_contact_that_is_the_same_person() {
    let (world, anna, bob) = World::with_two().await;
    let team = json!([{"employee": anna.id}, {"employee": bob.id}]);
    let body = json!({"first_name": "Ida", "last_name": "Berg", "email1": "ida@out.test", "job_title": "Chief",
        "team": team});
    let business = world.contact(&bob, body).await;
    let outlook = world.outlook(&anna);
    let item = personal("Ida", "Berg", "IDA@out.test").with(Property::Department, text("Sales"));
    let item = outlook.make(Folder::Contacts, item).await;
    world.sync(&[&anna]).await;
    let own = id_of(&world.only(&anna, PERSONAL).await);
    outlook.edit(&item, vec![set(Property::Sensitivity, text("Normal"))]).await;
    world.sync(&[&anna, &bob]).await;
    let shown = world.only(&anna, MINE).await;
    assert_eq!(
        [&shown["id"], &shown["department"], &shown["job_title"], &shown["on_sync_list"]],
        [&json!(business), &json!("Sales"), &json!("Chief"), &json!(true)],
        "linked, and blanks filled on both sides"
    );
    assert_eq!(world.view(&anna, PERSONAL).await.len(), 0);
    assert!(!world.is_there(&anna, &format!("/api/crm/contacts/{own}")).await, "the personal record went");
    let after = outlook.only(Folder::Contacts).await;
    assert_eq!((id(&after), after.text(Property::JobTitle)), (item, Some("Chief")));
    assert_eq!(categories(&after), ["Siebel Contact"]);
}

// O5, C7: the one contact is business from then on; the record that may not be deleted is on no list, and makes no item.
async fn a_personal_record_that_may_not_be_deleted_stays_in_the_crm_and_its_item_is_business() {
    let (world, anna, _) = World::with_two().await;
    world.settings(json!({"domains": {"personal_contact": {"no_deletes": ["crm"]}}})).await;
    let outlook = world.outlook(&anna);
    let item = outlook.make(Folder::Contacts, personal("Ida", "Berg", "ida@out.test")).await;
    world.sync(&[&anna]).await;
    let own = id_of(&world.only(&anna, PERSONAL).await);
    outlook.edit(&item, vec![set(Property::Sensitivity, text("Normal"))]).await;
    world.sync(&[&anna]).await;
    world.edit_contact(&anna, &own, json!({"job_title": "Of before"})).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.only(&anna, MINE).await["on_sync_list"], true);
    assert_eq!(world.only(&anna, PERSONAL).await["on_sync_list"], false);
    let after = outlook.only(Folder::Contacts).await;
    assert_eq!((id(&after), categories(&after), after.text(Property::JobTitle)), (item, vec!["Siebel Contact"], None));
}

// O5: ambiguous stays personal and is listed.
async fn private_cleared_on_a_contact_that_could_be_two_stays_personal_until_a_person_decides() {
    let (world, anna, _) = World::with_two().await;
    for last in ["Berg", "Burg"] {
        world.contact(&anna, json!({"first_name": "Ida", "last_name": last, "email1": "ida@out.test"})).await;
    }
    let outlook = world.outlook(&anna);
    let item = outlook.make(Folder::Contacts, personal("Ida", "Borg", "ida@out.test")).await;
    world.sync(&[&anna]).await;
    outlook.edit(&item, vec![set(Property::Sensitivity, text("Normal"))]).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.only(&anna, PERSONAL).await["last_name"], "Borg");
    assert_eq!((world.view(&anna, MINE).await.len(), outlook.count(Folder::Contacts)), (2, 1));
    let held = world.held(&anna).await;
    assert_eq!(held.len(), 1, "{held:?}");
    // Who decides is told the business contacts by their names; the personal one is for its owner alone.
    let names: BTreeSet<&str> =
        held[0]["records"].as_array().expect("records").iter().filter_map(|one| one["name"].as_str()).collect();
    assert!(names.iter().any(|name| name.contains("Ida Berg")), "{held:?}");
    assert!(!held[0].to_string().contains("Borg") && names.contains("Private"), "{held:?}");
    // Edits go on meanwhile.
    outlook.edit(&item, vec![set(Property::JobTitle, text("Chief"))]).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.only(&anna, PERSONAL).await["job_title"], "Chief");
    assert_eq!(world.held(&anna).await.len(), 1, "asked once");
    // A person decides.
    let crm = held[0]["what"]["ambiguous"]["crm"][0].as_str().expect("a candidate").to_owned();
    let answer = json!({"answer": "same", "crm": crm, "pim": item});
    world.done(&world.admin, "POST", &format!("/api/admin/held/{}", id_of(&held[0])), Some(&answer)).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.view(&anna, PERSONAL).await.len(), 0);
    assert_eq!(world.read_contact(&anna, &crm).await["job_title"], "Chief");
    assert_eq!((world.view(&anna, MINE).await.len(), outlook.count(Folder::Contacts)), (2, 1));
    assert!(world.held(&anna).await.is_empty());
}

// O5, M1: or the ambiguity goes.
async fn a_question_ends_by_itself_when_one_candidate_is_left() {
    let (world, anna, _) = World::with_two().await;
    let mut business = Vec::new();
    for last in ["Berg", "Burg"] {
        let body = json!({"first_name": "Ida", "last_name": last, "email1": "ida@out.test"});
        business.push(world.contact(&anna, body).await);
    }
    let outlook = world.outlook(&anna);
    let item = outlook.make(Folder::Contacts, personal("Ida", "Borg", "ida@out.test")).await;
    let other =
        outlook.make(Folder::Contacts, outlook::contact("Ida", "Barg", "ida@out.test", &["Siebel Contact"])).await;
    world.sync(&[&anna]).await;
    outlook.edit(&item, vec![set(Property::Sensitivity, text("Normal"))]).await;
    world.sync(&[&anna]).await;
    assert!(!world.held(&anna).await.is_empty());
    outlook.delete(&other).await;
    world.delete(&anna, &format!("/api/crm/contacts/{}", business[0])).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.held(&anna).await, Vec::<Json>::new());
    assert_eq!(
        (id_of(&world.only(&anna, MINE).await), world.view(&anna, PERSONAL).await.len()),
        (business[1].clone(), 0)
    );
}

// O5: what the mailbox cannot show goes over all the same.
async fn a_contact_that_changes_its_kind_keeps_what_only_the_crm_knows() {
    let (world, anna, _) = World::with_two().await;
    let long = "y".repeat(300);
    let body = json!({"first_name": "Ida", "last_name": "Berg", "email1": "ida@out.test", "personal": true,
        "on_sync_list": true, "job_title": long, "more_emails": ["d@out.test"]});
    world.contact(&anna, body).await;
    world.sync(&[&anna]).await;
    let own = world.only(&anna, PERSONAL).await;
    let outlook = world.outlook(&anna);
    let item = id(&outlook.only(Folder::Contacts).await);
    // Both at once: an edit in the CRM that the mailbox has not seen, and the flag.
    world.edit_contact(&anna, &id_of(&own), json!({"department": "Sales"})).await;
    outlook.edit(&item, vec![set(Property::Sensitivity, text("Normal")), set(Property::Manager, text("Max"))]).await;
    world.sync(&[&anna]).await;
    let shown = world.only(&anna, MINE).await;
    assert_eq!(
        [&shown["department"], &shown["manager"], &shown["job_title"], &shown["more_emails"]],
        [&json!("Sales"), &json!("Max"), &json!(long), &json!(["d@out.test"])]
    );
    let after = outlook.only(Folder::Contacts).await;
    assert_eq!((after.text(Property::Department), after.text(Property::Manager)), (Some("Sales"), Some("Max")));
    // And back: the business record stays for nobody else, the personal one has all of it.
    outlook.edit(&item, vec![set(Property::Sensitivity, text("Private"))]).await;
    world.sync(&[&anna]).await;
    let shown = world.only(&anna, PERSONAL).await;
    assert_eq!((&shown["department"], &shown["job_title"]), (&json!("Sales"), &json!(long)));
}

// O5
async fn the_flag_in_the_crm_is_refused_while_others_work_with_it_and_otherwise_moves_the_same_item() {
    let (world, anna, bob) = World::with_two().await;
    let both = shared(&world, &[&anna, &bob], json!({"first_name": "Ida", "last_name": "Berg"})).await;
    let alone = shared(&world, &[&anna], json!({"first_name": "Jan", "last_name": "Club"})).await;
    world.sync(&[&anna, &bob]).await;
    let version = world.read_contact(&anna, &both).await["version"].clone();
    let path = format!("/api/crm/contacts/{both}");
    let asked = json!({"private": true, "version": version});
    let (status, answer) = world.ask(&anna, "PATCH", &path, Some(&asked)).await;
    assert_eq!((status, &answer["error"]["where"][0]["field"]), (422, &json!("private")), "{answer}");
    let outlook = world.outlook(&anna);
    let items = outlook.items(Folder::Contacts).await;
    let before = id(items.iter().find(|item| title(item) == "Club").expect("Jan"));
    world.edit_contact(&anna, &alone, json!({"private": true})).await;
    world.sync(&[&anna, &bob]).await;
    let item = outlook.read(&before).await.expect("the same item");
    assert_eq!(
        (item.text(Property::Sensitivity), categories(&item)),
        (Some("Private"), vec!["Siebel Personal Contact"])
    );
    assert_eq!(world.only(&anna, PERSONAL).await["last_name"], "Club");
    assert!(!world.is_there(&bob, &format!("/api/crm/contacts/{alone}")).await);
    world.edit_contact(&anna, &alone, json!({"private": false})).await;
    world.sync(&[&anna, &bob]).await;
    let item = outlook.read(&before).await.expect("the same item");
    assert_eq!((item.text(Property::Sensitivity), categories(&item)), (Some("Normal"), vec!["Siebel Contact"]));
}

/// Everything that somebody can ask of the server, as one text.
async fn everything(world: &World, who: &Person, record: &str, canary: &str) -> String {
    let mut all = String::new();
    let mut paths: Vec<String> =
        ["my_activities", CALENDAR, "my_to_dos", MINE, PERSONAL, "all_contacts", "all_employees"]
            .map(|view| format!("/api/crm/views/{view}"))
            .into();
    paths.push(format!("/api/crm/search?q={canary}"));
    paths.push(format!("/api/crm/activities/{record}"));
    paths.push(format!("/api/crm/contacts/{record}"));
    paths.push("/api/crm/sync-list".to_owned());
    for user in ["anna", "bob"] {
        for what in ["history", "quarantine", "held"] {
            paths.push(format!("/api/admin/{what}?user={user}"));
        }
        paths.push(format!("/api/admin/users/{user}"));
        paths.push(format!("/api/admin/users/{user}/plan"));
        for kind in ["appointment", "task", "contact"] {
            paths.push(format!("/api/admin/users/{user}/explain?side=crm&kind={kind}&record={record}"));
        }
    }
    paths.push("/api/admin/brakes".to_owned());
    paths.push("/metrics".to_owned());
    for path in paths {
        let request = axum::http::Request::get(&path)
            .header("authorization", format!("Bearer {}", who.token))
            .body(axum::body::Body::empty())
            .expect("a request");
        let answer = tower::ServiceExt::oneshot(world.router.clone(), request).await.expect("answered");
        let status = answer.status();
        let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.expect("a body");
        all.push_str(&format!("{path} {status} {}\n", String::from_utf8_lossy(&body)));
    }
    for (method, path) in [("PATCH", "activities"), ("DELETE", "activities"), ("PATCH", "contacts")] {
        let body = json!({"version": 1, "subject": "x", "last_name": "x"});
        let (status, answer) = world.ask(who, method, &format!("/api/crm/{path}/{record}"), Some(&body)).await;
        all.push_str(&format!("{method} {status} {answer}\n"));
    }
    all
}

fn lines_with<'a>(all: &'a str, canary: &str) -> Vec<&'a str> {
    all.lines().filter(|line| line.replacen(canary, "", usize::from(line.contains("q="))).contains(canary)).collect()
}

// O7: only the owner sees more than "Private", busy and the time.
async fn a_private_record_is_seen_by_its_owner_alone_wherever_somebody_looks() {
    let (world, anna, bob) = World::with_two().await;
    let canary = "Kanarienvogel";
    let item = outlook::appointment(&format!("{canary} subject"), "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z")
        .with(Property::Location, text(&format!("{canary} place")))
        .with(Property::Body, outlook::plain(&format!("{canary} body")));
    world.outlook(&anna).make(Folder::Calendar, private(item)).await;
    let task = outlook::task(&format!("{canary} task"), "2026-09-28");
    world.outlook(&anna).make(Folder::Tasks, private(task)).await;
    world.outlook(&anna).make(Folder::Contacts, personal("Ida", canary, "ida@out.test")).await;
    // One of the CRM's, with a participant.
    let mut body = appointment(&format!("{canary} crm"), "2026-09-29");
    body["private"] = json!(true);
    body["location"] = json!(format!("{canary} room"));
    body["people"] = json!([{"employee": bob.id}, {"name": format!("{canary} guest"), "address": "guest@far.test"}]);
    let record = world.activity(&anna, body).await;
    let mut body = to_do(&format!("{canary} to do"), "2026-09-29");
    body["private"] = json!(true);
    body["people"] = json!([{"employee": bob.id}]);
    world.activity(&anna, body).await;
    world.sync(&[&anna, &bob]).await;
    world.edit_activity(&anna, &record, json!({"location": format!("{canary} hall")})).await;
    world.sync(&[&anna, &bob]).await;
    let mine = world.view(&anna, CALENDAR).await;
    assert_eq!((mine.len(), world.view(&anna, "my_to_dos").await.len()), (2, 2));
    let mut ids: Vec<String> = mine.iter().map(id_of).collect();
    ids.extend(world.view(&anna, "my_to_dos").await.iter().map(id_of));
    ids.extend(world.view(&anna, PERSONAL).await.iter().map(id_of));
    for who in [&bob, &world.admin] {
        for id in &ids {
            let all = everything(&world, who, id, canary).await;
            assert_eq!(lines_with(&all, canary), Vec::<&str>::new(), "{} sees {id}", who.login);
        }
    }
    let copy = world.outlook(&bob).only(Folder::Calendar).await;
    let raw = format!("{:?}", copy.values);
    assert!(!raw.contains(canary) && title(&copy).contains("Private"), "{raw}");
    assert_eq!(copy.text(Property::LegacyFreeBusyStatus), Some("Busy"));
    for item in world.outlook(&bob).items(Folder::Tasks).await {
        assert!(!format!("{:?}", item.values).contains(canary));
    }
    assert!(everything(&world, &anna, &record, canary).await.contains(canary), "its owner does");
}

// O7: the flag of one occurrence veils that one; cleared, it is seen again.
async fn a_private_occurrence_is_seen_by_the_owner_of_its_series_alone() {
    let (world, anna, bob) = World::with_two().await;
    let (outlook, canary) = (world.outlook(&anna), "Kanarienvogel");
    let mut body = appointment("Weekly", "2026-09-28");
    body["rule"] = json!({"pattern": "daily", "interval": 1, "count": 5});
    body["people"] = json!([{"employee": bob.id}]);
    let record = world.activity(&anna, body).await;
    world.sync(&[&anna, &bob]).await;
    let master = id(&outlook.only(Folder::Calendar).await);
    let second = outlook.occurrence(&master, 2).await;
    let secret = vec![
        set(Property::Sensitivity, text("Private")),
        set(Property::Subject, text(&format!("{canary} subject"))),
        set(Property::Location, text(&format!("{canary} place"))),
    ];
    outlook.edit(&second, secret).await;
    world.sync(&[&anna, &bob]).await;
    for who in [&bob, &world.admin] {
        let all = everything(&world, who, &record, canary).await;
        assert_eq!(lines_with(&all, canary), Vec::<&str>::new(), "{}", who.login);
    }
    let his = world.only(&bob, CALENDAR).await;
    assert_eq!((&his["subject"], &his["occurrences"][0]["subject"]), (&json!("Weekly"), &json!("Private")), "{his}");
    let copy = world.outlook(&bob).shows("2026-09-28T00:00:00Z", "2026-10-01T00:00:00Z").await;
    let names: Vec<&str> = copy.iter().map(|one| one.0.as_str()).collect();
    assert_eq!(names, ["Weekly", "Private", "Weekly"]);
    let mine = world.only(&anna, CALENDAR).await;
    assert_eq!(mine["occurrences"][0]["subject"], format!("{canary} subject"), "its owner sees it: {mine}");
    // The CRM changes the rule: what is private in the mailbox is so, and says what it said.
    world.edit_activity(&anna, &record, json!({"rule": {"pattern": "daily", "interval": 1, "count": 6}})).await;
    world.sync(&[&anna, &bob]).await;
    let second = outlook.read(&outlook.occurrence(&master, 2).await).await.expect("the occurrence");
    assert_eq!(second.text(Property::Sensitivity), Some("Private"));
    assert_eq!(
        (title(&second), second.text(Property::Location)),
        ("Kanarienvogel subject", Some("Kanarienvogel place"))
    );
    outlook.edit(&id(&second), vec![set(Property::Sensitivity, text("Normal"))]).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(world.only(&bob, CALENDAR).await["occurrences"][0]["subject"], format!("{canary} subject"));
}

// O7: also in the answer to an answer.
async fn a_question_about_a_private_record_is_answered_without_its_values() {
    let (world, anna, _) = World::with_two().await;
    world.settings(json!({"domains": {"calendar": {"conflict": "hold"}}})).await;
    let mut body = appointment("Plan", "2026-09-28");
    body["private"] = json!(true);
    let record = world.activity(&anna, body).await;
    world.sync(&[&anna]).await;
    let item = id(&world.outlook(&anna).only(Folder::Calendar).await);
    world.edit_activity(&anna, &record, json!({"subject": "Kanarienvogel here"})).await;
    world.outlook(&anna).edit(&item, vec![set(Property::Subject, text("Kanarienvogel there"))]).await;
    world.sync(&[&anna]).await;
    let held = world.held(&anna).await;
    let path = format!("/api/admin/held/{}", held[0]["id"].as_str().expect("an id"));
    let (status, told) = world.ask(&world.admin, "POST", &path, Some(&json!({"answer": "pim"}))).await;
    assert_eq!((status, &told["user"]), (200, &json!("anna")), "{told}");
    assert!(!format!("{held:?} {told}").contains("Kanarienvogel"), "{held:?} {told}");
    world.sync(&[&anna]).await;
    assert_eq!(world.read_activity(&anna, &record).await["subject"], "Kanarienvogel there");
}

// trap 104: nothing of what is skipped is stored anywhere.
async fn a_private_item_that_is_skipped_is_nowhere_in_the_databases() {
    let (world, anna, bob) = World::with_two().await;
    let canary = "Nachtigall";
    let skip = json!({"skip_private": true});
    world.settings(json!({"domains": {"calendar": skip, "task": skip}})).await;
    let outlook = world.outlook(&anna);
    for sensitivity in ["Private", "Confidential"] {
        let item = outlook::appointment(&format!("{canary} subject"), "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z")
            .with(Property::Location, text(&format!("{canary} place")))
            .with(Property::Body, outlook::plain(&format!("{canary} body")))
            .with(Property::Sensitivity, text(sensitivity));
        outlook.make(Folder::Calendar, item).await;
        let task =
            outlook::task(&format!("{canary} task"), "2026-09-28").with(Property::Sensitivity, text(sensitivity));
        outlook.make(Folder::Tasks, task).await;
    }
    let kept = outlook::appointment("Personal", "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z")
        .with(Property::Sensitivity, text("Personal"));
    outlook.make(Folder::Calendar, kept).await;
    let people = [bob.address.as_str(), "nachtigall@far.test"];
    let item = outlook::meeting(&format!("{canary} meeting"), "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z", &people);
    outlook.invite(private(item)).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.only(&anna, CALENDAR).await["subject"], "Personal", "Personal is not private");
    assert_eq!(world.view(&anna, "my_to_dos").await.len(), 0);
    for (name, bytes) in world.databases.dump().await {
        let found = bytes.windows(canary.len()).any(|part| part.eq_ignore_ascii_case(canary.as_bytes()));
        assert!(!found, "{name}");
    }
}

// O7: for a meeting the copy through which it would enter is asked: the attendee's own flag stays in his mailbox.
async fn an_attendees_own_flag_hides_nothing_and_the_organisers_hides_the_meeting() {
    let (world, anna, bob) = World::with_two().await;
    world.settings(json!({"domains": {"calendar": {"skip_private": true}}})).await;
    let meeting = |subject| outlook::meeting(subject, "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z", &[&bob.address]);
    world.outlook(&anna).invite(meeting("Open")).await;
    let bobs = id(&world.outlook(&bob).only(Folder::Calendar).await);
    world.outlook(&bob).edit(&bobs, vec![set(Property::Sensitivity, text("Private"))]).await;
    world.outlook(&anna).invite(private(meeting("Closed"))).await;
    world.sync(&[&bob, &anna]).await;
    for who in [&anna, &bob] {
        let seen = world.view(who, CALENDAR).await;
        assert_eq!(seen.iter().map(|one| one["subject"].clone()).collect::<Vec<_>>(), [json!("Open")], "{}", who.login);
    }
}
