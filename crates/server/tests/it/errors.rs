//! Every way a request can be refused has one shape: a code, a sentence, and where.

use crate::world::{World, request};
use axum::body::Body;
use axum::http::{HeaderValue, Request, StatusCode, header};
use serde_json::json;

#[tokio::test]
async fn every_route_but_the_open_ones_wants_a_token() {
    let world = World::new().await;
    let open = ["/health/live", "/health/ready", "/metrics", "/api/openapi.json", "/api/crm/sign-in"];
    let mut asked = 0;
    for route in server::api::routes().into_iter().flatten() {
        let path = route.path.replace(['{', '}'], "");
        let bare = Request::builder().method(route.method.as_str()).uri(&path).body(Body::empty()).expect("a request");
        let answer = world.send(bare).await;
        if open.contains(&route.path) {
            assert_ne!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        } else {
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
            assert_eq!(answer.code(), "no_token");
            assert_eq!(answer.headers.get(header::WWW_AUTHENTICATE).map(|it| it.as_bytes()), Some(&b"Bearer"[..]));
            asked += 1;
        }
    }
    assert!(asked > 60, "{asked} routes");
}

#[tokio::test]
async fn everything_below_admin_is_for_administrators() {
    let world = World::new().await;
    let anna = world.user("anna").await;
    for route in server::api::routes().into_iter().flatten() {
        if route.path.starts_with("/api/admin/") {
            let path = route.path.replace(['{', '}'], "");
            let answer = world.send(request(route.method.as_str(), &anna, &path, None)).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
            assert_eq!(answer.code(), "forbidden");
        }
    }
}

#[tokio::test]
async fn tokens_that_are_none_are_refused_alike() {
    let world = World::new().await;
    for value in ["Bearer", "Bearer ", "Bearer crm_unknown", "Basic YTpi", "crm_x", "Bearer \u{7f}"] {
        let Ok(request) =
            Request::builder().uri("/api/crm/me").header(header::AUTHORIZATION, value).body(Body::empty())
        else {
            continue;
        };
        let answer = world.send(request).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{value}");
    }
}

#[tokio::test]
async fn an_unknown_address_and_an_unknown_method_are_told_apart() {
    let world = World::new().await;
    let nothing = world.get(&world.admin, "/api/crm/nothing").await;
    assert_eq!((nothing.status, nothing.code()), (StatusCode::NOT_FOUND, "not_found"));
    let method = world.delete(&world.admin, "/api/crm/accounts").await;
    assert_eq!((method.status, method.code()), (StatusCode::METHOD_NOT_ALLOWED, "no_such_method"));
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_malformed_and_says_where() {
    let world = World::new().await;
    for body in ["", "{", "[1]", "\"x\"", "{\"name\": }", "\u{feff}{}"] {
        let mut request = request("POST", &world.admin, "/api/crm/accounts", None);
        *request.body_mut() = Body::from(body);
        let answer = world.send(request).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(answer.code(), "malformed");
    }
    let mut request = request("POST", &world.admin, "/api/crm/accounts", None);
    *request.body_mut() = Body::from("{\n \"name\": }");
    assert!(world.send(request).await.text.contains("line 2"));
}

// E3: which of the two was meant nobody could say.
#[tokio::test]
async fn a_body_with_a_name_that_stands_twice_is_refused_and_nothing_is_done() {
    let world = World::new().await;
    for body in ["{\"name\": \"A\", \"name\": \"B\"}", "{\"name\": \"A\", \"\\u006eame\": \"A\"}"] {
        let mut request = request("POST", &world.admin, "/api/crm/accounts", None);
        *request.body_mut() = Body::from(body);
        let answer = world.send(request).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::BAD_REQUEST, "malformed"));
        assert!(answer.text.contains("'name' stands twice at line 1 column"), "{}", answer.text);
    }
    let listed = world.get(&world.admin, "/api/crm/accounts").await;
    assert!(!listed.text.contains("\"name\":\""), "{}", listed.text);
}

#[tokio::test]
async fn a_body_larger_than_the_bound_is_refused() {
    let world = World::new().await;
    let text = "x".repeat(server::api::MAX_BODY);
    let answer = world.post(&world.admin, "/api/crm/accounts", json!({"name": text})).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer.code(), "too_large");
}

