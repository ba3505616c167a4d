//! Small pieces of settling: lines for the history, words for strangers, questions to people.

use crate::carry::Acting;
use crate::cycle::Cycle;
use model::{Domain, Fields, Link, Path, RecordId, Side, Value};
use plan::{Conflict, Reason};
use planted::Planted;
use std::collections::BTreeMap;
use store::{Held, HeldKind, History, Look, Stranger, Work};

/// Reasons that a changed setting can end (rule L7).
pub(crate) const SETTING_REASONS: [&str; 11] = [
    "level",
    "no_category",
    "private",
    "category_required",
    "type_required",
    "window",
    "another_leads",
    "unanswered",
    "too_many",
    "employee_category",
    "not_visible",
];

/// The word a reason is stored under.
pub(crate) fn word(reason: Reason) -> String {
    match serde_json::to_value(reason) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(_) | Err(_) => "asleep".to_owned(),
    }
}

impl Cycle<'_> {
    pub(crate) fn line(&self, domain: Domain, what: &str, crm: Option<&RecordId>, pim: Option<&RecordId>) -> History {
        History {
            pairing: self.pairing.id.clone(),
            cycle: self.id.clone(),
            at: self.engine.now(),
            domain,
            side: None,
            what: what.to_owned(),
            crm: crm.cloned(),
            pim: pim.cloned(),
            before: BTreeMap::new(),
            after: Fields::new(),
            overruled: Fields::new(),
            mark_key: None,
            form: None,
            by: None,
            note: String::new(),
        }
    }

    pub(crate) fn stranger(&self, seen: &store::Observation, reason: &str) -> Stranger {
        Stranger {
            side: seen.side,
            kind: seen.kind,
            id: seen.id.clone(),
            version: seen.version.clone(),
            hashes: seen.hashes.clone(),
            reason: reason.to_owned(),
        }
    }

    /// Conflicts as history lines and, when nobody won, as questions (rule C3).
    pub(crate) fn conflicts(&self, domain: Domain, link: &Link, conflicts: &[Conflict]) -> (Vec<History>, Vec<Held>) {
        let mut lines = Vec::new();
        let mut held = Vec::new();
        for conflict in conflicts {
            let what = if conflict.counts { "conflict" } else { "overruled" };
            let mut line = self.line(domain, what, Some(&link.crm.id), Some(&link.pim.id));
            match conflict.winner {
                Some(winner) => {
                    line.side = Some(winner.other());
                    line.overruled = overruled(conflict, winner);
                    lines.push(line);
                }
                None => held.push(Held {
                    id: held_id(link, conflict),
                    pairing: self.pairing.id.clone(),
                    domain,
                    what: HeldKind::Conflict { link: link.id.clone(), values: conflict.values.clone() },
                    at: self.engine.now(),
                }),
            }
        }
        (lines, held)
    }
}

fn overruled(conflict: &Conflict, winner: Side) -> Fields {
    conflict
        .values
        .iter()
        .filter_map(|(path, (crm, pim))| {
            let value = match winner {
                Side::Crm => pim,
                Side::Pim => crm,
            };
            value.clone().map(|value| (path.clone(), value))
        })
        .collect()
}

fn held_id(link: &Link, conflict: &Conflict) -> String {
    let first = conflict.values.keys().next().map(ToString::to_string).unwrap_or_default();
    format!("{}:{first}", link.id)
}

/// What a record showed before at the paths that are written: absent where it had none (rule W3).
pub(crate) fn before(fields: &Fields, changes: &Fields) -> BTreeMap<Path, Option<Value>> {
    let kept = |_: &&Path| !planted::is(Planted::BeforeForgotten);
    changes.keys().filter(kept).map(|path| (path.clone(), fields.get(path).cloned())).collect()
}

/// What was sent stands: both images show it as it was planned.
pub(crate) fn settle_path(link: &mut Link, result: &Link, path: &Path) {
    for side in Side::BOTH {
        match result.end(side).base.get(path) {
            Some(value) => link.end_mut(side).base.insert(path.clone(), value.clone()),
            None => link.end_mut(side).base.remove(path),
        };
    }
}

/// A record's turn that ends before its plan is carried out settles what was written. What had been seen of a copy before
/// it was written is no more than that: it is looked at again, or our own write would be taken for a person's change back.
/// Says whether there was anything.
pub(crate) fn put_off(work: &Work, acting: &mut Acting) -> bool {
    let Some(link) = so_far(work, acting) else {
        return false;
    };
    for seen in [&work.crm, &work.pim].into_iter().flatten() {
        if acting.written.contains_key(&seen.side) && link.end(seen.side).id == seen.id {
            acting.settle.taken.push((seen.side, seen.kind, seen.id.clone(), seen.version.clone()));
            acting.settle.looks.push(Look::now(seen.side, seen.kind, seen.id.clone()));
        }
    }
    acting.settle.links.push(link);
    true
}

/// The link with what was written before the rest had to wait: that much both sides agree on, whatever becomes of the rest.
/// A delete meanwhile would find it an edit that outlives (rule C5).
pub(crate) fn so_far(work: &Work, acting: &Acting) -> Option<Link> {
    let before =
        work.link.as_ref().filter(|link| !acting.is_new && !acting.stored && link.crm.id == acting.link.crm.id)?;
    let mut link = before.clone();
    for (side, (sent, created, _)) in &acting.written {
        let sent = plan::occurrence::by_date(sent);
        let refused = |path: &Path| acting.partly.iter().any(|(of, _)| of == path);
        for path in sent.keys().filter(|path| !created && !refused(path)) {
            settle_path(&mut link, &acting.link, path);
        }
        if *side == Side::Pim && !created {
            link.write_no = acting.link.write_no;
            link.mark_key.clone_from(&acting.link.mark_key);
        }
    }
    (link != *before).then_some(link)
}
