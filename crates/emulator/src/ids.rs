//! The ids and change keys of items and folders: long, opaque, different for every mailbox, as Exchange makes them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// Sixteen bytes that tell mailboxes, stores and meetings apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Guid(pub [u8; 16]);

impl Guid {
    /// The `n`th GUID of a seed: the same in every run.
    pub(crate) fn drawn(seed: u64, purpose: &str, n: u64) -> Self {
        let mut hash = Sha256::new();
        hash.update(seed.to_be_bytes());
        hash.update(purpose.as_bytes());
        hash.update(n.to_be_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash.finalize()[..16]);
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        Self(bytes)
    }

    pub(crate) fn text(&self) -> String {
        let hex = hex(&self.0).to_ascii_lowercase();
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}

/// What an id names inside a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    Folder(u64),
    Item(u64),
    /// An occurrence of a series, by its original start in seconds.
    Occurrence(u64, i64),
    Attachment(u64, u64),
}

/// An id taken apart. Whether it is byte for byte the id we gave out is asked by making it again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct ParsedId {
    pub mailbox: Guid,
    pub named: Named,
}

/// The two ways an id can be no id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IdFault {
    Empty,
    Malformed,
}

/// The identity a mailbox puts into its ids: both parts are new after a move to another server.
#[derive(Clone, Copy)]
pub(crate) struct Moniker {
    pub mailbox: Guid,
    pub store: Guid,
}

const FOLDER_ENTRY: usize = 46;
const ITEM_ENTRY: usize = 70;

/// The MAPI entry id of a folder or an item.
pub(crate) fn entry_id(moniker: &Moniker, named: Named) -> Vec<u8> {
    let mut bytes = vec![0; 4];
    bytes.extend(moniker.store.0);
    let (kind, no): (u16, u64) = match named {
        Named::Folder(no) => (1, no),
        Named::Item(no) | Named::Occurrence(no, _) | Named::Attachment(no, _) => (7, no),
    };
    bytes.extend(kind.to_le_bytes());
    bytes.extend(moniker.mailbox.0);
    if kind == 1 {
        push_counter(&mut bytes, no);
    } else {
        // The place of the parent folder's counter: constant, as nothing reads it back.
        push_counter(&mut bytes, 1);
        bytes.extend(moniker.mailbox.0);
        push_counter(&mut bytes, no);
    }
    bytes
}

fn push_counter(bytes: &mut Vec<u8>, no: u64) {
    bytes.extend(&no.to_be_bytes()[2..]);
    bytes.extend([0, 0]);
}

/// The EWS id: 152 characters for an item, 120 for a folder.
pub(crate) fn ews_id(moniker: &Moniker, named: Named) -> String {
    let mut bytes = vec![0, 3];
    let owner = moniker.mailbox.text();
    push_len(&mut bytes, owner.len());
    bytes.extend(owner.as_bytes());
    let entry = entry_id(moniker, named);
    match named {
        Named::Folder(_) | Named::Item(_) => {
            bytes.push(0);
            push_len(&mut bytes, entry.len());
            bytes.extend(entry);
        }
        Named::Occurrence(_, start) => {
            bytes.push(1);
            push_len(&mut bytes, entry.len() + 8);
            bytes.extend(entry);
            bytes.extend(start.to_be_bytes());
        }
        Named::Attachment(_, no) => {
            bytes.push(0);
            push_len(&mut bytes, entry.len());
            bytes.extend(entry);
            bytes.push(1);
            push_len(&mut bytes, 16);
            let mut part = [0; 16];
            part[8..].copy_from_slice(&no.to_be_bytes());
            bytes.extend(part);
        }
    }
    STANDARD.encode(bytes)
}

fn push_len(bytes: &mut Vec<u8>, len: usize) {
    let len = u16::try_from(len).expect("the parts of an id are under a hundred bytes");
    bytes.extend(len.to_le_bytes());
}

/// Takes an EWS id apart.
pub(crate) fn parse(id: &str) -> Result<ParsedId, IdFault> {
    if id.is_empty() {
        return Err(IdFault::Empty);
    }
    if id.len() > 512 {
        return Err(IdFault::Malformed);
    }
    let bytes = STANDARD.decode(id).map_err(|_| IdFault::Malformed)?;
    parts(&bytes).ok_or(IdFault::Malformed)
}

