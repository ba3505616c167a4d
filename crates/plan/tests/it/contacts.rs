//! Contacts: Sync List, Private flag, what a delete means (rules O1 to O5, C6, D1).

use crate::build::*;
use model::{Domain, Gone, Kind, Level, Seen, Side, SleepCause, Value};
use plan::{After, Op};

const ANN: [(&str, &str); 3] = [("first_name", "Ann"), ("last_name", "Smith"), ("email1", "ann@x.test")];

fn ann() -> Vec<(&'static str, Value)> {
    let mut pairs: Vec<(&str, Value)> = ANN.iter().map(|(path, value)| (*path, text(value))).collect();
    pairs.push(("private", Value::Flag(false)));
    pairs
}

fn item() -> Vec<(&'static str, Value)> {
    let mut pairs = ann();
    pairs.push(("categories", words(&["Siebel Contact", "Friends"])));
    pairs
}

const GONE: Seen = Seen::Gone(Gone::Deleted);

// C6, D1
#[test]
fn a_business_contact_or_employee_deleted_in_the_mailbox_only_leaves_the_sync_list() {
    for (domain, level) in [
        (Domain::BusinessContact, Level::FULL),
        (Domain::BusinessContact, Level::EXPORT),
        (Domain::Employee, Level::EXPORT),
    ] {
        let plan = World::new().level(domain, level).plan(
            &link(domain, &ann(), &ann()),
            &there(&crm(domain, "c1", &ann())),
            &GONE,
        );
        assert_eq!(plan.ops, [Op::Delist], "{domain} {level}");
        assert!(matches!(&plan.after, After::Away(link) if link.mark_key == "c1~k"), "the copy can come back");
    }
    let world = World::new().level(Domain::BusinessContact, Level::IMPORT);
    let plan = world.plan(
        &link(Domain::BusinessContact, &ann(), &ann()),
        &there(&crm(Domain::BusinessContact, "c1", &ann())),
        &GONE,
    );
    assert_eq!((sleeps(&plan), plan.ops.len()), (Some(SleepCause::KeptInCrm), 0));
}

// C6
#[test]
fn a_personal_contact_deleted_in_the_mailbox_is_deleted_in_the_crm() {
    let plan = World::new().plan(
        &link(Domain::PersonalContact, &ann(), &ann()),
        &there(&crm(Domain::PersonalContact, "c1", &ann())),
        &GONE,
    );
    assert!(deletes(&plan, Side::Crm));
}

// O2: pending edits are merged before the copy goes.
#[test]
fn removal_from_the_sync_list_merges_pending_edits_first() {
    let mut record = crm(Domain::BusinessContact, "c1", &ann());
    record.facts.on_sync_list = false;
    let mut edited = item();
    edited[0].1 = text("Anna");
    let plan = World::new().plan(
        &link(Domain::BusinessContact, &ann(), &item()),
        &there(&record),
        &there(&pim(Kind::Contact, "i1", &edited)),
    );
    assert_eq!(written(&plan, Side::Crm), ["first_name"]);
    assert!(deletes(&plan, Side::Pim));
    let After::Away(link) = &plan.after else { panic!("{:?}", plan.after) };
    assert_eq!(link.pim.base.get(&model::Path::parse("first_name").expect("a path")), Some(&text("Anna")));
}

// O2: what the CRM changed before the copy went is its change still when the copy comes back.
#[test]
fn a_crm_edit_that_never_reached_a_removed_copy_is_no_edit_of_the_mailbox_later() {
    let mut changed = ann();
    changed[0].1 = text("Anna");
    let mut record = crm(Domain::BusinessContact, "c1", &changed);
    record.facts.on_sync_list = false;
    let mut world = World::new();
    for forbidden in [false, true] {
        if forbidden {
            world.settings.domains.get_mut(&Domain::BusinessContact).expect("set").no_deletes = [Side::Pim].into();
        }
        let before = link(Domain::BusinessContact, &ann(), &item());
        let plan = world.plan(&before, &there(&record), &there(&pim(Kind::Contact, "i1", &item())));
        assert_eq!(written(&plan, Side::Pim), Vec::<String>::new());
        let (After::Away(after) | After::Linked(after)) = &plan.after else { panic!("{:?}", plan.after) };
        record.facts.on_sync_list = true;
        let awake = model::Link { sleep: None, ..(**after).clone() };
        let back = world.plan(&awake, &there(&record), &there(&pim(Kind::Contact, "i1", &item())));
        assert_eq!((written(&back, Side::Crm), written(&back, Side::Pim)), (vec![], vec!["first_name".to_owned()]));
        record.facts.on_sync_list = false;
    }
}

