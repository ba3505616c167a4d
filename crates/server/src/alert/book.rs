//! What is wrong now against what was told: one alert for each trouble and one for its end, whatever happens in between.

use super::Message;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use store::{Alert, AlertBook, Channel};

/// Causes kept one by one; further ones are one cause.
const MOST: usize = 500;

/// The cause that stands for those that are not kept one by one.
const MORE: &str = "more";

/// The first wait after a message that did not arrive; each further one is twice as long.
const FIRST_WAIT_S: i64 = 30;

/// The longest wait after a message that did not arrive.
const LONGEST_WAIT_S: i64 = 3_600;

/// Something that is, or soon will be, wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cause {
    pub text: String,
    pub cure: String,
    pub about: BTreeMap<String, String>,
    pub since: Timestamp,
    /// It is told from then on.
    pub due: Timestamp,
}

/// Brings the book to what is wrong now. A cause that goes untold leaves no trace; one that is back before its end was told
/// is the same one.
pub(super) fn reconcile(book: &mut AlertBook, present: BTreeMap<String, Cause>, now: Timestamp) {
    book.causes.retain(|cause, alert| {
        if present.contains_key(cause) {
            alert.over = None;
            return true;
        }
        alert.over.get_or_insert(now);
        !alert.told.is_empty()
    });
    let mut more = 0_usize;
    for (cause, what) in present {
        if let Some(alert) = book.causes.get_mut(&cause) {
            (alert.text, alert.cure, alert.about) = (what.text, what.cure, what.about);
            if alert.told.is_empty() {
                (alert.since, alert.due) = (what.since, what.due);
            }
        } else if book.causes.len() < MOST {
            book.causes.insert(cause, begun(what, now));
        } else {
            more += 1;
        }
    }
    if more > 0 {
        let text = format!("{more} more users, brakes or certificates need somebody");
        let cure = "'syncline user list' and 'syncline brake list' show them all".to_owned();
        match book.causes.get_mut(MORE) {
            Some(alert) => (alert.text, alert.over) = (text, None),
            None => {
                let about = [("kind".to_owned(), MORE.to_owned())].into();
                book.causes.insert(MORE.to_owned(), begun(Cause { text, cure, about, since: now, due: now }, now));
            }
        }
    }
}

fn begun(cause: Cause, now: Timestamp) -> Alert {
    let Cause { text, cure, about, since, due } = cause;
    Alert { text, cure, about, noted: now, since, due, told: BTreeMap::new(), over: None }
}

