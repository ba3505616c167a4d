//! Invitations beside our own copy of their meeting: the organiser asked his guests himself, and what his mail server
//! brought takes the copy's place (rules P1, P5).

use crate::cycle::Cycle;
use crate::limits;
use crate::outcome::CycleError;
use crate::port::FindBy;
use model::{Domain, Field, Fields, Form, Kind, Link, Part, Path, Record, Seen, Side};
use store::Look;

/// Whose the global id is that an item shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhoseId {
    /// Its own: nobody else in the CRM has it.
    Its,
    /// Another activity has it, and this one is none the less a record of its own.
    Anothers,
    /// Another activity has it, which is this meeting (rule P1).
    SameMeeting,
}

impl Cycle<'_> {
    /// Looks again at the copies of ours beside which an invitation has arrived: nothing else has changed about them.
    pub(crate) async fn look_beside_invitations(&mut self) -> Result<(), CycleError> {
        if !self.kinds.contains(&Kind::Appointment) {
            return Ok(());
        }
        let store = self.engine.store();
        let mut after = None;
        loop {
            let page = store.work(&self.pairing.id, Kind::Appointment, after.as_ref(), limits::WORK_PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.key.clone());
            let mut looks = Vec::new();
            for work in &page {
                if work.link.is_none()
                    && let Some(Seen::Present(item)) = work.pim.as_ref().map(|seen| &seen.seen)
                    && let Some(link) = self.link_by_meeting(item, &[Form::ParticipantCopy, Form::MeetingCopy]).await?
                {
                    looks.push(Look::now(Side::Crm, link.kind, link.crm.id));
                }
            }
            if !looks.is_empty() {
                store.add_looks(&self.pairing.id, &looks).await?;
            }
        }
    }

    /// The link, of one of these forms, of the meeting that a received item shows: an update of it brings back what its
    /// guest had deleted, as an item without our mark.
    pub(crate) async fn link_by_meeting(&self, item: &Record, forms: &[Form]) -> Result<Option<Link>, CycleError> {
        let Some(id) = item.facts.global_id.clone().filter(|_| item.facts.received) else {
            return Ok(None);
        };
        for record in self.crm.find(item.kind, &FindBy::GlobalId(id), limits::CANDIDATES).await? {
            let link = self.engine.store().link_of(&self.pairing.id, Side::Crm, item.kind, &record.id).await?;
            if let Some(link) = link
                && forms.contains(&link.form)
                && is_series(&link.pim.base) == is_series(&item.fields)
            {
                return Ok(Some(link));
            }
        }
        Ok(None)
    }

    /// The link of an appointment or meeting of the user's own that bears the item's global id: a client that takes an
    /// item away and makes it again, or a file opened again, brings back no mark of ours. In a first cycle nothing can have
    /// been taken away.
    pub(crate) async fn link_by_own_id(&self, item: &Record) -> Result<Option<Link>, CycleError> {
        let own = item.kind == Kind::Appointment && !item.facts.received && !item.facts.meeting_copy;
        let Some(id) = item.facts.global_id.clone().filter(|_| own && self.pairing.state.last_success.is_some()) else {
            return Ok(None);
        };
        for record in self.crm.find(item.kind, &FindBy::GlobalId(id), limits::CANDIDATES).await? {
            let link = self.engine.store().link_of(&self.pairing.id, Side::Crm, item.kind, &record.id).await?;
            if let Some(link) = link
                && link.form == Form::Own
                && link.global_id == item.facts.global_id
                && is_series(&link.pim.base) == is_series(&item.fields)
            {
                return Ok(Some(link));
            }
        }
        Ok(None)
    }

    /// The CRM record of a meeting by its global id, which the user's views may not show yet (rule P1). An item that no
    /// invitation brought is no copy of a meeting on which its user is not: it would leave with his part in it.
    pub(crate) async fn add_by_global_id(
        &mut self,
        domain: Domain,
        item: &Record,
        theirs: &mut Vec<Record>,
    ) -> Result<(), CycleError> {
        if domain != Domain::Calendar || !item.facts.meeting {
            return Ok(());
        }
        for record in self.meetings_of(item).await? {
            let linked =
                self.engine.store().link_of(&self.pairing.id, Side::Crm, record.kind, &record.id).await?.is_some();
            let his = item.facts.received || record.facts.part != Part::Former;
            if !linked && his && theirs.iter().all(|known| known.id != record.id) {
                theirs.push(record);
            }
        }
        Ok(())
    }

    /// Whose the global id is that a new item shows: one that is opened from a file twice, or by two people, has the same
    /// in each, and the CRM knows one activity by it.
    pub(crate) async fn whose_id(&self, domain: Domain, item: &Record) -> Result<WhoseId, CycleError> {
        if domain != Domain::Calendar {
            return Ok(WhoseId::Its);
        }
        let Some(record) = self.meetings_of(item).await?.into_iter().next() else {
            return Ok(WhoseId::Its);
        };
        if !item.facts.meeting {
            return Ok(WhoseId::Anothers);
        }
        let link = self.engine.store().link_of(&self.pairing.id, Side::Crm, item.kind, &record.id).await?;
        // A guest of one occurrence who is then invited to the whole series, or the other way round.
        let other_part = link.is_some_and(|link| is_series(&link.pim.base) != is_series(&item.fields));
        Ok(if item.facts.received && other_part { WhoseId::Anothers } else { WhoseId::SameMeeting })
    }

    /// The CRM's records of the meeting that an item shows by its global id: of an invitation to one occurrence alone its own,
    /// or else the series that has this occurrence already.
    async fn meetings_of(&self, item: &Record) -> Result<Vec<Record>, CycleError> {
        let Some(id) = item.facts.global_id.clone() else {
            return Ok(Vec::new());
        };
        let series = model::global_id::of_series(&id);
        let own = self.crm.find(item.kind, &FindBy::GlobalId(id), limits::CANDIDATES).await?;
        match series.filter(|_| own.is_empty()) {
            Some(series) => Ok(self.crm.find(item.kind, &FindBy::GlobalId(series), limits::CANDIDATES).await?),
            None => Ok(own),
        }
    }

    /// Whether the invitation to the meeting stands in the mailbox beside our copy of it: the copy has a global id that its
    /// server gave it, or that the meeting had before its owner came to have a mailbox.
    pub(crate) async fn invitation_beside(&self, link: &Link, crm: &Seen, pim: &Seen) -> Result<bool, CycleError> {
        let (Seen::Present(record), Seen::Present(copy), true) = (crm, pim, link.form.is_participants()) else {
            return Ok(false);
        };
        let Some(id) = record.facts.global_id.as_ref().filter(|_| record.kind == Kind::Appointment) else {
            return Ok(false);
        };
        let hashes = [self.hash(&plan::keys::global_id(id))];
        let items = self.candidates(record.kind, Side::Pim, &hashes).await?;
        let invites = |item: &Record| {
            item.facts.received
                && item.facts.global_id.as_ref() == Some(id)
                && is_series(&item.fields) == is_series(&copy.fields)
        };
        Ok(items.iter().any(|item| item.id != copy.id && invites(item)))
    }
}

/// An invitation to one occurrence alone is not the series' own.
fn is_series(fields: &Fields) -> bool {
    fields.get(&Path::of(Field::Rule)).is_some_and(|rule| !rule.is_blank())
}

/// An item as one that no meeting is known by.
pub(crate) fn without_id(item: &Record) -> Record {
    let mut item = item.clone();
    item.facts.global_id = None;
    item
}
