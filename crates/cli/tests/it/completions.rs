//! Completion scripts for shells.

use super::run::run;

#[test]
fn every_shell_gets_a_script_with_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(&["completions", shell]);
        assert_eq!(script.code, 0, "{shell}");
        for command in ["demo", "sync-list", "confirm-mailbox"] {
            assert!(script.out.contains(command), "{shell}: {command}");
        }
    }
}
