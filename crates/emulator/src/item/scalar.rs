//! The value a property has when somebody asks: as it was set, as the store works it out, or its default.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{Timestamp, ToSpan as _};

use crate::item::body::{BodyForm, text_of_html};
use crate::item::calendar::{Calendar, Role};
use crate::item::extended::{self, ExtKey, ExtValue};
use crate::item::schema::ItemKind;
use crate::item::task::Task;
use crate::item::time::{written, written_day};
use crate::item::{Item, contact, mapi, state};

/// The text of a property that has no parts; `None` when the item has no such value.
pub(crate) fn scalar(item: &Item, name: &str) -> Option<String> {
    let own = match item.kind {
        ItemKind::Calendar => item.calendar().and_then(|c| calendar(item, c, name)),
        ItemKind::Task => item.task().and_then(|t| task(t, name)),
        ItemKind::Contact => of_contact(item, name),
        ItemKind::Message | ItemKind::MeetingRequest | ItemKind::MeetingResponse | ItemKind::MeetingCancellation => {
            message(item, name)
        }
        ItemKind::DistributionList => match name {
            "FileAs" => Some(item.text("FileAs").or(item.text("DisplayName"))?.to_owned()),
            "ContactSource" => Some("Store".to_owned()),
            "Subject" => item.text("Subject").or(item.text("DisplayName")).map(str::to_owned),
            _ => None,
        },
        ItemKind::Item | ItemKind::Post => None,
    };
    own.or_else(|| of_item(item, name))
}

fn truth(yes: bool) -> String {
    if yes { "true" } else { "false" }.to_owned()
}

fn of_item(item: &Item, name: &str) -> Option<String> {
    let default = |text: &str| Some(item.text(name).unwrap_or(text).to_owned());
    match name {
        "ItemClass" => Some(item.class().to_owned()),
        "Sensitivity" | "Importance" => default("Normal"),
        "ReminderIsSet" => default("false"),
        "ReminderMinutesBeforeStart" => default("0"),
        "Culture" => default("en-US"),
        "Size" => Some(size(item).to_string()),
        "HasAttachments" => Some(truth(item.attachments.iter().any(|file| !file.inline && !file.contact_photo))),
        "DateTimeReceived" | "DateTimeSent" | "DateTimeCreated" => {
            Some(item.text(name).map_or_else(|| written(item.created), str::to_owned))
        }
        "LastModifiedTime" => Some(written(item.modified)),
        "LastModifiedName" => Some(item.modified_by.clone()),
        "IsSubmitted" | "IsFromMe" | "IsResend" | "IsAssociated" | "IsDraft" => default("false"),
        "IsUnmodified" => default("true"),
        "DisplayTo" => Some(display_list(item, "ToRecipients", Role::Required)),
        "DisplayCc" => Some(display_list(item, "CcRecipients", Role::Optional)),
        "Preview" => {
            let text = item.body.shown(BodyForm::Text).1;
            Some(text.chars().take(255).collect())
        }
        "StoreEntryId" | "InstanceKey" => {
            Some(STANDARD.encode([&item.no.to_be_bytes()[..], &item.change.to_be_bytes()].concat()))
        }
        _ => item.text(name).map(str::to_owned),
    }
}

fn size(item: &Item) -> usize {
    let props: usize = item
        .props
        .values()
        .map(|value| match value {
            crate::item::Value::Text(text) => text.len(),
            crate::item::Value::Parts(parts) => parts.elements().map(|part| part.text().len()).sum(),
        })
        .sum();
    let files: usize = item.attachments.iter().map(|file| file.size).sum();
    1200 + 2 * (props + item.body.text.len()) + files
}

