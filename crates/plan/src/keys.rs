//! Match keys: what makes two unlinked records candidates for one another (rules M1, M2), as short texts to be hashed.

use model::form::{Form, form};
use model::map::translate;
use model::same::{fold, normal};
use model::{CrmId, Domain, DomainMap, Field, Kind, MailboxId, MapEntry, Path, Record, RecordId, Side, Value, Zone};
use std::collections::{BTreeMap, BTreeSet};

/// The keys of a record. The store keeps them hashed with a secret, without content (decision 12).
#[must_use]
pub fn keys(
    record: &Record,
    maps: &BTreeMap<Domain, DomainMap>,
    mailbox: Option<&MailboxId>,
    zone: &Zone,
) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    match (&record.facts.mark, record.facts.domain) {
        (Some(mark), _) if Some(&mark.mailbox) == mailbox => {
            if let Some(id) = crm_id(&mark.key) {
                keys.insert(format!("m:{id}"));
            }
            keys.insert(format!("k:{}", mark.key));
        }
        (Some(_), _) => {}
        (None, _) => {
            if record.facts.class.is_empty() {
                keys.insert(format!("m:{}", record.id));
            }
        }
    }
    if let Some(key) = &record.facts.integration_key {
        keys.insert(format!("i:{key}"));
    }
    if let Some(id) = &record.facts.global_id {
        keys.insert(global_id(id));
    }
    match record.kind {
        Kind::Contact => {
            keys.extend(emails(record).map(|email| format!("e:{email}")));
            if let Some(name) = names(record) {
                keys.insert(format!("n:{name}"));
            }
        }
        Kind::Appointment | Kind::Task => keys.extend(activity_key(record, maps, zone).map(|key| format!("a:{key}"))),
    }
    keys
}

/// The key of a meeting's global id.
#[must_use]
pub fn global_id(id: &str) -> String {
    format!("g:{id}")
}

/// The global id that a meeting of the CRM bears in its participants' mailboxes while its owner has none (rule P5): made of
/// a UID of ours as MS-OXCICAL says of every UID that is not Exchange's own, in hexadecimal. Whoever makes it comes to the
/// same one.
#[must_use]
pub fn meeting_id(crm: &CrmId, record: &RecordId) -> String {
    model::global_id::packed(&format!("{record}.{crm}@syncline"))
}

/// The CRM record that a mark's key names: keys of ours begin with it, so that a lost store loses no link (rule M4).
#[must_use]
pub fn crm_id(key: &str) -> Option<&str> {
    key.rsplit_once('~').map(|(id, _)| id).filter(|id| !id.is_empty())
}

/// A mark's key for a copy of a CRM record.
#[must_use]
pub fn mark_key(crm: &model::RecordId, fresh: &str) -> String {
    format!("{crm}~{fresh}")
}

/// The e-mail addresses, without case.
pub fn emails(record: &Record) -> impl Iterator<Item = String> + '_ {
    Field::EMAILS.into_iter().filter_map(|field| record.text(field)).map(fold)
}

/// First and last name, without case, when both are there.
#[must_use]
pub fn names(record: &Record) -> Option<String> {
    Some(format!("{}|{}", fold(record.text(Field::FirstName)?), fold(record.text(Field::LastName)?)))
}

/// The domain's key fields all together (rule M2): trimmed, without case, times as instants; a series only with a series
/// of the same rule.
#[must_use]
pub fn activity_key(record: &Record, maps: &BTreeMap<Domain, DomainMap>, zone: &Zone) -> Option<String> {
    let domain = match record.kind {
        Kind::Contact => return None,
        Kind::Appointment => Domain::Calendar,
        Kind::Task => Domain::Task,
    };
    let keys: Vec<&MapEntry> = maps.get(&domain)?.keys().collect();
    let value = |entry: &MapEntry| record.fields.get(&Path::of(entry.field.clone())).unwrap_or(&Value::Null);
    // Times alone tell nothing apart where a text is asked for too.
    let is_text = |entry: &MapEntry| form(&entry.field) == Form::Text;
    let any_text = keys.iter().any(|entry| is_text(entry));
    let told = keys.iter().any(|entry| (is_text(entry) || !any_text) && !value(entry).is_blank());
    // A word of the CRM's is compared as the mailbox says it.
    let mut parts: Vec<String> =
        keys.iter().map(|entry| key_text(&translate(entry, value(entry), Side::Pim), zone)).collect();
    let rule = match record.get(Field::Rule) {
        Some(Value::Rule(rule)) => serde_json::to_string(rule).unwrap_or_default(),
        Some(_) | None => String::new(),
    };
    parts.push(rule);
    told.then(|| parts.join("|"))
}

fn key_text(value: &Value, zone: &Zone) -> String {
    match value {
        Value::Null | Value::Cleared => String::new(),
        Value::Text(text) => fold(&normal(text)),
        Value::When(when) if when.is_day() => when.wall().date().to_string(),
        Value::When(when) => when.instant(zone).to_string(),
        Value::Day(day) => day.to_string(),
        Value::Instant(at) => at.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::Rule(_) | Value::Set(_) | Value::People(_) => serde_json::to_string(value).unwrap_or_default(),
    }
}
