//! A server down, a wrong password, a missing mailbox, a web page instead of an answer: each by what follows (rule E2).

use crate::world::{ANNA, Down, URL, World, create, create_of, fields, folder, list, maps, seen, transport};
use connect::ews::{EwsConnection, EwsSettings};
use connect::http::{Answer, InProcess, Lost, Request};
use connect::sign_in::SignIn;
use emulator::{Effect, FaultAction, MailboxSpec, MailboxState, Quirk};
use engine::port::{Remote, Trouble};
use futures::future::BoxFuture;
use model::{Domain, Field, Kind, MailboxId, Seen, Value};
use secrecy::SecretString;
use std::sync::{Arc, Mutex};
use wire::ews::{DistinguishedFolder, Item, ItemKind};

fn account(user: &str, password: &str) -> Arc<SignIn> {
    Arc::new(SignIn::basic(user, SecretString::from(password.to_owned())))
}

fn settings(impersonate: bool) -> EwsSettings {
    EwsSettings { impersonate, ..EwsSettings::new(URL) }
}

#[tokio::test]
async fn an_exchange_that_is_down_did_nothing_and_says_nothing() {
    let remote = EwsConnection::new(Arc::new(Down), account("svc", "x"), settings(true)).open(ANNA, maps());
    let told = Trouble::Broken { why: "the server cannot be reached".to_owned() };
    assert_eq!(remote.identity().await.err(), Some(told.clone()));
    assert_eq!(remote.folders(Kind::Task).await.err(), Some(told.clone()));
    let write = create_of(Domain::Task, fields([(Field::Subject, Value::text("a"))]), "k");
    assert_eq!(remote.write(&write).await.err(), Some(told));
}

// traps 154, 179
#[tokio::test]
async fn no_access_is_told_with_its_cure_and_nothing_is_believed_gone() {
    let world = World::new();
    let transport = Arc::new(crate::world::transport(&world.emulator));
    let wrong = EwsConnection::new(transport.clone(), account("svc@crm.test", "wrong"), settings(true));
    let denied = EwsConnection::new(transport.clone(), account("bob@crm.test", "secret"), settings(true));
    let nobody = EwsConnection::new(transport.clone(), account("svc@crm.test", "secret"), settings(true));
    for (remote, words) in [
        (wrong.open(ANNA, maps()), "name or password"),
        (denied.open(ANNA, maps()), "ApplicationImpersonation"),
        (nobody.open("nobody@crm.test", maps()), "mailbox"),
    ] {
        match remote.identity().await {
            Err(Trouble::NoAccess { why }) => assert!(why.contains(words), "{why}"),
            other => panic!("{words}: {other:?}"),
        }
        assert!(matches!(remote.folders(Kind::Contact).await, Err(Trouble::NoAccess { .. })));
    }
    let own = EwsConnection::new(transport, account(ANNA, "secret"), settings(false)).open(ANNA, maps());
    assert!(own.identity().await.is_ok(), "signed in as the mailbox itself");
}

// traps 154, 172
#[tokio::test]
async fn a_mailbox_that_cannot_be_reached_has_lost_nothing() {
    let world = World::new();
    world.makes(DistinguishedFolder::Tasks, Item::new(ItemKind::Task)).await;
    let remote = world.open();
    let (records, cursor) = list(&remote, Kind::Task).await;
    let folder = folder(&remote, Kind::Task).await;
    for (state, waits) in
        [(MailboxState::Disabled, false), (MailboxState::Moving, true), (MailboxState::Unavailable, true)]
    {
        world.emulator.set_mailbox_state(ANNA, state).expect("a mailbox");
        let page = remote.changes(Kind::Task, &folder, Some(&cursor)).await;
        let seen = crate::world::seen_raw(&remote, Kind::Task, &records[0].id).await;
        match (waits, page, seen) {
            (true, Err(Trouble::Busy { .. }), Err(Trouble::Busy { .. }))
            | (false, Err(Trouble::NoAccess { .. }), Err(Trouble::NoAccess { .. })) => {}
            (_, page, seen) => panic!("{state:?}: {page:?} {seen:?}"),
        }
    }
    world.emulator.set_mailbox_state(ANNA, MailboxState::Active).expect("a mailbox");
    let page = remote.changes(Kind::Task, &folder, Some(&cursor)).await.expect("a page");
    assert!(page.vanished.is_empty());
}

