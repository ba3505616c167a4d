//! The sample organisation: its people, positions, user lists, and who may synchronise what.

use super::draw::Draw;
use super::expect::{LevelInputs, Rules, level};
use super::track::{User, face};
use super::words;
use model::settings::GroupKind;
use model::{Domain, Field, Fields, Level, Value};
use std::collections::{BTreeMap, BTreeSet};

/// How many users have a mailbox.
pub const USERS: usize = 14;
/// How many employees there are in all.
pub const EMPLOYEES: usize = 40;

/// The organisation before it stands anywhere.
#[derive(Clone, Debug)]
pub struct Organisation {
    /// Name and parent of each organization.
    pub organizations: Vec<(String, Option<usize>)>,
    /// The positions.
    pub positions: Vec<Position>,
    /// Name and members of each user list.
    pub lists: Vec<(String, Vec<User>)>,
    /// All employees; the first [`USERS`] have a mailbox.
    pub people: Vec<Person>,
    /// Users' own levels.
    pub own_levels: Vec<(User, Domain, Level)>,
    /// Group rules in the order they stand.
    pub group_rules: Vec<Rule>,
}

/// A position.
#[derive(Clone, Debug)]
pub struct Position {
    /// What it is called.
    pub name: String,
    /// Its organization.
    pub organization: usize,
    /// The position above.
    pub parent: Option<usize>,
}

/// An employee.
#[derive(Clone, Debug)]
pub struct Person {
    /// The sign in his record.
    pub canary: String,
    /// As the CRM shows him.
    pub name: String,
    /// How he signs in, and the name part of his address.
    pub login: String,
    /// His addresses, the mailbox's first.
    pub addresses: Vec<String>,
    /// The positions he holds, the primary one first.
    pub positions: Vec<usize>,
    /// What else the CRM says of him.
    pub face: Fields,
    /// Which of the two Exchange servers his mailbox is on at first.
    pub server: usize,
}

/// A line of a domain's ordered list.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Of which domain.
    pub domain: Domain,
    /// What kind of group.
    pub kind: GroupKind,
    /// Which one, by its place in the organisation's lists.
    pub group: usize,
    /// Those below count too.
    pub below: bool,
    /// What its members get.
    pub level: Level,
}

impl Organisation {
    /// Draws the organisation of a seed.
    pub fn draw(draw: &mut Draw) -> Organisation {
        let organizations = vec![
            ("Nordwind Holding".to_owned(), None),
            ("Südlicht Vertrieb".to_owned(), Some(0)),
            ("Westhafen Service".to_owned(), Some(0)),
        ];
        let organization_of = |user: usize| match user {
            0..=4 => 0,
            5..=9 => 1,
            _ => 2,
        };
        let heads = [0, 5, 10];
        let positions = (0..USERS)
            .map(|user| {
                let organization = organization_of(user);
                let head = heads[organization];
                Position {
                    name: format!("{} {}", words::TITLES[user % words::TITLES.len()], user + 1),
                    organization,
                    parent: match (user == head, organization) {
                        (true, 0) => None,
                        (true, _) => Some(heads[0]),
                        (false, _) => Some(head),
                    },
                }
            })
            .collect();
        let people = (0..EMPLOYEES).map(|at| person(draw, at)).collect();
        Organisation {
            organizations,
            positions,
            lists: vec![("Directors".to_owned(), vec![1, 10]), ("Field staff".to_owned(), vec![6, 8])],
            people,
            own_levels: own_levels(),
            group_rules: group_rules(),
        }
    }

    /// The users who hold a position.
    pub fn holders(&self, position: usize) -> BTreeSet<User> {
        (0..USERS).filter(|user| self.people[*user].positions.contains(&position)).collect()
    }

    /// The address of a user's mailbox.
    pub fn address(&self, user: User) -> &str {
        &self.people[user].addresses[0]
    }

    /// What the rules of L make of all this, for every user and domain.
    pub fn rules(&self) -> Rules {
        let levels = (0..USERS)
            .map(|user| {
                Domain::ALL
                    .into_iter()
                    .map(|domain| (domain, level(&self.inputs(user, domain))))
                    .collect::<BTreeMap<_, _>>()
            })
            .collect();
        Rules { levels }
    }

    fn inputs(&self, user: User, domain: Domain) -> LevelInputs {
        let group = |kind: GroupKind, at: usize| (kind, at.to_string());
        let mut groups = BTreeSet::new();
        let mut above = BTreeSet::new();
        // L4: only the primary position and its organization count.
        if let Some(primary) = self.people[user].positions.first() {
            let position = &self.positions[*primary];
            groups.insert(group(GroupKind::Position, *primary));
            groups.insert(group(GroupKind::Organization, position.organization));
            let mut up = position.parent;
            while let Some(at) = up {
                above.insert(group(GroupKind::Position, at));
                up = self.positions[at].parent;
            }
            let mut up = self.organizations[position.organization].1;
            while let Some(at) = up {
                above.insert(group(GroupKind::Organization, at));
                up = self.organizations[at].1;
            }
        }
        for (at, (_, members)) in self.lists.iter().enumerate() {
            if members.contains(&user) {
                groups.insert(group(GroupKind::UserList, at));
            }
        }
        LevelInputs {
            ceiling: match domain {
                Domain::Employee => Level::EXPORT,
                Domain::BusinessContact | Domain::PersonalContact | Domain::Calendar | Domain::Task => Level::FULL,
            },
            own: self
                .own_levels
                .iter()
                .find(|(of, what, _)| *of == user && *what == domain)
                .map(|(_, _, level)| *level),
            rules: self
                .group_rules
                .iter()
                .filter(|rule| rule.domain == domain)
                .map(|rule| (rule.kind.clone(), rule.group.to_string(), rule.below, rule.level))
                .collect(),
            groups,
            above,
        }
    }
}

