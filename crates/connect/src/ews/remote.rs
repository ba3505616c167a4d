//! One Exchange mailbox as a remote of the engine.

use async_trait::async_trait;
use engine::port::{FindBy, Identity, Inventory, Maps, Page, Remote, Traced, Trouble, Wanted, Write, Written};
use model::{FolderId, Kind, Lens, MailboxId, NamedFolder, Record, RecordId, Seen, Side, Zone};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::call::Reach;
use super::connection::{EwsConnection, EwsSettings};
use super::kind_map::KindMap;
use super::lens::EwsLens;

/// A mailbox, opened for one cycle with the field maps in force.
pub struct EwsRemote {
    pub(super) connection: Arc<EwsConnection>,
    pub(super) reach: Reach,
    pub(super) maps: Arc<Maps>,
    /// The zone in which the owner lives, used where Exchange wants one and the record has none.
    pub(super) zone: Zone,
    /// Rule C9's setting.
    pub(super) participants_in_body: bool,
    kinds: [KindMap; 3],
    /// Named sub-folders as they were found by whoever ran before (trap 149).
    pub(super) named: BTreeMap<String, NamedFolder>,
    /// The mailbox's folders were read since it was opened.
    pub(super) looked: AtomicBool,
}

impl EwsRemote {
    pub(super) fn new(connection: Arc<EwsConnection>, reach: Reach, maps: Arc<Maps>, settings: &EwsSettings) -> Self {
        let kinds = Kind::ALL.map(|kind| KindMap::new(kind, &maps, &settings.crm));
        let zone = settings.zone.clone();
        Self {
            connection,
            reach,
            maps,
            zone,
            participants_in_body: true,
            kinds,
            named: BTreeMap::new(),
            looked: AtomicBool::new(false),
        }
    }

    /// Whether the CRM's participants stand at the end of a copy's body, or in a property of ours alone (rule C9).
    #[must_use]
    pub fn with_participants_in_body(mut self, shown: bool) -> Self {
        self.participants_in_body = shown;
        self
    }

    /// Which folders the named sub-folders were when they were found last (rule D7).
    #[must_use]
    pub fn with_named_folders(mut self, named: BTreeMap<String, NamedFolder>) -> Self {
        self.named = named;
        self
    }

    /// The CRM's own name for itself, as it stands in marks.
    pub(super) fn crm(&self) -> &str {
        &self.map(Kind::Contact).crm
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

    fn named_folders(&self) -> BTreeMap<String, NamedFolder> {
        let known = self.connection.recall(&self.reach.address);
        known.map(|known| known.named.clone()).unwrap_or_default()
    }

    async fn folders(&self, kind: Kind) -> Result<Vec<FolderId>, Trouble> {
        self.folders_of(kind).await
    }

    async fn changes(&self, kind: Kind, folder: &FolderId, cursor: Option<&str>) -> Result<Page, Trouble> {
        self.page(kind, folder, cursor).await
    }

    async fn inventory(&self, kind: Kind, folder: &FolderId, cursor: Option<&str>) -> Result<Inventory, Trouble> {
        self.inventoried(kind, folder, cursor).await
    }

    async fn get(&self, kind: Kind, wanted: &[Wanted]) -> Result<Vec<(RecordId, Result<Seen, Trouble>)>, Trouble> {
        self.look(kind, wanted).await
    }

    async fn find(&self, kind: Kind, by: &FindBy, limit: usize) -> Result<Vec<Record>, Trouble> {
        self.recognise(kind, by, limit).await
    }

    async fn trace(&self, kind: Kind, key: &str, limit: usize) -> Result<Vec<Traced>, Trouble> {
        self.traced(kind, key, limit).await
    }

    fn keeps_meetings(&self) -> bool {
        self.reach.spoken.keeps_meetings()
    }

    async fn write_all(&self, writes: &[Write]) -> Result<Vec<Result<Written, Trouble>>, Trouble> {
        self.carry_out_all(writes).await
    }
}
