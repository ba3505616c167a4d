//! Letters to an administrator: over TLS or to this machine, bounded, and never a password in the clear (rule W5).

use connect::http::Lost;
use connect::mail::{Letter, MailServer, Security};
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::SecretString;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_rustls::TlsAcceptor;

/// How the receiver behaves.
#[derive(Clone, Copy)]
struct Manner {
    security: Security,
    /// What it says to EHLO besides its name.
    offers: &'static str,
    /// Instead of the usual answer to a command that begins so.
    instead: Option<(&'static str, &'static str)>,
}

const USUAL: Manner = Manner { security: Security::Plain, offers: "250-SIZE 1000\r\n250 AUTH PLAIN", instead: None };

struct Receiver {
    port: u16,
    /// Each line it was told, with whether TLS was on.
    told: UnboundedReceiver<(bool, String)>,
    ca_file: PathBuf,
    _folder: tempfile::TempDir,
}

async fn receiver(manner: Manner) -> Receiver {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("parameters");
    let certificate = params.self_signed(&key).expect("a certificate");
    let folder = tempfile::tempdir().expect("a folder");
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, certificate.pem()).expect("written");
    let chain = vec![CertificateDer::from_pem_slice(certificate.pem().as_bytes()).expect("PEM")];
    let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).expect("PEM");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a certificate with its key");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (tell, told) = unbounded_channel();
    tokio::spawn(async move {
        let (socket, _) = listener.accept().await.expect("a connection");
        match manner.security {
            Security::Plain => drop(serve(BufReader::new(socket), manner, false, true, &tell).await),
            Security::Tls => {
                if let Ok(stream) = acceptor.accept(socket).await {
                    drop(serve(BufReader::new(stream), manner, true, true, &tell).await);
                }
            }
            Security::StartTls => {
                if let Some(socket) = serve(BufReader::new(socket), manner, false, true, &tell).await
                    && let Ok(stream) = acceptor.accept(socket).await
                {
                    drop(serve(BufReader::new(stream), manner, true, false, &tell).await);
                }
            }
        }
    });
    Receiver { port, told, ca_file, _folder: folder }
}

/// Speaks until the end, or until TLS is to begin.
async fn serve<S>(
    mut stream: BufReader<S>,
    manner: Manner,
    tls: bool,
    greets: bool,
    tell: &UnboundedSender<(bool, String)>,
) -> Option<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if greets {
        stream.write_all(b"220 mail.test ready\r\n").await.ok()?;
    }
    let mut in_letter = false;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_owned();
        tell.send((tls, line.clone())).ok()?;
        let usual = match line.split(' ').next().unwrap_or_default() {
            _ if in_letter && line != "." => continue,
            "." => "250 taken",
            "EHLO" => "",
            "STARTTLS" => "220 go on",
            "AUTH" => "235 welcome",
            "DATA" => "354 go on",
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        in_letter = usual.starts_with("354");
        let hello = format!("250-mail.test\r\n{}", manner.offers);
        let usual = if usual.is_empty() { hello.as_str() } else { usual };
        let answer = match manner.instead {
            Some((command, answer)) if line.starts_with(command) => answer,
            Some(_) | None => usual,
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
        if line == "STARTTLS" {
            return Some(stream.into_inner());
        }
    }
}

impl Receiver {
    async fn send(&mut self, security: Security, account: Option<&str>) -> (Result<usize, Lost>, Vec<(bool, String)>) {
        let server = MailServer {
            host: "127.0.0.1".to_owned(),
            port: self.port,
            security,
            account: account.map(|user| (user.to_owned(), SecretString::from("secret-word"))),
            ca_file: Some(self.ca_file.clone()),
        };
        let letter = Letter {
            from: "syncline@crm.test".to_owned(),
            to: vec!["anna@crm.test".to_owned(), "bob@crm.test".to_owned()],
            subject: "Syncline: 1 new".to_owned(),
            text: "ALERT: a brake\n.\nRSET".to_owned(),
            date: "2026-09-21T08:00:00Z".parse().expect("a time"),
            id: "1f".to_owned(),
        };
        let sent = server.hand_over(&letter, 5_000).await;
        let mut told = Vec::new();
        while let Ok(line) = self.told.try_recv() {
            told.push(line);
        }
        (sent, told)
    }
}

