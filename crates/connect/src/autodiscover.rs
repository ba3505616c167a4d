//! Finding the server of a mailbox by Autodiscover: by POX first, as every Exchange since 2007 speaks it, then by SOAP.
//!
//! Only over https, only at the mail domain and at hosts an administrator listed, and a redirect is followed only there:
//! nothing is ever asked, and no account shown, upward of the mail domain or anywhere else (traps 181, 182).

mod unsigned;

use std::collections::BTreeSet;
use wire::autodiscover::{Found, pox_read, pox_request, soap_read, soap_request};

use crate::http::{Lost, Request, Transport, Url, checked};
use crate::sign_in::SignIn;

/// Redirects and places tried in all.
const STEPS: usize = 12;

/// The longest answer.
const MOST: usize = 1 << 20;

/// A password that so many places refused is shown to no further one: the same directory stands behind them, mostly, and
/// counts.
const REFUSALS: usize = 2;

/// A server that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Where Exchange Web Services answer.
    pub url: String,
}

/// Why none was found, each place with what happened there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no server was found: {}", .0.join("; "))]
pub struct NotFound(pub Vec<String>);

/// Why a place knew nothing.
struct No {
    why: String,
    /// It refused the account's password.
    locks: bool,
}

impl No {
    fn of(why: String) -> Self {
        Self { why, locks: false }
    }
}

impl NotFound {
    fn told(mut told: Vec<String>) -> Self {
        if told.is_empty() {
            told.push("there are only redirects that lead nowhere".to_owned());
        }
        Self(told)
    }
}

/// What is asked, and where it may be asked.
pub struct Search<'a> {
    /// Whose server.
    pub address: &'a str,
    /// Further hosts that may be asked, and redirected to, besides the mail domain and its `autodiscover` host.
    pub hosts: &'a [String],
    /// How long one call may take, in milliseconds.
    pub deadline_ms: u64,
}

impl Search<'_> {
    /// Asks every place that may be asked, in order, until one knows the server.
    ///
    /// # Errors
    /// None does; the error says what each of them answered.
    pub async fn find(&self, transport: &dyn Transport, account: &SignIn) -> Result<Server, NotFound> {
        let Some(domain) = mail_domain(self.address) else {
            return Err(NotFound(vec!["the address has no mail domain".to_owned()]));
        };
        let own = [domain.clone(), format!("autodiscover.{domain}")];
        let allowed: BTreeSet<String> =
            own.iter().cloned().chain(self.hosts.iter().map(|h| h.to_lowercase())).collect();
        let mut address = self.address.to_owned();
        let mut told = Vec::new();
        let hosts = self.hosts.iter().map(|host| host.to_lowercase()).chain(own);
        let mut waiting: Vec<String> = Vec::new();
        for host in hosts {
            let pages = ["autodiscover/autodiscover.xml", "autodiscover/autodiscover.svc"];
            waiting.extend(pages.map(|page| format!("https://{host}/{page}")));
        }
        waiting.reverse();
        let mut refused = 0;
        for _ in 0..STEPS {
            if refused >= REFUSALS {
                told.push("no further place is asked, lest the account be locked out".to_owned());
                break;
            }
            let Some(url) = waiting.pop() else { break };
            if let Err(why) = permitted(&url, &allowed) {
                told.push(why);
                continue;
            }
            match self.ask(transport, account, &url, &address).await {
                Ok(Found::Server(found)) => match checked(&found) {
                    Ok(_) => return Ok(Server { url: found }),
                    Err(why) => told.push(format!("{}: {why}", host_of(&url))),
                },
                Ok(Found::Elsewhere(next)) => waiting.push(next),
                // The same mailbox under another address, in a domain that may be asked.
                Ok(Found::OtherAddress(other)) => match mail_domain(&other).filter(|domain| allowed.contains(domain)) {
                    Some(_) if other != address => {
                        address = other;
                        waiting.push(url);
                    }
                    Some(_) | None => told.push(format!("{}: it names another mail domain", host_of(&url))),
                },
                Ok(Found::Nothing(code)) => told.push(format!("{}: it knows no server ({code})", host_of(&url))),
                Err(no) => {
                    refused += usize::from(no.locks);
                    told.push(format!("{}: {}", host_of(&url), no.why));
                }
            }
        }
        Err(NotFound::told(told))
    }

    async fn ask(&self, transport: &dyn Transport, account: &SignIn, url: &str, address: &str) -> Result<Found, No> {
        let soap = url.ends_with(".svc");
        let mut headers = vec![("content-type".to_owned(), "text/xml; charset=utf-8".to_owned())];
        if soap {
            headers.push(("soapaction".to_owned(), format!("\"{}\"", wire::autodiscover::ACTION)));
        }
        let request = Request {
            url: url.to_owned(),
            headers,
            body: if soap { soap_request(address, url) } else { pox_request(address) },
            deadline_ms: self.deadline_ms,
            most: MOST,
        };
        let answer = account.send(transport, request).await.map_err(|lost| match lost {
            Lost::NotSent(why) | Lost::Unanswered(why) | Lost::Refused(why) => No::of(why),
            Lost::TooLarge(_) => No::of("its answer is no answer".to_owned()),
        })?;
        match answer.status {
            200 => {
                let read = if soap { soap_read(&answer.body) } else { pox_read(&answer.body) };
                read.map_err(|why| No::of(why.to_string()))
            }
            301 | 302 | 303 | 307 | 308 => match answer.header("location").next() {
                Some(next) => Ok(Found::Elsewhere(next.to_owned())),
                None => Err(No::of("it sends us nowhere".to_owned())),
            },
            401 => Err(No { why: account.refused(&answer), locks: account.locks(&answer) }),
            status => Err(No::of(format!("it does not answer (status {status})"))),
        }
    }
}

/// Whether a place may be asked at all. Names are compared whole: a host below the mail domain is another host.
fn permitted(url: &str, allowed: &BTreeSet<String>) -> Result<(), String> {
    let refused = |why: &str| Err(format!("{}: {why}", host_of(url)));
    match Url::parse(url) {
        Ok(parsed) if parsed.scheme() != "https" => refused("not asked, it is not https"),
        Ok(parsed) if !parsed.username().is_empty() || parsed.password().is_some() => {
            refused("not asked, it names an account")
        }
        // A host is the one at the usual port, unless it was listed with another.
        Ok(parsed) => match (parsed.host_str().map(str::to_lowercase), parsed.port()) {
            (Some(host), None) if allowed.contains(&host) => Ok(()),
            (Some(host), Some(port)) if allowed.contains(&format!("{host}:{port}")) => Ok(()),
            (Some(_) | None, _) => refused("not asked, it is neither the mail domain nor a listed host"),
        },
        Err(_) => refused("not asked, it is no address"),
    }
}

fn host_of(url: &str) -> String {
    Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_else(|| "an address".to_owned())
}

fn mail_domain(address: &str) -> Option<String> {
    let (_, domain) = address.rsplit_once('@')?;
    let fits = domain.contains('.') && domain.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '.');
    (fits && !domain.starts_with('.') && !domain.ends_with('.')).then(|| domain.to_lowercase())
}

#[cfg(test)]
mod tests;
