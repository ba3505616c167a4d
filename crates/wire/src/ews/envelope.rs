//! The envelope around every request and answer: version asked for, zone, whose mailbox, results, faults.

use super::ResponseCode;
use super::answer::{Answer, Failure, Refusal, ServerText};
use crate::xml::{Element, Error, Limits, Reader, Writer};

const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const TYPES: &str = "http://schemas.microsoft.com/exchange/services/2006/types";
const MESSAGES: &str = "http://schemas.microsoft.com/exchange/services/2006/messages";

/// An operation of the service: how its request is written and how one of its results is read.
pub trait Operation {
    /// What one result holds when the item was served.
    type Reply: Reply;
    /// The element that names the operation.
    const NAME: &'static str;
    /// Writes the operation's element, with all it holds.
    fn write(&self, w: &mut Writer);
    /// How many items one call of it reads or writes: what it costs the server.
    fn items(&self) -> usize {
        1
    }
}

/// What one result of an operation holds. Elements may come in any order.
pub trait Reply: Default {
    /// Reads one element of the result; an element it does not know it leaves unread.
    fn element(&mut self, r: &mut Reader<'_>, element: &Element<'_>) -> Result<(), Error>;

    /// Checks that what must be there was there, once all elements have been read.
    fn complete(&self, _r: &Reader<'_>) -> Result<(), Error> {
        Ok(())
    }

    /// Whether it holds what was asked for, so that a server that forgot to say whether it succeeded has shown it.
    fn is_given(&self) -> bool {
        false
    }

    /// Takes in a refusal that still tells something, and says whether it did; else the refusal is the result.
    fn refused(&mut self, _refusal: &Refusal) -> bool {
        false
    }
}

impl Reply for () {
    fn element(&mut self, _r: &mut Reader<'_>, _element: &Element<'_>) -> Result<(), Error> {
        Ok(())
    }
}

/// What is said above every request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The version of the service we speak; the server answers in it.
    pub version: Version,
    /// Whose mailbox is meant when the account that signs in acts for others.
    pub impersonation: Option<Impersonation>,
}

/// Whose mailbox a service account acts for.
#[derive(Clone, PartialEq, Eq)]
pub enum Impersonation {
    /// By the mailbox's primary address.
    PrimarySmtpAddress(String),
    /// By any of its addresses.
    SmtpAddress(String),
}

impl std::fmt::Debug for Impersonation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Impersonation")
    }
}

/// Versions of the service that a request may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Version {
    /// Exchange 2007 with its first service pack.
    Exchange2007Sp1,
    /// Exchange 2010.
    Exchange2010,
    /// Exchange 2010 with its second service pack.
    Exchange2010Sp2,
    /// Exchange 2013.
    Exchange2013,
    /// Exchange 2013 with its first service pack, which every later server speaks too.
    #[default]
    Exchange2013Sp1,
}

impl Version {
    /// The version's name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exchange2007Sp1 => "Exchange2007_SP1",
            Self::Exchange2010 => "Exchange2010",
            Self::Exchange2010Sp2 => "Exchange2010_SP2",
            Self::Exchange2013 => "Exchange2013",
            Self::Exchange2013Sp1 => "Exchange2013_SP1",
        }
    }

    /// The highest version that a server of this build speaks.
    pub fn of_server(server: &ServerVersion) -> Self {
        match (server.major, server.minor) {
            (..=8, _) => Self::Exchange2007Sp1,
            (9..=13, _) | (14, 0 | 1) => Self::Exchange2010,
            (14, _) => Self::Exchange2010Sp2,
            // 15.0.847 is the first service pack of 2013.
            (15, 0) if server.build < 847 => Self::Exchange2013,
            (15.., _) => Self::Exchange2013Sp1,
        }
    }

    /// The next lower version.
    pub fn lower(self) -> Option<Self> {
        match self {
            Self::Exchange2007Sp1 => None,
            Self::Exchange2010 => Some(Self::Exchange2007Sp1),
            Self::Exchange2010Sp2 => Some(Self::Exchange2010),
            Self::Exchange2013 => Some(Self::Exchange2010Sp2),
            Self::Exchange2013Sp1 => Some(Self::Exchange2013),
        }
    }
}

