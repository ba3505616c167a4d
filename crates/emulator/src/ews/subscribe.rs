//! Subscribe, GetEvents, Unsubscribe: notifications that a client fetches.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::ToSpan as _;

use crate::codes::{Code, Outcome};
use crate::ews::soap::{Fault, Messages};
use crate::ews::{Answer, Call, required};
use crate::ids::{self, Named};
use crate::item::time::written;
use crate::mailbox::{Event, EventKind, Mailbox};
use crate::subscriptions::Subscription;
use crate::xml::{Element, Xml};

/// Subscriptions one server keeps.
const MAX_SUBSCRIPTIONS: usize = 5000;
/// Events one answer holds.
const MAX_EVENTS: usize = 50;

fn watermark(seq: u64) -> String {
    STANDARD.encode([&[1_u8; 32][..], &seq.to_be_bytes()].concat())
}

fn seq_of(watermark: &str) -> Option<u64> {
    let bytes = STANDARD.decode(watermark.trim()).ok()?;
    let tail = bytes.strip_prefix(&[1_u8; 32])?;
    Some(u64::from_be_bytes(tail.try_into().ok()?))
}

/// Subscribe: pull subscriptions only.
pub(crate) fn subscribe(call: &mut Call<'_>, body: &Element) -> Answer {
    let Some(request) = body.child("PullSubscriptionRequest") else {
        return Err(Fault {
            text: "Only pull subscriptions are served here.".to_owned(),
            ..Fault::new(Code::ErrorInvalidRequest)
        });
    };
    let mut messages = Messages::new("Subscribe", "");
    match subscribed(call, request) {
        Ok((id, mark)) => messages.success(|xml| {
            xml.leaf("m:SubscriptionId", &id);
            xml.leaf("m:Watermark", &mark);
        }),
        Err(refusal) => messages.refused(&refusal),
    }
    Ok(messages.finish())
}

fn subscribed(call: &mut Call<'_>, request: &Element) -> Outcome<(String, String)> {
    let mut mailbox = None;
    let folders = match request.child("FolderIds") {
        None => None,
        Some(ids) => {
            let mut folders = BTreeSet::new();
            for id in ids.elements() {
                let (owner, folder) = call.folder(id)?;
                if *mailbox.get_or_insert(owner) != owner {
                    return Err(Code::ErrorInvalidSubscription.into());
                }
                folders.insert(folder);
            }
            Some(folders)
        }
    };
    if folders.is_none() && request.attr("SubscribeToAllFolders") != Some("true") {
        return Err(Code::ErrorInvalidSubscription.into());
    }
    let mailbox = match mailbox {
        Some(mailbox) => mailbox,
        None => call.own_mailbox()?,
    };
    let kinds =
        request.child("EventTypes").ok_or(Code::ErrorInvalidSubscription)?.elements().map(Element::word).collect();
    let timeout_minutes: i64 = request
        .child_text("Timeout")
        .and_then(|text| text.trim().parse().ok())
        .filter(|minutes| (1..=1440).contains(minutes))
        .ok_or(Code::ErrorInvalidSubscription)?;
    let seq = match request.child_text("Watermark") {
        Some(mark) => seq_of(&mark).ok_or(Code::ErrorEventNotFound)?,
        None => call.store(mailbox)?.seq,
    };
    let now = call.now;
    let id = STANDARD.encode(format!("{}.subscription", call.world.draw("subscription").text()));
    let server = call.world.servers.get_mut(call.server).ok_or(Code::ErrorInternalServerError)?;
    server.subscriptions.retain(|_, one| one.until > now);
    if server.subscriptions.len() >= MAX_SUBSCRIPTIONS {
        return Err(Code::ErrorExceededSubscriptionCount.into());
    }
    let subscription = Subscription {
        mailbox,
        folders,
        kinds,
        until: now.checked_add(timeout_minutes.minutes()).unwrap_or(now),
        timeout_minutes,
    };
    server.subscriptions.insert(id.clone(), subscription);
    Ok((id, watermark(seq)))
}

