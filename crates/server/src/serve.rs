//! `serve`: the API and the worker together, until told to stop.

use crate::api;
use crate::config::Config;
use crate::listen::Listener;
use crate::services::Services;
use crate::worker;
use std::future::Future;
use tokio::sync::watch;

/// Serves what a configuration names until `shutdown` ends. A second `serve` on one SQLite file is refused.
///
/// # Errors
/// Something cannot be opened, or another `serve` works on this database; in words.
pub async fn serve(config: Config, shutdown: impl Future<Output = ()> + Send + 'static) -> anyhow::Result<()> {
    let services = Services::open(&config).await?;
    let listener = Listener::open(config.listen).await?;
    serve_with(services, listener, shutdown).await
}

/// Serves services that were opened elsewhere on a listener that is open.
///
/// # Errors
/// Another `serve` works on this database, or the listener failed.
pub async fn serve_with(
    services: Services,
    listener: Listener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let claim = services.store.claim_serve(&services.node).await?;
    let (stop, stopped) = watch::channel(false);
    let worker = tokio::spawn(worker::run(services.clone(), stopped));
    tracing::info!(address = %listener.address()?, node = services.node, "serving");
    let served = listener.serve(api::router(services), shutdown).await;
    // The worker may have ended by itself; then nobody listens any more.
    stop.send_replace(true);
    worker.await?;
    drop(claim);
    served
}
