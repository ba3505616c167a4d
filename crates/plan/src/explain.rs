//! Any plan as text: what would be done, why, and by which rule (rule W2).

mod standing;

pub use standing::{Standing, standing};

use crate::access::Chain;
use crate::operation::{After, Op, Plan, Reason};
use crate::removal::Stays;
use crate::undo::{self, Act};
use model::schedule::{Hours, Schedule};
use model::{Path, Side, SleepCause};
use planted::Planted;
use std::collections::{BTreeMap, BTreeSet};

/// A plan as lines of text.
#[must_use]
pub fn plan(plan: &Plan) -> Vec<String> {
    let told = plan.reasons.iter().filter(|_| !planted::is(Planted::WhyUntold));
    let mut lines: Vec<String> = told.map(|why| reason(*why)).collect();
    lines.extend(plan.ops.iter().map(op));
    for conflict in &plan.conflicts {
        let paths: Vec<String> = conflict.values.keys().map(ToString::to_string).collect();
        let who = match conflict.winner {
            Some(Side::Crm) => "the CRM's value stands, the mailbox's is kept in the history",
            Some(Side::Pim) => "the mailbox's value stands, the CRM's is kept in the history",
            None => "nothing is written until a person chooses",
        };
        lines.push(format!("Both sides differ in {}: {who} (C3).", paths.join(", ")));
    }
    lines.push(match &plan.after {
        After::Linked(link) if link.sleep.is_none() && differs(plan) => {
            "The two copies are linked, and agree in the rest.".to_owned()
        }
        other => after(other),
    });
    lines
}

/// What stands on one side alone, as a sentence for each (rule D1).
#[must_use]
pub fn local(paths: &BTreeMap<Path, Side>) -> Vec<String> {
    let of = |side: Side| {
        let paths: Vec<String> =
            paths.iter().filter(|(_, of)| **of == side).map(|(path, _)| path.to_string()).collect();
        let at = match side {
            Side::Crm => "the CRM",
            Side::Pim => "the mailbox",
        };
        (!paths.is_empty()).then(|| format!("Changed in {at} alone: {} (D1).", paths.join(", ")))
    };
    Side::BOTH.into_iter().filter_map(of).collect()
}

/// What the mailbox has no room for, as a sentence (rule D2).
#[must_use]
pub fn unheld(paths: &BTreeSet<Path>) -> Option<String> {
    let paths: Vec<String> = paths.iter().map(ToString::to_string).collect();
    (!paths.is_empty())
        .then(|| format!("Stands in the CRM alone, for the mailbox cannot hold it: {} (D2).", paths.join(", ")))
}

/// Which texts a side shows cut, as a sentence for each (rule E5).
#[must_use]
pub fn shortened(paths: &BTreeMap<Path, Side>) -> Vec<String> {
    let of = |side: Side| {
        let paths: Vec<String> =
            paths.iter().filter(|(_, at)| **at == side).map(|(path, _)| path.to_string()).collect();
        let (at, whole) = match side {
            Side::Crm => ("the CRM", "the mailbox"),
            Side::Pim => ("the mailbox", "the CRM"),
        };
        let paths = paths.join(", ");
        (!paths.is_empty()).then(|| {
            format!("Too long for {at}, which shows it cut, with a notice; {whole} keeps it whole: {paths} (E5).")
        })
    };
    Side::BOTH.into_iter().filter_map(of).collect()
}

/// What a meeting that was called off is on both sides (rule C6).
pub const CALLED_OFF: &str =
    "It was called off: the record stays, marked as cancelled, until somebody deletes it (C6).";

/// What was deleted while deletions were forbidden, once they are allowed again (rule C7).
pub const ALLOWED_AGAIN: &str = "Deletions are allowed again, but this one was made while they were not, and is not caught up with: the next edit of what is left makes the other copy again; to have it gone, delete it there too (C7).";

