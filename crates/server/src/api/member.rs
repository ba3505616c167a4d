//! What a request may carry besides a record's fields: one table per request, which both reads it and describes it.

use crate::fault::Faults;
use serde_json::{Map, Value as Json, json};

/// A text of a request has at most this many bytes.
pub const MAX_TEXT: usize = 64 * 1024;

/// An array of a request has at most this many elements.
pub const MAX_ARRAY: usize = 5_000;

/// One member of a body or query.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub shape: Shape,
    /// Whether it must be there.
    pub need: Need,
    /// What it is for.
    pub about: &'static str,
}

/// What a member holds.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// A text.
    Text,
    /// Yes or no.
    Flag,
    /// A whole number within bounds.
    Whole(i64, i64),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// An array of texts.
    Texts,
    /// An array of objects or an object that its own reader checks; named in the schemas.
    Object(&'static str),
    /// An array of such objects.
    Objects(&'static str),
    /// A value of several forms that its own reader checks.
    Any(&'static str),
}

/// Whether a member must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// It must.
    Required,
    /// It may.
    Optional,
    /// It may, and null clears.
    Clearable,
}

impl Member {
    /// A member that must be there.
    #[must_use]
    pub const fn required(name: &'static str, shape: Shape, about: &'static str) -> Member {
        Member { name, shape, need: Need::Required, about }
    }

    /// A member that may be there.
    #[must_use]
    pub const fn optional(name: &'static str, shape: Shape, about: &'static str) -> Member {
        Member { name, shape, need: Need::Optional, about }
    }

    /// A member that may be there and is cleared by null.
    #[must_use]
    pub const fn clearable(name: &'static str, shape: Shape, about: &'static str) -> Member {
        Member { name, shape, need: Need::Clearable, about }
    }

    /// The member as an OpenAPI schema.
    #[must_use]
    pub fn schema(&self) -> Json {
        let of = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
        let mut schema = match self.shape {
            Shape::Text => json!({"type": "string"}),
            Shape::Flag => json!({"type": "boolean"}),
            Shape::Whole(min, max) => json!({"type": "integer", "minimum": min, "maximum": max}),
            Shape::OneOf(words) => json!({"type": "string", "enum": words}),
            Shape::Texts => json!({"type": "array", "items": {"type": "string"}}),
            Shape::Object(name) | Shape::Any(name) => json!({ "allOf": [of(name)] }),
            Shape::Objects(name) => json!({"type": "array", "items": of(name)}),
        };
        if let Some(object) = schema.as_object_mut() {
            object.insert("description".to_owned(), json!(self.about));
            if self.need == Need::Clearable
                && let Some(kind) = object.get("type").cloned()
            {
                object.insert("type".to_owned(), json!([kind, "null"]));
            }
        }
        schema
    }
}

/// Checks the members of a body; unknown names are faults unless `others` knows them.
pub fn check(object: &Map<String, Json>, members: &[Member], others: &dyn Fn(&str) -> bool, faults: &mut Faults) {
    for member in members {
        match object.get(member.name) {
            None if member.need == Need::Required => {
                faults.note(member.name, format!("is missing: {}", member.about));
            }
            None => {}
            Some(Json::Null) if member.need == Need::Clearable => {}
            Some(value) => {
                if let Some(problem) = problem(member.shape, value) {
                    faults.note(member.name, problem);
                }
            }
        }
    }
    for name in object.keys() {
        if !members.iter().any(|member| member.name == name) && !others(name) {
            let known: Vec<&str> = members.iter().map(|member| member.name).collect();
            faults.note(
                name.clone(),
                if known.is_empty() {
                    "is not known here".to_owned()
                } else {
                    format!("is not known here; known: {}", known.join(", "))
                },
            );
        }
    }
}

fn problem(shape: Shape, value: &Json) -> Option<String> {
    match shape {
        Shape::Text => match value.as_str() {
            None => Some("is a text".to_owned()),
            Some(text) if text.len() > MAX_TEXT => Some(format!("is longer than {MAX_TEXT} bytes")),
            Some(_) => None,
        },
        Shape::Flag => value.as_bool().is_none().then(|| "is true or false".to_owned()),
        Shape::Whole(min, max) => value
            .as_i64()
            .is_none_or(|number| number < min || number > max)
            .then(|| format!("is a whole number from {min} to {max}")),
        Shape::OneOf(words) => {
            value.as_str().is_none_or(|word| !words.contains(&word)).then(|| format!("is one of {}", words.join(", ")))
        }
        Shape::Texts => match value.as_array() {
            Some(list) if list.len() > MAX_ARRAY => Some(format!("has more than {MAX_ARRAY} entries")),
            Some(list) if list.iter().all(Json::is_string) => None,
            Some(_) | None => Some("is an array of texts".to_owned()),
        },
        Shape::Any(_) => None,
        Shape::Object(_) => (!value.is_object()).then(|| "is an object".to_owned()),
        Shape::Objects(_) => match value.as_array() {
            Some(list) if list.len() > MAX_ARRAY => Some(format!("has more than {MAX_ARRAY} entries")),
            Some(list) if list.iter().all(Json::is_object) => None,
            Some(_) | None => Some("is an array of objects".to_owned()),
        },
    }
}

/// Reads a query text by the same table: each value becomes what its member holds.
pub fn read_query(
    pairs: impl Iterator<Item = (String, String)>,
    members: &[Member],
    faults: &mut Faults,
) -> Map<String, Json> {
    let mut object = Map::new();
    for (name, text) in pairs {
        let member = members.iter().find(|member| member.name == name);
        let value = match member.map(|member| member.shape) {
            Some(Shape::Whole(..)) => text.parse::<i64>().map_or(json!(text), |n| json!(n)),
            Some(Shape::Flag) => match text.as_str() {
                "true" => json!(true),
                "false" => json!(false),
                _ => json!(text),
            },
            Some(
                Shape::Text | Shape::OneOf(_) | Shape::Texts | Shape::Object(_) | Shape::Objects(_) | Shape::Any(_),
            )
            | None => json!(text),
        };
        if object.insert(name.clone(), value).is_some() {
            faults.note(name, "stands twice in the query");
        }
    }
    check(&object, members, &|_| false, faults);
    object
}

/// Reads a part of a body by its own type; what does not fit is a fault of that name.
pub fn part<T: serde::de::DeserializeOwned>(name: &str, value: &Json, faults: &mut Faults) -> Option<T> {
    match serde_json::from_value(value.clone()) {
        Ok(part) => Some(part),
        Err(why) => {
            faults.note(name, crate::json::misfit(&why));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMBERS: &[Member] = &[
        Member::required("user", Shape::Text, "the user"),
        Member::optional("limit", Shape::Whole(1, 500), "how many"),
        Member::clearable("level", Shape::OneOf(&["full", "none"]), "the level"),
    ];

    // E3
    #[test]
    fn every_wrong_member_is_named_at_once() {
        let object = json!({"limit": 900, "level": "half", "colour": 1});
        let mut faults = Faults::default();
        check(object.as_object().expect("an object"), MEMBERS, &|_| false, &mut faults);
        let names: Vec<_> = faults.into_vec().into_iter().map(|f| f.field).collect();
        assert_eq!(names, ["user", "limit", "level", "colour"]);
    }

    #[test]
    fn a_query_is_read_by_the_same_table() {
        let pairs = [("user", "u"), ("limit", "5")].map(|(name, text)| (name.to_owned(), text.to_owned()));
        let mut faults = Faults::default();
        let read = read_query(pairs.into_iter(), MEMBERS, &mut faults);
        assert!(faults.is_empty());
        assert_eq!(read.get("limit"), Some(&json!(5)));
        let twice =
            [("user", "u"), ("user", "v"), ("limit", "x")].map(|(name, text)| (name.to_owned(), text.to_owned()));
        read_query(twice.into_iter(), MEMBERS, &mut faults);
        assert_eq!(faults.into_vec().len(), 2);
    }

    #[test]
    fn null_clears_only_what_may_be_cleared() {
        let object = json!({"user": null, "level": null});
        let mut faults = Faults::default();
        check(object.as_object().expect("an object"), MEMBERS, &|_| false, &mut faults);
        let names: Vec<_> = faults.into_vec().into_iter().map(|f| f.field).collect();
        assert_eq!(names, ["user"]);
    }
}
