//! Being pushed: keeps subscriptions to the mailboxes, so that a change there is known at once and an idle mailbox costs
//! nothing (rule E4). What is told is a hint; polling stays beneath as the net.

mod groups;
mod line;
mod patience;

use crate::again::until_it_ends;
use crate::services::Services;
use crate::worker::Stop;
use groups::{GroupId, Groups, Key};
use line::{Line, Member};
use model::PairingId;
use std::collections::{BTreeMap, BTreeSet};
use store::{Connection, Lease, Pairing, Push, StoreError};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// How often it is asked who is to be pushed when no hint came.
const SCAN_MS: u64 = 60_000;

/// Two scans are so far apart at least, whatever hints come.
const BETWEEN_MS: u64 = 1_000;

/// How long a connection's streams are one node's without being renewed.
const LEASE_MS: u64 = 3 * SCAN_MS;

/// Pairings looked through at a time.
const PAGE: usize = 500;

/// Mailboxes that wait to be told apart from their group.
const APART: usize = 256;

/// Keeps the subscriptions until told to stop.
pub(crate) async fn run(services: Services, mut stop: Stop) {
    let wake = services.wake.clone();
    let (tell, mut told) = mpsc::channel(APART);
    let mut keeper = Keeper {
        services,
        groups: Groups::default(),
        apart: BTreeSet::new(),
        lines: BTreeMap::new(),
        tasks: JoinSet::new(),
        leases: BTreeMap::new(),
        tell,
        stop: stop.clone(),
    };
    loop {
        if *stop.borrow() {
            break;
        }
        if let Err(why) = keeper.scan().await {
            tracing::warn!(why = %why, "the store cannot say who is to be pushed; trying again");
        }
        // Hints that come close together are one.
        if !until(&keeper.services, BETWEEN_MS, std::future::pending(), &mut stop).await {
            break;
        }
        let hint = async {
            tokio::select! {
                () = wake.mailboxes() => {}
                Some(id) = told.recv() => {
                    keeper.apart.insert(id);
                }
            }
        };
        if !until(&keeper.services, SCAN_MS, hint, &mut stop).await {
            break;
        }
    }
    keeper.give_back().await;
}

/// Waits for a hint, a time, or the stop; false when it is the stop.
async fn until(services: &Services, ms: u64, hint: impl Future<Output = ()>, stop: &mut Stop) -> bool {
    tokio::select! {
        () = hint => true,
        () = services.clock.sleep_ms(ms) => true,
        changed = stop.changed() => changed.is_ok() && !*stop.borrow(),
    }
}

struct Keeper {
    services: Services,
    groups: Groups,
    /// Mailboxes whose subscriptions live on a server of their own.
    apart: BTreeSet<PairingId>,
    lines: BTreeMap<GroupId, watch::Sender<Vec<Member>>>,
    tasks: JoinSet<()>,
    leases: BTreeMap<String, Lease>,
    tell: mpsc::Sender<PairingId>,
    stop: Stop,
}

impl Keeper {
    /// Learns who is to be pushed, and tells each streaming connection whom it carries.
    async fn scan(&mut self) -> Result<(), StoreError> {
        let connections: BTreeMap<String, Connection> =
            self.services.store.connections().await?.into_iter().map(|of| (of.name.clone(), of)).collect();
        self.keep_leases(&connections).await?;
        let mut wanted = BTreeMap::new();
        let mut members = BTreeMap::new();
        let mut polled: BTreeMap<&str, Vec<PairingId>> = BTreeMap::new();
        let mut pushed = 0_u32;
        let mut after = None;
        loop {
            let page = self.services.store.pairings(after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id.clone());
            for pairing in page {
                pushed += u32::from(pairing.state.push.pushed);
                let connection = connections.get(&pairing.connection);
                match (connection, why_not(&pairing, connection)) {
                    (Some(connection), None) if self.leases.contains_key(&connection.name) => {
                        wanted.insert(pairing.id.clone(), key(&pairing, connection));
                        members.insert(pairing.id.clone(), Member::of(pairing));
                    }
                    // Another node keeps this connection's streams, and notes how they stand.
                    (_, None) => {}
                    (_, Some(why)) if pairing.state.push != Push::polled(why) => {
                        polled.entry(why).or_default().push(pairing.id);
                    }
                    (_, Some(_)) => {}
                }
            }
        }
        self.services.metrics.level("syncline_mailboxes_pushed", f64::from(pushed));
        self.apart.retain(|id| wanted.contains_key(id));
        let homeless = self.groups.arrange(&wanted, &self.apart);
        self.spread(&members);
        if !homeless.is_empty() {
            polled.insert(NO_ROOM, homeless.into_iter().collect());
        }
        for (why, ids) in polled {
            self.services.store.set_push(&ids, &Push::polled(why)).await?;
            self.services.wake.pairing_due();
        }
        Ok(())
    }

