//! What an edit makes of an activity's fields, and what is wrong with it: pure, every fault at once.

use crate::activity::Display;
use crate::activity_progress::{at, progress};
use crate::error::Fault;
use crate::limits::{EXCEPTIONS, EXTENSIONS, OCCURRENCES, PEOPLE};
use crate::value::{extension_of, fault, kept};
use jiff::civil::{Date, DateTime, Time};
use model::domain::Kind;
use model::field::of_kind;
use model::{Field, Fields, Path, Pattern, Range, Recurrence, Value, When, Zone};
use std::collections::BTreeSet;

/// The fields that belong to the activity itself, shared by everybody on it.
pub(crate) const SHARED: &[Field] = {
    use Field as F;
    &[
        F::Subject,
        F::Body,
        F::Location,
        F::ActivityType,
        F::Status,
        F::Priority,
        F::Start,
        F::End,
        F::StartDay,
        F::DueDay,
        F::DoneDay,
        F::Percent,
        F::ReminderAt,
        F::Rule,
        F::Cancelled,
    ]
};

const STATUS: &[&str] =
    &["Not Started", "Acknowledged", "In Progress", "Done", "On Hold", "Deferred", "Cancelled", "Declined"];
const PRIORITY: &[&str] = &["1-ASAP", "2-High", "3-Medium", "4-Low"];
const STATE: &[&str] = &["modified", "cancelled"];
/// Ways of showing time: compared by their letters alone, so that the mailbox's spelling is known too.
const SHOW_AS: &[&str] =
    &["Free", "Tentative", "Busy", "Out of office", "OOF", "Working elsewhere", "WorkingElsewhere"];
/// Ten years, in minutes.
const REMINDER_MINUTES: i64 = 10 * 366 * 24 * 60;

/// An edit taken apart by whom its fields belong to.
#[derive(Default)]
pub(crate) struct Parts {
    /// The activity's own fields, its occurrences and extensions.
    pub(crate) shared: Fields,
    /// What the editing employee has for himself.
    pub(crate) own: Fields,
    /// The people, by name and address.
    pub(crate) attendees: Option<Value>,
    /// The organiser.
    pub(crate) organizer: Option<Value>,
}

/// Takes an edit apart.
pub(crate) fn parts(edit: &Fields) -> Parts {
    let mut parts = Parts::default();
    for (path, value) in edit {
        let value = kept(path, value);
        match (&path.field, path.occurrence) {
            (Field::Attendees, None) => parts.attendees = Some(value),
            (Field::Organizer, None) => parts.organizer = Some(value),
            (field, None) if field.is_own() => {
                parts.own.insert(path.clone(), value);
            }
            (_, _) => {
                parts.shared.insert(path.clone(), value);
            }
        }
    }
    parts
}

/// What is wrong with the form of an edit.
pub(crate) fn form_faults(edit: &Fields) -> Vec<Fault> {
    let mut faults: Vec<Fault> = edit.iter().filter_map(|(path, value)| fault(path, value)).collect();
    for (path, value) in edit {
        let field = &path.field;
        let known = of_kind(Kind::Appointment, field) || of_kind(Kind::Task, field);
        let message = match (path.occurrence, value) {
            (Some(_), _) if !of_kind(Kind::Appointment, field) || matches!(field, Field::Rule | Field::Organizer) => {
                "an occurrence has no such field".to_owned()
            }
            (None, _) if !known || *field == Field::State => "an activity has no such field".to_owned(),
            (_, Value::People(people)) if people.len() > PEOPLE => {
                format!("at most {PEOPLE} people")
            }
            (_, Value::People(people)) if *field == Field::Organizer && people.len() > 1 => {
                "a meeting has one organiser".to_owned()
            }
            (_, Value::Number(n)) if *field == Field::Percent && !(0..=100).contains(n) => "0 to 100".to_owned(),
            (_, Value::Number(n)) if *field == Field::Reminder && !(0..=REMINDER_MINUTES).contains(n) => {
                format!("0 to {REMINDER_MINUTES} minutes")
            }
            (_, Value::Text(word)) if *field == Field::ShowAs && word.trim().is_empty() => continue,
            (_, Value::Text(word)) => match words(field) {
                Some(words) if !words.iter().any(|known| is_word(field, known, word)) => {
                    format!("one of: {}", words.join(", "))
                }
                Some(_) | None => continue,
            },
            (_, _) => continue,
        };
        faults.push(Fault::new(path, message));
    }
    faults
}

fn is_word(field: &Field, known: &str, word: &str) -> bool {
    let letters = |text: &str| text.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_ascii_lowercase();
    if *field == Field::ShowAs { letters(known) == letters(word) } else { known == word.trim() }
}

