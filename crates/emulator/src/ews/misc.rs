//! ConvertId and GetUserConfiguration: what clients ask before they begin.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::codes::{Code, Outcome, Refusal};
use crate::ews::soap::{Fault, Messages};
use crate::ews::{Answer, Call, choice, listed, required};
use crate::ids::{self, IdFault, Moniker, Named, ParsedId};
use crate::xml::Element;

const FORMATS: &[&str] = &["EwsLegacyId", "EwsId", "EntryId", "HexEntryId", "StoreId", "OwaId"];

/// ConvertId: an id that is none is a response code, not a fault.
pub(crate) fn convert_id(call: &mut Call<'_>, body: &Element) -> Answer {
    let format = choice(body, "DestinationFormat", FORMATS)?
        .ok_or_else(|| Fault::schema("The required attribute 'DestinationFormat' is missing."))?;
    let mut messages = Messages::new("ConvertId", "");
    for source in listed(body, "SourceIds")?.elements() {
        match converted(call, source, format) {
            Ok((id, mailbox)) => messages.success(|xml| {
                xml.empty(
                    "m:AlternateId",
                    &[("xsi:type", "t:AlternateIdType"), ("Format", format), ("Id", &id), ("Mailbox", &mailbox)],
                );
            }),
            Err(refusal) => messages.refused(&refusal),
        }
    }
    Ok(messages.finish())
}

fn converted(call: &Call<'_>, source: &Element, format: &str) -> Outcome<(String, String)> {
    let id = source.attr("Id").unwrap_or_default();
    let parsed = match source.attr("Format") {
        Some("EwsId" | "EwsLegacyId") => ids::parse(id).map_err(|fault| match fault {
            IdFault::Empty => Refusal::from(Code::ErrorInvalidIdEmpty),
            IdFault::Malformed => Refusal::from(Code::ErrorInvalidIdMalformed),
        })?,
        Some("OwaId") => {
            ids::parse(&id.replace('-', "/").replace('_', "+")).map_err(|_| Code::ErrorInvalidIdMalformed)?
        }
        Some("HexEntryId") => ids::unhex(id).and_then(|bytes| of_entry(&bytes)).ok_or(Code::ErrorInvalidIdMalformed)?,
        Some("EntryId" | "StoreId") => {
            STANDARD.decode(id).ok().and_then(|bytes| of_entry(&bytes)).ok_or(Code::ErrorInvalidIdMalformed)?
        }
        _ => return Err(Code::ErrorUnsupportedTypeForConversion.into()),
    };
    let mailbox = call.owner(&parsed)?;
    let store = call.store(mailbox)?;
    let moniker = &store.moniker;
    let id = match format {
        "EntryId" | "StoreId" => STANDARD.encode(ids::entry_id(moniker, parsed.named)),
        "HexEntryId" => ids::hex(&ids::entry_id(moniker, parsed.named)),
        "OwaId" => ews(moniker, parsed.named).replace('/', "-").replace('+', "_"),
        _ => ews(moniker, parsed.named),
    };
    Ok((id, store.address.clone()))
}

fn ews(moniker: &Moniker, named: Named) -> String {
    ids::ews_id(moniker, named)
}

/// A MAPI entry id names what the EWS id made of it names.
fn of_entry(bytes: &[u8]) -> Option<ParsedId> {
    let mailbox = ids::Guid(bytes.get(22..38)?.try_into().ok()?);
    let number = |bytes: &[u8]| bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let named = match bytes.len() {
        46 => Named::Folder(number(bytes.get(38..44)?)),
        70 => Named::Item(number(bytes.get(62..68)?)),
        _ => return None,
    };
    Some(ParsedId { mailbox, named })
}

/// GetUserConfiguration: no such configuration is kept.
pub(crate) fn user_configuration(_: &mut Call<'_>, body: &Element) -> Answer {
    required(body, "UserConfigurationName")?;
    let mut messages = Messages::new("GetUserConfiguration", "");
    messages.refused(&Code::ErrorItemNotFound.into());
    Ok(messages.finish())
}
