//! The same record with one condition changed is explained otherwise, rule by rule, in sentences an administrator
//! understands (rule W2).

use crate::build::*;
use model::settings::{ConflictPolicy, ExtractStart};
use model::{Domain, Form, Gone, Kind, Level, Link, Part, Record, Response, Seen, Side, Sleep, SleepCause, Value};
use plan::explain::{Standing, standing};
use plan::scope::{admit_item, admit_record};
use plan::{Lead, Plan, explain};
use std::sync::Arc;

const TIMES: [(&str, &str); 2] = [("start", "2026-12-01T10:00:00"), ("end", "2026-12-01T11:00:00")];

fn says(subject: &str) -> Vec<(&'static str, Value)> {
    let mut pairs = vec![("subject", text(subject))];
    pairs.extend(TIMES.map(|(path, wall)| (path, at(wall))));
    pairs
}

/// A CRM appointment that is new, and what is told of it.
fn outward(change: impl FnOnce(&mut World, &mut Record)) -> String {
    told_of_new(Side::Crm, Domain::Calendar, change)
}

/// A mailbox appointment that is new, and what is told of it.
fn inward(change: impl FnOnce(&mut World, &mut Record)) -> String {
    told_of_new(Side::Pim, Domain::Calendar, change)
}

fn told_of_new(side: Side, domain: Domain, change: impl FnOnce(&mut World, &mut Record)) -> String {
    let mut world = World::new();
    let mut record = match side {
        Side::Crm => crm(domain, "c1", &says("Lunch")),
        Side::Pim => pim(domain.kind(), "i1", &says("Lunch")),
    };
    change(&mut world, &mut record);
    let judged = match side {
        Side::Crm => admit_record(&record, &world.context()),
        Side::Pim => admit_item(&record, &world.context()),
    };
    judged.map_or_else(explain::reason, |domain| format!("enters as {domain}"))
}

fn set_level(world: &mut World, level: Level) {
    world.levels.extend([(Domain::Calendar, level)]);
}

/// Each is the same record with one condition changed.
fn each(all: &[(&str, String)], plain: &str) {
    for (index, (sentence, told)) in all.iter().enumerate() {
        assert_eq!(told, sentence);
        assert_ne!(told, plain);
        assert!(all[..index].iter().all(|(_, earlier)| earlier != told), "said twice: {told}");
    }
}

// W2, D3, D4, O1, O2, O9, L2, C6, P6: out of the CRM.
#[test]
fn every_condition_that_keeps_a_record_in_the_crm_has_its_own_sentence() {
    let plain = outward(|_, _| {});
    assert_eq!(plain, "enters as calendar");
    let all = [
        ("The level does not permit this direction (L2).", outward(|world, _| set_level(world, Level::IMPORT))),
        (
            "Its display is neither the calendar nor the to-do list (D3).",
            outward(|_, record| record.facts.domain = None),
        ),
        (
            "Planned start and planned end are not both there (D4).",
            outward(|_, record| drop(record.fields.remove(&model::Path::of(model::Field::End)))),
        ),
        (
            "It lies before the extract start date (O9).",
            outward(|world, _| world.settings.extract_start = ExtractStart::Day("2027-01-01".parse().expect("a day"))),
        ),
        ("The user removed it from his calendar (C6).", outward(|_, record| record.facts.hidden = true)),
        (
            "It was called off (C6).",
            outward(|_, record| record.fields.extend(fields(&[("cancelled", Value::Flag(true))]))),
        ),
        ("The user was taken off it (D6).", outward(|_, record| record.facts.part = Part::Former)),
        (
            "Exchange itself brings this meeting to its participants (P6).",
            outward(|_, record| record.facts.locked = true),
        ),
    ];
    each(&all, &plain);
    let listed = |change: fn(&mut World, &mut Record)| told_of_new(Side::Crm, Domain::BusinessContact, change);
    let plain = listed(|_, _| {});
    assert_eq!(plain, "enters as business_contact");
    let all = [
        ("It is not on the user's Sync List (O1).", listed(|_, record| record.facts.on_sync_list = false)),
        ("The user may not see it (O2).", listed(|_, record| record.facts.not_visible = true)),
    ];
    each(&all, &plain);
}

