//! A route of the API as one row: who may ask, what the request carries, what it answers, and what is done. The router
//! and the description at `/api/openapi.json` are both made from the rows, so that they cannot differ.

use super::ask::Ask;
use super::member::Member;
use super::reply::Answer;
use futures::future::BoxFuture;
use model::Field;

/// One route.
#[derive(Clone, Copy)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, with `{name}` for its parts.
    pub path: &'static str,
    /// Under which heading it is described.
    pub tag: &'static str,
    /// What it does.
    pub summary: &'static str,
    /// Who may ask.
    pub who: Who,
    /// What the query may carry.
    pub query: &'static [Member],
    /// What the body carries.
    pub body: Body,
    /// The name of the answer's schema.
    pub answer: Shown,
    /// What is done.
    pub run: fn(Ask) -> BoxFuture<'static, Answer>,
}

/// A method of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// Read.
    Get,
    /// Make, or do.
    Post,
    /// Set as a whole.
    Put,
    /// Change what is named.
    Patch,
    /// Delete.
    Delete,
}

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Anybody, without a token.
    Anybody,
    /// A user of the CRM.
    User,
    /// An administrator.
    Administrator,
}

/// What a body carries.
#[derive(Clone, Copy)]
pub enum Body {
    /// Nothing.
    None,
    /// Members.
    Members(&'static [Member]),
    /// An object that its own reader checks as a whole; named in the schemas.
    Open(&'static str),
    /// A record's fields, and members beside them.
    Record {
        /// The members beside the fields.
        members: &'static [Member],
        /// Which fields the record may carry.
        known: fn(&Field) -> bool,
        /// The schema's name.
        schema: &'static str,
    },
}

/// What an answer shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Nothing: 204.
    Nothing,
    /// One of these.
    One(&'static str),
    /// One that was made: 201.
    Made(&'static str),
    /// A page of these.
    Page(&'static str),
    /// Plain text.
    Text,
}

impl Method {
    /// As HTTP writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }
}

impl Body {
    /// The members a body may carry beside a record's fields.
    #[must_use]
    pub fn members(&self) -> &'static [Member] {
        match self {
            Body::None | Body::Open(_) => &[],
            Body::Members(members) | Body::Record { members, .. } => members,
        }
    }
}

impl Route {
    /// The parts of the path that a request fills in.
    pub fn parts(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    }
}
