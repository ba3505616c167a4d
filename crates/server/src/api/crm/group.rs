//! Organizations and positions over REST: the trees that group rules and contact teams refer to.

use super::super::ask::Ask;
use super::super::member::{Member, Shape};
use super::super::reply::{Answer, Reply};
use super::super::route::{Body, Method, Route, Shown, Who};
use super::{DELETE, PAGE, VERSION, page};
use crm::organization::Organization;
use crm::position::{Position, PositionDraft};
use crm::{OrganizationId, PositionId};
use serde_json::{Value as Json, json};

const NAME: Member = Member::required("name", Shape::Text, "its name");
const PARENT: Member = Member::clearable("parent", Shape::Text, "the one above it");
const ORGANIZATION: Member = Member::required("organization", Shape::Text, "the organization it belongs to");

const ORGANIZATIONS: &str = "organizations";
const POSITIONS: &str = "positions";

pub(super) const ROUTES: &[Route] = &[
    Route {
        method: Method::Get,
        path: "/api/crm/organizations",
        tag: ORGANIZATIONS,
        summary: "The organizations, by name.",
        who: Who::User,
        query: PAGE,
        body: Body::None,
        answer: Shown::Page("Organization"),
        run: |ask| Box::pin(organizations(ask)),
    },
    Route {
        method: Method::Post,
        path: "/api/crm/organizations",
        tag: ORGANIZATIONS,
        summary: "Makes an organization.",
        who: Who::Administrator,
        query: &[],
        body: Body::Members(&[NAME, PARENT]),
        answer: Shown::Made("Organization"),
        run: |ask| Box::pin(create_organization(ask)),
    },
    Route {
        method: Method::Get,
        path: "/api/crm/organizations/{id}",
        tag: ORGANIZATIONS,
        summary: "Reads an organization.",
        who: Who::User,
        query: &[],
        body: Body::None,
        answer: Shown::One("Organization"),
        run: |ask| Box::pin(organization(ask)),
    },
    Route {
        method: Method::Put,
        path: "/api/crm/organizations/{id}",
        tag: ORGANIZATIONS,
        summary: "Renames an organization, or moves it in the tree.",
        who: Who::Administrator,
        query: &[],
        body: Body::Members(&[VERSION, NAME, PARENT]),
        answer: Shown::One("Organization"),
        run: |ask| Box::pin(update_organization(ask)),
    },
    Route {
        method: Method::Delete,
        path: "/api/crm/organizations/{id}",
        tag: ORGANIZATIONS,
        summary: "Deletes an organization that nothing belongs to.",
        who: Who::Administrator,
        query: DELETE,
        body: Body::None,
        answer: Shown::Nothing,
        run: |ask| Box::pin(delete_organization(ask)),
    },
    Route {
        method: Method::Get,
        path: "/api/crm/positions",
        tag: POSITIONS,
        summary: "The positions, by id.",
        who: Who::User,
        query: PAGE,
        body: Body::None,
        answer: Shown::Page("Position"),
        run: |ask| Box::pin(positions(ask)),
    },
    Route {
        method: Method::Post,
        path: "/api/crm/positions",
        tag: POSITIONS,
        summary: "Makes a position.",
        who: Who::Administrator,
        query: &[],
        body: Body::Members(&[NAME, ORGANIZATION, PARENT]),
        answer: Shown::Made("Position"),
        run: |ask| Box::pin(create_position(ask)),
    },
    Route {
        method: Method::Get,
        path: "/api/crm/positions/{id}",
        tag: POSITIONS,
        summary: "Reads a position with its holders.",
        who: Who::User,
        query: &[],
        body: Body::None,
        answer: Shown::One("Position"),
        run: |ask| Box::pin(position(ask)),
    },
    Route {
        method: Method::Put,
        path: "/api/crm/positions/{id}",
        tag: POSITIONS,
        summary: "Renames a position, or moves it.",
        who: Who::Administrator,
        query: &[],
        body: Body::Members(&[VERSION, NAME, ORGANIZATION, PARENT]),
        answer: Shown::One("Position"),
        run: |ask| Box::pin(update_position(ask)),
    },
    Route {
        method: Method::Delete,
        path: "/api/crm/positions/{id}",
        tag: POSITIONS,
        summary: "Deletes a position that has none below it.",
        who: Who::Administrator,
        query: DELETE,
        body: Body::None,
        answer: Shown::Nothing,
        run: |ask| Box::pin(delete_position(ask)),
    },
];

