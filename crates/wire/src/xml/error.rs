//! Why an answer could not be read: where it went wrong and what was expected, never what it said.

/// A fault in the text of an answer. `path` is the chain of element names that leads to the place, joined
/// by slashes; no value, attribute or text of the answer is ever part of an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The answer has no content at all.
    #[error("the answer is empty")]
    Empty,
    /// The answer is something else than the protocol's XML: a sign-in page, plain text, another document.
    #[error("the answer is not {expected}: it begins with {found}")]
    Foreign {
        /// What kind of document was expected.
        expected: &'static str,
        /// What kind of document this seems to be.
        found: &'static str,
    },
    /// The answer ends before its outermost element does.
    #[error("the answer is cut off inside {path}")]
    Cut {
        /// Where it ended.
        path: String,
    },
    /// The answer is not well-formed.
    #[error("the answer is not well-formed at byte {at}, inside {path}")]
    Malformed {
        /// Inside which element.
        path: String,
        /// Offset in bytes.
        at: usize,
    },
    /// The answer declares a document type; those can hide entity bombs and are never read.
    #[error("the answer declares a document type, which is refused")]
    DocumentType,
    /// The whole answer is larger than allowed.
    #[error("the answer has {size} bytes; at most {limit} are read")]
    TooLarge {
        /// Its size.
        size: usize,
        /// The most we read.
        limit: usize,
    },
    /// Elements are nested deeper than allowed.
    #[error("elements are nested deeper than {limit} inside {path}")]
    TooDeep {
        /// Where.
        path: String,
        /// The deepest we follow.
        limit: usize,
    },
    /// There are more elements than allowed.
    #[error("there are more than {limit} elements, counted up to {path}")]
    TooMany {
        /// Where the count ran over.
        path: String,
        /// The most we read.
        limit: usize,
    },
    /// One text is longer than allowed.
    #[error("the text of {path} is longer than {limit} bytes")]
    TextTooLong {
        /// Which element.
        path: String,
        /// The longest we read.
        limit: usize,
    },
    /// Something the answer must have is not there.
    #[error("{path} has no {expected}")]
    Missing {
        /// Inside which element.
        path: String,
        /// What should be there.
        expected: &'static str,
    },
    /// A value cannot be read as what it must be.
    #[error("{path} is not {expected}")]
    Value {
        /// Which element.
        path: String,
        /// What it should be.
        expected: &'static str,
    },
}
