//! GetServerTimeZones: the zones a server knows, with their rules when asked.

use crate::codes::Code;
use crate::ews::soap::Messages;
use crate::ews::{Answer, Call};
use crate::xml::Element;
use crate::zone::Zone;
use crate::zone_rules::full_definition;
use crate::zone_table::ZONES;

/// GetServerTimeZones.
pub(crate) fn get(call: &mut Call<'_>, body: &Element) -> Answer {
    let full = body.attr("ReturnFullTimeZoneData") != Some("false");
    let ids: Vec<String> = match body.child("Ids") {
        Some(ids) => ids.elements().map(Element::word).collect(),
        None => ZONES.iter().map(|(id, _, _)| (*id).to_owned()).collect(),
    };
    let year = jiff::tz::TimeZone::UTC.to_datetime(call.now).year();
    let mut messages = Messages::new("GetServerTimeZones", "<m:TimeZoneDefinitions />");
    let zones: Option<Vec<Zone>> = ids.iter().map(|id| Zone::by_id(id)).collect();
    match zones {
        None => messages.refused(&Code::ErrorTimeZone.into()),
        Some(zones) => messages.success(|xml| {
            xml.open("m:TimeZoneDefinitions");
            for zone in &zones {
                if full {
                    xml.element(&full_definition(zone, year));
                } else {
                    xml.empty("t:TimeZoneDefinition", &[("Id", zone.id()), ("Name", zone.name())]);
                }
            }
            xml.close("m:TimeZoneDefinitions");
        }),
    }
    Ok(messages.finish())
}
