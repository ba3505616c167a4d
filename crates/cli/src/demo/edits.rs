//! A working day: what people do on both sides once everything was synchronised for the first time.

use super::draw::Draw;
use super::expect::Rules;
use super::faces;
use super::hand::Hand;
use super::organisation::USERS;
use super::touch::{fields, flip, is_timed, moved, plain, status, untouched};
use super::track::{Copy, Crm, Track, User};
use anyhow::Result;
use jiff::civil::Date;
use model::{Domain, Field, Level, Path, Value};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

mod meetings;

/// How often each kind of edit is made; every count of the result is to be five at least.
const OFTEN: usize = 6;
/// How often the rarer ones are.
const RARELY: usize = 3;
/// Deletes that one user sees of one domain, so that no brake takes them for an accident.
const DELETES_EACH: usize = 3;

/// The day.
pub struct Day<'a> {
    hand: &'a Hand<'a>,
    rules: &'a Rules,
    draw: &'a mut Draw,
    today: Date,
    /// Records a person had in his hands already: each is edited in one way only.
    used: BTreeSet<usize>,
    deletes: BTreeMap<(User, Domain), usize>,
    /// What was done, and how often.
    pub done: BTreeMap<&'static str, usize>,
}

/// A record in one mailbox, with its place in the list of tracks.
type Pick = (usize, User);

