//! Making, changing and deleting activities: who may, what Exchange's meetings allow, and what becomes of their people.

use crate::activity::{Activity, ActivityDraft, ActivityEdit, Display, Part};
use crate::activity_extent::extent;
use crate::activity_fields::{Parts, SHARED, edited, form_faults, parts, whole_faults};
use crate::activity_progress::done_fault;
use crate::activity_read::column;
use crate::activity_rules::{FLAGS, LOCKED, defaults, is_cancelled, may_change, overlay, shared_of, start_of};
use crate::activity_series::on_its_days;
use crate::actor::Actor;
use crate::db::{Cells, Tx, args};
use crate::error::{Error, Fault, check};
use crate::feed::{Change, Op, Root, What};
use crate::id::{ActivityId, EmployeeId};
use crate::limits::PEOPLE;
use crate::participant::{Own, Person, Who};
use crate::tombstone::{Tombstone, first_version, key_taken};
use crate::value::{day_of, extension_of, json, key_fault, text_of};
use crate::{Created, Crm};
use jiff::Timestamp;
use jiff::civil::Date;
use model::form::{Form, form};
use model::same::fold;
use model::{Attendee, Field, Fields, Path, Response, Role, Value, Zone};
use std::collections::BTreeSet;

impl Crm {
    /// Makes an activity. A repeated integration key or global id answers the one that stands.
    ///
    /// # Errors
    /// Faults of the request; no right to make one for that owner; the one made under this key was deleted since.
    pub async fn create_activity(
        &self,
        actor: &Actor,
        draft: &ActivityDraft,
        now: Timestamp,
    ) -> Result<Created<Activity>, Error> {
        if draft.owner != actor.user && !actor.is_admin() && !actor.is_sync() {
            return Err(Error::forbidden("only an administrator may make an activity that belongs to somebody else"));
        }
        if (draft.locked || draft.global_id.is_some()) && !actor.is_sync() {
            return Err(Error::forbidden(FLAGS));
        }
        let mut tx = self.db.write().await?;
        if let Some(standing) = tx.standing(actor, draft).await? {
            return Ok(Created { record: standing.seen_by(&actor.user), new: false });
        }
        let mut faults = form_faults(&draft.fields);
        faults.extend(key_fault("integration_key", draft.integration_key.as_deref()));
        faults.extend(key_fault("global_id", draft.global_id.as_deref()));
        faults.extend(done_fault(actor, &draft.fields, today(now)));
        if !tx.exists("employee", draft.owner.as_str()).await? {
            faults.push(Fault::new("owner", "there is no such employee"));
        }
        check(faults)?;
        let parts = parts(&draft.fields);
        let mut shared = edited(&Fields::new(), &parts.shared, today(now));
        defaults(draft.display, &mut shared);
        on_its_days(draft.display, &Fields::new(), &mut shared);
        let mut faults = whole_faults(draft.display, &shared, &parts.shared);
        let people = tx.wanted_people(actor, &draft.owner, draft.people.as_deref(), &parts, &[], &mut faults).await?;
        check(faults)?;
        let revived = tx.dug_up(actor, Root::Activity, draft.revive.as_ref().map(ActivityId::as_str)).await?;
        let id = match draft.revive.clone().filter(|_| revived) {
            Some(id) => id,
            None => ActivityId::of_number(tx.count_up("activity", 1).await?),
        };
        let owner = tx.person_of(&actor.user, &draft.owner).await?;
        let mut own = Own::default();
        overlay(&mut own, &parts.own);
        // When a participant's copy stands in for the organiser's (rule P3), its own fields are the participant's: his
        // Private flag does not veil the meeting.
        let stands_in = actor.is_sync() && draft.owner != actor.user;
        let private = !stands_in && std::mem::take(&mut own.private);
        let cells = Cells::default()
            .set("id", &id)
            .set("version", first_version(revived, now))
            .set("display", draft.display.as_str())
            .set("owner_id", &draft.owner)
            .set("private", private)
            .set("locked", draft.locked)
            .set("global_id", draft.global_id.as_deref())
            .set("integration_key", draft.integration_key.as_deref())
            .set("created_at", now);
        let stranger = tx.strange_organizer(&draft.owner, parts.organizer.as_ref()).await?;
        let cells = organizer_cells(cells, stranger.as_ref());
        tx.insert("activity", shared_cells(cells, actor, now, &shared, now.as_microsecond())).await?;
        let people = people.unwrap_or_default();
        if stands_in {
            tx.put_employee(&id, &draft.owner, &owner, &Own::default()).await?;
            tx.put_people(&id, &draft.owner, &people, &Own::default()).await?;
            tx.put_stand_in(actor, &id, &people, &own).await?;
        } else {
            tx.put_employee(&id, &draft.owner, &owner, &own).await?;
            tx.put_people(&id, &draft.owner, &people, &start_of(&own)).await?;
        }
        let users = tx.activity_users(&id).await?;
        let mut change = Change::new(Root::Activity, id.as_str(), Op::Create, What::Fields, users);
        change.shown = BTreeSet::from([draft.display]);
        tx.note(actor, now, change).await?;
        let record = tx.unveiled(&actor.user, &id).await?;
        tx.commit().await?;
        Ok(Created { record: record.seen_by(&actor.user), new: true })
    }

