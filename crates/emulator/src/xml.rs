//! Reading the XML of a request within limits, and writing the XML of an answer the way Exchange writes it.

use quick_xml::events::Event;
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

/// The SOAP 1.1 envelope namespace.
pub(crate) const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
/// The namespace of `types.xsd`.
pub(crate) const TYPES: &str = "http://schemas.microsoft.com/exchange/services/2006/types";
/// The namespace of `messages.xsd`.
pub(crate) const MESSAGES: &str = "http://schemas.microsoft.com/exchange/services/2006/messages";
/// The namespace of SOAP fault details.
pub(crate) const ERRORS: &str = "http://schemas.microsoft.com/exchange/services/2006/errors";

/// How deep a request may nest: the deepest real one (a restriction of restrictions) stays under this.
const MAX_DEPTH: usize = 64;
/// How many elements a request may hold: 512 items with a hundred properties each, and air.
const MAX_ELEMENTS: usize = 400_000;

/// Which of the three known namespaces an element belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ns {
    Soap,
    Types,
    Messages,
    Other,
}

/// One element of a request, or a stored property that has parts.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Element {
    pub ns: Ns,
    pub name: String,
    pub attrs: Vec<(String, String)>,
    pub children: Vec<Node>,
}

/// What stands inside an element.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Node {
    Element(Element),
    Text(String),
}

/// Why a request could not be read; the position is in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct XmlFault {
    pub position: u64,
    pub reason: &'static str,
}

impl Element {
    /// An element of the types namespace.
    pub(crate) fn new(name: &str) -> Self {
        Self { ns: Ns::Types, name: name.to_owned(), attrs: Vec::new(), children: Vec::new() }
    }

    /// An element of the types namespace that holds one text.
    pub(crate) fn leaf(name: &str, text: &str) -> Self {
        let mut element = Self::new(name);
        element.children.push(Node::Text(text.to_owned()));
        element
    }

    pub(crate) fn with_attr(mut self, name: &str, value: &str) -> Self {
        self.attrs.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn with(mut self, child: Element) -> Self {
        self.children.push(Node::Element(child));
        self
    }

    pub(crate) fn push(&mut self, child: Element) {
        self.children.push(Node::Element(child));
    }

    pub(crate) fn attr(&self, name: &str) -> Option<&str> {
        self.attrs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    pub(crate) fn first(&self) -> Option<&Element> {
        self.elements().next()
    }

    pub(crate) fn child(&self, name: &str) -> Option<&Element> {
        self.elements().find(|element| element.name == name)
    }

    /// The text of a child, when there is such a child.
    pub(crate) fn child_text(&self, name: &str) -> Option<String> {
        self.child(name).map(Element::text)
    }

    /// All text directly inside this element.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for node in &self.children {
            if let Node::Text(part) = node {
                text.push_str(part);
            }
        }
        text
    }

    /// The text without the white space around it: for numbers, dates and names of choices.
    pub(crate) fn word(&self) -> String {
        self.text().trim().to_owned()
    }
}

