//! A copy of ours that showed only after it was looked for and made again: it goes, a person's copy of it stays.

use crate::cycle::Cycle;
use crate::judge::Judged;
use crate::limits;
use crate::outcome::CycleError;
use crate::port::Wanted;
use jiff::Timestamp;
use model::same::{normal, same_or_blank};
use model::{Domain, Facts, Field, Fields, Gone, Kind, Link, LinkId, Path, Record, RecordId, Seen, Side, Version};
use plan::{After, Lead, Op, Plan, Reason, scope};
use planted::Planted;
use std::collections::BTreeSet;
use store::{Intent, Late};

/// Texts that tell whether a copy still says what was sent, besides what records are matched by.
const TEXTS: [Field; 2] = [Field::Body, Field::Location];

impl Cycle<'_> {
    /// What a create that was not found is known by for a day (decision 10, trap 47).
    pub(crate) fn late(&self, intent: &Intent, result: &Link) -> Late {
        Late {
            key: intent.id.clone(),
            link: result.id.clone(),
            content: self.content(intent.kind, &intent.fields),
            until: self.until(),
        }
    }

    /// A delete that was given up for lost: a node that paused in the middle of its call may send it all the same.
    pub(crate) fn late_delete(&self, link: &LinkId) -> Late {
        Late { key: doomed(link), link: link.clone(), content: String::new(), until: self.until() }
    }

    /// Whether an item that lies in Deleted Items may have got there by such a delete of ours: no proof of a person's.
    pub(crate) async fn may_be_ours(&self, link: &Link, item: &Seen) -> Result<bool, CycleError> {
        if !matches!(item, Seen::Gone(Gone::Deleted)) {
            return Ok(false);
        }
        let late = self.engine.store().late(&self.pairing.id, &doomed(&link.id)).await?;
        Ok(late.is_some_and(|late| late.until > self.engine.now()))
    }

    fn until(&self) -> Timestamp {
        let now = self.engine.now();
        now.checked_add(jiff::SignedDuration::from_hours(limits::LATE_HOURS)).unwrap_or(now)
    }

    /// Whether an item carries the mark of a create that was given up for lost.
    pub(crate) async fn is_late(&self, item: &Record) -> Result<Option<Late>, CycleError> {
        let mark = item.facts.mark.as_ref().filter(|mark| Some(&mark.mailbox) == self.pairing.mailbox.as_ref());
        let Some(mark) = mark else {
            return Ok(None);
        };
        let late = self.engine.store().late(&self.pairing.id, &mark.key).await?;
        Ok(late.filter(|late| late.until > self.engine.now()))
    }

    /// The plan for a late copy: to Deleted Items when another was made in its place, or when its record was deleted
    /// meanwhile. With other content than was sent it is a person's, and new.
    pub(crate) async fn late_twin(&self, item: &Record) -> Result<Option<Judged>, CycleError> {
        let twin = match self.as_sent(item).await? {
            Some(late) => self.is_superseded(&late, item).await?,
            None => self.is_of_before(item).await?,
        };
        if !twin {
            return Ok(None);
        }
        let op = Op::Delete { side: Side::Pim, after_new: None };
        let mut plan = Plan::of(Some(domain_of(item)), After::Forget, Reason::Twin);
        plan.ops.push(op);
        Ok(Some(Judged::of(plan, None, Some(item))))
    }

    /// The late create whose copy an item is, saying what was sent: never a new record, whatever else carries its mark.
    pub(crate) async fn as_sent(&self, item: &Record) -> Result<Option<Late>, CycleError> {
        let late = self.is_late(item).await?.filter(|_| !planted::is(Planted::NoTwinRule));
        Ok(late.filter(|late| late.content == self.content(item.kind, &item.fields)))
    }

    /// A copy that we made before the store was restored, of a record that has another one by now and says the same: the
    /// create it came from is forgotten.
    async fn is_of_before(&self, item: &Record) -> Result<bool, CycleError> {
        let mark = item.facts.mark.as_ref().filter(|mark| Some(&mark.mailbox) == self.pairing.mailbox.as_ref());
        let Some(id) = mark.filter(|mark| mark.epoch < self.epoch).and_then(|mark| plan::keys::crm_id(&mark.key))
        else {
            return Ok(false);
        };
        let link = self.engine.store().link_of(&self.pairing.id, Side::Crm, item.kind, &RecordId::new(id)).await?;
        Ok(link.is_some_and(|link| {
            link.pim.id != item.id && says_the_same(&link, item) && !planted::is(Planted::NoTwinRule)
        }))
    }

    async fn is_superseded(&self, late: &Late, item: &Record) -> Result<bool, CycleError> {
        let Some(id) = plan::keys::crm_id(&late.key).map(RecordId::new) else {
            return Ok(false);
        };
        let link = self.engine.store().link_of(&self.pairing.id, Side::Crm, item.kind, &id).await?;
        if let Some(link) = link {
            return Ok(link.pim.id != item.id);
        }
        Ok(match self.get_one(Side::Crm, item.kind, Wanted::by_id(id)).await? {
            // Of what its user does not see any more a copy that nobody touched is nobody's; it is made anew should he return.
            Ok(Seen::Gone(why)) => matches!(why, Gone::Deleted | Gone::Delisted | Gone::NotVisible),
            // It stands, but the user has left it meanwhile: his copy has no place any more.
            Ok(Seen::Present(record)) => {
                let lenses = self.lenses();
                let admitted = scope::admit_record(&record, &self.context(Lead::Mine, &lenses));
                matches!(admitted, Err(Reason::TakenOff | Reason::Hidden | Reason::NotListed | Reason::ShownNowhere))
            }
            Err(_) => false,
        })
    }

    /// What a record says, hashed: what it would be matched by, and its longer texts without their layout.
    fn content(&self, kind: Kind, fields: &Fields) -> String {
        let record = Record {
            kind,
            id: RecordId::new(""),
            version: Version::new(""),
            fields: fields.clone(),
            facts: Facts::default(),
        };
        let mut told: BTreeSet<String> = plan::keys::keys(&record, &self.force.maps, None, &self.force.zone);
        for field in TEXTS {
            let text = normal(record.text(field.clone()).unwrap_or_default());
            let letters: String = text.chars().filter(|letter| letter.is_alphanumeric()).collect();
            told.insert(format!("{field}:{}", letters.to_lowercase()));
        }
        self.hash(&told.into_iter().collect::<Vec<_>>().join("\n"))
    }
}

/// Whether an item says in every field what a link's own item last showed: what a person has changed is nobody's twin.
fn says_the_same(link: &Link, item: &Record) -> bool {
    let shown = plan::occurrence::by_date(&item.fields);
    let ours = |path: &Path| !matches!(path.field, Field::Categories | Field::Organizer | Field::Attendees);
    let paths: BTreeSet<&Path> = link.pim.base.keys().chain(shown.keys()).filter(|path| ours(path)).collect();
    paths.into_iter().all(|path| same_or_blank(&path.field, link.pim.base.get(path), shown.get(path)))
}

fn domain_of(item: &Record) -> Domain {
    match item.kind {
        Kind::Appointment => Domain::Calendar,
        Kind::Task => Domain::Task,
        Kind::Contact if item.is_private() => Domain::PersonalContact,
        Kind::Contact => Domain::BusinessContact,
    }
}

/// What a delete given up for lost is remembered by.
fn doomed(link: &LinkId) -> String {
    format!("delete|{link}")
}
