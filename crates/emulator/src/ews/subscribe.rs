//! Subscribe, GetEvents, GetStreamingEvents, Unsubscribe: notifications that a client fetches or is sent.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{Timestamp, ToSpan as _};

use crate::codes::{Code, Outcome};
use crate::ews::soap::{Fault, Messages};
use crate::ews::{Answer, Call, listed, required};
use crate::ids::{self, Named};
use crate::item::time::written;
use crate::mailbox::{Event, EventKind, Mailbox};
use crate::quirks::Quirk;
use crate::site::World;
use crate::subscriptions::{Subscription, Way};
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

/// A streaming subscription lives so long without a connection.
const UNHEARD_MINUTES: i64 = 30;

/// Subscribe: pull and streaming subscriptions.
pub(crate) fn subscribe(call: &mut Call<'_>, body: &Element) -> Answer {
    let (request, streaming) = match (body.child("PullSubscriptionRequest"), body.child("StreamingSubscriptionRequest"))
    {
        (Some(request), _) => (request, false),
        (None, Some(request)) => {
            crate::streams::are_known(call.version)?;
            (request, true)
        }
        (None, None) => {
            return Err(Fault {
                text: "Only pull and streaming subscriptions are served here.".to_owned(),
                ..Fault::new(Code::ErrorInvalidRequest)
            });
        }
    };
    let mut messages = Messages::new("Subscribe", "");
    match subscribed(call, request, streaming) {
        Ok((id, mark)) => messages.success(|xml| {
            xml.leaf("m:SubscriptionId", &id);
            if !streaming {
                xml.leaf("m:Watermark", &mark);
            }
        }),
        Err(refusal) => messages.refused(&refusal),
    }
    Ok(messages.finish())
}

fn subscribed(call: &mut Call<'_>, request: &Element, streaming: bool) -> Outcome<(String, String)> {
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
    let timeout_minutes = match streaming {
        true => UNHEARD_MINUTES,
        false => request
            .child_text("Timeout")
            .and_then(|text| text.trim().parse().ok())
            .filter(|minutes| (1..=1440).contains(minutes))
            .ok_or(Code::ErrorInvalidSubscription)?,
    };
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
    let way = match streaming {
        true => Way::Streaming { seq, account: call.account.name.clone(), back_end: call.back_end.to_owned() },
        false => Way::Pull { timeout_minutes },
    };
    let until = now.checked_add(timeout_minutes.minutes()).unwrap_or(now);
    let subscription = Subscription { mailbox, folders, kinds, until, way };
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
    let Way::Pull { timeout_minutes } = subscription.way else {
        return Err(Code::ErrorInvalidSubscription.into());
    };
    subscription.until = now.checked_add(timeout_minutes.minutes()).unwrap_or(now);
    let subscription = subscription.clone();
    let from = seq_of(mark).ok_or(Code::ErrorEventNotFound)?;
    let store = call.store(subscription.mailbox)?;
    let wanted: Vec<&Event> = store
        .events_after(from)
        .ok_or(Code::ErrorEventNotFound)?
        .filter(|event| subscription.wants(event, name(event.kind)))
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
            one(xml, store, event, true);
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

/// One event; those that are streamed carry no watermark.
fn one(xml: &mut Xml, store: &Mailbox, event: &Event, marked: bool) {
    let name = format!("t:{}", name(event.kind));
    xml.open(&name);
    if marked {
        xml.leaf("t:Watermark", &watermark(event.seq));
    }
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

/// What a streaming connection is opened for.
pub(crate) struct Streamed {
    pub ids: Vec<String>,
    pub minutes: i64,
}

/// Reads GetStreamingEvents.
pub(crate) fn streamed(body: &Element) -> Result<Streamed, Fault> {
    let ids: Vec<String> = listed(body, "SubscriptionIds")?.elements().map(Element::word).collect();
    let minutes = required(body, "ConnectionTimeout")?.word().parse().ok().filter(|minutes| (1..=30).contains(minutes));
    match minutes {
        Some(minutes) if !ids.is_empty() => Ok(Streamed { ids, minutes }),
        Some(_) | None => Err(Fault::schema("The 'GetStreamingEvents' element is invalid.")),
    }
}

/// The part of a streaming answer that says how the connection stands: `OK` or `Closed`.
pub(crate) fn status(word: &str) -> String {
    let mut messages = Messages::new("GetStreamingEvents", "");
    messages.success(|xml| xml.leaf("m:ConnectionStatus", word));
    messages.finish()
}

/// The next part of a streaming answer, if there is anything to tell. Subscriptions that are not kept here are told first
/// and left out from then on.
pub(crate) fn next(
    world: &mut World,
    server: usize,
    streamed: &mut Streamed,
    account: &str,
    back_end: &str,
    now: Timestamp,
) -> Option<String> {
    let apart = world.quirk(server, Quirk::SeveralBackEnds);
    let World { servers, mailboxes, .. } = world;
    let subscriptions = &mut servers.get_mut(server)?.subscriptions;
    let mut messages = Messages::new("GetStreamingEvents", "");
    let kept = |id: &String| {
        let Some(one) = subscriptions.get(id).filter(|one| one.until > now) else { return false };
        let Way::Streaming { account: whose, back_end: home, .. } = &one.way else { return false };
        whose == account
            && (!apart || home == back_end)
            && mailboxes.get(&one.mailbox).is_some_and(|mailbox| mailbox.server == server)
    };
    let (known, lost): (Vec<String>, Vec<String>) = streamed.ids.drain(..).partition(kept);
    streamed.ids = known;
    if !lost.is_empty() {
        messages.refused_with(&Code::ErrorSubscriptionNotFound.into(), |xml| {
            xml.open("m:ErrorSubscriptionIds");
            lost.iter().for_each(|id| xml.leaf("t:SubscriptionId", id));
            xml.close("m:ErrorSubscriptionIds");
        });
        return Some(messages.finish());
    }
    let mut told = Xml::default();
    for id in &streamed.ids {
        let Some(subscription) = subscriptions.get_mut(id) else { continue };
        subscription.until = now.checked_add(UNHEARD_MINUTES.minutes()).unwrap_or(now);
        let wants = subscription.clone();
        let (Way::Streaming { seq, .. }, Some(store)) = (&mut subscription.way, mailboxes.get(&wants.mailbox)) else {
            continue;
        };
        // Events that are forgotten already are missed; the client's own listing finds what they told.
        let events: Vec<&Event> = store.events_after(*seq).map(Iterator::collect).unwrap_or_default();
        let wanted: Vec<&Event> =
            events.into_iter().filter(|event| wants.wants(event, name(event.kind))).take(MAX_EVENTS).collect();
        *seq = if wanted.len() == MAX_EVENTS { wanted[MAX_EVENTS - 1].seq } else { store.seq };
        if wanted.is_empty() {
            continue;
        }
        told.open("t:Notification");
        told.leaf("t:SubscriptionId", id);
        wanted.iter().for_each(|event| one(&mut told, store, event, false));
        told.close("t:Notification");
    }
    if told.out.is_empty() {
        return None;
    }
    messages.success(|xml| {
        xml.open("m:Notifications");
        xml.out.push_str(&told.out);
        xml.close("m:Notifications");
    });
    Some(messages.finish())
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
