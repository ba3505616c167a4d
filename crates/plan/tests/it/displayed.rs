//! How a record leaves a mailbox, or changes what it is there: its display, its invitations, its domain (rules C7, C9, D1,
//! D3, O5, P6).

use crate::build::*;
use model::{Domain, Field, Kind, Level, Link, Path, Record, Side, SleepCause, Value};
use plan::{After, Op, Plan, Reason};

const PRIVATE: &str = "private";

fn base() -> [(&'static str, Value); 5] {
    [
        ("subject", text("Plan")),
        ("start", at("2026-11-24T10:00:00")),
        ("end", at("2026-11-24T11:00:00")),
        ("cancelled", Value::Flag(false)),
        ("attendees", people(&["bob"])),
    ]
}

/// A meeting whose invitations were sent, with mail on.
struct Sent {
    world: World,
    link: Link,
    crm: Record,
    pim: Record,
}

fn sent() -> Sent {
    let mut world = World::new();
    world.of(Domain::Calendar).mail = true;
    let mut crm = crm(Domain::Calendar, "c1", &base());
    crm.facts.meeting = true;
    let mut pim = pim(Kind::Appointment, "i1", &base());
    (pim.facts.meeting, pim.facts.requests_sent) = (true, true);
    Sent { world, link: link(Domain::Calendar, &base(), &base()), crm, pim }
}

impl Sent {
    fn plan(&self) -> Plan {
        self.world.plan(&self.link, &there(&self.crm), &there(&self.pim))
    }

    fn past(mut self) -> Sent {
        let then = fields(&[("start", at("2026-11-10T10:00:00")), ("end", at("2026-11-10T11:00:00"))]);
        for fields in [&mut self.crm.fields, &mut self.pim.fields, &mut self.link.crm.base, &mut self.link.pim.base] {
            fields.extend(then.clone());
        }
        self
    }

    fn called_off(mut self) -> Sent {
        self.crm.fields.insert(Path::of(Field::Cancelled), Value::Flag(true));
        self
    }

    fn shown(mut self, domain: Option<Domain>) -> Sent {
        self.crm.facts.domain = domain;
        self
    }
}

fn gone(after_new: Option<Kind>) -> Vec<Op> {
    vec![Op::Delete { side: Side::Pim, after_new }]
}

// D3, P6: shown as a to-do its new copy comes first, where to-dos go out; shown nowhere nothing comes after it.
#[test]
fn a_sent_meeting_that_is_shown_elsewhere_leaves_the_calendar_after_its_new_copy() {
    let todo = sent().shown(Some(Domain::Task)).plan();
    assert_eq!((todo.ops, todo.reasons), (gone(Some(Kind::Task)), vec![Reason::DisplayChanged]));
    let nowhere = sent().shown(None).plan();
    assert_eq!((nowhere.ops, nowhere.after), (gone(None), After::Forget));
    let mut closed = sent().shown(Some(Domain::Task));
    closed.world = closed.world.level(Domain::Task, Level::IMPORT);
    assert_eq!(closed.plan().ops, gone(None), "to-dos do not go out");
    let mut forbidden = sent().shown(Some(Domain::Task));
    forbidden.world.of(Domain::Calendar).no_deletes.insert(Side::Pim);
    assert_eq!((forbidden.plan().ops.len(), sleeps(&forbidden.plan())), (0, Some(SleepCause::DeleteForbidden)), "C7");
}

// C9, C6: called off in the CRM it leaves the calendar with a word to its guests; where nobody is left to tell, it stays.
#[test]
fn a_sent_meeting_that_is_called_off_goes_where_its_guests_are_told() {
    let off = sent().called_off().plan();
    assert_eq!((off.ops, off.reasons), (gone(None), vec![Reason::Cancelled]));
    assert!(!deletes(&sent().called_off().past().plan(), Side::Pim), "it is past: nobody hears of it");
    let elsewhere = sent().called_off().past().shown(Some(Domain::Task));
    assert_eq!(elsewhere.plan().ops, gone(Some(Kind::Task)), "shown elsewhere it goes all the same");
    assert!(!deletes(&sent().plan(), Side::Pim));
    // It was called off before, on either side: that is no news.
    let mut known = sent().called_off();
    known.link.crm.base.insert(Path::of(Field::Cancelled), Value::Flag(true));
    assert!(!deletes(&known.plan(), Side::Pim), "agreed");
    let mut both = sent().called_off();
    both.pim.fields.insert(Path::of(Field::Cancelled), Value::Flag(true));
    assert!(!deletes(&both.plan(), Side::Pim), "its organiser did it");
    let mut asleep = sent().called_off();
    asleep.link.sleep = Some(model::Sleep { cause: SleepCause::Level, since: asleep.world.now });
    assert!(!deletes(&asleep.plan(), Side::Pim), "a link that wakes takes nothing away at once");
}

// C2: what its organiser had just changed in it is the record's before it goes; where a person would decide, the record stands.
#[test]
fn a_sent_meeting_that_leaves_the_calendar_leaves_its_edit_to_the_record() {
    let edited = |mut it: Sent| {
        it.pim.fields.insert(Path::of(Field::Subject), text("Edited"));
        it
    };
    for it in [sent().called_off(), sent().shown(Some(Domain::Task)), sent().shown(None)] {
        let plan = edited(it).plan();
        let [Op::Update { side: Side::Crm, changes, .. }, Op::Delete { side: Side::Pim, .. }] = &plan.ops[..] else {
            panic!("{:?}", plan.ops)
        };
        assert_eq!(changes, &fields(&[("subject", text("Edited"))]));
    }
    let mut both = edited(sent().shown(None));
    both.crm.fields.insert(Path::of(Field::Subject), text("Another"));
    both.world = both.world.policy(Domain::Calendar, model::settings::ConflictPolicy::Hold);
    let plan = both.plan();
    assert_eq!((plan.ops, plan.conflicts.len(), plan.conflicts[0].winner), (gone(None), 1, Some(Side::Crm)));
}

// P6: what was not sent, or lies in a calendar that nothing goes out to, leaves as any other item does.
#[test]
fn only_a_sent_meeting_leaves_with_a_word_to_its_guests() {
    let mut unsent = sent().called_off();
    unsent.pim.facts.requests_sent = false;
    assert!(!deletes(&unsent.plan(), Side::Pim));
    let mut closed = sent().called_off();
    closed.world = closed.world.level(Domain::Calendar, Level::IMPORT);
    assert!(!deletes(&closed.plan(), Side::Pim), "nothing goes out");
    let mut quiet = sent().called_off();
    quiet.world.mails = false;
    assert_eq!(quiet.plan().after, After::Wait(Reason::Quiet));
}

fn card(private: bool) -> Vec<(&'static str, Value)> {
    vec![("first_name", text("Ann")), ("last_name", text("Berg")), (PRIVATE, Value::Flag(private))]
}

fn contact(was: Domain, is: Domain, base_private: Option<bool>, private: bool, world: &World) -> Plan {
    let mut link = link(was, &card(false)[..2], &card(base_private.unwrap_or(false)));
    if base_private.is_none() {
        link.pim.base.remove(&Path::of(Field::Private));
    }
    let record = crm(is, "c1", &card(false)[..2]);
    world.plan(&link, &there(&record), &there(&pim(Kind::Contact, "i1", &card(private))))
}

// O5: a personal contact whose item never had the flag gets it: the write that was to set it was not done.
#[test]
fn a_personal_contact_that_never_had_its_flag_gets_it() {
    let personal = Domain::PersonalContact;
    let flag = |base, now, world: &World| value(&contact(personal, personal, base, now, world), Side::Pim, PRIVATE);
    let full = World::new();
    for base in [None, Some(false)] {
        assert_eq!(flag(base, false, &full), Some(Value::Flag(true)), "{base:?}");
    }
    assert_eq!(flag(None, true, &full), None, "it has it");
    let closed = World::new().level(personal, Level::IMPORT);
    assert_eq!(flag(None, false, &closed), None, "nothing goes out");
    let business = Domain::BusinessContact;
    assert_eq!(value(&contact(business, business, None, false, &full), Side::Pim, PRIVATE), None);
}

// O5, O4, D1: what the CRM made business or personal shows it in the mailbox where that may be written.
#[test]
fn a_contact_that_changed_its_domain_in_the_crm_shows_it_where_it_goes_out() {
    let (business, personal) = (Domain::BusinessContact, Domain::PersonalContact);
    let plan = contact(business, personal, Some(false), false, &World::new());
    assert_eq!(value(&plan, Side::Pim, PRIVATE), Some(Value::Flag(true)));
    assert_eq!(value(&plan, Side::Pim, "categories"), Some(words(&["Siebel Personal Contact"])));
    let After::Linked(link) = &plan.after else { panic!("linked") };
    let flagged = link.pim.base.get(&Path::of(Field::Private));
    assert_eq!(
        (link.domain, flagged),
        (personal, Some(&Value::Flag(true))),
        "the flag is no change of the mailbox's later"
    );
    let closed = World::new().level(personal, Level::IMPORT);
    assert!(contact(business, personal, Some(false), false, &closed).ops.is_empty(), "nothing goes out");
    assert!(contact(business, business, Some(false), false, &World::new()).ops.is_empty(), "nothing changed");
}