fn display_list(item: &Item, recipients: &str, role: Role) -> String {
    if let Some(calendar) = item.calendar() {
        let names: Vec<&str> =
            calendar.attendees.iter().filter(|one| one.role == role).map(|one| one.person.name.as_str()).collect();
        return names.join("; ");
    }
    let names: Vec<String> = item
        .parts(recipients)
        .map(|list| {
            list.elements()
                .filter_map(|mailbox| mailbox.child_text("Name").or_else(|| mailbox.child_text("EmailAddress")))
                .collect()
        })
        .unwrap_or_default();
    names.join("; ")
}

fn message(item: &Item, name: &str) -> Option<String> {
    match name {
        "IsRead" => Some(item.text("IsRead").unwrap_or("false").to_owned()),
        "IsReadReceiptRequested"
        | "IsDeliveryReceiptRequested"
        | "IsDelegated"
        | "IsOutOfDate"
        | "HasBeenProcessed" => Some(item.text(name).unwrap_or("false").to_owned()),
        "ConversationTopic" => Some(item.subject().to_owned()),
        _ => None,
    }
}

fn of_contact(item: &Item, name: &str) -> Option<String> {
    match name {
        "DisplayName" => Some(contact::display_name(item)),
        "FileAs" => Some(contact::file_as(item)),
        "FileAsMapping" => Some(contact::file_as_mapping(item).to_owned()),
        "Subject" => Some(item.text("Subject").map_or_else(|| contact::display_name(item), str::to_owned)),
        "ContactSource" => Some("Store".to_owned()),
        "HasPicture" => Some(truth(item.attachments.iter().any(|file| file.contact_photo))),
        _ => None,
    }
    .filter(|text| !text.is_empty())
}

fn task(task: &Task, name: &str) -> Option<String> {
    match name {
        "StartDate" => task.start.map(written_day),
        "DueDate" => task.due.map(written_day),
        "CompleteDate" => task.completed.map(written_day),
        "Status" => Some(task.status.name().to_owned()),
        "PercentComplete" => Some(task.percent.to_string()),
        "IsComplete" => Some(truth(task.is_complete())),
        "IsRecurring" => Some(truth(task.rule.is_some())),
        "IsTeamTask" => Some("false".to_owned()),
        "ChangeCount" => Some(task.change_count.to_string()),
        "StatusDescription" => Some(
            match task.status {
                crate::item::task::Status::NotStarted => "Not Started",
                crate::item::task::Status::InProgress => "In Progress",
                crate::item::task::Status::Completed => "Completed",
                crate::item::task::Status::WaitingOnOthers => "Waiting on someone else",
                crate::item::task::Status::Deferred => "Deferred",
            }
            .to_owned(),
        ),
        _ => None,
    }
}

fn calendar(item: &Item, calendar: &Calendar, name: &str) -> Option<String> {
    let default = |text: &str| Some(item.text(name).unwrap_or(text).to_owned());
    match name {
        "UID" => Some(calendar.uid.clone()),
        "RecurrenceId" | "OriginalStart" => calendar.occurrence.map(|occurrence| written(occurrence.original)),
        "DateTimeStamp" => Some(written(calendar.stamp)),
        "Start" => Some(written(calendar.start)),
        "End" => Some(written(calendar.end)),
        "StartWallClock" => Some(wall(calendar, calendar.start)),
        "EndWallClock" => Some(wall(calendar, calendar.end)),
        "StartTimeZoneId" => Some(calendar.start_zone.id().to_owned()),
        "EndTimeZoneId" => Some(calendar.end_zone.id().to_owned()),
        "TimeZone" => Some(calendar.start_zone.name().to_owned()),
        "IsAllDayEvent" => Some(truth(calendar.all_day)),
        "LegacyFreeBusyStatus" => default("Busy"),
        // Exchange gives a reminder to appointments made through EWS unless told otherwise.
        "ReminderIsSet" => default("true"),
        "ReminderMinutesBeforeStart" => default("15"),
        "ReminderDueBy" => Some(written(calendar.start)),
        "ReminderNextTime" => (item.text("ReminderIsSet") != Some("false")).then(|| {
            let minutes: i64 = item.text("ReminderMinutesBeforeStart").and_then(|text| text.parse().ok()).unwrap_or(15);
            written(calendar.start.checked_sub(minutes.minutes()).unwrap_or(calendar.start))
        }),
        "When" => item.text("When").map(str::to_owned),
        "IsMeeting" => Some(truth(calendar.is_meeting())),
        "IsCancelled" => Some(truth(calendar.cancelled)),
        "IsRecurring" => Some(truth(calendar.rule.is_some() || calendar.occurrence.is_some())),
        "MeetingRequestWasSent" => Some(truth(calendar.request_sent)),
        "IsResponseRequested" => default("true"),
        "CalendarItemType" => Some(calendar.type_name().to_owned()),
        "MyResponseType" => Some(calendar.my_response.name().to_owned()),
        "IsOrganizer" => Some(truth(!calendar.received)),
        "ConflictingMeetingCount" | "AdjacentMeetingCount" => Some("0".to_owned()),
        "Duration" => Some(duration(calendar)),
        "AppointmentReplyTime" => calendar.replied.map(written),
        "AppointmentSequenceNumber" => Some(calendar.sequence.to_string()),
        "AppointmentState" => Some(calendar.state().to_string()),
        "AllowNewTimeProposal" => default("true"),
        "IsOnlineMeeting" => default("false"),
        "ConferenceType" => default("0"),
        _ => None,
    }
}

