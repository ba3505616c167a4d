//! The people of an activity: employees with their own reminder, show-as, categories and answer, contacts, and others who
//! are kept by name and address.

use crate::Crm;
use crate::activity::{Activity, Display, Part};
use crate::actor::Actor;
use crate::db::{Arg, Cells, Row, Tx, args, places};
use crate::error::{Error, Fault};
use crate::feed::{Change, Op, Root, What};
use crate::id::{ActivityId, ContactId, EmployeeId};
use crate::value::{indexed, json};
use jiff::Timestamp;
use model::{Attendee, Response, Role};
use std::collections::{BTreeMap, BTreeSet};

/// One of the people on an activity, besides its owner.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// Who it is, as far as the CRM knows.
    pub who: Who,
    /// As shown; empty in a request means as the CRM knows the person.
    pub name: String,
    /// The mail address it was named by; nothing in a request means the person's first.
    pub address: Option<String>,
    /// Required, optional or a resource.
    pub role: Role,
    /// What was answered.
    pub response: Response,
    /// The employee removed it from his My Calendar: shown as "removed" (rule C6).
    pub removed: bool,
}

/// Who somebody is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// A colleague.
    Employee(EmployeeId),
    /// A contact that the activity's owner sees.
    Contact(ContactId),
    /// Nobody the CRM knows.
    Unknown,
}

impl Person {
    /// The person as both sides of a synchronisation name people.
    #[must_use]
    pub fn attendee(&self) -> Attendee {
        Attendee { name: self.name.clone(), address: self.address.clone(), role: self.role, response: self.response }
    }

    /// A person known by name and address only.
    #[must_use]
    pub fn unknown(attendee: &Attendee) -> Person {
        Person {
            who: Who::Unknown,
            name: attendee.name.clone(),
            address: attendee.address.clone(),
            role: attendee.role,
            response: attendee.response,
            removed: false,
        }
    }
}

/// A record of a person never reaches a log.
impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Person({:?})", self.who)
    }
}

/// What one employee has for himself in an activity (rule P7).
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Own {
    pub(crate) reminder: Option<i64>,
    pub(crate) show_as: Option<String>,
    pub(crate) categories: BTreeSet<String>,
    pub(crate) private: bool,
}

impl Crm {
    /// A participant goes: he is taken off a to-do (rule D6); an appointment is hidden from his My Calendar and shows
    /// "removed", while the list of participants stays (rule C6).
    ///
    /// # Errors
    /// Not himself, the owner or an administrator; he is not on it; the owner cannot go.
    pub async fn leave_activity(
        &self,
        actor: &Actor,
        id: &ActivityId,
        employee: &EmployeeId,
        now: Timestamp,
    ) -> Result<Activity, Error> {
        let mut tx = self.db.write().await?;
        let activity = tx.activity_of(actor, id).await?;
        if *employee != actor.user && activity.owner != actor.user && !actor.is_admin() {
            return Err(Error::forbidden("only the owner may take somebody else off"));
        }
        let stands_in = *employee == activity.owner && tx.stands_in_for_a_stranger(id).await?;
        if *employee == activity.owner && !stands_in {
            return Err(Error::fault("employee", "the owner cannot be taken off; give it a new owner or delete it"));
        }
        let on_it = activity.people.iter().any(|person| person.who == Who::Employee(employee.clone()));
        if !on_it && !stands_in {
            return Err(Error::fault("employee", "this employee is not on it"));
        }
        let users = tx.activity_users(id).await?;
        let column = match activity.display {
            Display::Calendar | Display::ActivitiesOnly => "hidden",
            Display::ToDo => "former",
        };
        let sql = format!("UPDATE activity_employee SET {column} = 1 WHERE activity_id = $1 AND employee_id = $2");
        tx.execute(&sql, args![id, employee]).await?;
        tx.regrouped(actor, now, &activity, Some(users)).await
    }

