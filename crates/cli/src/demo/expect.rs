//! What the rules make of a record: a small model of them, written from their text and from nothing else.
//!
//! It knows levels (D1, L2 to L4), opt-in (O1 to O3), matching (M1 to M3), merging (C1 to C3, C5), deletes (C4, C6) and
//! meetings' copies (P5), in the form the sample organisation needs. The product's own planner is not used here.

use super::track::{Copy, Crm, Form, Track, User, tidy};
use model::settings::GroupKind;
use model::{Domain, Field, Fields, Level, Path, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Who may synchronise what.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Each user's level per domain.
    pub levels: Vec<BTreeMap<Domain, Level>>,
}

/// How a mailbox shows the CRM's record: a participant's copy as its owner's (P5).
fn face_for(crm: &Crm) -> Fields {
    let mut face = Fields::new();
    for (path, value) in &crm.face {
        put(&mut face, path, image(path, value));
    }
    face
}

/// What decides a user's level of a domain.
#[derive(Clone, Debug)]
pub struct LevelInputs {
    /// What the domain permits.
    pub ceiling: Level,
    /// The user's own level.
    pub own: Option<Level>,
    /// The domain's rules in order: the group, whether those below count, what its members get.
    pub rules: Vec<(GroupKind, String, bool, Level)>,
    /// The groups the user is in.
    pub groups: BTreeSet<(GroupKind, String)>,
    /// The groups above those.
    pub above: BTreeSet<(GroupKind, String)>,
}

/// Rules L2 to L4: the ceiling meets the user's own level, else the first rule whose group has him.
pub fn level(of: &LevelInputs) -> Level {
    let found = of.own.or_else(|| {
        of.rules
            .iter()
            .find(|(kind, id, below, _)| {
                let group = (kind.clone(), id.clone());
                of.groups.contains(&group) || *below && of.above.contains(&group)
            })
            .map(|(_, _, _, level)| *level)
    });
    let (ceiling, found) = (of.ceiling, found.unwrap_or(of.ceiling));
    match (ceiling.exports() && found.exports(), ceiling.imports() && found.imports()) {
        (true, true) => Level::FULL,
        (true, false) => Level::EXPORT,
        (false, true) => Level::IMPORT,
        (false, false) => Level::NONE,
    }
}

impl Rules {
    /// A user's level of a domain.
    pub fn level(&self, user: User, domain: Domain) -> Level {
        self.levels.get(user).and_then(|levels| levels.get(&domain)).copied().unwrap_or(Level::NONE)
    }

    /// Brings a record to where the rules end, whatever people did to it on all sides; tells how many conflicts that took.
    pub fn settle(&self, track: &mut Track) -> usize {
        let mut conflicts = 0;
        if track.out.is_some() {
            return conflicts;
        }
        for _ in 0..8 {
            let before = track.clone();
            for user in 0..self.levels.len() {
                conflicts += self.pairing(track, user);
            }
            if track.crm.as_ref().is_some_and(|crm| crm.deleted) {
                track.crm = None;
            }
            if *track == before {
                break;
            }
        }
        conflicts
    }

    /// One cycle of one user, for one record.
    fn pairing(&self, track: &mut Track, user: User) -> usize {
        let level = self.level(user, track.domain);
        if level == Level::NONE {
            return 0;
        }
        let copy = track.copies.get(&user).cloned();
        match (track.crm.clone(), copy) {
            (None, None) => 0,
            (None, Some(copy)) => {
                let enters = copy.form == Form::Own && level.imports();
                if copy.base.is_none() && copy.stands() && enters {
                    self.enter(track, user, copy);
                }
                0
            }
            (Some(crm), None) => {
                if !crm.deleted && wants(&crm, track.domain, user) && level.exports() {
                    let made = self.copy_of(track, &crm, user);
                    track.copies.insert(user, made);
                }
                0
            }
            (Some(crm), Some(copy)) => match copy.base.clone() {
                None => {
                    if crm.deleted || !wants(&crm, track.domain, user) || !copy.stands() {
                        return 0;
                    }
                    self.matched(track, user, crm, copy, level)
                }
                Some(base) => self.linked(track, user, crm, copy, base, level),
            },
        }
    }