fn parts(bytes: &[u8]) -> Option<ParsedId> {
    let rest = bytes.strip_prefix(&[0, 3])?;
    let (owner, rest) = taken(rest)?;
    let mailbox = guid_of(std::str::from_utf8(owner).ok()?)?;
    let (&instruction, rest) = rest.split_first()?;
    let (store, rest) = taken(rest)?;
    let named = match (instruction, store.len(), rest.is_empty()) {
        (0, FOLDER_ENTRY, true) => Named::Folder(counter(store.get(38..44)?)?),
        (0, ITEM_ENTRY, true) => Named::Item(counter(store.get(62..68)?)?),
        (1, 78, true) => {
            let start = i64::from_be_bytes(store.get(70..78)?.try_into().ok()?);
            Named::Occurrence(counter(store.get(62..68)?)?, start)
        }
        (0, ITEM_ENTRY, false) => {
            let (part, end) = taken(rest.strip_prefix(&[1])?)?;
            if part.len() != 16 || !end.is_empty() {
                return None;
            }
            let no = u64::from_be_bytes(part.get(8..16)?.try_into().ok()?);
            Named::Attachment(counter(store.get(62..68)?)?, no)
        }
        _ => return None,
    };
    Some(ParsedId { mailbox, named })
}

fn taken(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_le_bytes(*len)))
}

fn counter(bytes: &[u8]) -> Option<u64> {
    let mut all = [0; 8];
    all.get_mut(2..)?.copy_from_slice(bytes);
    Some(u64::from_be_bytes(all))
}

fn guid_of(text: &str) -> Option<Guid> {
    let bytes = unhex(&text.replace('-', ""))?;
    Some(Guid(bytes.try_into().ok()?))
}

/// A change key: 40 characters, another one for every change. The first byte tells the kind of object.
pub(crate) fn change_key(kind: u8, moniker: &Moniker, change: u64) -> String {
    let mut bytes = vec![kind, 0, 0, 0, 22, 0, 0, 0];
    bytes.extend(moniker.store.0);
    bytes.extend(&change.to_be_bytes()[2..]);
    STANDARD.encode(bytes)
}

/// Whether a text has the form of a change key at all.
pub(crate) fn is_change_key(text: &str) -> bool {
    STANDARD.decode(text).is_ok_and(|bytes| bytes.len() >= 8 && bytes.get(4) == Some(&22))
}

/// Bytes as capital hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// Hexadecimal digits as bytes; `None` for anything else.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moniker() -> Moniker {
        Moniker { mailbox: Guid::drawn(1, "mailbox", 1), store: Guid::drawn(1, "store", 1) }
    }

    #[test]
    fn an_item_id_has_at_least_140_characters_and_comes_back_as_it_was() {
        let moniker = moniker();
        for named in [Named::Item(77), Named::Occurrence(77, 1_700_000_000), Named::Attachment(77, 3)] {
            let id = ews_id(&moniker, named);
            assert!(id.len() >= 140, "{} characters", id.len());
            let parsed = parse(&id).unwrap();
            assert_eq!((parsed.named, parsed.mailbox.0), (named, moniker.mailbox.0));
        }
        let folder = ews_id(&moniker, Named::Folder(5));
        assert_eq!(parse(&folder).unwrap().named, Named::Folder(5));
    }

    #[test]
    fn text_that_is_no_id_is_told_apart() {
        assert_eq!(parse("").err(), Some(IdFault::Empty));
        for bad in ["AAAA", "not base64!", "DUMMY", &"A".repeat(2000)] {
            assert_eq!(parse(bad).err(), Some(IdFault::Malformed), "{bad}");
        }
    }

    #[test]
    fn change_keys_differ_for_every_change() {
        let moniker = moniker();
        assert_ne!(change_key(15, &moniker, 1), change_key(15, &moniker, 2));
        assert!(is_change_key(&change_key(15, &moniker, 1)));
        assert!(!is_change_key("AAAA"));
    }
}
