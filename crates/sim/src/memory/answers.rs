//! What a look answers while trouble is about: each answer twice, or one of them missing.

use super::Ground;
use crate::faults::Fault;
use engine::port::Trouble;
use model::{RecordId, Seen};

/// The answers of a look.
pub(crate) type Answers = Vec<(RecordId, Result<Seen, Trouble>)>;

impl Ground {
    /// The answers as they arrive.
    pub(crate) fn answered(&self, mut answers: Answers) -> Answers {
        if self.faults().strikes(Fault::NoAnswer, &self.wide) {
            if self.wide.chance(500) {
                answers.pop();
            } else if let Some((_, last)) = answers.last_mut() {
                *last = Err(self.trouble_of(Fault::RequestLost));
            }
        }
        if self.faults().strikes(Fault::Twice, &self.wide) {
            answers.extend(answers.clone());
        }
        answers
    }
}
