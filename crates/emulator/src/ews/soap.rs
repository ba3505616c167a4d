//! Envelopes: how answers and faults are wrapped, and how one operation answers for each of its parts.

use crate::codes::{Code, Refusal};
use crate::xml::{ERRORS, MESSAGES, SOAP, TYPES, Xml};

/// A request that fails as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub status: u16,
    pub code: Code,
    pub text: String,
    pub values: Vec<(String, String)>,
}

impl Fault {
    pub(crate) fn new(code: Code) -> Self {
        Self { status: 500, code, text: code.text().to_owned(), values: Vec::new() }
    }

    /// The request is not what the schema says; Exchange answers 500 with the reason.
    pub(crate) fn schema(reason: &str) -> Self {
        Self {
            text: format!("The request failed schema validation: {reason}"),
            ..Self::new(Code::ErrorSchemaValidation)
        }
    }

    /// Too much asked of the server, with the time to wait.
    pub(crate) fn busy(back_off_ms: u32) -> Self {
        Self {
            values: vec![("BackOffMilliseconds".to_owned(), back_off_ms.to_string())],
            ..Self::new(Code::ErrorServerBusy)
        }
    }
}

impl From<Code> for Fault {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

/// The version a server tells in every answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerVersion {
    /// 15 for Exchange 2013 to 2019.
    pub major: u16,
    /// 0 for 2013, 1 for 2016, 2 for 2019.
    pub minor: u16,
    /// The build.
    pub build: u16,
    /// The build's revision.
    pub revision: u16,
    /// The schema version the server names.
    pub schema: String,
}

impl Default for ServerVersion {
    fn default() -> Self {
        Self { major: 15, minor: 1, build: 2507, revision: 6, schema: "V2017_07_11".to_owned() }
    }
}

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>";

fn head(xml: &mut Xml, version: &ServerVersion) {
    xml.out.push_str(DECLARATION);
    xml.open_with("s:Envelope", &[("xmlns:s", SOAP)]);
    xml.open("s:Header");
    server_version(xml, "h:ServerVersionInfo", version, &[("xmlns:h", TYPES)]);
    xml.close("s:Header");
}

fn server_version(xml: &mut Xml, name: &str, version: &ServerVersion, more: &[(&str, &str)]) {
    let [major, minor, build, revision] =
        [version.major, version.minor, version.build, version.revision].map(|number| number.to_string());
    let mut attributes = vec![
        ("MajorVersion", major.as_str()),
        ("MinorVersion", &minor),
        ("MajorBuildNumber", &build),
        ("MinorBuildNumber", &revision),
        ("Version", &version.schema),
    ];
    attributes.extend_from_slice(more);
    attributes.extend([
        ("xmlns", TYPES),
        ("xmlns:xsd", "http://www.w3.org/2001/XMLSchema"),
        ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
    ]);
    xml.empty(name, &attributes);
}

/// The envelope around an operation's answer.
pub(crate) fn envelope(version: &ServerVersion, body: &str) -> String {
    let mut xml = Xml::default();
    head(&mut xml, version);
    xml.open_with(
        "s:Body",
        &[
            ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
            ("xmlns:xsd", "http://www.w3.org/2001/XMLSchema"),
        ],
    );
    xml.out.push_str(body);
    xml.close("s:Body");
    xml.close("s:Envelope");
    xml.out
}

/// The envelope around a part of a streaming answer, which Exchange writes otherwise than those of other answers.
pub(crate) fn part_envelope(version: &ServerVersion, body: &str) -> String {
    let mut xml = Xml::default();
    xml.out.push_str(DECLARATION);
    xml.open_with("Envelope", &[("xmlns", SOAP)]);
    xml.open_with("soap11:Header", &[("xmlns:soap11", SOAP)]);
    server_version(&mut xml, "ServerVersionInfo", version, &[]);
    xml.close("soap11:Header");
    xml.open_with("soap11:Body", &[("xmlns:soap11", SOAP)]);
    xml.out.push_str(body);
    xml.close("soap11:Body");
    xml.close("Envelope");
    xml.out
}

/// The envelope of a fault.
pub(crate) fn fault_envelope(version: &ServerVersion, fault: &Fault) -> String {
    let mut xml = Xml::default();
    head(&mut xml, version);
    xml.open("s:Body");
    xml.open("s:Fault");
    xml.leaf_with("faultcode", &[("xmlns:a", TYPES)], &format!("a:{}", fault.code.name()));
    xml.leaf_with("faultstring", &[("xml:lang", "en-US")], &fault.text);
    xml.open("detail");
    xml.leaf_with("e:ResponseCode", &[("xmlns:e", ERRORS)], fault.code.name());
    xml.leaf_with("e:Message", &[("xmlns:e", ERRORS)], &fault.text);
    if !fault.values.is_empty() {
        xml.open_with("t:MessageXml", &[("xmlns:t", TYPES)]);
        for (name, value) in &fault.values {
            xml.leaf_with("t:Value", &[("Name", name)], value);
        }
        xml.close("t:MessageXml");
    }
    xml.close("detail");
    xml.close("s:Fault");
    xml.close("s:Body");
    xml.close("s:Envelope");
    xml.out
}

