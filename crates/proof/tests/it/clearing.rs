//! Clearing is a value of its own: every mapped field set, cleared and set again, from either side (rule C11; trap 56).

use crate::api::berlin;
use crate::clock::clean;
use crate::database::on_both;
use crate::outlook::{Outlook, id, set, text, texts};
use crate::world::{Person, World};
use serde_json::{Map, Value as Json, json};
use wire::ews::{
    Dictionary, DistinguishedFolder as Folder, ExtendedPath, ExtendedType, FieldChange, Path, Property, Value,
};

on_both!(
    every_field_of_a_contact_is_set_and_cleared_from_either_side,
    every_text_of_an_activity_is_set_and_cleared_from_either_side,
    days_reminders_and_words_of_a_list_are_cleared_from_either_side,
);

/// A field of the API, where Exchange keeps it, and two values.
struct Row(&'static str, Path, &'static str, &'static str);

fn phone(kind: &str) -> Path {
    Path::entry(Dictionary::PhoneNumber, kind)
}

fn contact_rows() -> Vec<Row> {
    use Property as P;
    let email = |n: u8| crate::outlook::email(n);
    let mut rows = vec![
        Row("first_name", P::GivenName.into(), "Ida", "Eva"),
        Row("middle_name", P::MiddleName.into(), "Maria", "Ruth"),
        Row("personal_title", Path::Extended(ExtendedPath::tag(0x3A45, ExtendedType::String)), "Dr.", "Prof."),
        Row("suffix", P::Generation.into(), "Jr.", "III"),
        Row("nickname", P::Nickname.into(), "Idi", "Evi"),
        Row("job_title", P::JobTitle.into(), "Buyer", "Chief"),
        Row("department", P::Department.into(), "Sales", "Works"),
        Row("email1", email(1), "ida@out.test", "ida@new.test"),
        Row("email2", email(2), "ida2@out.test", "ida2@new.test"),
        Row("email3", email(3), "ida3@out.test", "ida3@new.test"),
        Row("work_phone", phone("BusinessPhone"), "+49 89 1", "+49 89 11"),
        Row("work_phone2", phone("BusinessPhone2"), "+49 89 2", "+49 89 12"),
        Row("home_phone", phone("HomePhone"), "+49 89 3", "+49 89 13"),
        Row("mobile_phone", phone("MobilePhone"), "+49 89 4", "+49 89 14"),
        Row("fax", phone("BusinessFax"), "+49 89 5", "+49 89 15"),
        Row("pager", phone("Pager"), "+49 89 6", "+49 89 16"),
        Row("assistant_phone", phone("AssistantPhone"), "+49 89 7", "+49 89 17"),
        Row("assistant", P::AssistantName.into(), "Ben", "Bea"),
        Row("manager", P::Manager.into(), "Max", "Mia"),
        Row("spouse", P::SpouseName.into(), "Tom", "Tim"),
        Row("web_page", P::BusinessHomePage.into(), "https://a.test/", "https://b.test/"),
    ];
    for (part, dictionary) in [
        ("street", Dictionary::Street),
        ("city", Dictionary::City),
        ("state", Dictionary::State),
        ("postal_code", Dictionary::PostalCode),
        ("country", Dictionary::CountryOrRegion),
    ] {
        let name = |kind: &str| -> &'static str { Box::leak(format!("{kind}_{part}").into_boxed_str()) };
        rows.push(Row(name("business"), Path::entry(dictionary, "Business"), "One", "Eleven"));
        rows.push(Row(name("home"), Path::entry(dictionary, "Home"), "Two", "Twelve"));
    }
    rows
}

fn body_of(rows: &[Row], second: bool) -> Json {
    let pairs = rows.iter().map(|row| (row.0.to_owned(), json!(if second { row.3 } else { row.2 })));
    Json::Object(pairs.collect::<Map<String, Json>>())
}

fn cleared(rows: &[Row]) -> Json {
    Json::Object(rows.iter().map(|row| (row.0.to_owned(), Json::Null)).collect())
}

async fn in_mailbox(outlook: &Outlook, item: &str, rows: &[Row]) -> Vec<(&'static str, Option<String>)> {
    let shown = outlook.read_all(item, rows.iter().map(|row| row.1.clone())).await;
    rows.iter()
        .map(|row| (row.0, shown.text(row.1.clone()).filter(|text| !text.is_empty()).map(str::to_owned)))
        .collect()
}

fn expected(rows: &[Row], value: impl Fn(&Row) -> Option<&'static str>) -> Vec<(&'static str, Option<String>)> {
    rows.iter().map(|row| (row.0, value(row).map(str::to_owned))).collect()
}

/// Set in the CRM, cleared there, set in the mailbox, cleared there in both ways a client has, and set in the CRM again.
async fn round(world: &World, anna: &Person, path: &str, item: &str, rows: &[Row]) {
    let outlook = world.outlook(anna);
    world.edit(anna, path, body_of(rows, false)).await;
    clean(world, anna).await;
    assert_eq!(in_mailbox(&outlook, item, rows).await, expected(rows, |row| Some(row.2)));
    world.edit(anna, path, cleared(rows)).await;
    clean(world, anna).await;
    assert_eq!(in_mailbox(&outlook, item, rows).await, expected(rows, |_| None));
    let sets = |second: bool| -> Vec<FieldChange> {
        rows.iter().map(|row| set(row.1.clone(), text(if second { row.3 } else { row.2 }))).collect()
    };
    for empty in [false, true] {
        outlook.edit(item, sets(!empty)).await;
        clean(world, anna).await;
        let read = world.get(anna, path).await;
        for row in rows {
            assert_eq!(read[row.0], if empty { row.2 } else { row.3 }, "{}", row.0);
        }
        let clears = rows.iter().map(|row| match empty {
            true => set(row.1.clone(), text("")),
            false => FieldChange::Delete(row.1.clone()),
        });
        outlook.edit(item, clears.collect()).await;
        clean(world, anna).await;
        let read = world.get(anna, path).await;
        for row in rows {
            assert_eq!(read[row.0], json!(null), "{} {empty}", row.0);
        }
    }
    world.edit(anna, path, body_of(rows, true)).await;
    clean(world, anna).await;
    assert_eq!(in_mailbox(&outlook, item, rows).await, expected(rows, |row| Some(row.3)));
}

// C11, trap 56
async fn every_field_of_a_contact_is_set_and_cleared_from_either_side() {
    let (world, anna, _) = World::with_two().await;
    let contact = json!({"last_name": "Berg", "email1": "ida@out.test", "on_sync_list": true});
    let record = world.contact(&anna, contact).await;
    clean(&world, &anna).await;
    let item = id(&world.outlook(&anna).only(Folder::Contacts).await);
    round(&world, &anna, &format!("/api/crm/contacts/{record}"), &item, &contact_rows()).await;
}

fn activity_rows(appointment: bool) -> Vec<Row> {
    let mut rows = vec![Row("subject", Property::Subject.into(), "Plan", "Other plan")];
    if appointment {
        rows.push(Row("location", Property::Location.into(), "Attic", "Lake"));
    }
    rows
}

// C11, trap 56
async fn every_text_of_an_activity_is_set_and_cleared_from_either_side() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let plan = world.appointment(&anna, "Plan", "2026-10-20").await;
    let call = world.activity(&anna, crate::api::to_do("Call", "2026-10-20")).await;
    clean(&world, &anna).await;
    for (record, folder) in [(&plan, Folder::Calendar), (&call, Folder::Tasks)] {
        let item = id(&outlook.only(folder).await);
        let path = format!("/api/crm/activities/{record}");
        round(&world, &anna, &path, &item, &activity_rows(folder == Folder::Calendar)).await;
        // The body in its three states, and the categories.
        world.edit(&anna, &path, json!({"body": "one\ntwo", "categories": ["Red", "Blue"]})).await;
        clean(&world, &anna).await;
        let shown = outlook.read(&item).await.expect("there");
        assert_eq!(shown.body().map(|body| body.text.as_str()), Some("one\r\ntwo"));
        let mut words = crate::outlook::categories(&shown);
        words.sort_unstable();
        assert_eq!(words, ["Blue", "Red"]);
        world.edit(&anna, &path, json!({"body": null, "categories": []})).await;
        clean(&world, &anna).await;
        let shown = outlook.read(&item).await.expect("there");
        assert_eq!(shown.body().map_or("", |body| body.text.as_str()), "");
        assert!(crate::outlook::categories(&shown).is_empty());
        let change = vec![
            set(Property::Body, crate::outlook::plain("three")),
            set(Property::Categories, texts(&["Green"])),
            set(Property::Sensitivity, text("Private")),
            set(Property::Importance, text("High")),
        ];
        outlook.edit(&item, change).await;
        clean(&world, &anna).await;
        let read = world.get(&anna, &path).await;
        assert_eq!(
            (&read["body"], &read["categories"], &read["private"]),
            (&json!("three"), &json!(["Green"]), &json!(true))
        );
        let change = vec![
            FieldChange::Delete(Property::Body.into()),
            FieldChange::Delete(Property::Categories.into()),
            set(Property::Sensitivity, text("Normal")),
            set(Property::Importance, text("Normal")),
        ];
        outlook.edit(&item, change).await;
        clean(&world, &anna).await;
        let read = world.get(&anna, &path).await;
        assert_eq!((&read["body"], &read["categories"], &read["private"]), (&json!(null), &json!([]), &json!(false)));
    }
    assert_eq!(world.read_activity(&anna, &call).await["priority"], "3-Medium");
}

