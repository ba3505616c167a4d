//! Settings for all users: conflicts, categories, filters, windows, brakes, the interval (rule L7: in force with the next
//! cycle).

use crate::fault::{Faults, Refused};
use crate::services::Services;
use model::Domain;
use model::same::fold;
use model::settings::{DomainSettings, GroupRule, Settings};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};
use std::collections::BTreeSet;
use store::StoreError;

/// A change that meets another one is made again on what stands then, at most this often.
const TRIES: usize = 5;

/// The longest category, as mailboxes take it.
const CATEGORY_CHARS: usize = 255;

/// The longest that the history says what was changed.
const HISTORY_DAYS_MOST: u32 = 3_650;

/// The settings in force.
///
/// # Errors
/// Only the store's.
pub async fn get(services: &Services) -> Result<Settings, Refused> {
    Ok(services.store.settings().await?)
}

/// Changes what an object names, and nothing else: `{"interval_s": 30, "domains": {"calendar": {"conflict": "hold"}}}`.
/// With an expected generation it is refused when somebody changed the settings meanwhile.
///
/// # Errors
/// Every fault at once; [`Refused::Stale`] for another generation.
pub async fn change(
    services: &Services,
    patch: &Map<String, Json>,
    expected: Option<u64>,
) -> Result<Settings, Refused> {
    let (patch, unknown) = with_owner(services, patch).await?;
    if let Some(expected) = expected {
        let mut settings = get(services).await?;
        if settings.generation != expected {
            return Err(Refused::Stale(Some(settings.generation.to_string())));
        }
        apply(&mut settings, &patch, unknown)?;
        let generation = services.store.change_settings(expected, &settings).await?;
        super::woken(services);
        return Ok(Settings { generation, ..settings });
    }
    edit(services, |settings| apply(settings, &patch, unknown.clone())).await
}

/// The patch with the fallback owner by his id: a person may name him by login, and nobody unknown owns a meeting.
async fn with_owner(services: &Services, patch: &Map<String, Json>) -> Result<(Map<String, Json>, Faults), Refused> {
    let (mut patch, mut faults) = (patch.clone(), Faults::default());
    if let Some(owner) = patch.get_mut("fallback_owner")
        && let Some(name) = owner.as_str()
    {
        match super::user::employee(services, name).await {
            Ok(employee) => *owner = Json::String(employee.id.to_string()),
            Err(Refused::NotFound(problem)) => faults.note("fallback_owner", problem),
            Err(other) => return Err(other),
        }
    }
    Ok((patch, faults))
}

/// Makes a change on the settings in force, again if somebody else changed them meanwhile.
pub(super) async fn edit(
    services: &Services,
    change: impl Fn(&mut Settings) -> Result<(), Refused>,
) -> Result<Settings, Refused> {
    let mut tries = 0;
    loop {
        let mut settings = get(services).await?;
        let generation = settings.generation;
        change(&mut settings)?;
        match services.store.change_settings(generation, &settings).await {
            Ok(generation) => {
                super::woken(services);
                return Ok(Settings { generation, ..settings });
            }
            Err(StoreError::Conflict { .. }) if tries < TRIES => tries += 1,
            Err(other) => return Err(other.into()),
        }
    }
}

/// Carries out a patch: each member is read by its own type, so that every wrong one is told.
fn apply(settings: &mut Settings, patch: &Map<String, Json>, mut faults: Faults) -> Result<(), Refused> {
    for (name, value) in patch {
        match name.as_str() {
            "primary_position_only" => set(&mut settings.primary_position_only, name, value, &mut faults),
            "interval_s" => seconds(&mut settings.interval_s, name, value, &mut faults),
            "net_interval_s" => seconds(&mut settings.net_interval_s, name, value, &mut faults),
            "inventory_interval_s" => seconds(&mut settings.inventory_interval_s, name, value, &mut faults),
            "schedules" => {
                set(&mut settings.schedules, name, value, &mut faults);
                super::schedule::note(&settings.schedules, &mut faults);
            }
            "extract_start" => set(&mut settings.extract_start, name, value, &mut faults),
            "fallback_owner" => set(&mut settings.fallback_owner, name, value, &mut faults),
            "grace_hours" => set(&mut settings.grace_hours, name, value, &mut faults),
            "keep_removed_copies" => set(&mut settings.keep_removed_copies, name, value, &mut faults),
            "participants_in_body" => set(&mut settings.participants_in_body, name, value, &mut faults),
            "archived_after_days" => set(&mut settings.archived_after_days, name, value, &mut faults),
            "organizer_wait_hours" => set(&mut settings.organizer_wait_hours, name, value, &mut faults),
            "unanswered_invitations" => set(&mut settings.unanswered_invitations, name, value, &mut faults),
            "invitations_per_day" => set(&mut settings.invitations_per_day, name, value, &mut faults),
            "shared_mailboxes" => {
                set(&mut settings.shared_mailboxes, name, value, &mut faults);
                for address in settings.shared_mailboxes.iter().filter(|address| !super::user::is_address(address)) {
                    faults.note(name, format!("'{address}' is no mail address"));
                }
            }
            "history_days" => {
                set(&mut settings.history_days, name, value, &mut faults);
                if !(1..=HISTORY_DAYS_MOST).contains(&settings.history_days) {
                    faults.note(name, format!("is between 1 and {HISTORY_DAYS_MOST} days"));
                }
            }
            "languages" => {
                set(&mut settings.languages, name, value, &mut faults);
                note_languages(settings, &mut faults);
            }
            "brakes" => patch_brakes(settings, value, &mut faults),
            "domains" => patch_domains(settings, value, &mut faults),
            "version" => {}
            _ => faults.note(name, "is no setting"),
        }
    }
    if patch.contains_key("domains") || patch.contains_key("languages") {
        note_shared_words(settings, &mut faults);
    }
    faults.refuse()
}

