//! What people write: every text is new, so that each value is a canary of its own.

use super::People;
use super::ledger::{mail_of, sign_of};
use jiff::ToSpan;
use jiff::civil::{Date, DateTime};
use model::{Domain, Field, Fields, Kind, Path, Pattern, Range, Recurrence, Side, Value, When, Zone};

impl People {
    /// A text nobody wrote before.
    pub(super) fn text(&mut self) -> String {
        self.serial += 1;
        format!("v{}", self.serial)
    }

    fn at(&self, field: Field, value: Value) -> (Path, Value) {
        (Path::of(field), value)
    }

    fn day(&self) -> Date {
        let days = i64::try_from(self.dice.below(50)).unwrap_or(0);
        self.today.checked_add((days + 2).days()).unwrap_or(self.today)
    }

    /// A start and an end: a span of days, or hours in one of several zones.
    pub(super) fn span(&mut self) -> (When, When) {
        let day = self.day();
        if self.dice.chance(150) {
            let last = day.checked_add(1.day()).unwrap_or(day);
            return (When::Day(day), When::Day(last));
        }
        let zone = match self.dice.below(3) {
            0 => Zone::utc(),
            1 => Zone::Iana("Europe/Berlin".to_owned()),
            _ => Zone::Iana("America/New_York".to_owned()),
        };
        let start = self.clock_time(day);
        (When::zoned(start, zone.clone()), When::zoned(later(start, 60), zone))
    }

    /// A time of a day at which nobody began anything before, as far as minutes go.
    pub(super) fn clock_time(&mut self, day: Date) -> DateTime {
        self.serial += 1;
        let minute = i64::try_from(self.serial % 600).unwrap_or(0);
        later(day.to_datetime(jiff::civil::Time::midnight()), 420 + minute)
    }

    /// A new record's fields.
    pub(super) fn fresh(&mut self, domain: Domain, side: Side, number: u64) -> Fields {
        let mut fields = Fields::new();
        match domain.kind() {
            Kind::Contact => {
                fields.extend([
                    self.at(Field::Email1, Value::text(mail_of(number))),
                    self.at(Field::FirstName, Value::text(format!("First{number}"))),
                    self.at(Field::LastName, Value::text(format!("Last{number}"))),
                ]);
            }
            Kind::Appointment => {
                let (start, end) = self.span();
                let subject = self.subject(number, side);
                fields.extend([
                    self.at(Field::Subject, subject),
                    self.at(Field::Start, Value::When(start)),
                    self.at(Field::End, Value::When(end)),
                ]);
            }
            Kind::Task => {
                let subject = self.subject(number, side);
                let due = self.day();
                fields.extend([self.at(Field::Subject, subject), self.at(Field::DueDay, Value::Day(due))]);
            }
        }
        for _ in 0..2 {
            let more = self.edit(domain, side, number, false);
            fields.extend(more);
        }
        fields.retain(|_, value| !value.is_blank());
        fields
    }

    fn subject(&mut self, number: u64, side: Side) -> Value {
        let text = self.text();
        let long = side == Side::Crm && !self.ledger.is_both(number) && self.dice.chance(100);
        let tail = if long { "x".repeat(70) } else { String::new() };
        Value::text(format!("{} {text} {tail}", sign_of(number)).trim().to_owned())
    }

