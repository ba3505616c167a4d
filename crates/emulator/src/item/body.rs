//! The text of an item: how Exchange changes what it is given, and how it turns text into HTML and back.

/// A body as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Body {
    pub html: bool,
    pub text: String,
}

/// The form a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyForm {
    Best,
    Html,
    Text,
}

impl Body {
    /// What the store makes of a body: line ends become CRLF, and HTML without a head gets one.
    pub(crate) fn stored(html: bool, text: &str) -> Self {
        let text = crlf(text);
        if !html || text.is_empty() {
            return Self { html: html && !text.is_empty(), text };
        }
        let lower = text.to_ascii_lowercase();
        let text = if lower.contains("<html") {
            text
        } else {
            let inner = if lower.contains("<body") { text } else { format!("<body>\r\n{text}\r\n</body>") };
            format!(
                "<html>\r\n<head>\r\n<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">\r\n</head>\r\n{inner}\r\n</html>\r\n"
            )
        };
        Self { html: true, text }
    }

    /// The body in the form asked for: whether it is HTML, and the text.
    pub(crate) fn shown(&self, form: BodyForm) -> (bool, String) {
        match (form, self.html) {
            (BodyForm::Best, html) => (html, self.text.clone()),
            (BodyForm::Html, true) => (true, self.text.clone()),
            (BodyForm::Text, false) => (false, self.text.clone()),
            (BodyForm::Text, true) => (false, text_of_html(&self.text)),
            (BodyForm::Html, false) => (true, html_of_text(&self.text)),
        }
    }

    /// Adds to the end, as AppendToItemField does.
    pub(crate) fn append(&mut self, html: bool, text: &str) {
        let addition = if self.html && !html {
            html_escaped(&crlf(text))
        } else if !self.html && html {
            text_of_html(text)
        } else {
            crlf(text)
        };
        let at = if self.html {
            self.text.to_ascii_lowercase().rfind("</body>").unwrap_or(self.text.len())
        } else {
            self.text.len()
        };
        self.text.insert_str(at, &addition);
    }
}

/// Every line end as CRLF.
pub(crate) fn crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n")
}

fn html_escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn html_of_text(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let lines = html_escaped(text).replace("\r\n", "<br>\r\n");
    format!(
        "<html>\r\n<head>\r\n<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">\r\n<meta name=\"Generator\" content=\"Microsoft Exchange Server\">\r\n<!-- converted from text -->\r\n<style><!-- .EmailQuote {{ margin-left: 1pt; padding-left: 4pt; border-left: #800000 2px solid; }} --></style>\r\n</head>\r\n<body>\r\n<font size=\"2\"><span style=\"font-size:11pt;\"><div class=\"PlainText\">{lines}</div></span></font>\r\n</body>\r\n</html>\r\n"
    )
}

/// HTML as plain text: elements that are not shown go, blocks and `<br>` end lines, references become characters.
pub(crate) fn text_of_html(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        push_text(&rest[..at], &mut out);
        let tail = &rest[at..];
        if tail.starts_with("<!--") {
            rest = tail.find("-->").map_or("", |end| &tail[end + 3..]);
            continue;
        }
        let Some(end) = tail.find('>') else {
            push_text(tail, &mut out);
            rest = "";
            break;
        };
        let tag = tail[1..end].trim().to_ascii_lowercase();
        let name: String = tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
        rest = &tail[end + 1..];
        match name.as_str() {
            "head" | "style" | "script" | "title" if !tag.starts_with('/') => {
                let closing = format!("</{name}");
                let lower = rest.to_ascii_lowercase();
                rest = lower.find(&closing).map_or("", |at| &rest[at..]);
            }
            "br" => end_line(&mut out),
            "p" | "div" | "tr" | "li" | "h1" | "h2" | "h3" | "table" | "ul" | "ol"
                if tag.starts_with('/') || !out.ends_with("\r\n") && !out.is_empty() =>
            {
                end_line(&mut out);
            }
            _ => {}
        }
    }
    push_text(rest, &mut out);
    let end = out.trim_end_matches(['\r', '\n', ' ']).len();
    out.truncate(end);
    out
}

fn end_line(out: &mut String) {
    let end = out.trim_end_matches(' ').len();
    out.truncate(end);
    out.push_str("\r\n");
}

fn push_text(text: &str, out: &mut String) {
    let mut space = out.is_empty() || out.ends_with([' ', '\n']);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c.is_ascii_whitespace() {
            if !space {
                out.push(' ');
                space = true;
            }
            rest = &rest[1..];
            continue;
        }
        space = false;
        if c == '&'
            && let Some(end) = rest.find(';').filter(|end| *end <= 10)
            && let Some(decoded) = reference(&rest[1..end])
        {
            out.push(decoded);
            rest = &rest[end + 1..];
            continue;
        }
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
}

fn reference(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        name => {
            let digits = name.strip_prefix('#')?;
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // trap 143
    #[test]
    fn a_body_is_normalised_once_and_then_stays() {
        for (html, text) in [(false, "a\nb\rc\r\nd"), (true, "<p>a\nb</p>")] {
            let once = Body::stored(html, text);
            let twice = Body::stored(once.html, &once.text);
            assert!(once == twice);
        }
        assert_eq!(Body::stored(false, "a\nb").text, "a\r\nb");
        assert!(Body::stored(true, "<b>x</b>").text.contains("<head>"));
    }

    #[test]
    fn html_is_shown_as_text_and_text_as_html() {
        let html = Body::stored(
            true,
            "<html><head><title>t</title></head><body><p>one &amp; <b>two</b></p><div>three<br>four</div></body></html>",
        );
        assert_eq!(html.shown(BodyForm::Text), (false, "one & two\r\nthree\r\nfour".to_owned()));
        let text = Body::stored(false, "a < b\nc");
        let (is_html, shown) = text.shown(BodyForm::Html);
        assert!(is_html && shown.contains("a &lt; b<br>\r\nc"));
        assert_eq!(text_of_html(&shown), "a < b\r\nc");
        assert_eq!(text.shown(BodyForm::Best).1, "a < b\r\nc");
    }
}
