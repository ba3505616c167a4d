//! People of a meeting, and the occurrences of a series that differ from it.

use super::{ItemId, Moment};
use crate::xml::{Element, Error, Reader, Writer};

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
        r.children(|r, element| if element.name == "Mailbox" { mailbox.read(r) } else { mailbox.part(r, element) })?;
        Ok(mailbox)
    }

    pub(crate) fn read(&mut self, r: &mut Reader<'_>) -> Result<(), Error> {
        r.children(|r, element| self.part(r, element))
    }

    fn part(&mut self, r: &mut Reader<'_>, element: &Element<'_>) -> Result<(), Error> {
        let place = match element.name {
            "Name" => &mut self.name,
            "EmailAddress" => &mut self.address,
            "RoutingType" => &mut self.routing,
            "MailboxType" => &mut self.kind,
            _ => return Ok(()),
        };
        if !element.is_nil() {
            *place = Some(r.text()?.trim().to_owned());
        }
        Ok(())
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
    /// Reads a person; one that stands in the list without the element around it is read as well.
    pub(crate) fn read(r: &mut Reader<'_>, element: &Element<'_>) -> Result<Self, Error> {
        let mut attendee = Self::default();
        if element.name == "Mailbox" {
            attendee.mailbox.read(r)?;
            return Ok(attendee);
        }
        r.children(|r, element| {
            match element.name {
                "Mailbox" => attendee.mailbox.read(r)?,
                "ResponseType" => attendee.response = Some(r.text()?.trim().to_owned()),
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
    /// When the series would have it start; this is what it is known by.
    pub original_start: Moment,
}

impl OccurrenceInfo {
    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Option<Self>, Error> {
        let (mut id, mut start, mut original) = (None, None, None);
        r.children(|r, element| {
            match element.name {
                "ItemId" => id = ItemId::read(element),
                "Start" => start = Moment::read(&r.text()?),
                "OriginalStart" => original = Moment::read(&r.text()?),
                _ => {}
            }
            Ok(())
        })?;
        // Without its original start nobody knows which occurrence it is; the present one is no matter.
        let Some((id, original_start)) = id.zip(original) else { return Ok(None) };
        Ok(Some(Self { id, start: start.unwrap_or(original_start), original_start }))
    }
}
