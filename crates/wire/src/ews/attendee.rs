//! People of a meeting, and the occurrences of a series that differ from it.

use super::{ItemId, Moment};
use crate::xml::{Error, Reader, Writer};

/// A person by name and address.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Mailbox {
    /// The name shown.
    pub name: Option<String>,
    /// The address. Exchange's own people may come with an internal one.
    pub address: Option<String>,
    /// Which kind of address: `SMTP`, or `EX` for an internal one.
    pub routing: Option<String>,
    /// What is behind the address, such as `Mailbox`, `OneOff`, `Contact`.
    pub kind: Option<String>,
}

impl std::fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mailbox")
    }
}

impl Mailbox {
    /// Reads the `Mailbox` inside the element just entered.
    pub(crate) fn read_inside(r: &mut Reader<'_>) -> Result<Self, Error> {
        let mut mailbox = Self::default();
        r.children(|r, element| if element.name == "Mailbox" { mailbox.read(r) } else { Ok(()) })?;
        Ok(mailbox)
    }

    pub(crate) fn read(&mut self, r: &mut Reader<'_>) -> Result<(), Error> {
        r.children(|r, element| {
            match element.name {
                "Name" => self.name = Some(r.text()?),
                "EmailAddress" => self.address = Some(r.text()?),
                "RoutingType" => self.routing = Some(r.text()?),
                "MailboxType" => self.kind = Some(r.text()?),
                _ => {}
            }
            Ok(())
        })
    }

    pub(crate) fn write(&self, w: &mut Writer) {
        w.element("t:Mailbox", &[], |w| {
            if let Some(name) = &self.name {
                w.text("t:Name", name);
            }
            if let Some(address) = &self.address {
                w.text("t:EmailAddress", address);
            }
            if let Some(routing) = &self.routing {
                w.text("t:RoutingType", routing);
            }
        });
    }
}

/// A person invited to a meeting.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attendee {
    /// Who.
    pub mailbox: Mailbox,
    /// What the person answered, in the server's word.
    pub response: Option<String>,
    /// When.
    pub last_response: Option<Moment>,
}

impl Attendee {
    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, Error> {
        let mut attendee = Self::default();
        r.children(|r, element| {
            match element.name {
                "Mailbox" => attendee.mailbox.read(r)?,
                "ResponseType" => attendee.response = Some(r.text()?),
                "LastResponseTime" => attendee.last_response = Moment::read(&r.text()?),
                _ => {}
            }
            Ok(())
        })?;
        Ok(attendee)
    }

    /// Writes who is invited. Responses are the server's: they are never written. (P4)
    pub(crate) fn write(&self, w: &mut Writer) {
        w.element("t:Attendee", &[], |w| self.mailbox.write(w));
    }
}

/// Where an occurrence that differs from its series is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OccurrenceInfo {
    /// Its own id.
    pub id: ItemId,
    /// When it starts now.
    pub start: Moment,
    /// When it ends now.
    pub end: Moment,
    /// When the series would have it start; this is what it is known by.
    pub original_start: Moment,
}

impl OccurrenceInfo {
    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Option<Self>, Error> {
        let (mut id, mut start, mut end, mut original) = (None, None, None, None);
        r.children(|r, element| {
            match element.name {
                "ItemId" => id = ItemId::read(element),
                "Start" => start = Moment::read(&r.text()?),
                "End" => end = Moment::read(&r.text()?),
                "OriginalStart" => original = Moment::read(&r.text()?),
                _ => {}
            }
            Ok(())
        })?;
        let (Some(id), Some(start), Some(end), Some(original_start)) = (id, start, end, original) else {
            return Ok(None);
        };
        Ok(Some(Self { id, start, end, original_start }))
    }
}
