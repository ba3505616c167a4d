//! A request sent: once more where its connection broke off, and where its server has it under another path.

use super::call::Reach;
use super::trouble::Effect;
use crate::http::{Answer, Lost, Request, Url};

impl Reach {
    /// A server, or what stands before it, that closes connections without a word closes one under the next call: what only
    /// reads is asked once more, by a fresh one. What writes may have been carried out. Sent to another path of the same
    /// server, which has then done nothing, it goes there, once.
    pub(super) async fn sent(&self, request: Request, effect: Effect) -> Result<Answer, Lost> {
        let again = request.clone();
        let answer = match self.sign_in.send(&*self.transport, request).await {
            Err(Lost::Unanswered(_)) if effect == Effect::Read => {
                self.sign_in.send(&*self.transport, again.clone()).await?
            }
            answer => answer?,
        };
        match beside(&again.url, &answer) {
            Some(url) => self.sign_in.send(&*self.transport, Request { url, ..again }).await,
            None => Ok(answer),
        }
    }
}

/// Another address of the same server that an answer sends the same request to (RFC 9110, 15.4.8 and 15.4.9). Whatever has the
/// request made anew as another one leads to a page for people; and to no other host, port or scheme goes what we sign in with.
pub(super) fn beside(from: &str, answer: &Answer) -> Option<String> {
    if !matches!(answer.status, 307 | 308) {
        return None;
    }
    let from = Url::parse(from).ok()?;
    let to = from.join(answer.header("location").next()?).ok()?;
    let is_plain = to.username().is_empty() && to.password().is_none() && to.fragment().is_none();
    (to.origin() == from.origin() && is_plain && to != from).then(|| to.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(status: u16, location: &str) -> Option<String> {
        let headers = vec![("location".to_owned(), location.to_owned())];
        beside("https://mail.crm.test/ews/exchange.asmx", &Answer { status, headers, body: Vec::new() })
    }

    #[test]
    fn a_request_goes_to_another_path_of_its_server_and_nowhere_else() {
        let there = Some("https://mail.crm.test/EWS/Exchange.asmx".to_owned());
        for status in [307, 308] {
            for same in ["/EWS/Exchange.asmx", "https://mail.crm.test/EWS/Exchange.asmx", "../EWS/Exchange.asmx"] {
                assert_eq!(to(status, same), there, "{same}");
            }
            assert_eq!(to(status, "https://MAIL.crm.test:443/EWS/Exchange.asmx"), there);
            for other in [
                "http://mail.crm.test/EWS/Exchange.asmx",
                "https://mail.crm.test:444/EWS/Exchange.asmx",
                "https://mail.crm.test.elsewhere.test/EWS/Exchange.asmx",
                "//elsewhere.test/EWS/Exchange.asmx",
                "https://mail.crm.test@elsewhere.test/EWS/Exchange.asmx",
                "https://x:y@mail.crm.test/EWS/Exchange.asmx",
                "https://mail.crm.test/ews/exchange.asmx",
                "javascript:alert(1)",
                "",
                "https://[",
            ] {
                assert_eq!(to(status, other), None, "{other}");
            }
        }
        for status in [200, 301, 302, 303, 401] {
            assert_eq!(to(status, "/EWS/Exchange.asmx"), None, "{status}");
        }
    }
}