fn commands(told: &[(bool, String)]) -> Vec<&str> {
    let known = ["EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "."];
    let word = |line: &'_ str| line.split(' ').next().map(str::to_owned).unwrap_or_default();
    told.iter().filter(|(_, line)| known.contains(&word(line).as_str())).map(|(_, line)| line.as_str()).collect()
}

const LETTER: [&str; 5] =
    ["MAIL FROM:<syncline@crm.test>", "RCPT TO:<anna@crm.test>", "RCPT TO:<bob@crm.test>", "DATA", "."];
/// `\0alerts\0secret-word`
const SIGN_IN: &str = "AUTH PLAIN AGFsZXJ0cwBzZWNyZXQtd29yZA==";

// W5
#[tokio::test]
async fn a_letter_goes_by_tls_from_the_beginning_or_from_starttls_on() {
    let offers = "250-STARTTLS\r\n250 AUTH LOGIN PLAIN";
    for security in Security::ALL {
        let mut receiver = receiver(Manner { security, offers, ..USUAL }).await;
        let (sent, told) = receiver.send(security, Some("alerts")).await;
        assert_eq!(sent, Ok(0), "{security:?}");
        let mut expected = vec!["EHLO [127.0.0.1]", SIGN_IN];
        expected.extend(LETTER);
        if security == Security::StartTls {
            expected.splice(0..0, ["EHLO [127.0.0.1]", "STARTTLS"]);
        }
        assert_eq!(commands(&told), expected, "{security:?}");
        let open: Vec<&(bool, String)> = told.iter().filter(|(tls, _)| !tls).collect();
        match security {
            Security::Plain => assert_eq!(open.len(), told.len()),
            Security::Tls => assert!(open.is_empty(), "{open:?}"),
            Security::StartTls => assert_eq!(open.len(), 2, "{open:?}"),
        }
        assert!(told.iter().any(|(_, line)| line == "Subject: Syncline: 1 new"));
    }
}

// W5
#[tokio::test]
async fn a_server_that_hides_starttls_or_speaks_ahead_of_it_gets_neither_password_nor_letter() {
    for (offers, instead, words) in [
        ("250 AUTH PLAIN", None, "offers no STARTTLS"),
        ("250 STARTTLS", Some(("STARTTLS", "454 not now")), "answered 454"),
        ("250 STARTTLS", Some(("STARTTLS", "220 go on\r\n250 mine")), "more than it was asked"),
    ] {
        let mut receiver = receiver(Manner { security: Security::StartTls, offers, instead }).await;
        let (sent, told) = receiver.send(Security::StartTls, Some("alerts")).await;
        assert!(matches!(&sent, Err(Lost::NotSent(why)) if why.contains(words)), "{sent:?}");
        assert!(told.iter().all(|(_, line)| ["EHLO [127.0.0.1]", "STARTTLS"].contains(&line.as_str())), "{told:?}");
    }
    // Another authority than ours.
    let mut one = receiver(Manner { security: Security::Tls, ..USUAL }).await;
    one.ca_file = receiver(USUAL).await.ca_file.clone();
    let (sent, told) = one.send(Security::Tls, Some("alerts")).await;
    assert!(matches!(&sent, Err(Lost::NotSent(_))) && told.is_empty(), "{sent:?} {told:?}");
}

// W5
#[tokio::test]
async fn what_a_mail_server_refuses_is_told_without_addresses_and_passwords() {
    for (instead, words) in [
        (("AUTH", "535 alerts: wrong password secret-word"), "answered 535 to the sign-in; check the account"),
        (("MAIL", "550 syncline@crm.test may not"), "answered 550 to the sender"),
        (("RCPT TO:<", "550 no bob@crm.test here"), "answered 550 to a recipient"),
        (("DATA", "451 later"), "answered 451 to DATA"),
        ((".", "552 too large"), "answered 552 to the letter"),
        (("EHLO", "nonsense"), "does not speak SMTP"),
    ] {
        let mut receiver = receiver(Manner { instead: Some(instead), ..USUAL }).await;
        let (sent, _) = receiver.send(Security::Plain, Some("alerts")).await;
        let why = sent.expect_err("refused").to_string();
        assert!(why.contains(words), "{words}: {why}");
        assert!(!why.contains("secret-word") && !why.contains("@crm.test"), "{why}");
    }
    // One who left keeps no letter from the others.
    let left = Some(("RCPT TO:<bob", "550 nobody"));
    let mut one = receiver(Manner { instead: left, ..USUAL }).await;
    let (sent, told) = one.send(Security::Plain, None).await;
    assert_eq!((sent, commands(&told).last().copied()), (Ok(1), Some(".")));
    let mut receiver = receiver(Manner { offers: "250 AUTH GSSAPI NTLM", ..USUAL }).await;
    let (sent, told) = receiver.send(Security::Plain, Some("alerts")).await;
    assert!(matches!(&sent, Err(Lost::Refused(why)) if why.contains("PLAIN or LOGIN")), "{sent:?}");
    assert_eq!(commands(&told), ["EHLO [127.0.0.1]"]);
}

// W5
#[tokio::test]
async fn a_mail_server_that_never_ends_is_not_listened_to_for_ever() {
    let endless: &'static str = Box::leak("250-more\r\n".repeat(200).into_boxed_str());
    let long: &'static str = Box::leak(format!("250 {}", "x".repeat(10_000)).into_boxed_str());
    for answer in [endless, long] {
        let mut receiver = receiver(Manner { instead: Some(("EHLO", answer)), ..USUAL }).await;
        let (sent, told) = receiver.send(Security::Plain, None).await;
        assert!(matches!(&sent, Err(Lost::Unanswered(why)) if why.contains("SMTP")), "{sent:?}");
        assert_eq!(commands(&told), ["EHLO [127.0.0.1]"]);
    }
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = silent.local_addr().expect("an address").port();
    let host = "127.0.0.1".to_owned();
    let server = MailServer { host, port, security: Security::Plain, account: None, ca_file: None };
    let letter = Letter {
        from: "a@b".to_owned(),
        to: vec!["c@d".to_owned()],
        subject: String::new(),
        text: String::new(),
        date: jiff::Timestamp::UNIX_EPOCH,
        id: "1".to_owned(),
    };
    let sent = server.hand_over(&letter, 50).await;
    assert!(matches!(&sent, Err(Lost::Unanswered(why)) if why.contains("in time")), "{sent:?}");
}
