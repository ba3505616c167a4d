//! Microsoft's schema as the judge: messages that the tests collected are validated together, many a call.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

/// Files of one call of xmllint.
const BATCH: usize = 500;
/// How the name of a request begins that tests of noise have spoiled; what is answered to it is judged as any other answer.
const NOISE: &str = "hostile-request-";
/// Complaints shown; the rest is counted.
const SHOWN: usize = 20;

/// Has the tests keep one message of each shape, those of an earlier run being gone.
pub fn collect(root: &Path, tests: &mut Command) -> anyhow::Result<()> {
    if schemas().is_none() {
        return Ok(());
    }
    let folder = folder(root);
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("{} cannot be emptied", folder.display()))?;
    }
    tests.env("EMULATOR_MESSAGES", folder);
    Ok(())
}

/// Validates what the tests have kept.
pub fn judge(root: &Path) -> anyhow::Result<bool> {
    let Some(schemas) = schemas() else {
        println!("skipped: EWS_SCHEMA names no folder with the schemas");
        return Ok(std::env::var_os("CI").is_none_or(|value| value.is_empty()));
    };
    let schema = Path::new(&schemas).join("exchange2013sp1/soap11.xsd");
    let folder = folder(root);
    let (noise, files): (Vec<PathBuf>, Vec<PathBuf>) =
        files(&folder.join("messages"))?.into_iter().partition(|file| is_noise(file));
    if files.is_empty() {
        println!("no message was kept: the stage `tests` collects them");
        return Ok(false);
    }
    let mut wrong: Vec<String> = Vec::new();
    for batch in files.chunks(BATCH) {
        let mut lint = Command::new("xmllint");
        // A body of many megabytes is valid as well.
        lint.args(["--noout", "--nonet", "--huge", "--schema"]).arg(&schema).args(batch);
        let output = lint.output().context("xmllint cannot be started")?;
        let told = String::from_utf8_lossy(&output.stderr);
        wrong.extend(batch.iter().filter(|file| !validates(&told, file)).map(|file| complaint(&told, file)));
    }
    for line in wrong.iter().take(SHOWN) {
        println!("{line}");
    }
    for (what, number) in spoiled(&folder.join("spoiled"))? {
        println!("on purpose not as the schema says: {what}: {number}");
    }
    println!("on purpose not as the schema says: requests of the tests of noise: {}", noise.len());
    println!("{} messages, {} of them not valid", files.len(), wrong.len());
    Ok(wrong.is_empty())
}

fn schemas() -> Option<OsString> {
    std::env::var_os("EWS_SCHEMA").filter(|folder| !folder.is_empty())
}

/// Where the messages are kept: beside what cargo builds.
fn folder(root: &Path) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    target.join("ews-messages")
}

fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        files.push(entry?.path());
    }
    files.sort();
    Ok(files)
}

/// How many messages were spoiled, by what spoiled them and whose tests wanted it: one byte each.
fn spoiled(folder: &Path) -> anyhow::Result<BTreeMap<String, u64>> {
    let mut counts = BTreeMap::new();
    for file in files(folder)? {
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        counts.insert(name, fs::metadata(&file)?.len());
    }
    Ok(counts)
}

fn is_noise(file: &Path) -> bool {
    file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(NOISE))
}

fn validates(told: &str, file: &Path) -> bool {
    let line = format!("{} validates", file.display());
    told.lines().any(|one| one == line)
}

/// The first thing said against a file.
fn complaint(told: &str, file: &Path) -> String {
    let begin = file.display().to_string();
    let said = told.lines().find(|line| line.starts_with(&begin) && !line.ends_with("fails to validate"));
    said.map_or_else(|| format!("{begin}: not judged"), str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{complaint, is_noise, validates};

    const TOLD: &str = "a.xml validates\nb.xml:1: element Start: Schemas validity error : Element 'Start': no.\nb.xml fails to validate\n";

    #[test]
    fn a_message_is_valid_only_when_the_judge_says_so() {
        assert!(validates(TOLD, Path::new("a.xml")));
        for other in ["b.xml", "c.xml", "xa.xml"] {
            assert!(!validates(TOLD, Path::new(other)), "{other}");
        }
    }

    #[test]
    fn only_requests_of_the_tests_of_noise_are_spoiled_by_them() {
        assert!(is_noise(Path::new("kept/hostile-request-GetItem-1.xml")));
        for judged in ["kept/hostile-answer-GetItemResponse-1.xml", "hostile-request-/proof-request-GetItem-1.xml"] {
            assert!(!is_noise(Path::new(judged)), "{judged}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_of_the_message_it_is_wrong_with() {
        assert!(complaint(TOLD, Path::new("b.xml")).contains("Element 'Start': no."));
        assert_eq!(complaint(TOLD, Path::new("c.xml")), "c.xml: not judged");
    }
}
