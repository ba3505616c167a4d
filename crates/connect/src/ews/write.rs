//! Writing to a mailbox: update, mark, delete, bring back.

use engine::port::{Mail, Trouble, Update, Write, Written};
use model::{Domain, DomainMap, Field, Kind, Mark, Path, RecordId, Value, Version};
use wire::ews::{
    self, AffectedTaskOccurrences, ConflictResolution, DeleteItem, DeleteType, FieldChange, FolderId, Item, ItemChange,
    ItemId, ItemRef, MailOn, MoveItem, Shape, UpdateItem, Version as Spoken,
};

use super::create;
use super::draft::{Draft, Drafting};
use super::kind_map::item_kind;
use super::occurrences::{self, Series};
use super::own;
use super::planned::Planned;
use super::remote::EwsRemote;
use super::trouble::Effect;

impl EwsRemote {
    /// Writes in order. Plain creates of one folder go in one call; anything else takes calls of its own.
    pub(super) async fn carry_out_all(&self, writes: &[Write]) -> Result<Vec<Result<Written, Trouble>>, Trouble> {
        if let Some(creates) = create::together(writes) {
            return self.create_together(&creates).await;
        }
        let mut outcomes = Vec::with_capacity(writes.len());
        for write in writes {
            outcomes.push(self.carry_out(write).await);
        }
        Ok(outcomes)
    }

    async fn carry_out(&self, write: &Write) -> Result<Written, Trouble> {
        match write {
            Write::Create(create) => self.create(create).await,
            Write::Update(update) => self.update(update).await,
            Write::Delete { kind, id, version, planned, mail } => {
                let plan = Planned { kind: *kind, id, version, said: planned.as_deref() };
                self.delete(&plan, *mail).await
            }
            Write::Mark { kind, id, mark, version, planned } => {
                let mut draft = Draft::default();
                set_mark(&mut draft, mark, self.crm());
                let plan = Planned { kind: *kind, id, version, said: planned.as_deref() };
                let item = self.change(&plan, draft.changes(), ews::Mail::None).await?;
                self.settled(id, item).await
            }
            Write::Restore { kind, mark_key } => self.restore(*kind, mark_key).await,
            Write::Enlist { .. }
            | Write::Delist { .. }
            | Write::Leave { .. }
            | Write::Rejoin { .. }
            | Write::Flag { .. } => Err(refused("NotHere", "a mailbox has no such operation")),
        }
    }

    async fn update(&self, update: &Update) -> Result<Written, Trouble> {
        let kind = update.domain.kind();
        let mut wanted = occurrences::wanted(&update.changes);
        let plan = Planned { kind, id: &update.id, version: &update.version, said: update.planned.as_deref() };
        let present = if needs_present(&update.changes) { Some(self.as_planned(&plan).await?) } else { None };
        let item = present.as_ref().map(|(item, _)| item);
        let drafting = self.drafting(update.domain, item, update.mail)?;
        let mut draft = drafting.draft(&update.changes).map_err(|why| refused("Map", &why))?;
        let mut partly = std::mem::take(&mut draft.partly);
        // Without its rule the item has no occurrences that could be written.
        let ends_series = update.changes.get(&Path::of(Field::Rule)).is_some_and(Value::is_blank);
        if ends_series {
            wanted.clear();
        }
        if let Some((item, exceptions)) = present.as_ref().filter(|_| !wanted.is_empty()) {
            let record = self.record(kind, item, exceptions, &model::FolderId::new(""));
            let stands = record.map(|record| occurrences::wanted(&record.fields)).unwrap_or_default();
            // An occurrence that was taken out comes back only when the rule is set again; then all others go with it.
            let revives = wanted
                .iter()
                .any(|(at, fields)| occurrences::reverts(fields) && stands.get(at).is_some_and(occurrences::cancels));
            if revives && !draft.sets_rule {
                if let Some(rule) = item.recurrence(ews::Property::Recurrence) {
                    draft.set(ews::Property::Recurrence, ews::Value::Recurrence(rule.clone()));
                    draft.sets_rule = true;
                }
                for (at, fields) in stands {
                    wanted.entry(at).or_insert(fields);
                }
            }
        }
        if draft.sets_rule {
            for (at, fields) in occurrences::wanted(&update.keep) {
                let known = wanted.entry(at).or_default();
                for (field, value) in fields {
                    known.entry(field).or_insert(value);
                }
            }
        }
        // A mark alone is no news to anybody.
        let send = if draft.is_empty() { ews::Mail::None } else { mail_about(update.mail, &update.changes) };
        if let Some(mark) = &update.mark {
            set_mark(&mut draft, mark, self.crm());
        }
        let mut now = ItemId::at(update.id.as_str(), update.version.as_str());
        let writes_series = !draft.is_empty();
        if writes_series {
            let read = present.as_ref().map(|(item, _)| Version::new(change_key(item)));
            let plan = Planned { version: read.as_ref().unwrap_or(plan.version), ..plan };
            let changes = draft.changes();
            let sooner = done_now(&changes);
            now = match (self.change(&plan, changes, send).await, sooner) {
                // Where a day begins sooner than the server's, today is tomorrow still (it has changed nothing).
                (Err(Trouble::Refused { code, why }), Some(changes)) if code == FUTURE => {
                    let now = self.change(&plan, changes, send).await?;
                    partly.push((Path::of(Field::DoneDay), why));
                    now
                }
                (changed, _) => changed?,
            };
        }
        if wanted.is_empty() {
            return self.settled_with(&update.id, now, partly).await;
        }
        let series = Series { domain: update.domain, id: update.id.as_str(), mail: update.mail };
        partly.extend(self.apply(&series, wanted, writes_series).await?);
        self.settled_with(&update.id, ItemId::of(update.id.as_str()), partly).await
    }

