//! A participant's copy of a meeting of the CRM that is the meeting itself: which global id it bears, and whose copy comes
//! first (rule P5).

use crate::carry::Acting;
use crate::cycle::Cycle;
use crate::force::pairing_of;
use crate::judge::Judged;
use crate::lead::Awaits;
use crate::outcome::CycleError;
use crate::port::Meeting;
use model::{Domain, Form, Kind, Part, Record, RecordId, Side, UserId};
use plan::{After, Context, Lead, Plan, Reason, fresh};
use store::History;

/// The global id that a participant's copy is to bear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MeetingId {
    /// This one.
    Known(String),
    /// The one that the owner's own copy has, once that is made.
    Awaited,
    /// None: the copy is a plain appointment, or no participant's at all.
    None,
}

impl MeetingId {
    /// The id, as far as it is known now.
    pub(crate) fn known(self) -> Option<String> {
        match self {
            MeetingId::Known(id) => Some(id),
            MeetingId::Awaited | MeetingId::None => None,
        }
    }
}

/// Under what a CRM record is remembered as waiting for its owner's copy: items of the mailbox wait under their own ids.
pub(crate) fn awaited(record: &RecordId) -> RecordId {
    RecordId::new(format!("owner of {record}"))
}

/// What a create is told of the meeting that its item is a participant's copy of.
pub(crate) fn of(form: Form, global_id: Option<&String>, crm: Option<&Record>) -> Option<Meeting> {
    let organizer = crm?.facts.organizer.clone().filter(|person| person.address.is_some())?;
    let global_id = global_id.filter(|_| form == Form::MeetingCopy)?.clone();
    Some(Meeting { global_id, organizer })
}

impl Cycle<'_> {
    /// A record that this mailbox has no copy of: made there, or judged again after the cycle of an owner who comes first.
    pub(crate) async fn export(&self, domain: Domain, record: &Record) -> Result<Judged, CycleError> {
        let meeting = self.meeting_of(record).await?;
        if meeting == MeetingId::Awaited {
            let plan = Plan::of(Some(domain), After::Wait(Reason::OwnerFirst), Reason::OwnerFirst);
            return Ok(Judged { awaits: Awaits::Owner, ..Judged::of(plan, Some(record), None) });
        }
        let (meeting, lenses) = (meeting.known(), self.lenses());
        let context = Context { meeting_id: meeting.as_deref(), ..self.context(Lead::Mine, &lenses) };
        Ok(Judged::of(fresh::export(domain, record, &context), Some(record), None))
    }

    /// Which id this user's copy of the record is to bear. The owner's own copy gives it; he is waited for while he
    /// synchronises and his mailbox was not looked at since, a day at most. Without him it is the one that the CRM knows, or
    /// one of ours, which every participant's cycle comes to by itself.
    pub(crate) async fn meeting_of(&self, record: &Record) -> Result<MeetingId, CycleError> {
        let organizer = record.facts.organizer.as_ref().is_some_and(|person| person.address.is_some());
        let (Kind::Appointment, Part::Participant, true) = (record.kind, record.facts.part, organizer) else {
            return Ok(MeetingId::None);
        };
        if !self.pim.keeps_meetings() {
            return Ok(MeetingId::None);
        }
        if let Some(owner) = &record.facts.owner
            && let Some(id) = self.id_by_owner(record, owner).await?
        {
            return Ok(id);
        }
        let ours = || plan::keys::meeting_id(&self.pairing.crm, &record.id);
        Ok(MeetingId::Known(record.facts.global_id.clone().unwrap_or_else(ours)))
    }

    /// What the owner's own copy says; `None` when none can come.
    async fn id_by_owner(&self, record: &Record, owner: &UserId) -> Result<Option<MeetingId>, CycleError> {
        let pairing = match *owner == self.pairing.user {
            true => None,
            false => pairing_of(self.engine, &self.pairing.crm, owner).await?,
        };
        let Some(pairing) = pairing.filter(|pairing| pairing.enabled) else {
            return Ok(None);
        };
        let store = self.engine.store();
        let his = store.link_of(&pairing.id, Side::Crm, record.kind, &record.id).await?;
        if let Some(id) = his.as_ref().and_then(|link| link.global_id.clone()) {
            return Ok(Some(MeetingId::Known(id)));
        }
        if !self.engine.level_of(&pairing, Domain::Calendar, &self.force.settings).await?.exports() {
            return Ok(None);
        }
        let since = store.awaited(&self.pairing.id, record.kind, &awaited(&record.id)).await?;
        let looked = since.is_some_and(|since| pairing.state.last_success.is_some_and(|last| last > since));
        let late = since.is_some_and(|since| self.waits_until(since) <= self.engine.now());
        // What lies in another folder tells no id either, for as long as it lies there.
        let comes = his.as_ref().is_some_and(|link| link.sleep.is_none());
        if late || looked && !comes {
            return Ok(None);
        }
        store.make_due(std::slice::from_ref(&pairing.id)).await?;
        Ok(Some(MeetingId::Awaited))
    }

    /// That a mailbox does not keep whose meeting a copy is, as the history tells it.
    pub(crate) fn not_kept(&self, acting: &Acting) -> History {
        let mut line = self.line(acting.domain, "not_kept", Some(&acting.link.crm.id), None);
        line.side = Some(Side::Pim);
        line.note = "this server does not keep whose meeting a copy is: participants get plain appointments".to_owned();
        line
    }
}
