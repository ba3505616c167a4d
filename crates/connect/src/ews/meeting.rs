//! A participant's copy that is the meeting itself: written by the MAPI properties behind what Exchange shows of a meeting,
//! and read back, because not every server keeps them (rule P5).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::port::{MEETING_NOT_KEPT, Meeting, Trouble};
use jiff::civil::date;
use model::same::fold;
use model::{Attendee, FolderId, Kind, Record, Response, Role, Zone};
use wire::ews::{
    self, AffectedTaskOccurrences, CreateItem, DeleteItem, DeleteType, FolderRef, Item, ItemId, ItemRef, Mail,
    Property, Value,
};

use super::check::Step;
use super::draft::Draft;
use super::remote::EwsRemote;
use super::trouble::Effect;
use super::write::refused;
use super::{global_id, own, zone};

/// PidLidAppointmentStateFlags: a meeting (1) that was received (2).
const MEETING_RECEIVED: i64 = 3;
/// PidLidResponseStatus: not responded.
const NOT_RESPONDED: i64 = 5;
/// What a one-off address begins with (MS-OXCDATA 2.2.5.1): no flags, the provider of one-off addresses, its version, and
/// that the texts are Unicode and nobody is sent rich text.
const ONE_OFF: [u8; 24] = [
    0, 0, 0, 0, 0x81, 0x2B, 0x1F, 0xA4, 0xBE, 0xA3, 0x10, 0x19, 0x9D, 0x6E, 0x00, 0xDD, 0x01, 0x0F, 0x54, 0x02, 0, 0,
    0x01, 0x90,
];

/// Makes a draft the participant's copy of a meeting. False when the meeting's id or organiser is none that Exchange holds.
pub(super) fn set(draft: &mut Draft, meeting: &Meeting) -> bool {
    let (Some(id), Some(address)) = (global_id::to_wire(&meeting.global_id), meeting.organizer.address.as_deref())
    else {
        return false;
    };
    let text = |text: &str| Value::Text(text.to_owned());
    draft.set(own::global_id(), text(&id));
    draft.set(own::clean_global_id(), text(&id));
    draft.set(own::state_flags(), Value::Whole(MEETING_RECEIVED));
    draft.set(own::response_status(), Value::Whole(NOT_RESPONDED));
    let entry = STANDARD.encode(one_off(&meeting.organizer.name, address));
    for person in [own::SENT_REPRESENTING, own::SENDER] {
        draft.set(own::binary(person.entry), text(&entry));
        draft.set(own::string(person.name), text(&meeting.organizer.name));
        draft.set(own::string(person.kind), text("SMTP"));
        draft.set(own::string(person.address), text(address));
        draft.set(own::string(person.smtp), text(address));
    }
    true
}

/// The address of somebody who stands in no directory, as MAPI writes it.
fn one_off(name: &str, address: &str) -> Vec<u8> {
    let mut bytes = ONE_OFF.to_vec();
    for text in [name, "SMTP", address] {
        bytes.extend(text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes));
    }
    bytes
}

/// Whether an item shows what was written: whose meeting it is, that it was received, not answered, and which one it is.
pub(super) fn is_kept(record: &Record, meeting: &Meeting) -> bool {
    let address = |person: &Attendee| person.address.as_deref().map(fold);
    let shown = record.facts.organizer.as_ref();
    record.facts.meeting_copy
        && record.facts.global_id.as_ref() == Some(&meeting.global_id)
        && record.facts.my_response == Some(Response::NotResponded)
        && shown.and_then(address) == address(&meeting.organizer)
}

/// Whether a refusal may mean the properties themselves: the item is then made without them.
fn is_of_properties(code: &str) -> bool {
    [
        "ErrorInvalidExtendedProperty",
        "ErrorInvalidExtendedPropertyValue",
        "ErrorInvalidPropertyRequest",
        "ErrorInvalidPropertySet",
        "ErrorPropertyUpdate",
    ]
    .contains(&code)
}

impl EwsRemote {
    /// What a refused create says of a participant's copy.
    pub(super) fn refused_meeting(&self, trouble: Trouble) -> Trouble {
        match trouble {
            Trouble::Refused { code, .. } if is_of_properties(&code) => self.not_kept(),
            other => other,
        }
    }

    /// Looks at a copy just made. One that shows less goes at once: with the meeting's id alone it would count as its
    /// receiver's own meeting, and Exchange would pass over the real invitation.
    pub(super) async fn verified(&self, made: &ItemId, meeting: &Meeting) -> Result<(), Trouble> {
        let unclear = |_| Trouble::Unknown { why: "what was written could not be looked at".to_owned() };
        let refs = [ItemRef::Item(ItemId::of(made.id.as_str()))];
        let shape = self.map(Kind::Appointment).shape();
        let item = self.reach.items(&shape, &refs).await.map_err(unclear)?.remove(0).map_err(unclear)?;
        let record = self.record(Kind::Appointment, &item, &[], &FolderId::new(""));
        if record.is_some_and(|record| is_kept(&record, meeting)) {
            return Ok(());
        }
        let away = DeleteItem {
            how: DeleteType::HardDelete,
            mail: Mail::None,
            tasks: AffectedTaskOccurrences::AllOccurrences,
            ids: refs.to_vec(),
        };
        self.reach.one(&away, Effect::Write).await.map_err(unclear)?;
        Err(self.not_kept())
    }

