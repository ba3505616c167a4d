//! Activities: their owner's rights, private ones, series, to-dos, repeated creates.

use crate::world::{World, berlin, day, faults, fields, get, hour, now, on_both, people, shown, text};
use crm::views::{ActivityView, Window};
use crm::{Activity, ActivityDraft, ActivityEdit, Actor, Display, Error, PageRequest};
use jiff::civil::DateTime;
use model::{Field, Fields, Path, Pattern, Range, Recurrence, Value};

on_both!(
    everybody_but_the_owner_sees_only_private_and_the_time,
    a_participant_changes_his_own_fields_only,
    own_fields_belong_to_each_participant,
    a_stale_change_of_an_activity_is_refused,
    a_create_with_the_same_key_or_global_id_finds_the_first_one,
    every_fault_of_an_activity_is_named_at_once,
    a_series_keeps_its_exceptions_as_fields,
    a_to_do_has_a_status_and_a_priority_from_the_first,
    a_display_change_is_noted_with_both_displays,
    a_deleted_activity_leaves_a_tombstone,
    a_deleted_activity_comes_back_under_its_id_for_who_deleted_it,
    every_field_of_an_activity_comes_back_as_it_was_written,
    a_new_owner_takes_over_and_the_old_one_goes,
    only_the_owner_or_an_administrator_deletes,
);

// O7, trap 104
async fn everybody_but_the_owner_sees_only_private_and_the_time(world: &World) {
    let crm = &world.crm;
    let secret = world.appointment("Zahnarzt", people(&[("Bob", "bob@crm.test"), ("X", "x@y.test")])).await;
    let edit = ActivityEdit {
        fields: fields([
            (Field::Private, Value::Flag(true)),
            (Field::Location, text("Zahnarzt am Markt")),
            (Field::Body, text("Zahnarzt bringt Bohrer")),
            (Field::Extension("note".into()), text("Zahnarzt")),
        ]),
        ..ActivityEdit::default()
    };
    crm.update_activity(&world.as_anna(), &secret.id, 1, &edit, now()).await.unwrap();
    let words = |it: &Activity| serde_json::to_string(&it.fields).unwrap() + &it.people.len().to_string();
    let bob = crm.activity(&world.as_bob(), &secret.id).await.unwrap();
    let by_admin = crm.activity(&world.admin, &secret.id).await.unwrap();
    let page = PageRequest::first(10);
    let in_view = crm.activities(&world.as_bob(), ActivityView::MyCalendar, Window::default(), &page).await.unwrap();
    let listed = crm.list_activities(&world.bob, Display::Calendar, None, 10).await.unwrap();
    for seen in [&bob, &by_admin, &in_view.items[0], &listed[0]] {
        assert!(seen.veiled && seen.people.is_empty());
        assert_eq!(shown(&seen.fields, Field::Subject), Some("Private"));
        assert_eq!(shown(&seen.fields, Field::ShowAs), Some("Busy"));
        assert_eq!(get(&seen.fields, Field::Start), Some(&berlin("2026-03-10T10:00:00")));
        assert!(!words(seen).contains("Zahnarzt") && !words(seen).contains("x@y.test"));
    }
    assert_eq!(crm.search(&world.as_bob(), "zahnarzt", 10).await.unwrap().activities, []);
    assert_eq!(crm.search(&world.as_anna(), "zahnarzt", 10).await.unwrap().activities.len(), 1);
    assert!(matches!(crm.activity(&world.as_carla(), &secret.id).await, Err(Error::NotFound)));
    let found = crm.activity_by_integration_key(&world.as_carla(), "none").await.unwrap();
    assert_eq!(found, None);
    // Nobody else changes what he cannot see, the synchronisation in his name neither.
    let edit = ActivityEdit { fields: fields([(Field::Subject, text("Private"))]), ..ActivityEdit::default() };
    for actor in [world.as_bob(), world.as_sync(&world.bob), world.admin.clone()] {
        let refused = crm.update_activity(&actor, &secret.id, 2, &edit, now()).await.unwrap_err();
        assert!(matches!(refused, Error::Forbidden { .. }), "{:?}", actor.rights);
    }
    let anna = crm.activity(&world.as_anna(), &secret.id).await.unwrap();
    assert_eq!((shown(&anna.fields, Field::Subject), anna.people.len()), (Some("Zahnarzt"), 2));
}

