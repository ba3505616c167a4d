//! ResolveNames: who an address belongs to, as the server's directory knows it.

use super::attendee::Mailbox;
use super::envelope::{Operation, Reply};
use super::{Dictionary, Item, Path, Value};
use crate::xml::{Element, Error, Reader, Writer};

/// Asks the directory for a name or an address.
///
/// <https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/resolvenames-operation>
#[derive(Clone, PartialEq, Eq)]
pub struct ResolveNames {
    /// The name or address, exactly as `smtp:someone@example.org` for an address.
    pub entry: String,
}

impl std::fmt::Debug for ResolveNames {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ResolveNames")
    }
}

impl Operation for ResolveNames {
    type Reply = Resolutions;
    const NAME: &'static str = "ResolveNames";

    fn write(&self, w: &mut Writer) {
        let how = [("ReturnFullContactData", "true"), ("SearchScope", "ActiveDirectory")];
        w.element("m:ResolveNames", &how, |w| w.text("m:UnresolvedEntry", &self.entry));
    }
}

/// What the directory answered.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Resolutions(pub Vec<Resolved>);

/// One entry of the directory.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Resolved {
    /// Who.
    pub mailbox: Mailbox,
    /// Every address the directory shows, without its kind (`smtp:`).
    pub addresses: Vec<String>,
}

impl Reply for Resolutions {
    fn element(&mut self, r: &mut Reader<'_>, element: &Element<'_>) -> Result<(), Error> {
        if element.name != "ResolutionSet" {
            return Ok(());
        }
        r.children(|r, _| {
            super::value::bounded(r, &self.0)?;
            let mut found = Resolved::default();
            r.children(|r, part| {
                match part.name {
                    "Mailbox" => found.mailbox.read(r)?,
                    "Contact" => found.addresses = addresses(&Item::read(r, part)?),
                    _ => {}
                }
                Ok(())
            })?;
            self.0.push(found);
            Ok(())
        })
    }
}

fn addresses(contact: &Item) -> Vec<String> {
    contact
        .values
        .iter()
        .filter_map(|(path, value)| match (path, value) {
            (Path::Entry(Dictionary::EmailAddress, _), Value::Text(text)) => Some(text),
            _ => None,
        })
        .map(|text| match text.split_once(':') {
            Some((kind, address)) if kind.eq_ignore_ascii_case("smtp") => address.to_owned(),
            Some(_) | None => text.clone(),
        })
        .collect()
}
