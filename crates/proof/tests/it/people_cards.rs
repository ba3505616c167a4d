//! What a contact's card holds: slots, phones, names, days, addresses, notes, and what stands beside it (rules C2, C10, M1).

use crate::api::id as id_of;
use crate::database::on_both;
use crate::outlook::{self, categories, email, id, plain, set, text, texts, title};
use crate::world::{Person, World};
use emulator::Quirk;
use serde_json::{Value as Json, json};
use wire::ews::{Dictionary, DistinguishedFolder as Folder, FieldChange, Item, ItemKind, Path, Property, Value};

on_both!(
    addresses_beyond_the_three_stay_in_the_crm_when_one_of_the_three_is_edited,
    the_same_number_in_another_form_is_no_change_and_the_persons_own_form_stays,
    a_name_that_is_only_shown_or_filed_under_is_the_last_name_until_its_parts_are_given,
    a_company_alone_is_a_contact_and_what_the_server_computes_flows_nowhere,
    two_family_names_stay_in_their_parts,
    a_birthday_stays_on_its_day_through_five_round_trips,
    a_birthday_without_a_year_shows_no_year_and_is_not_taken_away,
    a_part_of_an_address_is_edited_and_two_edits_of_one_address_never_mix,
    a_company_renamed_in_the_crm_reaches_every_copy_and_one_cleared_in_the_mailbox_is_only_unlinked,
    html_of_a_mailbox_is_text_in_the_crm_and_never_markup_that_runs,
    lists_of_recipients_and_hidden_items_are_skipped_and_never_touched,
    twenty_runs_make_no_second_copy_and_two_equal_cards_are_two_contacts,
    our_category_renamed_by_its_user_is_his_and_the_record_stays_in_sync,
    a_text_too_long_for_the_mailbox_is_cut_there_and_never_comes_back_cut,
    addresses_are_the_same_without_case_and_never_by_their_plus_part,
    a_card_without_any_name_or_with_the_same_address_twice_is_a_card,
);

const MINE: &str = "my_contacts";
const PARTS: [Dictionary; 3] = [Dictionary::Street, Dictionary::City, Dictionary::CountryOrRegion];

fn phone(key: &str) -> Path {
    Path::entry(Dictionary::PhoneNumber, key)
}

fn address(part: Dictionary) -> Path {
    Path::entry(part, "Business")
}

/// A card of Anna's, made in the CRM, listed and synchronised: its id and its item.
async fn card(world: &World, anna: &Person, mut body: Json) -> (String, String) {
    body["on_sync_list"] = json!(true);
    let record = world.contact(anna, body).await;
    world.sync(&[anna]).await;
    let items = world.outlook(anna).items(Folder::Contacts).await;
    (record, id(items.last().expect("a copy")))
}

// trap 110
async fn addresses_beyond_the_three_stay_in_the_crm_when_one_of_the_three_is_edited() {
    let (world, anna, _) = World::with_two().await;
    let body = json!({"first_name": "Ida", "last_name": "Berg", "email1": "a@out.test", "email2": "b@out.test",
        "email3": "c@out.test", "more_emails": ["d@out.test", "e@out.test"]});
    let (record, item) = card(&world, &anna, body).await;
    let outlook = world.outlook(&anna);
    outlook.edit(&item, vec![set(email(2), text("b2@out.test"))]).await;
    world.sync(&[&anna]).await;
    let shown = world.read_contact(&anna, &record).await;
    assert_eq!(
        [&shown["email1"], &shown["email2"], &shown["email3"]],
        [&json!("a@out.test"), &json!("b2@out.test"), &json!("c@out.test")]
    );
    assert_eq!(shown["more_emails"], json!(["d@out.test", "e@out.test"]));
    // Two slots change places: each slot goes by its key.
    outlook.edit(&item, vec![set(email(1), text("c@out.test")), set(email(3), text("a@out.test"))]).await;
    world.sync(&[&anna]).await;
    let shown = world.read_contact(&anna, &record).await;
    assert_eq!((&shown["email1"], &shown["email3"]), (&json!("c@out.test"), &json!("a@out.test")));
    // One is emptied in Outlook: the fourth does not move up by itself, and is not lost.
    outlook.edit(&item, vec![FieldChange::Delete(email(2))]).await;
    world.sync(&[&anna]).await;
    let shown = world.read_contact(&anna, &record).await;
    assert_eq!((&shown["email2"], &shown["more_emails"]), (&json!(null), &json!(["d@out.test", "e@out.test"])));
}