/// Whether something stands differently on the two sides, and is to.
fn differs(plan: &Plan) -> bool {
    plan.reasons.contains(&Reason::StaysLocal) || plan.conflicts.iter().any(|conflict| conflict.winner.is_none())
}

/// What stands in place of an address that is not for everybody's eyes.
pub const PRIVATE: &str = "Private";

/// Whom the mail server writes to when it is done, by address.
#[must_use]
pub fn mail(to: &[String]) -> Option<String> {
    if to.iter().any(|address| address == PRIVATE) {
        let guests = if to.len() == 1 { "1 guest".to_owned() } else { format!("{} guests", to.len()) };
        return Some(format!("Exchange writes to {guests} of a private meeting (C9, O7)."));
    }
    (!to.is_empty()).then(|| format!("Exchange writes to {} (C9).", to.join(", ")))
}

/// An operation as a sentence.
#[must_use]
pub fn op(op: &Op) -> String {
    let at = |side: &Side| match side {
        Side::Crm => "in the CRM",
        Side::Pim => "in the mailbox",
    };
    match op {
        Op::Create { side, domain, fields, .. } => {
            format!("Make it {} as {domain} with {} fields.", at(side), fields.len())
        }
        Op::Update { side, changes, .. } => {
            let paths: Vec<String> = changes.keys().map(ToString::to_string).collect();
            format!("Write {} {}.", paths.join(", "), at(side))
        }
        Op::Delete { side: Side::Pim, .. } => "Move it to Deleted Items in the mailbox.".to_owned(),
        Op::Delete { side: Side::Crm, .. } => "Delete it in the CRM.".to_owned(),
        Op::Restore { .. } => "Bring it back from Deleted Items in the mailbox, or make it anew (O2).".to_owned(),
        Op::Enlist => "Put the user on its Sync List (O3).".to_owned(),
        Op::Delist => "Take the user off its Sync List (C6).".to_owned(),
        Op::Leave => "Take the user off it, or hide it from his calendar (C6, D6).".to_owned(),
        Op::Rejoin => "Show it in the user's calendar again (C6).".to_owned(),
        Op::Flag { locked: true, .. } => "Tell the CRM that Exchange owns this meeting (P6).".to_owned(),
        Op::Flag { locked: false, .. } => {
            "Tell the CRM the meeting's global id, and that Exchange does not own it (P1, P6).".to_owned()
        }
    }
}

/// What a cycle did to a record last, as a sentence; `held` says whether the history holds what an undo needs (rule W3).
#[must_use]
pub fn last_written(did: undo::Did, side: Option<Side>, at: jiff::Timestamp, cycle: &str, held: bool) -> String {
    let of = match side {
        Some(Side::Crm) => " in the CRM",
        Some(Side::Pim) => " in the mailbox",
        None => "",
    };
    let did = match did {
        undo::Did::Made => format!("Made{of}"),
        undo::Did::Changed => format!("Written{of}"),
        undo::Did::Deleted => format!("Deleted{of}"),
        undo::Did::Delisted => "Taken off the Sync List".to_owned(),
        undo::Did::Listed => "Put on the Sync List".to_owned(),
        undo::Did::Left => "Its user taken off it".to_owned(),
    };
    let back = match held {
        true => "an undo of that cycle puts it back",
        false => "the history does not hold what stood there before, so no undo puts it back",
    };
    format!("{did} last at {at:.0} in cycle {cycle}; {back} (W3).")
}

/// What undoing does, as a sentence (rule W3).
#[must_use]
pub fn put_back(act: &Act) -> String {
    let at = |side: &Side| match side {
        Side::Crm => "in the CRM",
        Side::Pim => "in the mailbox",
    };
    match act {
        Act::Put { side, changes, .. } => {
            let paths: Vec<String> = changes.keys().map(ToString::to_string).collect();
            format!("Write {} {} as before.", paths.join(", "), at(side))
        }
        Act::TakeBack { side: Side::Pim } => {
            "Move the copy to Deleted Items; it is made again once its record is edited.".to_owned()
        }
        Act::TakeBack { side: Side::Crm } => {
            "Delete the record in the CRM; it is made again once its item is edited.".to_owned()
        }
        Act::BringBack { side: Side::Crm, .. } => "Make the record in the CRM again.".to_owned(),
        Act::BringBack { side: Side::Pim, .. } => "Bring the item back from Deleted Items, or make it anew.".to_owned(),
        Act::Enlist => "Put the user on its Sync List again; his copy comes back with his next cycle.".to_owned(),
        Act::Delist => "Take the user off its Sync List again (C6).".to_owned(),
    }
}