async fn a_participant_changes_his_own_fields_only(world: &World) {
    let crm = &world.crm;
    let meeting = world.appointment("Plan", people(&[("Bob", "bob@crm.test")])).await;
    let edit = ActivityEdit { fields: fields([(Field::Subject, text("Mine"))]), ..ActivityEdit::default() };
    let refused = crm.update_activity(&world.as_bob(), &meeting.id, 1, &edit, now()).await.unwrap_err();
    assert!(matches!(refused, Error::Forbidden { .. }));
    let hidden = crm.update_activity(&world.as_carla(), &meeting.id, 1, &edit, now()).await.unwrap_err();
    assert!(matches!(hidden, Error::NotFound));
    let own = ActivityEdit { fields: fields([(Field::Reminder, Value::Number(5))]), ..ActivityEdit::default() };
    let his = crm.update_activity(&world.as_bob(), &meeting.id, 1, &own, now()).await.unwrap();
    assert_eq!(get(&his.fields, Field::Reminder), Some(&Value::Number(5)));
    let display = ActivityEdit { display: Some(Display::ToDo), ..ActivityEdit::default() };
    let refused = crm.update_activity(&world.as_bob(), &meeting.id, 2, &display, now()).await.unwrap_err();
    assert!(matches!(refused, Error::Forbidden { .. }));
    let lock = crm.flag_meeting(&world.as_anna(), &meeting.id, None, true, now()).await.unwrap_err();
    assert!(matches!(lock, Error::Forbidden { .. }), "a user cannot lock a meeting");
}

// P7
async fn own_fields_belong_to_each_participant(world: &World) {
    let crm = &world.crm;
    let mut draft = ActivityDraft::new(Display::Calendar, world.anna.clone());
    draft.fields = hour("Plan");
    draft.fields.extend(fields([
        (Field::Reminder, Value::Number(15)),
        (Field::ShowAs, text("Tentative")),
        (Field::Categories, Value::Set(["Hers".to_owned()].into())),
        (Field::Attendees, Value::People(people(&[("Bob", "bob@crm.test")]))),
    ]));
    let made = crm.create_activity(&world.as_anna(), &draft, now()).await.unwrap().record;
    let bob = crm.activity(&world.as_bob(), &made.id).await.unwrap();
    assert_eq!(get(&bob.fields, Field::Reminder), Some(&Value::Number(15)), "he begins with the owner's reminder");
    assert_eq!(get(&bob.fields, Field::Categories), Some(&Value::Set([].into())), "not with her categories");
    let edit = ActivityEdit {
        fields: fields([
            (Field::Reminder, Value::Null),
            (Field::Categories, Value::Set(["His".to_owned()].into())),
            (Field::Private, Value::Flag(true)),
        ]),
        ..ActivityEdit::default()
    };
    crm.update_activity(&world.as_bob(), &made.id, 1, &edit, now()).await.unwrap();
    let anna = crm.activity(&world.as_anna(), &made.id).await.unwrap();
    assert_eq!(get(&anna.fields, Field::Reminder), Some(&Value::Number(15)));
    assert_eq!(get(&anna.fields, Field::Categories), Some(&Value::Set(["Hers".to_owned()].into())));
    assert_eq!((get(&anna.fields, Field::Private), anna.private), (Some(&Value::Flag(false)), false));
    let bob = crm.activity(&world.as_bob(), &made.id).await.unwrap();
    assert!(!bob.veiled, "his own flag hides nothing from himself");
    assert_eq!(get(&bob.fields, Field::Private), Some(&Value::Flag(true)));
}

async fn a_stale_change_of_an_activity_is_refused(world: &World) {
    let crm = &world.crm;
    let it = world.appointment("Plan", people(&[])).await;
    let edit = ActivityEdit { fields: fields([(Field::Location, text("Attic"))]), ..ActivityEdit::default() };
    crm.update_activity(&world.as_anna(), &it.id, 1, &edit, now()).await.unwrap();
    let stale = crm.update_activity(&world.as_anna(), &it.id, 1, &edit, now()).await.unwrap_err();
    assert!(matches!(stale, Error::Stale { current: 2 }));
    let stale = crm.delete_activity(&world.as_anna(), &it.id, 1, now()).await.unwrap_err();
    assert!(matches!(stale, Error::Stale { current: 2 }));
}

