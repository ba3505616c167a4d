//! HTML bodies as lines of text, and new lines put into HTML so that everything around them stays (rule C11, trap 128).

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

/// The HTML with its lines changed to `new`; what stands outside the changed lines stays byte for byte. None when no
/// such change gives the text wanted, which only very odd markup brings about.
pub fn replace(html: &str, new: &[String]) -> Option<String> {
    let old = lines(html);
    let mut changed = html.to_owned();
    // From the last change to the first, so that places before it still hold.
    for (gone, come) in hunks(&old, new).into_iter().rev() {
        let put: Vec<String> = new[come].iter().map(|text| escape(text)).collect();
        changed = splice(&changed, &old, gone, &put.join("<br>\r\n"), put.is_empty());
    }
    let wanted: Vec<&str> = new.iter().map(|line| line.trim_end()).collect();
    (model::same::normal(&text_of(&changed)) == model::same::normal(&wanted.join("\n"))).then_some(changed)
}

/// Which old lines give way to which new ones, first to last: the lines both have in common stay.
fn hunks(old: &[Line], new: &[String]) -> Vec<(Range<usize>, Range<usize>)> {
    let same = |a: usize, b: usize| old[a].text.trim_end() == new[b].trim_end();
    let most = old.len().min(new.len());
    let front = (0..most).take_while(|at| same(*at, *at)).count();
    let back = (0..most - front).take_while(|at| same(old.len() - 1 - at, new.len() - 1 - at)).count();
    let (a_end, b_end) = (old.len() - back, new.len() - back);
    let (rows, columns) = (a_end - front, b_end - front);
    // Very long changes are taken as one.
    if rows * columns == 0 || rows * columns > 4_000_000 {
        return if rows + columns == 0 { Vec::new() } else { vec![(front..a_end, front..b_end)] };
    }
    // The longest run of common lines, counted from the end.
    let mut common = vec![vec![0u32; columns + 1]; rows + 1];
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            common[row][column] = if same(front + row, front + column) {
                common[row + 1][column + 1] + 1
            } else {
                common[row + 1][column].max(common[row][column + 1])
            };
        }
    }
    let (mut found, mut row, mut column) = (Vec::new(), 0, 0);
    while row < rows || column < columns {
        let (from_row, from_column) = (row, column);
        while (row < rows || column < columns) && !(row < rows && column < columns && same(front + row, front + column))
        {
            let down = column == columns || row < rows && common[row + 1][column] >= common[row][column + 1];
            if down { row += 1 } else { column += 1 }
        }
        if (row, column) != (from_row, from_column) {
            found.push((front + from_row..front + row, front + from_column..front + column));
        }
        while row < rows && column < columns && same(front + row, front + column) {
            (row, column) = (row + 1, column + 1);
        }
    }
    found
}

/// Puts new lines (as HTML) in the place of old ones.
fn splice(html: &str, old: &[Line], gone: Range<usize>, put: &str, nothing: bool) -> String {
    match (gone.is_empty(), nothing) {
        (true, true) => html.to_owned(),
        (false, false) => cut_in(html, old[gone.start].at.start..old[gone.end - 1].at.end, put, true),
        (false, true) => {
            let range = match old.get(gone.end) {
                Some(next) => old[gone.start].at.start..next.at.start,
                None if gone.start > 0 => old[gone.start - 1].at.end..old[gone.end - 1].at.end,
                None => old[gone.start].at.start..old[gone.end - 1].at.end,
            };
            cut_in(html, range, "", false)
        }
        (true, false) => {
            let (at, put) = match (old.get(gone.start), old.last()) {
                (Some(next), _) => (next.at.start, format!("{put}<br>\r\n")),
                (None, Some(last)) => (last.at.end, format!("<br>\r\n{put}")),
                (None, None) => (end_of_body(html), put.to_owned()),
            };
            cut_in(html, at..at, &put, false)
        }
    }
}

/// A whole document of these lines, for a body that cannot be changed in place.
pub fn document(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| escape(line)).collect();
    format!("<html><body><div>{}</div></body></html>", lines.join("<br>\r\n"))
}

#[derive(Debug, PartialEq)]
enum Token {
    Tag { name: String, closing: bool, void: bool },
    Text,
    Other,
}

/// Cuts HTML into tags, text and the rest (comments, declarations). Never fails: what is no tag is text.
fn tokens(html: &str) -> impl Iterator<Item = (Token, Range<usize>)> + '_ {
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

