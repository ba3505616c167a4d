//! What an administrator must know of: users without success, brakes that wait, certificates and passwords that end
//! (rule W5). In his words, with the cure, and never with a record's content.

use super::book::Cause;
use super::certificates::warned;
use crate::ops::names;
use crate::services::Services;
use jiff::{SignedDuration, Timestamp};
use model::{PairingId, UserId};
use planted::Planted;
use std::collections::{BTreeMap, BTreeSet};
use store::{Alert, AlertBook, Brake, Connection, Pairing, StoreError};

/// Pairings read at once.
const PAGE: usize = 500;

/// A user is noted at least so long before he is told of: after a stop of the server everybody's last success is old, and
/// the first cycles put that right.
const GRACE: SignedDuration = SignedDuration::from_mins(10);

/// What is wrong now, or will be soon.
pub(super) async fn present(
    services: &Services,
    book: &AlertBook,
    now: Timestamp,
) -> Result<BTreeMap<String, Cause>, StoreError> {
    let (users, stuck) = without_success(services, book, now).await?;
    let brakes: Vec<Brake> =
        services.store.brakes().await?.into_iter().filter(|brake| brake.released.is_none()).collect();
    let mut of_pairings: BTreeMap<PairingId, UserId> = BTreeMap::new();
    for id in brakes.iter().filter_map(|brake| brake.pairing.as_ref()) {
        if let Some(pairing) = services.store.pairing(id).await? {
            of_pairings.insert(id.clone(), pairing.user);
        }
    }
    let asked: BTreeSet<UserId> = users.iter().cloned().chain(of_pairings.values().cloned()).collect();
    // Whoever has no name here is told by his id; an alert does not wait for the CRM.
    let logins = names::logins(services, &asked).await.unwrap_or_else(|why| {
        tracing::warn!(why = %why, "the CRM tells no logins for alerts; ids stand in their place");
        BTreeMap::new()
    });
    let name = |user: &UserId| logins.get(user).cloned().unwrap_or_else(|| user.to_string());
    let mut causes: BTreeMap<String, Cause> =
        stuck.into_iter().map(|stuck| (format!("user:{}", stuck.pairing), stuck.told(&name))).collect();
    for brake in brakes.iter().filter(|_| !planted::is(Planted::BrakeUntold)) {
        let user = brake.pairing.as_ref().map(|id| of_pairings.get(id).map_or_else(|| id.to_string(), name));
        let of = brake.pairing.as_ref().map_or("everybody", PairingId::as_str);
        let domain = brake.domain.map_or("deletes", model::Domain::as_str);
        causes.insert(format!("brake:{of}:{domain}:{}", brake.side.as_str()), braked(brake, user.as_deref()));
    }
    causes.extend(of_connections(services, book, now).await?);
    Ok(causes)
}

/// How long it is told that a server moved.
const MOVED: SignedDuration = SignedDuration::from_hours(72);

/// A user who is without success.
struct Stuck {
    pairing: PairingId,
    user: UserId,
    connection: String,
    last: Option<Timestamp>,
    why: String,
    since: Timestamp,
    due: Timestamp,
    stopped: bool,
}

impl Stuck {
    fn told(self, name: &impl Fn(&UserId) -> String) -> Cause {
        let user = name(&self.user);
        let last = self.last.map_or("never yet".to_owned(), |at| format!("last at {at}"));
        let text = format!("user {user} is not synchronised ({last}): {}", self.why);
        let cure = if self.stopped {
            format!(
                "he stands still until somebody acts: see 'syncline explain user {user}' and, if the mailbox is the right one, 'syncline user confirm-mailbox {user}'"
            )
        } else {
            format!("see 'syncline check' for connection {} and 'syncline explain user {user}'", self.connection)
        };
        let about = about(&[("kind", "user"), ("user", &user), ("connection", &self.connection)]);
        Cause { text, cure, about, since: self.since, due: self.due }
    }
}

