//! User lists over REST: named lists of users, one of the three kinds of groups that group rules know.

use super::super::ask::Ask;
use super::super::member::{Member, Shape};
use super::super::reply::{Answer, Reply};
use super::super::route::{Body, Method, Route, Shown, Who};
use super::{DELETE, PAGE, VERSION, page};
use crm::user_list::UserList;
use crm::{EmployeeId, UserListId};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

const NAME: Member = Member::required("name", Shape::Text, "its name");
const MEMBERS: Member = Member::required("members", Shape::Texts, "ids of the users it names");

const TAG: &str = "user lists";

pub(super) const ROUTES: &[Route] = &[
    Route {
        method: Method::Get,
        path: "/api/crm/user-lists",
        tag: TAG,
        summary: "The user lists, by name.",
        who: Who::User,
        query: PAGE,
        body: Body::None,
        answer: Shown::Page("UserList"),
        run: |ask| Box::pin(list(ask)),
    },
    Route {
        method: Method::Post,
        path: "/api/crm/user-lists",
        tag: TAG,
        summary: "Makes a user list.",
        who: Who::Administrator,
        query: &[],
        body: Body::Members(&[NAME, MEMBERS]),
        answer: Shown::Made("UserList"),
        run: |ask| Box::pin(create(ask)),
    },
    Route {
        method: Method::Get,
        path: "/api/crm/user-lists/{id}/members",
        tag: TAG,
        summary: "The users a list names.",
        who: Who::User,
        query: &[],
        body: Body::None,
        answer: Shown::One("UserListMembers"),
        run: |ask| Box::pin(members_of(ask)),
    },
    Route {
        method: Method::Put,
        path: "/api/crm/user-lists/{id}",
        tag: TAG,
        summary: "Changes a user list as a whole.",
        who: Who::Administrator,
        query: &[],
        body: Body::Members(&[VERSION, NAME, MEMBERS]),
        answer: Shown::One("UserList"),
        run: |ask| Box::pin(update(ask)),
    },
    Route {
        method: Method::Delete,
        path: "/api/crm/user-lists/{id}",
        tag: TAG,
        summary: "Deletes a user list; a group rule that names it is shown as broken.",
        who: Who::Administrator,
        query: DELETE,
        body: Body::None,
        answer: Shown::Nothing,
        run: |ask| Box::pin(delete(ask)),
    },
];

fn show(list: &UserList) -> Json {
    json!({"id": list.id, "version": list.version, "name": list.name})
}

fn members(ask: &Ask) -> BTreeSet<EmployeeId> {
    let ids = ask.texts("members").unwrap_or_default();
    ids.into_iter().map(EmployeeId::new).collect()
}

async fn list(ask: Ask) -> Answer {
    let found = ask.services.crm.user_lists(&ask.page()).await?;
    Ok(page(found, show))
}

async fn members_of(ask: Ask) -> Answer {
    let id = UserListId::new(ask.part("id"));
    let members = ask.services.crm.user_list_members(&id).await?;
    Ok(Reply::of(json!({ "members": members })))
}

async fn create(ask: Ask) -> Answer {
    let made = ask.services.crm.create_user_list(ask.actor()?, ask.required("name"), &members(&ask), ask.now).await?;
    ask.services.wake.crm_changed();
    Ok(Reply::made(show(&made)).at(made.version))
}

async fn update(ask: Ask) -> Answer {
    let id = UserListId::new(ask.part("id"));
    let name = ask.required("name");
    let changed =
        ask.services.crm.update_user_list(ask.actor()?, &id, ask.version()?, name, &members(&ask), ask.now).await?;
    ask.services.wake.crm_changed();
    Ok(Reply::of(show(&changed)).at(changed.version))
}

async fn delete(ask: Ask) -> Answer {
    let id = UserListId::new(ask.part("id"));
    ask.services.crm.delete_user_list(ask.actor()?, &id, ask.version()?, ask.now).await?;
    ask.services.wake.crm_changed();
    Ok(Reply::done())
}