/// The words a field takes, where it takes only some.
#[must_use]
pub fn words(field: &Field) -> Option<&'static [&'static str]> {
    match field {
        Field::Status => Some(STATUS),
        Field::Priority => Some(PRIORITY),
        Field::State => Some(STATE),
        Field::ShowAs => Some(SHOW_AS),
        _ => None,
    }
}

/// The shared fields after an edit: what belongs together is kept together, and exceptions stay only where their series
/// still has a date (rule R3).
pub(crate) fn edited(before: &Fields, edit: &Fields, today: Date) -> Fields {
    let back_to_series = |path: &Path, value: &Value| path.field == Field::State && value.is_blank();
    let start = edit.get(&Path::of(Field::Start)).or_else(|| before.get(&Path::of(Field::Start)));
    let clock = start.and_then(Value::as_when).map(|when| when.wall().time());
    let back: BTreeSet<DateTime> = edit
        .iter()
        .filter(|(path, value)| back_to_series(path, value))
        .filter_map(|(path, _)| named(path, clock).occurrence)
        .collect();
    // As the series again, but for what the same edit says of it.
    let mut after: Fields = before.iter().map(|(path, value)| (named(path, clock), value.clone())).collect();
    after.retain(|path, _| path.occurrence.is_none_or(|start| !back.contains(&start)));
    // Said under the start that it had and under the one that it has now, the latter counts.
    let said = edit.iter().filter(|(path, value)| !back_to_series(path, value));
    let (now, once): (Vec<_>, Vec<_>) = said.partition(|(path, _)| named(path, clock) == **path);
    after.extend(once.into_iter().chain(now).map(|(path, value)| (named(path, clock), value.clone())));
    progress(before, edit, &mut after, today);
    survivors(before, &mut after);
    name_states(&mut after);
    after
}

/// A series has one occurrence a day, known by that day and the series' clock time, whatever time it is named by: one row
/// for each, also when its series is moved in the same edit (rule R3).
fn named(path: &Path, clock: Option<Time>) -> Path {
    match (path.occurrence, clock) {
        (Some(start), Some(clock)) => Path::occurrence(start.date().to_datetime(clock), path.field.clone()),
        (_, _) => path.clone(),
    }
}

/// A rule or start that changed: exceptions go where the series has no date any more. Without a rule there are none.
fn survivors(before: &Fields, after: &mut Fields) {
    let Some(rule) = after.get(&Path::of(Field::Rule)).and_then(Value::as_rule).cloned() else {
        after.retain(|path, _| path.occurrence.is_none());
        return;
    };
    let changed = |field: Field| before.get(&Path::of(field.clone())) != after.get(&Path::of(field));
    if !changed(Field::Rule) && !changed(Field::Start) {
        return;
    }
    let Some(start) = after.get(&Path::of(Field::Start)).and_then(Value::as_when).map(When::wall) else {
        return;
    };
    after.retain(|path, _| path.occurrence.is_none_or(|original| expands(&rule, start.date(), original.date())));
}

/// Whether the series has a date on that day; a rule that nobody here can expand keeps all its exceptions.
fn expands(rule: &Recurrence, first: Date, day: Date) -> bool {
    match rule.pattern {
        Pattern::Foreign { .. } | Pattern::Regenerating { .. } => true,
        Pattern::Daily { .. }
        | Pattern::Weekly { .. }
        | Pattern::MonthlyByDate { .. }
        | Pattern::MonthlyByWeekday { .. }
        | Pattern::YearlyByDate { .. }
        | Pattern::YearlyByWeekday { .. } => rule.falls_on(first, day),
    }
}

/// An occurrence that says anything is at least "modified"; one that is cancelled says nothing else. What is as the series
/// stands nowhere, so an occurrence in which nothing differs is none; what the series does not say is not cleared either.
fn name_states(after: &mut Fields) {
    let unsaid: BTreeSet<Field> =
        SHARED.iter().filter(|field| at(after, (*field).clone()).is_blank()).cloned().collect();
    after.retain(|path, value| match value {
        Value::Null => path.occurrence.is_none(),
        Value::Cleared => !unsaid.contains(&path.field),
        _ => true,
    });
    let occurrences: BTreeSet<DateTime> = after.keys().filter_map(|path| path.occurrence).collect();
    for start in occurrences {
        let path = Path::occurrence(start, Field::State);
        if after.get(&path).and_then(Value::as_text) == Some("cancelled") {
            after.retain(|known, _| known.occurrence != Some(start) || known.field == Field::State);
            continue;
        }
        if after.keys().any(|known| known.occurrence == Some(start) && known.field != Field::State) {
            after.insert(path, Value::text("modified"));
        } else {
            after.remove(&path);
        }
    }
}

