//! What hangs together in a write: an appointment's times and rule, a task's progress, a contact's names.

use model::{Field, Kind, Value, When};
use std::collections::BTreeMap;
use wire::ews::{self, Moment, Property};

use super::draft::{Draft, Drafting, word};
use super::{lens, rule, time};

impl Drafting<'_> {
    /// Start, end, zones and all-day go together; a series' rule goes with them (trap 79).
    pub(super) fn times(&self, fields: &BTreeMap<&Field, &Value>, draft: &mut Draft) -> Result<(), String> {
        let given = [Field::Start, Field::End, Field::Rule].map(|field| fields.get(&field).copied());
        if given.iter().all(Option::is_none) {
            return Ok(());
        }
        let [start, end, new_rule] = given;
        let present = match self.present {
            Some(item) => time::span(item, self.local)?,
            None => None,
        };
        let chosen = |value: Option<&Value>, present: Option<&When>| -> Result<When, String> {
            let given = value.and_then(Value::as_when).cloned();
            given.or_else(|| present.cloned()).ok_or_else(|| "it has no start or no end".to_owned())
        };
        let start_at = chosen(start, present.as_ref().map(|span| &span.0))?;
        let end_at = chosen(end, present.as_ref().map(|span| &span.1))?;
        if start.is_some() || end.is_some() {
            let zone = self.present.and_then(|item| item.zone(Property::StartTimeZone));
            let zone = zone.and_then(|definition| super::zone::read(definition, start_at.wall().date()));
            let local = if start_at.is_day() { zone.as_ref().unwrap_or(self.local) } else { self.local };
            let (from, to) = (lens::moment(&start_at), lens::moment(&end_at));
            for (property, value) in time::write_span(&from, &to, local)? {
                draft.set(property, value);
            }
        }
        let first = start_at.wall().date();
        match (new_rule, self.present.and_then(|item| item.value(Property::Recurrence))) {
            (Some(Value::Rule(new)), _) => {
                if time::is_jumped_over(&start_at) {
                    return Err(
                        "it begins in the hour that the clocks jump over, where Exchange would move the whole \
                                series"
                            .to_owned(),
                    );
                }
                draft.set(Property::Recurrence, ews::Value::Recurrence(rule::write(new, first)?));
                draft.sets_rule = true;
            }
            (Some(_), _) => draft.clear(Property::Recurrence, self.present),
            // The times of a series are its rule's: Exchange is told both, or it would keep the old ones.
            (None, Some(ews::Value::Recurrence(old))) if start.is_some() => {
                let old = rule::read(old);
                draft.set(Property::Recurrence, ews::Value::Recurrence(rule::write(&old, first)?));
                draft.sets_rule = true;
            }
            (None, Some(ews::Value::ForeignRule(_))) => return Err("its rule cannot be written".to_owned()),
            (None, _) => {}
        }
        Ok(())
    }

    /// Status, percent and done day go together, in an order that does not undo itself (rule C2), and a task's rule.
    pub(super) fn task(&self, fields: &BTreeMap<&Field, &Value>, draft: &mut Draft) -> Result<(), String> {
        let status = fields.get(&Field::Status).map(|value| value.as_text().unwrap_or("NotStarted"));
        let done = status == Some("Completed");
        let day = fields.get(&Field::DoneDay).is_some_and(|day| day.as_day().is_some());
        if let (Some(status), Some(path)) = (status, self.path(&Field::Status)) {
            // The day says it as well; in a new item the status stands behind it, and would make it today.
            if !(done && day && self.creates && self.path(&Field::DoneDay).is_some()) {
                draft.set(path, word(status));
            }
        }
        if let (Some(percent), Some(path)) = (fields.get(&Field::Percent), self.path(&Field::Percent)) {
            let number = match percent {
                Value::Number(number) => f64::from(i32::try_from(*number).unwrap_or(0).clamp(0, 100)),
                _ => 0.0,
            };
            // Completing sets a hundred by itself, and less than a hundred would undo it.
            if !done {
                draft.set(path, ews::Value::Fraction(number));
            }
        }
        if let (Some(day), Some(path)) = (fields.get(&Field::DoneDay), self.path(&Field::DoneDay)) {
            match day {
                Value::Day(day) => draft.set(path, ews::Value::Moment(Moment::midnight(*day))),
                // Any other status takes the day away by itself.
                _ if status.is_some() => {}
                _ => draft.clear(path, self.present),
            }
        }
        match (fields.get(&Field::Rule), self.path(&Field::Rule)) {
            (Some(Value::Rule(new)), Some(path)) => {
                let given = |field: Field| fields.get(&field).and_then(|value| value.as_day());
                let held = |property| {
                    let at = self.present.and_then(|item| item.moment(property));
                    at.and_then(|at| time::day(at, self.local))
                };
                let first = given(Field::StartDay)
                    .or_else(|| held(Property::StartDate))
                    .or_else(|| given(Field::DueDay))
                    .or_else(|| held(Property::DueDate))
                    .ok_or_else(|| "a recurring task needs a start or a due day".to_owned())?;
                draft.set(path, ews::Value::Recurrence(rule::write(new, first)?));
            }
            (Some(_), Some(path)) => draft.clear(path, self.present),
            (Some(_) | None, _) => {}
        }
        Ok(())
    }

    /// What Exchange files a contact under follows its names, until a person files it otherwise (trap 113).
    pub(super) fn names(&self, fields: &BTreeMap<&Field, &Value>, draft: &mut Draft) {
        let parts = [
            (Field::FirstName, Property::GivenName),
            (Field::LastName, Property::Surname),
            (Field::Company, Property::CompanyName),
        ];
        if !parts.iter().any(|(field, _)| fields.contains_key(field)) {
            return;
        }
        let old = parts.each_ref().map(|(_, property)| {
            self.present.and_then(|item| item.text(*property)).unwrap_or_default().trim().to_owned()
        });
        let mut new = old.clone();
        for (part, (field, _)) in new.iter_mut().zip(&parts) {
            if let Some(value) = fields.get(field) {
                *part = value.as_text().unwrap_or_default().trim().to_owned();
            }
        }
        let derived =
            [(Property::FileAs, file_as as fn(&[String; 3]) -> String), (Property::DisplayName, display_name)];
        for (property, derive) in derived {
            let present = self.present.and_then(|item| item.text(property)).unwrap_or_default();
            let follows = present.trim().is_empty() || present == derive(&old) || present == display_name(&old);
            let wanted = derive(&new);
            if follows && wanted != present && !wanted.is_empty() {
                draft.set(property, ews::Value::Text(wanted));
            }
        }
    }

    /// What a new item is given so that the server does not choose for us.
    pub(super) fn complete(&self, fields: &BTreeMap<&Field, &Value>, draft: &mut Draft) {
        let mut unless = |field: Field, property: Property, value: ews::Value| {
            if !fields.contains_key(&field) {
                draft.set(property, value);
            }
        };
        match self.map.kind {
            Kind::Contact => {}
            Kind::Appointment => {
                unless(Field::Reminder, Property::ReminderIsSet, ews::Value::Flag(false));
                unless(Field::ShowAs, Property::LegacyFreeBusyStatus, word("Busy"));
            }
            Kind::Task => unless(Field::ReminderAt, Property::ReminderIsSet, ews::Value::Flag(false)),
        }
    }
}

/// "Last, First", or the company.
fn file_as([first, last, company]: &[String; 3]) -> String {
    match (first.is_empty(), last.is_empty()) {
        (false, false) => format!("{last}, {first}"),
        (true, true) => company.clone(),
        (true, false) => last.clone(),
        (false, true) => first.clone(),
    }
}

/// "First Last", or the company.
fn display_name([first, last, company]: &[String; 3]) -> String {
    match (first.is_empty(), last.is_empty()) {
        (false, false) => format!("{first} {last}"),
        (true, true) => company.clone(),
        (true, false) => last.clone(),
        (false, true) => first.clone(),
    }
}
