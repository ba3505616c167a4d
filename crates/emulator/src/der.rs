//! Just enough of DER to look into a certificate: its signature's digest and its public key (RFC 5280).

use sha2::{Digest as _, Sha256, Sha384, Sha512};

/// One value: its tag, its content, and what follows it.
fn value(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let count = usize::from(first - 0x80);
        if count == 0 || count > 4 {
            return None;
        }
        let (digits, rest) = rest.split_at_checked(count)?;
        (digits.iter().fold(0_usize, |sum, digit| sum * 256 + usize::from(*digit)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

fn nth(mut der: &[u8], skipped: usize) -> Option<(u8, &[u8], &[u8])> {
    for _ in 0..skipped {
        der = value(der)?.2;
    }
    value(der)
}

/// The hash of a certificate that a channel is bound by: RFC 5929, section 4.1.
pub(crate) fn end_point_hash(certificate: &[u8]) -> Vec<u8> {
    let algorithm = || {
        let (_, whole, _) = value(certificate)?;
        let (_, algorithm, _) = nth(whole, 1)?;
        Some(value(algorithm)?.1.to_vec())
    };
    let oid = algorithm().unwrap_or_default();
    let rsa = [42, 134, 72, 134, 247, 13, 1, 1];
    let ecdsa = [42, 134, 72, 206, 61, 4, 3];
    match (oid.strip_prefix(&rsa), oid.strip_prefix(&ecdsa)) {
        (Some([12]), _) | (_, Some([3])) => Sha384::digest(certificate).to_vec(),
        (Some([13]), _) | (_, Some([4])) => Sha512::digest(certificate).to_vec(),
        _ => Sha256::digest(certificate).to_vec(),
    }
}

/// The public key of a certificate, as its algorithm writes it.
pub(crate) fn public_key(certificate: &[u8]) -> Option<Vec<u8>> {
    let (_, whole, _) = value(certificate)?;
    let (_, signed, _) = value(whole)?;
    // The version stands first, where it is not the first one.
    let versioned = usize::from(value(signed)?.0 == 0xa0);
    let (_, key, _) = nth(signed, 5 + versioned)?;
    let (_, bits, _) = nth(key, 1)?;
    bits.split_first().map(|(_, key)| key.to_vec())
}
