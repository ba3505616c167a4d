//! Employees over REST: everybody sees every colleague; administrators change them.

use super::super::ask::Ask;
use super::super::member::{Member, Shape};
use super::super::reply::{Answer, Reply};
use super::super::route::{Body, Method, Route, Shown, Who};
use super::{DELETE, PAGE, VERSION};
use crate::json::fields_json;
use crm::{Employee, EmployeeDraft, EmployeeEdit, EmployeeId, PositionId};
use model::field::of_kind;
use model::{Field, Kind};
use serde_json::{Value as Json, json};

const ADMIN: Member = Member::optional("admin", Shape::Flag, "an administrator");
const ALL_CONTACTS: Member = Member::optional("all_contacts", Shape::Flag, "may open a view of all business contacts");
const ADDRESSES: Member = Member::optional("addresses", Shape::Texts, "every mail address, the primary one first");
const POSITIONS: Member =
    Member::optional("positions", Shape::Texts, "ids of the positions held, the primary one first");

const TAG: &str = "employees";

pub(super) const ROUTES: &[Route] = &[
    Route {
        method: Method::Get,
        path: "/api/crm/employees",
        tag: TAG,
        summary: "Every employee, as the view All Employees shows them.",
        who: Who::User,
        query: PAGE,
        body: Body::None,
        answer: Shown::Page("Employee"),
        run: |ask| Box::pin(super::view::employees(ask)),
    },
    Route {
        method: Method::Post,
        path: "/api/crm/employees",
        tag: TAG,
        summary: "Makes an employee; one with a login is a user.",
        who: Who::Administrator,
        query: &[],
        body: Body::Record {
            members: &[
                Member::optional("login", Shape::Text, "what he signs in with"),
                ADMIN,
                ALL_CONTACTS,
                Member::optional("manager_id", Shape::Text, "his manager"),
                Member::optional("zone", Shape::Text, "his IANA time zone"),
                Member::optional("language", Shape::Text, "his language"),
                ADDRESSES,
                POSITIONS,
            ],
            known,
            schema: "EmployeeDraft",
        },
        answer: Shown::Made("Employee"),
        run: |ask| Box::pin(create(ask)),
    },
    Route {
        method: Method::Get,
        path: "/api/crm/employees/{id}",
        tag: TAG,
        summary: "Reads an employee.",
        who: Who::User,
        query: &[],
        body: Body::None,
        answer: Shown::One("Employee"),
        run: |ask| Box::pin(read(ask)),
    },
    Route {
        method: Method::Patch,
        path: "/api/crm/employees/{id}",
        tag: TAG,
        summary: "Changes what is named; null clears.",
        who: Who::Administrator,
        query: &[],
        body: Body::Record {
            members: &[
                VERSION,
                Member::clearable("login", Shape::Text, "what he signs in with"),
                ADMIN,
                ALL_CONTACTS,
                Member::optional("active", Shape::Flag, "still works here"),
                Member::clearable("manager_id", Shape::Text, "his manager"),
                Member::clearable("zone", Shape::Text, "his IANA time zone"),
                Member::clearable("language", Shape::Text, "his language"),
                ADDRESSES,
                POSITIONS,
            ],
            known,
            schema: "EmployeeEdit",
        },
        answer: Shown::One("Employee"),
        run: |ask| Box::pin(update(ask)),
    },
    Route {
        method: Method::Delete,
        path: "/api/crm/employees/{id}",
        tag: TAG,
        summary: "Deletes an employee who owns nothing any more.",
        who: Who::Administrator,
        query: DELETE,
        body: Body::None,
        answer: Shown::Nothing,
        run: |ask| Box::pin(delete(ask)),
    },
    Route {
        method: Method::Get,
        path: "/api/crm/me",
        tag: TAG,
        summary: "Whose token this is.",
        who: Who::User,
        query: &[],
        body: Body::None,
        answer: Shown::One("Employee"),
        run: |ask| Box::pin(me(ask)),
    },
];

