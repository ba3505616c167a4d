//! Who an address belongs to: a colleague first, by every address the CRM knows of him; then exactly one contact that the
//! activity's owner sees; else nobody (rule P2).

use crate::Crm;
use crate::contact_read::HIS;
use crate::db::{Arg, Tx, args, places};
use crate::error::Error;
use crate::id::{ContactId, EmployeeId};
use crate::limits::PEOPLE;
use crate::participant::{Person, Who};
use crate::value::key_of;
use model::People;
use planted::Planted;
use std::collections::{BTreeMap, BTreeSet};

impl Crm {
    /// Who these addresses belong to, seen by an owner; keyed by the address without case. At most [`PEOPLE`] addresses.
    ///
    /// # Errors
    /// Too many addresses, or the database's.
    pub async fn who_is(
        &self,
        addresses: &BTreeSet<String>,
        visible_to: &EmployeeId,
    ) -> Result<BTreeMap<String, Who>, Error> {
        if addresses.len() > PEOPLE {
            return Err(Error::fault("addresses", format!("at most {PEOPLE} addresses")));
        }
        self.db.read().await?.who_is(addresses, visible_to).await
    }

    /// Which users these addresses belong to; an address of nobody, or of an employee without a login, is absent. Keyed by
    /// the address as it was asked.
    ///
    /// # Errors
    /// Too many addresses, or the database's.
    pub async fn users_by_address(&self, addresses: &BTreeSet<String>) -> Result<BTreeMap<String, EmployeeId>, Error> {
        if addresses.is_empty() {
            return Ok(BTreeMap::new());
        }
        if addresses.len() > PEOPLE {
            return Err(Error::fault("addresses", format!("at most {PEOPLE} addresses")));
        }
        let sql = format!(
            "SELECT a.address_key, a.employee_id FROM employee_address a JOIN employee e ON e.id = a.employee_id
             WHERE e.login IS NOT NULL AND a.address_key IN ({})",
            places(1, addresses.len())
        );
        let mut tx = self.db.read().await?;
        let rows = tx.rows(&sql, addresses.iter().map(|address| Arg::from(key_of(address))).collect()).await?;
        let found = rows
            .into_iter()
            .map(|mut row| Ok((row.text()?, EmployeeId::new(row.text()?))))
            .collect::<Result<BTreeMap<String, EmployeeId>, Error>>()?;
        Ok(addresses
            .iter()
            .filter_map(|address| found.get(&key_of(address)).map(|user| (address.clone(), user.clone())))
            .collect())
    }
}

impl Tx {
    pub(crate) async fn who_is(
        &mut self,
        addresses: &BTreeSet<String>,
        visible_to: &EmployeeId,
    ) -> Result<BTreeMap<String, Who>, Error> {
        let mut wanted: BTreeSet<String> =
            addresses.iter().map(|address| key_of(address)).filter(|key| !key.is_empty()).collect();
        let mut found = BTreeMap::new();
        if !wanted.is_empty() && !planted::is(Planted::ColleagueIsNobody) {
            let sql = format!(
                "SELECT address_key, employee_id FROM employee_address WHERE address_key IN ({})",
                places(1, wanted.len())
            );
            for mut row in self.rows(&sql, wanted.iter().map(Arg::from).collect()).await? {
                let key = row.text()?;
                wanted.remove(&key);
                found.insert(key, Who::Employee(EmployeeId::new(row.text()?)));
            }
        }
        if !wanted.is_empty() {
            let sql = format!(
                "SELECT m.address_key, m.contact_id FROM contact_email m JOIN contact c ON c.id = m.contact_id
                 WHERE m.address_key IN ({}) AND {HIS}",
                places(2, wanted.len())
            );
            let mut list = args![visible_to];
            list.extend(wanted.iter().map(Arg::from));
            let mut contacts: BTreeMap<String, Vec<ContactId>> = BTreeMap::new();
            for mut row in self.rows(&sql, list).await? {
                contacts.entry(row.text()?).or_default().push(ContactId::new(row.text()?));
            }
            for (key, ids) in contacts {
                wanted.remove(&key);
                // Several contacts with this address: nobody can say which one is meant.
                let who = match <[ContactId; 1]>::try_from(ids) {
                    Ok([only]) => Who::Contact(only),
                    Err(_) => Who::Unknown,
                };
                found.insert(key, who);
            }
        }
        found.extend(wanted.into_iter().map(|key| (key, Who::Unknown)));
        Ok(found)
    }

    /// The people of a mailbox's meeting as the CRM knows them. Who is on it already under the same address stays who he
    /// was: an unknown one survives every edit, and a contact does not turn into a stranger when its team changes.
    pub(crate) async fn people_of(
        &mut self,
        people: &People,
        owner: &EmployeeId,
        before: &[Person],
    ) -> Result<Vec<Person>, Error> {
        let known: BTreeMap<String, &Person> = before.iter().map(|person| (person.attendee().key(), person)).collect();
        let ask: BTreeSet<String> = people
            .iter()
            .filter(|(key, _)| !known.contains_key(*key))
            .filter_map(|(_, attendee)| attendee.address.clone())
            .collect();
        let found = self.who_is(&ask, owner).await?;
        let mut list: Vec<Person> = Vec::new();
        let mut seen = BTreeSet::new();
        for (key, attendee) in people {
            let who = match (known.get(key), &attendee.address) {
                (Some(person), _) => person.who.clone(),
                (None, Some(address)) => found.get(&key_of(address)).cloned().unwrap_or(Who::Unknown),
                (None, None) => Who::Unknown,
            };
            if who == Who::Employee(owner.clone()) || who != Who::Unknown && !seen.insert(who.clone()) {
                continue;
            }
            list.push(Person { who, ..Person::unknown(attendee) });
        }
        Ok(list)
    }

    /// People whom a request names by address alone are recognised as those of a mailbox's meeting are; who was a stranger
    /// on it stays one, and nobody is on it twice.
    pub(crate) async fn recognised(
        &mut self,
        people: Vec<Person>,
        owner: &EmployeeId,
        before: &[Person],
    ) -> Result<Vec<Person>, Error> {
        let stranger = |person: &Person| person.who == Who::Unknown;
        let kept: BTreeSet<String> =
            before.iter().filter(|person| stranger(person)).map(|person| person.attendee().key()).collect();
        let is_new = |person: &Person| stranger(person) && !kept.contains(&person.attendee().key());
        let ask = people.iter().filter(|person| is_new(person)).filter_map(|person| person.address.clone()).collect();
        let found = self.who_is(&ask, owner).await?;
        let mut seen: BTreeSet<Who> = BTreeSet::from([Who::Employee(owner.clone())]);
        seen.extend(people.iter().filter(|person| !stranger(person)).map(|person| person.who.clone()));
        let mut list = Vec::new();
        for mut person in people {
            let who =
                person.address.as_deref().filter(|_| is_new(&person)).and_then(|address| found.get(&key_of(address)));
            if let Some(who) = who.filter(|who| **who != Who::Unknown) {
                if !seen.insert(who.clone()) {
                    continue;
                }
                person.who = who.clone();
            }
            list.push(person);
        }
        Ok(list)
    }
}
