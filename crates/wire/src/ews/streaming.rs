//! GetStreamingEvents: one request, answered by envelope after envelope as things happen.

use super::answer::Refusal;
use super::envelope::{Operation, Reply};
use crate::xml::{Element, Error, Reader, Writer};

/// The longest a server keeps a streaming connection open, in minutes.
pub const LONGEST_STREAM_MINUTES: u32 = 30;

/// Opens a streaming connection for subscriptions.
///
/// <https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/getstreamingevents-operation>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetStreamingEvents {
    /// The subscriptions; at least one.
    pub subscriptions: Vec<String>,
    /// How long the server keeps it open: 1 to [`LONGEST_STREAM_MINUTES`].
    pub minutes: u32,
}

impl Operation for GetStreamingEvents {
    type Reply = StreamingPart;
    const NAME: &'static str = "GetStreamingEvents";

    fn write(&self, w: &mut Writer) {
        w.element("m:GetStreamingEvents", &[], |w| {
            w.element("m:SubscriptionIds", &[], |w| {
                self.subscriptions.iter().for_each(|id| w.text("t:SubscriptionId", id));
            });
            w.text("m:ConnectionTimeout", &self.minutes.clamp(1, LONGEST_STREAM_MINUTES).to_string());
        });
    }
}

/// One message of a streaming connection. What happened is not read: it is asked for where changes are listed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StreamingPart {
    /// Subscriptions in whose folders something happened.
    pub told: Vec<String>,
    /// Subscriptions that a refusal concerns.
    pub lost: Vec<String>,
    /// Why they are lost.
    pub refusal: Option<Refusal>,
    /// The server says that the connection ends with this.
    pub closed: bool,
}

impl Reply for StreamingPart {
    fn element(&mut self, r: &mut Reader<'_>, element: &Element<'_>) -> Result<(), Error> {
        match element.name {
            "Notifications" => r.children(|r, notification| {
                if notification.name == "Notification" {
                    self.notification(r)?;
                }
                Ok(())
            }),
            "ErrorSubscriptionIds" => r.children(|r, id| {
                super::value::bounded(r, &self.lost)?;
                if id.name == "SubscriptionId" {
                    self.lost.push(r.text()?.trim().to_owned());
                }
                Ok(())
            }),
            "ConnectionStatus" => {
                self.closed = r.text()?.trim().eq_ignore_ascii_case("closed");
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn is_given(&self) -> bool {
        true
    }

    fn refused(&mut self, refusal: &Refusal) -> bool {
        self.refusal = Some(refusal.clone());
        true
    }
}

impl StreamingPart {
    fn notification(&mut self, r: &mut Reader<'_>) -> Result<(), Error> {
        let (mut id, mut happened) = (None, false);
        r.children(|r, element| {
            match element.name {
                "SubscriptionId" => id = Some(r.text()?.trim().to_owned()),
                // Only says that the subscription lives.
                "StatusEvent" => {}
                name => happened |= name.ends_with("Event"),
            }
            Ok(())
        })?;
        super::value::bounded(r, &self.told)?;
        if let Some(id) = id
            && happened
            && !self.told.contains(&id)
        {
            self.told.push(id);
        }
        Ok(())
    }
}