fn show_organization(organization: &Organization) -> Json {
    json!({"id": organization.id, "version": organization.version, "name": organization.name,
        "parent": organization.parent})
}

fn show_position(position: &Position) -> Json {
    json!({"id": position.id, "version": position.version, "name": position.name,
        "organization": position.organization, "parent": position.parent})
}

async fn organizations(ask: Ask) -> Answer {
    let found = ask.services.crm.organizations(&ask.page()).await?;
    Ok(page(found, show_organization))
}

async fn organization(ask: Ask) -> Answer {
    let id = OrganizationId::new(ask.part("id"));
    let found = ask.services.crm.organization(&id).await?;
    Ok(Reply::of(show_organization(&found)).at(found.version))
}

async fn create_organization(ask: Ask) -> Answer {
    let parent = ask.text("parent").map(OrganizationId::new);
    let made =
        ask.services.crm.create_organization(ask.actor()?, ask.required("name"), parent.as_ref(), ask.now).await?;
    ask.services.wake.crm_changed();
    Ok(Reply::made(show_organization(&made)).at(made.version))
}

async fn update_organization(ask: Ask) -> Answer {
    let id = OrganizationId::new(ask.part("id"));
    let parent = ask.text("parent").map(OrganizationId::new);
    let name = ask.required("name");
    let changed =
        ask.services.crm.update_organization(ask.actor()?, &id, ask.version()?, name, parent.as_ref(), ask.now).await?;
    ask.services.wake.crm_changed();
    Ok(Reply::of(show_organization(&changed)).at(changed.version))
}

async fn delete_organization(ask: Ask) -> Answer {
    let id = OrganizationId::new(ask.part("id"));
    ask.services.crm.delete_organization(ask.actor()?, &id, ask.version()?, ask.now).await?;
    ask.services.wake.crm_changed();
    Ok(Reply::done())
}

fn draft(ask: &Ask) -> PositionDraft {
    PositionDraft {
        name: ask.required("name").to_owned(),
        organization: OrganizationId::new(ask.required("organization")),
        parent: ask.text("parent").map(PositionId::new),
    }
}

async fn positions(ask: Ask) -> Answer {
    let found = ask.services.crm.positions(&ask.page()).await?;
    Ok(page(found, show_position))
}

async fn position(ask: Ask) -> Answer {
    let id = PositionId::new(ask.part("id"));
    let found = ask.services.crm.position(&id).await?;
    let holders = ask.services.crm.position_holders(&id).await?;
    let mut shown = show_position(&found);
    if let Some(object) = shown.as_object_mut() {
        object.insert("holders".to_owned(), json!(holders));
    }
    Ok(Reply::of(shown).at(found.version))
}

async fn create_position(ask: Ask) -> Answer {
    let made = ask.services.crm.create_position(ask.actor()?, &draft(&ask), ask.now).await?;
    ask.services.wake.crm_changed();
    Ok(Reply::made(show_position(&made)).at(made.version))
}

async fn update_position(ask: Ask) -> Answer {
    let id = PositionId::new(ask.part("id"));
    let changed = ask.services.crm.update_position(ask.actor()?, &id, ask.version()?, &draft(&ask), ask.now).await?;
    ask.services.wake.crm_changed();
    Ok(Reply::of(show_position(&changed)).at(changed.version))
}

async fn delete_position(ask: Ask) -> Answer {
    let id = PositionId::new(ask.part("id"));
    ask.services.crm.delete_position(ask.actor()?, &id, ask.version()?, ask.now).await?;
    ask.services.wake.crm_changed();
    Ok(Reply::done())
}
