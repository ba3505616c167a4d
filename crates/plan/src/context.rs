//! What a plan is made with besides the copies: settings, levels, maps, lenses and the time.

use jiff::Timestamp;
use jiff::civil::Date;
use model::settings::{DomainSettings, Settings, UserSettings};
use model::{Domain, DomainMap, Lens, Level, Side, UserId, Zone};
use std::collections::BTreeMap;

/// What a plan is made with.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Now.
    pub now: Timestamp,
    /// The pairing's user.
    pub user: &'a UserId,
    /// What counts for him, per domain.
    pub levels: &'a BTreeMap<Domain, Level>,
    /// What is set for all.
    pub settings: &'a Settings,
    /// What is set for him.
    pub user_settings: &'a UserSettings,
    /// The field maps in force.
    pub maps: &'a BTreeMap<Domain, DomainMap>,
    /// How the CRM shows values.
    pub crm: &'a dyn Lens,
    /// How the mailbox shows values.
    pub pim: &'a dyn Lens,
    /// The user's zone, for what carries none.
    pub zone: &'a Zone,
    /// Whose copy of a meeting decides (rule P3).
    pub lead: Lead,
    /// It is an ordinary cycle, which may write to guests where an administrator turned mail on (rule C9): neither the
    /// first one nor one that finds its links again.
    pub mails: bool,
    /// The invitation to the meeting stands in this mailbox, beside our copy of it (rule P5).
    pub invited: bool,
    /// The global id that a participant's copy of the meeting is to bear; none where it is to be a plain appointment
    /// (rule P5).
    pub meeting_id: Option<&'a str>,
    /// The store was restored from a copy and the pairing had no whole cycle since: what we did after the copy was made
    /// looks like a person's doing (decision 13). Or a delete of this very item was given up for lost, and a node that
    /// paused may have sent it since (decision 10).
    pub restored: bool,
}

/// Whose copy of a meeting decides its shared fields (decision 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lead {
    /// The record is no received meeting: its own mailbox decides.
    Mine,
    /// This attendee's copy stands in for an organiser who is not enabled.
    Carrier,
    /// The organiser's pairing, or another attendee's, decides.
    Another,
    /// The organiser is unknown to the CRM and this attendee's copy would stand in.
    Outsider,
}

impl Context<'_> {
    /// The level that counts.
    #[must_use]
    pub fn level(&self, domain: Domain) -> Level {
        self.levels.get(&domain).copied().unwrap_or(Level::NONE)
    }

    /// What is set for a domain.
    #[must_use]
    pub fn domain(&self, domain: Domain) -> DomainSettings {
        self.settings.domain(domain)
    }

    /// The lens of a side.
    #[must_use]
    pub fn lens(&self, side: Side) -> &dyn Lens {
        match side {
            Side::Crm => self.crm,
            Side::Pim => self.pim,
        }
    }

    /// The first day inside the window of rule O9; the user's own setting wins.
    #[must_use]
    pub fn first_day(&self) -> Option<Date> {
        self.user_settings.extract_start.unwrap_or(self.settings.extract_start).day(self.now)
    }

    /// The category written on this user's copies (rules O3, O4).
    #[must_use]
    pub fn category(&self, domain: Domain) -> String {
        self.settings.category_for(domain, self.user_settings.language.as_deref())
    }
}
