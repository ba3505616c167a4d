//! What a write of the synchronisation does in the built-in CRM: one request, one transaction there.

use super::map;
use super::remote::CrmRemote;
use super::trouble::{reading, refused, writing};
use crm::sync_list::Listable;
use crm::{ActivityDraft, ActivityEdit, ActivityId, ContactDraft, ContactEdit, ContactId, EmployeeId};
use engine::port::{Create, Trouble, Update, Write, Written};
use model::{Domain, Field, Fields, Gone, Kind, Part, Path, Record, RecordId, Seen, Version};

/// How a user's part in an activity changes.
#[derive(Clone, Copy)]
enum Takes {
    /// He is taken off it, or it is hidden from his calendar (rules C6, D6).
    Leaves,
    /// It is shown in his calendar again (rule C6).
    Rejoins,
}

impl CrmRemote {
    pub(super) async fn carry_out(&self, write: &Write) -> Result<Written, Trouble> {
        match write {
            Write::Create(create) => match map::display(create.domain.kind()) {
                Some(display) => self.create_activity(create, display).await,
                None => self.create_contact(create).await,
            },
            Write::Update(update) => match update.domain.kind() {
                Kind::Contact => self.update_contact(update).await,
                Kind::Appointment | Kind::Task => self.update_activity(update).await,
            },
            Write::Delete { kind, id, version, planned: _, mail: _ } => self.delete(*kind, id, version).await,
            Write::Enlist { domain, id } => {
                let record = listable(*domain, id)?;
                let now = self.clock.now();
                let done = self.crm.add_to_sync_list(&self.actor, &record, &self.user, now).await;
                done.map_err(|error| writing(&error))?;
                self.written_now(Kind::Contact, id).await
            }
            Write::Delist { domain, id } => {
                let record = listable(*domain, id)?;
                let now = self.clock.now();
                let done = self.crm.remove_from_sync_list(&self.actor, &record, &self.user, now).await;
                done.map_err(|error| writing(&error))?;
                self.written_now(Kind::Contact, id).await
            }
            Write::Leave { kind, id } => self.take_part(*kind, id, Takes::Leaves).await,
            Write::Rejoin { kind, id } => self.take_part(*kind, id, Takes::Rejoins).await,
            Write::Flag { id, global_id, locked } => {
                let (activity, now) = (ActivityId::new(id.as_str()), self.clock.now());
                let flagged = self.crm.flag_meeting(&self.actor, &activity, global_id.as_deref(), *locked, now).await;
                let number = flagged.map_err(|error| writing(&error))?;
                Ok(written(id.clone(), map::version(number, false)))
            }
            Write::Mark { .. } | Write::Restore { .. } => Err(refused("unknown", "the CRM carries no marks")),
        }
    }

    async fn create_contact(&self, create: &Create) -> Result<Written, Trouble> {
        let personal = match create.domain {
            Domain::PersonalContact => true,
            Domain::BusinessContact => false,
            Domain::Employee | Domain::Calendar | Domain::Task => {
                return Err(refused("forbidden", "employees are made by the CRM's administrators"));
            }
        };
        let mut draft = ContactDraft {
            personal,
            fields: without_flag(&create.fields),
            integration_key: Some(create.mark.key.clone()),
            // Importing puts the user on the record's Sync List, in the same transaction (rule O3).
            enlist: true,
            revive: create.revive.as_ref().map(|id| ContactId::new(id.as_str())),
            ..ContactDraft::default()
        };
        if let Some(source) = &create.made_from {
            self.as_the_source(source, &mut draft).await?;
        }
        let made = self.crm.create_contact(&self.actor, &draft, self.clock.now()).await;
        let record = made.map_err(|error| writing(&error))?.record;
        Ok(written(RecordId::new(record.id.as_str()), map::version(record.version, record.listed)))
    }

    /// What no mailbox shows of the record that a contact is made from: it goes over too (rule O5).
    async fn as_the_source(&self, source: &RecordId, draft: &mut ContactDraft) -> Result<(), Trouble> {
        match self.crm.contact(&self.actor, &ContactId::new(source.as_str())).await {
            Ok(contact) => {
                draft.more_emails = contact.more_emails;
                for (path, value) in contact.fields.into_iter().filter(|(path, _)| path.field != Field::Private) {
                    draft.fields.entry(path).or_insert(value);
                }
                Ok(())
            }
            // Gone or hidden meanwhile: what was planned is all there is.
            Err(crm::Error::NotFound | crm::Error::Deleted { .. }) => Ok(()),
            Err(error) => Err(reading(&error)),
        }
    }

    async fn create_activity(&self, create: &Create, display: crm::Display) -> Result<Written, Trouble> {
        let owner = create.owner.as_ref().map_or_else(|| self.user.clone(), |owner| EmployeeId::new(owner.as_str()));
        let draft = ActivityDraft {
            fields: create.fields.clone(),
            integration_key: Some(create.mark.key.clone()),
            global_id: create.global_id.clone(),
            locked: create.locked,
            revive: create.revive.as_ref().map(|id| ActivityId::new(id.as_str())),
            ..ActivityDraft::new(display, owner)
        };
        let made = self.crm.create_activity(&self.actor, &draft, self.clock.now()).await;
        let record = made.map_err(|error| writing(&error))?.record;
        Ok(written(RecordId::new(record.id.as_str()), map::version(record.version, false)))
    }

