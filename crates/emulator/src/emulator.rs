//! The emulator as tests and the demo hold it: mailboxes put in, trouble switched on, and everything looked at from behind.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::counters::Counters;
use crate::ews::soap::ServerVersion;
use crate::faults::{FaultAction, RequestInfo};
use crate::ids::{self, Named};
use crate::item::Damage;
use crate::mailbox::{Mailbox, MailboxKind, MailboxState};
use crate::quirks::Quirk;
use crate::signing::Offers;
use crate::site::{RoomList, Server, ServiceAccount, SinkEntry, Site, World};

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Decides about a request before it is carried out; `None` lets it pass.
pub type Hook = Arc<dyn Fn(&RequestInfo) -> Option<FaultAction> + Send + Sync>;

/// How a server is set up.
#[derive(Clone)]
pub struct EmulatorOptions {
    /// All ids follow from it.
    pub seed: u64,
    /// The emulator's only time.
    pub clock: Clock,
    /// The version it tells.
    pub version: ServerVersion,
    /// The site it belongs to; without one it makes its own.
    pub site: Option<Site>,
    /// The largest request in bytes.
    pub max_body: usize,
}

impl EmulatorOptions {
    /// An Exchange 2016 in a site of its own.
    #[must_use]
    pub fn new(seed: u64, clock: Clock) -> Self {
        Self { seed, clock, version: ServerVersion::default(), site: None, max_body: 35 * 1024 * 1024 }
    }

    /// The same, in a site shared with other servers.
    #[must_use]
    pub fn in_site(mut self, site: &Site) -> Self {
        self.site = Some(site.clone());
        self
    }
}

/// A mailbox to be made.
#[derive(Clone)]
pub struct MailboxSpec {
    /// The primary address, which is also the name to sign in with.
    pub address: String,
    /// The name people see.
    pub display_name: String,
    /// The password to sign in with.
    pub password: String,
    /// Whose it is.
    pub kind: MailboxKind,
    /// Further addresses.
    pub proxies: Vec<String>,
    /// Mailboxes, by address, that may open this one with all rights.
    pub full_access: Vec<String>,
}

impl MailboxSpec {
    /// A person's mailbox.
    #[must_use]
    pub fn user(address: &str, display_name: &str, password: &str) -> Self {
        Self {
            address: address.to_owned(),
            display_name: display_name.to_owned(),
            password: password.to_owned(),
            kind: MailboxKind::User,
            proxies: Vec::new(),
            full_access: Vec::new(),
        }
    }
}

impl std::fmt::Debug for MailboxSpec {
    // Names, addresses and passwords stay out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a mailbox of kind {:?}", self.kind)
    }
}

/// A mailbox that another one stands in for.
pub struct Taken(Box<Mailbox>);

impl std::fmt::Debug for Taken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Taken")
    }
}

/// Something that is not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// No mailbox of this server has the address.
    #[error("no such mailbox on this server")]
    Mailbox,
    /// The mailbox has no such item.
    #[error("no such item in the mailbox")]
    Item,
    /// The mailbox has no such folder.
    #[error("no such folder in the mailbox")]
    Folder,
    /// The address belongs to another mailbox already.
    #[error("the address is taken")]
    AddressTaken,
}

/// One item of a mailbox, as seen from behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemRef {
    /// Its EWS id.
    pub id: String,
    /// Its change key.
    pub change_key: String,
    /// Its item class, such as `IPM.Contact`.
    pub class: String,
}

/// An Exchange in memory; cheap to clone.
#[derive(Clone)]
pub struct Emulator(Arc<Inner>);

struct Inner {
    site: Site,
    server: usize,
    clock: Clock,
    version: ServerVersion,
    max_body: usize,
    hook: Mutex<Option<Hook>>,
}

impl Emulator {
    /// A server without mailboxes.
    #[must_use]
    pub fn new(options: EmulatorOptions) -> Self {
        let site = options.site.unwrap_or_else(|| Site::new(options.seed));
        let server = {
            let mut world = site.lock();
            world.servers.push(Server::default());
            world.servers.len() - 1
        };
        Self(Arc::new(Inner {
            site,
            server,
            clock: options.clock,
            version: options.version,
            max_body: options.max_body,
            hook: Mutex::new(None),
        }))
    }