/// The fields an employee may carry.
pub(in super::super) fn known(field: &Field) -> bool {
    of_kind(Kind::Contact, field)
}

/// An employee as the API shows him.
pub(super) fn show(employee: &Employee) -> Json {
    let mut object = fields_json(&employee.fields);
    let positions: Vec<Json> = employee
        .positions
        .iter()
        .map(|held| {
            json!({"position": held.position, "name": held.name, "organization": held.organization,
                "organization_name": held.organization_name, "primary": held.primary})
        })
        .collect();
    for (name, value) in [
        ("id", json!(employee.id)),
        ("version", json!(employee.version)),
        ("login", json!(employee.login)),
        ("admin", json!(employee.admin)),
        ("all_contacts", json!(employee.all_contacts)),
        ("active", json!(employee.active)),
        ("manager_id", json!(employee.manager)),
        ("zone", json!(employee.zone)),
        ("language", json!(employee.language)),
        ("addresses", json!(employee.addresses)),
        ("positions", json!(positions)),
        ("on_sync_list", json!(employee.listed)),
        ("updated_at", json!(employee.updated_at)),
        ("updated_by", json!(employee.updated_by)),
    ] {
        object.insert(name.to_owned(), value);
    }
    Json::Object(object)
}

fn reply(employee: &Employee) -> Reply {
    Reply::of(show(employee)).at(employee.version)
}

async fn create(ask: Ask) -> Answer {
    let draft = EmployeeDraft {
        login: ask.text("login").map(str::to_owned),
        admin: ask.flag("admin").unwrap_or(false),
        all_contacts: ask.flag("all_contacts").unwrap_or(false),
        manager: ask.text("manager_id").map(EmployeeId::new),
        zone: ask.text("zone").map(str::to_owned),
        language: ask.text("language").map(str::to_owned),
        addresses: ask.texts("addresses").unwrap_or_default(),
        positions: positions(&ask).unwrap_or_default(),
        fields: ask.fields.clone(),
    };
    let made = ask.services.crm.create_employee(ask.actor()?, &draft, ask.now).await?;
    ask.services.wake.crm_changed();
    Ok(Reply::made(show(&made)).at(made.version))
}

async fn read(ask: Ask) -> Answer {
    let id = EmployeeId::new(ask.part("id"));
    let employee = ask.services.crm.employee(ask.actor()?, &id).await?;
    Ok(reply(&employee))
}

async fn me(ask: Ask) -> Answer {
    let actor = ask.actor()?;
    let employee = ask.services.crm.employee(actor, &actor.user).await?;
    Ok(reply(&employee))
}

async fn update(ask: Ask) -> Answer {
    let owned = |name: &str| ask.change(name).map(|change| change.map(std::borrow::ToOwned::to_owned));
    let edit = EmployeeEdit {
        fields: ask.fields.clone(),
        login: owned("login"),
        admin: ask.flag("admin"),
        all_contacts: ask.flag("all_contacts"),
        active: ask.flag("active"),
        manager: ask.change("manager_id").map(|change| change.map(EmployeeId::new)),
        zone: owned("zone"),
        language: owned("language"),
        addresses: ask.texts("addresses"),
        positions: positions(&ask),
    };
    let id = EmployeeId::new(ask.part("id"));
    let changed = ask.services.crm.update_employee(ask.actor()?, &id, ask.version()?, &edit, ask.now).await?;
    ask.services.wake.crm_changed();
    Ok(reply(&changed))
}

async fn delete(ask: Ask) -> Answer {
    let id = EmployeeId::new(ask.part("id"));
    ask.services.crm.delete_employee(ask.actor()?, &id, ask.version()?, ask.now).await?;
    ask.services.wake.crm_changed();
    Ok(Reply::done())
}

fn positions(ask: &Ask) -> Option<Vec<PositionId>> {
    Some(ask.texts("positions")?.into_iter().map(PositionId::new).collect())
}
