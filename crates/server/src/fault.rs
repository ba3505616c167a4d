//! Why something that was asked for is not done: in words, with every fault of the request at once (rule E3).

use serde::{Deserialize, Serialize};
use std::fmt;

/// One thing wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fault {
    /// Where: the field's name, with the place inside it.
    pub field: String,
    /// What is wrong, with the cure.
    pub problem: String,
}

impl Fault {
    /// A fault at a field.
    #[must_use]
    pub fn new(field: impl Into<String>, problem: impl Into<String>) -> Fault {
        Fault { field: field.into(), problem: problem.into() }
    }
}

/// Why something is not done, named by what the asker does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The body or the query cannot be read at all.
    Malformed(String),
    /// The body says that it is something else than JSON.
    NotJson(String),
    /// The request is wrong: correct it. Every fault at once.
    Invalid(Vec<Fault>),
    /// No valid token came with the request.
    NoToken,
    /// Nobody signs in with this login and password.
    WrongPassword,
    /// The asker may not do this.
    Forbidden(String),
    /// There is no such thing, or the asker may not see it.
    NotFound(String),
    /// It changed meanwhile: read it again. The present version, when known.
    Stale(Option<String>),
    /// It may not be done as things stand; the code is for programs.
    Conflict {
        /// `locked_by_exchange`, `in_use`, `serve_running`, …
        code: &'static str,
        /// In words.
        message: String,
    },
    /// The request's body is larger than allowed.
    TooLarge(usize),
    /// It was asked too often: wait as told.
    TooOften(String),
    /// The address answers no such method.
    NoSuchMethod,
    /// Something it depends on does not answer: try later.
    Unavailable(String),
    /// Our own fault; the log has the details.
    Broken(String),
}

impl Refused {
    /// One fault at one field.
    #[must_use]
    pub fn at(field: impl Into<String>, problem: impl Into<String>) -> Refused {
        Refused::Invalid(vec![Fault::new(field, problem)])
    }

    /// Nothing of that name.
    #[must_use]
    pub fn missing(what: &str, name: impl fmt::Display) -> Refused {
        Refused::NotFound(format!("there is no {what} {name}"))
    }

    /// The word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Refused::Malformed(_) => "malformed",
            Refused::NotJson(_) => "not_json",
            Refused::Invalid(_) => "invalid",
            Refused::NoToken => "no_token",
            Refused::WrongPassword => "wrong_password",
            Refused::Forbidden(_) => "forbidden",
            Refused::NotFound(_) => "not_found",
            Refused::Stale(_) => "stale",
            Refused::Conflict { code, .. } => code,
            Refused::TooLarge(_) => "too_large",
            Refused::TooOften(_) => "too_often",
            Refused::NoSuchMethod => "no_such_method",
            Refused::Unavailable(_) => "unavailable",
            Refused::Broken(_) => "broken",
        }
    }

    /// The sentence for people.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Refused::Invalid(faults) => match faults.as_slice() {
                [fault] => format!("{}: {}", fault.field, fault.problem),
                faults => format!("{} things are wrong with the request", faults.len()),
            },
            Refused::NoToken => "a valid token is needed: send 'Authorization: Bearer TOKEN'".to_owned(),
            Refused::WrongPassword => {
                "the login or the password is wrong, or the user has no password or is not active; an administrator can set a new one"
                    .to_owned()
            }
            Refused::Malformed(message)
            | Refused::Forbidden(message)
            | Refused::NotFound(message)
            | Refused::Conflict { message, .. }
            | Refused::TooOften(message)
            | Refused::Unavailable(message) => message.clone(),
            Refused::Stale(Some(current)) => {
                format!("it changed meanwhile and is at version {current}: read it again and repeat the change")
            }
            Refused::Stale(None) => "it changed meanwhile: read it again and repeat the change".to_owned(),
            Refused::NotJson(said) => {
                format!("the body is sent as '{said}': send JSON with 'Content-Type: application/json'")
            }
            Refused::TooLarge(limit) => format!("the body is larger than {limit} bytes"),
            Refused::NoSuchMethod => "this address does not answer this method".to_owned(),
            Refused::Broken(_) => "an error of the server; its log has the details".to_owned(),
        }
    }

    /// Every fault of the request; empty for what is not the request's fault.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        match self {
            Refused::Invalid(faults) => faults,
            Refused::Malformed(_)
            | Refused::NotJson(_)
            | Refused::NoToken
            | Refused::WrongPassword
            | Refused::Forbidden(_)
            | Refused::NotFound(_)
            | Refused::Stale(_)
            | Refused::Conflict { .. }
            | Refused::TooLarge(_)
            | Refused::TooOften(_)
            | Refused::NoSuchMethod
            | Refused::Unavailable(_)
            | Refused::Broken(_) => &[],
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())?;
        let faults = self.faults();
        if faults.len() > 1 {
            for fault in faults {
                write!(f, "\n  {}: {}", fault.field, fault.problem)?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Refused {}

/// Gathers faults, so that a request is refused once for all of them.
#[derive(Clone, Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Notes a fault.
    pub fn note(&mut self, field: impl Into<String>, problem: impl Into<String>) {
        self.0.push(Fault::new(field, problem));
    }

    /// Notes the faults of a part, below the part's name.
    pub fn within(&mut self, part: &str, faults: Vec<Fault>) {
        self.0.extend(faults.into_iter().map(|fault| Fault::new(format!("{part}.{}", fault.field), fault.problem)));
    }

    /// Nothing noted so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Refuses if anything was noted.
    ///
    /// # Errors
    /// [`Refused::Invalid`] with everything noted.
    pub fn refuse(self) -> Result<(), Refused> {
        if self.0.is_empty() { Ok(()) } else { Err(Refused::Invalid(self.0)) }
    }

    /// What was noted.
    #[must_use]
    pub fn into_vec(self) -> Vec<Fault> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // E3
    #[test]
    fn a_refusal_names_every_fault() {
        let mut faults = Faults::default();
        faults.note("user", "there is no user 9");
        faults.within("levels", vec![Fault::new("employee", "not accepted")]);
        let refused = faults.refuse().expect_err("two faults");
        let text = refused.to_string();
        assert!(text.contains("user: there is no user 9"));
        assert!(text.contains("levels.employee: not accepted"));
        assert_eq!(refused.code(), "invalid");
    }
}
