//! One message: what began, what still stands and what is over, in words that a person and a program read. Never a
//! record's content.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};
use std::fmt::Write as _;
use store::{Alert, AlertBook, Channel};

/// Causes named one by one under each heading of a message; more are counted.
const NAMED: usize = 20;

/// A message.
#[derive(Clone, Default)]
pub struct Message {
    begun: Vec<(String, Alert)>,
    still: Vec<(String, Alert)>,
    over: Vec<(String, Alert)>,
    test: bool,
}

impl Message {
    /// A message that says only that messages arrive.
    #[must_use]
    pub fn test() -> Message {
        Message { test: true, ..Message::default() }
    }

    /// What a channel is to be told now.
    pub(super) fn of(book: &AlertBook, channel: Channel, now: Timestamp) -> Message {
        let some = |wanted: &dyn Fn(&Alert) -> bool| {
            let all = book.causes.iter().filter(|(_, alert)| wanted(alert));
            all.map(|(cause, alert)| (cause.clone(), alert.clone())).collect()
        };
        let again = |told: &Timestamp| {
            let wait = SignedDuration::from_secs(i64::from(book.repeat_s));
            book.repeat_s > 0 && now.duration_since(*told) >= wait
        };
        Message {
            begun: some(&|alert| alert.over.is_none() && alert.due <= now && !alert.told.contains_key(&channel)),
            still: some(&|alert| alert.over.is_none() && alert.told.get(&channel).is_some_and(again)),
            over: some(&|alert| alert.over.is_some() && alert.told.contains_key(&channel)),
            test: false,
        }
    }

    /// Whether there is nothing to tell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.begun.is_empty() && self.still.is_empty() && self.over.is_empty() && !self.test
    }

    /// The causes that it tells of as standing.
    pub(super) fn standing(&self) -> impl Iterator<Item = &str> {
        self.begun.iter().chain(&self.still).map(|(cause, _)| cause.as_str())
    }

    /// The causes that it tells of as over.
    pub(super) fn over(&self) -> impl Iterator<Item = &str> {
        self.over.iter().map(|(cause, _)| cause.as_str())
    }

    /// As a webhook sends it: `text` for people, as chat programs show it, and the causes for programs.
    #[must_use]
    pub fn json(&self) -> Json {
        let list = |alerts: &[(String, Alert)]| -> Vec<Json> {
            let named = alerts.iter().take(NAMED);
            named
                .map(|(cause, alert)| {
                    json!({
                        "cause": cause, "about": alert.about, "text": alert.text, "cure": alert.cure,
                        "since": alert.since, "over": alert.over,
                    })
                })
                .collect()
        };
        json!({
            "source": "syncline",
            "test": self.test,
            "text": format!("{}\n{}", self.subject(), self.text()),
            "alerts": list(&self.begun),
            "still": list(&self.still),
            "over": list(&self.over),
            "totals": {"alerts": self.begun.len(), "still": self.still.len(), "over": self.over.len()},
        })
    }

    /// Its heading.
    #[must_use]
    pub fn subject(&self) -> String {
        if self.test {
            return "Syncline: a test".to_owned();
        }
        let counted = [("new", &self.begun), ("still standing", &self.still), ("over", &self.over)];
        let counted = counted.iter().filter(|(_, alerts)| !alerts.is_empty());
        let parts: Vec<String> = counted.map(|(word, alerts)| format!("{} {word}", alerts.len())).collect();
        format!("Syncline: {}", parts.join(", "))
    }

    /// For people.
    #[must_use]
    pub fn text(&self) -> String {
        if self.test {
            return "This is a test: alerts arrive here. Nothing is wrong.".to_owned();
        }
        let mut lines = Vec::new();
        for (word, alerts) in [("ALERT", &self.begun), ("STILL", &self.still), ("OVER", &self.over)] {
            for (_, alert) in alerts.iter().take(NAMED) {
                let mut line = format!("{word}: {} (since {}", alert.text, alert.since);
                // Writing to a text cannot fail.
                let _ = match alert.over {
                    Some(over) => write!(line, ", over at {over})"),
                    None => write!(line, ")\n  what to do: {}", alert.cure),
                };
                lines.push(line);
            }
            if alerts.len() > NAMED {
                lines.push(format!("{word}: and {} more", alerts.len() - NAMED));
            }
        }
        lines.join("\n")
    }
}
