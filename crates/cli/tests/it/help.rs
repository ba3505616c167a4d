//! Help that teaches, and a command line that is not understood.

use super::run::run;

const COMMANDS: &[&str] = &[
    "demo",
    "serve",
    "sync",
    "plan",
    "explain",
    "connection",
    "user",
    "level",
    "group-rule",
    "schedule",
    "sync-list",
    "settings",
    "history",
    "quarantine",
    "held",
    "brake",
    "token",
    "check",
    "backup",
    "restore",
    "migrate",
    "key",
    "emulator",
    "completions",
];

#[test]
fn the_help_names_every_command_and_what_exit_codes_mean() {
    let help = run(&["--help"]);
    assert_eq!(help.code, 0);
    for command in COMMANDS {
        assert!(help.out.contains(command), "{command}");
    }
    for code in ["0  done as asked", "3  the configuration has faults", "4  the database"] {
        assert!(help.out.contains(code), "{code}");
    }
    assert!(help.out.contains("syncline demo --once"), "first steps");
}

#[test]
fn every_command_explains_itself() {
    for command in COMMANDS {
        let help = run(&[command, "--help"]);
        assert_eq!(help.code, 0, "{command}");
        assert!(help.out.contains("Usage: syncline"), "{command}");
        assert!(help.err.is_empty(), "{command}");
    }
    let serve = run(&["serve", "--help"]);
    assert!(serve.out.contains("key_file"), "the file's keys stand in the help");
    let add = run(&["connection", "add", "--help"]);
    assert!(add.out.contains("SYNCLINE_PASSWORD") && !add.out.contains("--password <"));
}

#[test]
fn what_is_not_understood_is_told_with_exit_code_2() {
    for args in [
        &["nonsense"][..],
        &[],
        &["level", "set", "weather", "full"],
        &["level", "set", "calendar", "much"],
        &["emulator"],
        &["demo", "--sabotage", "nothing"],
        &["user", "forget", "anna"],
        &["restore"],
    ] {
        let ended = run(args);
        assert_eq!(ended.code, 2, "{args:?}: {}", ended.err);
        assert!(!ended.err.is_empty(), "{args:?}");
    }
    assert!(run(&["level", "set", "weather", "full"]).err.contains("business_contact"));
}
