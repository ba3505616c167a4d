//! Finding the server without an account: the question that Exchange 2016 and later answer to everybody. Applications ask it,
//! for their tokens are made for one server and are worth nothing, or too much, at another.

use super::{MOST, NotFound, STEPS, Search, Server, host_of, mail_domain, permitted};
use crate::http::{Request, Transport, Url, checked};
use serde::Deserialize;
use std::collections::BTreeSet;

/// An answer, as far as it is of use.
#[derive(Deserialize)]
struct Told {
    #[serde(rename = "Url")]
    url: Option<String>,
}

impl Search<'_> {
    /// Asks every place that may be asked, in order, until one names the server. It must be the one that the tokens are for,
    /// or listed: no other is ever shown one.
    ///
    /// # Errors
    /// None does; the error says what each of them answered.
    pub async fn find_unsigned(&self, transport: &dyn Transport, scope: &str) -> Result<Server, NotFound> {
        let Some(domain) = mail_domain(self.address) else {
            return Err(NotFound(vec!["the address has no mail domain".to_owned()]));
        };
        let own = [domain.clone(), format!("autodiscover.{domain}")];
        let listed = self.hosts.iter().map(|host| host.to_lowercase());
        let allowed: BTreeSet<String> = listed.clone().chain(own.clone()).collect();
        let audience = Url::parse(scope).ok().and_then(|url| place(&url));
        let mut waiting: Vec<String> = listed.chain(own).map(|host| question(&host, self.address)).collect();
        waiting.reverse();
        let mut told = Vec::new();
        for _ in 0..STEPS {
            let Some(url) = waiting.pop() else { break };
            if let Err(why) = permitted(&url, &allowed) {
                told.push(why);
                continue;
            }
            let headers = vec![("accept".to_owned(), "application/json".to_owned())];
            let asked = Request { url: url.clone(), headers, body: vec![], deadline_ms: self.deadline_ms, most: MOST };
            let answer = match transport.get(&asked).await {
                Ok(answer) => answer,
                Err(lost) => {
                    told.push(format!("{}: {lost}", host_of(&url)));
                    continue;
                }
            };
            let from = Url::parse(&url).ok();
            let led = answer.header("location").next().and_then(|to| from?.join(to).ok());
            let why = match (answer.status, led) {
                (301 | 302 | 303 | 307 | 308, Some(to)) => {
                    waiting.push(to.into());
                    continue;
                }
                (200, _) => match serde_json::from_slice::<Told>(&answer.body).ok().and_then(|told| told.url) {
                    Some(found) => match named(&found, &allowed, audience.as_deref()) {
                        Ok(()) => return Ok(Server { url: found }),
                        Err(why) => why,
                    },
                    None => "it knows no server".to_owned(),
                },
                (status, _) => format!("it does not answer (status {status})"),
            };
            told.push(format!("{}: {why}", host_of(&url)));
        }
        Err(NotFound::told(told))
    }
}

fn question(host: &str, address: &str) -> String {
    let mut asked = format!("https://{host}/autodiscover/autodiscover.json?Email=");
    for byte in address.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => asked.push(char::from(byte)),
            _ => asked.push_str(&format!("%{byte:02X}")),
        }
    }
    asked.push_str("&Protocol=EWS&RedirectCount=1");
    asked
}

/// A host, with its port where that is not the usual one.
fn place(url: &Url) -> Option<String> {
    let host = url.host_str()?.to_lowercase();
    Some(url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}")))
}

