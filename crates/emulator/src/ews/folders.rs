//! The folder operations: reading, finding, making, changing, moving and deleting folders.

use jiff::Timestamp;

use crate::codes::{Code, Outcome, Refusal};
use crate::ews::folder_view;
use crate::ews::lookup::Found;
use crate::ews::restriction::{Restriction, Subject};
use crate::ews::soap::{Fault, Messages};
use crate::ews::{Answer, Call, choice, listed, required};
use crate::folder::Folder;
use crate::item::extended;
use crate::paths::Path;
use crate::shape::Shape;
use crate::xml::Element;

const MAX_NAME: usize = 255;
const DELETE_TYPES: &[&str] = &["HardDelete", "SoftDelete", "MoveToDeletedItems"];

/// GetFolder.
pub(crate) fn get(call: &mut Call<'_>, body: &Element) -> Answer {
    let shape = Shape::read(required(body, "FolderShape")?)?;
    let mut messages = Messages::new("GetFolder", "<m:Folders />");
    for id in listed(body, "FolderIds")?.elements() {
        match call.folder(id) {
            Ok((mailbox, no)) => one(call, &mut messages, mailbox, no, &shape)?,
            Err(refusal) => messages.refused(&refusal),
        }
    }
    Ok(messages.finish())
}

/// One folder in an answer.
fn one(call: &Call<'_>, messages: &mut Messages, mailbox: u64, no: u64, shape: &Shape) -> Result<(), Fault> {
    let store = call.world.mailboxes.get(&mailbox).ok_or(Code::ErrorNonExistentMailbox)?;
    let folder = store.folders.get(&no).ok_or(Code::ErrorFolderNotFound)?;
    messages.success(|xml| {
        xml.open("m:Folders");
        folder_view::render(xml, store, folder, shape);
        xml.close("m:Folders");
    });
    Ok(())
}

/// FindFolder: always with `RootFolder` and its paging attributes, also when nothing is found.
pub(crate) fn find(call: &mut Call<'_>, body: &Element) -> Answer {
    let shape = Shape::read(required(body, "FolderShape")?)?;
    let traversal = choice(body, "Traversal", &["Shallow", "Deep", "SoftDeleted"])?
        .ok_or_else(|| Fault::schema("The required attribute 'Traversal' is missing."))?;
    let restriction = match body.child("Restriction") {
        Some(element) => Some(Restriction::read(element, &call.zone)?),
        None => None,
    };
    let page = body.child("IndexedPageFolderView");
    let mut messages = Messages::new("FindFolder", "");
    for parent in listed(body, "ParentFolderIds")?.elements() {
        match found(call, parent, traversal, restriction.as_ref(), page) {
            Ok(listing) => {
                let store = call.world.mailboxes.get(&listing.mailbox).ok_or(Code::ErrorNonExistentMailbox)?;
                messages.success(|xml| {
                    xml.open_with(
                        "m:RootFolder",
                        &[
                            ("IndexedPagingOffset", &listing.next.to_string()),
                            ("TotalItemsInView", &listing.total.to_string()),
                            ("IncludesLastItemInRange", if listing.last { "true" } else { "false" }),
                        ],
                    );
                    if listing.folders.is_empty() {
                        xml.empty("t:Folders", &[]);
                    } else {
                        xml.open("t:Folders");
                        for folder in listing.folders.iter().filter_map(|no| store.folders.get(no)) {
                            folder_view::render(xml, store, folder, &shape);
                        }
                        xml.close("t:Folders");
                    }
                    xml.close("m:RootFolder");
                });
            }
            Err(refusal) => messages.refused(&refusal),
        }
    }
    Ok(messages.finish())
}

struct FolderListing {
    mailbox: u64,
    folders: Vec<u64>,
    total: usize,
    next: usize,
    last: bool,
}

fn found(
    call: &Call<'_>,
    parent: &Element,
    traversal: &str,
    restriction: Option<&Restriction>,
    page: Option<&Element>,
) -> Outcome<FolderListing> {
    let (mailbox, top) = call.folder(parent)?;
    let store = call.store(mailbox)?;
    let mut folders = match traversal {
        "SoftDeleted" => Vec::new(),
        traversal => store.below(top, traversal == "Deep"),
    };
    if let Some(restriction) = restriction {
        folders.retain(|no| {
            store.folders.get(no).is_some_and(|folder| restriction.holds(&Subject::Folder(store, folder)))
        });
    }
    let total = folders.len();
    let (offset, max) = page_of(page)?;
    let shown: Vec<u64> = folders.into_iter().skip(offset).take(max).collect();
    let next = offset.min(total) + shown.len();
    Ok(FolderListing { mailbox, folders: shown, total, next, last: next >= total })
}

/// Offset and size of an indexed page from the beginning.
pub(crate) fn page_of(page: Option<&Element>) -> Outcome<(usize, usize)> {
    let Some(page) = page else {
        return Ok((0, usize::MAX));
    };
    let number = |name: &str| -> Outcome<Option<usize>> {
        match page.attr(name) {
            None => Ok(None),
            Some(text) => text.trim().parse().map(Some).map_err(|_| Code::ErrorInvalidIndexedPagingParameters.into()),
        }
    };
    let max = number("MaxEntriesReturned")?.unwrap_or(usize::MAX);
    if max == 0 {
        return Err(Code::ErrorInvalidIndexedPagingParameters.into());
    }
    Ok((number("Offset")?.unwrap_or(0), max))
}

