//! Contacts over REST: business contacts, personal contacts, and the merge of two that are one.

use super::super::ask::Ask;
use super::super::member::{Member, Shape};
use super::super::reply::{Answer, Reply};
use super::super::route::{Body, Method, Route, Shown, Who};
use super::{DELETE, VERSION};
use crate::fault::{Faults, Refused};
use crate::json::fields_json;
use crm::{AccountId, Contact, ContactDraft, ContactEdit, ContactId, EmployeeId, Member as TeamOf, PositionId};
use model::field::of_kind;
use model::{Field, Kind};
use serde_json::{Value as Json, json};

const TEAM: Member =
    Member::optional("team", Shape::Objects("TeamMember"), "who works with it, each a position or an employee");
const ACCOUNTS: Member = Member::optional("accounts", Shape::Texts, "ids of its accounts, the primary one first");
const MORE_EMAILS: Member = Member::optional("more_emails", Shape::Texts, "addresses beyond the three");

const TAG: &str = "contacts";

pub(super) const ROUTES: &[Route] = &[
    Route {
        method: Method::Post,
        path: "/api/crm/contacts",
        tag: TAG,
        summary: "Makes a business contact, or a personal one that only its maker sees.",
        who: Who::User,
        query: &[],
        body: Body::Record {
            members: &[
                Member::optional("personal", Shape::Flag, "the maker's own"),
                TEAM,
                ACCOUNTS,
                MORE_EMAILS,
                Member::optional(
                    "integration_key",
                    Shape::Text,
                    "unique per create: a repeated one finds what the first one made",
                ),
                Member::optional("on_sync_list", Shape::Flag, "puts it on the maker's Sync List at once"),
            ],
            known,
            schema: "ContactDraft",
        },
        answer: Shown::Made("Contact"),
        run: |ask| Box::pin(create(ask)),
    },
    Route {
        method: Method::Get,
        path: "/api/crm/contacts/{id}",
        tag: TAG,
        summary: "Reads a contact.",
        who: Who::User,
        query: &[],
        body: Body::None,
        answer: Shown::One("Contact"),
        run: |ask| Box::pin(read(ask)),
    },
    Route {
        method: Method::Patch,
        path: "/api/crm/contacts/{id}",
        tag: TAG,
        summary: "Changes what is named; null clears.",
        who: Who::User,
        query: &[],
        body: Body::Record { members: &[VERSION, TEAM, ACCOUNTS, MORE_EMAILS], known, schema: "ContactEdit" },
        answer: Shown::One("Contact"),
        run: |ask| Box::pin(update(ask)),
    },
    Route {
        method: Method::Delete,
        path: "/api/crm/contacts/{id}",
        tag: TAG,
        summary: "Deletes a contact; it leaves every Sync List.",
        who: Who::User,
        query: DELETE,
        body: Body::None,
        answer: Shown::Nothing,
        run: |ask| Box::pin(delete(ask)),
    },
    Route {
        method: Method::Post,
        path: "/api/crm/contacts/{id}/merge",
        tag: TAG,
        summary: "Merges another contact into this one: its team, Sync List rows and activities move here.",
        who: Who::User,
        query: &[],
        body: Body::Members(&[
            VERSION,
            Member::required("loser", Shape::Text, "the contact that goes"),
            Member::required("loser_version", Shape::Whole(0, i64::MAX), "its version as read"),
        ]),
        answer: Shown::One("Contact"),
        run: |ask| Box::pin(merge(ask)),
    },
];

/// The fields a contact may carry.
pub(in super::super) fn known(field: &Field) -> bool {
    of_kind(Kind::Contact, field)
}

