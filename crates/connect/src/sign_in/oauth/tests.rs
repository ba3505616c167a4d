//! How tokens are asked for, shared, renewed and refused.

use super::*;
use crate::http::{Answer, InProcess};
use async_trait::async_trait;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

struct Time(AtomicI64);

#[async_trait]
impl Clock for Time {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::Relaxed)).expect("within the calendar")
    }

    async fn sleep_ms(&self, _: u64) {}
}

struct Count(AtomicUsize);

impl Dice for Count {
    fn roll(&self) -> u64 {
        u64::try_from(self.0.fetch_add(1, Ordering::Relaxed)).expect("small")
    }
}

fn settings(proof: &str) -> OAuth {
    OAuth {
        token_url: "http://127.0.0.1/token".to_owned(),
        client: "app id".to_owned(),
        scope: "https://mail.crm.test/.default".to_owned(),
        proof: Proof::of(SecretString::from(proof.to_owned())),
        deadline_ms: 1,
    }
}

/// A provider whose tokens are numbered and last so many seconds, and everything it was asked.
fn provider(lasts: i64) -> (InProcess, Arc<std::sync::Mutex<Vec<String>>>) {
    let asked = Arc::new(std::sync::Mutex::new(Vec::new()));
    let noted = asked.clone();
    let handler = move |request: Request| -> futures::future::BoxFuture<'static, Result<Answer, Lost>> {
        let mut asked = noted.lock().expect("unpoisoned");
        asked.push(String::from_utf8(request.body).expect("text"));
        let body =
            format!("{{\"token_type\":\"Bearer\",\"access_token\":\"t{}\",\"expires_in\":\"{lasts}\"}}", asked.len());
        Box::pin(async move {
            tokio::task::yield_now().await;
            Ok(Answer { status: 200, headers: vec![], body: body.into_bytes() })
        })
    };
    (InProcess(Arc::new(handler)), asked)
}

fn tokens(proof: &str) -> (Tokens, Arc<Time>) {
    let time = Arc::new(Time(AtomicI64::new(1_790_000_000)));
    (Tokens::new(settings(proof), time.clone(), Arc::new(Count(AtomicUsize::new(1)))), time)
}

// trap 176
#[tokio::test]
async fn ten_who_need_a_token_ask_for_one() {
    let (server, asked) = provider(3600);
    let (tokens, _) = tokens("s&cret");
    let all = futures::future::join_all((0..10).map(|_| tokens.get(&server, None))).await;
    assert!(all.iter().all(|token| token.as_ref().expect("given").expose_secret() == "t1"));
    assert_eq!(
        *asked.lock().expect("unpoisoned"),
        [
            "grant_type=client_credentials&client_id=app%20id&scope=https%3A%2F%2Fmail.crm.test%2F.default&client_secret=s%26cret"
        ]
    );
}

// trap 175
#[tokio::test]
async fn a_token_is_renewed_before_it_ends_and_after_it_was_refused() {
    let (server, _) = provider(3600);
    let (tokens, time) = tokens("x");
    let get = async |refused: Option<&str>| {
        let refused = refused.map(|text| SecretString::from(text.to_owned()));
        tokens.get(&server, refused.as_ref()).await.expect("given").expose_secret().to_owned()
    };
    assert_eq!(get(None).await, "t1");
    time.0.fetch_add(3299, Ordering::Relaxed);
    assert_eq!(get(None).await, "t1");
    time.0.fetch_add(1, Ordering::Relaxed);
    assert_eq!(get(None).await, "t2", "five minutes ahead");
    // One that another call has replaced already is not asked for again.
    assert_eq!(get(Some("t1")).await, "t2");
    assert_eq!(get(Some("t2")).await, "t3");
    let (server, _) = provider(60);
    let (tokens, time) = super::tests::tokens("x");
    assert_eq!(tokens.get(&server, None).await.expect("given").expose_secret(), "t1");
    time.0.fetch_add(44, Ordering::Relaxed);
    assert_eq!(tokens.get(&server, None).await.expect("given").expose_secret(), "t1", "short ones are used too");
}

