//! Exchange servers written apart from our emulator, each with habits of its own, under a running server.

use crate::clients::{python, run};
use crate::world::{PASSWORD, SERVICE, World};
use serde_json::{Value as Json, json};

/// What the servers are called in the script that plays them; each is one person's.
const CHARACTERS: [&str; 22] = [
    "plain",
    "old",
    "scribe",
    "clockmaker",
    "seven",
    "sparse",
    "hollow",
    "twins",
    "keeper",
    "tidier",
    "moody",
    "always500",
    "forgetful",
    "refuser",
    "forgetter",
    "drifter",
    "painter",
    "miser",
    "keyless",
    "curt",
    "endless",
    "frail",
];

// C2, C4, C6, E1, E2, L1, O3, R1, R3, R4, R5, traps 22, 148, 167, 173
#[tokio::test(flavor = "multi_thread")]
async fn servers_with_habits_of_their_own_are_kept_in_step_and_told_in_words() {
    let Some(python) = python() else { return };
    let (world, api, _) = World::served().await;
    let mut users = Json::Object(serde_json::Map::new());
    for login in CHARACTERS {
        let user = world.colleague(login, &[]).await;
        users[login] = json!({"id": user.id, "address": user.address, "token": user.token});
    }
    let told =
        json!({"api": api, "password": PASSWORD, "account": SERVICE, "admin": world.admin.token, "users": users});
    let printed = run(&python, "stranger_under_serve.py", &[&told.to_string()]).await;
    assert!(printed.contains("checks passed"), "{printed}");
}
