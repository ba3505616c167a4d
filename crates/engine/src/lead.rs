//! Whose copy of a received meeting decides, how long an organiser is waited for, and how many strangers may invite a day
//! (rule P3).

use crate::cycle::Cycle;
use crate::force::pairing_of;
use crate::limits;
use crate::outcome::CycleError;
use crate::settle::word;
use jiff::{SignedDuration, Timestamp};
use model::{Attendee, Domain, Field, Form, Level, Link, Record, Side, UserId, Value};
use plan::{Lead, Reason};
use std::collections::{BTreeMap, BTreeSet};
use store::{Count, Pairing, Whose};

/// What was found about the lead of a meeting.
#[derive(Clone, Debug)]
pub(crate) struct Leading {
    /// Whose copy decides.
    pub lead: Lead,
    /// Who owns the record when this copy brings it in.
    pub owner: Option<UserId>,
    /// Whose copy should decide and is not there yet.
    pub awaits: Awaits,
}

/// Whose copy of a meeting is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Awaits {
    /// Nobody's.
    Nobody,
    /// The organiser's own: his mailbox may be a day late.
    Organizer,
    /// The owner's own, which gives a meeting of the CRM its global id (rule P5).
    Owner,
    /// That of an attendee before this one, until his mailbox was looked at: he may have none any more.
    Attendee,
}

/// What an attendee's mailbox has of a meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Copy {
    /// One that brings the meeting in, keeps it, or keeps it out (rule O7).
    Decides,
    /// None that does.
    None,
    /// Nobody knows yet.
    Unknown,
}

impl Leading {
    pub(crate) fn mine() -> Leading {
        Leading { lead: Lead::Mine, owner: None, awaits: Awaits::Nobody }
    }
}

/// Hours that count as the day: counters are kept by the hour, and the first one counts whole.
const DAY_HOURS: i64 = 23;

