//! What people are shown and asked: quarantined records, held questions, the history, and brakes that wait for a release
//! (rules E1, C3, C8, W3).

use super::names::{self, Told};
use super::naming::{self, About, Named};
use super::veil;
use crate::fault::Refused;
use crate::services::Services;
use crm::EmployeeId;
use model::{Domain, PairingId, RecordId, Side};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
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
    /// Its name or subject; null where it cannot be read now, "Private" where only its owner may.
    pub name: Option<String>,
    /// The day or time it is about.
    pub when: Option<String>,
}

impl Quarantined {
    /// Where the list goes on after it.
    #[must_use]
    pub fn key(&self) -> QuarantineKey {
        (self.pairing.clone(), self.record.side, self.record.kind, self.record.id.clone())
    }
}

/// A question with the records it is about and, where it is about a link, the two of it.
#[derive(Clone, Debug, Serialize)]
pub struct Question {
    /// The record in the CRM.
    pub crm: Option<RecordId>,
    /// The item in the mailbox.
    pub pim: Option<RecordId>,
    /// Every record that a person has to tell apart, by what he knows it by.
    pub records: Vec<Named>,
    /// What is asked.
    #[serde(flatten, serialize_with = "crate::json::told::question")]
    pub held: Held,
}

/// A line of the history, as it is told.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Line(#[serde(serialize_with = "crate::json::told::line")] pub History);

/// A page of quarantined records, of one user or all. A domain of contacts shows all contacts: what cannot be synchronised
/// may have no domain yet. Whoever asks reads the names of his own private records alone.
///
/// # Errors
/// The user is not mapped.
pub async fn quarantine(
    services: &Services,
    viewer: Option<&EmployeeId>,
    user: Option<&str>,
    domain: Option<Domain>,
    after: Option<&QuarantineKey>,
    limit: usize,
) -> Result<Vec<Told<Quarantined>>, Refused> {
    let pairing = optional_pairing(services, user).await?;
    let rows = services.store.quarantine(pairing.as_ref(), domain.map(Domain::kind), after, limit).await?;
    let mut asked: Vec<Vec<About>> = Vec::with_capacity(rows.len());
    for (pairing, record) in &rows {
        let about = |side, id: &RecordId| About { pairing: pairing.clone(), side, kind: record.kind, id: id.clone() };
        let link = services.store.link_of(pairing, record.side, record.kind, &record.id).await?;
        let other = link.map(|link| match record.side {
            Side::Crm => about(Side::Pim, &link.pim.id),
            Side::Pim => about(Side::Crm, &link.crm.id),
        });
        asked.push(std::iter::once(about(record.side, &record.id)).chain(other).collect());
    }
    let named = naming::named(services, viewer, &asked.iter().flatten().cloned().collect()).await?;
    let rows = rows.into_iter().zip(asked).map(|((pairing, record), asked)| {
        let Named { name, when, .. } = together(&asked, &named).swap_remove(0);
        Quarantined { pairing, record, name, when }
    });
    names::told(services, rows.collect(), |row| Some(&row.pairing)).await
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
    let mut found = Vec::new();
    for held in veil::held(services, viewer, held).await? {
        let link = match &held.what {
            HeldKind::Conflict { link, .. } => services.store.link(link).await?,
            HeldKind::Ambiguous { .. } | HeldKind::PossibleDouble { .. } => None,
        };
        let (crm, pim): (Option<RecordId>, Option<RecordId>) = link.map(|link| (link.crm.id, link.pim.id)).unzip();
        let (left, right) = match &held.what {
            HeldKind::Conflict { .. } => (crm.iter().collect(), pim.iter().collect()),
            HeldKind::Ambiguous { crm, pim } => (crm.iter().collect(), pim.iter().collect()),
            HeldKind::PossibleDouble { crm, pim } => (vec![crm], vec![pim]),
        };
        let about = |side| {
            let (pairing, kind) = (held.pairing.clone(), held.domain.kind());
            move |id: &RecordId| About { pairing: pairing.clone(), side, kind, id: id.clone() }
        };
        let left = left.into_iter().map(about(Side::Crm));
        let asked: Vec<About> = left.chain(right.into_iter().map(about(Side::Pim))).collect();
        found.push((Question { crm, pim, records: Vec::new(), held }, asked));
    }
    let asked: BTreeSet<About> = found.iter().flat_map(|(_, asked)| asked.iter().cloned()).collect();
    let named = naming::named(services, viewer, &asked).await?;
    let questions = found.into_iter().map(|(question, asked)| {
        let records = match &question.held.what {
            // The two are one record: what is private on one side is so on the other.
            HeldKind::Conflict { .. } => together(&asked, &named),
            HeldKind::Ambiguous { .. } | HeldKind::PossibleDouble { .. } => {
                asked.iter().map(|about| one(about, &named)).collect()
            }
        };
        Question { records, ..question }
    });
    let questions = questions.collect();
    names::told(services, questions, |question| Some(&question.held.pairing)).await
}

fn one(about: &About, named: &BTreeMap<About, Named>) -> Named {
    named.get(about).cloned().unwrap_or_else(|| Named::unknown(about.side, &about.id))
}

/// The copies of one record: is one for its owner alone, so is the other.
fn together(asked: &[About], named: &BTreeMap<About, Named>) -> Vec<Named> {
    let known: Vec<Named> = asked.iter().map(|about| one(about, named)).collect();
    if known.iter().any(|one| one.private) { known.into_iter().map(Named::veiled).collect() } else { known }
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