// P1
async fn a_create_with_the_same_key_or_global_id_finds_the_first_one(world: &World) {
    let crm = &world.crm;
    let mut draft = ActivityDraft::new(Display::Calendar, world.anna.clone());
    draft.fields = hour("Plan");
    draft.integration_key = Some("key-1".into());
    draft.global_id = Some("G1".into());
    let sync = world.as_sync(&world.anna);
    let first = crm.create_activity(&sync, &draft, now()).await.unwrap();
    let again = crm.create_activity(&sync, &draft, now()).await.unwrap();
    assert!(first.new && !again.new);
    draft.integration_key = Some("key-2".into());
    draft.owner = world.bob.clone();
    let by_global_id = crm.create_activity(&world.as_sync(&world.bob), &draft, now()).await.unwrap();
    assert!(!by_global_id.new);
    assert_eq!(by_global_id.record.id, first.record.id);
    let found = crm.activity_by_global_id(&world.as_sync(&world.bob), "G1").await.unwrap();
    assert_eq!(found.map(|it| it.id), Some(first.record.id.clone()));
    assert_eq!(crm.activity_by_global_id(&world.as_bob(), "G1").await.unwrap(), None, "no way in for a person");
    draft.integration_key = Some("key-1".into());
    draft.global_id = None;
    let foreign = crm.create_activity(&world.as_bob(), &draft, now()).await.unwrap_err();
    assert_eq!(faults(foreign), ["integration_key"]);
    crm.delete_activity(&world.as_anna(), &first.record.id, 1, now()).await.unwrap();
    draft.owner = world.anna.clone();
    let deleted = crm.create_activity(&sync, &draft, now()).await.unwrap_err();
    assert!(matches!(deleted, Error::Deleted { .. }));
}

async fn every_fault_of_an_activity_is_named_at_once(world: &World) {
    let crm = &world.crm;
    let mut draft = ActivityDraft::new(Display::Calendar, world.anna.clone());
    draft.fields = fields([
        (Field::Subject, Value::Number(1)),
        (Field::Status, text("Perhaps")),
        (Field::Percent, Value::Number(-1)),
        (Field::FirstName, text("x")),
    ]);
    let named = faults(crm.create_activity(&world.as_anna(), &draft, now()).await.unwrap_err());
    for field in ["subject", "status", "percent", "first_name"] {
        assert!(named.contains(&field.to_owned()), "{field}");
    }
    draft.fields = fields([
        (Field::Start, berlin("2026-03-10T10:00:00")),
        (Field::End, berlin("2026-03-10T09:00:00")),
        (Field::StartDay, day("2026-03-10")),
        (Field::DueDay, day("2026-03-09")),
    ]);
    draft.people = Some(vec![crm::Person {
        who: crm::Who::Employee(crm::EmployeeId::new("EMP-none")),
        name: String::new(),
        address: None,
        role: model::Role::Required,
        response: model::Response::Unknown,
        removed: false,
    }]);
    let named = faults(crm.create_activity(&world.as_anna(), &draft, now()).await.unwrap_err());
    assert_eq!(named, ["end", "due_day", "people[0]"]);
    let other = ActivityDraft::new(Display::ToDo, world.bob.clone());
    let refused = crm.create_activity(&world.as_anna(), &other, now()).await.unwrap_err();
    assert!(matches!(refused, Error::Forbidden { .. }));
    let admin = Actor::administrator(world.anna.clone(), "test");
    crm.create_activity(&admin, &other, now()).await.expect("an administrator may");
}

fn occurrence(at: &str, field: Field) -> Path {
    Path::occurrence(at.parse::<DateTime>().unwrap(), field)
}

// R1, R3
async fn a_series_keeps_its_exceptions_as_fields(world: &World) {
    let crm = &world.crm;
    let weekly =
        Recurrence { pattern: Pattern::Weekly { interval: 1, days: [2].into(), first_day: 1 }, range: Range::Count(5) };
    let mut draft = ActivityDraft::new(Display::Calendar, world.anna.clone());
    draft.fields = hour("Weekly");
    draft.fields.insert(Path::of(Field::Rule), Value::Rule(weekly.clone()));
    draft.fields.insert(occurrence("2026-03-17T10:00:00", Field::State), text("cancelled"));
    draft.fields.insert(occurrence("2026-03-24T10:00:00", Field::Location), text("Attic"));
    let made = crm.create_activity(&world.as_anna(), &draft, now()).await.unwrap().record;
    assert_eq!(made.fields.get(&occurrence("2026-03-17T10:00:00", Field::State)), Some(&text("cancelled")));
    assert_eq!(made.fields.get(&occurrence("2026-03-24T10:00:00", Field::State)), Some(&text("modified")));
    let back = ActivityEdit {
        fields: Fields::from([(occurrence("2026-03-17T10:00:00", Field::State), Value::Null)]),
        ..ActivityEdit::default()
    };
    let it = crm.update_activity(&world.as_anna(), &made.id, 1, &back, now()).await.unwrap();
    assert!(!it.fields.contains_key(&occurrence("2026-03-17T10:00:00", Field::State)));
    let off = ActivityEdit {
        fields: Fields::from([(occurrence("2026-03-18T10:00:00", Field::State), text("cancelled"))]),
        ..ActivityEdit::default()
    };
    let refused = crm.update_activity(&world.as_anna(), &made.id, 2, &off, now()).await.unwrap_err();
    assert_eq!(faults(refused), ["occurrence(2026-03-18T10:00:00).state"]);
    // The series is found in a window that only its later dates touch.
    let window = Window { from: Some("2026-04-01T00:00:00Z".parse().unwrap()), to: None };
    let page =
        crm.activities(&world.as_anna(), ActivityView::MyCalendar, window, &PageRequest::first(5)).await.unwrap();
    assert_eq!(page.items.len(), 1);
    let window = Window { from: Some("2026-05-01T00:00:00Z".parse().unwrap()), to: None };
    let page =
        crm.activities(&world.as_anna(), ActivityView::MyCalendar, window, &PageRequest::first(5)).await.unwrap();
    assert_eq!(page.items.len(), 0);
}

