//! The one place that opens a listener: the API is served here until the server is asked to stop.

use axum::Router;
use std::future::Future;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// An open address.
#[derive(Debug)]
pub struct Listener(TcpListener);

impl Listener {
    /// Opens the address; port 0 takes a free one.
    ///
    /// # Errors
    /// The address is taken or not ours, with the address in the text.
    pub async fn open(address: SocketAddr) -> anyhow::Result<Listener> {
        TcpListener::bind(address)
            .await
            .map(Listener)
            .map_err(|why| anyhow::anyhow!("cannot listen on {address}: {why}"))
    }

    /// The address that was opened, with its port.
    ///
    /// # Errors
    /// Only the operating system's.
    pub fn address(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.0.local_addr()?)
    }

    /// Serves until `stop` ends; requests under way are finished.
    ///
    /// # Errors
    /// Only the listener's.
    pub async fn serve(self, router: Router, stop: impl Future<Output = ()> + Send + 'static) -> anyhow::Result<()> {
        axum::serve(self.0, router).with_graceful_shutdown(stop).await?;
        Ok(())
    }
}
