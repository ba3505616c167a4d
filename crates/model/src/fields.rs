//! What a record says, field by field. Copies of it share one memory until one of them is changed.

use crate::field::Path;
use crate::value::Value;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, btree_map};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// The fields of a record that a side showed. A path that is not in the map was not returned by that side, and is
/// therefore never written by us (trap 20); inside an occurrence it means "as the series".
///
/// Observation, link, plan and history each keep what a record said, mostly unchanged: a copy costs nothing.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fields(Arc<BTreeMap<Path, Value>>);

impl Fields {
    /// No field at all.
    #[must_use]
    pub fn new() -> Fields {
        Fields::default()
    }

    /// The values alone, in the order of their paths.
    pub fn into_values(self) -> btree_map::IntoValues<Path, Value> {
        self.into_map().into_values()
    }

    /// The paths alone, in order.
    pub fn into_keys(self) -> btree_map::IntoKeys<Path, Value> {
        self.into_map().into_keys()
    }

    fn into_map(self) -> BTreeMap<Path, Value> {
        Arc::unwrap_or_clone(self.0)
    }
}

impl Deref for Fields {
    type Target = BTreeMap<Path, Value>;

    fn deref(&self) -> &BTreeMap<Path, Value> {
        &self.0
    }
}

impl DerefMut for Fields {
    fn deref_mut(&mut self) -> &mut BTreeMap<Path, Value> {
        Arc::make_mut(&mut self.0)
    }
}

/// As the map itself: each path with its value's form.
impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromIterator<(Path, Value)> for Fields {
    fn from_iter<I: IntoIterator<Item = (Path, Value)>>(of: I) -> Fields {
        Fields(Arc::new(of.into_iter().collect()))
    }
}

impl<const N: usize> From<[(Path, Value); N]> for Fields {
    fn from(of: [(Path, Value); N]) -> Fields {
        of.into_iter().collect()
    }
}

impl Extend<(Path, Value)> for Fields {
    fn extend<I: IntoIterator<Item = (Path, Value)>>(&mut self, more: I) {
        Arc::make_mut(&mut self.0).extend(more);
    }
}

impl IntoIterator for Fields {
    type Item = (Path, Value);
    type IntoIter = btree_map::IntoIter<Path, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.into_map().into_iter()
    }
}

impl<'a> IntoIterator for &'a Fields {
    type Item = (&'a Path, &'a Value);
    type IntoIter = btree_map::Iter<'a, Path, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a mut Fields {
    type Item = (&'a Path, &'a mut Value);
    type IntoIter = btree_map::IterMut<'a, Path, Value>;

    fn into_iter(self) -> Self::IntoIter {
        Arc::make_mut(&mut self.0).iter_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::Field;

    // C1: the base never follows what a copy of it becomes.
    #[test]
    fn a_copy_that_is_changed_leaves_the_other_as_it_was() {
        let path = Path::of(Field::Subject);
        let before = Fields::from([(path.clone(), Value::text("before"))]);
        let mut after = before.clone();
        after.insert(path.clone(), Value::text("after"));
        assert_eq!(before.get(&path), Some(&Value::text("before")));
        assert_eq!(after.get(&path), Some(&Value::text("after")));
        for (_, value) in &mut after {
            *value = Value::Null;
        }
        assert_ne!(before, after);
    }

    #[test]
    fn it_is_stored_and_shown_as_the_map_it_is() {
        let path = Path::of(Field::Subject);
        let fields = Fields::from([(path.clone(), Value::text("told"))]);
        let map = BTreeMap::from([(path, Value::text("told"))]);
        let text = serde_json::to_string(&fields).expect("text");
        assert_eq!(text, serde_json::to_string(&map).expect("text"));
        assert_eq!(serde_json::from_str::<Fields>(&text).expect("read"), fields);
        assert_eq!(format!("{fields:?}"), format!("{map:?}"));
    }

    // A node of the map stays small enough for the allocator's quick lists: these are made and dropped all day.
    #[test]
    fn a_value_is_small() {
        assert!(size_of::<Value>() <= 48, "{}", size_of::<Value>());
        assert!(size_of::<Path>() <= 40, "{}", size_of::<Path>());
    }
}
