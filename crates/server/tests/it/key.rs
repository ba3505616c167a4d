//! A new key file.

use crate::world::World;
use secrecy::ExposeSecret;
use server::{Refused, ops};
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
