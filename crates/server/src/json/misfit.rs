//! What does not fit its place, in words of JSON and not of the parser's or this program's.

/// The sentence for a value that is not what its place takes.
#[must_use]
pub fn misfit(why: &serde_json::Error) -> String {
    let text = why.to_string();
    in_words(&text).unwrap_or(text)
}

fn in_words(text: &str) -> Option<String> {
    if let Some(rest) = text.strip_prefix("unknown variant ") {
        let (said, known) = rest.split_once(", ")?;
        return Some(format!("is {}, not {}", words(known), quoted(said)));
    }
    if let Some(rest) = text.strip_prefix("unknown field ") {
        let (said, known) = rest.split_once(", ")?;
        return Some(format!("has the member {}; it takes {}", quoted(said), words(known)));
    }
    if let Some(name) = text.strip_prefix("missing field ") {
        return Some(format!("lacks the member {}", quoted(name)));
    }
    let (_, wanted) = text.rsplit_once("expected ").filter(|_| text.starts_with("invalid "))?;
    let number = |most: u64| format!("is a whole number from 0 to {most}");
    Some(match wanted {
        "u8" => number(u64::from(u8::MAX)),
        "u16" => number(u64::from(u16::MAX)),
        "u32" => number(u64::from(u32::MAX)),
        "u64" => number(u64::MAX),
        "a boolean" => "is true or false".to_owned(),
        "a string" => "is a text".to_owned(),
        "a sequence" => "is a list".to_owned(),
        "a map" => "is an object".to_owned(),
        // The type's name is this program's.
        of if of.starts_with("struct ") => "is an object".to_owned(),
        of if matches!(of, "string or map" | "map with a single key")
            || of.starts_with("enum ")
            || of.starts_with("variant ") =>
        {
            "is a word or an object as /api/openapi.json shows it".to_owned()
        }
        _ => return None,
    })
}

/// The words that a place knows: "expected `a` or `b`", "expected one of `a`, `b`, `c`".
fn words(known: &str) -> String {
    let known = known.trim_start_matches("expected ");
    let (one_of, known) = known.strip_prefix("one of ").map_or(("", known), |rest| ("one of ", rest));
    format!("{one_of}{}", known.replace('`', ""))
}

fn quoted(name: &str) -> String {
    format!("'{}'", name.trim_matches('`'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::settings::{ConflictPolicy, ExtractStart, GroupRule};
    use serde::de::DeserializeOwned;
    use serde_json::{Value as Json, json};

    fn told<T: DeserializeOwned>(value: Json) -> String {
        serde_json::from_value::<T>(value).map_or_else(|why| misfit(&why), |_| "fits".to_owned())
    }

    // E3
    #[test]
    fn what_does_not_fit_is_told_in_plain_words() {
        assert_eq!(told::<ConflictPolicy>(json!("both")), "is one of crm, mailbox, hold, not 'both'");
        assert_eq!(told::<u32>(json!("long")), "is a whole number from 0 to 4294967295");
        assert_eq!(told::<u32>(json!(-1)), "is a whole number from 0 to 4294967295");
        assert_eq!(told::<bool>(json!("yes")), "is true or false");
        assert_eq!(told::<String>(json!(1)), "is a text");
        assert_eq!(told::<Vec<GroupRule>>(json!({})), "is a list");
        assert_eq!(told::<Vec<GroupRule>>(json!([{"group": "position"}])), "lacks the member 'id'");
        for wrong in [
            told::<Vec<GroupRule>>(json!(["x"])),
            told::<Vec<GroupRule>>(json!([{"group": "position", "id": "P", "level": "half"}])),
            told::<ExtractStart>(json!(5)),
            told::<ExtractStart>(json!({"week": 5})),
            told::<ConflictPolicy>(json!(5)),
            told::<ConflictPolicy>(json!({"a": 1, "b": 2})),
        ] {
            for parsers in ["variant", "struct", "invalid", "expected", "`"] {
                assert!(!wrong.contains(parsers), "{wrong}");
            }
        }
    }
}
