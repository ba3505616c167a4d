//! Small worlds completely: every triple of images and copies over a few values, on sides that are lossless, cutting,
//! many-to-one and normalising. The plan converges, and planning again gives nothing (invariant 7).

use model::lens::Plain;
use model::settings::ConflictPolicy;
use model::{Direction, Domain, DomainMap, Field, Fields, Lens, MapEntry, Path, Side, Value};
use plan::merge::{Copies, Gate, Merged, Rules, merge};
use std::collections::BTreeSet;

/// How the mailbox of a small world shows a text.
#[derive(Clone, Copy, Debug)]
enum Way {
    Lossless,
    Cutting,
    ManyToOne,
    Normalising,
}

struct Mailbox(Way);

impl Lens for Mailbox {
    fn image(&self, _: &Path, value: &Value, _: &DomainMap) -> Value {
        let Value::Text(text) = value else { return value.clone() };
        match self.0 {
            Way::Lossless => value.clone(),
            Way::Cutting => Value::text(text.chars().take(1).collect::<String>()),
            Way::ManyToOne => Value::text(if text.starts_with('a') { "a" } else { text }),
            Way::Normalising => Value::text(text.to_uppercase()),
        }
    }
}

const VALUES: [Option<&str>; 4] = [None, Some("a"), Some("ab"), Some("b")];

fn map() -> DomainMap {
    let entry = |field: Field| MapEntry {
        field,
        property: "p".into(),
        direction: Direction::Both,
        default: None,
        key: false,
        required: false,
        translation: None,
    };
    DomainMap {
        domain: Domain::Task,
        entries: vec![entry(Field::Subject), entry(Field::Status), entry(Field::Percent)],
    }
}

fn value(of: Option<&str>) -> Value {
    of.map_or(Value::Null, Value::text)
}

fn run(
    mailbox: &Mailbox,
    policy: ConflictPolicy,
    to_crm: bool,
    to_pim: bool,
    crm: &Fields,
    pim: &Fields,
    base: (&Fields, &Fields),
) -> Merged {
    let map = map();
    let crm_lens = Plain(Side::Crm);
    merge(
        &Copies { crm, pim, base: Some(base) },
        &Rules {
            map: &map,
            pim_image: &|path, value| mailbox.image(path, value, &map),
            crm_image: &|path, value| crm_lens.image(path, value, &map),
            made_whole: &|_, _, _, _| None,
            gate: &|_| Gate { to_crm, to_pim, rules: None },
            policy,
            delete_wins: false,
            ours: false,
            frozen: &BTreeSet::new(),
        },
    )
}

fn applied(of: &Fields, changes: &Fields) -> Fields {
    let mut of = of.clone();
    of.extend(changes.clone());
    of
}

/// What the mailbox shows of what is written there.
fn shown(mailbox: &Mailbox, changes: &Fields) -> Fields {
    changes.iter().map(|(path, value)| (path.clone(), mailbox.image(path, value, &map()))).collect()
}

#[test]
fn every_small_world_converges_and_then_rests() {
    let ways = [Way::Lossless, Way::Cutting, Way::ManyToOne, Way::Normalising];
    let policies = [ConflictPolicy::Crm, ConflictPolicy::Mailbox, ConflictPolicy::Hold];
    let mut worlds = 0_u32;
    for way in ways {
        let mailbox = Mailbox(way);
        for policy in policies {
            for (to_crm, to_pim) in [(true, true), (true, false), (false, true)] {
                for base in VALUES {
                    for crm in VALUES {
                        for pim in VALUES {
                            for lost in [false, true] {
                                world(&mailbox, policy, (to_crm, to_pim), base, crm, pim, lost);
                                worlds += 1;
                            }
                        }
                    }
                }
            }
        }
    }
    assert_eq!(worlds, 4 * 3 * 3 * 64 * 2);
}

/// One field; the CRM's base value, what the CRM and the mailbox show now; the first answer lost or not.
fn world(
    mailbox: &Mailbox,
    policy: ConflictPolicy,
    (to_crm, to_pim): (bool, bool),
    base: Option<&str>,
    crm: Option<&str>,
    pim: Option<&str>,
    lost: bool,
) {
    let path = Path::of(Field::Subject);
    let of = |value: Value| Fields::from([(path.clone(), value)]);
    let told = format!(
        "{:?} {policy:?} in {to_crm} out {to_pim} base {base:?} crm {crm:?} pim {pim:?} lost {lost}",
        mailbox.0
    );
    let (mut crm, mut pim) = (of(value(crm)), shown(mailbox, &of(value(pim))));
    let (first_crm, first_pim) = (crm.clone(), pim.clone());
    let mut base = (of(value(base)), shown(mailbox, &of(value(base))));
    for round in 0..3 {
        let merged = run(mailbox, policy, to_crm, to_pim, &crm, &pim, (&base.0, &base.1));
        assert!(to_crm || merged.to_crm.is_empty(), "a closed direction wrote: {told}");
        assert!(to_pim || merged.to_pim.is_empty(), "a closed direction wrote: {told}");
        crm = applied(&crm, &merged.to_crm);
        pim = applied(&pim, &shown(mailbox, &merged.to_pim));
        if round > 0 {
            assert!(merged.to_crm.is_empty() && merged.to_pim.is_empty(), "it does not rest: {told}");
        }
        // A lost answer: the write took effect, the settle did not happen.
        if !(lost && round == 0) {
            base = (merged.base_crm, merged.base_pim);
        }
    }
    // Nobody's untouched text is lost to the way a side shows it.
    if first_pim == shown(mailbox, &first_crm) {
        assert_eq!(crm, first_crm, "the CRM's text nobody touched is kept: {told}");
    }
    let equal = model::same::same(&Field::Subject, &shown(mailbox, &crm)[&path], &pim[&path]);
    let held = policy == ConflictPolicy::Hold && to_crm && to_pim;
    if to_crm && to_pim && !held {
        assert!(equal, "both sides end equal: {told}");
    }
}
