//! SyncFolderItems: what came, changed or went in a folder since a state, masters and singles only.

use std::collections::BTreeSet;

use crate::change_log::{Change, Position, Scope, decode, encode};
use crate::codes::{Code, Outcome, Refusal};
use crate::ews::soap::{Fault, Messages};
use crate::ews::{Answer, Call, required};
use crate::ids::{self, Named};
use crate::item::render::{View, render};
use crate::item::schema::ItemKind;
use crate::quirks::Quirk;
use crate::shape::{Place, Shape};
use crate::xml::Element;

/// Exchange gives at most so many changes at once.
const MAX_CHANGES: usize = 512;

/// SyncFolderItems.
pub(crate) fn sync(call: &mut Call<'_>, body: &Element) -> Answer {
    let shape = Shape::read(required(body, "ItemShape")?)?;
    let max: usize = required(body, "MaxChangesReturned")?
        .word()
        .parse()
        .ok()
        .filter(|max| (1..=MAX_CHANGES).contains(max))
        .ok_or_else(|| Fault::schema("The 'MaxChangesReturned' element is invalid."))?;
    let folder = required(body, "SyncFolderId")?;
    let mut messages =
        Messages::new("SyncFolderItems", "<m:SyncState /><m:IncludesLastItemInRange>true</m:IncludesLastItemInRange>");
    if let Err(refusal) = page(call, body, folder, &shape, max, &mut messages) {
        messages.refused(&refusal);
    }
    Ok(messages.finish())
}

fn page(
    call: &Call<'_>,
    body: &Element,
    folder: &Element,
    shape: &Shape,
    max: usize,
    messages: &mut Messages,
) -> Outcome<()> {
    let (mailbox, no) = call.folder_in(folder).map_err(|refusal| {
        if refusal.code == Code::ErrorFolderNotFound { Refusal::from(Code::ErrorSyncFolderNotFound) } else { refusal }
    })?;
    let store = call.store(mailbox)?;
    let folder = store.folders.get(&no).ok_or(Code::ErrorSyncFolderNotFound)?;
    let scope = Scope::Items(no);
    let from = match body.child_text("SyncState") {
        Some(state) if !state.trim().is_empty() => decode(&state, &store.moniker.store, scope)
            .filter(|_| !call.quirk(Quirk::StateRefused))
            .ok_or(Code::ErrorInvalidSyncStateData)?,
        Some(_) | None => Position::START,
    };
    let ignored = ignored(body);
    let mut page = folder.log.page(from, store.seq, max).ok_or(Code::ErrorInvalidSyncStateData)?;
    if call.quirk(Quirk::EmptyListing) {
        page.changes.clear();
        page.last = true;
    }
    if from.base != 0 && call.quirk(Quirk::ChangesNotTold) {
        page.changes.clear();
    }
    if call.quirk(Quirk::ShortListing) {
        page.changes = page.changes.into_iter().step_by(2).collect();
        page.last = true;
    }
    let quirks = call.world.servers.get(call.server).map(|server| &server.quirks);
    let none = BTreeSet::new();
    let view = View { mailbox: store, shape, place: Place::Listing, quirks: quirks.unwrap_or(&none) };
    messages.success(|xml| {
        xml.leaf("m:SyncState", &encode(&store.moniker.store, scope, page.next));
        xml.leaf("m:IncludesLastItemInRange", if page.last { "true" } else { "false" });
        if page.changes.is_empty() {
            xml.empty("m:Changes", &[]);
            return;
        }
        xml.open("m:Changes");
        for change in &page.changes {
            if ignored.contains(&change.member()) {
                continue;
            }
            one(xml, &view, *change);
        }
        xml.close("m:Changes");
    });
    Ok(())
}

fn one(xml: &mut crate::xml::Xml, view: &View<'_>, change: Change) {
    let store = view.mailbox;
    let name = match change {
        Change::Create(_) => "t:Create",
        Change::Update(_) => "t:Update",
        Change::ReadFlag(_) => "t:ReadFlagChange",
        Change::Delete(no) => {
            xml.open("t:Delete");
            let id = ids::ews_id(&store.moniker, Named::Item(no));
            xml.empty("t:ItemId", &[("Id", &id)]);
            xml.close("t:Delete");
            return;
        }
    };
    let Some(item) = store.items.get(&change.member()) else {
        return;
    };
    let odd = view.quirks.contains(&Quirk::ReadFlagChanges) && matches!(item.kind, ItemKind::Contact | ItemKind::Task);
    if matches!(change, Change::ReadFlag(_)) || odd {
        xml.open("t:ReadFlagChange");
        crate::item::render::item_id(xml, store, item);
        let read = item.text("IsRead").unwrap_or("false");
        xml.leaf("t:IsRead", read);
        xml.close("t:ReadFlagChange");
    }
    if !matches!(change, Change::ReadFlag(_)) {
        xml.open(name);
        render(xml, view, item);
        xml.close(name);
    }
}

/// The items a client says it knows already.
fn ignored(body: &Element) -> BTreeSet<u64> {
    body.child("Ignore")
        .iter()
        .flat_map(|ignore| ignore.elements())
        .filter_map(|id| ids::parse(id.attr("Id")?).ok())
        .filter_map(|parsed| match parsed.named {
            Named::Item(no) => Some(no),
            Named::Folder(_) | Named::Occurrence(..) | Named::Attachment(..) => None,
        })
        .collect()
}
