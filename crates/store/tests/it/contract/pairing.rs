//! Pairings: mapping, changing, unmapping, forgetting.

use crate::world::{World, crm, held, intent, line, link, minute, observation, on_every_engine, pairing, start, well};
use model::{Domain, Kind, LinkId, MailboxId, PairingId, Side, UserId};
use store::{
    Count, CountSum, Ended, Fault, HeldFilter, HistoryFilter, Late, Look, Opened, PairingChange, Seen, Settle,
    StoreError, Whose,
};

on_every_engine! {
    a_pairing_is_found_by_id_and_user_and_listed_in_pages,
    a_pairing_is_found_by_its_mailbox_and_by_its_address,
    a_taken_user_and_address_and_an_unknown_connection_are_told_at_once,
    a_pairing_is_changed_in_every_way,
    a_change_with_faults_changes_nothing,
    an_unmapped_user_keeps_his_links_and_gets_them_back,
    a_forgotten_user_leaves_nothing_and_others_keep_theirs,
    an_unmapped_user_stops_his_running_cycle,
    a_confirmation_given_during_a_cycle_outlives_its_end,
    a_cycle_end_never_overwrites_what_an_administrator_set,
    a_new_place_is_tried_at_once_whatever_the_old_one_made_wait_for,
}

async fn a_pairing_is_found_by_id_and_user_and_listed_in_pages(world: &World) {
    let store = &world.store;
    for name in ["b", "c", "a"] {
        assert_eq!(world.map(name).await.as_str(), name);
    }
    let found = store.pairing_of_user(&crm(), &UserId::new("user-b")).await.unwrap();
    assert_eq!(found, Some(pairing("b")));
    assert_eq!(store.pairing(&PairingId::new("c")).await.unwrap(), Some(pairing("c")));
    assert_eq!(store.pairing(&PairingId::new("C")).await.unwrap(), None);
    let first = store.pairings(None, 2).await.unwrap();
    assert_eq!(first, [pairing("a"), pairing("b")]);
    let rest = store.pairings(Some(&first[1].id), 2).await.unwrap();
    assert_eq!(rest, [pairing("c")]);
}

// L1
async fn a_pairing_is_found_by_its_mailbox_and_by_its_address(world: &World) {
    let store = &world.store;
    let (anna, lease) = world.mapped("anna").await;
    world.map("bob").await;
    let by_mailbox = async |id: &str| {
        let found = store.pairings_of_mailbox(&MailboxId::new(id)).await.unwrap();
        found.into_iter().map(|row| row.id.as_str().to_owned()).collect::<Vec<_>>()
    };
    let met = Some((MailboxId::new("met"), "root".to_owned()));
    store.end_cycle(&lease, &anna, &Ended { state: well(minute(0)), mailbox: met }).await.unwrap();
    assert_eq!(by_mailbox("met").await, ["anna"]);
    assert!(by_mailbox("MET").await.is_empty());
    let by_address =
        async |address: &str| store.pairing_of_address(address).await.unwrap().map(|row| row.id.as_str().to_owned());
    assert_eq!(by_address(" ANNA@crm.TEST").await.as_deref(), Some("anna"));
    assert_eq!(by_address("bob@crm.test").await.as_deref(), Some("bob"));
    assert_eq!(by_address("carl@crm.test").await, None);
}

// L1
async fn a_taken_user_and_address_and_an_unknown_connection_are_told_at_once(world: &World) {
    let store = &world.store;
    let anna = world.map("anna").await;
    let mut wrong = pairing("bob");
    wrong.user = UserId::new("user-anna");
    wrong.address = " ANNA@crm.TEST ".into();
    wrong.connection = "gone".into();
    let faults = vec![
        Fault::UserTaken(anna.clone()),
        Fault::AddressTaken(anna.clone()),
        Fault::ConnectionUnknown("gone".into()),
    ];
    assert_eq!(store.add_pairing(&wrong).await, Err(StoreError::Invalid(faults)));
    let twin = store::Pairing { user: UserId::new("other"), address: " ".into(), ..pairing("anna") };
    let faults = vec![Fault::AddressBlank, Fault::IdTaken(anna)];
    assert_eq!(store.add_pairing(&twin).await, Err(StoreError::Invalid(faults)));
    assert_eq!(store.pairings(None, 10).await.unwrap().len(), 1);
    // The same user name in another CRM is another user.
    let other = store::Pairing { crm: model::CrmId::new("other"), user: UserId::new("user-anna"), ..pairing("bob") };
    store.add_pairing(&other).await.unwrap();
}

