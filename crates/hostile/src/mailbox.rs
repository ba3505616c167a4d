//! What an Exchange server says of an item, read by the connector into a record.

use crate::room::{ANNA, PASSWORD, Room, URL, runtime};
use async_trait::async_trait;
use connect::ews::{EwsConnection, EwsSettings};
use connect::http::{Answer, Lost, Request, Transport};
use connect::sign_in::SignIn;
use engine::port::{Maps, Remote as _, Wanted};
use model::maps_ews::default_map;
use model::{Domain, Gone, Kind, RecordId, Seen};
use secrecy::SecretString;
use std::sync::Arc;

const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const MESSAGES: &str = "http://schemas.microsoft.com/exchange/services/2006/messages";
const TYPES: &str = "http://schemas.microsoft.com/exchange/services/2006/types";

/// A server that speaks of an item in the words it was given, and of everything else as it should.
struct Spoiled {
    room: Room,
    said: Vec<u8>,
}

#[async_trait]
impl Transport for Spoiled {
    async fn call(&self, request: &Request) -> Result<Answer, Lost> {
        let asked = String::from_utf8_lossy(&request.body);
        if !asked.contains("GetItem>") {
            return self.room.call(request.clone()).await;
        }
        let mut body = format!(
            "<s:Envelope xmlns:s=\"{SOAP}\"><s:Body><m:GetItemResponse xmlns:m=\"{MESSAGES}\" xmlns:t=\"{TYPES}\"><m:ResponseMessages>\
             <m:GetItemResponseMessage ResponseClass=\"Success\"><m:ResponseCode>NoError</m:ResponseCode><m:Items>"
        )
        .into_bytes();
        body.extend_from_slice(&self.said);
        body.extend_from_slice(
            b"</m:Items></m:GetItemResponseMessage></m:ResponseMessages></m:GetItemResponse></s:Body></s:Envelope>",
        );
        Ok(Answer { status: 200, headers: vec![("content-type".to_owned(), "text/xml".to_owned())], body })
    }
}

/// Reads the bytes as what the server says of an item, of each kind.
///
/// # Panics
/// When the item is believed deleted though the server spoke of it, or a record comes back under an id that was not asked for.
pub fn mailbox(bytes: &[u8]) {
    let transport = Arc::new(Spoiled { room: Room::new(), said: bytes.to_vec() });
    let account = Arc::new(SignIn::basic(ANNA, SecretString::from(PASSWORD)));
    let connection = EwsConnection::new(transport, account, EwsSettings::new(URL));
    let maps: Arc<Maps> = Arc::new(Domain::ALL.into_iter().map(|domain| (domain, default_map(domain))).collect());
    let id = RecordId::new("AAMkAsked=");
    runtime().block_on(async {
        for kind in [Kind::Contact, Kind::Appointment, Kind::Task] {
            let remote = connection.open(ANNA, maps.clone());
            let wanted = Wanted::by_id(id.clone());
            let Ok(answers) = remote.get(kind, &[wanted]).await else { continue };
            for (answered, seen) in answers {
                assert_eq!(answered, id, "an answer names the record that was asked for");
                let deleted = matches!(seen, Ok(Seen::Gone(Gone::Deleted | Gone::Merged)));
                assert!(!deleted, "an item that the server speaks of is not proven deleted");
            }
        }
    });
}
