//! Meetings: who their people are, what Exchange has locked, who goes and who stands in.

use crate::world::{World, faults, fields, get, hour, now, on_both, people, shown, text};
use crm::views::{ActivityView, Window};
use crm::{ActivityDraft, ActivityEdit, Display, EmployeeEdit, Error, PageRequest, Part, Person, Who};
use model::{Attendee, Field, Path, People, Response, Role, Value};
use std::collections::BTreeSet;

on_both!(
    an_address_finds_an_employee_then_one_contact_then_nobody,
    an_unknown_attendee_survives_every_edit,
    what_exchange_has_locked_is_refused_and_the_rest_is_not,
    a_participant_who_leaves_is_shown_as_removed,
    an_employee_taken_off_a_to_do_is_remembered_as_former,
    a_participants_copy_stands_in_for_the_organisers,
    an_unknown_organiser_is_shown_as_such,
    a_participant_answers_for_himself,
    people_can_be_named_by_id,
    a_flag_that_is_set_already_is_no_change,
);

// P2
async fn an_address_finds_an_employee_then_one_contact_then_nobody(world: &World) {
    let crm = &world.crm;
    let edit = EmployeeEdit {
        addresses: Some(vec!["bob@crm.test".into(), "robert@old.test".into()]),
        ..EmployeeEdit::default()
    };
    crm.update_employee(&world.admin, &world.bob, 1, &edit, now()).await.unwrap();
    let ida = world.contact("Ida", "One", "ida@out.test").await;
    world.contact("Udo", "Two", "shared@out.test").await;
    world.contact("Eva", "Three", "shared@out.test").await;
    let asked: BTreeSet<String> =
        ["ROBERT@old.test", "Ida@Out.test", "shared@out.test", "x@y.test"].into_iter().map(str::to_owned).collect();
    let found = crm.who_is(&asked, &world.anna).await.unwrap();
    let expected = [
        ("ida@out.test".to_owned(), Who::Contact(ida.id.clone())),
        ("robert@old.test".to_owned(), Who::Employee(world.bob.clone())),
        ("shared@out.test".to_owned(), Who::Unknown),
        ("x@y.test".to_owned(), Who::Unknown),
    ];
    assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);
    let to_carla = crm.who_is(&["ida@out.test".to_owned()].into(), &world.carla).await.unwrap();
    assert_eq!(to_carla["ida@out.test"], Who::Unknown, "she does not see the contact");
    // Named twice by two addresses, an employee takes part once; the owner is nobody's attendee.
    let list = people(&[("Bob", "bob@crm.test"), ("Robert", "robert@old.test"), ("Anna", "anna@crm.test")]);
    let meeting = world.appointment("Plan", list).await;
    assert_eq!(meeting.people.iter().map(|it| it.who.clone()).collect::<Vec<_>>(), [Who::Employee(world.bob.clone())]);
}

// P2
async fn an_unknown_attendee_survives_every_edit(world: &World) {
    let crm = &world.crm;
    let meeting = world.appointment("Plan", people(&[("Guest", "guest@out.test")])).await;
    let edit = ActivityEdit { fields: fields([(Field::Location, text("Attic"))]), ..ActivityEdit::default() };
    let it = crm.update_activity(&world.as_anna(), &meeting.id, 1, &edit, now()).await.unwrap();
    assert_eq!(it.people.len(), 1);
    // A contact of that address turns up; the one who is on it stays who he was.
    world.contact("Guest", "Known", "guest@out.test").await;
    let list = people(&[("Guest", "guest@out.test"), ("Bob", "bob@crm.test")]);
    let edit = ActivityEdit { fields: fields([(Field::Attendees, Value::People(list))]), ..ActivityEdit::default() };
    let it = crm.update_activity(&world.as_anna(), &meeting.id, 2, &edit, now()).await.unwrap();
    assert_eq!(it.people.len(), 2);
    assert!(it.people.iter().any(|person| person.who == Who::Unknown && person.name == "Guest"));
}

