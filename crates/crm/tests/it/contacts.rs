//! Contacts: who sees and changes them, their company, their way between business and personal.

use crate::world::{World, faults, fields, get, now, on_both, person, shown, text};
use crm::account::AccountDraft;
use crm::sync_list::Listable;
use crm::{Actor, ContactDraft, ContactEdit, Error, Member};
use model::{Field, Path, Value};

on_both!(
    a_business_contact_is_seen_and_changed_by_its_team,
    a_personal_contact_exists_for_its_owner_only,
    a_stale_change_of_a_contact_is_refused,
    a_company_that_names_one_account_becomes_primary,
    a_renamed_account_shows_on_its_contacts,
    private_is_refused_while_others_work_with_the_contact,
    an_unshared_contact_becomes_personal_and_business_again,
    a_create_with_the_same_key_finds_the_first_one,
    every_fault_of_a_contact_is_named_at_once,
    a_deleted_contact_leaves_a_tombstone,
    candidates_share_an_address_or_both_names,
    every_field_comes_back_as_it_was_written,
    who_may_open_all_contacts_sees_but_does_not_change_them,
);

async fn a_business_contact_is_seen_and_changed_by_its_team(world: &World) {
    let crm = &world.crm;
    let contact = world.contact("Ida", "One", "ida@out.test").await;
    assert_eq!(
        contact.team.iter().map(|it| it.member.clone()).collect::<Vec<_>>(),
        [Member::Position(world.sales.clone())]
    );
    assert!(matches!(crm.contact(&world.as_bob(), &contact.id).await, Err(Error::NotFound)));
    let edit = ContactEdit { fields: fields([(Field::JobTitle, text("Buyer"))]), ..ContactEdit::default() };
    let hidden = crm.update_contact(&world.as_bob(), &contact.id, 1, &edit, now()).await;
    assert!(matches!(hidden, Err(Error::NotFound)));
    let team = vec![Member::Position(world.sales.clone()), Member::Employee(world.bob.clone())];
    let share = ContactEdit { team: Some(team), ..ContactEdit::default() };
    let contact = crm.update_contact(&world.as_anna(), &contact.id, 1, &share, now()).await.unwrap();
    assert_eq!((contact.version, contact.others), (2, 1));
    let changed = crm.update_contact(&world.as_bob(), &contact.id, 2, &edit, now()).await.unwrap();
    assert_eq!(shown(&changed.fields, Field::JobTitle), Some("Buyer"));
    let empty = ContactEdit { team: Some(vec![]), ..ContactEdit::default() };
    assert_eq!(
        faults(crm.update_contact(&world.as_anna(), &contact.id, 3, &empty, now()).await.unwrap_err()),
        ["team"]
    );
}

async fn a_personal_contact_exists_for_its_owner_only(world: &World) {
    let crm = &world.crm;
    let mum = world.personal("Mum", "Berg", "mum@home.test").await;
    assert_eq!(get(&mum.fields, Field::Private), Some(&Value::Flag(true)));
    for other in [world.as_bob(), world.admin.clone()] {
        assert!(matches!(crm.contact(&other, &mum.id).await, Err(Error::NotFound)));
        assert!(matches!(crm.delete_contact(&other, &mum.id, 1, now()).await, Err(Error::NotFound)));
        assert_eq!(crm.search(&other, "mum", 10).await.unwrap().contacts.len(), 0);
    }
    crm.delete_contact(&world.as_anna(), &mum.id, 1, now()).await.unwrap();
}

async fn a_stale_change_of_a_contact_is_refused(world: &World) {
    let crm = &world.crm;
    let contact = world.contact("Ida", "One", "ida@out.test").await;
    let edit = ContactEdit { fields: fields([(Field::Nickname, text("Idy"))]), ..ContactEdit::default() };
    crm.update_contact(&world.as_anna(), &contact.id, 1, &edit, now()).await.unwrap();
    let stale = crm.update_contact(&world.as_anna(), &contact.id, 1, &edit, now()).await.unwrap_err();
    assert!(matches!(stale, Error::Stale { current: 2 }));
    let stale = crm.delete_contact(&world.as_anna(), &contact.id, 1, now()).await.unwrap_err();
    assert!(matches!(stale, Error::Stale { current: 2 }));
}

