//! Content lines as iCalendar and vCard share them: folding, parameters, escaping.

/// One content line taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub name: String,
    pub params: Vec<(String, String)>,
    pub value: String,
}

/// More lines than any appointment has.
const MAX_LINES: usize = 20_000;

/// Unfolds and takes apart.
pub(crate) fn read(text: &str) -> Vec<Line> {
    let unfolded = text.replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "");
    unfolded.lines().take(MAX_LINES).filter_map(line).collect()
}

fn line(text: &str) -> Option<Line> {
    let mut quoted = false;
    let colon = text.char_indices().find_map(|(at, c)| {
        if c == '"' {
            quoted = !quoted;
        }
        (c == ':' && !quoted).then_some(at)
    })?;
    let (head, value) = (&text[..colon], &text[colon + 1..]);
    let mut parts = split(head, ';').into_iter();
    let name = parts.next()?.trim().to_ascii_uppercase();
    let params = parts
        .filter_map(|param| {
            let (key, value) = param.split_once('=')?;
            Some((key.trim().to_ascii_uppercase(), value.trim_matches('"').to_owned()))
        })
        .collect();
    Some(Line { name, params, value: value.to_owned() })
}

fn split(text: &str, at: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for c in text.chars() {
        if c == '"' {
            quoted = !quoted;
        }
        if c == at && !quoted {
            parts.push(String::new());
        } else if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    parts
}

impl Line {
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The value as text, escapes undone.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        let mut chars = self.value.chars();
        while let Some(c) = chars.next() {
            if c != '\\' {
                out.push(c);
                continue;
            }
            match chars.next() {
                Some('n' | 'N') => out.push_str("\r\n"),
                Some(other) => out.push(other),
                None => {}
            }
        }
        out
    }
}

/// Text for a value.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace("\r\n", "\\n").replace('\n', "\\n")
}

/// Writes lines, folded at 75 octets.
#[derive(Default)]
pub(crate) struct Lines(pub String);

impl Lines {
    pub(crate) fn add(&mut self, line: &str) {
        let mut width = 0;
        for c in line.chars() {
            if width + c.len_utf8() > 75 {
                self.0.push_str("\r\n ");
                width = 1;
            }
            self.0.push(c);
            width += c.len_utf8();
        }
        self.0.push_str("\r\n");
    }

    pub(crate) fn text(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.add(&format!("{name}:{}", escaped(text)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_folded_and_unfolded_without_loss() {
        let long = "ä;b,c\\d\r\n".repeat(40);
        let mut lines = Lines::default();
        lines.text("DESCRIPTION", &long);
        assert!(lines.0.lines().all(|line| line.len() <= 75));
        assert_eq!(read(&lines.0)[0].text(), long);
    }

    #[test]
    fn a_quoted_parameter_may_hold_separators() {
        let line = &read("ATTENDEE;CN=\"Smith; Ann: x\";ROLE=REQ-PARTICIPANT:mailto:a@b.test")[0];
        assert_eq!(line.param("CN"), Some("Smith; Ann: x"));
        assert_eq!(line.value, "mailto:a@b.test");
    }
}