/// Reads a whole document within the limits above; DTDs are refused (trap 184).
pub(crate) fn read(bytes: &[u8]) -> Result<Element, XmlFault> {
    let text = std::str::from_utf8(bytes).map_err(|_| XmlFault { position: 0, reason: "the request is not UTF-8" })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // Nowhere, names and comments included: "any Unicode character, excluding the surrogate blocks, FFFE, and FFFF" and the
    // control characters (XML 1.0, production 2).
    if let Some(at) = text.find(|c| !legal(c)) {
        return Err(XmlFault { position: u64::try_from(at).unwrap_or(u64::MAX), reason: "an illegal character" });
    }
    let mut reader = NsReader::from_str(text);
    let mut stack: Vec<Element> = Vec::new();
    let mut root: Option<Element> = None;
    let mut seen = 0_usize;
    loop {
        let position = reader.buffer_position();
        let fault = |reason| XmlFault { position, reason };
        let (resolved, event) = reader.read_resolved_event().map_err(|_| fault("the XML is not well formed"))?;
        let ns = namespace(&resolved);
        match event {
            Event::Start(start) => {
                seen += 1;
                if stack.len() >= MAX_DEPTH || seen > MAX_ELEMENTS || root.is_some() {
                    return Err(fault("the XML is too deep or too large"));
                }
                stack.push(open(ns, &start).map_err(fault)?);
            }
            Event::Empty(start) => {
                seen += 1;
                if seen > MAX_ELEMENTS || root.is_some() {
                    return Err(fault("the XML is too large"));
                }
                let element = open(ns, &start).map_err(fault)?;
                close(element, &mut stack, &mut root);
            }
            Event::End(_) => {
                let element = stack.pop().ok_or_else(|| fault("an end tag too many"))?;
                close(element, &mut stack, &mut root);
            }
            Event::Text(part) => add_text(&part.xml10_content(), &mut stack).map_err(fault)?,
            Event::CData(part) => add_text(&part.xml10_content(), &mut stack).map_err(fault)?,
            Event::GeneralRef(reference) => {
                let text = resolve(&reference).ok_or_else(|| fault("an unknown reference"))?;
                add_text(&text, &mut stack).map_err(fault)?;
            }
            Event::DocType(_) => return Err(fault("a DTD is not allowed")),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    let position = reader.buffer_position();
    if !stack.is_empty() {
        return Err(XmlFault { position, reason: "the XML ends too early" });
    }
    root.ok_or(XmlFault { position, reason: "the request is empty" })
}

fn namespace(resolved: &ResolveResult<'_>) -> Ns {
    match resolved {
        ResolveResult::Bound(name) => match name.as_ref() {
            SOAP => Ns::Soap,
            TYPES => Ns::Types,
            MESSAGES => Ns::Messages,
            _ => Ns::Other,
        },
        ResolveResult::Unbound | ResolveResult::Unknown(_) => Ns::Other,
    }
}

fn open(ns: Ns, start: &quick_xml::events::BytesStart<'_>) -> Result<Element, &'static str> {
    let mut element =
        Element { ns, name: start.local_name().as_ref().to_owned(), attrs: Vec::new(), children: Vec::new() };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|_| "an attribute is not well formed")?;
        let key = attribute.key.local_name().as_ref().to_owned();
        let raw: &str = &attribute.value;
        let value = quick_xml::escape::unescape(raw).map_err(|_| "an unknown reference")?;
        if !value.chars().all(legal) {
            return Err("an illegal character");
        }
        let prefix = attribute.key.prefix().map(|p| p.as_ref().to_owned());
        if key != "xmlns" && prefix.as_deref() != Some("xmlns") {
            element.attrs.push((key, value.into_owned()));
        }
    }
    Ok(element)
}

fn close(element: Element, stack: &mut [Element], root: &mut Option<Element>) {
    match stack.last_mut() {
        Some(parent) => parent.children.push(Node::Element(element)),
        None => *root = Some(element),
    }
}

fn add_text(text: &str, stack: &mut [Element]) -> Result<(), &'static str> {
    if !text.chars().all(legal) {
        return Err("an illegal character");
    }
    match stack.last_mut() {
        Some(parent) => {
            if let Some(Node::Text(last)) = parent.children.last_mut() {
                last.push_str(text);
            } else {
                parent.children.push(Node::Text(text.to_owned()));
            }
            Ok(())
        }
        None if text.trim().is_empty() => Ok(()),
        None => Err("text outside the document"),
    }
}

fn resolve(reference: &quick_xml::events::BytesRef<'_>) -> Option<String> {
    if reference.is_char_ref() {
        return reference.resolve_char_ref().ok()?.map(String::from);
    }
    let name = reference.xml10_content();
    let text = match name.as_ref() {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        _ => return None,
    };
    Some(text.to_owned())
}

/// XML 1.0's own list of characters.
pub(crate) fn legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Writes an answer. Names carry their prefix (`t:`, `m:`), as the envelope declares them.
#[derive(Default)]
pub(crate) struct Xml {
    pub out: String,
}

impl Xml {
    pub(crate) fn open(&mut self, name: &str) {
        self.out.push('<');
        self.out.push_str(name);
        self.out.push('>');
    }