/// CreateFolder.
pub(crate) fn create(call: &mut Call<'_>, body: &Element) -> Answer {
    let parent = required(body, "ParentFolderId")?;
    let mut messages = Messages::new("CreateFolder", "<m:Folders />");
    for element in listed(body, "Folders")?.elements() {
        match made(call, parent, element) {
            Ok((mailbox, no)) => one(call, &mut messages, mailbox, no, &Shape::ids())?,
            Err(refusal) => messages.refused(&refusal),
        }
    }
    Ok(messages.finish())
}

fn made(call: &mut Call<'_>, parent: &Element, element: &Element) -> Outcome<(u64, u64)> {
    let (mailbox, parent) = call.folder_in(parent).map_err(|refusal| {
        if refusal.code == Code::ErrorFolderNotFound { Code::ErrorParentFolderNotFound.into() } else { refusal }
    })?;
    let name = element.child_text("DisplayName").unwrap_or_default();
    check_name(&name)?;
    let store = call.store(mailbox)?;
    if sibling(store, parent, &name, None) {
        return Err(Code::ErrorFolderExists.into());
    }
    let class = element.child_text("FolderClass").unwrap_or_else(|| Folder::default_class(&element.name).to_owned());
    let mut folder = Folder { parent: Some(parent), name, class, ..Folder::default() };
    let zone = call.zone.clone();
    for property in element.elements().filter(|child| child.name == "ExtendedProperty") {
        let (path, value) = extended::read_property(property, &zone).map_err(|_| Code::ErrorInvalidExtendedProperty)?;
        folder.extended.insert(path.key, value);
    }
    let now = call.now;
    Ok((mailbox, call.store_mut(mailbox)?.add_folder(folder, now)))
}

fn check_name(name: &str) -> Outcome<()> {
    if name.is_empty() || name.chars().count() > MAX_NAME {
        return Err(Code::ErrorFolderSave.into());
    }
    Ok(())
}

fn sibling(store: &crate::mailbox::Mailbox, parent: u64, name: &str, except: Option<u64>) -> bool {
    store.folders.values().any(|folder| {
        folder.parent == Some(parent) && Some(folder.no) != except && folder.name.to_lowercase() == name.to_lowercase()
    })
}

/// UpdateFolder: names and extended properties.
pub(crate) fn update(call: &mut Call<'_>, body: &Element) -> Answer {
    let mut messages = Messages::new("UpdateFolder", "<m:Folders />");
    for change in listed(body, "FolderChanges")?.elements() {
        match changed(call, change) {
            Ok((mailbox, no)) => one(call, &mut messages, mailbox, no, &Shape::ids())?,
            Err(refusal) => messages.refused(&refusal),
        }
    }
    Ok(messages.finish())
}

fn changed(call: &mut Call<'_>, change: &Element) -> Outcome<(u64, u64)> {
    let (mailbox, no) = call.folder_in(change)?;
    let (zone, now) = (call.zone.clone(), call.now);
    let store = call.store(mailbox)?;
    let folder = store.folders.get(&no).ok_or(Code::ErrorFolderNotFound)?;
    let (mut name, mut class) = (folder.name.clone(), folder.class.clone());
    let mut props = folder.extended.clone();
    let (parent, distinguished) = (folder.parent, folder.distinguished.is_some());
    for step in change.child("Updates").ok_or(Code::ErrorSchemaValidation)?.elements() {
        let path = Path::inside(step)?;
        let value = step.elements().find(|child| !Path::is_path(child)).and_then(Element::first);
        match (step.name.as_str(), path, value) {
            ("DeleteFolderField", Path::Extended(path), None) => {
                props.remove(&path.key);
            }
            ("SetFolderField", Path::Extended(path), Some(element)) => {
                let (written, value) =
                    extended::read_property(element, &zone).map_err(|_| Code::ErrorInvalidExtendedPropertyValue)?;
                if written.key != path.key {
                    return Err(Code::ErrorUpdatePropertyMismatch.into());
                }
                props.insert(path.key, value);
            }
            ("SetFolderField", Path::Field(_, field), Some(element)) if field == element.name => match field.as_str() {
                "DisplayName" if !distinguished => {
                    name = element.text();
                    check_name(&name)?;
                }
                "FolderClass" if !distinguished => class = element.text(),
                _ => return Err(Code::ErrorInvalidPropertySet.into()),
            },
            ("DeleteFolderField", Path::Field(..) | Path::Entry { .. }, _) => {
                return Err(Code::ErrorInvalidPropertyDelete.into());
            }
            _ => return Err(Code::ErrorInvalidPropertySet.into()),
        }
    }
    if parent.is_some_and(|parent| sibling(store, parent, &name, Some(no))) {
        return Err(Code::ErrorFolderExists.into());
    }
    let store = call.store_mut(mailbox)?;
    if let Some(folder) = store.folders.get_mut(&no) {
        folder.name = name;
        folder.class = class;
        folder.extended = props;
    }
    store.folder_changed(no, now);
    Ok((mailbox, no))
}

