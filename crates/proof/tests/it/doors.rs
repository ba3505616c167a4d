//! At the API's door: passwords that are guessed, and characters that no database takes (rule E3).

use crate::database::on_both;
use crate::world::{Person, World};
use serde_json::{Value as Json, json};

on_both!(
    guessing_a_password_is_slow_and_keeps_out_nobody_who_has_a_token,
    a_new_password_ends_what_the_old_one_opened,
    a_text_with_nul_is_refused_wherever_it_stands_and_says_so,
    who_signs_in_with_a_wrong_password_is_told_so_and_not_to_send_a_token,
    the_last_administrator_can_shut_nobody_out_of_the_house,
    a_token_that_would_be_over_when_it_is_made_is_refused,
    a_user_asked_for_alone_is_told_with_the_numbers_of_the_list,
);

const SIGN_IN: &str = "/api/crm/sign-in";

async fn sign_in(world: &World, login: &str, password: &str) -> (u16, Json) {
    let nobody = Person { token: String::new(), ..world.admin.clone() };
    world.ask(&nobody, "POST", SIGN_IN, Some(&json!({"login": login, "password": password}))).await
}

async fn guessing_a_password_is_slow_and_keeps_out_nobody_who_has_a_token() {
    let (world, anna, _) = World::with_two().await;
    world.done(&anna, "PUT", "/api/crm/password", Some(&json!({"password": "correct horse"}))).await;
    for login in ["anna", "nobody-of-that-name"] {
        for n in 0..5 {
            assert_eq!(sign_in(&world, login, &format!("guess {n}")).await.0, 401, "a person may err: {login}");
        }
        let (status, told) = sign_in(&world, login, "correct horse").await;
        assert_eq!((status, &told["error"]["code"]), (429, &json!("too_often")), "{login}");
        assert!(told["error"]["message"].as_str().is_some_and(|words| words.contains("30 seconds")), "{told}");
    }
    assert_eq!(sign_in(&world, "ANNA", "correct horse").await.0, 429, "however it is written");
    assert!(world.is_there(&anna, "/api/crm/me").await, "her token works");
    world.pass_s(30);
    assert_eq!(sign_in(&world, "anna", "guess").await.0, 401);
    world.pass_s(31);
    assert_eq!(sign_in(&world, "anna", "correct horse").await.0, 429, "each further one doubles it");
    world.pass_s(30);
    assert_eq!(sign_in(&world, "anna", "correct horse").await.0, 201);
    assert_eq!(sign_in(&world, "anna", "guess").await.0, 401, "and all is forgotten");
    assert_eq!(sign_in(&world, "anna", "correct horse").await.0, 201);
}

async fn a_new_password_ends_what_the_old_one_opened() {
    let (world, anna, _) = World::with_two().await;
    let set = |password: &'static str| json!({ "password": password });
    world.done(&anna, "PUT", "/api/crm/password", Some(&set("correct horse"))).await;
    let (_, made) = sign_in(&world, "anna", "correct horse").await;
    let session = Person { token: made["token"].as_str().expect("a token").to_owned(), ..anna.clone() };
    assert!(world.is_there(&session, "/api/crm/me").await);
    world.done(&anna, "PUT", "/api/crm/password", Some(&set("battery staple"))).await;
    assert_eq!(world.ask(&session, "GET", "/api/crm/me", None).await.0, 401);
    assert!(world.is_there(&anna, "/api/crm/me").await, "what a program signs in with stays");
}

