//! Undo: what the synchronisation did to a record, in a cycle, or to a user since a time is put back, after it was shown
//! (rule W3).

use super::veil;
use crate::fault::{Faults, Refused};
use crate::services::Services;
use crm::EmployeeId;
use engine::{UndoStays, UndoWish};
use jiff::{SignedDuration, Timestamp};
use model::settings::Brakes;
use model::{PairingId, RecordId, Side};
use plan::guard::{Tallies, Tally, trips, trips_over_all};
use plan::undo::Did;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use store::{Count, History, HistoryFilter, HistoryKey, HistoryLine, Whose};

/// What is to be put back.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// One user's mailbox alone.
    pub user: Option<String>,
    /// One record, as a side names it: without a cycle or a time, its last change.
    pub record: Option<(Side, RecordId)>,
    /// One cycle.
    pub cycle: Option<String>,
    /// From this time on.
    pub since: Option<Timestamp>,
}

/// Something that is, or was, put back.
#[derive(Clone, Debug, Serialize)]
pub struct PutBack {
    /// As the history tells it.
    #[serde(flatten, serialize_with = "crate::json::told::line")]
    pub line: History,
    /// In words.
    pub text: String,
}

/// What an undoing would do, or did.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Shown {
    /// What goes back.
    pub lines: Vec<PutBack>,
    /// What stays, and why.
    pub stays: Vec<UndoStays>,
    /// Mailboxes in which nothing could be looked at, and why.
    pub troubles: BTreeMap<PairingId, String>,
    /// Brakes that it would pass (rule C8): it needs a release then.
    pub brakes: Vec<String>,
    /// Names exactly this undoing as things are now.
    pub digest: String,
    /// It was done: the cycle it is in the history, by which it is undone itself.
    pub cycle: Option<String>,
}

/// What an undoing would do. Nothing is written.
///
/// # Errors
/// The request names too little or too much; the user is not mapped.
pub async fn show(services: &Services, viewer: Option<&EmployeeId>, asked: &Asked) -> Result<Shown, Refused> {
    let wishes = wishes(services, asked).await?;
    let shown = carry(services, &wishes, "", false).await?;
    veiled(services, viewer, shown).await
}

/// Does it. With the digest of what was shown it does exactly that; what would pass a brake needs that digest as release.
///
/// # Errors
/// As for [`show`]; a conflict when something changed since it was shown, or a brake stands in the way, and nothing was done.
pub async fn run(
    services: &Services,
    viewer: Option<&EmployeeId>,
    asked: &Asked,
    digest: Option<&str>,
    release: Option<&str>,
) -> Result<Shown, Refused> {
    let wishes = wishes(services, asked).await?;
    let plan = carry(services, &wishes, "", false).await?;
    if digest.or(release).is_some_and(|digest| digest != plan.digest) {
        return Err(Refused::Conflict {
            code: "plan_changed",
            message: "something changed since this was shown, and nothing was done; look again".to_owned(),
        });
    }
    if !plan.brakes.is_empty() && release.is_none() {
        return Err(Refused::Conflict {
            code: "braked",
            message: format!(
                "{}; nothing was done; to let it pass, release it by its digest {}",
                plan.brakes.join("; "),
                plan.digest
            ),
        });
    }
    let by = viewer.map_or("operator", EmployeeId::as_str);
    let done = carry(services, &wishes, by, true).await?;
    super::woken(services);
    services.wake.crm_changed();
    veiled(services, viewer, Shown { digest: plan.digest, ..done }).await
}