    /// An appointment that a participant removed from his My Calendar is shown there again (rule C6).
    ///
    /// # Errors
    /// Neither himself nor an administrator; he is not on it.
    pub async fn rejoin_activity(
        &self,
        actor: &Actor,
        id: &ActivityId,
        employee: &EmployeeId,
        now: Timestamp,
    ) -> Result<Activity, Error> {
        let mut tx = self.db.write().await?;
        let activity = tx.activity_of(actor, id).await?;
        if *employee != actor.user && !actor.is_admin() {
            return Err(Error::forbidden("what somebody removed from his calendar only he takes back"));
        }
        let on_it = *employee == activity.owner
            || activity.people.iter().any(|person| person.who == Who::Employee(employee.clone()));
        if !on_it {
            return Err(Error::fault("employee", "this employee is not on it"));
        }
        let users = tx.activity_users(id).await?;
        let sql = "UPDATE activity_employee SET hidden = 0 WHERE activity_id = $1 AND employee_id = $2 AND hidden = 1";
        let shown = tx.execute(sql, args![id, employee]).await? > 0;
        tx.regrouped(actor, now, &activity, shown.then_some(users)).await
    }

    /// A participant answers in the CRM.
    ///
    /// # Errors
    /// He is not on it.
    pub async fn respond(
        &self,
        actor: &Actor,
        id: &ActivityId,
        response: Response,
        now: Timestamp,
    ) -> Result<Activity, Error> {
        let mut tx = self.db.write().await?;
        let activity = tx.activity_of(actor, id).await?;
        if activity.part != Part::Participant {
            return Err(Error::forbidden("only a participant can answer"));
        }
        let sql = "UPDATE activity_employee SET response = $3 WHERE activity_id = $1 AND employee_id = $2";
        tx.execute(sql, args![id, &actor.user, response_word(response)]).await?;
        let users = tx.activity_users(id).await?;
        tx.regrouped(actor, now, &activity, Some(users)).await
    }
}

impl Tx {
    /// Whether the owner only stands in for an organiser whom the CRM does not know (rule P3): then he is a guest like
    /// others, and may go.
    async fn stands_in_for_a_stranger(&mut self, id: &ActivityId) -> Result<bool, Error> {
        let sql = "SELECT id FROM activity WHERE id = $1 AND display = 'Calendar and Activities'
                   AND (organizer_name IS NOT NULL OR organizer_address IS NOT NULL)";
        Ok(self.row(sql, args![id]).await?.is_some())
    }

    /// Everybody whom a change of the activity concerns: its owner and its participants.
    pub(crate) async fn activity_users(&mut self, id: &ActivityId) -> Result<BTreeSet<EmployeeId>, Error> {
        let sql = "SELECT employee_id FROM activity_employee WHERE activity_id = $1 AND former = 0";
        crate::people::employees(self.rows(sql, args![id]).await?)
    }

    /// Ends a change of an activity's people: its version counts up and those it concerns hear of it, unless nothing
    /// changed; answers it as it stands then.
    async fn regrouped(
        mut self,
        actor: &Actor,
        now: Timestamp,
        before: &Activity,
        concerned: Option<BTreeSet<EmployeeId>>,
    ) -> Result<Activity, Error> {
        if let Some(users) = concerned {
            let cells = Cells::default()
                .set("version", before.version + 1)
                .set("updated_at", now)
                .set("updated_by", &actor.user)
                .set("source", actor.source.as_str());
            self.update("activity", before.id.as_str(), cells).await?;
            let mut change = Change::new(Root::Activity, before.id.as_str(), Op::Update, What::Participants, users);
            change.shown = BTreeSet::from([before.display]);
            self.note(actor, now, change).await?;
        }
        let after = self.unveiled(&actor.user, &before.id).await?;
        self.commit().await?;
        Ok(after.seen_by(&actor.user))
    }

