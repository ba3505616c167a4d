//! Answers to invitations, and the organiser's cancelling: CreateItem with AcceptItem, TentativelyAcceptItem, DeclineItem, CancelCalendarItem, RemoveItem.

use crate::codes::{Code, Outcome};
use crate::ews::Call;
use crate::ews::create::Disposition;
use crate::ews::delete::discard;
use crate::ews::lookup::Found;
use crate::item::Item;
use crate::item::body::Body;
use crate::item::calendar::Response;
use crate::item::schema::ItemKind;
use crate::item::series;
use crate::meeting::{self, Sender};
use crate::xml::Element;

/// The response objects this server carries out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    Accept,
    Tentative,
    Decline,
    Cancel,
    Remove,
}

impl Act {
    fn of(name: &str) -> Option<Self> {
        match name {
            "AcceptItem" => Some(Self::Accept),
            "TentativelyAcceptItem" => Some(Self::Tentative),
            "DeclineItem" => Some(Self::Decline),
            "CancelCalendarItem" => Some(Self::Cancel),
            "RemoveItem" => Some(Self::Remove),
            _ => None,
        }
    }

    fn wrong_item(self) -> Code {
        match self {
            Self::Accept => Code::ErrorInvalidItemForOperationAcceptItem,
            Self::Tentative => Code::ErrorInvalidItemForOperationTentative,
            Self::Decline | Self::Remove => Code::ErrorInvalidItemForOperationDeclineItem,
            Self::Cancel => Code::ErrorInvalidItemForOperationCancelItem,
        }
    }
}

pub(crate) fn is_response(name: &str) -> bool {
    Act::of(name).is_some()
}

/// Carries one response object out.
pub(crate) fn respond(call: &mut Call<'_>, element: &Element, disposition: Option<Disposition>) -> Outcome<Vec<Found>> {
    let act = Act::of(&element.name).ok_or(Code::ErrorInvalidItemForOperationCreateItem)?;
    let reference = element.child("ReferenceItemId").ok_or(Code::ErrorInvalidReferenceItem)?;
    let disposition = disposition.ok_or(Code::ErrorMessageDispositionRequired)?;
    let asked = call.found(reference)?;
    let (meeting, message) = meeting_of(call, &asked, act)?;
    let body = element
        .child("Body")
        .or_else(|| element.child("NewBodyContent"))
        .map(|body| Body::stored(body.attr("BodyType") == Some("HTML"), &body.text()));
    if act == Act::Remove {
        return remove(call, meeting.as_ref(), message);
    }
    let meeting = meeting.ok_or_else(|| act.wrong_item())?;
    if act == Act::Cancel {
        return cancel(call, &meeting, disposition, body);
    }
    let response = match act {
        Act::Tentative => Response::Tentative,
        Act::Decline => Response::Decline,
        Act::Accept | Act::Cancel | Act::Remove => Response::Accept,
    };
    check(call, &meeting, act)?;
    let item = answered(call, &meeting, response)?;
    if disposition != Disposition::SaveOnly {
        let account = call.account.name.clone();
        let sender = Sender { mailbox: meeting.mailbox, account: &account, now: call.now };
        let given = meeting::Reply { item: &item, response, body };
        meeting::reply(call.world, &sender, &given);
    }
    if let Some(message) = message {
        discard(call, &message, "MoveToDeletedItems")?;
    }
    if response == Response::Decline {
        discard(call, &meeting, "MoveToDeletedItems")?;
        return Ok(Vec::new());
    }
    Ok(vec![meeting])
}

/// The calendar item that is meant, and the message that was named if it was one.
fn meeting_of(call: &Call<'_>, asked: &Found, act: Act) -> Outcome<(Option<Found>, Option<Found>)> {
    let item = call.item(asked)?;
    match item.kind {
        ItemKind::Calendar => Ok((Some(*asked), None)),
        ItemKind::MeetingRequest | ItemKind::MeetingCancellation => {
            let store = call.store(asked.mailbox)?;
            let meeting = store.meeting_of(item).map(|item| {
                let original = item.calendar().and_then(|calendar| {
                    let text = call.item(asked).ok()?.text("OriginalStart")?.to_owned();
                    series::at(calendar, text.parse().ok()?)
                });
                Found { mailbox: asked.mailbox, no: item.no, instance: original }
            });
            Ok((meeting, Some(*asked)))
        }
        ItemKind::Item
        | ItemKind::Message
        | ItemKind::Contact
        | ItemKind::DistributionList
        | ItemKind::Task
        | ItemKind::MeetingResponse
        | ItemKind::Post => Err(act.wrong_item().into()),
    }
}

