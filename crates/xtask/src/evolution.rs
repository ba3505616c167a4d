//! Evolution's data server for the soak: found where the test command put it, else installed by root.

use anyhow::Context;
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

/// What the system's package manager puts there; the bindings are made for the system's own Python alone.
const BACKEND: &str = "/usr/lib/evolution-data-server/calendar-backends/libecalbackendews.so";
const PYTHON: &str = "/usr/bin/python3";
const PACKAGES: &[&str] = &["evolution-ews", "python3-gi", "gir1.2-ecal-2.0", "gir1.2-ebook-1.2", "dbus"];

/// The variables with which its test runs, or why it cannot.
///
/// # Errors
/// A program that is there could not be started.
pub fn ready(root: &Path) -> anyhow::Result<Result<Vec<(&'static str, OsString)>, String>> {
    let named = |variable: &str| std::env::var_os(variable).filter(|value| !value.is_empty());
    let clients = root.join(".venv/bin/python");
    let python = named("SYNCLINE_PYTHON").or_else(|| clients.exists().then(|| clients.into_os_string()));
    let Some(python) = python else {
        return Ok(Err(
            "there is no Python with exchangelib: scripts/test.sh makes one, SYNCLINE_PYTHON names one".to_owned()
        ));
    };
    if named("SYNCLINE_EVOLUTION").is_none() && !has_bindings()? {
        if !is_root()? {
            return Ok(Err(format!("not installed, which root does: apt-get install {}", PACKAGES.join(" "))));
        }
        if !installed()? {
            return Ok(Err(format!("apt-get could not install {}", PACKAGES.join(" "))));
        }
    }
    let evolution = named("SYNCLINE_EVOLUTION").unwrap_or_else(|| PYTHON.into());
    Ok(Ok(vec![("SYNCLINE_PYTHON", python), ("SYNCLINE_EVOLUTION", evolution)]))
}

fn has_bindings() -> anyhow::Result<bool> {
    if !Path::new(BACKEND).exists() || !Path::new(PYTHON).exists() {
        return Ok(false);
    }
    let asked = "import gi; gi.require_version('ECal', '2.0'); gi.require_version('EBook', '1.2')";
    let output =
        Command::new(PYTHON).args(["-c", asked]).output().with_context(|| format!("{PYTHON} cannot be started"))?;
    Ok(output.status.success())
}

fn is_root() -> anyhow::Result<bool> {
    let output = Command::new("id").arg("-u").output().context("id cannot be started")?;
    Ok(output.stdout.trim_ascii() == b"0")
}

/// A bare system has no lists of packages yet.
fn installed() -> anyhow::Result<bool> {
    let mut install = vec!["install", "-q", "-y", "--no-install-recommends"];
    install.extend(PACKAGES);
    for arguments in [vec!["update", "-q"], install] {
        let mut command = Command::new("apt-get");
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        if !command.status().context("apt-get cannot be started")?.success() {
            return Ok(false);
        }
    }
    has_bindings()
}
