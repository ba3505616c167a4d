//! A meeting's state under its MAPI names: whose meeting it is, whether it was received, the answer to it, its global id.
//!
//! A client that writes them says what the item is, as Outlook does when it makes a meeting from a request (MS-OXOCAL
//! 3.1.4.7.2.2); the elements of the schema only show it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::codes::{Code, Outcome};
use crate::ids::hex;
use crate::item::Item;
use crate::item::calendar::{GLOBAL_ID_CLASS, Response};
use crate::item::extended::{ExtKey, ExtPath, ExtValue};
use crate::item::set::{Setting, refused};

/// What a property says of a meeting.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Said {
    /// PidLidAppointmentStateFlags: a meeting, received, cancelled.
    Flags,
    /// PidLidResponseStatus.
    Answer,
    /// PidLidFInvited.
    Invited,
    /// PidTagSentRepresentingName.
    Name,
    /// PidTagSentRepresentingEmailAddress and PidTagSentRepresentingSmtpAddress.
    Address,
    /// PidTagSentRepresentingAddressType.
    AddressType,
    /// PidLidGlobalObjectId and PidLidCleanGlobalObjectId.
    GlobalId,
}

fn said(path: &ExtPath) -> Option<Said> {
    let is = |set: &str, id: i32| path.key == ExtKey::in_set(set, id);
    match (path.kind.as_str(), &path.key) {
        ("Integer", _) if is("Appointment", 0x8217) => Some(Said::Flags),
        ("Integer", _) if is("Appointment", 0x8218) => Some(Said::Answer),
        ("Boolean", _) if is("Appointment", 0x8229) => Some(Said::Invited),
        ("String", ExtKey::Tag(0x42)) => Some(Said::Name),
        ("String", ExtKey::Tag(0x64)) => Some(Said::AddressType),
        ("String", ExtKey::Tag(0x65 | 0x5d02)) => Some(Said::Address),
        ("Binary", _) if is("Meeting", 0x3) || is("Meeting", 0x23) => Some(Said::GlobalId),
        (_, _) => None,
    }
}

/// Writes what a property says of a meeting; whether it was one that does.
pub(crate) fn set(item: &mut Item, path: &ExtPath, value: &ExtValue, setting: &Setting<'_>) -> Outcome<bool> {
    let (Some(said), Some(calendar)) = (said(path), item.calendar_mut()) else {
        return Ok(false);
    };
    let text = value.first();
    if said == Said::GlobalId {
        let bytes = STANDARD.decode(text).unwrap_or_default();
        let whole = bytes.len() >= 40 && bytes.starts_with(&GLOBAL_ID_CLASS);
        match (whole, setting.creating) {
            (false, _) => return Err(Code::ErrorInvalidExtendedPropertyValue.into()),
            // The clean id must not take the day out of the other.
            (true, true) if calendar.instance.is_none() => calendar.set_uid(&hex(&bytes)),
            (true, true) => {}
            // "Once set for a calendar object, the value of this property must not change" (PidLidGlobalObjectId).
            (true, false) if bytes == calendar.global_id || bytes == calendar.dated_global_id() => {}
            (true, false) => return Err(refused(Code::ErrorInvalidPropertySet, "GlobalObjectId")),
        }
        return Ok(true);
    }
    if !setting.keeps_state {
        return Ok(true);
    }
    match said {
        Said::Flags => {
            let flags: i32 = text.parse().unwrap_or_default();
            calendar.flagged = flags & 1 != 0;
            calendar.received = flags & 2 != 0;
            calendar.cancelled = flags & 4 != 0;
        }
        Said::Answer => {
            let number = text.parse().unwrap_or_default();
            calendar.my_response = Response::of_number(number)
                .ok_or_else(|| refused(Code::ErrorInvalidExtendedPropertyValue, "0x8218"))?;
        }
        Said::Invited => calendar.request_sent = text == "true",
        Said::Name => text.clone_into(&mut calendar.organizer.name),
        // An address of the directory is no address of a mailbox.
        Said::Address if text.contains('@') => text.clone_into(&mut calendar.organizer.address),
        Said::Address | Said::AddressType | Said::GlobalId => {}
    }
    Ok(true)
}

/// What a property says of a meeting, to be read.
pub(crate) fn read(item: &Item, key: &ExtKey) -> Option<ExtValue> {
    let calendar = item.calendar()?;
    match key {
        ExtKey::Tag(0x42) => Some(ExtValue::one("String", calendar.organizer.name.clone())),
        ExtKey::Tag(0x64) => Some(ExtValue::one("String", "SMTP")),
        ExtKey::Tag(0x65 | 0x5d02) => Some(ExtValue::one("String", calendar.organizer.address.clone())),
        _ => None,
    }
}
