//! The emulated Exchange of a world: its mailboxes shown to people and to the oracle, and what people do in them.

use crate::acting::{Acting, ELSEWHERE};
use crate::client::{PASSWORD, ask, id_of, items};
use crate::line::{Late, Way, whole};
use crate::reading::{self, exceptions, kind_of};
use crate::server::Server;
use crate::table::folder;
use crate::tree::Node;
use emulator::{Emulator, EmulatorOptions, MailboxSpec, Quirk, Taken};
use model::{Kind, RecordId};
use sim::clock::VirtualClock;
use sim::memory::Ground;
use sim::memory::exchange::{Exchange, Item, Place};
use sim::post::{Deed, Node as SimNode, Post};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The account that the product signs in with.
pub(crate) const SERVICE: &str = "service@people.test";
/// Items read at once.
const BATCH: usize = 100;

/// The server, and what was read of it already.
#[derive(Clone)]
pub(crate) struct Office(Arc<Inner>);

struct Inner {
    server: Server,
    clock: VirtualClock,
    /// Items by id, with the change key they were read with.
    read: Mutex<BTreeMap<String, (String, Option<Item>)>>,
    late: Late,
    /// Mailboxes that another one stands in for, and what had been written into them by then.
    taken: Mutex<BTreeMap<String, (Taken, u64)>>,
}

impl std::fmt::Debug for Office {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Office")
    }
}

/// The server of the world of a seed.
pub(crate) fn found(seed: u64, clock: &VirtualClock) -> Arc<dyn Post> {
    let time = clock.clone();
    let emulator = Emulator::new(EmulatorOptions::new(seed, Arc::new(move || time.time())));
    emulator.add_service_account(SERVICE, PASSWORD);
    Arc::new(Office(Arc::new(Inner {
        server: Server::of(seed, emulator),
        clock: clock.clone(),
        read: Mutex::default(),
        late: Late::default(),
        taken: Mutex::default(),
    })))
}

impl Office {
    /// The server.
    pub(crate) fn server(&self) -> &Server {
        &self.0.server
    }

    /// Requests on their way for long.
    pub(crate) fn late(&self) -> &Late {
        &self.0.late
    }

    /// What was on its way for long and is due arrives.
    pub(crate) fn deliver(&self) {
        self.0.late.deliver(&self.0.server, self.0.clock.time());
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, (String, Option<Item>)>> {
        self.0.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn folder(&self, address: &str, name: &str, place: Place) -> Result<BTreeMap<RecordId, Item>, String> {
        let here = self.0.server.emulator.items(address, name).map_err(|error| error.to_string())?;
        let mut known = self.known();
        let is_known = |id: &str, key: &str| known.get(id).is_some_and(|(of, _)| of == key);
        let new: Vec<&str> =
            here.iter().filter(|item| !is_known(&item.id, &item.change_key)).map(|item| item.id.as_str()).collect();
        let keys: BTreeMap<&str, &str> = here.iter().map(|item| (item.id.as_str(), item.change_key.as_str())).collect();
        for batch in new.chunks(BATCH) {
            for (id, item) in self.read(address, batch)? {
                let key = keys.get(id.as_str()).copied().unwrap_or_default().to_owned();
                known.insert(id, (key, item));
            }
        }
        let mut shown = BTreeMap::new();
        for one in here {
            if let Some((_, Some(item))) = known.get(&one.id) {
                let late = self.0.late.brought(&one.id);
                shown.insert(RecordId::new(one.id), Item { place, late, ..item.clone() });
            }
        }
        Ok(shown)
    }

    /// What was asked to be written into a mailbox so far, by whomever but its owner.
    fn written(&self, address: &str) -> u64 {
        let counters = self.0.server.emulator.counters();
        let Some(mailbox) = counters.mailboxes.get(address) else { return 0 };
        let items = mailbox.writes.iter().filter(|(by, _)| by.account == SERVICE).map(|(_, counts)| counts.total());
        items.sum::<u64>() + mailbox.requests.get("UpdateFolder").copied().unwrap_or(0)
    }

    /// Items as their owner reads them; nothing for what is no record.
    fn read(&self, address: &str, ids: &[&str]) -> Result<Vec<(String, Option<Item>)>, String> {
        let nodes = self.nodes(address, ids)?;
        let differing: Vec<&str> = nodes.iter().flat_map(exceptions).collect();
        let mut occurrences = self.nodes(address, &differing)?.into_iter();
        let mut found = Vec::new();
        for node in &nodes {
            let id = id_of(node).ok_or("an item without an id")?.to_owned();
            let mine: Vec<Node> = occurrences.by_ref().take(exceptions(node).len()).collect();
            let item = match kind_of(&node.name) {
                None => None,
                Some(kind) => Some(reading::item(kind, node, &mine).map_err(|why| format!("{address}: {id}: {why}"))?),
            };
            found.push((id, item));
        }
        Ok(found)
    }

    fn nodes(&self, address: &str, ids: &[&str]) -> Result<Vec<Node>, String> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let wanted: String = ids.iter().map(|id| format!("<t:ItemId Id=\"{id}\"/>")).collect();
        let body = format!(
            "<m:GetItem><m:ItemShape><t:BaseShape>AllProperties</t:BaseShape><t:BodyType>Text</t:BodyType>\
             <t:AdditionalProperties><t:ExtendedFieldURI PropertySetId=\"6b8e2f0a-53c1-4d0e-9a77-51f2c0d4e9b3\" \
             PropertyName=\"SynclineMark\" PropertyType=\"String\"/><t:ExtendedFieldURI \
             PropertySetId=\"6b8e2f0a-53c1-4d0e-9a77-51f2c0d4e9b3\" \
             PropertyName=\"SynclinePeople\" PropertyType=\"String\"/><t:ExtendedFieldURI \
             DistinguishedPropertySetId=\"Meeting\" PropertyId=\"35\" PropertyType=\"Binary\"/>\
             </t:AdditionalProperties></m:ItemShape><m:ItemIds>{wanted}</m:ItemIds></m:GetItem>"
        );
        let results = ask(&self.0.server, address, &body)?;
        let found: Vec<Node> = items(&results).cloned().collect();
        if found.len() == ids.len() { Ok(found) } else { Err(format!("{} items for {} ids", found.len(), ids.len())) }
    }
}

impl Post for Office {
    fn open(&self, address: &str) {
        let name = address.split('@').next().unwrap_or(address);
        let added =
            self.0.server.emulator.add_mailbox(MailboxSpec::user(address, &format!("User{}", &name[1..]), PASSWORD));
        added.expect("a new server takes a new address");
    }

