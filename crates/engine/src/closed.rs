//! Kinds whose folders a mailbox does not have or does not show: they wait, and the others go on (rules D7, E7).

use crate::cycle::Cycle;
use crate::outcome::CycleError;
use crate::port::Trouble;
use model::{FolderId, Kind, Side};

impl Cycle<'_> {
    /// The folders of a kind; none where the mailbox refuses that kind.
    pub(crate) async fn open_folders(&mut self, side: Side, kind: Kind) -> Result<Vec<FolderId>, CycleError> {
        match self.remote(side).folders(kind).await {
            Err(Trouble::Refused { why, .. }) if side == Side::Pim => {
                self.closed.insert(kind, why);
                Ok(Vec::new())
            }
            folders => Ok(folders?),
        }
    }

    /// A mailbox that shows nothing at all is no mailbox that we may work with.
    pub(crate) fn any_open(&self) -> Result<(), Trouble> {
        match self.told_of_closed() {
            Some(why) if self.closed.len() == Kind::ALL.len() => Err(Trouble::NoAccess { why }),
            Some(_) | None => Ok(()),
        }
    }

    /// What to say of the kinds that wait.
    pub(crate) fn told_of_closed(&self) -> Option<String> {
        let told: Vec<String> = self.closed.iter().map(|(kind, why)| format!("{kind}: {why}")).collect();
        (!told.is_empty()).then(|| told.join("; "))
    }
}
