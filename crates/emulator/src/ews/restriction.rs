//! Restrictions and sort orders: which records of a folder a client asks for, and in which order.

use std::cmp::Ordering;

use jiff::Timestamp;

use crate::codes::Code;
use crate::ews::folder_view;
use crate::folder::Folder;
use crate::item::extended::ExtPath;
use crate::item::scalar::scalar;
use crate::item::{Item, contact};
use crate::mailbox::Mailbox;
use crate::paths::Path;
use crate::xml::Element;
use crate::zone::Zone;

/// How deep restrictions may nest.
const MAX_DEPTH: usize = 20;
/// How many expressions one restriction may hold.
const MAX_PARTS: usize = 300;

/// A search expression.
pub(crate) enum Restriction {
    And(Vec<Restriction>),
    Or(Vec<Restriction>),
    Not(Box<Restriction>),
    Exists(Path),
    Compare(Comparison, Path, Operand),
    Contains { path: Path, text: String, mode: Mode, ignore_case: bool },
    Excludes(Path, i64),
}

/// The two-operand expressions.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// How a text is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Full,
    Prefixed,
    Substring,
    PrefixOnWords,
    Phrase,
}

/// The second operand.
pub(crate) enum Operand {
    Constant(String),
    Field(Path),
}

/// What is looked at.
pub(crate) enum Subject<'a> {
    Item(&'a Mailbox, &'a Item),
    Folder(&'a Mailbox, &'a Folder),
}

impl Restriction {
    /// Reads a `Restriction` element.
    pub(crate) fn read(element: &Element, zone: &Zone) -> Result<Self, Code> {
        let mut left = MAX_PARTS;
        let inner = element.first().ok_or(Code::ErrorInvalidRestriction)?;
        expression(inner, zone, 0, &mut left)
    }

    pub(crate) fn holds(&self, subject: &Subject<'_>) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|part| part.holds(subject)),
            Self::Or(parts) => parts.iter().any(|part| part.holds(subject)),
            Self::Not(part) => !part.holds(subject),
            Self::Exists(path) => !subject.values(path).is_empty(),
            Self::Compare(comparison, path, operand) => {
                let others = match operand {
                    Operand::Constant(text) => vec![text.clone()],
                    Operand::Field(path) => subject.values(path),
                };
                let values = subject.values(path);
                let Some(other) = others.first() else {
                    return false;
                };
                if *comparison == Comparison::NotEqual {
                    // A record without the property is not equal to anything.
                    return values.iter().all(|value| order(value, other) != Ordering::Equal);
                }
                values.iter().any(|value| {
                    let order = order(value, other);
                    match comparison {
                        Comparison::Equal => order == Ordering::Equal,
                        Comparison::NotEqual => order != Ordering::Equal,
                        Comparison::Greater => order == Ordering::Greater,
                        Comparison::GreaterOrEqual => order != Ordering::Less,
                        Comparison::Less => order == Ordering::Less,
                        Comparison::LessOrEqual => order != Ordering::Greater,
                    }
                })
            }
            Self::Contains { path, text, mode, ignore_case } => {
                subject.values(path).iter().any(|value| contains(value, text, *mode, *ignore_case))
            }
            Self::Excludes(path, mask) => subject
                .values(path)
                .first()
                .and_then(|value| value.parse::<i64>().ok())
                .is_some_and(|value| value & mask == 0),
        }
    }
}

