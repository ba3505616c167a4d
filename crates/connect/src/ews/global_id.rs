//! The id by which a meeting is one meeting in every mailbox that shows it (rule P1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::global_id::{CLASS, hex, packed};
use planted::Planted;
use wire::ews::{Item, Property};

use super::own;

/// The global id of an item with its instance part cleared, in hexadecimal. Where Exchange shows no clean id, it is
/// made from the UID by the same rules (MS-OXCICAL 2.1.3.1.1.20.26), so that mailboxes on different servers agree.
pub fn read(item: &Item) -> Option<String> {
    if planted::is(Planted::MeetingsUnknown) {
        return None;
    }
    if let Some(clean) = item.text(own::clean_global_id()).filter(|text| !text.is_empty()) {
        return Some(hex(&STANDARD.decode(clean.trim()).ok()?));
    }
    of_uid(item.text(Property::Uid)?.trim())
}

/// How the id is searched for: the bytes in base 64.
pub fn to_wire(id: &str) -> Option<String> {
    if !id.is_ascii() {
        return None;
    }
    let bytes: Option<Vec<u8>> =
        (0..id.len()).step_by(2).map(|at| u8::from_str_radix(id.get(at..at + 2)?, 16).ok()).collect();
    Some(STANDARD.encode(bytes?))
}

/// The id of a meeting by its UID.
pub fn of_uid(uid: &str) -> Option<String> {
    if uid.is_empty() {
        return None;
    }
    let upper = uid.to_ascii_uppercase();
    if upper.starts_with(CLASS) && upper.len() >= 40 && upper.bytes().all(|b| b.is_ascii_hexdigit()) {
        // The four bytes after the class name the day of one occurrence.
        return Some(format!("{}00000000{}", &upper[..32], &upper[40..]));
    }
    Some(packed(uid))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::ews::{ItemKind, Value};

    fn with(clean: Option<&str>, uid: &str) -> Option<String> {
        let mut item = Item::new(ItemKind::CalendarItem).with(Property::Uid, Value::Text(uid.to_owned()));
        if let Some(clean) = clean {
            item = item.with(own::clean_global_id(), Value::Text(clean.to_owned()));
        }
        read(&item)
    }

    #[test]
    fn the_clean_id_wins_and_is_searched_for_as_it_came() {
        let id = with(Some("BAAAAIIA4AB0xbcQGoLgCA=="), "other").expect("an id");
        assert_eq!(id, "040000008200E00074C5B7101A82E008");
        assert_eq!(to_wire(&id).as_deref(), Some("BAAAAIIA4AB0xbcQGoLgCA=="));
        assert_eq!(to_wire("x"), None);
        assert_eq!(to_wire("é"), None);
    }

    #[test]
    fn an_occurrence_has_its_series_id() {
        let series = format!("{CLASS}00000000AABB");
        assert_eq!(with(None, &format!("{CLASS}07EA0B05aabb")), Some(series));
    }

    #[test]
    fn a_foreign_uid_is_the_same_in_every_mailbox() {
        let id = with(None, "x@y").expect("an id");
        assert!(id.starts_with(CLASS) && id.ends_with("7643616C2D5569640100000078407900"));
        assert_eq!(Some(id.clone()), with(to_wire(&id).as_deref(), "anything"));
        assert_eq!(with(None, " "), None);
    }
}
