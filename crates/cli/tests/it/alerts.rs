//! Alerts as an administrator sets, tries and reads them.

use super::run::{Place, ended, syncline, text};

// W5: the address of a webhook is a secret.
#[test]
fn alerts_are_set_tried_and_shown_without_their_address() {
    let place = Place::new();
    assert!(place.run(&["alert", "show"]).out.starts_with("nobody is told\n"));
    let nowhere = place.run(&["alert", "test"]);
    assert_eq!(nowhere.code, 1);
    assert!(nowhere.err.contains("alerts go nowhere"), "{}", nowhere.err);
    assert_eq!(place.run(&["alert", "webhook"]).code, 2, "no address");
    let (url, taken) = receiver();
    let config = text(&place.path("syncline.toml"));
    let set = |url: &str| {
        let mut command = syncline();
        command.args(["--config", &config, "alert", "webhook"]).env("SYNCLINE_ALERT_URL", url);
        command.env("SYNCLINE_ALERT_TOKEN", "token-word");
        ended(command.output().expect("runs"))
    };
    let refused = set("http://chat.example.test/hook");
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("use https"), "{}", refused.err);
    assert_eq!(set(&url).code, 0);
    assert_eq!(place.run(&["alert", "set", "--after", "12h", "--repeat", "2d", "--days", "30"]).code, 0);
    assert_eq!(place.run(&["alert", "set", "--after", "1s", "--days", "0"]).code, 1);
    let shown = place.run(&["alert", "show"]).out;
    for part in
        ["webhook to 127.0.0.1;", "without success for 12 hours, of what ends 30 days before; again after 2 days"]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let as_json = place.json(&["alert", "show"]);
    assert_eq!((&as_json["after_s"], &as_json["repeat_s"]), (&serde_json::json!(43_200), &serde_json::json!(172_800)));
    let stored = std::fs::read(place.path("syncline.db")).expect("read");
    for secret in ["/very/secret/hook", "token-word"] {
        assert!(!shown.contains(secret) && !as_json.to_string().contains(secret), "{shown} {as_json}");
        assert!(!contains(&stored, secret.as_bytes()), "{secret} stands in the database");
    }
    assert_eq!(place.json(&["alert", "test"])["arrived"], 1);
    let request = taken.recv_timeout(std::time::Duration::from_secs(60)).expect("a message");
    let lower = request.to_lowercase();
    assert!(
        lower.starts_with("post /very/secret/hook ") && lower.contains("authorization: bearer token-word"),
        "{request}"
    );
    assert!(request.contains("\"test\":true") && request.contains("Nothing is wrong"), "{request}");
    // Whoever changes the key file keeps his receiver.
    let new = text(&place.path("new.key"));
    assert_eq!(place.run(&["key", "create", &new]).code, 0);
    assert_eq!(place.run(&["key", "rotate", "--to", &new]).code, 0);
    std::fs::rename(place.path("new.key"), place.path("syncline.key")).expect("moved");
    assert_eq!(place.json(&["alert", "test"])["arrived"], 1);
    let mail = ["alert", "mail", "--from", "syncline@example.test", "--to", "it@example.test", "--security", "plain"];
    let refused = place.run(&[&mail[..], &["--host", "mail.example.test"]].concat());
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("plain is for this machine only"), "{}", refused.err);
    let nobody = place.run(&[&mail[..], &["--host", "127.0.0.1", "--port", "1"]].concat());
    assert!(nobody.out.contains("mail to 1 person by 127.0.0.1;"), "{} {}", nobody.out, nobody.err);
    assert!(place.run(&["alert", "test"]).err.contains("mail to 1 person by 127.0.0.1: the server cannot be reached"));
    assert_eq!(place.run(&["alert", "off", "mail"]).code, 0);
    assert_eq!(place.run(&["alert", "off", "webhook"]).code, 0);
    assert_eq!(place.run(&["alert", "test"]).code, 1);
}

/// A receiver of webhooks: its address, and each request it takes.
fn receiver() -> (String, std::sync::mpsc::Receiver<String>) {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/very/secret/hook", listener.local_addr().expect("an address"));
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let mut socket = socket.expect("a connection");
            let mut request = String::new();
            let mut piece = [0; 4_096];
            while !request.contains("Nothing is wrong") {
                let read = socket.read(&mut piece).expect("a request");
                assert!(read > 0, "{request}");
                request.push_str(std::str::from_utf8(&piece[..read]).expect("text"));
            }
            socket.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").expect("written");
            if tell.send(request).is_err() {
                return;
            }
        }
    });
    (url, told)
}

fn contains(whole: &[u8], part: &[u8]) -> bool {
    whole.windows(part.len()).any(|window| window == part)
}
