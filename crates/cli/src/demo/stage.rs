//! The demonstration's stage: the store and CRM in a folder, the API and two emulated Exchange servers on loopback, all in
//! one process.

use super::crm_api::CrmApi;
use super::organisation::{Organisation, USERS};
use super::outlook::Outlook;
use super::sample::Sample;
use super::seed::{self, Ids};
use super::track::User;
use super::wire_tap::WireTap;
use anyhow::{Context, Result};
use connect::http::Network;
use emulator::{Emulator, EmulatorOptions, MailboxSpec, Site};
use engine::port::{Clock, Remotes};
use model::settings::{GroupRule, UserSettings};
use model::{Domain, PairingId};
use secrecy::{ExposeSecret, SecretString};
use server::clock::{MachineClock, bytes};
use server::config::Config;
use server::ops::{self, connection::ConnectionDraft, user::MapUser};
use server::services::Services;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::secrets::SecretKey;
use tokio::sync::watch;

/// The account the sync signs in with at both servers.
pub const SERVICE: &str = "svc@crm.test";
/// The names of the two connections.
pub const CONNECTIONS: [&str; 2] = ["exchange-a", "exchange-b"];
const SOURCE: &str = "demonstration";

/// Everything that stands and runs.
pub struct Stage {
    /// The product.
    pub services: Services,
    /// Where its configuration stands.
    pub config: PathBuf,
    /// The two servers.
    pub emulators: [Emulator; 2],
    /// Where they answer.
    pub ews: [String; 2],
    /// What the sync writes there.
    pub tap: WireTap,
    /// The API.
    pub api: CrmApi,
    /// Where it answers.
    pub api_url: String,
    /// The CRM's ids of the organisation.
    pub ids: Ids,
    /// Each user's mail program.
    pub outlooks: Vec<Outlook>,
    /// Each user's pairing.
    pub pairings: Vec<PairingId>,
    /// What every mailbox signs in with.
    pub password: String,
    network: Arc<Network>,
    stop: watch::Sender<bool>,
    running: Vec<tokio::task::JoinHandle<()>>,
}

impl Stage {
    /// Sets the stage up in a folder; the sample is put in place, nothing is synchronised yet.
    pub async fn set(
        folder: &Path,
        seed: u64,
        sample: &mut Sample,
        wrap: impl FnOnce(Arc<dyn Remotes>) -> Arc<dyn Remotes>,
        told: &dyn Fn(&str),
    ) -> Result<Stage> {
        let (stop, _) = watch::channel(false);
        let mut running = Vec::new();
        let config = write_config(folder).await?;
        let services = Services::open(&Config::read(&config)?).await?.with_remotes(wrap);
        let password = hex(&bytes::<12>(&*services.dice));
        let (emulators, ews) = servers(seed, sample, &password, &stop, &mut running).await?;
        let tap = WireTap::default();
        for emulator in &emulators {
            tap.listen(emulator, SERVICE);
        }
        let listener = server::listen::Listener::open(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let api_url = format!("http://{}", listener.address()?);
        let router = server::api::router(services.clone());
        let ended = ended(&stop);
        running.push(tokio::spawn(async move {
            // Ends with the stage; whoever asks later gets no connection and says so.
            let _ = listener.serve(router, ended).await;
        }));
        let network = Arc::new(Network::new(None)?);
        let api = CrmApi::new(Arc::clone(&network), &api_url);
        let admin = administrator(&services).await?;
        told("the organisation");
        let ids = seed::organisation(&api, &admin, &sample.organisation).await?;
        let mut stage = Stage {
            services,
            config,
            emulators,
            ews,
            tap,
            api,
            api_url,
            ids,
            outlooks: Vec::new(),
            pairings: Vec::new(),
            password,
            network,
            stop,
            running,
        };
        stage.outlooks = (0..USERS)
            .map(|user| {
                let server = sample.organisation.people[user].server;
                stage.outlook(&sample.organisation, user, server)
            })
            .collect();
        told("the CRM's records");
        seed::records(&stage.api, &sample.organisation, &stage.ids, &mut sample.tracks).await?;
        told("the mailboxes");
        seed::mailboxes(&stage.outlooks, &sample.organisation, &sample.tracks).await?;
        told("levels, rules and users");
        stage.administer(&sample.organisation).await?;
        Ok(stage)
    }

    /// A user's mail program at one of the servers.
    pub fn outlook(&self, organisation: &Organisation, user: User, server: usize) -> Outlook {
        Outlook::new(Arc::clone(&self.network), &self.ews[server], organisation.address(user), &self.password)
    }

    /// What an administrator does: connections, levels, group rules, maps, users.
    async fn administer(&mut self, organisation: &Organisation) -> Result<()> {
        let services = &self.services;
        for (name, url) in CONNECTIONS.iter().zip(&self.ews) {
            let draft = ConnectionDraft {
                url: Some(url.clone()),
                user: Some(SERVICE.to_owned()),
                password: Some(SecretString::from(self.password.clone())),
                impersonate: Some(true),
                ..ConnectionDraft::default()
            };
            ops::connection::add(services, name, draft).await?;
        }
        for domain in Domain::ALL {
            let rules: Vec<GroupRule> = organisation
                .group_rules
                .iter()
                .filter(|rule| rule.domain == domain)
                .map(|rule| GroupRule {
                    group: rule.kind.clone(),
                    id: self.group_id(&rule.kind, rule.group),
                    and_below: rule.below,
                    level: rule.level,
                })
                .collect();
            ops::group_rule::set(services, domain, rules).await?;
        }
        let mut map = ops::map::get(services, Domain::BusinessContact).await?;
        for entry in &mut map.entries {
            entry.required = entry.field == model::Field::LastName;
        }
        ops::map::set(services, map).await?;
        for user in 0..USERS {
            let person = &organisation.people[user];
            let levels = organisation
                .own_levels
                .iter()
                .filter(|(of, _, _)| *of == user)
                .map(|(_, domain, level)| (domain.as_str().to_owned(), level.as_str().to_owned()))
                .collect::<BTreeMap<_, _>>();
            let request = MapUser {
                user: person.login.clone(),
                connection: CONNECTIONS[person.server].to_owned(),
                address: organisation.address(user).to_owned(),
                enabled: true,
                levels,
                settings: UserSettings::default(),
            };
            let pairing = ops::user::map(services, request).await?;
            self.pairings.push(pairing.id);
        }
        Ok(())
    }

    fn group_id(&self, kind: &model::settings::GroupKind, at: usize) -> String {
        use model::settings::GroupKind as G;
        match kind {
            G::Organization => self.ids.organizations[at].clone(),
            G::Position => self.ids.positions[at].clone(),
            G::UserList => self.ids.lists[at].clone(),
        }
    }

    /// Stops what runs.
    pub async fn strike(self) {
        // The receivers end with their tasks; one that is gone already has nothing to stop.
        let _ = self.stop.send(true);
        for task in self.running {
            let _ = task.await;
        }
        self.services.store.close().await;
        self.services.crm.close().await;
    }
}

/// Ends when the stage is struck.
fn ended(stop: &watch::Sender<bool>) -> impl Future<Output = ()> + Send + 'static {
    let mut stopped = stop.subscribe();
    async move {
        // The sender's end is an end as well.
        let _ = stopped.wait_for(|stop| *stop).await;
    }
}