    /// Changes an activity: everything by its owner, a participant's own fields by himself.
    ///
    /// # Errors
    /// A stale version; no right; locked by Exchange; faults of the request.
    pub async fn update_activity(
        &self,
        actor: &Actor,
        id: &ActivityId,
        expected: i64,
        edit: &ActivityEdit,
        now: Timestamp,
    ) -> Result<Activity, Error> {
        let mut tx = self.db.write().await?;
        let before = tx.activity_of(actor, id).await?;
        if before.version != expected {
            return Err(Error::Stale { current: before.version });
        }
        let parts = parts(&edit.fields);
        may_change(actor, &before, edit, &parts)?;
        let mut faults = form_faults(&edit.fields);
        faults.extend(done_fault(actor, &edit.fields, today(now)));
        let display = edit.display.unwrap_or(before.display);
        let owner_id = edit.owner.clone().unwrap_or_else(|| before.owner.clone());
        if owner_id != before.owner && !tx.exists("employee", owner_id.as_str()).await? {
            faults.push(Fault::new("owner", "there is no such employee"));
        }
        check(faults)?;
        let standing = shared_of(&before.fields);
        let mut shared = edited(&standing, &parts.shared, today(now));
        on_its_days(display, &standing, &mut shared);
        let mut faults = whole_faults(display, &shared, &parts.shared);
        let given = edit.people.as_deref();
        let people = tx.wanted_people(actor, &owner_id, given, &parts, &before.people, &mut faults).await?;
        check(faults)?;
        let users_before = tx.activity_users(id).await?;
        if display == Display::Calendar {
            tx.show_called_off(actor, id, is_cancelled(&standing), is_cancelled(&shared)).await?;
        }
        let private = tx.put_own(actor, &before, &parts.own).await?;
        let mut cells = Cells::default()
            .set("version", expected + 1)
            .set("display", display.as_str())
            .set("owner_id", &owner_id)
            .set("private", private);
        if owner_id != before.owner || parts.organizer.is_some() {
            let owner = tx.person_of(&actor.user, &owner_id).await?;
            let stranger = tx.strange_organizer(&owner_id, parts.organizer.as_ref()).await?;
            cells = organizer_cells(cells, stranger.as_ref());
            tx.put_employee(id, &owner_id, &owner, &Own::default()).await?;
            let shown = "UPDATE activity_employee SET hidden = 0 WHERE activity_id = $1 AND employee_id = $2";
            tx.execute(shown, args![id, &owner_id]).await?;
        }
        tx.update("activity", id.as_str(), shared_cells(cells, actor, now, &shared, before.sort_at)).await?;
        let regrouped = people.is_some() || owner_id != before.owner;
        if let Some(people) = &people {
            let start = tx.own_of(id, &owner_id).await?;
            tx.put_people(id, &owner_id, people, &start_of(&start)).await?;
            if actor.is_sync() && before.part == Part::Participant {
                let own = tx.own_of(id, &actor.user).await?;
                tx.put_stand_in(actor, id, people, &own).await?;
            }
        } else if owner_id != before.owner {
            // Rule P8: the old owner is taken off.
            let off = "UPDATE activity_employee SET former = 1 WHERE activity_id = $1 AND employee_id = $2";
            tx.execute(off, args![id, &before.owner]).await?;
        }
        let mut users = tx.activity_users(id).await?;
        users.extend(users_before);
        let what = if regrouped {
            What::Participants
        } else if !parts.shared.is_empty() || display != before.display {
            What::Fields
        } else {
            What::Own
        };
        let mut change = Change::new(Root::Activity, id.as_str(), Op::Update, what, users);
        change.shown = BTreeSet::from([before.display, display]);
        tx.note(actor, now, change).await?;
        let after = tx.unveiled(&actor.user, id).await?;
        tx.commit().await?;
        if private && !before.private {
            self.db.forget_log().await?;
        }
        Ok(after.seen_by(&actor.user))
    }

