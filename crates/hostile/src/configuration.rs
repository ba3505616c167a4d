//! What an operator writes into the configuration file.

use server::Config;
use std::path::Path;

/// Reads the bytes as a configuration file.
///
/// # Panics
/// When a refusal names no fault, or a line that the file does not have.
pub fn configuration(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Err(refused) = Config::parse(text, Path::new("syncline.toml")) else { return };
    assert!(!refused.faults.is_empty(), "a refused file has a fault");
    let lines = text.split('\n').count().max(1);
    for fault in &refused.faults {
        assert!(fault.line.is_none_or(|line| (1..=lines).contains(&line)), "line {:?} of {lines}", fault.line);
    }
    assert!(!refused.to_string().is_empty());
}