fn note_languages(settings: &Settings, faults: &mut Faults) {
    for (language, words) in &settings.languages {
        if language.trim().is_empty() {
            faults.note("languages", "has a language without a name");
        }
        for (domain, word) in words {
            note_category(word, &format!("languages.{language}.{domain}"), faults);
        }
    }
}

fn note_category(word: &str, place: &str, faults: &mut Faults) {
    if word.trim().is_empty() {
        faults.note(place, "is empty");
    } else if word.chars().count() > CATEGORY_CHARS || word.chars().any(char::is_control) {
        faults.note(place, format!("is a word of at most {CATEGORY_CHARS} characters"));
    }
}

/// A word that two domains of one folder have says of no item what it is (rules O3, O5).
fn note_shared_words(settings: &Settings, faults: &mut Faults) {
    for (index, one) in Domain::ALL.into_iter().enumerate() {
        for other in Domain::ALL.into_iter().skip(index + 1).filter(|other| other.kind() == one.kind()) {
            let theirs: BTreeSet<String> = settings.category_words(one).iter().map(|word| fold(word.trim())).collect();
            let shared = settings.category_words(other).into_iter().find(|word| theirs.contains(&fold(word.trim())));
            if let Some(word) = shared {
                faults.note(format!("domains.{other}.category"), format!("'{word}' is a category of {one} too"));
            }
        }
    }
}

fn patch_brakes(settings: &mut Settings, value: &Json, faults: &mut Faults) {
    let Some(patch) = value.as_object() else {
        faults.note("brakes", "is an object");
        return;
    };
    let brakes = &mut settings.brakes;
    for (name, value) in patch {
        let place = format!("brakes.{name}");
        let percent = name.ends_with("_percent");
        let number = match name.as_str() {
            "deletes" => &mut brakes.deletes,
            "deletes_percent" => &mut brakes.deletes_percent,
            "changes" => &mut brakes.changes,
            "changes_percent" => &mut brakes.changes_percent,
            "creates" => &mut brakes.creates,
            "missing" => &mut brakes.missing,
            "missing_percent" => &mut brakes.missing_percent,
            "all_deletes" => &mut brakes.all_deletes,
            "all_users" => &mut brakes.all_users,
            "all_users_percent" => &mut brakes.all_users_percent,
            _ => {
                faults.note(place, "is no threshold of a brake");
                continue;
            }
        };
        set(number, &place, value, faults);
        if percent && *number > 100 {
            faults.note(place, "is at most 100 percent");
        }
    }
}

fn patch_domains(settings: &mut Settings, value: &Json, faults: &mut Faults) {
    let Some(patch) = value.as_object() else {
        faults.note("domains", "is an object by domain");
        return;
    };
    for (name, value) in patch {
        let place = format!("domains.{name}");
        let (Some(domain), Some(patch)) = (Domain::parse(name), value.as_object()) else {
            faults.note(place, "is no domain with an object");
            continue;
        };
        let mut of = settings.domain(domain);
        patch_domain(domain, &mut of, patch, &place, faults);
        settings.domains.insert(domain, of);
    }
}

