//! What a sign-in is bound to: the hash of the server's certificate, so that nobody between can pass the sign-in on.

use sha2::{Digest as _, Sha256, Sha384, Sha512};

/// The hash of a certificate (DER) that RFC 5929 calls `tls-server-end-point`: by the digest the certificate was signed
/// with, and SHA-256 where that is older or not to be told.
pub fn end_point(certificate: &[u8]) -> Vec<u8> {
    match signed_by(certificate) {
        Some(
            [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c] | [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03],
        ) => Sha384::digest(certificate).to_vec(),
        Some(
            [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d] | [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04],
        ) => Sha512::digest(certificate).to_vec(),
        Some(_) | None => Sha256::digest(certificate).to_vec(),
    }
}

/// The object identifier of the signature: it stands behind the signed part.
fn signed_by(certificate: &[u8]) -> Option<&[u8]> {
    let (outer, _) = inside(certificate)?;
    let (_, behind) = inside(outer)?;
    let (algorithm, _) = inside(behind)?;
    Some(inside(algorithm)?.0)
}

/// The content of the first value, and what stands behind that value.
fn inside(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let [_, first, rest @ ..] = der else { return None };
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0, |sum, digit| (sum << 8) | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(algorithm: &[u8]) -> Vec<u8> {
        let mut inner = vec![0x30, 0x81, 0x80];
        inner.extend([7; 0x80]);
        inner.extend([0x30, u8::try_from(algorithm.len() + 2).expect("short"), 0x06]);
        inner.push(u8::try_from(algorithm.len()).expect("short"));
        inner.extend(algorithm);
        let mut whole = vec![0x30, 0x82, 0, u8::try_from(inner.len()).expect("short")];
        whole.extend(inner);
        whole
    }

    #[test]
    fn the_digest_is_the_one_the_certificate_was_signed_with() {
        let rsa = |last| certificate(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, last]);
        let ecdsa = |last| certificate(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, last]);
        // SHA-1 and MD5 count as SHA-256.
        for (der, length) in [
            (rsa(4), 32),
            (rsa(5), 32),
            (rsa(0x0b), 32),
            (rsa(0x0c), 48),
            (rsa(0x0d), 64),
            (ecdsa(2), 32),
            (ecdsa(3), 48),
            (ecdsa(4), 64),
            (b"no certificate".to_vec(), 32),
            (Vec::new(), 32),
        ] {
            assert_eq!(end_point(&der).len(), length);
        }
        assert_eq!(end_point(&rsa(0x0c)), Sha384::digest(rsa(0x0c)).to_vec());
    }
}
