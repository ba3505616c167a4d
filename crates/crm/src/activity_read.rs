//! Reading activities as one user sees them: a page in a fixed number of statements, private ones under their veil.

use crate::Crm;
use crate::activity::{Activity, Display, Part};
use crate::activity_fields::SHARED;
use crate::actor::Actor;
use crate::db::{Arg, Row, Tx, args, places};
use crate::error::Error;
use crate::feed::Root;
use crate::id::{ActivityId, EmployeeId};
use crate::participant::{Own, Person, Who, read_person};
use crate::value::{day_value, from_json, text_value};
use jiff::Timestamp;
use model::form::{Form, form};
use model::{Attendee, Field, Fields, Path, People, Response, Role, Value};
use std::collections::BTreeMap;

impl Crm {
    /// One activity, for its owner, its participants and administrators.
    ///
    /// # Errors
    /// There is none that the user may see, or it was deleted.
    pub async fn activity(&self, actor: &Actor, id: &ActivityId) -> Result<Activity, Error> {
        let mut tx = self.db.read().await?;
        Ok(tx.activity_of(actor, id).await?.seen_by(&actor.user))
    }

    /// The activity that a create with this key made, if the user may see it.
    ///
    /// # Errors
    /// It was deleted since.
    pub async fn activity_by_integration_key(&self, actor: &Actor, key: &str) -> Result<Option<Activity>, Error> {
        let mut tx = self.db.read().await?;
        let found = tx.activities_by(&actor.user, "a.integration_key = $1", args![key]).await?.into_iter().next();
        match found {
            Some(activity) if sees(actor, &activity) => Ok(Some(activity.seen_by(&actor.user))),
            Some(_) => Ok(None),
            None => match tx.key_buried(actor, Root::Activity, key).await? {
                Some(deleted) => Err(deleted),
                None => Ok(None),
            },
        }
    }

    /// The activity with this global id (rule P1), whoever's it is: the synchronisation asks before it makes another.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn activity_by_global_id(&self, actor: &Actor, global_id: &str) -> Result<Option<Activity>, Error> {
        let mut tx = self.db.read().await?;
        let found = tx.activities_by(&actor.user, "a.global_id = $1", args![global_id]).await?.into_iter().next();
        Ok(found.filter(|activity| sees(actor, activity) || actor.is_sync()).map(|it| it.seen_by(&actor.user)))
    }
}

fn sees(actor: &Actor, activity: &Activity) -> bool {
    match activity.part {
        Part::Owner | Part::Participant => true,
        Part::Former | Part::None => actor.is_admin(),
    }
}

impl Tx {
    /// The activity, if the user may see it; without its veil.
    pub(crate) async fn activity_of(&mut self, actor: &Actor, id: &ActivityId) -> Result<Activity, Error> {
        match self.activities_by(&actor.user, "a.id = $1", args![id]).await?.into_iter().next() {
            Some(activity) if sees(actor, &activity) => Ok(activity),
            Some(_) => Err(Error::NotFound),
            None => Err(self.missing(actor, Root::Activity, id.as_str()).await?),
        }
    }

    /// The activity without asking who may see it.
    pub(crate) async fn unveiled(&mut self, viewer: &EmployeeId, id: &ActivityId) -> Result<Activity, Error> {
        self.activities_by(viewer, "a.id = $1", args![id]).await?.into_iter().next().ok_or(Error::NotFound)
    }

    /// The activities that a condition finds, with a user's own fields, without their veil: four statements, however many
    /// they are.
    pub(crate) async fn activities_by(
        &mut self,
        viewer: &EmployeeId,
        condition: &str,
        list: Vec<Arg>,
    ) -> Result<Vec<Activity>, Error> {
        let columns: Vec<String> = SHARED.iter().map(|field| format!("a.{}", column(field))).collect();
        let sql = format!(
            "SELECT a.id, a.version, a.display, a.owner_id, a.organizer_name, a.organizer_address, a.private, a.locked,
                    a.global_id, a.integration_key, {}, a.exceptions, a.extension, a.sort_at, a.updated_at, a.updated_by
             FROM activity a WHERE {condition}",
            columns.join(", ")
        );
        let rows = self.rows(&sql, list).await?;
        let mut found = rows.into_iter().map(read).collect::<Result<Vec<Activity>, Error>>()?;
        if found.is_empty() {
            return Ok(found);
        }
        let ids: Vec<Arg> = found.iter().map(|activity| Arg::from(&activity.id)).collect();
        let places = places(1, ids.len());
        let mut employees = self.employees_on(&ids, &places).await?;
        let mut outsiders = self.outsiders_of(&ids, &places).await?;
        for activity in &mut found {
            let rows = employees.remove(activity.id.as_str()).unwrap_or_default();
            let outsiders = outsiders.remove(activity.id.as_str()).unwrap_or_default();
            fill(activity, viewer, rows, outsiders);
        }
        Ok(found)
    }

