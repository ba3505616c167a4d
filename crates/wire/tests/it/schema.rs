//! Requests as text, held to the published schema.

use std::io::Write as _;
use wire::ews::*;

pub const GUID: &str = "f3a1c2d4-0000-4000-8000-0123456789ab";

pub fn header() -> Header {
    Header {
        version: Version::Exchange2013Sp1,
        impersonation: Some(Impersonation::PrimarySmtpAddress("anna@crm.test".to_owned())),
    }
}

pub fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

pub fn moment(text: &str) -> Value {
    Value::Moment(Moment::read(text).expect("a time"))
}

pub fn mark() -> Path {
    Path::Extended(ExtendedPath::named(GUID, "mark", ExtendedType::String))
}

/// The operation's part of a request, after checking the whole of it against the schema.
pub fn body<O: Operation>(operation: &O) -> String {
    let bytes = prepare(&header(), operation);
    validate(&bytes);
    let whole = String::from_utf8(bytes).expect("utf-8");
    let start = whole.find("<s:Body>").expect("a body") + "<s:Body>".len();
    whole[start..].trim_end_matches("</s:Body></s:Envelope>").to_owned()
}

#[expect(clippy::print_stdout, reason = "a test that checks less than it could must say so")]
pub fn validate(bytes: &[u8]) {
    let Some(schema) = std::env::var_os("EWS_SCHEMA") else {
        println!("skipped: EWS_SCHEMA does not say where the published schema is");
        return;
    };
    let schema = std::path::Path::new(&schema).join("exchange2013sp1/soap11.xsd");
    let mut child = std::process::Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema"])
        .arg(schema)
        .arg("-")
        .stdin(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("xmllint runs");
    child.stdin.take().expect("its input").write_all(bytes).expect("written");
    let output = child.wait_with_output().expect("it ends");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(bytes));
}
