//! Activities over REST: appointments, meetings and to-dos.

use super::super::ask::Ask;
use super::super::member::{Member, Shape};
use super::super::reply::{Answer, Reply};
use super::super::route::{Body, Method, Route, Shown, Who};
use super::{DELETE, VERSION};
use crate::fault::{Faults, Refused};
use crate::json::fields_json;
use crm::participant::{Person, Who as Whom};
use crm::{Activity, ActivityDraft, ActivityEdit, ActivityId, ContactId, Display, EmployeeId, Part};
use model::field::of_kind;
use model::{Field, Kind, Response, Role};
use serde::Deserialize;
use serde_json::{Value as Json, json};

const DISPLAYS: &[&str] = &["Calendar and Activities", "To Do and Activities", "Activities Only"];
const RESPONSES: &[&str] = &["accepted", "tentative", "declined", "not_responded"];

const DISPLAY: Member =
    Member::required("display", Shape::OneOf(DISPLAYS), "where it is shown; this decides its domain");
const OWNER: Member =
    Member::optional("owner", Shape::Text, "the employee whose it is; whoever asks unless said otherwise");
const PEOPLE: Member = Member::optional(
    "people",
    Shape::Objects("ActivityPerson"),
    "the people on it besides the owner; or name them by address as `attendees`",
);

const TAG: &str = "activities";

pub(super) const ROUTES: &[Route] = &[
    Route {
        method: Method::Post,
        path: "/api/crm/activities",
        tag: TAG,
        summary: "Makes an activity.",
        who: Who::User,
        query: &[],
        body: Body::Record {
            members: &[
                DISPLAY,
                OWNER,
                PEOPLE,
                Member::optional(
                    "integration_key",
                    Shape::Text,
                    "unique per create: a repeated one finds what the first one made",
                ),
            ],
            known,
            schema: "ActivityDraft",
        },
        answer: Shown::Made("Activity"),
        run: |ask| Box::pin(create(ask)),
    },
    Route {
        method: Method::Get,
        path: "/api/crm/activities/{id}",
        tag: TAG,
        summary: "Reads an activity; a private one of somebody else shows \"Private\", busy and its time.",
        who: Who::User,
        query: &[],
        body: Body::None,
        answer: Shown::One("Activity"),
        run: |ask| Box::pin(read(ask)),
    },
    Route {
        method: Method::Patch,
        path: "/api/crm/activities/{id}",
        tag: TAG,
        summary: "Changes what is named: its owner everything, a participant his own reminder, show-as, categories and private flag.",
        who: Who::User,
        query: &[],
        body: Body::Record {
            members: &[
                VERSION,
                Member::optional("display", Shape::OneOf(DISPLAYS), "where it is shown; this decides its domain"),
                Member::optional("owner", Shape::Text, "its new owner"),
                PEOPLE,
            ],
            known,
            schema: "ActivityEdit",
        },
        answer: Shown::One("Activity"),
        run: |ask| Box::pin(update(ask)),
    },
    Route {
        method: Method::Delete,
        path: "/api/crm/activities/{id}",
        tag: TAG,
        summary: "Deletes an activity.",
        who: Who::User,
        query: DELETE,
        body: Body::None,
        answer: Shown::Nothing,
        run: |ask| Box::pin(delete(ask)),
    },
    Route {
        method: Method::Post,
        path: "/api/crm/activities/{id}/leave",
        tag: TAG,
        summary: "Takes a participant off a to-do, or hides an appointment from his calendar.",
        who: Who::User,
        query: &[],
        body: Body::Members(&[Member::optional(
            "employee",
            Shape::Text,
            "who goes; whoever asks unless said otherwise",
        )]),
        answer: Shown::One("Activity"),
        run: |ask| Box::pin(leave(ask)),
    },
    Route {
        method: Method::Post,
        path: "/api/crm/activities/{id}/rejoin",
        tag: TAG,
        summary: "Shows an appointment again in the calendar of a participant who removed it.",
        who: Who::User,
        query: &[],
        body: Body::Members(&[Member::optional(
            "employee",
            Shape::Text,
            "in whose calendar; that of whoever asks unless said otherwise",
        )]),
        answer: Shown::One("Activity"),
        run: |ask| Box::pin(rejoin(ask)),
    },
    Route {
        method: Method::Post,
        path: "/api/crm/activities/{id}/respond",
        tag: TAG,
        summary: "A participant's answer.",
        who: Who::User,
        query: &[],
        body: Body::Members(&[Member::required("response", Shape::OneOf(RESPONSES), "the answer")]),
        answer: Shown::One("Activity"),
        run: |ask| Box::pin(respond(ask)),
    },
];

/// The fields an activity may carry: a to-do's and an appointment's, for its display may change.
pub(in super::super) fn known(field: &Field) -> bool {
    of_kind(Kind::Appointment, field) || of_kind(Kind::Task, field)
}

/// An activity as the API shows it.
pub(super) fn show(activity: &Activity) -> Json {
    let mut object = fields_json(&activity.fields);
    let people: Vec<Json> = activity.people.iter().map(show_person).collect();
    for (name, value) in [
        ("id", json!(activity.id)),
        ("version", json!(activity.version)),
        ("display", json!(activity.display)),
        ("owner", json!(activity.owner)),
        ("people", json!(people)),
        ("part", json!(part(activity.part))),
        ("removed", json!(activity.hidden)),
        ("veiled", json!(activity.veiled)),
        ("locked", json!(activity.locked)),
        ("global_id", json!(activity.global_id)),
        ("integration_key", json!(activity.integration_key)),
        ("updated_at", json!(activity.updated_at)),
        ("updated_by", json!(activity.updated_by)),
    ] {
        object.insert(name.to_owned(), value);
    }
    Json::Object(object)
}

