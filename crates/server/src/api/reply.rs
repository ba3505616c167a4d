//! What the API answers: JSON with a version where there is one, and errors that say what is wrong and where.

use crate::fault::Refused;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value as Json, json};

/// An answer that did as asked.
#[derive(Clone, Debug)]
pub struct Reply {
    status: StatusCode,
    version: Option<String>,
    body: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Nothing,
    Json(Json),
    Text(String),
}

/// What every request ends with.
pub type Answer = Result<Reply, Refused>;

impl Reply {
    /// Here it is.
    #[must_use]
    pub fn of(body: Json) -> Reply {
        Reply { status: StatusCode::OK, version: None, body: Content::Json(body) }
    }

    /// It was made.
    #[must_use]
    pub fn made(body: Json) -> Reply {
        Reply { status: StatusCode::CREATED, ..Reply::of(body) }
    }

    /// It is done, and there is nothing to show.
    #[must_use]
    pub fn done() -> Reply {
        Reply { status: StatusCode::NO_CONTENT, version: None, body: Content::Nothing }
    }

    /// Plain text.
    #[must_use]
    pub fn text(text: String) -> Reply {
        Reply { status: StatusCode::OK, version: None, body: Content::Text(text) }
    }

    /// The same with another status: what is shown is shown though something is wrong.
    #[must_use]
    pub fn with_status(self, status: StatusCode) -> Reply {
        Reply { status, ..self }
    }

    /// A page of a list; `next` is given as `after` to go on.
    #[must_use]
    pub fn page(items: Vec<Json>, next: Option<String>) -> Reply {
        Reply::of(json!({ "items": items, "next": next }))
    }

    /// With the version, so that a change can name what it was made against.
    #[must_use]
    pub fn at(self, version: impl ToString) -> Reply {
        Reply { version: Some(version.to_string()), ..self }
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = match self.body {
            Content::Json(body) => (self.status, axum::Json(body)).into_response(),
            Content::Text(text) => (self.status, text).into_response(),
            Content::Nothing => self.status.into_response(),
        };
        let tag = self.version.and_then(|version| HeaderValue::from_str(&format!("\"{version}\"")).ok());
        if let Some(tag) = tag {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        if let Refused::Broken(why) = &self {
            tracing::error!(why, "a request failed");
        }
        let status = status(&self);
        let body = json!({ "error": {
            "code": self.code(),
            "message": self.message(),
            "where": self.faults(),
        }});
        let mut response: Response<Body> = (status, axum::Json(body)).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

fn status(refused: &Refused) -> StatusCode {
    match refused {
        Refused::Malformed(_) => StatusCode::BAD_REQUEST,
        Refused::NotJson(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Refused::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Refused::NoToken | Refused::WrongPassword => StatusCode::UNAUTHORIZED,
        Refused::Forbidden(_) => StatusCode::FORBIDDEN,
        Refused::NotFound(_) => StatusCode::NOT_FOUND,
        Refused::NoSuchMethod => StatusCode::METHOD_NOT_ALLOWED,
        Refused::Conflict { .. } => StatusCode::CONFLICT,
        Refused::Stale(_) => StatusCode::PRECONDITION_FAILED,
        Refused::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
        Refused::TooOften(_) => StatusCode::TOO_MANY_REQUESTS,
        Refused::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        Refused::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
