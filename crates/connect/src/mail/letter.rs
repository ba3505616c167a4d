//! A letter as it stands on the line: plain text in base64, so that no content can end it or pass for a command.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use std::fmt::Write as _;

/// Characters of base64 on a line.
const LINE: usize = 76;

/// A letter.
pub struct Letter {
    /// Who writes.
    pub from: String,
    /// To whom.
    pub to: Vec<String>,
    /// Its heading.
    pub subject: String,
    /// What it says.
    pub text: String,
    /// When.
    pub date: Timestamp,
    /// What makes it this letter and no other.
    pub id: String,
}

impl Letter {
    /// Whether an address can stand in a letter and in a command: plain ASCII with one `@` and nothing that would end it.
    #[must_use]
    pub fn takes(address: &str) -> bool {
        let fits = |c: char| c.is_ascii_graphic() && !"<>()[],;:\\\"".contains(c);
        let parts = address.split_once('@');
        address.len() <= 254
            && address.chars().all(fits)
            && parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'))
    }

    /// As it is sent, without the point that ends it.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let host = self.from.rsplit('@').next().unwrap_or("localhost");
        let date = jiff::fmt::rfc2822::to_string(&self.date.to_zoned(jiff::tz::TimeZone::UTC)).unwrap_or_default();
        let mut text = String::new();
        // Writing to a text cannot fail.
        let _ = write!(
            text,
            "From: Syncline <{}>\r\nTo: {}\r\nSubject: {}\r\nDate: {date}\r\nMessage-ID: <{}@{host}>\r\n\
             MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\
             Auto-Submitted: auto-generated\r\n\r\n",
            self.from,
            self.to.iter().map(|to| format!("<{to}>")).collect::<Vec<_>>().join(",\r\n "),
            heading(&self.subject),
            self.id,
        );
        let body = STANDARD.encode(self.text.replace("\r\n", "\n").replace('\n', "\r\n"));
        let mut rest = body.as_str();
        while !rest.is_empty() {
            let (line, behind) = rest.split_at(rest.len().min(LINE));
            text.push_str(line);
            text.push_str("\r\n");
            rest = behind;
        }
        text.into_bytes()
    }
}

/// A heading on one line; what is not plain ASCII is encoded (RFC 2047).
fn heading(text: &str) -> String {
    let plain = text.len() <= 200 && text.chars().all(|c| c == ' ' || c.is_ascii_graphic());
    if plain && !text.contains("=?") {
        return text.to_owned();
    }
    let mut words = Vec::new();
    let mut word = String::new();
    for c in text.chars().filter(|c| !c.is_control()) {
        if word.len() + c.len_utf8() > 42 {
            words.push(std::mem::take(&mut word));
        }
        word.push(c);
    }
    words.push(word);
    let words: Vec<String> = words.iter().map(|word| format!("=?utf-8?B?{}?=", STANDARD.encode(word))).collect();
    words.join("\r\n ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(subject: &str, text: &str) -> String {
        let letter = Letter {
            from: "syncline@crm.test".to_owned(),
            to: vec!["a@crm.test".to_owned(), "b@crm.test".to_owned()],
            subject: subject.to_owned(),
            text: text.to_owned(),
            date: "2026-09-21T08:00:00Z".parse().expect("a time"),
            id: "1f".to_owned(),
        };
        String::from_utf8(letter.bytes()).expect("ASCII")
    }

    // W5
    #[test]
    fn a_letter_is_plain_ascii_whatever_it_says() {
        let sent = letter("Syncline: 1 new", "ALERT: ü\n.\nQUIT");
        let (head, body) = sent.split_once("\r\n\r\n").expect("two parts");
        for line in [
            "From: Syncline <syncline@crm.test>",
            "To: <a@crm.test>,",
            " <b@crm.test>",
            "Subject: Syncline: 1 new",
            "Date: Mon, 21 Sep 2026 08:00:00 +0000",
            "Message-ID: <1f@crm.test>",
        ] {
            assert!(head.split("\r\n").any(|known| known == line), "{line}: {head}");
        }
        let read = STANDARD.decode(body.replace("\r\n", "")).expect("base64");
        assert_eq!(String::from_utf8(read).expect("text"), "ALERT: ü\r\n.\r\nQUIT");
        let long = letter("x", &"0123456789".repeat(100));
        assert!(sent.is_ascii() && long.split("\r\n").all(|line| line.len() <= 78), "{long}");
        assert!(!long.split("\r\n").any(|line| line.starts_with('.')));
    }

    #[test]
    fn a_heading_cannot_become_a_second_line_of_the_head() {
        let sent = letter("Grüße\r\nBcc: x@y.test", "");
        assert!(sent.contains("Subject: =?utf-8?B?"), "{sent}");
        assert!(!sent.contains("Bcc"), "{sent}");
    }

    #[test]
    fn an_address_that_could_end_a_command_is_none() {
        for address in ["a@b", "first.last+tag@mail.crm.test", "o'neil@crm.test"] {
            assert!(Letter::takes(address), "{address}");
        }
        for address in ["", "a", "@b", "a@", "a b@c", "a@b>\r\nRCPT TO:<c@d", "<a@b>", "a@b@c", "ä@b", "a@b,c@d"] {
            assert!(!Letter::takes(address), "{address}");
        }
    }
}
