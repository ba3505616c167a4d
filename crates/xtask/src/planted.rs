//! `cargo xtask planted`: builds the simulator with its planted faults and has it hunt them.

use std::path::Path;
use std::process::Command;

use anyhow::Context;

/// Runs the hunt; true when every fault was found.
pub fn run(root: &Path, names: &[&str]) -> anyhow::Result<bool> {
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(root)
        .args(["run", "--release", "--locked", "-p", "sim", "--features", "sown", "--", "--planted"])
        .args(names)
        .status()
        .context("cargo cannot be started")?;
    Ok(status.success())
}
