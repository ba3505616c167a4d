//! Group rules: one ordered list per domain, like a firewall's; the first rule whose group contains the user wins
//! (rule L4).

use crate::fault::{Faults, Refused};
use crate::services::Services;
use ::crm::people::Group;
use model::Domain;
use model::settings::{GroupKind, GroupRule};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A domain has at most this many rules.
pub const MAX_RULES: usize = 500;

/// A rule as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShownRule {
    /// The rule.
    #[serde(flatten)]
    pub rule: GroupRule,
    /// The group's name; absent when the group vanished.
    pub name: Option<String>,
    /// It names a vanished group and matches nobody.
    pub broken: bool,
}

/// The rules of a domain in order.
///
/// # Errors
/// Only the store's and the CRM's.
pub async fn list(services: &Services, domain: Domain) -> Result<Vec<ShownRule>, Refused> {
    let rules = services.store.settings().await?.domain(domain).group_rules;
    shown(services, rules).await
}

/// Replaces the rules of a domain.
///
/// # Errors
/// Every fault at once: a level the domain refuses, a group that does not exist (one that vanished may stay), a group
/// named twice.
pub async fn set(services: &Services, domain: Domain, rules: Vec<GroupRule>) -> Result<Vec<ShownRule>, Refused> {
    let mut faults = Faults::default();
    if rules.len() > MAX_RULES {
        faults.note("rules", format!("has more than {MAX_RULES} entries"));
        faults.refuse()?;
        return Ok(Vec::new());
    }
    let present = services.store.settings().await?.domain(domain).group_rules;
    let names = group_names(services, &groups(&rules)).await?;
    let mut seen = BTreeSet::new();
    for (index, rule) in rules.iter().enumerate() {
        let place = format!("rules[{index}]");
        super::level::note(domain, rule.level, &format!("{place}.level"), &mut faults);
        let key = (rule.group.clone(), rule.id.clone());
        let stood = present.iter().any(|old| old.group == rule.group && old.id == rule.id);
        if !names.contains_key(&key) && !stood {
            faults.note(format!("{place}.id"), format!("there is no {} {}", word(&rule.group), rule.id));
        }
        if !seen.insert((key, rule.and_below)) {
            faults.note(place, "names a group that an earlier rule names");
        }
    }
    faults.refuse()?;
    super::setting::edit(services, |settings| {
        let mut of = settings.domain(domain);
        of.group_rules.clone_from(&rules);
        settings.domains.insert(domain, of);
        Ok(())
    })
    .await?;
    shown(services, rules).await
}

/// Puts a rule into a domain's list: before the one at `position`, or last.
///
/// # Errors
/// As for [`set`].
pub async fn add(
    services: &Services,
    domain: Domain,
    rule: GroupRule,
    position: Option<usize>,
) -> Result<Vec<ShownRule>, Refused> {
    let mut rules = services.store.settings().await?.domain(domain).group_rules;
    let position = position.unwrap_or(rules.len()).min(rules.len());
    rules.insert(position, rule);
    set(services, domain, rules).await
}

/// Takes the rule at a position out of a domain's list.
///
/// # Errors
/// There is none at that position.
pub async fn remove(services: &Services, domain: Domain, position: usize) -> Result<Vec<ShownRule>, Refused> {
    let mut rules = services.store.settings().await?.domain(domain).group_rules;
    if position >= rules.len() {
        return Err(Refused::NotFound(format!("{domain} has {} group rules, none at this position", rules.len())));
    }
    rules.remove(position);
    set(services, domain, rules).await
}

async fn shown(services: &Services, rules: Vec<GroupRule>) -> Result<Vec<ShownRule>, Refused> {
    let names = group_names(services, &groups(&rules)).await?;
    Ok(rules
        .into_iter()
        .map(|rule| {
            let name = names.get(&(rule.group.clone(), rule.id.clone())).cloned();
            ShownRule { broken: name.is_none(), name, rule }
        })
        .collect())
}

fn groups(rules: &[GroupRule]) -> BTreeSet<(GroupKind, String)> {
    rules.iter().map(|rule| (rule.group.clone(), rule.id.clone())).collect()
}

/// The names of groups; one that vanished has none.
pub(super) async fn group_names(
    services: &Services,
    groups: &BTreeSet<(GroupKind, String)>,
) -> Result<BTreeMap<(GroupKind, String), String>, Refused> {
    let mut names = BTreeMap::new();
    for (kind, group) in [
        (GroupKind::Organization, Group::Organization),
        (GroupKind::Position, Group::Position),
        (GroupKind::UserList, Group::UserList),
    ] {
        let ids: BTreeSet<String> = groups.iter().filter(|(of, _)| *of == kind).map(|(_, id)| id.clone()).collect();
        let found = services.crm.group_names(group, &ids).await?;
        names.extend(found.into_iter().map(|(id, name)| ((kind.clone(), id), name)));
    }
    Ok(names)
}

pub(super) fn word(kind: &GroupKind) -> &'static str {
    match kind {
        GroupKind::Organization => "organization",
        GroupKind::Position => "position",
        GroupKind::UserList => "user list",
    }
}
