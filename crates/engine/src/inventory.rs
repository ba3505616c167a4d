//! The inventory of a mailbox: what stands there by ids and versions alone, now and then, beside what it tells of itself. A
//! change that a server never told of is found by it (trap 22).

use crate::cycle::Cycle;
use crate::outcome::CycleError;
use jiff::{SignedDuration, Timestamp};
use store::{Cursor, change};

impl Cycle<'_> {
    /// Whether it is time. In peak hours it waits once more as long (rule E4).
    pub(crate) fn inventory_is_due(&self) -> bool {
        let busy = self.force.schedule.is_peak(self.began);
        self.pairing.state.inventory.is_some_and(|at| is_due(at, self.began, self.inventory_interval(), busy))
    }

    /// After observing: when the next one is due. The first ones of many mailboxes do not come all at once.
    pub(crate) fn inventory_done(&mut self) {
        let interval = self.inventory_interval();
        let part = i32::try_from(self.engine.parts.dice.roll() % 1_000).unwrap_or(0);
        let wait = match self.pairing.state.inventory {
            None => interval * part / 1_000,
            Some(_) if self.inventory_is_due() => interval - interval * part / 10_000,
            Some(_) => return,
        };
        self.pairing.state.inventory = self.began.checked_add(wait).ok();
    }

    fn inventory_interval(&self) -> SignedDuration {
        SignedDuration::from_secs(i64::from(self.force.settings.inventory_interval_s))
    }

    /// One page of a folder's ids, saved: those that are not known as they are shown, and at its end linked ones that were not
    /// shown, are looked at. Where it ends the folder's changes go on.
    pub(crate) async fn inventory_page(&mut self, cursor: &Cursor) -> Result<(Cursor, bool), CycleError> {
        let (side, kind) = (cursor.side, cursor.kind);
        let page = self.remote(side).inventory(kind, &cursor.folder, cursor.text.as_deref()).await?;
        self.identify().await?;
        let next = Cursor { text: Some(page.cursor), listing: page.more, inventory: page.more, ..cursor.clone() };
        let seen = change::Seen {
            shown: page.shown,
            listing_ended: (!page.more).then(|| (side, kind, next.folder.clone())),
            cursor: Some(next.clone()),
            ..change::Seen::default()
        };
        let missing = self.engine.store().save_seen(&self.lease, &self.pairing.id, &seen).await?;
        if missing > 0 {
            self.note_short(side, kind, missing).await?;
        }
        Ok((next, page.more))
    }
}

/// Whether a time has come, or was noted by a clock that was wrong or under a longer interval.
fn is_due(at: Timestamp, now: Timestamp, interval: SignedDuration, busy: bool) -> bool {
    let put_off = if busy { interval } else { SignedDuration::ZERO };
    at.duration_until(now) >= put_off || now.duration_until(at) > interval
}

#[cfg(test)]
mod tests {
    use super::*;

    // trap 22, E4
    #[test]
    fn it_comes_in_its_time_and_in_peak_hours_once_as_late() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (noted, day) = (at("2026-03-02T08:00:00Z"), SignedDuration::from_hours(24));
        assert!(!is_due(noted, at("2026-03-02T07:59:59Z"), day, false));
        assert!(is_due(noted, noted, day, false));
        assert!(!is_due(noted, at("2026-03-03T07:59:59Z"), day, true));
        assert!(is_due(noted, at("2026-03-03T08:00:00Z"), day, true));
        // Noted by a clock that was two days ahead, or before the interval was made shorter: nobody waits for it.
        assert!(is_due(noted, at("2026-02-28T08:00:00Z"), day, true));
        assert!(!is_due(noted, at("2026-03-01T08:00:00Z"), day, true));
        assert!(is_due(noted, at("2026-03-01T08:00:00Z"), SignedDuration::from_hours(1), false));
    }
}
