//! CreateFolder: making a folder below another.

use super::envelope::Operation;
use super::get_folder::Folders;
use super::{FolderKind, FolderRef};
use crate::xml::Writer;

/// Makes folders.
///
/// <https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/createfolder-operation>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateFolder {
    /// Below which folder.
    pub parent: FolderRef,
    /// The folders; at least one.
    pub folders: Vec<NewFolder>,
}

/// A folder to be made.
#[derive(Clone, PartialEq, Eq)]
pub struct NewFolder {
    /// What it is to hold.
    pub kind: FolderKind,
    /// Its name.
    pub name: String,
}

impl std::fmt::Debug for NewFolder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewFolder({:?})", self.kind)
    }
}

impl Operation for CreateFolder {
    type Reply = Folders;
    const NAME: &'static str = "CreateFolder";

    fn write(&self, w: &mut Writer) {
        w.element("m:CreateFolder", &[], |w| {
            w.element("m:ParentFolderId", &[], |w| self.parent.write(w));
            w.element("m:Folders", &[], |w| {
                for folder in &self.folders {
                    w.element(folder.kind.element(), &[], |w| w.text("t:DisplayName", &folder.name));
                }
            });
        });
    }
}
