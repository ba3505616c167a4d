//! What is a sure sign of one record, and what keeps two apart (rules M1, M2, M4).

use crate::build::*;
use model::{Domain, Kind, MailboxId, Mark, Part, Path, Record, RecordId, Value};
use plan::matching::{Match, find};

fn is(id: &str) -> Match {
    Match::Is(RecordId::new(id))
}

fn new() -> Match {
    Match::New { doubles: Vec::new() }
}

fn doubles(ids: &[&str]) -> Match {
    Match::New { doubles: ids.iter().map(|id| RecordId::new(*id)).collect() }
}

fn ambiguous(mine: &[&str], theirs: &[&str]) -> Match {
    let ids = |of: &[&str]| of.iter().map(|id| RecordId::new(*id)).collect();
    Match::Ambiguous { mine: ids(mine), theirs: ids(theirs) }
}

fn meeting(id: &str, global_id: Option<&str>) -> Record {
    let mut record = crm(Domain::Calendar, id, &[("subject", text("Plan"))]);
    record.facts.global_id = global_id.map(str::to_owned);
    record
}

fn item(id: &str, mark: Option<&str>, global_id: Option<&str>) -> Record {
    let mut item = pim(Kind::Appointment, id, &[("subject", text("Plan"))]);
    item.facts.mark =
        mark.map(|key| Mark { mailbox: MailboxId::new("anna@crm.test"), epoch: 1, key: key.to_owned(), write_no: 1 });
    item.facts.global_id = global_id.map(str::to_owned);
    item
}

fn meet(record: &Record, mine: &[Record], theirs: &[Record]) -> Match {
    find(Domain::Calendar, record, mine, theirs)
}

// M4: a mark's key names the record, or is the key by which the record was made; either finds it from both sides.
#[test]
fn a_mark_or_the_key_of_a_create_finds_the_record_among_others() {
    let named = item("i2", Some("c1~k"), None);
    let others = [item("i1", None, None), named.clone()];
    assert_eq!(meet(&meeting("c1", None), &[], &others), is("i2"), "not the first one, but the marked one");
    assert_eq!(meet(&named, &[], &[meeting("c0", None), meeting("c1", None)]), is("c1"));
    let mut made = meeting("c9", None);
    made.facts.integration_key = Some("c1~k".to_owned());
    assert_eq!(meet(&made, &[], &others), is("i2"), "the key of its create");
    assert_eq!(meet(&named, &[], &[meeting("c0", None), made]), is("c9"));
}

// P1, P5: the global id finds the meeting whatever the mark says.
#[test]
fn the_same_global_id_is_the_same_meeting() {
    let theirs = [item("i1", None, Some("OTHER")), item("i2", None, Some("G"))];
    assert_eq!(meet(&meeting("c1", Some("G")), &[], &theirs), is("i2"));
    assert_eq!(meet(&theirs[1], &[], &[meeting("c0", Some("OTHER")), meeting("c1", Some("G"))]), is("c1"));
}

// M2: two global ids are two meetings; where one side has none yet, the subject and times decide.
#[test]
fn only_two_known_global_ids_keep_equal_meetings_apart() {
    for (of_record, of_item, found) in [
        (Some("G"), Some("OTHER"), new()),
        (Some("G"), None, is("i1")),
        (None, Some("OTHER"), is("i1")),
        (None, None, is("i1")),
    ] {
        assert_eq!(
            meet(&meeting("c1", of_record), &[], &[item("i1", None, of_item)]),
            found,
            "{of_record:?} {of_item:?}"
        );
    }
}

