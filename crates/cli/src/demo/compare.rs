//! Holds what both sides show against what the rules say they should: nothing lost, nothing doubled, nothing in a wrong place.

use super::canonical::canonical;
use super::ews_fields::{is_private, words};
use super::outlook::Seen;
use super::reading::{Reading, Viewed, canaries_of};
use super::sample::Sample;
use super::track::{Copy, Crm, Form, Track, User};
use model::{Domain, Field, Fields, Kind, Path, Value};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// What does not hold.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Records or values that should be there and are not.
    pub lost: Vec<String>,
    /// Records that stand more than once.
    pub duplicates: Vec<String>,
    /// Records that somebody sees who should not.
    pub leaks: Vec<String>,
    /// Records that stand although they should be gone.
    pub left_over: Vec<String>,
}

impl Verdict {
    /// Whether everything holds.
    pub fn holds(&self) -> bool {
        self.lost.is_empty() && self.duplicates.is_empty() && self.leaks.is_empty() && self.left_over.is_empty()
    }

    /// Everything that does not, in words without content.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        [("lost", &self.lost), ("double", &self.duplicates), ("leaked", &self.leaks), ("left over", &self.left_over)]
            .into_iter()
            .flat_map(|(what, list)| list.iter().map(move |line| format!("{what}: {line}")))
    }
}

/// Compares.
pub fn compare(reading: &Reading, sample: &Sample, people: &[String]) -> Verdict {
    let tracks = &sample.tracks;
    let mut verdict = Verdict::default();
    let known: BTreeSet<(Domain, &str)> = tracks.iter().map(|track| (track.domain, track.canary.as_str())).collect();
    let mut seen: BTreeMap<(Domain, String), Vec<&Viewed>> = BTreeMap::new();
    for viewed in &reading.crm {
        let Some(domain) = viewed.domain else {
            continue;
        };
        for canary in identity(domain, &viewed.record.face) {
            if !known.contains(&(domain, canary.as_str())) {
                verdict.leaks.push(format!("the CRM shows {canary} as {domain}"));
            }
            seen.entry((domain, canary)).or_default().push(viewed);
        }
    }
    for track in tracks {
        let key = (track.domain, track.canary.clone());
        let views = seen.get(&key).map(Vec::as_slice).unwrap_or_default();
        crm_side(track, views, people, &mut verdict);
    }
    veil(reading, tracks, &mut verdict);
    for (user, items) in reading.pim.iter().enumerate() {
        mailbox_side(user, items, sample, &mut verdict);
    }
    verdict
}

/// The canaries that say which record this is. An activity may show people's names beside its own canary.
fn identity(domain: Domain, face: &Fields) -> BTreeSet<String> {
    match domain.kind() {
        Kind::Contact => canaries_of(face),
        Kind::Appointment | Kind::Task => {
            let subject = Path::of(Field::Subject);
            let only: Fields = face.get(&subject).map(|value| (subject, value.clone())).into_iter().collect();
            canaries_of(&only)
        }
    }
}

fn crm_side(track: &Track, views: &[&Viewed], people: &[String], verdict: &mut Verdict) {
    let ids: BTreeSet<&str> = views.iter().map(|viewed| viewed.record.id.as_str()).collect();
    let name = format!("{} {} in the CRM", track.domain, track.canary);
    if ids.len() > 1 {
        verdict.duplicates.push(format!("{name}: {} records", ids.len()));
    }
    let Some(crm) = &track.crm else {
        if !ids.is_empty() {
            verdict.left_over.push(name);
        }
        return;
    };
    if crm.display == Some("Activities Only") {
        return;
    }
    let best = views.iter().find(|viewed| crm.owner.is_none_or(|owner| owner == viewed.viewer));
    let Some(best) = best else {
        verdict.lost.push(name);
        return;
    };
    let is = canonical(track.domain, Form::Own, &best.record.face);
    let should = canonical(track.domain, Form::Own, &crm.face);
    differences(&name, &is, &should, verdict);
    let called_off = |face: &Fields| face.get(&Path::of(Field::Cancelled)) == Some(&Value::Flag(true));
    if called_off(&best.record.face) != called_off(&crm.face) {
        verdict.lost.push(format!("{name}: cancelled"));
    }
    listed(track, crm, views, &name, verdict);
    taking_part(crm, best, people, &name, verdict);
}

/// Whose Sync List it is on (O1, O3, C6).
fn listed(track: &Track, crm: &Crm, views: &[&Viewed], name: &str, verdict: &mut Verdict) {
    if track.domain.kind() != Kind::Contact {
        return;
    }
    for viewed in views {
        let is = viewed.record.json["on_sync_list"].as_bool() == Some(true);
        let should = crm.listed.contains(&viewed.viewer);
        if is != should {
            let text = format!("{name}: on the Sync List of user {}", viewed.viewer + 1);
            if should {
                verdict.lost.push(text);
            } else {
                verdict.left_over.push(text);
            }
        }
    }
}

/// Who takes part, as far as users are concerned (P1, P2, D6).
fn taking_part(crm: &Crm, best: &Viewed, people: &[String], name: &str, verdict: &mut Verdict) {
    if crm.people.is_empty() {
        return;
    }
    let shown: BTreeMap<&str, &Json> = best.record.json["people"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|person| Some((person["employee"].as_str()?, person)))
        .collect();
    for user in &crm.people {
        let Some(person) = people.get(*user).and_then(|id| shown.get(id.as_str())) else {
            verdict.lost.push(format!("{name}: user {} takes part", user + 1));
            continue;
        };
        // P4, C6.
        let silent = ["not_responded", "unknown"];
        let answers = crm.answers.get(user).map_or(silent.as_slice(), std::slice::from_ref);
        if !answers.iter().any(|answer| person["response"] == *answer) {
            verdict.lost.push(format!("{name}: user {} answered {}", user + 1, answers[0]));
        }
        if person["removed"] != crm.hidden.contains(user) {
            verdict.lost.push(format!("{name}: user {} took it off his calendar", user + 1));
        }
    }
}

