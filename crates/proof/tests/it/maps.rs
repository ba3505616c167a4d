//! Field maps as an administrator edits them: fields of one's own, other places, defaults, words.

use crate::database::on_both;
use crate::outlook::{self, id, set, text};
use crate::world::World;
use serde_json::{Value as Json, json};
use wire::ews::{DistinguishedFolder as Folder, ExtendedPath, ExtendedType, Path, Property};

on_both!(
    a_field_of_ones_own_crosses_both_ways_from_the_cycle_after_it_is_mapped,
    a_map_that_exchange_could_not_be_asked_for_is_refused_and_the_old_one_stays,
    words_translated_otherwise_reach_both_sides_and_flip_nothing,
);

const SET: &str = "00020329-0000-0000-c000-000000000046";

/// Puts a domain's map with these rows changed or added.
async fn remapped(world: &World, domain: &str, rows: &[Json]) -> Result<(), String> {
    let path = format!("/api/admin/maps/{domain}");
    let mut entries = world.get(&world.admin, &path).await["entries"].as_array().expect("rows").clone();
    for row in rows {
        match entries.iter_mut().find(|entry| entry["field"] == row["field"]) {
            Some(entry) => {
                for (name, value) in row.as_object().expect("a row") {
                    entry[name] = value.clone();
                }
            }
            None => entries.push(row.clone()),
        }
    }
    let (status, answer) = world.ask(&world.admin, "PUT", &path, Some(&json!({ "entries": entries }))).await;
    if (200..300).contains(&status) { Ok(()) } else { Err(answer.to_string()) }
}

// L7, C11
async fn a_field_of_ones_own_crosses_both_ways_from_the_cycle_after_it_is_mapped() {
    let (world, anna, _) = World::with_two().await;
    let record = world.listed(&anna, "Berg").await;
    world.edit_contact(&anna, &record, json!({"x.region": "North"})).await;
    world.sync(&[&anna]).await;
    let region = Path::Extended(ExtendedPath::named(SET, "Region", ExtendedType::String));
    let rows = [
        json!({"field": "x.region", "property": format!("x:{{{SET}}}:Region")}),
        json!({"field": "department", "property": "contacts:Department", "default": "Sales"}),
    ];
    remapped(&world, "business_contact", &rows).await.expect("a map");
    world.sync(&[&anna]).await;
    let outlook = world.outlook(&anna);
    let item = id(&outlook.only(Folder::Contacts).await);
    assert_eq!(outlook.read_all(&item, [region.clone()]).await.text(region.clone()), Some("North"));
    outlook.edit(&item, vec![set(region.clone(), text("South"))]).await;
    outlook.make(Folder::Contacts, outlook::contact("Jan", "Tal", "jan@out.test", &["Siebel Contact"])).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.read_contact(&anna, &record).await["x.region"], "South");
    let people = world.view(&anna, "my_contacts").await;
    let of = |name: &str| people.iter().find(|row| row["last_name"] == name).expect("a contact")["department"].clone();
    assert_eq!((of("Tal"), of("Berg")), (json!("Sales"), Json::Null), "a default is for what is born in the mailbox");
    world.edit_contact(&anna, &record, json!({"x.region": null})).await;
    world.sync(&[&anna]).await;
    assert_eq!(outlook.read_all(&item, [region.clone()]).await.text(region), None);
    assert!(world.cycle(&anna).await.is_quiet());
}

// E3, E7: one wrong row would make the server refuse the whole folder to everybody.
async fn a_map_that_exchange_could_not_be_asked_for_is_refused_and_the_old_one_stays() {
    let (world, anna, _) = World::with_two().await;
    for (domain, row, word) in [
        ("calendar", json!({"field": "x.vip", "property": "contacts:GivenName"}), "have no property"),
        ("business_contact", json!({"field": "x.vip", "property": "contacts:PhoneNumber:Shoe"}), "unknown to EWS"),
        ("business_contact", json!({"field": "job_title", "property": "contacts:Department"}), "stand both at"),
        ("business_contact", json!({"field": "birthday", "default": "soon"}), "is a day"),
        ("calendar", json!({"field": "start", "direction": "off", "required": false}), "cannot be off"),
        ("task", json!({"field": "priority", "default": "Urgent"}), "is one of"),
    ] {
        let told = remapped(&world, domain, &[row]).await.expect_err("refused");
        assert!(told.contains(word), "{told}");
    }
    world.listed(&anna, "Berg").await;
    world.appointment(&anna, "Plan", "2026-09-28").await;
    world.sync(&[&anna]).await;
    assert_eq!((world.outlook(&anna).count(Folder::Contacts), world.outlook(&anna).count(Folder::Calendar)), (1, 1));
}

// C11, L7: many words of the CRM's are one of the mailbox's, and an edit of something else flips none.
async fn words_translated_otherwise_reach_both_sides_and_flip_nothing() {
    let (world, anna, _) = World::with_two().await;
    let words = json!({
        "out": {"1-ASAP": "High", "2-High": "Normal", "3-Medium": "Normal", "4-Low": "Low"},
        "back": {"High": "1-ASAP", "Normal": "3-Medium", "Low": "4-Low"}});
    remapped(&world, "task", &[json!({"field": "priority", "translation": words})]).await.expect("a map");
    let fields = json!({"display": "To Do and Activities", "subject": "Call", "priority": "2-High"});
    world.done(&anna, "POST", "/api/crm/activities", Some(&fields)).await;
    world.sync(&[&anna]).await;
    let outlook = world.outlook(&anna);
    let item = outlook.only(Folder::Tasks).await;
    assert_eq!(item.text(Property::Importance), Some("Normal"));
    outlook.edit(&id(&item), vec![set(Property::Subject, text("Ring"))]).await;
    world.sync(&[&anna]).await;
    let to_do = world.only(&anna, "my_to_dos").await;
    assert_eq!((&to_do["subject"], &to_do["priority"]), (&json!("Ring"), &json!("2-High")));
    outlook.edit(&id(&item), vec![set(Property::Importance, text("High"))]).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.only(&anna, "my_to_dos").await["priority"], "1-ASAP");
}
