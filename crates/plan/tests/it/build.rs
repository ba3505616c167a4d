//! Records, links and contexts in a line each.

use jiff::Timestamp;
use model::lens::Plain;
use model::settings::{ConflictPolicy, ExtractStart, Settings, UserSettings};
use model::{
    Attendee, Domain, DomainMap, End, Fields, Form, Kind, Level, Link, LinkId, PairingId, Path, Record, RecordId,
    Response, Role, Seen, Side, UserId, Value, Version, When, Zone,
};
use plan::{Context, Lead, Op, Plan};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Everything a plan is made with, at its defaults; tests change what they are about.
pub struct World {
    pub user: UserId,
    pub levels: BTreeMap<Domain, Level>,
    pub settings: Settings,
    pub user_settings: UserSettings,
    pub maps: BTreeMap<Domain, DomainMap>,
    pub zone: Zone,
    pub lead: Lead,
    pub mails: bool,
    pub invited: bool,
    pub meeting_id: Option<String>,
    pub restored: bool,
    pub now: Timestamp,
}

const CRM: Plain = Plain(Side::Crm);
const PIM: Plain = Plain(Side::Pim);

impl World {
    pub fn new() -> World {
        let mut settings = Settings { extract_start: ExtractStart::Always, ..Settings::default() };
        settings.generation = 1;
        World {
            user: UserId::new("anna"),
            levels: Domain::ALL.into_iter().map(|domain| (domain, domain.default_level())).collect(),
            settings,
            user_settings: UserSettings::default(),
            maps: Domain::ALL.into_iter().map(|domain| (domain, model::maps_ews::default_map(domain))).collect(),
            zone: Zone::iana("Europe/Berlin").expect("known"),
            lead: Lead::Mine,
            mails: true,
            invited: false,
            meeting_id: None,
            restored: false,
            now: "2026-11-21T12:00:00Z".parse().expect("a time"),
        }
    }

    pub fn level(mut self, domain: Domain, level: Level) -> World {
        self.levels.insert(domain, level);
        self
    }

    pub fn policy(mut self, domain: Domain, policy: ConflictPolicy) -> World {
        self.of(domain).conflict = policy;
        self
    }

    pub fn of(&mut self, domain: Domain) -> &mut model::settings::DomainSettings {
        self.settings.domains.get_mut(&domain).expect("every domain is set")
    }

    pub fn context(&self) -> Context<'_> {
        Context {
            now: self.now,
            user: &self.user,
            levels: &self.levels,
            settings: &self.settings,
            user_settings: &self.user_settings,
            maps: &self.maps,
            crm: &CRM,
            pim: &PIM,
            zone: &self.zone,
            lead: self.lead,
            mails: self.mails,
            invited: self.invited,
            meeting_id: self.meeting_id.as_deref(),
            restored: self.restored,
        }
    }

    pub fn plan(&self, link: &Link, crm: &Seen, pim: &Seen) -> Plan {
        plan::linked::plan(link, crm, pim, &self.context())
    }
}

pub fn fields(pairs: &[(&str, Value)]) -> Fields {
    pairs.iter().map(|(path, value)| (Path::parse(path).expect("a path"), value.clone())).collect()
}

pub fn text(text: &str) -> Value {
    Value::text(text)
}

pub fn at(wall: &str) -> Value {
    Value::When(When::zoned(wall.parse().expect("a wall time"), Zone::iana("Europe/Berlin").expect("known")))
}

pub fn words(words: &[&str]) -> Value {
    Value::Set(words.iter().map(|word| (*word).to_owned()).collect())
}

pub fn person(name: &str) -> Attendee {
    Attendee {
        name: name.to_owned(),
        address: Some(format!("{name}@crm.test")),
        role: Role::Required,
        response: Response::Unknown,
    }
}

pub fn people(names: &[&str]) -> Value {
    Value::People(names.iter().map(|name| (person(name).key(), person(name))).collect())
}

/// A CRM record.
pub fn crm(domain: Domain, id: &str, pairs: &[(&str, Value)]) -> Record {
    let mut record = Record {
        kind: domain.kind(),
        id: RecordId::new(id),
        version: Version::new("1"),
        fields: fields(pairs),
        facts: model::Facts { domain: Some(domain), on_sync_list: true, ..model::Facts::default() },
    };
    record.facts.organizer = Some(person("anna"));
    record
}

/// A mailbox item.
pub fn pim(kind: Kind, id: &str, pairs: &[(&str, Value)]) -> Record {
    let class = match kind {
        Kind::Contact => "IPM.Contact",
        Kind::Appointment => "IPM.Appointment",
        Kind::Task => "IPM.Task",
    };
    Record {
        kind,
        id: RecordId::new(id),
        version: Version::new("a"),
        fields: fields(pairs),
        facts: model::Facts { class: class.to_owned(), ..model::Facts::default() },
    }
}

/// A link whose two images are these.
pub fn link(domain: Domain, base_crm: &[(&str, Value)], base_pim: &[(&str, Value)]) -> Link {
    let end = |id: &str, base: &[(&str, Value)]| End {
        id: RecordId::new(id),
        version: Version::new("0"),
        base: fields(base),
    };
    Link {
        id: LinkId::new("l"),
        pairing: PairingId::new("p"),
        kind: domain.kind(),
        domain,
        crm: end("c1", base_crm),
        pim: end("i1", base_pim),
        folder: None,
        born: Side::Crm,
        form: Form::Own,
        mark_key: "c1~k".to_owned(),
        write_no: 1,
        global_id: None,
        sleep: None,
        bounced: BTreeMap::new(),
    }
}

/// The link as the engine makes it of a plan that links two records.
pub fn link_of(plan: &Plan) -> Link {
    let plan::After::New { domain, form, born, crm, pim, .. } = &plan.after else { panic!("{:?}", plan.after) };
    let mut made = link(*domain, &[], &[]);
    (made.form, made.born) = (*form, *born);
    (made.crm.base, made.pim.base) = (crm.clone(), pim.clone());
    made
}

pub fn there(record: &Record) -> Seen {
    Seen::Present(Arc::new(record.clone()))
}

/// The paths an update of a side writes, as text.
pub fn written(plan: &Plan, side: Side) -> Vec<String> {
    plan.ops
        .iter()
        .filter_map(|op| match op {
            Op::Update { side: of, changes, .. } if *of == side => Some(changes.keys().map(ToString::to_string)),
            _ => None,
        })
        .flatten()
        .collect()
}

pub fn value(plan: &Plan, side: Side, path: &str) -> Option<Value> {
    let path = Path::parse(path).expect("a path");
    plan.ops.iter().find_map(|op| match op {
        Op::Update { side: of, changes, .. } | Op::Create { side: of, fields: changes, .. } if *of == side => {
            changes.get(&path).cloned()
        }
        _ => None,
    })
}

pub fn deletes(plan: &Plan, side: Side) -> bool {
    plan.ops.iter().any(|op| matches!(op, Op::Delete { side: of, .. } if *of == side))
}

pub fn creates(plan: &Plan, side: Side) -> bool {
    plan.ops.iter().any(|op| matches!(op, Op::Create { side: of, .. } if *of == side))
}

pub fn sleeps(plan: &Plan) -> Option<model::SleepCause> {
    match &plan.after {
        plan::After::Linked(link) => link.sleep.as_ref().map(|sleep| sleep.cause),
        _ => None,
    }
}
