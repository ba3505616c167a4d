//! One user's records of the built-in CRM: his views listed, ids looked at.

use super::map;
use super::trouble::{reading, refused};
use async_trait::async_trait;
use crm::look::{Look, Sight};
use crm::{ActivityId, Actor, ContactId, Crm, EmployeeId};
use engine::port::{Clock, FindBy, Identity, Maps, Page, Remote, Traced, Trouble, Wanted, Write, Written};
use model::{Domain, FolderId, Gone, Kind, Lens, MailboxId, Record, RecordId, Seen, Side, UserId};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Records on a page of a listing.
const PAGE: usize = 200;
/// Ids in one look.
const LOOK: usize = crm::limits::PAGE;
/// Merges followed from one contact to the one it lives on in.
const MERGES: usize = 100;
/// What the CRM notes as the source of our writes.
const SOURCE: &str = "sync";
/// The cursor of a listing that is finished: what follows comes from the feed.
const END: &str = "end";

/// The built-in CRM as one user's side of his pairing.
pub struct CrmRemote {
    pub(super) crm: Crm,
    pub(super) user: EmployeeId,
    pub(super) actor: Actor,
    pub(super) clock: Arc<dyn Clock>,
    maps: Arc<Maps>,
    sight: Sight,
}

impl CrmRemote {
    /// The records of a user, who sees My Contacts and My Personal Contacts.
    #[must_use]
    pub fn new(crm: Crm, user: UserId, clock: Arc<dyn Clock>) -> CrmRemote {
        let user = EmployeeId::new(user.as_str());
        let actor = Actor::sync(user.clone(), SOURCE);
        CrmRemote { crm, user, actor, clock, maps: Arc::default(), sight: Sight::Mine }
    }

    /// With the field maps in force, whose extension fields the records then show.
    #[must_use]
    pub fn with_maps(mut self, maps: Arc<Maps>) -> CrmRemote {
        self.maps = maps;
        self
    }

    /// With sight of every business contact, as far as the user may open that view (rule O1's setting "All").
    #[must_use]
    pub fn with_all_contacts(mut self, all: bool) -> CrmRemote {
        self.sight = if all { Sight::All } else { Sight::Mine };
        self
    }

    fn contact(&self, contact: &crm::Contact) -> Record {
        let domain = if contact.is_personal() { Domain::PersonalContact } else { Domain::BusinessContact };
        map::contact(contact, self.maps.get(&domain))
    }

    fn employee(&self, employee: &crm::Employee) -> Record {
        map::employee(employee, self.maps.get(&Domain::Employee))
    }

    fn activity(&self, kind: Kind, activity: &crm::Activity) -> Record {
        let domain = map::domain(activity.display);
        map::activity(kind, activity, domain.and_then(|domain| self.maps.get(&domain)))
    }

    /// A page of contacts, then pages of employees: one collection of people.
    async fn people(&self, cursor: Option<&str>) -> Result<Page, crm::Error> {
        let mut page = Page::default();
        match cursor.and_then(|cursor| cursor.split_once(':')) {
            Some(("employees", after)) => {
                let after = (!after.is_empty()).then(|| EmployeeId::new(after));
                let found = self.crm.list_employees(&self.user, after.as_ref(), PAGE).await?;
                page.more = found.len() == PAGE;
                page.cursor = match found.last() {
                    Some(last) if page.more => format!("employees:{}", last.id),
                    Some(_) | None => END.to_owned(),
                };
                page.records = found.iter().map(|employee| self.employee(employee)).collect();
            }
            other => {
                let after = other.map(|(_, after)| ContactId::new(after));
                if after.is_none() {
                    page.total = Some(self.crm.count_contacts(&self.user).await?);
                }
                let found = self.crm.list_contacts(&self.user, self.sight, after.as_ref(), PAGE).await?;
                page.more = true;
                page.cursor = match found.last() {
                    Some(last) if found.len() == PAGE => format!("contacts:{}", last.id),
                    Some(_) | None => "employees:".to_owned(),
                };
                page.records = found.iter().map(|contact| self.contact(contact)).collect();
            }
        }
        Ok(page)
    }

    async fn activities(&self, kind: Kind, cursor: Option<&str>) -> Result<Page, crm::Error> {
        let mut page = Page { cursor: END.to_owned(), ..Page::default() };
        let Some(display) = map::display(kind) else { return Ok(page) };
        let after = cursor.and_then(|cursor| cursor.strip_prefix("activities:")).map(ActivityId::new);
        if after.is_none() {
            page.total = Some(self.crm.count_activities(&self.user, display).await?);
        }
        let found = self.crm.list_activities(&self.user, display, after.as_ref(), PAGE).await?;
        page.more = found.len() == PAGE;
        if let Some(last) = found.last()
            && page.more
        {
            page.cursor = format!("activities:{}", last.id);
        }
        page.records = found.iter().map(|activity| self.activity(kind, activity)).collect();
        Ok(page)
    }

