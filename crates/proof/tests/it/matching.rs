//! Strangers that are one: nothing doubled, nothing guessed (rules M1 to M4).

use crate::api::to_do;
use crate::database::on_both;
use crate::outlook::{self, categories, email, id, text, title, titles};
use crate::world::{Person, World};
use engine::CycleReport;
use serde_json::json;
use store::Count;
use wire::ews::{DistinguishedFolder as Folder, Item, ItemKind, Property};

on_both!(
    the_same_e_mail_in_any_slot_and_case_is_the_same_person,
    candidates_that_do_not_come_down_to_one_are_listed_and_left_alone_until_a_person_decides,
    a_candidate_that_vanished_is_told_to_who_chooses_it,
    the_ambiguity_of_one_address_for_two_is_solved_by_the_names,
    a_name_whose_accents_are_written_otherwise_is_the_same_name,
    equal_names_without_any_address_match_unless_something_contradicts,
    equal_appointments_and_tasks_pair_one_to_one_and_the_rest_is_new,
    what_says_the_same_as_something_one_has_no_part_in_any_more_is_ones_own,
    on_a_match_no_blank_overwrites_and_what_differs_is_a_conflict,
    a_mailbox_moved_to_another_server_is_matched_again_without_a_create_or_delete,
    a_user_forgotten_and_mapped_anew_links_what_is_there,
    a_question_about_a_mailbox_that_moved_is_asked_once_about_its_new_ids,
);

const MINE: &str = "my_contacts";

pub fn sum(reports: &[CycleReport], count: Count) -> u32 {
    reports.iter().flat_map(|report| &report.counts).filter(|((_, _, of), _)| *of == count).map(|(_, n)| *n).sum()
}

async fn sides(world: &World, who: &Person) -> (usize, usize) {
    (world.view(who, MINE).await.len(), world.outlook(who).count(Folder::Contacts))
}

// M1
async fn the_same_e_mail_in_any_slot_and_case_is_the_same_person() {
    let (world, anna, _) = World::with_two().await;
    world.listed(&anna, "Berg").await;
    let item = outlook::contact("I.", "Berg", "private@home.test", &[]).with(email(2), text("BERG@out.test"));
    world.outlook(&anna).make(Folder::Contacts, item).await;
    let reports = world.sync(&[&anna]).await;
    assert_eq!((sum(&reports, Count::Matched), sum(&reports, Count::Created)), (1, 0));
    assert_eq!(sides(&world, &anna).await, (1, 1), "adopted, with category or without");
    assert!(categories(&world.outlook(&anna).only(Folder::Contacts).await).contains(&"Siebel Contact"));
}

// M1
async fn candidates_that_do_not_come_down_to_one_are_listed_and_left_alone_until_a_person_decides() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    for first in ["Ida", "Ida"] {
        outlook.make(Folder::Contacts, outlook::contact(first, "Berg", "berg@out.test", &["Siebel Contact"])).await;
    }
    let record = world.listed(&anna, "Berg").await;
    let reports = world.sync(&[&anna]).await;
    assert_eq!((sum(&reports, Count::Matched), sum(&reports, Count::Created)), (0, 0));
    assert_eq!(sides(&world, &anna).await, (1, 2));
    let held = world.held(&anna).await;
    assert!(!held.is_empty(), "it is listed");
    // By what a person knows them by, not by their ids alone.
    let mut known: Vec<String> = held[0]["records"]
        .as_array()
        .expect("records")
        .iter()
        .map(|one| format!("{} {}", one["side"].as_str().expect("a side"), one["name"].as_str().expect("a name")))
        .collect();
    known.sort();
    assert!(known.iter().all(|name| name.contains("Ida Berg")), "{known:?}");
    assert_eq!(known.iter().map(|name| &name[..3]).collect::<Vec<_>>(), ["crm", "pim", "pim"], "{known:?}");
    let chosen = id(&outlook.items(Folder::Contacts).await[0]);
    let path = format!("/api/admin/held/{}", held[0]["id"].as_str().expect("an id"));
    let answer = json!({"answer": "same", "crm": record, "pim": chosen});
    world.done(&world.admin, "POST", &path, Some(&answer)).await;
    world.sync(&[&anna]).await;
    world.edit_contact(&anna, &record, json!({"job_title": "Chief"})).await;
    world.sync(&[&anna]).await;
    let linked = outlook.read(&chosen).await.expect("the item");
    assert_eq!(linked.text(Property::JobTitle), Some("Chief"));
}