/// Nobody but its owner sees what is private (O7), in any view.
fn veil(reading: &Reading, tracks: &[Track], verdict: &mut Verdict) {
    let private: BTreeMap<&str, User> = tracks
        .iter()
        .filter_map(|track| {
            let crm = track.crm.as_ref()?;
            let hidden = track.domain == Domain::PersonalContact
                || crm.face.get(&Path::of(Field::Private)) == Some(&Value::Flag(true));
            // A flipped contact stands as a business contact too, which others may see.
            let alone = tracks.iter().filter(|other| other.canary == track.canary).count() == 1;
            (hidden && alone).then_some((track.canary.as_str(), crm.owner?))
        })
        .collect();
    for viewed in &reading.crm {
        let text = viewed.record.json.to_string();
        for canary in super::draw::canaries(&text) {
            if let Some(owner) = private.get(canary.as_str())
                && *owner != viewed.viewer
            {
                verdict.leaks.push(format!(
                    "user {} sees the private {canary} of user {}",
                    viewed.viewer + 1,
                    owner + 1
                ));
            }
        }
    }
}

fn mailbox_side(user: User, items: &[Seen], sample: &Sample, verdict: &mut Verdict) {
    let tracks = &sample.tracks;
    let place = format!("the mailbox of user {}", user + 1);
    let mut by_canary: BTreeMap<(Kind, String), Vec<&Seen>> = BTreeMap::new();
    for item in items {
        let domain = match item.kind {
            Kind::Contact => Domain::BusinessContact,
            Kind::Appointment => Domain::Calendar,
            Kind::Task => Domain::Task,
        };
        let found = identity(domain, &item.face);
        if found.len() != 1 {
            verdict.leaks.push(format!("an item of {place} carries {} canaries", found.len()));
        }
        for canary in found {
            by_canary.entry((item.kind, canary)).or_default().push(item);
        }
    }
    let mut expected: BTreeSet<(Kind, &str)> = BTreeSet::new();
    for track in tracks {
        let Some(copy) = track.copies.get(&user).filter(|copy| copy.stands()) else {
            continue;
        };
        let key = (track.domain.kind(), track.canary.clone());
        expected.insert((key.0, track.canary.as_str()));
        let name = format!("{} {} in {place}", track.domain, track.canary);
        let found = by_canary.get(&key).map(Vec::as_slice).unwrap_or_default();
        let times = if copy.twice { 2 } else { 1 };
        if found.len() > times {
            verdict.duplicates.push(format!("{name}: {} items", found.len()));
        }
        if found.len() < times {
            verdict.lost.push(name.clone());
        }
        for item in found {
            let is = canonical(track.domain, copy.form, &item.face);
            let should = canonical(track.domain, copy.form, &copy.face);
            differences(&name, &is, &should, verdict);
            if track.domain.kind() == Kind::Contact {
                let writes = copy.base.is_some() && sample.rules.level(user, track.domain).exports();
                signs(track, item, copy, writes, &name, verdict);
            }
        }
    }
    for ((kind, canary), _) in by_canary {
        if expected.contains(&(kind, canary.as_str())) {
            continue;
        }
        let known = tracks.iter().any(|track| track.canary == canary && concerns(track, user));
        let text = format!("{kind} {canary} in {place} ({})", sample.organisation.people[user].login);
        if known {
            verdict.left_over.push(text);
        } else {
            verdict.leaks.push(text);
        }
    }
}

/// Whether a record has anything to do with this user.
fn concerns(track: &Track, user: User) -> bool {
    track.copies.contains_key(&user)
        || track.crm.as_ref().is_none_or(|crm| {
            crm.owner == Some(user)
                || crm.people.contains(&user)
                || crm.hidden.contains(&user)
                || crm.team.contains(&user)
        })
}

/// The domain's word and flag on a contact's copy (O4, O5), and the words a person put there (C10).
fn signs(track: &Track, item: &Seen, copy: &Copy, writes: bool, name: &str, verdict: &mut Verdict) {
    let carried = words(&item.item);
    for word in &copy.words {
        if !carried.contains(word) {
            verdict.lost.push(format!("{name}: the category {word}"));
        }
    }
    let personal = track.domain == Domain::PersonalContact && writes;
    if is_private(&item.item) != personal {
        verdict.lost.push(format!("{name}: the private flag"));
    }
}

fn differences(name: &str, is: &Fields, should: &Fields, verdict: &mut Verdict) {
    let paths: BTreeSet<&Path> = is.keys().chain(should.keys()).collect();
    for path in paths {
        if same(is.get(path), should.get(path)) {
            continue;
        }
        verdict.lost.push(format!("{name}: {path} is {}, should be {}", told(is.get(path)), told(should.get(path))));
    }
}

/// A value in words; the sample's are made up.
fn told(value: Option<&Value>) -> String {
    value.map_or_else(|| "not there".to_owned(), |value| serde_json::to_string(value).unwrap_or_default())
}

fn same(is: Option<&Value>, should: Option<&Value>) -> bool {
    match (is, should) {
        (Some(Value::When(is)), Some(Value::When(should))) => is.same(should),
        (is, should) => is == should,
    }
}
