//! What the demonstration tells at its end: counts for programs in one line, and a table for people.

use super::mailboxes::BAD;
use super::organisation::USERS;
use model::Domain;
use serde::Serialize;
use std::collections::BTreeMap;

/// What each count is at least, so that nothing is shown by luck.
const AT_LEAST: usize = 5;

/// The counts of a domain, taken at the emulators' wire and in the CRM's feed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Links that stand at the end.
    pub links: usize,
    /// Links made by matching what stood on both sides.
    pub matched: usize,
    /// Records the sync made in the CRM.
    pub created_crm: usize,
    /// Items it made in mailboxes.
    pub created_pim: usize,
    /// Records it changed in the CRM.
    pub updated_crm: usize,
    /// Items it changed in mailboxes.
    pub updated_pim: usize,
    /// Records it deleted in the CRM.
    pub deleted_crm: usize,
    /// Items it moved to Deleted Items.
    pub deleted_pim: usize,
}

/// The last line for programs.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Outcome {
    /// Everything is as the rules say.
    pub converged: bool,
    /// Users with a mailbox.
    pub users: usize,
    /// Per domain.
    pub domains: BTreeMap<Domain, Counts>,
    /// Units that both sides had changed.
    pub conflicts: usize,
    /// Questions that wait for a person.
    pub held: usize,
    /// Links that sleep.
    pub slept: usize,
    /// Records that cannot be synchronised.
    pub quarantined: usize,
    /// Records that stand more than once.
    pub duplicates: usize,
    /// Records or values that should be there and are not.
    pub lost: usize,
    /// Mails that requests of the sync put into the sinks.
    pub mails_sent: usize,
    /// Writes of three further cycles in which nobody edited anything.
    pub idle_writes: usize,
}

impl Outcome {
    /// What is not as promised, apart from what the comparison told.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.users != USERS {
            faults.push(format!("{} users instead of {USERS}", self.users));
        }
        for (what, number) in [("mails sent", self.mails_sent), ("idle writes", self.idle_writes)] {
            if number > 0 {
                faults.push(format!("{what}: {number}"));
            }
        }
        if self.quarantined != BAD {
            faults.push(format!("quarantined: {} of {BAD} bad records", self.quarantined));
        }
        for domain in Domain::ALL {
            let counts = self.domains.get(&domain).copied().unwrap_or_default();
            faults.extend(counts.faults(domain));
        }
        faults
    }
}

impl Counts {
    fn rows(&self) -> [(&'static str, usize); 8] {
        [
            ("links", self.links),
            ("matched", self.matched),
            ("created_crm", self.created_crm),
            ("created_pim", self.created_pim),
            ("updated_crm", self.updated_crm),
            ("updated_pim", self.updated_pim),
            ("deleted_crm", self.deleted_crm),
            ("deleted_pim", self.deleted_pim),
        ]
    }

    fn faults(&self, domain: Domain) -> Vec<String> {
        self.rows()
            .into_iter()
            .filter_map(|(name, number)| {
                let none = match domain {
                    // D1, C6: the directory is the CRM's, and no level lets a mailbox delete a business contact.
                    Domain::Employee => name.ends_with("_crm"),
                    Domain::BusinessContact => name == "deleted_crm",
                    Domain::PersonalContact | Domain::Calendar | Domain::Task => false,
                };
                match (none, number) {
                    (true, 0) => None,
                    (true, number) => Some(format!("{domain}.{name} is {number}, not 0")),
                    (false, number) if number < AT_LEAST => {
                        Some(format!("{domain}.{name} is {number}, less than {AT_LEAST}"))
                    }
                    (false, _) => None,
                }
            })
            .collect()
    }

    /// The counts as a row of the table.
    pub fn cells(&self, domain: Domain) -> Vec<String> {
        let mut cells = vec![domain.to_string()];
        cells.extend(self.rows().into_iter().map(|(_, number)| number.to_string()));
        cells
    }
}

/// The table's head.
pub const HEAD: [&str; 9] = [
    "domain",
    "links",
    "matched",
    "created in CRM",
    "in mailbox",
    "updated in CRM",
    "in mailbox",
    "deleted in CRM",
    "in mailbox",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_has_the_names_that_were_promised() {
        let outcome = Outcome {
            domains: Domain::ALL.into_iter().map(|domain| (domain, Counts::default())).collect(),
            ..Outcome::default()
        };
        let json = serde_json::to_value(&outcome).expect("JSON");
        for name in [
            "converged",
            "users",
            "conflicts",
            "held",
            "slept",
            "quarantined",
            "duplicates",
            "lost",
            "mails_sent",
            "idle_writes",
        ] {
            assert!(json.get(name).is_some(), "{name}");
        }
        for domain in ["business_contact", "personal_contact", "employee", "calendar", "task"] {
            assert_eq!(json["domains"][domain]["deleted_pim"], 0, "{domain}");
        }
    }

    // C6, D1
    #[test]
    fn a_count_too_many_or_too_few_is_told() {
        let counts = Counts {
            links: 5,
            matched: 5,
            created_crm: 5,
            created_pim: 5,
            updated_crm: 5,
            updated_pim: 5,
            deleted_crm: 0,
            deleted_pim: 5,
        };
        assert_eq!(counts.faults(Domain::BusinessContact), Vec::<String>::new());
        assert_eq!(counts.faults(Domain::Task).len(), 1);
        assert_eq!(counts.faults(Domain::Employee).len(), 2);
    }
}
