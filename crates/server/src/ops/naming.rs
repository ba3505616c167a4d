//! What a person knows a record by who is asked about it: its name and its day, read from where it stands now and kept
//! nowhere (rules M1, C3, E1). What is private stays its owner's (rules O5, O7).

use crate::fault::Refused;
use crate::services::Services;
use crm::EmployeeId;
use engine::port::{Remote, Wanted};
use futures::StreamExt as _;
use model::same::fold;
use model::{Domain, Field, Kind, PairingId, Path, Record, RecordId, Seen, Side, Value};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use store::Pairing;

/// The word in place of a name.
const WORD: &str = "Private";

/// How long a side is waited for: who looks at a list is not kept by a server that does not answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long all of them together: what is not told by then stays without a name.
const TOGETHER: Duration = Duration::from_secs(20);

/// Users whose records are read at once.
const AT_ONCE: usize = 8;

/// Records read in one call.
const PAGE: usize = 50;

/// A record that somebody is asked about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct About {
    /// Whose.
    pub pairing: PairingId,
    /// Which side's.
    pub side: Side,
    /// What it is there.
    pub kind: Kind,
    /// As that side names it.
    pub id: RecordId,
}

/// A record as a person knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Named {
    /// Which side's.
    pub side: Side,
    /// As that side names it.
    pub id: RecordId,
    /// Its name or subject; null where it is gone or cannot be read now.
    pub name: Option<String>,
    /// The day or time it is about.
    pub when: Option<String>,
    /// Only its owner may read its name.
    #[serde(skip)]
    pub private: bool,
}

impl Named {
    /// A record nothing is known of but its id.
    pub fn unknown(side: Side, id: &RecordId) -> Named {
        Named { side, id: id.clone(), name: None, when: None, private: false }
    }

    /// The same without what only its owner may read.
    pub fn veiled(self) -> Named {
        Named { name: self.name.map(|_| WORD.to_owned()), private: true, ..self }
    }

    /// The name with the day, as it stands beside the id.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        let words: Vec<&str> = [&self.name, &self.when].into_iter().flatten().map(String::as_str).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }
}

/// Names records, as far as whoever asks may read them. What a side does not tell in time stays without a name.
///
/// # Errors
/// Only the store's.
pub async fn named(
    services: &Services,
    viewer: Option<&EmployeeId>,
    asked: &BTreeSet<About>,
) -> Result<BTreeMap<About, Named>, Refused> {
    let mut by_pairing: BTreeMap<PairingId, Groups> = BTreeMap::new();
    for about in asked {
        let groups = by_pairing.entry(about.pairing.clone()).or_default();
        groups.entry((about.side, about.kind)).or_default().push(about.id.clone());
    }
    let personal: BTreeSet<String> = services
        .store
        .settings()
        .await?
        .category_words(Domain::PersonalContact)
        .iter()
        .map(|word| fold(word))
        .collect();
    let readings = by_pairing.into_iter().map(|(id, groups)| read(services, id, groups));
    let mut named = BTreeMap::new();
    let mut readings = futures::stream::iter(readings).buffer_unordered(AT_ONCE);
    let over = tokio::time::sleep(TOGETHER);
    tokio::pin!(over);
    loop {
        let reading = tokio::select! {
            reading = readings.next() => reading,
            () = &mut over => None,
        };
        let Some(reading) = reading else { break };
        let Some((pairing, records)) = reading? else { continue };
        let own = viewer.is_some_and(|viewer| viewer.as_str() == pairing.user.as_str());
        for Read { about, record, personal: linked } in records {
            let shown = shown(about.side, &record);
            let known = if !own && (linked || is_private(&record, &personal)) { shown.veiled() } else { shown };
            named.insert(about, known);
        }
    }
    Ok(named)
}

/// A user's records by what is asked of them together.
type Groups = BTreeMap<(Side, Kind), Vec<RecordId>>;

/// A record as it stands.
struct Read {
    about: About,
    record: Arc<Record>,
    /// It is linked as somebody's personal contact.
    personal: bool,
}

type Reading = Option<(Pairing, Vec<Read>)>;

/// What both sides of a user show of his records.
async fn read(services: &Services, id: PairingId, groups: Groups) -> Result<Reading, Refused> {
    let Some(pairing) = services.store.pairing(&id).await? else { return Ok(None) };
    let maps = services.store.maps().await?;
    let Ok(Ok((crm, pim))) = tokio::time::timeout(PATIENCE, services.remotes.open(&pairing, maps)).await else {
        return Ok(None);
    };
    let mut records = Vec::new();
    for ((side, kind), ids) in groups {
        // Whose synchronisation is off, his mailbox is left alone.
        if side == Side::Pim && !pairing.enabled {
            continue;
        }
        let remote = if side == Side::Crm { &*crm } else { &*pim };
        let Ok(found) = tokio::time::timeout(PATIENCE, some(remote, kind, &ids)).await else { continue };
        for record in found {
            let link = services.store.link_of(&pairing.id, side, kind, &record.id).await?;
            let personal = link.is_some_and(|link| link.domain == Domain::PersonalContact);
            let about = About { pairing: pairing.id.clone(), side, kind, id: record.id.clone() };
            records.push(Read { about, record, personal });
        }
    }
    Ok(Some((pairing, records)))
}

async fn some(remote: &dyn Remote, kind: Kind, ids: &[RecordId]) -> Vec<Arc<Record>> {
    let mut records = Vec::new();
    for ids in ids.chunks(PAGE) {
        let wanted: Vec<Wanted> = ids.iter().cloned().map(Wanted::by_id).collect();
        // What a side does not tell stays without a name; the record's own cycle tells why.
        let Ok(found) = remote.get(kind, &wanted).await else { return records };
        records.extend(found.into_iter().filter_map(|(_, seen)| match seen {
            Ok(Seen::Present(record)) => Some(record),
            Ok(Seen::Gone(_)) | Err(_) => None,
        }));
    }
    records
}

fn shown(side: Side, record: &Record) -> Named {
    let text = |field: Field| record.text(field);
    let name = match record.kind {
        Kind::Appointment | Kind::Task => text(Field::Subject).map(str::to_owned),
        Kind::Contact => {
            let person: Vec<&str> = [Field::FirstName, Field::LastName].into_iter().filter_map(text).collect();
            let person = Some(person.join(" ")).filter(|person| !person.is_empty());
            let email = [Field::Email1, Field::Email2, Field::Email3].into_iter().find_map(text);
            let parts = [person.as_deref(), text(Field::Company), email];
            let parts: Vec<&str> = parts.into_iter().flatten().collect();
            Some(parts.join(", ")).filter(|name| !name.is_empty())
        }
    };
    let start = record.get(Field::Start).and_then(Value::as_when).map(|when| match when.is_day() {
        true => when.wall().date().to_string(),
        false => when.wall().strftime("%Y-%m-%d %H:%M").to_string(),
    });
    let day = || [Field::DueDay, Field::StartDay].into_iter().find_map(|field| record.get(field)?.as_day());
    let when = start.or_else(|| day().map(|day| day.to_string()));
    Named { name, when, ..Named::unknown(side, &record.id) }
}

/// Whether a record, or an occurrence of it, is for its owner alone.
fn is_private(record: &Record, personal: &BTreeSet<String>) -> bool {
    let flagged = |(path, value): (&Path, &Value)| path.field == Field::Private && value.as_flag() == Some(true);
    record.facts.domain == Some(Domain::PersonalContact)
        || record.fields.iter().any(flagged)
        || record.kind == Kind::Contact && record.categories().any(|word| personal.contains(&fold(word)))
}