/// Whether the server that was named may be shown a token.
fn named(found: &str, allowed: &BTreeSet<String>, audience: Option<&str>) -> Result<(), String> {
    let (url, _) = checked(found).map_err(|why| why.to_string())?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the server it names comes with an account".to_owned());
    }
    match place(&url) {
        Some(at) if allowed.contains(&at) || audience == Some(at.as_str()) => Ok(()),
        at => Err(format!(
            "it names {}, which tokens are not made for; if it is the right one, list it and name it in the scope",
            at.unwrap_or_default()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Answer, InProcess, Lost};
    use std::sync::{Arc, Mutex};

    const SCOPE: &str = "https://mail.crm.test/.default";

    async fn find(pages: &[(&str, u16, &str)], hosts: &[&str]) -> (Result<Server, NotFound>, Vec<String>) {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = asked.clone();
        let pages: Vec<(String, u16, String)> =
            pages.iter().map(|(host, status, body)| ((*host).to_owned(), *status, (*body).to_owned())).collect();
        let handler = move |request: Request| -> futures::future::BoxFuture<'static, Result<Answer, Lost>> {
            assert!(request.headers.iter().all(|(name, _)| name != "authorization"));
            noted.lock().expect("unpoisoned").push(request.url.clone());
            let page = pages.iter().find(|(host, ..)| request.url.starts_with(&format!("https://{host}"))).cloned();
            Box::pin(async move {
                let Some((_, status, body)) = page else {
                    return Err(Lost::NotSent("the server cannot be reached".to_owned()));
                };
                let led = (300..400).contains(&status);
                let headers = if led { vec![("location".to_owned(), body.clone())] } else { vec![] };
                Ok(Answer { status, headers, body: body.into_bytes() })
            })
        };
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let search = Search { address: "anna+x@crm.test", hosts: &hosts, deadline_ms: 1 };
        let found = search.find_unsigned(&InProcess(Arc::new(handler)), SCOPE).await;
        let asked = asked.lock().expect("unpoisoned").clone();
        (found, asked)
    }

    fn answer(url: &str) -> String {
        format!("{{\"Protocol\":\"EWS\",\"Url\":\"{url}\"}}")
    }

    // traps 181, 182
    #[tokio::test]
    async fn an_application_shows_nothing_and_takes_only_the_server_its_tokens_are_for() {
        let right = answer("https://mail.crm.test/EWS/Exchange.asmx");
        let (found, asked) = find(&[("autodiscover.crm.test", 200, &right)], &[]).await;
        assert_eq!(found.expect("found").url, "https://mail.crm.test/EWS/Exchange.asmx");
        assert_eq!(
            asked,
            [
                "https://crm.test/autodiscover/autodiscover.json?Email=anna%2Bx%40crm.test&Protocol=EWS&RedirectCount=1",
                "https://autodiscover.crm.test/autodiscover/autodiscover.json?Email=anna%2Bx%40crm.test&Protocol=EWS&RedirectCount=1",
            ]
        );
        let cloud = answer("https://outlook.office365.com/EWS/Exchange.asmx");
        let (found, _) = find(&[("crm.test", 200, &cloud)], &[]).await;
        let told = found.expect_err("its tokens are for another").to_string();
        assert!(told.contains("crm.test: it names outlook.office365.com, which tokens are not made for"), "{told}");
        let (found, asked) = find(
            &[
                ("crm.test", 302, "https://outlook.office365.com/autodiscover/autodiscover.json"),
                ("outlook.office365.com", 200, &cloud),
            ],
            &["outlook.office365.com"],
        )
        .await;
        assert_eq!(found.expect("listed").url, "https://outlook.office365.com/EWS/Exchange.asmx");
        assert_eq!(asked.len(), 1, "a listed host is asked first");
    }

    // traps 181, 182
    #[tokio::test]
    async fn nothing_else_is_asked_and_no_answer_that_is_none_is_believed() {
        for (status, body, words) in [
            (302, "https://elsewhere.test/autodiscover/autodiscover.json", "elsewhere.test: not asked"),
            (302, "http://crm.test/autodiscover/autodiscover.json", "not https"),
            (302, "https://crm.test/again", "it does not answer (status 404)"),
            (302, "https://crm.test/autodiscover/autodiscover.json", "redirects that lead nowhere"),
            (200, "<html>", "it knows no server"),
            (200, "{\"ErrorCode\":\"ProtocolNotSupported\"}", "it knows no server"),
            (200, "{\"Url\":\"http://mail.crm.test/EWS\"}", "plain http"),
            (200, "{\"Url\":\"https://mail.crm.test:444/EWS\"}", "names mail.crm.test:444"),
            (200, "{\"Url\":\"https://x:y@mail.crm.test/EWS\"}", "comes with an account"),
            (404, "", "it does not answer (status 404)"),
        ] {
            let pages = [("crm.test/again", 404, ""), ("crm.test", status, body)];
            let pages: Vec<(&str, u16, &str)> = pages.to_vec();
            let (found, asked) = find(&pages, &[]).await;
            let told = found.expect_err("nothing to believe").to_string();
            assert!(told.contains(words), "{body}: {told}");
            assert!(asked.iter().all(|url| !url.contains("elsewhere")), "{asked:?}");
        }
    }
}
