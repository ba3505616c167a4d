//! A person at the CRM, as the demonstration has one: it signs in to the API with a token and reads and writes records.

use super::track::tidy;
use anyhow::{Context, Result, anyhow, bail};
use connect::http::{Network, Request};
use model::field::of_kind;
use model::{Domain, Fields, Kind};
use serde_json::{Map, Value as Json, json};
use std::sync::Arc;

const DEADLINE_MS: u64 = 30_000;
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// Entries of a page, and the most pages of a list.
const PAGE: usize = 200;
const PAGES: usize = 50;

/// The API, spoken to over the network.
#[derive(Clone)]
pub struct CrmApi {
    network: Arc<Network>,
    base: String,
}

/// A record as the API showed it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: i64,
    /// What it says.
    pub face: Fields,
    /// The record as it came.
    pub json: Json,
}

/// A list, and the answers it came in.
#[derive(Default)]
pub struct Listing {
    /// The entries.
    pub items: Vec<Json>,
    /// The bytes of every answer, as they came.
    pub raw: Vec<Vec<u8>>,
}

impl CrmApi {
    /// The API at this address, `http://127.0.0.1:PORT`.
    pub fn new(network: Arc<Network>, base: &str) -> CrmApi {
        CrmApi { network, base: base.to_owned() }
    }

    /// One request; the answer's status and bytes.
    pub async fn call(&self, token: &str, method: &str, path: &str, body: Option<&Json>) -> Result<(u16, Vec<u8>)> {
        let mut headers = vec![("authorization".to_owned(), format!("Bearer {token}"))];
        if body.is_some() {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        let request = Request {
            url: format!("{}{path}", self.base),
            headers,
            body: body.map(|json| json.to_string().into_bytes()).unwrap_or_default(),
            deadline_ms: DEADLINE_MS,
            most: MOST_BYTES,
        };
        let answer = self.network.ask(method, &request).await.with_context(|| format!("{method} {path}"))?;
        Ok((answer.status, answer.body))
    }

    async fn done(&self, token: &str, method: &str, path: &str, body: Option<&Json>) -> Result<Json> {
        let (status, bytes) = self.call(token, method, path, body).await?;
        if !(200..300).contains(&status) {
            bail!("{method} {path} was answered {status}: {}", String::from_utf8_lossy(&bytes));
        }
        if bytes.is_empty() {
            return Ok(Json::Null);
        }
        serde_json::from_slice(&bytes).map_err(|why| anyhow!("{method} {path}: {why}"))
    }

    /// Makes a record of the API; its id.
    pub async fn make(&self, token: &str, path: &str, body: &Json) -> Result<String> {
        let made = self.done(token, "POST", path, Some(body)).await?;
        made["id"].as_str().map(str::to_owned).with_context(|| format!("POST {path} answered no id"))
    }

    /// One request whose answer is JSON.
    pub async fn post(&self, token: &str, path: &str, body: &Json) -> Result<Json> {
        self.done(token, "POST", path, Some(body)).await
    }

    /// A record, freshly.
    pub async fn read(&self, token: &str, domain: Domain, id: &str) -> Result<Shown> {
        let json = self.done(token, "GET", &format!("{}/{id}", collection(domain)), None).await?;
        shown(domain.kind(), json)
    }

    /// Changes fields of a record, read right before; null clears.
    pub async fn change(&self, token: &str, domain: Domain, id: &str, fields: &Fields, beside: &Json) -> Result<()> {
        let present = self.read(token, domain, id).await?;
        let mut body: Map<String, Json> = server::json::fields_json(fields);
        body.insert("version".to_owned(), json!(present.version));
        if let Some(more) = beside.as_object() {
            body.extend(more.clone());
        }
        let path = format!("{}/{id}", collection(domain));
        self.done(token, "PATCH", &path, Some(&Json::Object(body))).await.map(|_| ())
    }

    /// Deletes a record, read right before.
    pub async fn delete(&self, token: &str, domain: Domain, id: &str) -> Result<()> {
        let present = self.read(token, domain, id).await?;
        let path = format!("{}/{id}?version={}", collection(domain), present.version);
        self.done(token, "DELETE", &path, None).await.map(|_| ())
    }

    /// Add To Sync List.
    pub async fn enlist(&self, token: &str, record: &str) -> Result<()> {
        let body = json!({ "record": record });
        self.done(token, "POST", "/api/crm/sync-list", Some(&body)).await.map(|_| ())
    }

    /// Remove From Sync List.
    pub async fn delist(&self, token: &str, record: &str) -> Result<()> {
        let path = format!("/api/crm/sync-list?record={record}");
        self.done(token, "DELETE", &path, None).await.map(|_| ())
    }

    /// A whole list, page by page.
    pub async fn list(&self, token: &str, path: &str) -> Result<Listing> {
        let mut listing = Listing::default();
        let mut after: Option<String> = None;
        for _ in 0..PAGES {
            let glue = if path.contains('?') { '&' } else { '?' };
            let mut full = format!("{path}{glue}limit={PAGE}");
            if let Some(after) = &after {
                full.push_str("&after=");
                full.push_str(&encoded(after));
            }
            let (status, bytes) = self.call(token, "GET", &full, None).await?;
            if status != 200 {
                bail!("GET {full} was answered {status}: {}", String::from_utf8_lossy(&bytes));
            }
            let page: Json = serde_json::from_slice(&bytes).map_err(|why| anyhow!("GET {full}: {why}"))?;
            listing.raw.push(bytes);
            let items = page["items"].as_array().cloned().unwrap_or_default();
            listing.items.extend(items);
            match page["next"].as_str() {
                Some(next) => after = Some(next.to_owned()),
                None => return Ok(listing),
            }
        }
        bail!("the list {path} does not end")
    }
}

/// Where the API keeps a domain's records.
pub fn collection(domain: Domain) -> &'static str {
    match domain {
        Domain::BusinessContact | Domain::PersonalContact => "/api/crm/contacts",
        Domain::Employee => "/api/crm/employees",
        Domain::Calendar | Domain::Task => "/api/crm/activities",
    }
}

/// A record out of the API's JSON.
pub fn shown(kind: Kind, json: Json) -> Result<Shown> {
    let object = json.as_object().context("a record is an object")?;
    let (mut face, _) = server::json::read_fields(object, &|field| of_kind(kind, field), &[]);
    tidy(&mut face);
    let text = |name: &str| json[name].as_str().map(str::to_owned);
    Ok(Shown {
        id: text("id").context("a record has an id")?,
        version: json["version"].as_i64().context("a record has a version")?,
        face,
        json,
    })
}

/// The fields of a face in JSON, as a create takes them.
pub fn fields(face: &Fields) -> Map<String, Json> {
    server::json::fields_json(face)
}

/// A text as part of a query.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_travels_whole_in_a_query() {
        assert_eq!(encoded("a b+c/d=&ä"), "a%20b%2Bc%2Fd%3D%26%C3%A4");
    }
}