// E3
#[tokio::test]
async fn query_and_body_faults_come_together() {
    let world = World::new().await;
    let answer = world.post(&world.admin, "/api/crm/accounts?colour=red", json!({"location": 5, "size": 1})).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.faults(), ["colour", "location", "name", "size"]);
}

// E3: what says that it is no JSON is not read as such; what says nothing is.
#[tokio::test]
async fn a_body_that_is_sent_as_something_else_is_refused() {
    let world = World::new().await;
    let sent = |kind: &'static str, name: &str| {
        let mut request = request("POST", &world.admin, "/api/crm/accounts", Some(json!({"name": name})));
        request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        world.send(request)
    };
    for kind in ["text/plain", "application/x-www-form-urlencoded", "", "text/plain; application/json"] {
        let answer = sent(kind, "A").await;
        assert_eq!((answer.status, answer.code()), (StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json"), "{kind}");
        assert!(answer.text.contains("Content-Type: application/json"), "{}", answer.text);
    }
    for kind in ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"] {
        assert_eq!(sent(kind, kind).await.status, StatusCode::CREATED, "{kind}");
    }
    assert_eq!(world.get(&world.admin, "/api/crm/accounts").await.items().len(), 3);
}

// E3
#[tokio::test]
async fn a_version_that_is_none_is_told_where_it_stands() {
    let world = World::new().await;
    let path = "/api/admin/settings";
    for wrong in ["\"x\"", "*", "\"-1\"", "\u{e9}"] {
        let mut change = request("PATCH", &world.admin, path, Some(json!({"interval_s": 7})));
        change.headers_mut().insert(header::IF_MATCH, HeaderValue::from_bytes(wrong.as_bytes()).expect("bytes"));
        assert_eq!(world.send(change).await.faults(), ["If-Match"], "{wrong}");
    }
    assert_ne!(world.get(&world.admin, path).await.json["interval_s"], json!(7));
    let late = world.patch(&world.admin, path, json!({"interval_s": 7, "version": 99})).await;
    assert_eq!(late.code(), "stale");
    assert!(!late.text.contains("the record"), "{}", late.text);
}

// E3: a cursor of another list would go on somewhere, and nobody could say where.
#[tokio::test]
async fn a_list_goes_on_from_its_own_cursors_only() {
    let world = World::new().await;
    let anna = world.user("anna").await;
    for login in ["cleo", "dora", "emil"] {
        world.mapped(login).await;
    }
    for name in ["A", "B"] {
        world.made(&anna, "/api/crm/contacts", json!({"last_name": name})).await;
    }
    let next = async |who, path: &str| {
        let page = world.get(who, path).await;
        page.json["next"].as_str().unwrap_or_else(|| panic!("more of {path}: {}", page.text)).to_owned()
    };
    let users = next(&world.admin, "/api/admin/users?limit=1").await;
    let contacts = next(&anna, "/api/crm/views/my_contacts?limit=1").await;
    for (who, path) in [
        (&world.admin, "/api/admin/held"),
        (&world.admin, "/api/admin/quarantine"),
        (&world.admin, "/api/admin/history"),
        (&anna, "/api/crm/views/all_employees"),
        (&anna, "/api/crm/views/my_personal_contacts"),
        (&anna, "/api/crm/views/my_activities"),
        (&anna, "/api/crm/accounts"),
    ] {
        for after in ["zzz", &users, &contacts] {
            let answer = world.get(who, &format!("{path}?after={after}")).await;
            assert_eq!(answer.faults(), ["after"], "{path} after {after}: {}", answer.text);
        }
    }
    for after in ["zzz", &contacts] {
        assert_eq!(world.get(&world.admin, &format!("/api/admin/users?after={after}")).await.faults(), ["after"]);
    }
    assert_eq!(world.get(&world.admin, &format!("/api/admin/users?after={users}")).await.items().len(), 2);
    assert_eq!(world.get(&anna, &format!("/api/crm/views/my_contacts?after={contacts}")).await.items().len(), 1);
}