    /// A record born in a mailbox enters the CRM (O3, O6).
    fn enter(&self, track: &mut Track, user: User, mut copy: Copy) {
        let mut face = Fields::new();
        for (path, value) in &copy.face {
            put(&mut face, path, back(path, value, None));
        }
        let mut crm = Crm { face: face.clone(), ..Crm::default() };
        match track.domain {
            Domain::BusinessContact => {
                crm.team.insert(user);
                crm.listed.insert(user);
            }
            Domain::PersonalContact => {
                crm.owner = Some(user);
                crm.listed.insert(user);
            }
            Domain::Employee => return,
            Domain::Calendar | Domain::Task => {
                let kind = Path::of(Field::ActivityType);
                if track.domain == Domain::Calendar && !face.contains_key(&kind) {
                    // No word of its own in the mailbox: the type every appointment starts with.
                    face.insert(kind.clone(), back(&kind, &Value::Null, None));
                }
                crm.owner = Some(user);
                // P1, P2: the others who got the invitation take part in the same activity.
                crm.people = track.copies.keys().copied().filter(|of| *of != user).collect();
            }
        }
        crm.face.clone_from(&face);
        copy.base = Some((face, copy.face.clone()));
        track.crm = Some(crm);
        track.copies.insert(user, copy);
    }

    /// A copy made from the CRM (O1, O6, P5).
    fn copy_of(&self, track: &Track, crm: &Crm, user: User) -> Copy {
        let form = self.form(track, crm, user);
        let face = face_for(crm);
        Copy {
            base: Some((crm.face.clone(), face.clone())),
            face,
            form,
            words: BTreeSet::from([track.domain.default_category().to_owned()]),
            ..Copy::default()
        }
    }

    fn form(&self, track: &Track, crm: &Crm, user: User) -> Form {
        match track.domain {
            Domain::Calendar if crm.owner != Some(user) => Form::Given,
            Domain::Calendar | Domain::Task | Domain::BusinessContact | Domain::PersonalContact | Domain::Employee => {
                Form::Own
            }
        }
    }

    /// Strangers on both sides turn out to be one (M1 to M3): blanks are filled, differences are conflicts.
    fn matched(&self, track: &mut Track, user: User, mut crm: Crm, mut copy: Copy, level: Level) -> usize {
        let mut conflicts = 0;
        if copy.form == Form::Received {
            // P3: the organiser's copy decides; a received one is linked as it is.
            copy.base = Some((crm.face.clone(), copy.face.clone()));
            track.copies.insert(user, copy);
            return conflicts;
        }
        copy.words.insert(track.domain.default_category().to_owned());
        for unit in units(&[&crm.face, &copy.face]) {
            let has = |face: &Fields| unit.iter().any(|path| face.contains_key(path));
            let alike = unit
                .iter()
                .all(|path| crm.face.get(path).map(|value| image(path, value)) == copy.face.get(path).cloned());
            match (has(&crm.face), has(&copy.face)) {
                _ if alike => {}
                (true, false) if level.exports() => self.export(&unit, &crm, &mut copy),
                (false, true) if level.imports() => import(&unit, &mut crm, &copy),
                (true, true) if level.exports() => {
                    self.export(&unit, &crm, &mut copy);
                    conflicts += usize::from(level.imports());
                }
                (true, true) => import(&unit, &mut crm, &copy),
                (true, false) | (false, true) | (false, false) => {}
            }
        }
        copy.base = Some((crm.face.clone(), copy.face.clone()));
        track.crm = Some(crm);
        track.copies.insert(user, copy);
        conflicts
    }

