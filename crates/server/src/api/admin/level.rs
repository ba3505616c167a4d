//! Levels and group rules over REST.

use super::super::ask::Ask;
use super::super::member::{Member, Shape, part};
use super::super::reply::{Answer, Reply};
use super::super::route::{Body, Method, Route, Shown, Who};
use super::{LEVELS, domain, items, json};
use crate::fault::{Faults, Refused};
use crate::ops::{group_rule, level, user};
use model::settings::{GroupRule, Settings};
use model::{Domain, Level};
use serde_json::{Map, Value as Json, json as made_json};
use std::collections::BTreeMap;

const TAG: &str = "levels";

const CEILINGS: &[Member] = &[
    ceiling("business_contact"),
    ceiling("personal_contact"),
    ceiling("employee"),
    ceiling("calendar"),
    ceiling("task"),
];

const OWN: &[Member] =
    &[own("business_contact"), own("personal_contact"), own("employee"), own("calendar"), own("task")];

const fn ceiling(domain: &'static str) -> Member {
    Member::optional(domain, Shape::OneOf(LEVELS), "the domain's own level")
}

const fn own(domain: &'static str) -> Member {
    Member::clearable(domain, Shape::OneOf(LEVELS), "the user's own level; null takes it back")
}

pub(super) const ROUTES: &[Route] = &[
    Route {
        method: Method::Get,
        path: "/api/admin/levels",
        tag: TAG,
        summary: "The ceiling of each domain.",
        who: Who::Administrator,
        query: &[],
        body: Body::None,
        answer: Shown::One("Levels"),
        run: |ask| Box::pin(ceilings(ask)),
    },
    Route {
        method: Method::Patch,
        path: "/api/admin/levels",
        tag: TAG,
        summary: "Sets the ceilings of the domains that are named.",
        who: Who::Administrator,
        query: &[],
        body: Body::Members(CEILINGS),
        answer: Shown::One("Levels"),
        run: |ask| Box::pin(set_ceilings(ask)),
    },
    Route {
        method: Method::Get,
        path: "/api/admin/users/{user}/levels",
        tag: TAG,
        summary: "A user's own levels.",
        who: Who::Administrator,
        query: &[],
        body: Body::None,
        answer: Shown::One("Levels"),
        run: |ask| Box::pin(own_levels(ask)),
    },
    Route {
        method: Method::Patch,
        path: "/api/admin/users/{user}/levels",
        tag: TAG,
        summary: "Sets a user's own levels of the domains that are named.",
        who: Who::Administrator,
        query: &[],
        body: Body::Members(OWN),
        answer: Shown::One("Levels"),
        run: |ask| Box::pin(set_own(ask)),
    },
    Route {
        method: Method::Get,
        path: "/api/admin/group-rules/{domain}",
        tag: TAG,
        summary: "The group rules of a domain, in order; the first match wins.",
        who: Who::Administrator,
        query: &[],
        body: Body::None,
        answer: Shown::Page("GroupRule"),
        run: |ask| Box::pin(rules(ask)),
    },
    Route {
        method: Method::Put,
        path: "/api/admin/group-rules/{domain}",
        tag: TAG,
        summary: "Replaces the group rules of a domain.",
        who: Who::Administrator,
        query: &[],
        body: Body::Members(&[Member::required("rules", Shape::Objects("GroupRuleDraft"), "the rules in order")]),
        answer: Shown::Page("GroupRule"),
        run: |ask| Box::pin(set_rules(ask)),
    },
    Route {
        method: Method::Post,
        path: "/api/admin/group-rules/{domain}",
        tag: TAG,
        summary: "Puts a rule into a domain's list.",
        who: Who::Administrator,
        query: &[],
        body: Body::Members(&[
            Member::required("group", Shape::OneOf(&["organization", "position", "user_list"]), "what kind of group"),
            Member::required("id", Shape::Text, "the group's id in the CRM"),
            Member::optional("and_below", Shape::Flag, "what stands below it counts too"),
            Member::required("level", Shape::OneOf(LEVELS), "what its members get"),
            Member::optional(
                "position",
                Shape::Whole(0, 10_000),
                "before the rule at this position, counted from 0; last unless said otherwise",
            ),
        ]),
        answer: Shown::Page("GroupRule"),
        run: |ask| Box::pin(add_rule(ask)),
    },
    Route {
        method: Method::Delete,
        path: "/api/admin/group-rules/{domain}/{position}",
        tag: TAG,
        summary: "Takes the rule at a position, counted from 0, out of a domain's list.",
        who: Who::Administrator,
        query: &[],
        body: Body::None,
        answer: Shown::Page("GroupRule"),
        run: |ask| Box::pin(remove_rule(ask)),
    },
];

