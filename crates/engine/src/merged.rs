//! Contacts merged in the CRM: their links move to the survivor (rule M5).

use crate::act::wanted;
use crate::cycle::Cycle;
use crate::limits;
use crate::outcome::CycleError;
use crate::port::FindBy;
use jiff::Timestamp;
use model::{Domain, Field, Gone, Kind, Link, Seen, Side, Version};
use planted::Planted;
use store::Look;
use store::change::Settle;

impl Cycle<'_> {
    /// Gives every link of a merged contact to the survivor, before anything is planned. A user who has copies of both
    /// keeps the older one; the other's link stays with the record that is gone, so that its plan takes the copy away.
    pub(crate) async fn follow_merges(&mut self) -> Result<(), CycleError> {
        if !self.kinds.contains(&Kind::Contact) || planted::is(Planted::MergedIsGone) {
            return Ok(());
        }
        let mut after = None;
        let mut moved = false;
        loop {
            let page =
                self.engine.store().work(&self.pairing.id, Kind::Contact, after.as_ref(), limits::WORK_PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.key.clone());
            for work in page {
                let gone = work.crm.is_some_and(|seen| matches!(seen.seen, Seen::Gone(Gone::Merged)));
                if let Some(link) = work.link.filter(|_| gone) {
                    moved |= self.follow(link).await?;
                }
            }
        }
        if moved {
            self.look().await?;
        }
        Ok(())
    }

    async fn follow(&mut self, mut link: Link) -> Result<bool, CycleError> {
        self.keep_lease().await?;
        let by = FindBy::MergedFrom(link.crm.id.clone());
        let Some(survivor) = self.crm.find(link.kind, &by, 1).await?.into_iter().next() else {
            return Ok(false);
        };
        let store = self.engine.store();
        let mut line = self.line(link.domain, "merged", Some(&survivor.id), Some(&link.pim.id));
        line.note = "the CRM merged two contacts (M5)".to_owned();
        let mut settle = Settle { history: vec![line], ..Settle::default() };
        match store.link_of(&self.pairing.id, Side::Crm, link.kind, &survivor.id).await? {
            None => {}
            Some(mut other) => {
                if !self.is_older(&link, &other).await? {
                    return Ok(false);
                }
                std::mem::swap(&mut link.crm.id, &mut other.crm.id);
                settle.forget = vec![link.id.clone(), other.id.clone()];
                settle.looks.push(Look::now(Side::Crm, link.kind, other.crm.id.clone()));
                settle.links.push(other);
            }
        }
        if (link.domain, survivor.facts.domain) == (Domain::PersonalContact, Some(Domain::BusinessContact)) {
            // Its owner made it business, and it is somebody the CRM knew: without a base the two merge as strangers, and
            // its flag is still the one of before (rules O5, M3).
            link.crm.base.clear();
            link.pim.base.retain(|path, _| path.field == Field::Private);
        }
        // Else the base stays what the merged record said: what the survivor says otherwise goes to the mailbox as its change.
        link.crm.id = survivor.id.clone();
        link.crm.version = Version::new("");
        settle.looks.push(Look::now(Side::Crm, link.kind, survivor.id));
        settle.links.push(link);
        self.store(settle).await?;
        Ok(true)
    }

    /// Whether a link's item was made before another's. What a server does not tell is not older.
    async fn is_older(&self, link: &Link, other: &Link) -> Result<bool, CycleError> {
        let mut made: Vec<Option<Timestamp>> = Vec::new();
        for link in [link, other] {
            made.push(match self.get_one(Side::Pim, link.kind, wanted(link, Side::Pim)).await? {
                Ok(Seen::Present(item)) => item.facts.created,
                Ok(Seen::Gone(_)) => None,
                Err(trouble) => return Err(trouble.into()),
            });
        }
        Ok(match (made.first().copied().flatten(), made.last().copied().flatten()) {
            (Some(mine), Some(theirs)) => mine < theirs,
            // An item that is there is kept before one that is not.
            (Some(_), None) => true,
            (None, _) => false,
        })
    }
}
