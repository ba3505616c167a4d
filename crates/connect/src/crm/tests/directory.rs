//! The directory, and what a quiet CRM costs.

use super::*;

// Decision 9
#[tokio::test]
async fn the_feed_becomes_who_should_look_at_what() {
    let world = World::new().await;
    let user = |id: &EmployeeId| UserId::new(id.as_str());
    let start = world.directory().concerned(None, 10).await.expect("answers");
    assert_eq!((start.cursor.clone(), start.looks.len()), (world.head().await.to_string(), 0));
    let contact = world.contact("One").await;
    let told = world.concerned(start.cursor.parse().expect("a number")).await;
    assert_eq!(told.looks, [(user(&world.anna), Kind::Contact, RecordId::new(contact.id.as_str()))]);
    assert!(!told.more && told.everywhere.is_empty());
    let meeting = world.meeting("Plan", &[("Bob", "bob@crm.test")]).await;
    let head = world.head().await;
    let edit = ActivityEdit { display: Some(Display::ToDo), ..ActivityEdit::default() };
    world.crm.update_activity(&world.as_anna(), &meeting.id, 1, &edit, now()).await.expect("changed");
    let told = world.concerned(head).await;
    let id = RecordId::new(meeting.id.as_str());
    let expected: BTreeSet<(UserId, Kind, RecordId)> = [&world.anna, &world.bob]
        .into_iter()
        .flat_map(|who| [Kind::Appointment, Kind::Task].map(|kind| (user(who), kind, id.clone())))
        .collect();
    assert_eq!(told.looks.into_iter().collect::<BTreeSet<_>>(), expected);
    let head = world.head().await;
    world.crm.delete_activity(&world.as_anna(), &meeting.id, 2, now()).await.expect("deleted");
    assert_eq!(world.concerned(head).await.everywhere, [(Kind::Task, id)]);
    let head = world.head().await;
    let edit = EmployeeEdit { positions: Some(vec![world.sales.clone()]), ..EmployeeEdit::default() };
    world.crm.update_employee(&world.admin, &world.bob, 1, &edit, now()).await.expect("changed");
    let told = world.concerned(head).await;
    assert_eq!(told.memberships, BTreeSet::from([user(&world.bob)]));
    let uncovered = (user(&world.bob), Kind::Contact, RecordId::new(contact.id.as_str()));
    assert!(told.looks.contains(&uncovered), "a contact he sees from now on");
}

#[tokio::test]
async fn the_reader_is_refused_where_the_feed_has_a_gap() {
    let world = World::new().await;
    let head = world.head().await;
    let beyond = world.directory().concerned(Some(&(head + 5).to_string()), 10).await;
    assert_eq!(beyond.err(), Some(Trouble::CursorRefused), "a CRM restored from a backup");
    world.crm.feed_forget(head, 1_000).await.expect("forgotten");
    assert_eq!(world.directory().concerned(Some("0"), 10).await.err(), Some(Trouble::CursorRefused));
    let quiet = world.concerned(head).await;
    assert_eq!((quiet.cursor, quiet.more), (head.to_string(), false));
    assert_eq!(world.directory().concerned(Some("x"), 10).await.err(), Some(Trouble::CursorRefused));
    for last in ["a", "b", "c"] {
        world.contact(last).await;
    }
    let first = world.directory().concerned(Some(&head.to_string()), 2).await.expect("answers");
    assert!(first.more && first.looks.len() == 2);
    let rest = world.directory().concerned(Some(&first.cursor), 2).await.expect("answers");
    assert!(!rest.more && rest.looks.len() == 1);
}

// L4, P2
#[tokio::test]
async fn the_directory_knows_users_groups_and_addresses() {
    let world = World::new().await;
    let directory = world.directory();
    let users = directory.users(None, 10).await.expect("answers");
    assert_eq!(users.iter().map(|user| user.login.as_str()).collect::<Vec<_>>(), ["anna", "bob"]);
    let anna = UserId::new(world.anna.as_str());
    assert_eq!(directory.users(Some(&anna), 10).await.expect("answers").len(), 1);
    assert_eq!(directory.user(&anna).await.expect("answers").map(|user| user.name), Some("Anna Berg".to_owned()));
    assert_eq!(directory.user(&UserId::new("EMP-none")).await.expect("answers"), None);
    let groups = directory.memberships(&anna).await.expect("answers");
    assert_eq!((groups.positions.len(), groups.positions[0].above.len()), (1, 1));
    assert!(groups.positions[0].primary);
    let sales = ("position".to_owned(), world.sales.to_string());
    let names = directory.groups(&BTreeSet::from([sales.clone(), ("position".into(), "none".into())])).await;
    assert_eq!(names.expect("answers"), BTreeMap::from([(sales, "Sales".to_owned())]));
    let who = directory.who(&BTreeSet::from(["ANNA@crm.test".to_owned(), "x@y.test".to_owned()])).await;
    assert_eq!(who.expect("answers"), BTreeMap::from([("ANNA@crm.test".to_owned(), anna)]));
}

// Cost: what a cycle of an unchanged pairing asks of the CRM.
#[tokio::test]
async fn a_finished_listing_and_a_quiet_feed_cost_next_to_nothing() {
    let world = World::new().await;
    for n in 0..20 {
        world.contact(&n.to_string()).await;
    }
    let remote = world.remote(&world.anna);
    all(&remote, Kind::Contact).await;
    let head = world.head().await;
    let before = world.crm.statements();
    for kind in Kind::ALL {
        let folder = remote.folders(kind).await.expect("folders").remove(0);
        remote.changes(kind, &folder, Some("end")).await.expect("a page");
    }
    assert_eq!(world.crm.statements(), before);
    world.concerned(head).await;
    assert!(world.crm.statements() <= before + 2);
}
