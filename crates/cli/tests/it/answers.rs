//! Commands on a fresh store: what they answer, and how they refuse.

use super::run::{Place, ended, run, syncline, text};
use std::process::Stdio;

// E3
#[test]
fn a_bad_configuration_tells_all_its_faults_with_their_lines_and_starts_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("syncline.toml");
    std::fs::write(
        &file,
        "listen = 8080\nkey_file = \"missing.key\"\ncolour = \"red\"\n[database]\nurl = \"mysql://x\"\n",
    )
    .expect("written");
    for command in [&["serve"][..], &["check"], &["user", "list"]] {
        let mut args = vec!["--config", file.to_str().expect("text")];
        args.extend(command);
        let ended = run(&args);
        assert_eq!(ended.code, 3, "{command:?}");
        for fault in [":1: listen", ":2: key_file", ":3: colour", ":5: database.url", "[crm] is missing"] {
            assert!(ended.err.contains(fault), "{command:?}: {fault} in {}", ended.err);
        }
    }
    let left: Vec<_> = std::fs::read_dir(folder.path()).expect("read").collect();
    assert_eq!(left.len(), 1, "nothing was made");
    let missing = run(&["--config", "/nonexistent/syncline.toml", "check"]);
    assert_eq!(missing.code, 3);
}

#[test]
fn a_key_file_is_made_once_and_never_replaced() {
    let place = Place::new();
    let key = place.path("syncline.key");
    let before = std::fs::read(&key).expect("read");
    let again = run(&["key", "create", &text(&key)]);
    assert_eq!(again.code, 3, "{}", again.out);
    assert_eq!(std::fs::read(&key).expect("read"), before);
}

