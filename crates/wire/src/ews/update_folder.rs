//! UpdateFolder: setting an extended property of a folder.

use super::envelope::Operation;
use super::get_folder::Folders;
use super::item_write::write_extended;
use super::{ExtendedPath, FolderKind, FolderRef, Value};
use crate::xml::Writer;

/// Sets extended properties of one folder; nothing else of a folder is ours to change.
///
/// <https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/updatefolder-operation>
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateFolder {
    /// Which folder.
    pub folder: FolderRef,
    /// What it holds.
    pub kind: FolderKind,
    /// The properties; at least one.
    pub set: Vec<(ExtendedPath, Value)>,
}

impl Operation for UpdateFolder {
    type Reply = Folders;
    const NAME: &'static str = "UpdateFolder";

    fn write(&self, w: &mut Writer) {
        w.element("m:UpdateFolder", &[], |w| {
            w.element("m:FolderChanges", &[], |w| {
                w.element("t:FolderChange", &[], |w| {
                    self.folder.write(w);
                    w.element("t:Updates", &[], |w| {
                        for (path, value) in &self.set {
                            w.element("t:SetFolderField", &[], |w| {
                                path.write(w);
                                w.element(self.kind.element(), &[], |w| write_extended(w, path, value));
                            });
                        }
                    });
                });
            });
        });
    }
}