fn show_person(person: &Person) -> Json {
    let (employee, contact) = match &person.who {
        Whom::Employee(id) => (Some(id), None),
        Whom::Contact(id) => (None, Some(id)),
        Whom::Unknown => (None, None),
    };
    json!({
        "employee": employee, "contact": contact, "name": person.name, "address": person.address,
        "role": person.role, "response": person.response, "removed": person.removed,
    })
}

fn part(part: Part) -> &'static str {
    match part {
        Part::Owner => "owner",
        Part::Participant => "participant",
        Part::Former => "former",
        Part::None => "none",
    }
}

fn reply(activity: &Activity) -> Reply {
    Reply::of(show(activity)).at(activity.version)
}

async fn create(ask: Ask) -> Answer {
    let actor = ask.actor()?;
    let owner = ask.text("owner").map_or_else(|| actor.user.clone(), EmployeeId::new);
    let draft = ActivityDraft {
        fields: ask.fields.clone(),
        people: people(&ask)?,
        integration_key: ask.text("integration_key").map(str::to_owned),
        ..ActivityDraft::new(display(&ask)?.unwrap_or(Display::ActivitiesOnly), owner)
    };
    let made = ask.services.crm.create_activity(actor, &draft, ask.now).await?;
    ask.services.wake.crm_changed();
    let shown = show(&made.record);
    let reply = if made.new { Reply::made(shown) } else { Reply::of(shown) };
    Ok(reply.at(made.record.version))
}

async fn read(ask: Ask) -> Answer {
    let id = ActivityId::new(ask.part("id"));
    let activity = ask.services.crm.activity(ask.actor()?, &id).await?;
    Ok(reply(&activity))
}

async fn update(ask: Ask) -> Answer {
    let edit = ActivityEdit {
        fields: ask.fields.clone(),
        display: display(&ask)?,
        owner: ask.text("owner").map(EmployeeId::new),
        people: people(&ask)?,
    };
    let id = ActivityId::new(ask.part("id"));
    let changed = ask.services.crm.update_activity(ask.actor()?, &id, ask.version()?, &edit, ask.now).await?;
    ask.services.wake.crm_changed();
    Ok(reply(&changed))
}

async fn delete(ask: Ask) -> Answer {
    let id = ActivityId::new(ask.part("id"));
    ask.services.crm.delete_activity(ask.actor()?, &id, ask.version()?, ask.now).await?;
    ask.services.wake.crm_changed();
    Ok(Reply::done())
}

async fn leave(ask: Ask) -> Answer {
    let actor = ask.actor()?;
    let id = ActivityId::new(ask.part("id"));
    let employee = ask.text("employee").map_or_else(|| actor.user.clone(), EmployeeId::new);
    let changed = ask.services.crm.leave_activity(actor, &id, &employee, ask.now).await?;
    ask.services.wake.crm_changed();
    Ok(reply(&changed))
}

async fn rejoin(ask: Ask) -> Answer {
    let actor = ask.actor()?;
    let id = ActivityId::new(ask.part("id"));
    let employee = ask.text("employee").map_or_else(|| actor.user.clone(), EmployeeId::new);
    let changed = ask.services.crm.rejoin_activity(actor, &id, &employee, ask.now).await?;
    ask.services.wake.crm_changed();
    Ok(reply(&changed))
}

async fn respond(ask: Ask) -> Answer {
    let id = ActivityId::new(ask.part("id"));
    let response =
        serde_json::from_value(json!(ask.required("response"))).map_err(|_| Refused::at("response", "is no answer"))?;
    let changed = ask.services.crm.respond(ask.actor()?, &id, response, ask.now).await?;
    ask.services.wake.crm_changed();
    Ok(reply(&changed))
}

fn display(ask: &Ask) -> Result<Option<Display>, Refused> {
    match ask.text("display").map(Display::parse) {
        None => Ok(None),
        Some(Some(display)) => Ok(Some(display)),
        Some(None) => Err(Refused::at("display", "is no display")),
    }
}

/// One of the people of a request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    #[serde(default)]
    employee: Option<String>,
    #[serde(default)]
    contact: Option<String>,
    #[serde(default)]
    name: String,
    #[serde(default)]
    address: Option<String>,
    #[serde(default = "required")]
    role: Role,
    #[serde(default = "not_responded")]
    response: Response,
    /// Shown, and set by leaving only.
    #[serde(default, rename = "removed")]
    _removed: bool,
}

fn required() -> Role {
    Role::Required
}

fn not_responded() -> Response {
    Response::NotResponded
}

fn people(ask: &Ask) -> Result<Option<Vec<Person>>, Refused> {
    let Some(list) = ask.json("people").and_then(Json::as_array) else {
        return Ok(None);
    };
    let mut faults = Faults::default();
    let mut people = Vec::new();
    for (index, person) in list.iter().enumerate() {
        let place = format!("people[{index}]");
        match Named::deserialize(person) {
            Err(why) => faults.note(place, why.to_string()),
            Ok(named) => {
                let who = match (named.employee, named.contact) {
                    (Some(employee), None) => Whom::Employee(EmployeeId::new(employee)),
                    (None, Some(contact)) => Whom::Contact(ContactId::new(contact)),
                    (None, None) if named.name.is_empty() && named.address.is_none() => {
                        faults.note(place, "names nobody: employee, contact, name or address");
                        continue;
                    }
                    (None, None) => Whom::Unknown,
                    (Some(_), Some(_)) => {
                        faults.note(place, "names an employee and a contact");
                        continue;
                    }
                };
                people.push(Person {
                    who,
                    name: named.name,
                    address: named.address,
                    role: named.role,
                    response: named.response,
                    removed: false,
                });
            }
        }
    }
    faults.refuse()?;
    Ok(Some(people))
}
