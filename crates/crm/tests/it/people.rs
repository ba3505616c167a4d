//! Employees, organizations, positions and user lists.

use crate::world::{World, fields, now, on_both, shown, text};
use crm::feed::{Root, What};
use crm::people::Group;
use crm::position::PositionDraft;
use crm::{EmployeeDraft, EmployeeEdit, Error, PageRequest};
use model::Field;
use std::collections::BTreeSet;

on_both!(
    a_user_is_in_every_group_above_his_positions,
    only_an_administrator_changes_employees_and_groups,
    every_fault_of_an_employee_is_named_at_once,
    an_employee_shows_his_organization_and_manager,
    a_tree_has_no_circle,
    a_change_of_position_is_noted_for_the_contacts_it_uncovers,
    a_user_list_notes_only_whose_membership_changed,
    an_employee_who_owns_nothing_can_be_deleted,
    a_stale_change_of_an_employee_is_refused,
    addresses_lead_to_users,
);

// L4
async fn a_user_is_in_every_group_above_his_positions(world: &World) {
    let crm = &world.crm;
    let list =
        crm.create_user_list(&world.admin, "Pilots", &BTreeSet::from([world.anna.clone()]), now()).await.unwrap();
    let anna = crm.memberships(&world.anna).await.unwrap();
    assert_eq!(anna.positions.len(), 1);
    let held = &anna.positions[0];
    assert_eq!((&held.position, held.primary), (&world.sales, true));
    assert_eq!(held.above, std::slice::from_ref(&world.chief));
    assert_eq!(held.organization, world.branch);
    assert_eq!(held.organizations_above, std::slice::from_ref(&world.head));
    assert_eq!(anna.user_lists, BTreeSet::from([list.id.clone()]));
    let edit =
        EmployeeEdit { positions: Some(vec![world.chief.clone(), world.sales.clone()]), ..EmployeeEdit::default() };
    crm.update_employee(&world.admin, &world.anna, 1, &edit, now()).await.unwrap();
    let anna = crm.memberships(&world.anna).await.unwrap();
    let primary: Vec<_> = anna.positions.iter().map(|held| (held.position.clone(), held.primary)).collect();
    assert_eq!(primary, [(world.chief.clone(), true), (world.sales.clone(), false)]);
    let names =
        crm.group_names(Group::UserList, &BTreeSet::from([list.id.to_string(), "LST-none".into()])).await.unwrap();
    assert_eq!(names.into_iter().collect::<Vec<_>>(), [(list.id.to_string(), "Pilots".to_owned())]);
}

async fn only_an_administrator_changes_employees_and_groups(world: &World) {
    let crm = &world.crm;
    let anna = world.as_anna();
    let refused = [
        crm.create_organization(&anna, "X", None, now()).await.map(|_| ()),
        crm.create_user_list(&anna, "X", &BTreeSet::new(), now()).await.map(|_| ()),
        crm.create_employee(&anna, &EmployeeDraft::default(), now()).await.map(|_| ()),
        crm.update_employee(&anna, &world.anna, 1, &EmployeeEdit::default(), now()).await.map(|_| ()),
        crm.delete_employee(&anna, &world.carla, 1, now()).await,
        crm.delete_position(&anna, &world.sales, 1, now()).await,
    ];
    for result in refused {
        assert!(matches!(result, Err(Error::Forbidden { .. })), "{result:?}");
    }
    assert_eq!(crm.employee(&anna, &world.anna).await.unwrap().version, 1);
}

async fn every_fault_of_an_employee_is_named_at_once(world: &World) {
    let draft = EmployeeDraft {
        login: Some("ANNA".into()),
        addresses: vec!["no address".into(), "Bob@CRM.test".into()],
        positions: vec![crm::PositionId::new("POS-none")],
        manager: Some(crm::EmployeeId::new("EMP-none")),
        zone: Some("Mars/Olympus".into()),
        fields: fields([
            (Field::Subject, text("x")),
            (Field::Company, text("y")),
            (Field::FirstName, model::Value::Number(1)),
        ]),
        ..EmployeeDraft::default()
    };
    let before = world.head_seq().await;
    let error = world.crm.create_employee(&world.admin, &draft, now()).await.unwrap_err();
    let named: BTreeSet<String> = crate::world::faults(error).into_iter().collect();
    let expected = [
        "login",
        "addresses[0]",
        "addresses[1]",
        "positions[0]",
        "manager",
        "zone",
        "subject",
        "company",
        "first_name",
    ];
    assert_eq!(named, expected.into_iter().map(str::to_owned).collect());
    assert_eq!(world.head_seq().await, before, "nothing is half done");
}

