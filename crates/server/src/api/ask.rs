//! A request as its route reads it: signed in, its path, query and body checked, every fault told at once.

use super::member::{Need, check, read_query};
use super::route::{Body, Route, Who};
use crate::fault::{Faults, Refused};
use crate::json::{read_fields, read_json};
use crate::services::Services;
use axum::extract::RawPathParams;
use axum::http::{HeaderMap, HeaderValue, header, request::Parts};
use crm::{Actor, PageRequest};
use futures::StreamExt;
use jiff::Timestamp;
use model::Fields;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// A body has at most this many bytes.
pub const MAX_BODY: usize = 4 * 1024 * 1024;

/// Of what a body is said to be, this much is told back.
const SAID_CHARS: usize = 100;

/// A page has this many entries unless asked otherwise.
pub const PAGE_DEFAULT: usize = 100;

/// A page has at most this many entries.
pub const PAGE_MOST: usize = 500;

/// A request that passed its route's checks.
pub struct Ask {
    /// What the server is made of.
    pub services: Services,
    /// Now.
    pub now: Timestamp,
    /// A record's fields out of the body.
    pub fields: Fields,
    actor: Option<Actor>,
    path: BTreeMap<String, String>,
    query: Map<String, Json>,
    body: Map<String, Json>,
    version: Option<(&'static str, String)>,
}

impl Ask {
    /// Reads a request. The order of refusals: no token, not allowed, cannot be read, every fault.
    pub(super) async fn read(
        route: &Route,
        services: Services,
        parts: &Parts,
        path: RawPathParams,
        body: axum::body::Body,
    ) -> Result<Ask, Refused> {
        let now = services.clock.now();
        let actor = match route.who {
            Who::Anybody => None,
            Who::User => Some(signed_in(&services, &parts.headers, now).await?),
            Who::Administrator => {
                let actor = signed_in(&services, &parts.headers, now).await?;
                if !actor.is_admin() {
                    return Err(Refused::Forbidden("only an administrator may do this".to_owned()));
                }
                Some(actor)
            }
        };
        let path: BTreeMap<String, String> =
            path.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let mut faults = Faults::default();
        let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)
            .map_err(|_| Refused::Malformed("the query cannot be read".to_owned()))?;
        let query = read_query(pairs.0.into_iter(), route.query, &mut faults);
        let body = read_body(route, &parts.headers, body).await?;
        let texts = path.iter().map(|(name, part)| (name, has_nul(part)));
        let members = query.iter().chain(&body).map(|(name, value)| (name, holds_nul(value)));
        for (name, _) in texts.chain(members).filter(|(_, found)| *found) {
            faults.note(name.replace('\0', ""), NUL);
        }
        let mut fields = Fields::new();
        match route.body {
            Body::None | Body::Open(_) => {}
            Body::Members(members) => check(&body, members, &|_| false, &mut faults),
            Body::Record { members, known, .. } => {
                let names: Vec<&str> = members.iter().map(|member| member.name).collect();
                check(&body, members, &|_| true, &mut faults);
                let (read, wrong) = read_fields(&body, &known, &names);
                fields = read;
                for fault in wrong {
                    faults.note(fault.field, fault.problem);
                }
            }
        }
        let version = version(&parts.headers, &body, &query, &mut faults);
        faults.refuse()?;
        Ok(Ask { services, now, fields, actor, path, query, body, version })
    }

    /// Who asks.
    ///
    /// # Errors
    /// The route is one that anybody may ask.
    pub fn actor(&self) -> Result<&Actor, Refused> {
        self.actor.as_ref().ok_or(Refused::NoToken)
    }

    /// A part of the path; empty when the route has no such part.
    #[must_use]
    pub fn part(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }

    fn member(&self, name: &str) -> Option<&Json> {
        self.body.get(name).or_else(|| self.query.get(name))
    }