// trap 112
async fn the_same_number_in_another_form_is_no_change_and_the_persons_own_form_stays() {
    let (world, anna, _) = World::with_two().await;
    world.hq.set_quirk(Quirk::NormalisesPhone, true);
    let body = json!({"first_name": "Ida", "last_name": "Berg", "work_phone": "+49 (89) 12 34-56",
        "work_phone2": "089/77 88", "mobile_phone": "+49 170 1234567"});
    let (record, item) = card(&world, &anna, body).await;
    let outlook = world.outlook(&anna);
    for form in ["+49 89 123456", "+49-89-123456", "+4989123456", "+49 (0)89 12 34 56"] {
        outlook.edit(&item, vec![set(Property::JobTitle, text(form))]).await;
        world.sync(&[&anna]).await;
        let shown = world.read_contact(&anna, &record).await;
        assert_eq!(shown["work_phone"], "+49 (89) 12 34-56", "{form}");
    }
    world.hq.set_quirk(Quirk::NormalisesPhone, false);
    for form in ["+49 89 123456", "+4989123456"] {
        outlook.edit(&item, vec![set(phone("BusinessPhone"), text(form))]).await;
        world.sync(&[&anna]).await;
        let shown = world.read_contact(&anna, &record).await;
        assert_eq!(shown["work_phone"], "+49 (89) 12 34-56", "the same digits: {form}");
        assert_eq!(outlook.read(&item).await.expect("it").text(phone("BusinessPhone")), Some(form));
    }
    outlook.edit(&item, vec![set(phone("BusinessPhone"), text("+49 89 999"))]).await;
    world.sync(&[&anna]).await;
    let shown = world.read_contact(&anna, &record).await;
    assert_eq!(
        [&shown["work_phone"], &shown["work_phone2"], &shown["mobile_phone"]],
        [&json!("+49 89 999"), &json!("089/77 88"), &json!("+49 170 1234567")]
    );
}

// trap 113
async fn a_company_alone_is_a_contact_and_what_the_server_computes_flows_nowhere() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let item = Item::new(ItemKind::Contact)
        .with(Property::CompanyName, text("Acme AG"))
        .with(Property::Categories, texts(&["Siebel Contact"]));
    let item = outlook.make(Folder::Contacts, item).await;
    world.sync(&[&anna]).await;
    let shown = world.only(&anna, MINE).await;
    assert_eq!(
        [&shown["company"], &shown["first_name"], &shown["last_name"], &shown["company_unmatched"]],
        [&json!("Acme AG"), &json!(null), &json!(null), &json!(true)]
    );
    assert!(world.cycle(&anna).await.is_quiet());
    // A name filed by hand is the person's own.
    outlook.edit(&item, vec![set(Property::FileAs, text("ACME, the client"))]).await;
    world.edit_contact(&anna, &id_of(&shown), json!({"job_title": "Supplier"})).await;
    world.sync(&[&anna]).await;
    let after = outlook.read_all(&item, [Property::FileAs.into(), Property::JobTitle.into()]).await;
    assert_eq!(
        (after.text(Property::FileAs), after.text(Property::JobTitle)),
        (Some("ACME, the client"), Some("Supplier"))
    );
    assert_eq!(world.only(&anna, MINE).await["company"], "Acme AG");
}

// trap 113
async fn two_family_names_stay_in_their_parts() {
    let (world, anna, _) = World::with_two().await;
    let body = json!({"first_name": "María José", "middle_name": "de", "last_name": "García Márquez",
        "suffix": "Jr.", "personal_title": "Dra.", "nickname": "Majo"});
    let (record, item) = card(&world, &anna, body.clone()).await;
    let outlook = world.outlook(&anna);
    let after = outlook
        .read_all(
            &item,
            [
                Property::Surname.into(),
                Property::GivenName.into(),
                Property::MiddleName.into(),
                Property::Generation.into(),
            ],
        )
        .await;
    assert_eq!(
        [
            after.text(Property::GivenName),
            after.text(Property::MiddleName),
            after.text(Property::Surname),
            after.text(Property::Generation)
        ],
        [Some("María José"), Some("de"), Some("García Márquez"), Some("Jr.")]
    );
    outlook.edit(&item, vec![set(Property::Surname, text("García"))]).await;
    world.sync(&[&anna]).await;
    let shown = world.read_contact(&anna, &record).await;
    for (field, value) in body.as_object().expect("fields") {
        let value = if field == "last_name" { &json!("García") } else { value };
        assert_eq!(&shown[field], value, "{field}");
    }
}

