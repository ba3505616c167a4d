//! An answer as a test looks at it.

use quick_xml::events::Event;
use quick_xml::reader::Reader;

/// One element of an answer.
#[derive(Clone, Debug, Default)]
pub struct Node {
    pub name: String,
    pub attrs: Vec<(String, String)>,
    pub children: Vec<Node>,
    pub text: String,
}

impl Node {
    pub fn read(xml: &str) -> Self {
        let mut reader = Reader::from_str(xml);
        let mut stack = vec![Self::default()];
        loop {
            match reader.read_event().expect("the answer is well formed") {
                Event::Start(start) => stack.push(Self::open(&start)),
                Event::Empty(start) => {
                    let node = Self::open(&start);
                    stack.last_mut().unwrap().children.push(node);
                }
                Event::End(_) => {
                    let node = stack.pop().unwrap();
                    stack.last_mut().unwrap().children.push(node);
                }
                Event::Text(text) => stack.last_mut().unwrap().text.push_str(&text.xml10_content()),
                Event::GeneralRef(reference) => {
                    let c = match reference.resolve_char_ref().unwrap() {
                        Some(c) => c,
                        None => match reference.xml10_content().as_ref() {
                            "amp" => '&',
                            "lt" => '<',
                            "gt" => '>',
                            "quot" => '"',
                            other => panic!("unknown reference {other}"),
                        },
                    };
                    stack.last_mut().unwrap().text.push(c);
                }
                Event::Eof => break,
                _ => {}
            }
        }
        stack.pop().unwrap()
    }

    fn open(start: &quick_xml::events::BytesStart<'_>) -> Self {
        Self {
            name: start.local_name().as_ref().to_owned(),
            attrs: start
                .attributes()
                .map(|attr| {
                    let attr = attr.unwrap();
                    let value: &str = &attr.value;
                    (
                        attr.key.local_name().as_ref().to_owned(),
                        quick_xml::escape::unescape(value).unwrap().into_owned(),
                    )
                })
                .collect(),
            ..Self::default()
        }
    }

    /// Every element of a name, at any depth.
    pub fn all(&self, name: &str) -> Vec<&Self> {
        let mut found = Vec::new();
        for child in &self.children {
            if child.name == name {
                found.push(child);
            }
            found.extend(child.all(name));
        }
        found
    }

    pub fn find(&self, name: &str) -> &Self {
        self.all(name).first().copied().unwrap_or_else(|| panic!("no {name} in the answer"))
    }

    pub fn has(&self, name: &str) -> bool {
        !self.all(name).is_empty()
    }

    pub fn text_of(&self, name: &str) -> &str {
        &self.find(name).text
    }

    pub fn attr(&self, name: &str) -> &str {
        self.attrs.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    pub fn codes(&self) -> Vec<&str> {
        self.all("ResponseCode").iter().map(|node| node.text.as_str()).collect()
    }

    /// Id and change key of the first item.
    pub fn item_id(&self) -> (String, String) {
        let id = self.find("ItemId");
        (id.attr("Id").to_owned(), id.attr("ChangeKey").to_owned())
    }

    /// The value of the extended property whose path has this attribute value.
    pub fn extended(&self, marker: &str) -> Option<String> {
        self.all("ExtendedProperty")
            .into_iter()
            .find(|property| property.find("ExtendedFieldURI").attrs.iter().any(|(_, value)| value == marker))
            .map(|property| property.text_of("Value").to_owned())
    }
}
