//! What is put back and what stays, one condition at a time (rules W3, C2, C6, C7, O5, P6, P7).

use crate::build::*;
use crate::undo::*;
use model::{Domain, Gone, Level, Path, Pattern, Range, Recurrence, Seen, Side, Sleep, SleepCause, Value};
use plan::undo::{Act, Copies, Did, Follows, Said, Stays, Undo, undo};
use std::collections::BTreeSet;

const CALENDAR: Domain = Domain::Calendar;

fn path(name: &str) -> Path {
    Path::parse(name).expect("a path")
}

fn one(side: Side, name: &str, from: Value, to: Value) -> Said {
    said(side, Did::Changed, &[(name, from)], &[(name, to)])
}

/// Both sides show and agree on it.
fn agreed(pairs: &[(&str, Value)]) -> Linked {
    let mut it = linked("New");
    for fields in [&mut it.link.crm.base, &mut it.link.pim.base, &mut it.crm.fields, &mut it.pim.fields] {
        fields.extend(self::fields(pairs));
    }
    it
}

fn took_back(undo: &Undo) -> Vec<Side> {
    let of = |act: &Act| match act {
        Act::TakeBack { side } => Some(*side),
        _ => None,
    };
    undo.acts.iter().filter_map(of).collect()
}

// W3: every word of the history that wrote something can be put back; others wrote nothing.
#[test]
fn the_words_of_the_history_say_what_was_done() {
    let known = [
        ("create", Did::Made),
        ("restore", Did::Made),
        ("update", Did::Changed),
        ("delete", Did::Deleted),
        ("delist", Did::Delisted),
        ("enlist", Did::Listed),
        ("leave", Did::Left),
    ];
    for (word, did) in known {
        assert_eq!(Did::of(word), Some(did), "{word}");
    }
    assert_eq!((Did::of("set_back"), Did::of("")), (None, None));
}

// W3, C8: an act is counted on the side it writes; the Sync List is the CRM's.
#[test]
fn an_act_is_written_on_its_side() {
    for side in Side::BOTH {
        assert_eq!(Act::TakeBack { side }.side(), side);
    }
    assert_eq!((Act::Enlist.side(), Act::Delist.side()), (Side::Crm, Side::Crm));
}

// W3: what was made goes again unless the same copy, or any value, was written since.
#[test]
fn a_copy_that_was_made_is_touched_by_what_was_done_to_it_since() {
    let made = || said(Side::Pim, Did::Made, &[], &plan_of("New"));
    let since = |side: Side, did: Did| linked("New").undo(&[made(), later(said(side, did, &[], &[]))]);
    for (side, did) in
        [(Side::Pim, Did::Made), (Side::Pim, Did::Deleted), (Side::Pim, Did::Changed), (Side::Crm, Did::Changed)]
    {
        assert_eq!(why(&since(side, did)), [Stays::ChangedSince], "{side:?} {did:?}");
    }
    for (side, did) in [(Side::Crm, Did::Made), (Side::Crm, Did::Deleted), (Side::Crm, Did::Listed)] {
        assert_eq!(took_back(&since(side, did)), [Side::Pim], "{side:?} {did:?}");
    }
    let before = later(said(Side::Pim, Did::Deleted, &[], &[]));
    assert_eq!(took_back(&linked("New").undo(&[before, made()])), [Side::Pim], "what was before is no change since");
    // Touched on either side since both agreed.
    for side in Side::BOTH {
        assert_eq!(why(&linked("New").shows(side, "Mine").undo(&[made()])), [Stays::ChangedSince], "{side:?}");
    }
}

// W3, P6: a copy of Exchange's meeting is not taken back, by whatever it is known.
#[test]
fn a_copy_that_exchange_owns_is_not_taken_back() {
    let stays = |change: fn(&mut model::Facts)| {
        let mut it = linked("New");
        change(&mut it.pim.facts);
        why(&it.undo(&[said(Side::Pim, Did::Made, &[], &plan_of("New"))]))
    };
    assert_eq!(stays(|facts| facts.locked = true), [Stays::Exchanges]);
    assert_eq!(stays(|facts| facts.requests_sent = true), [Stays::Exchanges]);
    assert_eq!(stays(|facts| facts.received = true), [Stays::Exchanges]);
}

