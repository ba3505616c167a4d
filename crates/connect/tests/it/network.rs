//! Over the network for real: plain http on this machine, TLS with an authority of one's own, and what breaks on the way.

use crate::world::{ANNA, World, maps};
use connect::ews::{EwsConnection, EwsSettings};
use connect::http::{Lost, Network, Request, Transport, certificate_ends};
use connect::sign_in::SignIn;
use engine::port::Remote;
use secrecy::SecretString;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

fn ask(url: String) -> Request {
    Request { url, headers: Vec::new(), body: b"<ask/>".to_vec(), deadline_ms: 5_000, most: 1_000 }
}

/// A server that answers one connection with these bytes, after reading the request.
async fn answering(bytes: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.expect("a connection");
        let mut request = [0u8; 4096];
        let _ = socket.read(&mut request).await.expect("a request");
        socket.write_all(&bytes).await.expect("written");
    });
    format!("http://{address}/")
}

#[tokio::test]
async fn answers_arrive_with_their_status_and_headers_and_redirects_are_not_followed() {
    let network = Network::new(None).expect("a client");
    let url = answering(
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nX-A: b\r\nContent-Length: 2\r\n\r\nhi".to_vec(),
    )
    .await;
    let answer = network.call(&ask(url)).await.expect("an answer");
    assert_eq!((answer.status, answer.body.as_slice()), (302, b"hi".as_slice()));
    assert_eq!(answer.header("x-a").collect::<Vec<_>>(), ["b"]);
}

#[tokio::test]
async fn an_answer_in_pieces_with_headers_behind_it_is_its_pieces() {
    let network = Network::new(None).expect("a client");
    let bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n\
        2;name=value\r\nhi\r\n4\r\n you\r\n0\r\nX-Sum: 5\r\nContent-Length: 1\r\n\r\n";
    let url = answering(bytes.to_vec()).await;
    assert_eq!(network.call(&ask(url)).await.expect("an answer").body, b"hi you");
    let url = answering(bytes.to_vec()).await;
    let mut line = network.line(&url, 5_000).await.expect("a connection");
    assert_eq!(line.call(&ask(url)).await.expect("an answer").body, b"hi you");
}

// trap 136: the limit holds after unpacking too.
#[tokio::test]
async fn an_answer_larger_than_asked_for_is_not_read() {
    let network = Network::new(None).expect("a client");
    let mut plain = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n".to_vec();
    plain.extend(std::iter::repeat_n(b'x', 5000));
    let url = answering(plain).await;
    assert_eq!(network.call(&ask(url)).await.err(), Some(Lost::TooLarge(1_000)));
    // Forty bytes that unpack to five thousand.
    let packed: &[u8] = &[
        0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0x02, 0x03, 0xed, 0xc1, 0x31, 0x01, 0, 0, 0, 0xc2, 0xa0, 0xda, 0x8b, 0x6f,
        0x0a, 0x3f, 0xa0, 0, 0, 0, 0, 0x80, 0xb7, 0x01, 0x26, 0xf0, 0xdb, 0, 0x88, 0x13, 0, 0,
    ];
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", packed.len());
    let url = answering([head.as_bytes(), packed].concat()).await;
    assert_eq!(network.call(&ask(url)).await.err(), Some(Lost::TooLarge(1_000)));
    let url = answering([head.as_bytes(), packed].concat()).await;
    let answer = network.call(&Request { most: 5_000, ..ask(url) }).await.expect("an answer");
    assert_eq!(answer.body.len(), 5_000);
}

// trap 44
#[tokio::test]
async fn not_sent_and_not_answered_are_told_apart() {
    let network = Network::new(None).expect("a client");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let closed = listener.local_addr().expect("an address");
    drop(listener);
    let lost = network.call(&ask(format!("http://{closed}/"))).await;
    assert!(matches!(lost, Err(Lost::NotSent(_))), "{lost:?}");
    let url = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf".to_vec()).await;
    assert!(matches!(network.call(&ask(url)).await, Err(Lost::Unanswered(_))));
    let url = answering(Vec::new()).await;
    assert!(matches!(network.call(&ask(url)).await, Err(Lost::Unanswered(_))));
    // A server that never answers: the deadline of the whole call holds.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let request = Request { deadline_ms: 50, ..ask(url) };
    assert_eq!(
        network.call(&request).await.err(),
        Some(Lost::Unanswered("the server did not answer in time".to_owned()))
    );
    let refused = network.call(&ask("http://mail.crm.test/".to_owned())).await;
    assert!(matches!(refused, Err(Lost::NotSent(why)) if why.contains("https")));
}

#[tokio::test]
async fn a_mailbox_is_reached_over_plain_http_on_this_machine() {
    let world = World::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let router = world.emulator.router();
    let served = tokio::spawn(async move { axum::serve(listener, router).await });
    for host in [address.to_string(), format!("localhost:{}", address.port())] {
        let settings =
            EwsSettings { impersonate: true, ..EwsSettings::new(format!("http://{host}/EWS/Exchange.asmx")) };
        let account = Arc::new(SignIn::basic("svc@crm.test", SecretString::from("secret")));
        let network = Arc::new(Network::new(None).expect("a client"));
        let remote = EwsConnection::new(network, account, settings).open(ANNA, maps());
        assert!(remote.identity().await.expect("known").is_user);
    }
    served.abort();
}

// trap 185: an own authority is trusted by its file, and by nothing else.
#[tokio::test]
async fn certificates_are_always_checked() {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
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
