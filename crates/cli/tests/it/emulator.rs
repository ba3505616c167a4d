//! `syncline emulator` over its own port.

use super::run::{Place, ended, syncline, text};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

struct Running {
    child: Child,
    told: serde_json::Value,
}

impl Running {
    fn start(password: Option<&str>) -> Running {
        Running::start_with(password, &[])
    }

    fn start_with(password: Option<&str>, more: &[&str]) -> Running {
        let mut command = syncline();
        command.args(["emulator", "--json", "--listen", "127.0.0.1:0"]);
        command
            .args(["--mailbox", "alice@crm.test", "--mailbox", "bob@crm.test", "--service", "svc@crm.test"])
            .args(more);
        if let Some(password) = password {
            command.env("EMULATOR_PASSWORD", password);
        }
        let mut child = command.stdout(Stdio::piped()).spawn().expect("runs");
        let mut line = String::new();
        let out = child.stdout.as_mut().expect("piped");
        BufReader::new(out).read_line(&mut line).expect("tells where it serves");
        let told = serde_json::from_str(&line).expect("JSON");
        Running { child, told }
    }

    fn ask(&self, authorization: Option<&str>) -> String {
        let url = self.told["url"].as_str().expect("a URL");
        let address = url.strip_prefix("http://").and_then(|rest| rest.split('/').next()).expect("an address");
        let mut stream = TcpStream::connect(address).expect("it listens");
        let body = "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\" xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\"><s:Header><t:RequestServerVersion Version=\"Exchange2013_SP1\"/></s:Header><s:Body><m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds><t:DistinguishedFolderId Id=\"calendar\"/></m:FolderIds></m:GetFolder></s:Body></s:Envelope>";
        let sign_in = authorization.map(|value| format!("Authorization: Basic {value}\r\n")).unwrap_or_default();
        let head = format!(
            "POST /EWS/Exchange.asmx HTTP/1.1\r\nHost: {address}\r\nContent-Type: text/xml; charset=utf-8\r\n{sign_in}Content-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).expect("sent");
        stream.write_all(body.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answered");
        answer
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself, which its test has seen.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_first_request_is_answered_401_and_a_signed_one_is_served() {
    let emulator = Running::start(Some("secret"));
    assert_eq!(emulator.told["password"], serde_json::Value::Null, "a given password is not printed");
    let refused = emulator.ask(None);
    assert!(refused.starts_with("HTTP/1.1 401"), "{refused}");
    assert!(refused.to_lowercase().contains("www-authenticate: basic"));
    // alice@crm.test:secret
    let served = emulator.ask(Some("YWxpY2VAY3JtLnRlc3Q6c2VjcmV0"));
    assert!(served.starts_with("HTTP/1.1 200"), "{served}");
    assert!(served.contains("NoError"), "{served}");
    // bob@crm.test:wrong
    assert!(emulator.ask(Some("Ym9iQGNybS50ZXN0Ondyb25n")).starts_with("HTTP/1.1 401"));
}

#[test]
fn without_a_password_one_is_made_up_and_printed() {
    let emulator = Running::start(None);
    let password = emulator.told["password"].as_str().expect("printed");
    assert!(password.len() >= 16);
}

// E3: before the first user is mapped, too.
#[test]
fn check_signs_in_to_a_connection_that_no_user_is_mapped_on_yet() {
    let emulator = Running::start(Some("secret"));
    let url = emulator.told["url"].as_str().expect("a URL");
    let place = Place::new();
    let config = text(&place.path("syncline.toml"));
    let add = |name: &str, url: &str, password: &str| {
        let mut command = syncline();
        command.args(["--config", &config, "connection", "add", name, "--url", url, "--user", "svc@crm.test"]);
        let added = ended(command.env("SYNCLINE_PASSWORD", password).output().expect("runs"));
        assert_eq!(added.code, 0, "{}", added.err);
    };
    add("good", url, "secret");
    let checked = place.run(&["check"]);
    assert_eq!(checked.code, 0, "{}", checked.err);
    add("locked", url, "wrong");
    // Port 1 of this machine: nobody answers there.
    add("silent", "http://127.0.0.1:1/EWS/Exchange.asmx", "secret");
    let checked = place.run(&["check"]);
    assert_eq!(checked.code, 4, "{}", checked.out);
    assert!(checked.err.contains("connection locked: no access: "), "{}", checked.err);
    assert!(checked.err.contains("connection silent: broken: "), "{}", checked.err);
    assert!(!checked.err.contains("connection good"), "{}", checked.err);
}

#[test]
fn only_the_ways_of_signing_in_that_were_named_are_offered() {
    let emulator = Running::start_with(Some("secret"), &["--sign-in", "ntlm", "--sign-in", "oauth", "--client", "app"]);
    // alice@crm.test:secret
    for authorization in [None, Some("YWxpY2VAY3JtLnRlc3Q6c2VjcmV0")] {
        let refused = emulator.ask(authorization).to_lowercase();
        assert!(refused.starts_with("http/1.1 401"), "{refused}");
        assert!(refused.contains("www-authenticate: ntlm") && refused.contains("www-authenticate: bearer client_id"));
        assert!(!refused.contains("www-authenticate: basic"), "{refused}");
    }
    for wrong in
        [&["--sign-in", "oauth"][..], &["--client", "app"], &["--sign-in", "digest"], &["--extended-protection"]]
    {
        let mut command = syncline();
        command.args(["emulator", "--listen", "127.0.0.1:0", "--mailbox", "alice@crm.test"]).args(wrong);
        assert_eq!(ended(command.output().expect("ends")).code, 2, "{wrong:?}");
    }
}

#[test]
fn a_connection_signs_in_by_ntlm_and_by_oauth() {
    let ways = ["--sign-in", "ntlm", "--sign-in", "oauth", "--client", "app", "--scope", "https://mail.test/.default"];
    let emulator = Running::start_with(Some("secret"), &ways);
    let url = emulator.told["url"].as_str().expect("a URL");
    let token_url = url.replace("/EWS/Exchange.asmx", "/tenant/oauth2/v2.0/token");
    let place = Place::new();
    let config = text(&place.path("syncline.toml"));
    for (name, more) in [
        ("windows", &["--user", "svc@crm.test", "--sign-in", "ntlm"][..]),
        (
            "tokens",
            &[
                "--user",
                "app",
                "--sign-in",
                "oauth",
                "--token-url",
                &token_url,
                "--scope",
                "https://mail.test/.default",
            ],
        ),
    ] {
        let mut command = syncline();
        command.args(["--config", &config, "connection", "add", name, "--url", url]).args(more);
        let added = ended(command.env("SYNCLINE_PASSWORD", "secret").output().expect("runs"));
        assert_eq!(added.code, 0, "{}", added.err);
    }
    let checked = place.run(&["check"]);
    assert_eq!(checked.code, 0, "{}\n{}", checked.out, checked.err);
}
