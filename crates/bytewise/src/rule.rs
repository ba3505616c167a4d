//! A series' rule as the server writes it, both ways; people here make daily, weekly and monthly ones.

use crate::tree::Node;
use jiff::civil::Date;
use model::{Pattern, Range, Recurrence};

/// Days of the week from Monday on.
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The `Recurrence` element; `None` for a rule that nobody here makes.
pub(crate) fn written(rule: &Recurrence, first: Date) -> Option<String> {
    let name = |day: &u8| DAYS.get(usize::from(*day).checked_sub(1)?).copied();
    let pattern = match &rule.pattern {
        Pattern::Daily { interval } => {
            format!("<t:DailyRecurrence><t:Interval>{interval}</t:Interval></t:DailyRecurrence>")
        }
        Pattern::Weekly { interval, days, first_day } => format!(
            "<t:WeeklyRecurrence><t:Interval>{interval}</t:Interval><t:DaysOfWeek>{}</t:DaysOfWeek>\
             <t:FirstDayOfWeek>{}</t:FirstDayOfWeek></t:WeeklyRecurrence>",
            days.iter().map(name).collect::<Option<Vec<_>>>()?.join(" "),
            name(first_day)?
        ),
        Pattern::MonthlyByDate { interval, day } => format!(
            "<t:AbsoluteMonthlyRecurrence><t:Interval>{interval}</t:Interval><t:DayOfMonth>{day}</t:DayOfMonth>\
             </t:AbsoluteMonthlyRecurrence>"
        ),
        Pattern::MonthlyByWeekday { .. }
        | Pattern::YearlyByDate { .. }
        | Pattern::YearlyByWeekday { .. }
        | Pattern::Regenerating { .. }
        | Pattern::Foreign { .. } => return None,
    };
    let start = format!("<t:StartDate>{first}</t:StartDate>");
    let range = match &rule.range {
        Range::NoEnd => format!("<t:NoEndRecurrence>{start}</t:NoEndRecurrence>"),
        Range::Until(last) => {
            format!("<t:EndDateRecurrence>{start}<t:EndDate>{last}</t:EndDate></t:EndDateRecurrence>")
        }
        Range::Count(count) => format!(
            "<t:NumberedRecurrence>{start}<t:NumberOfOccurrences>{count}</t:NumberOfOccurrences></t:NumberedRecurrence>"
        ),
    };
    Some(format!("<t:Recurrence>{pattern}{range}</t:Recurrence>"))
}

/// Reads it.
pub(crate) fn read(node: &Node) -> Option<Recurrence> {
    let [pattern, range] = node.children.as_slice() else { return None };
    let number = |node: &Node, name: &str| node.text_at(&[name])?.trim().parse::<u32>().ok();
    let day = |name: &str| u8::try_from(DAYS.iter().position(|day| *day == name)? + 1).ok();
    let interval = number(pattern, "Interval")?;
    let pattern = match pattern.name.as_str() {
        "DailyRecurrence" => Pattern::Daily { interval },
        "WeeklyRecurrence" => Pattern::Weekly {
            interval,
            days: pattern.text_at(&["DaysOfWeek"])?.split_whitespace().map(day).collect::<Option<_>>()?,
            first_day: day(pattern.text_at(&["FirstDayOfWeek"])?.trim())?,
        },
        "AbsoluteMonthlyRecurrence" => {
            Pattern::MonthlyByDate { interval, day: u8::try_from(number(pattern, "DayOfMonth")?).ok()? }
        }
        _ => return None,
    };
    let range = match range.name.as_str() {
        "NoEndRecurrence" => Range::NoEnd,
        // A date may carry an offset behind it.
        "EndDateRecurrence" => Range::Until(range.text_at(&["EndDate"])?.get(..10)?.parse().ok()?),
        "NumberedRecurrence" => Range::Count(number(range, "NumberOfOccurrences")?),
        _ => return None,
    };
    Some(Recurrence { pattern, range })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_comes_back_as_it_was_written() {
        let first = jiff::civil::date(2026, 3, 4);
        let until = Range::Until(jiff::civil::date(2026, 5, 4));
        let weekly = Pattern::Weekly { interval: 2, days: [3, 7].into(), first_day: 1 };
        for (pattern, range) in [
            (Pattern::Daily { interval: 1 }, Range::Count(10)),
            (weekly, until),
            (Pattern::MonthlyByDate { interval: 1, day: 31 }, Range::NoEnd),
        ] {
            let rule = Recurrence { pattern, range };
            let text = written(&rule, first).expect("a rule of people's");
            let node = Node::read(text.as_bytes()).expect("xml");
            assert_eq!(read(&node), Some(rule));
        }
    }
}
