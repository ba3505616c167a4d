//! What stands between a client and a server: it cuts connections, goes silent on them, and closes them where it likes.

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use emulator::Emulator;
use emulator::listen::{bind, serve};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What happens to the connections that are open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Open,
    Cut,
    Silent,
}

/// A way to a server, connection by connection.
pub struct Between {
    pub url: String,
    way: watch::Sender<Way>,
    pub lines: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Between {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Between {
    /// A way to the server at this address (`http://host:port`).
    pub async fn to(behind: &str) -> Self {
        let behind = behind.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (way, seen) = watch::channel(Way::Open);
        let lines = Arc::new(AtomicUsize::new(0));
        let count = lines.clone();
        let task = tokio::spawn(async move {
            while let Ok((front, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                let (behind, mut seen) = (TcpStream::connect(&behind).await.expect("served"), seen.clone());
                seen.mark_unchanged();
                tokio::spawn(carried(front, behind, seen));
            }
        });
        Self { url, way, lines, task }
    }

    /// Ends every connection that is open; new ones are made as before.
    pub fn cut(&self) {
        self.way.send_replace(Way::Cut);
    }

    /// Lets nothing through any more on every connection that is open, and says nothing of it.
    pub fn silence(&self) {
        self.way.send_replace(Way::Silent);
    }

    pub fn lines(&self) -> usize {
        self.lines.swap(0, Ordering::Relaxed)
    }
}

async fn carried(mut front: TcpStream, mut behind: TcpStream, mut seen: watch::Receiver<Way>) {
    tokio::select! {
        // Ended by either side.
        _ = tokio::io::copy_bidirectional(&mut front, &mut behind) => {}
        changed = seen.changed() => {
            let way = *seen.borrow();
            if changed.is_ok() && way == Way::Silent {
                // Kept open for as long as the way is there.
                while seen.changed().await.is_ok() {}
            }
        }
    }
    // It was closed by the other side already, or is now.
    let _ = front.shutdown().await;
}

/// The server's own answers, changed on their way by a layer of its router; the address of the way.
pub async fn layered<F, A>(emulator: &Emulator, change: F) -> String
where
    F: Fn(Request, Next) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Response> + Send + 'static,
{
    let (listener, address) = bind("127.0.0.1:0".parse().expect("an address")).await.expect("a port");
    let router = emulator.router().layer(from_fn(change));
    tokio::spawn(serve(listener, router, None, std::future::pending()));
    format!("http://{address}")
}

/// Whether an answer is the server's part of a Windows sign-in.
pub fn is_challenge(answer: &Response) -> bool {
    let told = answer.headers().get_all("www-authenticate").iter();
    let told: Vec<&str> = told.filter_map(|value| value.to_str().ok()).collect();
    answer.status() == StatusCode::UNAUTHORIZED && told.iter().any(|value| value.contains("TlRMTVNTUA"))
}

/// The same answer, after which the server closes the connection.
pub fn closing(mut answer: Response) -> Response {
    answer.headers_mut().insert("connection", HeaderValue::from_static("close"));
    answer
}