    async fn look_people(&self, ids: &[RecordId]) -> Result<BTreeMap<RecordId, Seen>, crm::Error> {
        let (mut contacts, mut employees) = (Vec::new(), Vec::new());
        for id in ids {
            if id.as_str().starts_with(EmployeeId::PREFIX) {
                employees.push(EmployeeId::new(id.as_str()));
            } else {
                contacts.push(ContactId::new(id.as_str()));
            }
        }
        let mut seen = BTreeMap::new();
        for (id, look) in self.crm.look_contacts(&self.user, self.sight, &contacts).await? {
            let id = RecordId::new(id.as_str());
            let found = match look {
                Look::Visible(contact) => Seen::Present(Arc::new(self.contact(&contact))),
                Look::Hidden { listed: true, version } => Seen::Present(Arc::new(map::unseen(&id, version))),
                // Neither his to see nor on his list: for him it is off the list.
                Look::Hidden { listed: false, .. } => Seen::Gone(Gone::Delisted),
                Look::Former(_) => Seen::Gone(Gone::NotVisible),
                Look::Deleted { merged_into: Some(_) } => Seen::Gone(Gone::Merged),
                Look::Deleted { merged_into: None } => Seen::Gone(Gone::Deleted),
                Look::Unknown => Seen::Gone(Gone::Unknown),
            };
            seen.insert(id, found);
        }
        for (id, look) in self.crm.look_employees(&self.user, &employees).await? {
            let found = match look {
                Look::Visible(employee) => Seen::Present(Arc::new(self.employee(&employee))),
                Look::Hidden { .. } | Look::Former(_) => Seen::Gone(Gone::NotVisible),
                Look::Deleted { .. } => Seen::Gone(Gone::Deleted),
                Look::Unknown => Seen::Gone(Gone::Unknown),
            };
            seen.insert(RecordId::new(id.as_str()), found);
        }
        Ok(seen)
    }

    async fn look_activities(&self, kind: Kind, ids: &[RecordId]) -> Result<BTreeMap<RecordId, Seen>, crm::Error> {
        let ids: Vec<ActivityId> = ids.iter().map(|id| ActivityId::new(id.as_str())).collect();
        let looks = self.crm.look_activities(&self.user, &ids).await?;
        Ok(looks
            .into_iter()
            .map(|(id, look)| {
                let seen = match look {
                    Look::Visible(activity) | Look::Former(activity) => {
                        Seen::Present(Arc::new(self.activity(kind, &activity)))
                    }
                    Look::Hidden { .. } => Seen::Gone(Gone::NotVisible),
                    Look::Deleted { .. } => Seen::Gone(Gone::Deleted),
                    Look::Unknown => Seen::Gone(Gone::Unknown),
                };
                (RecordId::new(id.as_str()), seen)
            })
            .collect())
    }

    /// Looks at ids of a kind.
    pub(super) async fn look(&self, kind: Kind, ids: &[RecordId]) -> Result<BTreeMap<RecordId, Seen>, crm::Error> {
        match kind {
            Kind::Contact => self.look_people(ids).await,
            Kind::Appointment | Kind::Task => self.look_activities(kind, ids).await,
        }
    }

    /// The contact in which a merged one lives on, through any number of merges, as this user sees it.
    async fn survivor(&self, id: &RecordId) -> Result<Option<Record>, crm::Error> {
        let mut at = ContactId::new(id.as_str());
        for _ in 0..MERGES {
            let looks = self.crm.look_contacts(&self.user, self.sight, std::slice::from_ref(&at)).await?;
            match looks.into_iter().next().map(|(_, look)| look) {
                Some(Look::Visible(contact)) => return Ok(Some(self.contact(&contact))),
                Some(Look::Hidden { listed: true, version }) => {
                    return Ok(Some(map::unseen(&RecordId::new(at.as_str()), version)));
                }
                Some(Look::Deleted { merged_into: Some(next) }) => at = ContactId::new(next),
                Some(Look::Hidden { .. } | Look::Former(_) | Look::Deleted { .. } | Look::Unknown) | None => break,
            }
        }
        Ok(None)
    }

    async fn found(&self, kind: Kind, by: &FindBy) -> Result<Option<Record>, crm::Error> {
        let found = match (kind, by) {
            (Kind::Contact, FindBy::Key(key)) => {
                let found = self.crm.contact_by_integration_key(&self.actor, key).await?;
                found.map(|contact| self.contact(&contact))
            }
            (Kind::Contact, FindBy::GlobalId(_)) => None,
            (Kind::Contact, FindBy::MergedFrom(id)) => self.survivor(id).await?,
            (Kind::Appointment | Kind::Task, FindBy::MergedFrom(_)) => None,
            (Kind::Appointment | Kind::Task, FindBy::Key(key)) => {
                let found = self.crm.activity_by_integration_key(&self.actor, key).await?;
                found.map(|activity| self.activity(kind, &activity))
            }
            (Kind::Appointment | Kind::Task, FindBy::GlobalId(id)) => {
                let found = self.crm.activity_by_global_id(&self.actor, id).await?;
                found.map(|activity| self.activity(kind, &activity))
            }
        };
        Ok(found.filter(|record| record.facts.domain.is_some_and(|domain| domain.kind() == kind)))
    }
}

