//! A mailbox from mapping to its first cycle, command by command, with the emulator as the Exchange.

use super::run::{Place, syncline};
use std::io::{BufRead, BufReader};
use std::process::Stdio;

#[test]
fn a_user_is_mapped_looked_at_and_synchronised_by_commands_alone() {
    let mut child = syncline()
        .args([
            "emulator",
            "--json",
            "--listen",
            "127.0.0.1:0",
            "--mailbox",
            "anna@crm.test",
            "--service",
            "svc@crm.test",
        ])
        .env("EMULATOR_PASSWORD", "secret")
        .stdout(Stdio::piped())
        .spawn()
        .expect("runs");
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().expect("piped")).read_line(&mut line).expect("told");
    let told: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    let url = told["url"].as_str().expect("a URL").to_owned();
    let place = Place::new();
    play(&place, &url);
    child.kill().expect("stopped");
    child.wait().expect("ended");
}

fn play(place: &Place, url: &str) {
    let config = place.path("syncline.toml");
    let added = syncline()
        .arg("--config")
        .arg(&config)
        .args(["connection", "add", "local", "--url", url, "--user", "svc@crm.test"])
        .env("SYNCLINE_PASSWORD", "secret")
        .status()
        .expect("runs");
    assert!(added.success());
    place.json(&["token", "administrator", "anna", "--address", "anna@crm.test"]);
    let map = ["user", "map", "anna", "--connection", "local", "--address", "anna@crm.test"];
    let mapped = place.json(&map);
    assert_eq!(mapped["enabled"], false);
    // L1: one user, one mailbox.
    assert_eq!(place.run(&map).code, 1);
    assert_eq!(place.run(&["check"]).code, 0, "the mailbox can be reached");
    let plan = place.json(&["plan", "--user", "anna"]);
    assert_eq!(plan["plan"]["lines"], serde_json::json!([]));
    assert_eq!(plan["brakes"], serde_json::json!([]));
    assert_eq!(place.run(&["user", "enable", "anna"]).code, 0);
    let done = place.json(&["sync", "--user", "anna"]);
    assert_eq!(done[0]["trouble"], serde_json::Value::Null, "{done}");
    let users = place.json(&["user", "list"]);
    assert_eq!(users[0]["state"], "ok", "{users}");
    let confirmed = place.run(&["user", "confirm-mailbox", "anna"]);
    assert!(confirmed.out.contains("nothing waited"), "{}", confirmed.out);
    // L5
    let chain = place.json(&["explain", "user", "anna"]);
    assert!(chain["text"].as_array().is_some_and(|lines| !lines.is_empty()));
    // L6: unmapping deletes nothing, and mapping anew takes up where it stopped.
    assert_eq!(place.run(&["user", "unmap", "anna"]).code, 0);
    assert_eq!(place.json(&map)["id"], mapped["id"]);
    assert_eq!(place.run(&["user", "forget", "anna", "--yes"]).code, 0);
    assert_eq!(place.run(&["connection", "remove", "local"]).code, 0);
}
