//! Characters: turning references into text, joining surrogate pairs, dropping what XML forbids.

/// Whether XML 1.0 allows this character in a document.
pub(crate) fn is_legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}')
}

/// Collects the text of one element, piece by piece.
///
/// Servers write characters outside the basic plane as two references (`&#xD83D;&#xDE00;`), which XML
/// forbids, and control characters as references (`&#x1;`), which it forbids as well. The first are
/// joined, the second dropped; a half pair alone becomes the replacement character.
pub(crate) struct Gatherer {
    text: String,
    high: Option<u32>,
    limit: usize,
    cut: bool,
}

impl Gatherer {
    /// Starts with nothing, to hold at most `limit` bytes; about so many as expected are to come.
    pub(crate) fn new(limit: usize, expected: usize) -> Self {
        Self { text: String::with_capacity(expected.min(limit)), high: None, limit, cut: false }
    }

    /// Adds a stretch of plain text, as it stands in the document.
    pub(crate) fn plain(&mut self, piece: &str) {
        if piece.is_empty() {
            return;
        }
        self.settle_half();
        // Looked at as a whole, without a way out at each byte: nearly every piece is clean.
        let unclean = piece.bytes().fold(false, |found, byte| found | (byte < 0x20) | (byte == 0xEF));
        if !unclean && self.text.len() + piece.len() <= self.limit {
            self.text.push_str(piece);
            return;
        }
        let mut after_return = false;
        for c in piece.chars() {
            // A raw line end is one line feed, however it is spelt; only a reference keeps a carriage return.
            if after_return && c == '\n' {
                after_return = false;
                continue;
            }
            after_return = c == '\r';
            self.push(if c == '\r' { '\n' } else { c });
        }
    }

    /// Adds a reference, given by what stands between `&` and `;`.
    pub(crate) fn reference(&mut self, name: &str) {
        let number = name.strip_prefix('#').map(|digits| {
            match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => digits.parse(),
            }
            .ok()
        });
        match number {
            Some(Some(high @ 0xD800..=0xDBFF)) => {
                self.settle_half();
                self.high = Some(high);
            }
            Some(Some(low @ 0xDC00..=0xDFFF)) => match self.high.take() {
                Some(high) => {
                    let joined = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
                    self.push(char::from_u32(joined).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                None => self.push(char::REPLACEMENT_CHARACTER),
            },
            Some(Some(code)) => {
                self.settle_half();
                if let Some(c) = char::from_u32(code) {
                    self.push(c);
                }
            }
            Some(None) => self.settle_half(),
            None => {
                self.settle_half();
                match name {
                    "amp" => self.push('&'),
                    "lt" => self.push('<'),
                    "gt" => self.push('>'),
                    "quot" => self.push('"'),
                    "apos" => self.push('\''),
                    // Without a document type no other name means anything; it stays as it was written.
                    _ => {
                        self.push('&');
                        name.chars().for_each(|c| self.push(c));
                        self.push(';');
                    }
                }
            }
        }
    }

    /// The text, and whether some of it did not fit.
    pub(crate) fn finish(mut self) -> (String, bool) {
        self.settle_half();
        (self.text, self.cut)
    }

    fn settle_half(&mut self) {
        if self.high.take().is_some() {
            self.push(char::REPLACEMENT_CHARACTER);
        }
    }

    fn push(&mut self, c: char) {
        if !is_legal(c) {
            return;
        }
        if self.cut || self.text.len() + c.len_utf8() > self.limit {
            self.cut = true;
            return;
        }
        self.text.push(c);
    }
}

/// The text of an attribute value, as written between its quotes.
pub(crate) fn attribute_text(raw: &str, limit: usize) -> String {
    let mut gathered = Gatherer::new(limit, raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        gathered.plain(&rest[..at]);
        rest = &rest[at + 1..];
        match rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '#') {
            Some(end) if rest[end..].starts_with(';') => {
                gathered.reference(&rest[..end]);
                rest = &rest[end + 1..];
            }
            Some(_) | None => gathered.plain("&"),
        }
    }
    gathered.plain(rest);
    gathered.finish().0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(raw: &str) -> String {
        attribute_text(raw, 1000)
    }

    // trap 133
    #[test]
    fn surrogate_references_are_joined() {
        assert_eq!(read("a&#xD83D;&#xDE00;b"), "a\u{1F600}b");
        assert_eq!(read("&#55357;&#56832;"), "\u{1F600}");
    }

    #[test]
    fn half_a_pair_becomes_the_replacement_character() {
        assert_eq!(read("a&#xD83D;b"), "a\u{FFFD}b");
        assert_eq!(read("&#xDE00;"), "\u{FFFD}");
        assert_eq!(read("&#xD83D;"), "\u{FFFD}");
    }

    // trap 131
    #[test]
    fn every_forbidden_control_character_is_dropped() {
        for code in (0u32..0x20).filter(|c| ![9, 10, 13].contains(c)) {
            let raw = char::from_u32(code).expect("a control character");
            assert_eq!(read(&format!("a&#x{code:x};b{raw}c")), "abc");
        }
        assert_eq!(read("a\u{FFFE}b"), "ab");
    }

    #[test]
    fn a_raw_line_end_is_one_line_feed_and_a_reference_stays() {
        assert_eq!(read("a\r\nb\rc&#13;&#10;d"), "a\nb\nc\r\nd");
    }

    #[test]
    fn unknown_names_and_lone_ampersands_stay_as_written() {
        assert_eq!(read("a&nbsp;b & c&#zz;d &lt;&gt;&quot;&apos;&amp;"), "a&nbsp;b & cd <>\"'&");
    }

    #[test]
    fn what_does_not_fit_is_cut_at_a_character() {
        let mut gathered = Gatherer::new(4, 0);
        gathered.plain("ab\u{20AC}c");
        assert_eq!(gathered.finish(), ("ab".to_owned(), true));
    }
}
