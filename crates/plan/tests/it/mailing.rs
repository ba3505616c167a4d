//! Whom a change of the CRM makes the server write to (rules C9, P6).

use crate::build::*;
use model::{Domain, Form, Kind, Part, Side, SleepCause, Value};
use plan::mailing::of_plan;
use plan::{After, Plan, Reason};

/// A meeting of three days hence whose invitations were sent, the CRM's changed place, and mail on.
struct Sent {
    world: World,
    link: model::Link,
    crm: model::Record,
    pim: model::Record,
}

fn sent() -> Sent {
    let base = [
        ("subject", text("Plan")),
        ("location", text("Room 1")),
        ("start", at("2026-11-24T10:00:00")),
        ("end", at("2026-11-24T11:00:00")),
        ("cancelled", Value::Flag(false)),
        ("reminder", Value::Number(15)),
        ("attendees", people(&["bob", "eve"])),
    ];
    let mut world = World::new();
    world.of(Domain::Calendar).mail = true;
    let link = link(Domain::Calendar, &base, &base);
    let mut crm = crm(Domain::Calendar, "c1", &base);
    crm.facts.meeting = true;
    crm.fields.insert(model::Path::parse("location").expect("a path"), text("Room 2"));
    let mut pim = pim(Kind::Appointment, "i1", &base);
    (pim.facts.meeting, pim.facts.requests_sent) = (true, true);
    Sent { world, link, crm, pim }
}

impl Sent {
    fn set(record: &mut model::Record, path: &str, value: Value) {
        record.fields.insert(model::Path::parse(path).expect("a path"), value);
    }

    fn plan(&self) -> Plan {
        self.world.plan(&self.link, &there(&self.crm), &there(&self.pim))
    }

    fn told(&self) -> Vec<String> {
        let plan = self.plan();
        let link = match &plan.after {
            After::Linked(link) => (**link).clone(),
            _ => self.link.clone(),
        };
        let people = of_plan(&plan, Some(&link), Some(&self.pim), &self.world.context());
        people.into_iter().map(|person| person.name).collect()
    }
}

// C9, P6
#[test]
fn guests_of_a_future_meeting_are_told_of_what_they_share() {
    let mut it = sent();
    assert_eq!(
        (written(&it.plan(), Side::Pim), it.told()),
        (vec!["location".to_owned()], vec!["bob".into(), "eve".into()])
    );
    // Whoever is added hears of it as well, and nobody without an address.
    let mut more = people(&["bob", "eve", "kim"]);
    if let Value::People(all) = &mut more {
        let nobody = model::Attendee { address: None, ..person("nobody") };
        all.insert(nobody.key(), nobody);
    }
    Sent::set(&mut it.crm, "attendees", more);
    assert_eq!(it.told(), ["bob", "eve", "kim"]);
}

// C9: each differs in one thing from what is told.
#[test]
fn nobody_is_told_when_one_condition_is_missing() {
    let mut past = sent();
    for record in [&mut past.crm, &mut past.pim] {
        Sent::set(record, "start", at("2026-11-20T10:00:00"));
        Sent::set(record, "end", at("2026-11-20T11:00:00"));
    }
    past.link.crm.base = past.pim.fields.clone();
    past.link.pim.base = past.pim.fields.clone();
    assert_eq!((written(&past.plan(), Side::Pim).len(), past.told().len()), (1, 0), "past: written, and nobody told");
    let mut revived = sent();
    revived.crm = past.crm.clone();
    assert_eq!(revived.told().len(), 2, "moved into the past: its guests wait in the future");
    let mut series = past;
    let rule =
        Value::Rule(model::Recurrence { pattern: model::Pattern::Daily { interval: 1 }, range: model::Range::NoEnd });
    for fields in [&mut series.crm.fields, &mut series.pim.fields, &mut series.link.crm.base, &mut series.link.pim.base]
    {
        fields.insert(model::Path::parse("rule").expect("a path"), rule.clone());
    }
    assert_eq!(series.told().len(), 2, "a series that goes on is not past");
    let mut unsent = sent();
    unsent.pim.facts.requests_sent = false;
    assert_eq!(unsent.told().len(), 0, "never asked");
    let mut own = sent();
    Sent::set(&mut own.crm, "location", text("Room 1"));
    Sent::set(&mut own.crm, "reminder", Value::Number(5));
    assert_eq!((written(&own.plan(), Side::Pim), own.told().len()), (vec!["reminder".to_owned()], 0), "her own");
    let mut received = sent();
    received.pim.facts.received = true;
    received.link.form = Form::Received;
    assert_eq!((received.plan().ops.len(), received.told().len()), (0, 0), "not the organiser");
    let mut off = sent();
    off.world.of(Domain::Calendar).mail = false;
    assert_eq!((written(&off.plan(), Side::Pim).len(), off.told().len()), (0, 0), "mail off: set back");
    let mut first = sent();
    first.world.mails = false;
    let plan = first.plan();
    assert_eq!((plan.ops.len(), first.told().len()), (0, 0), "a first or repeated cycle");
    let After::Linked(link) = plan.after else { panic!("linked") };
    assert_eq!(link.crm.base, first.link.crm.base, "the edit still waits");
}

// C9, P6, C6
#[test]
fn calling_off_in_the_crm_tells_the_guests_and_leaves_the_calendar() {
    let mut it = sent();
    Sent::set(&mut it.crm, "cancelled", Value::Flag(true));
    let plan = it.plan();
    assert!(deletes(&plan, Side::Pim) && plan.reasons.contains(&Reason::Cancelled));
    assert_eq!(it.told(), ["bob", "eve"]);
    let gone = it.world.plan(&it.link, &model::Seen::Gone(model::Gone::Deleted), &there(&it.pim));
    assert!(deletes(&gone, Side::Pim));
    assert_eq!(of_plan(&gone, Some(&it.link), Some(&it.pim), &it.world.context()).len(), 2);
    it.world.mails = false;
    let waits = it.world.plan(&it.link, &model::Seen::Gone(model::Gone::Deleted), &there(&it.pim));
    assert_eq!((waits.ops.len(), &waits.after), (0, &After::Wait(Reason::Quiet)));
    assert_eq!(it.plan().after, After::Wait(Reason::Quiet));
}

// P6, P8, D3: while nobody may be written to, what was sent stays in its organiser's calendar.
#[test]
fn what_was_sent_stays_in_its_organisers_calendar_while_mail_is_off() {
    let mut it = sent();
    it.world.of(Domain::Calendar).mail = false;
    it.crm.facts.domain = None;
    assert_eq!(sleeps(&it.plan()), Some(SleepCause::TakenOff), "shown elsewhere");
    it.crm.facts.domain = Some(Domain::Calendar);
    it.crm.facts.part = Part::Former;
    assert_eq!(sleeps(&it.plan()), Some(SleepCause::TakenOff), "given to somebody else");
    it.world.of(Domain::Calendar).mail = true;
    assert_eq!(sleeps(&it.plan()), Some(SleepCause::TakenOff), "his guests were asked by him");
}
