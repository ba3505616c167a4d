//! What belongs to one side and stays as it is there: our word on activities, addresses that are none, tasks that somebody
//! else gave, a meeting that its guest removed (rules C6, D6, E1, L6, O4, O7).

use crate::clock::clean;
use crate::database::on_both;
use crate::outlook::{self, categories, email, id, set, text, texts, title, titles};
use crate::world::World;
use serde_json::json;
use wire::ews::{DistinguishedFolder as Folder, ExtendedPath, ExtendedType, Path, Property, Value};

on_both!(
    our_word_stands_on_activities_only_where_it_is_asked_for_and_is_never_fought,
    an_address_that_is_none_stays_as_it_is_and_holds_nothing_up,
    a_task_that_somebody_gave_is_a_to_do_until_it_is_declined,
    what_a_guest_removed_stays_removed_while_his_level_goes_down_and_up,
);

// O4, O7: Siebel's word is on a copy only where the category decides what enters; else activities carry none of ours.
async fn our_word_stands_on_activities_only_where_it_is_asked_for_and_is_never_fought() {
    for required in [false, true] {
        let (world, anna, _) = World::with_two().await;
        let patch = json!({"category_required": required});
        world.settings(json!({"domains": {"calendar": patch, "task": patch}})).await;
        let outlook = world.outlook(&anna);
        let plan = world.appointment(&anna, "Plan", "2026-09-28").await;
        let call = world.activity(&anna, crate::api::to_do("Call", "2026-09-28")).await;
        clean(&world, &anna).await;
        for (folder, word, record) in
            [(Folder::Calendar, "Siebel Calendar", &plan), (Folder::Tasks, "Siebel Task", &call)]
        {
            let item = outlook.only(folder).await;
            let ours = if required { vec![word] } else { Vec::new() };
            assert_eq!(categories(&item), ours, "{required}");
            // Another word of the user's, instead of ours.
            let item = id(&item);
            outlook.edit(&item, vec![set(Property::Categories, texts(&["Blue"]))]).await;
            clean(&world, &anna).await;
            world.edit_activity(&anna, record, json!({"subject": "Later"})).await;
            clean(&world, &anna).await;
            let now = outlook.read(&item).await.expect("there");
            assert_eq!((title(&now), categories(&now)), ("Later", vec!["Blue"]), "{required}: not fought");
            outlook.edit(&item, vec![set(Property::Subject, text("Mine"))]).await;
            clean(&world, &anna).await;
            assert_eq!(world.read_activity(&anna, record).await["subject"], "Mine", "{required}: in sync");
        }
    }
}

// E1, C10, C11: typed nonsense, and the inner address of a mailbox of the company, on either side.
async fn an_address_that_is_none_stays_as_it_is_and_holds_nothing_up() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let inner = "/O=FIRST/OU=SITE/CN=RECIPIENTS/CN=IDA";
    let odd = ["ask Ida for it", inner, "@"];
    let record = world
        .contact(
            &anna,
            json!({"first_name": "Ida", "last_name": "Berg", "email1": odd[0], "email2": odd[1], "email3": odd[2]}),
        )
        .await;
    world.enlist(&anna, &record).await;
    let raw = format!(
        r#"<t:Contact><t:Categories><t:String>Siebel Contact</t:String></t:Categories><t:GivenName>Jan</t:GivenName><t:EmailAddresses><t:Entry Key="EmailAddress1" Name="Jan" RoutingType="EX" MailboxType="Mailbox">{inner}2</t:Entry><t:Entry Key="EmailAddress2">none known</t:Entry></t:EmailAddresses><t:Surname>Tal</t:Surname></t:Contact>"#
    );
    let jan = outlook.make_raw(Folder::Contacts, &raw).await;
    clean(&world, &anna).await;
    let items = outlook.items(Folder::Contacts).await;
    assert_eq!(items.len(), 2);
    let ida = items.iter().find(|item| item.text(Property::Surname) == Some("Berg")).map(id).expect("there");
    let shown = world.view(&anna, "my_contacts").await;
    let jans =
        shown.iter().find(|one| one["last_name"] == "Tal").expect("came in")["id"].as_str().expect("an id").to_owned();
    // Something else is edited on each side.
    world.edit_contact(&anna, &record, json!({"job_title": "Chief"})).await;
    outlook.edit(&jan, vec![set(Property::JobTitle, text("Buyer"))]).await;
    clean(&world, &anna).await;
    let of = async |item: &str| {
        let item = outlook.read_all(item, [1, 2, 3].map(email)).await;
        [1, 2, 3].map(|n| item.text(email(n)).unwrap_or_default().to_owned())
    };
    assert_eq!(world.read_contact(&anna, &record).await["email3"], odd[2]);
    assert_eq!(of(&ida).await, odd);
    assert_eq!(of(&jan).await, [format!("{inner}2"), "none known".to_owned(), String::new()]);
    assert_eq!(world.read_contact(&anna, &jans).await["job_title"], "Buyer");
    // A good one takes its place, from either side.
    world.edit_contact(&anna, &record, json!({"email1": "ida@out.test"})).await;
    outlook.edit(&jan, vec![set(email(2), text("jan@out.test"))]).await;
    clean(&world, &anna).await;
    assert_eq!(of(&ida).await[0], "ida@out.test");
    assert_eq!(world.read_contact(&anna, &jans).await["email2"], "jan@out.test");
}

