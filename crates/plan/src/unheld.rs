//! What a side has no room for, so that a person is told (rules D2, E5, W2).

use crate::context::Context;
use model::{Link, Path, Record, Side, Value};
use std::collections::{BTreeMap, BTreeSet};

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

/// Texts that are shown cut, by the side that shows them so: the other one holds them whole (rule E5).
#[must_use]
pub fn shortened(link: &Link, crm: &Record, pim: &Record, context: &Context<'_>) -> BTreeMap<Path, Side> {
    let Some(map) = context.maps.get(&link.domain) else { return BTreeMap::new() };
    let level = context.level(link.domain);
    let cut = |record: &Record, at: Side| -> Vec<Path> {
        let goes = match at {
            Side::Crm => level.imports(),
            Side::Pim => level.exports(),
        };
        let lens = context.lens(at);
        let is_cut = |path: &Path, value: &Value| {
            goes && map.writes(&path.field, at)
                && matches!(value, Value::Text(_))
                && lens.made_whole(path, &lens.image(path, value, map), value, map).is_some()
        };
        record.fields.iter().filter(|(path, value)| is_cut(path, value)).map(|(path, _)| path.clone()).collect()
    };
    let of = |record, at: Side| cut(record, at).into_iter().map(move |path| (path, at));
    of(crm, Side::Pim).chain(of(pim, Side::Crm)).collect()
}
