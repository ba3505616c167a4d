//! What an administrator sets: levels, group rules, categories, filters, windows, policies and brakes. Data of the store.

use crate::domain::Domain;
use crate::id::UserId;
use crate::level::Level;
use crate::schedule::{Schedule, ScheduleRule};
use crate::side::Side;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Everything set for all users. `generation` grows with every change; a cycle records the one it planned with (L7).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Grows by one with every change.
    pub generation: u64,
    /// Per domain.
    pub domains: BTreeMap<Domain, DomainSettings>,
    /// Rule L4: only the primary position and its organization count.
    pub primary_position_only: bool,
    /// Rule E4: seconds between two cycles of a pairing, 1 or more, for those whom no schedule names.
    pub interval_s: u32,
    /// Rule E4: seconds between two cycles of a pairing whose mailbox is pushed, 1 or more; never less than its interval.
    pub net_interval_s: u32,
    /// Rule E4: seconds between two inventories of a mailbox, 1 or more: ids and versions alone, beside what it tells of itself.
    pub inventory_interval_s: u32,
    /// Rule E4: schedules by group, the first that holds a user counts.
    pub schedules: Vec<ScheduleRule>,
    /// Rule O9: what is older stays out; a user's own wins.
    pub extract_start: ExtractStart,
    /// Rule P3: who owns a meeting whose organiser the CRM does not know.
    pub fallback_owner: Option<UserId>,
    /// Rule O2: hours a lost visibility must last before the copy goes.
    pub grace_hours: u32,
    /// Rule O2: a removed record's copy stays in the mailbox, unlinked and without our category.
    pub keep_removed_copies: bool,
    /// Rule C9: the CRM's participants stand as a block at the end of a copy's body; else only in a property of ours.
    pub participants_in_body: bool,
    /// Rule C12: what vanished and ended more days ago than this counts as archived.
    pub archived_after_days: u32,
    /// Rule P3: hours attendees wait for the organiser's mailbox.
    pub organizer_wait_hours: u32,
    /// Rule P3: invitations from unknown organisers enter unanswered too.
    pub unanswered_invitations: bool,
    /// Rule P3: new invitations from unknown organisers per user and day.
    pub invitations_per_day: u32,
    /// Rule L1: addresses of shared, room and equipment mailboxes that no server tells from a person's.
    pub shared_mailboxes: BTreeSet<String>,
    /// Rule W3: days that the history says what was changed, and not only who and when; so far back an undo reaches.
    pub history_days: u32,
    /// Rule C8.
    pub brakes: Brakes,
    /// The categories of other languages: language tag, then domain, then the word (rule O3).
    pub languages: BTreeMap<String, BTreeMap<Domain, String>>,
}

/// What is set for a domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DomainSettings {
    /// The ceiling of rule L2.
    pub level: Level,
    /// Rule L4, first match wins.
    pub group_rules: Vec<GroupRule>,
    /// Rule O3, O7: the category that brings a record in or marks a copy.
    pub category: String,
    /// Rule O7 (b): a record born in the mailbox needs the category.
    pub category_required: bool,
    /// Rule O7 (a): private records born in the mailbox stay out.
    pub skip_private: bool,
    /// Rule O7 (c): a record born in the mailbox needs a category that names an activity type.
    pub type_required: bool,
    /// Rule C3.
    pub conflict: ConflictPolicy,
    /// Rule C5: a delete wins over an edit.
    pub delete_wins: bool,
    /// Rule C7: sides where nothing may be deleted.
    pub no_deletes: BTreeSet<Side>,
    /// Rule E8: the mailbox copy is set back to what the CRM says when the CRM refuses its change.
    pub set_back: bool,
    /// Rule C9: invitations may be sent.
    pub mail: bool,
}

/// Who wins when both sides changed one unit (rule C3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConflictPolicy {
    /// The CRM.
    #[default]
    Crm,
    /// The mailbox.
    Mailbox,
    /// Nobody until a person chooses.
    Hold,
}

/// A group of the CRM (rule L4).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupKind {
    /// An organization.
    Organization,
    /// A position.
    Position,
    /// A user list.
    UserList,
}

impl GroupKind {
    /// As people say it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            GroupKind::Organization => "organization",
            GroupKind::Position => "position",
            GroupKind::UserList => "user list",
        }
    }
}

/// One line of a domain's ordered list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRule {
    /// What kind of group.
    pub group: GroupKind,
    /// The group's id in the CRM.
    pub id: String,
    /// Sub-positions and sub-organizations count too.
    #[serde(default)]
    pub and_below: bool,
    /// What its members get.
    pub level: Level,
}

/// Rule O9: a day or a distance back from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExtractStart {
    /// Everything enters.
    Always,
    /// From a day on.
    Day(Date),
    /// From so many days ago on.
    DaysAgo(u32),
}

