//! What an administrator learns of one decision: which fields, on which side, by which rule (rules W1 to W3, C3, C9, D1).

use crate::build::*;
use model::settings::ConflictPolicy;
use model::{Domain, Fields, Form, Kind, Level, Path, Side, Value};
use plan::undo::{Act, Did, Stays};
use plan::{Op, Plan, Reason, explain, removal};
use std::collections::BTreeMap;

fn paths(of: &[(&str, Side)]) -> BTreeMap<Path, Side> {
    of.iter().map(|(path, side)| (Path::parse(path).expect("a path"), *side)).collect()
}

// D1, W2: what stands on one side alone is told with its field and its side, a line for each side that has any.
#[test]
fn a_local_change_is_told_with_its_field_and_its_side() {
    let told = explain::local(&paths(&[("subject", Side::Crm), ("location", Side::Pim), ("body", Side::Pim)]));
    assert_eq!(told.len(), 2);
    let (crm, pim) = (&told[0], &told[1]);
    assert!(crm.contains("the CRM") && crm.contains("subject") && crm.contains("(D1)"), "{crm}");
    assert!(!crm.contains("location") && !crm.contains("body"), "{crm}");
    assert!(pim.contains("the mailbox") && pim.contains("location") && pim.contains("body"), "{pim}");
    assert!(!pim.contains("subject"), "{pim}");
    let told = explain::local(&paths(&[("subject", Side::Pim)]));
    assert!(told.len() == 1 && told[0].contains("the mailbox"), "nothing is said of the CRM: {told:?}");
    assert!(explain::local(&paths(&[])).is_empty());
}

/// What a plan of a renamed appointment tells last.
fn last_told(level: Level, policy: ConflictPolicy, crm_says: &str, pim_says: &str) -> String {
    let base = [("subject", text("Lunch")), ("start", at("2026-12-01T10:00:00")), ("end", at("2026-12-01T11:00:00"))];
    let mut record = crm(Domain::Calendar, "c1", &base);
    let mut item = pim(Kind::Appointment, "i1", &base);
    record.fields.extend(fields(&[("subject", text(crm_says))]));
    item.fields.extend(fields(&[("subject", text(pim_says))]));
    let world = World::new().level(Domain::Calendar, level).policy(Domain::Calendar, policy);
    let plan = world.plan(&link(Domain::Calendar, &base, &base), &there(&record), &there(&item));
    explain::plan(&plan).pop().expect("a last line")
}

// W2, D1, C3: nobody is told that two copies agree that do not.
#[test]
fn copies_that_differ_are_not_said_to_agree() {
    for (level, policy, crm_says, pim_says, agree) in [
        (Level::FULL, ConflictPolicy::Crm, "Lunch", "Lunch", true),
        (Level::FULL, ConflictPolicy::Crm, "Dinner", "Supper", true),
        (Level::FULL, ConflictPolicy::Mailbox, "Dinner", "Supper", true),
        (Level::FULL, ConflictPolicy::Hold, "Dinner", "Supper", false),
        (Level::EXPORT, ConflictPolicy::Crm, "Lunch", "Supper", false),
        (Level::IMPORT, ConflictPolicy::Crm, "Dinner", "Lunch", false),
    ] {
        let told = last_told(level, policy, crm_says, pim_says);
        assert_eq!(told.contains("agree in the rest"), !agree, "{level} {policy:?} {crm_says} {pim_says}: {told}");
    }
}

// C9, W1: who will be written to is told by address, and silence is no sentence.
#[test]
fn who_is_written_to_is_told_by_address() {
    let told = explain::mail(&["bob@x.test".to_owned(), "eve@x.test".to_owned()]).expect("somebody is written to");
    assert!(["bob@x.test", "eve@x.test", "(C9)"].iter().all(|word| told.contains(word)), "{told}");
    assert_eq!(explain::mail(&[]), None);
    for (guests, words) in [(1, "writes to 1 guest of a private"), (2, "writes to 2 guests of a private")] {
        let told = explain::mail(&vec![explain::PRIVATE.to_owned(); guests]).expect("somebody is written to");
        assert!(told.contains(words) && told.contains("O7"), "{told}");
    }
}

// W1: every operation names its side, and what it changes there.
#[test]
fn every_operation_names_its_side() {
    let sides = [(Side::Crm, "CRM"), (Side::Pim, "mailbox")];
    for (side, named) in sides {
        let changes = fields(&[("subject", text("a")), ("location", text("b"))]);
        let create = Op::Create {
            side,
            domain: Domain::Calendar,
            fields: changes.clone(),
            form: Form::Own,
            global_id: None,
            locked: false,
            owner: None,
        };
        let told = explain::op(&create);
        assert!([named, "calendar", "2 fields"].iter().all(|word| told.contains(word)), "{told}");
        let told = explain::op(&Op::Update { side, changes, keep: Fields::new() });
        assert!([named, "subject", "location"].iter().all(|word| told.contains(word)), "{told}");
        let told = explain::op(&Op::Delete { side, after_new: None });
        assert!(told.contains(named), "{told}");
        assert_eq!(told.contains("Deleted Items"), side == Side::Pim, "the CRM has none: {told}");
    }
    let told = explain::op(&Op::Restore { mark_key: "c1~k".to_owned() });
    assert!(told.contains("Deleted Items") && told.contains("(O2)"), "{told}");
    for (op, rule) in [(Op::Enlist, "(O3)"), (Op::Delist, "(C6)"), (Op::Leave, "C6, D6"), (Op::Rejoin, "(C6)")] {
        let told = explain::op(&op);
        assert!(told.contains(rule), "{told}");
    }
    let flag = |locked| explain::op(&Op::Flag { global_id: Some("g".to_owned()), locked });
    assert!(flag(true).contains("(P6)") && flag(false).contains("(P1, P6)"));
}