// trap 115, R5
async fn a_birthday_stays_on_its_day_through_five_round_trips() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    for day in ["1980-01-01", "1984-02-29", "1999-12-31", "1912-07-01"] {
        let body = json!({"first_name": "Ida", "last_name": day, "birthday": day});
        let (record, item) = card(&world, &anna, body).await;
        for round in 0..5 {
            // Outlook writes 11:59 UTC of the day; other clients midnight of their zone.
            let at = ["T11:59:00Z", "T00:00:00Z"][round % 2];
            outlook.edit(&item, vec![set(Property::Birthday, outlook::moment(&format!("{day}{at}")))]).await;
            world.edit_contact(&anna, &record, json!({"job_title": format!("round {round}")})).await;
            world.sync(&[&anna]).await;
            assert_eq!(world.read_contact(&anna, &record).await["birthday"], day, "round {round}");
        }
        world.edit_contact(&anna, &record, json!({"birthday": "1990-03-01"})).await;
        world.sync(&[&anna]).await;
        let shown = outlook.read(&item).await.expect("it");
        assert!(outlook::at(&shown, Property::Birthday).starts_with("1990-03-01"), "{day}");
        outlook.delete(&item).await;
        world.sync(&[&anna]).await;
    }
}

// trap 116: 1604 is the year that phones write for "no year".
async fn a_birthday_without_a_year_shows_no_year_and_is_not_taken_away() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let item = outlook::contact("Ida", "Berg", "ida@out.test", &["Siebel Contact"])
        .with(Property::Birthday, outlook::moment("1604-02-29T11:59:00Z"));
    let item = outlook.make(Folder::Contacts, item).await;
    world.sync(&[&anna]).await;
    let record = world.only(&anna, MINE).await;
    assert_eq!(record["birthday"], json!(null), "the CRM cannot hold a day without a year");
    world.edit_contact(&anna, &id_of(&record), json!({"job_title": "Chief"})).await;
    world.sync(&[&anna]).await;
    let shown = outlook.read(&item).await.expect("it");
    assert_eq!(outlook::at(&shown, Property::Birthday), "1604-02-29T11:59:00Z");
    world.edit_contact(&anna, &id_of(&record), json!({"birthday": "1980-02-29"})).await;
    world.sync(&[&anna]).await;
    let shown = outlook.read(&item).await.expect("it");
    assert!(outlook::at(&shown, Property::Birthday).starts_with("1980-02-29"));
}

// C2: each postal address is one unit.
async fn a_part_of_an_address_is_edited_and_two_edits_of_one_address_never_mix() {
    let (world, anna, _) = World::with_two().await;
    let body = json!({"first_name": "Ida", "last_name": "Berg", "business_street": "Alte Gasse 1",
        "business_city": "Ulm", "business_postal_code": "89073", "business_country": "DE", "home_city": "Bonn"});
    let (record, item) = card(&world, &anna, body).await;
    let outlook = world.outlook(&anna);
    outlook.edit(&item, vec![set(address(Dictionary::Street), text("Neue Gasse 2\nHaus B"))]).await;
    world.sync(&[&anna]).await;
    let shown = world.read_contact(&anna, &record).await;
    assert_eq!(
        [&shown["business_street"], &shown["business_city"], &shown["business_postal_code"], &shown["home_city"]],
        [&json!("Neue Gasse 2\nHaus B"), &json!("Ulm"), &json!("89073"), &json!("Bonn")]
    );
    outlook.edit(&item, vec![set(address(Dictionary::Street), text("Rue 3"))]).await;
    world
        .edit_contact(&anna, &record, json!({"business_city": "Wien", "business_country": "AT", "home_city": "Köln"}))
        .await;
    world.sync(&[&anna]).await;
    let shown = world.read_contact(&anna, &record).await;
    let there = outlook.read_all(&item, PARTS.map(address)).await;
    assert_eq!(
        [&shown["business_street"], &shown["business_city"], &shown["business_country"]],
        [&json!("Neue Gasse 2\nHaus B"), &json!("Wien"), &json!("AT")],
        "the CRM wins the unit as a whole"
    );
    assert_eq!(
        PARTS.map(|part| there.text(address(part)).map(|text| text.replace('\r', ""))),
        ["Neue Gasse 2\nHaus B", "Wien", "AT"].map(|text| Some(text.to_owned()))
    );
    let lines = world.list(&world.admin, "/api/admin/history?user=anna").await;
    assert!(lines.iter().any(|line| line.to_string().contains("Rue 3")), "the overruled street is kept: {lines:?}");
}