async fn a_pairing_is_changed_in_every_way(world: &World) {
    let store = &world.store;
    let anna = world.map("anna").await;
    let settings = model::settings::UserSettings { language: Some("de".into()), ..Default::default() };
    let changes = [
        PairingChange::Enable(false),
        PairingChange::Settings(settings.clone()),
        PairingChange::Connection("branch".into()),
        PairingChange::Address("Anna.New@crm.test".into()),
    ];
    let changed = store.change_pairing(&anna, &changes).await.unwrap();
    let expected = store::Pairing {
        enabled: false,
        settings,
        connection: "branch".into(),
        address: "Anna.New@crm.test".into(),
        ..pairing("anna")
    };
    assert_eq!(changed, expected);
    assert_eq!(store.pairing(&anna).await.unwrap(), Some(expected));
    // The old address is free again, and her own is not in her way.
    store.change_pairing(&anna, &[PairingChange::Address("ANNA.new@crm.test".into())]).await.unwrap();
    let other = store::Pairing { user: UserId::new("u2"), id: PairingId::new("p2"), ..pairing("anna") };
    store.add_pairing(&other).await.unwrap();
}

async fn a_change_with_faults_changes_nothing(world: &World) {
    let store = &world.store;
    let (anna, bob) = (world.map("anna").await, world.map("bob").await);
    let changes = [
        PairingChange::Enable(false),
        PairingChange::Connection("gone".into()),
        PairingChange::Address("Bob@crm.test".into()),
    ];
    let faults = vec![Fault::AddressTaken(bob), Fault::ConnectionUnknown("gone".into())];
    assert_eq!(store.change_pairing(&anna, &changes).await, Err(StoreError::Invalid(faults)));
    assert_eq!(store.pairing(&anna).await.unwrap(), Some(pairing("anna")));
    let nobody = store.change_pairing(&PairingId::new("nobody"), &[PairingChange::RetryNow]).await;
    assert!(matches!(nobody, Err(StoreError::NotFound(_))));
}

// L6
async fn an_unmapped_user_keeps_his_links_and_gets_them_back(world: &World) {
    let store = &world.store;
    let (anna, lease) = world.mapped("anna").await;
    let row = link(&anna, "l1", Kind::Contact, "c1", "p1");
    world.settle(&lease, Settle { links: vec![row.clone()], held: vec![held(&anna, "h1")], ..Settle::default() }).await;
    store.open_intent(&lease, &intent(&lease, "i1", Some("key"))).await.unwrap();
    let seen = Seen { observations: vec![observation(Side::Pim, Kind::Contact, "p1", "v2")], ..Seen::default() };
    world.see(&lease, seen).await;
    let mailbox = (MailboxId::new("m1"), "root".to_owned());
    let ended = Ended { state: well(start()), mailbox: Some(mailbox) };
    store.end_cycle(&lease, &anna, &ended).await.unwrap();

    store.delete_pairing(&anna).await.unwrap();
    assert_eq!(store.pairing(&anna).await.unwrap(), None);
    assert_eq!(store.pairing_of_user(&crm(), &UserId::new("user-anna")).await.unwrap(), None);
    assert_eq!(store.links(&anna, None, None, 10).await.unwrap(), std::slice::from_ref(&row));
    assert!(store.links_of_crm(&crm(), Kind::Contact, &row.crm.id, 10).await.unwrap().is_empty());
    assert!(store.work(&anna, Kind::Contact, None, 10).await.unwrap().is_empty());
    assert!(store.due(minute(600), 10).await.unwrap().is_empty());
    assert!(matches!(store.delete_pairing(&anna).await, Err(StoreError::NotFound(_))));
    // His open create keeps nobody busy any more.
    let (_, bobs) = world.mapped("bob").await;
    assert_eq!(store.open_intent(&bobs, &intent(&bobs, "i2", Some("key"))).await.unwrap(), Opened::Open);

    // Somebody else may not take over his links by their id.
    let thief = store::Pairing { user: UserId::new("thief"), ..pairing("anna") };
    assert_eq!(store.add_pairing(&thief).await, Err(StoreError::Invalid(vec![Fault::IdTaken(anna.clone())])));

    let again = store::Pairing { id: PairingId::new("another-id"), address: "new@crm.test".into(), ..pairing("anna") };
    assert_eq!(store.add_pairing(&again).await.unwrap(), anna);
    let mapped = store.pairing(&anna).await.unwrap().unwrap();
    assert_eq!((mapped.mailbox, mapped.root.as_deref()), (Some(MailboxId::new("m1")), Some("root")));
    assert_eq!(mapped.address, "new@crm.test");
    assert_eq!(store.links(&anna, None, None, 10).await.unwrap(), [row]);
    assert_eq!(store.intents(&anna, None, 10).await.unwrap().len(), 1);
    assert_eq!(store.held(&HeldFilter::default(), None, 10).await.unwrap().len(), 1);
    assert_eq!(store.pairing(&PairingId::new("another-id")).await.unwrap(), None);
}