/// What is to be put back in which mailbox; those first whose cycles wrote in the CRM, for the others follow.
async fn wishes(services: &Services, asked: &Asked) -> Result<Vec<(PairingId, UndoWish)>, Refused> {
    let mut faults = Faults::default();
    match (&asked.record, &asked.cycle, &asked.user, asked.since) {
        (None, None, Some(_), None) => faults.note("since", "is missing: from when on"),
        (None, None, None, _) => faults.note("record", "is missing: name a record, a cycle, or a user and a time"),
        (_, _, _, _) => {}
    }
    faults.refuse()?;
    let filter = HistoryFilter {
        pairing: super::people::optional_pairing(services, asked.user.as_deref()).await?,
        record: asked.record.clone(),
        cycle: asked.cycle.clone(),
        since: asked.since,
        until: None,
    };
    let lines = services.engine.lines_to_undo(&filter).await?;
    if let Some(cycle) = &asked.cycle
        && lines.is_empty()
    {
        let text = format!("the history tells of no cycle {cycle} that did what is asked for; see 'syncline history'");
        return Err(Refused::NotFound(text));
    }
    let mut wish =
        UndoWish { record: None, cycles: asked.cycle.clone().map(|cycle| [cycle].into()), since: asked.since };
    if asked.record.is_some() {
        let id = lines.iter().find_map(|line| line.crm.clone()).ok_or_else(|| {
            Refused::NotFound("the history tells of no such record; see 'syncline history'".to_owned())
        })?;
        wish.record = Some((Side::Crm, id));
        if asked.cycle.is_none() && asked.since.is_none() {
            wish.cycles = Some(last_change(&lines));
        }
    }
    let mut mailboxes: BTreeMap<PairingId, bool> = BTreeMap::new();
    for line in lines.iter().filter(|line| Did::of(&line.what).is_some()) {
        let named = wish.cycles.as_ref().is_none_or(|cycles| cycles.contains(&line.cycle));
        if named {
            *mailboxes.entry(line.pairing.clone()).or_default() |= line.side == Some(Side::Crm);
        }
    }
    let (first, then): (Vec<_>, Vec<_>) = mailboxes.into_iter().partition(|(_, crm)| *crm);
    Ok(first.into_iter().chain(then).map(|(pairing, _)| (pairing, wish.clone())).collect())
}

/// The cycles that carried a record's last change: the latest of each mailbox, as long as they did the same to it.
fn last_change(lines: &[History]) -> BTreeSet<String> {
    let mut known: BTreeMap<&PairingId, &str> = BTreeMap::new();
    let mut last: Option<&History> = None;
    for line in lines {
        let Some(did) = Did::of(&line.what) else { continue };
        let newest = *last.get_or_insert(line);
        let cycle = *known.entry(&line.pairing).or_insert(line.cycle.as_str());
        let alike = Did::of(&newest.what) == Some(did)
            && (did != Did::Changed
                || line.after.keys().any(|path| newest.after.keys().any(|of| of.unit() == path.unit())));
        if line.pairing != newest.pairing && !alike {
            known.remove(&line.pairing);
            break;
        }
        if cycle != line.cycle {
            break;
        }
    }
    known.into_values().map(str::to_owned).collect()
}

async fn carry(
    services: &Services,
    wishes: &[(PairingId, UndoWish)],
    by: &str,
    really: bool,
) -> Result<Shown, Refused> {
    let mut run = services.engine.begin_undo(by);
    let mut shown = Shown { cycle: really.then(|| run.cycle.clone()), ..Shown::default() };
    for (pairing, wish) in wishes {
        match services.engine.undo(pairing, wish, &mut run, really).await {
            Ok(undone) => {
                let told = undone.lines.into_iter().zip(undone.texts);
                shown.lines.extend(told.map(|(line, text)| PutBack { line, text }));
                shown.stays.extend(undone.stays);
            }
            Err(engine::CycleError::Store(why)) => return Err(why.into()),
            Err(why @ engine::CycleError::TooMuch { .. }) => return Err(why.into()),
            // One mailbox's trouble is not another's (rule E7).
            Err(why) => {
                shown.troubles.insert(pairing.clone(), why.to_string());
            }
        }
    }
    shown.digest = digest(&shown.lines);
    shown.brakes = brakes(services, &shown.lines).await?;
    Ok(shown)
}

