//! SyncFolderHierarchy: which folders came, changed or went since a state.

use crate::change_log::{Change, Position, Scope, decode, encode};
use crate::codes::{Code, Outcome};
use crate::ews::folder_view;
use crate::ews::soap::Messages;
use crate::ews::{Answer, Call, required};
use crate::quirks::Quirk;
use crate::shape::Shape;
use crate::xml::Element;

/// More folders than a mailbox has come in several answers.
const MAX_FOLDERS: usize = 1000;

/// SyncFolderHierarchy.
pub(crate) fn sync(call: &mut Call<'_>, body: &Element) -> Answer {
    let shape = Shape::read(required(body, "FolderShape")?)?;
    let mut messages = Messages::new(
        "SyncFolderHierarchy",
        "<m:SyncState /><m:IncludesLastFolderInRange>true</m:IncludesLastFolderInRange>",
    );
    if let Err(refusal) = page(call, body, &shape, &mut messages) {
        messages.refused(&refusal);
    }
    Ok(messages.finish())
}

fn page(call: &Call<'_>, body: &Element, shape: &Shape, messages: &mut Messages) -> Outcome<()> {
    let (mailbox, top) = match body.child("SyncFolderId") {
        Some(id) => call.folder_in(id)?,
        None => {
            let mailbox = call.own_mailbox()?;
            let root = call.store(mailbox)?.distinguished("msgfolderroot").ok_or(Code::ErrorSyncFolderNotFound)?;
            (mailbox, root)
        }
    };
    let store = call.store(mailbox)?;
    let scope = Scope::Folders(top);
    let from = match body.child_text("SyncState") {
        Some(state) if !state.trim().is_empty() => decode(&state, &store.moniker.store, scope)
            .filter(|_| !call.quirk(Quirk::StateRefused))
            .ok_or(Code::ErrorInvalidSyncStateData)?,
        Some(_) | None => Position::START,
    };
    let page = store.hierarchy.page(from, store.seq, MAX_FOLDERS).ok_or(Code::ErrorInvalidSyncStateData)?;
    let below = store.below(top, true);
    messages.success(|xml| {
        xml.leaf("m:SyncState", &encode(&store.moniker.store, scope, page.next));
        xml.leaf("m:IncludesLastFolderInRange", if page.last { "true" } else { "false" });
        xml.open("m:Changes");
        for change in &page.changes {
            let name = match change {
                Change::Create(_) => "t:Create",
                Change::Update(_) | Change::ReadFlag(_) => "t:Update",
                Change::Delete(_) => "t:Delete",
            };
            let no = change.member();
            if let Change::Delete(no) = change {
                xml.open(name);
                xml.empty("t:FolderId", &[("Id", &store.folder_id(*no))]);
                xml.close(name);
            } else if below.contains(&no)
                && let Some(folder) = store.folders.get(&no)
            {
                xml.open(name);
                folder_view::render(xml, store, folder, shape);
                xml.close(name);
            }
        }
        xml.close("m:Changes");
    });
    Ok(())
}
