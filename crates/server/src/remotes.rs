//! Opens both sides of a pairing for a cycle: the built-in CRM, and the mailbox on its connection with the connection's
//! password taken out of its envelope.

use crate::moved::{Finder, Means};
use async_trait::async_trait;
use connect::crm::{CrmDirectory, CrmRemote};
use connect::ews::{EwsConnection, EwsRemote, EwsSettings, Gate, Step};
use connect::http::Network;
use connect::sign_in::{OAuth, Proof, SignIn};
use engine::port::{Clock, Concerned, Dice, Directory, Maps, Memberships, Remote, Remotes, Trouble, User};
use model::{CrmId, UserId, Zone};
use planted::Planted;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use store::secrets::SecretKey;
use store::{Connection, Pairing, SignInKind, Store};

/// How long one call to a mailbox server may take as a whole: below what a lease's taker waits.
const DEADLINE_MS: u64 = 55_000;

/// The remotes of a server.
pub struct ServerRemotes {
    store: Store,
    crm: crm::Crm,
    crm_id: CrmId,
    clock: Arc<dyn Clock>,
    dice: Arc<dyn Dice>,
    key: Arc<SecretKey>,
    open: Mutex<BTreeMap<String, Open>>,
    finder: Finder,
    /// The CRM's own name for itself, asked for once.
    whose: OnceLock<String>,
}

/// A connection in use: its sockets, and what is known of its accounts and their mailboxes, kept from cycle to cycle.
#[derive(Clone)]
struct Open {
    of: Connection,
    network: Arc<Network>,
    /// How much the server is asked at once, over all accounts.
    gate: Arc<Gate>,
    /// One for each account: its tokens and signed-in sockets serve every mailbox.
    sign_ins: BTreeMap<String, Arc<SignIn>>,
    /// By account and zone.
    accounts: BTreeMap<(String, String), Arc<EwsConnection>>,
}

impl ServerRemotes {
    /// The remotes over a store and a CRM.
    #[must_use]
    pub fn new(
        store: Store,
        crm: crm::Crm,
        crm_id: CrmId,
        clock: Arc<dyn Clock>,
        dice: Arc<dyn Dice>,
        key: Arc<SecretKey>,
    ) -> ServerRemotes {
        ServerRemotes {
            store,
            crm,
            crm_id,
            clock,
            dice,
            key,
            open: Mutex::new(BTreeMap::new()),
            finder: Finder::default(),
            whose: OnceLock::new(),
        }
    }

    /// Tries everything the sync needs of one mailbox, step by step; nothing stays behind.
    ///
    /// # Errors
    /// There is no such connection, or its secret cannot be read.
    pub async fn check(&self, connection: &str, address: &str, zone: Option<&str>) -> Result<Vec<Step>, Trouble> {
        let maps = self.store.maps().await.map_err(|why| Trouble::Broken { why: why.to_string() })?;
        let account = self.account(connection, address, zone).await?;
        Ok(account.open(address, maps).check(&self.dice.id()).await)
    }

    /// Signs in to a connection with its own account, whether or not a user is mapped on it.
    ///
    /// # Errors
    /// There is no such connection, its secret cannot be read, it cannot be reached, or it refuses the account.
    pub async fn answers(&self, name: &str) -> Result<(), Trouble> {
        let connection = self.connection(name).await?;
        self.opened(&connection, connection.user.clone(), Zone::utc()).await?.answers(&connection.user).await
    }

    /// A mailbox to be subscribed to; no record passes through it.
    ///
    /// # Errors
    /// There is no such connection, or its secret cannot be read.
    pub(crate) async fn mailbox(
        &self,
        connection: &str,
        address: &str,
        zone: Option<&str>,
    ) -> Result<EwsRemote, Trouble> {
        Ok(self.account(connection, address, zone).await?.open(address, Arc::default()))
    }

    async fn connection(&self, name: &str) -> Result<Connection, Trouble> {
        let broken = |why: store::StoreError| Trouble::Broken { why: why.to_string() };
        if planted::is(Planted::OneServerForAll) {
            return self.store.connections().await.map_err(broken)?.into_iter().next().ok_or(Trouble::CursorRefused);
        }
        let found = self.store.connection(name).await.map_err(broken)?;
        found.ok_or_else(|| Trouble::NoAccess { why: format!("there is no connection '{name}'") })
    }

    async fn account(&self, name: &str, address: &str, zone: Option<&str>) -> Result<Arc<EwsConnection>, Trouble> {
        let mut connection = self.connection(name).await?;
        if connection.access.find_by.is_some() && self.is_lost(&connection) {
            let means = Means { store: &self.store, key: &self.key, clock: &self.clock, dice: &self.dice };
            connection = self.finder.again(means, &connection).await.unwrap_or(connection);
        }
        let own = !connection.impersonate && !connection.access.delegate;
        let account = if own { address.to_owned() } else { connection.user.clone() };
        let zone = zone.and_then(Zone::iana).unwrap_or_else(Zone::utc);
        self.opened(&connection, account, zone).await
    }

    async fn whose(&self) -> Result<&str, Trouble> {
        if let Some(known) = self.whose.get() {
            return Ok(known);
        }
        let found = self.crm.identity(self.dice.roll()).await;
        let found = found.map_err(|why| Trouble::Broken { why: format!("the CRM does not say which it is: {why}") })?;
        Ok(self.whose.get_or_init(|| found))
    }

    /// Whether the last calls to a connection met what shows that its server is somewhere else now.
    fn is_lost(&self, connection: &Connection) -> bool {
        let all = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let open = all.get(&connection.name).filter(|open| open.of == *connection);
        open.is_some_and(|open| open.accounts.values().any(|account| account.is_lost()))
    }

