//! Habits of EWS servers that are not this Exchange: the same answers, said otherwise. Each is a quirk, off by default.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use crate::quirks::Quirk;
use crate::xml::{Element, MESSAGES, Node, Ns, SOAP, TYPES, escape, read};

const NIL: &str = "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:nil=\"true\"";

/// The sets of extended properties that have a name, by their GUIDs.
const SETS: [(&str, &str); 4] = [
    ("Meeting", "6ED8DA90-450B-101B-98DA-00AA003F1305"),
    ("Appointment", "00062002-0000-0000-C000-000000000046"),
    ("Common", "00062008-0000-0000-C000-000000000046"),
    ("Task", "00062003-0000-0000-C000-000000000046"),
];

/// The answer as a server with these habits gives it. Faults are given as they are.
pub(crate) fn applied(quirks: &BTreeSet<Quirk>, body: String) -> String {
    if !quirks.iter().any(|quirk| Quirk::HABITS.contains(quirk)) || body.contains("<s:Fault>") {
        return body;
    }
    let Ok(mut root) = read(body.as_bytes()) else { return body };
    for habit in quirks {
        change(&mut root, *habit);
    }
    let has = |habit| quirks.contains(&habit);
    let mut out = String::with_capacity(body.len() + body.len() / 4);
    if has(Quirk::MarksAndComments) {
        out.push_str("\u{FEFF}<!-- an answer -->\r\n");
    }
    let style = Style {
        renamed: has(Quirk::OwnPrefixes),
        spaced: has(Quirk::MarksAndComments),
        sections: has(Quirk::TextInSections),
    };
    style.write(&root, true, &mut out);
    out
}

fn change(element: &mut Element, habit: Quirk) {
    match habit {
        Quirk::ElementsInAnyOrder if is_record(element) || element.name.ends_with("ResponseMessage") => {
            element.children.reverse();
        }
        Quirk::ResultsInAnyOrder
            if element.name == "ResponseMessages"
                && element.first().is_some_and(|first| first.name == "GetItemResponseMessage") =>
        {
            element.children.reverse();
        }
        Quirk::OneResultForAll if element.name == "ResponseMessages" => together(element),
        Quirk::NoResponseCodes if element.attr("ResponseClass") == Some("Success") => without(element, "ResponseCode"),
        Quirk::PagesWithoutEnd => {
            without(element, "IncludesLastItemInRange");
            element.attrs.retain(|(key, _)| key != "IncludesLastItemInRange");
        }
        Quirk::NoFolderChangeKeys if element.name == "FolderId" || element.name == "ParentFolderId" => {
            element.attrs.retain(|(key, _)| key != "ChangeKey");
        }
        Quirk::SetsByGuid if element.name == "ExtendedFieldURI" => by_guid(element),
        Quirk::EmptyAndNil if is_record(element) => empty(element),
        Quirk::OffsetsForZ => offset(element),
        Quirk::OneWrapperForAll if is_record(element) => element.name = "Item".to_owned(),
        _ => {}
    }
    for node in &mut element.children {
        if let Node::Element(child) = node {
            change(child, habit);
        }
    }
}

/// Contacts, calendar items and tasks, with what an id alone would not carry.
fn is_record(element: &Element) -> bool {
    matches!(element.name.as_str(), "Contact" | "CalendarItem" | "Task" | "Item")
        && element.child("ItemId").is_some()
        && element.child("ItemClass").is_some()
}

fn without(element: &mut Element, name: &str) {
    element.children.retain(|node| !matches!(node, Node::Element(child) if child.name == name));
}

