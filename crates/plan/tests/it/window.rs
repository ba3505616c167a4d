//! The first day inside, series that run out, and who may pass (rules D3, D4, D7, O1, O7, O9, R3).

use crate::build::*;
use model::settings::ExtractStart;
use model::{Domain, Gone, Kind, Pattern, Range, Record, Recurrence, Seen, Side, SleepCause, Value};
use plan::Reason;
use plan::scope::{admit_item, admit_record, is_before, lacks_times, none_left};

const DUE: &str = "due_day";

fn day(day: &str) -> Value {
    Value::Day(day.parse().expect("a date"))
}

fn daily(range: Range) -> Value {
    Value::Rule(Recurrence { pattern: Pattern::Daily { interval: 1 }, range })
}

fn until(day: &str) -> Range {
    Range::Until(day.parse().expect("a date"))
}

/// Today is 21 November: what is 20 days back lies on 1 November.
fn twenty_days() -> World {
    let mut world = World::new();
    world.settings.extract_start = ExtractStart::DaysAgo(20);
    world
}

// O9: what ended, or was due, before the first day is outside; on the day itself it is inside.
#[test]
fn the_extract_start_is_the_first_day_inside() {
    let world = twenty_days();
    let outside = |domain: Domain, pairs: &[(&str, Value)]| is_before(domain, &fields(pairs), &world.context());
    let ends = |end: &str| [("start", at("2026-10-20T10:00:00")), ("end", at(end))];
    assert!(outside(Domain::Calendar, &ends("2026-10-31T23:00:00")));
    assert!(!outside(Domain::Calendar, &ends("2026-11-01T00:30:00")), "the day itself");
    assert!(!outside(Domain::Calendar, &ends("2026-11-05T10:00:00")));
    assert!(!outside(Domain::Calendar, &ends("2026-10-31T23:00:00")[..1]), "nothing says when it ended");
    assert!(outside(Domain::Task, &[(DUE, day("2026-10-31"))]));
    assert!(!outside(Domain::Task, &[(DUE, day("2026-11-01"))]));
    assert!(!outside(Domain::Task, &[]), "without a due date");
    assert!(!outside(Domain::BusinessContact, &ends("2026-10-01T10:00:00")), "contacts have no day");
}

// O9: a series counts by its last day, and one without an end is inside.
#[test]
fn a_series_is_outside_only_when_its_last_day_is() {
    let world = twenty_days();
    let series = |range: Range| {
        fields(&[("start", at("2026-10-01T10:00:00")), ("end", at("2026-10-01T11:00:00")), ("rule", daily(range))])
    };
    let todo = |range: Range| fields(&[(DUE, day("2026-10-01")), ("rule", daily(range))]);
    for (range, outside) in [(until("2026-10-31"), true), (until("2026-11-01"), false), (Range::NoEnd, false)] {
        assert_eq!(is_before(Domain::Calendar, &series(range.clone()), &world.context()), outside, "{range:?}");
        assert_eq!(is_before(Domain::Task, &todo(range.clone()), &world.context()), outside, "{range:?}");
    }
    let mut dayless = todo(until("2026-10-31"));
    dayless.remove(&model::Path::parse(DUE).expect("a path"));
    assert!(!is_before(Domain::Task, &dayless, &world.context()));
    assert!(!is_before(Domain::Calendar, &series(until("2026-10-31")), &World::new().context()), "nothing is set");
}

// O9, O10: a linked record leaves the window only when its base and both copies lie before it.
#[test]
fn a_linked_record_leaves_the_window_only_when_nothing_of_it_lies_inside() {
    let (old, now) = (at("2026-10-10T11:00:00"), at("2026-11-10T11:00:00"));
    let entry = |end: &Value| [("subject", text("S")), ("start", at("2026-10-10T10:00:00")), ("end", end.clone())];
    for (base, crm_end, pim_end, asleep) in
        [(&old, &old, &old, true), (&now, &old, &old, false), (&old, &now, &old, false), (&old, &old, &now, false)]
    {
        let link = link(Domain::Calendar, &entry(base), &entry(base));
        let record = crm(Domain::Calendar, "c1", &entry(crm_end));
        let item = pim(Kind::Appointment, "i1", &entry(pim_end));
        let plan = twenty_days().plan(&link, &there(&record), &there(&item));
        assert_eq!(sleeps(&plan).is_some(), asleep, "{plan:?}");
        assert!(!deletes(&plan, Side::Pim) && !deletes(&plan, Side::Crm));
        assert!(asleep == (sleeps(&plan) == Some(SleepCause::Window)));
    }
}

// O10: out of the window nothing is written, no delete either; an edit that brings what is left inside is worked on.
#[test]
fn what_left_the_window_is_not_deleted_because_its_other_copy_was() {
    let (old, now) = (at("2026-10-10T11:00:00"), at("2026-11-10T11:00:00"));
    let entry = |end: &Value| [("subject", text("S")), ("start", at("2026-10-10T10:00:00")), ("end", end.clone())];
    for (base, left, asleep) in [(&old, &old, true), (&now, &old, false), (&old, &now, false)] {
        let link = link(Domain::Calendar, &entry(base), &entry(base));
        let record = crm(Domain::Calendar, "c1", &entry(left));
        let item = pim(Kind::Appointment, "i1", &entry(left));
        let gone = model::Seen::Gone(Gone::Deleted);
        let in_mailbox = twenty_days().plan(&link, &there(&record), &gone);
        let in_crm = twenty_days().plan(&link, &gone, &there(&item));
        for plan in [&in_mailbox, &in_crm] {
            assert_eq!(sleeps(plan) == Some(SleepCause::Window), asleep, "{plan:?}");
            assert_eq!(plan.ops.is_empty(), asleep, "{plan:?}");
        }
    }
}