    /// One item's changes, refused when it is not as planned any more. Gives the id that was answered.
    async fn change(&self, plan: &Planned<'_>, fields: Vec<FieldChange>, mail: ews::Mail) -> Result<ItemId, Trouble> {
        let change = |version: &str| UpdateItem {
            conflicts: ConflictResolution::NeverOverwrite,
            mail,
            changes: vec![ItemChange {
                item: ItemRef::Item(ItemId::at(plan.id.as_str(), version)),
                kind: item_kind(plan.kind),
                fields: fields.clone(),
            }],
        };
        let answered = match self.reach.one(&change(plan.version.as_str()), Effect::Change).await {
            // Nothing was written; another version may stand for what was planned against all the same.
            Err(Trouble::Stale) if plan.said.is_some() => {
                let (item, _) = self.as_planned(plan).await?;
                self.reach.one(&change(change_key(&item)), Effect::Change).await?
            }
            answered => answered?,
        };
        answered.first().and_then(|item| item.id).ok_or_else(|| no_id(Effect::Write))
    }

    /// Exchange's DeleteItem knows no precondition, so the item is read right before, deleted, and looked at where it
    /// landed; was it newer than planned, it is put back (decision 10).
    async fn delete(&self, plan: &Planned<'_>, send: Mail) -> Result<Written, Trouble> {
        let (kind, id, version) = (plan.kind, plan.id, plan.version);
        let refs = [ItemRef::Item(ItemId::of(id.as_str()))];
        let before = self.reach.items(&self.deleting(kind), &refs).await?.remove(0)?;
        if change_key(&before) != version.as_str() {
            self.unchanged(plan, before.clone()).await?;
        }
        let ids = vec![ItemRef::Item(ItemId::at(id.as_str(), change_key(&before)))];
        let key = before.text(own::key()).filter(|key| !key.is_empty());
        let landed = match key {
            // A move tells no guest: where they are to be told, the item is deleted, by whatever key.
            None if send == Mail::Send => {
                let how = DeleteType::MoveToDeletedItems;
                let tasks = AffectedTaskOccurrences::AllOccurrences;
                self.reach.one(&DeleteItem { how, mail: mail(send), tasks, ids }, Effect::Change).await?;
                Vec::new()
            }
            Some(key) => {
                let how = DeleteType::MoveToDeletedItems;
                let tasks = AffectedTaskOccurrences::AllOccurrences;
                self.reach.one(&DeleteItem { how, mail: mail(send), tasks, ids }, Effect::Change).await?;
                self.landed(kind, key, &before).await?
            }
            // An item that we cannot recognise afterwards is moved, because a move answers with its new id.
            None => {
                let deleted = self.known().await?.deleted.clone();
                let moved = self.move_to(deleted.as_str(), ids).await?;
                vec![self.reach.items(&self.deleting(kind), &[ItemRef::Item(moved)]).await.map_err(unseen)?.remove(0)]
                    .into_iter()
                    .filter(|there| !matches!(there, Err(Trouble::Gone(_))))
                    .collect::<Result<_, _>>()
                    .map_err(unseen)?
            }
        };
        // Gone from there too, or not to be found yet: nobody can have changed it in between.
        let Some(newest) = landed.iter().max_by_key(|item| modified(item)) else {
            return Ok(written(id, version.as_str()));
        };
        if landed.iter().any(|item| self.says(kind, item) == self.says(kind, &before)) {
            return Ok(written_item(newest));
        }
        if let (Some(home), Some(newer)) = (&before.parent, &newest.id) {
            self.move_to(&home.id, vec![ItemRef::Item(newer.clone())]).await?;
        }
        Err(Trouble::Stale)
    }

