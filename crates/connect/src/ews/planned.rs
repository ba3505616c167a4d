//! Whether an item still stands as a write was planned against it: in its version, or in what it says.
//!
//! Servers exist whose change keys move whenever an item is read, or after whatever an assistant does to it. A version
//! proves that nothing changed; another one does not prove that anything did. What the item says is compared then, and
//! the write goes out against the version that was just read: whoever edits it in between is still told by the server.

use engine::port::Trouble;
use model::{Facts, FolderId, Kind, Record, RecordId, Version};
use wire::ews::Item;

use super::remote::EwsRemote;
use super::write::change_key;

/// What a write was planned against.
#[derive(Clone, Copy)]
pub(super) struct Planned<'a> {
    pub kind: Kind,
    pub id: &'a RecordId,
    pub version: &'a Version,
    /// What it said then, when that is known.
    pub said: Option<&'a Record>,
}

impl EwsRemote {
    /// The item as it is now, with its changed occurrences, when it is as planned.
    pub(super) async fn as_planned(&self, plan: &Planned<'_>) -> Result<(Item, Vec<Item>), Trouble> {
        let (item, exceptions) = self.present(plan.kind, plan.id).await?;
        if change_key(&item) != plan.version.as_str() {
            self.compare(plan, &item, &exceptions)?;
        }
        Ok((item, exceptions))
    }

    /// As [`Self::as_planned`], of an item that was read already and has another version.
    pub(super) async fn unchanged(&self, plan: &Planned<'_>, item: Item) -> Result<(), Trouble> {
        if plan.said.is_none() {
            return Err(Trouble::Stale);
        }
        let (item, exceptions) = self.with_exceptions(plan.kind, vec![item]).await?.remove(0);
        self.compare(plan, &item, &exceptions.map_err(|_| Trouble::Stale)?)
    }

    fn compare(&self, plan: &Planned<'_>, item: &Item, exceptions: &[Item]) -> Result<(), Trouble> {
        let said = plan.said.ok_or(Trouble::Stale)?;
        let folder = said.facts.folder.clone().unwrap_or_else(|| FolderId::new(""));
        let is_there = item.parent.as_ref().is_none_or(|parent| parent.id == folder.as_str());
        let now = self.record(plan.kind, item, exceptions, &folder);
        match now.filter(|now| is_there && says_the_same(now, said)) {
            Some(_) => Ok(()),
            None => Err(Trouble::Stale),
        }
    }
}

/// All that is mapped, and all that is known of it besides; when it was changed last is what moves with the version.
fn says_the_same(one: &Record, other: &Record) -> bool {
    let facts = |record: &Record| Facts { changed: None, ..record.facts.clone() };
    one.fields == other.fields && facts(one) == facts(other)
}
