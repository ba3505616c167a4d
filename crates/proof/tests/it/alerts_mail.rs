//! Alerts by mail, beside a webhook: each receiver is told for itself (rule W5). The mail server is one of the test's own.

use crate::alerts::Receiver;
use crate::database::on_both;
use crate::world::World;
use serde_json::json;
use server::alert::{self, Passed};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

on_both!(people_are_written_to_and_a_webhook_that_is_down_delays_no_mail);

/// Takes letters: each as its lines, commands and all.
struct Postman {
    port: u16,
    letters: Arc<Mutex<Vec<String>>>,
}

impl Postman {
    async fn new() -> Postman {
        let letters: Arc<Mutex<Vec<String>>> = Arc::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let into = Arc::clone(&letters);
        tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.expect("a connection");
                let mut stream = BufReader::new(socket);
                stream.write_all(b"220 ready\r\n").await.expect("written");
                let mut letter = String::new();
                let mut inside = false;
                while stream.read_line(&mut letter).await.expect("a line") > 0 {
                    let last = letter.lines().last().unwrap_or_default().to_owned();
                    let answer = match last.as_str() {
                        "." => {
                            into.lock().unwrap_or_else(PoisonError::into_inner).push(std::mem::take(&mut letter));
                            inside = false;
                            "250 taken"
                        }
                        _ if inside => continue,
                        "DATA" => {
                            inside = true;
                            "354 go on"
                        }
                        _ => "250 ok",
                    };
                    stream.write_all(format!("{answer}\r\n").as_bytes()).await.expect("written");
                }
            }
        });
        Postman { port, letters }
    }

    /// The one letter that came: its commands with its head, and what it says.
    fn one(&self) -> (String, String) {
        let mut all = std::mem::take(&mut *self.letters.lock().unwrap_or_else(PoisonError::into_inner));
        assert_eq!(all.len(), 1, "{all:?}");
        let letter = all.remove(0);
        let (head, body) = letter.split_once("\r\n\r\n").expect("a head");
        let body: String = body.lines().filter(|line| *line != ".").collect();
        (head.to_owned(), decoded(&body))
    }
}

fn decoded(text: &str) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::new();
    for four in text.trim_end_matches('=').as_bytes().chunks(4) {
        let value = |byte: &u8| DIGITS.iter().position(|digit| digit == byte).expect("base64");
        let whole = four.iter().fold(0_usize, |sum, byte| sum << 6 | value(byte)) << (6 * (4 - four.len()));
        bytes.extend(whole.to_be_bytes()[5..].iter().take(four.len() - 1));
    }
    String::from_utf8(bytes).expect("text")
}

// W5
async fn people_are_written_to_and_a_webhook_that_is_down_delays_no_mail() {
    let world = World::new().await;
    let nobody = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let body = json!({"url": format!("http://{nobody}/hook")});
    world.done(&world.admin, "PUT", "/api/admin/alerts/webhook", Some(&body)).await;
    let postman = Postman::new().await;
    let mail = |host: &str, to: &[&str]| json!({"host": host, "port": postman.port, "security": "plain", "from": "syncline@crm.test", "to": to});
    for (wrong, field) in [
        (mail("mail.crm.test", &["it@crm.test"]), "security"),
        (mail("127.0.0.1", &["it@crm.test>\r\nDATA"]), "to"),
        (mail("127.0.0.1", &[]), "to"),
    ] {
        let (status, refused) = world.ask(&world.admin, "PUT", "/api/admin/alerts/mail", Some(&wrong)).await;
        assert_eq!((status, &refused["error"]["where"][0]["field"]), (422, &json!(field)), "{refused}");
    }
    let people = mail("127.0.0.1", &["it@crm.test", "root@crm.test"]);
    let shown = world.done(&world.admin, "PUT", "/api/admin/alerts/mail", Some(&people)).await;
    assert_eq!(shown["channels"][1]["to"], "2 people by 127.0.0.1", "{shown}");
    assert!(!shown.to_string().contains("@crm.test"), "{shown}");
    let ends = json!({"password_ends": "2026-09-22T00:00:00Z"});
    world.done(&world.admin, "PATCH", "/api/admin/connections/hq", Some(&ends)).await;
    let pass = || async { alert::pass(&world.services).await.expect("the store answers") };
    assert_eq!(pass().await, Passed::Sent { arrived: 1, lost: 1 });
    let (head, text) = postman.one();
    for line in ["MAIL FROM:<syncline@crm.test>", "RCPT TO:<it@crm.test>", "Subject: Syncline: 1 new"] {
        assert!(head.contains(line), "{head}");
    }
    assert!(head.contains("Date: Mon, 21 Sep 2026 "), "{head}");
    let told = "ALERT: the account's password or secret of connection hq ends at 2026-09-22T00:00:00Z";
    assert!(text.starts_with(told) && text.contains("what to do: set a new one with"), "{text}");
    // The webhook answers later: it is told then, and nobody else again.
    let receiver = Receiver::new().await;
    let body = json!({"url": receiver.url});
    world.done(&world.admin, "PUT", "/api/admin/alerts/webhook", Some(&body)).await;
    assert_eq!(pass().await, Passed::Sent { arrived: 1, lost: 0 });
    assert_eq!(receiver.take().len(), 1);
    world.done(&world.admin, "PATCH", "/api/admin/connections/hq", Some(&json!({"password_ends": null}))).await;
    assert_eq!(pass().await, Passed::Sent { arrived: 2, lost: 0 });
    let (head, text) = postman.one();
    assert!(head.contains("Subject: Syncline: 1 over") && text.starts_with("OVER: the account's"), "{head} {text}");
    world.done(&world.admin, "DELETE", "/api/admin/alerts/mail", None).await;
    let shown = world.get(&world.admin, "/api/admin/alerts").await;
    assert_eq!(shown["channels"].as_array().map(Vec::len), Some(1), "{shown}");
}
