//! An account that a server refused at several mailboxes is asked for once in a while, not by every mailbox that uses it: each
//! further try of a password that ended brings a lock-out of the account nearer.

use crate::http::{Answer, Request};
use engine::port::Clock;
use jiff::{SignedDuration, Timestamp};
use planted::Planted;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The first wait, in seconds; doubled with each further refusal.
const FIRST_S: i64 = 30;
/// The longest wait.
const LONGEST_S: i64 = 600;
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
    /// The refusal, and until when it stands without being asked for.
    stands: Option<(Answer, Timestamp)>,
    waited_s: i64,
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
    pub(super) async fn leave(&self) -> Leave<'_> {
        let in_doubt = !self.seen().refused.is_empty();
        let turn = if in_doubt { Some(self.turn.lock().await) } else { None };
        let now = self.clock.now();
        match &self.seen().stands {
            Some((answer, until)) if *until > now => Leave::Refused(answer.clone()),
            Some(_) | None => Leave::Ask(turn),
        }
    }

    /// Takes note of how it went.
    pub(super) fn learn(&self, request: &Request, answer: &Answer) {
        let mut seen = self.seen();
        if answer.status != 401 {
            *seen = Seen::default();
            return;
        }
        let anchor = request.headers.iter().find(|(name, _)| name == "x-anchormailbox");
        if seen.refused.len() < MAILBOXES {
            seen.refused.insert(anchor.map(|(_, address)| address.clone()).unwrap_or_default());
        }
        if seen.refused.len() >= MAILBOXES || planted::is(Planted::OneRefusedIsAll) {
            seen.waited_s = (seen.waited_s * 2).clamp(FIRST_S, LONGEST_S);
            let until = self.clock.now().saturating_add(SignedDuration::from_secs(seen.waited_s));
            let refusal = Answer { body: Vec::new(), ..answer.clone() };
            seen.stands = until.ok().map(|until| (refusal, until));
        }
    }
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
        assert!((5..=7).contains(&world.asked()), "now and then");
        // Put right on the server's side: found by the next try, and then everybody is let in.
        world.status.store(200, Ordering::Relaxed);
        world.clock.0.store(1_800 + LONGEST_S, Ordering::Relaxed);
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
}
