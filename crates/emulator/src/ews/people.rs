//! ResolveNames: the directory of the site.

use crate::codes::Code;
use crate::ews::soap::Messages;
use crate::ews::{Answer, Call, required};
use crate::item::calendar::Person;
use crate::xml::Element;

/// The schema allows so many answers.
const MAX_FOUND: usize = 100;

/// The address that the directory of the site gives somebody (legacyExchangeDN).
pub(crate) fn directory_address(address: &str) -> String {
    let alias = address.split('@').next().unwrap_or_default();
    format!("/O=CRM/OU=FIRST ADMINISTRATIVE GROUP/CN=RECIPIENTS/CN={alias}")
}

/// ResolveNames.
pub(crate) fn resolve(call: &mut Call<'_>, body: &Element) -> Answer {
    let entry = required(body, "UnresolvedEntry")?.text();
    let wanted = entry.trim().to_lowercase();
    let exact = wanted.strip_prefix("smtp:").unwrap_or(&wanted).to_owned();
    let full = body.attr("ReturnFullContactData") == Some("true");
    let found: Vec<Person> = call
        .world
        .mailboxes
        .values()
        .filter(|mailbox| {
            // The directory knows everybody by his own name for him, too.
            mailbox.answers_to(&exact)
                || directory_address(&mailbox.address).to_lowercase() == exact
                || mailbox.address.to_lowercase().starts_with(&exact)
                || mailbox.display_name.to_lowercase().split_whitespace().any(|word| word.starts_with(&exact))
                || mailbox.display_name.to_lowercase().starts_with(&exact)
        })
        .map(crate::mailbox::Mailbox::owner)
        .take(MAX_FOUND)
        .collect();
    let mut messages = Messages::new("ResolveNames", "");
    if found.is_empty() || exact.is_empty() {
        messages.refused(&Code::ErrorNameResolutionNoResults.into());
        return Ok(messages.finish());
    }
    let total = found.len().to_string();
    let write = |xml: &mut crate::xml::Xml| {
        xml.open_with("m:ResolutionSet", &[("TotalItemsInView", &total), ("IncludesLastItemInRange", "true")]);
        for person in &found {
            xml.open("t:Resolution");
            xml.element(&person.element().with(Element::leaf("MailboxType", "Mailbox")));
            if full {
                xml.open("t:Contact");
                xml.leaf("t:DisplayName", &person.name);
                xml.leaf("t:ContactSource", "ActiveDirectory");
                xml.close("t:Contact");
            }
            xml.close("t:Resolution");
        }
        xml.close("m:ResolutionSet");
    };
    if found.len() > 1 {
        messages.warned(&Code::ErrorNameResolutionMultipleResults.into(), write);
    } else {
        messages.success(write);
    }
    Ok(messages.finish())
}
