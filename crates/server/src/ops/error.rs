//! How the answers of the CRM and the store become refusals with words.

use crate::fault::{Fault, Refused};
use engine::CycleError;
use store::StoreError;

impl From<::crm::Error> for Refused {
    fn from(error: ::crm::Error) -> Refused {
        use ::crm::Error;
        match error {
            Error::NotFound => Refused::NotFound("there is no such record, or none that you may see".to_owned()),
            Error::Deleted { merged_into: None } => Refused::NotFound("the record was deleted".to_owned()),
            Error::Deleted { merged_into: Some(survivor) } => {
                Refused::NotFound(format!("the record was merged into {survivor}"))
            }
            Error::Stale { current } => Refused::Stale(Some(current.to_string())),
            Error::Forbidden { reason } => Refused::Forbidden(reason),
            Error::Invalid(faults) => {
                Refused::Invalid(faults.into_iter().map(|fault| Fault::new(fault.field, fault.message)).collect())
            }
            Error::Locked { reason } => Refused::Conflict { code: "locked_by_exchange", message: reason },
            Error::Cursor => Refused::at("after", "is no cursor of this list"),
            Error::Place | Error::Newer { .. } | Error::Corrupt { .. } => Refused::Broken(error.to_string()),
            Error::Database(why) => {
                tracing::error!(error = %why, "the CRM's database failed");
                Refused::Unavailable("the CRM's database does not answer".to_owned())
            }
        }
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Refused {
        match error {
            StoreError::NotFound(what) => Refused::NotFound(format!("there is no {what}")),
            StoreError::Conflict { generation } => Refused::Stale(Some(generation.to_string())),
            StoreError::Invalid(faults) => invalid(&faults),
            StoreError::Taken(key) => Refused::Conflict { code: "taken", message: key.to_string() },
            StoreError::ServeRunning { .. } => Refused::Conflict { code: "serve_running", message: error.to_string() },
            StoreError::Refused(message) => Refused::Conflict { code: "not_here", message },
            StoreError::Fenced => Refused::Conflict { code: "lease_lost", message: error.to_string() },
            StoreError::Unavailable(why) => {
                tracing::error!(why, "the database failed");
                Refused::Unavailable("the database does not answer".to_owned())
            }
            StoreError::Corrupt { .. } | StoreError::SchemaNewer { .. } | StoreError::SchemaOlder { .. } => {
                Refused::Broken(error.to_string())
            }
        }
    }
}

fn invalid(faults: &[store::Fault]) -> Refused {
    if let [store::Fault::ConnectionUsed { .. }] = faults {
        return Refused::Conflict { code: "in_use", message: faults[0].to_string() };
    }
    Refused::Invalid(faults.iter().map(of_store).collect())
}

/// A fault of the store with the name of the member it is about.
pub(super) fn of_store(fault: &store::Fault) -> Fault {
    let field = match fault {
        store::Fault::UserTaken(_) => "user",
        store::Fault::AddressTaken(_) | store::Fault::AddressBlank => "address",
        store::Fault::ConnectionUnknown(_) => "connection",
        store::Fault::ConnectionUsed { .. } => "name",
        store::Fault::IdTaken(_) => "id",
        store::Fault::Other(_) => "request",
    };
    Fault::new(field, fault.to_string())
}

impl From<CycleError> for Refused {
    fn from(error: CycleError) -> Refused {
        match error {
            CycleError::Leased => Refused::Conflict { code: "working", message: error.to_string() },
            CycleError::NoPairing => Refused::NotFound(error.to_string()),
            CycleError::Stopped(_) => Refused::Conflict { code: "stopped", message: error.to_string() },
            CycleError::NoQuestion => Refused::NotFound(error.to_string()),
            CycleError::AlreadyLinked => Refused::Conflict { code: "linked", message: error.to_string() },
            CycleError::NotThere(side) => Refused::at(side.as_str(), error.to_string()),
            CycleError::TooMuch { .. } => Refused::at("since", error.to_string()),
            CycleError::Store(error) => error.into(),
            CycleError::Trouble(trouble) => Refused::Unavailable(trouble.to_string()),
        }
    }
}
