//! The five views of the CRM over REST, and search: each shows what its user may see, and no more.

use super::super::ask::{Ask, PAGE_MOST};
use super::super::member::{Member, Shape};
use super::super::reply::{Answer, Reply};
use super::super::route::{Body, Method, Route, Shown, Who};
use super::{PAGE, activity, contact, employee, page};
use crate::fault::Refused;
use crm::views::{ActivityView, ContactView, Window};
use jiff::Timestamp;
use serde_json::{Value as Json, json};

const FROM: Member = Member::optional("from", Shape::Text, "only what touches the time from here on");
const TO: Member = Member::optional("to", Shape::Text, "only what touches the time before this");
const WINDOW: &[Member] = &[PAGE[0], PAGE[1], FROM, TO];

const TAG: &str = "views";

pub(super) const ROUTES: &[Route] = &[
    Route {
        method: Method::Get,
        path: "/api/crm/views/my_activities",
        tag: TAG,
        summary: "My Activities: what is the user's, and what he takes part in, in order of time.",
        who: Who::User,
        query: WINDOW,
        body: Body::None,
        answer: Shown::Page("Activity"),
        run: |ask| Box::pin(activities(ask, ActivityView::MyActivities)),
    },
    Route {
        method: Method::Get,
        path: "/api/crm/views/my_calendar",
        tag: TAG,
        summary: "My Calendar: what is shown in the calendar, has both planned times, and was not removed by the user.",
        who: Who::User,
        query: WINDOW,
        body: Body::None,
        answer: Shown::Page("Activity"),
        run: |ask| Box::pin(activities(ask, ActivityView::MyCalendar)),
    },
    Route {
        method: Method::Get,
        path: "/api/crm/views/my_to_dos",
        tag: TAG,
        summary: "The to-dos of My Activities, in order of their due days.",
        who: Who::User,
        query: WINDOW,
        body: Body::None,
        answer: Shown::Page("Activity"),
        run: |ask| Box::pin(activities(ask, ActivityView::MyToDos)),
    },
    Route {
        method: Method::Get,
        path: "/api/crm/views/my_contacts",
        tag: TAG,
        summary: "My Contacts: the business contacts the user's team works with, by name.",
        who: Who::User,
        query: PAGE,
        body: Body::None,
        answer: Shown::Page("Contact"),
        run: |ask| Box::pin(contacts(ask, ContactView::MyContacts)),
    },
    Route {
        method: Method::Get,
        path: "/api/crm/views/my_personal_contacts",
        tag: TAG,
        summary: "My Personal Contacts: the user's own, by name.",
        who: Who::User,
        query: PAGE,
        body: Body::None,
        answer: Shown::Page("Contact"),
        run: |ask| Box::pin(contacts(ask, ContactView::MyPersonalContacts)),
    },
    Route {
        method: Method::Get,
        path: "/api/crm/views/all_contacts",
        tag: TAG,
        summary: "Every business contact, for those who may open it.",
        who: Who::User,
        query: PAGE,
        body: Body::None,
        answer: Shown::Page("Contact"),
        run: |ask| Box::pin(contacts(ask, ContactView::AllContacts)),
    },
    Route {
        method: Method::Get,
        path: "/api/crm/views/all_employees",
        tag: TAG,
        summary: "All Employees, by name.",
        who: Who::User,
        query: PAGE,
        body: Body::None,
        answer: Shown::Page("Employee"),
        run: |ask| Box::pin(employees(ask)),
    },
    Route {
        method: Method::Get,
        path: "/api/crm/search",
        tag: TAG,
        summary: "Searches contacts, employees and activities by a word.",
        who: Who::User,
        query: &[
            Member::required("q", Shape::Text, "the word, two characters or more"),
            Member::optional("limit", Shape::Whole(1, PAGE_MOST as i64), "how many of each"),
        ],
        body: Body::None,
        answer: Shown::One("Found"),
        run: |ask| Box::pin(search(ask)),
    },
];

async fn activities(ask: Ask, view: ActivityView) -> Answer {
    let window = Window { from: instant(&ask, "from")?, to: instant(&ask, "to")? };
    let found = ask.services.crm.activities(ask.actor()?, view, window, &ask.page()).await?;
    Ok(page(found, activity::show))
}

async fn contacts(ask: Ask, view: ContactView) -> Answer {
    let found = ask.services.crm.contacts(ask.actor()?, view, &ask.page()).await?;
    Ok(page(found, contact::show))
}

pub(super) async fn employees(ask: Ask) -> Answer {
    let found = ask.services.crm.employees(ask.actor()?, &ask.page()).await?;
    Ok(page(found, employee::show))
}

async fn search(ask: Ask) -> Answer {
    let found = ask.services.crm.search(ask.actor()?, ask.required("q"), ask.limit()).await?;
    let contacts: Vec<Json> = found.contacts.iter().map(contact::show).collect();
    let employees: Vec<Json> = found.employees.iter().map(employee::show).collect();
    let activities: Vec<Json> = found.activities.iter().map(activity::show).collect();
    Ok(Reply::of(json!({
        "contacts": contacts, "employees": employees, "activities": activities,
    })))
}

fn instant(ask: &Ask, name: &str) -> Result<Option<Timestamp>, Refused> {
    ask.text(name)
        .map(|text| text.parse().map_err(|_| Refused::at(name, "is an instant such as 2026-03-01T09:00:00Z")))
        .transpose()
}
