//! How people and programs sign in: passwords, kept as argon2 hashes, and tokens, kept as hashes of 256 random bits.

use crate::Crm;
use crate::actor::Actor;
use crate::db::{Cells, Tx, args};
use crate::error::{Error, Fault, check};
use crate::id::{EmployeeId, TokenId};
use crate::limits::TEXT_CHARS;
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// What a token begins with, so that a person sees what it is.
const PREFIX: &str = "crm_";
/// The name of a token made by signing in.
pub const SIGNED_IN: &str = "signed in";
/// The shortest password.
const PASSWORD_CHARS: usize = 8;
/// The longest password: hashing costs by length.
const PASSWORD_BYTES: usize = 1_000;

/// Who signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// The user.
    pub user: EmployeeId,
    /// May act as an administrator.
    pub admin: bool,
}

impl SignedIn {
    /// The actor he is through some way in.
    #[must_use]
    pub fn actor(&self, source: &str) -> Actor {
        if self.admin {
            Actor::administrator(self.user.clone(), source)
        } else {
            Actor::user(self.user.clone(), source)
        }
    }
}

/// Whose password it was when it was checked. The hash is that of the password that was right.
pub struct Checked {
    /// Who signs in.
    pub who: SignedIn,
    hash: String,
}

impl std::fmt::Debug for Checked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Checked({})", self.who.user)
    }
}

/// A token as its owner sees it in a list; its text is shown once, when it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// What it is for.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it works.
    pub expires_at: Option<Timestamp>,
}

impl Crm {
    /// Makes a token for a user from 256 random bits of the caller's dice; answers its text, which is stored nowhere.
    ///
    /// # Errors
    /// Somebody else's token without being an administrator; no such user.
    pub async fn make_token(
        &self,
        actor: &Actor,
        user: &EmployeeId,
        name: &str,
        dice: &[u8; 32],
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(Token, String), Error> {
        his_own(actor, user)?;
        let mut tx = self.db.write().await?;
        let mut faults = Vec::new();
        if tx.row("SELECT id FROM employee WHERE id = $1 AND login IS NOT NULL", args![user]).await?.is_none() {
            faults.push(Fault::new("user", "there is no such user"));
        }
        if name.trim().is_empty() || name.chars().count() > TEXT_CHARS {
            faults.push(Fault::new("name", "say what the token is for"));
        }
        check(faults)?;
        let made = tx.put_token(user, name, dice, expires_at, now).await?;
        tx.commit().await?;
        Ok(made)
    }

    /// Makes a token for somebody whose password was checked; nothing when another password was set meanwhile, or he
    /// signs in no more: what the old one opened is closed.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn sign_in(
        &self,
        checked: &Checked,
        dice: &[u8; 32],
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Option<(Token, String)>, Error> {
        let user = &checked.who.user;
        let mut tx = self.db.write().await?;
        let same = "SELECT id FROM employee WHERE id = $1 AND password = $2 AND active = 1 AND login IS NOT NULL";
        if tx.row(same, args![user, checked.hash.as_str()]).await?.is_none() {
            return Ok(None);
        }
        let made = tx.put_token(user, SIGNED_IN, dice, expires_at, now).await?;
        tx.commit().await?;
        Ok(Some(made))
    }

    /// Whose token this is: an active user's that has not expired.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn user_of_token(&self, text: &str, now: Timestamp) -> Result<Option<SignedIn>, Error> {
        if !text.starts_with(PREFIX) || text.len() > 100 {
            return Ok(None);
        }
        let mut tx = self.db.read().await?;
        let sql = "SELECT e.id, e.admin FROM token t JOIN employee e ON e.id = t.employee_id
                   WHERE t.hash = $1 AND (t.expires_at IS NULL OR t.expires_at > $2)
                     AND e.active = 1 AND e.login IS NOT NULL";
        match tx.row(sql, args![hash(text), now]).await? {
            Some(mut row) => Ok(Some(SignedIn { user: EmployeeId::new(row.text()?), admin: row.flag()? })),
            None => Ok(None),
        }
    }

    /// A user's tokens.
    ///
    /// # Errors
    /// Somebody else's without being an administrator.
    pub async fn tokens(&self, actor: &Actor, user: &EmployeeId) -> Result<Vec<Token>, Error> {
        his_own(actor, user)?;
        let mut tx = self.db.read().await?;
        let sql = format!(
            "SELECT id, name, created_at, expires_at FROM token WHERE employee_id = $1 ORDER BY id LIMIT {}",
            crate::limits::PAGE
        );
        let rows = tx.rows(&sql, args![user]).await?;
        rows.into_iter()
            .map(|mut row| {
                let (id, name, created_at) = (TokenId::new(row.text()?), row.text()?, row.instant()?);
                let expires_at = row.int_or_null()?.and_then(|at| Timestamp::from_microsecond(at).ok());
                Ok(Token { id, name, created_at, expires_at })
            })
            .collect()
    }

