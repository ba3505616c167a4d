//! Autodiscover: asking a mail domain where its Exchange answers, by the older plain protocol and by the SOAP one.
//!
//! <https://learn.microsoft.com/en-us/exchange/client-developer/exchange-web-services/autodiscover-for-exchange>

use crate::xml::{Error, Limits, Reader, Writer, decode};

/// The SOAP action of the one question we ask.
pub const ACTION: &str = "http://schemas.microsoft.com/exchange/2010/Autodiscover/Autodiscover/GetUserSettings";

/// What an Autodiscover server says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Exchange Web Services answer at this address.
    Server(String),
    /// Ask at this address.
    Elsewhere(String),
    /// Ask for this mail address.
    OtherAddress(String),
    /// Nothing is known, by the server's own code.
    Nothing(String),
}

/// An answer is small; more is somebody's attack.
fn limits() -> Limits {
    Limits { total: 1 << 20, depth: 32, text: 1 << 14, elements: 20_000 }
}

/// The question of the plain protocol.
pub fn pox_request(address: &str) -> Vec<u8> {
    let mut w = Writer::document();
    let request = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006";
    let response = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";
    w.element("Autodiscover", &[("xmlns", request)], |w| {
        w.element("Request", &[], |w| {
            w.text("EMailAddress", address);
            w.text("AcceptableResponseSchema", response);
        });
    });
    w.into_bytes()
}

/// The answer of the plain protocol. The address for the outside (`EXPR`) counts before the one for the inside: both
/// work where both are reached, and only the first is what certificates are made for.
pub fn pox_read(bytes: &[u8]) -> Result<Found, Error> {
    let (mut outside, mut inside, mut url, mut other, mut code) = (None, None, None, None, None);
    document(bytes, &["Autodiscover"], |r| {
        r.children(|r, response| match response.name {
            "Error" => code_of(r, &mut code),
            _ => r.children(|r, account| match account.name {
                "Error" => code_of(r, &mut code),
                _ => r.children(|r, part| {
                    match part.name {
                        "RedirectUrl" => url = Some(r.text()?.trim().to_owned()),
                        "RedirectAddr" => other = Some(r.text()?.trim().to_owned()),
                        "Protocol" => {
                            let (mut kind, mut ews) = (String::new(), None);
                            r.children(|r, part| {
                                match part.name {
                                    "Type" => kind = r.text()?.trim().to_owned(),
                                    "EwsUrl" => ews = Some(r.text()?.trim().to_owned()),
                                    _ => {}
                                }
                                Ok(())
                            })?;
                            let place = if kind.eq_ignore_ascii_case("EXPR") { &mut outside } else { &mut inside };
                            if place.is_none() {
                                *place = ews.filter(|url| !url.is_empty());
                            }
                        }
                        _ => {}
                    }
                    Ok(())
                }),
            }),
        })
    })?;
    Ok(judged(outside.or(inside), url, other, code))
}

fn code_of(r: &mut Reader<'_>, code: &mut Option<String>) -> Result<(), Error> {
    r.children(|r, part| {
        if part.name == "ErrorCode" {
            *code = Some(r.text()?);
        }
        Ok(())
    })
}

/// The question of the SOAP protocol, asked at this address.
pub fn soap_request(address: &str, url: &str) -> Vec<u8> {
    let mut w = Writer::document();
    let spaces = [
        ("xmlns:a", "http://schemas.microsoft.com/exchange/2010/Autodiscover"),
        ("xmlns:wsa", "http://www.w3.org/2005/08/addressing"),
        ("xmlns:s", "http://schemas.xmlsoap.org/soap/envelope/"),
    ];
    w.element("s:Envelope", &spaces, |w| {
        w.element("s:Header", &[], |w| {
            w.text("a:RequestedServerVersion", "Exchange2013");
            w.text("wsa:Action", ACTION);
            w.text("wsa:To", url);
        });
        w.element("s:Body", &[], |w| {
            w.element("a:GetUserSettingsRequestMessage", &[], |w| {
                w.element("a:Request", &[], |w| {
                    w.element("a:Users", &[], |w| {
                        w.element("a:User", &[], |w| w.text("a:Mailbox", address));
                    });
                    w.element("a:RequestedSettings", &[], |w| {
                        w.text("a:Setting", "ExternalEwsUrl");
                        w.text("a:Setting", "InternalEwsUrl");
                    });
                });
            });
        });
    });
    w.into_bytes()
}

/// The answer of the SOAP protocol.
pub fn soap_read(bytes: &[u8]) -> Result<Found, Error> {
    let (mut outside, mut inside, mut target, mut code) = (None, None, None, None);
    document(bytes, &["Envelope"], |r| {
        descend(r, 0, &mut |r, name| {
            match name {
                "ErrorCode" => {
                    let said = r.text()?.trim().to_owned();
                    if said != "NoError" || code.is_none() {
                        code = Some(said);
                    }
                }
                "RedirectTarget" => target = Some(r.text()?.trim().to_owned()).filter(|text| !text.is_empty()),
                "UserSetting" => {
                    let (mut name, mut value) = (String::new(), None);
                    r.children(|r, part| {
                        match part.name {
                            "Name" => name = r.text()?.trim().to_owned(),
                            "Value" => value = Some(r.text()?.trim().to_owned()).filter(|text| !text.is_empty()),
                            _ => {}
                        }
                        Ok(())
                    })?;
                    match name.as_str() {
                        "ExternalEwsUrl" => outside = value,
                        "InternalEwsUrl" => inside = value,
                        _ => {}
                    }
                }
                _ => return Ok(false),
            }
            Ok(true)
        })
    })?;
    let (url, other) = match code.as_deref() {
        Some("RedirectUrl") => (target, None),
        Some("RedirectAddress") => (None, target),
        _ => (None, None),
    };
    // A server that sends us on has nothing to say itself.
    let server = outside.or(inside).filter(|_| url.is_none() && other.is_none());
    Ok(judged(server, url, other, code))
}

fn judged(server: Option<String>, url: Option<String>, other: Option<String>, code: Option<String>) -> Found {
    // A server's own words are cut down to a plain one.
    let code: String = code.unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).take(40).collect();
    match (server, url, other) {
        (Some(server), ..) => Found::Server(server),
        (None, Some(url), _) => Found::Elsewhere(url),
        (None, None, Some(other)) => Found::OtherAddress(other),
        (None, None, None) => Found::Nothing(if code.is_empty() { "without a code".to_owned() } else { code }),
    }
}

fn document(
    bytes: &[u8],
    roots: &[&str],
    read: impl FnOnce(&mut Reader<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let source = decode(bytes, limits())?;
    let mut r = Reader::new(&source, limits());
    let root = r.root()?;
    if !roots.contains(&root.name) {
        return Err(Error::Foreign { expected: "an Autodiscover answer", found: "another document" });
    }
    read(&mut r)
}

/// Looks at every element; `each` says whether it has read the one it was shown.
fn descend(
    r: &mut Reader<'_>,
    depth: usize,
    each: &mut dyn FnMut(&mut Reader<'_>, &str) -> Result<bool, Error>,
) -> Result<(), Error> {
    r.children(|r, element| {
        // The reader's own limit of depth is met before this one.
        if each(r, element.name)? || depth > 32 { Ok(()) } else { descend(r, depth + 1, each) }
    })
}