fn wall(calendar: &Calendar, at: Timestamp) -> String {
    let zone = &calendar.start_zone;
    let local = zone.local(at).strftime("%Y-%m-%dT%H:%M:%S").to_string();
    let offset = zone.offset_seconds(at);
    let sign = if offset < 0 { '-' } else { '+' };
    let minutes = offset.abs() / 60;
    format!("{local}{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

fn duration(calendar: &Calendar) -> String {
    let seconds = calendar.end.as_second() - calendar.start.as_second();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    let mut text = "P".to_owned();
    if days > 0 {
        text.push_str(&format!("{days}D"));
    }
    if hours > 0 || minutes > 0 || days == 0 {
        text.push('T');
        if hours > 0 {
            text.push_str(&format!("{hours}H"));
        }
        if minutes > 0 || hours == 0 {
            text.push_str(&format!("{minutes}M"));
        }
    }
    text
}

/// The MAPI value of an extended property that mirrors something the store knows anyway.
pub(crate) fn mirrored(item: &Item, key: &ExtKey) -> Option<ExtValue> {
    let text = |name: &str| scalar(item, name).map(|text| ExtValue::one("String", text));
    if let Some(name) = extended::alias(key) {
        return text(name);
    }
    if let Some(phone) = extended::phone_alias(key) {
        let entry = contact::entry(item, "PhoneNumbers", phone)?;
        return Some(ExtValue::one("String", entry.text()));
    }
    if let Some(value) = mapi::read(item, key).or_else(|| state::read(item, key)) {
        return Some(value);
    }
    let int = |value: i32| Some(ExtValue::one("Integer", value.to_string()));
    let flag = |value: bool| Some(ExtValue::one("Boolean", truth(value)));
    let at = |value: Timestamp| Some(ExtValue::one("SystemTime", written(value)));
    let index = |words: &[&str], name: &str| {
        let word = scalar(item, name)?;
        let at = words.iter().position(|known| *known == word)?;
        int(i32::try_from(at).ok()?)
    };
    if let ExtKey::Tag(tag) = key {
        return match tag {
            0x0017 => index(&["Low", "Normal", "High"], "Importance"),
            0x0036 => index(&["Normal", "Personal", "Private", "Confidential"], "Sensitivity"),
            0x0e08 => int(i32::try_from(size(item)).ok()?),
            // Counted up for each item that comes into a folder: clients list and page by it.
            0x0e23 => int(i32::try_from(item.no).ok()?),
            0x1000 => Some(ExtValue::one(
                "String",
                if item.body.html { text_of_html(&item.body.text) } else { item.body.text.clone() },
            )),
            0x3007 => at(item.created),
            0x3008 => at(item.modified),
            0x3a42 | 0x3a41 => {
                let name = if *tag == 0x3a42 { "Birthday" } else { "WeddingAnniversary" };
                item.text(name).map(|text| ExtValue::one("SystemTime", text))
            }
            _ => None,
        };
    }
    let is = |set: &str, id: i32| *key == ExtKey::in_set(set, id);
    if is("Common", 0x8503) {
        return flag(scalar(item, "ReminderIsSet")? == "true");
    }
    if is("Common", 0x8501) {
        return int(scalar(item, "ReminderMinutesBeforeStart")?.parse().ok()?);
    }
    if is("Common", 0x8506) {
        let word = item.text("Sensitivity").unwrap_or("Normal");
        return flag(matches!(word, "Private" | "Confidential"));
    }
    if let Some(calendar) = item.calendar() {
        return of_calendar_key(item, calendar, key);
    }
    let task = item.task()?;
    if is("Task", 0x8101) {
        int(task.status.number())
    } else if is("Task", 0x8102) {
        Some(ExtValue::one("Double", (task.percent / 100.0).to_string()))
    } else if is("Task", 0x811c) {
        flag(task.is_complete())
    } else if is("Task", 0x8126) {
        flag(task.rule.is_some())
    } else if is("Task", 0x8109) {
        flag(false)
    } else {
        None
    }
}

fn of_calendar_key(item: &Item, calendar: &Calendar, key: &ExtKey) -> Option<ExtValue> {
    let is = |set: &str, id: i32| *key == ExtKey::in_set(set, id);
    let int = |value: i32| Some(ExtValue::one("Integer", value.to_string()));
    let flag = |value: bool| Some(ExtValue::one("Boolean", truth(value)));
    let at = |value: Timestamp| Some(ExtValue::one("SystemTime", written(value)));
    if is("Meeting", 0x23) {
        Some(ExtValue::bytes(&calendar.global_id))
    } else if is("Meeting", 0x3) {
        Some(ExtValue::bytes(&calendar.dated_global_id()))
    } else if is("Appointment", 0x8205) {
        int(match scalar(item, "LegacyFreeBusyStatus")?.as_str() {
            "Free" => 0,
            "Tentative" => 1,
            "OOF" => 3,
            "WorkingElsewhere" => 4,
            _ => 2,
        })
    } else if is("Appointment", 0x820d) || is("Common", 0x8516) {
        at(calendar.start)
    } else if is("Appointment", 0x820e) || is("Common", 0x8517) {
        at(calendar.end)
    } else if is("Appointment", 0x8215) {
        flag(calendar.all_day)
    } else if is("Appointment", 0x8217) {
        int(calendar.state())
    } else if is("Appointment", 0x8218) {
        int(calendar.my_response.number())
    } else if is("Appointment", 0x8223) {
        flag(calendar.rule.is_some())
    } else if is("Appointment", 0x8229) {
        flag(calendar.request_sent)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_record_shows_it_under_every_name() {
        let mut item = Item::new(1, 1, ItemKind::Contact, Timestamp::UNIX_EPOCH);
        item.set_text("Sensitivity", "Private");
        let number = mirrored(&item, &ExtKey::Tag(0x36)).unwrap();
        assert_eq!((number.kind.as_str(), number.first()), ("Integer", "2"));
        let flag = mirrored(&item, &ExtKey::in_set("Common", 0x8506)).unwrap();
        assert_eq!(flag.first(), "true");
    }

    #[test]
    fn times_are_written_as_utc_without_fractions() {
        let item = Item::new(1, 1, ItemKind::Task, Timestamp::UNIX_EPOCH);
        assert_eq!(scalar(&item, "LastModifiedTime").as_deref(), Some("1970-01-01T00:00:00Z"));
    }
}
