//! Activities as records of one user.

use super::*;

// D3
#[tokio::test]
async fn an_activity_looked_at_as_the_other_kind_tells_its_domain() {
    let world = World::new().await;
    let remote = world.remote(&world.anna);
    let meeting = world.meeting("Plan", &[]).await;
    let edit = ActivityEdit { display: Some(Display::ToDo), ..ActivityEdit::default() };
    world.crm.update_activity(&world.as_anna(), &meeting.id, 1, &edit, now()).await.expect("changed");
    let before = present(&remote, Kind::Appointment, meeting.id.as_str()).await;
    assert_eq!((before.kind, before.facts.domain), (Kind::Appointment, Some(Domain::Task)));
    let after = present(&remote, Kind::Task, meeting.id.as_str()).await;
    assert_eq!((after.kind, after.facts.domain), (Kind::Task, Some(Domain::Task)));
    assert!(after.get(Field::Start).is_none() && after.get(Field::DueDay).is_some());
    let edit = ActivityEdit { display: Some(Display::ActivitiesOnly), ..ActivityEdit::default() };
    world.crm.update_activity(&world.as_anna(), &meeting.id, 2, &edit, now()).await.expect("changed");
    assert_eq!(present(&remote, Kind::Task, meeting.id.as_str()).await.facts.domain, None);
}

// D6, C6
#[tokio::test]
async fn a_participant_leaves_and_is_told_so() {
    let world = World::new().await;
    let bob = world.remote(&world.bob);
    let meeting = world.meeting("Plan", &[("Bob", "bob@crm.test")]).await;
    let leave = |kind, id: &ActivityId| Write::Leave { kind, id: RecordId::new(id.as_str()) };
    let left = bob.write(&leave(Kind::Appointment, &meeting.id)).await.expect("left");
    let record = present(&bob, Kind::Appointment, meeting.id.as_str()).await;
    assert!(record.facts.hidden && record.version == left.version);
    assert_eq!(bob.write(&leave(Kind::Appointment, &meeting.id)).await.expect("left already"), left);
    let rejoin = |kind| Write::Rejoin { kind, id: RecordId::new(meeting.id.as_str()) };
    let back = bob.write(&rejoin(Kind::Appointment)).await.expect("back");
    let record = present(&bob, Kind::Appointment, meeting.id.as_str()).await;
    assert!(!record.facts.hidden && record.version == back.version && back.version != left.version);
    assert_eq!(bob.write(&rejoin(Kind::Appointment)).await.expect("back already"), back);
    assert!(matches!(bob.write(&rejoin(Kind::Task)).await, Err(Trouble::Refused { .. })), "a to-do is not hidden");
    let mut draft = ActivityDraft::new(Display::ToDo, world.anna.clone());
    draft.fields = fields([
        (Field::Subject, Value::text("Call")),
        (Field::Attendees, Value::People(guests(&[("Bob", "bob@crm.test")]))),
    ]);
    let task = world.crm.create_activity(&world.as_anna(), &draft, now()).await.expect("made").record;
    assert_eq!(present(&bob, Kind::Task, task.id.as_str()).await.facts.part, Part::Participant);
    bob.write(&leave(Kind::Task, &task.id)).await.expect("left");
    let former = present(&bob, Kind::Task, task.id.as_str()).await;
    assert_eq!((former.facts.part, former.fields), (Part::Former, Fields::new()));
    let anna = present(&world.remote(&world.anna), Kind::Task, task.id.as_str()).await;
    assert_eq!(anna.facts.part, Part::Owner);
    let stranger = world.meeting("Alone", &[]).await;
    assert_eq!(get(&bob, Kind::Appointment, stranger.id.as_str()).await, Seen::Gone(Gone::NotVisible));
}

// O7
#[tokio::test]
async fn a_private_meeting_goes_veiled_into_a_participants_mailbox() {
    let world = World::new().await;
    let meeting = world.meeting("Dentist", &[("Bob", "bob@crm.test")]).await;
    let private = fields([(Field::Private, Value::Flag(true)), (Field::Body, Value::text("Dentist"))]);
    let edit = ActivityEdit { fields: private, ..ActivityEdit::default() };
    world.crm.update_activity(&world.as_anna(), &meeting.id, 1, &edit, now()).await.expect("changed");
    let bob = world.remote(&world.bob);
    let record = present(&bob, Kind::Appointment, meeting.id.as_str()).await;
    assert_eq!(record.text(Field::Subject), Some("Private"));
    assert!(record.is_private() && record.facts.meeting);
    assert_eq!(record.get(Field::Start), Some(&berlin("2026-03-10T10:00:00")));
    let text = serde_json::to_string(&record).expect("JSON");
    assert!(!text.contains("Dentist"));
    let listed = all(&bob, Kind::Appointment).await;
    assert!(!serde_json::to_string(&listed).expect("JSON").contains("Dentist"));
    let anna = present(&world.remote(&world.anna), Kind::Appointment, meeting.id.as_str()).await;
    assert_eq!(anna.text(Field::Subject), Some("Dentist"));
}

