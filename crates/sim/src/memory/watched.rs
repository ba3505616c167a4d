//! A mailbox that stands elsewhere, watched: what is asked and written is counted and told as that of a mailbox in memory.

use super::Ground;
use super::witness::Witness;
use crate::people::ledger::number_of;
use async_trait::async_trait;
use engine::port::{FindBy, Identity, Inventory, Page, Remote, Traced, Trouble, Wanted, Write, Written};
use model::{FolderId, Kind, Lens, MailboxId, Record, RecordId, Seen, Side};
use std::sync::Arc;

/// Somebody looks on.
pub(super) struct Watched {
    pub(super) of: Box<dyn Remote>,
    pub(super) ground: Arc<Ground>,
    pub(super) address: String,
    pub(super) witness: Witness,
}

impl Watched {
    fn came<T>(&self, operation: &str, answer: Result<T, Trouble>) -> Result<T, Trouble> {
        self.ground.came(Side::Pim, operation, &answer);
        answer
    }
}

#[async_trait]
impl Remote for Watched {
    fn side(&self) -> Side {
        self.of.side()
    }

    fn lens(&self) -> Arc<dyn Lens> {
        self.of.lens()
    }

    async fn identity(&self) -> Result<Identity, Trouble> {
        self.came("identity", self.of.identity().await)
    }

    async fn set_identity(&self, id: &MailboxId) -> Result<(), Trouble> {
        self.of.set_identity(id).await
    }

    fn named_folders(&self) -> std::collections::BTreeMap<String, model::NamedFolder> {
        self.of.named_folders()
    }

    async fn folders(&self, kind: Kind) -> Result<Vec<FolderId>, Trouble> {
        self.of.folders(kind).await
    }

    async fn changes(&self, kind: Kind, of: &FolderId, cursor: Option<&str>) -> Result<Page, Trouble> {
        self.came("changes", self.of.changes(kind, of, cursor).await)
    }

    async fn inventory(&self, kind: Kind, of: &FolderId, cursor: Option<&str>) -> Result<Inventory, Trouble> {
        self.came("inventory", self.of.inventory(kind, of, cursor).await)
    }

    async fn get(&self, kind: Kind, wanted: &[Wanted]) -> Result<Vec<(RecordId, Result<Seen, Trouble>)>, Trouble> {
        let answers = self.came("get", self.of.get(kind, wanted).await)?;
        if let Some(one) = wanted.first() {
            self.ground.handled(Side::Pim, &one.id);
        }
        Ok(answers)
    }

    async fn find(&self, kind: Kind, by: &FindBy, limit: usize) -> Result<Vec<Record>, Trouble> {
        self.came("find", self.of.find(kind, by, limit).await)
    }

    async fn trace(&self, kind: Kind, key: &str, limit: usize) -> Result<Vec<Traced>, Trouble> {
        self.came("trace", self.of.trace(kind, key, limit).await)
    }

    fn keeps_meetings(&self) -> bool {
        self.of.keeps_meetings()
    }

    async fn write_all(&self, writes: &[Write]) -> Result<Vec<Result<Written, Trouble>>, Trouble> {
        for write in writes {
            self.witness.sees(Side::Pim, write, &self.ground);
        }
        let answers = self.of.write_all(writes).await;
        if writes.iter().all(|write| matches!(write, Write::Create(_))) {
            // One call for all of them.
            self.ground.carries_more(writes.len().saturating_sub(1));
        }
        for (place, write) in writes.iter().enumerate() {
            let answer = match &answers {
                Ok(answers) => answers.get(place).cloned().unwrap_or(Err(Trouble::Stale)),
                Err(trouble) => Err(trouble.clone()),
            };
            self.told(write, answer);
        }
        answers
    }
}

impl Watched {
    fn told(&self, write: &Write, answer: Result<Written, Trouble>) {
        let what = format!("pim {} {}", self.address, crate::trace::said(write));
        let answer = self.came(crate::trace::operation(write), answer);
        if let Ok(written) = &answer {
            self.ground.handled(Side::Pim, &written.id);
        }
        if let Write::Update(update) = write
            && self.ground.is_overdue()
        {
            let sides = self.ground.sides();
            let item = sides.exchange.mailboxes.get(&self.address).and_then(|mailbox| mailbox.items.get(&update.id));
            self.ground.wrote(item.and_then(|item| number_of(item.kind, &item.fields)));
        }
        self.ground.trace.line(match &answer {
            Ok(written) => format!("{what} -> {} {}", written.id, written.version),
            Err(trouble) => format!("{what} -> {trouble}"),
        });
    }
}