async fn write_config(folder: &Path) -> Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let key = folder.join("syncline.key");
    if !key.exists() {
        SecretKey::create_file(&key, bytes(&server::clock::MachineDice))?;
    }
    let config = folder.join("syncline.toml");
    let (listen, store) = (free_address().await?, super::STORE);
    std::fs::write(
        &config,
        format!(
            "listen = \"{listen}\"\nkey_file = \"syncline.key\"\n[database]\nurl = \"sqlite:{store}\"\n[crm]\nurl = \"sqlite:crm.db\"\n"
        ),
    )?;
    Ok(config)
}

/// A loopback address nobody listens on now.
async fn free_address() -> Result<SocketAddr> {
    let listener = server::listen::Listener::open(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    listener.address()
}

async fn servers(
    seed: u64,
    sample: &Sample,
    password: &str,
    stop: &watch::Sender<bool>,
    running: &mut Vec<tokio::task::JoinHandle<()>>,
) -> Result<([Emulator; 2], [String; 2])> {
    let site = Site::new(seed);
    let clock: emulator::Clock = Arc::new(|| MachineClock.now());
    let emulators =
        [0, 1].map(|server| Emulator::new(EmulatorOptions::new(seed + server, Arc::clone(&clock)).in_site(&site)));
    for emulator in &emulators {
        emulator.add_service_account(SERVICE, password);
    }
    for person in sample.organisation.people.iter().take(USERS) {
        let mut spec = MailboxSpec::user(&person.addresses[0], &person.name, password);
        spec.proxies = person.addresses[1..].to_vec();
        emulators[person.server].add_mailbox(spec)?;
    }
    let mut urls = Vec::new();
    for emulator in &emulators {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let (listener, address) = emulator::listen::bind(any).await?;
        urls.push(format!("http://{address}/EWS/Exchange.asmx"));
        let (router, ended) = (emulator.router(), ended(stop));
        running.push(tokio::spawn(async move {
            // Ends with the stage; a request that comes later finds nobody.
            let _ = emulator::listen::serve(listener, router, None, ended).await;
        }));
    }
    let urls: [String; 2] = urls.try_into().ok().context("there are two servers")?;
    Ok((emulators, urls))
}

/// The CRM's first administrator, and a token for him.
async fn administrator(services: &Services) -> Result<String> {
    let actor = ops::operator(SOURCE);
    let draft = crm::EmployeeDraft {
        login: Some("administrator".to_owned()),
        admin: true,
        addresses: vec!["administrator@crm.test".to_owned()],
        fields: super::track::face([(model::Field::LastName, model::Value::text("Administrator"))]),
        ..crm::EmployeeDraft::default()
    };
    services.crm.create_employee(&actor, &draft, services.clock.now()).await?;
    let made = ops::token::make(services, &actor, "administrator", SOURCE, None).await?;
    Ok(made.text.expose_secret().to_owned())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
