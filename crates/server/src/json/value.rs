//! One value in JSON: a text, a day, a time with its zone, a set of words, people, a rule.

use super::rule::{read_rule, rule_json};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use model::attendee::{Attendee, People, Response, Role};
use model::form::{Form, form};
use model::zone::{CustomZone, Zone};
use model::{Field, Value, When};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

/// A text has at most this many bytes in a request.
pub const MAX_TEXT: usize = 256 * 1024;

/// A set has at most this many words, a meeting this many people.
pub const MAX_ELEMENTS: usize = 1_000;

/// A value as JSON.
#[must_use]
pub fn value_json(field: &Field, value: &Value) -> Json {
    match value {
        Value::Null | Value::Cleared => Json::Null,
        Value::Text(text) => json!(text),
        Value::Flag(flag) => json!(flag),
        Value::Number(number) => json!(number),
        Value::Day(day) => json!(day.to_string()),
        Value::When(when) => when_json(when),
        Value::Instant(instant) => json!(instant.to_string()),
        Value::Rule(rule) => rule_json(rule),
        Value::Set(words) => json!(words),
        Value::People(people) => match form(field) {
            Form::Person => people.values().next().map_or(Json::Null, person_json),
            Form::Text
            | Form::Any
            | Form::Flag
            | Form::Number
            | Form::Day
            | Form::When
            | Form::Instant
            | Form::Rule
            | Form::Words
            | Form::People => people.values().map(person_json).collect(),
        },
    }
}

/// Reads a field's value; null clears.
///
/// # Errors
/// What the field holds, in words.
pub fn read_value(field: &Field, json: &Json) -> Result<Value, String> {
    if json.is_null() {
        return Ok(Value::Null);
    }
    match form(field) {
        Form::Any if json.is_boolean() => Ok(Value::Flag(json == &json!(true))),
        Form::Any if json.is_i64() => json.as_i64().map(Value::Number).ok_or_else(|| "is a whole number".to_owned()),
        Form::Any if !json.is_string() => Err("is a text, a whole number, or true or false".to_owned()),
        Form::Text | Form::Any => match json.as_str() {
            Some(text) if text.len() > MAX_TEXT => Err(format!("is longer than {MAX_TEXT} bytes")),
            Some(text) => Ok(Value::text(text)),
            None => Err("is a text".to_owned()),
        },
        Form::Flag => json.as_bool().map(Value::Flag).ok_or_else(|| "is true or false".to_owned()),
        Form::Number => json.as_i64().map(Value::Number).ok_or_else(|| "is a whole number".to_owned()),
        Form::Day => read_day(json).map(Value::Day),
        Form::When => read_when(json).map(Value::When),
        Form::Instant => json
            .as_str()
            .and_then(|text| text.parse::<Timestamp>().ok())
            .map(Value::Instant)
            .ok_or_else(|| "is an instant such as \"2026-03-01T09:00:00Z\"".to_owned()),
        Form::Rule => read_rule(json).map(Value::Rule),
        Form::Words => read_words(json).map(Value::Set),
        Form::Person => read_person(json).map(|person| Value::People(one(person))),
        Form::People => read_people(json).map(Value::People),
    }
}

fn when_json(when: &When) -> Json {
    match when {
        When::Day(day) => json!(day.to_string()),
        When::Floating(wall) => json!({ "wall": wall.to_string() }),
        When::Zoned { wall, zone } => match zone {
            Zone::Iana(name) => json!({ "wall": wall.to_string(), "zone": name }),
            Zone::Custom(custom) => json!({ "wall": wall.to_string(), "zone": custom }),
        },
    }
}

const WHEN: &str =
    "is a day such as \"2026-03-01\", or {\"wall\": \"2026-03-01T10:00:00\", \"zone\": \"Europe/Berlin\"}";