// M4, P5: a mark stands against another global id only in the owner's mailbox, where it is that of a person's copy.
#[test]
fn a_mark_holds_in_a_participants_mailbox_whatever_global_id_the_copy_has() {
    let marked = item("i1", Some("c1~k"), Some("OTHER"));
    let mut record = meeting("c1", Some("G"));
    assert_eq!(meet(&record, &[], std::slice::from_ref(&marked)), new());
    record.facts.part = Part::Participant;
    assert_eq!(meet(&record, &[], std::slice::from_ref(&marked)), is("i1"));
    record.facts.part = Part::Owner;
    for (of_record, of_item) in [(Some("G"), Some("G")), (None, Some("OTHER")), (Some("G"), None)] {
        let (record, marked) = (meeting("c1", of_record), item("i1", Some("c1~k"), of_item));
        assert_eq!(meet(&record, &[], &[item("i0", None, None), marked]), is("i1"), "{of_record:?} {of_item:?}");
    }
}

// M2: copies with one sign pair in order of their ids with the records that carry it; the rest are new.
#[test]
fn copies_with_one_sign_pair_in_order_of_their_ids() {
    let marked = |id: &str| item(id, Some("c1~k"), None);
    let (one, two) = (marked("i1"), marked("i2"));
    let all = [one.clone(), two.clone()];
    let theirs = [meeting("c1", None)];
    assert_eq!(meet(&one, &all, &theirs), is("c1"));
    assert_eq!(meet(&two, &all, &theirs), new(), "the record has its copy already");
    // An item with another sign, or none, is no rival.
    let stranger = [item("i0", None, None), item("i00", Some("c7~k"), None), two.clone()];
    assert_eq!(meet(&two, &stranger, &theirs), is("c1"));
    let mut twin = meeting("c2", None);
    twin.facts.integration_key = Some("c1~k".to_owned());
    assert_eq!(meet(&two, &all, &[meeting("c1", None), twin]), is("c2"), "the second takes the second");
}

fn contact(id: &str, pairs: &[(&str, &str)]) -> Record {
    let pairs: Vec<(&str, Value)> = pairs.iter().map(|(path, value)| (*path, text(value))).collect();
    crm(Domain::BusinessContact, id, &pairs)
}

fn card(id: &str, pairs: &[(&str, &str)]) -> Record {
    let pairs: Vec<(&str, Value)> = pairs.iter().map(|(path, value)| (*path, text(value))).collect();
    pim(Kind::Contact, id, &pairs)
}

fn who(record: &Record, mine: &[Record], theirs: &[Record]) -> Match {
    find(Domain::BusinessContact, record, mine, theirs)
}

const ANN: [(&str, &str); 2] = [("first_name", "Ann"), ("last_name", "Berg")];

// M1: several with one address and no name at all are nobody's match.
#[test]
fn an_address_shared_by_several_needs_a_name_that_is_there() {
    let nameless = |id: &str| card(id, &[("email1", "a@x.test")]);
    let named = card("i2", &[ANN[0], ANN[1], ("email1", "a@x.test")]);
    let record = contact("c1", &[("email1", "a@x.test")]);
    assert_eq!(who(&record, &[], &[nameless("i1"), named.clone()]), ambiguous(&["c1"], &["i1", "i2"]));
    let ann = contact("c1", &[ANN[0], ANN[1], ("email1", "a@x.test")]);
    assert_eq!(who(&ann, &[], &[nameless("i1"), named]), is("i2"));
}