    /// Sets what the synchronisation knows of a meeting: its global id, and whether Exchange has locked it (rules P1, P6).
    /// Answers the version it has then; what is so already is not written again.
    ///
    /// # Errors
    /// Not the synchronisation; another activity has this global id.
    pub async fn flag_meeting(
        &self,
        actor: &Actor,
        id: &ActivityId,
        global_id: Option<&str>,
        locked: bool,
        now: Timestamp,
    ) -> Result<i64, Error> {
        if !actor.is_sync() {
            return Err(Error::forbidden(FLAGS));
        }
        let mut tx = self.db.write().await?;
        let found = tx.activities_by(&actor.user, "a.id = $1", args![id]).await?.into_iter().next();
        let Some(before) = found else {
            return Err(tx.missing(actor, Root::Activity, id.as_str()).await?);
        };
        check(key_fault("global_id", global_id).into_iter().collect())?;
        let wanted = global_id.map(str::to_owned).or_else(|| before.global_id.clone());
        if before.locked == locked && before.global_id == wanted {
            return Ok(before.version);
        }
        let taken = "SELECT id FROM activity WHERE global_id = $1 AND id <> $2";
        if tx.row(taken, args![wanted.as_deref(), id]).await?.is_some() {
            return Err(Error::fault("global_id", "another activity has it"));
        }
        let cells = Cells::default()
            .set("version", before.version + 1)
            .set("global_id", wanted)
            .set("locked", locked)
            .set("updated_at", now)
            .set("updated_by", &actor.user)
            .set("source", actor.source.as_str());
        tx.update("activity", id.as_str(), cells).await?;
        let users = tx.activity_users(id).await?;
        let mut change = Change::new(Root::Activity, id.as_str(), Op::Update, What::Flags, users);
        change.shown = BTreeSet::from([before.display]);
        tx.note(actor, now, change).await?;
        tx.commit().await?;
        Ok(before.version + 1)
    }

    /// Deletes an activity.
    ///
    /// # Errors
    /// A stale version; not the owner or an administrator; locked by Exchange.
    pub async fn delete_activity(
        &self,
        actor: &Actor,
        id: &ActivityId,
        expected: i64,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut tx = self.db.write().await?;
        let before = tx.activity_of(actor, id).await?;
        if before.version != expected {
            return Err(Error::Stale { current: before.version });
        }
        if before.part != Part::Owner && !actor.is_admin() {
            return Err(Error::forbidden("only the owner may delete an activity"));
        }
        if before.locked && !actor.is_sync() {
            return Err(Error::Locked { reason: LOCKED.to_owned() });
        }
        let users = tx.activity_users(id).await?;
        tx.execute("DELETE FROM activity WHERE id = $1", args![id]).await?;
        let stone = Tombstone {
            kind: Root::Activity,
            id: id.as_str(),
            integration_key: before.integration_key.clone(),
            global_id: before.global_id.clone(),
            merged_into: None,
            users: &users,
        };
        tx.bury(actor, now, stone).await?;
        let mut change = Change::new(Root::Activity, id.as_str(), Op::Delete, What::Fields, users);
        change.shown = BTreeSet::from([before.display]);
        tx.note(actor, now, change).await?;
        tx.commit().await
    }
}

fn today(now: Timestamp) -> Date {
    Zone::utc().time_zone().to_datetime(now).date()
}

