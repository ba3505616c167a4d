//! A server under load: so many calls at once and no more, and each over by its deadline.

use crate::world::{ANNA, World, create_of, fields, folder, maps, seen_raw, transport};
use async_trait::async_trait;
use connect::ews::{EwsConnection, EwsSettings, Gate};
use connect::http::{Answer, InProcess, Lost, Request, Transport};
use connect::sign_in::SignIn;
use emulator::{Emulator, FaultAction};
use engine::port::{Remote, Trouble, Wanted};
use futures::future::join_all;
use model::{Domain, Field, Kind, RecordId, Value};
use secrecy::SecretString;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use wire::ews::{DistinguishedFolder, Item, ItemKind};

const URL: &str = "http://127.0.0.1/EWS/Exchange.asmx";

/// Counts the calls under way; one that is to be silent is never answered.
struct Counting {
    server: InProcess,
    silent: bool,
    sent: AtomicUsize,
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Counting {
    fn before(emulator: &Emulator, silent: bool) -> Arc<Self> {
        let [sent, now, most] = [0; 3].map(AtomicUsize::new);
        Arc::new(Self { server: transport(emulator), silent, sent, now, most })
    }
}

#[async_trait]
impl Transport for Counting {
    async fn call(&self, request: &Request) -> Result<Answer, Lost> {
        self.sent.fetch_add(1, Ordering::SeqCst);
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        if self.silent {
            std::future::pending::<()>().await;
        }
        // Whoever else may go, goes.
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        let answer = self.server.call(request).await;
        self.now.fetch_sub(1, Ordering::SeqCst);
        answer
    }
}

fn connection(transport: &Arc<Counting>, gate: &Arc<Gate>, deadline_ms: u64) -> Arc<EwsConnection> {
    let settings = EwsSettings { impersonate: true, deadline_ms, gate: gate.clone(), ..EwsSettings::new(URL) };
    let account = Arc::new(SignIn::basic("svc@crm.test", SecretString::from("secret")));
    EwsConnection::new(transport.clone(), account, settings)
}

// trap 169
#[tokio::test]
async fn a_mailbox_and_a_server_are_asked_so_much_at_once_and_no_more() {
    let world = World::new();
    let id = RecordId::new(world.makes(DistinguishedFolder::Contacts, Item::new(ItemKind::Contact)).await.id);
    let gate = Arc::new(Gate::new(6, 4));
    let counting = Counting::before(&world.emulator, false);
    let connection = connection(&counting, &gate, 55_000);
    let remotes: Vec<_> = (0..20).map(|_| connection.open(ANNA, maps())).collect();
    let looks = join_all(remotes.iter().map(|remote| seen_raw(remote, Kind::Contact, &id))).await;
    assert!(looks.iter().all(Result::is_ok), "{looks:?}");
    assert_eq!(counting.most.load(Ordering::SeqCst), 4, "one mailbox");
    let bob = connection.open("bob@crm.test", maps());
    let of_bob = async { join_all((0..20).map(|_| seen_raw(&bob, Kind::Contact, &id))).await };
    let of_anna = join_all(remotes.iter().map(|remote| seen_raw(remote, Kind::Contact, &id)));
    tokio::join!(of_bob, of_anna);
    assert_eq!(counting.most.load(Ordering::SeqCst), 6, "the server");
}

// trap 166
#[tokio::test]
async fn a_mailbox_that_is_told_to_wait_is_asked_one_by_one() {
    let world = World::new();
    let id = RecordId::new(world.makes(DistinguishedFolder::Contacts, Item::new(ItemKind::Contact)).await.id);
    let counting = Counting::before(&world.emulator, false);
    let connection = connection(&counting, &Arc::new(Gate::new(16, 4)), 55_000);
    let remote = connection.open(ANNA, maps());
    folder(&remote, Kind::Contact).await;
    world.trouble("GetItem", vec![FaultAction::Busy { back_off_ms: 0 }; 2]);
    for _ in 0..2 {
        assert!(matches!(seen_raw(&remote, Kind::Contact, &id).await, Err(Trouble::Busy { .. })));
    }
    counting.most.store(0, Ordering::SeqCst);
    let looks = join_all((0..10).map(|_| seen_raw(&remote, Kind::Contact, &id))).await;
    assert!(looks.iter().all(Result::is_ok), "{looks:?}");
    assert_eq!(counting.most.load(Ordering::SeqCst), 1);
}

// trap 43
#[tokio::test]
async fn a_call_is_over_by_its_deadline_and_one_without_a_turn_is_not_sent() {
    let world = World::new();
    let gate = Arc::new(Gate::new(1, 1));
    let counting = Counting::before(&world.emulator, true);
    let id = RecordId::new("AAMk".to_owned());
    let name = fields([(Field::FirstName, Value::text("Ann")), (Field::LastName, Value::text("Smith"))]);
    let write = create_of(Domain::PersonalContact, name, "k");
    let patient = connection(&counting, &gate, 60_000).open(ANNA, maps());
    let hasty = connection(&counting, &gate, 20).open(ANNA, maps());
    assert!(matches!(seen_raw(&hasty, Kind::Contact, &id).await, Err(Trouble::Broken { .. })));
    assert_eq!(counting.sent.load(Ordering::SeqCst), 1);
    let waits = seen_raw(&patient, Kind::Contact, &id);
    tokio::pin!(waits);
    tokio::select! {
        biased;
        _ = &mut waits => panic!("nobody answers"),
        refused = hasty.write(&write) => assert!(matches!(refused, Err(Trouble::Busy { .. })), "{refused:?}"),
    }
    assert_eq!(counting.sent.load(Ordering::SeqCst), 2, "only the patient one's was sent");
}

// trap 170
#[tokio::test]
async fn a_page_of_items_is_a_mailboxs_whole_share() {
    let world = World::new();
    let id = RecordId::new(world.makes(DistinguishedFolder::Contacts, Item::new(ItemKind::Contact)).await.id);
    let counting = Counting::before(&world.emulator, false);
    let connection = connection(&counting, &Arc::new(Gate::new(6, 4)), 55_000);
    let remotes: Vec<_> = (0..6).map(|_| connection.open(ANNA, maps())).collect();
    for remote in &remotes {
        assert!(seen_raw(remote, Kind::Contact, &id).await.is_ok());
    }
    counting.most.store(0, Ordering::SeqCst);
    let page: Vec<Wanted> = (0..40).map(|_| Wanted::by_id(id.clone())).collect();
    let read = join_all(remotes.iter().map(|remote| remote.get(Kind::Contact, &page))).await;
    assert!(read.iter().all(Result::is_ok), "{read:?}");
    assert_eq!(counting.most.load(Ordering::SeqCst), 1, "one page at a time");
}
