//! Passwords that are tried: guessing is slow, and keeps nobody else waiting.

use crate::fault::Refused;
use crate::services::Services;
use ::crm::limits::LOGIN_CHARS;
use ::crm::token::Checked;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Semaphore;

/// Wrong passwords in a row that a person may well type.
const FREE: u32 = 5;
/// The first wait after them, in seconds; doubled with each further one.
const FIRST_S: i64 = 30;
/// The longest wait: who guesses must not be able to keep somebody out for long.
const LONGEST_S: i64 = 900;
/// Logins remembered at once.
const LOGINS: usize = 10_000;
/// Passwords that wait for their turn at once: further ones are refused, so that a flood of them holds no requests open
/// without end.
const WAITING: usize = 64;

/// What was tried wrong since somebody signed in last, by login. It outlives no restart.
pub struct Tries {
    /// One password is hashed at a time, which takes a while on purpose, and not where requests are served.
    turn: Arc<tokio::sync::Mutex<()>>,
    /// Places of those that wait for their turn.
    places: Semaphore,
    wrong: Mutex<BTreeMap<String, Wrong>>,
}

#[derive(Clone, Copy)]
struct Wrong {
    in_a_row: u32,
    last: Timestamp,
}

impl Default for Tries {
    fn default() -> Tries {
        Tries { turn: Arc::default(), places: Semaphore::new(WAITING), wrong: Mutex::default() }
    }
}

impl Wrong {
    /// Until when no password is tried.
    fn until(self) -> Timestamp {
        let Some(beyond) = self.in_a_row.checked_sub(FREE) else {
            return self.last;
        };
        let wait = FIRST_S.saturating_mul(1 << beyond.min(10)).min(LONGEST_S);
        self.last.checked_add(SignedDuration::from_secs(wait)).unwrap_or(self.last)
    }
}

impl Tries {
    /// Who signs in with this login and password; nobody when one of them is wrong.
    ///
    /// # Errors
    /// Too many were wrong in a row, or wait for their turn; the database does not answer.
    pub async fn check(&self, services: &Services, login: &str, password: &str) -> Result<Option<Checked>, Refused> {
        let key: String = model::same::fold(login).chars().take(LOGIN_CHARS).collect();
        // Who has to wait anyway takes nobody's place.
        self.leave(&key, services.clock.now())?;
        let crowd = || Refused::TooOften("too many sign in at this moment: try again in a few seconds".to_owned());
        let place = self.places.try_acquire().map_err(|_| crowd())?;
        let turn = Arc::clone(&self.turn).lock_owned().await;
        drop(place);
        let now = services.clock.now();
        self.leave(&key, now)?;
        let (crm, login, password) = (services.crm.clone(), login.to_owned(), password.to_owned());
        let runtime = tokio::runtime::Handle::current();
        // Wrong until it is known to be right, and at its turn until it is done: who asks may hang up before that.
        self.note_wrong(&key, now);
        let hashed = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            runtime.block_on(crm.check_password(&login, &password))
        });
        let checked = hashed.await.map_err(|why| Refused::Broken(format!("a password was not checked: {why}")))??;
        if checked.is_some() {
            self.seen().remove(&key);
        }
        Ok(checked)
    }

    fn seen(&self) -> MutexGuard<'_, BTreeMap<String, Wrong>> {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leave(&self, login: &str, now: Timestamp) -> Result<(), Refused> {
        let Some(wrong) = self.seen().get(login).copied() else {
            return Ok(());
        };
        let left = wrong.until().duration_since(now);
        let seconds = left.as_secs() + i64::from(left.subsec_nanos() > 0);
        // A wait longer than the longest was noted by a clock that was wrong.
        if seconds <= 0 || seconds > LONGEST_S {
            return Ok(());
        }
        let told = format!(
            "{} wrong passwords in a row for this login: none is tried for {seconds} seconds more; tokens work meanwhile",
            wrong.in_a_row
        );
        Err(Refused::TooOften(told))
    }

    fn note_wrong(&self, login: &str, now: Timestamp) {
        let mut seen = self.seen();
        let in_a_row = seen.get(login).map_or(0, |wrong| wrong.in_a_row).saturating_add(1);
        if in_a_row == FREE {
            tracing::warn!("a login had several wrong passwords in a row; further ones wait");
        }
        seen.insert(login.to_owned(), Wrong { in_a_row, last: now });
        if seen.len() > LOGINS
            && let Some(oldest) = seen.iter().min_by_key(|(_, wrong)| wrong.last).map(|(login, _)| login.clone())
        {
            seen.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{MachineClock, MachineDice, now_of};
    use ::crm::{Crm, Place};
    use engine::port::Clock;
    use futures::FutureExt as _;
    use model::CrmId;
    use store::Store;
    use store::secrets::SecretKey;

    #[tokio::test]
    async fn a_flood_of_passwords_is_refused_and_not_kept_waiting_without_end() {
        let clock: Arc<dyn Clock> = Arc::new(MachineClock);
        let store = Store::memory(now_of(&clock));
        let crm = Crm::open(&Place::Memory, clock.now()).await.unwrap();
        let key = SecretKey::new([7; 32]);
        let services = Services::of(store, crm, CrmId::new("crm"), clock, Arc::new(MachineDice), key);
        let tries = Tries::default();
        let turn = Arc::clone(&tries.turn).lock_owned().await;
        let mut waiting = Vec::new();
        for n in 0..WAITING {
            let login = format!("login{n}");
            let (tries, services) = (&tries, &services);
            let mut one = Box::pin(async move { tries.check(services, &login, "guess").await });
            assert!((&mut one).now_or_never().is_none(), "waits for its turn");
            waiting.push(one);
        }
        let further = tries.check(&services, "anna", "guess").now_or_never();
        assert!(matches!(further, Some(Err(Refused::TooOften(_)))), "told at once");
        drop(turn);
        // Who waited has his turn, and leaves his place to others.
        for one in waiting.drain(..).take(3) {
            assert!(matches!(one.await, Ok(None)));
        }
        assert!(matches!(tries.check(&services, "anna", "guess").await, Ok(None)));
    }
}
