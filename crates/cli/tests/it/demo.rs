//! The demonstration: any seed converges, and every sabotage is noticed.

use super::run::run;
use serde_json::Value;

/// The last line of `demo --once --json`, and its exit code.
fn once(seed: &str, more: &[&str]) -> (i32, Value) {
    let mut args = vec!["demo", "--once", "--json", "--seed", seed];
    args.extend(more);
    let ended = run(&args);
    let last = ended.out.lines().last().unwrap_or_default().to_owned();
    let result = serde_json::from_str(&last).unwrap_or_else(|_| panic!("no result: {last} {}", ended.err));
    (ended.code, result)
}

fn sabotaged(how: &str) {
    let (code, result) = once("5", &["--sabotage", how]);
    assert_eq!((code, result["converged"].as_bool()), (1, Some(false)), "{how}");
}

// E6, C9: nothing lost, nothing doubled, no mail, no idle write; each permitted count is told.
#[test]
fn a_seed_converges_and_every_permitted_count_is_told() {
    let (code, result) = once("5", &[]);
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
}

#[test]
fn a_lost_update_is_noticed() {
    sabotaged("lost-update");
}

#[test]
fn a_duplicate_is_noticed() {
    sabotaged("duplicate");
}

#[test]
fn a_mail_is_noticed() {
    sabotaged("mail");
}

#[test]
fn an_echo_is_noticed() {
    sabotaged("echo");
}

#[test]
fn a_leak_is_noticed() {
    sabotaged("leak");
}
