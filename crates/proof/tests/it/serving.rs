//! `serve` as a process of its own beside the test, which holds the mailboxes: started, measured, killed.

use crate::world::{KEY, World};
use crm::Place;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use store::secrets::SecretKey;

/// A running `serve` on a world's databases.
#[derive(Clone)]
pub struct Serving {
    child: Arc<Mutex<Child>>,
    log: PathBuf,
}

impl World {
    /// Starts `serve` on this world's databases.
    pub fn serve(&self) -> Serving {
        let folder = self.databases.folder.path();
        let config = folder.join("syncline.toml");
        if !config.exists() {
            SecretKey::create_file(&folder.join("syncline.key"), KEY).expect("a key file");
            let crm = match &self.databases.crm {
                Place::File(file) => format!("sqlite:{}", file.display()),
                Place::Postgres(url) => url.clone(),
                Place::Memory => panic!("a CRM in memory is in this process alone"),
            };
            let text = format!(
                "listen = \"127.0.0.1:0\"\nkey_file = \"syncline.key\"\n[database]\nurl = \"{}\"\n[crm]\nname = \"crm\"\nurl = \"{crm}\"\n",
                self.databases.store
            );
            std::fs::write(&config, text).expect("written");
        }
        let log = folder.join("serve.log");
        let out = File::options().create(true).append(true).open(&log).expect("a log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_syncline-served"));
        command.arg("--config").arg(&config).arg("serve").env("SYNCLINE_LOG", "info");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(out);
        Serving { child: Arc::new(Mutex::new(command.spawn().expect("runs"))), log }
    }
}

impl Serving {
    fn child(&self) -> std::sync::MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Kills it, as a machine does that runs out of memory: it ends where it is.
    pub fn kill(&self) {
        let mut child = self.child();
        child.kill().expect("a process of ours");
        child.wait().expect("ended");
    }

    /// Whether it still runs.
    pub fn runs(&self) -> bool {
        self.child().try_wait().expect("a process of ours").is_none()
    }

    /// The most memory that it ever held, in KiB.
    pub fn peak_kib(&self) -> u64 {
        let file = format!("/proc/{}/status", self.child().id());
        let text = std::fs::read_to_string(file).expect("a process that runs");
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("told by Linux");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// Whether its environment says so.
    pub fn is_told(&self, what: &str) -> bool {
        let told = std::fs::read(format!("/proc/{}/environ", self.child().id())).expect("a process that runs");
        told.split(|byte| *byte == 0).any(|line| line == what.as_bytes())
    }

    /// What it logged last.
    pub fn log(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // The last handle; a process that ended already has nothing to be stopped.
        if Arc::strong_count(&self.child) == 1 {
            let mut child = self.child();
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
