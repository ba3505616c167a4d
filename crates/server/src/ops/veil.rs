//! What is private stays its owner's where others are told what was changed or what waits (rules O5, O7): they see which
//! fields, the time, and "Private".

use crate::fault::Refused;
use crate::services::Services;
use crm::look::Look;
use crm::{ActivityId, EmployeeId};
use model::{Domain, Field, PairingId, Path, RecordId, Side, Value};
use std::collections::{BTreeMap, BTreeSet};
use store::{Held, HeldKind, History, HistoryFilter, HistoryLine};

/// The word in place of a value.
const WORD: &str = "Private";

/// Lines of one record looked through for a sign that it was private.
const LINES: usize = 500;

/// What everybody may know of a private record: that it is one, and when.
const SHOWN: [Field; 5] = [Field::Private, Field::Start, Field::End, Field::StartDay, Field::DueDay];

/// A record as it stands in what is told.
struct About<'a> {
    pairing: &'a PairingId,
    domain: Domain,
    crm: Option<&'a RecordId>,
    flagged: bool,
}

/// Veils what somebody else's eyes are not meant for in lines of the history.
///
/// # Errors
/// Only the store's and the CRM's.
pub async fn history(
    services: &Services,
    viewer: Option<&EmployeeId>,
    mut lines: Vec<HistoryLine>,
) -> Result<Vec<HistoryLine>, Refused> {
    let about: Vec<About<'_>> = lines
        .iter()
        .map(|line| About {
            pairing: &line.line.pairing,
            domain: line.line.domain,
            crm: line.line.crm.as_ref(),
            flagged: flagged(&line.line),
        })
        .collect();
    let hidden = hidden(services, viewer, &about).await?;
    for (line, hide) in lines.iter_mut().zip(hidden) {
        if hide {
            let line = &mut line.line;
            for (path, value) in &mut line.before {
                value.as_mut().into_iter().for_each(|value| cover(path, value));
            }
            for values in [&mut line.after, &mut line.overruled] {
                values.iter_mut().for_each(|(path, value)| cover(path, value));
            }
        }
    }
    Ok(lines)
}

/// Veils the values of questions about somebody else's private records; which side stands can be chosen all the same.
///
/// # Errors
/// Only the store's and the CRM's.
pub async fn held(
    services: &Services,
    viewer: Option<&EmployeeId>,
    mut questions: Vec<Held>,
) -> Result<Vec<Held>, Refused> {
    let mut records = Vec::with_capacity(questions.len());
    for held in &questions {
        records.push(match &held.what {
            HeldKind::Conflict { link, .. } => services.store.link(link).await?.map(|link| link.crm.id),
            HeldKind::Ambiguous { .. } | HeldKind::PossibleDouble { .. } => None,
        });
    }
    let about: Vec<About<'_>> = questions
        .iter()
        .zip(&records)
        .map(|(held, crm)| About { pairing: &held.pairing, domain: held.domain, crm: crm.as_ref(), flagged: false })
        .collect();
    let hidden = hidden(services, viewer, &about).await?;
    for (held, hide) in questions.iter_mut().zip(hidden) {
        if let HeldKind::Conflict { values, .. } = &mut held.what
            && hide
        {
            for (path, (crm, pim)) in values {
                crm.iter_mut().chain(pim.iter_mut()).for_each(|value| cover(path, value));
            }
        }
    }
    Ok(questions)
}

fn cover(path: &Path, value: &mut Value) {
    if !value.is_blank() && !SHOWN.contains(&path.field) {
        *value = Value::text(WORD);
    }
}

/// Whether a line itself says that the record, or an occurrence of it, is private.
fn flagged(line: &History) -> bool {
    let before = line.before.iter().filter_map(|(path, value)| Some((path, value.as_ref()?)));
    let mut all = before.chain(&line.after).chain(&line.overruled);
    all.any(|(path, value)| path.field == Field::Private && value.as_flag() == Some(true))
}

async fn hidden(services: &Services, viewer: Option<&EmployeeId>, about: &[About<'_>]) -> Result<Vec<bool>, Refused> {
    let mut owners: BTreeMap<&PairingId, Option<EmployeeId>> = BTreeMap::new();
    for of in about {
        if !owners.contains_key(of.pairing) {
            let pairing = services.store.pairing(of.pairing).await?;
            owners.insert(of.pairing, pairing.map(|pairing| EmployeeId::new(pairing.user.as_str())));
        }
    }
    let own = |of: &About<'_>| {
        let owner = owners.get(of.pairing).and_then(Option::as_ref);
        owner.is_some() && owner == viewer
    };
    let mut asked: BTreeMap<&EmployeeId, BTreeSet<ActivityId>> = BTreeMap::new();
    for of in about.iter().filter(|of| matches!(of.domain, Domain::Calendar | Domain::Task) && !of.flagged && !own(of))
    {
        if let (Some(Some(owner)), Some(crm)) = (owners.get(of.pairing), of.crm) {
            asked.entry(owner).or_default().insert(ActivityId::new(crm.as_str()));
        }
    }
    let mut private: BTreeSet<String> = BTreeSet::new();
    for (owner, ids) in asked {
        let ids: Vec<ActivityId> = ids.into_iter().collect();
        let mut looks = BTreeMap::new();
        // An undoing takes more records than the CRM looks at in one call.
        for some in ids.chunks(crm::limits::PAGE) {
            looks.extend(services.crm.look_activities(owner, some).await?);
        }
        for (id, look) in looks {
            let hide = match look {
                Look::Visible(activity) | Look::Former(activity) => activity.is_private_anywhere(),
                Look::Hidden { .. } | Look::Deleted { .. } | Look::Unknown => {
                    was_private(services, id.as_str()).await?
                }
            };
            if hide {
                private.insert(id.to_string());
            }
        }
    }
    Ok(about
        .iter()
        .map(|of| {
            let personal = of.domain == Domain::PersonalContact;
            !own(of) && (personal || of.flagged || of.crm.is_some_and(|crm| private.contains(crm.as_str())))
        })
        .collect())
}

/// Whether the history says of a record that is gone that it was private.
async fn was_private(services: &Services, id: &str) -> Result<bool, Refused> {
    let filter = HistoryFilter { record: Some((Side::Crm, RecordId::new(id))), ..HistoryFilter::default() };
    let lines = services.store.history(&filter, None, LINES).await?;
    Ok(lines.iter().any(|line| flagged(&line.line)))
}
