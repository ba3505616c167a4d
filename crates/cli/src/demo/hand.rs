//! A person's hand on one record: makes the edit on a side, and notes it on the record's track.

use super::organisation::Organisation;
use super::outlook::{Answered, Outlook};
use super::reading::Reading;
use super::seed;
use super::stage::Stage;
use super::track::{Track, User};
use anyhow::{Context, Result};
use model::{Domain, Field, Fields, Kind, Path, Value};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use wire::ews::ItemId;

/// What a person needs to reach both sides.
pub struct Hand<'a> {
    /// The stage.
    pub stage: &'a Stage,
    /// The organisation.
    pub organisation: &'a Organisation,
    items: BTreeMap<(User, Kind, String), ItemId>,
}

impl<'a> Hand<'a> {
    /// With what a fresh read showed: the ids of items, and those of records that were born in mailboxes.
    pub fn new(stage: &'a Stage, organisation: &'a Organisation, reading: &Reading, tracks: &mut [Track]) -> Hand<'a> {
        let mut items = BTreeMap::new();
        for (user, list) in reading.pim.iter().enumerate() {
            for seen in list {
                for canary in super::reading::canaries_of(&seen.face) {
                    items.insert((user, seen.kind, canary), seen.id.clone());
                }
            }
        }
        let ids = reading.crm_ids();
        for track in tracks {
            let Some(crm) = track.crm.as_mut().filter(|crm| crm.id.is_empty()) else {
                continue;
            };
            let found = ids.get(&(track.domain, track.canary.clone()));
            if let Some(id) = found.and_then(BTreeSet::first) {
                crm.id.clone_from(id);
            }
        }
        Hand { stage, organisation, items }
    }

    fn outlook(&self, user: User) -> &Outlook {
        &self.stage.outlooks[user]
    }

    /// The item of a track in a user's mailbox.
    pub fn item(&self, track: &Track, user: User) -> Result<&ItemId> {
        self.items
            .get(&(user, track.domain.kind(), track.canary.clone()))
            .with_context(|| format!("{} is not in the mailbox of user {}", track.canary, user + 1))
    }

    /// The token of whoever may change the record.
    fn token(&self, track: &Track) -> &str {
        let ids = &self.stage.ids;
        match (track.domain, track.crm.as_ref().and_then(|crm| crm.owner)) {
            (Domain::PersonalContact | Domain::Calendar | Domain::Task, Some(owner)) => &ids.tokens[owner],
            (_, _) => &ids.admin,
        }
    }

    /// Changes fields of a record in the CRM.
    pub async fn crm(&self, track: &mut Track, changes: &[(Path, Value)]) -> Result<()> {
        let token = self.token(track).to_owned();
        let crm = track.crm.as_mut().context("the record is in the CRM")?;
        let fields: Fields = changes.iter().cloned().collect();
        self.stage
            .api
            .change(&token, track.domain, &crm.id, &fields, &json!({}))
            .await
            .with_context(|| format!("changing {} {} in the CRM", track.domain, track.canary))?;
        apply(&mut crm.face, changes);
        Ok(())
    }

    /// Changes one field of a record in the CRM.
    pub async fn crm_one(&self, track: &mut Track, field: Field, value: Value) -> Result<()> {
        self.crm(track, &[(Path::of(field), value)]).await
    }

    /// Changes something of a record in the CRM that is no field.
    pub async fn crm_beside(&self, track: &Track, beside: &Json) -> Result<()> {
        let crm = track.crm.as_ref().context("the record is in the CRM")?;
        let token = self.token(track);
        self.stage
            .api
            .change(token, track.domain, &crm.id, &Fields::new(), beside)
            .await
            .with_context(|| format!("changing {} {} in the CRM", track.domain, track.canary))
    }

    /// Deletes a record in the CRM.
    pub async fn crm_delete(&self, track: &mut Track) -> Result<()> {
        let token = self.token(track).to_owned();
        let crm = track.crm.as_mut().context("the record is in the CRM")?;
        self.stage
            .api
            .delete(&token, track.domain, &crm.id)
            .await
            .with_context(|| format!("deleting {} {} in the CRM", track.domain, track.canary))?;
        crm.deleted = true;
        Ok(())
    }

    /// Makes a record in the CRM.
    pub async fn crm_create(&self, mut track: Track) -> Result<Track> {
        let ids = &self.stage.ids;
        seed::record(&self.stage.api, self.organisation, ids, &mut track).await?;
        Ok(track)
    }

    /// Puts a record on a user's Sync List.
    pub async fn enlist(&self, track: &mut Track, user: User) -> Result<()> {
        let crm = track.crm.as_mut().context("the record is in the CRM")?;
        let token = &self.stage.ids.tokens[user];
        self.stage.api.enlist(token, &crm.id).await?;
        crm.listed.insert(user);
        Ok(())
    }

    /// Takes a record off a user's Sync List.
    pub async fn delist(&self, track: &mut Track, user: User) -> Result<()> {
        let crm = track.crm.as_mut().context("the record is in the CRM")?;
        let token = &self.stage.ids.tokens[user];
        self.stage.api.delist(token, &crm.id).await?;
        crm.listed.remove(&user);
        Ok(())
    }

    /// Changes fields of an item, in the mailbox's words.
    pub async fn pim(&self, track: &mut Track, user: User, changes: &[(Field, Value)]) -> Result<()> {
        let id = self.item(track, user)?.clone();
        let kind = track.domain.kind();
        let copy = track.copies.get_mut(&user).context("there is a copy")?;
        let changed: Vec<(Path, Value)> =
            changes.iter().map(|(field, value)| (Path::of(field.clone()), value.clone())).collect();
        apply(&mut copy.face, &changed);
        let fields: Vec<Field> = changes.iter().map(|(field, _)| field.clone()).collect();
        self.outlook(user)
            .update(kind, &id, &copy.face, &fields, false)
            .await
            .with_context(|| format!("changing {} {} in a mailbox", track.domain, track.canary))
    }

    /// The organiser changes a meeting he invited to, and lets his mail program write to the others: their copies follow.
    pub async fn pim_meeting(&self, track: &mut Track, user: User, field: Field, value: Value) -> Result<()> {
        let id = self.item(track, user)?.clone();
        let change = [(Path::of(field.clone()), value)];
        for copy in track.copies.values_mut() {
            apply(&mut copy.face, &change);
        }
        let face = track.copies[&user].face.clone();
        self.outlook(user).update(Kind::Appointment, &id, &face, &[field], true).await?;
        for (other, copy) in &mut track.copies {
            if *other != user
                && let Some(base) = copy.base.as_mut()
            {
                // What Exchange delivered is the other's copy as it stands; nobody edited it.
                base.1.clone_from(&copy.face);
            }
        }
        Ok(())
    }

    /// An invited user answers. Who declines has the meeting in his Deleted Items.
    pub async fn pim_answer(&self, track: &mut Track, user: User, answer: Answered) -> Result<()> {
        let id = self.item(track, user)?.clone();
        self.outlook(user).answer(&id, answer).await.with_context(|| format!("answering {}", track.canary))?;
        let copy = track.copies.get_mut(&user).context("there is a copy")?;
        copy.deleted = answer == Answered::Declined;
        if let Some(crm) = track.crm.as_mut() {
            crm.answers.insert(user, answer.as_str());
        }
        Ok(())
    }

    /// The organiser calls a meeting off and lets his mail program tell the others: their copies say so.
    pub async fn pim_call_off(&self, track: &mut Track, user: User) -> Result<()> {
        let id = self.item(track, user)?.clone();
        self.outlook(user).delete(&id, true).await?;
        for (other, copy) in &mut track.copies {
            if *other == user {
                copy.deleted = true;
            } else if let Some(Value::Text(subject)) = copy.face.get_mut(&Path::of(Field::Subject)) {
                *subject = format!("Canceled: {subject}");
            }
        }
        Ok(())
    }

    /// Deletes an item.
    pub async fn pim_delete(&self, track: &mut Track, user: User) -> Result<()> {
        let id = self.item(track, user)?.clone();
        self.outlook(user)
            .delete(&id, false)
            .await
            .with_context(|| format!("deleting {} {} in a mailbox", track.domain, track.canary))?;
        let copy = track.copies.get_mut(&user).context("there is a copy")?;
        copy.deleted = true;
        Ok(())
    }

    /// Moves an item to a folder that is not synchronised: the link sleeps, the record stays (C12).
    pub async fn pim_leave(&self, track: &mut Track, user: User) -> Result<()> {
        let id = self.item(track, user)?.clone();
        self.outlook(user).move_to(&id, wire::ews::DistinguishedFolder::Inbox).await?;
        let copy = track.copies.get_mut(&user).context("there is a copy")?;
        copy.asleep = true;
        copy.absent = true;
        Ok(())
    }

    /// Makes items in mailboxes.
    pub async fn pim_create(&self, track: &Track) -> Result<()> {
        seed::items(&self.stage.outlooks, self.organisation, track).await
    }

    /// Sets the categories of a contact's copy.
    pub async fn pim_words(&self, track: &mut Track, user: User, words: BTreeSet<String>) -> Result<()> {
        let id = self.item(track, user)?.clone();
        self.outlook(user).categories(track.domain.kind(), &id, &words).await?;
        let copy = track.copies.get_mut(&user).context("there is a copy")?;
        copy.words = words;
        Ok(())
    }

    /// Moves an occurrence in the mailbox.
    pub async fn pim_shift(
        &self,
        track: &mut Track,
        user: User,
        original: jiff::civil::DateTime,
        minutes: i64,
    ) -> Result<()> {
        let id = self.item(track, user)?.clone();
        let copy = track.copies.get_mut(&user).context("there is a copy")?;
        super::faces::shift(&mut copy.face, original, minutes);
        let changed: Fields = copy
            .face
            .iter()
            .filter(|(path, _)| path.occurrence == Some(original) && matches!(path.field, Field::Start | Field::End))
            .map(|(path, value)| (path.clone(), value.clone()))
            .collect();
        let face = copy.face.clone();
        self.outlook(user).change_occurrence(Kind::Appointment, &id, &face, original, &changed).await
    }

    /// Takes an occurrence out in the mailbox.
    pub async fn pim_cancel(&self, track: &mut Track, user: User, original: jiff::civil::DateTime) -> Result<()> {
        let id = self.item(track, user)?.clone();
        let copy = track.copies.get_mut(&user).context("there is a copy")?;
        let face = copy.face.clone();
        super::faces::cancel(&mut copy.face, original);
        self.outlook(user).cancel_occurrence(Kind::Appointment, &id, &face, original).await
    }

    /// Moves or cancels an occurrence in the CRM.
    pub async fn crm_occurrence(&self, track: &mut Track, change: impl Fn(&mut Fields)) -> Result<()> {
        let crm = track.crm.as_ref().context("the record is in the CRM")?;
        let mut after = crm.face.clone();
        change(&mut after);
        let mut changes: Vec<(Path, Value)> = after
            .iter()
            .filter(|(path, value)| crm.face.get(*path) != Some(*value))
            .map(|(path, value)| (path.clone(), value.clone()))
            .collect();
        changes
            .extend(crm.face.keys().filter(|path| !after.contains_key(*path)).map(|path| (path.clone(), Value::Null)));
        self.crm(track, &changes).await
    }
}

fn apply(face: &mut Fields, changes: &[(Path, Value)]) {
    for (path, value) in changes {
        if value.is_blank() || *value == Value::Flag(false) {
            face.remove(path);
        } else {
            face.insert(path.clone(), value.clone());
        }
    }
}
