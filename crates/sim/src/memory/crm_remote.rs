//! The CRM in memory as one side of a pairing.

use super::lens::CrmLens;
use super::witness::Witness;
use super::{Ground, refused};
use crate::faults::{Call, Fault};
use crate::people::ledger::number_of;
use async_trait::async_trait;
use engine::port::{FindBy, Identity, Page, Remote, Traced, Trouble, Wanted, Write, Written};
use model::{FolderId, Gone, Kind, Lens, MailboxId, Record, RecordId, Seen, Side, UserId};
use std::ops::Bound;
use std::sync::Arc;

/// Records on a page of a listing: few, so that pages are met.
pub const PAGE: usize = 5;

/// What one user sees and writes.
#[derive(Debug)]
pub struct CrmRemote {
    ground: Arc<Ground>,
    user: UserId,
    witness: Option<Witness>,
}

impl CrmRemote {
    /// The CRM as a user's.
    #[must_use]
    pub fn of(ground: Arc<Ground>, user: UserId) -> CrmRemote {
        CrmRemote { ground, user, witness: None }
    }

    /// The same, with somebody who looks on.
    #[must_use]
    pub fn seen_by(self, witness: Witness) -> CrmRemote {
        CrmRemote { witness: Some(witness), ..self }
    }

    fn what(&self, call: &str) -> String {
        format!("crm {} {call}", self.user)
    }
}

#[async_trait]
impl Remote for CrmRemote {
    fn side(&self) -> Side {
        Side::Crm
    }

    fn lens(&self) -> Arc<dyn Lens> {
        Arc::new(CrmLens)
    }

    async fn identity(&self) -> Result<Identity, Trouble> {
        self.ground.reads(Call::Read, &self.what("identity")).await?;
        Ok(Identity { mailbox: None, root: self.user.to_string(), is_user: true, addresses: Vec::new() })
    }

    async fn set_identity(&self, _id: &MailboxId) -> Result<(), Trouble> {
        Err(refused("unknown", "the CRM carries no mailbox id"))
    }

    async fn folders(&self, kind: Kind) -> Result<Vec<FolderId>, Trouble> {
        Ok(vec![FolderId::new(format!("crm:{kind}"))])
    }

    async fn changes(&self, kind: Kind, _folder: &FolderId, cursor: Option<&str>) -> Result<Page, Trouble> {
        let call = cursor.map_or(Call::Read, |_| Call::ReadOn);
        self.ground.reads(call, &self.what("changes")).await?;
        let from = match cursor {
            None => Bound::Unbounded,
            Some("end") => {
                return Ok(Page { cursor: "end".to_owned(), ..Page::default() });
            }
            Some(text) => Bound::Excluded(RecordId::new(text.strip_prefix("after:").ok_or(Trouble::CursorRefused)?)),
        };
        let sides = self.ground.memory();
        let crm = &sides.crm;
        let mut records: Vec<Record> = crm
            .rows
            .range((from, Bound::Unbounded))
            .filter(|(_, row)| row.kind == kind && crm.shows(&self.user, row))
            .filter_map(|(id, _)| match crm.look(&self.user, kind, id) {
                Seen::Present(record) => Some(Arc::unwrap_or_clone(record)),
                Seen::Gone(_) => None,
            })
            .take(PAGE + 1)
            .collect();
        let more = records.len() > PAGE;
        records.truncate(PAGE);
        let cursor = match records.last() {
            Some(last) if more => format!("after:{}", last.id),
            Some(_) | None => "end".to_owned(),
        };
        Ok(Page { records, cursor, more, ..Page::default() })
    }

    async fn get(&self, kind: Kind, wanted: &[Wanted]) -> Result<Vec<(RecordId, Result<Seen, Trouble>)>, Trouble> {
        self.ground.reads(Call::Read, &self.what("get")).await?;
        let sides = self.ground.memory();
        if let Some(one) = wanted.first() {
            self.ground.handled(Side::Crm, &one.id);
        }
        let answers = wanted.iter().rev().map(|one| (one.id.clone(), Ok(sides.crm.look(&self.user, kind, &one.id))));
        Ok(self.ground.answered(answers.collect()))
    }