    pub(crate) fn open_with(&mut self, name: &str, attrs: &[(&str, &str)]) {
        self.tag(name, attrs);
        self.out.push('>');
    }

    pub(crate) fn close(&mut self, name: &str) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    pub(crate) fn empty(&mut self, name: &str, attrs: &[(&str, &str)]) {
        self.tag(name, attrs);
        self.out.push_str(" />");
    }

    pub(crate) fn leaf(&mut self, name: &str, text: &str) {
        self.leaf_with(name, &[], text);
    }

    pub(crate) fn leaf_with(&mut self, name: &str, attrs: &[(&str, &str)], text: &str) {
        if text.is_empty() {
            self.empty(name, attrs);
        } else {
            self.open_with(name, attrs);
            escape(text, &mut self.out);
            self.close(name);
        }
    }

    /// An element that was kept as it came, in the types namespace.
    pub(crate) fn element(&mut self, element: &Element) {
        let name = format!("t:{}", element.name);
        let attrs: Vec<(&str, &str)> =
            element.attrs.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        if element.children.is_empty() {
            self.empty(&name, &attrs);
            return;
        }
        self.open_with(&name, &attrs);
        let has_elements = element.first().is_some();
        for node in &element.children {
            match node {
                Node::Element(child) => self.element(child),
                // White space between elements is the sender's layout, not content.
                Node::Text(text) if has_elements && text.trim().is_empty() => {}
                Node::Text(text) => escape(text, &mut self.out),
            }
        }
        self.close(&name);
    }

    fn tag(&mut self, name: &str, attrs: &[(&str, &str)]) {
        self.out.push('<');
        self.out.push_str(name);
        for (key, value) in attrs {
            self.out.push(' ');
            self.out.push_str(key);
            self.out.push_str("=\"");
            escape(value, &mut self.out);
            self.out.push('"');
        }
    }
}

/// Escapes text as Exchange does: a carriage return as `&#xD;`, and illegal characters as references,
/// which no XML 1.0 parser accepts (a fact of Exchange, not a slip here).
pub(crate) fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#xD;"),
            c if legal(c) => out.push(c),
            c => out.push_str(&format!("&#x{:X};", u32::from(c))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_with_namespaces_and_references() {
        let text = format!(
            "<?xml version=\"1.0\"?><s:Envelope xmlns:s=\"{SOAP}\"><s:Body><m:GetItem xmlns:m=\"{MESSAGES}\" a=\"1&amp;2\">x&#x41;&lt;</m:GetItem></s:Body></s:Envelope>"
        );
        let root = read(text.as_bytes()).unwrap();
        assert_eq!(root.ns, Ns::Soap);
        let get = root.child("Body").unwrap().first().unwrap();
        assert_eq!((get.ns, get.attr("a"), get.text().as_str()), (Ns::Messages, Some("1&2"), "xA<"));
    }

    #[test]
    fn every_cut_of_a_request_is_a_fault_and_never_a_panic() {
        let text = "<a b='1'><c>&amp;text</c><d/></a>";
        for cut in 0..text.len() {
            assert!(read(&text.as_bytes()[..cut]).is_err(), "cut at {cut}");
        }
    }

    // trap 184
    #[test]
    fn a_document_type_is_refused() {
        let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbb\">]><a>&b;</a>";
        assert!(read(bomb.as_bytes()).is_err());
    }

    #[test]
    fn too_deep_is_refused() {
        let deep = "<a>".repeat(100) + &"</a>".repeat(100);
        assert!(read(deep.as_bytes()).is_err());
    }

    #[test]
    fn illegal_characters_are_refused_anywhere_in_a_request_and_written_as_references() {
        assert!(read(b"<a>&#x1;</a>").is_err());
        for torn in ["<a\0b/>", "<a b\0='1'/>", "<a><!--\u{1}--></a>", "<a>\u{fffe}</a>"] {
            assert_eq!(read(torn.as_bytes()).err().map(|fault| fault.reason), Some("an illegal character"), "{torn:?}");
        }
        let mut out = String::new();
        escape("a\u{1}\r\n<", &mut out);
        assert_eq!(out, "a&#x1;&#xD;\n&lt;");
    }
}