// W3: what somebody else's undoing takes from the CRM leads; only the mailbox's copy follows it by itself.
#[test]
fn the_crm_leads_and_the_mailbox_follows() {
    let gone = Follows { paths: BTreeSet::new(), gone: true };
    let made = said(Side::Crm, Did::Made, &[], &plan_of("New"));
    assert_eq!(took_back(&linked("New").follow(&[made], &gone)), [Side::Crm]);
    assert!(put(&linked("New").follow(&[changed(Side::Crm, "Old", "New")], &gone), Side::Crm).is_some());
    let subject = Follows { paths: BTreeSet::from([path("subject")]), gone: false };
    assert!(put(&linked("New").follow(&[changed(Side::Crm, "Old", "New")], &subject), Side::Crm).is_some());
    let place = Follows { paths: BTreeSet::from([path("location")]), gone: false };
    assert!(
        put(&linked("New").follow(&[changed(Side::Pim, "Old", "New")], &place), Side::Pim).is_some(),
        "another field"
    );
}

fn back(crm: &Seen, pim: &Seen, said: &[Said], world: &World) -> Undo {
    let now = Copies { crm: Some(crm), pim: Some(pim), elsewhere: None };
    undo(CALENDAR, None, &now, said, &Follows::default(), &world.context())
}

fn returned(undo: &Undo) -> Vec<(Side, usize)> {
    let of = |act: &Act| match act {
        Act::BringBack { side, fields, .. } => Some((*side, fields.len())),
        _ => None,
    };
    undo.acts.iter().filter_map(of).collect()
}

fn deleted(side: Side, key: Option<&str>) -> Said {
    let mut line = said(side, Did::Deleted, &plan_of("Plan"), &[]);
    line.mark_key = key.map(str::to_owned);
    line
}

const GONE: Seen = Seen::Gone(Gone::Deleted);

// W3: what was made or deleted again since stays; what was done on the other side, or before, is no reason.
#[test]
fn a_deleted_copy_comes_back_unless_it_was_made_or_deleted_again() {
    let world = World::new();
    let since = |side, did| back(&GONE, &GONE, &[deleted(Side::Crm, None), later(said(side, did, &[], &[]))], &world);
    assert_eq!(why(&since(Side::Crm, Did::Deleted)), [Stays::ChangedSince]);
    for (side, did) in [(Side::Pim, Did::Deleted), (Side::Crm, Did::Changed), (Side::Crm, Did::Listed)] {
        assert_eq!(returned(&since(side, did)), [(Side::Crm, 3)], "{side:?} {did:?}");
    }
    for stays in [Gone::Delisted, Gone::NotVisible] {
        assert_eq!(why(&back(&Seen::Gone(stays), &GONE, &[deleted(Side::Crm, None)], &world)), [Stays::NotVisible]);
    }
    for stays in [Gone::OutOfWindow, Gone::Merged] {
        assert_eq!(why(&back(&Seen::Gone(stays), &GONE, &[deleted(Side::Crm, None)], &world)), [Stays::ChangedSince]);
    }
    let unknown = Seen::Gone(Gone::Unknown);
    assert_eq!(returned(&back(&unknown, &GONE, &[deleted(Side::Crm, None)], &world)), [(Side::Crm, 3)]);
}

// W3, O8: an item whose values nobody kept comes back by its mark; a record needs its values.
#[test]
fn an_item_comes_back_by_its_mark_though_its_values_are_forgotten() {
    let world = World::new();
    let empty = |side, key: Option<&str>| Said { before: Default::default(), ..deleted(side, key) };
    assert_eq!(returned(&back(&GONE, &GONE, &[empty(Side::Pim, Some("c1~k"))], &world)), [(Side::Pim, 0)]);
    assert_eq!(why(&back(&GONE, &GONE, &[empty(Side::Pim, None)], &world)), [Stays::Forgotten]);
    assert_eq!(returned(&back(&GONE, &GONE, &[deleted(Side::Pim, Some("c1~k"))], &world)), [(Side::Pim, 3)]);
}

