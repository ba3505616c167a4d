//! Two contacts that are one person become one record.

use crate::world::{World, faults, fields, now, on_both, people, shown, text};
use crm::feed::Op;
use crm::sync_list::Listable;
use crm::{ContactEdit, Error, Member, Who};
use model::Field;

on_both!(the_survivor_takes_over_what_the_other_had, a_merge_needs_rights_and_versions_of_both);

// M5
async fn the_survivor_takes_over_what_the_other_had(world: &World) {
    let crm = &world.crm;
    let kept = world.contact("Ida", "One", "ida@out.test").await;
    let gone = world.contact("Ida", "Uno", "ida@two.test").await;
    let edit = ContactEdit {
        fields: fields([(Field::MobilePhone, text("0170")), (Field::FirstName, text("Idalina"))]),
        team: Some(vec![Member::Position(world.sales.clone()), Member::Employee(world.bob.clone())]),
        ..ContactEdit::default()
    };
    crm.update_contact(&world.as_anna(), &gone.id, 1, &edit, now()).await.unwrap();
    for (user, id) in [(&world.anna, &kept.id), (&world.anna, &gone.id), (&world.bob, &gone.id)] {
        let record = Listable::Contact(id.clone());
        crm.add_to_sync_list(&world.admin, &record, user, now()).await.unwrap();
    }
    let meeting = world.appointment("Plan", people(&[("Ida", "ida@two.test")])).await;
    let before = world.head_seq().await;
    let it = crm.merge_contacts(&world.as_anna(), (&kept.id, 1), (&gone.id, 2), now()).await.unwrap();
    assert_eq!(it.version, 2);
    assert_eq!(shown(&it.fields, Field::FirstName), Some("Ida"), "nothing is overwritten");
    assert_eq!(shown(&it.fields, Field::MobilePhone), Some("0170"), "blanks are filled");
    assert_eq!((it.team.len(), it.others), (2, 1));
    let list = crm.sync_list_of(&world.as_anna(), &Listable::Contact(kept.id.clone())).await.unwrap();
    assert_eq!(list.len(), 2);
    let meeting = crm.activity(&world.as_anna(), &meeting.id).await.unwrap();
    assert_eq!(meeting.people[0].who, Who::Contact(kept.id.clone()));
    let lost = crm.contact(&world.as_anna(), &gone.id).await.unwrap_err();
    assert!(matches!(&lost, Error::Deleted { merged_into: Some(id) } if *id == kept.id.to_string()));
    let entries = crm.feed_after(before, 10).await.unwrap();
    assert_eq!(entries.iter().map(|it| it.op).collect::<Vec<_>>(), [Op::Merge, Op::Update]);
    assert!(entries.iter().all(|it| it.users.contains(&world.anna) && it.users.contains(&world.bob)));
}

async fn a_merge_needs_rights_and_versions_of_both(world: &World) {
    let crm = &world.crm;
    let one = world.contact("Ida", "One", "ida@out.test").await.id;
    let two = world.contact("Ida", "Uno", "ida@two.test").await.id;
    let own = world.personal("Ida", "Eins", "ida@home.test").await.id;
    let anna = world.as_anna();
    let same = crm.merge_contacts(&anna, (&one, 1), (&one, 1), now()).await.unwrap_err();
    assert_eq!(faults(same), ["loser"]);
    let mixed = crm.merge_contacts(&anna, (&one, 1), (&own, 1), now()).await.unwrap_err();
    assert_eq!(faults(mixed), ["loser"]);
    let stale = crm.merge_contacts(&anna, (&one, 1), (&two, 9), now()).await.unwrap_err();
    assert!(matches!(stale, Error::Stale { current: 1 }));
    let foreign = crm.merge_contacts(&world.as_bob(), (&one, 1), (&two, 1), now()).await.unwrap_err();
    assert!(matches!(foreign, Error::NotFound));
    crm.contact(&anna, &two).await.expect("nothing is half done");
}