fn read_when(json: &Json) -> Result<When, String> {
    if json.is_string() {
        return read_day(json).map(When::Day).map_err(|_| WHEN.to_owned());
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wall {
        wall: String,
        #[serde(default)]
        zone: Option<ZoneForm>,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum ZoneForm {
        Name(String),
        Rules(CustomZone),
    }
    let wall = Wall::deserialize(json).map_err(|_| WHEN.to_owned())?;
    let time: DateTime = wall.wall.parse().map_err(|_| WHEN.to_owned())?;
    match wall.zone {
        None => Ok(When::Floating(time)),
        Some(ZoneForm::Name(name)) => Zone::iana(&name)
            .map(|zone| When::zoned(time, zone))
            .ok_or_else(|| "names a zone that is not an IANA zone".to_owned()),
        Some(ZoneForm::Rules(custom)) => Zone::custom(custom)
            .map(|zone| When::zoned(time, zone))
            .ok_or_else(|| "describes a zone whose rules make no sense".to_owned()),
    }
}

fn read_day(json: &Json) -> Result<Date, String> {
    json.as_str()
        // A day carries no clock: "2026-03-01T10:00:00" is not one.
        .filter(|text| text.len() == 10)
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| "is a day such as \"2026-03-01\"".to_owned())
}

fn read_words(json: &Json) -> Result<BTreeSet<String>, String> {
    let list = json.as_array().ok_or_else(|| "is an array of words".to_owned())?;
    if list.len() > MAX_ELEMENTS {
        return Err(format!("has more than {MAX_ELEMENTS} entries"));
    }
    list.iter()
        .map(|word| word.as_str().filter(|word| word.len() <= MAX_TEXT).map(str::to_owned))
        .collect::<Option<_>>()
        .ok_or_else(|| "is an array of words".to_owned())
}

/// A person as the API shows and takes one.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
    #[serde(default)]
    name: String,
    #[serde(default)]
    address: Option<String>,
    #[serde(default = "required")]
    role: Role,
    #[serde(default = "unknown")]
    response: Response,
}

fn required() -> Role {
    Role::Required
}

fn unknown() -> Response {
    Response::Unknown
}

fn person_json(person: &Attendee) -> Json {
    json!({
        "name": person.name,
        "address": person.address,
        "role": person.role,
        "response": person.response,
    })
}

fn read_person(json: &Json) -> Result<Attendee, String> {
    let person = Person::deserialize(json).map_err(|_| {
        "is a person: name, address, role (required, optional, resource), response (unknown, not_asked, organizer, not_responded, accepted, tentative, declined)".to_owned()
    })?;
    if person.name.trim().is_empty() && person.address.as_deref().is_none_or(str::is_empty) {
        return Err("is a person with neither name nor address".to_owned());
    }
    Ok(Attendee { name: person.name, address: person.address, role: person.role, response: person.response })
}

fn read_people(json: &Json) -> Result<People, String> {
    let list = json.as_array().ok_or_else(|| "is an array of people".to_owned())?;
    if list.len() > MAX_ELEMENTS {
        return Err(format!("has more than {MAX_ELEMENTS} entries"));
    }
    let mut people = People::new();
    for (index, person) in list.iter().enumerate() {
        let person = read_person(person).map_err(|problem| format!("[{index}] {problem}"))?;
        if people.insert(person.key(), person).is_some() {
            return Err(format!("[{index}] names somebody twice"));
        }
    }
    Ok(people)
}

fn one(person: Attendee) -> People {
    People::from([(person.key(), person)])
}

#[cfg(test)]
mod tests {
    use super::*;

    // R5
    #[test]
    fn a_day_is_no_time_and_a_time_is_no_day() {
        let day = read_value(&Field::Birthday, &json!("1980-02-29")).expect("a day");
        assert_eq!(value_json(&Field::Birthday, &day), json!("1980-02-29"));
        assert!(read_value(&Field::DueDay, &json!("2026-03-01T00:00:00")).is_err());
        let start = read_value(&Field::Start, &json!("2026-03-01")).expect("all day");
        assert!(start.as_when().is_some_and(When::is_day));
    }

    // R4
    #[test]
    fn a_zone_that_is_not_known_is_refused_and_never_read_as_utc() {
        let wall = json!({"wall": "2026-03-01T10:00:00", "zone": "Nowhere/Land"});
        assert!(read_value(&Field::Start, &wall).is_err());
        let custom = json!({"wall": "2026-03-01T10:00:00", "zone": {
            "name": "Own", "standard_minutes": 90, "daylight": null }});
        let value = read_value(&Field::Start, &custom).expect("by its own rules");
        assert_eq!(value_json(&Field::Start, &value), custom);
    }

    #[test]
    fn every_shipped_field_refuses_what_it_does_not_hold() {
        for field in Field::SHIPPED {
            assert!(read_value(field, &json!([[]])).is_err(), "{field}");
            assert_eq!(read_value(field, &Json::Null), Ok(Value::Null), "{field}");
        }
    }

    // A property of another type than text comes in as what it is, and what the API shows it takes back.
    #[test]
    fn a_field_of_ones_own_takes_what_its_property_holds() {
        let own = Field::Extension("vip".to_owned());
        for (json, value) in
            [(json!("a"), Value::text("a")), (json!(7), Value::Number(7)), (json!(true), Value::Flag(true))]
        {
            assert_eq!((read_value(&own, &json), value_json(&own, &value)), (Ok(value), json));
        }
        assert!(read_value(&own, &json!(1.5)).is_err());
    }

    // P2
    #[test]
    fn somebody_named_twice_is_refused() {
        let twice = json!([{"address": "a@x.test"}, {"address": "A@X.test"}]);
        assert!(read_value(&Field::Attendees, &twice).is_err());
    }
}
