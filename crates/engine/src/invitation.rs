//! Invitations beside our own copy of their meeting: the organiser asked his guests himself, and what his mail server
//! brought takes the copy's place (rules P1, P5).

use crate::cycle::Cycle;
use crate::limits;
use crate::outcome::CycleError;
use crate::port::FindBy;
use model::{Field, Fields, Form, Kind, Link, Path, Record, Seen, Side};
use store::Look;

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