// C11, R7: what is no text.
async fn days_reminders_and_words_of_a_list_are_cleared_from_either_side() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let contact =
        json!({"last_name": "Berg", "email1": "ida@out.test", "on_sync_list": true, "birthday": "1980-02-29"});
    let contact = world.contact(&anna, contact).await;
    let mut body = crate::api::appointment("Plan", "2026-10-20");
    body["reminder"] = json!(15);
    body["show_as"] = json!("Out of office");
    let plan = world.activity(&anna, body).await;
    clean(&world, &anna).await;
    let card = id(&outlook.only(Folder::Contacts).await);
    let item = id(&outlook.only(Folder::Calendar).await);
    world.edit_contact(&anna, &contact, json!({"birthday": null})).await;
    world.edit_activity(&anna, &plan, json!({"reminder": null, "show_as": null})).await;
    clean(&world, &anna).await;
    assert!(outlook.read(&card).await.expect("there").moment(Property::Birthday).is_none());
    let shown = outlook.read(&item).await.expect("there");
    assert_eq!(
        (shown.flag(Property::ReminderIsSet), shown.text(Property::LegacyFreeBusyStatus)),
        (Some(false), Some("Busy"))
    );
    world.edit_contact(&anna, &contact, json!({"birthday": "1984-03-01"})).await;
    clean(&world, &anna).await;
    outlook.edit(&card, vec![FieldChange::Delete(Property::Birthday.into())]).await;
    clean(&world, &anna).await;
    assert_eq!(world.read_contact(&anna, &contact).await["birthday"], json!(null));
    let read = world.read_activity(&anna, &plan).await;
    assert_eq!(read["start"], berlin("2026-10-20T10:00:00"));
    let _ = Value::Flag(true);
}
