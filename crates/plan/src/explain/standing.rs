//! What keeps a record from crossing although its copies say nothing of it, in sentences with their rules (rule W2).

use jiff::Timestamp;

/// What stands in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its user stands still.
    Stopped(String),
    /// Its user's last cycle did not end well.
    Trouble(String),
    /// Blackout hours, until then.
    Rests(Timestamp),
    /// A brake stopped its domain, or everything.
    Braked(String),
    /// It is in quarantine, since then.
    Quarantined(String, Timestamp),
    /// A conflict on hold.
    Held {
        /// The question.
        question: String,
        /// What both sides differ in.
        paths: Vec<String>,
    },
    /// Several records could be this one.
    Ambiguous {
        /// The question.
        question: String,
    },
    /// Another one of its name was kept apart from it.
    Double {
        /// The question.
        question: String,
    },
}

/// As a sentence.
#[must_use]
pub fn standing(what: &Standing) -> String {
    match what {
        // Why it stopped names its rule itself.
        Standing::Stopped(why) => format!("Its user stands still until an administrator acts: {why}."),
        Standing::Trouble(why) => {
            format!("Its user's last cycle did not end well, and is tried again with patience: {why} (E2).")
        }
        Standing::Rests(until) => {
            format!("It is blackout time until {until}: nothing runs unless a person asks (E4).")
        }
        Standing::Braked(why) => {
            format!("A brake stopped the writes before the first one and waits for a person: {why} (C8).")
        }
        Standing::Quarantined(reason, since) => {
            format!("It is in quarantine since {since}: {reason}. A new version on either side tries it again (E1).")
        }
        Standing::Held { question, paths } => format!(
            "Both sides changed {}; nothing of it is written until a person answers question {question} (C3).",
            paths.join(", ")
        ),
        Standing::Ambiguous { question } => {
            format!(
                "Several records could be this one; nothing is done until a person answers question {question} (M1)."
            )
        }
        Standing::Double { question } => format!(
            "Another record of its name was kept apart from it as a possible double; question {question} makes them one (M1)."
        ),
    }
}
