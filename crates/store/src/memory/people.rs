//! What people are asked and shown, in memory: questions, quarantine, history and its retention.

use super::Memory;
use super::state::Memories;
use crate::answer::{HeldFilter, HistoryFilter, HistoryKey, HistoryLine, QuarantineKey, Retention, Swept};
use crate::checks::{before, hour};
use crate::error::Result;
use crate::rows::{Held, History, Quarantine};
use jiff::Timestamp;
use model::{Kind, PairingId, Side};
use std::cmp::Reverse;

impl Memory {
    pub(crate) fn held(&self, filter: &HeldFilter, after: Option<&str>, limit: usize) -> Result<Vec<Held>> {
        self.read(|state| {
            Ok(state
                .held
                .values()
                .filter(|row| after.is_none_or(|after| row.id.as_str() > after))
                .filter(|row| filter.pairing.as_ref().is_none_or(|of| row.pairing == *of))
                .filter(|row| filter.domain.is_none_or(|of| row.domain == of))
                .take(limit)
                .cloned()
                .collect())
        })
    }

    pub(crate) fn answer_held(&self, id: &str) -> Result<Option<Held>> {
        self.write(|state| Ok(state.held.remove(id)))
    }

    pub(crate) fn quarantine(
        &self,
        pairing: Option<&PairingId>,
        kind: Option<Kind>,
        after: Option<&QuarantineKey>,
        limit: usize,
    ) -> Result<Vec<(PairingId, Quarantine)>> {
        self.read(|state| {
            Ok(state
                .memories
                .iter()
                .filter(|(id, _)| pairing.is_none_or(|of| *id == of))
                .flat_map(|(id, memories)| memories.quarantine.values().map(|row| (id.clone(), row.clone())))
                .filter(|(_, row)| kind.is_none_or(|of| row.kind == of))
                .filter(|(id, row)| {
                    after.is_none_or(|after| (id, row.side, row.kind, &row.id) > (&after.0, after.1, after.2, &after.3))
                })
                .take(limit)
                .collect())
        })
    }

    pub(crate) fn history(
        &self,
        filter: &HistoryFilter,
        after: Option<&HistoryKey>,
        limit: usize,
    ) -> Result<Vec<HistoryLine>> {
        self.read(|state| {
            let mut lines: Vec<HistoryLine> = state
                .memories
                .iter()
                .filter(|(id, _)| filter.pairing.as_ref().is_none_or(|of| *id == of))
                .flat_map(|(id, memories)| {
                    memories.history.iter().map(|(number, line)| HistoryLine {
                        key: HistoryKey { at: line.at, pairing: id.clone(), number: *number },
                        line: line.clone(),
                    })
                })
                .filter(|line| passes(filter, &line.line))
                .filter(|line| after.is_none_or(|after| line.key < *after))
                .collect();
            lines.sort_by_cached_key(|line| Reverse(line.key.clone()));
            lines.truncate(limit);
            Ok(lines)
        })
    }

    pub(crate) fn purge(&self, now: Timestamp, retention: &Retention) -> Result<Swept> {
        self.write(|state| {
            let mut swept = Swept::default();
            for memories in state.memories.values_mut() {
                memories.purge(now, retention, &mut swept);
            }
            Ok(swept)
        })
    }
}

fn passes(filter: &HistoryFilter, line: &History) -> bool {
    let record = filter.record.as_ref().is_none_or(|(side, id)| {
        let of = match side {
            Side::Crm => &line.crm,
            Side::Pim => &line.pim,
        };
        of.as_ref() == Some(id)
    });
    record
        && filter.cycle.as_ref().is_none_or(|of| line.cycle == *of)
        && filter.since.is_none_or(|since| line.at >= since)
        && filter.until.is_none_or(|until| line.at < until)
}

impl Memories {
    fn purge(&mut self, now: Timestamp, retention: &Retention, swept: &mut Swept) {
        let lines = before(now, retention.lines);
        let old = self.history.len();
        self.history.retain(|_, line| line.at >= lines);
        swept.dropped += (old - self.history.len()) as u64;
        for line in self.history.values_mut() {
            swept.reduced += u64::from(crate::checks::reduce(line, now, retention));
        }
        self.lates.retain(|_, late| late.until > now);
        self.away.retain(|_, away| away.since >= lines);
        self.awaited.retain(|_, since| *since >= lines);
        let counts = hour(before(now, retention.counts));
        self.counts.retain(|(_, _, _, at), _| *at >= counts);
    }
}
