//! The rule of a series or a recurring task: its pattern and how long it goes on.

use super::moment::read_day;
use crate::xml::{Error, Reader, Writer};
use jiff::civil::Date;

/// A rule.
///
/// <https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/recurrence-recurrencetype>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recurrence {
    /// When it recurs.
    pub pattern: Pattern,
    /// From when and until when.
    pub range: Range,
}

/// When a rule recurs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// Every so many days.
    Daily {
        /// How many days apart.
        interval: u32,
    },
    /// On days of every so many weeks.
    Weekly {
        /// How many weeks apart.
        interval: u32,
        /// On which days.
        days: Vec<DayOfWeek>,
        /// With which day a week begins; the server's own when not given.
        first: Option<DayOfWeek>,
    },
    /// On a day of every so many months.
    AbsoluteMonthly {
        /// How many months apart.
        interval: u32,
        /// On which day of the month; a shorter month has it on its last.
        day: u32,
    },
    /// On the n-th such day of every so many months.
    RelativeMonthly {
        /// How many months apart.
        interval: u32,
        /// Which day.
        day: DayOfWeek,
        /// Which of them.
        week: Week,
    },
    /// On a date of every year.
    AbsoluteYearly {
        /// On which day of the month.
        day: u32,
        /// In which month, 1 to 12.
        month: u32,
    },
    /// On the n-th such day of a month, every year.
    RelativeYearly {
        /// Which day.
        day: DayOfWeek,
        /// Which of them.
        week: Week,
        /// In which month, 1 to 12.
        month: u32,
    },
    /// So many days after completion.
    DailyRegeneration {
        /// How many days.
        interval: u32,
    },
    /// So many weeks after completion.
    WeeklyRegeneration {
        /// How many weeks.
        interval: u32,
    },
    /// So many months after completion.
    MonthlyRegeneration {
        /// How many months.
        interval: u32,
    },
    /// So many years after completion.
    YearlyRegeneration {
        /// How many years.
        interval: u32,
    },
}

/// How long a rule goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// For ever.
    NoEnd {
        /// Its first day.
        start: Date,
    },
    /// Until a day, which is included.
    EndDate {
        /// Its first day.
        start: Date,
        /// Its last day.
        end: Date,
    },
    /// A number of times.
    Numbered {
        /// Its first day.
        start: Date,
        /// How many times.
        count: u32,
    },
}

impl Range {
    /// The first day.
    pub fn start(self) -> Date {
        match self {
            Self::NoEnd { start } | Self::EndDate { start, .. } | Self::Numbered { start, .. } => start,
        }
    }
}

/// A day of the week, or a set of them taken as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names of days say what they are")]
pub enum DayOfWeek {
    Sunday,
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    /// Any day.
    Day,
    /// Monday to Friday.
    Weekday,
    /// Saturday and Sunday.
    WeekendDay,
}

impl DayOfWeek {
    const ALL: [Self; 10] = [
        Self::Sunday,
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Day,
        Self::Weekday,
        Self::WeekendDay,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sunday => "Sunday",
            Self::Monday => "Monday",
            Self::Tuesday => "Tuesday",
            Self::Wednesday => "Wednesday",
            Self::Thursday => "Thursday",
            Self::Friday => "Friday",
            Self::Saturday => "Saturday",
            Self::Day => "Day",
            Self::Weekday => "Weekday",
            Self::WeekendDay => "WeekendDay",
        }
    }

    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|d| d.name().eq_ignore_ascii_case(name.trim()))
    }
}

/// Which of the days of a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "ordinal numbers say what they are")]
pub enum Week {
    First,
    Second,
    Third,
    Fourth,
    Last,
}

impl Week {
    const ALL: [Self; 5] = [Self::First, Self::Second, Self::Third, Self::Fourth, Self::Last];