// M1, E3: who decides for a record that vanished meanwhile is told so, and the question settles itself.
async fn a_candidate_that_vanished_is_told_to_who_chooses_it() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    for first in ["Ida", "Ida"] {
        outlook.make(Folder::Contacts, outlook::contact(first, "Berg", "berg@out.test", &["Siebel Contact"])).await;
    }
    let record = world.listed(&anna, "Berg").await;
    world.sync(&[&anna]).await;
    let held = world.held(&anna).await;
    let chosen = id(&outlook.items(Folder::Contacts).await[0]);
    outlook.purge(&chosen).await;
    let path = format!("/api/admin/held/{}", held[0]["id"].as_str().expect("an id"));
    let answer = json!({"answer": "same", "crm": record, "pim": chosen});
    let (status, told) = world.ask(&world.admin, "POST", &path, Some(&answer)).await;
    assert_eq!((status, &told["error"]["where"][0]["field"]), (422, &json!("pim")), "{told}");
    assert!(told.to_string().contains("is not there any more"), "{told}");
    world.sync(&[&anna]).await;
    assert_eq!(world.held(&anna).await.len(), 0, "one is left on each side");
    assert_eq!(sides(&world, &anna).await, (1, 1));
}

// M1
async fn the_ambiguity_of_one_address_for_two_is_solved_by_the_names() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    for first in ["Ida", "Jan"] {
        outlook.make(Folder::Contacts, outlook::contact(first, "Berg", "berg@out.test", &["Siebel Contact"])).await;
        let body = json!({"first_name": first, "last_name": "Berg", "email1": "berg@out.test", "on_sync_list": true});
        world.contact(&anna, body).await;
    }
    let reports = world.sync(&[&anna]).await;
    assert_eq!((sum(&reports, Count::Matched), sum(&reports, Count::Created)), (2, 0));
    assert_eq!(sides(&world, &anna).await, (2, 2));
}

// M1, trap 134: some programs write an accent as a sign of its own.
async fn a_name_whose_accents_are_written_otherwise_is_the_same_name() {
    let (world, anna, _) = World::with_two().await;
    let body = json!({"first_name": "Zo\u{eb}", "last_name": "\u{d6}zg\u{fc}r", "on_sync_list": true});
    world.contact(&anna, body).await;
    let item = Item::new(ItemKind::Contact)
        .with(Property::GivenName, text("Zoe\u{308}"))
        .with(Property::Surname, text("O\u{308}zgu\u{308}r"));
    world.outlook(&anna).make(Folder::Contacts, item).await;
    let reports = world.sync(&[&anna]).await;
    assert_eq!((sum(&reports, Count::Matched), sum(&reports, Count::Created)), (1, 0));
    assert_eq!(sides(&world, &anna).await, (1, 1));
    assert!(world.cycle(&anna).await.is_quiet());
}

// M1
async fn equal_names_without_any_address_match_unless_something_contradicts() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let nameless = |first: &str, job: &str| {
        wire::ews::Item::new(wire::ews::ItemKind::Contact)
            .with(Property::GivenName, text(first))
            .with(Property::Surname, text("Berg"))
            .with(Property::CompanyName, text(job))
            .with(Property::Categories, outlook::texts(&["Siebel Contact"]))
    };
    outlook.make(Folder::Contacts, nameless("Ida", "Acme")).await;
    outlook.make(Folder::Contacts, nameless("Jan", "Acme")).await;
    let phone = |first: &str, company: Option<&str>| {
        let mut body = json!({"first_name": first, "last_name": "Berg", "on_sync_list": true});
        if let Some(company) = company {
            body["company"] = json!(company);
        }
        body
    };
    world.contact(&anna, phone("Ida", None)).await;
    world.contact(&anna, phone("Jan", Some("Other"))).await;
    let reports = world.sync(&[&anna]).await;
    assert_eq!(sum(&reports, Count::Matched), 1, "Ida");
    assert_eq!(sides(&world, &anna).await, (3, 3), "Jan of Acme and Jan of Other are two");
    let held = world.held(&anna).await;
    assert!(!held.is_empty(), "listed as a possible double");
}

// M2
async fn equal_appointments_and_tasks_pair_one_to_one_and_the_rest_is_new() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    for _ in 0..3 {
        let item = outlook::appointment(" plan ", "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z");
        outlook.make(Folder::Calendar, item).await;
    }
    for _ in 0..2 {
        world.appointment(&anna, "Plan", "2026-09-28").await;
    }
    world.activity(&anna, to_do("Call", "2026-09-28")).await;
    outlook.make(Folder::Tasks, outlook::task("CALL", "2026-09-28")).await;
    outlook.make(Folder::Tasks, outlook::task("Call", "2026-09-29")).await;
    let reports = world.sync(&[&anna]).await;
    assert_eq!((sum(&reports, Count::Matched), sum(&reports, Count::Created)), (3, 2));
    assert_eq!((world.view(&anna, "my_calendar").await.len(), outlook.count(Folder::Calendar)), (3, 3));
    assert_eq!((world.view(&anna, "my_to_dos").await.len(), outlook.count(Folder::Tasks)), (2, 2));
}

