//! What people are shown and asked: quarantined records, held questions, the history, and brakes that wait for a release
//! (rules E1, C3, C8, W3).

use super::names::{self, Told};
use super::veil;
use crate::fault::Refused;
use crate::services::Services;
use crm::EmployeeId;
use model::{Domain, PairingId, RecordId, Side};
use serde::Serialize;
use store::{
    Brake, Held, HeldFilter, HeldKind, History, HistoryFilter, HistoryKey, HistoryLine, Quarantine, QuarantineKey,
};

/// A quarantined record and whose it is.
#[derive(Clone, Debug, Serialize)]
pub struct Quarantined {
    /// The pairing.
    pub pairing: PairingId,
    /// The record.
    #[serde(flatten)]
    pub record: Quarantine,
}

impl Quarantined {
    /// Where the list goes on after it.
    #[must_use]
    pub fn key(&self) -> QuarantineKey {
        (self.pairing.clone(), self.record.side, self.record.kind, self.record.id.clone())
    }
}

/// A question and, where it is about a link, the two records of it.
#[derive(Clone, Debug, Serialize)]
pub struct Question {
    /// The record in the CRM.
    pub crm: Option<RecordId>,
    /// The item in the mailbox.
    pub pim: Option<RecordId>,
    /// What is asked.
    #[serde(flatten, serialize_with = "crate::json::told::question")]
    pub held: Held,
}

/// A line of the history, as it is told.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Line(#[serde(serialize_with = "crate::json::told::line")] pub History);

/// A page of quarantined records, of one user or all.
///
/// # Errors
/// The user is not mapped.
pub async fn quarantine(
    services: &Services,
    user: Option<&str>,
    after: Option<&QuarantineKey>,
    limit: usize,
) -> Result<Vec<Told<Quarantined>>, Refused> {
    let pairing = optional_pairing(services, user).await?;
    let rows = services.store.quarantine(pairing.as_ref(), after, limit).await?;
    let rows = rows.into_iter().map(|(pairing, record)| Quarantined { pairing, record }).collect();
    names::told(services, rows, |row| Some(&row.pairing)).await
}

/// A page of questions that wait for a person; whoever asks sees the values of his own private records alone.
///
/// # Errors
/// The user is not mapped.
pub async fn held(
    services: &Services,
    viewer: Option<&EmployeeId>,
    user: Option<&str>,
    domain: Option<Domain>,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<Told<Question>>, Refused> {
    let filter = HeldFilter { pairing: optional_pairing(services, user).await?, domain };
    questions(services, viewer, services.store.held(&filter, after, limit).await?).await
}

/// Questions as they are told; whoever asks sees the values of his own private records alone.
///
/// # Errors
/// The store's or the CRM's.
pub async fn questions(
    services: &Services,
    viewer: Option<&EmployeeId>,
    held: Vec<Held>,
) -> Result<Vec<Told<Question>>, Refused> {
    let mut questions = Vec::new();
    for held in veil::held(services, viewer, held).await? {
        let link = match &held.what {
            HeldKind::Conflict { link, .. } => services.store.link(link).await?,
            HeldKind::Ambiguous { .. } | HeldKind::PossibleDouble { .. } => None,
        };
        let (crm, pim) = link.map(|link| (link.crm.id, link.pim.id)).unzip();
        questions.push(Question { crm, pim, held });
    }
    names::told(services, questions, |question| Some(&question.held.pairing)).await
}

/// A page of the history, the newest first; whoever asks sees the values of his own private records alone.
///
/// # Errors
/// Only the store's.
pub async fn history(
    services: &Services,
    viewer: Option<&EmployeeId>,
    filter: &HistoryFilter,
    after: Option<&HistoryKey>,
    limit: usize,
) -> Result<Vec<HistoryLine>, Refused> {
    veil::history(services, viewer, services.store.history(filter, after, limit).await?).await
}

/// Lines of the history, with the user of each.
///
/// # Errors
/// The store's or the CRM's.
pub async fn named(services: &Services, lines: Vec<HistoryLine>) -> Result<Vec<Told<Line>>, Refused> {
    names::told(services, lines.into_iter().map(|line| Line(line.line)).collect(), |line| Some(&line.0.pairing)).await
}

/// Every brake that tripped.
///
/// # Errors
/// The store's or the CRM's.
pub async fn brakes(services: &Services) -> Result<Vec<Told<Brake>>, Refused> {
    names::told(services, services.store.brakes().await?, |brake| brake.pairing.as_ref()).await
}

/// Releases a brake for the plan that tripped it, and for no other plan (rule C8). Without a user it is the brake over
/// all.
///
/// # Errors
/// There is no such brake, or its plan is another one by now.
pub async fn release(
    services: &Services,
    user: Option<&str>,
    domain: Option<Domain>,
    side: Side,
    digest: &str,
) -> Result<(), Refused> {
    let pairing = optional_pairing(services, user).await?;
    services.store.release_brake(pairing.as_ref(), domain, side, digest).await?;
    super::woken(services);
    Ok(())
}

/// The pairing of a user, when one is named; of one who was unmapped the one he had.
///
/// # Errors
/// Nothing is known of the user.
pub async fn optional_pairing(services: &Services, user: Option<&str>) -> Result<Option<PairingId>, Refused> {
    match user {
        None => Ok(None),
        Some(user) => Ok(Some(super::user::remembered(services, user).await?)),
    }
}
