//! Business to personal and back, with all that is said of a person (rules O4, O5, M3, D1).

use crate::build::*;
use model::{Domain, Kind, Level, Link, Record, RecordId, Side, Value};
use plan::flip::join;
use plan::{After, Op, Plan};

/// A contact's fields, with the Private flag.
fn ann(private: bool) -> Vec<(&'static str, Value)> {
    vec![
        ("first_name", text("Ann")),
        ("last_name", text("Smith")),
        ("job_title", text("CEO")),
        ("nickname", Value::Null),
        ("private", Value::Flag(private)),
    ]
}

/// The same in the mailbox, with its category.
fn item(private: bool, category: &str) -> Vec<(&'static str, Value)> {
    let mut pairs = ann(private);
    pairs.push(("categories", words(&[category, "Friends"])));
    pairs
}

fn personal() -> Link {
    link(Domain::PersonalContact, &ann(true), &item(true, "Siebel Personal Contact"))
}

/// The item whose flag was cleared.
fn cleared() -> Record {
    pim(Kind::Contact, "i1", &item(false, "Siebel Personal Contact"))
}

fn created(plan: &Plan) -> Option<Domain> {
    plan.ops.iter().find_map(|op| match op {
        Op::Create { side: Side::Crm, domain, .. } => Some(*domain),
        _ => None,
    })
}

// O5, O4: the flag cleared makes a business contact that says all the personal one did; the personal one goes last.
#[test]
fn private_cleared_on_a_personal_contact_makes_it_business() {
    let record = crm(Domain::PersonalContact, "c1", &ann(true));
    let plan = World::new().plan(&personal(), &there(&record), &there(&cleared()));
    assert_eq!(created(&plan), Some(Domain::BusinessContact));
    assert_eq!(value(&plan, Side::Crm, "job_title"), Some(text("CEO")));
    assert_eq!(plan.ops.last(), Some(&Op::Delete { side: Side::Crm, after_new: None }), "the personal one, at the end");
    assert!(plan.ops.contains(&Op::Enlist) && !plan.ops.contains(&Op::Delist));
    assert_eq!(value(&plan, Side::Pim, "categories"), Some(words(&["Friends", "Siebel Contact"])));
    let After::Linked(after) = &plan.after else { panic!("{:?}", plan.after) };
    assert_eq!(after.domain, Domain::BusinessContact);
}

// O5, C10: only the domain's own signs and what nobody says stay behind; what the mailbox cleared is told as cleared.
#[test]
fn a_new_record_of_a_flip_says_what_both_sides_know_and_no_sign_of_the_old_domain() {
    let mut record = crm(Domain::PersonalContact, "c1", &ann(true));
    record.fields.extend(fields(&[("categories", words(&["Siebel Personal Contact"]))]));
    let mut edited = cleared();
    edited.fields.extend(fields(&[("job_title", Value::Null), ("first_name", text("Anna"))]));
    let plan = World::new().plan(&personal(), &there(&record), &there(&edited));
    assert_eq!(created(&plan), Some(Domain::BusinessContact));
    for (path, says) in [
        ("first_name", Some(text("Anna"))),
        ("last_name", Some(text("Smith"))),
        ("job_title", Some(Value::Null)),
        ("nickname", None),
        ("private", None),
        ("categories", None),
    ] {
        assert_eq!(value(&plan, Side::Crm, path), says, "{path}");
    }
}

// O5, D1: both domains must permit the way in.
#[test]
fn a_flag_flips_nothing_where_either_domain_takes_nothing_in() {
    let record = crm(Domain::PersonalContact, "c1", &ann(true));
    for (business, own, flips) in [
        (Level::FULL, Level::FULL, true),
        (Level::IMPORT, Level::IMPORT, true),
        (Level::EXPORT, Level::FULL, false),
        (Level::FULL, Level::EXPORT, false),
    ] {
        let world = World::new().level(Domain::BusinessContact, business).level(Domain::PersonalContact, own);
        let plan = world.plan(&personal(), &there(&record), &there(&cleared()));
        assert_eq!(created(&plan).is_some(), flips, "business {business}, personal {own}");
        assert!(flips || !deletes(&plan, Side::Crm));
    }
}

/// A business contact that says these.
fn business(pairs: &[(&str, Value)], listed: bool) -> Record {
    let mut record = crm(Domain::BusinessContact, "b1", pairs);
    record.facts.on_sync_list = listed;
    record
}

fn joined(business: &Record) -> Plan {
    let mut record = crm(Domain::PersonalContact, "c1", &ann(true));
    record.fields.extend(fields(&[("business_city", text("Ulm")), ("home_city", text("Bonn"))]));
    let mut link = personal();
    link.crm.base.extend(fields(&[("business_city", text("Ulm")), ("home_city", text("Bonn"))]));
    join(&link, &record, business, &cleared(), &World::new().context())
}

// O5, M3: one match: what the business contact does not say is filled in, and nothing it says is overwritten. An address
// is one unit: a city is not filled in beside another address's street.
#[test]
fn joining_a_business_contact_fills_in_what_it_does_not_say() {
    let plan = joined(&business(
        &[("first_name", text("Anna")), ("job_title", Value::Null), ("business_street", text("Weg 2"))],
        true,
    ));
    let mut filled = written(&plan, Side::Crm);
    filled.sort();
    assert_eq!(filled, ["home_city", "job_title", "last_name"]);
    assert_eq!(value(&plan, Side::Crm, "job_title"), Some(text("CEO")));
    let After::Linked(after) = &plan.after else { panic!("{:?}", plan.after) };
    assert_eq!((&after.crm.id, after.domain), (&RecordId::new("b1"), Domain::BusinessContact));
    assert_eq!(plan.ops.last(), Some(&Op::Delete { side: Side::Crm, after_new: None }), "the personal one, at the end");
}

// C11, O5: where it says everything already, it is not written at all.
#[test]
fn joining_a_business_contact_that_says_everything_writes_nothing_into_it() {
    let mut says = ann(false);
    says.extend([("business_city", text("Ulm")), ("home_city", text("Bonn"))]);
    let plan = joined(&business(&says, true));
    assert_eq!(plan.ops.len(), 2, "the item's sign, and the personal record: {:?}", plan.ops);
    assert_eq!(value(&plan, Side::Pim, "categories"), Some(words(&["Friends", "Siebel Contact"])));
}

// O5, O1: whose list it is not on yet gets it on the list, so that the copy stays; who has it is not put there twice.
#[test]
fn joining_a_business_contact_puts_it_on_the_sync_list_once() {
    for listed in [false, true] {
        let plan = joined(&business(&[("first_name", text("Ann"))], listed));
        assert_eq!(plan.ops.contains(&Op::Enlist), !listed);
    }
}

// C7, O5: where nothing may be deleted in the CRM the personal record stays there, and off its owner's list, so that it is
// not taken for one whose copy he lacks.
#[test]
fn a_personal_record_that_may_not_be_deleted_leaves_the_list_instead() {
    let record = crm(Domain::PersonalContact, "c1", &ann(true));
    let mut world = World::new();
    world.of(Domain::PersonalContact).no_deletes = [Side::Crm].into();
    let alone = world.plan(&personal(), &there(&record), &there(&cleared()));
    let joined = join(&personal(), &record, &business(&ann(false), true), &cleared(), &world.context());
    for plan in [alone, joined] {
        assert_eq!((plan.ops.last(), deletes(&plan, Side::Crm)), (Some(&Op::Delist), false), "{plan:?}");
    }
}
