//! An administrator puts back what cycles did (rule W3), in the middle of everything else.

use super::{PAGE, World};
use crate::people::ledger::number_of;
use engine::UndoWish;
use model::{Domain, Side};
use std::collections::BTreeSet;
use store::{History, HistoryFilter};

/// How many of the newest lines he looks at.
const NEWEST: usize = 12;

impl World {
    /// In lively worlds, now and then: one record's changes, or all that one cycle did to one mailbox.
    pub(super) fn put_back(&mut self) {
        let Some(dice) = self.ground.lively.clone().filter(|dice| dice.chance(120)) else {
            return;
        };
        let lines = crate::executor::block_on(self.history()).unwrap_or_default();
        let newest: Vec<History> = lines.iter().take(NEWEST).filter(|line| line.crm.is_some()).cloned().collect();
        let Some(line) = dice.pick(&newest).cloned() else {
            return;
        };
        let wish = match (dice.chance(500), line.crm.clone()) {
            (true, Some(id)) => UndoWish { record: Some((Side::Crm, id)), ..UndoWish::default() },
            (_, _) => UndoWish { cycles: Some([line.cycle.clone()].into()), ..UndoWish::default() },
        };
        let of_it = |one: &&History| {
            one.pairing == line.pairing
                && (wish.cycles.as_ref().is_some_and(|cycles| cycles.contains(&one.cycle))
                    || wish.record.as_ref().is_some_and(|(_, id)| one.crm.as_ref() == Some(id)))
        };
        let concerned: Vec<&History> = lines.iter().filter(of_it).collect();
        let numbers: Vec<Option<u64>> = concerned.iter().map(|one| self.thing_of(one)).collect();
        // What cannot be told to be somebody's thing is left as it is: nobody could judge it.
        let Some(numbers) = numbers.into_iter().collect::<Option<BTreeSet<u64>>>() else {
            return;
        };
        // A copied task or contact bears its original's mark: when that goes it would be taken for it (`tests/open_seeds.md`).
        if numbers.iter().any(|number| self.people.ledger.things.get(number).is_some_and(|thing| thing.copied)) {
            return;
        }
        for number in &numbers {
            self.people.ledger.put_back(*number);
        }
        let engine = self.engine.clone();
        let pairing = line.pairing.clone();
        let mut run = engine.begin_undo("admin");
        self.ground.trace.line(format!("an administrator puts back {wish:?} at {pairing}: things {numbers:?}"));
        let rival = Some(pairing.clone());
        self.ground.set_putting_back(true);
        let undone = self.drive(rival, async move { engine.undo(&pairing, &wish, &mut run, true).await });
        self.ground.set_putting_back(false);
        self.ground.trace.line(match undone {
            Some(Ok(undone)) => format!("put back: {:?}, stays: {}", undone.texts, undone.stays.len()),
            Some(Err(error)) => format!("put back: {error}"),
            None => "put back: stopped".to_owned(),
        });
    }

    /// The thing that a line of the history tells of.
    fn thing_of(&self, line: &History) -> Option<u64> {
        let kind = line.domain.kind();
        let sides = self.ground.sides();
        let row = line.crm.as_ref().and_then(|id| sides.crm.rows.get(id));
        let stone = line.crm.as_ref().and_then(|id| sides.crm.tombstones.get(id));
        let mut items = sides.exchange.mailboxes.values();
        let item = line.pim.as_ref().and_then(|id| items.find_map(|mailbox| mailbox.items.get(id)));
        let of_row = row.and_then(|row| number_of(row.kind, &row.fields)).or(stone.and_then(|stone| stone.thing));
        let of_item = item.and_then(|item| number_of(item.kind, &item.fields));
        let told = || number_of(kind, &line.after);
        (line.domain != Domain::Employee).then(|| of_row.or(of_item).or_else(told)).flatten()
    }

    /// Everything that the history tells, the newest first.
    pub(super) async fn history(&self) -> store::Result<Vec<History>> {
        let mut lines = Vec::new();
        let mut after = None;
        loop {
            let page = self.kept.store.history(&HistoryFilter::default(), after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(lines);
            };
            after = Some(last.key.clone());
            lines.extend(page.into_iter().map(|line| line.line));
        }
    }
}