async fn a_company_that_names_one_account_becomes_primary(world: &World) {
    let crm = &world.crm;
    let account = |name: &str, location: &str| AccountDraft {
        name: name.into(),
        location: Some(location.into()),
        organization: None,
    };
    let acme = crm.create_account(&world.admin, &account("Acme", "Berlin"), now()).await.unwrap();
    crm.create_account(&world.admin, &account("Acme", "Paris"), now()).await.unwrap();
    let solo = crm.create_account(&world.admin, &account("Solo", "Rome"), now()).await.unwrap();
    let hidden = AccountDraft { organization: Some(world.head.clone()), ..account("Hidden", "Oslo") };
    crm.create_account(&world.admin, &hidden, now()).await.unwrap();
    let contact = world.contact("Ida", "One", "ida@out.test").await;
    let company = |name: &str, location: Option<&str>| ContactEdit {
        fields: fields([
            (Field::Company, text(name)),
            (Field::CompanyLocation, location.map_or(Value::Null, Value::text)),
        ]),
        ..ContactEdit::default()
    };
    let anna = world.as_anna();
    // Two accounts have the name: the text stays.
    let it = crm.update_contact(&anna, &contact.id, 1, &company("acme", None), now()).await.unwrap();
    assert!(it.company_unmatched && it.accounts.is_empty());
    assert_eq!(shown(&it.fields, Field::Company), Some("acme"));
    // With the location it is one.
    let it = crm.update_contact(&anna, &contact.id, 2, &company("ACME", Some("berlin")), now()).await.unwrap();
    assert_eq!(it.accounts[0].account, acme.id);
    assert!(it.accounts[0].primary && !it.company_unmatched);
    assert_eq!(
        (shown(&it.fields, Field::Company), shown(&it.fields, Field::CompanyLocation)),
        (Some("Acme"), Some("Berlin"))
    );
    // The location is kept when the mailbox has none.
    let it = crm.update_contact(&anna, &contact.id, 3, &company("Acme", None), now()).await.unwrap();
    assert_eq!(shown(&it.fields, Field::CompanyLocation), Some("Berlin"));
    // Another company becomes primary, the first stays linked.
    let it = crm.update_contact(&anna, &contact.id, 4, &company("solo", None), now()).await.unwrap();
    assert_eq!((it.accounts.len(), it.accounts[0].account.clone()), (2, solo.id.clone()));
    // Cleared: the primary one is unlinked and no other is promoted.
    let clear = ContactEdit { fields: fields([(Field::Company, Value::Null)]), ..ContactEdit::default() };
    let it = crm.update_contact(&anna, &contact.id, 5, &clear, now()).await.unwrap();
    assert_eq!((it.accounts.len(), it.accounts[0].primary), (1, false));
    assert_eq!(get(&it.fields, Field::Company), Some(&Value::Null));
    // An account of an organization she has no position in is none to her.
    let it = crm.update_contact(&anna, &contact.id, 6, &company("Hidden", None), now()).await.unwrap();
    assert!(it.company_unmatched);
}

async fn a_renamed_account_shows_on_its_contacts(world: &World) {
    let crm = &world.crm;
    let draft = AccountDraft { name: "Acme".into(), ..AccountDraft::default() };
    let acme = crm.create_account(&world.admin, &draft, now()).await.unwrap();
    let mut fields = person("Ida", "One", "ida@out.test");
    fields.insert(Path::of(Field::Company), text("Acme"));
    let draft = ContactDraft { fields, ..ContactDraft::default() };
    let contact = crm.create_contact(&world.as_anna(), &draft, now()).await.unwrap().record;
    let before = world.head_seq().await;
    let draft = AccountDraft { name: "Acme Ltd".into(), ..AccountDraft::default() };
    crm.update_account(&world.admin, &acme.id, 1, &draft, now()).await.unwrap();
    let after = crm.contact(&world.as_anna(), &contact.id).await.unwrap();
    assert_eq!((shown(&after.fields, Field::Company), after.version), (Some("Acme Ltd"), 2));
    let entries = crm.feed_after(before, 10).await.unwrap();
    assert!(entries.iter().any(|entry| entry.id == contact.id.as_str() && entry.users.contains(&world.anna)));
}