    /// Fills what a request left out about people the CRM knows, and refuses whom it does not.
    pub(crate) async fn complete_people(
        &mut self,
        actor: &Actor,
        people: &[Person],
    ) -> Result<(Vec<Person>, Vec<Fault>), Error> {
        let mut faults = Vec::new();
        let mut complete = Vec::new();
        for (n, person) in people.iter().enumerate() {
            let mut person = person.clone();
            let known = match &person.who {
                Who::Employee(id) => {
                    let found = self.employees_by(&actor.user, "e.id = $1", args![id]).await?.into_iter().next();
                    found.map(|employee| (employee.name(), employee.addresses.first().cloned()))
                }
                Who::Contact(id) => match self.visible_contact(actor, id).await {
                    Ok(contact) => {
                        let address = crate::value::text_of(&contact.fields, model::Field::Email1);
                        Some((contact.name(), address))
                    }
                    Err(Error::NotFound | Error::Deleted { .. }) => None,
                    Err(error) => return Err(error),
                },
                Who::Unknown => Some((String::new(), None)),
            };
            match known {
                Some((name, address)) => {
                    if person.name.trim().is_empty() {
                        person.name = name;
                    }
                    if person.address.as_deref().is_none_or(|address| address.trim().is_empty()) {
                        person.address = address;
                    }
                    if person.name.trim().is_empty() && person.address.is_none() {
                        faults.push(Fault::new(format!("people[{n}]"), "a name or an address is required"));
                    }
                }
                None => faults.push(Fault::new(format!("people[{n}]"), "there is no such person")),
            }
            complete.push(person);
        }
        Ok((complete, faults))
    }

    /// What is called off leaves the time free in everybody's calendar, and takes it again when it takes place after all.
    /// The mailbox that told of it shows the time as its user has it.
    pub(crate) async fn show_called_off(
        &mut self,
        actor: &Actor,
        id: &ActivityId,
        was: bool,
        is: bool,
    ) -> Result<(), Error> {
        let sql = match (was, is) {
            (false, true) => {
                "UPDATE activity_employee SET show_as = 'Free' WHERE activity_id = $1 AND employee_id <> $2"
            }
            (true, false) => {
                "UPDATE activity_employee SET show_as = NULL
                 WHERE activity_id = $1 AND employee_id <> $2 AND show_as = 'Free'"
            }
            (false, false) | (true, true) => return Ok(()),
        };
        let told = if actor.is_sync() { actor.user.as_str() } else { "" };
        self.execute(sql, args![id, told]).await.map(|_| ())
    }

    /// Writes the people of an activity over those who were on it. Who stays keeps what he has for himself; who goes is
    /// remembered as former, so that his mailbox can be tidied.
    pub(crate) async fn put_people(
        &mut self,
        id: &ActivityId,
        owner: &EmployeeId,
        people: &[Person],
        start: &Own,
    ) -> Result<(), Error> {
        let staying: Vec<&EmployeeId> = std::iter::once(owner)
            .chain(people.iter().filter_map(|person| match &person.who {
                Who::Employee(employee) => Some(employee),
                Who::Contact(_) | Who::Unknown => None,
            }))
            .collect();
        let going = format!(
            "UPDATE activity_employee SET former = 1 WHERE activity_id = $1 AND employee_id NOT IN ({})",
            places(2, staying.len())
        );
        let mut list = args![id];
        list.extend(staying.into_iter().map(Arg::from));
        self.execute(&going, list).await?;
        self.execute("DELETE FROM activity_contact WHERE activity_id = $1", args![id]).await?;
        self.execute("DELETE FROM activity_unknown WHERE activity_id = $1", args![id]).await?;
        let mut seen = BTreeSet::new();
        for person in people {
            let cells = Cells::default()
                .set("activity_id", id)
                .set("name", person.name.as_str())
                .set("address", person.address.as_deref())
                .set("role", role_word(person.role))
                .set("response", response_word(person.response));
            match &person.who {
                Who::Employee(employee) if employee == owner => {}
                Who::Employee(employee) => self.put_employee(id, employee, person, start).await?,
                Who::Contact(contact) => {
                    if seen.insert(person.who.clone()) {
                        self.insert("activity_contact", cells.set("contact_id", contact)).await?;
                    }
                }
                Who::Unknown => {
                    let sql = "INSERT INTO activity_unknown (activity_id, person_key, name, address, role, response)
                               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (activity_id, person_key) DO NOTHING";
                    let list = args![
                        id,
                        indexed(person.attendee().key()),
                        person.name.as_str(),
                        person.address.as_deref(),
                        role_word(person.role),
                        response_word(person.response)
                    ];
                    self.execute(sql, list).await?;
                }
            }
        }
        Ok(())
    }

