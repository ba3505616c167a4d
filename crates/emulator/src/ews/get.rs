//! GetItem: reading items and occurrences.

use crate::codes::{Code, Outcome};
use crate::ews::soap::Messages;
use crate::ews::{Answer, Call, listed, required};
use crate::item::render::{View, render};
use crate::item::series::{self, InstanceState};
use crate::item::{Damage, Item, time};
use crate::quirks::Quirk;
use crate::shape::{Place, Shape};
use crate::xml::Element;

/// How many occurrences one range may give out.
const MAX_RANGE: usize = 1000;

/// GetItem.
pub(crate) fn get(call: &mut Call<'_>, body: &Element) -> Answer {
    let shape = Shape::read(required(body, "ItemShape")?)?;
    let mut messages = Messages::new("GetItem", "<m:Items />");
    let quirks = call.world.servers.get(call.server).map(|server| server.quirks.clone()).unwrap_or_default();
    for id in listed(body, "ItemIds")?.elements() {
        if quirks.contains(&Quirk::MovesChangeKeyWhenRead) {
            turn_key(call, id);
        }
        let read = if id.name == "RecurringMasterItemIdRanges" { ranges(call, id) } else { one(call, id) };
        let done = read.and_then(|(mailbox, items)| {
            let store = call.store(mailbox)?;
            messages.success(|xml| {
                xml.open("m:Items");
                let view = View { mailbox: store, shape: &shape, place: Place::Reading, quirks: &quirks };
                for item in &items {
                    render(xml, &view, item);
                }
                xml.close("m:Items");
            });
            Ok((store.address.clone(), items.len()))
        });
        match done {
            Ok((address, count)) => {
                if let Some(server) = call.world.servers.get_mut(call.server) {
                    server.counters.mailbox(&address).items_read += count as u64;
                }
            }
            Err(refusal) => messages.refused(&refusal),
        }
    }
    Ok(messages.finish())
}

/// Occurrences have no change key of their own: reading one moves nothing.
fn turn_key(call: &mut Call<'_>, id: &Element) {
    if let Ok(found) = call.found(id)
        && found.instance.is_none()
        && let Some(store) = call.world.mailboxes.get_mut(&found.mailbox)
    {
        store.turn_key(found.no);
    }
}

fn one(call: &Call<'_>, id: &Element) -> Outcome<(u64, Vec<Item>)> {
    let found = call.found(id)?;
    let item = call.shown(&found)?;
    match item.damage {
        Some(Damage::Corrupt) => Err(Code::ErrorItemCorrupt.into()),
        Some(Damage::Failing) => Err(Code::ErrorInternalServerError.into()),
        Some(Damage::Vanishing) => Err(Code::ErrorItemNotFound.into()),
        Some(Damage::IllegalCharacters | Damage::UnknownElement) | None => Ok((found.mailbox, vec![item])),
    }
}

/// A master with the occurrences of some ranges, as Exchange 2013 gives them.
fn ranges(call: &Call<'_>, id: &Element) -> Outcome<(u64, Vec<Item>)> {
    let found = call.found(id)?;
    let master = call.item(&found)?;
    let calendar = master
        .calendar()
        .filter(|calendar| calendar.rule.is_some())
        .ok_or(Code::ErrorCalendarCannotUseIdForOccurrenceId)?;
    let mut items = vec![master.clone()];
    let zone = &call.zone;
    for range in id.child("Ranges").iter().flat_map(|ranges| ranges.elements()) {
        let edge = |name: &str| range.attr(name).and_then(|text| time::read(text, zone));
        let (start, end) = (edge("Start"), edge("End"));
        let count = range.attr("Count").and_then(|text| text.parse().ok()).unwrap_or(MAX_RANGE).min(MAX_RANGE);
        let by_original = range.attr("CompareOriginalStartTime") == Some("true");
        items.extend(
            series::instances(calendar)
                .filter(|one| one.state != InstanceState::Deleted)
                .map(|one| (if by_original { one.original } else { one.start }, one))
                .skip_while(|(at, _)| start.is_some_and(|start| *at < start))
                .take_while(|(at, _)| end.is_none_or(|end| *at <= end))
                .take(count)
                .map(|(_, one)| series::effective(master, &one)),
        );
    }
    Ok((found.mailbox, items))
}
