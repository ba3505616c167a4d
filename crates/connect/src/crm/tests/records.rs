//! Contacts and employees as records of one user.

use super::*;

#[tokio::test]
async fn a_listing_shows_the_users_views_page_by_page() {
    let world = World::new().await;
    for n in 0..205 {
        world.contact(&format!("c{n}")).await;
    }
    let own = ContactDraft { personal: true, fields: person("own"), ..ContactDraft::default() };
    world.crm.create_contact(&world.as_anna(), &own, now()).await.expect("made");
    world.meeting("Plan", &[("Bob", "bob@crm.test")]).await;
    let anna = all(&world.remote(&world.anna), Kind::Contact).await;
    let count = |domain| anna.iter().filter(|record| record.facts.domain == Some(domain)).count();
    assert_eq!(count(Domain::BusinessContact), 205);
    assert_eq!(count(Domain::PersonalContact), 1);
    assert_eq!(count(Domain::Employee), 2);
    let ids: BTreeSet<RecordId> = anna.iter().map(|record| record.id.clone()).collect();
    assert_eq!(ids.len(), anna.len(), "each once");
    let bob = world.remote(&world.bob);
    assert!(all(&bob, Kind::Contact).await.iter().all(|record| record.facts.domain == Some(Domain::Employee)));
    let meetings = all(&bob, Kind::Appointment).await;
    assert_eq!((meetings.len(), meetings[0].facts.part, meetings[0].facts.meeting), (1, Part::Participant, true));
    assert_eq!(all(&bob, Kind::Task).await.len(), 0);
    let folder = bob.folders(Kind::Task).await.expect("folders").remove(0);
    let refused = bob.changes(Kind::Task, &folder, Some("contacts:1")).await;
    assert_eq!(refused.err(), Some(Trouble::CursorRefused));
}

// O1, O3
#[tokio::test]
async fn what_comes_in_from_a_mailbox_stands_on_the_users_list() {
    let world = World::new().await;
    let remote = world.remote(&world.anna);
    let make = Write::Create(create(Domain::BusinessContact, person("One"), "key-1"));
    let made = remote.write(&make).await.expect("made");
    let again = remote.write(&make).await.expect("found");
    assert_eq!(made, again, "a repeated create makes no second record");
    let record = present(&remote, Kind::Contact, made.id.as_str()).await;
    assert_eq!(record.version, made.version);
    assert_eq!((record.facts.domain, record.facts.on_sync_list), (Some(Domain::BusinessContact), true));
    assert_eq!(record.facts.integration_key.as_deref(), Some("key-1"));
    let found = remote.find(Kind::Contact, &FindBy::Key("key-1".into()), 5).await.expect("answers");
    assert_eq!(found, [record]);
    let off = remote.write(&Write::Delist { domain: Domain::BusinessContact, id: made.id.clone() }).await.expect("off");
    assert_ne!(off.version, made.version, "a version tells the place on the list");
    assert!(!present(&remote, Kind::Contact, made.id.as_str()).await.facts.on_sync_list);
    let on = remote.write(&Write::Enlist { domain: Domain::BusinessContact, id: made.id.clone() }).await.expect("on");
    assert_eq!(on.version, made.version);
    let personal = Write::Create(create(Domain::PersonalContact, person("Two"), "key-2"));
    let personal = remote.write(&personal).await.expect("made");
    assert_eq!(present(&remote, Kind::Contact, personal.id.as_str()).await.facts.domain, Some(Domain::PersonalContact));
    let employee = remote.write(&Write::Create(create(Domain::Employee, person("Three"), "key-3"))).await;
    assert!(matches!(employee, Err(Trouble::Refused { .. })));
}

#[tokio::test]
async fn an_update_needs_the_version_it_was_planned_against() {
    let world = World::new().await;
    let remote = world.remote(&world.anna);
    let made = remote.write(&Write::Create(create(Domain::BusinessContact, person("One"), "k"))).await.expect("made");
    let change = update(Domain::BusinessContact, &made, fields([(Field::JobTitle, Value::text("Buyer"))]));
    let written = remote.write(&change).await.expect("written");
    let record = present(&remote, Kind::Contact, made.id.as_str()).await;
    assert_eq!(record.version, written.version);
    assert_eq!(record.text(Field::JobTitle), Some("Buyer"));
    assert_eq!(remote.write(&change).await, Err(Trouble::Stale));
    let wrong = fields([(Field::Birthday, Value::text("yesterday"))]);
    let refused = remote.write(&update(Domain::BusinessContact, &written, wrong)).await;
    assert!(matches!(refused, Err(Trouble::Refused { code, why }) if code == "invalid" && why.contains("birthday")));
    let foreign = Written { version: Version::new("x"), ..written.clone() };
    let stale = remote.write(&update(Domain::BusinessContact, &foreign, Fields::new())).await;
    assert_eq!(stale, Err(Trouble::Stale));
}

