//! What the demonstration knows of each of its records: where it stands in the CRM, and in whose mailboxes.
//!
//! A track is written down when a record is planted and followed through every edit. What the sync ought to make of it is
//! computed by `expect`; what it did make of it is read freshly from both sides and held against the track.

use model::{Domain, Field, Fields, Path, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A user of the sample organisation, by his place in its list.
pub type User = usize;

/// One record, wherever it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    /// The sign that stands in it, on every side.
    pub canary: String,
    /// What it is.
    pub domain: Domain,
    /// The CRM's record.
    pub crm: Option<Crm>,
    /// The copies in mailboxes.
    pub copies: BTreeMap<User, Copy>,
    /// Why nothing may happen to it, if so.
    pub out: Option<Out>,
}

/// The record in the CRM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Crm {
    /// Its id, once known.
    pub id: String,
    /// What it says.
    pub face: Fields,
    /// The owner of an activity or personal contact.
    pub owner: Option<User>,
    /// Further users on an activity.
    pub people: BTreeSet<User>,
    /// The positions on a contact's team, by their place in the organisation.
    pub positions: BTreeSet<usize>,
    /// Users who hold one of them.
    pub team: BTreeSet<User>,
    /// Users who have it on their Sync List.
    pub listed: BTreeSet<User>,
    /// Users who took a meeting off their calendar.
    pub hidden: BTreeSet<User>,
    /// What invited users answered, in the CRM's word.
    pub answers: BTreeMap<User, &'static str>,
    /// A person deleted it, and the sync has not looked yet.
    pub deleted: bool,
    /// Where an activity is shown, when it is not where its domain says.
    pub display: Option<&'static str>,
    /// People outside who take part: name and address.
    pub guests: Vec<(String, String)>,
}

/// A copy in a mailbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copy {
    /// What it says.
    pub face: Fields,
    /// What both sides said when they last agreed: the CRM, the mailbox.
    pub base: Option<(Fields, Fields)>,
    /// The categories a contact carries.
    pub words: BTreeSet<String>,
    /// It stands there twice.
    pub twice: bool,
    /// What kind of copy it is.
    pub form: Form,
    /// A person deleted it, and the sync has not looked yet.
    pub deleted: bool,
    /// It stands, and nothing happens to it.
    pub asleep: bool,
    /// It stood, was deleted by a person, and is not made again until its source changes.
    pub absent: bool,
}

/// What kind of copy it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// The owner's own, or a record nobody else takes part in.
    #[default]
    Own,
    /// A participant's copy made from the CRM: the meeting itself, with its owner as organiser.
    Given,
    /// Made by a real invitation.
    Received,
}

/// Why nothing may happen to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Out {
    /// It cannot be synchronised: planted to be quarantined.
    Bad,
    /// It fits several of the other side: held for a person.
    Ambiguous,
    /// Too old, without its times, shown nowhere, or without the category that lets it in.
    Scope,
}

impl Track {
    /// A record born in the CRM.
    pub fn in_crm(canary: String, domain: Domain, crm: Crm) -> Track {
        Track { canary, domain, crm: Some(crm), copies: BTreeMap::new(), out: None }
    }

    /// A record born in a mailbox.
    pub fn in_mailbox(canary: String, domain: Domain, user: User, face: Fields) -> Track {
        let copy = Copy { face, words: BTreeSet::from([domain.default_category().to_owned()]), ..Copy::default() };
        Track { canary, domain, crm: None, copies: BTreeMap::from([(user, copy)]), out: None }
    }

    /// The same record, kept out.
    #[must_use]
    pub fn kept_out(mut self, why: Out) -> Track {
        self.out = Some(why);
        self
    }

    /// Whether the CRM has it and no person deleted it.
    pub fn in_the_crm(&self) -> bool {
        self.crm.as_ref().is_some_and(|crm| !crm.deleted)
    }

    /// Whether it is a meeting: somebody else takes part.
    pub fn is_meeting(&self) -> bool {
        self.domain == Domain::Calendar
            && (self.crm.as_ref().is_some_and(|crm| !crm.people.is_empty())
                || self.copies.values().any(|copy| copy.form != Form::Own))
    }
}

impl Copy {
    /// Whether it stands in its folder.
    pub fn stands(&self) -> bool {
        !self.deleted && !self.absent
    }
}

/// A face out of fields and texts.
pub fn face<const N: usize>(fields: [(Field, Value); N]) -> Fields {
    let mut face: Fields = fields.into_iter().map(|(field, value)| (Path::of(field), value)).collect();
    tidy(&mut face);
    face
}

/// Takes out what is blank: nothing, white space, an empty set, a flag that is not set.
pub fn tidy(face: &mut Fields) {
    for value in face.values_mut() {
        if let Value::Text(text) = value {
            *text = plain(text);
        }
    }
    face.retain(|_, value| !value.is_blank() && *value != Value::Flag(false));
}

/// Text as people see it: without carriage returns, blanks at line ends, or empty lines around it.
pub fn plain(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace(['\r', '\u{b}'], "\n");
    let lines: Vec<&str> = text.split('\n').map(|line| line.trim_end_matches([' ', '\t', '\u{a0}'])).collect();
    lines.join("\n").trim().to_owned()
}
