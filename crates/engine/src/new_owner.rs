//! A record that changed its owner: the new owner's copy is made first, then the old one goes (rule P8).

use crate::carry::Acting;
use crate::cycle::Cycle;
use crate::force::pairing_of;
use crate::outcome::CycleError;
use model::{Form, Part, Side};
use planted::Planted;

impl Cycle<'_> {
    /// Whether the old owner's copy must stand a while longer: the new owner synchronises and has none yet. One that does
    /// not come within the time that an organiser is waited for is waited for no more.
    pub(crate) async fn waits_for_new_owner(&self, acting: &Acting) -> Result<bool, CycleError> {
        let (Some(record), Some(item)) = (&acting.crm, &acting.pim) else {
            return Ok(false);
        };
        let owner = record.facts.owner.as_ref().filter(|owner| **owner != self.pairing.user);
        let (Part::Former, Form::Own, Some(owner)) = (record.facts.part, acting.link.form, owner) else {
            return Ok(false);
        };
        let Some(pairing) = pairing_of(self.engine, &self.pairing.crm, owner).await? else {
            return Ok(false);
        };
        let level = self.engine.level_of(&pairing, acting.domain, &self.force.settings).await?;
        let his = self.engine.store().link_of(&pairing.id, Side::Crm, record.kind, &record.id).await?;
        Ok(!planted::is(Planted::OldCopyFirst) && level.exports() && his.is_none() && !self.has_waited(item).await?)
    }
}