impl<'a> Day<'a> {
    /// A day that nothing happened on yet.
    pub fn new(hand: &'a Hand<'a>, rules: &'a Rules, draw: &'a mut Draw, today: Date) -> Day<'a> {
        Day { hand, rules, draw, today, used: BTreeSet::new(), deletes: BTreeMap::new(), done: BTreeMap::new() }
    }

    /// Everything people do.
    pub async fn work(&mut self, tracks: &mut Vec<Track>) -> Result<()> {
        self.series(tracks).await?;
        self.meetings(tracks).await?;
        self.flips(tracks).await?;
        self.sync_list(tracks).await?;
        for domain in Domain::ALL {
            self.forbidden(tracks, domain).await?;
            self.deletes(tracks, domain).await?;
            self.edits(tracks, domain).await?;
            self.creates(tracks, domain).await?;
        }
        Ok(())
    }

    fn did(&mut self, what: &'static str) {
        *self.done.entry(what).or_default() += 1;
    }

    /// Records of a domain that stand linked in exactly one mailbox, whose level is this one; so many that nobody touched.
    fn pick(
        &mut self,
        tracks: &[Track],
        domain: Domain,
        level: Level,
        count: usize,
        fits: impl Fn(&Track, &Copy) -> bool,
    ) -> Vec<Pick> {
        let mut found: Vec<Pick> = Vec::new();
        for (at, track) in tracks.iter().enumerate() {
            if track.domain != domain || track.out.is_some() || self.used.contains(&at) {
                continue;
            }
            let mut copies = track.copies.iter();
            let (Some((user, copy)), None) = (copies.next(), copies.next()) else {
                continue;
            };
            let linked = copy.base.is_some() && !copy.asleep && copy.stands();
            let right = self.rules.level(*user, domain) == level;
            if linked && right && track.in_the_crm() && fits(track, copy) {
                found.push((at, *user));
            }
        }
        let picked = self.draw.some(&found, count);
        self.used.extend(picked.iter().map(|(at, _)| *at));
        picked
    }

    fn most(domain: Domain) -> Level {
        match domain {
            Domain::Employee => Level::EXPORT,
            Domain::BusinessContact | Domain::PersonalContact | Domain::Calendar | Domain::Task => Level::FULL,
        }
    }

    /// Edits on one side, on both sides in different fields, and on both sides in the same one (C2, C3).
    async fn edits(&mut self, tracks: &mut [Track], domain: Domain) -> Result<()> {
        let level = Self::most(domain);
        let (ours, theirs) = fields(domain);
        for (at, _) in self.pick(tracks, domain, level, OFTEN, plain) {
            let value = self.text("CRM", &tracks[at]);
            self.hand.crm_one(&mut tracks[at], ours.clone(), value).await?;
            self.did("edited in the CRM");
        }
        if domain == Domain::Employee {
            return Ok(());
        }
        for (at, user) in self.pick(tracks, domain, level, OFTEN, plain) {
            let value = self.text("mailbox", &tracks[at]);
            self.hand.pim(&mut tracks[at], user, &[(theirs.clone(), value)]).await?;
            self.did("edited in a mailbox");
        }
        for (at, user) in self.pick(tracks, domain, level, RARELY, plain) {
            let value = self.text("CRM", &tracks[at]);
            self.hand.crm_one(&mut tracks[at], ours.clone(), value).await?;
            let value = self.text("mailbox", &tracks[at]);
            self.hand.pim(&mut tracks[at], user, &[(theirs.clone(), value)]).await?;
            self.did("edited on both sides, different fields");
        }
        for (at, user) in self.pick(tracks, domain, level, RARELY, plain) {
            let value = self.text("CRM", &tracks[at]);
            self.hand.crm_one(&mut tracks[at], ours.clone(), value).await?;
            let value = self.text("mailbox", &tracks[at]);
            self.hand.pim(&mut tracks[at], user, &[(ours.clone(), value)]).await?;
            self.did("edited on both sides, the same field");
        }
        for (at, user) in self.pick(tracks, domain, level, RARELY, plain) {
            // C11: clearing is a value. A to-do's subject is what it is known by, here and in matching.
            let field = match domain {
                Domain::Task => theirs.clone(),
                Domain::BusinessContact | Domain::PersonalContact | Domain::Employee | Domain::Calendar => ours.clone(),
            };
            if tracks[at].copies[&user].face.contains_key(&Path::of(field.clone())) {
                self.hand.pim(&mut tracks[at], user, &[(field, Value::Null)]).await?;
                self.did("cleared in a mailbox");
            }
        }
        self.own_ways(tracks, domain).await
    }

    /// What only this domain knows: private appointments, finished to-dos.
    async fn own_ways(&mut self, tracks: &mut [Track], domain: Domain) -> Result<()> {
        match domain {
            Domain::Calendar => {
                for (at, user) in self.pick(tracks, domain, Level::FULL, RARELY, plain) {
                    let change = [(Field::Private, Value::Flag(true))];
                    self.hand.pim(&mut tracks[at], user, &change).await?;
                    self.did("made private in a mailbox");
                }
                for (at, _) in self.pick(tracks, domain, Level::FULL, RARELY, plain) {
                    let flag = Value::Flag(true);
                    self.hand.crm_one(&mut tracks[at], Field::Private, flag).await?;
                    self.did("made private in the CRM");
                }
                for (at, user) in self.pick(tracks, domain, Level::FULL, RARELY, is_timed) {
                    let changes = moved(&tracks[at].copies[&user].face, 90);
                    self.hand.pim(&mut tracks[at], user, &changes).await?;
                    self.did("moved in a mailbox");
                }
                for (at, user) in self.pick(tracks, domain, Level::FULL, RARELY, is_timed) {
                    let changes: Vec<(Path, Value)> = moved(&tracks[at].copies[&user].face, -60)
                        .into_iter()
                        .map(|(field, value)| (Path::of(field), value))
                        .collect();
                    self.hand.crm(&mut tracks[at], &changes).await?;
                    self.did("moved in the CRM");
                }
            }
            Domain::Task => {
                let open = |track: &Track, copy: &Copy| plain(track, copy) && status(copy) == Some("NotStarted");
                for (at, user) in self.pick(tracks, domain, Level::FULL, RARELY, open) {
                    let changes = [
                        (Field::Status, Value::text("Completed")),
                        (Field::Percent, Value::Number(100)),
                        (Field::DoneDay, Value::Day(self.today)),
                    ];
                    self.hand.pim(&mut tracks[at], user, &changes).await?;
                    self.did("finished in a mailbox");
                }
                for (at, _) in self.pick(tracks, domain, Level::FULL, RARELY, open) {
                    let changes = [
                        (Path::of(Field::Status), Value::text("Done")),
                        (Path::of(Field::Percent), Value::Number(100)),
                        (Path::of(Field::DoneDay), Value::Day(self.today)),
                    ];
                    self.hand.crm(&mut tracks[at], &changes).await?;
                    self.did("finished in the CRM");
                }
                for (at, user) in self.pick(tracks, domain, Level::FULL, RARELY, plain) {
                    self.hand.pim_leave(&mut tracks[at], user).await?;
                    self.did("moved to another folder");
                }
            }
            Domain::BusinessContact | Domain::PersonalContact | Domain::Employee => {}
        }
        Ok(())
    }

    /// New records on both sides.
    async fn creates(&mut self, tracks: &mut Vec<Track>, domain: Domain) -> Result<()> {
        let level = Self::most(domain);
        let users: Vec<User> = (0..USERS).filter(|user| self.rules.level(*user, domain) == level).collect();
        if domain == Domain::Employee {
            return Ok(());
        }
        for at in 0..OFTEN {
            let user = users[at % users.len()];
            let canary = self.draw.canary();
            let face = match domain {
                Domain::BusinessContact => faces::contact(self.draw, &canary, true),
                Domain::PersonalContact | Domain::Employee => faces::contact(self.draw, &canary, false),
                Domain::Calendar => faces::appointment(self.draw, &canary, self.today, 1, 60),
                Domain::Task => faces::task(self.draw, &canary, self.today, 1, 60),
            };
            if at % 2 == 0 {
                let face = super::expect::mailbox_face(&face);
                let track = Track::in_mailbox(canary, domain, user, face);
                self.hand.pim_create(&track).await?;
                tracks.push(track);
                self.did("made in a mailbox");
            } else {
                let mut crm = Crm { face, ..Crm::default() };
                match domain {
                    Domain::BusinessContact => {
                        crm.positions.insert(user);
                        crm.team = self.hand.organisation.holders(user);
                        crm.listed.insert(user);
                    }
                    Domain::PersonalContact => {
                        crm.owner = Some(user);
                        crm.listed.insert(user);
                    }
                    Domain::Employee => {}
                    Domain::Calendar | Domain::Task => crm.owner = Some(user),
                }
                let track = Track::in_crm(canary, domain, crm);
                tracks.push(self.hand.crm_create(track).await?);
                self.did("made in the CRM");
            }
        }
        Ok(())
    }

    /// So many records whose users have not yet seen too many deletes.
    fn pick_to_delete(&mut self, tracks: &[Track], domain: Domain, count: usize) -> Vec<Pick> {
        let level = Self::most(domain);
        let before = self.used.clone();
        let all = self.pick(tracks, domain, level, usize::MAX, plain);
        self.used = before;
        let mut picked = Vec::new();
        for (at, user) in all {
            let seen = self.deletes.entry((user, domain)).or_default();
            if picked.len() < count && *seen < DELETES_EACH * 2 {
                *seen += 1;
                self.used.insert(at);
                picked.push((at, user));
            }
        }
        picked
    }

    /// Deletes on each side, and deletes that meet an edit (C4 to C6).
    async fn deletes(&mut self, tracks: &mut [Track], domain: Domain) -> Result<()> {
        for (at, user) in self.pick_to_delete(tracks, domain, OFTEN) {
            self.hand.pim_delete(&mut tracks[at], user).await?;
            self.did("deleted in a mailbox");
        }
        if domain == Domain::Employee {
            return Ok(());
        }
        for (at, _) in self.pick_to_delete(tracks, domain, OFTEN) {
            self.hand.crm_delete(&mut tracks[at]).await?;
            self.did("deleted in the CRM");
        }
        let (ours, theirs) = fields(domain);
        if domain == Domain::Task {
            for (at, user) in self.pick(tracks, domain, Level::FULL, RARELY, plain) {
                let value = self.text("mailbox", &tracks[at]);
                self.hand.pim(&mut tracks[at], user, &[(theirs.clone(), value)]).await?;
                self.hand.crm_delete(&mut tracks[at]).await?;
                self.did("deleted in the CRM, edited in a mailbox");
            }
            for (at, user) in self.pick(tracks, domain, Level::FULL, RARELY, plain) {
                let value = self.text("CRM", &tracks[at]);
                self.hand.crm_one(&mut tracks[at], ours.clone(), value).await?;
                self.hand.pim_delete(&mut tracks[at], user).await?;
                self.did("deleted in a mailbox, edited in the CRM");
            }
        }
        Ok(())
    }

    /// Edits on the side that a one-way level forbids (D1).
    async fn forbidden(&mut self, tracks: &mut [Track], domain: Domain) -> Result<()> {
        let (_, theirs) = fields(domain);
        for (at, user) in self.pick(tracks, domain, Level::EXPORT, RARELY, plain) {
            let value = self.text("mailbox", &tracks[at]);
            self.hand.pim(&mut tracks[at], user, &[(theirs.clone(), value)]).await?;
            self.did("edited in a mailbox at Export Only");
        }
        for (at, _) in self.pick(tracks, domain, Level::IMPORT, RARELY, plain) {
            let value = self.text("CRM", &tracks[at]);
            self.hand.crm_one(&mut tracks[at], theirs.clone(), value).await?;
            self.did("edited in the CRM at Import Only");
        }
        Ok(())
    }

    /// Sync List on and off, and visibility lost (O1, O2).
    async fn sync_list(&mut self, tracks: &mut [Track]) -> Result<()> {
        for domain in [Domain::BusinessContact, Domain::PersonalContact, Domain::Employee] {
            for (at, user) in self.unlisted(tracks, domain) {
                self.hand.enlist(&mut tracks[at], user).await?;
                self.did("put on a Sync List");
            }
            let off = if domain == Domain::Employee { OFTEN } else { RARELY };
            for (at, user) in self.pick_to_delete(tracks, domain, off) {
                self.hand.delist(&mut tracks[at], user).await?;
                self.did("taken off a Sync List");
            }
        }
        for (at, user) in self.pick(tracks, Domain::BusinessContact, Level::FULL, OFTEN, plain) {
            let other = (0..USERS)
                .find(|other| {
                    let holders = self.hand.organisation.holders(*other);
                    *other != user && !holders.contains(&user)
                })
                .unwrap_or(0);
            let team = json!({ "team": [{ "position": self.hand.stage.ids.positions[other] }] });
            self.hand.crm_beside(&tracks[at], &team).await?;
            if let Some(crm) = tracks[at].crm.as_mut() {
                crm.positions = BTreeSet::from([other]);
                crm.team = self.hand.organisation.holders(other);
            }
            self.did("visibility lost");
        }
        Ok(())
    }

    /// Records on nobody's Sync List that a user could put on his.
    fn unlisted(&mut self, tracks: &[Track], domain: Domain) -> Vec<Pick> {
        let mut found = Vec::new();
        for (at, track) in tracks.iter().enumerate() {
            let Some(crm) = track.crm.as_ref() else {
                continue;
            };
            if track.domain != domain || track.out.is_some() || !track.copies.is_empty() || self.used.contains(&at) {
                continue;
            }
            let sees: Vec<User> = match domain {
                Domain::PersonalContact => crm.owner.into_iter().collect(),
                _ => crm.team.iter().copied().collect(),
            };
            let user =
                sees.into_iter().find(|user| !crm.listed.contains(user) && self.rules.level(*user, domain).exports());
            if let Some(user) = user.filter(|_| crm.listed.is_empty()) {
                found.push((at, user));
            }
        }
        let picked = self.draw.some(&found, RARELY);
        self.used.extend(picked.iter().map(|(at, _)| *at));
        picked
    }

    /// Private set on a business contact: the user keeps a personal contact of his own (O5).
    async fn flips(&mut self, tracks: &mut Vec<Track>) -> Result<()> {
        let rules = self.rules;
        let both = |track: &Track, copy: &Copy| {
            plain(track, copy)
                && track.copies.keys().all(|user| rules.level(*user, Domain::PersonalContact) == Level::FULL)
        };
        for (at, user) in self.pick(tracks, Domain::BusinessContact, Level::FULL, RARELY, both) {
            let id = self.hand.item(&tracks[at], user)?.clone();
            self.hand.stage.outlooks[user].private(model::Kind::Contact, &id, true).await?;
            let flipped = flip(&mut tracks[at], user);
            tracks.extend(flipped);
            self.used.insert(tracks.len() - 1);
            self.did("made private: a business contact");
        }
        for (at, user) in self.pick(tracks, Domain::BusinessContact, Level::FULL, RARELY, plain) {
            // O4: a user who removes our category is not fought.
            let words = BTreeSet::from(["Tennis".to_owned()]);
            self.hand.pim_words(&mut tracks[at], user, words).await?;
            self.did("category taken off");
        }
        Ok(())
    }

    /// Occurrences moved and cancelled on both sides (R1, R3).
    async fn series(&mut self, tracks: &mut [Track]) -> Result<()> {
        let has_rule = |_: &Track, copy: &Copy| copy.face.contains_key(&Path::of(Field::Rule));
        for (at, user) in self.pick(tracks, Domain::Calendar, Level::FULL, OFTEN, has_rule) {
            if let Some(original) = untouched(&tracks[at].copies[&user].face) {
                self.hand.pim_shift(&mut tracks[at], user, original, 30).await?;
                self.did("occurrence moved in a mailbox");
            }
        }
        for (at, user) in self.pick(tracks, Domain::Calendar, Level::FULL, OFTEN, has_rule) {
            if let Some(original) = untouched(&tracks[at].copies[&user].face) {
                let shift = |face: &mut model::Fields| faces::shift(face, original, -30);
                self.hand.crm_occurrence(&mut tracks[at], shift).await?;
                self.did("occurrence moved in the CRM");
            }
        }
        for (at, user) in self.pick(tracks, Domain::Calendar, Level::FULL, 2, has_rule) {
            if let Some(original) = untouched(&tracks[at].copies[&user].face) {
                self.hand.pim_cancel(&mut tracks[at], user, original).await?;
                self.did("occurrence cancelled in a mailbox");
            }
        }
        for (at, user) in self.pick(tracks, Domain::Calendar, Level::FULL, 2, has_rule) {
            if let Some(original) = untouched(&tracks[at].copies[&user].face) {
                let cancel = |face: &mut model::Fields| faces::cancel(face, original);
                self.hand.crm_occurrence(&mut tracks[at], cancel).await?;
                self.did("occurrence cancelled in the CRM");
            }
        }
        Ok(())
    }

    /// A new value with the record's canary in it.
    fn text(&mut self, whence: &str, track: &Track) -> Value {
        Value::text(format!("{whence} {} {}", self.draw.below(10_000), track.canary))
    }
}