/// A contact as the API shows it.
pub(super) fn show(contact: &Contact) -> Json {
    let mut object = fields_json(&contact.fields);
    let accounts: Vec<Json> = contact
        .accounts
        .iter()
        .map(|account| {
            json!({"account": account.account, "name": account.name,
                "location": account.location, "primary": account.primary})
        })
        .collect();
    let team: Vec<Json> = contact
        .team
        .iter()
        .map(|member| match &member.member {
            TeamOf::Position(id) => json!({"position": id, "name": member.name}),
            TeamOf::Employee(id) => json!({"employee": id, "name": member.name}),
        })
        .collect();
    for (name, value) in [
        ("id", json!(contact.id)),
        ("version", json!(contact.version)),
        ("personal", json!(contact.is_personal())),
        ("owner", json!(contact.owner)),
        ("accounts", json!(accounts)),
        ("company_unmatched", json!(contact.company_unmatched)),
        ("more_emails", json!(contact.more_emails)),
        ("team", json!(team)),
        ("on_sync_list", json!(contact.listed)),
        ("others", json!(contact.others)),
        ("integration_key", json!(contact.integration_key)),
        ("updated_at", json!(contact.updated_at)),
        ("updated_by", json!(contact.updated_by)),
    ] {
        object.insert(name.to_owned(), value);
    }
    Json::Object(object)
}

fn reply(contact: &Contact) -> Reply {
    Reply::of(show(contact)).at(contact.version)
}

async fn create(ask: Ask) -> Answer {
    let draft = ContactDraft {
        personal: ask.flag("personal").unwrap_or(false),
        fields: ask.fields.clone(),
        team: team(&ask)?.unwrap_or_default(),
        accounts: accounts(&ask).unwrap_or_default(),
        more_emails: ask.texts("more_emails").unwrap_or_default(),
        integration_key: ask.text("integration_key").map(str::to_owned),
        enlist: ask.flag("on_sync_list").unwrap_or(false),
        revive: None,
    };
    let made = ask.services.crm.create_contact(ask.actor()?, &draft, ask.now).await?;
    ask.services.wake.crm_changed();
    let shown = show(&made.record);
    let reply = if made.new { Reply::made(shown) } else { Reply::of(shown) };
    Ok(reply.at(made.record.version))
}

async fn read(ask: Ask) -> Answer {
    let id = ContactId::new(ask.part("id"));
    let contact = ask.services.crm.contact(ask.actor()?, &id).await?;
    Ok(reply(&contact))
}

async fn update(ask: Ask) -> Answer {
    let edit = ContactEdit {
        fields: ask.fields.clone(),
        team: team(&ask)?,
        accounts: accounts(&ask),
        more_emails: ask.texts("more_emails"),
    };
    let id = ContactId::new(ask.part("id"));
    let changed = ask.services.crm.update_contact(ask.actor()?, &id, ask.version()?, &edit, ask.now).await?;
    ask.services.wake.crm_changed();
    Ok(reply(&changed))
}

async fn delete(ask: Ask) -> Answer {
    let id = ContactId::new(ask.part("id"));
    ask.services.crm.delete_contact(ask.actor()?, &id, ask.version()?, ask.now).await?;
    ask.services.wake.crm_changed();
    Ok(Reply::done())
}

async fn merge(ask: Ask) -> Answer {
    let survivor = ContactId::new(ask.part("id"));
    let loser = ContactId::new(ask.required("loser"));
    let loser_version = ask.whole("loser_version").unwrap_or_default();
    let merged = ask
        .services
        .crm
        .merge_contacts(ask.actor()?, (&survivor, ask.version()?), (&loser, loser_version), ask.now)
        .await?;
    ask.services.wake.crm_changed();
    Ok(reply(&merged))
}

fn accounts(ask: &Ask) -> Option<Vec<AccountId>> {
    Some(ask.texts("accounts")?.into_iter().map(AccountId::new).collect())
}

fn team(ask: &Ask) -> Result<Option<Vec<TeamOf>>, Refused> {
    let Some(list) = ask.json("team").and_then(Json::as_array) else {
        return Ok(None);
    };
    let mut faults = Faults::default();
    let mut team = Vec::new();
    for (index, member) in list.iter().enumerate() {
        let text = |name: &str| member.get(name).and_then(Json::as_str);
        match (text("position"), text("employee")) {
            (Some(position), None) => team.push(TeamOf::Position(PositionId::new(position))),
            (None, Some(employee)) => team.push(TeamOf::Employee(EmployeeId::new(employee))),
            (Some(_), Some(_)) | (None, None) => {
                faults.note(format!("team[{index}]"), "names a position or an employee");
            }
        }
    }
    faults.refuse()?;
    Ok(Some(team))
}
