//! What makes a record a task: its days, its status, and how a recurring task goes on when one of it is done.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::item::extended::{ExtKey, ExtValue};
use crate::item::{Detail, Item};
use crate::recurrence::{Pattern, Range, Rule};

/// The task part of an item.
#[derive(Clone, PartialEq)]
pub(crate) struct Task {
    pub status: Status,
    pub percent: f64,
    pub start: Option<Date>,
    pub due: Option<Date>,
    pub completed: Option<Date>,
    pub rule: Option<Rule>,
    /// How many of the series are done.
    pub done: i32,
    pub change_count: i32,
}

/// How far a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    NotStarted,
    InProgress,
    Completed,
    WaitingOnOthers,
    Deferred,
}

/// Which of the three that depend on each other a request set.
#[derive(Clone, Copy, Default)]
pub(crate) struct TaskChanges {
    pub status: bool,
    pub percent: bool,
    pub completed: bool,
}

impl Status {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::NotStarted => "NotStarted",
            Self::InProgress => "InProgress",
            Self::Completed => "Completed",
            Self::WaitingOnOthers => "WaitingOnOthers",
            Self::Deferred => "Deferred",
        }
    }

    pub(crate) fn number(self) -> i32 {
        match self {
            Self::NotStarted => 0,
            Self::InProgress => 1,
            Self::Completed => 2,
            Self::WaitingOnOthers => 3,
            Self::Deferred => 4,
        }
    }

    pub(crate) fn of(name: &str) -> Option<Self> {
        [Self::NotStarted, Self::InProgress, Self::Completed, Self::WaitingOnOthers, Self::Deferred]
            .into_iter()
            .find(|status| status.name() == name)
    }
}

impl Task {
    pub(crate) fn new() -> Self {
        Self {
            status: Status::NotStarted,
            percent: 0.0,
            start: None,
            due: None,
            completed: None,
            rule: None,
            done: 0,
            change_count: 1,
        }
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.status == Status::Completed
    }

    /// Status, percentage and done date follow each other, as the store keeps them.
    pub(crate) fn settle(&mut self, set: TaskChanges, today: Date) {
        let full = self.percent >= 100.0;
        if set.status {
            match self.status {
                Status::Completed => self.percent = 100.0,
                Status::NotStarted => self.percent = 0.0,
                Status::InProgress | Status::WaitingOnOthers | Status::Deferred => {
                    if full {
                        self.percent = 0.0;
                    }
                }
            }
        } else if set.percent {
            self.status = if full {
                Status::Completed
            } else {
                let started = self.percent > 0.0;
                match self.status {
                    Status::Completed | Status::NotStarted if started => Status::InProgress,
                    Status::Completed | Status::InProgress if !started => Status::NotStarted,
                    kept => kept,
                }
            };
        } else if set.completed {
            if self.completed.is_some() {
                self.status = Status::Completed;
                self.percent = 100.0;
            } else if self.is_complete() {
                self.status = Status::NotStarted;
                self.percent = 0.0;
            }
        }
        if self.is_complete() {
            self.completed = self.completed.or(Some(today));
        } else {
            self.completed = None;
        }
    }

    /// The days of the next one of the series after this one, when there is one.
    fn next_days(&self, today: Date) -> Option<(Option<Date>, Option<Date>)> {
        let rule = self.rule.as_ref()?;
        if let Range::Numbered(count) = rule.range
            && self.done + 1 >= count
        {
            return None;
        }
        let here = self.due.or(self.start).unwrap_or(rule.start);
        let next = match rule.pattern {
            Pattern::Regenerate { .. } => {
                let next = rule.regenerated(self.completed.unwrap_or(today))?;
                match rule.range {
                    Range::EndDate(last) if next > last => return None,
                    Range::EndDate(_) | Range::NoEnd | Range::Numbered(_) => next,
                }
            }
            Pattern::Daily { .. }
            | Pattern::Weekly { .. }
            | Pattern::AbsoluteMonthly { .. }
            | Pattern::RelativeMonthly { .. }
            | Pattern::AbsoluteYearly { .. }
            | Pattern::RelativeYearly { .. } => rule.days().find(|day| *day > here)?,
        };
        let moved = here.until(next).ok()?;
        let start = self.start.and_then(|day| day.checked_add(moved).ok());
        let due = self.due.and_then(|day| day.checked_add(moved).ok());
        Some(match (start, due) {
            (None, None) => (Some(next), None),
            days => days,
        })
    }
}

