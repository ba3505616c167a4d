//! New lines of text put into HTML so that everything around them stays (rule C11).

use std::ops::Range;

use super::html::{Line, Token, lines, text_of, tokens};

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
