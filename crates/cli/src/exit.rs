//! How a command ends: what a program reads from its exit code, and what a person reads.

use serde_json::{Value as Json, json};
use server::config::ConfigFaults;
use server::fault::Refused;
use std::fmt;

/// What the exit codes mean; the same text stands in `syncline --help`.
pub const CODES: &str = "\
Exit codes:
  0  done as asked
  1  not done as asked: refused, not found, stopped by a brake, not converged
  2  the command line was not understood
  3  the configuration has faults; all of them are told, nothing was started
  4  the database, the CRM or a server could not be reached
  5  a fault of this program";

/// How a command ended, when it did not end well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Not done as asked.
    NotAsAsked,
    /// The command line was not understood.
    Usage,
    /// The configuration has faults.
    Configuration,
    /// Something could not be reached.
    Unreachable,
    /// A fault of this program.
    Broken,
    /// Whoever read what it shows has read enough, as `head` does: nothing is wrong, and nobody is left to tell.
    Unheard,
}

impl Exit {
    /// The code a program reads.
    pub fn code(self) -> u8 {
        match self {
            Exit::NotAsAsked => 1,
            Exit::Usage => 2,
            Exit::Configuration => 3,
            Exit::Unreachable => 4,
            Exit::Broken => 5,
            Exit::Unheard => 0,
        }
    }
}

/// Why a command did not do as asked.
#[derive(Debug)]
pub struct Failure {
    /// What a program does next.
    pub exit: Exit,
    /// A word for programs.
    pub code: String,
    /// For people, every fault on a line of its own.
    pub text: String,
    /// Faults by place.
    pub places: Vec<(String, String)>,
}

impl Failure {
    /// Not done as asked.
    pub fn not_as_asked(text: impl Into<String>) -> Failure {
        Failure::new(Exit::NotAsAsked, "not_as_asked", text)
    }

    /// The command line was not understood.
    pub fn usage(text: impl Into<String>) -> Failure {
        Failure::new(Exit::Usage, "usage", text)
    }

    fn new(exit: Exit, code: &str, text: impl Into<String>) -> Failure {
        Failure { exit, code: code.to_owned(), text: text.into(), places: Vec::new() }
    }

    /// The same for programs, in the form the API has.
    pub fn json(&self) -> Json {
        let places: Vec<Json> =
            self.places.iter().map(|(field, problem)| json!({ "field": field, "problem": problem })).collect();
        json!({ "error": { "code": self.code, "message": self.text, "where": places } })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Failure {
        let exit = match &refused {
            Refused::Unavailable(_) => Exit::Unreachable,
            Refused::Broken(_) => Exit::Broken,
            Refused::Invalid(_)
            | Refused::Malformed(_)
            | Refused::NotJson(_)
            | Refused::NoToken
            | Refused::WrongPassword
            | Refused::Forbidden(_)
            | Refused::NotFound(_)
            | Refused::Stale(_)
            | Refused::Conflict { .. }
            | Refused::TooLarge(_)
            | Refused::TooOften(_)
            | Refused::NoSuchMethod => Exit::NotAsAsked,
        };
        Failure {
            places: refused.faults().iter().map(|fault| (fault.field.clone(), fault.problem.clone())).collect(),
            ..Failure::new(exit, refused.code(), refused.to_string())
        }
    }
}

impl From<ConfigFaults> for Failure {
    fn from(faults: ConfigFaults) -> Failure {
        let file = faults.file.display().to_string();
        Failure {
            places: faults
                .faults
                .iter()
                .map(|fault| {
                    let place = match fault.line {
                        Some(line) => format!("{file}:{line}"),
                        None => file.clone(),
                    };
                    (place, fault.problem.clone())
                })
                .collect(),
            ..Failure::new(Exit::Configuration, "configuration", faults.to_string())
        }
    }
}

impl From<store::StoreError> for Failure {
    fn from(error: store::StoreError) -> Failure {
        Refused::from(error).into()
    }
}

impl From<crm::Error> for Failure {
    fn from(error: crm::Error) -> Failure {
        Refused::from(error).into()
    }
}

impl From<store::secrets::SecretError> for Failure {
    fn from(error: store::secrets::SecretError) -> Failure {
        Failure::new(Exit::Configuration, "key_file", error.to_string())
    }
}

impl From<engine::CycleError> for Failure {
    fn from(error: engine::CycleError) -> Failure {
        use engine::CycleError as E;
        match error {
            E::Store(error) => error.into(),
            E::Trouble(trouble) => Failure::new(Exit::Unreachable, "trouble", trouble.to_string()),
            E::Leased
            | E::NoPairing
            | E::Stopped(_)
            | E::NoQuestion
            | E::AlreadyLinked
            | E::NotThere(_)
            | E::TooMuch { .. } => Failure::not_as_asked(error.to_string()),
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Failure {
        Failure::new(Exit::Unreachable, "unreachable", format!("{error:#}"))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        let exit = match error.kind() {
            std::io::ErrorKind::BrokenPipe => Exit::Unheard,
            _ => Exit::Broken,
        };
        Failure::new(exit, "output", error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // E3
    #[test]
    fn every_fault_reaches_people_and_programs() {
        let refused = Refused::Invalid(vec![
            server::Fault::new("user", "there is no user 9"),
            server::Fault::new("connection", "there is no connection 'x'"),
        ]);
        let failure = Failure::from(refused);
        assert_eq!(failure.exit.code(), 1);
        assert!(failure.text.contains("user: there is no user 9"));
        assert!(failure.text.contains("connection: there is no connection 'x'"));
        assert_eq!(failure.json()["error"]["where"][1]["field"], "connection");
    }
}