/// What is wrong with the whole that an edit makes.
pub(crate) fn whole_faults(display: Display, after: &Fields, edit: &Fields) -> Vec<Fault> {
    let mut faults = Vec::new();
    let when = |path: &Path| after.get(path).and_then(Value::as_when);
    let day = |field: Field| after.get(&Path::of(field)).and_then(Value::as_day);
    let (start, end) = (when(&Path::of(Field::Start)), when(&Path::of(Field::End)));
    faults.extend(span_fault(&Path::of(Field::End), start, end));
    if let (Some(start), Some(due)) = (day(Field::StartDay), day(Field::DueDay))
        && due < start
    {
        faults.push(Fault::new(Field::DueDay, "is before the start"));
    }
    let rule = after.get(&Path::of(Field::Rule)).and_then(Value::as_rule);
    let first = match display {
        Display::Calendar => start.map(|start| start.wall().date()),
        Display::ToDo => day(Field::StartDay).or(day(Field::DueDay)),
        Display::ActivitiesOnly => {
            start.map(|start| start.wall().date()).or(day(Field::StartDay)).or(day(Field::DueDay))
        }
    };
    match (rule, first) {
        (Some(_), None) => faults.push(Fault::new(Field::Rule, "a series needs a start")),
        (Some(rule), Some(first)) => {
            faults.extend(rule.fault(first).map(|text| Fault::new(Field::Rule, text)));
            if matches!(rule.range, Range::Count(count) if count > OCCURRENCES) {
                faults.push(Fault::new(Field::Rule, format!("at most {OCCURRENCES} occurrences")));
            }
        }
        (None, _) => {}
    }
    let told: BTreeSet<DateTime> = edit
        .iter()
        .filter(|(path, value)| path.field != Field::State || !value.is_blank())
        .filter_map(|(path, _)| path.occurrence)
        .collect();
    for original in told {
        let path = Path::occurrence(original, Field::State);
        match (rule, first) {
            (Some(rule), Some(first)) if faults.is_empty() && !expands(rule, first, original.date()) => {
                faults.push(Fault::new(&path, "the series has no occurrence on that day"));
            }
            (None, _) => faults.push(Fault::new(&path, "only a series has occurrences")),
            (Some(_), _) => {}
        }
        let clock = start.map(|start| start.wall().time());
        let moved = |field: Field| when(&named(&Path::occurrence(original, field), clock));
        let end_path = Path::occurrence(original, Field::End);
        faults.extend(span_fault(&end_path, moved(Field::Start), moved(Field::End)));
    }
    if after.keys().filter(|path| path.occurrence.is_some()).count() > EXCEPTIONS {
        faults.push(Fault::new(Field::Rule, format!("at most {EXCEPTIONS} values of changed occurrences")));
    }
    if extension_of(after).len() > EXTENSIONS {
        faults.push(Fault::new("x", format!("at most {EXTENSIONS} extension fields")));
    }
    faults
}