    fn deleting(&self, kind: Kind) -> Shape {
        let mut shape = self.map(kind).shape();
        shape.paths.push(ews::Property::LastModifiedTime.into());
        shape
    }

    /// What stands in Deleted Items under a mark and is not older than the item was.
    async fn landed(&self, kind: Kind, key: &str, before: &Item) -> Result<Vec<Item>, Trouble> {
        let found = self.in_deleted_items(kind, key).await.map_err(unseen)?;
        let refs: Vec<ItemRef> = found.into_iter().filter_map(|item| item.id.map(ItemRef::Item)).collect();
        let items = self.reach.items(&self.deleting(kind), &refs).await.map_err(unseen)?;
        let since = modified(before);
        let mut landed = Vec::with_capacity(items.len());
        for item in items {
            match item {
                Ok(item) if modified(&item) >= since => landed.push(item),
                Ok(_) | Err(Trouble::Gone(_)) => {}
                Err(trouble) => return Err(unseen(trouble)),
            }
        }
        Ok(landed)
    }

    /// What an item says, without what every move changes.
    fn says(&self, kind: Kind, item: &Item) -> Option<model::Fields> {
        self.record(kind, item, &[], &model::FolderId::new("")).map(|record| record.fields)
    }

    async fn move_to(&self, folder: &str, ids: Vec<ItemRef>) -> Result<ItemId, Trouble> {
        let asks_for_ids = self.reach.spoken.version() >= Spoken::Exchange2010Sp2;
        let asked = MoveItem { to: FolderId::of(folder).into(), ids, asks_for_ids };
        let moved = self.reach.one(&asked, Effect::Change).await?.first().and_then(|item| item.id);
        moved.ok_or_else(|| no_id(Effect::Write))
    }

    async fn restore(&self, kind: Kind, key: &str) -> Result<Written, Trouble> {
        let found = self.in_deleted_items(kind, key).await?;
        let newest = found.into_iter().max_by_key(modified).and_then(|item| item.id);
        let Some(id) = newest else { return Err(Trouble::Gone(model::Gone::Unknown)) };
        let home = self.observed(kind).await?.into_iter().next().ok_or_else(|| no_id(Effect::Read))?;
        let back = self.move_to(home.as_str(), vec![ItemRef::Item(id)]).await?;
        let id = RecordId::new(&back.id);
        self.settled(&id, back).await
    }

    /// The item as it is now, with its changed occurrences.
    pub(super) async fn present(&self, kind: Kind, id: &RecordId) -> Result<(Item, Vec<Item>), Trouble> {
        let refs = [ItemRef::Item(ItemId::of(id.as_str()))];
        let item = self.reach.items(&self.map(kind).shape(), &refs).await?.remove(0)?;
        let (item, exceptions) = self.with_exceptions(kind, vec![item]).await?.remove(0);
        let exceptions = exceptions.map_err(|unread| match unread.again {
            true => Trouble::Broken { why: unread.why },
            false => refused("Occurrences", &unread.why),
        });
        Ok((item, exceptions?))
    }

    pub(super) fn drafting<'a>(
        &'a self,
        domain: Domain,
        present: Option<&'a Item>,
        send: Mail,
    ) -> Result<Drafting<'a>, Trouble> {
        let entries: &DomainMap =
            self.maps.get(&domain).ok_or_else(|| refused("Map", "the domain has no field map"))?;
        Ok(Drafting {
            map: self.map(domain.kind()),
            entries: &entries.entries,
            present,
            series: None,
            local: &self.zone,
            invites: send == Mail::Send,
            creates: false,
            block: self.participants_in_body,
            version: self.reach.spoken.version(),
        })
    }

    async fn settled(&self, asked: &RecordId, answered: ItemId) -> Result<Written, Trouble> {
        self.settled_with(asked, answered, Vec::new()).await
    }

    /// The id and version the record has after a write. Completing a recurring task answers with the one-off it left
    /// behind; the id asked for is then the next occurrence (rule R6).
    pub(super) async fn settled_with(
        &self,
        asked: &RecordId,
        answered: ItemId,
        partly: Vec<(Path, String)>,
    ) -> Result<Written, Trouble> {
        let other = (answered.id != asked.as_str()).then(|| RecordId::new(&answered.id));
        let version = match (&other, answered.change_key) {
            (None, Some(key)) => key,
            (Some(_), _) | (None, None) => {
                let refs = [ItemRef::Item(ItemId::of(asked.as_str()))];
                let unclear = |_| Trouble::Unknown { why: "what was written could not be looked at".to_owned() };
                let item =
                    self.reach.items(&Shape::id_only(), &refs).await.map_err(unclear)?.remove(0).map_err(unclear)?;
                change_key(&item).to_owned()
            }
        };
        Ok(Written { id: asked.clone(), version: Version::new(version), other, partly })
    }
}

