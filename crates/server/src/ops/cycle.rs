//! Cycles on request: sync now and wait, the plan of the next cycle (rule W1), and why something is or is not in sync
//! (rules W2, L5).

use super::user::Whom;
use crate::fault::Refused;
use crate::services::Services;
use ::crm::{ActivityId, Display};
use engine::{CycleError, CycleReport, Explained, PlanReport, UserExplained};
use futures::StreamExt;
use model::settings::GroupKind;
use model::{CrmId, Domain, Kind, PairingId, RecordId, Side};
use planted::Planted;
use serde::Serialize;
use std::collections::BTreeSet;
use store::{Count, Held, HeldFilter, HeldKind, Pairing};

/// Cycles that a command runs at the same time.
const AT_ONCE: usize = 8;

/// Pages read in one go.
const PAGE: usize = 500;

/// Pages of the CRM's feed that one request reads at most.
const FEED_PAGES: usize = 10_000;

/// What one cycle did.
#[derive(Clone, Debug, Serialize)]
pub struct CycleDone {
    /// The CRM's user.
    pub user: String,
    /// His pairing.
    pub pairing: PairingId,
    /// What was done to records.
    pub counts: Vec<CountLine>,
    /// Units both sides changed.
    pub conflicts: u32,
    /// Questions to a person.
    pub held: u32,
    /// Links that went to sleep.
    pub slept: u32,
    /// Records that went to quarantine.
    pub quarantined: u32,
    /// Domains that a brake stopped.
    pub braked: u32,
    /// Records that could not be worked on now.
    pub postponed: u32,
    /// Why it did not end well.
    pub trouble: Option<String>,
}

/// A number of a cycle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CountLine {
    /// Of which domain.
    pub domain: Domain,
    /// On which side.
    pub side: Side,
    /// What was done.
    pub what: Count,
    /// To how many records.
    pub records: u32,
}

/// Entries of the feed that one transaction forgets: nobody who writes in the CRM waits long for it.
const FORGOTTEN_AT_ONCE: usize = 1_000;

/// How long what a person asks for waits for a cycle that runs: so often, so many milliseconds.
const WAITS: usize = 40;
const WAIT_MS: u64 = 250;

/// A person's answer to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The value of this side stands (rule C3).
    Stands(Side),
    /// These two are one record (rule M1).
    Same {
        /// In the CRM.
        crm: RecordId,
        /// In the mailbox.
        pim: RecordId,
    },
    /// It is seen; nothing is done.
    Seen,
}

/// Runs one cycle now and waits for it: a user's, a group's, or everybody's who is enabled; also in blackout hours.
///
/// # Errors
/// The user is not mapped, there is no such group; the store or the CRM failed. What goes wrong in a cycle stands in its line.
pub async fn run(services: &Services, whom: &Whom) -> Result<Vec<CycleDone>, Refused> {
    let pairings = super::user::asked_for(services, whom).await?;
    let mut crms: Vec<CrmId> = pairings.iter().map(|pairing| pairing.crm.clone()).collect();
    crms.sort();
    crms.dedup();
    for crm in crms {
        read_crm(services, &crm).await?;
    }
    let cycles = pairings.into_iter().map(|pairing| async move {
        let result = once_free(services, || services.engine.cycle(&pairing.id)).await;
        if let Ok(report) = &result {
            super::overall::keep(services, report).await;
        }
        done(pairing, result)
    });
    let done: Vec<Result<CycleDone, Refused>> = futures::stream::iter(cycles).buffered(AT_ONCE).collect().await;
    services.wake.crm_changed();
    done.into_iter().collect()
}

/// The plan of a user's next cycle. It writes nothing on either side (rule W1).
///
/// # Errors
/// The user is not mapped; a side does not answer; somebody works on him now.
pub async fn plan(services: &Services, user: &str) -> Result<PlanReport, Refused> {
    let pairing = super::user::pairing(services, user).await?;
    // The next cycle knows what the CRM changed up to now.
    read_crm(services, &pairing.crm).await?;
    if planted::is(Planted::PlanIsDone) {
        once_free(services, || services.engine.cycle(&pairing.id)).await?;
    }
    Ok(once_free(services, || services.engine.dry_run(&pairing.id)).await?)
}

/// Whose level counts for a user, domain by domain; `joined` are groups he is not in ("what if", rule L5).
///
/// # Errors
/// The user is not mapped; there is no such group; the CRM does not answer.
pub async fn explain_user(
    services: &Services,
    user: &str,
    joined: &BTreeSet<(GroupKind, String)>,
) -> Result<UserExplained, Refused> {
    let pairing = super::user::pairing(services, user).await?;
    let joined = super::joined::groups(services, joined).await?;
    Ok(services.engine.explain_user(&pairing.id, &joined).await?)
}

/// Why a record of a side is or is not in sync for a user (rule W2).
///
/// # Errors
/// The user is not mapped; a side does not answer; somebody works on him now.
pub async fn explain_record(
    services: &Services,
    user: &str,
    side: Side,
    kind: Kind,
    record: &RecordId,
) -> Result<Explained, Refused> {
    let pairing = super::user::pairing(services, user).await?;
    let kind = kind_of(services, &pairing.id, side, kind, record).await?;
    Ok(once_free(services, || services.engine.explain_record(&pairing.id, side, kind, record)).await?)
}

