//! The server of a world, and the judge who may read everything that is said to it and by it.

use emulator::{Emulator, Said, Unsaid};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Every message of each such world is judged.
const JUDGED: u64 = 100;
/// Files of one call of xmllint.
const BATCH: usize = 500;
/// Complaints told; the rest is counted.
const TOLD: usize = 5;

/// The server.
pub(crate) struct Server {
    pub(crate) emulator: Emulator,
    judge: Option<Judge>,
}

/// Microsoft's schemas, and what is to be judged by them.
struct Judge {
    schemas: OsString,
    messages: Mutex<BTreeSet<Vec<u8>>>,
}

impl Server {
    /// The server of the world of a seed. Judged by the schemas in the folder that `EWS_SCHEMA` names, if it names one.
    pub(crate) fn of(seed: u64, emulator: Emulator) -> Server {
        let schemas = std::env::var_os("EWS_SCHEMA").filter(|folder| !folder.is_empty() && seed.is_multiple_of(JUDGED));
        Server { emulator, judge: schemas.map(|schemas| Judge { schemas, messages: Mutex::default() }) }
    }

    /// Carries the bytes there and back.
    pub(crate) async fn post(&self, url: &str, headers: &[(String, String)], body: Vec<u8>) -> Result<Said, Unsaid> {
        if let Some(judge) = &self.judge {
            judge.messages().insert(body.clone());
        }
        let said = self.emulator.post(url, headers, body).await?;
        if let Some(judge) = self.judge.as_ref().filter(|_| matches!(said.status, 200 | 500)) {
            judge.messages().insert(said.body.clone());
        }
        Ok(said)
    }

    /// What the judge says of all that was said.
    pub(crate) fn judged(&self) -> Vec<String> {
        let Some(judge) = &self.judge else { return Vec::new() };
        match judge.faults() {
            Ok(faults) => {
                let more = faults.len().saturating_sub(TOLD);
                let rest = (more > 0).then(|| format!("and {more} messages more that no schema allows"));
                faults.into_iter().take(TOLD).chain(rest).collect()
            }
            Err(why) => vec![format!("the messages could not be judged: {why}")],
        }
    }
}

impl Judge {
    fn messages(&self) -> MutexGuard<'_, BTreeSet<Vec<u8>>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn faults(&self) -> std::io::Result<Vec<String>> {
        let schema = Path::new(&self.schemas).join("exchange2013sp1/soap11.xsd");
        let folder = tempfile::tempdir()?;
        let messages: Vec<Vec<u8>> = self.messages().iter().cloned().collect();
        let mut faults = Vec::new();
        for batch in messages.chunks(BATCH) {
            let mut lint = Command::new("xmllint");
            lint.args(["--noout", "--nonet", "--huge", "--schema"]).arg(&schema).current_dir(folder.path());
            for (at, message) in batch.iter().enumerate() {
                std::fs::write(folder.path().join(format!("{at}.xml")), message)?;
                lint.arg(format!("{at}.xml"));
            }
            let output = lint.output()?;
            let told = String::from_utf8_lossy(&output.stderr);
            let valid: BTreeSet<&str> = told.lines().filter_map(|line| line.strip_suffix(" validates")).collect();
            for at in (0..batch.len()).filter(|at| !valid.contains(format!("{at}.xml").as_str())) {
                let begin = format!("{at}.xml:");
                let why = told.lines().find(|line| line.starts_with(&begin)).unwrap_or("not judged");
                faults.push(format!("a message that no schema allows: {why}"));
            }
        }
        Ok(faults)
    }
}
