//! How a mailbox will show a value after it was written there: cut, translated, in Exchange's words (decision 1).

use jiff::{RoundMode, SignedDuration, Timestamp, TimestampRound, Unit};
use model::lens::{put_back, translated};
use model::{DomainMap, Field, Lens, Path, Side, Value, When, Zone};

use super::{people, rule, time, zone};

/// What stands at the end of a text that was too long for Exchange (rule E5).
const NOTICE: &str = " … (shortened)";

/// The most minutes before its start that Exchange takes for a reminder.
const REMINDER_MINUTES: i64 = 2_629_800;

/// The lens of an Exchange mailbox.
#[derive(Clone, Copy, Debug, Default)]
pub struct EwsLens;

impl Lens for EwsLens {
    fn image(&self, path: &Path, value: &Value, map: &DomainMap) -> Value {
        let value = match value {
            Value::Text(text) => &Value::Text(clean(text)),
            other => other,
        };
        let value = translated(Side::Pim, path, value, map);
        match value {
            Value::Cleared if path.is_cleared_alone() => Value::Cleared,
            Value::Null | Value::Cleared => null(path),
            Value::Text(text) => shown(&path.field, &text),
            Value::When(when) => Value::When(moment(&when)),
            Value::Instant(instant) if !time::is_shown(Zone::utc().time_zone().to_datetime(instant)) => null(path),
            Value::Instant(instant) => Value::Instant(whole_seconds(instant)),
            Value::Day(day) if !time::is_shown(day.into()) => null(path),
            Value::Rule(rule) => Value::Rule(rule::image(&rule)),
            Value::People(people) if path.field == Field::Attendees => Value::People(people::image(&people)),
            Value::Number(number) => Value::Number(match path.field {
                Field::Reminder => number.clamp(0, REMINDER_MINUTES),
                Field::Percent => number.clamp(0, 100),
                _ => number,
            }),
            Value::Set(words) => {
                let words = words.iter().map(|word| clean(word.trim())).filter(|word| !word.is_empty());
                Value::Set(words.map(|word| cut(&word, TEXT)).collect())
            }
            Value::Flag(_) | Value::Day(_) | Value::People(_) => value,
        }
    }

    fn made_whole(&self, path: &Path, edited: &Value, original: &Value, map: &DomainMap) -> Option<Value> {
        let Value::Text(original) = translated(Side::Pim, path, &Value::Text(clean(original.as_text()?)), map) else {
            return None;
        };
        let original = uncut(&path.field, &original);
        put_back(edited.as_text()?, &original, &cut(&original, most(&path.field)), NOTICE).map(Value::Text)
    }
}

/// Longest texts, in the units of UTF-16 that Windows counts: a picture is two, or more.
const TEXT: usize = 255;
const LONG_TEXT: usize = 4_000;
const BODY: usize = 500_000;

/// What Exchange shows where nothing was given. Inside an occurrence nothing means "as the series".
fn null(path: &Path) -> Value {
    match (path.occurrence, &path.field) {
        (None, Field::ShowAs) => Value::text("Busy"),
        (None, Field::Status) => Value::text("NotStarted"),
        (None, Field::Priority) => Value::text("Normal"),
        (None, Field::Percent) => Value::Number(0),
        (None | Some(_), _) => Value::Null,
    }
}

fn shown(field: &Field, text: &str) -> Value {
    let text = cut(&uncut(field, text), most(field));
    if text.is_empty() { Value::Null } else { Value::Text(text) }
}

/// A text in Exchange's form, however long.
fn uncut(field: &Field, text: &str) -> String {
    match field {
        Field::ShowAs => show_as(text).to_owned(),
        Field::Body | Field::BusinessStreet | Field::HomeStreet | Field::Extension(_) | Field::State => text.to_owned(),
        _ => text.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

/// The most of a field that Exchange holds.
fn most(field: &Field) -> usize {
    match field {
        Field::Body => BODY,
        Field::BusinessStreet | Field::HomeStreet | Field::Extension(_) => LONG_TEXT,
        _ => TEXT,
    }
}

/// The word Exchange has for a way of showing time.
pub fn show_as(text: &str) -> &'static str {
    known_show_as(Some(text)).unwrap_or("Busy")
}

/// The word Exchange has for a way of showing time, if it is one.
pub fn known_show_as(text: Option<&str>) -> Option<&'static str> {
    let folded: String = text?.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_ascii_lowercase();
    Some(match folded.as_str() {
        "free" => "Free",
        "tentative" => "Tentative",
        "busy" => "Busy",
        "oof" | "outofoffice" | "away" => "OOF",
        "workingelsewhere" => "WorkingElsewhere",
        _ => return None,
    })
}

/// Without characters that cannot travel in XML.
fn clean(text: &str) -> String {
    let legal = |c: &char| matches!(c, '\t' | '\n' | '\u{20}'..='\u{FFFD}' | '\u{10000}'..);
    text.chars().filter(legal).collect()
}

fn cut(text: &str, most: usize) -> String {
    let length = |text: &str| text.chars().map(char::len_utf16).sum::<usize>();
    if length(text) <= most {
        return text.to_owned();
    }
    let mut room = most - length(NOTICE);
    let fits = |c: &char| {
        let units = c.len_utf16();
        let fits = units <= room;
        room = room.saturating_sub(units);
        fits
    };
    let kept: String = text.chars().take_while(fits).collect();
    format!("{}{NOTICE}", kept.trim_end())
}

