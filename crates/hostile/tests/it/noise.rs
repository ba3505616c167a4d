//! Real messages cut, doubled, stitched together and spoiled with the words of their own language.

use crate::corpus::messages;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use std::sync::LazyLock;

/// The words fuzzing is told too.
const DICTIONARY: &str = include_str!("../../../../fuzz/dictionary");

static WORDS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    DICTIONARY
        .lines()
        .filter_map(|line| line.strip_prefix('"')?.strip_suffix('"'))
        .map(|word| word.replace("\\\"", "\"").replace("\\\\", "\\").into_bytes())
        .collect()
});

/// One change to a message.
#[derive(Clone, Debug)]
enum Edit {
    Cut { from: Index, length: usize },
    Double { from: Index, length: usize, to: Index },
    Insert { at: Index, bytes: Vec<u8> },
    Word { at: Index, word: Index },
    Replace { at: Index, byte: u8 },
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        (any::<Index>(), 1usize..200).prop_map(|(from, length)| Edit::Cut { from, length }),
        (any::<Index>(), 1usize..400, any::<Index>()).prop_map(|(from, length, to)| Edit::Double { from, length, to }),
        (any::<Index>(), vec(any::<u8>(), 1..12)).prop_map(|(at, bytes)| Edit::Insert { at, bytes }),
        (any::<Index>(), any::<Index>()).prop_map(|(at, word)| Edit::Word { at, word }),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Edit::Replace { at, byte }),
    ]
}

fn apply(mut message: Vec<u8>, edits: &[Edit]) -> Vec<u8> {
    for edit in edits {
        let size = message.len() + 1;
        match edit {
            Edit::Cut { from, length } => {
                let from = from.index(size);
                message.drain(from..(from + length).min(size - 1));
            }
            Edit::Double { from, length, to } => {
                let from = from.index(size);
                let part = message[from..(from + length).min(size - 1)].to_vec();
                let to = to.index(size);
                message.splice(to..to, part);
            }
            Edit::Insert { at, bytes } => {
                let at = at.index(size);
                message.splice(at..at, bytes.iter().copied());
            }
            Edit::Word { at, word } => {
                let at = at.index(size);
                message.splice(at..at, WORDS[word.index(WORDS.len())].iter().copied());
            }
            Edit::Replace { at, byte } => {
                if let Some(place) = message.get_mut(at.index(size)) {
                    *place = *byte;
                }
            }
        }
    }
    message
}

fn tried(way: &str, cases: u32) {
    let way = hostile::WAYS.iter().find(|known| known.name == way).expect("a way in");
    let seeds = messages(way.name);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let spoiled = (any::<Index>(), vec(edit(), 0..6));
    let outcome = runner.run(&spoiled, |(which, edits)| {
        (way.take)(&apply(seeds[which.index(seeds.len())].1.clone(), &edits));
        Ok(())
    });
    if let Err(why) = outcome {
        panic!("{}: {why}", way.name);
    }
}

// E1, trap 136, trap 148
#[test]
fn spoiled_answers_are_survived() {
    tried("answers", 2_000);
}

#[test]
fn spoiled_items_are_survived() {
    tried("mailbox", 1_200);
}

// E3
#[test]
fn spoiled_configurations_are_survived() {
    tried("configuration", 2_000);
}

// E3
#[test]
fn spoiled_bodies_are_survived() {
    tried("bodies", 4_000);
}

#[test]
fn spoiled_discoveries_are_survived() {
    tried("discovery", 2_000);
}

#[test]
fn spoiled_requests_are_survived() {
    tried("requests", 1_200);
}