// W3: when it was written last, and in which cycle, which is what an undo is asked for.
#[test]
fn the_last_write_is_told_with_its_time_and_cycle() {
    let now = World::new().now;
    for (did, side, words) in [
        (Did::Made, Side::Pim, "Made in the mailbox last"),
        (Did::Changed, Side::Crm, "Written in the CRM last"),
        (Did::Deleted, Side::Crm, "Deleted in the CRM last"),
        (Did::Delisted, Side::Crm, "Taken off the Sync List last"),
        (Did::Listed, Side::Crm, "Put on the Sync List last"),
        (Did::Left, Side::Crm, "Its user taken off it last"),
    ] {
        let told = explain::last_written(did, Some(side), now, "cycle-42", true);
        let all = [words, "2026-11-21T12:00:00Z", "cycle-42", "an undo of that cycle puts it back", "(W3)"];
        assert!(all.iter().all(|word| told.contains(word)), "{told}");
    }
    let told = explain::last_written(Did::Changed, Some(Side::Crm), now, "cycle-42", false);
    assert!(told.contains("no undo puts it back (W3)"), "{told}");
}

// W3: a person sees what an undo will write, delete and bring back, and where.
#[test]
fn an_undo_tells_what_it_writes_and_where() {
    for (side, named) in [(Side::Crm, "CRM"), (Side::Pim, "mailbox")] {
        let changes = fields(&[("subject", text("a")), ("location", text("b"))]);
        let told = explain::put_back(&Act::Put { side, changes, keep: Fields::new() });
        assert!([named, "subject", "location", "as before"].iter().all(|word| told.contains(word)), "{told}");
    }
    let taken = [Side::Crm, Side::Pim].map(|side| explain::put_back(&Act::TakeBack { side }));
    assert!(taken[0].contains("Delete the record in the CRM") && taken[1].contains("to Deleted Items"), "{taken:?}");
    assert!(taken.iter().all(|told| told.contains("made again once")), "and how it comes back: {taken:?}");
    let brought = [Side::Crm, Side::Pim]
        .map(|side| explain::put_back(&Act::BringBack { side, fields: Fields::new(), mark_key: None }));
    assert!(brought[0].contains("in the CRM again") && brought[1].contains("from Deleted Items"), "{brought:?}");
    let lists = [Act::Enlist, Act::Delist].map(|act| explain::put_back(&act));
    assert!(lists[0].contains("Put the user on") && lists[1].contains("Take the user off"), "{lists:?}");
}

// W3, L6: every answer why something stays has words of its own, and names the rule it follows.
#[test]
fn why_something_stays_is_said_in_words_of_its_own() {
    let all = [
        (Stays::ChangedSince, "changed it since"),
        (Stays::Forgotten, "history does not hold"),
        (Stays::NotThere, "not there"),
        (Stays::AsItWas, "as it was already"),
        (Stays::Follows, "next cycle"),
        (Stays::Level, "(L2, D1)"),
        (Stays::Forbidden, "(C7)"),
        (Stays::Exchanges, "(P6)"),
        (Stays::Left, "(C6, D6)"),
        (Stays::Owners, "(P5, D6)"),
        (Stays::NotVisible, "(O2)"),
        (Stays::Asleep, "(O10)"),
        (Stays::Refused, "refused it"),
    ];
    for (why, says) in all {
        assert!(explain::not_put_back(why).contains(says), "{why:?}");
    }
    let all = [
        (removal::Stays::BornThere, "(L6)"),
        (removal::Stays::Invitation, "(D6)"),
        (removal::Stays::Edited, "(C5)"),
        (removal::Stays::NotThere, "(C12)"),
        (removal::Stays::Unproven, "not readable now"),
    ];
    for (why, says) in all {
        assert!(explain::stays(why).contains(says), "{why:?}");
    }
}

// W2: what is true afterwards is told in every case, also where nothing was linked.
#[test]
fn what_becomes_of_a_record_is_told() {
    let told = |after| explain::plan(&Plan::of(Some(Domain::Calendar), after, Reason::New)).pop().expect("a last line");
    let aside = Box::new(link(Domain::BusinessContact, &[], &[]));
    for (after, says) in [
        (plan::After::Away(aside), "(O2)"),
        (plan::After::Forget, "dropped"),
        (plan::After::Stranger(Reason::Window), "(O9)"),
        (plan::After::Wait(Reason::Unread), "(M1)"),
        (plan::After::Quarantine("a zone nobody knows".to_owned()), "a zone nobody knows (E1)"),
        (plan::After::Ambiguous, "a person must decide (M1)"),
    ] {
        assert!(told(after.clone()).contains(says), "{says}: {}", told(after));
    }
    let new = plan::After::New {
        domain: Domain::Calendar,
        form: Form::Own,
        born: Side::Crm,
        crm: Fields::from([(Path::of(model::Field::Subject), Value::Null)]),
        pim: Fields::new(),
        global_id: None,
    };
    assert!(told(new).contains("one calendar record"));
}
