//! NTLM version 2 as Windows servers ask for it: the three messages of a sign-in, bound to the server's certificate
//! (MS-NLMP). Pure: the time, the dice and the wire are the caller's.

mod certificate;
mod md4;

pub use certificate::end_point;

use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::{Digest as _, Md5};
use secrecy::{ExposeSecret, SecretString};

const SIGNATURE: &[u8; 8] = b"NTLMSSP\0";

/// Unicode, target name, NTLM, always sign, extended session security, target information, version, 128 and 56 bit. No
/// session key is exchanged: nothing is signed or sealed by it, TLS does that.
const FLAGS: u32 = 0xa288_8205;

/// Windows 10, revision 15 of the protocol.
const VERSION: [u8; 8] = [10, 0, 0x63, 0x45, 0, 0, 0, 15];

/// Where the text of the third message begins: behind its fields, flags, version and integrity code.
const PAYLOAD: usize = 88;
const MIC: std::ops::Range<usize> = 72..88;

/// What a server may say of itself, by number.
const AV_END: u16 = 0;
const AV_FLAGS: u16 = 6;
const AV_TIME: u16 = 7;
const AV_TARGET: u16 = 9;
const AV_BINDINGS: u16 = 10;

/// Who signs in.
pub struct Account {
    /// The Windows domain; empty when the name is `someone@example.org`.
    pub domain: String,
    /// The name.
    pub user: String,
    /// The password.
    pub password: SecretString,
}

impl Account {
    /// An account by the name people write: `DOMAIN\name` or `name@example.org`.
    pub fn of(name: &str, password: SecretString) -> Self {
        let (domain, user) = name.split_once('\\').unwrap_or(("", name));
        Self { domain: domain.to_owned(), user: user.to_owned(), password }
    }
}

/// What the answer to a challenge is made with.
pub struct Moment<'a> {
    /// Eight random bytes.
    pub dice: [u8; 8],
    /// Now, in hundreds of nanoseconds since 1601; used when the server does not tell its time.
    pub filetime: u64,
    /// The hash of the server's certificate (RFC 5929, `tls-server-end-point`), over TLS.
    pub end_point: Option<&'a [u8]>,
    /// The host that is called.
    pub host: &'a str,
}

/// Why a server's challenge cannot be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is no such message.
    #[error("the server's NTLM challenge cannot be read")]
    Unreadable,
    /// The server does not speak version 2, and nothing weaker is spoken here.
    #[error("the server wants NTLM in a version that is not safe any more")]
    TooOld,
}

/// The first message.
pub fn negotiate() -> Vec<u8> {
    let mut message = SIGNATURE.to_vec();
    message.extend(1_u32.to_le_bytes());
    message.extend(FLAGS.to_le_bytes());
    message.extend([0; 16]);
    message.extend(VERSION);
    message
}

/// The third message, which answers the server's.
pub fn authenticate(
    account: &Account,
    negotiated: &[u8],
    challenge: &[u8],
    moment: &Moment<'_>,
) -> Result<Vec<u8>, Fault> {
    let asked = Challenge::read(challenge)?;
    let time =
        asked.pairs.iter().find(|(id, _)| *id == AV_TIME).and_then(|(_, value)| value.as_slice().try_into().ok());
    let told_time = time.is_some();
    let time = time.unwrap_or(moment.filetime.to_le_bytes());
    let info = target_info(&asked.pairs, moment, told_time);
    let key = owf(account);
    let answer = respond(&key, asked.nonce, moment.dice, time, &info);
    // A server that tells its time wants the weaker answer left empty (3.1.5.1.2).
    let weak = if told_time { vec![0; 24] } else { weak(&key, asked.nonce, moment.dice) };
    let mut message = SIGNATURE.to_vec();
    message.extend(3_u32.to_le_bytes());
    let texts = [weak, answer.response, wide(&account.domain), wide(&account.user), Vec::new(), Vec::new()];
    let mut at = PAYLOAD;
    for text in &texts {
        let length = u16::try_from(text.len()).map_err(|_| Fault::Unreadable)?;
        message.extend(length.to_le_bytes());
        message.extend(length.to_le_bytes());
        message.extend(u32::try_from(at).map_err(|_| Fault::Unreadable)?.to_le_bytes());
        at += text.len();
    }
    message.extend((asked.flags & FLAGS).to_le_bytes());
    message.extend(VERSION);
    message.extend([0; 16]);
    texts.iter().for_each(|text| message.extend(text));
    if told_time {
        let code = hmac(&answer.session_key, &[negotiated, challenge, &message]);
        message[MIC].copy_from_slice(&code);
    }
    Ok(message)
}

struct Challenge {
    flags: u32,
    nonce: [u8; 8],
    pairs: Vec<(u16, Vec<u8>)>,
}

