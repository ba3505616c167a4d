//! The built-in CRM: people and groups, contacts, activities, the Sync List, the five views, and a feed of what changed.
//!
//! It knows nothing of mailboxes. Whoever asks says who he is ([`Actor`]) and what time it is; the CRM neither asks the
//! clock nor throws dice. Every record has a version, and a change names the version it was made against. Each change is
//! noted in the feed in its own transaction ([`feed`]).
//!
//! A private activity shows everybody but its owner "Private", busy and its time; a personal contact exists for its owner
//! only.

pub mod account;
pub mod activity;
mod activity_extent;
mod activity_fields;
mod activity_progress;
mod activity_read;
mod activity_rules;
mod activity_series;
mod activity_write;
pub mod actor;
pub mod company;
pub mod contact;
mod contact_read;
mod contact_write;
mod db;
pub mod employee;
mod employee_write;
pub mod error;
pub mod feed;
pub mod id;
mod identity;
pub mod limits;
pub mod look;
mod made_business;
pub mod merge;
mod migrate;
pub mod organization;
pub mod page;
pub mod participant;
pub mod people;
mod person;
pub mod place;
pub mod position;
pub mod search;
pub mod sync_list;
pub mod token;
mod tombstone;
pub mod user_list;
pub mod value;
pub mod views;
pub mod who;

pub use activity::{Activity, ActivityDraft, ActivityEdit, Display, Part};
pub use activity_fields::words;
pub use actor::{Actor, Rights};
pub use contact::{Contact, ContactDraft, ContactEdit, Member};
pub use employee::{Employee, EmployeeDraft, EmployeeEdit};
pub use error::{Error, Fault};
pub use id::{AccountId, ActivityId, ContactId, EmployeeId, OrganizationId, PositionId, TokenId, UserListId};
pub use page::{Page, PageRequest};
pub use participant::{Person, Who};
pub use place::Place;

use jiff::Timestamp;

/// The CRM. A clone is cheap and stands for the same.
#[derive(Clone)]
pub struct Crm {
    db: db::Db,
}

impl Crm {
    /// Opens the CRM's database and brings its schema up to date.
    ///
    /// # Errors
    /// The database cannot be reached, or was written by a newer version.
    pub async fn open(place: &Place, now: Timestamp) -> Result<Crm, Error> {
        let db = db::Db::open(place).await?;
        migrate::migrate(&db, now).await?;
        Ok(Crm { db })
    }

    /// How many statements this CRM has sent to its database: what a cycle costs is counted, not timed.
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.db.statements()
    }

    /// The database's setting that makes a commit outlive a power failure, in the database's words.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn durability(&self) -> Result<String, Error> {
        self.db.durability().await
    }

    /// Closes the database's connections.
    pub async fn close(&self) {
        self.db.close().await;
    }
}

/// What a create answers: a repeated one finds what the first one made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created<T> {
    /// The record.
    pub record: T,
    /// Whether this request made it.
    pub new: bool,
}
