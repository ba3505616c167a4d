//! Making items in a mailbox: plain ones many at once, each with its own outcome; what takes several calls by itself.

use engine::port::{Create, Mail, Trouble, Write, Written};
use model::{Path, RecordId};
use wire::ews::{CreateItem, FolderId, Item, ItemId, Items};

use super::draft::Drafting;
use super::meeting;
use super::occurrences::{self, Series};
use super::remote::EwsRemote;
use super::trouble::Effect;
use super::write::{mail, no_id, refused, set_mark};

/// An item to be sent, and what it does not say of its record.
struct Drafted {
    item: Item,
    partly: Vec<(Path, String)>,
}

/// Creates that one call carries whole: of one kind and folder, none of which invites, has exceptions, or must be looked
/// at before it counts.
pub(super) fn together(writes: &[Write]) -> Option<Vec<&Create>> {
    let creates: Vec<&Create> = writes.iter().map(plain).collect::<Option<_>>()?;
    let place = |create: &Create| (create.domain.kind(), create.folder.clone());
    let first = place(creates.first()?);
    creates.iter().all(|create| place(create) == first).then_some(creates)
}

fn plain(write: &Write) -> Option<&Create> {
    match write {
        Write::Create(create) => {
            let simple = create.meeting.is_none() && create.mail == Mail::None;
            Some(create).filter(|create| simple && occurrences::wanted(&create.fields).is_empty())
        }
        Write::Update(_)
        | Write::Delete { .. }
        | Write::Mark { .. }
        | Write::Restore { .. }
        | Write::Enlist { .. }
        | Write::Delist { .. }
        | Write::Leave { .. }
        | Write::Rejoin { .. }
        | Write::Flag { .. } => None,
    }
}

impl EwsRemote {
    /// One call, and an outcome for each: what cannot be drafted is refused and not sent.
    pub(super) async fn create_together(&self, creates: &[&Create]) -> Result<Vec<Result<Written, Trouble>>, Trouble> {
        let Some(first) = creates.first() else { return Ok(Vec::new()) };
        let folder = self.folder_of(first).await?;
        let mut items = Vec::with_capacity(creates.len());
        let mut drafts = Vec::with_capacity(creates.len());
        for create in creates {
            drafts.push(self.drafted(create).map(|drafted| {
                items.push(drafted.item);
                drafted.partly
            }));
        }
        let sent = items.len();
        let mut answers = match sent {
            0 => Vec::new(),
            _ => {
                let asked = CreateItem { folder: FolderId::of(folder.as_str()).into(), items, mail: mail(first.mail) };
                self.reach.each(&asked, sent, Effect::Write).await?
            }
        }
        .into_iter();
        let mut outcomes = Vec::with_capacity(creates.len());
        for drafted in drafts {
            outcomes.push(match drafted {
                Ok(partly) => self.made(answers.next(), partly).await,
                Err(trouble) => Err(trouble),
            });
        }
        Ok(outcomes)
    }

    /// What the answer says of one item.
    async fn made(
        &self,
        answer: Option<Result<Items, Trouble>>,
        partly: Vec<(Path, String)>,
    ) -> Result<Written, Trouble> {
        let made = only(answer.unwrap_or_else(|| Err(no_id(Effect::Write)))?)?;
        self.settled_with(&RecordId::new(&made.id), made, partly).await
    }

    pub(super) async fn create(&self, create: &Create) -> Result<Written, Trouble> {
        let folder = self.folder_of(create).await?;
        let Drafted { item, mut partly } = self.drafted(create)?;
        let asked =
            CreateItem { folder: FolderId::of(folder.as_str()).into(), items: vec![item], mail: mail(create.mail) };
        let made = self.reach.one(&asked, Effect::Write).await;
        let made = match &create.meeting {
            Some(_) => made.map_err(|trouble| self.refused_meeting(trouble))?,
            None => made?,
        };
        let made = made.first().and_then(|item| item.id).ok_or_else(|| no_id(Effect::Write))?;
        if let Some(meeting) = &create.meeting {
            self.verified(&made, meeting).await?;
        }
        let wanted = occurrences::wanted(&create.fields);
        let id = RecordId::new(&made.id);
        if wanted.is_empty() {
            return self.settled_with(&id, made, partly).await;
        }
        let series = Series { domain: create.domain, id: &made.id, mail: create.mail };
        partly.extend(self.apply(&series, wanted, true).await?);
        self.settled_with(&id, ItemId::of(made.id), partly).await
    }

    async fn folder_of(&self, create: &Create) -> Result<model::FolderId, Trouble> {
        match &create.folder {
            Some(folder) => Ok(folder.clone()),
            None => {
                let observed = self.observed(create.domain.kind()).await?;
                observed.into_iter().next().ok_or_else(|| no_id(Effect::Read))
            }
        }
    }

    fn drafted(&self, create: &Create) -> Result<Drafted, Trouble> {
        let drafting = Drafting { creates: true, ..self.drafting(create.domain, None, create.mail)? };
        let mut draft = drafting.draft(&create.fields).map_err(|why| refused("Map", &why))?;
        set_mark(&mut draft, &create.mark, self.crm());
        if let Some(meeting) = &create.meeting
            && !meeting::set(&mut draft, meeting)
        {
            return Err(refused("Map", "the meeting's id or its organiser is none that Exchange holds"));
        }
        let partly = std::mem::take(&mut draft.partly);
        Ok(Drafted { item: draft.item(create.domain.kind()), partly })
    }
}

/// The id of the one item that a result speaks of; of several nobody knows which was meant.
fn only(made: Items) -> Result<ItemId, Trouble> {
    let mut made = made.0.into_iter();
    match (made.next().and_then(|item| item.id), made.next()) {
        (Some(id), None) => Ok(id),
        (_, _) => Err(no_id(Effect::Write)),
    }
}
