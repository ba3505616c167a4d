//! GetRoomLists and GetRooms: the rooms that a server's administrators put into lists.

use super::attendee::Mailbox;
use super::envelope::{Operation, Reply};
use crate::xml::{Element, Error, Reader, Writer};

/// Asks for the lists of rooms; a server has none until an administrator makes one.
///
/// <https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/getroomlists-operation>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetRoomLists;

impl Operation for GetRoomLists {
    type Reply = RoomLists;
    const NAME: &'static str = "GetRoomLists";

    fn write(&self, w: &mut Writer) {
        w.empty("m:GetRoomLists", &[]);
    }
}

/// Asks for the rooms of one list.
///
/// <https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/getrooms-operation>
#[derive(Clone, PartialEq, Eq)]
pub struct GetRooms {
    /// The list's address.
    pub list: String,
}

impl std::fmt::Debug for GetRooms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("GetRooms")
    }
}

impl Operation for GetRooms {
    type Reply = Rooms;
    const NAME: &'static str = "GetRooms";

    fn write(&self, w: &mut Writer) {
        w.element("m:GetRooms", &[], |w| {
            w.element("m:RoomList", &[], |w| w.text("t:EmailAddress", &self.list));
        });
    }
}

/// The lists of rooms, each by the address it has as a group.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RoomLists(pub Vec<Mailbox>);

impl Reply for RoomLists {
    fn element(&mut self, r: &mut Reader<'_>, element: &Element<'_>) -> Result<(), Error> {
        if element.name != "RoomLists" {
            return Ok(());
        }
        r.children(|r, _| {
            super::value::bounded(r, &self.0)?;
            let mut list = Mailbox::default();
            list.read(r)?;
            self.0.push(list);
            Ok(())
        })
    }
}

/// The rooms of a list.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rooms(pub Vec<Mailbox>);

impl Reply for Rooms {
    fn element(&mut self, r: &mut Reader<'_>, element: &Element<'_>) -> Result<(), Error> {
        if element.name != "Rooms" {
            return Ok(());
        }
        r.children(|r, _| {
            super::value::bounded(r, &self.0)?;
            let mut room = Mailbox::default();
            r.children(|r, part| if part.name == "Id" { room.read(r) } else { Ok(()) })?;
            self.0.push(room);
            Ok(())
        })
    }
}