/// Why something is not put back (rule W3).
#[must_use]
pub fn not_put_back(why: undo::Stays) -> &'static str {
    match why {
        undo::Stays::ChangedSince => "a person, or a later cycle, changed it since",
        undo::Stays::Forgotten => "the history does not hold what stood there before",
        undo::Stays::NotThere => "it is not there, or not in sync any more",
        undo::Stays::AsItWas => "it stands as it was already",
        undo::Stays::Follows => "it follows by itself in the next cycle, once the CRM shows it",
        undo::Stays::Level => "the level or the field map permits nothing in this direction (L2, D1)",
        undo::Stays::Forbidden => "deletions are forbidden there (C7)",
        undo::Stays::Exchanges => "Exchange owns this meeting: its guests would be left behind (P6)",
        undo::Stays::Left => "only the CRM can put a user back on an activity (C6, D6)",
        undo::Stays::Owners => {
            "the record is its owner's and is not there: put it back with its owner, and this copy follows (P5, D6)"
        }
        undo::Stays::NotVisible => "the user does not see the record any more (O2)",
        undo::Stays::Asleep => "its link sleeps, and nothing is written meanwhile (O10)",
        undo::Stays::Refused => "the side refused it, or it changed just now",
    }
}

fn after(after: &After) -> String {
    match after {
        After::Linked(link) => match &link.sleep {
            Some(asleep) => format!("The link sleeps: {}", sleep(asleep.cause)),
            None => "The two copies are linked and agree.".to_owned(),
        },
        After::New { domain, .. } => format!("The two copies become one {domain} record."),
        After::Away(_) => "The link is put aside, to bring the copy back when the user returns (O2).".to_owned(),
        After::Forget => "The link is dropped.".to_owned(),
        After::Stranger(why) => format!("It stays where it is: {}", reason(*why)),
        After::Wait(why) => format!("It is looked at again: {}", reason(*why)),
        After::Quarantine(text) => format!("It is in quarantine: {text} (E1)."),
        After::Ambiguous => "Several records could be this one; a person must decide (M1).".to_owned(),
    }
}

/// Why a link sleeps.
#[must_use]
pub fn sleep(cause: SleepCause) -> &'static str {
    match cause {
        SleepCause::Level => "the level does not permit it (L6).",
        SleepCause::NoTimes => "planned start and planned end are not both there (D4).",
        SleepCause::Window => "it lies before the extract start date (O9).",
        SleepCause::Filter => "a filter for records born in the mailbox keeps it out (O7).",
        SleepCause::NotVisible => "the user may not see the record any more; the grace time runs (O2).",
        SleepCause::Left => "the item is in another folder or the archive (C12).",
        SleepCause::ReceiverDeleted => "its copy was deleted; the record's next edit makes it again (D1).",
        SleepCause::DeleteForbidden => "deletions are forbidden here (C7).",
        SleepCause::Private => "it became private, and private ones are skipped (O8).",
        SleepCause::TakenOff => {
            "the user is not among its people, and the item is his own or came by a real invitation (D6)."
        }
        SleepCause::KeptInCrm => "no level lets a mailbox delete a business contact from the CRM (D1).",
        SleepCause::Restored => {
            "we may have taken the copy away ourselves, before the store was restored from a copy or by a server of ours that was \
             late, so it is made again (C4)."
        }
        SleepCause::Moved => "the mailbox moved, and the item was not found where it is now (M4).",
        SleepCause::Hidden => "the user removed it from his calendar in the CRM (C6).",
        SleepCause::Tracked => {
            "the user gave the task to somebody else, and his item only tracks it: what becomes of it changes nothing here (D6)."
        }
        SleepCause::Removed => {
            "the user deleted his copy, so it is hidden from his calendar in the CRM; taken back, it is shown again (C6)."
        }
    }
}