// P1, P3, P6
#[tokio::test]
async fn one_meeting_is_one_activity_whoever_brings_it() {
    let world = World::new().await;
    let (anna, bob) = (world.remote(&world.anna), world.remote(&world.bob));
    let mut meeting = create(Domain::Calendar, hour("Plan"), "k1");
    meeting.fields.insert(Path::of(Field::Attendees), Value::People(guests(&[("Bob", "bob@crm.test")])));
    meeting.fields.insert(Path::of(Field::Reminder), Value::Number(5));
    meeting.global_id = Some("G1".into());
    meeting.owner = Some(UserId::new(world.anna.as_str()));
    let by_bob = bob.write(&Write::Create(meeting.clone())).await.expect("made");
    let record = present(&bob, Kind::Appointment, by_bob.id.as_str()).await;
    assert_eq!((record.facts.part, record.get(Field::Reminder)), (Part::Participant, Some(&Value::Number(5))));
    meeting.mark.key = "k2".into();
    meeting.owner = None;
    let by_anna = anna.write(&Write::Create(meeting)).await.expect("found");
    assert_eq!(by_anna.id, by_bob.id);
    let hers = present(&anna, Kind::Appointment, by_bob.id.as_str()).await;
    assert_eq!((hers.facts.part, hers.get(Field::Reminder)), (Part::Owner, Some(&Value::Null)), "P7: his is not hers");
    let found = anna.find(Kind::Appointment, &FindBy::GlobalId("G1".into()), 5).await.expect("answers");
    assert_eq!(found.len(), 1);
    assert_eq!(anna.find(Kind::Task, &FindBy::GlobalId("G1".into()), 5).await.expect("answers"), []);
    let flag = Write::Flag { id: by_bob.id.clone(), global_id: Some("G1".into()), locked: true };
    let flagged = anna.write(&flag).await.expect("flagged");
    let locked = present(&anna, Kind::Appointment, by_bob.id.as_str()).await;
    assert!(locked.facts.locked && locked.version == flagged.version);
    let change = update(Domain::Calendar, &flagged, fields([(Field::Subject, Value::text("New plan"))]));
    anna.write(&change).await.expect("the organiser's mailbox writes a locked meeting");
}

// R3
#[tokio::test]
async fn a_new_rule_is_written_with_the_exceptions_that_stay() {
    let world = World::new().await;
    let remote = world.remote(&world.anna);
    let rule = |days: &[u8]| {
        Value::Rule(Recurrence {
            pattern: Pattern::Weekly { interval: 1, days: days.iter().copied().collect(), first_day: 1 },
            range: Range::NoEnd,
        })
    };
    let at = |text: &str, field| Path::occurrence(text.parse::<DateTime>().expect("a wall time"), field);
    let mut series = hour("Weekly");
    series.insert(Path::of(Field::Rule), rule(&[2, 4]));
    series.insert(at("2026-03-12T10:00:00", Field::State), Value::text("cancelled"));
    series.insert(at("2026-03-17T10:00:00", Field::Location), Value::text("Attic"));
    let made = remote.write(&Write::Create(create(Domain::Calendar, series, "k"))).await.expect("made");
    let keep = Fields::from([
        (at("2026-03-17T14:00:00", Field::State), Value::text("modified")),
        (at("2026-03-17T14:00:00", Field::Location), Value::text("Attic")),
    ]);
    let changes = Fields::from([
        (Path::of(Field::Rule), rule(&[2])),
        (Path::of(Field::Start), berlin("2026-03-10T14:00:00")),
        (Path::of(Field::End), berlin("2026-03-10T15:00:00")),
    ]);
    let write = Write::Update(Update {
        domain: Domain::Calendar,
        id: made.id.clone(),
        version: made.version.clone(),
        planned: None,
        changes,
        keep: keep.clone(),
        mark: None,
        mail: Mail::None,
    });
    remote.write(&write).await.expect("written");
    let record = present(&remote, Kind::Appointment, made.id.as_str()).await;
    let exceptions: Fields = record.fields.into_iter().filter(|(path, _)| path.occurrence.is_some()).collect();
    assert_eq!(exceptions, keep);
}

// P2
#[tokio::test]
async fn attendees_come_back_as_the_mailbox_named_them() {
    let world = World::new().await;
    let remote = world.remote(&world.anna);
    let edit = EmployeeEdit {
        addresses: Some(vec!["bob@crm.test".into(), "robert@old.test".into()]),
        ..EmployeeEdit::default()
    };
    world.crm.update_employee(&world.admin, &world.bob, 1, &edit, now()).await.expect("changed");
    let invited = guests(&[("Robert", "robert@old.test"), ("Guest", "guest@out.test")]);
    let mut meeting = create(Domain::Calendar, hour("Plan"), "k");
    meeting.fields.insert(Path::of(Field::Attendees), Value::People(invited.clone()));
    let made = remote.write(&Write::Create(meeting)).await.expect("made");
    let record = present(&remote, Kind::Appointment, made.id.as_str()).await;
    assert_eq!(record.get(Field::Attendees), Some(&Value::People(invited)));
    let bob = present(&world.remote(&world.bob), Kind::Appointment, made.id.as_str()).await;
    assert_eq!(bob.facts.part, Part::Participant);
}