    /// An account of a connection; made anew when the connection was changed.
    async fn opened(
        &self,
        connection: &Connection,
        account: String,
        zone: Zone,
    ) -> Result<Arc<EwsConnection>, Trouble> {
        let crm = self.whose().await?;
        let mut all = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let present = all.get(&connection.name).filter(|open| open.of == *connection);
        let mut open = match present {
            Some(open) => open.clone(),
            None => {
                let ca_file = connection.ca_file.as_deref().map(Path::new);
                let network = Network::new(ca_file).map_err(|why| Trouble::NoAccess { why: why.to_string() })?;
                Open {
                    of: connection.clone(),
                    network: Arc::new(network),
                    gate: Arc::new(gate(connection.access.calls_at_once)),
                    sign_ins: BTreeMap::new(),
                    accounts: BTreeMap::new(),
                }
            }
        };
        let known = (account.clone(), zone.name().to_owned());
        let account = match open.accounts.get(&known) {
            Some(account) => Arc::clone(account),
            None => {
                let sign_in = match open.sign_ins.get(&account) {
                    Some(sign_in) => Arc::clone(sign_in),
                    None => Arc::new(self.sign_in(connection, &account)?),
                };
                open.sign_ins.insert(account, Arc::clone(&sign_in));
                let settings = EwsSettings {
                    impersonate: connection.impersonate,
                    delegate: connection.access.delegate,
                    deadline_ms: DEADLINE_MS,
                    gate: open.gate.clone(),
                    folders: connection.folders.clone(),
                    zone,
                    crm: crm.to_owned(),
                    ..EwsSettings::new(connection.url.clone())
                };
                let account = EwsConnection::new(open.network.clone(), sign_in, settings);
                open.accounts.insert(known, Arc::clone(&account));
                account
            }
        };
        all.insert(connection.name.clone(), open);
        Ok(account)
    }
}

impl ServerRemotes {
    /// An account with its secret out of the envelope, signing in as the connection says and no otherwise.
    fn sign_in(&self, connection: &Connection, account: &str) -> Result<SignIn, Trouble> {
        let secret = self
            .key
            .open(&connection.name, &connection.secret)
            .map_err(|why| Trouble::NoAccess { why: why.to_string() })?;
        let (clock, dice) = (Arc::clone(&self.clock), Arc::clone(&self.dice));
        let patient = Arc::clone(&self.clock);
        let sign_in = match connection.access.sign_in {
            SignInKind::Basic => SignIn::basic(account, secret),
            SignInKind::Ntlm => SignIn::ntlm(account, secret, clock, dice),
            SignInKind::Oauth => {
                let settings = OAuth {
                    token_url: connection.access.token_url.clone().unwrap_or_default(),
                    client: account.to_owned(),
                    scope: connection.access.scope.clone().unwrap_or_default(),
                    proof: Proof::of(secret),
                    deadline_ms: DEADLINE_MS,
                };
                SignIn::oauth(settings, clock, dice)
            }
        };
        Ok(sign_in.patient(patient))
    }
}

/// How much a server is asked at once.
fn gate(most: Option<u16>) -> Gate {
    match most {
        Some(most) => Gate::of_server(usize::from(most)),
        None => Gate::default(),
    }
}

#[async_trait]
impl Remotes for ServerRemotes {
    async fn open(&self, pairing: &Pairing, maps: Arc<Maps>) -> Result<(Box<dyn Remote>, Box<dyn Remote>), Trouble> {
        if pairing.crm != self.crm_id {
            return Err(unknown(&pairing.crm));
        }
        let settings = self.store.settings().await.map_err(|why| Trouble::Broken { why: why.to_string() })?;
        let account = self.account(&pairing.connection, &pairing.address, pairing.settings.zone.as_deref()).await?;
        let pim = account.open(&pairing.address, Arc::clone(&maps));
        let pim = pim
            .with_participants_in_body(settings.participants_in_body)
            .with_named_folders(pairing.state.folders.clone());
        let crm = CrmRemote::new(self.crm.clone(), pairing.user.clone(), Arc::clone(&self.clock))
            .with_maps(maps)
            .with_all_contacts(pairing.settings.visibility_all);
        Ok((Box::new(crm), Box::new(pim)))
    }

    fn directory(&self, crm: &CrmId) -> Arc<dyn Directory> {
        if *crm == self.crm_id {
            Arc::new(CrmDirectory::new(self.crm.clone()))
        } else {
            Arc::new(UnknownCrm(crm.clone()))
        }
    }
}

/// A pairing of a CRM that the configuration does not name: nothing is believed of it.
struct UnknownCrm(CrmId);

fn unknown(crm: &CrmId) -> Trouble {
    Trouble::NoAccess { why: format!("the configuration names no CRM '{crm}'") }
}

#[async_trait]
impl Directory for UnknownCrm {
    async fn users(&self, _after: Option<&UserId>, _limit: usize) -> Result<Vec<User>, Trouble> {
        Err(unknown(&self.0))
    }

    async fn user(&self, _id: &UserId) -> Result<Option<User>, Trouble> {
        Err(unknown(&self.0))
    }

    async fn memberships(&self, _user: &UserId) -> Result<Memberships, Trouble> {
        Err(unknown(&self.0))
    }

    async fn groups(&self, _ids: &BTreeSet<(String, String)>) -> Result<BTreeMap<(String, String), String>, Trouble> {
        Err(unknown(&self.0))
    }

    async fn who(&self, _addresses: &BTreeSet<String>) -> Result<BTreeMap<String, UserId>, Trouble> {
        Err(unknown(&self.0))
    }

    async fn concerned(&self, _cursor: Option<&str>, _limit: usize) -> Result<Concerned, Trouble> {
        Err(unknown(&self.0))
    }
}
