//! Runs the executable and gives back what it said.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// What a command ended with.
pub struct Ended {
    /// Its exit code.
    pub code: i32,
    /// What it showed.
    pub out: String,
    /// What it complained about.
    pub err: String,
}

/// The executable, with nothing of this process's environment that it reads.
pub fn syncline() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_syncline"));
    for name in ["SYNCLINE_CONFIG", "SYNCLINE_PASSWORD", "SYNCLINE_LOG", "EMULATOR_PASSWORD"] {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

/// Runs a command line to its end.
pub fn run(args: &[&str]) -> Ended {
    ended(syncline().args(args).output().expect("the executable runs"))
}

/// What an output says.
pub fn ended(output: Output) -> Ended {
    Ended {
        code: output.status.code().expect("it ended by itself"),
        out: String::from_utf8(output.stdout).expect("text"),
        err: String::from_utf8(output.stderr).expect("text"),
    }
}

/// A folder with a key file and a configuration for a fresh store and CRM.
pub struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    /// Makes it.
    pub fn new() -> Place {
        let folder = tempfile::tempdir().expect("a folder");
        let place = Place { folder };
        let key = place.path("syncline.key");
        let made = run(&["key", "create", &text(&key)]);
        assert_eq!(made.code, 0, "{}", made.err);
        let config =
            "key_file = \"syncline.key\"\n[database]\nurl = \"sqlite:syncline.db\"\n[crm]\nurl = \"sqlite:crm.db\"\n";
        std::fs::write(place.path("syncline.toml"), config).expect("written");
        place
    }

    /// A file of the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command with this configuration.
    pub fn run(&self, args: &[&str]) -> Ended {
        let config = text(&self.path("syncline.toml"));
        let mut all = vec!["--config", &config];
        all.extend(args);
        run(&all)
    }

    /// The same, and what it showed for programs.
    pub fn json(&self, args: &[&str]) -> serde_json::Value {
        let mut all = vec!["--json"];
        all.extend(args);
        let ended = self.run(&all);
        assert_eq!(ended.code, 0, "{args:?}: {}", ended.err);
        serde_json::from_str(&ended.out).expect("one line of JSON")
    }
}

/// A path as text.
pub fn text(path: &Path) -> String {
    path.to_str().expect("a path of text").to_owned()
}
