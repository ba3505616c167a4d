//! Connections, levels, group rules, settings and maps over the API.

use crate::world::{World, connection, id, request};
use axum::http::{StatusCode, header};
use serde_json::json;

#[tokio::test]
async fn a_connection_never_shows_its_password() {
    let world = World::new().await;
    let made = world.post(&world.admin, "/api/admin/connections", connection("hq")).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let path = "/api/admin/connections/hq";
    let changed =
        world.patch(&world.admin, path, json!({"user": "other@crm.test", "folders": {"contact": ["Sales"]}})).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    let stored = world.services.store.connection("hq").await.expect("store").expect("there");
    assert!(!stored.secret.is_empty(), "the password stays when it is not named");
    let open = world.services.key.open("hq", &stored.secret).expect("opens");
    assert_eq!(secrecy::ExposeSecret::expose_secret(&open), "secret-word");
    for answer in
        [made, changed, world.get(&world.admin, path).await, world.get(&world.admin, "/api/admin/connections").await]
    {
        assert!(!answer.text.contains("secret"), "{}", answer.text);
        assert!(answer.text.contains("hq"));
    }
    let gone = world.delete(&world.admin, path).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(world.get(&world.admin, path).await.code(), "not_found");
}

// trap 166
#[tokio::test]
async fn how_much_a_server_is_asked_at_once_may_be_set_and_taken_back() {
    let world = World::new().await;
    world.made(&world.admin, "/api/admin/connections", connection("hq")).await;
    let path = "/api/admin/connections/hq";
    for (asked, told) in [(json!(5), "\"calls_at_once\":5"), (json!(null), "\"calls_at_once\":null")] {
        let changed = world.patch(&world.admin, path, json!({"calls_at_once": asked})).await;
        assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
        assert!(changed.text.contains(told), "{}", changed.text);
    }
    for wrong in [json!(0), json!(101), json!("many")] {
        let refused = world.patch(&world.admin, path, json!({"calls_at_once": wrong})).await;
        assert_eq!(refused.faults(), ["calls_at_once"]);
    }
}

// E3
#[tokio::test]
async fn every_fault_of_a_connection_is_told_at_once() {
    let world = World::new().await;
    let body = json!({"name": "h q", "url": "http://mail.crm.test/x", "user": " ", "ca_file": "/no/such/file", "folders": {"contact": [""]}});
    let refused = world.post(&world.admin, "/api/admin/connections", body).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.faults(), ["ca_file", "folders.contact", "name", "password", "url", "user"]);
    world.made(&world.admin, "/api/admin/connections", connection("hq")).await;
    let twice = world.post(&world.admin, "/api/admin/connections", connection("hq")).await;
    assert_eq!(twice.faults(), ["name"]);
    let nowhere = json!({"folders": {"contact": ["Nope/../x"]}});
    let refused = world.patch(&world.admin, "/api/admin/connections/hq", nowhere).await;
    assert_eq!(refused.faults(), ["folders.contact"]);
    assert!(
        refused.text.contains("'Nope/../x' is no path of folders: names with one / between them"),
        "{}",
        refused.text
    );
    let unknown = world.patch(&world.admin, "/api/admin/connections/no", json!({"user": "x"})).await;
    assert_eq!(unknown.code(), "not_found");
}

