//! What is said in the log while a world runs: no word of a record may stand there (invariant 9).

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex, PoisonError};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Pieces of what people write in worlds: each record carries one of them.
const CANARIES: [&str; 5] = ["canary.test", "people.test", "second line", "#", "Outsider"];

/// Hears everything at every level, and keeps what it must not have heard.
#[derive(Clone, Debug, Default)]
pub struct Listener(Arc<Mutex<Vec<String>>>);

impl Listener {
    /// Lines that say something of a record.
    #[must_use]
    pub fn leaks(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn hear(&self, line: String) {
        if CANARIES.iter().any(|canary| line.contains(canary)) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // Writing to a text does not fail.
        let _ = write!(self.0, "{field}={value:?} ");
    }
}

impl Subscriber for Listener {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut line = Line(String::new());
        attributes.record(&mut line);
        self.hear(line.0);
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut line = Line(String::new());
        values.record(&mut line);
        self.hear(line.0);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.hear(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    // invariant 9
    #[test]
    fn a_word_of_a_record_is_heard_and_an_id_is_not() {
        let listener = Listener::default();
        tracing::subscriber::with_default(listener.clone(), || {
            tracing::info!(record.id = "1-7", "written");
            tracing::info!(subject = "#7# v1", "written");
        });
        assert_eq!(listener.leaks().len(), 1);
    }
}