// W3, D1: the item comes back with its record where it went, has a mark, and may be written; once.
#[test]
fn an_item_comes_back_with_its_record() {
    let world = World::new();
    let record = || deleted(Side::Crm, Some("c1~k"));
    assert_eq!(returned(&back(&GONE, &GONE, &[record()], &world)), [(Side::Crm, 3), (Side::Pim, 0)]);
    assert_eq!(returned(&back(&GONE, &GONE, &[deleted(Side::Crm, None)], &world)), [(Side::Crm, 3)], "no mark");
    let stands = there(&pim(model::Kind::Appointment, "i1", &plan_of("Plan")));
    assert_eq!(returned(&back(&GONE, &stands, &[record()], &world)), [(Side::Crm, 3)], "it is there");
    let import = World::new().level(CALENDAR, Level::IMPORT);
    assert_eq!(returned(&back(&GONE, &GONE, &[record()], &import)), [(Side::Crm, 3)], "nothing goes out");
    let both = [record(), deleted(Side::Pim, Some("c1~k"))];
    assert_eq!(returned(&back(&GONE, &GONE, &both, &world)), [(Side::Crm, 3), (Side::Pim, 3)], "by its own line");
    let not_wished = [record(), later(said(Side::Pim, Did::Deleted, &[], &[]))];
    assert_eq!(returned(&back(&GONE, &GONE, &not_wished, &world)), [(Side::Crm, 3), (Side::Pim, 0)]);
    let changed = [changed(Side::Pim, "Old", "Plan"), record()];
    assert!(returned(&back(&GONE, &GONE, &changed, &world)).contains(&(Side::Pim, 0)), "a change is no delete");
}

// W3, C9, O5: a copy comes back with what may be written there, and not with what is a sign of its domain or somebody else's.
#[test]
fn a_copy_comes_back_with_what_may_be_written_there() {
    let line = |side: Side, pairs: &[(&str, Value)]| said(side, Did::Deleted, pairs, &[]);
    let names = |domain: Domain, side: Side, pairs: &[(&str, Value)]| {
        let world = World::new().level(domain, Level::FULL);
        let now = Copies { crm: Some(&GONE), pim: Some(&GONE), elsewhere: None };
        let undo = undo(domain, None, &now, &[line(side, pairs)], &Follows::default(), &world.context());
        let of = |act: &Act| match act {
            Act::BringBack { fields, .. } => fields.keys().map(ToString::to_string).collect(),
            _ => Vec::new(),
        };
        undo.acts.iter().flat_map(of).collect::<Vec<_>>()
    };
    let activity = [
        ("subject", text("Plan")),
        ("location", text("")),
        ("categories", words(&["x"])),
        ("private", Value::Flag(true)),
        ("cancelled", Value::Flag(true)),
        ("organizer", text("bob")),
        ("attendees", people(&["bob"])),
    ];
    for side in Side::BOTH {
        assert_eq!(names(CALENDAR, side, &activity), ["categories", "private", "subject"], "{side:?}");
    }
    let contact = [("last_name", text("Berg")), ("categories", words(&["x"])), ("private", Value::Flag(true))];
    assert_eq!(names(Domain::BusinessContact, Side::Crm, &contact), ["last_name"]);
    assert!(names(Domain::BusinessContact, Side::Pim, &contact).contains(&"categories".to_owned()), "his own words");
}

// W3: a record that is gone is not made beside the one that its item shows by now, nor beside the one of an earlier undoing.
#[test]
fn what_stands_elsewhere_by_now_is_not_put_back_once_more() {
    let lines = [said(Side::Crm, Did::Deleted, &[("subject", text("Plan"))], &[])];
    let world = World::new().level(CALENDAR, Level::FULL);
    for elsewhere in [None, Some(Stays::ChangedSince), Some(Stays::AsItWas)] {
        let now = Copies { crm: Some(&GONE), pim: Some(&GONE), elsewhere };
        let undo = undo(CALENDAR, None, &now, &lines, &Follows::default(), &world.context());
        assert_eq!(undo.acts.is_empty(), elsewhere.is_some(), "{elsewhere:?}");
        let why = undo.stays.iter().map(|(side, _, why)| (*side, *why)).next();
        assert_eq!(why, elsewhere.map(|why| (Side::Crm, why)));
    }
}

