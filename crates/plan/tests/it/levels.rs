//! What an administrator is shown of a user's levels and hours (rules L2 to L5, E4).

use jiff::civil::time;
use model::schedule::{Hours, Peak, Schedule};
use model::settings::{GroupKind, GroupRule, Settings, UserSettings};
use model::{Domain, Level};
use plan::access::{Chain, Groups, chain};
use plan::explain;

fn rule(group: GroupKind, id: &str, and_below: bool, level: Level) -> GroupRule {
    GroupRule { group, id: id.to_owned(), and_below, level }
}

/// A user who holds one position below another and stands on one list.
fn of(enabled: bool, ceiling: Level, own: Option<Level>, rules: Vec<GroupRule>) -> Chain {
    let mut settings = Settings::default();
    let calendar = settings.domains.get_mut(&Domain::Calendar).expect("calendar");
    (calendar.level, calendar.group_rules) = (ceiling, rules);
    let mut user = UserSettings::default();
    user.levels.extend(own.map(|level| (Domain::Calendar, level)));
    let groups = Groups {
        own: [(GroupKind::Position, "p1".to_owned()), (GroupKind::UserList, "l1".to_owned())].into(),
        above: [(GroupKind::Position, "boss".to_owned())].into(),
    };
    chain(Domain::Calendar, enabled, &groups, &settings, &user)
}

// L2: above the ceiling is shown as capped; who synchronises nothing at all is not capped by it.
#[test]
fn a_level_above_the_ceiling_is_shown_as_capped() {
    for (enabled, ceiling, own, capped) in [
        (true, Level::EXPORT, Level::FULL, true),
        (true, Level::EXPORT, Level::IMPORT, true),
        (true, Level::EXPORT, Level::EXPORT, false),
        (true, Level::FULL, Level::EXPORT, false),
        (true, Level::EXPORT, Level::NONE, false),
        (false, Level::EXPORT, Level::FULL, false),
        (false, Level::FULL, Level::FULL, false),
    ] {
        let shown = of(enabled, ceiling, Some(own), vec![]);
        assert_eq!(shown.capped(), capped, "{own} below {ceiling}, enabled: {enabled}");
        let told = explain::chain(&shown, true);
        let last = told.last().expect("a last line");
        assert_eq!(last.contains("capped by the domain's own level (L2)"), capped, "{last}");
        assert!(last.contains(&shown.level.to_string()), "{last}");
    }
}

/// The one line that says this.
fn line<'a>(told: &'a [String], part: &str) -> &'a str {
    let found: Vec<&String> = told.iter().filter(|line| line.contains(part)).collect();
    assert_eq!(found.len(), 1, "{part}: {told:?}");
    found[0]
}

// L5, L1, L2, L3: the chain's fixed lines.
#[test]
fn the_chain_tells_who_is_enabled_and_the_levels_that_were_set() {
    let told = explain::chain(&of(true, Level::EXPORT, Some(Level::IMPORT), vec![]), true);
    assert!(line(&told, "(L1)").contains("calendar") && line(&told, "(L1)").contains("is enabled"));
    assert!(line(&told, "domain's own level is").contains("Export Only (L2)"));
    assert!(line(&told, "The user's own level").contains("Import Only (L3)"));
    let told = explain::chain(&of(false, Level::FULL, None, vec![]), true);
    assert!(line(&told, "(L1)").contains("not enabled"));
    assert!(line(&told, "no own level").contains("(L3)"));
    assert!(line(&told, "What counts").contains("None"), "a disabled user has nothing");
}

// L5, L4: every group rule in order, and which one decided.
#[test]
fn the_chain_tells_every_group_rule_and_the_first_that_matches_decides() {
    let rules = || {
        vec![
            rule(GroupKind::Organization, "o9", false, Level::NONE),
            rule(GroupKind::Position, "boss", true, Level::EXPORT),
            rule(GroupKind::UserList, "l1", false, Level::IMPORT),
        ]
    };
    let told = explain::chain(&of(true, Level::FULL, None, rules()), true);
    for (number, words) in [
        ("Group rule 1:", ["organization o9", "None", "does not match (L4)"]),
        ("Group rule 2:", ["position boss and below", "Export Only", "matches and decides (L4)"]),
        ("Group rule 3:", ["user list l1", "Import Only", "matches, but an earlier line decided (L4)"]),
    ] {
        assert!(words.iter().all(|word| line(&told, number).contains(word)), "{words:?}: {told:?}");
    }
    assert!(!line(&told, "Group rule 3").contains("below"));
    assert!(line(&told, "What counts").contains("Export Only"));
    // The user's own level decides before any group.
    let told = explain::chain(&of(true, Level::FULL, Some(Level::NONE), rules()), true);
    assert!(line(&told, "Group rule 2").contains("an earlier line decided"), "{told:?}");
}

// L5, L3: that the domain's own level counts is said when nothing else does, and only then.
#[test]
fn the_chain_says_when_no_group_rule_matches() {
    let stranger = || rule(GroupKind::UserList, "others", false, Level::NONE);
    let mine = || rule(GroupKind::UserList, "l1", false, Level::NONE);
    for (own, rules, falls_through) in [
        (None, vec![], true),
        (None, vec![stranger()], true),
        (None, vec![stranger(), mine()], false),
        (None, vec![mine(), stranger()], false),
        (Some(Level::EXPORT), vec![stranger()], false),
    ] {
        let told = explain::chain(&of(true, Level::FULL, own, rules), true);
        let said = told.iter().any(|line| line.contains("No group rule matches") && line.contains("(L3)"));
        assert_eq!(said, falls_through, "{told:?}");
    }
}

// E4: hours are told with their zone, and only those that are set.
#[test]
fn a_schedule_tells_its_intervals_its_hours_and_their_zone() {
    let plain = Schedule::every(45);
    let told = explain::schedule(&plain);
    assert!(line(&told, "(E4)").contains("every 45 s"));
    let hours = |from, to| Hours {
        days: [model::schedule::Day::Monday].into(),
        from: time(from, 0, 0, 0),
        to: time(to, 0, 0, 0),
    };
    let peak = Some(Peak { interval_s: 15, hours: vec![hours(8, 12), hours(13, 18)] });
    let set = Schedule { peak, blackout: vec![hours(2, 4)], zone: "Europe/Berlin".to_owned(), ..plain };
    let told = explain::schedule(&set);
    let peak = line(&told, "peak");
    for word in ["08:00-12:00", "13:00-18:00", "Europe/Berlin", "every 15 s", "(E4)"] {
        assert!(peak.contains(word), "{word}: {peak}");
    }
    let rests = line(&told, "blackout");
    assert!(["02:00-04:00", "Europe/Berlin", "(E4)"].iter().all(|word| rests.contains(word)), "{rests}");
    assert!(line(&told, "every 45 s").contains("(E4)"));
}