    fn spread(&mut self, members: &BTreeMap<PairingId, Member>) {
        while self.tasks.try_join_next().is_some() {}
        let mut groups = BTreeSet::new();
        for (id, of) in self.groups.all() {
            groups.insert(id);
            let of: Vec<Member> = of.iter().filter_map(|id| members.get(id)).cloned().collect();
            match self.lines.get(&id) {
                Some(line) => {
                    line.send_if_modified(|present| {
                        let differs = *present != of;
                        if differs {
                            *present = of;
                        }
                        differs
                    });
                }
                None => {
                    let (sender, receiver) = watch::channel(of);
                    self.lines.insert(id, sender);
                    let (services, tell) = (self.services.clone(), self.tell.clone());
                    let line = move || Line::new(services.clone(), receiver.clone(), tell.clone()).run();
                    self.tasks.spawn(until_it_ends("a stream", self.services.clock.clone(), self.stop.clone(), line));
                }
            }
        }
        // A line whose sender is gone ends its subscriptions and itself.
        self.lines.retain(|id, _| groups.contains(id));
        self.services
            .metrics
            .level("syncline_push_connections", f64::from(u32::try_from(self.lines.len()).unwrap_or(0)));
    }

    /// One node keeps the streams of a connection; the others hear of changes through the store.
    async fn keep_leases(&mut self, connections: &BTreeMap<String, Connection>) -> Result<(), StoreError> {
        let store = &self.services.store;
        for name in connections.keys() {
            let held = match self.leases.remove(name) {
                Some(lease) => store.renew_lease(&lease, LEASE_MS).await.ok(),
                None => store.take_lease(&lease_name(name), &self.services.node, LEASE_MS, 0).await?,
            };
            if let Some(lease) = held {
                self.leases.insert(name.clone(), lease);
            }
        }
        self.leases.retain(|name, _| connections.contains_key(name));
        Ok(())
    }

    async fn give_back(self) {
        for lease in self.leases.values() {
            if let Err(why) = self.services.store.release_lease(lease).await {
                tracing::debug!(why = %why, "a lease of the streams ends by itself");
            }
        }
    }
}

const NO_ROOM: &str = "more mailboxes than streaming connections are opened for";

fn lease_name(connection: &str) -> String {
    format!("push:{connection}")
}

/// Why a mailbox is not pushed, whatever its server can.
fn why_not(pairing: &Pairing, connection: Option<&Connection>) -> Option<&'static str> {
    match connection {
        None => Some("there is no such connection"),
        Some(connection) if !connection.push => Some("switched off for its connection"),
        Some(_) if !pairing.enabled => Some("not enabled"),
        Some(_) if pairing.state.stopped.is_some() => Some("stopped"),
        Some(_) if !pairing.state.first_done => Some("the first cycle is not complete"),
        Some(_) => None,
    }
}

fn key(pairing: &Pairing, connection: &Connection) -> Key {
    let own = !connection.impersonate && !connection.access.delegate;
    let account = if own { pairing.address.to_lowercase() } else { connection.user.clone() };
    let way = format!("{} {} {own}", connection.access.sign_in.as_str(), connection.url);
    Key { connection: connection.name.clone(), way, account }
}
