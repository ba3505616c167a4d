//! The CRM's people, groups, addresses and change feed in memory.

use super::Ground;
use crate::faults::Call;
use async_trait::async_trait;
use engine::port::{Concerned, Directory, HeldPosition, Memberships, Trouble, User};
use model::UserId;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

/// The directory of the CRM in memory.
#[derive(Debug)]
pub struct MemoryDirectory(pub Arc<Ground>);

impl MemoryDirectory {
    fn users_after(&self, after: Bound<UserId>, limit: usize) -> Vec<User> {
        let sides = self.0.memory();
        sides
            .crm
            .members
            .range((after, Bound::Unbounded))
            .take(limit)
            .map(|(id, member)| User {
                id: id.clone(),
                name: member.name.clone(),
                login: id.to_string(),
                addresses: vec![member.address.clone()],
                active: true,
            })
            .collect()
    }
}

#[async_trait]
impl Directory for MemoryDirectory {
    async fn users(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<User>, Trouble> {
        self.0.reads(Call::Read, "directory users").await?;
        let after = after.map_or(Bound::Unbounded, |id| Bound::Excluded(id.clone()));
        Ok(self.users_after(after, limit))
    }

    async fn user(&self, id: &UserId) -> Result<Option<User>, Trouble> {
        self.0.reads(Call::Read, "directory user").await?;
        let first = self.users_after(Bound::Included(id.clone()), 1);
        Ok(first.into_iter().find(|user| user.id == *id))
    }

    async fn memberships(&self, _user: &UserId) -> Result<Memberships, Trouble> {
        self.0.reads(Call::Read, "directory memberships").await?;
        Ok(Memberships {
            active: true,
            positions: vec![HeldPosition {
                id: "p1".to_owned(),
                above: Vec::new(),
                organization: "o1".to_owned(),
                organizations_above: Vec::new(),
                primary: true,
            }],
            user_lists: BTreeSet::new(),
        })
    }

    async fn groups(&self, ids: &BTreeSet<(String, String)>) -> Result<BTreeMap<(String, String), String>, Trouble> {
        self.0.reads(Call::Read, "directory groups").await?;
        let known = [("position", "p1"), ("organization", "o1")];
        Ok(ids
            .iter()
            .filter(|(kind, id)| known.contains(&(kind.as_str(), id.as_str())))
            .map(|key| (key.clone(), key.1.clone()))
            .collect())
    }

    async fn who(&self, addresses: &BTreeSet<String>) -> Result<BTreeMap<String, UserId>, Trouble> {
        self.0.reads(Call::Read, "directory who").await?;
        let sides = self.0.memory();
        Ok(addresses
            .iter()
            .filter_map(|address| {
                sides
                    .crm
                    .members
                    .iter()
                    .find(|(_, member)| member.address.eq_ignore_ascii_case(address.trim()))
                    .map(|(id, _)| (address.clone(), id.clone()))
            })
            .collect())
    }

    async fn concerned(&self, cursor: Option<&str>, limit: usize) -> Result<Concerned, Trouble> {
        self.0.reads(Call::Read, "directory concerned").await?;
        let sides = self.0.memory();
        let feed = &sides.crm.feed;
        let Some(cursor) = cursor else {
            return Ok(Concerned { cursor: feed.len().to_string(), ..Concerned::default() });
        };
        let from: usize = cursor.parse().map_err(|_| Trouble::CursorRefused)?;
        let to = feed.len().min(from.saturating_add(limit));
        let mut found = Concerned { cursor: to.to_string(), more: to < feed.len(), ..Concerned::default() };
        for entry in feed.get(from..to).unwrap_or_default() {
            let looks = entry.users.iter();
            found.looks.extend(looks.map(|user| (user.clone(), entry.kind, entry.id.clone())));
            if entry.everywhere {
                found.everywhere.push((entry.kind, entry.id.clone()));
            }
        }
        Ok(found)
    }
}
