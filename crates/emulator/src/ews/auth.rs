//! Who signs in, and whom they may stand in for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::codes::Code;
use crate::ews::soap::Fault;
use crate::mailbox::MailboxState;
use crate::site::World;
use crate::xml::Element;

/// An account that signed in.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub name: String,
    pub service: bool,
    pub mailbox: Option<u64>,
}

/// Reads `Authorization: Basic …` and checks the password; `None` means 401.
pub(crate) fn basic(world: &World, server: usize, header: Option<&str>) -> Option<Account> {
    let (scheme, secret) = header?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = STANDARD.decode(secret.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (name, password) = text.split_once(':')?;
    let service = world.servers.get(server)?.services.iter().find(|service| service.name.eq_ignore_ascii_case(name));
    if let Some(service) = service {
        return same(&service.password, password).then(|| Account {
            name: service.name.to_ascii_lowercase(),
            service: true,
            mailbox: None,
        });
    }
    let no = world.by_address(name)?;
    let mailbox = world.mailboxes.get(&no).filter(|mailbox| mailbox.signs_in())?;
    (mailbox.server == server && same(&mailbox.password, password)).then(|| Account {
        name: mailbox.address.to_ascii_lowercase(),
        service: false,
        mailbox: Some(no),
    })
}

/// The password of a name, for schemes that prove it without sending it.
pub(crate) fn password(world: &World, server: usize, name: &str) -> Option<String> {
    let services = &world.servers.get(server)?.services;
    if let Some(service) = services.iter().find(|service| service.name.eq_ignore_ascii_case(name)) {
        return Some(service.password.clone());
    }
    let mailbox = world.mailboxes.get(&world.by_address(name)?).filter(|mailbox| mailbox.signs_in())?;
    (mailbox.server == server).then(|| mailbox.password.clone())
}

/// The account of a name that was proven.
pub(crate) fn named(world: &World, server: usize, name: &str) -> Option<Account> {
    let services = &world.servers.get(server)?.services;
    if let Some(service) = services.iter().find(|service| service.name.eq_ignore_ascii_case(name)) {
        return Some(Account { name: service.name.to_ascii_lowercase(), service: true, mailbox: None });
    }
    let no = world.by_address(name)?;
    let mailbox = world.mailboxes.get(&no).filter(|mailbox| mailbox.server == server && mailbox.signs_in())?;
    Some(Account { name: mailbox.address.to_ascii_lowercase(), service: false, mailbox: Some(no) })
}

/// Compares without telling by the time how far the two agree.
fn same(one: &str, other: &str) -> bool {
    let longest = one.len().max(other.len());
    let byte = |text: &str, at: usize| text.as_bytes().get(at).copied().unwrap_or(0);
    let differences = (0..longest).fold(0, |sum, at| sum | (byte(one, at) ^ byte(other, at)));
    differences == 0 && one.len() == other.len()
}

/// The mailbox a request works for: the account's own, or the one it impersonates.
pub(crate) fn effective(
    world: &World,
    server: usize,
    account: &Account,
    header: Option<&Element>,
) -> Result<Option<u64>, Fault> {
    let Some(impersonation) = header.and_then(|header| header.child("ExchangeImpersonation")) else {
        if let Some(no) = account.mailbox {
            usable(world, server, no)?;
        }
        return Ok(account.mailbox);
    };
    let sid = impersonation
        .child("ConnectingSID")
        .and_then(Element::first)
        .ok_or_else(|| Fault::schema("the element 'ConnectingSID' has incomplete content."))?;
    let address = sid.word();
    let no = world.by_address(&address);
    let own = no.is_some() && no == account.mailbox;
    if !account.service && !own {
        return Err(Code::ErrorImpersonateUserDenied.into());
    }
    let no = no.ok_or(Code::ErrorNonExistentMailbox)?;
    usable(world, server, no)?;
    let primary = world.mailboxes.get(&no).is_some_and(|mailbox| mailbox.address.eq_ignore_ascii_case(&address));
    if sid.name == "PrimarySmtpAddress" && !primary {
        return Err(Code::ErrorNonPrimarySmtpAddress.into());
    }
    Ok(Some(no))
}

fn usable(world: &World, server: usize, no: u64) -> Result<(), Fault> {
    let mailbox =
        world.mailboxes.get(&no).filter(|mailbox| mailbox.server == server).ok_or(Code::ErrorNonExistentMailbox)?;
    match mailbox.state {
        MailboxState::Active => Ok(()),
        MailboxState::Disabled => Err(Code::ErrorNonExistentMailbox.into()),
        MailboxState::Moving => Err(Code::ErrorMailboxMoveInProgress.into()),
        MailboxState::Unavailable => Err(Code::ErrorMailboxStoreUnavailable.into()),
    }
}
