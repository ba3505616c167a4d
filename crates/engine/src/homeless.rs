//! Items of a moved mailbox that bear no mark of ours: their links find them by what they said last (rule M4).

use crate::cycle::Cycle;
use crate::limits;
use crate::outcome::CycleError;
use model::same::same;
use model::{Facts, Fields, LinkId, Record, SleepCause, Version};
use std::collections::{BTreeMap, BTreeSet};

/// Links whose items stand somewhere under ids that nobody knows yet, by their items' match keys.
pub(crate) struct Homeless {
    by_key: BTreeMap<String, BTreeSet<LinkId>>,
    said: BTreeMap<LinkId, Fields>,
}

impl Cycle<'_> {
    /// The match keys of an item, whatever mark it may bear.
    pub(crate) fn keys_of(&self, item: &Record) -> BTreeSet<String> {
        plan::keys::keys(item, &self.force.maps, None, &self.force.zone)
    }

    /// The links that wait for their items since the mailbox moved.
    pub(crate) async fn homeless(&self) -> Result<Homeless, CycleError> {
        let mut all = Homeless { by_key: BTreeMap::new(), said: BTreeMap::new() };
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
                for key in self.keys_of(&item) {
                    all.by_key.entry(format!("{}{key}", link.kind)).or_default().insert(link.id.clone());
                }
                all.said.insert(link.id, item.fields);
            }
        }
    }
}

impl Homeless {
    /// The link whose item this is: the one meeting, else the only one that shares a key, else the first of several that
    /// said the very same. A link is given away once.
    pub(crate) fn take(&mut self, item: &Record, keys: &BTreeSet<String>) -> Option<LinkId> {
        let with = |word: &str| -> BTreeSet<LinkId> {
            let keys = keys.iter().filter(|key| key.starts_with(word));
            let found = keys.filter_map(|key| self.by_key.get(&format!("{}{key}", item.kind)));
            found.flatten().filter(|id| self.said.contains_key(*id)).cloned().collect()
        };
        // A name says nothing beside an address.
        let named = !keys.iter().any(|key| key.starts_with("e:"));
        let groups = [with("g:"), with("e:"), with("a:"), if named { with("n:") } else { BTreeSet::new() }];
        let candidates = groups.into_iter().find(|group| !group.is_empty())?;
        let first = candidates.first()?.clone();
        let found = if candidates.len() == 1 {
            first
        } else {
            candidates.into_iter().find(|id| self.said.get(id).is_some_and(|said| says(item, said)))?
        };
        self.said.remove(&found);
        Some(found)
    }
}

/// Whether an item says what was said before, as far as both show it.
fn says(item: &Record, said: &Fields) -> bool {
    said.iter().all(|(path, value)| item.fields.get(path).is_none_or(|now| same(&path.field, now, value)))
}
