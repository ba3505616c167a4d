//! Whose a mailbox is already: one mailbox belongs to one user, under however many addresses it is reached (rule L1).

use crate::Engine;
use crate::limits;
use crate::port::Identity;
use model::MailboxId;
use model::same::fold;
use store::{Pairing, StoreError};

impl Engine {
    /// The id that a pairing gives a mailbox which has none.
    pub(crate) fn mailbox_id(&self, pairing: &Pairing, identity: &Identity) -> MailboxId {
        MailboxId::new(self.hash_of(&format!("{}|{}", pairing.id, identity.root)))
    }

    /// The other user whose mailbox this is: his cycles met it before, or are about to under another of its addresses. Of
    /// two that never met it the one with the lower id comes first, so that they do not stop each other.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn holder(&self, pairing: &Pairing, identity: &Identity) -> Result<Option<Pairing>, StoreError> {
        let addresses: Vec<String> = identity.addresses.iter().map(|address| fold(address)).collect();
        let mut after = None;
        loop {
            let page = self.store().pairings(after.as_ref(), limits::WORK_PAGE).await?;
            let Some(last) = page.last() else { return Ok(None) };
            after = Some(last.id.clone());
            let holds = |other: &Pairing| {
                let met = identity.mailbox.is_some()
                    && (other.mailbox == identity.mailbox
                        || Some(self.mailbox_id(other, identity)) == identity.mailbox);
                let same_root = other.connection == pairing.connection && other.root.as_ref() == Some(&identity.root);
                let first =
                    other.mailbox.is_none() && other.id < pairing.id && addresses.contains(&fold(&other.address));
                other.id != pairing.id && (met || same_root || first)
            };
            if let Some(other) = page.into_iter().find(holds) {
                return Ok(Some(other));
            }
        }
    }
}
