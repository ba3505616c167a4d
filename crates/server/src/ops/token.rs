//! Tokens: what programs sign in with. A token's text is shown once, when it is made, and stored nowhere.

use crate::fault::Refused;
use crate::services::Services;
use ::crm::token::Token;
use ::crm::{Actor, EmployeeId, TokenId};
use jiff::Timestamp;
use secrecy::SecretString;

/// A token just made.
pub struct MadeToken {
    /// The token as lists show it.
    pub token: Token,
    /// Its text, to be shown once.
    pub text: SecretString,
}

/// Who signs in with a token.
///
/// # Errors
/// [`Refused::NoToken`] for an unknown, expired or revoked one.
pub async fn actor(services: &Services, text: &str, now: Timestamp) -> Result<Actor, Refused> {
    let signed_in = services.crm.user_of_token(text, now).await?;
    signed_in.map(|signed_in| signed_in.actor("api")).ok_or(Refused::NoToken)
}

/// Makes a token for a user, by id or login; without an end it works until it is taken away.
///
/// # Errors
/// Somebody else's without being an administrator; no such user; an end that is over.
pub async fn make(
    services: &Services,
    actor: &Actor,
    user: &str,
    name: &str,
    expires_at: Option<Timestamp>,
) -> Result<MadeToken, Refused> {
    let user = id(services, user).await?;
    let now = services.clock.now();
    if expires_at.is_some_and(|end| end <= now) {
        return Err(Refused::at("expires_at", format!("is over already: it is {now:.0} now")));
    }
    let dice = services.random();
    let (token, text) = services.crm.make_token(actor, &user, name, &dice, expires_at, now).await?;
    Ok(MadeToken { token, text: SecretString::from(text) })
}

/// Signs a user in by login and password, and gives him a token that ends after so many seconds.
///
/// # Errors
/// [`Refused::WrongPassword`] when login or password is wrong, [`Refused::TooOften`] after several wrong ones, or when too
/// many sign in at the same time.
pub async fn sign_in(services: &Services, login: &str, password: &str, lasts_s: i64) -> Result<MadeToken, Refused> {
    let checked = services.tries.check(services, login, password).await?.ok_or(Refused::WrongPassword)?;
    let now = services.clock.now();
    let expires_at = now.checked_add(jiff::SignedDuration::from_secs(lasts_s)).ok();
    let made = services.crm.sign_in(&checked, &services.random(), expires_at, now).await?;
    let (token, text) = made.ok_or(Refused::WrongPassword)?;
    Ok(MadeToken { token, text: SecretString::from(text) })
}

/// A user's tokens.
///
/// # Errors
/// Somebody else's without being an administrator; no such user.
pub async fn list(services: &Services, actor: &Actor, user: &str) -> Result<Vec<Token>, Refused> {
    let user = id(services, user).await?;
    Ok(services.crm.tokens(actor, &user).await?)
}

/// Takes a token away.
///
/// # Errors
/// There is none; somebody else's without being an administrator.
pub async fn revoke(services: &Services, actor: &Actor, user: &str, token: &str) -> Result<(), Refused> {
    let user = id(services, user).await?;
    let gone = services.crm.revoke_token(actor, &user, &TokenId::new(token)).await?;
    if gone { Ok(()) } else { Err(Refused::missing("token", token)) }
}

/// Tokens that are forgotten in one transaction.
const FORGOTTEN_AT_ONCE: i64 = 500;

/// How long a token that has ended is still listed, for whoever wonders why his program is refused.
const LISTED_AFTER_END: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// Forgets tokens that ended a day ago or earlier: every sign-in leaves one. Answers how many.
///
/// # Errors
/// The CRM failed.
pub async fn forget_ended(services: &Services) -> Result<u64, Refused> {
    let before = services.clock.now().checked_sub(LISTED_AFTER_END).unwrap_or(Timestamp::MIN);
    let mut forgotten = 0;
    loop {
        let some = services.crm.forget_tokens(before, FORGOTTEN_AT_ONCE).await?;
        forgotten += some;
        if some < FORGOTTEN_AT_ONCE.unsigned_abs() {
            return Ok(forgotten);
        }
    }
}

/// Sets a user's password.
///
/// # Errors
/// Too short or too long; somebody else's without being an administrator; no such user.
pub async fn set_password(services: &Services, actor: &Actor, user: &str, password: &str) -> Result<(), Refused> {
    let user = id(services, user).await?;
    let salt = services.random();
    services.crm.set_password(actor, &user, password, &salt).await?;
    Ok(())
}

async fn id(services: &Services, user: &str) -> Result<EmployeeId, Refused> {
    Ok(super::user::employee(services, user).await?.id)
}
