//! What else is found in mailboxes: marks of other mailboxes, other installations, odd classes, lengths and days
//! (rules C10, D7, E1, L1, M1).

use crate::api::berlin;
use crate::clock::clean;
use crate::database::on_both;
use crate::outlook::{self, Outlook, email, id, set, text, titles};
use crate::world::{PASSWORD, SERVICE, World};
use emulator::{Effect, FaultAction, MailboxSpec, RequestInfo};
use serde_json::json;
use std::sync::Arc;
use wire::ews::{DistinguishedFolder as Folder, Property};

on_both!(
    items_with_the_marks_of_another_users_are_ones_own,
    two_installations_on_one_mailbox_come_to_rest,
    one_mailbox_under_two_addresses_is_one_users,
    items_of_odd_classes_stop_nothing,
    odd_lengths_and_days_are_carried_or_told,
    addresses_that_change_places_change_places,
    an_item_that_gives_no_answer_at_first_is_not_made_once_more,
);

const CALENDAR: &str = "my_calendar";
const OURS: &str = "6b8e2f0a-53c1-4d0e-9a77-51f2c0d4e9b3";

fn property(name: &str) -> String {
    format!(r#"<t:ExtendedFieldURI PropertySetId="{OURS}" PropertyName="{name}" PropertyType="String"/>"#)
}

/// Our marks on an item, as a tool that copies mailboxes carries them.
async fn marks(outlook: &Outlook, item: &str) -> String {
    let names = ["SynclineMark", "SynclineKey"];
    let wanted: String = names.map(property).concat();
    let answer = outlook
        .raw("", &format!(r#"<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>{wanted}</t:AdditionalProperties></m:ItemShape><m:ItemIds><t:ItemId Id="{item}"/></m:ItemIds></m:GetItem>"#))
        .await;
    let values: Vec<&str> =
        answer.split("<t:Value>").skip(1).map(|rest| rest.split('<').next().expect("a value")).collect();
    assert_eq!(values.len(), 2, "{answer}");
    let both = names.iter().zip(values);
    both.map(|(name, value)| {
        format!("<t:ExtendedProperty>{}<t:Value>{value}</t:Value></t:ExtendedProperty>", property(name))
    })
    .collect()
}

// M1, invariant 12: a file of somebody else's items, opened in one's own mailbox.
async fn items_with_the_marks_of_another_users_are_ones_own() {
    let (world, anna, bob) = World::with_two().await;
    let hers = world.appointment(&anna, "Plan", "2026-09-28").await;
    let card = world.listed(&anna, "Berg").await;
    world.sync(&[&anna, &bob]).await;
    let outlook = world.outlook(&anna);
    let (plan, berg) = (id(&outlook.only(Folder::Calendar).await), id(&outlook.only(Folder::Contacts).await));
    let (of_plan, of_berg) = (marks(&outlook, &plan).await, marks(&outlook, &berg).await);
    let his = world.outlook(&bob);
    let copy = his.make_raw(Folder::Calendar, &format!(r#"<t:CalendarItem><t:Subject>Copied</t:Subject>{of_plan}<t:Start>2026-09-29T08:00:00Z</t:Start><t:End>2026-09-29T09:00:00Z</t:End></t:CalendarItem>"#)).await;
    his.make_raw(Folder::Contacts, &format!(r#"<t:Contact><t:Categories><t:String>Siebel Contact</t:String></t:Categories>{of_berg}<t:GivenName>Otto</t:GivenName><t:Surname>Other</t:Surname></t:Contact>"#)).await;
    world.sync(&[&anna, &bob]).await;
    let (mine, theirs) = (world.only(&anna, CALENDAR).await, world.only(&bob, CALENDAR).await);
    assert_eq!((&mine["subject"], &theirs["subject"]), (&json!("Plan"), &json!("Copied")));
    assert_ne!(mine["id"], theirs["id"]);
    assert_eq!(world.read_contact(&anna, &card).await["last_name"], "Berg");
    assert_eq!(world.view(&bob, "my_contacts").await.len(), 1);
    his.edit(&copy, vec![set(Property::Subject, text("Mine"))]).await;
    world.sync(&[&anna, &bob]).await;
    assert_eq!(world.read_activity(&anna, &hers).await["subject"], "Plan");
    his.delete(&copy).await;
    world.sync(&[&anna, &bob]).await;
    assert!(world.is_there(&anna, &format!("/api/crm/activities/{hers}")).await);
    assert_eq!((outlook.count(Folder::Calendar), outlook.count(Folder::Contacts)), (1, 1));
    for who in [&anna, &bob] {
        clean(&world, who).await;
    }
}

// M4, C11: another installation, with a CRM of its own, works on the same mailbox. Each CRM counts its own records, also
// where both count the same.
async fn two_installations_on_one_mailbox_come_to_rest() {
    for ahead in [20, 0] {
        two_installations(ahead).await;
    }
}

async fn two_installations(ahead: usize) {
    let one = World::new().await;
    let anna = one.user("anna").await;
    let two = World::new().await;
    for _ in 0..10_000 {
        two.services.dice.roll();
    }
    let url = one.get(&one.admin, "/api/admin/connections/hq").await["url"].clone();
    let body = json!({"name": "theirs", "url": url, "user": SERVICE, "password": PASSWORD, "impersonate": true});
    two.made(&two.admin, "/api/admin/connections", body).await;
    let again = two.colleague("anna", &[]).await;
    let map = json!({"user": "anna", "connection": "theirs", "address": anna.address});
    two.made(&two.admin, "/api/admin/users", map).await;
    let outlook = one.outlook(&anna);
    let both = async || {
        for round in 0..12 {
            let (a, b) = (one.cycle(&anna).await, two.cycle(&again).await);
            assert_eq!((&a.trouble, &b.trouble), (&None, &None), "{round}");
            if a.is_quiet() && b.is_quiet() {
                return;
            }
        }
        panic!("no rest");
    };
    for n in 0..ahead {
        one.activity(&anna, json!({"display": "Activities Only", "subject": format!("Note {n}")})).await;
    }
    one.appointment(&anna, "Of one", "2026-09-28").await;
    two.appointment(&again, "Of two", "2026-09-29").await;
    outlook.make(Folder::Calendar, outlook::appointment("Own", "2026-09-30T08:00:00Z", "2026-09-30T09:00:00Z")).await;
    both().await;
    assert_eq!(titles(&outlook.items(Folder::Calendar).await), ["Of one", "Of two", "Own"]);
    assert_eq!((one.view(&anna, CALENDAR).await.len(), two.view(&again, CALENDAR).await.len()), (3, 3));
    for item in outlook.items(Folder::Calendar).await {
        outlook.edit(&id(&item), vec![set(Property::Location, text("Attic"))]).await;
    }
    both().await;
    for record in one.view(&anna, CALENDAR).await {
        one.edit_activity(&anna, record["id"].as_str().expect("an id"), json!({"location": "Cellar"})).await;
    }
    both().await;
    for record in two.view(&again, CALENDAR).await {
        assert_eq!(record["location"], "Cellar", "{record}");
    }
    assert_eq!((outlook.count(Folder::Calendar), outlook.count(Folder::DeletedItems)), (3, 0));
}

// L1: nobody is shown what is in another's mailbox, whichever of its addresses leads there.
async fn one_mailbox_under_two_addresses_is_one_users() {
    for met in [true, false] {
        let world = World::new().await;
        let (anna, bob) = (world.colleague("anna", &[]).await, world.colleague("bob", &[]).await);
        let mut spec = MailboxSpec::user(&anna.address, "Anna Tester", PASSWORD);
        spec.proxies = vec!["info@crm.test".to_owned()];
        world.hq.add_mailbox(spec).expect("a new address");
        let outlook = world.outlook(&anna);
        let own = outlook::appointment("Own", "2026-09-30T08:00:00Z", "2026-09-30T09:00:00Z");
        outlook.make(Folder::Calendar, own).await;
        let map = async |who: &str, address: &str| {
            let body = json!({"user": who, "connection": "hq", "address": address});
            world.ask(&world.admin, "POST", "/api/admin/users", Some(&body)).await
        };
        assert_eq!(map("anna", &anna.address).await.0, 201);
        if met {
            world.sync(&[&anna]).await;
            let (status, told) = map("bob", "INFO@crm.test").await;
            assert_eq!(status, 422, "{told}");
            assert!(told.to_string().contains("mapped as anna@crm.test; one mailbox belongs to one user"), "{told}");
            assert_eq!(map("anna", "other@crm.test").await.0, 422, "nor is one user mapped twice");
        } else if map("bob", "INFO@crm.test").await.0 == 201 {
            let troubles = [world.cycle(&bob).await.trouble, world.cycle(&anna).await.trouble];
            let stopped: Vec<&String> = troubles.iter().flatten().collect();
            assert_eq!(stopped.len(), 1, "{troubles:?}");
            assert!(stopped[0].contains("one mailbox belongs to one user"), "{stopped:?}");
        }
        let shown = [world.view(&anna, CALENDAR).await.len(), world.view(&bob, CALENDAR).await.len()];
        assert!(shown.iter().sum::<usize>() <= 1, "{shown:?}");
    }
}

// D7, E1
async fn items_of_odd_classes_stop_nothing() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let custom = outlook::appointment("Custom", "2026-09-28T08:00:00Z", "2026-09-28T09:00:00Z")
        .with(Property::ItemClass, text("IPM.Appointment.Firm.Visit"));
    outlook.make(Folder::Calendar, custom).await;
    let post = r#"<t:Message><t:ItemClass>IPM.Note</t:ItemClass><t:Subject>Mail</t:Subject></t:Message>"#;
    let mail = outlook.make_raw(Folder::Calendar, post).await;
    let request = r#"<t:Message><t:ItemClass>IPM.TaskRequest</t:ItemClass><t:Subject>Asked</t:Subject></t:Message>"#;
    outlook.make_raw(Folder::Tasks, request).await;
    let flagged = r#"<t:Message><t:ItemClass>IPM.Note</t:ItemClass><t:Subject>Flagged</t:Subject></t:Message>"#;
    outlook.make_raw(Folder::Tasks, flagged).await;
    outlook.make(Folder::Tasks, outlook::task("Call", "2026-09-28")).await;
    clean(&world, &anna).await;
    assert_eq!(world.only(&anna, CALENDAR).await["subject"], "Custom");
    assert_eq!(world.only(&anna, "my_to_dos").await["subject"], "Call");
    let record = world.only(&anna, CALENDAR).await["id"].as_str().expect("an id").to_owned();
    world.edit_activity(&anna, &record, json!({"location": "Attic"})).await;
    outlook.edit(&mail, vec![set(Property::Subject, text("Mail again"))]).await;
    clean(&world, &anna).await;
    let items = outlook.items(Folder::Calendar).await;
    assert_eq!(titles(&items), ["Custom", "Mail again"]);
    let custom = items.iter().find(|item| outlook::title(item) == "Custom").expect("there");
    assert_eq!(custom.text(Property::ItemClass), Some("IPM.Appointment.Firm.Visit"));
    assert_eq!(custom.text(Property::Location), Some("Attic"));
    assert_eq!(outlook.count(Folder::Tasks), 3);
}

// E1, R2, R5
async fn odd_lengths_and_days_are_carried_or_told() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let activity = |subject: &str, from: &str, to: &str| json!({"display": "Calendar and Activities", "subject": subject, "start": berlin(from), "end": berlin(to)});
    world.activity(&anna, activity("Nought", "2026-10-01T10:00:00", "2026-10-01T10:00:00")).await;
    world.activity(&anna, activity("Years", "2026-10-01T10:00:00", "2029-10-01T10:00:00")).await;
    let back = activity("Back", "2026-10-01T10:00:00", "2026-10-01T09:00:00");
    let (status, told) = world.ask(&anna, "POST", "/api/crm/activities", Some(&back)).await;
    assert_eq!(status, 422);
    assert!(told.to_string().contains("is before the start"), "{told}");
    let mut leap = activity("Leap", "2028-02-29T10:00:00", "2028-02-29T11:00:00");
    leap["rule"] = json!({"pattern": "yearly_by_date", "month": 2, "day": 29, "count": 5});
    world.activity(&anna, leap).await;
    let mut last = activity("Last", "2026-10-31T10:00:00", "2026-10-31T11:00:00");
    last["rule"] = json!({"pattern": "monthly_by_date", "day": 31, "interval": 1, "count": 5});
    world.activity(&anna, last).await;
    world.activity(&anna, activity("Decade", "2026-10-01T10:00:00", "2036-10-01T10:00:00")).await;
    world.sync(&[&anna]).await;
    assert_eq!(titles(&outlook.items(Folder::Calendar).await), ["Last", "Leap", "Nought", "Years"]);
    let waiting = world.quarantine(&anna).await;
    assert_eq!(waiting.len(), 1, "{waiting:?}");
    assert!(waiting[0]["reason"].as_str().is_some_and(|why| why.contains("lasts longer than Exchange allows")));
    // Where a month or year lacks the day, its last one is meant, as in Outlook.
    let days = async |subject: &str, from: &str, to: &str| {
        let shown = outlook.shows(from, to).await;
        let of = shown.into_iter().filter(|it| it.0 == subject).map(|it| it.1[..10].to_owned());
        of.collect::<Vec<String>>()
    };
    assert_eq!(
        days("Last", "2026-10-30T00:00:00Z", "2027-03-05T00:00:00Z").await,
        ["2026-10-31", "2026-11-30", "2026-12-31", "2027-01-31", "2027-02-28"]
    );
    assert_eq!(days("Leap", "2028-02-01T00:00:00Z", "2029-03-05T00:00:00Z").await, ["2028-02-29", "2029-02-28"]);
    assert_eq!(world.sync(&[&anna]).await.len(), 0);
}

// C3, D1
async fn addresses_that_change_places_change_places() {
    let (world, anna, _) = World::with_two().await;
    let outlook = world.outlook(&anna);
    let record = world
        .contact(&anna, json!({"last_name": "Berg", "email1": "a@out.test", "email2": "b@out.test", "email3": "c@out.test", "on_sync_list": true}))
        .await;
    clean(&world, &anna).await;
    let item = id(&outlook.only(Folder::Contacts).await);
    let swapped = ["c@out.test", "a@out.test", "b@out.test"];
    let changes = swapped.iter().zip(1..).map(|(address, slot)| set(email(slot), text(address))).collect();
    outlook.edit(&item, changes).await;
    clean(&world, &anna).await;
    let now = world.read_contact(&anna, &record).await;
    assert_eq!([&now["email1"], &now["email2"], &now["email3"]].map(|it| it.as_str().unwrap_or_default()), swapped);
    world
        .edit_contact(&anna, &record, json!({"email1": "b@out.test", "email3": "c@out.test", "email2": "a@out.test"}))
        .await;
    clean(&world, &anna).await;
    let shown = outlook.read_all(&item, (1..=3).map(email)).await;
    let shown: Vec<Option<&str>> = (1..=3).map(|slot| shown.text(email(slot))).collect();
    assert_eq!(shown, [Some("b@out.test"), Some("a@out.test"), Some("c@out.test")]);
    assert_eq!((outlook.count(Folder::Contacts), world.view(&anna, "my_contacts").await.len()), (1, 1));
}

// M1, M4, E2: what stands in the mailbox and could not be read yet may be what the CRM has.
async fn an_item_that_gives_no_answer_at_first_is_not_made_once_more() {
    let world = World::new().await;
    let anna = world.user("anna").await;
    world.listed(&anna, "Berg").await;
    let outlook = world.outlook(&anna);
    outlook.make(Folder::Contacts, outlook::contact("Ida", "Berg", "berg@out.test", &[])).await;
    let nothing = "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><m:GetItemResponse \
                   xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\"><m:ResponseMessages/>\
                   </m:GetItemResponse></s:Body></s:Envelope>";
    world.hq.on_request(Some(Arc::new(move |request: &RequestInfo| {
        (request.operation == "GetItem").then(|| FaultAction::Answer {
            status: 200,
            content_type: "text/xml; charset=utf-8".to_owned(),
            body: nothing.into(),
            effect: Effect::Done,
        })
    })));
    world.cycle(&anna).await;
    assert_eq!(outlook.count(Folder::Contacts), 1, "it waits");
    world.hq.on_request(None);
    clean(&world, &anna).await;
    assert_eq!((outlook.count(Folder::Contacts), world.view(&anna, "my_contacts").await.len()), (1, 1));
}