#[tokio::test]
async fn a_refusal_and_a_failure_are_told_apart_and_say_no_secret() {
    for (status, body, refused) in [
        (401, "{\"error\":\"invalid_client\",\"error_description\":\"secret s3cret\"}", true),
        (400, "no json", true),
        (503, "", false),
        (200, "{}", false),
        (200, "<html>", false),
    ] {
        let handler = move |_| -> futures::future::BoxFuture<'static, Result<Answer, Lost>> {
            Box::pin(async move { Ok(Answer { status, headers: vec![], body: body.as_bytes().to_vec() }) })
        };
        let (tokens, _) = tokens("s3cret");
        let lost = tokens.get(&InProcess(Arc::new(handler)), None).await.expect_err("no token");
        assert_eq!(matches!(lost, Lost::Refused(_)), refused, "{status}");
        assert!(!lost.to_string().contains("s3cret"));
    }
}

#[test]
fn a_proof_is_a_word_or_a_key_with_its_certificate() {
    assert!(matches!(Proof::of(SecretString::from("word")), Proof::Secret(_)));
    let broken = Proof::of(SecretString::from("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"));
    assert!(matches!(&broken, Proof::Certificate(_)) && broken.fault().is_some());
}

// trap 176: a provider that is down is not waited for by each of a thousand mailboxes, one after the other.
#[tokio::test]
async fn a_provider_that_fails_is_asked_by_one_for_all_and_seldom() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let handler = move |_| -> futures::future::BoxFuture<'static, Result<Answer, Lost>> {
        counted.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move { Err(Lost::NotSent("the server cannot be reached".to_owned())) })
    };
    let down = InProcess(Arc::new(handler));
    let (tokens, time) = tokens("x");
    let all = futures::future::join_all((0..100).map(|_| tokens.get(&down, None))).await;
    let told = Lost::NotSent("the identity provider: the server cannot be reached".to_owned());
    assert!(all.iter().all(|one| one.as_ref().err() == Some(&told)));
    assert_eq!(asked.swap(0, Ordering::Relaxed), 1);
    for _ in 0..3_600 {
        time.0.fetch_add(1, Ordering::Relaxed);
        assert!(tokens.get(&down, None).await.is_err());
    }
    assert!((10..20).contains(&asked.load(Ordering::Relaxed)), "{asked:?}");
    // A clock that was two days ahead holds nobody back, and what is given then is used.
    time.0.fetch_sub(172_800, Ordering::Relaxed);
    let (up, _) = provider(3600);
    assert_eq!(tokens.get(&up, None).await.expect("given").expose_secret(), "t1");
    time.0.fetch_add(172_800, Ordering::Relaxed);
    assert_eq!(tokens.get(&up, None).await.expect("given").expose_secret(), "t2", "and not for longer than it lasts");
    time.0.fetch_sub(172_800, Ordering::Relaxed);
    assert_eq!(tokens.get(&up, None).await.expect("given").expose_secret(), "t2");
    let old = SecretString::from("t2");
    assert_eq!(
        tokens.get(&up, Some(&old)).await.expect("given").expose_secret(),
        "t3",
        "refused, whatever our clock says"
    );
}

#[tokio::test]
async fn a_clock_that_makes_statements_worthless_is_named() {
    for (date, words) in [
        ("Wed, 23 Sep 2026 14:13:20 GMT", "this machine's clock is 2880 minutes behind the provider's: set it"),
        ("Sat, 19 Sep 2026 14:13:20 GMT", "this machine's clock is 2880 minutes ahead of the provider's: set it"),
        ("Mon, 21 Sep 2026 14:13:20 GMT", "and the scope"),
        ("nonsense", "and the scope"),
    ] {
        let handler = move |_| -> futures::future::BoxFuture<'static, Result<Answer, Lost>> {
            let headers = vec![("date".to_owned(), date.to_owned())];
            Box::pin(
                async move { Ok(Answer { status: 401, headers, body: b"{\"error\":\"invalid_client\"}".to_vec() }) },
            )
        };
        let (tokens, _) = tokens("s3cret");
        let lost = tokens.get(&InProcess(Arc::new(handler)), None).await.expect_err("no token");
        assert!(lost.to_string().ends_with(words), "{lost}");
    }
}