/// A reason as a sentence with its rule.
#[must_use]
pub fn reason(reason: Reason) -> String {
    match reason {
        Reason::Level => "The level does not permit this direction (L2).",
        Reason::NoCategory => "It carries no category of ours (O3).",
        Reason::EmployeeCategory => "Employees are never imported (O3).",
        Reason::NotListed => "It is not on the user's Sync List (O1).",
        Reason::NotVisible => "The user may not see it (O2).",
        Reason::NoneLeft => "Every occurrence of the series is cancelled, so no mailbox shows it (R3).",
        Reason::ShownNowhere => "Its display is neither the calendar nor the to-do list (D3).",
        Reason::DisplayChanged => "Its display changed (D3).",
        Reason::NoTimes => "Planned start and planned end are not both there (D4).",
        Reason::Private => "Private records born in the mailbox are skipped (O7).",
        Reason::CategoryRequired => "It lacks the category that this domain requires (O7).",
        Reason::TypeRequired => "It lacks a category that names an activity type (O7).",
        Reason::Window => "It lies before the extract start date (O9).",
        Reason::TrackingCopy => "It is the tracking copy of a task request (D6).",
        Reason::SameMeeting => "Another item shows the same meeting, or the series that it is part of, and is the one in sync (P1).",
        Reason::OthersOccurrence => {
            "It is what completing a recurring to-do of somebody else left here; only its owner completes it (D6)."
        }
        Reason::ForeignClass => "It is an item of a class that is never touched (D7).",
        Reason::AnotherLeads => "The organiser's or another attendee's copy decides (P3).",
        Reason::TooMany => "Enough invitations from outside came in within a day; it is looked at again (P3).",
        Reason::Unanswered => "The invitation comes from outside and was not accepted yet (P3).",
        Reason::ParticipantsCopy => {
            "We made it for a participant of a meeting that the CRM does not show here any more (P5)."
        }
        Reason::OwnerFirst => "The owner's own copy comes first and gives the meeting its id; then this one (P5).",
        Reason::AnotherOrganizer => "The meeting has another organiser than the copy names, so it is made anew (P8).",
        Reason::ExchangeInvites => "Exchange itself brings this meeting to its participants (P6).",
        Reason::Cancelled => "It was called off (C6).",
        Reason::Hidden => "The user removed it from his calendar (C6).",
        Reason::TakenBack => "The copy that the user had deleted stands in his calendar again (C6).",
        Reason::TakenOff => "The user was taken off it (D6).",
        Reason::Deleted => "It was deleted on the other side (C4).",
        Reason::EditOutlives => {
            "It was edited on one side and deleted on the other: the edit outlives the delete (C5)."
        }
        Reason::Restored => {
            "We may have taken the item away ourselves, before the store was restored from a copy or by a server of ours that was \
             late, so it is made again (C4)."
        }
        Reason::Delisted => "It was deleted in the mailbox, which takes the user off its Sync List (C6).",
        Reason::RemovedFromList => "The user took it off his Sync List (O2).",
        Reason::CopiesRemoved => "An administrator had the copies removed from the mailbox (L6).",
        Reason::Merged => "It was merged into another contact, of which this mailbox has an older copy (M5).",
        Reason::Returned => "The user has it on his Sync List again (O2).",
        Reason::Left => "The item is in another folder or the archive (C12).",
        Reason::Matched => "It is the same as a record that was there (M1, M2).",
        Reason::Ambiguous => "Several records could be this one (M1).",
        Reason::CrmChanged => "The CRM changed it (C1).",
        Reason::PimChanged => "The mailbox changed it (C1).",
        Reason::OccurrenceRefused => "An occurrence was refused by the mailbox and waits in quarantine (R3).",
        Reason::StaysLocal => {
            "A local change stands on one side: the level, the field map, whose record it is, or an online meeting, whose body is never written, lets it go nowhere, and does not undo it (C11, D1, D6, P6)."
        }
        Reason::Agrees => "Both sides agree.",
        Reason::New => "It is new.",
        Reason::Flip => "It changes between business and personal (O5).",
        Reason::Twin => "A create of it showed only after it was made again; one copy stays (E6).",
        Reason::SetBack => "The CRM refused what the mailbox changed: the copy is set back (E8).",
        Reason::Quiet => {
            "Its guests would be written to, which no first or repeated cycle does: it waits for the next (C9)."
        }
        Reason::Unread => {
            "It, or what may be the same record on the other side, cannot be read now: it waits, so that nothing is made twice (M1)."
        }
        Reason::Unproven => "A look found nothing that proves what happened (decision 4).",
        Reason::Asleep(cause) => return format!("Asleep: {}", sleep(cause)),
    }
    .to_owned()
}

