//! Field maps in JSON: a row's default looks as the field does in a record.

use super::{misfit, read_value, value_json};
use crate::fault::Faults;
use model::{Domain, DomainMap, Field, MapEntry};
use serde_json::{Value as Json, json};

/// The longest list of rows.
const MAX_ROWS: usize = 500;

/// A map as JSON.
///
/// # Errors
/// A row that has no form in JSON, which none of ours is without.
pub fn map_json(map: &DomainMap) -> Result<Json, serde_json::Error> {
    let mut rows = Vec::new();
    for entry in &map.entries {
        let mut row = serde_json::to_value(entry)?;
        if let (Some(default), Some(row)) = (&entry.default, row.as_object_mut()) {
            row.insert("default".to_owned(), value_json(&entry.field, default));
        }
        rows.push(row);
    }
    Ok(json!({ "domain": map.domain, "entries": rows }))
}

/// Reads the rows of a domain's map.
pub fn read_map(domain: Domain, entries: &[Json], faults: &mut Faults) -> DomainMap {
    if entries.len() > MAX_ROWS {
        faults.note("entries", format!("has more than {MAX_ROWS} rows"));
        return DomainMap { domain, entries: Vec::new() };
    }
    let rows =
        entries.iter().enumerate().filter_map(|(index, row)| read_row(&format!("entries[{index}]"), row, faults));
    DomainMap { domain, entries: rows.collect() }
}

fn read_row(place: &str, row: &Json, faults: &mut Faults) -> Option<MapEntry> {
    let mut row = row.clone();
    let default = row.as_object_mut().and_then(|row| row.remove("default")).filter(|default| !default.is_null());
    let mut entry: MapEntry = serde_json::from_value(row).map_err(|why| faults.note(place, misfit(&why))).ok()?;
    if let Some(default) = default {
        entry.default = read_value(&entry.field, &default)
            .and_then(|value| known_word(&entry.field, value.as_text()).map(|()| value))
            .map_err(|problem| faults.note(format!("{place}.default"), problem))
            .ok();
    }
    for word in entry.translation.iter().flat_map(|words| words.back.values()) {
        if let Err(problem) = known_word(&entry.field, Some(word)) {
            faults.note(format!("{place}.translation.back"), format!("'{word}' {problem}"));
        }
    }
    Some(entry)
}

/// A word that the CRM takes for a field that has words of its own.
fn known_word(field: &Field, word: Option<&str>) -> Result<(), String> {
    match (crm::words(field), word) {
        (Some(words), Some(word)) if !words.contains(&word) => Err(format!("is one of: {}", words.join(", "))),
        (Some(_) | None, _) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::maps_ews::default_map;

    fn read(json: &Json) -> Result<DomainMap, Vec<String>> {
        let mut faults = Faults::default();
        let map = read_map(Domain::Task, json["entries"].as_array().expect("rows"), &mut faults);
        let places: Vec<String> = faults.into_vec().into_iter().map(|fault| fault.field).collect();
        if places.is_empty() { Ok(map) } else { Err(places) }
    }

    #[test]
    fn every_shipped_map_reads_back_what_it_wrote() {
        let map = default_map(Domain::Task);
        assert_eq!(read(&map_json(&map).expect("json")), Ok(map));
    }

    // E3
    #[test]
    fn a_default_looks_as_in_a_record_and_a_wrong_one_is_named() {
        let row = |default: Json| json!({"field": "due_day", "property": "task:DueDate", "default": default});
        let right = json!({"entries": [row(json!("2026-03-01")), {"field": "priority", "property": "item:Importance", "default": "4-Low"}]});
        let map = read(&right).expect("a map");
        let shown = map_json(&map).expect("json");
        assert_eq!(
            (&shown["entries"][0]["default"], &shown["entries"][1]["default"]),
            (&json!("2026-03-01"), &json!("4-Low"))
        );
        let wrong = json!({"entries": [
            row(json!("soon")), row(json!({"t": "day", "v": "2026-03-01"})),
            {"field": "priority", "property": "item:Importance", "default": "Urgent"},
            {"field": "priority", "property": "item:Importance", "translation": {"out": {}, "back": {"High": "Urgent"}}},
        ]});
        let places = ["entries[0].default", "entries[1].default", "entries[2].default", "entries[3].translation.back"];
        assert_eq!(read(&wrong), Err(places.map(str::to_owned).to_vec()));
    }
}
