//! Whose a mailbox is already: one mailbox belongs to one user, under however many addresses it is reached (rule L1).

use crate::Engine;
use crate::limits;
use crate::port::Identity;
use model::MailboxId;
use store::{Pairing, StoreError};

impl Engine {
    /// The id that a pairing gives a mailbox which has none.
    pub(crate) fn mailbox_id(&self, pairing: &Pairing, identity: &Identity) -> MailboxId {
        MailboxId::new(self.hash_of(&format!("{}|{}", pairing.id, identity.root)))
    }

    /// The other user whose mailbox this is: his cycles met it before, or are about to under another of its addresses. Of
    /// two that never met it the one with the lower id comes first, so that they do not stop each other. Ids of folders
    /// prove nothing: some servers give every mailbox the same.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn holder(&self, pairing: &Pairing, identity: &Identity) -> Result<Option<Pairing>, StoreError> {
        if let Some(mailbox) = &identity.mailbox {
            let met = self.store().pairings_of_mailbox(mailbox).await?;
            if let Some(other) = met.into_iter().find(|other| other.id != pairing.id) {
                return Ok(Some(other));
            }
        }
        for address in identity.addresses.iter().take(limits::ADDRESSES) {
            let other = self.store().pairing_of_address(address).await?;
            if let Some(other) = other.filter(|other| other.mailbox.is_none() && other.id < pairing.id) {
                return Ok(Some(other));
            }
        }
        Ok(None)
    }
}