async fn a_text_with_nul_is_refused_wherever_it_stands_and_says_so() {
    let (world, anna, _) = World::with_two().await;
    let asked = [
        ("POST", "/api/crm/contacts", json!({"last_name": "x", "integration_key": "\0"})),
        ("POST", "/api/crm/contacts", json!({"last_name": "x", "categories": ["a\0"]})),
        ("POST", "/api/crm/contacts", json!({"last_name": "x", "more_emails": ["a\0@b.test"]})),
        ("POST", "/api/crm/tokens", json!({"name": "a\0b"})),
        ("POST", "/api/crm/employees", json!({"last_name": "x", "language": "\0"})),
        ("POST", "/api/crm/employees", json!({"last_name": "x", "addresses": ["a\0@b.test"]})),
        ("POST", "/api/crm/accounts", json!({"name": "a\0"})),
        ("POST", SIGN_IN, json!({"login": "a\0", "password": "long enough"})),
        ("PATCH", "/api/admin/settings", json!({"fallback_owner": "\0"})),
        ("PATCH", "/api/admin/settings", json!({"shared_mailboxes": ["a\0@b.test"]})),
        ("POST", "/api/admin/users", json!({"user": "anna\0", "connection": "hq", "address": "a@b.test"})),
        ("POST", "/api/admin/undo", json!({"record": "\0"})),
        ("GET", "/api/crm/contacts/%00", Json::Null),
        ("GET", "/api/admin/users/a%00", Json::Null),
        ("GET", "/api/admin/connections/%00", Json::Null),
        ("GET", "/api/admin/history?user=%00", Json::Null),
        ("GET", "/api/crm/search?q=%00", Json::Null),
        ("DELETE", "/api/admin/connections/%00", Json::Null),
    ];
    for (method, path, body) in asked {
        let body = (body != Json::Null).then_some(body);
        let (status, told) = world.ask(&world.admin, method, path, body.as_ref()).await;
        assert_eq!(status, 422, "{method} {path} {body:?}: {told}");
        assert!(told.to_string().contains("NUL"), "{told}");
    }
    assert_eq!(world.view(&anna, "my_contacts").await.len(), 0);
}

// E3
async fn who_signs_in_with_a_wrong_password_is_told_so_and_not_to_send_a_token() {
    let (world, anna, _) = World::with_two().await;
    world.done(&anna, "PUT", "/api/crm/password", Some(&json!({"password": "correct horse"}))).await;
    let (status, wrong) = sign_in(&world, "anna", "guess").await;
    assert_eq!((status, &wrong["error"]["code"]), (401, &json!("wrong_password")), "{wrong}");
    assert!(wrong["error"]["message"].as_str().is_some_and(|words| words.contains("login or the password")), "{wrong}");
    assert_eq!(sign_in(&world, "nobody-of-that-name", "guess").await.1, wrong, "nor is it told who is known");
}

// E3: without an administrator nobody could put anything right through the API.
async fn the_last_administrator_can_shut_nobody_out_of_the_house() {
    let (world, anna, _) = World::with_two().await;
    let me = world.get(&world.admin, "/api/crm/me").await;
    let path = format!("/api/crm/employees/{}", me["id"].as_str().expect("an id"));
    for (field, edit) in
        [("admin", json!({"admin": false})), ("active", json!({"active": false})), ("login", json!({"login": null}))]
    {
        let mut edit = edit;
        edit["version"] = me["version"].clone();
        let (status, told) = world.ask(&world.admin, "PATCH", &path, Some(&edit)).await;
        assert_eq!((status, &told["error"]["where"][0]["field"]), (422, &json!(field)), "{told}");
        assert!(told.to_string().contains("the last administrator who can sign in"), "{told}");
    }
    let gone = format!("{path}?version={}", me["version"]);
    assert_eq!(world.ask(&world.admin, "DELETE", &gone, None).await.0, 422);
    // With a second one he may go.
    world.edit(&world.admin, &format!("/api/crm/employees/{}", anna.id), json!({"admin": true})).await;
    world.edit(&world.admin, &path, json!({"admin": false})).await;
    assert_eq!(world.ask(&world.admin, "GET", "/api/admin/settings", None).await.0, 403);
    assert!(world.is_there(&anna, "/api/admin/settings").await);
}

// E3
async fn a_token_that_would_be_over_when_it_is_made_is_refused() {
    let (world, anna, _) = World::with_two().await;
    let token = json!({"name": "mine", "expires_at": "2020-01-01T00:00:00Z"});
    let (status, told) = world.ask(&anna, "POST", "/api/crm/tokens", Some(&token)).await;
    assert_eq!((status, &told["error"]["where"][0]["field"]), (422, &json!("expires_at")), "{told}");
    assert!(told.to_string().contains("is over already"), "{told}");
}

// W4
async fn a_user_asked_for_alone_is_told_with_the_numbers_of_the_list() {
    let (world, anna, _) = World::with_two().await;
    world.appointment(&anna, "Lunch", "2026-09-28").await;
    world.sync(&[&anna]).await;
    let listed = world.list(&world.admin, "/api/admin/users").await;
    let of_list = listed.iter().find(|user| user["login"] == "anna").expect("she is listed");
    let alone = world.get(&world.admin, "/api/admin/users/anna").await;
    assert_eq!(&alone, of_list);
    assert_eq!(alone["links"]["calendar"]["all"], 1, "{alone}");
}
