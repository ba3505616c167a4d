//! What the mailbox has no room for, so that a person is told (rules D2, W2).

use crate::context::Context;
use model::{Link, Path, Record, Side, Value};
use std::collections::BTreeSet;

/// Days and times of the CRM that the mailbox has no way to show: a birthday in 1601 is none there (rule D2).
#[must_use]
pub fn unheld(link: &Link, crm: &Record, context: &Context<'_>) -> BTreeSet<Path> {
    let Some(map) = context.maps.get(&link.domain).filter(|_| context.level(link.domain).exports()) else {
        return BTreeSet::new();
    };
    let lost = |path: &Path, value: &Value| {
        matches!(value, Value::Day(_) | Value::Instant(_))
            && map.writes(&path.field, Side::Pim)
            && context.pim.image(path, value, map).is_blank()
    };
    crm.fields.iter().filter(|(path, value)| lost(path, value)).map(|(path, _)| path.clone()).collect()
}
