//! What is in force for a pairing in one cycle: settings, maps, groups and the levels that follow (rules L2 to L4, L7).

use crate::Engine;
use crate::outcome::CycleError;
use crate::port::{Directory, Maps, Memberships, Trouble};
use model::schedule::Schedule;
use model::settings::{GroupKind, Settings, UserSettings};
use model::{CrmId, Domain, Level, UserId, Zone};
use plan::access::{Chain, Groups, chain};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use store::Pairing;

/// What is in force.
#[derive(Clone)]
pub(crate) struct Force {
    pub settings: Arc<Settings>,
    pub maps: Arc<Maps>,
    pub chains: BTreeMap<Domain, Chain>,
    pub levels: BTreeMap<Domain, Level>,
    pub zone: Zone,
    /// When its cycles run (rule E4).
    pub schedule: Schedule,
    /// Changes when a field map has changed.
    pub of_maps: String,
    /// Changes when anything that scope reads has changed.
    pub digest: String,
}

/// The digest of the maps in force, made again when they have changed: every cycle of every mailbox asks for it. Clones
/// share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct OfMaps(Arc<Mutex<Option<Digested>>>);

/// Maps, and their digest.
type Digested = (Arc<Maps>, String);

impl OfMaps {
    fn digest(&self, maps: &Arc<Maps>) -> String {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((known, digest)) if known == maps => digest.clone(),
            Some(_) | None => {
                let told = serde_json::to_vec(&**maps).expect("maps of texts are always JSON");
                let digest = hex(&Sha256::digest(told));
                *last = Some((Arc::clone(maps), digest.clone()));
                digest
            }
        }
    }
}

impl Engine {
    pub(crate) async fn force(&self, pairing: &Pairing) -> Result<Force, CycleError> {
        let settings = Arc::new(self.store().settings().await?);
        let maps = self.store().maps().await?;
        let of_maps = self.of_maps.digest(&maps);
        let directory = self.directory(&pairing.crm);
        let memberships = directory.memberships(&pairing.user).await?;
        if !memberships.active {
            // Nothing is read, written or deleted for who left; the mailbox may be somebody else's soon (rule L1, trap 155).
            let why = "the user is not active in the CRM any more; unmap him, or make him active again (L1)".to_owned();
            return Err(Trouble::NoAccess { why }.into());
        }
        let groups = groups(&memberships, settings.primary_position_only);
        Ok(force(pairing, settings, maps, of_maps, &groups))
    }

    /// Whether a pairing's user is in a group, as it counts for levels and schedules (rule L4).
    ///
    /// # Errors
    /// When the store or the CRM failed.
    pub async fn is_within(
        &self,
        pairing: &Pairing,
        group: &GroupKind,
        id: &str,
        and_below: bool,
    ) -> Result<bool, CycleError> {
        let settings = self.store().settings().await?;
        let memberships = self.directory(&pairing.crm).memberships(&pairing.user).await?;
        let groups = groups(&memberships, settings.primary_position_only);
        Ok(plan::access::within(&groups, group, id, and_below))
    }

    /// The level of another user's pairing that works (rules P3, P8).
    pub(crate) async fn level_of(
        &self,
        pairing: &Pairing,
        domain: Domain,
        settings: &Settings,
    ) -> Result<Level, CycleError> {
        if !pairing.enabled || pairing.state.stopped.is_some() {
            return Ok(Level::NONE);
        }
        let memberships = self.directory(&pairing.crm).memberships(&pairing.user).await?;
        let groups = groups(&memberships, settings.primary_position_only);
        Ok(chain(domain, memberships.active, &groups, settings, &pairing.settings).level)
    }

    pub(crate) fn directory(&self, crm: &CrmId) -> Arc<dyn Directory> {
        self.parts.remotes.directory(crm)
    }
}

fn force(pairing: &Pairing, settings: Arc<Settings>, maps: Arc<Maps>, of_maps: String, groups: &Groups) -> Force {
    let chains: BTreeMap<Domain, Chain> = Domain::ALL
        .into_iter()
        .map(|domain| (domain, chain(domain, pairing.enabled, groups, &settings, &pairing.settings)))
        .collect();
    let levels = chains.iter().map(|(domain, chain)| (*domain, chain.level)).collect();
    let zone = pairing.settings.zone.as_deref().and_then(Zone::iana).unwrap_or_else(Zone::utc);
    let told = Told { settings: settings.generation, user: &pairing.settings, levels: &levels, maps: &of_maps };
    let digest = hex(&Sha256::digest(written(&told)));
    let schedule = plan::access::schedule(groups, &settings);
    Force { settings, maps, chains, levels, zone, schedule, of_maps, digest }
}

/// What scope reads, as it is digested. It is written in one pass: every cycle of every mailbox does so.
#[derive(Serialize)]
struct Told<'a> {
    settings: u64,
    user: &'a UserSettings,
    levels: &'a BTreeMap<Domain, Level>,
    maps: &'a str,
}

fn written(told: &Told<'_>) -> Vec<u8> {
    serde_json::to_vec(told).expect("settings and maps of texts and numbers are always JSON")
}

/// The groups that count: with the setting on, only the primary position and its organization (rule L4).
pub(crate) fn groups(memberships: &Memberships, primary_only: bool) -> Groups {
    let mut groups = Groups::default();
    for position in memberships.positions.iter().filter(|position| position.primary || !primary_only) {
        groups.own.insert((GroupKind::Position, position.id.clone()));
        groups.own.insert((GroupKind::Organization, position.organization.clone()));
        groups.above.extend(position.above.iter().map(|id| (GroupKind::Position, id.clone())));
        groups.above.extend(position.organizations_above.iter().map(|id| (GroupKind::Organization, id.clone())));
    }
    groups.own.extend(memberships.user_lists.iter().map(|id| (GroupKind::UserList, id.clone())));
    groups
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |of: u8| char::from_digit(u32::from(of), 16).unwrap_or('0');
    let mut text = String::with_capacity(bytes.len() * 2);
    text.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
    text
}

/// A pairing by its user, if he has one.
pub(crate) async fn pairing_of(engine: &Engine, crm: &CrmId, user: &UserId) -> Result<Option<Pairing>, CycleError> {
    Ok(engine.store().pairing_of_user(crm, user).await?)
}
