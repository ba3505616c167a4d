//! Linked activities while both copies stand: whose copy it is, what follows from it, and what stays (rules C6, D1, D3, E8,
//! O7, P6 to P8, R3).

use crate::build::*;
use model::{Domain, Field, Form, Kind, Level, Link, Part, Path, Pattern, Range, Record, Recurrence, Side, SleepCause};
use model::{Fields, Value};
use plan::linked::{local, set_back};
use plan::{After, Op, Plan, Reason};

const CALENDAR: Domain = Domain::Calendar;

fn base() -> [(&'static str, Value); 6] {
    [
        ("subject", text("Kick-off")),
        ("location", text("Room 1")),
        ("start", at("2026-12-01T10:00:00")),
        ("end", at("2026-12-01T11:00:00")),
        ("show_as", text("Busy")),
        ("cancelled", Value::Flag(false)),
    ]
}

struct Standing {
    world: World,
    link: Link,
    crm: Record,
    pim: Record,
}

fn standing() -> Standing {
    Standing {
        world: World::new(),
        link: link(CALENDAR, &base(), &base()),
        crm: crm(CALENDAR, "c1", &base()),
        pim: pim(Kind::Appointment, "i1", &base()),
    }
}

/// Bob's meeting in a participant's mailbox.
fn participants(form: Form) -> Standing {
    let mut it = standing();
    it.link.form = form;
    it.crm.facts.part = Part::Participant;
    it.crm.facts.organizer = Some(person("bob"));
    it.pim.facts.meeting_copy = form == Form::MeetingCopy;
    it.pim.facts.organizer = Some(person("bob"));
    it
}

impl Standing {
    fn crm(mut self, name: &str, value: Value) -> Standing {
        self.crm.fields.insert(Path::parse(name).expect("a path"), value);
        self
    }

    fn pim(mut self, name: &str, value: Value) -> Standing {
        self.pim.fields.insert(Path::parse(name).expect("a path"), value);
        self
    }

    /// What both agreed on, on both sides.
    fn agreed(mut self, name: &str, value: &Value) -> Standing {
        let path = Path::parse(name).expect("a path");
        for fields in [&mut self.link.crm.base, &mut self.link.pim.base, &mut self.crm.fields, &mut self.pim.fields] {
            fields.insert(path.clone(), value.clone());
        }
        self
    }

    fn plan(&self) -> Plan {
        self.world.plan(&self.link, &there(&self.crm), &there(&self.pim))
    }

    fn after(&self) -> Link {
        match self.plan().after {
            After::Linked(link) => *link,
            other => panic!("{other:?}"),
        }
    }

    fn set_back(&self) -> Option<Plan> {
        set_back(&self.link, &self.crm, &self.pim, &self.world.context())
    }
}

// O7, O8: the filters are asked of what was born in the mailbox; the CRM's own needs no category there.
#[test]
fn the_filters_are_asked_of_what_was_born_in_the_mailbox() {
    let mut it = standing();
    it.world.of(CALENDAR).category_required = true;
    assert_eq!(sleeps(&it.plan()), None, "the CRM's own");
    it.link.born = Side::Pim;
    assert_eq!(sleeps(&it.plan()), Some(SleepCause::Filter));
    it.link.form = Form::Received;
    it.pim.facts.received = true;
    assert_eq!(sleeps(&it.plan()), None, "an invitation is asked where it enters (P3)");
}

// C1, O8: a record born in the mailbox merges as every other; only one that wakes from Private is filled anew.
#[test]
fn a_record_born_in_the_mailbox_takes_the_crms_changes() {
    let mut it = standing().crm("location", text("Hall"));
    it.link.born = Side::Pim;
    let plan = it.plan();
    assert_eq!((written(&plan, Side::Pim), written(&plan, Side::Crm)), (vec!["location".to_owned()], Vec::new()));
    it.world.of(CALENDAR).skip_private = true;
    it.link.sleep = Some(model::Sleep { cause: SleepCause::Private, since: it.world.now });
    it.link.born = Side::Crm;
    let plan = it.plan();
    assert_eq!((written(&plan, Side::Pim), sleeps(&plan)), (vec!["location".to_owned()], None), "from its base");
}

// C6, P7: a meeting that is called off shows so once in a participant's copy; what he makes of it then is his own.
#[test]
fn a_participants_copy_follows_once_when_the_meeting_is_called_off() {
    let off = |form| participants(form).crm("cancelled", Value::Flag(true)).crm("show_as", text("Free"));
    for form in [Form::ParticipantCopy, Form::MeetingCopy] {
        let it = off(form);
        assert_eq!(value(&it.plan(), Side::Pim, "show_as"), Some(text("Free")), "{form:?}");
        let again = Standing { link: it.after(), ..off(form) };
        let again = again.pim("show_as", text("Tentative"));
        assert!(again.plan().ops.is_empty(), "his own afterwards: {:?}", again.plan());
    }
    let own = participants(Form::MeetingCopy).crm("show_as", text("Free"));
    assert!(own.plan().ops.is_empty(), "no word of the CRM's otherwise");
    let mut again = off(Form::MeetingCopy);
    again.link.crm.base = again.crm.fields.clone();
    let again = again.crm("show_as", text("Tentative")).crm("cancelled", Value::Flag(false));
    assert_eq!(value(&again.plan(), Side::Pim, "show_as"), Some(text("Tentative")), "it takes place after all");
    let mut closed = off(Form::MeetingCopy);
    closed.world = closed.world.level(CALENDAR, Level::IMPORT);
    assert!(closed.plan().ops.is_empty(), "nothing goes out");
    let mut unmapped = off(Form::MeetingCopy);
    let map = unmapped.world.maps.get_mut(&CALENDAR).expect("every domain has one");
    map.entries.retain(|entry| entry.field != Field::ShowAs);
    assert!(unmapped.plan().ops.is_empty(), "the administrator's map leaves it out");
    let mut received = off(Form::Received);
    received.pim.facts.received = true;
    assert!(written(&received.plan(), Side::Pim).is_empty(), "Exchange tells him");
}

// P8, C7: a copy that names another organiser but may not be taken away goes on as it is.
#[test]
fn a_copy_that_may_not_go_goes_on_under_its_old_organiser() {
    let mut it = participants(Form::MeetingCopy).crm("location", text("Hall"));
    it.crm.facts.organizer = Some(person("dora"));
    assert!(deletes(&it.plan(), Side::Pim));
    it.world.of(CALENDAR).no_deletes.insert(Side::Pim);
    let plan = it.plan();
    assert_eq!((written(&plan, Side::Pim), sleeps(&plan)), (vec!["location".to_owned()], None));
    let mut closed = participants(Form::MeetingCopy);
    closed.crm.facts.organizer = Some(person("dora"));
    closed.world = closed.world.level(CALENDAR, Level::IMPORT);
    assert_eq!((closed.plan().ops.len(), sleeps(&closed.plan())), (0, None), "nothing goes out, and nothing sleeps");
}

// P5, P6: what the copy is now is told by the item and by whose meeting it is.
#[test]
fn what_a_copy_is_follows_from_its_item_and_its_owner() {
    let form = |was: Form, born: Side, part: Part, received: bool| {
        let mut it = standing();
        (it.link.form, it.link.born, it.crm.facts.part, it.pim.facts.received) = (was, born, part, received);
        it.after().form
    };
    assert_eq!(form(Form::ParticipantCopy, Side::Crm, Part::Owner, false), Form::Own, "he owns it now");
    assert_eq!(form(Form::Own, Side::Crm, Part::Participant, false), Form::ParticipantCopy, "another owns it now");
    assert_eq!(form(Form::Own, Side::Pim, Part::Participant, false), Form::Own, "his own entry stays his");
    assert_eq!(form(Form::ParticipantCopy, Side::Crm, Part::Participant, true), Form::Received);
    assert_eq!(form(Form::Own, Side::Pim, Part::Participant, true), Form::Received);
}

// P5, P8: a title that names the owner follows the owner; one that a person gave it does not.
#[test]
fn a_title_that_names_the_owner_follows_him() {
    let titled = |shown: &str| {
        let mut it = participants(Form::ParticipantCopy).pim("subject", text(shown));
        it.link.pim.base = it.pim.fields.clone();
        it
    };
    let title = |it: &Standing| value(&it.plan(), Side::Pim, "subject");
    assert_eq!(title(&titled("bob: Kick-off")), None, "as it is");
    let mut dora = titled("bob: Kick-off");
    dora.crm.facts.organizer = Some(person("dora"));
    assert_eq!(title(&dora), Some(text("dora: Kick-off")));
    let mut own = titled("bob: Kick-off");
    own.crm.facts.part = Part::Owner;
    assert_eq!(title(&own), Some(text("Kick-off")));
    let mut bare = titled("Kick-off");
    bare.crm.facts.organizer = Some(person("bob"));
    assert_eq!(title(&bare), Some(text("bob: Kick-off")), "his own became a participant's");
    assert_eq!(title(&titled("Second Kick-off")), None, "no name stands before it");
    let mut received = titled("bob: Kick-off");
    (received.link.form, received.pim.facts.received) = (Form::Received, true);
    assert_eq!(title(&received), None, "Exchange's own title");
}

// P6: the CRM is told whether Exchange owns a meeting where that is not what it knows, and of nothing but a meeting.
#[test]
fn the_crm_is_told_once_whether_exchange_owns_a_meeting() {
    let told = |change: &dyn Fn(&mut Standing)| {
        let mut it = standing();
        (it.pim.facts.meeting, it.pim.facts.requests_sent) = (true, true);
        it.pim.facts.global_id = Some("G".to_owned());
        it.crm.facts.global_id = Some("G".to_owned());
        change(&mut it);
        it.plan().ops.into_iter().find_map(|op| match op {
            Op::Flag { locked, global_id } => Some((locked, global_id)),
            _ => None,
        })
    };
    let id = || Some("G".to_owned());
    assert_eq!(told(&|_| {}), Some((true, id())));
    assert_eq!(told(&|it| it.crm.facts.locked = true), None, "it knows");
    assert_eq!(told(&|it| it.world.of(CALENDAR).mail = true), None, "mail is on, and it is not locked");
    let open = |it: &mut Standing| {
        it.crm.facts.locked = true;
        it.pim.facts.requests_sent = false;
    };
    assert_eq!(told(&open), Some((false, id())), "an appointment again");
    let unmet = |it: &mut Standing| {
        open(it);
        it.pim.facts.meeting = false;
    };
    assert_eq!(told(&unmet), Some((false, id())), "what was locked is told");
    let alone = |it: &mut Standing| {
        (it.pim.facts.meeting, it.pim.facts.requests_sent) = (false, false);
        it.crm.facts.global_id = None;
    };
    assert_eq!(told(&alone), None, "no meeting at all");
    let crms = |it: &mut Standing| {
        alone(it);
        it.crm.facts.meeting = true;
    };
    assert_eq!(told(&crms), Some((false, id())), "a meeting of the CRM learns its id");
    let nameless = |it: &mut Standing| {
        crms(it);
        it.pim.facts.global_id = None;
    };
    assert_eq!(told(&nameless), None, "nothing to learn");
    let keeps = |it: &mut Standing| it.pim.facts.global_id = None;
    assert_eq!(told(&keeps), Some((true, id())), "the id it knows stays");
    assert_eq!(told(&|it| it.link.form = Form::Received), Some((true, id())), "the item says that it is his");
    assert_eq!(told(&|it| it.pim.facts.received = true), None, "an attendee's copy tells nothing");
    assert_eq!(told(&|it| _ = it.world.levels.insert(CALENDAR, Level::NONE)), None);
}

fn weekly(range: Range) -> Value {
    let pattern = Pattern::Weekly { interval: 1, days: [2].into(), first_day: 1 };
    Value::Rule(Recurrence { pattern, range })
}

const SECOND: &str = "occurrence(2026-12-08T10:00:00)";
const OTHER: &str = "occurrence(2026-12-15T10:00:00)";

fn by_day(name: &str) -> String {
    name.replace("T10:", "T00:")
}

/// A weekly series whose second occurrence is called off and whose third has another title.
fn series() -> Standing {
    let mut it = standing().agreed("rule", &weekly(Range::NoEnd));
    for (name, says) in [(format!("{SECOND}.state"), "cancelled"), (format!("{OTHER}.subject"), "Review")] {
        for fields in [&mut it.crm.fields, &mut it.pim.fields] {
            fields.insert(Path::parse(&name).expect("a path"), text(says));
        }
        for base in [&mut it.link.crm.base, &mut it.link.pim.base] {
            base.insert(Path::parse(&by_day(&name)).expect("a path"), text(says));
        }
    }
    it
}

fn kept(plan: &Plan) -> Vec<String> {
    let of = |op: &Op| match op {
        Op::Update { side: Side::Pim, keep, .. } => keep.keys().map(ToString::to_string).collect(),
        _ => Vec::new(),
    };
    plan.ops.iter().flat_map(of).collect()
}

// R3: a cancelled occurrence comes back only by setting the rule again, so the others must be written after it.
#[test]
fn the_other_exceptions_are_written_again_only_when_the_rule_is() {
    let mut revived = series();
    revived.crm.fields.remove(&Path::parse(&format!("{SECOND}.state")).expect("a path"));
    assert_eq!(value(&revived.plan(), Side::Pim, &format!("{SECOND}.state")), Some(Value::Null));
    assert_eq!(kept(&revived.plan()), [format!("{OTHER}.subject")]);
    let renamed = series().crm(&format!("{OTHER}.subject"), text("Retrospective"));
    assert_eq!((written(&renamed.plan(), Side::Pim).len(), kept(&renamed.plan()).len()), (1, 0), "a title");
    let mut plain = series();
    plain.crm.fields.remove(&Path::parse(&format!("{OTHER}.subject")).expect("a path"));
    assert_eq!((written(&plain.plan(), Side::Pim).len(), kept(&plain.plan()).len()), (1, 0), "as its series again");
    let off = series().crm(&format!("{OTHER}.state"), text("cancelled"));
    assert_eq!(kept(&off.plan()), Vec::<String>::new(), "another one called off");
    let titled = series().crm("subject", text("Weekly"));
    assert_eq!((written(&titled.plan(), Side::Pim), kept(&titled.plan()).len()), (vec!["subject".to_owned()], 0));
    let mut blank = series().crm("location", Value::Null);
    blank.link.pim.base = by_days(&blank.pim.fields);
    assert_eq!((written(&blank.plan(), Side::Pim), kept(&blank.plan()).len()), (vec!["location".to_owned()], 0));
}

fn by_days(fields: &Fields) -> Fields {
    plan::occurrence::by_date(fields)
}

// R3, D1: a guest's own change of one occurrence is not undone when the rule of the series is set anew.
#[test]
fn what_a_one_way_level_leaves_local_in_an_occurrence_stands_after_a_new_rule() {
    let until = Range::Until("2027-06-30".parse().expect("a date"));
    let ruled = |more: fn(Standing) -> Standing| {
        let mut it = more(series().crm("rule", weekly(until.clone())));
        it.world = World::new().level(CALENDAR, Level::EXPORT);
        let plan = it.plan();
        let keep = plan.ops.iter().find_map(|op| match op {
            Op::Update { side: Side::Pim, keep, .. } => Some(keep.clone()),
            _ => None,
        });
        keep.expect("the rule is written")
    };
    let path = |name: String| Path::parse(&name).expect("a path");
    let keep = ruled(|it| it.pim(&format!("{OTHER}.subject"), text("Mine")));
    assert_eq!(keep.get(&path(format!("{OTHER}.subject"))), Some(&text("Mine")), "{keep:?}");
    let keep = ruled(|mut it| {
        it.pim.fields.remove(&Path::parse(&format!("{OTHER}.subject")).expect("a path"));
        it
    });
    assert_eq!(keep.get(&path(format!("{OTHER}.subject"))), None, "he made it as its series again");
    let keep = ruled(|it| it.pim("location", text("Elsewhere")));
    assert!(keep.keys().all(|path| path.occurrence.is_some()), "what is the series' own is no exception: {keep:?}");
}

// R3, C3, C6: the last occurrence called off takes the copy, and what the mailbox was overruled in is told.
#[test]
fn the_copy_that_goes_with_its_last_occurrence_takes_no_conflict_along() {
    let mut it = standing().agreed("rule", &weekly(Range::Count(1)));
    it = it.crm("occurrence(2026-12-01T10:00:00).state", text("cancelled"));
    it = it.crm("location", text("Hall")).pim("location", text("Attic"));
    let plan = it.plan();
    assert_eq!(plan.ops, [Op::Delete { side: Side::Pim, after_new: None }]);
    assert_eq!(plan.conflicts.len(), 1);
    it.world.of(CALENDAR).no_deletes.insert(Side::Pim);
    assert_eq!((it.plan().ops.len(), sleeps(&it.plan())), (0, Some(SleepCause::DeleteForbidden)), "C7");
}

// D1: what stands on one side alone is told, path by path and side by side.
#[test]
fn what_a_one_way_level_leaves_where_it_is_is_told() {
    let mut it = standing().pim("subject", text("Mine")).crm("location", text("Hall"));
    let told = |it: &Standing| local(&it.link, &it.crm, &it.pim, &it.world.context());
    assert!(told(&it).is_empty(), "both cross");
    it.world = World::new().level(CALENDAR, Level::EXPORT);
    assert_eq!(told(&it), [(Path::of(Field::Subject), Side::Pim)].into());
    assert!(it.plan().reasons.contains(&Reason::StaysLocal));
    it.world = World::new().level(CALENDAR, Level::IMPORT);
    assert_eq!(told(&it), [(Path::of(Field::Location), Side::Crm)].into());
}

// P7, D1: what a participant writes where a to-do has no title is his own and told as such, not taken for what both say.
#[test]
fn a_title_that_a_participant_gives_his_copy_of_a_todo_stays_his() {
    let untitled = [("subject", Value::Null), ("body", text("Call Berg"))];
    let mut link = link(Domain::Task, &untitled, &untitled);
    link.form = Form::ParticipantCopy;
    let mut record = crm(Domain::Task, "c1", &untitled);
    record.facts.part = Part::Participant;
    let item = pim(Kind::Task, "i1", &[("subject", text("Berg")), untitled[1].clone()]);
    let world = World::new();
    assert_eq!(local(&link, &record, &item, &world.context()), [(Path::of(Field::Subject), Side::Pim)].into());
    assert!(world.plan(&link, &there(&record), &there(&item)).ops.is_empty());
}

// E8: by setting, what the CRM refused is set back in the mailbox to what the CRM says, and kept in the history.
#[test]
fn what_the_crm_refused_is_set_back_where_that_is_set() {
    let refused = || {
        let mut it = standing().pim("subject", text("Refused")).crm("location", text("Hall"));
        it.world.of(CALENDAR).set_back = true;
        it
    };
    let plan = refused().set_back().expect("set back");
    assert_eq!(value(&plan, Side::Pim, "subject"), Some(text("Kick-off")));
    assert_eq!(value(&plan, Side::Pim, "location"), Some(text("Hall")), "the rest goes on");
    assert!(written(&plan, Side::Crm).is_empty());
    assert_eq!(plan.reasons, [Reason::SetBack]);
    let [told] = plan.conflicts.as_slice() else { panic!("{:?}", plan.conflicts) };
    let subject = &told.values[&Path::of(Field::Subject)];
    assert_eq!((subject.1.clone(), told.winner, told.counts), (Some(text("Refused")), Some(Side::Crm), false));
    let not = |change: fn(&mut Standing)| {
        let mut it = refused();
        change(&mut it);
        it.set_back().is_none()
    };
    assert!(not(|it| it.world.of(CALENDAR).set_back = false), "it is not set");
    assert!(not(|it| _ = it.world.levels.insert(CALENDAR, Level::IMPORT)), "nothing goes out");
    assert!(not(|it| it.crm.facts.domain = Some(Domain::Task)), "it is shown elsewhere");
    assert!(not(|it| it.crm.facts.domain = None));
    assert!(
        not(|it| {
            it.pim.fields = it.link.pim.base.clone();
            it.crm.fields = it.link.crm.base.clone();
        }),
        "nothing was refused"
    );
    // Whether a meeting is cancelled cannot be written there: the CRM would be asked to take it, and refuse, again.
    assert!(not(|it| _ = it.pim.fields.insert(Path::of(Field::Cancelled), Value::Flag(true))));
}