// O2, setting
#[test]
fn by_setting_a_removed_copy_stays() {
    let mut world = World::new();
    world.settings.keep_removed_copies = true;
    let mut record = crm(Domain::BusinessContact, "c1", &ann());
    record.facts.on_sync_list = false;
    let plan = world.plan(
        &link(Domain::BusinessContact, &ann(), &item()),
        &there(&record),
        &there(&pim(Kind::Contact, "i1", &item())),
    );
    assert!(!deletes(&plan, Side::Pim));
    assert_eq!(plan.after, After::Forget);
    assert_eq!(written(&plan, Side::Pim), ["categories"]);
    assert_eq!(value(&plan, Side::Pim, "categories"), Some(words(&["Friends"])), "without ours");
}

// O2: visibility lost for the grace time leaves the copy in the same two ways.
#[test]
fn a_copy_no_longer_visible_goes_or_stays_as_the_setting_says() {
    let mut record = crm(Domain::BusinessContact, "c1", &ann());
    record.facts.not_visible = true;
    let mut asleep = link(Domain::BusinessContact, &ann(), &item());
    let mut world = World::new();
    let since = world.now.checked_sub(jiff::SignedDuration::from_hours(25)).expect("a time");
    asleep.sleep = Some(model::Sleep { cause: SleepCause::NotVisible, since });
    let item = there(&pim(Kind::Contact, "i1", &item()));
    let plan = world.plan(&asleep, &there(&record), &item);
    assert!(deletes(&plan, Side::Pim) && matches!(&plan.after, After::Away(link) if link.sleep.is_none()));
    let unlisted = world.plan(&asleep, &Seen::Gone(Gone::Delisted), &item);
    assert!(deletes(&unlisted, Side::Pim) && matches!(unlisted.after, After::Away(_)));
    world.settings.keep_removed_copies = true;
    for gone in [there(&record), Seen::Gone(Gone::Delisted)] {
        let plan = world.plan(&asleep, &gone, &item);
        assert_eq!((written(&plan, Side::Pim), &plan.after), (vec!["categories".to_owned()], &After::Forget));
    }
}

// O2: without a mark nobody could find the copy in Deleted Items.
#[test]
fn a_copy_without_a_mark_is_not_put_aside() {
    let mut record = crm(Domain::BusinessContact, "c1", &ann());
    record.facts.on_sync_list = false;
    let mut unmarked = link(Domain::BusinessContact, &ann(), &item());
    unmarked.mark_key = String::new();
    let plan = World::new().plan(&unmarked, &there(&record), &there(&pim(Kind::Contact, "i1", &item())));
    assert!(deletes(&plan, Side::Pim));
    assert_eq!(plan.after, After::Forget);
}

// O2: back on the list, the copy is brought back and both sides are merged from the base it had.
#[test]
fn a_record_whose_copy_was_put_aside_brings_it_back() {
    let world = World::new();
    let before = link(Domain::BusinessContact, &ann(), &item());
    let mut renamed = ann();
    renamed[0].1 = text("Anna");
    let record = crm(Domain::BusinessContact, "c1", &renamed);
    let plan = plan::fresh::bring_back(Domain::BusinessContact, &record, &before);
    assert_eq!(plan.ops, [Op::Restore { mark_key: "c1~k".to_owned() }]);
    let After::Linked(link) = &plan.after else { panic!("{:?}", plan.after) };
    assert_eq!(link.crm.base, before.crm.base, "what the CRM changed meanwhile is still a change");
    // Put back by a person: linked as it was.
    let mut edited = self::item();
    edited[1].1 = text("Smythe");
    let plan = plan::fresh::back(&before, &record, &pim(Kind::Contact, "i2", &edited), &world.context());
    assert_eq!(
        (written(&plan, Side::Crm), written(&plan, Side::Pim)),
        (vec!["last_name".into()], vec!["first_name".into()])
    );
    assert!(matches!(&plan.after, After::Linked(link) if link.pim.id.as_str() == "i2"));
    assert_eq!(plan.conflicts, []);
}

