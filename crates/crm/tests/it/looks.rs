//! What the synchronisation is told of ids it knows, and its listings.

use crate::world::{World, now, on_both, people};
use crm::look::{Look, Sight};
use crm::sync_list::Listable;
use crm::{ContactEdit, ContactId, Display, EmployeeEdit, Member};

on_both!(a_look_tells_a_delete_from_lost_sight, listings_go_on_where_they_ended, too_many_ids_are_refused);

// O2
async fn a_look_tells_a_delete_from_lost_sight(world: &World) {
    let crm = &world.crm;
    let seen = world.contact("Ida", "One", "ida@out.test").await.id;
    let lost = world.contact("Udo", "Two", "udo@out.test").await.id;
    let listed = world.contact("Eva", "Three", "eva@out.test").await.id;
    let deleted = world.contact("Max", "Four", "max@out.test").await.id;
    let never = ContactId::new("CON-99999999");
    let list = Listable::Contact(listed.clone());
    crm.add_to_sync_list(&world.as_anna(), &list, &world.anna, now()).await.unwrap();
    for id in [&lost, &listed] {
        let edit = ContactEdit { team: Some(vec![Member::Employee(world.bob.clone())]), ..ContactEdit::default() };
        crm.update_contact(&world.as_anna(), id, 1, &edit, now()).await.unwrap();
    }
    crm.delete_contact(&world.as_anna(), &deleted, 1, now()).await.unwrap();
    let ids = [seen.clone(), lost.clone(), listed.clone(), deleted.clone(), never.clone()];
    let looks = crm.look_contacts(&world.anna, Sight::Mine, &ids).await.unwrap();
    assert_eq!(looks.len(), 5);
    assert!(matches!(&looks[&seen], Look::Visible(contact) if contact.version == 1));
    assert_eq!(looks[&lost], Look::Hidden { listed: false, version: 2 });
    assert_eq!(looks[&listed], Look::Hidden { listed: true, version: 2 });
    assert_eq!(looks[&deleted], Look::Deleted { merged_into: None });
    assert_eq!(looks[&never], Look::Unknown);
    // The setting "All" counts only for who may open that view.
    let all = crm.look_contacts(&world.anna, Sight::All, &ids).await.unwrap();
    assert!(matches!(&all[&lost], Look::Hidden { .. }));
    let edit = EmployeeEdit { all_contacts: Some(true), ..EmployeeEdit::default() };
    crm.update_employee(&world.admin, &world.anna, 1, &edit, now()).await.unwrap();
    let all = crm.look_contacts(&world.anna, Sight::All, &ids).await.unwrap();
    assert!(matches!(&all[&lost], Look::Visible(_)));
    let mine = crm.look_contacts(&world.anna, Sight::Mine, &ids).await.unwrap();
    assert!(matches!(&mine[&lost], Look::Hidden { .. }));
    let colleagues = crm.look_employees(&world.anna, std::slice::from_ref(&world.bob)).await.unwrap();
    assert!(matches!(&colleagues[&world.bob], Look::Visible(_)));
}

async fn listings_go_on_where_they_ended(world: &World) {
    let crm = &world.crm;
    for n in 0..5 {
        world.contact("Ida", &n.to_string(), &format!("{n}@out.test")).await;
        world.appointment(&n.to_string(), people(&[])).await;
    }
    let mum = world.personal("Mum", "Berg", "mum@home.test").await;
    let (mut contacts, mut after) = (Vec::new(), None);
    loop {
        let page = crm.list_contacts(&world.anna, Sight::Mine, after.as_ref(), 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        contacts.extend(page.into_iter().map(|contact| contact.id));
    }
    assert_eq!(contacts.len(), 6);
    assert!(contacts.is_sorted() && contacts.contains(&mum.id));
    assert_eq!(crm.count_contacts(&world.anna).await.unwrap(), 6 + 3);
    let first = crm.list_activities(&world.anna, Display::Calendar, None, 3).await.unwrap();
    let rest = crm.list_activities(&world.anna, Display::Calendar, Some(&first[2].id), 3).await.unwrap();
    assert_eq!((first.len(), rest.len()), (3, 2));
    assert_eq!(crm.count_activities(&world.anna, Display::Calendar).await.unwrap(), 5);
    assert_eq!(crm.list_employees(&world.anna, Some(&world.anna), 10).await.unwrap().len(), 2);
}

async fn too_many_ids_are_refused(world: &World) {
    let ids: Vec<ContactId> = (0..=crm::limits::PAGE).map(|n| ContactId::new(n.to_string())).collect();
    let refused = world.crm.look_contacts(&world.anna, Sight::Mine, &ids).await.unwrap_err();
    assert_eq!(crate::world::faults(refused), ["ids"]);
    let ids = &ids[..crm::limits::PAGE];
    assert_eq!(world.crm.look_contacts(&world.anna, Sight::Mine, ids).await.unwrap().len(), crm::limits::PAGE);
}
