//! Listening on a port: plain and with TLS, one connection for several requests.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use emulator::listen::{self, TlsFiles};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use crate::world::World;

async fn started(world: &World) -> (SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
    let (listener, address) = listen::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.unwrap();
    let (stop, stopped) = oneshot::channel();
    let router = world.server.router();
    let task = tokio::spawn(async move {
        let until = async {
            let _ = stopped.await;
        };
        listen::serve(listener, router, None, until).await.unwrap();
    });
    (address, stop, task)
}

/// Reads one answer whose length stands in its head.
async fn answer(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(b"\r\n\r\n") {
        assert_eq!(stream.read(&mut byte).await.unwrap(), 1, "the connection ended");
        text.push(byte[0]);
    }
    let head = String::from_utf8(text).unwrap();
    let length: usize = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned))
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    head + &String::from_utf8(body).unwrap()
}

#[tokio::test]
async fn a_connection_stays_usable_after_the_challenge() {
    let world = World::new();
    let (address, stop, task) = started(&world).await;
    assert_ne!(address.port(), 0);
    let mut stream = TcpStream::connect(address).await.unwrap();
    let body = world.envelope("<m:GetServerTimeZones><m:Ids><t:Id>UTC</t:Id></m:Ids></m:GetServerTimeZones>");
    for (auth, status) in [("", "401"), ("Authorization: Basic bad\r\n", "401"), (&sign_in(), "200")] {
        let head = format!(
            "POST /ews/Exchange.asmx HTTP/1.1\r\nHost: x\r\n{auth}Content-Type: text/xml; charset=utf-8\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body.as_bytes()).await.unwrap();
        let answer = answer(&mut stream).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    }
    stop.send(()).unwrap();
    task.await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

fn sign_in() -> String {
    use base64::Engine as _;
    let secret =
        base64::engine::general_purpose::STANDARD.encode(format!("{}:{}", crate::world::ANN, crate::world::PASSWORD));
    format!("Authorization: Basic {secret}\r\n")
}

// trap 43
#[tokio::test]
async fn a_lost_answer_is_a_broken_connection() {
    let world = World::new();
    let drop = emulator::FaultAction::Drop { effect: emulator::Effect::Done };
    world.server.on_request(Some(std::sync::Arc::new(move |_| Some(drop.clone()))));
    let (address, stop, task) = started(&world).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let body = world.envelope(&crate::world::create("", "<t:Contact><t:Surname>A</t:Surname></t:Contact>"));
    let head = format!(
        "POST /ews/Exchange.asmx HTTP/1.1\r\nHost: x\r\n{}Content-Type: text/xml\r\nContent-Length: {}\r\n\r\n",
        sign_in(),
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    assert!(!String::from_utf8_lossy(&rest).contains("</s:Envelope>"));
    world.only("contacts").await;
    stop.send(()).unwrap();
    task.await.unwrap();
}

#[tokio::test]
async fn missing_tls_files_are_told_before_anything_is_served() {
    let world = World::new();
    let (listener, _) = listen::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let files = TlsFiles { cert: folder.path().join("none.pem"), key: PathBuf::from("none.key") };
    let served = listen::serve(listener, world.server.router(), Some(files), std::future::pending()).await;
    assert!(matches!(served, Err(listen::ListenFault::Files(_))));
}

#[tokio::test]
async fn with_certificate_and_key_it_speaks_tls() {
    let world = World::new();
    let (listener, address) = listen::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let files = TlsFiles { cert: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
    std::fs::write(&files.cert, made.cert.pem()).unwrap();
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    let server = tokio::spawn(listen::serve(listener, world.server.router(), Some(files), std::future::pending()));
    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
    let stream = TcpStream::connect(address).await.unwrap();
    let mut stream = connector.connect("localhost".try_into().unwrap(), stream).await.unwrap();
    stream
        .write_all(
            b"POST /EWS/Exchange.asmx HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        )
        .await
        .unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(String::from_utf8_lossy(&answer).starts_with("HTTP/1.1 401"));
    server.abort();
}