#[async_trait]
impl Remote for CrmRemote {
    fn side(&self) -> Side {
        Side::Crm
    }

    fn lens(&self) -> Arc<dyn Lens> {
        Arc::new(map::CrmLens)
    }

    async fn identity(&self) -> Result<Identity, Trouble> {
        let found = self.crm.employee(&self.actor, &self.user).await;
        match found {
            Ok(employee) => Ok(Identity {
                mailbox: None,
                root: employee.id.to_string(),
                is_user: employee.active && employee.login.is_some(),
                addresses: employee.addresses,
            }),
            Err(crm::Error::NotFound | crm::Error::Deleted { .. }) => Err(Trouble::NoAccess {
                why: "the CRM has no such user any more: unmap the mailbox, or map it to another user".to_owned(),
            }),
            Err(error) => Err(reading(&error)),
        }
    }

    async fn set_identity(&self, _id: &MailboxId) -> Result<(), Trouble> {
        Err(refused("unknown", "the CRM carries no mailbox id"))
    }

    async fn folders(&self, kind: Kind) -> Result<Vec<FolderId>, Trouble> {
        Ok(vec![FolderId::new(format!("crm:{kind}"))])
    }

    async fn changes(&self, kind: Kind, folder: &FolderId, cursor: Option<&str>) -> Result<Page, Trouble> {
        if folder.as_str() != format!("crm:{kind}") {
            return Err(Trouble::Broken { why: "the CRM has no such collection".to_owned() });
        }
        let known = match (kind, cursor.map(|cursor| cursor.split_once(':').map_or(cursor, |(word, _)| word))) {
            (_, Some(END)) => return Ok(Page { cursor: END.to_owned(), ..Page::default() }),
            (Kind::Contact, Some(word)) => matches!(word, "contacts" | "employees"),
            (Kind::Appointment | Kind::Task, Some(word)) => word == "activities",
            (_, None) => true,
        };
        if !known {
            return Err(Trouble::CursorRefused);
        }
        let page = match kind {
            Kind::Contact => self.people(cursor).await,
            Kind::Appointment | Kind::Task => self.activities(kind, cursor).await,
        };
        page.map_err(|error| reading(&error))
    }

    async fn get(&self, kind: Kind, wanted: &[Wanted]) -> Result<Vec<(RecordId, Result<Seen, Trouble>)>, Trouble> {
        let mut answers = Vec::with_capacity(wanted.len());
        for some in wanted.chunks(LOOK) {
            let ids: Vec<RecordId> = some.iter().map(|one| one.id.clone()).collect();
            let mut seen = self.look(kind, &ids).await.map_err(|error| reading(&error))?;
            answers.extend(ids.into_iter().map(|id| {
                let answer = seen.remove(&id).unwrap_or(Seen::Gone(Gone::Unknown));
                (id, Ok(answer))
            }));
        }
        Ok(answers)
    }

    async fn find(&self, kind: Kind, by: &FindBy, limit: usize) -> Result<Vec<Record>, Trouble> {
        match self.found(kind, by).await {
            // A key or a global id names one record at most; one that was deleted since is not there.
            Ok(found) => Ok(found.into_iter().take(limit).collect()),
            Err(crm::Error::Deleted { .. } | crm::Error::NotFound) => Ok(Vec::new()),
            Err(error) => Err(reading(&error)),
        }
    }

    async fn trace(&self, kind: Kind, key: &str, limit: usize) -> Result<Vec<Traced>, Trouble> {
        // A key names one record at most.
        let standing = self.find(kind, &FindBy::Key(key.to_owned()), limit.min(1)).await?;
        if !standing.is_empty() {
            return Ok(standing
                .into_iter()
                .map(|record| Traced { id: record.id.clone(), gone: None, record: Some(Arc::new(record)) })
                .collect());
        }
        let deleted = match kind {
            Kind::Contact => self.crm.deleted_contact_of_key(key).await.map(|id| id.map(|id| id.to_string())),
            Kind::Appointment | Kind::Task => {
                self.crm.deleted_activity_of_key(key).await.map(|id| id.map(|id| id.to_string()))
            }
        };
        let deleted = deleted.map_err(|error| reading(&error))?;
        let traced = |id: String| Traced { id: RecordId::new(id), gone: Some(Gone::Deleted), record: None };
        Ok(deleted.map(traced).into_iter().take(limit).collect())
    }

    fn keeps_meetings(&self) -> bool {
        false
    }

    /// One after another: each is a transaction of its own.
    async fn write_all(&self, writes: &[Write]) -> Result<Vec<Result<Written, Trouble>>, Trouble> {
        let mut outcomes = Vec::with_capacity(writes.len());
        for write in writes {
            outcomes.push(self.carry_out(write).await);
        }
        Ok(outcomes)
    }
}

impl std::fmt::Debug for CrmRemote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CrmRemote({})", self.user)
    }
}
