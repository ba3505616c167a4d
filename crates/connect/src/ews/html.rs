//! HTML bodies as the lines of text that a person reads (trap 128).

use std::ops::Range;

/// One line of text, and where its first and last character stand in the HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What a person reads.
    pub text: String,
    /// Where it stands.
    pub at: Range<usize>,
}

/// The lines a person reads.
pub fn lines(html: &str) -> Vec<Line> {
    let mut out = Lines::default();
    let (mut silent, mut pre) = (None::<String>, 0usize);
    for (token, at) in tokens(html) {
        match token {
            Token::Tag { name, closing, .. } => {
                if let Some(inside) = &silent {
                    if closing && *inside == name {
                        silent = None;
                    }
                    continue;
                }
                match (name.as_str(), closing) {
                    ("head" | "style" | "script" | "title", false) => silent = Some(name),
                    ("br", _) => out.end(at.start),
                    ("pre", false) => {
                        out.end_if_begun();
                        pre += 1;
                    }
                    ("pre", true) => {
                        out.end_if_begun();
                        pre = pre.saturating_sub(1);
                    }
                    ("td" | "th", true) => out.push(" ", at.start..at.start, false),
                    (name, _) if is_block(name) => out.end_if_begun(),
                    _ => {}
                }
            }
            Token::Text if silent.is_none() => text(html, at, pre > 0, &mut out),
            Token::Text | Token::Other => {}
        }
    }
    out.end_if_begun();
    out.done
}

/// The text alone, lines joined.
pub fn text_of(html: &str) -> String {
    let lines: Vec<String> = lines(html).into_iter().map(|line| line.text).collect();
    lines.join("\n")
}

/// A piece of a page.
#[derive(Debug, PartialEq)]
pub(super) enum Token {
    Tag { name: String, closing: bool, void: bool },
    Text,
    Other,
}

/// Cuts HTML into tags, text and the rest (comments, declarations). Never fails: what is no tag is text.
pub(super) fn tokens(html: &str) -> impl Iterator<Item = (Token, Range<usize>)> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = html.get(at..).filter(|rest| !rest.is_empty())?;
        let start = at;
        let (token, length) = next(rest);
        at += length;
        Some((token, start..at))
    })
}

fn next(rest: &str) -> (Token, usize) {
    if let Some(comment) = rest.strip_prefix("<!--") {
        return (Token::Other, comment.find("-->").map_or(rest.len(), |end| end + 7));
    }
    let after = rest.strip_prefix('<');
    let begins =
        after.and_then(|after| after.bytes().next()).is_some_and(|b| b.is_ascii_alphabetic() || b"/!?".contains(&b));
    if !begins {
        let skip = usize::from(after.is_some());
        return (Token::Text, rest[skip..].find('<').map_or(rest.len(), |end| end + skip));
    }
    let length = tag_end(rest);
    let inside = rest[1..length].trim_end_matches('>');
    let closing = inside.starts_with('/');
    let name: String = inside
        .trim_start_matches('/')
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric())
        .collect::<String>()
        .to_ascii_lowercase();
    if name.is_empty() {
        return (Token::Other, length);
    }
    let void = inside.ends_with('/') || is_void(&name);
    (Token::Tag { name, closing, void }, length)
}

/// Where a tag ends; a `>` inside quotes does not end it.
fn tag_end(rest: &str) -> usize {
    let mut quote = None;
    for (at, byte) in rest.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return at + 1,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), close) if open == close => quote = None,
            _ => {}
        }
    }
    // Quotes that never close: the tag ends at the first `>` after all.
    rest.find('>').map_or(rest.len(), |at| at + 1)
}

fn is_void(name: &str) -> bool {
    matches!(name, "br" | "hr" | "img" | "input" | "meta" | "link" | "wbr" | "col" | "area" | "base")
}

fn is_block(name: &str) -> bool {
    matches!(
        name,
        "p" | "div"
            | "tr"
            | "table"
            | "tbody"
            | "thead"
            | "li"
            | "ul"
            | "ol"
            | "dl"
            | "dt"
            | "dd"
            | "blockquote"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "hr"
            | "body"
            | "html"
            | "center"
            | "form"
            | "section"
            | "article"
            | "header"
            | "footer"
            | "address"
    )
}

/// Lines being gathered.
#[derive(Default)]
struct Lines {
    done: Vec<Line>,
    text: String,
    at: Option<Range<usize>>,
}