impl ExtractStart {
    /// The first day that is inside, if there is one.
    #[must_use]
    pub fn day(self, now: Timestamp) -> Option<Date> {
        match self {
            ExtractStart::Always => None,
            ExtractStart::Day(day) => Some(day),
            ExtractStart::DaysAgo(days) => now
                .checked_sub(SignedDuration::from_hours(24 * i64::from(days)))
                .ok()
                .map(|at| at.to_zoned(jiff::tz::TimeZone::UTC).date()),
        }
    }
}

/// Rule C8's thresholds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Brakes {
    /// Deletes of a pairing, domain and side in a cycle or rolling day: more than this many …
    pub deletes: u32,
    /// … and more than this share of its links, in percent.
    pub deletes_percent: u32,
    /// Changes: more than this many …
    pub changes: u32,
    /// … and more than this share, in percent.
    pub changes_percent: u32,
    /// Creates in a cycle after the first.
    pub creates: u32,
    /// A listing that lacks more linked ids than this …
    pub missing: u32,
    /// … and more than this share, in percent, is suddenly short.
    pub missing_percent: u32,
    /// Over all pairings in a rolling hour: deletes from one side.
    pub all_deletes: u32,
    /// Or deletes at more users than this …
    pub all_users: u32,
    /// … and more than this share of the enabled ones, in percent.
    pub all_users_percent: u32,
}

impl Default for Brakes {
    fn default() -> Brakes {
        Brakes {
            deletes: 10,
            deletes_percent: 10,
            changes: 50,
            changes_percent: 25,
            creates: 500,
            missing: 10,
            missing_percent: 50,
            all_deletes: 100,
            all_users: 20,
            all_users_percent: 5,
        }
    }
}

impl DomainSettings {
    /// What a domain starts with.
    #[must_use]
    pub fn of(domain: Domain) -> DomainSettings {
        DomainSettings {
            level: domain.default_level(),
            group_rules: Vec::new(),
            category: domain.default_category().to_owned(),
            category_required: false,
            skip_private: false,
            type_required: false,
            conflict: ConflictPolicy::Crm,
            delete_wins: false,
            no_deletes: BTreeSet::new(),
            set_back: false,
            mail: false,
        }
    }
}

impl Default for DomainSettings {
    fn default() -> DomainSettings {
        DomainSettings::of(Domain::Calendar)
    }
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            generation: 1,
            domains: Domain::ALL.into_iter().map(|domain| (domain, DomainSettings::of(domain))).collect(),
            primary_position_only: true,
            interval_s: 60,
            net_interval_s: 1_800,
            inventory_interval_s: 86_400,
            schedules: Vec::new(),
            extract_start: ExtractStart::DaysAgo(90),
            fallback_owner: None,
            grace_hours: 24,
            keep_removed_copies: false,
            participants_in_body: true,
            archived_after_days: 30,
            organizer_wait_hours: 24,
            unanswered_invitations: false,
            invitations_per_day: 20,
            shared_mailboxes: BTreeSet::new(),
            history_days: 90,
            brakes: Brakes::default(),
            languages: BTreeMap::new(),
        }
    }
}

impl Settings {
    /// Whether other settings make pairings due at other times.
    #[must_use]
    pub fn schedule_differs(&self, other: &Settings) -> bool {
        self.interval_s != other.interval_s
            || self.net_interval_s != other.net_interval_s
            || self.schedules != other.schedules
    }

    /// Whether an administrator says that a mailbox is nobody's own (rule L1); addresses are compared without case.
    #[must_use]
    pub fn is_shared_mailbox(&self, address: &str) -> bool {
        self.shared_mailboxes.iter().any(|known| known.trim().eq_ignore_ascii_case(address.trim()))
    }

    /// The schedule of those whom no rule of the list names.
    #[must_use]
    pub fn general_schedule(&self) -> Schedule {
        Schedule::every(self.interval_s)
    }

    /// What is set for a domain.
    #[must_use]
    pub fn domain(&self, domain: Domain) -> DomainSettings {
        self.domains.get(&domain).cloned().unwrap_or_else(|| DomainSettings::of(domain))
    }

    /// Every word that marks a domain, in any configured language, the general one first (rule O3: inbound any
    /// configured language counts).
    #[must_use]
    pub fn category_words(&self, domain: Domain) -> Vec<String> {
        let mut words = vec![self.domain(domain).category];
        words.extend(self.languages.values().filter_map(|of| of.get(&domain).cloned()));
        words
    }

    /// The word written for a user of this language (rule O3: outbound the user's).
    #[must_use]
    pub fn category_for(&self, domain: Domain, language: Option<&str>) -> String {
        language
            .and_then(|language| self.languages.get(language))
            .and_then(|of| of.get(&domain).cloned())
            .unwrap_or_else(|| self.domain(domain).category)
    }
}

/// What is set for one user; absent means as for all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UserSettings {
    /// Rule L3: the user's own levels.
    pub levels: BTreeMap<Domain, Level>,
    /// Rule O9: the user's own extract start.
    pub extract_start: Option<ExtractStart>,
    /// Rule O1: any contact he may open counts as visible, not only My Contacts.
    pub visibility_all: bool,
    /// Rule O3: the language of the category written for him.
    pub language: Option<String>,
    /// His zone, for what carries none.
    pub zone: Option<String>,
}
