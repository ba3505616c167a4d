//! How the other nodes on PostgreSQL know that a node lives: while it takes leases it keeps a session with a lock in its name.

use super::{WAIT, unavailable};
use crate::error::Result;
use sqlx::PgPool;
use sqlx::pool::PoolOptions;
use sqlx::postgres::PgPoolOptions;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

const LOCK: &str = "SELECT pg_advisory_lock_shared(hashtextextended('syncline node ' || $1, 0))";

/// A session per holder of leases in this process; PostgreSQL ends it, and its lock, when the process dies.
#[derive(Clone, Default)]
pub(super) struct Presence(Arc<Mutex<BTreeMap<String, PgPool>>>);

impl Presence {
    /// Sees to it that the holder's lock is held now; a session that broke is opened anew.
    pub(super) async fn show(&self, database: &PgPool, holder: &str) -> Result<()> {
        let session = self.session(database, holder);
        // The connection is tried before it is handed out, and a new one takes the lock first.
        session.acquire().await.map(drop).map_err(unavailable)
    }

    fn session(&self, database: &PgPool, holder: &str) -> PgPool {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let open = || {
            let name = holder.to_owned();
            let options: PgPoolOptions = PoolOptions::new()
                .max_connections(1)
                .acquire_timeout(WAIT)
                .idle_timeout(None)
                .max_lifetime(None)
                .after_connect(move |connection, _| {
                    let name = name.clone();
                    Box::pin(async move { sqlx::query(LOCK).bind(name).execute(connection).await.map(drop) })
                });
            options.connect_lazy_with(database.connect_options().as_ref().clone())
        };
        sessions.entry(holder.to_owned()).or_insert_with(open).clone()
    }

    /// Ends every session.
    pub(super) async fn close(&self) {
        let sessions = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for session in sessions.into_values() {
            session.close().await;
        }
    }
}
