//! A small world for a test: one server, a few mailboxes, a clock that a test moves.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use emulator::{Emulator, EmulatorOptions, MailboxSpec, Site};
use jiff::Timestamp;
use tower::ServiceExt as _;

use crate::answer::Node;

pub const ANN: &str = "ann@crm.test";
pub const BOB: &str = "bob@crm.test";
pub const CID: &str = "cid@crm.test";
pub const SERVICE: &str = "svc@crm.test";
pub const PASSWORD: &str = "pa:ss wörd";

pub struct World {
    pub server: Emulator,
    pub clock: Arc<AtomicI64>,
    /// Who signs in.
    pub account: String,
    /// Whom the account stands in for.
    pub impersonates: Option<String>,
    pub judge: Arc<Judge>,
    /// More for the SOAP header.
    pub header: String,
}

impl World {
    pub fn new() -> Self {
        Self::in_site(&Site::new(7))
    }

    pub fn in_site(site: &Site) -> Self {
        let world = Self::empty(site);
        for (address, name) in [(ANN, "Ann Smith"), (BOB, "Bob Jones"), (CID, "Cid Roe")] {
            world.server.add_mailbox(MailboxSpec::user(address, name, PASSWORD)).unwrap();
        }
        world
    }

    pub fn empty(site: &Site) -> Self {
        let clock = Arc::new(AtomicI64::new(1_767_225_600));
        let hand = clock.clone();
        let options =
            EmulatorOptions::new(7, Arc::new(move || Timestamp::from_second(hand.load(Ordering::SeqCst)).unwrap()))
                .in_site(site);
        let server = Emulator::new(options);
        server.add_service_account(SERVICE, PASSWORD);
        Self {
            server,
            clock,
            judge: Arc::default(),
            account: ANN.to_owned(),
            impersonates: None,
            header: String::new(),
        }
    }

    /// The same world, signed in as somebody else.
    pub fn signed_in(&self, account: &str) -> Self {
        Self {
            server: self.server.clone(),
            clock: self.clock.clone(),
            judge: self.judge.clone(),
            account: account.to_owned(),
            impersonates: None,
            header: String::new(),
        }
    }

    pub fn impersonating(&self, address: &str) -> Self {
        Self { impersonates: Some(address.to_owned()), ..self.signed_in(SERVICE) }
    }

    pub fn with_header(&self, header: &str) -> Self {
        Self { header: header.to_owned(), ..self.signed_in(&self.account) }
    }

    pub fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    pub fn envelope(&self, body: &str) -> String {
        let impersonation = self
            .impersonates
            .as_ref()
            .map(|address| {
                format!(
                    "<t:ExchangeImpersonation><t:ConnectingSID><t:PrimarySmtpAddress>{address}</t:PrimarySmtpAddress></t:ConnectingSID></t:ExchangeImpersonation>"
                )
            })
            .unwrap_or_default();
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\" xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\"><s:Header><t:RequestServerVersion Version=\"Exchange2013_SP1\"/>{impersonation}{}</s:Header><s:Body>{body}</s:Body></s:Envelope>",
            self.header
        )
    }

    pub fn http(&self, body: impl Into<Body>) -> Request<Body> {
        let secret = STANDARD.encode(format!("{}:{PASSWORD}", self.account));
        Request::post("/EWS/Exchange.asmx")
            .header(header::AUTHORIZATION, format!("Basic {secret}"))
            .header(header::CONTENT_TYPE, "text/xml; charset=utf-8")
            .body(body.into())
            .unwrap()
    }

    pub async fn send(&self, request: Request<Body>) -> Response<Body> {
        self.server.router().oneshot(request).await.unwrap()
    }

    /// Status and text of the answer to a SOAP body.
    pub async fn raw(&self, body: &str) -> (StatusCode, String) {
        let response = self.send(self.http(self.envelope(body))).await;
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    /// An answer that must be 200 and valid by the schema, to a request that must be valid too.
    pub async fn ask(&self, body: &str) -> Node {
        self.judge.see("request", &self.envelope(body));
        let (status, text) = self.raw(body).await;
        assert_eq!(status, StatusCode::OK, "{text}");
        self.judge.see("answer", &text);
        Node::read(&text)
    }

    /// A fault: 500 with the code, valid by the schema.
    pub async fn fault(&self, body: &str) -> String {
        let (status, text) = self.raw(body).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "{text}");
        self.judge.see("fault", &text);
        Node::read(&text).text_of("ResponseCode").to_owned()
    }

    pub async fn create(&self, attrs: &str, item: &str) -> (String, String) {
        let answer = self.ask(&create(attrs, item)).await;
        assert_eq!(answer.codes(), ["NoError"]);
        answer.item_id()
    }

    pub async fn get(&self, id: &str) -> Node {
        self.ask(&get_item("<t:BaseShape>AllProperties</t:BaseShape>", &item_id(id))).await
    }

    /// The first calendar item of the signed-in mailbox's calendar.
    pub async fn only(&self, folder: &str) -> (String, String) {
        let items = self.server.items(self.impersonates.as_ref().unwrap_or(&self.account), folder).unwrap();
        assert_eq!(items.len(), 1, "{folder}");
        (items[0].id.clone(), items[0].change_key.clone())
    }

    pub fn ids(&self, folder: &str) -> Vec<String> {
        let items = self.server.items(self.impersonates.as_ref().unwrap_or(&self.account), folder).unwrap();
        items.into_iter().map(|item| item.id).collect()
    }
}

