//! An answer's XML as a tree of elements, and text made fit to stand in XML.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// An element by its name without prefix.
#[derive(Clone, Debug, Default)]
pub(crate) struct Node {
    pub(crate) name: String,
    attributes: Vec<(String, String)>,
    text: String,
    pub(crate) children: Vec<Node>,
}

impl Node {
    /// Reads a document.
    pub(crate) fn read(bytes: &[u8]) -> Result<Node, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "the answer is no text".to_owned())?;
        let mut reader = Reader::from_str(text);
        let mut open = vec![Node::default()];
        loop {
            match reader.read_event().map_err(|error| error.to_string())? {
                Event::Start(start) => open.push(Node::of(&start)?),
                Event::Empty(start) => closed(&mut open, Node::of(&start)?),
                Event::End(_) => {
                    let done = open.pop().unwrap_or_default();
                    closed(&mut open, done);
                }
                Event::Text(part) => said(&mut open, &part.xml10_content()),
                Event::CData(part) => said(&mut open, &part.xml10_content()),
                Event::GeneralRef(part) => match part.resolve_char_ref().ok().flatten() {
                    Some(letter) => said(&mut open, letter.encode_utf8(&mut [0; 4])),
                    None => said(&mut open, named(&part.xml10_content())?),
                },
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
                Event::Eof => break,
            }
        }
        let mut whole = open.pop().unwrap_or_default();
        whole.children.pop().filter(|_| open.is_empty()).ok_or_else(|| "the answer is no whole document".to_owned())
    }

    fn of(start: &BytesStart<'_>) -> Result<Node, String> {
        let mut node = Node { name: start.local_name().as_ref().to_owned(), ..Node::default() };
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let raw: &str = &attribute.value;
            let value = quick_xml::escape::unescape(raw).map_err(|error| error.to_string())?;
            node.attributes.push((attribute.key.local_name().as_ref().to_owned(), value.into_owned()));
        }
        Ok(node)
    }

    /// A child by its name.
    pub(crate) fn child(&self, name: &str) -> Option<&Node> {
        self.children.iter().find(|child| child.name == name)
    }

    /// What stands at the end of a way through children; an empty text is none.
    pub(crate) fn text_at(&self, way: &[&str]) -> Option<&str> {
        let end = way.iter().try_fold(self, |node, name| node.child(name))?;
        Some(end.text.as_str()).filter(|text| !text.is_empty())
    }

    /// An attribute by its name.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Its own text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

fn closed(open: &mut [Node], done: Node) {
    if let Some(parent) = open.last_mut() {
        parent.children.push(done);
    }
}

fn said(open: &mut [Node], text: &str) {
    if let Some(node) = open.last_mut() {
        node.text.push_str(text);
    }
}

fn named(name: &str) -> Result<&'static str, String> {
    Ok(match name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        other => return Err(format!("nobody knows the reference {other}")),
    })
}

/// Text as it may stand in an element or attribute.
pub(crate) fn fit(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\r', "&#xD;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_whole_or_not_at_all() {
        let node =
            Node::read(b"<?xml version=\"1.0\"?><s:a><t:b k=\"&lt;1\">x &amp; &#65;</t:b><c/></s:a>").expect("xml");
        let b = node.child("b").expect("there");
        assert_eq!((node.name.as_str(), b.attribute("k"), b.text()), ("a", Some("<1"), "x & A"));
        assert_eq!((node.text_at(&["b"]), node.text_at(&["c"])), (Some("x & A"), None));
        assert!(Node::read(b"<a><b></a>").is_err());
        assert!(Node::read(b"<a><b>").is_err());
        assert_eq!(fit("a<b>&\"\r"), "a&lt;b&gt;&amp;&quot;&#xD;");
    }
}
