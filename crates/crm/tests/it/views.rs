//! The views: what is in them, in which order, and what a page costs.

use crate::world::{World, day, fields, hour, now, on_both, people, text};
use crm::views::{ActivityView, ContactView, Window};
use crm::{ActivityDraft, Display, Error, PageRequest};
use model::{Field, Path, Value};

on_both!(
    each_view_shows_what_is_the_users,
    pages_follow_each_other_without_gap_or_repeat,
    a_page_costs_the_same_few_statements_however_long_it_is,
    a_foreign_cursor_is_refused,
    search_finds_by_any_part_and_takes_signs_as_they_are,
);

async fn each_view_shows_what_is_the_users(world: &World) {
    let crm = &world.crm;
    let ida = world.contact("Ida", "One", "ida@out.test").await;
    let mum = world.personal("Mum", "Berg", "mum@home.test").await;
    let meeting = world.appointment("Plan", people(&[("Bob", "bob@crm.test")])).await;
    let mut draft = ActivityDraft::new(Display::Calendar, world.anna.clone());
    draft.fields = fields([(Field::Subject, text("No times"))]);
    let timeless = crm.create_activity(&world.as_anna(), &draft, now()).await.unwrap().record;
    let mut draft = ActivityDraft::new(Display::ToDo, world.anna.clone());
    draft.fields = fields([(Field::Subject, text("Call")), (Field::DueDay, day("2026-03-05"))]);
    let task = crm.create_activity(&world.as_anna(), &draft, now()).await.unwrap().record;
    let page = PageRequest::first(10);
    let activities = |actor: crm::Actor, view: ActivityView| {
        let page = page.clone();
        async move {
            let page = crm.activities(&actor, view, Window::default(), &page).await.unwrap();
            page.items.into_iter().map(|it| it.id).collect::<Vec<_>>()
        }
    };
    let all = [timeless.id.clone(), task.id.clone(), meeting.id.clone()];
    assert_eq!(activities(world.as_anna(), ActivityView::MyActivities).await, all);
    assert_eq!(activities(world.as_anna(), ActivityView::MyCalendar).await, std::slice::from_ref(&meeting.id));
    assert_eq!(activities(world.as_anna(), ActivityView::MyToDos).await, std::slice::from_ref(&task.id));
    assert_eq!(activities(world.as_bob(), ActivityView::MyCalendar).await, std::slice::from_ref(&meeting.id));
    assert_eq!(activities(world.as_carla(), ActivityView::MyActivities).await, []);
    let contacts = |actor: crm::Actor, view: ContactView| {
        let page = page.clone();
        async move { crm.contacts(&actor, view, &page).await.map(|page| page.items.len()) }
    };
    assert_eq!(contacts(world.as_anna(), ContactView::MyContacts).await.unwrap(), 1);
    assert_eq!(contacts(world.as_anna(), ContactView::MyPersonalContacts).await.unwrap(), 1);
    assert_eq!(contacts(world.as_bob(), ContactView::MyContacts).await.unwrap(), 0);
    assert_eq!(contacts(world.admin.clone(), ContactView::AllContacts).await.unwrap(), 1);
    assert!(matches!(contacts(world.as_bob(), ContactView::AllContacts).await, Err(Error::Forbidden { .. })));
    assert_ne!(ida.id, mum.id);
    assert_eq!(crm.employees(&world.as_carla(), &page).await.unwrap().items.len(), 3);
    // A window shows what touches it.
    let window = Window {
        from: Some("2026-03-10T09:30:00Z".parse().unwrap()),
        to: Some("2026-03-10T09:45:00Z".parse().unwrap()),
    };
    let inside = crm.activities(&world.as_anna(), ActivityView::MyActivities, window, &page).await.unwrap();
    assert_eq!(inside.items.len(), 1);
}