/// DeleteFolder.
pub(crate) fn delete(call: &mut Call<'_>, body: &Element) -> Answer {
    let kind = choice(body, "DeleteType", DELETE_TYPES)?
        .ok_or_else(|| Fault::schema("The required attribute 'DeleteType' is missing."))?;
    let mut messages = Messages::new("DeleteFolder", "");
    for id in listed(body, "FolderIds")?.elements() {
        match deleted(call, id, kind) {
            Ok(()) => messages.success(|_| {}),
            Err(refusal) => messages.refused(&refusal),
        }
    }
    Ok(messages.finish())
}

fn deleted(call: &mut Call<'_>, id: &Element, kind: &str) -> Outcome<()> {
    let (mailbox, no) = call.folder(id)?;
    let now = call.now;
    let store = call.store_mut(mailbox)?;
    let folder = store.folders.get(&no).ok_or(Code::ErrorFolderNotFound)?;
    if folder.distinguished.is_some() {
        return Err(Code::ErrorDeleteDistinguishedFolder.into());
    }
    if kind == "MoveToDeletedItems" {
        let to = store.distinguished("deleteditems").ok_or(Code::ErrorFolderNotFound)?;
        place(store, no, to, now)
    } else {
        store.drop_folder(no, now);
        Ok(())
    }
}

/// Hangs a folder below another one, under a free name.
fn place(store: &mut crate::mailbox::Mailbox, no: u64, to: u64, now: Timestamp) -> Outcome<()> {
    if no == to || store.below(no, true).contains(&to) {
        return Err(Code::ErrorMoveCopyFailed.into());
    }
    let mut name = store.folders.get(&no).map(|folder| folder.name.clone()).unwrap_or_default();
    while sibling(store, to, &name, Some(no)) {
        name.push('1');
    }
    if let Some(folder) = store.folders.get_mut(&no) {
        folder.parent = Some(to);
        folder.name = name;
    }
    store.folder_changed(no, now);
    Ok(())
}

/// MoveFolder: unlike an item, a folder keeps its id.
pub(crate) fn move_to(call: &mut Call<'_>, body: &Element) -> Answer {
    let target = required(body, "ToFolderId")?;
    let mut messages = Messages::new("MoveFolder", "<m:Folders />");
    for id in listed(body, "FolderIds")?.elements() {
        match moved(call, target, id) {
            Ok((mailbox, no)) => one(call, &mut messages, mailbox, no, &Shape::ids())?,
            Err(refusal) => messages.refused(&refusal),
        }
    }
    Ok(messages.finish())
}

fn moved(call: &mut Call<'_>, target: &Element, id: &Element) -> Outcome<(u64, u64)> {
    let (to_mailbox, to) = call.folder_in(target).map_err(|_| Refusal::from(Code::ErrorToFolderNotFound))?;
    let (mailbox, no) = call.folder(id)?;
    if mailbox != to_mailbox {
        return Err(Code::ErrorMoveCopyFailed.into());
    }
    let now = call.now;
    let store = call.store_mut(mailbox)?;
    if store.folders.get(&no).is_some_and(|folder| folder.distinguished.is_some()) {
        return Err(Code::ErrorMoveDistinguishedFolder.into());
    }
    place(store, no, to, now)?;
    Ok((mailbox, no))
}

/// EmptyFolder.
pub(crate) fn empty(call: &mut Call<'_>, body: &Element) -> Answer {
    let kind = choice(body, "DeleteType", DELETE_TYPES)?
        .ok_or_else(|| Fault::schema("The required attribute 'DeleteType' is missing."))?
        .to_owned();
    let folders_too = body.attr("DeleteSubFolders") == Some("true");
    let mut messages = Messages::new("EmptyFolder", "");
    for id in listed(body, "FolderIds")?.elements() {
        match emptied(call, id, &kind, folders_too) {
            Ok(()) => messages.success(|_| {}),
            Err(refusal) => messages.refused(&refusal),
        }
    }
    Ok(messages.finish())
}

fn emptied(call: &mut Call<'_>, id: &Element, kind: &str, folders_too: bool) -> Outcome<()> {
    let (mailbox, folder) = call.folder(id)?;
    let members: Vec<u64> =
        call.store(mailbox)?.folders.get(&folder).map(|folder| folder.log.members().collect()).unwrap_or_default();
    for no in members {
        let found = Found { mailbox, no, instance: None };
        crate::ews::delete::discard(call, &found, kind)?;
    }
    if folders_too {
        let below = call.store(mailbox)?.below(folder, false);
        let now = call.now;
        let store = call.store_mut(mailbox)?;
        for no in below {
            if store.folders.get(&no).is_some_and(|folder| folder.distinguished.is_none()) {
                store.drop_folder(no, now);
            }
        }
    }
    Ok(())
}