// E3: how an account signs in, with everything that must go together.
#[tokio::test]
async fn an_account_signs_in_by_one_scheme_that_is_complete() {
    let world = World::new().await;
    let post = async |body: serde_json::Value| world.post(&world.admin, "/api/admin/connections", body).await;
    let with = |name: &str, more: serde_json::Value| {
        let mut body = connection(name);
        let body_map = body.as_object_mut().expect("an object");
        body_map.extend(more.as_object().expect("an object").clone());
        body
    };
    assert_eq!(post(with("a", json!({"sign_in": "kerberos"}))).await.faults(), ["sign_in"]);
    assert_eq!(post(with("a", json!({"delegate": true, "impersonate": true}))).await.faults(), ["delegate"]);
    let bare = post(with("a", json!({"sign_in": "oauth", "impersonate": false}))).await;
    assert_eq!(bare.faults(), ["impersonate", "scope", "token_url"]);
    let place = json!({"sign_in": "oauth", "token_url": "http://login.crm.test/token", "scope": "s"});
    assert_eq!(post(with("a", place)).await.faults(), ["token_url"]);
    let broken = json!({"sign_in": "oauth", "token_url": "https://login.crm.test/token", "scope": "s",
        "password": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"});
    assert_eq!(post(with("a", broken)).await.faults(), ["password"]);
    let whole = json!({"sign_in": "oauth", "token_url": "https://login.crm.test/token", "scope": "s"});
    let made = post(with("a", whole)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    assert!(made.text.contains("\"sign_in\":\"oauth\""), "{}", made.text);
    let windows = post(with("b", json!({"sign_in": "ntlm", "delegate": true, "impersonate": false}))).await;
    assert_eq!(windows.status, StatusCode::CREATED, "{}", windows.text);
    let stored = world.services.store.connection("b").await.expect("store").expect("there");
    assert_eq!((stored.access.sign_in, stored.access.delegate), (store::SignInKind::Ntlm, true));
}

#[tokio::test]
async fn a_connection_in_use_stays() {
    let world = World::new().await;
    world.mapped("anna").await;
    let refused = world.delete(&world.admin, "/api/admin/connections/hq").await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert_eq!(refused.code(), "in_use");
}

// D1, L2
#[tokio::test]
async fn a_level_that_its_domain_refuses_is_told_with_the_accepted_ones() {
    let world = World::new().await;
    let refused =
        world.patch(&world.admin, "/api/admin/levels", json!({"employee": "full", "calendar": "export"})).await;
    assert_eq!(refused.faults(), ["employee"]);
    assert!(refused.text.contains("Export Only"), "{}", refused.text);
    let words = world.patch(&world.admin, "/api/admin/levels", json!({"employee": "half", "mails": "full"})).await;
    assert_eq!(words.faults(), ["employee", "mails"]);
    let present = world.get(&world.admin, "/api/admin/levels").await.json;
    assert_eq!(present["calendar"], json!("full"), "nothing is half done");
    let set = world.patch(&world.admin, "/api/admin/levels", json!({"calendar": "export"})).await;
    assert_eq!(set.json["calendar"], json!("export"));
}

// L3
#[tokio::test]
async fn a_users_own_level_is_set_and_taken_back() {
    let world = World::new().await;
    world.mapped("anna").await;
    let path = "/api/admin/users/anna/levels";
    let set = world.patch(&world.admin, path, json!({"task": "import", "calendar": "none"})).await;
    assert_eq!(set.json, json!({"task": "import", "calendar": "none"}));
    let refused = world.patch(&world.admin, path, json!({"employee": "import"})).await;
    assert_eq!(refused.faults(), ["levels.employee"]);
    world.patch(&world.admin, path, json!({"task": null})).await;
    assert_eq!(world.get(&world.admin, path).await.json, json!({"calendar": "none"}));
    assert_eq!(world.get(&world.admin, "/api/admin/users/bob/levels").await.code(), "not_found");
}

// L4
#[tokio::test]
async fn group_rules_are_an_ordered_list_that_shows_what_broke() {
    let world = World::new().await;
    let list = world.made(&world.admin, "/api/crm/user-lists", json!({"name": "Pilots", "members": []})).await;
    let organization = world.made(&world.admin, "/api/crm/organizations", json!({"name": "World"})).await;
    let path = "/api/admin/group-rules/calendar";
    let rules = json!({"rules": [{"group": "user_list", "id": id(&list), "level": "export"}]});
    let set = world.put(&world.admin, path, rules).await;
    assert_eq!(set.items()[0]["name"], json!("Pilots"), "{}", set.text);
    let first =
        json!({"group": "organization", "id": id(&organization), "and_below": true, "level": "none", "position": 0});
    let added = world.post(&world.admin, path, first).await;
    assert_eq!(added.items()[0]["group"], json!("organization"), "{}", added.text);
    assert_eq!(added.items().len(), 2);
    world.delete(&world.admin, &format!("/api/crm/user-lists/{}?version={}", id(&list), list["version"])).await;
    let shown = world.get(&world.admin, path).await;
    assert_eq!(shown.items()[1]["broken"], json!(true));
    assert_eq!(shown.items()[0]["broken"], json!(false));
    let left = world.delete(&world.admin, &format!("{path}/0")).await;
    assert_eq!(left.items().len(), 1, "a broken rule may stay: {}", left.text);
    assert_eq!(world.delete(&world.admin, &format!("{path}/7")).await.code(), "not_found");
    assert_eq!(world.get(&world.admin, "/api/admin/group-rules/mails").await.code(), "not_found");
}

// L4
#[tokio::test]
async fn two_who_add_a_group_rule_at_once_take_nothing_from_each_other() {
    let world = World::new().await;
    let path = "/api/admin/group-rules/calendar";
    let mut rules = Vec::new();
    for name in ["One", "Two", "Three", "Four"] {
        let list = world.made(&world.admin, "/api/crm/user-lists", json!({"name": name, "members": []})).await;
        rules.push(json!({"group": "user_list", "id": id(&list), "level": "export"}));
    }
    let added = rules.into_iter().map(|rule| world.post(&world.admin, path, rule));
    for answer in futures::future::join_all(added).await {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    }
    assert_eq!(world.get(&world.admin, path).await.items().len(), 4);
}

// E3
#[tokio::test]
async fn every_fault_of_group_rules_is_told_at_once() {
    let world = World::new().await;
    let path = "/api/admin/group-rules/employee";
    let rules = json!({"rules": [
        {"group": "position", "id": "POS-404", "level": "full"},
        {"group": "position", "id": "POS-404", "level": "none"}
    ]});
    let refused = world.put(&world.admin, path, rules).await;
    assert_eq!(refused.faults(), ["rules[0].id", "rules[0].level", "rules[1]", "rules[1].id"]);
    let unread = json!({"rules": [{"group": "team", "id": "x", "level": "full"}, {"id": "x"}]});
    assert_eq!(world.put(&world.admin, path, unread).await.faults(), ["rules[0]", "rules[1]"]);
    assert!(world.get(&world.admin, path).await.items().is_empty());
}

// L7
#[tokio::test]
async fn settings_change_where_named_and_only_against_their_version() {
    let world = World::new().await;
    let path = "/api/admin/settings";
    let present = world.get(&world.admin, path).await;
    let tag = present.headers.get(header::ETAG).expect("a version").clone();
    let patch = json!({"interval_s": 1, "domains": {"task": {"conflict": "hold"}}});
    let mut change = request("PATCH", &world.admin, path, Some(patch.clone()));
    change.headers_mut().insert(header::IF_MATCH, tag.clone());
    let changed = world.send(change).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    assert_eq!(changed.json["interval_s"], json!(1));
    assert_eq!(changed.json["domains"]["task"]["conflict"], json!("hold"));
    assert_eq!(changed.json["domains"]["calendar"], present.json["domains"]["calendar"]);
    let mut late = request("PATCH", &world.admin, path, Some(patch));
    late.headers_mut().insert(header::IF_MATCH, tag);
    assert_eq!(world.send(late).await.status, StatusCode::PRECONDITION_FAILED);
    let refused = world.patch(&world.admin, path, json!({"interval_s": 0, "speed": 9})).await;
    assert_eq!(refused.faults(), ["interval_s", "speed"]);
}

#[tokio::test]
async fn a_field_map_is_replaced_with_all_its_faults_told() {
    let world = World::new().await;
    let path = "/api/admin/maps/task";
    let mut map = world.get(&world.admin, path).await.json;
    let entries = map["entries"].as_array_mut().expect("entries");
    entries.push(json!({"field": "x.vip", "property": "x:{00020329-0000-0000-c000-000000000046}:vip"}));
    let set = world.put(&world.admin, path, json!({"entries": map["entries"]})).await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.text);
    assert!(world.get(&world.admin, path).await.text.contains("x.vip"));
    let wrong = json!({"entries": [
        {"field": "email1", "property": "item:Subject"}, {"field": "subject", "property": " "},
        {"field": "body", "property": "item:Body"}, {"field": "x.vip", "property": "contacts:Nickname"},
        {"field": "x.who", "property": "item:Nonsense"}, {"field": "x.a", "property": "item:Body"},
        {"field": "rule", "property": "task:Recurrence", "direction": "off", "required": true}]});
    let refused = world.put(&world.admin, path, wrong).await;
    let rows = [0, 1, 3, 4, 5, 6].map(|row| format!("entries[{row}]"));
    assert_eq!(refused.faults(), rows, "{}", refused.text);
    let unread = json!({"entries": [{"field": "colour", "property": "x"}, {"property": "y"}]});
    assert_eq!(world.put(&world.admin, path, unread).await.faults(), ["entries[0]", "entries[1]"]);
}

// E3: a contact is read before it is known which it is.
#[tokio::test]
async fn a_contacts_field_stands_at_one_place_in_every_domain_of_contacts() {
    let world = World::new().await;
    let path = |domain: &str| format!("/api/admin/maps/{domain}");
    let map = |row: serde_json::Value| json!({"entries": [row]});
    let here = json!({"field": "mobile_phone", "property": "contacts:PhoneNumber:CarPhone", "default": "+49 1"});
    let refused = world.put(&world.admin, &path("personal_contact"), map(here.clone())).await;
    assert_eq!(refused.faults(), ["entries[0]"]);
    assert!(refused.text.contains("business_contact") || refused.text.contains("employee"), "{}", refused.text);
    let off = json!({"field": "mobile_phone", "property": "contacts:PhoneNumber:MobilePhone", "direction": "off"});
    for domain in ["business_contact", "employee"] {
        assert_eq!(world.put(&world.admin, &path(domain), map(off.clone())).await.status, StatusCode::OK);
    }
    let set = world.put(&world.admin, &path("personal_contact"), map(here)).await;
    assert_eq!((set.status, &set.json["entries"][0]["default"]), (StatusCode::OK, &json!("+49 1")), "{}", set.text);
}

// E3, P3
#[tokio::test]
async fn a_fallback_owner_is_somebody_the_crm_knows() {
    let world = World::new().await;
    let path = "/api/admin/settings";
    let me = world.get(&world.admin, "/api/crm/me").await.json;
    let wrong = json!({"fallback_owner": "nobody", "interval_s": 0});
    assert_eq!(world.patch(&world.admin, path, wrong).await.faults(), ["fallback_owner", "interval_s"]);
    let gone = json!({"fallback_owner": "EMP-99999999"});
    assert_eq!(world.patch(&world.admin, path, gone).await.faults(), ["fallback_owner"]);
    let set = world.patch(&world.admin, path, json!({"fallback_owner": me["login"]})).await;
    assert_eq!(set.json["fallback_owner"], me["id"], "{} {me}", set.text);
    assert_eq!(
        world.patch(&world.admin, path, json!({"fallback_owner": null})).await.json["fallback_owner"],
        json!(null)
    );
}
