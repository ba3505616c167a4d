//! What an answer is to contain of each item: only what is asked for, so that reading stays cheap.

use super::Path;
use crate::xml::Writer;

/// Which values of an item an answer is to hold: its id and the paths named.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shape {
    /// The values wanted.
    pub paths: Vec<Path>,
    /// The form of bodies, when a body is wanted.
    pub body: BodyFormat,
    /// Whether the folder of each item is wanted.
    pub parent: bool,
}

/// In which form bodies are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BodyFormat {
    /// As they were written.
    #[default]
    Best,
    /// As plain text, converted by the server.
    Text,
    /// As HTML, converted by the server.
    Html,
}

impl Shape {
    /// Nothing but the id.
    pub fn id_only() -> Self {
        Self::default()
    }

    /// The id and these values.
    pub fn of(paths: impl IntoIterator<Item = Path>) -> Self {
        Self { paths: paths.into_iter().collect(), body: BodyFormat::Best, parent: false }
    }

    /// The same, with the folder of each item.
    #[must_use]
    pub fn and_parent(self) -> Self {
        Self { parent: true, ..self }
    }

    pub(crate) fn write_items(&self, w: &mut Writer) {
        w.element("m:ItemShape", &[], |w| {
            w.text("t:BaseShape", "IdOnly");
            let body = match self.body {
                BodyFormat::Best => None,
                BodyFormat::Text => Some("Text"),
                BodyFormat::Html => Some("HTML"),
            };
            if let Some(body) = body {
                w.text("t:BodyType", body);
            }
            self.write_paths(w);
        });
    }

    fn write_paths(&self, w: &mut Writer) {
        if self.parent || !self.paths.is_empty() {
            w.element("t:AdditionalProperties", &[], |w| {
                if self.parent {
                    w.empty("t:FieldURI", &[("FieldURI", "item:ParentFolderId")]);
                }
                self.paths.iter().for_each(|path| path.write(w));
            });
        }
    }
}
