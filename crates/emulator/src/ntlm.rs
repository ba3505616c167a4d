//! The server's side of NTLM: a challenge for each connection, and the check of what answers it (MS-NLMP 3.2.5).

use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::{Digest as _, Md5};

const SIGNATURE: &[u8] = b"NTLMSSP\0";

/// Unicode, target name and its type (a domain), NTLM, always sign, extended session security, target information,
/// version, 128 and 56 bit.
const FLAGS: u32 = 0xa289_8205;

/// A challenge under way.
#[derive(Clone)]
pub(crate) struct Challenge {
    negotiate: Vec<u8>,
    pub message: Vec<u8>,
    nonce: [u8; 8],
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(u16::from_le_bytes([*bytes.get(at)?, *bytes.get(at + 1)?])))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

/// A field of a message: length, allocated length, offset.
fn field(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let length = u16_at(bytes, at)?;
    let offset = usize::try_from(u32_at(bytes, at + 4)?).ok()?;
    bytes.get(offset..offset.checked_add(length)?)
}

impl Challenge {
    /// Answers a NEGOTIATE_MESSAGE; `None` when it is none.
    pub(crate) fn new(negotiate: &[u8], nonce: [u8; 8], filetime: u64) -> Option<Self> {
        if !negotiate.starts_with(SIGNATURE) || u32_at(negotiate, 8)? != 1 {
            return None;
        }
        let name = utf16("CRM");
        let mut info = Vec::new();
        for (id, value) in [
            (2_u16, utf16("CRM")),
            (1, utf16("EXCHANGE")),
            (4, utf16("crm.test")),
            (3, utf16("exchange.crm.test")),
            (7, filetime.to_le_bytes().to_vec()),
            (0, Vec::new()),
        ] {
            info.extend(id.to_le_bytes());
            info.extend(u16::try_from(value.len()).unwrap_or(0).to_le_bytes());
            info.extend(value);
        }
        let mut message = SIGNATURE.to_vec();
        message.extend(2_u32.to_le_bytes());
        let described = |text: &[u8], offset: usize| {
            let length = u16::try_from(text.len()).unwrap_or(0).to_le_bytes();
            [&length[..], &length, &u32::try_from(offset).unwrap_or(0).to_le_bytes()].concat()
        };
        message.extend(described(&name, 56));
        message.extend(FLAGS.to_le_bytes());
        message.extend(nonce);
        message.extend([0; 8]);
        message.extend(described(&info, 56 + name.len()));
        message.extend([10, 0, 0x63, 0x45, 0, 0, 0, 15]);
        message.extend(name);
        message.extend(info);
        Some(Self { negotiate: negotiate.to_vec(), message, nonce })
    }

    /// The account an AUTHENTICATE_MESSAGE proves, as `name@…` or the bare name. `password` gives the password of a
    /// name; `channel` the digest the answer must be bound by, where Extended Protection is on.
    pub(crate) fn proven(
        &self,
        authenticate: &[u8],
        password: impl Fn(&str) -> Option<String>,
        channel: Option<[u8; 16]>,
    ) -> Option<String> {
        if !authenticate.starts_with(SIGNATURE) || u32_at(authenticate, 8)? != 3 {
            return None;
        }
        let response = field(authenticate, 20)?;
        let text = |at| {
            let units: Vec<u16> =
                field(authenticate, at)?.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
            String::from_utf16(&units).ok()
        };
        let (domain, user) = (text(28)?, text(36)?);
        // Only the second version: its answer is longer than the 24 bytes of the first.
        let (proof, blob) = response.split_at_checked(16)?;
        if blob.len() < 28 {
            return None;
        }
        let secret = md4(&utf16(&password(&user)?));
        let key = hmac(&secret, &[&utf16(&format!("{}{domain}", user.to_uppercase()))]);
        if hmac(&key, &[&self.nonce, blob]) != proof {
            return None;
        }
        let pairs = pairs(blob.get(28..)?)?;
        let value = |id| pairs.iter().find(|(known, _)| *known == id).map(|(_, value)| *value);
        if let Some(channel) = channel
            && value(10) != Some(&channel)
        {
            return None;
        }
        // The time was told, so the answer must carry an integrity code over all three messages.
        if u32_at(value(6)?, 0)? & 2 == 0 {
            return None;
        }
        let mut blank = authenticate.to_vec();
        let code: Vec<u8> = blank.get(72..88)?.to_vec();
        blank.get_mut(72..88)?.fill(0);
        let session = session_key(&hmac(&key, &[proof]), authenticate)?;
        (hmac(&session, &[&self.negotiate, &self.message, &blank]) == code.as_slice()).then_some(user)
    }
}

/// The key of the session: the client's own one, enciphered, when it sends one.
fn session_key(base: &[u8; 16], authenticate: &[u8]) -> Option<[u8; 16]> {
    let exchanges = u32_at(authenticate, 60)? & 0x4000_0000 != 0;
    match field(authenticate, 52) {
        Some(sent) if exchanges && sent.len() == 16 => rc4(base, sent).try_into().ok(),
        _ => Some(*base),
    }
}

fn pairs(mut info: &[u8]) -> Option<Vec<(u16, &[u8])>> {
    let mut pairs = Vec::new();
    loop {
        let id = u16::try_from(u16_at(info, 0)?).ok()?;
        let length = u16_at(info, 2)?;
        if id == 0 {
            return Some(pairs);
        }
        pairs.push((id, info.get(4..4 + length)?));
        info = info.get(4 + length..)?;
    }
}

