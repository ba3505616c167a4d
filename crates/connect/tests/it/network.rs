//! Over the network for real: plain http on this machine, TLS with an authority of one's own, and what breaks on the way.

use crate::world::{ANNA, World, maps};
use connect::ews::{EwsConnection, EwsSettings};
use connect::http::{Lost, Network, Request, Transport};
use connect::sign_in::SignIn;
use engine::port::Remote;
use secrecy::SecretString;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

pub fn ask(url: String) -> Request {
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
