//! What an Autodiscover service answers.

/// Reads the bytes as both kinds of answer.
pub fn discovery(bytes: &[u8]) {
    let _ = wire::autodiscover::pox_read(bytes);
    let _ = wire::autodiscover::soap_read(bytes);
}