impl Challenge {
    fn read(bytes: &[u8]) -> Result<Self, Fault> {
        let word = |at: usize| -> Option<u32> { Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?)) };
        let half = |at: usize| -> Option<u16> { Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?)) };
        if bytes.get(..8) != Some(SIGNATURE) || word(8) != Some(2) {
            return Err(Fault::Unreadable);
        }
        let flags = word(20).ok_or(Fault::Unreadable)?;
        let nonce = bytes.get(24..32).and_then(|nonce| nonce.try_into().ok()).ok_or(Fault::Unreadable)?;
        // Without target information there is no second version.
        let (Some(length), Some(offset)) = (half(40).map(usize::from), word(44)) else { return Err(Fault::TooOld) };
        let offset = usize::try_from(offset).map_err(|_| Fault::Unreadable)?;
        if length == 0 {
            return Err(Fault::TooOld);
        }
        let info = offset.checked_add(length).and_then(|end| bytes.get(offset..end)).ok_or(Fault::Unreadable)?;
        Ok(Self { flags, nonce, pairs: pairs(info)? })
    }
}

fn pairs(mut info: &[u8]) -> Result<Vec<(u16, Vec<u8>)>, Fault> {
    let mut pairs = Vec::new();
    loop {
        let [id0, id1, length0, length1, rest @ ..] = info else { return Err(Fault::Unreadable) };
        let id = u16::from_le_bytes([*id0, *id1]);
        let length = usize::from(u16::from_le_bytes([*length0, *length1]));
        if id == AV_END {
            return Ok(pairs);
        }
        let value = rest.get(..length).ok_or(Fault::Unreadable)?;
        pairs.push((id, value.to_vec()));
        info = &rest[length..];
    }
}

/// The server's own information, with what the answer adds: that it carries an integrity code, the service that is
/// called, and the channel it is called through.
fn target_info(asked: &[(u16, Vec<u8>)], moment: &Moment<'_>, with_code: bool) -> Vec<u8> {
    let added = [AV_FLAGS, AV_TARGET, AV_BINDINGS];
    let mut pairs: Vec<(u16, Vec<u8>)> = asked.iter().filter(|(id, _)| !added.contains(id)).cloned().collect();
    if with_code {
        let flags =
            asked.iter().find(|(id, _)| *id == AV_FLAGS).and_then(|(_, value)| value.as_slice().try_into().ok());
        let flags = flags.map_or(0, u32::from_le_bytes) | 2;
        pairs.push((AV_FLAGS, flags.to_le_bytes().to_vec()));
    }
    pairs.push((AV_BINDINGS, bindings(moment.end_point).to_vec()));
    pairs.push((AV_TARGET, wide(&format!("HTTP/{}", moment.host))));
    let mut info = Vec::new();
    for (id, value) in pairs {
        info.extend(id.to_le_bytes());
        info.extend(u16::try_from(value.len()).unwrap_or(0).to_le_bytes());
        info.extend(value);
    }
    info.extend([0; 4]);
    info
}

/// The digest of the channel: addresses of nobody, and the certificate's hash (RFC 2744, RFC 5929).
fn bindings(end_point: Option<&[u8]>) -> [u8; 16] {
    let Some(hash) = end_point else { return [0; 16] };
    let data = [b"tls-server-end-point:", hash].concat();
    let mut channel = vec![0; 16];
    channel.extend(u32::try_from(data.len()).unwrap_or(0).to_le_bytes());
    channel.extend(data);
    Md5::digest(channel).into()
}

fn owf(account: &Account) -> [u8; 16] {
    let password = md4::md4(&wide(account.password.expose_secret()));
    let name = format!("{}{}", account.user.to_uppercase(), account.domain);
    hmac(&password, &[&wide(&name)])
}

struct Answer {
    response: Vec<u8>,
    session_key: [u8; 16],
}

fn respond(key: &[u8; 16], nonce: [u8; 8], dice: [u8; 8], time: [u8; 8], info: &[u8]) -> Answer {
    let mut blob = vec![1, 1, 0, 0, 0, 0, 0, 0];
    blob.extend(time);
    blob.extend(dice);
    blob.extend([0; 4]);
    blob.extend(info);
    blob.extend([0; 4]);
    let proof = hmac(key, &[&nonce, &blob]);
    let session_key = hmac(key, &[&proof]);
    Answer { response: [&proof[..], &blob].concat(), session_key }
}

fn weak(key: &[u8; 16], nonce: [u8; 8], dice: [u8; 8]) -> Vec<u8> {
    [&hmac(key, &[&nonce, &dice])[..], &dice].concat()
}

