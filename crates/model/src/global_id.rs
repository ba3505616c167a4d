//! The global id by which a meeting is one meeting in every mailbox that shows it, made of a UID (rules P1, P5).

use std::fmt::Write as _;

/// What every global id of Exchange's own begins with.
pub const CLASS: &str = "040000008200E00074C5B7101A82E008";

/// The id of a UID that is none of Exchange's own, as MS-OXCICAL 2.1.3.1.1.20.26 says, in hexadecimal: whoever makes it
/// comes to the same one.
#[must_use]
pub fn packed(uid: &str) -> String {
    let mut data = b"vCal-Uid\x01\0\0\0".to_vec();
    data.extend_from_slice(uid.as_bytes());
    data.push(0);
    let size = u32::try_from(data.len()).unwrap_or(u32::MAX).to_le_bytes();
    format!("{CLASS}{}{}{}", "0".repeat(40), hex(&size), hex(&data))
}

/// Bytes in hexadecimal, in capitals.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a text cannot fail.
        let _ = write!(text, "{byte:02X}");
        text
    })
}