    /// One edit: the fields of one unit.
    pub(super) fn edit(&mut self, domain: Domain, side: Side, number: u64, series: bool) -> Fields {
        let both = self.ledger.is_both(number);
        let text = Value::text(self.text());
        let lines = Value::text(format!("{}\nsecond line", self.text()));
        let roll = match (self.dice.below(7), domain.kind()) {
            // What it is known by stays while it is not linked.
            (0 | 3, Kind::Appointment) | (0 | 2, Kind::Task) if both => 1,
            (roll, _) => roll,
        };
        let changes: Vec<(Path, Value)> = match (domain.kind(), roll) {
            (Kind::Contact, 0) => vec![self.at(Field::JobTitle, text)],
            (Kind::Contact, 1) => {
                vec![self.at(Field::Company, text), self.at(Field::CompanyLocation, Value::text("Here"))]
            }
            (Kind::Contact, 2) => vec![self.at(Field::Body, lines)],
            (Kind::Contact, 3) => {
                let years = i64::try_from(self.serial % 60).unwrap_or(0);
                let birthday = self.today.checked_sub((years + 1).years()).unwrap_or(self.today);
                vec![self.at(Field::Birthday, Value::Day(birthday))]
            }
            (Kind::Contact, 4) => {
                vec![self.at(Field::BusinessStreet, text), self.at(Field::BusinessCity, Value::text("Town"))]
            }
            (Kind::Contact, 5) => vec![self.at(Field::MobilePhone, Value::text(format!("+49 89 {:05}", self.serial)))],
            (Kind::Contact, _) => vec![self.at(Field::Department, Value::Null)],
            (Kind::Appointment, 0) | (Kind::Task, 0) => {
                vec![(Path::of(Field::Subject), self.subject(number, side))]
            }
            (Kind::Appointment, 1) | (Kind::Task, 1) => vec![self.at(Field::Body, lines)],
            (Kind::Appointment, 2) => vec![self.at(Field::Location, text)],
            (Kind::Appointment, 3) if !series => {
                let (start, end) = self.span();
                vec![self.at(Field::Start, Value::When(start)), self.at(Field::End, Value::When(end))]
            }
            (Kind::Appointment, 4) => {
                let minutes = i64::try_from(self.serial % 500).unwrap_or(0);
                vec![self.at(Field::Reminder, Value::Number(minutes))]
            }
            (Kind::Appointment, 5) => {
                let word = ["Free", "OOF", "Tentative"];
                let word = self.dice.pick(&word).copied().unwrap_or("Free");
                vec![self.at(Field::ShowAs, Value::text(word))]
            }
            (Kind::Appointment, _) => vec![self.at(Field::Location, Value::Null)],
            (Kind::Task, 2) => vec![self.at(Field::DueDay, Value::Day(self.day()))],
            (Kind::Task, 3) => self.progress(side),
            (Kind::Task, 4) => vec![self.at(Field::Priority, Value::text(self.priority(side)))],
            (Kind::Task, _) => vec![self.at(Field::StartDay, Value::Day(self.today))],
        };
        changes.into_iter().collect()
    }

    fn priority(&self, side: Side) -> &'static str {
        let words: &[&'static str] = match side {
            Side::Crm => &["1-ASAP", "2-High", "4-Low"],
            Side::Pim => &["High", "Low", "Normal"],
        };
        self.dice.pick(words).copied().unwrap_or("High")
    }

    fn progress(&self, side: Side) -> Vec<(Path, Value)> {
        let percent = i64::try_from(self.serial % 99).unwrap_or(0) + 1;
        let word = match (side, self.dice.chance(500)) {
            (Side::Crm, true) => "In Progress",
            (Side::Crm, false) => "On Hold",
            (Side::Pim, true) => "InProgress",
            (Side::Pim, false) => "WaitingOnOthers",
        };
        vec![self.at(Field::Status, Value::text(word)), self.at(Field::Percent, Value::Number(percent))]
    }

    /// The rule of a series.
    pub(super) fn rule(&mut self, first: Date) -> Recurrence {
        let interval = u32::try_from(self.dice.below(2)).unwrap_or(0) + 1;
        let weekday = model::recurrence::iso(first);
        match self.dice.below(3) {
            0 => Recurrence { pattern: Pattern::Daily { interval }, range: Range::Count(10) },
            1 => Recurrence {
                pattern: Pattern::Weekly { interval, days: [weekday, weekday % 7 + 1].into(), first_day: 1 },
                range: Range::Until(first.checked_add(60.days()).unwrap_or(first)),
            },
            _ => Recurrence {
                pattern: Pattern::MonthlyByDate { interval, day: u8::try_from(first.day()).unwrap_or(1) },
                range: Range::NoEnd,
            },
        }
    }
}

/// Minutes later.
pub(super) fn later(at: DateTime, minutes: i64) -> DateTime {
    at.checked_add(minutes.minutes()).unwrap_or(at)
}
