//! What follows from the properties a request wrote: days, percentages, series, and the limits they must keep.

use jiff::ToSpan as _;

use crate::codes::{Code, Outcome, Refusal};
use crate::item::calendar::Calendar;
use crate::item::series::{self, SeriesFault};
use crate::item::set::{Setting, refused};
use crate::item::task::{TaskChanges, today};
use crate::item::{Detail, Item};

/// Works out what follows from the properties that were written; `before` is the item as it was.
pub(crate) fn finish(item: &mut Item, before: Option<&Item>, setting: &Setting<'_>) -> Outcome<()> {
    let now = setting.now;
    let changed = |name: &str| setting.changed.contains(name);
    if item
        .text("ReminderMinutesBeforeStart")
        .is_some_and(|text| text.parse::<i64>().map_or(true, |minutes| !(0..=2_629_800).contains(&minutes)))
    {
        return Err(refused(Code::ErrorInvalidValueForProperty, "ReminderMinutesBeforeStart"));
    }
    if changed("FileAsMapping") && !changed("FileAs") {
        item.props.remove("FileAs");
    } else if changed("FileAs") && !changed("FileAsMapping") {
        item.props.remove("FileAsMapping");
    }
    match &mut item.detail {
        Detail::Task(task) => {
            let set = TaskChanges {
                status: changed("Status"),
                percent: changed("PercentComplete"),
                completed: changed("CompleteDate"),
            };
            task.settle(set, today(now));
            if let (Some(start), Some(due)) = (task.start, task.due)
                && start > due
            {
                // Outlook never shows a task that is due before it starts: the side that was not written gives way.
                if changed("StartDate") && !changed("DueDate") {
                    task.due = Some(start);
                } else {
                    task.start = Some(due);
                }
            }
            if before.is_some() {
                task.change_count += 1;
            }
            Ok(())
        }
        Detail::Calendar(_) => finish_calendar(item, before, setting),
        Detail::None => Ok(()),
    }
}

fn finish_calendar(item: &mut Item, before: Option<&Item>, setting: &Setting<'_>) -> Outcome<()> {
    let changed = |name: &str| setting.changed.contains(name);
    let Some(calendar) = item.calendar_mut() else {
        return Ok(());
    };
    if changed("StartTimeZone") && !changed("EndTimeZone") {
        calendar.end_zone = calendar.start_zone.clone();
    }
    let old = before.and_then(Item::calendar);
    in_their_zones(calendar, old, setting);
    if changed("Start") && !changed("End") && setting.creating {
        calendar.end = calendar.start.checked_add(30.minutes()).unwrap_or(calendar.start);
    }
    calendar.align_all_day();
    if calendar.end < calendar.start {
        return Err(Code::ErrorCalendarEndDateIsEarlierThanStartDate.into());
    }
    if calendar.end.as_second() - calendar.start.as_second() > 5 * 366 * 86_400 {
        return Err(Code::ErrorCalendarDurationIsTooLong.into());
    }
    if calendar.occurrence.is_some() {
        return Ok(());
    }
    let moved = old.is_none_or(|old| {
        old.start != calendar.start
            || old.end != calendar.end
            || old.all_day != calendar.all_day
            || old.start_zone != calendar.start_zone
    });
    if (changed("Recurrence") || moved) && !setting.from_mime {
        // trap 59: another pattern or another time drops every exception and brings deleted days back.
        calendar.exceptions.clear();
        calendar.deleted.clear();
        if let Some(rule) = &mut calendar.rule
            && !changed("Recurrence")
        {
            rule.start = calendar.start_zone.local(calendar.start).date();
        }
        series::align_master(calendar);
        series::check_length(calendar).map_err(series_refusal)?;
    }
    Ok(())
}

/// A time without an offset is wall time in the appointment's zone when the request sets that; a zone that is set alone
/// moves the appointment, so that its clock goes on showing the same time.
fn in_their_zones(calendar: &mut Calendar, old: Option<&Calendar>, setting: &Setting<'_>) {
    let changed = |name: &str| setting.changed.contains(name);
    if !changed("StartTimeZone") && !changed("EndTimeZone") && !changed("MeetingTimeZone") {
        return;
    }
    if let Some(wall) = setting.wall[0] {
        calendar.start = calendar.start_zone.instant(wall);
    } else if let Some(old) = old.filter(|_| !changed("Start")) {
        calendar.start = calendar.start_zone.instant(old.start_zone.local(old.start));
    }
    if let Some(wall) = setting.wall[1] {
        calendar.end = calendar.end_zone.instant(wall);
    } else if let Some(old) = old.filter(|_| !changed("End")) {
        calendar.end = calendar.end_zone.instant(old.end_zone.local(old.end));
    }
}

/// The code for a limit of a series.
pub(crate) fn series_refusal(fault: SeriesFault) -> Refusal {
    match fault {
        SeriesFault::CrossingBoundary => Code::ErrorOccurrenceCrossingBoundary.into(),
        SeriesFault::TimeSpanTooBig => Code::ErrorOccurrenceTimeSpanTooBig.into(),
    }
}
