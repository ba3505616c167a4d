//! What an Exchange server answers, read as each operation's answer.

use wire::ews::{
    CreateFolder, CreateItem, DeleteFolder, DeleteItem, FindFolder, FindItem, GetFolder, GetItem, MoveItem, Operation,
    ResolveNames, SyncFolderItems, UpdateFolder, UpdateItem, parse, server_of,
};
use wire::xml::Limits;

/// Reads the bytes as the answer of every operation we send.
///
/// # Panics
/// When one document is believed as the answer of two kinds of question.
pub fn answers(bytes: &[u8]) {
    let _ = server_of(bytes, Limits::default());
    let believed = [
        believed::<GetItem>(bytes),
        believed::<SyncFolderItems>(bytes),
        believed::<FindItem>(bytes),
        believed::<FindFolder>(bytes),
        believed::<GetFolder>(bytes),
        believed::<CreateItem>(bytes),
        believed::<UpdateItem>(bytes),
        believed::<DeleteItem>(bytes),
        believed::<DeleteFolder>(bytes),
        believed::<MoveItem>(bytes),
        believed::<CreateFolder>(bytes),
        believed::<UpdateFolder>(bytes),
        believed::<ResolveNames>(bytes),
    ];
    assert!(believed.into_iter().filter(|one| *one).count() <= 1, "one document answers one kind of question");
}

fn believed<O: Operation>(bytes: &[u8]) -> bool {
    parse::<O>(bytes, Limits::default()).is_ok()
}
