//! Puts the sample in place: the CRM's part through its API, the mailboxes' part through EWS.

use super::crm_api::{CrmApi, collection, fields};
use super::organisation::{Organisation, USERS};
use super::outlook::Outlook;
use super::track::{Form, Track, User};
use super::words;
use anyhow::{Context, Result};
use futures::{TryStreamExt, stream};
use model::Domain;
use serde_json::{Map, Value as Json, json};

/// Requests under way at once.
const AT_ONCE: usize = 6;

/// The ids the CRM gave the organisation.
#[derive(Clone, Debug, Default)]
pub struct Ids {
    /// Organizations.
    pub organizations: Vec<String>,
    /// Positions.
    pub positions: Vec<String>,
    /// User lists.
    pub lists: Vec<String>,
    /// Employees, users first.
    pub people: Vec<String>,
    /// Each user's token.
    pub tokens: Vec<String>,
    /// The administrator's token.
    pub admin: String,
}

/// Makes the organisation.
pub async fn organisation(api: &CrmApi, admin: &str, of: &Organisation) -> Result<Ids> {
    let mut ids = Ids { admin: admin.to_owned(), ..Ids::default() };
    for (name, parent) in &of.organizations {
        let mut body = json!({ "name": name });
        if let Some(parent) = parent {
            body["parent"] = json!(ids.organizations[*parent]);
        }
        ids.organizations.push(api.make(admin, "/api/crm/organizations", &body).await?);
    }
    for position in &of.positions {
        let mut body = json!({
            "name": position.name,
            "organization": ids.organizations[position.organization],
        });
        if let Some(parent) = position.parent {
            body["parent"] = json!(ids.positions[parent]);
        }
        ids.positions.push(api.make(admin, "/api/crm/positions", &body).await?);
    }
    for (at, person) in of.people.iter().enumerate() {
        let mut body = fields(&person.face);
        let positions: Vec<&String> = person.positions.iter().map(|at| &ids.positions[*at]).collect();
        body.insert("addresses".to_owned(), json!(person.addresses));
        body.insert("positions".to_owned(), json!(positions));
        if at < USERS {
            body.insert("login".to_owned(), json!(person.login));
        }
        ids.people.push(api.make(admin, "/api/crm/employees", &Json::Object(body)).await?);
    }
    for (name, members) in &of.lists {
        let members: Vec<&String> = members.iter().map(|user| &ids.people[*user]).collect();
        let body = json!({ "name": name, "members": members });
        ids.lists.push(api.make(admin, "/api/crm/user-lists", &body).await?);
    }
    for (name, location) in words::COMPANIES {
        let body = json!({ "name": name, "location": location });
        api.make(admin, "/api/crm/accounts", &body).await?;
    }
    for user in 0..USERS {
        let body = json!({ "user": ids.people[user], "name": "demonstration" });
        let made = api.post(admin, "/api/crm/tokens", &body).await?;
        let token = made["token"].as_str().context("a token has a text")?;
        ids.tokens.push(token.to_owned());
    }
    Ok(ids)
}

/// Makes every record that stands in the CRM from the start.
pub async fn records(api: &CrmApi, of: &Organisation, ids: &Ids, tracks: &mut [Track]) -> Result<()> {
    stream::iter(tracks.iter_mut().filter(|track| track.crm.is_some()).map(Ok))
        .try_for_each_concurrent(AT_ONCE, |track| record(api, of, ids, track))
        .await
}

/// Makes one record in the CRM.
pub async fn record(api: &CrmApi, of: &Organisation, ids: &Ids, track: &mut Track) -> Result<()> {
    let Some(crm) = track.crm.as_mut() else {
        return Ok(());
    };
    let mut body: Map<String, Json> = fields(&crm.face);
    let token = match track.domain {
        Domain::BusinessContact => {
            let team: Vec<Json> = crm.positions.iter().map(|at| json!({ "position": ids.positions[*at] })).collect();
            body.insert("team".to_owned(), json!(team));
            &ids.admin
        }
        Domain::PersonalContact => {
            body.insert("personal".to_owned(), json!(true));
            &ids.tokens[crm.owner.context("a personal contact has an owner")?]
        }
        Domain::Employee => &ids.admin,
        Domain::Calendar | Domain::Task => {
            let display = crm.display.unwrap_or(match track.domain {
                Domain::Task => "To Do and Activities",
                _ => "Calendar and Activities",
            });
            body.insert("display".to_owned(), json!(display));
            let people = people(of, ids, crm.people.iter().copied(), &crm.guests);
            if !people.is_empty() {
                body.insert("people".to_owned(), json!(people));
            }
            &ids.tokens[crm.owner.context("an activity has an owner")?]
        }
    };
    crm.id = match track.domain {
        // Colleagues were made with the organisation.
        Domain::Employee => of
            .people
            .iter()
            .position(|person| person.canary == track.canary)
            .map(|at| ids.people[at].clone())
            .context("every employee is one of the organisation")?,
        Domain::BusinessContact | Domain::PersonalContact | Domain::Calendar | Domain::Task => api
            .make(token, collection(track.domain), &Json::Object(body))
            .await
            .with_context(|| format!("making {} {}", track.domain, track.canary))?,
    };
    for user in &crm.listed {
        api.enlist(&ids.tokens[*user], &crm.id).await?;
    }
    Ok(())
}

fn people(of: &Organisation, ids: &Ids, users: impl Iterator<Item = User>, guests: &[(String, String)]) -> Vec<Json> {
    users
        .map(|user| json!({ "employee": ids.people[user], "name": of.people[user].name }))
        .chain(guests.iter().map(|(name, address)| json!({ "name": name, "address": address })))
        .collect()
}

/// Makes every item that stands in a mailbox from the start.
pub async fn mailboxes(outlooks: &[Outlook], of: &Organisation, tracks: &[Track]) -> Result<()> {
    stream::iter(tracks.iter().filter(|track| !track.copies.is_empty()).map(Ok))
        .try_for_each_concurrent(AT_ONCE, |track| items(outlooks, of, track))
        .await
}

/// Makes a track's items. An invitation is sent by its organiser; the others receive theirs.
pub async fn items(outlooks: &[Outlook], of: &Organisation, track: &Track) -> Result<()> {
    let kind = track.domain.kind();
    let invited: Vec<(String, String)> = track
        .copies
        .iter()
        .filter(|(_, copy)| copy.form == Form::Received)
        .map(|(user, _)| (of.people[*user].name.clone(), of.address(*user).to_owned()))
        .collect();
    for (user, copy) in track.copies.iter().filter(|(_, copy)| copy.form == Form::Own) {
        let times = if copy.twice { 2 } else { 1 };
        let words = match kind {
            model::Kind::Contact => copy.words.clone(),
            model::Kind::Appointment | model::Kind::Task => Default::default(),
        };
        for _ in 0..times {
            outlooks[*user]
                .create(kind, &copy.face, &words, &invited)
                .await
                .with_context(|| format!("{} {} in a mailbox", track.domain, track.canary))?;
        }
    }
    Ok(())
}
