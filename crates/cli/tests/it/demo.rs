//! The demonstration: any seed converges, and every sabotage is noticed, by it and by a reader written elsewhere who knows
//! nothing of the product and reads only the raw answers of both sides.

use super::run::{run, text};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};

/// The last line of `demo --once --json`, and its exit code; the raw answers of both sides go to a folder.
fn once(seed: &str, dump: &Path, more: &[&str]) -> (i32, Value) {
    let dump = text(dump);
    let mut args = vec!["demo", "--once", "--json", "--seed", seed, "--dump", &dump];
    args.extend(more);
    let ended = run(&args);
    let last = ended.out.lines().last().unwrap_or_default().to_owned();
    let result = serde_json::from_str(&last).unwrap_or_else(|_| panic!("no result: {last} {}", ended.err));
    (ended.code, result)
}

/// What the other reader says of a dump, and its exit code; nothing when there is no Python with what it needs.
fn compared(dump: &Path) -> Option<(Option<i32>, String)> {
    let Some(python) = std::env::var_os("SYNCLINE_PYTHON") else {
        say_skipped();
        return None;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../proof/python/compare_demo.py");
    let output =
        Command::new(python).arg("-B").arg(script).arg(dump).stdin(Stdio::null()).output().expect("Python runs");
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Some((output.status.code(), told))
}

#[expect(clippy::print_stderr, reason = "a test that could not run says so")]
fn say_skipped() {
    eprintln!("skipped: SYNCLINE_PYTHON names no Python with exchangelib");
}

/// A sync that is wrong in this way is noticed by the demonstration, and by the other reader in a line that begins so.
fn sabotaged(how: &str, found: &str) {
    let dump = tempfile::tempdir().expect("a folder");
    let (code, result) = once("5", dump.path(), &["--sabotage", how]);
    assert_eq!((code, result["converged"].as_bool()), (1, Some(false)), "{how}");
    let Some((code, told)) = compared(dump.path()) else { return };
    assert_eq!(code, Some(1), "{told}");
    assert!(told.lines().any(|line| line.starts_with(found)), "{how}: {told}");
}

// E6, C9: nothing lost, nothing doubled, no mail, no idle write; each permitted count is told.
#[test]
fn a_seed_converges_and_every_permitted_count_is_told() {
    let dump = tempfile::tempdir().expect("a folder");
    let (code, result) = once("5", dump.path(), &[]);
    assert_eq!(code, 0);
    assert_eq!(result["converged"], true);
    for none in ["duplicates", "lost", "mails_sent", "idle_writes"] {
        assert_eq!(result[none], 0, "{none}");
    }
    assert!(result["users"].as_u64().is_some_and(|users| users >= 12));
    let domains = result["domains"].as_object().expect("domains");
    let forbidden = [
        ("employee", "created_crm"),
        ("employee", "updated_crm"),
        ("employee", "deleted_crm"),
        ("business_contact", "deleted_crm"),
    ];
    for (domain, counts) in domains {
        for (name, count) in counts.as_object().expect("counts") {
            let count = count.as_u64().expect("a number");
            if forbidden.contains(&(domain.as_str(), name.as_str())) {
                assert_eq!(count, 0, "{domain} {name}");
            } else {
                assert!(count >= 5, "{domain} {name} is {count}");
            }
        }
    }
    assert_eq!(domains.len(), 5);
    let Some((code, told)) = compared(dump.path()) else { return };
    assert_eq!(code, Some(0), "{told}");
    assert!(told.ends_with(" 0 faults\n") && !told.starts_with("0 records"), "{told}");
}

#[test]
fn a_lost_update_is_noticed() {
    sabotaged("lost-update", "differs:");
}

#[test]
fn a_duplicate_is_noticed() {
    sabotaged("duplicate", "double:");
}

#[test]
fn a_mail_is_noticed() {
    sabotaged("mail", "mail:");
}

#[test]
fn an_echo_is_noticed() {
    sabotaged("echo", "idle write:");
}

#[test]
fn a_leak_is_noticed() {
    sabotaged("leak", "leak:");
}

#[test]
fn the_folder_of_an_earlier_demonstration_is_not_taken_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("syncline.db"), "").expect("written");
    let refused = run(&["demo", "--once", "--data", &text(folder.path())]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("name a folder that is new or empty"), "{}", refused.err);
    assert_eq!(std::fs::read_dir(folder.path()).expect("read").count(), 1, "nothing was made");
}
