//! An account that a server refused is asked for once in a while, not in each call and by every mailbox that uses it: each
//! further try of a password that ended brings a lock-out of the account nearer.

use crate::http::{Answer, Request};
use engine::port::Clock;
use jiff::{SignedDuration, Timestamp};
use planted::Planted;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The first wait, in seconds: what stands before a server refuses a single call at times.
const SOON_S: i64 = 5;
/// The second one: a refusal may be a minute's.
const THEN_S: i64 = 60;
/// Every further one. Directories lock an account after five or ten wrong passwords within half an hour; with the first
/// tries, and one repeated for servers that challenge whatever comes, there are never more than four.
const FURTHER_S: i64 = 1_800;
/// One mailbox alone proves nothing of the account: what stands before it may refuse it by itself.
const MAILBOXES: usize = 2;

/// What is known of an account.
pub(super) struct Patience {
    clock: Arc<dyn Clock>,
    turn: tokio::sync::Mutex<()>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// At which mailboxes it was refused since it was accepted last.
    refused: BTreeSet<String>,
    /// How often.
    times: u32,
    stands: Option<Stands>,
}

/// A refusal that stands without being asked for.
struct Stands {
    answer: Answer,
    until: Timestamp,
    /// For every mailbox; else for those where it was seen.
    for_all: bool,
}

/// Leave to ask: one at a time while the account is in doubt.
pub(super) enum Leave<'a> {
    /// Ask.
    Ask(Option<tokio::sync::MutexGuard<'a, ()>>),
    /// The server's refusal stands.
    Refused(Answer),
}

impl Patience {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, turn: tokio::sync::Mutex::default(), seen: Mutex::default() }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the account may be tried now.
    pub(super) async fn leave(&self, request: &Request) -> Leave<'_> {
        let in_doubt = !self.seen().refused.is_empty();
        let turn = if in_doubt { Some(self.turn.lock().await) } else { None };
        let now = self.clock.now();
        let seen = self.seen();
        match &seen.stands {
            // A wait longer than the longest was noted by a clock that was wrong.
            Some(stands)
                if stands.until > now
                    && stands.until.duration_since(now).as_secs() <= FURTHER_S
                    && (stands.for_all || seen.refused.contains(mailbox(request))) =>
            {
                Leave::Refused(stands.answer.clone())
            }
            Some(_) | None => Leave::Ask(turn),
        }
    }

    /// Takes note of how it went; a password that was looked at and refused is one that locks the account in the end.
    pub(super) fn learn(&self, request: &Request, answer: &Answer, locks: bool) {
        let mut seen = self.seen();
        match answer.status {
            401 => {}
            // Served, or failed behind the sign-in.
            200..=299 | 500 => {
                *seen = Seen::default();
                return;
            }
            // Said before the account was looked at, perhaps.
            _ => return,
        }
        if seen.refused.len() < MAILBOXES {
            seen.refused.insert(mailbox(request).to_owned());
        }
        seen.times = seen.times.saturating_add(1);
        let for_all = seen.refused.len() >= MAILBOXES || planted::is(Planted::OneRefusedIsAll);
        let wait_s = match seen.times {
            1 => SOON_S,
            2 => THEN_S,
            _ if !locks => THEN_S,
            _ => FURTHER_S,
        };
        let until = self.clock.now().saturating_add(SignedDuration::from_secs(wait_s));
        let answer = Answer { body: Vec::new(), ..answer.clone() };
        seen.stands = until.ok().map(|until| Stands { answer, until, for_all });
    }
}