/// What kind a record is: an activity of the CRM says by its display whether it is an appointment or a to-do (rule D3), and
/// who asks about it need not know.
async fn kind_of(
    services: &Services,
    pairing: &PairingId,
    side: Side,
    kind: Kind,
    record: &RecordId,
) -> Result<Kind, Refused> {
    if side != Side::Crm || !record.as_str().starts_with(ActivityId::PREFIX) {
        return Ok(kind);
    }
    let actor = super::operator("explain");
    match services.crm.activity(&actor, &ActivityId::new(record.as_str())).await {
        Ok(activity) if activity.display == Display::ToDo => Ok(Kind::Task),
        Ok(activity) if activity.display == Display::Calendar => Ok(Kind::Appointment),
        Ok(_) | Err(::crm::Error::Forbidden { .. }) => Ok(kind),
        // Gone, it is what its link says.
        Err(::crm::Error::NotFound | ::crm::Error::Deleted { .. }) => {
            let task = services.store.link_of(pairing, side, Kind::Task, record).await?;
            Ok(if task.is_some() { Kind::Task } else { kind })
        }
        Err(other) => Err(other.into()),
    }
}

/// Does what needs a user for itself as soon as the cycle that runs for him has ended.
async fn once_free<T, F>(services: &Services, work: impl Fn() -> F) -> Result<T, CycleError>
where
    F: Future<Output = Result<T, CycleError>>,
{
    for _ in 0..WAITS {
        match work().await {
            Err(CycleError::Leased) => services.clock.sleep_ms(WAIT_MS).await,
            other => return other,
        }
    }
    work().await
}

/// Answers a question; the next cycle carries the answer out.
///
/// # Errors
/// There is no such question; the answer does not fit it; somebody works on the user now.
pub async fn answer(services: &Services, id: &str, decision: &Decision) -> Result<Held, Refused> {
    let held = question(services, id).await?;
    match (&held.what, decision) {
        (HeldKind::Conflict { .. }, Decision::Stands(side)) => {
            services.engine.choose(&held, *side).await?;
        }
        (HeldKind::Ambiguous { crm, pim }, Decision::Same { crm: a, pim: b }) => {
            if !crm.contains(a) || !pim.contains(b) {
                return Err(Refused::at("crm", "is not among the records asked about"));
            }
            link(services, &held, a, b).await?;
        }
        (HeldKind::PossibleDouble { crm, pim }, Decision::Same { crm: a, pim: b }) => {
            if crm != a || pim != b {
                return Err(Refused::at("crm", "is not the record asked about"));
            }
            link(services, &held, a, b).await?;
        }
        (HeldKind::PossibleDouble { .. }, Decision::Seen) => {
            services.store.answer_held(id).await?;
        }
        (HeldKind::Conflict { .. }, Decision::Same { .. } | Decision::Seen) => {
            return Err(Refused::at("answer", "a conflict is answered with the side whose value stands"));
        }
        (HeldKind::Ambiguous { .. }, Decision::Stands(_) | Decision::Seen)
        | (HeldKind::PossibleDouble { .. }, Decision::Stands(_)) => {
            return Err(Refused::at("answer", "is answered with the two records that are one"));
        }
    }
    super::woken(services);
    Ok(held)
}

/// Passes on everything that happened in a CRM so far.
///
/// # Errors
/// The store or the CRM failed. That another node reads it now is no error: it passes on the same.
pub async fn read_crm(services: &Services, crm: &CrmId) -> Result<(), Refused> {
    for _ in 0..FEED_PAGES {
        match services.engine.read_crm(crm).await {
            Ok(true) => {}
            Ok(false) | Err(CycleError::Leased) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Forgets what the CRM's feed holds beyond its newest entries; answers how many. A reader that comes back later than that
/// is refused, and its pairings list anew.
///
/// # Errors
/// The CRM failed.
pub async fn trim_feed(services: &Services, kept: u32) -> Result<u64, Refused> {
    let up_to = services.crm.feed_head().await?.saturating_sub(i64::from(kept));
    let mut forgotten = 0;
    loop {
        let some = services.crm.feed_forget(up_to, FORGOTTEN_AT_ONCE).await?;
        forgotten += some;
        if some < FORGOTTEN_AT_ONCE as u64 {
            return Ok(forgotten);
        }
    }
}

async fn link(services: &Services, held: &Held, crm: &RecordId, pim: &RecordId) -> Result<(), Refused> {
    services.engine.link_these(&held.pairing, held.domain.kind(), crm, pim).await?;
    services.store.answer_held(&held.id).await?;
    Ok(())
}

async fn question(services: &Services, id: &str) -> Result<Held, Refused> {
    let mut after: Option<String> = None;
    loop {
        let page = services.store.held(&HeldFilter::default(), after.as_deref(), PAGE).await?;
        let Some(last) = page.last() else {
            return Err(Refused::missing("question", id));
        };
        after = Some(last.id.clone());
        if let Some(held) = page.into_iter().find(|held| held.id == id) {
            return Ok(held);
        }
    }
}

fn done(pairing: Pairing, result: Result<CycleReport, CycleError>) -> Result<CycleDone, Refused> {
    let report = match result {
        Ok(report) => report,
        Err(CycleError::Store(error)) => return Err(error.into()),
        Err(error) => CycleReport { trouble: Some(error.to_string()), ..CycleReport::default() },
    };
    let counts = report.counts.iter();
    Ok(CycleDone {
        user: pairing.user.to_string(),
        pairing: pairing.id,
        counts: counts
            .map(|((domain, side, what), records)| CountLine {
                domain: *domain,
                side: *side,
                what: *what,
                records: *records,
            })
            .collect(),
        conflicts: report.conflicts,
        held: report.held,
        slept: report.slept,
        quarantined: report.quarantined,
        braked: report.braked,
        postponed: report.postponed,
        trouble: report.trouble,
    })
}