// M2, D6, P6, C6
async fn what_says_the_same_as_something_one_has_no_part_in_any_more_is_ones_own() {
    let (world, anna, bob) = World::with_two().await;
    let (annas, bobs) = (world.outlook(&anna), world.outlook(&bob));
    let with_bob = |mut body: serde_json::Value| {
        body["people"] = json!([{"employee": bob.id}]);
        body
    };
    let to_do = world.activity(&anna, with_bob(to_do("Call", "2026-09-28"))).await;
    let meeting = world.activity(&anna, with_bob(crate::api::appointment("Plan", "2026-09-28"))).await;
    let called_off = world.appointment(&anna, "Tour", "2026-09-29").await;
    world.sync(&[&anna, &bob]).await;
    for record in [&to_do, &meeting] {
        world.edit_activity(&anna, record, json!({"people": []})).await;
    }
    world.edit_activity(&anna, &called_off, json!({"cancelled": true})).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!((bobs.count(Folder::Calendar), bobs.count(Folder::Tasks)), (0, 0), "taken off both");
    let before = annas.count(Folder::Calendar);
    // Now each makes his own, which says just the same.
    let at_eight = |day: &str| (format!("{day}T08:00:00Z"), format!("{day}T09:00:00Z"));
    let (from, to) = at_eight("2026-09-28");
    bobs.make(Folder::Calendar, outlook::appointment("Plan", &from, &to)).await;
    bobs.make(Folder::Tasks, outlook::task("Call", "2026-09-28")).await;
    let (from, to) = at_eight("2026-09-29");
    annas.make(Folder::Calendar, outlook::appointment("Tour", &from, &to)).await;
    for _ in 0..3 {
        world.sync(&[&anna, &bob]).await;
    }
    assert_eq!((bobs.count(Folder::Calendar), bobs.count(Folder::Tasks)), (1, 1), "his own stay");
    assert_eq!(annas.count(Folder::Calendar), before + 1, "hers too");
    assert_eq!((world.view(&bob, "my_calendar").await.len(), world.view(&bob, "my_to_dos").await.len()), (1, 1));
    assert_eq!(world.read_activity(&anna, &called_off).await["cancelled"], json!(true), "nobody called it on again");
    // And a new one of Anna's that he is on finds no rival in the one he was taken off.
    let next = world.activity(&anna, with_bob(crate::api::appointment("Plan", "2026-10-05"))).await;
    world.sync(&[&anna, &bob]).await;
    world.edit_activity(&anna, &next, json!({"people": []})).await;
    world.sync(&[&anna, &bob]).await;
    let (from, to) = at_eight("2026-10-05");
    bobs.make(Folder::Calendar, outlook::appointment("Plan", &from, &to)).await;
    world.activity(&anna, with_bob(crate::api::appointment("Plan", "2026-10-05"))).await;
    world.sync(&[&anna, &bob]).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(
        bobs.count(Folder::Calendar),
        2,
        "found as that one, not doubled: {:?}",
        titles(&bobs.items(Folder::Calendar).await)
    );
}

// M3
async fn on_a_match_no_blank_overwrites_and_what_differs_is_a_conflict() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let record = world.listed(&anna, "Berg").await;
    let item = outlook::contact("Ida", "Berg", "berg@out.test", &[])
        .with(Property::JobTitle, text("Chief"))
        .with(Property::Department, text("Sales"));
    outlook.make(Folder::Contacts, item).await;
    world.edit_contact(&anna, &record, json!({"work_phone": "+49 89 1"})).await;
    let reports = world.sync(&[&anna]).await;
    assert_eq!(reports.iter().map(|report| report.conflicts).sum::<u32>(), 1, "the job title");
    let item = outlook.only(Folder::Contacts).await;
    let phone = wire::ews::Path::entry(wire::ews::Dictionary::PhoneNumber, "BusinessPhone");
    assert_eq!((item.text(Property::JobTitle), item.text(phone)), (Some("Buyer"), Some("+49 89 1")));
    let record = world.read_contact(&anna, &record).await;
    assert_eq!((&record["job_title"], &record["department"]), (&json!("Buyer"), &json!("Sales")));
}

