//! Contacts: business ones, seen by their team, and personal ones, seen by their owner alone.

use crate::id::{AccountId, ContactId, EmployeeId, PositionId};
use crate::person;
use jiff::Timestamp;
use model::Fields;

/// A contact as one user sees it.
#[derive(Clone, PartialEq, Eq)]
pub struct Contact {
    /// Its id.
    pub id: ContactId,
    /// Counts its changes.
    pub version: i64,
    /// The owner of a personal contact; a business contact has none.
    pub owner: Option<EmployeeId>,
    /// What it says. `company` and `company_location` are those of the primary account, else the text that matched none;
    /// `private` is set on personal contacts.
    pub fields: Fields,
    /// Its accounts, the primary one first when there is one.
    pub accounts: Vec<ContactAccount>,
    /// The company text matched no account, or several: somebody should look.
    pub company_unmatched: bool,
    /// Addresses beyond the three.
    pub more_emails: Vec<String>,
    /// Who works with it.
    pub team: Vec<TeamMember>,
    /// The user who looks has it on his Sync List.
    pub listed: bool,
    /// How many other users are on its team or have it on their Sync Lists (rule O5).
    pub others: u32,
    /// The key of the create that made it.
    pub integration_key: Option<String>,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// By whom.
    pub updated_by: EmployeeId,
    /// What it is ordered by in lists.
    pub(crate) sort_key: String,
}

/// One of a contact's accounts.
#[derive(Clone, PartialEq, Eq)]
pub struct ContactAccount {
    /// Which.
    pub account: AccountId,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub location: Option<String>,
    /// The one that travels to mailboxes.
    pub primary: bool,
}

/// Who may stand on a contact's team.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Member {
    /// Whoever holds this position.
    Position(PositionId),
    /// One employee.
    Employee(EmployeeId),
}

/// A team member with its name.
#[derive(Clone, PartialEq, Eq)]
pub struct TeamMember {
    /// Who.
    pub member: Member,
    /// As shown.
    pub name: String,
}

/// What a contact is made from.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ContactDraft {
    /// The maker's own, seen by nobody else.
    pub personal: bool,
    /// What it says.
    pub fields: Fields,
    /// Who works with it; empty means the maker's primary position, or the maker himself when he has none.
    pub team: Vec<Member>,
    /// Its accounts, the primary one first. A company among the fields is matched instead when this is empty.
    pub accounts: Vec<AccountId>,
    /// Addresses beyond the three.
    pub more_emails: Vec<String>,
    /// Unique per create: a repeated one finds what the first one made.
    pub integration_key: Option<String>,
    /// Puts it on the maker's Sync List at once (rule O3).
    pub enlist: bool,
    /// The maker's own deleted record, which comes back under its id; the synchronisation's.
    pub revive: Option<ContactId>,
}

/// What is changed of a contact; what is absent stays.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ContactEdit {
    /// Fields; null clears. `private` makes a business contact personal when nobody else works with it, and a personal
    /// one business.
    pub fields: Fields,
    /// Who works with it.
    pub team: Option<Vec<Member>>,
    /// Its accounts, the primary one first.
    pub accounts: Option<Vec<AccountId>>,
    /// Addresses beyond the three.
    pub more_emails: Option<Vec<String>>,
}

impl Contact {
    /// The name it is shown by.
    #[must_use]
    pub fn name(&self) -> String {
        person::shown_name(&self.fields)
    }

    /// Whether it is its owner's alone.
    #[must_use]
    pub fn is_personal(&self) -> bool {
        self.owner.is_some()
    }
}

impl Member {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Member::Position(_) => "position",
            Member::Employee(_) => "employee",
        }
    }

    pub(crate) fn id(&self) -> &str {
        match self {
            Member::Position(id) => id.as_str(),
            Member::Employee(id) => id.as_str(),
        }
    }
}

/// A record of a person never reaches a log.
impl std::fmt::Debug for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Contact({} v{})", self.id, self.version)
    }
}

impl std::fmt::Debug for ContactAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ContactAccount({})", self.account)
    }
}

impl std::fmt::Debug for TeamMember {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TeamMember({:?})", self.member)
    }
}

impl std::fmt::Debug for ContactDraft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ContactDraft({} fields)", self.fields.len())
    }
}

impl std::fmt::Debug for ContactEdit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ContactEdit({} fields)", self.fields.len())
    }
}
