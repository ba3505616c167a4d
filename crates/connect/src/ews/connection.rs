//! A connection to an Exchange server: what its mailboxes have in common, and what is remembered of each between cycles.

use engine::port::{Maps, Trouble};
use model::{FolderId, Kind, MailboxId, NamedFolder, Zone};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use wire::ews::{ResolveNames, ServerVersion, Version};

use super::astray::Astray;
use super::call::Reach;
use super::gate::Gate;
use super::remote::EwsRemote;
use super::spoken::Spoken;
use super::trouble::Effect;
use crate::http::Transport;
use crate::sign_in::SignIn;

/// How an Exchange server is spoken to.
#[derive(Clone, Debug)]
pub struct EwsSettings {
    /// Where it answers, such as `https://mail.example.org/EWS/Exchange.asmx`.
    pub url: String,
    /// The account acts for each mailbox; else it signs in as the mailbox itself.
    pub impersonate: bool,
    /// The account opens each mailbox by the rights it was given on it (delegate access), without acting for its owner.
    pub delegate: bool,
    /// The highest version spoken; a server that refuses it is asked with the highest it has. The default suits
    /// Exchange 2013 SP1 and every later one.
    pub version: Version,
    /// How long one call may take as a whole, in milliseconds: waiting for its turn and a challenge answered included.
    pub deadline_ms: u64,
    /// How many calls are under way at once, over every account of the server that is given the same.
    pub gate: Arc<Gate>,
    /// Sub-folders beside the default ones, by the names that lead to them (rule D7).
    pub folders: BTreeMap<Kind, Vec<String>>,
    /// The zone in which Exchange is told a time that has none of its own.
    pub zone: Zone,
    /// The CRM's own name for itself, in every mark: what another CRM's installation marked is none of ours. Empty: nobody asks.
    pub crm: String,
}

impl EwsSettings {
    /// The usual settings for a server at this address.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            impersonate: false,
            delegate: false,
            version: Version::default(),
            deadline_ms: 55_000,
            gate: Arc::default(),
            folders: BTreeMap::new(),
            zone: Zone::utc(),
            crm: String::new(),
        }
    }
}

/// A server with the account that signs in there. It lives as long as the connection is configured, so that a cycle of
/// an unchanged mailbox asks for nothing but changes.
pub struct EwsConnection {
    transport: Arc<dyn Transport>,
    sign_in: Arc<SignIn>,
    settings: EwsSettings,
    spoken: Arc<Spoken>,
    astray: Arc<Astray>,
    remembered: Mutex<BTreeMap<String, Arc<Known>>>,
    /// The mail address behind an address of the directory; none where the directory tells none.
    mails: Mutex<BTreeMap<String, Option<String>>>,
}

/// So many addresses of the directory are remembered; then it is asked anew.
const MAILS: usize = 50_000;

/// The folders of a mailbox that we need, as last read.
pub(super) struct Known {
    pub root: String,
    pub mailbox: Option<MailboxId>,
    pub observed: BTreeMap<Kind, Result<Vec<FolderId>, String>>,
    /// The sub-folders an administrator named, as they were found.
    pub named: BTreeMap<String, NamedFolder>,
    pub totals: BTreeMap<FolderId, u64>,
    pub deleted: FolderId,
    pub recoverable: Option<FolderId>,
}

impl EwsConnection {
    /// A connection.
    pub fn new(transport: Arc<dyn Transport>, sign_in: Arc<SignIn>, settings: EwsSettings) -> Arc<Self> {
        let spoken = Arc::new(Spoken::new(settings.version));
        let (astray, remembered, mails) = (Arc::default(), Mutex::default(), Mutex::default());
        Arc::new(Self { transport, sign_in, settings, spoken, astray, remembered, mails })
    }

    /// One of its mailboxes, with the field maps in force, for one cycle.
    pub fn open(self: &Arc<Self>, address: &str, maps: Arc<Maps>) -> EwsRemote {
        let reach = Reach {
            transport: self.transport.clone(),
            sign_in: self.sign_in.clone(),
            url: self.settings.url.clone(),
            address: address.to_owned(),
            impersonate: self.settings.impersonate,
            delegate: self.settings.delegate,
            spoken: self.spoken.clone(),
            astray: self.astray.clone(),
            deadline_ms: self.settings.deadline_ms,
            gate: self.settings.gate.clone(),
            affinity: None,
        };
        EwsRemote::new(self.clone(), reach, maps, &self.settings)
    }

    /// Signs in as the account itself, and asks for nothing that needs a mailbox: whether the server can be used at all.
    ///
    /// # Errors
    /// It cannot be reached, does not speak Exchange Web Services, or refuses the account. A question that the server
    /// answers with a refusal was understood, and shows nothing wrong.
    pub async fn answers(&self, account: &str) -> Result<(), Trouble> {
        let reach = Reach {
            transport: self.transport.clone(),
            sign_in: self.sign_in.clone(),
            url: self.settings.url.clone(),
            address: account.to_owned(),
            impersonate: false,
            delegate: false,
            spoken: self.spoken.clone(),
            astray: self.astray.clone(),
            deadline_ms: self.settings.deadline_ms,
            gate: self.settings.gate.clone(),
            affinity: None,
        };
        match reach.one(&ResolveNames { entry: format!("smtp:{account}") }, Effect::Read).await {
            Ok(_) | Err(Trouble::Stale | Trouble::Gone(_) | Trouble::Refused { .. } | Trouble::CursorRefused) => Ok(()),
            Err(
                why @ (Trouble::Busy { .. }
                | Trouble::NoAccess { .. }
                | Trouble::Broken { .. }
                | Trouble::Unknown { .. }),
            ) => Err(why),
        }
    }

    /// Whether the last calls, one after the other, met what shows that the service is not at this address any more.
    pub fn is_lost(&self) -> bool {
        self.astray.is_lost()
    }

    /// The version that is spoken with the server, and the build it says it is once it has said so.
    pub fn spoken(&self) -> (Version, Option<ServerVersion>) {
        (self.spoken.version(), self.spoken.server())
    }

    pub(super) fn named(&self, kind: Kind) -> &[String] {
        self.settings.folders.get(&kind).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether sub-folders are observed that people may rename, move and delete.
    pub(super) fn names_any(&self) -> bool {
        self.settings.folders.values().any(|names| !names.is_empty())
    }

    pub(super) fn recall(&self, address: &str) -> Option<Arc<Known>> {
        self.remembered().get(&address.to_lowercase()).cloned()
    }

    pub(super) fn remember(&self, address: &str, known: &Arc<Known>) {
        self.remembered().insert(address.to_lowercase(), known.clone());
    }

    pub(super) fn forget(&self, address: &str) {
        self.remembered().remove(&address.to_lowercase());
    }

    /// What the directory told of one of its addresses, if it was asked.
    pub(super) fn mail_of(&self, address: &str) -> Option<Option<String>> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner).get(&address.to_lowercase()).cloned()
    }

    pub(super) fn remember_mail(&self, address: &str, mail: Option<String>) {
        let mut mails = self.mails.lock().unwrap_or_else(PoisonError::into_inner);
        if mails.len() >= MAILS {
            mails.clear();
        }
        mails.insert(address.to_lowercase(), mail);
    }

    fn remembered(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Arc<Known>>> {
        // Every change is one insert or remove, so what another thread left is whole.
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
