//! Signing in, standing in for somebody, and what is not EWS at all.

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use emulator::{MailboxSpec, MailboxState};

use crate::world::{ANN, BOB, CID, PASSWORD, World};

const INBOX: &str = "<m:GetFolder><m:FolderShape><t:BaseShape>Default</t:BaseShape></m:FolderShape><m:FolderIds><t:DistinguishedFolderId Id=\"inbox\"/></m:FolderIds></m:GetFolder>";

#[tokio::test]
async fn the_first_request_without_credentials_is_answered_401_with_a_challenge() {
    let world = World::new();
    let request = Request::post("/ews/exchange.ASMX").body(Body::from(world.envelope(INBOX))).unwrap();
    let response = world.send(request).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert!(response.headers()[header::WWW_AUTHENTICATE].to_str().unwrap().starts_with("Basic realm="));
    let response = world.send(world.http(world.envelope(INBOX))).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/xml; charset=utf-8");
}

#[tokio::test]
async fn a_wrong_password_is_401() {
    let mut world = World::new();
    world.account = "nobody@crm.test".to_owned();
    assert_eq!(world.raw(INBOX).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_server_version_stands_in_every_answer() {
    let world = World::new();
    for body in [INBOX, "<m:Nonsense/>"] {
        let (_, text) = world.raw(body).await;
        assert!(text.contains("h:ServerVersionInfo MajorVersion=\"15\" MinorVersion=\"1\""));
    }
}

#[tokio::test]
async fn only_a_service_account_may_stand_in_for_another() {
    let world = World::new();
    let served = world.impersonating(BOB).ask(INBOX).await;
    assert_eq!(served.codes(), ["NoError"]);
    let mut ann = world.signed_in(ANN);
    ann.impersonates = Some(BOB.to_owned());
    assert_eq!(ann.fault(INBOX).await, "ErrorImpersonateUserDenied");
    assert_eq!(world.impersonating("nobody@crm.test").fault(INBOX).await, "ErrorNonExistentMailbox");
    assert_eq!(world.impersonating(ANN).ask(INBOX).await.codes(), ["NoError"]);
}

#[tokio::test]
async fn an_account_without_a_mailbox_has_no_folders() {
    let world = World::new();
    let service = world.signed_in(crate::world::SERVICE);
    assert_eq!(service.ask(INBOX).await.codes(), ["ErrorMissingEmailAddress"]);
}

#[tokio::test]
async fn a_proxy_address_signs_in_but_is_not_the_primary_one() {
    let world = World::new();
    let mut spec = MailboxSpec::user("dora@crm.test", "Dora", PASSWORD);
    spec.proxies.push("d@crm.test".to_owned());
    world.server.add_mailbox(spec).unwrap();
    assert_eq!(world.signed_in("d@crm.test").ask(INBOX).await.codes(), ["NoError"]);
    assert_eq!(world.impersonating("d@crm.test").fault(INBOX).await, "ErrorNonPrimarySmtpAddress");
}

// trap 154
#[tokio::test]
async fn a_mailbox_that_cannot_be_reached_says_why_and_never_looks_empty() {
    let world = World::new();
    for (state, code) in [
        (MailboxState::Disabled, "ErrorNonExistentMailbox"),
        (MailboxState::Moving, "ErrorMailboxMoveInProgress"),
        (MailboxState::Unavailable, "ErrorMailboxStoreUnavailable"),
    ] {
        world.server.set_mailbox_state(BOB, state).unwrap();
        assert_eq!(world.impersonating(BOB).fault(INBOX).await, code);
        assert_eq!(world.signed_in(BOB).fault(INBOX).await, code);
        assert_eq!(world.impersonating(CID).ask(INBOX).await.codes(), ["NoError"]);
    }
}

// trap 106
#[tokio::test]
async fn another_mailbox_is_denied_unless_its_owner_gave_access() {
    let world = World::new();
    let mut spec = MailboxSpec::user("team@crm.test", "Team", PASSWORD);
    spec.full_access.push(ANN.to_owned());
    world.server.add_mailbox(spec).unwrap();
    let folder = |owner: &str| {
        format!(
            "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds><t:DistinguishedFolderId Id=\"calendar\"><t:Mailbox><t:EmailAddress>{owner}</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId></m:FolderIds></m:GetFolder>"
        )
    };
    assert_eq!(world.ask(&folder("team@crm.test")).await.codes(), ["NoError"]);
    assert_eq!(world.ask(&folder(BOB)).await.codes(), ["ErrorAccessDenied"]);
    assert_eq!(world.ask(&folder("x@crm.test")).await.codes(), ["ErrorNonExistentMailbox"]);
}

#[tokio::test]
async fn what_is_no_request_is_a_fault() {
    let world = World::new();
    assert_eq!(world.fault("<m:Nonsense/>").await, "ErrorInvalidRequest");
    assert_eq!(world.fault("<m:GetItem/>").await, "ErrorSchemaValidation");
    // A list of none is no list: the schema demands a member.
    let none = "<m:DeleteItem DeleteType=\"HardDelete\"><m:ItemIds></m:ItemIds></m:DeleteItem>";
    assert_eq!(world.fault(none).await, "ErrorSchemaValidation");
    for bytes in ["", "hello", "<a/>", "<!DOCTYPE x [<!ENTITY a \"b\">]><x>&a;</x>"] {
        let response = world.send(world.http(bytes.to_owned())).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = to_bytes(response.into_body(), 99_999).await.unwrap();
        assert!(String::from_utf8_lossy(&body).contains("ErrorSchemaValidation"));
    }
}

#[tokio::test]
async fn every_cut_of_a_request_is_a_fault_without_effect() {
    let world = World::new();
    let body = crate::world::create("", "<t:Contact><t:Surname>Smith</t:Surname></t:Contact>");
    let whole = world.envelope(&body);
    for cut in (0..whole.len()).step_by(7) {
        let response = world.send(world.http(whole[..cut].to_owned())).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR, "cut at {cut}");
    }
    assert!(world.server.items(ANN, "contacts").unwrap().is_empty());
}

#[tokio::test]
async fn other_paths_methods_and_types_are_refused() {
    let world = World::new();
    let mut request = world.http(world.envelope(INBOX));
    *request.uri_mut() = "/owa".parse().unwrap();
    assert_eq!(world.send(request).await.status(), StatusCode::NOT_FOUND);
    let mut request = world.http(world.envelope(INBOX));
    request.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
    assert_eq!(world.send(request).await.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn a_request_larger_than_allowed_is_refused() {
    let world = World::new();
    let huge = "x".repeat(36 * 1024 * 1024);
    assert_eq!(world.send(world.http(huge)).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
}