/// The answer of an operation that answers for each of its parts.
pub(crate) struct Messages {
    operation: &'static str,
    /// What an error message of the operation still holds, by the schema or by habit (`<m:Items />`).
    empty: &'static str,
    pub xml: Xml,
}

impl Messages {
    pub(crate) fn new(operation: &'static str, empty: &'static str) -> Self {
        let mut xml = Xml::default();
        xml.open_with(&format!("m:{operation}Response"), &[("xmlns:m", MESSAGES), ("xmlns:t", TYPES)]);
        xml.open("m:ResponseMessages");
        Self { operation, empty, xml }
    }

    /// One part that went well; `write` gives what stands behind the response code.
    pub(crate) fn success(&mut self, write: impl FnOnce(&mut Xml)) {
        let name = format!("m:{}ResponseMessage", self.operation);
        self.xml.open_with(&name, &[("ResponseClass", "Success")]);
        self.xml.leaf("m:ResponseCode", "NoError");
        write(&mut self.xml);
        self.xml.close(&name);
    }

    /// One part that was refused.
    pub(crate) fn refused(&mut self, refusal: &Refusal) {
        self.told(refusal, "Error");
        self.xml.out.push_str(self.empty);
        self.xml.close(&format!("m:{}ResponseMessage", self.operation));
    }

    /// One part that was refused, with what the refusal still tells.
    pub(crate) fn refused_with(&mut self, refusal: &Refusal, write: impl FnOnce(&mut Xml)) {
        self.told(refusal, "Error");
        write(&mut self.xml);
        self.xml.close(&format!("m:{}ResponseMessage", self.operation));
    }

    /// One part that was answered with a reservation.
    pub(crate) fn warned(&mut self, refusal: &Refusal, write: impl FnOnce(&mut Xml)) {
        self.told(refusal, "Warning");
        write(&mut self.xml);
        self.xml.close(&format!("m:{}ResponseMessage", self.operation));
    }

    fn told(&mut self, refusal: &Refusal, class: &str) {
        let name = format!("m:{}ResponseMessage", self.operation);
        self.xml.open_with(&name, &[("ResponseClass", class)]);
        self.xml.leaf("m:MessageText", refusal.message());
        self.xml.leaf("m:ResponseCode", refusal.code.name());
        self.xml.leaf("m:DescriptiveLinkKey", "0");
        if !refusal.values.is_empty() {
            self.xml.open("m:MessageXml");
            for (name, value) in &refusal.values {
                self.xml.leaf_with("t:Value", &[("Name", name)], value);
            }
            self.xml.close("m:MessageXml");
        }
    }

    pub(crate) fn finish(mut self) -> String {
        self.xml.close("m:ResponseMessages");
        self.xml.close(&format!("m:{}Response", self.operation));
        self.xml.out
    }
}

/// The answer of an operation that is one message by itself, without a list around it.
pub(crate) struct Alone {
    operation: &'static str,
    pub xml: Xml,
}

impl Alone {
    fn begun(operation: &'static str, class: &str) -> Self {
        let mut xml = Xml::default();
        let spaces = [("ResponseClass", class), ("xmlns:m", MESSAGES), ("xmlns:t", TYPES)];
        xml.open_with(&format!("m:{operation}Response"), &spaces);
        Self { operation, xml }
    }

    /// It went well; what is written next stands behind the response code.
    pub(crate) fn success(operation: &'static str) -> Self {
        let mut alone = Self::begun(operation, "Success");
        alone.xml.leaf("m:ResponseCode", "NoError");
        alone
    }

    /// It was refused.
    pub(crate) fn refused(operation: &'static str, refusal: &Refusal) -> String {
        let mut alone = Self::begun(operation, "Error");
        alone.xml.leaf("m:MessageText", refusal.message());
        alone.xml.leaf("m:ResponseCode", refusal.code.name());
        alone.xml.leaf("m:DescriptiveLinkKey", "0");
        alone.finish()
    }

    pub(crate) fn finish(mut self) -> String {
        self.xml.close(&format!("m:{}Response", self.operation));
        self.xml.out
    }
}
