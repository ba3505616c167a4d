//! Writing an item's values in the order the schema demands.

use std::collections::BTreeMap;

use super::{Dictionary, Item, ItemKind, Path, Property, Value};
use crate::xml::Writer;

/// Writes a whole item, as CreateItem wants it.
pub(crate) fn write_item(w: &mut Writer, item: &Item) {
    w.element(item.kind.element(), &[], |w| write_values(w, item.values.iter()));
}

/// Writes an item that holds one value, as an update wants it.
pub(crate) fn write_one(w: &mut Writer, kind: ItemKind, path: &Path, value: &Value) {
    w.element(kind.element(), &[], |w| write_values(w, std::iter::once((path, value))));
}

/// Writes an extended property with its value.
pub(crate) fn write_extended(w: &mut Writer, path: &super::ExtendedPath, value: &Value) {
    w.element("t:ExtendedProperty", &[], |w| {
        path.write(w);
        match (value, value.plain()) {
            (Value::Texts(texts), _) => {
                w.element("t:Values", &[], |w| texts.iter().for_each(|t| w.text("t:Value", t)));
            }
            (_, Some(text)) => w.text("t:Value", &text),
            (_, None) => w.text("t:Value", ""),
        }
    });
}

fn write_values<'a>(w: &mut Writer, values: impl Iterator<Item = (&'a Path, &'a Value)>) {
    let mut ordered: Vec<(&Path, &Value)> = values.collect();
    ordered.sort_by_key(|(path, _)| path.rank());
    let mut rest = ordered.as_slice();
    while let Some(((path, value), after)) = rest.split_first() {
        rest = after;
        match path {
            Path::Property(property) => value.write(w, &format!("t:{}", property.element())),
            Path::Extended(path) => write_extended(w, path, value),
            Path::Entry(dictionary, _) => {
                let property = dictionary.property();
                let same = 1 + after.iter().take_while(|(p, _)| p.rank().0 == property).count();
                let group = &ordered[ordered.len() - after.len() - 1..][..same];
                rest = &after[same - 1..];
                write_dictionary(w, property, group);
            }
        }
    }
}

fn write_dictionary(w: &mut Writer, property: Property, group: &[(&Path, &Value)]) {
    let mut by_key: BTreeMap<&str, Vec<(Dictionary, &str)>> = BTreeMap::new();
    for (path, value) in group {
        if let (Path::Entry(dictionary, key), Value::Text(text)) = (path, value) {
            by_key.entry(key).or_default().push((*dictionary, text));
        }
    }
    w.element(&format!("t:{}", property.element()), &[], |w| {
        for (key, mut parts) in by_key {
            parts.sort_by_key(|(dictionary, _)| *dictionary);
            let whole = parts.iter().find(|(d, _)| d.part().is_none());
            match whole {
                Some((_, text)) => w.text_with("t:Entry", &[("Key", key)], text),
                None => w.element("t:Entry", &[("Key", key)], |w| {
                    for (dictionary, text) in parts {
                        if let Some(part) = dictionary.part() {
                            w.text(&format!("t:{part}"), text);
                        }
                    }
                }),
            }
        }
    });
}