impl Lines {
    fn push(&mut self, piece: &str, at: Range<usize>, solid: bool) {
        if self.at.is_none() && !solid {
            return;
        }
        self.text.push_str(piece);
        if solid {
            let start = self.at.as_ref().map_or(at.start, |known| known.start);
            self.at = Some(start..at.end);
        }
    }

    fn end(&mut self, here: usize) {
        let at = self.at.take().unwrap_or(here..here);
        let text = std::mem::take(&mut self.text).replace('\u{a0}', " ");
        self.done.push(Line { text: text.trim_end().to_owned(), at });
    }

    fn end_if_begun(&mut self) {
        match self.at.clone() {
            Some(at) => self.end(at.end),
            None => self.text.clear(),
        }
    }
}

/// Adds a stretch of text: white space runs are one blank, references are resolved.
fn text(html: &str, at: Range<usize>, pre: bool, out: &mut Lines) {
    let mut place = at.start;
    while place < at.end {
        let rest = &html[place..at.end];
        let Some(c) = rest.chars().next() else { return };
        let mut length = c.len_utf8();
        if c == '&' {
            let (resolved, taken) = reference(rest);
            length = taken;
            out.push(&resolved, place..place + length, true);
        } else if c.is_ascii_whitespace() {
            if pre && c == '\n' {
                out.end(place);
            } else if pre && c != '\r' {
                out.push(" ", place..place + 1, true);
            } else if !pre && !out.text.ends_with(' ') {
                out.push(" ", place..place + 1, false);
            }
        } else {
            out.push(rest.get(..length).unwrap_or(""), place..place + length, true);
        }
        place += length;
    }
}

/// A character reference at the start of `rest`: what it stands for, and its length. Unknown ones stay as written.
fn reference(rest: &str) -> (String, usize) {
    let name: &str = match rest[1..].find(|c: char| !c.is_ascii_alphanumeric() && c != '#') {
        Some(end) => &rest[1..=end],
        None => &rest[1..],
    };
    let closed = rest.as_bytes().get(name.len() + 1) == Some(&b';');
    let length = name.len() + 1 + usize::from(closed);
    let number = name.strip_prefix('#').and_then(|digits| match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => digits.parse().ok(),
    });
    let known = match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some('\u{a0}'),
        "auml" => Some('ä'),
        "ouml" => Some('ö'),
        "uuml" => Some('ü'),
        "Auml" => Some('Ä'),
        "Ouml" => Some('Ö'),
        "Uuml" => Some('Ü'),
        "szlig" => Some('ß'),
        "eacute" => Some('é'),
        "egrave" => Some('è'),
        "agrave" => Some('à'),
        "ccedil" => Some('ç'),
        "ndash" => Some('–'),
        "mdash" => Some('—'),
        "hellip" => Some('…'),
        "euro" => Some('€'),
        "copy" => Some('©'),
        "reg" => Some('®'),
        "bull" => Some('•'),
        "middot" => Some('·'),
        "lsquo" => Some('‘'),
        "rsquo" => Some('’'),
        "ldquo" => Some('“'),
        "rdquo" => Some('”'),
        "laquo" => Some('«'),
        "raquo" => Some('»'),
        _ => number.and_then(char::from_u32).filter(|c| !c.is_control()),
    };
    match known {
        Some(c) => (c.to_string(), length),
        None => ("&".to_owned(), 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTLOOK: &str = "<html xmlns:o=\"urn:x\"><head><style>p.MsoNormal{margin:0}</style></head><body lang=DE>\r\n\
        <div class=WordSection1><p class=MsoNormal>Bring <b>the  slides</b><o:p></o:p></p><p class=MsoNormal>&nbsp;</p>\
        <p class=MsoNormal>Caf&eacute; &amp; cake</p><table><tr><td>a</td><td>b</td></tr></table></div></body></html>";

    #[test]
    fn a_page_is_read_as_a_person_reads_it() {
        assert_eq!(text_of(OUTLOOK), "Bring the slides\n\nCafé & cake\na b");
        assert_eq!(text_of("a<br>b<br><br>c"), "a\nb\n\nc");
        assert_eq!(text_of("<div>a</div><div><br></div><div>b</div>"), "a\n\nb");
        assert_eq!(text_of("<pre>a\r\n  b</pre>c"), "a\n  b\nc");
        assert_eq!(text_of("x < y &unknown; &#x41;&#1; <!-- no --><script>no</script>z"), "x < y &unknown; A&#1; z");
        assert_eq!(text_of(""), "");
    }
}
