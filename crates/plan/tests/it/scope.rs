//! What enters and what goes out (rules D3, D4, D6, D7, O1, O3, O5 to O7, O9, P3, P5).

use crate::build::*;
use model::{Domain, Kind, Level, Part, Record, Value};
use plan::scope::{admit_item, admit_record};
use plan::{Lead, Reason};

fn contact(categories: &[&str], private: bool) -> Record {
    pim(
        Kind::Contact,
        "i",
        &[("first_name", text("A")), ("categories", words(categories)), ("private", Value::Flag(private))],
    )
}

fn appointment() -> Record {
    pim(
        Kind::Appointment,
        "i",
        &[("subject", text("S")), ("start", at("2026-12-01T10:00:00")), ("end", at("2026-12-01T11:00:00"))],
    )
}

// O3, O5
#[test]
fn a_contact_enters_by_its_category_alone() {
    let world = World::new();
    let judge = |categories: &[&str], private| admit_item(&contact(categories, private), &world.context());
    assert_eq!(judge(&["siebel contact "], false), Ok(Domain::BusinessContact), "without case or surrounding space");
    assert_eq!(judge(&["Siebel Contact"], true), Ok(Domain::PersonalContact));
    assert_eq!(judge(&["Siebel Personal Contact"], false), Ok(Domain::PersonalContact));
    assert_eq!(judge(&["Siebel Contact", "Siebel Personal Contact"], false), Ok(Domain::PersonalContact));
    assert_eq!(judge(&["Employee"], false), Err(Reason::EmployeeCategory));
    assert_eq!(judge(&["Friends"], false), Err(Reason::NoCategory));
    assert_eq!(judge(&[], true), Err(Reason::NoCategory), "the flag alone brings nothing in");
}

// O3: inbound any configured language counts.
#[test]
fn any_configured_language_counts_inbound_and_the_users_outbound() {
    let mut world = World::new();
    let german = [(Domain::BusinessContact, "Siebel Kontakt".to_owned())].into();
    world.settings.languages.insert("de".into(), german);
    assert_eq!(admit_item(&contact(&["SIEBEL KONTAKT"], false), &world.context()), Ok(Domain::BusinessContact));
    world.user_settings.language = Some("de".into());
    assert_eq!(world.context().category(Domain::BusinessContact), "Siebel Kontakt");
}

// O1
#[test]
fn a_contact_goes_out_only_from_the_sync_list() {
    let mut record = crm(Domain::Employee, "c", &[("first_name", text("A"))]);
    assert_eq!(admit_record(&record, &World::new().context()), Ok(Domain::Employee));
    record.facts.on_sync_list = false;
    assert_eq!(admit_record(&record, &World::new().context()), Err(Reason::NotListed));
}

// D1, L2
#[test]
fn a_level_closes_a_direction() {
    let world = World::new().level(Domain::Calendar, Level::EXPORT);
    assert_eq!(admit_item(&appointment(), &world.context()), Err(Reason::Level));
    let world = World::new().level(Domain::Calendar, Level::IMPORT);
    let record =
        crm(Domain::Calendar, "c", &[("start", at("2026-12-01T10:00:00")), ("end", at("2026-12-01T11:00:00"))]);
    assert_eq!(admit_record(&record, &world.context()), Err(Reason::Level));
}

// O7
#[test]
fn the_three_filters_add_up() {
    let mut world = World::new();
    let mut item = appointment();
    item.fields.extend(fields(&[("private", Value::Flag(true))]));
    assert_eq!(admit_item(&item, &world.context()), Ok(Domain::Calendar));
    world.of(Domain::Calendar).skip_private = true;
    assert_eq!(admit_item(&item, &world.context()), Err(Reason::Private));
    world.of(Domain::Calendar).category_required = true;
    assert_eq!(admit_item(&appointment(), &world.context()), Err(Reason::CategoryRequired));
    let mut marked = appointment();
    marked.fields.extend(fields(&[("categories", words(&["siebel calendar"]))]));
    assert_eq!(admit_item(&marked, &world.context()), Ok(Domain::Calendar));
    world.of(Domain::Calendar).type_required = true;
    assert_eq!(admit_item(&marked, &world.context()), Err(Reason::TypeRequired));
    marked.fields.extend(fields(&[("activity_type", text("Meeting"))]));
    assert_eq!(admit_item(&marked, &world.context()), Ok(Domain::Calendar));
}

