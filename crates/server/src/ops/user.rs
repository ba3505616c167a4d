//! Users and their mailboxes: mapping, enabling, moving, forgetting (rules L1, L6, M4).

use crate::fault::{Faults, Refused};
use crate::services::Services;
use ::crm::{Employee, EmployeeId};
use model::settings::{ExtractStart, GroupKind, UserSettings};
use model::{PairingId, UserId};
use std::collections::BTreeMap;
use std::time::Duration;
use store::{Pairing, PairingChange, PairingState, StoreError};

/// What a mapping is made from.
#[derive(Clone, Debug)]
pub struct MapUser {
    /// The CRM's user, by id or login.
    pub user: String,
    /// The connection his mailbox is on.
    pub connection: String,
    /// The mailbox's address.
    pub address: String,
    /// Synchronise at once.
    pub enabled: bool,
    /// His own levels: words by domain (rule L3).
    pub levels: BTreeMap<String, String>,
    /// What else is set for him.
    pub settings: UserSettings,
}

/// What is changed of a mapping; what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct ChangeUser {
    /// The connection his mailbox is on now (rule M4).
    pub connection: Option<String>,
    /// The mailbox's address.
    pub address: Option<String>,
    /// Rule L1.
    pub enabled: Option<bool>,
    /// Rule O9; null is as for all.
    pub extract_start: Option<Option<ExtractStart>>,
    /// Rule O1.
    pub visibility_all: Option<bool>,
    /// Rule O3.
    pub language: Option<Option<String>>,
    /// His zone, for what carries none.
    pub zone: Option<Option<String>>,
    /// The mailbox that stands behind the address now is the right one (rules L1, M4).
    pub confirm_mailbox: bool,
}

/// Maps a user to a mailbox (rule L1).
///
/// # Errors
/// Every fault at once: an unknown or inactive user, an unknown connection, a user or mailbox that is mapped already, a
/// level that a domain refuses.
pub async fn map(services: &Services, mut request: MapUser) -> Result<Pairing, Refused> {
    let mut faults = Faults::default();
    let employee = match employee(services, &request.user).await {
        Ok(employee) if employee.login.is_none() => {
            faults.note("user", "is an employee without a login, not a user");
            None
        }
        Ok(employee) if !employee.active => {
            faults.note("user", "is not active any more");
            None
        }
        Ok(employee) => Some(employee),
        Err(Refused::NotFound(_)) => {
            faults.note("user", format!("there is no user {}", request.user));
            None
        }
        Err(other) => return Err(other),
    };
    // Exchange wants a zone where a record has none: his own, unless said otherwise.
    if request.settings.zone.is_none() {
        request.settings.zone = employee.as_ref().and_then(|employee| employee.zone.clone());
    }
    address_faults(services, &request.address, &mut faults).await?;
    let words = request.levels.iter();
    let words = words.map(|(domain, level)| (domain.as_str(), Some(level.as_str())));
    match super::level::read(words) {
        Ok(levels) => {
            request.settings.levels.extend(levels.into_iter().filter_map(|(domain, level)| Some((domain, level?))))
        }
        Err(wrong) => faults.within("levels", wrong),
    }
    super::level::own_faults(&request.settings, &mut faults);
    settings_faults(&request.settings, &mut faults);
    let id = PairingId::new(services.dice.id());
    let pairing = Pairing {
        id: id.clone(),
        crm: services.crm_id.clone(),
        // A user that is not known is refused below; the store is asked first, so that its faults are told too.
        user: UserId::new(employee.as_ref().map_or(String::new(), |employee| employee.id.to_string())),
        connection: request.connection,
        address: request.address.trim().to_owned(),
        mailbox: None,
        root: None,
        enabled: request.enabled,
        settings: request.settings,
        state: PairingState::default(),
    };
    store_faults(services, &pairing, &mut faults).await?;
    if faults.is_empty() {
        whose_faults(services, &pairing, &mut faults).await?;
    }
    faults.refuse()?;
    let id = services.store.add_pairing(&pairing).await?;
    super::woken(services);
    services.store.pairing(&id).await?.ok_or_else(|| Refused::missing("pairing", id))
}

/// The pairing of a user, by the user's id or login, or by the pairing's own id.
///
/// # Errors
/// There is none.
pub async fn pairing(services: &Services, user: &str) -> Result<Pairing, Refused> {
    if let Some(pairing) = services.store.pairing(&PairingId::new(user)).await? {
        return Ok(pairing);
    }
    let missing = || Refused::NotFound(format!("the user {user} is not mapped"));
    let id = user_id(services, user).await?;
    services.store.pairing_of_user(&services.crm_id, &id).await?.ok_or_else(missing)
}

/// The id of a user by his login or id; somebody who left the CRM may still be mapped.
async fn user_id(services: &Services, user: &str) -> Result<UserId, Refused> {
    match employee(services, user).await {
        Ok(employee) => Ok(UserId::new(employee.id.as_str())),
        Err(Refused::NotFound(_)) => Ok(UserId::new(user)),
        Err(other) => Err(other),
    }
}