/// Exchange keeps whole seconds and one zone for several IANA names.
pub fn moment(when: &When) -> When {
    let whole = |wall: jiff::civil::DateTime| wall.with().subsec_nanosecond(0).build().unwrap_or(wall);
    match when {
        When::Day(day) => When::Day(*day),
        When::Floating(wall) => When::Floating(whole(*wall)),
        When::Zoned { wall, zone } => When::Zoned { wall: whole(*wall), zone: zone::image(zone, wall.date()) },
    }
}

fn whole_seconds(instant: Timestamp) -> Timestamp {
    let round = TimestampRound::new().smallest(Unit::Second).mode(RoundMode::Floor);
    instant.round(round).unwrap_or_else(|_| instant.saturating_add(SignedDuration::ZERO).unwrap_or(instant))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Domain;
    use model::maps_ews::default_map;

    fn image(domain: Domain, field: Field, value: Value) -> Value {
        EwsLens.image(&Path::of(field), &value, &default_map(domain))
    }

    // E5
    #[test]
    fn a_text_too_long_is_cut_with_a_notice_and_stays_so() {
        let once = image(Domain::Calendar, Field::Subject, Value::text("x".repeat(300)));
        let text = once.as_text().expect("a text");
        assert_eq!(text.chars().count(), 255);
        assert!(text.ends_with("… (shortened)"));
        assert_eq!(image(Domain::Calendar, Field::Subject, once.clone()), once);
        assert_eq!(image(Domain::Calendar, Field::Body, Value::text("x".repeat(300))), Value::text("x".repeat(300)));
    }

    // E5: what is one character to us may be two to Exchange.
    #[test]
    fn a_text_of_pictures_is_no_longer_than_exchange_holds() {
        for text in ["\u{1F600}".repeat(200), format!("x{}", "\u{1F600}".repeat(200))] {
            let once = image(Domain::Calendar, Field::Subject, Value::text(text));
            let shown = once.as_text().expect("a text");
            let units = shown.encode_utf16().count();
            assert!((250..=255).contains(&units) && shown.ends_with("… (shortened)"), "{units}");
            assert_eq!(image(Domain::Calendar, Field::Subject, once.clone()), once);
        }
        let fits = "\u{1F600}".repeat(127);
        assert_eq!(image(Domain::Calendar, Field::Subject, Value::text(fits.clone())), Value::text(fits));
    }

    // E5
    #[test]
    fn what_was_cut_off_is_put_back_where_the_notice_stands() {
        let whole = |edited: &str, original: &str| {
            let (path, map) = (Path::of(Field::Subject), default_map(Domain::Calendar));
            let made = EwsLens.made_whole(&path, &Value::text(edited), &Value::text(original), &map);
            made.map(|value| value.as_text().unwrap_or_default().to_owned())
        };
        let original = format!("{} {}tail", "word ".repeat(48), "x".repeat(40));
        let shown = image(Domain::Calendar, Field::Subject, Value::text(original.clone()));
        let shown = shown.as_text().expect("a text");
        let edited = shown.replacen("word", "Word", 1);
        let expected = format!("Word {}{}tail", "word ".repeat(47), "x".repeat(40));
        assert_eq!(whole(&edited, &original), Some(expected.clone()));
        assert_eq!(whole(&format!("{edited} more"), &original), Some(format!("{expected} more")));
        assert_eq!(whole("a text of his own", &original), None);
        assert_eq!(whole("short … (shortened)", "short enough"), None, "nothing was cut");
    }

    #[test]
    fn words_are_exchanges_own() {
        assert_eq!(image(Domain::Task, Field::Priority, Value::text("1-ASAP")), Value::text("High"));
        assert_eq!(image(Domain::Task, Field::Status, Value::Null), Value::text("NotStarted"));
        assert_eq!(image(Domain::Calendar, Field::ActivityType, Value::text("Appointment")), Value::Null);
        assert_eq!(image(Domain::Calendar, Field::ShowAs, Value::text("Out of office")), Value::text("OOF"));
        assert_eq!(image(Domain::Calendar, Field::Subject, Value::text("a\nb\u{1}  c")), Value::text("a b c"));
    }

    // trap 77
    #[test]
    fn several_zones_of_one_clock_are_one() {
        let madrid =
            When::zoned("2026-06-01T10:00:00.5".parse().expect("a wall"), Zone::iana("Europe/Madrid").expect("known"));
        let image = image(Domain::Calendar, Field::Start, Value::When(madrid.clone()));
        let shown = image.as_when().expect("a time");
        assert_eq!(shown.wall().subsec_nanosecond(), 0);
        assert!(shown.zone().expect("zoned").same_clock(madrid.zone().expect("zoned"), madrid.wall().date()));
    }

    // An image of an image is that image, or the planner would never come to rest.
    #[test]
    fn every_image_is_its_own_image() {
        let instant: Timestamp = "2026-06-01T10:00:00.9Z".parse().expect("an instant");
        let values = [
            Value::Null,
            Value::text(" a \u{1}\r\n b ".repeat(300)),
            Value::text("High"),
            Value::Number(9_999_999),
            Value::Instant(instant),
            Value::Set([" a ".to_owned(), "a".to_owned(), String::new()].into()),
            Value::Flag(true),
            Value::When(When::Floating("2026-06-01T10:00:00.5".parse().expect("a wall"))),
        ];
        for domain in Domain::ALL {
            for field in Field::SHIPPED {
                for value in &values {
                    let once = image(domain, field.clone(), value.clone());
                    assert_eq!(image(domain, field.clone(), once.clone()), once, "{domain} {field} {value:?}");
                }
            }
        }
    }
}
