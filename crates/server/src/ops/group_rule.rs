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
    change(services, domain, &rules, |list| {
        list.clone_from(&rules);
        Ok(())
    })
    .await
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
    change(services, domain, std::slice::from_ref(&rule), |list| {
        let position = position.unwrap_or(list.len());
        if position > list.len() {
            let has = list.len();
            return Err(Refused::at("position", format!("{domain} has {has} group rules, none at that position")));
        }
        list.insert(position, rule.clone());
        Ok(())
    })
    .await
}

/// Takes the rule at a position out of a domain's list.
///
/// # Errors
/// There is none at that position.
pub async fn remove(services: &Services, domain: Domain, position: usize) -> Result<Vec<ShownRule>, Refused> {
    change(services, domain, &[], |list| {
        if position >= list.len() {
            let has = list.len();
            return Err(Refused::NotFound(format!("{domain} has {has} group rules, none at that position")));
        }
        list.remove(position);
        Ok(())
    })
    .await
}

/// Changes the list that stands at that moment: of two people who add a rule neither takes the other's away. Groups that
/// are named newly must exist.
async fn change(
    services: &Services,
    domain: Domain,
    named: &[GroupRule],
    by: impl Fn(&mut Vec<GroupRule>) -> Result<(), Refused>,
) -> Result<Vec<ShownRule>, Refused> {
    let known = group_names(services, &groups(named.iter().take(MAX_RULES))).await?;
    let settings = super::setting::edit(services, |settings| {
        let mut of = settings.domain(domain);
        let present = std::mem::take(&mut of.group_rules);
        let mut rules = present.clone();
        by(&mut rules)?;
        note(domain, &rules, &present, &known).refuse()?;
        of.group_rules = rules;
        settings.domains.insert(domain, of);
        Ok(())
    })
    .await?;
    shown(services, settings.domain(domain).group_rules).await
}

fn note(
    domain: Domain,
    rules: &[GroupRule],
    present: &[GroupRule],
    known: &BTreeMap<(GroupKind, String), String>,
) -> Faults {
    let mut faults = Faults::default();
    if rules.len() > MAX_RULES {
        faults.note("rules", format!("has more than {MAX_RULES} entries"));
        return faults;
    }
    let mut seen = BTreeSet::new();
    for (index, rule) in rules.iter().enumerate() {
        let place = format!("rules[{index}]");
        super::level::note(domain, rule.level, &format!("{place}.level"), &mut faults);
        let key = (rule.group.clone(), rule.id.clone());
        let stood = present.iter().any(|old| old.group == rule.group && old.id == rule.id);
        if !known.contains_key(&key) && !stood {
            faults.note(format!("{place}.id"), format!("there is no {} {}", rule.group.name(), rule.id));
        }
        if !seen.insert((key, rule.and_below)) {
            faults.note(place, "names a group that an earlier rule names");
        }
    }
    faults
}

async fn shown(services: &Services, rules: Vec<GroupRule>) -> Result<Vec<ShownRule>, Refused> {
    let names = group_names(services, &groups(rules.iter())).await?;
    Ok(rules
        .into_iter()
        .map(|rule| {
            let name = names.get(&(rule.group.clone(), rule.id.clone())).cloned();
            ShownRule { broken: name.is_none(), name, rule }
        })
        .collect())
}

fn groups<'a>(rules: impl Iterator<Item = &'a GroupRule>) -> BTreeSet<(GroupKind, String)> {
    rules.map(|rule| (rule.group.clone(), rule.id.clone())).collect()
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
