//! What a server is made of: the store, the CRM, the engine, the clock and the dice, opened once and shared.

use crate::clock::{MachineClock, MachineDice, bytes, now_of};
use crate::config::Config;
use crate::metrics::Metrics;
use crate::ready::Readiness;
use crate::remotes::ServerRemotes;
use crate::tries::Tries;
use crate::wake::Wake;
use ::crm::{Crm, Place};
use anyhow::Context;
use engine::port::{Clock, Dice, Remotes};
use engine::{Engine, EngineParts};
use model::CrmId;
use std::sync::Arc;
use store::secrets::SecretKey;
use store::{Store, StoreOptions};

/// Everything a request, a command or the worker works with. A clone is cheap and stands for the same.
#[derive(Clone)]
pub struct Services {
    /// What is remembered.
    pub store: Store,
    /// The built-in CRM.
    pub crm: Crm,
    /// The CRM's name, as pairings carry it.
    pub crm_id: CrmId,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The dice.
    pub dice: Arc<dyn Dice>,
    /// What envelopes stored secrets.
    pub key: Arc<SecretKey>,
    /// The servers that mailboxes live on.
    pub servers: Arc<ServerRemotes>,
    /// What opens both sides of a pairing.
    pub remotes: Arc<dyn Remotes>,
    /// What runs cycles.
    pub engine: Arc<Engine>,
    /// What monitoring reads.
    pub metrics: Metrics,
    /// Hints from the API to the worker.
    pub wake: Wake,
    /// Passwords that were tried.
    pub(crate) tries: Arc<Tries>,
    /// How both databases were a moment ago.
    pub(crate) ready: Arc<Readiness>,
    /// This node's name, made anew at each start.
    pub node: String,
}

impl Services {
    /// Opens what a configuration names. An empty database gets its tables; one of an older version is refused with the
    /// command that brings it up.
    ///
    /// # Errors
    /// A database or the key file cannot be used, in words.
    pub async fn open(config: &Config) -> anyhow::Result<Services> {
        Services::open_with(config, Arc::new(MachineClock), Arc::new(MachineDice)).await
    }

    /// The same with a clock and dice given.
    ///
    /// # Errors
    /// A database or the key file cannot be used, in words.
    pub async fn open_with(config: &Config, clock: Arc<dyn Clock>, dice: Arc<dyn Dice>) -> anyhow::Result<Services> {
        let key = SecretKey::read(&config.key_file)?;
        let of_store = || named("the database", &config.database);
        let store = Store::open(StoreOptions { url: config.database.clone(), clock: now_of(&clock) })
            .await
            .with_context(of_store)?;
        if store.schema_version().await.with_context(of_store)? == 0 {
            store.migrate().await.with_context(of_store)?;
        } else {
            store.check_schema().await.with_context(of_store)?;
        }
        let of_crm = || named("the CRM's database", &config.crm);
        let place = Place::parse(&config.crm).with_context(of_crm)?;
        let crm = Crm::open(&place, clock.now()).await.with_context(of_crm)?;
        Ok(Services::of(store, crm, CrmId::new(config.crm_name.clone()), clock, dice, key))
    }

    /// Puts together what was opened elsewhere.
    #[must_use]
    pub fn of(
        store: Store,
        crm: Crm,
        crm_id: CrmId,
        clock: Arc<dyn Clock>,
        dice: Arc<dyn Dice>,
        key: SecretKey,
    ) -> Services {
        let key = Arc::new(key);
        let wake = Wake::default();
        let servers = Arc::new(ServerRemotes::new(
            store.clone(),
            crm.clone(),
            crm_id.clone(),
            Arc::clone(&clock),
            Arc::clone(&dice),
            Arc::clone(&key),
        ));
        let remotes: Arc<dyn Remotes> = servers.clone();
        let node = dice.id();
        let engine = engine_of(&store, &remotes, &clock, &dice, &node, &key);
        let metrics = Metrics::default();
        let tries = Arc::new(Tries::default());
        let ready = Arc::new(Readiness::default());
        Services { store, crm, crm_id, clock, dice, key, servers, remotes, engine, metrics, wake, tries, ready, node }
    }

    /// The same with other remotes: whoever wraps them sees and may change what passes.
    #[must_use]
    pub fn with_remotes(self, wrap: impl FnOnce(Arc<dyn Remotes>) -> Arc<dyn Remotes>) -> Services {
        let remotes = wrap(self.remotes);
        let engine = engine_of(&self.store, &remotes, &self.clock, &self.dice, &self.node, &self.key);
        Services { remotes, engine, ..self }
    }

    /// Random bytes from the dice.
    #[must_use]
    pub fn random<const N: usize>(&self) -> [u8; N] {
        bytes(&*self.dice)
    }
}

fn engine_of(
    store: &Store,
    remotes: &Arc<dyn Remotes>,
    clock: &Arc<dyn Clock>,
    dice: &Arc<dyn Dice>,
    node: &str,
    key: &SecretKey,
) -> Arc<Engine> {
    Arc::new(Engine::new(EngineParts {
        store: store.clone(),
        remotes: Arc::clone(remotes),
        clock: Arc::clone(clock),
        dice: Arc::clone(dice),
        node: node.to_owned(),
        hash_key: key.derive("match keys"),
    }))
}

/// What a complaint about a database names: its file; of a server nothing, for its address holds a password.
fn named(what: &str, url: &str) -> String {
    match url.strip_prefix("sqlite:") {
        Some(file) => format!("{what} in {file}"),
        None => what.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_database_that_cannot_be_opened_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        SecretKey::create_file(&folder.path().join("k"), [7; 32]).unwrap();
        std::fs::create_dir(folder.path().join("folder")).unwrap();
        for (store, crm, told) in [("folder", "c.db", "the database in "), ("s.db", "folder", "the CRM's database in ")]
        {
            let text = format!(
                "key_file = \"{}\"\n[database]\nurl = \"sqlite:{}\"\n[crm]\nurl = \"sqlite:{}\"\n",
                at("k"),
                at(store),
                at(crm)
            );
            let config = Config::parse(&text, &folder.path().join("syncline.toml")).unwrap();
            let Err(error) = Services::open(&config).await else { panic!("a folder is no database") };
            let told = format!("{told}{}: ", at("folder"));
            assert!(format!("{error:#}").contains(&told), "{error:#}");
        }
        assert_eq!(named("the database", "postgres://a:secret@db/s"), "the database");
    }
}
