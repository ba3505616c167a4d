//! A new key file.

use crate::world::World;
use secrecy::{ExposeSecret, SecretString};
use server::ops::connection::ConnectionDraft;
use server::{Refused, ops};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use store::secrets::SecretKey;

#[tokio::test]
async fn a_new_key_opens_every_password_and_the_old_one_none() {
    let world = World::new().await;
    world.mapped("anna").await;
    let new = SecretKey::new([9; 32]);
    assert_eq!(ops::key::rotate(&world.services, &new).await, Ok(1));
    let stored = world.services.store.connection("hq").await.expect("store").expect("there");
    assert_eq!(new.open("hq", &stored.secret).expect("opens").expose_secret(), "secret-word");
    assert!(world.services.key.open("hq", &stored.secret).is_err());
    let again = ops::key::rotate(&world.services, &new).await;
    assert!(matches!(again, Err(Refused::Conflict { code: "sealed", .. })), "{again:?}");
}

#[tokio::test]
async fn a_key_is_not_changed_under_a_running_server_or_cycle() {
    let world = World::new().await;
    world.mapped("anna").await;
    let new = SecretKey::new([9; 32]);
    let store = &world.services.store;
    let serving = store.claim_serve("another").await.expect("free");
    let refused = ops::key::rotate(&world.services, &new).await;
    assert!(matches!(refused, Err(Refused::Conflict { code: "serve_running", .. })), "{refused:?}");
    drop(serving);
    let pairing = store.pairings(None, 1).await.expect("store").remove(0);
    let lease = store.take_lease(pairing.id.as_str(), "cycle", 60_000, 0).await.expect("store");
    let refused = ops::key::rotate(&world.services, &new).await;
    assert!(matches!(refused, Err(Refused::Conflict { code: "working", .. })), "{refused:?}");
    store.release_lease(&lease.expect("free")).await.expect("released");
    assert_eq!(ops::key::rotate(&world.services, &new).await, Ok(1));
}

/// What is done, once, before a call of the store.
#[derive(Default)]
struct Before(Mutex<Option<Meddler>>);

type Meddler = (&'static str, Box<dyn FnOnce() + Send>);

impl Before {
    /// A world in which something is done before a call, and what arms it.
    async fn world() -> (World, Arc<Before>) {
        let before = Arc::new(Before::default());
        let asked = Arc::clone(&before);
        let world = World::stepping(Arc::new(move |call| {
            let mut armed = asked.0.lock().expect("no test panics within");
            let meddler = armed.take_if(|(before, _)| *before == call);
            drop(armed);
            if let Some((_, meddle)) = meddler {
                meddle();
            }
            Ok(())
        }));
        (world.await, before)
    }

    fn arm(&self, call: &'static str, meddle: impl Future<Output = ()> + Send + 'static) {
        // A store in memory never waits for anything but its turn.
        let meddle = Box::new(|| {
            let (mut meddle, mut context) = (pin!(meddle), Context::from_waker(Waker::noop()));
            while meddle.as_mut().poll(&mut context).is_pending() {}
        });
        *self.0.lock().expect("no test panics within") = Some((call, meddle));
    }

    fn was_done(&self) -> bool {
        self.0.lock().expect("no test panics within").is_none()
    }
}

async fn opened(world: &World, key: &SecretKey, name: &str) -> String {
    let stored = world.services.store.connection(name).await.expect("store").expect("there");
    key.open(name, &stored.secret).expect("opens").expose_secret().to_owned()
}

// trap 188
#[tokio::test]
async fn what_is_set_while_the_key_changes_counts_and_opens_with_the_new_one() {
    let (world, before) = Before::world().await;
    world.mapped("anna").await;
    let new = SecretKey::new([9; 32]);
    let services = world.services.clone();
    before.arm("replace_secrets", async move {
        let password = |word: &str| Some(SecretString::from(word));
        let draft = ConnectionDraft { password: password("newer-word"), ..ConnectionDraft::default() };
        ops::connection::change(&services, "hq", draft).await.expect("changed");
        let branch = ConnectionDraft {
            url: Some("https://branch.crm.test/EWS/Exchange.asmx".to_owned()),
            user: Some("svc".to_owned()),
            password: password("branch-word"),
            ..ConnectionDraft::default()
        };
        ops::connection::add(&services, "branch", branch).await.expect("added");
    });
    assert_eq!(ops::key::rotate(&world.services, &new).await, Ok(2));
    assert!(before.was_done());
    assert_eq!(opened(&world, &new, "hq").await, "newer-word");
    assert_eq!(opened(&world, &new, "branch").await, "branch-word");
}

// trap 188
#[tokio::test]
async fn a_change_without_a_password_keeps_the_envelope_that_was_made_meanwhile() {
    let (world, before) = Before::world().await;
    world.mapped("anna").await;
    let services = world.services.clone();
    before.arm("put_connection", async move {
        assert_eq!(ops::key::rotate(&services, &SecretKey::new([9; 32])).await, Ok(1));
    });
    let draft = ConnectionDraft { push: Some(false), ..ConnectionDraft::default() };
    let changed = ops::connection::change(&world.services, "hq", draft).await.expect("changed");
    assert!(before.was_done() && !changed.push);
    assert_eq!(opened(&world, &SecretKey::new([9; 32]), "hq").await, "secret-word");
}

// M1
#[tokio::test]
async fn no_cycle_observes_with_the_old_key_while_the_key_changes() {
    let (world, before) = Before::world().await;
    world.mapped("anna").await;
    let pairing = world.services.store.pairings(None, 1).await.expect("store").remove(0).id;
    let store = world.services.store.clone();
    before.arm("replace_secrets", async move {
        let taken = store.take_lease(pairing.as_str(), "cycle", 60_000, 0).await.expect("store");
        assert_eq!(taken, None, "its match keys would be the old key's");
    });
    assert_eq!(ops::key::rotate(&world.services, &SecretKey::new([9; 32])).await, Ok(1));
    assert!(before.was_done());
    let pairing = world.services.store.pairings(None, 1).await.expect("store").remove(0).id;
    let free = world.services.store.take_lease(pairing.as_str(), "cycle", 60_000, 0).await.expect("store");
    assert!(free.is_some(), "given back");
}