/// The organiser's columns: empty when he is the owner, else what the mailbox says of him (rule P3).
fn organizer_cells(cells: Cells, stranger: Option<&Attendee>) -> Cells {
    cells
        .set("organizer_name", stranger.map(|organizer| organizer.name.clone()))
        .set("organizer_address", stranger.and_then(|organizer| organizer.address.clone()))
}

fn shared_cells(cells: Cells, actor: &Actor, now: Timestamp, shared: &Fields, unplanned: i64) -> Cells {
    let mut cells = cells;
    for field in SHARED {
        let value = shared.get(&Path::of(field.clone())).unwrap_or(&Value::Null);
        let name = column(field);
        cells = match form(field) {
            Form::Day => cells.set(name, day_of(shared, field.clone())),
            Form::Number => cells.set(name, if let Value::Number(n) = value { Some(*n) } else { None }),
            Form::Flag => cells.set(name, value.as_flag().unwrap_or(false)),
            Form::Instant => cells.set(name, if let Value::Instant(at) = value { Some(*at) } else { None }),
            Form::When => cells.set(name, value.as_when().map(json)),
            Form::Rule => cells.set(name, value.as_rule().map(json)),
            Form::Text | Form::Words | Form::Person | Form::People | Form::Any => {
                cells.set(name, text_of(shared, field.clone()))
            }
        };
    }
    let (start, end) = extent(shared);
    let day = |field: Field| shared.get(&Path::of(field)).and_then(Value::as_day);
    let planned = start.or_else(|| {
        let day = day(Field::DueDay).or_else(|| day(Field::StartDay))?;
        Some(Zone::utc().instant(day.to_datetime(jiff::civil::Time::midnight())))
    });
    let exceptions: Fields = shared
        .iter()
        .filter(|(path, _)| path.occurrence.is_some())
        .map(|(path, value)| (path.clone(), value.clone()))
        .collect();
    let words: Vec<String> =
        [Field::Subject, Field::Location].into_iter().filter_map(|field| text_of(shared, field)).collect();
    cells
        .set("start_at", start)
        .set("end_at", end)
        .set("exceptions", json(&exceptions))
        .set("extension", json(&extension_of(shared)))
        .set("sort_at", planned.map_or(unplanned, Timestamp::as_microsecond))
        .set("search_key", fold(&words.join("\n")))
        .set("updated_at", now)
        .set("updated_by", &actor.user)
        .set("source", actor.source.as_str())
}

impl Tx {
    /// The activity that an earlier create with this key or global id made.
    async fn standing(&mut self, actor: &Actor, draft: &ActivityDraft) -> Result<Option<Activity>, Error> {
        if let Some(key) = &draft.integration_key {
            if let Some(deleted) = self.key_buried(actor, Root::Activity, key).await? {
                return Err(deleted);
            }
            let found = self.activities_by(&actor.user, "a.integration_key = $1", args![key]).await?;
            if let Some(standing) = found.into_iter().next() {
                // A key of somebody else's activity says nothing about it.
                return match standing.part {
                    Part::None | Part::Former if !actor.is_admin() && !actor.is_sync() => Err(key_taken()),
                    Part::Owner | Part::Participant | Part::Former | Part::None => Ok(Some(standing)),
                };
            }
        }
        match &draft.global_id {
            Some(id) => Ok(self.activities_by(&actor.user, "a.global_id = $1", args![id]).await?.into_iter().next()),
            None => Ok(None),
        }
    }

    /// The organiser of a mailbox's meeting, when no address of the owner's is his.
    async fn strange_organizer(
        &mut self,
        owner: &EmployeeId,
        organizer: Option<&Value>,
    ) -> Result<Option<Attendee>, Error> {
        let organizer = organizer.and_then(Value::as_people).and_then(|people| people.values().next());
        let Some(organizer) = organizer else {
            return Ok(None);
        };
        let address: BTreeSet<String> = organizer.address.iter().cloned().collect();
        let known = self.who_is(&address, owner).await?;
        let is_owner = known.values().any(|who| *who == Who::Employee(owner.clone()));
        Ok((!is_owner).then(|| organizer.clone()))
    }

