//! A personal contact that its owner makes business may be somebody whom the CRM knows already (rules O5, M1).

use crate::actor::Actor;
use crate::contact::Contact;
use crate::db::{Arg, Tx, args, places};
use crate::error::Error;
use crate::id::ContactId;
use crate::person;
use crate::value::key_of;
use model::same::same_or_blank;
use model::{Field, Fields, Path, Value};
use std::collections::BTreeSet;

/// Rows looked at: more with one address are several anyway.
const CANDIDATES: i64 = 50;

/// Who the contact is among the business contacts.
pub(crate) enum Known {
    /// Nobody: it becomes one.
    Nobody,
    /// This one.
    One(Box<Contact>),
    /// One of these, and nobody can tell which.
    Several(Vec<ContactId>),
}

impl Tx {
    /// Looks for a contact among the business contacts of its owner's that he does not have on his Sync List: by the same
    /// address in any slot, then with both names; without any address on either side by both names and no contradiction.
    pub(crate) async fn known_business(&mut self, actor: &Actor, says: &Fields) -> Result<Known, Error> {
        let own = emails(says);
        let name = person::name_key(says);
        let (condition, keys) = if own.is_empty() {
            ("c.name_key = $2 AND NOT EXISTS (SELECT 1 FROM contact_email m WHERE m.contact_id = c.id)".to_owned(), {
                if name.is_empty() {
                    return Ok(Known::Nobody);
                }
                vec![Arg::from(name.as_str())]
            })
        } else {
            let keys: Vec<Arg> = own.iter().map(|key| Arg::from(key.as_str())).collect();
            let list = places(2, keys.len());
            (format!("c.id IN (SELECT contact_id FROM contact_email WHERE address_key IN ({list}))"), keys)
        };
        let condition = format!(
            "c.owner_id IS NULL AND c.id IN (SELECT contact_id FROM my_contacts WHERE user_id = $1) AND {condition}
             AND c.id NOT IN (SELECT record_id FROM sync_list WHERE record_kind = 'contact' AND user_id = $1)
             ORDER BY c.id LIMIT {CANDIDATES}"
        );
        let list: Vec<Arg> = args![&actor.user].into_iter().chain(keys).collect();
        let mut found = self.contacts_by(&actor.user, &condition, list).await?;
        match own.is_empty() {
            true => found.retain(|other| !contradicts(says, &other.fields)),
            // Further addresses are no slot that a mailbox shows.
            false => found.retain(|other| !emails(&other.fields).is_disjoint(&own)),
        }
        if found.len() > 1 && !own.is_empty() {
            let named = |other: &Contact| !name.is_empty() && person::name_key(&other.fields) == name;
            if found.iter().filter(|other| named(other)).count() == 1 {
                found.retain(named);
            }
        }
        Ok(match found.len() {
            0 => Known::Nobody,
            1 => found.pop().map_or(Known::Nobody, |one| Known::One(Box::new(one))),
            _ => Known::Several(found.into_iter().map(|other| other.id).collect()),
        })
    }
}

fn emails(fields: &Fields) -> BTreeSet<String> {
    let text = |field: Field| fields.get(&Path::of(field)).and_then(Value::as_text).map(key_of);
    Field::EMAILS.into_iter().filter_map(text).filter(|key| !key.is_empty()).collect()
}

/// A contradiction in company, phones or birthday: both say something, and it is not the same (rule M1).
fn contradicts(a: &Fields, b: &Fields) -> bool {
    const TOLD: [Field; 6] =
        [Field::Company, Field::WorkPhone, Field::WorkPhone2, Field::HomePhone, Field::MobilePhone, Field::Birthday];
    TOLD.into_iter().any(|field| {
        let path = Path::of(field.clone());
        let (a, b) = (a.get(&path), b.get(&path));
        let told = |value: Option<&Value>| value.is_some_and(|value| !value.is_blank());
        told(a) && told(b) && !same_or_blank(&field, a, b)
    })
}
