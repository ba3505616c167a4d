//! Accounts over REST: the companies that business contacts belong to.

use super::super::ask::Ask;
use super::super::member::{Member, Shape};
use super::super::reply::{Answer, Reply};
use super::super::route::{Body, Method, Route, Shown, Who};
use super::{PAGE, VERSION, page};
use crm::account::{Account, AccountDraft};
use crm::{AccountId, OrganizationId};
use serde_json::{Value as Json, json};

const NAME: Member = Member::required("name", Shape::Text, "its name");
const LOCATION: Member = Member::clearable("location", Shape::Text, "where it is");
const ORGANIZATION: Member =
    Member::clearable("organization", Shape::Text, "whose people see it; everybody when absent");

const TAG: &str = "accounts";

pub(super) const ROUTES: &[Route] = &[
    Route {
        method: Method::Get,
        path: "/api/crm/accounts",
        tag: TAG,
        summary: "The accounts the user sees, by name.",
        who: Who::User,
        query: PAGE,
        body: Body::None,
        answer: Shown::Page("Account"),
        run: |ask| Box::pin(list(ask)),
    },
    Route {
        method: Method::Post,
        path: "/api/crm/accounts",
        tag: TAG,
        summary: "Makes an account.",
        who: Who::User,
        query: &[],
        body: Body::Members(&[NAME, LOCATION, ORGANIZATION]),
        answer: Shown::Made("Account"),
        run: |ask| Box::pin(create(ask)),
    },
    Route {
        method: Method::Get,
        path: "/api/crm/accounts/{id}",
        tag: TAG,
        summary: "Reads an account.",
        who: Who::User,
        query: &[],
        body: Body::None,
        answer: Shown::One("Account"),
        run: |ask| Box::pin(read(ask)),
    },
    Route {
        method: Method::Put,
        path: "/api/crm/accounts/{id}",
        tag: TAG,
        summary: "Changes an account as a whole.",
        who: Who::Administrator,
        query: &[],
        body: Body::Members(&[VERSION, NAME, LOCATION, ORGANIZATION]),
        answer: Shown::One("Account"),
        run: |ask| Box::pin(update(ask)),
    },
];

fn show(account: &Account) -> Json {
    json!({"id": account.id, "version": account.version, "name": account.name,
        "location": account.location, "organization": account.organization})
}

fn draft(ask: &Ask) -> AccountDraft {
    AccountDraft {
        name: ask.required("name").to_owned(),
        location: ask.text("location").map(str::to_owned),
        organization: ask.text("organization").map(OrganizationId::new),
    }
}

async fn list(ask: Ask) -> Answer {
    let found = ask.services.crm.accounts(ask.actor()?, &ask.page()).await?;
    Ok(page(found, show))
}

async fn create(ask: Ask) -> Answer {
    let made = ask.services.crm.create_account(ask.actor()?, &draft(&ask), ask.now).await?;
    ask.services.wake.crm_changed();
    Ok(Reply::made(show(&made)).at(made.version))
}

async fn read(ask: Ask) -> Answer {
    let id = AccountId::new(ask.part("id"));
    let account = ask.services.crm.account(ask.actor()?, &id).await?;
    Ok(Reply::of(show(&account)).at(account.version))
}

async fn update(ask: Ask) -> Answer {
    let id = AccountId::new(ask.part("id"));
    let changed = ask.services.crm.update_account(ask.actor()?, &id, ask.version()?, &draft(&ask), ask.now).await?;
    ask.services.wake.crm_changed();
    Ok(Reply::of(show(&changed)).at(changed.version))
}
