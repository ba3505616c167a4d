//! What the CRM's refusals mean to the synchronisation.

use crm::Error;
use engine::port::Trouble;
use model::Gone;

/// What a failed read means: nothing was done, and nothing is believed gone.
pub(super) fn reading(error: &Error) -> Trouble {
    match error {
        Error::NotFound => Trouble::Gone(Gone::NotVisible),
        Error::Deleted { .. } => Trouble::Gone(Gone::Deleted),
        Error::Database(sqlx) if is_busy(sqlx) => busy(),
        Error::Stale { .. }
        | Error::Forbidden { .. }
        | Error::Invalid(_)
        | Error::Locked { .. }
        | Error::Place
        | Error::Newer { .. }
        | Error::Cursor
        | Error::Corrupt { .. }
        | Error::Database(_) => Trouble::Broken { why: error.to_string() },
    }
}

/// What a failed write means. When the database's answer was lost, the write may have happened.
pub(super) fn writing(error: &Error) -> Trouble {
    match error {
        Error::NotFound => Trouble::Gone(Gone::NotVisible),
        Error::Deleted { .. } => Trouble::Gone(Gone::Deleted),
        Error::Stale { .. } => Trouble::Stale,
        Error::Forbidden { .. } => refused("forbidden", error.to_string()),
        Error::Invalid(_) => refused("invalid", format!("the CRM refuses it: {error}")),
        Error::Locked { .. } => refused("locked", error.to_string()),
        Error::Database(sqlx) if is_busy(sqlx) => busy(),
        Error::Database(_) => Trouble::Unknown { why: error.to_string() },
        Error::Place | Error::Newer { .. } | Error::Cursor | Error::Corrupt { .. } => {
            Trouble::Broken { why: error.to_string() }
        }
    }
}

/// A write that this side does not have.
pub(super) fn refused(code: &str, why: impl Into<String>) -> Trouble {
    Trouble::Refused { code: code.to_owned(), why: why.into() }
}

fn busy() -> Trouble {
    Trouble::Busy { wait_ms: None, why: "the CRM's database is busy".to_owned() }
}

/// Nothing was begun: every connection is taken.
fn is_busy(error: &crm::error::DatabaseError) -> bool {
    matches!(error, crm::error::DatabaseError::PoolTimedOut)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crm::Fault;

    // E8
    #[test]
    fn a_refusal_keeps_the_crms_text_and_names_the_field() {
        let error = Error::Invalid(vec![Fault::new("end", "is before the start")]);
        let Trouble::Refused { code, why } = writing(&error) else { panic!("refused") };
        assert_eq!(code, "invalid");
        assert!(why.contains("end: is before the start"));
    }

    // E2
    #[test]
    fn a_lost_answer_is_an_unknown_outcome_for_a_write_only() {
        let lost = || Error::Database(crm::error::DatabaseError::WorkerCrashed);
        assert!(matches!(writing(&lost()), Trouble::Unknown { .. }));
        assert!(matches!(reading(&lost()), Trouble::Broken { .. }));
        let full = Error::Database(crm::error::DatabaseError::PoolTimedOut);
        assert!(matches!(writing(&full), Trouble::Busy { .. }));
        assert_eq!(writing(&Error::Stale { current: 4 }), Trouble::Stale);
        assert_eq!(reading(&Error::Deleted { merged_into: None }), Trouble::Gone(Gone::Deleted));
    }
}
