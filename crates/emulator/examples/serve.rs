//! Serves an emulator on loopback for clients written elsewhere: `serve PORT PASSWORD ADDRESS…`.
//!
//! Its clock begins on 1 January 2026 and goes on by a second with every look at it, so two runs tell the same.

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use emulator::{Emulator, EmulatorOptions, MailboxSpec, listen};
use jiff::Timestamp;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let port: u16 = args.next().ok_or("the port is missing")?.parse()?;
    let password = args.next().ok_or("the password is missing")?;
    let hand = AtomicI64::new(1_767_225_600);
    let clock = Arc::new(move || Timestamp::from_second(hand.fetch_add(1, Ordering::SeqCst)).unwrap_or(Timestamp::MAX));
    let server = Emulator::new(EmulatorOptions::new(1, clock));
    server.add_service_account("svc@crm.test", &password);
    for address in args {
        let name = address.split('@').next().unwrap_or_default().to_owned();
        server.add_mailbox(MailboxSpec::user(&address, &name, &password))?;
    }
    let (listener, bound) = listen::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    writeln!(std::io::stdout(), "http://{bound}/EWS/Exchange.asmx")?;
    listen::serve(listener, server.router(), None, std::future::pending()).await?;
    Ok(())
}