    async fn update_contact(&self, update: &Update) -> Result<Written, Trouble> {
        if update.domain == Domain::Employee {
            return Err(refused("forbidden", "employees are changed by the CRM's administrators"));
        }
        let edit = ContactEdit { fields: without_flag(&update.changes), ..ContactEdit::default() };
        let (id, number) = (ContactId::new(update.id.as_str()), planned(&update.version)?);
        let changed = self.crm.update_contact(&self.actor, &id, number, &edit, self.clock.now()).await;
        let record = changed.map_err(|error| writing(&error))?;
        Ok(written(update.id.clone(), map::version(record.version, record.listed)))
    }

    async fn update_activity(&self, update: &Update) -> Result<Written, Trouble> {
        // Exceptions that must stand after the rule was set are written with it; a change of one says more than its stay.
        let mut fields = update.keep.clone();
        fields.extend(update.changes.iter().map(|(path, value)| (path.clone(), value.clone())));
        let edit = ActivityEdit { fields, ..ActivityEdit::default() };
        let (id, number) = (ActivityId::new(update.id.as_str()), planned(&update.version)?);
        let changed = self.crm.update_activity(&self.actor, &id, number, &edit, self.clock.now()).await;
        let record = changed.map_err(|error| writing(&error))?;
        Ok(written(update.id.clone(), map::version(record.version, false)))
    }

    async fn delete(&self, kind: Kind, id: &RecordId, version: &Version) -> Result<Written, Trouble> {
        let (number, now) = (planned(version)?, self.clock.now());
        let done = match kind {
            Kind::Contact => {
                let seen = self.look(kind, std::slice::from_ref(id)).await.map_err(|error| reading(&error))?;
                match seen.get(id) {
                    // No mailbox deletes a business contact or an employee (rule C6): this is the last gate.
                    Some(Seen::Present(record)) if record.facts.domain != Some(Domain::PersonalContact) => {
                        return Err(refused("forbidden", "the synchronisation deletes personal contacts only"));
                    }
                    Some(Seen::Gone(gone)) => return Err(Trouble::Gone(*gone)),
                    Some(Seen::Present(_)) | None => {}
                }
                self.crm.delete_contact(&self.actor, &ContactId::new(id.as_str()), number, now).await
            }
            Kind::Appointment | Kind::Task => {
                self.crm.delete_activity(&self.actor, &ActivityId::new(id.as_str()), number, now).await
            }
        };
        done.map_err(|error| writing(&error))?;
        Ok(written(id.clone(), version.clone()))
    }

    /// Takes the user off an activity, or shows it to him again; a repeated request finds it so already.
    async fn take_part(&self, kind: Kind, id: &RecordId, takes: Takes) -> Result<Written, Trouble> {
        match (takes, kind) {
            (Takes::Leaves, Kind::Contact) => return Err(refused("invalid", "nobody takes part in a contact")),
            (Takes::Rejoins, Kind::Contact | Kind::Task) => {
                return Err(refused("invalid", "nothing but a meeting is hidden from a calendar"));
            }
            (Takes::Leaves, Kind::Appointment | Kind::Task) | (Takes::Rejoins, Kind::Appointment) => {}
        }
        let is_so = |record: &Record| match takes {
            Takes::Leaves => record.facts.part == Part::Former || record.facts.hidden,
            Takes::Rejoins => !record.facts.hidden,
        };
        let seen = self.look(kind, std::slice::from_ref(id)).await.map_err(|error| reading(&error))?;
        match seen.get(id) {
            Some(Seen::Present(record)) if is_so(record) => return Ok(written(id.clone(), record.version.clone())),
            Some(Seen::Gone(gone)) => return Err(Trouble::Gone(*gone)),
            Some(Seen::Present(_)) | None => {}
        }
        let (activity, now) = (ActivityId::new(id.as_str()), self.clock.now());
        let done = match takes {
            Takes::Leaves => self.crm.leave_activity(&self.actor, &activity, &self.user, now).await,
            Takes::Rejoins => self.crm.rejoin_activity(&self.actor, &activity, &self.user, now).await,
        };
        let record = done.map_err(|error| writing(&error))?;
        Ok(written(id.clone(), map::version(record.version, false)))
    }

    /// The record's version after its place on the Sync List changed.
    async fn written_now(&self, kind: Kind, id: &RecordId) -> Result<Written, Trouble> {
        let seen = self.look(kind, std::slice::from_ref(id)).await.map_err(|error| reading(&error))?;
        match seen.get(id) {
            Some(Seen::Present(record)) => Ok(written(id.clone(), record.version.clone())),
            // Off the list of a record he no longer sees: nothing of it is left for him.
            Some(Seen::Gone(Gone::Delisted)) => Ok(written(id.clone(), Version::new(""))),
            Some(Seen::Gone(gone)) => Err(Trouble::Gone(*gone)),
            None => Err(Trouble::Gone(Gone::Unknown)),
        }
    }
}

fn written(id: RecordId, version: Version) -> Written {
    Written { id, version, other: None, partly: Vec::new() }
}

/// The record's number that was planned against; a version that is none of ours is stale.
fn planned(version: &Version) -> Result<i64, Trouble> {
    map::number(version).ok_or(Trouble::Stale)
}

fn listable(domain: Domain, id: &RecordId) -> Result<Listable, Trouble> {
    match domain {
        Domain::BusinessContact | Domain::PersonalContact => Ok(Listable::Contact(ContactId::new(id.as_str()))),
        Domain::Employee => Ok(Listable::Employee(EmployeeId::new(id.as_str()))),
        Domain::Calendar | Domain::Task => Err(refused("invalid", "activities are on no Sync List")),
    }
}

/// A contact's Private flag is its domain's sign: the synchronisation never writes it (rule O5).
fn without_flag(fields: &Fields) -> Fields {
    let mut fields = fields.clone();
    fields.remove(&Path::of(Field::Private));
    fields
}
