//! The operations of EWS: from the bytes of a request to the bytes of the answer.

mod attachments;
pub(crate) mod auth;
mod calendar_view;
mod copy_move;
mod create;
mod create_mime;
mod delete;
mod find;
mod folder_view;
mod folders;
mod get;
mod hierarchy;
mod lookup;
mod mail;
mod misc;
pub(crate) mod people;
mod respond;
mod restriction;
pub(crate) mod soap;
pub(crate) mod subscribe;
mod sync;
mod update;
mod zones;

use jiff::Timestamp;

use crate::codes::Code;
use crate::ews::auth::Account;
use crate::ews::soap::{Fault, ServerVersion, envelope, fault_envelope};
use crate::quirks::Quirk;
use crate::site::World;
use crate::xml::{self, Element, Ns};
use crate::zone::Zone;

/// What an operation works with.
pub(crate) struct Call<'a> {
    pub world: &'a mut World,
    pub server: usize,
    /// The account that signed in.
    pub account: &'a Account,
    /// The mailbox it works for.
    pub mailbox: Option<u64>,
    pub now: Timestamp,
    /// The zone of times without an offset.
    pub zone: Zone,
    /// The server behind the front that answers.
    pub back_end: &'a str,
    /// The item of the request from which on the account's share is used up, and how long it is to wait.
    pub busy_from: Option<(usize, u32)>,
    /// What the server is.
    pub version: &'a ServerVersion,
}

/// A request read so far that its operation is known.
pub(crate) struct Request {
    root: Element,
    pub operation: String,
    /// The server behind the front it was led to.
    pub back_end: String,
    /// The item from which on the account's share is used up, and how long it is to wait.
    pub busy_from: Option<(usize, u32)>,
}

/// A whole answer.
pub(crate) struct Reply {
    pub status: u16,
    pub body: String,
}

/// The body of an operation's answer, or the fault of the whole request.
type Answer = Result<String, Fault>;

impl Request {
    /// Reads the envelope; what is no SOAP request at all is a fault.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Fault> {
        let root = xml::read(bytes)
            .map_err(|fault| Fault::schema(&format!("{} (at byte {}).", fault.reason, fault.position)))?;
        if root.ns != Ns::Soap || root.name != "Envelope" {
            return Err(Fault::schema("the document is no SOAP 1.1 envelope."));
        }
        let operation = root
            .child("Body")
            .and_then(Element::first)
            .filter(|element| element.ns == Ns::Messages)
            .map(|element| element.name.clone())
            .ok_or_else(|| Fault::schema("the body holds no operation."))?;
        Ok(Self { root, operation, back_end: String::new(), busy_from: None })
    }

    /// The mailbox the request is for, when it can be told.
    pub(crate) fn mailbox(&self, world: &World, server: usize, account: &Account) -> Option<u64> {
        auth::effective(world, server, account, self.header()).ok().flatten()
    }

    /// The whole envelope.
    pub(crate) fn root(&self) -> &Element {
        &self.root
    }

    fn header(&self) -> Option<&Element> {
        self.root.child("Header")
    }

    fn body(&self) -> Result<&Element, Fault> {
        self.root.child("Body").and_then(Element::first).ok_or_else(|| Fault::schema("the body holds no operation."))
    }
}

/// The versions a client may ask for.
const VERSIONS: &[&str] = &[
    "Exchange2007",
    "Exchange2007_SP1",
    "Exchange2010",
    "Exchange2010_SP1",
    "Exchange2010_SP2",
    "Exchange2013",
    "Exchange2013_SP1",
    "Exchange2015",
    "Exchange2016",
];

/// Carries a request out.
pub(crate) fn answer(
    world: &mut World,
    server: usize,
    version: &ServerVersion,
    account: &Account,
    request: &Request,
    now: Timestamp,
) -> Reply {
    let (mailbox, done) = carried_out(world, server, version, account, request, now);
    let address = mailbox.and_then(|no| world.mailboxes.get(&no)).map(|mailbox| mailbox.address.clone());
    if let Some(server) = world.servers.get_mut(server) {
        server.counters.request(&request.operation, address.as_deref());
    }
    reply(version, done)
}

/// Wraps what a request came to.
pub(crate) fn reply(version: &ServerVersion, done: Answer) -> Reply {
    match done {
        Ok(body) => Reply { status: 200, body: envelope(version, &body) },
        Err(fault) => Reply { status: fault.status, body: fault_envelope(version, &fault) },
    }
}

/// Opens a streaming answer: checked and counted as every request.
pub(crate) fn streamed(
    world: &mut World,
    server: usize,
    account: &Account,
    request: &Request,
) -> Result<subscribe::Streamed, Fault> {
    let (mailbox, begun) = begun(world, server, account, request);
    let address = mailbox.and_then(|no| world.mailboxes.get(&no)).map(|mailbox| mailbox.address.clone());
    if let Some(server) = world.servers.get_mut(server) {
        server.counters.request(&request.operation, address.as_deref());
    }
    begun?;
    subscribe::streamed(request.body()?)
}