async fn a_company_renamed_in_the_crm_reaches_every_copy_and_one_cleared_in_the_mailbox_is_only_unlinked() {
    let (world, anna, bob) = World::with_two().await;
    let account =
        id_of(&world.made(&world.admin, "/api/crm/accounts", json!({"name": "Acme", "location": "Ulm"})).await);
    let team = json!([{"employee": anna.id}, {"employee": bob.id}]);
    let body = json!({"first_name": "Ida", "last_name": "Berg", "accounts": [account], "team": team});
    let record = world.contact(&anna, body).await;
    for who in [&anna, &bob] {
        world.enlist(who, &record).await;
    }
    world.sync(&[&anna, &bob]).await;
    let renamed = json!({"name": "Acme International", "location": "Ulm", "version": 1});
    world.done(&world.admin, "PUT", &format!("/api/crm/accounts/{account}"), Some(&renamed)).await;
    world.sync(&[&anna, &bob]).await;
    for who in [&anna, &bob] {
        let item = world.outlook(who).only(Folder::Contacts).await;
        assert_eq!(item.text(Property::CompanyName), Some("Acme International"), "{}", who.login);
    }
    let outlook = world.outlook(&anna);
    let item = id(&outlook.only(Folder::Contacts).await);
    outlook.edit(&item, vec![FieldChange::Delete(Property::CompanyName.into())]).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(world.read_contact(&anna, &record).await["company"], json!(null));
    assert_eq!(world.outlook(&bob).only(Folder::Contacts).await.text(Property::CompanyName), None);
    assert_eq!(world.get(&world.admin, &format!("/api/crm/accounts/{account}")).await["name"], "Acme International");
    outlook.edit(&item, vec![set(Property::CompanyName, text("ACME international"))]).await;
    world.sync(&[&anna, &bob]).await;
    let shown = world.read_contact(&anna, &record).await;
    assert_eq!(
        (&shown["company_unmatched"], &shown["accounts"][0]["account"]),
        (&json!(false), &json!(account)),
        "{shown}"
    );
}

// trap 137
async fn html_of_a_mailbox_is_text_in_the_crm_and_never_markup_that_runs() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let evil = "<html><body><p>Hello <b>you</b></p><script>alert('x')</script><img src=x onerror=alert(1)>\
        <a href=\"javascript:alert(2)\">go</a><style>p{}</style></body></html>";
    let body = wire::ews::Body { kind: wire::ews::BodyKind::Html, text: evil.to_owned(), truncated: false };
    let item = outlook::contact("<script>alert(3)</script>", "Berg", "ida@out.test", &["Siebel Contact"])
        .with(Property::Body, Value::Body(body));
    outlook.make(Folder::Contacts, item).await;
    world.sync(&[&anna]).await;
    let shown = world.only(&anna, MINE).await;
    let note = shown["body"].as_str().expect("a note");
    assert!(note.contains("Hello you") && !note.contains('<') && !note.contains("alert"), "{note}");
    // A subject or name is text whatever it looks like: it is answered as JSON, which no browser runs.
    assert_eq!(shown["first_name"], "<script>alert(3)</script>");
    let request = axum::http::Request::get(format!("/api/crm/contacts/{}", id_of(&shown)))
        .header("authorization", format!("Bearer {}", anna.token))
        .body(axum::body::Body::empty())
        .expect("a request");
    let answer = tower::ServiceExt::oneshot(world.router.clone(), request).await.expect("answered");
    assert_eq!(answer.headers()["content-type"], "application/json");
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
}

