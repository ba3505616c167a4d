//! Keeps the calls of one streaming connection on one server: behind a front, only the server that made a subscription
//! knows it.
//!
//! <https://learn.microsoft.com/en-us/exchange/client-developer/exchange-web-services/how-to-maintain-affinity-between-group-of-subscriptions-and-mailbox-server>

use std::sync::{Arc, Mutex, PoisonError};

use crate::http::Answer;

/// The cookie by which Exchange leads back to the server that answered first.
const COOKIE: &str = "X-BackEndOverrideCookie";

/// A cookie longer than this is none of Exchange's.
const LONGEST: usize = 1_000;

/// Where the subscriptions of one streaming connection live.
pub struct Affinity {
    anchor: String,
    cookie: Mutex<Option<String>>,
}

impl Affinity {
    /// On the server that holds this mailbox.
    pub fn to(anchor: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { anchor: anchor.into(), cookie: Mutex::new(None) })
    }

    /// The mailbox's address.
    pub fn anchor(&self) -> &String {
        &self.anchor
    }

    pub(super) fn headers(&self) -> Vec<(String, String)> {
        let mut headers = vec![("x-preferserveraffinity".to_owned(), "true".to_owned())];
        if let Some(value) = &*self.cookie() {
            headers.push(("cookie".to_owned(), format!("{COOKIE}={value}")));
        }
        headers
    }

    /// Takes up the server's cookie.
    pub(super) fn note(&self, answer: &Answer) {
        let told = answer.header("set-cookie").filter_map(|cookie| cookie.split(';').next()?.split_once('='));
        let mut value =
            told.filter(|(name, _)| name.trim().eq_ignore_ascii_case(COOKIE)).map(|(_, value)| value.trim());
        let is_sound = |value: &&str| {
            !value.is_empty() && value.len() <= LONGEST && value.chars().all(|c| c.is_ascii_graphic() && c != ';')
        };
        if let Some(value) = value.find(is_sound) {
            *self.cookie() = Some(value.to_owned());
        }
    }

    fn cookie(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        // One assignment; what another thread left is whole.
        self.cookie.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Affinity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Affinity")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_cookie_leads_back_to_it() {
        let affinity = Affinity::to("anna@crm.test");
        let plain = [("x-preferserveraffinity".to_owned(), "true".to_owned())];
        assert_eq!(affinity.headers(), plain);
        let told = |cookies: &[&str]| {
            let headers = cookies.iter().map(|cookie| ("set-cookie".to_owned(), (*cookie).to_owned())).collect();
            affinity.note(&Answer { status: 200, headers, body: Vec::new() });
        };
        told(&["exchangecookie=1; path=/", "x-backendoverridecookie=mbx~1; path=/; HttpOnly"]);
        let led = ("cookie".to_owned(), "X-BackEndOverrideCookie=mbx~1".to_owned());
        assert_eq!(affinity.headers()[1], led);
        told(&["X-BackEndOverrideCookie=; path=/", "X-BackEndOverrideCookie=a b\u{1}; path=/"]);
        assert_eq!(affinity.headers()[1], led, "what is no cookie changes nothing");
    }
}