/// GetEvents: a `StatusEvent` when there is nothing.
pub(crate) fn events(call: &mut Call<'_>, body: &Element) -> Answer {
    let id = required(body, "SubscriptionId")?.word();
    let mark = required(body, "Watermark")?.word();
    let mut messages = Messages::new("GetEvents", "");
    if let Err(refusal) = told(call, &id, &mark, &mut messages) {
        messages.refused(&refusal);
    }
    Ok(messages.finish())
}

fn told(call: &mut Call<'_>, id: &str, mark: &str, messages: &mut Messages) -> Outcome<()> {
    let now = call.now;
    let server = call.world.servers.get_mut(call.server).ok_or(Code::ErrorInternalServerError)?;
    let subscription =
        server.subscriptions.get_mut(id).filter(|one| one.until > now).ok_or(Code::ErrorSubscriptionNotFound)?;
    subscription.until = now.checked_add(subscription.timeout_minutes.minutes()).unwrap_or(now);
    let subscription = subscription.clone();
    let from = seq_of(mark).ok_or(Code::ErrorEventNotFound)?;
    let store = call.store(subscription.mailbox)?;
    let wanted: Vec<&Event> = store
        .events_after(from)
        .ok_or(Code::ErrorEventNotFound)?
        .filter(|event| {
            subscription.folders.as_ref().is_none_or(|folders| folders.contains(&event.folder))
                && subscription.kinds.contains(name(event.kind))
        })
        .take(MAX_EVENTS + 1)
        .collect();
    let more = wanted.len() > MAX_EVENTS;
    messages.success(|xml| {
        xml.open("m:Notification");
        xml.leaf("t:SubscriptionId", id);
        xml.leaf("t:PreviousWatermark", mark);
        xml.leaf("t:MoreEvents", if more { "true" } else { "false" });
        if wanted.is_empty() {
            xml.open("t:StatusEvent");
            xml.leaf("t:Watermark", &watermark(store.seq));
            xml.close("t:StatusEvent");
        }
        for event in wanted.iter().take(MAX_EVENTS) {
            one(xml, store, event);
        }
        xml.close("m:Notification");
    });
    Ok(())
}

fn name(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Created => "CreatedEvent",
        EventKind::Modified => "ModifiedEvent",
        EventKind::Deleted => "DeletedEvent",
        EventKind::NewMail => "NewMailEvent",
        EventKind::Moved { .. } => "MovedEvent",
        EventKind::Copied { .. } => "CopiedEvent",
    }
}

fn one(xml: &mut Xml, store: &Mailbox, event: &Event) {
    let name = format!("t:{}", name(event.kind));
    xml.open(&name);
    xml.leaf("t:Watermark", &watermark(event.seq));
    xml.leaf("t:TimeStamp", &written(event.at));
    let id = ids::ews_id(&store.moniker, event.member);
    let is_folder = matches!(event.member, Named::Folder(_));
    xml.empty(if is_folder { "t:FolderId" } else { "t:ItemId" }, &[("Id", &id)]);
    xml.empty("t:ParentFolderId", &[("Id", &store.folder_id(event.folder))]);
    match event.kind {
        EventKind::Moved { old, old_folder } | EventKind::Copied { old, old_folder } => {
            let old = ids::ews_id(&store.moniker, Named::Item(old));
            xml.empty("t:OldItemId", &[("Id", &old)]);
            xml.empty("t:OldParentFolderId", &[("Id", &store.folder_id(old_folder))]);
        }
        EventKind::Created | EventKind::Modified | EventKind::Deleted | EventKind::NewMail => {}
    }
    xml.close(&name);
}

/// Unsubscribe.
pub(crate) fn unsubscribe(call: &mut Call<'_>, body: &Element) -> Answer {
    let id = required(body, "SubscriptionId")?.word();
    let gone = call.world.servers.get_mut(call.server).and_then(|server| server.subscriptions.remove(&id));
    let mut messages = Messages::new("Unsubscribe", "");
    match gone {
        Some(_) => messages.success(|_| {}),
        None => messages.refused(&Code::ErrorSubscriptionNotFound.into()),
    }
    Ok(messages.finish())
}
