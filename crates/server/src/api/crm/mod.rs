//! The built-in CRM over REST: views, activities, contacts, employees, accounts, groups and the Sync List. A user sees and
//! does what the CRM allows him; the rules are the CRM's own.

mod account;
mod activity;
mod contact;
mod employee;
mod group;
mod sync_list;
mod token;
mod user_list;
mod view;

/// Which fields each kind of record may carry.
pub(super) mod known {
    pub(in super::super) use super::activity::known as activity;
    pub(in super::super) use super::contact::known as contact;
    pub(in super::super) use super::employee::known as employee;
}

use super::member::{Member, Shape};
use super::route::Route;
use crm::Page;
use serde_json::Value as Json;

/// Every route of this part.
#[must_use]
pub(super) fn routes() -> Vec<&'static [Route]> {
    vec![
        view::ROUTES,
        activity::ROUTES,
        contact::ROUTES,
        employee::ROUTES,
        sync_list::ROUTES,
        account::ROUTES,
        group::ROUTES,
        user_list::ROUTES,
        token::ROUTES,
    ]
}

/// The members of every list's query.
const PAGE: &[Member] = &[
    Member::optional("limit", Shape::Whole(1, 500), "how many, 100 unless said otherwise"),
    Member::optional("after", Shape::Text, "the `next` of the page before"),
];

/// The version a change was made against, beside `If-Match`.
const VERSION: Member = Member::optional(
    "version",
    Shape::Whole(0, i64::MAX),
    "the version the change was made against; or say it as If-Match",
);

/// The query of a delete.
const DELETE: &[Member] = &[VERSION];

fn page<T>(page: Page<T>, show: impl Fn(&T) -> Json) -> super::reply::Reply {
    super::reply::Reply::page(page.items.iter().map(show).collect(), page.next)
}