/// Changes a mapping, all or nothing.
///
/// # Errors
/// Every fault at once; the user is not mapped.
pub async fn change(services: &Services, user: &str, request: ChangeUser) -> Result<Pairing, Refused> {
    let pairing = pairing(services, user).await?;
    let mut faults = Faults::default();
    let mut changes = Vec::new();
    let mut settings = pairing.settings.clone();
    if let Some(connection) = request.connection {
        if services.store.connection(&connection).await?.is_none() {
            faults.note("connection", format!("there is no connection '{connection}'"));
        }
        changes.push(PairingChange::Connection(connection));
    }
    if let Some(address) = request.address {
        address_faults(services, &address, &mut faults).await?;
        address_taken(services, &pairing.id, &address, &mut faults).await?;
        let connection = changes.iter().find_map(|change| match change {
            PairingChange::Connection(name) => Some(name.clone()),
            _ => None,
        });
        if faults.is_empty() {
            let connection = connection.unwrap_or_else(|| pairing.connection.clone());
            let there = Pairing { address: address.trim().to_owned(), connection, ..pairing.clone() };
            whose_faults(services, &there, &mut faults).await?;
        }
        changes.push(PairingChange::Address(address.trim().to_owned()));
    }
    if let Some(enabled) = request.enabled {
        changes.push(PairingChange::Enable(enabled));
    }
    if let Some(extract_start) = request.extract_start {
        settings.extract_start = extract_start;
    }
    if let Some(all) = request.visibility_all {
        settings.visibility_all = all;
    }
    if let Some(language) = request.language {
        settings.language = language;
    }
    if let Some(zone) = request.zone {
        settings.zone = zone;
    }
    settings_faults(&settings, &mut faults);
    if settings != pairing.settings {
        changes.push(PairingChange::Settings(settings));
    }
    if request.confirm_mailbox {
        changes.push(PairingChange::ConfirmMailbox);
    }
    faults.refuse()?;
    let changed = services.store.change_pairing(&pairing.id, &changes).await?;
    super::woken(services);
    Ok(changed)
}

/// Unmaps a user: nothing is deleted on either side, his links sleep until he is mapped again (rule L6).
///
/// # Errors
/// The user is not mapped.
pub async fn unmap(services: &Services, user: &str) -> Result<(), Refused> {
    let pairing = pairing(services, user).await?;
    Ok(services.store.delete_pairing(&pairing.id).await?)
}

/// Forgets a user, also one who was unmapped: his links, cursors and history go; nothing is deleted on either side
/// (rule L6).
///
/// # Errors
/// Nothing is known of the user.
pub async fn forget(services: &Services, user: &str) -> Result<(), Refused> {
    let id = remembered(services, user).await?;
    Ok(services.store.forget_pairing(&id).await?)
}

/// The pairing of a user, or the one he had before he was unmapped: its history and links are kept until he is forgotten.
///
/// # Errors
/// Nothing is known of the user.
pub async fn remembered(services: &Services, user: &str) -> Result<PairingId, Refused> {
    match pairing(services, user).await {
        Ok(pairing) => Ok(pairing.id),
        Err(Refused::NotFound(_)) => {
            let id = user_id(services, user).await?;
            let unmapped = services.store.unmapped_of_user(&services.crm_id, &id).await?;
            let missing = || Refused::NotFound(format!("the user {user} is not mapped, and nothing of him is kept"));
            unmapped.ok_or_else(missing)
        }
        Err(other) => Err(other),
    }
}

/// Whose cycle a person asks for (rule E4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// One user's, by login or id.
    User(String),
    /// Those of the enabled members of a group.
    Group {
        /// What kind of group.
        kind: GroupKind,
        /// Its id in the CRM.
        id: String,
        /// Of sub-positions and sub-organizations too.
        and_below: bool,
    },
    /// Everybody's who is enabled.
    All,
}

/// Makes users due at once, also in blackout hours (rule E4); how many.
///
/// # Errors
/// The user is not mapped; there is no such group.
pub async fn sync_now(services: &Services, whom: &Whom) -> Result<u64, Refused> {
    let mut count = 0;
    for pairing in asked_for(services, whom).await? {
        retry_now(services, &pairing.id).await?;
        count += 1;
    }
    super::woken(services);
    Ok(count)
}

/// The pairings a person means.
///
/// # Errors
/// The user is not mapped, or not enabled; there is no such group.
pub async fn asked_for(services: &Services, whom: &Whom) -> Result<Vec<Pairing>, Refused> {
    let group = match whom {
        Whom::User(user) => {
            let pairing = pairing(services, user).await?;
            if !pairing.enabled {
                let message =
                    format!("the user {user} is not enabled, so nothing is synchronised (L1): enable him first");
                return Err(Refused::Conflict { code: "not_enabled", message });
            }
            return Ok(vec![pairing]);
        }
        Whom::All => None,
        Whom::Group { kind, id, and_below } => {
            let key = (kind.clone(), id.clone());
            let known = super::group_rule::group_names(services, &[key].into()).await?;
            if known.is_empty() {
                return Err(Refused::missing(kind.name(), id));
            }
            Some((kind, id, *and_below))
        }
    };
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = services.store.pairings(after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        for pairing in page {
            if !pairing.enabled {
                continue;
            }
            let meant = match group {
                Some((kind, id, and_below)) => services.engine.is_within(&pairing, kind, id, and_below).await?,
                None => true,
            };
            if meant {
                found.push(pairing);
            }
        }
    }
    Ok(found)
}