// W3: of what was changed before it was deleted, the lines that are put back on that side count, the oldest first.
#[test]
fn a_deleted_copy_has_the_oldest_values_that_are_put_back() {
    let subject = |lines: &[Said]| {
        let undo = back(&GONE, &GONE, lines, &World::new());
        let of = |act: &Act| match act {
            Act::BringBack { side: Side::Crm, fields, .. } => fields.get(&path("subject")).cloned(),
            _ => None,
        };
        undo.acts.iter().find_map(of)
    };
    let gone = || deleted(Side::Crm, None);
    let lines = [changed(Side::Crm, "A", "B"), changed(Side::Crm, "B", "Plan"), gone()];
    assert_eq!(subject(&lines), Some(text("A")));
    assert_eq!(subject(&[later(changed(Side::Crm, "A", "Plan")), gone()]), Some(text("Plan")), "not to be put back");
    assert_eq!(subject(&[changed(Side::Pim, "A", "Plan"), gone()]), Some(text("Plan")), "written on the other side");
    let made = said(Side::Crm, Did::Listed, &[("subject", text("A"))], &[]);
    assert_eq!(subject(&[made, gone()]), Some(text("Plan")), "no change of values");
    assert_eq!(subject(&[gone(), changed(Side::Crm, "A", "Plan")]), Some(text("Plan")), "after it");
}

// W3, C6: the list goes back by the first wished line that speaks of it.
#[test]
fn the_list_goes_back_where_the_user_sees_the_record() {
    let domain = Domain::BusinessContact;
    let world = World::new();
    let asked = |crm: Option<&Seen>, line: Said| {
        let now = Copies { crm, pim: None, elsewhere: None };
        undo(domain, None, &now, &[line], &Follows::default(), &world.context())
    };
    let line = |did| said(Side::Crm, did, &[], &[]);
    assert!(matches!(asked(Some(&Seen::Gone(Gone::Delisted)), line(Did::Delisted)).acts.as_slice(), [Act::Enlist]));
    assert_eq!(why(&asked(Some(&Seen::Gone(Gone::NotVisible)), line(Did::Delisted))), [Stays::NotVisible]);
    assert_eq!(why(&asked(Some(&GONE), line(Did::Listed))), [Stays::NotThere]);
    assert_eq!(why(&asked(None, line(Did::Listed))), [Stays::NotThere]);
    let unwished = asked(Some(&Seen::Gone(Gone::Delisted)), later(line(Did::Delisted)));
    assert!(unwished.acts.is_empty() && unwished.stays.is_empty(), "nobody asked for it");
}

// W3, O5: a contact's category and flag say what it is, and are no values to put back; an activity's are.
#[test]
fn a_contacts_sign_is_not_put_back() {
    let line = || one(Side::Pim, "categories", words(&["Old"]), words(&["New"]));
    let activity = agreed(&[("categories", words(&["New"]))]);
    assert!(put(&activity.undo(&[line()]), Side::Pim).is_some());
    let mut contact = agreed(&[("categories", words(&["New"]))]);
    let domain = Domain::BusinessContact;
    (contact.link.domain, contact.link.kind, contact.crm.facts.domain) = (domain, domain.kind(), Some(domain));
    (contact.crm.kind, contact.pim.kind) = (domain.kind(), domain.kind());
    let (crm, pim) = (there(&contact.crm), there(&contact.pim));
    let now = Copies { crm: Some(&crm), pim: Some(&pim), elsewhere: None };
    let undo = undo(domain, Some(&contact.link), &now, &[line()], &Follows::default(), &contact.world.context());
    assert!(undo.acts.is_empty());
}

