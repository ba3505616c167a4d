//! The CRM reader: observes a CRM once for all pairings and tells each what to look at (decision 9).

use crate::Engine;
use crate::limits;
use crate::outcome::CycleError;
use crate::port::Trouble;
use model::CrmId;
use store::Concerns;

impl Engine {
    /// Reads one page of what happened in a CRM; answers whether more follows.
    ///
    /// # Errors
    /// When another node reads it now, or the CRM or the store failed: nothing is lost, the cursor stays.
    pub async fn read_crm(&self, crm: &CrmId) -> Result<bool, CycleError> {
        let name = format!("crm:{crm}");
        let lease =
            self.store().take_lease(&name, &self.parts.node, limits::LEASE_MS, 0).await?.ok_or(CycleError::Leased)?;
        let result = self.read_page(&lease, crm).await;
        match self.store().release_lease(&lease).await {
            Ok(()) | Err(store::StoreError::Fenced) => result,
            Err(error) => result.and(Err(error.into())),
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
        let nothing = page.looks.is_empty() && page.everywhere.is_empty() && page.memberships.is_empty();
        if nothing && cursor.as_deref() == Some(page.cursor.as_str()) {
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
                let lease = self
                    .store()
                    .take_lease(pairing.id.as_str(), &self.parts.node, limits::LEASE_MS, limits::CALL_MS)
                    .await?
                    .ok_or(CycleError::Leased)?;
                let dropped = self.store().drop_observing(&lease, &pairing.id).await;
                self.store().release_lease(&lease).await?;
                dropped?;
            }
        }
    }
}
