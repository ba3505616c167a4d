//! `syncline emulator`: an Exchange in memory that speaks EWS, for trying things out.

use crate::exit::{Exit, Failure};
use crate::show::Show;
use emulator::listen::{self, TlsFiles};
use emulator::{Application, Emulator, EmulatorOptions, ExtendedProtection, MailboxKind, MailboxSpec, Offers};
use engine::port::{Clock, Dice};
use serde_json::json;
use server::clock::{MachineClock, MachineDice};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

const PASSWORD: &str = "EMULATOR_PASSWORD";

/// What it serves.
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  EMULATOR_PASSWORD=secret syncline emulator --listen 127.0.0.1:8090 \\
    --mailbox alice@crm.test --mailbox bob@crm.test --service svc@crm.test

It serves http://127.0.0.1:8090/EWS/Exchange.asmx until it is stopped. Each mailbox signs in as itself with the
password of EMULATOR_PASSWORD; without that variable a password is made up and printed. The service account and the
application of --client have the same password and may act for every mailbox. Tokens are given out below the same host,
at /any-tenant/oauth2/v2.0/token. Meetings sent from one mailbox to another are delivered; no mail leaves.")]
pub struct Args {
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// A mailbox's address; may be given more than once.
    #[arg(long, required = true)]
    mailbox: Vec<String>,
    /// A room's mailbox, which accepts invitations by itself; all rooms stand in one room list.
    #[arg(long, value_name = "ADDRESS")]
    room: Vec<String>,
    /// A mailbox that several people share; nobody signs in as it.
    #[arg(long, value_name = "ADDRESS")]
    shared: Vec<String>,
    /// An account that may act for every mailbox.
    #[arg(long)]
    service: Vec<String>,
    /// A way to sign in; may be given more than once. Others are refused.
    #[arg(long, value_name = "WAY", default_value = "basic")]
    sign_in: Vec<Way>,
    /// Sign-in by NTLM must be bound to the TLS channel, as Exchange 2019 demands since its 14th cumulative update.
    #[arg(long, requires = "tls_cert")]
    extended_protection: bool,
    /// The id of the application that signs in by oauth, with the password as its secret.
    #[arg(long, value_name = "ID")]
    client: Option<String>,
    /// What a token is for, as the application must ask for it.
    #[arg(long, default_value = "https://outlook.office365.com/.default")]
    scope: String,
    /// The server's certificate, in PEM; plain http without it.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's key, in PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

/// A way to sign in.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Way {
    /// Name and password with every request.
    Basic,
    /// A Windows sign-in, which lasts as long as its connection.
    Ntlm,
    /// Tokens for an application, which acts for every mailbox.
    Oauth,
}

/// A token's life, in seconds: an hour, as Microsoft's identity provider gives.
const TOKEN_LASTS_S: i64 = 3600;

impl Args {
    /// What the server offers to whoever wants to sign in.
    fn offers(&self, password: &str) -> Result<Offers, Failure> {
        let offered = |way| self.sign_in.contains(&way);
        if self.extended_protection && !offered(Way::Ntlm) {
            return Err(Failure::usage("--extended-protection is for --sign-in ntlm"));
        }
        let protection = if self.extended_protection { ExtendedProtection::Required } else { ExtendedProtection::Off };
        let bearer = match (&self.client, offered(Way::Oauth)) {
            (Some(client), true) => Some(Application {
                client: client.clone(),
                secret: Some(password.to_owned()),
                certificate: None,
                scope: self.scope.clone(),
                lasts: TOKEN_LASTS_S,
            }),
            (None, true) => return Err(Failure::usage("--sign-in oauth needs the application's id: --client")),
            (Some(_), false) => return Err(Failure::usage("--client is for --sign-in oauth")),
            (None, false) => None,
        };
        Ok(Offers { basic: offered(Way::Basic), ntlm: offered(Way::Ntlm).then_some(protection), bearer })
    }
}

/// Serves until it is stopped.
pub async fn run(args: Args, show: &mut Show<'_>) -> Result<(), Failure> {
    let dice = MachineDice;
    let (password, made_up) = match std::env::var(PASSWORD) {
        Ok(text) if !text.is_empty() => (text, false),
        Ok(_) | Err(_) => (dice.id(), true),
    };
    let clock: emulator::Clock = Arc::new(|| MachineClock.now());
    let emulator = Emulator::new(EmulatorOptions::new(dice.roll(), clock));
    emulator.set_offers(args.offers(&password)?);
    let people = args.mailbox.iter().map(|address| ("--mailbox", MailboxKind::User, address));
    let rooms = args.room.iter().map(|address| ("--room", MailboxKind::Room, address));
    let shared = args.shared.iter().map(|address| ("--shared", MailboxKind::Shared, address));
    for (option, kind, address) in people.chain(rooms).chain(shared) {
        let spec = MailboxSpec { kind, ..MailboxSpec::user(address, name_of(address), &password) };
        emulator.add_mailbox(spec).map_err(|why| Failure::usage(format!("{option} {address}: {why}")))?;
    }
    if let Some(first) = args.room.first() {
        let list = format!("rooms-list@{}", first.rsplit('@').next().unwrap_or_default());
        let members: Vec<&str> = args.room.iter().map(String::as_str).collect();
        emulator.add_room_list(&list, "Rooms", &members);
    }
    for account in &args.service {
        emulator.add_service_account(account, &password);
    }
    let tls = match (args.tls_cert, args.tls_key) {
        (Some(cert), Some(key)) => Some(TlsFiles { cert, key }),
        (_, _) => None,
    };
    let scheme = if tls.is_some() { "https" } else { "http" };
    let (listener, address) = listen::bind(args.listen).await.map_err(failed)?;
    let url = format!("{scheme}://{address}/EWS/Exchange.asmx");
    let told = if made_up {
        format!("serving {url}; the password of every mailbox is {password}; stop with Ctrl-C")
    } else {
        format!("serving {url}; stop with Ctrl-C")
    };
    let for_programs = json!({
        "url": url,
        "mailboxes": args.mailbox,
        "password": made_up.then_some(&password),
    });
    show.done(&for_programs, &told)?;
    listen::serve(listener, emulator.router(), tls, stopped()).await.map_err(failed)
}

/// The name people see: what stands before the at sign.
fn name_of(address: &str) -> &str {
    address.split('@').next().unwrap_or(address)
}

fn failed(why: listen::ListenFault) -> Failure {
    Failure { exit: Exit::Unreachable, ..Failure::not_as_asked(why.to_string()) }
}

/// Ends when the process is asked to stop.
pub async fn stopped() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = interrupt.await;
}