// W3: what the history forgot is told on its own side, and the rest goes on.
#[test]
fn what_is_forgotten_on_one_side_keeps_nothing_else_back() {
    let forgotten = said(Side::Pim, Did::Changed, &[], &[("location", text("Hall"))]);
    let undo = linked("New").undo(&[forgotten, changed(Side::Crm, "Old", "New")]);
    assert!(put(&undo, Side::Crm).is_some());
    let told: Vec<_> = undo.stays.iter().map(|(side, paths, why)| (*side, paths.len(), *why)).collect();
    assert_eq!(told, [(Side::Pim, 1, Stays::Forgotten)]);
}

// W3: the copy itself, its link, and the other side's copy must be there.
#[test]
fn values_go_back_only_into_a_copy_that_stands() {
    let line = || changed(Side::Crm, "Old", "New");
    let it = linked("New");
    let (crm, pim) = (there(&it.crm), there(&it.pim));
    let asked = |link: Option<&model::Link>, crm: &Seen, pim: &Seen| {
        let now = Copies { crm: Some(crm), pim: Some(pim), elsewhere: None };
        undo(CALENDAR, link, &now, &[line()], &Follows::default(), &it.world.context())
    };
    assert!(put(&asked(Some(&it.link), &crm, &pim), Side::Crm).is_some());
    assert_eq!(why(&asked(None, &crm, &pim)), [Stays::NotThere]);
    assert_eq!(why(&asked(Some(&it.link), &GONE, &pim)), [Stays::NotThere]);
    assert_eq!(why(&asked(Some(&it.link), &crm, &GONE)), [Stays::ChangedSince], "deleted, and nobody noted it yet");
    // The receiver deleted its copy, and the link sleeps for that: the source is put back all the same.
    for (cause, free) in
        [(SleepCause::ReceiverDeleted, true), (SleepCause::DeleteForbidden, true), (SleepCause::Level, false)]
    {
        let link = model::Link { sleep: Some(Sleep { cause, since: it.world.now }), ..it.link.clone() };
        assert_eq!(put(&asked(Some(&link), &crm, &GONE), Side::Crm).is_some(), free, "{cause:?}");
        assert_eq!(why(&asked(Some(&link), &crm, &pim)), [Stays::Asleep], "{cause:?}: the copy stands");
    }
}

// W3: a later line is a change since only when it wrote the unit, and more than carried the change over.
#[test]
fn a_later_line_counts_by_what_it_wrote() {
    let line = || changed(Side::Crm, "Old", "New");
    let other_did = Said { did: Did::Listed, ..later(changed(Side::Crm, "New", "Mine")) };
    assert!(put(&linked("New").undo(&[line(), other_did]), Side::Crm).is_some(), "it wrote no value");
    let same_side = later(changed(Side::Crm, "New", "New"));
    assert_eq!(why(&linked("New").undo(&[line(), same_side])), [Stays::ChangedSince], "written there again");
    let unlike = later(changed(Side::Pim, "Old", "Else"));
    assert_eq!(why(&linked("New").undo(&[line(), unlike])), [Stays::ChangedSince], "not what was carried over");
    let both = later(said(Side::Pim, Did::Changed, &[], &[("subject", text("New")), ("location", text("Hall"))]));
    assert!(put(&linked("New").undo(&[line(), both]), Side::Crm).is_some(), "and another field besides");
}

// P6, P7: of a locked or sent meeting what is the user's own goes back.
#[test]
fn his_own_fields_of_exchanges_meeting_go_back() {
    let own = |side| one(side, "reminder", Value::Number(5), Value::Number(15));
    let mut sent = agreed(&[("reminder", Value::Number(15))]);
    (sent.pim.facts.requests_sent, sent.pim.facts.meeting, sent.crm.facts.locked) = (true, true, true);
    for side in Side::BOTH {
        assert!(put(&sent.undo(&[own(side)]), side).is_some(), "{side:?}");
        assert_eq!(why(&sent.undo(&[changed(side, "Old", "New")])), [Stays::Exchanges], "{side:?}");
    }
    // With mail on a sent meeting would be written to its guests: undoing writes to nobody. A plain one goes back.
    sent.world.of(CALENDAR).mail = true;
    sent.crm.facts.locked = false;
    assert_eq!(why(&sent.undo(&[changed(Side::Pim, "Old", "New")])), [Stays::Exchanges]);
    let lacks = |change: fn(&mut Linked)| {
        let mut it = linked("New");
        it.world.of(CALENDAR).mail = true;
        (it.pim.facts.requests_sent, it.pim.facts.meeting) = (true, true);
        change(&mut it);
        put(&it.undo(&[changed(Side::Pim, "Old", "New")]), Side::Pim).is_some()
    };
    assert!(lacks(|it| it.pim.facts.requests_sent = false) && lacks(|it| it.pim.facts.meeting = false));
    let mut crms = linked("New");
    crms.world.of(CALENDAR).mail = true;
    (crms.pim.facts.requests_sent, crms.pim.facts.meeting) = (true, true);
    assert!(put(&crms.undo(&[changed(Side::Crm, "Old", "New")]), Side::Crm).is_some(), "the CRM's own value");
}