/// Names what is written where, and over what; not when and in which cycle.
fn digest(lines: &[PutBack]) -> String {
    let mut names = Sha256::new();
    for PutBack { line, .. } in lines {
        let of = json!([line.pairing, line.crm, line.side, line.what, line.before, line.after]);
        names.update(format!("{of}\n").as_bytes());
    }
    names.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Which brakes the undoing would pass (rule C8).
async fn brakes(services: &Services, lines: &[PutBack]) -> Result<Vec<String>, Refused> {
    let limits = services.store.settings().await?.brakes;
    let mut mailboxes: BTreeMap<&PairingId, Tallies> = BTreeMap::new();
    for PutBack { line, .. } in lines {
        let (Some(side), Some(did)) = (line.side, Did::of(&line.what)) else { continue };
        let tally = mailboxes.entry(&line.pairing).or_default().entry((line.domain, side)).or_default();
        match did {
            Did::Made => tally.creates += 1,
            Did::Changed => tally.changes += 1,
            Did::Deleted | Did::Delisted | Did::Left => tally.deletes += 1,
            Did::Listed => {}
        }
    }
    let now = services.clock.now();
    let ago = |hours| now.checked_sub(SignedDuration::from_hours(hours)).unwrap_or(now);
    let mut told = Vec::new();
    for (pairing, tallies) in &mailboxes {
        let links = services.store.count_links(pairing).await?;
        let day = services.store.counts(&Whose::Pairing((*pairing).clone()), ago(24)).await?;
        for ((domain, side), tally) in tallies {
            let all = links.get(domain).map_or(0, |count| number(count.all));
            let of_day = |what| day.get(&(*domain, *side, what)).map_or(0, |sum| number(sum.records));
            let seen = Tally { creates: 0, changes: of_day(Count::Updated), deletes: of_day(Count::Deleted) };
            if let Some(why) = trips(*tally, all, seen, false, &limits) {
                told.push(format!("{pairing} {domain} {}: {why}", side.as_str()));
            }
        }
    }
    told.extend(over_all(services, &mailboxes, &limits, ago(1)).await?);
    Ok(told)
}

async fn over_all(
    services: &Services,
    mailboxes: &BTreeMap<&PairingId, Tallies>,
    limits: &Brakes,
    since: Timestamp,
) -> Result<Vec<String>, Refused> {
    let mut told = Vec::new();
    for side in Side::BOTH {
        let mine = |tallies: &Tallies| -> u64 {
            tallies.iter().filter(|((_, of), _)| *of == side).map(|(_, tally)| u64::from(tally.deletes)).sum()
        };
        let here: u64 = mailboxes.values().map(mine).sum();
        if here == 0 {
            continue;
        }
        let hour = services.store.counts(&Whose::All, since).await?;
        let so_far: u64 = hour
            .iter()
            .filter(|((_, of, what), _)| *of == side && *what == Count::Deleted)
            .map(|(_, sum)| sum.records)
            .sum();
        let mut users = services.store.pairings_that(side, Count::Deleted, since).await?;
        let deleting = mailboxes.iter().filter(|(_, tallies)| mine(tallies) > 0);
        users.extend(deleting.map(|(pairing, _)| (*pairing).clone()));
        let enabled = services.store.backlog().await?.enabled;
        told.extend(trips_over_all(so_far + here, users.len() as u64, enabled, limits));
    }
    Ok(told)
}

fn number(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Values of others' private records are not shown (rule O7).
async fn veiled(services: &Services, viewer: Option<&EmployeeId>, mut shown: Shown) -> Result<Shown, Refused> {
    let key = |line: &History| HistoryKey { at: line.at, pairing: line.pairing.clone(), number: 0 };
    let lines = shown.lines.iter().map(|put| HistoryLine { key: key(&put.line), line: put.line.clone() }).collect();
    let lines = veil::history(services, viewer, lines).await?;
    for (put, veiled) in shown.lines.iter_mut().zip(lines) {
        put.line = veiled.line;
    }
    Ok(shown)
}