/// The build a server says it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerVersion {
    /// Major and minor version, such as 15 and 1.
    pub major: u32,
    /// The minor version.
    pub minor: u32,
    /// The build number.
    pub build: u32,
    /// The name of the schema it answered in, when given.
    pub schema: Option<String>,
}

/// The bytes of a request. Times are always asked for and given in UTC, so that a value means the same
/// whatever zone a server or mailbox is set to. (trap 91)
pub fn prepare<O: Operation>(header: &Header, operation: &O) -> Vec<u8> {
    let mut w = Writer::document();
    w.element("s:Envelope", &[("xmlns:s", SOAP), ("xmlns:t", TYPES), ("xmlns:m", MESSAGES)], |w| {
        w.element("s:Header", &[], |w| {
            w.empty("t:RequestServerVersion", &[("Version", header.version.name())]);
            if let Some(whom) = &header.impersonation {
                w.element("t:ExchangeImpersonation", &[], |w| {
                    w.element("t:ConnectingSID", &[], |w| match whom {
                        Impersonation::PrimarySmtpAddress(address) => w.text("t:PrimarySmtpAddress", address),
                        Impersonation::SmtpAddress(address) => w.text("t:SmtpAddress", address),
                    });
                });
            }
            // The schema of 2007 has no such header; its servers answer in UTC by themselves.
            if header.version > Version::Exchange2007Sp1 {
                w.element("t:TimeZoneContext", &[], |w| w.empty("t:TimeZoneDefinition", &[("Id", "UTC")]));
            }
        });
        w.element("s:Body", &[], |w| operation.write(w));
    });
    w.into_bytes()
}

/// Reads the bytes of an answer to operation `O`.
pub fn parse<O: Operation>(bytes: &[u8], limits: Limits) -> Result<Answer<O::Reply>, Failure> {
    let source = crate::xml::decode(bytes, limits)?;
    if !source.trim_start().starts_with('<') {
        return Err(foreign("text without markup"));
    }
    let mut r = Reader::new(&source, limits);
    let root = match r.root() {
        Ok(root) => root,
        Err(Error::DocumentType) if looks_like_html(&source) => return Err(foreign("a web page")),
        Err(error) => return Err(error.into()),
    };
    if root.name != "Envelope" {
        let page = root.name.eq_ignore_ascii_case("html") || looks_like_html(&source);
        return Err(foreign(if page { "a web page" } else { "another document" }));
    }
    let mut results = None;
    let mut refused = None;
    let mut version = None;
    r.children(|r, part| match part.name {
        "Header" => r.children(|r, header| {
            if header.name == "ServerVersionInfo" {
                version = Some(server_version(header));
            }
            r.skip()
        }),
        "Body" => r.children(|r, body| {
            if body.name == "Fault" {
                refused = Some(fault(r)?);
            } else if body.name.strip_suffix("Response").is_some_and(|name| name == O::NAME) {
                results = Some(response_messages(r, body)?);
            }
            Ok(())
        }),
        _ => Ok(()),
    })?;
    match (refused, results) {
        (Some(refusal), _) => Err(Failure::Fault(refusal)),
        (None, Some(results)) => Ok(Answer { results, version }),
        (None, None) => {
            Err(Error::Missing { path: "Envelope/Body".to_owned(), expected: "answer to this operation" }.into())
        }
    }
}

/// The build a server says it is, in an answer of any kind; none when it does not say.
pub fn server_of(bytes: &[u8], limits: Limits) -> Option<ServerVersion> {
    let source = crate::xml::decode(bytes, limits).ok()?;
    let mut r = Reader::new(&source, limits);
    r.root().ok()?;
    let mut version = None;
    let whole = r.children(|r, part| {
        if part.name != "Header" {
            return r.skip();
        }
        r.children(|r, header| {
            if header.name == "ServerVersionInfo" {
                version = Some(server_version(header));
            }
            r.skip()
        })
    });
    whole.ok().and(version)
}

fn foreign(found: &'static str) -> Failure {
    Failure::Unreadable(Error::Foreign { expected: "an EWS answer", found })
}

fn looks_like_html(source: &str) -> bool {
    let start: String = source.trim_start().chars().take(200).collect();
    let start = start.to_ascii_lowercase();
    start.starts_with("<!doctype html") || start.contains("<html")
}

