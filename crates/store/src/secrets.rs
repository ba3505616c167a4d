//! Passwords of connections stand in the store in envelopes that only the key file opens.
//!
//! An envelope is a nonce of 12 bytes, then AES-256-GCM of the secret with the connection's name bound to it: an envelope
//! moved to another connection does not open. The nonce comes from the caller's dice and must never repeat under one key.

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use secrecy::SecretString;
use sha2::Sha256;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use zeroize::Zeroizing;

/// Bytes of a key.
pub const KEY_LEN: usize = 32;
/// Bytes of a nonce.
pub const NONCE_LEN: usize = 12;
/// A key file holds one line; a longer file is another file.
const KEY_FILE_LIMIT: u64 = 1_024;

/// What is wrong with a key file or an envelope. No text carries a secret.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The key file cannot be read or written.
    #[error("the key file {path}: {why}")]
    KeyFile {
        /// Which.
        path: String,
        /// Why.
        why: String,
    },
    /// The envelope was made with another key, for another connection, or was changed.
    #[error(
        "the secret of connection '{0}' does not open with this key file; set it again, or use the key file it was made with"
    )]
    Sealed(String),
}

/// The key that opens the envelopes; wiped from memory when dropped.
#[derive(Clone)]
pub struct SecretKey(Zeroizing<[u8; KEY_LEN]>);

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretKey")
    }
}

impl SecretKey {
    /// A key from the caller's dice.
    #[must_use]
    pub fn new(bytes: [u8; KEY_LEN]) -> SecretKey {
        SecretKey(Zeroizing::new(bytes))
    }

    /// Reads a key file: 32 bytes in base64 on one line. On Unix one that others may read or write is refused.
    pub fn read(path: &Path) -> Result<SecretKey, SecretError> {
        let fault = |why: String| SecretError::KeyFile { path: path.display().to_string(), why };
        let known = fs::metadata(path).map_err(|error| fault(error.to_string()))?;
        if known.len() > KEY_FILE_LIMIT {
            return Err(fault("it is too long for a key file".into()));
        }
        if open_to_others(&known) {
            return Err(fault("others may read it; set its mode to 0600".into()));
        }
        let text = fs::read_to_string(path).map_err(|error| fault(error.to_string()))?;
        let text = Zeroizing::new(text);
        let bytes = STANDARD.decode(text.trim()).map_err(|_| fault("it is not base64".into()))?;
        let bytes = Zeroizing::new(bytes);
        let key: [u8; KEY_LEN] =
            bytes.as_slice().try_into().map_err(|_| fault(format!("it holds {} bytes, not {KEY_LEN}", bytes.len())))?;
        Ok(SecretKey::new(key))
    }

    /// Makes a key file that only its owner may read; one that is there is never replaced.
    pub fn create_file(path: &Path, bytes: [u8; KEY_LEN]) -> Result<SecretKey, SecretError> {
        let key = SecretKey::new(bytes);
        let line = Zeroizing::new(format!("{}\n", STANDARD.encode(key.0.as_slice())));
        write_new(path, line.as_bytes()).map_err(|error| {
            let why = match error.kind() {
                io::ErrorKind::AlreadyExists => "it is there already, and a key is never written over".to_owned(),
                _ => error.to_string(),
            };
            SecretError::KeyFile { path: path.display().to_string(), why }
        })?;
        Ok(key)
    }

    /// Puts a secret in an envelope for a connection.
    #[must_use]
    pub fn seal(&self, nonce: [u8; NONCE_LEN], connection: &str, secret: &str) -> Vec<u8> {
        let sealed = self
            .cipher()
            .encrypt(&Nonce::from(nonce), payload(secret.as_bytes(), connection))
            .expect("a password is far shorter than what the cipher takes at most");
        let mut envelope = nonce.to_vec();
        envelope.extend(sealed);
        envelope
    }

    /// Opens a connection's envelope.
    pub fn open(&self, connection: &str, envelope: &[u8]) -> Result<SecretString, SecretError> {
        let sealed = || SecretError::Sealed(connection.to_owned());
        let (nonce, body) = envelope.split_first_chunk::<NONCE_LEN>().ok_or_else(sealed)?;
        let bytes = self.cipher().decrypt(&Nonce::from(*nonce), payload(body, connection)).map_err(|_| sealed())?;
        let bytes = Zeroizing::new(bytes);
        let text = std::str::from_utf8(&bytes).map_err(|_| sealed())?;
        Ok(SecretString::from(text))
    }

