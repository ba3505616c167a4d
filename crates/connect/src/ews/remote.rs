//! One Exchange mailbox as a remote of the engine.

use async_trait::async_trait;
use engine::port::{FindBy, Identity, Maps, Page, Remote, Trouble, Wanted, Write, Written};
use model::{FolderId, Kind, Lens, MailboxId, Record, RecordId, Seen, Side, Zone};
use std::collections::BTreeMap;
use std::sync::Arc;

use super::call::Reach;
use super::folders::Known;
use super::kind_map::KindMap;
use super::lens::EwsLens;

/// A mailbox, opened for one cycle with the field maps in force.
pub struct EwsRemote {
    pub(super) reach: Reach,
    pub(super) maps: Arc<Maps>,
    pub(super) folders: BTreeMap<Kind, Vec<String>>,
    pub(super) zone: Zone,
    pub(super) known: tokio::sync::Mutex<Option<Arc<Known>>>,
    kinds: [KindMap; 3],
}

impl EwsRemote {
    /// Opens a mailbox. `folders` names sub-folders beside the default ones (rule D7); `zone` is the zone in which the
    /// mailbox's owner lives, used where Exchange wants one and the record has none.
    pub fn new(reach: Reach, maps: Arc<Maps>, folders: BTreeMap<Kind, Vec<String>>, zone: Zone) -> Self {
        let kinds = Kind::ALL.map(|kind| KindMap::new(kind, &maps, reach.version));
        Self { reach, maps, folders, zone, known: tokio::sync::Mutex::new(None), kinds }
    }

    pub(super) fn map(&self, kind: Kind) -> &KindMap {
        let [contact, appointment, task] = &self.kinds;
        match kind {
            Kind::Contact => contact,
            Kind::Appointment => appointment,
            Kind::Task => task,
        }
    }
}

#[async_trait]
impl Remote for EwsRemote {
    fn side(&self) -> Side {
        Side::Pim
    }

    fn lens(&self) -> Arc<dyn Lens> {
        Arc::new(EwsLens)
    }

    async fn identity(&self) -> Result<Identity, Trouble> {
        self.who().await
    }

    async fn set_identity(&self, id: &MailboxId) -> Result<(), Trouble> {
        self.write_identity(id).await
    }

    async fn folders(&self, kind: Kind) -> Result<Vec<FolderId>, Trouble> {
        self.observed(kind).await
    }

    async fn changes(&self, kind: Kind, folder: &FolderId, cursor: Option<&str>) -> Result<Page, Trouble> {
        self.page(kind, folder, cursor).await
    }

    async fn get(&self, kind: Kind, wanted: &[Wanted]) -> Result<Vec<(RecordId, Result<Seen, Trouble>)>, Trouble> {
        self.look(kind, wanted).await
    }

    async fn find(&self, kind: Kind, by: &FindBy, limit: usize) -> Result<Vec<Record>, Trouble> {
        self.recognise(kind, by, limit).await
    }

    async fn write(&self, write: &Write) -> Result<Written, Trouble> {
        self.carry_out(write).await
    }
}