fn span_fault(path: &Path, start: Option<&When>, end: Option<&When>) -> Option<Fault> {
    let (Some(start), Some(end)) = (start, end) else {
        return None;
    };
    if start.is_day() != end.is_day() {
        return Some(Fault::new(path, "start and end are both days or both times"));
    }
    let utc = Zone::utc();
    let backwards = match (start, end) {
        (When::Day(start), When::Day(end)) => end < start,
        (When::Day(_) | When::Floating(_) | When::Zoned { .. }, _) => end.instant(&utc) < start.instant(&utc),
    };
    backwards.then(|| Fault::new(path, "is before the start"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activity_extent::extent;
    use jiff::Timestamp;

    fn wall(text: &str) -> DateTime {
        text.parse().expect("a wall time")
    }

    fn date(text: &str) -> Date {
        text.parse().expect("a date")
    }

    fn berlin(text: &str) -> Value {
        Value::When(When::zoned(wall(text), Zone::iana("Europe/Berlin").expect("known")))
    }

    fn weekly(days: &[u8]) -> Value {
        Value::Rule(Recurrence {
            pattern: Pattern::Weekly { interval: 1, days: days.iter().copied().collect(), first_day: 1 },
            range: Range::NoEnd,
        })
    }

    fn series() -> Fields {
        Fields::from([
            (Path::of(Field::Start), berlin("2026-03-02T10:00:00")),
            (Path::of(Field::End), berlin("2026-03-02T11:00:00")),
            (Path::of(Field::Rule), weekly(&[1, 3])),
            (Path::occurrence(wall("2026-03-09T10:00:00"), Field::State), Value::text("cancelled")),
            (Path::occurrence(wall("2026-03-11T10:00:00"), Field::Location), Value::text("Attic")),
            (Path::occurrence(wall("2026-03-11T10:00:00"), Field::State), Value::text("modified")),
        ])
    }

    // R3
    #[test]
    fn a_new_rule_keeps_the_exceptions_that_still_fall_on_it() {
        let edit = Fields::from([(Path::of(Field::Rule), weekly(&[3]))]);
        let after = edited(&series(), &edit, date("2026-03-01"));
        assert!(after.contains_key(&Path::occurrence(wall("2026-03-11T10:00:00"), Field::Location)));
        assert!(!after.contains_key(&Path::occurrence(wall("2026-03-09T10:00:00"), Field::State)));
    }

    // R3
    #[test]
    fn exceptions_move_with_the_clock_time_of_their_series() {
        let edit = Fields::from([(Path::of(Field::Start), berlin("2026-03-02T14:30:00"))]);
        let after = edited(&series(), &edit, date("2026-03-01"));
        assert_eq!(
            after.get(&Path::occurrence(wall("2026-03-11T14:30:00"), Field::Location)),
            Some(&Value::text("Attic"))
        );
        assert!(!after.contains_key(&Path::occurrence(wall("2026-03-11T10:00:00"), Field::Location)));
    }

    // R3
    #[test]
    fn an_occurrence_named_by_its_start_of_before_stands_once() {
        let late = Value::text("Late");
        let said = |day: &str| Path::occurrence(wall(&format!("2026-03-11T{day}")), Field::Subject);
        let edit = Fields::from([
            (Path::of(Field::Start), berlin("2026-03-02T11:00:00")),
            (Path::of(Field::End), berlin("2026-03-02T12:00:00")),
            (said("10:00:00"), late.clone()),
        ]);
        let after = edited(&series(), &edit, date("2026-03-01"));
        let of_the_day = |fields: &Fields| -> BTreeSet<DateTime> {
            let starts = fields.keys().filter_map(|path| path.occurrence);
            starts.filter(|start| start.date() == date("2026-03-11")).collect()
        };
        assert_eq!(of_the_day(&after), [wall("2026-03-11T11:00:00")].into());
        assert_eq!(after.get(&said("11:00:00")), Some(&late));
        // Whoever names it by the other start means the same one.
        for start in ["10:00:00", "11:00:00"] {
            let again = edited(&after, &Fields::from([(said(start), Value::text("Later"))]), date("2026-03-01"));
            assert_eq!(of_the_day(&again), [wall("2026-03-11T11:00:00")].into());
            assert_eq!(again.get(&said("11:00:00")), Some(&Value::text("Later")));
        }
        let state = Path::occurrence(wall("2026-03-11T10:00:00"), Field::State);
        let back = edited(&after, &Fields::from([(state, Value::Null)]), date("2026-03-01"));
        assert!(of_the_day(&back).is_empty());
        // Named by both, the start it has now counts.
        let both = Fields::from([(said("11:00:00"), late.clone()), (said("15:00:00"), Value::text("Other"))]);
        let after = edited(&after, &both, date("2026-03-01"));
        assert_eq!((of_the_day(&after).len(), after.get(&said("11:00:00"))), (1, Some(&late)));
    }

    #[test]
    fn without_a_rule_there_are_no_exceptions() {
        let edit = Fields::from([(Path::of(Field::Rule), Value::Null)]);
        let after = edited(&series(), &edit, date("2026-03-01"));
        assert!(after.keys().all(|path| path.occurrence.is_none()));
    }

    #[test]
    fn an_occurrence_without_a_state_is_as_the_series_again() {
        let edit = Fields::from([(Path::occurrence(wall("2026-03-11T10:00:00"), Field::State), Value::Null)]);
        let after = edited(&series(), &edit, date("2026-03-01"));
        assert!(!after.contains_key(&Path::occurrence(wall("2026-03-11T10:00:00"), Field::Location)));
        assert!(after.contains_key(&Path::occurrence(wall("2026-03-09T10:00:00"), Field::State)));
        assert_eq!(whole_faults(Display::Calendar, &after, &edit), []);
    }

    // R3
    #[test]
    fn an_occurrence_in_which_nothing_differs_any_more_is_as_the_series() {
        let edit = Fields::from([(Path::occurrence(wall("2026-03-11T10:00:00"), Field::Location), Value::Null)]);
        let after = edited(&series(), &edit, date("2026-03-01"));
        let left: Vec<String> =
            after.keys().filter(|path| path.occurrence.is_some()).map(ToString::to_string).collect();
        assert_eq!(left, ["occurrence(2026-03-09T10:00:00).state"]);
    }

    #[test]
    fn an_occurrence_off_the_series_is_refused() {
        let path = Path::occurrence(wall("2026-03-10T10:00:00"), Field::Subject);
        let edit = Fields::from([(path, Value::text("Odd one"))]);
        let after = edited(&series(), &edit, date("2026-03-01"));
        assert_eq!(whole_faults(Display::Calendar, &after, &edit).len(), 1);
    }

    // trap 38
    #[test]
    fn an_end_before_its_start_is_refused_and_a_day_long_one_is_not() {
        let backwards = Fields::from([
            (Path::of(Field::Start), berlin("2026-03-02T10:00:00")),
            (Path::of(Field::End), berlin("2026-03-02T09:00:00")),
        ]);
        assert_eq!(whole_faults(Display::Calendar, &backwards, &backwards)[0].field, "end");
        let day = Value::When(When::Day(date("2026-03-02")));
        let all_day = Fields::from([(Path::of(Field::Start), day.clone()), (Path::of(Field::End), day)]);
        assert_eq!(whole_faults(Display::Calendar, &all_day, &all_day), []);
        let mixed = Fields::from([
            (Path::of(Field::Start), berlin("2026-03-02T10:00:00")),
            (Path::of(Field::End), Value::When(When::Day(date("2026-03-03")))),
        ]);
        assert_eq!(whole_faults(Display::Calendar, &mixed, &mixed).len(), 1);
    }

    #[test]
    fn done_is_a_hundred_percent_and_has_its_day_unless_the_edit_says_otherwise() {
        let edit = Fields::from([(Path::of(Field::Status), Value::text("Done"))]);
        let after = edited(&Fields::new(), &edit, date("2026-03-05"));
        assert_eq!(after.get(&Path::of(Field::Percent)), Some(&Value::Number(100)));
        assert_eq!(after.get(&Path::of(Field::DoneDay)), Some(&Value::Day(date("2026-03-05"))));
        let said = Fields::from([
            (Path::of(Field::Status), Value::text("Done")),
            (Path::of(Field::DoneDay), Value::Day(date("2026-03-04"))),
        ]);
        let after = edited(&Fields::new(), &said, date("2026-03-05"));
        assert_eq!(after.get(&Path::of(Field::DoneDay)), Some(&Value::Day(date("2026-03-04"))));
        let again = Fields::from([(Path::of(Field::Status), Value::text("In Progress"))]);
        let after = edited(&after, &again, date("2026-03-06"));
        assert_eq!(after.get(&Path::of(Field::DoneDay)), Some(&Value::Null));
        assert_eq!(after.get(&Path::of(Field::Percent)), Some(&Value::Number(0)));
        let begun = Fields::from([(Path::of(Field::Percent), Value::Number(30))]);
        let after = edited(&Fields::new(), &begun, date("2026-03-06"));
        assert_eq!(after.get(&Path::of(Field::Status)), Some(&Value::text("In Progress")));
    }

    #[test]
    fn every_fault_of_form_is_named_at_once() {
        let edit = Fields::from([
            (Path::of(Field::Subject), Value::Number(3)),
            (Path::of(Field::Status), Value::text("Perhaps")),
            (Path::of(Field::Percent), Value::Number(101)),
            (Path::of(Field::FirstName), Value::text("x")),
            (Path::of(Field::State), Value::text("modified")),
        ]);
        let fields: Vec<String> = form_faults(&edit).into_iter().map(|fault| fault.field).collect();
        for field in ["subject", "status", "percent", "first_name", "state"] {
            assert!(fields.contains(&field.to_owned()), "{field}");
        }
    }

    #[test]
    fn a_series_takes_time_until_its_last_day() {
        let mut fields = series();
        assert_eq!(extent(&fields).1, Some(Timestamp::MAX));
        fields.insert(
            Path::of(Field::Rule),
            Value::Rule(Recurrence { pattern: Pattern::Daily { interval: 1 }, range: Range::Count(3) }),
        );
        let (start, end) = extent(&fields);
        assert_eq!(start.map(|at| at.to_string()).as_deref(), Some("2026-03-02T09:00:00Z"));
        assert_eq!(end.map(|at| at.to_string()).as_deref(), Some("2026-03-06T00:00:00Z"));
    }
}
