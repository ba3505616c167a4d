//! The columns that contacts and employees have in common: names, phones, addresses, comment.

use crate::db::{Cells, Row};
use crate::error::Error;
use crate::value::{day_of, day_value, indexed, key_of, text_of, text_value};
use model::same::fold;
use model::{Field, Fields, Path, Value};

/// The text columns of a person; a column is named as its field.
pub(crate) const TEXTS: &[Field] = {
    use Field as F;
    &[
        F::FirstName,
        F::MiddleName,
        F::LastName,
        F::PersonalTitle,
        F::Suffix,
        F::Nickname,
        F::JobTitle,
        F::Department,
        F::WorkPhone,
        F::WorkPhone2,
        F::HomePhone,
        F::MobilePhone,
        F::Fax,
        F::Pager,
        F::AssistantPhone,
        F::Assistant,
        F::Manager,
        F::Spouse,
        F::BusinessStreet,
        F::BusinessCity,
        F::BusinessState,
        F::BusinessPostalCode,
        F::BusinessCountry,
        F::HomeStreet,
        F::HomeCity,
        F::HomeState,
        F::HomePostalCode,
        F::HomeCountry,
        F::WebPage,
        F::Body,
    ]
};

/// The columns for a SELECT, birthday last.
pub(crate) fn columns(alias: &str) -> String {
    let mut list: Vec<String> = TEXTS.iter().map(|field| format!("{alias}.{}", field.name())).collect();
    list.push(format!("{alias}.birthday"));
    list.join(", ")
}

/// Reads the columns of [`columns`].
pub(crate) fn read(row: &mut Row, fields: &mut Fields) -> Result<(), Error> {
    for field in TEXTS {
        fields.insert(Path::of(field.clone()), text_value(row.text_or_null()?));
    }
    fields.insert(Path::of(Field::Birthday), day_value(row.text_or_null()?)?);
    Ok(())
}

/// The columns for a write.
pub(crate) fn cells(mut cells: Cells, fields: &Fields) -> Cells {
    for field in TEXTS {
        cells = cells.set(field.name(), text_of(fields, field.clone()));
    }
    cells.set("birthday", day_of(fields, Field::Birthday))
}

/// The name a person is shown by: first and last, else the company, else the first address.
pub(crate) fn shown_name(fields: &Fields) -> String {
    let words: Vec<String> =
        [Field::FirstName, Field::LastName].into_iter().filter_map(|field| text_of(fields, field)).collect();
    if words.is_empty() {
        [Field::Company, Field::Email1].into_iter().find_map(|field| text_of(fields, field)).unwrap_or_default()
    } else {
        words.join(" ")
    }
}

/// What lists of people are ordered by: last name first.
pub(crate) fn sort_key(fields: &Fields) -> String {
    let words: Vec<String> = [Field::LastName, Field::FirstName, Field::Company, Field::Email1]
        .into_iter()
        .filter_map(|field| text_of(fields, field))
        .collect();
    key_of(&words.join(" "))
}

/// First and last name without case, to find equal names by; empty unless both are there.
pub(crate) fn name_key(fields: &Fields) -> String {
    match (text_of(fields, Field::FirstName), text_of(fields, Field::LastName)) {
        (Some(first), Some(last)) => names_key(&first, &last),
        (Some(_) | None, _) => String::new(),
    }
}

/// The same for names given apart.
pub(crate) fn names_key(first: &str, last: &str) -> String {
    indexed(format!("{}\n{}", fold(first), fold(last)))
}

/// What a search looks in: names, company, job, addresses, phones.
pub(crate) fn search_key(fields: &Fields, more: &[String]) -> String {
    use Field as F;
    let words: Vec<String> = [
        F::FirstName,
        F::MiddleName,
        F::LastName,
        F::Nickname,
        F::Company,
        F::JobTitle,
        F::Department,
        F::Email1,
        F::Email2,
        F::Email3,
        F::WorkPhone,
        F::MobilePhone,
    ]
    .into_iter()
    .filter_map(|field| text_of(fields, field))
    .chain(more.iter().cloned())
    .collect();
    fold(&words.join("\n"))
}

/// A flag as a field of a person.
pub(crate) fn flag(fields: &mut Fields, field: Field, value: bool) {
    fields.insert(Path::of(field), Value::Flag(value));
}
