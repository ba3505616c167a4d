//! JSON as it is read from outside: a name that stands twice in one object is a fault, for nobody could say which of its
//! values is meant.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value as Json};
use std::fmt;

/// Reads one JSON value.
///
/// # Errors
/// It is none, or a name stands twice in an object: then the error [is of data](serde_json::Error::is_data) and names it,
/// its line and column.
pub fn read_json(bytes: &[u8]) -> Result<Json, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let json = Strict.deserialize(&mut reader)?;
    reader.end()?;
    Ok(json)
}

struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Json, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Number::from_f64(value).map_or(Json::Null, Json::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::String(value))
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(Strict)? {
            values.push(value);
        }
        Ok(Json::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Json, A::Error> {
        let mut members = Map::new();
        while let Some(name) = object.next_key::<String>()? {
            if members.contains_key(&name) {
                return Err(A::Error::custom(format!("'{name}' stands twice")));
            }
            members.insert(name, object.next_value_seed(Strict)?);
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_is_read_as_it_stands() {
        let text = r#" {"a": [1, -2, 3.5, true, null, "x", {"a": {}}], "b": 18446744073709551615} "#;
        assert_eq!(read_json(text.as_bytes()).expect("read"), serde_json::from_str::<Json>(text).expect("read"));
        assert_eq!(read_json(b"[]").expect("read"), json!([]));
        for wrong in ["", "{", "[1,]", "{} {}", "nul", "\u{feff}{}"] {
            assert!(read_json(wrong.as_bytes()).is_err_and(|why| !why.is_data()), "{wrong}");
        }
    }

    // E3
    #[test]
    fn a_name_that_stands_twice_is_told_with_its_place() {
        for text in ["{\n\"a\": 1, \"a\": 1}", "{\"x\": [{\n\"a\": 1, \"\\u0061\": 2}]}"] {
            let why = read_json(text.as_bytes()).expect_err("refused");
            assert!(why.is_data() && why.line() == 2, "{why}");
            assert!(why.to_string().starts_with("'a' stands twice"), "{why}");
        }
    }
}