pub fn create(attrs: &str, item: &str) -> String {
    format!("<m:CreateItem {attrs}><m:Items>{item}</m:Items></m:CreateItem>")
}

pub fn item_id(id: &str) -> String {
    format!("<t:ItemId Id=\"{id}\"/>")
}

pub fn get_item(shape: &str, ids: &str) -> String {
    format!("<m:GetItem><m:ItemShape>{shape}</m:ItemShape><m:ItemIds>{ids}</m:ItemIds></m:GetItem>")
}

/// An UpdateItem of one item.
pub fn update(attrs: &str, id: &str, key: &str, updates: &str) -> String {
    format!(
        "<m:UpdateItem {attrs}><m:ItemChanges><t:ItemChange><t:ItemId Id=\"{id}\" ChangeKey=\"{key}\"/><t:Updates>{updates}</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>"
    )
}

/// A SetItemField of a plain property.
pub fn set(uri: &str, kind: &str, property: &str) -> String {
    format!("<t:SetItemField><t:FieldURI FieldURI=\"{uri}\"/><t:{kind}>{property}</t:{kind}></t:SetItemField>")
}

/// Collects every message of a test and asks xmllint at its end whether they are valid by Microsoft's schema.
#[derive(Default)]
pub struct Judge(Mutex<Vec<(&'static str, String)>>);

impl Judge {
    pub fn see(&self, what: &'static str, xml: &str) {
        self.0.lock().unwrap().push((what, xml.to_owned()));
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let Some(folder) = std::env::var_os("EWS_SCHEMA") else {
            println!("skipped");
            return;
        };
        let schema = Path::new(&folder).join("exchange2013sp1/soap11.xsd");
        let seen = self.0.lock().unwrap();
        if seen.is_empty() {
            return;
        }
        let place = tempfile::tempdir().unwrap();
        let mut lint = Command::new("xmllint");
        lint.args(["--noout", "--nonet", "--schema"]).arg(schema);
        for (at, (what, xml)) in seen.iter().enumerate() {
            let file = place.path().join(format!("{at}-{what}.xml"));
            std::fs::write(&file, xml).unwrap();
            lint.arg(file);
        }
        let output = lint.output().expect("xmllint is installed");
        let told = String::from_utf8_lossy(&output.stderr);
        let wrong: Vec<_> = seen
            .iter()
            .enumerate()
            .filter(|(at, (what, _))| !told.contains(&format!("/{at}-{what}.xml validates")))
            .map(|(_, (what, xml))| format!("the {what} is not valid: {xml}"))
            .collect();
        assert!(wrong.is_empty(), "{told}\n{}", wrong.join("\n"));
    }
}
