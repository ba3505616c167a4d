//! The real messages that fuzzing starts from: they stand in `fuzz/corpus`, a folder for each way in.

use std::path::{Path, PathBuf};

/// The messages of one way in, by name.
pub fn messages(way: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(way);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
        .into_iter()
        .map(|file| {
            let name = file.file_name().expect("a name").to_string_lossy().into_owned();
            (name, std::fs::read(&file).expect("a message"))
        })
        .collect()
}

#[test]
fn every_message_is_taken() {
    for way in hostile::WAYS {
        let messages = messages(way.name);
        assert!(messages.len() >= 5, "{}: {} messages", way.name, messages.len());
        for (_, message) in messages {
            (way.take)(&message);
        }
    }
}

/// Messages that are no messages would let everything pass.
#[test]
fn the_messages_are_real() {
    use wire::ews::{GetItem, SyncFolderItems, parse};
    let answers = messages("answers");
    let limits = wire::xml::Limits::default();
    assert!(answers.iter().filter(|(_, bytes)| parse::<GetItem>(bytes, limits).is_ok()).count() >= 3);
    assert!(answers.iter().any(|(_, bytes)| parse::<SyncFolderItems>(bytes, limits).is_ok()));
}