async fn a_to_do_has_a_status_and_a_priority_from_the_first(world: &World) {
    let crm = &world.crm;
    let mut draft = ActivityDraft::new(Display::ToDo, world.anna.clone());
    draft.fields = fields([(Field::Subject, text("Call")), (Field::DueDay, day("2026-03-12"))]);
    let made = crm.create_activity(&world.as_anna(), &draft, now()).await.unwrap().record;
    assert_eq!(shown(&made.fields, Field::Status), Some("Not Started"));
    assert_eq!(shown(&made.fields, Field::Priority), Some("3-Medium"));
    let done = ActivityEdit { fields: fields([(Field::Status, text("Done"))]), ..ActivityEdit::default() };
    let made = crm.update_activity(&world.as_anna(), &made.id, 1, &done, now()).await.unwrap();
    assert_eq!(get(&made.fields, Field::Percent), Some(&Value::Number(100)));
    assert_eq!(get(&made.fields, Field::DoneDay), Some(&day("2026-03-02")));
}

// D3
async fn a_display_change_is_noted_with_both_displays(world: &World) {
    let crm = &world.crm;
    let it = world.appointment("Plan", people(&[])).await;
    let before = world.head_seq().await;
    let edit = ActivityEdit {
        display: Some(Display::ToDo),
        fields: fields([(Field::DueDay, day("2026-03-12"))]),
        ..ActivityEdit::default()
    };
    crm.update_activity(&world.as_anna(), &it.id, 1, &edit, now()).await.unwrap();
    let entries = crm.feed_after(before, 10).await.unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].shown, [Display::Calendar, Display::ToDo].into());
    assert_eq!(crm.list_activities(&world.anna, Display::Calendar, None, 10).await.unwrap().len(), 0);
    assert_eq!(crm.list_activities(&world.anna, Display::ToDo, None, 10).await.unwrap().len(), 1);
}

async fn a_deleted_activity_leaves_a_tombstone(world: &World) {
    let crm = &world.crm;
    let it = world.appointment("Plan", people(&[("Bob", "bob@crm.test")])).await;
    let before = world.head_seq().await;
    crm.delete_activity(&world.as_anna(), &it.id, 1, now()).await.unwrap();
    assert!(matches!(crm.activity(&world.as_anna(), &it.id).await, Err(Error::Deleted { merged_into: None })));
    let entries = crm.feed_after(before, 10).await.unwrap();
    assert_eq!(entries[0].users, [world.anna.clone(), world.bob.clone()].into());
}

// C4, trap 8
async fn a_deleted_activity_comes_back_under_its_id_for_who_deleted_it(world: &World) {
    let crm = &world.crm;
    let draft = |revive: &Activity| ActivityDraft {
        fields: fields([(Field::Subject, text("Back"))]),
        revive: Some(revive.id.clone()),
        ..ActivityDraft::new(Display::ToDo, world.anna.clone())
    };
    let gone =
        crm.create_activity(&world.as_anna(), &ActivityDraft::new(Display::ToDo, world.anna.clone()), now()).await;
    let gone = gone.unwrap().record;
    let sync = world.as_sync(&world.anna);
    let other = crm.create_activity(&sync, &draft(&gone), now()).await.unwrap().record;
    assert_ne!(other.id, gone.id, "what stands is never taken over");
    crm.delete_activity(&world.as_anna(), &gone.id, 1, now()).await.unwrap();
    let by_hand = crm.create_activity(&world.as_anna(), &draft(&gone), now()).await.unwrap().record;
    let bobs = crm.create_activity(&world.as_sync(&world.bob), &draft(&gone), now()).await.unwrap().record;
    assert!(by_hand.id != gone.id && bobs.id != gone.id);
    let back = crm.create_activity(&sync, &draft(&gone), now()).await.unwrap().record;
    assert_eq!((&back.id, shown(&back.fields, Field::Subject)), (&gone.id, Some("Back")));
    assert!(back.version > gone.version);
    let looks = crm.look_activities(&world.anna, std::slice::from_ref(&gone.id)).await.unwrap();
    assert_eq!(looks.len(), 1);
    crm.delete_activity(&world.as_anna(), &back.id, back.version, now()).await.unwrap();
}

