//! What reading a mailbox takes, measured in one run so that its figures can be compared: tables for docs/operating.md.

mod memory;
mod speed;

use anyhow::bail;
use std::path::Path;

/// Runs both measurements, or the one named with `--only`.
///
/// # Errors
/// A name that is none, or a program could not be started.
pub fn run(root: &Path, words: &[&str]) -> anyhow::Result<bool> {
    let (speed, memory) = match words {
        [] => (true, true),
        ["--only", "speed"] => (true, false),
        ["--only", "memory"] => (false, true),
        _ => bail!("`bench` takes --only speed or --only memory"),
    };
    let quick = !speed || speed::run(root)?;
    let small = !memory || memory::run(root)?;
    Ok(quick && small)
}