// trap 173
#[tokio::test]
async fn whatever_comes_instead_of_an_answer_is_no_empty_mailbox() {
    let world = World::new();
    world.makes(DistinguishedFolder::Tasks, Item::new(ItemKind::Task)).await;
    let remote = world.open();
    let folder = folder(&remote, Kind::Task).await;
    let answer = |status, content_type: &str, body: &str| FaultAction::Answer {
        status,
        content_type: content_type.to_owned(),
        body: body.as_bytes().to_vec(),
        effect: Effect::None,
    };
    let xml = "text/xml; charset=utf-8";
    let bomb = "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>";
    let cases = [
        (FaultAction::LoginPage, "web page"),
        (FaultAction::Truncate { keep: 400 }, "cut off"),
        (FaultAction::Truncate { keep: 0 }, "empty"),
        (answer(200, xml, bomb), "document type"),
        (answer(200, xml, "<s:Envelope><s:Body></s:Bdy></s:Envelope>"), "not well-formed"),
        (answer(200, xml, "<s:Envelope><s:Body/></s:Envelope>"), "no answer"),
        (answer(404, "text/html", "<html/>"), "no Exchange Web Services"),
        (answer(302, "text/html", ""), "another address"),
        (answer(500, "text/html", "<html>oops</html>"), "status 500"),
        (answer(413, "text/html", ""), "status 413"),
    ];
    for (action, words) in cases {
        world.trouble("SyncFolderItems", vec![action.clone()]);
        match remote.changes(Kind::Task, &folder, None).await {
            Err(Trouble::Broken { why }) => assert!(why.contains(words), "{words}: {why}"),
            other => panic!("{action:?}: {other:?}"),
        }
    }
    let no_access = [answer(403, "text/html", ""), answer(440, "text/html", ""), answer(401, "text/html", "")];
    for action in no_access {
        world.trouble("SyncFolderItems", vec![action.clone()]);
        let page = remote.changes(Kind::Task, &folder, None).await;
        assert!(matches!(page, Err(Trouble::NoAccess { .. })), "{action:?}: {page:?}");
    }
    for action in
        [answer(503, "text/html", "<html/>"), answer(429, "text/html", ""), FaultAction::Busy { back_off_ms: 0 }]
    {
        world.trouble("SyncFolderItems", vec![action.clone()]);
        let page = remote.changes(Kind::Task, &folder, None).await;
        assert!(matches!(page, Err(Trouble::Busy { .. })), "{action:?}: {page:?}");
    }
    let page = remote.changes(Kind::Task, &folder, None).await.expect("a page");
    assert_eq!(page.records.len(), 1);
}

// A proxy that writes the path in another way sends there what it is asked; what leaves the server is not followed.
#[tokio::test]
async fn another_path_of_the_same_server_is_followed_and_another_server_is_not() {
    let world = World::new();
    world.makes(DistinguishedFolder::Tasks, Item::new(ItemKind::Task)).await;
    let there = "http://127.0.0.1/ews/there.asmx";
    let cases = [
        (307, there, true),
        (308, "/ews/there.asmx", true),
        (302, there, false),
        (307, "http://127.0.0.2/ews/there.asmx", false),
        (308, "https://127.0.0.1/ews/there.asmx", false),
    ];
    for (status, location, follows) in cases {
        let server = transport(&world.emulator);
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = asked.clone();
        let moved = move |request: Request| -> BoxFuture<'static, Result<Answer, Lost>> {
            noted.lock().expect("unpoisoned").push(request.url.clone());
            if request.url == there {
                return (server.0)(Request { url: URL.to_owned(), ..request });
            }
            let headers = vec![("location".to_owned(), location.to_owned())];
            Box::pin(async move { Ok(Answer { status, headers, body: Vec::new() }) })
        };
        let remote = World::by(&world, InProcess(Arc::new(moved))).open();
        let folders = remote.folders(Kind::Task).await;
        assert_eq!(folders.is_ok(), follows, "{status} {location}: {folders:?}");
        let asked = asked.lock().expect("unpoisoned").clone();
        assert!(asked.iter().all(|url| url == URL || follows && url == there), "{status} {location}: {asked:?}");
        if follows {
            let made = create(&remote, Domain::Task, fields([(Field::Subject, Value::text("a"))]), "k").await;
            assert!(matches!(seen(&remote, Kind::Task, &made.id, None).await, Ok(Seen::Present(_))));
        }
    }
}

