//! Asking again where the server of a connection is, once calls show that it moved: by one at a time, with growing patience.

use crate::fault::Refused;
use crate::ops::find::{self, Asked};
use engine::port::{Clock, Dice};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::secrets::SecretKey;
use store::{Connection, Store};

/// The first wait before a domain is asked again, in seconds; doubled each time.
const FIRST_S: i64 = 60;
/// The longest wait.
const LONGEST_S: i64 = 6 * 3600;

/// When a connection's mail domain may be asked again.
#[derive(Clone, Copy, Default)]
struct Patience {
    not_before: Timestamp,
    waited_s: i64,
}

/// Who asks again, and how often; one at a time for the whole server.
#[derive(Default)]
pub(crate) struct Finder(tokio::sync::Mutex<BTreeMap<String, Patience>>);

/// What is needed to ask.
pub(crate) struct Means<'a> {
    pub store: &'a Store,
    pub key: &'a SecretKey,
    pub clock: &'a Arc<dyn Clock>,
    pub dice: &'a Arc<dyn Dice>,
}

/// The address that Autodiscover names for a connection's server now.
pub(crate) async fn asked(
    key: &SecretKey,
    clock: &Arc<dyn Clock>,
    dice: &Arc<dyn Dice>,
    connection: &Connection,
) -> Result<String, Refused> {
    let address = connection.access.find_by.clone().unwrap_or_default();
    let password =
        key.open(&connection.name, &connection.secret).map_err(|why| Refused::at("password", why.to_string()))?;
    // An account that is each mailbox's own signs in as the one that is asked for.
    let own = !connection.impersonate && !connection.access.delegate;
    let asked = Asked {
        user: if own { address.clone() } else { connection.user.clone() },
        address,
        password,
        sign_in: connection.access.sign_in,
        scope: connection.access.scope.clone(),
        hosts: connection.access.find_hosts.clone(),
        ca_file: connection.ca_file.clone(),
    };
    find::find(Arc::clone(clock), Arc::clone(dice), asked).await
}

impl Finder {
    /// The connection at the address that its server has now, stored; none where that is the one it has, nobody knows, or
    /// it is too soon to ask.
    pub(crate) async fn again(&self, means: Means<'_>, connection: &Connection) -> Option<Connection> {
        // Whoever comes while somebody asks goes on with what he has.
        let mut waits = self.0.try_lock().ok()?;
        let now = means.clock.now();
        let known = waits.get(&connection.name).copied().unwrap_or_default();
        if known.not_before > now {
            return None;
        }
        let waited_s = (known.waited_s * 2).clamp(FIRST_S, LONGEST_S);
        let not_before = now.saturating_add(SignedDuration::from_secs(waited_s)).unwrap_or(now);
        waits.insert(connection.name.clone(), Patience { not_before, waited_s });
        let url = match asked(means.key, means.clock, means.dice, connection).await {
            Ok(url) => url,
            Err(why) => {
                tracing::warn!(connection = %connection.name, %why, "its server was asked for again and not found");
                return None;
            }
        };
        match stored(means.store, connection, url, now).await {
            Ok(Some(moved)) => {
                tracing::warn!(connection = %connection.name, from = %connection.url, to = %moved.url, "its server moved: Autodiscover names another address");
                waits.insert(connection.name.clone(), Patience { not_before, waited_s: 0 });
                Some(moved)
            }
            Ok(None) => None,
            Err(why) => {
                tracing::warn!(connection = %connection.name, %why, "the address that was found could not be stored");
                None
            }
        }
    }
}

/// Stores another address, unless somebody changed the connection meanwhile: what a person sets stands.
async fn stored(
    store: &Store,
    connection: &Connection,
    url: String,
    now: Timestamp,
) -> Result<Option<Connection>, store::StoreError> {
    if url == connection.url {
        return Ok(None);
    }
    let present = store.connection(&connection.name).await?;
    let Some(mut moved) = present.filter(|present| present == connection) else { return Ok(None) };
    moved.access.moved_from = Some(std::mem::replace(&mut moved.url, url));
    moved.access.found_at = Some(now);
    // The password is nothing that was found.
    store.put_connection(&Connection { secret: Vec::new(), ..moved.clone() }).await?;
    Ok(Some(moved))
}