    async fn find(&self, kind: Kind, by: &FindBy, limit: usize) -> Result<Vec<Record>, Trouble> {
        self.ground.reads(Call::Read, &self.what("find")).await?;
        let sides = self.ground.memory();
        let crm = &sides.crm;
        Ok(crm
            .rows
            .iter()
            .filter(|(_, row)| row.kind == kind)
            .filter(|(_, row)| match by {
                FindBy::Key(key) => row.key.as_ref() == Some(key),
                FindBy::GlobalId(id) => row.global_id.as_ref() == Some(id),
                // Nobody merges contacts here.
                FindBy::MergedFrom(_) => false,
            })
            .filter_map(|(id, row)| crm.found(&self.user, id, row))
            .take(limit)
            .collect())
    }

    async fn trace(&self, kind: Kind, key: &str, limit: usize) -> Result<Vec<Traced>, Trouble> {
        self.ground.reads(Call::Read, &self.what("trace")).await?;
        let sides = self.ground.memory();
        let crm = &sides.crm;
        let standing = crm.rows.iter().filter(|(_, row)| row.kind == kind && row.key.as_deref() == Some(key));
        let mut traced: Vec<Traced> = standing
            .filter_map(|(id, row)| crm.found(&self.user, id, row).map(|record| (id, record)))
            .map(|(id, record)| Traced { id: id.clone(), gone: None, record: Some(Arc::new(record)) })
            .collect();
        let buried = crm.tombstones.iter().filter(|(_, stone)| stone.kind == kind && stone.key.as_deref() == Some(key));
        traced.extend(buried.map(|(id, _)| Traced { id: id.clone(), gone: Some(Gone::Deleted), record: None }));
        traced.truncate(limit);
        Ok(traced)
    }

    fn keeps_meetings(&self) -> bool {
        false
    }

    async fn write_all(&self, writes: &[Write]) -> Result<Vec<Result<Written, Trouble>>, Trouble> {
        let mut outcomes = Vec::new();
        for write in writes {
            let answer = self.write_one(write).await;
            self.ground.came(Side::Crm, crate::trace::operation(write), &answer);
            if let Ok(written) = &answer {
                self.ground.handled(Side::Crm, &written.id);
            }
            outcomes.push(answer);
        }
        Ok(outcomes)
    }
}

impl CrmRemote {
    async fn write_one(&self, write: &Write) -> Result<Written, Trouble> {
        let what = self.what(&crate::trace::said(write));
        let fault = self.ground.call(self.ground.writes(Side::Crm, write), &what).await;
        if let Some(witness) = &self.witness {
            witness.sees(Side::Crm, write, &self.ground);
        }
        match fault {
            None | Some(Fault::AnswerLost) => {}
            // A request that may have arrived is an unknown outcome to the one who sent it.
            Some(Fault::RequestLost) => return Err(self.ground.trouble_of(Fault::AnswerLost)),
            Some(other) => return Err(self.ground.trouble_of(other)),
        }
        let answer = self.ground.memory().crm.write(&self.user, write);
        if let (Write::Update(update), true) = (write, self.ground.is_overdue()) {
            let sides = self.ground.memory();
            let thing = sides.crm.rows.get(&update.id).and_then(|row| number_of(row.kind, &row.fields));
            drop(sides);
            self.ground.wrote(thing);
        }
        self.ground.trace.line(match &answer {
            Ok(written) => format!("{what} -> {} v{}", written.id, written.version),
            Err(trouble) => format!("{what} -> {trouble}"),
        });
        match fault {
            Some(_) => Err(self.ground.trouble_of(Fault::AnswerLost)),
            None => answer,
        }
    }
}
