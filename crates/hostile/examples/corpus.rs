//! Writes the messages that fuzzing starts from: what the connector says and hears while it keeps the contract of every
//! side against the emulator, and the requests that set a series and a meeting.
//!
//! `cargo run -p hostile --example corpus` from the project's root writes `fuzz/corpus` anew.

use async_trait::async_trait;
use connect::ews::{EwsConnection, EwsSettings};
use connect::http::{Answer, Lost, Request, Transport};
use connect::sign_in::SignIn;
use emulator::Quirk;
use engine::port::{Maps, Remote};
use model::Domain;
use model::maps_ews::default_map;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

/// So many messages of one operation are kept; more say nothing new.
const KEPT: usize = 5;

/// The messages of one way in and operation.
type Messages = BTreeMap<(&'static str, String), Vec<Vec<u8>>>;

#[derive(Default)]
struct Heard(Mutex<Messages>);

impl Heard {
    fn keep(&self, way: &'static str, operation: &str, message: &[u8]) {
        let mut heard = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let kept = heard.entry((way, operation.to_owned())).or_default();
        let near = kept.iter().any(|other| other.len().abs_diff(message.len()) < 40);
        if kept.len() < KEPT && !near {
            kept.push(message.to_vec());
        }
    }
}

struct Listening {
    room: hostile::Room,
    heard: Arc<Heard>,
}

#[async_trait]
impl Transport for Listening {
    async fn call(&self, request: &Request) -> Result<Answer, Lost> {
        let answer = self.room.call(request.clone()).await?;
        if answer.status != 200 {
            return Ok(answer);
        }
        let asked = String::from_utf8_lossy(&request.body);
        let operation = operation(&asked);
        self.heard.keep("requests", &operation, &request.body);
        self.heard.keep("answers", &operation, &answer.body);
        let said = String::from_utf8_lossy(&answer.body);
        if operation == "GetItem"
            && let Some((_, rest)) = said.split_once("Items>")
            && let Some((items, _)) = rest.rsplit_once("Items>")
            && let Some((items, _)) = items.rsplit_once("</")
        {
            self.heard.keep("mailbox", "items", items.as_bytes());
        }
        Ok(answer)
    }
}

/// The element in the request's body.
fn operation(request: &str) -> String {
    let body = request.split_once("Body>").map_or("", |(_, rest)| rest);
    let name = body.trim_start_matches('<').split([' ', '>', '/']).next().unwrap_or_default();
    name.rsplit(':').next().unwrap_or_default().to_owned()
}

struct Side {
    remote: Box<dyn Remote>,
    keys: AtomicU32,
}

impl sim::contract::Room for Side {
    fn remote(&self) -> &dyn Remote {
        self.remote.as_ref()
    }

    fn fresh(&self) -> String {
        format!("1-0~k{}", self.keys.fetch_add(1, Ordering::Relaxed))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let heard = Arc::new(Heard::default());
    let habits: [&[Quirk]; 3] = [
        &[],
        &[Quirk::IllegalCharacters, Quirk::SevenDigitFractions, Quirk::UnknownElements],
        &[Quirk::CustomizedZoneNames, Quirk::SentinelDates, Quirk::ExAddresses, Quirk::ReadFlagChanges],
    ];
    for quirks in habits {
        let room = hostile::Room::new();
        for quirk in quirks {
            room.emulator().set_quirk(*quirk, true);
        }
        let maps: Arc<Maps> = Arc::new(Domain::ALL.into_iter().map(|domain| (domain, default_map(domain))).collect());
        let transport = Arc::new(Listening { room, heard: heard.clone() });
        let account = Arc::new(SignIn::basic(hostile::ANNA, SecretString::from(hostile::PASSWORD)));
        let connection = EwsConnection::new(transport, account, EwsSettings::new(hostile::URL));
        let side = Side { remote: Box::new(connection.open(hostile::ANNA, maps)), keys: AtomicU32::new(0) };
        let faults = sim::contract::faults(&side).await;
        if !faults.is_empty() {
            return Err(faults.join("\n").into());
        }
    }
    let heard = heard.0.lock().map_err(|_| "poisoned")?;
    for ((way, operation), messages) in heard.iter() {
        let folder = Path::new("fuzz/corpus").join(way);
        std::fs::create_dir_all(&folder)?;
        for (number, message) in messages.iter().enumerate() {
            std::fs::write(folder.join(format!("{operation}-{number}.xml")), message)?;
        }
    }
    Ok(())
}