fn patch_domain(domain: Domain, of: &mut DomainSettings, patch: &Map<String, Json>, place: &str, faults: &mut Faults) {
    for (name, value) in patch {
        let place = format!("{place}.{name}");
        match name.as_str() {
            "level" => {
                set(&mut of.level, &place, value, faults);
                super::level::note(domain, of.level, &place, faults);
            }
            "group_rules" => {
                let mut rules: Vec<GroupRule> = Vec::new();
                set(&mut rules, &place, value, faults);
                for (index, rule) in rules.iter().enumerate() {
                    super::level::note(domain, rule.level, &format!("{place}[{index}]"), faults);
                }
                of.group_rules = rules;
            }
            "category" => {
                set(&mut of.category, &place, value, faults);
                note_category(&of.category, &place, faults);
            }
            "category_required" => set(&mut of.category_required, &place, value, faults),
            "skip_private" => set(&mut of.skip_private, &place, value, faults),
            "type_required" => set(&mut of.type_required, &place, value, faults),
            "conflict" => set(&mut of.conflict, &place, value, faults),
            "delete_wins" => set(&mut of.delete_wins, &place, value, faults),
            "no_deletes" => set(&mut of.no_deletes, &place, value, faults),
            "set_back" => set(&mut of.set_back, &place, value, faults),
            "mail" => set(&mut of.mail, &place, value, faults),
            _ => faults.note(place, "is no setting of a domain"),
        }
    }
}

fn set<T: DeserializeOwned>(target: &mut T, name: &str, value: &Json, faults: &mut Faults) {
    match serde_json::from_value(value.clone()) {
        Ok(value) => *target = value,
        Err(why) => faults.note(name, crate::json::misfit(&why)),
    }
}

/// How far apart something happens: never at once again.
fn seconds(target: &mut u32, name: &str, value: &Json, faults: &mut Faults) {
    set(target, name, value, faults);
    if *target == 0 {
        faults.note(name, "is 1 second or more (rule E4)");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Level;
    use serde_json::json;

    fn patched(patch: Json) -> Result<Settings, Vec<String>> {
        let mut settings = Settings::default();
        match apply(&mut settings, patch.as_object().expect("an object"), Faults::default()) {
            Ok(()) => Ok(settings),
            Err(refused) => Err(refused.faults().iter().map(|fault| fault.field.clone()).collect()),
        }
    }

    // E3, D1
    #[test]
    fn every_wrong_setting_is_named_at_once() {
        let wrong = json!({
            "interval_s": 0, "net_interval_s": 0, "inventory_interval_s": 0, "colour": 1, "schedules": [{"schedule": {"interval_s": 0, "zone": "Nowhere"}}], "grace_hours": "long",
            "brakes": {"deletes_percent": 120, "speed": 3},
            "domains": {
                "employee": {"level": "full"},
                "calendar": {"conflict": "both", "group_rules": [{"group": "position", "id": "P", "level": "half"}]},
                "mails": {}
            }
        });
        let mut names = patched(wrong).expect_err("refused");
        names.sort();
        assert_eq!(
            names,
            [
                "brakes.deletes_percent",
                "brakes.speed",
                "colour",
                "domains.calendar.conflict",
                "domains.calendar.group_rules",
                "domains.employee.level",
                "domains.mails",
                "grace_hours",
                "interval_s",
                "inventory_interval_s",
                "net_interval_s",
                "schedules[0].schedule.interval_s",
                "schedules[0].schedule.zone",
            ]
        );
    }

    // E3, O3, O5: no item could be told by a word that two domains have, in whatever language.
    #[test]
    fn a_category_belongs_to_one_domain_of_a_folder() {
        let names = |patch| patched(patch).expect_err("refused");
        let same = json!({"domains": {"personal_contact": {"category": " siebel CONTACT "}}});
        assert_eq!(names(same), ["domains.personal_contact.category"]);
        let abroad = json!({"languages": {"de": {"employee": "Siebel Personal Contact"}}});
        assert_eq!(names(abroad), ["domains.employee.category"]);
        let blank = json!({"languages": {"": {"task": "T"}, "de": {"task": " ", "calendar": "x".repeat(256)}}});
        assert_eq!(names(blank), ["languages", "languages.de.calendar", "languages.de.task"]);
        let apart = json!({"languages": {"de": {"business_contact": "Siebel-Kontakt", "task": "Siebel Calendar"}}});
        assert!(patched(apart).is_ok(), "another folder, another word");
    }

    #[test]
    fn what_is_not_named_stays() {
        let settings = patched(json!({
            "interval_s": 1,
            "extract_start": {"day": "2026-01-01"},
            "domains": {"task": {"level": "export", "mail": false}}
        }))
        .expect("accepted");
        assert_eq!(settings.interval_s, 1);
        assert_eq!(settings.domain(Domain::Task).level, Level::EXPORT);
        assert_eq!(settings.domain(Domain::Task).category, "Siebel Task");
        assert_eq!(settings.domain(Domain::Calendar).level, Level::FULL);
        assert_eq!(settings.brakes, Settings::default().brakes);
    }
}