// O5
async fn private_is_refused_while_others_work_with_the_contact(world: &World) {
    let crm = &world.crm;
    let private = ContactEdit { fields: fields([(Field::Private, Value::Flag(true))]), ..ContactEdit::default() };
    let team = vec![Member::Position(world.sales.clone()), Member::Employee(world.bob.clone())];
    let draft = ContactDraft { fields: person("Ida", "One", "ida@out.test"), team, ..ContactDraft::default() };
    let shared = crm.create_contact(&world.as_anna(), &draft, now()).await.unwrap().record;
    let refused = crm.update_contact(&world.as_anna(), &shared.id, 1, &private, now()).await.unwrap_err();
    assert!(refused.to_string().contains("others work with this contact"));
    assert_eq!(faults(refused), ["private"]);
    // A Sync List user is enough.
    let listed = world.contact("Udo", "Two", "udo@out.test").await;
    let edit = ContactEdit { team: Some(draft.team.clone()), ..ContactEdit::default() };
    crm.update_contact(&world.as_anna(), &listed.id, 1, &edit, now()).await.unwrap();
    let record = Listable::Contact(listed.id.clone());
    crm.add_to_sync_list(&world.as_bob(), &record, &world.bob, now()).await.unwrap();
    let edit = ContactEdit { team: Some(vec![Member::Position(world.sales.clone())]), ..ContactEdit::default() };
    let listed = crm.update_contact(&world.as_anna(), &listed.id, 2, &edit, now()).await.unwrap();
    assert_eq!(listed.others, 1);
    let refused = crm.update_contact(&world.as_anna(), &listed.id, 3, &private, now()).await.unwrap_err();
    assert_eq!(faults(refused), ["private"]);
}

// O5
async fn an_unshared_contact_becomes_personal_and_business_again(world: &World) {
    let crm = &world.crm;
    let contact = world.contact("Ida", "One", "ida@out.test").await;
    let flag = |on| ContactEdit { fields: fields([(Field::Private, Value::Flag(on))]), ..ContactEdit::default() };
    let it = crm.update_contact(&world.as_anna(), &contact.id, 1, &flag(true), now()).await.unwrap();
    assert_eq!((it.owner.clone(), it.team.len()), (Some(world.anna.clone()), 0));
    let it = crm.update_contact(&world.as_anna(), &contact.id, 2, &flag(false), now()).await.unwrap();
    assert_eq!((it.owner.clone(), it.team.len()), (None, 1));
    assert_eq!(it.team[0].member, Member::Position(world.sales.clone()));
}

async fn a_create_with_the_same_key_finds_the_first_one(world: &World) {
    let crm = &world.crm;
    let draft = ContactDraft {
        fields: person("Ida", "One", "ida@out.test"),
        integration_key: Some("key-1".into()),
        enlist: true,
        ..ContactDraft::default()
    };
    let first = crm.create_contact(&world.as_anna(), &draft, now()).await.unwrap();
    let again = crm.create_contact(&world.as_anna(), &draft, now()).await.unwrap();
    assert!(first.new && !again.new && first.record.listed);
    assert_eq!(first.record.id, again.record.id);
    let found = crm.contact_by_integration_key(&world.as_anna(), "key-1").await.unwrap();
    assert_eq!(found.map(|contact| contact.id), Some(first.record.id.clone()));
    assert_eq!(crm.contact_by_integration_key(&world.as_carla(), "key-1").await.unwrap(), None);
    crm.delete_contact(&world.as_anna(), &first.record.id, 1, now()).await.unwrap();
    let deleted = crm.create_contact(&world.as_anna(), &draft, now()).await.unwrap_err();
    assert!(
        matches!(deleted, Error::Deleted { merged_into: None }),
        "a repeated create does not revive a deleted record"
    );
}

async fn every_fault_of_a_contact_is_named_at_once(world: &World) {
    let draft = ContactDraft {
        personal: true,
        fields: fields([
            (Field::FirstName, Value::Flag(true)),
            (Field::Subject, text("x")),
            (Field::Private, Value::Flag(false)),
            (Field::WebPage, text("a\u{1}b")),
            (Field::LastName, text(&"x".repeat(2_001))),
        ]),
        team: vec![Member::Position(crm::PositionId::new("POS-none"))],
        accounts: vec![crm::AccountId::new("ACC-none")],
        ..ContactDraft::default()
    };
    let named = faults(world.crm.create_contact(&world.as_anna(), &draft, now()).await.unwrap_err());
    for field in ["first_name", "subject", "private", "web_page", "last_name", "team", "team[0]", "accounts[0]"] {
        assert!(named.contains(&field.to_owned()), "{field} in {named:?}");
    }
    let empty = world.crm.create_contact(&world.as_anna(), &ContactDraft::default(), now()).await.unwrap_err();
    assert_eq!(faults(empty), ["fields"]);
}