// trap 121, D7
async fn lists_of_recipients_and_hidden_items_are_skipped_and_never_touched() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let list = r#"<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types" xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"><s:Header><t:RequestServerVersion Version="Exchange2013_SP1"/></s:Header><s:Body><m:CreateItem MessageDisposition="SaveOnly"><m:SavedItemFolderId><t:DistinguishedFolderId Id="contacts"/></m:SavedItemFolderId><m:Items><t:DistributionList><t:Categories><t:String>Siebel Contact</t:String></t:Categories><t:DisplayName>Team</t:DisplayName><t:Members><t:Member><t:Mailbox><t:Name>Ida</t:Name><t:EmailAddress>ida@out.test</t:EmailAddress><t:RoutingType>SMTP</t:RoutingType></t:Mailbox></t:Member></t:Members></t:DistributionList></m:Items></m:CreateItem></s:Body></s:Envelope>"#;
    let answer = String::from_utf8(outlook.send(list.as_bytes().to_vec()).await).expect("text");
    assert!(answer.contains("NoError"), "{answer}");
    let note = outlook::contact("Jan", "Club", "jan@out.test", &["Siebel Contact"])
        .with(Property::ItemClass, text("IPM.StickyNote"));
    outlook.make(Folder::Contacts, note).await;
    let custom = outlook::contact("Kim", "Dale", "kim@out.test", &["Siebel Contact"])
        .with(Property::ItemClass, text("IPM.Contact.Vendor"));
    outlook.make(Folder::Contacts, custom).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.only(&anna, MINE).await["last_name"], "Dale");
    assert_eq!(outlook.count(Folder::Contacts), 3);
    assert!(world.quarantine(&anna).await.is_empty());
    assert!(world.cycle(&anna).await.is_quiet());
}

// trap 119
async fn twenty_runs_make_no_second_copy_and_two_equal_cards_are_two_contacts() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    world.listed(&anna, "Berg").await;
    for _ in 0..2 {
        let item = outlook::contact("Jan", "Club", "jan@out.test", &["Siebel Contact"]);
        outlook.make(Folder::Contacts, item).await;
    }
    world.sync(&[&anna]).await;
    let counts = (world.view(&anna, MINE).await.len(), outlook.count(Folder::Contacts));
    assert_eq!(counts, (3, 3));
    for round in 0..20 {
        assert!(world.cycle(&anna).await.is_quiet(), "{round}");
    }
    assert_eq!((world.view(&anna, MINE).await.len(), outlook.count(Folder::Contacts)), counts);
}

// trap 124, O4: in any case, in any order, beside the person's own words.
async fn our_category_renamed_by_its_user_is_his_and_the_record_stays_in_sync() {
    let (world, anna, _) = World::with_two().await;
    let (record, item) = card(&world, &anna, json!({"first_name": "Ida", "last_name": "Berg"})).await;
    let outlook = world.outlook(&anna);
    for words in [&["siebel contact"][..], &["Kunden", "SIEBEL CONTACT"], &["Kunden"], &[]] {
        outlook.edit(&item, vec![set(Property::Categories, texts(words))]).await;
        world.edit_contact(&anna, &record, json!({"department": format!("{words:?}")})).await;
        world.sync(&[&anna]).await;
        let shown = outlook.read(&item).await.expect("it");
        assert_eq!(categories(&shown), words);
        assert_eq!(shown.text(Property::Department), Some(format!("{words:?}").as_str()));
    }
    assert!(world.is_there(&anna, &format!("/api/crm/contacts/{record}")).await);
}

// E5
async fn a_text_too_long_for_the_mailbox_is_cut_there_and_never_comes_back_cut() {
    let (world, anna, _) = World::with_two().await;
    let long = "x".repeat(250) + &"é".repeat(40);
    let body = json!({"first_name": "Ida", "last_name": "Berg", "job_title": long});
    let record = world.contact(&anna, body).await;
    world.enlist(&anna, &record).await;
    world.sync(&[&anna]).await;
    let outlook = world.outlook(&anna);
    let item = outlook.only(Folder::Contacts).await;
    assert!(item.text(Property::JobTitle).is_some_and(|text| text.ends_with("(shortened)")));
    outlook.edit(&id(&item), vec![set(Property::Department, text("Sales"))]).await;
    world.sync(&[&anna]).await;
    let shown = world.read_contact(&anna, &record).await;
    assert_eq!((&shown["job_title"], &shown["department"]), (&json!(long), &json!("Sales")));
}