async fn an_employee_shows_his_organization_and_manager(world: &World) {
    let crm = &world.crm;
    let edit = EmployeeEdit { manager: Some(Some(world.bob.clone())), ..EmployeeEdit::default() };
    let anna = crm.update_employee(&world.admin, &world.anna, 1, &edit, now()).await.unwrap();
    assert_eq!(shown(&anna.fields, Field::Manager), Some("Bob Cole"));
    assert_eq!(shown(&anna.fields, Field::Company), Some("Branch"));
    assert_eq!(shown(&anna.fields, Field::Email1), Some("anna@crm.test"));
    let edit = EmployeeEdit { fields: fields([(Field::LastName, text("Coleman"))]), ..EmployeeEdit::default() };
    crm.update_employee(&world.admin, &world.bob, 1, &edit, now()).await.unwrap();
    let anna = crm.employee(&world.as_anna(), &world.anna).await.unwrap();
    assert_eq!((shown(&anna.fields, Field::Manager), anna.version), (Some("Bob Coleman"), 3));
    crm.update_organization(&world.admin, &world.branch, 1, "Branch West", Some(&world.head), now()).await.unwrap();
    let anna = crm.employee(&world.as_anna(), &world.anna).await.unwrap();
    assert_eq!((shown(&anna.fields, Field::Company), anna.version), (Some("Branch West"), 4));
}

async fn a_tree_has_no_circle(world: &World) {
    let crm = &world.crm;
    let circle = crm.update_organization(&world.admin, &world.head, 1, "Head Office", Some(&world.branch), now()).await;
    assert_eq!(crate::world::faults(circle.unwrap_err()), ["parent"]);
    let draft =
        PositionDraft { name: "Chief".into(), organization: world.head.clone(), parent: Some(world.sales.clone()) };
    let circle = crm.update_position(&world.admin, &world.chief, 1, &draft, now()).await;
    assert_eq!(crate::world::faults(circle.unwrap_err()), ["parent"]);
}

// O2
async fn a_change_of_position_is_noted_for_the_contacts_it_uncovers(world: &World) {
    let crm = &world.crm;
    let one = world.contact("Ida", "One", "ida@out.test").await;
    let two = world.contact("Udo", "Two", "udo@out.test").await;
    let before = world.head_seq().await;
    let edit = EmployeeEdit { positions: Some(vec![world.sales.clone()]), ..EmployeeEdit::default() };
    crm.update_employee(&world.admin, &world.carla, 1, &edit, now()).await.unwrap();
    let entries = crm.feed_after(before, 100).await.unwrap();
    let carla = BTreeSet::from([world.carla.clone()]);
    let contacts: Vec<_> = entries
        .iter()
        .filter(|entry| entry.kind == Root::Contact && entry.what == What::Team && entry.users == carla)
        .map(|entry| entry.id.clone())
        .collect();
    assert_eq!(contacts, [one.id.to_string(), two.id.to_string()]);
    assert!(entries.iter().any(|entry| entry.kind == Root::Employee && entry.what == What::Membership));
    let seqs: Vec<i64> = entries.iter().map(|entry| entry.seq).collect();
    assert_eq!(seqs, (before + 1..=before + i64::try_from(entries.len()).unwrap()).collect::<Vec<_>>());
    crm.contact(&world.as_carla(), &one.id).await.expect("she sees it now");
    let before = world.head_seq().await;
    crm.delete_position(&world.admin, &world.sales, 1, now()).await.unwrap();
    let entries = crm.feed_after(before, 100).await.unwrap();
    let both = BTreeSet::from([world.anna.clone(), world.carla.clone()]);
    assert_eq!(entries.iter().filter(|entry| entry.kind == Root::Contact && entry.users == both).count(), 2);
    assert!(matches!(crm.contact(&world.as_carla(), &one.id).await, Err(Error::NotFound)));
}