/// What completing a recurring task makes: the item goes on to its next day, and a finished one-off stands beside it (trap 71).
///
/// `None` when the task was the last of its series: then it is simply complete.
pub(crate) fn split_completed(item: &mut Item, today: Date) -> Option<Item> {
    let Detail::Task(task) = &mut item.detail else {
        return None;
    };
    let (start, due) = task.next_days(today)?;
    let mut copy = item.clone();
    let Detail::Task(task) = &mut item.detail else {
        return None;
    };
    task.start = start;
    task.due = due;
    task.status = Status::NotStarted;
    task.percent = 0.0;
    task.completed = None;
    task.done += 1;
    if let Detail::Task(one_off) = &mut copy.detail {
        one_off.rule = None;
    }
    // PidLidTaskDeadOccurrence (MS-OXOTASK 2.2.2.2.11): the copy is an occurrence that is over.
    copy.extended.insert(ExtKey::in_set("Task", 0x8109), ExtValue::one("Boolean", "true"));
    Some(copy)
}

/// Skips one of a recurring task, as deleting the specified occurrence does; `false` when none is left.
pub(crate) fn skip_one(item: &mut Item, today: Date) -> bool {
    let Detail::Task(task) = &mut item.detail else {
        return false;
    };
    match task.next_days(today) {
        Some((start, due)) => {
            task.start = start;
            task.due = due;
            task.done += 1;
            true
        }
        None => false,
    }
}

/// The day of an instant, in UTC: what "today" is to the store.
pub(crate) fn today(now: Timestamp) -> Date {
    jiff::tz::TimeZone::UTC.to_datetime(now).date()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::schema::ItemKind;
    use crate::recurrence::Unit;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn recurring(pattern: Pattern, range: Range) -> Item {
        let mut item = Item::new(1, 1, ItemKind::Task, Timestamp::UNIX_EPOCH);
        let mut task = Task::new();
        task.start = Some(day("2026-01-05"));
        task.due = Some(day("2026-01-06"));
        task.rule = Some(Rule { pattern, start: day("2026-01-05"), range });
        task.status = Status::Completed;
        task.percent = 100.0;
        task.completed = Some(day("2026-01-20"));
        item.detail = Detail::Task(Box::new(task));
        item
    }

    #[test]
    fn status_percentage_and_done_date_follow_each_other() {
        let today = day("2026-02-01");
        let mut task = Task::new();
        task.percent = 40.0;
        task.settle(TaskChanges { percent: true, ..TaskChanges::default() }, today);
        assert_eq!(task.status, Status::InProgress);
        task.status = Status::Completed;
        task.settle(TaskChanges { status: true, ..TaskChanges::default() }, today);
        assert!(task.percent >= 100.0 && task.completed == Some(today));
        task.completed = None;
        task.settle(TaskChanges { completed: true, ..TaskChanges::default() }, today);
        assert_eq!(task.status, Status::NotStarted);
    }

    // trap 71
    #[test]
    fn a_completed_recurring_task_leaves_a_dead_copy_and_goes_on() {
        let mut item = recurring(
            Pattern::Weekly {
                interval: 1,
                days: vec![jiff::civil::Weekday::Tuesday],
                first_day: jiff::civil::Weekday::Sunday,
            },
            Range::NoEnd,
        );
        let copy = split_completed(&mut item, day("2026-01-20")).unwrap();
        let (task, done) = (item.task().unwrap(), copy.task().unwrap());
        assert_eq!(task.due, Some(day("2026-01-13")));
        assert_eq!(task.start, Some(day("2026-01-12")));
        assert!(done.is_complete() && done.rule.is_none() && !task.is_complete());
        assert!(copy.extended.contains_key(&ExtKey::in_set("Task", 0x8109)));
    }

    // trap 71
    #[test]
    fn a_regenerating_task_counts_from_the_day_it_was_done() {
        let mut item = recurring(Pattern::Regenerate { unit: Unit::Weeks, interval: 2 }, Range::NoEnd);
        split_completed(&mut item, day("2026-01-20")).unwrap();
        assert_eq!(item.task().unwrap().due, Some(day("2026-02-03")));
    }

    #[test]
    fn the_last_of_a_series_is_simply_complete() {
        let mut item = recurring(Pattern::Daily { interval: 1 }, Range::Numbered(1));
        assert!(split_completed(&mut item, day("2026-01-20")).is_none());
    }
}
