//! From the bytes of an answer to its text, whichever encoding the server chose.

use std::borrow::Cow;

use super::Error;
use super::read::Limits;

/// The bytes of an answer as text, once their size has been checked. UTF-8 is what every server is meant to send; UTF-16
/// and Latin 1 are read where the bytes say so themselves, because servers and what stands before them re-encode. Bytes
/// that are not in the encoding become the replacement character: one broken name must not hide a whole page of records.
pub(crate) fn decode(bytes: &[u8], limits: Limits) -> Result<Cow<'_, str>, Error> {
    if bytes.len() > limits.total {
        return Err(Error::TooLarge { size: bytes.len(), limit: limits.total });
    }
    let text = match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(rest),
        [0xFF, 0xFE, rest @ ..] => Cow::Owned(utf16(rest, u16::from_le_bytes)),
        [0xFE, 0xFF, rest @ ..] => Cow::Owned(utf16(rest, u16::from_be_bytes)),
        [b'<', 0, ..] => Cow::Owned(utf16(bytes, u16::from_le_bytes)),
        [0, b'<', ..] => Cow::Owned(utf16(bytes, u16::from_be_bytes)),
        _ if declares_latin(bytes) => Cow::Owned(bytes.iter().map(|byte| latin(*byte)).collect()),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => String::from_utf8_lossy(bytes),
        },
    };
    if text.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\0').is_empty() {
        return Err(Error::Empty);
    }
    Ok(text)
}

fn utf16(bytes: &[u8], unit: impl Fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks(2).map(|pair| match pair {
        [a, b] => unit([*a, *b]),
        // Half a unit at the end: the answer was cut, and the reader will say so.
        _ => 0xFFFD,
    });
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// Whether the XML declaration names one of the encodings of a byte a character that servers of the West use, and the
/// bytes do not belie it: many declare one thing and send UTF-8.
fn declares_latin(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(120)];
    let Some(end) = head.windows(2).position(|pair| pair == b"?>") else { return false };
    let declaration = String::from_utf8_lossy(&head[..end]).to_ascii_lowercase();
    let declared =
        ["iso-8859-1", "iso-8859-15", "windows-1252", "us-ascii"].iter().any(|name| declaration.contains(name));
    declared && std::str::from_utf8(bytes).is_err()
}

/// A byte of Windows 1252, which is Latin 1 with letters where Latin 1 has control characters.
fn latin(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '\u{20AC}', '\u{81}', '\u{201A}', '\u{192}', '\u{201E}', '\u{2026}', '\u{2020}', '\u{2021}', '\u{2C6}',
        '\u{2030}', '\u{160}', '\u{2039}', '\u{152}', '\u{8D}', '\u{17D}', '\u{8F}', '\u{90}', '\u{2018}', '\u{2019}',
        '\u{201C}', '\u{201D}', '\u{2022}', '\u{2013}', '\u{2014}', '\u{2DC}', '\u{2122}', '\u{161}', '\u{203A}',
        '\u{153}', '\u{9D}', '\u{17E}', '\u{178}',
    ];
    match byte {
        0x80..=0x9F => HIGH[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> String {
        decode(bytes, Limits::default()).expect("text").into_owned()
    }

    #[test]
    fn each_encoding_is_told_by_its_bytes() {
        let text = "<?xml version=\"1.0\"?><a>M\u{FC}ller \u{1F600}</a>";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
            [&[0xFF, 0xFE][..], &little].concat(),
            [&[0xFE, 0xFF][..], &big].concat(),
            little,
            big,
        ] {
            assert_eq!(read(&bytes), text);
        }
    }

    #[test]
    fn latin_is_read_where_it_is_declared_and_true() {
        let latin = b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>M\xFCller \x80</a>";
        assert!(read(latin).contains("M\u{FC}ller \u{20AC}"));
        let untrue = "<?xml version=\"1.0\" encoding=\"windows-1252\"?><a>M\u{FC}ller</a>";
        assert_eq!(read(untrue.as_bytes()), untrue);
        assert!(read(b"<a>M\xFCller</a>").contains("M\u{FFFD}ller"));
    }

    #[test]
    fn nothing_is_told_from_something() {
        for nothing in [&b""[..], b" \r\n", b"\xEF\xBB\xBF\n", b"\xFF\xFE", b"\0\0"] {
            assert_eq!(decode(nothing, Limits::default()), Err(Error::Empty), "{nothing:?}");
        }
    }
}
