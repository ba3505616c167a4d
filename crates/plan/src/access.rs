//! Whose level counts (rules L1 to L4): the whole chain is the answer, so that `explain` shows what planning used.

use model::schedule::{Schedule, ScheduleRule};
use model::settings::{GroupKind, GroupRule, Settings, UserSettings};
use model::{Domain, Level};
use planted::Planted;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The groups that count for a user, and those above them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Groups {
    /// Groups the user is in.
    pub own: BTreeSet<(GroupKind, String)>,
    /// Groups above those: they count only when a rule says "and below".
    pub above: BTreeSet<(GroupKind, String)>,
}

/// How a level came about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// The domain.
    pub domain: Domain,
    /// Rule L1.
    pub enabled: bool,
    /// The domain's own level.
    pub ceiling: Level,
    /// The user's own level, if one is set.
    pub own: Option<Level>,
    /// Every group rule in order, and whether it matched; only the first match decides.
    pub rules: Vec<(GroupRule, bool)>,
    /// What was found below the ceiling, before they meet.
    pub found: Level,
    /// What counts.
    pub level: Level,
}

impl Chain {
    /// A level above the ceiling is stored and shown as capped (rule L2).
    #[must_use]
    pub fn capped(&self) -> bool {
        self.enabled && self.found != self.level
    }
}

/// The chain of a user and domain.
#[must_use]
pub fn chain(domain: Domain, enabled: bool, groups: &Groups, settings: &Settings, user: &UserSettings) -> Chain {
    let of = settings.domain(domain);
    let own = user.levels.get(&domain).copied().filter(|_| !planted::is(Planted::OwnLevelIgnored));
    let rules: Vec<(GroupRule, bool)> =
        of.group_rules.iter().map(|rule| (rule.clone(), matches(rule, groups))).collect();
    let found =
        own.or_else(|| rules.iter().find(|(_, matched)| *matched).map(|(rule, _)| rule.level)).unwrap_or(of.level);
    let ceiling = if planted::is(Planted::CeilingIgnored) { Level::FULL } else { of.level };
    let counts = enabled || planted::is(Planted::DisabledSynchronises);
    let level = if counts { ceiling.meet(found) } else { Level::NONE };
    Chain { domain, enabled, ceiling: of.level, own, rules, found, level }
}

/// The schedule of a user: of the first rule that holds him, else the general one (rule E4).
#[must_use]
pub fn schedule(groups: &Groups, settings: &Settings) -> Schedule {
    let holds = |rule: &&ScheduleRule| match &rule.group {
        Some(group) => within(groups, group, &rule.id, rule.and_below),
        None => true,
    };
    let found = settings.schedules.iter().find(holds).map(|rule| rule.schedule.clone());
    let found = found.filter(|_| !planted::is(Planted::ScheduleIgnored));
    found.unwrap_or_else(|| settings.general_schedule())
}

fn matches(rule: &GroupRule, groups: &Groups) -> bool {
    within(groups, &rule.group, &rule.id, rule.and_below)
}

/// Whether a user is in a group; with "and below" also by a group under it (rule L4).
#[must_use]
pub fn within(groups: &Groups, group: &GroupKind, id: &str, and_below: bool) -> bool {
    let key = (group.clone(), id.to_owned());
    let below = and_below || planted::is(Planted::EveryRuleAndBelow);
    groups.own.contains(&key) || below && groups.above.contains(&key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(group: GroupKind, id: &str, and_below: bool, level: Level) -> GroupRule {
        GroupRule { group, id: id.into(), and_below, level }
    }

    fn groups() -> Groups {
        Groups {
            own: [(GroupKind::Position, "p1".to_owned()), (GroupKind::UserList, "l1".to_owned())].into(),
            above: [(GroupKind::Position, "boss".to_owned())].into(),
        }
    }

    fn level(rules: Vec<GroupRule>, own: Option<Level>, ceiling: Level) -> Level {
        let mut settings = Settings::default();
        let of = settings.domains.get_mut(&Domain::Calendar).expect("calendar");
        of.level = ceiling;
        of.group_rules = rules;
        let mut user = UserSettings::default();
        user.levels.extend(own.map(|own| (Domain::Calendar, own)));
        chain(Domain::Calendar, true, &groups(), &settings, &user).level
    }

    // L3
    #[test]
    fn own_level_then_first_group_rule_then_ceiling() {
        let rules = vec![
            rule(GroupKind::Position, "other", false, Level::NONE),
            rule(GroupKind::UserList, "l1", false, Level::EXPORT),
            rule(GroupKind::Position, "p1", false, Level::IMPORT),
        ];
        assert_eq!(level(rules.clone(), None, Level::FULL), Level::EXPORT);
        assert_eq!(level(rules, Some(Level::IMPORT), Level::FULL), Level::IMPORT);
        assert_eq!(level(vec![], None, Level::FULL), Level::FULL);
    }

    // L4: below counts only when the rule says so; a vanished group matches nobody.
    #[test]
    fn a_group_above_counts_only_when_the_rule_says_and_below() {
        let boss = |below| vec![rule(GroupKind::Position, "boss", below, Level::NONE)];
        assert_eq!(level(boss(false), None, Level::FULL), Level::FULL);
        assert_eq!(level(boss(true), None, Level::FULL), Level::NONE);
        assert_eq!(level(vec![rule(GroupKind::UserList, "gone", true, Level::NONE)], None, Level::FULL), Level::FULL);
    }

    // E4
    #[test]
    fn the_first_schedule_that_holds_the_user_counts() {
        let rule = |group: Option<GroupKind>, id: &str, and_below, interval_s| ScheduleRule {
            group,
            id: id.to_owned(),
            and_below,
            schedule: Schedule::every(interval_s),
        };
        let interval = |schedules| {
            let settings = Settings { schedules, interval_s: 60, ..Settings::default() };
            schedule(&groups(), &settings).interval_s
        };
        assert_eq!(interval(vec![]), 60);
        let boss = |below| rule(Some(GroupKind::Position), "boss", below, 1);
        let list = rule(Some(GroupKind::UserList), "l1", false, 2);
        let all = rule(None, "", false, 3);
        assert_eq!(interval(vec![boss(true), list.clone(), all.clone()]), 1);
        assert_eq!(interval(vec![boss(false), list, all.clone()]), 2);
        assert_eq!(interval(vec![boss(false), all]), 3);
        assert_eq!(interval(vec![boss(false)]), 60);
    }

    // L2, L1
    #[test]
    fn the_ceiling_caps_and_a_disabled_user_has_nothing() {
        assert_eq!(level(vec![], Some(Level::FULL), Level::EXPORT), Level::EXPORT);
        assert_eq!(level(vec![], Some(Level::IMPORT), Level::EXPORT), Level::NONE);
        let chain = chain(Domain::Calendar, false, &groups(), &Settings::default(), &UserSettings::default());
        assert_eq!(chain.level, Level::NONE);
    }
}
