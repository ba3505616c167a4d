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
            table.add_row(row(value));
        }
        self.line(&table.to_string())
    }

    /// One value as one line of JSON.
    pub fn value(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(value)
            .map_err(|why| Failure::not_as_asked(format!("cannot be shown as JSON: {why}")))?;
        self.line(&text)
    }

    /// One line as it is.
    pub fn line(&mut self, text: &str) -> Result<(), Failure> {
        writeln!(self.out, "{text}")?;
        self.out.flush()?;
        Ok(())
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
}