async fn every_field_of_an_activity_comes_back_as_it_was_written(world: &World) {
    let crm = &world.crm;
    let rule = Recurrence { pattern: Pattern::Daily { interval: 2 }, range: Range::NoEnd };
    let written = fields([
        (Field::Subject, text("Ä")),
        (Field::Body, text("one\ntwo")),
        (Field::Location, text("Attic")),
        (Field::ActivityType, text("Call")),
        (Field::Status, text("Done")),
        (Field::Priority, text("2-High")),
        (Field::Start, berlin("2026-03-10T10:00:00")),
        (Field::End, berlin("2026-03-10T11:00:00")),
        (Field::StartDay, day("2026-03-10")),
        (Field::DueDay, day("2026-03-12")),
        (Field::DoneDay, day("2026-03-01")),
        (Field::Percent, Value::Number(100)),
        (Field::ReminderAt, Value::Instant("2026-03-09T08:00:00Z".parse().unwrap())),
        (Field::Rule, Value::Rule(rule)),
        (Field::Cancelled, Value::Flag(true)),
        (Field::Reminder, Value::Number(30)),
        (Field::ShowAs, text("OOF")),
        (Field::Categories, Value::Set(["A".to_owned(), "B".to_owned()].into())),
        (Field::Private, Value::Flag(true)),
        (Field::Extension("vip".into()), Value::Flag(true)),
    ]);
    let mut draft = ActivityDraft::new(Display::Calendar, world.anna.clone());
    draft.fields = written.clone();
    let made = crm.create_activity(&world.as_anna(), &draft, now()).await.unwrap().record;
    for (path, value) in &written {
        assert_eq!(made.fields.get(path), Some(value), "{path}");
    }
    let cleared = ActivityEdit {
        fields: written.keys().map(|path| (path.clone(), Value::Null)).collect(),
        ..ActivityEdit::default()
    };
    let after = crm.update_activity(&world.as_anna(), &made.id, 1, &cleared, now()).await.unwrap();
    for path in written.keys() {
        let value = after.fields.get(path);
        assert!(value.is_none_or(|value| value.is_blank() || *value == Value::Flag(false)), "{path}");
    }
}

// P8
async fn a_new_owner_takes_over_and_the_old_one_goes(world: &World) {
    let crm = &world.crm;
    let it = world.appointment("Plan", people(&[("Bob", "bob@crm.test")])).await;
    let before = world.head_seq().await;
    let edit = ActivityEdit { owner: Some(world.bob.clone()), ..ActivityEdit::default() };
    crm.update_activity(&world.as_anna(), &it.id, 1, &edit, now()).await.unwrap();
    let bob = crm.activity(&world.as_bob(), &it.id).await.unwrap();
    assert_eq!((bob.part, bob.people.len()), (crm::Part::Owner, 0));
    assert_eq!(bob.organizer.address.as_deref(), Some("bob@crm.test"));
    assert!(matches!(crm.activity(&world.as_anna(), &it.id).await, Err(Error::NotFound)));
    let entries = crm.feed_after(before, 10).await.unwrap();
    assert_eq!(entries[0].users, [world.anna.clone(), world.bob.clone()].into(), "before or after");
    let looks = crm.look_activities(&world.anna, std::slice::from_ref(&it.id)).await.unwrap();
    match &looks[&it.id] {
        crm::look::Look::Former(seen) => assert!(seen.fields.is_empty()),
        other => panic!("{other:?}"),
    }
}

async fn only_the_owner_or_an_administrator_deletes(world: &World) {
    let crm = &world.crm;
    let it = world.appointment("Plan", people(&[("Bob", "bob@crm.test")])).await;
    let refused = crm.delete_activity(&world.as_bob(), &it.id, 1, now()).await.unwrap_err();
    assert!(matches!(refused, Error::Forbidden { .. }));
    let refused = crm.delete_activity(&world.as_sync(&world.bob), &it.id, 1, now()).await.unwrap_err();
    assert!(matches!(refused, Error::Forbidden { .. }));
    crm.delete_activity(&world.admin, &it.id, 1, now()).await.unwrap();
}
