//! Opening a port for an emulator: plain http, or TLS when certificate and key are given.

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::signing::Connection;

/// Connections open at the same time; further ones wait.
const MAX_CONNECTIONS: usize = 512;
/// How long a client may take to send the head of a request.
const HEAD_PATIENCE: Duration = Duration::from_secs(60);

/// Where certificate and key stand, both in PEM form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate chain.
    pub cert: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// Why a server cannot begin to listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenFault {
    /// The port cannot be opened.
    #[error("the address cannot be listened on: {0}")]
    Bind(std::io::Error),
    /// The certificate or key cannot be read.
    #[error("the certificate or key cannot be read: {0}")]
    Files(rustls_pki_types::pem::Error),
    /// Certificate and key do not fit.
    #[error("the certificate and key cannot be used: {0}")]
    Tls(rustls::Error),
}

/// Opens a port; port 0 takes a free one, which the returned address tells.
///
/// # Errors
/// [`ListenFault::Bind`].
pub async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ListenFault> {
    let listener = TcpListener::bind(address).await.map_err(ListenFault::Bind)?;
    let bound = listener.local_addr().map_err(ListenFault::Bind)?;
    Ok((listener, bound))
}

/// Serves until `shutdown` is done; open connections are then closed.
///
/// # Errors
/// [`ListenFault`] when the TLS files cannot be used; once it serves, it ends only by `shutdown`.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    tls: Option<TlsFiles>,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), ListenFault> {
    let (acceptor, certificate) = match tls {
        Some(files) => {
            let (acceptor, certificate) = acceptor(&files)?;
            (Some(acceptor), certificate)
        }
        None => (None, None),
    };
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut open = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        let Ok(permit) = room.clone().acquire_owned().await else {
            return Ok(());
        };
        tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => {
                // A connection that fails while it is taken concerns its client only.
                if let Ok((stream, _)) = accepted {
                    // What a connection is, its requests know: Windows sign-ins belong to it.
                    let own = Connection::new(certificate.as_deref());
                    let router = router.clone().layer(axum::Extension(own));
                    open.spawn(connection(stream, acceptor.clone(), router, permit));
                }
            }
        }
        while open.try_join_next().is_some() {}
    }
    open.shutdown().await;
    Ok(())
}

fn acceptor(files: &TlsFiles) -> Result<(TlsAcceptor, Option<Vec<u8>>), ListenFault> {
    let chain = CertificateDer::pem_file_iter(&files.cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(ListenFault::Files)?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(ListenFault::Files)?;
    let certificate = chain.first().map(|certificate: &CertificateDer<'_>| certificate.to_vec());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(ListenFault::Tls)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(ListenFault::Tls)?;
    Ok((TlsAcceptor::from(Arc::new(config)), certificate))
}

async fn connection(stream: TcpStream, acceptor: Option<TlsAcceptor>, router: Router, permit: OwnedSemaphorePermit) {
    match acceptor {
        None => spoken(stream, router).await,
        Some(acceptor) => {
            let patience = tokio::time::timeout(HEAD_PATIENCE, acceptor.accept(stream));
            if let Ok(Ok(stream)) = patience.await {
                spoken(stream, router).await;
            }
        }
    }
    drop(permit);
}

async fn spoken<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(stream: S, router: Router) {
    let service = TowerToHyperService::new(router);
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_PATIENCE)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(broken = error.is_incomplete_message(), "a connection ended");
    }
}
