//! Finding the server of a mailbox by its mail domain: before a connection is added, and again when the server has moved.

use crate::fault::Refused;
use crate::services::Services;
use connect::autodiscover::Search;
use connect::http::Network;
use connect::sign_in::SignIn;
use engine::port::{Clock, Dice};
use secrecy::SecretString;
use std::path::Path;
use std::sync::Arc;
use store::SignInKind;

/// How long one place may take to answer.
const DEADLINE_MS: u64 = 20_000;

/// Who asks, and where it may be asked besides the mail domain.
pub struct Asked {
    /// Whose server.
    pub address: String,
    /// The account that signs in.
    pub user: String,
    /// Its password.
    pub password: SecretString,
    /// By name and password, as a Windows account, or not at all: an application asks what everybody may.
    pub sign_in: SignInKind,
    /// What an application's tokens are for.
    pub scope: Option<String>,
    /// Further hosts that may be asked and redirected to.
    pub hosts: Vec<String>,
    /// A file of further certificate authorities.
    pub ca_file: Option<String>,
}

/// The address of the mailbox's server, by Autodiscover.
///
/// # Errors
/// No place that may be asked knows it; the error says what each answered.
pub async fn server(services: &Services, asked: Asked) -> Result<String, Refused> {
    find(Arc::clone(&services.clock), Arc::clone(&services.dice), asked).await
}

/// The same, for whoever has no services yet.
pub(crate) async fn find(clock: Arc<dyn Clock>, dice: Arc<dyn Dice>, asked: Asked) -> Result<String, Refused> {
    let network = Network::new(asked.ca_file.as_deref().map(Path::new));
    let network = network.map_err(|why| Refused::at("ca_file", why.to_string()))?;
    let search = Search { address: &asked.address, hosts: &asked.hosts, deadline_ms: DEADLINE_MS };
    let found = match asked.sign_in {
        SignInKind::Basic => search.find(&network, &SignIn::basic(asked.user, asked.password)).await,
        SignInKind::Ntlm => search.find(&network, &SignIn::ntlm(&asked.user, asked.password, clock, dice)).await,
        SignInKind::Oauth => search.find_unsigned(&network, asked.scope.as_deref().unwrap_or_default()).await,
    };
    found.map(|server| server.url).map_err(|why| Refused::at("address", why.to_string()))
}