async fn pages_follow_each_other_without_gap_or_repeat(world: &World) {
    let crm = &world.crm;
    for n in 0..7 {
        // Equal names and times: the id decides the order.
        world.contact("Ida", "Same", &format!("{n}@out.test")).await;
        world.appointment("Same", people(&[])).await;
    }
    let (mut contacts, mut request) = (Vec::new(), PageRequest::first(3));
    loop {
        let page = crm.contacts(&world.as_anna(), ContactView::MyContacts, &request).await.unwrap();
        contacts.extend(page.items.into_iter().map(|it| it.id));
        match page.next {
            Some(next) => request.after = Some(next),
            None => break,
        }
    }
    assert_eq!(contacts.len(), 7);
    assert!(contacts.windows(2).all(|pair| pair[0] < pair[1]));
    let (mut activities, mut request) = (Vec::new(), PageRequest::first(3));
    loop {
        let view = ActivityView::MyCalendar;
        let page = crm.activities(&world.as_anna(), view, Window::default(), &request).await.unwrap();
        activities.extend(page.items.into_iter().map(|it| it.id));
        match page.next {
            Some(next) => request.after = Some(next),
            None => break,
        }
    }
    assert_eq!(activities.len(), 7);
    let (mut employees, mut request) = (Vec::new(), PageRequest::first(2));
    loop {
        let page = crm.employees(&world.as_anna(), &request).await.unwrap();
        employees.extend(page.items.into_iter().map(|it| it.name()));
        match page.next {
            Some(next) => request.after = Some(next),
            None => break,
        }
    }
    assert_eq!(employees, ["Anna Berg", "Bob Cole", "Carla Diaz"]);
}

async fn a_page_costs_the_same_few_statements_however_long_it_is(world: &World) {
    let crm = &world.crm;
    for n in 0..40 {
        let list = people(&[("Bob", "bob@crm.test"), ("Guest", "guest@out.test")]);
        world.contact("Ida", &n.to_string(), &format!("{n}@out.test")).await;
        world.appointment(&n.to_string(), list).await;
    }
    let anna = world.as_anna();
    let mut costs = Vec::new();
    for limit in [1, 40] {
        let request = PageRequest::first(limit);
        let before = crm.statements();
        crm.contacts(&anna, ContactView::MyContacts, &request).await.unwrap();
        let contacts = crm.statements();
        crm.activities(&anna, ActivityView::MyCalendar, Window::default(), &request).await.unwrap();
        let activities = crm.statements();
        crm.employees(&anna, &request).await.unwrap();
        costs.push((contacts - before, activities - contacts, crm.statements() - activities));
    }
    assert_eq!(costs, [(5, 4, 4), (5, 4, 4)]);
}

async fn a_foreign_cursor_is_refused(world: &World) {
    for after in ["nonsense", "WyJhIl0", ""] {
        let request = PageRequest { after: Some(after.to_owned()), limit: 5 };
        let refused = world.crm.contacts(&world.as_anna(), ContactView::MyContacts, &request).await;
        assert!(matches!(refused, Err(Error::Cursor)), "{after}");
    }
}

async fn search_finds_by_any_part_and_takes_signs_as_they_are(world: &World) {
    let crm = &world.crm;
    world.contact("Ida", "Öztürk", "ida@out.test").await;
    world.contact("100%", "Sure", "sure@out.test").await;
    let mut draft = ActivityDraft::new(Display::Calendar, world.anna.clone());
    draft.fields = hour("Budget_2026");
    draft.fields.insert(Path::of(Field::Location), Value::text("Attic"));
    crm.create_activity(&world.as_anna(), &draft, now()).await.unwrap();
    let count = |text: &'static str| async move {
        let found = crm.search(&world.as_anna(), text, 10).await.unwrap();
        (found.contacts.len(), found.employees.len(), found.activities.len())
    };
    assert_eq!(count("öztürk").await, (1, 0, 0));
    assert_eq!(count("ÖZTÜRK").await, (1, 0, 0));
    assert_eq!(count("0%").await, (1, 0, 0));
    assert_eq!(count("%%").await, (0, 0, 0));
    assert_eq!(count("t_2").await, (0, 0, 1));
    assert_eq!(count("attic").await, (0, 0, 1));
    assert_eq!(count("@crm.test").await, (0, 3, 0));
    assert_eq!(crate::world::faults(crm.search(&world.as_anna(), "x", 10).await.unwrap_err()), ["q"]);
}
