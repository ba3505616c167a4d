//! Several items in one request to a mailbox in memory: each has its own outcome, and the request as a whole may be lost,
//! refused, or answered only in part.

use super::exchange_remote::ExchangeRemote;
use super::exchange_write::exceptions;
use super::refused;
use crate::faults::{Call, Fault};
use engine::port::{Create, Mail, Trouble, Write, Written};
use model::Side;

/// Creates that a server takes in one request.
pub(super) fn together(writes: &[Write]) -> Option<Vec<&Create>> {
    writes.iter().map(plain).collect::<Option<Vec<_>>>().filter(|creates| creates.len() > 1)
}

fn plain(write: &Write) -> Option<&Create> {
    match write {
        Write::Create(create) => {
            let simple = create.meeting.is_none() && create.mail == Mail::None;
            Some(create).filter(|create| simple && exceptions(&create.fields).0.is_empty())
        }
        Write::Update(_)
        | Write::Delete { .. }
        | Write::Mark { .. }
        | Write::Restore { .. }
        | Write::Enlist { .. }
        | Write::Delist { .. }
        | Write::Leave { .. }
        | Write::Rejoin { .. }
        | Write::Flag { .. } => None,
    }
}

impl ExchangeRemote {
    /// One request, one step. What strikes a write strikes it in one of the ways a server has with several items.
    pub(super) async fn create_together(
        &self,
        writes: &[Write],
        creates: &[&Create],
    ) -> Result<Vec<Result<Written, Trouble>>, Trouble> {
        let what = self.what(&format!("create {} together", creates.len()));
        let fault = self.ground.call(Call::Write, &what).await;
        self.ground.carries_more(creates.len() - 1);
        if let Some(witness) = &self.witness {
            for write in writes {
                witness.sees(Side::Pim, write, &self.ground);
            }
        }
        let dice = &self.ground.trouble;
        let some = match fault {
            Some(Fault::AnswerLost | Fault::Busy | Fault::Stale) => {
                usize::try_from(dice.below(creates.len() as u64 + 1)).unwrap_or(0)
            }
            Some(_) | None => 0,
        };
        match fault {
            None => Ok(self.make(&what, creates, creates.len())),
            // The server was at it when the connection broke: so many were made.
            Some(Fault::AnswerLost) => {
                self.make(&what, creates, some);
                Err(self.ground.trouble_of(Fault::AnswerLost))
            }
            Some(Fault::RequestLost) => Err(self.ground.trouble_of(Fault::AnswerLost)),
            // The share is used up in the middle: what follows is not tried.
            Some(Fault::Busy) => {
                let mut answers = self.make(&what, creates, some);
                let busy = self.ground.trouble_of(Fault::Busy);
                answers.resize(creates.len(), Err(busy));
                Ok(answers)
            }
            // A create cannot be stale: the request as a whole will not do, as the server finds before it or on the way.
            Some(Fault::Stale) => {
                for create in creates.iter().take(some) {
                    self.ground.memory().exchange.create(&self.address, create, self.ground.is_overdue())?;
                }
                Err(refused("ErrorSchemaValidation", "the request was refused as a whole"))
            }
            Some(other) => Err(self.ground.trouble_of(other)),
        }
    }

    /// Makes the first so many.
    fn make(&self, what: &str, creates: &[&Create], many: usize) -> Vec<Result<Written, Trouble>> {
        creates.iter().take(many).map(|create| self.make_one(what, create)).collect()
    }

    fn make_one(&self, what: &str, create: &Create) -> Result<Written, Trouble> {
        if self.ground.faults().strikes(Fault::ShownLate, &self.ground.delays) {
            return self.shown_late(what, create);
        }
        let id = self.ground.memory().exchange.create(&self.address, create, self.ground.is_overdue())?;
        self.written(id)
    }
}