// P6
async fn what_exchange_has_locked_is_refused_and_the_rest_is_not(world: &World) {
    let crm = &world.crm;
    let meeting = world.appointment("Plan", people(&[("Bob", "bob@crm.test")])).await;
    let sync = world.as_sync(&world.anna);
    assert_eq!(crm.flag_meeting(&sync, &meeting.id, Some("G1"), true, now()).await.unwrap(), 2);
    let anna = world.as_anna();
    let edits = [
        ActivityEdit { fields: fields([(Field::Subject, text("x"))]), ..ActivityEdit::default() },
        ActivityEdit { fields: fields([(Field::Start, Value::Null)]), ..ActivityEdit::default() },
        ActivityEdit { fields: fields([(Field::Location, text("x"))]), ..ActivityEdit::default() },
        ActivityEdit { fields: fields([(Field::Body, text("x"))]), ..ActivityEdit::default() },
        ActivityEdit { fields: fields([(Field::Rule, Value::Null)]), ..ActivityEdit::default() },
        ActivityEdit { fields: fields([(Field::Attendees, Value::Null)]), ..ActivityEdit::default() },
        ActivityEdit { people: Some(vec![]), ..ActivityEdit::default() },
        ActivityEdit { owner: Some(world.bob.clone()), ..ActivityEdit::default() },
        ActivityEdit { display: Some(Display::ToDo), ..ActivityEdit::default() },
    ];
    for edit in &edits {
        let refused = crm.update_activity(&anna, &meeting.id, 2, edit, now()).await.unwrap_err();
        assert!(matches!(&refused, Error::Locked { reason } if reason.contains("Exchange")), "{edit:?}");
    }
    assert!(matches!(crm.delete_activity(&anna, &meeting.id, 2, now()).await, Err(Error::Locked { .. })));
    let own = ActivityEdit {
        fields: fields([(Field::Reminder, Value::Number(5)), (Field::ActivityType, text("Call"))]),
        ..ActivityEdit::default()
    };
    crm.update_activity(&anna, &meeting.id, 2, &own, now()).await.expect("not Exchange's");
    let it =
        crm.update_activity(&sync, &meeting.id, 3, &edits[0], now()).await.expect("the organiser's mailbox decides");
    assert_eq!((it.locked, it.global_id.as_deref()), (true, Some("G1")));
}

// C6
async fn a_participant_who_leaves_is_shown_as_removed(world: &World) {
    let crm = &world.crm;
    let meeting = world.appointment("Plan", people(&[("Bob", "bob@crm.test")])).await;
    crm.leave_activity(&world.as_bob(), &meeting.id, &world.bob, now()).await.unwrap();
    let page = PageRequest::first(10);
    let view = |view| crm.activities_for(world.as_bob(), view, page.clone());
    assert_eq!(view(ActivityView::MyCalendar).await, 0);
    assert_eq!(view(ActivityView::MyActivities).await, 1);
    let anna = crm.activity(&world.as_anna(), &meeting.id).await.unwrap();
    assert_eq!((anna.people.len(), anna.people[0].removed, anna.version), (1, true, 2));
    let listed = crm.list_activities(&world.bob, Display::Calendar, None, 10).await.unwrap();
    assert!(listed[0].hidden, "the synchronisation is told");
    let refused = crm.leave_activity(&world.as_anna(), &meeting.id, &world.anna, now()).await.unwrap_err();
    assert_eq!(faults(refused), ["employee"], "the owner cannot go");
    let refused = crm.rejoin_activity(&world.as_anna(), &meeting.id, &world.bob, now()).await.unwrap_err();
    assert!(matches!(refused, Error::Forbidden { .. }), "only he takes it back");
    for version in [3, 3] {
        let back = crm.rejoin_activity(&world.as_bob(), &meeting.id, &world.bob, now()).await.unwrap();
        assert_eq!((back.people[0].removed, back.version), (false, version), "said twice, done once");
    }
    assert_eq!(view(ActivityView::MyCalendar).await, 1);
    let stranger = crm.rejoin_activity(&world.admin, &meeting.id, &world.carla, now()).await.unwrap_err();
    assert_eq!(faults(stranger), ["employee"]);
}