    /// A link's next cycle.
    fn linked(
        &self,
        track: &mut Track,
        user: User,
        mut crm: Crm,
        mut copy: Copy,
        base: (Fields, Fields),
        level: Level,
    ) -> usize {
        if copy.asleep {
            return 0;
        }
        if copy.absent {
            // D1: made again once its source was edited.
            if level.exports() && crm.face != base.0 && !crm.deleted && wants(&crm, track.domain, user) {
                let made = self.copy_of(track, &crm, user);
                track.copies.insert(user, made);
            }
            return 0;
        }
        if copy.deleted {
            self.copy_deleted(track, user, crm, copy, &base, level);
            return 0;
        }
        let edited = copy.face != base.1;
        if crm.deleted {
            if edited && level.imports() {
                // C5: the edit outlives the delete: the record is made again from what the mailbox shows.
                crm.deleted = false;
                crm.face.retain(|path, _| path.field == Field::ActivityType);
                for (path, value) in &copy.face {
                    put(&mut crm.face, path, back(path, value, None));
                }
                copy.base = Some((crm.face.clone(), copy.face.clone()));
                track.crm = Some(crm);
                track.copies.insert(user, copy);
                return 0;
            } else if level.exports() {
                track.copies.remove(&user);
                return 0;
            } else {
                copy.asleep = true;
                track.copies.insert(user, copy);
                return 0;
            }
        }
        let lost =
            matches!(track.domain, Domain::BusinessContact) && crm.listed.contains(&user) && !crm.team.contains(&user);
        if lost {
            // O2: nothing happens while the grace time runs.
            copy.asleep = true;
            track.copies.insert(user, copy);
            return 0;
        }
        let conflicts = self.merge(&mut crm, &mut copy, base, level);
        let stays = wants(&crm, track.domain, user) || !level.exports();
        track.crm = Some(crm);
        if stays {
            track.copies.insert(user, copy);
        } else {
            track.copies.remove(&user);
        }
        conflicts
    }

    /// A person deleted the copy (C4, C6, D1, D6).
    fn copy_deleted(
        &self,
        track: &mut Track,
        user: User,
        mut crm: Crm,
        mut copy: Copy,
        base: &(Fields, Fields),
        level: Level,
    ) {
        let owner = crm.owner == Some(user);
        copy.deleted = false;
        copy.absent = true;
        let crm_edited = crm.face != base.0;
        match track.domain {
            Domain::BusinessContact | Domain::Employee => {
                if level.exports() {
                    crm.listed.remove(&user);
                    track.copies.remove(&user);
                } else {
                    track.copies.insert(user, copy);
                }
            }
            Domain::PersonalContact | Domain::Calendar | Domain::Task => {
                if crm_edited && level.exports() {
                    // C5: the CRM's edit outlives the delete.
                    let made = self.copy_of(track, &crm, user);
                    track.copies.insert(user, made);
                } else if !level.imports() {
                    track.copies.insert(user, copy);
                } else if track.is_meeting() && owner {
                    crm.face.insert(Path::of(Field::Cancelled), Value::Flag(true));
                    // That it is called off is no edit of its source that would make the copy again (D1).
                    copy.base = Some((crm.face.clone(), base.1.clone()));
                    track.copies.insert(user, copy);
                } else if track.is_meeting() {
                    crm.hidden.insert(user);
                    track.copies.remove(&user);
                } else if owner {
                    crm.deleted = true;
                    track.copies.remove(&user);
                } else {
                    crm.people.remove(&user);
                    track.copies.remove(&user);
                }
            }
        }
        track.crm = Some(crm);
    }

    /// Rules C1 to C3 for one link; answers how many units were in conflict.
    fn merge(&self, crm: &mut Crm, copy: &mut Copy, base: (Fields, Fields), level: Level) -> usize {
        if copy.form == Form::Received {
            return 0;
        }
        let (mut base_crm, mut base_pim) = base;
        let mut conflicts = 0;
        for unit in units(&[&crm.face, &copy.face, &base_crm, &base_pim]) {
            let moved = |now: &Fields, then: &Fields| unit.iter().any(|path| now.get(path) != then.get(path));
            // A participant's copy shows the record; only the owner's decides it (P3, P7).
            let own_word = copy.form == Form::Own;
            match (moved(&crm.face, &base_crm), moved(&copy.face, &base_pim)) {
                (false, false) => continue,
                (true, false) if level.exports() => self.export(&unit, crm, copy),
                (false, true) if level.imports() && own_word => import(&unit, crm, copy),
                (true, true) if level.exports() => {
                    let alike = unit
                        .iter()
                        .all(|path| crm.face.get(path).map(|value| image(path, value)) == copy.face.get(path).cloned());
                    conflicts += usize::from(!alike && level.imports());
                    self.export(&unit, crm, copy);
                }
                (true, true) if level.imports() => import(&unit, crm, copy),
                // D1: a change the level does not carry stays where it is, and the base does not move.
                (true, false) | (false, true) | (true, true) => continue,
            }
            for path in &unit {
                put(&mut base_crm, path, or_null(crm.face.get(path)));
                put(&mut base_pim, path, or_null(copy.face.get(path)));
            }
        }
        copy.base = Some((base_crm, base_pim));
        conflicts
    }