fn series(off: &[(&str, &str, &str)], rule: Value) -> Record {
    let mut record = crm(
        Domain::Calendar,
        "c1",
        &[("start", at("2026-12-01T10:00:00")), ("end", at("2026-12-01T11:00:00")), ("rule", rule)],
    );
    for (day, field, says) in off {
        let path = format!("occurrence({day}T10:00:00).{field}");
        record.fields.insert(model::Path::parse(&path).expect("a path"), text(says));
    }
    record
}

// R3: a series has nothing left when every single day of it was called off, and only then.
#[test]
fn a_series_has_nothing_left_when_every_day_of_it_is_called_off() {
    let two = || daily(Range::Count(2));
    let (one, other) = (("2026-12-01", "state", "cancelled"), ("2026-12-02", "state", "cancelled"));
    let left = |off: &[(&str, &str, &str)], rule: Value| !none_left(&series(off, rule).fields);
    assert!(!left(&[one, other], two()));
    assert!(left(&[one], two()));
    assert!(left(&[], two()));
    assert!(left(&[one, ("2026-12-02", "state", "modified")], two()), "it takes place otherwise");
    assert!(left(&[one, ("2026-12-02", "subject", "cancelled")], two()), "its title says so, and nothing else");
    assert!(left(&[one, other], daily(Range::Count(3))));
    let foreign = || Value::Rule(Recurrence { pattern: Pattern::Foreign { text: "odd".into() }, range: Range::NoEnd });
    assert!(left(&[], foreign()), "whose days nobody here can tell");
    let mut single = series(&[], two());
    single.fields.remove(&model::Path::parse("rule").expect("a path"));
    assert!(!none_left(&single.fields), "no series at all");
}

// D4: both planned times, and neither blank.
#[test]
fn an_activity_needs_both_its_times() {
    let (start, end) = (("start", at("2026-12-01T10:00:00")), ("end", at("2026-12-01T11:00:00")));
    assert!(!lacks_times(&fields(&[start.clone(), end.clone()])));
    for some in [vec![start.clone()], vec![end.clone()], vec![], vec![start, ("end", Value::Null)]] {
        assert!(lacks_times(&fields(&some)));
    }
}

// D7: a class is known by its beginning, without case; a side that tells none keeps nothing out.
#[test]
fn an_item_enters_by_the_beginning_of_its_class() {
    let judge = |class: &str| {
        let mut item = pim(Kind::Task, "i", &[("subject", text("T"))]);
        item.facts.class = class.to_owned();
        admit_item(&item, &World::new().context())
    };
    for class in ["IPM.Task", "ipm.task.custom", ""] {
        assert_eq!(judge(class), Ok(Domain::Task), "{class:?}");
    }
    for class in ["IPM.Note", "IPM", "IPM.Appointment"] {
        assert_eq!(judge(class), Err(Reason::ForeignClass), "{class:?}");
    }
}

// O7: each filter by itself, and none of them keeps out what it does not ask about.
#[test]
fn each_filter_asks_one_thing() {
    let judge = |set: fn(&mut model::settings::DomainSettings), pairs: &[(&str, Value)]| {
        let mut world = World::new();
        set(world.of(Domain::Task));
        admit_item(&pim(Kind::Task, "i", pairs), &world.context())
    };
    let private = ("private", Value::Flag(true));
    let (word, kind) = (("categories", words(&["Siebel Task"])), ("activity_type", text("Call")));
    assert_eq!(judge(|of| of.skip_private = true, &[]), Ok(Domain::Task));
    assert_eq!(judge(|of| of.skip_private = true, std::slice::from_ref(&private)), Err(Reason::Private));
    assert_eq!(judge(|of| of.category_required = true, &[]), Err(Reason::CategoryRequired));
    assert_eq!(judge(|of| of.category_required = true, &[word.clone(), private]), Ok(Domain::Task));
    assert_eq!(judge(|of| of.type_required = true, &[word]), Err(Reason::TypeRequired));
    assert_eq!(judge(|of| of.type_required = true, &[kind]), Ok(Domain::Task));
    assert_eq!(judge(|_| {}, &[]), Ok(Domain::Task));
}

// O1, O2, D3: a record goes out as what it is shown as, listed and visible.
#[test]
fn a_record_goes_out_where_it_is_shown_listed_and_visible() {
    let judge = |change: fn(&mut Record)| {
        let mut record = crm(Domain::BusinessContact, "c", &[("last_name", text("Berg"))]);
        change(&mut record);
        admit_record(&record, &World::new().context())
    };
    assert_eq!(judge(|_| {}), Ok(Domain::BusinessContact));
    assert_eq!(judge(|record| record.facts.not_visible = true), Err(Reason::NotVisible));
    assert_eq!(judge(|record| record.facts.on_sync_list = false), Err(Reason::NotListed));
    assert_eq!(judge(|record| record.facts.domain = None), Err(Reason::ShownNowhere));
    assert_eq!(judge(|record| record.kind = Kind::Task), Err(Reason::ShownNowhere), "another kind than its domain's");
}

// C4, C12, L6: where both copies are gone, or one proves nothing, nothing is written.
#[test]
fn copies_that_are_gone_on_both_sides_are_forgotten() {
    let link = link(Domain::Task, &[("subject", text("T"))], &[("subject", text("T"))]);
    let plan = World::new().plan(&link, &Seen::Gone(Gone::Deleted), &Seen::Gone(Gone::Deleted));
    assert_eq!((plan.ops.len(), plan.after), (0, plan::After::Forget));
}