    async fn employees_on(&mut self, ids: &[Arg], places: &str) -> Result<BTreeMap<String, Vec<OnIt>>, Error> {
        let sql = format!(
            "SELECT activity_id, employee_id, former, hidden, reminder, show_as, categories, private,
                    name, address, role, response
             FROM activity_employee WHERE activity_id IN ({places}) ORDER BY activity_id, employee_id"
        );
        let mut on: BTreeMap<String, Vec<OnIt>> = BTreeMap::new();
        for mut row in self.rows(&sql, ids.to_vec()).await? {
            let (activity, employee) = (row.text()?, EmployeeId::new(row.text()?));
            let (former, hidden) = (row.flag()?, row.flag()?);
            let own = Own {
                reminder: row.int_or_null()?,
                show_as: row.text_or_null()?,
                categories: from_json(&row.text()?)?,
                private: row.flag()?,
            };
            let mut person = read_person(&mut row, Who::Employee(employee.clone()))?;
            person.removed = hidden;
            on.entry(activity).or_default().push(OnIt { employee, former, own, person });
        }
        Ok(on)
    }
}

/// An employee's row of an activity.
struct OnIt {
    employee: EmployeeId,
    former: bool,
    own: Own,
    person: Person,
}

/// The column of a shared field.
pub(crate) fn column(field: &Field) -> String {
    match field {
        Field::Start => "planned_start".to_owned(),
        Field::End => "planned_end".to_owned(),
        _ => field.name(),
    }
}

fn read(mut row: Row) -> Result<Activity, Error> {
    let (id, version) = (ActivityId::new(row.text()?), row.int()?);
    let display = Display::parse(&row.text()?).ok_or(Error::Corrupt { what: "a display is not known" })?;
    let owner = EmployeeId::new(row.text()?);
    let (name, address) = (row.text_or_null()?, row.text_or_null()?);
    let (private, locked) = (row.flag()?, row.flag()?);
    let (global_id, integration_key) = (row.text_or_null()?, row.text_or_null()?);
    let mut fields = Fields::new();
    for field in SHARED {
        let value = read_value(&mut row, field)?;
        fields.insert(Path::of(field.clone()), value);
    }
    fields.extend(from_json::<Fields>(&row.text()?)?);
    fields.extend(from_json::<Fields>(&row.text()?)?);
    Ok(Activity {
        id,
        version,
        display,
        owner,
        organizer: Attendee {
            name: name.unwrap_or_default(),
            address,
            role: Role::Required,
            response: Response::Organizer,
        },
        fields,
        people: Vec::new(),
        part: Part::None,
        hidden: false,
        private,
        veiled: false,
        locked,
        global_id,
        integration_key,
        sort_at: row.int()?,
        updated_at: row.instant()?,
        updated_by: EmployeeId::new(row.text()?),
    })
}

fn read_value(row: &mut Row, field: &Field) -> Result<Value, Error> {
    Ok(match form(field) {
        Form::Text => text_value(row.text_or_null()?),
        Form::Day => day_value(row.text_or_null()?)?,
        Form::Number => row.int_or_null()?.map_or(Value::Null, Value::Number),
        Form::Flag => Value::Flag(row.flag()?),
        Form::Instant => match row.int_or_null()? {
            Some(at) => Value::Instant(
                Timestamp::from_microsecond(at).map_err(|_| Error::Corrupt { what: "an instant is out of range" })?,
            ),
            None => Value::Null,
        },
        Form::When => match row.text_or_null()? {
            Some(text) => Value::When(from_json(&text)?),
            None => Value::Null,
        },
        Form::Rule => match row.text_or_null()? {
            Some(text) => Value::Rule(from_json(&text)?),
            None => Value::Null,
        },
        Form::Words | Form::Person | Form::People | Form::Any => {
            return Err(Error::Corrupt { what: "a field without a column" });
        }
    })
}

fn fill(activity: &mut Activity, viewer: &EmployeeId, rows: Vec<OnIt>, outsiders: Vec<Person>) {
    let unknown_organizer = activity.organizer.address.is_some() || !activity.organizer.name.is_empty();
    let mut own = Own::default();
    activity.part = if *viewer == activity.owner { Part::Owner } else { Part::None };
    for row in rows {
        if row.employee == *viewer {
            own = row.own;
            if row.employee != activity.owner {
                activity.part = if row.former { Part::Former } else { Part::Participant };
                activity.hidden = row.person.removed && !row.former;
            }
        }
        if row.employee == activity.owner {
            if !unknown_organizer {
                activity.organizer.name = row.person.name;
                activity.organizer.address = row.person.address;
            }
        } else if !row.former {
            activity.people.push(row.person);
        }
    }
    activity.people.extend(outsiders);
    let people: People =
        activity.people.iter().map(Person::attendee).map(|attendee| (attendee.key(), attendee)).collect();
    let organizer = People::from([(activity.organizer.key(), activity.organizer.clone())]);
    let mut set = |field: Field, value: Value| {
        activity.fields.insert(Path::of(field), value);
    };
    set(Field::Attendees, Value::People(people));
    set(Field::Organizer, Value::People(organizer));
    set(Field::Reminder, own.reminder.map_or(Value::Null, Value::Number));
    set(Field::ShowAs, text_value(own.show_as));
    set(Field::Categories, Value::Set(own.categories));
    set(Field::Private, Value::Flag(activity.private || own.private));
}
