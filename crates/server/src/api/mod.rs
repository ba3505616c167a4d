//! The API: the built-in CRM for its users' programs, and the synchronisation for administrators.

mod ask;
pub mod member;
mod openapi;
mod reply;
pub mod route;
mod schemas;

mod admin;
mod crm;
mod health;

use crate::fault::Refused;
use crate::services::Services;
use ask::Ask;
use axum::Router;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use route::{Method, Route};

pub use ask::{MAX_BODY, PAGE_DEFAULT, PAGE_MOST};

/// What every answer tells a browser: what a mailbox holds is shown as text and never as a page that runs (trap 137), and
/// people's records stay in no cache.
const GUARDS: [(HeaderName, &str); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::CACHE_CONTROL, "no-store"),
];

/// Every route of the API.
#[must_use]
pub fn routes() -> Vec<&'static [Route]> {
    let mut all = vec![health::ROUTES];
    all.extend(crm::routes());
    all.extend(admin::routes());
    all
}

/// The API's description, as `/api/openapi.json` serves it.
#[must_use]
pub fn openapi() -> serde_json::Value {
    openapi::openapi(&routes())
}

/// The API, to be served by a listener or asked in process.
pub fn router(services: Services) -> Router {
    let routes = routes().into_iter().flatten();
    routes
        .fold(Router::new(), |router, route| {
            let run = move |State(services): State<Services>,
                            path: Result<RawPathParams, RawPathParamsRejection>,
                            request: Request| answer(route, services, path, request);
            router.route(route.path, on(filter(route.method), run))
        })
        .fallback(|| async { Refused::NotFound("there is nothing at this address".to_owned()).into_response() })
        .method_not_allowed_fallback(|| async { Refused::NoSuchMethod.into_response() })
        .with_state(services)
}

fn filter(method: Method) -> MethodFilter {
    match method {
        Method::Get => MethodFilter::GET,
        Method::Post => MethodFilter::POST,
        Method::Put => MethodFilter::PUT,
        Method::Patch => MethodFilter::PATCH,
        Method::Delete => MethodFilter::DELETE,
    }
}

async fn answer(
    route: &'static Route,
    services: Services,
    path: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
) -> Response {
    let began = services.clock.now();
    let (metrics, clock) = (services.metrics.clone(), services.clock.clone());
    let (parts, body) = request.into_parts();
    let mut response = match path {
        Err(_) => Refused::Malformed("the address cannot be read".to_owned()).into_response(),
        Ok(path) => match Ask::read(route, services, &parts, path, body).await {
            Err(refused) => refused.into_response(),
            Ok(ask) => match (route.run)(ask).await {
                Ok(reply) => reply.into_response(),
                Err(refused) => refused.into_response(),
            },
        },
    };
    for (name, value) in GUARDS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    let seconds = clock.now().duration_since(began).as_secs_f64();
    metrics.request(route.path, route.method.as_str(), response.status().as_u16(), seconds);
    response
}
