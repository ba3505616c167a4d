//! Certificates: always checked, each fault told by its cure, and found to be mended without being told.

use crate::network::ask;
use crate::world::{ANNA, World, maps};
use connect::ews::{EwsConnection, EwsSettings};
use connect::http::{Lost, Network, Transport, certificate_ends};
use connect::sign_in::SignIn;
use emulator::listen::{TlsFiles, serve};
use engine::port::{Remote, Trouble};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use secrecy::SecretString;
use std::sync::Arc;
use tokio::net::TcpListener;

// trap 185: an own authority is trusted by its file, and by nothing else.
#[tokio::test]
async fn certificates_are_always_checked() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path
    };
    let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().expect("a key")).expect("an authority");
    let ca = file("ca.pem", authority.pem());
    let mut urls = Vec::new();
    let mut served = Vec::new();
    let world = World::new();
    let long_ago = (2001, 2002);
    for (name, years) in [("127.0.0.1", (2020, 2090)), ("mail.crm.test", (2020, 2090)), ("127.0.0.1", long_ago)] {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
        params.not_before = rcgen::date_time_ymd(years.0, 1, 1);
        params.not_after = rcgen::date_time_ymd(years.1, 1, 1);
        let cert = params.signed_by(&key, &authority).expect("a certificate");
        let n = urls.len();
        let tls = emulator::listen::TlsFiles {
            cert: file(&format!("{n}.pem"), cert.pem()),
            key: file(&format!("{n}.key"), key.serialize_pem()),
        };
        let (listener, address) =
            emulator::listen::bind("127.0.0.1:0".parse().expect("an address")).await.expect("a port");
        let router = world.emulator.router();
        served.push(tokio::spawn(emulator::listen::serve(listener, router, Some(tls), std::future::pending())));
        urls.push(format!("https://{address}/EWS/Exchange.asmx"));
    }
    let told = async |network: &Network, url: &str| match network.call(&ask(url.to_owned())).await {
        Ok(answer) => answer.status.to_string(),
        Err(Lost::NotSent(why)) => why,
        Err(other) => panic!("{other}"),
    };
    let own = Network::new(Some(&ca)).expect("a client");
    assert_eq!(told(&own, &urls[0]).await, "401");
    assert!(told(&own, &urls[1]).await.contains("another name"));
    assert!(told(&own, &urls[2]).await.contains("expired"));
    // W5: when it ends is read from the connection itself.
    let ends = certificate_ends(&urls[0], Some(&ca), 5_000).await.expect("reached");
    assert_eq!(ends.map(|at| at.to_string()).as_deref(), Some("2090-01-01T00:00:00Z"));
    assert!(certificate_ends(&urls[1], Some(&ca), 5_000).await.is_err());
    let without = Network::new(None).expect("a client");
    assert!(told(&without, &urls[0]).await.contains("not trusted"));
    // And a mailbox by it, signed in.
    let settings = EwsSettings { impersonate: true, ..EwsSettings::new(urls[0].clone()) };
    let account = Arc::new(SignIn::basic("svc@crm.test", SecretString::from("secret")));
    let remote = EwsConnection::new(Arc::new(own), account, settings).open(ANNA, maps());
    assert!(remote.identity().await.expect("known").is_user);
    served.iter().for_each(tokio::task::JoinHandle::abort);
}

// trap 185
#[tokio::test]
async fn certificate_files_that_hold_none_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let none = folder.path().join("none.pem");
    std::fs::write(&none, "no certificate").expect("written");
    for file in [none, folder.path().join("missing.pem")] {
        assert!(matches!(Network::new(Some(&file)), Err(Lost::NotSent(_))));
    }
}