// D6: the assignee's copy stands in his list whether or not he has answered; declined, it leaves the list.
async fn a_task_that_somebody_gave_is_a_to_do_until_it_is_declined() {
    let number = |of: u32| Path::Extended(ExtendedPath::number("Task", of, ExtendedType::Integer));
    let (ownership, acceptance) = (number(0x8129), number(0x812A));
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let mut given = Vec::new();
    for (name, answer) in [("Not answered", 1), ("Accepted", 2)] {
        let item = outlook::task(name, "2026-09-28");
        let item = item.with(ownership.clone(), Value::Whole(2)).with(acceptance.clone(), Value::Whole(answer));
        given.push(outlook.make(Folder::Tasks, item).await);
    }
    clean(&world, &anna).await;
    assert_eq!(world.view(&anna, "my_to_dos").await.len(), 2);
    // Accepting changes his answer alone; declining takes it out of his list.
    outlook.edit(&given[0], vec![set(acceptance.clone(), Value::Whole(2))]).await;
    outlook.edit(&given[1], vec![set(acceptance.clone(), Value::Whole(3))]).await;
    let before = world.hq.counters().writes_by(crate::world::SERVICE);
    clean(&world, &anna).await;
    assert_eq!(world.hq.counters().writes_by(crate::world::SERVICE), before, "an answer is nothing of ours");
    outlook.delete(&given[1]).await;
    clean(&world, &anna).await;
    let left = world.view(&anna, "my_to_dos").await;
    assert_eq!(left.iter().map(|one| one["subject"].as_str()).collect::<Vec<_>>(), [Some("Not answered")]);
    assert_eq!(titles(&outlook.items(Folder::Tasks).await), ["Not answered"]);
}

// L6, C6, P5
async fn what_a_guest_removed_stays_removed_while_his_level_goes_down_and_up() {
    let (world, anna, bob) = World::with_two().await;
    let mut body = crate::api::appointment("Plan", "2026-09-28");
    body["people"] = json!([{"employee": bob.id}]);
    let record = world.activity(&anna, body).await;
    world.sync(&[&anna, &bob]).await;
    let copy = id(&world.outlook(&bob).only(Folder::Calendar).await);
    world.outlook(&bob).delete(&copy).await;
    world.sync(&[&anna, &bob]).await;
    let stands = async |told: &str| {
        let shown = world.read_activity(&anna, &record).await;
        let hers = shown["people"].as_array().expect("people").iter().find(|one| one["employee"] == json!(bob.id));
        assert_eq!(hers.expect("on it")["removed"], true, "{told}: {shown}");
        assert_eq!(
            (world.outlook(&bob).count(Folder::Calendar), world.view(&bob, "my_calendar").await.len()),
            (0, 0),
            "{told}"
        );
        assert_eq!(world.outlook(&anna).count(Folder::Calendar), 1, "{told}");
    };
    stands("removed").await;
    for level in ["none", "full", "import", "export", "full"] {
        world.levels(&bob, json!({"calendar": level})).await;
        world.sync(&[&anna, &bob]).await;
        stands(level).await;
        world.edit_activity(&anna, &record, json!({"location": level})).await;
        world.sync(&[&anna, &bob]).await;
        stands(level).await;
    }
    // Raised again, what he takes back is his again.
    let deleted = world.outlook(&bob).items(Folder::DeletedItems).await;
    world.outlook(&bob).move_to(&id(&deleted[0]), Folder::Calendar).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(world.view(&bob, "my_calendar").await.len(), 1, "taken back");
    let copy = world.outlook(&bob).only(Folder::Calendar).await;
    assert_eq!(copy.text(Property::Location), Some("full"));
}
