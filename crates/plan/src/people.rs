//! Who is meant by a guest of whom a server tells no address any more (rule P2).

use model::same::fold;
use model::{Attendee, Field, Fields, People, Value};

/// What an item shows, with the address that is known of each guest who is shown by his name alone: the directory tells none
/// of who left the company, and he is the same person still. Only one name can be meant, and nobody who is shown himself.
pub(crate) fn as_known(shown: &mut Fields, known: &Fields) {
    for (path, value) in shown.iter_mut().filter(|(path, _)| path.field == Field::Attendees) {
        if let (Value::People(people), Some(Value::People(known))) = (value, known.get(path)) {
            name(people, known);
        }
    }
}

fn name(people: &mut People, known: &People) {
    let nameless: Vec<String> = people
        .iter()
        .filter(|(key, person)| person.address.is_none() && !known.contains_key(*key))
        .map(|(key, _)| key.clone())
        .collect();
    for key in nameless {
        let Some(person) = people.get(&key) else { continue };
        let is_he = |(key, other): &(&String, &Attendee)| {
            other.address.is_some() && fold(&other.name) == fold(&person.name) && !people.contains_key(*key)
        };
        let mut same = known.iter().filter(is_he);
        if let (Some((known, he)), None) = (same.next(), same.next()) {
            let person = Attendee { address: he.address.clone(), name: he.name.clone(), ..person.clone() };
            people.remove(&key);
            people.insert(known.clone(), person);
        }
    }
}