    /// Puts an employee on an activity, or brings a former one back.
    pub(crate) async fn put_employee(
        &mut self,
        id: &ActivityId,
        employee: &EmployeeId,
        person: &Person,
        start: &Own,
    ) -> Result<(), Error> {
        let sql = "INSERT INTO activity_employee
                     (activity_id, employee_id, former, hidden, name, address, role, response,
                      reminder, show_as, categories, private)
                   VALUES ($1, $2, 0, 0, $3, $4, $5, $6, $7, $8, $9, $10)
                   ON CONFLICT (activity_id, employee_id) DO UPDATE SET
                     former = 0, name = $3,
                     hidden = CASE WHEN activity_employee.former = 1 THEN 0 ELSE activity_employee.hidden END, address = $4, role = $5, response = $6";
        let list = args![
            id,
            employee,
            person.name.as_str(),
            person.address.as_deref(),
            role_word(person.role),
            response_word(person.response),
            start.reminder,
            start.show_as.as_deref(),
            json(&start.categories),
            start.private
        ];
        self.execute(sql, list).await.map(|_| ())
    }

    /// The contacts and unknown people of some activities: two statements.
    pub(crate) async fn outsiders_of(
        &mut self,
        ids: &[Arg],
        places: &str,
    ) -> Result<BTreeMap<String, Vec<Person>>, Error> {
        let mut people: BTreeMap<String, Vec<Person>> = BTreeMap::new();
        let sql = format!(
            "SELECT activity_id, contact_id, name, address, role, response FROM activity_contact
             WHERE activity_id IN ({places}) ORDER BY activity_id, contact_id"
        );
        for mut row in self.rows(&sql, ids.to_vec()).await? {
            let (activity, contact) = (row.text()?, ContactId::new(row.text()?));
            people.entry(activity).or_default().push(read_person(&mut row, Who::Contact(contact))?);
        }
        let sql = format!(
            "SELECT activity_id, name, address, role, response FROM activity_unknown
             WHERE activity_id IN ({places}) ORDER BY activity_id, person_key"
        );
        for mut row in self.rows(&sql, ids.to_vec()).await? {
            let activity = row.text()?;
            people.entry(activity).or_default().push(read_person(&mut row, Who::Unknown)?);
        }
        Ok(people)
    }
}

/// Reads name, address, role and response.
pub(crate) fn read_person(row: &mut Row, who: Who) -> Result<Person, Error> {
    Ok(Person {
        who,
        name: row.text()?,
        address: row.text_or_null()?,
        role: parse_role(&row.text()?)?,
        response: parse_response(&row.text()?)?,
        removed: false,
    })
}

/// The word a role is written by.
#[must_use]
pub fn role_word(role: Role) -> &'static str {
    match role {
        Role::Required => "required",
        Role::Optional => "optional",
        Role::Resource => "resource",
    }
}

/// The word an answer is written by.
#[must_use]
pub fn response_word(response: Response) -> &'static str {
    match response {
        Response::Unknown | Response::NotAsked => "unknown",
        Response::Organizer => "organizer",
        Response::NotResponded => "not_responded",
        Response::Accepted => "accepted",
        Response::Tentative => "tentative",
        Response::Declined => "declined",
    }
}

fn parse_role(text: &str) -> Result<Role, Error> {
    [Role::Required, Role::Optional, Role::Resource]
        .into_iter()
        .find(|role| role_word(*role) == text)
        .ok_or(Error::Corrupt { what: "a role is not known" })
}

fn parse_response(text: &str) -> Result<Response, Error> {
    use Response as R;
    [R::Unknown, R::Organizer, R::NotResponded, R::Accepted, R::Tentative, R::Declined]
        .into_iter()
        .find(|response| response_word(*response) == text)
        .ok_or(Error::Corrupt { what: "a response is not known" })
}