    fn name(self) -> &'static str {
        match self {
            Self::First => "First",
            Self::Second => "Second",
            Self::Third => "Third",
            Self::Fourth => "Fourth",
            Self::Last => "Last",
        }
    }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The most that is kept of a rule without a name.
const MOST_WORDS: usize = 1000;

/// Everything that may stand inside a pattern or range, collected before it is given a meaning.
#[derive(Default)]
struct Parts {
    interval: Option<u32>,
    days: Option<Vec<DayOfWeek>>,
    first: Option<DayOfWeek>,
    day: Option<u32>,
    week: Option<Week>,
    month: Option<u32>,
    start: Option<Date>,
    end: Option<Date>,
    count: Option<u32>,
}

impl Parts {
    fn read(&mut self, r: &mut Reader<'_>, words: &mut String) -> Result<(), Error> {
        r.children(|r, element| {
            let name = element.name;
            let text = r.text()?;
            let text = text.trim();
            if words.len() < MOST_WORDS {
                words.push_str(&format!("{name} {text};"));
            }
            match name {
                "Interval" => self.interval = text.parse().ok(),
                "DaysOfWeek" => self.days = text.split_whitespace().map(DayOfWeek::of).collect(),
                "FirstDayOfWeek" => self.first = DayOfWeek::of(text),
                "DayOfMonth" => self.day = text.parse().ok(),
                "DayOfWeekIndex" => {
                    self.week = Week::ALL.into_iter().find(|w| w.name().eq_ignore_ascii_case(text));
                }
                "Month" => {
                    let at = MONTHS.iter().position(|m| m.eq_ignore_ascii_case(text));
                    self.month = at.and_then(|m| u32::try_from(m + 1).ok());
                }
                "StartDate" => self.start = read_day(text),
                "EndDate" => self.end = read_day(text),
                "NumberOfOccurrences" => self.count = text.parse().ok(),
                _ => {}
            }
            Ok(())
        })
    }

    fn only_day(&self) -> Option<DayOfWeek> {
        match self.days.as_deref() {
            Some([day]) => Some(*day),
            _ => None,
        }
    }

    fn pattern(&self, name: &str) -> Option<Pattern> {
        Some(match name {
            "DailyRecurrence" => Pattern::Daily { interval: self.interval? },
            "WeeklyRecurrence" => {
                let days = self.days.clone().filter(|d| !d.is_empty())?;
                Pattern::Weekly { interval: self.interval?, days, first: self.first }
            }
            "AbsoluteMonthlyRecurrence" => Pattern::AbsoluteMonthly { interval: self.interval?, day: self.day? },
            "RelativeMonthlyRecurrence" => {
                Pattern::RelativeMonthly { interval: self.interval?, day: self.only_day()?, week: self.week? }
            }
            "AbsoluteYearlyRecurrence" => Pattern::AbsoluteYearly { day: self.day?, month: self.month? },
            "RelativeYearlyRecurrence" => {
                Pattern::RelativeYearly { day: self.only_day()?, week: self.week?, month: self.month? }
            }
            "DailyRegeneration" => Pattern::DailyRegeneration { interval: self.interval? },
            "WeeklyRegeneration" => Pattern::WeeklyRegeneration { interval: self.interval? },
            "MonthlyRegeneration" => Pattern::MonthlyRegeneration { interval: self.interval? },
            "YearlyRegeneration" => Pattern::YearlyRegeneration { interval: self.interval? },
            _ => return None,
        })
    }

    fn range(&self, name: &str) -> Option<Range> {
        Some(match name {
            "NoEndRecurrence" => Range::NoEnd { start: self.start? },
            "EndDateRecurrence" => Range::EndDate { start: self.start?, end: self.end? },
            "NumberedRecurrence" => Range::Numbered { start: self.start?, count: self.count? },
            _ => return None,
        })
    }
}

