//! The floor: the same answers through quick-xml alone, every name, attribute and text owned, and nothing done with them.

use crate::played;
use crate::spent::spent_ns;
use quick_xml::Reader;
use quick_xml::events::Event;
use std::hint::black_box;
use std::path::Path;

/// So often, for a figure that is not noise.
const TIMES: u64 = 5;

/// Nanoseconds for all answers once.
pub fn parsed(folder: &Path) -> u64 {
    let answers = played::answers(folder);
    let before = spent_ns();
    for _ in 0..TIMES {
        for answer in &answers {
            black_box(owned(answer));
        }
    }
    (spent_ns() - before) / TIMES
}

fn owned(answer: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(answer).expect("text");
    let mut reader = Reader::from_str(text);
    let mut texts = Vec::new();
    loop {
        match reader.read_event().expect("an answer") {
            Event::Start(start) | Event::Empty(start) => {
                texts.push(start.local_name().as_ref().to_owned());
                for attribute in start.attributes() {
                    let attribute = attribute.expect("an attribute");
                    texts.push(attribute.key.local_name().as_ref().to_owned());
                    texts.push(quick_xml::escape::unescape(&attribute.value).expect("text").into_owned());
                }
            }
            Event::Text(found) => texts.push(found.to_string()),
            Event::CData(found) => texts.push(found.to_string()),
            Event::GeneralRef(name) => texts.push(name.to_string()),
            Event::End(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            Event::Eof => return texts,
        }
    }
}