/// Something of every kind, from both sides.
async fn filled(world: &World, who: &Person) {
    let outlook = world.outlook(who);
    for n in 0..4 {
        world.listed(who, &format!("Crm{n}")).await;
        let item = outlook::contact("Jan", &format!("Pim{n}"), &format!("pim{n}@out.test"), &["Siebel Contact"]);
        outlook.make(Folder::Contacts, item).await;
        world.appointment(who, &format!("Crm {n}"), "2026-09-28").await;
        let item = outlook::appointment(&format!("Pim {n}"), "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z");
        outlook.make(Folder::Calendar, item).await;
        world.activity(who, to_do(&format!("Crm {n}"), "2026-09-28")).await;
        outlook.make(Folder::Tasks, outlook::task(&format!("Pim {n}"), "2026-09-28")).await;
    }
}

// M4
async fn a_mailbox_moved_to_another_server_is_matched_again_without_a_create_or_delete() {
    let (world, anna, _) = World::with_two().await;
    filled(&world, &anna).await;
    world.sync(&[&anna]).await;
    let record = world.view(&anna, MINE).await.into_iter().find(|c| c["last_name"] == "Crm0").expect("Crm0");
    world.hq.move_mailbox(&anna.address, &world.branch).expect("moved");
    world.mapping(&anna, json!({"connection": "branch", "confirm_mailbox": true})).await;
    world.edit_contact(&anna, &crate::api::id(&record), json!({"job_title": "Chief"})).await;
    let reports = world.sync(&[&anna]).await;
    assert_eq!((sum(&reports, Count::Created), sum(&reports, Count::Deleted)), (0, 0));
    let outlook = world.outlook(&anna);
    assert_eq!((outlook.count(Folder::Calendar), outlook.count(Folder::Tasks)), (8, 8));
    assert_eq!(sides(&world, &anna).await, (8, 8));
    let items = outlook.items(Folder::Contacts).await;
    let edited = items.iter().find(|item| title(item) == "Crm0").expect("Crm0");
    assert_eq!(edited.text(Property::JobTitle), Some("Chief"), "edits made meanwhile cross");
    assert_eq!(outlook.count(Folder::DeletedItems), 0);
}

// M1, M4
async fn a_question_about_a_mailbox_that_moved_is_asked_once_about_its_new_ids() {
    let (world, anna, _) = World::with_two().await;
    for _ in 0..2 {
        let item = outlook::contact("Ida", "Berg", "berg@out.test", &["Siebel Contact"]);
        world.outlook(&anna).make(Folder::Contacts, item).await;
    }
    world.listed(&anna, "Berg").await;
    world.sync(&[&anna]).await;
    let before = world.held(&anna).await;
    assert_eq!(before.len(), 1, "two candidates are one question");
    world.hq.move_mailbox(&anna.address, &world.branch).expect("moved");
    world.mapping(&anna, json!({"connection": "branch", "confirm_mailbox": true})).await;
    world.sync(&[&anna]).await;
    world.sync(&[&anna]).await;
    let after = world.held(&anna).await;
    assert_eq!(after.len(), 1, "the old ids are asked about no more");
    assert_ne!(after[0]["id"], before[0]["id"], "the question names the items as they are now");
}

// M4, W1: and the plan tells each record once, as the cycle does, whatever its user made of its category.
async fn a_user_forgotten_and_mapped_anew_links_what_is_there() {
    let (world, anna, _) = World::with_two().await;
    filled(&world, &anna).await;
    world.sync(&[&anna]).await;
    let outlook = world.outlook(&anna);
    let other = outlook::texts(&["Siebel Personal Contact"]);
    let item = id(&outlook.items(Folder::Contacts).await[0]);
    outlook.edit(&item, vec![outlook::set(Property::Categories, other)]).await;
    world.sync(&[&anna]).await;
    world.done(&world.admin, "POST", "/api/admin/users/anna/forget", None).await;
    world.map(&anna).await;
    let plan = world.get(&world.admin, "/api/admin/users/anna/plan").await;
    let creates = plan["lines"].as_array().expect("lines").iter().filter(|line| line["what"] == "create").count();
    assert_eq!((plan["lines"].as_array().map(Vec::len), creates), (Some(24), 0), "{plan}");
    let reports = world.sync(&[&anna]).await;
    assert_eq!((sum(&reports, Count::Created), sum(&reports, Count::Deleted)), (0, 0));
    assert_eq!(sum(&reports, Count::Matched), 24);
    assert_eq!(titles(&world.outlook(&anna).items(Folder::Tasks).await).len(), 8);
}
