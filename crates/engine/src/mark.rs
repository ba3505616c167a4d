//! Our mark on an item born in the mailbox, by which its link finds it again (decision 2).

use crate::carry::{Acting, Step};
use crate::cycle::Cycle;
use crate::outcome::CycleError;
use crate::port::Write;
use model::{Fields, Mark, Side};
use planted::Planted;
use std::sync::Arc;
use store::{Count, IntentKind};

impl Cycle<'_> {
    /// An item born in the mailbox gets our mark once it is linked, by an update of that property alone (decision 2).
    pub(crate) async fn mark(&mut self, acting: &mut Acting) -> Result<(), CycleError> {
        // A record made again in the CRM has another id: a mark that names the old one would find nothing any more.
        let names = plan::keys::crm_id(&acting.link.mark_key);
        let stays = planted::is(Planted::OldMarkKept) && names.is_some();
        if stays || names == Some(acting.link.crm.id.as_str()) || acting.link.sleep.is_some() {
            return Ok(());
        }
        let before = (acting.link.mark_key.clone(), acting.link.write_no);
        let Some(mark) = self.next_mark(acting) else {
            return Ok(());
        };
        self.identify().await?;
        let intent_id = self.engine.fresh_id();
        let mut intent = self.intent(acting, intent_id.clone(), Side::Pim, IntentKind::Mark);
        intent.target = Some(acting.link.pim.id.clone());
        intent.mark = Some(mark.clone());
        intent.result = Some(acting.link.clone());
        self.engine.store().open_intent(&self.lease, &intent).await?;
        let version = acting.pim.as_ref().map_or_else(|| acting.link.pim.version.clone(), |item| item.version.clone());
        let planned = acting.pim.clone().map(Arc::new);
        let write = Write::Mark { kind: acting.link.kind, id: acting.link.pim.id.clone(), mark, version, planned };
        match self.pim.write(&write).await {
            Ok(written) => {
                acting.link.pim.version = written.version.clone();
                acting.written.insert(Side::Pim, (Fields::new(), false, written.version));
                acting.settle.close.push(intent_id);
                acting.settle.counts.push((acting.domain, Side::Pim, Count::Marked, 1));
                self.report.add(acting.domain, Side::Pim, Count::Marked);
                Ok(())
            }
            Err(trouble) => {
                // The link stands with the mark that the item bore, if it bore one; an edit in between is looked at, and the next
                // update marks it anew.
                (acting.link.mark_key, acting.link.write_no) = before;
                let id = acting.link.pim.id.clone();
                match self.failed(acting, trouble, Some(intent_id), Side::Pim, Some(id))? {
                    Step::Done | Step::Postponed | Step::Refused | Step::Otherwise => {
                        acting.settle.quarantine.clear();
                        Ok(())
                    }
                }
            }
        }
    }

    pub(crate) fn new_mark(&self, key: String, write_no: u64) -> Mark {
        let mailbox = self.pairing.mailbox.clone().unwrap_or_else(|| model::MailboxId::new(""));
        Mark { mailbox, epoch: self.epoch, key, write_no }
    }

    /// The mark for the next write of a mailbox copy, with its number renewed; none where we may not write (Import Only).
    pub(crate) fn next_mark(&self, acting: &mut Acting) -> Option<Mark> {
        if !self.force.levels.get(&acting.domain).is_some_and(|level| level.exports()) {
            return None;
        }
        let crm = acting.link.crm.id.clone();
        let kept = planted::is(Planted::OldMarkKept) && !acting.link.mark_key.is_empty();
        if !kept && plan::keys::crm_id(&acting.link.mark_key) != Some(crm.as_str()) {
            acting.link.mark_key = plan::keys::mark_key(&crm, &self.engine.fresh_id());
        }
        acting.link.write_no += u64::from(!planted::is(Planted::WriteNumberStands));
        Some(self.new_mark(acting.link.mark_key.clone(), acting.link.write_no))
    }
}