// E2, trap 185: the certificate is replaced while the server runs, by each kind of wrong one, and by a good one at last.
#[tokio::test]
async fn a_certificate_that_goes_wrong_in_mid_run_is_told_by_its_cure_and_heals() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().expect("a key")).expect("an authority");
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, authority.pem()).expect("written");
    let world = World::new();
    let port = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let settings = EwsSettings { impersonate: true, ..EwsSettings::new(format!("https://{port}/EWS/Exchange.asmx")) };
    let accounts = [SignIn::basic("svc@crm.test", SecretString::from("secret")), crate::signing_in::ntlm("secret")];
    let connections = accounts.map(|account| {
        let network = Arc::new(Network::new(Some(&ca)).expect("a client"));
        EwsConnection::new(network, Arc::new(account), settings.clone())
    });
    let both = emulator::Offers { basic: true, ntlm: Some(emulator::ExtendedProtection::Required), bearer: None };
    world.emulator.set_offers(both);
    let good = ("127.0.0.1", (2020, 2090), true, None);
    let other = "is for another name; use the name it bears";
    for (n, (name, years, known, told)) in [
        good,
        ("127.0.0.1", (2001, 2002), true, Some("has expired; renew it there, or set this machine's clock")),
        ("127.0.0.1", (2089, 2090), true, Some("is not valid yet; set this machine's clock")),
        good,
        ("mail.crm.test", (2020, 2090), true, Some(other)),
        ("127.0.0.1", (2020, 2090), false, Some("is not trusted; name its authority in the connection's CA file")),
        good,
    ]
    .into_iter()
    .enumerate()
    {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
        params.not_before = rcgen::date_time_ymd(years.0, 1, 1);
        params.not_after = rcgen::date_time_ymd(years.1, 1, 1);
        let cert = match known {
            true => params.signed_by(&key, &authority),
            false => params.self_signed(&key),
        };
        let tls =
            TlsFiles { cert: folder.path().join(format!("{n}.pem")), key: folder.path().join(format!("{n}.key")) };
        std::fs::write(&tls.cert, cert.expect("a certificate").pem()).expect("written");
        std::fs::write(&tls.key, key.serialize_pem()).expect("written");
        let listener = TcpListener::bind(port).await.expect("the same port");
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let served = tokio::spawn(serve(listener, world.emulator.router(), Some(tls), async move {
            // Told to stop, or nobody is left to tell.
            let _ = stopped.await;
        }));
        for connection in &connections {
            let answer = connection.open(ANNA, maps()).identity().await;
            match told {
                None => assert!(answer.is_ok(), "{n}: {answer:?}"),
                Some(words) => {
                    assert!(matches!(&answer, Err(Trouble::Broken { why }) if why.contains(words)), "{n}: {answer:?}");
                }
            }
        }
        stop.send(()).expect("it listens");
        served.await.expect("ended").expect("served");
    }
}

// E2, trap 185: the authorities of a company are replaced while we run, by way of a broken file and of none.
#[tokio::test]
async fn a_replaced_ca_file_counts_from_the_next_connection_on_and_a_broken_one_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let [old, new] = [(), ()].map(|()| {
        let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        CertifiedIssuer::self_signed(authority, KeyPair::generate().expect("a key")).expect("an authority")
    });
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, old.pem()).expect("written");
    let network = Network::new(Some(&ca)).expect("a client");
    let world = World::new();
    let port = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let url = format!("https://{port}/EWS/Exchange.asmx");
    let serves = async |n: &str, authority: &CertifiedIssuer<'static, KeyPair>| {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("parameters");
        let cert = params.signed_by(&key, authority).expect("a certificate");
        let tls =
            TlsFiles { cert: folder.path().join(format!("{n}.pem")), key: folder.path().join(format!("{n}.key")) };
        std::fs::write(&tls.cert, cert.pem()).expect("written");
        std::fs::write(&tls.key, key.serialize_pem()).expect("written");
        let listener = TcpListener::bind(port).await.expect("the same port");
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let served = tokio::spawn(serve(listener, world.emulator.router(), Some(tls), async move {
            // Told to stop, or nobody is left to tell.
            let _ = stopped.await;
        }));
        (stop, served)
    };
    // By a call, and by a connection of its own: why not, where it is refused.
    let both = async || {
        let call = network.call(&ask(url.clone())).await.map(|answer| answer.status.to_string());
        let line = network.line(&url, 5_000).await.map(|_| "401".to_owned());
        let told = |one: Result<String, Lost>| one.unwrap_or_else(|lost| lost.to_string());
        let (call, line) = (told(call), told(line));
        assert_eq!(call, line);
        call
    };
    let (stop, served) = serves("old", &old).await;
    assert_eq!(both().await, "401");
    std::fs::write(&ca, "no certificate").expect("written");
    assert_eq!(both().await, "401", "what it held before counts");
    std::fs::remove_file(&ca).expect("removed");
    assert_eq!(both().await, "401", "also when it is gone");
    stop.send(()).expect("it listens");
    served.await.expect("ended").expect("served");
    let (stop, served) = serves("new", &new).await;
    let told = both().await;
    for words in ["is not trusted", "ca.pem cannot be read; put a PEM file of certificates there"] {
        assert!(told.contains(words), "{told}");
    }
    std::fs::write(&ca, new.pem()).expect("written");
    assert_eq!(both().await, "401", "taken by itself");
    stop.send(()).expect("it listens");
    served.await.expect("ended").expect("served");
}
