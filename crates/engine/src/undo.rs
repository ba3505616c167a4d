//! Putting back what cycles did: one record, one cycle, one user since a time; first shown, then done (rule W3).

use crate::Engine;
use crate::act::wanted;
use crate::cycle::Cycle;
use crate::limits;
use crate::outcome::CycleError;
use crate::port::{Trouble, Wanted};
use crate::undo_act::{Done, Whole};
use jiff::Timestamp;
use model::{Domain, Kind, Link, PairingId, RecordId, Seen, Side};
use plan::Lead;
use plan::undo::{Act, Copies, Did, Follows, Said, Stays, Undo, undo};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use store::{History, HistoryFilter, HistoryKey};

/// What is to be put back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UndoWish {
    /// One record's changes alone, as a side names it.
    pub record: Option<(Side, RecordId)>,
    /// What these cycles did.
    pub cycles: Option<BTreeSet<String>>,
    /// What was done from this time on.
    pub since: Option<Timestamp>,
}

impl UndoWish {
    fn names(&self, line: &History) -> bool {
        self.cycles.as_ref().is_none_or(|cycles| cycles.contains(&line.cycle))
            && self.since.is_none_or(|since| line.at >= since)
    }
}

/// One undoing over any number of mailboxes: the history shows it as one cycle.
#[derive(Clone, Debug)]
pub struct UndoRun {
    /// The cycle it is in the history.
    pub cycle: String,
    /// Who asked.
    pub by: String,
    /// What this run does to records of the CRM: the other mailboxes' copies follow.
    follows: BTreeMap<(Kind, RecordId), Follows>,
}

/// What an undoing does, or did, in one mailbox.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Undone {
    /// The lines of the history that it writes.
    pub lines: Vec<History>,
    /// In words, line by line.
    pub texts: Vec<String>,
    /// What stays as it is.
    pub stays: Vec<UndoStays>,
}

/// Something that stays as it is.
#[derive(Clone, Debug, Serialize)]
pub struct UndoStays {
    /// At whom.
    pub pairing: PairingId,
    /// As what.
    pub domain: Domain,
    /// The record in the CRM.
    pub crm: RecordId,
    /// On which side.
    pub side: Side,
    /// Which fields; none for the whole copy.
    pub fields: Vec<String>,
    /// Why, in words.
    pub why: String,
}

impl Engine {
    /// Lines of the history, the newest first, as many as one undoing takes.
    ///
    /// # Errors
    /// [`CycleError::TooMuch`] when there are more; the store failed.
    pub async fn lines_to_undo(&self, filter: &HistoryFilter) -> Result<Vec<History>, CycleError> {
        let limit = limits::UNDO_LINES;
        let mut lines = Vec::new();
        let mut after: Option<HistoryKey> = None;
        loop {
            let page = self.store().history(filter, after.as_ref(), limits::UNDO_PAGE).await?;
            let Some(last) = page.last() else { return Ok(lines) };
            after = Some(last.key.clone());
            lines.extend(page.into_iter().map(|line| line.line));
            if lines.len() > limit {
                return Err(CycleError::TooMuch { limit });
            }
        }
    }

    /// Begins an undoing at somebody's word.
    #[must_use]
    pub fn begin_undo(&self, by: &str) -> UndoRun {
        UndoRun { cycle: self.fresh_id(), by: by.to_owned(), follows: BTreeMap::new() }
    }

    /// Puts back what a wish names in one mailbox; without `really` it only tells what would be written.
    ///
    /// # Errors
    /// As for a cycle; [`CycleError::TooMuch`] when the wish names more than one undoing takes.
    pub async fn undo(
        &self,
        id: &PairingId,
        wish: &UndoWish,
        run: &mut UndoRun,
        really: bool,
    ) -> Result<Undone, CycleError> {
        let lease = self.lease_of(id).await?;
        let result = async {
            let pairing = self.store().pairing(id).await?.ok_or(CycleError::NoPairing)?;
            if let Some(why) = &pairing.state.stopped {
                return Err(CycleError::Stopped(why.clone()));
            }
            let mut cycle = self.begin(lease.clone(), pairing).await?;
            cycle.id.clone_from(&run.cycle);
            cycle.undo(wish, run, really).await
        };
        let result = result.await;
        let given = self.give_back(&lease, result).await;
        if really {
            self.store().make_due(std::slice::from_ref(id)).await?;
        }
        given
    }
}