// trap 172: who closes connections without a word closes one under the next call.
#[tokio::test]
async fn what_only_reads_is_asked_once_more_when_a_connection_breaks_off_and_what_writes_is_not() {
    let world = World::new();
    world.makes(DistinguishedFolder::Tasks, Item::new(ItemKind::Task)).await;
    let remote = world.open();
    let folder = folder(&remote, Kind::Task).await;
    let drop = FaultAction::Drop { effect: Effect::None };
    world.trouble("SyncFolderItems", vec![drop.clone()]);
    let page = remote.changes(Kind::Task, &folder, None).await.expect("a page");
    assert_eq!(page.records.len(), 1);
    world.trouble("SyncFolderItems", vec![drop.clone(), drop.clone()]);
    match remote.changes(Kind::Task, &folder, None).await {
        Err(Trouble::Broken { why }) => assert!(why.contains("broke off"), "{why}"),
        other => panic!("{other:?}"),
    }
    let before = world.requests("CreateItem");
    world.trouble("CreateItem", vec![drop]);
    let write = create_of(Domain::Task, fields([(Field::Subject, Value::text("a"))]), "k");
    assert!(matches!(remote.write(&write).await, Err(Trouble::Unknown { .. })));
    assert_eq!(world.requests("CreateItem"), before + 1);
}

// trap 166
#[tokio::test]
async fn how_long_to_wait_is_told_as_the_server_said() {
    let world = World::new();
    let remote = world.open();
    folder(&remote, Kind::Task).await;
    world.trouble("GetFolder", vec![FaultAction::Busy { back_off_ms: 297_749 }]);
    match remote.identity().await {
        Err(Trouble::Busy { wait_ms, .. }) => assert_eq!(wait_ms, Some(297_749)),
        other => panic!("{other:?}"),
    }
    world.emulator.set_quirk(Quirk::ServerBusy, true);
    assert!(matches!(remote.identity().await, Err(Trouble::Busy { wait_ms: Some(0), .. })));
}

// L1, trap 155
#[tokio::test]
async fn a_mailbox_carries_our_id_and_another_one_never_gets_it() {
    let world = World::new();
    let remote = world.open();
    let before = remote.identity().await.expect("known");
    assert_eq!((before.mailbox, before.is_user), (None, true));
    let id = MailboxId::new("mb1");
    remote.set_identity(&id).await.expect("written");
    remote.set_identity(&id).await.expect("the same again is nothing");
    let after = world.open().identity().await.expect("known");
    assert_eq!((after.mailbox.as_ref(), &after.root), (Some(&id), &before.root));
    let other = remote.set_identity(&MailboxId::new("mb2")).await;
    assert!(matches!(other, Err(Trouble::Refused { .. })), "{other:?}");
    world.emulator.replace_mailbox(MailboxSpec::user(ANNA, "Another Anna", "secret")).expect("a mailbox");
    let replaced = world.open().identity().await.expect("known");
    assert_eq!(replaced.mailbox, None);
    assert_ne!(replaced.root, before.root);
}

// C9, trap 95: after everything these tests do, nobody was written to; here, what asks for mail by name is not ours.
#[tokio::test]
async fn nothing_of_ours_sends_mail() {
    let world = World::new();
    let remote = world.open();
    let at = |wall: &str| Value::When(model::When::zoned(wall.parse().expect("a wall"), model::Zone::utc()));
    let ann = model::Attendee {
        name: "Ann".to_owned(),
        address: Some("bob@crm.test".to_owned()),
        role: model::Role::Required,
        response: model::Response::Unknown,
    };
    let sent = fields([
        (Field::Start, at("2026-11-02T10:00:00")),
        (Field::End, at("2026-11-02T11:00:00")),
        (Field::Attendees, Value::People([(ann.key(), ann)].into())),
    ]);
    let made = crate::world::create(&remote, Domain::Calendar, sent, "k").await;
    let changes = fields([(Field::Location, Value::text("Room"))]);
    let now = crate::world::update(&remote, Domain::Calendar, &made, changes).await;
    let delete = engine::port::Write::Delete {
        kind: Kind::Appointment,
        id: now.id,
        version: now.version,
        planned: None,
        mail: engine::port::Mail::None,
    };
    remote.write(&delete).await.expect("deleted");
    assert!(world.emulator.sink().is_empty());
}