/// Puts `new` in place of a range. Tags in the range whose other half is outside stay, so that the document stays
/// well formed; text, breaks and whole elements go. Pictures in a line that is only changed stay.
fn cut_in(html: &str, range: Range<usize>, new: &str, pictures: bool) -> String {
    let part = &html[range.clone()];
    let found: Vec<(Token, Range<usize>)> = tokens(part).collect();
    let mut keep = vec![false; found.len()];
    let mut open: Vec<usize> = Vec::new();
    for (index, (token, _)) in found.iter().enumerate() {
        let Token::Tag { name, closing, void } = token else { continue };
        if *void {
            keep[index] = pictures && name == "img";
            continue;
        }
        if !closing {
            open.push(index);
            continue;
        }
        let partner =
            open.iter().rposition(|at| matches!(&found[*at].0, Token::Tag { name: known, .. } if known == name));
        match partner {
            Some(at) => open.truncate(at),
            None => keep[index] = true,
        }
    }
    for index in open {
        keep[index] = true;
    }
    let kept: String = found.iter().zip(keep).filter(|(_, keep)| *keep).map(|((_, at), _)| &part[at.clone()]).collect();
    [&html[..range.start], new, &kept, &html[range.end..]].concat()
}

fn end_of_body(html: &str) -> usize {
    let lower = html.to_ascii_lowercase();
    lower.rfind("</body").or_else(|| lower.rfind("</html")).unwrap_or(html.len())
}

/// A line of text as HTML; blanks that HTML would swallow are kept.
fn escape(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut blank = true;
    for c in line.trim_end().chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            ' ' | '\t' if blank => out.push_str("&nbsp;"),
            '\t' => out.push(' '),
            c => out.push(c),
        }
        blank = c == ' ' || c == '\t';
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

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

    // C11
    #[test]
    fn what_stands_outside_the_changed_line_stays_byte_for_byte() {
        let new = replace(OUTLOOK, &owned(&["Bring the slides", "", "Tea <only>", "a b"])).expect("replaced");
        assert_eq!(new, OUTLOOK.replace("Caf&eacute; &amp; cake", "Tea &lt;only&gt;"));
        let new = replace(OUTLOOK, &owned(&["Bring the notes", "", "Café & cake", "a b"])).expect("replaced");
        assert!(
            new.contains("<p class=MsoNormal>Bring the notes<b></b><o:p></o:p></p><p class=MsoNormal>&nbsp;</p>"),
            "{new}"
        );
        assert_eq!(replace(OUTLOOK, &owned(&["Bring the slides", "", "Café & cake", "a b"])).as_deref(), Some(OUTLOOK));
    }

    #[test]
    fn lines_come_and_go_anywhere() {
        let page = "<div>one<br>two<br>three</div>";
        let to = |lines: &[&str]| replace(page, &owned(lines)).expect("replaced");
        assert_eq!(to(&["one", "two", "three", "four"]), "<div>one<br>two<br>three<br>\r\nfour</div>");
        assert_eq!(to(&["zero", "one", "two", "three"]), "<div>zero<br>\r\none<br>two<br>three</div>");
        assert_eq!(to(&["one", "three"]), "<div>one<br>three</div>");
        assert_eq!(to(&["one", "two"]), "<div>one<br>two</div>");
        assert_eq!(to(&[]), "<div></div>");
        assert_eq!(
            replace("<html><body></body></html>", &owned(&["a"])).as_deref(),
            Some("<html><body>a</body></html>")
        );
    }

    #[test]
    fn a_document_reads_back_as_its_lines() {
        let lines = ["  two  blanks", "", "<b> & \"x\"", "a\tb"];
        assert_eq!(text_of(&document(&owned(&lines))), "  two  blanks\n\n<b> & \"x\"\na b");
    }

    // trap 137
    #[test]
    fn text_from_the_crm_is_never_markup() {
        let page = document(&owned(&["<script>alert(1)</script>", "&lt;img src=x onerror=y&gt;"]));
        assert!(!page.contains("<script") && !page.contains("<img"));
        assert_eq!(text_of(&page), "<script>alert(1)</script>\n&lt;img src=x onerror=y&gt;");
    }

    // Any lines put into any page read back as those lines, and changes far apart leave what is between alone.
    #[test]
    fn random_changes_read_back_as_wanted() {
        let pages = [
            OUTLOOK,
            "one<br>two<br>three",
            "<div>one</div><div>two</div><div><br></div><div>three <i>x</i></div>",
            "<p>one</p><p>two</p><table><tr><td>c</td></tr></table>",
            "",
            "<ul><li>one</li><li>two</li></ul>tail",
        ];
        let words = ["one", "two", "", "three", "new <b>", "c", "  in"];
        let mut seed = 7u64;
        let mut roll = |most: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(seed >> 33).expect("31 bits") % most
        };
        let mut in_place = 0;
        for _ in 0..3_000 {
            let page = pages[roll(pages.len())];
            let new: Vec<String> = (0..roll(6)).map(|_| words[roll(words.len())].to_owned()).collect();
            if let Some(changed) = replace(page, &new) {
                in_place += 1;
                assert_eq!(model::same::normal(&text_of(&changed)), model::same::normal(&new.join("\n")), "{page}");
            }
        }
        assert!(in_place > 2_000, "{in_place}");
    }
}