    fn show(&self, view: &mut Exchange) -> Vec<String> {
        self.deliver();
        let mut findings = Vec::new();
        for (address, mailbox) in &mut view.mailboxes {
            let kinds = [Kind::Contact, Kind::Appointment, Kind::Task];
            let folders = kinds.map(|kind| (folder(kind), Place::Folder));
            let folders = folders.into_iter().chain([("deleteditems", Place::Deleted), (ELSEWHERE, Place::Other)]);
            mailbox.items.clear();
            for (name, place) in folders {
                match self.folder(address, name, place) {
                    Ok(items) => mailbox.items.extend(items),
                    Err(why) => findings.push(format!("{address}: {name} cannot be read: {why}")),
                }
            }
        }
        let ours = self.0.server.emulator.sink().iter().filter(|mail| mail.account == SERVICE).count();
        view.mails = u64::try_from(ours).unwrap_or(u64::MAX);
        findings
    }

    fn carry(&self, address: &str, deeds: Vec<Deed>) -> Vec<String> {
        let mut acting = Acting::of(&self.0.server, address);
        deeds
            .into_iter()
            .filter_map(|deed| {
                let what = format!("{deed:?}");
                acting.act(deed).err().map(|why| format!("{address}: a person could not do {what}: {why}"))
            })
            .collect()
    }

    fn replace(&self, address: &str, item: &Item) -> Option<String> {
        let emulator = &self.0.server.emulator;
        match emulator.replace_mailbox(MailboxSpec::user(address, "Stranger", PASSWORD)) {
            Ok(taken) => {
                let written = self.written(address);
                whole(&self.0.taken).insert(address.to_owned(), (taken, written));
                let deed = Deed::Insert { id: RecordId::new("theirs"), item: Box::new(item.clone()) };
                self.carry(address, vec![deed]).into_iter().next()
            }
            Err(why) => Some(format!("{address} is not replaced: {why}")),
        }
    }

    fn put_back(&self, address: &str) -> bool {
        let Some((taken, before)) = whole(&self.0.taken).remove(address) else { return false };
        let written = self.written(address) > before;
        self.0.server.emulator.put_back(taken).is_err() || written
    }

    fn unlist(&self, on: bool) {
        self.0.server.emulator.set_quirk(Quirk::EmptyListing, on);
    }

    fn end(&self) -> Vec<String> {
        self.0.server.judged()
    }

    fn node(&self, ground: &Arc<Ground>) -> Arc<dyn SimNode> {
        Arc::new(Way::of(self.clone(), ground))
    }
}