// D1, W3: a field that the map does not write there stays.
#[test]
fn a_field_that_the_map_does_not_write_stays() {
    let mut it = linked("New");
    it.world.maps.get_mut(&CALENDAR).expect("a map").entries.retain(|entry| entry.field != model::Field::Subject);
    assert_eq!(why(&it.undo(&[changed(Side::Crm, "Old", "New")])), [Stays::Level]);
    it.world.maps.remove(&CALENDAR);
    assert_eq!(why(&it.undo(&[changed(Side::Crm, "Old", "New")])), [Stays::Level], "no map at all");
}

fn weekly() -> Value {
    let pattern = Pattern::Weekly { interval: 1, days: [1].into(), first_day: 1 };
    Value::Rule(Recurrence { pattern, range: Range::NoEnd })
}

// R3: exceptions are written again after what sets a series anew, and after nothing else.
#[test]
fn exceptions_stand_after_a_series_is_put_back() {
    let series = || {
        let mut it = agreed(&[("rule", weekly())]);
        for (fields, clock) in [
            (&mut it.link.crm.base, "00"),
            (&mut it.link.pim.base, "00"),
            (&mut it.crm.fields, "10"),
            (&mut it.pim.fields, "10"),
        ] {
            fields.insert(path(&format!("occurrence(2026-12-07T{clock}:00:00).subject")), text("Moved"));
            fields.insert(path(&format!("occurrence(2026-12-14T{clock}:00:00).state")), text("cancelled"));
        }
        it
    };
    let kept = |line: Said| {
        let undo = series().undo(&[line]);
        let of = |act: &Act| match act {
            Act::Put { side, keep, .. } => Some((*side, keep.len())),
            _ => None,
        };
        undo.acts.iter().find_map(of)
    };
    let moved = [("start", at("2026-11-30T09:00")), ("end", at("2026-11-30T10:00"))];
    let now = [("start", at("2026-11-30T10:00")), ("end", at("2026-11-30T11:00"))];
    assert_eq!(kept(said(Side::Pim, Did::Changed, &moved, &now)), Some((Side::Pim, 2)), "its times");
    assert_eq!(kept(said(Side::Crm, Did::Changed, &moved, &now)), Some((Side::Crm, 0)), "the CRM keeps them itself");
    assert_eq!(kept(changed(Side::Pim, "Old", "New")), Some((Side::Pim, 0)), "a title");
    let off = "occurrence(2026-12-14T10:00:00).state";
    assert_eq!(kept(one(Side::Pim, off, Value::Null, text("cancelled"))), Some((Side::Pim, 2)), "one that comes back");
    let title = "occurrence(2026-12-07T10:00:00).subject";
    assert_eq!(
        kept(one(Side::Pim, title, Value::Null, text("Moved"))),
        Some((Side::Pim, 0)),
        "one as its series again"
    );
    assert_eq!(kept(one(Side::Pim, title, text("First"), text("Moved"))), Some((Side::Pim, 0)), "another title of one");
    // What a person changed since stays, and is named by when it begins.
    let mut since = series();
    since.pim.fields.insert(path(title), text("A person's"));
    let undo = since.undo(&[one(Side::Pim, title, Value::Null, text("Moved"))]);
    assert_eq!(undo.stays, [(Side::Pim, [path(title)].into(), Stays::ChangedSince)]);
}
