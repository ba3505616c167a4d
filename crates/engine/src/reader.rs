//! The CRM reader: observes a CRM once for all pairings and tells each what to look at (decision 9).

use crate::Engine;
use crate::limits;
use crate::outcome::CycleError;
use crate::port::{Concerned, Trouble};
use model::{CrmId, PairingId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use store::Concerns;

/// A CRM whose feed no longer reaches back to where the reader stood.
#[derive(Clone)]
struct Lost {
    /// Where the reader stood.
    stood: Option<String>,
    /// From where it goes on, once every pairing lists anew: read before the first of them does.
    fresh: Concerned,
    /// Those that do. Of many users somebody is always at work, and each is waited for alone.
    told: BTreeSet<PairingId>,
}

/// The CRMs that everybody lists anew, as far as this node has come with it. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Anew(Arc<Mutex<BTreeMap<CrmId, Lost>>>);

impl Anew {
    fn of(&self, crm: &CrmId, stood: Option<&str>) -> Option<Lost> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(crm).filter(|lost| lost.stood.as_deref() == stood).cloned()
    }

    fn put(&self, crm: &CrmId, lost: Option<Lost>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match lost {
            Some(lost) => _ = all.insert(crm.clone(), lost),
            None => _ = all.remove(crm),
        }
    }
}

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
        let mut lease = self.take_lease(&name, 0).await?;
        let result = self.read_page(&mut lease, crm).await;
        self.give_back(&lease, result).await
    }

    /// Whether the feed stands where the reader left it: asked without a lease, so that a quiet CRM costs no write.
    async fn nothing_happened(&self, crm: &CrmId) -> Result<bool, CycleError> {
        let Some(cursor) = self.store().crm_cursor(crm).await? else {
            return Ok(false);
        };
        match self.directory(crm).concerned(Some(&cursor), 1).await {
            Ok(page) => {
                // It reaches back: whoever had everybody list anew has come to the end.
                self.anew.put(crm, None);
                Ok(!page.more && is_quiet(&page) && page.cursor == cursor)
            }
            // Whoever holds the lease deals with it.
            Err(Trouble::CursorRefused) => Ok(false),
            Err(trouble) => Err(trouble.into()),
        }
    }

    async fn read_page(&self, lease: &mut store::Lease, crm: &CrmId) -> Result<bool, CycleError> {
        let cursor = self.store().crm_cursor(crm).await?;
        let directory = self.directory(crm);
        let page = match directory.concerned(cursor.as_deref(), limits::FEED_PAGE).await {
            Err(Trouble::CursorRefused) if cursor.is_some() => {
                // The feed does not reach back that far, or the CRM was restored: every pairing lists anew, from a cursor
                // that stands before it does (trap 1).
                let mut lost = match self.anew.of(crm, cursor.as_deref()) {
                    Some(lost) => lost,
                    None => {
                        let fresh = directory.concerned(None, limits::FEED_PAGE).await?;
                        Lost { stood: cursor.clone(), fresh, told: BTreeSet::new() }
                    }
                };
                let waits = self.list_all_anew(lease, crm, &mut lost.told).await;
                self.anew.put(crm, Some(lost.clone()));
                if waits? {
                    return Err(CycleError::Leased);
                }
                lost.fresh
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
        self.anew.put(crm, None);
        Ok(page.more)
    }

    /// Lets every pairing of a CRM that was not told yet list anew; answers whether one at work now is still to be told. The
    /// reader's cursor is not moved until all were.
    async fn list_all_anew(
        &self,
        reader: &mut store::Lease,
        crm: &CrmId,
        told: &mut BTreeSet<PairingId>,
    ) -> Result<bool, CycleError> {
        let mut after = None;
        let mut waits = false;
        loop {
            let page = self.store().pairings(after.as_ref(), limits::WORK_PAGE).await?;
            let Some(last) = page.last() else { return Ok(waits) };
            after = Some(last.id.clone());
            for pairing in page.iter().filter(|pairing| pairing.crm == *crm) {
                if told.contains(&pairing.id) {
                    continue;
                }
                self.keep_lease(reader).await?;
                let lease = match self.lease_of(&pairing.id).await {
                    Err(CycleError::Leased) => {
                        waits = true;
                        continue;
                    }
                    lease => lease?,
                };
                let dropped = self.store().drop_observing(&lease, &pairing.id).await;
                self.give_back(&lease, dropped.map_err(CycleError::from)).await?;
                told.insert(pairing.id.clone());
            }
        }
    }
}

fn is_quiet(page: &Concerned) -> bool {
    page.looks.is_empty() && page.everywhere.is_empty() && page.memberships.is_empty()
}