/// Whether a change can be written only with the item at hand: what shares a property, hangs together, or is changed
/// in place.
fn needs_present(changes: &model::Fields) -> bool {
    changes.keys().any(|path| {
        path.occurrence.is_some()
            || matches!(
                path.field,
                Field::Body
                    | Field::Attendees
                    | Field::Categories
                    | Field::ActivityType
                    | Field::Start
                    | Field::End
                    | Field::Rule
                    | Field::Private
                    | Field::FirstName
                    | Field::LastName
                    | Field::Company
            )
    }) || changes.values().any(Value::is_blank)
}

/// What a server says of a done day that has not come yet to it.
const FUTURE: &str = "ErrorInvalidCompleteDate";

/// The same changes without the day, where they say as well that the task is done: the server says when.
fn done_now(changes: &[FieldChange]) -> Option<Vec<FieldChange>> {
    let day = ews::Path::from(ews::Property::CompleteDate);
    let is_done = FieldChange::Set(ews::Property::Status.into(), ews::Value::Text("Completed".to_owned()));
    let rest: Vec<FieldChange> = changes.iter().filter(|change| *change.path() != day).cloned().collect();
    (rest.len() < changes.len() && rest.contains(&is_done)).then_some(rest)
}

pub(super) fn set_mark(draft: &mut Draft, mark: &Mark, crm: &str) {
    draft.set(own::mark(), ews::Value::Text(mark.to_text(crm)));
    draft.set(own::key(), ews::Value::Text(mark.key.clone()));
}

pub(super) fn mail(send: Mail) -> ews::Mail {
    match send {
        Mail::None => ews::Mail::None,
        Mail::Send => ews::Mail::On(MailOn::an_administrator_turned_mail_on()),
    }
}

/// As [`mail`], but where nothing else of the meeting changed than its people only those added or removed are written to.
fn mail_about(send: Mail, changes: &model::Fields) -> ews::Mail {
    let mut shared = changes.keys().filter(|path| !path.field.is_own());
    match send {
        Mail::None => ews::Mail::None,
        Mail::Send if shared.all(|path| path.field == Field::Attendees && path.occurrence.is_none()) => {
            ews::Mail::On(MailOn::an_administrator_turned_mail_on().only_to_those_added_or_removed())
        }
        Mail::Send => mail(send),
    }
}

pub(super) fn change_key(item: &Item) -> &str {
    item.id.as_ref().and_then(|id| id.change_key.as_deref()).unwrap_or_default()
}

pub(super) fn refused(code: &str, why: &str) -> Trouble {
    Trouble::Refused { code: code.to_owned(), why: why.to_owned() }
}

pub(super) fn no_id(effect: Effect) -> Trouble {
    let why = "the server answered without an id".to_owned();
    match effect {
        Effect::Read => Trouble::Broken { why },
        Effect::Write | Effect::Change => Trouble::Unknown { why },
    }
}

fn written(id: &RecordId, version: &str) -> Written {
    Written { id: id.clone(), version: Version::new(version), other: None, partly: Vec::new() }
}

fn written_item(item: &Item) -> Written {
    let id = item.id.as_ref().map(|id| id.id.clone()).unwrap_or_default();
    written(&RecordId::new(id), change_key(item))
}

fn modified(item: &Item) -> Option<jiff::Timestamp> {
    item.moment(ews::Property::LastModifiedTime).and_then(|at| at.instant())
}

/// A delete that cannot be looked at afterwards may have taken something newer.
fn unseen(_: Trouble) -> Trouble {
    Trouble::Unknown { why: "the deleted item could not be looked at".to_owned() }
}
