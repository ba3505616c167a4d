//! Schedules: one ordered list over the groups of the CRM; the first rule that holds a user says when his cycles run
//! (rule E4).

use crate::fault::{Faults, Refused};
use crate::services::Services;
use model::schedule::ScheduleRule;
use model::settings::{GroupKind, Settings};
use serde::Serialize;
use std::collections::BTreeSet;

/// At most this many rules.
pub const MAX_RULES: usize = 200;

/// A rule as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShownSchedule {
    /// The rule.
    #[serde(flatten)]
    pub rule: ScheduleRule,
    /// The group's name; absent for everybody and when the group vanished.
    pub name: Option<String>,
    /// It names a vanished group and holds nobody.
    pub broken: bool,
}

/// The rules in order.
///
/// # Errors
/// Only the store's and the CRM's.
pub async fn list(services: &Services) -> Result<Vec<ShownSchedule>, Refused> {
    let rules = services.store.settings().await?.schedules;
    shown(services, rules).await
}

/// Replaces the rules.
///
/// # Errors
/// Every fault at once: an interval of 0, hours that leave no time for a cycle, an unknown zone, a group that does not exist
/// (one that vanished may stay), a group named twice.
pub async fn set(services: &Services, rules: Vec<ScheduleRule>) -> Result<Vec<ShownSchedule>, Refused> {
    change(services, &rules, |list| {
        list.clone_from(&rules);
        Ok(())
    })
    .await
}

/// Puts a rule into the list: before the one at `position`, counted from 0, or last.
///
/// # Errors
/// As for [`set`]; there is no such position.
pub async fn add(
    services: &Services,
    rule: ScheduleRule,
    position: Option<usize>,
) -> Result<Vec<ShownSchedule>, Refused> {
    change(services, std::slice::from_ref(&rule), |list| {
        let position = position.unwrap_or(list.len());
        if position > list.len() {
            let has = list.len();
            return Err(Refused::at("position", format!("there are {has} schedules, none at that position")));
        }
        list.insert(position, rule.clone());
        Ok(())
    })
    .await
}

/// Takes the rule at a position, counted from 0, out of the list.
///
/// # Errors
/// There is none at that position.
pub async fn remove(services: &Services, position: usize) -> Result<Vec<ShownSchedule>, Refused> {
    change(services, &[], |list| {
        if position >= list.len() {
            let has = list.len();
            return Err(Refused::NotFound(format!("there are {has} schedules, none at that position")));
        }
        list.remove(position);
        Ok(())
    })
    .await
}

/// Changes the list that stands at that moment; groups that are named newly must exist.
async fn change(
    services: &Services,
    named: &[ScheduleRule],
    by: impl Fn(&mut Vec<ScheduleRule>) -> Result<(), Refused>,
) -> Result<Vec<ShownSchedule>, Refused> {
    let known = super::group_rule::group_names(services, &groups(named.iter().take(MAX_RULES))).await?;
    let settings = super::setting::edit(services, |settings: &mut Settings| {
        let present = settings.schedules.clone();
        by(&mut settings.schedules)?;
        let mut faults = Faults::default();
        note(&settings.schedules, &mut faults);
        for (index, rule) in settings.schedules.iter().enumerate() {
            let Some(group) = rule.group.as_ref().filter(|_| !rule.id.is_empty()) else { continue };
            let stood = present.iter().any(|old| old.group == rule.group && old.id == rule.id);
            if !known.contains_key(&(group.clone(), rule.id.clone())) && !stood {
                faults.note(format!("schedules[{index}].id"), format!("there is no {} {}", group.name(), rule.id));
            }
        }
        faults.refuse()
    })
    .await?;
    shown(services, settings.schedules).await
}

/// What is wrong with a list of schedules, without asking the CRM.
pub(super) fn note(rules: &[ScheduleRule], faults: &mut Faults) {
    if rules.len() > MAX_RULES {
        faults.note("schedules", format!("has more than {MAX_RULES} entries"));
        return;
    }
    let mut seen = BTreeSet::new();
    for (index, rule) in rules.iter().enumerate() {
        let place = format!("schedules[{index}]");
        for (at, why) in rule.schedule.faults() {
            faults.note(format!("{place}.schedule.{at}"), why);
        }
        if rule.group.is_some() == rule.id.is_empty() {
            faults.note(
                format!("{place}.id"),
                "a group is named by its kind and its id; without both, everybody is meant",
            );
        }
        if !seen.insert((rule.group.clone(), rule.id.clone(), rule.and_below)) {
            faults.note(place, "names a group that an earlier schedule names");
        }
    }
}

fn groups<'a>(rules: impl Iterator<Item = &'a ScheduleRule>) -> BTreeSet<(GroupKind, String)> {
    rules.filter_map(|rule| Some((rule.group.clone()?, rule.id.clone()))).collect()
}

async fn shown(services: &Services, rules: Vec<ScheduleRule>) -> Result<Vec<ShownSchedule>, Refused> {
    let names = super::group_rule::group_names(services, &groups(rules.iter())).await?;
    Ok(rules
        .into_iter()
        .map(|rule| {
            let name = rule.group.as_ref().and_then(|group| names.get(&(group.clone(), rule.id.clone())).cloned());
            ShownSchedule { broken: rule.group.is_some() && name.is_none(), name, rule }
        })
        .collect())
}
