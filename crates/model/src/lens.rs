//! How a value will look on the other side: the question that decides whether two copies are equal (decision 1).

use crate::field::Path;
use crate::map::{DomainMap, translate};
use crate::same::normal;
use crate::side::Side;
use crate::value::Value;

/// A side's way of showing values: pure and total. Implemented next to each connector's map.
pub trait Lens: Send + Sync {
    /// The value as that side will show it after it was written there; cut, translated, normalised.
    fn image(&self, path: &Path, value: &Value, map: &DomainMap) -> Value;

    /// What a person made of a text that this side shows cut, with what was cut off the original put back (rule E5). None
    /// where nothing was cut, or the notice is gone: then he wrote a text of his own.
    fn made_whole(&self, _: &Path, _edited: &Value, _original: &Value, _: &DomainMap) -> Option<Value> {
        None
    }
}

/// An edited text with the rest of the original in the place of the notice: `shown` is how a side that ends what it cuts
/// with that notice shows the original.
#[must_use]
pub fn put_back(edited: &str, original: &str, shown: &str, notice: &str) -> Option<String> {
    let rest = original.strip_prefix(shown.strip_suffix(notice)?)?;
    let (before, after) = edited.rsplit_once(notice.trim())?;
    Some(format!("{}{rest}{after}", before.trim_end()))
}

/// What every lens begins with: the map's translation toward a side, and the normal form of text.
#[must_use]
pub fn translated(toward: Side, path: &Path, value: &Value, map: &DomainMap) -> Value {
    let value = match map.entry(&path.field) {
        Some(entry) => translate(entry, value, toward),
        None => value.clone(),
    };
    match value {
        Value::Text(text) => {
            let text = normal(&text);
            if text.is_empty() { Value::Null } else { Value::Text(text) }
        }
        Value::Null
        | Value::Cleared
        | Value::Flag(_)
        | Value::Number(_)
        | Value::Day(_)
        | Value::When(_)
        | Value::Instant(_)
        | Value::Rule(_)
        | Value::Set(_)
        | Value::People(_) => value,
    }
}

/// The lens of a side that holds everything it is given, save translations: the built-in CRM's, and a base for tests.
#[derive(Clone, Copy, Debug)]
pub struct Plain(pub Side);

impl Lens for Plain {
    fn image(&self, path: &Path, value: &Value, map: &DomainMap) -> Value {
        translated(self.0, path, value, map)
    }
}
