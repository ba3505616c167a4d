//! Merging two contacts that are one person (rule M5): the survivor takes over everything the other was linked to.

use crate::Crm;
use crate::actor::Actor;
use crate::contact::{Contact, ContactEdit};
use crate::db::{Tx, args};
use crate::error::Error;
use crate::feed::{Change, Op, Root, What};
use crate::id::ContactId;
use crate::tombstone::Tombstone;
use jiff::Timestamp;
use model::{Field, Path};

impl Crm {
    /// Merges the loser into the survivor: its team, Sync List rows, activities and accounts move over, and what the
    /// survivor's record leaves blank is filled. The loser's tombstone says where it lives on.
    ///
    /// # Errors
    /// The same contact twice; one personal and one business; a stale version or no right on either.
    pub async fn merge_contacts(
        &self,
        actor: &Actor,
        survivor: (&ContactId, i64),
        loser: (&ContactId, i64),
        now: Timestamp,
    ) -> Result<Contact, Error> {
        if survivor.0 == loser.0 {
            return Err(Error::fault("loser", "a contact cannot be merged into itself"));
        }
        let mut tx = self.db.write().await?;
        let kept = tx.changeable_contact(actor, survivor.0, survivor.1).await?;
        let gone = tx.changeable_contact(actor, loser.0, loser.1).await?;
        if kept.owner != gone.owner {
            return Err(Error::fault("loser", "a personal and a business contact cannot be merged"));
        }
        let record = tx.merge(actor, &kept, &gone, now).await?;
        tx.commit().await?;
        Ok(record)
    }
}

impl Tx {
    /// Merges two contacts that were checked already.
    pub(crate) async fn merge(
        &mut self,
        actor: &Actor,
        kept: &Contact,
        gone: &Contact,
        now: Timestamp,
    ) -> Result<Contact, Error> {
        let (to, from) = (&kept.id, &gone.id);
        let mut users = self.contact_users(to).await?;
        users.extend(self.contact_users(from).await?);
        let moves = [
            "INSERT INTO contact_team (contact_id, member_kind, member_id)
             SELECT $1, member_kind, member_id FROM contact_team WHERE contact_id = $2
             ON CONFLICT (contact_id, member_kind, member_id) DO NOTHING",
            "INSERT INTO sync_list (record_kind, record_id, user_id, added_by, added_at)
             SELECT 'contact', $1, user_id, added_by, added_at FROM sync_list WHERE record_kind = 'contact' AND record_id = $2
             ON CONFLICT (record_kind, record_id, user_id) DO NOTHING",
            "INSERT INTO activity_contact (activity_id, contact_id, name, address, role, response)
             SELECT activity_id, $1, name, address, role, response FROM activity_contact WHERE contact_id = $2
             ON CONFLICT (activity_id, contact_id) DO NOTHING",
            "INSERT INTO contact_account (contact_id, account_id, is_primary)
             SELECT $1, account_id, 0 FROM contact_account WHERE contact_id = $2
             ON CONFLICT (contact_id, account_id) DO NOTHING",
        ];
        for sql in moves {
            self.execute(sql, args![to, from]).await?;
        }
        self.execute("DELETE FROM sync_list WHERE record_kind = 'contact' AND record_id = $1", args![from]).await?;
        self.execute("DELETE FROM contact WHERE id = $1", args![from]).await?;
        let stone = Tombstone {
            kind: Root::Contact,
            id: from.as_str(),
            integration_key: gone.integration_key.clone(),
            global_id: None,
            merged_into: Some(to.as_str()),
            users: &users,
        };
        self.bury(actor, now, stone).await?;
        self.note(actor, now, Change::new(Root::Contact, from.as_str(), Op::Merge, What::Team, users.clone())).await?;
        self.fill(actor, to, kept.version, &filling(kept, gone), now).await?;
        self.note(actor, now, Change::new(Root::Contact, to.as_str(), Op::Update, What::Team, users)).await?;
        self.own_contact(actor, to).await
    }
}

/// What the loser says where the survivor says nothing.
fn filling(kept: &Contact, gone: &Contact) -> ContactEdit {
    let blank = |path: &Path| kept.fields.get(path).is_none_or(model::Value::is_blank);
    let fields = gone
        .fields
        .iter()
        .filter(|(path, value)| {
            blank(path) && !value.is_blank() && !matches!(path.field, Field::Private | Field::CompanyLocation)
        })
        .map(|(path, value)| (path.clone(), value.clone()))
        .collect();
    let mut more_emails = kept.more_emails.clone();
    more_emails.extend(gone.more_emails.iter().filter(|address| !kept.more_emails.contains(address)).cloned());
    ContactEdit { fields, team: None, accounts: None, more_emails: Some(more_emails) }
}