fn expression(element: &Element, zone: &Zone, depth: usize, left: &mut usize) -> Result<Restriction, Code> {
    if depth > MAX_DEPTH || *left == 0 {
        return Err(Code::ErrorRestrictionTooComplex);
    }
    *left -= 1;
    let mut inner = || -> Result<Vec<Restriction>, Code> {
        element.elements().map(|part| expression(part, zone, depth + 1, left)).collect()
    };
    let comparison = match element.name.as_str() {
        "And" => return Ok(Restriction::And(inner()?)),
        "Or" => return Ok(Restriction::Or(inner()?)),
        "Not" => {
            let part = inner()?.pop().ok_or(Code::ErrorInvalidRestriction)?;
            return Ok(Restriction::Not(Box::new(part)));
        }
        "Exists" => return Ok(Restriction::Exists(queried(element)?)),
        "Contains" => {
            return Ok(Restriction::Contains {
                path: queried(element)?,
                text: constant(element)?,
                mode: match element.attr("ContainmentMode") {
                    None | Some("FullString") => Mode::Full,
                    Some("Prefixed") => Mode::Prefixed,
                    Some("Substring") => Mode::Substring,
                    Some("PrefixOnWords") => Mode::PrefixOnWords,
                    Some("ExactPhrase") => Mode::Phrase,
                    Some(_) => return Err(Code::ErrorInvalidRestriction),
                },
                ignore_case: element
                    .attr("ContainmentComparison")
                    .is_some_and(|how| how.contains("IgnoreCase") || how == "Loose"),
            });
        }
        "Excludes" => {
            let mask =
                element.child("Bitmask").and_then(|mask| mask.attr("Value")).ok_or(Code::ErrorInvalidRestriction)?;
            let mask = match mask.strip_prefix("0x").or_else(|| mask.strip_prefix("0X")) {
                Some(hex) => i64::from_str_radix(hex, 16),
                None => mask.parse(),
            };
            return Ok(Restriction::Excludes(queried(element)?, mask.map_err(|_| Code::ErrorInvalidRestriction)?));
        }
        "IsEqualTo" => Comparison::Equal,
        "IsNotEqualTo" => Comparison::NotEqual,
        "IsGreaterThan" => Comparison::Greater,
        "IsGreaterThanOrEqualTo" => Comparison::GreaterOrEqual,
        "IsLessThan" => Comparison::Less,
        "IsLessThanOrEqualTo" => Comparison::LessOrEqual,
        _ => return Err(Code::ErrorInvalidRestriction),
    };
    let second = element.child("FieldURIOrConstant").and_then(Element::first).ok_or(Code::ErrorInvalidRestriction)?;
    let operand = if second.name == "Constant" {
        let text = second.attr("Value").ok_or(Code::ErrorInvalidRestriction)?;
        Operand::Constant(plain_time(text, zone))
    } else {
        Operand::Field(Path::read(second)?)
    };
    Ok(Restriction::Compare(comparison, queried(element)?, operand))
}

/// A time in any form becomes the form the store keeps, so that it compares.
fn plain_time(text: &str, zone: &Zone) -> String {
    if crate::item::time::is_date_time(text) {
        crate::item::time::read(text, zone).map_or_else(|| text.to_owned(), crate::item::time::written)
    } else {
        text.to_owned()
    }
}

/// The path of an expression; some properties cannot be searched.
fn queried(element: &Element) -> Result<Path, Code> {
    let path = Path::inside(element)?;
    if let Path::Field(_, name) = &path
        && matches!(
            name.as_str(),
            "MimeContent" | "Attachments" | "Recurrence" | "ModifiedOccurrences" | "DeletedOccurrences"
        )
    {
        return Err(Code::ErrorUnsupportedPathForQuery);
    }
    Ok(path)
}

fn constant(element: &Element) -> Result<String, Code> {
    element
        .child("Constant")
        .and_then(|constant| constant.attr("Value"))
        .map(str::to_owned)
        .ok_or(Code::ErrorInvalidRestriction)
}

/// Numbers as numbers, times as instants, texts without case.
pub(crate) fn order(one: &str, other: &str) -> Ordering {
    if let (Ok(a), Ok(b)) = (one.parse::<f64>(), other.parse::<f64>()) {
        return a.total_cmp(&b);
    }
    if let (Ok(a), Ok(b)) = (one.parse::<Timestamp>(), other.parse::<Timestamp>()) {
        return a.cmp(&b);
    }
    one.to_lowercase().cmp(&other.to_lowercase())
}

fn contains(value: &str, text: &str, mode: Mode, ignore_case: bool) -> bool {
    let (value, text) =
        if ignore_case { (value.to_lowercase(), text.to_lowercase()) } else { (value.to_owned(), text.to_owned()) };
    match mode {
        Mode::Full => value == text,
        Mode::Prefixed => value.starts_with(&text),
        Mode::Substring | Mode::Phrase => value.contains(&text),
        Mode::PrefixOnWords => value.split_whitespace().any(|word| word.starts_with(&text)),
    }
}

