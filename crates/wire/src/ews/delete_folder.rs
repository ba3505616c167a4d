//! DeleteFolder: taking a folder away with all it holds.

use super::envelope::Operation;
use super::{DeleteType, FolderRef};
use crate::xml::Writer;

/// Takes one folder away.
///
/// <https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/deletefolder-operation>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteFolder {
    /// Where it goes.
    pub how: DeleteType,
    /// Which folder.
    pub folder: FolderRef,
}

impl Operation for DeleteFolder {
    type Reply = ();
    const NAME: &'static str = "DeleteFolder";

    fn write(&self, w: &mut Writer) {
        w.element("m:DeleteFolder", &[("DeleteType", self.how.name())], |w| {
            w.element("m:FolderIds", &[], |w| self.folder.write(w));
        });
    }
}
