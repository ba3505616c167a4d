//! Where servers are looked for, and where never.

use super::*;
use crate::http::{Answer, InProcess};
use secrecy::SecretString;
use std::sync::{Arc, Mutex};

/// A network on which each address answers what is written here; all others cannot be reached.
fn network(pages: &[(&str, u16, &str)]) -> (InProcess, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = asked.clone();
    let pages: Vec<(String, u16, String)> =
        pages.iter().map(|(url, status, body)| ((*url).to_owned(), *status, (*body).to_owned())).collect();
    let handler = move |request: Request| -> futures::future::BoxFuture<'static, Result<Answer, Lost>> {
        noted.lock().expect("unpoisoned").push(request.url.clone());
        let found = pages.iter().find(|(url, ..)| *url == request.url).cloned();
        Box::pin(async move {
            let Some((_, status, body)) = found else {
                return Err(Lost::NotSent("the server cannot be reached".to_owned()));
            };
            let headers =
                if (300..400).contains(&status) { vec![("location".to_owned(), body.clone())] } else { Vec::new() };
            Ok(Answer { status, headers, body: body.into_bytes() })
        })
    };
    (InProcess(Arc::new(handler)), asked)
}

const SERVER: &str = "<?xml version=\"1.0\"?><Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006\">\
    <Response xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a\"><Account><AccountType>email</AccountType><Action>settings</Action>\
    <Protocol><Type>EXCH</Type><EwsUrl>https://inner.crm.test/EWS/Exchange.asmx</EwsUrl></Protocol>\
    <Protocol><Type>EXPR</Type><EwsUrl>https://mail.crm.test/EWS/Exchange.asmx</EwsUrl></Protocol></Account></Response></Autodiscover>";

fn redirect(url: &str) -> String {
    format!(
        "<Autodiscover><Response><Account><Action>redirectUrl</Action><RedirectUrl>{url}</RedirectUrl></Account></Response></Autodiscover>"
    )
}

async fn find(pages: &[(&str, u16, &str)], hosts: &[&str]) -> (Result<Server, NotFound>, Vec<String>) {
    let (network, asked) = network(pages);
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let account = SignIn::basic("anna", SecretString::from("secret"));
    let search = Search { address: "anna@crm.test", hosts: &hosts, deadline_ms: 1 };
    let found = search.find(&network, &account).await;
    let asked = asked.lock().expect("unpoisoned").clone();
    (found, asked)
}

// trap 181
#[tokio::test]
async fn only_the_mail_domain_and_listed_hosts_are_asked_and_only_by_https() {
    let (found, asked) = find(&[], &["Exchange.inner.test"]).await;
    assert_eq!(
        asked,
        [
            "https://exchange.inner.test/autodiscover/autodiscover.xml",
            "https://exchange.inner.test/autodiscover/autodiscover.svc",
            "https://crm.test/autodiscover/autodiscover.xml",
            "https://crm.test/autodiscover/autodiscover.svc",
            "https://autodiscover.crm.test/autodiscover/autodiscover.xml",
            "https://autodiscover.crm.test/autodiscover/autodiscover.svc",
        ]
    );
    assert_eq!(found.expect_err("nowhere").0.len(), 6);
}

#[tokio::test]
async fn the_address_for_the_outside_is_taken_before_the_inner_one() {
    let page = "https://autodiscover.crm.test/autodiscover/autodiscover.xml";
    let (found, _) = find(&[(page, 200, SERVER)], &[]).await;
    assert_eq!(found.expect("found").url, "https://mail.crm.test/EWS/Exchange.asmx");
}

// traps 181, 182
#[tokio::test]
async fn a_redirect_is_followed_only_where_it_might_have_been_asked() {
    let first = "https://crm.test/autodiscover/autodiscover.xml";
    let allowed = "https://autodiscover.crm.test/other";
    for (status, body) in [(302, allowed.to_owned()), (200, redirect(allowed))] {
        let (found, asked) = find(&[(first, status, &body), (allowed, 200, SERVER)], &[]).await;
        assert_eq!(found.expect("found").url, "https://mail.crm.test/EWS/Exchange.asmx");
        assert_eq!(asked, [first, allowed]);
    }
    for elsewhere in [
        "https://evil.test/autodiscover/autodiscover.xml",
        "http://crm.test/autodiscover/autodiscover.xml",
        "https://autodiscover.test/x",
        "https://x.crm.test/x",
        "https://crm.test.evil.test/x",
        "https://user:word@crm.test/x",
        "https://127.0.0.1/x",
        "https://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "nonsense",
    ] {
        for (status, body) in [(302, elsewhere.to_owned()), (200, redirect(elsewhere))] {
            let (found, asked) = find(&[(first, status, &body)], &[]).await;
            assert!(found.is_err());
            assert!(!asked.iter().any(|url| url == elsewhere), "{elsewhere} was asked");
        }
    }
}

