//! Reading items by id, each with an outcome of its own whatever its server makes of the others (rule E1, trap 37).

use engine::port::Trouble;
use std::collections::BTreeSet;
use wire::ews::{Answer, Failure, GetItem, Item, ItemRef, Items, Path, Refusal, Shape};
use wire::xml;

use super::call::{Reach, is_strange_code, unreadable};
use super::spoken::adopt;
use super::trouble::{Effect, fails_at_it, is_too_many, of_all, of_item};

/// The most items asked for at once.
const BATCH: usize = 100;

/// The most further calls made to find the one item that makes a whole answer unreadable.
const SEARCHES: usize = 64;

/// So many calls in a row that a server failed at, with none answered between, are the server's trouble and no item's. It
/// is enough to come down from a whole batch to one item.
const FAILURES: usize = 10;

impl Reach {
    /// Reads items in batches, each with its own outcome. An item that makes a whole answer unreadable, or the server fail at
    /// it, is found by halving and stands alone.
    pub(super) async fn items(&self, shape: &Shape, ids: &[ItemRef]) -> Result<Vec<Result<Item, Trouble>>, Trouble> {
        let mut found: Vec<Option<Result<Item, Trouble>>> = ids.iter().map(|_| None).collect();
        // By their places among the ids.
        let all: Vec<usize> = (0..ids.len()).collect();
        let mut waiting: Vec<Vec<usize>> = all.chunks(BATCH).rev().map(<[usize]>::to_vec).collect();
        let asked: BTreeSet<&Path> = shape.paths.iter().collect();
        let (mut searches, mut failures, mut less) = (0, 0, false);
        while let Some(batch) = waiting.pop() {
            let refs: Vec<ItemRef> = batch.iter().filter_map(|at| ids.get(*at).cloned()).collect();
            let request = GetItem { shape: self.spoken.spared(shape, less), ids: refs };
            let answer = self.call(&request, Effect::Read).await;
            let strange = match &answer {
                // An answer that says nothing at all refuses nothing.
                Ok(answer) => !answer.results.is_empty() && answer.results.iter().all(is_strange),
                Err(failed) => failed.strange,
            };
            // Asked for less it shows whether that is what the server does not know, or whether an item is the strange thing.
            let tried = std::mem::take(&mut less);
            if strange && !tried && !self.spoken.is_short() {
                less = true;
                waiting.push(batch);
                continue;
            }
            if tried && answer.as_ref().is_ok_and(|answer| answer.results.iter().any(Result::is_ok)) {
                self.spoken.shorten();
            }
            let answer = match answer {
                Ok(answer) => placed(answer, &request.ids).map_err(|failure| unreadable(&failure, Effect::Read)),
                Err(failed) => Err(failed),
            };
            match answer {
                Ok(results) => {
                    failures = 0;
                    let mut left = Vec::new();
                    let served = results.iter().flatten().any(Result::is_ok);
                    for (at, result) in batch.into_iter().zip(results) {
                        let Some(result) = result else {
                            left.push(at);
                            continue;
                        };
                        found[at] = Some(match result {
                            Ok(Some(mut item)) => {
                                adopt(&mut item, &asked);
                                Ok(item)
                            }
                            Ok(None) => Err(Trouble::Broken { why: "the server answered without the item".to_owned() }),
                            Err(refused) if served && is_too_many(&refused) => {
                                left.push(at);
                                continue;
                            }
                            Err(refused) => Err(of_item(&refused)),
                        });
                    }
                    // Some servers answer the first few alone, or call themselves busy for the others: those are asked for again.
                    if !left.is_empty() {
                        waiting.push(left);
                    }
                }
                Err(failed) if failed.fails && failures < FAILURES && searches < SEARCHES => {
                    (failures, searches) = (failures + 1, searches + 1);
                    if let [at] = batch[..] {
                        found[at] = Some(Err(fails_at_it()));
                    } else {
                        waiting.extend(halves(&batch));
                    }
                }
                Err(failed) if failed.splits && searches < SEARCHES => {
                    searches += 1;
                    if let [at] = batch[..] {
                        let why = "the server's answer for this item cannot be read".to_owned();
                        found[at] = Some(Err(Trouble::Refused { code: "Unreadable".to_owned(), why }));
                    } else {
                        waiting.extend(halves(&batch));
                    }
                }
                Err(failed) => return Err(failed.trouble),
            }
        }
        let unanswered = || Err(Trouble::Broken { why: "the server answered without the item".to_owned() });
        Ok(found.into_iter().map(|one| one.unwrap_or_else(unanswered)).collect())
    }
}

/// The halves of a batch, that which is asked for next last.
fn halves(batch: &[usize]) -> [Vec<usize>; 2] {
    let (front, back) = batch.split_at(batch.len() / 2);
    [back.to_vec(), front.to_vec()]
}

