//! Carrying out what undoing planned: each write is like a person's edit, and the next cycles carry it on (rule W3).

use crate::cycle::Cycle;
use crate::outcome::CycleError;
use crate::port::{Create, Mail, Trouble, Update, Write, Written};
use model::{Domain, Fields, Form, Kind, Link, Record, RecordId, Seen, Side, Sleep, SleepCause, Version};
use plan::undo::{Act, Stays};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::change::Settle;
use store::{Count, History, Look};

/// A record with its link and both copies as they are now.
pub(crate) struct Whole {
    pub kind: Kind,
    pub domain: Domain,
    pub crm: RecordId,
    pub link: Option<Link>,
    /// It stands in the CRM.
    pub stands: bool,
    pub seen: BTreeMap<Side, Seen>,
    /// What a record that comes back is made by: the same however often its deletion is put back.
    pub key: String,
    /// Where it stands by now, if not under its own id.
    pub elsewhere: Option<Stays>,
}

impl Whole {
    pub(crate) fn record(&self, side: Side) -> Option<&Record> {
        match self.seen.get(&side) {
            Some(Seen::Present(record)) => Some(record),
            Some(Seen::Gone(_)) | None => None,
        }
    }

    /// The copy's id, as the link or the look knows it.
    pub(crate) fn id(&self, side: Side) -> Option<RecordId> {
        let linked = self.link.as_ref().map(|link| link.end(side).id.clone());
        linked.or_else(|| self.record(side).map(|record| record.id.clone())).filter(|id| !id.as_str().is_empty())
    }
}

/// How an act ended.
pub(crate) enum Done {
    Written,
    /// Nothing was written: why, in words, if there is anything to tell.
    Not(Option<String>),
}

