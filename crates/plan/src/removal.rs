//! Removing our copies from a mailbox, at a person's word: which go, and why the others stay (rule L6).

use crate::asleep::{aside, changed};
use crate::context::Context;
use crate::occurrence;
use crate::operation::{After, Op, Plan, Reason};
use model::{Form, Gone, Kind, Link, Seen, Side};

/// Why a linked item stays where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stays {
    /// It was born in the mailbox: it is the user's own, no copy.
    BornThere,
    /// A real invitation made it (rule D6).
    Invitation,
    /// The user edited it since both sides agreed (rule C5).
    Edited,
    /// It is not in its folder: left, archived or deleted before (rule C12).
    NotThere,
    /// It cannot be known now.
    Unproven,
}

/// The plan that removes a link's copy, or why it stays.
///
/// # Errors
/// Why it stays: an answer, not a failure.
pub fn removal(link: &Link, pim: &Seen, context: &Context<'_>) -> Result<Plan, Stays> {
    if link.born == Side::Pim {
        return Err(Stays::BornThere);
    }
    if link.form == Form::Received {
        return Err(Stays::Invitation);
    }
    let item = match pim {
        Seen::Present(item) => item,
        Seen::Gone(Gone::Unknown | Gone::NotVisible) => return Err(Stays::Unproven),
        Seen::Gone(Gone::Deleted | Gone::Merged | Gone::Delisted | Gone::Left | Gone::OutOfWindow) => {
            return Err(Stays::NotThere);
        }
    };
    if item.facts.received || item.facts.requests_sent {
        return Err(Stays::Invitation);
    }
    if changed(link, Side::Pim, &occurrence::by_date(&item.fields), context) {
        return Err(Stays::Edited);
    }
    Ok(Plan {
        domain: Some(link.domain),
        ops: vec![Op::Delete { side: Side::Pim, after_new: None }],
        after: match link.kind {
            // As when its user takes it off his list: it comes back from Deleted Items (rule O2).
            Kind::Contact => aside(link),
            Kind::Appointment | Kind::Task => After::Forget,
        },
        conflicts: Vec::new(),
        reasons: vec![Reason::CopiesRemoved],
    })
}
