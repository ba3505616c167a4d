//! The merge by itself: what goes over, what stays, and what both agree on afterwards (rules C1 to C3, C11, D1, M3, P6).

use crate::build::*;
use model::settings::ConflictPolicy;
use model::{Attendee, Domain, DomainMap, Fields, Path, Response, Side, Value};
use plan::merge::{Copies, Gate, Merged, Rules, merge};
use std::collections::BTreeSet;

const OPEN: Gate = Gate { to_crm: true, to_pim: true, rules: None };
const CLOSED: Gate = Gate { to_crm: false, to_pim: false, rules: None };
const OUT: Gate = Gate { to_crm: false, to_pim: true, rules: None };
const INTO: Gate = Gate { to_crm: true, to_pim: false, rules: None };

type Pairs<'a> = &'a [(&'a str, Value)];

struct Merging {
    domain: Domain,
    base: Option<(Fields, Fields)>,
    crm: Fields,
    pim: Fields,
    gate: Gate,
    policy: ConflictPolicy,
    frozen: BTreeSet<Path>,
    ours: bool,
}

fn path(name: &str) -> Path {
    Path::parse(name).expect("a path")
}

fn linked(base: Pairs<'_>, crm: Pairs<'_>, pim: Pairs<'_>) -> Merging {
    Merging { base: Some((fields(base), fields(base))), ..strangers(crm, pim) }
}

fn strangers(crm: Pairs<'_>, pim: Pairs<'_>) -> Merging {
    Merging {
        domain: Domain::Calendar,
        base: None,
        crm: fields(crm),
        pim: fields(pim),
        gate: OPEN,
        policy: ConflictPolicy::Crm,
        frozen: BTreeSet::new(),
        ours: false,
    }
}

impl Merging {
    fn gate(self, gate: Gate) -> Merging {
        Merging { gate, ..self }
    }

    fn frozen(mut self, name: &str) -> Merging {
        self.frozen.insert(path(name));
        self
    }

    fn of(self, domain: Domain) -> Merging {
        Merging { domain, ..self }
    }

    fn merge(&self) -> Merged {
        let map: DomainMap = model::maps_ews::default_map(self.domain);
        let base = self.base.as_ref().map(|(crm, pim)| (crm, pim));
        merge(
            &Copies { crm: &self.crm, pim: &self.pim, base },
            &Rules {
                map: &map,
                pim_image: &|_, value| value.clone(),
                crm_image: &|_, value| value.clone(),
                made_whole: &|_, _, _, _| None,
                gate: &|_| self.gate,
                policy: self.policy,
                delete_wins: false,
                frozen: &self.frozen,
                ours: self.ours,
            },
        )
    }

    /// What goes to the CRM and what to the mailbox.
    fn goes(&self) -> (Vec<String>, Vec<String>) {
        let merged = self.merge();
        let names = |fields: &Fields| fields.keys().map(ToString::to_string).collect();
        (names(&merged.to_crm), names(&merged.to_pim))
    }
}

fn place(name: &str) -> [(&'static str, Value); 1] {
    [("location", text(name))]
}

fn only(name: &str) -> Vec<String> {
    vec![name.to_owned()]
}

// C11: of a unit only what differs is sent; start and end always travel together.
#[test]
fn of_a_unit_only_what_differs_is_sent_except_times() {
    let address = |street: &str| [("business_street", text(street)), ("business_city", text("Ulm"))];
    let contact = linked(&address("Weg 1"), &address("Weg 2"), &address("Weg 1")).of(Domain::BusinessContact);
    assert_eq!(contact.goes(), (vec![], only("business_street")));
    let contact = linked(&address("Weg 1"), &address("Weg 1"), &address("Weg 2")).of(Domain::BusinessContact);
    assert_eq!(contact.goes(), (only("business_street"), vec![]));
    let times = |hour: &str| [("start", at(&format!("2026-12-01T{hour}:00:00"))), ("end", at("2026-12-01T12:00:00"))];
    let both = vec!["start".to_owned(), "end".to_owned()];
    assert_eq!(linked(&times("10"), &times("09"), &times("10")).goes(), (vec![], both.clone()));
    assert_eq!(linked(&times("10"), &times("10"), &times("09")).goes(), (both, vec![]));
    // Both moved it to the same time: nothing is to be sent.
    assert_eq!(linked(&times("10"), &times("09"), &times("09")).goes(), (vec![], vec![]));
}

// C1: what was changed on which side is told of what goes over, and of nothing else.
#[test]
fn which_side_changed_something_is_told() {
    let told = |it: Merging| (it.merge().crm_changed, it.merge().pim_changed);
    assert_eq!(told(linked(&place("A"), &place("B"), &place("A"))), (true, false));
    assert_eq!(told(linked(&place("A"), &place("A"), &place("B"))), (false, true));
    assert_eq!(told(linked(&place("A"), &place("A"), &place("A"))), (false, false));
    assert_eq!(told(linked(&place("A"), &place("B"), &place("B"))), (false, false), "both the same");
    let set = |names: &[&str]| [("categories", words(names))];
    assert_eq!(told(linked(&set(&["x"]), &set(&["x", "y"]), &set(&["x"]))), (true, false));
    assert_eq!(told(linked(&set(&["x"]), &set(&["x"]), &set(&[]))), (false, true));
}

// C11: what is cleared is agreed on as a value; what no occurrence says any more is forgotten.
#[test]
fn the_base_holds_what_is_cleared_and_forgets_what_an_occurrence_no_longer_says() {
    const OWN: &str = "occurrence(2026-12-08T00:00:00).location";
    let cleared = linked(&place("A"), &[("location", Value::Null)], &place("A")).merge();
    for base in [&cleared.base_crm, &cleared.base_pim] {
        assert_eq!(base.get(&path("location")), Some(&Value::Null));
    }
    let both = linked(&place("A"), &[("location", Value::Null)], &[("location", Value::Null)]).merge();
    assert_eq!(both.base_pim.get(&path("location")), Some(&Value::Null));
    let own = [(OWN, text("Hall"))];
    for (crm, pim) in [(&[][..], &own[..]), (&own[..], &[][..]), (&[][..], &[][..])] {
        let merged = linked(&own, crm, pim).merge();
        assert_eq!((merged.base_crm.len(), merged.base_pim.len()), (0, 0), "{crm:?} {pim:?}");
    }
    let null = linked(&[(OWN, Value::Null)], &[], &[]).merge();
    assert_eq!((null.base_crm.len(), null.base_pim.len()), (0, 0), "an older base said it as null");
    let said = linked(&[], &own, &[]).merge();
    assert_eq!((said.base_crm.len(), said.base_pim.len()), (1, 1));
}

// C3, D1: both changed it and one direction is open: the source's stands, and the other's is told if it said anything.
#[test]
fn a_one_way_level_writes_its_source_and_tells_what_it_overruled() {
    let both = |gate| linked(&place("A"), &place("B"), &place("C")).gate(gate);
    assert_eq!(both(OUT).goes(), (vec![], only("location")));
    assert_eq!(both(INTO).goes(), (only("location"), vec![]));
    for (gate, winner) in [(OUT, Side::Crm), (INTO, Side::Pim)] {
        let merged = both(gate).merge();
        let told: Vec<_> = merged.conflicts.iter().map(|told| (told.winner, told.counts)).collect();
        assert_eq!(told, [(Some(winner), false)]);
        let value = merged.to_pim.values().chain(merged.to_crm.values()).next().cloned();
        assert_eq!(merged.base_crm.get(&path("location")), value.as_ref(), "and is what both agree on");
    }
    assert_eq!(both(CLOSED).goes(), (vec![], vec![]));
    assert!(both(CLOSED).merge().conflicts.is_empty());
    let null = [("location", Value::Null)];
    let cleared = linked(&place("A"), &place("B"), &null).gate(OUT);
    assert_eq!((cleared.goes(), cleared.merge().conflicts.len()), ((vec![], only("location")), 0), "it said nothing");
    let source = linked(&place("A"), &null, &place("C")).gate(OUT);
    assert_eq!((source.goes(), source.merge().conflicts.len()), ((vec![], only("location")), 1), "cleared is a value");
}

// D1: what the closed direction leaves where it is is told as local; where both are closed nothing is anybody's wish.
#[test]
fn what_stays_on_one_side_is_told_where_the_other_direction_is_open() {
    let local = |gate, crm: &str, pim: &str| linked(&place("A"), &place(crm), &place(pim)).gate(gate).merge().local;
    let of = |side| [(path("location"), side)].into();
    assert_eq!(local(OUT, "A", "B"), of(Side::Pim));
    assert_eq!(local(INTO, "B", "A"), of(Side::Crm));
    assert!(local(CLOSED, "A", "B").is_empty() && local(CLOSED, "B", "A").is_empty());
    assert!(local(OUT, "B", "A").is_empty() && local(INTO, "A", "B").is_empty() && local(OPEN, "B", "A").is_empty());
    let held = linked(&place("A"), &place("A"), &place("B")).gate(OUT);
    assert_eq!(held.merge().base_pim, fields(&place("A")), "its base does not move");
    // Of a unit only what was changed stays local.
    let address = |street: &str| [("business_street", text(street)), ("business_city", text("Ulm"))];
    let unit = linked(&address("1"), &address("1"), &address("2")).of(Domain::BusinessContact).gate(OUT);
    assert_eq!(unit.merge().local.into_keys().collect::<Vec<_>>(), [path("business_street")]);
}

// M3: between strangers nothing is overwritten by a blank, whatever direction is open; a copy of ours shows its source (P6).
#[test]
fn between_strangers_a_blank_overwrites_nothing() {
    let null = [("location", Value::Null)];
    for gate in [OPEN, OUT, INTO] {
        for (crm, pim) in [(&null, &place("B")), (&place("B"), &null)] {
            let merged = strangers(crm, pim).gate(gate).merge();
            let blank = merged.to_crm.values().chain(merged.to_pim.values()).any(Value::is_blank);
            assert!(!blank && merged.conflicts.is_empty(), "{gate:?}: {merged:?}");
        }
    }
    assert_eq!(strangers(&null, &place("B")).goes(), (only("location"), vec![]));
    assert_eq!(strangers(&place("B"), &null).goes(), (vec![], only("location")));
    assert_eq!(strangers(&null, &place("B")).gate(OUT).goes(), (vec![], vec![]), "the source is blank");
    let ours = Merging { ours: true, ..strangers(&null, &place("B")).gate(OUT) };
    assert_eq!(ours.goes(), (vec![], only("location")), "our own copy shows what its source cleared");
    let differ = strangers(&place("A"), &place("B"));
    assert_eq!((differ.goes(), differ.merge().conflicts.len()), ((vec![], only("location")), 1));
    assert!(differ.merge().conflicts[0].counts);
    // A unit is blank when all of it is.
    let half = [("business_street", text("Weg 1")), ("business_city", Value::Null)];
    let whole = [("business_street", text("Weg 2")), ("business_city", text("Ulm"))];
    let unit = strangers(&half, &whole).of(Domain::BusinessContact);
    assert_eq!(unit.merge().conflicts.len(), 1);
}

// C3: who wins is set per domain, and what is held moves nothing, its base neither.
#[test]
fn the_policy_decides_a_conflict() {
    for (policy, winner, goes) in [
        (ConflictPolicy::Crm, Some(Side::Crm), (vec![], only("location"))),
        (ConflictPolicy::Mailbox, Some(Side::Pim), (only("location"), vec![])),
        (ConflictPolicy::Hold, None, (vec![], vec![])),
    ] {
        let it = Merging { policy, ..linked(&place("A"), &place("B"), &place("C")) };
        let merged = it.merge();
        assert_eq!((it.goes(), merged.conflicts[0].winner, merged.conflicts[0].counts), (goes, winner, true));
        assert_eq!(merged.base_crm == fields(&place("A")), winner.is_none(), "{policy:?}");
    }
}

// C3, C11: cleared is a value: who cleared it wins or is told as whoever else changed it.
#[test]
fn of_what_was_agreed_a_cleared_value_is_a_change_like_any_other() {
    let null = [("location", Value::Null)];
    let of = |crm: &[(&str, Value)], pim: &[(&str, Value)], policy| {
        let it = Merging { policy, ..linked(&place("A"), crm, pim) };
        (it.goes(), it.merge().conflicts.iter().map(|told| (told.winner, told.counts)).collect::<Vec<_>>())
    };
    let crm = vec![(Some(Side::Crm), true)];
    let pim = vec![(Some(Side::Pim), true)];
    assert_eq!(of(&null, &place("C"), ConflictPolicy::Crm), ((vec![], only("location")), crm.clone()));
    assert_eq!(of(&null, &place("C"), ConflictPolicy::Mailbox), ((only("location"), vec![]), pim.clone()));
    assert_eq!(of(&place("B"), &null, ConflictPolicy::Crm), ((vec![], only("location")), crm));
    assert_eq!(of(&place("B"), &null, ConflictPolicy::Mailbox), ((only("location"), vec![]), pim));
    assert_eq!(of(&place("B"), &null, ConflictPolicy::Hold), ((vec![], vec![]), vec![(None, true)]));
}

// P6: where one side rules, its values stand; what the other changed is told, what it did not change is not.
#[test]
fn where_a_side_rules_the_other_sides_change_is_set_back_and_told() {
    let ruled = |base: &str, crm: &str, pim: &str| {
        linked(&place(base), &place(crm), &place(pim)).gate(Gate { rules: Some(Side::Pim), ..OPEN })
    };
    let told = |it: &Merging| it.merge().conflicts.iter().map(|told| (told.winner, told.counts)).collect::<Vec<_>>();
    let wish = ruled("A", "B", "A");
    assert_eq!((wish.goes(), told(&wish)), ((only("location"), vec![]), vec![(Some(Side::Pim), false)]));
    assert_eq!(wish.merge().to_crm.get(&path("location")), Some(&text("A")));
    let own = ruled("A", "A", "B");
    assert_eq!((own.goes(), told(&own)), ((only("location"), vec![]), vec![]), "its own change overrules nobody");
    let both = ruled("A", "B", "C");
    assert_eq!((both.goes(), told(&both).len()), ((only("location"), vec![]), 1));
    let found = strangers(&place("B"), &place("C")).gate(Gate { rules: Some(Side::Pim), ..OPEN });
    assert_eq!((found.goes(), told(&found)), ((only("location"), vec![]), vec![]), "strangers wished for nothing");
}

// Decision 3: what bounced is written to the mailbox no more; what the mailbox says of it still comes in.
#[test]
fn what_is_frozen_goes_out_no_more_and_still_comes_in() {
    let it = |crm: &str, pim: &str| linked(&place("A"), &place(crm), &place(pim)).frozen("location");
    assert_eq!(it("B", "A").goes(), (vec![], vec![]));
    assert_eq!(it("A", "B").goes(), (only("location"), vec![]));
    let set = |names: &[&str]| [("categories", words(names))];
    let words = |crm: &[&str], pim: &[&str]| linked(&set(&["x"]), &set(crm), &set(pim)).frozen("categories");
    assert_eq!(words(&["x", "y"], &["x"]).goes(), (vec![], vec![]));
    assert_eq!(words(&["x", "y"], &["x", "z"]).goes(), (only("categories"), vec![]));
    let other = linked(&place("A"), &place("B"), &place("A")).frozen("subject");
    assert_eq!(other.goes(), (vec![], only("location")), "another field");
}

// C2: words without case; what one side added and removed is done to the other, and nothing else of it.
#[test]
fn sets_merge_word_by_word_without_case() {
    let merged = |base: &[&str], crm: &[&str], pim: &[&str]| {
        let of = |names: &[&str]| vec![("categories", words(names))];
        let merged = linked(&of(base), &of(crm), &of(pim)).merge();
        let said = |fields: &Fields| fields.get(&path("categories")).cloned();
        (said(&merged.to_crm), said(&merged.to_pim))
    };
    assert_eq!(
        merged(&["a"], &["a", "b"], &["a", "c"]),
        (Some(words(&["a", "b", "c"])), Some(words(&["a", "b", "c"])))
    );
    assert_eq!(merged(&["a", "b"], &["a"], &["a", "b", "c"]), (Some(words(&["a", "c"])), Some(words(&["a", "c"]))));
    assert_eq!(merged(&["a"], &["a", "VIP"], &["a", "vip"]), (None, None), "both added it");
    let kept = (Some(words(&["vip", "b", "c"])), Some(words(&["VIP", "b", "c"])));
    assert_eq!(merged(&["VIP"], &["vip", "b"], &["VIP", "c"]), kept, "each keeps how it writes it");
    assert_eq!(merged(&["VIP"], &["b"], &["vip", "c"]), (Some(words(&["b", "c"])), Some(words(&["b", "c"]))));
}

// C2: people merge one by one: added, changed and taken off.
#[test]
fn people_merge_one_by_one() {
    let accepted = |name: &str| Attendee { response: Response::Accepted, ..person(name) };
    let of = |all: &[Attendee]| {
        vec![("attendees", Value::People(all.iter().map(|person| (person.key(), person.clone())).collect()))]
    };
    let (bob, eve, kim) = (person("bob"), person("eve"), person("kim"));
    let both = [bob.clone(), eve.clone()];
    let merged =
        linked(&of(&both), &of(&[bob.clone(), eve.clone(), kim.clone()]), &of(&[accepted("bob"), eve.clone()])).merge();
    let said = |fields: &Fields| fields.get(&path("attendees")).cloned();
    let all = of(&[accepted("bob"), eve.clone(), kim.clone()])[0].1.clone();
    assert_eq!((said(&merged.to_crm), said(&merged.to_pim)), (Some(all.clone()), Some(all)));
    let merged = linked(&of(&both), &of(&both), &of(std::slice::from_ref(&eve))).merge();
    assert_eq!((said(&merged.to_crm), said(&merged.to_pim)), (Some(of(&[eve])[0].1.clone()), None), "taken off");
}