impl Cycle<'_> {
    /// Whose copy of a received meeting decides, and who owns the record when this one does.
    pub(crate) async fn lead(&mut self, item: &Record, link: Option<&Link>) -> Result<Leading, CycleError> {
        if !item.facts.received {
            return Ok(Leading::mine());
        }
        let people = item.get(Field::Attendees).and_then(Value::as_people);
        let organizer = item.facts.organizer.as_ref().map(Attendee::key);
        let meeting = item.facts.global_id.clone().unwrap_or_else(|| item.id.to_string());
        let key = (meeting, link.map(|link| link.id.clone()));
        if let Some(known) = self.leaders.get(&key) {
            return Ok(known.clone());
        }
        let mut addresses: BTreeSet<String> = organizer.iter().cloned().collect();
        addresses.extend(people.into_iter().flatten().map(|(key, _)| key.clone()).take(limits::ADDRESSES));
        let users = self.engine.directory(&self.pairing.crm).who(&addresses).await?;
        let organizer = organizer.and_then(|address| users.get(&address).cloned());
        let awaits = match &organizer {
            Some(organizer) => self.organizer_decides(organizer, link).await?,
            None => None,
        };
        let waits = match (&organizer, awaits) {
            (_, Some(true)) => Awaits::Organizer,
            (Some(organizer), None) if link.is_none() && !self.is_told_by(organizer, item).await? => Awaits::Attendee,
            (_, _) => Awaits::Nobody,
        };
        let (lead, awaits) = match awaits {
            Some(false) => (Lead::Another, waits),
            Some(true) if !self.has_waited(item).await? => (Lead::Another, waits),
            None if waits == Awaits::Attendee => (Lead::Another, waits),
            Some(true) | None => match self.before_me(item, link, organizer.as_ref(), &users).await? {
                Copy::Decides => (Lead::Another, waits),
                Copy::Unknown => (Lead::Another, Awaits::Attendee),
                Copy::None if organizer.is_some() => (Lead::Carrier, waits),
                Copy::None => (Lead::Outsider, waits),
            },
        };
        let owner = organizer.or_else(|| self.force.settings.fallback_owner.clone());
        let leading = Leading { lead, owner, awaits };
        if self.leaders.len() >= limits::LEADERS {
            // However many invitations a mailbox holds: those asked about again are asked about again.
            self.leaders.clear();
        }
        self.leaders.insert(key, leading.clone());
        Ok(leading)
    }

    /// Whether the organiser's copy decides: not at all, once it is there, or, `false`, it is there already.
    async fn organizer_decides(&self, organizer: &UserId, link: Option<&Link>) -> Result<Option<bool>, CycleError> {
        if *organizer == self.pairing.user {
            return Ok(None);
        }
        let Some(pairing) = pairing_of(self.engine, &self.pairing.crm, organizer).await? else {
            return Ok(None);
        };
        if !self.imports_calendar(&pairing).await? {
            return Ok(None);
        }
        let Some(link) = link else { return Ok(Some(true)) };
        let his = self.engine.store().link_of(&pairing.id, Side::Crm, link.kind, &link.crm.id).await?;
        Ok(Some(his.is_none_or(|link| link.form != Form::Own)))
    }

    /// Whether the organiser's cycles have told the CRM which of its meetings this one is, if it is one of his: they do where
    /// his level brings nothing in, too (rules P1, P6).
    async fn is_told_by(&self, organizer: &UserId, item: &Record) -> Result<bool, CycleError> {
        let pairing = match *organizer == self.pairing.user {
            true => None,
            false => pairing_of(self.engine, &self.pairing.crm, organizer).await?,
        };
        let Some(pairing) = pairing else { return Ok(true) };
        let level = self.engine.level_of(&pairing, Domain::Calendar, &self.force.settings).await?;
        if level == Level::NONE || self.was_looked_at(&pairing, item).await? {
            return Ok(true);
        }
        self.engine.store().make_due(std::slice::from_ref(&pairing.id)).await?;
        Ok(false)
    }

    /// Whether another mailbox was looked at since this item waits, or it has waited long enough.
    async fn was_looked_at(&self, pairing: &Pairing, item: &Record) -> Result<bool, CycleError> {
        let since = self.engine.store().awaited(&self.pairing.id, item.kind, &item.id).await?;
        let looked = since.is_some_and(|since| pairing.state.last_success.is_some_and(|last| last > since));
        Ok(looked || self.has_waited(item).await?)
    }

    /// Whether an item has waited long enough for what another mailbox brings.
    pub(crate) async fn has_waited(&self, item: &Record) -> Result<bool, CycleError> {
        let since = self.engine.store().awaited(&self.pairing.id, item.kind, &item.id).await?;
        Ok(since.is_some_and(|since| self.waits_until(since) <= self.engine.now()))
    }

    /// When a wait that began then is over.
    pub(crate) fn waits_until(&self, since: Timestamp) -> Timestamp {
        let hours = i64::from(self.force.settings.organizer_wait_hours);
        since.checked_add(SignedDuration::from_hours(hours)).unwrap_or(since)
    }

    /// Without an organiser who leads, the first enabled attendee by id stands in: whether one before this user's has a copy
    /// that decides. Who declined, or took his copy away, has none.
    async fn before_me(
        &mut self,
        item: &Record,
        link: Option<&Link>,
        organizer: Option<&UserId>,
        users: &BTreeMap<String, UserId>,
    ) -> Result<Copy, CycleError> {
        let attendees: BTreeSet<&UserId> = users.values().filter(|user| Some(*user) != organizer).collect();
        let mut unknown = Copy::None;
        for user in attendees.into_iter().take_while(|user| **user != self.pairing.user) {
            if let Some(pairing) = pairing_of(self.engine, &self.pairing.crm, user).await?
                && self.imports_calendar(&pairing).await?
            {
                match self.copy_of(&pairing, item, link).await? {
                    Copy::Decides => return Ok(Copy::Decides),
                    Copy::Unknown => unknown = Copy::Unknown,
                    Copy::None => {}
                }
            }
        }
        Ok(unknown)
    }

    /// What another attendee's mailbox has of a meeting, by what his own cycles stored of it.
    async fn copy_of(&self, pairing: &Pairing, item: &Record, link: Option<&Link>) -> Result<Copy, CycleError> {
        let store = self.engine.store();
        if let Some(link) = link {
            let his = store.link_of(&pairing.id, Side::Crm, link.kind, &link.crm.id).await?;
            let works = his.is_some_and(|his| his.form == Form::Received && his.sleep.is_none());
            return Ok(if works { Copy::Decides } else { Copy::None });
        }
        let Some(id) = &item.facts.global_id else { return Ok(Copy::Decides) };
        let hashes = [self.hash(&plan::keys::global_id(id))];
        let his = store.candidates(&pairing.id, item.kind, Side::Pim, &hashes, limits::CANDIDATES).await?;
        let asked = [Reason::Private, Reason::CategoryRequired, Reason::TypeRequired, Reason::AnotherLeads].map(word);
        if his.iter().any(|one| one.observed || one.reason.as_ref().is_some_and(|reason| asked.contains(reason))) {
            return Ok(Copy::Decides);
        }
        if !his.is_empty() || self.was_looked_at(pairing, item).await? {
            return Ok(Copy::None);
        }
        store.make_due(std::slice::from_ref(&pairing.id)).await?;
        Ok(Copy::Unknown)
    }

    async fn imports_calendar(&self, pairing: &Pairing) -> Result<bool, CycleError> {
        let level = self.engine.level_of(pairing, Domain::Calendar, &self.force.settings).await?;
        Ok(level.imports())
    }

    /// Whether one more meeting of an organiser unknown to the CRM may come in today (trap 196).
    pub(crate) async fn one_more_invitation(&mut self) -> Result<bool, CycleError> {
        let before = match self.invited_before {
            Some(before) => before,
            None => {
                let now = self.engine.now();
                let yesterday = now.checked_sub(SignedDuration::from_hours(DAY_HOURS)).unwrap_or(now);
                let counts = self.engine.store().counts(&Whose::Pairing(self.pairing.id.clone()), yesterday).await?;
                let sum = counts.get(&(Domain::Calendar, Side::Crm, Count::Invited)).map_or(0, |sum| sum.records);
                *self.invited_before.insert(sum)
            }
        };
        let more = before + self.invited < u64::from(self.force.settings.invitations_per_day);
        self.invited += u64::from(more);
        Ok(more)
    }
}
