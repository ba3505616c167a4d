//! The Sync List: who puts what on whose list, and who hears of it.

use crate::world::{World, now, on_both};
use crm::feed::What;
use crm::sync_list::Listable;
use crm::{EmployeeEdit, Error};
use std::collections::BTreeSet;

on_both!(
    a_user_adds_himself_and_an_administrator_others,
    what_is_not_visible_cannot_be_listed,
    one_record_may_be_on_many_lists,
    who_may_open_all_contacts_may_list_them,
);

// O1
async fn a_user_adds_himself_and_an_administrator_others(world: &World) {
    let crm = &world.crm;
    let ida = Listable::Contact(world.contact("Ida", "One", "ida@out.test").await.id);
    let before = world.head_seq().await;
    assert!(crm.add_to_sync_list(&world.as_anna(), &ida, &world.anna, now()).await.unwrap());
    assert!(
        !crm.add_to_sync_list(&world.as_anna(), &ida, &world.anna, now()).await.unwrap(),
        "it stands there already"
    );
    let entries = crm.feed_after(before, 10).await.unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].what, entries[0].users.clone()), (What::SyncList, BTreeSet::from([world.anna.clone()])));
    let refused = crm.remove_from_sync_list(&world.as_bob(), &ida, &world.anna, now()).await.unwrap_err();
    assert!(matches!(refused, Error::Forbidden { .. }));
    assert!(crm.remove_from_sync_list(&world.admin, &ida, &world.anna, now()).await.unwrap());
    assert!(!crm.remove_from_sync_list(&world.admin, &ida, &world.anna, now()).await.unwrap());
    crm.add_to_sync_list(&world.admin, &ida, &world.anna, now()).await.unwrap();
    let list = crm.sync_list_of(&world.as_anna(), &ida).await.unwrap();
    assert_eq!(list[0].added_by, world.admin.user, "it is recorded who did it");
}

// O1
async fn what_is_not_visible_cannot_be_listed(world: &World) {
    let crm = &world.crm;
    let ida = Listable::Contact(world.contact("Ida", "One", "ida@out.test").await.id);
    let mum = Listable::Contact(world.personal("Mum", "Berg", "mum@home.test").await.id);
    for (actor, record, user) in [
        (world.as_bob(), &ida, &world.bob),
        (world.as_bob(), &mum, &world.bob),
        (world.admin.clone(), &mum, &world.bob),
    ] {
        let refused = crm.add_to_sync_list(&actor, record, user, now()).await.unwrap_err();
        assert!(matches!(refused, Error::NotFound), "{refused}");
    }
    let refused = crm.add_to_sync_list(&world.admin, &ida, &world.bob, now()).await.unwrap_err();
    assert!(matches!(refused, Error::Invalid(faults) if faults[0].field == "user"), "his eyes count");
    let nobody = Listable::Employee(crm::EmployeeId::new("EMP-none"));
    assert!(matches!(crm.add_to_sync_list(&world.as_bob(), &nobody, &world.bob, now()).await, Err(Error::NotFound)));
    assert!(matches!(crm.sync_list_of(&world.as_bob(), &ida).await, Err(Error::NotFound)));
}

async fn one_record_may_be_on_many_lists(world: &World) {
    let crm = &world.crm;
    let carla = Listable::Employee(world.carla.clone());
    for (actor, user) in [(world.as_anna(), &world.anna), (world.as_bob(), &world.bob)] {
        assert!(crm.add_to_sync_list(&actor, &carla, user, now()).await.unwrap());
    }
    let list = crm.sync_list_of(&world.as_carla(), &carla).await.unwrap();
    assert_eq!(list.into_iter().map(|it| it.user).collect::<Vec<_>>(), [world.anna.clone(), world.bob.clone()]);
    assert!(crm.employee(&world.as_anna(), &world.carla).await.unwrap().listed);
    assert!(!crm.employee(&world.as_carla(), &world.carla).await.unwrap().listed);
    let before = world.head_seq().await;
    let edit = EmployeeEdit { language: Some(Some("de".into())), ..EmployeeEdit::default() };
    crm.update_employee(&world.admin, &world.carla, 1, &edit, now()).await.unwrap();
    let entries = crm.feed_after(before, 10).await.unwrap();
    let all = BTreeSet::from([world.anna.clone(), world.bob.clone(), world.carla.clone()]);
    assert_eq!(entries[0].users, all, "who has her on his list hears of it");
}

// O1
async fn who_may_open_all_contacts_may_list_them(world: &World) {
    let crm = &world.crm;
    let ida = Listable::Contact(world.contact("Ida", "One", "ida@out.test").await.id);
    let edit = EmployeeEdit { all_contacts: Some(true), ..EmployeeEdit::default() };
    crm.update_employee(&world.admin, &world.carla, 1, &edit, now()).await.unwrap();
    assert!(crm.add_to_sync_list(&world.as_carla(), &ida, &world.carla, now()).await.unwrap());
}