/// What was told is told once; what did not arrive is tried again with growing patience. A receiver that was changed
/// meanwhile was told nothing.
pub(super) fn settled(
    book: &mut AlertBook,
    channel: Channel,
    target: &str,
    message: &Message,
    sent: &Result<Option<String>, String>,
    now: Timestamp,
) {
    book.claimed = None;
    let Some(way) = book.ways.get_mut(&channel).filter(|way| way.target == target) else { return };
    match sent {
        Ok(trouble) => {
            (way.tries, way.next, way.trouble, way.arrived) = (0, None, trouble.clone(), Some(now));
            for cause in message.standing() {
                if let Some(alert) = book.causes.get_mut(cause) {
                    alert.told.insert(channel, now);
                }
            }
            for cause in message.over() {
                let Some(alert) = book.causes.get_mut(cause) else { continue };
                alert.told.remove(&channel);
                if alert.over.is_some() && alert.told.is_empty() {
                    book.causes.remove(cause);
                }
            }
        }
        Err(why) => {
            let wait = FIRST_WAIT_S.checked_shl(way.tries.min(16)).unwrap_or(LONGEST_WAIT_S).min(LONGEST_WAIT_S);
            way.next = now.checked_add(SignedDuration::from_secs(wait)).ok();
            way.tries = way.tries.saturating_add(1);
            way.trouble = Some(why.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::Way;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).expect("within the calendar")
    }

    fn cause(name: &str) -> Cause {
        Cause { text: name.to_owned(), cure: "look".to_owned(), about: BTreeMap::new(), since: at(0), due: at(0) }
    }

    fn causes(names: &[&str]) -> BTreeMap<String, Cause> {
        names.iter().map(|name| ((*name).to_owned(), cause(name))).collect()
    }

    fn book() -> AlertBook {
        let way = |shown: &str| Way {
            target: "sealed".to_owned(),
            shown: shown.to_owned(),
            tries: 0,
            next: None,
            trouble: None,
            arrived: None,
        };
        let ways = [(Channel::Webhook, way("chat")), (Channel::Mail, way("mail"))];
        AlertBook { ways: ways.into(), ..AlertBook::default() }
    }

    fn told(book: &AlertBook, channel: Channel, now: Timestamp) -> (Vec<String>, Vec<String>) {
        let message = Message::of(book, channel, now);
        (message.standing().map(str::to_owned).collect(), message.over().map(str::to_owned).collect())
    }

    fn arrive(book: &mut AlertBook, channel: Channel, now: Timestamp) {
        let message = Message::of(book, channel, now);
        settled(book, channel, "sealed", &message, &Ok(None), now);
    }

    fn list(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    // W5
    #[test]
    fn a_cause_is_told_once_and_its_end_only_where_its_beginning_was() {
        let (webhook, mail) = (Channel::Webhook, Channel::Mail);
        let mut book = book();
        reconcile(&mut book, causes(&["a", "b"]), at(1));
        assert_eq!(told(&book, webhook, at(1)), (list(&["a", "b"]), vec![]));
        reconcile(&mut book, causes(&["a"]), at(2));
        arrive(&mut book, webhook, at(2));
        assert_eq!(told(&book, webhook, at(3)), (vec![], vec![]), "a was told, b came and went untold");
        assert_eq!(told(&book, mail, at(3)), (list(&["a"]), vec![]), "each channel for itself");
        reconcile(&mut book, causes(&[]), at(4));
        assert_eq!(told(&book, webhook, at(4)), (vec![], list(&["a"])));
        assert_eq!(told(&book, mail, at(4)), (vec![], vec![]));
        reconcile(&mut book, causes(&["a"]), at(5));
        assert_eq!(told(&book, webhook, at(5)), (vec![], vec![]), "it is back before its end was told");
        reconcile(&mut book, causes(&[]), at(6));
        arrive(&mut book, webhook, at(6));
        assert!(book.causes.is_empty());
        reconcile(&mut book, causes(&["a"]), at(7));
        assert_eq!(told(&book, webhook, at(7)), (list(&["a"]), vec![]), "a new trouble");
    }

    // W5
    #[test]
    fn what_stands_is_told_again_after_the_set_time_and_never_when_that_is_nought() {
        let mut book = AlertBook { repeat_s: 3_600, ..book() };
        reconcile(&mut book, causes(&["a"]), at(0));
        arrive(&mut book, Channel::Webhook, at(0));
        assert_eq!(told(&book, Channel::Webhook, at(59)).0, list(&[]));
        assert_eq!(told(&book, Channel::Webhook, at(60)).0, list(&["a"]));
        arrive(&mut book, Channel::Webhook, at(60));
        assert_eq!(told(&book, Channel::Webhook, at(119)).0, list(&[]));
        book.repeat_s = 0;
        assert_eq!(told(&book, Channel::Webhook, at(1_000_000)).0, list(&[]));
    }

    // W5
    #[test]
    fn what_did_not_arrive_is_tried_again_with_patience_and_another_receiver_was_told_nothing() {
        let mut book = book();
        reconcile(&mut book, causes(&["a"]), at(0));
        let message = Message::of(&book, Channel::Webhook, at(0));
        let mut waits = Vec::new();
        for _ in 0..9 {
            settled(&mut book, Channel::Webhook, "sealed", &message, &Err("refused".to_owned()), at(0));
            let next = book.ways[&Channel::Webhook].next.expect("a time");
            waits.push(next.duration_since(at(0)).as_secs());
        }
        assert_eq!(waits, [30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600]);
        assert_eq!(book.ways[&Channel::Webhook].trouble.as_deref(), Some("refused"));
        settled(&mut book, Channel::Webhook, "another", &message, &Ok(None), at(1));
        assert_eq!(told(&book, Channel::Webhook, at(1)).0, list(&["a"]));
        arrive(&mut book, Channel::Webhook, at(2));
        let way = &book.ways[&Channel::Webhook];
        assert_eq!((way.tries, way.next, way.trouble.clone(), way.arrived), (0, None, None, Some(at(2))));
    }

    // W5
    #[test]
    fn more_than_fit_are_one_and_no_known_one_is_over_because_of_them() {
        let mut book = book();
        let many = |from: usize, to: usize| -> BTreeMap<String, Cause> {
            (from..to).map(|n| (format!("user:{n:04}"), cause("x"))).collect()
        };
        reconcile(&mut book, many(100, 600), at(0));
        arrive(&mut book, Channel::Webhook, at(0));
        reconcile(&mut book, many(0, 600), at(1));
        assert_eq!(told(&book, Channel::Webhook, at(1)), (list(&["more"]), vec![]));
        assert!(book.causes["more"].text.starts_with("100 more"));
        arrive(&mut book, Channel::Webhook, at(1));
        reconcile(&mut book, many(100, 600), at(2));
        assert_eq!(told(&book, Channel::Webhook, at(2)), (vec![], list(&["more"])));
    }
}
