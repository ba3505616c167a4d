//! The talk with a mail server: a command, an answer of bounded length, and nothing of it in a log.

use super::Letter;
use crate::http::Lost;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};
use zeroize::Zeroizing;

/// The longest line that is read.
const LINE: u64 = 4_096;

/// The most lines of one answer.
const LINES: usize = 100;

/// A talk over a connection.
pub(super) struct Talk<S> {
    stream: BufReader<S>,
}

/// What a server offers.
pub(super) struct Offers(Vec<String>);

impl Offers {
    pub(super) fn has(&self, what: &str) -> bool {
        self.0.iter().any(|line| line.split(' ').next().is_some_and(|word| word.eq_ignore_ascii_case(what)))
    }

    /// Whether it lets one sign in by this scheme.
    fn signs_in_by(&self, scheme: &str) -> bool {
        self.0.iter().any(|line| {
            let mut words = line.split([' ', '=']);
            words.next().is_some_and(|word| word.eq_ignore_ascii_case("AUTH"))
                && words.any(|word| word.eq_ignore_ascii_case(scheme))
        })
    }
}

/// An answer: its number, and its lines without it.
struct Said {
    code: u16,
    lines: Vec<String>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Talk<S> {
    pub(super) fn new(stream: S) -> Talk<S> {
        Talk { stream: BufReader::new(stream) }
    }

    pub(super) async fn greeting(&mut self) -> Result<(), Lost> {
        self.wanted("its greeting", 220).await.map(drop)
    }

    pub(super) async fn hello(&mut self, us: &str) -> Result<Offers, Lost> {
        self.say(&format!("EHLO {us}")).await?;
        Ok(Offers(self.wanted("EHLO", 250).await?.lines.into_iter().skip(1).collect()))
    }

    /// The connection back, for TLS on it. What was sent ahead of TLS is not believed.
    pub(super) async fn start_tls(mut self) -> Result<S, Lost> {
        self.say("STARTTLS").await?;
        self.wanted("STARTTLS", 220).await?;
        if !self.stream.buffer().is_empty() {
            return Err(Lost::NotSent("the mail server said more than it was asked before TLS began".to_owned()));
        }
        Ok(self.stream.into_inner())
    }

    pub(super) async fn sign_in(&mut self, offers: &Offers, user: &str, password: &SecretString) -> Result<(), Lost> {
        let refused = |lost| match lost {
            Lost::NotSent(why) => Lost::Refused(format!("{why}; check the account and its password")),
            other => other,
        };
        let password = password.expose_secret();
        if offers.signs_in_by("PLAIN") {
            let both = Zeroizing::new(format!("\0{user}\0{password}"));
            let line = Zeroizing::new(format!("AUTH PLAIN {}", STANDARD.encode(both.as_bytes())));
            self.say(&line).await?;
        } else if offers.signs_in_by("LOGIN") {
            self.say("AUTH LOGIN").await?;
            self.wanted("AUTH", 334).await?;
            self.say(&STANDARD.encode(user)).await?;
            self.wanted("AUTH", 334).await?;
            self.say(&Zeroizing::new(STANDARD.encode(password))).await?;
        } else {
            return Err(Lost::Refused("the mail server lets nobody sign in by password (PLAIN or LOGIN)".to_owned()));
        }
        self.wanted("the sign-in", 235).await.map(drop).map_err(refused)
    }

    /// Gives a letter; how many of its recipients were refused. One who left does not keep it from the others.
    pub(super) async fn give(&mut self, letter: &Letter) -> Result<usize, Lost> {
        self.say(&format!("MAIL FROM:<{}>", letter.from)).await?;
        self.wanted("the sender", 250).await?;
        let mut refused = 0;
        let mut last = Ok(());
        for to in &letter.to {
            self.say(&format!("RCPT TO:<{to}>")).await?;
            match self.wanted("a recipient", 250).await {
                Ok(_) => {}
                Err(why @ Lost::NotSent(_)) => {
                    refused += 1;
                    last = Err(why);
                }
                Err(why) => return Err(why),
            }
        }
        if refused == letter.to.len() {
            last?;
        }
        self.say("DATA").await?;
        self.wanted("DATA", 354).await?;
        let mut bytes = letter.bytes();
        bytes.extend_from_slice(b".\r\n");
        self.write(&bytes).await?;
        self.wanted("the letter", 250).await?;
        // The letter is taken; how the server says goodbye changes nothing.
        drop(self.say("QUIT").await);
        Ok(refused)
    }

    async fn say(&mut self, line: &str) -> Result<(), Lost> {
        let line = Zeroizing::new(format!("{line}\r\n"));
        self.write(line.as_bytes()).await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Lost> {
        let broken = |_| Lost::Unanswered("the connection to the mail server broke off".to_owned());
        self.stream.get_mut().write_all(bytes).await.map_err(broken)?;
        self.stream.get_mut().flush().await.map_err(broken)
    }

    /// The answer, if it is this one; two codes that differ in their last digit alone mean the same (RFC 5321, 4.2.1).
    async fn wanted(&mut self, to: &str, code: u16) -> Result<Said, Lost> {
        let said = self.answer().await?;
        if said.code / 10 == code / 10 {
            return Ok(said);
        }
        // Its words may name an address.
        Err(Lost::NotSent(format!("the mail server answered {} to {to}", said.code)))
    }

    async fn answer(&mut self) -> Result<Said, Lost> {
        let odd = || Lost::Unanswered("the mail server does not speak SMTP".to_owned());
        let mut lines = Vec::new();
        for _ in 0..LINES {
            let mut line = Vec::new();
            let read = (&mut self.stream).take(LINE).read_until(b'\n', &mut line).await;
            read.map_err(|_| Lost::Unanswered("the connection to the mail server broke off".to_owned()))?;
            if line.is_empty() {
                return Err(Lost::Unanswered("the mail server closed the connection".to_owned()));
            }
            let line = String::from_utf8_lossy(line.strip_suffix(b"\n").ok_or_else(odd)?).into_owned();
            let line = line.trim_end_matches('\r');
            let code = line.get(..3).and_then(|code| code.parse().ok()).ok_or_else(odd)?;
            lines.push(line.get(4..).unwrap_or_default().to_owned());
            match line.as_bytes().get(3) {
                Some(b'-') => {}
                Some(b' ') | None => return Ok(Said { code, lines }),
                Some(_) => return Err(odd()),
            }
        }
        Err(odd())
    }
}
