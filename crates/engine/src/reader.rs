//! The CRM reader: observes a CRM once for all pairings and tells each what to look at (decision 9).

use crate::Engine;
use crate::limits;
use crate::outcome::CycleError;
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
        let page = self.directory(crm).concerned(cursor.as_deref(), limits::FEED_PAGE).await?;
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
}
