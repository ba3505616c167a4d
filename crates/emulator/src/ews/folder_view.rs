//! A folder as it stands in an answer.

use crate::folder::{Folder, FolderKind};
use crate::item::extended::{self, ExtKey, ExtPath, ExtValue};
use crate::item::render::effective_rights;
use crate::mailbox::Mailbox;
use crate::shape::{Base, Shape};
use crate::xml::Xml;

/// The properties in the order of the schema.
const FIELDS: &[&str] = &[
    "FolderId",
    "ParentFolderId",
    "FolderClass",
    "DisplayName",
    "TotalCount",
    "ChildFolderCount",
    "ExtendedProperty",
    "EffectiveRights",
    "DistinguishedFolderId",
    "UnreadCount",
];

fn wants(shape: &Shape, name: &str) -> bool {
    if name == "FolderId" || shape.fields.iter().any(|field| field == name) {
        return true;
    }
    match shape.base {
        Base::IdOnly => false,
        Base::Default => matches!(name, "DisplayName" | "TotalCount" | "ChildFolderCount" | "UnreadCount"),
        Base::All => true,
    }
}

/// Writes a folder with all its shape asks for.
pub(crate) fn render(xml: &mut Xml, mailbox: &Mailbox, folder: &Folder, shape: &Shape) {
    let element = format!("t:{}", folder.element());
    xml.open(&element);
    for name in FIELDS.iter().copied() {
        if name == "ExtendedProperty" {
            for path in &shape.extended {
                if let Some(value) = mapi(mailbox, folder, path) {
                    xml.element(&extended::element(path, &value));
                }
            }
            continue;
        }
        if !wants(shape, name) {
            continue;
        }
        match name {
            "FolderId" => id(xml, "t:FolderId", mailbox, folder),
            "ParentFolderId" => {
                let parent = folder.parent.and_then(|no| mailbox.folders.get(&no));
                id(xml, "t:ParentFolderId", mailbox, parent.unwrap_or(folder));
            }
            "EffectiveRights" => effective_rights(xml),
            "UnreadCount" if matches!(folder.kind(), FolderKind::Calendar | FolderKind::Contacts) => {}
            _ => {
                if let Some(text) = text(mailbox, folder, name) {
                    xml.leaf(&format!("t:{name}"), &text);
                }
            }
        }
    }
    xml.close(&element);
}

pub(crate) fn id(xml: &mut Xml, name: &str, mailbox: &Mailbox, folder: &Folder) {
    xml.empty(name, &[("Id", &mailbox.folder_id(folder.no)), ("ChangeKey", &mailbox.folder_change_key(folder))]);
}

/// An extended property of a folder, those that follow from what is in it included.
pub(crate) fn mapi(mailbox: &Mailbox, folder: &Folder, path: &ExtPath) -> Option<ExtValue> {
    let value = match &path.key {
        ExtKey::Tag(0x3603) => ExtValue::one("Integer", text(mailbox, folder, "UnreadCount")?),
        ExtKey::Tag(0x360a) => {
            let below = !mailbox.below(folder.no, false).is_empty();
            ExtValue::one("Boolean", if below { "true" } else { "false" })
        }
        ExtKey::Tag(_) | ExtKey::Id(..) | ExtKey::Name(..) => return folder.extended_value(path),
    };
    (value.kind == path.kind).then_some(value)
}

/// The text of a folder's property; `None` when it has none.
pub(crate) fn text(mailbox: &Mailbox, folder: &Folder, name: &str) -> Option<String> {
    match name {
        "FolderClass" => (!folder.class.is_empty()).then(|| folder.class.clone()),
        "DisplayName" => Some(folder.name.clone()),
        "TotalCount" => Some(folder.log.len().to_string()),
        "ChildFolderCount" => Some(mailbox.below(folder.no, false).len().to_string()),
        "DistinguishedFolderId" => folder.distinguished.map(str::to_owned),
        "UnreadCount" => Some(
            folder
                .log
                .members()
                .filter_map(|no| mailbox.items.get(&no))
                .filter(|item| item.text("IsRead") == Some("false"))
                .count()
                .to_string(),
        ),
        "FolderId" => Some(mailbox.folder_id(folder.no)),
        "ParentFolderId" => folder.parent.map(|no| mailbox.folder_id(no)),
        _ => None,
    }
}
