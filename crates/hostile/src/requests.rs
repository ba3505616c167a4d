//! What a client of EWS sends to the emulator.

use crate::room::{Room, runtime};

/// Posts the bytes as Anna, to a server of its own.
///
/// # Panics
/// When the server breaks off, or answers with what no server of its kind answers.
pub fn requests(bytes: &[u8]) {
    let room = Room::new();
    let answer = match runtime().block_on(room.anna(bytes)) {
        Ok(answer) => answer,
        Err(lost) => panic!("the server broke off: {lost}"),
    };
    assert!(matches!(answer.status, 200 | 400 | 413 | 500), "{}", answer.status);
    let text = String::from_utf8(answer.body).unwrap_or_default();
    assert!(answer.status == 400 || answer.status == 413 || text.contains("Envelope"), "an answer is an envelope");
    assert!(room.emulator().sink().len() <= 10_000, "one request fills no sink without end");
}