impl Cycle<'_> {
    pub(crate) async fn put_back(
        &mut self,
        whole: &mut Whole,
        act: &Act,
        line: &mut History,
    ) -> Result<Done, CycleError> {
        self.keep_lease().await?;
        if act.side() == Side::Pim {
            // The mailbox's identity is checked before the first write (rule L1).
            self.identify().await?;
        }
        match act {
            Act::Put { side, changes, keep } => self.put(whole, *side, changes, keep, line).await,
            Act::TakeBack { side } => self.take_back(whole, *side, line).await,
            Act::BringBack { side: Side::Pim, fields, mark_key } => {
                self.bring_item(whole, fields, mark_key.as_deref(), line).await
            }
            Act::BringBack { side: Side::Crm, fields, .. } => self.bring_record(whole, fields, line).await,
            Act::Enlist => {
                let write = Write::Enlist { domain: whole.domain, id: whole.crm.clone() };
                self.of_list(whole, write, None, line).await
            }
            Act::Delist => {
                let write = Write::Delist { domain: whole.domain, id: whole.crm.clone() };
                self.of_list(whole, write, Some(Count::Deleted), line).await
            }
        }
    }

    /// The link's base stays: what is put back differs from it, so the next cycle carries it over as that side's change.
    async fn put(
        &mut self,
        whole: &Whole,
        side: Side,
        changes: &Fields,
        keep: &Fields,
        line: &History,
    ) -> Result<Done, CycleError> {
        let Some(record) = whole.record(side) else { return Ok(gone()) };
        let update = Update {
            domain: whole.domain,
            id: record.id.clone(),
            version: record.version.clone(),
            planned: (side == Side::Pim).then(|| Arc::new(record.clone())),
            changes: changes.clone(),
            keep: keep.clone(),
            // Without a new write number it is nobody's but a person's change.
            mark: None,
            mail: Mail::None,
        };
        match self.remote(side).write(&Write::Update(update)).await {
            Ok(_) => self.told(whole, side, Some(Count::Updated), line).await,
            Err(trouble) => self.not_put(whole, side, trouble).await,
        }
    }

    /// The link sleeps before the copy goes: whatever happens then, the copy's going is no delete of its source. Where both
    /// copies stand it wakes by itself.
    async fn take_back(&mut self, whole: &mut Whole, side: Side, line: &History) -> Result<Done, CycleError> {
        let (Some(record), Some(link)) = (whole.record(side), &whole.link) else { return Ok(gone()) };
        let mut link = link.clone();
        link.sleep = Some(Sleep { cause: SleepCause::ReceiverDeleted, since: self.engine.now() });
        let write = Write::Delete {
            kind: whole.kind,
            id: record.id.clone(),
            version: record.version.clone(),
            planned: (side == Side::Pim).then(|| Arc::new(record.clone())),
            mail: Mail::None,
        };
        let settle = Settle { links: vec![link.clone()], looks: looks(whole), ..Settle::default() };
        self.store(settle).await?;
        whole.link = Some(link);
        match self.remote(side).write(&write).await {
            Ok(_) => self.told(whole, side, Some(Count::Deleted), line).await,
            Err(trouble) => self.not_put(whole, side, trouble).await,
        }
    }

    /// Out of Deleted Items when it is there still, else made anew with the same mark: whoever repeats it finds the first.
    async fn bring_item(
        &mut self,
        whole: &mut Whole,
        fields: &Fields,
        mark_key: Option<&str>,
        line: &mut History,
    ) -> Result<Done, CycleError> {
        let kind = whole.kind;
        let key = match mark_key {
            Some(key) => key.to_owned(),
            None => plan::keys::mark_key(&whole.crm, &self.hash(&format!("undo|{}", whole.crm))),
        };
        let bearer = self.pim.trace(kind, &key, 1).await?.into_iter().next();
        if bearer.as_ref().is_some_and(|one| one.gone.is_none()) {
            return Ok(Done::Not(Some(plan::explain::not_put_back(plan::undo::Stays::AsItWas).to_owned())));
        }
        let restored = match mark_key {
            Some(key) => self.pim.write(&Write::Restore { kind, mark_key: key.to_owned() }).await,
            None => Err(Trouble::Gone(model::Gone::Unknown)),
        };
        let written = match restored {
            Err(Trouble::Gone(_) | Trouble::Refused { .. }) if fields.is_empty() => return Ok(Done::Not(None)),
            Err(Trouble::Gone(_) | Trouble::Refused { .. }) => {
                "create".clone_into(&mut line.what);
                let create = self.create_of(whole, fields, key.clone(), None);
                self.pim.write(&Write::Create(create)).await
            }
            otherwise => otherwise,
        };
        match written {
            Ok(written) => {
                line.pim = Some(written.id.clone());
                self.join(whole, bearer.and_then(|one| one.record), key);
                let done = self.stands(whole, Side::Pim, written.id.clone(), line).await?;
                self.name_anew(whole, mark_key, &written).await?;
                Ok(done)
            }
            Err(trouble) => self.not_put(whole, Side::Pim, trouble).await,
        }
    }

    /// A record that stands again and its item are one from the moment both do, whatever happens to either of them next: what
    /// they say is merged as if they were strangers (rule M3).
    fn join(&self, whole: &mut Whole, lain: Option<Arc<Record>>, key: String) {
        if whole.link.is_some() || !whole.stands {
            return;
        }
        let mut link = self.new_link(whole.domain, Form::Own, Side::Crm, None, lain.as_deref());
        link.crm.id.clone_from(&whole.crm);
        link.pim.version = Version::new("");
        link.mark_key = key;
        let mark = lain.as_ref().and_then(|item| item.facts.mark.as_ref());
        link.write_no = mark.map_or(1, |mark| mark.write_no);
        link.global_id = lain.as_ref().and_then(|item| item.facts.global_id.clone());
        whole.link = Some(link);
    }

    /// A record that came back under another id is not the one that its item's mark names: the item gets a mark for it, or
    /// the two would pass for strangers once the link is forgotten.
    async fn name_anew(&self, whole: &mut Whole, mark_key: Option<&str>, item: &Written) -> Result<(), CycleError> {
        let names = mark_key.and_then(plan::keys::crm_id);
        let Some(link) = whole.link.as_mut().filter(|link| names.is_some_and(|id| id != link.crm.id.as_str())) else {
            return Ok(());
        };
        let mark = self.new_mark(plan::keys::mark_key(&link.crm.id, &self.engine.fresh_id()), link.write_no + 1);
        let (id, version) = (item.id.clone(), item.version.clone());
        let write = Write::Mark { kind: whole.kind, id, mark: mark.clone(), version, planned: None };
        match self.pim.write(&write).await {
            Ok(_) => {
                link.write_no = mark.write_no;
                link.mark_key = mark.key;
                let links = vec![link.clone()];
                self.store(Settle { links, ..Settle::default() }).await
            }
            // Who edits it in just this moment has the link all the same.
            Err(Trouble::Stale | Trouble::Gone(_) | Trouble::Refused { .. }) => Ok(()),
            Err(trouble) => Err(trouble.into()),
        }
    }

    /// Under its own id where the CRM can do that; a repeated undoing finds it there.
    async fn bring_record(
        &mut self,
        whole: &mut Whole,
        fields: &Fields,
        line: &mut History,
    ) -> Result<Done, CycleError> {
        let create = self.create_of(whole, fields, whole.key.clone(), Some(whole.crm.clone()));
        match self.crm.write(&Write::Create(create)).await {
            Ok(written) => {
                line.crm = Some(written.id.clone());
                self.stands(whole, Side::Crm, written.id, line).await
            }
            Err(trouble) => self.not_put(whole, Side::Crm, trouble).await,
        }
    }

    fn create_of(&self, whole: &Whole, fields: &Fields, key: String, revive: Option<RecordId>) -> Create {
        let global_id = whole.link.as_ref().and_then(|link| link.global_id.clone()).filter(|_| revive.is_some());
        Create {
            domain: whole.domain,
            folder: None,
            fields: fields.clone(),
            mark: self.new_mark(key, 1),
            global_id,
            meeting: None,
            locked: false,
            owner: None,
            made_from: None,
            revive,
            mail: Mail::None,
        }
    }

    /// A copy that is back: the link that slept meanwhile shows it, and both are looked at. Without a link the two are
    /// strangers whom the mark makes one.
    async fn stands(
        &mut self,
        whole: &mut Whole,
        side: Side,
        id: RecordId,
        line: &History,
    ) -> Result<Done, CycleError> {
        if let Some(link) = &mut whole.link {
            let end = link.end_mut(side);
            end.id = id.clone();
            // Not the version answered: the next look decides.
            end.version = Version::new("");
            link.sleep = None;
            let links = vec![link.clone()];
            self.store(Settle { links, ..Settle::default() }).await?;
        }
        if side == Side::Crm {
            whole.crm = id.clone();
            whole.stands = true;
        }
        let looks = vec![Look::now(side, whole.kind, id)];
        self.store(Settle { looks, ..Settle::default() }).await?;
        self.told(whole, side, Some(Count::Created), line).await
    }

    async fn of_list(
        &mut self,
        whole: &Whole,
        write: Write,
        count: Option<Count>,
        line: &History,
    ) -> Result<Done, CycleError> {
        match self.crm.write(&write).await {
            Ok(_) => self.told(whole, Side::Crm, count, line).await,
            Err(trouble) => self.not_put(whole, Side::Crm, trouble).await,
        }
    }

    /// What was written stands in the history and in the brakes' counters (rule C8), and both copies are looked at.
    async fn told(
        &mut self,
        whole: &Whole,
        side: Side,
        count: Option<Count>,
        line: &History,
    ) -> Result<Done, CycleError> {
        let settle = Settle {
            history: vec![line.clone()],
            counts: count.into_iter().map(|count| (whole.domain, side, count, 1)).collect(),
            looks: looks(whole),
            ..Settle::default()
        };
        self.store(settle).await?;
        Ok(Done::Written)
    }

    /// A refused or overtaken write leaves what stands; a side that does not answer ends the undoing.
    async fn not_put(&mut self, whole: &Whole, side: Side, trouble: Trouble) -> Result<Done, CycleError> {
        self.store(Settle { looks: looks(whole), ..Settle::default() }).await?;
        match trouble {
            Trouble::Stale | Trouble::Gone(_) | Trouble::Refused { .. } => {
                let refused = plan::explain::not_put_back(plan::undo::Stays::Refused);
                tracing::debug!(pairing.id = %self.pairing.id, side = side.as_str(), "not put back");
                Ok(Done::Not(Some(format!("{refused}: {trouble}"))))
            }
            Trouble::Busy { .. }
            | Trouble::NoAccess { .. }
            | Trouble::CursorRefused
            | Trouble::Broken { .. }
            | Trouble::Unknown { .. } => Err(trouble.into()),
        }
    }
}

fn gone() -> Done {
    Done::Not(Some(plan::explain::not_put_back(plan::undo::Stays::NotThere).to_owned()))
}

fn looks(whole: &Whole) -> Vec<Look> {
    Side::BOTH.into_iter().filter_map(|side| Some(Look::now(side, whole.kind, whole.id(side)?))).collect()
}