    /// Whether the body or query carries the member, null too.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.member(name).is_some()
    }

    /// A text of the body or query.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.member(name).and_then(Json::as_str)
    }

    /// A text that its member requires; empty would have been refused before only if absent.
    #[must_use]
    pub fn required(&self, name: &str) -> &str {
        self.text(name).unwrap_or_default()
    }

    /// Yes or no out of the body or query.
    #[must_use]
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.member(name).and_then(Json::as_bool)
    }

    /// A whole number out of the body or query.
    #[must_use]
    pub fn whole(&self, name: &str) -> Option<i64> {
        self.member(name).and_then(Json::as_i64)
    }

    /// The texts of an array.
    #[must_use]
    pub fn texts(&self, name: &str) -> Option<Vec<String>> {
        let list = self.member(name)?.as_array()?;
        Some(list.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect())
    }

    /// A member as it stands.
    #[must_use]
    pub fn json(&self, name: &str) -> Option<&Json> {
        self.member(name)
    }

    /// The whole body.
    #[must_use]
    pub fn body(&self) -> &Map<String, Json> {
        &self.body
    }

    /// A member that is set, cleared or not named.
    #[must_use]
    pub fn change(&self, name: &str) -> Option<Option<&str>> {
        self.member(name).map(Json::as_str)
    }

    /// The version a change was made against, out of `If-Match` or the body.
    ///
    /// # Errors
    /// None was named, or it is no version of ours.
    pub fn version(&self) -> Result<i64, Refused> {
        self.named_version()?.ok_or_else(|| {
            Refused::at(
                "version",
                "is missing: name the version the change was made against, as 'If-Match: \"N\"' or as member 'version'",
            )
        })
    }

    /// The version a change was made against, if one was named.
    ///
    /// # Errors
    /// What was named is no version of ours.
    pub fn named_version(&self) -> Result<Option<i64>, Refused> {
        let Some((place, text)) = &self.version else { return Ok(None) };
        match text.parse() {
            Ok(version) if version >= 0 => Ok(Some(version)),
            Ok(_) | Err(_) => {
                Err(Refused::at(*place, "is no version of this server: send the one that it was read at"))
            }
        }
    }

    /// The page asked for.
    #[must_use]
    pub fn page(&self) -> PageRequest {
        PageRequest { after: self.text("after").map(str::to_owned), limit: self.limit() }
    }

    /// How many entries are asked for.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.whole("limit").and_then(|limit| usize::try_from(limit).ok()).unwrap_or(PAGE_DEFAULT).clamp(1, PAGE_MOST)
    }
}

async fn signed_in(services: &Services, headers: &HeaderMap, now: Timestamp) -> Result<Actor, Refused> {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .filter(|token| !token.is_empty())
        .ok_or(Refused::NoToken)?;
    crate::ops::token::actor(services, token, now).await
}

/// No database keeps it in a text in the same way, and PostgreSQL in none.
const NUL: &str = "holds the character NUL (U+0000), which no text may hold";

fn has_nul(text: &str) -> bool {
    text.contains('\0')
}

/// Whether a value, or a name within it, holds the character.
fn holds_nul(value: &Json) -> bool {
    match value {
        Json::String(text) => has_nul(text),
        Json::Array(list) => list.iter().any(holds_nul),
        Json::Object(object) => object.iter().any(|(name, value)| has_nul(name) || holds_nul(value)),
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
    }
}

async fn read_body(route: &Route, headers: &HeaderMap, body: axum::body::Body) -> Result<Map<String, Json>, Refused> {
    if matches!(route.body, Body::None) {
        return Ok(Map::new());
    }
    let mut bytes = Vec::new();
    let mut stream = body.into_data_stream();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| Refused::Malformed("the body broke off".to_owned()))?;
        if bytes.len() + chunk.len() > MAX_BODY {
            return Err(Refused::TooLarge(MAX_BODY));
        }
        bytes.extend_from_slice(&chunk);
    }
    let optional = route.body.members().iter().all(|member| member.need != Need::Required);
    if bytes.is_empty() && optional {
        return Ok(Map::new());
    }
    if let Some(said) = headers.get(header::CONTENT_TYPE) {
        json_or_refused(said)?;
    }
    match read_json(&bytes) {
        Ok(Json::Object(object)) => Ok(object),
        Ok(_) => Err(Refused::Malformed("the body is a JSON object".to_owned())),
        Err(why) if why.is_data() => Err(Refused::Malformed(format!("the body cannot be understood: {why}"))),
        Err(why) => {
            Err(Refused::Malformed(format!("the body is not JSON: line {}, column {}", why.line(), why.column())))
        }
    }
}

/// Whether a body is said to be JSON, in whatever words and with whatever parameters; one that says nothing is read as such.
fn json_or_refused(said: &HeaderValue) -> Result<(), Refused> {
    let text = String::from_utf8_lossy(said.as_bytes());
    let kind = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if kind == "application/json" || kind.starts_with("application/") && kind.ends_with("+json") {
        return Ok(());
    }
    Err(Refused::NotJson(text.chars().take(SAID_CHARS).collect()))
}

/// `If-Match` and the member `version` say the same thing; both may be there if they agree.
fn version(
    headers: &HeaderMap,
    body: &Map<String, Json>,
    query: &Map<String, Json>,
    faults: &mut Faults,
) -> Option<(&'static str, String)> {
    let header = headers
        .get(header::IF_MATCH)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .map(|text| text.trim().trim_start_matches("W/").trim_matches('"').to_owned());
    let member =
        body.get("version").or_else(|| query.get("version")).and_then(Json::as_i64).map(|version| version.to_string());
    match (header, member) {
        (Some(header), Some(member)) if header != member => {
            faults.note("version", "differs from If-Match");
            None
        }
        (Some(version), _) => Some(("If-Match", version)),
        (None, Some(version)) => Some(("version", version)),
        (None, None) => None,
    }
}
