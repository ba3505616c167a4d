//! What people are asked and shown: questions, quarantined records, and the history.

use super::engine;
use crate::Store;
use crate::answer::{HeldFilter, HistoryFilter, HistoryKey, HistoryLine, QuarantineKey, Retention, Swept};
use crate::error::Result;
use crate::limits::page;
use crate::rows::{Held, Quarantine};
use jiff::Timestamp;
use model::{Kind, PairingId};

impl Store {
    /// A page of questions to people in order of their ids.
    pub async fn held(&self, filter: &HeldFilter, after: Option<&str>, limit: usize) -> Result<Vec<Held>> {
        engine!(self, held(filter, after, page(limit)))
    }

    /// Takes a question away, for its answer to be carried out; absent when somebody answered it before.
    pub async fn answer_held(&self, id: &str) -> Result<Option<Held>> {
        engine!(self, answer_held(id))
    }

    /// A page of quarantined records of one pairing or all, of one kind or each.
    pub async fn quarantine(
        &self,
        pairing: Option<&PairingId>,
        kind: Option<Kind>,
        after: Option<&QuarantineKey>,
        limit: usize,
    ) -> Result<Vec<(PairingId, Quarantine)>> {
        engine!(self, quarantine(pairing, kind, after, page(limit)))
    }

    /// A page of the history, the newest first (rule W3).
    pub async fn history(
        &self,
        filter: &HistoryFilter,
        after: Option<&HistoryKey>,
        limit: usize,
    ) -> Result<Vec<HistoryLine>> {
        engine!(self, history(filter, after, page(limit)))
    }

    /// Drops what is kept no longer: images and overruled values out of the history's lines, then the lines; late creates
    /// past their time; old counters. Works in short transactions.
    pub async fn purge(&self, now: Timestamp, retention: &Retention) -> Result<Swept> {
        engine!(self, purge(now, retention))
    }
}
