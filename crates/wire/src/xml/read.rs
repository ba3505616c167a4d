//! A reader that walks an answer element by element, within limits.

use quick_xml::events::{BytesStart, Event};
use std::borrow::Cow;

use super::Error;
use super::text::{Gatherer, attribute_text};

/// How much of an answer is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The whole answer, in bytes.
    pub total: usize,
    /// How deep elements may nest.
    pub depth: usize,
    /// The text of one element, in bytes.
    pub text: usize,
    /// How many elements in all.
    pub elements: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { total: 64 << 20, depth: 64, text: 8 << 20, elements: 4_000_000 }
    }
}

/// One element just entered: its name without a prefix, and its attributes.
#[derive(Debug)]
pub struct Element<'a> {
    /// The local name.
    pub name: &'a str,
    start: BytesStart<'a>,
    text_limit: usize,
}

impl Element<'_> {
    /// The value of an attribute, found by its local name.
    pub fn attribute(&self, name: &str) -> Option<String> {
        let [value] = self.attributes([name]);
        value
    }

    /// The values of several attributes, found by their local names in one go.
    pub fn attributes<const N: usize>(&self, names: [&str; N]) -> [Option<String>; N] {
        let mut values = [const { None }; N];
        // Most elements have none.
        if self.start.attributes_raw().is_empty() {
            return values;
        }
        for attribute in self.start.html_attributes().with_checks(false).flatten() {
            let local = attribute.key.local_name();
            if let Some(at) = names.iter().position(|name| *name == local.as_ref())
                && values[at].is_none()
            {
                values[at] = Some(attribute_text(&attribute.value, self.text_limit));
                if values.iter().all(Option::is_some) {
                    break;
                }
            }
        }
        values
    }

    /// The value of an attribute that most often is one of some known words.
    pub fn word(&self, name: &str, known: &[&'static str]) -> Option<Cow<'static, str>> {
        let mut all = self.start.html_attributes();
        let found = all.with_checks(false).flatten().find(|attribute| attribute.key.local_name().as_ref() == name)?;
        Some(match known.iter().find(|word| **word == found.value.as_ref()) {
            Some(word) => Cow::Borrowed(word),
            None => Cow::Owned(attribute_text(&found.value, self.text_limit)),
        })
    }

    /// Whether the server says that there is no value here (`xsi:nil`). Every element with a value is asked.
    pub fn is_nil(&self) -> bool {
        self.start.attributes_raw().contains("nil")
            && self.attribute("nil").is_some_and(|text| matches!(text.trim(), "true" | "1"))
    }
}

/// Walks one document. Elements are told by local name: servers choose prefixes freely.
pub struct Reader<'a> {
    source: &'a str,
    inner: quick_xml::Reader<&'a [u8]>,
    path: Vec<&'a str>,
    limits: Limits,
    elements: usize,
}

impl<'a> Reader<'a> {
    /// Starts at the beginning of a document.
    pub fn new(source: &'a str, limits: Limits) -> Self {
        let mut inner = quick_xml::Reader::from_str(source);
        let config = inner.config_mut();
        config.expand_empty_elements = true;
        config.allow_dangling_amp = true;
        Self { source, inner, path: Vec::with_capacity(16), limits, elements: 0 }
    }

