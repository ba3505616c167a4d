//! When a certificate ends: the server's, as its connection shows it, or any other in DER.

use super::{Lost, Network, Transport as _};
use jiff::Timestamp;
use jiff::civil::DateTime;
use std::path::Path;

/// When the certificate of the server at this address ends; none over plain http.
///
/// # Errors
/// It cannot be reached, or is not trusted.
pub async fn certificate_ends(url: &str, ca_file: Option<&Path>, deadline_ms: u64) -> Result<Option<Timestamp>, Lost> {
    let line = Network::new(ca_file)?.line(url, deadline_ms).await?;
    Ok(line.certificate().and_then(ends))
}

/// When a certificate (DER) ends.
#[must_use]
pub fn ends(certificate: &[u8]) -> Option<Timestamp> {
    let (_, whole, _) = value(certificate)?;
    let (_, signed, _) = value(whole)?;
    let (tag, _, mut rest) = value(signed)?;
    if tag == VERSION {
        // The version, where it is told, stands before the number.
        rest = value(rest)?.2;
    }
    let (_, _, rest) = value(rest)?; // how it is signed
    let (_, _, rest) = value(rest)?; // who made it
    let (_, validity, _) = value(rest)?;
    let (_, _, rest) = value(validity)?; // from when on
    let (tag, text, _) = value(rest)?;
    let text = std::str::from_utf8(text).ok()?;
    let (century, text) = match (tag, text.len()) {
        // Two digits of a year are within a hundred years of 1950 (RFC 5280).
        (UTC_TIME, 13) => (if text.get(..2)? < "50" { "20" } else { "19" }, text),
        (GENERAL_TIME, 15) => ("", text),
        (_, _) => return None,
    };
    let time = DateTime::strptime("%Y%m%d%H%M%SZ", format!("{century}{text}")).ok()?;
    time.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERAL_TIME: u8 = 0x18;

/// The first value: its tag, its content, and what stands behind it.
fn value(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let [tag, first, rest @ ..] = der else { return None };
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0, |sum, digit| (sum << 8) | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    let (content, behind) = rest.split_at_checked(length)?;
    Some((*tag, content, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(tag: u8, content: &[u8]) -> Vec<u8> {
        let mut der = vec![tag, 0x82];
        der.extend(u16::try_from(content.len()).expect("short").to_be_bytes());
        der.extend(content);
        der
    }

    fn certificate(version: bool, tag: u8, until: &str) -> Vec<u8> {
        let validity = [wrapped(UTC_TIME, b"250101000000Z"), wrapped(tag, until.as_bytes())].concat();
        let mut signed = if version { wrapped(VERSION, &[2, 1, 2]) } else { Vec::new() };
        signed.extend(wrapped(2, &[9]));
        signed.extend(wrapped(0x30, b"algorithm"));
        signed.extend(wrapped(0x30, b"issuer"));
        signed.extend(wrapped(0x30, &validity));
        wrapped(0x30, &wrapped(0x30, &signed))
    }

    // W5
    #[test]
    fn a_certificate_says_when_it_ends() {
        let told = |version, tag, until| ends(&certificate(version, tag, until)).map(|at| at.to_string());
        assert_eq!(told(true, UTC_TIME, "270314153000Z").as_deref(), Some("2027-03-14T15:30:00Z"));
        assert_eq!(told(false, UTC_TIME, "990314153000Z").as_deref(), Some("1999-03-14T15:30:00Z"));
        assert_eq!(told(true, GENERAL_TIME, "20510101000000Z").as_deref(), Some("2051-01-01T00:00:00Z"));
        assert_eq!(told(true, UTC_TIME, "nonsense"), None);
        let whole = certificate(true, UTC_TIME, "270314153000Z");
        for length in 0..whole.len() {
            assert_eq!(ends(&whole[..length]), None, "{length}");
        }
    }
}
