//! A record's turn: its operations in order, then what was written is read back and settled.

use crate::carry::{Acting, Step};
use crate::cycle::Cycle;
use crate::judge::Judged;
use crate::lead::Awaits;
use crate::outcome::CycleError;
use crate::port::Trouble;
use crate::settle;
use jiff::Timestamp;
use model::{RecordId, Side};
use plan::{After, Plan};
use planted::Planted;
use store::change::Settle;
use store::{Look, Work};

/// A record whose turn it is.
pub(crate) struct Turn<'w> {
    pub work: &'w Work,
    pub plan: Plan,
    pub acting: Acting,
    doubles: Vec<(RecordId, RecordId)>,
    ambiguous: Option<(Vec<RecordId>, Vec<RecordId>)>,
    awaits: Awaits,
    invited: bool,
}

/// Whether a turn goes on after an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turns {
    On,
    /// What there was to store is stored.
    Over,
}

impl Cycle<'_> {
    pub(crate) async fn carry_out(&mut self, work: &Work, judged: Judged) -> Result<(), CycleError> {
        let Some(mut turn) = self.begin_turn(work, judged).await? else {
            return Ok(());
        };
        for place in 0..turn.plan.ops.len() {
            let Some(op) = turn.plan.ops.get(place) else { break };
            let sent = self.engine.now();
            let step = Box::pin(self.step(&mut turn.acting, op, &turn.plan)).await;
            let step = self.or_keep(work, &mut turn.acting, step).await?;
            match Box::pin(self.after_step(&mut turn, place, sent, step)).await? {
                Turns::On => {}
                Turns::Over => return Ok(()),
            }
        }
        Box::pin(self.complete(vec![turn], None)).await
    }

    /// Everything of a turn that comes before its first operation.
    pub(crate) async fn begin_turn<'w>(
        &mut self,
        work: &'w Work,
        judged: Judged,
    ) -> Result<Option<Turn<'w>>, CycleError> {
        let Judged { plan, crm, pim, doubles, ambiguous, awaits, invited } = judged;
        let Some(mut acting) = self.begin_record(work, &plan, crm, pim) else {
            return Ok(None);
        };
        if plan.writes() && !planted::is(Planted::ToldTooLate) {
            self.tell_overruled(&acting, &plan).await?;
        }
        if acting.old_crm.0 != acting.link.crm.id {
            self.point_anew(work, &mut acting, &plan).await?;
        }
        Ok(Some(Turn { work, plan, acting, doubles, ambiguous, awaits, invited }))
    }

    /// What follows from how an operation ended.
    pub(crate) async fn after_step(
        &mut self,
        turn: &mut Turn<'_>,
        place: usize,
        sent: Timestamp,
        step: Step,
    ) -> Result<Turns, CycleError> {
        let Turn { work, plan, acting, .. } = turn;
        let work: &Work = work;
        let Some(op) = plan.ops.get(place) else {
            return Ok(Turns::On);
        };
        match step {
            Step::Done => {
                self.took(work, op, sent);
                return Ok(Turns::On);
            }
            Step::Postponed => {
                self.report.postponed += 1;
                settle::put_off(work, acting);
                self.store(std::mem::take(&mut acting.settle)).await?;
            }
            Step::Otherwise => {
                let close = std::mem::take(&mut acting.settle.close);
                let line = self.not_kept(acting);
                self.store(Settle { close, history: vec![line], ..Settle::default() }).await?;
                if let Some(judged) = self.judge(work).await? {
                    Box::pin(self.act(work, judged)).await?;
                }
            }
            Step::Refused => {
                if planted::is(Planted::OneStopsAll) {
                    return Err(CycleError::Stopped("a record was refused".to_owned()));
                }
                if let Some(back) = self.set_back(work, acting, op).await? {
                    let reason = acting.settle.quarantine.pop().map(|row| row.reason).unwrap_or_default();
                    let ids = (Some(&acting.link.crm.id), Some(&acting.link.pim.id));
                    let mut line = self.line(acting.domain, "set_back", ids.0, ids.1);
                    line.side = Some(Side::Crm);
                    line.note = reason;
                    let close = std::mem::take(&mut acting.settle.close);
                    self.store(Settle { close, history: vec![line], ..Settle::default() }).await?;
                    Box::pin(self.carry_out(work, back)).await?;
                    return Ok(Turns::Over);
                }
                let mut settle = self.taken(work, acting.crm.as_ref(), acting.pim.as_ref());
                let reason = acting.settle.quarantine.pop().map(|row| row.reason).unwrap_or_default();
                settle.close = std::mem::take(&mut acting.settle.close);
                settle.looks = std::mem::take(&mut acting.settle.looks);
                settle.history = std::mem::take(&mut acting.settle.history);
                settle.counts = self.counted(acting);
                settle.links.extend(settle::so_far(work, acting));
                self.quarantine(work, &mut settle, &reason);
                self.store(settle).await?;
            }
        }
        Ok(Turns::Over)
    }

    /// After the last operation: what was written is marked, read back in one look, and settled record by record.
    /// Everything was written by then: when a side fails now, or failed at another item of the call, each record settles as
    /// it was sent and is looked at again, and the trouble ends the cycle after that. Else nobody would know that both are
    /// one, and a record deleted meanwhile would come back by its item (rule C4).
    pub(crate) async fn complete(
        &mut self,
        mut turns: Vec<Turn<'_>>,
        waits: Option<Trouble>,
    ) -> Result<(), CycleError> {
        let failed = match waits {
            Some(trouble) => Some(trouble),
            None => self.mark_and_read(&mut turns).await?,
        };
        if failed.is_some() {
            for Turn { acting, .. } in &mut turns {
                let kind = acting.link.kind;
                let unread =
                    acting.written.keys().map(|side| Look::now(*side, kind, acting.link.end(*side).id.clone()));
                acting.settle.looks.extend(unread);
            }
        }
        for turn in turns {
            self.end_turn(turn).await?;
        }
        failed.map_or(Ok(()), |trouble| Err(trouble.into()))
    }

    async fn mark_and_read(&mut self, turns: &mut [Turn<'_>]) -> Result<Option<Trouble>, CycleError> {
        let mut done = Ok(());
        for turn in turns.iter_mut() {
            if done.is_ok() && matches!(turn.plan.after, After::New { .. } | After::Linked(_)) {
                done = self.mark(&mut turn.acting).await;
            }
        }
        if done.is_ok() {
            let mut acting: Vec<&mut Acting> = turns.iter_mut().map(|turn| &mut turn.acting).collect();
            done = self.read_back(&mut acting).await;
        }
        match done {
            Ok(()) => Ok(None),
            Err(CycleError::Trouble(trouble)) => Ok(Some(trouble)),
            Err(error) => Err(error),
        }
    }

    async fn end_turn(&mut self, turn: Turn<'_>) -> Result<(), CycleError> {
        let Turn { work, plan, mut acting, doubles, ambiguous, awaits, invited } = turn;
        if let Some((crm, pim)) = &ambiguous {
            let question = self.question(acting.domain, crm, pim);
            acting.settle.held.push(question);
        }
        if awaits != Awaits::Nobody {
            acting.settle.awaited.push((acting.link.kind, acting.link.pim.id.clone()));
        }
        if invited {
            acting.settle.counts.push((acting.domain, Side::Crm, store::Count::Invited, 1));
        }
        self.finish(work, acting, &plan, &doubles).await
    }

    /// When a side fails in the middle of a record's turn, what was answered as done is not in doubt: it settles. Else a
    /// person who sets it back to what it was before would be taken for nobody's doing.
    pub(crate) async fn or_keep<T>(
        &mut self,
        work: &Work,
        acting: &mut Acting,
        came: Result<T, CycleError>,
    ) -> Result<T, CycleError> {
        if matches!(came, Err(CycleError::Trouble(_))) && settle::put_off(work, acting) {
            self.store(std::mem::take(&mut acting.settle)).await?;
        }
        came
    }
}