async fn a_deleted_contact_leaves_a_tombstone(world: &World) {
    let crm = &world.crm;
    let contact = world.contact("Ida", "One", "ida@out.test").await;
    let meeting = world.appointment("Plan", crate::world::people(&[("Ida One", "ida@out.test")])).await;
    assert_eq!(meeting.people[0].who, crm::Who::Contact(contact.id.clone()));
    crm.delete_contact(&world.as_anna(), &contact.id, 1, now()).await.unwrap();
    assert!(matches!(crm.contact(&world.as_anna(), &contact.id).await, Err(Error::Deleted { merged_into: None })));
    let meeting = crm.activity(&world.as_anna(), &meeting.id).await.unwrap();
    assert_eq!((meeting.people.len(), meeting.people[0].who.clone()), (1, crm::Who::Unknown));
}

// M1
async fn candidates_share_an_address_or_both_names(world: &World) {
    let crm = &world.crm;
    let one = world.contact("Ida", "One", "ida@out.test").await;
    let two = world.personal("IDA", "one", "other@out.test").await;
    let found = crm.contact_candidates(&world.as_anna(), &["IDA@out.test".into()], None, 10).await.unwrap();
    assert_eq!(found.iter().map(|it| it.id.clone()).collect::<Vec<_>>(), std::slice::from_ref(&one.id));
    let found = crm.contact_candidates(&world.as_anna(), &[], Some(("ida", "One")), 10).await.unwrap();
    assert_eq!(found.iter().map(|it| it.id.clone()).collect::<Vec<_>>(), [one.id, two.id]);
    assert_eq!(crm.contact_candidates(&world.as_carla(), &["ida@out.test".into()], None, 10).await.unwrap(), []);
    assert_eq!(crm.contact_candidates(&world.as_anna(), &[], None, 10).await.unwrap(), []);
}

async fn every_field_comes_back_as_it_was_written(world: &World) {
    let crm = &world.crm;
    let mut wanted = model::Fields::new();
    for field in Field::SHIPPED.iter().filter(|field| model::field::of_kind(model::Kind::Contact, field)) {
        let value = match field {
            Field::Birthday => crate::world::day("1970-02-28"),
            Field::Categories => Value::Set(["VIP".to_owned(), "Golf".to_owned()].into()),
            Field::Private => continue,
            other => text(&format!("{} ä\nß", other.name())),
        };
        wanted.insert(Path::of(field.clone()), value);
    }
    wanted.insert(Path::of(Field::Extension("vip".into())), Value::Number(7));
    let draft =
        ContactDraft { fields: wanted.clone(), more_emails: vec!["four@out.test".into()], ..ContactDraft::default() };
    let made = crm.create_contact(&world.as_anna(), &draft, now()).await.unwrap().record;
    for (path, value) in &wanted {
        assert_eq!(made.fields.get(path), Some(value), "{path}");
    }
    assert_eq!(made.more_emails, ["four@out.test"]);
    let cleared = ContactEdit {
        fields: wanted.keys().map(|path| (path.clone(), Value::Null)).collect(),
        ..ContactEdit::default()
    };
    let after = crm.update_contact(&world.as_anna(), &made.id, 1, &cleared, now()).await.unwrap();
    for path in wanted.keys() {
        assert!(after.fields.get(path).is_none_or(Value::is_blank), "{path}");
    }
}

// O1
async fn who_may_open_all_contacts_sees_but_does_not_change_them(world: &World) {
    let crm = &world.crm;
    let contact = world.contact("Ida", "One", "ida@out.test").await;
    let edit = crm::EmployeeEdit { all_contacts: Some(true), ..crm::EmployeeEdit::default() };
    let before = world.head_seq().await;
    crm.update_employee(&world.admin, &world.carla, 1, &edit, now()).await.unwrap();
    let entries = crm.feed_after(before, 10).await.unwrap();
    let uncovered =
        |entry: &crm::feed::Entry| entry.id == contact.id.as_str() && entry.users == [world.carla.clone()].into();
    assert!(entries.iter().any(uncovered), "she is told of what she sees from now on");
    let carla = world.as_carla();
    crm.contact(&carla, &contact.id).await.expect("sees it");
    let edit = ContactEdit { fields: fields([(Field::Nickname, text("x"))]), ..ContactEdit::default() };
    let refused = crm.update_contact(&carla, &contact.id, 1, &edit, now()).await.unwrap_err();
    assert!(matches!(refused, Error::Forbidden { .. }));
    let as_admin = Actor::administrator(world.carla.clone(), "test");
    crm.update_contact(&as_admin, &contact.id, 1, &edit, now()).await.expect("an administrator may");
}
