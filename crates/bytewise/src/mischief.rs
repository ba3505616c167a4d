//! What goes wrong with listings and looks though every request arrives: pages cut, empty or come again, states that are old
//! or another folder's, answers twice or missing.

use crate::line::{Line, between, whole};
use connect::http::{Answer, Lost, Request};
use sim::faults::Fault;
use sim::memory::Ground;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

/// Changes on a page: few, so that pages are met.
const PAGE: u32 = 4;
/// States of a folder that are remembered.
const STATES: usize = 20;
/// How the state begins and ends in requests and answers alike.
const STATE: (&str, &str) = ("<m:SyncState>", "</m:SyncState>");

/// What was answered of each folder.
#[derive(Default)]
pub(crate) struct Folders(Mutex<BTreeMap<(String, String), Told>>);

#[derive(Default)]
struct Told {
    states: Vec<String>,
    /// States behind which nothing was left.
    ends: BTreeSet<String>,
    last: Option<Answer>,
}

impl Folders {
    /// A page of a listing, or of what changed since.
    pub(crate) async fn listed(&self, line: &Line, address: &str, request: &Request) -> Result<Answer, Lost> {
        let mut body = String::from_utf8_lossy(&request.body).into_owned();
        let folder = between(&body, "FolderId Id=\"", "\"").unwrap_or_default().to_owned();
        let key = (address.to_owned(), folder);
        let state = between(&body, STATE.0, STATE.1).map(str::to_owned);
        let ground = &line.ground;
        let strikes = |fault| ground.faults().strikes(fault, &ground.wide);
        let mut cut = false;
        if let Some(state) = &state {
            let again = self.last(&key);
            if let Some(again) = again.filter(|_| strikes(Fault::PageAgain)) {
                return Ok(again);
            }
            if let Some(older) = self.older(&key, state, ground).filter(|_| strikes(Fault::RolledBack)) {
                body = body.replacen(state, &older, 1);
            }
            // Who believes a cut listing before everything is linked makes what it lacks a second time.
            cut = self.is_end(&key, state) && strikes(Fault::PageCut);
        }
        let of = |most: u32| Request { body: at_most(&body, most).into_bytes(), ..request.clone() };
        let mut answer = line.post(&of(PAGE)).await?;
        if cut {
            answer = line.post(&of(1)).await?;
        }
        Ok(self.told(&key, state.as_deref(), cut, ground, answer))
    }

    /// The page as it arrives.
    fn told(&self, key: &(String, String), asked: Option<&str>, cut: bool, ground: &Ground, answer: Answer) -> Answer {
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let Some(state) = between(&text, STATE.0, STATE.1).filter(|state| !state.is_empty()).map(str::to_owned) else {
            return answer;
        };
        let strikes = |fault| ground.faults().strikes(fault, &ground.wide);
        let last = text.contains("<m:IncludesLastItemInRange>true");
        let foreign = self.foreign(key);
        let mut shown = text;
        if let Some(asked) = asked.filter(|_| strikes(Fault::PageEmpty)) {
            shown = without(&shown.replacen(&state, asked, 1), "<m:Changes>", "</m:Changes>", "<m:Changes/>");
            shown = shown.replace("<m:IncludesLastItemInRange>true", "<m:IncludesLastItemInRange>false");
            return Answer { body: shown.into_bytes(), ..answer };
        }
        if cut {
            shown = shown.replace("<m:IncludesLastItemInRange>false", "<m:IncludesLastItemInRange>true");
        }
        if let Some(foreign) = foreign.filter(|_| strikes(Fault::ForeignCursor)) {
            return Answer { body: shown.replacen(&state, &foreign, 1).into_bytes(), ..answer };
        }
        let answer = Answer { body: shown.into_bytes(), ..answer };
        let mut all = whole(&self.0);
        let told = all.entry(key.clone()).or_default();
        if last || cut {
            told.ends.insert(state.clone());
        }
        if told.states.len() >= STATES {
            told.states.remove(0);
        }
        told.states.push(state);
        told.last = Some(answer.clone());
        answer
    }

    fn last(&self, key: &(String, String)) -> Option<Answer> {
        whole(&self.0).get(key)?.last.clone()
    }

    fn is_end(&self, key: &(String, String), state: &str) -> bool {
        whole(&self.0).get(key).is_some_and(|told| told.ends.contains(state))
    }

    /// A state of the same folder from before.
    fn older(&self, key: &(String, String), state: &str, ground: &Ground) -> Option<String> {
        let all = whole(&self.0);
        let told = all.get(key)?;
        let earlier: Vec<&String> = told.states.iter().take_while(|known| *known != state).collect();
        ground.wide.pick(&earlier).map(|state| (*state).clone())
    }

    /// The newest state of another folder.
    fn foreign(&self, key: &(String, String)) -> Option<String> {
        whole(&self.0).iter().find(|(known, _)| *known != key).and_then(|(_, told)| told.states.last().cloned())
    }
}

/// A request for fewer changes.
fn at_most(body: &str, most: u32) -> String {
    let asked = between(body, "<m:MaxChangesReturned>", "<").map(|asked| format!("<m:MaxChangesReturned>{asked}<"));
    asked.map_or_else(|| body.to_owned(), |asked| body.replacen(&asked, &format!("<m:MaxChangesReturned>{most}<"), 1))
}

fn without(text: &str, from: &str, to: &str, instead: &str) -> String {
    let (Some(start), Some(end)) = (text.find(from), text.find(to)) else { return text.to_owned() };
    format!("{}{instead}{}", &text[..start], &text[end + to.len()..])
}

/// What was read of ids, as it arrives: each result twice, or one of them missing.
pub(crate) fn looked(ground: &Ground, answer: Answer) -> Answer {
    const BEGIN: &str = "<m:GetItemResponseMessage ";
    let strikes = |fault| ground.faults().strikes(fault, &ground.wide);
    let (missing, twice) = (strikes(Fault::NoAnswer), strikes(Fault::Twice));
    if !missing && !twice {
        return answer;
    }
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    let (Some(start), Some(end)) = (text.find(BEGIN), text.find("</m:ResponseMessages>")) else { return answer };
    let mut results: Vec<&str> = text[start..end].split_inclusive("</m:GetItemResponseMessage>").collect();
    if missing {
        results.pop();
    }
    let results = results.concat();
    let results = if twice { results.repeat(2) } else { results };
    Answer { body: format!("{}{results}{}", &text[..start], &text[end..]).into_bytes(), ..answer }
}
