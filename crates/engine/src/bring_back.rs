//! Bringing a copy back from Deleted Items when its user returns to the Sync List (rule O2).

use crate::carry::{Acting, Step};
use crate::cycle::Cycle;
use crate::outcome::CycleError;
use crate::port::{FindBy, Trouble, Write};
use model::{Side, Version};
use store::change::Settle;
use store::{Count, Look};

impl Cycle<'_> {
    /// The link stands as it was once the copy is back, and both copies are looked at: what changed meanwhile is merged.
    /// A copy that is not in Deleted Items any more, or that the server will not move, is made anew in the next cycle.
    pub(crate) async fn restore(&mut self, acting: &mut Acting, mark_key: &str) -> Result<Step, CycleError> {
        let kind = acting.link.kind;
        let crm = acting.link.crm.id.clone();
        match self.pim.write(&Write::Restore { kind, mark_key: mark_key.to_owned() }).await {
            Ok(written) => {
                acting.link.pim.id = written.id.clone();
                // Not the version answered: a person may have edited it in Deleted Items, so the next look decides.
                acting.link.pim.version = Version::new("");
                let mut line = self.line(acting.domain, "restore", Some(&crm), Some(&written.id));
                line.side = Some(Side::Pim);
                let settle = Settle {
                    links: vec![acting.link.clone()],
                    back: vec![(kind, crm.clone())],
                    looks: vec![Look::now(Side::Crm, kind, crm), Look::now(Side::Pim, kind, written.id)],
                    history: vec![line],
                    counts: vec![(acting.domain, Side::Pim, Count::Created, 1)],
                    ..Settle::default()
                };
                self.store(settle).await?;
                acting.stored = true;
                self.report.add(acting.domain, Side::Pim, Count::Created);
                Ok(Step::Done)
            }
            Err(Trouble::Gone(_) | Trouble::Refused { .. }) => {
                let stands = self.pim.find(kind, &FindBy::Key(mark_key.to_owned()), 1).await?;
                match stands.first() {
                    // A person, or a request of ours whose answer was lost, brought it back: it is adopted when looked at.
                    Some(item) => acting.settle.looks.push(Look::now(Side::Pim, kind, item.id.clone())),
                    None => acting.settle.back.push((kind, crm.clone())),
                }
                acting.settle.looks.push(Look::now(Side::Crm, kind, crm));
                Ok(Step::Postponed)
            }
            Err(trouble) => self.failed(acting, trouble, None, Side::Pim, None),
        }
    }
}