fn about(of: &[(&str, &str)]) -> BTreeMap<String, String> {
    of.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

async fn without_success(
    services: &Services,
    book: &AlertBook,
    now: Timestamp,
) -> Result<(BTreeSet<UserId>, Vec<Stuck>), StoreError> {
    let mut users = BTreeSet::new();
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let page = services.store.pairings(after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { return Ok((users, all)) };
        after = Some(last.id.clone());
        for pairing in &page {
            let known = book.causes.get(&format!("user:{}", pairing.id));
            if let Some(stuck) = stuck(pairing, known, book.after_s, now) {
                users.insert(stuck.user.clone());
                all.push(stuck);
            }
        }
    }
}

/// A user whose last success is too old, or will be soon. One who never had any is waited for as long, from when that was
/// first seen. One who rests in blackout hours, or whose last cycle ended well and whose next is not due yet, is as he
/// should be (rule E4); but what was told is not over because he rests.
fn stuck(pairing: &Pairing, known: Option<&Alert>, after_s: u32, now: Timestamp) -> Option<Stuck> {
    let noted = known.map_or(now, |alert| alert.noted);
    let told = known.is_some_and(|alert| !alert.told.is_empty());
    let state = &pairing.state;
    let well = state.stopped.is_none() && state.trouble.is_none();
    let waits = state.resting && !told || well && state.first_done && state.next.is_some_and(|next| next > now);
    if !pairing.enabled || waits {
        return None;
    }
    let after = SignedDuration::from_secs(i64::from(after_s));
    let grace = GRACE.min(after / 4);
    let since = state.last_success.unwrap_or(noted);
    let late = since.checked_add(after).unwrap_or(now);
    if late.checked_sub(grace * 2).unwrap_or(late) > now && state.last_success.is_some() {
        return None;
    }
    let due = late.max(noted.checked_add(grace).unwrap_or(now));
    let why = state.stopped.as_deref().or(state.trouble.as_deref()).unwrap_or("no cycle of his ended");
    Some(Stuck {
        pairing: pairing.id.clone(),
        user: pairing.user.clone(),
        connection: pairing.connection.clone(),
        last: state.last_success,
        why: why.to_owned(),
        since,
        due,
        stopped: state.stopped.is_some(),
    })
}

/// A brake that waits for a person (rule C8).
fn braked(brake: &Brake, user: Option<&str>) -> Cause {
    let (side, digest) = (brake.side.as_str(), &brake.digest);
    let place = match brake.side {
        model::Side::Crm => "the CRM",
        model::Side::Pim => "the mailbox",
    };
    let mut of = about(&[("kind", "brake"), ("side", side)]);
    let domain = brake.domain.map(model::Domain::as_str);
    of.extend(domain.map(|domain| ("domain".to_owned(), domain.to_owned())));
    of.extend(user.map(|user| ("user".to_owned(), user.to_owned())));
    let (text, look, release) = match (user, domain) {
        (Some(user), domain) => {
            let domain = domain.unwrap_or("every domain");
            let text = format!("a brake stopped {domain} of user {user} before it was written to {place} (rule C8)");
            (text, format!("syncline plan --user {user}"), format!(" --user {user} --domain {domain}"))
        }
        (None, _) => {
            let text = format!("the brake over all users stopped every delete in {place} (rule C8)");
            (text, "syncline plan".to_owned(), String::new())
        }
    };
    Cause {
        text: format!("{text}: {}", brake.why),
        cure: format!(
            "look at '{look}'; if it is meant: 'syncline brake release{release} --side {side} --digest {digest}', else put right what caused it"
        ),
        about: of,
        since: brake.at,
        due: brake.at,
    }
}

/// Connections whose server was found somewhere else, and certificates and passwords of theirs that end soon, or have ended.
async fn of_connections(
    services: &Services,
    book: &AlertBook,
    now: Timestamp,
) -> Result<BTreeMap<String, Cause>, StoreError> {
    let mut causes = BTreeMap::new();
    for connection in services.store.connections().await? {
        causes.extend(moved(&connection, now).map(|cause| (format!("moved:{}", connection.name), cause)));
        let name = connection.name;
        let look = book.certificates.get(&name);
        let ends = [
            (
                "certificate",
                look.and_then(|look| look.server),
                "the certificate of the server",
                "put a new certificate on that server".to_owned(),
            ),
            (
                "own certificate",
                look.and_then(|look| look.own),
                "the certificate that Syncline signs in by",
                format!(
                    "make a new one, register it, and store it with 'syncline connection change {name} --password-stdin'"
                ),
            ),
            (
                "password",
                connection.access.password_ends,
                "the account's password or secret",
                format!("set a new one with 'syncline connection change {name} --password-stdin --password-ends DATE'"),
            ),
        ];
        for (kind, ends, what, cure) in ends {
            let Some(ends) = ends else { continue };
            let due = warned(book, ends, now);
            if due <= now {
                let verb = if ends <= now { "ended" } else { "ends" };
                let text = format!("{what} of connection {name} {verb} at {ends}");
                let about = about(&[("kind", kind), ("connection", &name)]);
                causes.insert(format!("{kind}:{name}"), Cause { text, cure, about, since: due, due });
            }
        }
    }
    Ok(causes)
}

/// A server that Autodiscover named somewhere else: told for so long that nobody's weekend hides it.
fn moved(connection: &Connection, now: Timestamp) -> Option<Cause> {
    let (before, at) = (connection.access.moved_from.as_deref()?, connection.access.found_at?);
    if now.duration_since(at) > MOVED {
        return None;
    }
    let (name, url) = (&connection.name, &connection.url);
    let text =
        format!("the server of connection {name} moved: Autodiscover names {url} since {at}; before, it was {before}");
    let cure = format!(
        "nothing, if that is your server; else 'syncline connection change {name} --url URL' sets the right one, which is never replaced"
    );
    let about = about(&[("kind", "moved"), ("connection", name)]);
    Some(Cause { text, cure, about, since: at, due: at })
}