    /// The router that answers EWS requests, for a listener or for calls in process.
    pub fn router(&self) -> axum::Router {
        crate::router::router(self.clone())
    }

    /// The site the server belongs to.
    #[must_use]
    pub fn site(&self) -> &Site {
        &self.0.site
    }

    /// Makes a mailbox with the folders every mailbox has.
    ///
    /// # Errors
    /// [`Unknown::AddressTaken`] when the site has a mailbox with one of the addresses.
    pub fn add_mailbox(&self, spec: MailboxSpec) -> Result<(), Unknown> {
        let mut world = self.world();
        let taken =
            std::iter::once(&spec.address).chain(&spec.proxies).any(|address| world.by_address(address).is_some());
        if taken {
            return Err(Unknown::AddressTaken);
        }
        let mailbox = self.made(&mut world, spec);
        world.put_mailbox(mailbox);
        Ok(())
    }

    fn made(&self, world: &mut World, spec: MailboxSpec) -> Mailbox {
        let moniker = world.moniker();
        let mut mailbox = Mailbox::new(self.0.server, &spec.address, &spec.display_name, moniker, self.now());
        mailbox.password = spec.password;
        mailbox.kind = spec.kind;
        mailbox.proxies = spec.proxies;
        mailbox.full_access = spec.full_access;
        mailbox
    }

    /// Makes an account without a mailbox that may impersonate every user of this server, or changes its password.
    pub fn add_service_account(&self, name: &str, password: &str) {
        if let Some(server) = self.world().servers.get_mut(self.0.server) {
            server.services.retain(|known| !known.name.eq_ignore_ascii_case(name));
            server.services.push(ServiceAccount { name: name.to_owned(), password: password.to_owned() });
        }
    }

    /// Makes a list of rooms, as an administrator does; it may name rooms of every server of the site.
    pub fn add_room_list(&self, address: &str, name: &str, members: &[&str]) {
        let members = members.iter().map(|member| (*member).to_owned()).collect();
        self.world().room_lists.insert(address.to_lowercase(), RoomList { name: name.to_owned(), members });
    }

    /// The primary addresses of this server's mailboxes.
    #[must_use]
    pub fn mailboxes(&self) -> Vec<String> {
        self.world()
            .mailboxes
            .values()
            .filter(|mailbox| mailbox.server == self.0.server)
            .map(|mailbox| mailbox.address.clone())
            .collect()
    }