    /// Enters the outermost element.
    pub fn root(&mut self) -> Result<Element<'a>, Error> {
        loop {
            let (event, from) = self.event()?;
            match event {
                Event::Start(start) => return self.enter(start, from),
                Event::DocType(_) => return Err(Error::DocumentType),
                Event::Eof => return Err(self.cut()),
                Event::Text(text) if !text.trim().is_empty() => return Err(self.malformed()),
                Event::End(_) | Event::GeneralRef(_) | Event::CData(_) => {
                    return Err(self.malformed());
                }
                Event::Text(_) | Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            }
        }
    }

    /// Calls `each` for every child of the element just entered, and leaves that element. What `each` does
    /// not read of a child is skipped.
    pub fn children(
        &mut self,
        mut each: impl FnMut(&mut Self, &Element<'a>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let depth = self.path.len();
        while let Some(child) = self.child()? {
            each(self, &child)?;
            while self.path.len() > depth {
                self.skip()?;
            }
        }
        Ok(())
    }

    /// The whole text of the element just entered, which is left. Longer than the limit is an error.
    pub fn text(&mut self) -> Result<String, Error> {
        let name = self.path.last().copied().unwrap_or("");
        match self.text_cut()? {
            (text, false) => Ok(text),
            (_, true) => {
                let path = if self.path.is_empty() { name.to_owned() } else { format!("{}/{name}", self.place()) };
                Err(Error::TextTooLong { path, limit: self.limits.text })
            }
        }
    }

    /// As [`Reader::text`], but text over the limit is cut there, and the second value says so.
    pub fn text_cut(&mut self) -> Result<(String, bool), Error> {
        let depth = self.path.len();
        self.gather(depth)
    }

    /// The text of the element just entered and of everything inside it, cut at the limit.
    pub fn text_within(&mut self) -> Result<String, Error> {
        self.gather(usize::MAX).map(|(text, _)| text)
    }

    /// The text before the next tag, which is still to be read.
    pub fn text_ahead(&self) -> String {
        let ahead = self.source.get(self.position()..).and_then(|rest| rest.get(..self.ahead()));
        attribute_text(ahead.unwrap_or(""), self.limits.text)
    }

    /// Text down to a depth.
    fn gather(&mut self, deepest: usize) -> Result<(String, bool), Error> {
        let depth = self.path.len();
        let mut gathered = Gatherer::new(self.limits.text, self.ahead());
        loop {
            let (event, from) = self.event()?;
            match event {
                Event::Text(text) if self.path.len() <= deepest => gathered.plain(&text),
                Event::CData(text) if self.path.len() <= deepest => gathered.plain(&text),
                Event::GeneralRef(name) if self.path.len() <= deepest => gathered.reference(&name),
                Event::Start(start) => {
                    self.enter(start, from)?;
                }
                Event::End(_) => {
                    self.path.pop();
                    if self.path.len() < depth {
                        return Ok(gathered.finish());
                    }
                }
                Event::DocType(_) => return Err(Error::DocumentType),
                Event::Eof => return Err(self.cut()),
                Event::Text(_)
                | Event::CData(_)
                | Event::GeneralRef(_)
                | Event::Empty(_)
                | Event::Comment(_)
                | Event::Decl(_)
                | Event::PI(_) => {}
            }
        }
    }

    /// Leaves the element just entered without reading it.
    pub fn skip(&mut self) -> Result<(), Error> {
        let depth = self.path.len();
        while self.path.len() >= depth && depth > 0 {
            while self.child()?.is_some() {}
        }
        Ok(())
    }

    /// An error that says what is missing in the element we are in.
    pub fn missing(&self, expected: &'static str) -> Error {
        Error::Missing { path: self.place(), expected }
    }

    /// The names of the elements that lead here.
    pub fn place(&self) -> String {
        if self.path.is_empty() { "the document".to_owned() } else { self.path.join("/") }
    }

    fn child(&mut self) -> Result<Option<Element<'a>>, Error> {
        loop {
            let (event, from) = self.event()?;
            match event {
                Event::Start(start) => return self.enter(start, from).map(Some),
                Event::End(_) => {
                    self.path.pop();
                    return Ok(None);
                }
                Event::DocType(_) => return Err(Error::DocumentType),
                Event::Eof => return Err(self.cut()),
                Event::Text(_)
                | Event::CData(_)
                | Event::GeneralRef(_)
                | Event::Empty(_)
                | Event::Comment(_)
                | Event::Decl(_)
                | Event::PI(_) => {}
            }
        }
    }

    /// How far it is to the next tag.
    fn ahead(&self) -> usize {
        self.source.get(self.position()..).and_then(|rest| rest.find('<')).unwrap_or(0)
    }

    fn enter(&mut self, start: BytesStart<'a>, from: usize) -> Result<Element<'a>, Error> {
        // The name stands behind the opening sign.
        let qualified = self.source.get(from + 1..from + 1 + start.name().as_ref().len()).unwrap_or("");
        let name = match qualified.bytes().rposition(|byte| byte == b':') {
            Some(colon) => &qualified[colon + 1..],
            None => qualified,
        };
        self.elements += 1;
        if self.elements > self.limits.elements {
            return Err(Error::TooMany { path: self.place(), limit: self.limits.elements });
        }
        if self.path.len() >= self.limits.depth {
            return Err(Error::TooDeep { path: self.place(), limit: self.limits.depth });
        }
        self.path.push(name);
        Ok(Element { name, start, text_limit: self.limits.text })
    }

    /// The next event, and where it begins in the source.
    fn event(&mut self) -> Result<(Event<'a>, usize), Error> {
        let from = self.position();
        match self.inner.read_event() {
            Ok(event) => Ok((event, from)),
            // A tag, comment or section that never closes is how a cut looks to the tokenizer.
            Err(quick_xml::Error::Syntax(quick_xml::errors::SyntaxError::InvalidBangMarkup)) if !self.at_end() => {
                Err(self.malformed())
            }
            Err(quick_xml::Error::Syntax(_)) => Err(self.cut()),
            Err(quick_xml::Error::IllFormed(
                quick_xml::errors::IllFormedError::MissingEndTag(_)
                | quick_xml::errors::IllFormedError::UnclosedReference,
            )) => Err(self.cut()),
            Err(_) => Err(self.malformed()),
        }
    }

    fn position(&self) -> usize {
        usize::try_from(self.inner.buffer_position()).unwrap_or(usize::MAX)
    }

    /// Whether `<!` is all that is left, so that what it would have opened cannot be told.
    fn at_end(&self) -> bool {
        self.source.len().saturating_sub(self.inner.error_position() as usize) < "<![CDATA[".len()
    }

    fn cut(&self) -> Error {
        Error::Cut { path: self.place() }
    }

    fn malformed(&self) -> Error {
        Error::Malformed { path: self.place(), at: self.position() }
    }
}
