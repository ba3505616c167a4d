//! When two values mean the same. Compared under a normal form that both sides reach (traps 112, 128, 134).

use crate::field::Field;
use crate::value::Value;
use std::borrow::Cow;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Whether two values of a field mean the same thing to a person.
#[must_use]
pub fn same(field: &Field, a: &Value, b: &Value) -> bool {
    if a == b || a.is_blank() && b.is_blank() {
        return true;
    }
    match (a, b) {
        (Value::Text(a), Value::Text(b)) => {
            if field.is_phone() {
                phone(a) == phone(b)
            } else if Field::EMAILS.contains(field) {
                fold(a) == fold(b)
            } else {
                composed(&normal(a)) == composed(&normal(b))
            }
        }
        (Value::When(a), Value::When(b)) => a.same(b),
        (Value::Set(a), Value::Set(b)) => folded(a.iter()) == folded(b.iter()),
        (Value::People(a), Value::People(b)) => {
            a.len() == b.len()
                && a.iter().zip(b).all(|((ka, a), (kb, b))| {
                    ka == kb && a.role == b.role && a.response == b.response && normal(&a.name) == normal(&b.name)
                })
        }
        // "Off" and "never set" are one thing to a person.
        (Value::Flag(false), Value::Null) | (Value::Null, Value::Flag(false)) => true,
        (
            Value::Null
            | Value::Cleared
            | Value::Text(_)
            | Value::Flag(_)
            | Value::Number(_)
            | Value::Day(_)
            | Value::When(_)
            | Value::Instant(_)
            | Value::Rule(_)
            | Value::Set(_)
            | Value::People(_),
            _,
        ) => false,
    }
}

/// Whether two optional values mean the same; absent is as good as blank here.
#[must_use]
pub fn same_or_blank(field: &Field, a: Option<&Value>, b: Option<&Value>) -> bool {
    same(field, a.unwrap_or(&Value::Null), b.unwrap_or(&Value::Null))
}

/// Text in the form both sides reach: `\n` line ends, no-break spaces as spaces, no blanks at the ends of lines or text.
#[must_use]
pub fn normal(text: &str) -> String {
    // Nearly every text is one line, which its bytes tell at once; the first byte of a no-break space is one of others too.
    let other = text.bytes().fold(false, |found, byte| found | matches!(byte, b'\r' | b'\n' | 0xC2));
    if !(other && text.contains(['\r', '\n', '\u{a0}'])) {
        return text.trim().to_owned();
    }
    let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\u{a0}', " ");
    let lines: Vec<&str> = text.split('\n').map(str::trim_end).collect();
    lines.join("\n").trim().to_owned()
}

/// A number's digits, a leading plus, and an extension's letters.
fn phone(text: &str) -> String {
    let text = text.trim();
    let plus = if text.starts_with('+') || text.starts_with("(+") { "+" } else { "" };
    let rest: String = text.chars().filter(char::is_ascii_alphanumeric).flat_map(char::to_lowercase).collect();
    format!("{plus}{rest}")
}

fn folded<'a>(words: impl Iterator<Item = &'a String>) -> std::collections::BTreeSet<String> {
    words.map(|word| composed(word.trim()).to_lowercase()).collect()
}

/// A word compared without case and surrounding space, as categories and match keys are.
#[must_use]
pub fn fold(text: &str) -> String {
    composed(&normal(text)).to_lowercase()
}

/// Letters with their accents in one sign: some programs write an accent as a sign of its own behind the letter.
fn composed(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc(text) { Cow::Borrowed(text) } else { Cow::Owned(text.nfc().collect()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    // trap 134
    #[test]
    fn white_space_that_servers_normalise_is_no_difference() {
        let a = Value::text("One\r\nTwo\u{a0}three  \r\n");
        let b = Value::text("One\nTwo three");
        assert!(same(&Field::Body, &a, &b));
        assert!(!same(&Field::Body, &a, &Value::text("One Two three")));
    }

    // trap 112
    #[test]
    fn phones_are_compared_by_their_digits() {
        for text in ["+49 (89) 123-456", "+4989123456", "+49 89 123456", "+49/89/123.456", "(+49) 89 123456"] {
            assert!(same(&Field::WorkPhone, &Value::text(text), &Value::text("+49 89 123 456")), "{text}");
        }
        assert!(!same(&Field::WorkPhone, &Value::text("089 123456"), &Value::text("089 123456 x7")));
        assert!(!same(&Field::Subject, &Value::text("a-b"), &Value::text("ab")));
    }

    // M1, M3: an address is compared without case.
    #[test]
    fn addresses_are_compared_without_case() {
        assert!(same(&Field::Email2, &Value::text("Ann@X.test"), &Value::text("ann@x.test ")));
        assert!(!same(&Field::Nickname, &Value::text("Ann"), &Value::text("ann")));
    }

    // trap 134, M1: what looks the same is the same, however its accents are written.
    #[test]
    fn accents_written_apart_are_no_difference() {
        for (apart, one) in [
            ("Zoe\u{308}", "Zo\u{eb}"),
            ("A\u{30a}ngstro\u{308}m", "\u{c5}ngstr\u{f6}m"),
            ("\u{1112}\u{1161}", "\u{d558}"),
        ] {
            assert!(same(&Field::LastName, &Value::text(apart), &Value::text(one)), "{one}");
            assert_eq!(fold(apart), fold(one));
            let set = |word: &str| Value::Set([word.to_owned()].into());
            assert!(same(&Field::Categories, &set(apart), &set(one)));
        }
        assert!(!same(&Field::LastName, &Value::text("Zoe"), &Value::text("Zo\u{eb}")));
    }

    #[test]
    fn blank_is_blank_in_every_form() {
        assert!(same(&Field::Email1, &Value::Null, &Value::text("  ")));
        assert!(same(&Field::Private, &Value::Null, &Value::Flag(false)));
        assert!(!same(&Field::Private, &Value::Null, &Value::Flag(true)));
    }
}