    /// What went over the wire so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.world().servers.get(self.0.server).map(|server| server.counters.clone()).unwrap_or_default()
    }

    /// Begins to count anew.
    pub fn reset_counters(&self) {
        if let Some(server) = self.world().servers.get_mut(self.0.server) {
            server.counters = Counters::default();
        }
    }

    /// Every mail that requests asked for, on all servers of the site.
    #[must_use]
    pub fn sink(&self) -> Vec<SinkEntry> {
        self.world().sink.clone()
    }

    /// Switches a misbehaviour on or off.
    pub fn set_quirk(&self, quirk: Quirk, on: bool) {
        if let Some(server) = self.world().servers.get_mut(self.0.server) {
            if on {
                server.quirks.insert(quirk);
            } else {
                server.quirks.remove(&quirk);
            }
        }
    }

    /// The misbehaviours that are on.
    #[must_use]
    pub fn quirks(&self) -> BTreeSet<Quirk> {
        self.world().servers.get(self.0.server).map(|server| server.quirks.clone()).unwrap_or_default()
    }

    /// Sets how accounts may sign in.
    pub fn set_offers(&self, offers: Offers) {
        if let Some(server) = self.world().servers.get_mut(self.0.server) {
            server.offers = offers;
        }
    }

    /// How accounts may sign in.
    #[must_use]
    pub fn offers(&self) -> Offers {
        self.world().servers.get(self.0.server).map(|server| server.offers.clone()).unwrap_or_default()
    }

    /// Puts a hook before every request, or takes it away.
    pub fn on_request(&self, hook: Option<Hook>) {
        *self.0.hook.lock().unwrap_or_else(PoisonError::into_inner) = hook;
    }

    /// Moves a mailbox to another server: folder and item properties stay, every id, change key and sync state becomes void.
    ///
    /// # Errors
    /// [`Unknown::Mailbox`] when it is not here, [`Unknown::AddressTaken`] when the other site has the address.
    pub fn move_mailbox(&self, address: &str, to: &Self) -> Result<(), Unknown> {
        if self.0.site.is(to.site()) {
            let mut world = self.world();
            let no = self.of_address(&world, address)?;
            let moniker = world.moniker();
            let mailbox = world.mailboxes.get_mut(&no).ok_or(Unknown::Mailbox)?;
            mailbox.server = to.0.server;
            mailbox.renew(moniker);
            world.stir();
            return Ok(());
        }
        if to.world().by_address(address).is_some() {
            return Err(Unknown::AddressTaken);
        }
        let mut mailbox = {
            let mut world = self.world();
            let no = self.of_address(&world, address)?;
            world.stir();
            world.mailboxes.remove(&no).ok_or(Unknown::Mailbox)?
        };
        let mut world = to.world();
        let moniker = world.moniker();
        mailbox.server = to.0.server;
        mailbox.renew(moniker);
        world.put_mailbox(mailbox);
        Ok(())
    }

    /// Puts another person's new, empty mailbox behind an address (trap 155); answers what stood there.
    ///
    /// # Errors
    /// [`Unknown::Mailbox`] when no mailbox has the address.
    pub fn replace_mailbox(&self, spec: MailboxSpec) -> Result<Taken, Unknown> {
        let mut world = self.world();
        let no = self.of_address(&world, &spec.address)?;
        let mailbox = self.made(&mut world, spec);
        world.mailboxes.insert(no, mailbox).map(|taken| Taken(Box::new(taken))).ok_or(Unknown::Mailbox)
    }

    /// Puts a mailbox back that was replaced: what stands behind its address now is gone.
    ///
    /// # Errors
    /// [`Unknown::Mailbox`] when no mailbox has the address any more.
    pub fn put_back(&self, taken: Taken) -> Result<(), Unknown> {
        let mut world = self.world();
        let no = self.of_address(&world, &taken.0.address)?;
        world.mailboxes.insert(no, *taken.0);
        world.stir();
        Ok(())
    }

    /// Takes the mailbox away from an account; its content waits (trap 154).
    ///
    /// # Errors
    /// [`Unknown::Mailbox`].
    pub fn disable_mailbox(&self, address: &str) -> Result<(), Unknown> {
        self.set_mailbox_state(address, MailboxState::Disabled)
    }

    /// Says whether a mailbox can be reached.
    ///
    /// # Errors
    /// [`Unknown::Mailbox`].
    pub fn set_mailbox_state(&self, address: &str, state: MailboxState) -> Result<(), Unknown> {
        self.with(address, |mailbox| {
            mailbox.state = state;
            Ok(())
        })
    }

    /// Moves an item into the archive, as a retention policy does; answers its new id.
    ///
    /// # Errors
    /// [`Unknown::Mailbox`], [`Unknown::Item`].
    pub fn archive_item(&self, address: &str, id: &str) -> Result<String, Unknown> {
        let now = self.now();
        self.with(address, |mailbox| {
            let no = number(mailbox, id)?;
            let new = mailbox.archive(no, now).ok_or(Unknown::Item)?;
            let item = mailbox.items.get(&new).ok_or(Unknown::Item)?;
            Ok(mailbox.item_id(item))
        })
    }

    /// Moves an item's change key without changing anything (trap 50).
    ///
    /// # Errors
    /// [`Unknown::Mailbox`], [`Unknown::Item`].
    pub fn touch(&self, address: &str, id: &str) -> Result<(), Unknown> {
        let now = self.now();
        self.with(address, |mailbox| {
            let no = number(mailbox, id)?;
            if mailbox.touch(no, now) { Ok(()) } else { Err(Unknown::Item) }
        })
    }

    /// Breaks an item, or mends it.
    ///
    /// # Errors
    /// [`Unknown::Mailbox`], [`Unknown::Item`].
    pub fn damage_item(&self, address: &str, id: &str, damage: Option<Damage>) -> Result<(), Unknown> {
        let now = self.now();
        self.with(address, |mailbox| {
            let no = number(mailbox, id)?;
            let mut item = mailbox.items.get(&no).cloned().ok_or(Unknown::Item)?;
            mailbox.spoiled |= matches!(damage, Some(Damage::IllegalCharacters | Damage::UnknownElement));
            item.damage = damage;
            mailbox.update(item, false, now);
            Ok(())
        })
    }

    /// The items of a distinguished folder (`contacts`, `calendar`, `deleteditems`, …), oldest first.
    ///
    /// # Errors
    /// [`Unknown::Mailbox`], [`Unknown::Folder`].
    pub fn items(&self, address: &str, folder: &str) -> Result<Vec<ItemRef>, Unknown> {
        self.with(address, |mailbox| {
            let no = mailbox.distinguished(folder).ok_or(Unknown::Folder)?;
            let folder = mailbox.folders.get(&no).ok_or(Unknown::Folder)?;
            Ok(folder
                .log
                .members()
                .filter_map(|no| mailbox.items.get(&no))
                .map(|item| ItemRef {
                    id: mailbox.item_id(item),
                    change_key: mailbox.change_key(item),
                    class: item.class().to_owned(),
                })
                .collect())
        })
    }

    /// The EWS id of a distinguished folder.
    ///
    /// # Errors
    /// [`Unknown::Mailbox`], [`Unknown::Folder`].
    pub fn folder_id(&self, address: &str, folder: &str) -> Result<String, Unknown> {
        self.with(address, |mailbox| {
            let no = mailbox.distinguished(folder).ok_or(Unknown::Folder)?;
            Ok(mailbox.folder_id(no))
        })
    }

    fn with<T>(&self, address: &str, work: impl FnOnce(&mut Mailbox) -> Result<T, Unknown>) -> Result<T, Unknown> {
        let mut world = self.world();
        let no = self.of_address(&world, address)?;
        let done = work(world.mailboxes.get_mut(&no).ok_or(Unknown::Mailbox)?);
        world.stir();
        done
    }

    fn of_address(&self, world: &World, address: &str) -> Result<u64, Unknown> {
        world
            .by_address(address)
            .filter(|no| world.mailboxes.get(no).is_some_and(|mailbox| mailbox.server == self.0.server))
            .ok_or(Unknown::Mailbox)
    }

    /// Whether some answers of this site are not what the schema allows, because an item was damaged so.
    pub(crate) fn has_spoiled_items(&self) -> bool {
        self.world().mailboxes.values().any(|mailbox| mailbox.spoiled)
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.0.site.lock()
    }

    pub(crate) fn server(&self) -> usize {
        self.0.server
    }

    pub(crate) fn version(&self) -> &ServerVersion {
        &self.0.version
    }

    pub(crate) fn max_body(&self) -> usize {
        self.0.max_body
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.0.clock)()
    }

    pub(crate) fn hook(&self) -> Option<Hook> {
        self.0.hook.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn number(mailbox: &Mailbox, id: &str) -> Result<u64, Unknown> {
    let parsed = ids::parse(id).map_err(|_| Unknown::Item)?;
    let no = match parsed.named {
        Named::Item(no) | Named::Occurrence(no, _) => no,
        Named::Folder(_) | Named::Attachment(..) => return Err(Unknown::Item),
    };
    let item = mailbox.items.get(&no).ok_or(Unknown::Item)?;
    let whole = ids::ews_id(&mailbox.moniker, Named::Item(item.no));
    let named = ids::ews_id(&mailbox.moniker, parsed.named);
    (whole == id || named == id).then_some(no).ok_or(Unknown::Item)
}
