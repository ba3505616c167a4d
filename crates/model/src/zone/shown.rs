//! Zones by the words that Windows shows to people, which some servers send in the place of a name:
//! "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "(GMT-08:00) Pacific Time (US & Canada)".

use super::{Zone, rows};
use jiff::civil::{Date, date};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// What Windows shows in English without the offset, a tab, the Windows name.
const SHOWN: &str = include_str!("../zones_shown.tsv");

/// Places in small letters, with the Windows names whose zones they lie in.
static KNOWN: LazyLock<BTreeMap<String, BTreeSet<&'static str>>> = LazyLock::new(|| {
    let mut known: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
    for (shown, windows) in wordings() {
        for place in places(shown) {
            known.entry(place).or_default().insert(windows);
        }
    }
    for (windows, names) in rows() {
        for city in names.split(' ').filter_map(|name| name.rsplit_once('/')).map(|(_, city)| city) {
            known.entry(fold(&city.replace('_', " "))).or_default().insert(windows);
        }
    }
    known
});

impl Zone {
    /// A zone by what a person sees of it: the wording of Windows, in whichever year's offset, or places that lie in one
    /// zone of the offset that stands before them. Words that no table has are passed over, in whatever language they
    /// are; a zone that nothing proves is none.
    #[must_use]
    pub fn from_shown(text: &str, around: Date) -> Option<Zone> {
        let (minutes, words) = offset(text.trim())?;
        let folded = fold(words);
        if let Some((_, windows)) = wordings().find(|(shown, _)| fold(shown) == folded) {
            return Zone::from_windows(windows);
        }
        let mut of_places = places(words).into_iter().filter_map(|place| KNOWN.get(&place)).map(|names| {
            let zones = names.iter().filter_map(|windows| Zone::from_windows(windows));
            zones.filter(|zone| has_offset(zone, minutes, around)).collect::<Vec<_>>()
        });
        let mut found = of_places.next()?;
        for others in of_places {
            found.retain(|zone| others.iter().any(|other| other.same_clock(zone, around)));
        }
        match found.as_slice() {
            [zone] => Some(zone.clone()),
            [first, rest @ ..] if rest.iter().all(|zone| zone.same_clock(first, around)) => Some(first.clone()),
            _ => None,
        }
    }
}

fn wordings() -> impl Iterator<Item = (&'static str, &'static str)> {
    SHOWN.lines().filter_map(|line| line.split_once('\t'))
}

/// The offset in minutes that stands in brackets before the words, and the words.
fn offset(text: &str) -> Option<(i32, &str)> {
    let (inside, words) = text.strip_prefix('(')?.split_once(')')?;
    let inside = inside.trim();
    let (head, rest) = inside.split_at_checked(3)?;
    if !["UTC", "GMT"].iter().any(|known| known.eq_ignore_ascii_case(head)) {
        return None;
    }
    let rest = rest.trim();
    if rest.is_empty() {
        return Some((0, words.trim()));
    }
    let sign = match rest.chars().next()? {
        '+' => 1,
        '-' | '\u{2212}' => -1,
        _ => return None,
    };
    let digits = rest.trim_start_matches(['+', '-', '\u{2212}']);
    let (hours, minutes) = digits.split_once([':', '.']).unwrap_or((digits, "0"));
    let (hours, minutes): (i32, i32) = (hours.trim().parse().ok()?, minutes.trim().parse().ok()?);
    ((0..=14).contains(&hours) && (0..60).contains(&minutes)).then(|| (sign * (hours * 60 + minutes), words.trim()))
}

fn has_offset(zone: &Zone, minutes: i32, around: Date) -> bool {
    let rules = zone.time_zone();
    [1, 7].iter().any(|month| {
        let at = Zone::utc().instant(date(around.year(), *month, 1).at(0, 0, 0, 0));
        rules.to_offset(at).seconds() == minutes * 60
    })
}

fn places(words: &str) -> Vec<String> {
    words.split([',', '/', ';', '(', ')']).map(fold).filter(|place| !place.is_empty()).collect()
}

fn fold(words: &str) -> String {
    words.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::windows_names;

    fn shown(text: &str) -> Option<String> {
        Zone::from_shown(text, date(2026, 6, 1)).map(|zone| zone.name().to_owned())
    }

    // R4: every wording of Windows is known, whatever offset the law gave it in the year it was written.
    #[test]
    fn every_wording_leads_to_its_windows_zone() {
        let mut seen = BTreeSet::new();
        for (words, windows) in wordings() {
            assert_eq!(
                Zone::from_shown(&format!("(UTC+01:00) {words}"), date(2026, 6, 1)),
                Zone::from_windows(windows),
                "{words}"
            );
            seen.insert(windows);
        }
        assert!(windows_names().filter(|name| !seen.contains(name)).count() < 6);
    }

    // R4, trap 89
    #[test]
    fn places_prove_a_zone_where_the_wording_is_anothers() {
        let berlin = Some("Europe/Berlin".to_owned());
        assert_eq!(shown("(UTC+01:00) Amsterdam, Berlin, Bern, Rom, Stockholm, Wien"), berlin);
        assert_eq!(shown("(GMT+01.00) Amsterdam / Berlin / Bern / Rome / Stockholm / Vienna"), berlin);
        assert_eq!(shown("(utc+1) berlin"), berlin);
        assert_eq!(shown("(GMT-08:00) Pacific Time (US & Canada)").as_deref(), Some("America/Los_Angeles"));
        assert_eq!(shown("(UTC+03:00) Moscow, St. Petersburg, Volgograd").as_deref(), Some("Europe/Moscow"));
        assert_eq!(shown("(UTC) Dublin, Edinburgh, Lissabon, London").as_deref(), Some("Europe/London"));
        assert_eq!(shown("(UTC-04:00) La Paz").as_deref(), Some("America/La_Paz"));
    }

    #[test]
    fn what_nothing_proves_is_no_zone() {
        for text in [
            "",
            "Berlin",
            "(UTC+01:00)",
            "(UTC+01:00) Mitteleuropa",
            "(UTC+05:00) Berlin",
            "(UTC+01:00) Berlin, Tokyo",
            "(UTC+1:xx) Berlin",
            "(UTC+99:00) Berlin",
            "(ABC+01:00) Berlin",
            "(é",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }
}
