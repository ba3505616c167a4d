//! Alerts: an administrator is told once when something stands still, and once when it is over (rule W5).

mod book;
mod causes;
mod certificates;
mod message;
mod send;

pub use message::Message;
pub use send::{Mail, Target, Webhook, envelope, open, seal, send};

use crate::services::Services;
use book::{reconcile, settled};
use jiff::{SignedDuration, Timestamp};
use store::{AlertBook, Channel, StoreError};

/// A node that began to send is waited for this long: every channel's deadline and some rest.
const CLAIM: SignedDuration = SignedDuration::from_secs(120);

/// How often the note of what was sent is made again when somebody changed the book meanwhile.
const TRIES: usize = 8;

/// What a pass did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passed {
    /// Nobody wants to be told.
    Off,
    /// Nothing to tell, or not yet again.
    Quiet,
    /// Another node is at it.
    Elsewhere,
    /// So many messages arrived, and so many did not and are tried again.
    Sent {
        /// They arrived.
        arrived: usize,
        /// They did not.
        lost: usize,
    },
}

/// Looks at what is wrong and tells what is new or over, in one message for each channel: whatever happens, no storm.
///
/// # Errors
/// Only the store's.
pub async fn pass(services: &Services) -> Result<Passed, StoreError> {
    let now = services.clock.now();
    let before = services.store.alerts().await?;
    if before.ways.is_empty() {
        return Ok(Passed::Off);
    }
    let mut book = before.clone();
    certificates::look(services, &mut book, now).await?;
    let present = causes::present(services, &book, now).await?;
    reconcile(&mut book, present, now);
    services.metrics.level("syncline_alerts_standing", standing(&book, now) as f64);
    let mut messages: Vec<(Channel, Message)> = Vec::new();
    if book.claimed.is_none_or(|until| until <= now) {
        let due = book.ways.iter().filter(|(_, way)| way.next.is_none_or(|next| next <= now));
        messages = due.map(|(channel, _)| (*channel, Message::of(&book, *channel, now))).collect();
        messages.retain(|(_, message)| !message.is_empty());
    }
    if messages.is_empty() {
        return if book == before { Ok(Passed::Quiet) } else { saved(services, &book).await };
    }
    book.claimed = now.checked_add(CLAIM).ok();
    if saved(services, &book).await? == Passed::Elsewhere {
        return Ok(Passed::Elsewhere);
    }
    let (mut arrived, mut lost) = (0, 0);
    for (channel, message) in messages {
        let Some(way) = book.ways.get(&channel) else { continue };
        let sent = send(services, channel, &way.target, &message).await;
        services.metrics.alert(channel.as_str(), if sent.is_ok() { "arrived" } else { "lost" });
        match &sent {
            Ok(_) => arrived += 1,
            Err(why) => {
                lost += 1;
                tracing::warn!(channel = channel.as_str(), why, "an alert did not arrive; it is tried again");
            }
        }
        note(services, channel, &way.target, &message, &sent).await?;
    }
    Ok(Passed::Sent { arrived, lost })
}

fn standing(book: &AlertBook, now: Timestamp) -> usize {
    book.causes.values().filter(|alert| alert.over.is_none() && alert.due <= now).count()
}

async fn saved(services: &Services, book: &AlertBook) -> Result<Passed, StoreError> {
    match services.store.change_alerts(book).await {
        Ok(_) => Ok(Passed::Quiet),
        Err(StoreError::Conflict { .. }) => Ok(Passed::Elsewhere),
        Err(error) => Err(error),
    }
}

/// Notes what was sent in the book as it stands then. If it cannot be noted, the message is sent once more when the claim
/// ends: twice is better than never.
async fn note(
    services: &Services,
    channel: Channel,
    target: &str,
    message: &Message,
    sent: &Result<Option<String>, String>,
) -> Result<(), StoreError> {
    for _ in 0..TRIES {
        let mut book = services.store.alerts().await?;
        settled(&mut book, channel, target, message, sent, services.clock.now());
        if saved(services, &book).await? != Passed::Elsewhere {
            return Ok(());
        }
    }
    tracing::warn!("what was told could not be noted; it may be told again");
    Ok(())
}
