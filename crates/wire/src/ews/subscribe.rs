//! Subscribe and Unsubscribe: asking a server to tell at once when something changes in a mailbox's folders.

use super::FolderRef;
use super::envelope::{Operation, Reply};
use crate::xml::{Element, Error, Reader, Writer};

/// What is told: everything that can change what a folder lists.
const EVENTS: [&str; 5] = ["CopiedEvent", "CreatedEvent", "DeletedEvent", "ModifiedEvent", "MovedEvent"];

/// Subscribes to what happens in folders of one mailbox, to be told on a streaming connection.
///
/// <https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/subscribe-operation>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscribe {
    /// Which folders; at least one, all of one mailbox.
    pub folders: Vec<FolderRef>,
}

impl Operation for Subscribe {
    type Reply = Subscribed;
    const NAME: &'static str = "Subscribe";

    fn write(&self, w: &mut Writer) {
        w.element("m:Subscribe", &[], |w| {
            w.element("m:StreamingSubscriptionRequest", &[], |w| {
                w.element("t:FolderIds", &[], |w| self.folders.iter().for_each(|folder| folder.write(w)));
                w.element("t:EventTypes", &[], |w| EVENTS.iter().for_each(|event| w.text("t:EventType", event)));
            });
        });
    }
}

/// The subscription that was made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subscribed {
    /// Its id.
    pub id: String,
}

impl Reply for Subscribed {
    fn element(&mut self, r: &mut Reader<'_>, element: &Element<'_>) -> Result<(), Error> {
        if element.name == "SubscriptionId" {
            r.text()?.trim().clone_into(&mut self.id);
        }
        Ok(())
    }

    fn complete(&self, r: &Reader<'_>) -> Result<(), Error> {
        if self.id.is_empty() { Err(r.missing("subscription id")) } else { Ok(()) }
    }

    fn is_given(&self) -> bool {
        !self.id.is_empty()
    }
}

/// Ends a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsubscribe {
    /// Its id.
    pub id: String,
}

impl Operation for Unsubscribe {
    type Reply = ();
    const NAME: &'static str = "Unsubscribe";

    fn write(&self, w: &mut Writer) {
        w.element("m:Unsubscribe", &[], |w| w.text("m:SubscriptionId", &self.id));
    }
}
