//! Read-back after a write, without swallowing an edit (decision 3).

use crate::act::wanted;
use crate::carry::Acting;
use crate::cycle::Cycle;
use crate::outcome::CycleError;
use crate::port::{Trouble, Wanted};
use model::same::same;
use model::{Field, Fields, Kind, Record, RecordId, Seen, Side};
use plan::{form, occurrence};
use planted::Planted;
use std::collections::BTreeMap;
use store::Look;

impl Cycle<'_> {
    /// Reads what was written, in one look per side. If a version is the one the write returned, the image is what was
    /// read; if not, only the sent fields settle, as sent, and the next cycle looks.
    pub(crate) async fn read_back(&mut self, all: &mut [&mut Acting]) -> Result<(), CycleError> {
        for side in Side::BOTH {
            for kind in Kind::ALL {
                let mut mine: Vec<&mut Acting> = all
                    .iter_mut()
                    .map(|acting| &mut **acting)
                    .filter(|acting| acting.link.kind == kind && acting.written.contains_key(&side))
                    .collect();
                if mine.is_empty() {
                    continue;
                }
                let asked: Vec<Wanted> = mine.iter().map(|acting| wanted(&acting.link, side)).collect();
                if asked.len() > 1 {
                    self.keep_lease().await?;
                }
                let answers = self.remote(side).get(kind, &asked).await?;
                let mut answers: BTreeMap<RecordId, _> = answers.into_iter().collect();
                for acting in &mut mine {
                    let found = answers.remove(&acting.link.end(side).id);
                    self.was_read(acting, side, found.unwrap_or_else(|| Err(Trouble::unanswered())));
                }
            }
        }
        Ok(())
    }

    fn was_read(&mut self, acting: &mut Acting, side: Side, found: Result<Seen, Trouble>) {
        let Some((sent, created, version)) = acting.written.get(&side).cloned() else {
            return;
        };
        let kind = acting.link.kind;
        match found {
            Ok(Seen::Present(record))
                if (record.version == version || planted::is(Planted::ReadBackSwallows))
                    && record.id == acting.link.end(side).id =>
            {
                self.take_image(acting, side, &sent, created, &record);
            }
            // Changed or gone since, or not to be read now: the next cycle looks.
            Ok(Seen::Present(_) | Seen::Gone(_)) | Err(Trouble::Gone(_)) => {
                let id = acting.link.end(side).id.clone();
                acting.settle.looks.push(Look::now(side, kind, id));
            }
            Err(_) => {
                self.report.postponed += 1;
                let id = acting.link.end(side).id.clone();
                acting.settle.looks.push(Look::now(side, kind, id));
            }
        }
    }

    fn take_image(&self, acting: &mut Acting, side: Side, sent: &Fields, created: bool, record: &Record) {
        let shown = match (side, record.kind) {
            (Side::Pim, Kind::Appointment | Kind::Task) => {
                let lenses = self.lenses();
                let context = self.context(plan::Lead::Mine, &lenses);
                occurrence::by_date(&form::without_our_words(&record.fields, &context))
            }
            (Side::Pim, Kind::Contact) | (Side::Crm, _) => occurrence::by_date(&record.fields),
        };
        let sent = occurrence::by_date(sent);
        let series =
            sent.keys().any(|path| path.occurrence.is_some() || matches!(path.field, Field::Rule | Field::Start));
        if side == Side::Pim {
            for (path, value) in &sent {
                let came_back = shown.get(path).is_some_and(|shown| same(&path.field, shown, value));
                let ours_to_count = shown.contains_key(path) && path.field != Field::Categories;
                if came_back || !ours_to_count {
                    acting.link.bounced.remove(path);
                } else {
                    let times = acting.link.bounced.entry(path.clone()).or_insert(0);
                    *times = times.saturating_add(1);
                }
            }
            acting.link.global_id = record.facts.global_id.clone().or(acting.link.global_id.take());
            acting.link.folder = record.facts.folder.clone().or(acting.link.folder.take());
        }
        let end = acting.link.end_mut(side);
        end.version = record.version.clone();
        if series {
            end.base.retain(|path, _| path.occurrence.is_none());
            end.base.extend(
                shown.iter().filter(|(path, _)| path.occurrence.is_some()).map(|(p, v)| (p.clone(), v.clone())),
            );
        }
        for (path, value) in shown {
            if created || sent.contains_key(&path) {
                end.base.insert(path, value);
            }
        }
    }
}