impl Recurrence {
    /// Reads a rule; the server's own words for it when it has a pattern we cannot name. It is then left as
    /// it is on both sides, never replaced by a rule that is nearly the same. (trap 68)
    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Result<Self, String>, Error> {
        let (mut pattern, mut range) = (None, None);
        let mut words = String::new();
        r.children(|r, element| {
            let mut parts = Parts::default();
            words.push_str(element.name);
            words.push('(');
            parts.read(r, &mut words)?;
            words.push(')');
            pattern = pattern.take().or(parts.pattern(element.name));
            range = range.or(parts.range(element.name));
            Ok(())
        })?;
        let rule = pattern.zip(range).map(|(pattern, range)| Self { pattern, range });
        Ok(rule.ok_or_else(|| words.chars().take(MOST_WORDS).collect()))
    }

    pub(crate) fn write(&self, w: &mut Writer) {
        self.pattern.write(w);
        match self.range {
            Range::NoEnd { start } => {
                w.element("t:NoEndRecurrence", &[], |w| w.text("t:StartDate", &start.to_string()));
            }
            Range::EndDate { start, end } => w.element("t:EndDateRecurrence", &[], |w| {
                w.text("t:StartDate", &start.to_string());
                w.text("t:EndDate", &end.to_string());
            }),
            Range::Numbered { start, count } => w.element("t:NumberedRecurrence", &[], |w| {
                w.text("t:StartDate", &start.to_string());
                w.text("t:NumberOfOccurrences", &count.to_string());
            }),
        }
    }
}

impl Pattern {
    fn write(&self, w: &mut Writer) {
        let number = |w: &mut Writer, name: &str, n: u32| w.text(name, &n.to_string());
        let month = |w: &mut Writer, month: u32| {
            let at = usize::try_from(month).unwrap_or(1).clamp(1, 12) - 1;
            w.text("t:Month", MONTHS[at]);
        };
        let only = |w: &mut Writer, name: &str, interval: u32| {
            w.element(name, &[], |w| number(w, "t:Interval", interval));
        };
        match self {
            Self::Daily { interval } => only(w, "t:DailyRecurrence", *interval),
            Self::Weekly { interval, days, first } => w.element("t:WeeklyRecurrence", &[], |w| {
                number(w, "t:Interval", *interval);
                let days: Vec<&str> = days.iter().map(|d| d.name()).collect();
                w.text("t:DaysOfWeek", &days.join(" "));
                if let Some(first) = first {
                    w.text("t:FirstDayOfWeek", first.name());
                }
            }),
            Self::AbsoluteMonthly { interval, day } => w.element("t:AbsoluteMonthlyRecurrence", &[], |w| {
                number(w, "t:Interval", *interval);
                number(w, "t:DayOfMonth", *day);
            }),
            Self::RelativeMonthly { interval, day, week } => w.element("t:RelativeMonthlyRecurrence", &[], |w| {
                number(w, "t:Interval", *interval);
                w.text("t:DaysOfWeek", day.name());
                w.text("t:DayOfWeekIndex", week.name());
            }),
            Self::AbsoluteYearly { day, month: in_month } => w.element("t:AbsoluteYearlyRecurrence", &[], |w| {
                number(w, "t:DayOfMonth", *day);
                month(w, *in_month);
            }),
            Self::RelativeYearly { day, week, month: in_month } => {
                w.element("t:RelativeYearlyRecurrence", &[], |w| {
                    w.text("t:DaysOfWeek", day.name());
                    w.text("t:DayOfWeekIndex", week.name());
                    month(w, *in_month);
                });
            }
            Self::DailyRegeneration { interval } => only(w, "t:DailyRegeneration", *interval),
            Self::WeeklyRegeneration { interval } => only(w, "t:WeeklyRegeneration", *interval),
            Self::MonthlyRegeneration { interval } => only(w, "t:MonthlyRegeneration", *interval),
            Self::YearlyRegeneration { interval } => only(w, "t:YearlyRegeneration", *interval),
        }
    }
}
