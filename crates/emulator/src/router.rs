//! The HTTP side: sign-in, the size and form of requests, and the hooks that make trouble.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request as HttpRequest, State};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};

use crate::codes::Code;
use crate::emulator::Emulator;
use crate::ews::auth::Account;
use crate::ews::soap::Fault;
use crate::ews::{self, Request};
use crate::faults::{Effect, FaultAction, RequestInfo, broken, login_page, plain};
use crate::quirks::Quirk;
use crate::record;
use crate::signing;
use crate::streams;
use crate::xml::escape;

const PATH: &str = "/ews/exchange.asmx";
/// Where the identity provider gives out tokens, below whatever names a tenant.
const TOKENS: &str = "/oauth2/v2.0/token";
const XML: &str = "text/xml; charset=utf-8";

/// The router of a server: one path, compared without case.
pub(crate) fn router(emulator: Emulator) -> Router {
    Router::new().fallback(handle).with_state(emulator)
}

async fn handle(State(emulator): State<Emulator>, request: HttpRequest) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let known = parts.uri.path().trim_end_matches('/').eq_ignore_ascii_case(PATH);
    // The body is read before anything is answered, so that the connection stays usable after a 401.
    let Ok(bytes) = to_bytes(body, emulator.max_body()).await else {
        return plain(StatusCode::PAYLOAD_TOO_LARGE, "text/plain", Body::empty());
    };
    if parts.method == Method::POST && parts.uri.path().ends_with(TOKENS) {
        let (status, body) = signing::token(&emulator, parts.uri.path(), &bytes);
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        return plain(status, "application/json; charset=utf-8", body.into());
    }
    if !known {
        return plain(StatusCode::NOT_FOUND, "text/plain", Body::empty());
    }
    let connection = parts.extensions.get::<signing::Connection>();
    let account = match signing::account(&emulator, connection, &parts.headers) {
        Ok(account) => account,
        Err(challenges) => return unauthorized(&challenges),
    };
    if parts.method == Method::GET {
        let page = "<html><body>This is the Exchange Web Services endpoint.</body></html>";
        return plain(StatusCode::OK, "text/html", page.into());
    }
    if parts.method != Method::POST {
        return plain(StatusCode::METHOD_NOT_ALLOWED, "text/plain", Body::empty());
    }
    let is_xml = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kind| kind.trim().to_ascii_lowercase().starts_with("text/xml"));
    if !is_xml {
        return plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, "text/plain", Body::empty());
    }
    soap(&emulator, &account, &parts.headers, &bytes)
}

fn unauthorized(challenges: &[String]) -> Response<Body> {
    let mut response = plain(StatusCode::UNAUTHORIZED, "text/plain", Body::empty());
    for challenge in challenges {
        if let Ok(value) = HeaderValue::from_str(challenge) {
            response.headers_mut().append(header::WWW_AUTHENTICATE, value);
        }
    }
    response
}

/// The cookie that leads a client back to the server behind the front that answered it.
const OVERRIDE: &str = "X-BackEndOverrideCookie";

/// The server behind the front: by its cookie, else that of the mailbox named as anchor.
fn back_end(headers: &HeaderMap, account: &Account) -> String {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let cookies = text("cookie").unwrap_or_default().split(';');
    let known = cookies.filter_map(|cookie| cookie.trim().split_once('=')).find(|(name, _)| *name == OVERRIDE);
    match known {
        Some((_, value)) => value.to_owned(),
        None => format!("{}~1942061522", text("x-anchormailbox").unwrap_or(&account.name).to_lowercase()),
    }
}

