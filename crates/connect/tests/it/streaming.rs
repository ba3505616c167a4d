//! Being told by a server on a port that something happened: by every way to sign in, together with other mailboxes, and
//! when the server loses what it kept.

use crate::between::layered;
use crate::signing_in::{application, ntlm, oauth, served, windows};
use crate::world::{ANNA, World, maps};
use axum::extract::Request as Asked;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::IntoResponse;
use connect::ews::{Affinity, EwsConnection, EwsSettings, Found, Heard};
use connect::http::Network;
use connect::sign_in::SignIn;
use emulator::{ExtendedProtection, Offers, Quirk};
use engine::port::Trouble;
use secrecy::SecretString;
use std::path::Path;
use std::sync::Arc;
use wire::ews::{DistinguishedFolder, Item, ItemKind, Property, Value, Version};

const BOB: &str = "bob@crm.test";

fn connection(url: &str, ca: Option<&Path>, account: SignIn) -> Arc<EwsConnection> {
    let settings = EwsSettings { impersonate: true, ..EwsSettings::new(format!("{url}/EWS/Exchange.asmx")) };
    EwsConnection::new(Arc::new(Network::new(ca).expect("a client")), Arc::new(account), settings)
}

fn basic() -> SignIn {
    SignIn::basic("svc@crm.test", SecretString::from("secret"))
}

fn task() -> Item {
    Item::new(ItemKind::Task).with(Property::Subject, Value::Text("new".to_owned()))
}

fn happened(id: &str) -> Heard {
    Heard { happened: vec![id.to_owned()], ..Heard::default() }
}

async fn tells(world: &World, connection: &Arc<EwsConnection>) {
    let remote = connection.open(ANNA, maps());
    let affinity = Affinity::to(ANNA);
    let id = remote.subscribe(&affinity).await.expect("subscribed");
    let mut stream = remote.listen(&affinity, vec![id.clone()]).await.expect("open");
    assert_eq!(stream.next().await, Ok(Some(Heard::default())), "it says that it is open");
    world.makes(DistinguishedFolder::Tasks, task()).await;
    assert_eq!(stream.next().await, Ok(Some(happened(&id))));
    world.emulator.end_streams(true);
    assert_eq!(stream.next().await, Ok(Some(Heard { closed: true, ..Heard::default() })));
    assert_eq!(stream.next().await, Ok(None));
    remote.unsubscribe(&affinity, &id).await.expect("ended");
    assert_eq!(world.emulator.subscriptions(), 0);
}

// E4
#[tokio::test]
async fn changes_are_told_by_every_way_to_sign_in() {
    let world = World::new();
    let plain = served(&world.emulator, false).await;
    tells(&world, &connection(&plain.url, None, basic())).await;
    let protected = served(&world.emulator, true).await;
    let ca = protected.ca.as_deref();
    let person = Offers { basic: true, ntlm: Some(ExtendedProtection::Required), bearer: None };
    world.emulator.set_offers(person);
    tells(&world, &connection(&protected.url, ca, ntlm("secret"))).await;
    world.emulator.set_offers(Offers { basic: true, ntlm: None, bearer: Some(application(3600)) });
    tells(&world, &connection(&plain.url, None, oauth(&plain, "s3cret"))).await;
    world.emulator.set_offers(windows(ExtendedProtection::Off));
    let refused = connection(&plain.url, None, ntlm("wrong")).open(ANNA, maps());
    assert!(matches!(refused.listen(&Affinity::to(ANNA), vec!["x".to_owned()]).await, Err(Trouble::NoAccess { .. })));
}

// E4
#[tokio::test]
async fn mailboxes_share_a_connection_where_one_server_keeps_their_subscriptions() {
    let world = World::new();
    world.emulator.set_quirk(Quirk::SeveralBackEnds, true);
    let served = served(&world.emulator, false).await;
    let connection = connection(&served.url, None, basic());
    let (anna, bob) = (connection.open(ANNA, maps()), connection.open(BOB, maps()));
    let together = Affinity::to(ANNA);
    let first = anna.subscribe(&together).await.expect("subscribed");
    let second = bob.subscribe(&together).await.expect("subscribed");
    let elsewhere = bob.subscribe(&Affinity::to(BOB)).await.expect("subscribed");
    let ids = vec![first.clone(), second.clone(), elsewhere.clone()];
    let mut stream = anna.listen(&together, ids).await.expect("open");
    assert_eq!(stream.next().await, Ok(Some(Heard::default())));
    let lost = Heard { lost: vec![elsewhere], ..Heard::default() };
    assert_eq!(stream.next().await, Ok(Some(lost)), "made on another server");
    world.makes(DistinguishedFolder::Contacts, Item::new(ItemKind::Contact)).await;
    assert_eq!(stream.next().await, Ok(Some(happened(&first))));
    world.emulator.lose_subscriptions(BOB).expect("a mailbox");
    let lost = Heard { lost: vec![second], ..Heard::default() };
    assert_eq!(stream.next().await, Ok(Some(lost)));
    world.emulator.end_streams(false);
    assert!(matches!(stream.next().await, Err(Trouble::Broken { .. })));
}

// E4, trap 193
#[tokio::test]
async fn a_server_that_cannot_stream_says_so_and_a_trial_tells_it() {
    let world = World::new();
    let served = served(&world.emulator, false).await;
    let good = connection(&served.url, None, basic()).open(ANNA, maps()).check("probe").await;
    let last = good.last().expect("steps");
    assert!(last.what == "streaming" && matches!(last.found, Found::Fine(_)), "{last:?}");
    assert_eq!(world.emulator.subscriptions(), 0, "nothing stays behind");
    let url = format!("{}/EWS/Exchange.asmx", served.url);
    let settings = EwsSettings { impersonate: true, version: Version::Exchange2007Sp1, ..EwsSettings::new(url) };
    let network = Arc::new(Network::new(None).expect("a client"));
    let old = EwsConnection::new(network, Arc::new(basic()), settings).open(ANNA, maps());
    let refused = old.subscribe(&Affinity::to(ANNA)).await;
    assert!(matches!(&refused, Err(Trouble::Refused { code, .. }) if code == "NoStreaming"), "{refused:?}");
}

// E4: a front that has the service under another path sends the stream there as it does every other call.
#[tokio::test]
async fn a_stream_goes_to_another_path_of_its_server_as_every_call_does() {
    let world = World::new();
    let url = layered(&world.emulator, |mut asked: Asked, next: Next| async move {
        if asked.uri().path() != "/here/Exchange.asmx" {
            return (StatusCode::TEMPORARY_REDIRECT, [("location", "/here/Exchange.asmx")]).into_response();
        }
        *asked.uri_mut() = "/EWS/Exchange.asmx".parse().expect("a path");
        next.run(asked).await
    })
    .await;
    for account in [basic(), ntlm("secret")] {
        let both = Offers { basic: true, ntlm: Some(ExtendedProtection::Off), bearer: None };
        world.emulator.set_offers(both);
        tells(&world, &connection(&url, None, account)).await;
    }
}