// C6
#[tokio::test]
async fn no_mailbox_deletes_a_business_contact_or_an_employee() {
    let world = World::new().await;
    let remote = world.remote(&world.anna);
    let delete = |id: &RecordId, version: &Version| Write::Delete {
        kind: Kind::Contact,
        id: id.clone(),
        version: version.clone(),
        planned: None,
        mail: Mail::None,
    };
    let business =
        remote.write(&Write::Create(create(Domain::BusinessContact, person("One"), "k1"))).await.expect("made");
    assert!(matches!(remote.write(&delete(&business.id, &business.version)).await, Err(Trouble::Refused { .. })));
    let colleague = present(&remote, Kind::Contact, world.bob.as_str()).await;
    assert!(matches!(remote.write(&delete(&colleague.id, &colleague.version)).await, Err(Trouble::Refused { .. })));
    let personal =
        remote.write(&Write::Create(create(Domain::PersonalContact, person("Two"), "k2"))).await.expect("made");
    remote.write(&delete(&personal.id, &personal.version)).await.expect("deleted");
    assert_eq!(get(&remote, Kind::Contact, personal.id.as_str()).await, Seen::Gone(Gone::Deleted));
    assert_eq!(remote.write(&delete(&personal.id, &personal.version)).await, Err(Trouble::Gone(Gone::Deleted)));
    let found = remote.find(Kind::Contact, &FindBy::Key("k2".into()), 5).await.expect("answers");
    assert_eq!(found, []);
    // trap 43: a create whose answer was lost is told from one that never arrived.
    let traced = remote.trace(Kind::Contact, "k2", 5).await.expect("answers");
    assert_eq!(traced, [Traced { id: personal.id, gone: Some(Gone::Deleted), record: None }]);
    let traced = remote.trace(Kind::Contact, "k1", 5).await.expect("answers");
    assert!(traced.iter().all(|one| one.id == business.id && one.gone.is_none() && one.record.is_some()));
    assert_eq!(traced.len(), 1);
    assert_eq!(remote.trace(Kind::Contact, "k3", 5).await.expect("answers"), []);
}

// O2
#[tokio::test]
async fn lost_sight_is_told_from_a_delete_and_from_the_list() {
    let world = World::new().await;
    let remote = world.remote(&world.anna);
    let listed = world.contact("Listed").await;
    let plain = world.contact("Plain").await;
    let record = Listable::Contact(listed.id.clone());
    world.crm.add_to_sync_list(&world.as_anna(), &record, &world.anna, now()).await.expect("listed");
    for contact in [&listed, &plain] {
        let edit = ContactEdit { team: Some(vec![Member::Employee(world.bob.clone())]), ..ContactEdit::default() };
        world.crm.update_contact(&world.as_anna(), &contact.id, 1, &edit, now()).await.expect("shared away");
    }
    let unseen = present(&remote, Kind::Contact, listed.id.as_str()).await;
    assert!(unseen.facts.not_visible && unseen.facts.on_sync_list);
    assert_eq!(unseen.fields, Fields::new(), "nothing of it is shown");
    assert_eq!(get(&remote, Kind::Contact, plain.id.as_str()).await, Seen::Gone(Gone::Delisted));
    assert_eq!(get(&remote, Kind::Contact, "CON-99999999").await, Seen::Gone(Gone::Unknown));
    let written = Written { id: unseen.id.clone(), version: unseen.version.clone(), other: None, partly: vec![] };
    let change = update(Domain::BusinessContact, &written, fields([(Field::Nickname, Value::text("x"))]));
    assert!(matches!(remote.write(&change).await, Err(Trouble::Refused { .. })));
    let off = Write::Delist { domain: Domain::BusinessContact, id: unseen.id.clone() };
    remote.write(&off).await.expect("off");
    assert_eq!(get(&remote, Kind::Contact, listed.id.as_str()).await, Seen::Gone(Gone::Delisted));
}

// O1
#[tokio::test]
async fn the_setting_all_shows_what_the_user_may_open() {
    let world = World::new().await;
    let contact = world.contact("One").await;
    let all_contacts = || world.remote(&world.bob).with_all_contacts(true);
    let business = |records: Vec<Record>| {
        records.iter().filter(|record| record.facts.domain == Some(Domain::BusinessContact)).count()
    };
    assert_eq!(business(all(&all_contacts(), Kind::Contact).await), 0);
    let edit = EmployeeEdit { all_contacts: Some(true), ..EmployeeEdit::default() };
    world.crm.update_employee(&world.admin, &world.bob, 1, &edit, now()).await.expect("allowed");
    assert_eq!(business(all(&all_contacts(), Kind::Contact).await), 1);
    assert_eq!(business(all(&world.remote(&world.bob), Kind::Contact).await), 0);
    let enlist = Write::Enlist { domain: Domain::BusinessContact, id: RecordId::new(contact.id.as_str()) };
    all_contacts().write(&enlist).await.expect("listed");
}

#[tokio::test]
async fn an_extension_field_of_the_map_is_shown_though_it_is_empty() {
    let world = World::new().await;
    let contact = world.contact("One").await;
    let mut map = model::maps_ews::default_map(Domain::BusinessContact);
    map.entries[0].field = Field::Extension("vip".into());
    let remote = world.remote(&world.anna).with_maps(Arc::new(BTreeMap::from([(Domain::BusinessContact, map)])));
    let record = present(&remote, Kind::Contact, contact.id.as_str()).await;
    assert_eq!(record.get(Field::Extension("vip".into())), Some(&Value::Null));
}

#[tokio::test]
async fn the_user_himself_is_the_identity_of_this_side() {
    let world = World::new().await;
    let remote = world.remote(&world.anna);
    let identity = remote.identity().await.expect("answers");
    assert_eq!((identity.root.as_str(), identity.is_user), (world.anna.as_str(), true));
    assert_eq!(identity.addresses, ["anna@crm.test"]);
    let gone = world.remote(&EmployeeId::new("EMP-none")).identity().await;
    assert!(matches!(gone, Err(Trouble::NoAccess { .. })));
    assert!(matches!(remote.set_identity(&MailboxId::new("m")).await, Err(Trouble::Refused { .. })));
}