    /// A key for another purpose, so that no two purposes share one.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> [u8; KEY_LEN] {
        let mut mac =
            <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(self.0.as_slice()).expect("a key of any length will do");
        mac.update(purpose.as_bytes());
        mac.finalize().into_bytes().into()
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new(&(*self.0).into())
    }
}

/// Puts a connection's secret from the old key's envelope into one of the new key.
pub fn rotate(
    old: &SecretKey,
    new: &SecretKey,
    nonce: [u8; NONCE_LEN],
    connection: &str,
    envelope: &[u8],
) -> Result<Vec<u8>, SecretError> {
    let secret = old.open(connection, envelope)?;
    let text = secrecy::ExposeSecret::expose_secret(&secret);
    Ok(new.seal(nonce, connection, text))
}

fn payload<'a>(msg: &'a [u8], connection: &'a str) -> Payload<'a, 'a> {
    Payload { msg, aad: connection.as_bytes() }
}

#[cfg(unix)]
fn open_to_others(known: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    known.mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn open_to_others(_known: &fs::Metadata) -> bool {
    false
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::{KEY_LEN, NONCE_LEN, SecretError, SecretKey, rotate};
    use secrecy::ExposeSecret as _;

    fn key(byte: u8) -> SecretKey {
        SecretKey::new([byte; KEY_LEN])
    }

    #[test]
    fn an_envelope_opens_with_its_key_for_its_connection_only() {
        let envelope = key(1).seal([9; NONCE_LEN], "hq", "pässword");
        let opened = key(1).open("hq", &envelope).unwrap();
        assert_eq!(opened.expose_secret(), "pässword");
        for (key, name) in [(key(2), "hq"), (key(1), "branch")] {
            let refused = key.open(name, &envelope).unwrap_err();
            assert_eq!(refused, SecretError::Sealed(name.into()));
        }
        for length in 0..envelope.len() {
            assert!(key(1).open("hq", &envelope[..length]).is_err(), "{length}");
        }
        for at in 0..envelope.len() {
            let mut changed = envelope.clone();
            changed[at] ^= 1;
            assert!(key(1).open("hq", &changed).is_err(), "{at}");
        }
    }

    #[test]
    fn each_purpose_has_a_key_of_its_own() {
        assert_eq!(key(1).derive("a"), key(1).derive("a"));
        assert_ne!(key(1).derive("a"), key(1).derive("b"));
        assert_ne!(key(1).derive("a"), key(2).derive("a"));
        assert_ne!(key(1).derive("a"), [1; KEY_LEN]);
    }

    #[test]
    fn an_envelope_does_not_show_its_secret() {
        let envelope = key(1).seal([9; NONCE_LEN], "hq", "password");
        assert!(!envelope.windows(8).any(|part| part == b"password"));
        assert_eq!(format!("{:?}", key(1)), "SecretKey");
    }

    #[test]
    fn a_new_key_opens_what_was_rotated_and_the_old_one_does_not() {
        let envelope = key(1).seal([9; NONCE_LEN], "hq", "password");
        let rotated = rotate(&key(1), &key(2), [8; NONCE_LEN], "hq", &envelope).unwrap();
        let opened = key(2).open("hq", &rotated).unwrap();
        assert_eq!(opened.expose_secret(), "password");
        assert!(key(1).open("hq", &rotated).is_err());
        assert!(rotate(&key(3), &key(2), [8; NONCE_LEN], "hq", &envelope).is_err());
    }

    #[test]
    fn a_key_file_is_its_owners_alone_and_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let made = SecretKey::create_file(&path, [7; KEY_LEN]).unwrap();
        let envelope = made.seal([9; NONCE_LEN], "hq", "password");
        let read = SecretKey::read(&path).unwrap();
        assert_eq!(read.open("hq", &envelope).unwrap().expose_secret(), "password");
        assert!(SecretKey::create_file(&path, [8; KEY_LEN]).is_err());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            let open = std::fs::Permissions::from_mode(0o644);
            std::fs::set_permissions(&path, open).unwrap();
            let told = SecretKey::read(&path).unwrap_err().to_string();
            assert!(told.contains("0600"), "{told}");
        }
    }

    #[test]
    fn a_key_file_of_another_form_is_refused_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |text: &str| {
            let path = folder.path().join("key");
            super::write_new(&path, text.as_bytes()).unwrap();
            let told = SecretKey::read(&path).unwrap_err().to_string();
            std::fs::remove_file(&path).unwrap();
            told
        };
        assert!(refused("not base64 at all!").contains("not base64"));
        assert!(refused("c2hvcnQ=").contains("5 bytes"));
        assert!(refused(&"A".repeat(2000)).contains("too long"));
        assert!(SecretKey::read(&folder.path().join("missing")).is_err());
    }
}
