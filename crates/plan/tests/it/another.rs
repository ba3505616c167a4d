//! A contact whose record went and stands in the CRM anew (rules C5, M1, M3).

use crate::build::*;
use model::{Domain, Kind, Record, RecordId, Side, Value};
use plan::another::as_another;
use plan::{After, Op, Plan};

const AGREED: [(&str, &str); 3] = [("last_name", "Berg"), ("job_title", "Buyer"), ("nickname", "Ida")];

fn said(pairs: &[(&'static str, &str)]) -> Vec<(&'static str, Value)> {
    pairs.iter().map(|(path, word)| (*path, if word.is_empty() { Value::Null } else { text(word) })).collect()
}

/// A record that says this, found for an item that says this, once both had said what was agreed.
fn found(record: &[(&'static str, &str)], item: &[(&'static str, &str)], listed: bool) -> Plan {
    let domain = Domain::BusinessContact;
    let mut item_says = said(item);
    item_says.push(("categories", words(&["Siebel Contact"])));
    let mut agreed = said(&AGREED);
    agreed.push(("categories", words(&["Siebel Contact"])));
    let mut record: Record = crm(domain, "c2", &said(record));
    record.facts.on_sync_list = listed;
    let world = World::new();
    as_another(&link(domain, &said(&AGREED), &agreed), &record, &pim(Kind::Contact, "i1", &item_says), &world.context())
}

// C5, C2: what each side changed since goes over to the other.
#[test]
fn what_was_agreed_counts_for_the_record_that_stands_anew() {
    let plan = found(
        &[("last_name", "Berg"), ("job_title", "Chief"), ("nickname", "Ida")],
        &[("last_name", "Berger"), ("job_title", "Buyer"), ("nickname", "Ida")],
        true,
    );
    assert_eq!(
        (written(&plan, Side::Crm), written(&plan, Side::Pim)),
        (vec!["last_name".to_owned()], vec!["job_title".to_owned()])
    );
    assert!(plan.conflicts.is_empty() && !plan.ops.contains(&Op::Enlist));
    let After::Linked(link) = &plan.after else { panic!("{plan:?}") };
    assert_eq!((link.crm.id.clone(), link.domain), (RecordId::new("c2"), Domain::BusinessContact));
}

// M3, O1: what it says nothing of is filled in, as between strangers; and its user has it on his list before anything else.
#[test]
fn a_blank_of_the_record_that_stands_anew_overwrites_nothing() {
    let plan = found(
        &[("last_name", "Berg"), ("job_title", ""), ("nickname", "Ida")],
        &[("last_name", "Berg"), ("job_title", "Buyer"), ("nickname", "")],
        false,
    );
    assert_eq!(plan.ops.first(), Some(&Op::Enlist));
    assert_eq!(
        (value(&plan, Side::Crm, "job_title"), value(&plan, Side::Crm, "nickname")),
        (Some(text("Buyer")), Some(Value::Null))
    );
    assert_eq!(written(&plan, Side::Pim), Vec::<String>::new());
}