/// Counts a view, to keep the tests short.
trait Count {
    async fn activities_for(&self, actor: crm::Actor, view: ActivityView, page: PageRequest) -> usize;
}

impl Count for crm::Crm {
    async fn activities_for(&self, actor: crm::Actor, view: ActivityView, page: PageRequest) -> usize {
        self.activities(&actor, view, Window::default(), &page).await.unwrap().items.len()
    }
}

// D6
async fn an_employee_taken_off_a_to_do_is_remembered_as_former(world: &World) {
    let crm = &world.crm;
    let mut draft = ActivityDraft::new(Display::ToDo, world.anna.clone());
    draft.fields = fields([
        (Field::Subject, text("Call")),
        (Field::Attendees, Value::People(people(&[("Bob", "bob@crm.test"), ("Carla", "carla@crm.test")]))),
    ]);
    let task = crm.create_activity(&world.as_anna(), &draft, now()).await.unwrap().record;
    crm.leave_activity(&world.as_bob(), &task.id, &world.bob, now()).await.unwrap_or_else(|error| panic!("{error}"));
    let one = people(&[("Bob", "bob@crm.test")]);
    let edit = ActivityEdit { fields: fields([(Field::Attendees, Value::People(one))]), ..ActivityEdit::default() };
    let it = crm.update_activity(&world.as_anna(), &task.id, 2, &edit, now()).await.unwrap();
    assert_eq!(it.people.len(), 1, "Bob is back, Carla is off");
    let ids = [task.id.clone()];
    let carla = crm.look_activities(&world.carla, &ids).await.unwrap();
    assert!(matches!(&carla[&task.id], crm::look::Look::Former(seen) if seen.part == Part::Former));
    let bob = crm.look_activities(&world.bob, &ids).await.unwrap();
    assert!(matches!(&bob[&task.id], crm::look::Look::Visible(_)));
    assert!(matches!(crm.activity(&world.as_carla(), &task.id).await, Err(Error::NotFound)));
}

// P3, P7
async fn a_participants_copy_stands_in_for_the_organisers(world: &World) {
    let crm = &world.crm;
    let mut draft = ActivityDraft::new(Display::Calendar, world.anna.clone());
    draft.fields = hour("Plan");
    draft.fields.extend(fields([
        (Field::Private, Value::Flag(true)),
        (Field::Reminder, Value::Number(7)),
        (Field::Attendees, Value::People(people(&[("All", "all@crm.test")]))),
    ]));
    draft.global_id = Some("G1".into());
    let sync = world.as_sync(&world.bob);
    let it = crm.create_activity(&sync, &draft, now()).await.unwrap().record;
    assert_eq!((it.part, it.veiled, it.private), (Part::Participant, false, false), "his flag is his own");
    assert_eq!(get(&it.fields, Field::Reminder), Some(&Value::Number(7)));
    let anna = crm.activity(&world.as_anna(), &it.id).await.unwrap();
    assert_eq!(get(&anna.fields, Field::Reminder), Some(&Value::Null));
    assert_eq!(anna.people.len(), 2, "he is on it though the mailbox names only a list");
    let mut list = people(&[("All", "all@crm.test"), ("Carla", "carla@crm.test")]);
    let edit =
        ActivityEdit { fields: fields([(Field::Attendees, Value::People(list.clone()))]), ..ActivityEdit::default() };
    let it = crm.update_activity(&sync, &it.id, 1, &edit, now()).await.unwrap();
    assert_eq!((it.people.len(), it.part), (3, Part::Participant));
    assert_eq!(get(&it.fields, Field::Reminder), Some(&Value::Number(7)));
    list.clear();
}