// W2, D6, D7, O3, O7, O9, L2, P3: into the CRM.
#[test]
fn every_condition_that_keeps_an_item_in_the_mailbox_has_its_own_sentence() {
    let plain = inward(|_, _| {});
    assert_eq!(plain, "enters as calendar");
    let private = |_: &mut World, item: &mut Record| item.fields.extend(fields(&[("private", Value::Flag(true))]));
    assert_eq!(inward(private), plain, "private alone keeps nothing out");
    let all = [
        ("The level does not permit this direction (L2).", inward(|world, _| set_level(world, Level::EXPORT))),
        (
            "It is an item of a class that is never touched (D7).",
            inward(|_, item| item.facts.class = "IPM.Note".to_owned()),
        ),
        (
            "Private records born in the mailbox are skipped (O7).",
            inward(|world, item| {
                private(world, item);
                world.of(Domain::Calendar).skip_private = true;
            }),
        ),
        (
            "It lacks the category that this domain requires (O7).",
            inward(|world, _| world.of(Domain::Calendar).category_required = true),
        ),
        (
            "It lacks a category that names an activity type (O7).",
            inward(|world, _| world.of(Domain::Calendar).type_required = true),
        ),
        (
            "It lies before the extract start date (O9).",
            inward(|world, _| world.settings.extract_start = ExtractStart::Day("2027-01-01".parse().expect("a day"))),
        ),
        (
            "The organiser's or another attendee's copy decides (P3).",
            inward(|world, item| {
                item.facts.received = true;
                world.lead = Lead::Another;
            }),
        ),
        (
            "The invitation comes from outside and was not accepted yet (P3).",
            inward(|world, item| {
                item.facts.received = true;
                item.facts.my_response = Some(Response::NotResponded);
                world.lead = Lead::Outsider;
            }),
        ),
    ];
    each(&all, &plain);
    let contact = |change: fn(&mut World, &mut Record)| {
        told_of_new(Side::Pim, Domain::BusinessContact, |world, item| {
            item.fields.extend(fields(&[("categories", words(&["Siebel Contact"]))]));
            change(world, item);
        })
    };
    let plain = contact(|_, _| {});
    assert_eq!(plain, "enters as business_contact");
    let recategorised = |word: &'static str| {
        told_of_new(Side::Pim, Domain::BusinessContact, |_, item| {
            item.fields.extend(fields(&[("categories", words(&[word]))]));
        })
    };
    let all = [
        ("It carries no category of ours (O3).", recategorised("Friends")),
        ("Employees are never imported (O3).", recategorised("Employee")),
    ];
    each(&all, &plain);
    let task = told_of_new(Side::Pim, Domain::Task, |_, item| item.facts.tracking_copy = true);
    assert_eq!(task, "It is the tracking copy of a task request (D6).");
}

/// A linked appointment, and what is told of it.
fn linked(change: impl FnOnce(&mut World, &mut Link, &mut Seen, &mut Seen)) -> Vec<String> {
    let mut world = World::new();
    let mut link = link(Domain::Calendar, &says("Lunch"), &says("Lunch"));
    let mut crm = there(&crm(Domain::Calendar, "c1", &says("Lunch")));
    let mut pim = there(&pim(Kind::Appointment, "i1", &says("Lunch")));
    change(&mut world, &mut link, &mut crm, &mut pim);
    let plan: Plan = world.plan(&link, &crm, &pim);
    explain::plan(&plan)
}

fn renamed(seen: &mut Seen, subject: &str) {
    if let Seen::Present(record) = seen {
        Arc::make_mut(record).fields.extend(fields(&[("subject", text(subject))]));
    }
}