    /// Takes a token away; answers whether there was one.
    ///
    /// # Errors
    /// Somebody else's without being an administrator.
    pub async fn revoke_token(&self, actor: &Actor, user: &EmployeeId, id: &TokenId) -> Result<bool, Error> {
        his_own(actor, user)?;
        let mut tx = self.db.write().await?;
        let gone = tx.execute("DELETE FROM token WHERE id = $1 AND employee_id = $2", args![id, user]).await? > 0;
        tx.commit().await?;
        Ok(gone)
    }

    /// Drops tokens that ended before a time, so many at most; answers how many there were.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn forget_tokens(&self, before: Timestamp, at_once: i64) -> Result<u64, Error> {
        let mut tx = self.db.write().await?;
        let sql = "DELETE FROM token WHERE id IN
                   (SELECT id FROM token WHERE expires_at IS NOT NULL AND expires_at < $1 ORDER BY expires_at LIMIT $2)";
        let gone = tx.execute(sql, args![before, at_once]).await?;
        tx.commit().await?;
        Ok(gone)
    }

    /// Sets a user's password; the salt comes from the caller's dice. What the old one opened is closed: tokens named
    /// [`SIGNED_IN`] end.
    ///
    /// # Errors
    /// Somebody else's without being an administrator; too short or too long; no such user.
    pub async fn set_password(
        &self,
        actor: &Actor,
        user: &EmployeeId,
        password: &str,
        salt: &[u8; 16],
    ) -> Result<(), Error> {
        his_own(actor, user)?;
        if password.chars().count() < PASSWORD_CHARS || password.len() > PASSWORD_BYTES {
            return Err(Error::fault("password", format!("{PASSWORD_CHARS} characters to {PASSWORD_BYTES} bytes")));
        }
        let hash = Argon2::default()
            .hash_password_with_salt(password.as_bytes(), salt)
            .map_err(|_| Error::fault("password", "cannot be hashed"))?
            .to_string();
        let mut tx = self.db.write().await?;
        let sql = "UPDATE employee SET password = $2 WHERE id = $1 AND login IS NOT NULL";
        if tx.execute(sql, args![user, hash]).await? == 0 {
            return Err(Error::fault("user", "there is no such user"));
        }
        tx.execute("DELETE FROM token WHERE employee_id = $1 AND name = $2", args![user, SIGNED_IN]).await?;
        tx.commit().await
    }

    /// Who signs in with this login and password: an active user whose password it is.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn check_password(&self, login: &str, password: &str) -> Result<Option<Checked>, Error> {
        if password.len() > PASSWORD_BYTES {
            return Ok(None);
        }
        let mut tx = self.db.read().await?;
        let sql =
            "SELECT id, admin, password FROM employee WHERE login_key = $1 AND active = 1 AND password IS NOT NULL";
        let row = tx.row(sql, args![model::same::fold(login)]).await?;
        drop(tx);
        let Some(mut row) = row else {
            // As much work as for a login that exists: how long the answer takes tells nobody which do.
            let _ = Argon2::default().hash_password_with_salt(password.as_bytes(), &[0; 16]);
            return Ok(None);
        };
        let who = SignedIn { user: EmployeeId::new(row.text()?), admin: row.flag()? };
        let hash = row.text()?;
        let stored = PasswordHash::new(&hash).map_err(|_| Error::Corrupt { what: "a password hash cannot be read" })?;
        let right = Argon2::default().verify_password(password.as_bytes(), &stored).is_ok();
        Ok(right.then_some(Checked { who, hash }))
    }
}

impl Tx {
    async fn put_token(
        &mut self,
        user: &EmployeeId,
        name: &str,
        dice: &[u8; 32],
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(Token, String), Error> {
        let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(dice));
        let token = Token {
            id: TokenId::of_number(self.count_up("token", 1).await?),
            name: name.trim().to_owned(),
            created_at: now,
            expires_at,
        };
        let cells = Cells::default()
            .set("id", &token.id)
            .set("employee_id", user)
            .set("hash", hash(&text))
            .set("name", token.name.as_str())
            .set("created_at", now)
            .set("expires_at", expires_at);
        self.insert("token", cells).await?;
        Ok((token, text))
    }
}

fn his_own(actor: &Actor, user: &EmployeeId) -> Result<(), Error> {
    if actor.user == *user || actor.is_admin() {
        Ok(())
    } else {
        Err(Error::forbidden("only an administrator may do this for somebody else"))
    }
}

/// The token has 256 random bits: nothing slower is needed to make its hash useless to a thief.
fn hash(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes()))
}
