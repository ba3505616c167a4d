//! After a restore: a record that was made again since the copy of the store was taken, because an edit outlived its delete
//! (rule C5). The store knows the record that is gone; the item's mark names the one that stands.

use crate::act::wanted;
use crate::cycle::Cycle;
use crate::limits;
use crate::outcome::CycleError;
use crate::port::{Trouble, Wanted};
use model::{Gone, Link, Seen, Side, Sleep, SleepCause, Version};
use plan::{Plan, Reason};
use store::change::Settle;
use store::{Look, Work};

impl Cycle<'_> {
    /// Gives such links the record that their item's mark names, before they make it once more, or a person's copy of the
    /// item, which bears the same mark, is taken for its partner.
    pub(crate) async fn follow_marks(&mut self) -> Result<(), CycleError> {
        if !self.is_restored() {
            return Ok(());
        }
        let mut moved = false;
        let mut unanswered = Vec::new();
        for kind in self.kinds.clone() {
            let mut after = None;
            loop {
                let page = self.engine.store().work(&self.pairing.id, kind, after.as_ref(), limits::WORK_PAGE).await?;
                let Some(last) = page.last() else { break };
                after = Some(last.key.clone());
                for work in page {
                    let gone = work.crm.is_some_and(|seen| matches!(seen.seen, Seen::Gone(Gone::Deleted)));
                    let Some(link) = work.link.filter(|_| gone) else { continue };
                    let item = (Side::Pim, kind, link.pim.id.clone());
                    match self.renewed(link).await? {
                        Ok(renewed) => moved |= renewed,
                        Err(_) => unanswered.push(item),
                    }
                }
            }
        }
        if moved {
            self.look().await?;
        }
        // What became of these is not known: nothing is decided about them in this cycle.
        self.unanswered.extend(unanswered);
        Ok(())
    }

    /// What a restore lets be made again is remembered before anything is written: a create that a brake holds or a server
    /// turns away would else pass for its user's delete in the next cycle, when the restore is over.
    pub(crate) async fn keep_decided(&self, work: &Work, plan: &Plan) -> Result<(), CycleError> {
        let decides = plan.reasons.contains(&Reason::Restored);
        let known = |link: &Link| link.sleep.as_ref().is_some_and(|sleep| sleep.cause == SleepCause::Restored);
        let Some(link) = work.link.as_ref().filter(|link| decides && !known(link)) else {
            return Ok(());
        };
        let mut decided = link.clone();
        decided.sleep = Some(Sleep { cause: SleepCause::Restored, since: self.engine.now() });
        self.store(Settle { links: vec![decided], ..Settle::default() }).await
    }

    /// Whether a link was given the record that stands; trouble with one of the two looks is the answer's.
    async fn renewed(&mut self, mut link: Link) -> Result<Result<bool, Trouble>, CycleError> {
        self.keep_lease().await?;
        let item = match self.get_one(Side::Pim, link.kind, wanted(&link, Side::Pim)).await? {
            Ok(Seen::Present(item)) => item,
            Ok(Seen::Gone(_)) => return Ok(Ok(false)),
            Err(trouble) => return Ok(Err(trouble)),
        };
        let Some(id) = self.was(&item).filter(|id| *id != link.crm.id) else {
            return Ok(Ok(false));
        };
        if self.engine.store().link_of(&self.pairing.id, Side::Crm, link.kind, &id).await?.is_some() {
            return Ok(Ok(false));
        }
        let asked = Wanted::by_id(id.clone());
        match self.get_one(Side::Crm, link.kind, asked).await? {
            Ok(Seen::Present(_)) => {}
            Ok(Seen::Gone(_)) => return Ok(Ok(false)),
            Err(trouble) => return Ok(Err(trouble)),
        }
        link.crm.id = id.clone();
        link.crm.version = Version::new("");
        link.mark_key = item.facts.mark.as_ref().map(|mark| mark.key.clone()).unwrap_or_default();
        let looks = vec![Look::now(Side::Crm, link.kind, id)];
        self.store(Settle { looks, links: vec![link], ..Settle::default() }).await?;
        Ok(Ok(true))
    }
}