impl Cycle<'_> {
    async fn undo(&mut self, wish: &UndoWish, run: &mut UndoRun, really: bool) -> Result<Undone, CycleError> {
        let mut undone = Undone::default();
        for (kind, id) in self.named(wish).await? {
            self.keep_lease().await?;
            let lines = self.all_lines(&id).await?;
            let Some(whole) = self.whole(kind, id, &lines).await? else { continue };
            let said = said(wish, &lines, kind);
            let follows = run.follows.entry((kind, whole.crm.clone())).or_default();
            let planned = self.plan_undo(&whole, &said, follows);
            note(&planned, follows);
            for (side, paths, why) in planned.stays {
                let fields = paths.iter().map(ToString::to_string).collect();
                undone.stays.push(self.stays(&whole, side, fields, plan::explain::not_put_back(why).to_owned()));
            }
            let mut whole = whole;
            for act in &planned.acts {
                let mut line = self.undo_line(&whole, act, &run.by);
                if really {
                    match self.put_back(&mut whole, act, &mut line).await? {
                        Done::Written => {}
                        Done::Not(None) => continue,
                        Done::Not(Some(why)) => {
                            let fields = line.after.keys().map(ToString::to_string).collect();
                            undone.stays.push(self.stays(&whole, act.side(), fields, why));
                            continue;
                        }
                    }
                }
                undone.texts.push(plan::explain::put_back(act));
                undone.lines.push(line);
            }
        }
        Ok(undone)
    }

    fn stays(&self, whole: &Whole, side: Side, fields: Vec<String>, why: String) -> UndoStays {
        let (pairing, domain, crm) = (self.pairing.id.clone(), whole.domain, whole.crm.clone());
        UndoStays { pairing, domain, crm, side, fields, why }
    }

    fn plan_undo(&self, whole: &Whole, said: &[Said], follows: &Follows) -> Undo {
        let lenses = self.lenses();
        let now =
            Copies { crm: whole.seen.get(&Side::Crm), pim: whole.seen.get(&Side::Pim), elsewhere: whole.elsewhere };
        undo(whole.domain, whole.link.as_ref(), &now, said, follows, &self.context(Lead::Mine, &lenses))
    }

    /// The records that a wish names, by their id in the CRM, the latest change first.
    async fn named(&self, wish: &UndoWish) -> Result<Vec<(Kind, RecordId)>, CycleError> {
        let filter = HistoryFilter {
            pairing: Some(self.pairing.id.clone()),
            record: wish.record.clone(),
            since: wish.since,
            ..HistoryFilter::default()
        };
        let mut named = Vec::new();
        let mut known = BTreeSet::new();
        for line in self.engine.lines_to_undo(&filter).await? {
            let Some(id) = line.crm.clone().filter(|_| wish.names(&line) && Did::of(&line.what).is_some()) else {
                continue;
            };
            let key = (line.domain.kind(), id);
            if known.insert(key.clone()) {
                named.push(key);
            }
        }
        if named.len() > limits::UNDO_RECORDS {
            return Err(CycleError::TooMuch { limit: limits::UNDO_RECORDS });
        }
        Ok(named)
    }

    async fn all_lines(&self, id: &RecordId) -> Result<Vec<History>, CycleError> {
        let filter = HistoryFilter {
            pairing: Some(self.pairing.id.clone()),
            record: Some((Side::Crm, id.clone())),
            ..HistoryFilter::default()
        };
        self.engine.lines_to_undo(&filter).await
    }

    /// A record with its link and both copies as they are now; none when a side cannot tell.
    async fn whole(&self, kind: Kind, crm: RecordId, lines: &[History]) -> Result<Option<Whole>, CycleError> {
        let mine = || lines.iter().filter(|line| line.domain.kind() == kind);
        let Some(domain) = mine().map(|line| line.domain).next() else { return Ok(None) };
        let link = self.engine.store().link_of(&self.pairing.id, Side::Crm, kind, &crm).await?;
        let mark_key = mine().find_map(|line| line.mark_key.clone());
        let item = mine().find_map(|line| line.pim.clone()).filter(|id| !id.as_str().is_empty());
        let item = match &link {
            Some(link) => Some(wanted(link, Side::Pim)).filter(|wanted| !wanted.id.as_str().is_empty()),
            None => item.map(|id| Wanted { id, mark_key, global_id: None }),
        };
        let mut seen = BTreeMap::new();
        let asked = [(Side::Crm, Some(Wanted::by_id(crm.clone()))), (Side::Pim, item)];
        for (side, wanted) in asked {
            let Some(wanted) = wanted else { continue };
            match self.get_one(side, kind, wanted).await? {
                Ok(found) => seen.insert(side, found),
                Err(Trouble::Gone(why)) => seen.insert(side, Seen::Gone(why)),
                Err(trouble) => return Err(trouble.into()),
            };
        }
        let domain = link.as_ref().map_or(domain, |link: &Link| link.domain);
        let deleted = mine().filter(|line| line.side == Some(Side::Crm) && line.what == "delete").count();
        let key = self.hash(&format!("undo|{crm}|{deleted}"));
        let stands = matches!(seen.get(&Side::Crm), Some(Seen::Present(_)));
        let mut whole = Whole { kind, domain, crm, link, stands, seen, key, elsewhere: None };
        if matches!(whole.seen.get(&Side::Crm), Some(Seen::Gone(_))) {
            whole.elsewhere = self.elsewhere(&whole).await?;
        }
        Ok(Some(whole))
    }

    /// What became of a record that is gone: its item was edited and shows another record since, or an earlier undoing put it
    /// back, under another id where the CRM gives no old one again.
    async fn elsewhere(&self, whole: &Whole) -> Result<Option<Stays>, CycleError> {
        let store = self.engine.store();
        if let Some(item) = whole.record(Side::Pim)
            && let Some(link) = store.link_of(&self.pairing.id, Side::Pim, whole.kind, &item.id).await?
            && link.crm.id != whole.crm
        {
            return Ok(Some(Stays::ChangedSince));
        }
        let made = self.crm.trace(whole.kind, &whole.key, limits::TRACED).await?;
        let stands = made.iter().any(|one| one.gone.is_none());
        Ok(match (stands, made.is_empty()) {
            (true, _) => Some(Stays::AsItWas),
            (false, false) => Some(Stays::ChangedSince),
            (false, true) => None,
        })
    }

    /// The line that an act writes into the history.
    fn undo_line(&self, whole: &Whole, act: &Act, by: &str) -> History {
        let pim = whole.id(Side::Pim);
        let what = match act {
            Act::Put { .. } => "update",
            Act::TakeBack { .. } => "delete",
            Act::BringBack { side: Side::Pim, mark_key: Some(_), .. } => "restore",
            Act::BringBack { .. } => "create",
            Act::Enlist => "enlist",
            Act::Delist => "delist",
        };
        let mut line = self.line(whole.domain, what, Some(&whole.crm), pim.as_ref());
        line.side = Some(act.side());
        line.by = Some(by.to_owned());
        line.note = "put back".to_owned();
        let shown = whole.record(act.side()).map(|record| &record.fields);
        match act {
            Act::Put { changes, .. } => {
                line.before = shown.map(|shown| crate::settle::before(shown, changes)).unwrap_or_default();
                line.after.clone_from(changes);
            }
            Act::TakeBack { .. } => {
                let shown = shown.into_iter().flatten();
                line.before = shown.map(|(path, value)| (path.clone(), Some(value.clone()))).collect();
                line.mark_key = whole.link.as_ref().map(|link| link.mark_key.clone()).filter(|key| !key.is_empty());
                line.form = whole.link.as_ref().map(|link| link.form);
            }
            Act::BringBack { fields, .. } => line.after.clone_from(fields),
            Act::Enlist | Act::Delist => {}
        }
        line
    }
}

/// The lines of a record in the order they happened.
fn said(wish: &UndoWish, lines: &[History], kind: Kind) -> Vec<Said> {
    let of_kind = lines.iter().rev().filter(|line| line.domain.kind() == kind);
    of_kind
        .filter_map(|line| {
            Some(Said {
                side: line.side?,
                did: Did::of(&line.what)?,
                before: line.before.clone(),
                after: line.after.clone(),
                mark_key: line.mark_key.clone(),
                form: line.form,
                wished: wish.names(line),
            })
        })
        .collect()
}

/// What the plan does in the CRM is what other mailboxes follow.
fn note(planned: &Undo, follows: &mut Follows) {
    for act in &planned.acts {
        match act {
            Act::Put { side: Side::Crm, changes, .. } => {
                follows.paths.extend(plan::occurrence::by_date(changes).into_keys());
            }
            Act::TakeBack { side: Side::Crm } => follows.gone = true,
            Act::Put { side: Side::Pim, .. }
            | Act::TakeBack { side: Side::Pim }
            | Act::BringBack { .. }
            | Act::Enlist
            | Act::Delist => {}
        }
    }
}
