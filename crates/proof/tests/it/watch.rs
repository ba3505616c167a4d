//! Somebody who stands at the door of both sides: sees each write before it passes, and may lose its answer.

use async_trait::async_trait;
use engine::port::{
    Directory, FindBy, Identity, Inventory, Maps, Page, Remote, Remotes, Traced, Trouble, Wanted, Write, Written,
};
use model::{CrmId, FolderId, Kind, Lens, MailboxId, PairingId, Record, RecordId, Seen, Side};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// What becomes of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passes {
    /// It happens, and its answer arrives.
    Whole,
    /// It happens, and nobody learns of it.
    Unanswered,
}

/// Asked before each write of a side of a pairing.
pub type Door = Arc<dyn Fn(PairingId, Side, Write) -> Pin<Box<dyn Future<Output = Passes> + Send>> + Send + Sync>;

/// Remotes whose writes go through a door.
pub struct Watched {
    pub inner: Arc<dyn Remotes>,
    pub door: Door,
}

#[async_trait]
impl Remotes for Watched {
    async fn open(
        &self,
        pairing: &store::Pairing,
        maps: Arc<Maps>,
    ) -> Result<(Box<dyn Remote>, Box<dyn Remote>), Trouble> {
        let (crm, pim) = self.inner.open(pairing, maps).await?;
        let behind = |inner| Box::new(Behind { inner, door: Arc::clone(&self.door), of: pairing.id.clone() });
        Ok((behind(crm), behind(pim)))
    }

    fn directory(&self, crm: &CrmId) -> Arc<dyn Directory> {
        self.inner.directory(crm)
    }
}

struct Behind {
    inner: Box<dyn Remote>,
    door: Door,
    of: PairingId,
}

#[async_trait]
impl Remote for Behind {
    fn side(&self) -> Side {
        self.inner.side()
    }

    fn lens(&self) -> Arc<dyn Lens> {
        self.inner.lens()
    }

    async fn identity(&self) -> Result<Identity, Trouble> {
        self.inner.identity().await
    }

    async fn set_identity(&self, id: &MailboxId) -> Result<(), Trouble> {
        self.inner.set_identity(id).await
    }

    fn named_folders(&self) -> std::collections::BTreeMap<String, model::NamedFolder> {
        self.inner.named_folders()
    }

    async fn folders(&self, kind: Kind) -> Result<Vec<FolderId>, Trouble> {
        self.inner.folders(kind).await
    }

    async fn changes(&self, kind: Kind, folder: &FolderId, cursor: Option<&str>) -> Result<Page, Trouble> {
        self.inner.changes(kind, folder, cursor).await
    }

    async fn inventory(&self, kind: Kind, folder: &FolderId, cursor: Option<&str>) -> Result<Inventory, Trouble> {
        self.inner.inventory(kind, folder, cursor).await
    }

    async fn get(&self, kind: Kind, wanted: &[Wanted]) -> Result<Vec<(RecordId, Result<Seen, Trouble>)>, Trouble> {
        self.inner.get(kind, wanted).await
    }

    async fn find(&self, kind: Kind, by: &FindBy, limit: usize) -> Result<Vec<Record>, Trouble> {
        self.inner.find(kind, by, limit).await
    }

    async fn trace(&self, kind: Kind, key: &str, limit: usize) -> Result<Vec<Traced>, Trouble> {
        self.inner.trace(kind, key, limit).await
    }

    fn keeps_meetings(&self) -> bool {
        self.inner.keeps_meetings()
    }

    async fn write_all(&self, writes: &[Write]) -> Result<Vec<Result<Written, Trouble>>, Trouble> {
        let mut passes = Vec::with_capacity(writes.len());
        for write in writes {
            passes.push((self.door)(self.of.clone(), self.inner.side(), write.clone()).await);
        }
        let answers = self.inner.write_all(writes).await?;
        let through = |(answer, passes)| match passes {
            Passes::Whole => answer,
            Passes::Unanswered => Err(Trouble::Unknown { why: "the answer was lost".to_owned() }),
        };
        Ok(answers.into_iter().zip(passes).map(through).collect())
    }
}