fn hmac(key: &[u8; 16], parts: &[&[u8]]) -> [u8; 16] {
    // A short key is one filled up with zeros (RFC 2104).
    let mut block = [0; 64];
    block[..16].copy_from_slice(key);
    let mut mac = Hmac::<Md5>::new(&block.into());
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// MS-NLMP 4.2.1 and 4.2.4.
    const NONCE: [u8; 8] = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef];
    const DICE: [u8; 8] = [0xaa; 8];

    fn user() -> Account {
        Account::of("Domain\\User", SecretString::from("Password"))
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn info() -> Vec<u8> {
        let pair = |id: u16, text: &str| {
            let text = wide(text);
            [&id.to_le_bytes()[..], &u16::try_from(text.len()).expect("short").to_le_bytes(), &text].concat()
        };
        [pair(2, "Domain"), pair(1, "Server"), vec![0; 4]].concat()
    }

    #[test]
    fn the_published_answers_come_out() {
        let key = owf(&user());
        assert_eq!(hex(&key), "0c868a403bfd7a93a3001ef22ef02e3f");
        assert_eq!(hex(&weak(&key, NONCE, DICE)), "86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa");
        let answer = respond(&key, NONCE, DICE, [0; 8], &info());
        assert_eq!(hex(&answer.response[..16]), "68cd0ab851e51c96aabc927bebef6a1c");
        assert_eq!(hex(&answer.session_key), "8de40ccadbc14a82f15cb0ad0de95ca3");
    }

    fn challenge(pairs: &[u8]) -> Vec<u8> {
        let mut message = SIGNATURE.to_vec();
        message.extend(2_u32.to_le_bytes());
        message.extend([0; 8]);
        message.extend(FLAGS.to_le_bytes());
        message.extend(NONCE);
        message.extend([0; 8]);
        let length = u16::try_from(pairs.len()).expect("short").to_le_bytes();
        message.extend(length);
        message.extend(length);
        message.extend(56_u32.to_le_bytes());
        message.extend(VERSION);
        message.extend(pairs);
        message
    }

    fn timed() -> Vec<u8> {
        let info = info();
        let time = [&[7, 0, 8, 0][..], &[9; 8], &[0; 4]].concat();
        [&info[..info.len() - 4], &time].concat()
    }

    fn answered(pairs: &[u8], end_point: Option<&[u8]>) -> Vec<u8> {
        let moment = Moment { dice: DICE, filetime: 5, end_point, host: "mail.crm.test" };
        authenticate(&user(), &negotiate(), &challenge(pairs), &moment).expect("answered")
    }

    #[test]
    fn a_server_that_tells_its_time_gets_an_integrity_code_and_no_weak_answer() {
        let message = answered(&timed(), Some(&[1; 32]));
        assert_eq!(&message[..12], b"NTLMSSP\0\x03\0\0\0");
        assert_ne!(&message[MIC], &[0; 16]);
        assert_eq!(&message[PAYLOAD..PAYLOAD + 24], &[0; 24]);
        assert_eq!(&message[PAYLOAD + 24 + 16 + 8..][..8], &[9; 8], "the server's own time");
        let mut blank = message.clone();
        blank[MIC].fill(0);
        let key = owf(&user());
        let length = usize::from(u16::from_le_bytes([message[20], message[21]]));
        let proof: [u8; 16] = message[PAYLOAD + 24..][..16].try_into().expect("sixteen");
        let code = hmac(&hmac(&key, &[&proof]), &[&negotiate(), &challenge(&timed()), &blank]);
        assert_eq!(&message[MIC], &code);
        let blob = &message[PAYLOAD + 40..PAYLOAD + 24 + length];
        assert_eq!(hmac(&key, &[&NONCE, blob]), proof);
        let told = pairs(&blob[28..]).expect("pairs");
        let value = |id| told.iter().find(|(known, _)| *known == id).map(|(_, value)| value.clone());
        assert_eq!(value(AV_FLAGS), Some(vec![2, 0, 0, 0]));
        assert_eq!(value(AV_TARGET), Some(wide("HTTP/mail.crm.test")));
        assert_eq!(value(AV_BINDINGS), Some(bindings(Some(&[1; 32])).to_vec()));
        assert_ne!(bindings(Some(&[1; 32])), bindings(Some(&[2; 32])));
        assert_eq!(bindings(None), [0; 16]);
    }

    #[test]
    fn a_server_without_a_clock_gets_both_answers() {
        let message = answered(&info(), None);
        assert_eq!(&message[MIC], &[0; 16]);
        assert_eq!(hex(&message[PAYLOAD..][..24]), "86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa");
    }

    #[test]
    fn what_is_no_challenge_is_refused_at_every_length() {
        let whole = challenge(&timed());
        let moment = Moment { dice: DICE, filetime: 5, end_point: None, host: "h" };
        for length in 0..whole.len() {
            assert!(authenticate(&user(), &negotiate(), &whole[..length], &moment).is_err(), "{length}");
        }
        assert_eq!(authenticate(&user(), &negotiate(), &challenge(&[]), &moment), Err(Fault::TooOld));
        assert_eq!(authenticate(&user(), &negotiate(), &negotiate(), &moment), Err(Fault::Unreadable));
    }

    #[test]
    fn names_are_split_as_people_write_them() {
        let of = |name| Account::of(name, SecretString::from("x"));
        assert_eq!((of("CRM\\svc").domain.as_str(), of("CRM\\svc").user.as_str()), ("CRM", "svc"));
        assert_eq!((of("svc@crm.test").domain.as_str(), of("svc@crm.test").user.as_str()), ("", "svc@crm.test"));
    }
}
