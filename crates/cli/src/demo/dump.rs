//! Writes what both sides answered into a folder, unedited, for whoever wants to compare it with other means.

use super::reading::Reading;
use super::stage::Stage;
use anyhow::{Context, Result, bail};
use std::path::Path;

/// What administrators see, beside the records.
const ADMIN: &[(&str, &str)] = &[
    ("users", "/api/admin/users"),
    ("settings", "/api/admin/settings"),
    ("held", "/api/admin/held"),
    ("quarantine", "/api/admin/quarantine"),
];

/// Writes one read under a name: `crm/ADDRESS/VIEW-N.json`, `mailboxes/ADDRESS/FOLDER-….xml`, `admin/….json`.
pub async fn write(folder: &Path, name: &str, reading: &Reading, stage: &Stage) -> Result<()> {
    let folder = folder.join(name);
    for (file, bytes) in &reading.raw {
        put(&folder.join(file), bytes)?;
    }
    for (what, path) in ADMIN {
        let (status, bytes) = stage.api.call(&stage.ids.admin, "GET", path, None).await?;
        if status != 200 {
            bail!("GET {path} was answered {status}");
        }
        put(&folder.join("admin").join(format!("{what}.json")), &bytes)?;
    }
    for outlook in &stage.outlooks {
        let address = &outlook.address;
        for (file, bytes) in outlook.inbox().await? {
            let file = format!("mailboxes/{address}/{file}.xml");
            put(&folder.join(file), &bytes)?;
        }
    }
    Ok(())
}

fn put(file: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(parent) = file.parent() {
        std::fs::create_dir_all(parent).with_context(|| format!("the folder {}", parent.display()))?;
    }
    std::fs::write(file, bytes).with_context(|| format!("the file {}", file.display()))
}
