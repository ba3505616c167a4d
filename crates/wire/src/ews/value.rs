//! The values of an item: absent, empty and filled are three things.

use super::property::Form;
use super::{Attendee, Mailbox, Moment, OccurrenceInfo, Recurrence, ZoneDefinition};
use crate::xml::{Element, Error, Reader, Writer};

/// One value. Words of a closed list (sensitivity, status and so on) are kept as text, because servers send
/// words that no list of ours has.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// Text, or a word of a list.
    Text(String),
    /// Several texts.
    Texts(Vec<String>),
    /// Yes or no.
    Flag(bool),
    /// A whole number.
    Whole(i64),
    /// A number with decimals.
    Fraction(f64),
    /// A date and time.
    Moment(Moment),
    /// The body.
    Body(Body),
    /// One person.
    Person(Mailbox),
    /// People invited.
    Attendees(Vec<Attendee>),
    /// A rule.
    Recurrence(Recurrence),
    /// A rule that has no name here, in the server's words. It is shown, and never written. (trap 68)
    ForeignRule(String),
    /// The occurrences that differ from their series.
    Occurrences(Vec<OccurrenceInfo>),
    /// The original starts of occurrences that were taken out.
    Deleted(Vec<Moment>),
    /// A zone.
    Zone(ZoneDefinition),
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text",
            Self::Texts(_) => "Texts",
            Self::Flag(_) => "Flag",
            Self::Whole(_) => "Whole",
            Self::Fraction(_) => "Fraction",
            Self::Moment(_) => "Moment",
            Self::Body(_) => "Body",
            Self::Person(_) => "Person",
            Self::Attendees(_) => "Attendees",
            Self::Recurrence(_) => "Recurrence",
            Self::ForeignRule(_) => "ForeignRule",
            Self::Occurrences(_) => "Occurrences",
            Self::Deleted(_) => "Deleted",
            Self::Zone(_) => "Zone",
        })
    }
}

/// A body as plain text or HTML.
#[derive(Clone, PartialEq, Eq)]
pub struct Body {
    /// Which of the two.
    pub kind: BodyKind,
    /// The text.
    pub text: String,
    /// Whether it is only the beginning of a longer one.
    pub truncated: bool,
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Body({:?}, {} bytes)", self.kind, self.text.len())
    }
}

/// The two forms of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyKind {
    /// Plain text.
    Text,
    /// HTML.
    Html,
}

impl BodyKind {
    fn name(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::Html => "HTML",
        }
    }
}

/// The most entries of any list that are read.
const MOST: usize = 20_000;

impl Value {
    /// Reads the value of a property in the form it has. A number, time or flag without any text was not given.
    pub(crate) fn read(form: Form, r: &mut Reader<'_>, element: &Element<'_>) -> Result<Found, Error> {
        if element.is_nil() {
            return Ok(Found::Nothing);
        }
        let read = match form {
            Form::Flag => return scalar(&r.text()?, |text| read_flag(text).map(Self::Flag)),
            Form::Whole => return scalar(&r.text()?, |text| read_whole(text).map(Self::Whole)),
            Form::Fraction => return scalar(&r.text()?, |text| read_fraction(text).map(Self::Fraction)),
            Form::Moment => return scalar(&r.text()?, |text| Moment::read(text).map(Self::Moment)),
            Form::Text => Some(Self::Text(r.text()?)),
            Form::Word => Some(Self::Text(r.text()?.trim().to_owned())),
            Form::Body => Some(Self::Body(Body::read(r, element)?)),
            Form::Texts => {
                let mut texts = Vec::new();
                r.children(|r, _| {
                    let text = r.text()?;
                    bounded(r, &texts)?;
                    texts.push(text);
                    Ok(())
                })?;
                Some(Self::Texts(texts))
            }
            Form::Person => Some(Self::Person(Mailbox::read_inside(r)?)),
            Form::Attendees => {
                let mut people = Vec::new();
                r.children(|r, person| {
                    bounded(r, &people)?;
                    people.push(Attendee::read(r, person)?);
                    Ok(())
                })?;
                Some(Self::Attendees(people))
            }
            Form::Recurrence => match Recurrence::read(r)? {
                Ok(rule) => Some(Self::Recurrence(rule)),
                // An element with nothing in it is no rule, not a strange one.
                Err(words) if words.is_empty() => return Ok(Found::Nothing),
                Err(words) => Some(Self::ForeignRule(words)),
            },
            Form::Occurrences => {
                let mut list = Vec::new();
                let mut whole = true;
                r.children(|r, _| {
                    bounded(r, &list)?;
                    match OccurrenceInfo::read(r)? {
                        Some(occurrence) => list.push(occurrence),
                        None => whole = false,
                    }
                    Ok(())
                })?;
                whole.then_some(Self::Occurrences(list))
            }
            Form::Deleted => {
                let mut list = Vec::new();
                let mut whole = true;
                r.children(|r, _| {
                    bounded(r, &list)?;
                    let mut start = None;
                    r.children(|r, element| {
                        if element.name == "Start" {
                            start = Moment::read(&r.text()?);
                        }
                        Ok(())
                    })?;
                    match start {
                        Some(start) => list.push(start),
                        None => whole = false,
                    }
                    Ok(())
                })?;
                whole.then_some(Self::Deleted(list))
            }
            Form::Zone => match ZoneDefinition::read(r, element)? {
                nothing if nothing.is_empty() => return Ok(Found::Nothing),
                zone => Some(Self::Zone(zone)),
            },
            Form::Dictionary => None,
        };
        Ok(read.map_or(Found::Unreadable, Found::Value))
    }

