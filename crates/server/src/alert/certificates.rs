//! When the certificates of connections end: looked at now and then, one connection a pass, so that a slow server delays
//! nothing (rule W5).

use crate::services::Services;
use connect::http::certificate_ends;
use jiff::{SignedDuration, Timestamp};
use std::path::Path;
use store::{AlertBook, CertificateLook, Connection, SignInKind, StoreError};

/// Hours between two looks.
const LOOK_HOURS: i64 = 12;

/// Minutes between two looks while one is about to end, so that a new one is seen soon.
const SOON_MINUTES: i64 = 30;

/// How long a look may take.
const LOOK_MS: u64 = 20_000;

/// Looks at the first connection whose last look is long ago.
pub(super) async fn look(services: &Services, book: &mut AlertBook, now: Timestamp) -> Result<(), StoreError> {
    let connections = services.store.connections().await?;
    book.certificates.retain(|name, _| connections.iter().any(|of| of.name == *name));
    let Some(next) = connections.iter().find(|of| is_old(book, &of.name, now)) else { return Ok(()) };
    let Some(connection) = services.store.connection(&next.name).await? else { return Ok(()) };
    let known = book.certificates.get(&connection.name).and_then(|look| look.server);
    let ca_file = connection.ca_file.as_deref().map(Path::new);
    // A server that cannot be reached is told by its users; what was known of its certificate stands.
    let server = certificate_ends(&connection.url, ca_file, LOOK_MS).await.unwrap_or(known);
    let look = CertificateLook { looked: now, server, own: own(services, &connection) };
    book.certificates.insert(connection.name.clone(), look);
    Ok(())
}

fn is_old(book: &AlertBook, name: &str, now: Timestamp) -> bool {
    let Some(look) = book.certificates.get(name) else { return true };
    let soon = [look.server, look.own].into_iter().flatten().any(|ends| warned(book, ends, now) <= now);
    let wait = if soon { SignedDuration::from_mins(SOON_MINUTES) } else { SignedDuration::from_hours(LOOK_HOURS) };
    now.duration_since(look.looked) >= wait
}

/// From when on an end is told.
pub(super) fn warned(book: &AlertBook, ends: Timestamp, now: Timestamp) -> Timestamp {
    ends.checked_sub(SignedDuration::from_hours(24 * i64::from(book.days))).unwrap_or(now)
}

/// When the certificate ends that an application of ours signs in by.
fn own(services: &Services, connection: &Connection) -> Option<Timestamp> {
    match connection.access.sign_in {
        SignInKind::Oauth => {
            let secret = services.key.open(&connection.name, &connection.secret).ok()?;
            connect::sign_in::certificate_ends(&secret)
        }
        SignInKind::Basic | SignInKind::Ntlm => None,
    }
}