impl Subject<'_> {
    /// The values a path has here: none, one, or those of a list.
    pub(crate) fn values(&self, path: &Path) -> Vec<String> {
        match (self, path) {
            (Self::Folder(mailbox, folder), Path::Field(_, name)) => {
                folder_view::text(mailbox, folder, name).into_iter().collect()
            }
            (Self::Folder(mailbox, folder), Path::Extended(path)) => {
                folder_view::mapi(mailbox, folder, path).map(|value| value.values).unwrap_or_default()
            }
            (Self::Folder(..), Path::Entry { .. }) => Vec::new(),
            (Self::Item(_, item), Path::Extended(path)) => extended_values(item, path),
            (Self::Item(_, item), Path::Entry { collection, part, key }) => contact::entry(item, collection, key)
                .and_then(|entry| match part {
                    Some(part) => entry.child_text(part),
                    None => Some(entry.text()),
                })
                .into_iter()
                .collect(),
            (Self::Item(mailbox, item), Path::Field(_, name)) => field_values(mailbox, item, name),
        }
    }
}

fn extended_values(item: &Item, path: &ExtPath) -> Vec<String> {
    item.extended_value(path).map(|value| value.values).unwrap_or_default()
}

fn field_values(mailbox: &Mailbox, item: &Item, name: &str) -> Vec<String> {
    match name {
        "ItemId" => vec![mailbox.item_id(item)],
        "ParentFolderId" => vec![mailbox.folder_id(item.folder)],
        "Body" | "TextBody" => vec![item.body.shown(crate::item::body::BodyForm::Text).1],
        "Organizer" => item.calendar().map(|calendar| calendar.organizer.address.clone()).into_iter().collect(),
        "RequiredAttendees" | "OptionalAttendees" | "Resources" => {
            let role = crate::item::calendar::Role::of_list(name);
            item.calendar()
                .map(|calendar| {
                    calendar
                        .attendees
                        .iter()
                        .filter(|one| Some(one.role) == role)
                        .map(|one| one.person.address.clone())
                        .collect()
                })
                .unwrap_or_default()
        }
        _ => {
            if let Some(text) = scalar(item, name) {
                return vec![text];
            }
            let Some(parts) = item.parts(name) else {
                return Vec::new();
            };
            let texts: Vec<String> =
                parts.elements().map(|part| part.child_text("EmailAddress").unwrap_or_else(|| part.text())).collect();
            if texts.is_empty() { vec![parts.text()] } else { texts }
        }
    }
}

/// A sort order: the first path counts most.
pub(crate) struct SortOrder(Vec<(Path, bool)>);

impl SortOrder {
    pub(crate) fn read(element: &Element) -> Result<Self, Code> {
        element
            .elements()
            .map(|field| {
                let descending = field.attr("Order") == Some("Descending");
                Ok((queried(field)?, descending))
            })
            .collect::<Result<Vec<_>, Code>>()
            .map(Self)
    }

    /// The keys an item sorts by, taken once per item.
    pub(crate) fn keys(&self, subject: &Subject<'_>) -> Vec<Option<String>> {
        self.0.iter().map(|(path, _)| subject.values(path).into_iter().next()).collect()
    }

    pub(crate) fn compare(&self, one: &[Option<String>], other: &[Option<String>]) -> Ordering {
        for (at, (_, descending)) in self.0.iter().enumerate() {
            let result = match (one.get(at).and_then(Option::as_ref), other.get(at).and_then(Option::as_ref)) {
                (Some(a), Some(b)) => order(a, b),
                (None, Some(_)) => Ordering::Less,
                (Some(_), None) => Ordering::Greater,
                (None, None) => Ordering::Equal,
            };
            if result != Ordering::Equal {
                return if *descending { result.reverse() } else { result };
            }
        }
        Ordering::Equal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_compare_as_what_they_are() {
        assert_eq!(order("9", "10"), Ordering::Less);
        assert_eq!(order("Ann", "ann"), Ordering::Equal);
        assert_eq!(order("2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00Z"), Ordering::Equal);
    }

    #[test]
    fn a_restriction_that_nests_too_deep_is_refused() {
        let mut element = Element::new("Exists").with(Element::new("FieldURI").with_attr("FieldURI", "item:Subject"));
        for _ in 0..40 {
            element = Element::new("Not").with(element);
        }
        let whole = Element::new("Restriction").with(element);
        assert_eq!(Restriction::read(&whole, &Zone::utc()).err(), Some(Code::ErrorRestrictionTooComplex));
    }
}
