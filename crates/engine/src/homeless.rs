//! Items of a moved mailbox that bear no mark of ours: their links find them by what they said last (rule M4).

use crate::cycle::Cycle;
use crate::limits;
use crate::outcome::CycleError;
use model::same::same;
use model::{Facts, Fields, Kind, Link, LinkId, Record, SleepCause, Version};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Links whose items stand somewhere under ids that nobody knows yet, by their items' match keys. There may be as many as
/// the mailbox has items, so keys are held as short sums, and what an item said stays in the store.
#[derive(Default)]
pub(crate) struct Homeless {
    links: Vec<Option<LinkId>>,
    by_key: BTreeMap<(Kind, u64), Vec<usize>>,
}

impl Cycle<'_> {
    /// The match keys of an item, whatever mark it may bear.
    pub(crate) fn keys_of(&self, item: &Record) -> BTreeSet<String> {
        plan::keys::keys(item, &self.force.maps, None, &self.force.zone)
    }

    /// The links that wait for their items since the mailbox moved.
    pub(crate) async fn homeless(&self) -> Result<Homeless, CycleError> {
        let mut all = Homeless::default();
        let mut after = None;
        loop {
            let page = self.engine.store().links(&self.pairing.id, None, after.as_ref(), limits::WORK_PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(all);
            };
            after = Some(last.id.clone());
            for link in page {
                if !matches!(&link.sleep, Some(sleep) if sleep.cause == SleepCause::Moved) {
                    continue;
                }
                let facts = Facts { class: "moved".to_owned(), global_id: link.global_id.clone(), ..Facts::default() };
                let item = Record {
                    kind: link.kind,
                    id: link.pim.id.clone(),
                    version: Version::new(""),
                    fields: link.pim.base,
                    facts,
                };
                all.add(link.id, link.kind, &self.keys_of(&item));
            }
        }
    }

    /// The link whose item this is: the one meeting, else the only one that shares a key, else the first of several that
    /// said the very same. A link is given away once.
    pub(crate) async fn take_home(&self, homeless: &mut Homeless, item: &Record) -> Result<Option<Link>, CycleError> {
        let candidates = homeless.candidates(item.kind, &self.keys_of(item));
        let several = candidates.len() > 1;
        for (place, id) in candidates {
            let Some(link) = self.engine.store().link(&id).await? else { continue };
            if !several || says(item, &link.pim.base) {
                homeless.links[place] = None;
                return Ok(Some(link));
            }
        }
        Ok(None)
    }
}

impl Homeless {
    fn add(&mut self, id: LinkId, kind: Kind, keys: &BTreeSet<String>) {
        for key in keys {
            self.by_key.entry((kind, sum(key))).or_default().push(self.links.len());
        }
        self.links.push(Some(id));
    }

    /// Those that share the surest key that any shares, in the order of their ids.
    fn candidates(&self, kind: Kind, keys: &BTreeSet<String>) -> BTreeMap<usize, LinkId> {
        let with = |word: &str| -> BTreeMap<usize, LinkId> {
            let keys = keys.iter().filter(|key| key.starts_with(word));
            let places = keys.filter_map(|key| self.by_key.get(&(kind, sum(key)))).flatten();
            places.filter_map(|place| Some((*place, self.links[*place].clone()?))).collect()
        };
        // A name says nothing beside an address.
        let named = !keys.iter().any(|key| key.starts_with("e:"));
        let groups = ["g:", "e:", "a:"].into_iter().chain(named.then_some("n:"));
        groups.map(with).find(|group| !group.is_empty()).unwrap_or_default()
    }
}

/// A short sum of a key: 64 bits, in which no two of a mailbox's keys meet by chance.
fn sum(key: &str) -> u64 {
    Sha256::digest(key.as_bytes()).iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// Whether an item says what was said before, as far as both show it.
fn says(item: &Record, said: &Fields) -> bool {
    said.iter().all(|(path, value)| item.fields.get(path).is_none_or(|now| same(&path.field, now, value)))
}