    fn not_kept(&self) -> Trouble {
        self.reach.spoken.keeps_less();
        refused(MEETING_NOT_KEPT, "the server does not keep whose meeting a participant's copy is")
    }

    /// Whether participants' copies can be the meeting itself on this server: tried where no sync looks.
    pub(super) async fn try_meeting(&self, place: &FolderRef, name: &str) -> Result<Step, Trouble> {
        let meeting = Meeting {
            global_id: nobodys(name),
            organizer: Attendee {
                name: "Syncline check".to_owned(),
                address: Some("check@syncline.invalid".to_owned()),
                role: Role::Required,
                response: Response::Organizer,
            },
        };
        let day = date(2000, 1, 4);
        let at = |hour| Value::Moment(ews::Moment::utc(Zone::utc().instant(day.at(hour, 0, 0, 0))));
        let mut draft = Draft::default();
        let text = |text: &str| Value::Text(text.to_owned());
        draft.set(Property::Subject, text(&format!("Syncline check {name}")));
        draft.set(Property::Start, at(9));
        draft.set(Property::End, at(10));
        draft.set(Property::ReminderIsSet, Value::Flag(false));
        if self.reach.spoken.version() >= ews::Version::Exchange2010 {
            draft.set(Property::StartTimeZone, Value::Zone(zone::write(&self.zone, day)));
        }
        let mark = model::Mark { mailbox: model::MailboxId::new(name), epoch: 0, key: name.to_owned(), write_no: 1 };
        super::write::set_mark(&mut draft, &mark, self.crm());
        set(&mut draft, &meeting);
        let items = vec![draft.item(Kind::Appointment)];
        let asked = CreateItem { folder: place.clone(), items, mail: Mail::None };
        let made = self.reach.one(&asked, Effect::Write).await.map_err(|trouble| self.refused_meeting(trouble));
        let kept = match made.map(|answer| answer.first().and_then(|item: Item| item.id)) {
            Ok(Some(id)) => self.verified(&id, &meeting).await,
            Ok(None) => Err(Trouble::Broken { why: "the server answered without an id".to_owned() }),
            Err(trouble) => Err(trouble),
        };
        match kept {
            Ok(()) => Ok(Step::fine(MEETINGS, "whose meeting a participant's copy is, is kept")),
            Err(Trouble::Refused { code, .. }) if code == MEETING_NOT_KEPT => Ok(Step::lacking(
                MEETINGS,
                "whose meeting a participant's copy is, is not kept: participants get appointments titled \"Name: subject\"",
            )),
            Err(trouble) => Err(trouble),
        }
    }
}

/// The step of `check`.
const MEETINGS: &str = "meetings";

/// A global id of nobody's meeting.
fn nobodys(name: &str) -> String {
    global_id::of_uid(&format!("{name}@check.syncline")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meeting() -> Meeting {
        Meeting {
            global_id: "040000008200E00074C5B7101A82E00800000000AABB".to_owned(),
            organizer: Attendee {
                name: "Ann".to_owned(),
                address: Some("ann@x.test".to_owned()),
                role: Role::Required,
                response: Response::Organizer,
            },
        }
    }

    // P5: the very bytes, as MS-OXOCAL and MS-OXCDATA say them.
    #[test]
    fn a_participants_copy_is_written_by_what_exchange_shows_it_from() {
        let mut draft = Draft::default();
        assert!(set(&mut draft, &meeting()));
        let item = draft.item(Kind::Appointment);
        let id = "BAAAAIIA4AB0xbcQGoLgCAAAAACquw==";
        let text = |set: &str, number, kind| {
            item.value(ews::Path::Extended(ews::ExtendedPath::number(set, number, kind))).cloned()
        };
        let binary = ews::ExtendedType::Binary;
        assert_eq!(text("Meeting", 0x3, binary), Some(Value::Text(id.to_owned())));
        assert_eq!(text("Meeting", 0x23, binary), Some(Value::Text(id.to_owned())));
        assert_eq!(text("Appointment", 0x8217, ews::ExtendedType::Integer), Some(Value::Whole(3)));
        assert_eq!(text("Appointment", 0x8218, ews::ExtendedType::Integer), Some(Value::Whole(5)));
        for (tag, said) in
            [(0x42, "Ann"), (0x64, "SMTP"), (0x65, "ann@x.test"), (0x5D02, "ann@x.test"), (0x0C1F, "ann@x.test")]
        {
            assert_eq!(item.text(own::string(tag)), Some(said), "{tag:#x}");
        }
        let entry = "AAAAAIErH6S+oxAZnW4A3QEPVAIAAAGQQQBuAG4AAABTAE0AVABQAAAAYQBuAG4AQAB4AC4AdABlAHMAdAAAAA==";
        assert_eq!(item.text(own::binary(0x41)), Some(entry));
        let paths =
            [Property::Organizer, Property::RequiredAttendees, Property::OptionalAttendees, Property::Resources];
        assert!(paths.into_iter().all(|path| item.value(path).is_none()), "nobody is asked (C9)");
    }

    // P5
    #[test]
    fn what_exchange_could_not_hold_is_not_sent() {
        let nobody = Meeting { organizer: Attendee { address: None, ..meeting().organizer }, ..meeting() };
        let strange = Meeting { global_id: "gid:é".to_owned(), ..meeting() };
        assert!(!set(&mut Draft::default(), &nobody));
        assert!(!set(&mut Draft::default(), &strange));
    }
}