// traps 149, 155
#[tokio::test]
async fn folders_of_another_mailbox_are_not_remembered_for_ever() {
    let world = World::new();
    let folders = world.open().folders(Kind::Task).await.expect("folders");
    let theirs = MailboxSpec::user(ANNA, "Another Anna", "secret");
    let ours = world.emulator.replace_mailbox(theirs).expect("a mailbox");
    let gone = world.open().changes(Kind::Task, &folders[0], None).await;
    assert!(matches!(gone, Err(Trouble::NoAccess { .. })), "{gone:?}");
    let others = world.open().folders(Kind::Task).await.expect("folders");
    assert!(world.open().changes(Kind::Task, &others[0], None).await.is_ok());
    world.emulator.put_back(ours).expect("an address");
    assert!(world.open().changes(Kind::Task, &others[0], None).await.is_err());
    assert_eq!(world.open().folders(Kind::Task).await.expect("folders"), folders);
}

// L1, trap 155: nothing is written to a mailbox that could not be known again.
#[tokio::test]
async fn a_server_that_keeps_no_named_properties_is_told_in_words_before_anything_is_written() {
    let world = World::new();
    let remote = world.open();
    let kept = "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><m:UpdateFolderResponse \
                xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\"><m:ResponseMessages>\
                <m:UpdateFolderResponseMessage ResponseClass=\"Success\"><m:ResponseCode>NoError</m:ResponseCode>\
                </m:UpdateFolderResponseMessage></m:ResponseMessages></m:UpdateFolderResponse></s:Body></s:Envelope>";
    let dropped = FaultAction::Answer {
        status: 200,
        content_type: "text/xml; charset=utf-8".to_owned(),
        body: kept.into(),
        effect: Effect::None,
    };
    let refused = FaultAction::Fault { code: "ErrorInvalidExtendedProperty".to_owned() };
    for (action, code) in [(dropped, "NotKept"), (refused, "ErrorInvalidExtendedProperty")] {
        world.trouble("UpdateFolder", vec![action]);
        match remote.set_identity(&MailboxId::new("mb1")).await {
            Err(Trouble::Refused { code: told, why }) => {
                assert_eq!(told, code);
                assert!(why.contains("does not keep the named properties"), "{why}");
            }
            other => panic!("{other:?}"),
        }
    }
    remote.set_identity(&MailboxId::new("mb1")).await.expect("kept");
}

// traps 22, 173
#[tokio::test]
async fn results_that_come_with_an_error_status_were_served_all_the_same() {
    let world = World::new();
    let remote = world.open();
    let folder = folder(&remote, Kind::Task).await;
    let results = |status| FaultAction::Answer {
        status,
        content_type: "text/xml".to_owned(),
        body: "<Envelope xmlns=\"http://schemas.xmlsoap.org/soap/envelope/\"><Body><SyncFolderItemsResponse xmlns=\
               \"http://schemas.microsoft.com/exchange/services/2006/messages\"><ResponseMessages>\
               <SyncFolderItemsResponseMessage ResponseClass=\"Success\"><ResponseCode>NoError</ResponseCode>\
               <SyncState>s1</SyncState><IncludesLastItemInRange>true</IncludesLastItemInRange><Changes/>\
               </SyncFolderItemsResponseMessage></ResponseMessages></SyncFolderItemsResponse></Body></Envelope>"
            .into(),
        effect: Effect::None,
    };
    for status in [500, 202] {
        world.trouble("SyncFolderItems", vec![results(status)]);
        let page = remote.changes(Kind::Task, &folder, None).await.expect("a page");
        assert!(page.cursor.ends_with("s1"), "{status}");
    }
    // Whoever refuses the account, or is not there, has served nothing.
    for status in [401, 403, 404, 503] {
        world.trouble("SyncFolderItems", vec![results(status)]);
        assert!(remote.changes(Kind::Task, &folder, None).await.is_err(), "{status}");
    }
}