async fn a_user_list_notes_only_whose_membership_changed(world: &World) {
    let crm = &world.crm;
    let first = BTreeSet::from([world.anna.clone(), world.bob.clone()]);
    let list = crm.create_user_list(&world.admin, "Pilots", &first, now()).await.unwrap();
    let before = world.head_seq().await;
    let second = BTreeSet::from([world.bob.clone(), world.carla.clone()]);
    crm.update_user_list(&world.admin, &list.id, 1, "Pilots", &second, now()).await.unwrap();
    let entries = crm.feed_after(before, 10).await.unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].users, BTreeSet::from([world.anna.clone(), world.carla.clone()]));
    assert_eq!(crm.user_list_members(&list.id).await.unwrap(), second);
    let lists = crm.user_lists(&PageRequest::first(10)).await.unwrap();
    assert_eq!((lists.items.len(), lists.items[0].version), (1, 2));
    crm.delete_user_list(&world.admin, &list.id, 2, now()).await.unwrap();
    assert_eq!(crm.memberships(&world.bob).await.unwrap().user_lists.len(), 0);
}

async fn an_employee_who_owns_nothing_can_be_deleted(world: &World) {
    let crm = &world.crm;
    let meeting = world.appointment("Plan", crate::world::people(&[("Carla", "carla@crm.test")])).await;
    let refused = crm.delete_employee(&world.admin, &world.anna, 1, now()).await.unwrap_err();
    assert_eq!(crate::world::faults(refused), ["id"]);
    crm.delete_employee(&world.admin, &world.carla, 1, now()).await.unwrap();
    let after = crm.activity(&world.as_anna(), &meeting.id).await.unwrap();
    assert_eq!(after.people.len(), 1);
    assert_eq!((after.people[0].who.clone(), after.people[0].name.as_str()), (crm::Who::Unknown, "Carla"));
    let gone = crm.employee(&world.as_anna(), &world.carla).await.unwrap_err();
    assert!(matches!(gone, Error::Deleted { merged_into: None }));
}

async fn a_stale_change_of_an_employee_is_refused(world: &World) {
    let crm = &world.crm;
    let edit = EmployeeEdit { fields: fields([(Field::JobTitle, text("Boss"))]), ..EmployeeEdit::default() };
    crm.update_employee(&world.admin, &world.bob, 1, &edit, now()).await.unwrap();
    let stale = crm.update_employee(&world.admin, &world.bob, 1, &edit, now()).await.unwrap_err();
    assert!(matches!(stale, Error::Stale { current: 2 }));
    let stale = crm.delete_employee(&world.admin, &world.bob, 1, now()).await.unwrap_err();
    assert!(matches!(stale, Error::Stale { current: 2 }));
}

// P2
async fn addresses_lead_to_users(world: &World) {
    let crm = &world.crm;
    let edit = EmployeeEdit {
        addresses: Some(vec!["anna@crm.test".into(), "a.berg@old.test".into()]),
        ..EmployeeEdit::default()
    };
    crm.update_employee(&world.admin, &world.anna, 1, &edit, now()).await.unwrap();
    let asked = BTreeSet::from(["A.Berg@OLD.test".to_owned(), "nobody@x.test".to_owned(), "bob@crm.test".to_owned()]);
    let found = crm.users_by_address(&asked).await.unwrap();
    let expected = [("A.Berg@OLD.test".to_owned(), world.anna.clone()), ("bob@crm.test".to_owned(), world.bob.clone())];
    assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);
    let first = crm.users(None, 2).await.unwrap();
    let rest = crm.users(Some(&first[1].id), 2).await.unwrap();
    let ids: Vec<_> = first.iter().chain(&rest).map(|user| user.id.clone()).collect();
    assert_eq!(ids, [world.anna.clone(), world.bob.clone(), world.carla.clone()]);
}