// W2, C1, C3, C4, C5, C6, C7, C12, D1, D4, L6, O10, P6, P7: also for "nothing happened".
#[test]
fn every_answer_about_a_linked_record_names_its_rule() {
    let agrees = "The two copies are linked and agree.";
    assert_eq!(linked(|_, _, _, _| {}), ["Both sides agree.", agrees]);
    assert_eq!(
        linked(|_, _, crm, _| renamed(crm, "Dinner")),
        ["The CRM changed it (C1).", "Write subject in the mailbox.", agrees]
    );
    assert_eq!(
        linked(|_, _, _, pim| renamed(pim, "Dinner")),
        ["The mailbox changed it (C1).", "Write subject in the CRM.", agrees]
    );
    let both = |policy| {
        linked(move |world, _, crm, pim| {
            world.of(Domain::Calendar).conflict = policy;
            renamed(crm, "Dinner");
            renamed(pim, "Supper");
        })
    };
    for (policy, who) in [
        (ConflictPolicy::Crm, "the CRM's value stands, the mailbox's is kept in the history"),
        (ConflictPolicy::Mailbox, "the mailbox's value stands, the CRM's is kept in the history"),
        (ConflictPolicy::Hold, "nothing is written until a person chooses"),
    ] {
        assert!(both(policy).contains(&format!("Both sides differ in subject: {who} (C3).")), "{:?}", both(policy));
    }
    const GONE: Seen = Seen::Gone(Gone::Deleted);
    let pim_gone = |change: fn(&mut World, &mut Link, &mut Seen)| {
        linked(move |world, link, crm, pim| {
            *pim = GONE;
            change(world, link, crm);
        })
    };
    let asleep = |why: &str| vec![why.to_owned()];
    assert_eq!(
        pim_gone(|_, _, _| {}),
        ["It was deleted on the other side (C4).", "Delete it in the CRM.", "The link is dropped."]
    );
    let outlives = pim_gone(|_, _, crm| renamed(crm, "Dinner"));
    assert!(outlives[0].contains("the edit outlives the delete (C5)"), "{outlives:?}");
    let meeting = pim_gone(|_, _, crm| {
        if let Seen::Present(record) = crm {
            Arc::make_mut(record).facts.meeting = true;
        }
    });
    assert_eq!(meeting[0], "It was called off (C6).");
    let last = |told: Vec<String>| told.last().cloned().map_or_else(Vec::new, |line| asleep(&line));
    for (told, sentence) in [
        (
            pim_gone(|world, _, _| world.of(Domain::Calendar).no_deletes.extend([Side::Crm])),
            "The link sleeps: deletions are forbidden here (C7).",
        ),
        (
            pim_gone(|world, _, _| set_level(world, Level::EXPORT)),
            "The link sleeps: its copy was deleted; the record's next edit makes it again (D1).",
        ),
        (
            linked(|_, _, _, pim| *pim = Seen::Gone(Gone::Left)),
            "The link sleeps: the item is in another folder or the archive (C12).",
        ),
        (linked(|world, _, _, _| set_level(world, Level::NONE)), "The link sleeps: the level does not permit it (L6)."),
        (
            pim_gone(|_, link, crm| {
                link.form = Form::ParticipantCopy;
                if let Seen::Present(record) = crm {
                    Arc::make_mut(record).facts.part = Part::Participant;
                }
            }),
            "The link sleeps: the user deleted his copy, so it is hidden from his calendar in the CRM; taken back, it is shown again (C6).",
        ),
    ] {
        assert_eq!(last(told), [sentence]);
    }
}

// W2: no sentence without its rule, and every cause of a sleep has one of its own.
#[test]
fn every_sentence_names_a_rule() {
    let causes = [
        SleepCause::Level,
        SleepCause::NoTimes,
        SleepCause::Window,
        SleepCause::Filter,
        SleepCause::NotVisible,
        SleepCause::Left,
        SleepCause::ReceiverDeleted,
        SleepCause::DeleteForbidden,
        SleepCause::Private,
        SleepCause::TakenOff,
        SleepCause::KeptInCrm,
        SleepCause::Moved,
        SleepCause::Hidden,
        SleepCause::Restored,
        SleepCause::Removed,
        SleepCause::Tracked,
    ];
    let at = World::new().now;
    let mut sentences: Vec<String> = causes.map(|cause| explain::sleep(cause).to_owned()).into();
    let asleep = Sleep { cause: SleepCause::Window, since: at };
    sentences.push(explain::reason(plan::Reason::Asleep(asleep.cause)));
    let question = "q7".to_owned();
    sentences.extend(
        [
            Standing::Stopped("another mailbox (L1)".to_owned()),
            Standing::Trouble("no answer".to_owned()),
            Standing::Rests(at),
            Standing::Braked("too many".to_owned()),
            Standing::Quarantined("a zone nobody knows".to_owned(), at),
            Standing::Held { question: question.clone(), paths: vec!["subject".to_owned()] },
            Standing::Ambiguous { question: question.clone() },
            Standing::Double { question },
        ]
        .iter()
        .map(standing),
    );
    let number = |sentence: &str| {
        let inside = sentence.rsplit_once('(').and_then(|(_, rest)| rest.split_once(')'));
        inside.is_some_and(|(rule, end)| end == "." && rule.starts_with(|letter: char| "DLOMCRPEW".contains(letter)))
    };
    for (index, sentence) in sentences.iter().enumerate() {
        assert!(number(sentence), "{sentence}");
        assert!(!sentences[..index].contains(sentence), "said twice: {sentence}");
    }
}
