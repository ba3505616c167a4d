//! Writing vCards, as Exchange gives them for contacts.

use crate::item::body::BodyForm;
use crate::item::{Item, contact};
use crate::mime::lines::{Lines, escaped};

/// A contact as vCard 3.0.
pub(crate) fn contact(item: &Item) -> String {
    let text = |name: &str| item.text(name).unwrap_or_default();
    let mut out = Lines::default();
    out.add("BEGIN:VCARD");
    out.add("PROFILE:VCARD");
    out.add("VERSION:3.0");
    out.add("MAILER:Microsoft Exchange");
    out.add("PRODID:Microsoft Exchange");
    out.text("FN", &contact::display_name(item));
    let title = item.extended.get(&contact::TITLE).map_or("", |value| value.first());
    let name =
        [text("Surname"), text("GivenName"), text("MiddleName"), title, text("Generation")].map(escaped).join(";");
    out.add(&format!("N:{name}"));
    out.text("NICKNAME", text("Nickname"));
    for key in ["EmailAddress1", "EmailAddress2", "EmailAddress3"] {
        if let Some(entry) = contact::entry(item, "EmailAddresses", key) {
            out.text("EMAIL;TYPE=INTERNET", &entry.text());
        }
    }
    for (key, kind) in [
        ("BusinessPhone", "WORK"),
        ("BusinessPhone2", "WORK"),
        ("HomePhone", "HOME"),
        ("MobilePhone", "CELL"),
        ("BusinessFax", "WORK,FAX"),
        ("Pager", "PAGER"),
    ] {
        if let Some(entry) = contact::entry(item, "PhoneNumbers", key) {
            out.text(&format!("TEL;TYPE={kind}"), &entry.text());
        }
    }
    for (key, kind) in [("Business", "WORK"), ("Home", "HOME")] {
        if let Some(entry) = contact::entry(item, "PhysicalAddresses", key) {
            let part = |name: &str| escaped(&entry.child_text(name).unwrap_or_default());
            out.add(&format!(
                "ADR;TYPE={kind}:;;{};{};{};{};{}",
                part("Street"),
                part("City"),
                part("State"),
                part("PostalCode"),
                part("CountryOrRegion")
            ));
        }
    }
    let org = [text("CompanyName"), text("Department")];
    if org.iter().any(|part| !part.is_empty()) {
        out.add(&format!("ORG:{}", org.map(escaped).join(";")));
    }
    out.text("TITLE", text("JobTitle"));
    out.text("URL;TYPE=WORK", text("BusinessHomePage"));
    if let Some(day) = item.text("Birthday").and_then(|text| text.get(..10)) {
        out.add(&format!("BDAY;VALUE=DATE:{day}"));
    }
    out.text("NOTE", &item.body.shown(BodyForm::Text).1);
    let class = if item.text("Sensitivity") == Some("Private") { "PRIVATE" } else { "PUBLIC" };
    out.add(&format!("CLASS:{class}"));
    if let Some(categories) = item.parts("Categories") {
        let words: Vec<String> = categories.elements().map(|word| escaped(&word.text())).collect();
        out.add(&format!("CATEGORIES:{}", words.join(",")));
    }
    out.add("END:VCARD");
    out.0
}