// L6, invariant 12
async fn a_forgotten_user_leaves_nothing_and_others_keep_theirs(world: &World) {
    let store = &world.store;
    let mut all = Vec::new();
    for name in ["anna", "bob"] {
        let (id, lease) = world.mapped(name).await;
        let settle = Settle {
            links: vec![link(&id, &format!("l-{name}"), Kind::Contact, "c1", "p1")],
            held: vec![held(&id, &format!("h-{name}"))],
            open: vec![intent(&lease, &format!("i-{name}"), None)],
            late: vec![Late { key: "k".into(), link: LinkId::new("l1"), content: "c".into(), until: minute(60) }],
            quarantine: vec![crate::world::quarantined(Side::Pim, Kind::Contact, "q")],
            strangers: vec![crate::world::stranger(Side::Pim, Kind::Contact, "s", "personal")],
            looks: vec![Look::now(Side::Pim, Kind::Contact, crate::world::rid("k"))],
            history: vec![line(&id, "cycle", start())],
            counts: vec![(Domain::BusinessContact, Side::Pim, Count::Created, 1)],
            ..Settle::default()
        };
        world.settle(&lease, settle).await;
        let seen = Seen { observations: vec![observation(Side::Pim, Kind::Contact, "p1", "v2")], ..Seen::default() };
        world.see(&lease, seen).await;
        all.push((id, lease));
    }
    let (anna, bob) = (&all[0].0, &all[1].0);
    store.forget_pairing(anna).await.unwrap();
    for (id, there) in [(anna, 0), (bob, 1)] {
        assert_eq!(store.links(id, None, None, 10).await.unwrap().len(), there);
        assert_eq!(store.intents(id, None, 10).await.unwrap().len(), there);
        assert_eq!(store.late(id, "k").await.unwrap().map_or(0, |_| 1), there);
        assert_eq!(store.work(id, Kind::Contact, None, 10).await.unwrap().len(), there);
        assert_eq!(store.strangers(id, None, None, 10).await.unwrap().len(), there);
        assert_eq!(store.quarantine(Some(id), None, None, 10).await.unwrap().len(), there);
        assert_eq!(store.looks(id, minute(600), 10).await.unwrap().len(), there);
        let of = HistoryFilter { pairing: Some(id.clone()), ..HistoryFilter::default() };
        assert_eq!(store.history(&of, None, 10).await.unwrap().len(), there);
        let of = HeldFilter { pairing: Some(id.clone()), ..HeldFilter::default() };
        assert_eq!(store.held(&of, None, 10).await.unwrap().len(), there);
    }
    let sums = store.counts(&Whose::All, start()).await.unwrap();
    let created = sums[&(Domain::BusinessContact, Side::Pim, Count::Created)];
    assert_eq!(created, CountSum { records: 1, pairings: 1 });
    assert!(matches!(store.forget_pairing(anna).await, Err(StoreError::NotFound(_))));
    // Also one who was only unmapped.
    let row = store.pairing(bob).await.unwrap().unwrap();
    let (crm, user) = (row.crm.clone(), row.user.clone());
    assert_eq!(store.unmapped_of_user(&crm, &user).await.unwrap(), None);
    store.delete_pairing(bob).await.unwrap();
    assert_eq!(store.unmapped_of_user(&crm, &user).await.unwrap().as_ref(), Some(bob));
    store.forget_pairing(bob).await.unwrap();
    assert_eq!(store.unmapped_of_user(&crm, &user).await.unwrap(), None);
    assert!(store.links(bob, None, None, 10).await.unwrap().is_empty());
    let new = world.map("bob").await;
    assert!(store.links(&new, None, None, 10).await.unwrap().is_empty());
}