/// Everything that was read, in the first result.
fn together(list: &mut Element) {
    let all_read = list
        .elements()
        .all(|message| message.name == "GetItemResponseMessage" && message.attr("ResponseClass") == Some("Success"));
    if !all_read || list.children.len() < 2 {
        return;
    }
    let mut items = Vec::new();
    for message in list.children.drain(1..) {
        if let Node::Element(message) = message {
            let inside = message.children.into_iter().filter_map(|node| match node {
                Node::Element(child) if child.name == "Items" => Some(child.children),
                Node::Element(_) | Node::Text(_) => None,
            });
            items.extend(inside.flatten());
        }
    }
    let first = list.children.iter_mut().find_map(|node| match node {
        Node::Element(message) => message.children.iter_mut().find_map(|node| match node {
            Node::Element(child) if child.name == "Items" => Some(child),
            Node::Element(_) | Node::Text(_) => None,
        }),
        Node::Text(_) => None,
    });
    if let Some(first) = first {
        first.children.extend(items);
    }
}

fn by_guid(path: &mut Element) {
    for (key, value) in &mut path.attrs {
        if key == "DistinguishedPropertySetId"
            && let Some((_, guid)) = SETS.iter().find(|(name, _)| name == value)
        {
            *key = "PropertySetId".to_owned();
            *value = (*guid).to_owned();
        }
    }
}

/// What has no value stands there all the same, empty or as nil.
fn empty(item: &mut Element) {
    let names: &[&str] = match item.name.as_str() {
        "Contact" => &["Birthday", "WeddingAnniversary"],
        "Task" => &["DueDate", "StartDate", "CompleteDate"],
        _ => &["AppointmentReplyTime"],
    };
    for (at, name) in names.iter().enumerate() {
        if item.child(name).is_none() {
            let mut blank = Element::new(name);
            if at % 2 == 0 {
                blank.attrs.push(("nil".to_owned(), "true".to_owned()));
            }
            item.push(blank);
        }
    }
}

/// `…Z` said in another offset.
fn offset(element: &mut Element) {
    for node in &mut element.children {
        if let Node::Text(text) = node
            && text.len() == 20
            && text.ends_with('Z')
            && let Ok(instant) = text.parse::<Timestamp>()
        {
            let zone = TimeZone::fixed(Offset::constant(2));
            *text = instant.to_zoned(zone).strftime("%Y-%m-%dT%H:%M:%S.0000000+02:00").to_string();
        }
    }
}

struct Style {
    renamed: bool,
    spaced: bool,
    sections: bool,
}

impl Style {
    fn write(&self, element: &Element, is_root: bool, out: &mut String) {
        let prefix = match (element.ns, self.renamed) {
            (Ns::Soap, true) => "soapenv:",
            (Ns::Soap, false) => "s:",
            (Ns::Messages, true) => "ns2:",
            (Ns::Messages, false) => "m:",
            (Ns::Types, true) => "",
            (Ns::Types, false) => "t:",
            (Ns::Other, _) => "x:",
        };
        let name = format!("{prefix}{}", element.name);
        out.push('<');
        out.push_str(&name);
        if is_root {
            let types = if self.renamed { "xmlns" } else { "xmlns:t" };
            let (soap, messages) = if self.renamed { ("soapenv", "ns2") } else { ("s", "m") };
            out.push_str(&format!(
                " xmlns:{soap}=\"{SOAP}\" xmlns:{messages}=\"{MESSAGES}\" {types}=\"{TYPES}\" xmlns:x=\"urn:other\""
            ));
        }
        for (key, value) in &element.attrs {
            if key == "nil" {
                out.push(' ');
                out.push_str(NIL);
                continue;
            }
            out.push_str(&format!(" {key}=\""));
            escape(value, out);
            out.push('"');
        }
        if element.children.is_empty() {
            out.push_str("/>");
            return;
        }
        out.push('>');
        let holds_elements = element.first().is_some();
        for node in &element.children {
            match node {
                Node::Element(child) => {
                    if self.spaced {
                        out.push_str("\r\n  <!-- < -->");
                    }
                    self.write(child, false, out);
                }
                Node::Text(text) if self.sections && !text.contains("]]>") && !holds_elements => {
                    out.push_str("<![CDATA[");
                    out.push_str(text);
                    out.push_str("]]>");
                }
                Node::Text(text) => escape(text, out),
            }
        }
        out.push_str("</");
        out.push_str(&name);
        out.push('>');
    }
}
