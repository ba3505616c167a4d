//! From the ids of a request to the folders and items they name, as far as the caller may see them.

use jiff::Timestamp;

use crate::codes::{Code, Outcome, Refusal};
use crate::ews::Call;
use crate::ids::{self, IdFault, Named, ParsedId};
use crate::item::Item;
use crate::item::series::{self, Instance, InstanceState};
use crate::mailbox::{Mailbox, MailboxState};
use crate::xml::Element;

/// An item found by its id.
#[derive(Clone, Copy)]
pub(crate) struct Found {
    pub mailbox: u64,
    pub no: u64,
    pub instance: Option<Instance>,
}

fn id_refusal(fault: IdFault) -> Refusal {
    match fault {
        IdFault::Empty => Code::ErrorInvalidIdEmpty.into(),
        IdFault::Malformed => Code::ErrorInvalidIdMalformed.into(),
    }
}

impl Call<'_> {
    /// The mailbox an id belongs to, when the caller may open it.
    pub(crate) fn owner(&self, parsed: &ParsedId) -> Outcome<u64> {
        let no = self.world.by_guid(&parsed.mailbox).ok_or(Code::ErrorItemNotFound)?;
        self.opened(no)
    }

    /// Checks that the caller may work in a mailbox.
    fn opened(&self, no: u64) -> Outcome<u64> {
        let mailbox = self
            .world
            .mailboxes
            .get(&no)
            .filter(|mailbox| mailbox.server == self.server)
            .ok_or(Code::ErrorNonExistentMailbox)?;
        match mailbox.state {
            MailboxState::Active => {}
            MailboxState::Disabled => return Err(Code::ErrorNonExistentMailbox.into()),
            MailboxState::Moving => return Err(Code::ErrorMailboxMoveInProgress.into()),
            MailboxState::Unavailable => return Err(Code::ErrorMailboxStoreUnavailable.into()),
        }
        if self.mailbox == Some(no) {
            return Ok(no);
        }
        let caller = self.mailbox.and_then(|own| self.world.mailboxes.get(&own)).map(|own| own.address.as_str());
        let allowed =
            caller.is_some_and(|caller| mailbox.full_access.iter().any(|name| name.eq_ignore_ascii_case(caller)));
        if allowed { Ok(no) } else { Err(Code::ErrorAccessDenied.into()) }
    }

    pub(crate) fn store(&self, no: u64) -> Outcome<&Mailbox> {
        self.world.mailboxes.get(&no).ok_or_else(|| Code::ErrorNonExistentMailbox.into())
    }

    pub(crate) fn store_mut(&mut self, no: u64) -> Outcome<&mut Mailbox> {
        self.world.mailboxes.get_mut(&no).ok_or_else(|| Code::ErrorNonExistentMailbox.into())
    }

    pub(crate) fn own_mailbox(&self) -> Outcome<u64> {
        self.mailbox.ok_or_else(|| Code::ErrorMissingEmailAddress.into())
    }

    /// A `FolderId` or `DistinguishedFolderId` element.
    pub(crate) fn folder(&self, element: &Element) -> Outcome<(u64, u64)> {
        let id = element.attr("Id").unwrap_or_default();
        if element.name == "DistinguishedFolderId" {
            let address = element.child("Mailbox").and_then(|mailbox| mailbox.child_text("EmailAddress"));
            let mailbox = match address {
                Some(address) => {
                    let no = self.world.by_address(address.trim()).ok_or(Code::ErrorNonExistentMailbox)?;
                    self.opened(no)?
                }
                None => self.own_mailbox()?,
            };
            let folder = self.store(mailbox)?.distinguished(id).ok_or_else(|| {
                Refusal::saying(
                    Code::ErrorItemNotFound,
                    &format!("The specified object was not found in the store., Default folder {id} not found."),
                )
            })?;
            return Ok((mailbox, folder));
        }
        if element.name != "FolderId" {
            return Err(Code::ErrorInvalidFolderId.into());
        }
        let parsed = ids::parse(id).map_err(id_refusal)?;
        let mailbox = self.owner(&parsed)?;
        let store = self.store(mailbox)?;
        let Named::Folder(no) = parsed.named else {
            return Err(Code::ErrorCannotUseItemIdForFolderId.into());
        };
        if ids::ews_id(&store.moniker, parsed.named) != id {
            return Err(Code::ErrorInvalidIdMalformed.into());
        }
        if !store.folders.contains_key(&no) {
            return Err(Code::ErrorFolderNotFound.into());
        }
        Ok((mailbox, no))
    }

    /// The one folder inside an element such as `ToFolderId`.
    pub(crate) fn folder_in(&self, parent: &Element) -> Outcome<(u64, u64)> {
        let element = parent.first().ok_or(Code::ErrorInvalidFolderId)?;
        self.folder(element)
    }

    /// An `ItemId`, `OccurrenceItemId` or `RecurringMasterItemId` element.
    pub(crate) fn found(&self, element: &Element) -> Outcome<Found> {
        match element.name.as_str() {
            "ItemId" | "ReferenceItemId" | "ParentItemId" | "RecurringMasterItemIdRanges" => {
                self.by_id(element.attr("Id").unwrap_or_default())
            }
            "OccurrenceItemId" => self.by_index(element),
            "RecurringMasterItemId" => {
                let id = element.attr("OccurrenceId").unwrap_or_default();
                let found = self.by_id(id)?;
                if found.instance.is_none() {
                    return Err(Code::ErrorCalendarCannotUseIdForRecurringMasterId.into());
                }
                Ok(Found { instance: None, ..found })
            }
            _ => Err(Code::ErrorInvalidId.into()),
        }
    }

    /// An item or occurrence by the text of its id, which must be byte for byte the one given out.
    pub(crate) fn by_id(&self, id: &str) -> Outcome<Found> {
        let parsed = ids::parse(id).map_err(id_refusal)?;
        let mailbox = self.owner(&parsed)?;
        let store = self.store(mailbox)?;
        let no = match parsed.named {
            Named::Item(no) | Named::Occurrence(no, _) => no,
            Named::Folder(_) => return Err(Code::ErrorCannotUseFolderIdForItemId.into()),
            Named::Attachment(..) => return Err(Code::ErrorInvalidId.into()),
        };
        if ids::ews_id(&store.moniker, parsed.named) != id {
            return Err(Code::ErrorInvalidIdMalformed.into());
        }
        let item = store.items.get(&no).ok_or(Code::ErrorItemNotFound)?;
        let instance = match parsed.named {
            Named::Occurrence(_, seconds) => Some(instance_at(item, seconds)?),
            Named::Item(_) | Named::Folder(_) | Named::Attachment(..) => None,
        };
        Ok(Found { mailbox, no, instance })
    }

    /// An occurrence by its number in the series, the deleted ones counted (trap 76).
    fn by_index(&self, element: &Element) -> Outcome<Found> {
        let master = self.by_id(element.attr("RecurringMasterId").unwrap_or_default())?;
        let item = self.item(&master)?;
        let calendar = item
            .calendar()
            .filter(|calendar| calendar.rule.is_some() && master.instance.is_none())
            .ok_or(Code::ErrorCalendarCannotUseIdForOccurrenceId)?;
        let index: i32 = element.attr("InstanceIndex").and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        if index < 1 {
            return Err(Code::ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange.into());
        }
        let instance = series::instances(calendar)
            .find(|one| one.index == index)
            .ok_or(Code::ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange)?;
        if instance.state == InstanceState::Deleted {
            return Err(Code::ErrorCalendarOccurrenceIsDeletedFromRecurrence.into());
        }
        Ok(Found { instance: Some(instance), ..master })
    }

    pub(crate) fn item(&self, found: &Found) -> Outcome<&Item> {
        self.store(found.mailbox)?.items.get(&found.no).ok_or_else(|| Code::ErrorItemNotFound.into())
    }

    /// The item as it is shown: for an occurrence, the series with what the occurrence has different.
    pub(crate) fn shown(&self, found: &Found) -> Outcome<Item> {
        let item = self.item(found)?;
        Ok(match &found.instance {
            Some(instance) => series::effective(item, instance),
            None => item.clone(),
        })
    }
}

fn instance_at(item: &Item, seconds: i64) -> Outcome<Instance> {
    let calendar = item.calendar().ok_or(Code::ErrorItemNotFound)?;
    let original = Timestamp::from_second(seconds).map_err(|_| Code::ErrorInvalidIdMalformed)?;
    let instance = series::at(calendar, original).ok_or(Code::ErrorItemNotFound)?;
    if instance.state == InstanceState::Deleted {
        return Err(Code::ErrorItemNotFound.into());
    }
    Ok(instance)
}
