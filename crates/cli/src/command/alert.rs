//! `syncline alert`: who is told when something stands still.

use super::{open, secret, words};
use crate::exit::Failure;
use crate::show::{Show, or_dash, second};
use clap::Subcommand;
use serde_json::json;
use server::ops::alert::{self, MailDraft, Shown, Times, WebhookDraft};
use std::path::Path;
use store::Channel;

/// What about them.
#[derive(Subcommand)]
#[command(after_help = "\
One message when a user has not been synchronised for the set time, a brake tripped, or a certificate or password is about to
end; one when it is over; one more in between after each --repeat.

Examples:
  SYNCLINE_ALERT_URL=https://chat.example.com/hooks/… syncline alert webhook
  syncline alert set --after 12h --repeat 1d --days 30
  syncline alert test")]
pub enum Command {
    /// Who is told, when, and what is wrong now.
    Show,
    /// Sends alerts as JSON to an address.
    ///
    /// The address often is a secret itself: it is read from SYNCLINE_ALERT_URL or standard input, kept in an envelope, and
    /// never shown. A token in SYNCLINE_ALERT_TOKEN is sent along.
    Webhook {
        /// Reads the address from standard input instead of SYNCLINE_ALERT_URL.
        #[arg(long)]
        url_stdin: bool,
        /// A file of further certificate authorities, in PEM.
        #[arg(long, value_name = "FILE")]
        ca_file: Option<String>,
    },
    /// Writes alerts to people by way of a mail server.
    ///
    /// The account's password comes from SYNCLINE_ALERT_PASSWORD or standard input; it is kept in an envelope with the
    /// addresses, and never shown.
    #[command(after_help = "\
Example:
  SYNCLINE_ALERT_PASSWORD=… syncline alert mail --host smtp.example.com --user alerts@example.com \\
    --from alerts@example.com --to anna@example.com --to it@example.com")]
    Mail {
        /// The mail server's name or address.
        #[arg(long)]
        host: String,
        /// Its port; 587 for starttls, 465 for tls, 25 for plain.
        #[arg(long)]
        port: Option<u16>,
        /// How the way to it is secured; plain is for this machine alone.
        #[arg(long, value_name = "starttls|tls|plain")]
        security: Option<String>,
        /// The account that signs in, if one must.
        #[arg(long)]
        user: Option<String>,
        /// Reads the account's password from standard input instead of SYNCLINE_ALERT_PASSWORD.
        #[arg(long)]
        password_stdin: bool,
        /// The address that writes.
        #[arg(long)]
        from: String,
        /// An address that is written to; may be given more than once.
        #[arg(long, required = true)]
        to: Vec<String>,
        /// A file of further certificate authorities, in PEM.
        #[arg(long, value_name = "FILE")]
        ca_file: Option<String>,
    },
    /// Changes when alerts are told: what is named.
    Set {
        /// How long a user may be without a successful cycle: 90m, 12h, 2d.
        #[arg(long, value_parser = words::seconds)]
        after: Option<u32>,
        /// After how long what still stands is told again; 0 for never.
        #[arg(long, value_parser = words::seconds)]
        repeat: Option<u32>,
        /// Days before its end that a certificate or a password is told.
        #[arg(long)]
        days: Option<u32>,
    },
    /// Tells nobody any more, by one channel or by any.
    Off {
        /// webhook or mail; all when absent.
        #[arg(value_parser = words::channel)]
        channel: Option<Channel>,
    },
    /// Sends a message by every channel that says only that messages arrive.
    Test,
}

/// Carries it out.
pub async fn run(command: Command, config: &Path, show: &mut Show<'_>) -> Result<(), Failure> {
    let services = open(config).await?;
    let stands = match command {
        Command::Show => alert::show(&services).await?,
        Command::Webhook { url_stdin, ca_file } => {
            let url = secret::read("SYNCLINE_ALERT_URL", url_stdin)?.ok_or_else(|| {
                Failure::usage("no address: set SYNCLINE_ALERT_URL, or give it with --url-stdin".to_owned())
            })?;
            let bearer = secret::read("SYNCLINE_ALERT_TOKEN", false)?;
            alert::webhook(&services, &WebhookDraft { url, bearer, ca_file }).await?
        }
        Command::Mail { host, port, security, user, password_stdin, from, to, ca_file } => {
            let password = secret::read("SYNCLINE_ALERT_PASSWORD", password_stdin)?;
            alert::mail(&services, &MailDraft { host, port, security, user, password, from, to, ca_file }).await?
        }
        Command::Set { after, repeat, days } => {
            let times = Times { after_s: after, repeat_s: repeat, days };
            alert::change(&services, times).await?
        }
        Command::Off { channel } => alert::off(&services, channel).await?,
        Command::Test => {
            let arrived = alert::test(&services).await?;
            let told = format!("{arrived} {} arrived", if arrived == 1 { "message" } else { "messages" });
            return show.done(&json!({ "arrived": arrived }), &told);
        }
    };
    if show.is_json() { show.value(&stands) } else { in_words(&stands, show) }
}

fn in_words(stands: &Shown, show: &mut Show<'_>) -> Result<(), Failure> {
    if stands.channels.is_empty() {
        show.line("nobody is told")?;
    }
    for way in &stands.channels {
        let (by, to) = (way.channel.as_str(), &way.to);
        show.line(&format!("{by} to {to}; the last message arrived {}", or_dash(way.arrived.map(second))))?;
        if let Some(trouble) = &way.trouble {
            show.line(&match way.next {
                Some(next) => format!("  did not arrive, {} times: {trouble}; tried again {}", way.tries, second(next)),
                None => format!("  {trouble}"),
            })?;
        }
    }
    let again = match stands.repeat_s {
        0 => "never".to_owned(),
        seconds => format!("after {}", words::duration(seconds)),
    };
    show.line(&format!(
        "told of a user without success for {}, of what ends {} days before; again {again}",
        words::duration(stands.after_s),
        stands.days
    ))?;
    show.list(&stands.alerts, &["since", "over", "what", "what to do"], |of| {
        let alert = &of.alert;
        vec![alert.since.to_string(), or_dash(alert.over), alert.text.clone(), alert.cure.clone()]
    })
}