#[tokio::test]
async fn circles_end_and_what_is_no_answer_is_told() {
    let first = "https://crm.test/autodiscover/autodiscover.xml";
    let (found, asked) = find(&[(first, 302, first)], &[]).await;
    assert!(found.is_err() && asked.len() <= STEPS);
    for body in [
        "<html>Sign in</html>",
        "",
        "<Autodiscover/>",
        "<!DOCTYPE a [<!ENTITY b \"c\">]><Autodiscover>&b;</Autodiscover>",
    ] {
        let (found, _) = find(&[(first, 200, body)], &[]).await;
        assert!(found.is_err(), "{body}");
    }
    let plain = SERVER.replace("https://mail", "http://mail").replace("https://inner", "http://inner");
    assert!(find(&[(first, 200, &plain)], &[]).await.0.is_err(), "a server without https is none");
    let account = SignIn::basic("anna", SecretString::from("secret"));
    for address in ["anna", "anna@", "anna@localhost", "anna@a/b.test", "anna@.test"] {
        let search = Search { address, hosts: &[], deadline_ms: 1 };
        assert!(search.find(&network(&[]).0, &account).await.is_err());
    }
}

#[tokio::test]
async fn soap_is_asked_where_there_is_no_pox() {
    let page = "https://crm.test/autodiscover/autodiscover.svc";
    let body = "<s:Envelope xmlns:s=\"x\" xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\"><s:Body><GetUserSettingsResponseMessage><Response>\
        <ErrorCode>NoError</ErrorCode><UserResponses><UserResponse><ErrorCode>NoError</ErrorCode><RedirectTarget i:nil=\"true\"/><UserSettings>\
        <UserSetting i:type=\"StringSetting\"><Name>InternalEwsUrl</Name><Value>https://inner.crm.test/EWS/Exchange.asmx</Value></UserSetting>\
        <UserSetting i:type=\"StringSetting\"><Name>ExternalEwsUrl</Name><Value>https://mail.crm.test/EWS/Exchange.asmx</Value></UserSetting>\
        </UserSettings></UserResponse></UserResponses></Response></GetUserSettingsResponseMessage></s:Body></s:Envelope>";
    let (found, _) = find(&[(page, 200, body)], &[]).await;
    assert_eq!(found.expect("found").url, "https://mail.crm.test/EWS/Exchange.asmx");
    let elsewhere = body.replace(
        "<ErrorCode>NoError</ErrorCode><RedirectTarget i:nil=\"true\"/>",
        "<ErrorCode>RedirectUrl</ErrorCode><RedirectTarget>https://evil.test/x</RedirectTarget>",
    );
    let (found, asked) = find(&[(page, 200, &elsewhere)], &[]).await;
    assert!(found.is_err() && !asked.iter().any(|url| url.contains("evil")));
}

// trap 181: seven tries of a wrong password lock an account that everybody needs.
#[tokio::test]
async fn a_wrong_password_is_not_carried_to_every_place() {
    let asked = Arc::new(Mutex::new(0));
    let count = asked.clone();
    let handler = move |_| -> futures::future::BoxFuture<'static, Result<Answer, Lost>> {
        *count.lock().expect("unpoisoned") += 1;
        let headers = vec![("www-authenticate".to_owned(), "Basic realm=\"x\"".to_owned())];
        Box::pin(async move { Ok(Answer { status: 401, headers, body: Vec::new() }) })
    };
    let account = SignIn::basic("anna", SecretString::from("wrong"));
    let hosts = ["a.test".to_owned(), "b.test".to_owned()];
    let search = Search { address: "anna@crm.test", hosts: &hosts, deadline_ms: 1 };
    let told = search.find(&InProcess(Arc::new(handler)), &account).await.expect_err("nowhere").to_string();
    assert!(told.contains("name or password") && told.ends_with("lest the account be locked out"), "{told}");
    // One of them is repeated, for servers that challenge whatever comes.
    assert_eq!(*asked.lock().expect("unpoisoned"), 3);
}