fn check(call: &Call<'_>, found: &Found, act: Act) -> Outcome<()> {
    let item = call.shown(found)?;
    let calendar = item.calendar().ok_or_else(|| act.wrong_item())?;
    if !calendar.received {
        return Err(match act {
            Act::Accept | Act::Cancel | Act::Remove => Code::ErrorCalendarIsOrganizerForAccept,
            Act::Tentative => Code::ErrorCalendarIsOrganizerForTentative,
            Act::Decline => Code::ErrorCalendarIsOrganizerForDecline,
        }
        .into());
    }
    if calendar.cancelled {
        return Err(match act {
            Act::Accept | Act::Cancel | Act::Remove => Code::ErrorCalendarIsCancelledForAccept,
            Act::Tentative => Code::ErrorCalendarIsCancelledForTentative,
            Act::Decline => Code::ErrorCalendarIsCancelledForDecline,
        }
        .into());
    }
    Ok(())
}

/// Writes an answer into the own copy.
fn answered(call: &mut Call<'_>, found: &Found, response: Response) -> Outcome<Item> {
    let now = call.now;
    let mut item = call.shown(found)?;
    let intended = item.text("IntendedFreeBusyStatus").unwrap_or("Busy").to_owned();
    let busy = match response {
        Response::Accept => intended,
        Response::Tentative => "Tentative".to_owned(),
        Response::Decline => "Free".to_owned(),
        Response::Unknown | Response::Organizer | Response::NoResponseReceived => {
            return Err(Code::ErrorInternalServerError.into());
        }
    };
    item.set_text("LegacyFreeBusyStatus", busy);
    item.modified = now;
    if let Some(calendar) = item.calendar_mut() {
        calendar.my_response = response;
        calendar.replied = Some(now);
    }
    let shown = item.clone();
    let store = call.store_mut(found.mailbox)?;
    if found.instance.is_some() {
        let mut master = store.items.get(&found.no).cloned().ok_or(Code::ErrorItemNotFound)?;
        series::keep_exception(&mut master, &item);
        item = master;
    }
    store.update(item, false, now);
    Ok(shown)
}

fn cancel(call: &mut Call<'_>, found: &Found, disposition: Disposition, body: Option<Body>) -> Outcome<Vec<Found>> {
    let mut item = call.shown(found)?;
    let calendar = item.calendar_mut().ok_or(Code::ErrorInvalidItemForOperationCancelItem)?;
    if calendar.received {
        return Err(Code::ErrorCalendarIsNotOrganizer.into());
    }
    if calendar.attendees.is_empty() {
        return Err(Code::ErrorInvalidItemForOperationCancelItem.into());
    }
    calendar.cancelled = true;
    calendar.sequence += 1;
    if let Some(body) = body {
        item.body = body;
    }
    if disposition != Disposition::SaveOnly {
        let people = meeting::recipients(&item);
        let account = call.account.name.clone();
        let sender = Sender { mailbox: found.mailbox, account: &account, now: call.now };
        meeting::cancel(call.world, &sender, &item, &people);
    }
    discard(call, found, "MoveToDeletedItems")?;
    Ok(Vec::new())
}

/// RemoveItem: a cancelled meeting and its message go.
fn remove(call: &mut Call<'_>, meeting: Option<&Found>, message: Option<Found>) -> Outcome<Vec<Found>> {
    if let Some(found) = meeting {
        discard(call, found, "MoveToDeletedItems")?;
    }
    if let Some(message) = message {
        discard(call, &message, "MoveToDeletedItems")?;
    }
    Ok(Vec::new())
}