/// The digest of a channel to the owner of a certificate with this hash.
pub(crate) fn channel(end_point_hash: &[u8]) -> [u8; 16] {
    let data = [&b"tls-server-end-point:"[..], end_point_hash].concat();
    let mut bindings = [0_u8; 16].to_vec();
    bindings.extend(u32::try_from(data.len()).unwrap_or(0).to_le_bytes());
    bindings.extend(data);
    Md5::digest(bindings).into()
}

fn hmac(key: &[u8; 16], parts: &[&[u8]]) -> [u8; 16] {
    let mut block = [0_u8; 64];
    block[..16].copy_from_slice(key);
    let mut mac = Hmac::<Md5>::new(&block.into());
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// RC4, with which a client's session key travels (MS-NLMP 3.4.5.1).
fn rc4(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut state: Vec<u8> = (0..=255).collect();
    let mut j = 0_usize;
    for i in 0..256 {
        j = (j + usize::from(state[i]) + usize::from(key[i % key.len()])) % 256;
        state.swap(i, j);
    }
    let (mut i, mut j) = (0_usize, 0_usize);
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        i = (i + 1) % 256;
        j = (j + usize::from(state[i])) % 256;
        state.swap(i, j);
        out.push(byte ^ state[(usize::from(state[i]) + usize::from(state[j])) % 256]);
    }
    out
}

/// RFC 1320.
fn md4(text: &[u8]) -> [u8; 16] {
    let bits = u64::try_from(text.len()).unwrap_or(0) * 8;
    let mut padded = text.to_vec();
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(64) + if padded.len() % 64 > 56 { 64 } else { 0 }, 0);
    let end = padded.len() - 8;
    padded[end..].copy_from_slice(&bits.to_le_bytes());
    let mut sum: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    for block in padded.chunks(64) {
        let x: Vec<u32> =
            block.chunks(4).map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect();
        let [mut a, mut b, mut c, mut d] = sum;
        let f = |x: u32, y: u32, z: u32| (x & y) | (!x & z);
        let g = |x: u32, y: u32, z: u32| (x & y) | (x & z) | (y & z);
        let h = |x: u32, y: u32, z: u32| x ^ y ^ z;
        for i in [0, 4, 8, 12] {
            a = a.wrapping_add(f(b, c, d)).wrapping_add(x[i]).rotate_left(3);
            d = d.wrapping_add(f(a, b, c)).wrapping_add(x[i + 1]).rotate_left(7);
            c = c.wrapping_add(f(d, a, b)).wrapping_add(x[i + 2]).rotate_left(11);
            b = b.wrapping_add(f(c, d, a)).wrapping_add(x[i + 3]).rotate_left(19);
        }
        for i in [0, 1, 2, 3] {
            let k = 0x5a82_7999_u32;
            a = a.wrapping_add(g(b, c, d)).wrapping_add(x[i]).wrapping_add(k).rotate_left(3);
            d = d.wrapping_add(g(a, b, c)).wrapping_add(x[i + 4]).wrapping_add(k).rotate_left(5);
            c = c.wrapping_add(g(d, a, b)).wrapping_add(x[i + 8]).wrapping_add(k).rotate_left(9);
            b = b.wrapping_add(g(c, d, a)).wrapping_add(x[i + 12]).wrapping_add(k).rotate_left(13);
        }
        for i in [0, 2, 1, 3] {
            let k = 0x6ed9_eba1_u32;
            a = a.wrapping_add(h(b, c, d)).wrapping_add(x[i]).wrapping_add(k).rotate_left(3);
            d = d.wrapping_add(h(a, b, c)).wrapping_add(x[i + 8]).wrapping_add(k).rotate_left(9);
            c = c.wrapping_add(h(d, a, b)).wrapping_add(x[i + 4]).wrapping_add(k).rotate_left(11);
            b = b.wrapping_add(h(c, d, a)).wrapping_add(x[i + 12]).wrapping_add(k).rotate_left(15);
        }
        for (total, part) in sum.iter_mut().zip([a, b, c, d]) {
            *total = total.wrapping_add(part);
        }
    }
    let mut digest = [0; 16];
    for (at, word) in sum.iter().enumerate() {
        digest[at * 4..at * 4 + 4].copy_from_slice(&word.to_le_bytes());
    }
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn the_digests_are_the_published_ones() {
        assert_eq!(hex(&md4(b"")), "31d6cfe0d16ae931b73c59d7e0c089c0");
        assert_eq!(hex(&md4(b"message digest")), "d9130a8164549fe818874806e1c7014b");
        for length in [55, 56, 57, 63, 64, 65, 119, 120] {
            assert_eq!(md4(&vec![b'x'; length]).len(), 16);
        }
        assert_eq!(
            hex(&md4(b"12345678901234567890123456789012345678901234567890123456789012345678901234567890")),
            "e33b4ddc9c38f2199c3e7b164fcc0536"
        );
        // MS-NLMP 4.2.2.1.2: the hash of "Password".
        assert_eq!(hex(&md4(&utf16("Password"))), "a4f49c406510bdcab6824ee7c30fd852");
        // RFC 6229 begins with this key.
        assert_eq!(hex(&rc4(&[1, 2, 3, 4, 5], &[0; 4])), "b2396305");
    }
}
