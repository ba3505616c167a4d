//! An item that goes while its user has just changed it: what he changed is the record's first, or is told (rules C2, C3).

use crate::context::Context;
use crate::form;
use crate::linked::{merged, push_updates, views};
use crate::merge::Merged;
use crate::operation::{After, Conflict, Plan};
use jiff::civil::DateTime;
use model::same::same;
use model::{Fields, Link, Part, Path, Record, Side, Unit, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The plan by which an item leaves, with what its user changed in it since both sides agreed. A former owner no longer sees
/// the record and writes nothing in it: what he changed stands in the history (rule P8).
pub(crate) fn with_its_edit(link: &Link, crm: &Record, pim: &Record, leaving: Plan, context: &Context<'_>) -> Plan {
    let domain = link.domain;
    if !matches!(leaving.after, After::Forget) || link.sleep.is_some() || !context.level(domain).imports() {
        return leaving;
    }
    if crm.facts.part == Part::Former {
        return Plan { conflicts: overruled(link, crm, pim, context), ..leaving };
    }
    let merged = merged(link, domain, crm, pim, context);
    let mut ops = Vec::new();
    push_updates(&Merged { to_pim: Fields::new(), ..merged.clone() }, crm, pim, false, context, &mut ops);
    ops.extend(leaving.ops);
    // Nobody is asked about an item that is gone: the record stands.
    let decided = |conflict: Conflict| Conflict { winner: conflict.winner.or(Some(Side::Crm)), ..conflict };
    let conflicts = merged.conflicts.into_iter().map(decided).collect();
    Plan { ops, conflicts, ..leaving }
}

/// The plan by which an item leaves whose record is not there to be written to: what its user changed stands in the history.
pub(crate) fn told(link: &Link, pim: &Record, leaving: Plan, context: &Context<'_>) -> Plan {
    if leaving.after != After::Forget || link.sleep.is_some() || !context.level(link.domain).imports() {
        return leaving;
    }
    // There are the item's own values alone to look at.
    Plan { conflicts: overruled(link, pim, pim, context), ..leaving }
}

/// What somebody changed in the item of a record that he does not see any more, unit by unit, as far as it would have been
/// the record's.
fn overruled(link: &Link, crm: &Record, pim: &Record, context: &Context<'_>) -> Vec<Conflict> {
    let domain = link.domain;
    let Some(map) = context.maps.get(&domain) else {
        return Vec::new();
    };
    if context.domain(domain).skip_private && pim.is_private() {
        return Vec::new();
    }
    let (_, shown) = views(crm, pim, context);
    let occurrences = link.pim.base.keys().filter(|path| path.occurrence.is_some());
    let paths: BTreeSet<&Path> = shown.keys().chain(occurrences).collect();
    let mut units: BTreeMap<(Option<DateTime>, Unit), Conflict> = BTreeMap::new();
    let told = || Conflict { values: BTreeMap::new(), winner: Some(Side::Crm), counts: false };
    for path in paths {
        // An occurrence that says nothing is as its series.
        let of = |fields: &Fields| fields.get(path).cloned().or(path.occurrence.map(|_| Value::Null));
        let (Some(now), Some(was)) = (of(&shown), of(&link.pim.base)) else {
            continue;
        };
        let crosses = !path.field.is_own()
            && map.maps(&path.field)
            && form::gate(link.form, domain, crm, pim, path, context).to_crm;
        if crosses && !same(&path.field, &now, &was) {
            let unit = units.entry(path.unit()).or_insert_with(told);
            unit.values.insert(path.clone(), (None, Some(now)));
        }
    }
    units.into_values().collect()
}
