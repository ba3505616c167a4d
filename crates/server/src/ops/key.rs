//! A new key file: stored passwords are enveloped anew, and what was hashed with the old key is dropped.

use crate::alert::envelope;
use crate::fault::Refused;
use crate::services::Services;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::PairingId;
use store::secrets::{SecretError, SecretKey, rotate as envelope_anew};
use store::{AlertBook, StoreError};

/// How long a pairing's lease is taken to drop what was observed, in milliseconds.
const LEASE_MS: u64 = 60_000;

/// Pairings are read in pages of this size.
const PAGE: usize = 500;

/// Envelopes every stored password with another key; how many. Match keys were hashed with the old one, so what was
/// observed is dropped: every user's next cycle lists both sides anew and matches what is linked already.
///
/// # Errors
/// A `serve` works on this database, or a cycle runs: stop them first. A password does not open with the present key.
pub async fn rotate(services: &Services, new: &SecretKey) -> Result<usize, Refused> {
    let claim = services.store.claim_serve(&services.node).await?;
    let mut sealed = Vec::new();
    for connection in services.store.connections().await? {
        let Some(stored) = services.store.connection(&connection.name).await? else {
            continue;
        };
        let nonce = services.random();
        let envelope = envelope_anew(&services.key, new, nonce, &stored.name, &stored.secret)
            .map_err(|why| Refused::Conflict { code: "sealed", message: why.to_string() })?;
        sealed.push((stored.name, envelope));
    }
    let mut after: Option<PairingId> = None;
    loop {
        let page = services.store.pairings(after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        for pairing in &page {
            drop_observing(services, &pairing.id).await?;
        }
    }
    let alerts = alerts(services, new).await?;
    services.store.replace_secrets(&sealed, &alerts).await?;
    drop(claim);
    Ok(sealed.len())
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

async fn drop_observing(services: &Services, pairing: &PairingId) -> Result<(), Refused> {
    let store = &services.store;
    let lease = store.take_lease(pairing.as_str(), &services.node, LEASE_MS, 0).await?;
    let lease = lease.ok_or_else(|| Refused::Conflict {
        code: "working",
        message: format!("a cycle of pairing {pairing} is under way; try again when it ended"),
    })?;
    store.drop_observing(&lease, pairing).await?;
    match store.release_lease(&lease).await {
        Ok(()) | Err(StoreError::Fenced) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
