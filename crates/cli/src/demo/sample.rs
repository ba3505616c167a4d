//! The whole sample of a seed: the organisation, what its CRM holds and what its mailboxes already hold.

use super::draw::Draw;
use super::expect::Rules;
use super::organisation::Organisation;
use super::track::Track;
use super::{mailboxes, records};
use jiff::civil::Date;

/// Everything the demonstration begins with.
pub struct Sample {
    /// Who there is.
    pub organisation: Organisation,
    /// Who may synchronise what.
    pub rules: Rules,
    /// Every record, wherever it stands.
    pub tracks: Vec<Track>,
    /// The dice, for what follows.
    pub draw: Draw,
    /// The day the sample is drawn around.
    pub today: Date,
}

impl Sample {
    /// Draws the sample of a seed around a day.
    pub fn draw(seed: u64, today: Date) -> Sample {
        let mut draw = Draw::new(seed);
        let organisation = Organisation::draw(&mut draw);
        let rules = organisation.rules();
        let mut tracks = records::draw(&mut draw, &organisation, today);
        mailboxes::draw(&mut draw, &rules, today, &mut tracks);
        Sample { organisation, rules, tracks, draw, today }
    }
}

#[cfg(test)]
mod tests {
    use super::super::faces;
    use super::super::mailboxes::{AMBIGUOUS, BAD, SAME};
    use super::super::organisation::{EMPLOYEES, USERS};
    use super::super::track::Out;
    use super::*;
    use model::{Domain, Field, Path, Pattern, Value};
    use std::collections::BTreeSet;

    fn today() -> Date {
        jiff::civil::date(2026, 11, 21)
    }

    #[test]
    fn every_seed_has_the_numbers_that_were_promised() {
        for seed in 0..40 {
            let sample = Sample::draw(seed, today());
            let in_crm = |domain| {
                let stands = |track: &&Track| track.crm.is_some() && track.out != Some(Out::Bad);
                sample.tracks.iter().filter(|track| track.domain == domain).filter(stands).collect::<Vec<_>>()
            };
            const { assert!(USERS >= 12) };
            assert_eq!(sample.organisation.organizations.len(), 3);
            assert_eq!(in_crm(Domain::BusinessContact).len(), 150);
            assert_eq!(in_crm(Domain::PersonalContact).len(), 30);
            assert_eq!(in_crm(Domain::Employee).len(), EMPLOYEES);
            assert_eq!(in_crm(Domain::Task).len(), 100);
            let calendar = in_crm(Domain::Calendar);
            assert_eq!(calendar.len(), 300);
            let rule = Path::of(Field::Rule);
            let series: Vec<_> = calendar
                .iter()
                .filter_map(|track| track.crm.as_ref())
                .filter(|crm| crm.face.contains_key(&rule))
                .collect();
            assert_eq!(series.len(), 30);
            assert!(series.iter().all(|crm| crm.face.keys().any(|path| path.occurrence.is_some())));
            let zones: BTreeSet<String> = calendar
                .iter()
                .filter_map(|track| track.crm.as_ref())
                .filter_map(|crm| crm.face.get(&Path::of(Field::Start)))
                .filter_map(Value::as_when)
                .filter_map(|when| when.zone().map(|zone| zone.name().to_owned()))
                .collect();
            assert!(zones.len() >= 5);
            let recurring = |track: &&&Track| track.crm.as_ref().is_some_and(|crm| crm.face.contains_key(&rule));
            assert!(in_crm(Domain::Task).iter().filter(recurring).count() >= 8);
            let yearly = series
                .iter()
                .filter_map(|crm| crm.face.get(&rule)?.as_rule())
                .filter(|rule| matches!(rule.pattern, Pattern::YearlyByDate { .. } | Pattern::YearlyByWeekday { .. }));
            assert!(yearly.count() >= 4);
            let told: BTreeSet<&Field> = in_crm(Domain::BusinessContact)
                .into_iter()
                .chain(in_crm(Domain::PersonalContact))
                .filter_map(|track| track.crm.as_ref())
                .flat_map(|crm| crm.face.keys().map(|path| &path.field))
                .collect();
            assert_eq!(told.len(), faces::CONTACT_FIELDS, "seed {seed}: every field of the table is in some contact");
            for domain in Domain::ALL {
                let same =
                    in_crm(domain).iter().filter(|track| !track.copies.is_empty() && track.out.is_none()).count();
                assert!(same >= SAME - 1, "seed {seed}: {domain} has {same}");
            }
            let out = |why| sample.tracks.iter().filter(|track| track.out == Some(why)).count();
            assert_eq!(out(Out::Bad), BAD);
            assert!(out(Out::Ambiguous) >= AMBIGUOUS - 1, "seed {seed}");
        }
    }

    #[test]
    fn every_record_carries_its_own_canary() {
        let sample = Sample::draw(5, today());
        let mut seen = BTreeSet::new();
        for track in &sample.tracks {
            assert!(seen.insert((track.canary.clone(), track.domain)), "{track:?}");
            let faces = track.crm.iter().map(|crm| &crm.face).chain(track.copies.values().map(|copy| &copy.face));
            for face in faces {
                assert!(face.values().filter_map(Value::as_text).any(|text| text.contains(&track.canary)), "{face:?}");
            }
        }
    }

    // M4: what the rules make of the sample is settled after one look.
    #[test]
    fn settling_twice_changes_nothing() {
        let mut sample = Sample::draw(2, today());
        for track in &mut sample.tracks {
            sample.rules.settle(track);
            let once = track.clone();
            assert_eq!(sample.rules.settle(track), 0, "{track:?}");
            assert_eq!(once, *track);
        }
    }
}
