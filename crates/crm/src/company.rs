//! A company's name, as it comes from a mailbox or a person, becomes the contact's primary account when it names exactly
//! one that the user sees; else it stays as text, for somebody to look at.

use crate::account::VISIBLE;
use crate::db::{Tx, args};
use crate::error::Error;
use crate::id::{AccountId, EmployeeId};
use crate::value::{kept, key_of};
use model::same::fold;
use model::{Field, Fields, Path, Value};

/// What becomes of a contact's company.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Company {
    /// It stays as it is.
    Keep,
    /// Nothing was named: the primary account is unlinked, and no other is promoted.
    Clear,
    /// Exactly one account has this name.
    Primary(AccountId),
    /// None has, or several have: the text stays.
    Unmatched {
        /// The company's name.
        name: String,
        /// Where it is.
        location: Option<String>,
    },
}

/// What the contact shows before the change, and what the change says.
struct Asked {
    name: String,
    location: Option<String>,
}

impl Tx {
    /// Decides what becomes of the company when these fields are written over those.
    pub(crate) async fn company(
        &mut self,
        user: &EmployeeId,
        before: &Fields,
        edit: &Fields,
    ) -> Result<Company, Error> {
        let asked = match asked(before, edit) {
            Ok(asked) => asked,
            Err(decided) => return Ok(decided),
        };
        let mut sql = format!("SELECT a.id FROM account a WHERE {VISIBLE} AND a.name_key = $2");
        let mut list = args![user, key_of(&asked.name)];
        if let Some(location) = &asked.location {
            sql.push_str(" AND a.location_key = $3");
            list.push(key_of(location).into());
        }
        sql.push_str(" ORDER BY a.id LIMIT 2");
        let mut found = self.rows(&sql, list).await?;
        match (found.len(), found.pop()) {
            (1, Some(mut row)) => Ok(Company::Primary(AccountId::new(row.text()?))),
            (_, _) => Ok(Company::Unmatched { name: asked.name, location: asked.location }),
        }
    }
}

/// The name and location to look for, or what is decided without looking.
fn asked(before: &Fields, edit: &Fields) -> Result<Asked, Company> {
    let shown = |field: Field| before.get(&Path::of(field)).and_then(Value::as_text).map(str::to_owned);
    let written = |field: Field| {
        let path = Path::of(field);
        edit.get(&path).map(|value| kept(&path, value))
    };
    let (name, location) = match (written(Field::Company), written(Field::CompanyLocation)) {
        (None, None) => return Err(Company::Keep),
        (Some(Value::Null), _) => return Err(Company::Clear),
        (Some(Value::Text(name)), location) => (name, location),
        // A location alone belongs to the company that is there.
        (Some(_) | None, location) => match shown(Field::Company) {
            Some(name) => (name, location),
            None => return Err(Company::Keep),
        },
    };
    let same_name = shown(Field::Company).is_some_and(|shown| fold(&shown) == fold(&name));
    // The location is kept when the mailbox has none.
    let location = match location {
        Some(Value::Text(location)) => Some(location),
        Some(_) | None => None,
    };
    let same_location = match &location {
        None => true,
        Some(location) => shown(Field::CompanyLocation).is_some_and(|shown| fold(&shown) == fold(location)),
    };
    if same_name && same_location { Err(Company::Keep) } else { Ok(Asked { name, location }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(company: Option<&str>, location: Option<&str>) -> Fields {
        [(Field::Company, company), (Field::CompanyLocation, location)]
            .into_iter()
            .map(|(field, text)| (Path::of(field), text.map_or(Value::Null, Value::text)))
            .collect()
    }

    fn only(field: Field, text: &str) -> Fields {
        Fields::from([(Path::of(field), Value::text(text))])
    }

    #[test]
    fn the_location_is_kept_when_the_mailbox_has_none() {
        let before = fields(Some("Acme"), Some("Berlin"));
        assert!(matches!(asked(&before, &fields(Some("ACME"), None)), Err(Company::Keep)));
        assert!(matches!(asked(&before, &Fields::new()), Err(Company::Keep)));
        assert!(matches!(asked(&before, &fields(None, None)), Err(Company::Clear)));
    }

    #[test]
    fn a_location_alone_belongs_to_the_company_that_is_there() {
        let before = fields(Some("Acme"), Some("Berlin"));
        let asked_for = asked(&before, &only(Field::CompanyLocation, "Paris")).expect("something to look for");
        assert_eq!((asked_for.name.as_str(), asked_for.location.as_deref()), ("Acme", Some("Paris")));
        assert!(asked(&fields(None, None), &only(Field::CompanyLocation, "Paris")).is_err());
    }
}
