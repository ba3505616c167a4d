//! The one contract of every side, kept by the sides of the product: the built-in CRM, and Exchange spoken to in bytes.

use crate::database::{Databases, on_both};
use crate::outlook::transport;
use crate::world::{PASSWORD, SERVICE};
use async_trait::async_trait;
use connect::crm::CrmRemote;
use connect::ews::{EwsConnection, EwsSettings};
use connect::sign_in::SignIn;
use crm::{Actor, Crm, EmployeeDraft, EmployeeId};
use emulator::{Emulator, EmulatorOptions, MailboxSpec, Quirk};
use engine::port::{Clock, Maps, Remote};
use jiff::Timestamp;
use model::maps_ews::default_map;
use model::{Domain, Field, Path, UserId, Value};
use secrecy::SecretString;
use sim::contract::{Room, faults};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

on_both!(the_built_in_crm_keeps_the_contract);

const ADDRESS: &str = "anna@crm.test";

struct Real {
    remote: Box<dyn Remote>,
    keys: AtomicU32,
}

impl Real {
    fn of(remote: impl Remote + 'static) -> Real {
        Real { remote: Box::new(remote), keys: AtomicU32::new(0) }
    }
}

impl Room for Real {
    fn remote(&self) -> &dyn Remote {
        self.remote.as_ref()
    }

    fn fresh(&self) -> String {
        format!("1-0~k{}", self.keys.fetch_add(1, Ordering::Relaxed))
    }
}

/// A clock that moves a second with every look at it.
struct Ticking(AtomicI64);

impl Ticking {
    fn new() -> Arc<Ticking> {
        Arc::new(Ticking(AtomicI64::new(1_790_000_000)))
    }
}

#[async_trait]
impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.fetch_add(1, Ordering::Relaxed)).expect("within the calendar")
    }

    async fn sleep_ms(&self, _ms: u64) {}
}

fn maps() -> Arc<Maps> {
    Arc::new(Domain::ALL.into_iter().map(|domain| (domain, default_map(domain))).collect())
}

async fn the_built_in_crm_keeps_the_contract() {
    let databases = Databases::fresh().await;
    let clock = Ticking::new();
    let crm = Crm::open(&databases.crm, clock.now()).await.expect("a CRM");
    let admin = Actor::administrator(EmployeeId::new("operator"), "test");
    let draft = EmployeeDraft {
        login: Some("anna".to_owned()),
        addresses: vec![ADDRESS.to_owned()],
        fields: [(Path::of(Field::LastName), Value::text("Adler"))].into(),
        ..EmployeeDraft::default()
    };
    let anna = crm.create_employee(&admin, &draft, clock.now()).await.expect("hired").id;
    let remote = CrmRemote::new(crm.clone(), UserId::new(anna.as_str()), clock).with_maps(maps());
    assert_eq!(faults(&Real::of(remote)).await, Vec::<String>::new());
}

/// A mailbox on a server with these habits.
fn mailbox(quirks: &[Quirk]) -> Real {
    let clock = Ticking::new();
    let server = Emulator::new(EmulatorOptions::new(7, Arc::new(move || clock.now())));
    server.add_mailbox(MailboxSpec::user(ADDRESS, "Anna Adler", PASSWORD)).expect("a new address");
    server.add_service_account(SERVICE, PASSWORD);
    for quirk in quirks {
        server.set_quirk(*quirk, true);
    }
    let settings =
        EwsSettings { impersonate: true, ..EwsSettings::new("http://127.0.0.1/EWS/Exchange.asmx".to_owned()) };
    let account = Arc::new(SignIn::basic(SERVICE, SecretString::from(PASSWORD)));
    let connection = EwsConnection::new(Arc::new(transport(&server)), account, settings);
    Real::of(connection.open(ADDRESS, maps()))
}

/// Habits of a server that cost a client nothing who keeps the contract.
const HARMLESS: &[Quirk] = &[
    Quirk::IllegalCharacters,
    Quirk::MovesChangeKeyAfterWrite,
    Quirk::KeepsOrganizer,
    Quirk::NormalisesPhone,
    Quirk::CutsText,
    Quirk::CustomizedZoneNames,
    Quirk::NoCleanGlobalObjectId,
    Quirk::ContentTypeWithoutCharset,
    Quirk::SevenDigitFractions,
    Quirk::UnknownElements,
    Quirk::ReadFlagChanges,
    Quirk::SentinelDates,
    Quirk::ExAddresses,
];

#[tokio::test]
async fn exchange_keeps_the_contract() {
    assert_eq!(faults(&mailbox(&[])).await, Vec::<String>::new());
}

#[tokio::test]
async fn exchange_keeps_the_contract_with_each_of_its_habits_and_with_all() {
    for quirk in HARMLESS {
        assert_eq!(faults(&mailbox(&[*quirk])).await, Vec::<String>::new(), "{quirk:?}");
    }
    assert_eq!(faults(&mailbox(HARMLESS)).await, Vec::<String>::new(), "all");
}

// trap 145, 167: what a server keeps back is noticed by the suite, which can therefore fail.
#[tokio::test]
async fn a_server_that_keeps_records_back_does_not_keep_the_contract() {
    for quirk in [Quirk::EmptyListing, Quirk::StateRefused, Quirk::ServerBusy] {
        assert_ne!(faults(&mailbox(&[quirk])).await, Vec::<String>::new(), "{quirk:?}");
    }
}