fn carried_out(
    world: &mut World,
    server: usize,
    version: &ServerVersion,
    account: &Account,
    request: &Request,
    now: Timestamp,
) -> (Option<u64>, Answer) {
    let (mailbox, begun) = begun(world, server, account, request);
    let zone = match begun {
        Ok(zone) => zone,
        Err(fault) => return (mailbox, Err(fault)),
    };
    let (back_end, busy_from) = (&*request.back_end, request.busy_from);
    let mut call = Call { world, server, account, mailbox, now, zone, back_end, busy_from, version };
    let done = request.body().and_then(|body| dispatch(&mut call, body));
    (mailbox, done)
}

/// What stands above a request: the version, whose mailbox is meant, and the zone of its times.
fn begun(world: &World, server: usize, account: &Account, request: &Request) -> (Option<u64>, Result<Zone, Fault>) {
    let header = request.header();
    let asked =
        header.and_then(|header| header.child("RequestServerVersion")).and_then(|version| version.attr("Version"));
    if let Some(asked) = asked
        && !VERSIONS.contains(&asked)
        && !asked.starts_with('V')
    {
        return (None, Err(Code::ErrorInvalidServerVersion.into()));
    }
    if let Some(asked) = asked
        && ["Exchange2007", "Exchange2007_SP1", "Exchange2010"].contains(&asked)
        && request.body().is_ok_and(|body| body.child("ReturnNewItemIds").is_some())
    {
        // Introduced in Exchange 2010 SP1.
        return (None, Err(Fault::schema("the element 'ReturnNewItemIds' is not expected.")));
    }
    let mailbox = match auth::effective(world, server, account, header) {
        Ok(mailbox) => mailbox,
        Err(fault) => return (None, Err(fault)),
    };
    if world.quirk(server, Quirk::ServerBusy) {
        return (mailbox, Err(Fault::busy(0)));
    }
    (mailbox, context_zone(header))
}

fn context_zone(header: Option<&Element>) -> Result<Zone, Fault> {
    let definition = header
        .and_then(|header| header.child("TimeZoneContext"))
        .and_then(|context| context.child("TimeZoneDefinition"));
    match definition {
        None => Ok(Zone::utc()),
        Some(definition) => Zone::from_definition(definition).ok_or_else(|| Fault::new(Code::ErrorTimeZone)),
    }
}

fn dispatch(call: &mut Call<'_>, body: &Element) -> Answer {
    match body.name.as_str() {
        "GetFolder" => folders::get(call, body),
        "FindFolder" => folders::find(call, body),
        "CreateFolder" => folders::create(call, body),
        "UpdateFolder" => folders::update(call, body),
        "DeleteFolder" => folders::delete(call, body),
        "EmptyFolder" => folders::empty(call, body),
        "MoveFolder" => folders::move_to(call, body),
        "SyncFolderHierarchy" => hierarchy::sync(call, body),
        "SyncFolderItems" => sync::sync(call, body),
        "GetItem" => get::get(call, body),
        "FindItem" => find::find(call, body),
        "CreateItem" => create::create(call, body),
        "UpdateItem" => update::update(call, body),
        "DeleteItem" => delete::delete(call, body),
        "MoveItem" => copy_move::move_items(call, body),
        "CopyItem" => copy_move::copy_items(call, body),
        "ArchiveItem" => copy_move::archive_items(call, body),
        "SendItem" => mail::send_item(call, body),
        "CreateAttachment" => attachments::create(call, body),
        "GetAttachment" => attachments::get(call, body),
        "DeleteAttachment" => attachments::delete(call, body),
        "ConvertId" => misc::convert_id(call, body),
        "GetUserConfiguration" => misc::user_configuration(call, body),
        "GetServerTimeZones" => zones::get(call, body),
        "ResolveNames" => people::resolve(call, body),
        "GetRoomLists" => people::room_lists(call, body),
        "GetRooms" => people::rooms(call, body),
        "Subscribe" => subscribe::subscribe(call, body),
        "GetEvents" => subscribe::events(call, body),
        "Unsubscribe" => subscribe::unsubscribe(call, body),
        other => Err(Fault {
            text: format!(
                "The request failed schema validation: The element '{other}' is not an operation of this server."
            ),
            ..Fault::new(Code::ErrorInvalidRequest)
        }),
    }
}

impl Call<'_> {
    pub(crate) fn quirk(&self, quirk: Quirk) -> bool {
        self.world.quirk(self.server, quirk)
    }
}

/// The children of a required element.
fn required<'a>(body: &'a Element, name: &str) -> Result<&'a Element, Fault> {
    body.child(name).ok_or_else(|| {
        Fault::schema(&format!("The element '{}' has incomplete content: '{name}' is expected.", body.name))
    })
}

/// A required list: the schema demands at least one member of it.
fn listed<'a>(body: &'a Element, name: &str) -> Result<&'a Element, Fault> {
    let list = required(body, name)?;
    match list.elements().next() {
        Some(_) => Ok(list),
        None => Err(Fault::schema(&format!("The element '{name}' has incomplete content."))),
    }
}

/// A required attribute with one of some values.
fn choice<'a>(element: &'a Element, name: &str, allowed: &[&str]) -> Result<Option<&'a str>, Fault> {
    match element.attr(name) {
        None => Ok(None),
        Some(value) if allowed.contains(&value) => Ok(Some(value)),
        Some(_) => Err(Fault::schema(&format!("The '{name}' attribute is invalid."))),
    }
}
