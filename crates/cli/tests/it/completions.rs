//! Completion scripts for shells.

use super::run::{ended, run, syncline};
use std::process::Stdio;

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

#[test]
fn a_reader_who_has_read_enough_is_no_fault() {
    let mut child =
        syncline().args(["completions", "bash"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("runs");
    drop(child.stdout.take());
    let ended = ended(child.wait_with_output().expect("ends"));
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
}
