//! Cuts a stream of bytes into envelopes: a streaming connection sends one document after the other, in pieces of any
//! size.

/// Gathers pieces, and gives out each document as soon as its last byte is there. It looks at brackets only; what a
/// document says is read elsewhere. Documents are UTF-8, as Exchange streams them.
#[derive(Debug)]
pub struct Envelopes {
    gathered: Vec<u8>,
    at: At,
    depth: usize,
    most: usize,
}

/// One document is longer than a streaming connection's may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a message of the streaming connection is larger than {0} bytes")]
pub struct TooLong(pub usize);

/// Where in a document the last byte stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Text,
    /// Behind `<`.
    Open,
    /// In a start tag; the last byte was a slash or not.
    Tag {
        slash: bool,
    },
    /// In an attribute's value, ended by this quote.
    Value(u8),
    EndTag,
    /// In `<?…?>`; the last byte was a question mark or not.
    Instruction {
        mark: bool,
    },
    /// Behind `<!`, with what came since.
    Declaration {
        dashes: u8,
    },
    /// In a comment, behind so many dashes.
    Comment {
        dashes: u8,
    },
    /// In `<![CDATA[…]]>`, behind so many brackets.
    Section {
        brackets: u8,
    },
}

impl Envelopes {
    /// Of documents no longer than so many bytes.
    pub fn new(most: usize) -> Self {
        Self { gathered: Vec::new(), at: At::Text, depth: 0, most }
    }

    /// Takes the next piece, and gives the documents that it completes.
    pub fn take(&mut self, piece: &[u8]) -> Result<Vec<Vec<u8>>, TooLong> {
        let mut whole = Vec::new();
        for byte in piece {
            let between = self.depth == 0 && self.gathered.is_empty();
            if between && (byte.is_ascii_whitespace() || matches!(byte, 0xEF | 0xBB | 0xBF)) {
                continue;
            }
            if self.gathered.len() >= self.most {
                return Err(TooLong(self.most));
            }
            self.gathered.push(*byte);
            if self.step(*byte) {
                whole.push(std::mem::take(&mut self.gathered));
            }
        }
        Ok(whole)
    }

    /// Whether nothing of a document that is not complete has come.
    pub fn is_between(&self) -> bool {
        self.gathered.is_empty()
    }

    /// Moves on by one byte; true when it was the document's last.
    fn step(&mut self, byte: u8) -> bool {
        let (next, closed) = match (self.at, byte) {
            (At::Text, b'<') => (At::Open, false),
            (At::Text, _) => (At::Text, false),
            (At::Open, b'/') => (At::EndTag, false),
            (At::Open, b'?') => (At::Instruction { mark: false }, false),
            (At::Open, b'!') => (At::Declaration { dashes: 0 }, false),
            (At::Open, b'>') => (At::Text, false),
            (At::Open, _) => (At::Tag { slash: false }, false),
            (At::Tag { .. }, quote @ (b'"' | b'\'')) => (At::Value(quote), false),
            (At::Tag { slash: true }, b'>') => (At::Text, self.depth == 0),
            (At::Tag { slash: false }, b'>') => {
                self.depth += 1;
                (At::Text, false)
            }
            (At::Tag { .. }, byte) => (At::Tag { slash: byte == b'/' }, false),
            (At::Value(quote), byte) if byte == quote => (At::Tag { slash: false }, false),
            (At::Value(quote), _) => (At::Value(quote), false),
            (At::EndTag, b'>') => {
                self.depth = self.depth.saturating_sub(1);
                (At::Text, self.depth == 0)
            }
            (At::EndTag, _) => (At::EndTag, false),
            (At::Instruction { mark: true }, b'>') => (At::Text, false),
            (At::Instruction { .. }, byte) => (At::Instruction { mark: byte == b'?' }, false),
            (At::Declaration { dashes: 1 }, b'-') => (At::Comment { dashes: 0 }, false),
            (At::Declaration { .. }, b'-') => (At::Declaration { dashes: 1 }, false),
            (At::Declaration { .. }, b'[') => (At::Section { brackets: 0 }, false),
            (At::Declaration { .. }, b'>') => (At::Text, false),
            (At::Declaration { .. }, _) => (At::Declaration { dashes: 0 }, false),
            (At::Comment { dashes: 2 }, b'>') => (At::Text, false),
            (At::Comment { dashes }, b'-') => (At::Comment { dashes: (dashes + 1).min(2) }, false),
            (At::Comment { .. }, _) => (At::Comment { dashes: 0 }, false),
            (At::Section { brackets: 2 }, b'>') => (At::Text, false),
            (At::Section { brackets }, b']') => (At::Section { brackets: (brackets + 1).min(2) }, false),
            (At::Section { .. }, _) => (At::Section { brackets: 0 }, false),
        };
        self.at = next;
        closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "<?xml version=\"1.0\"?><a:E x=\"1>2\" y='</a:E>'><b/><!-- </a:E> -- --><c>\u{e4} &lt;</c><![CDATA[</a:E>]]]]></a:E>";
    const SECOND: &str = "<E><E></E ></E>";

    fn all(pieces: &[&[u8]]) -> Vec<String> {
        let mut envelopes = Envelopes::new(1_000);
        let whole = pieces.iter().flat_map(|piece| envelopes.take(piece).expect("short"));
        whole.map(|bytes| String::from_utf8(bytes).expect("utf-8")).collect()
    }

    // E4
    #[test]
    fn documents_come_whole_wherever_the_stream_is_cut() {
        let stream = format!("\u{feff}{FIRST}\r\n \u{feff}{SECOND}<F/>");
        let bytes = stream.as_bytes();
        for cut in 0..=bytes.len() {
            let (front, back) = bytes.split_at(cut);
            assert_eq!(all(&[front, back]), [FIRST, SECOND, "<F/>"], "cut at {cut}");
        }
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(all(&single), [FIRST, SECOND, "<F/>"]);
    }

    #[test]
    fn what_is_not_complete_is_not_given_and_never_grows_without_end() {
        let mut envelopes = Envelopes::new(20);
        assert_eq!(envelopes.take(b"<E><a/>"), Ok(vec![]));
        assert!(!envelopes.is_between());
        assert_eq!(envelopes.take(b"</E>"), Ok(vec![b"<E><a/></E>".to_vec()]));
        assert!(envelopes.is_between());
        assert_eq!(envelopes.take(&[b'x'; 21]), Err(TooLong(20)));
    }
}