    fn export(&self, unit: &[Path], crm: &Crm, copy: &mut Copy) {
        for path in unit {
            let value = or_null(crm.face.get(path));
            put(&mut copy.face, path, image(path, &value));
        }
    }
}

fn import(unit: &[Path], crm: &mut Crm, copy: &Copy) {
    for path in unit {
        let value = back(path, &or_null(copy.face.get(path)), crm.face.get(path));
        put(&mut crm.face, path, value);
    }
}

/// Whether this user is to have a copy.
fn wants(crm: &Crm, domain: Domain, user: User) -> bool {
    match domain {
        Domain::BusinessContact | Domain::PersonalContact | Domain::Employee => crm.listed.contains(&user),
        Domain::Calendar | Domain::Task => {
            (crm.owner == Some(user) || crm.people.contains(&user)) && !crm.hidden.contains(&user)
        }
    }
}

fn or_null(value: Option<&Value>) -> Value {
    value.cloned().unwrap_or(Value::Null)
}

fn put(face: &mut Fields, path: &Path, value: Value) {
    if value.is_blank() || value == Value::Flag(false) {
        face.remove(path);
    } else {
        face.insert(path.clone(), value);
    }
}

/// The paths of these faces, those together that make sense only together (C2).
fn units(faces: &[&Fields]) -> Vec<Vec<Path>> {
    let mut units: BTreeMap<(Option<jiff::civil::DateTime>, String), Vec<Path>> = BTreeMap::new();
    let paths: BTreeSet<&Path> = faces.iter().flat_map(|face| face.keys()).collect();
    for path in paths {
        let name = path.field.name();
        let unit = match name.as_str() {
            "start" | "end" => "time",
            "company" | "company_location" => "company",
            "status" | "percent" | "done_day" => "progress",
            other if other.starts_with("business_") => "business",
            other if other.starts_with("home_") && other != "home_phone" => "home",
            other => other,
        };
        units.entry((path.occurrence, unit.to_owned())).or_default().push(path.clone());
    }
    units.into_values().collect()
}

/// The words that differ between the CRM and the mailbox: CRM, mailbox, and whether the mailbox's word leads back here.
const WORDS: &[(Field, &str, &str, bool)] = &[
    (Field::Priority, "1-ASAP", "High", false),
    (Field::Priority, "2-High", "High", true),
    (Field::Priority, "3-Medium", "Normal", true),
    (Field::Priority, "4-Low", "Low", true),
    (Field::Status, "Acknowledged", "NotStarted", false),
    (Field::Status, "Not Started", "NotStarted", true),
    (Field::Status, "In Progress", "InProgress", true),
    (Field::Status, "Done", "Completed", true),
    (Field::Status, "On Hold", "WaitingOnOthers", true),
    (Field::Status, "Deferred", "Deferred", true),
    (Field::Status, "Cancelled", "Deferred", false),
    (Field::Status, "Declined", "Deferred", false),
    (Field::ActivityType, "Appointment", "", true),
];

/// How the mailbox shows a value of the CRM.
pub fn image(path: &Path, value: &Value) -> Value {
    let Value::Text(text) = value else {
        return value.clone();
    };
    match WORDS.iter().find(|(field, crm, _, _)| *field == path.field && crm == text) {
        Some((_, _, "", _)) => Value::Null,
        Some((_, _, word, _)) => Value::text(*word),
        None => value.clone(),
    }
}

/// What a value of the mailbox means in the CRM; while it still shows what the CRM has, the CRM's word stays.
pub fn back(path: &Path, value: &Value, present: Option<&Value>) -> Value {
    if let Some(present) = present
        && image(path, present) == *value
    {
        return present.clone();
    }
    let word = match value {
        Value::Text(text) => text.as_str(),
        Value::Null => "",
        _ => return value.clone(),
    };
    match WORDS.iter().find(|(field, _, mailbox, leads)| *field == path.field && *mailbox == word && *leads) {
        Some((_, crm, _, _)) => Value::text(*crm),
        None => value.clone(),
    }
}

/// A face as the mailbox shows it, for records that are planted there.
pub fn mailbox_face(crm: &Fields) -> Fields {
    let mut face: Fields = crm.iter().map(|(path, value)| (path.clone(), image(path, value))).collect();
    tidy(&mut face);
    face
}

#[cfg(test)]
mod tests;