fn server_version(element: &Element<'_>) -> ServerVersion {
    let number = |name| element.attribute(name).and_then(|v| v.parse().ok()).unwrap_or(0);
    ServerVersion {
        major: number("MajorVersion"),
        minor: number("MinorVersion"),
        build: number("MajorBuildNumber"),
        schema: element.attribute("Version"),
    }
}

fn response_messages<T: Reply>(r: &mut Reader<'_>, answer: &Element<'_>) -> Result<Vec<Result<T, Refusal>>, Error> {
    // Some operations answer with one message that stands without a list: the answer itself.
    if answer.attribute("ResponseClass").is_some() {
        return Ok(vec![response_message(r, answer)?]);
    }
    let mut results = Vec::new();
    r.children(|r, list| match list.name {
        "ResponseMessages" => r.children(|r, message| {
            results.push(response_message(r, message)?);
            Ok(())
        }),
        // Messages without the list around them.
        name if name.ends_with("ResponseMessage") => {
            results.push(response_message(r, list)?);
            Ok(())
        }
        _ => Ok(()),
    })?;
    Ok(results)
}

fn response_message<T: Reply>(r: &mut Reader<'_>, message: &Element<'_>) -> Result<Result<T, Refusal>, Error> {
    let class = message.attribute("ResponseClass");
    let mut reply = T::default();
    let mut told = Told::default();
    r.children(|r, element| if told.element(r, element)? { Ok(()) } else { reply.element(r, element) })?;
    let is_class = |word: &str| class.as_deref().is_some_and(|class| class.trim().eq_ignore_ascii_case(word));
    let refused = match &told.code {
        _ if is_class("Error") => true,
        Some(code) => *code != ResponseCode::NoError,
        // A server that gives no code says it by the class, or shows it by what it gives.
        None if is_class("Success") || reply.is_given() => false,
        None => return Err(r.missing("response code")),
    };
    if refused {
        let refusal = told.refusal();
        return Ok(if reply.refused(&refusal) { Ok(reply) } else { Err(refusal) });
    }
    reply.complete(r)?;
    Ok(Ok(reply))
}

fn fault(r: &mut Reader<'_>) -> Result<Refusal, Error> {
    let mut told = Told::default();
    let mut sentence = None;
    r.children(|r, element| {
        match element.name {
            "faultstring" => sentence = Some(r.text()?),
            // The second and third as SOAP 1.2 names them.
            "faultcode" | "Code" if told.fault_code.is_none() => told.fault_code = Some(r.text_within()?),
            "Reason" => sentence = Some(r.text_within()?),
            "detail" | "Detail" => r.children(|r, detail| {
                if detail.name == "Message" {
                    told.message = Some(r.text()?);
                } else {
                    told.element(r, detail)?;
                }
                Ok(())
            })?,
            _ => {}
        }
        Ok(())
    })?;
    told.message = told.message.or(sentence);
    Ok(told.refusal())
}

/// What results and faults say alike.
#[derive(Default)]
struct Told {
    code: Option<ResponseCode>,
    fault_code: Option<String>,
    message: Option<String>,
    back_off_ms: Option<u64>,
}

impl Told {
    fn element(&mut self, r: &mut Reader<'_>, element: &Element<'_>) -> Result<bool, Error> {
        match element.name {
            "ResponseCode" => self.code = Some(ResponseCode::of(&r.text()?)),
            "MessageText" => self.message = Some(r.text()?),
            "DescriptiveLinkKey" => {}
            "MessageXml" => r.children(|r, value| {
                if value.name == "Value" && value.attribute("Name").as_deref() == Some("BackOffMilliseconds") {
                    self.back_off_ms = r.text()?.trim().parse().ok();
                }
                Ok(())
            })?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn refusal(self) -> Refusal {
        let by_fault = || {
            let name = self.fault_code.as_deref().unwrap_or("").rsplit(':').next().unwrap_or("").to_owned();
            ResponseCode::of(if name.is_empty() { "ErrorWithoutCode" } else { &name })
        };
        Refusal {
            code: self.code.filter(|c| *c != ResponseCode::NoError).unwrap_or_else(by_fault),
            message: ServerText(self.message.unwrap_or_default()),
            back_off_ms: self.back_off_ms,
        }
    }
}