#[test]
fn a_connection_takes_its_password_from_the_environment_or_standard_input_only() {
    let place = Place::new();
    let config = text(&place.path("syncline.toml"));
    let add = |name: &str, more: &[&str]| {
        let mut command = syncline();
        command.args(["--config", &config, "connection", "add", name]);
        command.args(["--url", "https://mail.example.test/EWS/Exchange.asmx", "--user", "svc@example.test"]);
        command.args(more);
        command
    };
    let without = ended(add("munich", &[]).output().expect("runs"));
    assert_eq!(without.code, 1);
    assert!(without.err.contains("password"), "{}", without.err);
    let by_variable = ended(add("munich", &[]).env("SYNCLINE_PASSWORD", "correct horse").output().expect("runs"));
    assert_eq!(by_variable.code, 0, "{}", by_variable.err);
    let mut child = add("paris", &["--password-stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("runs");
    {
        use std::io::Write;
        let mut input = child.stdin.take().expect("piped");
        input.write_all(b"battery staple\n").expect("written");
    }
    let by_input = ended(child.wait_with_output().expect("ends"));
    assert_eq!(by_input.code, 0, "{}", by_input.err);
    let list = place.json(&["connection", "list"]);
    assert_eq!(list.as_array().map(Vec::len), Some(2));
    // trap 187
    let shown = list.to_string();
    assert!(!shown.contains("correct horse") && !shown.contains("battery staple"));
    // trap 188
    let stored = std::fs::read(place.path("syncline.db")).expect("read");
    assert!(!contains(&stored, b"correct horse") && !contains(&stored, b"battery staple"));
}

fn contains(whole: &[u8], part: &[u8]) -> bool {
    whole.windows(part.len()).any(|window| window == part)
}

// E3: plain http to another machine, a connection and a user that do not exist: refused, every fault at once.
#[test]
fn a_request_is_refused_once_for_all_its_faults() {
    let place = Place::new();
    let ended = place.run(&["--json", "user", "map", "nobody", "--connection", "nowhere", "--address", "no address"]);
    assert_eq!(ended.code, 1);
    let told: serde_json::Value = serde_json::from_str(&ended.err).expect("JSON for programs");
    let fields: Vec<&str> =
        told["error"]["where"].as_array().expect("places").iter().filter_map(|place| place["field"].as_str()).collect();
    for field in ["user", "connection", "address"] {
        assert!(fields.contains(&field), "{field} in {fields:?}");
    }
}

// D7: a calendar is named as everywhere, and none takes sub-folders back; what is read is asked for before anything is done.
#[test]
fn sub_folders_are_named_by_the_words_of_their_domains() {
    let place = Place::new();
    let change = |folders: &[&str]| {
        let named: Vec<&str> = folders.iter().flat_map(|folder| ["--folder", folder]).collect();
        place.run(&[&["connection", "change", "nowhere"], named.as_slice()].concat())
    };
    for understood in [&["calendar:Team"][..], &["appointment:Team", "contact:A/B"], &["none"]] {
        assert_eq!(change(understood).code, 1, "{understood:?}: there is no such connection");
    }
    for not_understood in [&["mail:Team"][..], &["none", "task:Team"], &[""]] {
        assert_eq!(change(not_understood).code, 2, "{not_understood:?}");
    }
}

// D1
#[test]
fn a_level_that_a_domain_refuses_is_refused_with_the_reason() {
    let place = Place::new();
    let refused = place.run(&["level", "set", "employee", "full"]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("does not accept"), "{}", refused.err);
    assert_eq!(place.run(&["level", "set", "calendar", "export"]).code, 0);
    let levels = place.json(&["level", "list"]);
    let calendar = levels.as_array().expect("a list").iter().find(|row| row[0] == "calendar").expect("told");
    assert_eq!(calendar[1], "export");
}

// L4
#[test]
fn group_rules_stand_in_the_order_they_were_given() {
    let place = Place::new();
    let refused = place.run(&["group-rule", "add", "task", "position", "POS-404", "export"]);
    assert_eq!(refused.code, 1, "an unknown group: {}", refused.err);
    assert_eq!(place.run(&["group-rule", "remove", "task", "1"]).code, 1);
    assert_eq!(place.json(&["group-rule", "list", "task"]), serde_json::json!([]));
}

// E4
#[test]
fn schedules_are_set_by_hours_as_people_write_them() {
    let place = Place::new();
    let office = ["schedule", "add", "--interval", "300", "--peak-interval", "30", "--peak", "mon-fri 08:00-18:00"];
    assert_eq!(place.run(&[&office[..], &["--blackout", "22:00-05:00", "--zone", "Europe/Berlin"]].concat()).code, 0);
    let again = place.run(&["schedule", "add", "--interval", "5"]);
    assert_eq!(again.code, 1);
    assert!(again.err.contains("an earlier schedule names"), "{}", again.err);
    let unknown = place.run(&["schedule", "add", "--group", "position", "--id", "POS-404", "--interval", "5"]);
    assert!(unknown.err.contains("there is no position POS-404"), "{}", unknown.err);
    let wrong = place.run(&["schedule", "add", "--interval", "5", "--blackout", "at night"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.err.contains("write them as"), "{}", wrong.err);
    let list = place.run(&["schedule", "list"]);
    for part in ["everybody", "300 s", "30 s mon,tue,wed,thu,fri 08:00-18:00", "22:00-05:00", "Europe/Berlin"] {
        assert!(list.out.contains(part), "{part}: {}", list.out);
    }
    let nobody = place.run(&["sync", "--group", "position", "--id", "POS-404"]);
    assert_eq!(nobody.code, 1, "{}", nobody.err);
    assert_eq!(place.run(&["schedule", "remove", "1"]).code, 0);
    assert_eq!(place.json(&["schedule", "list"]), serde_json::json!([]));
}

#[test]
fn an_empty_crm_gets_its_first_administrator_and_a_token() {
    let place = Place::new();
    let made = place.json(&["token", "administrator", "root", "--address", "root@example.test"]);
    assert!(made["token"].as_str().is_some_and(|token| token.len() >= 32));
    let again = place.run(&["token", "administrator", "root"]);
    assert_eq!(again.code, 1, "the login is taken");
    assert!(again.err.contains("syncline token make root"), "{}", again.err);
    let list = place.json(&["token", "list", "root"]);
    let id = list[0]["id"].as_str().expect("an id").to_owned();
    assert!(list[0].get("token").is_none(), "its text is stored nowhere");
    assert_eq!(place.run(&["token", "revoke", "root", &id]).code, 0);
    assert_eq!(place.run(&["token", "revoke", "root", &id]).code, 1);
}

#[test]
fn nothing_to_show_is_shown_as_nothing() {
    let place = Place::new();
    for command in [
        &["user", "list"][..],
        &["connection", "list"],
        &["history"],
        &["quarantine"],
        &["held", "list"],
        &["brake", "list"],
        &["sync"],
    ] {
        assert_eq!(place.json(command), serde_json::json!([]), "{command:?}");
        assert_eq!(place.run(command).out.trim(), "nothing", "{command:?}");
    }
    let settings = place.json(&["settings", "show"]);
    assert_eq!(settings["interval_s"], 60);
    assert_eq!(place.run(&["check"]).code, 0);
}

// L7
#[test]
fn settings_change_by_what_is_named_and_refuse_another_generation() {
    let place = Place::new();
    let changed = place.json(&["settings", "change", "{\"interval_s\": 30}"]);
    assert_eq!(changed["interval_s"], 30);
    let stale = place.run(&["settings", "change", "{\"interval_s\": 20}", "--generation", "1"]);
    assert_eq!(stale.code, 1, "{}", stale.out);
    let wrong = place.run(&["settings", "change", "{\"interval_s\": 0, \"colour\": 1}"]);
    assert_eq!(wrong.code, 1);
    assert!(wrong.err.contains("interval_s") && wrong.err.contains("colour"), "{}", wrong.err);
    assert_eq!(place.run(&["settings", "change", "[1]"]).code, 2);
}

// decision 13
#[test]
fn a_restored_copy_is_a_new_store_in_the_eyes_of_the_mailboxes() {
    let place = Place::new();
    assert_eq!(place.run(&["settings", "change", "{\"interval_s\": 33}"]).code, 0);
    let copy = text(&place.path("copy.db"));
    assert_eq!(place.run(&["backup", "--to", &copy]).code, 0);
    assert_eq!(place.run(&["settings", "change", "{\"interval_s\": 44}"]).code, 0);
    assert_eq!(place.run(&["backup", "--to", &copy]).code, 1, "a copy is never written over");
    let nowhere = place.run(&["backup", "--to", &format!("{copy}.there/copy.db")]);
    assert!(nowhere.code == 1 && nowhere.err.contains("is no folder"), "{}", nowhere.err);
    let restored = place.json(&["restore", "--from", &copy, "--yes"]);
    let epoch = restored["epoch"].as_u64().expect("an epoch");
    assert_eq!(place.json(&["settings", "show"])["interval_s"], 33);
    let again = place.json(&["restore", "--yes"]);
    assert!(again["epoch"].as_u64() > Some(epoch));
    assert!(place.json(&["migrate"])["schema"].as_i64() > Some(0));
}

#[test]
fn a_copy_that_is_not_there_is_named_and_nothing_is_replaced() {
    let place = Place::new();
    assert_eq!(place.run(&["migrate"]).code, 0);
    let before = std::fs::read(place.path("syncline.db")).expect("read");
    let refused = place.run(&["restore", "--yes", "--from", "nowhere.db"]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("nowhere.db is no file"), "{}", refused.err);
    assert_eq!(std::fs::read(place.path("syncline.db")).expect("read"), before);
}

// W: what stands in the store's place may be broken, and what is given as a copy may be none.
#[test]
fn a_broken_store_is_restored_and_what_is_no_copy_of_one_is_refused() {
    let place = Place::new();
    assert_eq!(place.run(&["settings", "change", "{\"interval_s\": 33}"]).code, 0);
    let copy = text(&place.path("copy.db"));
    assert_eq!(place.run(&["backup", "--to", &copy]).code, 0);
    let store = place.path("syncline.db");
    std::fs::write(&store, "neither a store nor a database, but a text somebody saved here by mistake")
        .expect("written");
    let broken = std::fs::read(&store).expect("read");
    std::fs::write(place.path("half.db"), &std::fs::read(&copy).expect("read")[..5_000]).expect("written");
    for wrong in ["crm.db", "half.db", "syncline.toml", "syncline.db"] {
        let refused = place.run(&["restore", "--yes", "--from", &text(&place.path(wrong))]);
        assert_eq!(refused.code, 1, "{wrong}: {}", refused.err);
        assert!(refused.err.contains(wrong) && refused.err.contains("not restored"), "{}", refused.err);
        assert_eq!(std::fs::read(&store).expect("read"), broken, "{wrong}");
    }
    assert!(place.json(&["restore", "--yes", "--from", &copy])["epoch"].as_u64().is_some());
    assert_eq!(place.json(&["settings", "show"])["interval_s"], 33);
    assert_eq!(std::fs::read(place.path("syncline.db.before-restore")).expect("kept"), broken);
}

#[test]
fn a_plan_for_nobody_says_so_and_a_rule_that_is_not_there_is_not_found() {
    let place = Place::new();
    let plan = place.run(&["plan"]);
    assert_eq!(plan.code, 0, "{}", plan.err);
    assert!(plan.out.contains("no user is mapped"), "{}", plan.out);
    let none = place.run(&["group-rule", "remove", "task", "3"]);
    assert_eq!(none.code, 1);
    assert!(none.err.contains("task has 0 group rules"), "{}", none.err);
    assert_eq!(place.run(&["group-rule", "remove", "task", "0"]).code, 2, "positions count from one");
}

// E3, L4: a place in a list that is not there is told, and the rule is not put somewhere else.
#[test]
fn a_place_that_is_not_there_takes_no_rule() {
    let place = Place::new();
    let schedule = place.run(&["schedule", "add", "--interval", "60", "--before", "7"]);
    assert_eq!(schedule.code, 1, "{}", schedule.out);
    assert!(schedule.err.contains("there are 0 schedules, none at that position"), "{}", schedule.err);
    assert_eq!(place.run(&["schedule", "add", "--interval", "60", "--before", "1"]).code, 0);
    assert_eq!(place.json(&["schedule", "list"]).as_array().map(Vec::len), Some(1));
}
