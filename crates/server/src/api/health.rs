//! Whether the server lives, whether it is ready, what it counts, and how its API is described.

use super::ask::Ask;
use super::reply::{Answer, Reply};
use super::route::{Body, Method, Route, Shown, Who};
use axum::http::StatusCode;
use serde_json::{Value as Json, json};
use std::sync::LazyLock;

const TAG: &str = "health";

pub(super) const ROUTES: &[Route] = &[
    Route {
        method: Method::Get,
        path: "/health/live",
        tag: TAG,
        summary: "The process answers.",
        who: Who::Anybody,
        query: &[],
        body: Body::None,
        answer: Shown::One("Health"),
        run: |ask| Box::pin(live(ask)),
    },
    Route {
        method: Method::Get,
        path: "/health/ready",
        tag: TAG,
        summary: "Both databases answer and take writes; 503 says which does not, and why.",
        who: Who::Anybody,
        query: &[],
        body: Body::None,
        answer: Shown::One("Health"),
        run: |ask| Box::pin(ready(ask)),
    },
    Route {
        method: Method::Get,
        path: "/metrics",
        tag: TAG,
        summary: "Numbers in Prometheus' text form.",
        who: Who::Anybody,
        query: &[],
        body: Body::None,
        answer: Shown::Text,
        run: |ask| Box::pin(metrics(ask)),
    },
    Route {
        method: Method::Get,
        path: "/api/openapi.json",
        tag: TAG,
        summary: "The description of this API.",
        who: Who::Anybody,
        query: &[],
        body: Body::None,
        answer: Shown::One("OpenApi"),
        run: |ask| Box::pin(openapi(ask)),
    },
];

async fn live(_ask: Ask) -> Answer {
    Ok(Reply::of(json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")})))
}

async fn ready(ask: Ask) -> Answer {
    let found = crate::ready::look(&ask.services).await;
    let well = found.store.is_none() && found.crm.is_none();
    let reply = Reply::of(json!({
        "status": if well { "ok" } else { "not ready" },
        "database": found.store.unwrap_or("ok"),
        "crm": found.crm.unwrap_or("ok"),
    }));
    Ok(if well { reply } else { reply.with_status(StatusCode::SERVICE_UNAVAILABLE) })
}

async fn metrics(ask: Ask) -> Answer {
    let metrics = &ask.services.metrics;
    let backlog = ask.services.store.backlog().await?;
    for (name, value) in [
        ("syncline_pairings", backlog.pairings),
        ("syncline_pairings_enabled", backlog.enabled),
        ("syncline_pairings_stopped", backlog.stopped),
        ("syncline_links", backlog.links),
        ("syncline_backlog_observations", backlog.observations),
        ("syncline_backlog_looks", backlog.looks),
        ("syncline_backlog_intents", backlog.intents),
        ("syncline_quarantined", backlog.quarantined),
        ("syncline_held", backlog.held),
        ("syncline_brakes", backlog.brakes),
    ] {
        // A gauge is a float; numbers of rows are far below where a float would round.
        let value = u32::try_from(value).unwrap_or(u32::MAX);
        metrics.level(name, f64::from(value));
    }
    Ok(Reply::text(metrics.text()))
}

async fn openapi(_ask: Ask) -> Answer {
    static DESCRIPTION: LazyLock<Json> = LazyLock::new(super::openapi);
    Ok(Reply::of(DESCRIPTION.clone()))
}
