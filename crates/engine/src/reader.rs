//! The CRM reader: observes a CRM once for all pairings and tells each what to look at (decision 9).

use crate::Engine;
use crate::limits;
use crate::outcome::CycleError;
use crate::port::{Concerned, Trouble};
use model::CrmId;
use store::Concerns;

impl Engine {
    /// Reads one page of what happened in a CRM; answers whether more follows.
    ///
    /// # Errors
    /// When another node reads it now, or the CRM or the store failed: nothing is lost, the cursor stays.
    pub async fn read_crm(&self, crm: &CrmId) -> Result<bool, CycleError> {
        if self.nothing_happened(crm).await? {
            return Ok(false);
        }
        let name = format!("crm:{crm}");
        let lease = self.take_lease(&name, 0).await?;
        let result = self.read_page(&lease, crm).await;
        match self.store().release_lease(&lease).await {
            Ok(()) | Err(store::StoreError::Fenced) => result,
            Err(error) => result.and(Err(error.into())),
        }
    }

    /// Whether the feed stands where the reader left it: asked without a lease, so that a quiet CRM costs no write.
    async fn nothing_happened(&self, crm: &CrmId) -> Result<bool, CycleError> {
        let Some(cursor) = self.store().crm_cursor(crm).await? else {
            return Ok(false);
        };
        match self.directory(crm).concerned(Some(&cursor), 1).await {
            Ok(page) => Ok(!page.more && is_quiet(&page) && page.cursor == cursor),
            // Whoever holds the lease deals with it.
            Err(Trouble::CursorRefused) => Ok(false),
            Err(trouble) => Err(trouble.into()),
        }
    }

    async fn read_page(&self, lease: &store::Lease, crm: &CrmId) -> Result<bool, CycleError> {
        let cursor = self.store().crm_cursor(crm).await?;
        let directory = self.directory(crm);
        let page = match directory.concerned(cursor.as_deref(), limits::FEED_PAGE).await {
            Err(Trouble::CursorRefused) if cursor.is_some() => {
                // The feed does not reach back that far, or the CRM was restored: every pairing lists anew, from a cursor
                // that stands before it does (trap 1).
                let fresh = directory.concerned(None, limits::FEED_PAGE).await?;
                self.list_all_anew(crm).await?;
                fresh
            }
            page => page?,
        };
        if is_quiet(&page) && cursor.as_deref() == Some(page.cursor.as_str()) {
            return Ok(false);
        }
        let concerns = Concerns {
            cursor: page.cursor,
            looks: page.looks,
            everywhere: page.everywhere,
            memberships: page.memberships,
        };
        self.store().save_concerned(lease, crm, &concerns).await?;
        Ok(page.more)
    }

    async fn list_all_anew(&self, crm: &CrmId) -> Result<(), CycleError> {
        let mut after = None;
        loop {
            let page = self.store().pairings(after.as_ref(), limits::WORK_PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.id.clone());
            for pairing in page.iter().filter(|pairing| pairing.crm == *crm) {
                // A pairing at work now is waited for: the reader's cursor is not moved until all have dropped theirs.
                let lease = self.lease_of(&pairing.id).await?;
                let dropped = self.store().drop_observing(&lease, &pairing.id).await;
                self.store().release_lease(&lease).await?;
                dropped?;
            }
        }
    }
}

fn is_quiet(page: &Concerned) -> bool {
    page.looks.is_empty() && page.everywhere.is_empty() && page.memberships.is_empty()
}
