//! The global id by which a meeting is one meeting in every mailbox that shows it, made of a UID (rules P1, P5).

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

/// The id of the series, where an id names the day of one of its occurrences: who is invited to that alone has an appointment
/// of its own, whose id differs from the series' in nothing but the four bytes of the day (MS-OXOCAL 2.2.1.27, 2.2.1.28).
#[must_use]
pub fn of_series(id: &str) -> Option<String> {
    let (class, day, rest) = (id.get(..32)?, id.get(32..40)?, id.get(40..)?);
    (class == CLASS && day.bytes().any(|digit| digit != b'0')).then(|| format!("{class}00000000{rest}"))
}

/// Bytes in hexadecimal, in capitals.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |of: u8| char::from(DIGITS[usize::from(of & 15)]);
    let mut text = String::with_capacity(bytes.len() * 2);
    text.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_occurrence_names_its_series_and_nothing_else_does() {
        let series = format!("{CLASS}00000000AABB");
        assert_eq!(of_series(&format!("{CLASS}07EA0B05AABB")), Some(series.clone()));
        for none in [series.as_str(), &packed("x@y"), "07EA0B05", "gid:é", ""] {
            assert_eq!(of_series(none), None, "{none}");
        }
    }
}