fn own_levels() -> Vec<(User, Domain, Level)> {
    vec![
        (12, Domain::Calendar, Level::FULL),
        (13, Domain::Calendar, Level::NONE),
        (3, Domain::Task, Level::EXPORT),
        (13, Domain::Task, Level::NONE),
        (2, Domain::BusinessContact, Level::IMPORT),
        (10, Domain::BusinessContact, Level::FULL),
        (5, Domain::PersonalContact, Level::EXPORT),
        (9, Domain::Employee, Level::NONE),
    ]
}

fn group_rules() -> Vec<Rule> {
    let rule = |domain, kind, group, below, level| Rule { domain, kind, group, below, level };
    vec![
        // User 11 is a director and in the third organization: two groups in conflict, the first wins.
        rule(Domain::Calendar, GroupKind::UserList, 0, false, Level::EXPORT),
        rule(Domain::Calendar, GroupKind::Organization, 2, false, Level::IMPORT),
        rule(Domain::Calendar, GroupKind::Position, 7, false, Level::EXPORT),
        // The field staff work below the head of the second organization: again the first wins.
        rule(Domain::Task, GroupKind::UserList, 1, false, Level::IMPORT),
        rule(Domain::Task, GroupKind::Position, 5, true, Level::EXPORT),
        rule(Domain::BusinessContact, GroupKind::Organization, 2, true, Level::EXPORT),
        rule(Domain::PersonalContact, GroupKind::UserList, 0, false, Level::IMPORT),
        rule(Domain::Employee, GroupKind::Position, 3, false, Level::NONE),
    ]
}

fn person(draw: &mut Draw, at: usize) -> Person {
    let canary = draw.canary();
    let first = words::FIRST[at % words::FIRST.len()];
    let last = *draw.pick(words::LAST);
    let login: String =
        first.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_lowercase() + &format!("{:02}", at + 1);
    let mut addresses = vec![format!("{login}@crm.test")];
    if draw.chance(30) {
        addresses.push(format!("{login}@old.crm.test"));
    }
    let mut positions = Vec::new();
    if at < USERS {
        positions.push(at);
    }
    if at == 4 {
        // Holds a second position in another organization; only the first counts for levels.
        positions.push(6);
    }
    let face = face([
        (Field::FirstName, Value::text(first)),
        (Field::LastName, Value::text(last)),
        (Field::JobTitle, Value::text(format!("{} {canary}", draw.pick(words::TITLES)))),
        (Field::Department, Value::text(*draw.pick(words::DEPARTMENTS))),
        (Field::WorkPhone, Value::text(format!("+49 89 5550 {:04}", draw.below(10_000)))),
        (Field::MobilePhone, Value::text(format!("+49 171 555 {:04}", draw.below(10_000)))),
    ]);
    Person { canary, name: format!("{first} {last}"), login, addresses, positions, face, server: at % 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    // L2, L3, L4
    #[test]
    fn every_kind_of_level_comes_from_every_kind_of_place() {
        let organisation = Organisation::draw(&mut Draw::new(1));
        let rules = organisation.rules();
        let of = |user, domain| rules.level(user, domain);
        assert_eq!(of(0, Domain::Calendar), Level::FULL);
        assert_eq!(of(1, Domain::Calendar), Level::EXPORT, "user list");
        assert_eq!(of(10, Domain::Calendar), Level::EXPORT, "the first rule wins");
        assert_eq!(of(11, Domain::Calendar), Level::IMPORT, "organization");
        assert_eq!(of(12, Domain::Calendar), Level::FULL, "his own wins");
        assert_eq!(of(7, Domain::Task), Level::EXPORT, "position and below");
        assert_eq!(of(6, Domain::Task), Level::IMPORT, "the first rule wins");
        assert_eq!(of(4, Domain::Task), Level::FULL, "a second position does not count");
        assert_eq!(of(3, Domain::Employee), Level::NONE);
        assert_eq!(of(0, Domain::Employee), Level::EXPORT, "the ceiling");
        for domain in Domain::ALL {
            let most = if domain == Domain::Employee { Level::EXPORT } else { Level::FULL };
            let free = (0..USERS).filter(|user| of(*user, domain) == most).count();
            assert!(free >= 6, "{domain}: {free}");
        }
    }
}