// O4: a user who removes our category is not fought, and the record stays in sync (trap 124).
#[test]
fn a_removed_category_is_not_fought() {
    let without = ann();
    let mut renamed = ann();
    renamed[0].1 = text("Anna");
    let plan = World::new().plan(
        &link(Domain::BusinessContact, &ann(), &item()),
        &there(&crm(Domain::BusinessContact, "c1", &renamed)),
        &there(&pim(Kind::Contact, "i1", &without)),
    );
    assert_eq!(written(&plan, Side::Pim), ["first_name"]);
}

// O5: the change of the flag makes a business contact personal for this user alone.
#[test]
fn private_set_on_a_business_contact_makes_it_personal_and_leaves_the_business_record() {
    let mut private = item();
    private.retain(|(path, _)| *path != "private");
    private.push(("private", Value::Flag(true)));
    let plan = World::new().plan(
        &link(Domain::BusinessContact, &ann(), &item()),
        &there(&crm(Domain::BusinessContact, "c1", &ann())),
        &there(&pim(Kind::Contact, "i1", &private)),
    );
    assert!(matches!(&plan.ops[0], Op::Create { side: Side::Crm, domain: Domain::PersonalContact, .. }));
    assert_eq!(plan.ops.last(), Some(&Op::Delist));
    assert!(!deletes(&plan, Side::Crm), "the business record stays");
    assert_eq!(value(&plan, Side::Crm, "first_name"), Some(text("Ann")));
    let categories = plan.ops.iter().find_map(|op| match op {
        Op::Update { side: Side::Pim, changes, .. } => changes.values().next().cloned(),
        _ => None,
    });
    assert_eq!(categories, Some(words(&["Friends", "Siebel Personal Contact"])));
}

// O5: the flag that was always there is no change.
#[test]
fn a_private_flag_that_did_not_change_flips_nothing() {
    let mut private = item();
    private.retain(|(path, _)| *path != "private");
    private.push(("private", Value::Flag(true)));
    let plan = World::new().plan(
        &link(Domain::BusinessContact, &ann(), &private),
        &there(&crm(Domain::BusinessContact, "c1", &ann())),
        &there(&pim(Kind::Contact, "i1", &private)),
    );
    assert!(plan.ops.is_empty());
}

// C2: each postal address is one unit, company and location are one.
#[test]
fn an_address_merges_as_one() {
    let base = [("business_city", text("Ulm")), ("business_street", text("Weg 1")), ("first_name", text("Ann"))];
    let plan = World::new().plan(
        &link(Domain::BusinessContact, &base, &base),
        &there(&crm(
            Domain::BusinessContact,
            "c1",
            &[base[0].clone(), ("business_street", text("Weg 2")), base[2].clone()],
        )),
        &there(&pim(Kind::Contact, "i1", &[("business_city", text("Bonn")), base[1].clone(), base[2].clone()])),
    );
    assert_eq!(plan.conflicts.len(), 1, "street here and city there is one address changed twice");
    assert_eq!(written(&plan, Side::Pim), ["business_street", "business_city"]);
}

// C11, trap 56: clearing is a value of its own.
#[test]
fn a_cleared_field_is_cleared_on_the_other_side() {
    let cleared = [
        ("first_name", text("Ann")),
        ("last_name", text("Smith")),
        ("email1", Value::Null),
        ("private", Value::Flag(false)),
    ];
    let plan = World::new().plan(
        &link(Domain::BusinessContact, &ann(), &item()),
        &there(&crm(Domain::BusinessContact, "c1", &cleared)),
        &there(&pim(Kind::Contact, "i1", &item())),
    );
    assert_eq!(value(&plan, Side::Pim, "email1"), Some(Value::Null));
}

// O5: in the CRM its owner makes a personal contact business: the item gets the category and loses the flag.
#[test]
fn a_contact_made_business_in_the_crm_changes_its_sign_in_the_mailbox() {
    let mut private = ann();
    private.retain(|(path, _)| *path != "private");
    private.push(("private", Value::Flag(true)));
    private.push(("categories", words(&["Siebel Personal Contact", "Friends"])));
    let plan = World::new().plan(
        &link(Domain::PersonalContact, &ann(), &private),
        &there(&crm(Domain::BusinessContact, "c1", &ann())),
        &there(&pim(Kind::Contact, "i1", &private)),
    );
    assert_eq!(value(&plan, Side::Pim, "categories"), Some(words(&["Friends", "Siebel Contact"])));
    assert_eq!(value(&plan, Side::Pim, "private"), Some(Value::Flag(false)));
}