// P3
async fn an_unknown_organiser_is_shown_as_such(world: &World) {
    let crm = &world.crm;
    let organizer = |name: &str, address: &str| {
        let organizer = Attendee {
            name: name.into(),
            address: Some(address.into()),
            role: Role::Required,
            response: Response::Organizer,
        };
        Value::People(People::from([(organizer.key(), organizer)]))
    };
    let mut draft = ActivityDraft::new(Display::Calendar, world.anna.clone());
    draft.fields = hour("Plan");
    draft.fields.insert(Path::of(Field::Organizer), organizer("Stranger", "boss@out.test"));
    let it = crm.create_activity(&world.as_sync(&world.anna), &draft, now()).await.unwrap().record;
    assert_eq!(it.organizer.address.as_deref(), Some("boss@out.test"));
    assert_eq!(it.owner, world.anna);
    // Her own address, in other letters, is no stranger's.
    let edit = ActivityEdit {
        fields: fields([(Field::Organizer, organizer("Anna", "ANNA@crm.test"))]),
        ..ActivityEdit::default()
    };
    let it = crm.update_activity(&world.as_sync(&world.anna), &it.id, 1, &edit, now()).await.unwrap();
    assert_eq!(it.organizer.name, "Anna Berg");
}

// P4
async fn a_participant_answers_for_himself(world: &World) {
    let crm = &world.crm;
    let meeting = world.appointment("Plan", people(&[("Bob", "bob@crm.test")])).await;
    crm.respond(&world.as_bob(), &meeting.id, Response::Accepted, now()).await.unwrap();
    let anna = crm.activity(&world.as_anna(), &meeting.id).await.unwrap();
    assert_eq!(anna.people[0].response, Response::Accepted);
    let refused = crm.respond(&world.as_anna(), &meeting.id, Response::Accepted, now()).await.unwrap_err();
    assert!(matches!(refused, Error::Forbidden { .. }));
}

async fn people_can_be_named_by_id(world: &World) {
    let crm = &world.crm;
    let ida = world.contact("Ida", "One", "ida@out.test").await;
    let person = |who: Who| Person {
        who,
        name: String::new(),
        address: None,
        role: Role::Optional,
        response: Response::NotResponded,
        removed: false,
    };
    let mut draft = ActivityDraft::new(Display::Calendar, world.anna.clone());
    draft.fields = hour("Plan");
    draft.people = Some(vec![person(Who::Employee(world.bob.clone())), person(Who::Contact(ida.id.clone()))]);
    let it = crm.create_activity(&world.as_anna(), &draft, now()).await.unwrap().record;
    let Some(Value::People(shown_people)) = get(&it.fields, Field::Attendees) else { panic!("people") };
    assert_eq!(shown_people.keys().cloned().collect::<Vec<_>>(), ["bob@crm.test", "ida@out.test"]);
    assert_eq!(shown_people["ida@out.test"].name, "Ida One");
    assert_eq!(shown_people["ida@out.test"].role, Role::Optional);
    draft.people = Some(vec![person(Who::Unknown)]);
    assert_eq!(faults(crm.create_activity(&world.as_anna(), &draft, now()).await.unwrap_err()), ["people[0]"]);
    draft.fields.insert(Path::of(Field::Attendees), Value::People(people(&[])));
    draft.people = Some(vec![]);
    assert_eq!(faults(crm.create_activity(&world.as_anna(), &draft, now()).await.unwrap_err()), ["people"]);
    assert_eq!(shown(&it.fields, Field::Subject), Some("Plan"));
}

async fn a_flag_that_is_set_already_is_no_change(world: &World) {
    let crm = &world.crm;
    let one = world.appointment("One", people(&[("Bob", "bob@crm.test")])).await;
    let two = world.appointment("Two", people(&[("Bob", "bob@crm.test")])).await;
    let sync = world.as_sync(&world.anna);
    crm.flag_meeting(&sync, &one.id, Some("G1"), true, now()).await.unwrap();
    let before = world.head_seq().await;
    assert_eq!(crm.flag_meeting(&sync, &one.id, Some("G1"), true, now()).await.unwrap(), 2);
    assert_eq!(crm.flag_meeting(&sync, &one.id, None, true, now()).await.unwrap(), 2, "the global id stays");
    assert_eq!(world.head_seq().await, before);
    let taken = crm.flag_meeting(&sync, &two.id, Some("G1"), true, now()).await.unwrap_err();
    assert_eq!(faults(taken), ["global_id"]);
}