fn is_strange<T>(result: &Result<T, Refusal>) -> bool {
    matches!(result, Err(refused) if is_strange_code(&refused.code))
}

/// What was said of one id; none where nothing was.
type Place = Option<Result<Option<Item>, Refusal>>;

/// One outcome for each id asked for. Exchange answers one by one and in order; others put all items into one result,
/// answer in an order of their own, or the first few alone: an item that names one of the ids asked for belongs to that one.
fn placed(answer: Answer<Items>, batch: &[ItemRef]) -> Result<Vec<Place>, Failure> {
    if let Some(refused) = of_all(&answer.results, batch.len()) {
        return Err(Failure::Fault(refused.clone()));
    }
    let mut outcomes: Vec<Result<Option<Item>, Refusal>> = Vec::with_capacity(batch.len());
    for result in answer.results {
        match result {
            Ok(Items(items)) if items.is_empty() => outcomes.push(Ok(None)),
            Ok(Items(items)) => outcomes.extend(items.into_iter().map(|item| Ok(Some(item)))),
            Err(refused) => outcomes.push(Err(refused)),
        }
    }
    // Which was left out was not said, so none is believed.
    let left_out = || {
        let path = "ResponseMessages".to_owned();
        Failure::Unreadable(xml::Error::Missing { path, expected: "one result for each item asked for" })
    };
    if outcomes.is_empty() || outcomes.len() > batch.len() {
        return Err(left_out());
    }
    let some_only = outcomes.len() < batch.len();
    let asked = |at: usize| match &batch[at] {
        ItemRef::Item(id) => Some(id.id.as_str()),
        ItemRef::Occurrence { .. } | ItemRef::MasterOf(_) => None,
    };
    let named = |outcome: &Result<Option<Item>, Refusal>| match outcome {
        Ok(Some(item)) => item.id.as_ref().map(|id| id.id.clone()),
        Ok(None) | Err(_) => None,
    };
    let elsewhere = |(at, outcome)| {
        let id: Option<String> = named(outcome);
        id.is_some_and(|id| asked(at) != Some(&id) && (0..batch.len()).any(|other| asked(other) == Some(&id)))
    };
    if !some_only && !outcomes.iter().enumerate().any(elsewhere) {
        return Ok(outcomes.into_iter().map(Some).collect());
    }
    let mut places: Vec<Place> = (0..batch.len()).map(|_| None).collect();
    let mut rest = Vec::new();
    for outcome in outcomes {
        let id = named(&outcome);
        match (0..batch.len()).find(|at| id.is_some() && asked(*at) == id.as_deref() && places[*at].is_none()) {
            Some(at) => places[at] = Some(outcome),
            // Told twice, it stands where another should.
            None if (0..batch.len()).any(|at| id.is_some() && asked(at) == id.as_deref()) => return Err(left_out()),
            // Where some are left out, what names none of those asked for may be anybody's.
            None if some_only => return Err(left_out()),
            None => rest.push(outcome),
        }
    }
    let mut rest = rest.into_iter();
    Ok(places.into_iter().map(|place| place.or_else(|| rest.next())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::ews::{ItemId, ItemKind};

    fn item(id: &str) -> Item {
        Item { id: Some(ItemId::of(id)), ..Item::new(ItemKind::Contact) }
    }

    fn read(asked: &[&str], told: &[&str]) -> Result<Vec<Option<String>>, Failure> {
        let batch: Vec<ItemRef> = asked.iter().map(|id| ItemRef::Item(ItemId::of(*id))).collect();
        let results = told.iter().map(|id| Ok(Items(vec![item(id)]))).collect();
        let placed = placed(Answer { results, version: None }, &batch)?;
        let id = |one: Place| one?.ok()?.and_then(|item| item.id).map(|id| id.id);
        Ok(placed.into_iter().map(id).collect())
    }

    // trap 22: an item told twice in place of another would leave that other unread for ever.
    #[test]
    fn each_id_has_its_own_answer_or_none_is_believed() {
        let all = |ids: &[&str]| ids.iter().map(|id| Some((*id).to_owned())).collect::<Vec<_>>();
        assert_eq!(read(&["a", "b"], &["a", "b"]).unwrap(), all(&["a", "b"]));
        assert_eq!(read(&["a", "b"], &["b", "a"]).unwrap(), all(&["a", "b"]), "in an order of its own");
        assert_eq!(read(&["a", "a"], &["a", "a"]).unwrap(), all(&["a", "a"]));
        assert_eq!(read(&["a", "b"], &["A", "b"]).unwrap(), all(&["A", "b"]), "an id written otherwise");
        let first = vec![None, Some("b".to_owned())];
        assert_eq!(read(&["a", "b"], &["b"]).unwrap(), first, "the other is asked for again");
        for told in [&["a", "a"][..], &["b", "b"], &["A"], &[], &["a", "b", "b"]] {
            assert!(read(&["a", "b"], told).is_err(), "{told:?}");
        }
    }
}