// M1
async fn addresses_are_the_same_without_case_and_never_by_their_plus_part() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    for (mail, other) in [("JÖRG@Müller.test", "jörg@müller.TEST"), ("ida+work@out.test", "ida@out.test")] {
        let record = world.contact(&anna, json!({"first_name": "A", "last_name": mail, "email1": mail})).await;
        world.enlist(&anna, &record).await;
        outlook.make(Folder::Contacts, outlook::contact("B", mail, other, &[])).await;
    }
    world.sync(&[&anna]).await;
    let items = outlook.items(Folder::Contacts).await;
    let count = |name: &str| items.iter().filter(|item| title(item) == name).count();
    assert_eq!((count("JÖRG@Müller.test"), count("ida+work@out.test")), (1, 2));
}

// E8, trap 113: clients that know no parts give a contact one name alone.
async fn a_name_that_is_only_shown_or_filed_under_is_the_last_name_until_its_parts_are_given() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let bare = || Item::new(ItemKind::Contact).with(Property::Categories, texts(&["Siebel Contact"]));
    let shown = outlook.make(Folder::Contacts, bare().with(Property::DisplayName, text("Ida Berg"))).await;
    let filed = outlook.make(Folder::Contacts, bare().with(Property::FileAs, text("Club, Jan"))).await;
    let known = bare().with(Property::DisplayName, text("Kim Dale")).with(email(1), text("kim@out.test"));
    outlook.make(Folder::Contacts, known).await;
    outlook.make(Folder::Contacts, bare().with(email(1), text("only@out.test"))).await;
    world.sync(&[&anna]).await;
    assert_eq!(world.quarantine(&anna).await.len(), 0);
    let found = world.view(&anna, MINE).await;
    let of = |field: &str, value: &str| found.iter().find(|one| one[field] == value).expect("a record").clone();
    assert_eq!(found.len(), 4, "{found:?}");
    assert_eq!(of("email1", "kim@out.test")["last_name"], "Kim Dale");
    assert_eq!(of("email1", "only@out.test")["last_name"], json!(null), "an address is no name");
    // What the CRM says of it goes there, and what is given in parts comes in.
    world
        .edit_contact(&anna, &id_of(&of("last_name", "Ida Berg")), json!({"first_name": "Ida", "last_name": "Berg"}))
        .await;
    let club = id_of(&of("last_name", "Club, Jan"));
    let parts = vec![set(Property::GivenName, text("Jan")), set(Property::Surname, text("Club"))];
    outlook.edit(&filed, parts).await;
    world.sync(&[&anna]).await;
    let ida = outlook.read(&shown).await.expect("there");
    assert_eq!((ida.text(Property::GivenName), ida.text(Property::Surname)), (Some("Ida"), Some("Berg")));
    let jan = world.read_contact(&anna, &club).await;
    assert_eq!((&jan["first_name"], &jan["last_name"]), (&json!("Jan"), &json!("Club")));
    assert!(world.cycle(&anna).await.is_quiet());
}

// C10
async fn a_card_without_any_name_or_with_the_same_address_twice_is_a_card() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let bare = Item::new(ItemKind::Contact).with(Property::Categories, texts(&["Siebel Contact"]));
    outlook.make(Folder::Contacts, bare).await;
    let twice = outlook::contact("Ida", "Berg", "ida@out.test", &["Siebel Contact"])
        .with(email(2), text("IDA@out.test"))
        .with(Property::Body, plain("note"));
    outlook.make(Folder::Contacts, twice).await;
    world.sync(&[&anna]).await;
    let found = world.view(&anna, MINE).await;
    let told = world.quarantine(&anna).await;
    assert_eq!(found.len() + told.len(), 2, "{found:?} {told:?}");
    let ida = found.iter().find(|one| one["last_name"] == "Berg").expect("Ida");
    assert_eq!((&ida["email1"], &ida["email2"]), (&json!("ida@out.test"), &json!("IDA@out.test")));
    assert!(world.cycle(&anna).await.is_quiet());
}
