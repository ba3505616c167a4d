//! What a command shows: tables and sentences for people, JSON for programs.

use crate::exit::Failure;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};
use serde::Serialize;
use std::io::Write;

/// Where a command shows its result, and for whom.
pub struct Show<'a> {
    out: &'a mut (dyn Write + Send),
    json: bool,
}

impl<'a> Show<'a> {
    /// Shows here; for programs when `json` is set.
    pub fn new(out: &'a mut (dyn Write + Send), json: bool) -> Show<'a> {
        Show { out, json }
    }

    /// Whether a program reads along.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// A result: the value for programs, the sentence for people.
    pub fn done(&mut self, value: &impl Serialize, sentence: &str) -> Result<(), Failure> {
        if self.json { self.value(value) } else { self.line(sentence) }
    }

    /// A list: the values for programs, a table for people.
    pub fn list<T: Serialize>(
        &mut self,
        values: &[T],
        head: &[&str],
        row: impl Fn(&T) -> Vec<String>,
    ) -> Result<(), Failure> {
        if self.json {
            return self.value(&values);
        }
        if values.is_empty() {
            return self.line("nothing");
        }
        let mut table = Table::new();
        table
            .load_style(UTF8_FULL_CONDENSED)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_header(head.iter().copied());
        for value in values {
            table.add_row(row(value).into_iter().map(to_the_second));
        }
        self.line(&table.to_string())
    }

    /// One value as one line of JSON.
    pub fn value(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(value)
            .map_err(|why| Failure::not_as_asked(format!("cannot be shown as JSON: {why}")))?;
        self.written(&harmless_json(&text))
    }

    /// One line.
    pub fn line(&mut self, text: &str) -> Result<(), Failure> {
        self.written(&harmless(text))
    }

    fn written(&mut self, text: &str) -> Result<(), Failure> {
        writeln!(self.out, "{text}")?;
        self.out.flush()?;
        Ok(())
    }
}

/// A text that a terminal only shows: what people write in their mailboxes and what servers say may hold characters that
/// steer it, or that turn the order in which it is read.
pub fn harmless(text: &str) -> String {
    replaced(text, |_| char::REPLACEMENT_CHARACTER.to_string())
}

/// The same of JSON, whose strings say the same afterwards.
pub fn harmless_json(json: &str) -> String {
    replaced(json, |it| format!("\\u{:04x}", u32::from(it)))
}

fn replaced(text: &str, by: impl Fn(char) -> String) -> String {
    let steers = |it: char| {
        it.is_control() && !matches!(it, '\n' | '\t') || matches!(it, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut shown = String::with_capacity(text.len());
    for it in text.chars() {
        if steers(it) {
            shown.push_str(&by(it));
        } else {
            shown.push(it);
        }
    }
    shown
}

/// An instant for people: seconds are enough.
pub fn second(at: jiff::Timestamp) -> String {
    format!("{at:.0}")
}

/// A cell that is an instant, to the second; every other one as it stands.
fn to_the_second(cell: String) -> String {
    match cell.parse::<jiff::Timestamp>() {
        Ok(at) if cell.contains('.') => second(at),
        Ok(_) | Err(_) => cell,
    }
}

/// An optional text; a dash when there is none.
pub fn or_dash(text: Option<impl ToString>) -> String {
    text.map_or_else(|| "–".to_owned(), |text| text.to_string())
}

/// "yes" or "no".
pub fn yes_no(yes: bool) -> String {
    if yes { "yes".to_owned() } else { "no".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_see_a_table_and_programs_one_line() {
        let rows = vec![("a".to_owned(), 1), ("b".to_owned(), 2)];
        let shown = |json| {
            let mut out = Vec::new();
            Show::new(&mut out, json)
                .list(&rows, &["name", "count"], |(name, count)| vec![name.clone(), count.to_string()])
                .expect("shown");
            String::from_utf8(out).expect("text")
        };
        assert!(shown(false).contains("name"));
        assert_eq!(shown(true), "[[\"a\",1],[\"b\",2]]\n");
    }

    #[test]
    fn people_see_times_to_the_second_and_programs_as_they_are() {
        let rows = ["2026-03-01T09:00:00.123456789Z", "2026-03-01T09:00:07Z", "1.5"];
        let shown = |json| {
            let mut out = Vec::new();
            Show::new(&mut out, json).list(&rows, &["at"], |one| vec![(*one).to_owned()]).expect("shown");
            String::from_utf8(out).expect("text")
        };
        let table = shown(false);
        assert!(table.contains(" 2026-03-01T09:00:00Z ") && table.contains(" 1.5 "), "{table}");
        assert!(table.contains(" 2026-03-01T09:00:07Z "), "{table}");
        assert!(shown(true).contains("00.123456789Z"));
    }

    #[test]
    fn what_steers_a_terminal_is_shown_and_not_obeyed() {
        let rows = ["Plan\u{1b}[2J\u{9b}31m\r\u{202e}x\ty\u{7f}"];
        let shown = |json| {
            let mut out = Vec::new();
            Show::new(&mut out, json).list(&rows, &["subject"], |one| vec![(*one).to_owned()]).expect("shown");
            String::from_utf8(out).expect("text")
        };
        for text in [shown(false), shown(true)] {
            let obeyed = |it: char| it.is_control() && it != '\n' && it != '\t' || it == '\u{202e}';
            assert!(!text.contains(obeyed), "{text:?}");
        }
        let read: Vec<String> = serde_json::from_str(&shown(true)).expect("JSON");
        assert_eq!(read, rows, "a program reads what there is");
    }
}
