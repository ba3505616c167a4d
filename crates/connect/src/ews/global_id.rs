//! The id by which a meeting is one meeting in every mailbox that shows it (rule P1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::global_id::{CLASS, hex, of_series, packed};
use planted::Planted;
use wire::ews::{Item, Property};

use super::own;

/// The global id of an item in hexadecimal; of an invitation to one occurrence alone it names the day. Where Exchange shows
/// none, it is made from the UID by the same rules (MS-OXCICAL 2.1.3.1.1.20.26), so that mailboxes on different servers
/// agree.
pub fn read(item: &Item) -> Option<String> {
    if planted::is(Planted::MeetingsUnknown) {
        return None;
    }
    let bytes = |path| match item.text(path).map(str::trim).filter(|text| !text.is_empty()) {
        Some(text) => STANDARD.decode(text).map(|bytes| Some(hex(&bytes))),
        None => Ok(None),
    };
    let Some(clean) = bytes(own::clean_global_id()).ok()? else {
        return of_uid(item.text(Property::Uid)?.trim());
    };
    let dated = bytes(own::global_id()).ok()?.filter(|id| of_series(id).as_ref() == Some(&clean));
    Some(dated.unwrap_or(clean))
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
        return Some(upper);
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
    fn the_clean_id_wins_over_the_uid_and_is_searched_for_as_it_came() {
        let id = with(Some("BAAAAIIA4AB0xbcQGoLgCA=="), "other").expect("an id");
        assert_eq!(id, "040000008200E00074C5B7101A82E008");
        assert_eq!(to_wire(&id).as_deref(), Some("BAAAAIIA4AB0xbcQGoLgCA=="));
        assert_eq!(to_wire("x"), None);
        assert_eq!(to_wire("é"), None);
    }

    #[test]
    fn an_occurrence_keeps_its_day() {
        let (series, day) = (format!("{CLASS}00000000AABB"), format!("{CLASS}07EA0B05AABB"));
        assert_eq!(with(None, &format!("{CLASS}07EA0B05aabb")), Some(day.clone()));
        let item = |dated: &str| {
            let text = |id: &str| Value::Text(to_wire(id).expect("an id"));
            Item::new(ItemKind::CalendarItem)
                .with(own::clean_global_id(), text(&series))
                .with(own::global_id(), text(dated))
        };
        assert_eq!(read(&item(&day)), Some(day));
        for other in [series.clone(), format!("{CLASS}07EA0B05CCDD"), "00FF".to_owned()] {
            assert_eq!(read(&item(&other)), Some(series.clone()));
        }
    }

    #[test]
    fn a_foreign_uid_is_the_same_in_every_mailbox() {
        let id = with(None, "x@y").expect("an id");
        assert!(id.starts_with(CLASS) && id.ends_with("7643616C2D5569640100000078407900"));
        assert_eq!(Some(id.clone()), with(to_wire(&id).as_deref(), "anything"));
        assert_eq!(with(None, " "), None);
    }
}