async fn an_unmapped_user_stops_his_running_cycle(world: &World) {
    let store = &world.store;
    let (anna, lease) = world.mapped("anna").await;
    store.delete_pairing(&anna).await.unwrap();
    let row = link(&anna, "l1", Kind::Contact, "c1", "p1");
    let settle = Settle { links: vec![row], ..Settle::default() };
    assert_eq!(store.settle(&lease, &anna, start(), &settle).await, Err(StoreError::Fenced));
    assert!(store.links(&anna, None, None, 10).await.unwrap().is_empty());
    // Mapped again at once, a taker still waits for the calls under way.
    world.map("anna").await;
    assert_eq!(store.take_lease("anna", "other", 1_000, 3_600_000).await.unwrap(), None);
}

// L1, M4
async fn a_confirmation_given_during_a_cycle_outlives_its_end(world: &World) {
    let store = &world.store;
    let anna = world.map("anna").await;
    let confirmed = async || store.pairing(&anna).await.unwrap().unwrap().state.confirm_mailbox;
    let stop = || store::PairingState { stopped: Some("another mailbox".into()), ..well(start()) };

    let lease = world.lease(&anna).await;
    store.change_pairing(&anna, &[PairingChange::ConfirmMailbox]).await.unwrap();
    world.end(&lease, stop()).await;
    assert!(confirmed().await, "the cycle did not know of it");
    store.release_lease(&lease).await.unwrap();
    assert_eq!(store.due(start(), 10).await.unwrap(), std::slice::from_ref(&anna));

    // The next cycle does, and adopts the mailbox.
    let lease = world.lease(&anna).await;
    let ended = Ended { state: well(start()), mailbox: Some((MailboxId::new("m2"), "root".into())) };
    store.end_cycle(&lease, &anna, &ended).await.unwrap();
    assert!(!confirmed().await);
    store.release_lease(&lease).await.unwrap();

    // One that turned out to be needless goes too.
    store.change_pairing(&anna, &[PairingChange::ConfirmMailbox]).await.unwrap();
    let lease = world.lease(&anna).await;
    world.end(&lease, well(start())).await;
    assert!(!confirmed().await);
}

async fn a_cycle_end_never_overwrites_what_an_administrator_set(world: &World) {
    let store = &world.store;
    let (anna, lease) = world.mapped("anna").await;
    let changes = [PairingChange::Enable(false), PairingChange::Address("new@crm.test".into())];
    store.change_pairing(&anna, &changes).await.unwrap();
    world.end(&lease, well(start())).await;
    let now = store.pairing(&anna).await.unwrap().unwrap();
    assert_eq!((now.enabled, now.address.as_str(), now.state), (false, "new@crm.test", well(start())));
}

// L7
async fn a_new_place_is_tried_at_once_whatever_the_old_one_made_wait_for(world: &World) {
    let store = &world.store;
    let anna = world.map("anna").await;
    let connection = store.pairing(&anna).await.unwrap().unwrap().connection;
    for place in [PairingChange::Address("right@crm.test".into()), PairingChange::Connection(connection)] {
        let lease = world.lease(&anna).await;
        let patient = store::PairingState {
            failures: 9,
            not_before: Some(minute(30)),
            next: Some(minute(30)),
            trouble: Some("no such mailbox".into()),
            ..well(start())
        };
        world.end(&lease, patient).await;
        store.release_lease(&lease).await.unwrap();
        assert_eq!(store.due(minute(1), 10).await.unwrap(), []);
        store.change_pairing(&anna, &[place]).await.unwrap();
        assert_eq!(store.due(minute(1), 10).await.unwrap(), std::slice::from_ref(&anna));
    }
}