    /// Writes the value as the content of element `name` (given with its prefix).
    pub(crate) fn write(&self, w: &mut Writer, name: &str) {
        match self {
            Self::Text(text) => w.text(name, text),
            Self::Texts(texts) => w.element(name, &[], |w| texts.iter().for_each(|t| w.text("t:String", t))),
            Self::Flag(flag) => w.text(name, if *flag { "true" } else { "false" }),
            Self::Whole(number) => w.text(name, &number.to_string()),
            Self::Fraction(number) => w.text(name, &number.to_string()),
            Self::Moment(moment) => w.text(name, &moment.write()),
            Self::Body(body) => w.text_with(name, &[("BodyType", body.kind.name())], &body.text),
            Self::Person(person) => w.element(name, &[], |w| person.write(w)),
            Self::Attendees(people) => {
                w.element(name, &[], |w| people.iter().for_each(|p| p.write(w)));
            }
            Self::Recurrence(recurrence) => w.element(name, &[], |w| recurrence.write(w)),
            Self::Zone(zone) => zone.write(w, name),
            // The server keeps these lists itself; writing them is not possible. (trap 52)
            Self::Occurrences(_) | Self::Deleted(_) | Self::ForeignRule(_) => {}
        }
    }

    /// The value as text inside an extended property.
    pub(crate) fn plain(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Flag(flag) => Some(flag.to_string()),
            Self::Whole(number) => Some(number.to_string()),
            Self::Fraction(number) => Some(number.to_string()),
            Self::Moment(moment) => Some(moment.write()),
            Self::Texts(_)
            | Self::Body(_)
            | Self::Person(_)
            | Self::Attendees(_)
            | Self::Recurrence(_)
            | Self::ForeignRule(_)
            | Self::Occurrences(_)
            | Self::Deleted(_)
            | Self::Zone(_) => None,
        }
    }
}

/// What stood in the place of a value.
pub(crate) enum Found {
    /// A value.
    Value(Value),
    /// An element without a value: it was not given.
    Nothing,
    /// Something that is no such value.
    Unreadable,
}

fn scalar(text: &str, read: impl FnOnce(&str) -> Option<Value>) -> Result<Found, Error> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Found::Nothing);
    }
    Ok(read(text).map_or(Found::Unreadable, Found::Value))
}

impl Body {
    fn read(r: &mut Reader<'_>, element: &Element<'_>) -> Result<Self, Error> {
        let said = element.attribute("BodyType");
        let short = element.attribute("IsTruncated").is_some_and(|t| read_flag(&t) == Some(true));
        let (text, cut) = r.text_cut()?;
        let html = match said {
            Some(kind) => kind.trim().eq_ignore_ascii_case("html"),
            // A server that does not say which: a page says it itself.
            None => {
                let start: String = text.trim_start().chars().take(9).collect();
                let start = start.to_ascii_lowercase();
                start.starts_with("<html") || start.starts_with("<!doctype") || start.starts_with("<body")
            }
        };
        let kind = if html { BodyKind::Html } else { BodyKind::Text };
        Ok(Self { kind, text, truncated: short || cut })
    }
}

pub(crate) fn read_flag(text: &str) -> Option<bool> {
    let text = text.trim();
    match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// A whole number, also where a server writes it with decimals or a sign.
fn read_whole(text: &str) -> Option<i64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.bytes().all(|digit| digit == b'0') { whole.parse().ok() } else { None }
}

fn read_fraction(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Refuses a list that has grown past all reason.
pub(crate) fn bounded<T>(r: &Reader<'_>, list: &[T]) -> Result<(), Error> {
    if list.len() < MOST { Ok(()) } else { Err(Error::TooMany { path: r.place(), limit: MOST }) }
}