/// Why an item stays when the copies are removed from a mailbox.
#[must_use]
pub fn stays(why: Stays) -> &'static str {
    match why {
        Stays::BornThere => "born in the mailbox: the user's own (L6)",
        Stays::Invitation => "made by an invitation (D6)",
        Stays::Edited => "edited by the user since both sides agreed (C5)",
        Stays::NotThere => "not in its folder any more (C12)",
        Stays::Unproven => "not readable now",
    }
}

/// When cycles run, as lines (rule E4).
#[must_use]
pub fn schedule(schedule: &Schedule) -> Vec<String> {
    let spans = |hours: &[Hours]| hours.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    let mut lines = vec![format!("A cycle runs every {} s (E4).", schedule.interval_s)];
    if let Some(peak) = &schedule.peak {
        let hours = spans(&peak.hours);
        lines.push(format!("In the peak hours {hours} ({}) it runs every {} s (E4).", schedule.zone, peak.interval_s));
    }
    if !schedule.blackout.is_empty() {
        let hours = spans(&schedule.blackout);
        lines.push(format!("In the blackout hours {hours} ({}) it runs only when a person asks (E4).", schedule.zone));
    }
    lines
}

/// The chain of levels as lines (rule L5); `active` says whether the user still is one in the CRM.
#[must_use]
pub fn chain(chain: &Chain, active: bool) -> Vec<String> {
    let stands = match (chain.enabled, active) {
        (true, _) => "enabled",
        (false, true) => "not enabled",
        (false, false) => "not active in the CRM",
    };
    let mut lines = vec![
        format!("{}: the user is {stands} (L1).", chain.domain),
        format!("The domain's own level is {} (L2).", chain.ceiling),
        match chain.own {
            Some(level) => format!("The user's own level is {level} (L3)."),
            None => "The user has no own level (L3).".to_owned(),
        },
    ];
    let mut decided = chain.own.is_some();
    let told = if planted::is(Planted::ChainUntold) { &[] } else { chain.rules.as_slice() };
    for (number, (rule, matched)) in told.iter().enumerate() {
        let kind = rule.group.name();
        let below = if rule.and_below { " and below" } else { "" };
        let found = match (matched, decided) {
            (true, false) => "matches and decides",
            (true, true) => "matches, but an earlier line decided",
            (false, _) => "does not match",
        };
        decided |= *matched;
        lines.push(format!("Group rule {}: {kind} {}{below} → {}: {found} (L4).", number + 1, rule.id, rule.level));
    }
    if !decided {
        lines.push("No group rule matches, so the domain's own level counts (L3).".to_owned());
    }
    let capped = if chain.capped() { ", capped by the domain's own level (L2)" } else { "" };
    lines.push(format!("What counts: {}{capped}.", chain.level));
    lines
}
