//! The program a person uses: requests of its own, signed in as the mailbox itself.

use crate::server::Server;
use crate::tree::Node;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sim::executor::block_on;

/// Where the server answers.
pub(crate) const URL: &str = "http://127.0.0.1/EWS/Exchange.asmx";
/// Everybody's password.
pub(crate) const PASSWORD: &str = "secret";

/// Asks the server for somebody; every result must be a success.
pub(crate) fn ask(server: &Server, address: &str, body: &str) -> Result<Vec<Node>, String> {
    let envelope = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\
         <s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\" \
         xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\"><s:Header>\
         <t:RequestServerVersion Version=\"Exchange2013_SP1\"/></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    );
    let secret = STANDARD.encode(format!("{address}:{PASSWORD}"));
    let headers = [
        ("content-type".to_owned(), "text/xml; charset=utf-8".to_owned()),
        ("authorization".to_owned(), format!("Basic {secret}")),
    ];
    let said = block_on(server.post(URL, &headers, envelope.into_bytes())).map_err(|unsaid| unsaid.to_string())?;
    let answer = Node::read(&said.body)?;
    let results =
        answer.child("Body").and_then(|body| body.children.first()).and_then(|body| body.child("ResponseMessages"));
    let Some(results) = results else { return Err(format!("status {} and no results", said.status)) };
    let refused = results.children.iter().find(|result| result.attribute("ResponseClass") != Some("Success"));
    match refused {
        None => Ok(results.children.clone()),
        Some(result) => Err(format!(
            "{}: {}",
            result.text_at(&["ResponseCode"]).unwrap_or("no code"),
            result.text_at(&["MessageText"]).unwrap_or_default()
        )),
    }
}

/// The items of some results.
pub(crate) fn items(results: &[Node]) -> impl Iterator<Item = &Node> {
    results.iter().filter_map(|result| result.child("Items")).flat_map(|items| &items.children)
}

/// The id of an item.
pub(crate) fn id_of(item: &Node) -> Option<&str> {
    item.child("ItemId")?.attribute("Id")
}