fn soap(emulator: &Emulator, account: &Account, headers: &HeaderMap, bytes: &[u8]) -> Response<Body> {
    let mut request = match Request::read(bytes) {
        Ok(request) => request,
        Err(fault) => {
            record::unreadable();
            return envelope(emulator, 500, ews::reply(emulator.version(), Err(fault)).body);
        }
    };
    request.back_end = back_end(headers, account);
    let action = asked_hook(emulator, account, &request, bytes);
    if let Some(action) = &action
        && action.effect() == Effect::None
    {
        record::request(&request, bytes, 200, "");
        return instead(emulator, action, &request, String::new());
    }
    if let Some(FaultAction::BusyFrom { item, back_off_ms }) = &action {
        request.busy_from = Some((*item, *back_off_ms));
    }
    if request.operation == "GetStreamingEvents" && action.is_none() {
        return match streams::open(emulator, account, &request) {
            Ok(response) => {
                record::request(&request, bytes, 200, "");
                response
            }
            Err(fault) => {
                let (status, body) = (fault.status, ews::reply(emulator.version(), Err(fault)).body);
                record::request(&request, bytes, status, &body);
                envelope(emulator, status, body)
            }
        };
    }
    let now = emulator.now();
    let reply = {
        let mut world = emulator.world();
        let reply = ews::answer(&mut world, emulator.server(), emulator.version(), account, &request, now);
        world.stir();
        reply
    };
    record::request(&request, bytes, reply.status, &reply.body);
    let mut response = match action {
        Some(action) => instead(emulator, &action, &request, reply.body),
        None => envelope(emulator, reply.status, reply.body),
    };
    let prefers = headers.get("x-preferserveraffinity").is_some_and(|value| value == "true");
    if prefers && let Ok(cookie) = HeaderValue::from_str(&format!("{OVERRIDE}={}; path=/; HttpOnly", request.back_end))
    {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Asks the hook, outside the lock: it may look into the mailboxes itself.
fn asked_hook(emulator: &Emulator, account: &Account, request: &Request, bytes: &[u8]) -> Option<FaultAction> {
    let hook = emulator.hook()?;
    let info = {
        let mut world = emulator.world();
        let mailbox = request
            .mailbox(&world, emulator.server(), account)
            .and_then(|no| world.mailboxes.get(&no))
            .map(|mailbox| mailbox.address.clone());
        let server = world.servers.get_mut(emulator.server())?;
        server.requests += 1;
        RequestInfo {
            operation: request.operation.clone(),
            account: account.name.clone(),
            mailbox,
            number: server.requests,
            body: String::from_utf8_lossy(bytes).into_owned(),
        }
    };
    hook(&info)
}

/// The answer that takes the place of the real one. A request that was not carried out counts as seen at the wire all the same.
fn instead(emulator: &Emulator, action: &FaultAction, request: &Request, real: String) -> Response<Body> {
    if action.effect() == Effect::None
        && let Some(server) = emulator.world().servers.get_mut(emulator.server())
    {
        server.counters.request(&request.operation, None);
    }
    record::instead(action);
    match action {
        FaultAction::Answer { status, content_type, body, .. } => plain(
            StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            content_type,
            body.clone().into(),
        ),
        FaultAction::Drop { .. } => broken(),
        FaultAction::Busy { back_off_ms } => {
            let fault = Fault::busy(*back_off_ms);
            envelope(emulator, 500, ews::reply(emulator.version(), Err(fault)).body)
        }
        FaultAction::BusyFrom { .. } => envelope(emulator, 200, real),
        FaultAction::Fault { code } => {
            let text = ews::reply(emulator.version(), Err(Fault::new(Code::ErrorInternalServerError))).body;
            let mut named = String::new();
            escape(code, &mut named);
            envelope(emulator, 500, text.replace("ErrorInternalServerError", &named))
        }
        FaultAction::Truncate { keep } => {
            let mut end = (*keep).min(real.len());
            while !real.is_char_boundary(end) {
                end -= 1;
            }
            spoken(emulator, 200, real[..end].to_owned())
        }
        FaultAction::LoginPage => login_page(),
    }
}

fn envelope(emulator: &Emulator, status: u16, body: String) -> Response<Body> {
    record::answer(emulator, &body);
    spoken(emulator, status, body)
}

/// An answer in the server's habits of speech.
fn spoken(emulator: &Emulator, status: u16, body: String) -> Response<Body> {
    let quirks = emulator.quirks();
    let kind = if quirks.contains(&Quirk::ContentTypeWithoutCharset) { "text/xml" } else { XML };
    let body = crate::habits::applied(&quirks, body);
    plain(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), kind, body.into())
}