// D4, D3, C6
#[test]
fn an_activity_goes_out_with_both_times_where_it_is_shown() {
    let times = [("start", at("2026-12-01T10:00:00")), ("end", at("2026-12-01T11:00:00"))];
    let judge = |record: &Record| admit_record(record, &World::new().context());
    assert_eq!(judge(&crm(Domain::Calendar, "c", &times)), Ok(Domain::Calendar));
    assert_eq!(judge(&crm(Domain::Calendar, "c", &times[..1])), Err(Reason::NoTimes));
    let mut nowhere = crm(Domain::Calendar, "c", &times);
    nowhere.facts.domain = None;
    assert_eq!(judge(&nowhere), Err(Reason::ShownNowhere));
    let mut off = crm(Domain::Calendar, "c", &times);
    off.fields.extend(fields(&[("cancelled", Value::Flag(true))]));
    assert_eq!(judge(&off), Err(Reason::Cancelled));
    let mut hidden = crm(Domain::Calendar, "c", &times);
    hidden.facts.hidden = true;
    assert_eq!(judge(&hidden), Err(Reason::Hidden));
    let mut invited = crm(Domain::Calendar, "c", &times);
    invited.facts.part = Part::Participant;
    assert_eq!(judge(&invited), Ok(Domain::Calendar), "a CRM meeting reaches every participant (P5)");
    invited.facts.locked = true;
    assert_eq!(judge(&invited), Err(Reason::ExchangeInvites));
}

// O9: tasks without a due date are inside.
#[test]
fn what_ended_before_the_extract_start_stays_out() {
    let mut world = World::new();
    world.settings.extract_start = model::settings::ExtractStart::DaysAgo(90);
    let old = crm(Domain::Calendar, "c", &[("start", at("2026-01-01T10:00:00")), ("end", at("2026-01-01T11:00:00"))]);
    assert_eq!(admit_record(&old, &world.context()), Err(Reason::Window));
    let mut task = crm(Domain::Task, "c", &[("subject", text("T")), ("due_day", Value::Null)]);
    assert_eq!(admit_record(&task, &world.context()), Ok(Domain::Task));
    task.fields.extend(fields(&[("due_day", Value::Day("2026-01-01".parse().expect("a date")))]));
    assert_eq!(admit_record(&task, &world.context()), Err(Reason::Window));
    world.user_settings.extract_start = Some(model::settings::ExtractStart::Always);
    assert_eq!(admit_record(&task, &world.context()), Ok(Domain::Task), "the user's own setting wins");
}

// P3, trap 196
#[test]
fn a_received_invitation_enters_through_the_copy_that_decides() {
    let mut world = World::new();
    let mut item = appointment();
    item.facts.received = true;
    world.lead = Lead::Another;
    assert_eq!(admit_item(&item, &world.context()), Err(Reason::AnotherLeads));
    world.lead = Lead::Carrier;
    assert_eq!(admit_item(&item, &world.context()), Ok(Domain::Calendar));
    world.lead = Lead::Outsider;
    assert_eq!(admit_item(&item, &world.context()), Err(Reason::Unanswered));
    item.facts.my_response = Some(model::Response::Tentative);
    assert_eq!(admit_item(&item, &world.context()), Ok(Domain::Calendar));
}

// D6, D7, traps 121, 122
#[test]
fn tracking_copies_and_foreign_classes_stay_out() {
    let mut task = pim(Kind::Task, "i", &[("subject", text("T"))]);
    assert_eq!(admit_item(&task, &World::new().context()), Ok(Domain::Task));
    task.facts.class = "IPM.Task.Custom".into();
    assert_eq!(admit_item(&task, &World::new().context()), Ok(Domain::Task));
    task.facts.tracking_copy = true;
    assert_eq!(admit_item(&task, &World::new().context()), Err(Reason::TrackingCopy));
    let mut list = contact(&["Siebel Contact"], false);
    list.facts.class = "IPM.DistList".into();
    assert_eq!(admit_item(&list, &World::new().context()), Err(Reason::ForeignClass));
}