fn show_ceilings(settings: &Settings) -> Reply {
    let levels: Map<String, Json> =
        Domain::ALL.into_iter().map(|domain| (domain.to_string(), made_json!(settings.domain(domain).level))).collect();
    Reply::of(Json::Object(levels))
}

async fn ceilings(ask: Ask) -> Answer {
    Ok(show_ceilings(&crate::ops::setting::get(&ask.services).await?))
}

async fn set_ceilings(ask: Ask) -> Answer {
    let levels: BTreeMap<Domain, Level> =
        named(&ask)?.into_iter().filter_map(|(domain, level)| Some((domain, level?))).collect();
    Ok(show_ceilings(&level::set_ceilings(&ask.services, &levels).await?))
}

async fn own_levels(ask: Ask) -> Answer {
    let pairing = user::pairing(&ask.services, ask.part("user")).await?;
    Ok(Reply::of(json(&pairing.settings.levels)?))
}

async fn set_own(ask: Ask) -> Answer {
    let changed = level::set_own(&ask.services, ask.part("user"), &named(&ask)?).await?;
    Ok(Reply::of(json(&changed.settings.levels)?))
}

fn named(ask: &Ask) -> Result<BTreeMap<Domain, Option<Level>>, Refused> {
    let words = ask.body().iter();
    level::read(words.map(|(domain, level)| (domain.as_str(), level.as_str()))).map_err(Refused::Invalid)
}

async fn rules(ask: Ask) -> Answer {
    let domain = domain(ask.part("domain"))?;
    items(&group_rule::list(&ask.services, domain).await?, None)
}

async fn set_rules(ask: Ask) -> Answer {
    let domain = domain(ask.part("domain"))?;
    let list = ask.json("rules").and_then(Json::as_array);
    let mut faults = Faults::default();
    let rules: Vec<GroupRule> = list
        .into_iter()
        .flatten()
        .enumerate()
        .filter_map(|(index, rule)| part(&format!("rules[{index}]"), rule, &mut faults))
        .collect();
    faults.refuse()?;
    items(&group_rule::set(&ask.services, domain, rules).await?, None)
}

async fn add_rule(ask: Ask) -> Answer {
    let domain = domain(ask.part("domain"))?;
    let mut rule = ask.body().clone();
    rule.remove("position");
    let mut faults = Faults::default();
    let rule: Option<GroupRule> = part("group", &Json::Object(rule), &mut faults);
    faults.refuse()?;
    let rule = rule.ok_or_else(|| Refused::Broken("a rule was read and is not there".to_owned()))?;
    let position = ask.whole("position").and_then(|position| usize::try_from(position).ok());
    let rules = group_rule::add(&ask.services, domain, rule, position).await?;
    items(&rules, None)
}

async fn remove_rule(ask: Ask) -> Answer {
    let domain = domain(ask.part("domain"))?;
    let position = ask.part("position").parse().map_err(|_| Refused::missing("position", ask.part("position")))?;
    let rules = group_rule::remove(&ask.services, domain, position).await?;
    items(&rules, None)
}
