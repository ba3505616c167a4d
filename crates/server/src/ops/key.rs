//! A new key file: stored passwords are enveloped anew, and what was hashed with the old key is dropped.

use crate::alert::envelope;
use crate::fault::Refused;
use crate::services::Services;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::PairingId;
use store::secrets::{SecretError, SecretKey, rotate as envelope_anew};
use store::{AlertBook, Lease, Resealed, StoreError};

/// How long the pairings' leases are taken, in milliseconds: no cycle is to observe with the old key meanwhile.
const LEASE_MS: u64 = 600_000;

/// Secrets that were changed while they were put in new envelopes are read again, so often.
const TRIES: usize = 8;

/// Pairings are read in pages of this size.
const PAGE: usize = 500;

/// Envelopes every stored password with another key; how many. Match keys were hashed with the old one, so what was
/// observed is dropped: every user's next cycle lists both sides anew and matches what is linked already.
///
/// # Errors
/// A `serve` works on this database, or a cycle runs: stop them first. A password does not open with the present key.
pub async fn rotate(services: &Services, new: &SecretKey) -> Result<usize, Refused> {
    let claim = services.store.claim_serve(&services.node).await?;
    // Before anything is dropped: a password that does not open with the present key is told at once.
    secrets(services, new).await?;
    let mut leases = Vec::new();
    let replaced = match drop_observing(services, &mut leases).await {
        Ok(()) => replace(services, new).await,
        Err(why) => Err(why),
    };
    for lease in &leases {
        match services.store.release_lease(lease).await {
            Ok(()) | Err(StoreError::Fenced) => {}
            Err(why) => tracing::warn!(%why, "a lease was not given back; it ends by itself"),
        }
    }
    drop(claim);
    replaced
}

/// Every password in a new envelope.
async fn secrets(services: &Services, new: &SecretKey) -> Result<Vec<Resealed>, Refused> {
    let mut sealed = Vec::new();
    for connection in services.store.connections().await? {
        let Some(stored) = services.store.connection(&connection.name).await? else {
            continue;
        };
        let nonce = services.random();
        let envelope = envelope_anew(&services.key, new, nonce, &stored.name, &stored.secret)
            .map_err(|why| Refused::Conflict { code: "sealed", message: why.to_string() })?;
        sealed.push(Resealed { connection: stored.name, before: stored.secret, after: envelope });
    }
    Ok(sealed)
}

/// Replaces every secret; what somebody set meanwhile is read again, and stands.
async fn replace(services: &Services, new: &SecretKey) -> Result<usize, Refused> {
    for _ in 0..TRIES {
        let sealed = secrets(services, new).await?;
        let alerts = alerts(services, new).await?;
        match services.store.replace_secrets(&sealed, &alerts).await {
            Ok(()) => return Ok(sealed.len()),
            Err(StoreError::Conflict { .. }) => {}
            Err(why) => return Err(why.into()),
        }
    }
    let message = "connections or alerts are changed again and again; try again when that has ended".to_owned();
    Err(Refused::Conflict { code: "working", message })
}

/// Where alerts go is a secret as well.
async fn alerts(services: &Services, new: &SecretKey) -> Result<AlertBook, Refused> {
    let mut book = services.store.alerts().await?;
    for (channel, way) in &mut book.ways {
        let name = envelope(*channel);
        let spoiled = || SecretError::Sealed(name.clone());
        let rotated = STANDARD
            .decode(&way.target)
            .map_err(|_| spoiled())
            .and_then(|sealed| envelope_anew(&services.key, new, services.random(), &name, &sealed))
            .map_err(|why| Refused::Conflict { code: "sealed", message: why.to_string() })?;
        way.target = STANDARD.encode(rotated);
    }
    Ok(book)
}

/// Drops what was observed at every pairing. The leases stay taken: a cycle that came in between would keep match keys
/// that were hashed with the old key.
async fn drop_observing(services: &Services, leases: &mut Vec<Lease>) -> Result<(), Refused> {
    let store = &services.store;
    let mut after: Option<PairingId> = None;
    loop {
        let page = store.pairings(after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.id.clone());
        for pairing in page.iter().map(|pairing| &pairing.id) {
            let lease = store.take_lease(pairing.as_str(), &services.node, LEASE_MS, 0).await?;
            let lease = lease.ok_or_else(|| Refused::Conflict {
                code: "working",
                message: format!("a cycle of pairing {pairing} is under way; try again when it ended"),
            })?;
            leases.push(lease.clone());
            store.drop_observing(&lease, pairing).await?;
        }
    }
}
