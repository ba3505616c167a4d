//! GetFolder: reading folders by id or by what they are.

use super::envelope::{Operation, Reply};
use super::{ExtendedPath, Folder, FolderRef};
use crate::xml::{Element, Error, Reader, Writer};

/// Reads folders.
///
/// <https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/getfolder-operation>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetFolder {
    /// Extended properties wanted beside what every folder has.
    pub extended: Vec<ExtendedPath>,
    /// Which folders; at least one.
    pub folders: Vec<FolderRef>,
}

impl Operation for GetFolder {
    type Reply = Folders;
    const NAME: &'static str = "GetFolder";

    fn write(&self, w: &mut Writer) {
        w.element("m:GetFolder", &[], |w| {
            write_folder_shape(w, &self.extended);
            w.element("m:FolderIds", &[], |w| self.folders.iter().for_each(|f| f.write(w)));
        });
    }
}

/// Asks for what we need of a folder.
pub(crate) fn write_folder_shape(w: &mut Writer, extended: &[ExtendedPath]) {
    w.element("m:FolderShape", &[], |w| {
        w.text("t:BaseShape", "IdOnly");
        w.element("t:AdditionalProperties", &[], |w| {
            for uri in [
                "folder:ParentFolderId",
                "folder:FolderClass",
                "folder:DisplayName",
                "folder:TotalCount",
                "folder:ChildFolderCount",
            ] {
                w.empty("t:FieldURI", &[("FieldURI", uri)]);
            }
            extended.iter().for_each(|path| path.write(w));
        });
    });
}

/// The folders of one result.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Folders(pub Vec<Folder>);

impl Folders {
    /// The only folder, when there is one.
    pub fn first(self) -> Option<Folder> {
        self.0.into_iter().next()
    }
}

impl Reply for Folders {
    fn element(&mut self, r: &mut Reader<'_>, element: &Element<'_>) -> Result<(), Error> {
        if element.name == "Folders" {
            r.children(|r, folder| {
                super::value::bounded(r, &self.0)?;
                self.0.push(Folder::read(r, folder)?);
                Ok(())
            })?;
        }
        Ok(())
    }

    fn is_given(&self) -> bool {
        !self.0.is_empty()
    }
}