// M1: names alone match only without an address on either side and without a contradiction; else they are a possible double.
#[test]
fn names_alone_match_one_on_each_side_without_address_or_contradiction() {
    let with = |more: (&'static str, &'static str)| [ANN[0], ANN[1], more];
    let ann = contact("c1", &ANN);
    assert_eq!(who(&ann, &[], &[card("i1", &ANN), card("i2", &[ANN[0], ("last_name", "Thal")])]), is("i1"));
    assert_eq!(who(&ann, &[], &[card("i1", &with(("email1", "a@x.test")))]), doubles(&["i1"]));
    assert_eq!(who(&contact("c1", &with(("email2", "a@x.test"))), &[], &[card("i1", &ANN)]), doubles(&["i1"]));
    assert_eq!(who(&contact("c1", &ANN[..1]), &[], &[card("i1", &ANN)]), new(), "half a name is none");
    for field in ["company", "work_phone", "work_phone2", "home_phone", "mobile_phone"] {
        let record = contact("c1", &with((field, "0301234567")));
        assert_eq!(who(&record, &[], &[card("i1", &with((field, "0309999999")))]), doubles(&["i1"]), "{field}");
        assert_eq!(who(&record, &[], &[card("i1", &with((field, "0301234567")))]), is("i1"), "{field}");
        assert_eq!(who(&record, &[], &[card("i1", &ANN)]), is("i1"), "{field}: one side alone says nothing against it");
        assert_eq!(who(&ann, &[], &[card("i1", &with((field, "0309999999")))]), is("i1"), "{field}");
    }
    let born = |mut record: Record, day: &str| {
        record.fields.insert(Path::parse("birthday").expect("a path"), Value::Day(day.parse().expect("a date")));
        record
    };
    let record = born(ann.clone(), "1980-02-29");
    assert_eq!(who(&record, &[], &[born(card("i1", &ANN), "1980-03-01")]), doubles(&["i1"]));
    assert_eq!(who(&record, &[], &[born(card("i1", &ANN), "1980-02-29")]), is("i1"));
}

// M1: exactly one on each side. A rival counts when it could be the same person: by name, without an address, uncontradicted.
#[test]
fn a_rival_of_the_same_name_makes_it_ambiguous_unless_something_tells_them_apart() {
    let ann = contact("c1", &ANN);
    let one = [card("i1", &[ANN[0], ANN[1], ("company", "Pacific")])];
    let rival = |pairs: &[(&str, &str)]| [contact("c2", pairs)];
    assert_eq!(who(&ann, &rival(&ANN), &one), ambiguous(&["c1", "c2"], &["i1"]));
    assert_eq!(who(&ann, &rival(&[ANN[0], ("last_name", "Thal")]), &one), is("i1"), "another name");
    assert_eq!(who(&ann, &rival(&[ANN[0], ANN[1], ("email1", "a@x.test")]), &one), is("i1"), "he has an address");
    assert_eq!(who(&ann, &rival(&[ANN[0], ANN[1], ("company", "Atlantic")]), &one), is("i1"), "another company");
    assert_eq!(who(&ann, &[], &[card("i1", &ANN), card("i2", &ANN)]), ambiguous(&["c1"], &["i1", "i2"]));
}

// M2, M4, trap 46: who copies an item copies its mark. The item was made before its copy, whatever their ids say; of what was
// made in one second it says the most of what the record says.
#[test]
fn of_an_item_and_its_copies_with_one_mark_the_item_is_the_one_made_first_and_then_the_likeliest() {
    let theirs = [meeting("c1", None)];
    let made = |id: &str, second: i64, subject: &str| {
        let mut item = item(id, Some("c1~k"), None);
        item.facts.created = jiff::Timestamp::from_second(second).ok();
        item.fields.extend(fields(&[("subject", text(subject))]));
        item
    };
    let pairs = [
        (made("i9", 1, "Changed"), made("i1", 2, "Plan")),
        (made("i9", 1, "Plan"), made("i1", 1, "Changed")),
        (made("i1", 1, "Changed"), made("i9", 1, "Changed")),
    ];
    for (one, copy) in pairs {
        let all = [copy.clone(), one.clone()];
        assert_eq!(meet(&one, &all, &theirs), is("c1"), "{one:?}");
        assert_eq!(meet(&copy, &all, &theirs), new(), "{copy:?}");
        assert_eq!(meet(&theirs[0], &[], &all), Match::Is(one.id), "from the record's side too");
    }
    // One of which nobody says when it was made is no older.
    let (mut one, copy) = (made("i1", 1, "Plan"), made("i9", 2, "Plan"));
    one.facts.created = None;
    assert_eq!(meet(&theirs[0], &[], &[one, copy]), is("i9"));
}
