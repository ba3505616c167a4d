//! Lists come in pages: where a page goes on is a cursor, and a page has a bounded length.

use crate::error::Error;
use crate::limits::PAGE;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Which page is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// The `next` of the page before; nothing for the first.
    pub after: Option<String>,
    /// Records wanted; 0 and everything above [`PAGE`] mean [`PAGE`].
    pub limit: usize,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The records.
    pub items: Vec<T>,
    /// Where the next page goes on, when there is one.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// The same page of something else.
    pub(crate) fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(f).collect(), next: self.next }
    }
}

impl PageRequest {
    /// The first page.
    #[must_use]
    pub fn first(limit: usize) -> PageRequest {
        PageRequest { after: None, limit }
    }

    /// The bound that holds.
    pub(crate) fn bound(&self) -> usize {
        if self.limit == 0 { PAGE } else { self.limit.min(PAGE) }
    }

    /// The keys after which the page of this list begins; `None` for the first page.
    pub(crate) fn keys<const N: usize>(&self, list: &str) -> Result<Option<[String; N]>, Error> {
        let Some(text) = &self.after else {
            return Ok(None);
        };
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Error::Cursor)?;
        let (of, keys): (String, Vec<String>) = serde_json::from_slice(&bytes).map_err(|_| Error::Cursor)?;
        // PostgreSQL takes no such character, and no key of ours holds one.
        if of != list || keys.iter().any(|key| key.contains('\0')) {
            return Err(Error::Cursor);
        }
        keys.try_into().map(Some).map_err(|_| Error::Cursor)
    }
}

/// Makes a page of one record more than was wanted: the surplus one says that another page follows. Where it
/// goes on names the list, so that no other list takes it for its own.
pub(crate) fn page<T, const N: usize>(
    list: &str,
    mut items: Vec<T>,
    bound: usize,
    keys: impl Fn(&T) -> [String; N],
) -> Page<T> {
    let more = items.len() > bound;
    items.truncate(bound);
    let next = if more { items.last().map(|last| cursor(list, &keys(last))) } else { None };
    Page { items, next }
}

fn cursor<const N: usize>(list: &str, keys: &[String; N]) -> String {
    URL_SAFE_NO_PAD.encode(crate::value::json(&(list, keys.to_vec())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_to_its_keys_and_another_text_nowhere() {
        let list = page("numbers", vec![1, 2, 3], 2, |n| [n.to_string(), "x".to_owned()]);
        assert_eq!(list.items, [1, 2]);
        let request = PageRequest { after: list.next, limit: 2 };
        assert_eq!(request.keys::<2>("numbers").expect("ours"), Some(["2".to_owned(), "x".to_owned()]));
        assert!(request.keys::<1>("numbers").is_err());
        assert!(request.keys::<2>("letters").is_err(), "another list's");
        for text in ["", "!", "bm9uZQ"] {
            assert!(PageRequest { after: Some(text.to_owned()), limit: 2 }.keys::<2>("numbers").is_err(), "{text}");
        }
        assert_eq!(PageRequest::first(100_000).bound(), PAGE);
    }
}
