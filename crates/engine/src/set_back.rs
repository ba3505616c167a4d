//! A change that the CRM refused: by a setting the mailbox copy is set back to what the CRM says (rule E8).

use crate::carry::Acting;
use crate::cycle::Cycle;
use crate::judge::Judged;
use crate::outcome::CycleError;
use model::{Seen, Side};
use plan::{Op, linked};
use store::{Observation, Work};

impl Cycle<'_> {
    /// The plan that sets the copy of a linked record back, when it was the CRM that refused and the setting says so.
    pub(crate) async fn set_back(
        &mut self,
        work: &Work,
        acting: &Acting,
        refused: &Op,
    ) -> Result<Option<Judged>, CycleError> {
        let asked = matches!(refused, Op::Update { side: Side::Crm, .. });
        let (Some(link), Some(crm), Some(pim)) = (&work.link, present(&work.crm), present(&work.pim)) else {
            return Ok(None);
        };
        // A record that is to become another one is not set back halfway.
        if !asked || acting.is_new || acting.link.crm.id != link.crm.id || !acting.written.is_empty() {
            return Ok(None);
        }
        let lead = self.lead(pim, Some(link)).await?.lead;
        let lenses = self.lenses();
        let plan = linked::set_back(link, crm, pim, &self.context(lead, &lenses));
        Ok(plan.map(|plan| Judged::of(plan, Some(crm), Some(pim))))
    }
}

fn present(seen: &Option<Observation>) -> Option<&model::Record> {
    match seen.as_ref().map(|seen| &seen.seen) {
        Some(Seen::Present(record)) => Some(record),
        Some(Seen::Gone(_)) | None => None,
    }
}