/// Pairings are read in pages of this size.
pub(super) const PAGE: usize = 500;

async fn retry_now(services: &Services, id: &PairingId) -> Result<(), Refused> {
    match services.store.change_pairing(id, &[PairingChange::RetryNow]).await {
        // Unmapped meanwhile: nothing to synchronise.
        Ok(_) | Err(StoreError::NotFound(_)) => Ok(()),
        Err(other) => Err(other.into()),
    }
}

/// An employee by id or login.
///
/// # Errors
/// There is none.
pub async fn employee(services: &Services, user: &str) -> Result<Employee, Refused> {
    if user.starts_with(EmployeeId::PREFIX) {
        let found = services.crm.employee(&super::operator("lookup"), &EmployeeId::new(user)).await;
        match found {
            Ok(employee) => return Ok(employee),
            Err(::crm::Error::NotFound | ::crm::Error::Deleted { .. }) => {}
            Err(other) => return Err(other.into()),
        }
    }
    match services.crm.employee_by_login(user).await {
        Ok(employee) => Ok(employee),
        Err(::crm::Error::NotFound) => Err(Refused::missing("user", user)),
        Err(other) => Err(other.into()),
    }
}

async fn address_faults(services: &Services, address: &str, faults: &mut Faults) -> Result<(), Refused> {
    if !is_address(address) {
        faults.note("address", "is no mail address");
    }
    if services.store.settings().await?.is_shared_mailbox(address) {
        faults.note("address", NOBODYS);
    }
    Ok(())
}

/// Whether it looks like a mail address.
pub(super) fn is_address(address: &str) -> bool {
    let address = address.trim();
    let parts: Vec<&str> = address.split('@').collect();
    matches!(parts.as_slice(), [name, host] if !name.is_empty() && !host.is_empty())
        && !address.chars().any(char::is_whitespace)
        && address.len() <= 320
}

/// Asks the mailbox's server whose it is (rule L1). A server that does not answer soon does not keep anybody from being
/// mapped: the first cycle asks again before anything is written.
async fn whose_faults(services: &Services, pairing: &Pairing, faults: &mut Faults) -> Result<(), Refused> {
    let maps = services.store.maps().await?;
    let asked = async {
        let (_, mailbox) = services.remotes.open(pairing, maps).await?;
        mailbox.identity().await
    };
    let Ok(Ok(identity)) = tokio::time::timeout(WHOSE, asked).await else { return Ok(()) };
    if !identity.is_user {
        faults.note("address", NOBODYS);
    }
    if let Some(other) = services.engine.holder(pairing, &identity).await? {
        let why = format!(
            "leads to the mailbox that is mapped as {}; one mailbox belongs to one user (rule L1)",
            other.address
        );
        faults.note("address", why);
    }
    Ok(())
}

/// What is told of a mailbox that is nobody's own.
const NOBODYS: &str = "is a shared, room or equipment mailbox; only a user's own can be mapped (rule L1)";
/// How long mapping waits for the server's word.
const WHOSE: Duration = Duration::from_secs(10);

fn settings_faults(settings: &UserSettings, faults: &mut Faults) {
    if let Some(zone) = &settings.zone
        && model::Zone::iana(zone).is_none()
    {
        faults.note("zone", "names a zone that is not an IANA zone");
    }
}

/// What the store would refuse, told together with what was found here.
async fn store_faults(services: &Services, pairing: &Pairing, faults: &mut Faults) -> Result<(), Refused> {
    if services.store.connection(&pairing.connection).await?.is_none() {
        faults.note("connection", format!("there is no connection '{}'", pairing.connection));
    }
    if let Some(other) = services.store.pairing_of_user(&pairing.crm, &pairing.user).await? {
        faults.note("user", format!("the user is mapped already, to {}", other.address));
    }
    address_taken(services, &pairing.id, &pairing.address, faults).await
}

/// One mailbox, one user (rule L1); addresses are compared without case.
async fn address_taken(services: &Services, of: &PairingId, address: &str, faults: &mut Faults) -> Result<(), Refused> {
    let address = address.trim().to_lowercase();
    let mut after = None;
    loop {
        let page = services.store.pairings(after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some(last.id.clone());
        if let Some(other) = page.iter().find(|other| other.id != *of && other.address.trim().to_lowercase() == address)
        {
            let user = super::names::user(services, &other.user).await?;
            faults.note("address", format!("the mailbox is mapped already, to the user {user}; unmap him first"));
            return Ok(());
        }
    }
}