    /// The participant whose copy stands in is on the meeting, whether the mailbox names him or only a list he is on.
    async fn put_stand_in(
        &mut self,
        actor: &Actor,
        id: &ActivityId,
        people: &[Person],
        own: &Own,
    ) -> Result<(), Error> {
        let me = Who::Employee(actor.user.clone());
        if !people.iter().any(|person| person.who == me) {
            let mut person = self.person_of(&actor.user, &actor.user).await?;
            person.response = Response::Unknown;
            self.put_employee(id, &actor.user, &person, own).await?;
        }
        let sql = "UPDATE activity_employee SET reminder = $3, show_as = $4, categories = $5, private = $6
                   WHERE activity_id = $1 AND employee_id = $2";
        let list = args![id, &actor.user, own.reminder, own.show_as.as_deref(), json(&own.categories), own.private];
        self.execute(sql, list).await.map(|_| ())
    }

    /// The people a request asks for, if it names any.
    async fn wanted_people(
        &mut self,
        actor: &Actor,
        owner: &EmployeeId,
        given: Option<&[Person]>,
        parts: &Parts,
        before: &[Person],
        faults: &mut Vec<Fault>,
    ) -> Result<Option<Vec<Person>>, Error> {
        match (given, &parts.attendees) {
            (Some(_), Some(_)) => {
                faults.push(Fault::new("people", "name the people once: here or as attendees"));
                Ok(None)
            }
            (Some(people), None) if people.len() > PEOPLE => {
                faults.push(Fault::new("people", format!("at most {PEOPLE} people")));
                Ok(None)
            }
            (Some(people), None) => {
                let (people, wrong) = self.complete_people(actor, people).await?;
                faults.extend(wrong);
                let people = self.recognised(people, owner, before).await?;
                // Whom an address led to has the name the CRM knows.
                let (people, _) = self.complete_people(actor, &people).await?;
                Ok(Some(people))
            }
            (None, Some(Value::People(people))) => Ok(Some(self.people_of(people, owner, before).await?)),
            (None, Some(_)) => Ok(Some(Vec::new())),
            (None, None) => Ok(None),
        }
    }

    /// An employee as one of the people of an activity.
    async fn person_of(&mut self, viewer: &EmployeeId, id: &EmployeeId) -> Result<Person, Error> {
        let found = self.employees_by(viewer, "e.id = $1", args![id]).await?;
        let employee = found.into_iter().next().ok_or(Error::NotFound)?;
        Ok(Person {
            who: Who::Employee(id.clone()),
            name: employee.name(),
            address: employee.addresses.first().cloned(),
            role: Role::Required,
            response: Response::Organizer,
            removed: false,
        })
    }

    async fn own_of(&mut self, id: &ActivityId, employee: &EmployeeId) -> Result<Own, Error> {
        let sql = "SELECT reminder, show_as, categories, private FROM activity_employee
                   WHERE activity_id = $1 AND employee_id = $2";
        match self.row(sql, args![id, employee]).await? {
            Some(mut row) => Ok(Own {
                reminder: row.int_or_null()?,
                show_as: row.text_or_null()?,
                categories: crate::value::from_json(&row.text()?)?,
                private: row.flag()?,
            }),
            None => Ok(Own::default()),
        }
    }

    /// Writes what the editing employee has for himself, an administrator in the owner's name; answers the activity's own
    /// Private flag, which only its owner sets.
    async fn put_own(&mut self, actor: &Actor, before: &Activity, edit: &Fields) -> Result<bool, Error> {
        if edit.is_empty() {
            return Ok(before.private);
        }
        let whose = match before.part {
            Part::Owner | Part::Participant => &actor.user,
            Part::Former | Part::None if actor.is_admin() => &before.owner,
            Part::Former | Part::None => {
                return Err(Error::forbidden("you are not on this activity"));
            }
        };
        let mut own = self.own_of(&before.id, whose).await?;
        let of_owner = *whose == before.owner;
        if of_owner {
            own.private = before.private;
        }
        overlay(&mut own, edit);
        let private = if of_owner { std::mem::take(&mut own.private) } else { before.private };
        let sql = "UPDATE activity_employee SET reminder = $3, show_as = $4, categories = $5, private = $6
                   WHERE activity_id = $1 AND employee_id = $2";
        let list = args![&before.id, whose, own.reminder, own.show_as.as_deref(), json(&own.categories), own.private];
        self.execute(sql, list).await?;
        Ok(private)
    }
}