/// Whose mailbox a request is for.
fn mailbox(request: &Request) -> &str {
    let anchor = request.headers.iter().find(|(name, _)| name == "x-anchormailbox");
    anchor.map(|(_, address)| address.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::SignIn;
    use super::*;
    use crate::http::{InProcess, Lost};
    use secrecy::SecretString;
    use std::sync::atomic::{AtomicI64, AtomicU16, AtomicUsize, Ordering};

    #[derive(Default)]
    struct Hand(AtomicI64);

    #[async_trait::async_trait]
    impl Clock for Hand {
        fn now(&self) -> Timestamp {
            Timestamp::from_second(self.0.load(Ordering::Relaxed)).expect("a time")
        }

        async fn sleep_ms(&self, _: u64) {}
    }

    /// A server that gives one mailbox what it gives all the others, unless it is named.
    struct World {
        clock: Arc<Hand>,
        status: Arc<AtomicU16>,
        asked: Arc<AtomicUsize>,
        server: InProcess,
        account: SignIn,
    }

    fn world(refused_alone: Option<&'static str>) -> World {
        let (clock, status, asked) =
            (Arc::new(Hand::default()), Arc::new(AtomicU16::new(200)), Arc::new(AtomicUsize::new(0)));
        let (given, counted) = (status.clone(), asked.clone());
        let handler = move |request: Request| -> futures::future::BoxFuture<'static, Result<Answer, Lost>> {
            counted.fetch_add(1, Ordering::Relaxed);
            let alone = refused_alone.is_some_and(|name| request.headers.iter().any(|(_, value)| value == name));
            let status = if alone { 401 } else { given.load(Ordering::Relaxed) };
            let headers = vec![("www-authenticate".to_owned(), "Basic realm=\"x\"".to_owned())];
            Box::pin(async move { Ok(Answer { status, headers, body: Vec::new() }) })
        };
        let account = SignIn::basic("svc", SecretString::from("secret")).patient(clock.clone());
        World { clock, status, asked, server: InProcess(Arc::new(handler)), account }
    }

    impl World {
        async fn status_of(&self, mailbox: &str) -> u16 {
            let headers = vec![("x-anchormailbox".to_owned(), mailbox.to_owned())];
            let request =
                Request { url: "http://127.0.0.1/".to_owned(), headers, body: vec![], deadline_ms: 1, most: 100 };
            self.account.send(&self.server, request).await.expect("answered").status
        }

        fn asked(&self) -> usize {
            self.asked.swap(0, Ordering::Relaxed)
        }
    }

    // E2: a hundred users of one account are not a hundred tries of a password that ended.
    #[tokio::test]
    async fn a_password_that_ended_is_not_tried_for_every_mailbox() {
        let world = world(None);
        assert_eq!(world.status_of("anna").await, 200);
        world.asked();
        world.status.store(401, Ordering::Relaxed);
        for _ in 0..3 {
            for number in 0..100 {
                assert_eq!(world.status_of(&format!("user{number}")).await, 401);
            }
        }
        assert_eq!(world.asked(), MAILBOXES);
        // Half an hour, everybody once a second.
        for second in 1..1_800 {
            world.clock.0.store(second, Ordering::Relaxed);
            world.status_of(&format!("user{}", second % 100)).await;
        }
        assert_eq!(world.asked(), 1, "below what locks an account");
        // Four hours more: twice an hour.
        for second in 1_800..16_200 {
            world.clock.0.store(second, Ordering::Relaxed);
            world.status_of(&format!("user{}", second % 100)).await;
        }
        assert_eq!(world.asked(), 8);
        // Put right on the server's side: found by the next try, and then everybody is let in.
        world.status.store(200, Ordering::Relaxed);
        world.clock.0.store(16_200 + FURTHER_S, Ordering::Relaxed);
        for number in 0..10 {
            assert_eq!(world.status_of(&format!("user{number}")).await, 200);
        }
        assert_eq!(world.asked(), 10);
    }

    // E7: a mailbox that is refused by itself keeps nobody else waiting.
    #[tokio::test]
    async fn one_mailbox_that_is_refused_holds_back_no_other() {
        let world = world(Some("moved"));
        for _ in 0..20 {
            assert_eq!(world.status_of("moved").await, 401);
            assert_eq!(world.status_of("anna").await, 200);
            assert_eq!(world.status_of("moved").await, 401);
        }
        assert_eq!(world.status_of("bob").await, 200);
    }

    // E2: nor is it where one mailbox is all there is, or each signs in as itself.
    #[tokio::test]
    async fn the_password_of_the_only_mailbox_is_not_tried_in_every_call() {
        let world = world(None);
        world.status.store(401, Ordering::Relaxed);
        for second in 0..1_800 {
            world.clock.0.store(second, Ordering::Relaxed);
            assert_eq!(world.status_of("anna").await, 401);
        }
        // The first of all is repeated, for servers that challenge whatever comes; then soon, then after a minute.
        assert_eq!(world.asked(), 4);
        // What is said before anybody looks at the account takes no doubt away.
        world.status.store(503, Ordering::Relaxed);
        world.clock.0.store(1_865, Ordering::Relaxed);
        assert_eq!(world.status_of("anna").await, 503);
        world.status.store(401, Ordering::Relaxed);
        for second in 1_866..3_600 {
            world.clock.0.store(second, Ordering::Relaxed);
            world.status_of("anna").await;
        }
        assert_eq!(world.asked(), 2);
        // A clock that was days ahead holds nobody back for days.
        world.clock.0.store(-200_000, Ordering::Relaxed);
        world.status.store(200, Ordering::Relaxed);
        assert_eq!(world.status_of("anna").await, 200);
    }
}
